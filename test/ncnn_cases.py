"""pnnx2ncnn on numbers: one table of cases, each a PyTorch module or function with its inputs.

    python test/ncnn_cases.py [WORD]...     those whose name holds a word; all without; prints TAP

A case is traced with torch.fx, whose nodes are what PNNX calls operators (nn.Conv2d, F.relu, torch.cat), and written as
a PNNX model with the shapes that PyTorch gave; pnnx2ncnn converts it with float32 weights, the ncnn runtime runs it,
and PyTorch's own result is what it must be.  So nothing of the other programs is needed, or hides a mistake.
"""
import inspect
import itertools
import operator
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

import ncnn
import numpy
import torch
import torch.fx
import torch.nn.functional as F
from torch import nn

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(os.environ.get('PNNX_BIN', ROOT / 'build' / 'bin'))
TOLERANCE = 1e-3                                # of the largest value
TAGS = {torch.float: 'f32', torch.double: 'f64', torch.half: 'f16', torch.int: 'i32', torch.long: 'i64',
        torch.bool: 'bool', torch.bfloat16: 'bf16'}


# ---- from torch.fx to a PNNX model ----

def read_signatures():
    """Type -> its parameters' names, of the first overload."""
    table = {}
    for line in (ROOT / 'common/operators/signatures.txt').read_text().splitlines():
        if line and not line.startswith('#'):
            name, *parameters = line.split()
            table.setdefault(name, []).append([re.split('[:/]', p)[0] for p in parameters])
    return table


SIGNATURES = read_signatures()
PYTHON = {operator.add: 'torch.add', operator.sub: 'torch.sub', operator.mul: 'torch.mul', operator.truediv: 'torch.div',
          operator.neg: 'torch.neg', operator.pow: 'torch.pow', operator.floordiv: 'torch.floor_divide',
          operator.mod: 'torch.remainder', operator.matmul: 'torch.matmul'}
# Methods that PNNX has as such; the others are functions of torch.
KEPT = {'masked_fill', 'reshape', 'permute', 'expand', 'repeat', 'select', 'unflatten', 'reshape_as', 'expand_as'}
NAMES = {'torch.log_sigmoid': 'F.logsigmoid', 'F._threshold': 'F.threshold'}
WEIGHTS_FIRST = {'F.group_norm', 'F.layer_norm', 'F.rms_norm'}         # in PNNX; in Python after a number or sizes
METHODS = {'view': 'Tensor.reshape', 'reshape': 'Tensor.reshape', 'contiguous': 'torch.clone', 'size': None}


def text(v):
    """A value in the PNNX text."""
    if isinstance(v, (list, tuple, torch.Size)):
        return f'({",".join(text(i) for i in v)})'
    if isinstance(v, float):
        return repr(v)
    if isinstance(v, bool):
        return str(v)
    if isinstance(v, torch.dtype):
        return str(v)
    return str(v)


def shape_text(name, t):
    return f'#{name}=({",".join(map(str, t.shape))}){TAGS[t.dtype]}' if t.dim() else ''


class Writer(torch.fx.Interpreter):
    """Runs a traced module and writes an operator line for each node."""

    def __init__(self, traced):
        super().__init__(traced)
        self.lines, self.weights, self.names = [], {}, {}
        self.operands = 0

    def operand(self, node, value):
        """A new operand, with its shape."""
        name = f'v{self.operands}'
        self.operands += 1
        self.names.setdefault(node, []).append((name, value))
        return name

    def line(self, kind, name, inputs, outputs, rest=''):
        shapes = [shape_text(n, v) for n, v in inputs + outputs if isinstance(v, torch.Tensor)]
        names = ' '.join(n for n, _ in inputs + outputs)
        words = [f'{kind:<24} {name:<16} {len(inputs)} {len(outputs)}', names, rest, *dict.fromkeys(s for s in shapes if s)]
        self.lines.append(' '.join(w for w in words if w))

    def attribute(self, name, tensor):
        tensor = tensor.detach()
        v = (f'v{self.operands}', tensor)
        self.operands += 1
        self.weights[f'{name}.data'] = tensor
        self.line('pnnx.Attribute', name, [], [v], f'@data=({",".join(map(str, tensor.shape))}){TAGS[tensor.dtype]}')
        return v

    def run_node(self, node):
        value = super().run_node(node)
        getattr(self, f'write_{node.op}')(node, value)
        return value

    def write_placeholder(self, node, value):
        self.line('pnnx.Input', node.name, [], [(self.operand(node, value), value)])

    def write_get_attr(self, node, value):
        self.names[node] = [self.attribute(node.name, value)]

    def write_output(self, node, value):
        self.line('pnnx.Output', node.name, [self.operand_of(node.args[0])], [])

    def operand_of(self, arg):
        """The operand of a node, or of a tuple of nodes or of a node with several results."""
        several = not isinstance(arg, (tuple, list)) and isinstance(self.env[arg], (tuple, list))
        if isinstance(arg, (tuple, list)) or several:
            inputs = self.names[arg] if several else [self.operand_of(a) for a in arg]
            v = (f'v{self.operands}', None)
            self.operands += 1
            self.line('prim::TupleConstruct', f'tuple_{self.operands}', inputs, [v])
            return v
        return self.names[arg][0]

    def write_call_module(self, node, value):
        module = self.module.get_submodule(node.target)
        kind = f'nn.{type(module).__name__}'
        parameters = SIGNATURES[kind][0]
        rest = []
        for key in parameters:
            if hasattr(module, key) and not isinstance(getattr(module, key), torch.Tensor):
                rest.append(f'{key}={text(getattr(module, key))}')
        bias = getattr(module, 'bias', getattr(module, 'in_proj_bias', True))      # a parameter, or the constructor's bool
        if 'bias' in parameters and not isinstance(bias, bool):
            rest = [r for r in rest if not r.startswith('bias=')] + [f'bias={bias is not None}']
        for key, w in module.state_dict().items():
            if key != 'num_batches_tracked':
                self.weights[f'{node.name}.{key}'] = w
                rest.append(f'@{key}=({",".join(map(str, w.shape))}){TAGS[w.dtype]}')
        tensors = [a for a in node.args] + [v for v in node.kwargs.values()]
        flat = []
        for a in tensors:
            flat += list(a) if isinstance(a, (tuple, list)) else [a]
        if kind == 'nn.MultiheadAttention':
            q, k, v = node.args[:3]
            mask = node.kwargs.get('attn_mask')
            flat = [q] if q is k is v else [q, k, v]
            rest += [f'${key}={self.names[x][0][0]}' for key, x in zip(('query', 'key', 'value'), flat)]
            if mask is not None:
                flat.append(mask)
                rest.append(f'$attn_mask={self.names[mask][0][0]}')
        inputs = [self.names[a][0] for a in flat]
        self.results(node, kind, inputs, value, ' '.join(rest))

    def results(self, node, kind, inputs, value, rest):
        values = []
        for v in value if isinstance(value, (tuple, list)) else [value]:
            values += v if isinstance(v, tuple) else [v]
        values = [v for v in values if v is not None]
        outputs = [(self.operand(node, v), v) for v in values]
        self.line(kind, node.name, inputs, outputs, rest)

    def write_call_method(self, node, value):
        kind = METHODS.get(node.target, f'Tensor.{node.target}')
        if kind is None:
            return
        args = list(node.args)
        listed = {'Tensor.reshape', 'Tensor.permute', 'Tensor.expand', 'Tensor.repeat'}
        if kind in listed and len(args) > 1 and not isinstance(args[1], (tuple, list)):
            args = [args[0], list(args[1:])]
        if hasattr(torch, node.target) and kind.startswith('Tensor.') and node.target not in KEPT:
            kind = f'torch.{node.target}'
        self.write_call(node, kind, args, dict(node.kwargs), value)

    def write_call_function(self, node, value):
        if node.target is getattr:
            return
        if node.target is operator.getitem:
            return self.write_getitem(node, value)
        kind = PYTHON.get(node.target)
        if kind is None:
            module = 'F' if getattr(F, node.target.__name__, None) is node.target else 'torch'
            kind = f'{module}.{node.target.__name__}'
            kind = NAMES.get(kind, kind)
        args, kwargs = list(node.args), dict(node.kwargs)
        if kind in WEIGHTS_FIRST:
            args, kwargs = args[:1], {**dict(zip(list(inspect.signature(node.target).parameters)[1:], args[1:])), **kwargs}
        self.write_call(node, kind, args, kwargs, value)

    def write_getitem(self, node, value):
        source, index = node.args
        if len(self.names[source]) > 1 or isinstance(self.env[source], (tuple, list)):     # one of several results
            if isinstance(index, int) and isinstance(self.env[source], (tuple, list)):
                flat = [n for n in self.names[source] if n[1] is value]
                self.names[node] = flat or self.names[source][1:]
            return
        dims, x = 0, self.names[source][0]
        for i in index if isinstance(index, tuple) else (index,):
            if i is None:
                kind, rest = 'torch.unsqueeze', f'dim={dims}'
                new = x[1].unsqueeze(dims)
            elif isinstance(i, int):
                kind, rest = 'Tensor.select', f'dim={dims} index={i}'
                new = x[1].select(dims, i)
                dims -= 1
            elif i is Ellipsis:
                dims = x[1].dim() - (len([j for j in index if j is not None]) - index.index(Ellipsis) - 1)
                continue
            else:
                if i != slice(None):
                    kind = 'Tensor.slice'
                    rest = f'dim={dims} start={i.start} end={i.stop} step={i.step or 1}'
                    new = x[1][(slice(None),) * dims + (i,)]
                else:
                    dims += 1
                    continue
            dims += 1
            y = (f'v{self.operands}', new)
            self.operands += 1
            self.line(kind, f'{node.name}_{self.operands}', [x], [y], f'{rest} $input={x[0]}')
            x = y
        self.names[node] = [x]

    def write_call(self, node, kind, args, kwargs, value):
        """An operator with keys for its inputs."""
        if kind == 'torch.einsum':                       # in PNNX the operands come first, however many
            kwargs['equation'], args = args[0], [args[1:]]
        given = set(kwargs)
        for overload in SIGNATURES[kind]:
            tensors = [p for p, a in zip(overload, args) if isinstance(a, torch.fx.Node)]
            if 'dim' not in tensors and len(args) <= len(overload) and given <= set(p.lstrip('*') for p in overload[len(args):]):
                break
            if any(p.startswith('*') for p in overload):
                break
        rest, inputs = [], []
        arguments = list(zip([p.lstrip('*') for p in overload], args)) + list(kwargs.items())
        for i, (key, a) in enumerate(arguments):
            if isinstance(a, torch.fx.Node) and isinstance(self.env.get(a), torch.Tensor):
                inputs.append(self.names[a][0])
                rest.append(f'${key}={inputs[-1][0]}')
            elif isinstance(a, (tuple, list)) and any(isinstance(j, torch.fx.Node) for j in a) and any(
                    isinstance(self.env.get(j), torch.Tensor) for j in a):
                inputs += [self.names[j][0] for j in a]
            else:
                rest.append(f'{key}={text(torch.fx.node.map_arg(a, lambda n: self.env[n]))}')
        self.results(node, kind, inputs, value, ' '.join(rest))


