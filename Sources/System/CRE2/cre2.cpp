#include "cre2.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

struct cre2_regexp {
    RE2 re2;
    cre2_regexp(const re2::StringPiece &pattern, const RE2::Options &options) : re2(pattern, options) {}
};

cre2_regexp *cre2_compile(const char *pattern, size_t length, char *error, size_t error_size) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_dot_nl(true);
    options.set_max_mem(8 << 20);
    auto *regexp = new cre2_regexp(re2::StringPiece(pattern, length), options);
    if (regexp->re2.ok()) {
        return regexp;
    }
    if (error_size > 0) {
        const std::string &message = regexp->re2.error();
        size_t count = std::min(message.size(), error_size - 1);
        std::memcpy(error, message.data(), count);
        error[count] = 0;
    }
    delete regexp;
    return nullptr;
}

int cre2_full_match(const cre2_regexp *regexp, const char *text, size_t length) {
    return RE2::FullMatch(re2::StringPiece(text, length), regexp->re2) ? 1 : 0;
}

int cre2_group_count(const cre2_regexp *regexp) { return regexp->re2.NumberOfCapturingGroups(); }

int cre2_group_index(const cre2_regexp *regexp, const char *name, size_t length) {
    const auto &groups = regexp->re2.NamedCapturingGroups();
    const auto found = groups.find(std::string(name, length));
    return found == groups.end() ? -1 : found->second;
}

int cre2_full_match_groups(const cre2_regexp *regexp, const char *text, size_t length, ptrdiff_t *bounds, int count) {
    const re2::StringPiece whole(text, length);
    std::vector<re2::StringPiece> groups(count);
    if (!regexp->re2.Match(whole, 0, length, RE2::ANCHOR_BOTH, groups.data(), count)) {
        return 0;
    }
    for (int group = 0; group < count; group++) {
        const bool took_part = groups[group].data() != nullptr;
        bounds[2 * group] = took_part ? groups[group].data() - whole.data() : -1;
        bounds[2 * group + 1] = took_part ? bounds[2 * group] + (ptrdiff_t)groups[group].size() : -1;
    }
    return 1;
}

void cre2_destroy(cre2_regexp *regexp) { delete regexp; }
