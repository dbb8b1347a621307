/* einsum.c - the functions that rules call of torch.einsum: an equation's axes, and what the layer calls them. */
#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "cmd/pnnx2ncnn/blobs/layout.h"
#include "cmd/pnnx2ncnn/functions/weights.h"
#include "common/graph/dim.h"

#define EINSUM_AXES  16 /* letters that the layer knows, i to x ... */
#define EINSUM_CODES 128

/* An equation as its axes.  An axis is a letter, or behind the letters one of those that "..." stands for, counted
 * from its end: tensors with different numbers of them meet there. */
struct equation {
    const char *rest; /* what is not read yet */
    int terms[EINSUM_CODES];
    size_t term_count; /* of the left side, with -1 between two operands */
    int results[EINSUM_CODES];
    size_t result_count;
    int dots; /* how many axes "..." stands for, at most */
};

/* The axes of one operand, or of the result, up to a comma, an arrow or the end; `dots`: how many "..." are. */
static bool read_axes(struct equation *e, int dots, int *out, size_t *count)
{
    for (; *e->rest && *e->rest != ',' && *e->rest != '-'; e->rest++) {
        bool letter = isalpha((unsigned char)*e->rest) != 0;
        if (*e->rest == ' ')
            continue;
        if (*count + TENSOR_RANK > EINSUM_CODES)
            return false;
        if (letter) {
            out[(*count)++] = *e->rest;
        } else if (strncmp(e->rest, "...", 3) == 0 && dots >= 0) {
            for (int i = dots; i-- > 0;)
                out[(*count)++] = CHAR_MAX + 1 + i;
            e->rest += 2;
        } else {
            return false;
        }
    }
    return true;
}

/* How many letters the next operand has. */
static int letters_ahead(const struct equation *e)
{
    int letters = 0;
    for (const char *c = e->rest; *c && *c != ',' && *c != '-'; c++)
        letters += isalpha((unsigned char)*c) != 0;
    return letters;
}

static bool read_operands(struct equation *e, const struct value *operands)
{
    for (size_t i = 0; i < operands->list.count; i++) {
        const struct operand *x = operands->list.items[i].operand;
        size_t start = e->term_count;
        if (operands->list.items[i].kind != VALUE_OPERAND || x->rank < 1)
            return false;
        int dots = x->rank - letters_ahead(e);
        e->dots = dots > e->dots ? dots : e->dots;
        bool last = i + 1 == operands->list.count;
        if (!read_axes(e, dots, e->terms, &e->term_count) || e->term_count - start != (size_t)x->rank ||
            *e->rest != (last ? *e->rest : ','))
            return false;
        if (!last) {
            e->terms[e->term_count++] = -1;
            e->rest++;
        }
    }
    return *e->rest != ',';
}

static size_t times(const struct equation *e, int axis)
{
    size_t n = 0;
    for (size_t i = 0; i < e->term_count; i++)
        n += e->terms[i] == axis;
    return n;
}

/* What stands behind the arrow; without one, "..." and the letters that occur once, in their order. */
static bool read_result(struct equation *e)
{
    if (strncmp(e->rest, "->", 2) == 0) {
        e->rest += 2;
        return read_axes(e, e->dots, e->results, &e->result_count) && !*e->rest;
    }
    for (int i = e->dots; i-- > 0;)
        e->results[e->result_count++] = CHAR_MAX + 1 + i;
    for (int c = 'A'; c <= 'z'; c++)
        if (times(e, c) == 1)
            e->results[e->result_count++] = c;
    return !*e->rest;
}

