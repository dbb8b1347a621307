"""What rules know of torchvision, by its definition: for the numbers of their examples, where it is not installed."""
import itertools
import sys
import types

import torch
import torch.nn.functional as F


class DeformConv2d(torch.nn.Conv2d):
    """A convolution that reads each of its samples elsewhere: at an offset (down, right) of its own, times a mask."""

    def sampled(self, x, offset, row, column):
        """x at one place of the kernel, for each window: offset is (images, groups, 2, rows, columns)."""
        n, groups, _, rows, columns = offset.shape
        height, width = x.shape[2:]
        down = torch.arange(rows)[:, None] * self.stride[0] - self.padding[0] + row * self.dilation[0] + offset[:, :, 0]
        right = torch.arange(columns) * self.stride[1] - self.padding[1] + column * self.dilation[1] + offset[:, :, 1]
        grid = torch.stack([2 * right / (width - 1) - 1, 2 * down / (height - 1) - 1], -1).flatten(0, 1)
        each = F.grid_sample(x.reshape(n * groups, -1, height, width), grid, align_corners=True)
        return each.reshape(n, groups, -1, rows, columns)

    def forward(self, input, offset, mask=None):
        n, _, rows, columns = offset.shape
        places = list(itertools.product(*map(range, self.kernel_size)))
        offset = offset.reshape(n, -1, len(places), 2, rows, columns)
        samples = torch.stack([self.sampled(input, offset[:, :, i], *place) for i, place in enumerate(places)], 3)
        if mask is not None:
            samples = samples * mask.reshape(n, -1, 1, len(places), rows, columns)
        windows = samples.reshape(n, self.groups, -1, rows, columns)
        y = torch.einsum('ngkij,gok->ngoij', windows, self.weight.reshape(self.groups, -1, windows.shape[2]))
        y = y.reshape(n, -1, rows, columns)
        return y if self.bias is None else y + self.bias[:, None, None]


def roi_align(x, rois, spatial_scale, height, width, sampling_ratio, aligned):
    """For each roi (image, left, top, right, bottom): means of samples in height * width cells."""
    means = []
    for roi in rois:
        left, top, right, bottom = roi[1:] * spatial_scale - (0.5 if aligned else 0)
        least = -float('inf') if aligned else 1
        sizes = [(bottom - top).clamp(min=least), (right - left).clamp(min=least)]
        counts = [sampling_ratio if sampling_ratio > 0 else max(1, int((s / n).ceil())) for s, n in zip(sizes, (height, width))]
        down, across = [a + (torch.arange(n * c) + 0.5) * s / (n * c)
                        for a, s, c, n in zip((top, left), sizes, counts, (height, width))]
        down, across = torch.meshgrid(2 * down / (x.shape[2] - 1) - 1, 2 * across / (x.shape[3] - 1) - 1, indexing='ij')
        image = x[int(roi[0]) % len(x)][None]
        samples = F.grid_sample(image, torch.stack([across, down], -1)[None], padding_mode='border', align_corners=True)
        means.append(F.avg_pool2d(samples, counts)[0])
    return torch.stack(means)


class RoIAlign(torch.nn.Module):
    """The same as a module."""

    def __init__(self, output_size, spatial_scale, sampling_ratio, aligned=False):
        super().__init__()
        self.arguments = (spatial_scale, *output_size, sampling_ratio, aligned)

    def forward(self, x, rois):
        return roi_align(x, rois, *self.arguments)


def define_operators():
    """torch.ops.torchvision.*, which the library's own code registers."""
    library = torch.library.Library('torchvision', 'DEF')
    library.define('roi_align(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width, '
                   'int sampling_ratio, bool aligned) -> Tensor')
    library.impl('roi_align', roi_align, 'CPU')
    return library


def install():
    """As `import torchvision` gives it."""
    try:
        import torchvision  # noqa: F401
    except ImportError:
        module = types.ModuleType('torchvision')
        module.ops = types.SimpleNamespace(DeformConv2d=DeformConv2d, RoIAlign=RoIAlign)
        module.library = define_operators()
        sys.modules['torchvision'] = module
