/* pads.c - see passes.h: paddings that are no layer become some that are. */
#include <limits.h>
#include <string.h>

#include "cmd/pnnx2ncnn/edit.h"
#include "cmd/pnnx2ncnn/layout.h"
#include "cmd/pnnx2ncnn/passes.h"
#include "common/graph/dim.h"

/* Pads as PyTorch lists them: two for each axis, the last axis first. */
struct pads {
    int count;
    int64_t pad[2 * TENSOR_RANK];
};

/* ---- convolutions ---- */

/* Item `i` of a list that may be one number for all; 1 when it is absent. */
static int64_t item_at(const struct operator *op, const char *key, int i)
{
    int64_t items[TENSOR_RANK];
    const struct value *v = operator_value(op, key);
    int count = v ? value_get_ints(v, items, TENSOR_RANK) : -1;
    return count > 0 ? items[count == 1 ? 0 : i] : operator_int(op, key, 1);
}

/* What a convolution of `spatial` dimensions pads; 'same': what is uneven comes behind. */
static bool pads_of(const struct operator *op, int spatial, struct pads *p)
{
    const char *word = operator_string(op, "padding", "");
    p->count = 2 * spatial;
    for (int i = 0; i < spatial; i++) {
        int64_t *front = &p->pad[2 * (spatial - 1 - i)], both;
        if (strcmp(word, "same") == 0)
            both = item_at(op, "dilation", i) * (item_at(op, "kernel_size", i) - 1);
        else if (strcmp(word, "valid") == 0)
            both = 0;
        else if (!*word && operator_value(op, "padding"))
            both = 2 * item_at(op, "padding", i);
        else
            return false;
        front[0] = both / 2;
        front[1] = both - both / 2;
    }
    return true;
}

/* Padding that is not with zeros stands before the convolution. */
static void take_out_padding(struct operator *op, int spatial)
{
    const char *mode = operator_string(op, "padding_mode", "zeros");
    struct operand *x = operator_operand(op, "input");
    int64_t shape[TENSOR_RANK], zeros[TENSOR_RANK] = { 0 };
    struct arena *arena = &op->graph->arena;
    struct pads p;
    if (strcmp(mode, "zeros") == 0 || !x || x->rank < spatial || x->rank > TENSOR_RANK ||
        !pads_of(op, spatial, &p))
        return;
    struct operator *pad = edit_add(op, "F.pad", x);
    operator_set(pad, "pad", value_ints(arena, p.pad, (size_t)p.count));
    operator_set(pad, "mode", value_string(mode));
    memcpy(shape, x->shape, (size_t)x->rank * sizeof *shape);
    for (int i = 0; i < spatial; i++)
        shape[x->rank - 1 - i] = dim_add(op->graph, shape[x->rank - 1 - i], p.pad[2 * i] + p.pad[2 * i + 1]);
    operator_set(op, "input", value_operand(edit_result(pad, x, x->rank, shape)));
    operator_set(op, "padding", value_ints(arena, zeros, (size_t)spatial));
    operator_set(op, "padding_mode", value_string("zeros"));
}

/* ---- F.pad ---- */

/* The last elements along an axis before the tensor, the first ones behind it. */
static struct operand *wrap(struct operator *op, struct operand *x, int axis, int64_t front, int64_t behind)
{
    struct operand *y = x;
    if (front)
        y = edit_join(op, edit_slice(op, x, axis, -front, INT_MAX, 1), y, axis);
    if (behind)
        y = edit_join(op, y, edit_slice(op, x, axis, 0, behind, 1), axis);
    return y;
}

static void take_apart_circular(struct operator *op, struct operand *x, const struct pads *p)
{
    for (int i = 0; i < p->count / 2; i++) {
        int64_t size = x->shape[x->rank - 1 - i], front = p->pad[2 * i], behind = p->pad[2 * i + 1];
        if (front < 0 || behind < 0 || (dim_known(size) && (front > size || behind > size)))
            return;
    }
    for (int i = 0; i < p->count / 2; i++)
        x = wrap(op, x, x->rank - 1 - i, p->pad[2 * i], p->pad[2 * i + 1]);
    if (x != operator_operand(op, "input"))
        edit_replace(op, x);
}

