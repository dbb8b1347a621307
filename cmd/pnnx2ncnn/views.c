/* views.c - see passes.h: indexing of several kinds becomes slices along one dimension, reshapes and concatenations,
 * each with its shape, so that the batch axis is solved, and lowered, for these alone. */
#include <limits.h>
#include <string.h>

#include "cmd/pnnx2ncnn/edit.h"
#include "cmd/pnnx2ncnn/layout.h"
#include "cmd/pnnx2ncnn/passes.h"
#include "common/graph/dim.h"
#include "common/graph/element.h"

/* The axis that the argument `dim` names in a tensor of that rank; -1: none. */
static int axis_in(const struct operator *op, int rank)
{
    int64_t dim = operator_int(op, "dim", 0);
    dim += dim < 0 ? rank : 0;
    return rank > 0 && rank <= TENSOR_RANK && dim >= 0 && dim < rank ? (int)dim : -1;
}

/* An int or a list of ints; how many; -1: absent, or no such. */
static int get_ints(const struct value *v, int64_t ints[TENSOR_RANK])
{
    if (v && v->kind == VALUE_INT)
        ints[0] = v->integer;
    return !v ? -1 : v->kind == VALUE_INT ? 1 : value_get_ints(v, ints, TENSOR_RANK);
}

/* torch.unbind: pieces of size 1, without their dimension. */
static void take_apart_unbind(struct operator *op)
{
    struct operand *x = operator_operand(op, "input");
    int axis = x ? axis_in(op, x->rank) : -1;
    int64_t shape[TENSOR_RANK];
    if (axis < 0)
        return;
    memcpy(shape, x->shape, (size_t)x->rank * sizeof *shape);
    shape[axis] = 1;
    struct operator *chunk = edit_add(op, "torch.chunk", x);
    operator_set(chunk, "chunks", value_int((int64_t)op->output_count));
    operator_set(chunk, "dim", value_int(axis));
    for (size_t i = 0, n = op->output_count; i < n; i++) {
        struct operand *y = op->outputs[0];
        struct operator *squeeze = edit_add(op, "torch.squeeze", edit_result(chunk, x, x->rank, shape));
        operator_set(squeeze, "dim", value_int(axis));
        operand_move(y, squeeze);
    }
    operator_remove(op);
}

/* torch.stack: operands with a new dimension, joined along it. */
static void take_apart_stack(struct operator *op)
{
    const struct value *list = operator_get(op, "tensors");
    struct operand *y = op->outputs[0];
    int64_t shape[TENSOR_RANK];
    int axis = axis_in(op, y->rank);
    if (!list || list->kind != VALUE_LIST || axis < 0)
        return;
    memcpy(shape, y->shape, (size_t)y->rank * sizeof *shape);
    shape[axis] = 1;
    struct value *items = arena_array(&op->graph->arena, list->list.count, sizeof *items);
    for (size_t i = 0; i < list->list.count; i++) {
        if (list->list.items[i].kind != VALUE_OPERAND)
            return;
        struct operand *x = list->list.items[i].operand;
        struct operator *unsqueeze = edit_add(op, "torch.unsqueeze", x);
        operator_set(unsqueeze, "dim", value_int(axis));
        items[i] = value_operand(edit_result(unsqueeze, x, y->rank, shape));
    }
    struct operator *cat = edit_add(op, "torch.cat", NULL);
    operator_set(cat, "tensors", value_list(items, list->list.count));
    operator_set(cat, "dim", value_int(axis));
    operand_move(y, cat);
    operator_remove(op);
}

/* The product of sizes; -1: unknown. */
static int64_t product(const struct operand *x, int from, int to)
{
    return dim_product(x->producer->graph, x->shape + from, to - from);
}

/* Every `step`th element from `start` on, `count` of them, where count * step elements are there, or the size is a
 * multiple of step: they lie at one place in rows of `step` blocks. */
