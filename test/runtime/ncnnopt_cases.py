"""ncnnopt on models made by hand: what is left of the layers, and the same numbers in the runtime.

    python test/runtime/ncnnopt_cases.py [WORD]...      those whose name holds a word; prints TAP; works in the current folder

A case is the sizes of its inputs in0, in1 ..., outermost first, its layers, and the types that are left behind the inputs.
Weights are made up.  Each is run with float32 weights and with float16: the results have the same names and numbers,
there are no more layers, and ncnnopt changes nothing of its own output.
"""
import os
import pathlib
import subprocess
import sys

import numpy

import same_ncnn

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get('PNNX_BUILD', ROOT / 'build'))
HALF = 2e-2                                      # a weight that is multiplied is rounded again
CONV = '0=4 1=3 4=1 5=1 6=108'
POINT = '0=6 1=1 5=1 6=24'

CASES = [
    ('batch norm', ['3,8,9'], f'Convolution c 1 1 in0 a {CONV}; BatchNorm b 1 1 a out 0=4 1=1e-3', 'Convolution'),
    ('batch norm without a bias', ['3,8,9'], 'Convolution c 1 1 in0 a 0=4 1=3 6=108; BatchNorm b 1 1 a out 0=4 1=1e-3', 'Convolution'),
    ('batch norm, then relu', ['3,8,9'], f'Convolution c 1 1 in0 a {CONV}; BatchNorm b 1 1 a b 0=4; ReLU r 1 1 b out', 'Convolution'),
    ('batch norm and scale, as Caffe has them', ['3,8,9'],
     'Convolution c 1 1 in0 a 0=4 1=3 6=108; BatchNorm b 1 1 a b 0=4; Scale s 1 1 b c 0=4 1=1; ReLU r 1 1 c out 0=0.1', 'Convolution'),
    ('batch norm and scale alone', ['3,8,9'], 'BatchNorm b 1 1 in0 b 0=3; Scale s 1 1 b c 0=3 1=1; Swish r 1 1 c out', 'BatchNorm Swish'),
    ('scale of two inputs', ['3,8,9', '3'], 'Scale s 2 1 in0 in1 a 0=-233; Sigmoid r 1 1 a out', 'Scale Sigmoid'),
    ('batch norm behind an activation of its own', ['3,8,9'], f'Convolution c 1 1 in0 a {CONV} 9=1; BatchNorm b 1 1 a out 0=4', 'Convolution BatchNorm'),
    ('an activation behind another', ['3,8,9'], f'Convolution c 1 1 in0 a {CONV} 9=4; ReLU r 1 1 a out 0=0.5', 'Convolution ReLU'),
    ('clip behind relu', ['3,8,9'], f'Convolution c 1 1 in0 a {CONV}; ReLU r 1 1 a b; Clip d 1 1 b out 0=0.0 1=0.5', 'Convolution Clip'),
    ('deconvolution', ['3,8,9'], 'Deconvolution c 1 1 in0 a 0=4 1=3 3=2 6=108; BatchNorm b 1 1 a b 0=4; ReLU r 1 1 b out', 'Deconvolution'),
    ('deconvolution in groups', ['4,8,9'],
     'DeconvolutionDepthWise c 1 1 in0 a 0=4 1=3 3=2 5=1 6=72 7=2; BatchNorm b 1 1 a b 0=4; Sigmoid r 1 1 b out', 'DeconvolutionDepthWise'),
    ('depthwise', ['4,8,9'], 'ConvolutionDepthWise c 1 1 in0 a 0=4 1=3 6=36 7=4; BatchNorm b 1 1 a b 0=4; HardSwish r 1 1 b out', 'ConvolutionDepthWise'),
    ('one dimension', ['3,9'], 'Convolution1D c 1 1 in0 a 0=4 1=3 6=36; BatchNorm b 1 1 a b 0=4; ReLU r 1 1 b out', 'Convolution1D'),
    ('three dimensions', ['2,5,6,7'], 'Convolution3D c 1 1 in0 a 0=4 1=2 6=64; BatchNorm b 1 1 a b 0=4; ReLU r 1 1 b out', 'Convolution3D'),
    ('linear on a vector', ['6'], 'InnerProduct c 1 1 in0 a 0=4 2=24; BatchNorm b 1 1 a b 0=4; ReLU r 1 1 b out', 'InnerProduct'),
    ('linear on rows, of which there are as many', ['4,6'], 'InnerProduct c 1 1 in0 a 0=4 2=24; BatchNorm b 1 1 a out 0=4', 'InnerProduct BatchNorm'),
    ('linear on rows, with a constant', ['4,6'], 'MemoryData m 0 1 m 0=4; InnerProduct c 1 1 in0 a 0=4 2=24; BinaryOp b 2 1 a m out', 'MemoryData InnerProduct BinaryOp'),
    ('constants for channels', ['3,8,9'],
     f'MemoryData m 0 1 m 0=4; MemoryData n 0 1 n 0=1 1=1 2=4; Convolution c 1 1 in0 a {CONV}; BinaryOp b 2 1 a m b 0=2; BinaryOp d 2 1 n b out 0=1', 'Convolution'),
    ('a constant that others read', ['3,8,9'],
     f'MemoryData m 0 1 m 0=4; Split s 1 2 m p q; Convolution c 1 1 in0 a {CONV}; BinaryOp b 2 1 a p b 0=3; TanH t 1 1 b u; BinaryOp d 2 1 u q out 0=2',
     'MemoryData Convolution TanH BinaryOp'),
    ('a constant as wide as there are channels', ['3,8,4'], f'MemoryData m 0 1 m 0=4; Convolution c 1 1 in0 a {CONV}; BinaryOp b 2 1 a m out', 'Convolution'),
    ('a constant along the width', ['3,8,9'], f'MemoryData m 0 1 m 0=9; Convolution c 1 1 in0 a {CONV}; BinaryOp b 2 1 a m out', 'MemoryData Convolution BinaryOp'),
    ('numbers', ['3,8,9'], f'Convolution c 1 1 in0 a {CONV}; BinaryOp b 1 1 a b 0=2 1=1 2=0.5; BinaryOp d 1 1 b c 0=7 1=1 2=1.5; ReLU r 1 1 c out', 'Convolution'),
    ('constants of one element', ['3,8,9'],
     'MemoryData m 0 1 m 0=1; MemoryData n 0 1 n 0=1 1=1 2=1; BinaryOp b 2 1 in0 m b 0=3; TanH t 1 1 b c; BinaryOp d 2 1 n c out 0=1', 'BinaryOp TanH BinaryOp'),
    ('one element in front of a power', ['3,8,9'], 'MemoryData m 0 1 m 0=1; Sigmoid t 1 1 in0 c; BinaryOp d 2 1 m c out 0=6', 'Sigmoid BinaryOp'),
    ('one element with more dimensions than the other', ['5'], 'MemoryData n 0 1 n 0=1 1=1; Sigmoid t 1 1 in0 c; BinaryOp d 2 1 n c out 0=1', 'MemoryData Sigmoid BinaryOp'),
    ('a weighted sum', ['3,8,9', '3,8,9'], 'BinaryOp a 1 1 in0 a 0=2 1=1 2=0.5; BinaryOp b 1 1 in1 b 0=2 1=1 2=-2.0; BinaryOp c 2 1 a b out', 'Eltwise'),
    ('half of a weighted sum', ['3,8,9', '3,8,9'], 'BinaryOp b 1 1 in1 b 0=2 1=1 2=-2.0; BinaryOp c 2 1 in0 b out', 'Eltwise'),
    ('a weighted sum of different sizes', ['3,8,9', '3'], 'BinaryOp b 1 1 in1 b 0=2 1=1 2=-2.0; BinaryOp c 2 1 in0 b out', 'BinaryOp BinaryOp'),
    ('channels weighted by their neighbours, which are a row', ['6,6,6'],
     'Split s 1 2 in0 a b; Pooling p 1 1 a c 0=1 4=1; Reshape r 1 1 c d 0=6 1=1; Convolution1D e 1 1 d f 0=1 1=3 4=1 6=3 9=4; Reshape t 1 1 f g 0=1 1=1 2=6; BinaryOp m 2 1 g b out 0=2',
     'Split Pooling Reshape Convolution1D Reshape BinaryOp'),
    ('dropout', ['3,8,9'], f'Convolution c 1 1 in0 a {CONV}; Dropout d 1 1 a b; ReLU r 1 1 b out', 'Convolution'),
    ('dropout that scales', ['6'], 'InnerProduct c 1 1 in0 a 0=4 1=1 2=24; Dropout d 1 1 a b 0=0.5; TanH r 1 1 b out', 'InnerProduct TanH'),
    ('dropout as a result', ['3,8,9'], f'Convolution c 1 1 in0 a {CONV}; Dropout d 1 1 a out', 'Convolution'),
    ('dropout of an input as a result', ['3,8,9'], f'Split s 1 2 in0 p q; Dropout d 1 1 p out0; Sigmoid e 1 1 q out1', 'Split Sigmoid'),
    ('a result that is an input', ['3,8,9'], 'Noop n 1 1 in0 out', 'Noop'),
    ('nothings', ['3,8,9'], 'Noop n 1 1 in0 a; Pooling p 1 1 a b 1=1; Permute q 1 1 b c; Concat d 1 1 c d; Padding e 1 1 d e; Sigmoid f 1 1 e out', 'Sigmoid'),
    ('a window with a stride', ['3,8,9'], 'Pooling p 1 1 in0 b 1=1 2=2; Sigmoid f 1 1 b out', 'Pooling Sigmoid'),
    ('a split for one', ['3,8,9'], f'Convolution c 1 1 in0 a {CONV}; Split s 1 1 a b; ReLU r 1 1 b out', 'Convolution'),
    ('a convolution that two read', ['3,8,9'], f'Convolution c 1 1 in0 a {CONV}; Split s 1 2 a b c; ReLU r 1 1 b d; BinaryOp e 2 1 c d out', 'Convolution Split ReLU BinaryOp'),
    ('a convolution that is a result', ['3,8,9'], f'Convolution c 1 1 in0 a {CONV}; Split s 1 2 a out0 c; ReLU r 1 1 c out1', 'Convolution Split ReLU'),
    ('a split of a split', ['3,8,9'], 'Split s 1 2 in0 a b; Split t 1 2 b c d; ReLU x 1 1 a e; TanH y 1 1 c f; Concat z 3 1 e f d out', 'Split ReLU TanH Concat'),
    ('prelu of one slope', ['3,8,9'], f'Convolution c 1 1 in0 a {CONV}; PReLU p 1 1 a out 0=1', 'Convolution'),
    ('prelu of several', ['3,8,9'], f'Convolution c 1 1 in0 a {CONV}; PReLU p 1 1 a out 0=4', 'Convolution PReLU'),
    ('global pooling, flat', ['4,8,9'], 'Pooling p 1 1 in0 a 0=1 4=1; Flatten f 1 1 a b; Reshape g 1 1 b c 0=-1; InnerProduct h 1 1 c d 0=3 1=1 2=12; Flatten i 1 1 d e; Softmax j 1 1 e out',
     'Pooling InnerProduct Softmax'),
    ('squeeze and excite on a vector', ['4,8,9'],
     f'Split s 1 2 in0 x y; Pooling p 1 1 x a 0=1 4=1; Convolution c 1 1 a b {POINT} 9=1; Convolution d 1 1 b e 0=4 1=1 5=1 6=24; Sigmoid f 1 1 e g; BinaryOp h 2 1 y g out 0=2',
     'Split Pooling InnerProduct InnerProduct BinaryOp'),
    ('a convolution of one element as a result', ['4,8,9'], f'Pooling p 1 1 in0 a 0=1 7=1 8=1; Convolution c 1 1 a out {POINT}', 'Pooling Convolution'),
    ('two of them', ['4,8,9'], f'Pooling p 1 1 in0 a 0=1 7=1 8=1; Convolution c 1 1 a b {POINT}; ReLU r 1 1 b e; Convolution d 1 1 e out 0=4 1=1 5=1 6=24', 'Pooling Convolution Convolution'),
    ('one element, flat at last', ['4,8,9'], f'Pooling p 1 1 in0 a 0=1 7=1 8=1; Convolution c 1 1 a b {POINT}; Flatten f 1 1 b out', 'Pooling InnerProduct'),
    ('averages as reductions', ['4,8,9'], 'Reduction r 1 1 in0 a 0=3 1=0 -23303=1,-1 5=1; Reduction s 1 1 a b 0=3 1=0 -23303=1,1 5=1; InnerProduct h 1 1 b out 0=3 2=12', 'Pooling InnerProduct'),
    ('an average along the channels', ['4,8,9'], 'Reduction r 1 1 in0 a 0=3 1=0 -23303=2,0,1 5=1; Sigmoid h 1 1 a out', 'Reduction Sigmoid'),
    ('a layer of int8', ['4,8,9'], 'ReLU r 1 1 in0 a; ReLU s 1 1 a b; Clip c 1 1 b out 0=0.0 1=0.5', 'ReLU ReLU Clip'),
    ('names that are numbers', ['3,8,9'], f'Convolution 1 1 1 in0 1 {CONV}; BatchNorm 2 1 1 1 2 0=4; Split 3 1 2 2 3 4; TanH 5 1 1 3 5; BinaryOp 6 2 1 5 4 6', 'Convolution Split TanH BinaryOp'),
    ('inputs that nobody reads', ['3,8,9', '2,2'], f'Convolution c 1 1 in0 a {CONV}; Dropout d 1 1 a out', 'Convolution'),
]


