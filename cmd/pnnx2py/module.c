/* module.c - the members of the model: modules with their constructor's arguments, and weights. */
#include <inttypes.h>
#include <string.h>

#include "common/base/text.h"
#include "formats/pnnx/pnnx.h"
#include "printer.h"

bool is_module_input(const struct operator *op, const struct argument *a)
{
    if (value_has_operand(&a->value) || strcmp(a->key, "inputs") == 0)
        return true;
    const struct parameter *p = signature_parameter(op->signature, a->key);
    return p && (p->kinds & KIND_TENSOR) && p->kinds != KIND_ANY;
}

/* ---- constructors ---- */

static bool has(const struct operator *op, const char *key)
{
    return operator_get(op, key) != NULL;
}

/* What PNNX does not write and PyTorch must be told. */
static void implied_arguments(struct call *c, const struct operator *op)
{
    struct value no = value_bool(false);
    if (operator_is(op, "nn.GroupNorm") && !has(op, "num_channels")) {
        struct value groups =
            value_int(operator_int(op, "num_groups", 1)); /* without weights any multiple does */
        call_keyword(c, "num_channels", &groups);
    }
    if (starts_with(op->type, "nn.InstanceNorm") && !has(op, "num_features")) {
        const struct operand *x = operator_operand(op, "input");
        struct value features = value_int(x && x->rank > 1 && x->shape[1] > 0 ? x->shape[1] : 1);
        call_keyword(c, "num_features", &features);
    }
    if (operator_is(op, "nn.LayerNorm") && operator_bool(op, "elementwise_affine", true) &&
        !has(op, "bias") && !operator_attribute(op, "bias"))
        call_keyword(c, "bias", &no);
    if (starts_with(op->type, "nn.BatchNorm") && !has(op, "track_running_stats") &&
        !operator_attribute(op, "running_mean"))
        call_keyword(c, "track_running_stats", &no);
}

/* A list with its zeros as None: how PyTorch says "as the input" in adaptive pools. */
static struct value zeros_to_none(struct arena *arena, const struct value *v)
{
    struct value copy = value_copy(arena, *v);
    for (size_t i = 0; copy.kind == VALUE_LIST && i < copy.list.count; i++)
        if (copy.list.items[i].kind == VALUE_INT && copy.list.items[i].integer == 0)
            copy.list.items[i] = value_none();
    return copy;
}

static void constructor_argument(struct call *c, const struct operator *op, const struct argument *a)
{
    struct value v = a->value;
    if (strcmp(a->key, "pnnx_rnn_output_swapped") == 0)
        return;
    if (starts_with(op->type, "nn.Adaptive") && strcmp(a->key, "output_size") == 0)
        v = zeros_to_none(&op->graph->arena, &v);
    call_keyword(c, a->key, &v);
}

static void print_constructor(struct printer *p, const struct operator *op)
{
    lines_printf(&p->out, "        self.%s = ", member(p, op));
    struct call c;
    if (is_user_class(op)) {
        p->uses_moduleop = true;
        c = call_open(p, "user_module");
        call_text(&c, "");
        print_string(&p->out, op->type);
    } else {
        c = call_open(p, "%s", op->type);
    }
    for (size_t i = 0; i < op->argument_count; i++)
        if (!is_module_input(op, &op->arguments[i]))
            constructor_argument(&c, op, &op->arguments[i]);
    implied_arguments(&c, op);
    call_close(&c);
}

/* ---- weights ---- */

static const char *const torch_dtypes[DTYPE_COUNT] = {
    [DTYPE_NULL] = "float32",  [DTYPE_F32] = "float32",   [DTYPE_F64] = "float64",
    [DTYPE_F16] = "float16",   [DTYPE_I32] = "int32",     [DTYPE_I64] = "int64",
    [DTYPE_I16] = "int16",     [DTYPE_I8] = "int8",       [DTYPE_U8] = "uint8",
    [DTYPE_BOOL] = "bool",     [DTYPE_C64] = "complex64", [DTYPE_C128] = "complex128",
    [DTYPE_C32] = "complex32", [DTYPE_BF16] = "bfloat16",
};

/* How often a name has been counted in `map`; counts it once more. */
static size_t count_name(struct map *map, const char *name)
{
    size_t count = (size_t)(uintptr_t)map_get(map, name);
    map_put(map, name, (void *)(uintptr_t)(count + 1));
    return count;
}

static const char *member_name(struct graph *g, const struct operator *op, const struct attribute *a)
{
    return intern(g->strings, pnnx_member_name(&g->arena, op->name, a->key));
}

