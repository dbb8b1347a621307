/* check.c - mistakes that only several rules together make: one that an earlier one always shadows, or that a later one says
 * too, rules that undo each other (also one of the user's and a built-in one), a pattern that waits inside for what another rule has rewritten already.
 *
 * All ask whether one pattern fits everything that another tree describes, where the conditions of the one are among those of the
 * other.  The answer errs to "no": a rule with a value that may be unknown is never taken to apply always. */
#include <string.h>

#include "common/rewrite/value/value.h"

/* What the names of the wider rule stand for in the narrower tree. */
struct cover {
    struct rules *rules;
    const struct rule *wide, *narrow;
    const struct node **bound; /* by slot of the wider rule; scratch memory */
    size_t depth;
};

static bool covers(struct cover *c, const struct node *wide, const struct node *narrow);

static const struct node *without_as(const struct node *n)
{
    while (n->kind == NODE_AS)
        n = n->kids[0];
    return n;
}

/* A position has a key in patterns only. */
static bool same_place(const struct node_argument *a, const struct node_argument *b)
{
    return a->kind == b->kind && (a->kind == ARGUMENT_POSITION || a->key == b->key);
}

static bool same_tree(const struct node *a, const struct node *b)
{
    if (a->kind != b->kind || a->text != b->text || a->slot != b->slot || a->count != b->count ||
        a->argument_count != b->argument_count)
        return false;
    if ((a->kind == NODE_INT && a->integer != b->integer) || (a->kind == NODE_BINARY && a->token != b->token))
        return false;
    if (a->kind == NODE_FLOAT && a->real != b->real)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->kids[i] && b->kids[i] && !same_tree(a->kids[i], b->kids[i]))
            return false;
    for (size_t i = 0; i < a->argument_count; i++)
        if (!same_place(&a->arguments[i], &b->arguments[i]) ||
            (a->arguments[i].value && b->arguments[i].value &&
             !same_tree(a->arguments[i].value, b->arguments[i].value)))
            return false;
    return true;
}

static bool is_literal(const struct node *n)
{
    return n->kind <= NODE_STRING;
}

static bool same_literal(const struct node *a, const struct node *b)
{
    if (a->kind == NODE_STRING || b->kind == NODE_STRING)
        return a->kind == b->kind && a->text == b->text;
    if (a->kind == NODE_BOOL || b->kind == NODE_BOOL)
        return a->kind == b->kind && a->boolean == b->boolean;
    if (a->kind == NODE_NONE || b->kind == NODE_NONE)
        return a->kind == b->kind;
    double x = a->kind == NODE_INT ? (double)a->integer : a->real;
    double y = b->kind == NODE_INT ? (double)b->integer : b->real;
    return (float)x == (float)y;
}

/* The key of an argument in the first form of the operator; NULL: none. */
static const char *argument_key(const struct rules *rules, const struct node *call, size_t index)
{
    const struct signature *s = signature_find(rules->signatures, call->text);
    const struct node_argument *a = &call->arguments[index];
    size_t position = 0;
    if (a->kind == ARGUMENT_KEY || a->key)
        return a->key;
    for (size_t i = 0; i < index; i++)
        position += call->arguments[i].kind == ARGUMENT_POSITION;
    return s && position < s->parameter_count ? s->parameters[position].name : NULL;
}

static bool is_value(const struct node_argument *a)
{
    return a->kind == ARGUMENT_POSITION || a->kind == ARGUMENT_KEY;
}

static const struct node *find_argument(const struct rules *rules, const struct node *call, const char *key)
{
    for (size_t i = 0; i < call->argument_count; i++)
        if (is_value(&call->arguments[i]) && argument_key(rules, call, i) == key)
            return call->arguments[i].value;
    return NULL;
}

static bool has_rest(const struct node *call)
{
    for (size_t i = 0; i < call->argument_count; i++)
        if (call->arguments[i].kind == ARGUMENT_REST || call->arguments[i].kind == ARGUMENT_REST_OF ||
            call->arguments[i].kind == ARGUMENT_COMPUTED)
            return true;
    return false;
}

