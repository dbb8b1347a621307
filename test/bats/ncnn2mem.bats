# ncnn2mem: models as C arrays, compiled, and loaded back.
load helpers

# compiled COMPILER...: writes.c includes net.id.h and net.mem.h; it prints three ids, and writes the arrays to back.param.bin
# and back.bin
compiled() {
    cat >writes.c <<'END'
#include <stdio.h>
#include <stdint.h>
#include "net.id.h"
#include "net.mem.h"
#ifdef __cplusplus
#define ID(name) net_param_id::name
#else
#define ID(name) net_param_id_##name
#endif
int main(void)
{
    FILE *param = fopen("back.param.bin", "wb"), *bin = fopen("back.bin", "wb");
    fwrite(net_param_bin, 1, sizeof net_param_bin, param);
    fwrite(net_bin, 1, sizeof net_bin, bin);
    printf("%d %d %d", ID(LAYER_in0), ID(BLOB_in0), ID(BLOB_out0));
    return fclose(param) || fclose(bin) || (uintptr_t)net_param_bin % 4 || (uintptr_t)net_bin % 4;
}
END
    "$@" -Wall -Wextra -Wpedantic -Werror -o writes writes.c && ./writes
}

@test "ncnn2mem: what C and C++ compile from the headers is the model, and its numbers are those of the files" {
    for name in yolo lstm_tagger; do
        traced "$name"
        pnnx model.pt ncnnparam=net.param ncnnbin=net.bin 2>/dev/null
        run -0 ncnn2mem net.param net.bin net.id.h net.mem.h
        assert_output ""
        blobs=$(awk 'NR > 2 { for (i = 0; i < $4; i++) print $(5 + $3 + i) }' net.param)
        number=$(grep -n -x out0 <<<"$blobs")
        for compiler in 'cc -std=c11' 'cc -std=c99' 'c++ -x c++'; do
            rm -f back.*
            run -0 compiled $compiler
            assert_output "0 0 $((${number%%:*} - 1))"
            same_bytes net.bin back.bin
            same_bytes net.param.bin back.param.bin
        done
    done
}

@test "ncnn2mem: the runtime loads the binary form, and computes the very same" {
    while read -r name sizes; do
        traced "$name"
        pnnx model.pt ncnnparam=net.param ncnnbin=net.bin 2>/dev/null
        ncnn2mem net.param net.bin net.id.h net.mem.h
        run -0 "$PYTHON" "$ROOT/test/runtime/same_ncnn.py" --exact net.param net.bin net.param.bin net.bin $sizes
        assert_output "same within 0e+00"
    done <<'END'
squeezenet 3,64,64
yolo 3,64,96
lstm_tagger 7i
vit 3,64,64
END
}

@test "ncnn2mem: all layers and blobs have their numbers, in the order of the text" {
    printf '7767517\n4 5\nInput data 0 1 data\nSplit s/1 1 2 data a-0 a-1\nAbsVal abs 1 1 a-0 b\nMine mine 2 1 b a-1 c 0=1.5 1="x y" -23302=2,1,2\n' >1net.param
    : >net.bin
    run -0 --separate-stderr ncnn2mem 1net.param net.bin ids.h arrays.h
    assert_equal "$stderr" ""
    assert_equal "$(sed -n '/^namespace/,/^#else/p' ids.h)" 'namespace _1net_param_id {
const int LAYER_data = 0;
const int BLOB_data = 0;
const int LAYER_s_1 = 1;
const int BLOB_a_0 = 1;
const int BLOB_a_1 = 2;
const int LAYER_abs = 2;
const int BLOB_b = 3;
const int LAYER_mine = 3;
const int BLOB_c = 4;
const int TYPEINDEX_Mine = 256;
} // namespace _1net_param_id
#else'
    assert_equal "$(od -An -v -td4 -w4 1net.param.bin | tr -s ' \n' ' ')" " 7767517 4 5 16 0 1 0 -233 33 1 2 0 1 2 -233 0 1 1 1 3 -233 256 2 1 3 2 4 \
0 1069547520 -23401 3 $((0x792078)) -23302 2 1 2 -233 "
    # no weights: C has no arrays of nothing
    cc -std=c11 -Wpedantic -Werror -fsyntax-only -x c arrays.h
}

