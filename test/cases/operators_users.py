"""Cases: what users' networks did that went wrong or was refused; each line a kind, its neighbours beside it."""
import torch
import torch.nn.functional as F
from torch import nn

from operators import bools, function, ints, network, positive


class Net(nn.Module):
    """A function of a network's modules and its inputs, traced without gradients."""

    def __init__(self, f, **modules):
        super().__init__()
        self.f = f
        for name, m in modules.items():
            setattr(self, name, nn.Parameter(m) if isinstance(m, torch.Tensor) else m)

    @torch.no_grad()
    def forward(self, *xs):
        return self.f(self, *xs)


def conv(f):
    return Net(f, c=nn.Conv2d(3, 8, 3))


def attention(f):
    return Net(f, a=nn.MultiheadAttention(8, 2, batch_first=True))


def encoder(f):
    return Net(f, t=nn.TransformerEncoderLayer(8, 2, 12, batch_first=True))


def padding(n):
    """The last two of six positions are no words."""
    return lambda: torch.arange(6).expand(n, 6) > 3


TRIANGLE = torch.ones(6, 6, dtype=torch.bool).triu(1)

# One number for each image of a batch: a reduction over all other axes, and arithmetic with it
for n in (1, 2, 3):
    network("", lambda: conv(lambda s, x: s.c(x).mean(dim=(1, 2, 3))), (n, 3, 9, 9))
    network("", lambda: conv(lambda s, x: s.c(x).std(dim=(1, 2, 3)) * 2 + 1), (n, 3, 7, 7))
    network("", lambda: conv(lambda s, x: s.c(x) / (s.c(x).sum((1, 2, 3), keepdim=True) + 0.1)), (n, 3, 6, 6))
    network("", lambda: conv(lambda s, x: (s.c(x).flatten(1).softmax(1) * torch.arange(128.)).sum(1)), (n, 3, 6, 6))
    network("", lambda: conv(lambda s, x: F.cosine_similarity(s.c(x).flatten(1), s.c(x * 2).flatten(1))), (n, 3, 6, 6))
    network("", lambda: conv(lambda s, x: s.c(x).mean((2, 3)).max(1)[0] - s.c(x).amin((1, 2, 3))), (n, 3, 6, 6))
    network("", lambda: conv(lambda s, a, p: (F.normalize(s.c(a).mean((2, 3)), dim=1) - F.normalize(s.c(p).mean((2, 3)), dim=1)).pow(2).sum(1).relu()),
            (n, 3, 8, 8), (n, 3, 8, 8))
    network("", lambda: Net(lambda s, x: s.r(x)[0].sum(1), r=nn.GRU(8, 6, batch_first=True)), (n, 6, 8))
    network("", lambda: Net(lambda s, x: s.r(x)[1][0].sum(2) * 2, r=nn.LSTM(8, 6, batch_first=True)), (n, 6, 8))
    function("", lambda x: (x - x.mean((1, 2, 3), keepdim=True)) / x.var((1, 2, 3), keepdim=True).add(1e-5).sqrt(), (n, 3, 6, 6))
    function("", lambda y: y / (y.sum(1).unsqueeze(1) + 0.1), (n, 5))
    function("", lambda x: x.logsumexp((1, 2)).tanh(), (n, 4, 5))
    function("", lambda x: x.flatten(1).norm(dim=1, keepdim=True) + x.mean((1, 2)).unsqueeze(1), (n, 4, 5))

# Axes that only move
for n in (1, 2):
    network("", lambda: Net(lambda s, x: s.r(x.permute(1, 0, 2))[0].permute(1, 0, 2), r=nn.LSTM(8, 20)), (n, 10, 8))
    network("", lambda: Net(lambda s, x: s.l(x.permute(1, 0, 2)).permute(1, 0, 2), l=nn.Linear(8, 4)), (n, 10, 8))
    function("", lambda x: x.permute(1, 0, 2), (n, 10, 8))
    function("", lambda x: (x.permute(1, 0, 2), x), (n, 10, 8))
    network("", lambda: conv(lambda s, x: s.c(x).permute(2, 3, 0, 1)), (n, 3, 6, 6))

