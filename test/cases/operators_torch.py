"""Cases: torch.*, torch.fft.* and the methods of tensors."""
import torch

from operators import bools, complexes, function, ints, network, positive, tensor, unit

FLAT, CUBE, IMAGE = (3, 10), (2, 3, 10), (2, 4, 6, 8)
WIDE, TALL = (3, 10), (3, 1)

# One tensor, element by element
for name in ("abs", "asinh", "atan", "ceil", "cos", "cosh", "erf", "exp", "expm1", "floor", "neg", "positive", "reciprocal", "round",
             "sign", "sin", "sinh", "square", "tan", "trunc", "erfc", "exp2", "frac", "deg2rad", "rad2deg", "sgn", "isfinite",
             "isinf", "isnan", "signbit", "sinc"):
    function(f"torch.{name}", getattr(torch, name), FLAT, also=[[(2, 1, 3)]])
for name in ("acosh",):
    function(f"torch.{name}", lambda x, f=getattr(torch, name): f(x + 1), positive(*FLAT))
for name in ("log", "log10", "log1p", "log2", "rsqrt", "sqrt", "lgamma", "digamma"):
    function(f"torch.{name}", getattr(torch, name), positive(*FLAT))
for name in ("acos", "asin", "atanh", "erfinv"):
    function(f"torch.{name}", getattr(torch, name), unit(*FLAT))
function("torch.logit", torch.logit, lambda: torch.rand(3, 4) * 0.8 + 0.1)
function("torch.logit", lambda x: torch.logit(x, 0.2), lambda: torch.rand(3, 4))
function("torch.nan_to_num", torch.nan_to_num, FLAT)
function("torch.bitwise_not", torch.bitwise_not, ints(10, 5))
function("torch.logical_not", torch.logical_not, bools(5))
function("torch.abs", lambda x: (x + 1).abs_(), FLAT)
function("torch.neg", lambda x: -x, FLAT)
function("torch.bitwise_not", lambda x: ~x, bools(5))
function("torch.round", lambda x: torch.round(x, decimals=1), FLAT)

# Two tensors, or a tensor and a number
for name in ("add", "sub", "mul", "atan2", "maximum", "minimum", "fmax", "fmin", "hypot", "logaddexp", "logaddexp2", "copysign"):
    f = getattr(torch, name)
    function(f"torch.{name}", f, FLAT, FLAT, also=[[(2, 3, 4), (3, 1)]])
    function(f"torch.{name}", f, WIDE, TALL)
for name in ("div", "floor_divide", "fmod", "remainder", "true_divide"):
    expect = "torch.div" if name == "true_divide" else f"torch.{name}"
    function(expect, getattr(torch, name), FLAT, positive(*FLAT))
    function(expect, lambda x, f=getattr(torch, name): f(x, 2), FLAT)
function("torch.pow", torch.pow, positive(*FLAT), FLAT)
function("torch.pow", lambda x: x ** 2, FLAT)
for power in (3, 4, 5, 6, -1, -2, 0.5, 1.5, 0):                     # zero and below are bases, too
    function("torch.pow", lambda x, power=power: (x if power == int(power) else x.relu()) ** power, (5, 4))
