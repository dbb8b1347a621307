#!/usr/bin/env bats
# What all programs have in common: options, pages, exit statuses, streams, files that appear whole or not at all.

load helpers

TOOLS='pt2pnnx pnnxshape pnnxopt pnnx2ncnn pnnx2py'
OTHERS='pnnx ncnn2mem ncnnopt'
FILTERS='pnnxshape pnnxopt'

# A small model as text and weights: in.param, in.bin.
small() {
    cat >in.param <<'END'
7767517
5 4
pnnx.Input               in                       0 1 x #x=(1,3,8,8)f32
nn.Conv2d                conv                     1 1 x y bias=True dilation=(1,1) groups=1 in_channels=3 kernel_size=(3,3) out_channels=4 padding=(1,1) padding_mode=zeros stride=(1,1) @bias=(4)f32 @weight=(4,3,3,3)f32 #x=(1,3,8,8)f32 #y=(1,4,8,8)f32
F.relu                   relu                     1 1 y z #y=(1,4,8,8)f32 #z=(1,4,8,8)f32
torch.flatten            flat                     1 1 z w end_dim=-1 start_dim=1 #z=(1,4,8,8)f32 #w=(1,256)f32
pnnx.Output              out                      1 0 w #w=(1,256)f32
END
    weights in
}

# The keys of a program's options, by its --help and by its page.
keys_of_help() { "$1" --help | grep -o '^  *\(-.  *\)\{0,1\}[a-z][a-z0-9]*=' | grep -o '[a-z][a-z0-9]*='; }
keys_of_page() { sed -n '/^\.S[Hh] OPTIONS/,/^\.S[Hh] [^O]/p' "$ROOT/man/$1.1" | sed 's/\\f.//g; s/\\//g' | grep -A1 '^\.\(TP\|It\)' | grep -o '\b[a-z][a-z0-9]* \{0,1\}\(Ns \)\{0,1\}=' | tr -d ' ' | sed 's/Ns=/=/'; }

@test "every program: --help and -h print the synopsis and exit 0" {
    for tool in $TOOLS $OTHERS; do
        run -0 --separate-stderr "$tool" --help
        assert_equal "$stderr" ''
        assert_line --index 0 --partial "usage: $tool "
        long=$output
        run -0 "$tool" -h
        assert_equal "$output" "$long"
    done
}

@test "every program: --version names it and the one version" {
    for tool in $TOOLS $OTHERS; do
        run -0 --separate-stderr "$tool" --version
        assert_equal "${lines[0]}" "$tool $(pnnxopt --version | cut -d' ' -f2)"
    done
    run -0 pt2pnnx -V # names its libtorch
    assert_line --index 1 --regexp '^libtorch [0-9.]+, /.*/libtorch_cpu.so$'
}

@test "every program: the page and --help know the same options" {
    for tool in $TOOLS $OTHERS; do
        [ -e "$ROOT/man/$tool.1" ] || { echo "no man/$tool.1"; return 1; }
        keys_of_help "$tool" | sort -u >"$tool.help"
        keys_of_page "$tool" | sort -u >"$tool.page"
        same_text "$tool.help" "$tool.page"
    done
}

@test "every program: an unknown option, an unknown key and a lone - are wrong usage" {
    for tool in $TOOLS $OTHERS; do
        refuses 2 "$tool" --no-such-option
        refuses 2 "$tool" -Z
        refuses 2 "$tool" no_such_key=1
        assert_equal "$stderr" "$tool: unknown key in 'no_such_key=1' (a file of that name is written ./no_such_key=1)"
    done
    refuses 2 pnnxopt optlevle=1
    assert_equal "$stderr" "pnnxopt: unknown key in 'optlevle=1' (did you mean 'optlevel'?) (a file of that name is written ./optlevle=1)"
    refuses 2 pnnxshape --inputshap=[1]
    assert_equal "$stderr" "pnnxshape: unknown option '--inputshap=[1]' (did you mean 'inputshape'?)"
    for tool in $FILTERS; do
        refuses 2 "$tool" -
        refuses 2 "$tool" a b c
        refuses 2 "$tool" a b c d e
    done
}

