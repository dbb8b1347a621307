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

# ---- what can be converted ----

@test "pnnx2ncnn: check=1 says what a conversion would say, and writes and removes nothing" {
    conv
    mkdir there
    touch there/out.param there/out.bin there/out.py
    run -0 pnnx2ncnn check=1 in.param in.bin
    assert_output ''
    run -0 pnnx2ncnn check=1 ncnnpy=there/out.py in.param in.bin there/out.param there/out.bin
    assert_output ''
    assert [ ! -s there/out.param ]
    one '(1,3,8)f32' torch.nan_to_num 'nan=0.0'
    refuses 1 pnnx2ncnn check=1 ncnnpy=there/out.py in.param in.bin there/out.param there/out.bin
    said=$stderr
    assert_equal "$(ls there)" $'out.bin\nout.param\nout.py'
    refuses 1 pnnx2ncnn check=1 - - < <(cat in.param in.bin)
    assert_equal "${stderr#*-:}" "${said#*in.param:}"
    refuses 1 pnnx2ncnn in.param in.bin there/out.param there/out.bin
    assert_equal "$stderr" "$said"
    # what the file of layers cannot carry is found as well
    ops 'pnnx.Input in 0 1 x #x=(1,3,8)f32' 'pnnx.custom_op.my.op p 1 1 x y arg_1=4294967296 #y=(1,3)f32' 'pnnx.Output out 1 0 y'
    refuses 1 pnnx2ncnn check=1 in.param in.bin
    refuses 2 pnnx2ncnn check=1 in.param
    refuses 2 pnnx2ncnn check=my.rules in.param in.bin
}

@test "pnnx2ncnn: list=1 has a sorted line for each type, with what its rules make of it and when" {
    run -0 --separate-stderr pnnx2ncnn list=1
    assert_equal "$stderr" ''
    printf '%s\n' "${lines[@]%%: *}" >types
    assert [ "${#lines[@]}" -gt 300 ]
    LC_ALL=C sort -u types >sorted
    same_text sorted types
    assert_line 'F.relu: ReLU'
    assert_line "F.gelu: GELU if approximate='tanh'; GELU if approximate='none'"
    assert_line "nn.Conv3d: F.pad nn.Conv3d if m != 'zeros'; Convolution3D if groups=1 and padding_mode='zeros'; ConvolutionDepthWise3D if padding_mode='zeros'"
    assert_line 'torch.ger: Reshape BinaryOp if x.rank == 1 and y.rank == 1'
    assert_line --regexp "^F.avg_pool2d: Pooling if .* else Padding Pooling if mode == 0"
    refute_line --partial '?('
    # what it says is of the rules as they are read
    cat >my.rules <<'END'
let most = 7 ;
mine: F.gelu(x, approximate='tanh') as c => Padding('MyRelu'(x, 0=most), top=1) if x.rank - (1 + most) > -2 ** c.out.rank and (x.shape[0] == 1 or not x.shape[1:] == [n * 2 for n in x.shape[1:] if n > 1])
                                    else 'MyRelu'(x) if x.dtype in ['torch.float'] ;
for n in 1 2 { F.tanh(x) => 'Mine$n'(x) if x.rank == $n ; }
END
    run -0 pnnx2ncnn list=1 -r my.rules without=activation.rules
    assert_line "F.gelu: MyRelu Padding if approximate='tanh' and x.rank - (1 + 7) > -2 ** c.out.rank and (x.shape[0] == 1 or not x.shape[1:] == [n * 2 for n in x.shape[1:] if n > 1]) else MyRelu if x.dtype in ['torch.float']"
    assert_line 'F.tanh: Mine1 if x.rank == 1; Mine2 if x.rank == 2'
    refuses 2 pnnx2ncnn list=1 in.param in.bin
    run -4 sh -c 'pnnx2ncnn list=1 >/dev/full'
}

@test "pnnx2ncnn: the list has every operator that an example of its rules has, and what the user's rules say" {
    pnnx2ncnn list=1 >list
    sed -n 's/^ *#> *\([FT][a-z]*\.[a-z0-9_]*\|nn\.[A-Za-z0-9]*\|torch\.[a-z_0-9.]*\) .*/\1/p' "$ROOT"/cmd/pnnx2ncnn/layers/a*.rules | sort -u >used
    assert [ "$(wc -l <used)" -gt 15 ]
    cut -d: -f1 list | sort -u >listed
    run -0 comm -23 used listed
    assert_output ''
}
