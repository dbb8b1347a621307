"""The networks that the tests convert: small re-definitions of well-known ones, at about a quarter of their width.

Each is defined in the spelling that its authors use, because the spelling is what a converter meets.  Weights and
statistics are random and none is zero; `make()` scales them so that the output is of the order of 1 and depends on
the input.

    python test/cases/networks.py                                     lists them
    python test/cases/networks.py NAME out.pt [--script] [--freeze]   traces (or scripts) one and saves it
"""
import dataclasses
import sys
import typing

import torch
import torch.nn.functional as F
from torch import nn

import quantised

NETWORKS = {}


@dataclasses.dataclass
class Network:
    """One network: how to make it, what it takes, and what it is expected to go through."""
    name: str
    construct: typing.Callable[[], nn.Module]
    inputs: typing.Callable[[int], tuple]    # 0 and 1: two sets of example inputs, of different shapes where it may
    script: bool                             # also goes through torch.jit.script
    ncnn: bool                               # also goes through pnnx2ncnn


def network(name, *shapes, script=False, ncnn=True, inputs=None):
    """Registers a class or function under a name.  `shapes` are those of its inputs, all float; else `inputs(i)`."""
    def images(i):
        return tuple(torch.randn(s) for s in shapes)

    def register(construct):
        NETWORKS[name] = Network(name, construct, inputs or images, script, ncnn)
        return construct
    return register


def make(name, seed=0):
    """The network in eval mode with its random weights: the same for the same seed."""
    torch.manual_seed(seed)
    net = NETWORKS[name].construct()
    randomise(net)
    calibrate(net, NETWORKS[name].inputs(0))
    return net.eval()


def example(name, which=0, seed=1):
    torch.manual_seed(seed)
    return NETWORKS[name].inputs(which)


def randomise(net):
    """Every parameter random, of a size that keeps activations of the order of 1."""
    with torch.no_grad():
        for key, p in net.named_parameters():
            last = key.rsplit('.', 1)[-1]
            if p.dim() >= 2 and 'embed' not in key:
                transposed = last == 'weight' and isinstance(net.get_submodule(key.rpartition('.')[0]), nn.ConvTranspose2d)
                fan_in = p[:, 0].numel() / 4 if transposed else p[0].numel()
                p.normal_(0, (1.6 / fan_in) ** 0.5)
            elif last.startswith('bias') or last.endswith('bias'):
                p.normal_(0, 0.1)
            elif 'embed' in key:
                p.normal_(0, 0.5)
            else:                                    # the scales of norms and layers, the slopes of PReLU
                p.uniform_(0.2, 0.7)


def calibrate(net, inputs):
    """Batch norms get statistics near to those of random inputs, but not equal to them."""
    norms = [m for m in net.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    net.eval()
    for m in norms:
        m.train()
        m.momentum = 1.0
    with torch.no_grad():
        for m in norms:
            m.bias += 0.3                                          # mostly positive: a deep net amplifies less
        if norms:
            net(*[torch.cat([x] + [torch.randn_like(x) for _ in range(7)]) if x.is_floating_point() else x for x in inputs])
        for m in norms:
            m.momentum = 0.1
            m.running_mean += torch.randn_like(m.running_mean) * 0.1
            m.running_var.clamp_(min=m.running_var.mean() / 4)     # no channel is blown up, and rounding errors with it
            m.running_var *= torch.empty_like(m.running_var).uniform_(0.8, 1.3)
    net.eval()


def conv_bn(cin, cout, k=3, stride=1, groups=1, act=nn.ReLU, dilation=1):
    layers = [nn.Conv2d(cin, cout, k, stride, (k - 1) // 2 * dilation, dilation, groups, bias=False), nn.BatchNorm2d(cout)]
    return nn.Sequential(*layers, *([act(inplace=True)] if act else []))


# ---- classifiers, convolutional ----

class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, cin, width, stride=1, downsample=None):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = downsample

    def forward(self, x):
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, cin, width, stride=1, downsample=None):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, width * 4, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width * 4)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample

    def forward(self, x):
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class ResNet(nn.Module):
    def __init__(self, block, depths, width=16, classes=10):
        super().__init__()
        self.inplanes = width
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = self._layer(block, width, depths[0], 1)
        self.layer2 = self._layer(block, width * 2, depths[1], 2)
        self.layer3 = self._layer(block, width * 4, depths[2], 2)
        self.layer4 = self._layer(block, width * 8, depths[3], 2)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(width * 8 * block.expansion, classes)

    def _layer(self, block, width, depth, stride):
        down, cout = None, width * block.expansion
        if stride != 1 or self.inplanes != cout:
            down = nn.Sequential(nn.Conv2d(self.inplanes, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))
        layers = [block(self.inplanes, width, stride, down)]
        self.inplanes = cout
        return nn.Sequential(*layers, *[block(cout, width) for _ in range(depth - 1)])

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        x = torch.flatten(self.avgpool(x), 1)
        return self.fc(x)


network('resnet18', (1, 3, 64, 64), script=True)(lambda: ResNet(BasicBlock, [2, 2, 2, 2]))
network('resnet50', (1, 3, 64, 64), script=True)(lambda: ResNet(Bottleneck, [3, 4, 6, 3]))


@network('vgg', (1, 3, 64, 64), script=True)
class VGG(nn.Module):
    def __init__(self):
        super().__init__()
        layers, cin = [], 3
        for v in [16, 'M', 32, 'M', 64, 64, 'M', 128, 128, 'M', 128, 128, 'M']:
            layers += [nn.MaxPool2d(2, 2)] if v == 'M' else [nn.Conv2d(cin, v, 3, padding=1), nn.ReLU(inplace=True)]
            cin = cin if v == 'M' else v
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(nn.Linear(128 * 49, 64), nn.ReLU(True), nn.Dropout(), nn.Linear(64, 64), nn.ReLU(True),
                                        nn.Dropout(), nn.Linear(64, 10))

    def forward(self, x):
        x = self.avgpool(self.features(x))
        return self.classifier(torch.flatten(x, 1))


class InvertedResidual(nn.Module):
    def __init__(self, cin, cout, stride, expand):
        super().__init__()
        mid = cin * expand
        self.use_res_connect = stride == 1 and cin == cout
        layers = [conv_bn(cin, mid, 1, act=nn.ReLU6)] if expand != 1 else []
        self.conv = nn.Sequential(*layers, conv_bn(mid, mid, 3, stride, mid, act=nn.ReLU6), nn.Conv2d(mid, cout, 1, bias=False),
                                  nn.BatchNorm2d(cout))

    def forward(self, x):
        if self.use_res_connect:
            return x + self.conv(x)
        else:
            return self.conv(x)


