/* arithmetic.c - torch.add and its kin, of tensors and of plain numbers.
 *
 * Between the stages a number (a size, what is computed from sizes) flows like a tensor; in Python it is an int or
 * a float, which torch's functions do not take everywhere.  Python's operators do, on either side. */
#include <string.h>

#include "common/base/text.h"
#include "printer.h"

/* How a function is said. */
struct arithmetic {
    const char *name;   /* behind "torch." or "aten::" */
    const char *infix;  /* the operator of Python that is the same function; NULL: none */
    const char *number; /* what does it for numbers, a function; NULL: the infix operator, or nothing */
    int arity;
    bool tensors; /* torch.NAME(a, b) wants tensors on both sides */
};

static const struct arithmetic functions[] = {
    { "add", "+", NULL, 2, false },
    { "sub", "-", NULL, 2, false },
    { "mul", "*", NULL, 2, false },
    { "div", "/", NULL, 2, false },
    { "true_divide", "/", NULL, 2, false },
    { "floor_divide", "//", NULL, 2, false },
    { "floordiv", "//", NULL, 2, false },
    { "remainder", "%", NULL, 2, false },
    { "pow", "**", NULL, 2, false },
    { "bitwise_and", "&", NULL, 2, false },
    { "bitwise_or", "|", NULL, 2, false },
    { "bitwise_xor", "^", NULL, 2, false },
    { "__and__", "&", NULL, 2, false },
    { "__or__", "|", NULL, 2, false },
    { "__xor__", "^", NULL, 2, false },
    { "eq", "==", NULL, 2, false },
    { "ne", "!=", NULL, 2, false },
    { "lt", "<", NULL, 2, false },
    { "le", "<=", NULL, 2, false },
    { "gt", ">", NULL, 2, false },
    { "ge", ">=", NULL, 2, false },
    { "bitwise_left_shift", "<<", NULL, 2, false },
    { "bitwise_right_shift", ">>", NULL, 2, false },
    { "__lshift__", "<<", NULL, 2, false },
    { "__rshift__", ">>", NULL, 2, false },
    { "rsub", NULL, NULL, 2, false },
    { "maximum", NULL, "max", 2, true },
    { "minimum", NULL, "min", 2, true },
    { "max", NULL, "max", 2, true },
    { "min", NULL, "min", 2, true },
    { "fmod", NULL, "math.fmod", 2, true },
    { "atan2", NULL, "math.atan2", 2, true },
    { "logaddexp", NULL, NULL, 2, true },
    { "neg", NULL, "-", 1, false },
    { "abs", NULL, "abs", 1, false },
    { "ceil", NULL, "math.ceil", 1, false },
    { "floor", NULL, "math.floor", 1, false },
    { "trunc", NULL, "math.trunc", 1, false },
    { "round", NULL, "round", 1, false },
    { "sqrt", NULL, "math.sqrt", 1, false },
    { "rsqrt", NULL, "1 / math.sqrt", 1, false },
    { "reciprocal", NULL, "1 / ", 1, false },
    { "exp", NULL, "math.exp", 1, false },
    { "expm1", NULL, "math.expm1", 1, false },
    { "log", NULL, "math.log", 1, false },
    { "log1p", NULL, "math.log1p", 1, false },
    { "log10", NULL, "math.log10", 1, false },
    { "log2", NULL, "math.log2", 1, false },
    { "sin", NULL, "math.sin", 1, false },
    { "cos", NULL, "math.cos", 1, false },
    { "tan", NULL, "math.tan", 1, false },
    { "asin", NULL, "math.asin", 1, false },
    { "acos", NULL, "math.acos", 1, false },
    { "atan", NULL, "math.atan", 1, false },
    { "sinh", NULL, "math.sinh", 1, false },
    { "cosh", NULL, "math.cosh", 1, false },
    { "tanh", NULL, "math.tanh", 1, false },
    { "asinh", NULL, "math.asinh", 1, false },
    { "acosh", NULL, "math.acosh", 1, false },
    { "atanh", NULL, "math.atanh", 1, false },
    { "erf", NULL, "math.erf", 1, false },
};

