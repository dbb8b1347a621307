"""Networks that are converted once and run at every size: the printed Python and the ncnn model against PyTorch.

    python test/sizes.py [NAME]...

Each network is traced at the first of its sizes, and converted twice by the driver: with names (inputshape=[1,3,h,w]) and
with two sizes (inputshape=, inputshape2=).  Both results run at all sizes.  Results are TAP.
"""
import math
import os
import sys

import torch
import torch.nn.functional as F
from torch import nn

import oracle

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


@torch.jit.script
def by_floats(x):
    """Seven tenths of the rows, from a third of the columns on, which is rounded up."""
    return x[:, :, :int(x.shape[2] * 0.7), math.ceil(x.shape[3] / 3):] * 2


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
    'parts of the sizes by floats': lambda: Over(by_floats),
    'sizes that are bounded': lambda: Over(bounded),
    'padded to a multiple': lambda: Over(up_to_a_multiple),
    'double and half again': lambda: Over(lambda x: F.interpolate(F.interpolate(x, scale_factor=2), scale_factor=0.5, mode='bilinear') + x),
}


def given(shape):
    """One conversion's options, by names, of an input of that shape."""
    names = [str(d) if i < 2 else 'hw'[i - 2] for i, d in enumerate(shape)]
    return [f'inputshape=[{",".join(names)}]']


def check(net, ways):
    """The worst differences, in Python and in ncnn, over all sizes and ways."""
    done = []
    with oracle.folder_for('sizes') as folder:
        rank = 1 if isinstance(net.conv, nn.Conv1d) else 2
        inputs = [torch.randn(1, 3, *size[:rank]) for size in SIZES]
        with torch.no_grad():
            torch.jit.trace(net, inputs[0], check_trace=False).save(folder / 'model.pt')
        for way, options in ways(inputs):
            oracle.tool('pnnx', folder / 'model.pt', 'fp16=0', *options)
            for x in inputs:
                with torch.no_grad():
                    want = oracle.tensors(net(x))
                    got = oracle.tensors(oracle.load_module(folder / 'model_pnnx.py').Model().eval()(x))
                stage = oracle.Stage(f'{way} {tuple(x.shape)}', python=oracle.compare(want, got))
                stage.ncnn = oracle.compare(want, oracle.isolated(lambda: oracle.run_ncnn(folder / 'model_ncnn.py', [x])))
                if stage.python > oracle.PYTHON_TOLERANCE or stage.ncnn > oracle.NCNN_TOLERANCE:
                    stage.problem = 'too far'
                done.append(stage)
    return done


def both_ways(inputs):
    yield 'names', given(inputs[0].shape)
    yield 'two sizes', [f'inputshape={oracle.shapes_text(inputs[0])}', f'inputshape2={oracle.shapes_text(inputs[1])}']


def main(patterns):
    torch.manual_seed(0)
    names = [n for n in NETWORKS if not patterns or any(p in n for p in patterns)]
    print(f'1..{len(names)}')
    return 0 if all([oracle.tap(name, i + 1, lambda: check(NETWORKS[name]().eval(), both_ways)) for i, name in enumerate(names)]) else 1


if __name__ == '__main__':
    os.environ.setdefault('PNNX_BIN', str(oracle.BIN))
    sys.exit(main(sys.argv[1:]))
