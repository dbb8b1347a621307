/* weights.h - which weights a module has, and of which shape; the table is weights.txt, which says how it is written.
 *
 * The weights of an operator are op->signature->weights, in the order of the table: a type without a signature has none. */
#ifndef COMMON_OPERATORS_WEIGHTS_H
#define COMMON_OPERATORS_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/intern.h"

struct module_weight {
    const char *key;       /* of the attribute; interned */
    const char *parameter; /* it is there when this is true; interned; NULL: always */
    bool optional;         /* the module may lack it */
    const char *sizes;     /* as in the table; "": parameters do not say */
    const struct module_weight *next;
};

struct weight_table;

/* Reads weights.txt.  Ends the program (STATUS_USAGE) at a mistake in it. */
struct weight_table *weight_table_new(struct strings *strings);
void weight_table_free(struct weight_table *table);
/* The first weight of a type, or NULL.  Owned by the table. */
const struct module_weight *weight_table_find(const struct weight_table *table, const char *type);

/* ---- of an operator in a graph ---- */

struct operator;

enum { MOST_WEIGHT_SIZES = 8 };

/* The shape that the operator's parameters ask for: `shape` has MOST_WEIGHT_SIZES places.  Returns the rank; 0: they
 * do not say. */
size_t weight_shape(const struct module_weight *w, const struct operator *op, int64_t *shape);
/* The first weight that the operator must have and lacks; or NULL. */
const struct module_weight *weight_missing(const struct operator *op);

#endif
