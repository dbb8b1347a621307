/* view.c - operators that rearrange: each element of a result is an element of an operand. */
#include <string.h>

#include "common/operators/shapes/shape.h"

/* ---- strided views: permute, expand, slice, select, flip, split ... ---- */

enum view_kind {
    VIEW_PERMUTE,
    VIEW_TRANSPOSE,
    VIEW_T,
    VIEW_REVERSE,
    VIEW_MOVEDIM,
    VIEW_EXPAND,
    VIEW_EXPAND_AS,
    VIEW_SLICE,
    VIEW_SELECT,
    VIEW_NARROW,
    VIEW_FLIP,
    VIEW_UNFOLD,
    VIEW_DIAGONAL,
};

/* How a result reads the operand: result axis i walks over operand axis from[i] by step[i] elements (from -1: it
 * stands still); each operand axis begins at start.  Starts and steps need to be known only to evaluate. */
struct view {
    struct fact x;
    int rank;
    int64_t dims[MAX_RANK];
    int from[MAX_RANK];
    int64_t step[MAX_RANK];
    int64_t start[MAX_RANK]; /* by operand axis; DIM_UNKNOWN: not known */
};

static void view_begin(struct view *v, const struct fact *x)
{
    *v = (struct view){ .x = *x, .rank = x->rank };
    for (int i = 0; i < x->rank; i++) {
        v->dims[i] = x->dims[i];
        v->from[i] = i;
        v->step[i] = 1;
    }
}

static void view_remove(struct view *v, int axis)
{
    v->rank--;
    memmove(&v->dims[axis], &v->dims[axis + 1], (size_t)(v->rank - axis) * sizeof *v->dims);
    memmove(&v->from[axis], &v->from[axis + 1], (size_t)(v->rank - axis) * sizeof *v->from);
    memmove(&v->step[axis], &v->step[axis + 1], (size_t)(v->rank - axis) * sizeof *v->step);
}

/* Result axis i becomes operand axis order[i]. */
static void view_order(struct view *v, const int *order)
{
    for (int i = 0; i < v->rank; i++) {
        v->dims[i] = v->x.dims[order[i]];
        v->from[i] = order[i];
    }
}

static bool view_permute(struct call *c, struct view *v)
{
    int64_t dims[MAX_RANK];
    int order[MAX_RANK], count = arg_ints(c, "dims", dims, MAX_RANK);
    unsigned seen = 0;
    if (count == UNKNOWN || count == ABSENT)
        return false;
    for (int i = 0; i < count; i++) {
        if (!axis_of(c, dims[i], v->rank, &order[i]))
            return false;
        seen |= 1u << order[i];
    }
    if (count != v->rank || seen != (1u << count) - 1) {
        wrong(c, "dims=%s is no order of %d axes", sizes_text(c, dims, count), v->rank);
        return false;
    }
    view_order(v, order);
    return true;
}

static bool view_transpose(struct call *c, struct view *v, int64_t first, int64_t second)
{
    int order[MAX_RANK], a, b;
    if (!axis_of(c, first, v->rank, &a) || !axis_of(c, second, v->rank, &b))
        return false;
    if (v->rank == 0)
        return true;
    for (int i = 0; i < v->rank; i++)
        order[i] = i == a ? b : i == b ? a : i;
    view_order(v, order);
    return true;
}

static bool view_movedim(struct call *c, struct view *v)
{
    int64_t from[MAX_RANK], to[MAX_RANK];
    int order[MAX_RANK], count = arg_ints(c, "source", from, MAX_RANK), axis, place, next = 0;
    unsigned moved = 0;
    if (count < 0 || arg_ints(c, "destination", to, MAX_RANK) != count)
        return false;
    for (int i = 0; i < v->rank; i++)
        order[i] = -1;
    for (int i = 0; i < count; i++) {
        if (!axis_of(c, from[i], v->rank, &axis) || !axis_of(c, to[i], v->rank, &place))
            return false;
        order[place] = axis;
        moved |= 1u << axis;
    }
    for (int i = 0; i < v->rank; i++) {
        while (next < v->rank && moved >> next & 1)
            next++;
        if (order[i] < 0)
            order[i] = next++;
        if (order[i] >= v->rank)
            return false;
    }
    view_order(v, order);
    return true;
}

