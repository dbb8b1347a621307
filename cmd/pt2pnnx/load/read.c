/* read.c - see read.h. */
#include "cmd/pt2pnnx/load/read.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/pt2pnnx/load/child.h"
#include "cmd/pt2pnnx/load/reader.h"
#include "common/base/near.h"
#include "common/base/report.h"
#include "formats/torchscript/torchscript.h"

/* What the sink functions share. */
struct reading {
    struct graph *g;
    const struct zip *zip;
    const struct zip_member **by_data; /* members of the archive in order of their bytes */
    const struct scope **scopes;       /* by number */
    size_t scope_count;
    struct operand **operands; /* by number; NULL: not delivered yet */
    size_t operand_room;
    size_t input_count;
};

/* ---- tensors ---- */

static int compare_data(const void *a, const void *b)
{
    const struct zip_member *const *x = a, *const *y = b;
    uintptr_t p = (uintptr_t)(*x)->data, q = (uintptr_t)(*y)->data;
    return p < q ? -1 : p > q;
}

static void index_members(struct reading *r)
{
    r->by_data = arena_array(&r->g->arena, r->zip->count, sizeof *r->by_data);
    for (size_t i = 0; i < r->zip->count; i++)
        r->by_data[i] = &r->zip->members[i];
    if (r->zip->count)
        qsort(r->by_data, r->zip->count, sizeof *r->by_data, compare_data);
}

/* The member whose bytes are exactly these, or NULL. */
static const struct zip_member *member_of(const struct reading *r, const void *data, size_t size)
{
    const struct zip_member key = { .data = data }, *wanted = &key;
    const struct zip_member **found =
        size ? bsearch(&wanted, r->by_data, r->zip->count, sizeof *r->by_data, compare_data) : NULL;
    return found && (*found)->stored && (*found)->size == size ? *found : NULL;
}

static void add_attribute(struct reading *r, struct operator *op, const char *key,
                          const struct torch_tensor *t)
{
    enum dtype dtype = dtype_from_scalar_type(t->scalar_type);
    if (dtype == DTYPE_COUNT) {
        report(STATUS_CONVERSION, nowhere, "tensor '%s' has an element type that PNNX cannot hold", op->name);
        return;
    }
    const struct zip_member *member = member_of(r, t->data, t->size);
    operator_add_attribute(op, (struct attribute){ .key = key,
                                                   .dtype = dtype,
                                                   .rank = t->rank,
                                                   .shape = t->shape,
                                                   .size = t->size,
                                                   .data = t->size ? t->data : NULL,
                                                   .has_crc = member != NULL,
                                                   .crc = member ? member->crc : 0 });
}

/* ---- values ---- */

static void keep_operand(struct reading *r, size_t number, struct operand *x)
{
    if (number >= r->operand_room) {
        size_t room = size_mul(number + 1, 2);
        struct operand **grown = arena_array(&r->g->arena, room, sizeof *grown);
        if (r->operand_room)
            memcpy(grown, r->operands, r->operand_room * sizeof *grown);
        r->operands = grown;
        r->operand_room = room;
    }
    r->operands[number] = x;
}

static struct operand *operand_of(const struct reading *r, size_t number)
{
    if (number >= r->operand_room || !r->operands[number])
        die(STATUS_MALFORMED, (struct place){ .file = r->zip->map->name },
            "the network uses a value before it is computed");
    return r->operands[number];
}

static struct value value_of(struct reading *r, const struct torch_value *v);

static struct value list_of(struct reading *r, const struct torch_value *items, size_t count)
{
    struct value *out = arena_array(&r->g->arena, count + 1, sizeof *out);
    for (size_t i = 0; i < count; i++)
        out[i] = value_of(r, &items[i]);
    return value_list(out, count);
}

static struct value value_of(struct reading *r, const struct torch_value *v)
{
    switch (v->kind) {
    case TORCH_NONE: return value_none();
    case TORCH_BOOL: return value_bool(v->boolean);
    case TORCH_INT: return value_int(v->integer);
    case TORCH_FLOAT: return value_float(v->re);
    case TORCH_COMPLEX: return value_complex(v->re, v->im);
    case TORCH_STRING: return value_string(intern(r->g->strings, v->string));
    case TORCH_OPERAND: return value_operand(operand_of(r, v->operand));
    case TORCH_LIST:
    case TORCH_TUPLE:
    case TORCH_DICT: return list_of(r, v->items, v->count);
    }
    return value_none();
}

/* ---- the sink ---- */

static void on_scope(void *context, size_t number, size_t parent, const char *path, const char *class_name)
{
    struct reading *r = context;
    struct scope *scope = arena_alloc(&r->g->arena, sizeof *scope);
    scope->parent = number > 0 ? r->scopes[parent] : NULL;
    scope->path = intern(r->g->strings, path);
    scope->class = intern(r->g->strings, class_name);
    r->scopes = arena_grow(&r->g->arena, r->scopes, r->scope_count, sizeof *r->scopes);
    r->scopes[r->scope_count++] = scope;
}

