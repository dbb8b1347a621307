"""weights.py IN.param OUT.bin - random weights for every attribute that a PNNX text names, as the format stores them.

Floats are uniform in 0.1 .. 1.1 (so that a variance is positive), integers are 0 or 1.  No PyTorch is needed."""
import re
import struct
import sys
import zipfile

SIZES = {'f32': ('f', 4), 'f64': ('d', 8), 'f16': ('e', 2), 'i64': ('q', 8), 'i32': ('i', 4), 'i16': ('h', 2), 'i8': ('b', 1),
         'u8': ('B', 1), 'bool': ('?', 1), 'bf16': ('H', 2), 'c32': ('2e', 4), 'c64': ('2f', 8), 'c128': ('2d', 16)}


def numbers(seed):
    while True:
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2 ** 64
        yield 0.1 + (seed >> 40) / 2 ** 24


def main(param, out):
    random = numbers(42)
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_STORED) as archive, open(param, encoding='utf-8') as text:
        for line in text:
            fields = line.split()
            if len(fields) < 4 or not fields[2].isdigit():
                continue
            for field in fields[4:]:
                m = re.fullmatch(r'@([^=]+)=\(([\d,]*)\)(\w+)', field)
                if not m:
                    continue
                count = 1
                for d in m[2].split(','):
                    count *= int(d) if d else 1
                if m[3] == 'null':
                    continue  # an undefined tensor has no bytes
                letter, _ = SIZES[m[3]]
                if letter[0] == '2':  # complex: two numbers
                    count, letter = 2 * count, letter[1]
                values = [next(random) for _ in range(count)]
                if letter not in 'fde':
                    values = [v > 0.6 for v in values]
                archive.writestr(f'{fields[1]}.{m[1]}', struct.pack(f'<{count}{letter}', *values))


if __name__ == '__main__':
    main(*sys.argv[1:])
