/* search.h - the state of a search, shared by the files that take its steps: match.c, braces.c, finish.c. */
#ifndef COMMON_REWRITE_SEARCH_H
#define COMMON_REWRITE_SEARCH_H

#include "common/rewrite/match.h"

enum goal_kind {
    GOAL_MATCH,  /* node against value */
    GOAL_BRACES, /* braces, flattened in the way `option`, against the operator */
    GOAL_TREE,   /* braces: the rest of a cut */
    GOAL_ALSO,   /* a second root */
    GOAL_FIND,   /* an operator of the box */
    GOAL_FINISH, /* all that is not a pattern */
};

struct tree {
    const struct node *const *leaves; /* of the pattern, the most specific first */
    size_t leaf_count;
    uint64_t used;                 /* leaves that are matched */
    const struct pending *pending; /* arguments not yet assigned to a leaf, nor cut */
    size_t pending_count;
    const char *type;
};

struct pending {
    const struct value *value;
    const struct pending *next;
};

struct goal {
    enum goal_kind kind;
    const struct goal *next;
    const struct node *node;
    const struct value *value;         /* NULL: the argument is left out */
    struct operator *op;               /* GOAL_MATCH: whose argument it is, or NULL */
    const struct parameter *parameter; /* GOAL_MATCH: of op's signature, or NULL */
    const struct tree *tree;
    size_t index;  /* GOAL_ALSO: which */
    size_t option; /* the next way to try */
};

struct choice_point {
    struct choice_point *older;
    const struct goal *goals, *deferred;
    size_t trail, operators;
};

/* Puts a goal in front of those there are. */
struct goal *search_goal(struct match *m, enum goal_kind kind);
/* A copy to be changed before it is kept: goals never change. */
struct goal *search_copy(struct match *m, const struct goal *goal);
/* The goal that an argument of `op` (or NULL), for that parameter (or NULL), fits a pattern. */
void search_match(struct match *m, const struct node *node, const struct value *value, struct operator *op,
                  const struct parameter *parameter);
/* Keeps another way to go on: with these goals instead of what is done now. */
void search_choice(struct match *m, const struct goal *goals);
/* Goes back to the last choice; false when there is none. */
bool search_back(struct match *m);
/* Binds a variable that is free; search_bind() compares with what it is bound to otherwise. */
void search_set(struct match *m, size_t slot, struct item item);
bool search_bind(struct match *m, size_t slot, struct item item);
/* Records that the operator is part of the match, and whether others may read it; false: it is of another invocation of
 * the module. */
bool search_take(struct match *m, struct operator *op, bool shared);
/* Whether an argument that the pattern leaves out allows that: it is None, has its default, or has none. */
bool argument_is_default(const struct operator *op, const struct argument *given);
/* For a parameter whose default is one number for every axis (stride:int[]=1), a list of equal numbers is that number. */
bool argument_is_number(const struct parameter *p, const struct value *number, const struct value *list);
/* The operator that makes the value, when the value is its first result; else NULL. */
struct operator *search_producer(const struct value *v);

/* braces.c: braces, flattened in the way `variant`, against an operator; and the rest of a cut. */
bool match_braces(struct match *m, const struct node *braces, struct operator *op, size_t variant);
bool match_tree(struct match *m, const struct goal *goal);
/* finish.c: all that is no pattern: readers, values, conditions; chooses the result. */
bool match_finish(struct match *m);

#endif
