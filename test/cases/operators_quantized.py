"""Cases: quantised networks, as PyTorch's eager mode makes them."""
import torch
import torch.nn.functional as F
from torch import nn
from torch.ao import quantization
from torch.ao.nn.quantized import FloatFunctional

from operators import Function, network
from quantised import after_training, in_training, when_run

IMAGE = (1, 8, 12, 12)


class Net(nn.Module):
    """A function of a network's modules and its inputs."""

    def __init__(self, f, **modules):
        super().__init__()
        self.f = f
        for name, m in modules.items():
            setattr(self, name, m)

    def forward(self, *xs):
        return self.f(self, *xs)


def case(make, *shapes):
    network("", make, *shapes, absent=())


def quantized(make, *shapes, engines=("x86", "qnnpack"), config=None):
    """After training; on grids of 128 numbers and of 256."""
    for engine in engines:
        case(lambda e=engine: after_training(make(), *shapes, engine=e, config=config), *shapes)


# ---- convolutions: paddings, strides, groups ----
quantized(lambda: nn.Conv2d(8, 6, 3, padding=1), IMAGE)
quantized(lambda: nn.Conv2d(8, 16, 5, 2, 3, bias=False), IMAGE)
quantized(lambda: nn.Conv2d(8, 8, 3, padding=2, dilation=2), IMAGE)
quantized(lambda: nn.Conv2d(8, 8, 3, padding=1, padding_mode="reflect"), IMAGE)
quantized(lambda: nn.Conv2d(8, 8, 3, 1, 1, groups=8), IMAGE)
quantized(lambda: nn.Conv2d(8, 8, 5, 2, 2, groups=8), IMAGE)
quantized(lambda: nn.Conv2d(8, 16, 3, padding=1, groups=8), IMAGE)
quantized(lambda: nn.Conv2d(8, 16, 3, padding=1, groups=2), IMAGE)        # each channel has its own scale: floats
quantized(lambda: nn.Conv2d(8, 12, 3, padding=1, groups=4), IMAGE)
quantized(lambda: nn.Conv1d(8, 6, 3, padding=1), (1, 8, 20))
quantized(lambda: nn.Conv3d(4, 6, 3, padding=1), (1, 4, 5, 6, 7), engines=["x86"])
ONE_SCALE = quantization.QConfig(activation=quantization.default_observer, weight=quantization.default_weight_observer)
quantized(lambda: nn.ConvTranspose2d(8, 6, 3, 2, 1), IMAGE, engines=["x86"], config=ONE_SCALE)
quantized(lambda: nn.ConvTranspose1d(8, 6, 3, 2, 1, 1), (1, 8, 9), engines=["x86"], config=ONE_SCALE)
quantized(lambda: nn.Sequential(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 8, 1)), IMAGE, engines=["x86"])

quantized(lambda: nn.Sequential(nn.Conv2d(8, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 4, 1)), (2, *IMAGE[1:]), engines=["x86"])

# ---- products ----
quantized(lambda: nn.Linear(16, 5), (1, 16))
quantized(lambda: nn.Sequential(nn.Linear(16, 12), nn.ReLU(), nn.Linear(12, 5)), (1, 7, 16))
quantized(lambda: nn.Sequential(nn.Linear(16, 12), nn.ReLU(), nn.Linear(12, 5)), (3, 7, 16))
quantized(lambda: nn.Sequential(nn.Linear(16, 12), nn.ReLU(), nn.Linear(12, 5)), (4, 16))
quantized(lambda: nn.Sequential(nn.Linear(16, 12, bias=False), nn.Linear(12, 5)), (1, 3, 4, 16))

# ---- of two tensors ----
for name in "add", "mul", "add_relu":
    quantized(lambda n=name: Net(lambda s, x, y: getattr(s.a, n)(x, y), a=FloatFunctional()), IMAGE, IMAGE)
