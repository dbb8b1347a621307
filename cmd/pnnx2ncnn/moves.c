/* moves.c - see passes.h: further ways to move elements become reshapes, permutations, slices, repetitions and
 * concatenations. */
#include <ctype.h>
#include <string.h>

#include "cmd/pnnx2ncnn/edit.h"
#include "cmd/pnnx2ncnn/layout.h"
#include "cmd/pnnx2ncnn/passes.h"
#include "common/graph/element.h"

#define MOST_WINDOWS 64

static bool all_known(const struct operand *x)
{
    if (x->rank < 0 || x->rank > TENSOR_RANK - 2)
        return false;
    for (int i = 0; i < x->rank; i++)
        if (x->shape[i] < 1)
            return false;
    return true;
}

static int64_t product_of(const int64_t *sizes, int from, int to)
{
    int64_t n = 1;
    for (int i = from; i < to; i++)
        n *= sizes[i];
    return n;
}

/* The axis that the argument names, from the front; -1: none. */
static int axis_of(const struct operator *op, const char *key, int rank)
{
    int64_t axis = operator_int(op, key, rank);
    axis += axis < 0 ? rank : 0;
    return axis >= 0 && axis < rank ? (int)axis : -1;
}

static struct operand *permuted(struct operator *op, struct operand *x, const int64_t *dims)
{
    int64_t shape[TENSOR_RANK];
    for (int i = 0; i < x->rank; i++)
        shape[i] = x->shape[dims[i]];
    struct operator *permute = edit_add(op, "Tensor.permute", x);
    operator_set(permute, "dims", value_ints(&op->graph->arena, dims, (size_t)x->rank));
    return edit_result(permute, x, x->rank, shape);
}

static struct operand *flipped(struct operator *op, struct operand *x, int64_t axis)
{
    struct operator *flip = edit_add(op, "torch.flip", x);
    operator_set(flip, "dims", value_ints(&op->graph->arena, &axis, 1));
    return edit_result(flip, x, x->rank, x->shape);
}

static struct operand *swapped(struct operator *op, struct operand *x, int a, int b)
{
    int64_t dims[TENSOR_RANK];
    for (int i = 0; i < x->rank; i++)
        dims[i] = i == a ? b : i == b ? a : i;
    return permuted(op, x, dims);
}

/* ---- repetitions ---- */

/* torch.repeat_interleave: every element so many times, one after the other. */
static void take_apart_interleave(struct operator *op, struct operand *x)
{
    const struct value *repeats = operator_get(op, "repeats"), *dim = operator_get(op, "dim");
    bool flat = !dim || dim->kind == VALUE_NONE;
    int axis = flat ? 0 : axis_of(op, "dim", x->rank);
    if (!repeats || repeats->kind != VALUE_INT || repeats->integer < 1 || axis < 0 || !all_known(x))
        return;
    int64_t inner = flat ? 1 : product_of(x->shape, axis + 1, x->rank);
    int64_t shape[] = { product_of(x->shape, 0, x->rank) / inner, 1, inner };
    x = edit_reshape(op, x, 3, shape);
    shape[1] = repeats->integer;
    struct operator *expand = edit_add(op, "Tensor.expand", x);
    operator_set(expand, "sizes", value_ints(&op->graph->arena, shape, 3));
    edit_finish(op, edit_result(expand, x, 3, shape));
}

/* ---- permutations ---- */

static int get_ints(const struct operator *op, const char *key, int64_t *ints)
{
    const struct value *v = operator_value(op, key);
    if (v && v->kind == VALUE_INT)
        ints[0] = v->integer;
    return !v ? -1 : v->kind == VALUE_INT ? 1 : value_get_ints(v, ints, TENSOR_RANK);
}

/* torch.movedim: the axes that are not named fill the places that are left. */
static void take_apart_movedim(struct operator *op, struct operand *x)
{
    int64_t from[TENSOR_RANK], to[TENSOR_RANK], dims[TENSOR_RANK];
    int count = get_ints(op, "source", from);
    unsigned used = 0;
    if (count < 1 || get_ints(op, "destination", to) != count || x->rank > TENSOR_RANK)
        return;
    for (int i = 0; i < x->rank; i++)
        dims[i] = -1;
    for (int i = 0; i < count; i++) {
        from[i] += from[i] < 0 ? x->rank : 0;
        to[i] += to[i] < 0 ? x->rank : 0;
        if (from[i] < 0 || from[i] >= x->rank || to[i] < 0 || to[i] >= x->rank)
            return;
        dims[to[i]] = from[i];
        used |= 1u << from[i];
    }
    for (int i = 0, next = 0; i < x->rank; i++) {
        while (dims[i] < 0 && used >> next & 1)
            next++;
        if (dims[i] < 0)
            dims[i] = next++;
    }
    edit_finish(op, permuted(op, x, dims));
}

