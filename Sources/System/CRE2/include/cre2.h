#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// A compiled regular expression of RE2. Matching takes no lock and changes nothing that a caller can see, so one may be
// used from many threads at once.
typedef struct cre2_regexp cre2_regexp;

// Compiles a pattern of UTF-8 bytes that must match whole texts, `.` matching line feeds too.
// On failure returns NULL and writes at most `error_size` bytes of a NUL-ended message.
cre2_regexp *cre2_compile(const char *pattern, size_t length, char *error, size_t error_size);

// Whether the expression matches all of a text.
int cre2_full_match(const cre2_regexp *regexp, const char *text, size_t length);

// The number of groups, without the whole match.
int cre2_group_count(const cre2_regexp *regexp);

// The number of the group of a name, or -1.
int cre2_group_index(const cre2_regexp *regexp, const char *name, size_t length);

// Whether the expression matches all of a text. If so, writes where the whole match and the first `count - 1` groups begin
// and end, two numbers each; -1 for a group that took no part.
int cre2_full_match_groups(const cre2_regexp *regexp, const char *text, size_t length, ptrdiff_t *bounds, int count);

void cre2_destroy(cre2_regexp *regexp);

#ifdef __cplusplus
}
#endif
