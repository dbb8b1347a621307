#!/usr/bin/env bats
# pnnx, the driver: upstream's arguments and files over the five programs.  One conversion, made in setup_file, is what
# most tests look at, and what the others are compared with.

load helpers

OUTPUTS='net.ncnn.bin net.ncnn.param net.pnnx.bin net.pnnx.param net_ncnn.py net_pnnx.py'

setup_file() {
    export DEMO="$ROOT/test/demo.pt" CONVERTED="$BATS_FILE_TMPDIR/converted"
    mkdir "$CONVERTED" && cd "$CONVERTED" && cp "$DEMO" net.pt
    pnnx net.pt >"$BATS_FILE_TMPDIR/said" 2>&1
}

net() { cp "$DEMO" net.pt; }

# older: all six outputs are there, of an earlier run
older() {
    net
    local name
    for name in $OUTPUTS; do echo old >"$name"; done
}

# all_old: they still are, and nothing else is there but what the test itself made
all_old() {
    assert_equal "$(ls -A -I net.pt -I 'refuses.*' -I 'my.*' -I fifo -I said)" "$(printf '%s\n' $OUTPUTS)"
    assert_equal "$(sort -u $OUTPUTS)" old
}

files() { ls -A "$@"; }

@test "pnnx: writes upstream's files beside the model, nothing else, and says nothing" {
    assert_equal "$(cat "$BATS_FILE_TMPDIR/said")" ''
    assert_equal "$(ls -A "$CONVERTED")" "$(printf '%s\n' net.ncnn.bin net.ncnn.param net.pnnx.bin net.pnnx.param net.pt net_ncnn.py net_pnnx.py)"
}

@test "pnnx: writes what the five programs write by hand" {
    net
    mkdir by-hand
    pnnx net.pt 'inputshape=[1,3,96,96]' fp16=0 optlevel=1
    pt2pnnx 'inputshape=[1,3,96,96]' net.pt a.param a.bin
    pnnxshape 'inputshape=[1,3,96,96]' a.param a.bin b.param b.bin
    pnnxopt -O1 b.param b.bin by-hand/net.pnnx.param by-hand/net.pnnx.bin
    cd by-hand
    pnnx2ncnn fp16=0 ncnnpy=net_ncnn.py net.pnnx.param net.pnnx.bin net.ncnn.param net.ncnn.bin
    pnnx2py net.pnnx.param net.pnnx.bin net_pnnx.py
    for file in $OUTPUTS; do same_bytes "$file" "../$file"; done
}

@test "pnnx: the printed Python and the ncnn script import and run from where they are" {
    cd "$CONVERTED"
    run -0 "$PYTHON" -W ignore -c 'import net_pnnx, net_ncnn, torch
torch.manual_seed(0)
a, b = net_pnnx.test_inference(), net_ncnn.test_inference()
assert a.shape == b.shape and a.shape[0] == 1, (a.shape, b.shape)
assert (a - b).abs().max() < 1e-2, (a, b)'
}

@test "pnnx: a dash in the file's name becomes an underscore, the folder's stays" {
    mkdir a-b
    cp "$DEMO" a-b/c-d.e.pt
    pnnx a-b/c-d.e.pt
    assert_equal "$(ls -A a-b)" "$(printf '%s\n' c-d.e.pt c_d.e.ncnn.bin c_d.e.ncnn.param c_d.e.pnnx.bin c_d.e.pnnx.param c_d.e_ncnn.py c_d.e_pnnx.py)"
    same_bytes a-b/c_d.e.pnnx.param "$CONVERTED/net.pnnx.param"
}

