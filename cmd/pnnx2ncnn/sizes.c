/* sizes.c - see passes.h: sizes that are computed from those of tensors when the network runs.
 *
 * ncnn's Reshape, Interp and Crop take sizes as texts over the blobs that they read: "*(0w,2),1h".  prepare_sizes() turns
 * what computes a size, Tensor.size and arithmetic on it, into one pnnx.Expression before other passes take it for arithmetic
 * of tensors: the text of a dimension, or where that is not known, as floats are involved, one that has {2:1} for axis 1 of its
 * input 2, as what a blob calls that axis is known once the batch axis is.  lower_sizes() makes the layers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/pnnx2ncnn/layout.h"
#include "cmd/pnnx2ncnn/passes.h"
#include "common/graph/dim.h"

enum { MOST_DEPTH = 32 };

/* ---- what computes a size ---- */

struct chain {
    struct graph *g;
    struct operand *inputs[MOST_BLOBS];
    size_t count;
};

static const char *chain_text(struct chain *c, const struct value *v, int depth);

static const char *input_text(struct chain *c, struct operand *x, int64_t axis)
{
    size_t i = 0;
    axis += axis < 0 ? x->rank : 0;
    if (axis < 0 || axis >= x->rank)
        return NULL;
    if (dim_known(x->shape[axis]))
        return arena_printf(&c->g->arena, "%lld", (long long)x->shape[axis]);
    while (i < c->count && c->inputs[i] != x)
        i++;
    if (i == MOST_BLOBS)
        return NULL;
    c->inputs[i] = x;
    c->count += i == c->count;
    return arena_printf(&c->g->arena, "{%zu:%lld}", i, (long long)axis);
}

/* Operators of numbers with one and two arguments, `%1$s` and `%2$s` in a text that rounds down also what is negative;
 * the text without that, for sizes that cannot be. */
static const struct arithmetic {
    const char *type, *rounding; /* of torch.div; NULL: none */
    const char *text, *plain;    /* plain: NULL is text */
} arithmetic[] = {
    /* clang-format off */
    { "torch.add", NULL, "+(%1$s,%2$s)", NULL },
    { "torch.sub", NULL, "-(%1$s,%2$s)", NULL },
    { "torch.rsub", NULL, "-(%2$s,%1$s)", NULL },
    { "torch.mul", NULL, "*(%1$s,%2$s)", NULL },
    { "torch.floor_divide", NULL, "floor(/(%1$s,%2$s))", "//(%1$s,%2$s)" },
    { "torch.div", "floor", "floor(/(%1$s,%2$s))", "//(%1$s,%2$s)" },
    { "torch.div", "trunc", "trunc(/(%1$s,%2$s))", "//(%1$s,%2$s)" },
    { "torch.div", "", "/(%1$s,%2$s)", NULL },
    { "torch.maximum", NULL, "max(%1$s,%2$s)", NULL },
    { "torch.minimum", NULL, "min(%1$s,%2$s)", NULL },
    { "torch.remainder", NULL, "-(%1$s,*(floor(/(%1$s,%2$s)),%2$s))", "-(%1$s,*(//(%1$s,%2$s),%2$s))" },
    { "torch.neg", NULL, "neg(%1$s)", NULL },
    { "torch.floor", NULL, "floor(%1$s)", NULL },
    { "torch.ceil", NULL, "ceil(%1$s)", NULL },
    { "torch.trunc", NULL, "trunc(%1$s)", NULL },
    { "aten::Int", NULL, "trunc(%1$s)", NULL },
    /* clang-format on */
};

/* Counted as written: no minus sign, no difference, no float. */
static bool is_not_negative(const char *text)
{
    return !strchr(text, '-') && !strstr(text, "neg") && !strchr(text, '/') && !strchr(text, '.');
}

static const char *operation_text(struct chain *c, const struct operator *op, int depth)
{
    const struct value *first = operator_get(op, operator_get(op, "input") ? "input" : "a");
    const struct value *second = operator_get(op, "other");
    const char *rounding = operator_is(op, "torch.div") ? operator_string(op, "rounding_mode", "") : NULL;
    if (!first || operator_int(op, "alpha", 1) != 1)
        return NULL;
    const char *a = chain_text(c, first, depth), *b = second ? chain_text(c, second, depth) : "";
    for (size_t i = 0; a && b && i < sizeof arithmetic / sizeof *arithmetic; i++) {
        const struct arithmetic *row = &arithmetic[i];
        if (!operator_is(op, row->type) ||
            (row->rounding && strcmp(row->rounding, rounding ? rounding : "") != 0))
            continue;
        bool plain = row->plain && is_not_negative(a) && is_not_negative(b);
        size_t room = 3 * (strlen(a) + strlen(b)) + 64;
        char *text = arena_alloc(&c->g->arena, room);
        snprintf(text, room, plain ? row->plain : row->text, a, b);
        return text;
    }
    return NULL;
}

