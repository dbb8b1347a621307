/* split.c - see ncnn.h: one reader for each blob, or as many as there are. */
#include <stdlib.h>

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

/* ---- taken out, and put back under their names ---- */

/* The Splits of one blob. */
struct split_names {
    const char *layer;
    const char **blobs; /* of all results, in order */
    size_t count;
};

struct ncnn_splits {
    struct map names; /* operand -> struct split_names * */
};

static void note_names(struct ncnn_splits *splits, const struct operator *op, const struct operand *source)
{
    struct arena *arena = &op->graph->arena;
    struct split_names *names = map_get(&splits->names, source);
    if (!names) {
        names = arena_alloc(arena, sizeof *names);
        names->layer = op->name;
        map_put(&splits->names, source, names);
    }
    for (size_t i = 0; i < op->output_count; i++) {
        names->blobs = arena_grow(arena, names->blobs, names->count, sizeof *names->blobs);
        names->blobs[names->count++] = op->outputs[i]->name;
    }
}

/* What a Split copies; NULL: it is none, or copies nothing. */
static struct operand *split_source(const struct operator *op)
{
    const struct value *list = operator_is(op, "Split") ? operator_get(op, "inputs") : NULL;
    bool single = list && list->kind == VALUE_LIST && list->list.count == 1;
    return single ? list->list.items[0].operand : NULL;
}

struct ncnn_splits *ncnn_remove_splits(struct graph *g)
{
    struct ncnn_splits *splits = xmalloc(sizeof *splits);
    map_init(&splits->names);
    for (struct operator *op = g->first, *next; op; op = next) {
        struct operand *source = split_source(op);
        next = op->next;
        if (!source)
            continue;
        note_names(splits, op, source);
        for (size_t i = 0; i < op->output_count; i++)
            operand_replace(op->outputs[i], source);
        operator_remove(op);
    }
    return splits;
}

void ncnn_restore_splits(struct graph *g, struct ncnn_splits *splits)
{
    ncnn_insert_splits(g);
    for (struct operator *op = g->first; op; op = op->next) {
        const struct operand *source = split_source(op);
        const struct split_names *names = source ? map_get(&splits->names, source) : NULL;
        if (!names)
            continue;
        operator_rename(op, names->layer);
        for (size_t i = 0; i < op->output_count && i < names->count; i++)
            if (!graph_find_operand(g, names->blobs[i]))
                operand_rename(op->outputs[i], names->blobs[i]);
    }
    map_release(&splits->names);
    free(splits);
}
