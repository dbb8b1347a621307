"""Cases: calls of PyTorch that the other tables do not have, one each."""
import torch
import torch.nn.functional as F
from torch import nn

import torchvision_stand_in
from operators import bools, chance, complexes, function, ints, module, positive, tensor, unit

FLAT, CUBE, SQUARE = (3, 10), (2, 3, 10), (4, 4)


def put(f):
    """The tensor that a function writes into."""
    def g(x, *rest):
        y = x * 1
        f(y, *rest)
        return y
    return g


def assign(*index):
    def f(y, v):
        y[index] = v
    return put(f)


ALL = slice(None)

# Products and sums of several tensors
for type_, f, *inputs in (
        ("torch.tensordot", lambda x, y: torch.tensordot(x, y, 2), CUBE, (3, 10, 4)),
        ("torch.tensordot", lambda x, y: torch.tensordot(x, y, ([1], [0])), CUBE, (3, 4)),
        ("torch.block_diag", torch.block_diag, (2, 3), (3, 2)),
        ("torch.cartesian_prod", torch.cartesian_prod, (2,), (3,)),
        ("torch.broadcast_tensors", torch.broadcast_tensors, (3, 1), (1, 4)),
        ("torch.linalg.multi_dot", lambda x, y, z: torch.linalg.multi_dot([x, y, z]), (2, 3), (3, 4), (4, 5)),
        ("torch.linalg.multi_dot", lambda x, y, z: torch.chain_matmul(x, y, z), (2, 3), (3, 4), (4, 5)),
        ("torch.inner", torch.inner, (2, 4), (3, 4)), ("torch.outer", torch.outer, (3,), (4,)),
        ("torch.addr", torch.addr, (3, 4), (3,), (4,)), ("torch.addbmm", torch.addbmm, (3, 5), (2, 3, 4), (2, 4, 5)),
        ("torch.linalg.vecdot", torch.linalg.vecdot, CUBE, CUBE),
        ("torch.column_stack", lambda x, y: torch.column_stack((x, y)), (3,), (3, 4)),
        ("torch.vstack", lambda x, y: torch.row_stack((x, y)), (4,), (3, 4)),
        ("torch.dstack", lambda x, y: torch.dstack((x, y)), (3, 4), (3, 4)),
        ("torch.kron", torch.kron, (2, 3), (3, 2)), ("torch.vdot", torch.vdot, (4,), (4,))):
    function(type_, f, *inputs)

# Shapes
for n in (1, 2, 3):
    f = getattr(torch, f"atleast_{n}d")
    for shape in ((4,), FLAT, CUBE):
        function("", f, shape)
    function("", lambda x, f=f: f(x.sum()), FLAT)
    function("", lambda x, y, f=f: f(x, y), (4,), FLAT)
for type_, f, *inputs in (
        ("torch.narrow", lambda x: torch.narrow_copy(x, 1, 2, 5), FLAT),
        ("torch.tensor_split", lambda x: torch.tensor_split(x, torch.tensor([2, 5]), 1), FLAT),
        ("torch.tensor_split", lambda x: torch.tensor_split(x, torch.tensor(3), 1), FLAT),
        ("torch.repeat_interleave", lambda x: torch.repeat_interleave(x, torch.tensor([2, 0, 1]), dim=0), FLAT),
        ("torch.repeat_interleave", lambda x, r: torch.repeat_interleave(x, r, dim=0), FLAT, tensor(torch.tensor([2, 0, 1]))),
        ("torch.repeat_interleave", lambda r: torch.repeat_interleave(r), tensor(torch.tensor([2, 0, 1]))),
        ("torch.combinations", lambda x: torch.combinations(x, 3, True), (4,)),
        ("torch.diag_embed", lambda x: torch.diag_embed(x, 1, 0, 2), FLAT),
        ("torch.movedim", lambda x: torch.moveaxis(x, (0, 1), (2, 0)), CUBE),
        ("torch.flipud", torch.flipud, FLAT), ("torch.block_diag", lambda x: torch.block_diag(x, x), (2,)),
        ("torch.vander", torch.vander, (4,)),
        ("torch.vander", lambda x: torch.vander(x, 3, True), (4,)),
        ("torch.linalg.vander", lambda x: torch.linalg.vander(x, N=3), FLAT)):
    function(type_, f, *inputs)

