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
    assert_line "F.gelu: torch.dequantize F.gelu torch.quantize_per_tensor; GELU if approximate='tanh'; GELU if approximate='none'"
    assert_line "nn.Conv3d: F.pad nn.Conv3d if m != 'zeros'; Convolution3D if groups=1 and padding_mode='zeros'; ConvolutionDepthWise3D if padding_mode='zeros'"
    assert_line 'torch.ger: Reshape BinaryOp if x.rank == 1 and y.rank == 1'
    assert_line --regexp "^F.avg_pool2d: torch.dequantize torch.mul torch.round F.avg_pool2d torch.quantize_per_tensor; Pooling if .* else Padding Pooling if mode == 0"
    refute_line --partial '?('
    # what it says is of the rules as they are read
    cat >my.rules <<'END'
let most = 7 ;
mine: F.gelu(x, approximate='tanh') as c => Padding('MyRelu'(x, 0=most), top=1) if x.rank - (1 + most) > -2 ** c.out.rank and (x.shape[0] == 1 or not x.shape[1:] == [n * 2 for n in x.shape[1:] if n > 1])
                                    else 'MyRelu'(x) if x.dtype in ['torch.float'] ;
for n in 1 2 { F.tanh(x) => 'Mine$n'(x) if x.rank == $n ; }
END
    run -0 pnnx2ncnn list=1 -r my.rules without=activation.rules
    assert_line "F.gelu: MyRelu Padding if approximate='tanh' and x.rank - (1 + 7) > -2 ** c.out.rank and (x.shape[0] == 1 or not x.shape[1:] == [n * 2 for n in x.shape[1:] if n > 1]) else MyRelu if x.dtype in ['torch.float']; torch.dequantize F.gelu torch.quantize_per_tensor"
    assert_line 'F.tanh: Mine1 if x.rank == 1; Mine2 if x.rank == 2; torch.dequantize F.tanh torch.quantize_per_tensor'
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

# ---- names ----

@test "pnnx2ncnn: names=keep calls layers and blobs as the model does, inputs and results in0 and out0" {
    conv
    run -0 lowered names=keep
    assert_line 'Input in 0 1 in0'
    assert_line --partial 'Convolution stem.conv 1 1 in0 out0 '
    ops 'pnnx.Input in 0 1 x #x=(1,3,8,8)f32' 'F.relu body.act 1 1 x hidden $input=x' 'F.tanh body.a 1 1 hidden a $input=hidden' \
        'F.sigmoid body.b 1 1 hidden b $input=hidden' 'torch.add body.sum 2 1 a b y $input=a $other=b' 'pnnx.Output out 1 0 y'
    run -0 lowered names=keep
    assert_output 'Input in 0 1 in0
ReLU body.act 1 1 in0 hidden
Split splitncnn_0 1 2 hidden hidden_splitncnn_0 hidden_splitncnn_1
TanH body.a 1 1 hidden_splitncnn_0 a
Sigmoid body.b 1 1 hidden_splitncnn_1 b
BinaryOp body.sum 2 1 a b out0 0=0'
    run -0 lowered names=new
    cp out.param new.param
    run -0 lowered
    same_bytes out.param new.param
    refuses 2 pnnx2ncnn names=old in.param in.bin out.param out.bin
}

