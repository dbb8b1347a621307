/* calls.c - calls in rules against what is known of operators, layers and functions. */
#include <string.h>

#include "common/base/word_table.h"
#include "common/rewrite/text/resolver.h"
#include "common/rewrite/value/value.h"

extern const char layers_text[];
extern const size_t layers_text_size;

/* ---- which form ---- */

static size_t count_positions(const struct node *call)
{
    size_t count = 0;
    for (size_t i = 0; i < call->argument_count; i++)
        count += call->arguments[i].kind == ARGUMENT_POSITION;
    return count;
}

static const struct parameter *variadic(const struct signature *s, size_t *index)
{
    for (size_t i = 0; i < s->parameter_count; i++)
        if (s->parameters[i].variadic) {
            *index = i;
            return &s->parameters[i];
        }
    return NULL;
}

static bool is_elements(const struct node *call, const struct signature *s, size_t index);

static bool takes_keys(const struct signature *s, const struct node *call)
{
    for (size_t i = 0; i < call->argument_count; i++)
        if (call->arguments[i].kind == ARGUMENT_KEY && !signature_parameter(s, call->arguments[i].key))
            return false;
    return true;
}

static bool takes_positions(const struct signature *s, const struct node *call)
{
    size_t index;
    if (count_positions(call) <= s->parameter_count)
        return true;
    return variadic(s, &index) && is_elements(call, s, index);
}

/* Types whose arguments nobody can know. */
static bool is_open_type(const struct node *call)
{
    return call->quoted || strncmp(call->text, "pnnx.", 5) == 0 || strncmp(call->text, "prim::", 6) == 0;
}

void call_unknown(struct resolver *r, const struct node *n)
{
    char hint[200];
    struct near near = near_start(n->text, strlen(n->text));
    builtin_offer(&near);
    for (size_t i = 0; i < r->rules->function_count; i++)
        near_offer(&near, r->rules->all_functions[i].name);
    if (strpbrk(n->text, ".:"))
        resolver_error(r, n, "the operator '%s' cannot stand in a value", n->text);
    else
        resolver_error(r, n, "unknown function %s",
                       arena_printf(&r->rules->arena, "'%s'%s", n->text, near_hint(&near, hint)));
}

/* The overload that the arguments fit; reports what fits none. */
static const struct signature *find_overload(struct resolver *r, const struct node *call)
{
    const struct signature *first = signature_find(r->rules->signatures, call->text);
    if (!first && is_open_type(call))
        return signature_unknown(r->rules->signatures);
    if (!first) {
        char hint[200];
        struct near near = near_start(call->text, strlen(call->text));
        signature_offer_types(r->rules->signatures, &near);
        const char *meant = near_hint(&near, hint);
        resolver_error(r, call,
                       strpbrk(call->text, ".:") ? "unknown operator %s" : "unknown function or layer %s",
                       arena_printf(&r->rules->arena, "'%s'%s%s%s%s", call->text, meant,
                                    *meant ? "" : " (instead: a type of your own stands in quotes: '",
                                    *meant ? "" : call->text, *meant ? "" : "'(...))"));
        return NULL;
    }
    for (const struct signature *s = first; s; s = s->next)
        if (takes_keys(s, call) && takes_positions(s, call))
            return s;
    if (is_open_type(call))
        return first;
    for (size_t i = 0; i < call->argument_count; i++) {
        const struct node_argument *a = &call->arguments[i];
        bool known = a->kind != ARGUMENT_KEY;
        for (const struct signature *s = first; s && !known; s = s->next)
            known = signature_parameter(s, a->key);
        if (known)
            continue;
        r->failed = true;
        char hint[200];
        struct near near = near_start(a->key, strlen(a->key));
        signature_offer_parameters(first, &near);
        rules_error(r->rules, a->line, a->column, "'%s' has no argument '%s'%s", call->text, a->key,
                    near_hint(&near, hint));
        return NULL;
    }
    resolver_error(r, call, "no form of '%s' takes these arguments together", call->text);
    return NULL;
}

/* Whether the positions from `index` on are the elements of the variadic argument, not the list itself: f(a, b),
 * f(*xs), and f(x) for layers and unknown types, whose argument is called `inputs`. */
