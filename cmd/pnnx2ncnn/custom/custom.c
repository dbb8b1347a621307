/* custom.c - see custom.h: operators that no layer of ncnn does, and that the user's own layers do. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/pnnx2ncnn/custom/custom.h"
#include "common/base/near.h"

static const char prefix[] = CUSTOM_OPERATOR;

bool custom_registered(const struct operator *op)
{
    return strncmp(op->type, prefix, strlen(prefix)) == 0;
}

static const char *layer_name(const struct operator *op)
{
    return custom_registered(op) ? op->type + strlen(prefix) : op->type;
}

/* `given` is the layer's name, or its last part. */
static bool is_named(const struct operator *op, const char *given)
{
    const char *name = layer_name(op);
    size_t length = strlen(name), size = strlen(given);
    return strcmp(op->type, given) == 0 || (length >= size && strcmp(name + length - size, given) == 0 &&
                                            (length == size || name[length - size - 1] == '.'));
}

/* What layer= says of the operator; NULL: nothing. */
static const struct custom_spec *spec_of(const struct operator *op, const struct custom *custom)
{
    for (size_t i = 0; i < custom->count; i++)
        if (is_named(op, custom->specs[i].type))
            return &custom->specs[i];
    return NULL;
}

static bool is_asked_for(const struct operator *op, const struct custom *custom)
{
    for (size_t i = 0; i < custom->types->count; i++)
        if (is_named(op, custom->types->items[i]))
            return true;
    return spec_of(op, custom);
}

bool custom_stays(const struct operator *op, const struct custom *custom)
{
    const char *name = layer_name(op);
    bool theirs = strncmp(name, "torchvision.", 12) != 0 && strncmp(name, "quantized.", 10) != 0;
    return is_asked_for(op, custom) || (custom_registered(op) && theirs);
}

bool custom_may(const struct operator *op)
{
    static const char *const ours[] = { "nn.", "F.", "Tensor.", "torch.", "aten::", "prim::", "pnnx." };
    const char *dot = strrchr(op->type, '.');
    if (custom_registered(op))
        return true;
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strncmp(op->type, ours[i], strlen(ours[i])) == 0 && strncmp(op->type, "torch.nn.", 9) != 0)
            return false;
    return isupper((unsigned char)(dot ? dot[1] : op->type[0])) &&
           !signature_find(op->graph->signatures, op->type);
}

static void check_type(const struct graph *g, const char *option, const char *text, const char *type)
{
    struct near near = near_start(type, strlen(type));
    char hint[200];
    const struct operator *op = g->first;
    for (; op && !is_named(op, type); op = op->next)
        near_offer(&near, layer_name(op));
    if (!op)
        report(STATUS_USAGE, nowhere, "%s=%s: the model has no operator of that type%s", option, text,
               near_hint(&near, hint));
}

void custom_check(const struct graph *g, const struct custom *custom)
{
    for (size_t i = 0; i < custom->types->count; i++)
        check_type(g, "custom", custom->types->items[i], custom->types->items[i]);
    for (size_t i = 0; i < custom->count; i++)
        check_type(g, "layer", custom->specs[i].text, custom->specs[i].type);
}

/* ---- parameters and weights ---- */

/* "arg_3" is the parameter 3; -1: another key. */
static int custom_id(const char *key)
{
    int id = -1;
    if (strncmp(key, "arg_", 4) == 0 && isdigit((unsigned char)key[4]) && strlen(key) <= 6)
        id = (int)strtol(key + 4, NULL, 10);
    return id;
}

/* Adds the weight behind those that the layer has.  Weights are sorted by their keys, of which the second letter says how
 * it is stored: the first goes up where that changes. */
static void add_weight(struct operator *layer, const struct attribute *w, bool tagged)
{
    struct attribute copy = *w;
    size_t count = layer->attribute_count;
    const char *last = count ? layer->attributes[count - 1].key : NULL;
    char letter = tagged ? 't' : 'r';
    int run = !last ? '0' : last[1] == letter ? last[0] : last[0] + 1;
    if (run > '~') {
        report(STATUS_CONVERSION, operator_place(layer),
               "%s '%s': its weights are stored in too many ways in turn", layer->type, layer->name);
        return;
    }
    copy.key = arena_printf(&layer->graph->arena, "%c%c%06zu", run, letter, count);
    operator_add_attribute(layer, copy);
}

