// Records what a server does to the files of a folder, for powerloss.py: loaded before it (LD_PRELOAD), it appends each write,
// truncation, sync, creation, removal and renaming below HEARTH_RECORD_UNDER to the file named by HEARTH_RECORD, one after another
// with its time. Syncs are only recorded: what they would have kept is worked out from the record.
//
// A record: nanoseconds of CLOCK_MONOTONIC, kind, length of the path, offset, length of the data, then path and data.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct record {
    uint64_t time;
    uint32_t kind, path_length;
    uint64_t offset, length;
};

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static int trace = -1;
static const char *under;
// The path of each descriptor that is recorded.
static char *paths[65536];

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("HEARTH_RECORD");
    under = getenv("HEARTH_RECORD_UNDER");
    if (path && under) trace = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int is_recorded(const char *path) {
    return trace >= 0 && path && strncmp(path, under, strlen(under)) == 0;
}

static const char *path_of(int descriptor) {
    return trace >= 0 && descriptor >= 0 && descriptor < 65536 ? paths[descriptor] : NULL;
}

static void put(const void *bytes, size_t count) {
    if (REAL(write)(trace, bytes, count) != (ssize_t)count) abort();
}

static void note(char kind, const char *path, uint64_t offset, const void *data, uint64_t length) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    struct record record = {(uint64_t)now.tv_sec * 1000000000 + now.tv_nsec, kind, strlen(path), offset, length};
    put(&record, sizeof record);
    put(path, record.path_length);
    if (data) put(data, length);
}

static int opened(int descriptor, const char *path, int was_there) {
    if (descriptor < 0 || descriptor >= 65536 || !is_recorded(path)) return descriptor;
    free(paths[descriptor]);
    paths[descriptor] = strdup(path);
    if (!was_there) note('c', path, 0, NULL, 0);
    return descriptor;
}

#define OPEN(name)                                                                                                             \
    int name(const char *path, int flags, ...) {                                                                              \
        va_list arguments;                                                                                                     \
        va_start(arguments, flags);                                                                                            \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;                                           \
        va_end(arguments);                                                                                                     \
        pthread_mutex_lock(&order);                                                                                            \
        int was_there = access(path, F_OK) == 0;                                                                               \
        int result = opened(REAL(name)(path, flags, mode), path, was_there);                                                   \
        if (result >= 0 && was_there && flags & O_TRUNC && is_recorded(path)) note('t', path, 0, NULL, 0);                     \
        int error = errno;                                                                                                     \
        pthread_mutex_unlock(&order);                                                                                          \
        errno = error;                                                                                                         \
        return result;                                                                                                         \
    }
OPEN(open)
OPEN(open64)

int close(int descriptor) {
    pthread_mutex_lock(&order);
    if (path_of(descriptor)) {
        free(paths[descriptor]);
        paths[descriptor] = NULL;
    }
    int result = REAL(close)(descriptor);
    pthread_mutex_unlock(&order);
    return result;
}

#define RECORDED(condition, call, action)                                                                                      \
    if (!(condition)) return call;                                                                                             \
    pthread_mutex_lock(&order);                                                                                                \
    __auto_type result = call;                                                                                                 \
    int error = errno;                                                                                                         \
    if (result >= 0) { action; }                                                                                               \
    pthread_mutex_unlock(&order);                                                                                              \
    errno = error;                                                                                                             \
    return result;

ssize_t pwrite(int fd, const void *data, size_t count, off_t offset) {
    RECORDED(path_of(fd), REAL(pwrite)(fd, data, count, offset), note('w', paths[fd], offset, data, result))
}

ssize_t pwrite64(int fd, const void *data, size_t count, off64_t offset) {
    RECORDED(path_of(fd), REAL(pwrite64)(fd, data, count, offset), note('w', paths[fd], offset, data, result))
}

ssize_t write(int fd, const void *data, size_t count) {
    RECORDED(path_of(fd), REAL(write)(fd, data, count), note('w', paths[fd], lseek(fd, 0, SEEK_CUR) - result, data, result))
}

int ftruncate(int fd, off_t size) {
    RECORDED(path_of(fd), REAL(ftruncate)(fd, size), note('t', paths[fd], size, NULL, 0))
}

int ftruncate64(int fd, off64_t size) {
    RECORDED(path_of(fd), REAL(ftruncate64)(fd, size), note('t', paths[fd], size, NULL, 0))
}

int fsync(int fd) { RECORDED(path_of(fd), 0, note('s', paths[fd], 0, NULL, 0)) }

int fdatasync(int fd) { RECORDED(path_of(fd), 0, note('s', paths[fd], 0, NULL, 0)) }

int unlink(const char *path) { RECORDED(is_recorded(path), REAL(unlink)(path), note('u', path, 0, NULL, 0)) }

int mkdir(const char *path, mode_t mode) {
    RECORDED(is_recorded(path), REAL(mkdir)(path, mode), note('m', path, 0, NULL, 0))
}

int rename(const char *from, const char *to) {
    RECORDED(is_recorded(from), REAL(rename)(from, to), note('r', from, 0, to, strlen(to)))
}
