/* functions.c - the C functions that the lowering rules call: layouts, axes, codes.  Those of weights are in
 * weights.c.  Each has one job; the table at the end says what for. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "cmd/pnnx2ncnn/blobs/layout.h"
#include "cmd/pnnx2ncnn/blobs/reshape.h"
#include "cmd/pnnx2ncnn/functions/weights.h"
#include "cmd/pnnx2ncnn/passes/passes.h"
#include "common/graph/dim.h"

static struct operand *operand_of(const struct rule_item *item)
{
    return item->value.operand;
}

/* An int or a list of ints; how many, -1: no such. */
static int ints_of(const struct rule_item *item, int64_t ints[TENSOR_RANK])
{
    if (item->value.kind == VALUE_INT) {
        ints[0] = item->value.integer;
        return 1;
    }
    return value_get_ints(&item->value, ints, TENSOR_RANK);
}

/* ---- layouts ---- */

static bool axis(struct rule_call *call)
{
    int physical = layout_axis(operand_of(&call->a[0]), call->a[1].value.integer);
    return physical >= 0 && rule_give(call, value_int(physical));
}

/* None is all axes.  The batch, of size 1, has nothing to reduce. */
static bool axes(struct rule_call *call)
{
    const struct operand *x = operand_of(&call->a[0]);
    int64_t dims[TENSOR_RANK], out[TENSOR_RANK];
    int given = call->a[1].value.kind == VALUE_NONE ? 0 : ints_of(&call->a[1], dims), n = 0;
    if (given < 0 || x->rank < 1 || x->rank > TENSOR_RANK)
        return false;
    for (int i = 0; i < (given ? given : x->rank); i++) {
        int64_t dim = given ? dims[i] : i;
        dim += dim < 0 ? x->rank : 0;
        if (dim < 0 || dim >= x->rank || (dim == x->batch && layout_is_counted(x)))
            return false;
        if (dim != x->batch)
            out[n++] = layout_axis(x, dim);
    }
    return rule_give_ints(call, out, (size_t)n);
}

static bool blob_rank(struct rule_call *call)
{
    int rank = layout_rank(operand_of(&call->a[0]));
    return rank >= 0 && rule_give(call, value_int(rank));
}

static bool blob_shape(struct rule_call *call)
{
    struct dims d;
    if (!layout_dims(operand_of(&call->a[0]), &d))
        return false;
    for (int i = 0; i < d.rank; i++)
        if (!dim_known(d.size[i]))
            return false;
    return rule_give_ints(call, d.size, (size_t)d.rank);
}

/* True when two tensors lie in blobs of the same dimensions. */
static bool same_blob(struct rule_call *call)
{
    struct dims x, y;
    if (!layout_dims(operand_of(&call->a[0]), &x) || !layout_dims(operand_of(&call->a[1]), &y))
        return false;
    bool same = x.rank == y.rank;
    for (int i = 0; same && i < x.rank; i++)
        same = dim_equal(x.size[i], y.size[i]);
    return rule_give(call, value_bool(same));
}

/* True when the runtime broadcasts two blobs as PyTorch does the tensors: their ranks are equal, or one has a single
 * element. */
static bool aligned(struct rule_call *call)
{
    const struct operand *x = operand_of(&call->a[0]), *y = operand_of(&call->a[1]);
    if (x->rank < 0 || y->rank < 0)
        return false;
    return rule_give(
        call, value_bool(layout_is_single(x) || layout_is_single(y) || layout_rank(x) == layout_rank(y)));
}

/* Whether a tensor's elements surely lie in order: it is no view of others. */
static bool in_order(struct rule_call *call)
{
    const struct operator *op = operand_of(&call->a[0])->producer;
    unsigned traits = op->signature->traits.bits;
    bool view = traits & TRAITS_MOVED && !(traits & TRAIT_JOINS);
    return rule_give(call, value_bool(!view || operator_is(op, "Tensor.contiguous")));
}

/* How many moves are followed. */
enum { MOVES = 8 };

static bool is_computed(const struct operand *x, int depth);

struct search {
    int depth;
    bool found;
};

static void find_computed(struct operand *x, void *context)
{
    struct search *search = context;
    search->found = search->found || is_computed(x, search->depth);
}

/* Whether arithmetic makes the elements: they are no input's, and no constant's, that are only moved.  What has moved more
 * often is taken for computed. */
