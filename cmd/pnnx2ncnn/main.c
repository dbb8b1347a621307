/* pnnx2ncnn - convert a PNNX graph to the files of the ncnn runtime.  The manual is man/pnnx2ncnn.1. */
#include <stdlib.h>
#include <string.h>

#include "cmd/pnnx2ncnn/custom/custom.h"
#include "cmd/pnnx2ncnn/passes/batch.h"
#include "cmd/pnnx2ncnn/passes/passes.h"
#include "common/command/options.h"
#include "common/command/paths.h"
#include "common/expression/expression.h"
#include "common/graph/dim.h"
#include "common/layers/layers.h"
#include "common/operators/shapes/shapes.h"
#include "formats/ncnn/ncnn.h"
#include "formats/output.h"
#include "formats/pnnx/pnnx.h"

enum { NAMES_SHOWN = 8 }; /* in one message */

enum { HINT_NUMBERS = 5 }; /* dims w h d c, of each result */

enum { TARGET_LAST = 99991231 };

struct settings {
    int64_t fp16, target;
    bool bf16, explain, hints, sync;
    const char *script, *script_param, *script_bin, *skeleton;
    struct text_list custom, layers, rules, without;
    struct naming naming;
    struct model_names in, out;
    bool check, list;     /* without output: what is unsupported; what rules there are */
    const char *examples; /* or NULL */
};

static void parse_names(struct settings *s, const char *const *names, size_t count)
{
    if ((s->examples || s->list) && count)
        die(STATUS_USAGE, nowhere, "%s takes no model: %s", s->examples ? "examples=FILE" : "list=1",
            s->examples ? "it runs the examples of the rules" : "it lists the rules");
    if (s->examples || s->list)
        return;
    if (count != 4 && !(s->check && count == 2))
        die(STATUS_USAGE, nowhere,
            "expected four names: in.param in.bin out.ncnn.param out.ncnn.bin (- - reads the stream)");
    s->in = options_model_names(names);
    if (count == 4)
        s->out = options_model_names(names + 2);
    if (count == 4 && !s->out.param)
        die(STATUS_USAGE, nowhere, "an ncnn model is two files: expected their names");
    options_check_input(&s->in);
    paths_check_outputs((const char *[]){ s->in.param, s->in.bin }, 2,
                        (const char *[]){ s->out.bin, s->out.param, s->script, s->skeleton }, 4);
    paths_check_outputs(s->rules.items, s->rules.count,
                        (const char *[]){ s->out.bin, s->out.param, s->script, s->skeleton }, 4);
}

