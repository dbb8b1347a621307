#!/usr/bin/env bats
# pnnx, the driver: upstream's arguments and files over the five programs.

load helpers

OUTPUTS='net.ncnn.bin net.ncnn.param net.pnnx.bin net.pnnx.param net_ncnn.py net_pnnx.py'

# net.pt: a small network
net() { traced "${1:-lstm_last}" && mv model.pt net.pt; }

# A folder with programs that stand in for the real ones: they copy, or do what FAIL and WAIT say.
stand_ins() {
    mkdir bin
    cp "$ROOT/scripts/pnnx" bin/
    for tool in pt2pnnx pnnxshape pnnxopt pnnx2ncnn pnnx2py; do
        cat >"bin/$tool" <<'END'
#!/bin/sh
me=${0##*/}
echo "$me $*" >>log
[ "$me" != "${WAIT-}" ] || { : >waiting; sleep 20 & wait $!; }
[ "$me" != "${FAIL-}" ] || { echo "$me: refused" >&2; exit "${STATUS-1}"; }
for last; do :; done
echo "$me" >"$last"
case $me in pnnx2py) ;; *) echo "$me" >"${last%.bin}.param" ;; esac
END
        chmod +x "bin/$tool"
    done
    : >net.pt
}

@test "pnnx: writes upstream's files beside the model, and nothing else" {
    net
    run -0 --separate-stderr pnnx net.pt 'inputshape=[1,12,16]'
    assert_equal "$output" ''
    assert_equal "$(ls -A)" "$(printf '%s\n' net.ncnn.bin net.ncnn.param net.pnnx.bin net.pnnx.param net.pt net_ncnn.py net_pnnx.py)"
}

@test "pnnx: writes what the five programs write by hand" {
    net
    pnnx net.pt 'inputshape=[1,12,16]' fp16=0 optlevel=1
    pt2pnnx 'inputshape=[1,12,16]' net.pt a.param a.bin
    pnnxshape 'inputshape=[1,12,16]' a.param a.bin b.param b.bin
    pnnxopt -O1 b.param b.bin c.param c.bin
    pnnx2ncnn fp16=0 c.param c.bin d.param d.bin
    pnnx2py pnnxbin=net.pnnx.bin c.param c.bin net_by_hand.py
    same_bytes net.pnnx.param c.param
    same_bytes net.pnnx.bin c.bin
    same_bytes net.ncnn.param d.param
    same_bytes net.ncnn.bin d.bin
    sed 's/net_by_hand/net_pnnx/g' net_by_hand.py >by_hand.py
    same_text by_hand.py net_pnnx.py
}

@test "pnnx: the printed Python and the ncnn script import and run from where they are" {
    net
    pnnx net.pt 'inputshape=[1,12,16]'
    run -0 "$PYTHON" -W ignore -c 'import net_pnnx, net_ncnn
a, b = net_pnnx.test_inference(), net_ncnn.test_inference()
assert a.shape == b.shape == (1, 6), (a.shape, b.shape)
assert (a - b).abs().max() < 1e-2, (a, b)'
}

@test "pnnx: a dash in the file's name becomes an underscore, the folder's stays" {
    mkdir a-b
    stand_ins
    : >a-b/c-d.e.pt
    bin/pnnx a-b/c-d.e.pt
    assert_equal "$(ls -A a-b)" "$(printf '%s\n' c-d.e.pt c_d.e.ncnn.bin c_d.e.ncnn.param c_d.e.pnnx.bin c_d.e.pnnx.param c_d.e_pnnx.py)"
}

@test "pnnx: outputs go where their keys say" {
    stand_ins
    mkdir out
    bin/pnnx net.pt pnnxparam=out/p pnnxbin=out/q pnnxpy=out/r ncnnparam=out/s.param ncnnbin=out/s.bin ncnnpy=out/u
    assert_equal "$(ls out)" "$(printf '%s\n' p q r s.bin s.param)"
    run -0 grep -c ncnnpy=out/u log
    assert_equal "$(ls -A)" "$(printf '%s\n' bin log net.pt out)"
}

@test "pnnx: each option reaches the program that knows it" {
    stand_ins
    bin/pnnx net.pt 'inputshape=[1,3]' 'inputshape2=[1,5]' customop=a.so moduleop=M fp16=0 optlevel=0 device=gpu
    run -0 cat log
    assert_line --regexp '^pt2pnnx .*moduleop=M'
    assert_line --regexp '^pt2pnnx .*customop=a.so'
    assert_line --regexp '^pt2pnnx .*inputshape=\[1,3\]'
    assert_line --regexp '^pnnxshape .*inputshape=\[1,3\]'
    assert_line --regexp '^pnnxshape .*inputshape2=\[1,5\]'
    assert_line --regexp '^pnnxopt .*optlevel=0'
    assert_line --regexp '^pnnx2ncnn .*fp16=0'
}