/* To `rank` sizes; a negative one keeps the operand's. */
static bool view_expand_to(struct call *c, struct view *v, const int64_t *sizes, int rank)
{
    int shift = rank - v->x.rank;
    if (shift < 0) {
        wrong(c, "cannot expand to %s", sizes_text(c, sizes, rank));
        return false;
    }
    v->rank = rank;
    for (int i = 0; i < rank; i++) {
        int64_t own = i < shift ? 1 : v->x.dims[i - shift], size;
        bool keep = i >= shift && dim_constant(c->graph, sizes[i], &size) && size < 0;
        v->dims[i] = keep ? own : sizes[i];
        v->from[i] = i < shift || own == 1 ? -1 : i - shift;
        v->step[i] = 1;
        if (!keep && own != 1 && sizes_differ(c, own, sizes[i])) {
            wrong(c, "cannot expand to %s", sizes_text(c, sizes, rank));
            return false;
        }
        if (own > 1)
            v->dims[i] = own;
    }
    return true;
}

static bool view_expand(struct call *c, struct view *v)
{
    int64_t sizes[MAX_RANK];
    int count = arg_sizes(c, "sizes", sizes, MAX_RANK);
    return count >= 0 && view_expand_to(c, v, sizes, count);
}

static bool view_expand_as(struct call *c, struct view *v)
{
    struct fact other = arg_fact(c, "other");
    return other.rank != RANK_UNKNOWN && view_expand_to(c, v, other.dims, other.rank);
}

/* An index into `size` elements: counted from the end when negative, clamped into 0 .. size. */
static int64_t clamp_index(struct graph *g, int64_t index, int64_t size)
{
    int64_t number, length;
    if (dim_constant(g, index, &number)) {
        if (number == 0)
            return 0;
        if (number >= INT32_MAX && !dim_known(size))
            return size; /* how the end is written */
        if (dim_constant(g, size, &length)) {
            number += number < 0 ? length : 0;
            return number < 0 ? 0 : number > length ? length : number;
        }
        if (number < 0)
            index = dim_add(g, size, index);
    }
    if (dim_equal(index, size) || dim_not_negative(g, dim_sub(g, index, size)))
        return size;
    if (dim_not_negative(g, index) && dim_not_negative(g, dim_sub(g, size, index)))
        return index;
    return DIM_UNKNOWN;
}

/* Result axis `axis` is cut to start:end:step. */
static void view_cut(struct call *c, struct view *v, int axis, int64_t start, int64_t end, int64_t step)
{
    struct graph *g = c->graph;
    int64_t size = v->dims[axis], length, number;
    start = clamp_index(g, start, size);
    end = clamp_index(g, end, size);
    length = dim_sub(g, end, start);
    if (dim_constant(g, length, &number) && number < 0)
        length = 0;
    v->dims[axis] = step == 1 ? length : dim_div_floor(g, dim_sub(g, dim_add(g, length, step), 1), step);
    v->start[v->from[axis]] = dim_known(start) ? start : DIM_UNKNOWN;
    v->step[axis] = step > 0 ? step : DIM_UNKNOWN;
}

/* The upstream converter merges slices and selects: lists of equal length, with 2147483647 among the selects where
 * the axis is sliced. */
static bool view_slices(struct call *c, struct view *v)
{
    int64_t axes[MAX_RANK], starts[MAX_RANK], ends[MAX_RANK], steps[MAX_RANK], selects[MAX_RANK], select;
    int count = arg_ints(c, "dims", axes, MAX_RANK), axis, removed = 0;
    if (count < 0 || arg_sizes(c, "starts", starts, MAX_RANK) != count ||
        arg_sizes(c, "ends", ends, MAX_RANK) != count || arg_sizes(c, "steps", steps, MAX_RANK) != count ||
        arg_sizes(c, "selects", selects, MAX_RANK) != count)
        return false;
    for (int i = 0; i < count; i++) {
        if (!axis_of(c, axes[i], v->x.rank, &axis) || axis < removed || axis - removed >= v->rank)
            return false;
        if (selects[i] == INT32_MAX) {
            view_cut(c, v, axis - removed, starts[i], ends[i], steps[i]);
            continue;
        }
        v->start[axis] = DIM_UNKNOWN;
        if (dim_constant(c->graph, selects[i], &select) && dim_known(v->x.dims[axis]))
            v->start[axis] = select < 0 ? select + v->x.dims[axis] : select;
        view_remove(v, axis - removed++);
    }
    return true;
}