@test "pnnx: outputs go where their keys say, and the scripts find them there" {
    net
    mkdir out py
    pnnx net.pt pnnxparam=out/p pnnxbin=out/q pnnxpy=py/r.py ncnnparam=out/s.param ncnnbin=out/s.bin ncnnpy=py/u.py
    assert_equal "$(ls out) $(ls py)" "$(printf '%s\n' p q s.bin s.param) $(printf '%s\n' r.py u.py)"
    assert_equal "$(ls -A)" "$(printf '%s\n' net.pt out py)"
    same_bytes out/p "$CONVERTED/net.pnnx.param"
    run -0 cat py/u.py
    assert_line '        load(net.load_param, "../out/s.param")'
    assert_line '        load(net.load_model, "../out/s.bin")'
    run -0 grep WEIGHTS py/r.py
    assert_line "WEIGHTS = 'out/q'"
}

@test "pnnx: each option has its effect" {
    net
    "$PYTHON" -c 'import numpy as np
np.save("a.npy", np.zeros((1, 3, 80, 80), "f4")), np.save("b.npy", np.asfortranarray(np.zeros((1, 3, 96, 80), ">f4")))'
    run -0 pnnx net.pt input=a.npy device=cuda:0 fp16=0 optlevel=0 without=silu
    run -0 grep pnnx.Input net.pnnx.param
    assert_output --partial '(1,3,80,80)f32'
    run pnnx net.pt moduleop=networks.Fire
    run -0 grep -c '^networks.Fire ' net.pnnx.param
    assert_output 6
    pnnx net.pt input=a.npy input2=b.npy || true # ncnn may refuse unknown sizes
    run -0 grep pnnx.Input net.pnnx.param
    assert_output --partial '(1,3,%d0=80,80)f32'
    refuses 4 pnnx net.pt customop=./nothing.so
    [[ $stderr == *nothing.so* ]]
}

@test "pnnx: options have the forms of the other programs" {
    net
    pnnx -O1 -i '[1,3,96,96]' --fp16=0 -- net.pt
    mkdir a && mv net?* a && cp "$DEMO" net.pt
    pnnx --optlevel=1 net.pt --inputshape '[1,3,96,96]' fp16=0
    for file in $OUTPUTS; do same_bytes "$file" "a/$file"; done
    cp "$DEMO" ./-x.pt
    pnnx -- -x.pt
    same_bytes "$CONVERTED/net.ncnn.param" ./_x.ncnn.param
}

@test "pnnx: wrong usage is status 2, before anything runs, and older files stay" {
    older
    refuses 2 pnnx
    refuses 2 pnnx net.pt other.pt
    refuses 2 pnnx net.pt inputshapes=1
    refuses 2 pnnx net.pt fp16=2
    refuses 2 pnnx net.pt optlevel=3
    refuses 2 pnnx net.pt 'inputshape=[1,3'
    refuses 2 pnnx -x net.pt
    refuses 2 pnnx net.pt input=a.npy 'inputshape=[1]'
    refuses 2 pnnx net.pt input2=a.npy 'inputshape2=[1]'
    all_old
}

@test "pnnx: an output that is the model, another input or another output is refused, and nothing is touched" {
    older
    mkdir my.d
    ln -s ../net.pt my.d/link
    ln -s . my.here
    ln net.pt my.hard
    echo 'mine: nn.Dropout(x) => x ;' >my.rules
    cp net.pt my.pt
    for wrong in pnnxparam=net.pt pnnxbin=./net.pt pnnxpy=my.d/link ncnnparam=my.here/net.pt "ncnnbin=$PWD/net.pt" ncnnpy=my.hard \
        pnnxparam=net.pnnx.bin ncnnpy=./net_pnnx.py ncnnparam=my.here/net.pnnx.param pnnxpy=my.rules ncnnbin=my.here/my.rules; do
        refuses 2 pnnx net.pt rules=my.rules "$wrong"
        [[ $stderr == *'same file'* ]]
    done
    refuses 2 pnnx net.pt pnnxparam=my.a ncnnparam=my.a
    refuses 2 pnnx net.pt pnnxparam=my.a ncnnbin=my.here/my.a
    refuses 2 pnnx net.pt keep=my.d pnnxparam=my.here/my.d/raw.param
    rm -r my.d
    all_old
    same_bytes net.pt "$DEMO"
}

