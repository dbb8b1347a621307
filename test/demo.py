"""demo.py - converts test/demo.pt and a network traced on the spot, saying what it does; ends with a table of stages.

    python test/demo.py [NAME]      NAME: the network of test/cases/networks.py that is traced (default: resnet18)
    python test/demo.py --make      writes test/demo.pt anew
"""
import os
import pathlib
import subprocess
import sys
import warnings

import torch

import oracle
import networks

FOLDER = oracle.BIN.parent / 'demo'
DEMO = pathlib.Path(__file__).resolve().parent / 'demo.pt'
DEMO_SHAPE = '[1,3,64,64]'


def say(text):
    print(text, flush=True)


def run(*command):
    """Runs a command as a user would, in the demo's folder, and shows it."""
    say('  $ ' + ' '.join(f"'{c}'" if '[' in c else c for c in command))
    subprocess.run([oracle.BIN / command[0], *command[1:]], cwd=FOLDER, check=True)


def convert(title, pt, net, inputs, shape):
    say(f'\n{title}')
    run('pnnx', pt.name, f'inputshape={shape}')
    for path in sorted(FOLDER.glob(pt.stem + '[._]*')):
        say(f'    {path.name:<28}{path.stat().st_size:>10} bytes')
    with torch.no_grad():
        want = oracle.tensors(net(*oracle.clones(inputs)))
    with oracle.folder_for(pt.stem) as folder:
        done = oracle.stages(pt, inputs, want, folder)
    return done


def main(arguments):
    warnings.filterwarnings('ignore')
    if arguments == ['--make']:
        networks.save('squeezenet', DEMO)
        return 0
    name = arguments[0] if arguments else 'resnet18'
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    (FOLDER / 'demo.pt').write_bytes(DEMO.read_bytes())
    torch.manual_seed(0)
    first = convert(f'demo.pt, a SqueezeNet that ships with the tests, is converted in {os.path.relpath(FOLDER)}:', FOLDER / 'demo.pt',
                    torch.jit.load(DEMO).eval(), (torch.randn(1, 3, 64, 64),), DEMO_SHAPE)
    net, inputs = networks.save(name, FOLDER / f'{name}.pt')
    second = convert(f'{name}, of test/cases/networks.py, was traced just now and is converted, too:', FOLDER / f'{name}.pt', net, inputs,
                     oracle.shapes_text(inputs))
    say('\nEach stage of each, by itself: what its text has, how long it took, and how far the printed Python and ncnn are\n'
        'from PyTorch (the largest difference, relative to the largest output):')
    for title, done in (('demo.pt', first), (f'{name}.pt', second)):
        say(f'\n{title}\n{oracle.table(done)}')
    return 1 if any(s.problem for s in first + second) else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
