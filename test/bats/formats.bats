# The PNNX text, the zip and the stream, through a program that only reads and writes (test/programs/roundtrip.c).
load helpers

roundtrip() { "$BUILD/test/roundtrip" "$@"; }

# lines NAME: makes NAME.param of the operator lines on standard input (the counts are taken from them), and NAME.bin.
lines() {
    cat >"$1.lines"
    {
        echo 7767517
        awk 'NF > 0 { operators++; operands += $4 } END { print operators + 0, operands + 0 }' "$1.lines"
        cat "$1.lines"
    } >"$1.param"
    weights "$1"
}

# keeps: the lines on standard input come out as they went in, from files and from a stream.
keeps() {
    lines in
    run -0 roundtrip in.param in.bin out.param out.bin
    assert_output ""
    same_text in.param out.param
    roundtrip out.param out.bin >stream
    roundtrip <stream >again
    same_bytes stream again
}

# becomes TEXT: the lines on standard input come out as TEXT.
becomes() {
    lines in
    run -0 roundtrip in.param in.bin out.param out.bin
    assert_equal "$(tail -n +3 out.param)" "$1"
}

# malformed WHERE-AND-WHAT: in.param is refused with this message, and nothing is written.
malformed() {
    refuses 3 "$BUILD/test/roundtrip" in.param in.bin out.param out.bin
    assert_equal "$stderr" "roundtrip: $1"
    assert [ ! -e out.param ]
    assert [ ! -e out.bin ]
}

# The files in test/models whose names begin with upstream- were written by the existing converter.
@test "formats: files of the existing converter at every optlevel come out as they went in" {
    for file in "$ROOT"/test/models/upstream-*.param; do
        cp "$file" in.param
        weights in
        run -0 roundtrip in.param in.bin out.param out.bin
        assert_output ""
        same_text in.param out.param
    done
}

@test "formats: the example of pnnx(5) is a model" {
    sed -n '/^7767517/,/^\.ft/{/^\.ft/!p}' "$ROOT/man/pnnx.5" >in.param
    weights in
    run -0 roundtrip in.param in.bin out.param out.bin
    assert_output ""
    same_text in.param out.param
}

@test "formats: every kind of value comes out as it went in" {
    keeps <<'END'
pnnx.Input               in                       0 1 x #x=(1,3,?,%h)f32
custom.Op                op                       1 1 x y a=None b=True c=False d=1 e=-9223372036854775808 f=0.1 g=1.000000e-5 h=3.0 i=inf j=-inf k=nan l=bilinear m=torch.float n=() o=(1) p=(1,2.5,None,True,text) q=(a,b) r=1.0+2.0j s=1.0-2.0j t=(1.0+0.0j,2.5-1.000000e-8j) u=%32d v=%4Eone w=a%20b x=(a%2Cb,%00) y= z=((1,2),(3)) #x=(1,3,?,%h)f32
END
}

@test "formats: spellings that the writer would not choose come out as they went in" {
    keeps <<'END'
pnnx.Input               in                       0 1 x
custom.Op                op                       1 1 x y a=[1,2] b=1E5 c=+1 d=1.000000e+00+-2.000000e+00j e=nan.0 f=(1,) g=007 h=1.50 i=2d j=3x3 k=50% l=[] m=0x10 n=(1,[2,3],x) o=a b  c p=(1, 2) q=.5 r=1e400 s=123456789012345678901234567890 t=(2d,%41)
END
}

@test "formats: values are what they look like as a whole" {
    run -0 "$BUILD/test/values" None True 1 -1 +1 0x1F 1. .5 1E5 1e-5 inf -inf nan nan.0 1+2j 1.5+-2j -1-2.5e3j 2j \
        2d 3x3 1.2.3 - '' 1e inf1 True1 '()' '[]' '(1)' '(1,)' '[1,2.0]' '(a, b)' '(2d,,None)' '(1' a,b %32d %25 %2 50% \
        torch.float bij,jk '(f(a,b),c)' 99999999999999999999 j 1+j @0 a=b
    assert_output 'none None
bool True
int 1
int -1
int 1
int 31
float 1.0
float 0.5
float 100000.0
float 1.000000e-5
float inf
float -inf
float nan
float nan
complex 1.0+2.0j
complex 1.5-2.0j
complex -1.0-2500.0j
complex 0.0+2.0j
string %32d
string %33x3
string %31.2.3
string -
string 
string %31e
string inf1
string True1
list ()
list ()
list (1)
list (1)
list (1,2.0)
list (a,b)
list (%32d,%00,None)
string %281
string a,b
string %32d
string %25
string %252
string 50%25
string torch.float
string bij,jk
list (f%28a%2Cb%29,c)
string %399999999999999999999
string j
string %31+j
string @0
string a%3Db'
}

