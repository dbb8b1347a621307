"""Cases: the modules of torch.nn."""
import torch
from torch import nn

from operators import bools, ints, module, network, positive, tensor

X1, X2, X3 = (2, 4, 12), (2, 4, 10, 12), (2, 4, 6, 8, 10)
FLAT, IMAGE = (3, 10), (2, 4, 8, 8)

# Convolutions
for n, x in ((1, X1), (2, X2), (3, X3)):
    C, T = getattr(nn, f"Conv{n}d"), getattr(nn, f"ConvTranspose{n}d")
    conv, trans = f"nn.Conv{n}d", f"nn.ConvTranspose{n}d"
    module(conv, lambda C=C: C(4, 6, 3), x, script=True)
    module(conv, lambda C=C: C(4, 6, 3, stride=2, padding=1, bias=False), x)
    module(conv, lambda C=C: C(4, 8, 3, padding=2, dilation=2, groups=2), x)
    module(conv, lambda C=C: C(4, 8, 1, groups=4), x)
    module(conv, lambda C=C: C(4, 6, 3, padding="same"), x, script=True)
    module(conv, lambda C=C: C(4, 6, 4, padding="same"), x)
    module(conv, lambda C=C: C(4, 6, 3, padding="same", dilation=2, groups=2, bias=False), x)
    module(conv, lambda C=C: C(4, 6, 3, padding="valid"), x)
    for mode in ("reflect", "replicate", "circular"):
        module(conv, lambda C=C, m=mode: C(4, 6, 3, padding=1, padding_mode=m), x)
        module(conv, lambda C=C, m=mode: C(4, 6, 5, padding="same", padding_mode=m), x)
        module(conv, lambda C=C, m=mode: C(4, 6, 4, padding="same", padding_mode=m), x)
    module(conv, lambda C=C: C(4, 6, 3), x[1:])
    module(trans, lambda T=T: T(4, 6, 3), x)
    module(trans, lambda T=T: T(4, 6, 3, stride=2, padding=1, output_padding=1, bias=False), x)
    module(trans, lambda T=T: T(4, 8, 3, groups=2, dilation=2, stride=2), x)
module("nn.Conv2d", lambda: nn.Conv2d(4, 6, (3, 5), stride=(1, 2), padding=(1, 2)), X2)
module("nn.Conv2d", lambda: nn.Conv2d(4, 6, (3, 5), padding=(1, 2), padding_mode="reflect"), X2)
module("nn.Conv2d", lambda: nn.Conv2d(4, 6, 3, padding=(2, 1), padding_mode="circular", bias=False), X2)
module("nn.Conv3d", lambda: nn.Conv3d(4, 6, (1, 3, 5), padding=(0, 1, 2), padding_mode="replicate"), X3)
module("nn.ConvTranspose2d", lambda: nn.ConvTranspose2d(4, 6, (3, 5), stride=(3, 2), padding=(1, 0)), X2)
module("nn.Conv2d", lambda: torch.nn.utils.weight_norm(nn.Conv2d(4, 6, 3)), X2)
module("nn.Conv2d", lambda: nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 6, 3)), X2)
module("nn.Conv2d", lambda: nn.utils.parametrizations.spectral_norm(nn.Conv2d(4, 6, 3, padding=1, padding_mode="reflect")), X2)
module("nn.Conv2d", lambda: nn.utils.spectral_norm(nn.Conv2d(4, 6, 3)), X2)
module("nn.ConvTranspose1d", lambda: nn.utils.parametrizations.weight_norm(nn.ConvTranspose1d(4, 6, 3), dim=1), X1)
module("nn.Linear", lambda: nn.utils.parametrizations.orthogonal(nn.Linear(10, 6)), FLAT)
module("nn.LSTM", lambda: nn.utils.parametrizations.weight_norm(nn.LSTM(6, 5), "weight_hh_l0"), (3, 4, 6))
module("nn.Linear", lambda: torch.nn.utils.weight_norm(nn.Linear(10, 6)), FLAT)

