/* item.c - values of the rule language: lists, numbers, sizes, how they compare and what is computed from them.  What is
 * not known is unknown, and so is what is computed from it, but for comparisons that are decided without it. */
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "common/graph/dim.h"
#include "common/graph/element.h"
#include "common/rewrite/value/value.h"

static const struct item unknown = { .kind = ITEM_UNKNOWN };
static const struct item absent = { .kind = ITEM_ABSENT };

struct item item_value(struct value value)
{
    value.use = NULL;
    return (struct item){ .kind = ITEM_VALUE, .value = value };
}

struct item item_int(int64_t i)
{
    return item_value(value_int(i));
}

struct item item_bool(int truth)
{
    return truth < 0 ? unknown : item_value(value_bool(truth));
}

struct item item_of_argument(const struct value *value)
{
    return value ? item_value(*value) : absent;
}

/* ---- tensors ---- */

bool tensor_element(const struct attribute *tensor, int64_t index, struct value *out)
{
    size_t size = dtype_size(tensor->dtype);
    if (size == 0 || index < 0 || (uint64_t)index >= tensor->size / size || dtype_is_complex(tensor->dtype))
        return false;
    if (dtype_is_float(tensor->dtype))
        *out = value_float(element_real(tensor->dtype, tensor->data, (size_t)index));
    else if (tensor->dtype == DTYPE_BOOL)
        *out = value_bool(element_int(tensor->dtype, tensor->data, (size_t)index) != 0);
    else
        *out = value_int(element_int(tensor->dtype, tensor->data, (size_t)index));
    return true;
}

bool tensor_scalar(const struct attribute *tensor, struct value *out)
{
    return tensor->rank == 0 && tensor->dtype != DTYPE_BOOL && tensor_element(tensor, 0, out);
}

const struct attribute *item_tensor(const struct item *item)
{
    if (item->kind == ITEM_TENSOR)
        return item->tensor;
    return item->kind == ITEM_VALUE && item->value.kind == VALUE_OPERAND
               ? operand_constant(item->value.operand)
               : NULL;
}

/* ---- numbers ---- */

bool item_number(const struct item *item, struct value *out)
{
    if (item->kind == ITEM_VALUE && (item->value.kind == VALUE_INT || item->value.kind == VALUE_FLOAT)) {
        *out = item->value;
        return true;
    }
    if (item->kind == ITEM_VALUE && item->value.kind == VALUE_BOOL) { /* True is 1 in arithmetic */
        *out = value_int(item->value.boolean);
        return true;
    }
    const struct attribute *tensor = item_tensor(item);
    return tensor && tensor_scalar(tensor, out);
}

double value_real(const struct value *v)
{
    return v->kind == VALUE_INT ? (double)v->integer : v->real;
}

static bool same_number(const struct value *a, const struct value *b)
{
    if (a->kind == VALUE_INT && b->kind == VALUE_INT)
        return a->integer == b->integer;
    float x = (float)value_real(a), y = (float)value_real(b);
    return x == y || (x != x && y != y);
}

static bool is_number(const struct value *v)
{
    return v->kind == VALUE_INT || v->kind == VALUE_FLOAT;
}

bool values_match(const struct value *a, const struct value *b)
{
    if (is_number(a) && is_number(b))
        return same_number(a, b);
    if (a->kind != VALUE_LIST || b->kind != VALUE_LIST)
        return value_equal(a, b);
    if (a->list.count != b->list.count)
        return false;
    for (size_t i = 0; i < a->list.count; i++)
        if (!values_match(&a->list.items[i], &b->list.items[i]))
            return false;
    return true;
}

/* ---- lists ---- */

bool item_is_list(const struct item *item)
{
    return item->kind == ITEM_LIST || (item->kind == ITEM_VALUE && item->value.kind == VALUE_LIST);
}

size_t item_length(const struct item *item)
{
    return item->kind == ITEM_LIST ? item->list.count : item->value.list.count;
}

struct item item_at(const struct item *item, size_t i)
{
    assert(i < item_length(item));
    return item->kind == ITEM_LIST ? item->list.items[i] : item_value(item->value.list.items[i]);
}

