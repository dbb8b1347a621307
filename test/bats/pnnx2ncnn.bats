load helpers

# The layers that pnnx2ncnn makes of in.param, without columns.
lowered() {
    pnnx2ncnn "$@" in.param in.bin out.param out.bin || return 1
    tail -n +3 out.param | sed 's/  */ /g'
}

conv() {
    ops 'pnnx.Input in 0 1 x #x=(1,3,8,8)f32' \
        'nn.Conv2d conv 1 1 x y bias=True dilation=(1,1) groups=1 in_channels=3 kernel_size=(3,3) out_channels=4 padding=(1,1) padding_mode=zeros stride=(1,1) @bias=(4)f32 @weight=(4,3,3,3)f32 #y=(1,4,8,8)f32' \
        'pnnx.Output out 1 0 y'
}

@test "pnnx2ncnn: operators and whole modules compute in ncnn what they compute in PyTorch" {
    run "$PYTHON" -W ignore "$ROOT/test/ncnn_cases.py"
    [ "$status" = 0 ] || printf '%s\n' "$output" | grep '^not ok' >&2
    assert_success
}

@test "pnnx2ncnn: a convolution is one layer, its weight tagged and its bias raw" {
    conv
    run lowered fp16=0
    assert_success
    assert_line 'Input in0 0 1 in0'
    assert_line 'Convolution conv_0 1 1 in0 out0 0=4 1=3 2=1 3=1 4=1 5=1 6=108 11=3 12=1 13=1 14=1'
    assert_equal "$(wc -c <out.bin)" $((4 + 108 * 4 + 4 * 4))
}

@test "pnnx2ncnn: float16 weights are half as long and padded to four bytes" {
    conv
    pnnx2ncnn in.param in.bin out.param out.bin
    assert_equal "$(wc -c <out.bin)" $((4 + 108 * 2 + 4 * 4))
    assert_equal "$(head -c 4 out.bin | od -An -tx1 | tr -d ' ')" 476b3001
}

@test "pnnx2ncnn: a layer with a weight too large for float16 keeps float32, and is named" {
    conv
    "$PYTHON" - <<'EOF'
import struct, zipfile
for name, weight, bias in (('in', [1e6, -7e4] + [65519.0] * 106, 1), ('bias', [1.5] * 108, -65520), ('fits', [-65519.0, float('inf')] * 54, 65519)):
    with zipfile.ZipFile(name + '.bin', 'w') as z:
        z.writestr('conv.weight', struct.pack('<108f', *weight))
        z.writestr('conv.bias', struct.pack('<4f', 1, 2, 3, bias))
EOF
    for name in in bias; do
        run -0 pnnx2ncnn in.param $name.bin out.param out.bin
        assert_output "pnnx2ncnn: 1 layer has weights too large for float16 and keeps float32: 'conv'"
        run -0 grep -c '^Convolution .* 31=3$' out.param
        assert_equal "$(head -c 4 out.bin | od -An -tx1 | tr -d ' ')" 00000000
        pnnx2ncnn fp16=0 in.param $name.bin float.param float.bin
        same_bytes out.bin float.bin
    done
    run -0 pnnx2ncnn in.param fits.bin out.param out.bin
    assert_output ""
    run -1 grep 31= out.param
}

@test "pnnx2ncnn: with fp16=1 a network with weights beyond float16 computes what PyTorch does" {
    cat >net.py <<'EOF'
import torch
from torch import nn
torch.manual_seed(0)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c, self.b, self.l = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Linear(8, 4)
        with torch.no_grad():
            self.b.running_var[2] = 1e-12
            self.b.eps = 1e-14
            self.l.weight[0, 0] = 1e6
    def forward(self, x):
        return self.l(self.b(self.c(x)).mean((2, 3)).tanh())
torch.jit.trace(Net().eval(), torch.rand(1, 3, 8, 8)).save('net.pt')
EOF
    "$PYTHON" -W ignore net.py
    run -0 pnnx net.pt
    assert_line --partial "2 layers have weights too large for float16 and keep float32: 'c', 'l'"
    "$PYTHON" -W ignore - <<'EOF'
import net_pnnx, net_ncnn
want, got = net_pnnx.test_inference(), net_ncnn.test_inference()
assert want.abs().max() > 1e5 and (want - got).abs().max() < 1e-3 * want.abs().max(), (want, got)
EOF
}

@test "pnnx2ncnn: a blob with two readers goes through a Split, results are called out0 and out1" {
    ops 'pnnx.Input in 0 1 x #x=(1,3,8,8)f32' \
        'F.relu a 1 1 x y $input=x #y=(1,3,8,8)f32' \
        'F.tanh b 1 1 y z $input=y #z=(1,3,8,8)f32' \
        'prim::TupleConstruct t 2 1 y z r' \
        'pnnx.Output out 1 0 r'
    run lowered
    assert_success
    assert_line 'Split splitncnn_0 1 2 1 2 out0'
    assert_line 'TanH tanh_1 1 1 2 out1'
}

