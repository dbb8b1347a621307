/* table.c - from operator types to rows. */
#include <stdlib.h>
#include <string.h>

#include "common/base/map.h"
#include "common/operators/shapes/shape.h"

static const struct family *const families[] = {
    &family_elementwise, &family_conv, &family_pool,   &family_norm,   &family_matmul,
    &family_reduce,      &family_view, &family_index,  &family_create, &family_recurrent,
    &family_attention,   &family_fft,  &family_linalg, &family_misc,
};

/* A bare name in a row stands for the name behind any of these. */
static const char *const prefixes[] = { "torch.", "Tensor.", "F.", "aten::", "torch.special.", "prim::" };

struct table {
    struct strings *strings;
    struct map rows, type_rows; /* from interned names */
};

/* Lets each of the names stand for the row; the first row that has a name keeps it. */
static void add_names(struct table *table, struct map *map, const char *names, const void *row)
{
    for (const char *at = names + strspn(names, " "); *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        const char *key = intern_length(table->strings, at, length);
        if (!map_get(map, key))
            map_put(map, key, (void *)row);
        at += length;
    }
}

struct table *table_new(struct strings *strings)
{
    struct table *table = xmalloc(sizeof *table);
    size_t count;
    const struct type_row *types = type_rows(&count);
    table->strings = strings;
    map_init(&table->rows);
    map_init(&table->type_rows);
    for (size_t i = 0; i < LENGTH(families); i++)
        for (size_t j = 0; j < families[i]->count; j++)
            add_names(table, &table->rows, families[i]->rows[j].names, &families[i]->rows[j]);
    for (size_t i = 0; i < count; i++)
        add_names(table, &table->type_rows, types[i].names, &types[i]);
    return table;
}

void table_free(struct table *table)
{
    map_release(&table->rows);
    map_release(&table->type_rows);
    free(table);
}

static const void *find_name(const struct table *table, const struct map *map, const char *name,
                             size_t length)
{
    char text[80];
    const char *key;
    if (length == 0 || length >= sizeof text)
        return NULL;
    memcpy(text, name, length);
    text[length] = '\0';
    key = intern_find(table->strings, text);
    return key ? map_get(map, key) : NULL;
}

static const void *find(const struct table *table, const struct map *map, const char *type)
{
    const void *row = map_get(map, type);
    for (size_t i = 0; !row && i < LENGTH(prefixes); i++) {
        size_t prefix = strlen(prefixes[i]), length = strlen(type);
        if (strncmp(type, prefixes[i], prefix) != 0)
            continue;
        row = find_name(table, map, type + prefix, length - prefix);
        if (!row && type[length - 1] == '_')
            row = find_name(table, map, type + prefix, length - prefix - 1);
    }
    return row;
}

const struct row *table_find(const struct table *table, const char *type)
{
    return find(table, &table->rows, type);
}

const struct type_row *table_find_types(const struct table *table, const char *type)
{
    return find(table, &table->type_rows, type);
}