static void on_input(void *context, const struct torch_input *input)
{
    struct reading *r = context;
    const char *name = arena_printf(&r->g->arena, "pnnx_input_%zu", r->input_count++);
    struct operator *op = graph_add(r->g, NULL, "pnnx.Input", name);
    struct operand *x = operator_add_output(op, graph_fresh_operand_name(r->g, input->name));
    enum dtype dtype = input->scalar_type < 0 ? DTYPE_NULL : dtype_from_scalar_type(input->scalar_type);
    if (input->rank >= 0)
        operand_set_shape(x, dtype == DTYPE_COUNT ? DTYPE_NULL : dtype, input->rank, input->shape);
    keep_operand(r, input->operand, x);
}

/* "layer1.0.add" for a call of aten::add_ in layer1.0. */
static const char *name_in(struct reading *r, const struct scope *scope, const char *kind)
{
    const char *colon = strrchr(kind, ':');
    const char *last = colon ? colon + 1 : kind;
    int length = (int)strlen(last);
    if (length > 1 && last[length - 1] == '_' && last[length - 2] != '_')
        length--;
    const char *stem =
        arena_printf(&r->g->arena, "%s%s%.*s_0", scope->path, *scope->path ? "." : "", length, last);
    return graph_fresh_operator_name(r->g, stem);
}

static void on_tensor(void *context, size_t operand, const char *name, bool own, size_t scope,
                      const struct torch_tensor *tensor)
{
    struct reading *r = context;
    const struct scope *in = r->scopes[scope];
    const char *full = own ? graph_fresh_operator_name(r->g, name) : name_in(r, in, name);
    struct operator *op = graph_add(r->g, NULL, "pnnx.Attribute", full);
    op->scope = in;
    add_attribute(r, op, "data", tensor);
    struct operand *x = operator_add_output(op, NULL);
    enum dtype dtype = dtype_from_scalar_type(tensor->scalar_type);
    operand_set_shape(x, dtype == DTYPE_COUNT ? DTYPE_NULL : dtype, tensor->rank, tensor->shape);
    keep_operand(r, operand, x);
}

static void set_shape(struct operand *x, const struct torch_shape *shape)
{
    enum dtype dtype = shape->rank < 0 ? DTYPE_NULL : dtype_from_scalar_type(shape->scalar_type);
    if (shape->rank > 0)
        operand_set_shape(x, dtype == DTYPE_COUNT ? DTYPE_NULL : dtype, shape->rank, shape->dims);
}

static void on_call(void *context, const struct torch_call *call)
{
    struct reading *r = context;
    const struct scope *scope = r->scopes[call->scope];
    bool whole_module = !call->keys && strcmp(call->type, scope->class) == 0;
    const char *name =
        whole_module ? graph_fresh_operator_name(r->g, scope->path) : name_in(r, scope, call->type);
    struct operator *op = graph_add(r->g, NULL, call->type, name);
    op->scope = scope;
    if (call->file)
        op->source = intern(r->g->strings, arena_printf(&r->g->arena, "%s:%zu", call->file, call->line));
    if (call->keys)
        for (size_t i = 0; i < call->count; i++)
            operator_set(op, call->keys[i], value_of(r, &call->arguments[i]));
    else if (call->count)
        operator_set(op, "inputs", list_of(r, call->arguments, call->count));
    for (size_t i = 0; i < call->weight_count; i++)
        add_attribute(r, op, call->weight_keys[i], &call->weights[i]);
    for (size_t i = 0; i < call->result_count; i++) {
        struct operand *x = operator_add_output(op, NULL);
        if (call->shapes)
            set_shape(x, &call->shapes[i]);
        keep_operand(r, call->results[i], x);
    }
}

/* ---- results of the network ---- */

static struct value result_of(struct reading *r, const struct torch_value *v);

/* Tuples, lists and dicts among the results are built by operators. */
static struct value construct(struct reading *r, const struct torch_value *v)
{
    static const char *const types[] = { [TORCH_LIST] = "prim::ListConstruct",
                                         [TORCH_TUPLE] = "prim::TupleConstruct",
                                         [TORCH_DICT] = "prim::DictConstruct" };
    bool dict = v->kind == TORCH_DICT;
    size_t count = dict ? v->count / 2 : v->count;
    struct value *items = arena_array(&r->g->arena, count + 1, sizeof *items);
    struct value *keys = arena_array(&r->g->arena, count + 1, sizeof *keys);
    for (size_t i = 0; i < count; i++) {
        items[i] = result_of(r, &v->items[dict ? 2 * i + 1 : i]);
        if (dict)
            keys[i] = value_of(r, &v->items[2 * i]);
    }
    struct operator *op = graph_add(r->g, NULL, types[v->kind], name_in(r, r->scopes[0], types[v->kind]));
    op->scope = r->scopes[0];
    operator_set(op, "inputs", value_list(items, count));
    if (dict)
        operator_set(op, "keys", value_list(keys, count));
    return value_operand(operator_add_output(op, NULL));
}

