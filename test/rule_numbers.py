"""rule_numbers.py FILE.rules... - both sides of every example of the rule files compute the same numbers.

rewrite_test writes each example as two models, the one given and the one that the rule made of it; pnnx2py prints
both, and PyTorch runs them on the same random inputs.  An input without a shape in the example gets one that the
given side can run on.  One-to-one rules without an example get one that is made up; where that does not run at all,
nothing is proven, which is counted.  Prints a line for each example that fails, and the counts."""
import itertools
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import torch

import oracle

SHAPES = [(2, 4, 8, 8), (2, 4, 8), (4, 8), (8, 8), (8,), (2, 4, 4, 8, 8), ()]
REWRITE = pathlib.Path(os.environ.get('PNNX_BUILD', oracle.ROOT / 'build')) / 'test/rewrite_test'


def given_inputs(param):
    """(shape, dtype) or None for each pnnx.Input of a text, in order."""
    kinds, found = {v: k for k, v in oracle.DTYPES.items()}, []
    for line in open(param, encoding='utf-8'):
        fields = line.split()
        if fields[:1] == ['pnnx.Input']:
            shape = next((m for f in fields if (m := re.fullmatch(r'#[^=]+=\((.*)\)(\w+)', f))), None)
            found.append(shape and (tuple(int(d) if d.isdigit() else 4 for d in shape[1].split(',') if d), kinds[shape[2]]))
    return found


def random_tensor(shape, dtype):
    if dtype.is_floating_point:
        return torch.randn(shape).to(dtype)
    return torch.randint(0, 2, shape).to(dtype)


def candidates(wanted):
    """Lists of inputs, as long as some shape is not given: all alike first, then each on its own."""
    free = [i for i, w in enumerate(wanted) if w is None]
    choices = [[s] * len(free) for s in SHAPES]
    if 1 < len(free) <= 3:
        choices += itertools.product(SHAPES, repeat=len(free))
    for choice in choices if free else [[]]:
        shapes = dict(zip(free, choice))
        torch.manual_seed(0)
        yield [random_tensor(*(w or (shapes[i], torch.float32))) for i, w in enumerate(wanted)]


def run(path, inputs):
    torch.manual_seed(1)
    with torch.no_grad():
        return oracle.tensors(oracle.load_module(path).Model().eval()(*oracle.clones(inputs)))


NOT_RUN = 'the given side does not run'


def check(stem):
    """None, or what is wrong with the example at stem.before.param, stem.after.param."""
    for side in 'before', 'after':
        printed = subprocess.run([oracle.BIN / 'pnnx2py', f'{stem}.{side}.param', f'{stem}.{side}.bin', f'{stem}.{side}.py'],
                                 capture_output=True, text=True)
        if printed.returncode:
            return printed.stderr.strip()
    problem = NOT_RUN
    for inputs in candidates(given_inputs(f'{stem}.before.param')):
        try:
            want = run(f'{stem}.before.py', inputs)
        except Exception as e:
            problem = f'{NOT_RUN}: {e}'.splitlines()[0]
            continue
        try:
            got = run(f'{stem}.after.py', inputs)
            worst = oracle.compare(want, got)
        except Exception as e:
            return f'{type(e).__name__}: {e}'.splitlines()[0]
        return None if worst <= oracle.PYTHON_TOLERANCE else f'differs by {worst:.2e}'
    return problem


def main(files):
    failed = checked = unproven = 0
    with tempfile.TemporaryDirectory() as folder:
        for number, file in enumerate(files):
            inner = pathlib.Path(folder) / str(number)
            inner.mkdir()
            said = subprocess.run([REWRITE, '-w', inner, file], capture_output=True, text=True)
            if said.returncode:
                print(said.stdout + said.stderr)
                failed += 1
            for line in said.stdout.splitlines():
                if not (example := re.fullmatch(r'(\d+) (\S+:\d+) (generated )?(.*)', line)):
                    continue
                problem = check(inner / example[1])
                made_up_wrong = problem and (problem.startswith(NOT_RUN) or 'results instead of' in problem)
                if made_up_wrong and example[3]:
                    unproven += 1
                    continue
                checked += 1
                if problem:
                    failed += 1
                    print(f'{example[2]}: {example[4]}: {problem}')
    print(f'{checked} examples run, {failed} failed; {unproven} that were made up do not run')
    return failed > 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
