/* signature.c - see signature.h. */
#include "common/operators/signature.h"
#include "common/base/float_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/base/report.h"

extern const char signatures_text[];
extern const size_t signatures_text_size;

/* A line of the table.  Programs start often and use a few types, so a line is parsed when its type is first
 * asked for. */
struct entry {
    const char *type, *rest; /* in signatures_text: the type, and its arguments up to the end of the line */
    size_t type_length, rest_length;
    long line;
    size_t next;                 /* the next overload's entry; 0: none */
    struct signature *signature; /* NULL: not parsed yet */
};

struct signatures {
    struct strings *strings;
    struct trait_table *traits;
    struct weight_table *weights;
    struct signature unknown;
    struct lines {
        struct arena arena;
        struct entry *entries; /* from 1 */
        size_t count;
        uint32_t *buckets; /* the first entry of a type, or 0; open addressing */
        size_t mask;
    } * lines; /* apart, so that looking up in a const table may parse */
};

/* The rest of the text while a line is parsed. */
struct reader {
    struct signatures *table;
    const char *at, *end;
    long line;
};

static const struct {
    const char *name;
    unsigned kinds;
} kind_names[] = {
    { "tensor", KIND_TENSOR }, { "number", KIND_NUMBER },   { "int", KIND_INT },
    { "float", KIND_FLOAT },   { "bool", KIND_BOOL },       { "str", KIND_STR },
    { "dtype", KIND_STR },     { "complex", KIND_COMPLEX }, { "any", KIND_ANY },
};

static _Noreturn void broken(const struct reader *r, const char *what)
{
    die(STATUS_USAGE, (struct place){ "common/operators/signatures.txt", r->line, 0 }, "%s at '%.*s'", what,
        (int)(r->end - r->at > 40 ? 40 : r->end - r->at), r->at);
}

static bool accept(struct reader *r, char c)
{
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

/* The length of the text up to one of the characters, or to the end. */
static size_t span(const struct reader *r, const char *stops)
{
    const char *p = r->at;
    while (p < r->end && !strchr(stops, *p))
        p++;
    return (size_t)(p - r->at);
}

static const char *read_name(struct reader *r, const char *stops)
{
    size_t length = span(r, stops);
    if (length == 0)
        broken(r, "expected a name");
    const char *name = intern_length(r->table->strings, r->at, length);
    r->at += length;
    return name;
}

/* int[]|str? : the bits of all that is named. */
static unsigned read_kinds(struct reader *r)
{
    unsigned kinds = 0;
    do {
        size_t length = span(r, "[|?= "), i = 0;
        while (i < sizeof kind_names / sizeof *kind_names &&
               (strncmp(kind_names[i].name, r->at, length) != 0 || kind_names[i].name[length]))
            i++;
        if (i == sizeof kind_names / sizeof *kind_names)
            broken(r, "expected a kind");
        kinds |= kind_names[i].kinds;
        r->at += length;
        if (accept(r, '[')) {
            if (!accept(r, ']'))
                broken(r, "expected ']'");
            kinds |= KIND_LIST;
        }
    } while (accept(r, '|'));
    if (accept(r, '?'))
        kinds |= KIND_NONE;
    return kinds;
}

/* A constant that is no list.  A default is written here by us: what is no number is a string. */
static struct value read_scalar(struct reader *r)
{
    size_t length = span(r, ",) ");
    const char *text = intern_length(r->table->strings, r->at, length);
    r->at += length;
    if (!strcmp(text, "None"))
        return value_none();
    if (!strcmp(text, "True") || !strcmp(text, "False"))
        return value_bool(*text == 'T');
    char *end;
    long long integer = strtoll(text, &end, 10);
    if (length > 0 && !*end)
        return value_int(integer);
    double real = float_read(text, &end);
    if (length > 0 && !*end)
        return value_float(real);
    return value_string(text);
}

static struct value read_value(struct reader *r)
{
    if (!accept(r, '('))
        return read_scalar(r);
    struct value *items = NULL;
    size_t count = 0;
    while (!accept(r, ')')) {
        if (count > 0 && !accept(r, ','))
            broken(r, "expected ',' or ')'");
        items = arena_grow(&r->table->lines->arena, items, count, sizeof *items);
        items[count++] = read_scalar(r);
    }
    return value_list(items, count);
}

static void read_parameter(struct reader *r, struct parameter *p)
{
    p->variadic = accept(r, '*');
    p->name = read_name(r, "/:= ");
    if (accept(r, '/'))
        p->alias = read_name(r, ":= ");
    if (!accept(r, ':'))
        broken(r, "expected ':'");
    p->kinds = read_kinds(r);
    p->initial = value_none();
    if (accept(r, '=')) {
        p->has_default = true;
        p->initial = read_value(r);
    }
    if (r->at < r->end && *r->at != ' ')
        broken(r, "expected a blank");
}

static struct signature *parse(struct signatures *table, const struct entry *entry)
{
    struct reader r = { table, entry->rest, entry->rest + entry->rest_length, entry->line };
    struct arena *arena = &table->lines->arena;
    struct signature *s = arena_alloc(arena, sizeof *s);
    struct parameter *parameters = NULL;
    s->type = intern_length(table->strings, entry->type, entry->type_length);
    s->traits = traits_find(table->traits, s->type);
    s->weights = weight_table_find(table->weights, s->type);
    while (accept(&r, ' ')) {
        if (r.at == r.end || *r.at == ' ')
            continue;
        parameters = arena_grow(arena, parameters, s->parameter_count, sizeof *parameters);
        read_parameter(&r, &parameters[s->parameter_count++]);
    }
    s->parameters = parameters;
    return s;
}

static uint32_t hash(const char *text, size_t length)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        h = (h ^ (unsigned char)text[i]) * 16777619u;
    return h;
}

