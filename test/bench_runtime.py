"""bench_runtime.py - layers and milliseconds of ncnn models: ours, with each file of rules on layers left out, those of the
existing converter (build/venv/bin/pnnx, or PNNX_PEER), which is skipped where it is not installed, and what ncnnopt makes of these.

    python test/bench_runtime.py [-f] [NETWORK...]      -f: and each family of rules left out

One thread's processor time; the smallest of nine rounds, in turn, of runs for 20 ms each.  The networks are some of
test/cases/networks.py on inputs of a real size, then all of them on the small ones of the tests.  What ncnnopt makes of a model must
give its numbers, with no more layers."""
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import ncnn
import numpy
import torch

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / 'test'), str(ROOT / 'test/cases')]
import networks  # noqa: E402
from ncnn_cases import batch_indices  # noqa: E402
from oracle import DTYPES  # noqa: E402

BIN = pathlib.Path(os.environ.get('PNNX_BIN', ROOT / 'build/bin')).resolve()
PEER = pathlib.Path(os.environ.get('PNNX_PEER', ROOT / 'build/venv/bin/pnnx'))
FAMILIES = sorted(p.name for p in (ROOT / 'common/layers').glob('*.rules'))
ROUNDS, ROUND = 9, 0.02                                          # how many, and their seconds
IMAGE = (1, 3, 224, 224)
REAL = {                                                         # how it is made, and its input
    'resnet18@224': (lambda: networks.ResNet(networks.BasicBlock, [2, 2, 2, 2], width=64), IMAGE),
    'mobilenet_v2@224': (networks.MobileNetV2, IMAGE),
    'mobilenet_v3@224': (networks.MobileNetV3, IMAGE),
    'efficientnet@224': (networks.EfficientNet, IMAGE),
    'squeezenet@224': (networks.SqueezeNet, IMAGE),
    'shufflenet_v2@224': (networks.ShuffleNetV2, IMAGE),
    'densenet@224': (networks.DenseNet, IMAGE),
    'googlenet@224': (networks.GoogLeNet, IMAGE),
    'convnext@224': (networks.ConvNeXt, IMAGE),
    'unet@240': (networks.UNet, (1, 3, 240, 208)),
    'yolo@320': (networks.Yolo, (1, 3, 320, 320)),
    'vit@224': (lambda: networks.ViT(dim=384, heads=6, size=224), IMAGE),
    'vit_timm@64': (lambda: networks.TimmViT(dim=192, heads=3), (1, 3, 64, 64)),
    'swin@64': (lambda: networks.Swin(dim=96), (1, 3, 64, 64)),
    'lstm@200': (networks.LSTMTagger, (1, 200, 16)),
}


def make(name):
    """A network in eval mode, and its inputs."""
    if name not in REAL:
        return networks.make(name), networks.example(name)
    construct, shape = REAL[name]
    torch.manual_seed(0)
    net = construct()
    networks.randomise(net)
    return net.eval(), (torch.rand(shape),)


def layers(param):
    return int(param.read_text().split()[1])


class Model:
    """An ncnn model that is loaded, and its smallest time so far."""

    def __init__(self, stem, given):
        self.net = ncnn.Net()
        self.net.opt.use_vulkan_compute = False
        self.net.opt.num_threads = 1
        if self.net.load_param(f'{stem}.param') or self.net.load_model(f'{stem}.bin'):
            raise RuntimeError('the runtime does not load it')
        self.layers = layers(pathlib.Path(f'{stem}.param'))
        self.given, self.best = given, float('inf')

    def run(self):
        start = time.thread_time()
        extractor = self.net.create_extractor()
        for i, blob in enumerate(self.given):
            extractor.input(f'in{i}', blob)
        status, result = extractor.extract('out0')
        took = time.thread_time() - start
        self.best = min(self.best, took)
        if status:
            raise RuntimeError('it does not run')
        self.result = numpy.array(result)
        return took

    def run_round(self):
        took = 0
        while took < ROUND:
            took += self.run()