@test "pnnx: an ONNX file that is asked for is said not to be written, the rest is" {
    net
    run -0 --separate-stderr pnnx net.pt pnnxonnx=net.onnx
    assert_equal "$stderr" 'pnnx: pnnxonnx=net.onnx: ONNX files are not written yet; the others are'
    assert [ ! -e net.onnx ]
    assert [ -e net.pnnx.param ]
}

# The page has the same table: which stage fails how, and what stays.
@test "pnnx: whatever stage fails, all files of an earlier run stay" {
    older
    echo 'not a model' >my.pt
    refuses 3 pnnx my.pt pnnxparam=net.pnnx.param ncnnparam=net.ncnn.param # pt2pnnx
    refuses 4 pnnx my.nowhere.pt
    refuses 1 pnnx net.pt 'inputshape=[1,4,64,64]' # pnnxshape: channels
    refuses 4 pnnx net.pt rules=my.nowhere # pnnxopt
    refuses 2 pnnx net.pt without=no_such_rule
    echo 'mine: nn.ReLU(x) => "pnnx.thing"(x) ;' >my.rules
    refuses 1 pnnx net.pt rules=my.rules # pnnx2py
    refuses 4 pnnx net.pt ncnnparam=/dev/full # the last step
    refuses 4 pnnx net.pt pnnxbin=/dev/full
    refuses 4 pnnx net.pt ncnnpy=nowhere/x.py
    all_old
}

@test "pnnx: what ncnn refuses is published as PNNX and Python, ncnn files of an earlier run go, and the status is 1" {
    older
    echo 'mine: nn.ReLU(x) => torch.nan_to_num(x) ;' >my.rules
    ln -s net.elsewhere my.link
    echo old >net.elsewhere
    refuses 1 pnnx net.pt rules=my.rules ncnnbin=my.link
    [[ $stderr == *"pnnx2ncnn: net.pt: torch.nan_to_num 'features.1'"* ]]
    rm refuses.*
    assert_equal "$(ls -A)" "$(printf '%s\n' my.link my.rules net.ncnn.bin net.pnnx.bin net.pnnx.param net.pt net_pnnx.py)"
    assert_equal "$(cat net.ncnn.bin)" old # not the name of this run
    run -0 grep -c torch.nan_to_num net.pnnx.param net_pnnx.py
}

@test "pnnx: check=1 writes nothing, and says what ncnn cannot have" {
    older
    run -0 pnnx net.pt check=1
    assert_output ''
    echo 'mine: nn.ReLU(x) => torch.nan_to_num(x) ;' >my.rules
    refuses 1 pnnx net.pt rules=my.rules check=1
    [[ $stderr == *"pnnx2ncnn: net.pt: torch.nan_to_num 'features.1'"* ]]
    refuses 2 pnnx net.pt rename=in7:x check=1
    all_old
}

@test "pnnx: what concerns ncnn goes to pnnx2ncnn, and the C++ file is published with the others" {
    net
    run -0 pnnx net.pt names=keep rename=in0:image,out0:scores hints=1 bf16=1 target=20261020
    assert_output ''
    grep -q '^Convolution  *features.1 .* image .*-23330=5,3,' net.ncnn.param
    grep -q ' scores ' net.ncnn.param
    grep -qF 'ex.input("image"' net_ncnn.py
    assert_equal "$(grep -c use_bf16_storage net_ncnn.py)" 1
    refuses 1 pnnx net.pt bf16=1 target=20260526
    [[ $stderr == *'bf16=1 needs the runtime of 20261020, and target=20260526'* ]]
    refuses 2 pnnx net.pt names=old
    refuses 2 pnnx net.pt skeleton=own.cc
    assert [ ! -e own.cc ]
    # a module of its own
    cat >own.py <<'END'
import torch
class Gain(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.rand(3, 1, 1))
    def forward(self, x):
        return x * self.gain
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.g, self.c = Gain(), torch.nn.Conv2d(3, 4, 3)
    def forward(self, x):
        return self.c(self.g(x))
torch.jit.trace(Net().eval(), torch.rand(1, 3, 8, 8)).save('own.pt')
END
    "$PYTHON" -W ignore own.py
    mkdir out
    run -0 pnnx own.pt 'inputshape=[1,3,8,8]' moduleop=Gain 'layer=Gain:Gain(0=size(gain),1=0.5,@gain)' skeleton=out/gain.cc
    assert_output ''
    grep -q '^Gain .* 0=3 1=0.5$' own.ncnn.param
    grep -qF 'gain_ = mb.load(gain_size_, 1);' out/gain.cc
    refuses 1 pnnx own.pt 'inputshape=[1,3,8,8]' moduleop=Gain 'layer=Gain:Gain(@gains)' skeleton=out/gain.cc
    assert [ ! -e out/gain.cc ]
}

