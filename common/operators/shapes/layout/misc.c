/* misc.c - what is no tensor operation: attributes, sizes as numbers, tuples, quantisation. */
#include <stdio.h>
#include <string.h>

#include "common/operators/shapes/shape.h"

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

/* The sizes of a pooled box: of a module together, of a call one by one, from the argument `first` on. */
static void box_sizes(struct call *c, int first, int64_t out[2])
{
    char key[16];
    out[0] = out[1] = DIM_UNKNOWN;
    if (first == 0)
        arg_spatial(c, "output_size", 2, DIM_UNKNOWN, out);
    for (int i = 0; i < 2 && first; i++) {
        snprintf(key, sizeof key, "arg_%d", first + i);
        arg_int(c, key, DIM_UNKNOWN, &out[i]);
    }
}

/* (n, c, h, w) and (k, 5) boxes: (k, c, height, width), each time; of the kinds with channels for each position (PS), as
 * many times fewer channels. */
static void shape_boxes(struct call *c)
{
    bool custom = strncmp(c->op->type, "pnnx.custom_op.", 15) == 0;
    bool positions = strstr(c->op->type, "PSRoI") || strstr(c->op->type, ".ps_roi");
    struct fact x = arg_fact(c, custom ? "arg_0" : "input"), rois = arg_fact(c, custom ? "arg_1" : "rois");
    int64_t dims[4];
    if (x.rank != 4 || rois.rank != 2)
        return;
    box_sizes(c, custom ? 3 : 0, dims + 2);
    dims[0] = rois.dims[0];
    dims[1] = x.dims[1];
    if (positions && (x.dims[1] < 0 || dims[2] < 1 || dims[3] < 1))
        dims[1] = DIM_UNKNOWN;
    else if (positions)
        dims[1] /= dims[2] * dims[3];
    for (size_t i = 0; i < c->result_count; i++)
        result(c, i, i ? DTYPE_I32 : x.dtype, 4, dims);
}

/* torch.ops.torchvision.deform_conv2d: each window has its offset. */
static void shape_deform_conv(struct call *c)
{
    struct fact x = arg_fact(c, "arg_0"), weight = arg_fact(c, "arg_1"), offset = arg_fact(c, "arg_2");
    if (x.rank == 4 && weight.rank == 4 && offset.rank == 4)
        result(c, 0, x.dtype, 4, (int64_t[]){ x.dims[0], weight.dims[0], offset.dims[2], offset.dims[3] });
}

/* The indices of those boxes that are kept. */
static void shape_nms(struct call *c)
{
    result(c, 0, DTYPE_I64, 1, (int64_t[]){ DIM_UNKNOWN });
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
    { "torchvision.ops.RoIAlign torchvision.ops.RoIPool torchvision.ops.PSRoIAlign torchvision.ops.PSRoIPool", shape_boxes, NULL, 0 },
    { "pnnx.custom_op.torchvision.roi_align pnnx.custom_op.torchvision.roi_pool", shape_boxes, NULL, 0 },
    { "pnnx.custom_op.torchvision.ps_roi_align pnnx.custom_op.torchvision.ps_roi_pool", shape_boxes, NULL, 0 },
    { "pnnx.custom_op.torchvision.deform_conv2d", shape_deform_conv, NULL, 0 },
    { "pnnx.custom_op.torchvision.nms", shape_nms, NULL, 0 },
    { "cross linalg.cross linalg_cross", shape_pair, NULL, 0 },
    { "isin", shape_isin, NULL, 0 },
    { "equal allclose is_nonzero", shape_truth, NULL, 0 },
};
/* clang-format on */

const struct family family_misc = { rows, LENGTH(rows) };
