/* lex.c - see lex.h.
 *
 * The body of a `for` is read again for each value; `$n` and `$(n)` are put in where they stand, so that every message
 * has the place in the file.  A run of letters, digits, dots and colons with a variable in it is expanded as a whole
 * and read as if it were the text: nn.Conv$(n)d is one name. */
#include "common/rewrite/text/lex.h"
#include "common/base/float_text.h"

#include <math.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_word(char c)
{
    return is_letter(c) || is_digit(c);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* Where the characters that are being read end. */
static const char *limit(const struct lexer *l)
{
    return l->resume ? l->expansion_end : l->end;
}

static char at(const struct lexer *l, size_t ahead)
{
    return (size_t)(limit(l) - l->p) > ahead ? l->p[ahead] : 0;
}

static void complain(struct lexer *l, const char *p, const char *text)
{
    if (l->resume)
        l->error(l->context, l->fixed_line, l->fixed_column, text);
    else
        l->error(l->context, l->line, (int)(p - l->line_start) + 1, text);
}

/* ---- white space, comments, examples ---- */

static const char *expand(struct lexer *l, const char *from, const char *to, bool unquoted);

/* Keeps `#> line`, `#= line` and `#! line`, and `#in scope`. */
static void keep_example(struct lexer *l, const char *from, const char *to)
{
    bool scope = to - from > 4 && memcmp(from, "#in ", 4) == 0;
    if (!l->examples || to - from < 2 || (!scope && from[1] != '>' && from[1] != '=' && from[1] != '!'))
        return;
    struct example_line *line = arena_alloc(l->arena, sizeof *line);
    *line = (struct example_line){
        from[1], expand(l, from + (scope ? 4 : 2), to, true), l->line, *l->rule, (size_t)(from - l->text),
        NULL
    };
    *l->examples = line;
    l->examples = &line->next;
}

/* Goes to the next token; true when it is the first on its line. */
static bool skip_space(struct lexer *l)
{
    bool first = l->p == l->text;
    for (;;) {
        if (l->resume && l->p == l->expansion_end) {
            l->p = l->resume;
            l->resume = NULL;
        }
        if (l->p == limit(l))
            return first;
        if (*l->p == '\n' && !l->resume) {
            l->line++;
            l->line_start = l->p + 1;
            first = true;
        } else if (*l->p == '#' && !l->resume) {
            const char *end = memchr(l->p, '\n', (size_t)(l->end - l->p));
            keep_example(l, l->p, end ? end : l->end);
            l->p = end ? end : l->end;
            continue;
        } else if (!is_space(*l->p)) {
            return first;
        }
        l->p++;
    }
}

/* ---- variables of `for` ---- */

/* Reads $name or $(name) at p; the value, and *after behind it; NULL when there is no such variable. */
static const char *variable_at(const struct lexer *l, const char *p, const char *end, const char **after)
{
    const char *from = ++p;
    bool closed = p < end && *p == '(';
    if (closed)
        from = ++p;
    while (p < end && is_word(*p))
        p++;
    size_t length = (size_t)(p - from);
    if (closed && (p == end || *p != ')'))
        return NULL;
    *after = closed ? p + 1 : p;
    for (const struct for_variable *v = l->variables; v; v = v->outer)
        if (strlen(v->name) == length && memcmp(v->name, from, length) == 0)
            return v->value;
    return NULL;
}

struct buffer {
    char *text;
    size_t size;
};

static void add_text(struct arena *arena, struct buffer *b, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        b->text = arena_grow(arena, b->text, b->size, 1);
        b->text[b->size++] = text[i];
    }
}

/* The text with the variables in it replaced; a `$` that names none is an error.  A quoted word loses its quotes where
 * `unquoted` says so: in the lines of examples, which have no strings.  Arena. */
static const char *expand(struct lexer *l, const char *from, const char *to, bool unquoted)
{
    if (!memchr(from, '$', (size_t)(to - from)))
        return arena_text(l->arena, from, (size_t)(to - from));
    struct buffer b = { NULL, 0 };
    const char *p = from;
    while (p < to) {
        const char *after, *value = *p == '$' ? variable_at(l, p, to, &after) : NULL;
        if (value) {
            bool quoted = unquoted && (*value == '\'' || *value == '"');
            add_text(l->arena, &b, value + quoted, strlen(value) - 2 * quoted);
            p = after;
        } else {
            add_text(l->arena, &b, p++, 1);
        }
    }
    return arena_text(l->arena, b.text, b.size);
}

