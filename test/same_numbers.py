"""same_numbers.py A.py B.py SHAPES.param - both printed models give the same numbers on the same random inputs."""
import re
import sys

import torch

import oracle


def inputs(param):
    """Random tensors for the pnnx.Input lines of a text, by their # shapes; unknown sizes are 4."""
    kinds, found = {v: k for k, v in oracle.DTYPES.items()}, []
    for line in open(param, encoding='utf-8'):
        fields = line.split()
        if fields[:1] == ['pnnx.Input']:
            shape = next((re.fullmatch(r'#[^=]+=\((.*)\)(\w+)', f) for f in fields if f.startswith('#')), None)
            if shape is None:
                sys.exit(f'same_numbers: {param}: the input {fields[1]} has no shape')
            dims = [int(d) if d.isdigit() else 4 for d in shape[1].split(',') if d]
            dtype = kinds[shape[2]]
            found.append(torch.randn(dims).to(dtype) if dtype.is_floating_point else torch.randint(0, 2, dims).to(dtype))
    return found


def main(a, b, param):
    torch.manual_seed(0)
    given = inputs(param)
    with torch.no_grad():
        one, two = [oracle.tensors(oracle.load_module(p).Model().eval()(*oracle.clones(given))) for p in (a, b)]
    oracle.check_vacuous(one)
    worst = oracle.compare(one, two)
    if worst > oracle.PYTHON_TOLERANCE:
        sys.exit(f'same_numbers: {a} and {b} differ by {worst:.2e}')


if __name__ == '__main__':
    main(*sys.argv[1:])
