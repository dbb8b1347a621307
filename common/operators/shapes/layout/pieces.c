/* pieces.c - several results: split, chunk, unbind, meshgrid, broadcast_tensors. */
#include <string.h>

#include "common/operators/shapes/layout/view.h"

/* Result `index` is `length` elements of the axis, from `start`. */
static void result_piece(struct call *c, size_t index, const struct fact *x, int axis, int64_t start,
                         int64_t length)
{
    const struct tensor *t;
    struct view v;
    view_begin(&v, x);
    v.dims[axis] = length;
    v.start[axis] = dim_known(start) ? start : DIM_UNKNOWN;
    result(c, index, x->dtype, v.rank, v.dims);
    if (index < c->result_count && c->results[index].rank != RANK_UNKNOWN) {
        t = view_read(c, &v);
        if (t)
            result_constant(c, index, t);
    }
}

/* Pieces of the given sizes. */
static void result_pieces(struct call *c, const struct fact *x, int axis, const int64_t *sizes, int count)
{
    int64_t start = 0;
    if (count > 1 && c->result_count == 1)
        return; /* one result that is a list */
    for (int i = 0; i < count; i++) {
        result_piece(c, (size_t)i, x, axis, start, sizes[i]);
        start = dim_add(c->graph, start, sizes[i]);
    }
    if (sizes_differ(c, start, x->dims[axis]))
        wrong(c, "the sizes %s do not add up to %s", sizes_text(c, sizes, count),
              dim_text(c->graph, x->dims[axis]));
}

/* Equal pieces of `size`, the last one smaller perhaps. */
static void result_equal_pieces(struct call *c, const struct fact *x, int axis, int64_t size)
{
    struct graph *g = c->graph;
    int64_t start = 0, pieces = 0;
    if (dim_known(x->dims[axis]) && dim_known(size) && size > 0)
        pieces = x->dims[axis] / size + (x->dims[axis] % size > 0);
    if (pieces > 1 && c->result_count == 1)
        return; /* one result that is a list */
    if (pieces > 0 && (uint64_t)pieces != c->result_count) {
        wrong(c, "%lld pieces, not %zu", (long long)pieces, c->result_count);
        return;
    }
    for (size_t i = 0; i < c->result_count; i++) {
        int64_t rest = dim_sub(g, x->dims[axis], start);
        int64_t length = i + 1 < c->result_count ? size : smaller_size(g, rest, size);
        if (i + 1 == c->result_count && !dim_known(rest))
            length = rest; /* the operator has as many results as there are pieces */
        result_piece(c, i, x, axis, start, length);
        start = dim_add(g, start, size);
    }
}

static void shape_split(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    const struct value *v = arg_value(c, "split_size_or_sections");
    size_t count = c->result_count;
    int64_t *sizes;
    int axis, given;
    if (x.rank < 1 || !v || !arg_axis(c, "dim", x.rank, 0, &axis) || count > 100000)
        return;
    sizes = arena_array(&c->run->arena, count + 1, sizeof *sizes);
    given = arg_sizes(c, "split_size_or_sections", sizes, (int)count + 1);
    if (given >= 1 && (v->kind == VALUE_LIST || value_fact(c, v).rank == 1))
        result_pieces(c, &x, axis, sizes, given);
    else if (given == 1)
        result_equal_pieces(c, &x, axis, sizes[0]);
}

static void shape_chunk(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    struct graph *g = c->graph;
    int64_t chunks = arg_size(c, "chunks", (int64_t)c->result_count), size;
    int axis;
    if (x.rank < 1 || !arg_axis(c, "dim", x.rank, 0, &axis) || chunks == 0)
        return;
    size = dim_div_floor(g, dim_sub(g, dim_add(g, x.dims[axis], chunks), 1), chunks);
    result_equal_pieces(c, &x, axis, size);
}