# Writes
for type_, f, *inputs in (
        ("", assign(ALL, slice(2, 5)), FLAT, (3, 1)),
        ("", assign(ALL, slice(2, 5)), FLAT, (3,)),
        ("", assign(ALL, 2), FLAT, ints(9, 3)),
        ("", assign(1), FLAT, lambda: torch.tensor(2.5)),
        ("", put(lambda y, v: y.copy_(v)), FLAT, FLAT),
        ("", put(lambda y, v: y.copy_(v)), FLAT, (10,)),
        ("", put(lambda y, v: y.copy_(v)), FLAT, ints(9, 3, 10)),
        ("", put(lambda y, v: y.fill_(v.sum())), FLAT, (2,)),
        ("", put(lambda y, v: y[:, 1].fill_(v.sum())), FLAT, (2,)),
        ("", lambda x: put(lambda y: y[:, :2].copy_(torch.relu(y[:, :2])))(x), (1, 4, 6, 6)),
        ("", put(lambda y, v: y.add_(v)), FLAT, lambda: torch.randn(3, 10, dtype=torch.double)),
        ("", put(lambda y, v: y.mul_(v)), FLAT, lambda: torch.randn(10, dtype=torch.double)),
        ("", put(lambda y, v: y[:, 1:3].sub_(v)), FLAT, lambda: torch.randn(2, dtype=torch.double)),
        ("", put(lambda y, v: y.add_(v)), ints(9, 3, 4), ints(9, 4)),
        ("", put(lambda y: y.bitwise_and_(torch.tensor(3))), ints(9, 4)),
        ("", put(lambda y, v: y.masked_fill_(y > 0, v.sum())), FLAT, (2,)),
        ("", put(lambda y, v: y.index_fill_(1, torch.tensor([0, 2]), 3.0)), FLAT, (2,)),
        ("", put(lambda y, v: y.scatter_(1, torch.tensor([[0, 1], [2, 3], [4, 5]]), v)), FLAT, (3, 2)),
        ("", put(lambda y, v: y.scatter_(1, torch.tensor([[0, 1], [2, 3], [4, 5]]), v, reduce="add")), FLAT, (3, 2)),
        ("", put(lambda y, v: y.masked_scatter_(y > 0, v)), FLAT, (40,)),
        ("", put(lambda y, v: y.index_copy_(1, torch.tensor([0, 2]), v)), FLAT, (3, 2)),
        ("", put(lambda y: y.clamp_(min=torch.tensor(0.5))), FLAT),
        ("", put(lambda y: y.squeeze_(0).unsqueeze_(1).transpose_(0, 1)), (1, 3, 10))):
    function(type_, f, *inputs)
function("aten::fill_diagonal", put(lambda y: y.fill_diagonal_(2.0)), SQUARE, absent=())
function("aten::fill_diagonal", put(lambda y: y.fill_diagonal_(2.0, wrap=True)), (7, 3), absent=())
function("", put(lambda y: y.fill_diagonal_(-1.0)), (5, 3), absent=())
function("", lambda x: torch.full_like(x, 2.5) * x + torch.full_like(x[0], 1.5), FLAT)
# A tensor where the call of aten takes numbers only
function("", lambda x: torch.arange(x.abs().sum().long() % 3 + 4)[:4] + x[0, 0], FLAT)
function("", lambda x: torch.clamp(x, min=0, max=x.sum().abs() + 1), FLAT)

