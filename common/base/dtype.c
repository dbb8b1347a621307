/* dtype.c - one table of names, and torch's promotion. */
#include "common/base/dtype.h"

#include <string.h>

static const struct {
    const char *tag, *torch, *torch_also, *numpy;
    unsigned char size;
    signed char scalar_type; /* torch's number */
} types[DTYPE_COUNT] = {
    [DTYPE_NULL] = { "null", NULL, NULL, NULL, 0, -1 },
    [DTYPE_F32] = { "f32", "torch.float", "torch.float32", "float32", 4, 6 },
    [DTYPE_F64] = { "f64", "torch.double", "torch.float64", "float64", 8, 7 },
    [DTYPE_F16] = { "f16", "torch.half", "torch.float16", "float16", 2, 5 },
    [DTYPE_I32] = { "i32", "torch.int", "torch.int32", "int32", 4, 3 },
    [DTYPE_I64] = { "i64", "torch.long", "torch.int64", "int64", 8, 4 },
    [DTYPE_I16] = { "i16", "torch.short", "torch.int16", "int16", 2, 2 },
    [DTYPE_I8] = { "i8", "torch.int8", NULL, "int8", 1, 1 },
    [DTYPE_U8] = { "u8", "torch.uint8", NULL, "uint8", 1, 0 },
    [DTYPE_BOOL] = { "bool", "torch.bool", NULL, "bool", 1, 11 },
    [DTYPE_C64] = { "c64", "torch.complex64", "torch.cfloat", "complex64", 8, 9 },
    [DTYPE_C128] = { "c128", "torch.complex128", "torch.cdouble", "complex128", 16, 10 },
    [DTYPE_C32] = { "c32", "torch.complex32", "torch.chalf", NULL, 4, 8 },
    [DTYPE_BF16] = { "bf16", "torch.bfloat16", NULL, NULL, 2, 15 },
};

static bool in_range(enum dtype type)
{
    return (unsigned)type < DTYPE_COUNT;
}

size_t dtype_size(enum dtype type)
{
    return in_range(type) ? types[type].size : 0;
}

const char *dtype_tag(enum dtype type)
{
    return types[in_range(type) ? type : DTYPE_NULL].tag;
}

const char *dtype_torch(enum dtype type)
{
    return in_range(type) ? types[type].torch : NULL;
}

const char *dtype_numpy(enum dtype type)
{
    return in_range(type) ? types[type].numpy : NULL;
}

bool dtype_is_float(enum dtype type)
{
    return type == DTYPE_F32 || type == DTYPE_F64 || type == DTYPE_F16 || type == DTYPE_BF16;
}

bool dtype_is_complex(enum dtype type)
{
    return type == DTYPE_C64 || type == DTYPE_C128 || type == DTYPE_C32;
}

bool dtype_is_integer(enum dtype type)
{
    return type == DTYPE_I32 || type == DTYPE_I64 || type == DTYPE_I16 || type == DTYPE_I8 ||
           type == DTYPE_U8;
}

enum dtype dtype_from_tag(const char *tag, size_t length)
{
    for (int type = 0; type < DTYPE_COUNT; type++)
        if (strlen(types[type].tag) == length && memcmp(types[type].tag, tag, length) == 0)
            return (enum dtype)type;
    return DTYPE_COUNT;
}

enum dtype dtype_from_torch(const char *name)
{
    for (int type = 1; type < DTYPE_COUNT; type++)
        if (strcmp(types[type].torch, name) == 0 ||
            (types[type].torch_also && strcmp(types[type].torch_also, name) == 0))
            return (enum dtype)type;
    return DTYPE_COUNT;
}

int dtype_scalar_type(enum dtype type)
{
    return in_range(type) ? types[type].scalar_type : -1;
}

enum dtype dtype_from_scalar_type(int number)
{
    for (int type = 1; type < DTYPE_COUNT; type++)
        if (types[type].scalar_type == number)
            return (enum dtype)type;
    return DTYPE_COUNT;
}

