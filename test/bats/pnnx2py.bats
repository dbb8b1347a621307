load helpers

# param LINE...: writes in.param and in.bin, as random as the lines demand
param() {
    printf '%s\n' "$@" | awk '{ n += $4; line[NR] = $0 }
        END { print 7767517; print NR, n; for (i = 1; i <= NR; i++) print line[i] }' >in.param
    weights in
}

# forward LINE...: the body of forward() is these lines
forward() {
    sed -n '/    def forward/,/        return/p' out.py | sed '1d;s/^        //' >forward
    printf '%s\n' "$@" | same_text - forward
}

python() { "$PYTHON" -W ignore "$@"; }

@test "pnnx2py: operators are calls by their type and keys" {
    param 'pnnx.Input in 0 1 0 #0=(1,3,8,8)f32' \
        'nn.Conv2d conv1 1 1 0 1 bias=False dilation=(1,1) groups=1 in_channels=3 kernel_size=(3,3) out_channels=4 padding=(1,1) padding_mode=zeros stride=(1,1) @weight=(4,3,3,3)f32' \
        'F.leaky_relu act 1 1 1 2 negative_slope=1.000000e-1 $input=2' 'Tensor.mean m 1 1 2 3 dim=(2,3) keepdim=True $input=2' \
        'torch.flatten f 1 1 3 4 start_dim=1 end_dim=-1 $input=3' 'aten::relu r 1 1 4 5 $self=4' 'pnnx.Output out 1 0 5'
    sed -i 's/ \$input=2$//' in.param
    run -0 --separate-stderr pnnx2py in.param in.bin out.py
    assert_equal "$output$stderr" ''
    run -0 grep 'self.conv1 =\|self.conv1.weight' out.py
    assert_output "        self.conv1 = nn.Conv2d(in_channels=3, out_channels=4, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), dilation=(1, 1), groups=1, bias=False, padding_mode='zeros')
        self.conv1.weight = self.load_pnnx_bin_as_parameter(archive, 'conv1.weight', (4, 3, 3, 3), 'float32')"
    forward 'v_1 = self.conv1(v_0)' 'v_2 = F.leaky_relu(v_1, negative_slope=0.1)' 'v_3 = v_2.mean(dim=(2, 3), keepdim=True)' \
        'v_4 = torch.flatten(v_3, start_dim=1, end_dim=-1)' 'v_5 = torch.ops.aten.relu(v_4)' 'return v_5'
    python out.py
}

@test "pnnx2py: what operators mean to PyTorch, on numbers" {
    run -0 python "$ROOT/test/printed_operators.py"
    assert_output ''
}

@test "pnnx2py: arithmetic is Python's, with numbers as numbers" {
    param 'pnnx.Input in 0 1 x #x=(2,3)f32' 'Tensor.size n 1 1 x n dim=1 $input=x' 'torch.sqrt q 1 1 n q $input=n' \
        'torch.sub a 1 1 x a input=1 $other=x' 'torch.pow b 1 1 a b input=-2 $other=a' 'torch.div c 2 1 b q c $input=b $other=q' \
        'torch.add d 2 1 c x d alpha=2 $input=c $other=x' 'torch.maximum e 1 1 d e other=0.5 $input=d' 'pnnx.Output out 1 0 e'
    run -0 pnnx2py in.param in.bin out.py
    forward 'v_n = v_x.size(1)' 'v_q = math.sqrt(v_n)' 'v_a = 1 - v_x' 'v_b = (-2) ** v_a' 'v_c = v_b / v_q' \
        'v_d = torch.add(v_c, other=v_x, alpha=2)' \
        'v_e = torch.maximum(v_d, torch.tensor(0.5, dtype=torch.result_type(0.5, v_d)))' 'return v_e'
    python out.py
}

@test "pnnx2py: slices and indices are subscripts" {
    param 'pnnx.Input in 0 1 x #x=(4,5,6,7)f32' \
        'Tensor.slice a 1 1 x a dim=1 start=1 end=9223372036854775807 step=2 $input=x' \
        'Tensor.slice b 1 1 a b dim=-2 start=None end=4 step=1 $input=a' \
        'Tensor.slice c 1 1 b c dims=(0,-1) starts=(0,1) ends=(0,-1) steps=(0,1) selects=(1,2147483647) $input=b' \
        'Tensor.index d 1 1 c d expr=[None,[2,0]] $input=c' 'pnnx.Output out 1 0 d'
    run -0 pnnx2py in.param in.bin out.py
    forward 'v_a = v_x[:, 1::2]' 'v_b = v_a[..., :4, :]' 'v_c = v_b[1, ..., 1:-1]' 'v_d = v_c[:, [2, 0]]' 'return v_d'
    python out.py
}

