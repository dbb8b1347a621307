/* value.c - the values of expressions in rules, with three-valued logic: `and` and `or` are decided as soon as one side
 * decides. */
#include <stdlib.h>
#include <string.h>

#include "common/graph/dim.h"
#include "common/rewrite/result/result.h"
#include "common/rewrite/value/value.h"

static const struct item unknown = { .kind = ITEM_UNKNOWN };
static const struct item absent = { .kind = ITEM_ABSENT };

/* ---- operations ---- */

static int negated(int truth)
{
    return truth < 0 ? truth : !truth;
}

static struct item evaluate_binary(struct match *m, const struct node *n)
{
    struct item a = evaluate(m, n->kids[0]), b = evaluate(m, n->kids[1]);
    switch (n->token) {
    case TOKEN_EQUAL: return item_bool(items_equal(m, &a, &b));
    case TOKEN_UNEQUAL: return item_bool(negated(items_equal(m, &a, &b)));
    case TOKEN_IN: return item_bool(items_contain(m, &b, &a));
    case TOKEN_NOT_IN: return item_bool(negated(items_contain(m, &b, &a)));
    case '<': return item_bool(order_is(items_order(m, &a, &b), ORDER_LESS));
    case '>': return item_bool(order_is(items_order(m, &a, &b), ORDER_GREATER));
    case TOKEN_LESS_EQUAL: return item_bool(order_is(items_order(m, &a, &b), ORDER_LESS | ORDER_EQUAL));
    case TOKEN_GREATER_EQUAL: return item_bool(order_is(items_order(m, &a, &b), ORDER_GREATER | ORDER_EQUAL));
    default: return item_arithmetic(m, n->token, &a, &b);
    }
}

/* `and` and `or` by Kleene: decided as soon as one side decides. */
static struct item evaluate_logic(struct match *m, const struct node *n)
{
    int deciding = n->kind == NODE_OR;
    struct item item = evaluate(m, n->kids[0]);
    int a = item_truth(m, &item);
    if (a == deciding)
        return item_bool(a);
    item = evaluate(m, n->kids[1]);
    int b = item_truth(m, &item);
    if (b == deciding)
        return item_bool(b);
    return a < 0 || b < 0 ? unknown : item_bool(!deciding);
}

/* ---- fields ---- */

static struct item shape_item(struct match *m, int rank, const int64_t *shape)
{
    if (rank < 0)
        return unknown;
    struct item list = item_list_new(m, (size_t)rank);
    for (int i = 0; i < rank; i++) {
        if (shape[i] >= 0)
            list.list.items[i] = item_int(shape[i]);
        else if (shape[i] == DIM_UNKNOWN)
            list.list.items[i] = unknown;
        else
            list.list.items[i] = (struct item){ .kind = ITEM_DIM, .dim = shape[i] };
    }
    return list;
}

static struct item dtype_item(enum dtype dtype)
{
    const char *name = dtype_torch(dtype);
    return name ? item_value(value_string(name)) : unknown;
}

static struct item shaped_field(struct match *m, const char *field, enum dtype dtype, int rank,
                                const int64_t *shape)
{
    struct item item = shape_item(m, rank, shape);
    if (strcmp(field, "shape") == 0)
        return item;
    if (strcmp(field, "rank") == 0)
        return rank < 0 ? unknown : item_int(rank);
    if (strcmp(field, "dtype") == 0)
        return dtype_item(dtype);
    return strcmp(field, "numel") == 0 && rank >= 0 ? items_fold(m, '*', &item) : unknown;
}

/* The types of the operators that read `x`, one for each place. */
static struct item readers_item(struct match *m, const struct operand *x)
{
    struct value *types = arena_array(&m->graph->arena, x->use_count + 1, sizeof *types);
    size_t count = 0;
    for (const struct use *use = x->uses; use; use = use->next)
        types[count++] = value_string(use->op->type);
    return item_value(value_list(types, count));
}