# Attention traced without gradients, its weights read or not, masks of every kind
for n in (1, 2):
    network("", lambda: attention(lambda s, x: s.a(x, x, x)[0]), (n, 5, 8))
    network("", lambda: attention(lambda s, x: s.a(x, x, x)), (n, 5, 8))
    network("", lambda: attention(lambda s, x: s.a(x, x, x, need_weights=False)[0]), (n, 5, 8))
    network("", lambda: attention(lambda s, x, m: s.a(x, x, x, key_padding_mask=m, attn_mask=TRIANGLE)[0]), (n, 6, 8), padding(n))
    network("", lambda: encoder(lambda s, x: s.t(x)), (n, 6, 8))
    network("", lambda: encoder(lambda s, x, m: s.t(x, src_key_padding_mask=m)), (n, 6, 8), padding(n))
    network("", lambda: encoder(lambda s, x, m: s.t(x, src_mask=TRIANGLE, src_key_padding_mask=m)), (n, 6, 8), padding(n))

# Constants of lower rank, batch axes that are not in front
network("", lambda: Net(lambda s, x: (s.l(x).permute(1, 0, 2) * s.g).permute(1, 0, 2), l=nn.Linear(8, 8), g=torch.randn(8)), (1, 5, 8))
network("", lambda: Net(lambda s, x: (x.reshape(4, 2, 1, 48) * s.w.softmax(0)[:, None, None]).sum(1), w=torch.randn(2)), (8, 1, 48))
network("", lambda: Net(lambda s, x: (x.reshape(4, 2, 1, 8) * s.w.softmax(0).view(2, 1, 1)).sum(1), w=torch.randn(2)), (8, 1, 8))
network("", lambda: Net(lambda s, x: s.r(x)[0] * s.w, r=nn.GRU(4, 6), w=torch.randn(1, 6)), (5, 1, 4))
network("", lambda: Net(lambda s, x: (x.permute(2, 0, 1) - s.w[:, None, None]).abs(), w=torch.randn(3)), (1, 4, 3))
function("", lambda a, m: a.masked_fill(m.unsqueeze(1), -1000.0), (1, 4, 6), bools(1, 6))
function("", lambda x: torch.max(torch.tensor(0.1), x), (2, 4))

# Elements of a vector as numbers; writes through masks, into what is empty, at every second place
def elements(x):
    r = torch.zeros(10)
    r[0], r[3], r[-1] = x[1] - x[13], x[2] * 2, x[-2]
    return r


def labels(y):
    lab = y.mean(1, keepdim=True).sign().expand_as(y).clone()
    y = y.clone()
    y[lab == -1] = 0.0
    y[lab == 1] += 0.5
    return y


def negatives(y):
    y = y * 1
    y[y < 0] = 0
    return y


def filled(x):
    t = torch.empty((4,) + x.size())
    for i in range(4):
        t[i] = x * (i + 1)
    return t.sum(-1)


def every_second(x):
    p, q, r, s = x.chunk(4, 1)
    o = torch.zeros(1, 2, 16, 16)
    o[:, :, 0::2, 0::2] = p - q - r + s
    o[:, :, 1::2, 0::2] = p - q + r - s
    o[:, :, 0::2, 1::2] = p + q - r - s
    o[:, :, 1::2, 1::2] = p + q + r + s
    return o


function("", elements, (28,))
function("", labels, (1, 8, 6, 6))
function("", negatives, (1, 8, 6, 6))
function("", filled, (3, 5))
function("", every_second, (1, 8, 8, 8))

# Indices that are known
RELATIVE = torch.arange(5)[None] - torch.arange(5)[:, None] + 4
function("", lambda x: x.gather(3, RELATIVE.expand(1, 2, 5, 5)), (1, 2, 5, 9))
function("", lambda x: x.gather(1, torch.tensor([[0, 2, 1], [1, 1, 0]])), (2, 4))
function("", lambda x: x.as_strided((3, 4), (1, 2)) * 2, (12,))

