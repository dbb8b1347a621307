"""Whether two ncnn models have the same results on the same random inputs, by the names of the first one's results.

    python test/runtime/same_ncnn.py [--exact] [--inner] A.param A.bin B.param B.bin [SIZES...]

SIZES are those of an input, outermost first, 3,32,32, or 7i for integers; what is not given are the sizes of the Input
layers.  A binary .param (.param.bin) has no names: inputs and results are then taken in their order.  With --inner the second one has them inside.
"""
import re
import sys

import ncnn
import numpy

TOLERANCE = 1e-3                                 # of the largest value
RANGE = 5                                        # of integers


def open_net(param, binary):
    net = ncnn.Net()
    net.opt.use_vulkan_compute = net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    net.opt.num_threads = 1
    load = net.load_param_bin if param.endswith('.bin') else net.load_param
    if load(param) or net.load_model(binary):
        sys.exit(f'the runtime does not load {param}')
    return net


def sizes_of_inputs(param):
    """Those that the Input layers say, as texts."""
    found = []
    for line in open(param):
        if re.match(r'Input\s', line):
            given = dict(p.split('=', 1) for p in line.split() if re.match(r'\d+=', p))
            found.append(','.join(given[key] for key in ('2', '11', '1', '0') if given.get(key, '0') != '0'))
    return found


def make_input(text, random):
    shape = [int(n) for n in text.rstrip('i').split(',')]
    values = random.integers(0, RANGE, shape).astype(numpy.int32) if text.endswith('i') else random.uniform(-1, 1, shape).astype(numpy.float32)
    return ncnn.Mat(values).clone()                  # of memory that is there until it has been copied


def run(net, keys_in, keys_out, inputs):
    extractor = net.create_extractor()
    for key, x in zip(keys_in, inputs):
        extractor.input(key, x)
    results = []
    for key in keys_out:
        status, y = extractor.extract(key)
        if status:
            sys.exit(f'no result {key}')
        results.append(numpy.array(y))
    return results


def main(exact, inner, names, sizes):
    a, b = open_net(*names[:2]), open_net(*names[2:])
    nameless = any(n.endswith('.bin') for n in (names[0], names[2]))
    inputs = a.input_names() if not nameless else a.input_indexes()
    outputs = a.output_names() if not nameless else a.output_indexes()
    sizes = sizes or sizes_of_inputs(names[0])
    if len(sizes) != len(inputs):
        sys.exit(f'{len(inputs)} inputs, and sizes of {len(sizes)}')
    random = numpy.random.default_rng(0)
    values = [make_input(s, random) for s in sizes]
    missing = set() if nameless or inner else set(outputs) - set(b.output_names())
    if missing:
        sys.exit(f'it lacks the results {sorted(missing)}')
    worst = 0
    for x, y in zip(run(a, inputs, outputs, values),
                    run(b, inputs if not nameless else b.input_indexes(), outputs if not nameless else b.output_indexes(), values)):
        if x.shape != y.shape:
            sys.exit(f'results of {x.shape} and {y.shape}')
        if x.size > 1 and (x == x.flat[0]).all():
            sys.exit('a result is the same number everywhere: that proves nothing')
        worst = max(worst, float(numpy.abs(x - y).max() / max(numpy.abs(x).max(), 1e-6)))
    if not worst <= (0 if exact else TOLERANCE):
        sys.exit(f'results differ by {worst:.2e}')
    print(f'same within {worst:.0e}')


if __name__ == '__main__':
    arguments = [a for a in sys.argv[1:] if not a.startswith('--')]
    main('--exact' in sys.argv, '--inner' in sys.argv, arguments[:4], arguments[4:])