# Element by element, reductions
for type_, f, *inputs in (
        ("torch.polygamma", lambda x: torch.polygamma(2, x), positive(5)),
        ("torch.polygamma", lambda x: torch.special.polygamma(1, x), positive(5)),
        ("torch.linalg.matrix_norm", lambda x: torch.norm(x, "nuc"), SQUARE),
        ("torch.linalg.matrix_norm", lambda x: torch.norm(x, "nuc", dim=(0, 2), keepdim=True), CUBE),
        ("torch.norm", lambda x: torch.norm(x, float("inf"), dim=1), FLAT),
        ("torch.cov", torch.cov, FLAT), ("torch.cov", lambda x: torch.cov(x, correction=0), FLAT),
        ("torch.histc", lambda x: torch.histc(x, 5, -2, 2), FLAT), ("torch.bincount", lambda x: torch.bincount(x, minlength=9), ints(9, 20)),
        ("torch.nanmedian", lambda x: torch.nanmedian(x, 1), FLAT), ("torch.mode", lambda x: torch.mode(x, 1), ints(3, 4, 9)),
        ("torch.mode", lambda x: torch.mode(x, 0, keepdim=True), ints(3, 9, 4)), ("torch.mode", lambda x: torch.mode(x.round(), 1), (2, 9, 3)),
        ("torch.histc", lambda x: torch.histc(x, 7, -1, 0.5), CUBE), ("torch.histc", lambda x: torch.histc(x, 4, 0, 8), lambda: torch.arange(-1.0, 10.0)),
        ("torch.histogram", lambda x: torch.histogram(x, 3, range=(-1.0, 0.5)), (7,)),
        ("torch.quantile", lambda x: torch.quantile(x, torch.tensor([0.2, 0.6]), dim=1, keepdim=True), FLAT),
        ("torch.quantile", lambda x: torch.quantile(x, 0.4, interpolation="nearest"), FLAT),
        ("torch.nanquantile", lambda x: torch.nanquantile(x, 0.4, dim=0), FLAT),
        ("torch.float_power", lambda x: torch.float_power(x, 2), FLAT), ("torch.ldexp", torch.ldexp, FLAT, ints(4, 10)),
        ("torch.gcd", torch.gcd, ints(30, 9, low=1), ints(30, 9, low=1)), ("torch.lcm", torch.lcm, ints(30, 9, low=1), ints(30, 9, low=1)),
        ("torch.heaviside", torch.heaviside, FLAT, (10,)), ("torch.nextafter", torch.nextafter, FLAT, FLAT),
        ("torch.xlogy", torch.xlogy, positive(*FLAT), positive(10)), ("torch.igammac", torch.igammac, positive(5), positive(5)),
        ("torch.addcmul", lambda x, y, z: torch.addcmul(x, y, z, value=0.5), FLAT, (10,), FLAT),
        ("torch.addcdiv", lambda x, y, z: torch.addcdiv(x, y, z, value=0.5), FLAT, (10,), positive(*FLAT)),
        ("torch.lerp", lambda x, y, w: torch.lerp(x, y, w), FLAT, FLAT, (10,)), ("torch.isneginf", torch.isneginf, FLAT),
        ("torch.isposinf", torch.isposinf, FLAT), ("torch.isreal", torch.isreal, complexes(4)), ("torch.i0", torch.i0, FLAT),
        ("torch.logcumsumexp", lambda x: torch.logcumsumexp(x, 1), FLAT), ("torch.cummax", lambda x: torch.cummax(x, 1), FLAT),
        ("torch.cummin", lambda x: torch.cummin(x, 1), FLAT), ("Tensor.sum_to_size", lambda x: x.sum_to_size(3, 1), FLAT),
        ("torch.erfinv", lambda x: torch.special.erfinv(x), unit(5)),
        ("torch.take", lambda x: torch.take(x, torch.tensor([0, 5, 7])), FLAT),
        ("torch.take_along_dim", lambda x: torch.take_along_dim(x, torch.tensor([0, 5, 7])), FLAT),
        ("torch.diff", lambda x, a: torch.diff(x, n=2, dim=0, append=a), FLAT, (1, 10)),
        ("torch.trapezoid", lambda x: torch.trapezoid(x, dx=0.5), FLAT), ("torch.trapezoid", torch.trapezoid, FLAT, FLAT),
        ("torch.cumulative_trapezoid", torch.cumulative_trapezoid, FLAT, FLAT),
        ("torch.gradient", lambda x: torch.gradient(x, dim=1)[0], FLAT),
        ("torch.count_nonzero", lambda x: torch.count_nonzero(x > 0, dim=1), FLAT),
        ("torch.std_mean", lambda x: torch.std_mean(x, 1), FLAT),
        ("torch.histogram", lambda x: torch.histogram(x, 5, range=(-2.0, 2.0)), FLAT),
        ("torch.renorm", lambda x: torch.renorm(x, 1, 1, 0.5), FLAT),
        ("torch.logspace", lambda x: torch.logspace(0, 2, x.shape[1], base=2.0), FLAT),
        ("torch.unique", lambda x: torch.unique(x, sorted=True, return_inverse=True), ints(5, 9)),
        ("torch.bucketize", lambda x: torch.bucketize(x, torch.tensor([0.0, 1.0]), right=True), FLAT),
        ("torch.fmax", torch.fmax, FLAT, (10,)),
        ("torch.where", lambda x: torch.where(x > 0), FLAT), ("torch.nonzero", lambda x: x.nonzero(), FLAT),
        ("torch.argsort", lambda x: x.argsort(1, True), FLAT),
        ("torch.aminmax", torch.aminmax, FLAT), ("torch.aminmax", lambda x: torch.aminmax(x, dim=0, keepdim=True), FLAT)):
    function(type_, f, *inputs)

