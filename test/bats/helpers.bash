# Helpers for the bats files: `load helpers` at the top.  Every test runs in a folder of its own, with the programs
# first on PATH.  The programs come from $PNNX_BUILD (make sets it; build/ otherwise).

ROOT=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
BUILD=${PNNX_BUILD:-$ROOT/build}
if [ -z "${PYTHON:-}" ]; then
    PYTHON=$ROOT/build/venv/bin/python
    [ -x "$PYTHON" ] || PYTHON=python3
fi
unset MAKEFLAGS MFLAGS MAKELEVEL
export ROOT BUILD PYTHON PATH="$BUILD/bin:$PATH" PYTHONPATH="$ROOT/test:$ROOT/test/cases" PYTHONDONTWRITEBYTECODE=1
export ASAN_OPTIONS=exitcode=99:detect_leaks=0 UBSAN_OPTIONS=exitcode=99

# As much of bats-assert as the tests use. The library itself starts fifteen processes for each test while it is loaded.
failed() { printf '%s\n' "$@" >&2; return 1; }
assert() { "$@" || failed "-- assertion failed: $*"; }
refute() { ! "$@" || failed "-- refutation failed: $*"; }
assert_equal() { [ "$1" = "$2" ] || failed '-- values do not equal' "expected: $2" "actual  : $1"; }
assert_success() { [ "$status" = 0 ] || failed "-- status $status" "${output:-}"; }
assert_failure() { [ "$status" != 0 ] && [ "$status" = "${1:-$status}" ] || failed "-- status $status" "${output:-}"; }
matches() { # MODE TEXT WHAT
    case $1 in
    --partial | -p) [[ $2 == *"$3"* ]] ;;
    --regexp | -e) [[ $2 =~ $3 ]] ;;
    *) [ "$2" = "$3" ] ;;
    esac
}
any_line_matches() {
    local line
    for line in "${lines[@]}"; do matches "$1" "$line" "$2" && return 0; done
    return 1
}
mode_of() { case $1 in -?*) printf '%s' "$1" ;; *) printf '%s' --exact ;; esac; }
assert_output() {
    local want=${!#}
    [ "$want" != - ] || want=$(cat)
    matches "$(mode_of "$1")" "$output" "$want" || failed "-- output is not: $want" "$output"
}
refute_output() {
    [ $# -gt 0 ] || { [ -z "$output" ] || failed '-- output is not empty' "$output"; return; }
    ! matches "$(mode_of "$1")" "$output" "${!#}" || failed "-- output is: ${!#}" "$output"
}
assert_line() {
    local line=''
    if [ "$1" = --index ]; then
        line=${lines[$2]} && shift 2
        matches "$(mode_of "$1")" "$line" "${!#}" || failed "-- the line is not: ${!#}" "$line"
        return
    fi
    any_line_matches "$(mode_of "$1")" "${!#}" || failed "-- no line is: ${!#}" "$output"
}
refute_line() { ! any_line_matches "$(mode_of "$1")" "${!#}" || failed "-- a line is: ${!#}" "$output"; }

type bats_require_minimum_version >/dev/null 2>&1 && bats_require_minimum_version 1.5.0

own_folder() { mkdir "$BATS_TEST_TMPDIR/work" && cd "$BATS_TEST_TMPDIR/work" || return 1; }   # bats keeps files beside it
setup() { own_folder; }

# refuses STATUS COMMAND...: it ends with exactly that status (a signal or a sanitizer's report is another one), says
# why on standard error, and nothing on standard output.
refuses() {
    local want=$1 got=0
    shift
    "$@" >refuses.out 2>refuses.err || got=$?
    if [ "$got" != "$want" ]; then
        printf '%s: status %s instead of %s\n' "$*" "$got" "$want"
        cat refuses.err
        return 1
    fi >&2
    [ -s refuses.err ] || { echo "$*: refused without a word" >&2; return 1; }
    [ ! -s refuses.out ] || { echo "$*: wrote to standard output:" >&2; head -5 refuses.out >&2; return 1; }
    stderr=$(<refuses.err)
}

# member ARCHIVE NAME: its bytes
member() { "$PYTHON" -c 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))' "$@"; }

# same_text EXPECTED GOT; same_bytes A B
same_text() { diff -u "$1" "$2" >&2; }
same_bytes() { cmp "$1" "$2" >&2; }

# weights NAME: writes NAME.bin with random weights for every @attribute of the text NAME.param
weights() {
    if [[ $(<"$1.param") == *@* ]]; then
        "$PYTHON" "$ROOT/test/weights.py" "$1.param" "$1.bin"
    else
        printf 'PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' >"$1.bin" # an empty zip
    fi
}

# model NAME: copies NAME.param from test/models to in.param and gives it random weights in in.bin
model() {
    cp "$ROOT/test/models/$1.param" in.param
    chmod u+w in.param
    weights in
}

# ops LINE...: in.param from operator lines (columns are made even by the reader), with random weights
ops() {
    local operands=0 line count
    for line; do
        read -r _ _ _ count _ <<<"$line"
        operands=$((operands + count))
    done
    { echo 7767517; echo "$# $operands"; printf '%s\n' "$@"; } >in.param
    weights in
}

# traced NAME [--script]: model.pt, a network of test/cases/networks.py; made once a run and copied
traced() {
    local cache=$BUILD/test/networks kind=${2:-}
    local file=$cache/$1$kind.pt
    if [ ! -e "$file" ]; then
        mkdir -p "$cache"
        "$PYTHON" -W ignore "$ROOT/test/cases/networks.py" "$1" "$file.$$" $kind && mv "$file.$$" "$file"
    fi
    cp "$file" model.pt
}

# same_numbers A B: PyTorch runs A.param and B.param on the same random inputs (shapes from A's # entries)
same_numbers() {
    local x
    for x in "$1" "$2"; do
        pnnx2py pnnxbin="$PWD/$x.bin" "$x.param" "$x.bin" "${x}_numbers.py" || return 1
    done
    "$PYTHON" "$ROOT/test/same_numbers.py" "$1_numbers.py" "$2_numbers.py" "$1.param"
}
