/* ncnn.h - ncnn models: the text (.ncnn.param) and the weights (.ncnn.bin), written from a graph of ncnn layers.
 *
 * In such a graph an operator is a layer: its type is the layer's, its list argument `inputs` holds the blobs it
 * reads, arguments whose keys are decimal numbers are its parameters (int, float, string, or a list of numbers),
 * and its attributes are its weights.  A weight's key is its place, one digit or letter, and how it is stored:
 * "0t" is tagged (float16 or float32, as told), "1r" is raw float32 or int32.  Both files are described in
 * ncnn(5). */
#ifndef FORMATS_NCNN_H
#define FORMATS_NCNN_H

#include <stdbool.h>

#include "common/graph.h"

/* Parameters go from 0 to here, not including. */
#define NCNN_PARAMETERS 32

/* Weights that are finite, but infinite as float16. */
struct ncnn_overflow {
    size_t count;
    const struct operator *first; /* NULL when count is 0 */
};

/* Writes both files, whole or not at all: opens them through formats/output.h, .bin first, and leaves the commit
 * to the caller.  Every blob must have one reader at most (layers Split have been inserted).  Tagged weights are
 * float16 when `fp16`, rounded to the nearest, ties to even.  Reports (STATUS_CONVERSION), before a file is
 * opened, what the format cannot carry: an integer beyond 32 bits, a number that is not finite, a string of more
 * than 255 bytes, a weight of a type without a number; returns then with nothing opened. */
struct ncnn_overflow ncnn_write(const struct graph *g, const char *param, const char *bin, bool fp16);

/* The text of a float that ncnn reads back as the same float: 15 characters at most, with a dot or an exponent.
 * `f` must be finite. */
void ncnn_float_text(char text[24], float f);

#endif
