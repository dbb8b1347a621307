/* spelling.c - see spelling.h. */
#include "common/operators/spelling.h"

#include <string.h>

static const char *const prefixes[] = { "torch.", "Tensor.", "F.", "aten::", "torch.special.", "prim::" };

static void *find_name(const struct strings *strings, const struct map *map, const char *name, size_t length)
{
    char text[80];
    if (length == 0 || length >= sizeof text)
        return NULL;
    memcpy(text, name, length);
    text[length] = '\0';
    const char *key = intern_find(strings, text);
    return key ? map_get(map, key) : NULL;
}

void *spelling_find(const struct strings *strings, const struct map *map, const char *type)
{
    size_t length = strlen(type);
    void *row = find_name(strings, map, type, length);
    for (size_t i = 0; !row && i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t prefix = strlen(prefixes[i]);
        if (strncmp(type, prefixes[i], prefix) != 0)
            continue;
        row = find_name(strings, map, type + prefix, length - prefix);
        if (!row && type[length - 1] == '_')
            row = find_name(strings, map, type + prefix, length - prefix - 1);
    }
    return row;
}
