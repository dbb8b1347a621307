"""Whether the sizes that a model's text has of its blobs (-23330) are those that the runtime gives them.

    python test/runtime/ncnn_sizes.py A.param A.bin [TYPES]     prints how many are right, of how many layers; TYPES lists what has none

The inputs have the sizes of their layers.
"""
import sys

import ncnn
import numpy

import same_ncnn


def hints(line):
    """(blob, shape) of each result of a layer, of which the text says it."""
    words = line.split()
    inputs, outputs = int(words[2]), int(words[3])
    names = words[4 + inputs:4 + inputs + outputs]
    given = [w.split('=', 1)[1] for w in words if w.startswith('-23330=')]
    if not given:
        return []
    numbers = [int(n) for n in given[0].split(',')][1:]
    size = len(numbers) // outputs
    found = []
    for i, name in enumerate(names):
        rank, w, h, *rest = numbers[i * size:(i + 1) * size]
        d, c = rest if size == 5 else (1, rest[0])
        found.append((name, {1: (w,), 2: (h, w), 3: (c, h, w), 4: (c, d, h, w)}[rank]))
    return found


def main(param, binary, types):
    net = ncnn.Net()
    net.opt.use_vulkan_compute = False
    net.opt.lightmode = False
    net.opt.use_packing_layout = False
    if net.load_param(param) or net.load_model(binary):
        sys.exit('the runtime does not load it')
    extractor = net.create_extractor()
    random = numpy.random.default_rng(0)
    for name, sizes in zip(net.input_names(), same_ncnn.sizes_of_inputs(param)):
        extractor.input(name, same_ncnn.make_input(sizes, random))
    lines = open(param).read().splitlines()[2:]
    right, without = 0, set()
    for line in lines:
        found = hints(line)
        if not found:
            without.add(line.split()[0])
        for name, shape in found:
            status, mat = extractor.extract(name)
            got = numpy.array(mat).shape
            if status or got != shape:
                sys.exit(f'{name}: {got}, and the text says {shape}: {line}')
        right += bool(found)
    print(f'{right} of {len(lines)}', *sorted(without) if types else [])


if __name__ == '__main__':
    main(*sys.argv[1:3], len(sys.argv) > 3)
