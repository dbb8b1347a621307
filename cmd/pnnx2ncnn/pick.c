/* pick.c - see passes.h: elements picked by constant indices.
 *
 * Indices along neighbouring axes are one index along these axes joined.  Runs of it are slices, joined again; where the
 * runs are many, rows of a constant are looked up, and others are a product with a matrix of zeros and ones. */
#include <string.h>

#include "cmd/pnnx2ncnn/edit.h"
#include "cmd/pnnx2ncnn/layout.h"
#include "cmd/pnnx2ncnn/passes.h"
#include "common/graph/element.h"

#define MOST_SLICES  32
#define MOST_FACTORS (1 << 20) /* elements of the matrix */
#define MOST_PLACES  (1 << 24)

/* The places picked along the axes from `first` to before `end`, as if these were one; they lie in a tensor of that shape. */
struct picks {
    int first, end, rank;
    int64_t shape[TENSOR_RANK];
    int64_t *places, count, size; /* arena; size: of the axes joined */
};

/* ---- indices ---- */

static int64_t product_of(const int64_t *sizes, int from, int to)
{
    int64_t n = 1;
    for (int i = from; i < to; i++)
        n *= sizes[i];
    return n;
}

static bool all_known(const struct operand *x)
{
    for (int i = 0; i < x->rank; i++)
        if (x->shape[i] < 1)
            return false;
    return true;
}

/* Lets places that are the same for each of `n` images be those of one; false: a place that is none. */
static bool share_batch(struct picks *p, int64_t n)
{
    int64_t size = p->size / n, count = p->count / n;
    bool same = n > 1;
    for (int64_t i = 0; i < p->count; i++) {
        if (p->places[i] < 0 || p->places[i] >= p->size)
            return false;
        same = same && p->places[i] == p->places[i % count] + i / count * size && p->places[i % count] < size;
    }
    if (same) {
        p->first = 1;
        p->size = size;
        p->count = count;
    }
    return p->count > 0;
}

/* Appends the index to those of the axes before; its shape is broadcast with theirs.  False: a place that is none. */
static bool add_index(struct graph *g, struct picks *p, const struct attribute *w, int64_t size)
{
    int rank = p->rank > w->rank ? p->rank : w->rank;
    int64_t shape[TENSOR_RANK], count = 1;
    for (int i = 0; i < rank; i++) {
        int a = i - (rank - p->rank), b = i - (rank - w->rank);
        int64_t m = a < 0 ? 1 : p->shape[a], n = b < 0 ? 1 : w->shape[b];
        if (m != n && m != 1 && n != 1)
            return false;
        shape[i] = m == 1 ? n : m;
        count *= shape[i];
    }
    int64_t *places = arena_array(&g->arena, (size_t)count + 1, sizeof *places);
    for (int64_t k = 0; k < count; k++) {
        int64_t old = 0, new = 0, rest = k, old_step = 1, new_step = 1;
        for (int i = rank; i-- > 0; rest /= shape[i]) {
            int a = i - (rank - p->rank), b = i - (rank - w->rank);
            old += a < 0 || p->shape[a] == 1 ? 0 : rest % shape[i] * old_step;
            new += b < 0 || w->shape[b] == 1 ? 0 : rest % shape[i] * new_step;
            old_step *= a < 0 ? 1 : p->shape[a];
            new_step *= b < 0 ? 1 : w->shape[b];
        }
        int64_t place = element_int(w->dtype, w->data, (size_t) new);
        place += place < 0 ? size : 0;
        if (place < 0 || place >= size)
            return false;
        places[k] = (p->count ? p->places[old] * size : 0) + place;
    }
    p->places = places;
    p->count = count;
    p->size *= size;
    p->rank = rank;
    memcpy(p->shape, shape, sizeof shape);
    return true;
}

/* The places where a mask of the leading axes, or of those from p->first on, is true. */
static bool add_mask(struct graph *g, struct picks *p, const struct operand *x, const struct attribute *w)
{
    size_t count = element_count(w->rank, w->shape);
    p->end = p->first + w->rank;
    if (p->end > x->rank || memcmp(w->shape, x->shape + p->first, (size_t)w->rank * sizeof *w->shape) != 0)
        return false;
    p->places = arena_array(&g->arena, count + 1, sizeof *p->places);
    for (size_t i = 0; i < count; i++)
        if (element_real(DTYPE_BOOL, w->data, i) != 0)
            p->places[p->count++] = (int64_t)i;
    p->size = (int64_t)count;
    p->rank = 1;
    p->shape[0] = p->count;
    return p->count > 0;
}

