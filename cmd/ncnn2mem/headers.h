/* headers.h - the two headers that a model becomes: the numbers of layers and blobs, and the files as arrays.  Both are C and
 * C++. */
#ifndef CMD_NCNN2MEM_HEADERS_H
#define CMD_NCNN2MEM_HEADERS_H

#include "formats/ncnn/ncnn.h"

/* The numbers of layers, blobs and types, under the name of the text.  Identifiers that would be equal are told apart, with a
 * note. */
void ids_write(struct graph *g, const char *param, const char *ids);

/* What an array holds, and the file that it is named after. */
struct array {
    const char *file;
    const uint8_t *data;
    size_t size;
};

/* The binary form of the text, and the weights.  The guard is none that the header `ids` has. */
void arrays_write(struct arena *arena, const struct array *param, const struct array *bin, const char *ids,
                  const char *arrays);

#endif
