# ncnnopt: fewer layers, the same numbers in the runtime.
load helpers

# layers LINE...: in.param of these layers behind an Input of 3,8,9, with the counts, and in.bin with weights that are made up
layers() {
    local line blobs=1 type name inputs outputs rest
    for line; do
        read -r type name inputs outputs rest <<<"$line"
        blobs=$((blobs + outputs))
    done
    { echo 7767517; echo "$(($# + 1)) $blobs"; echo "Input in 0 1 in 0=9 1=8 2=3"; printf '%s\n' "$@"; } >plain.param
    "$BUILD/test/ncnn_roundtrip" fp16="${fp16:-0}" plain.param null in.param in.bin
}

types() { awk 'NR > 2 { printf "%s%s", sep, $1; sep = " " }' "$1"; }

# same_results SIZES...: in and out compute the same
same_results() { "$PYTHON" "$ROOT/test/runtime/same_ncnn.py" in.param in.bin out.param out.bin "$@"; }

@test "ncnnopt: models made by hand have the layers that they must, and the same numbers" {
    run -0 "$PYTHON" "$ROOT/test/runtime/ncnnopt_cases.py"
    refute_line --partial 'not ok'
    assert_line --regexp '^1\.\.[0-9]+$'
}

@test "ncnnopt: networks compute the same with no more layers, and ncnnopt of its own output changes nothing" {
    while read -r name sizes; do
        traced "$name"
        for options in fp16=0 fp16=1; do
            pnnx "$options" model.pt ncnnparam=in.param ncnnbin=in.bin 2>/dev/null
            run -0 ncnnopt in.param in.bin out.param out.bin
            assert_output ""
            assert [ "$(wc -l <out.param)" -le "$(wc -l <in.param)" ]
            same_results $sizes
            ncnnopt out.param out.bin again.param again.bin
            same_text out.param again.param
            same_bytes out.bin again.bin
        done
    done <<'END'
resnet18 3,64,64
mobilenet_v2 3,64,64
mobilenet_v3 3,64,64
squeezenet 3,64,64
shufflenet_v2 3,64,64
densenet 3,64,64
efficientnet_b0 3,64,64
googlenet 3,64,64
unet 3,60,52
yolo 3,64,96
vit 3,64,64
swin 3,64,64
lstm_tagger 7i
END
}

@test "ncnnopt: the sizes that it writes are those of the runtime" {
    while read -r name sizes wanted; do
        traced "$name"
        pnnx fp16=0 model.pt ncnnparam=plain.param ncnnbin=in.bin 2>/dev/null
        IFS=, read -r c h w <<<"$sizes"
        sed "/^Input/s/\$/ 0=$w 1=$h 2=$c/" plain.param >in.param
        ncnnopt in.param in.bin out.param out.bin
        run -0 "$PYTHON" "$ROOT/test/runtime/ncnn_sizes.py" out.param out.bin
        read -r right of all <<<"$output"
        assert [ "$((right * 100))" -ge "$((all * wanted))" ]
        ncnnopt out.param out.bin again.param again.bin
        same_text out.param again.param
    done <<'END'
resnet18 3,65,47 100
mobilenet_v3 3,64,80 100
squeezenet 3,81,67 100
shufflenet_v2 3,64,96 100
densenet 3,96,64 100
googlenet 3,64,64 100
yolo 3,64,96 100
vit 3,64,64 90
swin 3,64,64 80
unet 3,60,52 100
END
}

@test "ncnnopt: the sizes of single layers are those of the runtime" {
    run -0 "$PYTHON" "$ROOT/test/runtime/ncnn_size_cases.py"
    refute_line --partial 'not ok'
    assert_line --regexp '^1\.\.[0-9]+$'
}

@test "ncnnopt: sizes that an input contradicts are written anew, or not at all" {
    layers 'ReLU r 1 1 in a -23330=4,3,9,8,3' 'Einsum e 1 1 a b -23300=1,1 -23330=4,3,9,8,3' 'Sigmoid s 1 1 b c -23330=4,3,9,8,3'
    ncnnopt in.param in.bin out.param out.bin
    assert_equal "$(grep -c -- '-23330=4,3,9,8,3' out.param)" 4
    sed -i '/^Input/s/0=9/0=7/; /^Input/s/-23330=[^ ]*//' in.param
    ncnnopt in.param in.bin out.param out.bin
    assert_equal "$(grep -o -- '-23330.*' out.param)" $'-23330=4,3,7,8,3 0=7 1=8 2=3\n-23330=4,3,7,8,3'
}

