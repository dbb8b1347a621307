/* value.c - values of expressions in rules, with three-valued logic: what is not known is unknown, and so is
 * what is computed from it, but for `and`, `or` and comparisons that are decided without it. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/graph/dim.h"
#include "common/graph/element.h"
#include "common/rewrite/match.h"

static const struct item unknown = { .kind = ITEM_UNKNOWN };
static const struct item absent = { .kind = ITEM_ABSENT };

struct item item_value(struct value value)
{
    value.use = NULL;
    return (struct item){ .kind = ITEM_VALUE, .value = value };
}

static struct item item_int(int64_t i)
{
    return item_value(value_int(i));
}

static struct item item_bool(int truth)
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

/* The number that an item is, itself or in a constant of rank 0: int or float. */
static bool number_item(const struct item *item, struct value *out)
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

static double real_of(const struct value *v)
{
    return v->kind == VALUE_INT ? (double)v->integer : v->real;
}

static bool same_number(const struct value *a, const struct value *b)
{
    if (a->kind == VALUE_INT && b->kind == VALUE_INT)
        return a->integer == b->integer;
    float x = (float)real_of(a), y = (float)real_of(b);
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
    return item->kind == ITEM_LIST ? item->list.items[i] : item_value(item->value.list.items[i]);
}

static struct item new_list(struct match *m, size_t count)
{
    return (struct item){ .kind = ITEM_LIST,
                          .list = { scratch_array(m->scratch, count, sizeof(struct item)), count } };
}

static struct item shape_item(struct match *m, int rank, const int64_t *shape)
{
    if (rank < 0)
        return unknown;
    struct item list = new_list(m, (size_t)rank);
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

static int is_order(int order, int wanted);

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
    if (number_item(a, &x) && number_item(b, &y))
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
        return is_order(items_order(m, a, b), ORDER_EQUAL);
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
    struct item list = new_list(m, size_add(left, right));
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
    struct item out = new_list(m, length * (size_t)count);
    for (size_t i = 0; i < out.list.count; i++)
        out.list.items[i] = item_at(list, i % length);
    return out;
}

static bool is_string(const struct item *item)
{
    return item->kind == ITEM_VALUE && item->value.kind == VALUE_STRING;
}

static bool is_int(const struct item *item)
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
    else if (is_int(item))
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
    if (token == '*' && item_is_list(a) && is_int(b))
        return repeat(m, a, b);
    if (token == '+' && is_string(a) && is_string(b)) {
        const char *text = arena_printf(&m->graph->arena, "%s%s", a->value.string, b->value.string);
        return item_value(value_string(intern(m->rules->strings, text)));
    }
    if (!number_item(a, &x) || !number_item(b, &y))
        return unknown;
    if (x.kind == VALUE_INT && y.kind == VALUE_INT)
        return int_arithmetic(token, x.integer, y.integer);
    return real_arithmetic(token, real_of(&x), real_of(&y));
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
    if (!number_item(a, &x) || !number_item(b, &y))
        return ORDER_UNKNOWN;
    if (x.kind == VALUE_INT && y.kind == VALUE_INT)
        return order_of_sign((x.integer > y.integer) - (x.integer < y.integer));
    return same_number(&x, &y) ? ORDER_EQUAL : order_of_sign(real_of(&x) > real_of(&y) ? 1 : -1);
}

/* Whether the order of two is among those: as far as that is known. */
static int is_order(int order, int wanted)
{
    return !(order & ~wanted) ? 1 : order & wanted ? -1 : 0;
}

static int contains(struct match *m, const struct item *list, const struct item *item)
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
    case TOKEN_IN: return item_bool(contains(m, &b, &a));
    case TOKEN_NOT_IN: return item_bool(negated(contains(m, &b, &a)));
    case '<': return item_bool(is_order(items_order(m, &a, &b), ORDER_LESS));
    case '>': return item_bool(is_order(items_order(m, &a, &b), ORDER_GREATER));
    case TOKEN_LESS_EQUAL: return item_bool(is_order(items_order(m, &a, &b), ORDER_LESS | ORDER_EQUAL));
    case TOKEN_GREATER_EQUAL: return item_bool(is_order(items_order(m, &a, &b), ORDER_GREATER | ORDER_EQUAL));
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
        struct item list = new_list(m, op->output_count);
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
    bool number = is_number(&of.value) && strcmp(n->text, "rank") == 0;
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
    if (!is_int(&index))
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
    if (!is_int(&item))
        return false;
    int64_t i = item.value.integer;
    i += i < 0 ? length : 0;
    *out = i < low ? low : i > high ? high : i;
    return true;
}

static struct item evaluate_slice(struct match *m, const struct node *n)
{
    struct item of = evaluate(m, n->kids[0]), step_item = n->kids[3] ? evaluate(m, n->kids[3]) : item_int(1);
    if (!item_is_list(&of) || !is_int(&step_item) || step_item.value.integer == 0 ||
        llabs((long long)step_item.value.integer) > 1000000)
        return unknown;
    int64_t length = (int64_t)item_length(&of), step = step_item.value.integer, from, to;
    int64_t low = step < 0 ? -1 : 0, high = step < 0 ? length - 1 : length;
    if (!slice_bound(m, n->kids[1], step < 0 ? high : low, low, high, length, &from) ||
        !slice_bound(m, n->kids[2], step < 0 ? low : high, low, high, length, &to))
        return unknown;
    struct item list = new_list(m, (size_t)length);
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
    struct item list = new_list(m, count);
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
    struct item list = new_list(m, item_length(&over));
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
