/* expression.c - the grammar of patterns, values and results, which is one.
 *
 *     value       = alternative of conditionals
 *     pattern     = alternative of disjunctions
 *     alternative = X [as NAME] { "|" X [as NAME] }
 *     conditional = disjunction [ if disjunction else conditional | else conditional ]
 *     disjunction ... as in Python, down to powers, postfixes and primaries. */
#include <string.h>

#include "common/rewrite/text/parser.h"

enum { MAX_NESTING = 100, MAX_CHAIN = 200 };

static struct node *node_here(struct parser *p, enum node_kind kind)
{
    return node_new(p->lexer.arena, kind, p->token.line, p->token.column);
}

static void add_kid(struct parser *p, struct node *n, struct node *kid)
{
    n->kids = arena_grow(p->lexer.arena, n->kids, n->count, sizeof *n->kids);
    n->kids[n->count++] = kid;
}

/* A node with up to three kids that begins where the first one does. */
static struct node *join(struct parser *p, enum node_kind kind, struct node *a, struct node *b,
                         struct node *c)
{
    struct node *n = node_new(p->lexer.arena, kind, a->line, a->column);
    add_kid(p, n, a);
    if (b)
        add_kid(p, n, b);
    if (c)
        add_kid(p, n, c);
    n->depth = a->depth + 1;
    if (n->depth <= MAX_CHAIN)
        return n;
    rules_error(p->rules, p->token.line, p->token.column, "too long");
    longjmp(p->recover, 1);
}

/* ---- primaries ---- */

/* x.out.shape: the name, and its fields around it. */
static struct node *parse_dotted(struct parser *p)
{
    const char *text = p->token.text, *dot = strchr(text, '.');
    struct node *n = node_here(p, NODE_NAME);
    bool constant = strncmp(text, "torch.", 6) == 0;
    parser_advance(p);
    n->text = text;
    if (constant) { /* torch.float32 is torch.float */
        enum dtype dtype = dtype_from_torch(text);
        n->kind = NODE_STRING;
        if (dtype != DTYPE_COUNT && dtype_torch(dtype))
            n->text = intern(p->lexer.strings, dtype_torch(dtype));
        return n;
    }
    if (!dot)
        return n;
    n->text = intern_length(p->lexer.strings, text, (size_t)(dot - text));
    while (dot) {
        const char *from = dot + 1;
        dot = strchr(from, '.');
        size_t length = dot ? (size_t)(dot - from) : strlen(from);
        n = join(p, NODE_FIELD, n, NULL, NULL);
        n->text = intern_length(p->lexer.strings, from, length);
    }
    return n;
}

static const char *const kinds[] = { "tensor", "number", "int", "float", "str", "list", "bool", "none" };

/* x:number */
static struct node *parse_kind(struct parser *p, struct node *name)
{
    if (p->in_index || p->token.kind != ':' || p->ahead.kind != TOKEN_NAME)
        return name;
    parser_advance(p);
    size_t i = 0;
    while (i < sizeof kinds / sizeof *kinds && strcmp(kinds[i], p->token.text) != 0)
        i++;
    if (i == sizeof kinds / sizeof *kinds)
        parser_fail(p, "tensor, number, int, float, str, list, bool or none");
    struct node *n = join(p, NODE_KIND, name, NULL, NULL);
    n->text = p->token.text;
    parser_advance(p);
    return n;
}

/* ... for a, b in LIST if COND: behind the value, up to the closing bracket. */
static struct node *parse_comprehension(struct parser *p, struct node *value)
{
    struct node *names = node_here(p, NODE_LIST);
    parser_advance(p);
    bool closed = parser_accept(p, '(');
    do {
        struct node *name = node_here(p, NODE_NAME);
        if (p->token.kind != TOKEN_NAME)
            parser_fail(p, "a name");
        name->text = p->token.text;
        parser_advance(p);
        add_kid(p, names, name);
    } while (parser_accept(p, ','));
    if (closed)
        parser_expect(p, ')', "')'");
    parser_expect(p, TOKEN_IN, "'in'");
    struct node *n = join(p, NODE_COMPREHENSION, value, parser_value_without_if(p), NULL);
    add_kid(p, n, parser_accept(p, TOKEN_IF) ? parser_value_without_if(p) : NULL);
    add_kid(p, n, names);
    return n;
}

/* An item of a list: *xs, tagged w, raw w, a value. */
static struct node *parse_item(struct parser *p)
{
    bool weight = (parser_word(p, "tagged") || parser_word(p, "raw")) &&
                  (p->ahead.kind == TOKEN_NAME || p->ahead.kind == '@' || p->ahead.kind == '(');
    if (p->token.kind == '*' || weight) {
        struct node *n = node_here(p, weight ? NODE_WEIGHT : NODE_STAR);
        n->text = p->token.text;
        parser_advance(p);
        add_kid(p, n, weight ? parser_value(p) : parser_value_without_if(p));
        return n;
    }
    return parser_value(p);
}