# Linear, embedding
module("nn.Linear", lambda: nn.Linear(10, 5), FLAT, script=True)
module("nn.Linear", lambda: nn.Linear(10, 5, bias=False), (2, 3, 10), also=[[(4, 1, 10)]])
module("nn.Linear", lambda: nn.Linear(10, 5), (10,))
module("nn.Bilinear", lambda: nn.Bilinear(4, 5, 6), (3, 4), (3, 5))
module("nn.Bilinear", lambda: nn.Bilinear(4, 5, 6, bias=False), (2, 3, 4), (2, 3, 5))
module("nn.Embedding", lambda: nn.Embedding(10, 6), ints(10, 2, 5), script=True)
module("nn.Embedding", lambda: nn.Embedding(10, 6, padding_idx=0, sparse=True), ints(10, 7))
module("nn.EmbeddingBag", lambda: nn.EmbeddingBag(10, 6, mode="sum"), ints(10, 2, 5))
module("nn.EmbeddingBag", lambda: nn.EmbeddingBag(10, 6, mode="mean", padding_idx=2), ints(10, 7), tensor(torch.tensor([0, 3])))
module("nn.EmbeddingBag", lambda: nn.EmbeddingBag(10, 6, mode="sum"), ints(10, 7), tensor(torch.tensor([0, 3])), (7,))
module("nn.EmbeddingBag", lambda: nn.EmbeddingBag(10, 6, mode="max"), ints(10, 2, 5))

# Normalization
for n, x in ((1, X1), (2, X2), (3, X3)):
    B, I = getattr(nn, f"BatchNorm{n}d"), getattr(nn, f"InstanceNorm{n}d")
    module(f"nn.BatchNorm{n}d", lambda B=B: B(4), x, script=True)
    module(f"nn.BatchNorm{n}d", lambda B=B: B(4, eps=1e-3, affine=False), x)
    module(f"nn.BatchNorm{n}d", lambda B=B: B(4, track_running_stats=False), x)
    module("F.instance_norm", lambda I=I: I(4), x)
    module(f"nn.InstanceNorm{n}d", lambda I=I: I(4, affine=True, eps=1e-2), x)
    module(f"nn.InstanceNorm{n}d", lambda I=I: I(4, affine=True, track_running_stats=True), x)
    module(f"nn.InstanceNorm{n}d", lambda I=I: I(4, track_running_stats=True), x)
    module(f"nn.InstanceNorm{n}d", lambda I=I: I(4, affine=True), x[1:])
module("nn.BatchNorm1d", lambda: nn.BatchNorm1d(10), FLAT)
module("F.batch_norm", lambda: nn.SyncBatchNorm(4), X2)
module("nn.GroupNorm", lambda: nn.GroupNorm(2, 4), X2, script=True)
module("F.group_norm", lambda: nn.GroupNorm(2, 4, affine=False, eps=1e-3), X1)
module("F.group_norm", lambda: nn.GroupNorm(2, 4, bias=False), X2)
module("nn.LayerNorm", lambda: nn.LayerNorm(10), (2, 3, 10), script=True)
module("nn.LayerNorm", lambda: nn.LayerNorm((3, 10), eps=1e-3), (2, 3, 10))
module("nn.LayerNorm", lambda: nn.LayerNorm(10, elementwise_affine=False), (2, 3, 10))
module("nn.LayerNorm", lambda: nn.LayerNorm(10, bias=False), (2, 3, 10))
module("nn.RMSNorm", lambda: nn.RMSNorm(10), (2, 3, 10))
module("nn.RMSNorm", lambda: nn.RMSNorm((3, 10), eps=1e-3), (2, 3, 10))
module("nn.RMSNorm", lambda: nn.RMSNorm(10, elementwise_affine=False), (2, 3, 10))
module("nn.LocalResponseNorm", lambda: nn.LocalResponseNorm(3), X1)
module("nn.LocalResponseNorm", lambda: nn.LocalResponseNorm(4, alpha=0.01, beta=0.5, k=2.0), X2)
module("nn.LocalResponseNorm", lambda: nn.LocalResponseNorm(2), X3)

