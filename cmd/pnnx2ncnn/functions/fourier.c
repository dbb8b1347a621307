/* fourier.c - the functions that complex.rules calls: parts of complex numbers, and the matrices of Fourier transforms.
 *
 * A transform of n points is y[k] = scale * sum over j of x[j] * exp(sign * 2 pi i j k / n).  Its matrix is a layer's
 * weight, n * n numbers, so there is a limit. */
#include <math.h>
#include <string.h>

#include "cmd/pnnx2ncnn/functions/weights.h"
#include "common/graph/element.h"

#define PI       3.14159265358979323846
#define ELEMENTS ((int64_t)1 << 24) /* of one matrix */

/* ---- parts of complex numbers ---- */

/* True of a complex number, and of a tensor of them. */
bool complex_value(struct rule_call *call)
{
    const struct value *v = &call->a[0].value;
    bool complex = v->kind == VALUE_OPERAND ? dtype_is_complex(v->operand->dtype) : v->kind == VALUE_COMPLEX;
    return rule_give(call, value_bool(complex));
}

static bool number_part(struct rule_call *call, const struct value *v, bool imaginary)
{
    if (v->kind != VALUE_COMPLEX)
        return false;
    return rule_give(call, value_float(imaginary ? v->complex.im : v->complex.re));
}

bool complex_real_of(struct rule_call *call)
{
    return number_part(call, &call->a[0].value, false);
}

bool complex_imag_of(struct rule_call *call)
{
    return number_part(call, &call->a[0].value, true);
}

/* Zero, a constant tensor of zeros, or a product with one: what an imaginary part is that a real tensor does not have. */
static bool is_zeros(const struct value *v)
{
    double number;
    while (v && v->kind == VALUE_OPERAND && operator_is(v->operand->producer, "torch.mul"))
        v = operator_get(v->operand->producer, "other");
    const struct attribute *w = v && v->kind == VALUE_OPERAND ? operand_constant(v->operand) : NULL;
    if (!w)
        return v && value_number(v, &number) && number == 0;
    bool zeros = dtype_is_float(w->dtype);
    for (size_t i = 0; zeros && i < element_count(w->rank, w->shape); i++)
        zeros = element_real(w->dtype, w->data, i) == 0;
    return zeros;
}

bool complex_zeros(struct rule_call *call)
{
    return rule_give(call, value_bool(is_zeros(&call->a[0].value)));
}

/* A tensor of one part of each element, half as wide. */
static bool tensor_part(struct rule_call *call, const struct attribute *w, size_t part)
{
    if (!dtype_is_complex(w->dtype))
        return false;
    struct attribute *half = arena_copy(&call->graph->arena, w, sizeof *w);
    half->dtype = dtype_to_real(w->dtype);
    half->has_crc = false;
    half->size = w->size / 2;
    size_t size = dtype_size(half->dtype), elements = element_count(w->rank, w->shape);
    uint8_t *data = arena_array(&call->graph->arena, elements ? elements : 1, size);
    for (size_t i = 0; i < elements; i++)
        memcpy(data + i * size, w->data + (2 * i + part) * size, size);
    half->data = data;
    return rule_give_tensor(call, half);
}

bool complex_real_parts(struct rule_call *call)
{
    return tensor_part(call, call->a[0].tensor, 0);
}

bool complex_imag_parts(struct rule_call *call)
{
    return tensor_part(call, call->a[0].tensor, 1);
}

/* ---- matrices ---- */

/* points, rows, columns, scale, half: element (k, j) is scale * wave(2 pi j k / points).  Columns behind the points are
 * zeros: what is read there does not count.  With half the columns are the first half of a symmetric spectrum, and those
 * that stand for two count twice. */
static bool waves(struct rule_call *call, double (*wave)(double angle))
{
    int64_t points = call->a[0].value.integer,
            shape[2] = { call->a[1].value.integer, call->a[2].value.integer };
    double scale = call->a[3].value.real;
    bool half = call->a[4].value.boolean;
    float *data;
    if (points < 1 || shape[0] < 1 || shape[1] < 1 || shape[0] > ELEMENTS / shape[1] || points > ELEMENTS)
        return false;
    const struct attribute *w = weights_new(call->graph, 2, shape, &data);
    int64_t used = half ? points / 2 + 1 : points;
    for (int64_t k = 0; k < shape[0]; k++)
        for (int64_t j = 0; j < shape[1]; j++) {
            double angle = 2 * PI * (double)(j * k % points) / (double)points;
            double times = half && j > 0 && 2 * j != points ? 2 : 1;
            data[k * shape[1] + j] = j < used ? (float)(scale * times * wave(angle)) : 0;
        }
    return rule_give_tensor(call, w);
}

bool fourier_cosines(struct rule_call *call)
{
    return waves(call, cos);
}

bool fourier_sines(struct rule_call *call)
{
    return waves(call, sin);
}

/* ---- windows ---- */

/* A window (NULL: ones) of `width` numbers, which stands in the middle of `points`. */
struct window {
    const struct attribute *w;
    int64_t width, points;
};

static bool fits(const struct window *s)
{
    return s->width >= 1 && s->width <= s->points &&
           (!s->w || (s->w->rank == 1 && s->w->shape[0] == s->width && !dtype_is_complex(s->w->dtype)));
}

static double window_at(const struct window *s, int64_t j)
{
    int64_t i = j - (s->points - s->width) / 2;
    if (i < 0 || i >= s->width)
        return 0;
    return s->w ? element_real(s->w->dtype, s->w->data, (size_t)i) : 1;
}

/* matrix, window, its width: each row times the window. */
bool fourier_windowed(struct rule_call *call)
{
    const struct attribute *matrix = call->a[0].tensor;
    const struct window s = { call->a[1].tensor, call->a[2].value.integer, matrix->shape[1] };
    float *data;
    if (!fits(&s))
        return false;
    const struct attribute *w = weights_new(call->graph, 2, matrix->shape, &data);
    for (int64_t k = 0; k < matrix->shape[0]; k++)
        for (int64_t j = 0; j < s.points; j++) {
            size_t at = (size_t)(k * s.points + j);
            data[at] = (float)(element_real(matrix->dtype, matrix->data, at) * window_at(&s, j));
        }
    return rule_give_tensor(call, w);
}

/* window, width, points, hop, frames, from, size: 1 / the sum of the squared windows over each sample from `from` on. */
bool fourier_envelope(struct rule_call *call)
{
    const struct window s = { call->a[0].tensor, call->a[1].value.integer, call->a[2].value.integer };
    int64_t hop = call->a[3].value.integer, frames = call->a[4].value.integer,
            from = call->a[5].value.integer;
    int64_t shape[3] = { 1, 1, call->a[6].value.integer };
    float *data;
    if (!fits(&s) || hop < 1 || shape[2] < 1 || shape[2] > ELEMENTS)
        return false;
    const struct attribute *w = weights_new(call->graph, 3, shape, &data);
    for (int64_t i = 0; i < shape[2]; i++) {
        double sum = 0;
        for (int64_t f = 0; f < frames; f++) {
            double one = window_at(&s, from + i - f * hop);
            sum += one * one;
        }
        data[i] = sum > 1e-11 ? (float)(1 / sum) : 0;
    }
    return rule_give_tensor(call, w);
}
