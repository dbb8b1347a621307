/* pnnxshape - infer shapes, types and constants of a PNNX graph.  The manual is man/pnnxshape.1. */
#include <stdlib.h>
#include <string.h>

#include "common/expression.h"
#include "common/options.h"
#include "common/shapes/shape.h"
#include "formats/pnnx.h"

struct arguments {
    struct shape_list shapes, shapes2;
    bool sync;
    struct model_names in, out;
};

static void parse(struct arguments *a, int argc, char **argv)
{
    const struct option_row rows[] = {
        {.key = "inputshape",
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
         .help = "make an unchanged out.bin a hard link to in.bin"          },
        { .key = "sync",                                    .kind = OPTION_FLAG,    .target = &a->sync,                       .help = "fsync the files"},
    };
    const char *names[4];
    size_t count;
    options_parse(rows, LENGTH(rows),
                  "[inputshape=SHAPES] [inputshape2=SHAPES] [in.param in.bin] [out.param out.bin]", argc,
                  argv, names, LENGTH(names), &count);
    bool link = a->out.link;
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

/* The input as the command line says; shapes that the file records for results were those of the file's input, so
 * they count only when that is the same. */
static void set_input(struct run *run, const struct operand *x, const struct shape_spec *spec)
{
    struct fact *f = &run->facts[x->id];
    int64_t *dims = arena_array(&run->arena, (size_t)spec->rank, sizeof *dims);
    bool same = x->dtype == spec->dtype && x->rank == spec->rank;
    for (int i = 0; i < spec->rank; i++) {
        dims[i] = spec_size(run->graph, spec, i);
        same = same && dims[i] == x->shape[i];
    }
    *f = (struct fact){ .present = true, .dtype = spec->dtype, .rank = spec->rank, .dims = dims };
    run->keep_recorded &= same;
}

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
            run->facts[x->id] =
                (struct fact){ .present = true, .dtype = x->dtype, .rank = x->rank, .dims = x->shape };
    }
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
