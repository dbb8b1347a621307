/* special.c - operators that are no plain call, and no text of spellings.txt either, which says what is printed here. */
#include <string.h>

#include "printer.h"

/* ---- tuples, lists, dicts, numbers ---- */

void print_inputs(struct printer *p, const struct operator *op)
{
    const struct value *inputs = operator_get(op, "inputs");
    for (size_t i = 0; inputs && inputs->kind == VALUE_LIST && i < inputs->list.count; i++) {
        lines_add(&p->out, i ? ", " : "");
        print_value(p, &inputs->list.items[i]);
    }
    if (inputs && inputs->kind == VALUE_LIST && inputs->list.count == 1)
        lines_add(&p->out, ",");
}

/* keys= names the entries; without it the inputs alternate, as TorchScript has them. */
static void print_dict(struct printer *p, const struct operator *op)
{
    const struct value *inputs = operator_get(op, "inputs"), *keys = operator_get(op, "keys");
    size_t count = inputs && inputs->kind == VALUE_LIST ? inputs->list.count : 0;
    size_t named = keys && keys->kind == VALUE_LIST ? keys->list.count : 0;
    if (keys ? named != count : count % 2 != 0) {
        refuse(p, op, "has not one key for each value");
        return;
    }
    print_results(p, op);
    lines_add(&p->out, "{");
    for (size_t i = 0; i < count; i++) {
        lines_add(&p->out, i ? ", " : "");
        print_value(p, keys ? &keys->list.items[i] : &inputs->list.items[i]);
        lines_add(&p->out, ": ");
        print_value(p, &inputs->list.items[keys ? i : ++i]);
    }
    lines_add(&p->out, "}\n");
}

static void print_unpack(struct printer *p, const struct operator *op)
{
    if (op->argument_count != 1 || op->output_count == 0) {
        refuse(p, op, "needs one input and a result");
        return;
    }
    lines_add(&p->out, "        ");
    for (size_t i = 0; i < op->output_count; i++)
        lines_printf(&p->out, "%s, ", variable(p, op->outputs[i]));
    p->out.size--;
    lines_add(&p->out, " = ");
    const struct value *v = &op->arguments[0].value;
    print_value(p, v->kind == VALUE_LIST && v->list.count == 1 ? &v->list.items[0] : v);
    lines_add(&p->out, "\n");
}

static void print_tuple_index(struct printer *p, const struct operator *op)
{
    const struct value *v = op->argument_count == 2 ? &op->arguments[0].value : NULL;
    if (!v) {
        refuse(p, op, "needs a tuple and an index");
        return;
    }
    print_results(p, op);
    print_value(p, v);
    lines_add(&p->out, "[");
    print_value(p, &op->arguments[1].value);
    lines_add(&p->out, "]\n");
}

static void print_attribute(struct printer *p, const struct operator *op)
{
    if (op->output_count != 1)
        return;
    lines_printf(&p->out, "        %s = self.%s\n", variable(p, op->outputs[0]), member(p, op));
}

/* ---- methods whose arguments go by position ---- */

bool is_method(struct printer *p, const struct operator *op)
{
    if (op->argument_count > 0 && op->arguments[0].value.kind == VALUE_OPERAND)
        return true;
    refuse(p, op, "a method needs the tensor that it is called on as its first input");
    return false;
}

static struct call open_method(struct printer *p, const struct operator *op, const char *method)
{
    print_results(p, op);
    print_value(p, &op->arguments[0].value);
    return call_open(p, ".%s", method);
}

/* A number of `shape` is 0: the size of the input there. */
static void print_reshape(struct printer *p, const struct operator *op)
{
    const struct value *shape = operator_get(op, "shape");
    if (!is_method(p, op))
        return;
    const struct operand *x = op->arguments[0].value.operand;
    struct call c = open_method(p, op, "reshape");
    if (!shape || shape->kind != VALUE_LIST) {
        if (shape)
            call_argument(&c, shape);
        call_close(&c);
        return;
    }
    bool empty = false;
    for (int i = 0; i < x->rank; i++)
        empty = empty || x->shape[i] == 0;
    for (size_t i = 0; i < shape->list.count; i++) {
        const struct value *v = &shape->list.items[i];
        if (v->kind == VALUE_INT && v->integer == 0 && !empty)
            call_text(&c, arena_printf(&p->graph->arena, "%s.size(%zu)", variable(p, x), i));
        else
            call_argument(&c, v);
    }
    if (shape->list.count == 0)
        call_text(&c, "()");
    call_close(&c);
}

static void print_size(struct printer *p, const struct operator *op)
{
    if (!is_method(p, op))
        return;
    const struct value *dim = operator_get(op, "dim");
    struct call c = open_method(p, op, "size");
    if (dim && dim->kind != VALUE_NONE)
        call_argument(&c, dim);
    call_close(&c);
}

