/* recurrent.c - modules whose results or arguments are nested tuples: nn.LSTM, nn.GRU, nn.MultiheadAttention. */
#include <string.h>

#include "printer.h"

/* Whether the only result is a tuple that an operator takes apart; its items are then flat: y, h, c. */
static bool whole_tuple(const struct operator *op)
{
    const struct use *use = op->output_count == 1 ? op->outputs[0]->uses : NULL;
    return use && (operator_is(use->op, "prim::TupleUnpack") || operator_is(use->op, "prim::TupleIndex"));
}

static const char *result(const struct printer *p, const struct operator *op, size_t i)
{
    return i < op->output_count ? variable(p, op->outputs[i]) : "_";
}

static bool refuse_swapped(struct printer *p, const struct operator *op)
{
    if (operator_int(op, "pnnx_rnn_output_swapped", 0) == 0)
        return false;
    refuse(p, op, "its results are in another order than PyTorch's (pnnx_rnn_output_swapped=1)");
    return true;
}

static void print_recurrent_call(struct printer *p, const struct operator *op)
{
    const struct operand *h = operator_operand(op, "h0"), *c = operator_operand(op, "c0");
    const struct value *input = operator_get(op, "input");
    struct call call = call_open(p, "self.%s", member(p, op));
    if (input)
        call_argument(&call, input);
    if (h && c)
        call_text(&call, arena_printf(&p->graph->arena, "(%s, %s)", variable(p, h), variable(p, c)));
    else if (h)
        call_variable(&call, h);
    call_close(&call);
}

void print_lstm(struct printer *p, const struct operator *op)
{
    if (refuse_swapped(p, op))
        return;
    if (whole_tuple(op)) {
        const char *tuple = variable(p, op->outputs[0]);
        print_results(p, op);
        print_recurrent_call(p, op);
        lines_printf(&p->out, "        %s = (%s[0], *%s[1])\n", tuple, tuple, tuple);
        return;
    }
    if (op->output_count < 2)
        lines_printf(&p->out, "        %s, _ = ", result(p, op, 0));
    else
        lines_printf(&p->out, "        %s, (%s, %s) = ", result(p, op, 0), result(p, op, 1),
                     result(p, op, 2));
    print_recurrent_call(p, op);
}

void print_gru(struct printer *p, const struct operator *op)
{
    if (refuse_swapped(p, op))
        return;
    if (whole_tuple(op))
        print_results(p, op);
    else
        lines_printf(&p->out, "        %s, %s = ", result(p, op, 0), result(p, op, 1));
    print_recurrent_call(p, op);
}

/* PNNX leaves out what is the same: no key is the query, no value is the key. */
void print_attention(struct printer *p, const struct operator *op)
{
    static const char *const said[] = { "query", "key", "value", NULL };
    const struct operand *query = operator_operand(op, "query"), *key = operator_operand(op, "key"),
                         *value = operator_operand(op, "value");
    if (!query) {
        refuse(p, op, "has no query");
        return;
    }
    bool whole = whole_tuple(op);
    if (whole)
        print_results(p, op);
    else
        lines_printf(&p->out, "        %s, %s = ", result(p, op, 0), result(p, op, 1));
    struct call c = call_open(p, "self.%s", member(p, op));
    call_variable(&c, query);
    call_variable(&c, key ? key : query);
    call_variable(&c, value ? value : key ? key : query);
    for (size_t i = 0; i < op->argument_count; i++) {
        const struct argument *a = &op->arguments[i];
        bool named = false;
        for (size_t k = 0; said[k]; k++)
            named = named || strcmp(said[k], a->key) == 0;
        if (!named && a->value.kind == VALUE_OPERAND)
            call_keyword(&c, a->key, &a->value);
    }
    call_text(&c, whole || op->output_count > 1 ? "need_weights=True" : "need_weights=False");
    call_close(&c);
}