static bool is_computed(const struct operand *x, int depth)
{
    const struct operator *op = x->producer;
    struct search search = { depth - 1, false };
    bool converted = operator_is(op, "Tensor.to") || operator_is(op, "Tensor.type_as");
    if (dtype_is_float(x->dtype))
        return true;
    if (elements_are_neutral(op))
        return false;
    if (!(converted || elements_are_moved(op)) || depth == 0)
        return true;
    operator_each_operand(op, find_computed, &search);
    return search.found;
}

static bool computed(struct rule_call *call)
{
    const struct operand *x = operand_of(&call->a[0]);
    return rule_give(call, value_bool(is_computed(x, MOVES)));
}

/* ---- Reshape ---- */

static struct value pair(struct graph *g, const char *key, struct value v)
{
    struct value *items = arena_array(&g->arena, 2, sizeof *items);
    items[0] = value_string(key);
    items[1] = v;
    return value_list(items, 2);
}

/* The parameters as [key, value] pairs. */
static bool give_reshape(struct rule_call *call, const struct reshape *r)
{
    struct parameter_pair pairs[RESHAPE_PAIRS];
    size_t count = reshape_parameters(&call->graph->arena, r, pairs);
    struct value *items = arena_array(&call->graph->arena, count, sizeof *items);
    for (size_t i = 0; i < count; i++)
        items[i] = pair(call->graph, pairs[i].key, pairs[i].value);
    return rule_give(call, value_list(items, count));
}

static bool reshape_ids(struct rule_call *call)
{
    struct reshape r;
    return reshape_plan(operand_of(&call->a[0]), operand_of(&call->a[1]), &r) && give_reshape(call, &r);
}

/* The blobs that such a layer reads. */
static bool reshape_blobs(struct rule_call *call)
{
    struct reshape r;
    return reshape_plan(operand_of(&call->a[0]), operand_of(&call->a[1]), &r) &&
           rule_give(call, reshape_inputs(call->graph, &r));
}

/* Those of a reshape to the dimensions of the result, and the blobs that such a layer reads behind its input. */
static bool rows_ids(struct rule_call *call)
{
    struct reshape r;
    return reshape_rows(operand_of(&call->a[0]), &r) && give_reshape(call, &r);
}

static bool rows_blobs(struct rule_call *call)
{
    struct reshape r;
    if (!reshape_rows(operand_of(&call->a[0]), &r))
        return false;
    struct value inputs = reshape_inputs(call->graph, &r);
    return rule_give(call, value_list(inputs.list.items + 1, inputs.list.count - 1));
}

/* Those of a reshape to sizes, outermost first; one may be -1. */
static bool shape_ids(struct rule_call *call)
{
    struct reshape r = { .from_batch = NO_AXIS, .to_batch = NO_AXIS };
    r.to.rank = ints_of(&call->a[0], r.to.size);
    return r.to.rank > 0 && r.to.rank <= BLOB_RANK && give_reshape(call, &r);
}

/* ---- Permute ---- */

/* The code of a permutation: its place among all of that many axes, in lexicographic order. */
static int permutation_code(const int *axes, int count)
{
    int code = 0;
    for (int i = 0; i < count; i++) {
        int smaller = 0, rest = 1;
        for (int j = i + 1; j < count; j++) {
            smaller += axes[j] < axes[i];
            rest *= j - i;
        }
        code += smaller * rest;
    }
    return code;
}

/* dims without the batch axis; false when they are no permutation. */
static bool blob_permutation(const struct operand *x, const int64_t *dims, int count, int out[TENSOR_RANK])
{
    unsigned seen = 0;
    int n = 0;
    if (count != x->rank || count < 1)
        return false;
    for (int i = 0; i < count; i++) {
        int64_t dim = dims[i] < 0 ? dims[i] + x->rank : dims[i];
        if (dim < 0 || dim >= x->rank || seen >> dim & 1)
            return false;
        seen |= 1u << dim;
        if (dim != x->batch)
            out[n++] = layout_axis(x, dim);
    }
    return n <= BLOB_RANK;
}

static bool permute_code(struct rule_call *call)
{
    int64_t dims[TENSOR_RANK];
    int order[TENSOR_RANK];
    const struct operand *x = operand_of(&call->a[0]);
    return blob_permutation(x, dims, ints_of(&call->a[1], dims), order) &&
           rule_give(call, value_int(permutation_code(order, layout_rank(x))));
}

/* ---- Crop, Slice, Tile ---- */

