"""The weights of every layer, with the runtime as judge: it loads what the reader finds, and nothing less.

    python test/runtime/ncnn_weights.py         prints TAP; works in the current folder

A case is a layer with its parameters, and its weights as ncnn-format has them: T(n) tagged, stored in each way that there is,
R(n) raw, Q(n) tagged in int8,
P(n) packed bytes.  The runtime must load the file, and must not load it without its last four bytes; our reader
must read it and write both files as they were, and must refuse the shorter one.
"""
import os
import pathlib
import random
import struct
import subprocess
import sys

import ncnn

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROUNDTRIP = pathlib.Path(os.environ.get('PNNX_BUILD', ROOT / 'build')) / 'test' / 'ncnn_roundtrip'

T = lambda n: ('tagged', n)
R = lambda n: ('raw', n)
Q = lambda n: ('int8', n)
P = lambda n: ('packed', n)
CONV, GROUPED, DECONV = '0=4 1=3 2=1 3=1 4=1', '0=4 1=3 7=2', '0=4 1=2'

CASES = [
    ('BatchNorm', '0=3 1=1e-5', R(3), R(3), R(3), R(3)),
    ('Bias', '0=5', R(5)),
    ('Convolution', f'{CONV} 5=1 6=72', T(72), R(4)),
    ('Convolution', f'{CONV} 6=72', T(72)),
    ('Convolution', f'{CONV} 5=1 6=72 8=2', Q(72), R(4), R(4), R(1)),
    ('Convolution', f'{CONV} 5=1 6=36 8=102', Q(36), R(4), R(4), R(1), R(1)),
    ('ConvolutionDepthWise', f'{GROUPED} 5=1 6=36', T(36), R(4)),
    ('ConvolutionDepthWise', f'{GROUPED} 6=36 8=1', Q(36), R(2), R(1)),
    ('ConvolutionDepthWise', f'{GROUPED} 5=1 6=36 8=2', Q(36), R(4), R(1), R(1)),
    ('ConvolutionDepthWise', f'{GROUPED} 6=36 8=101', Q(36), R(2), R(1), R(1)),
    ('ConvolutionDepthWise', f'{GROUPED} 6=36 8=102', Q(36), R(1), R(1), R(1)),
    ('Convolution', '0=3 1=3 6=27 8=1', Q(27), R(3), R(1)),
    ('Convolution', '0=3 1=3 5=1 6=27', T(27), R(3)),
    ('Deconvolution', f'{DECONV} 5=1 6=32', T(32), R(4)),
    ('DeconvolutionDepthWise', f'{DECONV} 7=2 5=1 6=32', T(32), R(4)),
    ('Embed', '0=3 1=7 2=1 3=21', T(21), R(3)),
    ('Embed', '0=3 1=7 3=21', T(21)),
    ('Embed', '0=3 1=7 3=21 18=1', Q(21), R(1)),
    ('InnerProduct', '0=3 1=1 2=21', T(21), R(3)),
    ('InnerProduct', '0=3 2=21', T(21)),
    ('InnerProduct', '0=3 1=1 2=21 8=2', Q(21), R(3), R(3), R(1)),
    ('PReLU', '0=3', R(3)),
    ('Scale', '0=3', R(3)),
    ('Scale', '0=3 1=1', R(3), R(3)),
    ('RNN', '0=3 1=12', T(12), T(3), T(9)),
    ('RNN', '0=3 1=24 2=2', T(24), T(6), T(18)),
    ('RNN', '0=3 1=12 2=1 8=1', Q(12), T(3), Q(9), R(3), R(3)),
    ('LSTM', '0=3 1=60', T(60), T(12), T(36)),
    ('LSTM', '0=3 1=120 2=2', T(120), T(24), T(72)),
    ('LSTM', '0=3 1=100 3=5', T(100), T(20), T(60), T(15)),
    ('LSTM', '0=3 1=200 2=2 3=5', T(200), T(40), T(120), T(30)),
    ('LSTM', '0=3 1=120 2=2 8=1', Q(120), T(24), Q(72), R(24), R(24)),
    ('LSTM', '0=3 1=100 3=5 8=1', Q(100), T(20), Q(60), T(15), R(20), R(20)),
    ('GRU', '0=3 1=45', T(45), T(12), T(27)),
    ('GRU', '0=3 1=90 2=2', T(90), T(24), T(54)),
    ('GRU', '0=3 1=90 2=2 8=1', Q(90), T(24), Q(54), R(18), R(18)),
    ('Padding', '0=1 6=3', R(3)),
    ('Padding', '0=1'),
    ('Normalize', '0=1 1=1 3=1', R(1)),
    ('Normalize', '3=4', R(4)),
    ('InstanceNorm', '0=3', R(3), R(3)),
    ('InstanceNorm', '0=3 2=0'),
    ('GroupNorm', '0=2 1=4', R(4), R(4)),
    ('GroupNorm', '0=2 1=4 3=0'),
    ('LayerNorm', '0=5', R(5), R(5)),
    ('LayerNorm', '0=5 2=0'),
    ('RMSNorm', '0=5', R(5)),
    ('RMSNorm', '0=5 2=0'),
    ('Quantize', '', R(1)),
    ('Quantize', '0=3', R(3)),
    ('Dequantize', '0=3 1=3', R(3), R(3)),
    ('Dequantize', '', R(1)),
    ('Requantize', '0=3 1=2 2=3', R(3), R(2), R(3)),
    ('Requantize', '', R(1), R(1)),
    ('Gemm', '4=1 7=3 8=0 9=5', T(15)),
    ('Gemm', '3=1 5=1 8=4 9=5', T(20)),
    ('Gemm', '3=1 5=1 6=1 8=4 9=5 10=4', T(20), T(4)),
    ('Gemm', '3=1 5=1 6=1 8=4 9=5 10=0', T(20), T(1)),
    ('Gemm', '3=1 5=1 6=1 8=4 9=5 10=-1', T(20)),
    ('Gemm', '4=1 6=1 7=3 8=4 9=5 10=1', T(15), T(3)),
    ('Gemm', '4=1 6=1 7=3 8=4 9=5 10=2', T(15), T(3)),
    ('Gemm', '4=1 5=1 6=1 7=3 8=4 9=5 10=3', T(15), T(20), T(12)),
    ('Gemm', '3=1 5=1 8=4 9=5 18=2', Q(20), R(1)),
    ('Gemm', '4=1 5=1 7=3 8=4 9=5 18=2', Q(15), Q(20), R(3), R(1)),
    ('Gemm', '3=1 5=1 6=1 8=4 9=70 10=4 18=401', P(4 * 35), T(4), R(4 * 2)),
    ('Gemm', '3=1 5=1 8=4 9=70 18=600', P(4 * 53), R(4 * 3)),
    ('Gemm', '3=1 5=1 6=1 8=3 9=5 10=4 18=802', P(3 * 5), T(3), R(3)),
    ('Gemm', '3=1 5=1 6=1 8=4 9=70 10=4 18=811', P(4 * 70), T(4), R(4 * 2), R(70)),
    ('MultiHeadAttention', '0=6 1=2 2=36', T(36), R(6), T(36), R(6), T(36), R(6), T(36), R(6)),
    ('MultiHeadAttention', '0=6 1=2 2=24 3=5 4=3', T(24), R(6), T(30), R(6), T(18), R(6), T(24), R(4)),
    ('MultiHeadAttention', '0=6 1=2 2=36 18=2', Q(36), R(6), Q(36), R(6), Q(36), R(6), Q(36), R(6), R(6), R(6), R(6), R(1)),
    ('MultiHeadAttention', '0=6 1=2 2=36 18=402', *[P(18), R(6)] * 4, R(6), R(6), R(6), R(6)),
    ('MultiHeadAttention', '0=6 1=2 2=24 3=5 4=3 18=810', P(24), R(6), P(30), R(6), P(18), R(6), P(24), R(4), R(6), R(6), R(6), R(4),
     R(4), R(5), R(3), R(6)),
    ('DeformableConv2D', '0=4 1=3 5=1 6=72', T(72), R(4)),
] + [(f'Convolution{d}', f'0=4 1=3 5=1 6={4 * 2 * 3 ** n}', T(4 * 2 * 3 ** n), R(4)) for d, n in (('1D', 1), ('3D', 3))] \
  + [(f'ConvolutionDepthWise{d}', f'0=4 1=3 7=2 5=1 6={4 * 3 ** n}', T(4 * 3 ** n), R(4)) for d, n in (('1D', 1), ('3D', 3))] \
  + [(f'Deconvolution{d}', f'0=4 1=3 5=1 6={4 * 2 * 3 ** n}', T(4 * 2 * 3 ** n), R(4)) for d, n in (('1D', 1), ('3D', 3))] \
  + [(f'DeconvolutionDepthWise{d}', f'0=4 1=3 7=2 5=1 6={4 * 3 ** n}', T(4 * 3 ** n), R(4)) for d, n in (('1D', 1), ('3D', 3))]
