/* series.c - numbers by their place in a row: steps between two ends, windows, frequencies, places of a triangle. */
#include <math.h>

#include "common/operators/shapes/shape.h"

#define PI 3.14159265358979323846

/* The elements of the result, each from its place. */
static bool evaluate_at(struct call *c, double (*at)(const struct call *c, int64_t i, int64_t count))
{
    const struct fact *f = &c->results[0];
    uint8_t *data;
    struct tensor *out =
        dtype_is_float(f->dtype) ? tensor_new(c, f->dtype, f->rank, f->dims, false, &data) : NULL;
    for (int64_t i = 0; out && i < out->count; i++)
        element_set_real(out->dtype, data, (size_t)i, at(c, i, out->count));
    if (out)
        result_constant(c, 0, out);
    return out;
}

/* ---- linspace, logspace ---- */

static void shape_linspace(struct call *c)
{
    int64_t steps = arg_size(c, "steps", 100);
    result(c, 0, arg_dtype(c, "dtype", DTYPE_F32), 1, &steps);
}

/* From both ends, in the type of the result, each product and sum rounded once: as PyTorch does. */
static double linspace_at(enum dtype dtype, double start, double end, int64_t i, int64_t count)
{
    int64_t rest = count - 1 - i;
    if (count == 1)
        return start;
    if (dtype == DTYPE_F64) {
        double step = (end - start) / (double)(count - 1);
        return i < count / 2 ? fma(step, (double)i, start) : fma(-step, (double)rest, end);
    }
    float step = ((float)end - (float)start) / (float)(count - 1);
    return i < count / 2 ? fmaf(step, (float)i, (float)start) : fmaf(-step, (float)rest, (float)end);
}

/* The code: powers of a base. */
static double step_at(const struct call *c, int64_t i, int64_t count)
{
    double start = 0, end = 0, base = 10;
    arg_real(c, "start", 0, &start);
    arg_real(c, "end", 0, &end);
    arg_real(c, "base", 10, &base);
    return c->row->code ? pow(base, linspace_at(DTYPE_F64, start, end, i, count))
                        : linspace_at(c->results[0].dtype, start, end, i, count);
}

static bool evaluate_linspace(struct call *c)
{
    double number;
    return arg_real(c, "start", 0, &number) && arg_real(c, "end", 0, &number) &&
           arg_real(c, "base", 10, &number) && evaluate_at(c, step_at);
}

/* ---- windows ---- */

enum window { WINDOW_HANN, WINDOW_HAMMING, WINDOW_BLACKMAN, WINDOW_BARTLETT, WINDOW_KAISER };

static void shape_window(struct call *c)
{
    int64_t length = arg_size(c, "window_length", DIM_UNKNOWN);
    result(c, 0, arg_dtype(c, "dtype", DTYPE_F32), 1, &length);
}

/* The modified Bessel function of the first kind, of order 0. */
static double bessel_i0(double x)
{
    double term = 1, sum = 1;
    for (int k = 1; k < 500 && term > sum * 1e-17; k++) {
        term *= x / 2 / k * (x / 2 / k);
        sum += term;
    }
    return sum;
}

/* A periodic window is one that is longer by one, without its last element. */
static double window_at(const struct call *c, int64_t i, int64_t count)
{
    double last = (double)(arg_bool(c, "periodic", true) ? count : count - 1), x = (double)i / last,
           hamming = c->row->code == WINDOW_HAMMING, alpha = hamming ? 0.54 : 0.5,
           beta = hamming ? 0.46 : 0.5, shape = 12;
    arg_real(c, "alpha", alpha, &alpha);
    arg_real(c, "beta", beta, &beta);
    arg_real(c, "beta", shape, &shape);
    if (count == 1)
        return 1;
    switch ((enum window)c->row->code) {
    case WINDOW_BLACKMAN: return 0.42 - 0.5 * cos(2 * PI * x) + 0.08 * cos(4 * PI * x);
    case WINDOW_BARTLETT: return 1 - fabs(2 * x - 1);
    case WINDOW_KAISER:
        return bessel_i0(shape * sqrt(fmax(0, 1 - (2 * x - 1) * (2 * x - 1)))) / bessel_i0(shape);
    default: return alpha - beta * cos(2 * PI * x);
    }
}

static bool evaluate_window(struct call *c)
{
    double number;
    return arg_real(c, "alpha", 0, &number) && arg_real(c, "beta", 0, &number) && evaluate_at(c, window_at);
}

