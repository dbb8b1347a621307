"""The cases of the numeric tables: one operator each, with the type that must come out and inputs to run it on.

A table (operators_*.py) is a list of calls of `module` and `function` (`chance`: of random results):

    module("nn.Conv2d", lambda: nn.Conv2d(3, 8, 3, padding=1), (2, 3, 8, 9))
    function("F.relu", F.relu, (2, 3))

An input is a shape (random numbers of a normal distribution), or a function that makes the tensor: `ints(10, 2, 3)`.
`also` has more sets of inputs of other shapes, for the operators that were traced with the first.
"""
import dataclasses
import typing

import torch
from torch import nn

from spelling import spelling

CASES = []


@dataclasses.dataclass
class Case:
    name: str                               # unique: what it calls, and on what
    type: str                               # must be among the operators after pt2pnnx; "": no matter
    make: typing.Callable[[], nn.Module]
    inputs: list                            # of shapes and functions
    also: list                              # of such lists
    script: bool                            # also through torch.jit.script
    tolerance: float
    absent: typing.Tuple[str, ...]          # types that must not be left
    random: bool = False                    # the result is: only its computation is tried

    def tensors(self, which=0, seed=0):
        """The inputs as tensors, the same for the same seed."""
        torch.manual_seed(seed + 1)
        inputs = self.inputs if which == 0 else self.also[which - 1]
        return tuple(i() if callable(i) else torch.randn(i) for i in inputs)

    def network(self, seed=0):
        """The module in eval mode, its parameters and statistics random, but for one that is quantised: it was random before."""
        torch.manual_seed(seed)
        net = self.make()
        if hasattr(net, "quantised"):
            return net.eval()
        with torch.no_grad():
            for key, t in list(net.named_parameters()) + list(net.named_buffers()):
                if t.is_floating_point() and key.endswith("running_var"):
                    t.uniform_(0.5, 1.5)
                elif t.is_floating_point() and t.dim() > 0:
                    t.normal_(0, 0.5)
        return net.eval()


class Function(nn.Module):
    """A function as a module."""

    def __init__(self, f):
        super().__init__()
        self.f = f

    def forward(self, *xs):
        return self.f(*xs)


class Inside(nn.Module):
    """A module below another one, so that it has a path."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, *xs):
        return self.inner(*xs)


class InsideOne(Inside):
    """The same with one input: scripts have no `*`."""

    def forward(self, x):
        return self.inner(x)


def _shape(i):
    t = i() if callable(i) else torch.empty(i)
    dtype = str(t.dtype).partition(".")[2]
    return "x".join(map(str, t.shape)) + (dtype if dtype != "float32" else "")


def _add(type_, what, make, inputs, also, script, tolerance, absent):
    """A case named after its content, so that another one before it does not rename it: nn.ReLU()@2x4x8x8."""
    text, short = spelling(what), type_.rpartition(".")[2]
    if text == short or text.startswith(short + "("):
        text = type_ + text[len(short):]
    elif not text.startswith(type_ + "("):
        text = f"{type_}={text}" if type_ else text
    name = text + "".join("@" + _shape(i) for i in inputs)
    if any(c.name == name for c in CASES):
        raise ValueError(f"two cases are the same: {name}")
    CASES.append(Case(name, type_, make, list(inputs), [list(a) for a in also], script, tolerance, absent))


def module(type_, make, *inputs, also=(), script=False, tolerance=1e-4, absent=("aten::",)):
    """A torch.nn module; it sits below another one under the name `inner`."""
    _add(type_, make, lambda: (InsideOne if len(inputs) == 1 else Inside)(make()), inputs, also, script, tolerance, absent)


def function(type_, f, *inputs, also=(), tolerance=1e-4, absent=("aten::",)):
    """A function of tensors."""
    _add(type_, f, lambda: Function(f), inputs, also, False, tolerance, absent)


def chance(type_, f, *inputs):
    """A function whose result is random: it must run in every stage, and its result must have the same form."""
    function(type_, f, *inputs)
    CASES[-1].random = True


def network(type_, make, *inputs, also=(), script=False, tolerance=1e-4, absent=("aten::",)):
    """A module of the table's own, which is the network itself."""
    _add(type_, make, make, inputs, also, script, tolerance, absent)


# Inputs that are not normally distributed floats

def ints(high, *shape, low=0):
    return lambda: torch.randint(low, high, shape)


def bools(*shape):
    return lambda: torch.rand(shape) > 0.5


def positive(*shape):
    return lambda: torch.rand(shape) + 0.1


def unit(*shape):
    """Between -0.9 and 0.9."""
    return lambda: torch.rand(shape) * 1.8 - 0.9


def complexes(*shape):
    return lambda: torch.randn(shape, dtype=torch.complex64)


def tensor(t):
    return lambda: t.clone()