@test "pnnx2py: every name of an operator becomes a name of its own in Python" {
    names=('block1-0' 'class' '0' '1.weight' 'forward' 'training' 'a.b' 'a_b' 'a:b' 'größe' 'it'"'"'s"x"' 'a%0Ab' '__x' '_modules' 'None')
    lines=('pnnx.Input in 0 1 x0 #x0=(2,3)f32')
    i=0
    for name in "${names[@]}"; do
        lines+=("nn.Linear $name 1 1 x$i x$((i + 1)) bias=True in_features=3 out_features=3 @bias=(3)f32 @weight=(3,3)f32")
        i=$((i + 1))
    done
    param "${lines[@]}" "pnnx.Output out 1 0 x$i"
    run -0 pnnx2py in.param in.bin out.py
    run -0 grep -c 'nn.Linear(' out.py
    assert_output "${#names[@]}"
    run -0 python -c "import out; print(len(dict(out.Model().named_modules())), out.test_inference().shape)"
    assert_output "$((${#names[@]} + 1)) torch.Size([2, 3])"
}

@test "pnnx2py: text of the model is quoted wherever it goes" {
    param 'pnnx.Input in 0 1 x%22%0Aimport%20os%3B#%27 #x%22%0Aimport%20os%3B#%27=(2,3)f32' \
        "F.pad p%27%29%0Aimport%20os 1 1 x%22%0Aimport%20os%3B#%27 y pad=(1,1) mode=constant%27%29%0Aimport%20os%5C" \
        'pnnx.Output out 1 0 y'
    run -0 pnnx2py in.param in.bin out.py
    run -0 python -c "import ast; [print(n.names[0].name) for n in ast.walk(ast.parse(open('out.py').read())) if isinstance(n, ast.Import)]"
    assert_output 'os
zipfile
torch
torch.nn
torch.nn.functional
pnnx'
    run -0 grep 'F.pad' out.py
    assert_line --partial "mode='constant\\')\\x0aimport os\\\\'"
}

@test "pnnx2py: a key that Python cannot say goes as a string" {
    param 'pnnx.Input in 0 1 x #x=(2,3)f32' 'aten::random_ r 1 1 x y from=1 to=2 $self=x' 'pnnx.Output out 1 0 y'
    run -0 pnnx2py in.param in.bin out.py
    forward "v_y = torch.ops.aten.random_(v_x, **{'from': 1}, to=2)" 'return v_y'
    python out.py
}

@test "pnnx2py: results have the structure of the network's" {
    param 'pnnx.Input in0 0 1 a #a=(2,3)f32' 'pnnx.Input in1 0 1 b #b=(2,3)i64' 'prim::ListConstruct l 2 1 a b l' \
        'prim::TupleConstruct t 1 1 l t' 'prim::DictConstruct d 2 1 t a d keys=(first,second)' 'pnnx.Output out 1 0 d'
    run -0 pnnx2py in.param in.bin out.py
    forward 'v_l = [v_a, v_b]' 'v_t = (v_l,)' "v_d = {'first': v_t, 'second': v_a}" 'return v_d'
    run -0 python -c "import out; r = out.test_inference(); print(type(r['first'][0]).__name__, len(r['first'][0]), r['second'].shape)"
    assert_output 'list 2 torch.Size([2, 3])'
}