def whole(what, count):
    """A module or function as a module of so many inputs, which torch.fx does not look into from above."""
    names = ', '.join(f'x{i}' for i in range(count))
    scope = {}
    exec(f'def forward(self, {names}): return self.what({names})', scope)
    module = type('Whole', (nn.Module,), {'forward': scope['forward']})()
    module.what = what
    return module


class Tracer(torch.fx.Tracer):
    def is_leaf_module(self, module, name):
        return f'nn.{type(module).__name__}' in SIGNATURES and not isinstance(module, nn.Sequential)


def write_model(module, inputs, stem):
    traced = torch.fx.GraphModule(module, Tracer().trace(module))
    writer = Writer(traced)
    with torch.no_grad():
        writer.run(*inputs)
    count = sum(int(line.split()[3]) for line in writer.lines)
    pathlib.Path(f'{stem}.param').write_text('\n'.join(['7767517', f'{len(writer.lines)} {count}', *writer.lines]) + '\n')
    with zipfile.ZipFile(f'{stem}.bin', 'w') as z:
        for key, w in writer.weights.items():
            z.writestr(key, w.contiguous().view(torch.uint8).numpy().tobytes() if w.dim() else w.numpy().tobytes())


# ---- running ----

class Failure(Exception):
    pass


def convert(stem, *options):
    command = [BIN / 'pnnx2ncnn', 'fp16=0', *options, f'ncnnpy={stem}_ncnn.py', f'{stem}.param', f'{stem}.bin',
               f'{stem}.ncnn.param', f'{stem}.ncnn.bin']
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Failure(done.stderr.strip() or f'status {done.returncode}')


def batch_indices(script):
    """What the script says of inputs and results: where the batch axis of each is."""
    lines = pathlib.Path(script).read_text().splitlines()
    return [[int(re.search(r'batch_index=(\d+)', line)[1]) for line in lines if word in line]
            for word in ('ex.input', 'out.append')]


def run_ncnn(stem, inputs):
    into, out_of = batch_indices(f'{stem}_ncnn.py')
    script = pathlib.Path(f'{stem}_ncnn.py').read_text()
    floats = ['.float()' in line for line in script.splitlines() if re.match(r' +in\d+ = ', line)]
    kinds = ['i' if 'format="i"' in line else 'f' for line in script.splitlines() if 'out.append' in line]
    results = []
    with ncnn.Net() as net:
        net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
        net.opt.use_bf16_storage = net.opt.use_vulkan_compute = False
        net.opt.num_threads = 1
        if net.load_param(f'{stem}.ncnn.param') or net.load_model(f'{stem}.ncnn.bin'):
            raise Failure('the runtime does not load it')
        with net.create_extractor() as ex:
            for i, (x, batch) in enumerate(zip(inputs, into)):
                x = x.float() if floats[i] else x.int()
                ex.input(f'in{i}', ncnn.Mat(x.numpy(), batch_index=batch).clone())
            for i, (batch, kind) in enumerate(zip(out_of, kinds)):
                status, blob = ex.extract(f'out{i}')
                if status:
                    raise Failure(f'out{i} cannot be extracted')
                results.append(torch.from_numpy(numpy.array(blob.numpy(format=kind, batch_index=batch))))
    return results


def flat(value):
    return [value] if isinstance(value, torch.Tensor) else [t for v in value for t in flat(v)]


def difference(want, got):
    if want.numel() != got.numel():
        raise Failure(f'the result is {tuple(got.shape)} instead of {tuple(want.shape)}')
    if [s for s in want.shape if s != 1] != [s for s in got.shape if s != 1]:
        raise Failure(f'the result is {tuple(got.shape)} instead of {tuple(want.shape)}')
    infinite = torch.isinf(want)
    if not torch.equal(got.reshape(want.shape)[infinite], want[infinite]):
        raise Failure('the infinities differ')
    want, got = want[~infinite], got.reshape(want.shape)[~infinite]
    return ((want - got).abs().max() / want.abs().max().clamp_min(1e-6)).item()


def fill(module):
    """Weights and statistics that leave nothing at its initial zero or one."""
    for name, p in itertools.chain(module.named_parameters(), module.named_buffers()):
        if p.is_floating_point():
            with torch.no_grad():
                p.copy_(torch.rand(p.shape) * 0.5 + 0.5 if 'var' in name else torch.randn(p.shape) * 0.3)


def run(what, inputs, folder):
    """Returns the difference."""
    torch.manual_seed(0)
    module = whole(what, len(inputs))
    fill(module)
    module.eval()
    inputs = [torch.randn(i) if isinstance(i, list) else i for i in inputs]
    with torch.no_grad():
        want = [t for t in flat(module(*inputs))]
    stem = f'{folder}/case'
    write_model(module, inputs, stem)
    convert(stem)
    got = run_ncnn(stem, inputs)
    if len(got) != len(want):
        raise Failure(f'{len(got)} results instead of {len(want)}')
    worst = max(difference(w.float(), g.float()) for w, g in zip(want, got))
    if not worst < TOLERANCE:
        raise Failure(f'differs by {worst:.1e}')
    return worst


# ---- the table ----

CASES = []


def case(name, what, *inputs):
    """A case: a module, or a function of tensors.  An input is a shape (standard normal floats) or a tensor."""
    CASES.append((name, what, inputs))


I = [1, 6, 9, 8]                                # an image
S = [1, 7, 12]                                  # a sequence
for f in ('relu relu6 selu silu mish sigmoid tanh tanhshrink softsign logsigmoid gelu hardsigmoid hardswish celu elu hardshrink '
          'softshrink hardtanh leaky_relu softplus').split():
    case(f'F.{f}', getattr(F, f), I)
for m in (nn.ReLU(), nn.ReLU6(), nn.SELU(), nn.SiLU(), nn.Mish(), nn.Sigmoid(), nn.Tanh(), nn.Tanhshrink(), nn.Softsign(),
          nn.LogSigmoid(), nn.GELU(), nn.GELU('tanh'), nn.Hardsigmoid(), nn.Hardswish(), nn.CELU(0.7), nn.ELU(0.6),
          nn.Hardshrink(0.4), nn.Softshrink(0.3), nn.Hardtanh(-0.5, 0.7), nn.LeakyReLU(0.2), nn.Softplus(),
          nn.Softplus(2.0), nn.Threshold(0.1, 0.0), nn.Threshold(0.1, -2.0), nn.Dropout(), nn.Identity(), nn.PReLU(), nn.PReLU(6),
          nn.RReLU(), nn.GLU(1), nn.GLU(-1), nn.Softmax(1), nn.Softmax(-1), nn.Softmax(2), nn.LogSoftmax(1), nn.LogSoftmax(3),
          nn.Softmin(1), nn.Softmax2d()):
    case(repr(m), m, I)
case('softmax of a sequence', lambda x: F.softmax(x, dim=1), S)
case('softmax of a table', lambda x: F.softmax(x, dim=0), [5, 6])
case('softmax along the batch', lambda x: F.softmax(F.relu(x), dim=0), [3, 4, 5])
for f in ('abs neg floor ceil square sqrt rsqrt exp log sin cos tan asin acos atan reciprocal tanh log10 round trunc sign '
          'expm1 sinh asinh cosh atanh log1p erf erfc exp2 log2 frac sigmoid relu').split():
    case(f'torch.{f}', lambda x, f=getattr(torch, f): f(torch.sigmoid(x) * 0.9 + 0.05), I)
