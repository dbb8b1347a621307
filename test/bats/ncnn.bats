# The files of ncnn, through a program that only reads and writes (test/programs/ncnn_roundtrip.c).
load helpers

roundtrip() { "$BUILD/test/ncnn_roundtrip" "$@"; }

# layers LINE...: in.param of these layers behind an Input of the blob `in`, with the counts, and an empty in.bin
layers() {
    local line blobs=1 type name inputs outputs rest
    for line; do
        read -r type name inputs outputs rest <<<"$line"
        blobs=$((blobs + outputs))
    done
    { echo 7767517; echo "$(($# + 1)) $blobs"; echo "Input in 0 1 in"; printf '%s\n' "$@"; } >in.param
    : >in.bin
}

# becomes TEXT: what comes out behind the Input, with single blanks
becomes() {
    run -0 roundtrip in.param in.bin out.param out.bin
    assert_output ""
    assert_equal "$(tail -n +4 out.param | tr -s ' ')" "$1"
}

# malformed WHERE-AND-WHAT: refused with this message, and nothing is written
malformed() {
    refuses 3 roundtrip in.param in.bin out.param out.bin
    assert_equal "$stderr" "ncnn_roundtrip: $1"
    assert [ ! -e out.param ]
    assert [ ! -e out.bin ]
}

@test "ncnn: the runtime loads the weights that the reader finds, and no fewer, of every layer and storage" {
    run -0 "$PYTHON" "$ROOT/test/runtime/ncnn_weights.py"
    assert_line --regexp '^1\.\.[0-9]+$'
}

@test "ncnn: the numbers of the types are the runtime's" {
    run -0 "$PYTHON" -c '
import ncnn, sys
types = [line.split()[0] for line in open(sys.argv[1]) if not line.startswith("#")]
print(len(types), [t for i, t in enumerate(types) if ncnn.layer_to_index(t) != i])' "$ROOT/common/operators/layers/layer_types.txt"
    assert_output "110 []"
}

@test "ncnn: networks come out as they went in, with float32 and with float16, as text and in binary" {
    for name in squeezenet lstm_tagger vit; do
        traced "$name"
        for fp16 in 0 1; do
            pnnx model.pt fp16="$fp16" 2>/dev/null
            run -0 roundtrip binary=out.param.bin model.ncnn.param model.ncnn.bin out.param out.bin
            assert_output ""
            same_text model.ncnn.param out.param
            same_bytes model.ncnn.bin out.bin
            run -0 roundtrip binary=again.param.bin out.param.bin out.bin again.param again.bin
            same_bytes out.param.bin again.param.bin
            same_bytes out.bin again.bin
        done
    done
}

@test "ncnn: fp16=0|1 of what was read is what pnnx2ncnn writes" {
    traced mobilenet_v2
    pnnx model.pt fp16=1 ncnnparam=half.param ncnnbin=half.bin 2>/dev/null
    pnnx model.pt fp16=0 ncnnparam=full.param ncnnbin=full.bin 2>/dev/null
    run -0 roundtrip fp16=1 full.param full.bin out.param out.bin
    same_text half.param out.param
    same_bytes half.bin out.bin
    roundtrip fp16=0 half.param half.bin back.param back.bin
    run -0 roundtrip fp16=1 back.param back.bin out.param out.bin
    same_bytes half.bin out.bin
}

@test "ncnn: every spelling of values is read, and kept" {
    layers 'Reduction r 1 1 in a 0=3 1=0 -23303=2,0,-1 5=1' 'Slice s 1 2 a b c -23300=2,-233,-233' 'Reshape q 1 1 b d 6="0w,//(0h, 2)"' \
        'Interp i 1 1 c e 0=1 1=2.0 2=+1.50e0 9=w' 'BinaryOp m 1 1 d f 0=2 1=1 2=1.000000e-02 31=3'
    cp in.param want.param
    becomes "$(tail -n +4 want.param | tr -s ' ')"
}

@test "ncnn: a list without a length has commas; a comma alone makes one, and all numbers are of the first one's type" {
    layers 'Crop c 1 1 in a 9=1,2 10=3,-233 11=0,' 'Eltwise e 1 1 a b 0=1 1=1.0,2'
    becomes 'Crop c 1 1 in a 9=1,2 10=3,-233 11=0,
Eltwise e 1 1 a b 0=1 1=1.0,2'
}

