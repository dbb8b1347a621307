"""Networks that are converted once and run at every size: the printed Python and the ncnn model against PyTorch.

    python test/sizes.py [N/M] [NAME]...      every M-th from the N-th on; those whose name has the text

Each network is traced, or scripted, at the first of its sizes, and converted twice by the driver: with names
(inputshape=[1,3,h,w]) and with two sizes (inputshape=, inputshape2=).  Both results run at all sizes.  They are functions of a
convolution's result, some networks written for this, and those of test/cases/networks.py.  Results are TAP.
"""
import math
import os
import pathlib
import re
import sys

import torch
import torch.nn.functional as F
from torch import nn

import oracle

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / 'cases'))
import networks  # noqa: E402

SIZES = (16, 24), (23, 17), (9, 40), (16, 21)


class Over(nn.Module):
    """A function of a convolution's result."""

    def __init__(self, f, dimensions=2):
        super().__init__()
        self.f, self.conv = f, (nn.Conv1d if dimensions == 1 else nn.Conv2d)(3, 8, 3, padding=1)

    def forward(self, x):
        return self.f(self.conv(x))


def attention(x):
    """Over all positions, and back to an image."""
    b, c, h, w = x.shape
    y = x.reshape(b, c, h * w)
    return ((y.transpose(1, 2) @ y).softmax(-1) @ y.transpose(1, 2)).transpose(1, 2).view(b, c, h, w) + x


