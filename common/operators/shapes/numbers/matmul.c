/* matmul.c - products of matrices and what is made of them. */
#include <ctype.h>
#include <string.h>

#include "common/operators/shapes/shape.h"

static void inner_mismatch(struct call *c, int64_t a, int64_t b)
{
    wrong(c, "cannot multiply: %s against %s", dim_text(c->graph, a), dim_text(c->graph, b));
}

/* torch.matmul: vectors lose their axis, the axes before the last two are broadcast. */
static void matmul(struct call *c, struct fact a, struct fact b)
{
    enum dtype dtype = promote_facts((struct fact[]){ a, b }, 2);
    int64_t left[MAX_RANK], right[MAX_RANK], dims[MAX_RANK + 2];
    bool vector_a = a.rank == 1, vector_b = b.rank == 1;
    struct fact batches[2];
    int rank;
    result(c, 0, dtype, RANK_UNKNOWN, NULL);
    if (a.rank < 1 || b.rank < 1)
        return;
    int64_t inner_a = a.dims[a.rank - 1], inner_b = b.dims[vector_b ? 0 : b.rank - 2];
    if (sizes_differ(c, inner_a, inner_b)) {
        inner_mismatch(c, inner_a, inner_b);
        return;
    }
    memcpy(left, a.dims, (size_t)a.rank * sizeof *left);
    memcpy(right, b.dims, (size_t)b.rank * sizeof *right);
    batches[0] = (struct fact){ .present = true, .rank = vector_a ? 0 : a.rank - 2, .dims = left };
    batches[1] = (struct fact){ .present = true, .rank = vector_b ? 0 : b.rank - 2, .dims = right };
    if (!broadcast_facts(c, batches, 2, &rank, dims))
        return;
    if (!vector_a)
        dims[rank++] = a.dims[a.rank - 2];
    if (!vector_b)
        dims[rank++] = b.dims[b.rank - 1];
    result(c, 0, dtype, rank, dims);
}

static void shape_matmul(struct call *c)
{
    struct fact a = arg_fact(c, "input");
    static const char *const others[] = { "other", "mat2", "vec", "tensor" };
    for (size_t i = 0; i < LENGTH(others); i++)
        if (arg_present(c, others[i])) {
            matmul(c, a, arg_fact(c, others[i]));
            return;
        }
}

/* input + mat1 @ mat2: the product's shape. */
static void shape_addmm(struct call *c)
{
    struct fact second = arg_fact(c, arg_present(c, "mat2") ? "mat2" : "vec");
    matmul(c, arg_fact(c, arg_present(c, "mat") ? "mat" : "mat1"), second);
}

static void shape_linear(struct call *c)
{
    struct fact x = arg_fact(c, "input"), w = arg_fact(c, "weight");
    int64_t in = arg_size(c, "in_features", DIM_UNKNOWN), out = arg_size(c, "out_features", DIM_UNKNOWN);
    int64_t dims[MAX_RANK];
    int rank = x.rank;
    if (w.present && (w.rank == 2 || w.rank == 1)) {
        in = w.dims[w.rank - 1];
        out = w.dims[0];
    }
    if (x.rank < 1)
        return;
    if (sizes_differ(c, x.dims[x.rank - 1], in)) {
        wrong(c, "expected %s features, not %s", dim_text(c->graph, in),
              dim_text(c->graph, x.dims[x.rank - 1]));
        return;
    }
    memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    if (w.present && w.rank == 1)
        rank--;
    else
        dims[rank - 1] = w.present && w.rank == RANK_UNKNOWN ? DIM_UNKNOWN : out;
    result(c, 0, x.dtype, rank, dims);
}

static void shape_bilinear(struct call *c)
{
    struct fact x = arg_fact(c, "input1"), w = arg_fact(c, "weight");
    int64_t dims[MAX_RANK];
    if (x.rank < 1)
        return;
    memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    dims[x.rank - 1] = w.present && w.rank == 3 ? w.dims[0] : arg_size(c, "out_features", DIM_UNKNOWN);
    result(c, 0, x.dtype, x.rank, dims);
}

