/* types.c - which types an operator takes together (traits.txt).
 *
 * A trace holds for the types that it was made with: with others, PyTorch stops where an operator does not take them. */
#include <string.h>

#include "common/operators/shapes/shape.h"

/* The type of the argument or weight; DTYPE_NULL: absent, a number, or not known. */
static enum dtype type_of(const struct call *c, const char *key)
{
    const struct attribute *a = operator_attribute(c->op, key);
    struct fact f = arg_fact(c, key);
    if (a)
        return a->dtype;
    return f.present && !f.number ? f.dtype : DTYPE_NULL;
}

enum { QUANTIZED_DEPTH = 64 };

static void find_first(struct operand *x, void *first)
{
    if (!*(struct operand **)first)
        *(struct operand **)first = x;
}

/* Whether what are integers may be a quantised tensor: it comes from what makes one, through any operators on it. */
static bool may_be_quantized(const struct call *c, const char *key)
{
    struct operand *x = operator_operand(c->op, key);
    for (int depth = 0; x && depth < QUANTIZED_DEPTH; depth++) {
        const struct operator *op = x->producer;
        if (op->signature->traits.bits & TRAIT_QUANTIZES)
            return true;
        x = NULL;
        operator_each_operand(op, find_first, &x);
    }
    return false;
}

/* What is wrong with a type among the others; NULL: nothing. */
static const char *complaint(enum demand demand, enum dtype first, enum dtype type)
{
    bool half = first == DTYPE_F16 || first == DTYPE_BF16;
    switch (demand) {
    case DEMAND_NONE: return NULL;
    case DEMAND_SAME: return type != first ? "one type is needed" : NULL;
    case DEMAND_FLOAT: return !dtype_is_float(type) && !dtype_is_complex(type) ? "floats are needed" : NULL;
    case DEMAND_STATISTIC:
        if (!dtype_is_float(first))
            return "floats are needed";
        return type != first && !(half && type == DTYPE_F32) ? "one type is needed" : NULL;
    case DEMAND_INDEX: return type != DTYPE_I32 && type != DTYPE_I64 ? "int32 or int64 is needed" : NULL;
    case DEMAND_TRUTH: return type != DTYPE_BOOL ? "bool is needed" : NULL;
    }
    return NULL;
}

bool check_types(struct call *c)
{
    const struct traits *t = &c->op->signature->traits;
    const char *first_key = NULL;
    enum dtype first = DTYPE_NULL;
    for (const char *at = t->demand ? t->demand_keys : ""; *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        const char *key = arena_text(&c->run->arena, at, length);
        enum dtype type = type_of(c, key);
        at += length;
        if (type == DTYPE_NULL ||
            (t->demand == DEMAND_FLOAT && !dtype_is_float(type) && may_be_quantized(c, key)))
            continue;
        if (!first_key) {
            first_key = key;
            first = type;
        }
        const char *text = complaint(t->demand, first, type);
        if (text) {
            wrong(c, "'%s' is %s%s: %s", first_key, dtype_tag(first),
                  type == first ? "" : arena_printf(&c->run->arena, ", '%s' is %s", key, dtype_tag(type)),
                  text);
            return false;
        }
    }
    return true;
}
