/* private.h - what the files of the rule engine share. */
#ifndef COMMON_REWRITE_PRIVATE_H
#define COMMON_REWRITE_PRIVATE_H

#include "common/base/map.h"
#include "common/rewrite/rewrite.h"
#include "common/rewrite/text/lex.h"
#include "common/rewrite/text/tree.h"

/* Rules whose root may be of one type, in order. */
struct rule_list {
    const struct rule **items;
    size_t count;
};

struct rules {
    struct arena arena;
    struct strings *strings;             /* borrowed */
    const struct signatures *signatures; /* borrowed */
    struct map functions;                /* interned name -> const struct rule_function * */
    const struct rule_function *all_functions;
    size_t function_count;
    bool scopes, explain;
    struct rule **items; /* all rules, in order */
    size_t count;
    struct map by_type;     /* interned type -> struct rule_list * */
    struct rule_list boxes; /* module rules */
    struct map macros;      /* of the file that is being read: interned name -> struct rule_macro * */
    struct map commutative; /* interned type -> itself */
    struct example_line *examples, **examples_end;
    struct map names;  /* interned label -> the rule that has it */
    struct map errors; /* places that have an error already: the body of a `for` is read many times */
    const char *file;  /* being read */
    struct scratch *scratch;
    struct map *
        misses; /* rules that say when they applied nowhere: rule -> struct miss * (misses.c); NULL: none do */
    const char *only; /* for tests: the name of the rules that may apply; NULL: all */
    size_t given_up;  /* matches that ran out of steps */
};

/* Reports a mistake in the file that is being read, once for each place. */
void rules_error(struct rules *rules, int line, int column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Resolves names, checks, and adds a parsed rule to the set, unless it has errors. */
void rules_add(struct rules *rules, struct rule *rule);

/* The macro with that (interned) name, or NULL. */
const struct rule_macro *rules_macro(const struct rules *rules, const char *name);
const struct rule_function *rules_function(const struct rules *rules, const char *name);
/* Whether a name without a dot is a function of the language or of the program. */
bool rules_is_function(const struct rules *rules, const char *name);

#endif