@test "pnnx2ncnn: names that ncnn could not read, or that two have, are made valid and unique" {
    long=$(printf 'x%.0s' {1..400})
    ops 'pnnx.Input out0 0 1 x #x=(1,3,8,8)f32' 'F.relu a%20b 1 1 x out0 $input=x' 'F.tanh a_b 1 1 out0 in0 $input=out0' \
        "F.sigmoid $long 1 1 in0 $long \$input=in0" "F.relu ${long}1 1 1 $long ${long}1 \$input=$long" \
        "F.tanh a%0Ab 1 1 ${long}1 a%09b \$input=${long}1" 'F.tanh a_b 1 1 a%09b a_b $input=a%09b' 'F.tanh z 1 1 a_b y $input=a_b' 'pnnx.Output out 1 0 y'
    run -0 lowered names=keep
    assert_equal "$(awk '{ print $2 }' <<<"$output" | sort -u | wc -l)" "${#lines[@]}"
    assert_equal "$(awk '{ print $NF }' <<<"$output" | sort -u | wc -l)" "${#lines[@]}"
    assert_equal "$(awk '{ print $2; print $NF }' <<<"$output" | awk 'length($0) > 255' | wc -l)" 0
    assert_line --partial 'TanH a_b 1 1 out0_1 '
    assert_line --partial ' a_b_1 a_b'
    # the runtime finds what it looks for
    "$PYTHON" - <<'END'
import ncnn, numpy
net = ncnn.Net()
assert net.load_param('out.param') == 0 and net.load_model('out.bin') == 0
def blob(name): # an extractor each: the runtime frees what it has read
    with net.create_extractor() as ex:
        ones = numpy.ones((3, 8, 8), numpy.float32)
        ex.input('in0', ncnn.Mat(ones).clone())
        return ex.extract(name)[1].numpy().copy()
assert numpy.allclose(numpy.tanh(blob('a_b')), blob('out0'), atol=1e-2)
END
}

@test "pnnx2ncnn: rename= gives blobs other names, also each the other's, and the script follows" {
    ops 'pnnx.Input a 0 1 x #x=(1,3,8)f32' 'pnnx.Input b 0 1 z #z=(1,3,8)f32' 'torch.sub s 2 1 x z y $input=x $other=z' 'F.relu r 1 1 y w $input=y' 'pnnx.Output out 1 0 y' 'pnnx.Output more 1 0 w'
    run -0 lowered ncnnpy=run.py names=keep 'rename=in0:in1,in1:in0,out1:my"scores,out0:difference'
    assert_line 'Input a 0 1 in1'
    assert_line 'Input b 0 1 in0'
    assert_line 'BinaryOp s 2 1 in1 in0 y 0=1'
    assert_line 'ReLU r 1 1 y_splitncnn_0 my"scores'
    cp run.py renamed.py
    "$PYTHON" -W ignore - <<'END'
import runpy, torch
a, b = runpy.run_path('run.py')['test_inference']()
torch.manual_seed(0)
x, z = torch.rand(1, 3, 8), torch.rand(1, 3, 8)
assert torch.allclose(a, x - z, atol=1e-2) and torch.allclose(b, (x - z).relu(), atol=1e-2), (a, b)
END
    run -0 lowered rename=2:middle
    assert_line --regexp 'BinaryOp binaryop_. 2 1 in0 in1 middle 0=1'
}

@test "pnnx2ncnn: rename= is refused for a blob that is not there, a name that is, and what is no name" {
    conv
    refuses 2 pnnx2ncnn rename=in1:data in.param in.bin out.param out.bin
    assert_equal "$stderr" "pnnx2ncnn: rename=in1:data: there is no blob 'in1' (did you mean 'in0'?)"
    refuses 2 pnnx2ncnn rename=in0:out0 in.param in.bin out.param out.bin
    assert_equal "$stderr" "pnnx2ncnn: rename=: 'in0' and 'out0' would both be 'out0'"
    refuses 2 pnnx2ncnn rename=in0:a,in0:b in.param in.bin out.param out.bin
    for wrong in in0 in0: :a 'in0:a b' "in0:$(printf 'x%.0s' {1..256})"; do
        refuses 2 pnnx2ncnn "rename=$wrong" in.param in.bin out.param out.bin
        assert_equal "$stderr" "pnnx2ncnn: rename=$wrong: expected BLOB:NAME, a name without blanks of at most 255 bytes"
    done
    assert [ ! -e out.param ]
}

# ---- hints ----

@test "pnnx2ncnn: hints=1 writes the shapes of results where all are known, by default there are none" {
    conv
    run -0 lowered hints=1
    assert_line 'Input in0 0 1 in0 -23330=5,3,8,8,1,3'
    assert_line --regexp '^Convolution .* out0 -23330=5,3,8,8,1,4 0=4 '
    run -0 lowered hints=0
    refute_output --partial 23330
    run -0 lowered
    refute_output --partial 23330
    ops 'pnnx.Input in 0 1 x #x=(1,6,%n)f32' 'torch.mean m 1 1 x a dim=2 keepdim=False $input=x' 'torch.chunk c 1 2 a b d chunks=2 dim=1 $input=a' \
        'torch.add s 2 1 b d y $input=b $other=d' 'torch.mul t 2 1 x y z $input=x $other=y' 'pnnx.Output out 1 0 y'
    run -0 lowered hints=1
    assert_line 'Input in0 0 1 in0'
    assert_line --regexp '^Reduction .* -23330=5,1,6,1,1,1 '
    assert_line --regexp '^Slice .* -23330=10,1,3,1,1,1,1,3,1,1,1 '
}