static struct value result_of(struct reading *r, const struct torch_value *v)
{
    bool container = v->kind == TORCH_LIST || v->kind == TORCH_TUPLE || v->kind == TORCH_DICT;
    return container ? construct(r, v) : value_of(r, v);
}

static void on_output(void *context, const struct torch_value *value)
{
    struct reading *r = context;
    struct value result = result_of(r, value);
    struct operator *op = graph_add(r->g, NULL, "pnnx.Output", "pnnx_output_0");
    operator_set(op, "input", result);
}

static void on_note(void *context, const char *text)
{
    struct reading *r = context;
    note((struct place){ .file = r->zip->map->name }, "%s", text);
}

static void on_refuse(void *context, const char *file, size_t line, const char *text)
{
    struct reading *r = context;
    struct place at = { .file = file ? file : r->zip->map->name, .line = file ? (long)line : 0 };
    report(STATUS_CONVERSION, at, "%s", text);
}

/* "moduleop=Focsu: the network has no module of that class (did you mean 'models.Focus'?); it has models.C3, ..." */
static void on_class_name(void *context, const char *given, const char *const *classes, size_t count,
                          bool several)
{
    struct reading *r = context;
    struct near near = near_start(given, strlen(given));
    const char *list = "";
    char hint[200];
    for (size_t i = 0; i < count; i++) {
        list = arena_printf(&r->g->arena, "%s%s%s", list, i ? ", " : "", classes[i]);
        near_offer(&near, classes[i]);
    }
    if (several)
        report(STATUS_USAGE, nowhere, "moduleop=%s: several classes have that name: %s", given, list);
    else
        report(STATUS_USAGE, nowhere, "moduleop=%s: the network has no module of that class%s; it has %s",
               given, near_hint(&near, hint), count ? list : "none below itself");
}

static void on_fail(void *context, const char *text)
{
    struct reading *r = context;
    die(STATUS_MALFORMED, (struct place){ .file = r->zip->map->name }, "libtorch cannot read it: %s", text);
}

static void on_exhausted(void *context)
{
    (void)context;
    die(STATUS_IO, nowhere, "out of memory");
}

/* ---- */

/* Libraries that register operators, after libtorch, which they register them with. */
static void load_libraries(const struct text_list *libraries)
{
    for (size_t i = 0; i < libraries->count; i++)
        if (!dlopen(libraries->items[i], RTLD_LAZY | RTLD_GLOBAL))
            die(STATUS_IO, nowhere, "customop: cannot load %s", dlerror());
}

static bool is_of_class(const struct operator *op, const char *given)
{
    size_t length = strlen(op->type), size = strlen(given);
    return length >= size && strcmp(op->type + length - size, given) == 0 &&
           (length == size || op->type[length - size - 1] == '.');
}

/* A module that is there, and that nothing calls. */
static void note_unused(const struct graph *g, const struct text_list *classes)
{
    for (size_t i = 0; i < classes->count; i++) {
        const struct operator *op = g->first;
        while (op && !is_of_class(op, classes->items[i]))
            op = op->next;
        if (!op && report_count() == 0)
            note(nowhere, "moduleop: the network calls no module of class '%s'", classes->items[i]);
    }
}

static struct torch_shape *shapes_of(struct arena *arena, const struct shape_list *list)
{
    struct torch_shape *out = arena_array(arena, list->count + 1, sizeof *out);
    for (size_t i = 0; i < list->count; i++)
        out[i] = (struct torch_shape){ .scalar_type = dtype_scalar_type(list->items[i].dtype),
                                       .rank = list->items[i].rank,
                                       .dims = list->items[i].dims,
                                       .names = list->items[i].names };
    return out;
}

struct graph *read_torchscript(struct strings *strings, const struct signatures *signatures,
                               const struct zip *zip, const struct read_options *options)
{
    struct graph *g = graph_new(strings, signatures);
    struct reading r = { .g = g, .zip = zip };
    index_members(&r);
    const struct torch_sink sink = { &r,      on_scope,  on_input,      on_tensor, on_call,     on_output,
                                     on_note, on_refuse, on_class_name, on_fail,   on_exhausted };
    const struct torch_source source = {
        .name = zip->map->name,
        .data = zip->map->data,
        .size = zip->map->size,
        .shapes = shapes_of(&g->arena, &options->shapes),
        .shape_count = options->shapes.count,
        .other_shapes = options->other_shapes.count ? shapes_of(&g->arena, &options->other_shapes) : NULL,
        .module_classes = options->module_classes.items,
        .module_class_count = options->module_classes.count,
    };
    torch_reader *read = reader_open();
    load_libraries(&options->libraries);
    child_ready();
    read(&source, &sink);
    note_unused(g, &options->module_classes);
    return g;
}
