/* fourier.c - see complex.h: discrete Fourier transforms as products with constant matrices, and of windows that move along
 * a signal as convolutions.
 *
 * A transform of n points is y[k] = scale * sum over j of x[j] * exp(sign * 2 pi i j k / n), with sign -1 forward and 1
 * back.  Its matrix is a layer's weight, n * n numbers, so there is a limit. */
#include <math.h>
#include <string.h>

#include "cmd/pnnx2ncnn/complex.h"
#include "cmd/pnnx2ncnn/edit.h"
#include "common/graph/element.h"

#define RANKS    16
#define PI       3.14159265358979323846
#define ELEMENTS ((int64_t)1 << 24) /* of one matrix */

struct transform {
    const char *type; /* behind "torch.fft." */
    int axes;         /* 1, 2: the last ones unless told; 0: all */
    int sign;
    bool from_real, to_real; /* the last axis only has the first half of a symmetric spectrum */
};

static const struct transform transforms[] = {
    { "fft", 1, -1, false, false },  { "ifft", 1, 1, false, false },  { "rfft", 1, -1, true, false },
    { "irfft", 1, 1, false, true },  { "hfft", 1, -1, false, true },  { "ihfft", 1, 1, true, false },
    { "fft2", 2, -1, false, false }, { "ifft2", 2, 1, false, false }, { "rfft2", 2, -1, true, false },
    { "irfft2", 2, 1, false, true }, { "hfft2", 2, -1, false, true }, { "ihfft2", 2, 1, true, false },
    { "fftn", 0, -1, false, false }, { "ifftn", 0, 1, false, false }, { "rfftn", 0, -1, true, false },
    { "irfftn", 0, 1, false, true }, { "hfftn", 0, -1, false, true }, { "ihfftn", 0, 1, true, false },
};

static const struct transform *find(const struct operator *op)
{
    size_t prefix = strlen("torch.fft.");
    if (strncmp(op->type, "torch.fft.", prefix) != 0)
        return NULL;
    for (size_t i = 0; i < sizeof transforms / sizeof *transforms; i++)
        if (!strcmp(op->type + prefix, transforms[i].type))
            return &transforms[i];
    return NULL;
}

bool fourier_knows(const struct operator *op)
{
    return find(op) != NULL;
}

/* ---- one axis ---- */

/* One transform along one axis. */
struct line {
    int axis, sign;
    int64_t points;  /* n */
    int64_t in, out; /* how many numbers are read and made; those beyond `points` or `in` are zeros */
    double scale;
    bool
        half; /* the input is the first half of a symmetric spectrum: the others are the conjugates of theirs */
};

/* exp(sign * 2 pi i j k / n): its real part, or the imaginary. */
static double root(const struct line *l, int64_t j, int64_t k, bool imaginary)
{
    double angle = 2 * PI * (double)(j * k % l->points) / (double)l->points;
    return imaginary ? l->sign * sin(angle) : cos(angle);
}

/* How often element j of the input stands in the sum. */
static double weight(const struct line *l, int64_t j)
{
    return l->half && j > 0 && 2 * j != l->points ? 2 : 1;
}

static struct operand *transposed(struct operator *op, struct operand *x, int a, int b)
{
    int64_t shape[RANKS];
    if (a == b)
        return x;
    memcpy(shape, x->shape, (size_t)x->rank * sizeof *shape);
    shape[a] = x->shape[b];
    shape[b] = x->shape[a];
    struct operator *t = edit_add(op, "torch.transpose", x);
    operator_set(t, "dim0", value_int(a));
    operator_set(t, "dim1", value_int(b));
    return edit_result(t, x, x->rank, shape);
}

/* A matrix [out, in] times the last axis of x. */
static struct operand *linear(struct operator *op, struct operand *x, const struct line *l, bool imaginary,
                              double sign)
{
    int64_t shape[RANKS], matrix[2] = { l->out, l->in };
    size_t count = (size_t)(l->in * l->out);
    float *data = arena_array(&op->graph->arena, count, sizeof *data);
    int64_t used = l->half ? l->points / 2 + 1 : l->points;
    for (int64_t k = 0; k < l->out; k++)
        for (int64_t j = 0; j < l->in && j < used; j++)
            data[k * l->in + j] = (float)(sign * l->scale * weight(l, j) * root(l, j, k, imaginary));
    struct operator *f = edit_add(op, "nn.Linear", x);
    operator_set(f, "in_features", value_int(l->in));
    operator_set(f, "out_features", value_int(l->out));
    operator_set(f, "bias", value_bool(false));
    operator_add_attribute(f, (struct attribute){ .key = "weight",
                                                  .dtype = DTYPE_F32,
                                                  .rank = 2,
                                                  .shape = matrix,
                                                  .size = count * sizeof *data,
                                                  .data = (const uint8_t *)data });
    memcpy(shape, x->shape, (size_t)x->rank * sizeof *shape);
    shape[x->rank - 1] = l->out;
    return edit_result(f, x, x->rank, shape);
}