# Creation
for type_, f, *inputs in (
        ("torch.fft.fftfreq", lambda x: torch.fft.fftfreq(x.shape[1], 0.5), FLAT),
        ("torch.fft.rfftfreq", lambda x: torch.fft.rfftfreq(x.shape[1]), FLAT),
        ("Tensor.new_empty", lambda x: x.new_empty((x.shape[0], 4)).fill_(2.0), FLAT),
        ("", lambda x: torch.empty_like(x).fill_(2.0), FLAT), ("", lambda x: torch.empty(x.shape[0], 4).fill_(2.0), FLAT),
        ("torch.triu_indices", lambda x: torch.triu_indices(x.shape[0], 4, 1), FLAT),
        ("torch.kaiser_window", lambda x: torch.kaiser_window(x.shape[1], True, 8.0), FLAT),
        ("torch.blackman_window", lambda x: torch.blackman_window(x.shape[1]), FLAT),
        ("torch.bartlett_window", lambda x: torch.bartlett_window(x.shape[1], False), FLAT),
        ("", lambda x: torch.eye(3, x.shape[1]), FLAT), ("", lambda x: torch.scalar_tensor(2.5) * x, FLAT),
        ("", lambda x: torch.range(1, 4) + x[0, 0], FLAT),
        ("", lambda x: torch.tensor([1.0, 2.0]).to(x) + x[0, 0], FLAT)):
    function(type_, f, *inputs)

# Linear algebra
for type_, f, *inputs in (
        ("torch.linalg.svdvals", torch.linalg.svdvals, (2, 4, 3)), ("torch.linalg.eigvalsh", lambda x: torch.linalg.eigvalsh(x @ x.mT), (2, 4, 4)),
        ("torch.linalg.slogdet", torch.linalg.slogdet, (2, 4, 4)), ("torch.slogdet", torch.slogdet, SQUARE),
        ("torch.linalg.qr", torch.linalg.qr, (2, 4, 3)), ("torch.linalg.qr", torch.qr, (4, 3)),
        ("torch.linalg.svd", lambda x: torch.linalg.svd(x)[1], (2, 4, 3)), ("torch.linalg.eigh", lambda x: torch.linalg.eigh(x @ x.mT)[0], SQUARE),
        ("torch.linalg.cholesky", lambda x: torch.linalg.cholesky(x @ x.mT + torch.eye(4)), SQUARE),
        ("torch.linalg.cholesky", lambda x: torch.cholesky(x @ x.mT + torch.eye(4)), SQUARE),
        ("torch.linalg.solve", lambda x, y: torch.linalg.solve(x + 5 * torch.eye(4), y), SQUARE, (4, 3)),
        ("torch.linalg.solve_triangular", lambda x, y: torch.linalg.solve_triangular(x.triu() + 5 * torch.eye(4), y, upper=True), SQUARE, (4, 3)),
        ("torch.linalg.matrix_power", lambda x: torch.linalg.matrix_power(x, 3), SQUARE),
        ("torch.linalg.matrix_rank", torch.linalg.matrix_rank, (2, 4, 3)), ("torch.linalg.cond", torch.linalg.cond, SQUARE),
        ("torch.linalg.lu_factor", torch.linalg.lu_factor, SQUARE), ("torch.linalg.lstsq", lambda x, y: torch.linalg.lstsq(x, y)[0], (5, 3), (5, 2)),
        ("torch.linalg.lu", torch.linalg.lu, SQUARE), ("torch.linalg.inv_ex", lambda x: torch.linalg.inv_ex(x + 5 * torch.eye(4))[0], SQUARE),
        ("torch.triangular_solve", lambda x, y: torch.triangular_solve(y, x.triu() + 5 * torch.eye(4))[0], SQUARE, (4, 3)),
        ("torch.linalg.pinv", torch.linalg.pinv, (4, 3)), ("torch.cholesky_inverse", lambda x: torch.cholesky_inverse(x.tril() + 5 * torch.eye(4)), SQUARE),
        ("torch.cholesky_solve", lambda x, y: torch.cholesky_solve(y, x.tril() + 5 * torch.eye(4)), SQUARE, (4, 3)),
        ("torch.linalg.tensorinv", lambda x: torch.linalg.tensorinv(x.reshape(4, 2, 2) + 5 * torch.eye(4).reshape(4, 2, 2), ind=1), SQUARE),
        ("torch.linalg.tensorsolve", lambda x, y: torch.linalg.tensorsolve(x.reshape(4, 2, 2) + 5 * torch.eye(4).reshape(4, 2, 2), y), SQUARE, (4,)),
        ("torch.logdet", lambda x: torch.logdet(x @ x.mT + torch.eye(4)), (2, 4, 4)), ("torch.matrix_exp", torch.matrix_exp, (2, 3, 3)),
        ("torch.linalg.ldl_factor", lambda x: torch.linalg.ldl_factor(x @ x.mT)[0], SQUARE)):
    function(type_, f, *inputs, tolerance=1e-3)

# Matrices of each number of rows that has a formula: alone, batches, systems of a vector; triangular ones with everything they can be told
for shape in ((1, 1), (2, 2), (3, 3), (2, 3, 3), (2, 1, 2, 2), (3, 1, 4, 4)):
    function("torch.linalg.det", lambda x: (torch.linalg.det(x), torch.inverse(x + 4 * torch.eye(x.shape[-1])), torch.slogdet(x)[1], torch.logdet(x)), shape,
             tolerance=1e-3)
