/* word_table.c - see word_table.h. */
#include "common/base/word_table.h"

#include <string.h>

const char *word_table_find(struct arena *arena, const char *text, size_t size, const char *word)
{
    const char *end = text + size;
    size_t length = strlen(word);
    for (const char *line = text, *next; line < end; line = next) {
        const char *said = strstr(line, ": ");
        next = line + strcspn(line, "\n") + 1;
        for (const char *at = line; *line != '#' && said && said < next && at < said;
             at += strcspn(at, " ") + 1)
            if (strncmp(at, word, length) == 0 && (at[length] == ' ' || at + length == said))
                return arena_text(arena, said + 2, (size_t)(next - 1 - (said + 2)));
    }
    return NULL;
}