/* One part of x, transposed, times the real or imaginary matrix. */
static struct value term(struct operator *op, struct value x, const struct line *l, bool imaginary,
                         double sign)
{
    if (x.kind != VALUE_OPERAND)
        return value_none();
    int last = x.operand->rank - 1;
    struct operand *y = linear(op, transposed(op, x.operand, l->axis, last), l, imaginary, sign);
    return value_operand(transposed(op, y, l->axis, last));
}

static bool transform_line(struct operator *op, const struct line *l, struct parts x, bool to_real,
                           struct parts *y)
{
    bool ok = true;
    if (l->in < 1 || l->out < 1 || l->points < 1 || l->in > ELEMENTS || l->out > ELEMENTS ||
        l->in * l->out > ELEMENTS)
        return false;
    *y = (struct parts){ parts_add(op, term(op, x.re, l, false, 1), term(op, x.im, l, true, -1), &ok),
                         value_none() };
    if (!to_real)
        y->im = parts_add(op, term(op, x.re, l, true, 1), term(op, x.im, l, false, 1), &ok);
    return ok;
}

/* ---- torch.fft.* ---- */

/* The factor for n points that PyTorch's `norm` means. */
static double scale_of(const struct operator *op, int sign, int64_t points)
{
    const char *norm = operator_string(op, "norm", "backward");
    bool forward = sign < 0;
    if (!strcmp(norm, "ortho"))
        return 1 / sqrt((double)points);
    return forward == !strcmp(norm, "forward") ? 1 / (double)points : 1;
}

/* The axes in the order of `dim`, and the points that are asked for (-1: as many as there are); returns how many. */
static int axes_of(const struct operator *op, const struct transform *t, int rank, int64_t *axes,
                   int64_t *points)
{
    const struct value *dim = operator_value(op, "dim"), *s = operator_value(op, t->axes == 1 ? "n" : "s");
    int count = t->axes == 1 ? 1 : dim ? value_get_ints(dim, axes, RANKS) : -1;
    int sizes = t->axes == 1 ? 1 : s ? value_get_ints(s, points, RANKS) : -1;
    if (t->axes == 1) {
        axes[0] = operator_int(op, "dim", -1);
        points[0] = operator_int(op, "n", -1);
    } else if (count < 0) {
        count = sizes >= 0 ? sizes : rank;
        for (int i = 0; i < count; i++)
            axes[i] = i - count;
    }
    for (int i = 0; i < count; i++) {
        axes[i] += axes[i] < 0 ? rank : 0;
        if (axes[i] < 0 || axes[i] >= rank)
            return -1;
        if (sizes < 0)
            points[i] = -1;
    }
    return sizes >= 0 && sizes != count ? -1 : count;
}

static struct line line_of(const struct operator *op, const struct transform *t, const struct operand *x,
                           int64_t axis, int64_t points, bool last)
{
    struct line l = { .axis = (int)axis, .sign = t->sign, .in = x->shape[axis], .half = last && t->to_real };
    l.points = points >= 0 ? points : l.half ? 2 * (l.in - 1) : l.in;
    l.out = last && t->from_real ? l.points / 2 + 1 : l.points;
    l.scale = l.points > 0 ? scale_of(op, t->sign, l.points) : 0;
    return l;
}

bool fourier_transform(struct operator *op, struct parts x, struct parts *y)
{
    const struct transform *t = find(op);
    int64_t axes[RANKS], points[RANKS];
    int rank = x.re.operand->rank;
    int count = rank >= 1 && rank <= RANKS ? axes_of(op, t, rank, axes, points) : -1;
    if (count < 1)
        return false;
    *y = x;
    /* What is real is the last axis: it comes first when the input is, last when the result is. */
    for (int i = 0; i < count; i++) {
        int at = t->from_real ? count - 1 - i : i;
        struct line l = line_of(op, t, y->re.operand, axes[at], points[at], at == count - 1);
        if (y->re.kind != VALUE_OPERAND || !transform_line(op, &l, *y, l.half, y))
            return false;
    }
    return true;
}

