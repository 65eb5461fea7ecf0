#pragma once

#include <http_parser.h>

// Bit fields, which Swift does not set.
static inline unsigned hearth_parser_method(const http_parser *parser) { return parser->method; }
static inline unsigned hearth_parser_error(const http_parser *parser) { return parser->http_errno; }
static inline void hearth_parser_ignore_upgrade(http_parser *parser) { parser->upgrade = 0; }
