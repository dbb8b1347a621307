/* skeleton.c - see custom.h.  Names in the C++ are made of letters, digits and _; other text of the model stands in comments and
 * strings, without what could end these. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/pnnx2ncnn/custom/custom.h"
#include "common/graph/names.h"
#include "formats/output.h"

/* How a parameter of that kind is declared, read, and what it is where the file does not have it. */
static const struct {
    const char *type, *otherwise;
} kinds[] = {
    [CUSTOM_INT] = { "int", "0" },
    [CUSTOM_FLOAT] = { "float", "0.f" },
    [CUSTOM_TEXT] = { "std::string", "std::string()" },
    [CUSTOM_INTS] = { "ncnn::Mat", "ncnn::Mat()" },
    [CUSTOM_FLOATS] = { "ncnn::Mat", "ncnn::Mat()" },
};

/* ---- whether there can be one ---- */

static void check_class(const struct custom_class *c)
{
    struct place at = operator_place(c->first);
    const char *more = arena_printf(&c->first->graph->arena, "layer=%s:%s(...)", c->type, c->layer);
    for (int id = 0; id < NCNN_PARAMETERS; id++)
        if (c->parameters[id].kind == CUSTOM_MIXED)
            report(STATUS_CONVERSION, at,
                   "skeleton=: the parameter %d of '%s' is a list in one layer and none in another "
                   "(instead: %s without it)",
                   id, c->layer, more);
    if (c->differs)
        report(STATUS_CONVERSION, at,
               "skeleton=: not all layers '%s' have the same weights (instead: %s with those that all have)",
               c->layer, more);
    for (size_t i = 0; i < c->weight_count; i++)
        if (c->weights[i].varies && c->weights[i].size < 0)
            report(STATUS_CONVERSION, at,
                   "skeleton=: the weight '%s' of '%s' is not of the same size in all layers "
                   "(instead: %s with ID=size(%s))",
                   c->weights[i].key, c->layer, more, c->weights[i].key);
}

void skeleton_check(const struct custom_classes *classes)
{
    if (!classes->count)
        report(STATUS_USAGE, nowhere,
               "skeleton=: the network has no layer of yours (instead: custom= or layer=)");
    for (size_t i = 0; i < classes->count; i++)
        check_class(&classes->items[i]);
}

/* ---- names ---- */

/* A name in C++ of its own, ended by what makes it no keyword. */
static const char *member_name(struct names *names, struct arena *arena, const char *key, const char *end)
{
    char *text = arena_printf(arena, "%s%s%s", isalpha((unsigned char)*key) ? "" : "value_", key, end);
    for (char *c = text; *c; c++)
        if (!isalnum((unsigned char)*c) || (unsigned char)*c > 127)
            *c = '_';
    const char *name = names_fresh(names, text);
    names_take(names, name, arena);
    return name;
}

/* In a comment: nothing that ends it. */
static void write_remark(struct output *out, const char *text)
{
    for (const char *c = text; *c; c++)
        output_printf(out, "%c", (unsigned char)*c < ' ' || *c == 127 || *c == '\\' ? '_' : *c);
}

static void write_string(struct output *out, const char *text)
{
    output_printf(out, "\"");
    for (const char *c = text; *c; c++) {
        if (strchr("\"\\?", *c))
            output_printf(out, "\\%c", *c);
        else if (iscntrl((unsigned char)*c))
            output_printf(out, "\\%03o", (unsigned char)*c);
        else
            output_printf(out, "%c", *c);
    }
    output_printf(out, "\"");
}

/* ---- a class ---- */

struct class_text {
    struct output *out;
    struct arena arena;
    struct names *names;
    const struct custom_class *class;
    const char *name;
    const char *parameters[NCNN_PARAMETERS]; /* their members; NULL: there is none of that id */
    const char **weights;
};

static void name_members(struct class_text *t)
{
    const struct custom_class *c = t->class;
    t->weights = arena_array(&t->arena, c->weight_count + 1, sizeof *t->weights);
    for (int id = 0; id < NCNN_PARAMETERS; id++) {
        const struct custom_parameter *p = &c->parameters[id];
        t->parameters[id] = NULL;
        bool size = false;
        for (size_t i = 0; i < c->weight_count; i++)
            size = size || c->weights[i].size == id;
        if (p->kind != CUSTOM_NONE)
            t->parameters[id] = member_name(t->names, &t->arena, p->from, size ? "_size_" : "_");
    }
    for (size_t i = 0; i < c->weight_count; i++)
        t->weights[i] = member_name(t->names, &t->arena, c->weights[i].key, "_");
}

static void write_members(struct class_text *t)
{
    const struct custom_class *c = t->class;
    for (int id = 0; id < NCNN_PARAMETERS; id++)
        if (t->parameters[id]) {
            enum custom_kind kind = c->parameters[id].kind;
            output_printf(t->out, "    %s %s; // %d: ", kinds[kind].type, t->parameters[id], id);
            write_remark(t->out, c->parameters[id].from);
            output_printf(t->out, "%s\n",
                          kind == CUSTOM_INTS     ? ", of int"
                          : kind == CUSTOM_FLOATS ? ", of float"
                                                  : "");
        }
    for (size_t i = 0; i < c->weight_count; i++) {
        output_printf(t->out, "    ncnn::Mat %s; // ", t->weights[i]);
        write_remark(t->out, c->weights[i].key);
        output_printf(t->out, "\n");
    }
}