# Pooling
for n, x in ((1, X1), (2, X2), (3, X3)):
    def cls(name, n=n):
        return getattr(nn, f"{name}{n}d")
    module(f"nn.MaxPool{n}d", lambda c=cls("MaxPool"): c(3), x, script=True)
    module(f"nn.MaxPool{n}d", lambda c=cls("MaxPool"): c(3, stride=1, padding=1, dilation=1, ceil_mode=True), x)
    module(f"nn.MaxPool{n}d", lambda c=cls("MaxPool"): c(2, dilation=2), x)
    module(f"nn.MaxPool{n}d", lambda c=cls("MaxPool"): c(2, return_indices=True), x)
    module(f"nn.AvgPool{n}d", lambda c=cls("AvgPool"): c(3), x, script=True)
    module(f"nn.AvgPool{n}d", lambda c=cls("AvgPool"): c(3, stride=2, padding=1, ceil_mode=True, count_include_pad=False), x)
    module(f"nn.AdaptiveAvgPool{n}d", lambda c=cls("AdaptiveAvgPool"): c(1), x, script=True)
    module(f"nn.AdaptiveAvgPool{n}d", lambda c=cls("AdaptiveAvgPool"): c(5), x)
    module(f"nn.AdaptiveMaxPool{n}d", lambda c=cls("AdaptiveMaxPool"): c(3), x)
    module(f"nn.AdaptiveMaxPool{n}d", lambda c=cls("AdaptiveMaxPool"): c(2, return_indices=True), x)
    module(f"nn.LPPool{n}d", lambda c=cls("LPPool"): c(2, 3), x)
    module(f"nn.LPPool{n}d", lambda c=cls("LPPool"): c(3.0, 3, stride=2, ceil_mode=True), x)
module("nn.AvgPool2d", lambda: nn.AvgPool2d((3, 2), divisor_override=5), X2)
module("nn.AvgPool3d", lambda: nn.AvgPool3d(2, divisor_override=5), X3)
module("nn.AdaptiveAvgPool2d", lambda: nn.AdaptiveAvgPool2d((None, 3)), X2)
module("nn.AdaptiveAvgPool3d", lambda: nn.AdaptiveAvgPool3d((2, None, None)), X3)
module("nn.AdaptiveMaxPool2d", lambda: nn.AdaptiveMaxPool2d((3, None)), X2)
module("nn.MaxPool2d", lambda: nn.MaxPool2d((3, 2), stride=(2, 1), padding=(1, 0)), X2)
module("nn.LPPool2d", lambda: nn.LPPool2d(2, (3, 2)), X2)
for n in (2, 3):
    module("", lambda n=n: getattr(nn, f"FractionalMaxPool{n}d")(2, output_size=3, _random_samples=torch.full((2, 4, n), 0.4)),
           X2 if n == 2 else X3, absent=())


class Unpool(nn.Module):
    def __init__(self, n, **options):
        super().__init__()
        self.pool = getattr(nn, f"MaxPool{n}d")(2, stride=2, return_indices=True)
        self.unpool = getattr(nn, f"MaxUnpool{n}d")(2, stride=2)
        self.options = options

    def forward(self, x):
        y, i = self.pool(x)
        return self.unpool(y, i, **self.options)


# Tracing fails in nn.MaxUnpool without an output size (torch 2.13).
network("nn.MaxPool1d", lambda: Unpool(1, output_size=[13]), (2, 4, 13), absent=())
network("nn.MaxPool2d", lambda: Unpool(2, output_size=[11, 13]), (2, 4, 11, 13), absent=())
network("nn.MaxPool3d", lambda: Unpool(3, output_size=[6, 8, 10]), X3, absent=())


class Wide(nn.Module):
    """Back from windows that overlap and reach over the sides: several have the same place."""

    def __init__(self, n, size):
        super().__init__()
        self.n, self.size, self.pool = n, size, getattr(nn, f"MaxPool{n}d")(3, stride=2, padding=1, return_indices=True)

    def forward(self, x):
        y, i = self.pool(x.relu())
        return getattr(nn.functional, f"max_unpool{self.n}d")(y * 2, i, 3, 2, 1, self.size), i


for n, x in ((1, (1, 3, 11)), (2, (2, 3, 7, 8)), (3, (1, 2, 4, 5, 6))):
    network("", lambda n=n, x=x: Wide(n, list(x[2:])), x, absent=())

# Padding
for n, x in ((1, X1), (2, X2), (3, X3)):
    for kind in ("Zero", "Reflection", "Replication", "Circular"):
        expect = {"Circular": "F.pad"}.get(kind, f"nn.{kind}Pad{n}d")
        if kind == "Zero" and n != 2 or kind == "Reflection" and n == 3:
            expect = "F.pad"
        module(expect, lambda c=getattr(nn, f"{kind}Pad{n}d"): c(1), x)
        module(expect, lambda c=getattr(nn, f"{kind}Pad{n}d"), n=n: c((1, 2) * n), x)
    module(f"nn.ConstantPad{n}d", lambda c=getattr(nn, f"ConstantPad{n}d"): c(1, 2.5), x)
    module(f"nn.ConstantPad{n}d", lambda c=getattr(nn, f"ConstantPad{n}d"), n=n: c((1, 2) * n, 0), x)