@test "ncnnopt: weights stay as they are stored, those that are computed become what the others are, or what fp16= says" {
    local conv='Convolution c 1 1 in a 0=4 1=3 5=1 6=108' more='Convolution d 1 1 b out 0=5 1=3 6=180'
    for fp16 in 0 1; do
        layers "$conv" 'BatchNorm n 1 1 a b 0=4' "$more"
        ncnnopt in.param in.bin out.param out.bin
        # the second layer's weights, with their tag, are the end of both files
        end=$((4 + 180 * (fp16 ? 2 : 4)))
        same_bytes <(tail -c $end in.bin) <(tail -c $end out.bin)
        assert_equal "$(stat -c %s out.bin)" $((4 + 108 * (fp16 ? 2 : 4) + 16 + end))
        for flag in 0 1 65536; do
            ncnnopt in.param in.bin flag.param flag.bin $flag
            ncnnopt fp16=$((flag > 0)) in.param in.bin key.param key.bin
            same_bytes flag.bin key.bin
            assert_equal "$(stat -c %s flag.bin)" $((2 * 4 + 288 * (flag ? 2 : 4) + 16))
        done
    done
    refuses 2 ncnnopt in.param in.bin out.param out.bin 2
    refuses 2 ncnnopt fp16=2 in.param in.bin out.param out.bin
}

@test "ncnnopt: weights beyond float16 stay float32, with the runtime told so and a word" {
    layers 'Convolution c 1 1 in a 0=4 1=3 5=1 6=108' 'BinaryOp b 1 1 a out 0=2 1=1 2=1e5'
    run -0 ncnnopt fp16=1 in.param in.bin out.param out.bin
    assert_output "ncnnopt: 1 layer has weights too large for float16 and keeps float32: 'b'"
    grep -q '^Convolution .* 31=3$' out.param
    same_results
    fp16=1 layers 'Convolution c 1 1 in a 0=4 1=3 5=1 6=108' 'BinaryOp b 1 1 a out 0=2 1=1 2=1e5'
    ncnnopt in.param in.bin out.param out.bin
    grep -q '^Convolution .* 31=3$' out.param
    same_results
}

@test "ncnnopt: layers in int8 keep their weights and scales, and take activations only" {
    "$PYTHON" - "$ROOT/test/runtime" <<'END'
import random, struct, sys
sys.path.insert(0, sys.argv[1])
import ncnn_weights as w
random.seed(1)
open('in.bin', 'wb').write(b''.join(w.stored(k, n, 'float') for k, n in (w.Q(108), w.R(4), w.R(4), w.R(1), w.R(4), w.R(4), w.R(4), w.R(4))))
END
    printf '7767517\n3 3\nInput in 0 1 in\nConvolution c 1 1 in a 0=4 1=3 5=1 6=108 8=2\nBatchNorm b 1 1 a out 0=4\n' >in.param
    ncnnopt fp16=1 in.param in.bin out.param out.bin
    assert_equal "$(types out.param)" "Input Convolution BatchNorm"
    same_bytes in.bin out.bin
    printf '7767517\n3 3\nInput in 0 1 in\nConvolution c 1 1 in a 0=4 1=3 5=1 6=108 8=2\nReLU r 1 1 a out\n' >in.param
    head -c $((4 + 108 + 36)) in.bin >less.bin
    ncnnopt fp16=1 in.param less.bin out.param out.bin
    assert_equal "$(types out.param)" "Input Convolution"
    same_bytes less.bin out.bin
}