@test "formats: floats have upstream's layout, with the digits of a double" {
    run -0 "$BUILD/test/values" 0.0 -0.0 1.0 0.1 0.0001 0.00001 0.000123456789012345678 0.0123456789012345678 \
        123456.789 999999.0 1000000.0 16777216.0 1e10 1e22 3.4028234663852886e38 1e-12 5e-324 2.5e-310 \
        1.7976931348623157e308 0.3333333333333333 0.1234567890123456789 1e400 1e-400
    assert_output 'float 0.0
float -0.0
float 1.0
float 0.1
float 0.0001
float 1.000000e-5
float 1.2345678901234567e-4
float 1.2345678901234568e-2
float 123456.789
float 999999.0
float 1.000000e6
float 1.6777216e7
float 1.000000e10
float 1.000000e22
float 3.4028234663852886e38
float 1.000000e-12
float 5.000000e-324
float 2.500000e-310
float 1.7976931348623157e308
float 0.3333333333333333
float 0.12345678901234568
float inf
float 0.0'
}

@test "formats: floats have the shortest digits that read back" {
    "$PYTHON" - "$BUILD/test/values" <<'END'
import random, re, struct, subprocess, sys
random.seed(1)
numbers = [struct.unpack('<d', random.randbytes(8))[0] for _ in range(20000)]
numbers += [random.choice([1, -1]) * random.uniform(1, 10) * 10.0 ** random.randint(-8, 8) for _ in range(20000)]
numbers += [round(random.uniform(-1000, 1000), random.randint(0, 8)) for _ in range(20000)]
numbers = [x for x in numbers if x == x and abs(x) != float('inf')]
text = ''.join(repr(x) + '\n' for x in numbers)
lines = subprocess.run(sys.argv[1], input=text, capture_output=True, text=True, check=True).stdout.splitlines()
digits = lambda s: re.sub(r'e.*|\D', '', s).strip('0')
assert len(lines) == len(numbers)
for x, line in zip(numbers, lines):
    kind, got = line.split()
    assert kind == 'float' and float(got) == x and digits(got) == digits(repr(x)), (repr(x), line)
END
}

@test "formats: the ends of the 64-bit range are written as upstream's, where they were not read" {
    run -0 "$BUILD/test/values" -9223372036854775807 9223372036854775806 9223372036854775805
    assert_output "int -2147483647
int 2147483646
int 9223372036854775805"
}

@test "formats: expr, indexes and equation are kept as text, whatever they look like" {
    keeps <<'END'
pnnx.Input               in                       0 1 x
pnnx.Expression          a                        0 1 a expr=2
pnnx.Expression          b                        0 1 b expr=None
pnnx.Expression          c                        1 1 x c expr=[size(@0,0),-1,[1.50,2]]
pnnx.Expression          d                        0 1 d expr=b i j, b k j -> b i k
pnnx.Expression          e                        1 1 x e expr=add(@0,%41)
torch.einsum             f                        2 1 x c f equation=ij,jk->ik
torch.einsum             g                        2 1 x c g equation=b%20i%20j,bjk->bik
pnnx.SliceIndexes        h                        1 1 a h indexes=(0,@0)
END
}

@test "formats: shapes with unknown and named sizes come out as they went in" {
    keeps <<'END'
pnnx.Input               in                       0 1 x #x=(?,%h,%2*h+1,7)f16
nn.ReLU                  r                        1 1 x y #x=(?,%h,%2*h+1,7)f16 #y=(0)bool
END
}

@test "formats: inputs keep their keys and their order" {
    keeps <<'END'
pnnx.Input               in                       0 1 x
pnnx.Input               in2                      0 1 m
nn.Conv2d                c                        1 1 x a bias=False dilation=(1,1) groups=1 in_channels=3 kernel_size=(3,3) out_channels=8 padding=(1,1) padding_mode=zeros stride=(1,1) @weight=(8,3,3,3)f32 $input=x
nn.MultiheadAttention    t                        2 1 a m b embed_dim=8 num_heads=2 $attn_mask=m
torch.cat                k                        3 1 a b m d $dim=m
torch.cat                l                        2 1 a m e $tensors=a $dim=m
F.linear                 n                        3 1 x x x f $input=x $weight=x $bias=x
custom.Op                o                        3 1 x a x g $arg_1=a $arg_2=x
aten::hann_window        p                        5 1 x x x x x h
pnnx.Expression          q                        1 1 x i expr=@0 $input=x
END
}

@test "formats: a shared weight that is an input of a module besides is read as nothing, and written again" {
    keeps <<'END'
pnnx.Attribute           e                        0 1 w @data=(5,3)f32
pnnx.Input               in                       0 1 x
nn.Linear                l                        2 1 w x y bias=False in_features=3 out_features=5 @weight=(5,3)f32
END
    run -0 roundtrip --anew in.param in.bin out.param out.bin
    assert_equal "$(tail -n 1 out.param)" 'nn.Linear                l                        1 1 x y bias=False in_features=3 out_features=5 @weight=(5,3)f32'
}