# Bounds that are tensors, factors, quantisation that is simulated, statistics of the input
function("", lambda x, y: x.clamp(min=y), (1, 3, 5), (1, 3, 5))
function("", lambda x: x.clamp(min=x.mean(1, keepdim=True), max=x.amax(1, keepdim=True) - 0.1), (2, 6))
function("", lambda x: x.add(2, alpha=0.5), (1, 10))
function("", lambda x: torch.rsub(x, 1, alpha=2), (1, 6))
function("", lambda x: torch.add(x, x * 2, alpha=3).sub(x, alpha=0.5), (2, 6))
function("", lambda x: torch.fake_quantize_per_tensor_affine(x, 0.05, 3, -128, 127), (1, 3, 6, 6))
function("", lambda x: torch.fake_quantize_per_channel_affine(x, torch.tensor([0.1, 0.2, 0.3]), torch.tensor([0, 1, 2], dtype=torch.int32), 1, -128, 127), (1, 3, 4))
network("", lambda: Net(lambda s, x: F.batch_norm(x, None, None, s.b.weight, s.b.bias, training=True), b=nn.BatchNorm2d(3)), (1, 3, 4, 4))
function("", lambda x: F.batch_norm(x, None, None, None, None, True), (2, 3, 4, 4))
function("", lambda x: F.mse_loss(x, x * 0.5, reduction="none").mean((1, 2)).sqrt(), (3, 6, 6))
function("", lambda x: torch.view_as_real(x * 1j * 2 + 1), (1, 4))

# Samples, keys that are broadcast, token ids compared with the padding
function("", lambda x, g: F.grid_sample(x, g, mode="bicubic", padding_mode="reflection", align_corners=False), (1, 4, 8, 10), lambda: torch.rand(1, 6, 7, 2) * 5 - 2.5)
function("", lambda x, g: F.grid_sample(x, g, mode="bicubic", padding_mode="reflection", align_corners=True), (1, 4, 8, 10), lambda: torch.rand(1, 6, 7, 2) * 5 - 2.5)
function("", lambda x: F.scaled_dot_product_attention(x, x[:, :1], x[:, :1]), (1, 4, 5, 8))
function("", lambda x: F.scaled_dot_product_attention(x, x[:1], x[:1]), (2, 4, 5, 8))
network("", lambda: Net(lambda s, i: s.e(i).masked_fill(i.eq(0).unsqueeze(2), -1.0), e=nn.Embedding(20, 8)), ints(9, 1, 8))
network("", lambda: Net(lambda s, i: (s.e(i) @ s.e(i).transpose(1, 2)).masked_fill(i.eq(0).unsqueeze(1), -1e9).softmax(-1) @ s.e(i), e=nn.Embedding(20, 8)), ints(4, 1, 8))

# Recurrent cells, traced without gradients and in loops
network("", lambda: Net(lambda s, x: s.r(x, s.r(x)), r=nn.GRUCell(4, 6)), (2, 4))
network("", lambda: Net(lambda s, x: s.r(x, s.r(x)), r=nn.LSTMCell(4, 6)), (1, 4))
network("", lambda: Net(lambda s, x: torch.stack([s.r(x[:, t]) for t in range(3)], 1), r=nn.RNNCell(4, 6, nonlinearity="relu")), (2, 3, 4))

# Attention of other ranks, weights of each head, places that are written, picked elements that are read twice
function("", lambda q, k: F.scaled_dot_product_attention(q, k, k), (1, 2, 6, 8), (2, 6, 8))
function("", lambda q, k: F.scaled_dot_product_attention(q, k, k), (1, 2, 2, 6, 8), (1, 1, 2, 6, 8))
function("", lambda q, k, v: F.scaled_dot_product_attention(q, k, v), (2, 1, 3, 6, 8), (3, 5, 8), (1, 1, 5, 8))
network("", lambda: Net(lambda s, x: s.a(x, x, x, average_attn_weights=False), a=nn.MultiheadAttention(8, 2, batch_first=True)), (1, 5, 8))
network("", lambda: Net(lambda s, x: s.a(x, x, x, attn_mask=torch.ones(5, 5).triu(1) > 0, average_attn_weights=False), a=nn.MultiheadAttention(8, 2, batch_first=True)), (2, 5, 8))
network("", lambda: Net(lambda s, x: s.a(x, x, x, key_padding_mask=torch.arange(5)[None] > 2, average_attn_weights=False), a=nn.MultiheadAttention(8, 2, batch_first=True)), (1, 5, 8))
network("", lambda: Net(lambda s, x: s.a(x, x, x, key_padding_mask=torch.arange(5)[None] > 2, attn_mask=torch.ones(5, 5).triu(1) > 0, average_attn_weights=False), a=nn.MultiheadAttention(8, 2, batch_first=True)), (1, 5, 8))


def put_number(x):
    y = x * 2
    y[:, [0, 2]] = 0.5
    y[:, :, 1] = 3
    return y + 1


