/* edit.c - see edit.h. */
#include "cmd/pnnx2ncnn/edit.h"

#include <limits.h>
#include <string.h>

#include "cmd/pnnx2ncnn/layout.h"
#include "common/graph/dim.h"
#include "common/graph/element.h"

struct operator *edit_add(struct operator *op, const char *type, struct operand *x)
{
    struct graph *g = op->graph;
    struct operator *fresh = graph_add(g, op, type, graph_fresh_operator_name(g, op->name));
    fresh->line = op->line;
    if (x)
        operator_set(fresh, "input", value_operand(x));
    return fresh;
}

struct operand *edit_result(struct operator *op, const struct operand *like, int rank, const int64_t *shape)
{
    struct operand *y = operator_add_output(op, NULL);
    operand_set_shape(y, like->dtype, rank, shape);
    return y;
}

struct operand *edit_number(struct operator *op, struct operand *x, const char *type, double number)
{
    struct operator *fresh = edit_add(op, type, x);
    operator_set(fresh, "other", value_float(number));
    struct operand *y = edit_result(fresh, x, x->rank, x->shape);
    y->dtype = DTYPE_F32;
    return y;
}

struct operand *edit_pair(struct operator *op, const char *type, struct value x, struct value y)
{
    struct operator *fresh = edit_add(op, type, NULL);
    const struct operand *a = x.kind == VALUE_OPERAND ? x.operand : y.operand;
    const struct operand *b = y.kind == VALUE_OPERAND ? y.operand : a;
    int64_t shape[TENSOR_RANK];
    int rank = a->rank > b->rank ? a->rank : b->rank;
    bool known = a->rank >= 0 && b->rank >= 0 && rank <= TENSOR_RANK;
    for (int i = 0; known && i < rank; i++) {
        int p = i - (rank - a->rank), q = i - (rank - b->rank);
        int64_t m = p < 0 ? 1 : a->shape[p], n = q < 0 ? 1 : b->shape[q];
        shape[i] = m == 1 ? n : n == 1 || dim_equal(m, n) ? m : DIM_UNKNOWN;
    }
    operator_set(fresh, "input", x);
    operator_set(fresh, "other", y);
    struct operand *z = operator_add_output(fresh, NULL);
    operand_set_shape(z, DTYPE_F32, known ? rank : RANK_UNKNOWN, shape);
    return z;
}

struct operand *edit_constant(struct operator *op, enum dtype type, int rank, const int64_t *shape,
                              const void *data)
{
    struct operator *fresh = edit_add(op, "pnnx.Attribute", NULL);
    struct attribute w = { .key = "data", .dtype = type, .rank = rank, .shape = shape, .data = data };
    w.size = size_mul(element_count(rank, shape), dtype_size(type));
    operator_add_attribute(fresh, w);
    struct operand *y = operator_add_output(fresh, NULL);
    operand_set_shape(y, type, rank, shape);
    return y;
}

/* The sizes as an argument, which has -1 for those that only the result's shape knows. */
static struct value shape_value(struct graph *g, const int64_t *shape, int rank)
{
    int64_t sizes[TENSOR_RANK];
    for (int i = 0; i < rank && i < TENSOR_RANK; i++)
        sizes[i] = dim_known(shape[i]) ? shape[i] : -1;
    return value_ints(&g->arena, sizes, (size_t)(rank > 0 ? rank : 0));
}

struct operand *edit_reshape(struct operator *op, struct operand *x, int rank, const int64_t *shape)
{
    const struct attribute *w = operand_constant(x);
    if (w)
        return edit_constant(op, w->dtype, rank, shape, w->data);
    struct operator *reshape = edit_add(op, "Tensor.reshape", x);
    operator_set(reshape, "shape", shape_value(op->graph, shape, rank));
    return edit_result(reshape, x, rank, shape);
}

struct operand *edit_slice(struct operator *op, struct operand *x, int axis, int64_t start, int64_t end,
                           int64_t step)
{
    int64_t shape[TENSOR_RANK], size = x->shape[axis];
    memcpy(shape, x->shape, (size_t)x->rank * sizeof *shape);
    if (dim_known(size)) {
        start = start < 0 ? (start + size < 0 ? 0 : start + size) : start > size ? size : start;
        end = end < 0 ? (end + size < 0 ? 0 : end + size) : end > size ? size : end;
        shape[axis] = end > start && step > 0 ? (end - start + step - 1) / step : 0;
    } else if (start != 0 || end < INT_MAX || step != 1) {
        shape[axis] = DIM_UNKNOWN;
    }
    struct operator *part = edit_add(op, "Tensor.slice", x);
    operator_set(part, "dim", value_int(axis));
    operator_set(part, "start", value_int(start));
    operator_set(part, "end", value_int(end));
    operator_set(part, "step", value_int(step));
    return edit_result(part, x, x->rank, shape);
}

struct operand *edit_join(struct operator *op, struct operand *x, struct operand *y, int axis)
{
    struct value parts[2] = { value_operand(x), value_operand(y) };
    struct operator *cat = edit_add(op, "torch.cat", NULL);
    int64_t shape[TENSOR_RANK];
    memcpy(shape, x->shape, (size_t)x->rank * sizeof *shape);
    shape[axis] = dim_add(op->graph, x->shape[axis], y->shape[axis]);
    operator_set(cat, "tensors", value_list(parts, 2));
    operator_set(cat, "dim", value_int(axis));
    return edit_result(cat, x, x->rank, shape);
}

void edit_finish(struct operator *op, struct operand *x)
{
    struct operand *y = op->outputs[0];
    struct operator *reshape = edit_add(op, "Tensor.reshape", x);
    operator_set(reshape, "shape", shape_value(op->graph, y->shape, y->rank));
    operand_move(y, reshape);
    operator_remove(op);
}
