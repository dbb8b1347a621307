/* pnnx - convert a model with one command: five programs in order.  The manual is man/pnnx.1. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/pnnx/stages.h"
#include "common/base/arena.h"
#include "common/base/report.h"
#include "common/command/options.h"
#include "common/command/paths.h"
#include "formats/npy.h"
#include "formats/output.h"

#define LENGTH(a) (sizeof(a) / sizeof *(a))

/* In the order in which they appear: weights before the text that needs them. */
enum { PNNXBIN, PNNXPARAM, PNNXPY, NCNNBIN, NCNNPARAM, NCNNPY, SKELETON, OUTPUTS };

static const struct {
    const char *suffix; /* of the output, behind the model's name; NULL: there is one only if it is named */
    const char *stage;  /* of the file in the stages' folder */
} outputs[OUTPUTS] = {
    [PNNXBIN] = { ".pnnx.bin", "pnnx.bin" },
    [PNNXPARAM] = { ".pnnx.param", "pnnx.param" },
    [PNNXPY] = { "_pnnx.py", "pnnx.py" },
    [NCNNBIN] = { ".ncnn.bin", "ncnn.bin" },
    [NCNNPARAM] = { ".ncnn.param", "ncnn.param" },
    [NCNNPY] = { "_ncnn.py", "ncnn.py" },
    [SKELETON] = { NULL, "layers.cc" },
};

/* The files between the stages. */
static const char *const between[] = { "raw.param", "raw.bin", "shape.param", "shape.bin" };

struct request {
    const char *model;
    const char *device, *inputshape, *inputshape2, *keep, *names, *onnx, *target;
    struct text_list custom, customop, input, input2, layer, moduleop, rename, rules, without;
    int64_t fp16, optlevel;
    bool bf16, check, explain, frozen, hints;
    const char *outputs[OUTPUTS]; /* where they go */
};

