/* index.c - operators that read or write at places given by tensors, and writes into slices. */
#include <string.h>

#include "common/operators/shapes/shape.h"

/* ---- x[i, None, j] ---- */

/* What an index list does to the operand's shape. */
struct indexing {
    struct fact items[MAX_RANK]; /* by operand axis; not present: the whole axis */
    int count;                   /* axes that the list reaches */
    int first, indexed;          /* the first indexed axis; how many there are */
    bool adjacent;               /* they follow each other: the result has them in place, else in front */
    int rank;                    /* of the indices, broadcast */
    int64_t dims[MAX_RANK];
    bool masks; /* a boolean mask is among them */
};

/* How many elements of a mask are true. */
static int64_t count_true(const struct fact *mask)
{
    const struct tensor *t = mask->constant;
    int64_t count = 0;
    if (!t)
        return DIM_UNKNOWN;
    for (int64_t i = 0; i < t->count; i++)
        count += element_real(t->dtype, t->data, (size_t)i) != 0;
    return count;
}

static bool indexing_of(struct call *c, const struct fact *x, struct indexing *in)
{
    const struct value *list = arg_value(c, "indices");
    struct fact broadcast[MAX_RANK];
    int64_t picked[MAX_RANK];
    if (!list || list->kind != VALUE_LIST || x->rank == RANK_UNKNOWN)
        return false;
    *in = (struct indexing){ .first = -1, .adjacent = true };
    for (size_t i = 0; i < list->list.count; i++) {
        struct fact f = value_fact(c, &list->list.items[i]);
        bool mask = f.present && (f.dtype == DTYPE_BOOL || f.dtype == DTYPE_U8);
        int axes = mask ? f.rank : 1;
        if (f.present && (f.rank == RANK_UNKNOWN || f.dtype == DTYPE_NULL))
            return false;
        if (in->count + axes > x->rank) {
            wrong(c, "too many indices for rank %d", x->rank);
            return false;
        }
        if (f.present) {
            in->masks |= mask;
            if (in->first < 0)
                in->first = in->count;
            else if (!in->items[in->count - 1].present)
                in->adjacent = false;
            picked[in->indexed] = mask ? count_true(&f) : 0;
            broadcast[in->indexed] =
                mask ? (struct fact){ .present = true, .rank = 1, .dims = &picked[in->indexed] } : f;
            in->indexed++;
        }
        for (int j = 0; j < axes; j++)
            in->items[in->count++] = f;
    }
    return in->indexed > 0 && broadcast_facts(c, broadcast, in->indexed, &in->rank, in->dims);
}

static void shape_index(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t dims[2 * MAX_RANK];
    struct indexing in;
    int rank = 0;
    result(c, 0, x.dtype, RANK_UNKNOWN, NULL);
    if (!indexing_of(c, &x, &in))
        return;
    if (!in.adjacent) {
        memcpy(dims, in.dims, (size_t)in.rank * sizeof *dims);
        rank = in.rank;
    }
    for (int i = 0; i < x.rank; i++) {
        if (in.adjacent && i == in.first) {
            memcpy(dims + rank, in.dims, (size_t)in.rank * sizeof *dims);
            rank += in.rank;
        }
        if (i >= in.count || !in.items[i].present)
            dims[rank++] = x.dims[i];
    }
    result(c, 0, x.dtype, rank, dims);
}

/* The element of a broadcast index that belongs to place `at` of the broadcast shape. */
static int64_t index_at(const struct tensor *t, const struct indexing *in, int64_t at)
{
    int64_t from = 0, step = 1;
    for (int i = 0; i < in->rank; i++) {
        int axis = in->rank - 1 - i, own = t->rank - 1 - i;
        int64_t place = at % in->dims[axis];
        at /= in->dims[axis];
        if (own < 0)
            continue;
        from += t->dims[own] == 1 ? 0 : place * step;
        step *= t->dims[own];
    }
    return element_int(t->dtype, t->data, (size_t)from);
}

/* Where in the operand the indices at place `at` point; -1: outside. */
static int64_t index_offset(const struct tensor *x, const struct indexing *in, const int64_t *strides,
                            int64_t at)
{
    int64_t offset = 0;
    for (int i = 0; i < in->count; i++) {
        int64_t index;
        if (!in->items[i].present)
            continue;
        index = index_at(in->items[i].constant, in, at);
        index += index < 0 ? x->dims[i] : 0;
        if (index < 0 || index >= x->dims[i])
            return -1;
        offset += index * strides[i];
    }
    return offset;
}

/* Only the form in which the indexed axes come first in the result and in the operand, or the operand's other axes
 * all come behind: that is what position tables and masks use. */