static struct node *parse_list(struct parser *p)
{
    struct node *list = node_here(p, NODE_LIST);
    bool in_index = p->in_index;
    p->in_index = false;
    parser_advance(p);
    while (p->token.kind != ']') {
        struct node *item = parse_item(p);
        if (p->token.kind == TOKEN_FOR && list->count == 0) {
            list = parse_comprehension(p, item);
            break;
        }
        add_kid(p, list, item);
        if (!parser_accept(p, ','))
            break;
    }
    p->in_index = in_index;
    parser_expect(p, ']', "',' or ']'");
    return list;
}

static void parse_attribute_argument(struct parser *p, struct node_argument *a)
{
    struct node *at = node_here(p, NODE_AT);
    parser_advance(p);
    a->kind = ARGUMENT_POSITION;
    if (p->token.kind == '*' && p->ahead.kind == '=') {
        a->kind = ARGUMENT_ATTRIBUTES;
    } else if ((p->token.kind == TOKEN_NAME || p->token.kind == TOKEN_STRING) && p->ahead.kind == '=') {
        a->kind = ARGUMENT_ATTRIBUTE;
        a->key = p->token.text;
    }
    if (a->kind != ARGUMENT_POSITION) {
        parser_advance(p);
        parser_advance(p);
        a->value = parser_value(p);
        return;
    }
    add_kid(p, at, parser_value(p));
    a->value = at;
    if (at->kids[0]->kind == NODE_OPTIONAL) { /* @b? is (@b)? */
        struct node *optional = at->kids[0];
        at->kids[0] = optional->kids[0];
        optional->kids[0] = at;
        a->value = optional;
    }
}

static void parse_argument(struct parser *p, struct node_argument *a)
{
    *a =
        (struct node_argument){ .kind = ARGUMENT_POSITION, .line = p->token.line, .column = p->token.column };
    bool key = (p->token.kind == TOKEN_NAME || p->token.kind == TOKEN_INT || p->token.kind == TOKEN_IN) &&
               p->ahead.kind == '=';
    if (p->token.kind == '@') {
        parse_attribute_argument(p, a);
        return;
    }
    if (parser_accept(p, TOKEN_ELLIPSIS)) {
        a->kind = ARGUMENT_REST;
        if (p->token.kind == TOKEN_NAME) {
            a->kind = ARGUMENT_REST_OF;
            a->value = parse_dotted(p);
        }
        return;
    }
    if (parser_accept(p, TOKEN_POWER)) {
        a->kind = ARGUMENT_COMPUTED;
        a->value = parser_value(p);
        return;
    }
    if (key) {
        a->kind = ARGUMENT_KEY;
        a->key = intern(p->lexer.strings, p->token.text);
        parser_advance(p);
        parser_advance(p);
    }
    a->value = key ? parser_value(p) : parse_item(p);
    if (p->token.kind == TOKEN_FOR)
        a->value = parse_comprehension(p, a->value);
}

/* type(arguments), type{leaves}, and type?(...): the operator around its first argument, or that alone. */
static struct node *parse_call(struct parser *p)
{
    struct node *n = node_here(p, NODE_CALL);
    bool in_index = p->in_index;
    p->in_index = false;
    n->text = p->token.text;
    n->quoted = p->token.kind == TOKEN_STRING;
    parser_advance(p);
    n->optional = parser_accept(p, '?');
    int close = p->token.kind == '{' ? '}' : ')';
    n->kind = close == '}' ? NODE_BRACES : NODE_CALL;
    parser_advance(p);
    while (p->token.kind != close) {
        n->arguments = arena_grow(p->lexer.arena, n->arguments, n->argument_count, sizeof *n->arguments);
        parse_argument(p, &n->arguments[n->argument_count++]);
        if (!parser_accept(p, ','))
            break;
    }
    p->in_index = in_index;
    parser_expect(p, close, close == '}' ? "',' or '}'" : "',' or ')'");
    return n;
}

static struct node *parse_literal(struct parser *p, enum node_kind kind)
{
    struct node *n = node_here(p, kind);
    n->text = p->token.text;
    if (kind == NODE_BOOL)
        n->boolean = p->token.kind == TOKEN_TRUE;
    else if (kind == NODE_INT)
        n->integer = p->token.integer;
    else if (kind == NODE_FLOAT)
        n->real = p->token.real;
    parser_advance(p);
    return n;
}

static struct node *parse_group(struct parser *p)
{
    bool in_index = p->in_index, in_where = p->in_where;
    p->in_index = p->in_where = false;
    parser_advance(p);
    struct node *n = parser_value(p);
    p->in_index = in_index;
    p->in_where = in_where;
    parser_expect(p, ')', p->token.kind == ',' ? "')' (instead: a list is written [3, 3])" : "')'");
    return n;
}