static void shape_outer(struct call *c)
{
    struct fact facts[2] = { arg_fact(c, "input"), arg_fact(c, "vec2") };
    int64_t dims[2];
    if (facts[0].rank != 1 || facts[1].rank != 1)
        return;
    dims[0] = facts[0].dims[0];
    dims[1] = facts[1].dims[0];
    result(c, 0, promote_facts(facts, 2), 2, dims);
}

/* A column times a row. */
static bool evaluate_vectors(struct call *c, const struct tensor *a, const struct tensor *b)
{
    if (!a || !b || a->rank != 1 || b->rank != 1)
        return false;
    return evaluate_product(c, tensor_reshaped(c, a, 2, (int64_t[]){ a->count, 1 }), b);
}

static bool evaluate_outer(struct call *c)
{
    return evaluate_vectors(c, arg_constant(c, "input"), arg_constant(c, "vec2"));
}

static void shape_cdist(struct call *c)
{
    struct fact a = arg_fact(c, "x1"), b = arg_fact(c, "x2"), batches[2] = { a, b };
    int64_t dims[MAX_RANK + 2];
    int rank;
    if (a.rank < 2 || b.rank < 2)
        return;
    batches[0].rank -= 2;
    batches[1].rank -= 2;
    if (!broadcast_facts(c, batches, 2, &rank, dims))
        return;
    dims[rank++] = a.dims[a.rank - 2];
    dims[rank++] = b.dims[b.rank - 2];
    result(c, 0, promote_facts((struct fact[]){ a, b }, 2), rank, dims);
}

/* Broadcast, then one axis reduced: cosine similarity (axis `dim`), pairwise distance (the last). */
static void shape_distance(struct call *c)
{
    struct fact facts[2] = { arg_fact(c, "x1"), arg_fact(c, "x2") };
    int64_t dims[MAX_RANK];
    int rank, axis;
    if (!broadcast_facts(c, facts, 2, &rank, dims) || rank < 1)
        return;
    if (!arg_axis(c, "dim", rank, c->row->code, &axis))
        return;
    if (arg_bool(c, "keepdim", false)) {
        dims[axis] = 1;
    } else {
        memmove(&dims[axis], &dims[axis + 1], (size_t)(rank - axis - 1) * sizeof *dims);
        rank--;
    }
    result(c, 0, dtype_to_float(promote_facts(facts, 2)), rank, dims);
}

/* The norm of a difference: one number. */
static void shape_dist(struct call *c)
{
    struct fact facts[2] = { arg_fact(c, "input"), arg_fact(c, "other") };
    result(c, 0, promote_facts(facts, 2), 0, NULL);
}

static void shape_tensordot(struct call *c)
{
    struct fact a = arg_fact(c, "input"), b = arg_fact(c, "other");
    int64_t self[MAX_RANK], other[MAX_RANK], dims[2 * MAX_RANK];
    int count = arg_ints(c, "dims_self", self, MAX_RANK), rank = 0, axis;
    unsigned gone_a = 0, gone_b = 0;
    if (a.rank == RANK_UNKNOWN || b.rank == RANK_UNKNOWN)
        return;
    if (count == ABSENT) {
        int64_t n;
        if (!arg_int(c, "dims", 2, &n) || n < 0 || n > a.rank || n > b.rank)
            return;
        for (count = 0; count < n; count++) {
            self[count] = a.rank - n + count;
            other[count] = count;
        }
    } else if (count == UNKNOWN || arg_ints(c, "dims_other", other, MAX_RANK) != count) {
        return;
    }
    for (int i = 0; i < count; i++) {
        if (!axis_of(c, self[i], a.rank, &axis))
            return;
        gone_a |= 1u << axis;
        if (!axis_of(c, other[i], b.rank, &axis))
            return;
        gone_b |= 1u << axis;
    }
    for (int i = 0; i < a.rank; i++)
        if (!(gone_a >> i & 1))
            dims[rank++] = a.dims[i];
    for (int i = 0; i < b.rank; i++)
        if (!(gone_b >> i & 1))
            dims[rank++] = b.dims[i];
    result(c, 0, promote_facts((struct fact[]){ a, b }, 2), rank, dims);
}