@test "formats: one operand under two keys is bound twice" {
    lines in <<'END'
pnnx.Input               in                       0 1 x
torch.sub                s                        2 1 x x y $other=x
END
    run -0 roundtrip --anew in.param in.bin out.param out.bin
    assert_equal "$(tail -n 1 out.param)" 'torch.sub                s                        2 1 x x y $input=x $other=x'
}

@test "formats: names and keys that the format cannot carry are percent-encoded" {
    keeps <<'END'
pnnx.Input               in%20put                 0 1 x%3D1
my%20Op                  %00                      1 1 x%3D1 y%25 %23key=1 a%3Db=2 @w%20%3D=(2)f32
END
    run -0 "$PYTHON" -c "import zipfile; print(zipfile.ZipFile('out.bin').namelist())"
    assert_output "['%00.w%20%3D']"
}

@test "formats: attributes without dimensions are marked, others keep shape and order" {
    keeps <<'END'
pnnx.Attribute           s                        0 1 x 0d=(data) @data=(1)i64
pnnx.Attribute           t                        0 1 y @data=(1)i64 #y=(1)i64
my.Box                   u                        0 1 z 0d=(a,b.c) @a=(1)f32 @b.c=(1)bool @d=()null @e=(0,4)f64
END
}

@test "formats: operators of one name have their weights in the order of the archive" {
    printf '7767517\n2 2\npnnx.Attribute a 0 1 x @data=(2)u8\npnnx.Attribute a 0 1 y @data=(3)u8\n' >in.param
    "$PYTHON" -W ignore -c "
import zipfile
with zipfile.ZipFile('in.bin', 'w') as z: z.writestr('a.data', b'12'); z.writestr('a.data', b'345')"
    roundtrip in.param in.bin out.param out.bin
    run -0 "$PYTHON" -c "
import zipfile
z = zipfile.ZipFile('out.bin'); print([z.read(i) for i in z.infolist()])"
    assert_output "[b'12', b'345']"
}

@test "formats: blanks, tabs, empty lines and carriage returns in an edited text are accepted" {
    printf '7767517 \r\n 3\t2\r\n\npnnx.Input in 0 1 x  #x=(1, 3)f32\nnn.Softmax\ts 1 1 x y   dim=1 \n\n pnnx.Output out 1 0 y\n\n' >in.param
    weights in
    run -0 roundtrip in.param in.bin out.param out.bin
    assert_equal "$(cat out.param)" '7767517
3 2
pnnx.Input               in                       0 1 x #x=(1,3)f32
nn.Softmax               s                        1 1 x y dim=1 #x=(1,3)f32
pnnx.Output              out                      1 0 y'
}

@test "formats: parameters and attributes are written in the order of their keys" {
    becomes 'my.Op                    op                       0 1 x a=1 b=2 @c=(1)f32 @d=(1)f32' <<'END'
my.Op op 0 1 x b=2 @d=(1)f32 a=1 @c=(1)f32
END
}

@test "formats: a number has no shape in the text, as an input its type" {
    becomes 'pnnx.Input               in                       0 1 x 0d=i64' <<'END'
pnnx.Input in 0 1 x #x=()i64
END
    becomes 'my.Op                    op                       0 1 x' <<'END'
my.Op op 0 1 x #x=()i64
END
    keeps <<'END'
pnnx.Input               in                       0 1 x 0d=f16
my.Op                    op                       1 1 x y 0d=f16
END
}

# ---- malformed text ----

@test "formats: a text without the first line, the counts or operators is refused" {
    weights_of_nothing() { printf '7767517\n0 0\n' >none.param && weights none && mv none.bin in.bin; }
    weights_of_nothing
    printf '' >in.param
    malformed "in.param: an empty file: expected '7767517'"
    printf '7767518\n1 1\n' >in.param
    malformed "in.param:1:1: '7767518' is not the first line of a PNNX file: expected '7767517'"
    printf '7767517\n' >in.param
    malformed "in.param:2:1: the file ends before the numbers of operators and operands"
    printf '7767517\n1\n' >in.param
    malformed "in.param:2:1: expected two numbers: of operators and of operands"
    printf '7767517\n1 x\n' >in.param
    malformed "in.param:2:3: 'x' is no number of operands"
}

@test "formats: counts of 0 mean that nobody has counted" {
    lines in <<'END'
pnnx.Input               in                       0 1 x
nn.ReLU                  r                        1 1 x y
pnnx.Output              out                      1 0 y
END
    sed '2s/.*/0 0/' in.param >edited.param
    run -0 roundtrip edited.param in.bin out.param out.bin
    assert_output ""
    same_text in.param out.param
    cat edited.param in.bin >edited.pnnx
    roundtrip <edited.pnnx | head -c "$(wc -c <in.param)" | cmp in.param
}

