/* sizes.c - see passes.h: what computes a size is no arithmetic of tensors.
 *
 * Tensor.size and arithmetic on it become one operand that only knows its number, in the place of each. */
#include "cmd/pnnx2ncnn/passes/edit.h"
#include "cmd/pnnx2ncnn/passes/passes.h"
#include "common/graph/dim.h"

static bool takes_sizes(const struct operator *op, const char *key)
{
    const struct parameter *p = signature_parameter(op->signature, key);
    return p && p->kinds & KIND_INT && !(p->kinds & (KIND_TENSOR | KIND_FLOAT));
}

/* The value with what is computed replaced by expressions that say the number. */
static struct value said(struct operator *op, struct value v)
{
    struct graph *g = op->graph;
    struct value *items =
        v.kind == VALUE_LIST ? arena_array(&g->arena, v.list.count + 1, sizeof *items) : NULL;
    for (size_t i = 0; items && i < v.list.count; i++)
        items[i] = said(op, v.list.items[i]);
    if (items)
        return value_list(items, v.list.count);
    if (v.kind != VALUE_OPERAND || v.operand->number == DIM_UNKNOWN ||
        operator_is(v.operand->producer, "pnnx.Expression"))
        return v;
    return edit_size(v.operand->producer, v.operand->number);
}

void prepare_sizes(struct graph *g)
{
    for (struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; i < op->argument_count; i++)
            if (value_has_operand(&op->arguments[i].value) && takes_sizes(op, op->arguments[i].key))
                operator_set(op, op->arguments[i].key, said(op, op->arguments[i].value));
    graph_remove_dead(g);
}