/* "a, b, c": what the operator has in place of what was asked for. */
static const char *keys_of(const struct operator *op, bool weights)
{
    const char *text = "";
    size_t count = weights ? op->attribute_count : op->argument_count;
    for (size_t i = 0; i < count; i++)
        if (weights || !value_has_operand(&op->arguments[i].value))
            text = arena_printf(&op->graph->arena, "%s%s%s", text, *text ? ", " : "",
                                weights ? op->attributes[i].key : op->arguments[i].key);
    return *text ? text : "none";
}

static void report_absent(const struct operator *op, const struct custom_spec *spec,
                          const struct custom_item *item)
{
    bool weight = item->source != CUSTOM_ARGUMENT;
    report(STATUS_CONVERSION, operator_place(op), "layer=%s: %s '%s' has no %s '%s' (there are: %s)",
           spec->text, op->type, op->name, weight ? "weight" : "constant argument", item->key,
           keys_of(op, weight));
}

/* ---- classes ---- */

static enum custom_kind kind_of(const struct value *v)
{
    bool any_float = false;
    for (size_t i = 0; v->kind == VALUE_LIST && i < v->list.count; i++)
        any_float = any_float || v->list.items[i].kind == VALUE_FLOAT;
    switch (v->kind) {
    case VALUE_BOOL:
    case VALUE_INT: return CUSTOM_INT;
    case VALUE_FLOAT: return CUSTOM_FLOAT;
    case VALUE_STRING: return CUSTOM_TEXT;
    case VALUE_LIST: return any_float ? CUSTOM_FLOATS : CUSTOM_INTS;
    default: return CUSTOM_NONE;
    }
}

/* How both can be read: integers as floats. */
static enum custom_kind common_kind(enum custom_kind a, enum custom_kind b)
{
    if (a == b || b == CUSTOM_NONE)
        return a;
    if (a == CUSTOM_NONE)
        return b;
    if (a + b == CUSTOM_INT + CUSTOM_FLOAT && a <= CUSTOM_FLOAT && b <= CUSTOM_FLOAT)
        return CUSTOM_FLOAT;
    return a >= CUSTOM_INTS && b >= CUSTOM_INTS && a < CUSTOM_MIXED && b < CUSTOM_MIXED ? CUSTOM_FLOATS
                                                                                        : CUSTOM_MIXED;
}

static struct custom_class *class_of(struct custom_classes *classes, const struct operator *layer,
                                     const char *type)
{
    struct graph *g = layer->graph;
    for (size_t i = 0; i < classes->count; i++)
        if (classes->items[i].layer == layer->type)
            return &classes->items[i];
    classes->items = arena_grow(&g->arena, classes->items, classes->count, sizeof *classes->items);
    struct custom_class *class = &classes->items[classes->count++];
    *class = (struct custom_class){ .layer = layer->type, .type = type, .first = layer, .single = true };
    return class;
}

/* A layer that is being made, what is said of it, and its class. */
struct making {
    struct operator *op, *layer;
    const struct custom_spec *spec; /* or NULL */
    struct custom_class *class;
    size_t weights; /* that it has so far */
};

static void make_parameter(struct making *m, int id, const char *from, struct value v)
{
    struct custom_parameter *p = &m->class->parameters[id];
    char key[16];
    snprintf(key, sizeof key, "%d", id);
    operator_set(m->layer, key, v);
    p->from = from;
    p->kind = common_kind(p->kind, kind_of(&v));
}

static void make_weight(struct making *m, const struct attribute *w, bool tagged)
{
    struct custom_class *c = m->class;
    size_t elements = dtype_size(w->dtype) ? w->size / dtype_size(w->dtype) : 0;
    add_weight(m->layer, w, tagged);
    if (c->first == m->layer) {
        c->weights = arena_grow(&m->op->graph->arena, c->weights, c->weight_count, sizeof *c->weights);
        c->weights[c->weight_count++] = (struct custom_weight){ w->key, elements, tagged, false, -1 };
    } else if (m->weights >= c->weight_count || c->weights[m->weights].key != w->key ||
               c->weights[m->weights].tagged != tagged) {
        c->differs = true;
    } else if (c->weights[m->weights].elements != elements) {
        c->weights[m->weights].varies = true;
    }
    m->weights++;
}

static void make_item(struct making *m, const struct custom_item *item)
{
    const struct attribute *w = operator_attribute(m->op, item->key);
    const struct value *v = operator_value(m->op, item->key);
    switch (item->source) {
    case CUSTOM_NUMBER: make_parameter(m, item->id, item->key, item->number); return;
    case CUSTOM_ARGUMENT:
        if (v && !value_has_operand(v)) {
            make_parameter(m, item->id, item->key, *v);
            return;
        }
        break;
    case CUSTOM_SIZE:
        if (w && dtype_size(w->dtype)) {
            make_parameter(m, item->id, item->key, value_int((int64_t)(w->size / dtype_size(w->dtype))));
            return;
        }
        break;
    case CUSTOM_WEIGHT:
        if (w) {
            make_weight(m, w, item->tagged);
            return;
        }
        break;
    }
    report_absent(m->op, m->spec, item);
}