@test "every program: a malformed value is wrong usage, and the message has the key" {
    small
    refuses 2 pnnxopt optlevel=two in.param in.bin
    assert [ -z "${stderr##*optlevel*}" ]
    refuses 2 pnnxopt optlevel=3 in.param in.bin
    refuses 2 pnnxopt -O
    refuses 2 pnnxshape inputshape=[1,3 in.param in.bin
    assert [ -z "${stderr##*inputshape*}" ]
    refuses 2 pnnxshape inputshape=[1,3]f99 in.param in.bin
    refuses 2 pnnx2ncnn fp16=maybe in.param in.bin out.param out.bin
}

@test "every program: an input that is not there is status 4" {
    for tool in $TOOLS; do
        case $tool in
        pt2pnnx) refuses 4 "$tool" nowhere.pt out.param out.bin ;;
        pnnx2py) refuses 4 "$tool" nowhere.param nowhere.bin out.py ;;
        *) refuses 4 "$tool" nowhere.param nowhere.bin out.param out.bin ;;
        esac
        assert [ -z "${stderr##*nowhere*}" ]
    done
    assert_equal "$(ls)" "$(printf '%s\n' refuses.err refuses.out)"
}

@test "filters: files, streams and mixtures give the same bytes" {
    small
    for tool in $FILTERS; do
        case $tool in pnnxshape) option='inputshape=[1,3,8,8]' ;; *) option=-O2 ;; esac
        "$tool" "$option" in.param in.bin "$tool.param" "$tool.bin"
        "$tool" "$option" in.param in.bin >file-stream
        cat in.param in.bin | "$tool" "$option" >stream-stream
        cat in.param in.bin | "$tool" "$option" - - "$tool.2.param" "$tool.2.bin"
        cat in.param in.bin >whole
        "$tool" "$option" <whole >mapped-stream
        same_bytes file-stream stream-stream
        same_bytes file-stream mapped-stream
        same_bytes "$tool.param" "$tool.2.param"
        same_bytes "$tool.bin" "$tool.2.bin"
        head -c "$(wc -c <"$tool.param")" file-stream | same_bytes - "$tool.param"
    done
}

@test "filters: a stream's text is readable by head, and its zip by Python's zipfile" {
    small
    pnnxopt in.param in.bin >whole
    assert_equal "$(head -n 1 whole)" 7767517
    run -0 "$PYTHON" -m zipfile -l whole
    assert_line --partial conv.weight
    run -0 "$PYTHON" -c 'import zipfile; assert zipfile.ZipFile("whole").testzip() is None'
}

@test "every program: twice in a row and in any locale gives the same bytes" {
    small
    for locale in C C.UTF-8 de_DE.UTF-8 tr_TR.UTF-8; do
        LC_ALL=$locale pnnxshape 'inputshape=[1,3,8,8]' in.param in.bin "$locale.s.param" "$locale.s.bin" 2>/dev/null
        LC_ALL=$locale pnnxopt "$locale.s.param" "$locale.s.bin" "$locale.o.param" "$locale.o.bin"
        LC_ALL=$locale pnnx2ncnn ncnnpy=n.py "$locale.o.param" "$locale.o.bin" n.param n.bin
        LC_ALL=$locale pnnx2py pnnxbin=x.bin "$locale.o.param" "$locale.o.bin" p.py
        cat "$locale.s.param" "$locale.s.bin" "$locale.o.param" "$locale.o.bin" n.param n.bin n.py p.py >"all.$locale"
        same_bytes all.C "all.$locale"
    done
}

@test "filters: running one on its own output changes nothing" {
    small
    pnnxshape 'inputshape=[1,3,8,8]' in.param in.bin a.param a.bin
    pnnxshape a.param a.bin b.param b.bin
    same_bytes a.param b.param
    same_bytes a.bin b.bin
    for level in 0 1 2; do
        pnnxopt "-O$level" a.param a.bin c.param c.bin
        pnnxopt "-O$level" c.param c.bin d.param d.bin
        same_bytes c.param d.param
        same_bytes c.bin d.bin
    done
}