/* False when two operands have different sizes along an axis: the layer does not repeat a single element. */
static bool sizes_agree(const struct equation *e, const struct value *operands)
{
    int64_t sizes[CHAR_MAX + 1 + TENSOR_RANK];
    size_t term = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        sizes[i] = DIM_UNKNOWN;
    for (size_t i = 0; i < operands->list.count; i++, term++) {
        const struct operand *x = operands->list.items[i].operand;
        for (int k = 0; k < x->rank; k++, term++) {
            int64_t *size = &sizes[e->terms[term]];
            if (dim_known(*size) && dim_known(x->shape[k]) && *size != x->shape[k])
                return false;
            *size = dim_known(x->shape[k]) ? x->shape[k] : *size;
        }
    }
    return true;
}

/* The code of an axis: the results' are i j k l, in their order. */
static int axis_code(int axes[EINSUM_AXES], int *count, int axis)
{
    for (int i = 0; i < *count; i++)
        if (axes[i] == axis)
            return 'i' + i;
    if (*count == EINSUM_AXES)
        return -1;
    axes[*count] = axis;
    return 'i' + (*count)++;
}

static bool read_equation(struct equation *e, const struct operator *op)
{
    const struct value *text = operator_get(op, "equation"), *operands = operator_get(op, "operands");
    *e = (struct equation){ .rest = text && text->kind == VALUE_STRING ? text->string : "" };
    return operands && operands->kind == VALUE_LIST && operands->list.count && read_operands(e, operands) &&
           read_result(e) && sizes_agree(e, operands);
}

/* True when the result is one number. */
bool einsum_total(struct rule_call *call)
{
    struct equation e;
    if (!read_equation(&e, call->a[0].op))
        return false;
    return rule_give(call, value_bool(e.result_count == 0));
}

static bool are_blobs(const struct value *operands)
{
    for (size_t i = 0; i < operands->list.count; i++)
        if (layout_rank(operands->list.items[i].operand) > BLOB_RANK)
            return false;
    return true;
}

/* Characters of an einsum equation as the layer wants them.  A result of one number gets an axis, the first one: what
 * is left to sum up. */
bool einsum_codes(struct rule_call *call)
{
    struct equation e;
    int64_t codes[2 * EINSUM_CODES];
    int axes[EINSUM_AXES], axis_count = 0;
    size_t n = 0;
    if (!read_equation(&e, call->a[0].op) || !are_blobs(operator_get(call->a[0].op, "operands")))
        return false;
    if (e.result_count == 0)
        e.results[e.result_count++] = e.terms[0];
    if (e.result_count > BLOB_RANK)
        return false;
    for (size_t i = 0; i < e.result_count; i++)
        if (times(&e, e.results[i]) == 0 || axis_code(axes, &axis_count, e.results[i]) != 'i' + (int)i)
            return false;
    for (size_t i = 0; i < e.term_count; i++, n++) {
        codes[n] = e.terms[i] < 0 ? ',' : axis_code(axes, &axis_count, e.terms[i]);
        if (codes[n] < 0)
            return false;
    }
    codes[n++] = '-';
    codes[n++] = '>';
    for (size_t i = 0; i < e.result_count; i++)
        codes[n++] = 'i' + (int64_t)i;
    return rule_give(call, value_ints(&call->graph->arena, codes, n));
}

/* The axes of each operand, and of the result, as lists of numbers. */
bool einsum_terms(struct rule_call *call)
{
    struct equation e;
    int64_t axes[EINSUM_CODES];
    if (!read_equation(&e, call->a[0].op))
        return false;
    const struct value *operands = operator_get(call->a[0].op, "operands");
    struct value *terms = arena_array(&call->graph->arena, operands->list.count + 1, sizeof *terms);
    size_t term = 0, n = 0;
    for (size_t i = 0; i <= e.term_count; i++) {
        if (i < e.term_count && e.terms[i] >= 0) {
            axes[n++] = e.terms[i];
            continue;
        }
        terms[term++] = value_ints(&call->graph->arena, axes, n);
        n = 0;
    }
    for (; n < e.result_count; n++)
        axes[n] = e.results[n];
    terms[term++] = value_ints(&call->graph->arena, axes, n);
    return rule_give(call, value_list(terms, term));
}
