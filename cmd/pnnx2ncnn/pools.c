/* pools.c - see passes.h: maxima of windows with gaps, one axis after the other. */
#include <float.h>
#include <string.h>

#include "cmd/pnnx2ncnn/edit.h"
#include "cmd/pnnx2ncnn/layout.h"
#include "cmd/pnnx2ncnn/passes.h"

/* The windows along one axis. */
struct window {
    int64_t kernel, stride, padding, dilation, in, out;
};

/* Item `i` of a list that may be one number for all. */
static bool item_at(const struct operator *op, const char *key, int i, int64_t *out)
{
    int64_t items[TENSOR_RANK];
    const struct value *v = operator_value(op, key);
    int count = v && v->kind == VALUE_LIST ? value_get_ints(v, items, TENSOR_RANK) : 0;
    if (v && v->kind == VALUE_INT)
        *out = v->integer;
    else if (count == 1 || i < count)
        *out = items[count == 1 ? 0 : i];
    else
        return false;
    return true;
}

static bool read_window(const struct operator *op, int i, int axis, struct window *w)
{
    const struct operand *x = operator_operand(op, "input"), *y = op->outputs[0];
    *w = (struct window){ .in = x->shape[axis], .out = y->shape[axis] };
    if (!item_at(op, "kernel_size", i, &w->kernel) || !item_at(op, "padding", i, &w->padding) ||
        !item_at(op, "dilation", i, &w->dilation))
        return false;
    if (!item_at(op, "stride", i, &w->stride))
        w->stride = w->kernel;
    return w->in > 0 && w->out > 0 && w->kernel > 0 && w->stride > 0 && w->padding >= 0 && w->dilation > 0;
}

/* The tensor with what is less than any number around it, as far as the windows reach. */
static struct operand *pad_windows(struct operator *op, struct operand *x, int spatial,
                                   const struct window *w)
{
    int64_t pad[6], shape[TENSOR_RANK], most = 0;
    memcpy(shape, x->shape, (size_t)x->rank * sizeof *shape);
    for (int i = 0; i < spatial; i++) {
        int64_t end = (w[i].out - 1) * w[i].stride + (w[i].kernel - 1) * w[i].dilation + 1;
        int64_t behind = end - w[i].in - w[i].padding, *at = &pad[2 * (spatial - 1 - i)];
        at[0] = w[i].padding;
        at[1] = behind > 0 ? behind : 0;
        most = at[0] + at[1] > most ? at[0] + at[1] : most;
        shape[x->rank - spatial + i] += at[0] + at[1];
    }
    if (!most)
        return x;
    struct operator *padded = edit_add(op, "F.pad", x);
    operator_set(padded, "pad", value_ints(&op->graph->arena, pad, (size_t)(2 * spatial)));
    operator_set(padded, "mode", value_string("constant"));
    operator_set(padded, "value", value_float(-FLT_MAX));
    return edit_result(padded, x, x->rank, shape);
}

static struct operand *maxima(struct operator *op, struct operand *x, int axis, const struct window *w)
{
    struct operand *y = NULL;
    for (int64_t k = 0; k < w->kernel; k++) {
        int64_t start = k * w->dilation, end = start + (w->out - 1) * w->stride + 1;
        struct operand *part = edit_slice(op, x, axis, start, end, w->stride);
        if (y) {
            struct operator *larger = edit_add(op, "torch.maximum", y);
            operator_set(larger, "other", value_operand(part));
            part = edit_result(larger, y, y->rank, y->shape);
        }
        y = part;
    }
    return y;
}

static void take_apart(struct operator *op, int spatial)
{
    struct operand *x = operator_operand(op, "input");
    struct window w[3];
    bool dilated = false;
    if (!x || x->rank < spatial || x->rank > TENSOR_RANK || op->outputs[0]->rank != x->rank ||
        (op->output_count > 1 && op->outputs[1]->use_count))
        return;
    for (int i = 0; i < spatial; i++) {
        if (!read_window(op, i, x->rank - spatial + i, &w[i]))
            return;
        dilated = dilated || w[i].dilation > 1;
    }
    if (!dilated)
        return;
    x = pad_windows(op, x, spatial, w);
    for (int i = 0; i < spatial; i++)
        x = maxima(op, x, x->rank - spatial + i, &w[i]);
    operand_replace(op->outputs[0], x);
}

void prepare_pools(struct graph *g)
{
    static const char *const types[] = { "nn.MaxPool1d", "nn.MaxPool2d", "nn.MaxPool3d",
                                         "F.max_pool1d", "F.max_pool2d", "F.max_pool3d" };
    for (struct operator *op = g->first, *next; op; op = next) {
        next = op->next;
        for (int i = 0; i < 6; i++)
            if (operator_is(op, types[i]))
                take_apart(op, i % 3 + 1);
    }
    graph_remove_dead(g);
}
