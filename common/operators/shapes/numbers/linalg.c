/* linalg.c - shapes of decompositions and of what else torch.linalg computes of matrices. */
#include <string.h>

#include "common/operators/shapes/shape.h"

/* The matrices of an operator, however its first argument is called. */
static struct fact matrices(struct call *c)
{
    static const char *const keys[] = { "A", "input", "x", "self" };
    struct fact none = { .rank = RANK_UNKNOWN };
    for (size_t i = 0; i < LENGTH(keys); i++)
        if (arg_present(c, keys[i]))
            return arg_fact(c, keys[i]);
    return none;
}

/* A stack of as many matrices of another size. */
static void result_matrices(struct call *c, size_t index, const struct fact *x, int64_t rows, int64_t columns)
{
    int64_t dims[MAX_RANK];
    memcpy(dims, x->dims, (size_t)x->rank * sizeof *dims);
    dims[x->rank - 2] = rows;
    dims[x->rank - 1] = columns;
    result(c, index, x->dtype, x->rank, dims);
}

/* A stack of as many vectors. */
static void result_vectors(struct call *c, size_t index, enum dtype dtype, const struct fact *x, int64_t size)
{
    int64_t dims[MAX_RANK];
    memcpy(dims, x->dims, (size_t)x->rank * sizeof *dims);
    dims[x->rank - 2] = size;
    result(c, index, dtype, x->rank - 1, dims);
}

static int64_t smaller_side(const struct fact *x)
{
    int64_t rows = x->dims[x->rank - 2], columns = x->dims[x->rank - 1];
    if (!dim_known(rows) || !dim_known(columns))
        return rows == columns ? rows : DIM_UNKNOWN;
    return rows < columns ? rows : columns;
}

static void shape_qr(struct call *c)
{
    struct fact x = matrices(c);
    if (x.rank < 2 || strcmp(arg_text(c, "mode", "reduced"), "r") == 0)
        return;
    int64_t rows = x.dims[x.rank - 2], columns = x.dims[x.rank - 1];
    bool complete = strcmp(arg_text(c, "mode", "reduced"), "complete") == 0 || !arg_bool(c, "some", true);
    int64_t inner = complete ? rows : smaller_side(&x);
    result_matrices(c, 0, &x, rows, inner);
    result_matrices(c, 1, &x, inner, columns);
}

static void shape_svd(struct call *c)
{
    struct fact x = matrices(c);
    if (x.rank < 2)
        return;
    int64_t rows = x.dims[x.rank - 2], columns = x.dims[x.rank - 1], inner = smaller_side(&x);
    bool full = arg_bool(c, "full_matrices", true);
    result_matrices(c, 0, &x, rows, full ? rows : inner);
    result_vectors(c, 1, dtype_to_real(x.dtype), &x, inner);
    result_matrices(c, 2, &x, full ? columns : inner, columns);
}

static void shape_svdvals(struct call *c)
{
    struct fact x = matrices(c);
    if (x.rank >= 2)
        result_vectors(c, 0, dtype_to_real(x.dtype), &x, smaller_side(&x));
}

/* Eigenvalues, and vectors as the matrix; the code: of a Hermitian one, so they are real. */
static void shape_eigen(struct call *c)
{
    struct fact x = matrices(c);
    if (x.rank < 2)
        return;
    enum dtype complex = dtype_to_complex(x.dtype);
    result_vectors(c, 0, c->row->code ? dtype_to_real(x.dtype) : complex, &x, x.dims[x.rank - 1]);
    result(c, 1, c->row->code ? x.dtype : complex, x.rank, x.dims);
}

/* Sign and logarithm. */
static void shape_slogdet(struct call *c)
{
    struct fact x = matrices(c);
    if (x.rank < 2)
        return;
    result(c, 0, x.dtype, x.rank - 2, x.dims);
    result(c, 1, dtype_to_real(x.dtype), x.rank - 2, x.dims);
}

static void shape_lu(struct call *c)
{
    struct fact x = matrices(c);
    if (x.rank < 2)
        return;
    int64_t rows = x.dims[x.rank - 2], columns = x.dims[x.rank - 1], inner = smaller_side(&x);
    result_matrices(c, 0, &x, rows, rows);
    result_matrices(c, 1, &x, rows, inner);
    result_matrices(c, 2, &x, inner, columns);
}

/* The factors in one matrix, and the places of the pivots. */
static void shape_factor(struct call *c)
{
    struct fact x = matrices(c);
    if (x.rank < 2)
        return;
    result_like(c, 0, &x);
    result_vectors(c, 1, DTYPE_I32, &x, smaller_side(&x));
}

