/* dtype.h - element types of tensors, under all the names they go by. */
#ifndef COMMON_BASE_DTYPE_H
#define COMMON_BASE_DTYPE_H

#include <stdbool.h>
#include <stddef.h>

/* The numbers are those of the PNNX format. */
enum dtype {
    DTYPE_NULL, /* unknown, or an undefined tensor */
    DTYPE_F32,
    DTYPE_F64,
    DTYPE_F16,
    DTYPE_I32,
    DTYPE_I64,
    DTYPE_I16,
    DTYPE_I8,
    DTYPE_U8,
    DTYPE_BOOL,
    DTYPE_C64,
    DTYPE_C128,
    DTYPE_C32,
    DTYPE_BF16,
    DTYPE_COUNT
};

size_t dtype_size(enum dtype type);     /* bytes of an element; 0 for DTYPE_NULL */
const char *dtype_tag(enum dtype type); /* PNNX text: "f32"; "null" */
const char *
dtype_torch(enum dtype type); /* as upstream writes parameters: "torch.float"; NULL for DTYPE_NULL */
const char *dtype_numpy(enum dtype type); /* "float32"; NULL where NumPy has none (c32, bf16, null) */
bool dtype_is_float(enum dtype type);     /* f16 bf16 f32 f64 */
bool dtype_is_complex(enum dtype type);
bool dtype_is_integer(enum dtype type); /* without bool */

/* The type with that PNNX tag ("f32"); DTYPE_COUNT when there is none. */
enum dtype dtype_from_tag(const char *tag, size_t length);
/* The type with that torch name, in either spelling ("torch.float", "torch.float32"); DTYPE_COUNT: none. */
enum dtype dtype_from_torch(const char *name);
/* The type with that number among torch's ScalarTypes (6 is float); DTYPE_COUNT: none that PNNX knows. */
enum dtype dtype_from_scalar_type(int number);
/* The reverse; -1 for DTYPE_NULL. */
int dtype_scalar_type(enum dtype type);

/* The type of the result of an operation on a and b, both tensors with dimensions (torch.promote_types). */
enum dtype dtype_promote(enum dtype a, enum dtype b);

enum dtype dtype_to_float(enum dtype type);   /* integers and bool become F32 */
enum dtype dtype_to_real(enum dtype type);    /* C64 becomes F32 ... */
enum dtype dtype_to_complex(enum dtype type); /* F64 becomes C128 ...; integers C64 */

/* The operands of one operation, by what they come from: tensors with dimensions, tensors without, Python numbers.  What
 * a lower category brings may change the kind of the type (integers become floats), not its size.  Begins with all of
 * them DTYPE_NULL, "none". */
struct dtype_mix {
    enum dtype tensors, scalars, numbers;
};
#define DTYPE_NUMBER                                                                                         \
    (-2) /* in the place of a rank: a Python number, whose floats have PyTorch's default type */
/* Adds an operand of that type, not DTYPE_NULL; an unknown rank counts as one above 0. */
void dtype_mix_add(struct dtype_mix *mix, enum dtype type, int rank);
/* The type in which they meet; DTYPE_NULL: there are none. */
enum dtype dtype_mix_result(const struct dtype_mix *mix);

#endif