/* Whether the argument of the operator, which has one form only, has a default. */
static bool has_default(const struct rules *rules, const char *type, const char *key)
{
    const struct signature *s = signature_find(rules->signatures, type);
    const struct parameter *p = s && !s->next && key ? signature_parameter(s, key) : NULL;
    return p && p->has_default;
}

static bool covers_call(struct cover *c, const struct node *wide, const struct node *narrow)
{
    const struct rules *rules = c->rules;
    bool rest = has_rest(wide);
    if (wide->text != narrow->text || wide->kind != narrow->kind || (has_rest(narrow) && !rest) ||
        (narrow->shared && !wide->shared && wide != c->wide->pattern))
        return false;
    for (size_t i = 0; i < wide->argument_count; i++) {
        const struct node_argument *a = &wide->arguments[i];
        if (a->kind == ARGUMENT_ATTRIBUTE)
            return false;
        if (!is_value(a))
            continue;
        const char *key = argument_key(rules, wide, i);
        const struct node *other = key ? find_argument(rules, narrow, key) : NULL;
        bool open = a->value->kind == NODE_OPTIONAL || a->value->kind == NODE_ANY ||
                    (a->value->kind == NODE_NAME && has_default(rules, wide->text, key));
        if (other ? !covers(c, a->value, other) : !open)
            return false;
    }
    for (size_t i = 0; i < narrow->argument_count && !rest; i++) {
        const char *key = argument_key(rules, narrow, i);
        if (is_value(&narrow->arguments[i]) && (!key || !find_argument(rules, wide, key)))
            return false;
    }
    return true;
}

enum { BRACE_LEAVES = 5 }; /* of the wider pattern: their orders are tried one by one */

/* The leaves of a tree of that operator, written with braces or as calls whose only arguments are the two operands;
 * false: too many, or further arguments. */
static bool gather_leaves(const char *type, const struct node *n, const struct node **leaves, size_t *count)
{
    n = without_as(n);
    bool inner = (n->kind == NODE_BRACES || n->kind == NODE_CALL) && n->text == type && !n->optional;
    if (!inner) {
        if (*count < BRACE_LEAVES)
            leaves[*count] = n;
        return ++*count <= BRACE_LEAVES;
    }
    if (n->kind == NODE_CALL && n->argument_count != 2)
        return false;
    for (size_t i = 0; i < n->argument_count; i++)
        if (!is_value(&n->arguments[i]) || !gather_leaves(type, n->arguments[i].value, leaves, count))
            return false;
    return true;
}

/* Whether the wider leaves, in some order, cover the narrower ones. */
static bool covers_leaves(struct cover *c, const struct node **wide, const struct node **narrow, size_t count)
{
    const struct node **bound = scratch_array(c->rules->scratch, c->wide->slot_count, sizeof *bound);
    size_t size = c->wide->slot_count * sizeof *bound;
    if (count == 0)
        return true;
    if (size)
        memcpy(bound, c->bound, size);
    for (size_t i = 0; i < count; i++) {
        const struct node *leaf = narrow[i];
        narrow[i] = narrow[count - 1];
        if (covers(c, wide[count - 1], leaf) && covers_leaves(c, wide, narrow, count - 1))
            return true;
        narrow[i] = leaf;
        if (size)
            memcpy(c->bound, bound, size);
    }
    return false;
}

/* Braces with as many leaves, in any order. */
static bool covers_braces(struct cover *c, const struct node *wide, const struct node *narrow)
{
    const struct node *wide_leaves[BRACE_LEAVES], *leaves[BRACE_LEAVES];
    size_t wide_count = 0, count = 0;
    return wide->text == narrow->text && (narrow->kind == NODE_BRACES || narrow->kind == NODE_CALL) &&
           !narrow->function && gather_leaves(wide->text, wide, wide_leaves, &wide_count) &&
           gather_leaves(wide->text, narrow, leaves, &count) && count == wide_count &&
           covers_leaves(c, wide_leaves, leaves, count);
}

