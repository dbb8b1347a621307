/* prepare.c - see passes.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/pnnx2ncnn/edit.h"
#include "cmd/pnnx2ncnn/layout.h"
#include "cmd/pnnx2ncnn/passes.h"
#include "common/graph/dim.h"
#include "common/graph/element.h"

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

/* ---- recurrent layers ---- */

/* Moves the weights of layer `layer` of `op` to a single-layer operator: weight_ih_l2_reverse is its
 * weight_ih_l0_reverse. */
static void take_weights(const struct operator *op, struct operator *single, int64_t layer)
{
    char suffix[32];
    snprintf(suffix, sizeof suffix, "_l%lld", (long long)layer);
    for (size_t i = 0; i < op->attribute_count; i++) {
        struct attribute w = op->attributes[i];
        const char *at = strstr(w.key, suffix), *rest = at ? at + strlen(suffix) : NULL;
        if (!at || (*rest && *rest != '_'))
            continue;
        w.key = arena_printf(&op->graph->arena, "%.*s_l0%s", (int)(at - w.key), w.key, rest);
        operator_add_attribute(single, w);
    }
}

/* Rows [from, to) of a state, which has one row for each layer and direction. */
static struct operand *take_state(struct operator *op, struct operand *state, int64_t from, int64_t to)
{
    struct graph *g = op->graph;
    const char *name = graph_fresh_operator_name(g, arena_printf(&g->arena, "%s_state", op->name));
    struct operator *slice = graph_add(g, op, "Tensor.slice", name);
    operator_set(slice, "input", value_operand(state));
    operator_set(slice, "dim", value_int(0));
    operator_set(slice, "start", value_int(from));
    operator_set(slice, "end", value_int(to));
    operator_set(slice, "step", value_int(1));
    struct operand *y = operator_add_output(slice, NULL);
    operand_set_shape(y, state->dtype, state->rank, state->shape);
    if (y->rank > 0)
        y->shape[0] = to - from;
    return y;
}

/* The final states of all layers, joined where `whole` was. */
static void join_states(struct operator *op, struct operand *whole, struct value *states, size_t count)
{
    struct graph *g = op->graph;
    if (!whole->use_count)
        return;
    const char *name = graph_fresh_operator_name(g, arena_printf(&g->arena, "%s_states", op->name));
    struct operator *cat = graph_add(g, op->next, "torch.cat", name);
    operator_set(cat, "tensors", value_list(states, count));
    operator_set(cat, "dim", value_int(0));
    operand_move(whole, cat);
}

static int64_t directions_of(const struct operator *op)
{
    return operator_bool(op, "bidirectional", false) ? 2 : 1;
}

/* One layer of `op`, which reads `x`; its results are those of `op` in type and rank. */
static struct operator *add_layer(struct operator *op, struct operand *x, int64_t layer, int64_t width)
{
    struct graph *g = op->graph;
    const char *name =
        graph_fresh_operator_name(g, arena_printf(&g->arena, "%s_l%lld", op->name, (long long)layer));
    struct operator *single = graph_add(g, op, op->type, name);
    int64_t rows = directions_of(op);
    for (size_t i = 0; i < op->argument_count; i++)
        if (op->arguments[i].value.kind != VALUE_OPERAND)
            operator_set(single, op->arguments[i].key, op->arguments[i].value);
    operator_set(single, "input", value_operand(x));
    operator_set(single, "num_layers", value_int(1));
    operator_set(single, "input_size", value_int(width));
    take_weights(op, single, layer);
    for (size_t i = 0; i < op->output_count; i++) {
        const struct operand *like = op->outputs[i];
        struct operand *y = operator_add_output(single, NULL);
        operand_set_shape(y, like->dtype, like->rank, like->shape);
        if (i && y->rank > 0)
            y->shape[0] = rows;
    }
    return single;
}

static void unroll(struct operator *op)
{
    static const char *const state_keys[] = { "h0", "c0" };
    struct graph *g = op->graph;
    int64_t layers = operator_int(op, "num_layers", 1), rows = directions_of(op);
    int64_t width = operator_int(op, "proj_size", 0);
    struct operand *x = operator_operand(op, "input");
    struct values states[2] = { { NULL, 0 }, { NULL, 0 } };
    width = rows * (width ? width : operator_int(op, "hidden_size", 0));
    for (int64_t layer = 0; layer < layers; layer++) {
        struct operator *single = add_layer(op, x, layer, layer ? width : operator_int(op, "input_size", 0));
        for (int i = 0; i < 2; i++) {
            struct operand *state = operator_operand(op, state_keys[i]);
            if (state)
                operator_set(single, state_keys[i],
                             value_operand(take_state(single, state, layer * rows, (layer + 1) * rows)));
        }
        for (size_t i = 1; i < op->output_count && i <= 2; i++)
            append(g, &states[i - 1], value_operand(single->outputs[i]));
        x = single->outputs[0];
    }
    for (size_t i = op->output_count; i-- > 1;)
        join_states(op, op->outputs[i], states[i - 1].items, states[i - 1].count);
    operand_replace(op->outputs[0], x);
}

void prepare_recurrent(struct graph *g)
{
    for (struct operator *op = g->first, *next; op; op = next) {
        next = op->next;
        if (!operator_is(op, "nn.LSTM") && !operator_is(op, "nn.GRU") && !operator_is(op, "nn.RNN"))
            continue;
        int64_t layers = operator_int(op, "num_layers", 1);
        if (layers < 2 || layers > 4096 || !operator_operand(op, "input") || !op->output_count ||
            op->output_count > 3)
            continue;
        unroll(op);
    }
    graph_remove_dead(g);
}