# Activations
for name, args in (("CELU", [(), (0.5,)]), ("ELU", [(), (0.5,)]), ("GELU", [(), ("tanh",)]), ("Hardshrink", [(), (0.3,)]),
                   ("Hardsigmoid", [()]), ("Hardswish", [()]), ("Hardtanh", [(), (-0.5, 0.3)]), ("LeakyReLU", [(), (0.2,)]),
                   ("LogSigmoid", [()]), ("LogSoftmax", [(1,), (-1,)]), ("Mish", [()]), ("PReLU", [(), (4,)]), ("ReLU", [()]),
                   ("ReLU6", [()]), ("RReLU", [(), (0.2, 0.4)]), ("SELU", [()]), ("SiLU", [()]), ("Sigmoid", [()]),
                   ("Softmax", [(1,), (-1,)]), ("Softmax2d", [()]), ("Softmin", [(1,), (-1,)]), ("Softplus", [(), (2, 5)]),
                   ("Softshrink", [(), (0.3,)]), ("Softsign", [()]), ("Tanh", [()]), ("Tanhshrink", [()]),
                   ("Threshold", [(0.1, 2.0)]), ("GLU", [(1,), (-1,)])):
    for a in args:
        module(f"nn.{name}", lambda c=getattr(nn, name), a=a: c(*a), IMAGE, script=True)
for name, args in (("CELU", ()), ("ELU", ()), ("Hardsigmoid", ()), ("Hardswish", ()), ("Hardtanh", ()), ("LeakyReLU", ()),
                   ("Mish", ()), ("ReLU", ()), ("ReLU6", ()), ("RReLU", ()), ("SELU", ()), ("SiLU", ()), ("Threshold", (0.1, 2.0))):
    module(f"nn.{name}", lambda c=getattr(nn, name), a=args: c(*a, inplace=True), IMAGE, script=True)
for name, x in (("Dropout", IMAGE), ("Dropout1d", X1), ("Dropout2d", X2), ("Dropout3d", X3), ("AlphaDropout", FLAT),
                ("FeatureAlphaDropout", X2)):
    expect = {"Dropout1d": "F.dropout2d", "FeatureAlphaDropout": "F.feature_alpha_dropout"}.get(name, f"nn.{name}")
    module("" if name == "Dropout1d" else expect, lambda c=getattr(nn, name): c(), x)
module("nn.Dropout", lambda: nn.Dropout(0.3, inplace=True), X2)

# Shapes
module("", lambda: nn.Identity(), FLAT)
module("torch.flatten", lambda: nn.Flatten(), IMAGE, script=True)
module("torch.flatten", lambda: nn.Flatten(2, 3), IMAGE)
module("Tensor.unflatten", lambda: nn.Unflatten(1, (2, 2)), IMAGE)
module("nn.PixelShuffle", lambda: nn.PixelShuffle(2), X2)
module("nn.PixelUnshuffle", lambda: nn.PixelUnshuffle(2), X2)
module("nn.ChannelShuffle", lambda: nn.ChannelShuffle(2), X2)
module("nn.Fold", lambda: nn.Fold((6, 6), (3, 3)), (2, 36, 16))
module("nn.Fold", lambda: nn.Fold((6, 6), 3, padding=1, stride=2), (2, 36, 9))
module("nn.Unfold", lambda: nn.Unfold(3), X2)
module("nn.Unfold", lambda: nn.Unfold((3, 2), dilation=2, padding=1, stride=2), X2)