# Which program a FIFO stops: the model pt2pnnx, a file of rules pnnxopt, read again pnnx2ncnn.
@test "pnnx: a signal ends it at once with no temporaries, and older files stay" {
    older
    mkfifo fifo
    for signal in HUP INT TERM; do
        for arguments in fifo 'net.pt rules=fifo'; do
            "$PYTHON" -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)                     # a shell starts its jobs with it ignored
os.execvp("pnnx", ["pnnx", "pnnxbin=net.pnnx.bin"] + sys.argv[1:])' $arguments 2>said &
            pid=$!
            for _ in $(seq 200); do ! compgen -G '.pnnx.*/shape.param' >/dev/null || break; [ "$arguments" != fifo ] || break; sleep 0.02; done
            for _ in $(seq 200); do ! compgen -G '.pnnx.*' >/dev/null || break; sleep 0.02; done
            start=$(date +%s)
            kill -s "$signal" "$pid"
            status=0
            wait "$pid" || status=$?
            assert_equal "$status" "$((128 + $(kill -l "$signal")))"
            assert [ $(($(date +%s) - start)) -lt 10 ]
            assert_equal "$(cat said)" ''
        done
    done
    all_old
}

@test "pnnx: a program that is killed ends it with status 4, and older files stay" {
    older
    mkfifo fifo
    pnnx net.pt rules=fifo 2>said &
    pid=$!
    for _ in $(seq 500); do ! compgen -G '.pnnx.*/shape.param' >/dev/null || break; sleep 0.02; done
    for _ in $(seq 100); do child=$(cut -d' ' -f1 "/proc/$pid/task/$pid/children"); [ -z "$child" ] || break; sleep 0.02; done
    kill -KILL "$child"
    status=0
    wait "$pid" || status=$?
    assert_equal "$status" 4
    assert_equal "$(cat said)" 'pnnx: pnnxopt was ended by a signal: Killed; nothing was written'
    all_old
}

@test "pnnx: an output that is a link stays one, and a device is written through" {
    net
    mkdir real
    echo old >real/p
    ln -s real/p net.pnnx.param
    ln -s real/new net.ncnn.bin
    pnnx net.pt pnnxbin=/dev/null pnnxpy=/dev/null
    assert_equal "$(readlink net.pnnx.param net.ncnn.bin)" "$(printf '%s\n' real/p real/new)"
    same_bytes real/p "$CONVERTED/net.pnnx.param"
    same_bytes real/new "$CONVERTED/net.ncnn.bin"
    assert [ -c /dev/null ]
    assert_equal "$(ls -A)" "$(printf '%s\n' net.ncnn.bin net.ncnn.param net.pnnx.param net.pt net_ncnn.py real)"
}

@test "pnnx: an output may be standard output, which stays what it is" {
    net
    pnnx net.pt pnnxparam=/dev/stdout | same_bytes - "$CONVERTED/net.pnnx.param"
    { echo first; pnnx net.pt pnnxparam=/dev/stdout; } >all
    { echo first; cat "$CONVERTED/net.pnnx.param"; } | same_bytes - all
    assert [ -L /dev/stdout ]
    mkfifo fifo
    pnnx net.pt ncnnbin=fifo &
    same_bytes fifo "$CONVERTED/net.ncnn.bin"
    wait $!
    assert [ -p fifo ]
}