/* How often each dimension of the blob is repeated to become the result, outermost first. */
static bool tiles(struct rule_call *call)
{
    struct dims x, y;
    int64_t out[TENSOR_RANK];
    if (!layout_dims(operand_of(&call->a[0]), &x) || !layout_dims(operand_of(&call->a[1]), &y) ||
        x.rank > y.rank)
        return false;
    for (int i = 0; i < y.rank; i++) {
        out[i] =
            dim_div_exact(call->graph, y.size[i], i < y.rank - x.rank ? 1 : x.size[i - (y.rank - x.rank)]);
        if (out[i] < 1)
            return false;
    }
    return rule_give_ints(call, out, (size_t)y.rank);
}

/* ---- Padding ---- */

/* The parameters 0 to 3, 7 and 8 of Padding; pads are those of PyTorch: from the last dimension on, in front and behind.
 * The layer pads the last two dimensions, and the outermost of three, the second of four. */
static bool pad_ids(struct rule_call *call)
{
    static const char *const ids[][2] = { { "2", "3" }, { "0", "1" }, { "7", "8" } };
    int64_t pad[2 * TENSOR_RANK];
    const struct operand *x = operand_of(&call->a[0]);
    int n = value_get_ints(&call->a[1].value, pad, 2 * TENSOR_RANK);
    struct value *items = arena_array(&call->graph->arena, 6, sizeof *items);
    if (n < 2 || n % 2)
        return false;
    for (int i = 0; i < n; i++) {
        bool fits = i < 6 && layout_axis(x, -1 - i / 2) == layout_rank(x) - 1 - i / 2;
        if (pad[i] < 0 || (pad[i] && !fits))
            return false;
    }
    for (int i = 0; i < 6; i++)
        items[i] = pair(call->graph, ids[i / 2][i % 2], value_int(i < n ? pad[i] : 0));
    return rule_give(call, value_list(items, n > 4 ? 6 : 4));
}

/* ---- Interp ---- */

/* How the last `count` dimensions of an image or a volume are resized. */
struct resize {
    int count;
    int64_t in[3], out[3];
    double scale[3]; /* 0: given by the sizes */
    bool sizes_say;  /* the sizes in and out say where every sample is taken */
};

static double scale_at(const struct value *v, int i)
{
    double scale = 0;
    if (v && v->kind == VALUE_LIST)
        v = v->list.count == 1 ? &v->list.items[0] : i < (int)v->list.count ? &v->list.items[i] : NULL;
    return v && value_number(v, &scale) && scale > 0 ? scale : 0;
}

/* PyTorch takes samples at distances of 1 / scale_factor, also where the result's size was rounded down, unless the corners
 * are aligned or it shall compute the scales anew. */
static bool read_resize(const struct operator *op, struct resize *r)
{
    const struct operand *x = operator_operand(op, "input"), *y = op->outputs[0];
    const struct value *scales = operator_value(op, "scale_factor");
    bool anew =
        operator_bool(op, "recompute_scale_factor", false) || operator_bool(op, "align_corners", false);
    if (!x || x->rank < 3 || x->rank > 5 || y->rank != x->rank)
        return false;
    *r = (struct resize){ .count = x->rank - 2, .sizes_say = true };
    for (int i = 0; i < r->count; i++) {
        r->in[i] = x->shape[i + 2], r->out[i] = y->shape[i + 2];
        r->scale[i] = anew ? 0 : scale_at(scales, i);
        bool known = dim_known(r->in[i]) && dim_known(r->out[i]);
        if (!known || (r->scale[i] > 0 && (double)r->in[i] * r->scale[i] != (double)r->out[i]))
            r->sizes_say = false;
    }
    return true;
}

/* The runtime computes the size in float, and rounds down. */
static bool scale_gives(double scale, int64_t in, int64_t out)
{
    if (!dim_known(in) || !dim_known(out))
        return scale == floor(scale) && scale > 0;
    return scale > 0 && (int64_t)((float)in * (float)scale) == out;
}

/* Interp's ids for two dimensions, from `first` on; before the first of all is one that stays. */
static bool give_interp(struct rule_call *call, const struct resize *r, int first)
{
    struct value *items = arena_array(&call->graph->arena, 2, sizeof *items);
    for (int i = first; i < first + 2; i++) {
        bool there = i >= 0 && i < r->count;
        struct value *item = &items[i - first];
        if (r->sizes_say)
            *item = pair(call->graph, i == first ? "3" : "4", value_int(there ? r->out[i] : 1));
        else if (!there || scale_gives(r->scale[i], r->in[i], r->out[i]))
            *item = pair(call->graph, i == first ? "1" : "2", value_float(there ? r->scale[i] : 1));
        else
            return false;
    }
    return rule_give(call, value_list(items, 2));
}