/* A matrix, and whether it could be computed. */
static void shape_checked(struct call *c)
{
    struct fact x = matrices(c);
    if (x.rank < 2)
        return;
    result_like(c, 0, &x);
    result(c, 1, DTYPE_I32, x.rank - 2, x.dims);
}

static void shape_pinv(struct call *c)
{
    struct fact x = matrices(c);
    if (x.rank >= 2)
        result_matrices(c, 0, &x, x.dims[x.rank - 1], x.dims[x.rank - 2]);
}

/* The solution: as many rows as A has columns.  The other results depend on the driver. */
static void shape_lstsq(struct call *c)
{
    struct fact a = matrices(c), b = arg_fact(c, arg_present(c, "B") ? "B" : "b");
    if (a.rank >= 2 && b.rank == a.rank)
        result_matrices(c, 0, &b, a.dims[a.rank - 1], b.dims[b.rank - 1]);
}

/* As large as the right-hand sides, but that the axes before the last `own` are broadcast with those before the matrices. */
static void result_solution(struct call *c, const struct fact *a, const struct fact *b, int own)
{
    struct fact stacks[2] = { *a, *b };
    int64_t dims[2 * MAX_RANK];
    int rank;
    result(c, 0, b->dtype, RANK_UNKNOWN, NULL);
    stacks[0].rank -= 2;
    stacks[1].rank -= own;
    if (a->rank < 2 || b->rank < own || !broadcast_facts(c, stacks, 2, &rank, dims) || rank + own > MAX_RANK)
        return;
    memcpy(dims + rank, b->dims + stacks[1].rank, (size_t)own * sizeof *dims);
    result(c, 0, b->dtype, rank + own, dims);
}

static void shape_solve_triangular(struct call *c)
{
    struct fact a = matrices(c), b = arg_fact(c, arg_present(c, "B") ? "B" : "other");
    result_solution(c, &a, &b, 2);
}

/* A right-hand side is a vector where there is one axis, or as many vectors of the size as A has matrices. */
static void shape_solve(struct call *c)
{
    struct fact a = matrices(c), b = arg_fact(c, arg_present(c, "B") ? "B" : "other");
    bool vectors = b.rank == a.rank - 1, other = !vectors;
    for (int i = 0; i < b.rank && b.rank == a.rank - 1; i++) {
        vectors = vectors && dim_equal(a.dims[i], b.dims[i]);
        other = other || (dim_known(a.dims[i]) && dim_known(b.dims[i]) && a.dims[i] != b.dims[i]);
    }
    if (vectors || other || b.rank == 1)
        result_solution(c, &a, &b, vectors || b.rank == 1 ? 1 : 2);
}

/* Right-hand sides first; stacks of the same size. */
static void shape_triangular_solve(struct call *c)
{
    struct fact b = arg_fact(c, "input"), a = arg_fact(c, "A");
    if (b.rank != 2 || a.rank != 2)
        return;
    result_like(c, 0, &b);
    result_like(c, 1, &a);
}

static void shape_cholesky_solve(struct call *c)
{
    struct fact b = arg_fact(c, "input");
    if (b.rank == 2)
        result_like(c, 0, &b);
}

static void shape_matrix_rank(struct call *c)
{
    struct fact x = matrices(c);
    if (x.rank >= 2)
        result(c, 0, DTYPE_I64, x.rank - 2, x.dims);
}

static void shape_cond(struct call *c)
{
    struct fact x = matrices(c);
    if (x.rank >= 2)
        result(c, 0, dtype_to_real(x.dtype), x.rank - 2, x.dims);
}

/* Two axes become one number. */
static void shape_matrix_norm(struct call *c)
{
    struct fact x = matrices(c);
    int64_t axes[2] = { -2, -1 }, dims[MAX_RANK];
    int first, second, rank = 0, given = arg_ints(c, "dim", axes, 2);
    if (x.rank < 2 || given == UNKNOWN || !axis_of(c, axes[0], x.rank, &first) ||
        !axis_of(c, axes[1], x.rank, &second))
        return;
    for (int i = 0; i < x.rank; i++)
        if (i != first && i != second)
            dims[rank++] = x.dims[i];
        else if (arg_bool(c, "keepdim", false))
            dims[rank++] = 1;
    result(c, 0, arg_dtype(c, "dtype", dtype_to_real(x.dtype)), rank, dims);
}

static void shape_vecdot(struct call *c)
{
    struct fact facts[2] = { matrices(c), arg_fact(c, arg_present(c, "y") ? "y" : "other") };
    int64_t dims[MAX_RANK];
    int rank, axis;
    if (!broadcast_facts(c, facts, 2, &rank, dims) || rank < 1 || !arg_axis(c, "dim", rank, -1, &axis))
        return;
    memmove(dims + axis, dims + axis + 1, (size_t)(rank - axis - 1) * sizeof *dims);
    result(c, 0, promote_facts(facts, 2), rank - 1, dims);
}

