/* rewrite_functions.h - C functions for the rules under test. */
#ifndef TEST_REWRITE_FUNCTIONS_H
#define TEST_REWRITE_FUNCTIONS_H

#include "common/rewrite/rewrite.h"

static bool double_tensor(struct graph *g, const struct rule_item *a, size_t count, struct rule_item *result)
{
    (void)count;
    const struct attribute *w = a[0].tensor;
    if (w->dtype != DTYPE_F32)
        return false;
    float *data = arena_copy(&g->arena, w->data, w->size);
    for (size_t i = 0; i < w->size / sizeof *data; i++)
        data[i] *= 2;
    struct attribute *copy = arena_copy(&g->arena, w, sizeof *w);
    copy->data = (const uint8_t *)data;
    copy->has_crc = false;
    result->kind = RULE_TENSOR;
    result->tensor = copy;
    return true;
}

static bool name_tensors(struct graph *g, const struct rule_item *a, size_t count, struct rule_item *result)
{
    (void)count;
    const struct value *list = &a[0].value;
    result->kind = RULE_TENSORS;
    result->tensors.items = arena_array(&g->arena, list->list.count, sizeof(struct attribute));
    for (size_t i = 0; i < list->list.count; i++) {
        const struct attribute *w =
            list->list.items[i].kind == VALUE_OPERAND ? operand_constant(list->list.items[i].operand) : NULL;
        if (!w)
            return false;
        result->tensors.items[i] = *w;
        result->tensors.items[i].key = arena_printf(&g->arena, "weight_l%zu", i);
    }
    result->tensors.count = list->list.count;
    return true;
}

static bool all_tensors(struct graph *g, const struct rule_item *a, size_t count, struct rule_item *result)
{
    (void)g, (void)count;
    result->kind = RULE_TENSORS;
    result->tensors = a[0].tensors;
    return true;
}

static bool numbered(struct graph *g, const struct rule_item *a, size_t count, struct rule_item *result)
{
    (void)count;
    const struct value *list = &a[0].value;
    struct value *pairs = arena_array(&g->arena, list->list.count, sizeof *pairs);
    for (size_t i = 0; i < list->list.count; i++) {
        struct value *pair = arena_array(&g->arena, 2, sizeof *pair);
        pair[0] = value_int((int64_t)i);
        pair[1] = list->list.items[i];
        pairs[i] = value_list(pair, 2);
    }
    result->kind = RULE_VALUE;
    result->value = value_list(pairs, list->list.count);
    return true;
}

static const struct rule_function test_functions[] = {
    { "double_tensor", "t:t", double_tensor },
    { "rnn_weights", "l:T", name_tensors },
    { "mha_weights", "T:T", all_tensors },
    { "numbered", "l:l", numbered },
};
static const size_t test_function_count = sizeof test_functions / sizeof *test_functions;

#endif