static void parse_options(struct settings *s, int argc, char **argv)
{
    const char *names_of = "new";
    const struct option_row table[] = {
        { "bf16", 0, OPTION_FLAG, &s->bf16, 0, 0, false, NULL,
          "store weights as bfloat16, for runtimes that know it" },
        { "check", 0, OPTION_FLAG, &s->check, 0, 0, false, NULL,
          "write nothing: say what cannot be converted" },
        { "custom", 0, OPTION_TEXTS, &s->custom, 0, 0, true, "TYPE,...",
          "make operators of these types layers of their names" },
        { "target", 0, OPTION_INT, &s->target, TARGET_FIRST, TARGET_LAST, false, "DATE",
          "refuse what the runtime of that release does not have" },
        { "without", 0, OPTION_TEXTS, &s->without, 0, 0, true, "RULE,...", "leave out built-in rules" },
        { "examples", 0, OPTION_TEXT, &s->examples, 0, 0, false, "FILE",
          "only run the examples of a file of rules" },
        { "explain", 'e', OPTION_FLAG, &s->explain, 0, 0, false, NULL, "print every application of a rule" },
        { "fp16", 0, OPTION_INT, &s->fp16, 0, 1, false, "0|1", "store weights as float16 (default 1)" },
        { "hints", 0, OPTION_FLAG, &s->hints, 0, 0, false, NULL, "write the shapes of blobs into the text" },
        { "layer", 0, OPTION_TEXTS, &s->layers, 0, 0, false, "TYPE:NAME(0=ARGUMENT,@WEIGHT,...)",
          "make operators of a type layers of that name, with these parameters and weights" },
        { "list", 0, OPTION_FLAG, &s->list, 0, 0, false, NULL,
          "only list the operators, what they become, and when" },
        { "names", 0, OPTION_TEXT, &names_of, 0, 0, false, "new|keep",
          "what layers and blobs are called: as the model's operators and operands, or anew (default)" },
        { "ncnnbin", 0, OPTION_TEXT, &s->script_bin, 0, 0, false, "FILE",
          "the weights that the script opens, seen from its folder (default: those written)" },
        { "ncnnparam", 0, OPTION_TEXT, &s->script_param, 0, 0, false, "FILE",
          "the text that the script opens (default: that written)" },
        { "ncnnpy", 0, OPTION_TEXT, &s->script, 0, 0, false, "FILE",
          "write a Python script that runs the network" },
        { "rename", 0, OPTION_TEXTS, &s->naming.renames, 0, 0, true, "BLOB:NAME,...",
          "other names for blobs: rename=in0:image,out0:boxes" },
        { "rules", 'r', OPTION_TEXTS, &s->rules, 0, 0, false, "FILE",
          "read rules that come before the built-in ones" },
        { "skeleton", 0, OPTION_TEXT, &s->skeleton, 0, 0, false, "FILE",
          "write a C++ file with a class for each layer that ncnn does not have" },
        { "sync", 0, OPTION_FLAG, &s->sync, 0, 0, false, NULL, "flush the files to the disk" },
    };
    const char *names[4];
    size_t count;
    options_parse(table, sizeof table / sizeof *table,
                  "[option]... in.param in.bin out.ncnn.param out.ncnn.bin", argc, argv, names, 4, &count);
    s->naming.keep = strcmp(names_of, "keep") == 0;
    if (!s->naming.keep && strcmp(names_of, "new") != 0)
        die(STATUS_USAGE, nowhere, "names='%s': expected new or keep", names_of);
    parse_names(s, names, count);
}

/* What the file of weights says more exactly than it was asked to: by the names that the layers had before. */
static void note_floats(struct graph *g, const struct origins *origins)
{
    const char *names = "";
    size_t count = 0;
    for (const struct operator *op = g->first; op; op = op->next)
        if (operator_get(op, NCNN_FEATURES) && ncnn_keeps_float(op) && count++ < NAMES_SHOWN)
            names = arena_printf(&g->arena, "%s%s '%s'", names, count > 1 ? "," : "", origins->names[op->id]);
    if (count)
        note(nowhere, "%zu layer%s weights too large for float16 and keep%s float32:%s%s", count,
             count == 1 ? " has" : "s have", count == 1 ? "s" : "", names, count > NAMES_SHOWN ? " ..." : "");
}

static enum ncnn_storage storage_of(const struct settings *s)
{
    return s->bf16 ? NCNN_BFLOAT16 : s->fp16 ? NCNN_FLOAT16 : NCNN_FLOAT32;
}

static void write_script(const struct settings *s, const struct ports *ports)
{
    char *param = path_between(s->script, s->script_param ? s->script_param : s->out.param);
    char *bin = path_between(s->script, s->script_bin ? s->script_bin : s->out.bin);
    script_write(s->script, ports, s->script_param ? s->script_param : param,
                 s->script_bin ? s->script_bin : bin, storage_of(s));
    free(param);
    free(bin);
}

/* Ends a conversion that has been refused.  What an earlier run left under the names of its files would be taken for its
 * own: it goes. */
static void stop_refused(const struct settings *s)
{
    const char *const files[] = { s->out.bin, s->out.param, s->script, s->skeleton };
    bool refused = report_status() == STATUS_CONVERSION && !s->check;
    for (size_t i = 0; refused && i < sizeof files / sizeof *files; i++)
        if (files[i])
            output_remove(files[i]);
    if (refused)
        outputs_commit(s->sync);
    report_stop();
}

