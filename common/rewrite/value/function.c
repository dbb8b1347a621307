/* function.c - functions that rules call: those of the language, and those of the program. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/rewrite/value/value.h"

static const struct item unknown = { .kind = ITEM_UNKNOWN };

static bool integer(const struct item *item, int64_t *out)
{
    struct value v;
    if (!item_number(item, &v) || v.kind != VALUE_INT)
        return false;
    *out = v.integer;
    return true;
}

static struct item new_list(struct match *m, size_t count)
{
    return (struct item){ .kind = ITEM_LIST,
                          .list = { scratch_array(m->scratch, count, sizeof(struct item)), count } };
}

/* ---- the language's ---- */

static struct item call_len(struct match *m, const struct item *a, size_t count)
{
    (void)m, (void)count;
    if (item_is_list(a))
        return item_int((int64_t)item_length(a));
    if (a->kind == ITEM_VALUE && a->value.kind == VALUE_STRING)
        return item_int((int64_t)strlen(a->value.string));
    return unknown;
}

/* min(list), min(a, b, ...): the first that is in that order to all others, or the same; of sizes of which that is not known,
 * the size that it will be. */
static struct item extreme(struct match *m, const struct item *a, size_t count, int order)
{
    struct item list = { .kind = ITEM_LIST, .list = { (struct item *)a, count } }, best = unknown;
    if (count == 1 && !item_is_list(a))
        return unknown;
    if (count == 1)
        list = *a;
    for (size_t i = 0; i < item_length(&list); i++) {
        struct item one = item_at(&list, i);
        best = i ? best : one;
        int to_best = items_order(m, &one, &best);
        if (to_best == order)
            best = one;
        else if (to_best & order)
            best = sizes_extreme(m, order == ORDER_GREATER, &best, &one);
    }
    return best;
}

static struct item call_min(struct match *m, const struct item *a, size_t count)
{
    return extreme(m, a, count, ORDER_LESS);
}

static struct item call_max(struct match *m, const struct item *a, size_t count)
{
    return extreme(m, a, count, ORDER_GREATER);
}

static struct item call_sum(struct match *m, const struct item *a, size_t count)
{
    (void)count;
    return item_is_list(a) ? items_fold(m, '+', a) : unknown;
}

static struct item call_prod(struct match *m, const struct item *a, size_t count)
{
    (void)count;
    return item_is_list(a) ? items_fold(m, '*', a) : unknown;
}

static struct item call_abs(struct match *m, const struct item *a, size_t count)
{
    struct value x;
    (void)m, (void)count;
    if (!item_number(a, &x) || (x.kind == VALUE_INT && x.integer == INT64_MIN))
        return unknown;
    return x.kind == VALUE_INT ? item_int(x.integer < 0 ? -x.integer : x.integer)
                               : item_value(value_float(fabs(x.real)));
}

static struct item whole(double d)
{
    return fabs(d) < 9e15 ? item_int((int64_t)d) : unknown;
}

static struct item call_round(struct match *m, const struct item *a, size_t count)
{
    struct value x;
    (void)m, (void)count;
    return !item_number(a, &x) ? unknown : x.kind == VALUE_INT ? item_value(x) : whole(nearbyint(x.real));
}

static struct item call_floor(struct match *m, const struct item *a, size_t count)
{
    struct value x;
    (void)m, (void)count;
    return !item_number(a, &x) ? unknown : x.kind == VALUE_INT ? item_value(x) : whole(floor(x.real));
}

static struct item call_ceil(struct match *m, const struct item *a, size_t count)
{
    struct value x;
    (void)m, (void)count;
    return !item_number(a, &x) ? unknown : x.kind == VALUE_INT ? item_value(x) : whole(ceil(x.real));
}

static struct item call_int(struct match *m, const struct item *a, size_t count)
{
    struct value x;
    (void)m, (void)count;
    return !item_number(a, &x) ? unknown : x.kind == VALUE_INT ? item_value(x) : whole(trunc(x.real));
}

static struct item call_float(struct match *m, const struct item *a, size_t count)
{
    struct value x;
    (void)m, (void)count;
    return item_number(a, &x) ? item_value(value_float(value_real(&x))) : unknown;
}

static struct item call_sqrt(struct match *m, const struct item *a, size_t count)
{
    struct value x;
    (void)m, (void)count;
    return item_number(a, &x) && value_real(&x) >= 0 ? item_value(value_float(sqrt(value_real(&x))))
                                                     : unknown;
}

/* all (deciding 0) and any (deciding 1). */
static struct item quantifier(struct match *m, const struct item *a, int deciding)
{
    int result = !deciding;
    if (!item_is_list(a))
        return unknown;
    for (size_t i = 0; i < item_length(a); i++) {
        struct item one = item_at(a, i);
        int truth = item_truth(m, &one);
        if (truth == deciding)
            return item_bool(deciding);
        if (truth < 0)
            result = -1;
    }
    return item_bool(result);
}

