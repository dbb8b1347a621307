/* blob.c - see sizes.h: what is known of blobs, and parameters by name. */
#include "common/layers/sizes/sizes.h"

struct blob blob_of_rank(int rank)
{
    struct blob x = { .rank = rank };
    for (int i = 0; i < BLOB_RANK; i++)
        x.size[i] = DIM_UNKNOWN;
    return x;
}

struct blob blob_of(const struct operand *x)
{
    struct blob b = blob_of_rank(x->rank >= 1 && x->rank <= BLOB_RANK ? x->rank : RANK_UNKNOWN);
    for (int i = 0; i < b.rank; i++)
        b.size[i] = x->shape[i] > 0 ? x->shape[i] : DIM_UNKNOWN;
    return b;
}

static const struct value *inputs_of(const struct operator *op)
{
    const struct value *list = operator_get(op, "inputs");
    return list && list->kind == VALUE_LIST ? list : NULL;
}

struct operand *blob_operand(const struct operator *op, size_t i)
{
    const struct value *list = inputs_of(op);
    bool there = list && i < list->list.count && list->list.items[i].kind == VALUE_OPERAND;
    return there ? list->list.items[i].operand : NULL;
}

struct blob blob_input(const struct operator *op, size_t i)
{
    const struct operand *x = blob_operand(op, i);
    return x ? blob_of(x) : blob_of_rank(RANK_UNKNOWN);
}

size_t blob_inputs(const struct operator *op)
{
    const struct value *list = inputs_of(op);
    return list ? list->list.count : 0;
}

int64_t blob_elements(const struct blob *x)
{
    int64_t elements = x->rank < 1 ? DIM_UNKNOWN : 1;
    for (int i = 0; i < x->rank; i++)
        if (x->size[i] == DIM_UNKNOWN || !int_mul(elements, x->size[i], &elements))
            return DIM_UNKNOWN;
    return elements;
}

int blob_axis(const struct blob *x, int64_t axis)
{
    axis += axis < 0 ? x->rank : 0;
    return axis >= 0 && axis < x->rank ? (int)axis : -1;
}

/* ---- parameters ---- */

const struct value *layer_value(const struct operator *op, const char *name)
{
    const struct parameter *p = signature_parameter(op->signature, name);
    return p ? operator_get(op, p->name) : NULL;
}

int64_t layer_int(const struct operator *op, const char *name, int64_t otherwise)
{
    const struct value *v = layer_value(op, name);
    return v && v->kind == VALUE_INT ? v->integer : otherwise;
}

double layer_real(const struct operator *op, const char *name, double otherwise)
{
    const struct value *v = layer_value(op, name);
    double f = otherwise;
    return v && value_number(v, &f) ? f : otherwise;
}

int layer_ints(const struct operator *op, const char *name, int64_t *ints, int room)
{
    const struct value *v = layer_value(op, name);
    int count = v ? value_get_ints(v, ints, room) : -1;
    return count > room ? -1 : count;
}
