#pragma once

// The few parts of POSIX and Linux that Swift cannot import: macros, unions and functions behind them.
// Functions return a negative errno on failure.

#include <stddef.h>
#include <stdint.h>

// What a socket is ready for, as a set of bits.
enum {
    CPOSIX_READ = 1,
    CPOSIX_WRITE = 2,
    CPOSIX_HANGUP = 4,  // both directions are gone, or an error is pending
    CPOSIX_PEER_DONE = 8,  // the peer will send nothing more
};

typedef struct {
    uint64_t token;
    uint32_t ready;
} cposix_event;

int cposix_epoll_create(void);
int cposix_epoll_add(int epoll, int fd, uint32_t interest, uint64_t token);
int cposix_epoll_modify(int epoll, int fd, uint32_t interest, uint64_t token);
int cposix_epoll_remove(int epoll, int fd);
int cposix_epoll_wait(int epoll, cposix_event *events, int capacity, int timeout_milliseconds);

int cposix_event_create(void);
int cposix_event_signal(int event);
int cposix_event_clear(int event);

// Binds a stream socket to the first address that `host` and `port` resolve to and listens.
// Writes the port that was bound; `error` gets a text where resolving failed.
int cposix_listen(const char *host, const char *port, int backlog, uint16_t *bound, char *error, size_t error_size);

// Accepts a connection, non-blocking and without delay; writes "address:port" of the peer.
int cposix_accept(int listener, char *peer, size_t peer_size);

long cposix_receive(int fd, uint8_t *buffer, size_t capacity);
long cposix_send(int fd, const uint8_t *bytes, size_t count);

// Sends two pieces with one call; returns how many bytes of both were taken.
long cposix_send_both(int fd, const uint8_t *first, size_t first_count, const uint8_t *second, size_t second_count);
int cposix_shutdown_write(int fd);
int cposix_close(int fd);

int cposix_would_block(long result);
const char *cposix_error_text(int error, char *buffer, size_t capacity);

// Takes an exclusive lock on a whole file without waiting; fails with EWOULDBLOCK when another open file holds it.
int cposix_lock_file(int fd);

// Takes a lock that others may share, without waiting; fails with EWOULDBLOCK when another open file holds it exclusively.
int cposix_share_file(int fd);

// Lets the process open as many files as it may: a connection takes one, a database up to three.
void cposix_raise_file_limit(void);

// Keeps the allocator to few arenas, and freed blocks of up to some MiB in them: queries allocate and free arrays of that size,
// and handing each back to the kernel costs more than what is done with it.
void cposix_tune_allocator(void);

// Gives what the allocator has free back to the kernel.
void cposix_release_memory(void);

// Formats a time as HTTP's Date: "Sun, 06 Nov 1994 08:49:37 GMT" and a NUL, 30 bytes.
void cposix_http_date(int64_t seconds, char *buffer, size_t capacity);
