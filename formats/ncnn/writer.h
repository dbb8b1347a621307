/* writer.h - what passes between the parts of the writer of ncnn models: ncnn.c writes the text, store.c the weights,
 * write_binary.c the binary form of the text.  Private to them; constants of the format are the reader's, too. */
#ifndef FORMATS_NCNN_WRITER_H
#define FORMATS_NCNN_WRITER_H

#include "formats/ncnn/format.h"
#include "formats/ncnn/ncnn.h"
#include "formats/output.h"

/* The parameter of that id, or NULL. */
const struct value *ncnn_parameter(const struct operator *op, int id);
/* The sizes of all results as the list that the parameter NCNN_HINTS is; false: some are not known. */
bool ncnn_hints(const struct operator *op, int size, struct value *list);
/* For operator_each_operand(): counts in a size_t. */
void ncnn_count_blob(struct operand *x, void *count);

/* How many elements a weight has. */
size_t ncnn_weight_count(const struct attribute *w);
/* Integers stay integers only in raw weights: they are indices, which the runtime reads as 32-bit ones. */
bool ncnn_is_integer_weight(const struct attribute *w);
/* Whether weights of the layer would be short, but are too large for float16. */
bool ncnn_lacks_half(const struct operator *op, const struct ncnn_style *style);
/* Writes the layer's weights, in the order of their keys. */
void ncnn_store_weights(struct output *out, const struct operator *op, const struct ncnn_style *style);

#endif
