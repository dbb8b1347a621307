#!/usr/bin/env bats
# The files are those that others read: netron's parsers of PNNX and ncnn accept them, with all their weights.

load helpers

setup() {
    command -v node >/dev/null || skip 'node is not installed: netron cannot be run'
    NETRON=$("$PYTHON" -c 'import importlib.util as u; print(u.find_spec("netron").submodule_search_locations[0])' 2>/dev/null) ||
        skip 'the PyPI package netron is not installed'
    own_folder
}

netron() { node --no-warnings "$ROOT/test/netron.mjs" "$NETRON" "$1"; }

# The number of @attributes in a text, and of operators that are neither input nor output.
attributes_of() { grep -o ' @[^ =]*=' "$1" | wc -l; }
nodes_of() { tail -n +3 "$1" | grep -cv '^pnnx.\(Input\|Output\) '; }

@test "netron reads what every stage writes, with all weights" {
    for network in squeezenet lstm_tagger vit; do
        traced "$network"
        pt2pnnx model.pt raw.pnnx.param raw.pnnx.bin
        pnnxshape raw.pnnx.param raw.pnnx.bin shape.pnnx.param shape.pnnx.bin
        pnnxopt shape.pnnx.param shape.pnnx.bin opt.pnnx.param opt.pnnx.bin
        for stage in raw shape opt; do
            weights=$(attributes_of "$stage.pnnx.param")
            run -0 netron "$stage.pnnx.param"
            assert_output "PNNX $(nodes_of "$stage.pnnx.param") $weights $weights"
        done
    done
}

@test "netron reads the ncnn files" {
    for network in squeezenet lstm_tagger vit; do
        traced "$network"
        pnnx model.pt
        run -0 netron model.ncnn.param
        layers=$(tail -n +3 model.ncnn.param | grep -cv '^Input ')
        assert_output --regexp "^ncnn $layers [0-9]+ [0-9]+$"
        assert_equal "${output% *}" "ncnn $layers ${output##* }"
    done
}
