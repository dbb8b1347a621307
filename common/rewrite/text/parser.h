/* parser.h - the parser's state, shared by items (parse.c) and values (expression.c), and what both take it on with. */
#ifndef COMMON_REWRITE_TEXT_PARSER_H
#define COMMON_REWRITE_TEXT_PARSER_H

#include <setjmp.h>

#include "common/rewrite/private.h"

struct parser {
    struct rules *rules;
    struct lexer lexer;
    struct token token, ahead; /* the current token and the next */
    jmp_buf recover;           /* where a mistake leads */
    struct word_list classes;  /* of the `in` around */
    size_t rule;               /* the number of the rule that was begun last */
    size_t depth;              /* of `for` and `in` */
    size_t nesting;            /* of brackets in values */
    bool skipped;              /* the mistake's item is skipped already */
    bool in_index;             /* inside [ ]: a colon is a slice's */
    bool in_where;             /* a bracket may begin the next definition */
};

struct parser_mark {
    struct lexer lexer;
    struct token token, ahead;
};

void parser_advance(struct parser *p);
bool parser_accept(struct parser *p, int kind);
void parser_expect(struct parser *p, int kind, const char *what);
const char *parser_name(struct parser *p, const char *what);
_Noreturn void parser_fail(struct parser *p, const char *expected);
bool parser_word(const struct parser *p, const char *word); /* the current token is that name */
struct parser_mark parser_here(const struct parser *p);
void parser_back(struct parser *p, struct parser_mark mark);
/* Results on the left: (y, _, *ys, w?) =. */
void parser_target(struct parser *p, struct targets *list);
bool parser_at_targets(struct parser *p, int open, int close);
struct targets parser_targets(struct parser *p, int open, int close);
void word_list_add(struct arena *arena, struct word_list *list, const char *word);

/* A pattern or a value; everything the grammar has. */
struct node *parser_value(struct parser *p);
/* The same up to an `if` or `else`, which belong to the rule. */
struct node *parser_pattern(struct parser *p);
/* The same up to `|` and `as`, too. */
struct node *parser_value_without_if(struct parser *p);

#endif
