/* reshape.c - the same elements in the same order, in another shape. */
#include <string.h>

#include "common/operators/shapes/shape.h"

enum reshape_kind {
    RESHAPE_SHAPE,
    RESHAPE_AS,
    RESHAPE_FLATTEN,
    RESHAPE_UNFLATTEN,
    RESHAPE_SQUEEZE,
    RESHAPE_UNSQUEEZE,
    RESHAPE_AT_LEAST, /* atleast_1d and so on: not evaluated */
};

/* Fills in the -1 of a new shape; reports when the numbers of elements differ. */
static bool complete_shape(struct call *c, const int64_t *from, int from_rank, int64_t *dims, int rank)
{
    int64_t all = dim_product(c->graph, from, from_rank), rest = 1, number;
    int open = -1;
    for (int i = 0; i < rank; i++) {
        bool minus = dim_constant(c->graph, dims[i], &number) && number == -1;
        if (minus && open >= 0) {
            wrong(c, "%s has more than one -1", sizes_text(c, dims, rank));
            return false;
        }
        if (minus)
            open = i;
        else
            rest = dim_mul(c->graph, rest, dims[i]);
    }
    if (open >= 0 ? dim_known(all) && rest > 0 && all % rest : sizes_differ(c, all, rest)) {
        wrong(c, "%s elements do not fit into %s", dim_text(c->graph, all), sizes_text(c, dims, rank));
        return false;
    }
    if (open >= 0)
        dims[open] = rest == 0 ? DIM_UNKNOWN : dim_div_exact(c->graph, all, rest);
    return true;
}

/* A size that is not known, when it alone is not: what the others leave. */
static void deduce_size(struct call *c, const struct fact *x, int64_t *dims, int rank)
{
    int64_t rest = 1;
    int open = -1;
    for (int i = 0; i < rank; i++) {
        if (dims[i] != DIM_UNKNOWN)
            rest = dim_mul(c->graph, rest, dims[i]);
        else if (open >= 0)
            return;
        else
            open = i;
    }
    if (open >= 0 && rest != 0)
        dims[open] = dim_div_exact(c->graph, dim_product(c->graph, x->dims, x->rank), rest);
}

static void shape_reshape(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t dims[MAX_RANK];
    int count = arg_sizes(c, "shape", dims, MAX_RANK);
    enum dtype dtype = arg_dtype(c, "dtype", DTYPE_NULL);
    if (dtype != DTYPE_NULL) { /* Tensor.view(dtype) */
        if (dtype_size(dtype) == dtype_size(x.dtype))
            result(c, 0, dtype, x.rank, x.dims);
        return;
    }
    result(c, 0, x.dtype, RANK_UNKNOWN, NULL);
    if (count < 0)
        return;
    if (x.rank != RANK_UNKNOWN && !complete_shape(c, x.dims, x.rank, dims, count))
        return;
    for (int i = 0; i < count; i++) {
        int64_t number;
        if (dim_constant(c->graph, dims[i], &number) && number < 0)
            dims[i] = DIM_UNKNOWN;
    }
    if (x.rank != RANK_UNKNOWN)
        deduce_size(c, &x, dims, count);
    result(c, 0, x.dtype, count, dims);
}

static void shape_reshape_as(struct call *c)
{
    struct fact x = arg_fact(c, "input"), other = arg_fact(c, "other");
    int64_t dims[MAX_RANK];
    if (other.rank == RANK_UNKNOWN)
        return;
    memcpy(dims, other.dims, (size_t)other.rank * sizeof *dims);
    if (x.rank == RANK_UNKNOWN || complete_shape(c, x.dims, x.rank, dims, other.rank))
        result(c, 0, x.dtype, other.rank, dims);
}

/* The row's code: RESHAPE_FLATTEN; nn.Flatten starts at 1. */
static void shape_flatten(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t dims[MAX_RANK];
    int first, last, rank = 0;
    if (x.rank == RANK_UNKNOWN)
        return;
    if (x.rank == 0) {
        result(c, 0, x.dtype, 1, (int64_t[]){ 1 });
        return;
    }
    if (!arg_axis(c, "start_dim", x.rank, operator_is(c->op, "nn.Flatten"), &first) ||
        !arg_axis(c, "end_dim", x.rank, -1, &last))
        return;
    if (first > last) {
        wrong(c, "start_dim is behind end_dim");
        return;
    }
    for (int i = 0; i < x.rank; i++)
        if (i <= first || i > last)
            dims[rank++] = x.dims[i];
        else
            dims[rank - 1] = dim_mul(c->graph, dims[rank - 1], x.dims[i]);
    result(c, 0, x.dtype, rank, dims);
}

