/* example.c - see example.h.
 *
 * An example becomes the text and the zip of a model in memory, which the reader of the format reads: so its lines mean what
 * they mean in a model. */
#include "formats/example.h"
#include "common/base/float_text.h"
#include "common/operators/shapes/shapes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/expression/expression.h"
#include "common/rewrite/private.h"
#include "formats/pnnx/pnnx.h"
#include "formats/zip/zip.h"

struct text {
    char *bytes;
    size_t size, room;
};

static void append(struct text *t, const void *bytes, size_t size)
{
    while (t->size + size + 1 > t->room) {
        t->room = t->room ? t->room * 2 : 1024;
        t->bytes = xrealloc(t->bytes, t->room);
    }
    memcpy(t->bytes + t->size, bytes, size);
    t->size += size;
    t->bytes[t->size] = 0;
}

static void append_text(struct text *t, const char *text)
{
    append(t, text, strlen(text));
}

/* ---- a zip of weights in memory ---- */

struct store {
    struct text local, directory;
    unsigned count;
};

static void put(struct text *t, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        uint8_t byte = i < 8 ? (uint8_t)(number >> (8 * i)) : 0;
        append(t, &byte, 1);
    }
}

static void store_member(struct store *s, const char *name, const void *data, size_t size)
{
    uint32_t crc = crc32_of(data, size);
    size_t offset = s->local.size;
    for (int central = 0; central < 2; central++) {
        struct text *t = central ? &s->directory : &s->local;
        put(t, central ? 0x02014b50 : 0x04034b50, 4);
        put(t, 20, central ? 2 : 0);
        put(t, 20, 2);
        put(t, 0, 8); /* flags, method, time, date */
        put(t, crc, 4);
        put(t, size, 4);
        put(t, size, 4);
        put(t, strlen(name), 2);
        put(t, 0, central ? 14 - 4 : 2); /* extra, comment, disk, attributes */
        put(t, 0, central ? 2 : 0);
        put(t, offset, central ? 4 : 0);
        append_text(t, name);
    }
    append(&s->local, data, size);
    s->count++;
}

static void store_finish(struct store *s)
{
    size_t offset = s->local.size, size = s->directory.size;
    if (size)
        append(&s->local, s->directory.bytes, size);
    put(&s->local, 0x06054b50, 4);
    put(&s->local, 0, 4);
    put(&s->local, s->count, 2);
    put(&s->local, s->count, 2);
    put(&s->local, size, 4);
    put(&s->local, offset, 4);
    put(&s->local, 0, 2);
}

/* ---- an example as a graph ---- */

struct example {
    struct strings *strings;
    const struct signatures *signatures;
    struct text lines;
    struct store weights;
    size_t operators;
    struct arena arena;
    struct word {
        const char *name;
        bool made, read;
    } * operands;
    size_t operand_count;
    struct where {
        const char *name, *scope;
    } * scopes;
    size_t scope_count;
    struct mapping *text, *bin;
    bool has_values; /* some attribute was given with its values */
    struct graph *graph;
};

double example_value(enum dtype dtype, size_t i)
{
    double part = (double)(i + 1) * 0.6180339887498949;
    return dtype_is_float(dtype) ? 0.25 + 0.75 * (part - (double)(size_t)part) : (double)(i + 1);
}

static struct word *operand(struct example *e, const char *name)
{
    for (size_t i = 0; i < e->operand_count; i++)
        if (strcmp(e->operands[i].name, name) == 0)
            return &e->operands[i];
    e->operands = arena_grow(&e->arena, e->operands, e->operand_count, sizeof *e->operands);
    e->operands[e->operand_count] = (struct word){ .name = name };
    return &e->operands[e->operand_count++];
}

static void write_element(uint8_t *p, enum dtype dtype, double value)
{
    float f = (float)value;
    int64_t i = (int64_t)value;
    switch (dtype) {
    case DTYPE_F32: memcpy(p, &f, 4); break;
    case DTYPE_F64: memcpy(p, &value, 8); break;
    default: memcpy(p, &i, dtype_size(dtype) > 8 ? 8 : dtype_size(dtype));
    }
}