static bool covers_list(struct cover *c, const struct node *wide, const struct node *narrow)
{
    if (narrow->kind != NODE_LIST || wide->count != narrow->count)
        return false;
    for (size_t i = 0; i < wide->count; i++)
        if (!covers(c, wide->kids[i], narrow->kids[i]))
            return false;
    return true;
}

static bool covers_name(struct cover *c, const struct node *wide, const struct node *narrow)
{
    const struct definition *d = wide->slot == NO_SLOT ? NULL : c->wide->slots[wide->slot].definition;
    if (d)
        return !d->tuple && covers(c, d->node, narrow);
    if (wide->slot == NO_SLOT)
        return false;
    const struct node **bound = &c->bound[wide->slot];
    if (*bound)
        return same_tree(*bound, narrow);
    *bound = narrow;
    return true;
}

static bool covers_kind(struct cover *c, const struct node *wide, const struct node *narrow)
{
    bool number = wide->text[0] == 'n' && wide->text[1] == 'u';
    bool fits = narrow->kind == NODE_KIND && narrow->text == wide->text;
    fits = fits || (number && (narrow->kind == NODE_INT || narrow->kind == NODE_FLOAT));
    fits = fits || (wide->text[0] == 't' && (narrow->kind == NODE_CALL || narrow->kind == NODE_BRACES) &&
                    !narrow->function);
    if (!fits || wide->kids[0]->kind == NODE_ANY)
        return fits;
    return covers_name(c, wide->kids[0], narrow->kind == NODE_KIND ? narrow->kids[0] : narrow);
}

static const struct node *definition_of(const struct cover *c, const struct node *narrow)
{
    if (narrow->kind != NODE_NAME || narrow->slot == NO_SLOT)
        return narrow;
    const struct definition *d = c->narrow->slots[narrow->slot].definition;
    return d && !d->tuple ? without_as(d->node) : narrow;
}

static bool covers_both(struct cover *c, const struct node *wide, const struct node *narrow)
{
    if (narrow->kind == NODE_ALTERNATIVE)
        return covers(c, wide, narrow->kids[0]) && covers(c, wide, narrow->kids[1]);
    if (wide->deferred || narrow->deferred || narrow->optional)
        return wide->kind == NODE_ANY;
    switch (wide->kind) {
    case NODE_ANY: return true;
    case NODE_NAME: return covers_name(c, wide, narrow);
    case NODE_OPTIONAL: return covers(c, wide->kids[0], narrow);
    case NODE_KIND: return covers_kind(c, wide, narrow);
    case NODE_LIST: return covers_list(c, wide, narrow);
    case NODE_ALTERNATIVE: return covers(c, wide->kids[0], narrow) || covers(c, wide->kids[1], narrow);
    case NODE_AT: return narrow->kind == NODE_AT && covers(c, wide->kids[0], narrow->kids[0]);
    case NODE_BRACES: return !wide->optional && covers_braces(c, wide, narrow);
    case NODE_CALL:
        return !wide->optional && narrow->kind == NODE_CALL && !narrow->function &&
               covers_call(c, wide, narrow);
    default: return is_literal(wide) && is_literal(narrow) && same_literal(wide, narrow);
    }
}

static bool covers(struct cover *c, const struct node *wide, const struct node *narrow)
{
    if (c->depth > 200)
        return false;
    c->depth++;
    wide = without_as(wide);
    narrow = definition_of(c, without_as(narrow));
    bool result = covers_both(c, wide, narrow);
    c->depth--;
    return result;
}

/* Whether `wide`, a part of one rule's pattern, fits all that `narrow`, a part of another rule, describes; what the names stand
 * for is in *c then. */