@test "every program: a full disk is status 4, says so, and leaves nothing" {
    small
    for tool in $FILTERS; do
        refuses 4 "$tool" in.param in.bin out.param /dev/full
        assert [ -z "${stderr##*/dev/full*}" ]
        refuses 4 "$tool" in.param in.bin /dev/full out.bin
        run -4 --separate-stderr bash -c "$tool in.param in.bin >/dev/full"
    done
    refuses 4 pnnx2ncnn in.param in.bin out.param /dev/full
    refuses 4 pnnx2ncnn in.param in.bin /dev/full out.bin
    refuses 4 pnnx2py in.param in.bin /dev/full
    assert [ ! -e out.param ]
    assert [ ! -e out.bin ]
}

@test "every program: a folder that cannot be written is status 4" {
    small
    for tool in $FILTERS pnnx2ncnn; do
        refuses 4 "$tool" in.param in.bin no/such/out.param no/such/out.bin
    done
    refuses 4 pnnx2py in.param in.bin no/such/out.py
}

@test "filters: a closed pipe is status 4 without a word, not a signal" {
    small
    for tool in $FILTERS; do
        { sleep 0.2; status=0; "$tool" in.param in.bin 2>said || status=$?; echo "$status" >status; } | true
        assert_equal "$(cat status)" 4
        assert_equal "$(cat said)" ''
    done
}

@test "every program: an empty stream is one short line, and so is each program behind one that failed" {
    for tool in pnnxshape pnnxopt 'pnnx2py pnnxbin=x' 'pnnx2ncnn - - a b' 'pt2pnnx - a b'; do
        refuses 3 $tool </dev/null
        assert_equal "$stderr" "${tool%% *}: nothing came on standard input"
    done
    echo 'no model' >net.pt
    run bash -c 'pt2pnnx net.pt | pnnxshape | pnnxopt | pnnx2ncnn - - a b'
    assert_equal "${#lines[@]}" 4
    assert_equal "$(printf '%s\n' "${lines[@]}" | grep -c 'nothing came')" 3
    small
    run -0 bash -c 'pnnxopt in.param in.bin | head -c 100 >/dev/null; pnnx2py in.param in.bin | head -n 1'
    assert_output 'import os'
}

# What has no end is not read to it: of what does not begin as a model a megabyte is taken, and nothing kept in TMPDIR.
@test "every program: an endless input that is no model is refused from its first bytes" {
    small
    cp "$ROOT/test/demo.pt" net.pt
    mkdir kept
    chmod a-w kept
    export TMPDIR=$PWD/kept/nowhere # nothing can be kept
    refuses 3 pt2pnnx /dev/zero a b
    refuses 3 pt2pnnx - a b < <(cat /dev/urandom)
    refuses 3 pnnxopt < <(yes)
    refuses 3 pnnxshape < <(yes 7767517)
    refuses 3 pnnxopt </dev/zero
    refuses 3 pnnx2py pnnxbin=x < <(cat in.param /dev/zero)
    refuses 3 pnnx2py /dev/zero in.bin
    refuses 3 pnnxopt in.param /dev/zero a b
    refuses 3 pnnx2ncnn - - a b < <(printf '7767517\n3 2\n'; cat /dev/zero)
    refuses 3 pnnxshape input=/dev/zero in.param in.bin a b
    export TMPDIR=$PWD
    refuses 3 pnnx /dev/zero pnnxparam=a pnnxbin=b pnnxpy=c ncnnparam=d ncnnbin=e ncnnpy=f
    (ulimit -f 8192 && refuses 4 pt2pnnx - a b < <(printf 'PK\3\4'; cat /dev/zero)) # begins well: as much as may be kept
    rmdir kept
    assert_equal "$(ls -A)" "$(printf '%s\n' in.bin in.param net.pt refuses.err refuses.out)"
}

