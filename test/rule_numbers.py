"""rule_numbers.py [-v] FILE.rules... - both sides of every example of the rule files compute the same numbers.

rewrite_test writes each example as two models, the one given and the one that the rule made of it; pnnx2py prints
both, and PyTorch runs them on the same random inputs.  An input without a shape in the example gets one that the
given side can run on.  One-to-one rules without an example get one that is made up; where that does not run at all,
nothing is proven: the reason is printed, and it is counted.  With -v an example that is varied in one thing, and that the rule still
applies to, must compute the same, too, if it runs (but for lowerings).

The sides of a rule on layers are two models of the ncnn runtime.  What a lowering rule makes are layers: pnnxshape and pnnx2ncnn convert the given side, and the ncnn runtime gives the
other numbers.  The rule must be among those that this conversion used.  A file that is not the program's own is read
with -r.

Prints a line for each example that fails, the largest difference, and the counts."""
import itertools
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import ncnn
import numpy
import torch

import oracle
import torchvision_stand_in

SHAPES = [(2, 4, 8, 8), (2, 4, 8), (4, 8), (8, 8), (8,), (2, 4, 4, 8, 8), ()]
UNKNOWN = 10                                                     # for a size that an example leaves open
PROBABILITY = 'probability'
KINDS = [torch.float32, torch.int64, torch.bool, torch.complex64, PROBABILITY]
TRIES = 600
REWRITE = pathlib.Path(os.environ.get('PNNX_BUILD', oracle.ROOT / 'build')) / 'test/rewrite_test'
LOWERING, LAYERS = 'cmd/pnnx2ncnn/', 'common/layers/'            # what rewrite_test knows its files by
NOT_RUN = 'the given side does not run'
# Where the runtime finds scales of its own: of 127 steps, PyTorch's are of 127 or 255.
ON_THE_FLY, ON_THE_FLY_TOLERANCE = {'q_linear_relu_dynamic', 'linear_dynamic_int8', 'q_lstm', 'q_gru', 'lstm_int8', 'gru_int8'}, 0.1
ALONE = {'no_shift'}                                              # of a part of a layer: no operator of PyTorch's leads to it


def internal(line):
    """An operator that pnnx2ncnn makes for itself, as some of PyTorch's: see int8.rules."""
    fields = line.split()
    if fields[:1] not in (['pnnx.Grid'], ['pnnx.Int8']):
        return [line]
    value = {k: float(v) for k, v in (f.split('=') for f in fields[6:] if f[0].isalpha())}
    shapes = ' '.join(f for f in fields if f[0] == '#')
    x, y = fields[4:6]
    if fields[0] == 'pnnx.Int8':
        sign = -1 if value['shift'] > 0 else 1
        return [f"pnnx.Expression {fields[1]} 1 1 {x} {y} expr=mul(sub(@0,{value['scale'] * value['shift']}),{sign}.0) {shapes}"]
    wholes = [f"torch.mul {fields[1]}_0 1 1 {x} {x}_0 $input={x} other={value['scale']}"] if 'odd' in value else []
    x += '_0' if wholes else ''
    return wholes + [f"torch.fake_quantize_per_tensor_affine {fields[1]} 1 1 {x} {y} scale={value['scale']} zero_point={-value['low']:.0f} quant_min=0 "
                     f"quant_max={value['high'] - value['low']:.0f} $input={x} {'' if wholes else shapes}"]


def replace_internal(param):
    """Those of a text."""
    lines = [new for line in param.read_text().splitlines()[2:] for new in internal(line)]
    results = sum(int(line.split()[3]) for line in lines)
    param.write_text('\n'.join(['7767517', f'{len(lines)} {results}', *lines, '']))


def given_inputs(param):
    """(shape, dtype) or None for each pnnx.Input of a text, in order."""
    kinds, found = {v: k for k, v in oracle.DTYPES.items()}, []
    for line in open(param, encoding='utf-8'):
        fields = line.split()
        if fields[:1] == ['pnnx.Input']:
            shape = next((m for f in fields if (m := re.fullmatch(r'#[^=]+=\((.*)\)(\w+)', f))), None)
            found.append(shape and (tuple(int(d) if d.isdigit() else UNKNOWN for d in shape[1].split(',') if d), kinds[shape[2]]))
    return found