static struct item call_known(struct match *m, const struct item *a, size_t count)
{
    (void)m, (void)count;
    return item_bool(a->kind != ITEM_UNKNOWN && a->kind != ITEM_DIM);
}

static struct item call_all(struct match *m, const struct item *a, size_t count)
{
    (void)count;
    return quantifier(m, a, 0);
}

static struct item call_any(struct match *m, const struct item *a, size_t count)
{
    (void)count;
    return quantifier(m, a, 1);
}

static struct item call_present(struct match *m, const struct item *a, size_t count)
{
    (void)m, (void)count;
    bool none = a->kind == ITEM_VALUE && a->value.kind == VALUE_NONE;
    return item_bool(a->kind == ITEM_UNKNOWN ? -1 : a->kind != ITEM_ABSENT && !none);
}

/* True when it is a constant, not an operand: a number, a string, a list of these, a constant tensor. */
static struct item call_constant(struct match *m, const struct item *a, size_t count)
{
    (void)m, (void)count;
    if (a->kind == ITEM_VALUE)
        return item_bool(!value_has_operand(&a->value) || item_tensor(a));
    return item_bool(a->kind == ITEM_TENSOR);
}

/* range(n), range(from, to), range(from, to, step) */
static struct item call_range(struct match *m, const struct item *a, size_t count)
{
    int64_t from = 0, to, step = 1;
    if (!integer(&a[count > 1], &to) || (count > 1 && !integer(&a[0], &from)) ||
        (count > 2 && !integer(&a[2], &step)) || step == 0 || llabs((long long)step) > 1000000 ||
        llabs((long long)from) > 1000000 || llabs((long long)to) > 1000000)
        return unknown;
    size_t length = 0;
    for (int64_t i = from; step > 0 ? i < to : i > to; i += step)
        length++;
    struct item list = new_list(m, length);
    for (size_t i = 0; i < length; i++)
        list.list.items[i] = item_int(from + (int64_t)i * step);
    return list;
}

/* indices(list): 0 to its length - 1. */
static struct item call_indices(struct match *m, const struct item *a, size_t count)
{
    struct item length = call_len(m, a, count);
    return length.kind == ITEM_UNKNOWN ? length : call_range(m, &length, 1);
}

static struct item call_zip(struct match *m, const struct item *a, size_t count)
{
    size_t length = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        if (!item_is_list(&a[i]))
            return unknown;
        length = item_length(&a[i]) < length ? item_length(&a[i]) : length;
    }
    struct item list = new_list(m, length);
    for (size_t i = 0; i < length; i++) {
        list.list.items[i] = new_list(m, count);
        for (size_t k = 0; k < count; k++)
            list.list.items[i].list.items[k] = item_at(&a[k], i);
    }
    return list;
}

static struct item call_reversed(struct match *m, const struct item *a, size_t count)
{
    (void)count;
    if (!item_is_list(a))
        return unknown;
    struct item list = new_list(m, item_length(a));
    for (size_t i = 0; i < list.list.count; i++)
        list.list.items[i] = item_at(a, list.list.count - 1 - i);
    return list;
}

/* axis(d, rank): d counted from the front. */
static struct item call_axis(struct match *m, const struct item *a, size_t count)
{
    int64_t d, rank;
    (void)m, (void)count;
    if (!integer(&a[0], &d) || !integer(&a[1], &rank) || d >= rank || d < -rank)
        return unknown;
    return item_int(d < 0 ? d + rank : d);
}

static const struct {
    const char *name;
    size_t least, most;
    struct item (*call)(struct match *m, const struct item *arguments, size_t count);
} builtins[] = {
    { "len", 1, 1, call_len },         { "min", 1, 99, call_min },
    { "max", 1, 99, call_max },        { "sum", 1, 1, call_sum },
    { "prod", 1, 1, call_prod },       { "abs", 1, 1, call_abs },
    { "round", 1, 1, call_round },     { "floor", 1, 1, call_floor },
    { "ceil", 1, 1, call_ceil },       { "int", 1, 1, call_int },
    { "float", 1, 1, call_float },     { "sqrt", 1, 1, call_sqrt },
    { "all", 1, 1, call_all },         { "any", 1, 1, call_any },
    { "present", 1, 1, call_present }, { "constant", 1, 1, call_constant },
    { "range", 1, 3, call_range },     { "indices", 1, 1, call_indices },
    { "zip", 1, 9, call_zip },         { "reversed", 1, 1, call_reversed },
    { "axis", 2, 2, call_axis },       { "known", 1, 1, call_known },
};

int builtin_find(const char *name)
{
    for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
        if (builtins[i].name[0] == name[0] && strcmp(builtins[i].name, name) == 0)
            return (int)i;
    return -1;
}

void builtin_offer(struct near *near)
{
    for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
        near_offer(near, builtins[i].name);
}

