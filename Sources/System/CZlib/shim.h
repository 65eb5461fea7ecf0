#pragma once

#include <string.h>
#include <zlib.h>

// zlib's initialisers are macros, which Swift does not see. A window of 15 + 16 bits means gzip.

static inline int czlib_inflate_begin(z_stream *stream) {
    memset(stream, 0, sizeof *stream);
    return inflateInit2(stream, 15 + 16);
}

static inline int czlib_deflate_begin(z_stream *stream, int level) {
    memset(stream, 0, sizeof *stream);
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