static bool view_slice(struct call *c, struct view *v)
{
    int64_t step;
    int axis;
    if (operator_get(c->op, "dims"))
        return view_slices(c, v);
    if (v->rank < 1 || !arg_axis(c, "dim", v->rank, 0, &axis))
        return false;
    if (!arg_int(c, "step", 1, &step))
        step = DIM_UNKNOWN;
    else if (step < 1) {
        wrong(c, "step=%lld must be positive", (long long)step);
        return false;
    }
    view_cut(c, v, axis, arg_size(c, "start", 0), arg_size(c, "end", INT64_MAX), step);
    return true;
}

static bool view_select(struct call *c, struct view *v)
{
    int64_t index;
    int axis;
    if (v->rank < 1 || !arg_axis(c, "dim", v->rank, 0, &axis))
        return false;
    if (!arg_int(c, "index", 0, &index)) {
        v->start[axis] = DIM_UNKNOWN;
    } else if (dim_known(v->dims[axis]) && (index < -v->dims[axis] || index >= v->dims[axis])) {
        wrong(c, "index %lld is out of range for size %lld", (long long)index, (long long)v->dims[axis]);
        return false;
    } else {
        v->start[axis] = index >= 0 ? index : dim_known(v->dims[axis]) ? index + v->dims[axis] : DIM_UNKNOWN;
    }
    view_remove(v, axis);
    return true;
}

static bool view_narrow(struct call *c, struct view *v)
{
    int64_t start = arg_size(c, "start", 0), length = arg_size(c, "length", 0), number;
    int axis;
    if (v->rank < 1 || !arg_axis(c, "dim", v->rank, 0, &axis))
        return false;
    if (dim_constant(c->graph, start, &number) && number < 0)
        start = dim_add(c->graph, v->dims[axis], start);
    if (dim_known(start) && dim_known(length) && dim_known(v->dims[axis]) && length > v->dims[axis] - start) {
        wrong(c, "start=%lld length=%lld exceed %lld", (long long)start, (long long)length,
              (long long)v->dims[axis]);
        return false;
    }
    v->start[axis] = dim_known(start) ? start : DIM_UNKNOWN;
    v->dims[axis] = length;
    return true;
}

static bool view_flip(struct call *c, struct view *v)
{
    unsigned axes;
    if (!arg_axes(c, "dims", v->rank, &axes))
        return false;
    for (int i = 0; i < v->rank; i++)
        if (axes >> i & 1) {
            v->start[i] = dim_known(v->dims[i]) ? v->dims[i] - (v->dims[i] > 0) : DIM_UNKNOWN;
            v->step[i] = -1;
        }
    return true;
}

/* Tensor.unfold: windows of `size` over an axis, as a new last axis. */
static bool view_unfold(struct call *c, struct view *v)
{
    int64_t size = arg_size(c, "size", DIM_UNKNOWN), step = arg_size(c, "step", DIM_UNKNOWN), room;
    int axis;
    if (v->rank < 1 || v->rank >= MAX_RANK || !arg_axis(c, "dimension", v->rank, 0, &axis) || step == 0)
        return false;
    room = dim_sub(c->graph, v->dims[axis], size);
    v->dims[axis] = dim_add(c->graph, dim_div_floor(c->graph, room, step), 1);
    v->step[axis] = step;
    v->dims[v->rank] = size;
    v->from[v->rank] = axis;
    v->step[v->rank++] = 1;
    return true;
}

/* The smaller of two sizes, where that is known. */
static int64_t smaller(struct graph *g, int64_t a, int64_t b)
{
    if (dim_equal(a, b) || dim_not_negative(g, dim_sub(g, b, a)))
        return a;
    return dim_not_negative(g, dim_sub(g, a, b)) ? b : DIM_UNKNOWN;
}

/* How many elements the diagonal has that begins `offset` columns to the right, or rows below when negative. */
static int64_t diagonal_length(struct graph *g, int64_t rows, int64_t columns, int64_t offset)
{
    if (offset < 0)
        rows = dim_sub(g, rows, dim_int(g, -offset));
    else
        columns = dim_sub(g, columns, offset);
    return smaller(g, rows, columns);
}