def write(sizes, layers):
    keys = {1: ['0'], 2: ['1', '0'], 3: ['2', '1', '0'], 4: ['2', '11', '1', '0']}
    lines = []
    for i, size in enumerate(sizes):
        numbers = size.split(',')
        lines.append(f'Input in{i} 0 1 in{i} ' + ' '.join(f'{k}={n}' for k, n in sorted(zip(keys[len(numbers)], numbers))))
    lines += [line.strip() for line in layers.split(';')]
    blobs = sum(int(line.split()[3]) for line in lines)
    pathlib.Path('plain.param').write_text(f'7767517\n{len(lines)} {blobs}\n' + '\n'.join(lines) + '\n')


def tool(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode or done.stderr:
        raise ValueError(f'{pathlib.Path(command[0]).name}: status {done.returncode}: {done.stderr}')


def types(param):
    return [line.split()[0] for line in open(param).read().splitlines()[2:]]


def results(param, binary, sizes):
    net = same_ncnn.open_net(param, binary)
    random = numpy.random.default_rng(0)
    inputs = {f'in{i}': same_ncnn.make_input(s, random) for i, s in enumerate(sizes)}
    names = [n for n in net.output_names() if n not in inputs]
    read = [n for n in net.input_names() if n not in net.output_names()]
    return dict(zip(names, same_ncnn.run(net, read, names, [inputs[n] for n in read])))


def problem_of(sizes, layers, left, half):
    write(sizes, layers)
    tool(BUILD / 'test/ncnn_roundtrip', f'fp16={half}', 'plain.param', 'null', 'in.param', 'in.bin')
    tool(BUILD / 'bin/ncnnopt', 'in.param', 'in.bin', 'out.param', 'out.bin')
    tool(BUILD / 'bin/ncnnopt', 'out.param', 'out.bin', 'again.param', 'again.bin')
    for end in ('param', 'bin'):
        if pathlib.Path(f'out.{end}').read_bytes() != pathlib.Path(f'again.{end}').read_bytes():
            return f'it changes its own .{end}'
    got = [t for t in types('out.param') if t != 'Input']
    if got != left.split():
        return f'left is {" ".join(got)}'
    if len(types('out.param')) > len(types('in.param')):
        return 'there are more layers'
    want, got = results('in.param', 'in.bin', sizes), results('out.param', 'out.bin', sizes)
    if not want or set(want) != set(got):
        return f'results {sorted(got)} instead of {sorted(want)}'
    for name, x in want.items():
        if x.shape != got[name].shape:
            return f'{name} is {got[name].shape} instead of {x.shape}'
        if not numpy.isfinite(x).all() or (x.size > 1 and (x == x.flat[0]).all()):
            return f'{name} proves nothing'
        difference = float(numpy.abs(x - got[name]).max() / numpy.abs(x).max())
        if not difference <= (HALF if half else same_ncnn.TOLERANCE):
            return f'{name} differs by {difference:.1e}'
    return ''


def main(words):
    number = failed = 0
    for name, sizes, layers, left in CASES:
        if words and not any(w in name for w in words):
            continue
        for half in (0, 1):
            try:
                problem = problem_of(sizes, layers, left, half)
            except (ValueError, SystemExit) as e:
                problem = str(e)
            number += 1
            failed += bool(problem)
            print(f'{"not " if problem else ""}ok {number} {name}, {("float32", "float16")[half]}{": " if problem else ""}{problem}', flush=True)
    print(f'1..{number}')
    return failed > 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