@network('mobilenet_v2', (1, 3, 64, 64), script=True)
class MobileNetV2(nn.Module):
    def __init__(self):
        super().__init__()
        features, cin = [conv_bn(3, 8, 3, 2, act=nn.ReLU6)], 8
        for t, c, n, s in [(1, 8, 1, 1), (6, 8, 2, 2), (6, 16, 3, 2), (6, 16, 2, 2), (6, 24, 2, 1), (6, 40, 2, 2), (6, 80, 1, 1)]:
            for i in range(n):
                features.append(InvertedResidual(cin, c, s if i == 0 else 1, t))
                cin = c
        features.append(conv_bn(cin, 160, 1, act=nn.ReLU6))
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(160, 10))

    def forward(self, x):
        x = self.features(x)
        x = F.adaptive_avg_pool2d(x, (1, 1))
        x = torch.flatten(x, 1)
        return self.classifier(x)


class SqueezeExcitation(nn.Module):
    def __init__(self, channels, squeeze, act=nn.ReLU, gate=nn.Hardsigmoid):
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeeze, 1)
        self.fc2 = nn.Conv2d(squeeze, channels, 1)
        self.activation = act()
        self.scale_activation = gate()

    def forward(self, x):
        scale = self.scale_activation(self.fc2(self.activation(self.fc1(self.avgpool(x)))))
        return scale * x


class InvertedResidualV3(nn.Module):
    def __init__(self, cin, mid, cout, k, se, act, stride):
        super().__init__()
        self.residual = stride == 1 and cin == cout
        layers = [conv_bn(cin, mid, 1, act=act)] if mid != cin else []
        layers.append(conv_bn(mid, mid, k, stride, mid, act=act))
        if se:
            layers.append(SqueezeExcitation(mid, max(8, mid // 4)))
        self.block = nn.Sequential(*layers, conv_bn(mid, cout, 1, act=None))

    def forward(self, x):
        result = self.block(x)
        if self.residual:
            result += x
        return result


@network('mobilenet_v3', (1, 3, 64, 64), script=True)
class MobileNetV3(nn.Module):
    def __init__(self):
        super().__init__()
        H, R = nn.Hardswish, nn.ReLU
        rows = [(8, 8, 8, 3, True, R, 2), (8, 24, 8, 3, False, R, 2), (8, 24, 8, 3, False, R, 1), (8, 24, 16, 5, True, H, 2),
                (16, 64, 16, 5, True, H, 1), (16, 32, 16, 5, True, H, 1), (16, 72, 24, 5, True, H, 2), (24, 144, 24, 5, True, H, 1)]
        self.features = nn.Sequential(conv_bn(3, 8, 3, 2, act=H), *[InvertedResidualV3(*r) for r in rows], conv_bn(24, 144, 1, act=H))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Linear(144, 128), nn.Hardswish(inplace=True), nn.Dropout(0.2, inplace=True), nn.Linear(128, 10))

    def forward(self, x):
        x = self.avgpool(self.features(x))
        return self.classifier(torch.flatten(x, 1))


class Fire(nn.Module):
    def __init__(self, cin, squeeze, expand):
        super().__init__()
        self.squeeze = nn.Conv2d(cin, squeeze, 1)
        self.squeeze_activation = nn.ReLU(inplace=True)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand1x1_activation = nn.ReLU(inplace=True)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)
        self.expand3x3_activation = nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.squeeze_activation(self.squeeze(x))
        return torch.cat([self.expand1x1_activation(self.expand1x1(x)), self.expand3x3_activation(self.expand3x3(x))], 1)


@network('squeezenet', (1, 3, 64, 64), script=True)
class SqueezeNet(nn.Module):
    def __init__(self):
        super().__init__()
        pool = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)
        self.features = nn.Sequential(nn.Conv2d(3, 16, 3, 2), nn.ReLU(inplace=True), pool(), Fire(16, 4, 16), Fire(32, 4, 16), pool(),
                                      Fire(32, 8, 32), Fire(64, 8, 32), pool(), Fire(64, 12, 48), Fire(96, 16, 64))
        self.classifier = nn.Sequential(nn.Dropout(0.5), nn.Conv2d(128, 10, 1), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d((1, 1)))

    def forward(self, x):
        return torch.flatten(self.classifier(self.features(x)), 1)


def channel_shuffle(x: torch.Tensor, groups: int) -> torch.Tensor:
    batchsize, num_channels, height, width = x.size()
    channels_per_group = num_channels // groups
    x = x.view(batchsize, groups, channels_per_group, height, width)
    x = torch.transpose(x, 1, 2).contiguous()
    return x.view(batchsize, num_channels, height, width)