case('torch.acosh', lambda x: torch.acosh(torch.sigmoid(x) + 1.5), I)
for n in (0, 0.1, 0.5, 1, 2, 2.5, 3, 4, 7, -1, -3):        # whole exponents of negative numbers, others of 0 and above
    case(f'torch.pow {n}', lambda x, n=n: torch.pow(F.relu(x) if n > 0 else x, n) if n % 1 else torch.pow(x, n), I)
case('torch.pow of a number', lambda x: torch.pow(2.5, x), I)
case('torch.pow of negative numbers to whole ones', lambda x: torch.pow(x, torch.round(x) + 4), I)
case('torch.addcmul', lambda x, a, b: torch.addcmul(x, a, b, value=0.5), I, [1, 6, 1, 1], [9, 8])
for f in 'add sub mul div pow maximum minimum atan2 fmod logaddexp floor_divide remainder'.split():
    function = getattr(torch, f)
    soft = lambda x: torch.sigmoid(x) * 2 + 0.3
    case(f'torch.{f} of two', lambda x, y, f=function: f(soft(x), soft(y)), I, I)
    case(f'torch.{f} with fewer dimensions', lambda x, y, f=function: f(soft(x), soft(y)), I, [9, 8])
    case(f'torch.{f} with channels', lambda x, y, f=function: f(soft(x), soft(y)), I, [1, 6, 1, 1])
    case(f'torch.{f} with a row', lambda x, y, f=function: f(soft(x), soft(y)), [1, 8, 8], [8])
    if f not in ('maximum', 'minimum', 'atan2', 'logaddexp'):
        case(f'torch.{f} with a number', lambda x, f=function: f(soft(x), 1.7), I)