static bool is_elements(const struct node *call, const struct signature *s, size_t index)
{
    size_t position = 0;
    const struct node *at = NULL;
    for (size_t i = 0; i < call->argument_count; i++)
        if (call->arguments[i].kind == ARGUMENT_POSITION && position++ == index)
            at = call->arguments[i].value;
    if (!at)
        return false;
    if (at->kind == NODE_STAR)
        return true;
    if (position > index + 1 && index + 1 == s->parameter_count)
        return true;
    return strcmp(s->parameters[index].name, "inputs") == 0 &&
           !(at->kind == NODE_LIST && position == index + 1);
}

static bool is_weight_list(const struct node *n)
{
    return n->kind == NODE_LIST && n->count && n->kids[0]->kind == NODE_WEIGHT;
}

/* Gathers positions that are elements of a variadic argument into one list. */
static void gather_elements(struct resolver *r, struct node *call, const struct signature *s)
{
    size_t index, kept = 0, position = 0;
    if (!variadic(s, &index) || !is_elements(call, s, index))
        return;
    struct node *list = node_new(&r->rules->arena, NODE_LIST, call->line, call->column);
    list->boolean = true; /* lists in it are spliced */
    for (size_t i = 0; i < call->argument_count; i++) {
        struct node_argument a = call->arguments[i];
        if (a.kind == ARGUMENT_POSITION && !is_weight_list(a.value) && position++ >= index) {
            list->kids = arena_grow(&r->rules->arena, list->kids, list->count, sizeof *list->kids);
            list->kids[list->count++] = a.value;
            if (position != index + 1)
                continue;
            a.value = list;
        }
        call->arguments[kept++] = a;
    }
    call->argument_count = kept;
}

static void check_repeated_keys(struct resolver *r, const struct node *call)
{
    for (size_t i = 0; i < call->argument_count; i++)
        for (size_t k = 0; k < i; k++) {
            const struct node_argument *a = &call->arguments[i], *b = &call->arguments[k];
            if (!a->key || a->key != b->key ||
                (a->kind == ARGUMENT_ATTRIBUTE) != (b->kind == ARGUMENT_ATTRIBUTE))
                continue;
            r->failed = true;
            rules_error(r->rules, a->line, a->column, "'%s' is given twice", a->key);
        }
}

/* Puts the number in the place of what a layer calls it (layers.txt): operation='sum'. */
static void name_to_number(struct resolver *r, const struct node *call, const struct parameter *p,
                           struct node **place)
{
    struct node *n = *place;
    if (n->kind == NODE_CONDITIONAL) {
        name_to_number(r, call, p, &n->kids[0]);
        name_to_number(r, call, p, &n->kids[2]);
    }
    if (n->kind != NODE_STRING)
        return;
    struct arena *arena = &r->rules->arena;
    const char *words = word_table_find(arena, layers_text, layers_text_size,
                                        arena_printf(arena, "%s.%s", call->text, p->alias));
    size_t length = strlen(n->text);
    int64_t number = 0;
    for (const char *at = words; at && *at; at += strcspn(at, " "), at += *at == ' ', number++)
        if (strncmp(at, n->text, length) == 0 && (at[length] == ' ' || !at[length])) {
            *place = node_new(arena, NODE_INT, n->line, n->column);
            (*place)->integer = number;
            return;
        }
    if (!words && strstr(p->alias, "_expr")) /* a text */
        return;
    r->failed = true;
    rules_error(r->rules, n->line, n->column, "%s has no %s '%s' (%s%s)", call->text, p->alias, n->text,
                words ? "it has " : "it is a number", words ? words : "");
}

void call_check(struct resolver *r, struct node *call, bool result)
{
    const struct signature *s = find_overload(r, call);
    if (!s)
        return;
    gather_elements(r, call, s);
    size_t position = 0;
    for (size_t i = 0; i < call->argument_count; i++) {
        struct node_argument *a = &call->arguments[i];
        if (a->kind == ARGUMENT_KEY) {
            const struct parameter *p = signature_parameter(s, a->key);
            a->key = p ? p->name : a->key;
            if (p && p->alias)
                name_to_number(r, call, p, &a->value);
        } else if (a->kind == ARGUMENT_POSITION && !is_weight_list(a->value)) {
            if (result && position < s->parameter_count)
                a->key = s->parameters[position].name;
            position++;
        }
    }
    check_repeated_keys(r, call);
}

/* ---- which arguments ---- */

static bool is_given(const struct node *call, const char *key)
{
    for (size_t i = 0; i < call->argument_count; i++)
        if (call->arguments[i].key == key)
            return true;
    return false;
}

