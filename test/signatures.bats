#!/usr/bin/env bats
# The table of signatures: common/operators/signatures.txt, made by scripts/make-signatures.

setup() {
    load helpers
}

@test "signatures: every line of the table is parsed, none is lost" {
    run -0 --separate-stderr "$BUILD/test/signatures"
    assert_equal "$stderr" ""
    assert_equal "${#lines[@]}" "$(grep -cv '^#' "$ROOT/common/operators/signatures.txt")"
}

@test "signatures: overloads come in the order of the table" {
    run -0 "$BUILD/test/signatures" torch.max
    assert_output "torch.max input
torch.max input dim keepdim?
torch.max input other"
}

@test "signatures: an argument with a default or with None may be left out" {
    run -0 "$BUILD/test/signatures" nn.LSTM torch.cat
    assert_line --index 0 --partial "nn.LSTM input h0? c0? input_size hidden_size num_layers?"
    assert_line --index 1 "torch.cat *tensors? dim?"
}