# Resizing
module("nn.Upsample", lambda: nn.Upsample(scale_factor=2), X1)
module("nn.Upsample", lambda: nn.Upsample(scale_factor=2), X2, script=True)
module("nn.Upsample", lambda: nn.Upsample(scale_factor=2), X3)
module("nn.Upsample", lambda: nn.Upsample(size=7), X1)
module("nn.Upsample", lambda: nn.Upsample(size=(7, 9)), X2)
module("nn.Upsample", lambda: nn.Upsample(scale_factor=(1.5, 2.5), mode="nearest"), X2)
module("nn.Upsample", lambda: nn.Upsample(scale_factor=2, mode="nearest-exact"), X2)
module("nn.Upsample", lambda: nn.Upsample(size=20, mode="nearest-exact"), X1)
module("nn.Upsample", lambda: nn.Upsample(scale_factor=2, mode="linear"), X1)
module("nn.Upsample", lambda: nn.Upsample(size=20, mode="linear", align_corners=True), X1)
module("nn.Upsample", lambda: nn.Upsample(scale_factor=2, mode="bilinear"), X2)
module("nn.Upsample", lambda: nn.Upsample(scale_factor=1.7, mode="bilinear", align_corners=True), X2)
module("nn.Upsample", lambda: nn.Upsample(size=(20, 30), mode="bilinear"), X2)
module("nn.Upsample", lambda: nn.Upsample(scale_factor=2, mode="bicubic"), X2)
module("nn.Upsample", lambda: nn.Upsample(size=(20, 30), mode="bicubic", align_corners=True), X2)
module("nn.Upsample", lambda: nn.Upsample(scale_factor=2, mode="trilinear"), X3)
module("nn.Upsample", lambda: nn.Upsample(scale_factor=1.5, mode="bilinear", recompute_scale_factor=True), X2)
module("nn.UpsamplingNearest2d", lambda: nn.UpsamplingNearest2d(scale_factor=2), X2)
module("nn.UpsamplingNearest2d", lambda: nn.UpsamplingNearest2d(size=(20, 30)), X2)
module("nn.UpsamplingBilinear2d", lambda: nn.UpsamplingBilinear2d(scale_factor=2), X2)
module("nn.UpsamplingBilinear2d", lambda: nn.UpsamplingBilinear2d(size=(20, 30)), X2)

# Recurrent layers
for name in ("RNN", "GRU", "LSTM"):
    cls = getattr(nn, name)
    for options in ({}, {"num_layers": 2, "batch_first": True}, {"bidirectional": True, "bias": False},
                    {"num_layers": 2, "bidirectional": True, "batch_first": True}):
        module(f"nn.{name}", lambda c=cls, o=options: c(6, 5, **o), (3, 4, 6), also=[[(3, 4, 6)]], script=not options)
    module(f"nn.{name}", lambda c=cls: c(6, 5), (3, 6))
module("nn.RNN", lambda: nn.RNN(6, 5, nonlinearity="relu"), (3, 4, 6))
module("nn.LSTM", lambda: nn.LSTM(6, 5, proj_size=3, bidirectional=True), (3, 4, 6))


class Recurrent(nn.Module):
    """A recurrent layer that gets its first state, or of whose results only some are read."""

    def __init__(self, layer, states, reads):
        super().__init__()
        self.layer, self.states, self.reads = layer, states, reads

    def forward(self, x, *h):
        y, h = self.layer(x, h[0] if self.states == 1 else h) if self.states else self.layer(x)
        return y if self.reads == "y" else h[0] if self.reads == "h" else (y, h)


network("nn.GRU", lambda: Recurrent(nn.GRU(6, 5), 1, "y"), (3, 4, 6), (1, 4, 5))
network("nn.RNN", lambda: Recurrent(nn.RNN(6, 5), 1, "both"), (3, 4, 6), (1, 4, 5))
network("nn.LSTM", lambda: Recurrent(nn.LSTM(6, 5), 2, "both"), (3, 4, 6), (1, 4, 5), (1, 4, 5))
network("nn.LSTM", lambda: Recurrent(nn.LSTM(6, 5, batch_first=True), 0, "y"), (3, 4, 6))
network("nn.LSTM", lambda: Recurrent(nn.LSTM(6, 5, bidirectional=True), 0, "h"), (3, 4, 6))
module("F.tanh", lambda: nn.RNNCell(6, 5), (3, 6))
module("F.tanh", lambda: nn.GRUCell(6, 5), (3, 6))
module("F.tanh", lambda: nn.LSTMCell(6, 5), (3, 6))


class Attention(nn.Module):
    """nn.MultiheadAttention as it is called: self attention, or with key and value, mask and weights."""

    def __init__(self, *args, mask=None, weights=False, average=True, causal=False, **options):
        super().__init__()
        self.attention = nn.MultiheadAttention(*args, **options)
        self.weights, self.average, self.causal = weights, average, causal
        self.register_buffer("mask", mask)

    def forward(self, q, k=None, v=None):
        k = q if k is None else k
        y, w = self.attention(q, k, k if v is None else v, need_weights=self.weights, attn_mask=self.mask,
                              average_attn_weights=self.average)
        return (y, w) if self.weights else y


