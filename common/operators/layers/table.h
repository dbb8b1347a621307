/* table.h - the layers of ncnn: their numbers in a binary .param, which of their parameters are floats, and which weights
 * they have.  The tables are layer_types.txt and layer_weights.txt, which say how they are written. */
#ifndef COMMON_OPERATORS_LAYERS_TABLE_H
#define COMMON_OPERATORS_LAYERS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/intern.h"
#include "common/graph/graph.h"

/* How the runtime loads a weight. */
enum weight_storage {
    STORAGE_TAGGED,  /* behind four bytes that say how its elements are stored */
    STORAGE_RAW,     /* float32 */
    STORAGE_PACKED,  /* bytes */
    STORAGE_UNKNOWN, /* a layer that has it cannot be read */
};

struct layer_weight {
    const char *name; /* interned */
    enum weight_storage storage;
    const char *condition, *elements; /* expressions, as in the table; condition NULL: always */
    const struct layer_weight *next;  /* of the same layer, in the order of the file */
};

struct layer_type {
    const char *name;   /* interned */
    int number;         /* in a binary .param */
    const char *floats; /* the names of its parameters that are floats, separated by blanks */
    const char *sizes;  /* the function of common/layers/sizes/ that its results' sizes have; NULL: none */
    const struct layer_weight *weights; /* the first; NULL: none */
};

struct layer_table;

/* Reads both tables.  Ends the program (STATUS_USAGE) at a mistake in them. */
struct layer_table *layer_table_new(struct strings *strings, const struct signatures *signatures);
void layer_table_free(struct layer_table *table);
/* The layer of that name, or of that number; NULL: the runtime has none.  Owned by the table. */
const struct layer_type *layer_find(const struct layer_table *table, const char *name);
const struct layer_type *layer_at(const struct layer_table *table, int64_t number);

/* Whether the parameter with that id ("9") is a float, or a list of floats. */
bool layer_has_float(const struct layer_type *layer, const struct signatures *signatures, const char *id);

/* How many elements the weight of that operator has: *count is 0 when it is not there.  False: the parameters do not say,
 * because one is no integer, or the number is below 1 or beyond 63 bits. */
bool layer_weight_count(const struct layer_weight *w, const struct operator *op, int64_t *count);

#endif
