/* pnnxopt - simplify a PNNX graph.  The manual is man/pnnxopt.1. */

#include "cmd/pnnxopt/functions.h"
#include "cmd/pnnxopt/passes.h"
#include "common/command/options.h"
#include "common/command/paths.h"
#include "common/expression/expression.h"
#include "common/operators/shapes/shapes.h"
#include "common/rewrite/rewrite.h"
#include "formats/example.h"
#include "formats/pnnx/pnnx.h"

#define LENGTH(a) (sizeof(a) / sizeof *(a))

extern const char static_text[], fold_text[], fuse_text[], tidy_text[];
extern const size_t static_text_size, fold_text_size, fuse_text_size, tidy_text_size;

/* A step is a pass in C or a file of rules. */
struct step {
    const char *name;
    size_t (*pass)(struct graph *g); /* NULL: rules */
    const char *text;                /* of the rules */
    const size_t *size;
};

/* The step of the files given with -r. */
static const char user_rules[] = "user rules";

/* In this order, repeated until nothing changes; all of it is optlevel 2. */
static const struct step steps[] = {
    { "pool-constants", pass_pool_constants, NULL, NULL },
    { "static.rules", NULL, static_text, &static_text_size },
    { "tidy.rules", NULL, tidy_text, &tidy_text_size },
    { "fold.rules", NULL, fold_text, &fold_text_size },
    { "fuse.rules", NULL, fuse_text, &fuse_text_size },
    { user_rules, NULL, NULL, NULL },
    { "merge-equal", pass_merge_equal, NULL, NULL },
    { "unbind", pass_unbind, NULL, NULL },
    { "tensor-split", pass_tensor_split, NULL, NULL },
    { "merge-slices", pass_merge_slices, NULL, NULL },
    { "dead-code", graph_remove_dead, NULL, NULL },
};

struct settings {
    int64_t level;
    bool explain, link, sync;
    const char *examples; /* or NULL */
    struct text_list rules, without;
};

/* The rules of one step: the built-in text, or the files given with -r. */
static struct rules *load_step(const struct step *step, struct strings *strings,
                               const struct signatures *signatures, const struct settings *s)
{
    struct rules *rules = rules_new(strings, signatures, opt_functions, opt_function_count);
    if (step->text)
        rules_read(rules, step->name, step->text, *step->size);
    rules_explain(rules, s->explain);
    return rules;
}

/* Reads the user's files into their set; the built-in ones are checked by the tests. */
static void load_user_rules(struct rules *user, struct rules *const *sets, const struct text_list *files)
{
    for (size_t i = 0; i < files->count; i++)
        rules_read_file(user, files->items[i]);
    rules_without_layers(user); /* those are for pnnx2ncnn */
    rules_check(user);
    if (files->count)
        rules_note_misses(user);
    for (size_t i = 0; i < LENGTH(steps); i++)
        if (sets[i] && sets[i] != user)
            rules_check_against(user, sets[i]);
}

static void load_rules(struct rules **sets, struct strings *strings, const struct signatures *signatures,
                       const struct settings *s)
{
    struct rules *user = NULL;
    for (size_t i = 0; i < LENGTH(steps); i++) {
        sets[i] = steps[i].pass ? NULL : load_step(&steps[i], strings, signatures, s);
        if (steps[i].name == user_rules)
            user = sets[i];
    }
    rules_without(sets, LENGTH(steps), &s->without);
    load_user_rules(user, sets, &s->rules);
    report_stop();
}

/* Ends: the applications of all rules are counted together; a pass makes the graph shorter or leaves it. */
static void simplify(struct graph *g, struct rules *const *sets)
{
    struct rule_history *history = rule_history_new(g);
    size_t changed;
    do {
        changed = 0;
        for (size_t i = 0; i < LENGTH(steps) && report_count() == 0; i++) {
            changed += steps[i].pass ? steps[i].pass(g) : rules_apply_with(sets[i], g, history);
            if (CHECKED)
                graph_check(g);
        }
        rule_history_round(history);
    } while (changed > 0 && report_count() == 0);
    rule_history_free(history);
}

