/* complex.h - complex tensors as two real ones: what complex.c and fourier.c share. */
#ifndef CMD_PNNX2NCNN_COMPLEX_H
#define CMD_PNNX2NCNN_COMPLEX_H

#include "common/graph/graph.h"

/* A complex tensor as two real ones, each an operand of its shape or a number; None is zero. */
struct parts {
    struct value re, im;
};

/* Real arithmetic before `op`: new operators with the shapes of their results.  Zero stays None.  What cannot be computed
 * because a size is unknown is None with *ok false. */
struct value parts_binary(struct operator *op, const char *type, struct value a, struct value b, bool *ok);
struct value parts_add(struct operator *op, struct value a, struct value b, bool *ok);
struct value parts_subtract(struct operator *op, struct value a, struct value b, bool *ok);
struct value parts_multiply(struct operator *op, struct value a, struct value b, bool *ok);
struct value parts_unary(struct operator *op, const char *type, struct value a);
/* A constant of that shape: a pnnx.Attribute before `op`, whose data the caller fills. */
struct operand *parts_constant(struct operator *op, int rank, const int64_t *shape, float **data);

/* ---- fourier.c: each sets the parts of the result of `op` (im None: a real result); false: not known how ---- */

/* torch.fft.*, of which fourier_knows() tells. */
bool fourier_knows(const struct operator *op);
bool fourier_transform(struct operator *op, struct parts x, struct parts *y);
bool fourier_stft(struct operator *op, struct parts x, struct parts *y);
bool fourier_istft(struct operator *op, struct parts x, struct parts *y);

#endif