@test "pt2pnnx: - is standard input, a file or a pipe" {
    cp "$ROOT/test/demo.pt" net.pt
    pt2pnnx net.pt a.param a.bin
    pt2pnnx - b.param b.bin <net.pt
    pt2pnnx - - - < <(cat net.pt) >c
    same_bytes a.param b.param
    same_bytes a.bin b.bin
    head -c "$(wc -c <a.param)" c | same_bytes - a.param
    refuses 2 pt2pnnx - -
}

@test "filters: a failure leaves older outputs as they were" {
    small
    echo old >out.param
    echo old >out.bin
    sed 's/kernel_size=(3,3)/kernel_size=(3,/' in.param >broken.param
    for tool in $FILTERS pnnx2ncnn; do
        refuses 3 "$tool" broken.param in.bin out.param out.bin
        assert_equal "$(cat out.param out.bin)" "$(printf 'old\nold')"
    done
    assert_equal "$(ls)" "$(printf '%s\n' broken.param in.bin in.param out.bin out.param refuses.err refuses.out)"
}

@test "filters: outputs may have the names of the inputs" {
    small
    pnnxopt in.param in.bin out.param out.bin
    pnnxopt in.param in.bin in.param in.bin
    same_bytes in.param out.param
    same_bytes in.bin out.bin
}

# lost NAME...: the command refuses with status 2, and no file has changed
lost() {
    local before after
    before=$(find . -type f ! -name 'refuses.*' -exec cksum {} + | sort)
    refuses 2 "$@"
    after=$(find . -type f ! -name 'refuses.*' -exec cksum {} + | sort)
    assert_equal "$after" "$before"
    assert [ -z "${stderr##*same file*}" ]
}

@test "every program: an output that is an input or another output is refused, however it is spelled" {
    small
    mkdir d
    ln -s ../in.param d/link
    ln -s . here
    ln in.bin d/hard
    ln -s nothing.yet d/first
    for tool in $FILTERS; do
        lost "$tool" in.param in.bin in.bin in.param
        lost "$tool" in.param in.bin out.param ./in.bin
        lost "$tool" in.param in.bin out.param d/link
        lost "$tool" in.param in.bin out.param here/in.param
        lost "$tool" in.param in.bin "$PWD/d/../in.bin" out.bin
        lost "$tool" in.param in.bin d/hard out.bin
        lost "$tool" in.param in.bin out d/../here/out
        lost "$tool" in.param in.bin d/first d/nothing.yet
    done
    echo 'mine: F.relu(x) => F.gelu(x) ;' >my.rules
    lost pnnxopt -r my.rules in.param in.bin ./my.rules out.bin
    lost pnnx2ncnn -r my.rules in.param in.bin out.param my.rules
    lost pnnx2ncnn in.param in.bin in.param in.bin
    lost pnnx2ncnn in.param in.bin out.param here/out.param
    lost pnnx2ncnn ncnnpy=out.bin in.param in.bin out.param out.bin
    lost pnnx2ncnn ncnnpy=d/link in.param in.bin out.param out.bin
    lost pnnx2py in.param in.bin here/in.bin
    cp "$ROOT/test/demo.pt" net.pt
    lost pt2pnnx net.pt ./net.pt out.bin
    lost pt2pnnx net.pt out.param here/net.pt
    lost pt2pnnx customop=my.rules net.pt out.param my.rules
    pnnxshape link=1 in.param in.bin out.param out.bin # another name of in.bin, which may be made again
    pnnxshape link=1 in.param in.bin out.param out.bin
}

@test "filters: an output that is a link stays one, also where what it names is still to come" {
    small
    mkdir real
    echo old >real/old.param
    ln -s real/old.param out.param
    ln -s real/new.bin out.bin
    pnnxopt in.param in.bin a.param a.bin
    pnnxopt in.param in.bin out.param out.bin
    assert_equal "$(readlink out.param) $(readlink out.bin)" 'real/old.param real/new.bin'
    same_bytes real/old.param a.param
    same_bytes real/new.bin a.bin
}