/* The order bool < integers < floats < complex; a type of a later category wins. */
static int category(enum dtype type)
{
    return type == DTYPE_BOOL ? 0 : dtype_is_integer(type) ? 1 : dtype_is_float(type) ? 2 : 3;
}

static enum dtype promote_integers(enum dtype a, enum dtype b)
{
    enum dtype wide = dtype_size(a) >= dtype_size(b) ? a : b;
    if (dtype_size(a) == dtype_size(b) && a != b) /* u8 with i8 */
        return DTYPE_I16;
    return wide;
}

static enum dtype promote_floats(enum dtype a, enum dtype b)
{
    if (dtype_size(a) == dtype_size(b) && a != b) /* f16 with bf16 */
        return DTYPE_F32;
    return dtype_size(a) >= dtype_size(b) ? a : b;
}

/* A complex type with another: as wide as either demands. */
static enum dtype promote_complex(enum dtype a, enum dtype b)
{
    size_t bytes = 0; /* of the real part */
    for (int i = 0; i < 2; i++) {
        enum dtype type = i ? b : a;
        size_t part = dtype_is_complex(type) ? dtype_size(type) / 2
                      : dtype_is_float(type) ? dtype_size(type)
                                             : 0;
        if (type == DTYPE_BF16)
            part = 4;
        bytes = part > bytes ? part : bytes;
    }
    return bytes >= 8 ? DTYPE_C128 : bytes == 4 ? DTYPE_C64 : DTYPE_C32;
}

enum dtype dtype_promote(enum dtype a, enum dtype b)
{
    if (a == b)
        return a;
    if (a == DTYPE_NULL || b == DTYPE_NULL || !in_range(a) || !in_range(b))
        return DTYPE_NULL;
    if (dtype_is_complex(a) || dtype_is_complex(b))
        return promote_complex(a, b);
    if (category(a) != category(b))
        return category(a) > category(b) ? a : b;
    return category(a) == 1 ? promote_integers(a, b) : promote_floats(a, b);
}

enum dtype dtype_to_float(enum dtype t)
{
    return dtype_is_integer(t) || t == DTYPE_BOOL ? DTYPE_F32 : t;
}

enum dtype dtype_to_real(enum dtype t)
{
    return t == DTYPE_C64 ? DTYPE_F32 : t == DTYPE_C128 ? DTYPE_F64 : t == DTYPE_C32 ? DTYPE_F16 : t;
}

enum dtype dtype_to_complex(enum dtype t)
{
    switch (t) {
    case DTYPE_F64: return DTYPE_C128;
    case DTYPE_F16: return DTYPE_C32;
    case DTYPE_NULL:
    case DTYPE_C32:
    case DTYPE_C64:
    case DTYPE_C128: return t;
    default: return DTYPE_C64;
    }
}

static enum dtype join(enum dtype a, enum dtype b)
{
    return a == DTYPE_NULL ? b : b == DTYPE_NULL ? a : dtype_promote(a, b);
}

/* What operands of lower rank among the categories may change: the kind of the type, not its size. */
static enum dtype combine(enum dtype higher, enum dtype lower)
{
    bool floats = dtype_is_float(lower) || dtype_is_complex(lower);
    if (dtype_is_complex(higher))
        return higher;
    if (dtype_is_float(higher))
        return dtype_is_complex(lower) ? dtype_to_complex(higher) : higher;
    if (higher == DTYPE_BOOL || floats)
        return join(higher, lower);
    return higher != DTYPE_NULL ? higher : lower;
}

void dtype_mix_add(struct dtype_mix *mix, enum dtype type, int rank)
{
    if (rank == DTYPE_NUMBER)
        mix->numbers = join(mix->numbers, type == DTYPE_F64    ? DTYPE_F32
                                          : type == DTYPE_C128 ? DTYPE_C64
                                                               : type);
    else if (rank == 0)
        mix->scalars = join(mix->scalars, type);
    else
        mix->tensors = join(mix->tensors, type);
}

enum dtype dtype_mix_result(const struct dtype_mix *mix)
{
    return combine(mix->tensors, combine(mix->scalars, mix->numbers));
}