for shape, rest in (((3, 3), (3,)), ((2, 3, 3), (2, 3)), ((2, 2, 2), (2, 2, 5)), ((2, 4, 4), (4, 3))):
    function("torch.linalg.solve", lambda x, y: torch.linalg.solve(x + 4 * torch.eye(x.shape[-1]), y), shape, rest, tolerance=1e-3)
function("torch.linalg.solve", lambda x, y: torch.linalg.solve(x + 4 * torch.eye(3), y, left=False), (2, 3, 3), (2, 4, 3), tolerance=1e-3)
for upper in (False, True):
    function("torch.linalg.cholesky_ex", lambda x, u=upper: torch.linalg.cholesky_ex(x @ x.mT + torch.eye(x.shape[-1]), upper=u)[0], (2, 8, 8), tolerance=1e-3)
    for left, unit in ((True, False), (False, False), (True, True)):
        function("torch.linalg.solve_triangular",
                 lambda x, y, u=upper, l=left, n=unit: torch.linalg.solve_triangular(x / 4 + 2 * torch.eye(6), y, upper=u, left=l, unitriangular=n),
                 (2, 6, 6), (2, 6, 4) if left else (2, 4, 6), tolerance=1e-3)
    function("torch.cholesky_solve", lambda x, y, u=upper: torch.cholesky_solve(y, x / 4 + 2 * torch.eye(5), upper=u), (5, 5), (5, 2), tolerance=1e-3)
    function("torch.triangular_solve",
             lambda x, y, u=upper: torch.triangular_solve(y, x / 4 + 2 * torch.eye(5), upper=u, transpose=True, unitriangular=u)[0], (5, 5), (5, 2), tolerance=1e-3)

# Special functions where they have poles, ends and branches
POLES = torch.tensor([-3.0, -2.5, -1.2, -1.0, -0.3, 0.0, 1e-3, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 2.2, 4.0, 9.5, 33.0, 1e3])
SIDES = torch.tensor([-9.0, -4.0, -3.75, -2.5, -1.0, -0.2, 0.0, 0.1, 1.3, 3.0, 3.75, 3.8, 6.0, 9.0])
ENDS = torch.tensor([-1.5, -1.0, -0.9999999, -0.999, -0.9, -0.3, 0.0, 1e-4, 0.2, 0.5, 0.93, 0.99999, 1.0, 2.0])
for f in (torch.lgamma, torch.digamma, torch.special.gammaln):
    function("", f, tensor(POLES), tolerance=1e-5)
for n in (1, 2, 3):
    function("", lambda x, n=n: torch.polygamma(n, x), tensor(POLES[POLES != POLES.ceil()] if n == 1 else POLES), tolerance=1e-5)
    function("", lambda x, n=n: torch.polygamma(n, x.abs() + 0.2), tensor(POLES), tolerance=1e-5)
for f in (torch.i0, torch.special.i0e, torch.special.i1, torch.special.i1e, torch.special.erfcx, torch.special.log_ndtr, torch.special.entr):
    function("", f, tensor(SIDES), tolerance=1e-5)
for f in (torch.erfinv, torch.special.ndtri):
    function("", f, tensor(ENDS), tolerance=1e-5)
function("", lambda x: (torch.where(x > 0, torch.inf, -torch.inf), torch.where(x > 0, -torch.inf, torch.inf)), tensor(ENDS))
function("torch.mvlgamma", lambda x: torch.mvlgamma(x + 3, 4), positive(2, 5))
function("torch.lgamma", torch.lgamma, ints(9, 5))

# Functions of torch.nn.functional
for type_, f, *inputs in (
        ("F.embedding", lambda i, w: F.embedding(i, w, max_norm=1.0), ints(10, 5), (10, 6)),

        ("F.multilabel_margin_loss", F.multilabel_margin_loss, (2, 4), tensor(torch.tensor([[3, 0, -1, 1], [1, -1, 0, 2]]))),
        ("F.multilabel_margin_loss", lambda x, t: F.multilabel_margin_loss(x, t, reduction="none"), (3, 5),
         tensor(torch.tensor([[3, 0, -1, 1, 2], [-1, 1, 0, 2, 3], [4, 3, 2, 1, 0]]))),
        ("F.multilabel_margin_loss", lambda x, t: F.multilabel_margin_loss(x, t, reduction="sum"), (2, 3), tensor(torch.tensor([[2, -1, -1], [0, 1, -1]]))),
        ("", F.multilabel_soft_margin_loss, FLAT, positive(*FLAT)), ("F.log_softmax", lambda x: F.log_softmax(x, 1, dtype=torch.double), FLAT),
        ("F.batch_norm", lambda x: F.batch_norm(x, None, None, training=True), (2, 4, 6, 6)),
        ("F.nll_loss", lambda x, t: F.nll_loss(x, t), (2, 10, 3, 4), ints(10, 2, 3, 4)),
        ("F.grouped_mm", lambda x, w: F.grouped_mm(x, w), lambda: torch.randn(2, 16, 32).bfloat16(), lambda: torch.randn(2, 32, 16).bfloat16())):
    function(type_, f, *inputs, tolerance=1e-2 if type_ == "F.grouped_mm" else 1e-4)