@test "pnnx2ncnn: a hint is the shape that the runtime gives the blob" {
    cat >net.py <<'END'
import torch
from torch import nn
torch.manual_seed(0)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c, self.d, self.v = nn.Conv2d(3, 8, 3, 2), nn.ConvTranspose2d(8, 4, 2, 2), nn.Conv3d(4, 2, 1)
        self.l, self.r, self.n = nn.Linear(8, 6), nn.LSTM(4, 5, batch_first=True), nn.LayerNorm(6)
        self.a, self.g = nn.MultiheadAttention(6, 2, batch_first=True), nn.GroupNorm(2, 8)
    def forward(self, x):
        a = self.g(self.c(x)).relu()
        b = nn.functional.adaptive_avg_pool2d(a, 1).flatten(1)
        c = self.l(a.flatten(2).transpose(1, 2))
        d = self.n(self.a(c, c, c)[0])
        e = self.d(a)
        f = self.v(e.unsqueeze(2).repeat(1, 1, 3, 1, 1)).mean((2, 3, 4))
        h, _ = self.r(e.flatten(2).transpose(1, 2)[:, :7])
        return b.softmax(1), d.amax(1), f, h, torch.cat([a, a * 2], 1).split([5, 11], 1)[1], nn.functional.max_pool2d(x, 2), nn.functional.interpolate(x, scale_factor=2)
torch.jit.trace(Net().eval(), torch.rand(1, 3, 15, 17), check_trace=False).save('net.pt')
END
    "$PYTHON" -W ignore net.py
    pt2pnnx net.pt raw.param raw.bin
    pnnxshape 'inputshape=[1,3,15,17]' raw.param raw.bin shape.param shape.bin
    pnnxopt shape.param shape.bin in.param in.bin
    for fp16 in 0 1; do
        pnnx2ncnn hints=1 fp16=$fp16 in.param in.bin out.param out.bin
        run -0 "$PYTHON" -W ignore - <<'END'
import ncnn, numpy
net = ncnn.Net()
net.opt.use_packing_layout = False
net.opt.lightmode = False
assert net.load_param('out.param') == 0 and net.load_model('out.bin') == 0
layers = hinted = 0
for line in open('out.param').read().splitlines()[2:]:
    word = line.split()
    n, m = int(word[2]), int(word[3])
    layers += 1
    hints = [w for w in word if w.startswith('-23330=')]
    if not hints:
        print('no hint:', line)
        continue
    hinted += 1
    record = [int(i) for i in hints[0].split('=')[1].split(',')]
    assert record[0] == 5 * m, line
    for i, blob in enumerate(word[4 + n:4 + n + m]):
        with net.create_extractor() as ex:
            ex.set_light_mode(False)
            x = numpy.random.rand(3, 15, 17).astype(numpy.float32)
            ex.input('in0', ncnn.Mat(x).clone())
            got = ex.extract(blob)[1]
            assert [got.dims, got.w, got.h, got.d, got.c] == record[1 + 5 * i:6 + 5 * i], (line, got)
print(layers, hinted)
assert hinted > 0.9 * layers
END
    done
}

# ---- bfloat16 ----

