/* raise.c - see raise.h. */
#include "cmd/pt2pnnx/raise.h"

#include <string.h>

#include "cmd/pt2pnnx/functions.h"
#include "common/base/report.h"
#include "common/rewrite/rewrite.h"

extern const char modules_text[], single_text[], raise_text[];
extern const size_t modules_text_size, single_text_size, raise_text_size;

/* In this order: no rule may see a type, inside its pattern, that an earlier phase has rewritten. */
static const struct phase {
    const char *name, *text;
    const size_t *size;
} phases[] = {
    { "modules.rules", modules_text, &modules_text_size }, /* several calls */
    { "single.rules", single_text, &single_text_size },    /* one call inside a module of torch.nn */
    { "raise.rules", raise_text, &raise_text_size },       /* one to one */
};

#define PHASES (sizeof phases / sizeof *phases)

static struct rules *load_phase(const struct graph *g, const struct phase *phase, bool explain)
{
    struct rules *rules = rules_new(g->strings, g->signatures, raise_functions, raise_function_count);
    rules_allow_scopes(rules);
    rules_explain(rules, explain);
    rules_read(rules, phase->name, phase->text, *phase->size);
    return rules;
}

void raise_calls(struct graph *g, const struct text_list *without, bool explain)
{
    struct rules *rules[PHASES];
    for (size_t i = 0; i < PHASES; i++)
        rules[i] = load_phase(g, &phases[i], explain);
    rules_without(rules, PHASES, without);
    report_stop();
    struct rule_history *history = rule_history_new(g);
    size_t changed;
    do {
        changed = 0;
        for (size_t i = 0; i < PHASES; i++)
            changed += rules_apply_with(rules[i], g, history);
        rule_history_round(history);
    } while (changed > 0 && report_count() == 0);
    rule_history_free(history);
    for (size_t i = 0; i < PHASES; i++)
        rules_free(rules[i]);
}

/* "pnnx.custom_op.NAMESPACE.NAME", or NULL for aten's, prim's and our own types. */
static const char *custom_type(struct graph *g, const char *type)
{
    const char *colons = strstr(type, "::");
    if (!colons || strncmp(type, "aten::", 6) == 0 || strncmp(type, "prim::", 6) == 0)
        return NULL;
    return arena_printf(&g->arena, "pnnx.custom_op.%.*s.%s", (int)(colons - type), type, colons + 2);
}

static void make_custom(struct operator *op, const char *type)
{
    struct arena *arena = &op->graph->arena;
    size_t count = op->argument_count;
    const struct argument *given = arena_copy(arena, op->arguments, count * sizeof *given);
    struct value *values = arena_array(arena, count + 1, sizeof *values);
    for (size_t i = 0; i < count; i++) {
        values[i] = value_copy(arena, given[i].value);
        operator_unset(op, given[i].key);
    }
    operator_set_type(op, type);
    for (size_t i = 0; i < count; i++)
        operator_set(op, arena_printf(arena, "arg_%zu", i), values[i]);
}

void raise_custom_operators(struct graph *g)
{
    for (struct operator *op = g->first; op; op = op->next) {
        const char *type = custom_type(g, op->type);
        if (type)
            make_custom(op, type);
    }
}