static bool at_call(const struct parser *p)
{
    if (p->token.kind != TOKEN_NAME && p->token.kind != TOKEN_STRING)
        return false;
    if (p->ahead.kind == '(' || (p->ahead.kind == '{' && p->token.kind == TOKEN_NAME))
        return true;
    return p->ahead.kind == '?' && (p->ahead.next == '(' || p->ahead.next == '{');
}

static struct node *parse_shared(struct parser *p)
{
    parser_advance(p);
    struct node *n = at_call(p) ? parse_call(p) : NULL;
    if (!n || n->kind != NODE_CALL || n->optional)
        parser_fail(p, "an operator and its arguments, &type(...)");
    n->shared = true;
    return n;
}

static struct node *parse_primary(struct parser *p)
{
    if (at_call(p))
        return parse_call(p);
    switch (p->token.kind) {
    case TOKEN_TRUE:
    case TOKEN_FALSE: return parse_literal(p, NODE_BOOL);
    case TOKEN_NONE: return parse_literal(p, NODE_NONE);
    case TOKEN_INT: return parse_literal(p, NODE_INT);
    case TOKEN_FLOAT: return parse_literal(p, NODE_FLOAT);
    case TOKEN_STRING: return parse_literal(p, NODE_STRING);
    case '[': return parse_list(p);
    case '(': return parse_group(p);
    case '&': return parse_shared(p);
    case '@': {
        struct node *n = node_here(p, NODE_AT);
        parser_advance(p);
        add_kid(p, n, parse_primary(p));
        return n;
    }
    case TOKEN_NAME: break;
    default: parser_fail(p, "a pattern or a value");
    }
    if (parser_word(p, "_")) {
        struct node *n = node_here(p, NODE_ANY);
        parser_advance(p);
        return parse_kind(p, n);
    }
    return parse_kind(p, parse_dotted(p));
}

/* ---- postfixes ---- */

static struct node *parse_bound(struct parser *p)
{
    bool none = p->token.kind == ':' || p->token.kind == ']';
    return none ? NULL : parser_value(p);
}

static struct node *parse_index(struct parser *p, struct node *of)
{
    bool in_index = p->in_index;
    p->in_index = true;
    parser_advance(p);
    struct node *first = parse_bound(p), *n;
    if (p->token.kind == ':') {
        n = join(p, NODE_SLICE, of, NULL, NULL);
        add_kid(p, n, first);
        parser_advance(p);
        add_kid(p, n, parse_bound(p));
        add_kid(p, n, parser_accept(p, ':') ? parse_bound(p) : NULL);
    } else {
        if (!first)
            parser_fail(p, "an index");
        n = join(p, NODE_INDEX, of, first, NULL);
    }
    p->in_index = in_index;
    parser_expect(p, ']', "']'");
    return n;
}

/* Fields that a tensor has: c@weight.numel is the field of the attribute `weight`. */
static bool is_tensor_field(const char *name)
{
    return strcmp(name, "shape") == 0 || strcmp(name, "rank") == 0 || strcmp(name, "dtype") == 0 ||
           strcmp(name, "numel") == 0;
}

static struct node *parse_owned(struct parser *p, struct node *of)
{
    parser_advance(p);
    if (p->token.kind != TOKEN_NAME && p->token.kind != TOKEN_STRING)
        parser_fail(p, "the key of an attribute");
    struct node *n = join(p, NODE_OWNED, of, NULL, NULL);
    n->text = p->token.text;
    const char *dot = p->token.kind == TOKEN_NAME ? strrchr(n->text, '.') : NULL;
    parser_advance(p);
    if (!dot || !is_tensor_field(dot + 1))
        return n;
    const char *field = intern(p->lexer.strings, dot + 1);
    n->text = intern_length(p->lexer.strings, n->text, (size_t)(dot - n->text));
    n = join(p, NODE_FIELD, n, NULL, NULL);
    n->text = field;
    return n;
}

static struct node *parse_postfix(struct parser *p)
{
    struct node *n = parse_primary(p);
    for (;;) {
        if (p->token.kind == '[' && !(p->in_where && parser_at_targets(p, '[', ']'))) {
            n = parse_index(p, n);
        } else if (p->token.kind == '@') {
            n = parse_owned(p, n);
        } else if (p->token.kind == '.' && p->ahead.kind == TOKEN_NAME) {
            parser_advance(p);
            n = join(p, NODE_FIELD, n, NULL, NULL);
            n->text = p->token.text;
            parser_advance(p);
        } else if (p->token.kind == '?') {
            parser_advance(p);
            n = join(p, NODE_OPTIONAL, n, NULL, NULL);
        } else {
            return n;
        }
    }
}

