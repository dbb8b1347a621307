"""Small networks for test/bats/pt2pnnx.bats: each is one thing that the reader must get right.

    python test/cases/pt2pnnx_models.py make FOLDER     NAME.pt for each, and NAME.shape where control flow needs one
    python test/cases/pt2pnnx_models.py check FOLDER    runs NAME.py (as pnnx2py printed it) for each, and compares
"""
import importlib.util
import pathlib
import sys
import typing

import torch
import torch.nn.functional as F
from torch import nn

import torchvision_stand_in

MODELS = {}
torchvision_stand_in.install()


def model(*inputs, script=False):
    """Registers a network; a scripted one needs its input shapes to decide branches."""
    def register(cls):
        MODELS[cls.__name__] = (cls, inputs, script)
        return cls
    return register


def noise(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


# ---- operators of torchvision, whose library is not there when the file is read

@model(noise(2, 3, 12, 10), torch.tensor([[0., 1, 2, 9, 8], [1, 0, 0, 7, 9], [0, 3, 3, 6, 6]]), script=True)
class PoolsBoxes(nn.Module):
    """Branches on shapes that the operators give."""
    def forward(self, x, boxes):
        y = torch.ops.torchvision.roi_align(x, boxes, 0.5, 2, 4, 2, True)
        if y.shape[0] == 3:
            y = y[:2] * 2
        z, _ = torch.ops.torchvision.ps_roi_pool(torch.cat([x, x], 1), boxes, 1.0, 2, 1)
        if z.shape[1] == 3:
            z = z + 1
        return y, z, torch.ops.torchvision.nms(boxes[:, 1:], boxes[:, 0], 0.1)


# ---- writes

@model(noise(2, 6, 4, 4))
class WritesSlices(nn.Module):
    def forward(self, x):
        y = x * 1
        y[:, 1:3] = y[:, 3:5] * 2
        y[:, 0] = 1
        y[..., 1] += 3
        return y


@model(noise(2, 6, 4, 4))
class WritesViews(nn.Module):
    def forward(self, x):
        y = x + 0
        v = y.view(2, 3, 2, 16)
        v[:, 1] *= 2
        t = y.transpose(1, 2)
        t[0].add_(1)
        p = y.permute(0, 2, 3, 1)
        p[:, :, :, 2].zero_()
        return y, v, t, p


@model(noise(2, 6, 4, 4))
class WritesParts(nn.Module):
    def forward(self, x):
        y = x + 0
        a, b = y.chunk(2, 1)
        a.mul_(2)
        c, d, e = y.split(2, 1)
        d.add_(c)
        u = y.unbind(0)
        u[1].neg_()
        f, g = y.split([4, 2], 1)
        g.sigmoid_()
        return y, a, b, c, e, u[0], f


@model(noise(2, 6))
class WritesResultOfWrite(nn.Module):
    def forward(self, x):
        y = x * 1
        t = y.t()
        for i in range(80):
            y[:, i % 6] = x[:, (i + 1) % 6] * 2
            y += 0.1
            t.detach()[i % 6] -= 0.3
        return y, t


@model(noise(3, 4, 2))
class ReadsMemory(nn.Module):
    """What reads elements by their place in memory needs the copy that put them there."""

    def forward(self, x):
        y = x.permute(2, 0, 1).contiguous()
        pairs = x.permute(1, 2, 0)[:, :, :2].contiguous()
        turned = torch.view_as_real(torch.view_as_complex(x).conj().resolve_conj())
        return y.as_strided((3, 2), (4, 1)), y + 1, torch.view_as_complex(pairs), turned, x[:, 1:].clone().as_strided((3, 2), (4, 1))


@model(noise(2, 6))
class WritesInput(nn.Module):
    def forward(self, x):
        x[:, 0] = 5
        x.relu_()
        return x * 2


@model(noise(3, 5))
class WritesByIndex(nn.Module):
    def forward(self, x):
        y = x.clone()
        y[y > 0] = 0.5
        y[0].masked_fill_(x[0] < 0, -7.0)
        y[:, [0, 2]] = 9.0
        y[1, 1:3] = x[0, :2]
        return y


@model(noise(3, 5))
class WritesBuffer(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer('b', noise(3, 5))

    def forward(self, x):
        b = self.b + 0
        c = b.t()
        b[1] = x[1]
        return b, c


@model(noise(4, 4))
class WritesOddViews(nn.Module):
    def forward(self, x):
        y = x.clone()
        y.diagonal().fill_(3.0)
        y.unsqueeze(0)[0, 1] = 2
        y.flatten()[3] = 8
        y.narrow(0, 1, 2).add_(1)
        y.squeeze_(0)
        return y


@model(noise(2, 8, 8))
class WritesConstantMask(nn.Module):
    def forward(self, x):
        mask, count = torch.zeros(1, 8, 8), 0
        for a in (slice(0, -4), slice(-4, -2), slice(-2, None)):
            for b in (slice(0, -4), slice(-4, None)):
                mask[:, a, b] = count
                count += 1
        return x + mask


@model(noise(2, 8, 8))
class WritesThroughDropout(nn.Module):
    def __init__(self):
        super().__init__()
        self.drop, self.act = nn.Dropout(0.1, inplace=True), nn.ReLU6(inplace=True)

    def forward(self, x):
        y = F.dropout(x * 2, 0.5, False)
        z = y
        z += x
        return self.act(self.drop(y)) + z + y


# ---- values of Python

@model({'image': noise(2, 3), 'mask': noise(2, 3)})
class TakesDict(nn.Module):
    def forward(self, d):
        return d['image'] * 2 - d['mask']


@model((noise(2, 3), (noise(2, 3), noise(3))))
class TakesTuple(nn.Module):
    def forward(self, t):
        return t[0] + t[1][0] * t[1][1]


@model([noise(2, 3), noise(2, 3)])
class TakesList(nn.Module):
    def forward(self, t):
        return t[0] - t[1]


@model(noise(2, 3), noise(4))
class IgnoresInput(nn.Module):
    def forward(self, x, y):
        return x + 1


@model(noise(2, 5))
class GivesDict(nn.Module):
    def forward(self, x):
        return {'first': x * 2, 'the second': x + 1}


@model(noise(2, 5))
class GivesNested(nn.Module):
    def forward(self, x):
        return x * 2, (x + 1, [x.sin(), x.cos()])


@model(torch.arange(10).view(2, 5))
class MixesIntegers(nn.Module):
    def forward(self, x):
        return x * 2.5, x // 2, x % 3, 2 ** x, 1.0 / x.float().clamp(min=1), 2 - x, x > 3, x.float() ** 2


@model(noise(2, 3, 8, 8))
class ComputesSizes(nn.Module):
    def forward(self, x):
        b, c, h, w = x.shape
        y = x.reshape(b, c * h, w).transpose(1, 2).reshape(b, -1)
        g = torch.arange(h * w).view(1, h * w) + torch.zeros(b, 1)
        return y / (c ** 0.5), g, F.interpolate(x, size=(h * 2, w // 2)), x.new_zeros(b, 2)


@model(torch.arange(10).view(2, 5))
class MixesTypes(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer('scale', torch.tensor(2.5, dtype=torch.float64))

    def forward(self, x):
        grid = torch.arange(6) * 0.5
        return grid, torch.arange(x.size(1)) * 1.5, x * torch.tensor(2.5, dtype=torch.float64), x * self.scale


# ---- weights

@model(noise(2, 3, 8))
class ParametrisesWeights(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.utils.parametrizations.weight_norm(nn.Conv1d(3, 4, 3))
        self.b = nn.utils.parametrizations.spectral_norm(nn.Linear(6, 5))

    def forward(self, x):
        return self.b(self.a(x))


@model(torch.arange(8).view(2, 4))
class TiesWeights(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(9, 4)
        self.head = nn.Linear(4, 9, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, x):
        return F.linear(F.embedding(x, self.embed.weight), self.head.weight)


@model(noise(2, 4))
class HasManyTypes(nn.Module):
    def __init__(self):
        super().__init__()
        self.h, self.d = nn.Parameter(noise(4).half()), nn.Parameter(noise(4).double())
        self.b = nn.Parameter(noise(4).bfloat16())
        self.register_buffer('i', torch.arange(4))
        self.register_buffer('m', torch.tensor([True, False, True, True]))
        self.register_buffer('scalar', torch.tensor(2.5))
        self.register_buffer('strided', noise(4, 4).t()[1:, ::2])
        self.register_buffer('empty', torch.zeros(0, 4))

    def forward(self, x):
        y = x * self.h.float() + self.d.to(x.dtype) + self.b.float() * self.i + self.m * self.scalar
        return torch.cat([self.empty, y + self.strided[0].sum()], 0)


class Inner(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return self.fc(x)


@model(noise(2, 4))
class CallsFromOutside(nn.Module):
    def __init__(self):
        super().__init__()
        self.list = nn.ModuleList([Inner(), Inner()])
        self.shared = nn.Linear(4, 4)

    def forward(self, x):
        return self.shared(self.list[1].fc(self.list[0](self.shared(x))))


class SharesActivation(nn.Module):
    """One activation everywhere, as in Ultralytics' networks; not in MODELS: training is noted."""
    class Layer(nn.Module):
        act = nn.SiLU()

        def __init__(self, width):
            super().__init__()
            self.fc, self.act, self.drop = nn.Linear(width, width + 1), self.act, nn.Dropout(0.5)

        def forward(self, x):
            return self.drop(self.act(self.fc(x)))

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(*[self.Layer(n) for n in (4, 5, 6)])

    def forward(self, x):
        return self.layers(x)


# ---- scripted control flow

@model(noise(1, 2, 8, 8), script=True)
class BranchesBehindPads(nn.Module):
    def forward(self, x):
        x = F.pad(x, [1, 2, 1, 2], 'reflect')
        if x.size(3) == 11:
            x = x - x.mean((2, 3), keepdim=True)
        deviation = torch.std(x, dim=[2, 3], keepdim=True)
        if deviation.size(2) == 1:
            x = x / deviation
        return x


@model(noise(2, 4), script=True)
class ScriptsLists(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
        self.names = ['a', 'b']

    def forward(self, x):
        outs: typing.List[torch.Tensor] = []
        for layer in self.layers:
            x = layer(x).relu()
            outs.append(x)
        outs.insert(0, x + 1)
        outs.reverse()
        d: typing.Dict[str, torch.Tensor] = {}
        for i, name in enumerate(self.names):
            d[name] = outs[i]
        if 'a' in d:
            x = d['a'] + x
        return torch.cat(outs[1:] + [d[k] for k in d.keys()], dim=-1), x


@model(noise(2, 3, 8, 8), script=True)
class ScriptsBranches(nn.Module):
    def __init__(self):
        super().__init__()
        self.up, self.gn = nn.Upsample(scale_factor=2.0), nn.GroupNorm(3, 3)
        self.bn, self.norm = nn.BatchNorm2d(3), nn.InstanceNorm2d(3)

    def forward(self, x, mask: typing.Optional[torch.Tensor] = None, scale: float = 1.5):
        assert x.dim() == 4
        if mask is not None:
            x = x * mask
        if x.shape[2] % 2 != 0:
            x = F.pad(x, [0, 0, 0, 1])
        if self.training:
            x = x * 0
        return self.norm(self.bn(self.gn(self.up(x)))) * scale


class State(nn.Module):
    def __init__(self):
        super().__init__()
        self.h, self.n = torch.zeros(2, 4), 0

    def forward(self, x):
        self.n += 1
        self.h = self.h * 0.5 + x
        return self.h * self.n


@model(noise(2, 4), script=True)
class ScriptsState(nn.Module):
    def __init__(self):
        super().__init__()
        self.state = State()

    def forward(self, x):
        return self.state(self.state(x))


@model(noise(2, 10, 16), script=True)
class ScriptsRecurrence(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.LSTM(16, 8, 2, batch_first=True, bidirectional=True)
        self.b = nn.GRU(16, 5, batch_first=True)

    def forward(self, x):
        return self.b(self.a(x)[0])[0][:, -1]


# ---- quantized layers, whose weights are packed objects

def quantized(net, *inputs, fuse=()):
    """In eager mode: observers see the inputs once."""
    from torch.ao import quantization
    net = nn.Sequential(quantization.QuantStub(), net, quantization.DeQuantStub()).eval()
    net.qconfig = quantization.get_default_qconfig(torch.backends.quantized.engine)
    net = quantization.fuse_modules(net, [[f'1.{i}' for i in pair] for pair in fuse]) if fuse else net
    net = quantization.prepare(net)
    net(*inputs)
    return quantization.convert(net)


class Convolutions(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.relu = nn.Conv2d(3, 8, 3, padding=1, stride=2), nn.ReLU()
        self.b, self.bn = nn.Conv2d(8, 8, 3, padding=1, groups=2, bias=False), nn.BatchNorm2d(8)
        self.sum, self.pool, self.fc = torch.ao.nn.quantized.FloatFunctional(), nn.AdaptiveAvgPool2d(2), nn.Linear(32, 5)

    def forward(self, x):
        x = self.relu(self.a(x))
        x = F.max_pool2d(self.sum.add(x, self.bn(self.b(x))), 2)
        return self.fc(torch.flatten(self.pool(x), 1))


@model(noise(2, 3, 16, 16))
def Quantizes():
    return quantized(Convolutions(), noise(2, 3, 16, 16), fuse=[['a', 'relu'], ['b', 'bn']])


@model(noise(4, 6))
def QuantizesDynamically():
    net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3, bias=False)).eval()
    return torch.ao.quantization.quantize_dynamic(net, {nn.Linear}, dtype=torch.qint8)


@model(noise(4, 1, 6))
def QuantizesRecurrence():
    torch.manual_seed(0)
    net = nn.Sequential(nn.LSTM(6, 5, 2, bidirectional=True)).eval()
    return torch.ao.quantization.quantize_dynamic(net, {nn.LSTM}, dtype=torch.qint8)


@model(noise(1, 4, 5))
def QuantizesTransposed():
    from torch.ao import quantization
    net = nn.Sequential(quantization.QuantStub(), nn.Conv1d(4, 6, 3), nn.ConvTranspose1d(6, 4, 3, stride=2, output_padding=1),
                        quantization.DeQuantStub()).eval()
    net.qconfig = quantization.QConfig(activation=quantization.default_observer, weight=quantization.default_weight_observer)
    net = quantization.prepare(net)
    net(noise(1, 4, 5))
    return quantization.convert(net)


# ---- values of Python in scripts

Kinds = typing.Union[int, float, typing.List[int], typing.Dict[str, int]]


@model(noise(2, 3), script=True)
class AsksForTypes(nn.Module):
    def tensors(self, x, y: typing.Union[torch.Tensor, typing.List[torch.Tensor]]):
        if isinstance(y, torch.Tensor):
            return x + y
        else:
            return x * y[0]

    def numbers(self, x, y: Kinds):
        if isinstance(y, int):
            return x + y
        elif isinstance(y, float):
            return x * y
        elif isinstance(y, typing.List[int]):
            return x - y[0]
        else:
            return x * 7

    def optional(self, x, y: typing.Optional[torch.Tensor] = None):
        if isinstance(y, torch.Tensor):
            return x + y
        return x

    def forward(self, x):
        y = self.tensors(x, x * 2) + self.tensors(x, [x]) + self.optional(x) + self.optional(x, x)
        return y + self.numbers(x, 2) + self.numbers(x, 2.5) + self.numbers(x, [3]) + self.numbers(x, {'a': 1})


@model(noise(2, 6), script=True)
class ListsConstants(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer('sizes', torch.tensor([2, 4]))
        self.register_buffer('factors', torch.tensor([[0.5, 1.5], [2, 3]]))
        self.register_buffer('flags', torch.tensor([True, False, True]))
        self.register_buffer('count', torch.tensor(4))

    def forward(self, x):
        sizes: typing.List[int] = self.sizes.tolist()
        factors: typing.List[typing.List[float]] = self.factors.tolist()
        flags: typing.List[bool] = self.flags.tolist()
        count: int = self.count.tolist()
        a, b = torch.split(x, sizes, 1)
        for row in factors:
            for factor in row:
                a = a * factor
        for i, flag in enumerate(flags):
            if flag:
                b = b + i
        return a * count, b


@model(noise(2, 6), script=True)
class KeepsDicts(nn.Module):
    def forward(self, x):
        d = dict([('a', x), ('b', x * 2)])
        e = dict(d)
        e['c'] = x + 1
        e.update({'d': x - 3})
        y = d['a'] + e['b'] + e['c'] * len(d) + e.pop('d') * len(e)
        missing = d.get('q')
        if missing is not None:
            y = y * 100
        y = y + e.setdefault('a', y) - e.setdefault('n', x)
        del e['b']
        return y * len(e)


@model(noise(2, 4, 16), script=True)
class Decodes(nn.Module):
    def __init__(self):
        super().__init__()
        self.decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(16, 4, 32, batch_first=True), 2)
        self.one = nn.TransformerDecoderLayer(16, 4, 32, norm_first=True)
        self.attention = nn.MultiheadAttention(16, 4, batch_first=True)

    def forward(self, x):
        y, w = self.attention(x, x, x, average_attn_weights=False)
        if w is not None and w.dim() == 4 and w.shape[1] == 4:
            y = y * 2
        return self.one(self.decoder(x, y), x * 2)


# ---- what is refused

class DependsOnValues(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            x = x * 2
        if x.min() < -9:
            return x
        return x + 1


class DependsOnShapes(nn.Module):
    def forward(self, x):
        if x.size(1) % 2 != 0:
            x = F.pad(x, [0, 1])
        return x + 1


class DependsOnFound(nn.Module):
    def forward(self, x):
        y = torch.nonzero(x) + 1
        if y.size(0) > 2:
            x = x + 1
        return x


class ListsComputed(nn.Module):
    def forward(self, x):
        sizes: typing.List[int] = (x.sum(1) * 2).int().tolist()
        return x.reshape(sizes)


class WritesWindows(nn.Module):
    def forward(self, x):
        y = x + 0
        y.unfold(1, 2, 2).add_(1)
        return y


# ---- the two commands

def flat(value):
    if isinstance(value, torch.Tensor):
        return [value]
    value = value.values() if isinstance(value, dict) else value
    return [t for v in value for t in flat(v)]


def copy(value):
    if isinstance(value, torch.Tensor):
        return value.clone()
    if isinstance(value, dict):
        return {k: copy(v) for k, v in value.items()}
    return type(value)(copy(v) for v in value)


def shapes_of(inputs):
    types = {torch.float32: 'f32', torch.int64: 'i64'}
    return ','.join('[%s]%s' % (','.join(map(str, t.shape)), types[t.dtype]) for t in flat(inputs))


def make(folder):
    for name, (cls, inputs, script) in MODELS.items():
        torch.manual_seed(1)
        net = cls().eval()
        saved = torch.jit.script(net) if script else torch.jit.trace(net, copy(inputs), strict=False, check_trace=False)
        saved.save(str(folder / f'{name}.pt'))
        if script:
            (folder / f'{name}.shape').write_text(shapes_of(inputs))
    special = folder / 'special'
    special.mkdir(exist_ok=True)
    torch.jit.trace(SharesActivation().train(), noise(2, 4), check_trace=False).save(str(special / 'training.pt'))
    torch.jit.trace(SharesActivation().eval(), noise(2, 4)).save(str(special / 'shared.pt'))
    torch.jit.script(SharesActivation().train()).save(str(special / 'script.pt'))
    folder = folder / 'refused'
    folder.mkdir(exist_ok=True)
    torch.jit.script(DependsOnValues()).save(str(folder / 'values.pt'))
    torch.jit.script(DependsOnShapes()).save(str(folder / 'shapes.pt'))
    torch.jit.script(DependsOnFound()).save(str(folder / 'found.pt'))
    lstm = torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.LSTM(6, 8)).eval(), {nn.LSTM}, dtype=torch.float16)
    torch.jit.trace(lstm, noise(4, 1, 6)).save(str(folder / 'quantized.pt'))
    torch.jit.script(ListsComputed()).save(str(folder / 'computed.pt'))
    torch.jit.trace(WritesWindows(), noise(1, 4), check_trace=False).save(str(folder / 'windows.pt'))
    torch.save(nn.Linear(2, 2).state_dict(), folder / 'state.pt')
    torch.save(nn.Linear(2, 2), folder / 'module.pt')
    torch.save(nn.Linear(2, 2).state_dict(), folder / 'old_state.pt', _use_new_zipfile_serialization=False)


def difference(want, got):
    want, got = flat(want), flat(got)
    if [(t.shape, t.dtype) for t in want] != [(t.shape, t.dtype) for t in got]:
        return float('inf')
    return max(((a.double() - b.double()).abs().max() / b.double().abs().max().clamp(min=1e-9)).item()
               for a, b in zip(got, want))


def check(folder):
    wrong = 0
    for name, (_, inputs, _) in MODELS.items():
        want = torch.jit.load(str(folder / f'{name}.pt')).eval()(*copy(inputs))
        try:
            spec = importlib.util.spec_from_file_location(name, folder / f'{name}.py')
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            worst = difference(want, module.Model().eval()(*[t.clone() for t in flat(inputs)]))
        except Exception as e:
            print(f'{name}: {type(e).__name__}: {e}')
            wrong += 1
            continue
        if not worst <= 1e-5:
            print(f'{name}: differs by {worst:.1e}')
            wrong += 1
    return wrong


if __name__ == '__main__':
    with torch.no_grad():
        sys.exit({'make': make, 'check': check}[sys.argv[1]](pathlib.Path(sys.argv[2])))