static void parse(struct request *r, int argc, char **argv)
{
    const struct option_row table[] = {
        { "bf16", 0, OPTION_FLAG, &r->bf16, 0, 0, false, NULL, "ncnn weights as bfloat16" },
        { "check", 0, OPTION_FLAG, &r->check, 0, 0, false, NULL, "write nothing: say what ncnn cannot have" },
        { "custom", 0, OPTION_TEXTS, &r->custom, 0, 0, true, "TYPE,...",
          "make operators of these types ncnn layers of their names" },
        { "customop", 0, OPTION_TEXTS, &r->customop, 0, 0, true, "FILE,...",
          "shared libraries that register the model's own operators" },
        { "device", 0, OPTION_TEXT, &r->device, 0, 0, false, "NAME",
          "accepted and without effect: the model is never run" },
        { "explain", 'e', OPTION_FLAG, &r->explain, 0, 0, false, NULL, "print every application of a rule" },
        { "fp16", 0, OPTION_INT, &r->fp16, 0, 1, false, "0|1", "ncnn weights in half precision (default 1)" },
        { "frozen", 0, OPTION_FLAG, &r->frozen, 0, 0, false, NULL,
          "take a named size where the network fits one value of it only" },
        { "hints", 0, OPTION_FLAG, &r->hints, 0, 0, false, NULL, "write the shapes of ncnn's blobs" },
        { "input", 0, OPTION_TEXTS, &r->input, 0, 0, true, "FILE.npy,...",
          "take the shapes of the inputs from these arrays" },
        { "input2", 0, OPTION_TEXTS, &r->input2, 0, 0, true, "FILE.npy,...", "the same for the second set" },
        { "inputshape", 'i', OPTION_TEXT, &r->inputshape, 0, 0, false, "SHAPES",
          "shapes of the inputs: [1,3,224,224]f32,[1,h]i64" },
        { "inputshape2", 0, OPTION_TEXT, &r->inputshape2, 0, 0, false, "SHAPES",
          "other shapes: what differs is dynamic" },
        { "keep", 0, OPTION_TEXT, &r->keep, 0, 0, false, "FOLDER",
          "leave the files of all stages in this folder" },
        { "layer", 0, OPTION_TEXTS, &r->layer, 0, 0, false, "TYPE:NAME(0=ARGUMENT,@WEIGHT,...)",
          "make operators of a type ncnn layers of that name" },
        { "moduleop", 0, OPTION_TEXTS, &r->moduleop, 0, 0, true, "CLASS,...",
          "keep each module of these classes as one operator" },
        { "names", 0, OPTION_TEXT, &r->names, 0, 0, false, "new|keep",
          "what ncnn's layers and blobs are called (default new)" },
        { "ncnnbin", 0, OPTION_TEXT, &r->outputs[NCNNBIN], 0, 0, false, "PATH",
          "another name for model.ncnn.bin" },
        { "ncnnparam", 0, OPTION_TEXT, &r->outputs[NCNNPARAM], 0, 0, false, "PATH",
          "another name for model.ncnn.param" },
        { "ncnnpy", 0, OPTION_TEXT, &r->outputs[NCNNPY], 0, 0, false, "PATH",
          "another name for model_ncnn.py" },
        { "optlevel", 'O', OPTION_INT, &r->optlevel, 0, 2, false, "N",
          "0 not optimised, 1 lists and expressions, 2 all (default)" },
        { "pnnxbin", 0, OPTION_TEXT, &r->outputs[PNNXBIN], 0, 0, false, "PATH",
          "another name for model.pnnx.bin" },
        { "pnnxonnx", 0, OPTION_TEXT, &r->onnx, 0, 0, false, "PATH", "accepted; no ONNX file is written" },
        { "pnnxparam", 0, OPTION_TEXT, &r->outputs[PNNXPARAM], 0, 0, false, "PATH",
          "another name for model.pnnx.param" },
        { "pnnxpy", 0, OPTION_TEXT, &r->outputs[PNNXPY], 0, 0, false, "PATH",
          "another name for model_pnnx.py" },
        { "rename", 0, OPTION_TEXTS, &r->rename, 0, 0, true, "BLOB:NAME,...",
          "other names for ncnn's blobs: rename=in0:image" },
        { "rules", 'r', OPTION_TEXTS, &r->rules, 0, 0, true, "FILE,...", "rules for pnnxopt and pnnx2ncnn" },
        { "skeleton", 0, OPTION_TEXT, &r->outputs[SKELETON], 0, 0, false, "FILE",
          "write a C++ file with a class for each layer that ncnn does not have" },
        { "target", 0, OPTION_TEXT, &r->target, 0, 0, false, "DATE",
          "refuse what ncnn of that release does not have" },
        { "without", 0, OPTION_TEXTS, &r->without, 0, 0, true, "RULE,...",
          "leave out built-in rules of pnnxopt" },
    };
    size_t count;
    options_parse(table, LENGTH(table), "model.pt [key=value]...", argc, argv, &r->model, 1, &count);
    if (count != 1)
        die(STATUS_USAGE, nowhere,
            "expected a model; usage: pnnx model.pt [key=value]... (--help has the keys)");
}

/* The shapes of arrays as the command line has them.  The reader wants them, too. */
static char *text_of(const struct shape_list *shapes)
{
    size_t room = shapes->count * (LENGTH(shapes->items->dims) * 24 + 16) + 1, n = 0;
    char *text = xmalloc(room);
    for (size_t i = 0; i < shapes->count; i++) {
        const struct shape_spec *spec = &shapes->items[i];
        n += (size_t)snprintf(text + n, room - n, i ? ",[" : "[");
        for (int d = 0; d < spec->rank; d++)
            n += (size_t)snprintf(text + n, room - n, d ? ",%lld" : "%lld", (long long)spec->dims[d]);
        n += (size_t)snprintf(text + n, room - n, "]%s", dtype_tag(spec->dtype));
    }
    return text;
}

