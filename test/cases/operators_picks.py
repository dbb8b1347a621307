"""Cases: elements picked, written, ordered and counted by values that are computed; losses; bits."""
import torch
import torch.nn.functional as F
from torch import nn

from operators import bools, complexes, function, ints, module, network, positive, tensor

FLAT, CUBE, IMAGE = (3, 10), (2, 3, 10), (2, 4, 6, 8)

# Places of extremes; equal elements among integers
for name in ("argmax", "argmin"):
    f = getattr(torch, name)
    function(f"torch.{name}", lambda x, f=f: f(x, -1, True), (1, 3, 4, 5))
    function(f"torch.{name}", lambda x, f=f: f(x, 0), ints(3, 9))
    function(f"torch.{name}", lambda x, f=f: f(x, 0), (9,))
    function(f"torch.{name}", lambda x, f=f: f(x, 2, keepdim=True), (2, 3, 4, 5, 2))
for name in ("max", "min"):
    function(f"torch.{name}", lambda x, f=getattr(torch, name): f(x, -1, True), (1, 3, 4, 5))

# The first in order: the last two are sorted in parts
function("torch.topk", lambda x: torch.topk(x, 3, 1), (1, 5, 6, 7))
function("torch.topk", lambda x: torch.topk(x, 1, 1, False), (1, 5, 6, 7))
function("torch.topk", lambda x: torch.topk(x, 3, 1)[0], ints(4, 2, 9))
function("torch.topk", lambda x: torch.topk(x, 40, 1), (1, 1900))
function("torch.topk", lambda x: torch.topk(x, 40), (1701,))
function("torch.sort", lambda x: torch.sort(x, dim=1, stable=True, descending=True), ints(4, 3, 9))
function("torch.sort", lambda x: torch.sort(x, 0), (6, 2, 3, 4))
function("torch.msort", torch.msort, CUBE)
function("torch.kthvalue", lambda x: torch.kthvalue(x, 2, dim=0, keepdim=True), CUBE)
function("torch.median", torch.median, CUBE)
function("torch.median", lambda x: torch.median(x, 1), CUBE)
function("torch.quantile", lambda x: torch.quantile(x, torch.tensor([0.2, 0.6]), dim=1, keepdim=True), CUBE)
for name in ("cummax", "cummin", "logcumsumexp"):
    function(f"torch.{name}", lambda x, f=getattr(torch, name): f(x, -1), (1, 2, 3, 4))
    function(f"torch.{name}", lambda x, f=getattr(torch, name): f(x, 0), FLAT)
function("torch.cumprod", lambda x: torch.cumprod(x, 1), (2, 6, 3, 2))
INFINITE = torch.tensor([[1.0, float("inf"), -3.0, float("-inf"), 2.0], [float("-inf"), float("-inf"), 0.0, 5.0, 5.0]])
function("torch.topk", lambda x: torch.topk(x, 3)[0], tensor(INFINITE))
function("torch.argmax", lambda x: x.argmax(1), tensor(INFINITE))
function("torch.argmin", lambda x: x.argmin(1), tensor(INFINITE))
function("torch.argmax", lambda x: x.argmax(1), tensor(torch.full((2, 3), float("-inf"))))
function("torch.cummax", lambda x: torch.cummax(x, 1)[1], tensor(INFINITE))
function("torch.bucketize", lambda x, b: torch.bucketize(x, b), CUBE, lambda: torch.arange(5.0))
function("torch.searchsorted", lambda s, x: torch.searchsorted(s, x), lambda: torch.arange(18.0).reshape(2, 9) / 4, (2, 7))