MASK = torch.triu(torch.full((5, 5), -1e4), 1)
for options in ({}, {"batch_first": True}, {"bias": False}, {"add_bias_kv": True}, {"add_zero_attn": True},
                {"weights": True}, {"weights": True, "batch_first": True}, {"mask": MASK}, {"mask": MASK, "batch_first": True, "weights": True}):
    network("nn.MultiheadAttention" if "average" not in options else "", lambda o=options: Attention(12, 3, **o), (5, 5, 12))
network("", lambda: Attention(12, 3, weights=True, average=False), (5, 5, 12), absent=())
network("", lambda: Attention(12, 3, mask=MASK < -1), (5, 5, 12), absent=())
network("nn.MultiheadAttention", lambda: Attention(12, 3), (5, 2, 12), (7, 2, 12))
network("nn.MultiheadAttention", lambda: Attention(12, 3, batch_first=True), (2, 5, 12), (2, 7, 12), (2, 7, 12))
network("nn.MultiheadAttention", lambda: Attention(12, 3, kdim=8, vdim=6, batch_first=True), (2, 5, 12), (2, 7, 8), (2, 7, 6))
network("nn.MultiheadAttention", lambda: Attention(12, 3), (5, 12))


class Calls(nn.Module):
    """nn.MultiheadAttention called in other ways."""

    def __init__(self, f, **options):
        super().__init__()
        self.f, self.attention = f, nn.MultiheadAttention(12, 3, **options)

    def forward(self, *xs):
        return self.f(self.attention, *xs)


def native(attention):
    """The forward of PyTorch before 2.1, in place of today's: one call of the kernel."""
    def forward(q, k, v, need_weights=True):
        return torch._native_multi_head_attention(q, k, v, 12, 3, attention.in_proj_weight, attention.in_proj_bias,
                                                  attention.out_proj.weight, attention.out_proj.bias, None, need_weights)
    attention.forward = forward
    return attention


Q, K, M = (5, 2, 12), (7, 2, 12), (5, 7)
network("nn.MultiheadAttention", lambda: Calls(lambda a, q, p: a(q + p, q + p, q, need_weights=False)[0]), Q, Q)
network("nn.MultiheadAttention", lambda: Calls(lambda a, q, p: a(p, q, p, need_weights=False)[0]), Q, Q)
network("nn.MultiheadAttention", lambda: Calls(lambda a, q, p: a(p, p, q, need_weights=False)[0]), Q, Q)
network("nn.MultiheadAttention", lambda: Calls(lambda a, q, k, m: a(q, k, k, attn_mask=m, need_weights=False)[0]), Q, K, M)
network("nn.MultiheadAttention", lambda: Calls(lambda a, q, k, m: a(q, k, k, attn_mask=m)), Q, K, M)
network("nn.MultiheadAttention", lambda: Calls(lambda a, q, k: a(q, k, k)[0]), Q, K)
network("", lambda: Calls(lambda a, q, k: a(q, k, k)[1]), Q, K)
network("", lambda: Calls(lambda a, q, m: a(q, q, q, key_padding_mask=m, need_weights=False)[0]), Q, tensor(torch.tensor([[False] * 5, [False] * 3 + [True] * 2])), absent=())
network("", lambda: Calls(lambda a, q, m: a(q, q, q, key_padding_mask=m)[0]), Q, (2, 5), absent=())
network("", lambda: Calls(lambda a, q, m: a(q, q, q, attn_mask=m, need_weights=False)[0]), Q, (6, 5, 5), absent=())
network("", lambda: Calls(lambda a, q, m: a(q, q, q, attn_mask=m, is_causal=True, need_weights=False)[0]), Q, (5, 5), absent=())
network("nn.MultiheadAttention", lambda: Calls(lambda a, q, k: a(a(q, k, k)[0], k, k, need_weights=False)[0]), Q, K)
network("nn.MultiheadAttention", lambda: Calls(lambda a, q: a(q, q, q, need_weights=False)[0], dropout=0.3, bias=False, add_bias_kv=True), Q)