/* What the shapes of the inputs are, whichever way they were given; NULL: not at all. */
static const char *shapes_given(const char *key, const char *text, const struct text_list *arrays)
{
    struct shape_list shapes = { 0 };
    const char *error;
    if (text && arrays->count)
        die(STATUS_USAGE, nowhere, "%s= and arrays (input%s=) exclude each other", key,
            key + strlen("inputshape"));
    if (text && !shape_list_parse(text, &shapes, &error))
        die(STATUS_USAGE, nowhere, "%s='%s': %s", key, text, error);
    if (arrays->count) {
        shapes = npy_shapes(arrays);
        text = text_of(&shapes);
    }
    free(shapes.items);
    return text;
}

/* ---- the names of the outputs ---- */

/* The model's name without its extension; '-' in the file's own name is '_', for Python imports it. */
static char *base_name(const char *model)
{
    char *base = xprintf("%s", model), *name = strrchr(base, '/');
    name = name ? name + 1 : base;
    char *dot = strrchr(name, '.');
    if (dot)
        *dot = '\0';
    for (char *c = name; *c; c++)
        if (*c == '-')
            *c = '_';
    return base;
}

static void name_outputs(struct request *r)
{
    char *base = base_name(r->model);
    for (int i = 0; i < OUTPUTS; i++) {
        if (r->outputs[i] || !outputs[i].suffix)
            continue;
        r->outputs[i] = xprintf("%s%s", base, outputs[i].suffix);
    }
    free(base);
}

static void add_inputs(struct arguments *files, const struct text_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        argument_add(files, list->items[i]);
}

/* Before anything runs: no output is an input or another output, and each has a folder. */
static void check_files(const struct request *r)
{
    struct arguments in = { 0 }, out = { 0 };
    argument_add(&in, r->model);
    add_inputs(&in, &r->customop);
    add_inputs(&in, &r->input);
    add_inputs(&in, &r->input2);
    add_inputs(&in, &r->rules);
    for (int i = 0; i < OUTPUTS; i++) {
        if (!r->outputs[i])
            continue;
        char *target = path_target(r->outputs[i]);
        if (!target)
            die(STATUS_IO, nowhere, "cannot write '%s': %s; nothing was written", r->outputs[i],
                strerror(errno));
        free(target);
        argument_add(&out, r->outputs[i]);
        if (r->keep)
            argument_add(&out, stage_file(outputs[i].stage));
    }
    for (size_t i = 0; r->keep && i < LENGTH(between); i++)
        argument_add(&out, stage_file(between[i]));
    paths_check_outputs(in.items, in.count, out.items, out.count);
    free(in.items);
    free(out.items);
}

/* ---- the stages ---- */

/* The two files of a model, in the stages' folder. */
static void add_model(struct arguments *a, const char *param, const char *bin)
{
    argument_add(a, stage_file(param));
    argument_add(a, stage_file(bin));
}

/* From one stage to the next weights are one file under two names; kept stages are files of their own, to be edited. */
static void add_link(struct arguments *a, const struct request *r)
{
    argument_option(a, "link", r->keep ? NULL : "1");
}

static void read_model(const struct request *r)
{
    struct arguments a = { 0 };
    argument_options(&a, "customop", &r->customop);
    argument_options(&a, "moduleop", &r->moduleop);
    argument_option(&a, "inputshape", r->inputshape);
    argument_option(&a, "inputshape2", r->inputshape2);
    argument_add(&a, "--");
    argument_add(&a, r->model);
    add_model(&a, "raw.param", "raw.bin");
    stage_must("pt2pnnx", &a);
}

static void infer_shapes(const struct request *r)
{
    struct arguments a = { 0 };
    argument_option(&a, "inputshape", r->inputshape);
    argument_option(&a, "inputshape2", r->inputshape2);
    argument_option(&a, "frozen", r->frozen ? "1" : NULL);
    add_link(&a, r);
    add_model(&a, "raw.param", "raw.bin");
    add_model(&a, "shape.param", "shape.bin");
    stage_must("pnnxshape", &a);
}

static void add_rules(struct arguments *a, const struct request *r)
{
    argument_options(a, "rules", &r->rules);
    argument_option(a, "explain", r->explain ? "1" : NULL);
}