void builtin_arity(int builtin, size_t *least, size_t *most)
{
    *least = builtins[builtin].least;
    *most = builtins[builtin].most;
}

struct item builtin_call(struct match *m, int builtin, const struct item *arguments, size_t count)
{
    return builtins[builtin].call(m, arguments, count);
}

/* ---- the program's ---- */

/* A list of plain values; false when an item is none, or unknown. */
static bool plain_value(struct match *m, const struct item *item, struct value *out)
{
    switch (item->kind) {
    case ITEM_VALUE: *out = item->value; return true;
    case ITEM_DIM: return false;
    case ITEM_LIST: break;
    default: return false;
    }
    struct value *items = scratch_array(m->scratch, item->list.count, sizeof *items);
    for (size_t i = 0; i < item->list.count; i++)
        if (!plain_value(m, &item->list.items[i], &items[i]))
            return false;
    *out = value_list(items, item->list.count);
    return true;
}

static bool letter_fits(char letter, const struct value *v)
{
    switch (letter) {
    case 'o': return v->kind == VALUE_OPERAND;
    case 'i': return v->kind == VALUE_INT;
    case 'f': return v->kind == VALUE_FLOAT;
    case 's': return v->kind == VALUE_STRING;
    case 'l': return v->kind == VALUE_LIST;
    case 'b': return v->kind == VALUE_BOOL;
    default: return true;
    }
}

static bool is_none(const struct item *item)
{
    return item->kind == ITEM_ABSENT || (item->kind == ITEM_VALUE && item->value.kind == VALUE_NONE);
}

/* One argument as the function wants it; false: the call is unknown. */
static bool pass(struct match *m, char letter, bool optional, const struct item *item, struct rule_item *out)
{
    *out = (struct rule_item){ .kind = letter == 't'   ? RULE_TENSOR
                                       : letter == 'T' ? RULE_TENSORS
                                                       : RULE_VALUE };
    if (is_none(item) && (optional || letter == 'v'))
        return true;
    if (letter == 't')
        return (out->tensor = item_tensor(item)) != NULL;
    if (letter == 'T') {
        out->tensors = item->kind == ITEM_TENSORS ? item->tensors : (struct rule_tensors){ NULL, 0 };
        return item->kind == ITEM_TENSORS;
    }
    if (letter == 'c') {
        out->kind = RULE_OPERATOR;
        out->op = item->kind == ITEM_OPERATOR ? item->op : NULL;
        return out->op != NULL;
    }
    if (!plain_value(m, item, &out->value))
        return false;
    if (letter == 'f' && out->value.kind == VALUE_INT)
        out->value = value_float((double)out->value.integer);
    return letter_fits(letter, &out->value);
}

struct item function_call(struct match *m, const struct rule_function *f, const struct item *arguments,
                          size_t count)
{
    struct rule_item *passed = scratch_array(m->scratch, size_add(count, 9), sizeof *passed);
    const char *p = f->types;
    size_t declared = 0;
    char letter = 'v';
    bool optional = false;
    for (size_t i = 0; i < count || (*p && *p != ':' && *p != '*'); i++) {
        if (*p != '*' && *p != ':') {
            letter = *p++;
            optional = *p == '?';
            p += optional;
        }
        struct item left_out = { .kind = ITEM_ABSENT };
        if (!pass(m, letter, optional, i < count ? &arguments[i] : &left_out, &passed[i]))
            return unknown;
        declared = i + 1;
        if (declared >= size_add(count, 8))
            break;
    }
    struct rule_call call = { .graph = m->graph, .a = passed, .count = declared };
    if (!f->call(&call))
        return unknown;
    switch (call.result.kind) {
    case RULE_TENSOR: {
        if (!call.result.tensor)
            return (struct item){ .kind = ITEM_ABSENT };
        return (struct item){ .kind = ITEM_TENSOR, .tensor = call.result.tensor };
    }
    case RULE_TENSORS: return (struct item){ .kind = ITEM_TENSORS, .tensors = call.result.tensors };
    case RULE_OPERATOR: return unknown;
    case RULE_VALUE: break;
    }
    return item_value(call.result.value);
}

/* ---- what C functions end with ---- */

bool rule_give(struct rule_call *call, struct value v)
{
    call->result = (struct rule_item){ .kind = RULE_VALUE, .value = v };
    return true;
}

bool rule_give_text(struct rule_call *call, const char *text)
{
    return text && rule_give(call, value_string(intern(call->graph->strings, text)));
}

bool rule_give_ints(struct rule_call *call, const int64_t *ints, size_t count)
{
    return rule_give(call, value_ints(&call->graph->arena, ints, count));
}

bool rule_give_tensor(struct rule_call *call, const struct attribute *w)
{
    call->result = (struct rule_item){ .kind = RULE_TENSOR, .tensor = w };
    return true;
}