static void start_expansion(struct lexer *l, const char *from, const char *to)
{
    l->fixed_line = l->line;
    l->fixed_column = (int)(from - l->line_start) + 1;
    const char *text = expand(l, from, to, false);
    if (strchr(text, '$'))
        complain(l, from, "no 'for' around this has such a variable");
    l->p = text;
    l->expansion_end = text + strlen(text);
    l->resume = to;
}

/* When the name or number at p has a `$` in or behind it: starts its expansion and returns true. */
static bool expand_run(struct lexer *l)
{
    const char *p = l->p;
    bool found = false;
    while (p < l->end &&
           (is_word(*p) || *p == '$' ||
            ((*p == '.' || *p == ':') && p + 1 < l->end && (is_word(p[1]) || p[1] == '$' || p[1] == ':')))) {
        if (*p == ':' && !(p[1] == ':' || p[-1] == ':'))
            break;
        if (*p == '$') {
            found = true;
            if (p + 1 < l->end && p[1] == '(') {
                const char *close = memchr(p, ')', (size_t)(l->end - p));
                p = close ? close : p;
            }
        }
        p++;
    }
    if (found)
        start_expansion(l, l->p, p);
    return found;
}

/* $*name: the words of the variable's text, which blanks part, as arguments: with commas between them. */
static bool expand_words(struct lexer *l)
{
    const char *after, *value = variable_at(l, l->p + 1, l->end, &after);
    if (!value)
        return false;
    bool quoted = *value == '\'' || *value == '"';
    struct buffer b = { NULL, 0 };
    for (size_t i = quoted, end = strlen(value) - quoted; i < end; i++)
        add_text(l->arena, &b, is_space(value[i]) ? ", " : value + i, is_space(value[i]) ? 2 : 1);
    l->fixed_line = l->line;
    l->fixed_column = (int)(l->p - l->line_start) + 1;
    l->p = b.size ? arena_text(l->arena, b.text, b.size) : "";
    l->expansion_end = l->p + b.size;
    l->resume = after;
    return true;
}

/* ---- tokens ---- */

static const struct {
    const char *text;
    int kind;
} keywords[] = {
    { "if", TOKEN_IF },       { "else", TOKEN_ELSE }, { "where", TOKEN_WHERE }, { "also", TOKEN_ALSO },
    { "with", TOKEN_WITH },   { "as", TOKEN_AS },     { "for", TOKEN_FOR },     { "in", TOKEN_IN },
    { "not", TOKEN_NOT },     { "and", TOKEN_AND },   { "or", TOKEN_OR },       { "True", TOKEN_TRUE },
    { "False", TOKEN_FALSE }, { "None", TOKEN_NONE },
};

static int keyword(const char *text, size_t length)
{
    if (length < 2 || length > 5 || !strchr("iewafnoTFN", text[0]))
        return TOKEN_NAME;
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (keywords[i].text[0] == text[0] && strlen(keywords[i].text) == length &&
            memcmp(keywords[i].text, text, length) == 0)
            return keywords[i].kind;
    return TOKEN_NAME;
}

static void lex_name(struct lexer *l, struct token *t)
{
    const char *from = l->p, *end = limit(l);
    const char *p = from + 1;
    for (;;) {
        while (p < end && is_word(*p))
            p++;
        if (end - p >= 2 && *p == '.' && is_word(p[1]))
            p += 1;
        else if (end - p >= 3 && p[0] == ':' && p[1] == ':' && is_letter(p[2]))
            p += 2;
        else
            break;
    }
    l->p = p;
    t->kind = keyword(from, (size_t)(p - from));
    t->text = intern_length(l->strings, from, (size_t)(p - from));
    if (strcmp(t->text, "inf") == 0) {
        t->kind = TOKEN_FLOAT;
        t->real = INFINITY;
    }
}

static void lex_number(struct lexer *l, struct token *t)
{
    const char *from = l->p, *end = limit(l), *p = from;
    bool real = false;
    while (p < end && is_digit(*p))
        p++;
    if (p < end && *p == '.' && !(end - p > 1 && p[1] == '.')) {
        real = true;
        for (p++; p < end && is_digit(*p); p++)
            ;
    }
    const char *e = p;
    if (e < end && (*e == 'e' || *e == 'E')) {
        e++;
        if (e < end && (*e == '+' || *e == '-'))
            e++;
        if (e < end && is_digit(*e)) {
            real = true;
            for (p = e; p < end && is_digit(*p); p++)
                ;
        }
    }
    const char *text = arena_text(l->arena, from, (size_t)(p - from));
    l->p = p;
    t->text = text;
    t->kind = real ? TOKEN_FLOAT : TOKEN_INT;
    t->real = float_read(text, NULL);
    for (const char *d = text; !real && *d; d++)
        if (!int_mul(t->integer, 10, &t->integer) || !int_add(t->integer, *d - '0', &t->integer)) {
            complain(l, from, "the number does not fit in 64 bits");
            t->kind = TOKEN_WRONG;
            return;
        }
}

