/* filters.c - the matrices that resize an axis with a filter: where it shrinks, what an element is made of grows wider. */
#include <math.h>

#include "cmd/pnnx2ncnn/functions/weights.h"

#define MOST_FACTORS (1 << 24) /* elements of a matrix */

/* A triangle, and a cubic that is 0 from 2 on. */
static double linear(double x)
{
    return fmax(0, 1 - fabs(x));
}

static double cubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    return x < 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/* One row: the filter around the middle of an element, of which all that lies inside counts 1. */
static void fill_row(float *row, int64_t size, double middle, double scale, double reach,
                     double (*filter)(double))
{
    double wide = fmax(scale, 1), sum = 0;
    double first = fmax(0, floor(middle - reach * wide + 0.5)),
           end = fmin((double)size, floor(middle + reach * wide + 0.5));
    for (int64_t j = (int64_t)first; j < (int64_t)end; j++)
        sum += filter(((double)j - middle + 0.5) / wide);
    for (int64_t j = 0; j < size; j++)
        row[j] = (double)j < first || (double)j >= end || sum == 0
                     ? 0
                     : (float)(filter(((double)j - middle + 0.5) / wide) / sum);
}

/* Size, that of the result, scale (0: that of the sizes), whether the filter is cubic: a row for each element of the result. */
bool filters_resize(struct rule_call *call)
{
    int64_t from = call->a[0].value.integer, to = call->a[1].value.integer;
    double given = call->a[2].value.real;
    bool is_cubic = call->a[3].value.boolean;
    float *data;
    if (from < 1 || to < 1 || from > MOST_FACTORS / to || given < 0)
        return false;
    double scale = given > 0 ? 1 / given : (double)from / (double)to;
    const struct attribute *w = weights_new(call->graph, 2, (int64_t[]){ to, from }, &data);
    for (int64_t i = 0; i < to; i++)
        fill_row(data + i * from, from, scale * ((double)i + 0.5), scale, is_cubic ? 2 : 1,
                 is_cubic ? cubic : linear);
    return rule_give_tensor(call, w);
}