static bool cover(struct cover *c, struct rules *rules, const struct rule *wide_rule, const struct node *wide,
                  const struct rule *narrow_rule, const struct node *narrow)
{
    *c = (struct cover){ .rules = rules, .wide = wide_rule, .narrow = narrow_rule };
    scratch_reset(rules->scratch);
    c->bound = scratch_array(rules->scratch, wide_rule->slot_count, sizeof *c->bound);
    return covers(c, wide, narrow);
}

static bool tree_covers(struct rules *rules, const struct rule *wide_rule, const struct node *wide,
                        const struct rule *narrow_rule, const struct node *narrow)
{
    struct cover c;
    return cover(&c, rules, wide_rule, wide, narrow_rule, narrow);
}

/* ---- conditions and results under such a cover ---- */

static const struct node *plain_name(const struct node *n)
{
    while (n->kind == NODE_AS || n->kind == NODE_KIND || n->kind == NODE_AT || n->kind == NODE_OPTIONAL)
        n = n->kids[0];
    return n;
}

/* Whether the two are the same when the names of the wider rule stand for what they were bound to. */
static bool same_under(const struct cover *c, const struct node *wide, const struct node *narrow)
{
    wide = plain_name(wide), narrow = definition_of(c, plain_name(narrow));
    if (wide->kind == NODE_NAME && wide->slot != NO_SLOT)
        return c->bound[wide->slot] && same_tree(plain_name(c->bound[wide->slot]), narrow);
    if (is_literal(wide) && is_literal(narrow))
        return same_literal(wide, narrow);
    if (wide->kind != narrow->kind || wide->text != narrow->text ||
        (wide->kind == NODE_BINARY && wide->token != narrow->token) || wide->count != narrow->count ||
        wide->argument_count != narrow->argument_count)
        return false;
    for (size_t i = 0; i < wide->count; i++)
        if (!wide->kids[i] != !narrow->kids[i] ||
            (wide->kids[i] && !same_under(c, wide->kids[i], narrow->kids[i])))
            return false;
    for (size_t i = 0; i < wide->argument_count; i++) {
        const struct node_argument *a = &wide->arguments[i], *b = &narrow->arguments[i];
        if (a->kind != b->kind || a->key != b->key || !a->value || !b->value ||
            !same_under(c, a->value, b->value))
            return false;
    }
    return true;
}

/* Whether the wider rule's condition follows from that of the narrower one. */
static bool follows(const struct cover *c, const struct node *wide, const struct node *narrow)
{
    if (narrow->kind == NODE_AND)
        return follows(c, wide, narrow->kids[0]) || follows(c, wide, narrow->kids[1]);
    return same_under(c, wide, narrow);
}

static bool is_asked(const struct cover *c, const struct node *wide)
{
    const struct rule *narrow = c->narrow;
    if (wide->kind == NODE_AND)
        return is_asked(c, wide->kids[0]) && is_asked(c, wide->kids[1]);
    for (size_t i = 0; i < narrow->condition_count; i++)
        if (follows(c, wide, narrow->conditions[i]))
            return true;
    return narrow->choice_count == 1 && narrow->choices[0].condition &&
           follows(c, wide, narrow->choices[0].condition);
}

/* Whether the wider rule's first choice applies wherever the narrower rule does. */
static bool conditions_follow(const struct cover *c)
{
    for (size_t i = 0; i < c->wide->condition_count; i++)
        if (!is_asked(c, c->wide->conditions[i]))
            return false;
    return !c->wide->choices[0].condition || is_asked(c, c->wide->choices[0].condition);
}

static bool same_results(const struct cover *c)
{
    const struct choice *a = &c->wide->choices[0], *b = &c->narrow->choices[0];
    if (c->narrow->choice_count != 1 || a->part_count != b->part_count || a->targets.given ||
        b->targets.given || !a->name != !b->name || (a->name && !same_under(c, a->name, b->name)))
        return false;
    for (size_t i = 0; i < a->part_count; i++)
        if (!same_under(c, a->parts[i], b->parts[i]))
            return false;
    return true;
}

/* ---- rules that apply whenever their pattern fits ---- */

