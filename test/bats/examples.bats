# Every example of the pages and of README.md, as it stands there, on files of the names that it has.
load helpers

# examples FILE: the lines of the blocks without filling in its section EXAMPLES, without roff
examples() {
    awk '/^\.SH/ { section = /EXAMPLES/ } section && /^\.(nf|EX)/ { show = 1; next } /^\.(fi|EE)/ { show = 0 } show && !/^\./' "$1" |
        sed "s/\\\\-/-/g; s/\\\\(aq/'/g; s/\\\\e/\\\\/g"
}

# One network under all names, a model of each stage, and programs that stand in for a person (vi) and name this Python.
setup_file() {
    export FILES="$BATS_FILE_TMPDIR/files" PYTHONWARNINGS=ignore
    mkdir -p "$FILES/out" "$FILES/bin" && cd "$FILES"
    printf '#!/bin/sh\nexec "%s" "$@"\n' "$PYTHON" >bin/python
    printf '#!/bin/sh\ntest -s "$1"\n' >bin/vi
    chmod +x bin/*
    cp "$ROOT/test/demo.pt" net.pt
    for name in resnet18 squeezenet m; do ln net.pt $name.pt; done
    pnnx net.pt 'inputshape=[1,3,224,224]' keep=stages
    rm net.pnnx.* net.ncnn.* net_*.py
    for name in net.raw:raw raw:raw net.shape:shape in:shape net.pnnx:pnnx opt:pnnx resnet18.pnnx:pnnx; do
        ln "stages/${name#*:}.param" "${name%:*}.param" && ln "stages/${name#*:}.bin" "${name%:*}.bin"
    done
    pnnxopt net.pnnx.param net.pnnx.bin >net.pnnx
    "$PYTHON" -c 'import numpy; numpy.save("image.npy", numpy.zeros((1, 3, 64, 64), "f4"))'
    examples "$ROOT/man/pnnx2ncnn.1" | grep '=>' >my.rules # a rule of one's own
}

# follow PAGE [SHELL-PATTERN]: runs its examples in order, all lines but those of the pattern
follow() {
    local line count=0
    cp -r "$FILES"/* .
    PATH="$PWD/bin:$PATH"
    while IFS= read -r line; do
        [[ -n $line && $line != ${2:-} ]] || continue
        count=$((count + 1))
        if ! bash -o pipefail -c "$line" >said 2>&1; then
            printf '%s: %s\n' "$1" "$line"
            cat said
            return 1
        fi
    done < <(examples "$ROOT/man/$1")
    [ $count -gt 0 ]
}

@test "pages: the examples of pt2pnnx(1), pnnxshape(1), pnnxopt(1), pnnx2ncnn(1) and pnnx2py(1) do what they say" {
    follow pt2pnnx.1
    follow pnnxshape.1
    follow pnnxopt.1
    follow pnnx2ncnn.1 '*=>*'
    follow pnnx2py.1
    [[ $(tail -n 1 said) != *rror* ]]
}

@test "pages: the examples of pnnx(1) do what they say" {
    traced bert
    mv model.pt bert.pt
    follow pnnx.1
    for file in resnet18_pnnx.py bert_ncnn.py out/net.bin stages/raw.param; do assert [ -s $file ]; done
}

@test "pages: the examples of ncnn2mem(1) and ncnnopt(1) do what they say" {
    cp "$FILES/stages/ncnn.param" net.ncnn.param && cp "$FILES/stages/ncnn.bin" net.ncnn.bin
    follow ncnn2mem.1
    follow ncnnopt.1
    assert [ -s net.mem.h ]
}

@test "pages: the examples of pnnx-tools(7) do what they say, the lines for make in a Makefile" {
    follow pnnx-tools.7 '@(include *|resnet18: *)'
    assert_equal "$(tail -n 1 said | grep -c '^tensor(0')" 1 # the two stages compute the same
    examples "$ROOT/man/pnnx-tools.7" | grep '^include \|^resnet18: ' | sed "s|/usr/local/share/pnnx|$ROOT/scripts|" >Makefile
    rm -f resnet18.*.* resnet18_*
    make -s resnet18 PNNXBIN="$BUILD/bin/"
    assert [ -s resnet18.ncnn.param ]
}

@test "pages: the rules of pnnx.rules(5) are read without a complaint, and its example is true" {
    cp "$FILES"/in.* .
    # a rule begins with its name, and ends with a line that does; then come its examples, or what is a part of one
    examples "$ROOT/man/pnnx.rules.5" | awk '/^[a-z_]+:/ { n++; print "commutative torch.mul torch.add ;" > ("example" n ".rules"); open = 1 }
        open || /^#/ { print > ("example" n ".rules") } /;$/ { open = 0 }'
    assert [ -s example4.rules ]
    for rules in example*.rules; do
        run -0 pnnxopt -r "$rules" without=silu,gelu_tanh in.param in.bin out.param out.bin
        assert_equal "$(grep -v ' applied nowhere: ' <<<"$output")" '' # but that this model has nothing for it
    done
    run -0 "$BUILD/test/rewrite_test" example1.rules
}

@test "README: the commands do what they say" {
    cp "$FILES"/resnet18.pt .
    sed -n '/^## Use/,/^## /p' "$ROOT/README.md" | grep -E '^(pnnx|pt2pnnx) ' >commands
    assert_equal "$(wc -l <commands)" 2
    while IFS= read -r line; do bash -o pipefail -c "$line"; done <commands
    assert [ -s resnet18.ncnn.bin ]
}
