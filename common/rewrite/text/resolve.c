/* resolve.c - from a parsed rule to one that can run: names to variables, in patterns and in values. */
#include <stdio.h>
#include <string.h>

#include "common/rewrite/text/parser.h"
#include "common/rewrite/text/resolver.h"
#include "common/rewrite/value/value.h"

/* ---- variables ---- */

static size_t find_slot(const struct resolver *r, const char *name)
{
    for (size_t i = r->rule->slot_count; i-- > 0;)
        if (r->rule->slots[i].name == name)
            return i;
    return NO_SLOT;
}

static size_t add_slot(struct resolver *r, const char *name)
{
    struct rule *rule = r->rule;
    rule->slots = arena_grow(&r->rules->arena, rule->slots, rule->slot_count, sizeof *rule->slots);
    rule->slots[rule->slot_count] = (struct slot){ .name = name };
    return rule->slot_count++;
}

static size_t slot_of(struct resolver *r, const char *name)
{
    size_t slot = find_slot(r, name);
    return slot == NO_SLOT ? add_slot(r, name) : slot;
}

static size_t bind_slot(struct resolver *r, const char *name)
{
    size_t slot = slot_of(r, name);
    r->rule->slots[slot].bound = true;
    return slot;
}

static void bind_targets(struct resolver *r, struct targets *targets)
{
    size_t rests = 0;
    for (size_t i = 0; i < targets->count; i++) {
        struct target *t = &targets->items[i];
        if (t->name)
            t->slot = bind_slot(r, t->name);
        if (t->rest && rests++) {
            r->failed = true;
            rules_error(r->rules, t->line, t->column, "a second '*' among the results");
        }
    }
}

static void declare_definition(struct resolver *r, struct definition *d)
{
    for (size_t i = 0; i < d->targets.count; i++) {
        struct target *t = &d->targets.items[i];
        if (!t->name)
            continue;
        t->slot = slot_of(r, t->name);
        struct slot *slot = &r->rule->slots[t->slot];
        if (slot->definition) {
            r->failed = true;
            rules_error(r->rules, t->line, t->column, "'%s' is defined twice", t->name);
        }
        slot->definition = d;
        slot->position = i;
        slot->bound = true;
    }
}

/* ---- patterns ---- */

static void resolve_expression(struct resolver *r, struct node **place);
static void resolve_pattern(struct resolver *r, struct node **place);

static void defer(struct resolver *r, struct node **place)
{
    (*place)->deferred = true;
    r->pending = arena_grow(&r->rules->arena, r->pending, r->pending_count, sizeof *r->pending);
    r->pending[r->pending_count++] = *place;
}

/* An owned attribute in a pattern: a name, or name?. */
static void resolve_owned_pattern(struct resolver *r, struct node_argument *a)
{
    struct node *n = a->value->kind == NODE_OPTIONAL ? a->value->kids[0] : a->value;
    if (n->kind != NODE_NAME && n->kind != NODE_ANY) {
        r->failed = true;
        rules_error(r->rules, a->line, a->column, "expected a name for the attribute");
        return;
    }
    if (n->kind == NODE_NAME)
        n->slot = bind_slot(r, n->text);
}

static void resolve_pattern_arguments(struct resolver *r, struct node *call)
{
    bool braces = call->kind == NODE_BRACES;
    for (size_t i = 0; i < call->argument_count; i++) {
        struct node_argument *a = &call->arguments[i];
        if (a->kind == ARGUMENT_ATTRIBUTE && !braces) {
            resolve_owned_pattern(r, a);
        } else if (a->kind == ARGUMENT_POSITION || (a->kind == ARGUMENT_KEY && !braces)) {
            resolve_pattern(r, &a->value);
        } else if (a->kind != ARGUMENT_REST || braces) {
            r->failed = true;
            rules_error(r->rules, a->line, a->column, "this cannot stand in a pattern's %s%s",
                        braces ? "braces" : "call",
                        a->kind == ARGUMENT_REST_OF ? " (instead: ..., and 'as' names the operator)" : "");
        }
    }
}

static void resolve_braces(struct resolver *r, struct node *n)
{
    if (!map_get(&r->rules->commutative, n->text))
        resolver_error(r, n, "'%s' is not declared commutative", n->text);
    if (n->argument_count < 2)
        resolver_error(r, n, "braces of '%s' need at least two operands", n->text);
    resolve_pattern_arguments(r, n);
}

