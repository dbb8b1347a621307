/* text.h - the language of pnnx.Expression: its functions, and texts as trees. */
#ifndef COMMON_EXPRESSION_TEXT_H
#define COMMON_EXPRESSION_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/graph/value.h"

/* A function of the language and the operator that it is in a graph. */
struct expression_function {
    const char *name;           /* "add" */
    const char *type;           /* "torch.add" */
    int arity;                  /* the most arguments that it takes; only size takes fewer (1) */
    const char *first, *second; /* the keys of the operator's arguments; second NULL: one argument */
    const char *dtype;          /* a cast: the value of the operator's dtype; NULL otherwise */
    bool formed;                /* expressions_form() writes it */
};

/* The function with that name (of that operator type, the first that is formed), or NULL. */
const struct expression_function *expression_function(const char *name);
const struct expression_function *expression_function_of(const char *type);

enum term_kind {
    TERM_OPERAND, /* @3 */
    TERM_LITERAL, /* 0.5, True, reflect */
    TERM_CALL,    /* add(@0,1) */
    TERM_LIST,    /* [1,@0] */
};

struct term {
    enum term_kind kind;
    size_t operand;                             /* TERM_OPERAND: which input */
    struct value literal;                       /* TERM_LITERAL; spelled as in the text */
    const struct expression_function *function; /* TERM_CALL */
    struct term **items;                        /* TERM_CALL, TERM_LIST: arguments; arena */
    size_t count;
    int depth; /* of the tree below; bounded by EXPRESSION_DEPTH */
};

/* Trees are no deeper, so that recursion over them is safe. */
#define EXPRESSION_DEPTH 1000

/* The tree of a text; NULL when it is no expression.  Parentheses decide where they are complete; otherwise the text
 * is read as upstream does, as a stream of tokens in prefix order in which each function has a fixed number of
 * arguments, so `add(@0,,mul(@1,2))`, `sub(,mul(@1,2),@0)` and `mul(expm1,@0),2` are expressions.  `inputs` is the
 * number of operands: a text without operands that is neither is a string (`ij,jk->ik`, `floor`). */
struct term *expression_parse(struct arena *arena, const char *text, size_t inputs);

/* The text of a number, as upstream lays it out, and exact; NULL for what has none (inf, nan). */
const char *expression_number(struct arena *arena, const struct value *v);

#endif
