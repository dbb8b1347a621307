/* ncnnopt - fewer layers that compute the same.  The manual is man/ncnnopt.1. */
#include <stdlib.h>
#include <string.h>

#include "cmd/ncnnopt/passes.h"
#include "common/command/options.h"
#include "common/command/paths.h"
#include "common/layers/layers.h"
#include "formats/example.h"
#include "formats/output.h"

#define LENGTH(a) (sizeof(a) / sizeof *(a))

struct settings {
    int64_t fp16; /* -1: as the input has it */
    bool explain, report, sync;
    const char *first, *last; /* the layers between which it cuts; NULL: from the first, to the last */
    struct text_list rules, without;
    const char *check; /* or NULL */
    struct model_names in, out;
};

static const char *or_null(const char *name)
{
    return *name ? name : NULL;
}

/* What upstream's command line has behind the names: a flag, and the layers between which it cuts. */
static void take_positions(struct settings *s, const char *const *names, size_t count)
{
    const char *flag = names[0];
    if (strcmp(flag, "0") != 0 && strcmp(flag, "1") != 0 && strcmp(flag, "65536") != 0)
        die(STATUS_USAGE, nowhere, "'%s': expected four names, and 0, 1 or 65536 behind them", flag);
    s->fp16 = strcmp(flag, "0") != 0;
    s->first = count > 1 ? or_null(names[1]) : NULL;
    s->last = count > 2 ? or_null(names[2]) : NULL;
}

/* START,END, of which one may be left out. */
static void take_cut(struct settings *s, const char *cut)
{
    char *names = xprintf("%s", cut), *comma = strchr(names, ','); /* kept until the program ends */
    if (comma)
        *comma++ = 0;
    if (comma && strchr(comma, ','))
        die(STATUS_USAGE, nowhere, "cut=START,END names two layers");
    s->first = or_null(names);
    s->last = comma ? or_null(comma) : NULL;
}

static void parse_options(struct settings *s, int argc, char **argv)
{
    const char *cut = NULL;
    const struct option_row table[] = {
        { "check", 0, OPTION_TEXT, &s->check, 0, 0, false, "FILE",
          "only run the examples of a file of rules" },
        { "cut", 0, OPTION_TEXT, &cut, 0, 0, false, "START,END", "only the layers from START to END" },
        { "explain", 'e', OPTION_FLAG, &s->explain, 0, 0, false, NULL, "print every application of a rule" },
        { "fp16", 0, OPTION_INT, &s->fp16, 0, 1, false, "0|1",
          "store weights as float16 (default: as the input does)" },
        { "report", 0, OPTION_FLAG, &s->report, 0, 0, false, NULL, "print what one run of the model takes" },
        { "rules", 'r', OPTION_TEXTS, &s->rules, 0, 0, false, "FILE",
          "read rules that come before the built-in ones" },
        { "sync", 0, OPTION_FLAG, &s->sync, 0, 0, false, NULL, "flush the files to the disk" },
        { "without", 0, OPTION_TEXTS, &s->without, 0, 0, true, "RULE,...", "leave out built-in rules" },
    };
    const char *names[7];
    size_t count;
    options_parse(table, LENGTH(table),
                  "[option]... in.param in.bin out.param out.bin [0|1|65536 [START [END]]]", argc, argv,
                  names, LENGTH(names), &count);
    if (s->check && count)
        die(STATUS_USAGE, nowhere, "check=FILE takes no model: it runs the examples of the rules");
    if (s->check)
        return;
    if (count < 4)
        die(STATUS_USAGE, nowhere, "expected four names: in.param in.bin out.param out.bin");
    options_filter_names(names, 4, &s->in, &s->out);
    if (!s->in.param || !s->out.param)
        die(STATUS_USAGE, nowhere, "an ncnn model is two files: expected their names");
    paths_check_outputs(s->rules.items, s->rules.count, (const char *[]){ s->out.param, s->out.bin }, 2);
    if (count > 4)
        take_positions(s, names + 4, count - 4);
    if (cut)
        take_cut(s, cut);
}

static struct rules *load_rules(struct strings *strings, const struct signatures *signatures,
                                const struct settings *s)
{
    struct rules *rules = rules_new(strings, signatures, layer_functions, layer_function_count);
    rules_explain(rules, s->explain);
    for (size_t i = 0; i < s->rules.count; i++)
        rules_read_file(rules, s->rules.items[i]);
    layers_read_folding(rules);
    layers_read_rules(rules);
    rules_without(&rules, 1, &s->without);
    report_stop();
    return rules;
}

/* cost: what a run takes then; NULL: nobody asks. */
static void optimise(struct graph *g, struct rules *rules, struct layers_cost *cost)
{
    struct results results;
    results_collect(g, &results);
    layers_attach_sizes(g);
    rules_apply(rules, g);
    graph_remove_dead(g);
    if (cost)
        *cost = layers_cost(g);
    layers_detach_sizes(g);
    results_restore(g, &results);
    if (CHECKED)
        graph_check(g);
    report_stop();
}