/* @key=(2,3)f32=1,2...: stores the member and returns the token without its values. */
static char *store_attribute(struct example *e, const char *name, char *token)
{
    char *shape = strchr(token, '='), *values = shape ? strchr(shape + 1, '=') : NULL;
    size_t elements = 1;
    if (!shape)
        return token;
    char *p = shape + 2, *end;
    for (; *p && *p != ')'; p = end + (*end == ',')) {
        elements = size_mul(elements, strtoul(p, &end, 10));
        if (end == p)
            return token;
    }
    const char *tag = p + 1;
    size_t length = values ? (size_t)(values - tag) : strlen(tag);
    enum dtype dtype = dtype_from_tag(tag, length);
    if (dtype == DTYPE_COUNT)
        return token;
    uint8_t *data = arena_alloc(&e->arena, size_add(size_mul(elements, dtype_size(dtype)), 1));
    char *at = values ? values + 1 : NULL;
    for (size_t i = 0; i < elements; i++) {
        double given = at && *at ? float_read(at, &at) : 0;
        write_element(data + i * dtype_size(dtype), dtype, values ? given : example_value(dtype, i));
        if (at && *at == ',')
            at++;
    }
    e->has_values = e->has_values || values;
    const char *member = arena_printf(&e->arena, "%s.%.*s", name, (int)(shape - token - 1), token + 1);
    store_member(&e->weights, member, data, elements * dtype_size(dtype));
    if (values)
        *values = 0;
    return token;
}

/* Square brackets of a list behind key= are round ones; further inside they are nothing.  Lists of lists have round ones only. */
static void round_brackets(char *token)
{
    char *to = strchr(token, '=');
    if (!to || strncmp(token, "expr=", 5) == 0 || strchr(token, '%') || !to[1] || !strchr("([", to[1]) ||
        strncmp(to, "=((", 3) == 0)
        return;
    int depth = 0;
    for (char *from = to; *from; from++) {
        bool opens = *from == '(' || *from == '[', closes = *from == ')' || *from == ']';
        depth -= closes;
        if ((!opens && !closes) || depth == 0)
            *to++ = *from == '[' ? '(' : *from == ']' ? ')' : *from;
        depth += opens;
    }
    *to = 0;
}

static void add_line(struct example *e, char *line)
{
    char *rest = line, *words[200];
    size_t count = 0;
    for (char *word = strtok_r(rest, " \t", &rest); word && count < 200; word = strtok_r(rest, " \t", &rest))
        words[count++] = word;
    if (count < 4)
        return;
    size_t inputs = strtoul(words[2], NULL, 10), outputs = strtoul(words[3], NULL, 10);
    for (size_t i = 4; i < 4 + inputs && i < count; i++)
        operand(e, words[i])->read = true;
    for (size_t i = 4 + inputs; i < 4 + inputs + outputs && i < count; i++)
        operand(e, words[i])->made = true;
    for (size_t i = 0; i < count; i++) {
        if (i >= 4 + inputs + outputs && strncmp(words[i], "in=", 3) == 0) {
            e->scopes = arena_grow(&e->arena, e->scopes, e->scope_count, sizeof *e->scopes);
            e->scopes[e->scope_count++] = (struct where){ words[1], words[i] + 3 };
            continue;
        }
        if (i >= 4 + inputs + outputs)
            round_brackets(words[i]);
        if (i >= 4 + inputs + outputs && words[i][0] == '@')
            words[i] = store_attribute(e, words[1], words[i]);
        append_text(&e->lines, words[i]);
        append_text(&e->lines, " ");
    }
    append_text(&e->lines, "\n");
    e->operators++;
}

/* The scopes of path:CLASS/path:CLASS; those of the same path are one. */
static const struct scope *scope_of(struct example *e, struct map *known, const char *text)
{
    const struct scope *scope = NULL;
    const char *from = text;
    for (;;) {
        const char *end = strchr(from, '/');
        const char *whole = intern_length(e->strings, text, end ? (size_t)(end - text) : strlen(text));
        const char *colon = strchr(from, ':');
        if (!colon)
            return scope;
        struct scope *found = map_get(known, whole);
        if (!found) {
            found = arena_alloc(&e->arena, sizeof *found);
            size_t length = end ? (size_t)(end - colon - 1) : strlen(colon + 1);
            *found = (struct scope){ scope, intern_length(e->strings, from, (size_t)(colon - from)),
                                     intern_length(e->strings, colon + 1, length) };
            map_put(known, whole, found);
        }
        scope = found;
        if (!end)
            return scope;
        from = end + 1;
    }
}

static void set_scopes(struct example *e, struct graph *g)
{
    struct map known;
    map_init(&known);
    for (size_t i = 0; i < e->scope_count; i++) {
        struct operator *op = graph_find(g, e->scopes[i].name);
        if (op)
            op->scope = scope_of(e, &known, e->scopes[i].scope);
    }
    map_release(&known);
}

