/* text.c - see text.h. */
#include "common/expression/text.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/float_text.h"

/* ---- functions ---- */

#define UNARY(name)                                                                                          \
    {                                                                                                        \
        name, "torch." name, 1, "input", NULL, NULL, true                                                    \
    }
#define BINARY(name)                                                                                         \
    {                                                                                                        \
        name, "torch." name, 2, "input", "other", NULL, true                                                 \
    }
#define CAST(name)                                                                                           \
    {                                                                                                        \
        name, "Tensor.to", 1, "input", NULL, name, false                                                     \
    }

static const struct expression_function functions[] = {
    { "size", "Tensor.size", 2, "input", "dim", NULL, true },
    { "int", "aten::Int", 1, "a", NULL, NULL, true },
    BINARY("add"),
    BINARY("sub"),
    BINARY("mul"),
    BINARY("div"),
    BINARY("floor_divide"),
    BINARY("remainder"),
    BINARY("pow"),
    BINARY("atan2"),
    BINARY("fmod"),
    BINARY("logaddexp"),
    BINARY("maximum"),
    BINARY("minimum"),
    BINARY("max"),
    BINARY("min"),
    { "and", "torch.bitwise_and", 2, "input", "other", NULL, false },
    { "or", "torch.bitwise_or", 2, "input", "other", NULL, false },
    { "xor", "torch.bitwise_xor", 2, "input", "other", NULL, false },
    { "lshift", "torch.bitwise_left_shift", 2, "input", "other", NULL, false },
    { "rshift", "torch.bitwise_right_shift", 2, "input", "other", NULL, false },
    UNARY("abs"),
    UNARY("acos"),
    UNARY("acosh"),
    UNARY("asin"),
    UNARY("asinh"),
    UNARY("atan"),
    UNARY("atanh"),
    UNARY("ceil"),
    UNARY("cos"),
    UNARY("cosh"),
    UNARY("erf"),
    UNARY("exp"),
    UNARY("expm1"),
    UNARY("floor"),
    UNARY("log"),
    UNARY("log10"),
    UNARY("log1p"),
    UNARY("neg"),
    UNARY("reciprocal"),
    UNARY("round"),
    UNARY("rsqrt"),
    UNARY("sign"),
    UNARY("sin"),
    UNARY("sinh"),
    UNARY("sqrt"),
    UNARY("square"),
    UNARY("tan"),
    UNARY("tanh"),
    UNARY("trunc"),
    CAST("torch.uint8"),
    CAST("torch.int8"),
    CAST("torch.short"),
    CAST("torch.int"),
    CAST("torch.long"),
    CAST("torch.half"),
    CAST("torch.float"),
    CAST("torch.double"),
    CAST("torch.complex32"),
    CAST("torch.complex64"),
    CAST("torch.complex128"),
    CAST("torch.bool"),
    CAST("torch.bfloat16"),
};

static const size_t function_count = sizeof functions / sizeof *functions;

static const struct expression_function *function_named(const char *name, size_t length)
{
    for (size_t i = 0; i < function_count; i++)
        if (strlen(functions[i].name) == length && memcmp(functions[i].name, name, length) == 0)
            return &functions[i];
    return NULL;
}

const struct expression_function *expression_function(const char *name)
{
    return function_named(name, strlen(name));
}

const struct expression_function *expression_function_of(const char *type)
{
    for (size_t i = 0; i < function_count; i++)
        if (functions[i].formed && strcmp(functions[i].type, type) == 0)
            return &functions[i];
    return NULL;
}

/* Whether a call of `f` may have so many arguments. */
static bool takes(const struct expression_function *f, size_t count)
{
    return count == (size_t)f->arity || (count == 1 && strcmp(f->name, "size") == 0);
}

/* ---- literals ---- */

static bool looks_numeric(const char *s)
{
    const char *digits = *s == '-' || *s == '+' ? s + 1 : s;
    return (*digits >= '0' && *digits <= '9') || (*digits == '.' && digits[1] >= '0' && digits[1] <= '9');
}