static struct operand *whole_strides(struct operator *op, struct operand *x, int axis, int64_t start,
                                     int64_t step, int64_t count)
{
    int64_t inner = product(x, axis + 1, x->rank), size = x->shape[axis], shape[TENSOR_RANK];
    bool aligned = size % step == 0;
    int lead = axis > 0 && x->shape[0] != 1; /* several images stay so many */
    int64_t rows[4] = { x->shape[0], 0, 0, 0 };
    int64_t first = aligned ? start / step : 0, block = aligned ? start % step : 0;
    int rank = x->rank;
    rows[lead] = product(x, lead, axis);
    rows[lead + 1] = aligned ? size / step : count;
    rows[lead + 2] = step * inner;
    memcpy(shape, x->shape, (size_t)rank * sizeof *shape);
    shape[axis] = count;
    if (!aligned)
        x = edit_slice(op, x, axis, start, start + count * step, 1);
    x = edit_reshape(op, x, 3 + lead, rows);
    if (count < rows[lead + 1])
        x = edit_slice(op, x, lead + 1, first, first + count, 1);
    return edit_reshape(op, edit_slice(op, x, lead + 2, block * inner, (block + 1) * inner, 1), rank, shape);
}

/* x[..., start:end:step]: the last element apart where no whole stride is left for it. */
static void take_apart_strides(struct operator *op)
{
    struct operand *x = operator_operand(op, "input");
    const struct value *end = operator_get(op, "end");
    int64_t start = operator_int(op, "start", 0), step = operator_int(op, "step", 1),
            stop = operator_int(op, "end", INT_MAX);
    int axis = x ? axis_in(op, x->rank) : -1;
    if (axis < 0 || step < 2 || op->outputs[0]->rank != x->rank || (end && value_has_operand(end)))
        return;
    for (int i = 0; i < x->rank; i++)
        if (x->shape[i] < 1)
            return;
    int64_t size = x->shape[axis];
    start = start < 0 ? (start + size < 0 ? 0 : start + size) : start;
    stop = stop < 0 ? stop + size : stop > size ? size : stop;
    if (start >= stop)
        return;
    int64_t count = (stop - start + step - 1) / step;
    if (size % step == 0 || start + count * step <= size) {
        edit_finish(op, whole_strides(op, x, axis, start, step, count));
        return;
    }
    struct operand *last =
        edit_slice(op, x, axis, start + (count - 1) * step, start + (count - 1) * step + 1, 1);
    if (count > 1)
        last = edit_join(op, whole_strides(op, x, axis, start, step, count - 1), last, axis);
    edit_finish(op, last);
}

/* x[:, 3]: the slice 3:4, without its dimension. */
static void take_apart_select(struct operator *op)
{
    struct operand *x = operator_operand(op, "input");
    const struct value *index = operator_get(op, "index");
    int axis = x ? axis_in(op, x->rank) : -1;
    if (axis < 0 || !index || index->kind != VALUE_INT || op->outputs[0]->rank != x->rank - 1)
        return;
    int64_t from = index->integer;
    edit_finish(op, edit_slice(op, x, axis, from, from == -1 ? INT_MAX : from + 1, 1));
}

/* Tensor.slice with lists: one slice for each dimension, and a reshape where an index takes a dimension away. */
static void take_apart_slices(struct operator *op)
{
    static const char *const keys[] = { "dims", "starts", "ends", "steps", "selects" };
    int64_t lists[5][TENSOR_RANK];
    struct operand *x = operator_operand(op, "input");
    int count = -1;
    bool selects = false;
    if (!x || x->rank < 1 || x->rank > TENSOR_RANK || op->outputs[0]->rank < 0)
        return;
    for (int i = 0; i < 5; i++) {
        const struct value *v = operator_get(op, keys[i]);
        int n = v ? value_get_ints(v, lists[i], TENSOR_RANK) : -1;
        if (n < 0 || (i && n != count))
            return;
        count = n;
    }
    for (int i = 0; i < count; i++) {
        int64_t axis = lists[0][i] < 0 ? lists[0][i] + x->rank : lists[0][i], pick = lists[4][i];
        if (axis < 0 || axis >= x->rank)
            return;
        bool picked = pick < INT_MAX;
        selects = selects || picked;
        x = picked ? edit_slice(op, x, (int)axis, pick, pick == -1 ? INT_MAX : pick + 1, 1)
                   : edit_slice(op, x, (int)axis, lists[1][i], lists[2][i], lists[3][i]);
    }
    edit_finish(op, x);
}