static const char *forward_arguments(const struct custom_class *c)
{
    return c->single ? "const ncnn::Mat& bottom_blob, ncnn::Mat& top_blob, const ncnn::Option& opt"
                     : "const std::vector<ncnn::Mat>& bottom_blobs, std::vector<ncnn::Mat>& top_blobs, const "
                       "ncnn::Option& opt";
}

static void write_declaration(struct class_text *t)
{
    output_printf(t->out, "// ");
    write_remark(t->out, t->class->type);
    output_printf(t->out, "\nclass %s : public ncnn::Layer\n{\npublic:\n    %s();\n\n", t->name, t->name);
    output_printf(t->out,
                  "    virtual int load_param(const ncnn::ParamDict& pd);\n"
                  "    virtual int load_model(const ncnn::ModelBin& mb);\n"
                  "    virtual int forward(%s) const;\n\npublic:\n",
                  forward_arguments(t->class));
    write_members(t);
    output_printf(t->out, "};\n\n");
}

static void write_load_param(struct class_text *t)
{
    output_printf(t->out, "int %s::load_param(const ncnn::ParamDict& pd)\n{\n", t->name);
    for (int id = 0; id < NCNN_PARAMETERS; id++)
        if (t->parameters[id])
            output_printf(t->out, "    %s = pd.get(%d, %s);\n", t->parameters[id], id,
                          kinds[t->class->parameters[id].kind].otherwise);
    output_printf(t->out, "    return 0;\n}\n\n");
}

/* The second argument of load() is 0 for weights behind a tag, which are floats then, too. */
static void write_load_model(struct class_text *t)
{
    output_printf(t->out, "int %s::load_model(const ncnn::ModelBin& mb)\n{\n", t->name);
    for (size_t i = 0; i < t->class->weight_count; i++) {
        const struct custom_weight *w = &t->class->weights[i];
        const char *size =
            w->size >= 0 ? t->parameters[w->size] : arena_printf(&t->arena, "%zu", w->elements);
        output_printf(t->out, "    %s = mb.load(%s, %d);\n    if (%s.empty())\n        return -100;\n",
                      t->weights[i], size, w->tagged ? 0 : 1, t->weights[i]);
    }
    output_printf(t->out, "%s    return 0;\n}\n\n", t->class->weight_count ? "" : "    (void)mb;\n");
}

static void write_definitions(struct class_text *t)
{
    output_printf(t->out, "%s::%s()\n{\n    one_blob_only = %s;\n    support_inplace = false;\n}\n\n",
                  t->name, t->name, t->class->single ? "true" : "false");
    write_load_param(t);
    write_load_model(t);
    output_printf(t->out, "int %s::forward(%s) const\n{\n", t->name, forward_arguments(t->class));
    output_printf(t->out, t->class->single
                              ? "    (void)bottom_blob;\n    (void)top_blob;\n    (void)opt;\n"
                              : "    (void)bottom_blobs;\n    (void)top_blobs;\n    (void)opt;\n");
    output_printf(
        t->out,
        "    return -1; // what the layer computes is yours to write\n}\n\nDEFINE_LAYER_CREATOR(%s)\n\n",
        t->name);
}

static const char *write_class(struct output *out, const struct graph *g, const struct custom_class *class,
                               struct names *class_names)
{
    struct class_text t = { .out = out, .class = class, .names = names_new(g->strings) };
    arena_init(&t.arena);
    const char *name = member_name(class_names, &t.arena, class->layer, "Layer");
    t.name = name; /* interned */
    name_members(&t);
    write_declaration(&t);
    write_definitions(&t);
    names_free(t.names);
    arena_release(&t.arena);
    return name;
}

void skeleton_write(const char *file, const struct graph *g, const struct custom_classes *classes)
{
    struct output *out = output_open(file);
    struct names *names = names_new(g->strings);
    const char **written = xmalloc(size_mul(classes->count + 1, sizeof *written));
    output_printf(
        out, "// Layers that ncnn does not have, by pnnx2ncnn: load_param() and load_model() read what "
             "stands in the\n"
             "// files, forward() is to be written.  Call register_layers() before the network is loaded.\n"
             "#include <string>\n#include <vector>\n\n#include \"layer.h\"\n#include \"net.h\"\n\n");
    for (size_t i = 0; i < classes->count; i++)
        written[i] = write_class(out, g, &classes->items[i], names);
    output_printf(out, "int register_layers(ncnn::Net& net)\n{\n    int failed = 0;\n");
    for (size_t i = 0; i < classes->count; i++) {
        output_printf(out, "    failed |= net.register_custom_layer(");
        write_string(out, classes->items[i].layer);
        output_printf(out, ", %s_layer_creator);\n", written[i]);
    }
    output_printf(out, "    return failed;\n}\n");
    free(written);
    names_free(names);
}