/* Those of the last two dimensions. */
static bool resize_ids(struct rule_call *call)
{
    struct resize r;
    return read_resize(call->a[0].op, &r) && give_interp(call, &r, r.count - 2);
}

/* Those of a volume's depth, its images being rows. */
static bool resize_depth_ids(struct rule_call *call)
{
    struct resize r;
    if (!read_resize(call->a[0].op, &r) || r.count != 3)
        return false;
    r.in[1] = r.out[1] = dim_known(r.out[1]) && dim_known(r.out[2]) ? r.out[1] * r.out[2] : DIM_UNKNOWN;
    r.scale[1] = 1;
    return give_interp(call, &r, 0);
}

#define LONGEST_AXIS (1 << 24) /* whose elements are looked at one by one */

/* True when the middles of the result's elements lie in the same elements as their beginnings, which the runtime takes. */
static bool resize_middle(struct rule_call *call)
{
    struct resize r;
    bool same = true;
    if (!read_resize(call->a[0].op, &r))
        return false;
    for (int i = 0; i < r.count; i++) {
        if (!dim_known(r.in[i]) || !dim_known(r.out[i]) || r.out[i] > LONGEST_AXIS)
            return false;
        float middle = r.scale[i] > 0 ? (float)(1 / r.scale[i]) : (float)r.in[i] / (float)r.out[i];
        float step = r.sizes_say ? (float)r.in[i] / (float)r.out[i] : 1 / (float)r.scale[i];
        for (int64_t k = 0; k < r.out[i]; k++) {
            int64_t want = (int64_t)(((float)k + 0.5F) * middle), got = (int64_t)((float)k * step);
            want = want < r.in[i] ? want : r.in[i] - 1, got = got < r.in[i] ? got : r.in[i] - 1;
            same = same && want == got;
        }
    }
    return rule_give(call, value_bool(same));
}

/* What expressions call a size of a layer's blob. */
static bool size_name(struct rule_call *call)
{
    struct operand *x = operand_of(&call->a[0]);
    struct references r = { .at = x->producer, .count = (size_t)call->a[2].value.integer };
    int64_t axis = call->a[1].value.integer;
    const char *text = layout_is_counted(x) ? NULL : references_axis(&r, x, axis < 0 ? axis + x->rank : axis);
    return rule_give_text(call, text);
}

/* An expression of sizes (ncnn(5)): the text with each $ replaced by the next number of the list. */
static bool size_text(struct rule_call *call)
{
    const char *from = call->a[0].value.string, *text = "";
    int64_t numbers[16];
    int n = value_get_ints(&call->a[1].value, numbers, 16);
    for (int i = 0; *from; i++) {
        int length = (int)strcspn(from, "$");
        text = arena_printf(&call->graph->arena, "%s%.*s", text, length, from);
        from += length;
        if (*from++ != '$')
            break;
        if (i >= n)
            return false;
        text = arena_printf(&call->graph->arena, "%s%lld", text, (long long)numbers[i]);
    }
    return rule_give_text(call, text);
}

/* ---- numbers ---- */

/* Item `i` of a list that may be one number for all. */
static const struct value *item_at(const struct value *v, int64_t i)
{
    if (v->kind == VALUE_INT)
        return v;
    if (v->kind != VALUE_LIST || i < 0 || !v->list.count ||
        (v->list.count != 1 && i >= (int64_t)v->list.count))
        return NULL;
    return &v->list.items[v->list.count == 1 ? 0 : i];
}

static bool at(struct rule_call *call)
{
    const struct value *item = item_at(&call->a[0].value, call->a[1].value.integer);
    return item && rule_give(call, *item);
}

/* How a pooling with ceil_mode comes to its result's sizes: 1 without a window more, 0 with one in each dimension where it
 * makes a difference, -1 neither.  PyTorch leaves the window out that would begin behind the tensor and the padding in
 * front of it, the layer does not know.  There is none where stride + padding are at most the kernel: the last window
 * begins before in + 2 * padding - kernel + stride. */