/* Counts the names of all weights in the archive. */
static void count_names(struct printer *p)
{
    for (const struct operator *op = p->graph->first; op; op = op->next)
        for (size_t i = 0; i < op->attribute_count; i++)
            if (count_name(&p->archive_names, member_name(p->graph, op, &op->attributes[i])) > 0)
                p->repeats_names = true;
}

/* The name of the weight in the archive.  Operators of the same name, which upstream writes at optlevel 0, have members
 * of the same name, in their order. */
static void print_member_name(struct printer *p, const struct operator *op, const struct attribute *a)
{
    const char *name = member_name(p->graph, op, a);
    bool repeated = (uintptr_t)map_get(&p->archive_names, name) > 1;
    lines_add(&p->out, repeated ? "member(archive, " : "");
    print_string(&p->out, name);
    if (repeated)
        lines_printf(&p->out, ", %zu)", count_name(&p->archive_seen, name));
}

/* self.load_pnnx_bin_as_parameter(archive, 'conv1.weight', (64, 3, 7, 7), 'float32') */
static void print_load(struct printer *p, const struct operator *op, const struct attribute *a)
{
    struct lines *t = &p->out;
    bool buffer = starts_with(a->key, "running_");
    lines_printf(t, "self.load_pnnx_bin_as_%s(archive, ", buffer ? "tensor" : "parameter");
    print_member_name(p, op, a);
    lines_add(t, ", (");
    for (int i = 0; i < a->rank; i++)
        lines_printf(t, "%s%" PRId64, i ? ", " : "", a->shape[i]);
    lines_printf(t, "%s), '%s'", a->rank == 1 ? "," : "", torch_dtypes[a->dtype]);
    bool differentiable = dtype_is_float(a->dtype) || dtype_is_complex(a->dtype);
    lines_add(t, buffer || differentiable ? ")" : ", requires_grad=False)");
}

static void print_weight(struct printer *p, const struct operator *op, const struct attribute *a)
{
    struct lines *t = &p->out;
    const char *name = member(p, op);
    if (operator_is(op, "pnnx.Attribute")) {
        lines_printf(t, "        self.%s = ", name);
        print_load(p, op, a);
    } else if (is_user_class(op)) {
        lines_printf(t, "        set_weight(self.%s, ", name);
        print_string(t, a->key);
        lines_add(t, ", ");
        print_load(p, op, a);
        lines_add(t, ")");
    } else if (is_dotted(a->key)) {
        lines_printf(t, "        self.%s.%s = ", name, a->key);
        print_load(p, op, a);
    } else {
        lines_printf(t, "        setattr(self.%s, ", name);
        print_string(t, a->key);
        lines_add(t, ", ");
        print_load(p, op, a);
        lines_add(t, ")");
    }
    lines_add(t, "\n");
}

/* ---- all of them ---- */

static void check_member(struct printer *p, const struct operator *op)
{
    if (starts_with(op->type, "nn.quantized.") || starts_with(op->type, "nn.intrinsic."))
        refuse(p, op,
               "the file does not hold the scales of quantized weights; convert the model before it is "
               "quantized");
    else if (!is_dotted(op->type))
        refuse(p, op, "its type is no name that Python can call");
    else if (pnnx_missing_weight(op))
        refuse(p, op, arena_printf(&op->graph->arena, "has no weight @%s", pnnx_missing_weight(op)));
    else if (operator_is(op, "pnnx.Attribute") && !operator_attribute(op, "data"))
        refuse(p, op, "has no @data");
    else if (op->attribute_count > 0 && !member(p, op))
        refuse(p, op,
               "has weights, which only nn modules, classes of the user's and pnnx.Attribute can have");
}

static bool any_weights(const struct graph *g)
{
    for (const struct operator *op = g->first; op; op = op->next)
        if (op->attribute_count > 0)
            return true;
    return false;
}

void print_members(struct printer *p)
{
    for (const struct operator *op = p->graph->first; op; op = op->next) {
        if (op->attribute_count > 0 || member(p, op))
            check_member(p, op);
        if (member(p, op) && !operator_is(op, "pnnx.Attribute"))
            print_constructor(p, op);
        if (starts_with(op->type, "torchvision."))
            p->uses_torchvision = true;
    }
    if (!any_weights(p->graph))
        return;
    count_names(p);
    lines_add(&p->out, "\n        archive = open_weights()\n");
    for (const struct operator *op = p->graph->first; op; op = op->next)
        for (size_t i = 0; member(p, op) && i < op->attribute_count; i++)
            if (!operator_is(op, "pnnx.Attribute") || strcmp(op->attributes[i].key, "data") == 0)
                print_weight(p, op, &op->attributes[i]);
    lines_add(&p->out, "        archive.close()\n");
}