# A network with each kind of layer that has tagged weights, in in.param and in.bin; its input and result in x.npy, y.npy,
# computed with weights rounded to bfloat16.
rounded() {
    cat >net.py <<'END'
import numpy, torch
from torch import nn
torch.manual_seed(1)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c, self.d, self.w = nn.Conv2d(3, 5, 3), nn.ConvTranspose2d(5, 4, 2), nn.Conv2d(4, 4, 3, groups=4)
        self.l, self.r, self.a = nn.Linear(4, 7), nn.LSTM(7, 6, batch_first=True), nn.MultiheadAttention(6, 2, batch_first=True)
        with torch.no_grad():
            self.l.weight[0, 0], self.l.weight[1, 1], self.l.weight[2, 2] = 1e-6, 3.4e38, 1e5
    def forward(self, x):
        y = self.w(self.d(self.c(x).relu()))
        y = self.r(self.l(y.flatten(2).transpose(1, 2)).tanh())[0]
        return self.a(y, y, y)[0]
net = Net().eval()
x = torch.rand(1, 3, 7, 8)
torch.jit.trace(net, x, check_trace=False).save('net.pt')
LARGEST = torch.finfo(torch.bfloat16).max
with torch.no_grad():
    net.r.bias_ih_l0 += net.r.bias_hh_l0 # the layer has their sum
    net.r.bias_hh_l0.zero_()
    for name, p in net.named_parameters():
        if p.dim() > 1 or name[:2] in ('l.', 'r.'): # Gemm and LSTM have tagged biases
            p.copy_(p.bfloat16().float().clamp(-LARGEST, LARGEST))
numpy.save('x.npy', x.numpy()[0]), numpy.save('y.npy', net(x).detach().numpy()[0])
END
    "$PYTHON" -W ignore net.py
    pt2pnnx net.pt raw.param raw.bin
    pnnxshape 'inputshape=[1,3,7,8]' raw.param raw.bin shape.param shape.bin
    pnnxopt shape.param shape.bin in.param in.bin
}

@test "pnnx2ncnn: bf16=1 stores weights as bfloat16, rounded to the nearest, padded to four bytes" {
    ops 'pnnx.Input in 0 1 x #x=(1,9)f32' 'nn.Linear fc 1 1 x y bias=True in_features=9 out_features=1 @bias=(1)f32 @weight=(1,9)f32 #y=(1,1)f32' 'pnnx.Output out 1 0 y'
    "$PYTHON" - <<'END'
import struct, zipfile
floats = [1.0, -2.5, 3.4028234663852886e38, -3.4028234663852886e38, float('inf'), 1.00390625, 1.01171875, 1e-40, 7e4]
with zipfile.ZipFile('in.bin', 'w') as z:
    z.writestr('fc.weight', struct.pack('<9f', *floats))
    z.writestr('fc.bias', struct.pack('<f', 0.1))
END
    run -0 lowered bf16=1
    assert_line --partial ' 31=3'
    assert_equal "$(od -An -v -tx2 --endian=little out.bin | tr -d '\n')" ' 8b83 0134 3f80 c020 7f7f ff7f 7f80 3f80 3f82 0001 4789 0000 cccd 3dcc'
}

@test "pnnx2ncnn: with bf16=1 the runtime computes what PyTorch does with rounded weights" {
    "$PYTHON" -c 'import ncnn, sys; sys.exit(ncnn.__version__ < "1.0.20261020")' || skip "this runtime has no bfloat16 weights"
    rounded
    run -0 pnnx2ncnn bf16=1 ncnnpy=run.py in.param in.bin out.param out.bin
    assert_output ''
    pnnx2ncnn fp16=0 in.param in.bin float.param float.bin
    assert [ "$(wc -c <out.bin)" -lt $(($(wc -c <float.bin) * 6 / 10)) ]
    "$PYTHON" -W ignore - <<'END'
import ncnn, numpy, runpy
net = ncnn.Net()
for option in 'use_fp16_packed', 'use_fp16_storage', 'use_fp16_arithmetic', 'use_bf16_storage':
    setattr(net.opt, option, False)
assert net.load_param('out.param') == 0 and net.load_model('out.bin') == 0
with net.create_extractor() as ex:
    x = numpy.load('x.npy')
    ex.input('in0', ncnn.Mat(x).clone())
    y, want = ex.extract('out0')[1].numpy(), numpy.load('y.npy')
    assert numpy.abs(y - want).max() < 1e-5 * numpy.abs(want).max() + 1e-6, numpy.abs(y - want).max()
assert numpy.isfinite(runpy.run_path('run.py')['test_inference']().numpy()).all()
assert 'use_bf16_storage = True' in open('run.py').read()
END
}

