/* pnnxshape - infer shapes, types and constants of a PNNX graph.  The manual is man/pnnxshape.1. */
#include <stdlib.h>
#include <string.h>

#include "common/command/options.h"
#include "common/expression/expression.h"
#include "common/operators/shapes/shape.h"
#include "formats/npy.h"
#include "formats/pnnx.h"

/* What the arrays say takes the place of `shapes`. */
static void shapes_from_arrays(const char *key, const struct text_list *files, struct shape_list *shapes)
{
    if (!files->count)
        return;
    if (shapes->count)
        die(STATUS_USAGE, nowhere, "%s= and the shapes of the command line exclude each other", key);
    *shapes = npy_shapes(files);
}

struct arguments {
    struct text_list arrays, arrays2;
    struct shape_list shapes, shapes2;
    bool frozen, sync;
    struct model_names in, out;
};

static void parse(struct arguments *a, int argc, char **argv)
{
    const struct option_row rows[] = {
        { .key = "frozen",
          .kind = OPTION_FLAG,
          .target = &a->frozen,
          .help = "take a size with a name where the network fits one value of it only" },
        { .key = "input",
          .kind = OPTION_TEXTS,
          .target = &a->arrays,
          .split = true,
          .value = "FILE.npy,...",
          .help = "take the shapes of the inputs from these arrays" },
        { .key = "input2",
          .kind = OPTION_TEXTS,
          .target = &a->arrays2,
          .split = true,
          .value = "FILE.npy,...",
          .help = "the same for inputshape2" },
        { .key = "inputshape",
          .letter = 'i',
          .kind = OPTION_SHAPES,
          .target = &a->shapes,
          .value = "SHAPES",
          .help = "shapes of the inputs: [1,3,224,224]f32,[1,h]i64" },
        { .key = "inputshape2",
          .kind = OPTION_SHAPES,
          .target = &a->shapes2,
          .value = "SHAPES",
          .help = "other shapes: what differs is dynamic" },
        { .key = "link",
          .kind = OPTION_FLAG,
          .target = &a->out.link,
          .help = "make an unchanged out.bin a hard link to in.bin" },
        { .key = "sync", .kind = OPTION_FLAG, .target = &a->sync, .help = "fsync the files" },
    };
    const char *names[4];
    size_t count;
    options_parse(rows, LENGTH(rows),
                  "[inputshape=SHAPES] [inputshape2=SHAPES] [in.param in.bin] [out.param out.bin]", argc,
                  argv, names, LENGTH(names), &count);
    bool link = a->out.link;
    shapes_from_arrays("input", &a->arrays, &a->shapes);
    shapes_from_arrays("input2", &a->arrays2, &a->shapes2);
    options_filter_names(names, count, &a->in, &a->out);
    a->out.link = link;
}

static void check_count(struct graph *g, const struct shape_list *list, const char *option)
{
    size_t inputs = 0;
    for (const struct operator *op = g->first; op; op = op->next)
        inputs += operator_is(op, "pnnx.Input");
    if (list->count && list->count != inputs)
        die(STATUS_USAGE, nowhere, "%s= has %zu shape%s, the model has %zu input%s", option, list->count,
            list->count == 1 ? "" : "s", inputs, inputs == 1 ? "" : "s");
}

static int64_t spec_size(struct graph *g, const struct shape_spec *spec, int i)
{
    const char *name = spec->names[i];
    return !name ? spec->dims[i] : strcmp(name, "?") == 0 ? DIM_UNKNOWN : dim_named(g, name);
}

static void set_input(struct run *run, const struct operand *x, const struct shape_spec *spec)
{
    int64_t *dims = arena_array(&run->arena, (size_t)spec->rank, sizeof *dims);
    for (int i = 0; i < spec->rank; i++)
        dims[i] = spec_size(run->graph, spec, i);
    run_set_input(run, x, spec->dtype, spec->rank, dims);
}

/* As the command line says, else as the file does. */
static void set_inputs(struct run *run, const struct shape_list *list)
{
    size_t next = 0;
    for (const struct operator *op = run->graph->first; op; op = op->next) {
        if (!operator_is(op, "pnnx.Input") || op->output_count != 1)
            continue;
        const struct operand *x = op->outputs[0];
        if (next < list->count)
            set_input(run, x, &list->items[next++]);
        else if (x->rank <= MAX_RANK)
            run_set_input(run, x, x->dtype, x->rank, x->shape);
    }
}

/* inputshape= left a size free, and an operator fits one value of it. */
static void judge_decisions(const struct run *run, bool frozen)
{
    for (size_t i = 0; i < run->decision_count; i++) {
        struct place at = operator_place(run->decisions[i].op);
        if (frozen)
            note(at, "%s", run->decisions[i].text);
        else
            report(STATUS_CONVERSION, at, "%s", run->decisions[i].text);
    }
    if (run->decision_count && !frozen)
        report(
            STATUS_CONVERSION, nowhere,
            "inputshape= leaves sizes free that the network fixes (instead: trace it with sizes taken from "
            "x.shape, give these sizes as numbers, or frozen=1, which writes what is right for one size)");
}

static struct run *infer(struct graph *g, const struct table *table, const struct shape_list *shapes,
                         const char *which)
{
    struct run *run = run_new(g, table);
    run->which = which;
    set_inputs(run, shapes);
    run_infer(run);
    return run;
}

int main(int argc, char **argv)
{
    struct arguments arguments = { .sync = false };
    struct strings *strings;
    struct signatures *signatures;
    struct table *table;
    struct graph *g;
    struct run *run, *other = NULL;
    report_start("pnnxshape");
    parse(&arguments, argc, argv);
    strings = strings_new();
    signatures = signatures_new(strings);
    table = table_new(strings);
    g = pnnx_read(strings, signatures, &arguments.in);
    check_count(g, &arguments.shapes, "inputshape");
    check_count(g, &arguments.shapes2, "inputshape2");
    expressions_take_apart(g);
    report_stop();
    run = infer(g, table, &arguments.shapes, "");
    if (arguments.shapes2.count && report_count() == 0) {
        other = infer(g, table, &arguments.shapes2, " with inputshape2");
        run_merge(run, other);
    }
    if (arguments.shapes.count)
        judge_decisions(run, arguments.frozen);
    report_stop();
    run_apply(run);
    lists_form(g);
    pnnx_write(g, &arguments.out, arguments.sync);
    if (other)
        run_free(other);
    run_free(run);
    graph_free(g);
    table_free(table);
    signatures_free(signatures);
    strings_free(strings);
    return report_status();
}