/* The axes behind the first `ind`, then those. */
static void shape_tensorinv(struct call *c)
{
    struct fact x = matrices(c);
    int64_t ind, dims[MAX_RANK];
    if (x.rank < 1 || !arg_int(c, "ind", 2, &ind) || ind < 1 || ind >= x.rank)
        return;
    for (int i = 0; i < x.rank; i++)
        dims[i] = x.dims[(i + ind) % x.rank];
    result(c, 0, x.dtype, x.rank, dims);
}

static void shape_tensorsolve(struct call *c)
{
    struct fact a = matrices(c), b = arg_fact(c, arg_present(c, "B") ? "B" : "other");
    if (a.rank != RANK_UNKNOWN && b.rank != RANK_UNKNOWN && a.rank >= b.rank && !arg_present(c, "dims"))
        result(c, 0, a.dtype, a.rank - b.rank, a.dims + b.rank);
}

static void shape_vander(struct call *c)
{
    struct fact x = matrices(c);
    int64_t dims[MAX_RANK];
    if (x.rank < 1 || x.rank == MAX_RANK)
        return;
    memcpy(dims, x.dims, (size_t)x.rank * sizeof *dims);
    dims[x.rank] = arg_present(c, "N") ? arg_size(c, "N", DIM_UNKNOWN) : x.dims[x.rank - 1];
    result(c, 0, x.dtype, x.rank + 1, dims);
}

/* Each row of one with each row of the other. */
static void shape_inner(struct call *c)
{
    struct fact facts[2] = { arg_fact(c, "input"), arg_fact(c, "other") };
    int64_t dims[2 * MAX_RANK];
    int rank = 0;
    if (facts[0].rank < 1 || facts[1].rank < 1 || facts[0].rank + facts[1].rank > MAX_RANK)
        return;
    for (int k = 0; k < 2; k++)
        for (int i = 0; i + 1 < facts[k].rank; i++)
            dims[rank++] = facts[k].dims[i];
    result(c, 0, promote_facts(facts, 2), rank, dims);
}

static void shape_addr(struct call *c)
{
    struct fact a = arg_fact(c, "vec1"), b = arg_fact(c, "vec2");
    if (a.rank != 1 || b.rank != 1)
        return;
    int64_t dims[2] = { a.dims[0], b.dims[0] };
    result(c, 0, arg_fact(c, "input").dtype, 2, dims);
}

static void shape_addbmm(struct call *c)
{
    struct fact a = arg_fact(c, "batch1"), b = arg_fact(c, "batch2");
    if (a.rank != 3 || b.rank != 3)
        return;
    int64_t dims[2] = { a.dims[1], b.dims[2] };
    result(c, 0, a.dtype, 2, dims);
}

/* Variables in rows: of one the result is a number. */
static void shape_cov(struct call *c)
{
    struct fact x = arg_fact(c, "input");
    if (x.rank == RANK_UNKNOWN || x.rank > 2)
        return;
    int64_t variables = x.rank == 2 ? x.dims[0] : 1, dims[2] = { variables, variables };
    int rank = variables == 1 ? 0 : dim_known(variables) ? 2 : RANK_UNKNOWN;
    result(c, 0, dtype_to_float(x.dtype), rank, dims);
}

/* Matrices along the diagonal; a vector is a row. */
static void shape_block_diag(struct call *c)
{
    struct fact facts[64];
    int64_t dims[2] = { 0, 0 };
    int count = arg_facts(c, "tensors", facts, LENGTH(facts));
    for (int i = 0; i < count; i++) {
        const struct fact *x = &facts[i];
        if (x->rank < 0 || x->rank > 2)
            return;
        dims[0] = dim_add(c->graph, dims[0], x->rank == 2 ? x->dims[0] : 1);
        dims[1] = dim_add(c->graph, dims[1], x->rank > 0 ? x->dims[x->rank - 1] : 1);
    }
    if (count > 0)
        result(c, 0, promote_facts(facts, count), 2, dims);
}

static void shape_cartesian_prod(struct call *c)
{
    struct fact facts[64];
    int64_t dims[2] = { 1, 0 };
    int count = arg_facts(c, "tensors", facts, LENGTH(facts));
    for (int i = 0; i < count; i++) {
        if (facts[i].rank != 1)
            return;
        dims[0] = dim_mul(c->graph, dims[0], facts[i].dims[0]);
    }
    dims[1] = count;
    if (count == 1)
        result_like(c, 0, &facts[0]);
    else if (count > 1)
        result(c, 0, facts[0].dtype, 2, dims);
}

