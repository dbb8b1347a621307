/* ncnn.h - ncnn models: the text (.ncnn.param) and the weights (.ncnn.bin), written from a graph of ncnn layers.
 *
 * In such a graph an operator is a layer: its type is the layer's, its list argument `inputs` holds the blobs it
 * reads, arguments whose keys are decimal numbers are its parameters (int, float, string, or a list of numbers),
 * and its attributes are its weights.  A weight's key is its place, one digit or letter, and how it is stored:
 * "0t" is tagged (float16 or float32, as told), "1r" is raw float32 or int32.  Both files are described in
 * ncnn(5). */
#ifndef FORMATS_NCNN_NCNN_H
#define FORMATS_NCNN_NCNN_H

#include <stdbool.h>

#include "common/graph/graph.h"

/* Parameters go from 0 to here, not including. */
#define NCNN_PARAMETERS 32
/* The one that switches features of the runtime off for its layer. */
#define NCNN_FEATURES "31"

/* True for a layer with tagged weights of which one, or a raw one beside it, is finite, but infinite as float16. */
bool ncnn_keeps_float(const struct operator *op);

/* Gives every blob one reader at most: a layer Split behind each that has more, with a result for each reader. */
void ncnn_insert_splits(struct graph *g);

/* Writes both files, whole or not at all: opens them through formats/output.h, .bin first, and leaves the commit
 * to the caller.  Every blob must have one reader at most (layers Split have been inserted).  Tagged weights are
 * float16 when `fp16`, rounded to the nearest, ties to even; but for layers of ncnn_keeps_float(), which keep float32 and
 * get the parameter 31=3, by which the runtime computes them in it.  Reports (STATUS_CONVERSION), before a file is
 * opened, what the format cannot carry: an integer beyond 32 bits, a number that is not finite, a string of more
 * than 255 bytes, a weight of a type without a number; returns then with nothing opened. */
void ncnn_write(struct graph *g, const char *param, const char *bin, bool fp16);

/* The text of a float that ncnn reads back as the same float: 15 characters at most, with a dot or an exponent.
 * `f` must be finite. */
void ncnn_float_text(char text[24], float f);

#endif