@test "ncnn: layers may stand on one line, or on several, with any blanks, and lines may end as in DOS" {
    layers 'ReLU r 1 1 in a' 'Clip c 1 1 a b 0=-1.0 1=1.0'
    tr '\n' ' ' <in.param >one && mv one in.param
    becomes $'ReLU r 1 1 in a\nClip c 1 1 a b 0=-1.0 1=1.0'
    printf '7767517\r\n2\t2\r\nInput in 0 1\r\n in\r\nClip  c 1 1 in b\r\n 0=-1.0\r\n\r\n1=1.0\r\n' >in.param
    becomes 'Clip c 1 1 in b 0=-1.0 1=1.0'
}

@test "ncnn: the last of parameters with one id counts, and ids come out in order" {
    layers 'Clip c 1 1 in a 1=2.0 0=-2.0 1=3.0'
    becomes 'Clip c 1 1 in a 0=-2.0 1=3.0'
}

@test "ncnn: ids in the order of their texts stay so" {
    layers 'Pooling p 1 1 in a 0=0 1=3 11=3 12=2 13=1 2=2 3=1 5=1'
    becomes 'Pooling p 1 1 in a 0=0 1=3 11=3 12=2 13=1 2=2 3=1 5=1'
}

@test "ncnn: sizes of results are read in both forms, and what is no size is left out" {
    layers 'ReLU r 1 1 in a -23330=4,3,8,6,2' 'Split s 1 2 a b c -23330=8,1,5,1,1,2,4,3,1'
    becomes $'ReLU r 1 1 in a -23330=4,3,8,6,2\nSplit s 1 2 a b c -23330=8,1,5,1,1,2,4,3,1'
    layers 'ReLU r 1 1 in a -23330=5,4,8,6,3,2 0=0.1' 'ReLU s 1 1 a b -23330=5,9,8,6,3,2' 'ReLU t 1 1 b c 30=5,6'
    becomes $'ReLU r 1 1 in a -23330=5,4,8,6,3,2 0=0.1\nReLU s 1 1 a b\nReLU t 1 1 b c'
}

@test "ncnn: a layer that is unknown is kept where no weights are left over, else refused" {
    layers 'MyLayer m 1 1 in a 0=1 -23301=2,0.5,1.5 2="a b"' 'PReLU p 1 1 a b 0=2'
    printf '\0\0\200?\0\0\0@' >in.bin
    becomes $'MyLayer m 1 1 in a 0=1 -23301=2,0.5,1.5 2="a b"\nPReLU p 1 1 a b 0=2'
    same_bytes in.bin out.bin
    printf '\0\0\200?\0\0\0@\0\0\0\0' >in.bin
    refuses 1 roundtrip in.param in.bin o.param o.bin
    assert_equal "$stderr" "ncnn_roundtrip: in.param:4: MyLayer 'm': a layer that ncnn does not have; 'in.bin' has weights of such layers, and which is not known: MyLayer (instead: take these layers out of both files)"
}

@test "ncnn: weights behind those of the last layer are left out, with a word" {
    layers 'PReLU p 1 1 in b 0=2'
    printf '\0\0\200?\0\0\0@more' >in.bin
    run -0 --separate-stderr roundtrip in.param in.bin out.param out.bin
    assert_equal "$stderr" "ncnn_roundtrip: in.bin: 4 bytes behind the weights of the last layer are left out"
    assert_equal "$(stat -c %s out.bin)" 8
}

@test "ncnn: a text that is not ncnn's, or another program's, is refused" {
    : >in.bin
    printf 'hello\n' >in.param
    malformed "in.param:1:1: 'hello' is not how an ncnn model begins: expected '7767517'"
    : >in.param
    malformed "in.param:1:1: '' is not how an ncnn model begins: expected '7767517'"
    printf '7767517\n1 1\npnnx.Input x 0 1 0 #0=(1,3)f32\n' >in.param
    malformed "in.param:3:1: 'pnnx.Input': a model in PNNX, not ncnn (instead: pnnx2ncnn converts it)"
    printf '7767517\n0 0\n' >in.param
    malformed "in.param:2:1: a model without layers"
}

@test "ncnn: counts that are wrong are refused, but for too many blobs, which only waste room" {
    layers 'ReLU r 1 1 in a'
    sed -i 's/^2 2$/3 2/' in.param
    malformed "in.param:2:1: the file has 2 layers and 2 blobs, and says 3 and 2"
    sed -i 's/^3 2$/2 1/' in.param
    malformed "in.param:2:1: the file has 2 layers and 2 blobs, and says 2 and 1"
    sed -i 's/^2 1$/2 9/' in.param
    becomes 'ReLU r 1 1 in a'
    rm out.*
    sed -i 's/^2 9$/2 1111111111/' in.param
    malformed "in.param:2:3: '1111111111' is not a number of blobs"
}