/* The indices of Tensor.index: constants for neighbouring axes. */
static bool get_indices(const struct operator *op, const struct operand *x, struct picks *p)
{
    const struct value *list = operator_get(op, "indices");
    if (!list || list->kind != VALUE_LIST || list->list.count > (size_t)x->rank)
        return false;
    for (int i = 0; i < (int)list->list.count; i++) {
        const struct value *v = &list->list.items[i];
        const struct attribute *w = v->kind == VALUE_OPERAND ? operand_constant(v->operand) : NULL;
        if (v->kind == VALUE_NONE)
            continue;
        if (!w || w->rank > TENSOR_RANK || (p->end && p->end != i) || x->shape[i] < 1)
            return false;
        if (!p->end)
            p->first = i;
        if (w->dtype == DTYPE_BOOL)
            return list->list.count == (size_t)i + 1 && !p->end && add_mask(op->graph, p, x, w);
        p->end = i + 1;
        if (!dtype_is_integer(w->dtype) || !add_index(op->graph, p, w, x->shape[i]))
            return false;
    }
    return p->count > 0;
}

/* The index of torch.index_select. */
static bool get_selection(const struct operator *op, const struct operand *x, struct picks *p)
{
    const struct operand *index = operator_operand(op, "index");
    const struct attribute *w = index ? operand_constant(index) : NULL;
    int64_t axis = operator_int(op, "dim", 0);
    axis += axis < 0 ? x->rank : 0;
    if (!w || !dtype_is_integer(w->dtype) || w->rank > 1 || axis < 0 || axis >= x->rank || x->shape[axis] < 1)
        return false;
    p->first = (int)axis;
    p->end = p->first + 1;
    return add_index(op->graph, p, w, x->shape[axis]) && p->count > 0;
}

/* The places that torch.gather picks by a constant, of the axes behind a batch for which they are the same; or of all. */
static bool get_gathered(const struct operator *op, const struct operand *x, struct picks *p)
{
    const struct operand *index = operator_operand(op, "index");
    const struct attribute *w = index ? operand_constant(index) : NULL;
    int64_t dim = operator_int(op, "dim", 0), count = 1;
    dim += dim < 0 ? x->rank : 0;
    if (!w || !dtype_is_integer(w->dtype) || w->rank != x->rank || dim < 0 || dim >= x->rank || !all_known(x))
        return false;
    for (int i = 0; i < x->rank; i++)
        count *= w->shape[i];
    p->places = arena_array(&op->graph->arena, (size_t)count + 1, sizeof *p->places);
    for (int64_t k = 0; k < count; k++) {
        int64_t rest = k, step = 1, place = 0;
        for (int i = x->rank; i-- > 0; rest /= w->shape[i], step *= x->shape[i])
            place += (i == dim ? element_int(w->dtype, w->data, (size_t)k) : rest % w->shape[i]) * step;
        p->places[k] = place;
    }
    p->count = count;
    p->end = p->rank = x->rank;
    p->size = product_of(x->shape, 0, x->rank);
    return share_batch(p, w->shape[0] == x->shape[0] ? x->shape[0] : 1);
}

/* Whether a tensor's elements surely lie in order: it is no view of others. */
static bool is_contiguous(const struct operand *x)
{
    const struct operator *op = x->producer;
    return !elements_are_moved(op) || operator_is(op, "torch.cat") || operator_is(op, "torch.stack") ||
           operator_is(op, "Tensor.contiguous");
}

/* The places of torch.as_strided. */
static bool get_strided(const struct operator *op, const struct operand *x, struct picks *p)
{
    int64_t sizes[TENSOR_RANK], strides[TENSOR_RANK], offset = operator_int(op, "storage_offset", 0),
                                                      count = 1;
    const struct value *a = operator_get(op, "size"), *b = operator_get(op, "stride");
    int rank = a ? value_get_ints(a, sizes, TENSOR_RANK) : -1;
    if (rank < 1 || !b || value_get_ints(b, strides, TENSOR_RANK) != rank || !all_known(x) ||
        !is_contiguous(x))
        return false;
    for (int i = 0; i < rank; i++)
        count = sizes[i] < 1 || count > MOST_PLACES ? 0 : count * sizes[i];
    p->places = arena_array(&op->graph->arena, (size_t)count + 1, sizeof *p->places);
    for (int64_t k = 0; k < count; k++) {
        int64_t rest = k;
        p->places[k] = offset;
        for (int i = rank; i-- > 0; rest /= sizes[i])
            p->places[k] += rest % sizes[i] * strides[i];
    }
    p->count = count;
    p->end = p->rank = x->rank;
    p->size = product_of(x->shape, 0, x->rank);
    return share_batch(p, sizes[0] == x->shape[0] ? x->shape[0] : 1);
}