/* "1.0+-2.0j": upstream puts a plus between the parts whatever follows. */
static bool parse_complex(const char *s, struct value *out)
{
    char *end, *last;
    double re = float_read(s, &end);
    if (end == s || *end == '\0' || (*end != '+' && *end != '-'))
        return false;
    const char *imaginary = *end == '+' ? end + 1 : end;
    double im = float_read(imaginary, &last);
    if (last == imaginary || strcmp(last, "j") != 0)
        return false;
    *out = value_complex(re, im);
    return true;
}

static bool parse_number(const char *s, struct value *out)
{
    char *end;
    if (strcmp(s, "inf") == 0 || strcmp(s, "-inf") == 0 || strcmp(s, "nan") == 0 || strcmp(s, "nan.0") == 0) {
        *out = value_float(s[0] == 'n' ? NAN : s[0] == '-' ? -INFINITY : INFINITY);
        return true;
    }
    if (!looks_numeric(s) || strpbrk(s, "xXpP"))
        return false;
    if (strspn(s, "+-0123456789") == strlen(s)) {
        *out = value_int(strtoll(s, &end, 10)); /* saturates */
        return *end == '\0';
    }
    double real = float_read(s, &end);
    if (*end == '\0') {
        *out = value_float(real);
        return true;
    }
    return parse_complex(s, out);
}

static struct value literal_of(const char *s)
{
    struct value v;
    if (strcmp(s, "None") == 0)
        return value_none();
    if (strcmp(s, "True") == 0 || strcmp(s, "False") == 0)
        return value_bool(s[0] == 'T');
    if (!parse_number(s, &v))
        return value_string(s);
    v.text = s;
    return v;
}

static const char *float_of(struct arena *arena, double f)
{
    char text[FLOAT_TEXT];
    float_text(text, f);
    return arena_text(arena, text, strlen(text));
}

/* "To the end" and its kin, as the 32 bits of upstream have them. */
static int64_t in_range(int64_t i)
{
    if (i >= INT64_MAX - 1)
        return INT32_MAX - (INT64_MAX - i);
    if (i <= INT64_MIN + 1)
        return INT32_MIN + (i - INT64_MIN);
    return i;
}

const char *expression_number(struct arena *arena, const struct value *v)
{
    switch (v->kind) {
    case VALUE_BOOL: return v->boolean ? "True" : "False";
    case VALUE_INT: return arena_printf(arena, "%" PRId64, in_range(v->integer));
    case VALUE_FLOAT:
        if (!isfinite(v->real))
            return NULL;
        return v->text && !strpbrk(v->text, "%,()[] ") ? v->text : float_of(arena, v->real);
    case VALUE_COMPLEX:
        if (!isfinite(v->complex.re) || !isfinite(v->complex.im))
            return NULL;
        return arena_printf(arena, "%s+%sj", float_of(arena, v->complex.re), float_of(arena, v->complex.im));
    default: return NULL;
    }
}

/* ---- terms ---- */

struct parser {
    struct arena *arena;
    const char *at;
    bool strict; /* parentheses are complete so far */
    int depth;
};

static struct term *new_term(struct arena *arena, enum term_kind kind)
{
    struct term *t = arena_alloc(arena, sizeof *t);
    t->kind = kind;
    t->depth = 1;
    return t;
}

static void add_item(struct arena *arena, struct term *t, struct term *item)
{
    t->items = arena_grow(arena, t->items, t->count, sizeof *t->items);
    t->items[t->count++] = item;
    if (item->depth >= t->depth)
        t->depth = item->depth + 1;
}

/* "@3", or a literal.  NULL: an index that is no number. */
static struct term *leaf(struct arena *arena, const char *text, size_t length)
{
    const char *word = arena_text(arena, text, length);
    struct term *t = new_term(arena, *word == '@' ? TERM_OPERAND : TERM_LITERAL);
    if (*word != '@') {
        t->literal = literal_of(word);
        return t;
    }
    if (length < 2 || length > 10 || strspn(word + 1, "0123456789") != length - 1)
        return NULL;
    t->operand = (size_t)strtoull(word + 1, NULL, 10);
    return t;
}

static const char separators[] = "(),[]";

/* ---- by parentheses ---- */

static struct term *parse_term(struct parser *p);