class Native(Calls):
    def __init__(self):
        super().__init__(lambda a, q: a(q, q, q, need_weights=False)[0], batch_first=True)
        native(self.attention)


network("nn.MultiheadAttention", Native, Q)


class Frozen(Calls):
    """Without gradients the module, and a whole layer of a transformer, is one call of PyTorch's own."""

    def __init__(self, f, make=None):
        super().__init__(f, batch_first=True)
        self.attention = (make() if make else self.attention).requires_grad_(False)

    def forward(self, *xs):
        with torch.no_grad():
            return super().forward(*xs)


X, PADDED, LATER = (2, 5, 12), tensor(torch.tensor([[False] * 4 + [True], [False] * 3 + [True] * 2])), tensor(torch.ones(5, 5).bool().triu(1))
EACH = tensor((torch.arange(150).reshape(6, 5, 5) * 7 % 5 > 2) & (torch.arange(5) > 0))
for type_, f, *inputs in (
        ("nn.MultiheadAttention", lambda a, x: a(x, x, x)[0], X), ("nn.MultiheadAttention", lambda a, x: a(x, x, x), X),
        ("", lambda a, x, p: a(x, x, x, key_padding_mask=p)[0], X, PADDED), ("", lambda a, x, m: a(x, x, x, attn_mask=m, need_weights=False)[0], X, EACH),
        ("", lambda a, x, m, p: a(x, x, x, attn_mask=m, key_padding_mask=p), X, LATER, PADDED)):
    network(type_, lambda f=f: Frozen(f), *inputs)
for f, *inputs in ((lambda t, x: t(x), X), (lambda t, x, p: t(x, src_key_padding_mask=p), X, PADDED), (lambda t, x, m: t(x, src_mask=m), X, LATER),
                   (lambda t, x, m, p: t(x, src_mask=m, src_key_padding_mask=p), X, LATER, PADDED)):
    network("nn.MultiheadAttention", lambda f=f: Frozen(f, lambda: nn.TransformerEncoderLayer(12, 2, 16, batch_first=True)), *inputs)
module("nn.LayerNorm", lambda: nn.TransformerEncoderLayer(12, 3, 16, batch_first=True), (2, 5, 12), absent=())
module("nn.LayerNorm", lambda: nn.TransformerEncoderLayer(12, 3, 16, norm_first=True, activation="gelu"), (5, 2, 12), absent=())

class WithoutGradients(nn.Module):
    """A layer that is one call, as when a network is traced without gradients."""

    def __init__(self, mask=False, **kw):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(12, 2, 16, batch_first=True, **kw).requires_grad_(False)
        self.mask = mask

    def forward(self, x):
        with torch.no_grad():
            mask = torch.triu(torch.full((5, 5), float("-inf")), 1) if self.mask else None
            return self.layer(x, src_mask=mask)


for options in ({}, {"activation": "gelu"}, {"norm_first": True}, {"norm_first": True, "activation": "gelu"}, {"mask": True},
                {"mask": True, "norm_first": True, "activation": "gelu"}):
    network("nn.MultiheadAttention", lambda o=options: WithoutGradients(**o), (1, 5, 12))
network("nn.MultiheadAttention",
        lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(12, 2, 16, batch_first=True), 2,
                                      enable_nested_tensor=False).requires_grad_(False),
        (1, 5, 12), script=True)
module("nn.LayerNorm", lambda: nn.TransformerDecoderLayer(12, 3, 16), (5, 2, 12), (7, 2, 12), absent=())

# Distances
module("F.cosine_similarity", lambda: nn.CosineSimilarity(dim=1, eps=1e-6), FLAT, FLAT)
module("F.pairwise_distance", lambda: nn.PairwiseDistance(), FLAT, FLAT)
module("F.pairwise_distance", lambda: nn.PairwiseDistance(p=1.0, keepdim=True), FLAT, FLAT)
for name in ("L1Loss", "MSELoss", "SmoothL1Loss", "HuberLoss", "SoftMarginLoss"):
    module("", lambda c=getattr(nn, name): c(), FLAT, FLAT, absent=())
module("", lambda: nn.BCELoss(), lambda: torch.rand(3, 4), lambda: torch.rand(3, 4), absent=())
module("", lambda: nn.CrossEntropyLoss(), FLAT, ints(10, 3), absent=())
module("", lambda: nn.KLDivLoss(reduction="batchmean"), FLAT, positive(3, 10), absent=())