/* None means that the type, or the layout, stays; with nothing to change the tensor itself stays. */
static void print_to(struct printer *p, const struct operator *op)
{
    if (op->argument_count == 0) {
        refuse(p, op, "has no input");
        return;
    }
    print_results(p, op);
    print_tensor(p, &op->arguments[0].value);
    bool changes = false;
    for (size_t i = 1; i < op->argument_count; i++)
        changes = changes || op->arguments[i].value.kind != VALUE_NONE;
    if (!changes) {
        lines_add(&p->out, "\n");
        return;
    }
    struct call c = call_open(p, ".to");
    for (size_t i = 1; i < op->argument_count; i++)
        if (op->arguments[i].value.kind != VALUE_NONE)
            call_keyword(&c, op->arguments[i].key, &op->arguments[i].value);
    call_close(&c);
}

static void print_fill(struct printer *p, const struct operator *op)
{
    static const char *const no_more[] = { "input", NULL };
    print_results(p, op);
    struct call c = call_open(p, "torch.fill");
    if (op->argument_count > 0)
        call_argument(&c, &op->arguments[0].value);
    call_rest(&c, op, no_more);
    call_close(&c);
}

/* Calls that PyTorch has only in place: of a copy. */
static void print_written(struct printer *p, const struct operator *op)
{
    if (!is_method(p, op))
        return;
    print_results(p, op);
    print_tensor(p, &op->arguments[0].value);
    const char *const said[] = { op->arguments[0].key, NULL };
    struct call c = call_open(p, ".clone().%s_", op->type + strlen("aten::"));
    call_rest(&c, op, said);
    call_close(&c);
}

/* torch.ops, as Tensor.index_put takes no None for a whole axis. */
static void print_index_put(struct printer *p, const struct operator *op)
{
    static const char *const said[] = { "input", "indices", "values", NULL };
    const struct value *indices = operator_get(op, "indices"), *values = operator_get(op, "values");
    if (!is_method(p, op) || !indices || !values)
        return;
    print_results(p, op);
    struct call c = call_open(p, "torch.ops.aten.index_put");
    call_argument(&c, &op->arguments[0].value);
    call_argument(&c, indices);
    bool number = is_number(p, values);
    call_text(&c, number ? "torch.tensor(" : "");
    print_value(p, values);
    if (number)
        lines_printf(&p->out, ", dtype=%s.dtype)", variable(p, op->arguments[0].value.operand));
    call_rest(&c, op, said);
    call_close(&c);
}

/* ---- functions ---- */

static void print_einsum(struct printer *p, const struct operator *op)
{
    const struct value *equation = operator_get(op, "equation"), *operands = operator_get(op, "operands");
    if (!equation || !operands) {
        refuse(p, op, "needs an equation and operands");
        return;
    }
    print_results(p, op);
    struct call c = call_open(p, "torch.einsum");
    call_argument(&c, equation);
    for (size_t i = 0; operands->kind == VALUE_LIST && i < operands->list.count; i++)
        call_argument(&c, &operands->list.items[i]);
    call_close(&c);
}

static void print_variadic(struct printer *p, const struct operator *op)
{
    print_results(p, op);
    struct call c = call_open(p, "%s", op->type);
    for (size_t i = 0; i < op->argument_count; i++) {
        const struct value *v = &op->arguments[i].value;
        if (strcmp(op->arguments[i].key, "tensors") == 0 && v->kind == VALUE_LIST)
            for (size_t k = 0; k < v->list.count; k++)
                call_argument(&c, &v->list.items[k]);
        else
            call_keyword(&c, op->arguments[i].key, v);
    }
    call_close(&c);
}

/* Several dims: one after the other, from the one that leaves the others where they are. */
static void print_unsqueeze(struct printer *p, const struct operator *op)
{
    const struct value *dim = operator_get(op, "dim");
    if (!dim || dim->kind != VALUE_LIST) {
        print_call(p, op, "torch.unsqueeze");
        return;
    }
    print_results(p, op);
    print_value(p, &op->arguments[0].value);
    for (int64_t d = -64; d < 64; d++)
        for (size_t i = 0; i < dim->list.count; i++)
            if (dim->list.items[i].kind == VALUE_INT && dim->list.items[i].integer == (d < 0 ? -65 - d : d))
                lines_printf(&p->out, ".unsqueeze(%d)", (int)(d < 0 ? -65 - d : d));
    lines_add(&p->out, "\n");
}

/* Several dims: nested, the highest first, so that the lower ones stay where they are. */
static void print_prod(struct printer *p, const struct operator *op)
{
    const struct value *dim = operator_get(op, "dim");
    if (!dim || dim->kind != VALUE_LIST) {
        print_call(p, op, "torch.prod");
        return;
    }
    bool keep = operator_bool(op, "keepdim", false);
    print_results(p, op);
    print_value(p, &op->arguments[0].value);
    for (int64_t d = 63; d >= -64; d--)
        for (size_t i = 0; i < dim->list.count; i++) {
            int64_t at = d >= 0 ? d : -65 - d;
            if (dim->list.items[i].kind == VALUE_INT && dim->list.items[i].integer == at)
                lines_printf(&p->out, ".prod(dim=%d, keepdim=%s)", (int)at, keep ? "True" : "False");
        }
    lines_add(&p->out, "\n");
}