# ---- layers of the user's ----

# Two modules that were kept whole, an operator of a library, and one of PyTorch's that has no layer.
own_layers() {
    ops 'pnnx.Input in 0 1 x #x=(1,3,8,8)f32' \
        'models.Focus f 1 1 x a scale=2 ratio=0.5 mode=near axes=(1,2) @conv.bias=(4)f32 @conv.weight=(4,3,3)f32 #a=(1,3,8,8)f32' \
        'models.Focus g 1 1 a b scale=3 ratio=1 mode=far axes=(1,2,3) @conv.bias=(5)f32 @conv.weight=(5,3,3)f32 #b=(1,3,8,8)f32' \
        'pnnx.custom_op.my.swirl s 2 2 a b c d $arg_0=a $arg_1=b arg_2=2.5 arg_3=7 arg_4=(1,0.5) @w=(7)f32 #c=(1,3,8,8)f32 #d=(1,3)f32' \
        'pnnx.Output out 1 0 c' 'pnnx.Output more 1 0 d'
}

# skeleton ARGUMENTS...: compiles the skeleton of own_layers and reads the files with it
skeleton() {
    own_layers
    pnnx2ncnn skeleton=own.cc "$@" in.param in.bin out.param out.bin || return 1
    "${CXX:-c++}" -std=c++11 -Wall -Wextra -Werror -I "$ROOT/test/ncnn_stub" -o own own.cc "$ROOT/test/ncnn_stub/read.cc" || return 1
    ./own out.param out.bin
}

@test "pnnx2ncnn: layer= says which parameters and weights a layer has, in which order, and how they are stored" {
    own_layers
    run -0 lowered names=keep fp16=0 'layer=Focus:MyFocus(0=scale, 3=ratio,5=size(conv.weight),7=-1.5,8=axes,9=mode,10=4,tagged @conv.weight,@conv.bias)'
    assert_line 'MyFocus f 1 1 in0 a 0=2 3=0.5 5=36 7=-1.5 -23308=2,1,2 9=near 10=4'
    assert_line --regexp 'MyFocus g 1 1 a.* b 0=3 3=1.0 5=45 7=-1.5 -23308=3,1,2,3 9=far 10=4'
    assert_line --regexp 'my.swirl s 2 2 .* out0 out1 2=2.5 3=7 -23304=2,1.0,0.5'
    "$PYTHON" - <<'END'
import zipfile
z = zipfile.ZipFile('in.bin')
want = b''.join(b'\0' * 4 + z.read(n + '.conv.weight') + z.read(n + '.conv.bias') for n in 'fg') + z.read('s.w')
assert open('out.bin', 'rb').read() == want
END
    run -0 lowered layer=models.Focus:Mine
    assert_line --regexp 'Mine mine_. 1 1 in0 [0-9]+$'
    assert_equal "$(wc -c <out.bin)" $((4 * (36 + 4 + 45 + 5 + 7)))
}

@test "pnnx2ncnn: a layer has its weights in the order of the list, whatever their names and however they are stored" {
    ops 'pnnx.Input in 0 1 x #x=(1,3)f32' 'models.Many m 1 1 x y @a=(3)f32 @b=(5)f32 @c=(2)f32 @d=(7)f32 #y=(1,3)f32' 'pnnx.Output out 1 0 y'
    for order in 'd a c b' 'b d a c' 'a b c d'; do
        for kinds in '1 0 1 0' '0 1 1 0' '1 1 0 0' '0 0 0 0' '1 1 1 1'; do
            read -ra w <<<"$order"
            read -ra k <<<"$kinds"
            list='' want=''
            for i in 0 1 2 3; do
                [ "${k[i]}" = 0 ] && list+="@${w[i]}," want+="${w[i]}r" || { list+="tagged @${w[i]},"; want+="${w[i]}t"; }
            done
            pnnx2ncnn fp16=0 "layer=Many:Many(${list%,})" in.param in.bin out.param out.bin
            WANT=$want "$PYTHON" - <<'END'
import os, zipfile
z, w = zipfile.ZipFile('in.bin'), os.environ['WANT']
assert open('out.bin', 'rb').read() == b''.join((b'\0' * 4 if w[i + 1] == 't' else b'') + z.read('m.' + w[i]) for i in range(0, 8, 2))
END
        done
    done
}