# Arithmetic of mixed types, which pnnxopt makes one expression and pnnx2ncnn takes apart again: several to a case.
TENTH = torch.tensor(0.1)
THREE = torch.tensor(3)


def of_booleans(a, b, c):
    return ((a * b + c).float(), a * b + c, (a + b) * c * 1.5, (a * 2 + b) * c, (a * True + b).float(), (a + True) * b, (a * False + b).float(), (a & b | c).float(),
            ((a ^ b) + c).float(), ((a + b) + c).float().sum(-1), ((a + b) * c).int() * 3, (a * b + c) * True, (a * b + c) * 1, (a * b + c) + 0.5, torch.exp(a * b + c),
            torch.square(a * b) + c, a * TENTH, a * THREE + b, (a * b + THREE).float(), ((a + b) * THREE + c).float())


def of_integers(i, l, a, c):
    return (a * l + c, a * i + l, (i * l - 2) * 3, (i + 1) / (l + 1), (i + 5) // (l + 1), (l * 7 + 3) % 5, (l + 1) ** 2, (l + a) * (l + c), (l * a + i * c).float(), (l // 2) * 2 + a,
            (l * 2.5) // 2, torch.sqrt(i + 1) * a, torch.abs(l - i) * a, torch.square(l - 3) * a, torch.maximum(l * a, i * c) * 1, torch.sign(l - 2) * a + c, l * TENTH,
            i * THREE + 1, i * TENTH + a, (l + THREE) * c, ((l == 2) + (i == 2) + a).float(), (l == i) * a + c * a)


def of_floats(f, l, a, u, h):
    return (f * 2 + 1, (f + l * 2) / 3, (f * 2).int() * 3 + l, (f * 3).long() + a, ((f * 3).int() * a).float(), (f > 0) * 2 + a * a, ((f > 0) + (l > 2) + a).float(),
            ((f > 0) * (l > 1)).float() * f, (a * l + f) * 0.5, l * f + u, (u + l) * 2, u * f, u * 0.5 + l, h * 2 + 1, h * f + a, h * l + 1, (a * a).half() + h,
            f * TENTH + l, f * THREE + a, f.double() * TENTH + f, torch.atan2(l * 1, f), torch.minimum(f, l * 0.5), torch.where(a * a + a, f, l * 1.0))


MIXED = [bools(2, 3, 4), bools(4), ints(5, 2, 3, 4), lambda: torch.randint(0, 5, (2, 3, 4), dtype=torch.int32),
         lambda: torch.randint(0, 5, (2, 3, 4), dtype=torch.uint8), lambda: torch.randn(2, 3, 4).half()]
function("", of_booleans, MIXED[0], MIXED[0], MIXED[1])
function("", of_integers, MIXED[3], MIXED[2], MIXED[0], MIXED[1])
function("", of_floats, (2, 3, 4), MIXED[2], MIXED[0], MIXED[4], MIXED[5], tolerance=2e-3)


# Writes at every second place, and into what is empty; elements that are picked by constants
def filled(x):
    y = torch.empty(4, *x.shape)
    for i in range(4):
        y[i] = x * i
    return y.sum(-1), torch.empty_like(x).copy_(x)


def interleave(x):
    p, q, r, s = x.chunk(4, 1)
    o = torch.zeros(p.shape[0], p.shape[1], 8, 12)
    o[:, :, 0::2, 0::2], o[:, :, 1::2, 0::2], o[:, :, 0::2, 1::2], o[:, :, 1::2, 1::2] = p - q, p + q, r - s, r + s
    return o


def every_third(x):
    y = x * 1
    y[:, 1::3] = x[:, :3] * 2
    y[:, 2:9:3] = 7.0
    y[:, :-1:4] += 1
    return y