/* ---- runs ---- */

/* Places from `from` on that are a progression: how many, and its step.  Two far from each other are none. */
static int64_t run(const struct picks *p, int64_t from, int64_t *step)
{
    int64_t n = 1;
    *step = from + 1 < p->count ? p->places[from + 1] - p->places[from] : 1;
    while (from + n < p->count && p->places[from + n] - p->places[from + n - 1] == *step)
        n++;
    if (n == 2 && *step != 1)
        n = 1;
    *step = n == 1 ? 1 : *step;
    return n;
}

static int64_t count_runs(const struct picks *p)
{
    int64_t runs = 0, step;
    for (int64_t i = 0; i < p->count; i += run(p, i, &step))
        runs++;
    return runs;
}

/* `count` places from `first` on, `step` apart. */
static struct operand *take_run(struct operator *op, struct operand *x, int axis, int64_t first, int64_t step,
                                int64_t count)
{
    int64_t last = first + (count - 1) * step, dim = axis, shape[TENSOR_RANK];
    if (step > 0)
        return edit_slice(op, x, axis, first, last + 1, step);
    if (step < 0) {
        x = edit_slice(op, x, axis, last, first + 1, -step);
        struct operator *flip = edit_add(op, "torch.flip", x);
        operator_set(flip, "dims", value_ints(&op->graph->arena, &dim, 1));
        return edit_result(flip, x, x->rank, x->shape);
    }
    x = edit_slice(op, x, axis, first, first + 1, 1);
    memcpy(shape, x->shape, (size_t)x->rank * sizeof *shape);
    shape[axis] = count;
    struct operator *expand = edit_add(op, "Tensor.expand", x);
    operator_set(expand, "sizes", value_ints(&op->graph->arena, shape, (size_t)x->rank));
    return edit_result(expand, x, x->rank, shape);
}

static struct operand *take_runs(struct operator *op, struct operand *x, int axis, const struct picks *p)
{
    struct value parts[MOST_SLICES];
    size_t count = 0;
    int64_t step, shape[TENSOR_RANK];
    for (int64_t i = 0, n; i < p->count; i += n) {
        n = run(p, i, &step);
        parts[count++] = value_operand(take_run(op, x, axis, p->places[i], step, n));
    }
    if (count == 1)
        return parts[0].operand;
    memcpy(shape, x->shape, (size_t)x->rank * sizeof *shape);
    shape[axis] = p->count;
    struct operator *cat = edit_add(op, "torch.cat", NULL);
    operator_set(cat, "tensors", value_list(parts, count));
    operator_set(cat, "dim", value_int(axis));
    return edit_result(cat, x, x->rank, shape);
}

/* ---- rows ---- */

/* Places that are rows of `width` neighbours, each `stride` behind the one before: how many; 0: they are none. */
static int64_t count_rows(const struct picks *p, int64_t *width, int64_t *stride)
{
    int64_t step;
    *width = run(p, 0, &step);
    *stride = *width < p->count ? p->places[*width] - p->places[0] : 0;
    if ((step != 1 && *width > 1) || p->count % *width || *stride < *width)
        return 0;
    for (int64_t i = 0; i < p->count; i++)
        if (p->places[i] != p->places[0] + i / *width * *stride + i % *width)
            return 0;
    return p->count / *width;
}

/* The rows of (outer, size, inner): what they lie in, cut or padded to whole strides, is a table of which they are columns. */
static struct operand *take_rows(struct operator *op, struct operand *x, const struct picks *p, int64_t rows,
                                 int64_t width, int64_t stride)
{
    struct graph *g = op->graph;
    int64_t first = p->places[0], end = first + rows * stride, more = end - p->size;
    x = edit_slice(op, x, 1, first, more > 0 ? p->size : end, 1);
    if (more > 0) {
        int64_t shape[] = { x->shape[0], more, x->shape[2] };
        size_t count = (size_t)product_of(shape, 0, 3);
        float *zeros = arena_array(&g->arena, count, sizeof *zeros);
        memset(zeros, 0, count * sizeof *zeros);
        x = edit_join(op, x,
                      edit_constant(op, DTYPE_F32, 3, arena_copy(&g->arena, shape, sizeof shape), zeros), 1);
    }
    int64_t table[] = { x->shape[0], rows, stride * x->shape[2] };
    return edit_slice(op, edit_reshape(op, x, 3, table), 2, 0, width * x->shape[2], 1);
}