/* Calls and braces in a pattern: an operator, a macro, or a value to compare with. */
static void resolve_pattern_call(struct resolver *r, struct node **place)
{
    struct node *n = *place;
    const struct rule_macro *macro = n->quoted ? NULL : rules_macro(r->rules, n->text);
    if (macro && macro->is_pattern && n->kind == NODE_CALL) {
        struct node *body = macro_expand(r, macro, n);
        if (!body)
            return;
        *place = body;
        r->depth++;
        resolve_pattern(r, place);
        r->depth--;
        return;
    }
    if (n->kind == NODE_CALL && !n->quoted && !n->optional &&
        (macro || rules_is_function(r->rules, n->text))) {
        defer(r, place);
        return;
    }
    if (n->optional && (n->argument_count == 0 || n->arguments[0].kind != ARGUMENT_POSITION))
        resolver_error(r, n, "'%s?' needs the operand that may stand alone as its first argument", n->text);
    if (n->kind == NODE_BRACES) {
        resolve_braces(r, n);
        if (!signature_find(r->rules->signatures, n->text))
            resolver_error(r, n, "unknown operator '%s'", n->text);
    } else {
        call_check(r, n, false);
        resolve_pattern_arguments(r, n);
    }
}

static void resolve_pattern_list(struct resolver *r, struct node *n)
{
    size_t stars = 0;
    for (size_t i = 0; i < n->count; i++) {
        if (n->kids[i]->kind == NODE_STAR && stars++)
            resolver_error(r, n->kids[i], "a second '*' in a list%s", "");
        resolve_pattern(r, &n->kids[i]);
    }
}

/* A variable, or a constant: let NAME = VALUE. */
static void resolve_pattern_name(struct resolver *r, struct node **place)
{
    struct node *n = *place;
    const struct rule_macro *macro = rules_macro(r->rules, n->text);
    if (macro && macro->parameters.count == 0) {
        struct node *body = macro_expand(r, macro, n);
        if (body) {
            *place = body;
            resolve_pattern(r, place);
        }
        return;
    }
    n->slot = bind_slot(r, n->text);
    if (r->rule->slots[n->slot].definition)
        r->rule->slots[n->slot].definition->used = true;
}

static void resolve_pattern(struct resolver *r, struct node **place)
{
    struct node *n = *place;
    switch (n->kind) {
    case NODE_NONE:
    case NODE_BOOL:
    case NODE_INT:
    case NODE_FLOAT:
    case NODE_STRING:
    case NODE_ANY: return;
    case NODE_NAME: resolve_pattern_name(r, place); return;
    case NODE_CALL:
    case NODE_BRACES: resolve_pattern_call(r, place); return;
    case NODE_LIST: resolve_pattern_list(r, n); return;
    case NODE_AS:
        n->slot = bind_slot(r, n->text);
        r->rule->slots[n->slot].is_operator = true;
        resolve_pattern(r, &n->kids[0]);
        return;
    case NODE_ALTERNATIVE:
    case NODE_STAR:
    case NODE_AT:
    case NODE_KIND:
    case NODE_OPTIONAL:
        for (size_t i = 0; i < n->count; i++)
            resolve_pattern(r, &n->kids[i]);
        return;
    case NODE_COMPREHENSION:
    case NODE_WEIGHT: resolver_error(r, n, "this cannot stand in a pattern%s", ""); return;
    default: defer(r, place);
    }
}

/* ---- values and results ---- */

static void resolve_function(struct resolver *r, struct node *n)
{
    bool in_result = r->in_result;
    n->function = true;
    n->builtin = builtin_find(n->text);
    n->c_function = n->builtin < 0 ? rules_function(r->rules, n->text) : NULL;
    r->in_result = false;
    for (size_t i = 0; i < n->argument_count; i++) {
        if (n->arguments[i].kind != ARGUMENT_POSITION)
            resolver_error(r, n, "a function takes no keys%s", "");
        else
            resolve_expression(r, &n->arguments[i].value);
    }
    r->in_result = in_result;
    call_check_function(r, n);
}

