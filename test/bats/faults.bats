# No memory, and files that cannot be read or written: at every call where that may happen (test/programs/fail_calls.c), a program
# ends with status 4 and one message, and leaves nothing behind.
load helpers

setup() {
    own_folder
    FAULTS=$BUILD/test/fail_calls.so
    [ -e "$FAULTS" ] || skip "fail_calls.so needs glibc"
    case $BUILD in */sanitize*) skip "a sanitizer has the calls that fail_calls.so would have" ;; esac
    DEMO=$BUILD/test/faults
    if [ ! -e "$DEMO.param" ]; then
        pt2pnnx "$ROOT/test/demo.pt" "$DEMO.$$.raw.param" "$DEMO.$$.raw.bin"
        pnnxshape 'inputshape=[1,3,64,64]' "$DEMO.$$.raw.param" "$DEMO.$$.raw.bin" "$DEMO.bin.param" "$DEMO.bin"
        mv "$DEMO.bin.param" "$DEMO.param"
        rm "$DEMO.$$".*
    fi
    cp "$DEMO.param" in.param
    cp "$DEMO.bin" in.bin
}

# attempt FAILURE COMMAND...: runs it; its files are the results/*, or standard output. Messages are in $said.
attempt() {
    code=0
    rm -f results/* results/.pnnx-*
    FAIL_CALLS=$1 LD_PRELOAD=$FAULTS "${@:2}" >out 2>err < <(cat "${SEND:-/dev/null}" 2>/dev/null) || code=$?
    mapfile -t said <err
}

# fails_well FAILURE COMMAND...: it did what it does without the failure (a close of what was read may fail, sorting needs
# no memory), or it ended with one message beside those that it ends with in any case, and without files.
fails_well() {
    local f left
    attempt "$@"
    if [ $code = "$good_code" ] && cmp -s err good.err; then
        for f in good/*; do [ ! -e "$f" ] || cmp "$f" "results/${f##*/}" || return 1; done
        cmp out good.out
        return
    fi
    left=$(shopt -s nullglob dotglob && echo results/*)
    [ $code = 4 ] && [ -z "$left" ] && [ ${#said[@]} -ge 1 ] && [ ${#said[@]} -le $((good_said + 1)) ] &&
        [[ ${said[-1]} =~ ^$tool:\ (out of memory|cannot (read|write|keep)\ .*:\ (Cannot allocate memory|Input/output error)) ]] && return
    printf '%s: status %s, left: %s, said:\n' "$*" $code "$left"
    cat err
    return 1
}

# withstands KIND TOOL ARGUMENT...: every way to a call of this kind fails, alone and with all calls behind it.
# SEND: what is written into its standard input, through a pipe. WANT: its status without a failure.
withstands() {
    local kind=$1 tool=$2 n more log=$PWD/log runs=0 good_code good_said
    shift
    mkdir -p results good
    rm -f log good/*
    FAIL_CALLS_LOG=$log attempt "$kind:0" "$@"
    [ $code = "${WANT:-0}" ]
    good_code=$code good_said=${#said[@]}
    mv out good.out && mv err good.err
    [ -z "$(ls results)" ] || mv results/* good/
    [ "$(wc -l <log)" -ge 8 ]
    while read -r n; do
        for more in '' +; do
            fails_well "$kind:$n$more" "$@" || return 1
            runs=$((runs + 1))
        done
    done <log
    [ $runs -ge 16 ]
}

@test "faults: pnnxshape withstands want of memory" {
    withstands memory pnnxshape in.param in.bin results/out.param results/out.bin
}

@test "faults: pnnxopt withstands want of memory" {
    withstands memory pnnxopt in.param in.bin results/out.param results/out.bin
}

@test "faults: pnnx2py withstands want of memory" {
    withstands memory pnnx2py in.param in.bin results/out.py
}

@test "faults: pnnx2ncnn withstands want of memory" {
    withstands memory pnnx2ncnn ncnnpy=results/out.py in.param in.bin results/out.param results/out.bin
}

# ncnn_model: model.param and model.bin of the demo
ncnn_model() { pnnx2ncnn in.param in.bin model.param model.bin; }

@test "faults: ncnnopt and ncnn2mem withstand want of memory" {
    ncnn_model
    withstands memory ncnnopt model.param model.bin results/out.param results/out.bin
    withstands memory ncnn2mem model.param model.bin results/out.id.h results/out.mem.h
}

@test "faults: every program withstands files that cannot be read or written" {
    withstands files pnnxshape link=1 in.param in.bin results/out.param results/out.bin
    withstands files pnnxopt sync=1 in.param in.bin results/out.param results/out.bin
    withstands files pnnx2py in.param in.bin results/out.py
    withstands files pnnx2ncnn ncnnpy=results/out.py in.param in.bin results/out.param results/out.bin
    ncnn_model
    withstands files ncnnopt model.param model.bin results/out.param results/out.bin
    withstands files ncnn2mem model.param model.bin results/out.id.h results/out.mem.h
}

# A stream that is larger than what is kept in memory.
@test "faults: a filter withstands want of memory, and pipes and a temporary file that fail" {
    printf '7767517\n2 1\npnnx.Attribute a 0 1 x @data=(600000)f32\npnnx.Output o 1 0 x\n' >in.param
    weights in
    "$BUILD/test/roundtrip" in.param in.bin >stream
    SEND=stream
    export TMPDIR=$PWD/results
    withstands memory pnnxopt
    withstands files pnnxopt
}

@test "faults: a refusal withstands want of memory" {
    cp "$ROOT/test/models/upstream-0-net.param" in.param
    weights in
    WANT=1 withstands memory pnnx2ncnn in.param in.bin results/out.param results/out.bin
}

@test "faults: a rule file withstands want of memory, and that it cannot be read" {
    echo 'mine: F.relu(x) => F.gelu(x) ;' >my.rules
    withstands files pnnxopt -r my.rules in.param in.bin results/out.param results/out.bin
}

@test "faults: a link at the place of the output stays one, and what it names stays whole" {
    FAIL_CALLS_LOG=$PWD/log attempt memory:0 pnnx2py in.param in.bin good.py
    local n tried=0
    for n in $(tail -n 20 log); do
        echo old >kept.py
        ln -sf kept.py out.py
        attempt "memory:$n" pnnx2py in.param in.bin out.py
        [ -L out.py ]
        [ $code = 4 ] || cmp kept.py good.py
        [ $code = 0 ] || [ "$(<kept.py)" = old ]
        tried=$((tried + 1))
    done
    [ $tried = 20 ]
}

# libtorch's own objects are made while it is loaded; an exception there ends the process.
@test "faults: pt2pnnx without memory is status 4, in itself, while libtorch is loaded, and while it reads" {
    mkdir results
    local failure
    for failure in memory:1 memory:9+ memory:40+ memory:5000 memory:5000+; do
        attempt $failure pt2pnnx "$ROOT/test/demo.pt" results/out.param results/out.bin
        echo "$failure: $code ${said[*]}"
        [ $code = 4 ]
        [ -z "$(ls -A results)" ]
        [[ ${said[-1]} =~ ^pt2pnnx:\ (out of memory|cannot read |cannot load the TorchScript reader: |the TorchScript reader (crashed while it was loaded|ended with status)) ]]
    done
    for failure in late:1 late:70 late:800 late:9000 late:20000; do
        attempt $failure pt2pnnx "$ROOT/test/demo.pt" results/out.param results/out.bin
        echo "$failure: $code ${said[*]}"
        [ $code = 4 ]
        [ -z "$(ls -A results)" ]
        [ "${said[*]}" = "pt2pnnx: out of memory" ]
    done
}