static void take_apart_rot90(struct operator *op, struct operand *x)
{
    int64_t dims[TENSOR_RANK], turns = operator_int(op, "k", 1) & 3;
    if (get_ints(op, "dims", dims) != 2 || x->rank > TENSOR_RANK)
        return;
    int a = (int)(dims[0] + (dims[0] < 0 ? x->rank : 0)), b = (int)(dims[1] + (dims[1] < 0 ? x->rank : 0));
    if (a < 0 || a >= x->rank || b < 0 || b >= x->rank || a == b)
        return;
    if (turns == 1 || turns == 2)
        x = flipped(op, x, b);
    if (turns == 2 || turns == 3)
        x = flipped(op, x, a);
    edit_finish(op, turns & 1 ? swapped(op, x, a, b) : x);
}

/* ---- concatenations ---- */

/* The stacks of NumPy: operands are given the dimensions that they lack, then joined. */
static const struct stack {
    const char *type;
    int rank, axis; /* at least that rank */
    int front;      /* how many of the sizes 1 of a vector come in front */
} stacks[] = {
    { "torch.vstack", 2, 0, 1 },
    { "torch.dstack", 3, 2, 1 },
    { "torch.column_stack", 2, 1, 0 },
    { "torch.hstack", 1, 1, 0 },
};

static void take_apart_joins(struct operator *op, const struct stack *s)
{
    const struct value *list = operator_get(op, "tensors");
    struct operand *y = op->outputs[0];
    if (!list || list->kind != VALUE_LIST || y->rank < 1 || y->rank > TENSOR_RANK)
        return;
    for (size_t i = 0; i < list->list.count; i++)
        if (list->list.items[i].kind != VALUE_OPERAND || list->list.items[i].operand->rank < 1)
            return;
    struct value *items = arena_array(&op->graph->arena, list->list.count, sizeof *items);
    for (size_t i = 0; i < list->list.count; i++) {
        struct operand *x = list->list.items[i].operand;
        int64_t shape[] = { 1, 1, 1 };
        items[i] = list->list.items[i];
        if (x->rank >= s->rank)
            continue;
        int front = x->rank == 1 ? s->front : 0;
        memcpy(shape + front, x->shape, (size_t)x->rank * sizeof *shape);
        items[i] = value_operand(edit_reshape(op, x, s->rank, shape));
    }
    struct operator *cat = edit_add(op, "torch.cat", NULL);
    operator_set(cat, "tensors", value_list(items, list->list.count));
    operator_set(cat, "dim", value_int(y->rank <= s->axis ? 0 : s->axis));
    edit_finish(op, edit_result(cat, y, y->rank, y->shape));
}

/* Tensor.unfold: windows along an axis, side by side, as a last dimension. */
static void take_apart_windows(struct operator *op, struct operand *x)
{
    int64_t size = operator_int(op, "size", 0), step = operator_int(op, "step", 0), shape[TENSOR_RANK];
    int axis = axis_of(op, "dimension", x->rank);
    if (axis < 0 || size < 1 || step < 1 || !all_known(x) || x->shape[axis] < size)
        return;
    int64_t count = (x->shape[axis] - size) / step + 1, dims[TENSOR_RANK];
    struct value parts[MOST_WINDOWS];
    if (step == size) {
        x = edit_slice(op, x, axis, 0, count * size, 1);
    } else {
        if (count > MOST_WINDOWS)
            return;
        for (int64_t i = 0; i < count; i++)
            parts[i] = value_operand(edit_slice(op, x, axis, i * step, i * step + size, 1));
        struct operator *cat = edit_add(op, "torch.cat", NULL);
        memcpy(shape, x->shape, (size_t)x->rank * sizeof *shape);
        shape[axis] = count * size;
        operator_set(cat, "tensors", value_list(parts, (size_t)count));
        operator_set(cat, "dim", value_int(axis));
        x = edit_result(cat, x, x->rank, shape);
    }
    for (int i = 0; i <= x->rank; i++) {
        shape[i] = i < axis ? x->shape[i] : i == axis ? count : i == axis + 1 ? size : x->shape[i - 1];
        dims[i] = i <= axis ? i : i < x->rank ? i + 1 : axis + 1;
    }
    edit_finish(op, permuted(op, edit_reshape(op, x, x->rank + 1, shape), dims));
}