/* ---- frequencies ---- */

/* The code: of real signals, up to half. */
static void shape_frequencies(struct call *c)
{
    int64_t n = arg_size(c, "n", DIM_UNKNOWN);
    if (c->row->code)
        n = dim_add(c->graph, dim_div_floor(c->graph, n, 2), 1);
    result(c, 0, arg_dtype(c, "dtype", DTYPE_F32), 1, &n);
}

static double frequency_at(const struct call *c, int64_t i, int64_t count)
{
    int64_t n = count;
    double distance = 1;
    arg_int(c, "n", count, &n);
    arg_real(c, "d", 1, &distance);
    return (double)(c->row->code || i < (n + 1) / 2 ? i : i - n) / ((double)n * distance);
}

static bool evaluate_frequencies(struct call *c)
{
    int64_t n;
    double distance;
    return arg_int(c, "n", 0, &n) && n > 0 && arg_real(c, "d", 1, &distance) && distance != 0 &&
           evaluate_at(c, frequency_at);
}

/* ---- triangles ---- */

/* What a triangle is of: false when that is not known. */
struct triangle {
    int64_t rows, columns, offset;
};

static bool triangle_of(const struct call *c, struct triangle *t)
{
    return arg_int(c, "row", 0, &t->rows) && arg_int(c, "col", 0, &t->columns) &&
           arg_int(c, "offset", 0, &t->offset) && t->rows >= 0 && t->rows < 1000000 && t->columns >= 0 &&
           t->columns < 1000000;
}

/* The places of a row: from, and behind the last one.  The code: those on or above the diagonal, else on or below. */
static void row_places(const struct call *c, const struct triangle *t, int64_t row, int64_t *from,
                       int64_t *to)
{
    int64_t edge = row + t->offset + (c->row->code ? 0 : 1);
    edge = edge < 0 ? 0 : edge > t->columns ? t->columns : edge;
    *from = c->row->code ? edge : 0;
    *to = c->row->code ? t->columns : edge;
}

static void shape_triangle(struct call *c)
{
    int64_t dims[2] = { 2, DIM_UNKNOWN }, from, to;
    struct triangle t;
    if (triangle_of(c, &t)) {
        dims[1] = 0;
        for (int64_t row = 0; row < t.rows; row++) {
            row_places(c, &t, row, &from, &to);
            dims[1] += to - from;
        }
    }
    result(c, 0, arg_dtype(c, "dtype", DTYPE_I64), 2, dims);
}

static bool evaluate_triangle(struct call *c)
{
    const struct fact *f = &c->results[0];
    struct triangle t;
    uint8_t *data;
    int64_t at = 0, from, to;
    struct tensor *out = triangle_of(c, &t) && dtype_is_integer(f->dtype)
                             ? tensor_new(c, f->dtype, f->rank, f->dims, false, &data)
                             : NULL;
    for (int64_t row = 0; out && row < t.rows; row++) {
        row_places(c, &t, row, &from, &to);
        for (int64_t column = from; column < to; column++, at++) {
            store_int(data, out->dtype, at, row);
            store_int(data, out->dtype, f->dims[1] + at, column);
        }
    }
    if (out)
        result_constant(c, 0, out);
    return out;
}

/* clang-format off */
static const struct row rows[] = {
    { "linspace", shape_linspace, evaluate_linspace, 0 },
    { "logspace", shape_linspace, evaluate_linspace, 1 },
    { "hann_window", shape_window, evaluate_window, WINDOW_HANN },
    { "hamming_window", shape_window, evaluate_window, WINDOW_HAMMING },
    { "blackman_window", shape_window, evaluate_window, WINDOW_BLACKMAN },
    { "bartlett_window", shape_window, evaluate_window, WINDOW_BARTLETT },
    { "kaiser_window", shape_window, evaluate_window, WINDOW_KAISER },
    { "fft.fftfreq fft_fftfreq", shape_frequencies, evaluate_frequencies, 0 },
    { "fft.rfftfreq fft_rfftfreq", shape_frequencies, evaluate_frequencies, 1 },
    { "tril_indices", shape_triangle, evaluate_triangle, 0 },
    { "triu_indices", shape_triangle, evaluate_triangle, 1 },
};
/* clang-format on */

const struct family family_series = { rows, LENGTH(rows) };
