/* rewrite_test - runs the examples of rule files as text, or rules over a model.
 *
 *     rewrite_test [-s] FILE.rules ...           every example of the files; prints what fails, and a count
 *     rewrite_test [-s] -e FILE.rules ...        only reads and checks the files
 *     rewrite_test [-s] -w DIR FILE.rules ...    writes each example as models, DIR/N.before.param and DIR/N.after.param with
 *                                                their .bin, and prints "N FILE:LINE RULE"; names rules without example
 *                                                or near miss
 *     rewrite_test [-s] -a RULES in.param in.bin out.param out.bin
 *
 * -s allows `in` and `module`.  An example's lines are operators in PNNX text.  Operands that nothing makes are inputs,
 * those that nothing reads are outputs, but for names that begin with an underscore.  Names of operands do not matter
 * in what comes out; names of operators do where they occur in what went in.  An attribute may be given with its
 * values, @data=(2)f32=0.5,1; else it counts up from 1.  [2,3] is (2,3), and inside of a list it is its elements, so that
 * the words of a `for` can be lists: dims=(0,$(d)).  in=path:CLASS/path:CLASS says the module that made the call,
 * outer ones first.  In the files of pnnx2ncnn the batch axes are those that the program finds, as before its rules. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/pnnx2ncnn/batch.h"
#include "cmd/pnnx2ncnn/passes.h"
#include "cmd/pnnxopt/functions.h"
#include "cmd/pt2pnnx/functions.h"
#include "common/expression/expression.h"
#include "common/rewrite/private.h"
#include "formats/pnnx.h"
#include "formats/zip.h"
#include "test/rewrite/generate.h"
#include "test/rewrite_functions.h"

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

struct example_graph {
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
};

static struct word *operand(struct example_graph *e, const char *name)
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
static char *store_attribute(struct example_graph *e, const char *name, char *token)
{
    char *shape = strchr(token, '='), *values = shape ? strchr(shape + 1, '=') : NULL;
    size_t elements = 1;
    if (!shape)
        return token;
    char *p = shape + 2;
    while (*p && *p != ')') {
        elements *= strtoul(p, &p, 10);
        p += *p == ',';
    }
    const char *tag = p + 1;
    size_t length = values ? (size_t)(values - tag) : strlen(tag);
    enum dtype dtype = dtype_from_tag(tag, length);
    if (dtype == DTYPE_COUNT)
        return token;
    uint8_t *data = arena_alloc(&e->arena, elements * dtype_size(dtype) + 1);
    char *at = values ? values + 1 : NULL;
    for (size_t i = 0; i < elements; i++) {
        double given = at && *at ? strtod(at, &at) : 0;
        write_element(data + i * dtype_size(dtype), dtype, values ? given : some_value(dtype, i));
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

/* Square brackets of a list behind key= are round ones; further inside they are nothing. */
static void round_brackets(char *token)
{
    char *to = strchr(token, '=');
    if (!to || strncmp(token, "expr=", 5) == 0 || strchr(token, '%') || !to[1] || !strchr("([", to[1]))
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

static void add_line(struct example_graph *e, char *line)
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
static const struct scope *scope_of(struct example_graph *e, struct map *known, const char *text)
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

static void set_scopes(struct example_graph *e, struct graph *g)
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

/* The graph of an example's lines.  Inputs and outputs are those of `like`, a graph made before, or its own. */
static struct graph *read_example(struct rules *rules, const char *lines, const char *name,
                                  struct example_graph *e, const struct example_graph *like)
{
    *e = (struct example_graph){ .strings = rules->strings, .signatures = rules->signatures };
    char *copy = arena_text(&e->arena, lines, strlen(lines)), *rest = copy;
    for (char *line = strtok_r(rest, "\n", &rest); line; line = strtok_r(rest, "\n", &rest))
        add_line(e, line);
    const struct example_graph *ends = like ? like : e;
    struct text whole = { 0 };
    size_t operators = e->operators;
    for (size_t i = 0; i < ends->operand_count; i++)
        operators += !ends->operands[i].made || (!ends->operands[i].read && ends->operands[i].name[0] != '_');
    append_text(&whole, arena_printf(&e->arena, "7767517\n%zu %zu\n", operators, (size_t)0));
    for (size_t i = 0; i < ends->operand_count; i++)
        if (!ends->operands[i].made) {
            operand(e, ends->operands[i].name);
            append_text(&whole,
                        arena_printf(&e->arena, "pnnx.Input in_%zu 0 1 %s\n", i, ends->operands[i].name));
        }
    if (e->lines.size)
        append(&whole, e->lines.bytes, e->lines.size);
    for (size_t i = 0; i < ends->operand_count; i++)
        if (ends->operands[i].made && !ends->operands[i].read && ends->operands[i].name[0] != '_') {
            operand(e, ends->operands[i].name);
            append_text(&whole,
                        arena_printf(&e->arena, "pnnx.Output out_%zu 1 0 %s\n", i, ends->operands[i].name));
        }
    char *count = strchr(whole.bytes, '\n') + 1;
    const char *fixed =
        arena_printf(&e->arena, "7767517\n%zu %zu%s", operators, e->operand_count, strchr(count, '\n'));
    store_finish(&e->weights);
    struct mapping *text = mapping_of(name, arena_text(&e->arena, fixed, strlen(fixed)), strlen(fixed));
    struct mapping *bin = mapping_of(
        name, arena_copy(&e->arena, e->weights.local.bytes, e->weights.local.size), e->weights.local.size);
    struct graph *g = pnnx_parse(rules->strings, rules->signatures, text, bin, false);
    e->text = text;
    e->bin = bin;
    free(whole.bytes);
    expressions_take_apart(g);
    set_scopes(e, g);
    return g;
}

static void release_example(struct example_graph *e, struct graph *g)
{
    graph_free(g);
    mapping_close(e->text);
    mapping_close(e->bin);
    free(e->lines.bytes);
    free(e->weights.local.bytes);
    free(e->weights.directory.bytes);
    arena_release(&e->arena);
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

/* The operators behind the outputs, depth first; then how many others there are. */
static char *list_graph(struct graph *g, const struct graph *names, bool values)
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

/* ---- examples ---- */

static void show(const char *title, const char *text)
{
    printf("  %s:\n", title);
    for (const char *line = text; *line;) {
        const char *end = strchr(line, '\n');
        int length = end ? (int)(end - line) : (int)strlen(line);
        printf("    %.*s\n", length, line);
        line += length + (end != NULL);
    }
}

/* What is asked for on the command line. */
struct task {
    const char *folder; /* -w */
    bool variations;    /* -v */
    size_t written;
};

static void write_model(struct graph *g, const struct task *task, const char *side)
{
    const char *stem = arena_printf(&g->arena, "%s/%zu.%s", task->folder, task->written, side);
    struct model_names out = { .param = arena_printf(&g->arena, "%s.param", stem),
                               .bin = arena_printf(&g->arena, "%s.bin", stem) };
    lists_form(g);
    pnnx_write(g, &out, false);
}

static bool is_lowering(const char *name)
{
    return strstr(name, "cmd/pnnx2ncnn/") != NULL;
}

/* Applies the rules as the program of that file does. */
static size_t apply_rules(struct rules *rules, struct graph *g, const char *name)
{
    if (is_lowering(name))
        batch_solve(g);
    size_t applied = rules_apply(rules, g);
    graph_check(g);
    return applied;
}

static bool check_after(struct rules *rules, const struct rule_example *x, const char *name,
                        struct task *task)
{
    struct example_graph before, same, after;
    struct graph *given = read_example(rules, x->before, name, &before, NULL);
    struct graph *names = read_example(rules, x->before, name, &same, NULL);
    size_t applied = apply_rules(rules, given, name);
    struct graph *wanted = read_example(rules, x->after, name, &after, &before);
    char *got = list_graph(given, names, after.has_values),
         *expected = list_graph(wanted, names, after.has_values);
    bool equal = strcmp(got, expected) == 0;
    if (!equal) {
        printf("%s:%ld: %s: %s\n", name, x->line, x->rule, applied ? "another result" : "not applied");
        show("expected", expected);
        show("got", got);
    }
    if (task->folder && equal) {
        task->written++;
        write_model(names, task, "before");
        write_model(given, task, "after");
        printf("%zu %s:%ld %s\n", task->written, name, x->line, x->rule);
    }
    free(got);
    free(expected);
    release_example(&before, given);
    release_example(&same, names);
    release_example(&after, wanted);
    return equal;
}

static bool check_miss(struct rules *rules, const struct rule_example *x, const char *name)
{
    struct example_graph example;
    struct graph *g = read_example(rules, x->miss, name, &example, NULL);
    size_t applied = apply_rules(rules, g, name);
    char *got = list_graph(g, g, false);
    if (applied) {
        printf("%s:%ld: %s: applied where it must not\n", name, x->line, x->rule);
        show("got", got);
    }
    free(got);
    release_example(&example, g);
    return applied == 0;
}

static size_t check_examples(struct rules *rules, const char *name, size_t *failed, struct task *task)
{
    const struct rule_example *examples;
    size_t count = rules_examples(rules, &examples), checked = 0;
    for (size_t i = 0; i < count; i++) {
        rules->only = examples[i].rule;
        if (examples[i].before && examples[i].after) {
            *failed += !check_after(rules, &examples[i], name, task);
            checked++;
        }
        if (examples[i].miss) {
            *failed += !check_miss(rules, &examples[i], name);
            checked++;
        }
    }
    rules->only = NULL;
    return checked;
}

static bool has_example(const char *rule, const struct rule_example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (examples[i].after && strcmp(examples[i].rule, rule) == 0)
            return true;
    return false;
}

static bool has_miss(const char *rule, const struct rule_example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (examples[i].miss && strcmp(examples[i].rule, rule) == 0)
            return true;
    return false;
}

/* ---- what nobody wrote ---- */

/* Writes the graphs of both sides; `what` is behind the place in the listing. */
static void write_pair(struct graph *before, struct graph *after, const char *name, long line,
                       const char *what, struct task *task)
{
    task->written++;
    write_model(before, task, "before");
    write_model(after, task, "after");
    printf("%zu %s:%ld %s\n", task->written, name, line, what);
}

/* A graph that can be made any number of times: of a written example, or of the rule alone. */
struct source {
    struct rules *rules;
    const struct rule *rule;
    const struct rule_example *example; /* NULL: made up */
    const char *name;
    struct example_graph read;
};

static struct graph *source_graph(struct source *s)
{
    return s->example ? read_example(s->rules, s->example->before, s->name, &s->read, NULL)
                      : rule_example(s->rules, s->rule);
}

static void source_release(struct source *s, struct graph *g)
{
    if (s->example)
        release_example(&s->read, g);
    else
        graph_free(g);
}

/* Writes the variations of a graph that the rule applies to, too: both sides must compute the same. */
static void write_variations(struct source *s, struct task *task)
{
    bool more = true;
    for (size_t number = 0; more; number++) {
        struct source given = *s, changed = *s;
        struct graph *before = source_graph(&given), *after = source_graph(&changed);
        const char *what = graph_vary(before, number);
        more = what && graph_vary(after, number);
        if (more && apply_rules(s->rules, after, s->name))
            write_pair(before, after, s->name, s->example ? s->example->line : s->rule->line,
                       arena_printf(&before->arena, "varied %s: %s", s->rule->name, what), task);
        source_release(&given, before);
        source_release(&changed, after);
    }
}

/* An example made up for a rule that has none, when the rule applies to it. */
static bool made_up(struct rules *rules, const struct rule *rule, const char *name, struct task *task)
{
    struct graph *before = rule_example(rules, rule), *after = before ? rule_example(rules, rule) : NULL;
    rules->only = rule->name;
    bool applies = after && apply_rules(rules, after, name);
    rules->only = NULL;
    if (applies && task->folder)
        write_pair(before, after, name, rule->line, arena_printf(&before->arena, "generated %s", rule->name),
                   task);
    graph_free(before);
    graph_free(after);
    return applies;
}

static void vary_examples(struct rules *rules, const char *name, struct task *task)
{
    const struct rule_example *examples;
    size_t count = rules_examples(rules, &examples);
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = rules->items[i];
        bool written = false;
        rules->only = rule->name;
        for (size_t k = 0; k < count; k++) {
            if (!examples[k].after || strcmp(examples[k].rule, rule->name) != 0)
                continue;
            written = true;
            write_variations(&(struct source){ rules, rule, &examples[k], name, { 0 } }, task);
        }
        struct graph *possible = written ? NULL : rule_example(rules, rule);
        if (possible)
            write_variations(&(struct source){ rules, rule, NULL, name, { 0 } }, task);
        graph_free(possible);
    }
    rules->only = NULL;
}

/* What a file lacks, in places: the rounds of a `for` are one. */
struct lack {
    size_t examples, misses;
};

static bool same_place(const struct rule *a, const struct rule *b)
{
    return a->line == b->line && a->column == b->column;
}

/* Adds the rules that no example shows, written or made up, and those that ask for more than one call with its
 * arguments, but have no near miss. */
static void count_lack(struct rules *rules, const char *name, struct task *task, struct lack *lack)
{
    const struct rule_example *examples;
    size_t count = rules_examples(rules, &examples);
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = rules->items[i];
        bool first = true, shown = false, missed = rule_is_plain(rule);
        for (size_t k = 0; k < rules->count; k++) {
            const struct rule *round = rules->items[k];
            if (!same_place(round, rule))
                continue;
            first = first && k >= i;
            shown = shown || has_example(round->name, examples, count);
            missed = missed || has_miss(round->name, examples, count);
        }
        bool made = !has_example(rule->name, examples, count) && made_up(rules, rule, name, task);
        if (!first)
            continue;
        if (!shown && !made && task->folder)
            printf("%s:%d: %s: no example\n", name, rule->line, rule->name);
        if (!missed && task->folder)
            printf("%s:%d: %s: no near miss\n", name, rule->line, rule->name);
        lack->examples += !shown && !made;
        lack->misses += !missed;
    }
}

