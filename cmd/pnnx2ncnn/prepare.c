/* prepare.c - see passes.h. */
#include <float.h>
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

/* ---- constants ---- */

/* A constant like `x`, in float. */
static struct operand *add_float_constant(struct operator *before, const char *stem, int rank,
                                          const int64_t *shape, float **data)
{
    struct graph *g = before->graph;
    struct operator *op = graph_add(g, before, "pnnx.Attribute", graph_fresh_operator_name(g, stem));
    size_t count = element_count(rank, shape);
    *data = arena_array(&g->arena, count ? count : 1, sizeof **data);
    struct attribute w = {
        .key = "data", .dtype = DTYPE_F32, .rank = rank, .shape = shape, .size = count * sizeof **data
    };
    w.data = (const uint8_t *)*data;
    operator_add_attribute(op, w);
    struct operand *y = operator_add_output(op, NULL);
    operand_set_shape(y, DTYPE_F32, rank, shape);
    return y;
}

/* What a boolean mask adds to scores: nothing where it is true, and where it is false what exp() makes zero. */
static float mask_score(bool seen)
{
    return seen ? 0 : -FLT_MAX;
}

/* A constant mask as scores; those of nn.MultiheadAttention are true where nothing is seen: `inverted`. */
static struct operand *as_scores(struct operator *op, const struct operand *x, bool inverted)
{
    const struct attribute *w = operand_constant(x);
    float *data;
    const char *stem = arena_printf(&op->graph->arena, "%s_float", x->producer->name);
    struct operand *y = add_float_constant(op, stem, w->rank, w->shape, &data);
    size_t count = element_count(w->rank, w->shape);
    for (size_t i = 0; i < count; i++)
        data[i] = mask_score((element_real(w->dtype, w->data, i) != 0) != inverted);
    return y;
}

static bool is_attention(const struct operator *op)
{
    return operator_is(op, "F.scaled_dot_product_attention") || operator_is(op, "nn.MultiheadAttention");
}

#define HIDDEN 60000 /* its exponential is 0, and float16, which the runtime may compute in, has it */

/* Whether a constant mask hides a whole row. */
static bool hides_rows(const struct attribute *w)
{
    size_t columns = w->rank > 0 ? (size_t)w->shape[w->rank - 1] : 1,
           count = element_count(w->rank, w->shape);
    bool seen = true;
    for (size_t i = 0; i < count && seen; i += columns) {
        seen = false;
        for (size_t j = 0; j < columns; j++)
            seen = seen || element_real(w->dtype, w->data, i + j) != 0;
    }
    return !seen;
}

/* A row of which nothing is seen is 0 in F.scaled_dot_product_attention (in nn.MultiheadAttention it is no number, as is
 * its result): a product with whether any of it is seen. */
static void hide_rows(struct operator *op, struct operand *mask)
{
    const struct attribute *w = operand_constant(mask);
    struct operand *y = op->outputs[0];
    if (mask->rank < 1 || mask->rank > TENSOR_RANK || y->rank < 2 || (w && !hides_rows(w)))
        return;
    int64_t shape[TENSOR_RANK];
    memcpy(shape, mask->shape, (size_t)mask->rank * sizeof *shape);
    shape[mask->rank - 1] = 1;
    struct operator *any = edit_add(op, "torch.amax", mask);
    operator_set(any, "dim", value_ints(&op->graph->arena, (int64_t[]){ mask->rank - 1 }, 1));
    operator_set(any, "keepdim", value_bool(true));
    struct operand *seen = edit_result(any, y, mask->rank, shape);
    struct operator *product = edit_add(op, "torch.mul", NULL);
    struct operand *z = edit_result(product, y, y->rank, y->shape);
    operand_replace(y, z);
    operator_set(product, "input", value_operand(y));
    operator_set(product, "other", value_operand(seen));
    operator_move(op, product);
}