/* The bucket of a type: it holds its first entry, or 0 when there is none. */
static uint32_t *bucket(const struct lines *lines, const char *type, size_t length)
{
    size_t i = hash(type, length) & lines->mask;
    while (lines->buckets[i]) {
        const struct entry *e = &lines->entries[lines->buckets[i]];
        if (e->type_length == length && memcmp(e->type, type, length) == 0)
            break;
        i = (i + 1) & lines->mask;
    }
    return &lines->buckets[i];
}

static size_t count_lines(void)
{
    size_t count = 1;
    const char *end = signatures_text + signatures_text_size;
    for (const char *p = signatures_text; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
        count++;
    return count;
}

/* Enters the line from `at` to `end`, behind the overloads that its type has already; `last` maps a first
 * entry to its last one. */
static void add_line(struct lines *lines, uint32_t *last, const char *at, const char *end, long line)
{
    const char *blank = memchr(at, ' ', (size_t)(end - at));
    size_t length = (size_t)((blank ? blank : end) - at);
    if (length == 0 || *at == '#')
        return;
    uint32_t index = (uint32_t)++lines->count;
    lines->entries[index] = (struct entry){ .type = at,
                                            .type_length = length,
                                            .rest = at + length,
                                            .rest_length = (size_t)(end - at) - length,
                                            .line = line };
    uint32_t *first = bucket(lines, at, length);
    if (*first)
        lines->entries[last[*first]].next = index;
    else
        *first = index;
    last[*first] = index;
}

struct signatures *signatures_new(struct strings *strings)
{
    struct signatures *table = xmalloc(sizeof *table);
    struct lines *lines = xmalloc(sizeof *lines);
    size_t room = count_lines() + 1, buckets = 64;
    while (buckets < 2 * room)
        buckets *= 2;
    arena_init(&lines->arena);
    lines->entries = arena_array(&lines->arena, room, sizeof *lines->entries);
    lines->buckets = arena_array(&lines->arena, buckets, sizeof *lines->buckets);
    lines->count = 0;
    lines->mask = buckets - 1;

    uint32_t *last = arena_array(&lines->arena, room, sizeof *last);
    const char *end = signatures_text + signatures_text_size;
    long line = 1;
    for (const char *at = signatures_text, *stop; at < end; at = stop + 1, line++) {
        stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        add_line(lines, last, at, stop, line);
    }

    struct parameter *inputs = arena_alloc(&lines->arena, sizeof *inputs);
    *inputs = (struct parameter){ .name = intern(strings, "inputs"), .kinds = KIND_ANY, .variadic = true };
    table->strings = strings;
    table->traits = traits_new(strings);
    table->weights = weight_table_new(strings);
    table->lines = lines;
    table->unknown =
        (struct signature){ .type = intern(strings, ""), .parameters = inputs, .parameter_count = 1 };
    return table;
}

void signatures_free(struct signatures *table)
{
    if (!table)
        return;
    traits_free(table->traits);
    weight_table_free(table->weights);
    arena_release(&table->lines->arena);
    free(table->lines);
    free(table);
}

const struct signature *signature_find(const struct signatures *table, const char *type)
{
    struct lines *lines = table->lines;
    size_t first = *bucket(lines, type, strlen(type));
    if (first == 0)
        return NULL;
    if (lines->entries[first].signature)
        return lines->entries[first].signature;
    struct signatures parsing = *table; /* a copy: only what it points to is written */
    struct signature *last = NULL;
    for (size_t i = first; i; i = lines->entries[i].next) {
        struct signature *s = parse(&parsing, &lines->entries[i]);
        if (last)
            last->next = s;
        else
            lines->entries[first].signature = s;
        last = s;
    }
    return lines->entries[first].signature;
}

const struct signature *signature_unknown(const struct signatures *table)
{
    return &table->unknown;
}

bool parameter_is_text(const struct parameter *p)
{
    return p && p->alias && strcmp(p->alias, "expr") == 0;
}

const struct parameter *signature_parameter(const struct signature *s, const char *name)
{
    for (size_t i = 0; i < s->parameter_count; i++) {
        const struct parameter *p = &s->parameters[i];
        if (!strcmp(p->name, name) || (p->alias && !strcmp(p->alias, name)))
            return p;
    }
    return NULL;
}

void signature_offer_types(const struct signatures *table, struct near *near)
{
    bool colons = memchr(near->given, ':', near->length) != NULL;
    for (size_t i = 1; i <= table->lines->count; i++) {
        const struct entry *e = &table->lines->entries[i];
        if ((memchr(e->type, ':', e->type_length) != NULL) == colons)
            near_offer(near, intern_length(table->strings, e->type, e->type_length));
    }
}

void signature_offer_parameters(const struct signature *s, struct near *near)
{
    for (; s; s = s->next)
        for (size_t i = 0; i < s->parameter_count; i++)
            near_offer(near, s->parameters[i].name);
}