static const char *operator_text(struct chain *c, const struct operator *op, int depth)
{
    struct operand *x = operator_operand(op, "input");
    const struct value *dim = operator_get(op, "dim");
    if (operator_is(op, "Tensor.size"))
        return x && dim && dim->kind == VALUE_INT ? input_text(c, x, dim->integer) : NULL;
    return operation_text(c, op, depth);
}

/* The text of a size; NULL: it is not computed from sizes alone. */
static const char *chain_text(struct chain *c, const struct value *v, int depth)
{
    if (depth == MOST_DEPTH)
        return NULL;
    if (v->kind == VALUE_INT)
        return arena_printf(&c->g->arena, "%lld", (long long)v->integer);
    if (v->kind == VALUE_FLOAT)
        return arena_printf(&c->g->arena, "%.9g%s", v->real, v->real == (double)(int64_t)v->real ? ".0" : "");
    if (v->kind != VALUE_OPERAND || v->operand->rank > 0 || v->operand->producer->output_count != 1)
        return NULL;
    return operator_text(c, v->operand->producer, depth + 1);
}

/* ---- before the other passes ---- */

/* The arguments that take sizes: lists, or numbers. */
static const struct {
    const char *type, *key;
} slots[] = {
    /* clang-format off */
    { "Tensor.reshape", "shape" },
    { "Tensor.view", "size" },
    { "Tensor.slice", "start" },
    { "Tensor.slice", "end" },
    { "F.upsample", "size" },
    { "F.interpolate", "size" },
    { "F.upsample_nearest", "size" },
    { "F.upsample_bilinear", "size" },
    /* clang-format on */
};

static struct value expression_of(struct operator *op, const struct value *v)
{
    struct chain c = { .g = op->graph };
    bool known = v->kind == VALUE_OPERAND && v->operand->number != DIM_UNKNOWN;
    const char *text = known                      ? dim_text(op->graph, v->operand->number)
                       : v->kind == VALUE_OPERAND ? chain_text(&c, v, 0)
                                                  : NULL;
    struct value inputs[MOST_BLOBS];
    if (!text || (!known && !c.count))
        return *v;
    struct operator *size = graph_add(op->graph, op, "pnnx.Expression",
                                      graph_fresh_operator_name(op->graph, v->operand->producer->name));
    for (size_t i = 0; i < c.count; i++)
        inputs[i] = value_operand(c.inputs[i]);
    operator_set(size, "inputs", value_list(inputs, c.count));
    operator_set(size, "expr", value_string(intern(op->graph->strings, text)));
    struct operand *y = operator_add_output(size, NULL);
    operand_set_shape(y, DTYPE_I64, 0, NULL);
    y->number = v->operand->number;
    y->batch = BATCH_NONE;
    return value_operand(y);
}

static void prepare_slot(struct operator *op, const char *key)
{
    const struct value *v = operator_get(op, key);
    if (!v || !value_has_operand(v))
        return;
    if (v->kind != VALUE_LIST) {
        operator_set(op, key, expression_of(op, v));
        return;
    }
    struct value *items = arena_array(&op->graph->arena, v->list.count, sizeof *items);
    for (size_t i = 0; i < v->list.count; i++)
        items[i] = expression_of(op, &v->list.items[i]);
    operator_set(op, key, value_list(items, v->list.count));
}

void prepare_sizes(struct graph *g)
{
    for (struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; i < sizeof slots / sizeof *slots; i++)
            if (operator_is(op, slots[i].type))
                prepare_slot(op, slots[i].key);
    graph_remove_dead(g);
}

/* ---- the layers ---- */

/* {k:a} becomes what the layer calls axis a of input k, or an axis of that size of a blob that is closer. */
static const char *reference(struct references *r, const struct operator *size, const char *at)
{
    const struct value *inputs = operator_get(size, "inputs");
    char *end;
    unsigned long k = strtoul(at + 1, &end, 10);
    long axis = strtol(end + 1, NULL, 10);
    struct operand *x = inputs->list.items[k].operand;
    const char *text = references_size(r, x->shape[axis]);
    return text ? text : references_axis(r, x, axis);
}

static const char *item_text(struct references *r, const struct value *v)
{
    const char *text = "";
    if (v->kind == VALUE_INT)
        return arena_printf(&r->at->graph->arena, "%lld", (long long)v->integer);
    if (v->kind != VALUE_OPERAND || !operator_is(v->operand->producer, "pnnx.Expression"))
        return NULL;
    const struct operator *size = v->operand->producer;
    if (v->operand->number != DIM_UNKNOWN)
        return references_size(r, v->operand->number);
    for (const char *at = operator_string(size, "expr", ""); *at;) {
        size_t length = strcspn(at, "{");
        text = arena_printf(&r->at->graph->arena, "%s%.*s", text, (int)length, at);
        at += length;
        if (!*at)
            break;
        const char *name = reference(r, size, at);
        if (!name)
            return NULL;
        text = arena_printf(&r->at->graph->arena, "%s%s", text, name);
        at = strchr(at, '}') + 1;
    }
    return text;
}

