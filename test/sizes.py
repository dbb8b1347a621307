"""Networks that are converted once and run at every size: the printed Python and the ncnn model against PyTorch.

    python test/sizes.py [NAME]...

Each network is traced at the first of its sizes, and converted twice by the driver: with names (inputshape=[1,3,h,w]) and
with two sizes (inputshape=, inputshape2=).  Both results run at all sizes.  Results are TAP.
"""
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


def shuffled(x):
    b, c, h, w = x.shape
    return x.view(b, 2, c // 2, h, w).transpose(1, 2).reshape(b, c, h, w)


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