for f in 'add sub mul div pow remainder floor_divide'.split():
    case(f'number {f} tensor', {'add': lambda x: 2.5 + x, 'sub': lambda x: 2.5 - x, 'mul': lambda x: 2.5 * x,
                                'div': lambda x: 2.5 / (x.sigmoid() + 0.1), 'pow': lambda x: 2.5 ** x,
                                'remainder': lambda x: 2.5 % (x.sigmoid() + 0.1),
                                'floor_divide': lambda x: 2.5 // (x.sigmoid() + 0.1)}[f], I)
case('add with alpha', lambda x, y: torch.add(x, y, alpha=2), I, I)
case('sub with alpha', lambda x, y: torch.sub(x, y, alpha=0.5), I, I)
case('div rounded down', lambda x, y: torch.div(x, y, rounding_mode='floor'), I, I)
case('div rounded to zero', lambda x: torch.div(x, 0.3, rounding_mode='trunc'), I)
case('square', lambda x: x ** 2, I)
case('clamp', lambda x: torch.clamp(x, -0.5, 0.5), I)
case('clamp from below', lambda x: torch.clamp(x, min=0.1), I)
case('clamp from above', lambda x: torch.clamp(x, max=0.1), I)
case('a parameter added', type('P', (nn.Module,), {
    '__init__': lambda s: (nn.Module.__init__(s), setattr(s, 'p', nn.Parameter(torch.rand(1, 7, 12))))[0],
    'forward': lambda s, x: x + s.p})(), S)
case('a row parameter multiplied', type('P', (nn.Module,), {
    '__init__': lambda s: (nn.Module.__init__(s), setattr(s, 'p', nn.Parameter(torch.rand(12))))[0],
    'forward': lambda s, x: x * s.p})(), S)

for d, image in ((1, [1, 6, 20]), (2, I), (3, [1, 6, 7, 8, 9])):
    Conv, Up = getattr(nn, f'Conv{d}d'), getattr(nn, f'ConvTranspose{d}d')
    case(f'Conv{d}d', Conv(6, 8, 3), image)
    case(f'Conv{d}d without a batch', Conv(6, 8, 3), image[1:])
    case(f'Conv{d}d strided', Conv(6, 8, 3, stride=2, padding=1, bias=False), image)
    case(f'Conv{d}d dilated', Conv(6, 8, 3, dilation=2, padding=2), image)
    case(f'Conv{d}d same', Conv(6, 8, 4, padding='same'), image)
    case(f'Conv{d}d valid', Conv(6, 8, 2, padding='valid'), image)
    case(f'Conv{d}d depthwise', Conv(6, 6, 3, groups=6, padding=1), image)
    case(f'Conv{d}d grouped', Conv(6, 9, 3, groups=3), image)
    case(f'ConvTranspose{d}d', Up(6, 4, 3, stride=2), image)
    case(f'ConvTranspose{d}d padded', Up(6, 4, 3, stride=2, padding=1, output_padding=1, bias=False), image)
    case(f'ConvTranspose{d}d grouped', Up(6, 9, 3, groups=3), image)
    case(f'ConvTranspose{d}d depthwise', Up(6, 6, 4, stride=2, groups=6, padding=1), image)
    case(f'BatchNorm{d}d', getattr(nn, f'BatchNorm{d}d')(6), image)
    case(f'BatchNorm{d}d plain', getattr(nn, f'BatchNorm{d}d')(6, affine=False), image)
    case(f'InstanceNorm{d}d', getattr(nn, f'InstanceNorm{d}d')(6), image)
    case(f'InstanceNorm{d}d affine', getattr(nn, f'InstanceNorm{d}d')(6, affine=True), image)
    case(f'GroupNorm {d}d', nn.GroupNorm(3, 6), image)
    case(f'GroupNorm {d}d without bias', nn.GroupNorm(2, 6, bias=False), image)
    case(f'GroupNorm {d}d plain', nn.GroupNorm(2, 6, affine=False), image)
    for k in ('Max', 'Avg'):
        Pool = getattr(nn, f'{k}Pool{d}d')
        case(f'{k}Pool{d}d', Pool(2), image)
        case(f'{k}Pool{d}d strided', Pool(3, stride=2, padding=1), image)
        case(f'{k}Pool{d}d ceil', Pool(3, stride=2, ceil_mode=True), image)
        case(f'{k}Pool{d}d ceil padded', Pool(3, stride=2, padding=1, ceil_mode=True), image)
        case(f'{k}Pool{d}d without a batch', Pool(3, stride=1, padding=1), image[1:])
        Adaptive = getattr(nn, f'Adaptive{k}Pool{d}d')
        case(f'Adaptive{k}Pool{d}d to one', Adaptive(1), image)
        case(f'Adaptive{k}Pool{d}d', Adaptive(4), image)
    case(f'AvgPool{d}d not counting', getattr(nn, f'AvgPool{d}d')(3, stride=2, padding=1, count_include_pad=False), image)
    if d > 1:
        case(f'AdaptiveAvgPool{d}d keeping a size', getattr(nn, f'AdaptiveAvgPool{d}d')((None,) + (3,) * (d - 1)), image)
    case(f'ConstantPad{d}d', getattr(nn, f'ConstantPad{d}d')(tuple(range(1, 2 * d + 1)), 0.5), image)
    case(f'ReplicationPad{d}d', getattr(nn, f'ReplicationPad{d}d')(tuple(range(1, 2 * d + 1))), image)
    if d < 3:
        case(f'ReflectionPad{d}d', getattr(nn, f'ReflectionPad{d}d')(tuple(range(1, 2 * d + 1))), image)
        case(f'Conv{d}d reflecting', Conv(6, 8, 3, padding=1, padding_mode='reflect'), image)
        case(f'Conv{d}d replicating', Conv(6, 6, 3, padding=1, padding_mode='replicate', groups=3), image)
        case(f'F.conv{d}d of two', getattr(F, f'conv{d}d'), image, [8, 6] + [3] * d)
case('Conv2d oblong', nn.Conv2d(6, 8, (3, 2), stride=(1, 2), padding=(2, 1), dilation=(1, 2)), I)
case('ConvTranspose2d oblong', nn.ConvTranspose2d(6, 8, (3, 2), stride=(1, 2), padding=(2, 1)), I)
case('Conv2d of four images', nn.Conv2d(6, 8, 3), [4, 6, 9, 8])
for d, x in ((1, [1, 6, 20]), (2, [1, 6, 9, 14]), (3, [1, 6, 7, 8, 9])):
    for options in ({'kernel_size': 2, 'dilation': 2}, {'kernel_size': 3, 'stride': 2, 'dilation': 2, 'padding': 1},
                    {'kernel_size': 2, 'stride': 1, 'dilation': 3}, {'kernel_size': 2, 'stride': 3, 'dilation': 2, 'padding': 1, 'ceil_mode': True}):
        case(f'MaxPool{d}d {options}', getattr(nn, f'MaxPool{d}d')(**options), x)
        case(f'MaxPool{d}d of four {options}', nn.Sequential(nn.ReLU(), getattr(nn, f'MaxPool{d}d')(**options)), [4] + x[1:])
    for k, s, p in ((3, 3, 1), (2, 2, 1), (3, 2, 0), (4, 3, 1)):            # sizes of which some have a window more
        case(f'MaxPool{d}d ceil {k} {s} {p}', getattr(nn, f'MaxPool{d}d')(k, s, p, ceil_mode=True), x)
        case(f'MaxPool{d}d ceil {k} {s} {p} without a batch', getattr(nn, f'MaxPool{d}d')(k, s, p, ceil_mode=True), x[1:])
        if d > 1:
            case(f'AvgPool{d}d divided {k} {s} {p}', getattr(nn, f'AvgPool{d}d')(k, s, p, divisor_override=5), x)
    for p in (1.0, 2.0, 4.0):
        case(f'LPPool{d}d {p}', getattr(nn, f'LPPool{d}d')(p, 3), x)
        case(f'LPPool{d}d {p} ceil', getattr(nn, f'LPPool{d}d')(p, 3, stride=2, ceil_mode=True), x)
case('MaxPool2d oblong', nn.MaxPool2d((3, 2), stride=(1, 2), padding=(1, 0)), I)
for d, x in ((1, [1, 6, 11]), (2, I), (3, [1, 6, 5, 6, 7])):
    Conv = getattr(nn, f'Conv{d}d')
    for mode in ('circular', 'reflect', 'replicate'):
        for options in ({'padding': 1}, {'padding': 2, 'stride': 2, 'bias': False}, {'padding': 'same', 'groups': 3}, {'padding': 'same', 'dilation': 2},
                        {'padding': 'valid'}):
            case(f'Conv{d}d {mode} {options}', Conv(6, 6, 3, padding_mode=mode, **options), x)
        case(f'Conv{d}d {mode} even', Conv(6, 6, 4, padding_mode=mode, padding='same'), [4] + x[1:])
        case(f'Conv{d}d {mode} without a batch', Conv(6, 6, 3, padding_mode=mode, padding=2), x[1:])
        for pads in ((1, 0), (2, 3), (0, 0)):
            case(f'F.pad {mode} {pads * d}', lambda x, p=pads * d, m=mode: F.pad(x, p, mode=m), x)
            case(f'F.pad {mode} {pads * d} of four', lambda x, p=pads * d, m=mode: F.pad(F.relu(x), p, mode=m), [4] + x[1:])
    case(f'F.pad cutting and padding {d}', lambda x, d=d: F.pad(x, (-1, 2) * d, value=0.5), x)
    case(f'F.pad padding and cutting {d}', lambda x, d=d: F.pad(x, (3, -2) * d), x)
case('F.pad circular by the whole size', lambda x: F.pad(x, (8, 8), mode='circular'), [1, 6, 8])
case('ZeroPad2d', nn.ZeroPad2d((1, 2, 3, 4)), I)
case('F.pad of channels', lambda x: F.pad(x, (0, 0, 0, 0, 1, 2), value=2.0), I)
case('F.pad negative', lambda x: F.pad(x, (-1, -2, 0, -1)), I)
case('global average pooling and linear', nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(1), nn.Linear(6, 10)), I)
case('conv, bn, relu, pool, linear', nn.Sequential(nn.Conv2d(6, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                                                   nn.Linear(72, 10)), I)

for shape in ([1, 12], [5, 12], S, [1, 4, 5, 12], [12], [3, 4, 12]):
    case(f'Linear {shape}', nn.Linear(12, 7), shape)
    case(f'LayerNorm {shape}', nn.LayerNorm(12), shape)
    case(f'RMSNorm {shape}', nn.RMSNorm(12), shape)
case('LayerNorm without affine', nn.LayerNorm(12, elementwise_affine=False), S)
case('LayerNorm without bias', nn.LayerNorm(12, bias=False), S)
case('LayerNorm of two dimensions', nn.LayerNorm((9, 8)), I)
case('LayerNorm of three dimensions', nn.LayerNorm((6, 9, 8)), I)
case('LocalResponseNorm', nn.LocalResponseNorm(3), I)
for dim in (1, 2, -1):
    case(f'F.normalize dim={dim}', lambda x, d=dim: F.normalize(x, dim=d), I)
for p in (0.5, 3, float('inf')):
    case(f'F.normalize p={p}', lambda x, p=p: F.normalize(x, p=p, dim=1), I)
case('F.normalize p=1', lambda x: F.normalize(x, p=1.0, dim=-1), S)
case('BatchNorm1d of a table', nn.BatchNorm1d(12), [1, 12])
case('matmul', torch.matmul, [1, 4, 7, 5], [1, 4, 5, 6])
case('matmul, one for all', torch.matmul, [1, 4, 7, 5], [5, 6])
case('matmul of tables', torch.matmul, [7, 5], [5, 6])
case('matmul with a vector', torch.matmul, [1, 7, 5], [5])
case('matmul transposed', lambda x, y: torch.matmul(x, y.transpose(-1, -2)), [1, 4, 7, 5], [1, 4, 6, 5])
case('bmm', torch.bmm, [3, 7, 5], [3, 5, 6])
case('bmm of one', torch.bmm, [1, 7, 5], [1, 5, 6])
case('mm', torch.mm, [7, 5], [5, 6])
for e, *shapes in (('ij,jk->ik', [3, 4], [4, 5]), ('bhqc,bhkc->bhqk', [2, 3, 5, 4], [2, 3, 6, 4]), ('ncq,nck->nqk', [1, 4, 5], [1, 4, 6]),
                   ('bqhc,bkhc->bhqk', [2, 5, 3, 4], [2, 6, 3, 4]), ('ii->i', [4, 4]), ('ii->', [4, 4]), ('ij->', [3, 4]), ('i,i->', [5], [5]),
                   ('ij,jk', [3, 4], [4, 5]), ('ba', [3, 4]), ('...ij,...jk->...ik', [2, 3, 4], [2, 4, 5]), ('...i,i', [2, 3, 4], [4]),
                   ('i...->...i', [2, 3, 4]), ('ij,jk,kl->il', [3, 4], [4, 5], [5, 2])):
    case(f'einsum {e}', lambda *x, e=e: torch.einsum(e, *x), *shapes)
case('addmm', lambda c, a, b: torch.addmm(c, a, b, beta=0.5, alpha=2.0), [7, 6], [7, 5], [5, 6])
case('addmm of a square', torch.addmm, [5], [5, 7], [7, 5])
case('addmm without what is added', lambda c, a, b: torch.addmm(c, a, b, beta=0, alpha=2), [7, 6], [7, 5], [5, 6])
for added in ([3, 7, 6], [1, 7, 6], [7, 6], [7, 1], [6], [3, 1, 6]):
    for beta, alpha in ((1, 1), (0.5, 2), (0, 3)):
        case(f'baddbmm {added} {beta} {alpha}', lambda c, a, b, o=(beta, alpha): torch.baddbmm(c, a, b, beta=o[0], alpha=o[1]), added, [3, 7, 5], [3, 5, 6])
case('baddbmm of one', torch.baddbmm, [1, 7, 6], [1, 7, 5], [1, 5, 6])
case('addmv', lambda c, a, b: torch.addmv(c, a, b, beta=0.5, alpha=2), [7], [7, 5], [5])
case('mv', torch.mv, [7, 5], [5])
case('dot', torch.dot, [5], [5])
case('outer', torch.outer, [5], [7])
for x, y in (([5], [5]), ([7, 5], [5]), ([7, 5], [6, 5]), (S, [6, 12])):
    case(f'inner {x} {y}', torch.inner, x, y)
for x, y in (([3, 4], [3, 5]), ([1, 4], [1, 5]), ([2, 3, 4], [2, 3, 5]), ([1, 3, 2, 4], [1, 3, 2, 5])):
    case(f'Bilinear {x}', nn.Bilinear(4, 5, 6), x, y)
    case(f'Bilinear without bias {x}', nn.Bilinear(4, 5, 6, bias=False), x, y)
    case(f'F.bilinear {x}', F.bilinear, x, y, [6, 4, 5], [6])
for shape, weight in (([1, 6], [6]), ([5, 6], [6]), ([1, 6, 9], [6]), ([4, 6, 9], [6]), (I, [6]), ([1, 6, 4, 5, 3], [6])):
    positive = lambda v: v.abs() + 0.5
    case(f'F.batch_norm of computed weights {shape}', lambda x, m, v, w, b: F.batch_norm(x, m, positive(v), w, b), shape, *[weight] * 4)
    case(f'F.batch_norm of computed statistics {shape}', lambda x, m, v: F.batch_norm(x, m, positive(v)), shape, *[weight] * 2)
    case(f'F.prelu of computed slopes {shape}', F.prelu, shape, weight)
    case(f'F.prelu of a computed slope {shape}', F.prelu, shape, [1])
    case(f'F.group_norm of computed weights {shape}', lambda x, w, b: F.group_norm(x, num_groups=3, weight=w, bias=b), shape, weight, weight)
    if len(shape) > 2:
        case(f'F.instance_norm of computed weights {shape}', lambda x, w, b: F.instance_norm(x, weight=w, bias=b), shape, weight, weight)
        case(f'F.instance_norm of computed statistics {shape}',
             lambda x, m, v: F.instance_norm(x, m, positive(v), use_input_stats=False), shape, weight, weight)
        for n in (2, 3, 4):
            case(f'LocalResponseNorm {n} {shape}', nn.LocalResponseNorm(n, 0.4, 0.75, 1.5), shape)
    case(f'F.layer_norm of computed weights {shape}', lambda x, w, b, n=shape[-1:]: F.layer_norm(x, n, w, b), shape, shape[-1:], shape[-1:])
    case(f'F.rms_norm of a computed weight {shape}', lambda x, w, n=shape[-1:]: F.rms_norm(x, n, w), shape, shape[-1:])
for d, shape in ((1, [1, 6, 9]), (2, I), (3, [1, 6, 4, 5, 3])):
    for affine in (False, True):
        case(f'InstanceNorm{d}d with statistics, affine={affine}',
             getattr(nn, f'InstanceNorm{d}d')(6, affine=affine, track_running_stats=True), shape)
for x, y, dim in (([5, 1, 8], [1, 7, 8], 2), ([1, 5, 8], [7, 1, 8], -1), ([4, 6], [1, 6], 1), ([1, 6, 9, 8], [1, 6, 1, 1], 1), ([3, 6, 9], [1, 6, 1], 1)):
    case(f'cosine_similarity {dim} {x} {y}', lambda x, y, d=dim: F.cosine_similarity(x, y, d), x, y)
    case(f'cosine_similarity {dim} {x} {y} behind a layer', lambda x, y, d=dim: F.cosine_similarity(F.relu(x), F.relu(y), d) * 2, x, y)
for x in ([5, 6], S, [3, 7, 12], I):
    case(f'hypot {x}', torch.hypot, x, x)
    for p in (1.0, 2.0):
        case(f'dist {p} {x}', lambda x, y, p=p: torch.dist(x, y, p), x, x)
        for keep in (False, True):
            case(f'pairwise_distance {p} {keep} {x}', lambda x, y, p=p, k=keep: F.pairwise_distance(x, y, p, keepdim=k), x, x)
        case(f'cdist {p} {x}', lambda x, y, p=p: torch.cdist(x, y, p), x, x[:-2] + [4] + x[-1:])
    for dim in range(len(x)):
        case(f'cosine_similarity {dim} {x}', lambda x, y, d=dim: F.cosine_similarity(x, y, d), x, x)
        for p in (0.5, 1, 3, float('inf'), float('-inf')):
            case(f'norm {p} {dim} {x}', lambda x, d=dim, p=p: torch.norm(x, p, dim=d), x)
        case(f'var_mean {dim} {x}', lambda x, d=dim: torch.var_mean(x, dim=d, correction=int(d > 0)), x)
        case(f'std_mean {dim} {x}', lambda x, d=dim: torch.std_mean(x, dim=d, keepdim=True, correction=0), x)
MATRICES = [([5], [5]), ([7, 5], [5, 6]), *itertools.product(([1, 7, 5], [3, 7, 5]), ([1, 5, 6], [3, 5, 6])),
            *itertools.product(([1, 3, 7, 5], [2, 3, 7, 5], [2, 1, 7, 5]), ([1, 3, 5, 6], [2, 3, 5, 6], [1, 1, 5, 6]))]
for x, y in MATRICES + [(x, y) for (x, _), (_, y) in zip(MATRICES, MATRICES[3:] + MATRICES[:3]) if len(x) != len(y)]:
    case(f'matmul {x} {y}', torch.matmul, x, y)
REDUCTIONS = itertools.product(('sum', 'mean', 'amax', 'logsumexp', 'var', 'std', 'norm'), ([1, 6, 4, 5], [2, 6, 4], [6, 4]),
                               (0, -1, (0, -1), (0, 1), (-2, -1)), (False, True))
for f, shape, dim, keep in list(REDUCTIONS)[::3]:
    if f in ('var', 'std') and shape[0] == 1 and dim == 0:
        continue                                            # of one element
    case(f'{f} {shape} {dim} {keep}', lambda x, f=f, d=dim, k=keep: getattr(torch, f)(x, dim=d, keepdim=k), shape)


def reduced(f, tail):
    """What is left of images of a batch, along one axis, two and all but the batch, and arithmetic with it."""
    def run(x):
        y, results = F.avg_pool2d(x, 2), []
        for dims in ((1, 2, 3), (2, 3), (3,), (-3,)):
            for keep in (False, True):
                if f not in ('max', 'min', 'all', 'any', 'prod'):
                    r = getattr(torch, f)(y, *[2] * (f == 'norm'), dim=dims, keepdim=keep)
                elif len(dims) == 1:
                    r = getattr(torch, f)(y > 0 if f in ('all', 'any') else y, dims[0], keepdim=keep)
                    r = r[0] if f in ('max', 'min') else r * 1.0
                else:
                    continue
                for d in () if keep else sorted(d % 4 for d in dims) if tail == 'image' else ():
                    r = r.unsqueeze(d)
                results.append(r if tail == 'alone' else r * 0.5 + r if tail == 'arithmetic' else y / (r * r + 1))
        return tuple(results)
    return run


for n in (1, 2, 3):
    for f in 'sum mean amax amin logsumexp var std norm max min prod all any'.split():
        for tail in ('alone', 'arithmetic', 'image'):
            if tail != 'image' or f not in ('all', 'any'):
                case(f'{f} of each of {n}, {tail}', reduced(f, tail), [n, 3, 6, 4])
    pair = ([n, 4, 6, 6], [n, 4, 6, 6])
    for name, what, *inputs in (
            ('cosine similarity', lambda x, y: 1 - F.cosine_similarity(F.avg_pool2d(x, 6).flatten(1), F.avg_pool2d(y, 6).flatten(1)), *pair),
            ('pairwise distance', lambda x, y: torch.clamp(1 - F.pairwise_distance(F.avg_pool2d(x, 6).flatten(1), F.avg_pool2d(y, 6).flatten(1)), min=0), *pair),
            ('a share', lambda x: (lambda y: y / (y.sum(1).unsqueeze(1) + 0.1))(F.avg_pool2d(x, 6).flatten(1).sigmoid()), pair[0]),
            ('a difference of two distances', lambda x, y: F.relu((F.avg_pool2d(x, 2) - 1).pow(2).sum((1, 2, 3)) - F.avg_pool2d(y, 2).abs().sum((1, 2, 3)) + 5), *pair),
            ('two sums side by side', lambda x: (lambda y: torch.stack([y.sum(1), y.amax(1)], 1))(F.avg_pool2d(x, 6).flatten(1)), pair[0]),
            ('the mean of all', lambda x: F.avg_pool2d(x, 2).mean((1, 2, 3)).mean(0), pair[0]),
            ('all pairs', lambda x: (lambda y: y.unsqueeze(0) - 2 * y.unsqueeze(1))(F.avg_pool2d(x, 2).sum((1, 2, 3))), pair[0])):
        case(f'{name}, of each of {n}', what, *inputs)
case('F.linear of two', F.linear, [1, 7, 5], [6, 5])

case('view', lambda x: x.view(1, 3, 2, 72), I)
case('view to rows', lambda x: x.view(-1, 72), I)
case('flatten', lambda x: torch.flatten(x, 1), I)
case('flatten the end', lambda x: torch.flatten(x, 2), I)
case('flatten and transpose', lambda x: torch.flatten(x, 2).transpose(1, 2), I)
case('unflatten', lambda x: F.relu(x).unflatten(1, (2, 3)), I)
case('squeeze', lambda x: x.mean(3, keepdim=True).squeeze(3), I)
case('squeeze all', lambda x: x.mean((2, 3), keepdim=True).squeeze(), I)
case('unsqueeze', lambda x: x.unsqueeze(1) * 2.0, S)
for dims in itertools.permutations((1, 2, 3)):
    case(f'permute 0{dims}', lambda x, d=dims: x.permute(0, *d), I)
case('permute the batch', lambda x: x.permute(1, 2, 0), S)
for dims in itertools.permutations(range(4)):
    case(f'permute {dims}', lambda x, d=dims: x.permute(d), [2, 3, 4, 5])
case('transpose', lambda x: torch.transpose(x, 1, 2), I)
case('transpose the batch', lambda x: torch.transpose(x, 0, 1), S)
case('t', torch.t, [4, 5])
for dim in (1, 2, 3, -1):
    case(f'cat dim={dim}', lambda x, y, d=dim: torch.cat((x, y), dim=d), I, I)
    case(f'stack dim={dim}', lambda x, y, d=dim: torch.stack((x, y), dim=d), S if dim != 3 else S, S)
    case(f'chunk dim={dim}', lambda x, d=dim: torch.chunk(x, 2, dim=d), [1, 6, 8, 4])
    case(f'split dim={dim}', lambda x, d=dim: torch.split(x, [1, 3, 2], dim=d), [1, 6, 6, 6])
    case(f'unbind dim={dim}', lambda x, d=dim: torch.unbind(x, dim=d), [1, 3, 4, 5])
    case(f'flip dim={dim}', lambda x, d=dim: torch.flip(x, dims=(d,)), I)
    case(f'cumsum dim={dim}', lambda x, d=dim: torch.cumsum(x, dim=d), I)
    for f in 'sum mean amax amin prod logsumexp'.split():
        case(f'{f} dim={dim}', lambda x, d=dim, f=f: getattr(torch, f)(x, dim=d), I)
    case(f'norm dim={dim}', lambda x, d=dim: torch.norm(x, dim=d, keepdim=True), I)
case('cat along the batch', lambda x, y: torch.cat((x, y), dim=0), S, S)
case('cat of three', lambda x, y, z: torch.cat((x, y, z), dim=1), [1, 2, 3, 4], [1, 3, 3, 4], [1, 1, 3, 4])
case('slice', lambda x: x[:, 1:4], I)
case('slice two', lambda x: x[:, :, 2:-1, 1:], I)
case('slice by two', lambda x: x[:, :, ::2, 1::2], [1, 6, 8, 10])
case('focus', lambda x: torch.cat((x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]), 1), [1, 3, 8, 8])
case('select', lambda x: x[:, 2], I)
case('select the last', lambda x: x[:, -1], S)
case('select the batch', lambda x: F.relu(x)[0], S)
case('sum of all', lambda x: torch.sum(x), I)
case('mean of all', lambda x: torch.mean(x), I)
case('mean of two, kept', lambda x: torch.mean(x, dim=(2, 3), keepdim=True), I)
case('mean of the batch', lambda x: torch.mean(F.relu(x), dim=0), I)
case('max of one', lambda x: torch.amax(x, dim=(1, 2)), I)
for dim in (1, 2, -1):
    case(f'max dim={dim}, its values', lambda x, d=dim: torch.max(x, d)[0], I)
    case(f'min dim={dim} kept, its values', lambda x, d=dim: torch.min(x, d, keepdim=True)[0], I)
case('max of two', lambda x, y: torch.max(x, y), I, I)
case('min of two with fewer dimensions', lambda x, y: torch.min(x, y), I, [9, 8])
case('max of all', lambda x: torch.max(x), I)
case('grid_sample of two images', lambda x, g: F.grid_sample(x, torch.tanh(g), mode='bilinear', padding_mode='zeros',
                                                              align_corners=False), [2, 6, 9, 8], [2, 4, 5, 2])
case('a parameter for each of two images', type('P', (nn.Module,), {
    '__init__': lambda s: (nn.Module.__init__(s), setattr(s, 'p', nn.Parameter(torch.rand(2, 6, 1, 1))))[0],
    'forward': lambda s, x: F.max_pool2d(x, 2) * s.p})(), [2, 6, 8, 8])
case('Softplus with a low threshold', nn.Softplus(2.0, 0.5), I)
for value in (float('-inf'), -1e4, 2.5):
    case(f'masked_fill with {value}', type('P', (nn.Module,), {
        '__init__': lambda s: (nn.Module.__init__(s), s.register_buffer('m', torch.triu(torch.ones(7, 7), 1).bool()))[0],
        'forward': lambda s, x, v=value: torch.softmax(x.masked_fill(s.m, v), -1)})(), [1, 3, 7, 7])
case('var', lambda x: torch.var(x, dim=-1, unbiased=True, keepdim=True), S)
case('var of all elements', lambda x: torch.var(x, dim=(2, 3), unbiased=False), I)
case('std', lambda x: torch.std(x, dim=1, correction=1), S)
case('expand', lambda x: x.mean(1, keepdim=True).expand(-1, 5, -1, -1), I)
case('expand to a new dimension', lambda x: F.relu(x).expand(3, 5), [5])
case('repeat', lambda x: x.repeat(1, 2, 1, 3), I)
case('roll', lambda x: torch.roll(x, shifts=2, dims=2), I)
case('roll two', lambda x: torch.roll(x, shifts=(2, -1), dims=(2, 3)), I)

for mode in ('nearest', 'bilinear', 'bicubic'):
    case(f'interpolate {mode} by scale', lambda x, m=mode: F.interpolate(x, scale_factor=2.0, mode=m), I)
    case(f'interpolate {mode} to a size', lambda x, m=mode: F.interpolate(x, size=(13, 11), mode=m), I)
    if mode != 'nearest':
        case(f'interpolate {mode} aligned', lambda x, m=mode: F.interpolate(x, size=(13, 11), mode=m, align_corners=True), I)
    case(f'Upsample {mode}', nn.Upsample(scale_factor=3, mode=mode), I)
    for scale in (1.3, 0.7, (2.3, 1.6)):                   # sizes that are rounded down
        case(f'interpolate {mode} by {scale}', lambda x, m=mode, s=scale: F.interpolate(x, scale_factor=s, mode=m), I)
for options in ({'mode': 'nearest'}, {'mode': 'trilinear'}, {'mode': 'trilinear', 'align_corners': True}):
    for size in ({'size': (4, 9, 11)}, {'scale_factor': 2}, {'scale_factor': (1.5, 0.7, 1.3)}):
        case(f'interpolate a volume {options} {size}', lambda x, o={**options, **size}: F.interpolate(x, **o), [1, 3, 5, 6, 7])
case('interpolate four volumes', lambda x: F.interpolate(F.relu(x), scale_factor=2, mode='trilinear'), [4, 3, 5, 6, 7])
for x, scale in (([1, 3, 7], 3), (I, 2), ([1, 3, 4, 5, 6], (2, 3, 2))):
    case(f'interpolate nearest-exact {x}', lambda x, s=scale: F.interpolate(x, scale_factor=s, mode='nearest-exact'), x)
case('interpolate linear by 1.7', lambda x: F.interpolate(x, scale_factor=1.7, mode='linear'), S)
case('interpolate linear', lambda x: F.interpolate(x, size=17, mode='linear'), S)
case('interpolate nearest 1d', lambda x: F.interpolate(x, scale_factor=2.0), S)
case('PixelShuffle', nn.PixelShuffle(2), [1, 8, 5, 6])
case('PixelUnshuffle', nn.PixelUnshuffle(2), [1, 3, 8, 6])
case('ChannelShuffle', nn.ChannelShuffle(3), I)
case('Unfold', nn.Unfold(3, padding=1, stride=2), I)
case('Fold', nn.Fold((7, 8), 3, padding=1), [1, 18, 56])
for aligned in (False, True):
    for t, size in (([1, 2, 3], (1, 6, 5, 7)), ([2, 2, 3], (2, 6, 5, 7)), ([1, 2, 3], (1, 6, 1, 4)), ([1, 3, 4], (1, 6, 3, 4, 5))):
        case(f'affine_grid {size} {aligned}', lambda t, z=size, a=aligned: F.affine_grid(t, size=z, align_corners=a), t)
    for n in (1, 2):
        case(f'a spatial transformer {n} {aligned}', lambda x, t, a=aligned, n=n: F.grid_sample(
            x, F.affine_grid(torch.tanh(t), size=(n, 6, 9, 8), align_corners=a), mode='bilinear', padding_mode='zeros', align_corners=a),
             [n, 6, 9, 8], [n, 2, 3])
case('grid_sample', lambda x, g: F.grid_sample(x, torch.tanh(g), mode='bilinear', padding_mode='zeros', align_corners=False), I, [1, 4, 5, 2])
for mode in ('bilinear', 'nearest', 'bicubic'):
    for aligned in (False, True):                       # far outside, so that it is reflected more than once
        case(f'grid_sample {mode} reflected, aligned={aligned}', lambda x, g, m=mode, a=aligned: F.grid_sample(
            x, g * 3, mode=m, padding_mode='reflection', align_corners=a), I, [1, 4, 5, 2])
case('grid_sample nearest border', lambda x, g: F.grid_sample(x, torch.tanh(g), mode='nearest', padding_mode='border', align_corners=True), I, [1, 4, 5, 2])

case('Embedding', nn.Embedding(20, 8), torch.randint(0, 20, (1, 7)))
case('Embedding of one row', nn.Embedding(20, 8), torch.randint(0, 20, (7,)))
case('Embedding of a table', nn.Embedding(20, 8), torch.randint(0, 20, (3, 7)))
for both in (False, True):
    for first in (False, True):
        x = [1, 7, 5] if first else [7, 1, 5]
        for R in (nn.LSTM, nn.GRU, nn.RNN):
            name = f'{R.__name__}{" both ways" if both else ""}{" batch first" if first else ""}'
            case(name, R(5, 6, bidirectional=both, batch_first=first), x)
            case(f'{name}, its output', nn.Sequential(R(5, 6, bidirectional=both, batch_first=first)), x) if False else None
            case(f'{name} of two layers', R(5, 6, num_layers=2, bidirectional=both, batch_first=first), x)
            case(f'{name} without bias', R(5, 6, bias=False, bidirectional=both, batch_first=first), x)
            h = [2 if both else 1, 1, 6]
case('LSTM without a batch', nn.LSTM(5, 6), [7, 5])
case('LSTM projected', nn.LSTM(5, 6, proj_size=4), [7, 1, 5])
case('GRU with a state', nn.GRU(5, 6), [7, 1, 5], [1, 1, 6])
case('GRU of two layers with a state', nn.GRU(5, 6, num_layers=2, bidirectional=True), [7, 1, 5], [4, 1, 6])


class Recurrent(nn.Module):
    """A recurrent layer: its output, its last state, or all results."""

    def __init__(self, layer, reads):
        super().__init__()
        self.layer, self.reads = layer, reads

    def forward(self, x, h=None, c=None):
        y, h = self.layer(x) if h is None else self.layer(x, h if c is None else (h, c))
        c = h[1] if isinstance(self.layer, nn.LSTM) else None
        h = h if c is None else h[0]
        return y if self.reads == 'output' else h if self.reads == 'state' else (y, h) if c is None else (y, h, c)


class RecurrentFromZero(Recurrent):
    def forward(self, x):
        return super().forward(x)


RECURRENT = itertools.product((nn.LSTM, nn.GRU, nn.RNN), (False, True), (False, True), (True, False), (1, 2, 3),
                              ('output', 'all', 'state'), ('batch', 'batch first', 'no batch'), (0, 4))
for R, both, given, bias, layers, reads, how, width in list(RECURRENT)[::13]:
    options = {'num_layers': layers, 'bidirectional': both, 'batch_first': how == 'batch first', 'bias': bias}
    if R is nn.LSTM and width:
        options['proj_size'] = width
    x = {'batch': [7, 1, 5], 'batch first': [1, 7, 5], 'no batch': [7, 5]}[how]
    state = lambda w: [(1 + both) * layers] + ([] if how == 'no batch' else [1]) + [w]
    states = [] if not given else [state(options.get('proj_size', 6)), state(6)] if R is nn.LSTM else [state(6)]
    case(f'{R.__name__} {x} {options} given={given} reads={reads}',
         (Recurrent if given else RecurrentFromZero)(R(5, 6, **options), reads), x, *states)


class Attention(nn.Module):
    """nn.MultiheadAttention, its output alone."""

    def __init__(self, *args, **kwargs):
        super().__init__()
        self.mask = kwargs.pop('mask', False)
        self.a = nn.MultiheadAttention(*args, **kwargs)

    def forward(self, q, k=None, v=None, mask=None):
        return self.a(q, q, q, need_weights=False)[0] if k is None else self.a(q, k, v, need_weights=False)[0]


class MaskedAttention(Attention):
    def forward(self, q, m):
        return self.a(q, q, q, attn_mask=m, need_weights=False)[0]


class CrossAttention(Attention):
    def forward(self, q, k, v):
        return self.a(q, k, v, need_weights=False)[0]


class SelfAttention(Attention):
    def forward(self, q):
        return self.a(q, q, q, need_weights=False)[0]


case('MultiheadAttention', SelfAttention(12, 3), [7, 1, 12])
case('MultiheadAttention batch first', SelfAttention(12, 3, batch_first=True), S)
case('MultiheadAttention without bias', SelfAttention(12, 3, bias=False, batch_first=True), S)
case('MultiheadAttention across', CrossAttention(12, 3, batch_first=True), S, [1, 5, 12], [1, 5, 12])
case('MultiheadAttention with other widths', CrossAttention(12, 3, kdim=8, vdim=10), [7, 1, 12], [5, 1, 8], [5, 1, 10])
case('MultiheadAttention masked', MaskedAttention(12, 3, batch_first=True), S, [7, 7])


class WeighedAttention(nn.Module):
    """nn.MultiheadAttention with its weights."""

    def __init__(self, reads, **options):
        super().__init__()
        self.a, self.reads = nn.MultiheadAttention(12, 3, **options), reads

    def forward(self, *x):
        q, k, v, m = x if len(x) == 4 else (x[0], x[0], x[0], x[1] if len(x) == 2 else None)
        y, w = self.a(q, k, v, attn_mask=m)
        return (y, w) if self.reads == 'both' else w if self.reads == 'weights' else y


for first in (False, True):
    for n in (1, 2):
        q = [n, 5, 12] if first else [5, n, 12]
        for options in ({}, {'bias': False}, {'add_bias_kv': True}, {'add_zero_attn': True}, {'add_bias_kv': True, 'add_zero_attn': True}):
            for reads in ('both', 'output') if options else ('both', 'weights'):
                for mask in ((), ([5, 5],)):
                    case(f'MultiheadAttention {q} {options} {reads} {mask}', WeighedAttention(reads, batch_first=first, **options), q, *mask)
        k, v = ([n, 7, 8], [n, 7, 10]) if first else ([7, n, 8], [7, n, 10])
        case(f'MultiheadAttention with weights of other widths {q}', WeighedAttention('both', batch_first=first, kdim=8, vdim=10), q, k, v, [5, 7])
        case(f'MultiheadAttention with weights and a mask for each head {q}', WeighedAttention('both', batch_first=first), q, [n * 3, 5, 5])
case('MultiheadAttention with weights, without a batch', WeighedAttention('both'), [5, 12])
case('MultiheadAttention with weights and masked, without a batch', WeighedAttention('both'), [5, 12], [5, 5])
sdpa = F.scaled_dot_product_attention
H = [1, 3, 7, 4]
case('sdpa', sdpa, H, H, H)
case('sdpa scaled', lambda q, k, v: sdpa(q, k, v, scale=0.7), H, H, H)
case('sdpa masked', sdpa, H, H, H, [7, 7])
case('sdpa with a mask for all heads', sdpa, H, H, H, [1, 1, 7, 7])
for m in ([1, 1, 1, 7], [1, 7], [7, 1], [1, 3, 1, 7], [1, 1, 7, 1]):
    case(f'sdpa with a mask {m}', sdpa, H, H, H, m)
case('sdpa with a mask for each head', sdpa, H, H, H, [1, 3, 7, 7])
case('sdpa with a mask of one row', sdpa, H, H, H, [1, 1, 1, 7])
case('sdpa with a mask of one row for each head', sdpa, H, H, H, [1, 3, 1, 7])
case('sdpa with a mask of one column', sdpa, H, H, H, [7, 1])
case('sdpa with a constant mask of one row', lambda q, k, v: sdpa(q, k, v, torch.arange(7.)[None]), H, H, H)
case('sdpa with a constant mask of truth values', lambda q, k, v: sdpa(q, k, v, torch.arange(7)[None] < 5), H, H, H)
case('sdpa causal', lambda q, k, v: sdpa(q, k, v, is_causal=True), H, H, H)
for axes in ([], [3], [2, 3], [1, 2, 3]):
    q, k, v = axes + [5, 4], axes + [7, 4], axes + [7, 6]
    case(f'sdpa of {q}', lambda q, k, v: sdpa(q, k, v, scale=0.3), q, k, v)
    case(f'sdpa of {q} causal', lambda q, k, v: sdpa(q, k, v, is_causal=True), q, k, v)
    for mask in ([5, 7], [1, 7], axes + [5, 7], *[[7]] * (len(axes) != 2)):
        case(f'sdpa of {q} with the mask {mask}', sdpa, q, k, v, mask)
case('sdpa across', sdpa, H, [1, 3, 5, 4], [1, 3, 5, 4])
SEEN = torch.rand(2, 3, 7, 7) > 0.4
SEEN[0, :, 2], SEEN[1, 1, 0] = False, False                # rows that see nothing are 0
for n in (1, 2):
    q = [n, 3, 7, 4]
    for m in ((n, 3, 7, 7), (n, 1, 7, 7), (n, 1, 1, 7), (n, 3, 1, 7), (n, 1, 7, 1), (1, 3, 7, 7), (3, 7, 7), (7, 7), (7, 1)):
        seen = SEEN[tuple(slice(size) for size in (1,) * (4 - len(m)) + m)].reshape(m).contiguous()
        case(f'sdpa of {n} with a mask {m}', sdpa, q, q, q, list(m))
        case(f'sdpa of {n} with a mask {m} of truth values', sdpa, q, q, q, seen)
        case(f'sdpa of {n} with a constant mask {m} of truth values', lambda q, k, v, m=seen: sdpa(q, k, v, m), q, q, q)
    case(f'sdpa of {n} that sees nothing', lambda q, k, v: sdpa(q, k, v, torch.zeros(7, 7).bool()) + q, q, q, q)
    case(f'MultiheadAttention of {n} with a mask for each head', MaskedAttention(12, 3, batch_first=True), [n, 7, 12], [n * 3, 7, 7])
    case(f'MultiheadAttention of {n} with a mask of truth values for each head', MaskedAttention(12, 3), [7, n, 12], (torch.rand(n * 3, 7, 7) > 0.5) & (torch.arange(7) > 0))


class Block(nn.Module):
    """timm's attention."""

    def __init__(self):
        super().__init__()
        self.qkv, self.proj = nn.Linear(12, 36), nn.Linear(12, 12)

    def forward(self, x):
        q, k, v = self.qkv(x).reshape(1, 7, 3, 3, 4).permute(2, 0, 3, 1, 4).unbind(0)
        return self.proj(sdpa(q, k, v).transpose(1, 2).reshape(1, 7, 12)) + x


class Written(Block):
    """The same, written out."""

    def forward(self, x):
        q, k, v = torch.chunk(self.qkv(x), 3, dim=-1)
        q, k, v = (t.view(1, 7, 3, 4).transpose(1, 2) for t in (q, k, v))
        a = torch.softmax(torch.matmul(q, k.transpose(-2, -1)) / 2.0, dim=-1)
        return self.proj(torch.matmul(a, v).transpose(1, 2).contiguous().view(1, 7, 12))


case("timm's attention", Block(), S)
case('attention written out', Written(), S)
case('two inputs, three results', lambda x, y: (x + y, F.relu(x), torch.cat((x, y), 1)), I, I)
case('an input that is a result', lambda x: (x, F.relu(x)), I)
case('a result twice', lambda x: [F.relu(x)] * 2, I)
case('nested results', lambda x: (F.relu(x), (torch.tanh(x), [torch.exp(x)])), I)

# More dimensions than a blob has
case('a window partition', lambda x: x.view(1, 2, 4, 3, 4, 5).permute(0, 1, 3, 2, 4, 5).reshape(6, 16, 5), [1, 8, 12, 5])
case('a window partition of two images', lambda x: F.relu(x).view(2, 2, 4, 3, 4, 5).permute(0, 1, 3, 2, 4, 5).reshape(12, 16, 5), [2, 8, 12, 5])
case('windows put together', lambda x: x.view(1, 2, 3, 4, 4, 5).permute(0, 1, 3, 2, 4, 5).reshape(1, 8, 12, 5), [6, 16, 5])
case('query, key and value of windows', lambda x: x.reshape(6, 16, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0), [6, 16, 24])
case('six dimensions reversed', lambda x: x.view(2, 3, 4, 2, 5, 3).permute(5, 4, 3, 2, 1, 0).reshape(6, 120), [24, 30])
case('seven dimensions shuffled', lambda x: x.view(2, 3, 2, 2, 3, 2, 5).permute(4, 0, 6, 2, 5, 1, 3).reshape(30, 24), [24, 30])
case('a transposition among six', lambda x: x.view(2, 3, 4, 2, 5, 3).transpose(1, 4).reshape(24, 30), [24, 30])
case('softmax among six', lambda x: torch.softmax(x.view(2, 3, 4, 2, 5, 3), 3).reshape(24, 30), [24, 30])
case('sums among six', lambda x: x.view(2, 3, 4, 2, 5, 3).sum((1, 2)).reshape(10, 6), [24, 30])
case('a slice among six', lambda x: x.view(2, 3, 4, 2, 5, 3)[:, :, 1:3].reshape(12, 30), [24, 30])
case('arithmetic among six', lambda x, y: (F.relu(x).view(2, 3, 4, 2, 5, 3) * y + 1).reshape(24, 30), [24, 30], [4, 1, 1, 3])
case('a product among five', lambda x, y: torch.matmul(x.view(2, 3, 4, 5, 6), y).reshape(24, 35), [24, 30], [6, 7])
case('cat among five', lambda x, y: torch.cat((x.view(2, 3, 4, 5, 6), y.view(2, 3, 4, 5, 6)), 2).reshape(24, 60), [24, 30], [24, 30])
case('expand to five', lambda x: x.view(2, 3, 1, 4, 5).expand(2, 3, 7, 4, 5).reshape(42, 20), [6, 20])

# Numbers that are no floats, and comparisons
INF = float('inf')
EDGES = torch.tensor([[[1., -1, 0, 0.5, 2, INF, -INF, 0.5]] * 2] * 3)
OTHERS = torch.tensor([[[1., 0, 0, -0.5, 3, INF, -INF, -INF]] * 2] * 3)
INTS = torch.randint(0, 6, (3, 4, 5))
TRUE = torch.rand(3, 4, 5) > 0.5
ALSO = torch.rand(3, 1, 5) > 0.5
for f in 'gt lt ge le eq ne'.split():
    function = getattr(torch, f)
    case(f'torch.{f} of infinities', function, EDGES, OTHERS)
    case(f'torch.{f} with a row', function, EDGES, OTHERS[0, 0])
    case(f'torch.{f} with a number', lambda x, f=function: f(x, 0.5), EDGES)
    case(f'torch.{f} of integers', lambda x, f=function: f(x, 3), INTS)
for f in 'logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor add mul'.split():
    case(f'torch.{f} of booleans', lambda x, y, f=getattr(torch, f): f(x, y), TRUE, ALSO)
for f in 'logical_and logical_or logical_xor'.split():
    case(f'torch.{f} of floats', lambda x, y, f=getattr(torch, f): f(x, y), EDGES, OTHERS)
case('torch.logical_not', torch.logical_not, TRUE)
case('torch.logical_not of floats', torch.logical_not, EDGES)
case('torch.isinf', torch.isinf, EDGES)
case('torch.eq with -infinity', lambda x: torch.eq(x, -INF), EDGES)
case('torch.where of infinities', torch.where, TRUE[:, :2, :1], EDGES, OTHERS)
for a, b in ((1.5, -2.0), (-INF, 0.0), (0.0, -INF), (INF, 1.0), (0.0, torch.finfo(torch.float).min)):
    case(f'torch.where {a} or {b}', lambda c, a=a, b=b: torch.where(c, a, b), TRUE)
for a in (0.5, -INF, INF):
    case(f'torch.where with {a}', lambda c, x, a=a: torch.where(c, x, a), TRUE, [3, 4, 5])
    case(f'masked_fill of an input with {a}', lambda x, m, a=a: x.masked_fill(m, a), [3, 4, 5], ALSO)
case('cat of floats and integers', lambda x, y: torch.cat((x, y), 1), [3, 4, 5], INTS)
case('cat of floats and booleans', lambda x, y: torch.cat((x, y), 1), [3, 4, 5], TRUE)
case('cat of integers', lambda x, y: torch.cat((x, y), 1), INTS, INTS)
case('booleans moved', lambda x: x.permute(2, 0, 1), TRUE)
case('attention with a boolean mask', lambda q, m: F.scaled_dot_product_attention(q, q, q, attn_mask=m), [1, 3, 7, 4],
     torch.tensor([[[[True] * 4 + [False] * 3]]]))
case('MultiheadAttention with a boolean mask', MaskedAttention(12, 3, batch_first=True), S, torch.triu(torch.ones(7, 7), 1) > 0)
case('an integer mask for scores', lambda x, m: torch.softmax(x + (1.0 - m) * -1e9, -1), [2, 4, 4], torch.tensor([[[1, 1, 1, 0]], [[1, 0, 0, 0]]]))
WHOLE = torch.arange(-60, 60).reshape(3, 8, 5)
for f in 'floor_divide remainder fmod'.split():
    for n in (3, 4, 7, 0.5, -3):
        case(f'torch.{f} of whole numbers by {n}', lambda x, f=getattr(torch, f), n=n: f(x, n), WHOLE.float())
    case(f'torch.{f} of integers', lambda x, y, f=getattr(torch, f): f(x, y), WHOLE, WHOLE.flip(0) * 2 + 1)
    case(f'torch.{f} of integers by 6', lambda x, f=getattr(torch, f): f(x, 6), WHOLE)
case('div of integers rounded to zero', lambda x: torch.div(x, 7, rounding_mode='trunc'), WHOLE)
case('integers counted', lambda x: torch.cumsum(torch.ne(x, 2), 1) * x, INTS)

# Operands of fewer dimensions where the batch axis is not in front
R, G = torch.randn(5, 6), torch.randn(5, 1, 6)
for n in (1, 2):
    T = [5, n, 6]
    behind = lambda f: type('Behind', (nn.Module,), {'__init__': lambda s: (nn.Module.__init__(s), setattr(s, 'r', nn.GRU(6, 6)))[0],
                                                     'forward': lambda s, x, y: f(s.r(x)[0], y)})()
    for y in ([6], [1, 6], [n, 6], [1, 1, 6], [5, 1, 6], [n, 1], [5, n, 1], [1]):
        case(f'{T} and {y}', behind(lambda x, y: x * y), T, y)
    case(f'{T} less what is before it', behind(lambda x, y: y - x), T, [1, 6])
    case(f'{T} turned and back', behind(lambda x, y: (x.permute(1, 0, 2) * y).permute(1, 0, 2)), T, [5, 6])
    case(f'{T} and constants', behind(lambda x, y: x * G + R.unsqueeze(1) * y), T, [6])
    case(f'pairs of {T}', lambda x, w: (F.relu(x).reshape(4, 2, -1, 6) * w.softmax(0)[:, None, None]).sum(1), [8, n, 6], [2])
    case(f'{T}: lerp and addcmul', behind(lambda x, y: (torch.lerp(x, x * y, 0.3), torch.addcmul(x, x * y, y))), T, [1, 6])
    case(f'{T} clamped from below', behind(lambda x, y: torch.clamp(x, min=y)), T, [1, 6])
    case(f'{T} clamped from above', behind(lambda x, y: torch.clamp(x, max=y)), T, T)
    case(f'{T} clamped on both sides', behind(lambda x, y: torch.clamp(x, y, y * y)), T, [1, 6])
case('max with the number first', lambda x: torch.max(torch.tensor(0.3), x) + torch.min(torch.tensor(0.1), x), S)


class Tokens(nn.Module):
    """Indices that are looked up by, and computed on."""

    def __init__(self, f):
        super().__init__()
        self.e, self.f = nn.Embedding(20, 6), f

    def forward(self, i):
        return self.f(self.e, i)


for n in (1, 3):
    ids = torch.randint(0, 4, (n, 7))
    case(f'scores of {n} where tokens are padding', Tokens(lambda e, i: torch.softmax((e(i) @ e(i).transpose(1, 2)).masked_fill(torch.eq(i, 0).unsqueeze(1), -1e9), -1)), ids)
    case(f'the mean of {n} over what is no padding', Tokens(
        lambda e, i: (e(i) * torch.ne(i, 0).unsqueeze(-1)).sum(1) / torch.ne(i, 0).sum(1, keepdim=True).clamp(min=1)), ids)
    case(f'tokens of {n}, turned before they are looked up', Tokens(lambda e, i: e(i.reshape(7, -1)) * torch.gt(i, 1).reshape(7, -1, 1) + torch.mul(i, 0.5).sum()), ids)


def main(words):
    cases = [c for c in CASES if not words or any(w in c[0] for w in words)]
    failed = 0
    print(f'1..{len(cases)}')
    for i, (name, what, inputs) in enumerate(cases, 1):
        folder = tempfile.mkdtemp() if os.environ.get('KEEP') else tempfile.TemporaryDirectory()
        path = folder if isinstance(folder, str) else folder.name
        try:
            print(f'ok {i} {name}: {run(what, inputs, path):.0e}', flush=True)
        except Exception as error:                                   # any: the next case still counts
            failed += 1
            said = str(error) if isinstance(error, Failure) else f'{type(error).__name__}: {error}'
            print(f'not ok {i} {name}: ' + said.replace('\n', ' | '), path if os.environ.get('KEEP') else '', flush=True)
    return failed > 0


if __name__ == '__main__':
    torch.set_num_threads(1)
    sys.exit(main(sys.argv[1:]))