# noted LINE NOTE: this line, behind an input `x`, is read, with this note
noted() {
    lines in <<<"pnnx.Input in 0 1 x #x=(1,3)f32
$1"
    run -0 --separate-stderr roundtrip in.param in.bin out.param out.bin
    assert_equal "$stderr" "${2:+roundtrip: in.param:4:$2}"
}

@test "formats: what an edit left behind, and slips in types and keys, are noted" {
    noted 'nn.ReLU r 1 1 x y #z=(1)f32 #y=(1,3)f32' "19: '#z=(1)f32' is the shape of no operand of this operator, and is left out"
    assert_equal "$(grep -o '#.*' out.param | tail -1)" '#x=(1,3)f32 #y=(1,3)f32'
    noted 'F.rellu r 1 1 x y' "1: unknown operator 'F.rellu' (did you mean 'F.relu'?)"
    noted 'nn.Softamx r 1 1 x y dim=1' "1: unknown operator 'nn.Softamx' (did you mean 'nn.Softmax'?)"
    noted 'torch.cumprod r 1 1 x y dmi=1' "1: torch.cumprod 'r' has no argument 'dmi' (did you mean 'dim'?)"
    noted 'F.softmax r 1 1 x y dim=1 dytpe=None' "1: F.softmax 'r' has no argument 'dytpe' (did you mean 'dtype'?)"
    noted 'F.relu r 1 1 x y mine=1' ''
    noted 'models.Relu r 1 1 x y' ''
    noted 'nn.SomethingNew r 1 1 x y' ''
}

@test "formats: names exchanged, and an ncnn model, are called by what they are" {
    lines in <<<"pnnx.Input in 0 1 x
$conv_line"
    cp in.param text.param
    cp in.bin weights.bin
    refuses 3 "$BUILD/test/roundtrip" weights.bin text.param out.param out.bin
    assert_equal "$stderr" "roundtrip: weights.bin: an archive of weights: the text comes first, then the weights"
    printf '7767517\n2 2\nInput in0 0 1 in0\nReLU r 1 1 in0 out0 0=0.1\n' >in.param
    malformed "in.param:3:1: an ncnn model (its layers begin with Input): expected the PNNX model that it was made of"
}

@test "formats: a wrong count is refused with the right one" {
    lines in <<'END'
pnnx.Input               in                       0 1 x
nn.ReLU                  r                        1 1 x y
pnnx.Output              out                      1 0 y
END
    sed -i '2s/.*/4 2/' in.param
    malformed "in.param:2:1: the file has 3 operators: expected '3' here, not '4'"
    sed -i '2s/.*/2 2/' in.param
    malformed "in.param:2:1: the file has 3 operators: expected '3' here, not '2'"
    sed -i '2s/.*/3 7/' in.param
    malformed "in.param:2:3: the file has 2 operands: expected '2' here, not '7'"
    sed -i '2s/.*/3 2/; 4s/1 1/2 1/' in.param
    malformed "in.param:4:51: the line has 2 operands: expected inputs and outputs that add up to it, not '2 1'"
    sed -i '4s/2 1/1/' in.param
    malformed "in.param:4:53: 'x' is no number of outputs"
}

@test "formats: a wrong count in a stream is refused with the right one" {
    lines in <<'END'
pnnx.Attribute           a                        0 1 x @data=(2)f32
pnnx.Output              out                      1 0 x
END
    roundtrip in.param in.bin >good
    for count in 1 3; do
        sed "2s/.*/$count 1/" good >bad
        refuses 3 "$BUILD/test/roundtrip" - - out.param out.bin <bad
        assert_equal "$stderr" "roundtrip: -:2:1: the file has 2 operators: expected '2' here, not '$count'"
    done
}

@test "formats: operands that are unknown, or produced twice, are refused" {
    lines in <<'END'
pnnx.Input               in                       0 1 x
nn.ReLU                  r                        1 1 z y
END
    malformed "in.param:4:55: the operand 'z' is not produced by any operator before"
    sed -i '4s/z y/x x/' in.param
    malformed "in.param:4:57: the operand 'x' is produced a second time: an earlier operator has it"
}

# refused LINE WHERE-AND-WHAT: this line, behind an input `x`, is refused.
refused() {
    lines in <<<"pnnx.Input in 0 1 x #x=(1,3)f32
$1"
    malformed "in.param:4:$2"
}