# Elements at computed places; negative ones count from the end
function("Tensor.index", lambda x, i: x[:, i], (2, 6, 3, 3), ints(3, 4, 2, low=-3))
function("Tensor.index", lambda x, i, j: x[:, i, j], CUBE, ints(3, 4), ints(10, 4))
function("Tensor.index", lambda x, i, j: x[:, i, j], CUBE, ints(3, 2, 1), ints(10, 4))
function("Tensor.index", lambda x: x[[0, 1], :, [2, 3]], CUBE)
function("Tensor.index", lambda x, i: x[torch.arange(2), i], CUBE, ints(3, 2, low=-3))
function("Tensor.index", lambda x, i: x[torch.arange(x.shape[0]), i.argmax(-1)], (1, 7, 5), ints(70, 1, 7))
function("Tensor.index", lambda x, i: x[torch.arange(x.shape[0]), i.argmax(-1)], (3, 7, 5), ints(70, 3, 7))
function("Tensor.index", lambda x, i: x[i], bools(5, 3), ints(5, 4))
function("Tensor.index", lambda x, i: x[i], ints(5, 5, 3), ints(5, 4))
function("torch.index_select", lambda x, i: torch.index_select(x, -2, i), IMAGE, ints(6, 4))
function("torch.gather", lambda x, i: torch.gather(x, 0, i), FLAT, ints(3, 2, 4))
function("torch.gather", lambda x, i: torch.gather(x, 1, i), (2, 3, 4, 5), ints(3, 2, 6, 4, 5))
function("torch.gather", lambda x, i: torch.gather(x, 0, i), (5,), ints(5, 6))
function("torch.gather", lambda x, i: torch.gather(x, -1, i), ints(9, 2, 5), ints(5, 2, 6))
function("torch.gather", lambda x, i: torch.gather(x, -1, i), bools(2, 5), ints(5, 2, 6))
function("torch.gather", lambda x, i: torch.gather(x, 1, i), tensor(INFINITE), tensor(torch.tensor([[0, 1, 2, 1], [3, 2, 3, 4]])))
function("torch.gather", lambda x, i: torch.gather(x, 1, i.unsqueeze(-1).expand(-1, -1, x.shape[-1])), (1, 8, 5), ints(8, 1, 6))
function("torch.gather", lambda x, s: torch.gather(x, 1, s.topk(3, 1)[1].unsqueeze(-1).repeat(1, 1, x.shape[-1])), (1, 8, 5), (1, 8))
function("torch.take_along_dim", lambda x, i: torch.take_along_dim(x, i, 1), CUBE, ints(3, 2, 1, 10))
function("torch.take_along_dim", lambda x, i: torch.take_along_dim(x, i), CUBE, ints(3, 7))
function("torch.take", torch.take, CUBE, ints(30, 7, 2, low=-4))
function("torch.isin", lambda x, y: torch.isin(x, y, invert=True), ints(5, 9), ints(5, 2, 2))
function("F.embedding", lambda x, w: F.embedding(x.long(), w), lambda: torch.rand(3) * 4, (5, 4))
function("F.embedding", lambda w: F.embedding(torch.tensor([[1, 2], [3, 0]]), w), (5, 4))
function("F.embedding", lambda i, w: F.embedding(i, w * 1, max_norm=1.0), ints(9, 5), (10, 6))
module("F.embedding", lambda: nn.Embedding(10, 6, max_norm=0.5), ints(9, 5))

# Elements written at computed places: of several at one place the last, or their sum, product ...
function("torch.scatter", lambda x, i, s: x.scatter(1, i, s), FLAT, ints(3, 3, 4), (3, 5))
function("torch.scatter", lambda x, i, s: x.scatter(1, i, s), ints(9, 3, 10), ints(10, 3, 4), ints(9, 3, 4))
function("torch.scatter", lambda x, i, s: x.scatter(2, i, s), (1, 2, 3, 6), ints(3, 1, 2, 3, 6), (1, 2, 3, 6))
function("torch.scatter", lambda x, i: x.scatter(1, i, 2.0, reduce="multiply"), FLAT, ints(10, 3, 4))
function("torch.scatter", lambda x: torch.zeros(3, 10).scatter_(1, x.topk(3, 1)[1], 1.0), FLAT)
function("torch.scatter_add", lambda x, i, s: x.scatter_add(0, i, s), FLAT, ints(3, 2, 10), (2, 10))
function("torch.scatter_add", lambda x, i, s: x.scatter_add(0, i[:, None].expand(-1, 10), s), FLAT, ints(3, 5), (5, 10))
for r in ("sum", "prod", "mean", "amax", "amin"):
    function("torch.scatter_reduce", lambda x, i, s, r=r: x.scatter_reduce(1, i, s, r), FLAT, ints(10, 3, 14), (3, 14))
    function("torch.scatter_reduce", lambda x, i, s, r=r: x.scatter_reduce(0, i, s, r, include_self=False), (10, 3), ints(10, 7, 3), (7, 3))
