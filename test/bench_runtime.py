"""bench_runtime.py - layers and milliseconds of ncnn models: ours, with each file of rules on layers left out, and those of the
existing converter (build/venv/bin/pnnx, or PNNX_PEER), which is skipped where it is not installed.

    python test/bench_runtime.py [-f] [NETWORK...]      -f: and each family of rules left out

One thread; the smallest of nine runs, in turn.  The networks are those of test/cases/networks.py, on images of a real size."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import warnings

import ncnn
import numpy
import torch

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'test/cases'))
import networks  # noqa: E402

BIN = pathlib.Path(os.environ.get('PNNX_BIN', ROOT / 'build/bin')).resolve()
PEER = pathlib.Path(os.environ.get('PNNX_PEER', ROOT / 'build/venv/bin/pnnx'))
FAMILIES = sorted(p.name for p in (ROOT / 'common/layers').glob('*.rules'))
RUNS = 9
IMAGE = (1, 3, 224, 224)
NETWORKS = {                                                     # how it is made, and its input
    'resnet18': (lambda: networks.ResNet(networks.BasicBlock, [2, 2, 2, 2], width=64), IMAGE),
    'mobilenet_v2': (networks.MobileNetV2, IMAGE),
    'mobilenet_v3': (networks.MobileNetV3, IMAGE),
    'efficientnet': (networks.EfficientNet, IMAGE),
    'squeezenet': (networks.SqueezeNet, IMAGE),
    'shufflenet_v2': (networks.ShuffleNetV2, IMAGE),
    'densenet': (networks.DenseNet, IMAGE),
    'googlenet': (networks.GoogLeNet, IMAGE),
    'convnext': (networks.ConvNeXt, IMAGE),
    'unet': (networks.UNet, (1, 3, 240, 208)),
    'yolo': (networks.Yolo, (1, 3, 320, 320)),
    'vit': (lambda: networks.ViT(dim=384, heads=6, size=224), IMAGE),
    'vit_timm': (lambda: networks.TimmViT(dim=192, heads=3), (1, 3, 64, 64)),
    'swin': (lambda: networks.Swin(dim=96), (1, 3, 64, 64)),
    'lstm': (networks.LSTMTagger, (1, 200, 16)),
}


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
        start = time.perf_counter()
        extractor = self.net.create_extractor()
        extractor.input('in0', ncnn.Mat(self.given))
        status, result = extractor.extract('out0')
        self.best = min(self.best, time.perf_counter() - start)
        if status:
            raise RuntimeError('it does not run')
        return numpy.array(result)


def candidates(folder, shape, families):
    """(name, stem) of every model that is compared: of net.pt in the folder."""
    subprocess.run([BIN / 'pnnx', 'net.pt', f'inputshape={shape}'], cwd=folder, check=True, capture_output=True)
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
        else:
            print(f'  the existing converter fails with status {done.returncode}')


def bench(name, families):
    construct, shape = NETWORKS[name]
    torch.manual_seed(0)
    net = construct()
    networks.randomise(net)
    net.eval()
    x = torch.rand(shape)
    with tempfile.TemporaryDirectory(prefix='bench-') as folder:
        folder = pathlib.Path(folder)
        torch.jit.trace(net, x, check_trace=False).save(folder / 'net.pt')
        models = {}
        for what, stem in candidates(folder, str(list(shape)).replace(' ', ''), families):
            try:
                models[what] = Model(stem, x[0].numpy())
                models[what].run()
            except RuntimeError as e:
                print(f'  {name}, {what}: {e}')
                models.pop(what, None)
        for _ in range(RUNS):
            for model in models.values():
                model.run()
    ours = models['ours']
    theirs = models.get('theirs')
    ratio = ours.best / theirs.best if theirs else float('nan')
    print(f'{name:<14}{ours.layers:>7}{theirs.layers if theirs else "-":>7}{ours.best * 1e3:>10.2f}{theirs.best * 1e3 if theirs else float("nan"):>10.2f}{ratio:>7.2f}', flush=True)
    for family in families:
        less = models.get(f'without {family}', ours)
        if less is ours:
            continue
        print(f'    without {family:<24}{less.layers:>5} layers, {less.best / ours.best:.2f} of the time', flush=True)
    return ratio


def main(arguments):
    warnings.filterwarnings('ignore')
    families = FAMILIES if '-f' in arguments else []
    names = [a for a in arguments if a != '-f'] or list(NETWORKS)
    print(f'{"network":<14}{"layers":>7}{"theirs":>7}{"ms":>10}{"theirs":>10}{"ratio":>7}')
    ratios = sorted(r for r in (bench(n, families) for n in names) if r == r)
    if ratios:
        print(f'the median ratio is {ratios[len(ratios) // 2]:.2f}, the largest {ratios[-1]:.2f}')
    else:
        print('the existing converter: skipped, build/venv/bin/pnnx is not installed (pip install pnnx==20261020)')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