@test "pnnx2ncnn: the batch of a recurrent layer is its second axis, and the script says so" {
    ops 'pnnx.Input in 0 1 x #x=(7,1,5)f32' \
        'nn.GRU r 1 2 x y h batch_first=False bias=True bidirectional=False hidden_size=6 input_size=5 num_layers=1 @bias_hh_l0=(18)f32 @bias_ih_l0=(18)f32 @weight_hh_l0=(18,6)f32 @weight_ih_l0=(18,5)f32 #y=(7,1,6)f32 #h=(1,1,6)f32' \
        'pnnx.Output out 1 0 y'
    pnnx2ncnn ncnnpy=run.py in.param in.bin out.param out.bin
    run cat run.py
    assert_line --partial 'ncnn.Mat(in0.numpy(), batch_index=1)'
    assert_line --partial 'out0.numpy(batch_index=1)'
}

@test "pnnx2ncnn: windows that take the batch in have no batch axis" {
    ops 'pnnx.Input in 0 1 x #x=(1,8,6)f32' \
        'Tensor.reshape w 1 1 x y shape=(2,4,6) $input=x #y=(2,4,6)f32' \
        'F.softmax s 1 1 y z dim=0 $input=y #z=(2,4,6)f32' \
        'pnnx.Output out 1 0 z'
    run lowered
    assert_success
    assert_line 'Reshape reshape_0 1 1 in0 1 0=6 1=4 2=2'
    assert_line 'Softmax softmax_1 1 1 1 out0 0=0 1=1'
}

@test "pnnx2ncnn: operands of fewer dimensions are aligned as PyTorch does, not as the runtime would" {
    ops 'pnnx.Input in 0 1 x #x=(1,5,5,5)f32' 'pnnx.Input in_1 0 1 y #y=(5)f32' \
        'torch.add a 2 1 x y z $input=x $other=y #z=(1,5,5,5)f32' \
        'pnnx.Output out 1 0 z'
    run lowered
    assert_success
    assert_line 'Reshape reshape_0 1 1 in1 2 0=5 1=1 2=1'
    assert_line 'BinaryOp binaryop_1 2 1 in0 2 out0 0=0'
}

@test "pnnx2ncnn: all operators without a layer are reported with line, name, shapes and the nearest form; nothing is written" {
    ops 'pnnx.Input in 0 1 x #x=(1,3,8,8)f32' \
        'torch.nanmedian head.top 1 2 x v i dim=1 keepdim=True $input=x #v=(1,1,8,8)f32 #i=(1,1,8,8)i64' \
        'F.avg_pool2d head.pool 1 1 v y kernel_size=(3,3) stride=(3,3) padding=(0,0) ceil_mode=True count_include_pad=True divisor_override=2 $input=v #y=(1,1,3,3)f32' \
        'torch.nanmedian head.again 1 2 y w j dim=2 keepdim=True $input=y #w=(1,1,1,3)f32 #j=(1,1,1,3)i64' \
        'pnnx.Output out 1 0 w'
    refuses 1 pnnx2ncnn in.param in.bin out.param out.bin
    assert_equal "$stderr" "pnnx2ncnn: in.param:4: torch.nanmedian 'head.top' (1,3,8,8)f32: dim=1 keepdim=True has no ncnn layer (instead: no numbers that are none)
pnnx2ncnn: in.param:5: F.avg_pool2d 'head.pool' (1,1,8,8)f32: kernel_size=(3,3) stride=(3,3) padding=(0,0) ceil_mode=True count_include_pad=True divisor_override=2 has no ncnn layer (instead: ceil_mode=False, no divisor_override)
pnnx2ncnn: in.param:6: torch.nanmedian 'head.again' (1,1,3,3)f32: dim=2 keepdim=True has no ncnn layer (instead: no numbers that are none)
pnnx2ncnn: 3 operators of 2 kinds cannot be converted; nothing was written"
    assert [ ! -e out.param ]
    assert [ ! -e out.bin ]
}