/* A value that is always known: names, constants, lists and operators of these. */
static bool is_certain(const struct node *n)
{
    switch (n->kind) {
    case NODE_NAME:
    case NODE_NONE:
    case NODE_BOOL:
    case NODE_INT:
    case NODE_FLOAT:
    case NODE_STRING:
    case NODE_LIST:
    case NODE_AT:
    case NODE_CALL:
    case NODE_BRACES: break;
    default: return false;
    }
    if (n->function)
        return false;
    for (size_t i = 0; i < n->count; i++)
        if (!n->kids[i] || !is_certain(n->kids[i]))
            return false;
    for (size_t i = 0; i < n->argument_count; i++)
        if (!is_value(&n->arguments[i]) || !is_certain(n->arguments[i].value))
            return false;
    return true;
}

/* Whether nothing but its pattern and its conditions keeps the rule's first choice from applying. */
static bool is_plain(const struct rule *rule)
{
    if (!rule->pattern || rule->taking_count || rule->targets.given || rule->also_count || rule->share_count)
        return false;
    for (size_t i = 0; i < rule->choices[0].part_count; i++)
        if (!is_certain(rule->choices[0].parts[i]))
            return false;
    return true;
}

static bool always_applies(const struct rule *rule)
{
    return is_plain(rule) && !rule->condition_count && !rule->choices[0].condition;
}

static bool same_classes(const struct rule *a, const struct rule *b)
{
    if (a->classes.count == 0)
        return true;
    if (a->classes.count != b->classes.count)
        return false;
    for (size_t i = 0; i < a->classes.count; i++)
        if (a->classes.items[i] != b->classes.items[i])
            return false;
    return true;
}

static void complain(struct rules *rules, const struct rule *rule, const char *format,
                     const struct rule *other)
{
    const char *file = rules->file;
    rules->file = rule->file;
    rules_error(rules, rule->line, rule->column, format, rule->name, other->name, other->line);
    rules->file = file;
}

/* Whether the wider rule applies wherever the narrower one does; if `same`, with the same result. */
static bool contains(struct rules *rules, const struct rule *wide, const struct rule *narrow, bool same)
{
    struct cover c;
    return is_plain(wide) && narrow->pattern && same_classes(wide, narrow) &&
           cover(&c, rules, wide, wide->pattern, narrow, narrow->pattern) && conditions_follow(&c) &&
           (!same || (!narrow->share_count && same_results(&c)));
}

/* Complains of the rule where another of the list makes it superfluous; true: one does. */
static bool check_shadow(struct rules *rules, const struct rule *rule, const struct rule_list *list)
{
    size_t at = 0;
    while (at < list->count && list->items[at] != rule)
        at++;
    for (size_t i = 0; i < list->count && at < list->count; i++) {
        if (i < at && contains(rules, list->items[i], rule, false))
            complain(rules, rule, "'%s' never applies: '%s' of line %d always comes first", list->items[i]);
        else if (i > at && contains(rules, list->items[i], rule, true))
            complain(rules, rule, "'%s' says nothing that '%s' of line %d does not say", list->items[i]);
        else
            continue;
        return true;
    }
    return false;
}

/* In the order of the rules: that of the lists is none. */
static void check_shadows(struct rules *rules, const struct rule *rule)
{
    bool found = false;
    for (size_t i = 0; i < rules->by_type.room && !found; i++)
        if (rules->by_type.entries[i].key && rules->by_type.entries[i].value)
            found = check_shadow(rules, rule, rules->by_type.entries[i].value);
}

/* The operator that a rule makes of its root, or NULL. */
static const struct node *root_result(const struct rule *rule)
{
    const struct choice *choice = &rule->choices[0];
    const struct node *n = choice->part_count == 1 ? choice->parts[0] : NULL;
    return n && (n->kind == NODE_CALL || n->kind == NODE_BRACES) && !n->function ? n : NULL;
}