static bool view_diagonal(struct call *c, struct view *v)
{
    int64_t offset, length;
    int a, b;
    if (v->rank < 2 || !arg_axis(c, "dim1", v->rank, 0, &a) || !arg_axis(c, "dim2", v->rank, 1, &b) ||
        a == b || !arg_int(c, "offset", 0, &offset))
        return false;
    length = diagonal_length(c->graph, v->dims[a], v->dims[b], offset);
    v->start[a] = offset < 0 ? -offset : 0;
    v->start[b] = offset > 0 ? offset : 0;
    view_remove(v, a > b ? a : b);
    view_remove(v, a > b ? b : a);
    v->dims[v->rank] = length;
    v->from[v->rank] = a;
    v->step[v->rank] = DIM_UNKNOWN; /* two steps at once: not evaluated */
    v->rank++;
    return true;
}

static bool view_make(struct call *c, struct view *v)
{
    struct fact x = arg_fact(c, c->row->code == VIEW_DIAGONAL && arg_present(c, "A") ? "A" : "input");
    int64_t first, second;
    if (x.rank == RANK_UNKNOWN)
        return false;
    view_begin(v, &x);
    switch ((enum view_kind)c->row->code) {
    case VIEW_PERMUTE: return view_permute(c, v);
    case VIEW_TRANSPOSE:
        if (!arg_int(c, arg_present(c, "axis0") ? "axis0" : "dim0", 0, &first) ||
            !arg_int(c, arg_present(c, "axis1") ? "axis1" : "dim1", 1, &second))
            return false;
        return view_transpose(c, v, first, second);
    case VIEW_T: return x.rank < 2 || view_transpose(c, v, x.rank - 2, x.rank - 1);
    case VIEW_REVERSE:
        for (int i = 0; i < x.rank; i++) {
            v->dims[i] = x.dims[x.rank - 1 - i];
            v->from[i] = x.rank - 1 - i;
        }
        return true;
    case VIEW_MOVEDIM: return view_movedim(c, v);
    case VIEW_EXPAND: return view_expand(c, v);
    case VIEW_EXPAND_AS: return view_expand_as(c, v);
    case VIEW_SLICE: return view_slice(c, v);
    case VIEW_SELECT: return view_select(c, v);
    case VIEW_NARROW: return view_narrow(c, v);
    case VIEW_FLIP: return view_flip(c, v);
    case VIEW_UNFOLD: return view_unfold(c, v);
    case VIEW_DIAGONAL: return view_diagonal(c, v);
    }
    return false;
}

static void shape_view(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    struct view v;
    if (view_make(c, &v))
        result(c, 0, v.x.dtype, v.rank, v.dims);
    else
        result(c, 0, x.dtype, RANK_UNKNOWN, NULL);
}

/* The elements that the view reads; NULL when not all of it is known. */
static const struct tensor *view_read(struct call *c, const struct view *v)
{
    const struct tensor *t = v->x.constant;
    int64_t own[MAX_RANK], strides[MAX_RANK], offset = 0;
    if (!t)
        return NULL;
    row_major(t->rank, t->dims, own);
    for (int i = 0; i < t->rank; i++) {
        int64_t skipped;
        if (v->start[i] == DIM_UNKNOWN || !int_mul(v->start[i], own[i], &skipped) ||
            !int_add(offset, skipped, &offset))
            return NULL;
    }
    for (int i = 0; i < v->rank; i++) {
        if (!dim_known(v->dims[i]) || (v->step[i] == DIM_UNKNOWN && c->row->code != VIEW_FLIP))
            return NULL;
        strides[i] = 0;
        if (v->from[i] >= 0 && !int_mul(own[v->from[i]], v->step[i], &strides[i]))
            return NULL;
    }
    return tensor_strided(c, t, v->rank, v->dims, offset, strides);
}

/* An item of a known list: lists of sizes are read with select and slice in scripted models. */
static bool evaluate_list_item(struct call *c, const struct view *v)
{
    const int64_t *sizes = v->x.sizes;
    if (!sizes || v->x.rank != 1 || c->row->code != VIEW_SELECT || v->start[0] == DIM_UNKNOWN)
        return false;
    result_size(c, 0, sizes[v->start[0]]);
    return true;
}