struct item item_list_new(struct match *m, size_t count)
{
    return (struct item){ .kind = ITEM_LIST,
                          .list = { scratch_array(m->scratch, count, sizeof(struct item)), count } };
}

/* ---- truth ---- */

int item_truth(const struct match *m, const struct item *item)
{
    (void)m;
    switch (item->kind) {
    case ITEM_ABSENT: return 0;
    case ITEM_TENSOR:
    case ITEM_OPERATOR: return 1;
    case ITEM_LIST: return item->list.count > 0;
    case ITEM_VALUE: break;
    default: return -1;
    }
    switch (item->value.kind) {
    case VALUE_NONE: return 0;
    case VALUE_BOOL: return item->value.boolean;
    case VALUE_INT: return item->value.integer != 0;
    case VALUE_FLOAT: return item->value.real != 0;
    case VALUE_STRING: return item->value.string[0] != 0;
    case VALUE_LIST: return item->value.list.count > 0;
    default: return -1;
    }
}

static int lists_equal(struct match *m, const struct item *a, const struct item *b)
{
    if (item_length(a) != item_length(b))
        return 0;
    int result = 1;
    for (size_t i = 0; i < item_length(a); i++) {
        struct item x = item_at(a, i), y = item_at(b, i);
        int equal = items_equal(m, &x, &y);
        if (equal == 0)
            return 0;
        if (equal < 0)
            result = -1;
    }
    return result;
}

/* What an operand is equal to is known only to itself, unless it is a constant number. */
static int operands_equal(const struct item *a, const struct item *b)
{
    struct value x, y;
    if (item_number(a, &x) && item_number(b, &y))
        return same_number(&x, &y);
    bool both = a->value.kind == VALUE_OPERAND && b->value.kind == VALUE_OPERAND;
    if (both && a->value.operand == b->value.operand)
        return 1;
    if (a->value.kind == VALUE_NONE || b->value.kind == VALUE_NONE)
        return 0;
    return -1;
}

int items_equal(struct match *m, const struct item *a, const struct item *b)
{
    if (a->kind == ITEM_UNKNOWN || b->kind == ITEM_UNKNOWN)
        return -1;
    if (item_is_list(a) && item_is_list(b))
        return lists_equal(m, a, b);
    if (a->kind == ITEM_DIM || b->kind == ITEM_DIM)
        return order_is(items_order(m, a, b), ORDER_EQUAL);
    if (a->kind == ITEM_ABSENT || b->kind == ITEM_ABSENT) /* absent equals None, as arguments have it */
        return a->kind == b->kind || (a->kind == ITEM_VALUE && a->value.kind == VALUE_NONE) ||
               (b->kind == ITEM_VALUE && b->value.kind == VALUE_NONE);
    if (a->kind == ITEM_OPERATOR && b->kind == ITEM_OPERATOR)
        return a->op == b->op;
    if (a->kind != ITEM_VALUE || b->kind != ITEM_VALUE)
        return a->kind == ITEM_TENSOR && b->kind == ITEM_TENSOR && a->tensor == b->tensor ? 1 : -1;
    if (a->value.kind == VALUE_OPERAND || b->value.kind == VALUE_OPERAND)
        return operands_equal(a, b);
    return values_match(&a->value, &b->value);
}

/* ---- operators ---- */

/* Division that rounds down, as Python's. */
static bool floor_divide(int64_t a, int64_t b, int64_t *quotient, int64_t *remainder)
{
    if (b == 0 || (a == INT64_MIN && b == -1))
        return false;
    *quotient = a / b;
    *remainder = a % b;
    if (*remainder && (*remainder < 0) != (b < 0)) {
        (*quotient)--;
        *remainder += b;
    }
    return true;
}

static bool int_power(int64_t base, int64_t exponent, int64_t *out)
{
    int64_t result = 1;
    if (exponent < 0 || exponent > 64)
        return false;
    for (; exponent > 0; exponent--)
        if (!int_mul(result, base, &result))
            return false;
    *out = result;
    return true;
}