def shifted(x):
    """Scores by distance, (batch, 5, 9) to (batch, 5, 5), in three spellings."""
    y = x * 2
    far = torch.arange(5)[None] - torch.arange(5)[:, None] + 4
    return (torch.as_strided(y, (y.shape[0], 5, 5), (45, 8, 1), 4), torch.gather(y, 2, far[None].expand(y.shape[0], 5, 5)),
            F.pad(y, (0, 1)).reshape(y.shape[0], 50)[:, 4:49].reshape(y.shape[0], 5, 9)[:, :, :5], torch.gather(y, 1, torch.tensor([[[4], [0]]]).expand(y.shape[0], 2, 9)))


def many_shifted(x):
    return torch.as_strided(x * 2, (x.shape[0], 40, 40), (40 * 79, 78, 1), 39)


for n in (1, 2):
    for f, *inputs in ((interleave, (n, 8, 4, 6)), (every_third, (n, 10)), (shifted, (n, 5, 9)), (many_shifted, (n, 40, 79))):
        function("", f, *inputs)
function("", filled, (3, 5))
function("", lambda x: (x.add(2, alpha=0.5), x.sub(3, alpha=2), torch.rsub(x, 3, alpha=2), torch.rsub(x, x * 2, alpha=0.5)), FLAT)

# Recurrent layers: functions, cells, and modules of the user's
W = [(12, 3), (12, 4), (12,), (12,)]
for type_, f, *inputs in (
        ("torch.gru", lambda x, h, *w: torch.gru(x, h, list(w), True, 1, 0.0, False, False, False), (5, 2, 3), (1, 2, 4), *W),
        ("torch.gru", lambda x, h, *w: torch.gru(x, h, list(w), True, 1, 0.0, False, True, True), (2, 5, 3), (2, 2, 4), *W, *W),
        ("torch.rnn_tanh", lambda x, h, *w: torch.rnn_tanh(x, h, list(w), True, 1, 0.0, False, False, False), (5, 2, 3), (1, 2, 4), (4, 3), (4, 4), (4,), (4,)),
        ("torch.rnn_relu", lambda x, h, *w: torch.rnn_relu(x, h, list(w), False, 1, 0.0, False, False, True), (2, 5, 3), (1, 2, 4), (4, 3), (4, 4)),
        ("torch.lstm", lambda x, h, c, *w: torch.lstm(x, (h, c), list(w), True, 1, 0.0, False, False, True), (2, 5, 3), (1, 2, 3), (1, 2, 3), *W[:1], (12, 3), *W[2:]),
        ("", torch.rnn_tanh_cell, (2, 3), (2, 4), (4, 3), (4, 4), (4,), (4,)),
        ("", torch.rnn_relu_cell, (2, 3), (2, 4), (4, 3), (4, 4))):
    function(type_, f, *inputs)


class Own(nn.LSTM):
    """A recurrent layer of the user's."""


class OwnGRU(nn.GRU):
    """A recurrent layer of the user's."""


for type_, make, *inputs in (
        ("nn.LSTM", lambda: Own(3, 4, batch_first=True), (2, 5, 3)), ("nn.GRU", lambda: OwnGRU(3, 4, 2, bidirectional=True), (5, 2, 3)),
        ("", lambda: nn.FractionalMaxPool2d(3, output_size=(4, 5), _random_samples=torch.rand(1, 2, 2)), (1, 2, 10, 12))):
    module(type_, make, *inputs)
for make in (lambda: nn.LSTMCell(3, 4, bias=False), lambda: nn.GRUCell(3, 4, bias=True), lambda: nn.RNNCell(3, 4, nonlinearity="relu")):
    module("", make, (2, 3), script=True)

# Quantised numbers
Q = [torch.tensor([0.1, 0.2, 0.3]), torch.tensor([0, 1, 2])]
for type_, f, *inputs in (
        ("torch.quantize_per_channel", lambda x: torch.quantize_per_channel(x, *Q, 0, torch.qint8).dequantize(), FLAT),
        ("torch.quantize_per_channel", lambda x: torch.quantize_per_channel(x, *Q, 0, torch.quint8).int_repr(), FLAT),
        ("torch.dequantize", lambda x: torch.quantize_per_tensor(x, torch.tensor(0.1), torch.tensor(3), torch.quint8).dequantize(), FLAT),
        ("torch.fake_quantize_per_channel_affine", lambda x: torch.fake_quantize_per_channel_affine(x, Q[0], Q[1].int(), 0, -128, 127), FLAT),

        ("torch.quantize_per_tensor_dynamic", lambda x: torch.quantize_per_tensor_dynamic(x, torch.qint8, False).dequantize(), FLAT)):
    function(type_, f, *inputs)