@test "pnnx2ncnn: the skeleton of a layer reads exactly the parameters and weights that are written" {
    list='layer=Focus:my.Focus(0=scale,3=ratio,5=size(conv.weight),6=size(conv.bias),7=-1.5,8=axes,9=mode,tagged @conv.weight,@conv.bias)'
    for fp16 in 0 1; do
        run -0 skeleton fp16=$fp16 names=keep hints=1 "$list"
        assert_output 'my.Focus f single read 36t 4r
my.Focus g single read 45t 5r
my.swirl s read 7r'
    done
    grep -qF 'net.register_custom_layer("my.Focus", my_FocusLayer_layer_creator)' own.cc
    grep -qF 'float ratio_; // 3: ratio' own.cc
    grep -qF 'conv_weight_ = mb.load(conv_weight_size_, 0);' own.cc
    # the reader does notice
    sed -i '1,2!{/MyFocus\|my.Focus/s/0=2/0=2.0/}' out.param
    run -1 ./own out.param out.bin
    assert_line 'parameter 0 is f, and read as i'
    sed -i 's/ 7=-1.5/ 12=1 7=-1.5/' out.param
    run -1 ./own out.param out.bin
    assert_line 'parameter 12 is i, and read as nothing'
    printf 1234 >>out.bin
    run -1 ./own out.param out.bin
    assert_line 'there are weights that no layer reads'
}

@test "pnnx2ncnn: the example of the page has a skeleton that reads its file" {
    run -0 skeleton 'layer=Focus:Focus(0=scale,1=size(conv.weight),2=size(conv.bias),tagged @conv.weight,@conv.bias)'
    assert_line 'Focus focus_0 single read 36t 4r'
}

@test "pnnx2ncnn: a skeleton that could not read all layers is refused, with what helps" {
    own_layers
    refuses 1 pnnx2ncnn custom=Focus skeleton=own.cc in.param in.bin out.param out.bin
    assert_equal "$stderr" "pnnx2ncnn: skeleton=: the weight 'conv.bias' of 'models.Focus' is not of the same size in all layers (instead: layer=models.Focus:models.Focus(...) with ID=size(conv.bias))
pnnx2ncnn: skeleton=: the weight 'conv.weight' of 'models.Focus' is not of the same size in all layers (instead: layer=models.Focus:models.Focus(...) with ID=size(conv.weight))"
    assert [ ! -e out.param ]
    sed -i 's/arg_4=(1,0.5)/arg_4=1/' in.param
    ops 'pnnx.Input in 0 1 x #x=(1,3)f32' 'pnnx.custom_op.a.b p 1 1 x y arg_1=(1,2) @w=(3)f32 #y=(1,3)f32' 'pnnx.custom_op.a.b q 1 1 y z arg_1=1 @v=(3)f32 #z=(1,3)f32' 'pnnx.Output out 1 0 z'
    refuses 1 pnnx2ncnn check=1 skeleton=own.cc in.param in.bin
    assert_equal "$(grep -o "the parameter 1 of 'a.b' is a list in one layer and none in another\|not all layers 'a.b' have the same weights" <<<"$stderr" | wc -l)" 2
    conv
    refuses 2 pnnx2ncnn skeleton=own.cc in.param in.bin out.param out.bin
    assert_equal "$stderr" 'pnnx2ncnn: skeleton=: the network has no layer of yours (instead: custom= or layer=)'
}

@test "pnnx2ncnn: no name of a model can leave its place in a skeleton" {
    ops 'pnnx.Input in 0 1 x #x=(1,3)f32' 'pnnx.custom_op.class"\%0A;} p 1 1 x y arg_1=1 #y=(1,3)f32' \
        'models.Int q 1 1 y z class=2 9lives=3 @a.b=(3)f32 @a_b=(3)f32 @operator%0A=(3)f32 #z=(1,3)f32' 'pnnx.Output out 1 0 z'
    pnnx2ncnn skeleton=own.cc 'layer=Int:a(0=class,1=7,2=size(a.b),3=1.5,@a.b,@a_b)' in.param in.bin out.param out.bin
    "${CXX:-c++}" -std=c++11 -Wall -Wextra -Werror -I "$ROOT/test/ncnn_stub" -c -o own.o own.cc
}