static struct item int_arithmetic(int token, int64_t a, int64_t b)
{
    int64_t out = 0, remainder = 0;
    bool known;
    switch (token) {
    case '+': known = int_add(a, b, &out); break;
    case '-': known = b != INT64_MIN && int_add(a, -b, &out); break;
    case '*': known = int_mul(a, b, &out); break;
    case '/': known = floor_divide(a, b, &out, &remainder) && remainder == 0; break;
    case TOKEN_FLOOR: known = floor_divide(a, b, &out, &remainder); break;
    case '%': known = floor_divide(a, b, &remainder, &out); break;
    default: known = int_power(a, b, &out);
    }
    return known ? item_int(out) : unknown;
}

static struct item real_arithmetic(int token, double a, double b)
{
    double out;
    switch (token) {
    case '+': out = a + b; break;
    case '-': out = a - b; break;
    case '*': out = a * b; break;
    case '/': out = b == 0 ? NAN : a / b; break;
    case TOKEN_FLOOR: out = b == 0 ? NAN : floor(a / b); break;
    case '%': out = b == 0 ? NAN : a - b * floor(a / b); break;
    default: out = pow(a, b);
    }
    return isfinite(out) ? item_value(value_float(out)) : unknown;
}

static struct item concatenate(struct match *m, const struct item *a, const struct item *b)
{
    size_t left = item_length(a), right = item_length(b);
    struct item list = item_list_new(m, size_add(left, right));
    for (size_t i = 0; i < left; i++)
        list.list.items[i] = item_at(a, i);
    for (size_t i = 0; i < right; i++)
        list.list.items[left + i] = item_at(b, i);
    return list;
}

/* [0] * 4 */
static struct item repeat(struct match *m, const struct item *list, const struct item *times)
{
    int64_t count = times->value.integer;
    size_t length = item_length(list);
    if (count < 0 || (length && (uint64_t)count > 10000 / length))
        return unknown;
    struct item out = item_list_new(m, length * (size_t)count);
    for (size_t i = 0; i < out.list.count; i++)
        out.list.items[i] = item_at(list, i % length);
    return out;
}

static bool is_string(const struct item *item)
{
    return item->kind == ITEM_VALUE && item->value.kind == VALUE_STRING;
}

bool item_is_int(const struct item *item)
{
    return item->kind == ITEM_VALUE && item->value.kind == VALUE_INT;
}

static bool is_operand(const struct item *item)
{
    return item->kind == ITEM_VALUE && item->value.kind == VALUE_OPERAND;
}

/* Whether an item is a symbolic size, or a number that is computed from such. */
static bool is_size(const struct item *item)
{
    return item->kind == ITEM_DIM || (is_operand(item) && item->value.operand->number != DIM_UNKNOWN);
}

/* The dimension that an item is: a whole number, or a symbolic one. */
static bool size_item(struct match *m, const struct item *item, int64_t *out)
{
    if (item->kind == ITEM_DIM)
        *out = item->dim;
    else if (is_size(item))
        *out = item->value.operand->number;
    else if (item_is_int(item))
        *out = dim_int(m->graph, item->value.integer);
    else
        return false;
    return true;
}

/* Arithmetic on symbolic sizes: h * 2 + 1. */
static struct item size_arithmetic(struct match *m, int token, const struct item *a, const struct item *b)
{
    int64_t x, y, out = DIM_UNKNOWN, number;
    if (!size_item(m, a, &x) || !size_item(m, b, &y))
        return unknown;
    switch (token) {
    case '+': out = dim_add(m->graph, x, y); break;
    case '-': out = dim_sub(m->graph, x, y); break;
    case '*': out = dim_mul(m->graph, x, y); break;
    case '/': out = dim_div_exact(m->graph, x, y); break;
    case TOKEN_FLOOR: out = dim_div_floor(m->graph, x, y); break;
    case '%': out = dim_sub(m->graph, x, dim_mul(m->graph, y, dim_div_floor(m->graph, x, y))); break;
    default: break;
    }
    if (dim_constant(m->graph, out, &number))
        return item_int(number);
    return out == DIM_UNKNOWN ? unknown : (struct item){ .kind = ITEM_DIM, .dim = out };
}

