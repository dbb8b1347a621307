"""What pnnxshape infers against what PyTorch's tensors have.

    python test/shapes.py TABLE [PATTERN]...      a table of operator cases: test/cases/operators_TABLE.py; of a whole table, the
                                                  types of unknown results are those of test/cases/shapes_unknown.txt
    python test/shapes.py network [NAME]...       networks of test/cases/networks.py
    python test/shapes.py constants [PATTERN]...  the table below: what must be computed, and to which numbers

Each model goes through pt2pnnx, raised and not (raise=0), and pnnxshape; pnnx2py prints the result, which runs, and
every tensor in it must have the shape and the type that the text says.  Inputs whose sizes are names must give texts
that come to the same numbers.  Running pnnxshape on its own output must change nothing.  Results are TAP; SHAPES_MISSING=1
lists the tensors whose shape was not inferred.
"""
import contextlib
import importlib
import io
import math
import os
import pathlib
import re
import sys
import warnings

import torch

import oracle
import networks

NAMES = 'abcdefghijklmnopqrstuvwxyz'


class Untraceable(Exception):
    """PyTorch itself makes no TorchScript of it."""


def recorded(param):
    """The shapes in a .param: operand to (list of texts, type)."""
    shapes = {}
    with open(param, encoding='utf-8') as f:
        for line in f.read().splitlines()[2:]:
            for name, dims, kind in re.findall(r' #(\S+?)=\(([^ ]*)\)(\w+)', line):
                shapes[name] = (dims.split(',') if dims else [], kind)
    return shapes


def types(param):
    """The type of the operator that makes each operand."""
    made = {}
    with open(param, encoding='utf-8') as f:
        for line in f.read().splitlines()[2:]:
            words = line.split()
            for name in words[4 + int(words[2]):4 + int(words[2]) + int(words[3])]:
                made[re.sub(r'\W', '_', name)] = words[0]
    return made


def variables(script, inputs):
    """Runs the printed Python; what its variables v_NAME held when forward() returned."""
    found = {}

    def watch(frame, event, _):
        if event == 'return' and frame.f_code.co_name == 'forward' and frame.f_code.co_filename == str(script):
            found.update(frame.f_locals)

    net = oracle.load_module(script).Model().eval()
    with torch.no_grad(), contextlib.redirect_stdout(io.StringIO()):
        sys.setprofile(watch)
        try:
            net(*oracle.tensors(oracle.clones(inputs)))
        finally:
            sys.setprofile(None)
    return {k[2:]: v for k, v in found.items() if k.startswith('v_') and isinstance(v, torch.Tensor)}


UNKNOWN = oracle.ROOT / 'test/cases/shapes_unknown.txt'
# Quantised numbers are stored, and said to be, integers.
KINDS = {**oracle.DTYPES, torch.qint8: 'i8', torch.quint8: 'u8', torch.qint32: 'i32'}


def number(text, sizes):
    """The size that a text means for some values of the names; None for an unknown one."""
    return None if text == '?' else eval(text.lstrip('%').replace(';', ','), {'floor': math.floor}, sizes)


def mismatches(shapes, values, sizes):
    """Lines for what differs, and the number of tensors of which nothing was said."""
    wrong, missing = [], []
    plain = {re.sub(r'\W', '_', k): v for k, v in shapes.items()}
    for name, tensor in values.items():
        if name not in plain:
            missing += [name] if tensor.dim() else []
            continue
        dims, kind = plain[name]
        want, got = list(tensor.shape), [number(d, sizes) for d in dims]
        if kind not in (KINDS[tensor.dtype], 'null') or len(got) != len(want) or any(g not in (None, w) for g, w in zip(got, want)):
            wrong.append(f'{name}: ({",".join(dims)}){kind} is ({",".join(map(str, want))}){KINDS[tensor.dtype]}')
        elif None in got or kind == 'null':
            missing.append(name)
    return wrong, missing


def infer(folder, source, stem, shape):
    oracle.tool('pnnxshape', 'frozen=1', f'inputshape={shape}', folder / f'{source}.param', folder / f'{source}.bin', folder / f'{stem}.param', folder / f'{stem}.bin')


def printed(folder, stem):
    script = folder / f'{stem}_pnnx.py'
    oracle.tool('pnnx2py', f'pnnxbin={folder / stem}.bin', folder / f'{stem}.param', folder / f'{stem}.bin', script)
    return script