@test "formats: malformed operator lines are refused with line and column" {
    refused 'nn.ReLU r 1' "1: expected an operator: its type, its name, the numbers of its inputs and outputs"
    refused 'nn.ReLU r 1 1 x y kernel_size=(3, stride=1' "19: 'kernel_size=(3,' is not closed: expected a value or ')'"
    refused 'nn.ReLU r 1 1 x y a=1 b=2 a=3' "27: the parameter 'a' is given twice"
    refused 'nn.ReLU r 1 1 x y =1' "19: '=1' is no parameter: expected key=value"
    refused 'nn.ReLU r 1 1 x y @w=(1)f32 @w=(1)f32' "29: the attribute 'w' is given twice"
    refused 'nn.ReLU r 1 1 x y $other=z' "19: '\$other=z' names an operand that is no input of this operator"
    refused 'nn.ReLU r 1 1 x y $a=x $b=x' "19: '\$a=x' names an operand that is no input without a key"
    refused 'nn.ReLU r 1 1 x y #x=(1,4)f32' "19: '#x=(1,4)f32' contradicts an earlier shape of this operand"
    refused 'pnnx.Output o 2 0 x x' "15: a pnnx.Output is one result: each has a line of its own"
    refused 'nn.ReLU r 3 1 x x x y' "11: nn.ReLU 'r' has more inputs than nn.ReLU takes"
    refused 'torch.neg r 1 1 x y input=1 $input=x' "1: torch.neg 'r' has its argument 'input' twice"
}

@test "formats: malformed shapes are refused with line and column" {
    refused 'nn.ReLU r 1 1 x y #y=1,2' "19: '#y=1,2' is no shape: expected one such as (1,3,?)f32"
    refused 'nn.ReLU r 1 1 x y #y=(1,2' "19: '#y=(1,2' is no shape: expected one such as (1,3,?)f32"
    refused 'nn.ReLU r 1 1 x y #y=(1,2)' "27: '#y=(1,2)' ends in no known type: expected f32, i64, ... behind ')'"
    refused 'nn.ReLU r 1 1 x y #y=(1,2)f33' "27: '#y=(1,2)f33' ends in no known type: expected f32, i64, ... behind ')'"
    refused 'nn.ReLU r 1 1 x y #y=(1,-2)f32' "25: '-2' in '#y=(1,-2)f32' is no size: expected an integer, '?' or a named size such as '%h'"
    refused 'nn.ReLU r 1 1 x y #y=(1,)f32' "25: '#y=(1,)f32' has a comma too many"
    refused 'nn.ReLU r 1 1 x y @w=(1,?)f32' "25: '?' in '@w=(1,?)f32' is no size: expected an integer"
    refused 'nn.ReLU r 1 1 x y #y=(99999999999999999999)f32' "23: '99999999999999999999' in '#y=(99999999999999999999)f32' is no size: expected an integer, '?' or a named size such as '%h'"
}

@test "formats: a zero byte in the text is refused" {
    printf '7767517\n1 1\npnnx.Input a\0b 0 1 x\n' >in.param
    lines none <<<""
    mv none.bin in.bin
    malformed "in.param:3:13: a zero byte: this is no PNNX text"
}

# ---- weights ----

conv_line='nn.Linear l 1 1 x y bias=False in_features=3 out_features=2 @weight=(2,3)f32'

@test "formats: a flipped weight is noticed" {
    lines in <<<"pnnx.Input in 0 1 x
$conv_line"
    "$PYTHON" - <<'END'
import zipfile
info = zipfile.ZipFile('in.bin').infolist()[0]
data = bytearray(open('in.bin', 'rb').read())
at = data.index(b'l.weight') + len('l.weight') + int.from_bytes(data[28:30], 'little')
data[at + 5] ^= 1
open('in.bin', 'wb').write(data)
END
    malformed "in.param:4:61: 'l.weight' in 'in.bin' is damaged: its checksum differs"
}

@test "formats: weights that are missing, or of another size than their shape, are refused" {
    lines in <<<"pnnx.Input in 0 1 x
$conv_line"
    sed -i 's/@weight=(2,3)/@weight=(2,4)/' in.param
    malformed "in.param:4:61: 'l.weight' has 24 bytes in 'in.bin', which is not the size of its shape"
    sed -i 's/@weight=(2,4)/@weights=(2,3)/' in.param
    malformed "in.param:4:61: 'l.weights' is not in 'in.bin'"
    sed -i 's/@weights=/@weight=/; s/ l / m /' in.param
    malformed "in.param:4:61: 'm.weight' is not in 'in.bin', whose members have the names of their operators (did you mean 'l.weight'?)"
    sed -i 's/ m / l /; s/@weight=/@weights=/' in.param
    sed -i 's/@weights=(2,3)/@weight=(9223372036854775807,9223372036854775807)/' in.param
    malformed "in.param:4:61: 'l.weight' has 24 bytes in 'in.bin', which is not the size of its shape"
}

@test "formats: compressed weights are refused" {
    lines in <<<"$(printf '%s\n' 'pnnx.Input in 0 1 x' "$conv_line")"
    "$PYTHON" -c "
import zipfile
with zipfile.ZipFile('in.bin', 'w', zipfile.ZIP_DEFLATED) as z: z.writestr('l.weight', bytes(24))"
    malformed "in.param:4:61: 'l.weight' in 'in.bin' is compressed: weights are stored"
}