static bool evaluate_view(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    const struct tensor *t;
    struct view v;
    if ((!x.constant && !x.sizes) || c->results[0].rank == RANK_UNKNOWN || !view_make(c, &v))
        return false;
    if (!x.constant)
        return evaluate_list_item(c, &v);
    t = view_read(c, &v);
    if (t)
        result_constant(c, 0, t);
    return t;
}

/* ---- the same elements in the same order ---- */

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

/* ---- several results ---- */

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
        int64_t length = i + 1 < c->result_count ? size : smaller(g, rest, size);
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

/* ---- repetition ---- */

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

/* ---- joining ---- */

static int joined_facts(struct call *c, struct fact **facts)
{
    static const char *const keys[] = { "tensors", "inputs" };
    for (size_t i = 0; i < LENGTH(keys); i++) {
        const struct value *v = arg_value(c, keys[i]);
        if (!v || v->kind != VALUE_LIST || v->list.count > 1000000)
            continue;
        *facts = arena_array(&c->run->arena, v->list.count + 1, sizeof **facts);
        return arg_facts(c, keys[i], *facts, (int)v->list.count);
    }
    return UNKNOWN;
}

/* An empty vector joins with anything. */
static bool is_empty_vector(const struct fact *f)
{
    return f->rank == 1 && f->dims[0] == 0;
}

/* The first operand that tells the shape, or NULL when one of them has an unknown rank. */
static const struct fact *joined_model(const struct fact *facts, int count)
{
    const struct fact *model = NULL;
    for (int i = 0; i < count; i++) {
        if (facts[i].rank == RANK_UNKNOWN)
            return NULL;
        if (!model && !is_empty_vector(&facts[i]))
            model = &facts[i];
    }
    return model ? model : count > 0 ? facts : NULL;
}

static bool join_sizes(struct call *c, const struct fact *f, int axis, int rank, int64_t *dims)
{
    if (f->rank != rank) {
        wrong(c, "ranks differ");
        return false;
    }
    for (int i = 0; i < rank; i++) {
        if (i == axis)
            dims[i] = dim_add(c->graph, dims[i], f->dims[i]);
        else if (sizes_differ(c, dims[i], f->dims[i])) {
            wrong(c, "sizes of axis %d differ: %s against %s", i, dim_text(c->graph, dims[i]),
                  dim_text(c->graph, f->dims[i]));
            return false;
        } else if (dims[i] == DIM_UNKNOWN || dim_known(f->dims[i]))
            dims[i] = f->dims[i];
    }
    return true;
}

static void shape_cat(struct call *c)
{
    struct fact *facts;
    const struct fact *model;
    int64_t dims[MAX_RANK];
    int count = joined_facts(c, &facts), axis;
    enum dtype dtype;
    if (count < 1)
        return;
    dtype = promote_facts(facts, count);
    result(c, 0, dtype, RANK_UNKNOWN, NULL);
    model = joined_model(facts, count);
    if (!model || model->rank < 1 || !arg_axis(c, "dim", model->rank, 0, &axis))
        return;
    memcpy(dims, model->dims, (size_t)model->rank * sizeof *dims);
    dims[axis] = 0;
    for (int i = 0; i < count; i++)
        if ((!is_empty_vector(&facts[i]) || model->rank == 1) &&
            !join_sizes(c, &facts[i], axis, model->rank, dims))
            return;
    result(c, 0, dtype, model->rank, dims);
}

static void shape_stack(struct call *c)
{
    struct fact *facts;
    const struct fact *model;
    int64_t dims[MAX_RANK + 1];
    int count = joined_facts(c, &facts), axis, rank;
    enum dtype dtype;
    if (count < 1)
        return;
    dtype = promote_facts(facts, count);
    result(c, 0, dtype, RANK_UNKNOWN, NULL);
    model = joined_model(facts, count);
    if (!model || model->rank >= MAX_RANK || !arg_axis(c, "dim", model->rank + 1, 0, &axis))
        return;
    rank = facts[0].rank;
    memcpy(dims, facts[0].dims, (size_t)rank * sizeof *dims);
    for (int i = 1; i < count; i++)
        if (!join_sizes(c, &facts[i], -1, rank, dims))
            return;
    memmove(&dims[axis + 1], &dims[axis], (size_t)(rank - axis) * sizeof *dims);
    dims[axis] = count;
    result(c, 0, dtype, rank + 1, dims);
}