static bool pool_mode(struct rule_call *call)
{
    const struct operand *x = operand_of(&call->a[0]), *y = operand_of(&call->a[1]);
    bool down = true, up = true;
    const struct value *n[3];
    int spatial = call->a[2].value.kind == VALUE_LIST ? (int)call->a[2].value.list.count : x->rank - 2;
    if (spatial < 1 || spatial > 3 || x->rank < spatial || y->rank != x->rank)
        return false;
    for (int i = 0; i < spatial; i++) {
        int64_t in = x->shape[x->rank - spatial + i], out = y->shape[y->rank - spatial + i];
        for (int k = 0; k < 3; k++) { /* kernel, stride, padding */
            n[k] = item_at(&call->a[2 + k].value, i);
            if (!n[k] || n[k]->kind != VALUE_INT)
                return false;
        }
        int64_t kernel = n[0]->integer, stride = n[1]->integer, room;
        room = in + 2 * n[2]->integer - kernel;
        if (stride < 1)
            return false;
        if (!dim_known(in) || !dim_known(out)) {
            if (stride + n[2]->integer > kernel)
                return false;
            down = down && stride == 1;
            continue;
        }
        if (room < 0)
            return false;
        down = down && out == room / stride + 1;
        up = up && out == (room + stride - 1) / stride + 1;
    }
    return rule_give(call, value_int(down ? 1 : up ? 0 : -1));
}

static bool float_max(struct rule_call *call)
{
    return rule_give(call, value_float((double)FLT_MAX));
}

/* The number as a float that is finite: the largest one for infinity. */
static bool finite(struct rule_call *call)
{
    double f;
    if (!value_number(&call->a[0].value, &f) || f != f)
        return false;
    double most = (double)FLT_MAX;
    return rule_give(call, value_float(f > most ? most : f < -most ? -most : f));
}

