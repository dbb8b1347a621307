/* rewrite.c - rule sets applied to the fixed point. */
#include "common/rewrite/rewrite.h"

#include <stdlib.h>
#include <string.h>

#include "common/rewrite/history.h"
#include "common/rewrite/misses.h"
#include "common/rewrite/result/result.h"

/* The state of one rules_apply(). */
struct application {
    struct rules *rules;
    struct graph *graph;
    struct rule_history *history;
    struct match match;
    bool unsorted;
};

/* Tries one rule; on success *next is where to go on. */
static bool apply_rule(struct application *a, const struct rule *rule, struct operator *root,
                       const struct box_match *box, struct operator **next)
{
    struct application_before before = { a->graph->operator_count, a->graph->operator_ids,
                                         history_chain(a->history, root) };
    if (rule->off || (a->rules->only && strcmp(a->rules->only, rule->name) != 0))
        return false;
    if (!match_rule(&a->match, a->rules, a->graph, rule, root, box))
        return false;
    if (!build_result(&a->match, next)) {
        if (a->rules->misses)
            misses_note_result(&a->match);
        return false;
    }
    if (a->rules->misses)
        misses_forget(a->rules, rule);
    a->unsorted = a->unsorted || rule->box || rule->also_count;
    history_add(a->history, rule, &before, *next ? *next : a->graph->last);
    return true;
}

/* Visits every operator once, and again those that an application made. */
static void sweep(struct application *a)
{
    struct operator *op = a->graph->first;
    while (op && !history_stopped(a->history)) {
        struct operator *next = op->next;
        const struct rule_list *list = map_get(&a->rules->by_type, op->type);
        for (size_t i = 0; list && i < list->count; i++)
            if (apply_rule(a, list->items[i], op, NULL, &next))
                break;
        op = next;
    }
}

/* ---- modules as boxes ---- */

/* The invocations of modules that some box rule asks for, outer ones first. */
struct boxes {
    struct box_match *items;
    size_t count;
    struct map by_scope; /* scope -> its number + 1, as a pointer */
};

static bool is_wanted(const struct rules *rules, const struct scope *scope)
{
    for (size_t i = 0; i < rules->boxes.count; i++)
        if (rule_wants_class(rules->boxes.items[i], scope->class))
            return true;
    return false;
}

static struct box_match *box_of(struct application *a, struct boxes *boxes, const struct scope *scope)
{
    size_t number = (size_t)map_get(&boxes->by_scope, scope);
    if (number)
        return &boxes->items[number - 1];
    boxes->items = arena_grow(&a->graph->arena, boxes->items, boxes->count, sizeof *boxes->items);
    boxes->items[boxes->count] = (struct box_match){ .scope = scope };
    map_put(&boxes->by_scope, scope, (void *)(boxes->count + 1));
    return &boxes->items[boxes->count++];
}

/* Enters an operator into the box of each wanted scope around it. */
static void enter(struct application *a, struct boxes *boxes, struct operator *op, const struct scope *scope)
{
    if (!scope)
        return;
    enter(a, boxes, op, scope->parent);
    if (!is_wanted(a->rules, scope))
        return;
    struct box_match *box = box_of(a, boxes, scope);
    box->items = arena_grow(&a->graph->arena, box->items, box->count, sizeof *box->items);
    box->items[box->count++] = op;
}

static bool is_inside(const struct scope *inner, const struct scope *outer)
{
    while (inner && inner != outer)
        inner = inner->parent;
    return inner != NULL;
}

static void add_operand(struct graph *g, struct operand ***list, size_t *count, struct operand *x)
{
    for (size_t i = 0; i < *count; i++)
        if ((*list)[i] == x)
            return;
    *list = arena_grow(&g->arena, *list, *count, sizeof **list);
    (*list)[(*count)++] = x;
}

/* Whether the operand is a weight of the module: its name begins with the module's path. */
static bool is_own_weight(const struct box_match *box, const struct operand *x)
{
    size_t length = strlen(box->scope->path);
    const char *name = x->producer->name;
    return operator_is(x->producer, "pnnx.Attribute") && strncmp(name, box->scope->path, length) == 0 &&
           (length == 0 || name[length] == '.');
}