/* Copies operand after operand: `outer` times, each as many elements as it has behind the axis. */
static const struct tensor *join(struct call *c, struct fact *facts, int count, int axis)
{
    const struct fact *f = &c->results[0];
    int64_t outer = 1, at = 0;
    size_t size = dtype_size(f->dtype);
    bool weight = false;
    struct tensor *out;
    uint8_t *data;
    for (int i = 0; i < count; i++) {
        const struct tensor *t = facts[i].constant;
        if (t && t->dtype != f->dtype)
            t = tensor_cast(c, t, f->dtype);
        if (!t)
            return NULL;
        facts[i].constant = t;
        weight |= t->weight;
    }
    out = tensor_new(c, f->dtype, f->rank, f->dims, weight, &data);
    for (int i = 0; out && i < axis; i++)
        outer *= f->dims[i];
    for (int64_t o = 0; out && o < outer; o++)
        for (int i = 0; i < count; i++) {
            int64_t piece = facts[i].constant->count / outer;
            if (piece > out->count - at)
                return NULL;
            if (piece > 0)
                memcpy(data + (size_t)at * size, facts[i].constant->data + (size_t)(o * piece) * size,
                       (size_t)piece * size);
            at += piece;
        }
    return out;
}

static bool evaluate_join(struct call *c)
{
    struct fact *facts;
    const struct tensor *t;
    int count, axis;
    if (c->results[0].rank < 1 || c->results[0].dtype == DTYPE_NULL)
        return false;
    count = joined_facts(c, &facts);
    for (int i = 0; i < count; i++)
        if (!facts[i].constant)
            return false;
    if (count < 1 || !arg_axis(c, "dim", c->results[0].rank, 0, &axis))
        return false;
    t = join(c, facts, count, axis);
    if (t)
        result_constant(c, 0, t);
    return t;
}

/* hstack, vstack, dstack: by the row's code, the axis they join along. */
static void shape_hstack(struct call *c)
{
    struct fact *facts;
    int count = joined_facts(c, &facts),
        need = c->row->code == 0   ? 2
               : c->row->code == 2 ? 3
                                   : 1,
        axis, rank = 0;
    int64_t dims[MAX_RANK];
    for (int i = 0; i < count; i++) {
        int64_t one[MAX_RANK] = { 1, 1, 1 };
        int own = facts[i].rank;
        if (own == RANK_UNKNOWN)
            return;
        memcpy(one + (own == 1 && need > 1), facts[i].dims, (size_t)own * sizeof *one);
        struct fact f = { .rank = own < need ? need : own, .dims = one };
        axis = c->row->code == 1 && f.rank == 1 ? 0 : c->row->code;
        if (i == 0) {
            rank = f.rank;
            memcpy(dims, one, sizeof dims);
        } else if (!join_sizes(c, &f, axis, rank, dims))
            return;
    }
    if (count > 0)
        result(c, 0, promote_facts(facts, count), rank, dims);
}

/* ---- others ---- */

