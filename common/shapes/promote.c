/* promote.c - PyTorch's rules for the types and shapes of results of several operands. */
#include "common/shapes/shape.h"

enum dtype dtype_to_float(enum dtype t)
{
    return dtype_is_integer(t) || t == DTYPE_BOOL ? DTYPE_F32 : t;
}

enum dtype dtype_to_real(enum dtype t)
{
    return t == DTYPE_C64 ? DTYPE_F32 : t == DTYPE_C128 ? DTYPE_F64 : t == DTYPE_C32 ? DTYPE_F16 : t;
}

enum dtype dtype_to_complex(enum dtype t)
{
    switch (t) {
    case DTYPE_F64: return DTYPE_C128;
    case DTYPE_F16: return DTYPE_C32;
    case DTYPE_NULL:
    case DTYPE_C32:
    case DTYPE_C64:
    case DTYPE_C128: return t;
    default: return DTYPE_C64;
    }
}

/* The types met so far, by what they come from: tensors with dimensions, tensors without, Python numbers. */
struct types {
    enum dtype tensors, scalars, numbers; /* DTYPE_NULL: none */
};

static enum dtype join(enum dtype a, enum dtype b)
{
    return a == DTYPE_NULL ? b : b == DTYPE_NULL ? a : dtype_promote(a, b);
}

/* What operands of lower rank among the categories may change: the kind of the type, not its size. */
static enum dtype combine(enum dtype higher, enum dtype lower)
{
    bool floats = dtype_is_float(lower) || dtype_is_complex(lower);
    if (dtype_is_complex(higher))
        return higher;
    if (dtype_is_float(higher))
        return dtype_is_complex(lower) ? dtype_to_complex(higher) : higher;
    if (higher == DTYPE_BOOL || floats)
        return join(higher, lower);
    return higher != DTYPE_NULL ? higher : lower;
}

enum dtype promote_facts(const struct fact *facts, int count)
{
    struct types types = { DTYPE_NULL, DTYPE_NULL, DTYPE_NULL };
    for (int i = 0; i < count; i++) {
        enum dtype t = facts[i].dtype;
        if (!facts[i].present)
            continue;
        if (t == DTYPE_NULL)
            return DTYPE_NULL;
        if (facts[i].number)
            types.numbers = join(types.numbers, t == DTYPE_F64 ? DTYPE_F32 : t == DTYPE_C128 ? DTYPE_C64 : t);
        else if (facts[i].rank == 0)
            types.scalars = join(types.scalars, t);
        else
            types.tensors = join(types.tensors, t);
    }
    return combine(types.tensors, combine(types.scalars, types.numbers));
}

bool sizes_differ(const struct graph *g, int64_t a, int64_t b)
{
    int64_t x, y;
    return dim_constant(g, a, &x) && dim_constant(g, b, &y) && x != y;
}

bool broadcast_dims(int64_t a, int64_t b, int64_t *out)
{
    if (dim_known(a) && dim_known(b) && a != b && a != 1 && b != 1)
        return false;
    if (dim_equal(a, b) || b == 1)
        *out = a;
    else if (a == 1)
        *out = b;
    else if (dim_known(a) || b == DIM_UNKNOWN) /* one that is not known is 1, or the same as the other */
        *out = a;
    else
        *out = dim_known(b) || a == DIM_UNKNOWN ? b : DIM_UNKNOWN;
    return true;
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
            if (!broadcast_dims(*size, other, size)) {
                wrong(c, "the shapes do not broadcast: %s against %s", dim_text(c->graph, *size),
                      dim_text(c->graph, other));
                return false;
            }
        }
    return true;
}
