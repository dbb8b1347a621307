/* traits.h - what kind of thing an operator type does; the table is traits.txt, which says what each trait promises.
 *
 * The traits of an operator are op->signature->traits: a type that has no signature has none. */
#ifndef COMMON_OPERATORS_TRAITS_H
#define COMMON_OPERATORS_TRAITS_H

#include <stdbool.h>

#include "common/base/intern.h"

enum trait {
    TRAIT_ALIKE = 1 << 0,
    TRAIT_BROADCAST = 1 << 1,
    TRAIT_SPATIAL = 1 << 2, /* traits.spatial */
    TRAIT_TRAILING = 1 << 3,
    TRAIT_ALONG = 1 << 4,
    TRAIT_REDUCES = 1 << 5,
    TRAIT_RESHAPES = 1 << 6,
    TRAIT_PERMUTES = 1 << 7,
    TRAIT_SWAPS = 1 << 8,
    TRAIT_COPIES = 1 << 9,
    TRAIT_REPEATS = 1 << 10,
    TRAIT_MOVES = 1 << 11,
    TRAIT_ADDS_AXIS = 1 << 12,
    TRAIT_RANDOM = 1 << 13,
    TRAIT_LIST = 1 << 14,
    TRAIT_TUPLE = 1 << 15, /* traits.results, traits.results_key */
    TRAIT_JOINS = 1 << 16,
    TRAIT_PADS = 1 << 17,
    TRAIT_WRITES = 1 << 18,
    TRAIT_IDLE = 1 << 19,
    TRAIT_PRODUCT = 1 << 20,
    TRAIT_ADDED = 1 << 21,
    TRAIT_ROWS = 1 << 22,
    TRAIT_PAIRED = 1 << 23,
    TRAIT_TABLES = 1 << 24,
    TRAIT_IMAGES = 1 << 25,
    TRAIT_LOOKUP = 1 << 26,
    TRAIT_RECURRENT = 1 << 27,
    TRAIT_STEPS = 1 << 28,
    TRAIT_QUANTIZES = 1 << 29,

    TRAITS_ELEMENTWISE = TRAIT_ALIKE | TRAIT_BROADCAST,
    /* The result has all elements of the operand, in some order. */
    TRAITS_REARRANGED = TRAIT_RESHAPES | TRAIT_PERMUTES | TRAIT_SWAPS | TRAIT_COPIES,
    /* No element is computed. */
    TRAITS_MOVED = TRAITS_REARRANGED | TRAIT_REPEATS | TRAIT_MOVES,
};

/* Which types it takes; with others, PyTorch stops when it runs. */
enum demand {
    DEMAND_NONE,
    DEMAND_SAME,      /* all of one type */
    DEMAND_FLOAT,     /* floats or complex numbers */
    DEMAND_STATISTIC, /* floats, of the type of the weights; half precision takes weights of float32, too */
    DEMAND_INDEX,     /* int32 or int64 */
    DEMAND_TRUTH,     /* bool */
};

struct traits {
    unsigned bits;           /* of enum trait */
    int spatial;             /* axes of space; 0: any number */
    int results;             /* of the tuple */
    const char *results_key; /* the argument that asks for it; interned; NULL: it is always one */
    enum demand demand;
    const char *demand_keys; /* the arguments and weights that it is about, separated by blanks */
};

struct trait_table;

/* Reads traits.txt.  Ends the program (STATUS_USAGE) at a mistake in it. */
struct trait_table *traits_new(struct strings *strings);
void traits_free(struct trait_table *table);
/* The traits of a type; all zero: none. */
struct traits traits_find(const struct trait_table *table, const char *type);

/* Whether the table has the type, be it with a reason for no traits. */
bool traits_known(const struct trait_table *table, const char *type);

/* Whether a parameter of that name counts the axes of a tensor, from the front or, negative, from the back. */
bool parameter_counts_axes(const char *name);

#endif