# These take no input: a constant.
CONSTANTS = [
    ('MemoryData', '0=5', R(5)), ('MemoryData', '0=5 1=2', R(10)), ('MemoryData', '0=5 1=2 2=3', R(30)),
    ('MemoryData', '0=5 1=2 11=2 2=3', R(60)), ('MemoryData', '0=5 1=3 21=0', T(15)), ('MemoryData', ''),
]
# Weights that are blobs: nothing in the file.
DYNAMIC = [('Convolution', f'{CONV} 5=1 6=72 19=1'), ('Convolution1D', f'{CONV} 5=1 19=1'), ('ConvolutionDepthWise', f'{GROUPED} 5=1 19=1'),
           ('Deconvolution', f'{DECONV} 5=1 28=1'), ('DeconvolutionDepthWise1D', f'{DECONV} 7=2 5=1 28=1')]


def floats(count):
    return struct.pack(f'<{count}f', *(random.uniform(-2, 2) for _ in range(count)))


def stored(kind, count, way):
    """A weight as bytes; what pads it is no zero."""
    if kind == 'raw':
        return floats(count)
    if kind == 'packed':
        data = random.randbytes(count)
    elif kind == 'int8' or way == 'int8':
        data = struct.pack('<I', 0x000D4B38) + random.randbytes(count)
    elif way == 'half':
        data = struct.pack(f'<I{count}e', 0x01306B47, *(random.uniform(-2, 2) for _ in range(count)))
    elif way == 'table':
        data = struct.pack('<I', 0x12345678) + floats(256) + random.randbytes(count)
    else:
        data = struct.pack('<I', 0x0002C056 if way == 'legacy' else 0) + floats(count)
    return data + b'\x83\x22\x11'[:-len(data) % 4]


