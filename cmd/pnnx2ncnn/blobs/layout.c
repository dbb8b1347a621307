/* layout.c - see layout.h. */
#include "cmd/pnnx2ncnn/blobs/layout.h"

#include <assert.h>

bool layout_dims(const struct operand *x, struct dims *out)
{
    out->rank = 0;
    if (x->rank < 0 || x->rank > TENSOR_RANK)
        return false;
    for (int i = 0; i < x->rank; i++)
        if (i != x->batch)
            out->size[out->rank++] = x->shape[i];
    if (out->rank == 0)
        out->size[out->rank++] = 1;
    return true;
}

int layout_rank(const struct operand *x)
{
    struct dims d;
    return layout_dims(x, &d) ? d.rank : -1;
}

bool layout_is_counted(const struct operand *x)
{
    return x->batch >= 0 && x->batch < x->rank && x->shape[x->batch] != 1;
}

bool layout_is_single(const struct operand *x)
{
    for (int i = 0; i < x->rank; i++)
        if (x->shape[i] != 1)
            return false;
    return x->rank >= 0;
}

int layout_axis(const struct operand *x, int64_t axis)
{
    if (x->rank < 1)
        return -1;
    if (axis < 0)
        axis += x->rank;
    if (axis < 0 || axis >= x->rank || axis == x->batch)
        return -1;
    return (int)axis - (x->batch >= 0 && axis > x->batch);
}

const char *layout_id(int rank, int i)
{
    static const char *const ids[] = { "0", "1", "0", "2", "1", "0", "2", "11", "1", "0" };
    assert(rank >= 1 && rank <= BLOB_RANK && i >= 0 && i < rank);
    return ids[rank * (rank - 1) / 2 + i];
}