static void resolve_result_call(struct resolver *r, struct node *n)
{
    if (n->optional)
        resolver_error(r, n, "'%s?' can stand in a pattern only", n->text);
    if (n->shared)
        resolver_error(r, n, "'&%s' can stand in a pattern only", n->text);
    call_check_clear(r, n);
    call_check(r, n, true);
    call_check_complete(r, n);
    for (size_t i = 0; i < n->argument_count; i++) {
        struct node_argument *a = &n->arguments[i];
        if (a->kind == ARGUMENT_REST) {
            r->failed = true;
            rules_error(r->rules, a->line, a->column, "'...' in a result needs the operator: ...c");
            continue;
        }
        r->in_result = a->kind != ARGUMENT_REST_OF; /* ...c reads the operator's arguments, not its results */
        resolve_expression(r, &a->value);
        r->in_result = true;
        bool is_operator = a->value->kind == NODE_NAME && a->value->slot != NO_SLOT &&
                           r->rule->slots[a->value->slot].is_operator;
        if (a->kind == ARGUMENT_REST_OF && a->value->kind == NODE_NAME && !is_operator)
            resolver_error(r, a->value, "'%s' names no operator (P as c)", a->value->text);
        const struct rule_function *f = a->value->function ? a->value->c_function : NULL;
        const char *result = f ? strchr(f->types, ':') : NULL;
        if ((a->kind == ARGUMENT_ATTRIBUTE && result && result[1] != 't') ||
            (a->kind == ARGUMENT_ATTRIBUTES && result && result[1] != 'T'))
            resolver_error(r, a->value, "'%s' gives no tensor here", f->name);
    }
}

static void resolve_value_call(struct resolver *r, struct node **place)
{
    struct node *n = *place;
    const struct rule_macro *macro = n->quoted ? NULL : rules_macro(r->rules, n->text);
    if (macro && n->kind == NODE_CALL) {
        struct node *body = macro_expand(r, macro, n);
        if (!body)
            return;
        *place = body;
        r->depth++;
        resolve_expression(r, place);
        r->depth--;
        (*place)->deferred = n->deferred;
        return;
    }
    if (n->kind == NODE_CALL && !n->quoted && rules_is_function(r->rules, n->text))
        resolve_function(r, n);
    else if (!r->in_result)
        call_unknown(r, n);
    else
        resolve_result_call(r, n);
}

static void resolve_value_name(struct resolver *r, struct node *n)
{
    n->slot = find_slot(r, n->text);
    if (n->slot != NO_SLOT && r->rule->slots[n->slot].bound) {
        r->rule->slots[n->slot].kept |= r->in_result;
        return;
    }
    const struct rule_macro *macro = rules_macro(r->rules, n->text);
    if (macro && macro->parameters.count == 0) {
        struct node *body = macro_expand(r, macro, n);
        if (body) {
            resolve_expression(r, &body);
            *n = *body;
        }
        return;
    }
    if (!is_dtype_name(n->text)) {
        resolver_error(r, n, "'%s' is bound nowhere", n->text);
        return;
    }
    const char *full = arena_printf(&r->rules->arena, "torch.%s", n->text);
    n->kind = NODE_STRING;
    n->text = intern(r->rules->strings, dtype_torch(dtype_from_torch(full)));
}

static void resolve_comprehension(struct resolver *r, struct node *n)
{
    struct node *names = n->kids[3];
    resolve_expression(r, &n->kids[1]);
    for (size_t i = 0; i < names->count; i++) {
        names->kids[i]->slot = add_slot(r, names->kids[i]->text);
        r->rule->slots[names->kids[i]->slot].bound = true;
    }
    resolve_expression(r, &n->kids[0]);
    if (n->kids[2])
        resolve_expression(r, &n->kids[2]);
    for (size_t i = 0; i < names->count; i++)
        r->rule->slots[names->kids[i]->slot].name = NULL;
}

/* A field of an operand does not read it; c.out does. */
static void resolve_field(struct resolver *r, struct node *n)
{
    bool in_result = r->in_result;
    bool out = n->kind == NODE_FIELD && (strcmp(n->text, "out") == 0 || strcmp(n->text, "outs") == 0);
    r->in_result = in_result && (out || n->kids[0]->kind == NODE_CALL || n->kids[0]->kind == NODE_ONCE);
    resolve_expression(r, &n->kids[0]);
    r->in_result = in_result;
}

static void resolve_kids(struct resolver *r, struct node *n)
{
    for (size_t i = 0; i < n->count; i++)
        if (n->kids[i])
            resolve_expression(r, &n->kids[i]);
}

