"""The numeric oracle: PyTorch's own output against the printed Python of every stage, and against ncnn.

    python test/oracle.py network [I/N] [NAME[/script]]...   networks of test/cases/networks.py (none named: all); the
                                                        Ith of N parts of them
    python test/oracle.py operators TABLE [PATTERN]...  a table of operator cases: test/cases/operators_TABLE.py
    python test/oracle.py model FILE.pt SHAPES          any TorchScript file, on random inputs; prints a table

Results are TAP: one line a network or case, and on a failure what every stage gave.

What was proven once (the same printed program, weights, inputs and wanted output) is not run again: its hash is kept
in build/test/proven.  PNNX_BIN names the folder of the programs, PNNX_KEEP a folder in which all files are left.
"""
import contextlib
import dataclasses
import hashlib
import importlib
import importlib.util
import io
import os
import pathlib
import pickle
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import typing
import unittest.mock
import warnings

import numpy as np
import torch

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'test/cases'))                     # the tables: who imports them imports this first

import networks  # noqa: E402

BIN = pathlib.Path(os.environ.get('PNNX_BIN', ROOT / 'build/bin')).resolve()
SERVERS = {'pt2pnnx': BIN.parent / 'test/server', 'pnnx2py': BIN.parent / 'test/server-pnnx2py'}
REFUSED = ROOT / 'test/cases/ncnn_refused.txt'
PROVEN = BIN.parent / 'test/proven'
PYTHON_TOLERANCE = 1e-5
NCNN_TOLERANCE = 1e-3
FEW, MANY = 0.03, 100                 # of the numbers of a quantised network
LEVELS = (0, 1, 2)

DTYPES = {torch.float32: 'f32', torch.float64: 'f64', torch.float16: 'f16', torch.bfloat16: 'bf16', torch.int8: 'i8',
          torch.int16: 'i16', torch.int32: 'i32', torch.int64: 'i64', torch.uint8: 'u8', torch.bool: 'bool',
          torch.complex64: 'c64', torch.complex128: 'c128'}


torch.set_num_threads(1)              # ncnn runs in forked children, and OpenMP's threads do not survive a fork


class Failure(Exception):
    """What is wrong, in words: a program that failed, a wrong shape, too large a difference."""


# ---- values ----

def tensors(value):
    """The tensors in a network's result, depth first; numbers become tensors."""
    if isinstance(value, torch.Tensor):
        return [value.detach()]
    if isinstance(value, dict):
        value = value.values()
    if isinstance(value, (tuple, list)) or not isinstance(value, (int, float, bool, type(None))):
        return [t for v in value for t in tensors(v)]
    return [] if value is None else [torch.as_tensor(value)]


def clones(values):
    """Inputs for one run: a network may write into them."""
    if isinstance(values, torch.Tensor):
        return values.clone()
    if isinstance(values, dict):
        return {k: clones(v) for k, v in values.items()}
    if isinstance(values, (tuple, list)):
        return type(values)(clones(v) for v in values)
    return values


def difference(want, got):
    """The largest difference relative to the largest wanted number; where the wanted is not finite, equality.

    What rounding at 1 may be is no difference: a result near 0, as torch.logit's near 0.5, has no digits of its own."""
    rounding = torch.finfo(torch.float64 if want.dtype in (torch.float64, torch.complex128) else torch.float32).eps
    want, got = want.to(torch.complex128 if want.is_complex() else torch.float64), got.to(torch.complex128 if want.is_complex() else torch.float64)
    if want.numel() == 0:
        return 0.0
    finite = torch.isfinite(want)
    same = torch.where(torch.isnan(want), torch.isnan(got), want == got)
    if not bool((finite | same).all()) or not bool(torch.isfinite(got[finite]).all()):
        return float('inf')
    if not bool(finite.any()):
        return 0.0
    scale = max(want[finite].abs().max().item(), 1e-12)
    return max((want[finite] - got[finite]).abs().max().item() - rounding, 0) / scale


def compare(want, got, exact_shape=True):
    """The difference of two flat lists of tensors; raises Failure when their forms differ."""
    if len(want) != len(got):
        raise Failure(f'{len(got)} results instead of {len(want)}')
    worst = 0.0
    for i, (w, g) in enumerate(zip(want, got)):
        if exact_shape and (w.shape != g.shape or w.dtype != g.dtype):
            raise Failure(f'result {i} is {tuple(g.shape)} {g.dtype} instead of {tuple(w.shape)} {w.dtype}')
        if not exact_shape:                                      # ncnn has no axes of size 1 in front
            if [s for s in w.shape if s != 1] != [s for s in g.shape if s != 1]:
                raise Failure(f'result {i} is {tuple(g.shape)} instead of {tuple(w.shape)}')
            g = g.reshape(w.shape)
        worst = max(worst, difference(w, g))
    return worst