def named(inputs):
    """inputshape= with a name for each size above 1, equal names for equal sizes; and the sizes of the names."""
    sizes, texts = {}, []
    for t in inputs:
        for d in t.shape:
            if d > 1 and d not in sizes.values() and len(sizes) < len(NAMES):
                sizes[NAMES[len(sizes)]] = d
        back = {v: k for k, v in sizes.items()}
        texts.append(f'[{",".join(back.get(d, str(d)) for d in t.shape)}]{oracle.DTYPES[t.dtype]}')
    return ','.join(texts), sizes


def check_source(folder, source, inputs):
    """One model: numbers, its own output again, names.  Returns problems and operands not inferred."""
    shape = oracle.shapes_text(inputs)
    infer(folder, source, 'shape', shape)
    problems, missing = mismatches(recorded(folder / 'shape.param'), variables(printed(folder, 'shape'), inputs), {})
    made = types(folder / 'shape.param')
    missing = [f'{name} of {made.get(name)}' for name in missing]
    text, sizes = named(inputs)
    infer(folder, source, 'named', text)
    for stem, given in (('shape', shape), ('named', text)):
        infer(folder, stem, 'again', given)
        for end in ('param', 'bin'):
            if (folder / f'{stem}.{end}').read_bytes() != (folder / f'again.{end}').read_bytes():
                problems.append(f'{stem}.{end} changes when pnnxshape reads its own output')
    problems += ['named: ' + p for p in mismatches(recorded(folder / 'named.param'), variables(printed(folder, 'named'), inputs), sizes)[0]]
    return problems, missing


def check(name, net, inputs, script):
    with oracle.folder_for(name) as folder:
        try:
            saved = torch.jit.script(net) if script else torch.jit.trace(net, oracle.clones(inputs), check_trace=False)
            saved.save(folder / 'model.pt')
        except Exception:
            raise Untraceable
        problems, missing = [], []
        given = [f'inputshape={oracle.shapes_text(inputs)}'] if script else []
        for raised in ('raise=0', 'raise=1'):
            try:
                oracle.tool('pt2pnnx', raised, *given, folder / 'model.pt', folder / 'pt.param', folder / 'pt.bin')
                found, gaps = check_source(folder, 'pt', oracle.tensors(inputs))
                problems += [f'{raised}: {p}' for p in found]
                missing += [f'{raised}: {m}' for m in gaps]
            except Exception as e:
                problems.append(f'{raised}: {oracle.problem_text(e)}')
        return problems, missing


# ---- constants ----

# What libtorch finds constant it folds itself, so that every case takes a size of the input, adding 0.

def arange(x, first, *more, **options):
    zero = x.shape[0] - 4
    return torch.arange(first, more[0] + zero, *more[1:], **options) if more else torch.arange(first + zero, **options)


def make(x, f, *arguments, **options):
    zero = x.shape[0] - 4
    if isinstance(arguments[0], tuple):
        return f(tuple(n + zero for n in arguments[0]), *arguments[1:], **options)
    if f is torch.linspace:
        return f(*arguments[:2], arguments[2] + zero, **options)
    return f(*(n + zero for n in arguments), **options)


def scattered_floats(x, dims):
    return (arange(x, math.prod(dims)) * 7 % 31).float().view(1, 2, *dims[1:])


# Sizes up and down, scales that are no quotient of the sizes, and every way to weigh neighbours.
RESIZES = [(f'{mode}{" of corners" * bool(o.get("align_corners"))}{" antialiased" * bool(o.get("antialias"))}', (2, *dims), {'mode': mode, **o, **s}, f'{k} {v}')
           for mode, dims, options in (('nearest', (5, 7), [{}]), ('nearest-exact', (5, 7), [{}]), ('linear', (9,), [{}, {'align_corners': True}]),
                                       ('bilinear', (5, 7), [{}, {'align_corners': True}, {'antialias': True}]), ('trilinear', (3, 4, 5), [{}]),
                                       ('bicubic', (5, 7), [{}, {'align_corners': True}, {'antialias': True}]))
           for o in options
           for s in ({'size': (4, 11, 2)[:len(dims)]}, {'scale_factor': 1.7}, {'scale_factor': 0.6, 'recompute_scale_factor': True})
           for k, v in [next(iter(s.items()))]]


def tensor(x, values):
    return torch.tensor(values) + arange(x, 1)



def relative_position(x, w=3):
    c = torch.stack(torch.meshgrid(arange(x, w), arange(x, w), indexing='ij')).flatten(1)
    d = (c[:, :, None] - c[:, None, :]).permute(1, 2, 0).contiguous()
    return (d[:, :, 0] + w - 1) * (2 * w - 1) + d[:, :, 1] + w - 1


