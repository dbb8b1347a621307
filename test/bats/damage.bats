#!/usr/bin/env bats
# Damaged files, a few of the places that `make damage` tries.

load helpers

@test "damage: no reader crashes, hangs, or takes a changed weight for a good one" {
    pt2pnnx "$ROOT/test/demo.pt" in.param in.bin
    for what in text weights stream; do
        run -0 --separate-stderr "$BUILD/test/damage" "$what" in.param in.bin 200
        assert_output --partial ' 0 missed'
    done
}

@test "damage: no reader of ncnn files crashes or hangs" {
    cp "$ROOT/test/demo.pt" .
    pnnx demo.pt ncnnparam=in.param ncnnbin=in.bin 2>/dev/null
    "$BUILD/test/ncnn_roundtrip" binary=in.param.bin in.param in.bin out.param out.bin
    run -0 --separate-stderr "$BUILD/test/damage" ncnn-text in.param in.bin 300
    run -0 --separate-stderr "$BUILD/test/damage" ncnn-text in.param.bin in.bin 300
    run -0 --separate-stderr "$BUILD/test/damage" ncnn-weights in.param in.bin 300
    assert_output --regexp '^[1-9][0-9]* refused, [1-9][0-9]* accepted, 0 missed$'
}

@test "damage: pt2pnnx refuses a damaged archive, or reads the very same weights" {
    run -0 "$PYTHON" -W ignore "$ROOT/test/damage_pt.py" "$ROOT/test/demo.pt" 60
    assert_output --partial ' 0 failed'
}