/* The items, innermost first, but for the batch axis; NULL: one cannot be said. */
static const char *list_text(struct references *r, const struct value *list, int without)
{
    const char *text = "";
    for (size_t i = list->list.count; text && i-- > 0;) {
        if ((int)i == without)
            continue;
        const char *item = item_text(r, &list->list.items[i]);
        text = item ? arena_printf(&r->at->graph->arena, "%s%s%s", text, *text ? "," : "", item) : NULL;
    }
    return text;
}

static struct operator *make_layer(const struct references *r, const char *type)
{
    struct operator *op = r->at, *layer = graph_add(op->graph, op, type, op->name);
    struct value inputs[MOST_BLOBS];
    for (size_t i = 0; i < r->count; i++)
        inputs[i] = value_operand(r->blobs[i]);
    operator_set(layer, "inputs", value_list(inputs, r->count));
    operand_move(op->outputs[0], layer);
    return layer;
}

static void set_text(struct operator *layer, const char *id, const char *text)
{
    operator_set(layer, id, value_string(intern(layer->graph->strings, text)));
}

/* A reshape to sizes that only its argument knows. */
static void lower_reshape(struct operator *op, const struct value *list)
{
    struct operand *x = operator_operand(op, "input"), *y = op->outputs[0];
    struct reshape plain;
    if (!x || layout_reshape(x, y, &plain) || layout_is_counted(x) || layout_is_counted(y) ||
        (size_t)(y->rank < 0 ? 0 : y->rank) != list->list.count || layout_rank(y) > BLOB_RANK)
        return;
    struct references r = { .at = op, .blobs = { x }, .count = 1 };
    const char *text = list_text(&r, list, y->batch);
    if (!text)
        return;
    set_text(make_layer(&r, "Reshape"), "6", text);
    operator_remove(op);
}

/* Resizing to a size of other tensors. */
static void lower_resize(struct operator *op, const struct value *list)
{
    struct operand *x = operator_operand(op, "input");
    const char *mode =
        operator_string(op, "mode", operator_is(op, "F.upsample_bilinear") ? "bilinear" : "nearest");
    int code = strcmp(mode, "nearest") == 0                                   ? 1
               : strcmp(mode, "bilinear") == 0 || strcmp(mode, "linear") == 0 ? 2
               : strcmp(mode, "bicubic") == 0                                 ? 3
                                                                              : 0;
    bool aligned = operator_is(op, "F.upsample_bilinear") || operator_bool(op, "align_corners", false);
    if (!x || x->rank < 3 || x->rank > 4 || layout_rank(x) != x->rank - 1 || layout_is_counted(x) || !code ||
        operator_bool(op, "antialias", false) || (int)list->list.count != x->rank - 2)
        return;
    struct references r = { .at = op, .blobs = { x }, .count = 1 };
    const char *text = list_text(&r, list, -1);
    if (!text)
        return;
    struct operator *layer = make_layer(&r, "Interp");
    set_text(layer, "9", text);
    operator_set(layer, "0", value_int(code));
    operator_set(layer, "6", value_int(aligned));
    operator_remove(op);
}

/* x[start:end] along one axis; the layer clips what is larger, and counts what is negative from the end, as PyTorch does. */
static void lower_slice(struct operator *op, const struct value *start, const struct value *end)
{
    struct operand *x = operator_operand(op, "input");
    int axis = x ? layout_axis(x, operator_int(op, "dim", 0)) : -1;
    if (axis < 0 || operator_int(op, "step", 1) != 1 || layout_rank(x) > BLOB_RANK || layout_is_counted(x))
        return;
    struct references r = { .at = op, .blobs = { x }, .count = 1 };
    bool open = !end || end->kind == VALUE_NONE || (end->kind == VALUE_INT && end->integer >= INT32_MAX);
    const char *first = start && start->kind != VALUE_NONE ? item_text(&r, start) : "0";
    const char *last = open ? references_axis(&r, x, operator_int(op, "dim", 0)) : item_text(&r, end);
    if (!first || !last)
        return;
    struct operator *layer = make_layer(&r, "Crop");
    set_text(layer, "19", first);
    set_text(layer, "20", last);
    set_text(layer, "21", arena_printf(&op->graph->arena, "%d", axis));
    operator_remove(op);
}

static bool asks_size(const struct value *v)
{
    return v && value_has_operand(v);
}

void lower_sizes(struct graph *g)
{
    for (struct operator *op = g->first, *next; op; op = next) {
        const struct value *start = operator_get(op, "start"), *end = operator_get(op, "end");
        const struct value *shape = operator_get(op, operator_is(op, "Tensor.reshape") ? "shape" : "size");
        next = op->next;
        if (op->output_count != 1)
            continue;
        if (operator_is(op, "Tensor.slice") && (asks_size(start) || asks_size(end)))
            lower_slice(op, start, end);
        else if (asks_size(shape) && shape->kind == VALUE_LIST && strncmp(op->type, "Tensor.", 7) == 0)
            lower_reshape(op, shape);
        else if (asks_size(shape) && shape->kind == VALUE_LIST && strncmp(op->type, "F.", 2) == 0)
            lower_resize(op, shape);
    }
    graph_remove_dead(g);
}