@test "ncnn2mem: identifiers that would be one are told apart, with a word, and keywords are none" {
    printf '7767517\n3 3\nInput a.b 0 1 x.y\nReLU a_b 1 1 x.y x_y\nReLU a-b 1 1 x_y z\n' >net
    : >net.bin
    mkdir d && printf '\0\0\200?' >d/int
    refuses 2 ncnn2mem net net.bin x.id.h x.mem.h # net.bin would be lost
    mv net.bin weights
    run -0 --separate-stderr ncnn2mem net weights d/x.h x.h
    assert_equal "$stderr" "ncnn2mem: net:4: layer 'a_b' is called LAYER_a_b_1: another one is LAYER_a_b
ncnn2mem: net:4: blob 'x_y' is called BLOB_x_y_1: another one is BLOB_x_y
ncnn2mem: net:5: layer 'a-b' is called LAYER_a_b_2: another one is LAYER_a_b"
    printf '#include "d/x.h"\n#include "x.h"\nint main(void) { return net_id_LAYER_a_b_2 - 2 + net_bin[0] - 0xdd; }\n' >main.c
    cc -o main main.c && ./main
    printf '7767517\n2 2\nInput a 0 1 a\nPReLU p 1 1 a b 0=1\n' >net
    run -0 ncnn2mem net d/int x.id.h x.mem.h
    assert_output ""
    cc -std=c11 -fsyntax-only -x c x.mem.h
    grep -q 'unsigned char int_\[\]' x.mem.h
    mkdir e && cp d/int e/net.bin
    run -0 ncnn2mem net e/net.bin x.id.h x.mem.h
    assert_output "ncnn2mem: e/net.bin: its array is called net_bin_1: that of 'net.bin' is net_bin"
    c++ -fsyntax-only -x c++ x.mem.h
}

@test "ncnn2mem: headers do not depend on the folder, nor on the time" {
    traced squeezenet
    pnnx model.pt ncnnparam=net.param ncnnbin=net.bin 2>/dev/null
    mkdir there
    cp net.* there
    ncnn2mem net.param net.bin net.id.h net.mem.h
    (cd / && ncnn2mem "$OLDPWD/there/net.param" "$OLDPWD/there/net.bin" "$OLDPWD/there/net.id.h" "$OLDPWD/there/net.mem.h")
    for file in net.id.h net.mem.h net.param.bin; do
        same_bytes "$file" there/"$file"
    done
}

@test "ncnn2mem: what it cannot do leaves no file" {
    traced squeezenet
    pnnx model.pt ncnnparam=net.param ncnnbin=net.bin 2>/dev/null
    truncate -s -4 net.bin
    refuses 3 ncnn2mem net.param net.bin net.id.h net.mem.h
    assert_equal "$(wc -l <<<"$stderr")" 1
    refuses 3 ncnn2mem net.bin net.bin net.id.h net.mem.h
    refuses 2 ncnn2mem net.param net.bin net.id.h
    assert_equal "$(ls net.*)" $'net.bin\nnet.param'
    printf '7767517\n1 1\nInput a 0 1 a\n' >in.param
    : >in.bin
    refuses 4 ncnn2mem in.param in.bin /dev/full in.mem.h
    assert [ ! -e in.mem.h ]
    assert [ ! -e in.param.bin ]
    ncnn2mem in.param in.bin in.id.h in.mem.h
    refuses 1 ncnn2mem in.param.bin in.bin in.id.h in.mem.h
    assert_equal "$stderr" "ncnn2mem: in.param.bin: a binary .param, which has no names (instead: the text that it was made from)"
}

@test "ncnn2mem: weights behind those of the last layer are no part of the array" {
    printf '7767517\n2 2\nInput a 0 1 a\nPReLU p 1 1 a b 0=1\n' >in.param
    printf '\0\0\200?more' >in.bin
    run -0 ncnn2mem in.param in.bin in.id.h in.mem.h
    assert_output "ncnn2mem: in.bin: 4 bytes behind the weights of the last layer are left out"
    assert_equal "$(grep -A1 'char in_bin' in.mem.h | tail -1)" "0x00,0x00,0x80,0x3f,"
}
