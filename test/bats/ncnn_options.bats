# What a user asks of pnnx2ncnn: names, hints, versions, own layers, and what it says when it refuses.
load helpers

# The layers that pnnx2ncnn makes of in.param, without columns.
lowered() {
    pnnx2ncnn "$@" in.param in.bin out.param out.bin || return 1
    tail -n +3 out.param | sed 's/  */ /g'
}

conv() {
    ops 'pnnx.Input in 0 1 x #x=(1,3,8,8)f32' \
        'nn.Conv2d stem.conv 1 1 x y bias=True dilation=(1,1) groups=1 in_channels=3 kernel_size=(3,3) out_channels=4 padding=(1,1) padding_mode=zeros stride=(1,1) @bias=(4)f32 @weight=(4,3,3,3)f32 #y=(1,4,8,8)f32' \
        'pnnx.Output out 1 0 y'
}

# one SHAPE TYPE ARGUMENTS: a network of one operator
one() { ops "pnnx.Input in 0 1 x #x=$1" "$2 p 1 1 x y $3 \$input=x" 'pnnx.Output out 1 0 y'; }

# remedy: what the first message of the refusal says instead
remedy() {
    refuses 1 pnnx2ncnn in.param in.bin out.param out.bin || return 1
    sed -n '1s/.*(instead: \(.*\))$/\1/p' <<<"$stderr"
}

# ---- refusal ----

@test "pnnx2ncnn: a refused conversion leaves no files of an earlier run, a wrong command line and a damaged file do" {
    older() { touch out.param out.bin out.py; }
    one '(1,3,8)f32' torch.nan_to_num 'nan=0.0'
    older
    refuses 1 pnnx2ncnn ncnnpy=out.py in.param in.bin out.param out.bin
    assert_equal "$(compgen -G 'out.*')" ''
    # by shapes that contradict each other, and by what the format cannot carry
    one '(1,3,8)f32' nn.LSTM 'input_size=5 hidden_size=6 num_layers=1 bias=True batch_first=True bidirectional=False proj_size=0'
    older
    refuses 1 pnnx2ncnn ncnnpy=out.py in.param in.bin out.param out.bin
    assert_equal "$(compgen -G 'out.*')" ''
    ops 'pnnx.Input in 0 1 x #x=(1,3,8)f32' 'pnnx.custom_op.my.op p 1 1 x y arg_1=4294967296 #y=(1,3)f32' 'pnnx.Output out 1 0 y'
    older
    refuses 1 pnnx2ncnn ncnnpy=out.py in.param in.bin out.param out.bin
    assert_equal "$(compgen -G 'out.*')" ''
    older
    refuses 2 pnnx2ncnn ncnnpy=out.py nonsense=1 in.param in.bin out.param out.bin
    echo 7767518 >in.param
    refuses 3 pnnx2ncnn ncnnpy=out.py in.param in.bin out.param out.bin
    assert_equal "$(echo out.*)" 'out.bin out.param out.py'
}

@test "pnnx2ncnn: files of an earlier run that cannot be removed are a failure of the output" {
    [ "$(id -u)" != 0 ] || skip "root may remove any file"
    one '(1,3,8)f32' torch.nan_to_num 'nan=0.0'
    mkdir closed
    touch closed/out.param
    chmod a-w closed
    refuses 4 pnnx2ncnn in.param in.bin closed/out.param closed/out.bin
    chmod u+w closed
}

@test "pnnx2ncnn: a refusal has the names of free sizes, and ? where they have none" {
    one '(1,3,%h,%w=7<=9)f32' torch.nan_to_num 'nan=0.0'
    refuses 1 pnnx2ncnn in.param in.bin out.param out.bin
    assert_equal "${stderr%%:\ nan*}" "pnnx2ncnn: in.param:4: torch.nan_to_num 'p' (1,3,h,w)f32"
    one '(1,3,?,%w)f32' torch.nan_to_num 'nan=0.0'
    refuses 1 pnnx2ncnn in.param in.bin out.param out.bin
    assert_equal "${stderr%%:\ nan*}" "pnnx2ncnn: in.param:4: torch.nan_to_num 'p' (1,3,?,w)f32"
}

@test "pnnx2ncnn: numbers or bounds are a remedy where they help, for the sizes that the operator has" {
    one '(1,3,%h,%w)f32' Tensor.unfold 'dimension=2 size=3 step=2'
    assert_equal "$(remedy)" 'inputshape= of pnnxshape or pnnx with numbers for h, w'
    one '(1,3,8,%w)f32' Tensor.unfold 'dimension=3 size=3 step=2'
    assert_equal "$(remedy)" 'inputshape= of pnnxshape or pnnx with a number for w'
    one '(1,?,8,8)f32' F.group_norm 'num_groups=2'
    assert_equal "$(remedy)" 'inputshape= of pnnxshape or pnnx with numbers for ?'
    resize='mode=bilinear recompute_scale_factor=True size=None scale_factor='
    one '(1,3,%h,%w)f32' F.interpolate "$resize(0.29,0.29)"
    assert_equal "$(remedy)" 'inputshape= of pnnxshape or pnnx with bounds for h, w: h<=256'
    one '(1,3,7,%w<=1000)f32' F.interpolate "$resize(0.7,0.7)"
    assert_equal "$(remedy)" 'inputshape= of pnnxshape or pnnx with a bound for w: w<=64'
    one '(1,3,%h,9)f32' F.interpolate "$resize(2.3,2.3)"
    assert_equal "$(remedy)" 'inputshape= of pnnxshape or pnnx with a number for h'
    # where they do not help, they are none
    one '(1,3,%h,%w)f32' torch.nan_to_num 'nan=0.0'
    assert_equal "$(remedy)" 'no numbers that are none'
    one '(1,3,%h,%w)f32' torch.linalg.pinv 'hermitian=False'
    assert_equal "$(remedy)" ''
}

@test "pnnx2ncnn: what the remedy names converts" {
    resize='mode=bilinear recompute_scale_factor=True size=None scale_factor='
    for case in '(1,3,%h<=256,%w<=256)f32|F.interpolate|'"$resize(0.29,0.29)" '(1,3,7,%w<=64)f32|F.interpolate|'"$resize(0.7,0.7)" \
        '(1,3,8,9)f32|F.interpolate|'"$resize(2.3,2.3)" '(1,3,6,8)f32|Tensor.unfold|dimension=2 size=3 step=2' '(1,6,8,8)f32|F.group_norm|num_groups=2'; do
        IFS='|' read -r shape type arguments <<<"$case"
        one "$shape" "$type" "$arguments"
        pnnx2ncnn in.param in.bin out.param out.bin
    done
}

@test "pnnx2ncnn: in the driver the remedy is an option of its own" {
    one '(1,3,8,%w)f32' Tensor.unfold 'dimension=3 size=3 step=2'
    export PNNX_MODEL=net.pt
    assert_equal "$(remedy)" 'inputshape= with a number for w'
}

@test "pnnx2ncnn: behind an operator of the user's whose shape is not known, its shape in the file helps" {
    network() {
        ops 'pnnx.Input in 0 1 x #x=(1,3,8)f32' "pnnx.custom_op.my.op o 1 1 x u arg_1=4 $1" 'F.softmax s 1 1 u y dim=1 $input=u' 'pnnx.Output out 1 0 y'
    }
    network ''
    assert_equal "$(remedy)" 'write it behind that operator in the file, as #u=(1,8)f32'
    network '#u=(1,8)f32'
    pnnx2ncnn in.param in.bin out.param out.bin
}