@test "pnnx2ncnn: token numbers are looked up, those that are computed by a product" {
    ops 'pnnx.Input in 0 1 i #i=(1,7)i64' \
        'nn.Embedding e 1 1 i x embedding_dim=4 num_embeddings=9 sparse=False @weight=(9,4)f32 #x=(1,7,4)f32' \
        'pnnx.Output out 1 0 x'
    run lowered fp16=0
    assert_success
    assert_line 'Embed embed_0 1 1 in0 out0 0=4 1=9 2=0 3=36'
    sed -i '4i torch.add a 1 1 i k $input=i other=1 #k=(1,7)i64' in.param
    sed -i 's/^4 *3$/5 4/; 2s/.*/4 3/; s/1 1 i x/1 1 k x/' in.param
    run lowered fp16=0
    assert_success
    refute_output --partial Embed
    assert_output --partial 'MatMul '
}

@test "pnnx2ncnn: a table that is too long for computed numbers is refused" {
    ops 'pnnx.Input in 0 1 i #i=(1,700)i64' 'torch.add a 1 1 i k $input=i other=1 #k=(1,700)i64' \
        'pnnx.Input in_1 0 1 w #w=(30000,4)f32' 'F.embedding e 2 1 k w x $input=k $weight=w #x=(1,700,4)f32' 'pnnx.Output out 1 0 x'
    refuses 1 pnnx2ncnn in.param in.bin out.param out.bin
    [[ $stderr == *"F.embedding 'e' (1,700)i64 (30000,4)f32: "*"(instead: at most 2^24 comparisons of indices with places)"* ]]
}

@test "pnnx2ncnn: the script passes integers that are computed on as floats" {
    ops 'pnnx.Input in 0 1 x #x=(3,7)i64' 'torch.add a 1 1 x y $input=x other=1 #y=(3,7)i64' 'pnnx.Output out 1 0 y'
    run -0 pnnx2ncnn ncnnpy=out.py in.param in.bin out.param out.bin
    grep -qF 'in0 = torch.randint(0, 10, (3, 7), dtype=torch.float).float()' out.py
    run ! grep -qF 'format="i"' out.py
}

@test "pnnx2ncnn: a tensor without elements is refused" {
    ops 'pnnx.Input in 0 1 x #x=(1,4,8)f32' 'Tensor.slice s 1 1 x y dim=2 start=8 end=2147483647 step=1 $input=x #y=(1,4,0)f32' 'pnnx.Output out 1 0 y'
    refuses 1 pnnx2ncnn in.param in.bin out.param out.bin
    assert_equal "${stderr%%$'\n'*}" "pnnx2ncnn: in.param:4: Tensor.slice 's' (1,4,8)f32: gives a tensor without elements, which ncnn has not"
}

