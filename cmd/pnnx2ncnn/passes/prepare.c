/* prepare.c - see passes.h. */

#include <string.h>

#include "cmd/pnnx2ncnn/blobs/layout.h"
#include "cmd/pnnx2ncnn/passes/edit.h"
#include "cmd/pnnx2ncnn/passes/passes.h"

/* ---- results ---- */

#define NESTING 64 /* how deep tuples may lie in tuples */

/* A growing list of values in the graph's arena. */
struct values {
    struct value *items;
    size_t count;
};

static void append(struct graph *g, struct values *list, struct value v)
{
    list->items = arena_grow(&g->arena, list->items, list->count, sizeof v);
    list->items[list->count++] = v;
}

static bool is_construct(const struct operator *op)
{
    return operator_is(op, "prim::TupleConstruct") || operator_is(op, "prim::ListConstruct") ||
           operator_is(op, "prim::DictConstruct");
}

static void flatten(struct operator *output, const struct value *v, struct values *list, int depth)
{
    if (depth > NESTING)
        die(STATUS_MALFORMED, operator_place(output), "the results lie in more than %d tuples", NESTING);
    if (v->kind == VALUE_LIST) {
        for (size_t i = 0; i < v->list.count; i++)
            flatten(output, &v->list.items[i], list, depth + 1);
    } else if (v->kind == VALUE_OPERAND && is_construct(v->operand->producer)) {
        const struct value *members = operator_get(v->operand->producer, "inputs");
        if (members)
            flatten(output, members, list, depth + 1);
    } else if (v->kind == VALUE_OPERAND) {
        append(output->graph, list, *v);
    } else if (v->kind != VALUE_NONE) {
        report(STATUS_CONVERSION, operator_place(output), "a result of the network is a constant, no blob");
    }
}

void prepare_outputs(struct graph *g)
{
    for (struct operator *op = g->first; op; op = op->next) {
        struct values list = { NULL, 0 };
        if (!operator_is(op, "pnnx.Output"))
            continue;
        for (size_t i = 0; i < op->argument_count; i++)
            flatten(op, &op->arguments[i].value, &list, 0);
        while (op->argument_count)
            operator_unset(op, op->arguments[0].key);
        operator_set(op, "input", value_list(list.items, list.count));
    }
    graph_remove_dead(g);
}

/* ---- complex numbers at the ends ---- */

/* A blob has real numbers: the input becomes pairs of them, along a last axis, of which its readers read complex ones. */
static void pair_input(struct operator *input, struct operand *x)
{
    int64_t *shape = arena_array(&input->graph->arena, (size_t)x->rank + 1, sizeof *shape);
    memcpy(shape, x->shape, (size_t)x->rank * sizeof *shape);
    shape[x->rank++] = 2;
    x->shape = shape;
    x->dtype = x->dtype == DTYPE_C128 ? DTYPE_F64 : DTYPE_F32;
    struct operator *pairs = edit_add(input->next, "torch.view_as_complex", x);
    struct operand *y = edit_result(pairs);
    for (const struct use *use = x->uses; use;)
        if (use->op == pairs) {
            use = use->next;
        } else {
            operator_replace(use->op, x, y);
            use = x->uses;
        }
}

static void find_complex(struct operand *x, void *found)
{
    if (dtype_is_complex(x->dtype))
        *(struct operand **)found = x;
}

static void pair_results(struct operator *output)
{
    for (;;) {
        struct operand *x = NULL;
        operator_each_operand(output, find_complex, &x);
        if (!x)
            return;
        operator_replace(output, x, edit_result(edit_add(output, "torch.view_as_real", x)));
    }
}

void prepare_complex(struct graph *g)
{
    for (struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; operator_is(op, "pnnx.Input") && op->next && i < op->output_count; i++)
            if (dtype_is_complex(op->outputs[i]->dtype) && op->outputs[i]->rank >= 0 &&
                op->outputs[i]->rank < TENSOR_RANK)
                pair_input(op, op->outputs[i]);
    for (struct operator *op = g->first; op; op = op->next)
        if (operator_is(op, "pnnx.Output"))
            pair_results(op);
}
