/* custom.c - see passes.h: operators that no layer of ncnn does, and that the user's own layers do. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/pnnx2ncnn/passes/passes.h"
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

static bool is_asked_for(const struct operator *op, const struct text_list *custom)
{
    for (size_t i = 0; i < custom->count; i++)
        if (is_named(op, custom->items[i]))
            return true;
    return false;
}

bool custom_stays(const struct operator *op, const struct text_list *custom)
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

void custom_check(const struct graph *g, const struct text_list *custom)
{
    for (size_t i = 0; i < custom->count; i++) {
        struct near near = near_start(custom->items[i], strlen(custom->items[i]));
        char hint[200];
        const struct operator *op = g->first;
        for (; op && !is_named(op, custom->items[i]); op = op->next)
            near_offer(&near, layer_name(op));
        if (!op)
            report(STATUS_USAGE, nowhere, "custom=%s: the model has no operator of that type%s",
                   custom->items[i], near_hint(&near, hint));
    }
}

/* "arg_3" is the parameter 3; -1: another key. */
static int custom_id(const char *key)
{
    int id = -1;
    if (strncmp(key, "arg_", 4) == 0 && isdigit((unsigned char)key[4]) && strlen(key) <= 6)
        id = (int)strtol(key + 4, NULL, 10);
    return id;
}

/* Weights follow one another as they are, in the order of their names. */
static void move_weights(struct operator *op, struct operator *layer)
{
    for (size_t i = 0; i < op->attribute_count; i++) {
        struct attribute w = op->attributes[i];
        w.key =
            arena_printf(&op->graph->arena, "%06zur", i); /* no t behind one digit, which a tag would be */
        operator_add_attribute(layer, w);
    }
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

static void finish_one(struct operator *op)
{
    struct graph *g = op->graph;
    struct operator *layer = graph_add(g, op, layer_name(op), op->name);
    size_t count = 0;
    operator_each_operand(op, count_operand, &count);
    struct value *inputs = arena_array(&g->arena, count + 1, sizeof *inputs), *end = inputs;
    operator_each_operand(op, add_operand, &end);
    for (size_t i = 0; i < op->argument_count; i++) {
        const struct argument *a = &op->arguments[i];
        char key[16];
        if (value_has_operand(&a->value) || custom_id(a->key) < 0)
            continue;
        snprintf(key, sizeof key, "%d", custom_id(a->key));
        operator_set(layer, key, a->value);
    }
    operator_set(layer, "inputs", value_list(inputs, count));
    move_weights(op, layer);
    while (op->output_count)
        operand_move(op->outputs[0], layer);
    operator_remove(op);
}

void custom_finish(struct graph *g, const struct text_list *custom)
{
    for (struct operator *op = g->first, *next; op; op = next) {
        next = op->next;
        if ((strpbrk(op->type, ".:") || custom_may(op)) && custom_stays(op, custom))
            finish_one(op);
    }
}