/* ---- moving windows ---- */

struct windows {
    int64_t points, hop, bins; /* n_fft, and the numbers of a spectrum that are kept */
    bool center;
    double scale;
    double window[1]; /* points of them */
};

/* The parameters of torch.stft or istft; NULL: the window is no constant, or too large.  In the graph's arena. */
static struct windows *windows_of(const struct operator *op)
{
    int64_t n = operator_int(op, "n_fft", 0), width = operator_int(op, "win_length", n);
    const struct operand *given = operator_operand(op, "window");
    const struct attribute *w = given ? operand_constant(given) : NULL;
    if (n < 2 || n > 4096 || width < 1 || width > n ||
        (given && (!w || w->rank != 1 || w->shape[0] != width)))
        return NULL;
    struct windows *s = arena_alloc(&op->graph->arena, sizeof *s + (size_t)n * sizeof *s->window);
    s->points = n;
    s->hop = operator_int(op, "hop_length", n / 4);
    s->center = operator_bool(op, "center", true);
    s->bins = operator_bool(op, "onesided", true) ? n / 2 + 1 : n;
    s->scale = operator_bool(op, "normalized", false) ? 1 / sqrt((double)n) : 1;
    for (int64_t i = 0; i < width; i++) /* a short window stands in the middle */
        s->window[(n - width) / 2 + i] = w ? element_real(w->dtype, w->data, (size_t)i) : 1;
    return s->hop < 1 ? NULL : s;
}

static struct operand *reshaped(struct operator *op, struct operand *x, int64_t a, int64_t b, int64_t c)
{
    return edit_reshape(op, x, 3, (const int64_t[]){ a, b, c });
}

/* A convolution along time whose kernels [bins, 1, points] are `data`: forward, or transposed. */
static struct operand *convolved(struct operator *op, struct operand *x, const struct windows *s,
                                 const float *data, bool back)
{
    const int64_t kernel[3] = { s->bins, 1, s->points };
    int64_t frames = back ? (x->shape[2] - 1) * s->hop + s->points : (x->shape[2] - s->points) / s->hop + 1;
    const int64_t shape[3] = { x->shape[0], back ? 1 : s->bins, frames };
    struct operator *f = edit_add(op, back ? "nn.ConvTranspose1d" : "nn.Conv1d", x);
    static const char *const ones[] = { "stride", "dilation", "kernel_size", "padding", "output_padding" };
    const int64_t sizes[] = { s->hop, 1, s->points, 0, 0 };
    for (size_t i = 0; i < (back ? 5 : 4); i++)
        operator_set(f, ones[i], value_ints(&op->graph->arena, &sizes[i], 1));
    operator_set(f, "in_channels", value_int(back ? s->bins : 1));
    operator_set(f, "out_channels", value_int(back ? 1 : s->bins));
    operator_set(f, "groups", value_int(1));
    operator_set(f, "bias", value_bool(false));
    operator_set(f, "padding_mode", value_string("zeros"));
    operator_add_attribute(f, (struct attribute){ .key = "weight",
                                                  .dtype = DTYPE_F32,
                                                  .rank = 3,
                                                  .shape = kernel,
                                                  .size = (size_t)(s->bins * s->points) * sizeof *data,
                                                  .data = (const uint8_t *)data });
    return edit_result(f, x, 3, shape);
}

/* Window times root of unity, for a forward transform; or the way back, which reads the first half of a spectrum. */
static struct value spectrum(struct operator *op, struct operand *x, const struct windows *s, bool imaginary,
                             bool back)
{
    struct line l = { .sign = -1, .points = s->points, .half = back };
    float *data = arena_array(&op->graph->arena, (size_t)(s->bins * s->points), sizeof *data);
    for (int64_t k = 0; k < (back ? s->points / 2 + 1 : s->bins); k++)
        for (int64_t j = 0; j < s->points; j++)
            data[k * s->points + j] =
                (float)(s->scale * weight(&l, k) * s->window[j] * root(&l, j, k, imaginary));
    return value_operand(convolved(op, x, s, data, back));
}

