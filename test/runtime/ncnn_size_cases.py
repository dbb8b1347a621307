"""The sizes that ncnnopt infers of single layers, against those that the runtime gives them.

    python test/runtime/ncnn_size_cases.py        prints TAP; works in the current folder

A case is the sizes of its inputs, and a layer with its parameters, of whose results all sizes have to be known.
"""
import os
import sys

import ncnn
import numpy

import ncnn_sizes
import ncnnopt_cases
import same_ncnn

IMAGE, WIDE, MATRIX, VECTOR, VOLUME = '4,9,11', '4,12,8', '5,7', '6', '2,5,6,7'
CASES = [
    *[(IMAGE, f'Convolution 0=3 1=3 11=2 6=72 {p}') for p in ('', '2=2 12=3', '3=2 13=3', '4=1 14=2', '4=1 15=0 14=0 16=2', '4=-233 3=2', '4=-234 3=3 2=2',
                                                               '4=-233')],
    (VECTOR, 'Convolution 0=3 1=1 6=18'), (MATRIX, 'Convolution1D 0=3 1=3 6=45 3=2 4=2 15=1'), (MATRIX, 'ConvolutionDepthWise1D 0=5 1=2 6=10 7=5'),
    (VOLUME, 'Convolution3D 0=3 1=2 11=3 21=1 6=36 4=1 14=0 24=2 3=2 23=1'), (IMAGE, 'ConvolutionDepthWise 0=4 1=3 6=36 7=4 2=2 4=1'),
    *[(IMAGE, f'Deconvolution 0=3 1=3 11=2 6=72 {p}') for p in ('', '3=2 13=3', '3=2 4=1 14=0', '3=2 18=1 19=0', '3=2 4=-233 20=21 21=17', '3=2 4=-234 20=22 21=18', '2=2', '3=3 18=2')],
    (MATRIX, 'Deconvolution1D 0=3 1=3 6=45 3=2 4=1 18=1'), (VOLUME, 'Deconvolution3D 0=3 1=2 6=48 3=2'),
    (IMAGE, 'DeconvolutionDepthWise 0=4 1=3 6=36 7=4 3=2 4=1'),
    *[(size, f'Pooling 0={kind} 1=3 2=2 {p}') for size in (IMAGE, WIDE) for kind in (0, 1)
      for p in ('', '5=1', '3=1', '3=1 5=1', '3=1 13=0 14=0 15=1 5=1', '11=2 12=3', '5=2', '5=3', '12=1 5=1')],
    (IMAGE, 'Pooling 0=1 4=1'), (IMAGE, 'Pooling 0=1 7=1 8=3'), (IMAGE, 'Pooling 0=0 7=1 8=3 18=2'), (IMAGE, 'Pooling 0=0 7=1 8=3 18=-233'),
    (MATRIX, 'Pooling1D 0=0 1=3 2=2 5=1'), (MATRIX, 'Pooling1D 0=1 1=2 2=2'), (MATRIX, 'Pooling1D 0=1 4=1'), (MATRIX, 'Pooling1D 0=1 7=1 8=2'),
    (VOLUME, 'Pooling3D 0=0 1=2 2=2 5=1'), (VOLUME, 'Pooling3D 0=1 1=3 11=2 21=1 2=2 12=1 22=3 5=1'), (VOLUME, 'Pooling3D 0=1 4=1'),
    (IMAGE, 'Concat 0=0 +'), (IMAGE, 'Concat 0=-1 +'), (MATRIX, 'Concat 0=1 +'), (VOLUME, 'Concat 0=1 +'),
    (IMAGE, 'Slice 1 3 -23300=3,1,2,-233'), (IMAGE, 'Slice 1 3 -23300=3,-233,-233,-233 1=1'), (IMAGE, 'Slice 1 2 -23300=2,4,-233 1=-1'),
    (IMAGE, 'Flatten'), (VOLUME, 'Flatten'), (IMAGE, 'Reshape 0=44 1=-1'), (IMAGE, 'Reshape 0=-1'), (IMAGE, 'Reshape 0=9 1=2 2=22'), (MATRIX, 'Reshape 0=5 1=7 11=1 2=1'),
    *[(IMAGE, f'Permute 0={i}') for i in range(6)], *[(MATRIX, f'Permute 0={i}') for i in range(2)], *[(VOLUME, f'Permute 0={i}') for i in range(24)],
    (IMAGE, 'Reduction 0=3 1=0 -23303=1,0 5=1'), (IMAGE, 'Reduction 0=3 1=0 -23303=2,1,-1 4=1 5=1'), (MATRIX, 'Reduction 0=0 1=0 -23303=1,-1 5=1'),
    (VOLUME, 'Reduction 0=4 1=0 -23303=2,0,2 5=1'), ('1,9,1', 'Squeeze -23303=1,0'), ('1,9,1', 'Squeeze -23303=2,0,2'), ('1,9,1', 'Squeeze -23303=1,1'),
    (MATRIX, 'ExpandDims -23303=1,0'), (MATRIX, 'ExpandDims -23303=2,1,-1'), (VECTOR, 'ExpandDims -23303=2,0,1'),
    (IMAGE, 'Crop -23309=1,1 -23310=1,3 -23311=1,0'), (IMAGE, 'Crop -23309=2,1,2 -23310=2,-1,-233 -23311=2,1,2'), (IMAGE, 'Crop -23309=1,-3 -23310=1,-1 -23311=1,-1'),
    (IMAGE, 'Crop -23309=3,0,1,-233 -23310=3,4,9,5'), (VOLUME, 'Crop -23309=2,1,1 -23310=2,4,99 -23311=2,1,3'), (MATRIX, 'Crop -23309=1,0 -23310=1,2 -23311=1,-2'),
    (IMAGE, 'Padding 0=1 1=2 2=3 3=4'), (IMAGE, 'Padding 2=1 3=1 7=2 8=1'), (MATRIX, 'Padding 0=1 2=2'), (VECTOR, 'Padding 2=2 3=1'), (VOLUME, 'Padding 0=1 2=1 7=1 8=2'),
    (IMAGE, 'Interp 0=1 1=2.0 2=1.5'), (IMAGE, 'Interp 0=2 3=5 4=7'), (IMAGE, 'Interp 0=2 1=0.3 2=0.7'), ('18,4,6', 'PixelShuffle 0=3'), ('4,6,8', 'Reorg 0=2'),
    (IMAGE, 'Tile 0=0 1=3'), (IMAGE, 'Tile 0=2 1=2'), (WIDE, 'GLU 0=0'), (WIDE, 'GLU 0=-1'), (IMAGE, 'ShuffleChannel 0=2'),
    (MATRIX, 'InnerProduct 0=3 2=21'), (MATRIX, 'InnerProduct 0=3 2=105'), (VECTOR, 'InnerProduct 0=3 2=18'), (IMAGE, 'InnerProduct 0=3 2=1188'),
    (MATRIX, 'RNN 0=3 1=21'), (MATRIX, 'LSTM 0=3 1=168 2=2'), (MATRIX, 'GRU 0=3 1=63 2=1'), (MATRIX, 'Gemm 3=1 5=1 8=4 9=7'), (MATRIX, 'Gemm 5=1 8=4 9=7'),
    (MATRIX, 'Gemm 4=1 7=3 8=0 9=5'), (MATRIX, 'Gemm 2=1 5=1 3=1 8=4 9=5'), ('5,8', 'MultiHeadAttention 0=8 1=2 2=64'), ('5,8', 'MultiHeadAttention 0=4 1=2 2=32 3=8 4=8'),
    ('5,7 7,3', 'MatMul'), ('5,7 3,7', 'MatMul 0=1'), ('4,5,7 4,7,3', 'MatMul'), ('4,5,7 1,7,3', 'MatMul'), ('2,5,8 2,6,8 2,6,4', 'SDPA'),
    *[(f'{a} {b}', f'BinaryOp 0={op}') for op, a, b in ((0, IMAGE, '4'), (2, '4', IMAGE), (1, IMAGE, '11'), (0, IMAGE, '1,9,1'), (0, '4,1,11', '4,9,1'), (0, IMAGE, '4,9'),
                                                        (0, VOLUME, '2,5'), (0, VOLUME, '2'), (0, MATRIX, '7'), (0, MATRIX, '5'), (0, '1', IMAGE), (0, MATRIX, '5,1'))],
    (MATRIX, 'LayerNorm 0=7'), (IMAGE, 'Softmax 0=1 1=1'), (IMAGE, 'Split 1 2'), (IMAGE, 'Eltwise 0=1 +'), (IMAGE, 'Noop'), (IMAGE, 'MemoryData 0 1 0=3 1=2 2=5'), (IMAGE, 'MemoryData 0 1 0=3 11=2 1=4 2=5'),
]