/* Without a list: what custom= has. */
static void make_all(struct making *m)
{
    const struct operator *op = m->op;
    for (size_t i = 0; i < op->argument_count; i++)
        if (!value_has_operand(&op->arguments[i].value) && custom_id(op->arguments[i].key) >= 0)
            make_parameter(m, custom_id(op->arguments[i].key), op->arguments[i].key, op->arguments[i].value);
    for (size_t i = 0; i < op->attribute_count; i++)
        make_weight(m, &op->attributes[i], false);
}

static void note_sizes(struct custom_class *class, const struct custom_spec *spec)
{
    for (size_t i = 0; spec && i < spec->count; i++)
        for (size_t k = 0; spec->items[i].source == CUSTOM_SIZE && k < class->weight_count; k++)
            if (strcmp(class->weights[k].key, spec->items[i].key) == 0)
                class->weights[k].size = spec->items[i].id;
}

/* Operands in lists are inputs, too. */
static void add_operand(struct operand *x, void *context)
{
    struct value **end = context;
    *(*end)++ = value_operand(x);
}

static void count_operand(struct operand *x, void *context)
{
    (void)x;
    ++*(size_t *)context;
}

static void finish_one(struct operator *op, const struct custom *custom, struct custom_classes *classes)
{
    struct graph *g = op->graph;
    const struct custom_spec *spec = spec_of(op, custom);
    struct operator *layer = graph_add(g, op, spec ? spec->name : layer_name(op), op->name);
    struct making m = { op, layer, spec, class_of(classes, layer, op->type), 0 };
    size_t count = 0;
    operator_each_operand(op, count_operand, &count);
    struct value *inputs = arena_array(&g->arena, count + 1, sizeof *inputs), *end = inputs;
    operator_each_operand(op, add_operand, &end);
    if (!spec || !spec->listed)
        make_all(&m);
    for (size_t i = 0; spec && i < spec->count; i++)
        make_item(&m, &spec->items[i]);
    note_sizes(m.class, spec);
    m.class->differs = m.class->differs || m.weights != m.class->weight_count;
    m.class->single = m.class->single && count == 1 && op->output_count == 1;
    operator_set(layer, "inputs", value_list(inputs, count));
    while (op->output_count)
        operand_move(op->outputs[0], layer);
    operator_remove(op);
}

static struct value as_float(struct arena *arena, const struct value *v)
{
    double f = 0;
    if (v->kind == VALUE_LIST) {
        struct value *items = arena_array(arena, v->list.count + 1, sizeof *items);
        for (size_t i = 0; i < v->list.count; i++)
            items[i] = as_float(arena, &v->list.items[i]);
        return value_list(items, v->list.count);
    }
    return value_number(v, &f) ? value_float(f) : *v;
}

/* The runtime keeps an integer and a float in the same place, and reads either as the other's bits. */
static void make_floats(struct graph *g, const struct custom_class *class)
{
    for (struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; op->type == class->layer && i < op->argument_count; i++) {
            const struct argument *a = &op->arguments[i];
            int id = isdigit((unsigned char)*a->key) ? (int)strtol(a->key, NULL, 10) : NCNN_PARAMETERS;
            enum custom_kind kind = id < NCNN_PARAMETERS ? class->parameters[id].kind : CUSTOM_NONE;
            if (kind == CUSTOM_FLOAT || kind == CUSTOM_FLOATS)
                operator_set(op, a->key, as_float(&g->arena, &a->value));
        }
}

struct custom_classes custom_finish(struct graph *g, const struct custom *custom)
{
    struct custom_classes classes = { NULL, 0 }, own = { NULL, 0 };
    for (struct operator *op = g->first, *next; op; op = next) {
        next = op->next;
        if ((strpbrk(op->type, ".:") || custom_may(op)) && custom_stays(op, custom))
            finish_one(op, custom, &classes);
    }
    for (size_t i = 0; i < classes.count; i++) {
        if (signature_find(g->signatures, classes.items[i].layer)) /* one that the runtime has */
            continue;
        make_floats(g, &classes.items[i]);
        own.items = arena_grow(&g->arena, own.items, own.count, sizeof *own.items);
        own.items[own.count++] = classes.items[i];
    }
    return own;
}
