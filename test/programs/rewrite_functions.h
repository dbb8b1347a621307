/* rewrite_functions.h - C functions for the rules under test. */
#ifndef TEST_REWRITE_FUNCTIONS_H
#define TEST_REWRITE_FUNCTIONS_H

#include "common/rewrite/rewrite.h"

static bool double_tensor(struct rule_call *call)
{
    const struct attribute *w = call->a[0].tensor;
    if (w->dtype != DTYPE_F32)
        return false;
    float *data = arena_copy(&call->graph->arena, w->data, w->size);
    for (size_t i = 0; i < w->size / sizeof *data; i++)
        data[i] *= 2;
    struct attribute *copy = arena_copy(&call->graph->arena, w, sizeof *w);
    copy->data = (const uint8_t *)data;
    copy->has_crc = false;
    return rule_give_tensor(call, copy);
}

static bool name_tensors(struct rule_call *call)
{
    const struct value *list = &call->a[0].value;
    call->result.kind = RULE_TENSORS;
    call->result.tensors.items = arena_array(&call->graph->arena, list->list.count, sizeof(struct attribute));
    for (size_t i = 0; i < list->list.count; i++) {
        const struct attribute *w =
            list->list.items[i].kind == VALUE_OPERAND ? operand_constant(list->list.items[i].operand) : NULL;
        if (!w)
            return false;
        call->result.tensors.items[i] = *w;
        call->result.tensors.items[i].key = arena_printf(&call->graph->arena, "weight_l%zu", i);
    }
    call->result.tensors.count = list->list.count;
    return true;
}

static bool all_tensors(struct rule_call *call)
{
    call->result.kind = RULE_TENSORS;
    call->result.tensors = call->a[0].tensors;
    return true;
}

static bool numbered(struct rule_call *call)
{
    const struct value *list = &call->a[0].value;
    struct value *pairs = arena_array(&call->graph->arena, list->list.count, sizeof *pairs);
    for (size_t i = 0; i < list->list.count; i++) {
        struct value *pair = arena_array(&call->graph->arena, 2, sizeof *pair);
        pair[0] = value_int((int64_t)i);
        pair[1] = list->list.items[i];
        pairs[i] = value_list(pair, 2);
    }
    return rule_give(call, value_list(pairs, list->list.count));
}

static const struct rule_function test_functions[] = {
    { "double_tensor", "t:t", double_tensor },
    { "rnn_weights", "l:T", name_tensors },
    { "mha_weights", "T:T", all_tensors },
    { "numbered", "l:l", numbered },
};
static const size_t test_function_count = sizeof test_functions / sizeof *test_functions;

#endif
