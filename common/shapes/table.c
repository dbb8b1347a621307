/* table.c - from operator types to rows. */
#include <stdlib.h>
#include <string.h>

#include "common/map.h"
#include "common/shapes/shape.h"

static const struct family *const families[] = {
    &family_elementwise, &family_conv, &family_pool,   &family_norm,   &family_matmul,
    &family_reduce,      &family_view, &family_index,  &family_create, &family_recurrent,
    &family_attention,   &family_fft,  &family_linalg, &family_misc,
};

/* A bare name in a row stands for the name behind any of these. */
static const char *const prefixes[] = { "torch.", "Tensor.", "F.", "aten::", "torch.special.", "prim::" };

struct table {
    struct strings *strings;
    struct map rows; /* from interned names */
};

static void table_add(struct table *table, const char *name, size_t length, const struct row *row)
{
    const char *key = intern_length(table->strings, name, length);
    if (!map_get(&table->rows, key))
        map_put(&table->rows, key, (void *)row);
}

struct table *table_new(struct strings *strings)
{
    struct table *table = xmalloc(sizeof *table);
    table->strings = strings;
    map_init(&table->rows);
    for (size_t i = 0; i < LENGTH(families); i++)
        for (size_t j = 0; j < families[i]->count; j++) {
            const struct row *row = &families[i]->rows[j];
            for (const char *at = row->names + strspn(row->names, " "); *at; at += strspn(at, " ")) {
                size_t length = strcspn(at, " ");
                table_add(table, at, length, row);
                at += length;
            }
        }
    return table;
}

void table_free(struct table *table)
{
    map_release(&table->rows);
    free(table);
}

static const struct row *find_name(const struct table *table, const char *name, size_t length)
{
    char text[80];
    const char *key;
    if (length == 0 || length >= sizeof text)
        return NULL;
    memcpy(text, name, length);
    text[length] = '\0';
    key = intern_find(table->strings, text);
    return key ? map_get(&table->rows, key) : NULL;
}

const struct row *table_find(const struct table *table, const char *type)
{
    const struct row *row = map_get(&table->rows, type);
    for (size_t i = 0; !row && i < LENGTH(prefixes); i++) {
        size_t prefix = strlen(prefixes[i]), length = strlen(type);
        if (strncmp(type, prefixes[i], prefix) != 0)
            continue;
        row = find_name(table, type + prefix, length - prefix);
        if (!row && type[length - 1] == '_')
            row = find_name(table, type + prefix, length - prefix - 1);
    }
    return row;
}