@test "ncnnopt: cut= leaves the layers between two, with inputs for what the others made" {
    layers 'Convolution c 1 1 in a 0=4 1=3 4=1 5=1 6=108' 'Split s 1 3 a b d e' 'MemoryData m 0 1 m 0=4' 'TanH t 1 1 b f' \
        'BinaryOp p 2 1 f m g 0=2' 'BinaryOp q 2 1 g d h' 'Sigmoid r 1 1 h i' 'Concat v 2 1 i e out'
    ncnnopt cut=t,q in.param in.bin out.param out.bin
    assert_equal "$(types out.param)" "MemoryData Input Split TanH BinaryOp BinaryOp"
    run -0 "$PYTHON" "$ROOT/test/runtime/same_ncnn.py" --inner out.param out.bin in.param in.bin 4,8,9
    ncnnopt in.param in.bin again.param again.bin 0 t q
    same_text out.param again.param
    ncnnopt cut=,p in.param in.bin out.param out.bin
    assert_equal "$(types out.param)" "Input Convolution Split MemoryData TanH BinaryOp"
    run -0 "$PYTHON" "$ROOT/test/runtime/same_ncnn.py" --inner out.param out.bin in.param in.bin
    ncnnopt cut=r in.param in.bin out.param out.bin
    assert_equal "$(types out.param)" "Input Input Sigmoid Concat"
    refuses 2 ncnnopt cut=q,t in.param in.bin o.param o.bin
    assert_equal "$stderr" "ncnnopt: in.param: cut: layer 't' comes before 'q'"
    refuses 2 ncnnopt cut=sigmoid in.param in.bin o.param o.bin
    assert_equal "$stderr" "ncnnopt: in.param: cut: no layer is called 'sigmoid'"
    refuses 2 ncnnopt cut=c,q,r in.param in.bin o.param o.bin
    assert [ ! -e o.param ]
}

@test "ncnnopt: with null for the weights they are made up, the same in every run" {
    layers 'Convolution c 1 1 in a 0=4 1=3 5=1 6=108' 'BatchNorm b 1 1 a out 0=4'
    ncnnopt in.param null out.param out.bin
    assert_equal "$(types out.param)" "Input Convolution"
    ncnnopt in.param null again.param again.bin
    same_bytes out.bin again.bin
    printf '7767517\n2 2\nInput in 0 1 in\nInnerProduct c 1 1 in a 0=3 2=21 8=2\n' >int8.param
    printf '7767517\n2 2\nInput in 0 1 in\nPReLU p 1 1 in a 0=2000000000\n' >large.param
    refuses 1 ncnnopt large.param null out.param out.bin
    assert_equal "$stderr" "ncnnopt: large.param:4: PReLU 'p': its slope would be 8000000000 bytes: no more than 4294967296 are made up"
    refuses 1 ncnnopt int8.param null out.param out.bin
    assert_equal "$stderr" "ncnnopt: int8.param:4: InnerProduct 'c': weights in int8 are not made up (instead: name a file of weights)"
}

@test "ncnnopt: reads the binary form of the text, too" {
    layers 'Convolution c 1 1 in a 0=4 1=3 5=1 6=108' 'BatchNorm b 1 1 a b 0=4 1=0.5' 'ReLU r 1 1 b out 0=0.25'
    "$BUILD/test/ncnn_roundtrip" binary=in.param.bin in.param in.bin out.param out.bin
    ncnnopt in.param.bin in.bin out.param out.bin
    assert_equal "$(types out.param)" "Input Convolution"
    "$BUILD/test/ncnn_roundtrip" binary=out.param.bin out.param out.bin again.param again.bin
    run -0 "$PYTHON" "$ROOT/test/runtime/same_ncnn.py" in.param.bin in.bin out.param.bin out.bin 3,8,9
}

@test "ncnnopt: a model may be replaced by what becomes of it, and else outputs are no inputs" {
    layers 'Convolution c 1 1 in a 0=4 1=3 5=1 6=108' 'BatchNorm b 1 1 a out 0=4'
    cp in.param old.param && cp in.bin old.bin
    ncnnopt in.param in.bin out.param out.bin
    ncnnopt in.param in.bin in.param in.bin
    same_text in.param out.param
    same_bytes in.bin out.bin
    refuses 2 ncnnopt old.param old.bin new.param old.bin
    refuses 2 ncnnopt - - new.param new.bin
    refuses 4 ncnnopt old.param old.bin new.param /dev/full
    assert [ ! -e new.param ]
    refuses 3 ncnnopt old.bin old.bin new.param new.bin
}

