#pragma once

// A layer below SQLite (a "VFS") that gives every page of a database file a checksum and verifies it when the page is read.
//
// SQLite leaves the last 8 bytes of each page alone where the file reserves them (byte 20 of its header). The layer fills them
// when a page is written to the file and compares them when it is read; a page that does not match is reported as
// CCHECKED_CORRUPT. Pages in the write-ahead log carry SQLite's own checksums. Files without reserved bytes pass through.
//
// SQLite takes the first wrong checksum of a log for the end of what was written, so damage in the last commit looks like one that
// was torn. So after each sync of a log the layer writes a mark behind the last frame, which says how many there are. SQLite
// does not read it, as it is shorter than a frame and no valid one, and the next frame goes over it. It is written after the
// sync and is not synced itself: a cut of power may take it, but what it says is true.

enum {
    // How many bytes of each page hold its checksum.
    CCHECKED_RESERVED = 8,
    // SQLITE_CORRUPT with an extension that SQLite itself does not use.
    CCHECKED_CORRUPT = 11 | 100 << 8,
    // The application id (byte 68 of the header) of files whose pages have checksums, so that neither mark alone can be lost.
    CCHECKED_APPLICATION_ID = 0x48727468,
};

// The name of the layer for sqlite3_open_v2, over what was the default when this was first called; NULL if it cannot be had.
const char *cchecked_layer(void);

enum {
    // How many bytes the mark behind the last frame of a log takes; as many as the header of a frame.
    CCHECKED_MARK = 24,
};

// How many frames a log had when it was last synced, according to the bytes where a frame would begin; -1 if they are no mark, or
// not one of the log whose header has these salts (its bytes 16 to 23).
long cchecked_synced_frames(const unsigned char mark[CCHECKED_MARK], const unsigned char salts[8]);

// How many syncs of files and directories have failed since the process began.
unsigned long cchecked_failed_syncs(void);
