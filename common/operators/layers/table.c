/* table.c - the tables of ncnn's layers, read whole by the programs that read such models. */
#include "common/operators/layers/table.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/map.h"
#include "common/operators/layers/formula.h"

extern const char layer_types_text[], layer_weights_text[];
extern const size_t layer_types_text_size, layer_weights_text_size;

/* More layers than the runtime has. */
enum { MOST_LAYERS = 256 };

struct layer_table {
    struct strings *strings;
    const struct signatures *signatures;
    struct arena arena;
    struct map names; /* interned name -> struct layer_type * */
    struct layer_type *layers[MOST_LAYERS];
    int count;
};

static _Noreturn void broken(const char *file, long line, const char *what)
{
    die(STATUS_USAGE, (struct place){ file, line, 0 }, "%s", what);
}

/* One line of a table, without its end; it may be written into. */
typedef void line_function(struct layer_table *table, char *text, long line);

static void read_lines(struct layer_table *table, const char *text, size_t size, line_function *read)
{
    const char *end = text + size;
    long line = 1;
    for (const char *at = text, *stop; at < end; at = stop + 1, line++) {
        stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        if (stop > at && *at != '#')
            read(table, arena_text(&table->arena, at, (size_t)(stop - at)), line);
    }
}

/* Whether the words, separated by blanks, are parameters of the layer. */
static bool are_parameters(struct layer_table *table, const struct signature *signature, const char *words)
{
    for (size_t length; *words; words += length, words += *words == ' ') {
        length = strcspn(words, " ");
        if (!signature_parameter(signature, intern_length(table->strings, words, length)))
            return false;
    }
    return true;
}

/* LAYER [PARAMETER]... [: SIZES] */
static void read_type(struct layer_table *table, char *text, long line)
{
    char *colon = strstr(text, " : ");
    if (colon)
        *colon = 0;
    size_t length = strcspn(text, " ");
    struct layer_type *layer = arena_alloc(&table->arena, sizeof *layer);
    layer->name = intern_length(table->strings, text, length);
    layer->number = table->count;
    layer->floats = text + length + (text[length] != 0);
    layer->sizes = colon ? colon + strlen(" : ") : NULL;
    const struct signature *signature = signature_find(table->signatures, layer->name);
    if (table->count == MOST_LAYERS || !signature || !are_parameters(table, signature, layer->floats))
        broken("common/operators/layers/layer_types.txt", line,
               "no signature of that layer, or not of all its parameters; or too many layers");
    table->layers[table->count++] = layer;
    map_put(&table->names, layer->name, layer);
}

static void add_weight(struct layer_table *table, struct layer_type *layer, struct layer_weight w, long line)
{
    static const char file[] = "common/operators/layers/layer_weights.txt";
    const struct signature *s = signature_find(table->signatures, layer->name);
    if ((w.condition && !formula_fits(w.condition, s)) || !formula_fits(w.elements, s))
        broken(file, line, "a formula that is none, or of a parameter that the layer has not");
    struct layer_weight *added = arena_copy(&table->arena, &w, sizeof w),
                        *last =
                            (struct layer_weight *)layer->weights; /* ours until layer_table_new() returns */
    while (last && last->next)
        last = (struct layer_weight *)last->next;
    if (last)
        last->next = added;
    else
        layer->weights = added;
}

/* Takes the last word off a text; NULL: there is none before which a blank stands. */
static char *take_last_word(char *text)
{
    char *blank = strrchr(text, ' ');
    if (blank)
        *blank++ = 0;
    return blank;
}

/* LAYER... NAME STORAGE [if CONDITION]: ELEMENTS */
static void read_weight(struct layer_table *table, char *text, long line)
{
    static const char file[] = "common/operators/layers/layer_weights.txt";
    static const char *const storages[] = { "tagged", "raw", "packed", "unknown" };
    char *colon = strchr(text, ':'), *condition = strstr(text, " if ");
    if (!colon)
        broken(file, line, "expected LAYER... NAME STORAGE [if CONDITION]: ELEMENTS");
    *colon = 0;
    struct layer_weight w = { .elements = colon + 1 + strspn(colon + 1, " "),
                              .condition = condition ? condition + strlen(" if ") : NULL };
    if (condition)
        *condition = 0;
    const char *storage = take_last_word(text), *name = take_last_word(text);
    while (storage && w.storage <= STORAGE_UNKNOWN && strcmp(storages[w.storage], storage) != 0)
        w.storage++;
    if (!name || w.storage > STORAGE_UNKNOWN)
        broken(file, line, "expected tagged, raw, packed or unknown behind the name of a weight");
    w.name = intern(table->strings, name);
    for (size_t length; *text; text += length, text += *text == ' ') {
        length = strcspn(text, " ");
        struct layer_type *layer = map_get(&table->names, intern_length(table->strings, text, length));
        if (!layer)
            broken(file, line, "the weight of a layer that layer_types.txt does not have");
        add_weight(table, layer, w, line);
    }
}

struct layer_table *layer_table_new(struct strings *strings, const struct signatures *signatures)
{
    struct layer_table *table = xmalloc(sizeof *table);
    *table = (struct layer_table){ .strings = strings, .signatures = signatures };
    arena_init(&table->arena);
    map_init(&table->names);
    read_lines(table, layer_types_text, layer_types_text_size, read_type);
    read_lines(table, layer_weights_text, layer_weights_text_size, read_weight);
    return table;
}

void layer_table_free(struct layer_table *table)
{
    map_release(&table->names);
    arena_release(&table->arena);
    free(table);
}

const struct layer_type *layer_find(const struct layer_table *table, const char *name)
{
    return map_get(&table->names, intern(table->strings, name));
}

const struct layer_type *layer_at(const struct layer_table *table, int64_t number)
{
    return number >= 0 && number < table->count ? table->layers[number] : NULL;
}

bool layer_has_float(const struct layer_type *layer, const struct signatures *signatures, const char *id)
{
    const struct parameter *p = signature_parameter(signature_find(signatures, layer->name), id);
    size_t length = p && p->alias ? strlen(p->alias) : 0;
    for (const char *at = layer->floats; length && *at; at += strcspn(at, " "), at += *at == ' ')
        if (strncmp(at, p->alias, length) == 0 && (at[length] == ' ' || !at[length]))
            return true;
    return false;
}

bool layer_weight_count(const struct layer_weight *w, const struct operator *op, int64_t *count)
{
    int64_t there = 1;
    *count = 0;
    if (w->condition && !formula_value(w->condition, op, &there))
        return false;
    return !there || (formula_value(w->elements, op, count) && *count > 0);
}