class ShuffleUnit(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.stride = stride
        half = cout // 2
        self.branch1 = nn.Sequential(conv_bn(cin, cin, 3, stride, cin, act=None), conv_bn(cin, half, 1)) if stride > 1 else nn.Sequential()
        self.branch2 = nn.Sequential(conv_bn(cin if stride > 1 else half, half, 1), conv_bn(half, half, 3, stride, half, act=None),
                                     conv_bn(half, half, 1))

    def forward(self, x):
        if self.stride == 1:
            x1, x2 = x.chunk(2, dim=1)
            out = torch.cat((x1, self.branch2(x2)), dim=1)
        else:
            out = torch.cat((self.branch1(x), self.branch2(x)), dim=1)
        return channel_shuffle(out, 2)


@network('shufflenet_v2', (1, 3, 64, 64), script=True)
class ShuffleNetV2(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = conv_bn(3, 8, 3, 2)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        stages, cin = [], 8
        for cout, repeat in [(28, 3), (56, 3), (112, 2)]:
            stages.append(nn.Sequential(ShuffleUnit(cin, cout, 2), *[ShuffleUnit(cout, cout, 1) for _ in range(repeat)]))
            cin = cout
        self.stage2, self.stage3, self.stage4 = stages
        self.conv5 = conv_bn(cin, 128, 1)
        self.fc = nn.Linear(128, 10)

    def forward(self, x):
        x = self.maxpool(self.conv1(x))
        x = self.conv5(self.stage4(self.stage3(self.stage2(x))))
        x = x.mean([2, 3])
        return self.fc(x)


class DenseLayer(nn.Module):
    def __init__(self, cin, growth):
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(cin), nn.Conv2d(cin, 4 * growth, 1, bias=False)
        self.norm2, self.conv2 = nn.BatchNorm2d(4 * growth), nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)
        self.relu1, self.relu2 = nn.ReLU(inplace=True), nn.ReLU(inplace=True)

    def forward(self, features: typing.List[torch.Tensor]):
        x = self.conv1(self.relu1(self.norm1(torch.cat(features, 1))))
        return self.conv2(self.relu2(self.norm2(x)))


class DenseBlock(nn.Module):
    def __init__(self, n, cin, growth):
        super().__init__()
        self.layers = nn.ModuleList([DenseLayer(cin + i * growth, growth) for i in range(n)])

    def forward(self, x):
        features = [x]
        for layer in self.layers:
            features.append(layer(features))
        return torch.cat(features, 1)


@network('densenet', (1, 3, 64, 64), script=True)
class DenseNet(nn.Module):
    def __init__(self, growth=8):
        super().__init__()
        layers, c = [nn.Conv2d(3, 16, 7, 2, 3, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)], 16
        for i, n in enumerate([3, 4, 4]):
            layers.append(DenseBlock(n, c, growth))
            c += n * growth
            if i < 2:
                layers.append(nn.Sequential(nn.BatchNorm2d(c), nn.ReLU(inplace=True), nn.Conv2d(c, c // 2, 1, bias=False), nn.AvgPool2d(2, 2)))
                c //= 2
        self.features = nn.Sequential(*layers, nn.BatchNorm2d(c))
        self.classifier = nn.Linear(c, 10)

    def forward(self, x):
        out = F.relu(self.features(x), inplace=True)
        out = F.adaptive_avg_pool2d(out, (1, 1))
        return self.classifier(torch.flatten(out, 1))


class MBConv(nn.Module):
    def __init__(self, expand, k, stride, cin, cout):
        super().__init__()
        mid = cin * expand
        self.use_res_connect = stride == 1 and cin == cout
        layers = [conv_bn(cin, mid, 1, act=nn.SiLU)] if expand > 1 else []
        self.block = nn.Sequential(*layers, conv_bn(mid, mid, k, stride, mid, act=nn.SiLU),
                                   SqueezeExcitation(mid, max(1, cin // 4), nn.SiLU, nn.Sigmoid), conv_bn(mid, cout, 1, act=None))

    def forward(self, x):
        result = self.block(x)
        if self.use_res_connect:
            result = result + x
        return result


@network('efficientnet_b0', (1, 3, 64, 64), script=True)
class EfficientNet(nn.Module):
    def __init__(self):
        super().__init__()
        layers, cin = [conv_bn(3, 8, 3, 2, act=nn.SiLU)], 8
        for t, k, s, c, n in [(1, 3, 1, 4, 1), (6, 3, 2, 8, 2), (6, 5, 2, 12, 2), (6, 3, 2, 20, 2), (6, 5, 1, 28, 2), (6, 5, 2, 48, 2)]:
            layers.append(nn.Sequential(*[MBConv(t, k, s if i == 0 else 1, cin if i == 0 else c, c) for i in range(n)]))
            cin = c
        self.features = nn.Sequential(*layers, conv_bn(cin, 160, 1, act=nn.SiLU))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(0.2, inplace=True), nn.Linear(160, 10))

    def forward(self, x):
        x = self.avgpool(self.features(x))
        return self.classifier(torch.flatten(x, 1))


class BasicConv2d(nn.Module):
    def __init__(self, cin, cout, **kwargs):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, bias=False, **kwargs)
        self.bn = nn.BatchNorm2d(cout, eps=0.001)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)), inplace=True)


class Inception(nn.Module):
    def __init__(self, cin, c1, c3r, c3, c5r, c5, pool):
        super().__init__()
        self.branch1 = BasicConv2d(cin, c1, kernel_size=1)
        self.branch2 = nn.Sequential(BasicConv2d(cin, c3r, kernel_size=1), BasicConv2d(c3r, c3, kernel_size=3, padding=1))
        self.branch3 = nn.Sequential(BasicConv2d(cin, c5r, kernel_size=1), BasicConv2d(c5r, c5, kernel_size=3, padding=1))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, 1, 1, ceil_mode=True), BasicConv2d(cin, pool, kernel_size=1))

    def forward(self, x):
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


@network('googlenet', (1, 3, 64, 64), script=True)
class GoogLeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = BasicConv2d(3, 16, kernel_size=7, stride=2, padding=3)
        self.maxpool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2, self.conv3 = BasicConv2d(16, 16, kernel_size=1), BasicConv2d(16, 48, kernel_size=3, padding=1)
        self.maxpool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.inception3a, self.inception3b = Inception(48, 16, 24, 32, 4, 8, 8), Inception(64, 32, 32, 48, 8, 24, 16)
        self.maxpool3 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.inception4a, self.inception4b = Inception(120, 48, 24, 52, 4, 12, 16), Inception(128, 40, 28, 56, 6, 16, 16)
        self.maxpool4 = nn.MaxPool2d(2, 2, ceil_mode=True)
        self.inception5 = Inception(128, 64, 40, 80, 8, 32, 32)
        self.avgpool, self.dropout, self.fc = nn.AdaptiveAvgPool2d((1, 1)), nn.Dropout(0.2), nn.Linear(208, 10)

    def forward(self, x):
        x0 = torch.unsqueeze(x[:, 0], 1) * (0.229 / 0.5) + (0.485 - 0.5) / 0.5       # torchvision's _transform_input
        x1 = torch.unsqueeze(x[:, 1], 1) * (0.224 / 0.5) + (0.456 - 0.5) / 0.5
        x2 = torch.unsqueeze(x[:, 2], 1) * (0.225 / 0.5) + (0.406 - 0.5) / 0.5
        x = torch.cat((x0, x1, x2), 1)
        x = self.maxpool2(self.conv3(self.conv2(self.maxpool1(self.conv1(x)))))
        x = self.maxpool3(self.inception3b(self.inception3a(x)))
        x = self.inception5(self.maxpool4(self.inception4b(self.inception4a(x))))
        return self.fc(self.dropout(torch.flatten(self.avgpool(x), 1)))


class LayerNorm2d(nn.LayerNorm):
    def forward(self, x):
        x = x.permute(0, 2, 3, 1)
        x = F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


class Permute(nn.Module):
    def __init__(self, dims: typing.List[int]):
        super().__init__()
        self.dims = dims

    def forward(self, x):
        return torch.permute(x, self.dims)


class CNBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.block = nn.Sequential(nn.Conv2d(dim, dim, 7, padding=3, groups=dim), Permute([0, 2, 3, 1]), nn.LayerNorm(dim, eps=1e-6),
                                   nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim), Permute([0, 3, 1, 2]))
        self.layer_scale = nn.Parameter(torch.ones(dim, 1, 1))

    def forward(self, x):
        return self.layer_scale * self.block(x) + x


