/* element.c - see element.h.  Data may lie at any alignment: members of foreign archives are not aligned. */
#include "common/graph/element.h"

#include <string.h>

float half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 1023;
    uint32_t bits;
    if (exponent == 31) {
        bits = sign | 0x7f800000 | fraction << 13;
    } else if (exponent) {
        bits = sign | (exponent + 112) << 23 | fraction << 13;
    } else { /* zero or subnormal: fraction * 2^-24, exact */
        float magnitude = (float)fraction * 0x1p-24f;
        memcpy(&bits, &magnitude, sizeof bits);
        bits |= sign;
    }
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

/* `bits` without its lowest `shift` bits (1 to 31), rounded to nearest, ties to even. */
static uint32_t round_off(uint32_t bits, unsigned shift)
{
    uint32_t half = 1u << (shift - 1), kept = bits >> shift, lost = bits & ((half << 1) - 1);
    return kept + (lost > half || (lost == half && (kept & 1)));
}

uint16_t half_from_float(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    bits &= 0x7fffffff;
    if (bits > 0x7f800000)
        return sign | 0x7e00;
    if (bits >= 0x477ff000) /* 65520: rounds to infinity */
        return sign | 0x7c00;
    if (bits >= 0x38800000) /* normal: a carry from the fraction runs into the exponent, as it should */
        return (uint16_t)(sign | (round_off(bits, 13) - (112u << 10)));
    uint32_t exponent = bits >> 23;
    if (exponent < 102) /* below 2^-25, which rounds to zero */
        return sign;
    return (uint16_t)(sign | round_off((bits & 0x7fffff) | 0x800000, 126 - exponent));
}

float bfloat16_to_float(uint16_t half)
{
    uint32_t bits = (uint32_t)half << 16;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

uint16_t bfloat16_from_float(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    if ((bits & 0x7fffffff) > 0x7f800000)
        return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)round_off(bits, 16);
}

/* Reads one element of the C type `member` at index i of unaligned memory. */
union element {
    float f32;
    double f64;
    uint16_t u16;
    int32_t i32;
    int64_t i64;
    int16_t i16;
    int8_t i8;
    uint8_t u8;
    unsigned char bytes[16];
};

static union element load(enum dtype type, const void *data, size_t i)
{
    union element e = { .i64 = 0 };
    size_t size = dtype_size(type);
    memcpy(e.bytes, (const unsigned char *)data + i * size, size);
    return e;
}

double element_real(enum dtype type, const void *data, size_t i)
{
    union element e = load(type, data, i);
    switch (type) {
    case DTYPE_F32:
    case DTYPE_C64: return e.f32;
    case DTYPE_F64:
    case DTYPE_C128: return e.f64;
    case DTYPE_F16:
    case DTYPE_C32: return half_to_float(e.u16);
    case DTYPE_BF16: return bfloat16_to_float(e.u16);
    default: return (double)element_int(type, data, i);
    }
}

static int64_t saturate(double value)
{
    if (value >= 0x1p63)
        return INT64_MAX;
    if (value < -0x1p63)
        return INT64_MIN;
    return value == value ? (int64_t)value : 0;
}

int64_t element_int(enum dtype type, const void *data, size_t i)
{
    union element e = load(type, data, i);
    switch (type) {
    case DTYPE_I32: return e.i32;
    case DTYPE_I64: return e.i64;
    case DTYPE_I16: return e.i16;
    case DTYPE_I8: return e.i8;
    case DTYPE_U8: return e.u8;
    case DTYPE_BOOL: return e.u8 != 0;
    case DTYPE_NULL:
    case DTYPE_COUNT: return 0;
    default: return saturate(element_real(type, data, i));
    }
}

static void store(enum dtype type, void *data, size_t i, union element e)
{
    size_t size = dtype_size(type);
    memcpy((unsigned char *)data + i * size, e.bytes, size);
}

