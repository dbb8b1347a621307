#!/usr/bin/env bats
# The table of signatures: common/operators/signatures.txt, made by scripts/make-signatures.

setup() {
    load helpers
    cd "$BATS_TEST_TMPDIR"
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

@test "weights: the table has those of every module in the tables of tests, and each parameter that it asks" {
    own_folder
    "$PYTHON" -W ignore - "$ROOT" >weights <<'END'
import os, re, sys
sys.path.insert(0, os.path.join(sys.argv[1], 'test/cases'))
import operators, operators_modules, torch
# Layers behind the first and those backwards are as the first; how attention packs its inputs hangs on their widths.
left_out = re.compile('num_batches_tracked|.*_l[1-9].*|.*_reverse|.*hr_l0|(in|[qkv])_proj_weight')
found = set()
for case in operators.CASES:
    made = getattr(case.make(), 'inner', None) if case.type.startswith('nn.') else None
    if made and type(made) is getattr(torch.nn, case.type[3:], None):
        plain = [key for key in made.state_dict() if not left_out.fullmatch(key)]
        if not re.search('orig|_[gvu]( |$)', ' '.join(plain)):
            found |= {case.type + ' ' + key for key in plain}
print('\n'.join(sorted(found)))
END
    assert [ "$(wc -l <weights)" -ge 60 ]
    run -0 "$BUILD/test/signatures" -w $(cut -d' ' -f1 weights | sort -u)
    refute_output --partial 'has no parameter'
    assert_equal "$(LC_ALL=C sort -u <<<"$output" | LC_ALL=C comm -13 - <(LC_ALL=C sort -u weights))" ''
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

@test "remedies: every type of the table is an operator" {
    sed -n '/^#/d; s/: .*//p' "$ROOT"/cmd/pnnx2ncnn/remedies.txt | tr ' ' '\n' | sort -u >types
    cut -d' ' -f1 "$ROOT/common/operators/signatures.txt" | sort -u >known
    run -0 comm -23 types known
    assert_output ''
}

@test "layers: ncnn(5) lists the parameters that the signatures have" {
    sed -n '/^\.SS Parameters of layers/,/^\.fi/p' "$ROOT/man/ncnn.5" | sed '1,/^\.nf/d; /^\.fi/d' >page
    run -0 diff page <("$ROOT/scripts/layers-page")
}