static void shape_tensor_split(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    size_t count = c->result_count;
    int64_t *cuts, start = 0, sections;
    int axis, given;
    if (x.rank < 1 || !arg_axis(c, "dim", x.rank, 0, &axis) || count > 100000)
        return;
    if (arg_present(c, "sections")) {
        if (!arg_int(c, "sections", 1, &sections) || sections < 1 || !dim_known(x.dims[axis]))
            return;
        for (int64_t i = 0; i < sections && (size_t)i < count; i++) {
            int64_t length = x.dims[axis] / sections + (i < x.dims[axis] % sections);
            result_piece(c, (size_t)i, &x, axis, start, length);
            start += length;
        }
        return;
    }
    struct fact tensor = arg_fact(c, "tensor_indices_or_sections");
    if (tensor.present && tensor.rank != 1)
        return;
    cuts = arena_array(&c->run->arena, count + 1, sizeof *cuts);
    given = arg_sizes(c, "indices_or_sections", cuts, (int)count);
    for (int i = 0; given >= 0 && i <= given && (size_t)i < count; i++) {
        int64_t end = i < given ? clamp_index(c->graph, cuts[i], x.dims[axis]) : x.dims[axis];
        int64_t length = dim_sub(c->graph, end, start), number;
        result_piece(c, (size_t)i, &x, axis, start,
                     dim_constant(c->graph, length, &number) && number < 0 ? 0 : length);
        start = end;
    }
}

static void shape_unbind(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    const struct tensor *t;
    struct view v;
    int axis;
    if (x.rank < 1 || !arg_axis(c, "dim", x.rank, 0, &axis))
        return;
    if (dim_known(x.dims[axis]) && (uint64_t)x.dims[axis] != c->result_count && c->result_count != 1) {
        wrong(c, "%lld pieces, not %zu", (long long)x.dims[axis], c->result_count);
        return;
    }
    for (size_t i = 0; i < c->result_count; i++) {
        view_begin(&v, &x);
        v.start[axis] = (int64_t)i;
        view_remove(&v, axis);
        result(c, i, x.dtype, v.rank, v.dims);
        t = v.x.constant && (int64_t)i < x.dims[axis] ? view_read(c, &v) : NULL;
        if (t)
            result_constant(c, i, t);
    }
}

/* Each input is one axis of all results; 'xy' swaps the first two. */
static void shape_meshgrid(struct call *c)
{
    struct fact facts[MAX_RANK];
    int64_t dims[MAX_RANK], strides[MAX_RANK];
    int count = arg_facts(c, arg_present(c, "inputs") ? "inputs" : "tensors", facts, MAX_RANK),
        axes[MAX_RANK];
    bool swap = strcmp(arg_text(c, "indexing", "ij"), "xy") == 0;
    if (count < 1 || (count > 1 && c->result_count == 1)) /* one result that is a list */
        return;
    for (int i = 0; i < count; i++) {
        if (facts[i].rank == RANK_UNKNOWN || facts[i].rank > 1)
            return;
        axes[i] = swap && count > 1 && i < 2 ? 1 - i : i;
        dims[axes[i]] = facts[i].rank == 0 ? 1 : facts[i].dims[0];
    }
    for (int i = 0; i < count; i++) {
        const struct tensor *t = facts[i].constant;
        result(c, (size_t)i, facts[i].dtype, count, dims);
        memset(strides, 0, sizeof strides);
        strides[axes[i]] = 1;
        for (int j = 0; t && j < count; j++)
            if (!dim_known(dims[j]))
                t = NULL;
        t = t ? tensor_strided(c, t, count, dims, 0, strides) : NULL;
        if (t)
            result_constant(c, (size_t)i, t);
    }
}

/* Each input, broadcast to the shape of all. */
static void shape_broadcast_tensors(struct call *c)
{
    struct fact facts[MAX_RANK];
    int64_t dims[MAX_RANK];
    int count = arg_facts(c, "tensors", facts, MAX_RANK), rank;
    if (count < 1 || (count > 1 && c->result_count == 1) || !broadcast_facts(c, facts, count, &rank, dims))
        return;
    for (int i = 0; i < count; i++)
        result(c, (size_t)i, facts[i].dtype, rank, dims);
}

/* clang-format off */
static const struct row rows[] = {
    { "split split_with_sizes unsafe_split split_copy split_with_sizes_copy", shape_split, NULL, 0 },
    { "chunk unsafe_chunk", shape_chunk, NULL, 0 },
    { "tensor_split", shape_tensor_split, NULL, 0 },
    { "unbind unbind_copy", shape_unbind, NULL, 0 },
    { "meshgrid", shape_meshgrid, NULL, 0 },
    { "broadcast_tensors", shape_broadcast_tensors, NULL, 0 },
};
/* clang-format on */

const struct family family_pieces = { rows, LENGTH(rows) };
