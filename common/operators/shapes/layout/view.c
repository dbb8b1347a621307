/* view.c - strided views: each element of the result is one of the operand, found by a start and a step for each axis. */
#include "common/operators/shapes/layout/view.h"

#include <assert.h>
#include <string.h>

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

void view_begin(struct view *v, const struct fact *x)
{
    assert(x->rank >= 0 && x->rank <= MAX_RANK);
    *v = (struct view){ .x = *x, .rank = x->rank };
    for (int i = 0; i < x->rank; i++) {
        v->dims[i] = x->dims[i];
        v->from[i] = i;
        v->step[i] = 1;
    }
}

void view_remove(struct view *v, int axis)
{
    assert(axis >= 0 && axis < v->rank);
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

int64_t clamp_index(struct graph *g, int64_t index, int64_t size)
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
    return dim_not_negative(g, index) && dim_not_negative(g, size) ? dim_min(g, index, size) : DIM_UNKNOWN;
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

int64_t smaller_size(struct graph *g, int64_t a, int64_t b)
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
    return smaller_size(g, rows, columns);
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

const struct tensor *view_read(struct call *c, const struct view *v)
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

/* ---- views that are not evaluated ---- */

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
    { "diag", shape_diag, NULL, 0 },
    { "diag_embed", shape_diag_embed, NULL, 0 },
    { "as_strided", shape_as_strided, NULL, 0 },
};
/* clang-format on */

const struct family family_view = { rows, LENGTH(rows) };
