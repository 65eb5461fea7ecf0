#include "cchecked.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

// An open file: SQLite's methods, then the file of the layer below behind this struct.
typedef struct {
    sqlite3_file base;
    sqlite3_file *below;
    // Whether it is a database (not its log or journal), and whether its pages have checksums.
    int is_database;
    int is_checked;
    // The largest page that `scratch` has room for.
    int scratch_size;
    unsigned char *scratch;
    // Whether it is a write-ahead log; then where the last frame begins that this connection wrote, its salts, whether it ended a
    // commit, and how large its page is.
    int is_log;
    int has_commit;
    int log_page_size;
    sqlite3_int64 last_frame;
    unsigned char salts[8];
} checked_file;

enum { LOG_HEADER = 32, FRAME_HEADER = 24 };

static sqlite3_vfs *below_vfs;
static sqlite3_vfs checked_vfs;
static atomic_ulong failed_syncs;

unsigned long cchecked_failed_syncs(void) { return atomic_load(&failed_syncs); }

static sqlite3_file *below(sqlite3_file *file) { return ((checked_file *)file)->below; }

static uint64_t fold(uint64_t left, uint64_t right) {
    __uint128_t product = (__uint128_t)left * right;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t load(const unsigned char *bytes) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    return word;
}

// Over all but the reserved bytes, in two lanes; the place of the page is part of it. Never 0, which a hole in a file has.
static uint64_t checksum(const unsigned char *page, int size, sqlite3_int64 offset) {
    uint64_t first = 0x9e3779b97f4a7c15 ^ (uint64_t)offset, second = 0xd1b54a32d192ed03 ^ (uint64_t)size;
    int end = size - CCHECKED_RESERVED, at = 0;
    for (; at + 32 <= end; at += 32) {
        first = fold(first ^ load(page + at), 0xa0761d6478bd642f ^ load(page + at + 8));
        second = fold(second ^ load(page + at + 16), 0xe7037ed1a0b428db ^ load(page + at + 24));
    }
    for (; at + 8 <= end; at += 8) first = fold(first ^ load(page + at), 0x8ebc6af09c88c6e3);
    uint64_t sum = fold(first ^ 0x589965cc75374cc3, second ^ 0x1d8e4e27c47d124f);
    return sum ? sum : 1;
}

// Whether a read or write is one of a whole page.
static int is_page(int amount, sqlite3_int64 offset) {
    return amount >= 512 && (amount & (amount - 1)) == 0 && offset % amount == 0;
}

static int verify(const unsigned char *page, int size, sqlite3_int64 offset) {
    if (load(page + size - CCHECKED_RESERVED) == checksum(page, size, offset)) return SQLITE_OK;
    // What was never written, as a page that was freed before it was: SQLite reads no content from it.
    for (int at = 0; at < size; at += 8) {
        if (load(page + at) != 0) return CCHECKED_CORRUPT;
    }
    return SQLITE_OK;
}

// Whether a header says that pages have checksums; one mark is enough, so that a damaged header does not hide them.
static int claims_checksums(const unsigned char *header) {
    uint32_t id = (uint32_t)header[68] << 24 | header[69] << 16 | header[70] << 8 | header[71];
    return header[20] == CCHECKED_RESERVED || id == CCHECKED_APPLICATION_ID;
}

static int checked_close(sqlite3_file *file) {
    checked_file *checked = (checked_file *)file;
    sqlite3_free(checked->scratch);
    checked->scratch = NULL;
    return checked->below->pMethods->xClose(checked->below);
}

static int checked_read(sqlite3_file *file, void *buffer, int amount, sqlite3_int64 offset) {
    checked_file *checked = (checked_file *)file;
    int code = checked->below->pMethods->xRead(checked->below, buffer, amount, offset);
    if (code != SQLITE_OK || !checked->is_checked || !is_page(amount, offset)) return code;
    return verify(buffer, amount, offset);
}

static int has_room(checked_file *checked, int amount) {
    if (checked->scratch_size >= amount) return 1;
    unsigned char *larger = sqlite3_realloc(checked->scratch, amount);
    if (!larger) return 0;
    checked->scratch = larger;
    checked->scratch_size = amount;
    return 1;
}

static void fill(unsigned char *page, int size, sqlite3_int64 offset) {
    uint64_t sum = checksum(page, size, offset);
    memcpy(page + size - CCHECKED_RESERVED, &sum, CCHECKED_RESERVED);
}

// Gives checksums to the pages that were written before the first one, which says that there are any: a large copy or VACUUM
// INTO writes some to make room in its memory.
static int fill_earlier(checked_file *checked, int size) {
    sqlite3_int64 end = 0;
    const sqlite3_io_methods *methods = checked->below->pMethods;
    int code = methods->xFileSize(checked->below, &end);
    if (code == SQLITE_OK && end > size && !has_room(checked, size)) return SQLITE_IOERR_NOMEM;
    for (sqlite3_int64 at = size; code == SQLITE_OK && at + size <= end; at += size) {
        code = methods->xRead(checked->below, checked->scratch, size, at);
        if (code == SQLITE_OK && verify(checked->scratch, size, at) == SQLITE_OK) continue;
        fill(checked->scratch, size, at);
        if (code == SQLITE_OK) code = methods->xWrite(checked->below, checked->scratch, size, at);
    }
    return code;
}