static void resolve_expression(struct resolver *r, struct node **place)
{
    struct node *n = *place;
    switch (n->kind) {
    case NODE_NONE:
    case NODE_BOOL:
    case NODE_INT:
    case NODE_FLOAT:
    case NODE_STRING: return;
    case NODE_NAME: resolve_value_name(r, n); return;
    case NODE_CALL:
    case NODE_BRACES: resolve_value_call(r, place); return;
    case NODE_COMPREHENSION: resolve_comprehension(r, n); return;
    case NODE_FIELD:
    case NODE_OWNED: resolve_field(r, n); return;
    case NODE_ANY:
    case NODE_AS:
    case NODE_KIND:
    case NODE_ALTERNATIVE: resolver_error(r, n, "this can stand in a pattern only%s", ""); return;
    case NODE_OPTIONAL: {
        bool deferred = n->deferred;
        *place = n->kids[0]; /* what is absent is left out anyway */
        (*place)->deferred = deferred;
        resolve_expression(r, place);
        return;
    }
    case NODE_ONCE:
        if (!n->boolean)
            resolve_expression(r, &n->kids[0]);
        n->boolean = true;
        return;
    case NODE_WEIGHT:
        n->optional = n->kids[0]->kind == NODE_OPTIONAL;
        resolve_kids(r, n);
        return;
    default: resolve_kids(r, n);
    }
}

/* ---- the rule ---- */

static void resolve_choice(struct resolver *r, struct choice *choice)
{
    r->in_result = true;
    for (size_t i = 0; i < choice->part_count; i++)
        resolve_expression(r, &choice->parts[i]);
    r->in_result = false;
    if (choice->name)
        resolve_expression(r, &choice->name);
    if (choice->condition)
        resolve_expression(r, &choice->condition);
    for (size_t i = 0; i < choice->targets.count; i++) {
        struct target *t = &choice->targets.items[i];
        t->slot = t->name ? find_slot(r, t->name) : NO_SLOT;
        if (t->name && t->slot == NO_SLOT) {
            r->failed = true;
            rules_error(r->rules, t->line, t->column, "'%s' is no result of the pattern", t->name);
        }
    }
}

/* A name that nothing else of the rule has. */
static void check_new(struct resolver *r, const struct target *t)
{
    size_t slot = t->name ? find_slot(r, t->name) : NO_SLOT;
    if (slot == NO_SLOT || !r->rule->slots[slot].bound)
        return;
    r->failed = true;
    rules_error(r->rules, t->line, t->column, "'%s' is defined twice", t->name);
}

static void resolve_shares(struct resolver *r)
{
    for (size_t i = 0; i < r->rule->share_count; i++) {
        struct share *s = &r->rule->shares[i];
        for (size_t k = 0; k < s->targets.count; k++)
            check_new(r, &s->targets.items[k]);
        if (s->count)
            resolve_expression(r, &s->count);
        r->in_result = true;
        resolve_expression(r, &s->part);
        if (s->name)
            resolve_expression(r, &s->name);
        r->in_result = false;
        for (size_t k = 0; k < s->targets.count; k++)
            if (s->targets.items[k].name)
                s->targets.items[k].slot = bind_slot(r, s->targets.items[k].name);
    }
}

static void resolve_patterns(struct resolver *r)
{
    struct rule *rule = r->rule;
    for (size_t i = 0; i < rule->definition_count; i++)
        declare_definition(r, rule->definitions[i]);
    bind_targets(r, &rule->targets);
    if (rule->box) {
        rule->box->self_slot = bind_slot(r, intern(r->rules->strings, "self"));
        bind_targets(r, &rule->box->inputs);
        for (size_t i = 0; i < rule->box->find_count; i++)
            resolve_pattern(r, &rule->box->finds[i]);
    } else {
        resolve_pattern(r, &rule->pattern);
    }
    for (size_t i = 0; i < rule->definition_count; i++)
        resolve_pattern(r, &rule->definitions[i]->node);
    for (size_t i = 0; i < rule->also_count; i++) {
        bind_targets(r, &rule->also[i]->targets);
        resolve_pattern(r, &rule->also[i]->node);
    }
}

static void resolve_values(struct resolver *r)
{
    struct rule *rule = r->rule;
    for (size_t i = 0; i < rule->taking_count; i++) {
        resolve_expression(r, &rule->takings[i].value);
        bind_targets(r, &rule->takings[i].targets);
    }
    for (size_t i = 0; i < r->pending_count; i++) {
        struct node *n = r->pending[i], *place = n;
        resolve_expression(r, &place);
        if (place != n)
            *n = *place;
        n->deferred = true;
    }
    for (size_t i = 0; i < rule->condition_count; i++)
        resolve_expression(r, &rule->conditions[i]);
    resolve_shares(r);
    for (size_t i = 0; i < rule->choice_count; i++)
        resolve_choice(r, &rule->choices[i]);
}