@test "ncnnopt: layers that are unknown stay, and around them everything is done" {
    layers 'ReLU r 1 1 in a' 'Dropout d 1 1 a b' 'Mine m 1 2 b c e 0=1,2 5="a b"' 'Noop n 1 1 c f' 'TanH t 1 1 f out'
    ncnnopt in.param in.bin out.param out.bin
    assert_equal "$(tail -n +4 out.param | tr -s ' ')" $'ReLU r 1 1 in a -23330=5,3,9,8,1,3\nMine m 1 2 a c e 0=1,2 5="a b"\nTanH t 1 1 c out'
}

@test "ncnnopt: explain names the rules, without= leaves them out, rules= adds some" {
    layers 'Convolution c 1 1 in a 0=4 1=3 5=1 6=108' 'Dropout d 1 1 a b' 'ReLU r 1 1 b out'
    run -0 ncnnopt --explain in.param in.bin out.param out.bin
    assert_line --partial ': dropout: '
    run -0 ncnnopt without=dropout in.param in.bin out.param out.bin
    assert_equal "$(types out.param)" "Input Convolution Dropout ReLU"
    run -0 ncnnopt without=idle.rules,relu_of_Convolution in.param in.bin out.param out.bin
    assert_equal "$(types out.param)" "Input Convolution Dropout ReLU"
    printf "mine: ReLU(x) => Swish(x) ;\n#> ReLU r 1 1 x y\n#= Swish r 1 1 x y\n" >my.rules
    run -0 ncnnopt without=dropout -r my.rules in.param in.bin out.param out.bin
    assert_equal "$(types out.param)" "Input Convolution Dropout Swish"
    run -0 ncnnopt check=my.rules
    refuses 2 ncnnopt without=nothing in.param in.bin out.param out.bin
}

@test "ncnnopt: the rules undo none of each other, and none hides another" {
    cat "$ROOT"/common/layers/{idle,constants,folding,activations,vectors,products,reshapes}.rules >all.rules
    mkdir -p common/layers && mv all.rules common/layers/all.rules
    run "$BUILD/test/rewrite_test" common/layers/all.rules
    refute_output --partial all.rules:
    assert_output --partial ' 0 failed,'
    assert_success
}

@test "ncnnopt: report=1 says what a run takes" {
    layers 'Convolution c 1 1 in a 0=4 1=3 4=1 5=1 6=108' 'ReLU r 1 1 a b 0=0.1' 'InnerProduct p 1 1 b y 0=5 1=1 2=1440'
    run -0 ncnnopt report=1 in.param in.bin out.param out.bin
    # 72 x 108 + 5 x 288; 4 x (108 + 4 + 1440 + 5) bytes; an input of 864 bytes beside 1152
    assert_output 'ncnnopt: 0.009 million multiplications, 0.006 MB of weights, 0.002 MB of blobs at a time'
    layers 'LSTM l 1 1 in y 0=24 1=960 2=0'
    sed -i 's/^Input.*/Input in 0 1 in/' in.param
    run -0 ncnnopt report=1 in.param in.bin out.param out.bin
    assert_output --partial 'at least 0.000 million multiplications'
    assert_output --partial 'give the layers Input their sizes, 0=WIDTH 1=HEIGHT 2=CHANNELS'
}

@test "ncnnopt: report=1 counts the products of every layer that has some" {
    # layers, sizes, products
    while IFS='|' read -r layer wanted; do
        layers "$layer"
        sed -i "s/^Input.*/Input in 0 1 in 0=300 1=400/" in.param
        run -0 ncnnopt report=1 in.param in.bin out.param out.bin
        assert_output --partial "ncnnopt: $wanted million"
    done <<'END'
LSTM l 1 1 in y 0=200 1=240000 2=0|160.000
GRU l 1 1 in y 0=200 1=360000 2=2|240.000
Gemm g 1 1 in y 3=1 5=1 6=0 8=100 9=300 10=-1|12.000
Convolution1D c 1 1 in y 0=50 1=3 6=60000|17.880
InnerProduct i 1 1 in y 0=10 2=3000|1.200
MultiHeadAttention m 1 1 in y 0=300 1=6 2=90000|240.000
Swish s 1 1 in y|0.000
END
}