def shift_mask(x, w=2):
    m, count = make(x, torch.zeros, x.shape[-2], x.shape[-1]), 0
    for rows in ((0, -w), (-w, -1), (-1, None)):
        for columns in ((0, -w), (-w, -1), (-1, None)):
            m[rows[0]:rows[1], columns[0]:columns[1]] = count
            count += 1
    m = m.view(x.shape[-2] // w, w, x.shape[-1] // w, w).permute(0, 2, 1, 3).reshape(-1, w * w)
    m = m.unsqueeze(1) - m.unsqueeze(2)
    return m.masked_fill(m != 0, -100.0).masked_fill(m == 0, 0.0)


def grid(x):
    sx, sy = arange(x, x.shape[-1]) + 0.5, arange(x, x.shape[-2]) + 0.5
    sy, sx = torch.meshgrid(sy, sx, indexing='ij')
    return torch.cat([torch.stack((sx, sy), -1).view(-1, 2) * s for s in (8, 16)]).t()


def buckets(x, n=12):
    d = arange(x, n)[None, :] - arange(x, n)[:, None]
    a = torch.abs(d)
    large = 4 + (torch.log(a.float().clamp(min=1) / 4) / 1.2 * 4).to(torch.long)
    return (d > 0).to(torch.long) * 8 + torch.where(a < 4, a, torch.min(large, torch.full_like(large, 7)))


def rotary(x, d=6):
    f = 1.0 / (10000 ** (arange(x, 0, d, 2).float() / d))
    a = torch.outer(arange(x, x.shape[-1]).float(), f)
    return torch.cat((a, a), -1).cos()


def scattered(x):
    t = arange(x, 12).view(3, 4)
    t = t.index_select(1, tensor(x, [3, 0, 0])).flip(0)
    return torch.gather(t, 1, tensor(x, [[0, 2], [1, 1], [2, 0]]))


# How far numbers may lie from PyTorch's: in the last bits where a function of libm is called, and in the sums of four or
# sixteen products of weights and numbers up to 30, of either sign, whose order is PyTorch's affair.
LIBM, CUBIC = 1e-7, 1e-5


def weighed(options):
    return 0 if options['mode'].startswith('nearest') else CUBIC if options['mode'] == 'bicubic' else LIBM


# What is computed from an input's shape (4, 6) alone, and how far from PyTorch's it may lie.
CONSTANTS = {
    'relative position': (lambda x: relative_position(x), 0),
    'shift mask': (shift_mask, 0),
    'grid': (grid, 0),
    'buckets': (lambda x: buckets(x), 0),
    'rotary': (rotary, LIBM),
    'causal mask': (lambda x: torch.triu(make(x, torch.full, (x.shape[1], x.shape[1]), float('-inf')), 1), 0),
    'tril bool': (lambda x: torch.tril(make(x, torch.ones, 5, 5, dtype=torch.bool), -1), 0),
    'arange types': (lambda x: arange(x, 0, 5, 2, dtype=torch.int32) + arange(x, 3, dtype=torch.uint8), 0),
    'arange halves': (lambda x: arange(x, -1, 2, 0.25), 0),
    'linspace': (lambda x: make(x, torch.linspace, -1, 1, 7), 0),
    'linspace even': (lambda x: make(x, torch.linspace, 0.1, 3, 10), 0),
    'linspace one': (lambda x: make(x, torch.linspace, 3, 7, 1), 0),
    'eye': (lambda x: make(x, torch.eye, 3, 4) * 2 - 1, 0),
    'integer overflow': (lambda x: (arange(x, 5, dtype=torch.int8) * 60).sum(dtype=torch.int8), 0),
    'wrap in a cast': (lambda x: (arange(x, 6) * 100).to(torch.uint8), 0),
    'truncation': (lambda x: (arange(x, -3, 4) * 0.7).to(torch.int32), 0),
    'floor division': (lambda x: arange(x, -7, 8) // 3, 0),
    'truncated division': (lambda x: torch.div(arange(x, -7, 8), 3, rounding_mode='trunc'), 0),
    'remainder': (lambda x: arange(x, -7, 8) % 3, 0),
    'float remainder': (lambda x: (arange(x, -7, 8) * 0.5) % -1.25, 0),
    'true division': (lambda x: arange(x, 1, 8) / 3, 0),
    'division in half': (lambda x: arange(x, 1, 8).half() / 3, 0),
    'bfloat16': (lambda x: arange(x, 1, 8).bfloat16() * 1.7, 0),
    'double': (lambda x: arange(x, 1, 8).double() / 3 + 0.1, 0),
    'powers': (lambda x: arange(x, 1, 8) ** 3, 0),
    'square root': (lambda x: torch.sqrt(arange(x, 1, 8)), 0),
    'bits': (lambda x: (arange(x, 8) & 5) ^ (arange(x, 8) << 2) | (arange(x, 8) >> 1), 0),
    'not': (lambda x: ~arange(x, 4) + (~(arange(x, 4) > 1)).long(), 0),
    'logic': (lambda x: torch.logical_and(arange(x, 4), arange(x, 4) < 3), 0),
    'comparison of types': (lambda x: arange(x, 4) * 0.1 > 0.1, 0),
    'scalar in float32': (lambda x: arange(x, 4).float() * 0.1 + 1e-8, 0),
    'alpha': (lambda x: torch.add(arange(x, 4), arange(x, 4), alpha=3), 0),
    'rsub': (lambda x: 1 - arange(x, 4).float() * 0.3, 0),
    'where': (lambda x: torch.where(arange(x, 6) % 2 == 0, arange(x, 6) * 1.5, -1.0), 0),
    'rounding': (lambda x: torch.round(arange(x, -5, 6) * 0.5), 0),
    'clamp': (lambda x: arange(x, -5, 6).clamp(-2, 3), 0),
    'expand and repeat': (lambda x: arange(x, 3)[:, None].expand(3, 2).repeat(2, 1, 2), 0),
    'repeat_interleave': (lambda x: arange(x, 4).view(2, 2).repeat_interleave(3, dim=1), 0),
    'split': (lambda x: torch.cat(arange(x, 12).view(3, 4).split([1, 3], dim=1)[::-1], dim=1), 0),
    'chunk': (lambda x: arange(x, 10).chunk(3)[1] * 2, 0),
    'unbind': (lambda x: torch.stack(arange(x, 6).view(2, 3).unbind(1)), 0),
    'roll': (lambda x: torch.roll(arange(x, 12).view(3, 4), (1, -5), (0, 1)), 0),
    'roll flat': (lambda x: torch.roll(arange(x, 12).view(3, 4), 5), 0),
    'unfold': (lambda x: arange(x, 10).unfold(0, 4, 3), 0),
    'movedim': (lambda x: arange(x, 24).view(2, 3, 4).movedim(0, 2) + 0, 0),
    'index': (lambda x: arange(x, 24).view(2, 3, 4)[:, tensor(x, [2, 0, -1])], 0),
    'index twice': (lambda x: arange(x, 24).view(4, 6)[tensor(x, [[3], [0]]), tensor(x, [1, 5])], 0),
    'select and slice': (lambda x: arange(x, 60).view(3, 4, 5)[-1, 1::2, :-2], 0),
    'gather': (lambda x: scattered(x), 0),
    'reductions': (lambda x: torch.stack([arange(x, 12).view(3, 4).sum(1), arange(x, 12).view(3, 4).amax(1), arange(x, 12).view(3, 4).prod(1)]), 0),
    'means': (lambda x: arange(x, 12).view(3, 4).float().mean(0, keepdim=True), 0),
    'any and all': (lambda x: torch.stack([(arange(x, 6).view(2, 3) > 2).any(1), (arange(x, 6).view(2, 3) > 2).all(1)]), 0),
    'cumsum': (lambda x: make(x, torch.ones, 3, 4).cumsum(1) - arange(x, 12).view(3, 4).cumsum(0), 0),
    'diff': (lambda x: torch.cat([torch.diff(arange(x, 12).view(3, 4) ** 2, dim=0, prepend=arange(x, 4)[None] - 1),
                                  torch.diff(arange(x, 12).view(3, 4) * 0.5, append=arange(x, 3)[:, None])]), 0),
    'diff of bool': (lambda x: torch.diff(arange(x, 6) > 2), 0),
    'maximum of two': (lambda x: torch.max(arange(x, 5), 4 - arange(x, 5)), 0),
    'empty': (lambda x: torch.cat([make(x, torch.zeros, 0), arange(x, 3).float()]), 0),
    'fill': (lambda x: make(x, torch.zeros, 3, 4).fill_(2.0), 0),
    'sizes': (lambda x: make(x, torch.full, (x.shape[0] * 2, x.shape[1] // 4), x.numel()), 0),
    'new': (lambda x: x.new_zeros(2, x.size(0)) + torch.ones_like(x)[:2, :x.size(0)], 0),
    'exponentials': (lambda x: torch.exp(-arange(x, 8).float() / 3).sigmoid(), LIBM),
    **{f'{name} by {how}': (lambda x, dims=dims, options=options: torch.nn.functional.interpolate(scattered_floats(x, dims), **options), weighed(options))
       for name, dims, options, how in RESIZES},
    'angles': (lambda x: torch.sin(arange(x, 8).float()) + torch.atan2(arange(x, 8) - 3.0, arange(x, 8) + 1.0), LIBM),
}


class Constant(torch.nn.Module):
    """An input that passes, and a constant beside it."""

    def __init__(self, f):
        super().__init__()
        self.f = f

    def forward(self, x):
        return torch.nn.functional.relu(x), self.f(x)


def check_constant(f, distance):
    """The problems of one row of CONSTANTS."""
    x = torch.ones(4, 6)
    with oracle.folder_for('constant') as folder:
        torch.jit.trace(Constant(f), x, check_trace=False).save(folder / 'model.pt')
        problems = []
        for raised in ('raise=0', 'raise=1'):
            oracle.tool('pt2pnnx', raised, folder / 'model.pt', folder / 'pt.param', folder / 'pt.bin')
            infer(folder, 'pt', 'shape', '[4,6]')
            left = set(types(folder / 'shape.param').values()) - {'pnnx.Input', 'pnnx.Attribute', 'prim::TupleConstruct', 'F.relu', 'aten::relu'}
            problems += [f'{raised}: {t} is left' for t in sorted(left)]
            got, want = oracle.load_module(printed(folder, 'shape')).Model().eval()(x)[1], f(x)
            if got.dtype != want.dtype or got.shape != want.shape:
                problems.append(f'{raised}: {tuple(got.shape)} {got.dtype} instead of {tuple(want.shape)} {want.dtype}')
            elif not (torch.allclose(got, want, rtol=1e-6, atol=distance) if distance else torch.equal(got, want)):
                problems.append(f'{raised}: {got.tolist()} instead of {want.tolist()}')
        return problems, []


def main(arguments):
    warnings.filterwarnings('ignore')
    torch.set_num_threads(1)
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    if arguments[0] == 'constants':
        rows = {n: row for n, row in CONSTANTS.items() if not arguments[1:] or any(p in n for p in arguments[1:])}
        return report(rows, lambda n: check_constant(*rows[n]))
    if arguments[0] == 'network':
        names = arguments[1:] or [n for net in networks.NETWORKS.values() for n in [net.name] + [f'{net.name}/script'] * net.script]
        return report(names, lambda n: check(n, networks.make(n.split('/')[0]), networks.example(n.split('/')[0]), n.endswith('/script')))
    import operators
    importlib.import_module(f'operators_{arguments[0]}')
    cases = {c.name: c for c in operators.CASES if not arguments[1:] or any(p in c.name for p in arguments[1:])}
    return report(cases, lambda n: check(n, cases[n].network(), cases[n].tensors(), False), not arguments[1:])


def listed():
    """The types in test/cases/shapes_unknown.txt."""
    lines = [line for line in UNKNOWN.read_text().splitlines() if not line.startswith('#')]
    return {t for line in lines for t in line.partition(': ')[2].split()}


def report(names, check_name, whole=False):
    """Checks each name and prints its TAP line; the exit status.  Of a whole table, what is unknown is listed."""
    print(f'1..{len(names) + whole}')
    good, unknown = 0, set()
    for i, name in enumerate(names):
        try:
            problems, missing = check_name(name)
        except Untraceable:
            good += 1
            print(f'ok {i + 1} shapes: {name} # SKIP PyTorch cannot export it')
            continue
        except Exception as e:
            problems, missing = [oracle.problem_text(e)], []
        good += not problems
        unknown |= {m.partition(' of ')[2] for m in missing if m.startswith('raise=1: ')}
        print(f'{"not ok" if problems else "ok"} {i + 1} shapes: {name}' + (f': {len(missing)} not inferred' if missing else ''))
        for p in problems + (missing if os.environ.get('SHAPES_MISSING') else []):
            for line in p.splitlines():
                print('# ' + line)
        sys.stdout.flush()
    if whole:
        new = sorted(unknown - listed())
        good -= bool(new)
        print(f'{"not ok" if new else "ok"} {len(names) + 1} shapes: results of unknown shape are those of {UNKNOWN.name}')
        print('# ' + ' '.join(new or sorted(unknown)))
    return 0 if good == len(names) else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
