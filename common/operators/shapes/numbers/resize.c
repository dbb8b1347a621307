/* resize.c - F.interpolate and its kin, also of a constant: position tables that are fitted to the size of an image.
 *
 * Each axis is resized on its own: an element of the result is a sum of some neighbours, with weights.  Steps
 * and places are rounded to float, as PyTorch has them, so that the same neighbour is the nearest. */
#include <math.h>
#include <string.h>

#include "common/operators/shapes/shape.h"

/* What the code of a row says: where the mode is. */
enum { MODE_IN_ARGUMENT, MODE_IN_TYPE };

static const char *const axis_scales[] = { "scales_d", "scales_h", "scales_w" };

/* ---- shapes ---- */

/* floor(in * scale), as PyTorch computes it: in double. */
static int64_t scaled(struct graph *g, int64_t in, double scale)
{
    double size = floor((double)in * scale);
    int64_t whole = (int64_t)scale;
    if (scale == (double)whole && scale > 0)
        return dim_mul(g, in, whole);
    if (in == DIM_UNKNOWN || scale <= 0 || size > 0x1p53)
        return DIM_UNKNOWN;
    if (dim_known(in))
        return (int64_t)size;
    whole = (int64_t)(1 / scale);
    return 1 / scale == (double)whole ? dim_div_floor(g, in, whole) : dim_scale(g, in, scale);
}

/* The scale of axis `i` of `count`; false: not known. */
static bool interpolate_scale(const struct call *c, const struct value *v, int i, int count, double *out)
{
    struct fact f;
    if (v->kind == VALUE_LIST) {
        if (v->list.count != 1 && v->list.count != (size_t)count)
            return false;
        return interpolate_scale(c, &v->list.items[v->list.count == 1 ? 0 : i], 0, 1, out);
    }
    if (value_number(v, out))
        return true;
    f = value_fact(c, v);
    if (!f.constant || f.constant->count != 1)
        return false;
    *out = element_real(f.constant->dtype, f.constant->data, 0);
    return true;
}

static void shape_interpolate(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    const struct value *scale = arg_value(c, "scale_factor");
    int spatial = x.rank - 2;
    int64_t dims[MAX_RANK], size[MAX_RANK];
    double factor;
    if (x.rank < 3)
        return;
    memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    arg_spatial(c, "size", spatial, DIM_UNKNOWN, size);
    for (int i = 0; i < spatial; i++)
        if (arg_present(c, "size"))
            dims[2 + i] = size[i];
        else if (!scale || !interpolate_scale(c, scale, i, spatial, &factor))
            dims[2 + i] = DIM_UNKNOWN;
        else
            dims[2 + i] = scaled(c->graph, dims[2 + i], factor);
    result(c, 0, x.dtype, x.rank, dims);
}

/* aten::upsample_*: sizes win, else the scales, which have names of their own. */
static void shape_upsample(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t dims[MAX_RANK], size[MAX_RANK];
    int spatial = x.rank - 2;
    double factor;
    if (arg_present(c, "size") || arg_present(c, "scale_factor")) {
        shape_interpolate(c);
        return;
    }
    if (spatial < 1 || spatial > (int)LENGTH(axis_scales))
        return;
    memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    memset(size, 0, sizeof size);
    for (int i = 0; i < spatial; i++) {
        const char *name = spatial == 1 ? "scales" : axis_scales[(int)LENGTH(axis_scales) - spatial + i];
        dims[2 + i] = arg_present(c, name) && arg_real(c, name, 0, &factor)
                          ? scaled(c->graph, dims[2 + i], factor)
                          : DIM_UNKNOWN;
    }
    result(c, 0, x.dtype, x.rank, dims);
}

/* ---- constants ---- */

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
    const struct value *v = arg_value(c, "scale_factor");
    *out = 0;
    if (v && v->kind != VALUE_NONE && !arg_present(c, "size"))
        return arg_bool(c, "recompute_scale_factor", false) || interpolate_scale(c, v, i, count, out);
    if (c->row->code != MODE_IN_TYPE || count > (int)LENGTH(axis_scales))
        return true;
    return arg_real(c, count == 1 ? "scales" : axis_scales[(int)LENGTH(axis_scales) - count + i], 0, out);
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

static bool evaluate_interpolate(struct call *c)
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

/* clang-format off */
static const struct row rows[] = {
    { "interpolate upsample nn.Upsample", shape_interpolate, evaluate_interpolate, MODE_IN_ARGUMENT },
    { "upsample_nearest", shape_interpolate, evaluate_interpolate, MODE_IN_TYPE },
    { "upsample_bilinear nn.UpsamplingNearest2d nn.UpsamplingBilinear2d __interpolate", shape_interpolate, NULL, 0 },
    { "upsample_nearest1d upsample_nearest2d upsample_nearest3d upsample_linear1d upsample_bilinear2d "
      "upsample_bicubic2d upsample_trilinear3d _upsample_nearest_exact1d _upsample_nearest_exact2d "
      "_upsample_nearest_exact3d _upsample_bilinear2d_aa _upsample_bicubic2d_aa", shape_upsample, evaluate_interpolate,
      MODE_IN_TYPE },
};
/* clang-format on */

const struct family family_resize = { rows, LENGTH(rows) };