/* The Kronecker product: sizes are multiplied, axes counted from the last. */
static void shape_kron(struct call *c)
{
    struct fact facts[2] = { arg_fact(c, "input"), arg_fact(c, "other") };
    int64_t dims[MAX_RANK];
    int rank = facts[0].rank > facts[1].rank ? facts[0].rank : facts[1].rank;
    if (facts[0].rank == RANK_UNKNOWN || facts[1].rank == RANK_UNKNOWN)
        return;
    for (int i = 0; i < rank; i++)
        dims[i] = 1;
    for (int f = 0; f < 2; f++)
        for (int i = 0; i < facts[f].rank; i++) {
            int64_t *size = &dims[rank - facts[f].rank + i];
            *size = dim_mul(c->graph, *size, facts[f].dims[i]);
        }
    result(c, 0, promote_facts(facts, 2), rank, dims);
}

/* Distances between all pairs of n rows: n * (n - 1) / 2. */
static void shape_pdist(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    int64_t pairs;
    if (x.rank != 2)
        return;
    pairs = dim_mul(c->graph, x.dims[0], dim_sub(c->graph, x.dims[0], 1));
    pairs = dim_div_floor(c->graph, pairs, 2);
    result(c, 0, x.dtype, 1, &pairs);
}

/* ---- einsum ---- */

/* What an equation has found out: the size behind each letter, and of the dimensions behind `...`. */
struct einsum {
    struct call *call;
    int64_t size[256];
    bool seen[256];
    int seen_count[256];
    int64_t ellipsis[MAX_RANK];
    int ellipsis_rank;
};

static bool einsum_letter(struct einsum *e, unsigned char letter, int64_t size)
{
    if (!e->seen[letter]) {
        e->seen[letter] = true;
        e->size[letter] = size;
        return true;
    }
    return broadcast_dims(e->call, e->size[letter], size, &e->size[letter]);
}

/* Walks over one operand's part of the equation. */
static bool einsum_operand(struct einsum *e, const char *part, size_t length, const struct fact *f)
{
    int letters = 0, axis = 0, hidden;
    for (size_t i = 0; i < length; i++)
        letters += isalpha((unsigned char)part[i]) != 0;
    hidden = f->rank - letters;
    if (hidden < 0 || (hidden > 0 && !memchr(part, '.', length)))
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned char letter = (unsigned char)part[i];
        if (isalpha(letter)) {
            e->seen_count[letter]++;
            if (!einsum_letter(e, letter, f->dims[axis++]))
                return false;
        } else if (letter == '.') {
            struct fact both[2] = {
                { .present = true, .rank = e->ellipsis_rank, .dims = e->ellipsis },
                { .present = true, .rank = hidden, .dims = f->dims + axis },
            };
            int64_t dims[MAX_RANK];
            if (!broadcast_facts(e->call, both, 2, &e->ellipsis_rank, dims))
                return false;
            memcpy(e->ellipsis, dims, (size_t)e->ellipsis_rank * sizeof *dims);
            axis += hidden;
            i += 2;
        }
    }
    return axis == f->rank;
}

static void einsum_result(struct einsum *e, const char *output, enum dtype dtype)
{
    int64_t dims[MAX_RANK + 64];
    int rank = 0;
    for (const char *at = output; *at && rank < MAX_RANK; at++) {
        if (isalpha((unsigned char)*at))
            dims[rank++] = e->size[(unsigned char)*at];
        if (strncmp(at, "...", 3) == 0) {
            memcpy(&dims[rank], e->ellipsis, (size_t)e->ellipsis_rank * sizeof *dims);
            rank += e->ellipsis_rank;
        }
    }
    result(e->call, 0, dtype, rank, dims);
}

/* Without `->`: the ellipsis, then the letters that occur once, upper case first (ASCII order). */
static const char *implicit_output(const struct einsum *e, char *text)
{
    char *at = text;
    if (e->ellipsis_rank)
        for (int i = 0; i < 3; i++)
            *at++ = '.';
    for (int letter = 'A'; letter <= 'z'; letter++)
        if (isalpha(letter) && e->seen_count[letter] == 1)
            *at++ = (char)letter;
    *at = '\0';
    return text;
}

