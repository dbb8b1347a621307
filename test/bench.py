"""bench.py - how fast and how large the programs are, as ratios against a floor or a peer in the same run.

    the driver     against a bare program that does torch::jit::load of the same file and returns, and against the existing
                   converter of PyPI (build/venv/bin/pnnx), which is skipped where it is not installed
    each stage     that needs no libtorch, on a large model, against `cp` of the same files
    each stage     on graphs of 1,000 to 100,000 operators: microseconds an operator, against those of 1,000

Memory is the peak of what is a process' own (anonymous): weights that are mapped from files do not count.

    python test/bench.py [driver] [copy] [graph]      all three, or those
"""
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile

BIN = pathlib.Path(os.environ.get('PNNX_BIN', 'build/bin')).resolve()
PEER = pathlib.Path(__file__).resolve().parent.parent / 'build/venv/bin/pnnx'
RUNS = 5


def own_memory(pid):
    """Kilobytes of anonymous memory of a process and its children now."""
    total = 0
    try:
        with open(f'/proc/{pid}/status') as f:
            total += next((int(line.split()[1]) for line in f if line.startswith('RssAnon')), 0)
        with open(f'/proc/{pid}/task/{pid}/children') as f:
            total += sum(own_memory(int(c)) for c in f.read().split())
    except (OSError, ValueError):
        pass
    return total


def measure(*command, folder='.', runs=RUNS, fresh=''):
    """The median of the seconds that a command takes, and the peak of its memory in MB (sampled in a run of its own).
    `fresh`: files of the folder that are removed before each run."""
    command = [str(c) for c in command]
    times = []
    for _ in range(runs):
        for old in pathlib.Path(folder).glob(fresh) if fresh else ():
            old.unlink()
        os.sync()                                # what the run before wrote is not waited for in this one
        start = time.perf_counter()
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        peak = max(peak, own_memory(process.pid))
        time.sleep(0.0005)
    return statistics.median(times), peak / 1024


def row(what, measured, floor=None, name=''):
    seconds, memory = measured
    ratio = f'{seconds / floor[0]:>8.2f} x {name}' if floor else ''
    print(f'  {what:<34}{seconds * 1000:>9.1f} ms{memory:>9.1f} MB {ratio}', flush=True)


# ---- the driver ----

LOADER = '#include <torch/csrc/jit/serialization/import.h>\nint main(int, char **argv) { torch::jit::load(argv[1]); }\n'


def loader():
    """The floor: a program that loads the file with libtorch.  Compiled once."""
    program = BIN.parent / 'test/load'
    if not program.exists():
        print('compiling the bare loader', flush=True)
        root = pathlib.Path(__file__).resolve().parent.parent
        flags = subprocess.run([root / 'scripts/find-torch'], cwd=root, check=True, capture_output=True, text=True,
                               env={**os.environ, 'PYTHON': sys.executable}).stdout.split()
        program.parent.mkdir(exist_ok=True)
        subprocess.run(['c++', '-std=c++17', '-O2', '-x', 'c++', '-', '-o', program, *flags], input=LOADER, text=True, check=True)
    return program


def bench_driver(folder):
    import torch
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "cases"))
    import networks
    warnings.filterwarnings('ignore')
    full = {'resnet18 (full width)': networks.ResNet(networks.BasicBlock, [2, 2, 2, 2], width=64),
            'resnet50 (full width)': networks.ResNet(networks.Bottleneck, [3, 4, 6, 3], width=64)}
    for name, net in full.items():
        x, pt, shape = torch.randn(1, 3, 224, 224), folder / 'net.pt', 'inputshape=[1,3,224,224]'
        torch.jit.trace(net.eval(), x, check_trace=False).save(pt)
        print(f'\n{name}, {pt.stat().st_size / 1e6:.0f} MB of TorchScript')
        floor = measure(loader(), pt)
        row('bare load by libtorch', floor)
        row('pnnx', measure(BIN / 'pnnx', pt, shape, folder=folder, fresh='net*nn*'), floor, 'the load')
        # A file that takes the place of another is written to the disk at once (ext4), so that a crash leaves one of both.
        row('pnnx, replacing older files', measure(BIN / 'pnnx', pt, shape, folder=folder), floor, 'the load')
        row('pt2pnnx', measure(BIN / 'pt2pnnx', pt, 'a.param', 'a.bin', folder=folder), floor, 'the load')
        if PEER.exists():
            (folder / 'peer').mkdir(exist_ok=True)
            shutil.copy(pt, folder / 'peer')
            row('the existing converter', measure(PEER, 'net.pt', shape, folder=folder / 'peer', runs=1), floor, 'the load')
        else:
            print('  the existing converter: skipped, build/venv/bin/pnnx is not installed (pip install pnnx==20261020)')


# ---- stages against cp ----