/* A conversion under way. */
struct conversion {
    const struct settings *settings;
    struct graph *graph;
    struct lowering *rules;
    struct ports ports;
    struct unnamed_sizes unnamed;
    struct refusals *refusals;
    struct custom custom;
    struct custom_classes classes;
};

static int64_t name_size(struct graph *g, struct unnamed_sizes *unnamed)
{
    struct dim_term term;
    int64_t d = dim_fresh(g);
    if (dim_term(g, d, 0, &term)) {
        unnamed->names = arena_grow(&g->arena, unnamed->names, unnamed->count, sizeof *unnamed->names);
        unnamed->names[unnamed->count++] = term.parts[0].name;
    }
    return d;
}

/* A size that is not known is one, all the same: what is computed from it can be said. */
static void name_sizes(struct graph *g, struct unnamed_sizes *unnamed)
{
    for (struct operator *op = g->first; op; op = op->next)
        for (size_t i = 0; operator_is(op, "pnnx.Input") && i < op->output_count; i++)
            for (int k = 0; k < op->outputs[i]->rank; k++)
                if (op->outputs[i]->shape[k] == DIM_UNKNOWN)
                    op->outputs[i]->shape[k] = name_size(g, unnamed);
}

static void infer_shapes(struct conversion *c)
{
    name_sizes(c->graph, &c->unnamed);
    shapes_infer(c->graph, SHAPES_ALL, 0);
    stop_refused(c->settings);
    shapes_attach(c->graph);
}

static void note_results(struct conversion *c)
{
    finish_note_results(c->graph, &c->ports);
}

static void refuse_early(struct conversion *c)
{
    c->refusals = refusals_new(c->graph, &c->unnamed);
    refuse_weightless(c->refusals, c->graph);
    refuse_integers(c->refusals, c->graph);
    refuse_empties(c->refusals, c->graph);
}

/* By now blobs have types of their own (a truth is a float), which are not those of PyTorch's results. */
static void lower(struct conversion *c)
{
    shapes_detach(c->graph);
    lowering_apply(c->rules, PHASE_INT8, c->graph);
    lowering_apply(c->rules, PHASE_LAYERS, c->graph);
    refuse_unlowered(c->refusals, c->graph, &c->custom, c->rules);
    refusals_end(c->refusals);
    stop_refused(c->settings);
}

static void finish_custom(struct conversion *c)
{
    c->classes = custom_finish(c->graph, &c->custom);
    stop_refused(c->settings);
}

static void finish_operands(struct conversion *c)
{
    finish_layers(c->graph, &c->ports);
}

static void fuse(struct conversion *c)
{
    layers_attach_sizes(c->graph);
    lowering_apply(c->rules, PHASE_FUSED, c->graph);
    layers_detach_sizes(c->graph);
}

static void write_model(struct conversion *c)
{
    struct graph *g = c->graph;
    const struct settings *s = c->settings;
    struct ports *ports = &c->ports;
    if (s->target)
        target_check(g, ports, s->target, storage_of(s));
    finish_blobs(g, ports);
    struct origins origins = name_all(g, ports, &s->naming);
    struct ncnn_style style = { .storage = storage_of(s), .hint = s->hints ? HINT_NUMBERS : 0 };
    ncnn_check(g);
    if (s->skeleton)
        skeleton_check(&c->classes);
    stop_refused(s);
    if (!s->check) {
        ncnn_write_styled(g, s->out.param, s->out.bin, &style);
        if (s->script)
            write_script(s, ports);
        if (s->skeleton)
            skeleton_write(s->skeleton, g, &c->classes);
        outputs_commit(s->sync);
        if (style.storage == NCNN_FLOAT16)
            note_floats(g, &origins);
    }
    free(origins.names);
}

/* ---- what holds behind a pass, for builds with CHECK=1 ---- */

static bool is_no_expression(const struct operator *op)
{
    return !operator_is(op, "pnnx.Expression");
}