/* The letters in types: see common/rewrite/rewrite.h. */
const struct rule_function lower_functions[] = {
    /* layouts */
    { "blob_axis", "oi:i", axis }, /* the blob's axis that a tensor's is; unknown for the batch */
    { "blob_axes", "ov:l", axes }, /* several, without the batch; None is all */
    { "blob_rank", "o:i", blob_rank },
    { "blob_shape", "o:l", blob_shape }, /* outermost first */
    { "aligned", "oo:b", aligned },
    { "same_blob", "oo:b", same_blob },
    { "reshape_ids", "oo:l", reshape_ids },     /* for ** */
    { "reshape_blobs", "oo:l", reshape_blobs }, /* for ** */
    { "shape_ids", "l:l", shape_ids },          /* for **: sizes, outermost first */
    { "rows_ids", "o:l", rows_ids },            /* for **: from rows to the result's dimensions */
    { "rows_blobs", "o:l", rows_blobs },
    { "pad_ids", "ol:l", pad_ids },                  /* for **: tensor, pads */
    { "resize_ids", "c:l", resize_ids },             /* for **: Interp's, of the last two dimensions */
    { "resize_depth_ids", "c:l", resize_depth_ids }, /* the same of a volume's depth */
    { "resize_middle", "c:b", resize_middle },
    { "resize_text", "c:s", sizes_resize_text }, /* to sizes that are computed */
    { "resize_blobs", "c:l", sizes_resize_blobs },
    { "slice_start", "c:s", sizes_slice_start }, /* between sizes that are computed */
    { "slice_end", "c:s", sizes_slice_end },
    { "slice_blobs", "c:l", sizes_slice_blobs },
    { "samples_like", "c:l", sizes_samples_like }, /* a tensor with as many samples as the result, or none */
    { "size_name", "oii:s", size_name },           /* tensor, dim, which of the layer's blobs it is */
    { "size_text", "sl:s", size_text },            /* each $ is the next number */
    { "at", "vi:v", at },
    { "pool_mode", "oovvv:i", pool_mode }, /* tensor, result, kernel, stride, padding */
    { "permute_code", "ov:i", permute_code },
    { "tiles", "oo:l", tiles },
    { "float_max", ":f", float_max },
    { "finite", "v:f", finite },
    { "equation_codes", "c:l", einsum_codes }, /* of torch.einsum */
    { "equation_total", "c:b", einsum_total },
    { "equation_terms", "c:l", einsum_terms },
    /* weights */
    { "filled", "if:t", weights_filled },      /* so many of that number */
    { "powers_of_2", "ii:t", weights_powers }, /* so many, 1 or -1: one over them */
    { "reshaped", "tl:t", weights_reshaped },
    { "outside_triangle", "iiib:t",
      weights_outside_triangle },          /* rows, columns, diagonal, whether of the lower one */
    { "chosen", "tff:t", weights_chosen }, /* a constant mask, where it is true, where false */
    { "hides_rows", "t:b", weights_hides_rows },
    { "swap_groups", "ti:t",
      weights_swap_groups },                     /* input and output channels exchanged inside each group */
    { "transposed", "t:t", weights_transposed }, /* a matrix */
    { "rows", "tii:t", weights_rows },           /* from, to */
    { "columns", "tii:t", weights_columns },     /* the same */
    { "filter", "iifb:t", filters_resize },      /* size, that of the result, scale or 0, whether cubic */
    { "grid", "lb:t", weights_grid },            /* sizes, whether corners are aligned */
    { "layers_of", "cii:T", weights_of_layers }, /* of a recurrent module: from, to */
    { "lstm_weights", "cs:t",
      weights_lstm }, /* the operand is a result of the module, and the weights' name */
    { "recurrent_weights", "cs:t", weights_recurrent },
    { "lstm_bias", "c:t", weights_lstm_bias },
    { "gru_bias", "c:t", weights_gru_bias },
    { "recurrent_bias", "c:t", weights_recurrent_bias },
    /* places that constant indices pick */
    { "counted", "ii:t", places_counted },        /* from there on, so many */
    { "nearest", "iif:t", places_nearest },       /* size, that of the result, scale or 0 */
    { "repeated", "t:t", places_repeated },       /* how often each */
    { "combined", "iib:t", places_combined },     /* of so many, so many at a time, whether one again */
    { "computed", "o:b", computed },              /* whether the elements come out of arithmetic */
    { "joined", "ll:t", places_joined },          /* indices of axes side by side, their sizes */
    { "gathered", "tli:t", places_gathered },     /* an index, the sizes of what is picked from, the axis */
    { "strided", "lli:t", places_strided },       /* sizes, strides, offset */
    { "adaptive", "lli:t", places_adaptive },     /* sizes, those of windows, which element */
    { "same_places", "tii:b", places_same },      /* places, images, elements of one */
    { "runs", "ti:l", places_runs },              /* places, the size of their axis */
    { "table_rows", "ti:l", places_rows },        /* the same */
    { "places_matrix", "tib:t", places_matrix },  /* places, size, whether they are columns */
    { "written_places", "ti:t", places_written }, /* places, the size of their axis */
    { "in_order", "o:b", in_order },
    /* quantised tensors */
    { "quantization", "o:l", quantized_grid },     /* of a quantised one: scale, zero point, type */
    { "steps", "o:l", quantized_steps },           /* of floats: scale, the least and the greatest multiple */
    { "rounds", "of:b", quantized_rounds },        /* whether all readers round to multiples of that */
    { "dequantized", "ttti:t", quantized_floats }, /* integers, scales, zero points, axis */
    { "fake_quantized", "tttiii:t", quantized_simulated }, /* floats, scales, zero points, axis, bounds */
    { "grid_scales", "ttt:t",
      quantized_scales },                       /* the same, of which those without zero points have scales */
    { "integers", "tt:t", quantized_integers }, /* floats, scales */
    { "inverse_scales", "tii:t", quantized_inverse }, /* so many, with that sign */
    { "cell_sizes", "c:l",
      quantized_cell_sizes }, /* of a quantised recurrent layer: of the input, of the state */
    { "cell_weights", "c:T", quantized_cell_weights }, /* as a module of floats has them, and their scales */
    { "shifted_bias", "tt?f:t", quantized_bias },      /* weights, bias, by how much the input is smaller */
    /* complex numbers, Fourier transforms */
    { "complex", "v:b", complex_value }, /* a complex number, or a tensor of them */
    { "zeros", "v:b", complex_zeros },   /* zero, and what is a product with it */
    { "real_of", "v:f", complex_real_of },
    { "imag_of", "v:f", complex_imag_of },
    { "real_parts", "t:t", complex_real_parts },
    { "imag_parts", "t:t", complex_imag_parts },
    { "cosines", "iiifb:t", fourier_cosines }, /* points, rows, columns, scale, half */
    { "sines", "iiifb:t", fourier_sines },
    { "windowed", "tt?i:t", fourier_windowed },     /* matrix, window, its width */
    { "envelope", "t?iiiiii:t", fourier_envelope }, /* window, width, points, hop, frames, from, size */
};
const size_t lower_function_count = sizeof lower_functions / sizeof *lower_functions;