/* The rules of a file, with the functions of the program that it belongs to; only pt2pnnx has scopes. */
static struct rules *read_rules(struct strings *strings, const struct signatures *signatures, bool scopes,
                                const char *name)
{
    const struct rule_function *functions = test_functions;
    size_t count = test_function_count;
    if (strstr(name, "cmd/pt2pnnx/")) {
        functions = raise_functions;
        count = raise_function_count;
        scopes = true;
    } else if (strstr(name, "cmd/pnnxopt/")) {
        functions = opt_functions;
        count = opt_function_count;
    } else if (is_lowering(name)) {
        functions = lower_functions;
        count = lower_function_count;
    }
    struct rules *rules = rules_new(strings, signatures, functions, count);
    if (scopes)
        rules_allow_scopes(rules);
    rules_read_file(rules, name);
    return rules;
}

static int apply_to_model(struct strings *strings, const struct signatures *signatures, bool scopes,
                          bool explain, char **names)
{
    struct rules *rules = read_rules(strings, signatures, scopes, names[0]);
    report_stop();
    struct model_names in = { .param = names[1], .bin = names[2] },
                       out = { .param = names[3], .bin = names[4] };
    struct graph *g = pnnx_read(strings, signatures, &in);
    expressions_take_apart(g);
    rules_explain(rules, explain);
    size_t count = rules_apply(rules, g);
    fprintf(stderr, "%zu applications\n", count);
    report_stop();
    lists_form(g);
    pnnx_write(g, &out, false);
    graph_free(g);
    rules_free(rules);
    return 0;
}