@test "pnnx: messages name the model, not files that are gone; keep= leaves the files of all stages" {
    net
    refuses 1 pnnx net.pt 'inputshape=[1,4,64,64]'
    [[ $stderr == "pnnxshape: net.pt: nn.Conv2d 'features.0' "* ]]
    refuses 1 pnnx net.pt 'inputshape=[1,4,64,64]' keep=stages
    [[ $stderr == "pnnxshape: stages/raw.param:4: nn.Conv2d 'features.0' "* ]]
    assert_equal "$(ls stages)" "$(printf '%s\n' raw.bin raw.param)"
    pnnx net.pt keep=stages
    assert_equal "$(ls stages)" "$(printf '%s\n' ncnn.bin ncnn.param ncnn.py pnnx.bin pnnx.param pnnx.py raw.bin raw.param shape.bin shape.param)"
    assert_equal "$(stat -c %h stages/*.bin net.*.bin | sort -u)" 1 # files of their own, to be edited
    for file in net.*n*; do same_bytes "$file" "$CONVERTED/$file"; done
}

@test "pnnx: a network without shapes needs inputshape=, which is said once" {
    net
    echo 'mine: nn.ReLU(x) => torch.nan_to_num(x) ;' >my.rules
    traced squeezenet --script
    refuses 1 pnnx model.pt
    [[ $stderr == "pnnx2ncnn: model.pt: the shape of the input '"*"' is not known, and "*" needs it (instead: inputshape=)" ]]
    assert_equal "$(wc -l <refuses.err)" 1
    pnnx model.pt 'inputshape=[1,3,64,64]'
    refuses 1 pnnx net.pt rules=my.rules
    [[ $stderr == *'; no ncnn file was written' ]]
}

@test "pnnx: rules= and explain= reach pnnxopt and pnnx2ncnn, each rule the one that it is for; without= pnnxopt" {
    net
    echo 'tell: nn.Dropout(x) => nn.Identity(x) ;' >a.rules
    echo 'lower: nn.ReLU(x) => "ReLU"(x, 0=0.1) ;' >b.rules
    run -0 pnnx net.pt rules=a.rules,b.rules explain=1
    assert_line --regexp "^pnnx2ncnn: net.pt: lower: 'features.1': nn.ReLU => ReLU$"
    run -0 grep -c 'Convolution .* 9=2 -23310=1,0.1 ' net.ncnn.param
    assert_output 20
    run -0 grep -c 'nn.ReLU ' net.pnnx.param
    assert_output 20
}

@test "pnnx: what is no TorchScript is refused by name" {
    echo 'not a model' >net.pt
    refuses 3 pnnx net.pt
    assert_equal "$stderr" "$(pt2pnnx net.pt x y 2>&1)"
    assert_equal "$(ls -A)" "$(printf '%s\n' net.pt refuses.err refuses.out)"
    refuses 4 pnnx nowhere.pt
}

@test "install: programs, pages and make rules go below DESTDIR" {
    make -s -C "$ROOT" O="$BUILD" install DESTDIR="$PWD/root" PREFIX=/opt/x >log 2>&1
    for program in pnnx pt2pnnx pnnxshape pnnxopt pnnx2ncnn pnnx2py; do
        assert [ -x "root/opt/x/bin/$program" ]
        assert [ -e "root/opt/x/share/man/man1/$program.1" ]
    done
    assert [ -e root/opt/x/share/pnnx/pnnx.mk ]
    assert [ -e root/opt/x/share/man/man7/pnnx-tools.7 ]
    cp "$DEMO" net.pt
    ln -s root/opt/x/bin/pnnx convert # the programs are those beside what the link names, whatever PATH has
    PATH=/usr/bin:/bin ./convert net.pt
    same_bytes net.ncnn.bin "$CONVERTED/net.ncnn.bin"
    make -s -C "$ROOT" O="$BUILD" uninstall DESTDIR="$PWD/root" PREFIX=/opt/x
    assert_equal "$(find root -type f)" ''
}

