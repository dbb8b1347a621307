/* rewrite_test - runs the examples of rule files as text, or rules over a model.
 *
 *     rewrite_test [-s] FILE.rules ...           every example of the files; prints what fails, and a count
 *     rewrite_test [-s] -e FILE.rules ...        only reads and checks the files
 *     rewrite_test [-s] -w DIR FILE.rules ...    writes each example as models, DIR/N.before.param and DIR/N.after.param with
 *                                                their .bin, and prints "N FILE:LINE RULE"; names rules without example
 *                                                or near miss
 *     rewrite_test [-s] -a RULES in.param in.bin out.param out.bin
 *
 * -s allows `in` and `module`.  What an example is, formats/example.h says.  In the files of pnnx2ncnn the batch axes are
 * those that the program finds, as before its rules. */
#include <stdio.h>
#include <string.h>

#include "cmd/pnnx2ncnn/blobs/layout.h"
#include "cmd/pnnx2ncnn/passes/batch.h"
#include "cmd/pnnx2ncnn/passes/passes.h"
#include "cmd/pnnxopt/functions.h"
#include "cmd/pt2pnnx/functions.h"
#include "common/expression/expression.h"
#include "common/layers/layers.h"
#include "common/operators/shapes/shapes.h"
#include "common/rewrite/private.h"
#include "formats/example.h"
#include "formats/ncnn/ncnn.h"
#include "formats/output.h"
#include "formats/pnnx/pnnx.h"
#include "test/programs/rewrite/generate.h"
#include "test/programs/rewrite_functions.h"

/* ---- examples ---- */

/* What is asked for on the command line. */
struct task {
    const char *folder; /* -w */
    bool variations;    /* -v */
    bool layers;        /* of rules on layers: the models are those of ncnn */
    size_t written;
};

/* The ends become layers of ncnn: each input with its shape, and results are what nothing reads, out0, out1 ... */
static void end_layers(struct graph *g)
{
    size_t results = 0;
    for (struct operator *op = g->first, *next; op; op = next) {
        struct operand *x = op->output_count ? op->outputs[0] : NULL;
        next = op->next;
        const struct value *result = operator_is(op, "pnnx.Output") ? operator_get(op, "input") : NULL;
        if (result) {
            operand_rename(result->operand, arena_printf(&g->arena, "out%zu", results++));
            operator_remove(op);
        }
        if (!operator_is(op, "pnnx.Input"))
            continue;
        operator_set_type(op, "Input");
        for (int i = 0; i < x->rank; i++)
            operator_set(op, layout_id(x->rank, i), value_int(x->shape[i]));
    }
    ncnn_insert_splits(g);
}

static void write_model(struct graph *g, const struct task *task, const char *side)
{
    const char *stem = arena_printf(&g->arena, "%s/%zu.%s", task->folder, task->written, side);
    struct model_names out = { .param = arena_printf(&g->arena, "%s.param", stem),
                               .bin = arena_printf(&g->arena, "%s.bin", stem) };
    if (task->layers) {
        end_layers(g);
        ncnn_write(g, out.param, out.bin, false);
        outputs_commit(false);
        return;
    }
    lists_form(g);
    pnnx_write(g, &out, false);
}

static bool is_lowering(const char *name)
{
    return strstr(name, "cmd/pnnx2ncnn/") != NULL;
}

static bool makes_layers(const char *name)
{
    return strstr(name, "cmd/pnnx2ncnn/layers/") != NULL;
}

static bool joins_layers(const char *name)
{
    return strstr(name, "common/layers/") != NULL;
}

static size_t apply_inferring(struct rules *rules, struct graph *g)
{
    shapes_attach(g);
    size_t applied = rules_apply(rules, g);
    shapes_detach(g);
    return applied;
}

static size_t apply_lowering(struct rules *rules, struct graph *g)
{
    shapes_infer(g, SHAPES_ALL, 0);
    batch_solve(g);
    return rules_apply(rules, g);
}

static example_apply *apply_of(const char *name)
{
    return joins_layers(name) ? rules_apply : makes_layers(name) ? apply_lowering : apply_inferring;
}

/* Applies the rules as the program of that file does. */
static size_t apply_rules(struct rules *rules, struct graph *g, const char *name)
{
    size_t applied = apply_of(name)(rules, g);
    graph_check(g);
    return applied;
}

/* Writes the graphs of both sides; `what` is behind the place in the listing. */
static void write_pair(struct graph *before, struct graph *after, const char *name, long line,
                       const char *what, struct task *task)
{
    task->written++;
    write_model(before, task, "before");
    write_model(after, task, "after");
    printf("%zu %s:%ld %s\n", task->written, name, line, what);
}

static struct example *read_example(struct rules *rules, const struct rule_example *x, const char *name)
{
    return example_read(rules->strings, rules->signatures, x->before, name, x->line, NULL);
}

static void write_example(struct rules *rules, const struct rule_example *x, const char *name,
                          struct task *task)
{
    struct example *before = read_example(rules, x, name), *after = read_example(rules, x, name);
    rules->only = x->rule;
    apply_rules(rules, example_graph(after), name);
    rules->only = NULL;
    write_pair(example_graph(before), example_graph(after), name, x->line, x->rule, task);
    example_free(before);
    example_free(after);
}

static size_t check_examples(struct rules *rules, const char *name, size_t *failed, struct task *task)
{
    const struct rule_example *examples;
    example_apply *apply = apply_of(name);
    size_t count = rules_examples(rules, &examples), checked = 0;
    for (size_t i = 0; i < count; i++) {
        const struct rule_example *x = &examples[i];
        if (x->before && x->after) {
            bool holds = example_holds(rules, x, name, apply);
            if (holds && task->folder)
                write_example(rules, x, name, task);
            *failed += !holds;
            checked++;
        }
        if (x->miss) {
            *failed += !example_misses(rules, x, name, apply);
            checked++;
        }
    }
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

/* A graph that can be made any number of times: of a written example, or of the rule alone. */
struct source {
    struct rules *rules;
    const struct rule *rule;
    const struct rule_example *example; /* NULL: made up */
    const char *name;
    struct example *read;
};

static struct graph *source_graph(struct source *s)
{
    if (!s->example)
        return rule_example(s->rules, s->rule);
    s->read = read_example(s->rules, s->example, s->name);
    return example_graph(s->read);
}

static void source_release(struct source *s, struct graph *g)
{
    if (s->example)
        example_free(s->read);
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
        if (more &&
            rules_apply(s->rules, after)) /* nothing is inferred: what is varied need not fit together */
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
            write_variations(&(struct source){ rules, rule, &examples[k], name, NULL }, task);
        }
        struct graph *possible = written ? NULL : rule_example(rules, rule);
        if (possible)
            write_variations(&(struct source){ rules, rule, NULL, name, NULL }, task);
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
    } else if (joins_layers(name)) {
        functions = layer_functions;
        count = layer_function_count;
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
        task.layers = joins_layers(argv[i]);
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