@test "filters: an output that is standard output by name is written there, behind what is there" {
    small
    pnnxopt in.param in.bin a.param a.bin
    { echo first; pnnxopt in.param in.bin /dev/stdout out.bin; echo last; } >all
    { echo first; cat a.param; echo last; } | same_bytes - all
    pnnxopt in.param in.bin /dev/fd/5 /dev/null 5>&1 | same_bytes - a.param
    run -2 pnnxopt in.param in.bin /dev/stdout /dev/fd/1
}

@test "every program: a model is not read from a terminal, nor written to one" {
    small
    cp "$ROOT/test/demo.pt" net.pt
    run -0 timeout 20 "$PYTHON" - <<'END'
import os, pty, subprocess
def status(command, **streams):
    master, slave = pty.openpty()
    done = subprocess.run(command.split(), stderr=subprocess.PIPE, **{s: slave for s in streams})
    os.close(slave)
    return done.returncode, done.stderr
for command in ('pnnxopt', 'pnnxshape', 'pnnx2py pnnxbin=x', 'pnnx2ncnn - - a b', 'pnnxopt - - a b'):
    code, said = status(command, stdin=1)
    assert (code, said.count(b'\n')) == (2, 1) and b'terminal' in said, (command, code, said)
for command in ('pnnxopt in.param in.bin', 'pnnxshape in.param in.bin - -', 'pt2pnnx net.pt', 'pt2pnnx net.pt - -'):
    code, said = status(command, stdout=1)
    assert (code, said.count(b'\n')) == (2, 1) and b'terminal' in said, (command, code, said)
assert status('pnnx2py in.param in.bin', stdout=1)[0] == 0
END
}

@test "filters: the modes of new files follow the umask" {
    small
    umask 027
    pnnxopt in.param in.bin out.param out.bin
    assert_equal "$(stat -c %a out.param) $(stat -c %a out.bin)" '640 640'
}

@test "edited text: a renamed operator and added blanks are accepted" {
    small
    sed 's/ conv  / layer1.my-conv  /; s/$/  /' in.param >edited.param
    run -3 pnnxopt edited.param in.bin out.param out.bin           # its weights are named after it
    "$PYTHON" "$ROOT/test/weights.py" edited.param edited.bin
    pnnxopt edited.param edited.bin out.param out.bin
    run -0 grep -c 'layer1.my-conv' out.param
}

@test "edited text: a stream that sed makes longer or shorter on its way is read" {
    small
    for name in relu leaky_relu x; do
        sed "s/F.relu/F.$name/" in.param | "$PYTHON" -c 'import sys; sys.stdout.write("".join(" ".join(l.split()) + "\n" for l in sys.stdin))' >expected.param
        pnnxopt optlevel=0 expected.param in.bin expected.param expected.bin
        pnnxopt optlevel=0 in.param in.bin | LC_ALL=C sed "s/F.relu/F.$name/" | pnnxopt optlevel=0 - - >stream
        pnnxopt optlevel=0 - - out.param out.bin <stream
        cmp out.param expected.param && cmp out.bin expected.bin
    done
}

@test "edited text: a wrong count is refused with the count that was expected" {
    small
    sed '2s/5 4/6 4/' in.param >edited.param
    refuses 3 pnnxopt edited.param in.bin out.param out.bin
    assert [ -z "${stderr##*edited.param:2:*}" ]
    assert [ -z "${stderr##*5*}" ]
    sed '/F.relu/d' in.param >removed.param
    refuses 3 pnnxopt removed.param in.bin out.param out.bin
    assert [ -z "${stderr##*removed.param:*}" ]
}

@test "edited text: an operand that nobody makes is refused with its line" {
    small
    sed '/F.relu/d; 2s/5 4/4 4/' in.param >edited.param
    refuses 3 pnnxopt edited.param in.bin out.param out.bin
    assert [ -z "${stderr##*edited.param:5:*}" ]
    assert [ -z "${stderr##*z*}" ]
}

