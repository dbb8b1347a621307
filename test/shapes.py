"""What pnnxshape infers against what PyTorch's tensors have.

    python test/shapes.py TABLE [PATTERN]...      a table of operator cases: test/operators_TABLE.py
    python test/shapes.py network [NAME]...       networks of test/networks.py

Each model goes through pt2pnnx, raised and not (raise=0), and pnnxshape; pnnx2py prints the result, which runs, and
every tensor in it must have the shape and the type that the text says.  Inputs whose sizes are names must give texts
that come to the same numbers.  Running pnnxshape on its own output must change nothing.  Results are TAP; SHAPES_MISSING=1
lists the tensors whose shape was not inferred.
"""
import contextlib
import importlib
import io
import os
import re
import sys
import warnings

import torch

import networks
import oracle

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


def number(text, sizes):
    """The size that a text means for some values of the names; None for an unknown one."""
    return None if text == '?' else eval(text.lstrip('%'), {}, sizes)


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
        if kind not in (oracle.DTYPES[tensor.dtype], 'null') or len(got) != len(want) or any(g not in (None, w) for g, w in zip(got, want)):
            wrong.append(f'{name}: ({",".join(dims)}){kind} is ({",".join(map(str, want))}){oracle.DTYPES[tensor.dtype]}')
        elif None in got or kind == 'null':
            missing.append(name)
    return wrong, missing


def infer(folder, source, stem, shape):
    oracle.tool('pnnxshape', f'inputshape={shape}', folder / f'{source}.param', folder / f'{source}.bin', folder / f'{stem}.param', folder / f'{stem}.bin')


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
    infer(folder, 'shape', 'again', shape)
    for end in ('param', 'bin'):
        if (folder / f'shape.{end}').read_bytes() != (folder / f'again.{end}').read_bytes():
            problems.append(f'the .{end} changes when pnnxshape reads its own output')
    text, sizes = named(inputs)
    infer(folder, source, 'named', text)
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


def main(arguments):
    warnings.filterwarnings('ignore')
    torch.set_num_threads(1)
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    if arguments[0] == 'network':
        names = arguments[1:] or list(networks.NETWORKS)
        cases = [(n, lambda n=n: networks.make(n), lambda n=n: networks.example(n), False) for n in names]
    else:
        import operators
        importlib.import_module(f'operators_{arguments[0]}')
        cases = [(c.name, c.network, c.tensors, False) for c in operators.CASES if not arguments[1:] or any(p in c.name for p in arguments[1:])]
    print(f'1..{len(cases)}')
    good = 0
    for i, (name, make, inputs, script) in enumerate(cases):
        try:
            problems, missing = check(name, make(), inputs(), script)
        except Untraceable:
            good += 1
            print(f'ok {i + 1} shapes: {name} # SKIP PyTorch cannot export it')
            continue
        except Exception as e:
            problems, missing = [oracle.problem_text(e)], []
        good += not problems
        print(f'{"not ok" if problems else "ok"} {i + 1} shapes: {name}' + (f': {len(missing)} not inferred' if missing else ''))
        for p in problems + (missing if os.environ.get('SHAPES_MISSING') else []):
            for line in p.splitlines():
                print('# ' + line)
        sys.stdout.flush()
    return 0 if good == len(cases) else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