static struct operand *padded(struct operator *op, struct operand *x, int64_t by)
{
    const int64_t pads[2] = { by, by }, shape[3] = { x->shape[0], x->shape[1], x->shape[2] + 2 * by };
    struct operator *pad = edit_add(op, "F.pad", x);
    operator_set(pad, "pad", value_ints(&op->graph->arena, pads, 2));
    operator_set(pad, "mode", value_string(operator_string(op, "pad_mode", "reflect")));
    return edit_result(pad, x, 3, shape);
}

bool fourier_stft(struct operator *op, struct parts x, struct parts *y)
{
    struct operand *signal = x.re.operand;
    const struct operand *z = op->outputs[0];
    const struct windows *s = windows_of(op);
    int rank = signal->rank;
    if (!s || x.im.kind != VALUE_NONE || rank < 1 || rank > 2 || signal->shape[rank - 1] < 1 ||
        signal->shape[0] < 1 || operator_bool(op, "align_to_window", false))
        return false;
    struct operand *rows = reshaped(op, signal, rank == 2 ? signal->shape[0] : 1, 1, signal->shape[rank - 1]);
    if (s->center)
        rows = padded(op, rows, s->points / 2);
    if (rows->shape[2] < s->points)
        return false;
    *y = (struct parts){ spectrum(op, rows, s, false, false), spectrum(op, rows, s, true, false) };
    int real = z->rank - !dtype_is_complex(z->dtype);
    y->re = value_operand(edit_reshape(op, y->re.operand, real, z->shape));
    y->im = value_operand(edit_reshape(op, y->im.operand, real, z->shape));
    return true;
}

/* 1 / the sum of the squared windows over each sample of [from, from + count). */
static struct operand *envelope(struct operator *op, const struct windows *s, int64_t frames, int64_t from,
                                int64_t count)
{
    float *data;
    struct operand *y = parts_constant(op, 3, (const int64_t[]){ 1, 1, count }, &data);
    for (int64_t i = 0; i < count; i++) {
        double sum = 0;
        for (int64_t f = 0; f < frames; f++) {
            int64_t j = from + i - f * s->hop;
            sum += j >= 0 && j < s->points ? s->window[j] * s->window[j] : 0;
        }
        data[i] = sum > 1e-11 ? (float)(1 / sum) : 0;
    }
    return y;
}

static struct operand *sliced(struct operator *op, struct operand *x, int64_t from, int64_t count)
{
    const int64_t shape[3] = { x->shape[0], x->shape[1], count };
    struct operator *slice = edit_add(op, "Tensor.slice", x);
    operator_set(slice, "dim", value_int(2));
    operator_set(slice, "start", value_int(from));
    operator_set(slice, "end", value_int(from + count));
    operator_set(slice, "step", value_int(1));
    return edit_result(slice, x, 3, shape);
}

bool fourier_istft(struct operator *op, struct parts x, struct parts *y)
{
    struct operand *z = x.re.operand;
    const struct operand *result = op->outputs[0];
    struct windows *s = windows_of(op);
    int rank = z->rank;
    bool ok = true;
    if (!s || rank < 2 || rank > 3 || z->shape[rank - 1] < 1 || z->shape[rank - 2] != s->bins ||
        z->shape[0] < 1 || dtype_is_complex(result->dtype) || result->rank < 1)
        return false;
    int64_t batch = rank == 3 ? z->shape[0] : 1, frames = z->shape[rank - 1];
    int64_t from = s->center ? s->points / 2 : 0, count = result->shape[result->rank - 1];
    if (count < 1 || from + count > (frames - 1) * s->hop + s->points)
        return false;
    s->scale = 1 / (s->scale * (double)s->points);
    struct value re = spectrum(op, reshaped(op, z, batch, s->bins, frames), s, false, true),
                 im = value_none();
    if (x.im.kind == VALUE_OPERAND)
        im = spectrum(op, reshaped(op, x.im.operand, batch, s->bins, frames), s, true, true);
    struct operand *sum = sliced(op, parts_add(op, re, im, &ok).operand, from, count);
    struct value scaled =
        parts_multiply(op, value_operand(sum), value_operand(envelope(op, s, frames, from, count)), &ok);
    *y = (struct parts){ value_operand(edit_reshape(op, scaled.operand, result->rank, result->shape)),
                         value_none() };
    return ok;
}