void element_set_real(enum dtype type, void *data, size_t i, double value)
{
    union element e = { .bytes = { 0 } }; /* the imaginary part is 0 */
    switch (type) {
    case DTYPE_F32:
    case DTYPE_C64: e.f32 = (float)value; break;
    case DTYPE_F64:
    case DTYPE_C128: e.f64 = value; break;
    case DTYPE_F16:
    case DTYPE_C32: e.u16 = half_from_float((float)value); break;
    case DTYPE_BF16: e.u16 = bfloat16_from_float((float)value); break;
    case DTYPE_BOOL: e.u8 = value != 0; break;
    default: element_set_int(type, data, i, saturate(value)); return;
    }
    store(type, data, i, e);
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

void element_set_int(enum dtype type, void *data, size_t i, int64_t value)
{
    union element e = { .i64 = 0 };
    switch (type) {
    case DTYPE_I64: e.i64 = value; break;
    case DTYPE_I32: e.i32 = (int32_t)clamp(value, INT32_MIN, INT32_MAX); break;
    case DTYPE_I16: e.i16 = (int16_t)clamp(value, INT16_MIN, INT16_MAX); break;
    case DTYPE_I8: e.i8 = (int8_t)clamp(value, INT8_MIN, INT8_MAX); break;
    case DTYPE_U8: e.u8 = (uint8_t)clamp(value, 0, UINT8_MAX); break;
    case DTYPE_BOOL: e.u8 = value != 0; break;
    case DTYPE_NULL:
    case DTYPE_COUNT: return;
    default: element_set_real(type, data, i, (double)value); return;
    }
    store(type, data, i, e);
}

void elements_real(enum dtype type, const void *data, size_t first, size_t count, double *out)
{
    const unsigned char *bytes = (const unsigned char *)data + first * dtype_size(type);
    if (type != DTYPE_F32) {
        for (size_t i = 0; i < count; i++)
            out[i] = element_real(type, bytes, i);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        float f;
        memcpy(&f, bytes + i * sizeof f, sizeof f);
        out[i] = f;
    }
}

void elements_set_real(enum dtype type, void *data, size_t first, size_t count, const double *values)
{
    unsigned char *bytes = (unsigned char *)data + first * dtype_size(type);
    if (type != DTYPE_F32) {
        for (size_t i = 0; i < count; i++)
            element_set_real(type, bytes, i, values[i]);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        float f = (float)values[i];
        memcpy(bytes + i * sizeof f, &f, sizeof f);
    }
}

void elements_float(enum dtype type, const void *data, size_t first, size_t count, float *out)
{
    const unsigned char *bytes = (const unsigned char *)data + first * dtype_size(type);
    if (type == DTYPE_F32)
        memcpy(out, bytes, count * sizeof *out);
    else
        for (size_t i = 0; i < count; i++)
            out[i] = (float)element_real(type, bytes, i);
}

/* a where the condition holds, else b, without a branch: compilers make branches of `?:`. */
static uint32_t select_bits(bool condition, uint32_t a, uint32_t b)
{
    uint32_t mask = 0u - condition;
    return (a & mask) | (b & ~mask);
}

/* half_from_float() without branches, so that compilers do several at once: both the normal and the subnormal result
 * are computed.  Adding 0.5 moves a subnormal's fraction to the low bits, rounded to nearest even by the addition. */
static uint16_t half_by_selection(float f)
{
    uint32_t bits, shifted;
    memcpy(&bits, &f, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000;
    bits &= 0x7fffffff;
    float magnitude;
    memcpy(&magnitude, &bits, sizeof magnitude);
    magnitude += 0.5f;
    memcpy(&shifted, &magnitude, sizeof shifted);
    uint32_t subnormal = shifted - 0x3f000000;
    uint32_t normal = (bits - (112u << 23) + 0xfff + (bits >> 13 & 1)) >> 13;
    uint32_t result = select_bits(bits < 0x38800000, subnormal, normal);
    result = select_bits(bits >= 0x477ff000, 0x7c00, result);
    result = select_bits(bits > 0x7f800000, 0x7e00, result);
    return (uint16_t)(sign | result);
}

/* Compiled for wider registers too than the build may assume; the loader takes what the processor has.
 * (Callers in other files cannot call what clang makes of this.) */
#if defined __x86_64__ && defined __GLIBC__ && defined __OPTIMIZE__ && !defined __clang__
void halves_from_floats(uint16_t *halves, const float *floats, size_t count)
    __attribute__((target_clones("avx2", "default")));
bool floats_exceed_half(const float *floats, size_t count) __attribute__((target_clones("avx2", "default")));
#endif

void halves_from_floats(uint16_t *halves, const float *floats, size_t count)
{
    for (size_t i = 0; i < count; i++)
        halves[i] = half_by_selection(floats[i]);
}

bool floats_exceed_half(const float *floats, size_t count)
{
    uint32_t exceed = 0; /* as wide as a float, and no branch: eight at a time */
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &floats[i], sizeof bits);
        bits &= 0x7fffffff;
        exceed |= (bits >= 0x477ff000) & (bits < 0x7f800000);
    }
    return exceed;
}

size_t element_count(int rank, const int64_t *shape)
{
    size_t count = 1;
    for (int i = 0; i < rank; i++)
        count = size_mul(count, (size_t)shape[i]);
    return count;
}
