/* repeat.c - elements again (repeat, tile), or elsewhere in a tensor of the same size (roll, rot90), or zeros in their place (tril). */
#include <string.h>

#include "common/operators/shapes/shape.h"

/* Copies of the operand along each axis: repeats[i] times it. */
static void shape_repeat(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t repeats[MAX_RANK], dims[MAX_RANK];
    int count = arg_sizes(c, c->row->code ? "dims" : "sizes", repeats, MAX_RANK), shift;
    if (x.rank == RANK_UNKNOWN || count < 0)
        return;
    if (count < x.rank && c->row->code) { /* tile: 1 for the first axes */
        shift = x.rank - count;
        memmove(repeats + shift, repeats, (size_t)count * sizeof *repeats);
        for (int i = 0; i < shift; i++)
            repeats[i] = 1;
        count = x.rank;
    }
    if (count < x.rank) {
        wrong(c, "%d repeats for %d axes", count, x.rank);
        return;
    }
    shift = count - x.rank;
    for (int i = 0; i < count; i++)
        dims[i] = i < shift ? repeats[i] : dim_mul(c->graph, repeats[i], x.dims[i - shift]);
    result(c, 0, x.dtype, count, dims);
}

static bool evaluate_repeat(struct call *c)
{
    const struct tensor *t = arg_constant(c, "input");
    const struct fact *f = &c->results[0];
    int64_t own[MAX_RANK], dims[2 * MAX_RANK], strides[2 * MAX_RANK];
    int shift;
    if (!t || f->rank == RANK_UNKNOWN || f->rank * 2 > MAX_RANK || t->count == 0)
        return false;
    row_major(t->rank, t->dims, own);
    shift = f->rank - t->rank;
    for (int i = 0; i < f->rank; i++) {
        int64_t size = i < shift ? 1 : t->dims[i - shift];
        if (!dim_known(f->dims[i]))
            return false;
        dims[2 * i] = f->dims[i] / size;
        strides[2 * i] = 0;
        dims[2 * i + 1] = size;
        strides[2 * i + 1] = i < shift ? 0 : own[i - shift];
    }
    t = tensor_strided(c, t, 2 * f->rank, dims, 0, strides);
    t = t ? tensor_reshaped(c, t, f->rank, f->dims) : NULL;
    if (t)
        result_constant(c, 0, t);
    return t;
}

static void shape_repeat_interleave(struct call *c)
{
    struct fact x = arg_fact(c, "input"), repeats = arg_fact(c, "repeats");
    int64_t dims[MAX_RANK], all = 0;
    int axis = 0, rank = x.rank;
    if (x.rank == RANK_UNKNOWN || !repeats.present)
        return;
    memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    if (!arg_present(c, "dim")) {
        dims[0] = dim_product(c->graph, x.dims, x.rank);
        rank = 1;
    } else if (!arg_axis(c, "dim", x.rank, 0, &axis) || x.rank == 0) {
        return;
    }
    if (arg_present(c, "output_size"))
        dims[axis] = arg_size(c, "output_size", 0);
    else if (repeats.rank == 0 || (repeats.constant && repeats.constant->count == 1))
        dims[axis] = dim_mul(c->graph, dims[axis], arg_size(c, "repeats", 1));
    else {
        for (int64_t i = 0; repeats.constant && i < repeats.constant->count; i++)
            all = dim_add(c->graph, all, element_int(repeats.dtype, repeats.constant->data, (size_t)i));
        dims[axis] = repeats.constant ? all : DIM_UNKNOWN;
    }
    result(c, 0, x.dtype, rank, dims);
}

static bool evaluate_repeat_interleave(struct call *c)
{
    const struct tensor *t = arg_constant(c, "input");
    const struct fact *f = &c->results[0];
    int64_t repeats, dims[MAX_RANK + 1], strides[MAX_RANK + 1], flat;
    int axis = 0, rank = 0;
    if (!t || f->rank == RANK_UNKNOWN || f->rank >= MAX_RANK || !arg_int(c, "repeats", 1, &repeats) ||
        repeats < 0)
        return false;
    flat = t->count;
    if (!arg_present(c, "dim"))
        t = tensor_reshaped(c, t, 1, &flat);
    else if (!arg_axis(c, "dim", t->rank, 0, &axis))
        return false;
    int64_t own[MAX_RANK];
    row_major(t->rank, t->dims, own);
    for (int i = 0; i < t->rank; i++) {
        strides[rank] = own[i];
        dims[rank++] = t->dims[i];
        if (i == axis) {
            strides[rank] = 0;
            dims[rank++] = repeats;
        }
    }
    t = rank <= MAX_RANK ? tensor_strided(c, t, rank, dims, 0, strides) : NULL;
    t = t ? tensor_reshaped(c, t, f->rank, f->dims) : NULL;
    if (t)
        result_constant(c, 0, t);
    return t;
}