def write_model(folder, lines, weights):
    """A PNNX model: the lines of its text, and an iterator of (name, bytes)."""
    operands = {o for line in lines for o in line.split()[4:4 + int(line.split()[2]) + int(line.split()[3])]}
    (folder / 'in.param').write_text('\n'.join(['7767517', f'{len(lines)} {len(operands)}', *lines, '']))
    with zipfile.ZipFile(folder / 'in.bin', 'w', zipfile.ZIP_STORED) as archive:
        for name, data in weights:
            archive.writestr(name, data)


def linears(folder, count, size):
    """A chain of linear layers: `count` of `size` squared."""
    lines = [f'pnnx.Input in 0 1 x0 #x0=(1,{size})f32']
    for i in range(count):
        lines.append(f'nn.Linear fc{i} 1 1 x{i} x{i + 1} bias=True in_features={size} out_features={size} @bias=({size})f32 '
                     f'@weight=({size},{size})f32 #x{i}=(1,{size})f32 #x{i + 1}=(1,{size})f32')
    lines.append(f'pnnx.Output out 1 0 x{count} #x{count}=(1,{size})f32')
    tensor = lambda n: b'\x00\x00\x80\x3f' * n
    write_model(folder, lines, ((f'fc{i}.{key}', tensor(n)) for i in range(count) for key, n in (('bias', size), ('weight', size * size))))


def stages(shape):
    return [('pnnxshape', ['pnnxshape', f'inputshape={shape}', 'in.param', 'in.bin', 'out.param', 'out.bin']),
            ('pnnxopt', ['pnnxopt', 'in.param', 'in.bin', 'out.param', 'out.bin']),
            ('pnnx2ncnn fp16=0', ['pnnx2ncnn', 'fp16=0', 'in.param', 'in.bin', 'out.ncnn.param', 'out.ncnn.bin']),
            ('pnnx2ncnn', ['pnnx2ncnn', 'in.param', 'in.bin', 'out.ncnn.param', 'out.ncnn.bin']),
            ('pnnx2py', ['pnnx2py', 'in.param', 'in.bin', 'out.py'])]


def bench_copy(folder):
    for count, size, what in ((16, 2048, 'large'), (8, 64, 'small')):
        linears(folder, count, size)
        print(f'\nA {what} model, {(folder / "in.bin").stat().st_size / 1e6:.1f} MB of weights')
        floor = measure('sh', '-c', 'cp in.param out.param && cp in.bin out.bin', folder=folder)
        row('cp', floor)
        for name, command in stages(f'[1,{size}]'):
            row(name, measure(BIN / command[0], *command[1:], folder=folder), floor, 'cp')


# ---- long graphs ----

def blocks(folder, operators):
    """A residual chain: convolution, relu, addition, again and again."""
    lines, x, shape = ['pnnx.Input in 0 1 x #x=(1,4,8,8)f32'], 'x', '(1,4,8,8)f32'
    weights = []
    for i in range(operators // 3):
        lines += [f'nn.Conv2d layer{i}.conv 1 1 {x} a{i} bias=False dilation=(1,1) groups=1 in_channels=4 kernel_size=(1,1) out_channels=4 '
                  f'padding=(0,0) padding_mode=zeros stride=(1,1) @weight=(4,4,1,1)f32 #{x}={shape} #a{i}={shape}',
                  f'F.relu layer{i}.relu 1 1 a{i} b{i} #a{i}={shape} #b{i}={shape}',
                  f'torch.add layer{i}.add 2 1 b{i} {x} c{i} #b{i}={shape} #{x}={shape} #c{i}={shape}']
        weights.append((f'layer{i}.conv.weight', b'\x00\x00\x80\x3f' * 16))
        x = f'c{i}'
    lines.append(f'pnnx.Output out 1 0 {x} #{x}={shape}')
    write_model(folder, lines, weights)


def bench_graph(folder):
    first = {}
    for operators in (1000, 10000, 100000):
        blocks(folder, operators)
        print(f'\nA graph of {operators:,} operators')
        for name, command in stages('[1,4,8,8]'):
            seconds, memory = measure(BIN / command[0], *command[1:], folder=folder, runs=1 if operators > 10000 else RUNS)
            each = seconds / operators
            first.setdefault(name, each)
            print(f'  {name:<34}{seconds * 1000:>9.1f} ms{memory:>9.1f} MB {each * 1e6:>8.2f} us an operator, {each / first[name]:.2f} x that of 1,000', flush=True)


def main(arguments):
    parts = {'driver': bench_driver, 'copy': bench_copy, 'graph': bench_graph}
    if set(arguments) - set(parts):
        print(__doc__, file=sys.stderr)
        return 2
    failed = 0
    for name, part in parts.items():
        if arguments and name not in arguments:
            continue
        with tempfile.TemporaryDirectory(prefix='bench-') as folder:
            try:
                part(pathlib.Path(folder))
            except (OSError, subprocess.CalledProcessError) as e:
                print(f'bench: {name}: {e}')
                failed = 1
    return failed


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