@test "formats: a cut or empty archive is refused when weights are in it" {
    lines in <<<"pnnx.Input in 0 1 x
$conv_line"
    truncate -s -1 in.bin
    malformed "in.bin: the zip archive is damaged: it has no end record (is the file cut off?)"
    truncate -s 10 in.bin
    malformed "in.bin: the zip archive is damaged: it is too short"
    : >in.bin
    malformed "in.param:4:61: 'l.weight' is not in 'in.bin'"
}

@test "formats: weights are aligned, and other zip programs read the archive" {
    lines in <<'END'
my.Op                    op                       0 1 x @a=(3)u8 @b=(100)f32 @c.d=(0)f32 @ä=(2,2)f64
END
    roundtrip in.param in.bin out.param out.bin
    roundtrip in.param in.bin >stream
    for file in out.bin stream; do
        run -0 "$PYTHON" - "$file" <<'END'
import sys, zipfile
z, data = zipfile.ZipFile(sys.argv[1]), open(sys.argv[1], 'rb').read()
assert z.testzip() is None
for i in z.infolist():
    at = i.header_offset
    at += 30 + int.from_bytes(data[at + 26:at + 28], 'little') + int.from_bytes(data[at + 28:at + 30], 'little')
    assert at % 64 == 0, i
    print(i.filename, i.file_size)
END
        assert_output "op.a 3
op.b 400
op.c.d 0
op.ä 32"
        if command -v unzip >/dev/null; then
            run -0 unzip -tq "$file"
        fi
    done
}

@test "formats: in a stream offsets may count from its start or from the archive's" {
    lines in <<<"$conv_line"
    sed -i 's/1 1 x y/0 1 y/; 2s/.*/1 1/' in.param
    roundtrip in.param in.bin out.param out.bin
    cat out.param out.bin >stream
    roundtrip - - again.param again.bin <stream
    same_bytes out.param again.param
    same_bytes out.bin again.bin
    tail -n +2 stream | { printf '7767517\n'; cat; } | roundtrip - - again.param again.bin
    same_bytes out.bin again.bin
}

@test "formats: a stream is read from a file, also from the middle of one, and from a pipe" {
    lines in <<<"my.Op op 0 1 y @w=(600000)f32"
    roundtrip in.param in.bin >stream
    { echo first; cat stream; } >longer
    { read -r _; roundtrip - - a.param a.bin; } <longer
    same_bytes in.lines <(tail -n +3 a.param | tr -s ' ')
    cat stream | roundtrip - - b.param b.bin
    same_bytes a.bin b.bin
    roundtrip in.param in.bin c.param c.bin
    same_bytes a.bin c.bin
    TMPDIR=/nonexistent refuses 4 "$BUILD/test/roundtrip" - - d.param d.bin < <(cat stream)
    assert_equal "$stderr" "roundtrip: cannot keep the input in '/nonexistent': No such file or directory (TMPDIR names another place)"
}

# ---- outputs ----

small() { lines in <<<"my.Op op 0 1 y @w=(2)f32"; }

@test "formats: files are replaced whole, with the modes that the umask gives" {
    small
    echo old >out.bin
    chmod 600 out.bin
    (umask 027 && roundtrip in.param in.bin out.param out.bin)
    assert_equal "$(stat -c %a out.param out.bin | tr '\n' ' ')" "640 640 "
    roundtrip out.param out.bin out.param out.bin
    roundtrip in.param in.bin again.param again.bin
    same_bytes again.bin out.bin
    assert_equal "$(ls -A | grep -c '^\.pnnx')" 0
}

@test "formats: a link stays a link, its file is replaced" {
    small
    mkdir elsewhere
    echo old >elsewhere/real.bin
    ln -s elsewhere/real.bin out.bin
    roundtrip in.param in.bin out.param out.bin
    assert [ -L out.bin ]
    assert_equal "$(head -c 2 elsewhere/real.bin)" PK
}

@test "formats: a full disk, a closed pipe and a folder that is not there end with 4 and leave nothing" {
    small
    refuses 4 "$BUILD/test/roundtrip" in.param in.bin out.param /dev/full
    assert_equal "$stderr" "roundtrip: cannot write '/dev/full': No space left on device; nothing was written"
    assert [ ! -e out.param ]
    refuses 4 "$BUILD/test/roundtrip" in.param in.bin /dev/full out.bin
    assert [ ! -e out.bin ]
    run -4 bash -c "'$BUILD/test/roundtrip' in.param in.bin >/dev/full"
    assert_output "roundtrip: cannot write standard output: No space left on device"
    lines large <<<"my.Op op 0 1 y @w=(100000)f32"
    run bash -c "'$BUILD/test/roundtrip' large.param large.bin | true; exit \${PIPESTATUS[0]}"
    assert_equal "$status" 4
    assert_output "" # who closed the pipe knows
    refuses 4 "$BUILD/test/roundtrip" in.param in.bin none/out.param none/out.bin
    assert_equal "$stderr" "roundtrip: cannot write 'none/out.bin': No such file or directory; nothing was written"
    refuses 4 "$BUILD/test/roundtrip" in.param in.bin out.param .
    assert_equal "$stderr" "roundtrip: cannot write '.': Is a directory; nothing was written"
    assert_equal "$(ls -A | grep -c -e '^\.pnnx' -e '^out')" 0
}

