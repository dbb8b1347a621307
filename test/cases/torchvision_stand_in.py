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
        inside = ((down >= -1) & (down <= x.shape[2]))[:, None] & (across >= -1) & (across <= x.shape[3])
        down, across = torch.meshgrid(2 * down / (x.shape[2] - 1) - 1, 2 * across / (x.shape[3] - 1) - 1, indexing='ij')
        image = x[int(roi[0]) % len(x)][None]
        samples = F.grid_sample(image, torch.stack([across, down], -1)[None], padding_mode='border', align_corners=True) * inside
        means.append(F.avg_pool2d(samples, counts)[0])
    return torch.stack(means)


def rounded(x):
    """Halves away from zero, as C's round()."""
    return torch.sign(x) * torch.floor(x.abs() + 0.5)


def cells(start, size, count, top):
    """Where the cells of a box begin and end along one axis, cut off at 0 and `top`."""
    return [(int((start + torch.floor(i * size / count)).clamp(0, top)),
             int((start + torch.ceil((i + 1) * size / count)).clamp(0, top))) for i in range(count)]


def pooled(x, rois, spatial_scale, height, width, more, least, reduce):
    """For each roi, `reduce` of the values in each of its cells: (channels, rows, columns, i, j) to channels."""
    y = x.new_zeros(len(rois), x.shape[1] if more else x.shape[1] // (height * width), height, width)
    for k, roi in enumerate(rois):
        left, top, right, bottom = rounded(roi[1:] * spatial_scale)
        rows = cells(top, (bottom - top + more).clamp(min=least), height, x.shape[2] - (not more))
        columns = cells(left, (right - left + more).clamp(min=least), width, x.shape[3] - (not more))
        for i, (a, b) in enumerate(rows):
            for j, (c, d) in enumerate(columns):
                if a < b and c < d:
                    y[k, :, i, j] = reduce(x[int(roi[0]) % len(x), :, a:b, c:d].flatten(1), i, j)
    return y


def roi_pool(x, rois, spatial_scale, height, width):
    """The largest value of each cell; where it was is not told."""
    y = pooled(x, rois, spatial_scale, height, width, 1, 1, lambda v, i, j: v.amax(1))
    return y, torch.zeros_like(y, dtype=torch.int)


def ps_roi_pool(x, rois, spatial_scale, height, width):
    """The mean of each cell, of a channel of the cell's own."""
    y = pooled(x, rois, spatial_scale, height, width, 0, 1,
               lambda v, i, j: v.mean(1).reshape(-1, height, width)[:, i, j])
    return y, torch.zeros_like(y, dtype=torch.int)


def ps_roi_align(x, rois, spatial_scale, height, width, sampling_ratio):
    """roi_align, each cell of a channel of its own."""
    y = roi_align(x, rois, spatial_scale, height, width, sampling_ratio, True)
    y = torch.einsum('kcijij->kcij', y.reshape(len(rois), -1, height, width, height, width))
    return y, torch.zeros_like(y, dtype=torch.int)


def nms(boxes, scores, iou_threshold):
    """Best first, those that overlap a better one that is kept by no more than that."""
    kept = []
    for i in scores.argsort(descending=True, stable=True):
        low = torch.maximum(boxes[i, :2], boxes[kept, :2])
        both = (torch.minimum(boxes[i, 2:], boxes[kept, 2:]) - low).clamp(min=0).prod(1)
        areas = (boxes[:, 2:] - boxes[:, :2]).prod(1)
        if not (both > iou_threshold * (areas[i] + areas[kept] - both)).any():
            kept.append(int(i))
    return torch.tensor(kept)


def deform_conv2d(x, weight, offset, mask, bias, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w, groups,
                  offset_groups, use_mask):
    layer = DeformConv2d(x.shape[1], weight.shape[0], tuple(weight.shape[2:]), (stride_h, stride_w), (pad_h, pad_w),
                         (dilation_h, dilation_w), groups)
    layer.weight, layer.bias = torch.nn.Parameter(weight), torch.nn.Parameter(bias)
    return layer(x, offset, mask if use_mask else None).detach()


def pair(size):
    return (size, size) if isinstance(size, int) else size


class Rois(torch.nn.Module):
    """A function of rois as a module."""

    def forward(self, x, rois):
        y = self.function()(x, rois, *self.arguments)
        return y if torch.is_tensor(y) else y[0]

    def function(self):
        return getattr(torch.ops.torchvision, self.name)


class RoIAlign(Rois):
    name = 'roi_align'

    def __init__(self, output_size, spatial_scale, sampling_ratio, aligned=False):
        super().__init__()
        self.arguments = (spatial_scale, *pair(output_size), sampling_ratio, aligned)


class RoIPool(Rois):
    name = 'roi_pool'

    def __init__(self, output_size, spatial_scale):
        super().__init__()
        self.arguments = (spatial_scale, *pair(output_size))


class PSRoIPool(RoIPool):
    name = 'ps_roi_pool'


class PSRoIAlign(Rois):
    name = 'ps_roi_align'

    def __init__(self, output_size, spatial_scale, sampling_ratio):
        super().__init__()
        self.arguments = (spatial_scale, *pair(output_size), sampling_ratio)


class DeformConv2dCall(DeformConv2d):
    """The module as the library has it: one call of its operator, which tracing records."""

    def forward(self, input, offset, mask=None):
        groups = offset.shape[1] // (2 * self.weight.shape[2] * self.weight.shape[3])
        given = input.new_zeros(1, 1) if mask is None else mask
        bias = torch.zeros(self.out_channels) if self.bias is None else self.bias
        return torch.ops.torchvision.deform_conv2d(input, self.weight, offset, given, bias, *self.stride, *self.padding,
                                                   *self.dilation, self.groups, groups, mask is not None)


CLASSES = {'RoIAlign': RoIAlign, 'RoIPool': RoIPool, 'PSRoIPool': PSRoIPool, 'PSRoIAlign': PSRoIAlign,
           'DeformConv2d': DeformConv2dCall}
ROIS = '(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width'
OPERATORS = {
    'roi_align': (ROIS + ', int sampling_ratio, bool aligned) -> Tensor', roi_align),
    'roi_pool': (ROIS + ') -> (Tensor, Tensor)', roi_pool),
    'ps_roi_align': (ROIS + ', int sampling_ratio) -> (Tensor, Tensor)', ps_roi_align),
    'ps_roi_pool': (ROIS + ') -> (Tensor, Tensor)', ps_roi_pool),
    'nms': ('(Tensor dets, Tensor scores, float iou_threshold) -> Tensor', nms),
    'deform_conv2d': ('(Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias, SymInt stride_h, SymInt stride_w, '
                      'SymInt pad_h, SymInt pad_w, SymInt dilation_h, SymInt dilation_w, SymInt groups, SymInt offset_groups, '
                      'bool use_mask) -> Tensor', deform_conv2d)}


def define_operators():
    """torch.ops.torchvision.*, which the library's own code registers."""
    library = torch.library.Library('torchvision', 'DEF')
    for name, (schema, function) in OPERATORS.items():
        library.define(name + schema)
        library.impl(name, function, 'CPU')
    return library


def name_classes():
    """The classes' own modules, which an archive names."""
    for name, module in (('RoIAlign', 'roi_align'), ('RoIPool', 'roi_pool'), ('PSRoIPool', 'ps_roi_pool'),
                         ('PSRoIAlign', 'ps_roi_align'), ('DeformConv2d', 'deform_conv')):
        CLASSES[name].__module__ = 'torchvision.ops.' + module
        CLASSES[name].__qualname__ = CLASSES[name].__name__ = name


def install():
    """As `import torchvision` gives it."""
    try:
        import torchvision  # noqa: F401
    except ImportError:
        module = types.ModuleType('torchvision')
        name_classes()
        module.ops = types.SimpleNamespace(**CLASSES)
        module.library = define_operators()
        sys.modules['torchvision'] = module
