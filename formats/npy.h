/* npy.h - NumPy's array files.  The format: numpy.org/doc/stable/reference/generated/numpy.lib.format.html. */
#ifndef FORMATS_NPY_H
#define FORMATS_NPY_H

#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/dtype.h"
#include "common/command/options.h"
#include "formats/mapping.h"
#include "formats/output.h"

/* An array: row-major, little-endian. */
struct npy {
    enum dtype dtype;
    int rank;             /* 0: a scalar, one element */
    const int64_t *shape; /* rank sizes; arena */
    const uint8_t
        *data; /* size bytes; in the mapping, or in the arena where order or byte order had to change */
    size_t size;
};

/* Reads an array file; dies with STATUS_MALFORMED when it is damaged, or holds elements that PNNX does not have. */
struct npy npy_read(struct arena *arena, const struct mapping *map);
/* The shapes and types of the arrays in these files, in order; the elements are not looked at.  Dies as npy_read(), and
 * with STATUS_CONVERSION for more dimensions than a tensor has.  The caller frees the items. */
struct shape_list npy_shapes(const struct text_list *files);
/* Writes an array; dies with STATUS_CONVERSION when NumPy has no such element type. */
void npy_write(struct output *out, const struct npy *array);

#endif
