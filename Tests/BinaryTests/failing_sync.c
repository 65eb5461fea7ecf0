// Makes syncs fail, for ioerror.py: loaded before the server (LD_PRELOAD), it changes SQLite's default VFS so that xSync returns
// SQLITE_IOERR_FSYNC while the file named by HEARTH_FAIL_SYNC exists, and fsync of folders fails while that of
// HEARTH_FAIL_FSYNC does. A file whose name ends in "once" is removed by the first failure.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int (*real_open)(sqlite3_vfs *, const char *, sqlite3_file *, int, int *);
static const sqlite3_io_methods *real_methods[8];
static sqlite3_io_methods failing_methods[8];

static int fails(const char *variable) {
    const char *path = getenv(variable);
    if (!path || access(path, F_OK) != 0) return 0;
    size_t length = strlen(path);
    // Of many threads that come at once, one removes it.
    return length > 4 && strcmp(path + length - 4, "once") == 0 ? unlink(path) == 0 : 1;
}

static int failing_sync(sqlite3_file *file, int flags) {
    if (fails("HEARTH_FAIL_SYNC")) {
        errno = EIO;
        return SQLITE_IOERR_FSYNC;
    }
    for (int i = 0; i < 8; i++) {
        if (file->pMethods == &failing_methods[i]) return real_methods[i]->xSync(file, flags);
    }
    return SQLITE_IOERR_FSYNC;
}

static int failing_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out) {
    int code = real_open(vfs, name, file, flags, out);
    static sqlite3_mutex *mutex;
    if (!mutex) mutex = sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_APP1);
    sqlite3_mutex_enter(mutex);
    for (int i = 0; file->pMethods && i < 8; i++) {
        if (!real_methods[i]) {
            real_methods[i] = file->pMethods;
            failing_methods[i] = *file->pMethods;
            failing_methods[i].xSync = failing_sync;
        }
        if (real_methods[i] == file->pMethods) {
            file->pMethods = &failing_methods[i];
            break;
        }
    }
    sqlite3_mutex_leave(mutex);
    return code;
}

int fsync(int descriptor) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    struct stat status;
    if (fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode) && fails("HEARTH_FAIL_FSYNC")) {
        errno = EIO;
        return -1;
    }
    return real(descriptor);
}

__attribute__((constructor)) static void start(void) {
    static sqlite3_vfs failing;
    if (sqlite3_initialize() != SQLITE_OK) abort();
    sqlite3_vfs *standard = sqlite3_vfs_find(NULL);
    real_open = standard->xOpen;
    failing = *standard;
    failing.zName = "failing-sync";
    failing.xOpen = failing_open;
    if (sqlite3_vfs_register(&failing, 1) != SQLITE_OK) abort();
}