static void simplify(const struct request *r)
{
    struct arguments a = { 0 };
    const char level[] = { '0' + (char)r->optlevel, '\0' };
    argument_option(&a, "optlevel", level);
    add_rules(&a, r);
    argument_options(&a, "without", &r->without);
    add_link(&a, r);
    add_model(&a, "shape.param", "shape.bin");
    add_model(&a, "pnnx.param", "pnnx.bin");
    stage_must("pnnxopt", &a);
}

static void print_python(const struct request *r)
{
    struct arguments a = { 0 };
    argument_option(&a, "pnnxbin", r->outputs[PNNXBIN]);
    add_model(&a, "pnnx.param", "pnnx.bin");
    argument_add(&a, stage_file("pnnx.py"));
    stage_must("pnnx2py", &a);
}

static const char *flag(bool on)
{
    return on ? "1" : NULL;
}

static void add_ncnn_options(struct arguments *a, const struct request *r)
{
    argument_option(a, "bf16", flag(r->bf16));
    argument_option(a, "check", flag(r->check));
    argument_options(a, "custom", &r->custom);
    argument_option(a, "fp16", r->fp16 ? "1" : "0");
    argument_option(a, "hints", flag(r->hints));
    argument_options(a, "layer", &r->layer);
    argument_option(a, "names", r->names);
    argument_options(a, "rename", &r->rename);
    argument_option(a, "target", r->target);
}

/* The only stage that may refuse while the files of those before it are published. */
static bool lower(const struct request *r)
{
    struct arguments a = { 0 };
    add_ncnn_options(&a, r);
    char *param = path_between(r->outputs[NCNNPY], r->outputs[NCNNPARAM]);
    char *bin = path_between(r->outputs[NCNNPY], r->outputs[NCNNBIN]);
    argument_option(&a, "ncnnparam", param);
    argument_option(&a, "ncnnbin", bin);
    argument_option(&a, "ncnnpy", stage_file(outputs[NCNNPY].stage));
    if (r->outputs[SKELETON])
        argument_option(&a, "skeleton", stage_file(outputs[SKELETON].stage));
    add_rules(&a, r);
    add_model(&a, "pnnx.param", "pnnx.bin");
    add_model(&a, "ncnn.param", "ncnn.bin");
    int status = stage_run("pnnx2ncnn", &a);
    free(param);
    free(bin);
    if (status != STATUS_DONE && status != STATUS_CONVERSION)
        exit(status);
    return status == STATUS_DONE;
}

/* All files of the run appear together; those that it could not make go. */
static void publish(const struct request *r, bool lowered)
{
    for (int i = 0; i < OUTPUTS; i++)
        if (!r->outputs[i])
            continue;
        else if (lowered || i <= PNNXPY)
            output_copy(r->outputs[i], stage_file(outputs[i].stage), !r->keep);
        else
            output_remove(r->outputs[i]);
    stages_heed_signals();
    outputs_commit(false);
}

/* Whole weights go through memory: large pages save a third of the system's time.  C libraries that do not know this
 * ignore it. */
static void ask_for_large_pages(void)
{
    const char *old = getenv("GLIBC_TUNABLES");
    bool more = old && *old;
    char *all = xprintf("%s%sglibc.malloc.hugetlb=1", more ? old : "", more ? ":" : "");
    setenv("GLIBC_TUNABLES", all, 1);
    free(all);
}

int main(int argc, char **argv)
{
    struct request r = { .fp16 = 1, .optlevel = 2 };
    report_start("pnnx");
    parse(&r, argc, argv);
    r.inputshape = shapes_given("inputshape", r.inputshape, &r.input);
    r.inputshape2 = shapes_given("inputshape2", r.inputshape2, &r.input2);
    name_outputs(&r);
    stages_begin(r.keep, r.outputs[PNNXBIN], r.model);
    check_files(&r);
    ask_for_large_pages();
    if (r.onnx)
        note(nowhere, "pnnxonnx=%s: ONNX files are not written yet; the others are", r.onnx);
    read_model(&r);
    infer_shapes(&r);
    simplify(&r);
    print_python(&r);
    bool lowered = lower(&r);
    if (!r.check)
        publish(&r, lowered);
    stages_end();
    return lowered ? STATUS_DONE : STATUS_CONVERSION;
}