function("torch.pow", lambda x: 2 ** x, FLAT)
function("torch.pow", lambda x: x.pow(0.5), positive(*FLAT))
function("torch.add", lambda x: x + 1, FLAT)
function("torch.add", lambda x: 1 + x, FLAT)
function("torch.add", lambda x: x + 1.5, ints(10, 4))
function("torch.add", lambda x, y: torch.add(x, y, alpha=2), FLAT, FLAT)
function("torch.sub", lambda x, y: torch.sub(x, y, alpha=0.5), FLAT, FLAT)
function("torch.sub", lambda x: 2 - x, FLAT)
function("torch.sub", lambda x: x - 2, FLAT)
function("torch.mul", lambda x: 3 * x, FLAT)
function("", lambda x: 1 / x, positive(*FLAT))
function("", lambda x: 3 / x, positive(*FLAT))
function("torch.div", lambda x: x / 3, FLAT)
function("torch.div", lambda x, y: torch.div(x, y, rounding_mode="floor"), FLAT, positive(*FLAT))
function("torch.div", lambda x, y: torch.div(x, y, rounding_mode="trunc"), FLAT, positive(*FLAT))
function("torch.floor_divide", lambda x: x // 2, FLAT)
function("torch.remainder", lambda x: x % 2, FLAT)
function("torch.add", lambda x, y: (x * 1).add_(y), FLAT, FLAT)
function("torch.mul", lambda x, y: (x + 1).mul_(y), FLAT, FLAT)
function("", lambda x, y: torch.rsub(x, y), FLAT, FLAT)
function("torch.lerp", lambda x, y: torch.lerp(x, y, 0.3), FLAT, FLAT)
function("torch.lerp", torch.lerp, FLAT, FLAT, FLAT)
function("torch.addcmul", lambda x, y, z: torch.addcmul(x, y, z, value=0.5), FLAT, FLAT, FLAT)
function("torch.addcdiv", lambda x, y, z: torch.addcdiv(x, y, z), FLAT, FLAT, positive(*FLAT))
for name in ("eq", "ne", "lt", "le", "gt", "ge"):
    function(f"torch.{name}", getattr(torch, name), ints(3, 4, 5), ints(3, 4, 5))
    function(f"torch.{name}", lambda x, f=getattr(torch, name): f(x, 1), ints(3, 4, 5))
    function(f"torch.{name}", lambda x, f=getattr(torch, name): f(x, 0.5), FLAT)
for name in ("logical_and", "logical_or", "logical_xor"):
    function(f"torch.{name}", getattr(torch, name), bools(5), bools(5))
for name in ("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift"):
    function(f"torch.{name}", getattr(torch, name), ints(5, 4), ints(5, 4))
function("torch.bitwise_and", lambda x, y: x & y, ints(5, 4), ints(5, 4))
function("torch.bitwise_or", lambda x: x | 3, ints(5, 4))
function("torch.bitwise_xor", lambda x, y: x ^ y, bools(5), bools(5))
function("torch.bitwise_left_shift", lambda x: x << 1, ints(5, 4), absent=())
function("torch.clamp", lambda x: torch.clamp(x, -0.5, 0.5), FLAT)
function("torch.clamp", lambda x: x.clamp(min=0.1), FLAT)
function("torch.clamp", lambda x: x.clamp(max=0.1), FLAT)
function("torch.clamp", lambda x: torch.clip(x, -1, 1), FLAT)
function("torch.clamp", lambda x: x.clamp_min(0.1), FLAT)
function("torch.clamp", lambda x: x.clamp_max(0.1), FLAT)
function("torch.clamp", lambda x: (x * 1).clamp_(0, 1), FLAT)
function("torch.clamp", torch.clamp, FLAT, tensor(torch.tensor(-0.5)), tensor(torch.tensor(0.5)))
function("torch.where", torch.where, bools(3, 4), (3, 4), (3, 4))
function("torch.where", lambda c, x: torch.where(c, x, 0.0), bools(3, 4), (3, 4))
function("torch.where", lambda c, x: torch.where(x > 0, x, x * 0.1), bools(3, 4), (3, 4))

# Reductions
for name in ("sum", "mean", "prod", "amax", "amin", "argmax", "argmin", "std", "var", "logsumexp", "max", "min", "median", "any", "all"):
    f = getattr(torch, name)
    x = bools(2, 3, 4) if name in ("any", "all") else CUBE
    if name not in ("logsumexp", "amax", "amin", "median"):
        function(f"torch.{name}", f, x)
    if name != "median":
        function(f"torch.{name}", lambda x, f=f: f(x, 1), x)
        function(f"torch.{name}", lambda x, f=f: f(x, dim=-1, keepdim=True), x)
for name in ("sum", "mean", "amax", "amin", "std", "var", "logsumexp"):
    function(f"torch.{name}", lambda x, f=getattr(torch, name): f(x, dim=(0, 2)), CUBE)
function("torch.sum", lambda x: x.sum(1, dtype=torch.double), CUBE)
function("torch.sum", lambda x: x.sum(), ints(5, 4))
for f in "sum", "mean":
    function(f"torch.{f}", lambda x, f=f: getattr(x, f)(dim=None), CUBE)
    function(f"torch.{f}", lambda x, f=f: getattr(x, f)(dim=None, keepdim=True), CUBE)
function("torch.std", lambda x: torch.std(x, 1, unbiased=False), CUBE)
function("torch.std", lambda x: torch.std(x, dim=1, correction=2), CUBE)
function("torch.var", lambda x: torch.var(x, dim=1, correction=0, keepdim=True), CUBE)
function("torch.var", lambda x: torch.var(x, unbiased=False), CUBE)
function("torch.var_mean", lambda x: torch.var_mean(x, 1), CUBE)
function("torch.std_mean", lambda x: torch.std_mean(x, dim=(1, 2), keepdim=True), CUBE)
function("torch.norm", lambda x: torch.norm(x, dim=1), CUBE)
function("torch.norm", lambda x: torch.norm(x, p=1, dim=1, keepdim=True), CUBE)
function("torch.norm", lambda x: x.norm(2, -1), CUBE)
function("torch.norm", lambda x: torch.linalg.norm(x, dim=1), CUBE, absent=())
function("torch.norm", lambda x: torch.linalg.vector_norm(x, 3, dim=(1, 2)), CUBE, absent=())
function("torch.norm", lambda x: torch.norm(x), CUBE, absent=())
function("torch.diff", lambda x: torch.diff(x, dim=1), CUBE)
function("torch.diff", lambda x, y: torch.diff(x, n=2, prepend=y, append=x), CUBE, (2, 3, 1))
function("torch.cumsum", lambda x: torch.cumsum(x, 1), CUBE)
function("torch.cumprod", lambda x: torch.cumprod(x, -1), CUBE)
function("torch.topk", lambda x: torch.topk(x, 3), CUBE)
function("torch.topk", lambda x: torch.topk(x, 2, dim=1, largest=False)[0], CUBE)
function("torch.sort", lambda x: torch.sort(x, dim=1), CUBE)
function("torch.argsort", lambda x: torch.argsort(x, dim=-1, descending=True), CUBE)
function("torch.max", lambda x: x.max(1)[0], CUBE)
function("torch.max", lambda x: x.max(1)[1], CUBE)
function("torch.maximum", lambda x, y: torch.max(x, y), FLAT, FLAT)
function("torch.minimum", lambda x, y: torch.min(x, y), FLAT, FLAT)
function("torch.count_nonzero", lambda x: torch.count_nonzero(x > 0, dim=1), FLAT, absent=())
function("torch.cdist", torch.cdist, FLAT, (5, 10), absent=())

# Matrices
function("torch.matmul", torch.matmul, (3, 4), (4, 5))
function("torch.matmul", lambda x, y: x @ y, (2, 3, 4), (4, 5))
function("torch.matmul", torch.matmul, (2, 3, 4), (4,))
function("torch.mm", torch.mm, (3, 4), (4, 5))
function("torch.bmm", torch.bmm, (2, 3, 4), (2, 4, 5))
function("torch.mv", torch.mv, (3, 4), (4,))
function("torch.dot", torch.dot, (4,), (4,))
function("torch.outer", torch.outer, (4,), (3,))
function("torch.addmm", lambda b, x, y: torch.addmm(b, x, y, beta=0.5, alpha=2), (3, 5), (3, 4), (4, 5))
function("torch.baddbmm", lambda b, x, y: torch.baddbmm(b, x, y, beta=0.5, alpha=2), (2, 3, 5), (2, 3, 4), (2, 4, 5))
function("torch.einsum", lambda x, y: torch.einsum("bij,bjk->bik", x, y), (2, 3, 4), (2, 4, 5))
function("torch.einsum", lambda x: torch.einsum("ij->ji", x), (3, 4))
function("torch.cross", lambda x, y: torch.cross(x, y, dim=1), (2, 3), (2, 3))
function("torch.kron", torch.kron, (2, 2), (3, 2), absent=())
function("", lambda x, y: torch.tensordot(x, y, dims=1), (3, 4), (4, 5), absent=())
function("torch.diag", torch.diag, (4,))
function("torch.diag", lambda x: torch.diag(x, 1), (4, 4))
function("torch.tril", torch.tril, (4, 4))
function("torch.triu", lambda x: torch.triu(x, 1), (4, 4))
function("torch.diagonal", lambda x: torch.diagonal(x, 0, 1, 2), (2, 4, 4), absent=())
function("torch.trace", torch.trace, (4, 4), absent=())
function("torch.trace", torch.trace, ints(9, 4, 4), absent=())
function("torch.linalg.multi_dot", lambda a, b, c: torch.linalg.multi_dot([a, b, c]), (3, 4), (4, 5), (5,))
function("torch.linalg.multi_dot", lambda a, b, c: torch.chain_matmul(a, b, c), (3, 4), (4, 5), (5, 2))

# Shapes
function("Tensor.reshape", lambda x: x.reshape(2, -1), IMAGE)
function("Tensor.reshape", lambda x: x.view(x.size(0), -1), IMAGE, also=[[(3, 4, 6, 8)]])
function("Tensor.reshape", lambda x: x.reshape(x.shape[0], 2, x.shape[1] // 2, *x.shape[2:]), IMAGE, also=[[(3, 6, 2, 5)]])
function("", lambda x, y: x.reshape_as(y), (4, 3), (3, 4))
function("", lambda x, y: x.view_as(y), (4, 3), (3, 4))
function("torch.flatten", lambda x: torch.flatten(x, 1), IMAGE)
function("torch.flatten", lambda x: x.flatten(2), IMAGE)
function("Tensor.permute", lambda x: x.permute(0, 2, 3, 1), IMAGE)
function("Tensor.permute", lambda x: torch.permute(x, (1, 0, 2, 3)), IMAGE)
function("torch.transpose", lambda x: x.transpose(1, 2), IMAGE)
function("torch.transpose", lambda x: torch.swapaxes(x, 0, -1), IMAGE)
function("torch.t", lambda x: x.t(), FLAT)
function("", lambda x: x.T, FLAT, absent=())
function("", lambda x: x.mT, FLAT, absent=())
function("torch.squeeze", lambda x: x.squeeze(1), (3, 1, 4))
function("torch.squeeze", lambda x: x.squeeze(), (3, 1, 1, 4))
function("torch.squeeze", lambda x: torch.squeeze(x, (1, 2)), (3, 1, 1, 4))
function("torch.unsqueeze", lambda x: x.unsqueeze(1), FLAT)
function("torch.unsqueeze", lambda x: x[:, None], FLAT)
function("Tensor.expand", lambda x: x.expand(3, 4), (3, 1))
function("Tensor.expand", lambda x: x.expand(-1, 4), (3, 1))
function("Tensor.expand_as", lambda x, y: x.expand_as(y), (3, 1), (3, 4))
function("Tensor.expand", lambda x: torch.broadcast_to(x, (3, 4)), (3, 1), absent=())
function("Tensor.repeat", lambda x: x.repeat(1, 2), FLAT)
function("Tensor.repeat", lambda x: x.repeat(2, 1, 3), FLAT)
function("torch.tile", lambda x: torch.tile(x, (2, 1)), FLAT)
function("torch.repeat_interleave", lambda x: torch.repeat_interleave(x, 2, dim=1), FLAT)
function("torch.repeat_interleave", lambda x: x.repeat_interleave(3), FLAT)
function("Tensor.unflatten", lambda x: x.unflatten(1, (2, 5)), FLAT)
function("torch.flip", lambda x: torch.flip(x, (0, 1)), FLAT)
function("torch.fliplr", lambda x: torch.fliplr(x), FLAT, absent=())
function("torch.roll", lambda x: torch.roll(x, 2, 1), FLAT)
function("torch.roll", lambda x: torch.roll(x, (1, 2), (0, 1)), FLAT)
function("torch.roll", lambda x: torch.roll(x, 3), FLAT)
function("torch.rot90", lambda x: torch.rot90(x, 1, (0, 1)), FLAT, absent=())
function("torch.movedim", lambda x: torch.movedim(x, 1, -1), CUBE, absent=())
function("torch.as_strided", lambda x: torch.as_strided(x + 0, (2, 3), (1, 2)), FLAT)
function("", lambda x: x.contiguous(), FLAT)
function("", lambda x: x.detach(), FLAT)
function("torch.clone", lambda x: x.clone(), FLAT)
function("torch.view_as_real", torch.view_as_real, complexes(3, 4))
function("torch.view_as_complex", torch.view_as_complex, (3, 4, 2))
function("torch.complex", torch.complex, (3, 4), (3, 4))
function("torch.real", torch.real, complexes(3, 4))
function("torch.imag", torch.imag, complexes(3, 4))
function("torch.conj", torch.conj, complexes(3, 4), absent=())
function("torch.angle", torch.angle, complexes(3, 4))
function("torch.polar", torch.polar, positive(3, 4), (3, 4))

# Joining and cutting
function("torch.cat", lambda x, y: torch.cat((x, y), 1), (2, 3), (2, 4))
function("torch.cat", lambda x, y: torch.cat([x, y, x]), (2, 3), (2, 3))
function("torch.cat", lambda x, y: torch.concat((x, y), -1), (2, 3), (2, 4))
function("torch.cat", lambda x, y: torch.cat((x, y), 1), (2, 3), ints(5, 2, 3))
function("torch.cat", lambda x: torch.cat((x, torch.ones(2, 3, dtype=torch.int8)), 1), ints(5, 2, 3))
function("torch.stack", lambda x, y: torch.stack((x, y)), (2, 3), (2, 3))
function("torch.stack", lambda x, y: torch.stack((x, y), dim=-1), (2, 3), (2, 3))
function("torch.hstack", lambda x, y: torch.hstack((x, y)), (2, 3), (2, 3), absent=())
function("torch.vstack", lambda x, y: torch.vstack((x, y)), (2, 3), (2, 3), absent=())
function("torch.split", lambda x: torch.split(x, 4, 1), FLAT)
function("torch.split", lambda x: torch.split(x, (2, 5, 3), 1), FLAT)
function("torch.split", lambda x: x.split([2, 8], dim=-1)[1], FLAT)
function("torch.chunk", lambda x: torch.chunk(x, 3, 1), FLAT)
function("torch.chunk", lambda x: x.chunk(2, dim=1)[0] * 2, FLAT)
function("torch.unbind", lambda x: torch.unbind(x), FLAT)
function("torch.unbind", lambda x: x.unbind(1)[2], FLAT)
function("torch.tensor_split", lambda x: torch.tensor_split(x, 3, 1), FLAT)
function("torch.tensor_split", lambda x: torch.tensor_split(x, (2, 5), 1), FLAT)
function("torch.narrow", lambda x: torch.narrow(x, 1, 2, 5), FLAT)
function("Tensor.slice", lambda x: x[:, 2:7], FLAT)
function("Tensor.slice", lambda x: x[1:, ::2], FLAT)
function("Tensor.slice", lambda x: x[..., :-1], CUBE)
function("Tensor.select", lambda x: x[1], FLAT)
function("Tensor.select", lambda x: x[:, -1], FLAT)
function("Tensor.select", lambda x: x.select(1, 3), FLAT)
function("Tensor.slice", lambda x: x[:, : x.shape[1] // 2], FLAT, also=[[(2, 6)]])
function("Tensor.index", lambda x, i: x[i], FLAT, ints(3, 4))
function("Tensor.index", lambda x, i: x[:, i], FLAT, ints(3, 4))
function("Tensor.index", lambda x, i, j: x[i, :, j], CUBE, ints(2, 4), ints(10, 4))
function("Tensor.index", lambda x: x[x > 0], FLAT)
function("torch.index_select", lambda x, i: torch.index_select(x, 1, i), FLAT, ints(10, 4))
function("torch.gather", lambda x, i: torch.gather(x, 1, i), FLAT, ints(10, 3, 4))
function("torch.take_along_dim", lambda x, i: torch.take_along_dim(x, i, 1), FLAT, ints(10, 3, 4), absent=())
function("torch.masked_select", lambda x: torch.masked_select(x, x > 0), FLAT)
function("Tensor.masked_fill", lambda x: x.masked_fill(x > 0, 2.0), FLAT)
function("Tensor.masked_fill", lambda x: x.masked_fill(x > 0, float("-inf")), FLAT)
function("torch.scatter_add", lambda x, i, s: x.scatter_add(1, i, s), FLAT, ints(10, 3, 4), (3, 4))
function("torch.scatter", lambda x, i, s: x.scatter(1, i, s), FLAT, lambda: torch.arange(12).reshape(3, 4) % 4, (3, 4))
function("torch.scatter", lambda x, i: x.scatter(1, i, 1.5), FLAT, ints(10, 3, 4))
function("torch.index_add", lambda x, i, s: x.index_add(0, i, s), FLAT, ints(3, 2), (2, 10))
function("torch.nonzero", lambda x: torch.nonzero(x > 0), FLAT, absent=())
function("Tensor.index_put", lambda x, i, v: x.index_put((i,), v), FLAT, tensor(torch.tensor([0, 2])), (2, 10))
function("torch.slice_scatter", lambda x, s: torch.slice_scatter(x, s, 1, 2, 6), FLAT, (3, 4))
function("torch.select_scatter", lambda x, s: torch.select_scatter(x, s, 1, 2), FLAT, (3,), absent=())
function("torch.select_scatter", lambda x, s: torch.select_scatter(x, s, 2, -1), (1, 3, 5, 4), (1, 3, 4), absent=())
function("torch.searchsorted", lambda x, v: torch.searchsorted(x, v), lambda: torch.arange(10.0), (4,), absent=())
function("torch.bucketize", lambda x, b: torch.bucketize(x, b), FLAT, lambda: torch.arange(5.0), absent=())
function("Tensor.unfold", lambda x: x.unfold(1, 3, 2), FLAT, absent=())
function("torch.meshgrid", lambda x, y: torch.meshgrid(x, y, indexing="ij"), (3,), (4,))
function("torch.meshgrid", lambda x, y: torch.meshgrid(x, y, indexing="xy"), (3,), (4,))
function("", lambda x, y: torch.broadcast_tensors(x, y), (3, 1), (1, 4), absent=())

# Writes into views
def write(f):
    def g(x, *rest):
        y = x.clone()
        f(y, *rest)
        return y
    return g


def put(*index):
    def f(y, v):
        y[index] = v
    return write(f)


ALL = slice(None)
function("", put(ALL, slice(2, 5)), FLAT, (3, 3), absent=())
function("", put(1), FLAT, (10,), absent=())
function("", put(ALL, slice(None, None, 2)), FLAT, (3, 5), absent=())
function("", write(lambda y: y[:, 0].fill_(2.0)), FLAT, absent=())
function("", write(lambda y: y[:, 2:4].add_(1)), FLAT, absent=())
function("", write(lambda y: y.mul_(2)), FLAT, absent=())

# Creation
function("", lambda x: x + torch.arange(10), FLAT, absent=())
function("torch.arange", lambda x: torch.arange(x.shape[1]) * 2, FLAT, also=[[(3, 6)]])
function("torch.arange", lambda x: torch.arange(1, x.shape[1], 2, dtype=torch.float), FLAT, also=[[(3, 6)]])
function("torch.zeros", lambda x: torch.zeros(x.shape[0], 4) + 1, FLAT, also=[[(5, 6)]])
function("torch.ones", lambda x: torch.ones(x.shape[0], 4, dtype=torch.long), FLAT)
function("torch.full", lambda x: torch.full((x.shape[0], 4), 2.5), FLAT)
function("torch.zeros_like", lambda x: torch.zeros_like(x), FLAT)
function("torch.ones_like", lambda x: torch.ones_like(x, dtype=torch.int), FLAT)
function("torch.full_like", lambda x: torch.full_like(x, 3.5), FLAT)
function("Tensor.new_zeros", lambda x: x.new_zeros(2, 3), FLAT)
function("Tensor.new_ones", lambda x: x.new_ones(x.shape[0], 3), FLAT)
function("Tensor.new_full", lambda x: x.new_full((2, 3), 1.5), FLAT, absent=())
function("torch.linspace", lambda x: torch.linspace(0, 1, x.shape[1]) * x, FLAT, absent=())
function("torch.eye", lambda x: torch.eye(x.shape[1]), FLAT, absent=())

# Types
function("Tensor.to", lambda x: x.to(torch.double), FLAT)
function("Tensor.to", lambda x: x.int(), FLAT)
function("Tensor.to", lambda x: x.long() * 2, FLAT)
function("Tensor.to", lambda x: x.half().float(), FLAT)
function("Tensor.to", lambda x: x.bool(), FLAT)
function("Tensor.to", lambda x: x.type(torch.int32), FLAT)
function("Tensor.type_as", lambda x, y: x.type_as(y), FLAT, ints(3, 2))
function("", lambda x, y: x.to(y), FLAT, lambda: torch.zeros(2, dtype=torch.double), absent=())
function("", lambda x: x.float(), FLAT, absent=())

# Fourier transforms
for name in ("fft", "ifft", "rfft", "hfft", "ihfft", "fft2", "ifft2", "rfft2", "ihfft2", "fftn", "ifftn", "rfftn", "ihfftn"):
    function(f"torch.fft.{name}", getattr(torch.fft, name), CUBE)
for name in ("irfft", "irfft2", "irfftn", "hfft2", "hfftn"):
    function(f"torch.fft.{name}", getattr(torch.fft, name), complexes(2, 3, 6))
function("torch.fft.rfft", lambda x: torch.fft.rfft(x, n=8, dim=1, norm="ortho"), CUBE)
function("torch.fft.fft2", lambda x: torch.fft.fft2(x, s=(4, 6), norm="forward"), CUBE)

# Complex tensors inside a network whose inputs and results are real: these have layers, too
PAIRS = (2, 3, 6, 2)
as_complex = torch.view_as_complex


def as_real(z):
    return torch.view_as_real(z.resolve_conj())



for name in ("fft", "ifft", "fft2", "ifft2", "fftn", "ifftn"):
    function(f"torch.fft.{name}", lambda x, f=getattr(torch.fft, name): as_real(f(as_complex(x))), PAIRS)
for name in ("rfft", "ihfft", "rfft2", "ihfft2", "rfftn", "ihfftn", "fft", "fft2", "ifftn"):
    function(f"torch.fft.{name}", lambda x, f=getattr(torch.fft, name): as_real(f(x)), CUBE, also=[[(1, 3, 5)]])
for name in ("irfft", "hfft", "irfft2", "hfft2", "irfftn", "hfftn"):
    function(f"torch.fft.{name}", lambda x, f=getattr(torch.fft, name): f(as_complex(x)), PAIRS)
for norm in ("ortho", "forward"):
    function("torch.fft.rfft", lambda x, norm=norm: as_real(torch.fft.rfft(x, n=8, dim=1, norm=norm)), CUBE)
    function("torch.fft.irfft", lambda x, norm=norm: torch.fft.irfft(as_complex(x), n=7, dim=1, norm=norm), PAIRS)
    function("torch.fft.fft", lambda x, norm=norm: torch.fft.fft(x, n=5, norm=norm).abs(), CUBE)
    function("torch.fft.rfftn", lambda x, norm=norm: torch.fft.rfftn(x, s=(4, 6), dim=(2, 1), norm=norm).real, CUBE)
    function("torch.fft.irfftn", lambda x, norm=norm: torch.fft.irfftn(as_complex(x), s=(5, 8), dim=(-2, -1), norm=norm), PAIRS)
for name, f in (("torch.add", lambda z: z + 2j), ("torch.sub", lambda z: 1 - z), ("torch.mul", lambda z: z * (2 - 1j)), ("torch.mul", lambda z: z * z),
                ("torch.div", lambda z: z[:1] / z[1:]), ("torch.conj", torch.conj), ("torch.exp", torch.exp), ("torch.matmul", lambda z: z @ z.transpose(1, 2)),
                ("torch.einsum", lambda z: torch.einsum("bij,bkj->bik", z, z[:, :2])), ("torch.cat", lambda z: torch.cat([z, z * 1j], 1)),
                ("torch.add", lambda z: z[:, :1] + z.real), ("torch.polar", lambda z: torch.polar(z.real, z.imag)), ("torch.roll", lambda z: z.roll(1, 2)),
                ("F.pad", lambda z: torch.nn.functional.pad(z, (1, 2))), ("torch.sum", lambda z: z.sum(1)), ("torch.square", lambda z: z.square()), ("torch.pow", lambda z: z ** 3),
                ("torch.reciprocal", lambda z: (z + 3).reciprocal()), ("torch.div", lambda z: 1j / (z + 3) - z / (1 + 2j)),
                ("torch.mul", lambda z: z.real.to(torch.cfloat) * z + z * z.imag.to(torch.cfloat))):
    function(name, lambda x, f=f: as_real(f(as_complex(x))), PAIRS, also=[[(4, 3, 5, 2)]])
function("torch.exp", lambda x: as_real(torch.exp(1j * x)), CUBE)
function("torch.abs", lambda x: as_complex(x).abs(), PAIRS)
function("torch.angle", lambda x: as_complex(x).angle(), PAIRS)
function("torch.mul", lambda x: as_real(as_complex(x) * torch.polar(torch.ones(3, 6), torch.arange(18.).view(3, 6))), PAIRS)
HANN, SHORT, UNEVEN = torch.hann_window(16), torch.hamming_window(12), torch.rand(16)
function("torch.stft", lambda x: torch.stft(x, 16, 4, window=HANN, return_complex=True).abs(), (2, 64))
function("torch.stft", lambda x: as_real(torch.stft(x, 16, win_length=12, window=SHORT, normalized=True, return_complex=True)), (64,))
function("torch.stft", lambda x: as_real(torch.stft(x, 16, center=False, onesided=False, window=torch.ones(16), return_complex=True)), (1, 64))
function("torch.stft", lambda x: torch.stft(x, 16, 5, window=UNEVEN, pad_mode="constant", return_complex=True).angle().sin(), (1, 61))
function("torch.istft", lambda x: torch.istft(as_complex(x), 16, 4, window=HANN), (2, 9, 17, 2))
function("torch.istft", lambda x: torch.istft(as_complex(x), 16, 4, win_length=12, window=SHORT, normalized=True, length=60), (1, 9, 17, 2))
function("torch.istft", lambda x: torch.istft(as_complex(x), 16, 8, center=False, onesided=False, window=torch.ones(16)), (1, 16, 5, 2))
function("torch.stft", lambda x, w: torch.stft(x, 16, hop_length=4, window=w, return_complex=True), (2, 64), positive(16))
function("torch.stft", lambda x, w: torch.stft(x, 16, window=w, center=False, normalized=True, return_complex=True), (2, 64), positive(16))
function("torch.istft", lambda x, w: torch.istft(x, 16, hop_length=4, window=w), complexes(2, 9, 17), positive(16))
function("torch.stft", lambda x, w: torch.stft(x, 16, hop_length=4, window=w, return_complex=True), (64,), positive(16))
function("torch.stft", lambda x, w: torch.stft(x, 16, window=w, pad_mode="constant", onesided=False, return_complex=True), (2, 64), positive(16))

# Linear algebra, special functions
SQUARE = (2, 4, 4)
for name in ("inv", "det", "pinv"):
    function(f"torch.linalg.{name}", lambda x, f=getattr(torch.linalg, name): f(x + 5 * torch.eye(4)), SQUARE, tolerance=1e-3)
function("torch.linalg.matrix_norm", torch.linalg.matrix_norm, SQUARE)
function("torch.linalg.cross", torch.linalg.cross, FLAT[:1] + (3,), FLAT[:1] + (3,))
for name in ("entr", "i0e", "i1", "i1e", "ndtr", "erfcx", "expit", "log1p", "exp2"):
    function("", getattr(torch.special, name), positive(*FLAT))
function("torch.special.log_ndtr", torch.special.log_ndtr, FLAT)
function("torch.zeros_like", lambda x: (x * 1).zero_(), FLAT)
function("torch.full_like", lambda x: (x * 1).fill_(2), FLAT)

# In place, a truth value becomes a number of the tensor's type.
for name in ("eq", "lt", "logical_and", "greater_equal"):
    function("Tensor.type_as", lambda x, y, f=name + "_": getattr(x * 1, f)(y), FLAT, FLAT)

# Further calls, one each
for name in ("std", "var"):
    function(f"torch.{name}", lambda x, f=getattr(torch, name): f(x, dim=None, unbiased=True, keepdim=True), CUBE)
for type_, f, *inputs in (
        ("Tensor.reshape", lambda x: x.ravel(), FLAT), ("torch.conj", lambda x: x.mH, complexes(3, 4)),
        ("torch.conj", lambda x: x.H, complexes(3, 4)), ("torch.conj", torch.conj_physical, complexes(3, 4)),
        ("Tensor.permute", lambda x: x.T, CUBE), ("torch.tensor_split", lambda x: torch.vsplit(x, (1, 2)), FLAT),
        ("torch.tensor_split", lambda x: torch.hsplit(x, 2), FLAT), ("torch.tensor_split", lambda x: torch.dsplit(x, 2), CUBE),
        ("torch.tensor_split", lambda x: torch.hsplit(x, (1, 3)), (10,)),
        ("torch.linalg.norm", lambda x: torch.linalg.norm(x, 2, dim=(0, 1)), FLAT),
        ("torch.nansum", lambda x: torch.nansum(x, 1), FLAT), ("torch.nanmean", lambda x: torch.nanmean(x, 1, True), FLAT),
        ("torch.kthvalue", lambda x: torch.kthvalue(x, 2, dim=1), FLAT), ("torch.aminmax", lambda x: torch.aminmax(x, dim=1), FLAT),
        ("torch.quantile", lambda x: torch.quantile(x, 0.3, dim=1), FLAT), ("torch.corrcoef", torch.corrcoef, FLAT),
        ("torch.msort", torch.msort, FLAT), ("torch.argwhere", lambda x: torch.argwhere(x > 0), FLAT),
        ("torch.where", lambda x: torch.nonzero(x > 0, as_tuple=True), FLAT),
        ("torch.unique", torch.unique, ints(5, 9)),
        ("torch.unique", lambda x: torch.unique(x, return_counts=True), ints(5, 9)),
        ("torch.unique", lambda x: torch.unique(x, return_inverse=True)[1], ints(5, 9)),
        ("torch.unique", lambda x: torch.unique(x, return_inverse=True, return_counts=True), ints(5, 9)),
        ("torch.unique", lambda x: torch.unique(x, dim=0), ints(2, 6, 2)),
        ("torch.unique_consecutive", lambda x: torch.unique_consecutive(x, return_counts=True), ints(3, 9)),
        ("torch.searchsorted", lambda s, x: torch.searchsorted(s, x, side="right"), lambda: torch.arange(9.0), FLAT),
        ("torch.isclose", torch.isclose, FLAT, FLAT), ("torch.isin", lambda x: torch.isin(x, torch.tensor([1, 2])), ints(5, 9)),
        ("torch.dist", torch.dist, FLAT, FLAT), ("torch.igamma", torch.igamma, positive(5), positive(5)),
        ("torch.mvlgamma", lambda x: torch.mvlgamma(x + 3, 2), positive(5)), ("torch.frexp", torch.frexp, FLAT),
        ("torch.renorm", lambda x: torch.renorm(x, 2, 0, 1.0), FLAT), ("torch.diff", torch.diff, FLAT),
        ("torch.trapz", torch.trapz, FLAT), ("torch.cumulative_trapezoid", torch.cumulative_trapezoid, FLAT),
        ("torch.diagflat", torch.diagflat, (2, 2)), ("torch.combinations", torch.combinations, (4,)),
        ("torch.index_reduce", lambda x, i, s: x.index_reduce(0, i, s, "prod"), FLAT, tensor(torch.tensor([0, 2])), (2, 10)),
        ("torch.put", lambda x, i, s: x.put(i, s), FLAT, tensor(torch.tensor([0, 5])), (2,)),
        ("torch.as_strided_scatter", lambda x, s: torch.as_strided_scatter(x, s, (2, 2), (1, 2)), FLAT, (2, 2)),
        ("torch.tril_indices", lambda x: torch.tril_indices(x.shape[0], 4), FLAT), ("torch.logspace", lambda x: torch.logspace(0, 1, x.shape[1]), FLAT),
        ("torch.hann_window", lambda x: torch.hann_window(x.shape[1]), FLAT),
        ("torch.hamming_window", lambda x: torch.hamming_window(x.shape[1], False), FLAT),
        ("torch.stft", lambda x, w: torch.stft(x, 16, window=w, center=False, return_complex=True, align_to_window=True), (2, 64), positive(16)),
        ("torch.logdet", lambda x: torch.logdet(x @ x.t() + torch.eye(3)), (3, 3)), ("torch.matrix_exp", torch.matrix_exp, (3, 3)),
        ("torch.chunk", torch.gru_cell, (2, 3), (2, 4), (12, 3), (12, 4), (12,), (12,)),
        ("torch.chunk", lambda x, h, c, *w: torch.lstm_cell(x, (h, c), *w), (2, 3), (2, 4), (2, 4), (16, 3), (16, 4), (16,), (16,)),
        ("torch.quantize_per_tensor", lambda x: torch.quantize_per_tensor(x, 0.1, 10, torch.quint8).dequantize(), FLAT),
        ("torch.int_repr", lambda x: torch.quantize_per_tensor(x, 0.1, 10, torch.qint8).int_repr(), FLAT),
        ("torch.fake_quantize_per_tensor_affine", lambda x: torch.fake_quantize_per_tensor_affine(x, 0.1, 0, -128, 127), FLAT)):
    function(type_, f, *inputs)

# Constants of every type, as results
for dtype in (torch.uint8, torch.int8, torch.int16):
    function("", lambda x, t=dtype: (x, torch.ones(2, 3, dtype=t)), (2, 3))

# Constant indices: runs, several axes, masks, permutations, tables
SHUFFLED = torch.tensor([i * 37 % 64 for i in range(64)])
TABLE, ROWS = torch.arange(300.0).reshape(50, 6) / 99, torch.arange(70000) * 31 % 50
function("Tensor.index", lambda x: x[:, [0, 2, -1]], (2, 4, 5))
function("Tensor.index", lambda x: x[:, [3, 2, 1, 0]], (2, 4, 5))
function("Tensor.index", lambda x: x[:, [0, 0, 0, 1, 1, 1, 2, 2, 2]], (1, 6, 5))
function("Tensor.index", lambda x: x[:, torch.tensor([[0, 2], [1, 3]])], (2, 4, 5))
function("Tensor.index", lambda x: x[:, torch.tensor([[0], [2]]), torch.tensor([1, 3, 0])], (2, 4, 5))
function("Tensor.index", lambda x: x[:, torch.tensor([[True, False, True, True, False]] * 4)], (2, 4, 5))
function("Tensor.index", lambda x: x[:, SHUFFLED], (2, 64, 5, 3))
function("Tensor.index", lambda x: x[..., SHUFFLED], (1, 3, 5, 64))
function("Tensor.index", lambda x: x[SHUFFLED], (64, 7))
function("Tensor.index", lambda x: x * TABLE[ROWS].reshape(-1, 350, 6), (1, 350, 6))
function("torch.index_select", lambda x: torch.index_select(x, 1, SHUFFLED), (1, 64, 5))

# Elements moved by other operators; einsum and linear layers of more dimensions than a blob has
WEIGHT, BIAS = torch.arange(56.0).reshape(7, 8) / 30 - 1, torch.arange(7.0)
function("torch.repeat_interleave", lambda x: x.repeat_interleave(3, 1), (2, 4, 5))
function("torch.repeat_interleave", lambda x: x.repeat_interleave(3, 0), (1, 4, 5))
function("torch.movedim", lambda x: torch.movedim(x, (0, 1), (2, 0)), (2, 3, 4, 5))
function("torch.rot90", lambda x: torch.rot90(x, 3, (-1, 1)), (2, 3, 4))
function("torch.rot90", lambda x: torch.rot90(x, 2, (0, 2)), (2, 3, 4))
function("torch.hstack", lambda x, y: torch.hstack((x, y)), (3,), (4,))
function("torch.vstack", lambda x, y: torch.vstack((x, y)), (3,), (3,))
function("torch.dstack", lambda x, y: torch.dstack((x, y)), (3,), (3,))
function("Tensor.unfold", lambda x: x.unfold(2, 4, 4).unfold(3, 4, 4).reshape(1, 3, 2, 2, 16), (1, 3, 8, 8))
function("Tensor.unfold", lambda x: x.unfold(-1, 4, 2), (2, 3, 10))
function("torch.tril", lambda x: x.tril(-1), (1, 3, 4, 4))
function("torch.einsum", lambda x, y: torch.einsum("BGHID,BGHJD->BGHIJ", x.reshape(1, 4, 2, 7, 8), y.reshape(1, 4, 2, 7, 8)).reshape(8, 49),
         (8, 56), (8, 56))
function("torch.einsum", lambda x, y: torch.einsum("abcde,dxb->xace", x.reshape(2, 3, 4, 5, 2), y), (24, 10), (5, 6, 3))
function("torch.einsum", lambda x: torch.einsum("nhwpqc->nchpwq", x.reshape(1, 4, 4, 2, 2, 8)).reshape(1, 8, 8, 8), (1, 16, 32))
function("F.linear", lambda x: torch.nn.functional.linear(x.reshape(1, 2, 2, 3, 2, 8), WEIGHT, BIAS).reshape(24, 7), (24, 8))

# One number out of a whole tensor, and arithmetic with it: its rank is 0, which the text cannot say
function("", lambda x: x / x.max(), (1, 3, 6, 6))
function("", lambda x: x / x.max(), (2, 3, 4, 5))
function("", lambda x: x - x.mean(), (1, 3, 6, 6))
function("", lambda x: x - x.mean(), (2, 3, 4, 5))
function("", lambda x: x * x.abs().mean(), (1, 3, 6, 6))
function("", lambda x: x * x.abs().mean(), (2, 3, 4, 5))
function("", lambda x: (x - x.min()) / (x.max() - x.min()), (1, 3, 6, 6))
function("", lambda x: (x - x.min()) / (x.max() - x.min()), (2, 3, 4, 5))
function("", lambda x: (x - x.mean()) / (x.std() + 1e-5), (1, 3, 6, 6))
function("", lambda x: (x - x.mean()) / (x.std() + 1e-5), (2, 3, 4, 5))
function("", lambda x: x / x.norm(), (1, 3, 6, 6))
function("", lambda x: x / x.norm(), (2, 3, 4, 5))
function("", lambda x: x / x.pow(2).sum().sqrt(), (1, 3, 6, 6))
function("", lambda x: x / x.pow(2).sum().sqrt(), (2, 3, 4, 5))
function("", lambda x: x + x.flatten()[3], (1, 3, 6, 6))
function("", lambda x: x + x.flatten()[3], (2, 3, 4, 5))
function("", lambda x: x * x[0, 1, 2, 3], (1, 3, 6, 6))
function("", lambda x: x * x[0, 1, 2, 3], (2, 3, 4, 5))
function("", lambda x: torch.maximum(x, x.mean()), (1, 3, 6, 6))
function("", lambda x: torch.maximum(x, x.mean()), (2, 3, 4, 5))
function("", lambda x: torch.where(x > x.mean(), x, -x), (1, 3, 6, 6))
function("", lambda x: torch.where(x > x.mean(), x, -x), (2, 3, 4, 5))
function("", lambda x: x.clamp(max=1).sub(x.amax()), (1, 3, 6, 6))
function("", lambda x: x.clamp(max=1).sub(x.amax()), (2, 3, 4, 5))
function("", lambda x: x.sum() * 2 + 1, (1, 3, 6, 6))
function("", lambda x: x.sum() * 2 + 1, (2, 3, 4, 5))
function("", lambda x: torch.stack([x.max(), x.min(), x.mean()]), (1, 3, 6, 6))
function("", lambda x: torch.stack([x.max(), x.min(), x.mean()]), (2, 3, 4, 5))
function("", lambda x: x / (x.var() + 1).sqrt(), (1, 3, 6, 6))
function("", lambda x: x / (x.var() + 1).sqrt(), (2, 3, 4, 5))
function("", lambda x: x.logsumexp((0, 1, 2, 3)) - x, (1, 3, 6, 6))
function("", lambda x: x.logsumexp((0, 1, 2, 3)) - x, (2, 3, 4, 5))
function("", lambda x: x.softmax(1) * x.sigmoid().mean(), (1, 3, 6, 6))
function("", lambda x: x.softmax(1) * x.sigmoid().mean(), (2, 3, 4, 5))
function("", lambda x: x.mean() - x.max(), (1, 3, 6, 6))
function("", lambda x: x.mean() - x.max(), (2, 3, 4, 5))
function("", lambda x: -x.mean() * x.std(), (1, 3, 6, 6))
function("", lambda x: -x.mean() * x.std(), (2, 3, 4, 5))
function("", lambda x, s: x * s, (1, 3, 6, 6), ())
function("", lambda x, s: (x + s).relu() / (s.abs() + 1), (2, 3, 4), ())
function("", lambda x, n: x * n, (2, 3, 4), lambda: torch.tensor(3))
function("", lambda s, t: s * t + 1, (), ())

# Networks in other types than float32, and inputs that are bytes or truths
F, nn = torch.nn.functional, torch.nn


def of(kind, *shape):
    return lambda: torch.randint(0, 255, shape, dtype=kind) if kind == torch.uint8 else torch.randn(shape).to(kind)


function("", lambda x: x.permute(0, 3, 1, 2).float() / 255, of(torch.uint8, 1, 6, 6, 3))
function("", lambda x: x.permute(0, 3, 1, 2).flip(1).float().sub(127.5).div(127.5), of(torch.uint8, 1, 6, 6, 3))
function("", lambda x: F.interpolate(x, scale_factor=2), of(torch.uint8, 1, 3, 4, 4))
function("", lambda x: torch.cat([x, x], 1).float() * 2, of(torch.uint8, 1, 3, 4, 4))
function("", lambda x: x + x, of(torch.uint8, 1, 3, 4, 4))
function("", lambda x: x[:, [2, 1, 0]].float(), of(torch.uint8, 1, 3, 4, 4))
function("", lambda x: x.float().mean(1).to(torch.uint8), of(torch.uint8, 1, 3, 4, 4))
function("", lambda x: x.float(), of(torch.uint8, 1, 3, 4, 4))
function("", lambda x: x, of(torch.uint8, 1, 3, 4, 4))
function("", lambda x: x.clone(), bools(2, 3))
function("", lambda m: m.any(1), bools(2, 3))
function("", lambda m: m.all(1), bools(2, 3))
function("", lambda m: m.sum(1), bools(2, 3))
function("", lambda m: (~m).float().mean(1), bools(2, 3))
function("", lambda m: m.long() * 3, bools(2, 3))
function("", lambda x, m: x.masked_fill(m, -1e4).softmax(-1), (2, 3, 4), bools(2, 1, 4))
function("", lambda x: x.float().softmax(1).half(), of(torch.half, 2, 5))
function("", lambda x: x.softmax(1) @ x.transpose(1, 2), of(torch.half, 1, 4, 5))
function("", lambda x: F.layer_norm(x, (5,)) * 2 + 1, of(torch.half, 1, 4, 5))
function("", lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"), of(torch.half, 1, 3, 4, 4))
function("", lambda x: F.gelu(x).sum(1), of(torch.double, 1, 4, 5))
function("", lambda x: (x / x.norm(dim=1, keepdim=True)).cumsum(1), of(torch.double, 1, 4, 5))
function("", lambda x: F.pad(x, (1, 1)).relu(), of(torch.bfloat16, 1, 4, 8), tolerance=1e-2)
function("", lambda x, y: x.double() + y, (1, 4), of(torch.double, 1, 4))
function("", lambda x, y: x + y, of(torch.half, 1, 4), (1, 4))
function("", lambda x, y: torch.cat([x, y]), of(torch.half, 1, 4), (1, 4))
function("", lambda x: x.to(torch.int32).float(), (2, 4))
function("", lambda x: x.to(torch.uint8).float(), positive(2, 4))
function("", lambda x: x * 3 + 1, ints(9, 2, 4))
function("", lambda x: x.int(), ints(9, 2, 4))
function("", lambda x: x.short().float(), ints(9, 2, 4))

# Integers of 8 and 16 bits wrap around.
def span(kind, *shape):
    return lambda: torch.randint(torch.iinfo(kind).min, torch.iinfo(kind).max + 1, shape, dtype=torch.int64).to(kind)


for kind in (torch.uint8, torch.int8, torch.int16):
    function("", lambda x, y: (x + y, x - y, x * 3 + 1, (x + 100).float(), x & y, x ^ 5, torch.maximum(x, y), -x, ~x, x.clamp(3, 90), x.abs(), x.sum(1), 2 - x), span(kind, 3, 7), span(kind, 7))
    function("", lambda x, k=kind: (x * 1000).to(torch.int32).to(k), (3, 7))
    function("", lambda x, k=kind: (x * 20).abs().to(k), (3, 7))
for kind in (torch.uint8, torch.int8):
    function("", lambda x, y: (x * y, x * y + x), span(kind, 3, 7), span(kind, 7))
function("", lambda x: (x * 255).clamp(0, 255).to(torch.uint8).float() / 255, (1, 3, 5, 5))
function("", lambda x: F.interpolate(x, size=(9, 7)).float(), of(torch.uint8, 1, 3, 4, 4))
network("", lambda: nn.Upsample(scale_factor=3), of(torch.uint8, 1, 3, 4, 4))
function("", lambda x: x * 200, span(torch.int16, 3, 7))
for t, near in ((torch.half, 1e-3), (torch.double, 1e-5)): # ncnn within 1e-3: not bfloat16
    network("", lambda t=t: nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8, affine=False), nn.PReLU(8), nn.ConvTranspose2d(8, 4, 2, 2),
                                          nn.InstanceNorm2d(4), nn.GroupNorm(2, 4), nn.Flatten(2), nn.Linear(144, 2)).to(t), of(t, 1, 3, 8, 8), tolerance=near)
    network("", lambda t=t: nn.MultiheadAttention(8, 2, batch_first=True).to(t), *[of(t, 1, n, 8) for n in (5, 4, 4)], tolerance=near)
    network("", lambda t=t: nn.Sequential(nn.Embedding(9, 8), nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), nn.Linear(8, 3)).to(t), ints(9, 1, 6), tolerance=near)