static struct item operand_field(struct match *m, const char *field, const struct operand *x)
{
    const struct attribute *tensor = operand_constant(x);
    if (strcmp(field, "users") == 0)
        return item_int((int64_t)x->use_count);
    if (strcmp(field, "readers") == 0)
        return readers_item(m, x);
    if (strcmp(field, "name") == 0)
        return item_value(value_string(x->name));
    if (strcmp(field, "type") == 0)
        return item_value(value_string(x->producer->type));
    if (strcmp(field, "batch") == 0)
        return x->batch == BATCH_UNKNOWN ? unknown
               : x->batch == BATCH_NONE  ? item_value(value_none())
                                         : item_int(x->batch);
    if (tensor)
        return shaped_field(m, field, tensor->dtype, tensor->rank, tensor->shape);
    return shaped_field(m, field, x->dtype, x->rank, x->shape);
}

static struct item operator_field(struct match *m, const char *field, const struct operator *op)
{
    if (strcmp(field, "name") == 0)
        return item_value(value_string(op->name));
    if (strcmp(field, "type") == 0)
        return item_value(value_string(op->type));
    if (strcmp(field, "out") == 0)
        return op->output_count ? item_value(value_operand(op->outputs[0])) : unknown;
    if (strcmp(field, "outs") == 0) {
        struct item list = item_list_new(m, op->output_count);
        for (size_t i = 0; i < op->output_count; i++)
            list.list.items[i] = item_value(value_operand(op->outputs[i]));
        return list;
    }
    return item_of_argument(operator_value(op, field));
}

static struct item evaluate_field(struct match *m, const struct node *n)
{
    struct item of = evaluate(m, n->kids[0]);
    switch (of.kind) {
    case ITEM_ABSENT: return absent;
    case ITEM_OPERATOR: return operator_field(m, n->text, of.op);
    case ITEM_TENSOR: return shaped_field(m, n->text, of.tensor->dtype, of.tensor->rank, of.tensor->shape);
    case ITEM_TENSORS:
        return strcmp(n->text, "name") == 0 && m->box ? item_value(value_string(m->box->scope->path))
                                                      : unknown;
    case ITEM_VALUE: break;
    default: return unknown;
    }
    if (of.value.kind == VALUE_OPERAND)
        return operand_field(m, n->text, of.value.operand);
    bool number =
        (of.value.kind == VALUE_INT || of.value.kind == VALUE_FLOAT) && strcmp(n->text, "rank") == 0;
    return of.value.kind == VALUE_NONE ? absent : number ? item_int(0) : unknown;
}

/* c@key */
static struct item evaluate_owned(struct match *m, const struct node *n)
{
    struct item of = evaluate(m, n->kids[0]);
    const struct attribute *tensor = NULL;
    if (of.kind == ITEM_OPERATOR) {
        tensor = operator_attribute(of.op, n->text);
    } else if (of.kind == ITEM_TENSORS) {
        for (size_t i = 0; i < of.tensors.count && !tensor; i++)
            if (strcmp(of.tensors.items[i].key, n->text) == 0)
                tensor = &of.tensors.items[i];
    }
    return tensor ? (struct item){ .kind = ITEM_TENSOR, .tensor = tensor } : absent;
}

/* ---- indexing ---- */

static struct item evaluate_index(struct match *m, const struct node *n)
{
    struct item of = evaluate(m, n->kids[0]), index = evaluate(m, n->kids[1]);
    const struct attribute *tensor = item_tensor(&of);
    struct value v;
    if (of.kind == ITEM_ABSENT)
        return absent;
    if (!item_is_int(&index))
        return unknown;
    int64_t i = index.value.integer;
    if (item_is_list(&of)) {
        int64_t length = (int64_t)item_length(&of);
        i += i < 0 ? length : 0;
        return i >= 0 && i < length ? item_at(&of, (size_t)i) : unknown;
    }
    return tensor && tensor_element(tensor, i, &v) ? item_value(v) : unknown;
}

