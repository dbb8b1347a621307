/* rules.c - rule sets: made, what is known of them, rules that are left out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/near.h"
#include "common/rewrite/match.h"
#include "common/rewrite/misses.h"
#include "common/rewrite/value/value.h"

struct rules *rules_new(struct strings *strings, const struct signatures *signatures,
                        const struct rule_function *functions, size_t function_count)
{
    struct rules *rules = xmalloc(sizeof *rules);
    *rules = (struct rules){ .strings = strings,
                             .signatures = signatures,
                             .all_functions = functions,
                             .function_count = function_count };
    arena_init(&rules->arena);
    map_init(&rules->by_type);
    map_init(&rules->functions);
    for (size_t i = 0; i < function_count; i++)
        map_put(&rules->functions, intern(strings, functions[i].name), (void *)&functions[i]);
    map_init(&rules->commutative);
    map_init(&rules->names);
    map_init(&rules->errors);
    rules->examples_end = &rules->examples;
    rules->scratch = xmalloc(sizeof *rules->scratch);
    *rules->scratch = (struct scratch){ 0 };
    return rules;
}

void rules_free(struct rules *rules)
{
    if (!rules)
        return;
    map_release(&rules->by_type);
    map_release(&rules->functions);
    map_release(&rules->commutative);
    map_release(&rules->names);
    map_release(&rules->errors);
    if (rules->misses)
        map_release(rules->misses);
    free(rules->misses);
    scratch_release(rules->scratch);
    free(rules->scratch);
    arena_release(&rules->arena);
    free(rules);
}

void rules_allow_scopes(struct rules *rules)
{
    rules->scopes = true;
}

void rules_explain(struct rules *rules, bool on)
{
    rules->explain = on;
}

void rules_note_misses(struct rules *rules)
{
    rules->misses = xmalloc(sizeof *rules->misses);
    map_init(rules->misses);
}

/* Switches off the rules with that name, or of that file; false: there is none. */
static bool leave_out(struct rules *rules, const char *name)
{
    bool found = false;
    for (size_t i = 0; i < rules->count; i++)
        if (strcmp(rules->items[i]->name, name) == 0 || strcmp(rules->items[i]->file, name) == 0)
            found = rules->items[i]->off = true;
    return found;
}

static void offer_names(const struct rules *rules, struct near *near)
{
    for (size_t i = 0; i < rules->count; i++)
        near_offer(near, rules->items[i]->name);
}

void rules_without(struct rules *const *sets, size_t count, const struct text_list *names)
{
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i];
        struct near near = near_start(name, strlen(name));
        bool found = false;
        char hint[200];
        for (size_t k = 0; k < count; k++) {
            if (!sets[k])
                continue;
            found = leave_out(sets[k], name) || found;
            offer_names(sets[k], &near);
        }
        if (!found)
            report(STATUS_USAGE, nowhere, "without=%s: no built-in rule has that name%s", name,
                   near_hint(&near, hint));
    }
}

static bool is_layer(const struct node *part)
{
    return part && part->kind == NODE_CALL && !part->function && !strpbrk(part->text, ".:");
}

static bool makes_layer(const struct choice *choice)
{
    for (size_t i = 0; i < choice->part_count; i++)
        if (is_layer(choice->parts[i]))
            return true;
    return false;
}

static enum rule_subject subject_of(const struct rule *rule)
{
    if (is_layer(rule->pattern))
        return RULES_ON_LAYERS;
    for (size_t i = 0; i < rule->choice_count; i++)
        if (makes_layer(&rule->choices[i]))
            return RULES_THAT_LOWER;
    return RULES_ON_OPERATORS;
}

void rules_report_misses(const struct rules *rules, enum rule_subject subject)
{
    for (size_t i = 0; i < rules->count && rules->misses; i++)
        if (!rules->items[i]->off && subject_of(rules->items[i]) == subject)
            misses_report(rules, rules->items[i]);
}

void rules_without_layers(struct rules *rules)
{
    for (size_t i = 0; i < rules->count; i++)
        if (subject_of(rules->items[i]) != RULES_ON_OPERATORS)
            rules->items[i]->off = true;
}

const struct rule_macro *rules_macro(const struct rules *rules, const char *name)
{
    return map_get(&rules->macros, name);
}

const struct rule_function *rules_function(const struct rules *rules, const char *name)
{
    return map_get(&rules->functions, name);
}

bool rules_is_function(const struct rules *rules, const char *name)
{
    if (strpbrk(name, ".:")) /* a type, as most are */
        return false;
    return builtin_find(name) >= 0 || rules_function(rules, name);
}

void rules_error(struct rules *rules, int line, int column, const char *format, ...)
{
    char place[64], text[1000];
    va_list arguments;
    snprintf(place, sizeof place, "%d:%d:", line, column);
    const char *key = intern(rules->strings, arena_printf(&rules->arena, "%s%s", place, rules->file));
    if (map_get(&rules->errors, key))
        return;
    map_put(&rules->errors, key, rules);
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    report(STATUS_USAGE, (struct place){ rules->file, line, column }, "%s", text);
}