def shapes_text(inputs):
    """The inputshape= of some tensors."""
    return ','.join(f'[{",".join(map(str, t.shape))}]{DTYPES[t.dtype]}' for t in tensors(inputs))


# ---- the programs ----

class Server:
    """test/programs/server.c: a program that is started once, pt2pnnx with the reader loaded, and forks per request."""

    def __init__(self, program):
        self.program, self.process = program, None

    def run(self, arguments, stderr):
        if self.process is None:
            self.process = subprocess.Popen([self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdin.write('\t'.join([str(stderr), *map(str, arguments)]) + '\n')
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


SERVER_PROCESSES = {name: Server(program) for name, program in SERVERS.items()}


def tool(name, *arguments, allow=(0,)):
    """Runs a program; returns milliseconds and what it said.  Raises Failure on an unexpected status."""
    start = time.perf_counter()
    if name in SERVERS and SERVERS[name].exists():
        with tempfile.NamedTemporaryFile('r', errors='replace') as log:
            status = SERVER_PROCESSES[name].run(arguments, log.name)
            said = log.read()
    else:
        done = subprocess.run([BIN / name, *map(str, arguments)], capture_output=True, text=True, errors='replace')
        status, said = done.returncode, done.stderr
    elapsed = (time.perf_counter() - start) * 1000
    if status not in allow:
        raise Failure(f'{name} {" ".join(map(str, arguments))}: status {status}\n{said.rstrip()}')
    return elapsed, said


def operators(param):
    """The number of operators that a .param's second line says."""
    with open(param, encoding='utf-8', errors='replace') as f:
        f.readline()
        return int(f.readline().split()[0])


def load_module(path):
    spec = importlib.util.spec_from_file_location(f'printed_{abs(hash(str(path)))}', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def digest(*parts):
    h = hashlib.sha256(torch.__version__.encode())
    for p in parts:
        p = p if isinstance(p, bytes) else str(p).encode()
        h.update(len(p).to_bytes(8, 'little'))
        h.update(p)
    return h.hexdigest()


def values_bytes(values):
    return b''.join(str((t.shape, t.dtype)).encode() + t.resolve_conj().resolve_neg().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if t.numel() else b''
                    for t in tensors(values))


class Proven:
    """Which (program, weights, inputs, wanted) gave which difference, across runs."""

    def __init__(self, path):
        self.path, self.known = path, {}
        with contextlib.suppress(FileNotFoundError):
            for line in path.read_text().splitlines():
                key, value = line.split()
                self.known[key] = float(value)

    def get(self, key):
        return self.known.get(key)

    def add(self, key, value):
        self.known[key] = value
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, 'a') as f:
            f.write(f'{key} {value!r}\n')


PROVEN_RESULTS = Proven(PROVEN)


# ---- one model through everything ----

@dataclasses.dataclass
class Stage:
    name: str
    operators: int = 0
    milliseconds: float = 0.0
    python: typing.Optional[float] = None        # difference of the printed Python
    ncnn: typing.Optional[float] = None
    problem: str = ''
    refused: str = ''                            # what pnnx2ncnn said, where it may refuse


def check_python(folder, stem, inputs, want, tolerance=PYTHON_TOLERANCE):
    """Prints the model stem.param with pnnx2py, runs it, and returns its difference."""
    script = folder / f'{stem}_pnnx.py'
    tool('pnnx2py', f'pnnxbin={folder / stem}.bin', folder / f'{stem}.param', folder / f'{stem}.bin', script)
    text = script.read_bytes().replace(str(folder / stem).encode(), b'')
    key = digest('python', text, (folder / f'{stem}.bin').read_bytes(), values_bytes(inputs), values_bytes(want))
    known = PROVEN_RESULTS.get(key)
    if known is not None:
        return known
    net = load_module(script).Model().eval()
    with torch.no_grad(), contextlib.redirect_stdout(io.StringIO()):
        worst = compare(want, tensors(net(*tensors(clones(inputs)))))
    if worst > tolerance:
        raise Failure(f'the printed Python differs by {worst:.2e}')
    PROVEN_RESULTS.add(key, worst)
    return worst


def check_steps(want, got, step):
    """Numbers on a grid: none is between two steps or more than one away, and, where there are many, few are away at all."""
    away = torch.cat([((w - g) / step).abs().flatten() for w, g in zip(want, got)])
    share = float((away > 0.01).float().mean())
    if float((away - away.round()).abs().max()) > 0.01 or float(away.max()) > 1.01 or (share > FEW and away.numel() >= MANY):
        raise Failure(f'ncnn is {float(away.max()):.2f} steps away, and {share:.1%} of the numbers are')


def check_ncnn(folder, stem, inputs, want, net=None):
    """Runs the ncnn model with the script that pnnx2ncnn wrote beside it, on our inputs instead of its random ones.

    A quantised network says what its results may be: `step`, those of a grid, or `coarse`, the tolerance."""
    script = folder / f'{stem}_ncnn.py'
    text = script.read_bytes().replace(str(folder).encode(), b'')
    files = [(folder / f'{stem}.ncnn.{end}').read_bytes() for end in ('param', 'bin')]
    key = digest('ncnn, exact shapes', text, *files, values_bytes(inputs), values_bytes(want))
    known = PROVEN_RESULTS.get(key)
    if known is not None:
        return known
    got = isolated(lambda: run_ncnn(script, inputs))
    want = pairs(want)
    got = [g.to(w.dtype) for w, g in zip(want, got)]
    worst = compare(want, got)
    step = getattr(net, 'step', None)
    if step:
        check_steps(want, got, step)
    elif worst > getattr(net, 'coarse', NCNN_TOLERANCE):
        raise Failure(f'ncnn differs by {worst:.2e}')
    PROVEN_RESULTS.add(key, worst)
    return worst


def pairs(values):
    """Complex tensors as the blobs have them: real ones, of pairs along a last axis."""
    return [torch.view_as_real(t.resolve_conj()) if t.is_complex() else t for t in values]


def run_ncnn(script, inputs):
    queue = iter(pairs(tensors(clones(inputs))))
    given = lambda *a, **k: next(queue)
    with unittest.mock.patch.multiple(torch, rand=given, randint=given, randn=given, ones=given, zeros=given):
        return tensors(load_module(script).test_inference())


def isolated(function):
    """The result of a function that runs in a child: the ncnn runtime crashes on some wrong models."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            result = function()
        except Exception as e:
            result = Failure(problem_text(e))
        with open(write, 'wb') as pipe:
            pickle.dump(result, pipe)
        os._exit(0)
    os.close(write)
    with open(read, 'rb') as pipe:
        data = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        raise Failure(f'ncnn was ended by signal {os.WTERMSIG(status)}')
    result = pickle.loads(data)
    if isinstance(result, Exception):
        raise result
    return result


def check_same_files(folder, a, b):
    for end in 'param', 'bin':
        if (folder / f'{a}.{end}').read_bytes() != (folder / f'{b}.{end}').read_bytes():
            raise Failure(f'it changes its own output: the .{end} differs')


def stages(pt, inputs, want, folder, ncnn='must', scripted=False, tolerance=PYTHON_TOLERANCE, net=None):
    """Takes a TorchScript file through all programs, comparing after each.  Returns a list of Stage.

    `ncnn` is 'must', 'no', 'may': then pnnx2ncnn may refuse the model, but what it writes must be right, or 'refuses'."""
    shape = shapes_text(inputs)
    given = [f'inputshape={shape}'] if scripted else []
    steps = [('raise=0', 'raw', ['pt2pnnx', 'raise=0', *given, pt]),
             ('pt2pnnx', 'pt', ['pt2pnnx', *given, pt]),
             ('pnnxshape', 'shape', ['pnnxshape', f'inputshape={shape}', 'pt']),
             *[(f'pnnxopt -O{n}', f'opt{n}', ['pnnxopt', f'-O{n}', 'shape']) for n in LEVELS],
             ('pnnxopt on its own output', 'twice', ['pnnxopt', f'opt{max(LEVELS)}']),
             ('pnnxopt, no shapes', 'bare', ['pnnxopt', 'pt'])]
    done = []
    for name, stem, command in steps:
        stage = Stage(name)
        done.append(stage)
        try:
            source = command[-1]
            arguments = command[1:-1] + ([source] if source == pt else [folder / f'{source}.param', folder / f'{source}.bin'])
            if source != pt and not (folder / f'{source}.param').exists():
                raise Failure('its input was not made')
            stage.milliseconds, _ = tool(command[0], *arguments, folder / f'{stem}.param', folder / f'{stem}.bin')
            stage.operators = operators(folder / f'{stem}.param')
            if stem == 'twice':
                check_same_files(folder, source, stem)
            stage.python = check_python(folder, stem, inputs, want, tolerance)
        except Exception as e:                              # whatever the printed Python raises is a finding
            stage.problem = problem_text(e)
    if ncnn != 'no':
        done.append(ncnn_stage(folder, f'opt{max(LEVELS)}', inputs, want, ncnn, net))
    return done


def ncnn_stage(folder, source, inputs, want, expected, net=None):
    stage = Stage('pnnx2ncnn')
    try:
        if not (folder / f'{source}.param').exists():
            raise Failure('its input was not made')
        names = [folder / f'{source}.param', folder / f'{source}.bin', folder / 'model.ncnn.param', folder / 'model.ncnn.bin']
        stage.milliseconds, said = tool('pnnx2ncnn', 'fp16=0', f'ncnnpy={folder}/model_ncnn.py', *names, allow=(0,) if expected == 'must' else (0, 1))
        if not names[2].exists():
            stage.refused = said.splitlines()[0] if said else 'without a word'
            return stage
        if expected == 'refuses':
            raise Failure(f'pnnx2ncnn converts it, and {REFUSED.name} says that it does not')
        stage.operators = operators(names[2])
        stage.ncnn = check_ncnn(folder, 'model', inputs, want, net)
    except Exception as e:
        stage.problem = problem_text(e)
    return stage


def problem_text(e):
    if isinstance(e, Failure):
        return str(e)
    frame = traceback.extract_tb(e.__traceback__)[-1]
    return f'{type(e).__name__}: {e} ({os.path.basename(frame.filename)}:{frame.lineno}: {frame.line})'


@contextlib.contextmanager
def folder_for(name):
    """A folder for the files of one model; kept where PNNX_KEEP says."""
    keep = os.environ.get('PNNX_KEEP')
    if keep:
        path = pathlib.Path(keep).resolve() / re.sub(r'[^\w.,=@-]', '_', name.replace('/', '-'))
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        yield path
    else:
        with tempfile.TemporaryDirectory(prefix='oracle-') as path:
            yield pathlib.Path(path)


def table(done):
    """The stages of one model for people."""
    show = lambda d: '-' if d is None else '0' if d == 0 else f'{d:.1e}'
    width = max(20, *(len(s.name) + 2 for s in done))
    lines = [f'{"stage":<{width}}{"operators":>10}{"ms":>9}{"python":>10}{"ncnn":>10}']
    for s in done:
        lines.append(f'{s.name:<{width}}{s.operators:>10}{s.milliseconds:>9.1f}{show(s.python):>10}{show(s.ncnn):>10}')
        lines += ['    ' + line for line in s.problem.splitlines()]
    return '\n'.join(lines)


def check_vacuous(want):
    """A test whose output is all one number proves nothing."""
    if all(t.numel() > 1 and t.is_floating_point() and bool((t == t.flatten()[0]).all()) for t in want):
        raise Failure('the test is vacuous: PyTorch gives one number everywhere')


# ---- networks and cases ----

def check_network(name):
    """One network of test/cases/networks.py, traced, or scripted when the name ends in /script."""
    base, _, how = name.partition('/')
    with folder_for(name) as folder:
        net, inputs = networks.save(base, folder / 'model.pt', script=how == 'script')
        with torch.no_grad():
            want = tensors(net(*clones(inputs)))
        check_vacuous(want)
        return stages(folder / 'model.pt', inputs, want, folder, 'must' if networks.NETWORKS[base].ncnn else 'no', scripted=how == 'script', net=net)


def check_types(c, folder):
    """The operator that must come out of pt2pnnx is there, and what must not be left is not."""
    with open(folder / 'pt.param', encoding='utf-8') as f:
        types = [line.split()[0] for line in f.read().splitlines()[2:]]
    if c.type and c.type not in types:
        raise Failure(f'{c.type} is not among {" ".join(types)}')
    left = [t for t in types if any(t.startswith(a) for a in c.absent)]
    if left:
        raise Failure(f'{" ".join(left)} was not raised')


def check_other_sizes(c, folder, tolerance):
    """What pt2pnnx wrote computes, on inputs of other sizes, what the traced network computes."""
    traced = torch.jit.load(folder / 'model.pt')
    for which in range(1, len(c.also) + 1):
        inputs = c.tensors(which)
        with torch.no_grad():
            try:
                want = tensors(traced(*clones(inputs)))
            except RuntimeError:                    # the trace itself holds the sizes
                continue
        check_python(folder, 'pt', inputs, want, tolerance)


def refused_names():
    """The names in test/cases/ncnn_refused.txt."""
    lines = [line for line in REFUSED.read_text().splitlines() if not line.startswith('#')]
    return {name for paragraph in '\n'.join(lines).split('\n\n') for name in re.split(r':\s', paragraph, maxsplit=1)[-1].split()}


def is_refused(table_name, c):
    """Whether pnnx2ncnn must refuse the case: it is listed."""
    names = refused_names()
    return c.type in names or f'{table_name}:{c.name}' in names


def check_refused_names(table_name, cases):
    there = {f'{table_name}:{c.name}' for c in cases}
    gone = sorted(n for n in refused_names() if n.startswith(f'{table_name}:') and n not in there)
    if gone:
        raise Failure(f'{REFUSED.name} names cases that are not there: {" ".join(gone)}')
    return []


def check_operator(table_name, c):
    """One case of a table (test/cases/operators.py)."""
    tolerance = float('inf') if c.random else max(PYTHON_TOLERANCE, c.tolerance if c.tolerance > 1e-4 else 0)
    with folder_for(c.name) as folder:
        net, inputs = c.network(), c.tensors()
        with torch.no_grad():
            want = tensors(net(*clones(inputs)))
        saved = torch.jit.script(net) if c.script else torch.jit.trace(net, clones(inputs), check_trace=False)
        saved.save(folder / 'model.pt')
        expected = 'no' if c.random else 'refuses' if is_refused(table_name, c) else 'must'
        done = stages(folder / 'model.pt', inputs, want, folder, expected, c.script, tolerance, net)
        for what, check in (('types', lambda: check_types(c, folder)), ('other sizes', lambda: check_other_sizes(c, folder, tolerance))):
            try:
                check()
            except Exception as e:
                done.append(Stage(what, problem=problem_text(e)))
        return done


def tap(name, number, check):
    """Runs one check and prints its TAP line; returns whether it passed."""
    try:
        done = check()
        bad = [s for s in done if s.problem]
        text = table(done) if bad else ''
        note = worst_note(done)
    except Exception as e:
        bad, text, note = [e], problem_text(e), ''
    print(f'{"not ok" if bad else "ok"} {number} {name}{note if not bad else ""}')
    for line in text.splitlines():
        print('# ' + line)
    sys.stdout.flush()
    return not bad


def worst_note(done):
    python = max((s.python for s in done if s.python is not None), default=0)
    ncnn = max((s.ncnn for s in done if s.ncnn is not None), default=None)
    if any(s.refused for s in done):
        return f': within {python:.0e}, ncnn refuses'
    return f': within {python:.0e}' + (f', ncnn within {ncnn:.0e}' if ncnn is not None else '')


def run_networks(names):
    part, parts = 1, 1
    if names and names[0][0].isdigit():
        part, parts = map(int, names.pop(0).split('/'))
    if not names:
        for n in networks.NETWORKS.values():
            names += [n.name] + ([n.name + '/script'] if n.script else [])
    names = names[part - 1::parts]
    print(f'1..{len(names)}')
    return all([tap(name, i + 1, lambda: check_network(name)) for i, name in enumerate(names)])


def run_operators(table, patterns):
    import operators
    del operators.CASES[:]
    importlib.import_module(f'operators_{table}')
    cases = [c for c in operators.CASES if not patterns or any(p in c.name for p in patterns)]
    checks = [(c.name, lambda c=c: check_operator(table, c)) for c in cases]
    if not patterns:
        checks.append(('cases of ncnn_refused.txt are there', lambda: check_refused_names(table, cases)))
    print(f'1..{len(checks)}')
    return all([tap(f'{table}: {name}', i + 1, check) for i, (name, check) in enumerate(checks)])


def run_model(path, text):
    """Any file on random inputs; the first line of `text` is its inputshape."""
    inputs = []
    torch.manual_seed(0)
    kinds = {v: k for k, v in DTYPES.items()}
    for piece in text.replace(' ', '').lstrip('[').split(',['):
        dims, _, kind = piece.partition(']')
        dims, dtype = [int(d) for d in dims.split(',') if d], kinds[kind or 'f32']
        inputs.append(torch.randn(dims).to(dtype) if dtype.is_floating_point else torch.randint(0, 2, dims).to(dtype))
    net = torch.jit.load(path).eval()
    with torch.no_grad():
        want = tensors(net(*clones(inputs)))
    with folder_for(pathlib.Path(path).stem) as folder:
        done = stages(pathlib.Path(path).resolve(), inputs, want, folder, 'may', scripted=True)
    print(table(done))
    return not any(s.problem for s in done)


def main(arguments):
    warnings.filterwarnings('ignore')
    if arguments[:1] == ['network']:
        return 0 if run_networks(arguments[1:]) else 1
    if arguments[:1] == ['operators'] and len(arguments) > 1:
        return 0 if run_operators(arguments[1], arguments[2:]) else 1
    if arguments[:1] == ['model'] and len(arguments) == 3:
        return 0 if run_model(*arguments[1:]) else 1
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
