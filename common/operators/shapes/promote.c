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

/* Whether `a` is b, or less: the lesser of b and something, as a table that is cut to a length has it. */
static bool is_cut(struct graph *g, int64_t a, int64_t b)
{
    struct dim_term term, more;
    return dim_term(g, a, 0, &term) && !dim_term(g, a, 1, &more) && term.factor == 1 && term.count == 1 &&
           term.parts[0].kind == DIM_LESSER && (term.parts[0].top == b || term.parts[0].bottom == b);
}

bool sizes_differ(struct call *c, int64_t a, int64_t b)
{
    int64_t x, y;
    if (is_cut(c->graph, a, b) || is_cut(c->graph, b, a))
        return false;
    bool known_a = dim_constant(c->graph, a, &x), known_b = dim_constant(c->graph, b, &y);
    if (known_a != known_b && a != DIM_UNKNOWN && b != DIM_UNKNOWN)
        decide(c, known_a ? b : a, known_a ? a : b);
    return known_a && known_b && x != y;
}

bool broadcast_dims(struct call *c, int64_t a, int64_t b, int64_t *out)
{
    bool cut_to_b = is_cut(c->graph, a, b);
    if (cut_to_b || is_cut(c->graph, b, a)) { /* they are equal, or PyTorch refuses them */
        *out = cut_to_b ? b : a;
        return true;
    }
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