static bool evaluate_index(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    const struct tensor *t = x.constant;
    const struct fact *f = &c->results[0];
    int64_t strides[MAX_RANK], inner = 1, outer = 1, places = 1;
    struct indexing in;
    struct tensor *out;
    uint8_t *data;
    size_t size = dtype_size(x.dtype);
    if (!t || f->rank == RANK_UNKNOWN || !indexing_of(c, &x, &in) || in.masks || !in.adjacent)
        return false;
    for (int i = 0; i < in.count; i++)
        if (in.items[i].present && (!in.items[i].constant || !dtype_evaluable(in.items[i].dtype)))
            return false;
    out = tensor_new(c, t->dtype, f->rank, f->dims, t->weight, &data);
    if (!out)
        return false;
    row_major(t->rank, t->dims, strides);
    for (int i = 0; i < t->rank; i++) {
        outer *= i < in.first ? t->dims[i] : 1;
        inner *= i >= in.first + in.indexed ? t->dims[i] : 1;
    }
    for (int i = 0; i < in.rank; i++)
        places *= in.dims[i];
    for (int64_t i = 0; out->count && i < outer * places; i++) {
        int64_t from = index_offset(t, &in, strides, i % places);
        if (from < 0)
            return false;
        if (in.first > 0)
            from += i / places * strides[in.first - 1];
        memcpy(data + (size_t)(i * inner) * size, t->data + (size_t)from * size, (size_t)inner * size);
    }
    result_constant(c, 0, out);
    return true;
}

/* ---- one axis ---- */

static void shape_index_select(struct call *c)
{
    struct fact x = arg_fact(c, "input"), index = arg_fact(c, "index");
    int64_t dims[MAX_RANK];
    int axis;
    if (x.rank < 1 || !arg_axis(c, "dim", x.rank, 0, &axis))
        return;
    memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    dims[axis] = index.rank == 1 ? index.dims[0] : index.rank == 0 ? 1 : DIM_UNKNOWN;
    result(c, 0, x.dtype, x.rank, dims);
}

static void shape_gather(struct call *c)
{
    struct fact x = arg_fact(c, "input"), index = arg_fact(c, "index");
    if (x.rank != RANK_UNKNOWN && index.rank != RANK_UNKNOWN && x.rank != index.rank && x.rank > 0 &&
        index.rank > 0) {
        wrong(c, "the index must have as many dimensions as the input");
        return;
    }
    result(c, 0, x.dtype, index.rank, index.dims);
}

/* Element i of the result is the element of x at the same place, but on the axis, where `index` says. */
static const struct tensor *pick(struct call *c, const struct tensor *x, const struct tensor *index, int axis,
                                 bool whole)
{
    const struct fact *f = &c->results[0];
    int64_t own[MAX_RANK], strides[MAX_RANK];
    size_t size = dtype_size(x->dtype);
    uint8_t *data;
    struct tensor *out = tensor_new(c, x->dtype, f->rank, f->dims, x->weight, &data);
    if (!out || f->rank != x->rank)
        return NULL;
    row_major(x->rank, x->dims, own);
    row_major(f->rank, f->dims, strides);
    for (int64_t i = 0; i < out->count; i++) {
        int64_t from = 0, at;
        for (int a = 0; a < x->rank; a++) {
            at = i / strides[a] % f->dims[a];
            if (a == axis) {
                at = element_int(index->dtype, index->data, (size_t)(whole ? at : i));
                at += at < 0 ? x->dims[a] : 0;
            }
            if (at < 0 || at >= x->dims[a])
                return NULL;
            from += at * own[a];
        }
        memcpy(data + (size_t)i * size, x->data + (size_t)from * size, size);
    }
    return out;
}

/* The row's code: 0 index_select, 1 gather. */
static bool evaluate_pick(struct call *c)
{
    const struct tensor *x = arg_constant(c, "input"), *index = arg_constant(c, "index"), *t;
    bool gather = c->row->code;
    int axis;
    if (!x || !index || x->rank < 1 || c->results[0].rank != x->rank || !dtype_evaluable(index->dtype) ||
        !arg_axis(c, "dim", x->rank, 0, &axis))
        return false;
    if (gather ? index->rank != x->rank : index->rank > 1)
        return false;
    t = pick(c, x, index, axis, !gather);
    if (t)
        result_constant(c, 0, t);
    return t;
}

static void shape_take_along_dim(struct call *c)
{
    struct fact x = arg_fact(c, "input"), index = arg_fact(c, "indices"), facts[2] = { x, index };
    int64_t dims[MAX_RANK], own[MAX_RANK];
    int axis, rank;
    if (x.rank < 1 || index.rank != x.rank || !arg_present(c, "dim") || !arg_axis(c, "dim", x.rank, 0, &axis))
        return;
    memcpy(own, x.dims, (size_t)x.rank * sizeof *own);
    own[axis] = 1;
    facts[0].dims = own;
    if (broadcast_facts(c, facts, 2, &rank, dims))
        result(c, 0, x.dtype, rank, dims);
}

static void shape_take(struct call *c)
{
    struct fact x = arg_fact(c, "input"), index = arg_fact(c, "index");
    result(c, 0, x.dtype, index.rank, index.dims);
}

/* ---- sizes that depend on the contents ---- */

static void shape_masked_select(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t unknown = DIM_UNKNOWN;
    result(c, 0, x.dtype, 1, &unknown);
}

