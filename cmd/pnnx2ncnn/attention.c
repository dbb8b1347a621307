/* attention.c - see passes.h: attention of which the layers do less than is asked. */
#include <math.h>
#include <string.h>

#include "cmd/pnnx2ncnn/edit.h"
#include "cmd/pnnx2ncnn/layout.h"
#include "cmd/pnnx2ncnn/passes.h"
#include "common/graph/element.h"
#include "formats/pnnx.h"

/* One module at work.  Inside, tensors are (batch, length, width) and (batch, heads, length, width of a head). */
struct attention {
    struct operator *op;
    int64_t batch, heads, width; /* width: of all heads */
    bool batched, batch_first;
    struct operand *mask; /* what is added to the scores, (length, keys) or one for each head; NULL */
};

/* A float constant of that shape: the elements of `w` over and over; zeros without it. */
static struct operand *add_filled(struct attention *a, int rank, const int64_t *shape,
                                  const struct attribute *w)
{
    size_t count = element_count(rank, shape), period = w ? element_count(w->rank, w->shape) : 1;
    float *data = arena_array(&a->op->graph->arena, count, sizeof *data);
    for (size_t i = 0; i < count; i++)
        data[i] = w ? (float)element_real(w->dtype, w->data, i % period) : 0;
    return edit_constant(a->op, DTYPE_F32, rank, shape, data);
}

/* Rows [from, to) of a weight, as a constant. */
static struct operand *add_rows(struct attention *a, const struct attribute *w, int64_t from, int64_t to)
{
    size_t row = w->size / (size_t)w->shape[0];
    int64_t *shape = arena_copy(&a->op->graph->arena, w->shape, (size_t)w->rank * sizeof *shape);
    shape[0] = to - from;
    return edit_constant(a->op, w->dtype, w->rank, shape, w->data + row * (size_t)from);
}

static struct operand *permute(struct attention *a, struct operand *x, int rank, const int64_t *dims)
{
    int64_t shape[4];
    for (int i = 0; i < rank; i++)
        shape[i] = x->shape[dims[i]];
    struct operator *op = edit_add(a->op, "Tensor.permute", x);
    operator_set(op, "dims", value_ints(&a->op->graph->arena, dims, (size_t)rank));
    return edit_result(op, x, rank, shape);
}

/* An operator of two operands, whose result has that shape. */
static struct operand *combine(struct attention *a, const char *type, struct operand *x, struct operand *y,
                               int rank, const int64_t *shape)
{
    struct operator *op = edit_add(a->op, type, x);
    operator_set(op, "other", value_operand(y));
    return edit_result(op, x, rank, shape);
}

static struct operand *linear(struct attention *a, struct operand *x, struct operand *w, struct operand *b)
{
    int64_t shape[3] = { x->shape[0], x->shape[1], w->shape[0] };
    struct operator *op = edit_add(a->op, "F.linear", x);
    operator_set(op, "weight", value_operand(w));
    if (b)
        operator_set(op, "bias", value_operand(b));
    return edit_result(op, x, 3, shape);
}

/* A query, key or value as (batch, length, width). */
static struct operand *batch_in_front(struct attention *a, struct operand *x)
{
    if (!a->batched)
        return edit_reshape(a->op, x, 3, (int64_t[]){ 1, x->shape[0], x->shape[1] });
    return a->batch_first ? x : permute(a, x, 3, (int64_t[]){ 1, 0, 2 });
}

static struct operand *batch_where_it_was(struct attention *a, struct operand *x)
{
    if (!a->batched)
        return edit_reshape(a->op, x, 2, x->shape + 1);
    return a->batch_first ? x : permute(a, x, 3, (int64_t[]){ 1, 0, 2 });
}

/* The input projection of part 0, 1 or 2: query, key, value. */
static struct operand *project(struct attention *a, struct operand *x, int part)
{
    static const char *const keys[] = { "q_proj_weight", "k_proj_weight", "v_proj_weight" };
    const struct attribute *all = operator_attribute(a->op, "in_proj_weight");
    const struct attribute *own = operator_attribute(a->op, keys[part]);
    const struct attribute *bias = operator_attribute(a->op, "in_proj_bias");
    int64_t from = part * a->width, to = from + a->width;
    struct operand *w =
        all ? add_rows(a, all, from, to) : edit_constant(a->op, own->dtype, own->rank, own->shape, own->data);
    return linear(a, batch_in_front(a, x), w, bias ? add_rows(a, bias, from, to) : NULL);
}