def candidates(folder, shape, families):
    """(name, stem) of every model that is compared: of net.pt in the folder."""
    yield 'ours', folder / 'net.ncnn'
    for family in families:
        less = [f'{family}.param', f'{family}.bin']
        done = subprocess.run([BIN / 'pnnx2ncnn', f'without={family}', 'net.pnnx.param', 'net.pnnx.bin', *less], cwd=folder, capture_output=True)
        if not done.returncode:                                  # else it is one of ncnnopt's
            yield f'without {family}', folder / family
    if PEER.exists():
        (folder / 'peer').mkdir()
        shutil.copy(folder / 'net.pt', folder / 'peer')
        done = subprocess.run([PEER, 'net.pt', f'inputshape={shape}'], cwd=folder / 'peer', capture_output=True)
        if (folder / 'peer/net.ncnn.param').exists():
            yield 'theirs', folder / 'peer/net.ncnn'
            less = [folder / 'peer/less.param', folder / 'peer/less.bin']
            done = subprocess.run([BIN / 'ncnnopt', folder / 'peer/net.ncnn.param', folder / 'peer/net.ncnn.bin', *less], capture_output=True, text=True)
            if done.returncode == 0:
                yield 'theirs, by ncnnopt', folder / 'peer/less'
            else:
                print(f'  ncnnopt: {done.stderr.strip()}')
        else:
            print(f'  the existing converter fails with status {done.returncode}')


def blobs(script, inputs):
    """The inputs as the model takes them."""
    into, _ = batch_indices(script)
    return [ncnn.Mat((x.float() if x.is_floating_point() else x.int()).numpy(), batch_index=batch).clone() for x, batch in zip(inputs, into)]


def bench(name, families):
    net, inputs = make(name)
    shape = ','.join(f'{list(x.shape)}{DTYPES[x.dtype]}'.replace(' ', '') for x in inputs)
    with tempfile.TemporaryDirectory(prefix='bench-') as folder:
        folder = pathlib.Path(folder)
        torch.jit.trace(net, inputs, check_trace=False).save(folder / 'net.pt')
        subprocess.run([BIN / 'pnnx', 'net.pt', f'inputshape={shape}'], cwd=folder, check=True, capture_output=True)
        given, models = blobs(folder / 'net_ncnn.py', inputs), {}
        for what, stem in candidates(folder, shape, families):
            try:
                models[what] = Model(stem, given)
                models[what].run()
            except RuntimeError as e:
                if what in ('ours', 'theirs'):
                    print(f'  {name}, {what}: {e}')
                models.pop(what, None)
        for _ in range(ROUNDS):
            for model in models.values():
                model.run_round()
    ours, theirs, less = models['ours'], models.get('theirs'), models.get('theirs, by ncnnopt')
    ratio = ours.best / theirs.best if theirs else float('nan')
    print(f'{name:<18}{ours.layers:>7}{theirs.layers if theirs else "-":>7}{ours.best * 1e3:>10.3f}{theirs.best * 1e3 if theirs else float("nan"):>10.3f}{ratio:>7.2f}'
          + (f'{less.layers:>10}{less.best / theirs.best:>7.2f}' if less else ''), flush=True)
    if less and (less.layers > theirs.layers or not numpy.allclose(less.result, theirs.result, 1e-3, 1e-3 * abs(theirs.result).max())):
        sys.exit(f'{name}: ncnnopt makes other numbers, or more layers, of the existing converter\'s model')
    for family in families:
        less = models.get(f'without {family}', ours)
        if less is ours:
            continue
        print(f'    without {family:<24}{less.layers:>5} layers, {less.best / ours.best:.2f} of the time', flush=True)
    return ratio


def table(names, families):
    print(f'{"network":<18}{"layers":>7}{"theirs":>7}{"ms":>10}{"theirs":>10}{"ratio":>7}{"ncnnopt":>10}{"ratio":>7}')
    ratios = [bench(n, families) for n in names]
    both = sorted(r for r in ratios if r == r)
    if not both:
        return
    every = sorted(r if r == r else 0 for r in ratios)
    print(f'the median ratio is {statistics.median(both):.2f}, the largest {both[-1]:.2f}, of {len(both)} networks that both run;'
          f' {statistics.median(every):.2f} of all {len(every)}, where one that theirs does not run counts as 0')


def main(arguments):
    warnings.filterwarnings('ignore')
    families = FAMILIES if '-f' in arguments else []
    names = [a for a in arguments if a != '-f']
    for group in [names] if names else [list(REAL), list(networks.NETWORKS)]:
        table(group, families)
    if not PEER.exists():
        print('the existing converter: skipped, build/venv/bin/pnnx is not installed (pip install pnnx==20261020)')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