@test "formats: wherever writing fails, nothing is left" {
    lines in <<<"my.Op op 0 1 y @v=(3)f32 @w=(100000)f32"
    roundtrip in.param in.bin want.param want.bin
    for kib in 0 1 2 100 300 390; do
        got=0
        message=$(ulimit -f $kib && roundtrip in.param in.bin out.param out.bin 2>&1) || got=$?
        assert_equal "$got $message" "4 roundtrip: cannot write 'out.bin': File too large; nothing was written"
        assert_equal "$(ls -A | grep -c -e '^\.pnnx' -e '^out')" 0
    done
    (ulimit -f 400 && roundtrip in.param in.bin out.param out.bin)
    same_bytes want.bin out.bin
}

@test "formats: an input that is missing or a folder ends with 4" {
    refuses 4 "$BUILD/test/roundtrip" none.param none.bin
    assert_equal "$stderr" "roundtrip: cannot read 'none.param': No such file or directory"
    refuses 4 "$BUILD/test/roundtrip" . none.bin
    assert_equal "$stderr" "roundtrip: cannot read '.': Is a directory"
}

@test "formats: one name for both outputs is wrong usage" {
    small
    ln -s . here
    refuses 2 "$BUILD/test/roundtrip" in.param in.bin out ./out
    refuses 2 "$BUILD/test/roundtrip" in.param in.bin out here/out
    assert_equal "$stderr" "roundtrip: 'out' and 'here/out' are the same file: outputs need different names"
    assert [ ! -e out ]
    roundtrip in.param in.bin /dev/null /dev/null
}

@test "formats: a signal removes the temporary files" {
    small
    mkfifo pipe
    "$BUILD/test/roundtrip" in.param in.bin pipe out.bin & # waits for a reader of the pipe
    for _ in $(seq 100); do
        compgen -G '.pnnx-*' >/dev/null && break
        sleep 0.05
    done
    assert [ -n "$(compgen -G '.pnnx-*')" ]
    kill -TERM $!
    wait $! || true
    assert_equal "$(ls -A | grep -c -e '^\.pnnx' -e '^out')" 0
}

@test "formats: with link an unchanged .bin is another name of the input's" {
    lines first <<<"my.Op op 0 1 y @w=(200000)f32 @v=(2)f32"
    roundtrip first.param first.bin in.param in.bin
    roundtrip link=1 in.param in.bin out.param out.bin
    assert [ in.bin -ef out.bin ]
    roundtrip link=1 out.param out.bin out.param out.bin # in place
    assert [ in.bin -ef out.bin ]
    roundtrip in.param in.bin out.param out.bin
    refute [ in.bin -ef out.bin ]
    same_bytes in.bin out.bin
    roundtrip link=1 first.param first.bin out.param out.bin # not aligned: other bytes
    same_bytes in.bin out.bin
    refute [ in.bin -ef out.bin ]
    sed -i 's/ op / other /; s/my.Op   /my.Op/' in.param
    refuses 3 "$BUILD/test/roundtrip" link=1 in.param in.bin out.param out.bin
    assert_equal "$(ls -A | grep -c '^\.pnnx')" 0
}

@test "formats: a FIFO is written through" {
    small
    mkfifo pipe
    cat pipe >got &
    roundtrip in.param in.bin pipe out.bin
    wait
    roundtrip in.param in.bin out.param out.bin
    same_bytes out.param got
    assert [ -p pipe ]
}

# ---- NumPy files ----

@test "formats: NumPy arrays of every type, order and byte order are read and written" {
    "$PYTHON" - "$BUILD/test/npy" <<'END'
import subprocess, sys
import numpy as np
r = np.random.default_rng(0)
for code in ['f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', '?', 'c8', 'c16']:
    for shape in [(), (0,), (1,), (7,), (2, 3), (3, 1, 4), (2, 0, 3), (2, 3, 4, 5)]:
        for order in 'CF':
            for end in '<>':
                a = (r.random(shape) * 100).astype(np.dtype(code).newbyteorder(end), order=order)
                with open('in.npy', 'wb') as f:
                    np.lib.format.write_array(f, a, version=[(1, 0), (2, 0), (3, 0)][len(shape) % 3])
                subprocess.run([sys.argv[1], 'in.npy', 'out.npy'], check=True)
                b = np.load('out.npy')
                assert b.shape == a.shape and b.dtype == np.dtype(code) and (a == b).all(), (code, shape, order, end)
np.save('same.npy', a.astype('f4', order='C'))
subprocess.run([sys.argv[1], 'same.npy', 'out.npy'], check=True)
assert open('same.npy', 'rb').read() == open('out.npy', 'rb').read()
END
}