/* torch.roll without dims rolls all elements as one row. */
static void take_apart_roll(struct operator *op, struct operand *x)
{
    const struct value *dims = operator_get(op, "dims");
    const struct value *shifts = operator_get(op, "shifts");
    int64_t list[TENSOR_RANK];
    bool all = !dims || dims->kind == VALUE_NONE || value_get_ints(dims, list, TENSOR_RANK) == 0;
    if (!all || !shifts || !all_known(x))
        return;
    int64_t count = product_of(x->shape, 0, x->rank);
    struct operator *roll = edit_add(op, "torch.roll", edit_reshape(op, x, 1, &count));
    operator_set(roll, "shifts", *shifts);
    operator_set(roll, "dims", value_int(0));
    edit_finish(op, edit_result(roll, x, 1, &count));
}

/* ---- triangles ---- */

/* torch.tril, torch.triu: zeros where a constant mask says. */
static void write_triangle(struct operator *op, struct operand *x)
{
    bool lower = operator_is(op, "torch.tril");
    int64_t diagonal = operator_int(op, "diagonal", 0);
    if (!all_known(x) || x->rank < 2)
        return;
    int64_t rows = x->shape[x->rank - 2], columns = x->shape[x->rank - 1];
    uint8_t *mask = arena_array(&op->graph->arena, (size_t)(rows * columns), 1);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            mask[i * columns + j] = lower ? j > i + diagonal : j < i + diagonal;
    struct operand *hidden = edit_constant(op, DTYPE_BOOL, 2, x->shape + x->rank - 2, mask);
    operator_unset(op, "diagonal");
    operator_set_type(op, "Tensor.masked_fill");
    operator_set(op, "mask", value_operand(hidden));
    operator_set(op, "value", value_int(0));
}

/* ---- torch.einsum of many dimensions ---- */

#define LETTERS 128

struct term {
    char letters[TENSOR_RANK + 1];
    struct operand *x; /* NULL: the result */
};

struct equation {
    struct term terms[3]; /* the result last */
    int operands;
    int64_t size[LETTERS];
};

/* Letters, each once. */
static bool read_term(struct term *t, const char *text, size_t length)
{
    int n = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == ' ')
            continue;
        if (!isalpha((unsigned char)text[i]) || n == TENSOR_RANK || memchr(t->letters, text[i], (size_t)n))
            return false;
        t->letters[n++] = text[i];
    }
    t->letters[n] = '\0';
    return true;
}

static bool read_equation(const struct operator *op, struct equation *e)
{
    const char *text = operator_string(op, "equation", ""), *arrow = strstr(text, "->");
    const struct value *list = operator_get(op, "operands");
    if (!arrow || !list || list->kind != VALUE_LIST || list->list.count < 1 || list->list.count > 2)
        return false;
    e->operands = (int)list->list.count;
    for (int i = 0; i < e->operands; i++) {
        size_t length = strcspn(text, ",-");
        struct term *t = &e->terms[i];
        t->x = list->list.items[i].operand;
        if (list->list.items[i].kind != VALUE_OPERAND || !all_known(t->x) || !read_term(t, text, length) ||
            (int)strlen(t->letters) != t->x->rank)
            return false;
        for (int k = 0; k < t->x->rank; k++) {
            int64_t *size = &e->size[(unsigned char)t->letters[k]];
            if (*size && *size != t->x->shape[k])
                return false;
            *size = t->x->shape[k];
        }
        text += length + (text[length] == ',');
    }
    return text == arrow && read_term(&e->terms[2], arrow + 2, strlen(arrow + 2));
}

/* A term's tensor with its axes in that order. */
static struct operand *ordered(struct operator *op, struct operand *x, const char *letters, const char *order)
{
    int64_t dims[TENSOR_RANK];
    for (int i = 0; i < x->rank; i++)
        dims[i] = strchr(letters, order[i]) - letters;
    return strcmp(letters, order) ? permuted(op, x, dims) : x;
}

/* Appends the letters of `from` that are, or are not, in each of the two others. */
static int64_t collect(const struct equation *e, char *to, const char *from, const char *a, bool in_a,
                       const char *b, bool in_b)
{
    int64_t count = 1;
    to += strlen(to);
    for (; *from; from++)
        if (!strchr(a, *from) == !in_a && !strchr(b, *from) == !in_b) {
            *to++ = *from;
            count *= e->size[(unsigned char)*from];
        }
    *to = '\0';
    return count;
}