/* Whether the two apply to each other's result, always. */
static bool undo_each_other(struct rules *rules, const struct rule *a, const struct rule *b)
{
    const struct node *made = root_result(a), *back = root_result(b);
    return made && back && always_applies(b) && tree_covers(rules, b, b->pattern, a, made) &&
           tree_covers(rules, a, a->pattern, b, back);
}

static void check_undo(struct rules *rules, const struct rule *rule)
{
    const struct node *made = always_applies(rule) ? root_result(rule) : NULL;
    const struct rule_list *list = made ? map_get(&rules->by_type, made->text) : NULL;
    for (size_t i = 0; list && i < list->count; i++) {
        const struct rule *other = list->items[i];
        if (other == rule && tree_covers(rules, rule, rule->pattern, rule, made))
            complain(rules, rule, "'%s' applies to its own result, for ever", rule);
        else if (other != rule && other->line >= rule->line && undo_each_other(rules, rule, other))
            complain(rules, other, "'%s' and '%s' of line %d undo each other", rule);
    }
}

void rules_check_against(struct rules *user, const struct rules *other)
{
    for (size_t i = 0; i < user->count; i++) {
        const struct rule *rule = user->items[i];
        const struct node *made = rule->sound && always_applies(rule) ? root_result(rule) : NULL;
        const struct rule_list *list = made ? map_get(&other->by_type, made->text) : NULL;
        for (size_t k = 0; list && k < list->count; k++) {
            const struct rule *built_in = list->items[k];
            if (!built_in->off && undo_each_other(user, rule, built_in))
                report(STATUS_USAGE, (struct place){ rule->file, rule->line, rule->column },
                       "'%s' and the built-in '%s' (%s:%d) undo each other (instead: without=%s)", rule->name,
                       built_in->name, built_in->file, built_in->line, built_in->name);
        }
    }
}

/* ---- one rule's root inside another's pattern ---- */

static bool has_operator(const struct rule *rule, const struct node *n, bool root)
{
    if ((n->kind == NODE_CALL || n->kind == NODE_BRACES) && !n->deferred && !root)
        return true;
    if (n->kind == NODE_NAME && n->slot != NO_SLOT && rule->slots[n->slot].definition)
        return true;
    for (size_t i = 0; i < n->count; i++)
        if (n->kids[i] && has_operator(rule, n->kids[i], root && n->kind == NODE_AS))
            return true;
    for (size_t i = 0; i < n->argument_count; i++)
        if (n->arguments[i].value && has_operator(rule, n->arguments[i].value, false))
            return true;
    return false;
}

/* Looks for operators below the root that a rule of one operator always rewrites before. */
static void check_inside(struct rules *rules, const struct rule *rule, const struct node *n, bool root)
{
    const struct rule_list *list = n->kind == NODE_CALL && !n->deferred && !root && !n->optional
                                       ? map_get(&rules->by_type, n->text)
                                       : NULL;
    for (size_t i = 0; list && i < list->count; i++) {
        const struct rule *other = list->items[i];
        if (other != rule && always_applies(other) && other->classes.count == 0 &&
            !has_operator(other, other->pattern, true) && tree_covers(rules, other, other->pattern, rule, n))
            complain(rules, rule, "'%s' waits for an operator that '%s' of line %d rewrites before", other);
    }
    for (size_t i = 0; i < n->count; i++)
        if (n->kids[i] && n->kind != NODE_ALTERNATIVE)
            check_inside(rules, rule, n->kids[i], root && n->kind == NODE_AS);
    for (size_t i = 0; i < n->argument_count; i++)
        if (n->arguments[i].value)
            check_inside(rules, rule, n->arguments[i].value, false);
}

void rules_check(struct rules *rules)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = rules->items[i];
        if (!rule->pattern || !rule->sound)
            continue;
        check_shadows(rules, rule);
        check_undo(rules, rule);
        check_inside(rules, rule, rule->pattern, true);
        for (size_t k = 0; k < rule->definition_count; k++)
            check_inside(rules, rule, rule->definitions[k]->node, false);
    }
}