def shapes_text(param, inputs):
    """inputshape= for the inputs of a text: what it does not know stays unknown, and names stay names."""
    texts = []
    for line in open(param, encoding='utf-8'):
        if line.split()[:1] == ['pnnx.Input']:
            shape, x = re.search(r'#\S+=\((.*?)\)', line), inputs[len(texts)]
            sizes = zip(x.shape, shape[1].split(',') if shape and x.dim() else [''] * x.dim())
            texts.append('[' + ','.join(d.lstrip('%') if d[:1] in ('?', '%') else str(n) for n, d in sizes) + ']' + oracle.DTYPES[x.dtype])
    return ','.join(texts)


def random_tensor(shape, kind):
    """Of a dtype; or, for a kind that is none, probabilities."""
    if kind == PROBABILITY:
        return torch.rand(shape)
    if kind.is_floating_point or kind.is_complex:
        return torch.randn(shape).to(kind)
    return torch.randint(0, 2, shape).to(kind)


def choices(of, count):
    """Lists of so many of a list's items: all alike, and lists in which they are not."""
    alike = [[c] * count for c in of]
    return alike, list(itertools.product(of, repeat=count)) if 1 < count <= 3 else []


def candidates(wanted):
    """Lists of inputs, the likeliest first, as long as some shape is not given."""
    free = [i for i, w in enumerate(wanted) if w is None]
    shapes, mixed_shapes = choices(SHAPES, len(free))
    kinds, mixed_kinds = choices(KINDS, len(free))
    pairs = itertools.chain(*itertools.starmap(itertools.product, [(kinds, shapes), (kinds[:1], mixed_shapes), (mixed_kinds, shapes)]))
    for kind, shape in itertools.islice(pairs, TRIES) if free else [((), ())]:
        given = dict(zip(free, zip(shape, kind)))
        torch.manual_seed(0)
        yield [random_tensor(*(w or given[i])) for i, w in enumerate(wanted)]


def model(stem):
    return f'{stem}.param', f'{stem}.bin'


def python(script, inputs):
    torch.manual_seed(1)
    with torch.no_grad():
        return oracle.tensors(oracle.load_module(script).Model().eval()(*oracle.clones(inputs)))


def rewritten(stem, inputs, want):
    """The difference of what the rule made of an example."""
    oracle.tool('pnnx2py', *model(f'{stem}.after'), f'{stem}.after.py')
    return oracle.compare(want, python(f'{stem}.after.py', inputs))


def lowered(stem, inputs, want, rule, options):
    """The difference of what pnnx2ncnn makes of an example; where PyTorch has no number, the runtime may have any."""
    shaped, script = f'{stem}.shaped', f'{stem}_ncnn.py'
    oracle.tool('pnnxshape', 'inputshape=' + shapes_text(f'{stem}.before.param', inputs), *model(f'{stem}.before'), *model(shaped))
    _, said = oracle.tool('pnnx2ncnn', 'fp16=0', '--explain', *options, f'ncnnpy={script}', *model(shaped), *model(f'{stem}.ncnn'))
    if f': {rule}: ' not in said and rule not in ALONE:
        raise oracle.Failure('pnnx2ncnn does not use the rule')
    got = oracle.isolated(lambda: oracle.run_ncnn(script, inputs))
    got = [torch.where(w.isnan(), w, g.to(w.dtype)) if w.shape == g.shape else g.to(w.dtype) for w, g in zip(want, got)]
    return oracle.compare(want, got, exact_shape=False)


def check(stem, difference, ran_on):
    """Both sides of the example at stem: the difference of its numbers; and, in `ran_on`, the inputs.

    Those that it has already are of the example that this is a variation of, which may have one input more, in front."""
    wanted = given_inputs(f'{stem}.before.param')
    wanted = wanted[:max(len(wanted) - len(ran_on), 0)] + ran_on
    script = f'{stem}.before.py'
    problem = ''
    replace_internal(pathlib.Path(f'{stem}.before.param'))
    try:
        oracle.tool('pnnx2py', *model(f'{stem}.before'), script)
    except oracle.Failure as e:
        raise oracle.Failure(f'{NOT_RUN}: {problem_of(e)}')
    for inputs in candidates(wanted):
        try:
            want = python(script, inputs)
        except Exception as e:
            problem = problem or f'{NOT_RUN}: {e}'
            continue
        ran_on[:] = [(tuple(x.shape), x.dtype) for x in inputs]
        return difference(stem, inputs, want)
    raise oracle.Failure(problem or NOT_RUN)


