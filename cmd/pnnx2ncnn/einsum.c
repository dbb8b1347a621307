/* einsum.c - see passes.h: torch.einsum of more dimensions than the layer takes is permutations and a product of matrices. */
#include <ctype.h>
#include <string.h>

#include "cmd/pnnx2ncnn/edit.h"
#include "cmd/pnnx2ncnn/layout.h"
#include "cmd/pnnx2ncnn/passes.h"

static bool all_known(const struct operand *x)
{
    if (x->rank < 0 || x->rank > TENSOR_RANK - 2)
        return false;
    for (int i = 0; i < x->rank; i++)
        if (x->shape[i] < 1)
            return false;
    return true;
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

void prepare_einsum(struct graph *g)
{
    for (struct operator *op = g->first, *next; op; op = next) {
        next = op->next;
        if (operator_is(op, "torch.einsum") && op->output_count == 1 && op->outputs[0]->rank >= 0)
            take_apart_einsum(op);
    }
    graph_remove_dead(g);
}