/* (batch, length, width) to (batch, heads, length, width of a head). */
static struct operand *split_heads(struct attention *a, struct operand *x)
{
    int64_t shape[4] = { a->batch, x->shape[1], a->heads, a->width / a->heads };
    return permute(a, edit_reshape(a->op, x, 4, shape), 4, (int64_t[]){ 0, 2, 1, 3 });
}

/* The mask sees one key more. */
static void widen_mask(struct attention *a)
{
    if (!a->mask)
        return;
    int64_t shape[3];
    int rank = a->mask->rank;
    memcpy(shape, a->mask->shape, (size_t)rank * sizeof *shape);
    shape[rank - 1] = 1;
    a->mask = edit_join(a->op, a->mask, add_filled(a, rank, shape, NULL), rank - 1);
}

/* The keys or values in heads, with what add_bias_kv and add_zero_attn put behind them. */
static struct operand *keys_of(struct attention *a, struct operand *x, int part)
{
    const struct attribute *bias = operator_attribute(a->op, part == 1 ? "bias_k" : "bias_v");
    int64_t one[3] = { a->batch, 1, a->width };
    x = project(a, x, part);
    if (bias)
        x = edit_join(a->op, x, add_filled(a, 3, one, bias), 1);
    x = split_heads(a, x);
    if (!operator_bool(a->op, "add_zero_attn", false))
        return x;
    int64_t zero[4] = { a->batch, a->heads, 1, a->width / a->heads };
    return edit_join(a->op, x, add_filled(a, 4, zero, NULL), 2);
}

/* softmax(q k^T / sqrt(width of a head) + mask) */
static struct operand *probabilities(struct attention *a, struct operand *q, struct operand *k)
{
    int64_t shape[4] = { a->batch, a->heads, q->shape[2], k->shape[2] };
    struct operator *scaled = edit_add(a->op, "torch.mul", q);
    operator_set(scaled, "other", value_float(1 / sqrt((double)a->width / (double)a->heads)));
    q = edit_result(scaled, q, 4, q->shape);
    struct operand *scores =
        combine(a, "torch.matmul", q, permute(a, k, 4, (int64_t[]){ 0, 1, 3, 2 }), 4, shape);
    if (a->mask && a->mask->rank == 3)
        a->mask = edit_reshape(a->op, a->mask, 4, shape);
    if (a->mask)
        scores = combine(a, "torch.add", scores, a->mask, 4, shape);
    struct operator *softmax = edit_add(a->op, "F.softmax", scores);
    operator_set(softmax, "dim", value_int(3));
    return edit_result(softmax, scores, 4, shape);
}

/* The weights that the module gives: the mean of those of its heads. */
static void give_weights(struct attention *a, struct operand *p)
{
    struct operand *given = a->op->output_count > 1 ? a->op->outputs[1] : NULL;
    int64_t shape[3] = { a->batch, p->shape[2], p->shape[3] }, heads = 1;
    if (!given || !given->use_count)
        return;
    struct operator *mean = edit_add(a->op, "torch.mean", p);
    operator_set(mean, "dim", value_ints(&a->op->graph->arena, &heads, 1));
    operator_set(mean, "keepdim", value_bool(false));
    struct operand *y = edit_result(mean, p, 3, shape);
    operand_replace(given, a->batched ? y : edit_reshape(a->op, y, 2, shape + 1));
}

static void write_out(struct attention *a, struct operand *q, struct operand *k, struct operand *v)
{
    const struct attribute *w = operator_attribute(a->op, "out_proj.weight");
    const struct attribute *b = operator_attribute(a->op, "out_proj.bias");
    bool bias = operator_attribute(a->op, "bias_k") && operator_attribute(a->op, "bias_v");
    q = split_heads(a, project(a, q, 0));
    k = keys_of(a, k, 1);
    v = keys_of(a, v, 2);
    if (bias)
        widen_mask(a);
    if (operator_bool(a->op, "add_zero_attn", false))
        widen_mask(a);
    struct operand *p = probabilities(a, q, k);
    int64_t length = q->shape[2], shape[3] = { a->batch, length, a->width };
    struct operand *y = combine(a, "torch.matmul", p, v, 4, q->shape);
    y = edit_reshape(a->op, permute(a, y, 4, (int64_t[]){ 0, 2, 1, 3 }), 3, shape);
    y = linear(a, y, edit_constant(a->op, w->dtype, w->rank, w->shape, w->data),
               b ? edit_constant(a->op, b->dtype, b->rank, b->shape, b->data) : NULL);
    give_weights(a, p);
    operand_replace(a->op->outputs[0], batch_where_it_was(a, y));
}