@test "pnnx: array files reach pnnxshape, and exclude shapes" {
    stand_ins
    bin/pnnx net.pt input=a.npy input2=b.npy
    run -0 grep '^pnnxshape' log
    assert_output --partial 'input=a.npy input2=b.npy'
    refuses 2 bin/pnnx net.pt input=a.npy 'inputshape=[1]'
    refuses 2 bin/pnnx net.pt input2=a.npy 'inputshape2=[1]'
}

@test "pnnx: wrong usage is status 2, before anything runs" {
    stand_ins
    refuses 2 bin/pnnx
    refuses 2 bin/pnnx net.pt other.pt
    refuses 2 bin/pnnx net.pt inputshapes=1
    refuses 2 bin/pnnx net.pt fp16=2
    refuses 2 bin/pnnx net.pt optlevel=3
    refuses 2 bin/pnnx net.pt device=tpu
    refuses 2 bin/pnnx -x net.pt
    assert [ ! -e log ]
}

@test "pnnx: an ONNX file that is asked for is said not to be written, the rest is" {
    stand_ins
    run -0 --separate-stderr bin/pnnx net.pt pnnxonnx=net.onnx
    assert_equal "$stderr" 'pnnx: pnnxonnx=net.onnx: ONNX files are not written yet; the others are'
    assert [ ! -e net.onnx ]
    assert [ -e net.pnnx.param ]
}

@test "pnnx: a stage that fails ends it with that stage's status, and nothing is written" {
    stand_ins
    for tool in pt2pnnx pnnxshape pnnxopt pnnx2py; do
        for status in 1 3 4; do
            FAIL=$tool STATUS=$status refuses "$status" bin/pnnx net.pt
            assert_equal "$stderr" "$tool: refused"
            assert_equal "$(ls -A)" "$(printf '%s\n' bin log net.pt refuses.err refuses.out)"
        done
    done
}

@test "pnnx: what ncnn refuses is still published as PNNX and Python, with status 1" {
    stand_ins
    FAIL=pnnx2ncnn refuses 1 bin/pnnx net.pt
    rm refuses.err refuses.out
    assert_equal "$(ls -A)" "$(printf '%s\n' bin log net.pnnx.bin net.pnnx.param net.pt net_pnnx.py)"
    run -0 grep '^pnnx2ncnn' log
    assert_output --partial ' net.pnnx.param net.pnnx.bin net.ncnn.param net.ncnn.bin'
}

@test "pnnx: a signal ends it at once with no temporaries" {
    stand_ins
    for signal in HUP INT TERM; do
        rm -f waiting
        WAIT=pnnxopt "$PYTHON" -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)                     # a shell starts its jobs with it ignored
os.execv("bin/pnnx", ["bin/pnnx", "net.pt"])' &
        pid=$!
        for _ in $(seq 100); do [ ! -e waiting ] || break; sleep 0.05; done
        start=$(date +%s)
        kill -s "$signal" "$pid"
        status=0
        wait "$pid" || status=$?
        assert_equal "$status" "$((128 + $(kill -l "$signal")))"
        assert [ $(($(date +%s) - start)) -lt 10 ]
        rm -f waiting
        assert_equal "$(ls -A)" "$(printf '%s\n' bin log net.pt)"
    done
}

@test "pnnx: it runs the programs beside it, whatever PATH has" {
    stand_ins
    mkdir elsewhere
    (cd elsewhere && PATH=/usr/bin:/bin ../bin/pnnx ../net.pt)
    assert [ -e net.ncnn.param ]
    PATH="$PWD/bin:$PATH"
    rm net.*n* net_*
    pnnx net.pt
    assert [ -e net.ncnn.param ]
}

@test "pnnx: a target that is a device is written through" {
    stand_ins
    bin/pnnx net.pt pnnxbin=/dev/null pnnxparam=/dev/null pnnxpy=/dev/null
    assert [ -c /dev/null ]
    assert_equal "$(ls -A)" "$(printf '%s\n' bin log net.ncnn.bin net.ncnn.param net.pt)"
}

@test "pnnx: what is no TorchScript is refused by name" {
    echo 'not a model' >net.pt
    refuses 3 pnnx net.pt
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
    net
    root/opt/x/bin/pnnx net.pt 'inputshape=[1,12,16]'
    assert [ -e net.ncnn.param ]
}

@test "pnnx.mk: only what changed is made again" {
    net
    cat >Makefile <<END
include $ROOT/scripts/pnnx.mk
PNNXBIN = $BUILD/bin/
PNNXSHAPE = inputshape=[1,12,16]
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
