/* names.c - a name has a chain of owners, nearly always one. */
#include "common/graph/names.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/base/map.h"

struct owner {
    void *owner;
    struct owner *next; /* taken later */
};

struct names {
    struct strings *strings; /* borrowed */
    struct arena arena;      /* of the owners */
    struct map owners;       /* name -> struct owner * */
    struct map numbers;      /* stem -> the last number given out, as a pointer */
    struct owner *unused;
};

struct names *names_new(struct strings *strings)
{
    struct names *names = xmalloc(sizeof *names);
    *names = (struct names){ .strings = strings };
    arena_init(&names->arena);
    map_init(&names->owners);
    map_init(&names->numbers);
    return names;
}

void names_free(struct names *names)
{
    map_release(&names->owners);
    map_release(&names->numbers);
    arena_release(&names->arena);
    free(names);
}

void names_take(struct names *names, const char *name, void *owner)
{
    struct owner *node = names->unused;
    if (node)
        names->unused = node->next;
    else
        node = arena_alloc(&names->arena, sizeof *node);
    *node = (struct owner){ owner, NULL };
    struct owner *first = map_get(&names->owners, name);
    if (!first) {
        map_put(&names->owners, name, node);
        return;
    }
    node->next = first->next; /* behind the first, which stays the one that is found */
    first->next = node;
}

void names_drop(struct names *names, const char *name, const void *owner)
{
    struct owner *first = map_get(&names->owners, name), **link = &first;
    while (*link && (*link)->owner != owner)
        link = &(*link)->next;
    struct owner *node = *link;
    if (!node)
        return;
    *link = node->next;
    node->next = names->unused;
    names->unused = node;
    map_put(&names->owners, name, first);
}

void *names_owner(const struct names *names, const char *name)
{
    const struct owner *first = map_get(&names->owners, name);
    return first ? first->owner : NULL;
}

const char *names_fresh(struct names *names, const char *stem)
{
    stem = intern(names->strings, stem);
    if (!names_owner(names, stem))
        return stem;
    uintptr_t number = (uintptr_t)map_get(&names->numbers, stem);
    size_t room = strlen(stem) + 24;
    char *text = xmalloc(room);
    const char *name;
    do {
        snprintf(text, room, "%s_%ju", stem, (uintmax_t)++number);
        name = intern(names->strings, text);
    } while (names_owner(names, name));
    map_put(&names->numbers, stem, (void *)number);
    free(text);
    return name;
}