static void shape_diag(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t offset, dims[2];
    if (!arg_int(c, "diagonal", 0, &offset))
        return;
    if (x.rank == 1) {
        dims[0] = dims[1] = dim_add(c->graph, x.dims[0], offset < 0 ? -offset : offset);
        result(c, 0, x.dtype, 2, dims);
    } else if (x.rank == 2) {
        dims[0] = diagonal_length(c->graph, x.dims[0], x.dims[1], offset);
        result(c, 0, x.dtype, 1, dims);
    }
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

static void shape_diag_embed(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t dims[MAX_RANK + 1], offset;
    int a, b;
    if (x.rank < 1 || x.rank >= MAX_RANK || !arg_int(c, "offset", 0, &offset) ||
        !arg_axis(c, "dim1", x.rank + 1, -2, &a) || !arg_axis(c, "dim2", x.rank + 1, -1, &b) || a == b)
        return;
    for (int i = 0, from = 0; i <= x.rank; i++)
        dims[i] = i == a || i == b ? dim_add(c->graph, x.dims[x.rank - 1], offset < 0 ? -offset : offset)
                                   : x.dims[from++];
    result(c, 0, x.dtype, x.rank + 1, dims);
}

static void shape_as_strided(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t dims[MAX_RANK];
    int count = arg_sizes(c, "size", dims, MAX_RANK);
    if (count >= 0)
        result(c, 0, x.dtype, count, dims);
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
    { "permute permute_copy", shape_view, evaluate_view, VIEW_PERMUTE },
    { "transpose swapaxes swapdims transpose_copy", shape_view, evaluate_view, VIEW_TRANSPOSE },
    { "t mT mH adjoint matrix_H", shape_view, evaluate_view, VIEW_T },
    { "T numpy_T", shape_view, evaluate_view, VIEW_REVERSE },
    { "movedim moveaxis", shape_view, evaluate_view, VIEW_MOVEDIM },
    { "expand broadcast_to expand_copy", shape_view, evaluate_view, VIEW_EXPAND },
    { "expand_as", shape_view, evaluate_view, VIEW_EXPAND_AS },
    { "slice Tensor.slice aten::slice", shape_view, evaluate_view, VIEW_SLICE },
    { "select select_copy __getitem__", shape_view, evaluate_view, VIEW_SELECT },
    { "narrow narrow_copy", shape_view, evaluate_view, VIEW_NARROW },
    { "flip", shape_view, evaluate_view, VIEW_FLIP },
    { "Tensor.unfold aten::unfold unfold_copy", shape_view, evaluate_view, VIEW_UNFOLD },
    { "diagonal linalg.diagonal linalg_diagonal", shape_view, evaluate_view, VIEW_DIAGONAL },

    { "reshape view _unsafe_view _reshape_alias view_copy", shape_reshape, evaluate_reshape, RESHAPE_SHAPE },
    { "reshape_as view_as", shape_reshape_as, evaluate_reshape, RESHAPE_AS },
    { "flatten ravel nn.Flatten", shape_flatten, evaluate_reshape, RESHAPE_FLATTEN },
    { "unflatten nn.Unflatten", shape_unflatten, evaluate_reshape, RESHAPE_UNFLATTEN },
    { "squeeze", shape_squeeze, evaluate_reshape, RESHAPE_SQUEEZE },
    { "unsqueeze", shape_unsqueeze, evaluate_reshape, RESHAPE_UNSQUEEZE },
    { "atleast_1d", shape_at_least, evaluate_reshape, 1 },
    { "atleast_2d", shape_at_least, evaluate_reshape, 2 },
    { "atleast_3d", shape_at_least, evaluate_reshape, 3 },

    { "split split_with_sizes unsafe_split split_copy split_with_sizes_copy", shape_split, NULL, 0 },
    { "chunk unsafe_chunk", shape_chunk, NULL, 0 },
    { "tensor_split", shape_tensor_split, NULL, 0 },
    { "unbind unbind_copy", shape_unbind, NULL, 0 },
    { "meshgrid", shape_meshgrid, NULL, 0 },

    { "broadcast_tensors", shape_broadcast_tensors, NULL, 0 },
    { "repeat", shape_repeat, evaluate_repeat, 0 },
    { "tile", shape_repeat, evaluate_repeat, 1 },
    { "repeat_interleave", shape_repeat_interleave, evaluate_repeat_interleave, 0 },
    { "roll", shape_same, evaluate_roll, 0 },
    { "fliplr flipud", shape_same, NULL, 0 },
    { "rot90", shape_rot90, NULL, 0 },
    { "tril", shape_same, evaluate_triangle, 0 },
    { "triu", shape_same, evaluate_triangle, 1 },

    { "cat concat concatenate nn.quantized.cat", shape_cat, evaluate_join, 0 },
    { "stack", shape_stack, evaluate_join, 0 },
    { "hstack", shape_hstack, NULL, 1 },
    { "vstack row_stack", shape_hstack, NULL, 0 },
    { "dstack", shape_hstack, NULL, 2 },

    { "diag", shape_diag, NULL, 0 },
    { "diag_embed", shape_diag_embed, NULL, 0 },
    { "as_strided", shape_as_strided, NULL, 0 },
    { "view_as_real", shape_view_as_real, NULL, 0 },
    { "view_as_complex", shape_view_as_complex, NULL, 0 },
};
/* clang-format on */

const struct family family_view = { rows, LENGTH(rows) };