/* A bound of a slice, clamped as Python does; false: unknown. */
static bool slice_bound(struct match *m, const struct node *n, int64_t otherwise, int64_t low, int64_t high,
                        int64_t length, int64_t *out)
{
    *out = otherwise;
    if (!n)
        return true;
    struct item item = evaluate(m, n);
    if (item.kind == ITEM_VALUE && item.value.kind == VALUE_NONE)
        return true;
    if (!item_is_int(&item))
        return false;
    int64_t i = item.value.integer;
    i += i < 0 ? length : 0;
    *out = i < low ? low : i > high ? high : i;
    return true;
}

static struct item evaluate_slice(struct match *m, const struct node *n)
{
    struct item of = evaluate(m, n->kids[0]), step_item = n->kids[3] ? evaluate(m, n->kids[3]) : item_int(1);
    if (!item_is_list(&of) || !item_is_int(&step_item) || step_item.value.integer == 0 ||
        llabs((long long)step_item.value.integer) > 1000000)
        return unknown;
    int64_t length = (int64_t)item_length(&of), step = step_item.value.integer, from, to;
    int64_t low = step < 0 ? -1 : 0, high = step < 0 ? length - 1 : length;
    if (!slice_bound(m, n->kids[1], step < 0 ? high : low, low, high, length, &from) ||
        !slice_bound(m, n->kids[2], step < 0 ? low : high, low, high, length, &to))
        return unknown;
    struct item list = item_list_new(m, (size_t)length);
    list.list.count = 0;
    for (int64_t i = from; step < 0 ? i > to : i < to; i += step)
        list.list.items[list.list.count++] = item_at(&of, (size_t)i);
    return list;
}

/* ---- lists and comprehensions ---- */

static size_t spliced_length(const struct item *item, bool splice)
{
    return splice && item_is_list(item) ? item_length(item) : 1;
}

static struct item evaluate_list(struct match *m, const struct node *n)
{
    struct item *items = scratch_array(m->scratch, n->count, sizeof *items);
    size_t count = 0;
    for (size_t i = 0; i < n->count; i++) {
        const struct node *kid = n->kids[i];
        bool splice = n->boolean || kid->kind == NODE_STAR;
        items[i] = evaluate(m, kid->kind == NODE_STAR ? kid->kids[0] : kid);
        if (kid->kind == NODE_STAR && !item_is_list(&items[i]) && items[i].kind != ITEM_ABSENT)
            return unknown;
        if (items[i].kind != ITEM_ABSENT)
            count = size_add(count, spliced_length(&items[i], splice));
    }
    struct item list = item_list_new(m, count);
    count = 0;
    for (size_t i = 0; i < n->count; i++) {
        bool splice = n->boolean || n->kids[i]->kind == NODE_STAR;
        if (items[i].kind == ITEM_ABSENT)
            continue;
        if (!splice || !item_is_list(&items[i])) {
            list.list.items[count++] = items[i];
            continue;
        }
        for (size_t k = 0; k < item_length(&items[i]); k++)
            list.list.items[count++] = item_at(&items[i], k);
    }
    return list;
}

static bool set_names(struct match *m, const struct node *names, struct item item)
{
    if (names->count == 1) {
        m->slots[names->kids[0]->slot] = item;
        return true;
    }
    if (!item_is_list(&item) || item_length(&item) != names->count)
        return false;
    for (size_t i = 0; i < names->count; i++)
        m->slots[names->kids[i]->slot] = item_at(&item, i);
    return true;
}

static struct item evaluate_comprehension(struct match *m, const struct node *n)
{
    struct item over = evaluate(m, n->kids[1]);
    if (!item_is_list(&over))
        return unknown;
    struct item list = item_list_new(m, item_length(&over));
    size_t once_count = m->once_count;
    list.list.count = 0;
    for (size_t i = 0; i < item_length(&over); i++) {
        int truth = 1;
        if (!set_names(m, n->kids[3], item_at(&over, i)))
            return unknown;
        if (n->kids[2]) {
            struct item condition = evaluate(m, n->kids[2]);
            truth = item_truth(m, &condition);
        }
        if (truth < 0)
            return unknown;
        if (truth)
            list.list.items[list.list.count++] = evaluate(m, n->kids[0]);
        m->once_count = once_count; /* what reads the names is another one each time */
    }
    return list;
}

