/* remedies.c - see remedies.h. */
#include "cmd/pnnx2ncnn/remedies.h"

#include <string.h>

#include "cmd/pnnx2ncnn/passes/passes.h"
#include "common/base/word_table.h"
#include "common/graph/dim.h"

extern const char remedies_text[];
extern const size_t remedies_text_size;

enum { ANY_SIZE = 128 }; /* what a size is where nothing is said of it */

const int64_t size_remedies[SIZE_REMEDIES] = { 1024, 256, 64, 0 };

const char *remedy_of(const struct operator *op)
{
    return word_table_find(&op->graph->arena, remedies_text, remedies_text_size, op->type);
}

/* ---- names ---- */

/* Calls `visit` for each name in d. */
static void each_name(struct graph *g, int64_t d, void (*visit)(const char *name, void *context),
                      void *context)
{
    struct dim_term term;
    for (int i = 0; dim_term(g, d, i, &term); i++)
        for (int k = 0; k < term.count; k++) {
            if (term.parts[k].kind == DIM_NAME) {
                visit(term.parts[k].name, context);
            } else {
                each_name(g, term.parts[k].top, visit, context);
                each_name(g, term.parts[k].bottom, visit, context);
            }
        }
}

static bool is_unnamed(const struct unnamed_sizes *unnamed, const char *name)
{
    for (size_t i = 0; i < unnamed->count; i++)
        if (unnamed->names[i] == name)
            return true;
    return false;
}

/* Names in the order in which they are met. */
struct name_list {
    struct arena *arena;
    const struct unnamed_sizes *unnamed;
    const char *words, **items;
    size_t count;
    bool any_unnamed;
};

static void note_name(const char *name, void *context)
{
    struct name_list *list = context;
    if (is_unnamed(list->unnamed, name)) {
        list->any_unnamed = true;
        return;
    }
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i] == name)
            return;
    list->items = arena_grow(list->arena, list->items, list->count, sizeof *list->items);
    list->items[list->count++] = name;
    list->words =
        arena_printf(list->arena, "%s%s%s", list->words ? list->words : "", list->words ? ", " : "", name);
}

const char *size_said(struct graph *g, int64_t d, const struct unnamed_sizes *unnamed)
{
    struct name_list list = { .arena = &g->arena, .unnamed = unnamed };
    const char *text = dim_text(g, d);
    each_name(g, d, note_name, &list);
    return list.any_unnamed ? "?" : text + (*text == '%');
}

static void note_operand(struct operand *x, void *context)
{
    struct graph *g = x->producer->graph;
    for (int i = 0; i < x->rank; i++)
        each_name(g, x->shape[i], note_name, context);
    each_name(g, x->number, note_name, context);
}

struct free_sizes sizes_of(const struct operator *op, const struct unnamed_sizes *unnamed)
{
    struct name_list list = { .arena = &op->graph->arena, .unnamed = unnamed };
    operator_each_operand(op, note_operand, &list);
    for (size_t i = 0; i < op->output_count; i++)
        note_operand(op->outputs[i], &list);
    struct free_sizes sizes = { list.words, list.count ? list.items[0] : NULL };
    if (list.any_unnamed)
        sizes.words = arena_printf(list.arena, "%s%s?", list.words ? list.words : "", list.words ? ", " : "");
    return sizes;
}

/* ---- trying ---- */

struct bound {
    struct graph *graph;
    int64_t most;
};

static void bound_name(const char *name, void *context)
{
    const struct bound *bound = context;
    int64_t d = dim_named(bound->graph, name);
    struct dim_note note = dim_get_note(bound->graph, d);
    if (note.most == 0 || note.most > bound->most)
        dim_set_note(bound->graph, d, (struct dim_note){ note.example, bound->most });
}

/* A text that is read again may be simpler under a bound: min(h;64). */
static void give_size(struct graph *g, int64_t *d, int64_t remedy)
{
    struct bound bound = { g, remedy };
    int64_t constant;
    if (*d >= DIM_UNKNOWN || dim_constant(g, *d, &constant))
        return;
    if (remedy == 0) {
        *d = dim_example(g, *d, ANY_SIZE);
        return;
    }
    each_name(g, *d, bound_name, &bound);
    dim_parse(g, dim_text(g, *d), d);
}

void sizes_give(struct graph *g, int64_t remedy)
{
    for (struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; i < op->output_count; i++) {
            struct operand *x = op->outputs[i];
            for (int k = 0; k < x->rank; k++)
                give_size(g, &x->shape[k], remedy);
            give_size(g, &x->number, remedy);
        }
}

const char *sizes_remedy(struct arena *arena, const struct free_sizes *sizes, int64_t remedy)
{
    const char *whose = report_in_driver() ? "" : " of pnnxshape or pnnx";
    bool many = strpbrk(sizes->words, ",?");
    if (remedy)
        return arena_printf(arena, "inputshape=%s with %s for %s: %s<=%d", whose, many ? "bounds" : "a bound",
                            sizes->words, sizes->named ? sizes->named : "n", (int)remedy);
    return arena_printf(arena, "inputshape=%s with %s for %s", whose, many ? "numbers" : "a number",
                        sizes->words);
}
