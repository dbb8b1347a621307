/* table.c - from operator types to rows. */
#include <stdlib.h>
#include <string.h>

#include "common/base/map.h"
#include "common/operators/shapes/shape.h"
#include "common/operators/spelling.h"

static const struct family *const families[] = {
    &family_unary,     &family_binary,    &family_ternary, &family_cast,   &family_conv,   &family_resize,
    &family_pool,      &family_norm,      &family_matmul,  &family_reduce, &family_view,   &family_reshape,
    &family_pieces,    &family_repeat,    &family_join,    &family_index,  &family_create, &family_series,
    &family_recurrent, &family_attention, &family_fft,     &family_linalg, &family_misc
};

struct table {
    struct strings *strings;
    struct map rows; /* from interned names */
};

/* Lets each of the names stand for the row; the first row that has a name keeps it. */
static void add_names(struct table *table, const char *names, const struct row *row)
{
    for (const char *at = names + strspn(names, " "); *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        const char *key = intern_length(table->strings, at, length);
        if (!map_get(&table->rows, key))
            map_put(&table->rows, key, (void *)row);
        at += length;
    }
}

struct table *table_new(struct strings *strings)
{
    struct table *table = xmalloc(sizeof *table);
    table->strings = strings;
    map_init(&table->rows);
    for (size_t i = 0; i < LENGTH(families); i++)
        for (size_t j = 0; j < families[i]->count; j++)
            add_names(table, families[i]->rows[j].names, &families[i]->rows[j]);
    return table;
}

void table_free(struct table *table)
{
    map_release(&table->rows);
    free(table);
}

const struct row *table_find(const struct table *table, const char *type)
{
    return spelling_find(table->strings, &table->rows, type);
}
