/* tree.c - see tree.h. */
#include "common/rewrite/text/tree.h"

struct node *node_new(struct arena *arena, enum node_kind kind, int line, int column)
{
    struct node *n = arena_alloc(arena, sizeof *n);
    n->kind = kind;
    n->line = line;
    n->column = column;
    n->slot = NO_SLOT;
    return n;
}