# Random numbers
for type_, f, *inputs in (
        ("torch.rand_like", lambda x: torch.empty_like(x).uniform_(), FLAT), ("torch.add", lambda x: torch.empty_like(x).uniform_(-1, 3), FLAT),
        ("torch.log1p", lambda x: torch.empty_like(x).exponential_(2.0), FLAT), ("torch.normal", lambda x: torch.empty_like(x).normal_(1, 2), FLAT),
        ("torch.log1p", lambda x: F.gumbel_softmax(x), FLAT), ("torch.normal", lambda m, s: torch.normal(m, s), FLAT, positive(*FLAT)),
        ("torch.normal", lambda x: torch.normal(0.0, 1.0, (x.shape[0], 4)), FLAT), ("torch.normal", lambda s: torch.normal(2.0, s), positive(*FLAT)),
        ("torch.randint_like", lambda x: torch.randint_like(x, 5), FLAT), ("torch.randint_like", lambda x: torch.randint_like(x, 2, 5), FLAT),
        ("torch.randint", lambda x: torch.randint(2, 5, (x.shape[0], 3)), FLAT), ("torch.randn", lambda x: torch.randn(x.shape[0], 3), FLAT),
        ("torch.randn_like", torch.randn_like, FLAT), ("torch.randperm", lambda x: torch.randperm(x.shape[1]), FLAT),
        ("torch.bernoulli", torch.bernoulli, lambda: torch.rand(3, 4)), ("torch.multinomial", lambda x: torch.multinomial(x, 2), positive(*FLAT))):
    chance(type_, f, *inputs)

# torchvision
torchvision_stand_in.install()
import torchvision  # noqa: E402

OPS, VISION = torchvision.ops, torch.ops.torchvision


def boxes(count, images=1):
    """(image, left, top, right, bottom) inside an image of 24 by 20, which the functions see at half its size."""
    def f():
        corner = torch.rand(count, 2) * 12
        return torch.cat([torch.randint(images, (count, 1)), corner, corner + 2 + 6 * torch.rand(count, 2)], 1)
    return f


class Deformed(nn.Module):
    """A deformable convolution with the offsets (and the mask) that a convolution gives."""

    def __init__(self, mask, call=False, moved=1, **options):
        super().__init__()
        self.offsets = nn.Conv2d(4, 27 * moved, 3, padding=1)
        self.deform = OPS.DeformConv2d(4, 8, 3, padding=1, **options)
        self.mask, self.call, self.moved = mask, call, moved

    def forward(self, x):
        o = self.offsets(x)
        o, m = o[:, :18 * self.moved] * 0.5, o[:, 18 * self.moved:].sigmoid()
        if self.call:
            return VISION.deform_conv2d(x, self.deform.weight, o, m, self.deform.bias, 1, 1, 1, 1, 1, 1, self.deform.groups, self.moved, True)
        return self.deform(x, o, m) if self.mask else self.deform(x, o)


for count, images in ((1, 1), (4, 1), (5, 2)):
    for sampling, aligned in ((2, True), (0, False)):
        module("torchvision.ops.RoIAlign", lambda s=sampling, a=aligned: OPS.RoIAlign((3, 4), 0.5, s, a), (images, 8, 12, 10), boxes(count, images))
    module("torchvision.ops.RoIPool", lambda: OPS.RoIPool((3, 4), 0.5), (images, 8, 12, 10), boxes(count, images))
    module("torchvision.ops.PSRoIAlign", lambda: OPS.PSRoIAlign(2, 0.5, 2), (images, 8, 12, 10), boxes(count, images))
    module("torchvision.ops.PSRoIPool", lambda: OPS.PSRoIPool(2, 0.5), (images, 8, 12, 10), boxes(count, images))
for count in (1, 3):
    function("pnnx.custom_op.torchvision.roi_align", lambda x, r: VISION.roi_align(x, r, 0.5, 3, 4, 2, True).relu(), (1, 8, 12, 10), boxes(count))
function("pnnx.custom_op.torchvision.roi_pool", lambda x, r: VISION.roi_pool(x, r, 0.5, 3, 4)[0].relu(), (1, 8, 12, 10), boxes(1))
function("pnnx.custom_op.torchvision.nms", lambda b, s: VISION.nms(b[:, 1:], s, 0.2), boxes(9), (9,))
for options in ({}, {"bias": False}, {"groups": 2}, {"groups": 2, "bias": False}, {"moved": 2}, {"moved": 4, "bias": False}, {"groups": 2, "moved": 4}):
    module("torchvision.ops.DeformConv2d", lambda o=options: Deformed(False, **o), (1, 4, 12, 10))
module("torchvision.ops.DeformConv2d", lambda: Deformed(True), (1, 4, 12, 10), also=[[(1, 4, 9, 13)]])
for options in ({}, {"groups": 2}, {"moved": 2}):
    module("pnnx.custom_op.torchvision.deform_conv2d", lambda o=options: Deformed(True, call=True, **o), (1, 4, 12, 10))
