/* types.c - which types an operator takes together.
 *
 * A trace holds for the types that it was made with: with others, PyTorch stops where an operator does not take them.
 * The rows say what PyTorch 2.13 refuses on the CPU; what is not in a row takes any types. */
#include <string.h>

#include "common/operators/shapes/shape.h"

/* clang-format off */
static const struct type_row rows[] = {
    { "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution _convolution "
      "_convolution_mode nn.Conv1d nn.Conv2d nn.Conv3d nn.ConvTranspose1d nn.ConvTranspose2d nn.ConvTranspose3d",
      DEMAND_SAME, "input weight bias" },
    { "linear nn.Linear prelu nn.PReLU", DEMAND_SAME, "input weight bias" },
    { "bilinear nn.Bilinear", DEMAND_SAME, "input1 input2 weight bias" },
    { "matmul mm bmm mv dot addmm addmv baddbmm addbmm", DEMAND_SAME, "input other mat mat1 mat2 vec tensor batch1 batch2" },
    { "grid_sample grid_sampler grid_sampler_2d grid_sampler_3d", DEMAND_SAME, "input grid" },
    { "nn.RNN nn.GRU nn.LSTM", DEMAND_SAME, "input hx h0 c0 weight_ih_l0" },
    { "nn.RNNCell nn.GRUCell nn.LSTMCell", DEMAND_SAME, "input hx h0 c0 weight_ih" },
    { "nn.MultiheadAttention", DEMAND_SAME, "query key value in_proj_weight q_proj_weight out_proj.weight" },
    { "scaled_dot_product_attention", DEMAND_SAME, "query key value" },
    { "cdist", DEMAND_SAME, "x1 x2" },
    { "lerp", DEMAND_SAME, "input end" },
    { "batch_norm nn.BatchNorm1d nn.BatchNorm2d nn.BatchNorm3d instance_norm nn.InstanceNorm1d nn.InstanceNorm2d "
      "nn.InstanceNorm3d group_norm nn.GroupNorm layer_norm nn.LayerNorm",
      DEMAND_STATISTIC, "input weight bias running_mean running_var" },
    { "rms_norm nn.RMSNorm normalize local_response_norm nn.LocalResponseNorm", DEMAND_FLOAT, "input" },
    { "softmax log_softmax nn.Softmax nn.LogSoftmax gelu silu mish hardswish hardsigmoid elu leaky_relu softplus "
      "logsigmoid celu selu softshrink hardshrink glu rrelu nn.GELU nn.SiLU nn.Mish nn.Hardswish nn.Hardsigmoid nn.ELU "
      "nn.LeakyReLU nn.Softplus nn.LogSigmoid nn.CELU nn.SELU nn.Softshrink nn.Hardshrink nn.GLU nn.RReLU",
      DEMAND_FLOAT, "input" },
    { "std var std_mean var_mean norm linalg.vector_norm torch.linalg.vector_norm stft", DEMAND_FLOAT, "input" },
    { "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d "
      "adaptive_max_pool3d nn.AdaptiveAvgPool1d nn.AdaptiveAvgPool2d nn.AdaptiveAvgPool3d nn.AdaptiveMaxPool1d "
      "nn.AdaptiveMaxPool2d nn.AdaptiveMaxPool3d", DEMAND_FLOAT, "input" },
    { "affine_grid affine_grid_generator", DEMAND_FLOAT, "theta" },
    { "aten::embedding embedding_bag _embedding_bag", DEMAND_INDEX, "indices" },
    { "F.embedding nn.Embedding nn.EmbeddingBag", DEMAND_INDEX, "input" },
    { "gather index_select take_along_dim", DEMAND_INDEX, "index indices" },
    { "masked_fill masked_select masked_scatter", DEMAND_TRUTH, "mask" },
};
/* clang-format on */

const struct type_row *type_rows(size_t *count)
{
    *count = LENGTH(rows);
    return rows;
}

/* The type of the argument or weight; DTYPE_NULL: absent, a number, or not known. */
static enum dtype type_of(const struct call *c, const char *key)
{
    const struct attribute *a = operator_attribute(c->op, key);
    struct fact f = arg_fact(c, key);
    if (a)
        return a->dtype;
    return f.present && !f.number ? f.dtype : DTYPE_NULL;
}

/* What is wrong with a type among the others; NULL: nothing. */
static const char *complaint(enum demand demand, enum dtype first, enum dtype type)
{
    bool half = first == DTYPE_F16 || first == DTYPE_BF16;
    switch (demand) {
    case DEMAND_SAME: return type != first ? "one type is needed" : NULL;
    case DEMAND_FLOAT: return !dtype_is_float(type) && !dtype_is_complex(type) ? "floats are needed" : NULL;
    case DEMAND_STATISTIC:
        if (!dtype_is_float(first))
            return "floats are needed";
        return type != first && !(half && type == DTYPE_F32) ? "one type is needed" : NULL;
    case DEMAND_INDEX: return type != DTYPE_I32 && type != DTYPE_I64 ? "int32 or int64 is needed" : NULL;
    case DEMAND_TRUTH: return type != DTYPE_BOOL ? "bool is needed" : NULL;
    }
    return NULL;
}

bool check_types(struct call *c)
{
    const struct type_row *row = table_find_types(c->run->table, c->op->type);
    const char *first_key = NULL;
    enum dtype first = DTYPE_NULL;
    for (const char *at = row ? row->keys : ""; *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        const char *key = arena_text(&c->run->arena, at, length);
        enum dtype type = type_of(c, key);
        at += length;
        if (type == DTYPE_NULL)
            continue;
        if (!first_key) {
            first_key = key;
            first = type;
        }
        const char *text = complaint(row->demand, first, type);
        if (text) {
            wrong(c, "'%s' is %s%s: %s", first_key, dtype_tag(first),
                  type == first ? "" : arena_printf(&c->run->arena, ", '%s' is %s", key, dtype_tag(type)),
                  text);
            return false;
        }
    }
    return true;
}
