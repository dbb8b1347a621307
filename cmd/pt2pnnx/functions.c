/* functions.c - see functions.h. */
#include "cmd/pt2pnnx/functions.h"
#include "common/base/float_text.h"

#include <stdio.h>

#include "cmd/pt2pnnx/attention.h"

/* The weights of a recurrent layer under the names that torch.nn gives them.  `ws` has for each layer and
 * direction: weight_ih, weight_hh, then bias_ih and bias_hh if there are biases, then weight_hr if there is a
 * projection.  Unknown when one is no constant, or their number is wrong. */
static bool rnn_weights(struct rule_call *call)
{
    const struct value *ws = &call->a[0].value;
    int64_t layers = call->a[1].value.integer;
    bool bidirectional = call->a[2].value.boolean, biases = call->a[3].value.boolean;
    int64_t cells = layers * (bidirectional ? 2 : 1);
    if (layers <= 0 || layers > 1000 || ws->list.count % (size_t)cells)
        return false;
    size_t per_cell = ws->list.count / (size_t)cells, basic = biases ? 4 : 2;
    if (per_cell != basic && per_cell != basic + 1)
        return false;

    static const char *const stems[] = { "weight_ih", "weight_hh", "bias_ih", "bias_hh" };
    struct rule_tensors tensors = { arena_array(&call->graph->arena, ws->list.count, sizeof *tensors.items),
                                    ws->list.count };
    for (size_t i = 0; i < ws->list.count; i++) {
        const struct value *w = &ws->list.items[i];
        const struct attribute *data = w->kind == VALUE_OPERAND ? operand_constant(w->operand) : NULL;
        size_t cell = i / per_cell, k = i % per_cell, layer = bidirectional ? cell / 2 : cell;
        if (!data)
            return false;
        const char *stem = k < basic ? stems[k] : "weight_hr",
                   *back = bidirectional && cell % 2 ? "_reverse" : "";
        tensors.items[i] = *data;
        tensors.items[i].key =
            intern(call->graph->strings, arena_printf(&call->graph->arena, "%s_l%zu%s", stem, layer, back));
    }
    call->result.kind = RULE_TENSORS;
    call->result.tensors = tensors;
    return true;
}

/* The decimal number with the fewest digits that is the same in 32 bits; a number that needs 64 stays. */
static bool short_float(struct rule_call *call)
{
    double v, wide;
    char text[40];
    if (!value_number(&call->a[0].value, &v))
        return false;
    wide = v;
    for (int digits = 1; digits <= 9 && (double)(float)v == v; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, v);
        wide = float_read(text, NULL);
        if ((float)wide == (float)v)
            break;
    }
    return rule_give(call, value_float(wide));
}

const struct rule_function raise_functions[] = {
    { "rnn_weights", "libb:T", rnn_weights },          { "attention_options", "cloo?:l", attention_options },
    { "attention_input", "ci:v", attention_input },    { "attention_mask", "c:v", attention_mask },
    { "attention_weights", "c:T", attention_weights }, { "short_float", "v:v", short_float },
};
const size_t raise_function_count = sizeof raise_functions / sizeof *raise_functions;