def runtime_loads(param, binary):
    """In a child: the runtime crashes on some files that are too short.  Of some weights it does not mind that they are not
    there, but for a line on standard error."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(write, 2)
        with ncnn.Net() as net:
            net.opt.use_vulkan_compute = False
            os._exit(0 if net.load_param(param) == 0 and net.load_model(binary) == 0 else 1)
    os.close(write)
    with open(read, errors='replace') as pipe:
        said = pipe.read()
    return os.waitpid(child, 0)[1] == 0 and 'ModelBin' not in said


def roundtrip():
    return subprocess.run([ROUNDTRIP, 'in.param', 'in.bin', 'out.param', 'out.bin'], capture_output=True, text=True)


def same(name):
    return pathlib.Path(f'in.{name}').read_bytes() == pathlib.Path(f'out.{name}').read_bytes()


def problem_of(layer, parameters, weights, way, constant):
    """What is wrong with a case; '': nothing."""
    parameters = ' '.join([''] + parameters.split()) if parameters else ''
    blobs = '0 1 out' if constant else '1 1 in out'
    head = '' if constant else f'{"Input":<24} {"in":<24} 0 1 in\n'
    text = f'7767517\n{2 - constant} {2 - constant}\n{head}{layer:<24} {"x":<24} {blobs}{parameters}\n'
    ordered = sorted(parameters.split(), key=lambda p: int(p.split('=')[0]))
    text = text.replace(parameters, ' ' + ' '.join(ordered)) if ordered else text
    pathlib.Path('in.param').write_text(text)
    data = b''.join(stored(kind, count, way) for kind, count in weights)
    pathlib.Path('in.bin').write_bytes(data)
    if not runtime_loads('in.param', 'in.bin'):
        return 'the runtime does not load it'
    done = roundtrip()
    if done.returncode or done.stderr:
        return f'refused, or a word: {done.stderr}'
    if not same('param') or not same('bin'):
        return 'does not come out as it went in'
    if data:
        pathlib.Path('in.bin').write_bytes(data[:-4])
        if runtime_loads('in.param', 'in.bin'):
            return 'the runtime loads it without its last weight'
        done = roundtrip()
        if done.returncode != 3 or done.stderr.count('\n') != 1 or 'ends within its' not in done.stderr:
            return f'without its last bytes: status {done.returncode}: {done.stderr}'
    return ''


def main():
    random.seed(20)
    number = failures = 0
    for cases, constant in ((CASES, 0), (CONSTANTS, 1), (DYNAMIC, 0)):
        for layer, parameters, *weights in cases:
            ways = ('float', 'half', 'table', 'legacy') if any(k == 'tagged' for k, _ in weights) else ('float',)
            if any(k == 'int8' for k, _ in weights):
                ways = ('float', 'half')
            for way in ways:
                problem = problem_of(layer, parameters, weights, way, constant)
                number += 1
                failures += bool(problem)
                print(f'{"not " if problem else ""}ok {number} {layer} {parameters}, {way}{": " if problem else ""}{problem}', flush=True)
    print(f'1..{number}')
    return failures > 0


if __name__ == '__main__':
    sys.exit(main())