/* A file may have the number of the correction under `unbiased`. */
static void print_variance(struct printer *p, const struct operator *op)
{
    static const char *const said[] = { "input", "unbiased", NULL };
    const struct value *unbiased = operator_get(op, "unbiased");
    if (!unbiased || unbiased->kind != VALUE_INT) {
        print_call(p, op, op->type);
        return;
    }
    print_results(p, op);
    struct call c = call_open(p, "%s", op->type);
    call_argument(&c, &op->arguments[0].value);
    call_rest(&c, op, said);
    call_keyword(&c, "correction", unbiased);
    call_close(&c);
}

static void print_normal(struct printer *p, const struct operator *op)
{
    print_call(p, op, operator_operand(op, "input") ? "torch.ops.aten.normal_functional" : "torch.normal");
}

/* torch's functions of quantized types know them by name, the file by number. */
static void print_quantize(struct printer *p, const struct operator *op)
{
    static const char *const types[] = { "torch.qint8", "torch.quint8", "torch.qint32" };
    int64_t code = operator_int(op, "dtype", 0);
    print_results(p, op);
    struct call c = call_open(p, "torch.quantize_per_tensor");
    for (size_t i = 0; i < op->argument_count; i++)
        if (strcmp(op->arguments[i].key, "dtype") == 0 && code >= 12 && code <= 14)
            call_text(&c, types[code - 12]);
        else
            call_argument(&c, &op->arguments[i].value);
    call_close(&c);
}

/* F.upsample and its kin are old names of F.interpolate. */
static void print_upsample(struct printer *p, const struct operator *op)
{
    static const char *const said[] = { "input", "mode", "align_corners", "size", "scale_factor", NULL };
    const struct value *size = operator_get(op, "size"), *scale = operator_get(op, "scale_factor"),
                       *corners = operator_get(op, "align_corners");
    bool bilinear = operator_is(op, "F.upsample_bilinear");
    print_results(p, op);
    struct call c = call_open(p, "F.interpolate");
    if (op->argument_count > 0)
        call_argument(&c, &op->arguments[0].value);
    if (size && size->kind != VALUE_NONE)
        call_keyword(&c, "size", size);
    else if (scale)
        call_keyword(&c, "scale_factor", scale);
    struct value mode = value_string(bilinear ? "bilinear" : operator_string(op, "mode", "nearest"));
    call_keyword(&c, "mode", &mode);
    struct value yes = value_bool(true);
    if (bilinear)
        call_keyword(&c, "align_corners", &yes);
    else if (corners && corners->kind != VALUE_NONE && strncmp(mode.string, "nearest", 7) != 0)
        call_keyword(&c, "align_corners", corners);
    call_rest(&c, op, said);
    call_close(&c);
}

/* Only constant padding has a value. */
static void print_pad(struct printer *p, const struct operator *op)
{
    const char *mode = operator_string(op, "mode", "constant");
    const char *said[] = { "input", strcmp(mode, "constant") == 0 ? NULL : "value", NULL };
    print_results(p, op);
    struct call c = call_open(p, "F.pad");
    if (op->argument_count > 0)
        call_argument(&c, &op->arguments[0].value);
    call_rest(&c, op, said);
    call_close(&c);
}

/* 0 in output_size: as the input, which Python says by None. */
static void print_adaptive(struct printer *p, const struct operator *op)
{
    static const char *const said[] = { "input", "output_size", NULL };
    const struct value *size = operator_get(op, "output_size");
    print_results(p, op);
    struct call c = call_open(p, "%s", op->type);
    if (op->argument_count > 0)
        call_argument(&c, &op->arguments[0].value);
    if (size) {
        struct value v = value_copy(&p->graph->arena, *size);
        for (size_t i = 0; v.kind == VALUE_LIST && i < v.list.count; i++)
            if (v.list.items[i].kind == VALUE_INT && v.list.items[i].integer == 0)
                v.list.items[i] = value_none();
        call_keyword(&c, "output_size", &v);
    }
    call_rest(&c, op, said);
    call_close(&c);
}

/* ---- by name ---- */

static const struct {
    const char *name;
    print_function *print;
} functions[] = {
    { "attribute", print_attribute },
    { "dict", print_dict },
    { "unpack", print_unpack },
    { "tuple_index", print_tuple_index },
    { "written", print_written },
    { "size", print_size },
    { "reshape", print_reshape },
    { "to", print_to },
    { "fill", print_fill },
    { "index", print_index },
    { "index_put", print_index_put },
    { "slice", print_slice },
    { "slice_copy", print_slice_copy },
    { "copy", print_copy },
    { "variadic", print_variadic },
    { "einsum", print_einsum },
    { "unsqueeze", print_unsqueeze },
    { "prod", print_prod },
    { "variance", print_variance },
    { "normal", print_normal },
    { "quantize", print_quantize },
    { "upsample", print_upsample },
    { "pad", print_pad },
    { "adaptive", print_adaptive },
    { "lstm", print_lstm },
    { "gru", print_gru },
    { "attention", print_attention },
};

print_function *special_find(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strlen(functions[i].name) == length && memcmp(name, functions[i].name, length) == 0)
            return functions[i].print;
    return NULL;
}
