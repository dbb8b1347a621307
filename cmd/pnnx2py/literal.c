/* literal.c - values as Python expressions, results as what they are assigned to. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/base/float_text.h"
#include "printer.h"

/* ---- strings ---- */

/* Decodes one UTF-8 character of *s and moves behind it; a byte that starts none is U+DC80 + it, as Python's
 * surrogateescape has it. */
static unsigned long next_character(const unsigned char **s)
{
    const unsigned char *c = *s;
    int more = c[0] >= 0xf0 && c[0] < 0xf5 ? 3 : c[0] >= 0xe0 ? 2 : 1;
    unsigned long code = c[0] & (0x3f >> more);
    static const unsigned long least[] = { 0, 0x80, 0x800, 0x10000 };
    *s = c + 1;
    if (c[0] < 0x80)
        return c[0];
    if (c[0] < 0xc2 || c[0] >= 0xf5)
        return 0xdc00 + c[0];
    for (int i = 1; i <= more; i++) {
        if ((c[i] & 0xc0) != 0x80)
            return 0xdc00 + c[0];
        code = code << 6 | (c[i] & 0x3f);
    }
    if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return 0xdc00 + c[0];
    *s = c + 1 + more;
    return code;
}

void print_string(struct lines *t, const char *s)
{
    lines_add(t, "'");
    for (const unsigned char *c = (const unsigned char *)s; *c;) {
        unsigned long code = next_character(&c);
        if (code == '\'' || code == '\\')
            lines_printf(t, "\\%c", (int)code);
        else if (code >= 0x20 && code < 0x7f)
            lines_printf(t, "%c", (int)code);
        else if (code < 0x100)
            lines_printf(t, "\\x%02lx", code);
        else
            lines_printf(t, code < 0x10000 ? "\\u%04lx" : "\\U%08lx", code);
    }
    lines_add(t, "'");
}

/* ---- numbers ---- */

void print_float(struct lines *t, double f)
{
    char digits[40];
    if (isnan(f) || isinf(f)) {
        lines_add(t, isnan(f) ? "float('nan')" : f > 0 ? "float('inf')" : "float('-inf')");
        return;
    }
    for (int precision = 1; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, f);
        if (float_read(digits, NULL) == f)
            break;
    }
    lines_add(t, digits);
    if (!strpbrk(digits, ".e"))
        lines_add(t, ".0");
}

/* ---- what torch has a name for ---- */

static const char *const torch_names[] = {
    "torch.contiguous_format",
    "torch.preserve_format",
    "torch.channels_last",
    "torch.channels_last_3d",
    "torch.qint8",
    "torch.quint8",
    "torch.qint32",
    "torch.uint16",
    "torch.uint32",
    "torch.uint64",
    "torch.strided",
    "torch.sparse_coo",
    "torch.per_tensor_affine",
    "torch.per_channel_affine",
    "torch.per_tensor_symmetric",
    "torch.per_channel_symmetric",
    "torch.float8_e4m3fn",
    "torch.float8_e5m2",
};

/* The expression for a dtype or the like, or NULL. */
static const char *torch_name(const char *s)
{
    enum dtype type = dtype_from_torch(s);
    if (type != DTYPE_COUNT && type != DTYPE_NULL)
        return dtype_torch(type);
    for (size_t i = 0; i < sizeof torch_names / sizeof *torch_names; i++)
        if (strcmp(s, torch_names[i]) == 0)
            return torch_names[i];
    return NULL;
}

/* ---- values ---- */

static void print_list(struct printer *p, const struct value *v)
{
    lines_add(&p->out, "(");
    for (size_t i = 0; i < v->list.count; i++) {
        if (i > 0)
            lines_add(&p->out, ", ");
        print_value(p, &v->list.items[i]);
    }
    lines_add(&p->out, v->list.count == 1 ? ",)" : ")");
}

void print_value(struct printer *p, const struct value *v)
{
    struct lines *t = &p->out;
    switch (v->kind) {
    case VALUE_NONE: lines_add(t, "None"); break;
    case VALUE_BOOL: lines_add(t, v->boolean ? "True" : "False"); break;
    case VALUE_INT: lines_printf(t, "%" PRId64, v->integer); break;
    case VALUE_FLOAT: print_float(t, v->real); break;
    case VALUE_COMPLEX:
        lines_add(t, "complex(");
        print_float(t, v->complex.re);
        lines_add(t, ", ");
        print_float(t, v->complex.im);
        lines_add(t, ")");
        break;
    case VALUE_STRING:
        if (torch_name(v->string))
            lines_add(t, torch_name(v->string));
        else
            print_string(t, v->string);
        break;
    case VALUE_LIST: print_list(p, v); break;
    case VALUE_OPERAND: lines_add(t, variable(p, v->operand)); break;
    }
}

/* ---- results ---- */

/* How many results PyTorch gives: a graph may list only the first ones. */
static size_t tuple_size(const struct operator *op)
{
    const struct traits *t = &op->signature->traits;
    const struct value *v = t->results_key ? operator_get(op, t->results_key) : NULL;
    bool off = t->results_key && (!v || v->kind == VALUE_NONE || (v->kind == VALUE_BOOL && !v->boolean));
    return t->results && !off ? (size_t)t->results : 1;
}

/* Whether the one output is the whole tuple or list: somebody takes it apart. */
static bool read_whole(const struct operator *op)
{
    if (op->output_count != 1)
        return false;
    for (const struct use *use = op->outputs[0]->uses; use; use = use->next)
        if (operator_is(use->op, "prim::TupleUnpack") || operator_is(use->op, "prim::ListUnpack") ||
            operator_is(use->op, "prim::TupleIndex"))
            return true;
    return false;
}

void print_results(struct printer *p, const struct operator *op)
{
    lines_add(&p->out, "        ");
    for (size_t i = 0; i < op->output_count; i++)
        lines_printf(&p->out, "%s%s", i ? ", " : "", variable(p, op->outputs[i]));
    if (op->output_count > 0 && !read_whole(op)) {
        for (size_t i = op->output_count; i < tuple_size(op); i++)
            lines_add(&p->out, ", _");
        if (op->output_count == 1 && op->signature->traits.bits & TRAIT_LIST)
            lines_add(&p->out, ",");
    }
    if (op->output_count > 0)
        lines_add(&p->out, " = ");
}