struct box_walk {
    struct graph *graph;
    struct box_match *box;
};

static void visit_input(struct operand *x, void *context)
{
    struct box_walk *walk = context;
    struct box_match *box = walk->box;
    bool outside = operator_is(x->producer, "pnnx.Attribute") || !is_inside(x->producer->scope, box->scope);
    if (outside && !is_own_weight(box, x))
        add_operand(walk->graph, &box->inputs, &box->input_count, x);
}

static void find_box_ends(struct application *a, struct box_match *box)
{
    struct box_walk walk = { a->graph, box };
    for (size_t i = 0; i < box->count; i++) {
        const struct operator *op = box->items[i];
        operator_each_operand(op, visit_input, &walk);
        for (size_t k = 0; k < op->output_count; k++)
            for (const struct use *use = op->outputs[k]->uses; use; use = use->next)
                if (!is_inside(use->op->scope, box->scope))
                    add_operand(a->graph, &box->outputs, &box->output_count, op->outputs[k]);
    }
}

/* Types that the rule foresees: those it calls, all of a name space with "aten::*", and those it finds. */
static bool is_foreseen(const struct rule *rule, const char *type)
{
    const struct box *box = rule->box;
    if (box->any_call)
        return true;
    for (size_t i = 0; i < box->calls.count; i++) {
        const char *word = box->calls.items[i];
        size_t length = strlen(word);
        if (word == type ||
            (length > 3 && strcmp(word + length - 3, "::*") == 0 && strncmp(type, word, length - 1) == 0))
            return true;
    }
    for (size_t i = 0; i < box->find_count; i++) {
        const struct node *n = box->finds[i];
        while (n->kind == NODE_AS)
            n = n->kids[0];
        if (n->text == type)
            return true;
    }
    return false;
}

static bool try_box(struct application *a, struct box_match *box)
{
    struct operator *next;
    for (size_t i = 0; i < a->rules->boxes.count; i++) {
        const struct rule *rule = a->rules->boxes.items[i];
        bool foreseen = rule_wants_class(rule, box->scope->class);
        for (size_t k = 0; k < box->count && foreseen; k++)
            foreseen = is_foreseen(rule, box->items[k]->type);
        if (foreseen && apply_rule(a, rule, box->items[box->count - 1], box, &next))
            return true;
    }
    return false;
}

/* Tries the boxes that were not tried yet, outer ones first; true when one was replaced: then the others may have
 * lost operators, and are gathered again. */
static bool apply_box(struct application *a, struct map *tried)
{
    struct boxes boxes = { 0 };
    bool applied = false;
    map_init(&boxes.by_scope);
    for (struct operator *op = a->graph->first; op; op = op->next)
        if (!operator_is(op, "pnnx.Attribute"))
            enter(a, &boxes, op, op->scope);
    for (size_t i = 0; i < boxes.count && !applied && !history_stopped(a->history); i++) {
        struct box_match *box = &boxes.items[i];
        if (map_get(tried, box->scope))
            continue;
        map_put(tried, box->scope, box);
        find_box_ends(a, box);
        applied = box->output_count && try_box(a, box);
    }
    map_release(&boxes.by_scope);
    return applied;
}

static void apply_boxes(struct application *a)
{
    struct map tried;
    map_init(&tried);
    while (apply_box(a, &tried))
        ;
    map_release(&tried);
}

size_t rules_apply_with(struct rules *rules, struct graph *g, struct rule_history *history)
{
    struct application a = { .rules = rules, .graph = g, .history = history };
    size_t before, first = history_count(history), given_up = rules->given_up;
    do {
        before = history_count(history);
        if (rules->boxes.count)
            apply_boxes(&a);
        sweep(&a);
        if (a.unsorted)
            graph_sort(g);
        a.unsorted = false;
    } while (history_count(history) > before && !history_stopped(history));
    if (rules->explain && rules->given_up > given_up)
        note(nowhere, "%zu searches were given up", rules->given_up - given_up);
    free(a.match.operators);
    free(a.match.shared);
    return history_count(history) - first;
}

size_t rules_apply(struct rules *rules, struct graph *g)
{
    struct rule_history *history = rule_history_new(g);
    size_t count = rules_apply_with(rules, g, history);
    rule_history_free(history);
    return count;
}
