/* resize.c - F.interpolate of a constant: position tables that are fitted to the size of an image.
 *
 * Each axis is resized on its own: an element of the result is a sum of some neighbours, with weights.  Steps
 * and places are rounded to float, as PyTorch has them, so that the same neighbour is the nearest. */
#include <math.h>
#include <string.h>

#include "common/operators/shapes/shape.h"

/* What one axis becomes. */
struct resize {
    const char *mode;
    int64_t in, out;
    float scale;        /* of a step in the result, in the operand */
    bool align_corners; /* the outermost elements stay where they are */
    bool antialias;     /* neighbours are weighed over the whole step */
};

/* The neighbours first, first + 1 ... of one element; those outside of the operand mean its outermost elements. */
struct taps {
    int64_t first, count;
    double weights[64];
};

static bool mode_is(const struct resize *r, const char *mode)
{
    return strcmp(r->mode, mode) == 0;
}

static bool is_cubic(const struct resize *r)
{
    return mode_is(r, "bicubic");
}

/* Keys' cubic, for a distance. */
static double cubic(double x, double a)
{
    x = fabs(x);
    if (x < 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static void taps_nearest(const struct resize *r, int64_t i, struct taps *t)
{
    float place = mode_is(r, "nearest") ? (float)i * r->scale : ((float)i + 0.5f) * r->scale;
    t->first = (int64_t)floorf(place);
    t->count = 1;
    t->weights[0] = 1;
}

static void taps_interpolated(const struct resize *r, int64_t i, struct taps *t)
{
    double exact = r->align_corners ? (double)i * r->scale : ((double)i + 0.5) * r->scale - 0.5;
    float place = (float)exact, rest;
    if (!is_cubic(r) && place < 0)
        place = 0;
    t->first = (int64_t)floorf(place);
    rest = place - (float)t->first;
    t->count = is_cubic(r) ? 4 : 2;
    t->first -= is_cubic(r);
    for (int64_t k = 0; k < t->count; k++)
        t->weights[k] = is_cubic(r) ? cubic((double)(k - 1) - (double)rest, -0.75) : k ? rest : 1 - rest;
}

/* False: more neighbours than there is room for. */
static bool taps_antialiased(const struct resize *r, int64_t i, struct taps *t)
{
    double scale = r->scale, wide = scale > 1 ? scale : 1, sum = 0;
    double reach = (is_cubic(r) ? 2 : 1) * wide, middle = scale * ((double)i + 0.5);
    int64_t last = (int64_t)(middle + reach + 0.5);
    t->first = middle - reach + 0.5 > 0 ? (int64_t)(middle - reach + 0.5) : 0;
    t->count = (last < r->in ? last : r->in) - t->first;
    if (t->count < 1 || (size_t)t->count > LENGTH(t->weights))
        return false;
    for (int64_t k = 0; k < t->count; k++) {
        double x = ((double)(k + t->first) - middle + 0.5) / wide;
        t->weights[k] = is_cubic(r) ? cubic(x, -0.5) : fabs(x) < 1 ? 1 - fabs(x) : 0;
        sum += t->weights[k];
    }
    for (int64_t k = 0; k < t->count; k++)
        t->weights[k] /= sum;
    return true;
}

static bool taps_of(const struct resize *r, int64_t i, struct taps *t)
{
    if (r->antialias)
        return taps_antialiased(r, i, t);
    if (mode_is(r, "nearest") || mode_is(r, "nearest-exact"))
        taps_nearest(r, i, t);
    else
        taps_interpolated(r, i, t);
    return true;
}

/* The tensor with `axis` resized; NULL: not possible. */
static const struct tensor *resize_axis(struct call *c, const struct tensor *x, int axis,
                                        const struct resize *r)
{
    int64_t dims[MAX_RANK], outer = 1, inner = 1;
    uint8_t *data;
    struct tensor *out;
    struct taps t;
    memcpy(dims, x->dims, (size_t)x->rank * sizeof *dims);
    dims[axis] = r->out;
    out = tensor_new(c, DTYPE_F64, x->rank, dims, x->weight, &data);
    for (int i = 0; i < x->rank; i++)
        *(i < axis ? &outer : &inner) *= i == axis ? 1 : dims[i];
    for (int64_t i = 0; out && i < r->out; i++) {
        if (!taps_of(r, i, &t))
            return NULL;
        for (int64_t at = 0; at < outer * inner; at++) {
            double sum = 0;
            for (int64_t k = 0; k < t.count; k++) {
                int64_t from = t.first + k < 0 ? 0 : t.first + k < r->in ? t.first + k : r->in - 1;
                from = (at / inner * r->in + from) * inner + at % inner;
                sum += t.weights[k] * element_real(x->dtype, x->data, (size_t)from);
            }
            element_set_real(DTYPE_F64, data, (size_t)((at / inner * r->out + i) * inner + at % inner), sum);
        }
    }
    return out;
}

/* The step of an axis: of the sizes, or of a scale that was given and is not to be computed anew. */
static float step_of(const struct resize *r, double given)
{
    if (r->align_corners)
        return r->out > 1 ? (float)(r->in - 1) / (float)(r->out - 1) : 0;
    return given > 0 ? (float)(1 / given) : (float)r->in / (float)r->out;
}

/* The scale that is given for an axis; 0: none.  False: not known.  aten has names for each axis, too. */
static bool scale_given(const struct call *c, int i, int count, double *out)
{
    static const char *const names[] = { "scales_d", "scales_h", "scales_w" };
    const struct value *v = arg_value(c, "scale_factor");
    *out = 0;
    if (v && v->kind != VALUE_NONE && !arg_present(c, "size"))
        return arg_bool(c, "recompute_scale_factor", false) || interpolate_scale(c, v, i, count, out);
    if (c->row->code != MODE_IN_TYPE || count > (int)LENGTH(names))
        return true;
    return arg_real(c, count == 1 ? "scales" : names[(int)LENGTH(names) - count + i], 0, out);
}

/* aten::_upsample_bicubic2d_aa says its mode in its name. */
static const char *mode_of(const struct call *c)
{
    const char *type = c->op->type;
    if (c->row->code != MODE_IN_TYPE)
        return arg_text(c, "mode", "nearest");
    return strstr(type, "nearest_exact") ? "nearest-exact"
           : strstr(type, "nearest")     ? "nearest"
           : strstr(type, "bicubic")     ? "bicubic"
                                         : "linear";
}

static bool known_mode(const char *mode)
{
    static const char *const modes[] = { "nearest",  "nearest-exact", "linear",
                                         "bilinear", "trilinear",     "bicubic" };
    for (size_t i = 0; i < LENGTH(modes); i++)
        if (strcmp(mode, modes[i]) == 0)
            return true;
    return false;
}

bool evaluate_interpolate(struct call *c)
{
    const struct tensor *x = arg_constant(c, "input");
    const struct fact *f = &c->results[0];
    struct resize r = { .mode = mode_of(c), .align_corners = arg_bool(c, "align_corners", false) };
    double scale;
    r.antialias = arg_bool(c, "antialias", c->row->code == MODE_IN_TYPE && strstr(c->op->type, "_aa"));
    if (!x || f->rank != x->rank || x->count == 0 || !dtype_is_float(x->dtype) || !known_mode(r.mode))
        return false;
    for (int i = 2; x && i < f->rank; i++) {
        r.in = x->dims[i];
        if (!dim_constant(c->graph, f->dims[i], &r.out) || r.out < 1 ||
            !scale_given(c, i - 2, f->rank - 2, &scale))
            return false;
        r.scale = step_of(&r, scale);
        x = resize_axis(c, x, i, &r);
    }
    x = x ? tensor_cast(c, x, f->dtype) : NULL;
    if (x)
        result_constant(c, 0, x);
    return x != NULL;
}
