/* names.c - see names.h. */
#include "cmd/pt2pnnx/load/names.h"

#include <stdint.h>
#include <string.h>

#include "common/base/map.h"

/* What an operator does, in a word: "relu" of F.relu, aten::relu and aten::relu_. */
static const char *word_of(struct graph *g, const char *type)
{
    const char *start = type;
    for (const char *p = type; *p; p++)
        if ((*p == '.' || *p == ':') && p[1])
            start = p + 1;
    size_t length = strlen(start);
    if (length > 1 && start[length - 1] == '_' && start[length - 2] != '_')
        length--;
    return intern_length(g->strings, start, length);
}

/* A module that a rule made of all calls in it stands in the scope around it, and has the module's path. */
static bool is_named_module(const struct operator *op)
{
    size_t length = strlen(op->scope->path);
    return strncmp(op->type, "nn.", 3) == 0 && strncmp(op->name, op->scope->path, length) == 0 &&
           (length == 0 || op->name[length] == '.');
}

/* A whole module has its path as name, with a number when it is called again. */
static bool is_whole_module(const struct operator *op)
{
    size_t length = strlen(op->scope->path);
    if (length == 0 || strncmp(op->name, op->scope->path, length) != 0)
        return false;
    const char *rest = op->name + length;
    return *rest == '\0' || (*rest == '_' && rest[1] && rest[1 + strspn(rest + 1, "0123456789")] == '\0');
}

static bool keeps_name(const struct operator *op)
{
    return !op->scope || operator_is(op, "pnnx.Input") || operator_is(op, "pnnx.Output") ||
           operator_is(op, "pnnx.Attribute") || is_whole_module(op) || is_named_module(op);
}

/* The next of "stem_0", "stem_1" ... that is free. */
static const char *next_name(struct graph *g, struct map *counts, const char *stem)
{
    const char *name;
    do {
        uintptr_t count = (uintptr_t)map_get(counts, stem);
        name = intern(g->strings, arena_printf(&g->arena, "%s_%zu", stem, (size_t)count));
        map_put(counts, stem, (void *)(count + 1));
    } while (graph_find(g, name));
    return name;
}

static void name_operator(struct graph *g, struct map *counts, struct operator *op)
{
    const char *path = op->scope->path;
    const char *stem = arena_printf(&g->arena, "%s%s%s", path, *path ? "." : "", word_of(g, op->type));
    operator_rename(op, next_name(g, counts, intern(g->strings, stem)));
}

/* Kept names may be there twice: a module that is called twice. */
static void make_unique(struct graph *g)
{
    for (struct operator *op = g->first; op; op = op->next)
        if (graph_find(g, op->name) != op)
            operator_rename(op, graph_fresh_operator_name(g, op->name));
}

static void number_operands(struct graph *g)
{
    size_t number = 0;
    for (struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; i < op->output_count; i++)
            operand_rename(op->outputs[i], arena_printf(&g->arena, "%zu", number++));
}

void names_from_scopes(struct graph *g)
{
    struct map counts;
    map_init(&counts);
    /* First away from the names they have, so that those are free. */
    for (struct operator *op = g->first; op; op = op->next)
        if (!keeps_name(op))
            operator_rename(op, arena_printf(&g->arena, "\001%zu", op->id));
    for (struct operator *op = g->first; op; op = op->next)
        if (!keeps_name(op))
            name_operator(g, &counts, op);
    make_unique(g);
    number_operands(g);
    map_release(&counts);
}