/* F.pad of a tensor of four dimensions in the mode of `op`. */
static struct operand *pad_images(struct operator *op, struct operand *x, const int64_t pad[4])
{
    int64_t shape[4] = { x->shape[0], x->shape[1], x->shape[2] + pad[2] + pad[3],
                         x->shape[3] + pad[0] + pad[1] };
    struct operator *images = edit_add(op, "F.pad", x);
    operator_set(images, "pad", value_ints(&op->graph->arena, pad, 4));
    operator_set(images, "mode", value_string(operator_string(op, "mode", "")));
    return edit_result(images, x, 4, shape);
}

/* A volume: its images are padded, then its depth, each image a row. */
static void take_apart_volume(struct operator *op, struct operand *x, const struct pads *p)
{
    int lacking = 5 - x->rank;
    int64_t s[5] = { 1 }, *size = s + lacking;
    memcpy(size, x->shape, (size_t)x->rank * sizeof *size);
    for (int i = 0; i < 5; i++)
        if (s[i] < 1)
            return;
    x = pad_images(op, edit_reshape(op, x, 4, (int64_t[]){ s[0], s[1] * s[2], s[3], s[4] }), p->pad);
    int64_t images[4] = { s[0], s[1], s[2], x->shape[2] * x->shape[3] };
    x = pad_images(op, edit_reshape(op, x, 4, images), (int64_t[]){ 0, 0, p->pad[4], p->pad[5] });
    edit_finish(op, x);
}

/* Negative pads cut, before the others are put around. */
static void take_out_cuts(struct operator *op, struct operand *x, const struct pads *p)
{
    int64_t rest[2 * TENSOR_RANK];
    for (int i = 0; i < p->count / 2; i++) {
        int64_t front = p->pad[2 * i], behind = p->pad[2 * i + 1];
        rest[2 * i] = front < 0 ? 0 : front;
        rest[2 * i + 1] = behind < 0 ? 0 : behind;
        if (front < 0 || behind < 0)
            x = edit_slice(op, x, x->rank - 1 - i, front < 0 ? -front : 0, behind < 0 ? behind : INT_MAX, 1);
    }
    operator_set(op, "input", value_operand(x));
    operator_set(op, "pad", value_ints(&op->graph->arena, rest, (size_t)p->count));
}

static void take_apart_pad(struct operator *op)
{
    struct operand *x = operator_operand(op, "input");
    const struct value *v = operator_value(op, "pad");
    const char *mode = operator_string(op, "mode", "constant");
    struct pads p;
    int64_t most = 0, least = 0;
    p.count = v ? value_get_ints(v, p.pad, 2 * TENSOR_RANK) : -1;
    if (!x || p.count < 2 || p.count % 2 || p.count / 2 > x->rank || x->rank > TENSOR_RANK)
        return;
    for (int i = 0; i < p.count; i++) {
        most = p.pad[i] > most ? p.pad[i] : most;
        least = p.pad[i] < least ? p.pad[i] : least;
    }
    if (strcmp(mode, "circular") == 0)
        take_apart_circular(op, x, &p);
    else if (strcmp(mode, "reflect") == 0 && p.count == 6 && x->rank >= 4 && x->rank <= 5)
        take_apart_volume(op, x, &p);
    else if (strcmp(mode, "constant") == 0 && least < 0 && most > 0)
        take_out_cuts(op, x, &p);
}

void prepare_pads(struct graph *g)
{
    static const char *const convolutions[] = { "nn.Conv1d", "nn.Conv2d", "nn.Conv3d" };
    for (struct operator *op = g->first, *next; op; op = next) {
        next = op->next;
        for (int i = 0; i < 3; i++)
            if (operator_is(op, convolutions[i]))
                take_out_padding(op, i + 1);
    }
    for (struct operator *op = g->first, *next; op; op = next) {
        next = op->next;
        if (operator_is(op, "F.pad") && op->output_count == 1)
            take_apart_pad(op);
    }
    graph_remove_dead(g);
}