/* The first argument that the form needs and the call does not give; NULL: none. */
static const struct parameter *missing_argument(const struct signature *s, const struct node *call)
{
    for (size_t i = 0; i < s->parameter_count; i++) {
        const struct parameter *p = &s->parameters[i];
        bool needed = !p->has_default && !(p->kinds & KIND_NONE) && !p->variadic;
        if (needed && !is_given(call, p->name))
            return p;
    }
    return NULL;
}

void call_check_complete(struct resolver *r, const struct node *call)
{
    const struct signature *first = signature_find(r->rules->signatures, call->text), *s = first;
    for (size_t i = 0; i < call->argument_count; i++)
        if (call->arguments[i].kind == ARGUMENT_REST_OF || call->arguments[i].kind == ARGUMENT_COMPUTED)
            return;
    while (s && (!takes_keys(s, call) || missing_argument(s, call)))
        s = s->next;
    if (s || !first || call->kind == NODE_BRACES || r->failed)
        return;
    r->failed = true;
    const struct parameter *p = missing_argument(first, call);
    rules_error(r->rules, call->line, call->column, "'%s' lacks the argument '%s'", call->text,
                p ? p->name : "?");
}

/* Whether the form needs an argument that has neither a position nor a key in the call. */
static bool lacks_argument(const struct signature *s, const struct node *call)
{
    size_t positions = count_positions(call);
    for (size_t i = positions; i < s->parameter_count; i++) {
        const struct parameter *p = &s->parameters[i];
        if (!p->has_default && !(p->kinds & KIND_NONE) && !p->variadic && !is_given(call, p->name))
            return true;
    }
    return false;
}

void call_check_clear(struct resolver *r, const struct node *call)
{
    const struct signature *first = NULL;
    for (const struct signature *s = signature_find(r->rules->signatures, call->text); s; s = s->next) {
        if (!takes_keys(s, call) || !takes_positions(s, call) || lacks_argument(s, call))
            continue;
        first = first ? first : s;
        size_t position = 0;
        for (size_t i = 0; i < call->argument_count; i++) {
            const struct node_argument *a = &call->arguments[i];
            if (a->kind != ARGUMENT_POSITION || is_weight_list(a->value))
                continue;
            bool both = position < s->parameter_count && position < first->parameter_count;
            if (both && s->parameters[position].name != first->parameters[position].name)
                resolver_error(r, a->value, "'%s' has several forms: this argument needs its name",
                               call->text);
            position++;
        }
    }
}

/* ---- functions ---- */

/* The kinds that a literal can have, as a type letter; 0: not known before it runs. */
static char literal_letter(const struct node *n)
{
    switch (n->kind) {
    case NODE_BOOL: return 'b';
    case NODE_INT: return 'i';
    case NODE_FLOAT: return 'f';
    case NODE_STRING: return 's';
    case NODE_LIST: return 'l';
    default: return 0;
    }
}

static bool letter_takes(char letter, char given)
{
    return !given || letter == given || letter == 'v' || (letter == 'f' && given == 'i');
}

/* The declared letter of argument i, or 0 when there are not so many; *optional: it may be absent. */
static char function_letter(const struct rule_function *f, size_t i, bool *optional)
{
    const char *p = f->types;
    for (char last = 0;; i--) {
        if (*p == '*')
            return last;
        if (*p == ':' || !*p)
            return 0;
        last = *p++;
        *optional = *p == '?';
        p += *p == '?';
        if (i == 0)
            return last;
    }
}

static size_t function_least(const struct rule_function *f)
{
    size_t count = 0;
    for (const char *p = f->types; *p && *p != ':'; p++)
        if (*p != '?') {
            if (*p == '*')
                return count - 1;
            count++;
        }
    return count;
}

void call_check_function(struct resolver *r, const struct node *n)
{
    const struct rule_function *f = n->c_function;
    size_t least, most;
    if (!f) {
        builtin_arity(n->builtin, &least, &most);
        if (n->argument_count < least || n->argument_count > most)
            resolver_error(r, n, "'%s' is called with a wrong number of arguments", n->text);
        return;
    }
    bool optional;
    if (n->argument_count < function_least(f) ||
        (n->argument_count && !function_letter(f, n->argument_count - 1, &optional))) {
        resolver_error(r, n, "'%s' is called with a wrong number of arguments", n->text);
        return;
    }
    for (size_t i = 0; i < n->argument_count; i++) {
        char letter = function_letter(f, i, &optional);
        if (!letter_takes(letter, literal_letter(n->arguments[i].value)))
            resolver_error(r, n->arguments[i].value, "'%s' cannot take this", n->text);
    }
}
