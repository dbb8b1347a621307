/* split.c - see ncnn.h: one reader for each blob. */
#include "common/base/map.h"
#include "formats/ncnn/ncnn.h"

/* The Split of an operand, and how many of its results have been given to readers. */
struct fan {
    struct operator *split;
    size_t given;
};

static void add_split(struct map *fans, struct operand *x)
{
    struct graph *g = x->producer->graph;
    size_t readers = x->use_count;
    struct fan *fan = arena_alloc(&g->arena, sizeof *fan);
    fan->split = graph_add(g, x->producer->next, "Split", graph_fresh_operator_name(g, "splitncnn"));
    for (size_t i = 0; i < readers; i++)
        operand_set_like(operator_add_output(fan->split, NULL), x);
    map_put(fans, x, fan);
}

/* The value with each operand that has a Split replaced by the Split's next result. */
static struct value fanned(struct graph *g, const struct map *fans, struct value v)
{
    if (v.kind == VALUE_OPERAND) {
        struct fan *fan = map_get(fans, v.operand);
        return fan ? value_operand(fan->split->outputs[fan->given++]) : v;
    }
    if (v.kind == VALUE_LIST && value_has_operand(&v)) {
        struct value *items = arena_array(&g->arena, v.list.count, sizeof *items);
        for (size_t i = 0; i < v.list.count; i++)
            items[i] = fanned(g, fans, v.list.items[i]);
        v.list.items = items;
    }
    return v;
}

void ncnn_insert_splits(struct graph *g)
{
    struct map fans;
    map_init(&fans);
    for (struct operator *op = g->first, *next; op; op = next) {
        next = op->next;
        for (size_t i = 0; i < op->output_count; i++)
            if (op->outputs[i]->use_count > 1)
                add_split(&fans, op->outputs[i]);
    }
    for (struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; i < op->argument_count; i++)
            if (!operator_is(op, "Split") && value_has_operand(&op->arguments[i].value))
                operator_set(op, op->arguments[i].key, fanned(g, &fans, op->arguments[i].value));
    for (struct operator *op = g->first; op; op = op->next) {
        for (size_t i = 0; i < op->output_count; i++) {
            struct fan *fan = map_get(&fans, op->outputs[i]);
            struct value x = value_operand(op->outputs[i]);
            if (fan)
                operator_set(fan->split, "inputs", value_list(&x, 1));
        }
    }
    map_release(&fans);
}