function("torch.index_add", lambda x, i, s: x.index_add(1, i, s, alpha=0.5), CUBE, ints(3, 7), (2, 7, 10))
function("torch.index_add", lambda x, i, s: x.index_add(-1, i, s), CUBE, ints(10, 7), (2, 3, 7))
function("torch.index_copy", lambda x, i, s: x.index_copy(1, i, s), CUBE, tensor(torch.tensor([2, 0])), (2, 2, 10))
function("torch.index_copy", lambda x, i, s: x.index_copy(-1, i, s), CUBE, tensor(torch.tensor([2, 0])), (2, 3, 2))
function("torch.index_fill", lambda x, i: x.index_fill(1, i, 3.0), CUBE, tensor(torch.tensor([2, 0])))
function("torch.index_reduce", lambda x, i, s: x.index_reduce(1, i, s, "amax", include_self=False), FLAT, tensor(torch.tensor([0, 2])), (3, 2))
function("Tensor.index_put", lambda x, i, j, v: x.index_put((i, j), v), FLAT, tensor(torch.tensor([0, -2])), tensor(torch.tensor([0, -2])), (2,))
function("Tensor.index_put", lambda x, i, j, v: x.index_put((i, j), v, accumulate=True), FLAT, tensor(torch.tensor([0, 0])),
         tensor(torch.tensor([3, 3])), (2,))
function("torch.put", lambda x, i, s: x.put(i, s, True), FLAT, tensor(torch.tensor([5, 5])), (2,))
function("torch.masked_scatter", lambda x, m, s: x.masked_scatter(m, s), CUBE, bools(10), (60,))
function("torch.diagonal_scatter", lambda x, y: torch.diagonal_scatter(x, y, 1, 0, 2), (3, 7, 4), (7, 3))
module("nn.EmbeddingBag", lambda: nn.EmbeddingBag(10, 6, mode="max"), ints(10, 7), tensor(torch.tensor([0, 3, 3])))


# Networks that compute what they look up by
class Positions(nn.Module):
    """As RoBERTa and MPNet have them: counted where a token is no padding."""

    def __init__(self):
        super().__init__()
        self.word, self.position, self.norm = nn.Embedding(50, 8, 1), nn.Embedding(20, 8, 1), nn.LayerNorm(8)

    def forward(self, i):
        mask = i.ne(1).int()
        p = (torch.cumsum(mask, dim=1).type_as(mask) + 0) * mask
        return self.norm(self.word(i) + self.position(p.long() + 1))


class Masked(nn.Module):
    """As OPT has them: of a mask."""

    def __init__(self):
        super().__init__()
        self.position = nn.Embedding(20, 8)

    def forward(self, m):
        m = m.long()
        return self.position((torch.cumsum(m, dim=1).type_as(m) * m).long() - 1 + 2)


class Last(nn.Module):
    """As CLIP's text has it: the row of the greatest token."""

    def __init__(self):
        super().__init__()
        self.word, self.out = nn.Embedding(50, 8), nn.Linear(8, 4)

    def forward(self, i):
        x = self.word(i)
        return self.out(x[torch.arange(x.shape[0]), i.argmax(dim=-1)])


for of in (1, 2):
    network("", Positions, ints(4, of, 7))
    network("", Masked, bools(of, 7))
    network("", Last, ints(50, of, 7))
