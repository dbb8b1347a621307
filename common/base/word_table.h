/* word_table.h - small tables that are embedded as text: in each line words, a colon, and what is said of them.
 *
 *     # a comment
 *     torch.norm F.normalize: p above 0 */
#ifndef COMMON_BASE_WORD_TABLE_H
#define COMMON_BASE_WORD_TABLE_H

#include "common/base/arena.h"

/* What the table says of the word, in the arena; NULL: nothing.  The text ends with a line break and a zero byte, which `size`
 * does not count. */
const char *word_table_find(struct arena *arena, const char *text, size_t size, const char *word);

#endif