@test "install: the reader finds a libtorch where that of its building is gone, or says what it needs" {
    net
    torch=$("$PYTHON" -c 'import importlib.util as u; print(u.find_spec("torch").submodule_search_locations[0])')
    mkdir -p x/bin x/lib python none/lib
    cp "$BUILD/bin/pt2pnnx" x/bin/
    "$PYTHON" - "$BUILD/lib/torchscript.so" <<'END'
import re, sys
so = open(sys.argv[1], 'rb').read()
gone, count = re.subn(rb'/[^\0]*/torch/lib\0', lambda m: b'/gone'.ljust(len(m[0]) - 1, b'/') + b'\0', so)
assert count, 'no place of libtorch in it'
open('x/lib/torchscript.so', 'wb').write(gone)
END
    printf '#!/bin/sh\nexec "%s" "$@"\n' "$PYTHON" >python/python3
    chmod +x python/python3
    refuses 4 env PATH=/nowhere x/bin/pt2pnnx net.pt a.param a.bin
    [[ $stderr == *'libtorch_cpu.so: cannot open'*'PNNX_TORCH='* ]]
    refuses 4 env PNNX_TORCH="$PWD/none" PATH="$PWD/python:$PATH" x/bin/pt2pnnx net.pt a.param a.bin
    [[ $stderr == *"$PWD/none/lib/libc10.so: cannot open"* ]]
    PATH="$PWD/python:$PATH" x/bin/pt2pnnx net.pt a.param a.bin
    PNNX_TORCH="$torch" PATH=/nowhere x/bin/pt2pnnx net.pt b.param b.bin
    pt2pnnx net.pt c.param c.bin
    same_bytes a.param c.param
    same_bytes b.bin c.bin
    run -0 env PNNX_TORCH="$torch" x/bin/pt2pnnx --version
    assert_line --index 1 --partial ", $torch/lib/libtorch_cpu.so"
}

@test "make: without libtorch all but its reader is built, and what is missing is said; help lists what there is" {
    run -0 make -C "$ROOT" help
    assert_line --partial 'make check '
    printf '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\n: >"$2"\n' >cc # a compiler in no time
    printf '#!/bin/sh\n: >"$2"\n' >ar
    chmod +x cc ar
    run -2 make -s -j2 -C "$ROOT" O="$PWD/build" CC="$PWD/cc" AR="$PWD/ar" TORCH=/nowhere all
    assert_line 'find-torch: no libtorch in TORCH=/nowhere'
    assert_line --partial 'all but the reader of TorchScript is built'
    assert_equal "$(ls build/bin)" "$(printf '%s\n' ncnn2mem ncnnopt pnnx pnnx2ncnn pnnx2py pnnxopt pnnxshape pt2pnnx)"
    run -0 make -s -C "$ROOT" O="$PWD/build" CC="$PWD/cc" AR="$PWD/ar" TORCH=none all install DESTDIR="$PWD/root"
    assert_equal "$(find root -name '*.so')" ''
}

@test "pnnx.mk: only what changed is made again" {
    cp "$DEMO" net.pt
    cat >Makefile <<END
include $ROOT/scripts/pnnx.mk
PNNXBIN = $BUILD/bin/
PNNXSHAPE = inputshape=[1,3,64,64]
all: net.ncnn.param net_pnnx.py
END
    make -s
    for file in net.raw.param net.raw.bin net.shape.param net.pnnx.param net.pnnx.bin net.ncnn.param net.ncnn.bin net_ncnn.py net_pnnx.py; do
        assert [ -e "$file" ]
    done
    run -0 make
    assert_output --partial 'Nothing to be done'
    touch -d '+2 seconds' net.pnnx.param
    run -0 make
    assert_equal "$(printf '%s\n' "${lines[@]}" | sed -n 's|^.*/bin/\([a-z0-9]*\) .*|\1|p' | sort | tr '\n' ' ')" 'pnnx2ncnn pnnx2py '
}