/* ---- many ---- */

/* Rows of a constant, (size, inner). */
static struct operand *look_up(struct operator *op, struct operand *x, const struct picks *p)
{
    int64_t shape[] = { p->count, x->shape[1] };
    struct operator *lookup = edit_add(op, "F.embedding", NULL);
    operator_set(lookup, "input", value_operand(edit_constant(lookup, DTYPE_I64, 1, shape, p->places)));
    operator_set(lookup, "weight", value_operand(x));
    return edit_result(lookup, x, 2, shape);
}

/* The product of a matrix with (outer, size, inner): a row for each place, 1 at that place. */
static struct operand *multiply(struct operator *op, struct operand *x, const struct picks *p)
{
    struct graph *g = op->graph;
    bool right = x->shape[2] == 1; /* (outer, size) times (size, count) */
    int64_t outer = x->shape[0], inner = x->shape[2];
    int64_t sizes[] = { right ? p->size : p->count, right ? p->count : p->size };
    float *data = arena_array(&g->arena, (size_t)(p->count * p->size), sizeof *data);
    memset(data, 0, (size_t)(p->count * p->size) * sizeof *data);
    for (int64_t i = 0; i < p->count; i++)
        data[right ? p->places[i] * p->count + i : i * p->size + p->places[i]] = 1;
    struct operand *ones = edit_constant(op, DTYPE_F32, 2, sizes, data);
    bool table = right || outer == 1;
    int64_t flat[] = { right ? outer : p->size, right ? p->size : inner };
    x = table ? edit_reshape(op, x, 2, flat) : x;
    struct operator *product = edit_add(op, "torch.matmul", NULL);
    operator_set(product, "input", value_operand(right ? x : ones));
    operator_set(product, "other", value_operand(right ? ones : x));
    int64_t rows[] = { outer, p->count, inner }, *shape = rows + (table && !right);
    return edit_result(product, x, table ? 2 : 3, shape);
}

/* ---- one operator ---- */

static void take_apart(struct operator *op, struct operand *x, const struct picks *p)
{
    bool known = all_known(x), few = count_runs(p) <= MOST_SLICES;
    int64_t shape[3] = { 0 };
    if (few && p->end == p->first + 1) {
        edit_finish(op, take_runs(op, x, p->first, p));
        return;
    }
    if (!known)
        return;
    shape[0] = product_of(x->shape, 0, p->first);
    shape[1] = p->size;
    shape[2] = product_of(x->shape, p->end, x->rank);
    bool rows = operand_constant(x) && shape[0] == 1;
    int64_t width, stride, count = few ? 0 : count_rows(p, &width, &stride);
    if (count)
        edit_finish(op, take_rows(op, edit_reshape(op, x, 3, shape), p, count, width, stride));
    else if (few)
        edit_finish(op, take_runs(op, edit_reshape(op, x, 3, shape), 1, p));
    else if (rows && dtype_is_float(x->dtype))
        edit_finish(op, look_up(op, edit_reshape(op, x, 2, shape + 1), p));
    else if (p->count <= MOST_FACTORS / p->size)
        edit_finish(op, multiply(op, edit_reshape(op, x, 3, shape), p));
}

void prepare_picks(struct graph *g)
{
    for (struct operator *op = g->first, *next; op; op = next) {
        struct operand *x = operator_operand(op, "input");
        struct picks p = { .size = 1 };
        next = op->next;
        if (!x || op->output_count != 1 || op->outputs[0]->rank < 0 || x->rank < 1 || x->rank > TENSOR_RANK)
            continue;
        if ((operator_is(op, "Tensor.index") && get_indices(op, x, &p)) ||
            (operator_is(op, "torch.index_select") && get_selection(op, x, &p)) ||
            (operator_is(op, "torch.gather") && get_gathered(op, x, &p)) ||
            (operator_is(op, "torch.as_strided") && get_strided(op, x, &p)))
            take_apart(op, x, &p);
    }
    graph_remove_dead(g);
}
