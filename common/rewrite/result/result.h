/* result.h - what a rule makes: planned completely, then built. */
#ifndef COMMON_REWRITE_RESULT_RESULT_H
#define COMMON_REWRITE_RESULT_RESULT_H

#include "common/rewrite/match.h"

/* A result before it is built. */
struct plan {
    const char *type;
    struct plan_argument {
        const char *key;
        struct item item;
    } * arguments;
    size_t argument_count;
    struct plan_attribute {
        const char *key;
        const struct attribute *tensor;
    } * attributes;
    size_t attribute_count;
    size_t results;      /* where they have names, how many there are; else 0 */
    const char *name;    /* of the operator; NULL: after the root */
    struct operator *op; /* once built */
};

/* More results than that no operator of a rule has. */
enum { MOST_RESULTS = 4096 };

/* An operator that a result makes; its arguments are values again (value.h). */
struct item plan_operator(struct match *match, const struct node *call);
/* Whether a value or a result can be made of the item: no part of it is unknown. */
bool item_is_known(const struct item *item);

/* Builds the chosen result; false, with the graph unchanged, when a value in it is unknown.  On success *next is where
 * the sweep goes on. */
bool build_result(struct match *match, struct operator **next);

#endif