/* ---- operators, loosest last ---- */

static struct node *parse_unary(struct parser *p);

static struct node *parse_power(struct parser *p)
{
    struct node *n = parse_postfix(p);
    if (p->token.kind != TOKEN_POWER)
        return n;
    parser_advance(p);
    n = join(p, NODE_BINARY, n, parse_unary(p), NULL);
    n->token = TOKEN_POWER;
    return n;
}

static struct node *negate(struct parser *p, struct node *n, int line, int column)
{
    if (n->kind == NODE_INT)
        n->integer = -n->integer;
    else if (n->kind == NODE_FLOAT)
        n->real = -n->real;
    else
        n = join(p, NODE_NEGATE, n, NULL, NULL);
    n->line = line;
    n->column = column;
    return n;
}

static void nest(struct parser *p)
{
    if (++p->nesting <= MAX_NESTING)
        return;
    rules_error(p->rules, p->token.line, p->token.column, "nested too deep");
    longjmp(p->recover, 1);
}

static struct node *parse_unary(struct parser *p)
{
    int line = p->token.line, column = p->token.column;
    nest(p);
    struct node *n;
    if (parser_accept(p, '-'))
        n = negate(p, parse_unary(p), line, column);
    else
        n = parse_power(p);
    p->nesting--;
    return n;
}

/* How tight a binary operator binds; 0 for other tokens. */
static int precedence(int token)
{
    switch (token) {
    case '*':
    case '/':
    case '%':
    case TOKEN_FLOOR: return 3;
    case '+':
    case '-': return 2;
    case TOKEN_EQUAL:
    case TOKEN_UNEQUAL:
    case '<':
    case '>':
    case TOKEN_LESS_EQUAL:
    case TOKEN_GREATER_EQUAL:
    case TOKEN_NOT_IN:
    case TOKEN_IN: return 1;
    default: return 0;
    }
}

static struct node *parse_binary(struct parser *p, int lowest)
{
    struct node *n = parse_unary(p);
    for (;;) {
        bool not_in = p->token.kind == TOKEN_NOT && p->ahead.kind == TOKEN_IN;
        int token = not_in ? TOKEN_NOT_IN : p->token.kind, level = precedence(token);
        if (level < lowest || level == 0)
            return n;
        if (not_in)
            parser_advance(p);
        parser_advance(p);
        n = join(p, NODE_BINARY, n, parse_binary(p, level + 1), NULL);
        n->token = token;
    }
}

static struct node *parse_not(struct parser *p)
{
    struct node *n = node_here(p, NODE_NOT);
    if (!parser_accept(p, TOKEN_NOT))
        return parse_binary(p, 1);
    nest(p);
    add_kid(p, n, parse_not(p));
    p->nesting--;
    return n;
}

static struct node *parse_and(struct parser *p)
{
    struct node *n = parse_not(p);
    while (parser_accept(p, TOKEN_AND))
        n = join(p, NODE_AND, n, parse_not(p), NULL);
    return n;
}

struct node *parser_value_without_if(struct parser *p)
{
    struct node *n = parse_and(p);
    while (parser_accept(p, TOKEN_OR))
        n = join(p, NODE_OR, n, parse_and(p), NULL);
    return n;
}

static struct node *parse_conditional(struct parser *p)
{
    struct node *n = parser_value_without_if(p);
    nest(p);
    if (parser_accept(p, TOKEN_IF)) {
        struct node *condition = parser_value_without_if(p);
        parser_expect(p, TOKEN_ELSE, "'else'");
        n = join(p, NODE_CONDITIONAL, n, condition, parse_conditional(p));
    } else if (parser_accept(p, TOKEN_ELSE)) {
        n = join(p, NODE_DEFAULT, n, parse_conditional(p), NULL);
    }
    p->nesting--;
    return n;
}

static struct node *parse_as(struct parser *p, struct node *(*part)(struct parser *))
{
    struct node *n = part(p);
    if (!parser_accept(p, TOKEN_AS))
        return n;
    if (p->token.kind != TOKEN_NAME)
        parser_fail(p, "a name for the operator");
    n = join(p, NODE_AS, n, NULL, NULL);
    n->text = p->token.text;
    parser_advance(p);
    return n;
}

static struct node *parse_alternatives(struct parser *p, struct node *(*part)(struct parser *))
{
    struct node *n = parse_as(p, part);
    if (!parser_accept(p, '|'))
        return n;
    nest(p);
    n = join(p, NODE_ALTERNATIVE, n, parse_alternatives(p, part), NULL);
    p->nesting--;
    return n;
}

struct node *parser_value(struct parser *p)
{
    return parse_alternatives(p, parse_conditional);
}

struct node *parser_pattern(struct parser *p)
{
    return parse_alternatives(p, parser_value_without_if);
}