quantized(lambda: Net(lambda s, x, y: s.a.cat([x, y], 1), a=FloatFunctional()), IMAGE, IMAGE)
quantized(lambda: Net(lambda s, x: s.a.cat([s.c(t) for t in x.chunk(2, 1)], 1), c=nn.Conv2d(4, 4, 3), a=FloatFunctional()), IMAGE)
for number in 0.7, -3.7, 9.0:
    quantized(lambda c=number: Net(lambda s, x: s.a.add_scalar(x, c), a=FloatFunctional()), IMAGE)
    # Above 127 the sums of x86 overflow in PyTorch.
    quantized(lambda c=number: Net(lambda s, x: s.c(s.a.mul_scalar(x, c)), a=FloatFunctional(), c=nn.Conv2d(8, 4, 3)), IMAGE, engines=["qnnpack"])

# ---- functions, norms ----
for m in (nn.Hardswish(), nn.LeakyReLU(0.2), nn.Sigmoid(), nn.Tanh(), nn.Hardsigmoid(), nn.ELU(), nn.InstanceNorm2d(8), nn.LayerNorm([8, 12, 12]), nn.GroupNorm(2, 8), nn.BatchNorm2d(8)):
    quantized(lambda m=m: nn.Sequential(m), IMAGE)
quantized(lambda: nn.Sequential(nn.ReLU6()), IMAGE, engines=["x86"])      # that of qnnpack is none

# ---- what keeps the grid, and means, which are rounded; those of qnnpack are rounded by other rules ----
for f in (lambda x: F.max_pool2d(x, 3, 2, 1), lambda x: F.interpolate(x, scale_factor=2), lambda x: F.pixel_shuffle(x, 2), lambda x: x.mean((2, 3))):
    quantized(lambda f=f: Function(f), IMAGE)
for f in (lambda x: F.avg_pool2d(x, 2), lambda x: F.adaptive_avg_pool2d(x, 4), lambda x: F.adaptive_avg_pool2d(x, 1),
          lambda x: F.interpolate(x, scale_factor=2, mode="bilinear")):
    quantized(lambda f=f: Function(f), IMAGE, engines=["x86"])
quantized(lambda: Net(lambda s, x: s.c(F.pad(x, (1, 2, 0, 1))), c=nn.Conv2d(8, 8, 3)), IMAGE)
quantized(lambda: Net(lambda s, x: s.l(x.permute(0, 2, 3, 1)), l=nn.Linear(8, 6)), IMAGE)
quantized(lambda: Net(lambda s, x: s.l(F.max_pool2d(x, 2).flatten(1)), l=nn.Linear(288, 6)), IMAGE)

# ---- simulated ----
for engine in "x86", "qnnpack":
    for convert in True, False:
        case(lambda e=engine, c=convert: in_training(nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 6, 1)), IMAGE, fuse=["0 1"], engine=e, convert=c), IMAGE)
        case(lambda e=engine, c=convert: in_training(nn.Sequential(nn.Conv2d(8, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU()), IMAGE, fuse=["0 1 2"], engine=e, convert=c), IMAGE)
        case(lambda e=engine, c=convert: in_training(nn.Sequential(nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 3)), (1, 16), fuse=["0 1"], engine=e, convert=c), (1, 16))

# ---- scales that are found when the network runs ----
for shape in (1, 16), (5, 16), (1, 4, 16), (1, 3, 4, 16):
    case(lambda: when_run(nn.Sequential(nn.Linear(16, 12), nn.ReLU(), nn.Linear(12, 6, bias=False)), nn.Linear), shape)
case(lambda: when_run(nn.Sequential(nn.Linear(16, 12)), nn.Linear, config=quantization.per_channel_dynamic_qconfig), (1, 4, 16))


def output(m):
    return Net(lambda s, x: s.m(x)[0], m=m)


for m in (nn.LSTM(6, 8), nn.LSTM(6, 8, batch_first=True, bidirectional=True), nn.LSTM(6, 8, 2), nn.GRU(6, 8), nn.GRU(6, 8, batch_first=True, bidirectional=True)):
    case(lambda m=m: when_run(output(m), type(m)), (5, 1, 6) if not m.batch_first else (1, 5, 6))
case(lambda: when_run(Net(lambda s, x: s.l(s.m(x)[1][0][0]), m=nn.LSTM(6, 8), l=nn.Linear(8, 3)), nn.LSTM, nn.Linear), (5, 1, 6))