static void take_apart_narrow(struct operator *op)
{
    struct operand *x = operator_operand(op, "input");
    const struct value *start = operator_get(op, "start"), *length = operator_get(op, "length");
    int axis = x ? axis_in(op, x->rank) : -1;
    if (axis < 0 || !start || start->kind != VALUE_INT || start->integer < 0 || !length ||
        length->kind != VALUE_INT)
        return;
    edit_finish(op, edit_slice(op, x, axis, start->integer, start->integer + length->integer, 1));
}

/* The last `shift` elements along an axis come first. */
static struct operand *rolled(struct operator *op, struct operand *x, int axis, int64_t shift)
{
    int64_t size = x->shape[axis];
    shift = (shift % size + size) % size;
    if (shift == 0)
        return x;
    struct operand *last = edit_slice(op, x, axis, size - shift, INT_MAX, 1);
    return edit_join(op, last, edit_slice(op, x, axis, 0, size - shift, 1), axis);
}

static void take_apart_roll(struct operator *op)
{
    int64_t shifts[TENSOR_RANK], dims[TENSOR_RANK];
    const struct value *s = operator_value(op, "shifts"), *d = operator_value(op, "dims");
    struct operand *x = operator_operand(op, "input");
    int count = get_ints(d, dims);
    if (!x || x->rank < 1 || x->rank > TENSOR_RANK || count < 1 || get_ints(s, shifts) != count)
        return;
    for (int i = 0; i < count; i++) {
        dims[i] += dims[i] < 0 ? x->rank : 0;
        if (dims[i] < 0 || dims[i] >= x->rank || x->shape[dims[i]] < 1)
            return;
    }
    for (int i = 0; i < count; i++)
        x = rolled(op, x, (int)dims[i], shifts[i]);
    edit_finish(op, x);
}

/* x with y in place of x[:, 3]: y with a dimension of one, written over the slice 3:4. */
static void take_apart_select_scatter(struct operator *op)
{
    struct operand *x = operator_operand(op, "input"), *y = operator_operand(op, "src");
    const struct value *index = operator_get(op, "index");
    int axis = x ? axis_in(op, x->rank) : -1;
    int64_t shape[TENSOR_RANK];
    if (axis < 0 || !y || y->rank != x->rank - 1 || !index || index->kind != VALUE_INT)
        return;
    int64_t from = index->integer, size = x->shape[axis];
    from += from < 0 && dim_known(size) ? size : 0;
    if (from < 0 || (dim_known(size) && from >= size))
        return;
    memcpy(shape, x->shape, (size_t)x->rank * sizeof *shape);
    shape[axis] = 1;
    struct operator *unsqueeze = edit_add(op, "torch.unsqueeze", y);
    operator_set(unsqueeze, "dim", value_int(axis));
    struct operator *scatter = edit_add(op, "torch.slice_scatter", x);
    operator_set(scatter, "src", value_operand(edit_result(unsqueeze, y, x->rank, shape)));
    operator_set(scatter, "dim", value_int(axis));
    operator_set(scatter, "start", value_int(from));
    operator_set(scatter, "end", value_int(from + 1));
    operator_set(scatter, "step", value_int(1));
    edit_finish(op, edit_result(scatter, x, x->rank, x->shape));
}

/* x with zeros behind it along an axis. */
static struct operand *padded(struct operator *op, struct operand *x, int axis, int64_t more)
{
    int64_t shape[TENSOR_RANK];
    memcpy(shape, x->shape, (size_t)x->rank * sizeof *shape);
    shape[axis] = more;
    size_t count = element_count(x->rank, shape);
    float *data = arena_array(&op->graph->arena, count, sizeof *data);
    memset(data, 0, count * sizeof *data);
    int64_t *own = arena_copy(&op->graph->arena, shape, (size_t)x->rank * sizeof *shape);
    return edit_join(op, x, edit_constant(op, DTYPE_F32, x->rank, own, data), axis);
}

