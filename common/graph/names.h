/* names.h - the names in use in a graph, and fresh ones. */
#ifndef COMMON_GRAPH_NAMES_H
#define COMMON_GRAPH_NAMES_H

#include <stddef.h>

#include "common/base/intern.h"

struct names;

struct names *names_new(struct strings *strings);
void names_free(struct names *names);

/* Records that `owner` has the (interned) name.  A name may be taken more than once; names_owner() is then the first
 * owner. */
void names_take(struct names *names, const char *name, void *owner);
void names_drop(struct names *names, const char *name, const void *owner);
/* Who has the name, or NULL. */
void *names_owner(const struct names *names, const char *name);
/* `stem` when nobody has it, else stem_1, stem_2 ...: the first that is free and was not given out before.  Interned,
 * and not yet taken. */
const char *names_fresh(struct names *names, const char *stem);

#endif
