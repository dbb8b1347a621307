/* promote.c - PyTorch's rules for the types and shapes of results of several operands. */
#include "common/operators/shapes/shape.h"

enum dtype promote_facts(const struct fact *facts, int count)
{
    struct dtype_mix mix = { DTYPE_NULL, DTYPE_NULL, DTYPE_NULL };
    for (int i = 0; i < count; i++) {
        if (!facts[i].present)
            continue;
        if (facts[i].dtype == DTYPE_NULL)
            return DTYPE_NULL;
        dtype_mix_add(&mix, facts[i].dtype, facts[i].number ? DTYPE_NUMBER : facts[i].rank);
    }
    return dtype_mix_result(&mix);
}

bool sizes_differ(struct call *c, int64_t a, int64_t b)
{
    int64_t x, y;
    bool known_a = dim_constant(c->graph, a, &x), known_b = dim_constant(c->graph, b, &y);
    if (known_a != known_b && a != DIM_UNKNOWN && b != DIM_UNKNOWN)
        decide(c, known_a ? b : a, known_a ? a : b);
    return known_a && known_b && x != y;
}

bool broadcast_dims(struct call *c, int64_t a, int64_t b, int64_t *out)
{
    return (a == 1 || b == 1 || !sizes_differ(c, a, b)) && dim_broadcast(a, b, out);
}

bool broadcast_facts(struct call *c, const struct fact *facts, int count, int *rank, int64_t *dims)
{
    *rank = 0;
    for (int i = 0; i < count; i++) {
        if (facts[i].present && facts[i].rank == RANK_UNKNOWN) {
            *rank = RANK_UNKNOWN;
            return true;
        }
        if (facts[i].present && facts[i].rank > *rank)
            *rank = facts[i].rank;
    }
    for (int i = 0; i < *rank; i++)
        dims[i] = 1;
    for (int i = 0; i < count; i++)
        for (int j = 0; facts[i].present && j < facts[i].rank; j++) {
            int64_t *size = &dims[*rank - facts[i].rank + j], other = facts[i].dims[j];
            if (!broadcast_dims(c, *size, other, size)) {
                wrong(c, "the shapes do not broadcast: %s against %s", dim_text(c->graph, *size),
                      dim_text(c->graph, other));
                return false;
            }
        }
    return true;
}