/* Items up to the closing character, empty ones skipped. */
static bool parse_items(struct parser *p, struct term *t, char close)
{
    for (;;) {
        while (*p->at == ',')
            p->at++;
        if (*p->at == close) {
            p->at++;
            return true;
        }
        struct term *item = *p->at ? parse_term(p) : NULL;
        if (!item || (*p->at != ',' && *p->at != close))
            return false;
        add_item(p->arena, t, item);
    }
}

static struct term *parse_call(struct parser *p, const struct expression_function *f)
{
    struct term *t = new_term(p->arena, TERM_CALL);
    t->function = f;
    p->at++;
    return f && parse_items(p, t, ')') && takes(f, t->count) ? t : NULL;
}

static struct term *parse_inner(struct parser *p)
{
    if (*p->at == '[') {
        struct term *list = new_term(p->arena, TERM_LIST);
        p->at++;
        return parse_items(p, list, ']') ? list : NULL;
    }
    const char *word = p->at;
    size_t length = strcspn(word, separators);
    const struct expression_function *f = function_named(word, length);
    p->at += length;
    if (*p->at == '(')
        return parse_call(p, f);
    return length > 0 && !f ? leaf(p->arena, word, length)
                            : NULL; /* a bare function name needs the token stream */
}

static struct term *parse_term(struct parser *p)
{
    if (p->depth >= EXPRESSION_DEPTH)
        return NULL;
    p->depth++;
    struct term *t = parse_inner(p);
    p->depth--;
    return t;
}

static struct term *parse_nested(struct arena *arena, const char *text)
{
    struct parser p = { .arena = arena, .at = text };
    struct term *t = parse_term(&p);
    return t && *p.at == '\0' ? t : NULL;
}

/* ---- by arity ---- */

struct token {
    const char *text;
    size_t length;
};

static size_t tokenize(struct arena *arena, const char *text, struct token **out)
{
    struct token *tokens = NULL;
    size_t count = 0;
    for (const char *c = text; *c;) {
        size_t length = *c == '[' ? 1 : strcspn(c, separators);
        if (length > 0) {
            tokens = arena_grow(arena, tokens, count, sizeof *tokens);
            tokens[count++] = (struct token){ c, length };
        }
        c += length ? length : 1;
    }
    *out = tokens;
    return count;
}

/* A function with the arguments on top of the stack, first on top; or NULL. */
static struct term *apply(struct arena *arena, const struct expression_function *f, struct term **stack,
                          size_t *top)
{
    size_t count = takes(f, *top) ? *top : (size_t)f->arity;
    struct term *t = new_term(arena, TERM_CALL);
    t->function = f;
    if (*top < count)
        return NULL;
    for (size_t i = 0; i < count; i++)
        add_item(arena, t, stack[--*top]);
    return t->depth < EXPRESSION_DEPTH ? t : NULL;
}

static struct term *parse_stream(struct arena *arena, const char *text)
{
    struct token *tokens;
    size_t count = tokenize(arena, text, &tokens), top = 0;
    struct term **stack = arena_array(arena, count + 1, sizeof *stack);
    for (size_t i = count; i-- > 0;) {
        const struct expression_function *f = function_named(tokens[i].text, tokens[i].length);
        struct term *t;
        if (f) {
            t = apply(arena, f, stack, &top);
        } else if (tokens[i].text[0] == '[') {
            t = new_term(arena, TERM_LIST);
            while (top > 0)
                add_item(arena, t, stack[--top]);
        } else {
            t = leaf(arena, tokens[i].text, tokens[i].length);
        }
        if (!t || t->depth >= EXPRESSION_DEPTH)
            return NULL;
        stack[top++] = t;
    }
    return top == 1 ? stack[0] : NULL;
}

struct term *expression_parse(struct arena *arena, const char *text, size_t inputs)
{
    struct term *t = parse_nested(arena, text);
    if (!t)
        t = parse_stream(arena, text);
    if (!t && inputs == 0 && !strchr(text, '@')) {
        t = new_term(arena, TERM_LITERAL);
        t->literal = value_string(arena_text(arena, text, strlen(text)));
    }
    return t;
}