@test "pnnx2ncnn: layer= that is none, or names what is not there, is refused" {
    own_layers
    for wrong in Focus Focus: :A 'Focus:A(' 'Focus:A)' 'Focus:1a' 'Focus:a b' 'Focus:A(0)' 'Focus:A(30=scale)' 'Focus:A(0=)' 'Focus:A(x=scale)' \
        'Focus:A(0=size())' 'Focus:A(raw @w)' 'Focus:A(@)' 'Focus:A(0=scale,0=ratio)' 'Focus:A(0=9999999999)' 'Focus:A(0=1e999)'; do
        refuses 2 pnnx2ncnn "layer=$wrong" in.param in.bin out.param out.bin
        assert_equal "$(wc -l <<<"$stderr")" 1
    done
    refuses 2 pnnx2ncnn layer=Fokus:A in.param in.bin out.param out.bin
    assert_equal "$stderr" "pnnx2ncnn: layer=Fokus:A: the model has no operator of that type (did you mean 'models.Focus'?)"
    refuses 1 pnnx2ncnn 'layer=Focus:A(0=scales,1=size(w),@conv.wight)' in.param in.bin out.param out.bin
    assert_equal "$(grep -c "'f'" <<<"$stderr")" 3
    assert_equal "${stderr%%$'\n'*}" "pnnx2ncnn: in.param:4: layer=Focus:A(0=scales,1=size(w),@conv.wight): models.Focus 'f' has no constant argument 'scales' (there are: scale, ratio, mode, axes)"
}

# ---- releases ----

@test "pnnx2ncnn: target= refuses what a release does not have, by name, and writes the same files for one that has" {
    needs() { # RELEASE THE ONE BEFORE, WHAT: the network of in.param is refused for the one, not for the other
        pnnx2ncnn "target=$1" in.param in.bin new.param new.bin || return 1
        pnnx2ncnn in.param in.bin any.param any.bin
        same_bytes any.param new.param
        refuses 1 pnnx2ncnn "target=$2" in.param in.bin new.param new.bin
        assert_equal "$stderr" "pnnx2ncnn: ${3:+in.param:4: }${3:-}${4:-} the runtime of $1, and target=$2${5:-}"
        assert [ ! -e new.param ]
    }
    one '(1,3,8)f32' torch.erf ''
    needs 20231027 20230816 "Erf 'p': this layer needs"
    one '(1,3,8)f32' torch.sinh ''
    needs 20260526 20260525 "UnaryOp 'p': 0=22 (op_type) needs"
    one '(1,3,4,5,6)f32' F.softmax 'dim=2'
    needs 20250503 20250502 "Softmax 'p': with 4 dimensions it needs"
    one '(1,3,%h,%w)f32' F.interpolate 'mode=bilinear scale_factor=(0.5,0.5) align_corners=False size=None'
    refuses 1 pnnx2ncnn target=20240410 in.param in.bin out.param out.bin
    assert_equal "$(sed 's/.* .p[_0-9]*.: //' <<<"$stderr")" "its parameter 19 (starts_expr) needs the runtime of 20250503, and target=20240410
its parameter 20 (ends_expr) needs the runtime of 20250503, and target=20240410
its parameter 21 (axes_expr) needs the runtime of 20250503, and target=20240410
its parameter 9 (size_expr) needs the runtime of 20250503, and target=20240410"
    pnnx2ncnn target=20250503 in.param in.bin out.param out.bin
    one '(1,3,8)f32' F.relu ''
    pnnx2ncnn target=20230816 in.param in.bin out.param out.bin
    one '(2,3,8,8)f32' F.adaptive_avg_pool2d 'output_size=(2,2)'
    needs 20261020 20260526 '' 'a batch that is not 1 needs' ' (instead: inputshape=[1,...])'
}

