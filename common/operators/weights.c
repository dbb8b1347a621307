/* weights.c - the table of weights, read whole at the start: it is short.  A line of several keys, or of `?`, is one row
 * for each, so that who asks meets plain rows only. */
#include "common/operators/weights.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/base/map.h"
#include "common/base/report.h"

extern const char weights_text[];
extern const size_t weights_text_size;

struct weight_table {
    struct strings *strings;
    struct arena arena;
    struct map types; /* interned type -> struct module_weight *, the first */
};

static _Noreturn void broken(long line, const char *what)
{
    die(STATUS_USAGE, (struct place){ "common/operators/weights.txt", line, 0 }, "%s", what);
}

/* Puts a row behind those that the type has. */
static void add_row(struct weight_table *table, const char *type, struct module_weight row)
{
    struct module_weight *last = map_get(&table->types, type),
                         *added = arena_copy(&table->arena, &row, sizeof row);
    if (!last) {
        map_put(&table->types, type, added);
        return;
    }
    while (last->next)
        last = (struct module_weight *)last->next; /* rows are this file's until weight_table_new() returns */
    last->next = added;
}

static void add_types(struct weight_table *table, const char *type, struct module_weight row)
{
    char *name = arena_text(&table->arena, type, strlen(type)), *mark = strchr(name, '?');
    if (!mark)
        add_row(table, intern(table->strings, name), row);
    for (char digit = '1'; mark && digit <= '3'; digit++) {
        *mark = digit;
        add_row(table, intern(table->strings, name), row);
    }
}

/* One line, without its end: TYPE KEY... [if PARAMETER]: SIZES. */
static void read_line(struct weight_table *table, char *text, long line)
{
    char *colon = strchr(text, ':'), *condition = strstr(text, " if ");
    if (!colon)
        broken(line, "expected TYPE KEY: SIZES");
    *colon = 0;
    struct module_weight row = { .sizes = colon + 1 + strspn(colon + 1, " ") };
    if (condition && condition < colon) {
        row.parameter = intern(table->strings, condition + strlen(" if "));
        *condition = 0;
    }
    size_t length = strcspn(text, " ");
    if (text[length] == 0)
        broken(line, "expected a key behind the type");
    text[length] = 0;
    for (const char *at = text + length + 1; *at; at += length, at += *at == ' ') {
        length = strcspn(at, " ");
        row.optional = at[length - 1] == '?';
        row.key = intern_length(table->strings, at, length - row.optional);
        add_types(table, text, row);
    }
}

struct weight_table *weight_table_new(struct strings *strings)
{
    struct weight_table *table = xmalloc(sizeof *table);
    const char *end = weights_text + weights_text_size;
    long line = 1;
    table->strings = strings;
    arena_init(&table->arena);
    map_init(&table->types);
    for (const char *at = weights_text, *stop; at < end; at = stop + 1, line++) {
        stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        if (stop > at && *at != '#')
            read_line(table, arena_text(&table->arena, at, (size_t)(stop - at)), line);
    }
    return table;
}

void weight_table_free(struct weight_table *table)
{
    map_release(&table->types);
    arena_release(&table->arena);
    free(table);
}

const struct module_weight *weight_table_find(const struct weight_table *table, const char *type)
{
    return map_get(&table->types, intern(table->strings, type));
}