static void lex_string(struct lexer *l, struct token *t)
{
    const char *from = l->p, *end = limit(l), *p = from + 1;
    while (p < end && *p != *from && *p != '\n')
        p++;
    t->kind = TOKEN_WRONG;
    l->p = p;
    if (p == end || *p != *from) {
        complain(l, from, "the string is not closed on its line");
        return;
    }
    l->p = p + 1;
    t->kind = TOKEN_STRING;
    t->text = intern(l->strings, expand(l, from + 1, p, false));
}

static const struct {
    char text[4];
    int kind;
} marks[] = {
    { "...", TOKEN_ELLIPSIS },     { "=>", TOKEN_ARROW },   { "->", TOKEN_TO },
    { "==", TOKEN_EQUAL },         { "!=", TOKEN_UNEQUAL }, { "<=", TOKEN_LESS_EQUAL },
    { ">=", TOKEN_GREATER_EQUAL }, { "**", TOKEN_POWER },   { "//", TOKEN_FLOOR },
};

static void lex_mark(struct lexer *l, struct token *t)
{
    bool plain = strchr("()[]{},;:@?|&%+", *l->p) != NULL; /* begins no longer mark */
    for (size_t i = 0; !plain && i < sizeof marks / sizeof *marks; i++) {
        size_t length = marks[i].text[2] ? 3 : 2;
        if ((size_t)(limit(l) - l->p) >= length && memcmp(marks[i].text, l->p, length) == 0) {
            l->p += length;
            t->kind = marks[i].kind;
            return;
        }
    }
    t->kind = TOKEN_WRONG;
    if (*l->p == '$') {
        complain(l, l->p, "no 'for' around this has such a variable");
        l->p++;
        return;
    }
    if (plain || strchr("=-*/<>.", *l->p))
        t->kind = *l->p;
    else
        complain(l, l->p, "no token begins with this character");
    l->p++;
}

struct token lex(struct lexer *l)
{
    bool first = skip_space(l);
    bool words = l->variables && !l->resume && at(l, 0) == '$' && at(l, 1) == '*' && expand_words(l);
    if (words ||
        (l->variables && !l->resume && l->p < l->end && (is_word(*l->p) || *l->p == '$') && expand_run(l)))
        skip_space(l);
    struct token t = { .first = first, .line = l->line, .column = (int)(l->p - l->line_start) + 1 };
    if (l->resume) {
        t.line = l->fixed_line;
        t.column = l->fixed_column;
    }
    if (l->p == limit(l))
        t.kind = TOKEN_END;
    else if (is_letter(*l->p))
        lex_name(l, &t);
    else if (is_digit(*l->p) || (*l->p == '.' && is_digit(at(l, 1))))
        lex_number(l, &t);
    else if (*l->p == '\'' || *l->p == '"')
        lex_string(l, &t);
    else
        lex_mark(l, &t);
    t.after = lex_offset(l);
    t.next = at(l, 0);
    if (!t.next && l->resume && l->resume < l->end)
        t.next = *l->resume;
    return t;
}

void lex_seek(struct lexer *l, size_t offset, int line)
{
    l->p = l->text + offset;
    l->resume = NULL;
    l->line = line;
    l->line_start = l->p;
    while (l->line_start > l->text && l->line_start[-1] != '\n')
        l->line_start--;
}

size_t lex_offset(const struct lexer *l)
{
    return (size_t)((l->resume ? l->resume : l->p) - l->text);
}

const char *lex_word(struct lexer *l)
{
    skip_space(l);
    const char *from = l->p, *p = from;
    if (p < l->end && (*p == '\'' || *p == '"')) {
        for (p++; p < l->end && *p != *from && *p != '\n'; p++)
            ;
        if (p == l->end || *p != *from)
            return NULL;
        p++;
    } else {
        size_t depth = 0; /* of brackets: [1, k] is one word */
        while (p < l->end && (depth || (!is_space(*p) && !strchr("(){};,", *p)))) {
            const char *close =
                p[0] == '$' && l->end - p > 1 && p[1] == '(' ? memchr(p, ')', (size_t)(l->end - p)) : NULL;
            depth += *p == '[';
            depth -= *p == ']' && depth > 0;
            p = close ? close + 1 : p + 1;
        }
    }
    l->p = p;
    return p == from ? NULL : intern(l->strings, expand(l, from, p, false));
}

char lex_peek(struct lexer *l)
{
    skip_space(l);
    return at(l, 0);
}
