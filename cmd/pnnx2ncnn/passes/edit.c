/* edit.c - see edit.h. */
#include "cmd/pnnx2ncnn/passes/edit.h"

#include "cmd/pnnx2ncnn/blobs/layout.h"
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
    struct attribute w = { .dtype = type, .rank = rank, .shape = shape, .data = data };
    w.size = size_mul(element_count(rank, shape), dtype_size(type));
    return operator_add_constant(fresh, NULL, w);
}

struct value edit_size(struct operator *op, int64_t size)
{
    int64_t number;
    if (size == DIM_UNKNOWN || dim_constant(op->graph, size, &number))
        return value_int(size == DIM_UNKNOWN ? -1 : number);
    struct operator *expression = edit_add(op, "pnnx.Expression", NULL);
    operator_set(expression, "expr", value_string(dim_text(op->graph, size)));
    struct operand *y = operator_add_output(expression, NULL);
    operand_set_number(y, size);
    y->batch = BATCH_NONE;
    return value_operand(y);
}

struct value edit_sizes(struct operator *op, const int64_t *sizes, int count)
{
    struct value *items = arena_array(&op->graph->arena, (size_t)count + 1, sizeof *items);
    for (int i = 0; i < count; i++)
        items[i] = edit_size(op, sizes[i]);
    return value_list(items, (size_t)count);
}

struct operand *edit_reshape(struct operator *op, struct operand *x, int rank, const int64_t *shape)
{
    const struct attribute *w = operand_constant(x);
    if (w)
        return edit_constant(op, w->dtype, rank, shape, w->data);
    struct operator *reshape = edit_add(op, "Tensor.reshape", x);
    operator_set(reshape, "shape", edit_sizes(reshape, shape, rank));
    return edit_result(reshape);
}

void edit_finish(struct operator *op, struct operand *x)
{
    struct operand *y = op->outputs[0];
    struct operator *reshape = edit_add(op, "Tensor.reshape", x);
    operator_set(reshape, "shape", edit_sizes(reshape, y->shape, y->rank));
    operand_move(y, reshape);
    operator_remove(op);
}