def blobs(stem, inputs):
    """The results of a model of the runtime, by name, but for those that an example has nobody read."""
    net = ncnn.Net()
    net.opt.use_vulkan_compute = net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    if net.load_param(f'{stem}.param') or net.load_model(f'{stem}.bin'):
        raise oracle.Failure(f'the runtime does not read {stem}.param')
    extractor = net.create_extractor()
    for name in net.input_names():
        extractor.input(name, ncnn.Mat(inputs[name].numpy()).clone())
    results = {name: extractor.extract(name) for name in net.output_names() if not name.startswith('_')}
    if failed := [name for name, (status, _) in results.items() if status]:
        raise oracle.Failure(f'{NOT_RUN}: {failed[0]}')
    return {name: torch.tensor(numpy.array(mat)) for name, (_, mat) in results.items()}


def check_layers(stem):
    """The difference of two models of the runtime, on random inputs of the shapes that the given side says."""
    torch.manual_seed(0)
    inputs = {}
    for line in open(f'{stem}.before.param', encoding='utf-8'):
        fields = line.split()
        if fields[:1] == ['Input']:
            sizes = dict(f.split('=') for f in fields[5:])
            inputs[fields[4]] = torch.rand([int(sizes[i]) for i in ('2', '11', '1', '0') if i in sizes]) * 4 - 2
    want, got = (oracle.isolated(lambda: blobs(f'{stem}.{side}', inputs)) for side in ('before', 'after'))
    if set(want) != set(got):
        raise oracle.Failure(f'results {sorted(got)} instead of {sorted(want)}')
    return max(oracle.compare([want[name]], [got[name]]) for name in want)


def problem_of(e):
    """One line: of what a program said, its first message that is no explanation."""
    text = str(e) if isinstance(e, oracle.Failure) else f'{type(e).__name__}: {e}'
    lines = [line for line in text.splitlines() if ' => ' not in line]
    return lines[1] if len(lines) > 1 and ': status ' in lines[0] else lines[0]


def how_to_run(file, rule):
    """The function that gives an example's difference, and what that may be."""
    if LOWERING not in str(file):
        return rewritten, oracle.PYTHON_TOLERANCE
    own = pathlib.Path(file).resolve().is_relative_to(oracle.ROOT)
    return lambda *a: lowered(*a, rule, [] if own else ['-r', file]), ON_THE_FLY_TOLERANCE if rule in ON_THE_FLY else oracle.NCNN_TOLERANCE


def main(vary, files):
    failed = checked = unproven = varied = 0
    most = 0.0
    ran_on = {}
    torchvision_stand_in.install()
    with tempfile.TemporaryDirectory() as folder:
        for number, file in enumerate(files):
            inner = pathlib.Path(folder) / str(number)
            inner.mkdir()
            said = subprocess.run([REWRITE, *(['-v'] if vary and LOWERING not in str(file) and LAYERS not in str(file) else []), '-w', inner, file], capture_output=True, text=True)
            if said.returncode:
                print(said.stdout + said.stderr)
                failed += 1
            for line in said.stdout.splitlines():
                if not (example := re.fullmatch(r'(\d+) (\S+:\d+) (generated |varied )?(.*)', line)):
                    continue
                difference, tolerance = how_to_run(file, example[4])
                problem, variation = '', example[3] == 'varied '
                rule = example[2], example[4].split(':')[0]
                if variation and not ran_on.get(rule):
                    continue
                inputs = list(ran_on.get(rule, [])) if variation else ran_on.setdefault(rule, [])
                try:
                    stem = inner / example[1]
                    worst = check_layers(stem) if LAYERS in str(file) else check(stem, difference, inputs)
                    most = max(most, worst)
                    problem = f'differs by {worst:.2e}' if worst > tolerance else ''
                except Exception as e:
                    problem = problem_of(e)
                if example[3] and (problem.startswith(NOT_RUN) or 'results instead of' in problem):
                    unproven += not variation
                    if not variation:
                        print(f'{example[2]}: {example[4]}: {problem}')
                    continue
                checked += not variation
                varied += variation
                if problem:
                    failed += 1
                    print(f'{example[2]}: {example[4]}: {problem}')
    print(f'the largest difference is {most:.0e}')
    print(f'{checked} examples and {varied} variations run, {failed} failed; {unproven} that were made up do not run')
    return failed > 0


if __name__ == '__main__':
    sys.exit(main('-v' in sys.argv[1:], [a for a in sys.argv[1:] if a != '-v']))
