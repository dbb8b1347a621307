/* traits.c - see traits.h. */
#include "common/operators/traits.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/base/report.h"
#include "common/operators/spelling.h"

extern const char traits_text[];
extern const size_t traits_text_size;

struct trait_table {
    struct strings *strings;
    struct arena arena;
    struct map types;   /* interned name of the table -> struct traits * */
    struct map demands; /* the same, of those lines that say which types it takes */
};

/* In the order of the bits. */
static const char *const names[] = {
    "alike",  "broadcast", "spatial", "trailing",  "along",     "reduces",  "reshapes", "permutes",
    "swaps",  "copies",    "repeats", "moves",     "adds_axis", "random",   "list",     "tuple",
    "joins",  "pads",      "writes",  "idle",      "product",   "added",    "rows",     "paired",
    "tables", "images",    "lookup",  "recurrent", "steps",     "quantizes"
};

static const char *const demands[] = {
    [DEMAND_SAME] = "one_type",  [DEMAND_FLOAT] = "floats", [DEMAND_STATISTIC] = "statistics",
    [DEMAND_INDEX] = "integers", [DEMAND_TRUTH] = "truths",
};

static _Noreturn void broken(long line, const char *what, const char *at, size_t length)
{
    die(STATUS_USAGE, (struct place){ "common/operators/traits.txt", line, 0 }, "%s '%.*s'", what,
        (int)length, at);
}

/* The next word up to `end`; *length 0: none. */
static const char *next_word(const char *at, const char *end, size_t *length)
{
    while (at < end && *at == ' ')
        at++;
    *length = 0;
    while (at + *length < end && at[*length] != ' ')
        ++*length;
    return at;
}

/* What stands before the colon: a trait and its words. */
static struct traits read_trait(struct trait_table *table, const char *at, const char *colon, long line)
{
    struct traits t = { .bits = 0 };
    size_t length;
    const char *word = next_word(at, colon, &length);
    if (length == 4 && memcmp(word, "none", 4) == 0) /* and why */
        return t;
    for (int d = DEMAND_SAME; d <= DEMAND_TRUTH; d++)
        if (strlen(demands[d]) == length && memcmp(demands[d], word, length) == 0) {
            t.demand = (enum demand)d;
            t.demand_keys = arena_text(&table->arena, word + length, (size_t)(colon - word) - length);
            return t;
        }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == length && memcmp(names[i], word, length) == 0)
            t.bits = 1u << i;
    if (!t.bits)
        broken(line, "no such trait:", word, length);
    word = next_word(word + length, colon, &length);
    if (t.bits & (TRAIT_SPATIAL | TRAIT_TUPLE)) {
        if (length != 1 || *word < '0' || *word > '9')
            broken(line, "expected a number, not", word, length);
        *(t.bits & TRAIT_SPATIAL ? &t.spatial : &t.results) = *word - '0';
        word = next_word(word + length, colon, &length);
    }
    if (length && !(t.bits & TRAIT_TUPLE))
        broken(line, "expected ':', not", word, length);
    if (length)
        t.results_key = intern_length(table->strings, word, length);
    return t;
}

static void add_type(struct trait_table *table, const char *name, const struct traits *t, long line)
{
    struct map *map = t->demand ? &table->demands : &table->types;
    struct traits *known = map_get(map, name);
    if (!known) {
        known = arena_copy(&table->arena, t, sizeof *t);
        map_put(map, name, known);
        return;
    }
    if (known->demand)
        broken(line, "it is said already what is taken by", name, strlen(name));
    if (known->bits & t->bits || !known->bits || !t->bits)
        broken(line, "there is a trait, or a reason for none, already of", name, strlen(name));
    known->bits |= t->bits;
    known->spatial += t->spatial;
    known->results += t->results;
    known->results_key = t->results_key ? t->results_key : known->results_key;
}

static void read_line(struct trait_table *table, const char *at, const char *end, long line)
{
    if (at == end || *at == '#')
        return;
    const char *colon = memchr(at, ':', (size_t)(end - at));
    if (!colon)
        broken(line, "expected TRAIT: TYPES, not", at, (size_t)(end - at));
    struct traits t = read_trait(table, at, colon, line);
    size_t length;
    for (const char *word = next_word(colon + 1, end, &length); length;
         word = next_word(word + length, end, &length))
        add_type(table, intern_length(table->strings, word, length), &t, line);
}

struct trait_table *traits_new(struct strings *strings)
{
    struct trait_table *table = xmalloc(sizeof *table);
    const char *end = traits_text + traits_text_size;
    long line = 1;
    table->strings = strings;
    arena_init(&table->arena);
    map_init(&table->types);
    map_init(&table->demands);
    for (const char *at = traits_text, *stop; at < end; at = stop + 1, line++) {
        stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        read_line(table, at, stop, line);
    }
    return table;
}

void traits_free(struct trait_table *table)
{
    map_release(&table->types);
    map_release(&table->demands);
    arena_release(&table->arena);
    free(table);
}

/* A full name's own traits and those of its bare name. */
struct traits traits_find(const struct trait_table *table, const char *type)
{
    const struct traits *found = spelling_find(table->strings, &table->types, type);
    const struct traits *takes = spelling_find(table->strings, &table->demands, type);
    struct traits t = found ? *found : (struct traits){ .bits = 0 };
    if (takes) {
        t.demand = takes->demand;
        t.demand_keys = takes->demand_keys;
    }
    return t;
}

bool traits_known(const struct trait_table *table, const char *type)
{
    return spelling_find(table->strings, &table->types, type) != NULL;
}

bool parameter_counts_axes(const char *name)
{
    static const char *const axes[] = { "dim",       "dims",    "dim0",  "dim1", "axis",
                                        "start_dim", "end_dim", "axis0", "axis1" };
    for (size_t i = 0; i < sizeof axes / sizeof *axes; i++)
        if (strcmp(name, axes[i]) == 0)
            return true;
    return false;
}
