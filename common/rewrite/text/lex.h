/* lex.h - rule text as tokens, with the variables of `for` put in. */
#ifndef COMMON_REWRITE_TEXT_LEX_H
#define COMMON_REWRITE_TEXT_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/intern.h"
#include "common/base/report.h"

/* Single characters are tokens under their own code. */
enum token_kind {
    TOKEN_END = 0,
    TOKEN_NAME = 256, /* x, x.shape, torch.mul, aten::add */
    TOKEN_INT,
    TOKEN_FLOAT,
    TOKEN_STRING,
    TOKEN_ARROW,   /* => */
    TOKEN_TO,      /* -> */
    TOKEN_EQUAL,   /* == */
    TOKEN_UNEQUAL, /* != */
    TOKEN_LESS_EQUAL,
    TOKEN_GREATER_EQUAL,
    TOKEN_POWER,    /* ** */
    TOKEN_FLOOR,    /* // */
    TOKEN_ELLIPSIS, /* ... */
    TOKEN_IF,
    TOKEN_ELSE,
    TOKEN_WHERE,
    TOKEN_ALSO,
    TOKEN_WITH,
    TOKEN_AS,
    TOKEN_FOR,
    TOKEN_IN,
    TOKEN_NOT_IN, /* made by the parser of `not in` */
    TOKEN_NOT,
    TOKEN_AND,
    TOKEN_OR,
    TOKEN_TRUE,
    TOKEN_FALSE,
    TOKEN_NONE,
    TOKEN_WRONG, /* reported already */
};

struct token {
    int kind;
    int line, column;
    bool first;       /* the first on its line */
    char next;        /* the character right behind it; 0 at the end */
    const char *text; /* names and strings: interned */
    int64_t integer;
    double real;
    size_t after; /* the offset behind it in the file */
};

/* A variable of a `for`. */
struct for_variable {
    const char *name, *value;
    const struct for_variable *outer;
};

/* A comment line that is part of an example. */
struct example_line {
    char kind; /* '>', '=', '!'; 'i': the scope of those behind it */
    const char *text;
    int line;
    size_t rule;   /* the number of the rule before it */
    size_t offset; /* in the file */
    struct example_line *next;
};

struct lexer {
    struct arena *arena;
    struct strings *strings;
    const char *file, *text, *end;
    const char *p;      /* the next character: of the text, or of an expansion */
    const char *resume; /* where in the text to go on after an expansion; NULL: none */
    const char *expansion_end;
    const char *line_start;
    int line;
    int fixed_line, fixed_column; /* inside an expansion: where it was asked for */
    const struct for_variable *variables;
    struct example_line **examples; /* the end of a list */
    const size_t *rule;             /* the number of the rule that was begun last */
    void (*error)(void *context, int line, int column, const char *text);
    void *context;
};

struct token lex(struct lexer *lexer);
/* Goes to an offset of the text, which is on that line. */
void lex_seek(struct lexer *lexer, size_t offset, int line);
/* The next word of a `for` list, up to white space or one of ( ) { } ; and with outer variables put in; NULL when none
 * comes next. */
const char *lex_word(struct lexer *lexer);
/* The character that comes next after white space and comments; 0 at the end. */
char lex_peek(struct lexer *lexer);
size_t lex_offset(const struct lexer *lexer);

#endif
