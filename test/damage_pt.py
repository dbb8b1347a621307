"""damage_pt.py MODEL.pt COUNT - pt2pnnx on a TorchScript file damaged at COUNT places.

Each damage cuts the file, flips a bit, or takes a piece out.  pt2pnnx must end with status 0, 1 or 3 in a reasonable
time; what it refuses it must not have written; what it accepts must have the weights of the undamaged file."""
import pathlib
import random
import sys
import tempfile

import oracle


def damaged(data, number):
    r = random.Random(number)
    at = r.randrange(len(data))
    if number % 3 == 0:
        return data[:at]
    if number % 3 == 1:
        return data[:at] + bytes([data[at] ^ 1 << r.randrange(8)]) + data[at + 1:]
    return data[:at] + data[at + r.randrange(1, 64):]


def weights(path):
    """The bytes of a model's weights, in the order of the archive."""
    import zipfile
    with zipfile.ZipFile(path) as archive:
        return [archive.read(name) for name in archive.namelist()]


def main(model, count):
    whole = pathlib.Path(model).read_bytes()
    refused = accepted = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        pt, param, bin_ = (pathlib.Path(folder) / n for n in ('d.pt', 'd.param', 'd.bin'))
        pt.write_bytes(whole)
        oracle.tool('pt2pnnx', pt, param, bin_)
        want = weights(bin_)
        for number in range(int(count)):
            param.unlink(missing_ok=True)
            bin_.unlink(missing_ok=True)
            pt.write_bytes(damaged(whole, number))
            try:
                _, said = oracle.tool('pt2pnnx', pt, param, bin_, allow=(0, 1, 3))
                left = param.exists() or bin_.exists()
                if not left and not said:
                    raise oracle.Failure('refused without a word')
                if left and weights(bin_) != want:
                    raise oracle.Failure('accepted, with other weights')
                accepted += left
                refused += not left
            except oracle.Failure as e:
                failed += 1
                print(f'number {number}: {e}', flush=True)
    print(f'{refused} refused, {accepted} accepted, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