// The mark: "HrLM", the number of frames, the salts with all bits turned, so that no frame of this log has them there, and a sum.
static void make_mark(unsigned char mark[CCHECKED_MARK], uint32_t frames, const unsigned char salts[8]) {
    memcpy(mark, "HrLM", 4);
    memcpy(mark + 4, &frames, 4);
    for (int at = 0; at < 8; at++) mark[8 + at] = salts[at] ^ 0xff;
    uint64_t sum = fold(load(mark) ^ 0xa0761d6478bd642f, load(mark + 8) ^ 0xe7037ed1a0b428db);
    memcpy(mark + 16, &sum, 8);
}

long cchecked_synced_frames(const unsigned char mark[CCHECKED_MARK], const unsigned char salts[8]) {
    unsigned char expected[CCHECKED_MARK];
    uint32_t frames;
    memcpy(&frames, mark + 4, 4);
    make_mark(expected, frames, salts);
    return memcmp(mark, expected, CCHECKED_MARK) == 0 ? (long)frames : -1;
}

// Notes what SQLite writes into a log: a header of its own, or those of frames, each followed by its page.
static void note_log(checked_file *checked, const unsigned char *bytes, int amount, sqlite3_int64 offset) {
    if (offset < LOG_HEADER) {
        checked->last_frame = 0;
        checked->has_commit = 0;
    } else if (amount == FRAME_HEADER) {
        checked->last_frame = offset;
        // The size of the database after a commit; 0 in its other frames.
        checked->has_commit = (bytes[4] | bytes[5] | bytes[6] | bytes[7]) != 0;
        memcpy(checked->salts, bytes + 8, 8);
    } else {
        checked->log_page_size = amount;
    }
}

// Marks the end of a log that was synced. Without room for it there is none, and nothing else is lost.
static void mark_log(checked_file *checked) {
    if (!checked->has_commit || checked->log_page_size == 0) return;
    sqlite3_int64 frame = FRAME_HEADER + checked->log_page_size;
    sqlite3_int64 end = checked->last_frame + frame;
    if ((end - LOG_HEADER) % frame != 0) return;
    unsigned char mark[CCHECKED_MARK];
    make_mark(mark, (uint32_t)((end - LOG_HEADER) / frame), checked->salts);
    checked->below->pMethods->xWrite(checked->below, mark, CCHECKED_MARK, end);
    checked->has_commit = 0;
}

static int checked_write(sqlite3_file *file, const void *buffer, int amount, sqlite3_int64 offset) {
    checked_file *checked = (checked_file *)file;
    if (checked->is_log) note_log(checked, buffer, amount, offset);
    // Only what SQLite leaves alone may be filled.
    if (checked->is_database && offset == 0 && amount >= 512) {
        int was_checked = checked->is_checked;
        checked->is_checked = ((const unsigned char *)buffer)[20] == CCHECKED_RESERVED;
        if (checked->is_checked && !was_checked) {
            int code = fill_earlier(checked, amount);
            if (code != SQLITE_OK) return code;
        }
    }
    if (!checked->is_checked || !is_page(amount, offset)) {
        return checked->below->pMethods->xWrite(checked->below, buffer, amount, offset);
    }
    if (!has_room(checked, amount)) return SQLITE_IOERR_NOMEM;
    memcpy(checked->scratch, buffer, amount);
    fill(checked->scratch, amount, offset);
    return checked->below->pMethods->xWrite(checked->below, checked->scratch, amount, offset);
}

static int checked_truncate(sqlite3_file *file, sqlite3_int64 size) {
    ((checked_file *)file)->has_commit = 0;
    return below(file)->pMethods->xTruncate(below(file), size);
}

static int checked_sync(sqlite3_file *file, int flags) {
    int code = below(file)->pMethods->xSync(below(file), flags);
    if (code != SQLITE_OK) atomic_fetch_add(&failed_syncs, 1);
    else if (((checked_file *)file)->is_log) mark_log((checked_file *)file);
    return code;
}

static int checked_size(sqlite3_file *file, sqlite3_int64 *size) {
    return below(file)->pMethods->xFileSize(below(file), size);
}

static int checked_lock(sqlite3_file *file, int lock) { return below(file)->pMethods->xLock(below(file), lock); }

static int checked_unlock(sqlite3_file *file, int lock) { return below(file)->pMethods->xUnlock(below(file), lock); }

static int checked_reserved(sqlite3_file *file, int *result) {
    return below(file)->pMethods->xCheckReservedLock(below(file), result);
}