/* Operators whose result is a Python number. */
static const char *const counting[] = {
    "Tensor.size",       "aten::size",
    "aten::Int",         "aten::Float",
    "aten::Bool",        "aten::len",
    "aten::IntImplicit", "aten::dim",
    "aten::numel",       "aten::ScalarImplicit",
    "aten::item",        "aten::FloatImplicit",
    "aten::__not__",     "aten::is_floating_point",
};

static const struct arithmetic *find_arithmetic(const struct operator *op)
{
    const char *name = starts_with(op->type, "torch.")   ? op->type + 6
                       : starts_with(op->type, "aten::") ? op->type + 6
                                                         : NULL;
    for (size_t i = 0; name && i < sizeof functions / sizeof *functions; i++)
        if (strcmp(name, functions[i].name) == 0)
            return &functions[i];
    return NULL;
}

/* ---- numbers ---- */

bool is_number(const struct printer *p, const struct value *v)
{
    switch (v->kind) {
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_FLOAT:
    case VALUE_COMPLEX: return true;
    case VALUE_OPERAND: return p->number[v->operand->id];
    default: return false;
    }
}

static bool all_numbers(const struct printer *p, const struct operator *op, int arity)
{
    if (op->argument_count < (size_t)arity)
        return false;
    for (int i = 0; i < arity; i++)
        if (!is_number(p, &op->arguments[i].value))
            return false;
    return true;
}

static bool counts(const struct printer *p, const struct operator *op)
{
    for (size_t i = 0; i < sizeof counting / sizeof *counting; i++)
        if (operator_is(op, counting[i]))
            return strstr(op->type, "size") == NULL || operator_get(op, "dim");
    const struct arithmetic *a = find_arithmetic(op);
    return a && (a->infix || a->number || operator_is(op, "aten::rsub")) && all_numbers(p, op, a->arity);
}

void numbers_find(struct printer *p)
{
    p->number = arena_array(&p->graph->arena, p->graph->operand_ids + 1, sizeof *p->number);
    for (const struct operator *op = p->graph->first; op; op = op->next)
        if (op->output_count == 1)
            p->number[op->outputs[0]->id] = counts(p, op);
}

/* ---- printing ---- */

/* A side of an infix operator: negative constants in parentheses, as ** binds tighter than a sign. */
static void print_side(struct printer *p, const struct value *v)
{
    bool negative = (v->kind == VALUE_INT && v->integer < 0) || (v->kind == VALUE_FLOAT && v->real < 0);
    lines_add(&p->out, negative ? "(" : "");
    print_value(p, v);
    lines_add(&p->out, negative ? ")" : "");
}

static void print_infix(struct printer *p, const struct value *a, const char *infix, const struct value *b)
{
    print_side(p, a);
    lines_printf(&p->out, " %s ", infix);
    print_side(p, b);
}

/* A number as a tensor of the type that the result will have with `other`. */
static void print_wrapped(struct printer *p, const struct value *v, const struct value *other)
{
    if (!is_number(p, v)) {
        print_value(p, v);
        return;
    }
    lines_add(&p->out, "torch.tensor(");
    print_value(p, v);
    if (!is_number(p, other)) {
        lines_add(&p->out, ", dtype=torch.result_type(");
        print_value(p, v);
        lines_add(&p->out, ", ");
        print_value(p, other);
        lines_add(&p->out, ")");
    }
    lines_add(&p->out, ")");
}

static void print_wrapped_call(struct printer *p, const struct operator *op, const char *name)
{
    const struct value *a = &op->arguments[0].value, *b = &op->arguments[1].value;
    lines_printf(&p->out, "torch.%s(", name);
    print_wrapped(p, a, b);
    lines_add(&p->out, ", ");
    print_wrapped(p, b, a);
    const char *mode = operator_string(op, "rounding_mode", NULL);
    if (mode) {
        lines_add(&p->out, ", rounding_mode=");
        print_string(&p->out, mode);
    }
    lines_add(&p->out, ")\n");
}