def model(sizes, layer):
    """Blobs in0 .. go into the layer, whose results are r0 ..; a + gives it its input twice."""
    kind, *words = layer.split()
    names = [f'in{i}' for i in range(len(sizes))] + (['in0'] if '+' in words else [])
    words = [w for w in words if w != '+']
    inputs, outputs = (int(words.pop(0)), int(words.pop(0))) if words and '=' not in words[0] else (len(names), 1)
    names = names[:inputs]
    lines = [f'{kind} x {inputs} {outputs} {" ".join(names + [f"r{i}" for i in range(outputs)])} {" ".join(words)}']
    if len(names) > len(sizes):
        lines = ['Split s 1 2 in0 p q', lines[0].replace('in0 in0', 'p q')]
    return '; '.join(lines)


def problem_of(text, layer):
    sizes = text.split()
    ncnnopt_cases.write(sizes, model(sizes, layer))
    ncnnopt_cases.tool(ncnnopt_cases.BUILD / 'test/ncnn_roundtrip', 'plain.param', 'null', 'in.param', 'in.bin')
    ncnnopt_cases.tool(ncnnopt_cases.BUILD / 'bin/ncnnopt', 'without=idle.rules', 'in.param', 'in.bin', 'out.param', 'out.bin')
    said = dict(hint for line in open('out.param').read().splitlines()[2:] for hint in ncnn_sizes.hints(line))
    net = same_ncnn.open_net('in.param', 'in.bin')
    extractor = net.create_extractor()
    random = numpy.random.default_rng(0)
    for i, s in enumerate(sizes):
        extractor.input(f'in{i}', same_ncnn.make_input(s, random))
    for name in (n for n in net.output_names() if not n.startswith('in')):
        status, mat = extractor.extract(name)
        got = numpy.array(mat).shape
        if status:
            return 'the runtime has no result'
        if name not in said:
            return f'{name} is {got}, and nothing is said of it'
        if said[name] != got:
            return f'{name} is {got}, and {said[name]} is said'
    return ''


def in_child(*case):
    """The runtime crashes on some layers that it does not take."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            problem = problem_of(*case)
        except (ValueError, SystemExit) as e:
            problem = str(e)
        os.write(write, problem.encode())
        os._exit(0)
    os.close(write)
    with open(read) as pipe:
        problem = pipe.read()
    return problem if os.waitpid(child, 0)[1] == 0 else 'the runtime crashes'


def main():
    failed = 0
    for number, (sizes, layer) in enumerate(CASES, 1):
        problem = in_child(sizes, layer)
        failed += bool(problem)
        print(f'{"not " if problem else ""}ok {number} {sizes}: {layer}{": " if problem else ""}{problem}', flush=True)
    print(f'1..{len(CASES)}')
    return failed > 0


if __name__ == '__main__':
    sys.exit(main())