def windows(x):
    """Cut to whole bands of four rows, and each by itself."""
    b, c, h, w = x.shape
    y = x[:, :, :h // 4 * 4].reshape(c, h // 4, 4 * w)
    return (y.softmax(-1) * y).view(b, c, h // 4 * 4, w)


def pyramid(x):
    """Pooled to grids, and resized to where it came from."""
    parts = [F.interpolate(F.adaptive_avg_pool2d(x, n), size=x.shape[2:], mode='bilinear', align_corners=n > 1) for n in (1, 2, 3)]
    return torch.cat([x] + parts, 1)


def unet(x):
    """Down, and up to the sizes on the way."""
    down = F.max_pool2d(x, 2)
    deep = F.max_pool2d(down, 2, ceil_mode=True)
    up = F.interpolate(deep, size=down.shape[-2:], mode='nearest') + down
    return torch.cat([F.interpolate(up, size=x.size()[2:], mode='bilinear'), x], 1)


def cropped(x):
    """An up-sampled one cut to the size of what it was, and from its middle."""
    y = F.interpolate(F.max_pool2d(x, 2, ceil_mode=True), scale_factor=2)
    h, w = x.shape[2:]
    return y[:, :, :h, :w] + x, x[:, :, h // 4:h // 4 + 2, w // 2 - 1:w // 2 + 1]


def padded_windows(x):
    """Padded to whole windows, attention in each, and cut to what it was: as Swin does."""
    b, c, h, w = x.shape
    y = F.pad(x, (0, -w % 4, 0, -h % 4))
    rows, columns = y.shape[2] // 4, y.shape[3] // 4
    y = y.view(c, rows, 4, columns, 4).permute(1, 3, 2, 4, 0).reshape(rows * columns, 16, c)
    y = (y @ y.transpose(1, 2)).softmax(-1) @ y
    return y.view(rows, columns, 4, 4, c).permute(4, 0, 2, 1, 3).reshape(1, c, rows * 4, columns * 4)[:, :, :h, :w]


def heads(x):
    """Attention of two heads over all positions."""
    b, c, h, w = x.shape
    q = x.flatten(2).view(b, 2, c // 2, h * w).transpose(2, 3)
    return F.scaled_dot_product_attention(q, q, q).transpose(2, 3).reshape(b, c, h, w)


def causal(x):
    q = x.transpose(1, 2)
    return F.scaled_dot_product_attention(q, q, q, is_causal=True)


class Heads(nn.Module):
    """nn.MultiheadAttention over a sequence, with its weights."""

    def __init__(self, **options):
        super().__init__()
        self.conv, self.attention = nn.Conv1d(3, 8, 3, padding=1), nn.MultiheadAttention(8, 2, batch_first=True, **options)

    def forward(self, x):
        y = self.conv(x).transpose(1, 2)
        return self.attention(y, y, y)


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.lstm = nn.Conv1d(3, 8, 3, padding=1), nn.LSTM(8, 6, batch_first=True, bidirectional=True)

    def forward(self, x):
        y, (h, _) = self.lstm(self.conv(x).transpose(1, 2))
        return y, h[-1]


def shuffled(x):
    b, c, h, w = x.shape
    return x.view(b, 2, c // 2, h, w).transpose(1, 2).reshape(b, c, h, w)


def parts(x):
    """Query, key and value of one product, taken apart: rows that the runtime packs by four."""
    q, k, v = x.transpose(1, 2).repeat(1, 1, 3).view(1, x.shape[2], 3, 2, 4).unbind(2)
    return (q * k + v).transpose(1, 2)


def warped(x):
    """Moved along a flow, on a grid from -1 to 1."""
    h, w = x.shape[2:]
    y, z = torch.meshgrid(torch.linspace(-1, 1, h), torch.linspace(-1, 1, w), indexing='ij')
    grid = torch.stack([z, y], -1)[None] + torch.stack([x[:, 0] / ((w - 1) / 2), x[:, 1] / ((h - 1) / 2)], -1)
    return F.grid_sample(x, grid, align_corners=True, padding_mode='border')


def rows_and_columns(x):
    """Means of rows and of columns one behind the other, and apart again."""
    y = torch.cat([x.mean(3, keepdim=True), x.mean(2, keepdim=True).transpose(2, 3)], 2).sigmoid()
    a, b = torch.split(y, [x.shape[2], x.shape[3]], 2)
    return x * a * b.transpose(2, 3)


@torch.jit.script
def by_floats(x):
    """Five eighths of the rows, from a third of the columns on, which is rounded up."""
    return x[:, :, :int(x.shape[2] * 0.625), math.ceil(x.shape[3] / 3):] * 2


@torch.jit.script
def bounded(x):
    """At most 18 rows, all but at least 5 columns, half of them."""
    return x[:, :, :min(x.shape[2], 18), max(x.shape[3] // 2 - 5, 5):] * 2


@torch.jit.script
def up_to_a_multiple(x):
    """As many rows as the next multiple of 8, by zeros."""
    return F.pad(x, [0, 0, 0, math.ceil(x.shape[2] / 8) * 8 - x.shape[2]]) * 2


NETWORKS = {
    'attention over positions': lambda: Over(attention),
    'bands that divide': lambda: Over(windows),
    'pyramid pooling': lambda: Over(pyramid),
    'up to the sizes on the way': lambda: Over(unet),
    'cut to the size of another': lambda: Over(cropped),
    'channels shuffled': lambda: Over(shuffled),
    'rows of a sequence in pairs': lambda: Over(lambda x: x[..., :x.shape[2] // 2 * 2].reshape(1, 8, x.shape[2] // 2, 2).sum(-1), 1),
    'a maximum pool that rounds up': lambda: Over(lambda x: F.max_pool2d(x, 2, 2, ceil_mode=True)),
    'a maximum pool with padding that rounds up': lambda: Over(lambda x: F.max_pool2d(x, 3, 2, 1, ceil_mode=True)),
    'a mean pool that rounds up': lambda: Over(lambda x: F.avg_pool2d(x, 3, 3, ceil_mode=True)),
    'a mean pool with padding that rounds up': lambda: Over(lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True)),
    'a mean pool without its padding that rounds up': lambda: Over(lambda x: F.avg_pool2d(x, 3, 2, 1, True, False)),
    'half, bilinear': lambda: Over(lambda x: F.interpolate(x, scale_factor=0.5, mode='bilinear', align_corners=False)),
    'a third, bilinear': lambda: Over(lambda x: F.interpolate(x, scale_factor=1 / 3, mode='bilinear', align_corners=False)),
    'half and a quarter, bilinear': lambda: Over(lambda x: F.interpolate(x, scale_factor=(0.5, 0.25), mode='bilinear')),
    'half, aligned': lambda: Over(lambda x: F.interpolate(x, scale_factor=0.5, mode='bilinear', align_corners=True)),
    'half, bicubic, aligned': lambda: Over(lambda x: F.interpolate(x, scale_factor=0.5, mode='bicubic', align_corners=True)),
    'half, nearest': lambda: Over(lambda x: F.interpolate(x, scale_factor=0.5)),
    'nn.UpsamplingNearest2d to a half': lambda: Over(nn.UpsamplingNearest2d(scale_factor=0.5)),
    'a quarter of a sequence, linear': lambda: Over(lambda x: F.interpolate(x, scale_factor=0.25, mode='linear'), 1),
    'a half of a sequence, nearest': lambda: Over(lambda x: F.interpolate(x, scale_factor=0.5), 1),
    'circular padding': lambda: Over(lambda x: F.pad(x, (1, 2, 3, 0), mode='circular')),
    'a convolution with circular padding': lambda: Over(nn.Conv2d(8, 4, 3, padding=1, padding_mode='circular')),
    'circular padding of a sequence': lambda: Over(lambda x: F.pad(x, (2, 1), mode='circular'), 1),
    'reflecting and repeating padding': lambda: Over(lambda x: F.pad(F.pad(x, (1, 2, 3, 0), mode='reflect'), (1, 1, 0, 2), mode='replicate')),
    'cut and padded': lambda: Over(lambda x: F.pad(x, (-1, 2, 1, -2))),
    'the last rows, and columns before the last': lambda: Over(lambda x: x[:, :, -3:] * x[:, :, -4:-1] + x[:, :, 1:4, -1:]),
    'the end of a sequence': lambda: Over(lambda x: x[..., -5:-2] - x[..., :3], 1),
    'windows of what was padded to them': lambda: Over(padded_windows),
    'attention of heads over positions': lambda: Over(heads),
    'attention that reads no key behind its query': lambda: Over(causal, 1),
    'nn.MultiheadAttention and its weights': lambda: Heads(),
    'nn.MultiheadAttention with a key of its own': lambda: Heads(add_bias_kv=True),
    'nn.MultiheadAttention with a key of zeros': lambda: Heads(add_zero_attn=True),
    'both directions of nn.LSTM': lambda: Recurrent(),
    'rolled': lambda: Over(lambda x: torch.roll(x, (1, -2), (2, 3)) + torch.roll(x, 3, 3)),
    'turned and flipped': lambda: Over(lambda x: torch.rot90(x, 1, (2, 3)) + torch.flip(x, (2, 3)).transpose(2, 3)),
    'each row twice, each column three times': lambda: Over(lambda x: x.repeat_interleave(2, 2).repeat_interleave(3, dim=3)),
    'tiles': lambda: Over(lambda x: x.repeat(1, 1, 2, 3)),
    'stacked and taken apart': lambda: Over(lambda x: torch.stack([x, x * 2], 2).sum(2) + sum(torch.unbind(x, 1)) + torch.stack([x, x], -1).mean(-1)),
    'every second row and column': lambda: Over(lambda x: x[:, :, ::2, 1::2]),
    'even and odd rows': lambda: Over(lambda x: torch.cat([x[:, :, :x.shape[2] // 2 * 2:2], x[:, :, 1::2][:, :, :x.shape[2] // 2]], 1)),
    'expanded to the size of another': lambda: Over(lambda x: (x.mean((2, 3), keepdim=True).expand_as(x) + x, x[:, :1].expand(-1, 5, -1, -1))),
    'ones, zeros and places': lambda: Over(lambda x: torch.cat([torch.ones_like(x) * x, torch.zeros_like(x[:, :2]), torch.full_like(x, 0.5)], 1) +
                                           torch.arange(x.shape[2]).float().view(1, 1, -1, 1) + torch.arange(1, 2 * x.shape[3], 2).float()),
    'variances': lambda: Over(lambda x: x.var((2, 3)) + x.flatten(2).std(-1) + x.var((2, 3), unbiased=False)),
    'layer norm of all': lambda: Over(lambda x: F.layer_norm(x, x.shape[1:])),
    'products by einsum': lambda: Over(lambda x: (torch.einsum('bchw,bdhw->bcd', x, x), torch.einsum('bchw,bchv->bhwv', x, x))),
    'divided by how many there are': lambda: Over(lambda x: x.sum((2, 3)) / (x.shape[2] * x.shape[3]) + (x * x.shape[3] ** -0.5).sum((2, 3))),
    'half of the columns, from the left and from the right': lambda: Over(lambda x: x[..., :x.shape[3] // 2] + x[..., -(x.shape[3] // 2):]),
    'a projection taken apart': lambda: Over(parts, 1),
    'turned by a matrix': lambda: Over(lambda x: F.grid_sample(x, F.affine_grid(torch.tensor([[[.8, .1, 0], [-.1, .9, .1]]]), list(x.shape), align_corners=False), align_corners=False)),
    'half as large again, nearest': lambda: Over(lambda x: F.interpolate(x, scale_factor=1.5)),
    'half as large again, bilinear': lambda: Over(lambda x: F.interpolate(x, scale_factor=(1.5, 2.25), mode='bilinear')),
    'half as long again': lambda: Over(lambda x: F.interpolate(x, scale_factor=1.5, mode='linear'), 1),
    'attention of rows and columns together': lambda: Over(lambda x: rows_and_columns(x)),
    'windows around each place': lambda: Over(lambda x: (F.pad(x, (2, 2)).unfold(2, 5, 1) * x.unsqueeze(-1)).sum(1), 1),
    'unfolded': lambda: Over(lambda x: F.unfold(x, 3, padding=1).mean(1)),
    'unfolded in steps': lambda: Over(lambda x: F.unfold(x, (3, 2), stride=2, dilation=(2, 1)).mean(1)),
    'unfolded and folded': lambda: Over(lambda x: F.fold(F.unfold(x, 3, padding=1) * 2, x.shape[2:], 3, padding=1)),
    'folded steps': lambda: Over(lambda x: F.fold(F.unfold(x, 2, stride=2).tanh(), (x.shape[2], x.shape[3]), 2, stride=2)),
    'averages to half': lambda: Over(lambda x: F.adaptive_avg_pool2d(x, (x.shape[2] // 2, x.shape[3] // 2))),
    'maxima to half': lambda: Over(lambda x: F.adaptive_max_pool2d(x, (x.shape[2] // 2, x.shape[3] // 2))),
    'averages to another size': lambda: Over(lambda x: F.adaptive_avg_pool2d(x, F.max_pool2d(x, 2).shape[2:]) + F.max_pool2d(x, 2)),
    'maxima to another size': lambda: Over(lambda x: F.adaptive_max_pool2d(x, F.conv2d(x, torch.ones(1, 8, 3, 3), stride=2, padding=1).shape[2:])),
    'averages to a third of a line': lambda: Over(lambda x: F.adaptive_avg_pool1d(x, (x.shape[2] // 3,)), 1),
    'maxima to a line of its size': lambda: Over(lambda x: F.adaptive_max_pool1d(x, (x.shape[2],)), 1),
    'warped along a flow': lambda: Over(warped),
    'a grid of places': lambda: Over(lambda x: sum(torch.meshgrid(torch.arange(x.shape[2]).float(), torch.arange(x.shape[3]) * 2.0, indexing='xy')) * x.mean()),
    'parts of the sizes by floats': lambda: Over(by_floats),
    'sizes that are bounded': lambda: Over(bounded),
    'padded to a multiple': lambda: Over(up_to_a_multiple),
    'double and half again': lambda: Over(lambda x: F.interpolate(F.interpolate(x, scale_factor=2), scale_factor=0.5, mode='bilinear') + x),
}


class Positions(nn.Module):
    """A vision transformer whose table of positions is resized to the grid of patches."""

    def __init__(self, dim=24):
        super().__init__()
        self.patches, self.table = nn.Conv2d(3, dim, 4, 4), nn.Parameter(torch.randn(1, 7 * 7, dim))
        self.token = nn.Parameter(torch.randn(1, 1, dim))
        self.layer, self.head = nn.TransformerEncoderLayer(dim, 4, 48, batch_first=True), nn.Linear(dim, 5)

    def forward(self, x):
        x = self.patches(x)
        h, w = x.shape[2:]
        table = F.interpolate(self.table.reshape(1, 7, 7, -1).permute(0, 3, 1, 2), size=(h, w), mode='bicubic')
        x = x.flatten(2).transpose(1, 2) + table.permute(0, 2, 3, 1).reshape(1, h * w, -1)
        return self.head(self.layer(torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1))[:, 0])


class Speech(nn.Module):
    """An encoder of speech: convolutions that stride, sines as positions, attention, and a mean over time."""

    def __init__(self, dim=16):
        super().__init__()
        self.first, self.second = nn.Conv1d(3, dim, 3, padding=1), nn.Conv1d(dim, dim, 3, 2, 1)
        self.norm, self.attention = nn.LayerNorm(dim), nn.MultiheadAttention(dim, 2, batch_first=True)
        self.gru, self.head = nn.GRU(dim, dim, batch_first=True), nn.Linear(dim, 6)
        self.register_buffer('rates', torch.exp(torch.arange(0, dim, 2) * (-math.log(100.) / dim)))

    def forward(self, x):
        x = F.gelu(self.second(F.gelu(self.first(x)))).transpose(1, 2)
        angles = torch.arange(x.shape[1])[:, None] * self.rates
        x = x + torch.cat([angles.sin(), angles.cos()], -1)
        y = self.norm(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        y, _ = self.gru(x)
        return self.head(y).log_softmax(-1), y.mean(1)


class Buckets(nn.Module):
    """Attention with a bias for each distance, of which far ones share a number: as T5 has it."""

    def __init__(self, dim=8):
        super().__init__()
        self.conv, self.qkv, self.bias = nn.Conv1d(3, dim, 3, padding=1), nn.Linear(dim, 3 * dim), nn.Embedding(8, 2)

    def forward(self, x):
        y = self.conv(x).transpose(1, 2)
        n, d = y.shape[1:]
        q, k, v = self.qkv(y).view(1, n, 3, 2, d // 2).permute(2, 0, 3, 1, 4).unbind(0)
        distance = torch.arange(n)[None] - torch.arange(n)[:, None]
        near = distance.abs()
        far = (2 + torch.log(near.float() / 2) / math.log(20) * 2).long().clamp(max=3)
        bias = self.bias((distance > 0).long() * 4 + torch.where(near < 2, near, far)).permute(2, 0, 1)
        return ((q @ k.transpose(2, 3) + bias).softmax(-1) @ v).transpose(1, 2).reshape(1, n, d)


class Distances(nn.Module):
    """A vector for each distance, picked from a table."""

    def __init__(self, dim=8):
        super().__init__()
        self.conv, self.table = nn.Conv1d(3, dim, 3, padding=1), nn.Parameter(torch.randn(99, dim))

    def forward(self, x):
        y = self.conv(x).transpose(1, 2)
        places = torch.arange(y.shape[1])
        return torch.einsum('btd,tsd->bts', y, self.table[places[:, None] - places[None] + 49])


# With a bound, for which a table is computed.
BOUNDED = {'a bias of distances in buckets': (Buckets, 1, '[1,3,n<=40]'), 'vectors of distances': (Distances, 1, '[1,3,n=16<=40]')}
OF_ITS_OWN = {'a table of positions resized to the grid': (Positions, 2), 'an encoder of speech': (Speech, 1)}
# Of test/cases/networks.py: those that take other sizes, scripted, too, where branches ask for ranks.
TRACED = ('resnet18 mobilenet_v2 mobilenet_v3 squeezenet shufflenet_v2 densenet googlenet convnext unet yolo espcn audio1d lstm_tagger '
          'gru_tagger bert decoder').split()
SCRIPTED = 'unet espcn lstm_last gru_last shufflenet_v2'.split()


# With a batch that is free.
BATCHED = 'resnet18 mobilenet_v3 shufflenet_v2 yolo lstm_last gru_tagger vit vit_timm bert'.split()


def varied(x, k):
    """An example input at its k-th size."""
    sizes = list(x.shape)
    if not x.is_floating_point():
        sizes[1] = (sizes[1], 7, 5, 12)[k]
        return torch.randint(0, 2, sizes) if x.max() <= 1 else torch.randint(0, 50, sizes)
    if x.dim() == 4:
        sizes[2:] = sizes[2] + (0, 32, 0, 32)[k], sizes[3] + (0, 0, 64, 32)[k]
    else:
        sizes[0 if sizes[1] == 1 and sizes[0] > 1 else 2 if sizes[1] == 1 else 1] += (0, 3, 8, 5)[k]
    return torch.randn(sizes)


def names_of(inputs):
    """inputshape= for the same inputs at all sizes: numbers where all have the same, else names."""
    shapes = []
    for of in zip(*inputs):
        free = iter('hw' if of[0].dim() == 4 else 'n')
        sizes = [str(d[0]) if len(set(d)) == 1 else next(free) for d in zip(*[x.shape for x in of])]
        shapes.append(f'[{",".join(sizes)}]{oracle.DTYPES[of[0].dtype]}')
    return ','.join(shapes)


def other_size(inputs):
    """Inputs all of whose free sizes are not those of the first."""
    free = [(i, k) for i, x in enumerate(inputs[0]) for k in range(x.dim()) if any(of[i].shape[k] != x.shape[k] for of in inputs)]
    return next(of for of in inputs[1:] if all(of[i].shape[k] != inputs[0][i].shape[k] for i, k in free))


def check(net, inputs, script=False, names=None):
    """The worst differences, in Python and in ncnn, over both ways to say the sizes and all of these."""
    done = []
    with oracle.folder_for('sizes') as folder:
        with torch.no_grad():
            (torch.jit.script(net) if script else torch.jit.trace(net, inputs[0], check_trace=False)).save(folder / 'model.pt')
        ways = {'names': [f'inputshape={names}']} if names else {
                'names': [f'inputshape={names_of(inputs)}'],
                'two sizes': [f'inputshape={oracle.shapes_text(inputs[0])}', f'inputshape2={oracle.shapes_text(other_size(inputs))}']}
        for way, options in ways.items():
            oracle.tool('pnnx', folder / 'model.pt', 'fp16=0', *options)
            for given in inputs:
                with torch.no_grad():
                    want = oracle.tensors(net(*oracle.clones(given)))
                    got = oracle.tensors(oracle.load_module(folder / 'model_pnnx.py').Model().eval()(*oracle.clones(given)))
                stage = oracle.Stage(f'{way} {[tuple(x.shape) for x in given]}', python=oracle.compare(want, got))
                blobs = oracle.isolated(lambda: oracle.run_ncnn(folder / 'model_ncnn.py', given))
                stage.ncnn = oracle.compare(want, [g.to(w.dtype) for w, g in zip(want, blobs)])
                if stage.python > oracle.PYTHON_TOLERANCE or stage.ncnn > oracle.NCNN_TOLERANCE:
                    stage.problem = 'too far'
                done.append(stage)
    return done


def cases():
    """(name, what checks it) of all."""
    for name, construct in NETWORKS.items():
        yield name, lambda construct=construct: check(net := construct().eval(), images(1 if isinstance(net.conv, nn.Conv1d) else 2))
    for name, (construct, rank) in OF_ITS_OWN.items():
        yield name, lambda construct=construct, rank=rank: check(construct().eval(), images(rank))
    for name, (construct, rank, names) in BOUNDED.items():
        yield name, lambda construct=construct, rank=rank, names=names: check(construct().eval(), images(rank), names=names)
    for name in TRACED:
        yield name, lambda name=name: check(networks.make(name), variations(name))
    for name in SCRIPTED:
        yield f'{name}, scripted', lambda name=name: check(networks.make(name), variations(name), script=True)
    for name in BATCHED:
        yield f'{name}, a batch', lambda name=name: check(networks.make(name), batches(name))


def images(rank):
    return [(torch.randn(1, 3, *size[:rank]),) for size in SIZES]


def batches(name):
    """Two, one, four and three of an example, each a little else."""
    inputs = []
    for count in (2, 1, 4, 3):
        inputs.append(tuple(torch.cat([x + torch.randn_like(x) / 8 if x.is_floating_point() else x for _ in range(count)], int(x.dim() == 3 and x.shape[1] == 1))
                            for x in networks.example(name)))
    return inputs


def variations(name):
    return [tuple(varied(x, k) for x in networks.example(name)) for k in range(4)]


def main(patterns):
    torch.manual_seed(0)
    part, parts = (int(n) for n in patterns.pop(0).split('/')) if patterns and re.fullmatch(r'\d+/\d+', patterns[0]) else (1, 1)
    chosen = [(name, run) for name, run in cases() if not patterns or any(p in name for p in patterns)][part - 1::parts]
    print(f'1..{len(chosen)}')
    return 0 if all([oracle.tap(name, i + 1, run) for i, (name, run) in enumerate(chosen)]) else 1


if __name__ == '__main__':
    os.environ.setdefault('PNNX_BIN', str(oracle.BIN))
    sys.exit(main(sys.argv[1:]))