@test "pnnx2ncnn: without shapes it says so once" {
    ops 'pnnx.Input in 0 1 x' 'F.softmax s 1 1 x y dim=1 $input=x' 'F.softmax t 1 1 y z dim=1 $input=y' 'F.relu r 1 1 z w $input=z' 'pnnx.Output out 1 0 w'
    refuses 1 pnnx2ncnn in.param in.bin out.param out.bin
    assert_equal "$stderr" "pnnx2ncnn: in.param:3: the shape of the input 'x' is not known, and F.softmax 's' needs it (instead: inputshape= of pnnxshape or pnnx)"
    ops 'pnnx.Input in 0 1 x #x=(2,3)f32' 'my.Op o 1 1 x y $input=x' 'F.softmax t 1 1 y z dim=1 $input=y' 'pnnx.Output out 1 0 z'
    refuses 1 pnnx2ncnn in.param in.bin out.param out.bin
    assert_equal "$stderr" "pnnx2ncnn: in.param:4: my.Op 'o' (2,3)f32: has no ncnn layer (instead: custom=my.Op, a layer that your program registers)
pnnx2ncnn: in.param:5: F.softmax 't' (?): the shape of what my.Op 'o' gives is not known (instead: write it behind that operator in the file, as #y=(1,8)f32)
pnnx2ncnn: 2 operators of 2 kinds cannot be converted; nothing was written"
}

@test "pnnx2ncnn: a module that lacks a weight is refused, and a rule that asks for one does not apply" {
    ops 'pnnx.Input in 0 1 x #x=(1,3)f32' 'nn.Linear fc 1 1 x y bias=True in_features=3 out_features=3 #y=(1,3)f32' \
        'my.Gain g 1 1 y z' 'pnnx.Output out 1 0 z'
    echo "'my.Gain'(y) as g => 'Gain'(y, [raw g@gain]) ;" >my.rules
    refuses 1 pnnx2ncnn -r my.rules in.param in.bin out.param out.bin
    assert_equal "$stderr" "pnnx2ncnn: in.param:4: nn.Linear 'fc' (1,3)f32: has no weight @weight
pnnx2ncnn: my.rules:1:1: 'my.Gain' applied nowhere: nearest is my.Gain 'g': a weight or a value of the result is not known, or it cannot stand there
pnnx2ncnn: in.param:5: my.Gain 'g' (1,3)f32: has no ncnn layer (instead: custom=my.Gain, a layer that your program registers)
pnnx2ncnn: 2 operators of 2 kinds cannot be converted; nothing was written"
}

@test "pnnx2ncnn: attention that is written out lacks no weight either" {
    for flags in 'bias=True add_bias_kv=False:out_proj.weight' 'bias=False add_bias_kv=True:out_proj.weight'; do
        ops 'pnnx.Input in 0 1 x #x=(5,1,4)f32' \
            "nn.MultiheadAttention a 1 2 x y w \$query=x embed_dim=4 num_heads=2 ${flags%:*} #y=(5,1,4)f32 #w=(1,5,5)f32" \
            'pnnx.Output out 1 0 w'
        refuses 1 pnnx2ncnn in.param in.bin out.param out.bin
        assert_equal "${stderr%%$'\n'*}" "pnnx2ncnn: in.param:4: nn.MultiheadAttention 'a' (5,1,4)f32: has no weight @${flags#*:}"
    done
}

@test "pnnx2ncnn: a rule of the user comes before the built-in ones" {
    conv
    echo 'mine: nn.Conv2d(x, ...) as c => "MyConv"(x, 0=c.out_channels, [raw c@weight]) ;' >my.rules
    run lowered -r my.rules
    assert_success
    assert_line 'MyConv myconv_0 1 1 in0 out0 0=4'
    assert_equal "$(wc -c <out.bin)" $((108 * 4))
}

@test "pnnx2ncnn: a custom operator is the layer of its name" {
    ops 'pnnx.Input in 0 1 x #x=(1,3,8,8)f32' \
        'pnnx.custom_op.my.swirl s 1 1 x y $arg_0=x arg_1=2.5 arg_3=7 #y=(1,3,8,8)f32' \
        'pnnx.Output out 1 0 y'
    run lowered
    assert_success
    assert_line 'my.swirl my.swirl_0 1 1 in0 out0 1=2.5 3=7'
}

@test "pnnx2ncnn: stream and files give the same bytes, twice" {
    conv
    pnnx2ncnn in.param in.bin a.param a.bin
    cat in.param in.bin >in.pnnx
    pnnx2ncnn - - b.param b.bin <in.pnnx
    same_bytes a.param b.param
    same_bytes a.bin b.bin
}

@test "pnnx2ncnn: names in the script are quoted" {
    conv
    pnnx2ncnn 'ncnnpy=run.py' in.param in.bin './a"b\.param' out.bin
    run cat run.py
    assert_line --partial 'load(net.load_param, "a\"b\\.param")'
    "$PYTHON" -c 'import ast; ast.parse(open("run.py").read())'
}

@test "pnnx2ncnn: the script finds its files from any folder, and stops when one is missing or damaged" {
    conv
    mkdir -p py model/deep elsewhere
    pnnx2ncnn ncnnpy=py/run.py in.param in.bin model/deep/x.param model/x.bin
    pnnx2ncnn ncnnpy=beside.py in.param in.bin x.param x.bin
    cp beside.py py/moved.py # away from its files
    "$PYTHON" -W ignore - >said <<'END'
import os, runpy, shutil
run = lambda file: runpy.run_path(file)['test_inference']()
def stops(file, error):
    try:
        run(file)
    except error as e:
        print(type(e).__name__)
    else:
        raise AssertionError('%s did not stop' % file)
os.chdir('elsewhere')
open('x.param', 'w').write('not this one')
assert run('../py/run.py').shape == run('../beside.py').shape
stops('../py/moved.py', FileNotFoundError)
shutil.copy('../x.param', '../py/x.param'), shutil.copy('../x.bin', '../py/x.bin')
os.remove('../model/x.bin')
run('../py/run.py'), run('../py/moved.py')
open('../py/x.param', 'w').write('7767517 then nothing')
stops('../py/moved.py', RuntimeError)
END
    assert_equal "$(grep -c Error said)" 2
}

@test "pnnx2ncnn: too few names, an unknown option and a range are wrong usage" {
    conv
    refuses 2 pnnx2ncnn in.param in.bin
    refuses 2 pnnx2ncnn in.param in.bin - -
    refuses 2 pnnx2ncnn fp16=2 in.param in.bin out.param out.bin
    refuses 2 pnnx2ncnn nonsense=1 in.param in.bin out.param out.bin
}

@test "pnnx2ncnn: a full disk is a failure of the output" {
    conv
    refuses 4 pnnx2ncnn in.param in.bin /dev/full out.bin
    refuses 4 pnnx2ncnn in.param in.bin out.param /dev/full
    assert [ ! -e out.param ]
    assert [ ! -e out.bin ]
}