/* ---- roll, tril, triu ---- */

/* The element of each place: computed from the place alone. */
static bool evaluate_roll(struct call *c)
{
    const struct tensor *t = arg_constant(c, "input");
    int64_t shifts[MAX_RANK], axes[MAX_RANK], own[MAX_RANK], by[MAX_RANK] = { 0 };
    int count = arg_ints(c, "shifts", shifts, MAX_RANK), given = arg_ints(c, "dims", axes, MAX_RANK), axis;
    struct tensor *out;
    uint8_t *data;
    if (!t || count < 1 || (given != count && given > 0) || given == UNKNOWN || t->rank > MAX_RANK ||
        t->count == 0)
        return false;
    out = tensor_new(c, t->dtype, t->rank, t->dims, t->weight, &data);
    if (!out)
        return false;
    row_major(t->rank, t->dims, own);
    for (int i = 0; i < given; i++) {
        if (!axis_of(c, axes[i], t->rank, &axis))
            return false;
        by[axis] += shifts[i] % t->dims[axis];
    }
    for (int64_t i = 0; i < t->count; i++) {
        int64_t to = 0;
        for (int a = 0; a < t->rank; a++) {
            int64_t place = (i / own[a] % t->dims[a] + by[a]) % t->dims[a];
            to += (place < 0 ? place + t->dims[a] : place) * own[a];
        }
        if (given <= 0) {
            to = (i + shifts[0] % t->count) % t->count;
            to += to < 0 ? t->count : 0;
        }
        memcpy(data + (size_t)to * dtype_size(t->dtype), t->data + (size_t)i * dtype_size(t->dtype),
               dtype_size(t->dtype));
    }
    result_constant(c, 0, out);
    return true;
}

/* The row's code: 0 tril, 1 triu. */
static bool evaluate_triangle(struct call *c)
{
    const struct tensor *t = arg_constant(c, "input");
    int64_t diagonal;
    struct tensor *out;
    uint8_t *data;
    if (!t || t->rank < 2 || !arg_int(c, "diagonal", 0, &diagonal))
        return false;
    out = tensor_new(c, t->dtype, t->rank, t->dims, t->weight, &data);
    for (int64_t i = 0; out && i < t->count; i++) {
        int64_t columns = t->dims[t->rank - 1], column = i % columns,
                row = i / columns % t->dims[t->rank - 2];
        bool keep = c->row->code ? column - row >= diagonal : column - row <= diagonal;
        if (keep) /* the rest is zero already */
            memcpy(data + (size_t)i * dtype_size(t->dtype), t->data + (size_t)i * dtype_size(t->dtype),
                   dtype_size(t->dtype));
    }
    if (out)
        result_constant(c, 0, out);
    return out;
}

/* A quarter turn, or three, in the plane of two axes swaps their sizes. */
static void shape_rot90(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t turns, axes[2] = { 0, 1 }, dims[MAX_RANK];
    int a, b;
    if (x.rank < 2 || !arg_int(c, "k", 1, &turns) || arg_ints(c, "dims", axes, 2) == UNKNOWN ||
        !axis_of(c, axes[0], x.rank, &a) || !axis_of(c, axes[1], x.rank, &b))
        return;
    memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    if (turns % 2) {
        dims[a] = x.dims[b];
        dims[b] = x.dims[a];
    }
    result(c, 0, x.dtype, x.rank, dims);
}

/* clang-format off */
static const struct row rows[] = {
    { "repeat", shape_repeat, evaluate_repeat, 0 },
    { "tile", shape_repeat, evaluate_repeat, 1 },
    { "repeat_interleave", shape_repeat_interleave, evaluate_repeat_interleave, 0 },
    { "roll", shape_same, evaluate_roll, 0 },
    { "fliplr flipud", shape_same, NULL, 0 },
    { "rot90", shape_rot90, NULL, 0 },
    { "tril", shape_same, evaluate_triangle, 0 },
    { "triu", shape_same, evaluate_triangle, 1 },
};
/* clang-format on */

const struct family family_repeat = { rows, LENGTH(rows) };