/* ---- the index ---- */

static void index_type(struct rules *rules, const struct rule *rule, const char *type)
{
    struct rule_list *list = map_get(&rules->by_type, type);
    if (!list) {
        list = arena_alloc(&rules->arena, sizeof *list);
        map_put(&rules->by_type, type, list);
    }
    if (list->count && list->items[list->count - 1] == rule)
        return;
    list->items = arena_grow(&rules->arena, list->items, list->count, sizeof *list->items);
    list->items[list->count++] = rule;
}

/* Enters the rule under each type that its root may have; false when it may be anything. */
static bool index_root(struct rules *rules, const struct rule *rule, const struct node *n, size_t depth)
{
    switch (n->kind) {
    case NODE_CALL:
    case NODE_BRACES:
        if (n->deferred)
            return false;
        index_type(rules, rule, n->text);
        return !n->optional || index_root(rules, rule, n->arguments[0].value, depth + 1);
    case NODE_AS: return index_root(rules, rule, n->kids[0], depth + 1);
    case NODE_ALTERNATIVE:
        return index_root(rules, rule, n->kids[0], depth + 1) &&
               index_root(rules, rule, n->kids[1], depth + 1);
    case NODE_NAME: {
        const struct definition *d = n->slot == NO_SLOT ? NULL : rule->slots[n->slot].definition;
        return d && depth < 100 && index_root(rules, rule, d->node, depth + 1);
    }
    default: return false;
    }
}

static const char *root_type(const struct rule *rule, const struct node *n, size_t depth)
{
    if (n->kind == NODE_CALL || n->kind == NODE_BRACES)
        return n->text;
    if (n->kind == NODE_NAME && n->slot != NO_SLOT && rule->slots[n->slot].definition && depth < 100)
        return root_type(rule, rule->slots[n->slot].definition->node, depth + 1);
    return n->count ? root_type(rule, n->kids[0], depth) : "?";
}

static void check_scopes(struct resolver *r)
{
    if (r->rules->scopes || (!r->rule->box && r->rule->classes.count == 0))
        return;
    r->failed = true;
    rules_error(r->rules, r->rule->line, r->rule->column,
                "'in' and 'module' need the scopes that only pt2pnnx has");
}

static void check_definitions(struct resolver *r)
{
    for (size_t i = 0; i < r->rule->definition_count; i++) {
        const struct definition *d = r->rule->definitions[i];
        if (d->used)
            continue;
        r->failed = true;
        rules_error(r->rules, d->line, d->column, "no pattern uses what is defined here");
    }
}

/* A name means one rule of the set, or the rounds of one: messages and without= say it. */
static void check_name(struct resolver *r)
{
    const struct rule *rule = r->rule, *other = map_get(&r->rules->names, rule->name);
    if (!other)
        map_put(&r->rules->names, rule->name, r->rule);
    if (!other || (other->file == rule->file && other->line == rule->line && other->column == rule->column))
        return;
    r->failed = true;
    rules_error(r->rules, rule->line, rule->column, "the name '%s' is that of the rule of %s:%d", rule->name,
                other->file, other->line);
}

void rules_add(struct rules *rules, struct rule *rule)
{
    struct resolver r = { .rules = rules, .rule = rule };
    check_scopes(&r);
    resolve_patterns(&r);
    resolve_values(&r);
    check_definitions(&r);
    if (rule->labelled)
        check_name(&r);
    if (!rule->name)
        rule->name = root_type(rule, rule->pattern, 0);
    rules->items = arena_grow(&rules->arena, rules->items, rules->count, sizeof *rules->items);
    rules->items[rules->count++] = rule; /* also a wrong one: examples count rules */
    rule->sound = !r.failed;
    if (r.failed)
        return;
    if (rule->box) {
        struct rule_list *boxes = &rules->boxes;
        boxes->items = arena_grow(&rules->arena, boxes->items, boxes->count, sizeof *boxes->items);
        boxes->items[boxes->count++] = rule;
    } else if (!index_root(rules, rule, rule->pattern, 0)) {
        rules_error(rules, rule->pattern->line, rule->pattern->column,
                    "expected an operator at the root of the rule");
    }
}
