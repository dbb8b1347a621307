/* resolver.h - a rule on its way from parsed to one that can run: what resolve.c, macros.c and calls.c share. */
#ifndef COMMON_REWRITE_TEXT_RESOLVER_H
#define COMMON_REWRITE_TEXT_RESOLVER_H

#include "common/rewrite/private.h"

struct resolver {
    struct rules *rules;
    struct rule *rule;
    struct node **pending; /* expressions inside patterns: resolved when all names are known */
    size_t pending_count;
    size_t depth;  /* of macros in macros */
    size_t macros; /* expanded so far: numbers their variables apart */
    bool in_result;
    bool failed;
};

/* Reports a mistake at the node; the rule is not added then.  The format has one %s. */
static inline void resolver_error(struct resolver *r, const struct node *n, const char *format,
                                  const char *text)
{
    r->failed = true;
    rules_error(r->rules, n->line, n->column, format, text);
}

/* macros.c: the body with the call's arguments in it; NULL, and reported: it cannot be. */
struct node *macro_expand(struct resolver *r, const struct rule_macro *macro, const struct node *call);

bool is_dtype_name(const char *name); /* float, bool ... */

/* calls.c */

/* Checks a call of an operator and puts its arguments into a canonical form: aliases replaced; in results, positions
 * get their keys. */
void call_check(struct resolver *r, struct node *call, bool result);
/* An operator that is made has all arguments that some form of it needs. */
void call_check_complete(struct resolver *r, const struct node *call);
/* Two forms of an operator that both fit, and have other arguments at the same place: the rule must say which. */
void call_check_clear(struct resolver *r, const struct node *call);
/* A function of the language or of the program, resolved already: how many arguments, and which kinds. */
void call_check_function(struct resolver *r, const struct node *call);
/* What stands in a value is a function; it may be misspelt. */
void call_unknown(struct resolver *r, const struct node *call);

#endif