/* Whether a model's inputs have sizes; then all layers get them, as upstream writes them. */
static bool has_sizes(const struct graph *g)
{
    for (const struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; operator_is(op, "Input") && i < op->output_count; i++)
            if (op->outputs[i]->rank > 0)
                return true;
    return false;
}

/* What the file of weights says more exactly than it was asked to. */
static void note_floats(const struct graph *g)
{
    const char *name = NULL;
    size_t count = 0;
    for (const struct operator *op = g->first; op; op = op->next)
        if (ncnn_keeps_float(op) && count++ == 0)
            name = op->name;
    if (count)
        note(nowhere, "%zu layer%s weights too large for float16 and keep%s float32: '%s'%s", count,
             count == 1 ? " has" : "s have", count == 1 ? "s" : "", name, count > 1 ? " ..." : "");
}

static size_t count_reshapes(const struct graph *g)
{
    size_t count = 0;
    for (const struct operator *op = g->first; op; op = op->next)
        count += operator_is(op, "Reshape");
    return count;
}

/* The files of a model, mapped. */
struct files {
    const struct mapping *param, *bin; /* bin NULL: weights are made up */
};

/* A model, read, cut and with fewer layers. */
struct made {
    struct graph *graph;     /* owned */
    struct layers_cost cost; /* of a run, when it is asked for */
    bool added;              /* some of its layers are Reshapes that it had not */
};

static struct made make(const struct settings *s, struct strings *strings,
                        const struct signatures *signatures, struct rules *rules, const struct files *files,
                        struct ncnn_style *style)
{
    struct made made = { .graph = ncnn_parse(strings, signatures, files->param, files->bin, style) };
    cut_layers(made.graph, s->first, s->last);
    size_t reshapes = count_reshapes(made.graph);
    optimise(made.graph, rules, s->report ? &made.cost : NULL);
    made.added = count_reshapes(made.graph) > reshapes;
    if (s->fp16 >= 0)
        style->storage = s->fp16 ? NCNN_FLOAT16 : NCNN_FLOAT32;
    if (!style->hint && has_sizes(made.graph))
        style->hint = 5; /* rank, w, h, d, c */
    return made;
}

/* The same, by all rules; or without those that move a Reshape behind other layers, when no layer took it in and there are
 * fewer layers without them. */
static struct made make_least(const struct settings *s, struct strings *strings,
                              const struct signatures *signatures, const struct files *files,
                              struct ncnn_style *style)
{
    const char *moving = "vectors.rules";
    struct rules *rules = load_rules(strings, signatures, s);
    struct made least = make(s, strings, signatures, rules, files, style);
    if (least.added) {
        rules_without(&rules, 1, &(struct text_list){ &moving, 1 });
        struct made other = make(s, strings, signatures, rules, files, style), more = other;
        if (other.graph->operator_count < least.graph->operator_count) {
            more = least;
            least = other;
        }
        graph_free(more.graph);
    }
    rules_free(rules);
    return least;
}

/* Upstream's tool says these, too, but counts no products of matrices. */
static void note_cost(const struct layers_cost *cost)
{
    enum { MILLION = 1000000 };
    note(nowhere, "%s%.3f million multiplications, %.3f MB of weights, %.3f MB of blobs at a time",
         cost->unknown ? "at least " : "", (double)cost->products / MILLION, (double)cost->weights / MILLION,
         (double)cost->blobs / MILLION);
    if (cost->unknown)
        note(nowhere,
             "%zu sizes are not known: give the layers Input their sizes, 0=WIDTH 1=HEIGHT 2=CHANNELS",
             cost->unknown);
}

static void convert(const struct settings *s, struct strings *strings, const struct signatures *signatures)
{
    struct ncnn_style style;
    struct files files = { mapping_open(s->in.param), NULL };
    if (strcmp(s->in.bin, "null") != 0)
        files.bin = mapping_open(s->in.bin);
    struct made least = make_least(s, strings, signatures, &files, &style);
    if (files.bin)
        ncnn_note_rest(files.bin, &style);
    ncnn_write_styled(least.graph, s->out.param, s->out.bin, &style);
    report_stop();
    outputs_commit(s->sync);
    if (style.storage == NCNN_FLOAT16)
        note_floats(least.graph);
    if (s->report)
        note_cost(&least.cost);
    graph_free(least.graph);
}

static void check_rules(const struct settings *s, struct strings *strings,
                        const struct signatures *signatures)
{
    struct rules *rules = rules_new(strings, signatures, layer_functions, layer_function_count);
    rules_read_file(rules, s->check);
    rules_check(rules);
    rules_explain(rules, s->explain);
    report_stop();
    examples_check(rules, s->check, rules_apply);
    rules_free(rules);
}

int main(int argc, char **argv)
{
    struct settings s = { .fp16 = -1 };
    report_start(argv[0]);
    parse_options(&s, argc, argv);
    struct strings *strings = strings_new();
    struct signatures *signatures = signatures_new(strings);
    if (s.check)
        check_rules(&s, strings, signatures);
    else
        convert(&s, strings, signatures);
    signatures_free(signatures);
    strings_free(strings);
    return (int)report_status();
}