@test "pnnx2ncnn: target= looks at the type of weights, takes dates only, and check=1 does it without writing" {
    conv
    refuses 1 pnnx2ncnn bf16=1 target=20260526 in.param in.bin out.param out.bin
    assert_equal "$stderr" 'pnnx2ncnn: bf16=1 needs the runtime of 20261020, and target=20260526'
    pnnx2ncnn bf16=1 target=20261020 in.param in.bin out.param out.bin
    refuses 1 pnnx2ncnn check=1 bf16=1 target=20240410 in.param in.bin
    assert [ -e out.param ]
    for wrong in 2024 1.0.20240410 20230815 soon ''; do
        refuses 2 pnnx2ncnn "target=$wrong" in.param in.bin out.param out.bin
    done
}

@test "pnnx2ncnn: the table of releases names layers and parameters that there are" {
    run -0 awk -F': ' '!/^#/ { n = split($1, word, " "); for (i = 1; i <= n; i++) print word[i], $2 }' "$ROOT/cmd/pnnx2ncnn/releases.txt"
    printf '%s\n' "${lines[@]}" >words
    assert [ "$(wc -l <words)" -gt 40 ]
    while read -r word date; do
        [[ $date =~ ^20[0-9]{6}$ ]] || failed "$word: $date"
        type=${word%%[./]*} id=''
        [[ $word != *.* ]] || { id=${word#*.}; id=${id%%=*}; }
        case $type in bfloat16 | batch) continue ;; esac
        grep -qE "^$type .*\b${id:+$id/}" "$ROOT/common/operators/signatures.txt" || failed "no $word"
    done <words
}

@test "pnnx2ncnn: indices computed from sizes that are free need a bound, and are told so" {
    cat >net.py <<'END'
import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.bias = torch.nn.Embedding(8, 4)

    def forward(self, x):
        places = torch.arange(x.shape[1])
        return x + self.bias((places * 3 % 7) // 2 + 1)


torch.jit.trace(Net(), torch.rand(1, 5, 4), check_trace=False).save('net.pt')
END
    "$PYTHON" -W ignore net.py
    run --separate-stderr -1 pnnx net.pt 'inputshape=[1,n,4]'
    [[ $stderr == *'(instead: inputshape= with a bound for n: n<='* ]]
    run -0 pnnx net.pt 'inputshape=[1,n<=40,4]'
}

# ---- int8 ----

# A convolution of a quantised input, and what quantises its result.
quantised() {
    ops 'pnnx.Input in 0 1 x #x=(1,3,8,8)f32' \
        'torch.quantize_per_tensor q 1 1 x a $input=x input_scale=0.05 input_zero_point=60 dtype=torch.quint8' \
        'pnnx.Attribute w 0 1 w @data=(4,3,3,3)i8 #w=(4,3,3,3)i8' \
        'aten::_make_per_tensor_quantized_tensor m 1 1 w m $self=w scale=0.0078125 zero_point=0' \
        'pnnx.custom_op.quantized.conv2d_prepack p 1 1 m p $arg_0=m arg_1=None arg_2=(1,1) arg_3=(1,1) arg_4=(1,1) arg_5=1' \
        'pnnx.custom_op.quantized.conv2d_relu c 2 1 a p e $arg_0=a $arg_1=p arg_2=0.125 arg_3=0' \
        'torch.dequantize d 1 1 e y $input=e' 'pnnx.Output out 1 0 y'
}

@test "pnnx2ncnn: a quantised convolution is one layer in int8, however weights are stored" {
    quantised
    run lowered fp16=1
    assert_success
    assert_line --index 1 'Clip clip_0 1 1 in0 1 0=-3.0 1=9.75'
    assert_line --index 3 --regexp '^Convolution conv_2 1 1 2 3 .* 8=1 9=3 -23310=2,0\.0,255\.0 .* 18=67$'
    cp out.bin half.bin
    pnnx2ncnn bf16=1 in.param in.bin out.param out.bin
    cmp out.bin half.bin
    assert_equal "$(wc -c <out.bin)" $((4 + 108 + 4 * 4 + 4 * 4 + 4))    # tag, weights, bias, scales, scale of the input
}

@test "pnnx2ncnn: without=int8.rules computes a quantised network in floats" {
    quantised
    run lowered without=int8.rules
    assert_success
    assert_line --regexp '^Convolution '
    refute_line --regexp ' 8=1 '
}