static bool is_known(const struct operand *x, int rank)
{
    bool known = x && x->rank == rank;
    for (int i = 0; known && i < rank; i++)
        known = x->shape[i] > 0;
    return known;
}

static bool has_projections(const struct operator *op)
{
    bool apart = operator_attribute(op, "q_proj_weight") && operator_attribute(op, "k_proj_weight") &&
                 operator_attribute(op, "v_proj_weight");
    return !pnnx_missing_weight(op) && (apart || operator_attribute(op, "in_proj_weight"));
}

/* The layer gives no weights, and knows no keys but those that it reads. */
static bool exceeds_layer(const struct operator *op)
{
    return (op->output_count > 1 && op->outputs[1]->use_count) || operator_bool(op, "add_bias_kv", false) ||
           operator_attribute(op, "bias_k") || operator_bool(op, "add_zero_attn", false);
}

/* ---- F.scaled_dot_product_attention ---- */

/* The same tensor, all axes but the last two being one. */
static struct operand *as_heads(struct operator *op, struct operand *x)
{
    int64_t shape[3] = { 1, x->shape[x->rank - 2], x->shape[x->rank - 1] };
    for (int i = 0; i < x->rank - 2; i++)
        shape[0] *= x->shape[i];
    return edit_reshape(op, x, 3, arena_copy(&op->graph->arena, shape, sizeof shape));
}

/* Attention without heads, or with more axes before the length than a batch and heads: all of them are heads. */
static void write_heads(struct operator *op)
{
    static const char *const keys[] = { "query", "key", "value", "attn_mask" };
    struct operand *x[4], *y = op->outputs[0];
    for (int i = 0; i < 4; i++) {
        x[i] = operator_operand(op, keys[i]);
        if (i < 3 &&
            (!x[i] || x[i]->rank != x[0]->rank || x[i]->rank > TENSOR_RANK || !is_known(x[i], x[i]->rank)))
            return;
    }
    int rank = x[0]->rank;
    if (rank < 2 || rank == 3 || rank == 4 || !is_known(y, y->rank) || operator_bool(op, "enable_gqa", false))
        return;
    bool same = !x[3] || x[3]->rank == 2;
    if (x[3] && !same && x[3]->rank == rank && is_known(x[3], rank))
        same = memcmp(x[3]->shape, x[0]->shape, (size_t)(rank - 2) * sizeof *x[0]->shape) == 0;
    if (!same)
        return;
    for (int i = 0; i < 4; i++)
        if (x[i] && (i < 3 || x[i]->rank > 2))
            operator_set(op, keys[i], value_operand(as_heads(op, x[i])));
    struct operator *heads = edit_add(op, op->type, NULL);
    for (size_t i = 0; i < op->argument_count; i++)
        operator_set(heads, op->arguments[i].key, op->arguments[i].value);
    int64_t shape[3] = { operator_operand(heads, "query")->shape[0], y->shape[rank - 2], y->shape[rank - 1] };
    edit_finish(op, edit_result(heads, y, 3, shape));
}

static void write_module(struct operator *op)
{
    struct attention a = { .op = op, .mask = operator_operand(op, "attn_mask") };
    struct operand *q = operator_operand(op, "query"), *k, *v;
    if (!exceeds_layer(op) || !q || !has_projections(op))
        return;
    k = operator_operand(op, "key") ? operator_operand(op, "key") : q;
    v = operator_operand(op, "value") ? operator_operand(op, "value") : k;
    if ((q->rank != 2 && q->rank != 3) || !is_known(q, q->rank) || !is_known(k, q->rank) ||
        !is_known(v, q->rank) || (a.mask && !is_known(a.mask, a.mask->rank == 3 ? 3 : 2)))
        return;
    a.batched = q->rank == 3;
    a.batch_first = operator_bool(op, "batch_first", false);
    a.batch = !a.batched ? 1 : q->shape[a.batch_first ? 0 : 1];
    a.heads = operator_int(op, "num_heads", 0);
    a.width = operator_int(op, "embed_dim", 0);
    if (a.heads < 1 || a.width < 1 || a.width % a.heads)
        return;
    write_out(&a, q, k, v);
}

void prepare_attention(struct graph *g)
{
    for (struct operator *op = g->first, *next; op; op = next) {
        next = op->next;
        if (operator_is(op, "nn.MultiheadAttention"))
            write_module(op);
        else if (operator_is(op, "F.scaled_dot_product_attention") && op->output_count == 1)
            write_heads(op);
    }
    graph_remove_dead(g);
}
