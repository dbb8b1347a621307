/* check.c - the weights of a module have the shapes that its parameters ask for: an edited kernel_size with the
 * old weight is an error here, and not a wrong network later. */
#include <string.h>

#include "common/base/arena.h"
#include "common/operators/weights.h"
#include "formats/pnnx/line.h"
#include "formats/pnnx/pnnx.h"

static const char *shape_text(struct arena *arena, const int64_t *shape, size_t rank)
{
    const char *text = "";
    for (size_t i = 0; i < rank; i++)
        text = arena_printf(arena, "%s%s%lld", text, i ? "," : "", (long long)shape[i]);
    return text;
}

void pnnx_check_weight(struct place at, const struct operator *op, const struct attribute *a)
{
    int64_t shape[MOST_WEIGHT_SIZES];
    const struct module_weight *w = op->signature->weights;
    while (w && strcmp(w->key, a->key) != 0)
        w = w->next;
    size_t rank = w ? weight_shape(w, op, shape) : 0;
    if (rank == 0 || (rank == (size_t)a->rank && memcmp(shape, a->shape, rank * sizeof *shape) == 0))
        return;
    struct arena *arena = &op->graph->arena;
    die(STATUS_MALFORMED, at, "%s '%s': %s has the shape (%s), but the parameters ask for (%s): %s", op->type,
        op->name, a->key, shape_text(arena, a->shape, (size_t)a->rank), shape_text(arena, shape, rank),
        w->sizes);
}

const char *pnnx_missing_weight(const struct operator *op)
{
    const struct module_weight *w = weight_missing(op);
    return w ? w->key : NULL;
}