static void convert_mask(struct operator *op)
{
    bool inverted = operator_is(op, "nn.MultiheadAttention");
    struct operand *mask = operator_operand(op, "attn_mask");
    if (!mask || mask->dtype != DTYPE_BOOL)
        return;
    if (!inverted)
        hide_rows(op, mask);
    if (operand_constant(mask)) {
        mask = as_scores(op, mask, inverted);
    } else if (inverted) {
        mask = edit_number(op, mask, "torch.mul", -HIDDEN);
    } else {
        mask = edit_number(op, mask, "torch.sub", 1);
        mask = edit_number(op, mask, "torch.mul", HIDDEN);
    }
    operator_set(op, "attn_mask", value_operand(mask));
}

/* is_causal as a mask, where the lengths are known. */
static void write_causal(struct operator *op)
{
    const struct operand *q = operator_operand(op, "query"), *k = operator_operand(op, "key");
    if (!operator_bool(op, "is_causal", false) || !q || !k || q->rank < 2 || k->rank < 2)
        return;
    int64_t shape[2] = { q->shape[q->rank - 2], k->shape[k->rank - 2] };
    float *data;
    if (!dim_known(shape[0]) || !dim_known(shape[1]))
        return;
    struct operand *mask =
        add_float_constant(op, arena_printf(&op->graph->arena, "%s_causal", op->name), 2, shape, &data);
    for (int64_t i = 0; i < shape[0]; i++)
        for (int64_t j = 0; j < shape[1]; j++)
            data[i * shape[1] + j] = mask_score(j <= i);
    operator_set(op, "attn_mask", value_operand(mask));
    operator_set(op, "is_causal", value_bool(false));
}

/* The layer reads as many scores from the mask as there are: a mask of one row, of one column, or of each sample for all
 * heads, is expanded. */
static void expand_mask(struct operator *op)
{
    struct graph *g = op->graph;
    const struct operand *q = operator_operand(op, "query"), *k = operator_operand(op, "key");
    struct operand *mask = operator_operand(op, "attn_mask");
    if (!mask || !operator_is(op, "F.scaled_dot_product_attention") || !q || !k || q->rank < 2 ||
        k->rank < 2 || mask->rank < 1 || mask->rank > TENSOR_RANK)
        return;
    if (mask->rank == 1)
        mask = edit_reshape(op, mask, 2,
                            arena_copy(&g->arena, (int64_t[]){ 1, mask->shape[0] }, 2 * sizeof(int64_t)));
    int rows = mask->rank - 2, columns = mask->rank - 1;
    int64_t shape[TENSOR_RANK];
    struct value sizes[TENSOR_RANK];
    memcpy(shape, mask->shape, (size_t)mask->rank * sizeof *shape);
    if (shape[rows] == 1)
        shape[rows] = q->shape[q->rank - 2];
    if (shape[columns] == 1)
        shape[columns] = k->shape[k->rank - 2];
    if (mask->rank == 4 && q->rank == 4 && shape[0] != 1 && shape[1] == 1) /* heads, of several samples */
        shape[1] = q->shape[1];
    operator_set(op, "attn_mask", value_operand(mask));
    if (memcmp(shape, mask->shape, (size_t)mask->rank * sizeof *shape) == 0)
        return;
    for (int i = 0; i < mask->rank; i++)
        sizes[i] = value_int(dim_known(shape[i]) ? shape[i] : -1);
    struct operator *expand = graph_add(g, op, "Tensor.expand", graph_fresh_operator_name(g, op->name));
    operator_set(expand, "input", value_operand(mask));
    operator_set(expand, "sizes", value_list(sizes, (size_t)mask->rank));
    expand->line = op->line;
    struct operand *y = operator_add_output(expand, NULL);
    operand_set_shape(y, mask->dtype, mask->rank, shape);
    operator_set(op, "attn_mask", value_operand(y));
}

void prepare_constants(struct graph *g)
{
    for (struct operator *op = g->first; op; op = op->next) {
        if (is_attention(op)) {
            write_causal(op);
            convert_mask(op);
            expand_mask(op);
        }
    }
    graph_remove_dead(g);
}
