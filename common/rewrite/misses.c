/* misses.c - see misses.h.
 *
 * How far an attempt came is counted in operators that matched, then in names that were bound; one that failed at the
 * rule's conditions has matched everything.  Text is made for an improvement only, so that a rule costs a few lines. */
#include "common/rewrite/misses.h"

#include <inttypes.h>

#include "common/base/float_text.h"

struct miss {
    size_t progress;
    const char *text;
    bool applied;
};

enum { ALL_MATCHED = 1 << 20, WORTH_OF_OPERATOR = 64, MOST_ITEMS = 8 };

/* ---- what is there, and what was asked for ---- */

static const char *value_said(struct arena *arena, const struct value *v)
{
    char number[FLOAT_TEXT];
    if (!v)
        return "left out";
    switch (v->kind) {
    case VALUE_NONE: return "None";
    case VALUE_BOOL: return v->boolean ? "True" : "False";
    case VALUE_INT: return arena_printf(arena, "%" PRId64, v->integer);
    case VALUE_FLOAT: float_text(number, v->real); return arena_printf(arena, "%s", number);
    case VALUE_STRING: return arena_printf(arena, "'%s'", v->string);
    case VALUE_OPERAND: {
        const struct operator *op = v->operand->producer;
        return arena_printf(arena, "the result of %s '%s'", op->type, op->name);
    }
    case VALUE_LIST: {
        const char *text = "";
        for (size_t i = 0; i < v->list.count && i < MOST_ITEMS; i++)
            text = arena_printf(arena, "%s%s%s", text, i ? ", " : "", value_said(arena, &v->list.items[i]));
        return arena_printf(arena, "[%s%s]", text, v->list.count > MOST_ITEMS ? ", ..." : "");
    }
    default: return "a complex number";
    }
}

static const char *node_said(struct arena *arena, const struct match *m, const struct node *n)
{
    char number[FLOAT_TEXT];
    switch (n->kind) {
    case NODE_NONE: return "None";
    case NODE_BOOL: return n->boolean ? "True" : "False";
    case NODE_INT: return arena_printf(arena, "%" PRId64, n->integer);
    case NODE_FLOAT: float_text(number, n->real); return arena_printf(arena, "%s", number);
    case NODE_STRING: return arena_printf(arena, "'%s'", n->text);
    case NODE_CALL:
    case NODE_BRACES: return arena_printf(arena, "the result of %s", n->text);
    case NODE_AS:
    case NODE_OPTIONAL: return node_said(arena, m, n->kids[0]);
    case NODE_KIND: return arena_printf(arena, "of the kind %s", n->text);
    case NODE_AT: return "a constant tensor";
    case NODE_LIST: return arena_printf(arena, "a list of %zu", n->count);
    case NODE_ALTERNATIVE:
        return arena_printf(arena, "%s or %s", node_said(arena, m, n->kids[0]),
                            node_said(arena, m, n->kids[1]));
    case NODE_NAME:
        if (n->slot != NO_SLOT && m->slots[n->slot].kind == ITEM_VALUE)
            return arena_printf(arena, "%s, which is %s", n->text,
                                value_said(arena, &m->slots[n->slot].value));
        return n->text;
    default: return "what the rule says";
    }
}

/* ---- what differs ---- */

static const char *root_said(const struct match *m)
{
    return m->root ? arena_printf(&m->rules->arena, "nearest is %s '%s': ", m->root->type, m->root->name)
                   : "";
}

/* An operator of the attempt; the root is named before. */
static const char *operator_said(const struct match *m, const struct operator *op)
{
    return op == m->root ? "" : arena_printf(&m->rules->arena, " of %s '%s'", op->type, op->name);
}

static const char *argument_said(const struct match *m, const struct operator *op, const char *key,
                                 const struct value *given, const struct node *wanted)
{
    struct arena *arena = &m->rules->arena;
    const char *of = arena_printf(arena, "%s%s is %s", key, operator_said(m, op), value_said(arena, given));
    if (!wanted)
        return arena_printf(arena, "%s, and the rule leaves it out (instead: ... stands for all others)", of);
    return arena_printf(arena, "%s, not %s", of, node_said(arena, m, wanted));
}

static const char *goal_said(const struct match *m, const struct goal *goal)
{
    struct arena *arena = &m->rules->arena;
    const struct mismatch *x = &m->mismatch;
    if (x->op && x->reader)
        return arena_printf(arena, "%s '%s' is read by %s '%s' besides", x->op->type, x->op->name,
                            x->reader->type, x->reader->name);
    if (x->condition)
        return arena_printf(arena, "what line %d asks for (column %d) is %s", x->condition->line,
                            x->condition->column, x->unknown ? "not known" : "not so");
    if (x->op)
        return argument_said(m, x->op, x->key, x->given, x->wanted);
    if (goal->kind == GOAL_BRACES || goal->kind == GOAL_TREE)
        return "the operands are others than those in the rule's braces";
    if (goal->kind != GOAL_MATCH || !goal->node)
        return "something else is there";
    if (goal->op && goal->parameter)
        return argument_said(m, goal->op, goal->parameter->name, goal->value, goal->node);
    return arena_printf(arena, "there is %s, not %s", value_said(arena, goal->value),
                        node_said(arena, m, goal->node));
}

/* ---- the furthest attempt of each rule ---- */

static struct miss *miss_of(struct rules *rules, const struct rule *rule)
{
    struct miss *miss = map_get(rules->misses, rule);
    if (!miss) {
        miss = arena_alloc(&rules->arena, sizeof *miss);
        *miss = (struct miss){ .text = NULL };
        map_put(rules->misses, rule, miss);
    }
    return miss;
}

static void note_text(const struct match *m, size_t progress, const char *text)
{
    struct miss *miss = miss_of(m->rules, m->rule);
    miss->progress = progress;
    miss->text = arena_printf(&m->rules->arena, "%s%s", root_said(m), text);
}

void misses_note(const struct match *m, const struct goal *goal)
{
    const struct miss *miss = miss_of(m->rules, m->rule);
    size_t progress = 1 + m->operator_count * WORTH_OF_OPERATOR + m->trail_count;
    if (goal->kind == GOAL_FINISH)
        progress += ALL_MATCHED;
    if (!miss->applied && progress > miss->progress)
        note_text(m, progress, goal_said(m, goal));
}

void misses_note_result(const struct match *m)
{
    const struct miss *miss = miss_of(m->rules, m->rule);
    if (!miss->applied && miss->progress < (size_t)2 * ALL_MATCHED)
        note_text(m, (size_t)2 * ALL_MATCHED,
                  "a weight or a value of the result is not known, or it cannot stand there");
}

void misses_forget(struct rules *rules, const struct rule *rule)
{
    miss_of(rules, rule)->applied = true;
}

/* The operator at the root of the pattern, for a rule that was never tried. */
static const char *root_type(const struct rule *rule)
{
    const struct node *n = rule->pattern;
    while (n && (n->kind == NODE_AS || n->kind == NODE_ALTERNATIVE))
        n = n->kids[0];
    return n && n->text ? n->text : "such a module";
}

void misses_report(const struct rules *rules, const struct rule *rule)
{
    const struct miss *miss = map_get(rules->misses, rule);
    struct place place = { rule->file, rule->line, rule->column };
    if (miss && miss->applied)
        return;
    if (miss && miss->text)
        note(place, "'%s' applied nowhere: %s", rule->name, miss->text);
    else
        note(place, "'%s' applied nowhere: it met no %s", rule->name, root_type(rule));
}