@test "pnnx2py: recurrent modules and attention get and give their tuples" {
    param 'pnnx.Input in 0 1 x #x=(5,1,4)f32' 'pnnx.Input s0 0 1 h #h=(1,1,4)f32' 'pnnx.Input s1 0 1 c #c=(1,1,4)f32' \
        'nn.LSTM l 3 3 x h c y p q input_size=4 hidden_size=4 num_layers=1 bias=False batch_first=False bidirectional=False proj_size=0 @weight_hh_l0=(16,4)f32 @weight_ih_l0=(16,4)f32' \
        'nn.GRU g 1 1 y z input_size=4 hidden_size=4 num_layers=1 bias=False batch_first=False bidirectional=False @weight_hh_l0=(12,4)f32 @weight_ih_l0=(12,4)f32' \
        'nn.MultiheadAttention m 2 1 z y w embed_dim=4 num_heads=2 kdim=4 vdim=4 bias=False add_bias_kv=False add_zero_attn=False @in_proj_weight=(12,4)f32 @out_proj.weight=(4,4)f32' \
        'prim::TupleConstruct t 3 1 w p q t' 'pnnx.Output out 1 0 t'
    run -0 pnnx2py in.param in.bin out.py
    forward 'v_y, (v_p, v_q) = self.l(v_x, (v_h, v_c))' 'v_z, _ = self.g(v_y)' \
        'v_w, _ = self.m(v_z, v_y, v_y, need_weights=False)' 'v_t = (v_w, v_p, v_q)' 'return v_t'
    python out.py
}

@test "pnnx2py: operators that Python cannot say are reported together, and nothing is written" {
    param 'pnnx.Input in 0 1 x #x=(2,3)f32' 'Convolution layer1.conv 1 1 x y 0=3' 'prim::Loop loop 1 1 y z' \
        'nn.quantized.Linear q 1 1 z w in_features=3 out_features=3 scale=0.1 zero_point=0' \
        "torch.a+b bad 1 1 w v" 'pnnx.Output out 1 0 v'
    refuses 1 pnnx2py in.param in.bin out.py
    assert [ ! -e out.py ]
    assert_equal "$(printf '%s\n' "$stderr" | grep -c 'in.param:[4567]')" 4
    [[ $stderr == *"in.param:4: Convolution 'layer1.conv' (2,3)f32: "* ]]
    [[ $stderr == *'4 operators cannot be printed; nothing was written'* ]]
}

@test "pnnx2py: a module without a weight that its parameters speak of is refused" {
    param 'pnnx.Input in 0 1 x #x=(2,3)f32' 'nn.Linear fc 1 1 x y bias=True in_features=3 out_features=3 @weight=(3,3)f32' \
        'pnnx.Output out 1 0 y'
    refuses 1 pnnx2py in.param in.bin out.py
    [[ $stderr == *"in.param:4: nn.Linear 'fc' (2,3)f32: has no weight @bias" ]]
}

@test "pnnx2py: half, double, bfloat16 and complex weights keep their type" {
    param 'pnnx.Attribute a 0 1 a @data=(3)f16' 'pnnx.Attribute b 0 1 b @data=(3)f64' 'pnnx.Attribute d 0 1 d @data=()f32' \
        'pnnx.Attribute e 0 1 e @data=(0,3)f32' 'pnnx.Attribute f 0 1 f @data=(2)bool' 'pnnx.Attribute i 0 1 i @data=(2)i64' \
        'prim::TupleConstruct t 6 1 a b d e f i t' 'pnnx.Output out 1 0 t'
    run -0 pnnx2py in.param in.bin out.py
    run -0 python -c "import out; print(*[f'{x.dtype} {list(x.shape)}' for x in out.Model()()], sep='\n')"
    assert_output 'torch.float16 [3]
torch.float64 [3]
torch.float32 []
torch.float32 [0, 3]
torch.bool [2]
torch.int64 [2]'
}

@test "pnnx2py: the model is made from any folder, also after both files have moved" {
    param 'pnnx.Attribute a 0 1 a @data=(3)f32' 'pnnx.Output out 1 0 a'
    mkdir here there
    cp in.param in.bin here
    (cd here && pnnx2py in.param in.bin out.py)
    (cd / && python "$OLDPWD/here/out.py")
    mv here/out.py here/in.bin there
    (cd / && python "$BATS_TEST_TMPDIR/work/there/out.py")
    rm there/in.bin
    mv in.bin gone
    cd there
    run -1 python out.py
    assert_output --partial 'in.bin'
}

@test "pnnx2py: from a stream the path of the weights must be said" {
    param 'pnnx.Attribute a 0 1 a @data=(3)f32' 'pnnx.Output out 1 0 a'
    cat in.param in.bin >in.pnnx
    refuses 2 pnnx2py <in.pnnx
    pnnx2py pnnxbin=in.pnnx <in.pnnx >out.py
    python out.py
    pnnx2py pnnxbin=in.pnnx - - other.py <in.pnnx
    same_text out.py other.py
}