/* a + b * alpha, and the two orders of a difference. */
static void print_sum(struct printer *p, const struct operator *op, const char *infix)
{
    const struct value *a = &op->arguments[0].value, *b = &op->arguments[1].value;
    const struct value *alpha = operator_get(op, "alpha");
    double one;
    bool scaled = alpha && !(value_number(alpha, &one) && one == 1);
    bool reverse = strstr(op->type, "rsub") != NULL;
    if (reverse)
        print_side(p, b);
    else
        print_side(p, a);
    lines_printf(&p->out, " %s ", infix);
    print_side(p, reverse ? a : b);
    if (scaled) {
        lines_add(&p->out, " * ");
        print_side(p, alpha);
    }
    lines_add(&p->out, "\n");
}

/* Rounded quotients of two numbers. */
static void print_rounded(struct printer *p, const struct operator *op, const char *mode)
{
    const struct value *a = &op->arguments[0].value, *b = &op->arguments[1].value;
    bool floor = strcmp(mode, "floor") == 0;
    lines_add(&p->out, floor ? "" : "int(");
    print_infix(p, a, floor ? "//" : "/", b);
    lines_add(&p->out, floor ? "\n" : ")\n");
}

static void print_unary_number(struct printer *p, const struct operator *op, const struct arithmetic *a)
{
    p->uses_math = p->uses_math || strstr(a->number, "math.");
    lines_printf(&p->out, "%s(", a->number);
    print_value(p, &op->arguments[0].value);
    lines_add(&p->out, ")\n");
}

static void print_binary_number(struct printer *p, const struct operator *op, const struct arithmetic *a)
{
    p->uses_math = p->uses_math || strstr(a->number, "math.");
    lines_printf(&p->out, "%s(", a->number);
    print_value(p, &op->arguments[0].value);
    lines_add(&p->out, ", ");
    print_value(p, &op->arguments[1].value);
    lines_add(&p->out, ")\n");
}

/* True when the arguments are just the `arity` first ones and those that this file knows. */
static bool plain_arguments(const struct operator *op, const struct arithmetic *a)
{
    if (op->argument_count < (size_t)a->arity)
        return false;
    for (size_t i = 0; i < op->argument_count; i++) {
        const struct argument *x = &op->arguments[i];
        if (i < (size_t)a->arity ? x->value.kind == VALUE_NONE || x->value.kind == VALUE_STRING ||
                                       x->value.kind == VALUE_LIST || strcmp(x->key, "dim") == 0
                                 : strcmp(x->key, "alpha") != 0 && strcmp(x->key, "rounding_mode") != 0)
            return false;
    }
    return true;
}

static bool print_binary(struct printer *p, const struct operator *op, const struct arithmetic *a)
{
    const char *mode = operator_string(op, "rounding_mode", NULL);
    bool left = is_number(p, &op->arguments[0].value), right = is_number(p, &op->arguments[1].value);
    bool raw = starts_with(op->type, "aten::");
    bool sum = strcmp(a->name, "add") == 0 || strcmp(a->name, "sub") == 0 || strcmp(a->name, "rsub") == 0;
    const struct value *alpha = operator_get(op, "alpha");
    if (raw && !left)
        return false; /* torch.ops.aten does it as the model did */
    if (!left &&
        (mode || (alpha && sum && !value_equal(alpha, &(struct value){ .kind = VALUE_INT, .integer = 1 }))))
        return false; /* torch.div, torch.add with alpha: calls */
    if (!left && !a->tensors && !(a->infix && strchr("+-*/%", a->infix[0])))
        return false; /* torch.eq, torch.bitwise_and: calls read well */
    print_results(p, op);
    if (mode && left && right)
        print_rounded(p, op, mode);
    else if (mode || (a->tensors && !(left && right && a->number)))
        print_wrapped_call(p, op, a->name);
    else if (a->number)
        print_binary_number(p, op, a);
    else if (sum)
        print_sum(p, op, a->infix ? a->infix : "-");
    else {
        print_infix(p, &op->arguments[0].value, a->infix, &op->arguments[1].value);
        lines_add(&p->out, "\n");
    }
    return true;
}

bool print_arithmetic(struct printer *p, const struct operator *op)
{
    const struct arithmetic *a = find_arithmetic(op);
    if (!a || op->output_count != 1 || !plain_arguments(op, a))
        return false;
    if (a->arity == 2)
        return print_binary(p, op, a);
    if (!a->number || !is_number(p, &op->arguments[0].value))
        return false;
    print_results(p, op);
    print_unary_number(p, op, a);
    return true;
}
