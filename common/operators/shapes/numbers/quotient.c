/* quotient.c - floats that are computed from sizes: h / 2, 0.7 * w.
 *
 * They are sizes again once they are rounded, and exact as long as only whole numbers and their halves, quarters ... are
 * involved; a product with another float is a dimension of its own (dim_scale()). */
#include <math.h>

#include "common/operators/shapes/shape.h"

#define PARTS 1024 /* numbers with so many parts are quotients of whole ones */

static bool is_whole(double f)
{
    return f == floor(f) && fabs(f) < 0x1p31;
}

static struct quotient quotient_of(struct graph *g, double f)
{
    bool parts = !is_whole(f) && is_whole(f * PARTS);
    if (is_whole(f) || parts)
        return (struct quotient){ dim_int(g, (int64_t)(parts ? f * PARTS : f)), parts ? PARTS : 1, 1 };
    return (struct quotient){ 1, 1, f };
}

/* What is known of an argument as a quotient: of a size, of what is computed from one, of a number. */
static bool arg_quotient(const struct call *c, const char *key, struct quotient *q)
{
    struct fact f = arg_fact(c, key);
    int64_t size = arg_size(c, key, DIM_UNKNOWN);
    double number;
    if (!f.present || !f.number)
        return false;
    if (f.quotient)
        *q = *f.quotient;
    else if (size != DIM_UNKNOWN)
        *q = (struct quotient){ size, 1, 1 };
    else if (arg_real(c, key, 0, &number))
        *q = quotient_of(c->graph, number);
    else
        return false;
    return true;
}

static bool multiply(struct graph *g, struct quotient *a, const struct quotient *b)
{
    a->top = dim_mul(g, a->top, b->top);
    a->factor *= b->factor;
    return int_mul(a->over, b->over, &a->over);
}

static bool divide(struct graph *g, struct quotient *a, const struct quotient *b)
{
    int64_t number;
    if (!dim_constant(g, b->top, &number) || number < 1)
        return false;
    return multiply(g, a, &(struct quotient){ b->over, number, 1 / b->factor });
}

/* a + b, or a - b. */
static bool add(struct graph *g, struct quotient *a, const struct quotient *b, bool minus)
{
    int64_t first = dim_mul(g, a->top, b->over), second = dim_mul(g, b->top, a->over);
    a->top = minus ? dim_sub(g, first, second) : dim_add(g, first, second);
    return a->factor == 1 && b->factor == 1 && int_mul(a->over, b->over, &a->over);
}

static void give(struct call *c, const struct quotient *q)
{
    int64_t exact = q->factor == 1 ? dim_div_exact(c->graph, q->top, q->over) : DIM_UNKNOWN;
    c->results[0].quotient = arena_copy(&c->run->arena, q, sizeof *q);
    if (exact != DIM_UNKNOWN)
        c->results[0].sizes = arena_copy(&c->run->arena, &exact, sizeof exact);
}

bool evaluate_quotient(struct call *c, enum quotient_step step)
{
    struct graph *g = c->graph;
    struct quotient a, b;
    if (!arg_quotient(c, "input", &a) || !arg_quotient(c, "other", &b))
        return false;
    bool known = step == QUOTIENT_MUL   ? multiply(g, &a, &b)
                 : step == QUOTIENT_DIV ? divide(g, &a, &b)
                                        : add(g, &a, &b, step == QUOTIENT_SUB);
    known = known && a.top != DIM_UNKNOWN && a.factor > 0;
    if (known)
        give(c, &a);
    return known;
}

/* The whole number at or below, or at or above. */
static int64_t rounded(struct graph *g, const struct quotient *q, bool up)
{
    if (q->factor == 1)
        return dim_div_floor(g, up ? dim_add(g, q->top, q->over - 1) : q->top, q->over);
    int64_t size = dim_scale(g, up ? dim_sub(g, 0, q->top) : q->top, q->factor / (double)q->over);
    return up ? dim_sub(g, 0, size) : size;
}

bool round_quotient(struct call *c, enum rounding rounding)
{
    struct quotient q;
    if (!arg_quotient(c, "input", &q) || (rounding == ROUND_TO_ZERO && !dim_not_negative(c->graph, q.top)))
        return false;
    int64_t size = rounded(c->graph, &q, rounding == ROUND_UP);
    if (size == DIM_UNKNOWN)
        return false;
    if (c->results[0].dtype == DTYPE_I64)
        result_size(c, 0, size);
    else
        give(c, &(struct quotient){ size, 1, 1 });
    return true;
}
