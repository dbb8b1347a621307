/* pnnxshape - infer shapes, types and constants of a PNNX graph.  The manual is man/pnnxshape.1. */
#include <string.h>

#include "common/command/options.h"
#include "common/expression/expression.h"
#include "common/operators/shapes/shape.h"
#include "formats/npy.h"
#include "formats/pnnx/pnnx.h"

/* What the arrays say takes the place of `shapes`. */
static void shapes_from_arrays(const char *key, const struct text_list *files, struct shape_list *shapes)
{
    if (!files->count)
        return;
    if (shapes->count)
        die(STATUS_USAGE, nowhere, "%s= and the shapes of the command line exclude each other", key);
    *shapes = npy_shapes(files);
}

struct settings {
    struct text_list arrays, arrays2;
    struct shape_list shapes, shapes2;
    bool frozen, sync;
    struct model_names in, out;
};

static void parse_options(struct settings *s, int argc, char **argv)
{
    const struct option_row table[] = {
        { "frozen", 0, OPTION_FLAG, &s->frozen, 0, 0, false, NULL,
          "take a size with a name where the network fits one value of it only" },
        { "input", 0, OPTION_TEXTS, &s->arrays, 0, 0, true, "FILE.npy,...",
          "take the shapes of the inputs from these arrays" },
        { "input2", 0, OPTION_TEXTS, &s->arrays2, 0, 0, true, "FILE.npy,...", "the same for inputshape2" },
        { "inputshape", 'i', OPTION_SHAPES, &s->shapes, 0, 0, false, "SHAPES",
          "shapes of the inputs: [1,3,224,224]f32,[1,h]i64" },
        { "inputshape2", 0, OPTION_SHAPES, &s->shapes2, 0, 0, false, "SHAPES",
          "other shapes: what differs is dynamic" },
        { "link", 0, OPTION_FLAG, &s->out.link, 0, 0, false, NULL,
          "make an unchanged out.bin a hard link to in.bin" },
        { "sync", 0, OPTION_FLAG, &s->sync, 0, 0, false, NULL, "fsync the files" },
    };
    const char *names[4];
    size_t count;
    options_parse(table, LENGTH(table),
                  "[inputshape=SHAPES] [inputshape2=SHAPES] [in.param in.bin] [out.param out.bin]", argc,
                  argv, names, LENGTH(names), &count);
    bool link = s->out.link;
    shapes_from_arrays("input", &s->arrays, &s->shapes);
    shapes_from_arrays("input2", &s->arrays2, &s->shapes2);
    options_filter_names(names, count, &s->in, &s->out);
    s->out.link = link;
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
    struct settings arguments = { .sync = false };
    struct strings *strings;
    struct signatures *signatures;
    struct table *table;
    struct graph *g;
    struct run *run, *other = NULL;
    report_start("pnnxshape");
    parse_options(&arguments, argc, argv);
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