/* A product of matrices, one for each of the letters that all terms have. */
static void write_product(struct operator *op, const struct equation *e)
{
    const char *a = e->terms[0].letters, *b = e->terms[1].letters, *out = e->terms[2].letters;
    char left[TENSOR_RANK + 1] = "", right[TENSOR_RANK + 1] = "", result[2 * TENSOR_RANK + 1] = "";
    int64_t batch = collect(e, left, a, b, true, out, true), rows = collect(e, left, a, b, false, out, true);
    int64_t inner = collect(e, left, a, b, true, out, false),
            again = collect(e, right, a, b, true, out, true);
    int64_t same = collect(e, right, a, b, true, out, false),
            columns = collect(e, right, b, a, false, out, true);
    collect(e, result, a, b, true, out, true);
    collect(e, result, a, b, false, out, true);
    collect(e, result, b, a, false, out, true);
    if (strlen(left) != strlen(a) || strlen(right) != strlen(b) || strlen(result) != strlen(out) ||
        again != batch || same != inner)
        return;
    int64_t x[] = { batch, rows, inner }, y[] = { batch, inner, columns }, z[] = { batch, rows, columns };
    int64_t shape[TENSOR_RANK];
    int plain = batch == 1, rank = (int)strlen(result);
    struct operand *p = edit_reshape(op, ordered(op, e->terms[0].x, a, left), 3 - plain, x + plain);
    struct operand *q = edit_reshape(op, ordered(op, e->terms[1].x, b, right), 3 - plain, y + plain);
    struct operator *matmul = edit_add(op, "torch.matmul", p);
    operator_set(matmul, "other", value_operand(q));
    p = edit_result(matmul, p, 3 - plain, z + plain);
    for (int i = 0; i < rank; i++)
        shape[i] = e->size[(unsigned char)result[i]];
    edit_finish(op, ordered(op, edit_reshape(op, p, rank, shape), result, out));
}

/* The layer takes four dimensions at most. */
static void take_apart_einsum(struct operator *op)
{
    struct equation e = { .operands = 0 };
    if (!read_equation(op, &e))
        return;
    const char *a = e.terms[0].letters, *out = e.terms[2].letters;
    bool large = op->outputs[0]->rank > BLOB_RANK || e.terms[0].x->rank > BLOB_RANK ||
                 (e.operands == 2 && e.terms[1].x->rank > BLOB_RANK);
    if (!large)
        return;
    if (e.operands == 2)
        write_product(op, &e);
    else if (strlen(a) == strlen(out) && strspn(out, a) == strlen(out))
        edit_finish(op, ordered(op, e.terms[0].x, a, out));
}

/* ---- linear ---- */

/* F.linear of many dimensions with constants is the module, which works on rows. */
static void write_linear(struct operator *op, struct operand *x)
{
    const struct operand *weight = operator_operand(op, "weight"), *bias = operator_operand(op, "bias");
    const struct attribute *w = weight ? operand_constant(weight) : NULL,
                           *b = bias ? operand_constant(bias) : NULL;
    if (x->rank <= BLOB_RANK || !w || w->rank != 2 || (bias && !b))
        return;
    struct operator *linear = edit_add(op, "nn.Linear", x);
    struct attribute copy = *w;
    copy.key = "weight";
    operator_add_attribute(linear, copy);
    if (b) {
        copy = *b;
        copy.key = "bias";
        operator_add_attribute(linear, copy);
    }
    operator_set(linear, "in_features", value_int(w->shape[1]));
    operator_set(linear, "out_features", value_int(w->shape[0]));
    operator_set(linear, "bias", value_bool(b));
    operand_move(op->outputs[0], linear);
    operator_remove(op);
}

/* ---- all ---- */

static const struct move {
    const char *type;
    void (*take_apart)(struct operator *op, struct operand *x);
} moves[] = {
    { "torch.repeat_interleave", take_apart_interleave },
    { "torch.movedim", take_apart_movedim },
    { "torch.rot90", take_apart_rot90 },
    { "Tensor.unfold", take_apart_windows },
    { "torch.roll", take_apart_roll },
    { "torch.tril", write_triangle },
    { "torch.triu", write_triangle },
    { "F.linear", write_linear },
};

static void move_one(struct operator *op)
{
    struct operand *x = operator_operand(op, "input");
    for (size_t i = 0; i < sizeof stacks / sizeof *stacks; i++)
        if (operator_is(op, stacks[i].type)) {
            take_apart_joins(op, &stacks[i]);
            return;
        }
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++)
        if (operator_is(op, moves[i].type) && x && x->rank >= 0) {
            moves[i].take_apart(op, x);
            return;
        }
    if (x && x->rank > 1 && (operator_is(op, "torch.fliplr") || operator_is(op, "torch.flipud")))
        edit_finish(op, flipped(op, x, operator_is(op, "torch.fliplr")));
    else if (operator_is(op, "torch.einsum"))
        take_apart_einsum(op);
}

void prepare_moves(struct graph *g)
{
    for (struct operator *op = g->first, *next; op; op = next) {
        next = op->next;
        if (op->output_count == 1 && op->outputs[0]->rank >= 0)
            move_one(op);
    }
    graph_remove_dead(g);
}