@test "ncnn: what the runtime would read wrongly is refused, with the place" {
    long=$(printf 'x%.0s' {1..256})
    while IFS='|' read -r line message; do
        layers "$line"
        malformed "in.param:4:$message"
    done <<END
ReLU r 1 1 in a 0=0.12345678901234|19: '0.12345678901234' has more than the 15 characters that the runtime reads of a number
ReLU r 1 1 in a 32=1| ReLU 'r': there is no parameter 32: they go from 0 to 31
ReLU r 1 1 in a -23332=1,1| ReLU 'r': there is no parameter 32: they go from 0 to 31
ReLU r 1 1 in a 0=99999999999|19: '99999999999' is no integer of 32 bits
ReLU r 1 1 in a 0=5x|19: '5x' is no integer of 32 bits
ReLU r 1 1 in a 0=1.2.3|19: '1.2.3' is no finite float
ReLU r 1 1 in a 0=1e99|19: '1e99' is no finite float
ReLU r 1 1 in a 0=-inf|19: '-inf' is no integer of 32 bits
ReLU r 1 1 in a 0=|19: expected a number
ReLU r 1 1 in a 0|17: '0' is no parameter: expected id=value
ReLU r 1 1 in a -23300=3,1,2|29: the list has 2 numbers, not 3 as it says
ReLU r 1 1 in a -23300=2,1,2,3|24: '2,1,2,' is no value: expected a blank at ','
ReLU r 1 1 in a -23300=-1|24: a list of -1 numbers
ReLU r 1 1 in a -23300=2000000000,1|36: the list has 1 numbers, not 2000000000 as it says
ReLU r 1 1 in a 0="no end|19: a text that is not closed: expected '"'
ReLU r 1 1 in a 0=""|19: a text of 0 bytes: the runtime reads 1 to 255
ReLU r 1 1 in a 0=$long|19: a text of 256 bytes: the runtime reads 1 to 255
ReLU r 1 1 in a 0="x"y|19: '"x"y' is no value: expected a blank at 'y'
ReLU r 1 1 other a|12: ReLU 'r' reads 'other', which no layer before it makes
ReLU r 1 1 in in|15: the blob 'in' is made twice
ReLU $long 1 1 in a|6: a layer's name of 256 bytes: the runtime reads 255
ReLU r -1 1 in a|8: '-1' is not a number of inputs
END
}

@test "ncnn: a file that ends early is refused wherever it ends" {
    layers 'ReLU r 1 1000000 in a'
    malformed "in.param:5:1: the file ends where a blob that the layer makes was expected"
    traced lstm_tagger
    pnnx model.pt 2>/dev/null
    run -0 roundtrip binary=in.param.bin model.ncnn.param model.ncnn.bin out.param out.bin
    for size in 0 3 4 8 11 12 40 100 200; do
        head -c "$size" in.param.bin >cut.param.bin
        refuses 3 roundtrip cut.param.bin model.ncnn.bin cut.param cut.bin
        assert_equal "$(wc -l <<<"$stderr")" 1
    done
}

@test "ncnn: parameters that make weights too large, or of no size, are refused before they are believed" {
    while IFS='|' read -r line message; do
        layers "$line"
        malformed "in.param:4: $message"
    done <<'END'
PReLU p 1 1 in a 0=2147483647|PReLU 'p': 'in.bin' ends within its slope: 8589934588 bytes from 0 on, of which there are 0
PReLU p 1 1 in a|PReLU 'p': its parameters do not say how large its slope is: expected num_slope
PReLU p 1 1 in a 0=-3|PReLU 'p': its parameters do not say how large its slope is: expected num_slope
PReLU p 1 1 in a 0=2.0|PReLU 'p': its parameters do not say how large its slope is: expected num_slope
MemoryData m 0 1 a 0=2147483647 1=2147483647 2=2147483647|MemoryData 'm': its parameters do not say how large its data is: expected w * (h or 1) * (d or 1) * (c or 1)
MultiHeadAttention m 1 1 in a 1=2 2=36|MultiHeadAttention 'm': 'in.bin' ends within its q_weight: 4 bytes from 0 on, of which there are 0
END
    layers 'Gemm g 1 1 in a 3=1 5=1 8=4 9=64 18=1300'
    refuses 1 roundtrip in.param in.bin out.param out.bin
    assert_equal "$stderr" "ncnn_roundtrip: in.param:4: Gemm 'g': its weights are quantised in a way that is not known (instead: quantise after this)"
}
