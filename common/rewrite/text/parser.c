/* parser.c - see parser.h: tokens, and what stands on the left of a result. */
#include "common/rewrite/text/parser.h"

#include <string.h>

/* ---- tokens ---- */

void parser_advance(struct parser *p)
{
    p->token = p->ahead;
    p->ahead = lex(&p->lexer);
}

bool parser_accept(struct parser *p, int kind)
{
    if (p->token.kind != kind)
        return false;
    parser_advance(p);
    return true;
}

_Noreturn void parser_fail(struct parser *p, const char *expected)
{
    const struct token *t = &p->token;
    if (t->kind == TOKEN_END)
        rules_error(p->rules, t->line, t->column, "expected %s before the end of the file", expected);
    else if (t->kind != TOKEN_WRONG)
        rules_error(p->rules, t->line, t->column, "expected %s", expected);
    longjmp(p->recover, 1);
}

void parser_expect(struct parser *p, int kind, const char *what)
{
    if (!parser_accept(p, kind))
        parser_fail(p, what);
}

bool parser_word(const struct parser *p, const char *word)
{
    return p->token.kind == TOKEN_NAME && strcmp(p->token.text, word) == 0;
}

struct parser_mark parser_here(const struct parser *p)
{
    return (struct parser_mark){ p->lexer, p->token, p->ahead };
}

void parser_back(struct parser *p, struct parser_mark mark)
{
    struct example_line **examples = p->lexer.examples;
    p->lexer = mark.lexer;
    p->lexer.examples = examples;
    p->token = mark.token;
    p->ahead = mark.ahead;
}

const char *parser_name(struct parser *p, const char *what)
{
    const char *name = p->token.text;
    if (p->token.kind != TOKEN_NAME)
        parser_fail(p, what);
    parser_advance(p);
    return name;
}

void word_list_add(struct arena *arena, struct word_list *list, const char *word)
{
    list->items = arena_grow(arena, list->items, list->count, sizeof *list->items);
    list->items[list->count++] = word;
}

/* ---- results on the left: (y, _, *ys, w?) = ---- */

static struct target *add_target(struct parser *p, struct targets *list)
{
    list->items = arena_grow(p->lexer.arena, list->items, list->count, sizeof *list->items);
    struct target *t = &list->items[list->count++];
    *t = (struct target){ .slot = NO_SLOT, .line = p->token.line, .column = p->token.column };
    return t;
}

void parser_target(struct parser *p, struct targets *list)
{
    struct target *t = add_target(p, list);
    t->rest = parser_accept(p, '*');
    const char *name = parser_name(p, "the name of a result");
    t->name = strcmp(name, "_") == 0 ? NULL : name;
    t->optional = parser_accept(p, '?');
}

struct targets parser_targets(struct parser *p, int open, int close)
{
    struct targets list = { .given = true };
    parser_expect(p, open, open == '(' ? "'('" : "'['");
    while (p->token.kind != close) {
        parser_target(p, &list);
        if (!parser_accept(p, ','))
            break;
    }
    parser_expect(p, close, close == ')' ? "')'" : "']'");
    return list;
}

/* True when a bracket that opens here closes before a `=`: what is in it are targets. */
bool parser_at_targets(struct parser *p, int open, int close)
{
    if (p->token.kind != open)
        return false;
    struct parser_mark mark = parser_here(p);
    size_t depth = 0;
    do {
        depth += p->token.kind == open;
        depth -= p->token.kind == close;
        parser_advance(p);
    } while (depth > 0 && p->token.kind != TOKEN_END && p->token.kind != ';');
    bool found = depth == 0 && p->token.kind == '=';
    parser_back(p, mark);
    return found;
}
