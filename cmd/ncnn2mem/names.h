/* names.h - identifiers of C and C++ from names of files, layers and blobs. */
#ifndef CMD_NCNN2MEM_NAMES_H
#define CMD_NCNN2MEM_NAMES_H

#include <stdbool.h>

#include "common/base/arena.h"
#include "common/base/intern.h"

/* The name with an underscore for each byte that is no ASCII letter, digit or underscore.  Arena. */
const char *name_sanitised(struct arena *arena, const char *name);
/* The same of a path's last part, with the suffix behind it; an underscore more where it would begin with a digit or be a
 * keyword.  Arena. */
const char *name_of_file(struct arena *arena, const char *path, const char *suffix);
/* The name, or with a number behind it, so that it is in `taken` no more than once; it is put there.  Owned by `taken`. */
const char *name_unique(struct strings *taken, struct arena *arena, const char *name);

#endif
