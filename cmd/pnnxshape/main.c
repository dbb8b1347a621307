/* pnnxshape - infer shapes, types and constants of a PNNX graph.  The manual is man/pnnxshape.1. */
#include <stdio.h>
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
    if (!name || strcmp(name, "?") == 0)
        return name ? DIM_UNKNOWN : spec->dims[i];
    int64_t d = dim_named(g, name);
    struct dim_note note = dim_get_note(g, d), said = { spec->examples[i], spec->most[i] };
    if ((said.example && note.example && said.example != note.example) ||
        (said.most && note.most && said.most != note.most))
        die(STATUS_USAGE, nowhere, "inputshape= says two things of '%s' (instead: once, or another name)",
            name);
    note.example = said.example ? said.example : note.example;
    note.most = said.most ? said.most : note.most;
    dim_set_note(g, d, note);
    return d;
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

/* The axis of an input before that has both sizes, too: it is the same size. */
static const char *name_before(const struct shape_list *a, const struct shape_list *b, size_t input, int axis)
{
    for (size_t i = 0; i < input; i++)
        if (a->items[i].rank > axis && b->items[i].rank > axis && a->items[i].names[axis] &&
            a->items[i].examples[axis] == a->items[input].dims[axis] &&
            b->items[i].dims[axis] == b->items[input].dims[axis])
            return a->items[i].names[axis];
    return NULL;
}

/* Names the sizes that differ: d0, d1 ..., of which the first shapes are the examples.  False: there are none, or ranks differ. */
static bool name_sizes(struct shape_list *a, const struct shape_list *b)
{
    int names = 0;
    for (size_t i = 0; i < a->count; i++) {
        struct shape_spec *spec = &a->items[i];
        const struct shape_spec *other = &b->items[i];
        if (spec->rank != other->rank || spec->dtype != other->dtype)
            return false;
        for (int k = 0; k < spec->rank; k++) {
            if (spec->names[k] || other->names[k] || spec->dims[k] == other->dims[k])
                continue;
            const char *name = name_before(a, b, i, k);
            char *fresh = name ? NULL : xmalloc(24); /* lives as long as the program */
            if (fresh)
                snprintf(fresh, 24, "d%d", names++);
            spec->names[k] = fresh ? fresh : name;
            spec->examples[k] = spec->dims[k];
            spec->dims[k] = -1;
        }
    }
    return names > 0;
}

/* What holds for both shapes: with names for the sizes that differ, where these fit the network, else what is equal. */
static struct run *infer_both(struct graph *g, const struct table *table, struct settings *s)
{
    struct run *run = infer(g, table, &s->shapes, "");
    if (report_count())
        return run;
    struct run *other = infer(g, table, &s->shapes2, " with inputshape2");
    struct run *named = name_sizes(&s->shapes, &s->shapes2) ? infer(g, table, &s->shapes, NULL) : NULL;
    bool fits = named && named->mistakes == 0 && named->decision_count == 0;
    if (!fits)
        run_merge(run, other);
    run_free(other);
    if (named)
        run_free(fits ? run : named);
    return fits ? named : run;
}

int main(int argc, char **argv)
{
    struct settings arguments = { .sync = false };
    struct strings *strings;
    struct signatures *signatures;
    struct table *table;
    struct graph *g;
    struct run *run;
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
    run = arguments.shapes2.count ? infer_both(g, table, &arguments) : infer(g, table, &arguments.shapes, "");
    if (arguments.shapes.count)
        judge_decisions(run, arguments.frozen);
    report_stop();
    run_apply(run);
    lists_form(g);
    pnnx_write(g, &arguments.out, arguments.sync);
    run_free(run);
    graph_free(g);
    table_free(table);
    signatures_free(signatures);
    strings_free(strings);
    return report_status();
}
