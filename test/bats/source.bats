# What holds of the files of the project themselves. A check whose tool is absent is skipped, and says so.
load helpers

# needs TOOL: skips the test where there is none
needs() { command -v "$1" >/dev/null || skip "no $1"; }

shell_scripts() { grep -lE '^#!(/bin/sh|/usr/bin/env bash)' "$ROOT"/scripts/* "$ROOT"/test/tap; }

@test "source: make format has nothing to do" {
    needs clang-format
    clang-format --version | grep -q 'version 14\.' || skip "clang-format is not version 14, whose layout this is"
    run "$ROOT/scripts/format" -n $(find "$ROOT"/common "$ROOT"/formats "$ROOT"/cmd "$ROOT"/test -name "*.[ch]" -o -name "*.cc" -o -name "*.hh")
    assert_output "" # the names of the files
    assert_success
}

@test "source: scripts/format lays out our struct operator as any other, lists with -n, and is done after once" {
    needs clang-format
    cp "$ROOT/.clang-format" .
    printf 'struct operator\n{\n  int rank;\n};\nstatic struct operator* next(struct operator** a) { return * a; }\n' >a.c
    printf 'struct operator {\n    int rank;\n};\nstatic struct operator *next(struct operator **a)\n{\n    return *a;\n}\n' >want.c
    run -1 "$ROOT/scripts/format" -n a.c want.c
    assert_output a.c
    run -0 "$ROOT/scripts/format" a.c
    same_text want.c a.c
    run -0 "$ROOT/scripts/format" -n a.c
    assert_output ""
}

@test "source: clang has no warning for the C files" {
    needs clang
    cd "$ROOT"
    run clang -std=c11 -D_XOPEN_SOURCE=700 -DVERSION='"0"' -DCHECKED=1 -I. -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
        $(find common formats cmd test -name "*.c")
    assert_output ""
    assert_success
}

@test "source: of the reader of TorchScript, only the functions of its border in C can be seen" {
    needs nm
    [ -e "$BUILD/lib/torchscript.so" ] || skip "no reader"
    run -0 nm -D --defined-only "$BUILD/lib/torchscript.so"
    assert_equal "$(grep -o '. [^ ]*torchscript.*' <<<"$output")" "$(printf '%s\n' 'T torchscript_read' 'T torchscript_release')"
}

# The variables of the objects below a folder that are not constant.
variables() {
    cd "$1" || return 1
    find common formats cmd -name '*.o' ! -name '*.rules.o' ! -name '*.txt.o' | sort | while read -r object; do
        [ -e "$ROOT/${object%.o}.c" ] || [ -e "$ROOT/${object%.o}.cc" ] || continue # of a file that is gone
        nm "$object" | awk -v object="$object" 'NF == 3 && $2 ~ /^[bBC]$/ { sub(/[.][0-9]+$/, "", $3); print object, $3 }'
        objdump -t "$object" | awk -v object="$object" '/ O [.]data\t/ { print object, $NF }'
    done
}

@test "source: no variable can be changed but those that report.h names" {
    needs objdump
    run -0 variables "$BUILD"
    assert_output 'cmd/pnnx/stages.o stages
cmd/pt2pnnx/load/child.o child
cmd/pt2pnnx/load/child.o ready_pipe
common/base/report.o state
formats/mapping.o mappings
formats/output.o open_outputs
formats/output.o owner
formats/output.o prepared'
}

@test "source: files call each other in circles only where what they do is recursive" {
    needs nm
    # A constant operand is inferred like any operator; an operator of a result has values as arguments.
    run -0 "$PYTHON" "$ROOT/scripts/circles" "$BUILD"
    assert_output 'common/operators/shapes/call common/operators/shapes/infer common/operators/shapes/types
common/rewrite/result/plan common/rewrite/value/value'
}

@test "source: shellcheck has no word on the scripts" {
    needs shellcheck
    # shellcheck disable=SC2046  # no spaces in our names
    run shellcheck $(shell_scripts)
    assert_output ""
    assert_success
}

@test "source: mandoc has no warning for the pages" {
    needs mandoc
    run mandoc -T lint -W warning "$ROOT"/man/*.[1-9]
    assert_output ""
    assert_success
}

@test "source: a case of the tables is named after what it calls and on what, wherever it stands" {
    cat >cases.py <<'END'
import operators, torch
from operators import function, ints, module
for n in (1, 2):
    function("torch.sum", lambda x, n=n: torch.sum(x, dim=n), (2, 3, 4))
function("torch.sum", torch.sum, (2, 3)), function("torch.sum", lambda x: x.sum(), ints(5, 4))
for c in (torch.nn.ReLU, torch.nn.ELU):
    module("nn." + c.__name__, lambda c=c: c(inplace=True), (2, 3), also=[[(4, 3)]])
    module("", lambda c=c, o={"inplace": False}: c(**o), (2, 3))
function("", lambda x: 1 if x is None else 2, (3,))
try:
    module("nn.ReLU", lambda: torch.nn.ReLU(inplace=True), (2, 3))
    module("nn.ReLU", lambda: torch.nn.ReLU(inplace=True), (2, 3))
except ValueError as e:
    print(e)
print(*[c.name for c in operators.CASES[:9]], sep="\n")
END
    run -0 "$PYTHON" cases.py
    assert_output - <<'END'
two cases are the same: nn.ReLU=torch.nn.ReLU(inplace=True)@2x3
torch.sum(x,dim=1)@2x3x4
torch.sum(x,dim=2)@2x3x4
torch.sum@2x3
torch.sum=x.sum()@4int64
nn.ReLU(inplace=True)@2x3
nn.ReLU(**{'inplace':False})@2x3
nn.ELU(inplace=True)@2x3
nn.ELU(**{'inplace':False})@2x3
1_if_x_is_None_else_2@3
END
}