struct item sizes_extreme(struct match *m, bool greater, const struct item *a, const struct item *b)
{
    int64_t x, y;
    if (!size_item(m, a, &x) || !size_item(m, b, &y))
        return unknown;
    int64_t out = greater ? dim_max(m->graph, x, y) : dim_min(m->graph, x, y);
    return out == DIM_UNKNOWN ? unknown : (struct item){ .kind = ITEM_DIM, .dim = out };
}

struct item items_fold(struct match *m, int token, const struct item *list)
{
    struct item whole = item_int(token == '*');
    for (size_t i = 0; i < item_length(list); i++) {
        struct item one = item_at(list, i);
        whole = item_arithmetic(m, token, &whole, &one);
    }
    return whole;
}

struct item item_arithmetic(struct match *m, int token, const struct item *a, const struct item *b)
{
    struct value x, y;
    if (is_size(a) || is_size(b))
        return size_arithmetic(m, token, a, b);
    if (token == '+' && item_is_list(a) && item_is_list(b))
        return concatenate(m, a, b);
    if (token == '*' && item_is_list(a) && item_is_int(b))
        return repeat(m, a, b);
    if (token == '+' && is_string(a) && is_string(b)) {
        const char *text = arena_printf(&m->graph->arena, "%s%s", a->value.string, b->value.string);
        return item_value(value_string(intern(m->rules->strings, text)));
    }
    if (!item_number(a, &x) || !item_number(b, &y))
        return unknown;
    if (x.kind == VALUE_INT && y.kind == VALUE_INT)
        return int_arithmetic(token, x.integer, y.integer);
    return real_arithmetic(token, value_real(&x), value_real(&y));
}

/* Symbolic sizes: names stand for sizes of at least 1. */
static int size_order(struct match *m, const struct item *a, const struct item *b)
{
    int64_t x, y;
    if (!size_item(m, a, &x) || !size_item(m, b, &y))
        return ORDER_UNKNOWN;
    int order = ORDER_UNKNOWN;
    int64_t more = dim_sub(m->graph, x, y), less = dim_sub(m->graph, y, x), one = dim_int(m->graph, 1);
    if (more == DIM_UNKNOWN)
        return order;
    order &= dim_not_negative(m->graph, more) ? ~ORDER_LESS : order;
    order &= dim_not_negative(m->graph, less) ? ~ORDER_GREATER : order;
    order &= dim_not_negative(m->graph, dim_sub(m->graph, more, one)) ? ORDER_GREATER : order;
    return dim_not_negative(m->graph, dim_sub(m->graph, less, one)) ? ORDER_LESS : order;
}

static int order_of_sign(int sign)
{
    return sign < 0 ? ORDER_LESS : sign > 0 ? ORDER_GREATER : ORDER_EQUAL;
}

int items_order(struct match *m, const struct item *a, const struct item *b)
{
    struct value x, y;
    if (is_size(a) || is_size(b))
        return size_order(m, a, b);
    if (is_string(a) && is_string(b))
        return order_of_sign(strcmp(a->value.string, b->value.string));
    if (!item_number(a, &x) || !item_number(b, &y))
        return ORDER_UNKNOWN;
    if (x.kind == VALUE_INT && y.kind == VALUE_INT)
        return order_of_sign((x.integer > y.integer) - (x.integer < y.integer));
    return same_number(&x, &y) ? ORDER_EQUAL : order_of_sign(value_real(&x) > value_real(&y) ? 1 : -1);
}

/* Whether the order of two is among those: as far as that is known. */
int order_is(int order, int wanted)
{
    return !(order & ~wanted) ? 1 : order & wanted ? -1 : 0;
}

int items_contain(struct match *m, const struct item *list, const struct item *item)
{
    int result = 0;
    if (is_string(list) && is_string(item))
        return strstr(list->value.string, item->value.string) != NULL;
    if (!item_is_list(list))
        return -1;
    for (size_t i = 0; i < item_length(list); i++) {
        struct item one = item_at(list, i);
        int equal = items_equal(m, &one, item);
        if (equal == 1)
            return 1;
        if (equal < 0)
            result = -1;
    }
    return result;
}