function("torch.argmax", lambda x: x.log_softmax(2).argmax(2).transpose(0, 1), (12, 1, 9))
function("torch.topk", lambda x, b: [b.gather(1, i.unsqueeze(-1).repeat(1, 1, 4)) for i in [x.sigmoid().flatten(1).topk(5)[1] // 6]], (1, 30, 6), (1, 30, 4))

# Losses
for r in ("none", "sum", "mean"):
    function("F.cross_entropy", lambda x, t, r=r: F.cross_entropy(x, t, reduction=r, ignore_index=2), (2, 5, 3, 4), ints(5, 2, 3, 4))
    function("F.nll_loss", lambda x, t, r=r: F.nll_loss(x, t, torch.arange(1.0, 11.0), reduction=r, ignore_index=0), FLAT, ints(10, 3))
    function("F.cross_entropy", lambda x, t, r=r: F.cross_entropy(x, t.softmax(1), reduction=r), FLAT, FLAT)
    function("F.cross_entropy", lambda x, t, r=r: F.cross_entropy(x, t, reduction=r), (10,), ints(10))
    function("F.binary_cross_entropy", lambda x, y, r=r: F.binary_cross_entropy(x.sigmoid(), y.sigmoid(), reduction=r), FLAT, FLAT)
    function("F.binary_cross_entropy_with_logits",
             lambda x, y, r=r: F.binary_cross_entropy_with_logits(x, y.sigmoid(), reduction=r, pos_weight=torch.tensor(2.0)), FLAT, FLAT)
    for f, key in (("huber_loss", "delta"), ("smooth_l1_loss", "beta")):
        function(f"F.{f}", lambda x, y, r=r, f=f, key=key: getattr(F, f)(x, y, reduction=r, **{key: 0.7}), FLAT, FLAT)
    function("F.kl_div", lambda x, y, r=r: F.kl_div(x, y, reduction=r, log_target=True), FLAT, FLAT)
    function("F.margin_ranking_loss", lambda a, b, y, r=r: F.margin_ranking_loss(a, b, y.sign(), 0.3, reduction=r), FLAT, FLAT, FLAT)
    function("F.hinge_embedding_loss", lambda a, y, r=r: F.hinge_embedding_loss(a, y.sign(), 0.3, reduction=r), FLAT, FLAT)
    function("F.cosine_embedding_loss", lambda a, b, y, r=r: F.cosine_embedding_loss(a, b, y.sign(), 0.3, reduction=r), FLAT, FLAT, (3,))
    function("F.triplet_margin_loss", lambda a, b, c, r=r: F.triplet_margin_loss(a, b, c, 0.3, swap=True, reduction=r), FLAT, FLAT, FLAT)
    function("F.multi_margin_loss", lambda a, t, r=r: F.multi_margin_loss(a, t, 2, 0.3, reduction=r), FLAT, ints(10, 3))

# Products and sums
function("torch.meshgrid", lambda x, y, z: torch.meshgrid(x, y, z, indexing="xy"), (3,), (4,), (2,))
function("torch.cross", torch.cross, (2, 3, 4), (2, 3, 4))
function("torch.combinations", lambda x: torch.combinations(x, 3), (6,))
function("torch.diagonal", lambda x: torch.diagonal(x, -1, 0, 2), (5, 2, 4))
function("Tensor.sum_to_size", lambda x: x.sum_to_size(10), CUBE)
for o in (1, -1, float("inf"), float("-inf")):
    function("torch.linalg.matrix_norm", lambda x, o=o: torch.linalg.matrix_norm(x, o), CUBE)
    function("torch.linalg.matrix_norm", lambda x, o=o: torch.linalg.matrix_norm(x, o, dim=(0, 2), keepdim=True), CUBE)
function("torch.linalg.matrix_power", lambda x: torch.linalg.matrix_power(x, 6), (2, 4, 4))
function("torch.gradient", lambda x: torch.gradient(x, spacing=2.0, dim=0)[0], FLAT)
function("torch.heaviside", torch.heaviside, tensor(torch.tensor([1.0, 0, -2, 0])), (4,))
function("torch.copysign", lambda x: torch.copysign(x, -1.0), FLAT)

# What is no number, and infinities
ODD = torch.tensor([1.0, float("inf"), -float("inf"), float("nan"), 0.0, -3.0, 3.4e38, -1e38, float("nan"), 2.0])
function("torch.isfinite", torch.isfinite, tensor(ODD))
function("torch.isnan", torch.isnan, tensor(ODD))
function("torch.isposinf", torch.isposinf, tensor(ODD[:3]))
function("torch.isneginf", torch.isneginf, tensor(ODD[:3]))

# Bits, from -2^24 on, below 2^24
BIG = 1 << 24
for name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    f = getattr(torch, name)
    function(f"torch.{name}", f, ints(BIG, 3, 40, low=-BIG), ints(BIG, 40, low=-BIG))
    for v in (0, 3, 12, 0x5555, -1, -6):
        function("", lambda x, f=f, v=v: f(x, v), ints(50000, 40, low=-50000))
function("torch.bitwise_not", lambda x: ~x, ints(50000, 40, low=-50000))
function("", lambda x: x >> 3, ints(50000, 40, low=-50000))
function("", lambda x, y: x << y, ints(500, 40, low=-500), ints(10, 40))
function("", lambda x, y: x >> y, ints(500, 40, low=-500), ints(10, 40))

# Windows, frequencies, places of triangles: numbers by their place in a row
for n in (1, 9, 10):
    for w in ("hann", "hamming", "blackman", "bartlett", "kaiser"):
        for periodic in (True, False):
            function("", lambda x, w=w, n=n, p=periodic: getattr(torch, w + "_window")(x.shape[0] * n // 3, p), (3, 10))
function("", lambda x: torch.hamming_window(x.shape[1], True, 0.6, 0.3), (3, 10), absent=())
function("", lambda x: torch.logspace(-3, 2, x.shape[1]), (3, 10))
for n in (9, 10):
    function("", lambda x, n=n: torch.fft.fftfreq(x.shape[1] + n, 0.5), (3, 10))
    function("", lambda x, n=n: torch.fft.rfftfreq(x.shape[1] + n, 0.5), (3, 10))
for offset in (-9, -1, 0, 2):
    function("", lambda x, a=offset: torch.triu_indices(5, x.shape[0], a), (3, 10))
    function("", lambda x, a=offset: torch.tril_indices(x.shape[0], 4, max(a, -2)), (3, 10))

# Pooling with the places of the maxima, and back
for n, sizes in ((1, (2, 4, 12)), (2, (2, 4, 10, 12)), (3, (1, 4, 6, 8, 10))):
    for f in (getattr(F, f"max_pool{n}d"),):
        function("", lambda x, f=f: f(x, 2, return_indices=True), sizes)
        function("", lambda x, f=f: f(x, 3, 2, 1, return_indices=True), sizes)
        function("", lambda x, f=f: f(x, 3, 1, 1, 2, return_indices=True), sizes)
        function("", lambda x, f=f: f(x, 3, 2, 0, 1, True, return_indices=True), sizes)
    function("", lambda x, f=getattr(F, f"adaptive_max_pool{n}d"): f(x, 2, return_indices=True), sizes)


class Unpool(nn.Module):
    def __init__(self, *size):
        super().__init__()
        self.pool = getattr(nn, f"MaxPool{len(size)}d")(2, return_indices=True)
        self.unpool = getattr(nn, f"MaxUnpool{len(size)}d")(2)
        self.size = list(size)

    def forward(self, x):
        y, i = self.pool(x)
        return self.unpool(y.relu() + 1, i, output_size=self.size)


network("", lambda: Unpool(10, 12), (2, 4, 10, 12), absent=())
network("", lambda: Unpool(11, 13), (1, 4, 11, 13), absent=())
network("", lambda: Unpool(6, 8, 10), (1, 4, 6, 8, 10), absent=())

# Recurrent layers as steps
for options in ({}, {"bidirectional": True}, {"bias": False}, {"bidirectional": True, "num_layers": 2, "batch_first": True}):
    module("nn.RNN", lambda o=options: nn.RNN(6, 5, nonlinearity="relu", **o), (3, 4, 6))
module("nn.RNN", lambda: nn.RNN(6, 5, nonlinearity="relu"), (9, 1, 6), (1, 1, 5))
function("torch.lstm", lambda x, h, c, *w: torch.lstm(x, (h, c), list(w), False, 1, 0.0, False, True, True), (1, 5, 3), (2, 1, 3), (2, 1, 3),
         (12, 3), (12, 3), (12, 3), (12, 3))

# Resizing by nearest middles, and by a filter
for n, sizes in ((1, (2, 4, 12)), (2, (2, 4, 10, 12)), (3, (1, 4, 6, 8, 10))):
    function("", lambda x, n=n: F.interpolate(x, size=(13, 25, 11)[:n], mode="nearest-exact"), sizes)
    for s in (1.7, 0.3):
        function("", lambda x, s=s: F.interpolate(x, scale_factor=s, mode="nearest-exact"), sizes)
        function("", lambda x, s=s: F.interpolate(x, scale_factor=s, mode="nearest-exact", recompute_scale_factor=True), sizes)
for mode in ("bilinear", "bicubic"):
    for size in ((7, 9), (13, 25), (3, 8)):
        function("F.interpolate", lambda x, m=mode, z=size: F.interpolate(x, size=z, mode=m, antialias=True), (2, 4, 10, 12))
    for s in (0.5, 0.3, 1.7):
        function("F.interpolate", lambda x, m=mode, s=s: F.interpolate(x, scale_factor=s, mode=m, antialias=True), (1, 4, 10, 12))
function("torch.repeat_interleave", lambda x: x.repeat_interleave(torch.tensor([2, 0, 1, 3]), 2), (2, 3, 4))
module("nn.BatchNorm1d", lambda: nn.BatchNorm1d(4, track_running_stats=False), (3, 4))

# Complex inputs and results are pairs
function("", lambda x, y: (x @ y, x.abs(), x * 2, (x + 1j).angle()), complexes(2, 3, 4), complexes(2, 4, 5), absent=())
function("", lambda x: (x, x.real), complexes(2, 3, 4), absent=())
function("", lambda x: x * 2, lambda: torch.randn(3, 4, dtype=torch.complex128), absent=())
function("torch.istft", lambda x: torch.istft(x, 16, hop_length=4), complexes(2, 9, 17))
function("torch.stft", lambda x: torch.stft(x, 16, hop_length=4, return_complex=True), (2, 64))
function("torch.stft", lambda x, w: torch.stft(x, 16, hop_length=4, win_length=10, window=w, return_complex=True).abs(), (2, 64), positive(10))
function("torch.istft", lambda x, w: torch.istft(x, 16, hop_length=4, win_length=11, window=w, length=60), complexes(9, 17), positive(11))
