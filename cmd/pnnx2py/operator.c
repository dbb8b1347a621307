/* operator.c - one operator as statements of the forward function: which of the ways to print it is its own.  The order
 * matters: a spelling comes before arithmetic, that before a plain call. */
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"
#include "printer.h"

/* v_x.method(...): of the first argument. */
static void print_method(struct printer *p, const struct operator *op)
{
    if (op->argument_count == 0 || op->arguments[0].value.kind == VALUE_NONE ||
        op->arguments[0].value.kind == VALUE_LIST) {
        refuse(p, op, "a method needs the tensor that it is called on as its first input");
        return;
    }
    print_results(p, op);
    print_tensor(p, &op->arguments[0].value);
    struct call c = call_open(p, ".%s", op->type + strlen("Tensor."));
    call_arguments(&c, op, 1);
    call_close(&c);
}

/* pnnx.custom_op.NS.NAME: arguments arg_0, arg_1 ... are positions of the original call. */
static void print_custom(struct printer *p, const struct operator *op)
{
    const char *space = op->type + strlen("pnnx.custom_op.");
    if (strncmp(space, "torchvision.", 12) == 0 || strncmp(space, "torchaudio.", 11) == 0)
        p->uses_torchvision = true; /* importing it registers its operators */
    print_results(p, op);
    struct call c = call_open(p, "torch.ops.%s", op->type + strlen("pnnx.custom_op."));
    const struct value *inputs = operator_get(op, "inputs");
    size_t next = 0, count = inputs && inputs->kind == VALUE_LIST ? inputs->list.count : 0, left = 0;
    for (size_t i = 0; i < op->argument_count; i++)
        left += strncmp(op->arguments[i].key, "arg_", 4) == 0;
    for (size_t position = 0; next < count || left > 0; position++) {
        char key[40];
        snprintf(key, sizeof key, "arg_%zu", position);
        const struct value *v = operator_get(op, key);
        if (v)
            left--;
        else if (next < count)
            v = &inputs->list.items[next++];
        else if (position > 1000)
            break;
        if (v)
            call_argument(&c, v);
    }
    for (size_t i = 0; i < op->argument_count; i++)
        if (strncmp(op->arguments[i].key, "arg_", 4) != 0 && strcmp(op->arguments[i].key, "inputs") != 0)
            call_keyword(&c, op->arguments[i].key, &op->arguments[i].value);
    call_close(&c);
}

static void print_module_call(struct printer *p, const struct operator *op)
{
    print_results(p, op);
    struct call c = call_open(p, "self.%s", member(p, op));
    bool gap = false;
    for (size_t i = 0; i < op->argument_count; i++) {
        const struct argument *a = &op->arguments[i];
        if (!is_module_input(op, a))
            continue;
        if (a->value.kind == VALUE_LIST && strcmp(a->key, "inputs") == 0)
            for (size_t k = 0; k < a->value.list.count; k++)
                call_argument(&c, &a->value.list.items[k]);
        else if (a->value.kind == VALUE_NONE)
            gap = true;
        else if (gap)
            call_keyword(&c, a->key, &a->value);
        else
            call_argument(&c, &a->value);
    }
    call_close(&c);
}

/* aten::NAME, or NAMESPACE::NAME of a library: torch.ops; an overload's name may follow a dot. */
static void print_torch_op(struct printer *p, const struct operator *op, const char *colons)
{
    char callee[300];
    int length = snprintf(callee, sizeof callee, "torch.ops.%.*s.%s", (int)(colons - op->type), op->type,
                          colons + strlen("::"));
    if (length >= (int)sizeof callee || !is_dotted(callee))
        refuse(p, op, "its type is no name that Python can call");
    else
        print_call(p, op, callee);
}

void print_operator(struct printer *p, struct operator *op)
{
    const char *colons = strstr(op->type, "::");
    if (print_spelled(p, op) || print_arithmetic(p, op))
        return;
    if (colons && !starts_with(op->type, "prim::"))
        print_torch_op(p, op, colons);
    else if (!is_dotted(op->type))
        refuse(
            p, op,
            "Python has nothing of that name; pnnx2py prints nn, F, torch, Tensor, aten and prim operators");
    else if (is_module(op))
        print_module_call(p, op);
    else if (starts_with(op->type, "Tensor."))
        print_method(p, op);
    else if (starts_with(op->type, "pnnx.custom_op."))
        print_custom(p, op);
    else if (starts_with(op->type, "F.") || starts_with(op->type, "torch."))
        print_call(p, op, op->type);
    else if (starts_with(op->type, "torchvision.") || starts_with(op->type, "torchaudio.")) {
        p->uses_torchvision = true;
        print_call(p, op, op->type);
    } else
        refuse(
            p, op,
            "Python has nothing of that name; pnnx2py prints nn, F, torch, Tensor, aten and prim operators");
}
