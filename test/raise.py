"""The numeric proof of the raising rules: PyTorch's output against that of the printed Python, right after pt2pnnx.

    python test/raise.py operators_FAMILY [PATTERN]...

Each case of the table is traced (and scripted where it says so) and goes through pt2pnnx and pnnx2py.  A case passes
when the type that it names is among the operators, none of the types that it forbids is, and the printed Python
gives PyTorch's numbers for every set of inputs.  Results are TAP.
"""
import contextlib
import importlib
import io
import pathlib
import sys
import tempfile
import warnings

import torch

import oracle
import operators

warnings.filterwarnings('ignore')


def variants(case):
    """The TorchScript modules of a case, each with what to add to its name."""
    with torch.no_grad(), contextlib.redirect_stdout(io.StringIO()):
        traced = [('', torch.jit.trace(case.network(), case.tensors(), check_trace=False))]
        return traced + ([('/script', torch.jit.script(case.network()))] if case.script else [])


def types(param):
    return {line.split()[0] for line in param.read_text().splitlines()[2:]}


def check(case, scripted, suffix, folder):
    """What is wrong with one variant of a case; '' when nothing is."""
    pt, param, out, script = folder / 'm.pt', folder / 'm.param', folder / 'm.bin', folder / 'm_pnnx.py'
    torch.jit.save(scripted, str(pt))
    shapes = [f'inputshape={oracle.shapes_text(case.tensors())}'] if suffix else []
    oracle.tool('pt2pnnx', *shapes, pt, param, out)
    found = types(param)
    if case.type and case.type not in found:
        return f'{case.type} is not among {" ".join(sorted(found))}'
    left = [t for t in found for a in case.absent if t.startswith(a)]
    if left:
        return f'{" ".join(left)} is left'
    oracle.tool('pnnx2py', f'pnnxbin={out}', param, out, script)
    net = oracle.load_module(script).Model().eval()
    for i in range(1 + len(case.also)):
        inputs = case.tensors(i)
        with torch.no_grad(), contextlib.redirect_stdout(io.StringIO()):
            want = oracle.tensors(case.network()(*oracle.clones(inputs)))
            got = oracle.tensors(net(*oracle.clones(inputs)))
        if not case.random:
            worst = oracle.compare(want, got)
            if worst > case.tolerance:
                return f'input {i}: the printed Python differs by {worst:.2e}'
    return ''


def main():
    importlib.import_module(sys.argv[1])
    cases = [c for c in operators.CASES if not sys.argv[2:] or any(p in c.name for p in sys.argv[2:])]
    print(f'1..{sum(1 + c.script for c in cases)}')
    number = failed = 0
    for case in cases:
        try:
            made = variants(case)
        except Exception as e:
            print(f'not ok {number + 1} - {case.name}: PyTorch cannot make it\n# {e!r:.300}')
            number, failed = number + 1 + case.script, failed + 1
            continue
        for suffix, scripted in made:
            number += 1
            try:
                with tempfile.TemporaryDirectory(prefix='raise-') as folder:
                    problem = check(case, scripted, suffix, pathlib.Path(folder))
            except Exception as e:
                problem = oracle.problem_text(e)
            failed += bool(problem)
            print(f'{"not ok" if problem else "ok"} {number} - {case.name}{suffix}')
            for line in problem.splitlines():
                print(f'# {line}')
    return failed


if __name__ == '__main__':
    sys.exit(1 if main() else 0)