@test "edited text: a kernel size that contradicts the weight is refused by every program, with line and column" {
    small
    sed 's/kernel_size=(3,3)/kernel_size=(5,5)/; s/padding=(1,1)/padding=(2,2)/' in.param >edited.param
    column=$(sed -n 4p edited.param | awk '{ print index($0, "@weight") }')
    for tool in $FILTERS pnnx2ncnn; do
        refuses 3 "$tool" edited.param in.bin out.param out.bin
        assert_equal "$stderr" "$tool: edited.param:4:$column: nn.Conv2d 'conv': weight has the shape (4,3,3,3), but the parameters ask for (4,3,5,5): out_channels in_channels/groups kernel_size"
    done
    refuses 3 pnnx2py edited.param in.bin out.py
}

@test "edited text: a kernel size that fits its weight is accepted" {
    small
    sed 's/kernel_size=(3,3)/kernel_size=(1,1)/; s/padding=(1,1)/padding=(0,0)/; s/(4,3,3,3)/(4,3,1,1)/' in.param >edited.param
    "$PYTHON" "$ROOT/test/weights.py" edited.param edited.bin
    run -0 pnnx2ncnn edited.param edited.bin out.param out.bin
}

@test "edited text: a parameter that is not closed is refused with line and column" {
    small
    sed 's/kernel_size=(3,3)/kernel_size=(3,/' in.param >edited.param
    for tool in $FILTERS; do
        refuses 3 "$tool" edited.param in.bin out.param out.bin
        assert [ -z "${stderr##*$tool: edited.param:4:*}" ]
    done
}

@test "damage: a text cut anywhere is refused, and so is its stream" {
    small
    size=$(wc -c <in.param)
    for n in 0 1 7 9 11 100 200 400 $((size - 40)) $((size - 5)); do
        head -c "$n" in.param >cut.param
        refuses 3 pnnxopt cut.param in.bin out.param out.bin
        cat cut.param in.bin >cut
        run -3 pnnxopt - - out.param out.bin <cut
    done
    assert [ ! -e out.param ]
}

@test "damage: weights cut anywhere are refused" {
    small
    size=$(wc -c <in.bin)
    for n in 0 1 20 $((size / 2)) $((size - 30)) $((size - 1)); do
        head -c "$n" in.bin >cut.bin
        refuses 3 pnnxopt in.param cut.bin out.param out.bin
    done
    assert [ ! -e out.param ]
}

@test "damage: a flipped weight is noticed by every program that copies it" {
    small
    "$PYTHON" - <<'END'
data = bytearray(open('in.bin', 'rb').read())
at = data.index(b'conv.weight') + 100
data[at] ^= 4
open('flipped.bin', 'wb').write(data)
END
    for tool in $FILTERS pnnx2ncnn; do
        refuses 3 "$tool" in.param flipped.bin out.param out.bin
        assert [ -z "${stderr##*conv.weight*}" ]
    done
    assert [ ! -e out.param ]
}

@test "pnnx2ncnn: three unsupported operators are reported in one go, each with name and shape" {
    cat >in.param <<'END'
7767517
6 5
pnnx.Input   in      0 1 x #x=(1,3,8,8)f32
F.relu       relu    1 1 x a #x=(1,3,8,8)f32 #a=(1,3,8,8)f32
torch.nan_to_num encoder.0.first   1 1 a b #a=(1,3,8,8)f32 #b=(1,3,8,8)f32
torch.matrix_exp encoder.1.second  1 1 b c #b=(1,3,8,8)f32 #c=(1,3,8,8)f32
my.thing     encoder.2.third   1 1 c d #c=(1,3,8,8)f32 #d=(1,3,8,8)f32
pnnx.Output  out     1 0 d #d=(1,3,8,8)f32
END
    weights in
    refuses 1 pnnx2ncnn in.param in.bin out.param out.bin
    for fact in in.param:5: in.param:6: in.param:7: torch.nan_to_num torch.matrix_exp my.thing encoder.0.first encoder.1.second encoder.2.third '(1,3,8,8)f32' 3; do
        assert [ -z "${stderr##*"$fact"*}" ]
    done
    assert [ ! -e out.param ]
    assert [ ! -e out.bin ]
}
