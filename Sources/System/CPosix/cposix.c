#define _GNU_SOURCE
#include <malloc.h>
#include "cposix.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int result(int value) { return value < 0 ? -errno : value; }

static uint32_t bits(uint32_t interest) {
    return (interest & CPOSIX_READ ? EPOLLIN : 0) | (interest & CPOSIX_WRITE ? EPOLLOUT : 0) |
           (interest & CPOSIX_PEER_DONE ? EPOLLRDHUP : 0);
}

int cposix_epoll_create(void) { return result(epoll_create1(EPOLL_CLOEXEC)); }

static int control(int epoll, int operation, int fd, uint32_t interest, uint64_t token) {
    struct epoll_event event = {.events = bits(interest), .data.u64 = token};
    return result(epoll_ctl(epoll, operation, fd, &event));
}

int cposix_epoll_add(int epoll, int fd, uint32_t interest, uint64_t token) {
    return control(epoll, EPOLL_CTL_ADD, fd, interest, token);
}

int cposix_epoll_modify(int epoll, int fd, uint32_t interest, uint64_t token) {
    return control(epoll, EPOLL_CTL_MOD, fd, interest, token);
}

int cposix_epoll_remove(int epoll, int fd) { return control(epoll, EPOLL_CTL_DEL, fd, 0, 0); }

int cposix_epoll_wait(int epoll, cposix_event *events, int capacity, int timeout_milliseconds) {
    struct epoll_event raw[64];
    int count = epoll_wait(epoll, raw, capacity < 64 ? capacity : 64, timeout_milliseconds);
    if (count < 0) {
        return errno == EINTR ? 0 : -errno;
    }
    for (int i = 0; i < count; i++) {
        events[i].token = raw[i].data.u64;
        events[i].ready = (raw[i].events & EPOLLIN ? CPOSIX_READ : 0) | (raw[i].events & EPOLLOUT ? CPOSIX_WRITE : 0) |
                          (raw[i].events & EPOLLRDHUP ? CPOSIX_PEER_DONE : 0) |
                          (raw[i].events & (EPOLLHUP | EPOLLERR) ? CPOSIX_HANGUP : 0);
    }
    return count;
}

int cposix_event_create(void) { return result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

int cposix_event_signal(int event) {
    uint64_t one = 1;
    return result((int)write(event, &one, sizeof one));
}

int cposix_event_clear(int event) {
    uint64_t count;
    return result((int)read(event, &count, sizeof count));
}

int cposix_listen(const char *host, const char *port, int backlog, uint16_t *bound, char *error, size_t error_size) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    error[0] = 0;
    int code = getaddrinfo(host[0] ? host : NULL, port, &hints, &found);
    if (code != 0) {
        snprintf(error, error_size, "%s", gai_strerror(code));
        return -EADDRNOTAVAIL;
    }
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int failure = 0;
    int one = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
        bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, backlog) < 0) {
        failure = -errno;
    }
    freeaddrinfo(found);
    if (failure) {
        if (fd >= 0) {
            close(fd);
        }
        return failure;
    }
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &length) == 0) {
        *bound = ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                                     : ((struct sockaddr_in *)&address)->sin_port);
    }
    return fd;
}

int cposix_accept(int listener, char *peer, size_t peer_size) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    int fd = accept4(listener, (struct sockaddr *)&address, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        return -errno;
    }
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    char text[INET6_ADDRSTRLEN] = "";
    if (address.ss_family == AF_INET6) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;
        inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
        snprintf(peer, peer_size, "[%s]:%d", text, ntohs(v6->sin6_port));
    } else {
        struct sockaddr_in *v4 = (struct sockaddr_in *)&address;
        inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
        snprintf(peer, peer_size, "%s:%d", text, ntohs(v4->sin_port));
    }
    return fd;
}

long cposix_receive(int fd, uint8_t *buffer, size_t capacity) {
    long count = recv(fd, buffer, capacity, 0);
    return count < 0 ? -errno : count;
}

long cposix_send(int fd, const uint8_t *bytes, size_t count) {
    long sent = send(fd, bytes, count, MSG_NOSIGNAL);
    return sent < 0 ? -errno : sent;
}

long cposix_send_both(int fd, const uint8_t *first, size_t first_count, const uint8_t *second, size_t second_count) {
    struct iovec pieces[] = {{(void *)first, first_count}, {(void *)second, second_count}};
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};
    long sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    return sent < 0 ? -errno : sent;
}

int cposix_shutdown_write(int fd) { return result(shutdown(fd, SHUT_WR)); }

int cposix_close(int fd) { return result(close(fd)); }

int cposix_would_block(long result) { return result == -EAGAIN || result == -EWOULDBLOCK || result == -EINTR; }

const char *cposix_error_text(int error, char *buffer, size_t capacity) {
    return strerror_r(error < 0 ? -error : error, buffer, capacity);
}

int cposix_lock_file(int fd) { return result(flock(fd, LOCK_EX | LOCK_NB)); }

int cposix_share_file(int fd) { return result(flock(fd, LOCK_SH | LOCK_NB)); }

void cposix_raise_file_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

void cposix_http_date(int64_t seconds, char *buffer, size_t capacity) {
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t time = (time_t)seconds;
    struct tm parts;
    gmtime_r(&time, &parts);
    snprintf(buffer, capacity, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[parts.tm_wday], parts.tm_mday,
             months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

void cposix_tune_allocator(void) {
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 16 << 20);
    mallopt(M_TRIM_THRESHOLD, 32 << 20);
}

void cposix_release_memory(void) {
    malloc_trim(0);
}