/* x[..., start::step] = y, `count` times: in rows of `step` blocks the first is y's. */
static struct operand *strided_rows(struct operator *op, struct operand *x, struct operand *y, int axis,
                                    int64_t step)
{
    int64_t inner = product(x, axis + 1, x->rank), shape[TENSOR_RANK];
    int lead = axis > 0 && x->shape[0] != 1; /* several images stay so many */
    int64_t rows[4] = { x->shape[0], 0, 0, 0 };
    int rank = x->rank;
    memcpy(shape, x->shape, (size_t)rank * sizeof *shape);
    rows[lead] = product(x, lead, axis);
    rows[lead + 1] = y->shape[axis];
    rows[lead + 2] = step * inner;
    x = edit_slice(op, edit_reshape(op, x, 3 + lead, rows), lead + 2, inner, step * inner, 1);
    rows[lead + 2] = inner;
    y = edit_join(op, edit_reshape(op, y, 3 + lead, rows), x, lead + 2);
    return edit_reshape(op, y, rank, shape);
}

/* A write at every `step`th place; what lies before and behind the rows stays. */
static void take_apart_slice_scatter(struct operator *op)
{
    struct operand *x = operator_operand(op, "input"), *y = operator_operand(op, "src");
    const struct value *start = operator_get(op, "start");
    int64_t step = operator_int(op, "step", 1), from = operator_int(op, "start", 0);
    int axis = x ? axis_in(op, x->rank) : -1;
    if (axis < 0 || step < 2 || !y || y->rank != x->rank || x->rank + 1 >= TENSOR_RANK ||
        (start && value_has_operand(start)))
        return;
    for (int i = 0; i < x->rank; i++)
        if (x->shape[i] < 1 || y->shape[i] < 1)
            return;
    int64_t size = x->shape[axis], count = y->shape[axis], to = from < 0 ? from + size : from;
    from = to < 0 ? 0 : to;
    to = from + count * step;
    if (from + (count - 1) * step >= size)
        return;
    struct operand *rows = edit_slice(op, x, axis, from, to < size ? to : size, 1);
    rows = to > size ? padded(op, rows, axis, to - size) : rows;
    rows = strided_rows(op, rows, y, axis, step);
    rows = to > size ? edit_slice(op, rows, axis, 0, size - from, 1) : rows;
    rows = from > 0 ? edit_join(op, edit_slice(op, x, axis, 0, from, 1), rows, axis) : rows;
    rows = to < size ? edit_join(op, rows, edit_slice(op, x, axis, to, size, 1), axis) : rows;
    edit_finish(op, rows);
}

void prepare_views(struct graph *g)
{
    for (struct operator *op = g->first, *next; op; op = next) {
        next = op->next;
        if (operator_is(op, "torch.unbind"))
            take_apart_unbind(op);
        else if (operator_is(op, "torch.stack"))
            take_apart_stack(op);
        else if (operator_is(op, "Tensor.select") || operator_is(op, "torch.select"))
            take_apart_select(op);
        else if (operator_is(op, "Tensor.slice") && operator_get(op, "dims"))
            take_apart_slices(op);
        else if (operator_is(op, "torch.select_scatter"))
            take_apart_select_scatter(op);
        else if (operator_is(op, "torch.slice_scatter"))
            take_apart_slice_scatter(op);
        else if (operator_is(op, "torch.narrow"))
            take_apart_narrow(op);
        else if (operator_is(op, "torch.roll"))
            take_apart_roll(op);
    }
    for (struct operator *op = g->first, *next; op;
         op = next) { /* also of the slices that were made just now */
        next = op->next;
        if (operator_is(op, "Tensor.slice"))
            take_apart_strides(op);
    }
    graph_remove_dead(g);
}