static void parse_options(struct settings *s, int argc, char **argv, struct model_names *in,
                          struct model_names *out)
{
    const struct option_row table[] = {
        { "examples", 0, OPTION_TEXT, &s->examples, 0, 0, false, "FILE",
          "only run the examples of a file of rules" },
        { "explain", 'e', OPTION_FLAG, &s->explain, 0, 0, false, NULL, "print every application of a rule" },
        { "link", 0, OPTION_FLAG, &s->link, 0, 0, false, NULL,
          "make an unchanged out.bin a hard link to in.bin" },
        { "optlevel", 'O', OPTION_INT, &s->level, 0, 2, false, "N",
          "0 nothing, 1 lists and expressions, 2 all" },
        { "rules", 'r', OPTION_TEXTS, &s->rules, 0, 0, false, "FILE",
          "more rules, applied after the built-in ones" },
        { "sync", 0, OPTION_FLAG, &s->sync, 0, 0, false, NULL, "flush files to the disk before they appear" },
        { "without", 0, OPTION_TEXTS, &s->without, 0, 0, true, "RULE,...", "leave out built-in rules" },
    };
    const char *names[4];
    size_t count;
    options_parse(table, LENGTH(table), "[option]... [in.param in.bin] [out.param out.bin]", argc, argv,
                  names, LENGTH(names), &count);
    if (s->examples && count)
        die(STATUS_USAGE, nowhere, "examples=FILE takes no model: it runs the examples of the rules");
    if (s->examples)
        return;
    options_filter_names(names, count, in, out);
    paths_check_outputs(s->rules.items, s->rules.count, (const char *[]){ out->param, out->bin }, 2);
    out->link = s->link;
}

/* The user's rules that applied nowhere. */
static void report_misses(struct rules *const *sets)
{
    for (size_t i = 0; i < LENGTH(steps); i++)
        if (steps[i].name == user_rules)
            rules_report_misses(sets[i], RULES_ON_OPERATORS);
}

static size_t apply_example(struct rules *rules, struct graph *g)
{
    shapes_attach(g);
    size_t applied = rules_apply(rules, g);
    shapes_detach(g);
    return applied;
}

/* examples=FILE: the rules are those of the file, whatever program they are for. */
static void check_rules(const char *name, struct strings *strings, const struct signatures *signatures,
                        bool explain)
{
    struct rules *rules = rules_new(strings, signatures, opt_functions, opt_function_count);
    rules_read_file(rules, name);
    rules_check(rules);
    rules_explain(rules, explain);
    report_stop();
    examples_check(rules, name, apply_example);
    rules_free(rules);
}

static void optimise(struct graph *g, struct rules *const *sets, int64_t level)
{
    size_t given = g->operand_ids;
    expressions_take_apart(g);
    report_stop();
    shapes_infer(g, SHAPES_CORRECT, given);
    report_stop();
    shapes_attach(g);
    if (level >= 1)
        pass_unique_names(g);
    if (level >= 2)
        simplify(g, sets);
    report_stop();
    shapes_detach(g);
    if (level >= 2)
        report_misses(sets);
    if (level >= 1)
        expressions_form(g);
    lists_form(g);
    if (level >= 2)
        pass_number_operands(g);
}

static void convert(const struct settings *s, struct strings *strings, const struct signatures *signatures,
                    const struct model_names *in, const struct model_names *out)
{
    struct rules *sets[LENGTH(steps)];
    load_rules(sets, strings, signatures, s);
    struct graph *g = pnnx_read(strings, signatures, in);
    optimise(g, sets, s->level);
    pnnx_write(g, out, s->sync);
    graph_free(g);
    for (size_t i = 0; i < LENGTH(steps); i++)
        rules_free(sets[i]);
}

int main(int argc, char **argv)
{
    struct settings s = { .level = 2 };
    struct model_names in, out;
    report_start("pnnxopt");
    parse_options(&s, argc, argv, &in, &out);
    struct strings *strings = strings_new();
    struct signatures *signatures = signatures_new(strings);
    if (s.examples)
        check_rules(s.examples, strings, signatures, s.explain);
    else
        convert(&s, strings, signatures, &in, &out);
    signatures_free(signatures);
    strings_free(strings);
    return (int)report_status();
}