/* A constant that no reader asks for an axis is one blob. */
static bool has_batch(const struct operator *op)
{
    if (operator_is(op, "pnnx.Attribute"))
        return true;
    for (size_t i = 0; i < op->output_count; i++)
        if (op->outputs[i]->rank >= 0 && op->outputs[i]->use_count && op->outputs[i]->batch == BATCH_UNKNOWN)
            return false;
    return true;
}

/* In this order: a pass may count on what holds behind those before it. */
static const struct pass {
    const char *name;
    void (*run)(struct graph *g);             /* or */
    void (*step)(struct conversion *c);       /* what needs more than the graph; or */
    enum phase rules;                         /* 0: none */
    bool (*holds)(const struct operator *op); /* of every operator behind it; or NULL */
} passes[] = {
    /* clang-format off */
    { "expressions", .run = expressions_take_apart, .holds = is_no_expression },
    { "quantized", .rules = PHASE_QUANTIZED },
    { "shapes", .step = infer_shapes },
    { "grids", .run = prepare_grids },
    { "grids", .rules = PHASE_GRIDS },
    { "tables", .run = prepare_tables },
    { "outputs", .run = prepare_outputs },
    { "complex", .run = prepare_complex },
    { "results", .step = note_results },
    { "written", .rules = PHASE_WRITTEN },
    { "sizes", .run = prepare_sizes }, /* before a pass takes what computes them for arithmetic of tensors */
    { "picks", .rules = PHASE_PICKS },
    { "written", .rules = PHASE_WRITTEN }, /* what those have made */
    { "sizes", .run = prepare_sizes },
    { "indices", .run = prepare_indices },
    { "types", .rules = PHASE_TYPES },
    { "elements", .run = prepare_elements },
    { "ranks", .run = reduce_ranks },
    { "refusals", .step = refuse_early },
    { "batch", .run = batch_solve, .holds = has_batch },
    { "layers", .step = lower },
    { "custom", .step = finish_custom },
    { "reshapes", .run = finish_reshapes },
    { "blobs", .step = finish_operands },
    { "fused", .step = fuse },
    /* clang-format on */
};

/* Ends the program where the graph, or an operator, is not what the pass promises. */
static void check_pass(const struct graph *g, const struct pass *pass)
{
    graph_check(g);
    for (const struct operator *op = g->first; op && pass->holds; op = op->next)
        if (!pass->holds(op))
            die(STATUS_CONVERSION, operator_place(op), "%s '%s' is not what it must be behind the pass '%s'",
                op->type, op->name, pass->name);
}

static void convert(const struct settings *s, struct strings *strings, const struct signatures *signatures)
{
    struct conversion c = { .settings = s };
    c.rules = lowering_new(strings, signatures, &s->rules, &s->without, s->explain);
    c.graph = pnnx_read(strings, signatures, &s->in);
    c.custom = custom_read(c.graph, &s->custom, &s->layers);
    report_stop();
    custom_check(c.graph, &c.custom);
    for (size_t i = 0; i < sizeof passes / sizeof *passes; i++) {
        if (passes[i].run)
            passes[i].run(c.graph);
        else if (passes[i].step)
            passes[i].step(&c);
        else
            lowering_apply(c.rules, passes[i].rules, c.graph);
        if (CHECKED)
            check_pass(c.graph, &passes[i]);
    }
    write_model(&c);
    graph_free(c.graph);
    lowering_free(c.rules);
}

static void list_rules(const struct settings *s, struct strings *strings, const struct signatures *signatures)
{
    struct lowering *rules = lowering_new(strings, signatures, &s->rules, &s->without, s->explain);
    lowering_list(rules);
    lowering_free(rules);
}

int main(int argc, char **argv)
{
    struct settings s = { .fp16 = 1 };
    report_start(argv[0]);
    parse_options(&s, argc, argv);
    struct strings *strings = strings_new();
    struct signatures *signatures = signatures_new(strings);
    if (s.examples)
        lowering_check(s.examples, strings, signatures, s.explain);
    else if (s.list)
        list_rules(&s, strings, signatures);
    else
        convert(&s, strings, signatures);
    signatures_free(signatures);
    strings_free(strings);
    return (int)report_status();
}