static void shape_unflatten(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t sizes[MAX_RANK], dims[2 * MAX_RANK];
    int axis, count = arg_sizes(c, arg_present(c, "unflattened_size") ? "unflattened_size" : "sizes", sizes,
                                MAX_RANK);
    if (x.rank < 1 || count < 1 || !arg_axis(c, "dim", x.rank, 0, &axis) || x.rank + count - 1 > MAX_RANK)
        return;
    if (!complete_shape(c, &x.dims[axis], 1, sizes, count))
        return;
    memcpy(dims, x.dims, (size_t)axis * sizeof *dims);
    memcpy(dims + axis, sizes, (size_t)count * sizeof *dims);
    memcpy(dims + axis + count, x.dims + axis + 1, (size_t)(x.rank - axis - 1) * sizeof *dims);
    result(c, 0, x.dtype, x.rank - 1 + count, dims);
}

/* Whether a size is 1 must be known, else the rank is not. */
static void shape_squeeze(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t dims[MAX_RANK];
    unsigned axes;
    int rank = 0;
    if (x.rank == RANK_UNKNOWN || !arg_axes(c, "dim", x.rank, &axes))
        return;
    for (int i = 0; i < x.rank; i++) {
        bool asked = axes >> i & 1;
        if (asked && x.dims[i] == DIM_UNKNOWN)
            return;
        if (!asked || x.dims[i] != 1)
            dims[rank++] = x.dims[i];
    }
    result(c, 0, x.dtype, rank, dims);
}

static void shape_unsqueeze(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t numbers[MAX_RANK], dims[MAX_RANK];
    int count = arg_ints(c, "dim", numbers, MAX_RANK), axis, rank = x.rank + count, from = 0;
    unsigned axes = 0;
    if (x.rank == RANK_UNKNOWN || count < 1 || rank > MAX_RANK)
        return;
    for (int i = 0; i < count; i++) {
        if (!axis_of(c, numbers[i], rank, &axis))
            return;
        axes |= 1u << axis;
    }
    for (int i = 0; i < rank; i++)
        dims[i] = axes >> i & 1 || from >= x.rank ? 1 : x.dims[from++];
    if (x.number) { /* a number becomes a tensor */
        result(c, 0, x.dtype == DTYPE_F64 ? DTYPE_F32 : x.dtype, rank, dims);
        return;
    }
    result(c, 0, x.dtype, rank, dims);
}

/* The row's code is the rank that a result has at least. */
static void shape_at_least(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t dims[MAX_RANK] = { 1, 1, 1 };
    int rank = c->row->code;
    if (x.rank == RANK_UNKNOWN)
        return;
    if (x.rank >= rank) {
        result_like(c, 0, &x);
        return;
    }
    if (x.rank > 0)
        memcpy(dims + (rank == 3 ? x.rank == 1 ? 1 : 0 : rank - x.rank), x.dims,
               (size_t)x.rank * sizeof *dims);
    result(c, 0, x.dtype, rank, dims);
}

bool evaluate_reshape(struct call *c)
{
    const struct tensor *t = arg_constant(c, "input");
    const struct fact *f = &c->results[0];
    if (t && t->dtype != f->dtype)
        t = tensor_cast(c, t, f->dtype);
    t = t ? tensor_reshaped(c, t, f->rank, f->dims) : NULL;
    if (t)
        result_constant(c, 0, t);
    return t;
}

static void shape_view_as_real(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t dims[MAX_RANK + 1];
    if (x.rank == RANK_UNKNOWN || x.rank >= MAX_RANK)
        return;
    memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    dims[x.rank] = 2;
    result(c, 0, dtype_to_real(x.dtype), x.rank + 1, dims);
}

static void shape_view_as_complex(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    if (x.rank >= 1)
        result(c, 0, dtype_to_complex(x.dtype), x.rank - 1, x.dims);
}

/* clang-format off */
static const struct row rows[] = {
    { "reshape view _unsafe_view _reshape_alias view_copy", shape_reshape, evaluate_reshape, RESHAPE_SHAPE },
    { "reshape_as view_as", shape_reshape_as, evaluate_reshape, RESHAPE_AS },
    { "flatten ravel nn.Flatten", shape_flatten, evaluate_reshape, RESHAPE_FLATTEN },
    { "unflatten nn.Unflatten", shape_unflatten, evaluate_reshape, RESHAPE_UNFLATTEN },
    { "squeeze", shape_squeeze, evaluate_reshape, RESHAPE_SQUEEZE },
    { "unsqueeze", shape_unsqueeze, evaluate_reshape, RESHAPE_UNSQUEEZE },
    { "atleast_1d", shape_at_least, evaluate_reshape, 1 },
    { "atleast_2d", shape_at_least, evaluate_reshape, 2 },
    { "atleast_3d", shape_at_least, evaluate_reshape, 3 },
    { "view_as_real", shape_view_as_real, NULL, 0 },
    { "view_as_complex", shape_view_as_complex, NULL, 0 },
};
/* clang-format on */

const struct family family_reshape = { rows, LENGTH(rows) };
