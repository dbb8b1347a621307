#!/usr/bin/env bats
# Raising aten calls to PyTorch's Python API: the operator tables, right after pt2pnnx.

setup() {
    load helpers
    own_folder
}

# Every case of a table comes out as the type that it names, and computes what PyTorch does.
table() {
    run "$PYTHON" -W ignore "$ROOT/test/raise.py" "operators_$1"
    refute_line --regexp '^not ok'
    assert_line --index 0 --regexp '^1\.\.[1-9]'
    assert_equal "$(grep -c '^ok' <<<"$output")" "${lines[0]#1..}"
}

@test "pt2pnnx: modules of torch.nn keep their type, parameters and numbers" { table modules; }
@test "pt2pnnx: functions of torch.nn.functional keep their type and numbers" { table functions; }
@test "pt2pnnx: functions of torch and methods of tensors keep their type and numbers" { table torch; }

@test "pt2pnnx: raise=0 leaves the calls of aten" {
    traced resnet18
    run -0 pt2pnnx raise=0 model.pt out.param out.bin
    run cut -d' ' -f1 out.param
    assert_line "aten::_convolution"
    refute_line "nn.Conv2d"
}

@test "pt2pnnx: --explain names every rule that is applied" {
    traced resnet18
    run -0 --separate-stderr pt2pnnx --explain model.pt out.param out.bin
    assert_equal "$output" ""
    [[ $stderr == *conv2d* ]]
    [[ $stderr == *batch_norm2d* ]]
}

@test "pt2pnnx: the calls of PyTorch that the tables above do not have keep their numbers" { table calls; }

# The same keys as the existing converter's, None included.
@test "pt2pnnx: what is None in a call is None in the text" {
    "$PYTHON" -W ignore - <<'EOF'
import torch, torch.nn.functional as F

class Net(torch.nn.Module):
    def forward(self, x, w):
        return F.conv2d(x, w), F.max_pool2d(x, 2), F.group_norm(x, 2), F.scaled_dot_product_attention(x, x, x)

torch.jit.trace(Net(), (torch.ones(1, 4, 6, 6), torch.ones(3, 4, 3, 3))).save('model.pt')
EOF
    run -0 pt2pnnx model.pt out.param out.bin
    run awk '/^F\./ { for (i = 5; i <= NF; i++) if ($i ~ /=None$/) printf "%s %s\n", $1, $i }' out.param
    assert_output "F.conv2d bias=None
F.max_pool2d stride=None
F.group_norm bias=None
F.group_norm weight=None
F.scaled_dot_product_attention attn_mask=None"
}