/* Vectors are columns. */
static void shape_column_stack(struct call *c)
{
    struct fact facts[64];
    int64_t dims[MAX_RANK], columns = 0;
    int count = arg_facts(c, "tensors", facts, LENGTH(facts));
    for (int i = 0; i < count; i++) {
        if (facts[i].rank < 0)
            return;
        columns = dim_add(c->graph, columns, facts[i].rank > 1 ? facts[i].dims[1] : 1);
    }
    if (count < 1)
        return;
    int rank = facts[0].rank > 2 ? facts[0].rank : 2;
    dims[0] = facts[0].rank > 0 ? facts[0].dims[0] : 1;
    for (int i = 2; i < rank; i++)
        dims[i] = facts[0].dims[i];
    dims[1] = columns;
    result(c, 0, promote_facts(facts, count), rank, dims);
}

/* Groups: of matrices each, or (with their ends in `offs`) of rows of one matrix. */
static void shape_grouped_mm(struct call *c)
{
    struct fact a = arg_fact(c, arg_present(c, "mat_a") ? "mat_a" : "input"),
                b = arg_fact(c, arg_present(c, "mat_b") ? "mat_b" : "mat2");
    if (a.rank < 2 || b.rank != 3 || a.rank > 3 || arg_present(c, "out_dtype"))
        return;
    int64_t dims[3] = { a.dims[0], a.dims[1], b.dims[2] };
    dims[a.rank - 1] = b.dims[2];
    result(c, 0, a.dtype, a.rank, dims);
}

/* clang-format off */
static const struct row rows[] = {
    { "linalg.qr linalg_qr qr", shape_qr, NULL, 0 },
    { "linalg.svd linalg_svd", shape_svd, NULL, 0 },
    { "linalg.svdvals linalg_svdvals", shape_svdvals, NULL, 0 },
    { "linalg.eigh linalg_eigh linalg.eigvalsh linalg_eigvalsh", shape_eigen, NULL, 1 },
    { "linalg.eig linalg_eig linalg.eigvals linalg_eigvals", shape_eigen, NULL, 0 },
    { "linalg.slogdet linalg_slogdet slogdet", shape_slogdet, NULL, 0 },
    { "linalg.lu linalg_lu", shape_lu, NULL, 0 },
    { "linalg.lu_factor linalg_lu_factor linalg.ldl_factor linalg_ldl_factor", shape_factor, NULL, 0 },
    { "linalg.inv_ex linalg_inv_ex linalg.cholesky_ex linalg_cholesky_ex", shape_checked, NULL, 0 },
    { "linalg.pinv linalg_pinv pinverse", shape_pinv, NULL, 0 },
    { "linalg.lstsq linalg_lstsq", shape_lstsq, NULL, 0 },
    { "linalg.solve linalg_solve", shape_solve, NULL, 0 },
    { "linalg.solve_triangular linalg_solve_triangular", shape_solve_triangular, NULL, 0 },
    { "triangular_solve", shape_triangular_solve, NULL, 0 },
    { "cholesky_solve", shape_cholesky_solve, NULL, 0 },
    { "cholesky_inverse", shape_same, NULL, 0 },
    { "linalg.matrix_rank linalg_matrix_rank", shape_matrix_rank, NULL, 0 },
    { "linalg.cond linalg_cond", shape_cond, NULL, 0 },
    { "linalg.matrix_norm linalg_matrix_norm", shape_matrix_norm, NULL, 0 },
    { "linalg.vecdot linalg_vecdot", shape_vecdot, NULL, 0 },
    { "linalg.tensorinv linalg_tensorinv", shape_tensorinv, NULL, 0 },
    { "linalg.tensorsolve linalg_tensorsolve", shape_tensorsolve, NULL, 0 },
    { "vander linalg.vander linalg_vander", shape_vander, NULL, 0 },
    { "inner", shape_inner, NULL, 0 },
    { "addr", shape_addr, NULL, 0 },
    { "addbmm", shape_addbmm, NULL, 0 },
    { "cov corrcoef", shape_cov, NULL, 0 },
    { "block_diag", shape_block_diag, NULL, 0 },
    { "cartesian_prod", shape_cartesian_prod, NULL, 0 },
    { "column_stack", shape_column_stack, NULL, 0 },
    { "F.grouped_mm aten::_grouped_mm", shape_grouped_mm, NULL, 0 },
};
/* clang-format on */

const struct family family_linalg = { rows, LENGTH(rows) };
