/* scratch.c - memory that one attempt to match uses and the next uses again. */
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "common/rewrite/match.h"

enum { SCRATCH_BLOCK = 32 * 1024 };

struct scratch_block {
    struct scratch_block *next;
    size_t used, size;
    alignas(max_align_t) unsigned char data[];
};

void scratch_reset(struct scratch *s)
{
    s->current = s->first;
    if (s->first)
        s->first->used = 0;
}

void scratch_release(struct scratch *s)
{
    struct scratch_block *block = s->first, *next;
    for (; block; block = next) {
        next = block->next;
        free(block);
    }
    s->first = s->current = NULL;
}

/* Makes the next block with enough room the current one. */
static void next_block(struct scratch *s, size_t need)
{
    struct scratch_block **link = s->current ? &s->current->next : &s->first;
    while (*link && (*link)->size < need)
        link = &(*link)->next;
    if (!*link) {
        size_t size = need > SCRATCH_BLOCK ? need : SCRATCH_BLOCK;
        *link = xmalloc(size_add(sizeof **link, size));
        (*link)->next = NULL;
        (*link)->size = size;
    }
    s->current = *link;
    s->current->used = 0;
}

void *scratch_alloc(struct scratch *s, size_t size)
{
    size_t need = size_add(size, sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    if (!s->current || s->current->size - s->current->used < need)
        next_block(s, need);
    void *memory = s->current->data + s->current->used;
    s->current->used += need;
    return memset(memory, 0, size);
}

void *scratch_array(struct scratch *s, size_t count, size_t size)
{
    return scratch_alloc(s, size_mul(count, size));
}
