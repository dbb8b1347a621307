/* parse.h - rule text as syntax trees. */
#ifndef COMMON_REWRITE_TEXT_PARSE_H
#define COMMON_REWRITE_TEXT_PARSE_H

#include "common/rewrite/private.h"

/* Parses a text and hands every rule in it to rules_add(), in order; patterns, lets and commutative declarations go
 * into the rule set. */
void rules_parse(struct rules *rules, const char *file, const char *text, size_t size);

#endif
