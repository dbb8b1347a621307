#!/usr/bin/env bats
# The table of signatures: common/operators/signatures.txt, made by scripts/make-signatures.

setup() {
    load helpers
}

@test "traits: of every operator type in the tables of tests something is known, or why nothing is" {
    own_folder
    "$PYTHON" -W ignore - "$ROOT" >types <<'END'
import glob, importlib, os, sys
sys.path.insert(0, os.path.join(sys.argv[1], 'test/cases'))
import operators
types = set()
for table in sorted(glob.glob(os.path.join(sys.argv[1], 'test/cases/operators_*.py'))):
    operators.CASES.clear()
    importlib.import_module(os.path.basename(table)[:-3])
    types |= {case.type for case in operators.CASES if case.type}
print('\n'.join(sorted(types)))
END
    assert [ "$(wc -l <types)" -gt 500 ]
    run -0 "$BUILD/test/signatures" -t $(<types)
    assert_output ''
    run -0 "$BUILD/test/signatures" -t torch.relu torch.no_such_operator
    assert_output 'torch.no_such_operator'
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
