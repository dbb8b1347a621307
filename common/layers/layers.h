/* layers.h - rules on graphs of ncnn's layers: layers as fewer layers that compute the same.
 *
 * In such a graph every operator is a layer (formats/ncnn/ncnn.h), but for one pnnx.Output that reads the results; operands
 * are blobs, and their shapes those of one sample: w last, no batch.  Most are not known.  A blob may have many readers:
 * there are no Splits. */
#ifndef COMMON_LAYERS_LAYERS_H
#define COMMON_LAYERS_LAYERS_H

#include "common/rewrite/rewrite.h"

/* Adds the rules to a set. */
void layers_read_rules(struct rules *rules);

#endif