@network('convnext', (1, 3, 64, 64), script=True)
class ConvNeXt(nn.Module):
    def __init__(self, dims=(24, 48, 96), depths=(2, 2, 2)):
        super().__init__()
        layers = [nn.Sequential(nn.Conv2d(3, dims[0], 4, 4), LayerNorm2d(dims[0], eps=1e-6))]
        for i, (dim, depth) in enumerate(zip(dims, depths)):
            layers.append(nn.Sequential(*[CNBlock(dim) for _ in range(depth)]))
            if i + 1 < len(dims):
                layers.append(nn.Sequential(LayerNorm2d(dim, eps=1e-6), nn.Conv2d(dim, dims[i + 1], 2, 2)))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(LayerNorm2d(dims[-1], eps=1e-6), nn.Flatten(1), nn.Linear(dims[-1], 10))

    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)))


# ---- dense outputs ----

class DoubleConv(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.double_conv = nn.Sequential(conv_bn(cin, cout), conv_bn(cout, cout))

    def forward(self, x):
        return self.double_conv(x)


class Up(nn.Module):
    def __init__(self, cin, cout, bilinear: bool):
        super().__init__()
        self.up = nn.Upsample(scale_factor=2, mode='bilinear', align_corners=True) if bilinear else nn.ConvTranspose2d(cin // 2, cin // 2, 2, 2)
        self.conv = DoubleConv(cin, cout)

    def forward(self, x1, x2):
        x1 = self.up(x1)
        dy = x2.size()[2] - x1.size()[2]
        dx = x2.size()[3] - x1.size()[3]
        x1 = F.pad(x1, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])
        return self.conv(torch.cat([x2, x1], dim=1))


@network('unet', (1, 3, 60, 52), script=True)
class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.inc = DoubleConv(3, 16)
        self.down1 = nn.Sequential(nn.MaxPool2d(2), DoubleConv(16, 32))
        self.down2 = nn.Sequential(nn.MaxPool2d(2), DoubleConv(32, 64))
        self.down3 = nn.Sequential(nn.MaxPool2d(2), DoubleConv(64, 64))
        self.up1, self.up2, self.up3 = Up(128, 32, False), Up(64, 16, True), Up(32, 16, False)
        self.outc = nn.Conv2d(16, 2, 1)

    def forward(self, x):
        x1 = self.inc(x)
        x2 = self.down1(x1)
        x3 = self.down2(x2)
        x4 = self.down3(x3)
        return self.outc(self.up3(self.up2(self.up1(x4, x3), x2), x1))


class C2f(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.c = cout // 2
        self.cv1, self.cv2 = conv_bn(cin, cout, 1, act=nn.SiLU), conv_bn(3 * self.c, cout, 1, act=nn.SiLU)
        self.m = nn.Sequential(conv_bn(self.c, self.c, act=nn.SiLU), conv_bn(self.c, self.c, act=nn.SiLU))

    def forward(self, x):
        y = list(self.cv1(x).chunk(2, 1))
        y.append(y[-1] + self.m(y[-1]))
        return self.cv2(torch.cat(y, 1))


class SPPF(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.cv1, self.cv2 = conv_bn(c, c // 2, 1, act=nn.SiLU), conv_bn(c * 2, c, 1, act=nn.SiLU)
        self.m = nn.MaxPool2d(5, 1, 2)

    def forward(self, x):
        x = self.cv1(x)
        y1 = self.m(x)
        y2 = self.m(y1)
        return self.cv2(torch.cat((x, y1, y2, self.m(y2)), 1))


class Detect(nn.Module):
    """Three scales, boxes as distributions over distances, decoded to centre, size and class scores."""

    def __init__(self, channels, classes=4, reg=8):
        super().__init__()
        self.nc, self.reg, self.no, self.strides = classes, reg, classes + 4 * reg, [8., 16., 32.]
        self.cv2 = nn.ModuleList([nn.Sequential(conv_bn(c, 16, act=nn.SiLU), nn.Conv2d(16, 4 * reg, 1)) for c in channels])
        self.cv3 = nn.ModuleList([nn.Sequential(conv_bn(c, 16, act=nn.SiLU), nn.Conv2d(16, classes, 1)) for c in channels])
        self.dfl = nn.Conv2d(reg, 1, 1, bias=False).requires_grad_(False)

    def forward(self, xs):
        xs = [torch.cat((a(x), b(x)), 1) for x, a, b in zip(xs, self.cv2, self.cv3)]
        anchors, strides = [], []
        for x, s in zip(xs, self.strides):
            h, w = x.shape[2:]
            sy, sx = torch.meshgrid(torch.arange(h, dtype=x.dtype) + 0.5, torch.arange(w, dtype=x.dtype) + 0.5, indexing='ij')
            anchors.append(torch.stack((sx, sy), -1).view(-1, 2))
            strides.append(torch.full((h * w, 1), s, dtype=x.dtype))
        anchors, strides = torch.cat(anchors).transpose(0, 1), torch.cat(strides).transpose(0, 1)
        box, cls = torch.cat([x.view(xs[0].shape[0], self.no, -1) for x in xs], 2).split((4 * self.reg, self.nc), 1)
        b, _, a = box.shape
        distance = self.dfl(box.view(b, 4, self.reg, a).transpose(2, 1).softmax(1)).view(b, 4, a)
        lt, rb = distance.chunk(2, 1)
        x1y1, x2y2 = anchors.unsqueeze(0) - lt, anchors.unsqueeze(0) + rb
        dbox = torch.cat(((x1y1 + x2y2) / 2, x2y2 - x1y1), 1) * strides
        return torch.cat((dbox, cls.sigmoid()), 1)


@network('yolo', (1, 3, 64, 96))
class Yolo(nn.Module):
    def __init__(self):
        super().__init__()
        cb = lambda i, o: conv_bn(i, o, 3, 2, act=nn.SiLU)
        self.stem = nn.Sequential(cb(3, 8), cb(8, 16), C2f(16, 16))
        self.p3, self.p4 = nn.Sequential(cb(16, 16), C2f(16, 16)), nn.Sequential(cb(16, 32), C2f(32, 32))
        self.p5 = nn.Sequential(cb(32, 64), C2f(64, 64), SPPF(64))
        self.up = nn.Upsample(scale_factor=2, mode='nearest')
        self.n4, self.n3 = C2f(96, 32), C2f(48, 16)
        self.d4, self.m4, self.d5, self.m5 = cb(16, 16), C2f(48, 32), cb(32, 32), C2f(96, 64)
        self.detect = Detect([16, 32, 64])

    def forward(self, x):
        p3 = self.p3(self.stem(x))
        p4 = self.p4(p3)
        p5 = self.p5(p4)
        n4 = self.n4(torch.cat([self.up(p5), p4], 1))
        n3 = self.n3(torch.cat([self.up(n4), p3], 1))
        m4 = self.m4(torch.cat([self.d4(n3), n4], 1))
        return self.detect([n3, m4, self.m5(torch.cat([self.d5(m4), p5], 1))])


@network('espcn', (1, 1, 24, 32), script=True)
class SuperResolution(nn.Module):
    def __init__(self, upscale=3):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 16, 5, 1, 2), nn.Conv2d(16, 16, 3, 1, 1)
        self.act = nn.PReLU(16)
        self.conv3 = nn.Conv2d(16, upscale ** 2, 3, 1, 1)
        self.pixel_shuffle = nn.PixelShuffle(upscale)

    def forward(self, x):
        y = torch.tanh(self.conv1(x))
        y = self.act(self.conv2(y))
        base = F.interpolate(x, scale_factor=3.0, mode='bicubic', align_corners=False)
        return torch.clamp(self.pixel_shuffle(self.conv3(y)) + base, -2.0, 2.0)


# ---- sequences ----

@network('audio1d', (1, 1, 2000), script=True)
class Audio1d(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv1d(1, 16, 80, 4), nn.BatchNorm1d(16)
        self.pool = nn.MaxPool1d(4)
        self.conv2, self.bn2 = nn.Conv1d(16, 16, 3, padding=2, dilation=2), nn.BatchNorm1d(16)
        self.conv3, self.norm3 = nn.Conv1d(16, 32, 3), nn.GroupNorm(4, 32)
        self.fc = nn.Linear(32, 8)

    def forward(self, x):
        x = self.pool(F.relu(self.bn1(self.conv1(x))))
        x = self.pool(F.leaky_relu(self.bn2(self.conv2(x)), 0.1))
        x = F.elu(self.norm3(self.conv3(x)))
        x = F.avg_pool1d(x, x.shape[-1])
        x = self.fc(x.permute(0, 2, 1))
        return F.log_softmax(x, dim=2)


@network('lstm_tagger', (1, 12, 16), script=True)
class LSTMTagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(16, 24, num_layers=2, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(48, 6)

    def forward(self, x):
        y, _ = self.lstm(x)
        return F.log_softmax(self.fc(y), dim=-1)


@network('lstm_last', (1, 12, 16), script=True)
class LSTMLast(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(16, 24, batch_first=True)
        self.fc = nn.Linear(24, 6)

    def forward(self, x):
        _, (h, _) = self.lstm(x)
        return self.fc(h[-1])


@network('gru_tagger', (12, 1, 16), script=True)
class GRUTagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(16, 24)
        self.fc = nn.Linear(24, 6)

    def forward(self, x):
        y, _ = self.gru(x)
        return torch.softmax(self.fc(y), 2)


@network('gru_last', (1, 12, 16), script=True)
class GRULast(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(16, 24, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(48, 6)

    def forward(self, x):
        y, h = self.gru(x)
        return self.fc(y[:, -1, :]) + self.fc(torch.cat((h[-2], h[-1]), dim=1))


# ---- transformers ----

class EncoderBlock(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(dim, eps=1e-6), nn.LayerNorm(dim, eps=1e-6)
        self.self_attention = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.dropout = nn.Dropout(0.1)
        self.mlp = nn.Sequential(nn.Linear(dim, dim * 2), nn.GELU(), nn.Dropout(0.1), nn.Linear(dim * 2, dim), nn.Dropout(0.1))

    def forward(self, x):
        y = self.ln_1(x)
        y, _ = self.self_attention(y, y, y, need_weights=False)
        x = self.dropout(y) + x
        return x + self.mlp(self.ln_2(x))


@network('vit', (1, 3, 64, 64))
class ViT(nn.Module):
    def __init__(self, dim=48, heads=4, patch=16, size=64):
        super().__init__()
        self.dim, self.patch = dim, patch
        self.conv_proj = nn.Conv2d(3, dim, patch, patch)
        self.class_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embedding = nn.Parameter(torch.zeros(1, (size // patch) ** 2 + 1, dim))
        self.layers = nn.Sequential(*[EncoderBlock(dim, heads) for _ in range(2)])
        self.ln = nn.LayerNorm(dim, eps=1e-6)
        self.head = nn.Linear(dim, 10)

    def forward(self, x):
        n, c, h, w = x.shape
        x = self.conv_proj(x).reshape(n, self.dim, (h // self.patch) * (w // self.patch)).permute(0, 2, 1)
        x = torch.cat([self.class_token.expand(n, -1, -1), x], dim=1)
        x = self.ln(self.layers(x + self.pos_embedding))
        return self.head(x[:, 0])


class TimmAttention(nn.Module):
    def __init__(self, dim, heads, fused):
        super().__init__()
        self.num_heads, self.head_dim, self.fused = heads, dim // heads, fused
        self.scale = self.head_dim ** -0.5
        self.qkv = nn.Linear(dim, dim * 3)
        self.proj, self.proj_drop = nn.Linear(dim, dim), nn.Dropout(0.1)

    def forward(self, x):
        B, N, C = x.shape
        qkv = self.qkv(x).reshape(B, N, 3, self.num_heads, self.head_dim).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        if self.fused:
            x = F.scaled_dot_product_attention(q, k, v, dropout_p=0.)
        else:
            attn = (q * self.scale) @ k.transpose(-2, -1)
            x = attn.softmax(dim=-1) @ v
        x = x.transpose(1, 2).reshape(B, N, C)
        return self.proj_drop(self.proj(x))


class LayerScale(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        return x * self.gamma


class TimmBlock(nn.Module):
    def __init__(self, dim, heads, fused):
        super().__init__()
        self.norm1, self.attn, self.ls1 = nn.LayerNorm(dim, eps=1e-6), TimmAttention(dim, heads, fused), LayerScale(dim)
        self.norm2, self.ls2 = nn.LayerNorm(dim, eps=1e-6), LayerScale(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, dim * 2), nn.GELU(), nn.Linear(dim * 2, dim))

    def forward(self, x):
        x = x + self.ls1(self.attn(self.norm1(x)))
        return x + self.ls2(self.mlp(self.norm2(x)))


@network('vit_timm', (1, 3, 64, 64))
class TimmViT(nn.Module):
    def __init__(self, dim=48, heads=4):
        super().__init__()
        self.patch_embed = nn.Conv2d(3, dim, 16, 16)
        self.cls_token, self.pos_embed = nn.Parameter(torch.zeros(1, 1, dim)), nn.Parameter(torch.zeros(1, 17, dim))
        self.blocks = nn.Sequential(TimmBlock(dim, heads, True), TimmBlock(dim, heads, False))
        self.norm, self.head = nn.LayerNorm(dim, eps=1e-6), nn.Linear(dim, 10)

    def forward(self, x):
        x = self.patch_embed(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], dim=1) + self.pos_embed
        x = self.norm(self.blocks(x))
        return self.head(x[:, 1:].mean(dim=1))


def window_partition(x, ws: int):
    B, H, W, C = x.shape
    x = x.view(B, H // ws, ws, W // ws, ws, C)
    return x.permute(0, 1, 3, 2, 4, 5).contiguous().view(-1, ws, ws, C)


def window_reverse(windows, ws: int, H: int, W: int):
    B = int(windows.shape[0] / (H * W / ws / ws))
    x = windows.view(B, H // ws, W // ws, ws, ws, -1)
    return x.permute(0, 1, 3, 2, 4, 5).contiguous().view(B, H, W, -1)


class SwinBlock(nn.Module):
    def __init__(self, dim, heads, size, ws, shift):
        super().__init__()
        self.heads, self.size, self.ws, self.shift = heads, size, ws, shift
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.qkv, self.proj = nn.Linear(dim, dim * 3), nn.Linear(dim, dim)
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * ws - 1) ** 2, heads))
        coords = torch.stack(torch.meshgrid(torch.arange(ws), torch.arange(ws), indexing='ij')).flatten(1)
        rel = (coords[:, :, None] - coords[:, None, :] + ws - 1).permute(1, 2, 0)
        self.register_buffer('relative_position_index', rel[:, :, 0] * (2 * ws - 1) + rel[:, :, 1])
        self.mlp = nn.Sequential(nn.Linear(dim, dim * 2), nn.GELU(), nn.Linear(dim * 2, dim))
        mask = None
        if shift > 0:
            img = torch.zeros((1, size, size, 1))
            cuts, cnt = (slice(0, -ws), slice(-ws, -shift), slice(-shift, None)), 0
            for h in cuts:
                for w in cuts:
                    img[:, h, w, :] = cnt
                    cnt += 1
            m = window_partition(img, ws).view(-1, ws * ws)
            m = m.unsqueeze(1) - m.unsqueeze(2)
            mask = m.masked_fill(m != 0, float(-100.0)).masked_fill(m == 0, float(0.0))
        self.register_buffer('attn_mask', mask)

    def attention(self, x):
        B_, N, C = x.shape
        qkv = self.qkv(x).reshape(B_, N, 3, self.heads, C // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        attn = q * (C // self.heads) ** -0.5 @ k.transpose(-2, -1)
        bias = self.relative_position_bias_table[self.relative_position_index.view(-1)].view(N, N, -1)
        attn = attn + bias.permute(2, 0, 1).contiguous().unsqueeze(0)
        if self.attn_mask is not None:
            nW = self.attn_mask.shape[0]
            attn = attn.view(B_ // nW, nW, self.heads, N, N) + self.attn_mask.unsqueeze(1).unsqueeze(0)
            attn = attn.view(-1, self.heads, N, N)
        attn = attn.softmax(-1)
        return self.proj((attn @ v).transpose(1, 2).reshape(B_, N, C))

    def forward(self, x):
        H, W = self.size, self.size
        B, L, C = x.shape
        shortcut = x
        x = self.norm1(x).view(B, H, W, C)
        if self.shift > 0:
            x = torch.roll(x, shifts=(-self.shift, -self.shift), dims=(1, 2))
        windows = window_partition(x, self.ws).view(-1, self.ws * self.ws, C)
        x = window_reverse(self.attention(windows).view(-1, self.ws, self.ws, C), self.ws, H, W)
        if self.shift > 0:
            x = torch.roll(x, shifts=(self.shift, self.shift), dims=(1, 2))
        x = shortcut + x.view(B, H * W, C)
        return x + self.mlp(self.norm2(x))


class PatchMerging(nn.Module):
    def __init__(self, size, dim):
        super().__init__()
        self.size, self.reduction, self.norm = size, nn.Linear(4 * dim, 2 * dim, bias=False), nn.LayerNorm(4 * dim)

    def forward(self, x):
        B, L, C = x.shape
        x = x.view(B, self.size, self.size, C)
        x = torch.cat([x[:, 0::2, 0::2, :], x[:, 1::2, 0::2, :], x[:, 0::2, 1::2, :], x[:, 1::2, 1::2, :]], -1)
        return self.reduction(self.norm(x.view(B, -1, 4 * C)))


@network('swin', (1, 3, 64, 64))
class Swin(nn.Module):
    def __init__(self, dim=24):
        super().__init__()
        self.patch_embed, self.norm0 = nn.Conv2d(3, dim, 4, 4), nn.LayerNorm(dim)
        self.layers = nn.Sequential(SwinBlock(dim, 2, 16, 4, 0), SwinBlock(dim, 2, 16, 4, 2), PatchMerging(16, dim),
                                    SwinBlock(dim * 2, 4, 8, 4, 0), SwinBlock(dim * 2, 4, 8, 4, 2))
        self.norm, self.avgpool, self.head = nn.LayerNorm(dim * 2), nn.AdaptiveAvgPool1d(1), nn.Linear(dim * 2, 10)

    def forward(self, x):
        x = self.norm0(self.patch_embed(x).flatten(2).transpose(1, 2))
        x = self.norm(self.layers(x))
        x = torch.flatten(self.avgpool(x.transpose(1, 2)), 1)
        return self.head(x)


class BertLayer(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads, self.head_dim = heads, dim // heads
        self.query, self.key, self.value, self.dense = nn.Linear(dim, dim), nn.Linear(dim, dim), nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.norm1, self.norm2, self.dropout = nn.LayerNorm(dim, eps=1e-12), nn.LayerNorm(dim, eps=1e-12), nn.Dropout(0.1)
        self.up, self.down = nn.Linear(dim, dim * 2), nn.Linear(dim * 2, dim)

    def split(self, x):
        return x.view(x.size()[:-1] + (self.heads, self.head_dim)).permute(0, 2, 1, 3)

    def forward(self, x, mask):
        q, k, v = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        scores = torch.matmul(q, k.transpose(-1, -2)) / self.head_dim ** 0.5 + mask
        context = torch.matmul(self.dropout(F.softmax(scores, dim=-1)), v).permute(0, 2, 1, 3).contiguous()
        context = context.view(context.size()[:-2] + (self.heads * self.head_dim,))
        x = self.norm1(self.dense(context) + x)
        return self.norm2(self.dropout(self.down(F.gelu(self.up(x)))) + x)


def tokens(i):
    length = (10, 14)[i]
    mask = torch.ones(1, length, dtype=torch.long)
    mask[0, 7:] = 0
    return torch.randint(1, 50, (1, length)), mask


@network('bert', inputs=tokens)
class Bert(nn.Module):
    def __init__(self, vocabulary=50, dim=32, heads=4):
        super().__init__()
        self.word_embeddings = nn.Embedding(vocabulary, dim, padding_idx=0)
        self.position_embeddings, self.token_type_embeddings = nn.Embedding(32, dim), nn.Embedding(2, dim)
        self.register_buffer('position_ids', torch.arange(32).expand((1, -1)))
        self.norm, self.layer = nn.LayerNorm(dim, eps=1e-12), nn.ModuleList([BertLayer(dim, heads) for _ in range(2)])
        self.transform, self.decoder = nn.Linear(dim, dim), nn.Linear(dim, vocabulary)
        self.decoder.weight = self.word_embeddings.weight                            # tied

    def forward(self, input_ids, attention_mask):
        seq = input_ids.size(1)
        mask = (1.0 - attention_mask[:, None, None, :].to(torch.float32)) * torch.finfo(torch.float32).min
        types = torch.zeros(input_ids.size(), dtype=torch.long)
        x = self.word_embeddings(input_ids) + self.token_type_embeddings(types)
        x = self.norm(x + self.position_embeddings(self.position_ids[:, :seq]))
        for layer in self.layer:
            x = layer(x, mask)
        return self.decoder(F.gelu(self.transform(x))), torch.tanh(x[:, 0])


class DecoderBlock(nn.Module):
    def __init__(self, dim, heads, block_size):
        super().__init__()
        self.n_head, self.n_embd = heads, dim
        self.ln_1, self.ln_2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.c_attn, self.c_proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.register_buffer('bias', torch.tril(torch.ones(block_size, block_size)).view(1, 1, block_size, block_size))
        self.c_fc, self.c_out = nn.Linear(dim, 2 * dim), nn.Linear(2 * dim, dim)

    def forward(self, x):
        B, T, C = x.size()
        q, k, v = self.c_attn(self.ln_1(x)).split(self.n_embd, dim=2)
        k = k.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
        q = q.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
        v = v.view(B, T, self.n_head, C // self.n_head).transpose(1, 2)
        att = (q @ k.transpose(-2, -1)) * (1.0 / (k.size(-1) ** 0.5))
        att = F.softmax(att.masked_fill(self.bias[:, :, :T, :T] == 0, float('-inf')), dim=-1)
        x = x + self.c_proj((att @ v).transpose(1, 2).contiguous().view(B, T, C))
        h = self.c_fc(self.ln_2(x))
        h = 0.5 * h * (1.0 + torch.tanh(0.7978845608028654 * (h + 0.044715 * torch.pow(h, 3.0))))
        return x + self.c_out(h)


@network('decoder', inputs=lambda i: (torch.randint(0, 50, (1, (9, 13)[i])),))
class Decoder(nn.Module):
    def __init__(self, vocabulary=50, dim=32, heads=4, block_size=16):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocabulary, dim), nn.Embedding(block_size, dim)
        self.h = nn.ModuleList([DecoderBlock(dim, heads, block_size) for _ in range(2)])
        self.ln_f, self.lm_head = nn.LayerNorm(dim), nn.Linear(dim, vocabulary, bias=False)

    def forward(self, idx):
        b, t = idx.size()
        pos = torch.arange(0, t, dtype=torch.long)
        x = self.wte(idx) + self.wpe(pos)
        for block in self.h:
            x = block(x)
        return self.lm_head(self.ln_f(x))


# ---- shapes of graphs ----

class SpectralConv(nn.Module):
    """Of a Fourier neural operator: the lowest frequencies of both signs, mixed by complex weights."""
    def __init__(self, width, modes):
        super().__init__()
        self.modes = modes
        self.low = nn.Parameter(torch.randn(width, width, modes, modes, dtype=torch.cfloat))
        self.high = nn.Parameter(torch.randn(width, width, modes, modes, dtype=torch.cfloat))

    def forward(self, x):
        m = self.modes
        f = torch.fft.rfft2(x)
        y = torch.zeros(x.shape[0], x.shape[1], x.size(-2), x.size(-1) // 2 + 1, dtype=torch.cfloat)
        y[:, :, :m, :m] = torch.einsum('bixy,ioxy->boxy', f[:, :, :m, :m], self.low)
        y[:, :, -m:, :m] = torch.einsum('bixy,ioxy->boxy', f[:, :, -m:, :m], self.high)
        return torch.fft.irfft2(y, s=(x.size(-2), x.size(-1)))


@network('fourier_operator', (1, 2, 16, 20))
class FourierOperator(nn.Module):
    def __init__(self):
        super().__init__()
        self.lift, self.project = nn.Conv2d(2, 6, 1), nn.Conv2d(6, 1, 1)
        self.spectral = nn.ModuleList(SpectralConv(6, 4) for _ in range(2))
        self.local = nn.ModuleList(nn.Conv2d(6, 6, 1) for _ in range(2))

    def forward(self, x):
        x = self.lift(x)
        for spectral, local in zip(self.spectral, self.local):
            x = F.gelu(spectral(x) + local(x))
        return self.project(x)


@network('fourier_unit', (1, 8, 12, 16))
class FourierUnit(nn.Module):
    """The fast Fourier convolution of an inpainting network: real and imaginary parts are channels."""
    def __init__(self):
        super().__init__()
        self.conv = conv_bn(16, 16, 1)

    def forward(self, x):
        batch, c, h, w = x.shape
        f = torch.fft.rfftn(x, dim=(-2, -1), norm='ortho')
        f = torch.stack((f.real, f.imag), dim=-1).permute(0, 1, 4, 2, 3).contiguous().view(batch, -1, h, w // 2 + 1)
        f = torch.relu(self.conv(f)).view(batch, -1, 2, h, w // 2 + 1).permute(0, 1, 3, 4, 2).contiguous()
        return x + torch.fft.irfftn(torch.complex(f[..., 0], f[..., 1]), s=(h, w), dim=(-2, -1), norm='ortho')


@network('speech_mask', (1, 800))
class SpeechMask(nn.Module):
    """Masks the spectrogram of a signal and turns it back into one."""
    def __init__(self):
        super().__init__()
        self.register_buffer('window', torch.hann_window(64))
        self.gru, self.fc = nn.GRU(33, 24, batch_first=True, bidirectional=True), nn.Linear(48, 33)

    def forward(self, x):
        z = torch.stft(x, 64, 16, window=self.window, return_complex=True)
        h, _ = self.gru(torch.log1p(z.abs()).transpose(1, 2))
        return torch.istft(z * torch.sigmoid(self.fc(h)).transpose(1, 2), 64, 16, window=self.window, length=x.shape[-1])


@network('rotary', (1, 10, 32))
class Rotary(nn.Module):
    """Attention with rotary positions, as Llama's authors wrote it: pairs of channels are complex numbers."""
    def __init__(self):
        super().__init__()
        self.qkv, self.out = nn.Linear(32, 96), nn.Linear(32, 32)
        angles = torch.outer(torch.arange(16.), 100. ** (-torch.arange(0, 8, 2) / 8))
        self.register_buffer('turns', torch.polar(torch.ones_like(angles), angles))

    def turn(self, x):
        z = torch.view_as_complex(x.float().reshape(*x.shape[:-1], -1, 2))
        return torch.view_as_real(z * self.turns[:x.shape[1]].view(1, x.shape[1], 1, -1)).flatten(3).type_as(x)

    def forward(self, x):
        q, k, v = self.qkv(x).view(x.shape[0], x.shape[1], 3, 4, 8).unbind(2)
        y = F.scaled_dot_product_attention(self.turn(q).transpose(1, 2), self.turn(k).transpose(1, 2), v.transpose(1, 2), is_causal=True)
        return self.out(y.transpose(1, 2).flatten(2))


@network('two_in_three_out', (1, 3, 32, 32), (1, 6, 16, 16), script=True)
class TwoInThreeOut(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = conv_bn(3, 8, 3, 2), conv_bn(6, 8, 1)
        self.joined, self.fc = conv_bn(16, 8, 3), nn.Linear(8, 5)
        self.up = nn.ConvTranspose2d(8, 4, 4, 2, 1)

    def forward(self, a, b):
        l, r = self.left(a), self.right(b)
        j = self.joined(torch.cat([l * 0.5, 1.0 - r], dim=1)) + l
        return self.up(j), torch.sigmoid(r - l), self.fc(j.mean(dim=(2, 3)))


@network('prompt', inputs=lambda i: (torch.randn(2, 7, 2), torch.tensor([[-1, 0, 1, 0, 2, 2, -1], [1, 1, 0, -1, 0, 2, 0]])))
class Prompt(nn.Module):
    """The prompt encoder of a segmentation network: writes through masks, each label has its own vector."""

    def __init__(self):
        super().__init__()
        self.register_buffer('gaussian', torch.randn(2, 4))
        self.points = nn.ModuleList([nn.Embedding(1, 8) for _ in range(2)])
        self.nothing = nn.Embedding(1, 8)

    def forward(self, points, labels):
        y = torch.cat([torch.sin(points @ self.gaussian), torch.cos(points @ self.gaussian)], -1)
        y[labels == -1] = 0.0
        y[labels == -1] += self.nothing.weight
        y[labels == 0] += self.points[0].weight[0]
        y[labels == 1] += self.points[1].weight[0]
        y[labels == 2] *= 0.1
        z = y * 1
        z[z < 0] = 0.0
        z[z > 0.5] = torch.tensor(1.5)
        z[z == 0] = torch.exp(-y[z == 0]) * 2 + 0.25
        return y, z


class QuantisedBlock(nn.Module):
    """Two convolutions around which the input goes, or, with a stride, a third."""

    def __init__(self, wide, out, stride):
        super().__init__()
        self.a, self.an, self.ar = nn.Conv2d(wide, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out), nn.ReLU()
        self.b, self.bn = nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out)
        self.c, self.cn = (nn.Conv2d(wide, out, 1, stride, bias=False), nn.BatchNorm2d(out)) if stride > 1 else (None, None)
        self.sum = torch.ao.nn.quantized.FloatFunctional()

    def forward(self, x):
        around = x if self.c is None else self.cn(self.c(x))
        return self.sum.add_relu(self.bn(self.b(self.ar(self.an(self.a(x))))), around)

    def fused(self, path):
        return [f'{path}.{p}' + f' {path}.'.join(['', *rest]) for p, *rest in (['a', 'an', 'ar'], ['b', 'bn'], *([['c', 'cn']] if self.c else []))]


def quantised_resnet(blocks=((16, 1), (32, 2)), wide=16, make=quantised.after_training, size=32, **options):
    layers = [nn.Conv2d(3, wide, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2)]
    for out, stride in blocks:
        layers.append(QuantisedBlock(wide, out, stride))
        wide = out
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(wide, 10))
    fuse = ['0 1'] + [name for i, m in enumerate(net) if isinstance(m, QuantisedBlock) for name in m.fused(str(i))]
    return make(net, (1, 3, size, size), fuse=fuse, **options)


@network('int8_resnet', (1, 3, 32, 32))
def int8_resnet():
    return quantised_resnet()


@network('int8_resnet_qat', (1, 3, 32, 32))
def int8_resnet_qat():
    return quantised_resnet(make=quantised.in_training)


@network('int8_depthwise', (1, 3, 24, 24))
def int8_depthwise():
    def point(a, b):
        return [nn.Conv2d(a, b, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU()]

    def depth(a, stride):
        return [nn.Conv2d(a, a, 3, stride, 1, groups=a, bias=False), nn.BatchNorm2d(a), nn.ReLU()]
    net = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), *depth(16, 1), *point(16, 24), *depth(24, 2), *point(24, 32),
                        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 6))
    return quantised.after_training(net, (1, 3, 24, 24), fuse=[f'{i} {i + 1} {i + 2}' for i in range(0, 15, 3)])


@network('int8_mlp', (1, 40))
def int8_mlp():
    return quantised.after_training(nn.Sequential(nn.Linear(40, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 7)), (1, 40), fuse=['0 1', '2 3'], engine='qnnpack')


def save(name, path, script=False, freeze=False):
    """Saves the TorchScript; returns the network and its example inputs."""
    net, inputs = make(name), example(name)
    saved = torch.jit.script(net) if script else torch.jit.trace(net, inputs, check_trace=False)
    if freeze:
        saved = torch.jit.freeze(saved)
    saved.save(path)
    return net, inputs


def main(arguments):
    flags = {a for a in arguments if a.startswith('--')}
    names = [a for a in arguments if not a.startswith('--')]
    if not names:
        for n in NETWORKS.values():
            shapes = ','.join(str(list(x.shape)).replace(' ', '') for x in example(n.name))
            print(n.name, shapes, 'script' if n.script else '-', 'ncnn' if n.ncnn else '-')
        return 0
    if len(names) != 2 or names[0] not in NETWORKS or flags - {'--script', '--freeze'}:
        print(__doc__, file=sys.stderr)
        return 2
    save(*names, script='--script' in flags, freeze='--freeze' in flags)
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
