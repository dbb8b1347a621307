/* macros.c - patterns and lets with parameters, put in the place of their calls. */
#include <stdio.h>
#include <string.h>

#include "common/rewrite/text/parser.h"
#include "common/rewrite/text/resolver.h"

enum { MAX_EXPANSION = 32 };

struct substitution {
    struct resolver *resolver;
    const struct rule_macro *macro;
    struct node **values; /* of the parameters */
    size_t number;
};

bool is_dtype_name(const char *name)
{
    char full[64];
    snprintf(full, sizeof full, "torch.%s", name);
    return dtype_from_torch(full) != DTYPE_COUNT;
}

/* A variable of the macro's own: x becomes x'3, which no rule can write. */
static const char *local_name(const struct substitution *s, const char *name)
{
    struct rules *rules = s->resolver->rules;
    if (is_dtype_name(name) || strcmp(name, "self") == 0 ||
        rules_macro(rules, name)) /* a constant of the file's */
        return name;
    return intern(rules->strings, arena_printf(&rules->arena, "%s'%zu", name, s->number));
}

static struct node *parameter_value(const struct substitution *s, const char *name)
{
    for (size_t i = 0; i < s->macro->parameters.count; i++)
        if (s->macro->parameters.items[i] == name)
            return s->values[i];
    return NULL;
}

static struct node *clone(const struct substitution *s, const struct node *n)
{
    if (!n)
        return NULL;
    struct arena *arena = &s->resolver->rules->arena;
    if (n->kind == NODE_NAME && parameter_value(s, n->text))
        return parameter_value(s, n->text);
    struct node *copy = arena_copy(arena, n, sizeof *n);
    if (n->kind == NODE_NAME || n->kind == NODE_AS)
        copy->text = local_name(s, n->text);
    copy->kids = arena_array(arena, n->count, sizeof *n->kids);
    for (size_t i = 0; i < n->count; i++)
        copy->kids[i] = clone(s, n->kids[i]);
    copy->arguments = arena_copy(arena, n->arguments, n->argument_count * sizeof *n->arguments);
    for (size_t i = 0; i < n->argument_count; i++)
        copy->arguments[i].value = clone(s, n->arguments[i].value);
    return copy;
}

struct node *macro_expand(struct resolver *r, const struct rule_macro *macro, const struct node *call)
{
    bool plain = call->argument_count == macro->parameters.count;
    for (size_t i = 0; i < call->argument_count; i++)
        plain = plain && call->arguments[i].kind == ARGUMENT_POSITION;
    if (!plain || r->depth >= MAX_EXPANSION || r->macros > 10000) {
        resolver_error(r, call,
                       plain ? "'%s' expands too deep"
                             : "'%s' is called with other arguments than it is defined with",
                       call->text);
        return NULL;
    }
    struct arena *arena = &r->rules->arena;
    struct substitution s = { r, macro, arena_array(arena, call->argument_count + 1, sizeof *s.values),
                              r->macros++ };
    for (size_t i = 0; i < call->argument_count; i++) {
        struct node *value = call->arguments[i].value;
        s.values[i] = value;
        if (!r->in_result || value->kind != NODE_CALL || rules_is_function(r->rules, value->text))
            continue;
        s.values[i] = node_new(arena, NODE_ONCE, value->line, value->column);
        s.values[i]->kids = arena_copy(arena, &value, sizeof value);
        s.values[i]->count = 1;
    }
    struct node *body = clone(&s, macro->body);
    return body->kind == NODE_ONCE ? body->kids[0] : body;
}