@test "formats: damaged NumPy files, and elements that PNNX does not have, are refused" {
    "$PYTHON" -c "
import numpy as np
np.save('good.npy', np.arange(6.).reshape(2, 3)); np.save('text.npy', np.array(['a'])); np.save('u4.npy', np.arange(3, dtype='u4'))"
    refuses 3 "$BUILD/test/npy" text.npy out.npy
    assert_equal "$stderr" "npy: text.npy: not a NumPy array file: its elements are of a type that PNNX does not have"
    refuses 3 "$BUILD/test/npy" u4.npy out.npy
    for size in 0 5 9 10 11 50 127 128 175; do
        head -c $size good.npy >cut.npy
        refuses 3 "$BUILD/test/npy" cut.npy out.npy
    done
    sed 's/(2, 3)/(9999999999, 9999999999)/' good.npy >large.npy
    refuses 3 "$BUILD/test/npy" large.npy out.npy
    assert [ ! -e out.npy ]
}

# ---- other readers ----

@test "formats: Netron's parser finds every operator and every weight" {
    scripts=$("$PYTHON" -c "import netron, os; print(os.path.dirname(netron.__file__))") || skip "no netron"
    command -v node >/dev/null || skip "no node to run it"
    mkdir netron
    cp "$scripts"/*.js "$scripts"/*metadata.json netron
    echo '{"type": "module"}' >netron/package.json # or node takes them for another kind of script
    for file in "$ROOT"/test/models/upstream-*.param; do
        cp "$file" in.param
        weights in
        roundtrip --anew in.param in.bin out.pnnx.param out.pnnx.bin
        operators=$(sed -n '2s/ .*//p' in.param)
        [ "$operators" = "$(tail -n +3 out.pnnx.param | wc -l)" ]
        weights=$(grep -o ' @' in.param | wc -l)
        run -0 node "$ROOT/test/netron.mjs" netron out.pnnx.param
        assert_output --regexp "^PNNX [0-9]+ $weights $weights\$"
    done
    lines odd <<'END'
pnnx.Input               in                       0 1 x
my%20Op                  %00                      0 1 y%25 %23key=1 a=x%3Dy b=a%20b c=(a%2Cb,%00) 0d=(v%20w) @v%20w=(1)f32 #y%25=(?,%h)f32
END
    roundtrip odd.param odd.bin out.pnnx.param out.pnnx.bin
    run -0 node "$ROOT/test/netron.mjs" netron out.pnnx.param
    assert_output "PNNX 1 1 1"
}

# The existing converter reads an archive only where it folds constants: it writes them to a file and reads that again.
# Here it opens our copy of that file instead.
@test "formats: the existing converter's zip reader takes our archives" {
    command -v cc >/dev/null || skip "no compiler"
    converter=$("$PYTHON" -c "
import importlib.util, os
print(os.path.join(os.path.dirname(importlib.util.find_spec('pnnx').origin), 'pnnx'))" 2>/dev/null) || skip "no pnnx"
    cat >instead.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
FILE *fopen(const char *path, const char *mode)
{
    FILE *(*real)(const char *, const char *) = dlsym(RTLD_NEXT, "fopen");
    if (strstr(path, "foldable_constants") && mode[0] == 'r') {
        char command[4096];
        snprintf(command, sizeof command, "LD_PRELOAD= '%s' %s ours.zip", getenv("REZIP"), path);
        return system(command) == 0 ? real("ours.zip", mode) : NULL;
    }
    return real(path, mode);
}
END
    cc -shared -fPIC -o instead.so instead.c -ldl
    "$PYTHON" -W ignore - <<'END'
import torch
class Net(torch.nn.Module):
    def forward(self, x):
        return x @ (torch.eye(9) + torch.arange(9)) * torch.hann_window(9) + torch.arange(9).float().sum()
torch.jit.trace(Net(), torch.ones(1, 9)).save('net.pt')
END
    "$converter" net.pt 'inputshape=[1,9]' >log 2>&1 || true
    mkdir theirs
    mv net.pnnx.* theirs
    REZIP=$BUILD/test/rezip LD_PRELOAD=$PWD/instead.so "$converter" net.pt 'inputshape=[1,9]' >log 2>&1 || true
    assert [ -s ours.zip ]
    assert [ "$(stat -c %s theirs/net.pnnx.bin)" -gt 300 ] # there was something to fold
    same_bytes theirs/net.pnnx.param net.pnnx.param
    same_bytes theirs/net.pnnx.bin net.pnnx.bin
}