/* ---- calls ---- */

static struct item evaluate_call(struct match *m, const struct node *n)
{
    if (!n->function)
        return plan_operator(m, n);
    struct item *arguments = scratch_array(m->scratch, n->argument_count, sizeof *arguments);
    for (size_t i = 0; i < n->argument_count; i++)
        arguments[i] = evaluate(m, n->arguments[i].value);
    if (n->c_function)
        return function_call(m, n->c_function, arguments, n->argument_count);
    return builtin_call(m, n->builtin, arguments, n->argument_count);
}

static struct item evaluate_conditional(struct match *m, const struct node *n)
{
    struct item condition = evaluate(m, n->kids[1]);
    int truth = item_truth(m, &condition);
    return truth < 0 ? unknown : evaluate(m, n->kids[truth ? 0 : 2]);
}

/* An operator is planned the first time it is read. */
static struct item evaluate_once(struct match *m, const struct node *n)
{
    for (size_t i = 0; i < m->once_count; i++)
        if (m->once[i].node == n)
            return m->once[i].item;
    struct item item = evaluate(m, n->kids[0]);
    if (item.kind != ITEM_PLAN)
        return item;
    struct planned_once *grown = scratch_array(m->scratch, m->once_count + 1, sizeof *grown);
    if (m->once_count)
        memcpy(grown, m->once, m->once_count * sizeof *grown);
    grown[m->once_count++] = (struct planned_once){ n, item };
    m->once = grown;
    return item;
}

static struct item evaluate_default(struct match *m, const struct node *n)
{
    struct item item = evaluate(m, n->kids[0]);
    bool none = item.kind == ITEM_ABSENT || (item.kind == ITEM_VALUE && item.value.kind == VALUE_NONE);
    return none ? evaluate(m, n->kids[1]) : item;
}

static struct item evaluate_negate(struct match *m, const struct node *n)
{
    struct item item = evaluate(m, n->kids[0]), zero = item_int(0);
    if (item.kind == ITEM_VALUE && item.value.kind == VALUE_FLOAT)
        return item_value(value_float(-item.value.real));
    return item_arithmetic(m, '-', &zero, &item);
}

struct item evaluate(struct match *m, const struct node *n)
{
    struct item item;
    switch (n->kind) {
    case NODE_NONE: return item_value(value_none());
    case NODE_BOOL: return item_value(value_bool(n->boolean));
    case NODE_INT: return item_int(n->integer);
    case NODE_FLOAT: return item_value(value_float(n->real));
    case NODE_STRING: return item_value(value_string(n->text));
    case NODE_NAME: return m->slots[n->slot].kind == ITEM_UNBOUND ? unknown : m->slots[n->slot];
    case NODE_LIST: return evaluate_list(m, n);
    case NODE_CALL:
    case NODE_BRACES: return evaluate_call(m, n);
    case NODE_AT:
    case NODE_WEIGHT: return evaluate(m, n->kids[0]);
    case NODE_ONCE: return evaluate_once(m, n);
    case NODE_FIELD: return evaluate_field(m, n);
    case NODE_OWNED: return evaluate_owned(m, n);
    case NODE_INDEX: return evaluate_index(m, n);
    case NODE_SLICE: return evaluate_slice(m, n);
    case NODE_NEGATE: return evaluate_negate(m, n);
    case NODE_NOT: item = evaluate(m, n->kids[0]); return item_bool(negated(item_truth(m, &item)));
    case NODE_BINARY: return evaluate_binary(m, n);
    case NODE_AND:
    case NODE_OR: return evaluate_logic(m, n);
    case NODE_CONDITIONAL: return evaluate_conditional(m, n);
    case NODE_DEFAULT: return evaluate_default(m, n);
    case NODE_COMPREHENSION: return evaluate_comprehension(m, n);
    default: return unknown;
    }
}
