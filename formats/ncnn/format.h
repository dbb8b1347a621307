/* format.h - the numbers of ncnn's files, for the reader and the writer. */
#ifndef FORMATS_NCNN_FORMAT_H
#define FORMATS_NCNN_FORMAT_H

#include <stdint.h>

#define NCNN_MAGIC 7767517

/* Bytes of a name, a type or a text that the runtime reads. */
#define NCNN_NAME 255

/* The id of a parameter's list begins here, and goes down: -23303 is that of parameter 3.  In the binary form texts have
 * another one. */
#define NCNN_LISTS (-23300)
#define NCNN_TEXTS (-23400)

/* What ends the parameters of a layer in the binary form. */
#define NCNN_END (-233)

/* Tags of weights; 0 is float32, and so is NCNN_FLOAT.  Any other tag is that of indices into a table. */
#define NCNN_HALF   0x01306B47u
#define NCNN_BFLOAT 0x01348B83u /* since 20261020 */
#define NCNN_INT8   0x000D4B38u
#define NCNN_FLOAT  0x0002C056u

/* Bytes of the table: 256 floats. */
#define NCNN_TABLE 1024

/* A number of 32 bits in file order, little-endian, on any machine; at four bytes that the caller has counted. */
static inline uint32_t ncnn_get32(const uint8_t *from)
{
    return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static inline void ncnn_put32(uint8_t *to, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(number >> 8 * i);
}

#endif