static void shape_einsum(struct call *c)
{
    struct fact facts[32];
    struct einsum e = { .call = c };
    const char *equation = arg_text(c, "equation", NULL), *at = equation, *arrow;
    int count = arg_facts(c, arg_present(c, "operands") ? "operands" : "tensors", facts, LENGTH(facts));
    char text[64];
    if (!equation || count < 1)
        return;
    arrow = strstr(equation, "->");
    for (int i = 0; i < count; i++) {
        size_t length = strcspn(at, arrow ? ",-" : ",");
        if (facts[i].rank == RANK_UNKNOWN)
            return;
        if (!einsum_operand(&e, at, length, &facts[i])) {
            wrong(c, "operand %d does not fit the equation '%s'", i + 1, equation);
            return;
        }
        at += length + (at[length] == ',');
    }
    einsum_result(&e, arrow ? arrow + 2 : implicit_output(&e, text), promote_facts(facts, count));
}

/* Only the outer product of two vectors, "i,j->ij", which rotary embeddings write so. */
static bool evaluate_einsum(struct call *c)
{
    struct fact facts[2];
    const char *e = arg_text(c, "equation", "");
    int count = arg_facts(c, arg_present(c, "operands") ? "operands" : "tensors", facts, 2);
    char letters[5];
    size_t n = 0;
    for (; *e && n < sizeof letters; e++)
        if (isalpha((unsigned char)*e))
            letters[n++] = *e;
    if (count != 2 || n != 4 || letters[0] == letters[1] || letters[2] != letters[0] ||
        letters[3] != letters[1])
        return false;
    return evaluate_vectors(c, facts[0].constant, facts[1].constant);
}

/* Results as one operand: square matrices, and triangular solving. */
static void shape_first(struct call *c)
{
    struct fact x = arg_fact(c, arg_present(c, "A") ? "A" : "input");
    result_like(c, 0, &x);
}

/* det, and others that leave the axes before the matrix. */
static void shape_matrix_to_number(struct call *c)
{
    struct fact x = arg_fact(c, arg_present(c, "A") ? "A" : "input");
    if (x.rank >= 2)
        result(c, 0, x.dtype, x.rank - 2, x.dims);
}

/* A chain of matrices: as many rows as the first, as many columns as the last, either of which may be a vector. */
static void shape_multi_dot(struct call *c)
{
    struct fact facts[MAX_RANK];
    int count = arg_facts(c, "tensors", facts, MAX_RANK), rank = 0;
    if (count < 2 || count > MAX_RANK)
        return;
    const struct fact *first = &facts[0], *last = &facts[count - 1];
    int64_t dims[2];
    if (first->rank == 2)
        dims[rank++] = first->dims[0];
    if (last->rank == 2)
        dims[rank++] = last->dims[1];
    bool known = (first->rank == 1 || first->rank == 2) && (last->rank == 1 || last->rank == 2);
    result(c, 0, first->dtype, known ? rank : RANK_UNKNOWN, dims);
}

/* clang-format off */
static const struct row rows[] = {
    { "matmul mm bmm mv dot inner_ vdot linalg.matmul linalg_matmul __matmul__", shape_matmul, NULL, 0 },
    { "addmm addmv baddbmm addmm_", shape_addmm, NULL, 0 },
    { "linear nn.Linear nn.quantized.Linear nn.LazyLinear nn.intrinsic.quantized.LinearReLU",
      shape_linear, NULL, 0 },
    { "bilinear nn.Bilinear", shape_bilinear, NULL, 0 },
    { "outer ger", shape_outer, evaluate_outer, 0 },
    { "cdist", shape_cdist, NULL, 0 },
    { "dist", shape_dist, NULL, 0 },
    { "cosine_similarity nn.CosineSimilarity", shape_distance, NULL, 1 },
    { "pairwise_distance nn.PairwiseDistance", shape_distance, NULL, -1 },
    { "tensordot", shape_tensordot, NULL, 0 },
    { "kron", shape_kron, NULL, 0 },
    { "pdist", shape_pdist, NULL, 0 },
    { "einsum", shape_einsum, evaluate_einsum, 0 },
    { "inverse linalg.inv linalg_inv linalg.cholesky linalg_cholesky cholesky linalg.matrix_exp matrix_exp "
      "linalg.matrix_power matrix_power linalg.pinv_", shape_first, NULL, 0 },
    { "linalg.multi_dot", shape_multi_dot, NULL, 0 },
    { "det linalg.det linalg_det logdet", shape_matrix_to_number, NULL, 0 },
};
/* clang-format on */

const struct family family_matmul = { rows, LENGTH(rows) };
