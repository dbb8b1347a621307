/* intern.h - one copy of every string, so that equal strings are equal pointers. */
#ifndef COMMON_BASE_INTERN_H
#define COMMON_BASE_INTERN_H

#include <stddef.h>

/* A set of strings.  A graph and the rules that run over it share one. */
struct strings;

struct strings *strings_new(void);
void strings_free(struct strings *set); /* and every string in it */

/* The one copy of the text; valid as long as the set.  The text may hold any byte but NUL. */
const char *intern(struct strings *set, const char *text);
const char *intern_length(struct strings *set, const char *text, size_t length);

/* The copy that is there already, or NULL: for look-ups that must not grow the set. */
const char *intern_find(const struct strings *set, const char *text);

#endif
