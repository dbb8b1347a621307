/* weight_shape.c - what a module's parameters ask of its weights.  A size that is no plain number is not known, and then
 * nothing is asked: half a shape would refuse what is right. */
#include <stdlib.h>
#include <string.h>

#include "common/graph/graph.h"
#include "common/operators/weights.h"

/* The sizes that one factor is: a number, or the parameter of that name.  Returns how many; 0: not known. */
static size_t factor(const struct operator *op, const char *text, size_t length, int64_t *sizes)
{
    char name[32];
    if (length == 0 || length >= sizeof name)
        return 0;
    memcpy(name, text, length);
    name[length] = 0;
    if (*name >= '0' && *name <= '9') {
        *sizes = (int)strtol(name, NULL, 10);
        return 1;
    }
    const struct value *v = operator_get(op, name);
    if (v && v->kind == VALUE_INT) {
        *sizes = v->integer;
        return 1;
    }
    int count = v ? value_get_ints(v, sizes, MOST_WEIGHT_SIZES) : -1;
    return count < 0 ? 0 : (size_t)count;
}

size_t weight_shape(const struct module_weight *w, const struct operator *op, int64_t *shape)
{
    const char *text = w->sizes;
    size_t rank = 0;
    while (*text) {
        int64_t left[MOST_WEIGHT_SIZES], right[MOST_WEIGHT_SIZES];
        size_t length = strcspn(text, " */"), count = factor(op, text, length, left);
        char what = text[length];
        text += length + (what != 0);
        if (what == '*' || what == '/') {
            size_t second = strcspn(text, " ");
            if (count != 1 || factor(op, text, second, right) != 1 || right[0] <= 0)
                return 0;
            if (what == '/' ? left[0] % right[0] != 0 : !int_mul(left[0], right[0], left))
                return 0;
            if (what == '/')
                left[0] /= right[0];
            text += second + (text[second] != 0);
        }
        if (count == 0 || rank + count > MOST_WEIGHT_SIZES)
            return 0;
        memcpy(shape + rank, left, count * sizeof *shape);
        rank += count;
    }
    return rank;
}

const struct module_weight *weight_missing(const struct operator *op)
{
    for (const struct module_weight *w = op->signature->weights; w; w = w->next)
        if (!w->optional && (!w->parameter || operator_bool(op, w->parameter, false)) &&
            !operator_attribute(op, w->key))
            return w;
    return NULL;
}