@test "pnnx2py: wrong usage" {
    refuses 2 pnnx2py in.param
    refuses 2 pnnx2py in.param in.bin out.py more
    refuses 2 pnnx2py nosuchoption=1 in.param in.bin
    refuses 4 pnnx2py in.param in.bin
}

@test "pnnx2py: a full disk is an error" {
    param 'pnnx.Attribute a 0 1 a @data=(3)f32' 'pnnx.Output out 1 0 a'
    refuses 4 pnnx2py in.param in.bin /dev/full
}

@test "pnnx2py: unknown sizes are 128 in examples, unknown shapes are asked for" {
    param 'pnnx.Input in 0 1 x #x=(1,?,3)f32' 'pnnx.Input in1 0 1 y #y=(%h,2)i64' 'prim::TupleConstruct t 2 1 x y t' 'pnnx.Output out 1 0 t'
    run -0 pnnx2py in.param in.bin out.py
    run -0 grep 'torch.rand' out.py
    assert_output '    v_x = torch.rand(1, 128, 3, dtype=torch.float)
    v_y = torch.randint(10, (128, 2), dtype=torch.long)'
    param 'pnnx.Input in 0 1 x' 'F.relu r 1 1 x y' 'pnnx.Output out 1 0 y'
    run -0 pnnx2py in.param in.bin out.py
    run -1 python out.py
    assert_output --partial 'the shapes of the inputs are not known: call test_inference(v_x)'
    python -c "import torch, out; out.test_inference(torch.ones(3))"
}

@test "pnnx2py: an operator of a library goes through torch.ops, arguments at their places" {
    param 'pnnx.Input in 0 1 x #x=(2,3)f32' 'pnnx.Input in1 0 1 y #y=(2,3)f32' \
        'pnnx.custom_op.mylib.twice c 2 1 x y z arg_1=3 $arg_0=x $arg_2=y' 'mylib::other d 1 1 z w' 'pnnx.Output out 1 0 w'
    run -0 pnnx2py in.param in.bin out.py
    forward 'v_z = torch.ops.mylib.twice(v_x, 3, v_y)' 'v_w = torch.ops.mylib.other(v_z)' 'return v_w'
}

@test "pnnx2py: a module that was kept whole is made from its class, with its weights" {
    mkdir mynet
    cat >mynet/blocks.py <<'E'
import torch


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(3, 3)
        self.register_buffer('shift', torch.zeros(3))

    def forward(self, x):
        return self.inner(x) + self.shift
E
    param 'pnnx.Input in 0 1 x #x=(2,3)f32' \
        'mynet.blocks.Block b 1 1 x y @inner.bias=(3)f32 @inner.weight=(3,3)f32 @shift=(3)f32' 'pnnx.Output out 1 0 y'
    run -0 pnnx2py in.param in.bin out.py
    run -0 python -c "import out; m = out.Model(); print(float(m.b.shift.min()) > 0, m.b.inner.weight.shape, m(out.torch.ones(2, 3)).shape)"
    assert_output 'True torch.Size([3, 3]) torch.Size([2, 3])'
    rm -r mynet
    run -1 python out.py
    assert_output --partial 'mynet.blocks.Block cannot be made without arguments; edit this line of Model.__init__'
}

@test "pnnx2py: the names that scripts import are there" {
    param 'pnnx.Input in 0 1 x #x=(2,3)f32' 'F.relu r 1 1 x y' 'pnnx.Output out 1 0 y'
    run -0 pnnx2py in.param in.bin out.py
    run -0 python -c "import out, torch; out.export_torchscript(); [getattr(out, n) for n in ('export_onnx', 'export_pnnx', 'export_ncnn', 'test_inference')]
print(torch.jit.load('out.py.pt')(torch.tensor([-1., 1.])).tolist())"
    assert_output '[0.0, 1.0]'
}

@test "pnnx2py: an operator of torchvision imports the library that registers it" {
    param 'pnnx.Input boxes 0 1 b #b=(10,4)f32' 'pnnx.Input scores 0 1 s #s=(10)f32' \
        'pnnx.custom_op.torchvision.nms n 2 1 b s k arg_2=0.5 $arg_0=b $arg_1=s' 'pnnx.Output out 1 0 k'
    run -0 pnnx2py in.param in.bin out.py
    forward 'v_k = torch.ops.torchvision.nms(v_b, v_s, 0.5)' 'return v_k'
    run -0 grep -c 'import torchvision' out.py
}
