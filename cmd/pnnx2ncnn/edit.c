/* edit.c - see edit.h. */
#include "cmd/pnnx2ncnn/edit.h"

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

struct operand *edit_result(struct operator *op)
{
    struct operand *y = operator_add_output(op, NULL);
    operator_infer(op);
    return y;
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
    struct operand *y = operator_add_output(reshape, NULL);
    operand_set_shape(y, x->dtype, rank, shape);
    return y;
}

void edit_finish(struct operator *op, struct operand *x)
{
    struct operand *y = op->outputs[0];
    struct operator *reshape = edit_add(op, "Tensor.reshape", x);
    operator_set(reshape, "shape", shape_value(op->graph, y->shape, y->rank));
    operand_move(y, reshape);
    operator_remove(op);
}