def put_places(x):
    y = x * 2
    y[:, torch.tensor([1, 3, -1])] = x[:, :3] * 3
    y[:, :, torch.tensor([2, 0])] = x[:, :, 1:2]
    return y


def put_rows(x):
    y = x.clone()
    y[[2, 0, 1]] = x[:3] + 1
    return y


def masked_twice(x):
    m = x > 0
    v = x[m]
    y, z = x.clone(), x.clone()
    y[m] = v * 2
    z[m] = torch.exp(v)
    return y + z


function("", put_number, (1, 4, 5))
function("", put_places, (2, 5, 4))
function("", put_rows, (5, 4))
function("", masked_twice, (1, 3, 4))

# Copies of views, diagonals, differences, areas, x log(y)
function("", lambda x: torch.unsqueeze_copy(torch.permute_copy(x, (0, 2, 1)), 1) * 2, (2, 3, 4))
function("", lambda x: torch.select_copy(torch.slice_copy(x, 1, 1, 3), 2, 1) + torch.unbind_copy(x, 2)[0][:, :2], (2, 4, 3))
function("", lambda x: torch.view_copy(torch.transpose_copy(x, 1, 2), (2, 12)) + torch.expand_copy(x[:1, :1].flatten(1), (2, 12)) if x.shape[1] == 12 else torch.squeeze_copy(x[:1]), (2, 3, 4))
function("", lambda x: torch.diag_embed(x, 2) + torch.diag_embed(x, -2, 2, 1), (2, 3))
function("", lambda x: torch.diag_embed(x), (2, 3))
function("", lambda x, y: torch.block_diag(x, y, x[0], y.sum()), (2, 3), (1, 4))
function("", lambda x: torch.diff(x, 2, 0, append=x[:1]) + torch.diff(x, 1, 0, prepend=x[:1], append=x[1:2])[:4], (5, 3))
function("", lambda y, x: torch.trapezoid(y, x[0]) + torch.trapezoid(y, y * 2, dim=-1), (2, 5), (1, 5))
function("", lambda y: torch.cumulative_trapezoid(y, dx=0.5, dim=0), (3, 5))
function("", lambda x, y: torch.special.xlog1py(x, y) + torch.xlogy(x * (x > 0), y * (x > 0)), positive(3, 4), positive(4))

# One element of each channel that is mixed along the channels, as a row: no vector, for the runtime.
network("", lambda: Net(lambda s, x: x * s.e(x.mean((2, 3)).view(x.shape[0], 1, -1)).view(x.shape[0], -1, 1, 1).sigmoid(), e=nn.Conv1d(1, 1, 3, padding=1)), (1, 6, 5, 7))
network("", lambda: Net(lambda s, x: s.e(x.mean((2, 3)).view(x.shape[0], 1, -1)).view(x.shape[0], -1, 1, 1) - x, e=nn.Conv1d(1, 1, 3, padding=1)), (2, 6, 5, 7))
network("", lambda: Net(lambda s, x: x - s.e(x.mean((2, 3)).unsqueeze(1)).transpose(1, 2).unsqueeze(-1).expand_as(x), e=nn.Conv1d(1, 1, 3, padding=1)), (1, 6, 5, 7))
network("", lambda: Net(lambda s, x: x * s.p(s.e(x.mean((2, 3)).view(x.shape[0], 1, -1)).view(x.shape[0], -1, 1, 1)), e=nn.Conv1d(1, 1, 3, padding=1), p=nn.Conv2d(6, 6, 1)), (1, 6, 5, 7))
network("", lambda: Net(lambda s, x: x * s.p(s.e(x.mean((2, 3))[..., None]).view(x.shape[0], -1, 1, 1)), e=nn.Conv1d(6, 6, 1), p=nn.Conv2d(6, 6, 1)), (1, 6, 5, 7))
# A truth that is known in front of a tensor, as masks of transformers begin.
network("", lambda: Net(lambda s, x: x.where(x.new_ones((), dtype=torch.bool) & (x > 0), -x * 2)), (2, 3, 4))
network("", lambda: Net(lambda s, x: torch.where(x.new_zeros((), dtype=torch.bool) | (x > 0.5), x, x * 3)), (2, 3, 4))
network("", lambda: Net(lambda s, x: (x.new_ones((), dtype=torch.bool) ^ (x > 0.5)).float() + x), (2, 3, 4))