static int checked_control(sqlite3_file *file, int operation, void *argument) {
    return below(file)->pMethods->xFileControl(below(file), operation, argument);
}

static int checked_sector(sqlite3_file *file) { return below(file)->pMethods->xSectorSize(below(file)); }

static int checked_device(sqlite3_file *file) { return below(file)->pMethods->xDeviceCharacteristics(below(file)); }

static int checked_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **memory) {
    return below(file)->pMethods->xShmMap(below(file), page, size, extend, memory);
}

static int checked_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
    return below(file)->pMethods->xShmLock(below(file), offset, count, flags);
}

static void checked_shm_barrier(sqlite3_file *file) { below(file)->pMethods->xShmBarrier(below(file)); }

static int checked_shm_unmap(sqlite3_file *file, int delete) {
    return below(file)->pMethods->xShmUnmap(below(file), delete);
}

// Version 2 reads files and never maps them: a part of the disk that cannot be read is an error then, and no signal.
static const sqlite3_io_methods checked_methods = {
    2, checked_close, checked_read, checked_write, checked_truncate, checked_sync, checked_size, checked_lock,
    checked_unlock, checked_reserved, checked_control, checked_sector, checked_device, checked_shm_map,
    checked_shm_lock, checked_shm_barrier, checked_shm_unmap,
};

static int checked_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
    checked_file *checked = (checked_file *)file;
    memset(checked, 0, sizeof *checked);
    checked->below = (sqlite3_file *)(checked + 1);
    int code = below_vfs->xOpen(below_vfs, name, checked->below, flags, out_flags);
    if (!checked->below->pMethods) return code;
    // SQLite closes what has methods, even after an error.
    file->pMethods = &checked_methods;
    checked->is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    checked->is_log = (flags & SQLITE_OPEN_WAL) != 0;
    if (code != SQLITE_OK || !checked->is_database) return code;
    unsigned char header[100];
    sqlite3_int64 size = 0;
    if (checked->below->pMethods->xFileSize(checked->below, &size) == SQLITE_OK && size >= (int)sizeof header
        && checked->below->pMethods->xRead(checked->below, header, sizeof header, 0) == SQLITE_OK) {
        checked->is_checked = claims_checksums(header);
    }
    return SQLITE_OK;
}

static int checked_delete(sqlite3_vfs *vfs, const char *name, int sync_directory) {
    int code = below_vfs->xDelete(below_vfs, name, sync_directory);
    if (code == SQLITE_IOERR_DIR_FSYNC) atomic_fetch_add(&failed_syncs, 1);
    return code;
}

static int checked_access(sqlite3_vfs *vfs, const char *name, int flags, int *result) {
    return below_vfs->xAccess(below_vfs, name, flags, result);
}

static int checked_full_path(sqlite3_vfs *vfs, const char *name, int size, char *out) {
    return below_vfs->xFullPathname(below_vfs, name, size, out);
}

static int checked_randomness(sqlite3_vfs *vfs, int size, char *out) {
    return below_vfs->xRandomness(below_vfs, size, out);
}

static int checked_sleep(sqlite3_vfs *vfs, int microseconds) { return below_vfs->xSleep(below_vfs, microseconds); }

static int checked_time(sqlite3_vfs *vfs, double *time) { return below_vfs->xCurrentTime(below_vfs, time); }

static int checked_time_64(sqlite3_vfs *vfs, sqlite3_int64 *time) {
    return below_vfs->xCurrentTimeInt64(below_vfs, time);
}

static int checked_last_error(sqlite3_vfs *vfs, int size, char *out) {
    return below_vfs->xGetLastError ? below_vfs->xGetLastError(below_vfs, size, out) : 0;
}

static void register_layer(void) {
    if (sqlite3_initialize() != SQLITE_OK) return;
    below_vfs = sqlite3_vfs_find(NULL);
    // All that is used must be there: version 2 has the clock of 64 bits.
    if (!below_vfs || below_vfs->iVersion < 2) return;
    checked_vfs = (sqlite3_vfs){
        .iVersion = 2, .szOsFile = (int)sizeof(checked_file) + below_vfs->szOsFile,
        .mxPathname = below_vfs->mxPathname, .zName = "hearth-checked", .xOpen = checked_open,
        .xDelete = checked_delete, .xAccess = checked_access, .xFullPathname = checked_full_path,
        .xRandomness = checked_randomness, .xSleep = checked_sleep, .xCurrentTime = checked_time,
        .xGetLastError = checked_last_error, .xCurrentTimeInt64 = checked_time_64,
    };
    if (sqlite3_vfs_register(&checked_vfs, 0) != SQLITE_OK) below_vfs = NULL;
}

const char *cchecked_layer(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, register_layer);
    return below_vfs && below_vfs->iVersion >= 2 ? checked_vfs.zName : NULL;
}