/* The text of the operators: the lines, with pnnx.Input and pnnx.Output for the ends of `ends`. */
static const char *whole_text(struct example *e, const struct example *ends)
{
    struct arena *arena = &e->arena;
    struct text text = { 0 };
    size_t operators = e->operators;
    for (size_t i = 0; i < ends->operand_count; i++)
        if (!ends->operands[i].made) {
            operand(e, ends->operands[i].name);
            append_text(&text, arena_printf(arena, "pnnx.Input in_%zu 0 1 %s\n", i, ends->operands[i].name));
            operators++;
        }
    if (e->lines.size)
        append(&text, e->lines.bytes, e->lines.size);
    for (size_t i = 0; i < ends->operand_count; i++)
        if (ends->operands[i].made && !ends->operands[i].read && ends->operands[i].name[0] != '_') {
            operand(e, ends->operands[i].name);
            append_text(&text,
                        arena_printf(arena, "pnnx.Output out_%zu 1 0 %s\n", i, ends->operands[i].name));
            operators++;
        }
    const char *whole =
        arena_printf(arena, "7767517\n%zu %zu\n%s", operators, e->operand_count, text.size ? text.bytes : "");
    free(text.bytes);
    return whole;
}

struct example *example_read(struct strings *strings, const struct signatures *signatures, const char *lines,
                             const char *file, long line, const struct example *like)
{
    struct example *e = xmalloc(sizeof *e);
    *e = (struct example){ .strings = strings, .signatures = signatures };
    arena_init(&e->arena);
    char *rest = arena_text(&e->arena, lines, strlen(lines));
    for (char *one = strtok_r(rest, "\n", &rest); one; one = strtok_r(rest, "\n", &rest))
        add_line(e, one);
    const char *whole = whole_text(e, like ? like : e);
    const char *name = intern(strings, arena_printf(&e->arena, "%s, the example of line %ld", file, line));
    store_finish(&e->weights);
    e->text = mapping_of(name, whole, strlen(whole));
    e->bin = mapping_of(name, e->weights.local.bytes, e->weights.local.size);
    e->graph = pnnx_parse(strings, signatures, e->text, e->bin, false);
    expressions_take_apart(e->graph);
    set_scopes(e, e->graph);
    return e;
}

struct graph *example_graph(const struct example *e)
{
    return e->graph;
}

bool example_has_values(const struct example *e)
{
    return e->has_values;
}

void example_free(struct example *e)
{
    graph_free(e->graph);
    mapping_close(e->text);
    mapping_close(e->bin);
    free(e->lines.bytes);
    free(e->weights.local.bytes);
    free(e->weights.directory.bytes);
    arena_release(&e->arena);
    free(e);
}

/* ---- a graph as text, whatever its order and its names ---- */

struct listing {
    struct text text;
    struct graph *graph;
    const struct graph *names; /* operators keep a name that this graph has */
    bool values;               /* the contents of attributes matter */
    size_t *numbers;           /* by operand id; 0: not yet seen */
    size_t next;
};

static void list_operand(struct listing *l, const struct operand *x);

static void visit_operand(struct operand *x, void *context)
{
    list_operand(context, x);
}

static void list_value(struct listing *l, const struct value *v)
{
    if (v->kind == VALUE_OPERAND) {
        append_text(&l->text, arena_printf(&l->graph->arena, "%%%zu", l->numbers[v->operand->id]));
    } else if (v->kind == VALUE_LIST) {
        append_text(&l->text, "[");
        for (size_t i = 0; i < v->list.count; i++) {
            append_text(&l->text, i ? ", " : "");
            list_value(l, &v->list.items[i]);
        }
        append_text(&l->text, "]");
    } else {
        struct value plain = *v;
        plain.text = NULL;
        append_text(&l->text, pnnx_value_text(&l->graph->arena, plain));
    }
}

static void list_operator(struct listing *l, const struct operator *op)
{
    struct arena *arena = &l->graph->arena;
    operator_each_operand(op, visit_operand, l);
    for (size_t i = 0; i < op->output_count; i++)
        l->numbers[op->outputs[i]->id] = ++l->next;
    append_text(&l->text, op->type);
    append_text(&l->text, arena_printf(arena, " '%s'", graph_find(l->names, op->name) ? op->name : "*"));
    for (size_t i = 0; i < op->argument_count; i++) {
        append_text(&l->text, arena_printf(arena, " %s=", op->arguments[i].key));
        list_value(l, &op->arguments[i].value);
    }
    for (size_t i = 0; i < op->attribute_count; i++) {
        const struct attribute *a = &op->attributes[i];
        append_text(&l->text, arena_printf(arena, " @%s=(", a->key));
        for (int k = 0; k < a->rank; k++)
            append_text(&l->text, arena_printf(arena, "%s%" PRId64, k ? "," : "", a->shape[k]));
        append_text(&l->text, arena_printf(arena, ")%s", dtype_tag(a->dtype)));
        if (l->values)
            append_text(&l->text, arena_printf(arena, ":%08x", (unsigned)crc32_of(a->data, a->size)));
    }
    append_text(&l->text, " ->");
    for (size_t i = 0; i < op->output_count; i++)
        append_text(&l->text, arena_printf(arena, " %%%zu", l->numbers[op->outputs[i]->id]));
    append_text(&l->text, "\n");
}