int main(int argc, char **argv)
{
    bool scopes = false, apply = false, only_read = false, explain = false;
    struct task task = { 0 };
    int i = 1;
    for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
        scopes = scopes || strcmp(argv[i], "-s") == 0;
        apply = apply || strcmp(argv[i], "-a") == 0;
        only_read = only_read || strcmp(argv[i], "-e") == 0;
        explain = explain || strcmp(argv[i], "-x") == 0;
        task.variations = task.variations || strcmp(argv[i], "-v") == 0;
        if (strcmp(argv[i], "-w") == 0 && i + 1 < argc)
            task.folder = argv[++i];
    }
    report_start("rewrite_test");
    struct strings *strings = strings_new();
    struct signatures *signatures = signatures_new(strings);
    if (apply && argc - i == 5)
        return apply_to_model(strings, signatures, scopes, explain, argv + i);
    size_t failed = 0, checked = 0, count = 0;
    struct lack lack = { 0 };
    for (; i < argc; i++) {
        size_t reported = report_count();
        struct rules *rules = read_rules(strings, signatures, scopes, argv[i]);
        rules_check(rules);
        rules_explain(rules, explain);
        count += rules->count;
        if (!only_read && report_count() == reported)
            checked += check_examples(rules, argv[i], &failed, &task);
        if (report_count() == reported)
            count_lack(rules, argv[i], &task, &lack);
        if (task.variations && report_count() == reported)
            vary_examples(rules, argv[i], &task);
        rules_free(rules);
    }
    printf("%zu rules, %zu examples, %zu failed, %zu rules without an example, %zu without a near miss\n",
           count, checked, failed, lack.examples, lack.misses);
    signatures_free(signatures);
    strings_free(strings);
    return failed ? STATUS_CONVERSION : report_status();
}
