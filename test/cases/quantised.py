"""Networks as PyTorch quantises them in eager mode: after training, in training, and when they run.

Each is made, sees random inputs, and is converted.  What its results may be in the runtime it says itself: `step`, that of the grid
that they are on, or `coarse`, a tolerance."""
import warnings

import torch
from torch import nn
from torch.ao import quantization

warnings.filterwarnings("ignore")


class Quantised(nn.Module):
    """Floats in and out."""
    quantised = True

    def __init__(self, net):
        super().__init__()
        self.quant, self.net, self.dequant = quantization.QuantStub(), net, quantization.DeQuantStub()

    def forward(self, *xs):
        return self.dequant(self.net(*[self.quant(x) for x in xs]))


def randomise_norms(net):
    for m in net.modules():
        if isinstance(m, nn.modules.batchnorm._BatchNorm):
            m.running_mean.normal_(0, 0.3)
            m.running_var.uniform_(0.5, 1.5)
            m.weight.data.uniform_(0.5, 1.5)
            m.bias.data.normal_(0, 0.3)


def step_of(net, shapes):
    """That of what the network makes floats of at its end; an operator may move its operand's grid."""
    steps = []
    hook = net.dequant.register_forward_pre_hook(lambda m, inputs: steps.append(inputs[0].q_scale()))
    net(*[torch.zeros(s) for s in shapes])
    hook.remove()
    return steps[-1]


def last_step(net):
    """The scale of the module that comes last."""
    scales = [torch.as_tensor(m.scale) for m in net.modules() if isinstance(getattr(m, "scale", None), (float, torch.Tensor))]
    return [float(s) for s in scales if s.numel() == 1][-1]


def calibrated(net, shapes, fuse, config, training):
    net = Quantised(net).train(training)
    randomise_norms(net)
    net.qconfig = config
    fuser = quantization.fuse_modules_qat if training else quantization.fuse_modules
    if fuse:
        net = fuser(net, [["net." + name for name in names.split()] for names in fuse])
    net = (quantization.prepare_qat if training else quantization.prepare)(net)
    for _ in range(3):
        net(*[torch.randn(4 if training else s[0], *s[1:]) for s in shapes])
    return net.eval()


def after_training(net, *shapes, fuse=(), engine="x86", config=None):
    """`fuse` are names of modules that become one."""
    torch.backends.quantized.engine = engine
    net = quantization.convert(calibrated(net, shapes, fuse, config or quantization.get_default_qconfig(engine), False))
    net.step = step_of(net, shapes)
    return net


def in_training(net, *shapes, fuse=(), engine="x86", convert=False):
    """Quantisation is simulated, or, converted, done."""
    torch.backends.quantized.engine = engine
    net = calibrated(net, shapes, fuse, quantization.get_default_qat_qconfig(engine), True)
    net.apply(quantization.disable_observer)
    net = quantization.convert(net) if convert else net
    net.step = last_step(net)
    return net


def when_run(net, *types, config=None):
    """The scales of what layers of these types read are found when they run."""
    torch.backends.quantized.engine = "x86"
    net = quantization.quantize_dynamic(net.eval(), {t: config or quantization.default_dynamic_qconfig for t in types})
    net.quantised, net.coarse = True, 0.05
    return net
