# pt2pnnx: what it reads, what it refuses, and what it says.  The networks are those of test/cases/pt2pnnx_models.py.
load helpers

setup_file() {
    export MODELS=$BATS_FILE_TMPDIR
    "$PYTHON" -W ignore "$ROOT/test/cases/pt2pnnx_models.py" make "$MODELS"
}

# converted RAISE FOLDER: every network, through pt2pnnx raise=RAISE and pnnx2py
converted() {
    local pt name shape
    for pt in "$MODELS"/*.pt; do
        name=$(basename "$pt" .pt)
        shape=
        [ ! -e "$MODELS/$name.shape" ] || shape=inputshape=$(cat "$MODELS/$name.shape")
        cp "$pt" "$2/$name.pt"
        pt2pnnx raise="$1" ${shape:+"$shape"} "$2/$name.pt" "$2/$name.param" "$2/$name.bin" || return 1
        pnnx2py pnnxbin="$2/$name.bin" "$2/$name.param" "$2/$name.bin" "$2/$name.py" || return 1
    done
}

@test "pt2pnnx: the printed Python of every small network equals PyTorch, as aten calls" {
    converted 0 "$PWD"
    "$PYTHON" -W ignore "$ROOT/test/cases/pt2pnnx_models.py" check "$PWD"
}

@test "pt2pnnx: the printed Python of every small network equals PyTorch, raised" {
    converted 1 "$PWD"
    "$PYTHON" -W ignore "$ROOT/test/cases/pt2pnnx_models.py" check "$PWD"
}

@test "pt2pnnx: no operator writes into its arguments" {
    converted 0 "$PWD"
    run grep -hE '^aten::[A-Za-z0-9_]*[a-z0-9]_ ' ./*.param
    assert_equal "$status" 1
}

@test "pt2pnnx: a tied weight is one attribute with two readers" {
    pt2pnnx raise=0 "$MODELS/TiesWeights.pt" out.param out.bin
    assert_equal "$(grep -c '^pnnx.Attribute' out.param)" 1
    assert_equal "$(grep -c 'weight=' out.param)" 2
}

@test "pt2pnnx: a module called from outside its parent has its full path" {
    pt2pnnx "$MODELS/CallsFromOutside.pt" out.param out.bin
    run awk '$1 == "nn.Linear" { print $2 }' out.param
    assert_equal "$output" "$(printf '%s\n' shared list.0.fc list.1.fc shared_1)"
}

@test "pt2pnnx: a module that others share has the path of each that calls it" {
    for net in shared script; do
        run -0 --separate-stderr pt2pnnx "$MODELS/special/$net.pt" out.param out.bin
        assert_equal "$stderr" ""
        run awk '$1 == "nn.SiLU" { print $2 }' out.param
        assert_output "$(printf '%s\n' layers.0.act layers.1.act layers.2.act)"
    done
}

@test "pt2pnnx: a network that was traced in training mode is noted in one line" {
    run -0 --separate-stderr pt2pnnx "$MODELS/special/training.pt" out.param out.bin
    assert_equal "$stderr" "pt2pnnx: $MODELS/special/training.pt: the network was traced in training mode: dropout is \
random, and batch norm takes the statistics of its input (instead: net.eval() before torch.jit.trace())"
}

@test "pt2pnnx: inputs, taken apart, keep the order of their structure" {
    pt2pnnx "$MODELS/TakesTuple.pt" out.param out.bin
    run awk '$1 == "pnnx.Input" { print $2, $NF }' out.param
    assert_equal "$output" "$(printf '%s\n' 'pnnx_input_0 #0=(2,3)f32' 'pnnx_input_1 #1=(2,3)f32' 'pnnx_input_2 #2=(3)f32')"
}

@test "pt2pnnx: an input that nothing reads stays an input" {
    pt2pnnx "$MODELS/IgnoresInput.pt" out.param out.bin
    assert_equal "$(grep -c '^pnnx.Input' out.param)" 2
}

@test "pt2pnnx: a given shape is written at the input" {
    pt2pnnx "inputshape=[7, 4]" "$MODELS/CallsFromOutside.pt" out.param out.bin
    run awk '$1 == "pnnx.Input" { print $NF }' out.param
    assert_equal "$output" '#0=(7,4)f32'
}

@test "pt2pnnx: the same file gives the same bytes, as files and as a stream" {
    pt2pnnx "$MODELS/WritesParts.pt" a.param a.bin
    pt2pnnx "$MODELS/WritesParts.pt" b.param b.bin
    same_bytes a.param b.param
    same_bytes a.bin b.bin
    pt2pnnx "$MODELS/WritesParts.pt" >c.pnnx
    same_bytes a.param <(head -c "$(wc -c <a.param)" c.pnnx)
}

@test "pt2pnnx: a moduleop is one operator and keeps its weights" {
    pt2pnnx moduleop=Inner "$MODELS/CallsFromOutside.pt" out.param out.bin
    run grep -c '^Inner  *list.0 .*@fc.bias=(4)f32 @fc.weight=(4,4)f32' out.param
    assert_equal "$output" 1
}

@test "pt2pnnx: a moduleop that no module has is wrong usage, and the classes are listed" {
    refuses 2 pt2pnnx moduleop=Iner "$MODELS/CallsFromOutside.pt" out.param out.bin
    assert_equal "$stderr" "pt2pnnx: moduleop=Iner: the network has no module of that class (did you mean 'Inner'?); it has Inner, \
torch.nn.modules.container.ModuleList, torch.nn.modules.linear.Linear"
    refuses 2 pt2pnnx moduleop=net.Nothing "$MODELS/TakesList.pt" out.param out.bin
    assert_equal "$stderr" "pt2pnnx: moduleop=net.Nothing: the network has no module of that class; it has none below itself"
}

@test "pt2pnnx: a moduleop may be the last part of a class, and has the shape that its body gives" {
    pt2pnnx moduleop=Linear "$MODELS/CallsFromOutside.pt" out.param out.bin
    run grep -c '^torch.nn.modules.linear.Linear .*@weight=(4,4)f32 .*#[0-9]=(2,4)f32$' out.param
    assert_output 4
    "$PYTHON" -W ignore - <<'EOF'
import torch
from torch import nn

class Block(nn.Module):
    def forward(self, x):
        return x + 1

def part(name):
    return type("Block", (Block,), {"__module__": name, "forward": lambda self, x: x * 2})

torch.jit.trace(nn.Sequential(part("first.net")(), part("other.net")()), torch.ones(2, 3)).save("net.pt")
EOF
    refuses 2 pt2pnnx moduleop=Block net.pt out.param out.bin
    assert_equal "$stderr" "pt2pnnx: moduleop=Block: several classes have that name: first.net.Block, other.net.Block"
    pt2pnnx moduleop=first.net.Block net.pt out.param out.bin
    assert_equal "$(grep -c '^first.net.Block ' out.param)" 1
}

@test "pt2pnnx: kept modules of any class become Python, and ncnn layers when asked" {
    "$PYTHON" -W ignore - <<'EOF'
import torch
from torch import nn
from torch.nn import functional as F

class Up(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale, self.bias = nn.Parameter(torch.ones(8, 1, 1) * 2), nn.Parameter(torch.ones(8, 1, 1) * 3)
    def forward(self, x):
        return F.interpolate(x * self.scale + self.bias, scale_factor=2)

net = nn.Sequential(nn.Conv2d(3, 8, 3, bias=False), Up(), nn.MaxPool2d(2))
torch.jit.trace(net, torch.ones(1, 3, 6, 6)).save("net.pt")
EOF
    pt2pnnx moduleop=Up,MaxPool2d net.pt a.param a.bin
    pnnxshape a.param a.bin in.param in.bin
    run -0 pnnx2py in.param in.bin
    assert_output --partial "= user_module('Up')"
    assert_output --partial "user_module('torch.nn.modules.pooling.MaxPool2d')"
    refuses 1 pnnx2ncnn fp16=0 custom=MaxPool2d in.param in.bin out.param out.bin
    [[ $stderr == *"Up '1' (1,8,4,4)f32: has no ncnn layer"*"custom=Up, a layer that your program registers"* ]]
    refuses 2 pnnx2ncnn custom=Upp,MaxPool2d in.param in.bin out.param out.bin
    assert_equal "$stderr" "pnnx2ncnn: custom=Upp: the model has no operator of that type (did you mean 'Up'?)"
    run -0 pnnx2ncnn fp16=0 custom=Up,MaxPool2d in.param in.bin out.param out.bin
    run cut -c1-28 out.param
    assert_line --partial 'Up  '
    assert_line --partial 'torch.nn.modules.pooling.Max'
    "$PYTHON" -c 'import numpy; print(numpy.fromfile("out.bin", "<f4")[-16:].tolist())' >weights
    assert_equal "$(cat weights)" "[$(printf '3.0, %.0s' 1 2 3 4 5 6 7 8)$(printf '2.0, %.0s' 1 2 3 4 5 6 7)2.0]"
}

@test "pt2pnnx: a branch on values is refused with the user's line" {
    refuses 1 pt2pnnx "$MODELS/refused/values.pt"
    [[ $stderr =~ pt2pnnx_models.py:[0-9]+:\ a\ branch\ depends\ on\ values ]]
}

@test "pt2pnnx: a branch on shapes is refused with a hint, and decided where the shape is given" {
    refuses 1 pt2pnnx "$MODELS/refused/shapes.pt"
    [[ $stderr =~ pt2pnnx_models.py:[0-9]+:\ a\ branch\ depends\ on\ the\ shape\ of\ the\ input:\ give\ inputshape= ]]
    pt2pnnx 'inputshape=[2,3]' "$MODELS/refused/shapes.pt" odd.param odd.bin
    pt2pnnx 'inputshape=[2,4]' "$MODELS/refused/shapes.pt" even.param even.bin
    assert_equal "$(grep -c pad odd.param)" 1
    assert_equal "$(grep -c pad even.param)" 0
}

@test "pt2pnnx: the operator whose shape is not known is named to somebody who gave inputshape=" {
    refuses 1 pt2pnnx 'inputshape=[2,3]' "$MODELS/refused/found.pt"
    [[ $stderr =~ pt2pnnx_models.py:[0-9]+:\ a\ branch\ depends\ on\ the\ shape\ of\ what\ aten::nonzero\ gives ]]
    refuses 1 pt2pnnx "$MODELS/refused/found.pt"
    [[ $stderr == *'depends on the shape of the input: give inputshape='* ]]
    refuses 1 pt2pnnx 'inputshape=[2,3]' "$MODELS/refused/computed.pt"
    [[ $stderr == *'tolist() of a tensor that the network computes'* ]]
}

# decides CONDITION: a scripted network, net.pt, with a branch.
decides() {
    cat >net.py <<END
import torch


class Net(torch.nn.Module):
    def forward(self, x):
        if $1:
            return x * 2
        return x + 1


torch.jit.script(Net()).save('net.pt')
END
    "$PYTHON" -W ignore net.py
}

@test "pt2pnnx: sizes that have names, or are unknown, leave branches that ask for ranks and for other sizes" {
    decides 'x.dim() == 4 and x.shape[1] == 3'
    run -0 pt2pnnx 'inputshape=[1,3,h,w]' net.pt out.param out.bin
    run -0 grep -c 'mul' out.param
    run -0 pt2pnnx 'inputshape=[?,4,?]' net.pt out.param out.bin
    run -0 grep -c 'add' out.param
    run grep -c '#' out.param
    assert_output 0
    decides 'x.shape[2] == x.shape[3]'
    run -0 pt2pnnx 'inputshape=[1,3,n,n]' net.pt out.param out.bin
    run -0 grep -c 'mul' out.param
}

@test "pt2pnnx: a branch that asks for a size that is free is refused, and one that inputshape2= decides otherwise" {
    decides 'x.shape[2] > 300'
    run --separate-stderr -1 pt2pnnx 'inputshape=[1,3,h,w]' net.pt out.param out.bin
    [[ $stderr == *'net.py:6: a branch depends on a size of the input: give it as a number in inputshape='* ]]
    run --separate-stderr -1 pt2pnnx 'inputshape=[1,3,224,224]' 'inputshape2=[1,3,320,224]' net.pt out.param out.bin
    [[ $stderr == *'a branch or loop depends on a size of the input, and inputshape2= decides it otherwise'* ]]
    run -0 pt2pnnx 'inputshape=[1,3,224,224]' 'inputshape2=[1,3,288,192]' net.pt out.param out.bin
    run --separate-stderr -2 pt2pnnx 'inputshape=[1,3,224,224]' 'inputshape2=[1,3,288,192],[1]' net.pt out.param out.bin
    [[ $stderr == *'inputshape2= has 2 shapes, inputshape= 1: expected as many'* ]]
}

@test "pt2pnnx: a whole file that asks for an operator of another library is no damaged one" {
    "$PYTHON" -W ignore - <<'EOF'
import torch
library = torch.library.Library("mylib", "DEF")
library.define("swirl(Tensor x) -> Tensor")
library.impl("swirl", lambda x: x * 2, "CPU")
torch.jit.trace(lambda x: torch.ops.mylib.swirl(x), torch.ones(2)).save("net.pt")
EOF
    refuses 1 pt2pnnx net.pt out.param out.bin
    [[ $stderr == *'mylib::swirl'*'customop='* ]]
}

@test "pt2pnnx: packed float16 weights of a recurrent layer are refused, with what to do" {
    refuses 1 pt2pnnx "$MODELS/refused/quantized.pt"
    [[ $stderr == *"an argument 'params' of aten::quantized_lstm that is an object"*"(instead: the network before it was quantized"* ]]
}

@test "pt2pnnx: a number of shapes that is not the number of inputs is refused" {
    refuses 1 pt2pnnx 'inputshape=[2,3],[2,3],[2,3]' "$MODELS/refused/shapes.pt"
    assert_equal "$stderr" "pt2pnnx: $MODELS/refused/shapes.pt: inputshape= has 3 shapes, the network takes 1 inputs"
}

@test "pt2pnnx: a write that cannot be expressed is refused with the user's line" {
    refuses 1 pt2pnnx "$MODELS/refused/windows.pt"
    [[ $stderr =~ pt2pnnx_models.py:[0-9]+.*aten::unfold ]]
}

# says TEXT FILE: refused as malformed, with that text
says() {
    refuses 3 pt2pnnx "$2" out.param out.bin || return 1
    [[ $stderr == "pt2pnnx: $2: $1"* ]] || { echo "said: $stderr" >&2; return 1; }
    [ ! -e out.param ] && [ ! -e out.bin ]
}

@test "pt2pnnx: what is not TorchScript is called by its name" {
    says 'a state dict' "$MODELS/refused/state.pt"
    says 'a state dict' "$MODELS/refused/old_state.pt"
    says 'a pickled module' "$MODELS/refused/module.pt"
    : >empty.pt
    says 'empty' empty.pt
    echo 'import torch' >net.py
    says 'a text file' net.py
    printf '7767517\n0 0\n' >net.param
    says 'a PNNX or ncnn .param' net.param
    printf '\010\010\022\007pytorch\032\0012' >net.onnx
    says 'an ONNX model' net.onnx
    printf '\024\0\0\0\0\0\0\0{"__metadata__": {}}' >net.safetensors
    says 'safetensors weights' net.safetensors
    pt2pnnx "$MODELS/TakesList.pt" out2.param out2.bin
    pt2pnnx "$MODELS/TiesWeights.pt" net2.param net2.bin
    says 'a zip archive without a TorchScript network' net2.bin
}

@test "pt2pnnx: a flipped weight is noticed" {
    "$PYTHON" -c '
import sys, zipfile
data = bytearray(open(sys.argv[1], "rb").read())
member = next(m for m in zipfile.ZipFile(sys.argv[1]).infolist() if m.filename.endswith("/data/0"))
header = data[member.header_offset:member.header_offset + 30]
lengths = [int.from_bytes(header[i:i + 2], "little") for i in (26, 28)]
data[member.header_offset + 30 + sum(lengths)] ^= 1
open("flipped.pt", "wb").write(data)' "$MODELS/CallsFromOutside.pt"
    says "damaged: the bytes of 'CallsFromOutside/data/0'" flipped.pt
}

@test "pt2pnnx: a file that is cut off is refused, wherever" {
    for size in 1 30 1000 5000; do
        head -c $size "$MODELS/CallsFromOutside.pt" >cut.pt
        refuses 3 pt2pnnx cut.pt out.param out.bin
        assert [ ! -e out.param ]
    done
}

@test "pt2pnnx: wrong usage is status 2, a missing file or library status 4" {
    refuses 2 pt2pnnx
    refuses 2 pt2pnnx a.pt b.param
    refuses 2 pt2pnnx nosuchkey=1 a.pt
    refuses 2 pt2pnnx 'inputshape=[1' a.pt
    refuses 4 pt2pnnx nosuchfile.pt
    refuses 4 pt2pnnx customop=./nosuchlibrary.so "$MODELS/TakesList.pt"
}
