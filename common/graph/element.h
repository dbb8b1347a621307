/* element.h - single elements of tensors in memory, of any type, and the conversions between floating types. */
#ifndef COMMON_GRAPH_ELEMENT_H
#define COMMON_GRAPH_ELEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/dtype.h"

/* IEEE half and bfloat16, as bits.  Rounding is to nearest, ties to even; what is too large becomes infinity; NaN
 * stays NaN. */
float half_to_float(uint16_t half);
uint16_t half_from_float(float f);
float bfloat16_to_float(uint16_t bits);
uint16_t bfloat16_from_float(float f);

/* Element `i` of an array of the type as a double: exact for all types but large 64-bit integers.  Of a complex number,
 * its real part.  0 for DTYPE_NULL. */
double element_real(enum dtype type, const void *data, size_t i);
/* Element `i` as an integer: floats are truncated, and saturate. */
int64_t element_int(enum dtype type, const void *data, size_t i);
/* Sets element `i`: rounds to the type (floats to nearest even, integers truncate and saturate). */
void element_set_real(enum dtype type, void *data, size_t i, double value);
void element_set_int(enum dtype type, void *data, size_t i, int64_t value);

/* `count` elements from number `first` on, as element_real() and element_set_real() have them, at the speed of memory
 * for f32: what whole weights go through. */
void elements_real(enum dtype type, const void *data, size_t first, size_t count, double *out);
void elements_set_real(enum dtype type, void *data, size_t first, size_t count, const double *values);
void elements_float(enum dtype type, const void *data, size_t first, size_t count, float *out);

/* Rounds to nearest even. */
void halves_from_floats(uint16_t *halves, const float *floats, size_t count);
/* True when a float is finite that is infinite as a half. */
bool floats_exceed_half(const float *floats, size_t count);

/* The number of elements of a shape of known sizes; dies when it overflows. */
size_t element_count(int rank, const int64_t *shape);

#endif