static void list_operand(struct listing *l, const struct operand *x)
{
    if (!l->numbers[x->id])
        list_operator(l, x->producer);
}

char *example_text(struct graph *g, const struct graph *names, bool values)
{
    struct listing l = { .graph = g, .names = names, .values = values };
    l.numbers = calloc(g->operand_ids + 1, sizeof *l.numbers);
    for (const struct operator *op = g->first; op; op = op->next)
        if (operator_is(op, "pnnx.Input"))
            list_operator(&l, op);
    for (const struct operator *op = g->first; op; op = op->next)
        if (operator_is(op, "pnnx.Output"))
            list_operator(&l, op);
    size_t unread = 0;
    for (const struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; i < op->output_count && i < 1; i++)
            unread += !l.numbers[op->outputs[i]->id];
    append_text(&l.text, arena_printf(&g->arena, "%zu that nothing reads\n", unread));
    free(l.numbers);
    return l.text.bytes;
}

/* ---- running them ---- */

static void show(const char *title, const char *text)
{
    printf("  %s:\n", title);
    for (const char *line = text; *line;) {
        int length = (int)strcspn(line, "\n");
        printf("    %.*s\n", length, line);
        line += length + (line[length] != 0);
    }
}

static size_t apply_one(struct rules *rules, const struct rule_example *x, struct graph *g,
                        example_apply *apply)
{
    const char *only = rules->only;
    rules->only = x->rule;
    shapes_attach(g);
    shapes_note_numbers(g);
    shapes_detach(g);
    size_t applied = apply(rules, g);
    rules->only = only;
    graph_check(g);
    return applied;
}

bool example_holds(struct rules *rules, const struct rule_example *x, const char *file, example_apply *apply)
{
    const struct signatures *signatures = rules->signatures;
    struct example *given = example_read(rules->strings, signatures, x->before, file, x->line, NULL);
    struct example *names = example_read(rules->strings, signatures, x->before, file, x->line, NULL);
    struct example *wanted = example_read(rules->strings, signatures, x->after, file, x->line, given);
    size_t applied = apply_one(rules, x, given->graph, apply);
    char *got = example_text(given->graph, names->graph, wanted->has_values);
    char *expected = example_text(wanted->graph, names->graph, wanted->has_values);
    bool equal = strcmp(got, expected) == 0;
    if (!equal) {
        printf("%s:%ld: %s: %s\n", file, x->line, x->rule, applied ? "another result" : "not applied");
        show("expected", expected);
        show("got", got);
    }
    free(got);
    free(expected);
    example_free(given);
    example_free(names);
    example_free(wanted);
    return equal;
}

bool example_misses(struct rules *rules, const struct rule_example *x, const char *file, example_apply *apply)
{
    struct example *e = example_read(rules->strings, rules->signatures, x->miss, file, x->line, NULL);
    bool missed = apply_one(rules, x, e->graph, apply) == 0;
    if (!missed) {
        char *got = example_text(e->graph, e->graph, false);
        printf("%s:%ld: %s: applied where it must not\n", file, x->line, x->rule);
        show("got", got);
        free(got);
    }
    example_free(e);
    return missed;
}

void examples_check(struct rules *rules, const char *file, example_apply *apply)
{
    const struct rule_example *examples;
    size_t count = rules_examples(rules, &examples), run = 0, failed = 0;
    for (size_t i = 0; i < count; i++) {
        if (examples[i].before && examples[i].after) {
            failed += !example_holds(rules, &examples[i], file, apply);
            run++;
        }
        if (examples[i].miss) {
            failed += !example_misses(rules, &examples[i], file, apply);
            run++;
        }
    }
    printf("%s: %zu rules, %zu examples and near misses, %zu failed\n", file, rules->count, run, failed);
    if (failed)
        report(STATUS_CONVERSION, (struct place){ .file = file }, "%zu of %zu examples do not hold", failed,
               run);
}