static void shape_nonzero(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t dims[2] = { DIM_UNKNOWN, x.rank };
    if (x.rank != RANK_UNKNOWN && !arg_bool(c, "as_tuple", false))
        result(c, 0, DTYPE_I64, 2, dims);
}

/* ---- writes ---- */

/* The result is as the tensor that is written into. */
static void shape_write(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    result_like(c, 0, &x);
}

/* Where `src` goes: the axis, first place, step and number of places. */
static bool written_part(struct call *c, const struct tensor *x, int *axis, int64_t *start, int64_t *step,
                         int64_t *length)
{
    int64_t size, end;
    if (x->rank < 1 || !arg_axis(c, "dim", x->rank, 0, axis))
        return false;
    size = x->dims[*axis];
    *step = *length = 1;
    if (c->row->code) { /* select_scatter */
        if (!arg_int(c, "index", 0, start))
            return false;
        *start += *start < 0 ? size : 0;
        return *start >= 0 && *start < size;
    }
    if (!arg_int(c, "start", 0, start) || !arg_int(c, "end", INT64_MAX, &end) ||
        !arg_int(c, "step", 1, step) || *step < 1)
        return false;
    *start += *start < 0 ? size : 0;
    end += end < 0 ? size : 0;
    *start = *start < 0 ? 0 : *start > size ? size : *start;
    end = end < *start ? *start : end > size ? size : end;
    *length = (end - *start + *step - 1) / *step;
    return true;
}

/* slice_scatter, select_scatter: x with src in place of a part of it. */
static bool evaluate_scatter(struct call *c)
{
    const struct tensor *x = arg_constant(c, "input"), *src = arg_constant(c, "src");
    int64_t start, step, length, inner = 1, outer = 1, size;
    struct tensor *out;
    uint8_t *data;
    int axis;
    if (!x || !src || !dtype_evaluable(x->dtype) || !written_part(c, x, &axis, &start, &step, &length))
        return false;
    src = tensor_cast(c, src, x->dtype);
    for (int i = 0; i < x->rank; i++) {
        outer *= i < axis ? x->dims[i] : 1;
        inner *= i > axis ? x->dims[i] : 1;
    }
    if (!src || src->count != outer * length * inner)
        return false;
    out = tensor_new(c, x->dtype, x->rank, x->dims, x->weight || src->weight, &data);
    if (!out)
        return false;
    size = (int64_t)dtype_size(x->dtype);
    if (x->count)
        memcpy(data, x->data, (size_t)(x->count * size));
    for (int64_t o = 0; inner && o < outer; o++)
        for (int64_t i = 0; i < length; i++)
            memcpy(data + (o * x->dims[axis] + start + i * step) * inner * size,
                   src->data + (o * length + i) * inner * size, (size_t)(inner * size));
    result_constant(c, 0, out);
    return true;
}

/* Tensor.copy: src broadcast to the shape and type of self. */
static bool evaluate_copy(struct call *c)
{
    const struct tensor *src = arg_constant(c, "src");
    const struct fact *f = &c->results[0];
    int64_t own[MAX_RANK], strides[MAX_RANK];
    if (!src || f->rank == RANK_UNKNOWN || !dtype_evaluable(f->dtype) || src->rank > f->rank)
        return false;
    for (int i = 0; i < f->rank; i++)
        if (!dim_known(f->dims[i]))
            return false;
    row_major(src->rank, src->dims, own);
    for (int i = 0; i < f->rank; i++) {
        int from = i - (f->rank - src->rank);
        if (from >= 0 && src->dims[from] != 1 && src->dims[from] != f->dims[i])
            return false;
        strides[i] = from < 0 || src->dims[from] == 1 ? 0 : own[from];
    }
    src = tensor_strided(c, src, f->rank, f->dims, 0, strides);
    src = src ? tensor_cast(c, src, f->dtype) : NULL;
    if (src)
        result_constant(c, 0, src);
    return src;
}

/* clang-format off */
static const struct row rows[] = {
    { "index index_copy_values _unsafe_index", shape_index, evaluate_index, 0 },
    { "index_select", shape_index_select, evaluate_pick, 0 },
    { "gather", shape_gather, evaluate_pick, 1 },
    { "take_along_dim", shape_take_along_dim, NULL, 0 },
    { "take", shape_take, NULL, 0 },
    { "masked_select", shape_masked_select, NULL, 0 },
    { "nonzero argwhere", shape_nonzero, NULL, 0 },
    { "slice_scatter", shape_write, evaluate_scatter, 0 },
    { "select_scatter", shape_write, evaluate_scatter, 1 },
    { "copy Tensor.copy Tensor.copy_", shape_write, evaluate_copy, 0 },
    { "Tensor.slice_copy index_put index_add index_copy index_fill index_reduce scatter scatter_add "
      "scatter_reduce masked_scatter diagonal_scatter as_strided_scatter put fill_diagonal fill_diagonal_",
      shape_write, NULL, 0 },
};
/* clang-format on */

const struct family family_index = { rows, LENGTH(rows) };
