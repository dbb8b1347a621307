/* misc.c - what is no tensor operation: attributes, sizes as numbers, tuples, quantisation. */
#include <string.h>

#include "common/shapes/shape.h"

static void shape_attribute(struct call *c)
{
    const struct attribute *a = operator_attribute(c->op, "data");
    if (a)
        result(c, 0, a->dtype, a->rank, a->shape);
}

/* A weight is constant too; its bytes stay where they are. */
static bool evaluate_attribute(struct call *c)
{
    const struct attribute *a = operator_attribute(c->op, "data");
    struct tensor *t;
    if (!a || !dtype_evaluable(a->dtype) || a->rank > MAX_RANK)
        return false;
    t = arena_alloc(&c->run->arena, sizeof *t);
    *t = (struct tensor){ .dtype = a->dtype,
                          .rank = a->rank,
                          .dims = a->shape,
                          .count = (int64_t)(a->size / dtype_size(a->dtype)),
                          .data = a->data,
                          .weight = true };
    result_constant(c, 0, t);
    return true;
}

/* Tensor.size: one size as a number, or all as a list. */
static void shape_size(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int axis;
    if (!arg_present(c, "dim")) {
        if (x.rank == RANK_UNKNOWN)
            result(c, 0, DTYPE_I64, RANK_UNKNOWN, NULL);
        else
            result_sizes(c, 0, x.dims, x.rank);
        return;
    }
    result_number(c, 0, DTYPE_I64);
    if (x.rank > 0 && arg_axis(c, "dim", x.rank, 0, &axis))
        result_size(c, 0, x.dims[axis]);
}

static void shape_numel(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    result_number(c, 0, DTYPE_I64);
    if (x.rank != RANK_UNKNOWN)
        result_size(c, 0, dim_product(c->graph, x.dims, x.rank));
}

static void shape_dim(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    result_number(c, 0, DTYPE_I64);
    if (x.rank != RANK_UNKNOWN)
        result_size(c, 0, x.rank);
}

/* The first size; of a list, its length. */
static void shape_len(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    if (!x.present)
        x = arg_fact(c, "t");
    result_number(c, 0, DTYPE_I64);
    if (x.rank > 0)
        result_size(c, 0, x.dims[0]);
}

/* What an operator with a list as its only result would give as results of its own: split, unbind, meshgrid. */
static void infer_as_list(struct call *c, const struct operator *op)
{
    struct call list = *c;
    list.op = op;
    list.row = table_find(c->run->table, op->type);
    if (list.row && op->output_count == 1)
        list.row->shape(&list);
}

/* A list of sizes taken apart into numbers, a tuple made right before into its parts, or a list of tensors. */
static void shape_unpack(struct call *c)
{
    const struct value *v = arg_value(c, "input"), *items;
    struct fact x = arg_fact(c, "input");
    for (int64_t i = 0; x.sizes && x.rank == 1 && i < x.dims[0]; i++)
        result_size(c, (size_t)i, x.sizes[i]);
    if (x.sizes || !v || v->kind != VALUE_OPERAND)
        return;
    if (strncmp(v->operand->producer->type, "prim::", 6) != 0) {
        infer_as_list(c, v->operand->producer);
        return;
    }
    items = operator_get(v->operand->producer, "inputs");
    for (size_t i = 0; items && items->kind == VALUE_LIST && i < items->list.count && i < c->result_count;
         i++)
        c->results[i] = value_fact(c, &items->list.items[i]);
}

/* A list of numbers is known when all are; any other list is no tensor. */
static void shape_list_construct(struct call *c)
{
    int64_t sizes[64];
    int count = arg_sizes(c, "inputs", sizes, LENGTH(sizes));
    struct fact facts[64];
    if (count < 0 || arg_facts(c, "inputs", facts, LENGTH(facts)) != count)
        return;
    for (int i = 0; i < count; i++)
        if (!facts[i].number || facts[i].dtype != DTYPE_I64)
            return;
    result_sizes(c, 0, sizes, count);
}

static void shape_quantize(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    enum dtype dtype = DTYPE_NULL;
    const char *name = arg_text(c, "dtype", "");
    if (strstr(name, "quint8"))
        dtype = DTYPE_U8;
    else if (strstr(name, "qint8"))
        dtype = DTYPE_I8;
    else if (strstr(name, "qint32"))
        dtype = DTYPE_I32;
    result(c, 0, dtype, x.rank, x.dims);
}

static void shape_dequantize(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    result(c, 0, DTYPE_F32, x.rank, x.dims);
}

/* (n, c, h, w) and (k, 5) rois: (k, c, height, width). */
static void shape_roi_align(struct call *c)
{
    struct fact x = arg_fact(c, "input"), rois = arg_fact(c, arg_present(c, "rois") ? "rois" : "boxes");
    int64_t dims[4];
    if (x.rank != 4 || rois.rank != 2)
        return;
    dims[0] = rois.dims[0];
    dims[1] = x.dims[1];
    arg_spatial(c, "output_size", 2, DIM_UNKNOWN, dims + 2);
    result(c, 0, x.dtype, 4, dims);
}

static void shape_isin(struct call *c)
{
    struct fact x = arg_fact(c, "elements");
    result(c, 0, DTYPE_BOOL, x.rank, x.dims);
}

/* Whether all is equal: a truth value. */
static void shape_truth(struct call *c)
{
    result_number(c, 0, DTYPE_BOOL);
}

/* clang-format off */
static const struct row rows[] = {
    { "pnnx.Attribute", shape_attribute, evaluate_attribute, 0 },
    { "size Tensor.shape", shape_size, NULL, 0 },
    { "numel", shape_numel, NULL, 0 },
    { "dim ndimension", shape_dim, NULL, 0 },
    { "len", shape_len, NULL, 0 },
    { "prim::ListUnpack prim::TupleUnpack", shape_unpack, NULL, 0 },
    { "prim::ListConstruct", shape_list_construct, NULL, 0 },
    { "quantize_per_tensor quantize_per_channel quantize_per_tensor_dynamic nn.quantized.Quantize", shape_quantize, NULL, 0 },
    { "int_repr fake_quantize_per_channel_affine fake_quantize_per_tensor_affine", shape_same, NULL, 0 },
    { "dequantize nn.quantized.DeQuantize", shape_dequantize, NULL, 0 },
    { "torchvision.ops.RoIAlign", shape_roi_align, NULL, 0 },
    { "cross linalg.cross linalg_cross", shape_pair, NULL, 0 },
    { "isin", shape_isin, NULL, 0 },
    { "equal allclose is_nonzero", shape_truth, NULL, 0 },
};
/* clang-format on */

const struct family family_misc = { rows, LENGTH(rows) };
