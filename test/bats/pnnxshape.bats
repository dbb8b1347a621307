#!/usr/bin/env bats
# Dimensions, and what pnnxshape infers, evaluates and refuses.

load helpers

# dims TEXT...: what common/graph/dim.c makes of dimensions, one a line.
dims() {
    "$BUILD/test/dim" "$@"
}

@test "dimensions: equal polynomials have one text" {
    run -0 dims '%2*h-h' '%w*h' '%h*w-w*h' '%(h*h-w*w)//(h+w)' '%3-5+4'
    assert_output "$(printf '%s\n' '%h' '%h*w' 0 '%h-w' 2)"
}

@test "dimensions: floor division leaves what divides, and nests into one" {
    run -0 dims '%(h+1)//2' '%(5*h+7)//3' '%(2*h+1)//4' '%((h-1)//2+1-1)//2+1' '%(h*w*c)//(h*w)' '%h//w'
    assert_output "$(printf '%s\n' '%(h+1)//2' '%h+(2*h+1)//3+2' '%h//2' '%(h+3)//4' '%c' '%h//w')"
}

@test "shapes: a dimension may be a minimum, a maximum, or a product with a float, rounded down" {
    run -0 dims '%min(64;h)' '%max(h;0)' '%min(h+1;h)' '%2*min(h;w)+1' '%floor(0.7*h)' '%floor(1.5*(h+w))' '%floor(0.7*(h+1))//2' '%min(64;h)-max(-3;-h)'
    assert_output "$(printf '%s\n' '%min(h;64)' '%h' '%h' '%2*min(h;w)+1' '%floor(0.7*h)' '%h+w+(h+w)//2' '%floor(0.7*(h+1))//2' '%min(h;64)-max(-3;-h)')"
    run -0 dims '%min(h' '%min(h,3)' '%floor(h*0.3)' '%floor(-1*h)' '%max(h;)'
    assert_output "$(printf '%s\n' wrong wrong wrong wrong wrong)"
}

@test "dimensions: what overflows is unknown" {
    run -0 dims '%9223372036854775807*2' '%9223372036854775807+1' '%h*h*h*h*h*h*h*h*h' '%h//0'
    assert_output "$(printf '%s\n' '?' '?' '?' '?')"
}

@test "dimensions: a text that is no dimension is refused" {
    run -0 dims x '%' '%h+' '%(h' -1 '%-3' 9223372036854775808 '%((((((((((((((((((((((((((((((((((((((((((h'
    assert_output "$(printf '%s\n' wrong wrong wrong wrong wrong wrong wrong wrong)"
}

# inferred OPTION...: the operators that pnnxshape makes of in.param, without the padding of columns
inferred() {
    pnnxshape "$@" in.param in.bin out.param out.bin || return
    tail -n +3 out.param | sed 's/  */ /g'
}

# again: pnnxshape on its own output
again() {
    pnnxshape "$@" out.param out.bin again.param again.bin && same_bytes out.param again.param && same_bytes out.bin again.bin
}

flatten() {
    ops 'pnnx.Input in 0 1 x' \
        'Tensor.size n 1 1 x n dim=0 $input=x' \
        'Tensor.reshape r 2 1 x n y $input=x $shape=s' \
        'pnnx.Output out 1 0 y'
    sed -i 's/^4 3$/5 4/; /^Tensor.reshape/i pnnx.Expression r_shape 1 1 n s expr=[@0,-1]' in.param
    sed -i 's/r 2 1 x n y/r 2 1 x s y/' in.param
    weights in
}

@test "pnnxshape: a size in a shape becomes a number, and the operator that took it goes" {
    flatten
    run -0 inferred 'inputshape=[2,3,4]'
    assert_output "$(
        echo 'pnnx.Input in 0 1 x #x=(2,3,4)f32'
        echo 'Tensor.reshape r 1 1 x y shape=(2,-1) $input=x #x=(2,3,4)f32 #y=(2,12)f32'
        echo 'pnnx.Output out 1 0 y #y=(2,12)f32'
    )"
    again
}

@test "pnnxshape: a size that has a name stays an operator, and shapes are written with it" {
    flatten
    run -0 inferred 'inputshape=[n,3,h]'
    assert_line --partial 'Tensor.size n 1 1 x n dim=0'
    assert_line --partial '#y=(%n,%3*h)f32'
    again
}

@test "pnnxshape: sizes that differ in inputshape2 are dynamic" {
    flatten
    run -0 inferred 'inputshape=[2,3,4]' 'inputshape2=[2,3,8]'
    assert_line 'pnnx.Input in 0 1 x #x=(2,3,%d0=4)f32'
    assert_line 'Tensor.reshape r 1 1 x y shape=(2,-1) $input=x #x=(2,3,%d0)f32 #y=(2,%3*d0)f32'
    again
    run -0 inferred 'inputshape=[2,3,4]' 'inputshape2=[5,3,4]'
    assert_line --partial 'Tensor.size n 1 1 x n dim=0'
    assert_line --partial '#y=(%d0,12)f32'
}

@test "pnnxshape: a size has an example and a bound, which stay where it comes from, and are used" {
    flatten
    run -0 inferred 'inputshape=[n=2<=8,3,h=4]'
    assert_line 'pnnx.Input in 0 1 x #x=(%n=2<=8,3,%h=4)f32'
    assert_line --partial '#y=(%n,%3*h)f32'
    again
    pnnx2py out.param out.bin out.py
    run -0 grep 'torch.rand(' out.py
    assert_output '    v_x = torch.rand(2, 3, 4, dtype=torch.float)'
    for wrong in '[n=0,3,h]' '[n<8,3,h]' '[n=9<=8,3,h]' '[?=3,3,h]' '[n==2,3,h]'; do
        refuses 2 pnnxshape inputshape="$wrong" in.param in.bin out.param out.bin
    done
    refuses 2 pnnxshape 'inputshape=[n=2,3,n=3]' in.param in.bin out.param out.bin
    assert_equal "$stderr" "pnnxshape: inputshape= says two things of 'n' (instead: once, or another name)"
}

@test "pnnxshape: in a model without any shape ranks are inferred that the arguments tell" {
    flatten
    run -0 inferred
    assert_line 'Tensor.size n 1 1 x n dim=0 $input=x'
    assert_line 'Tensor.reshape r 2 1 x r_shape y $input=x $shape=r_shape #y=(?,?)null'
    again
}

@test "pnnxshape: how many variables torch.corrcoef has decides on its rank" {
    for case in '3 3,3' '1 none' '? none'; do
        ops "pnnx.Input i 0 1 x #x=(${case% *},5)f32" 'torch.corrcoef c 1 1 x y' 'torch.abs a 1 1 y z' 'pnnx.Output o 1 0 z'
        run -0 inferred
        if [ "${case#* }" = none ]; then refute_output --partial '#z='; else assert_output --partial "#z=(${case#* })f32"; fi
    done
}

@test "pnnxshape: convolutions and pools work on names" {
    ops 'pnnx.Input in 0 1 x' \
        'nn.Conv2d c 1 1 x y bias=False dilation=(1,1) groups=1 in_channels=3 kernel_size=(3,3) out_channels=8 padding=(1,1) padding_mode=zeros stride=(2,2) @weight=(8,3,3,3)f32' \
        'nn.MaxPool2d m 1 1 y z ceil_mode=False dilation=(1,1) kernel_size=(3,3) padding=(1,1) return_indices=False stride=(2,2)' \
        'torch.flatten f 1 1 z w end_dim=-1 start_dim=1 $input=z' \
        'pnnx.Output out 1 0 w'
    run -0 inferred 'inputshape=[1,3,h,?]'
    assert_line --partial '#x=(1,3,%h,?)f32 #y=(1,8,%(h+1)//2,?)f32'
    assert_line --partial '#z=(1,8,%(h+3)//4,?)f32 #w=(1,?)f32'
    run -0 inferred 'inputshape=[1,3,32,32]'
    assert_line --partial '#w=(1,512)f32'
}

@test "pnnxshape: constants are computed and named after their operators" {
    ops 'torch.arange a 0 1 a end=3' \
        'torch.unsqueeze u 1 1 a u dim=1 $input=a' \
        'torch.sub d 2 1 a u d $input=a $other=u' \
        'torch.ge mask 1 1 d m other=0 $input=d' \
        'pnnx.Input in 0 1 x' \
        'Tensor.masked_fill f 2 1 x m y value=-1.0 $input=x $mask=m' \
        'pnnx.Output out 1 0 y'
    run -0 inferred 'inputshape=[3,3]'
    assert_output "$(
        echo 'pnnx.Attribute mask 0 1 m @data=(3,3)bool #m=(3,3)bool'
        echo 'pnnx.Input in 0 1 x #x=(3,3)f32'
        echo 'Tensor.masked_fill f 2 1 x m y value=-1.0 $input=x $mask=m #x=(3,3)f32 #m=(3,3)bool #y=(3,3)f32'
        echo 'pnnx.Output out 1 0 y #y=(3,3)f32'
    )"
    assert_equal "$(member out.bin mask.data | od -An -v -tu1 | tr -d ' \n')" 111011001
    again
}

@test "pnnxshape: writes into slices of a constant are computed" {
    ops 'pnnx.Input in 0 1 x' \
        'torch.zeros z 0 1 z size=(2,3) dtype=torch.int' \
        'Tensor.slice p 1 1 z p dim=1 start=1 end=3 step=1 $input=z' \
        'Tensor.fill q 1 1 p q value=7 $input=p' \
        'torch.slice_scatter s 2 1 z q s dim=1 start=1 end=3 step=1 $input=z $src=q' \
        'torch.add y 2 1 x s y $input=x $other=s' \
        'pnnx.Output out 1 0 y'
    run -0 inferred 'inputshape=[2,3]i64'
    assert_line 'pnnx.Attribute s 0 1 s @data=(2,3)i32 #s=(2,3)i32'
    assert_line --partial '#y=(2,3)i64'
    assert_equal "$(member out.bin s.data | od -An -v -td4 | tr -s ' \n' ' ')" ' 0 7 7 0 7 7 '
}

@test "pnnxshape: a constant that is expanded to a huge shape stays an operator" {
    ops 'torch.ones o 0 1 o size=(1,1000,1)' \
        'Tensor.expand e 1 1 o e sizes=(1000,1000,1000) $input=o' \
        'pnnx.Input in 0 1 x' \
        'torch.mul y 2 1 x e y $input=x $other=e' \
        'pnnx.Output out 1 0 y'
    run -0 inferred 'inputshape=[1000]'
    assert_line 'pnnx.Attribute o 0 1 o @data=(1,1000,1)f32 #o=(1,1000,1)f32'
    assert_line --partial 'Tensor.expand e 1 1 o e sizes=(1000,1000,1000)'
    again
}

@test "pnnxshape: random numbers are no constants" {
    ops 'torch.randn r 0 1 r size=(2,3)' 'torch.neg n 1 1 r n $input=r' 'pnnx.Output out 1 0 n'
    run -0 inferred
    assert_line --partial 'torch.randn r 0 1 r'
    assert_line --partial 'torch.neg n 1 1 r n $input=r #r=(2,3)f32 #n=(2,3)f32'
}

@test "pnnxshape: types are promoted as PyTorch does it" {
    ops 'pnnx.Input i 0 1 i' 'pnnx.Input h 0 1 h' 'pnnx.Input b 0 1 b' \
        'torch.add p 1 1 i p other=1.5 $input=i' \
        'torch.mul q 1 1 h q other=2.5 $input=h' \
        'torch.add r 2 1 b i r $input=b $other=i' \
        'torch.div s 2 1 i i s $input=i $other=i' \
        'torch.div t 2 1 i i t rounding_mode=floor $input=i $other=i' \
        'torch.sum u 1 1 b u dim=(0) keepdim=False $input=b' \
        'torch.maximum v 2 1 h i v $input=h $other=i' \
        'torch.ge w 1 1 h w other=1 $input=h' \
        'prim::TupleConstruct all 8 1 p q r s t u v w z' \
        'pnnx.Output out 1 0 z'
    run -0 inferred 'inputshape=[4,2]i32,[4,2]f16,[4,2]bool'
    for shape in 'p=(4,2)f32' 'q=(4,2)f16' 'r=(4,2)i32' 's=(4,2)f32' 't=(4,2)i32' 'u=(2)i64' 'v=(4,2)f16' 'w=(4,2)bool'; do
        assert_line --partial " #$shape"
    done
}

@test "pnnxshape: all contradictions are reported with line, operator and shapes, and nothing is written" {
    ops 'pnnx.Input in 0 1 x' 'pnnx.Input other 0 1 y' \
        'nn.Linear fc 1 1 x a bias=False in_features=5 out_features=2 @weight=(2,5)f32' \
        'torch.matmul mm 2 1 x y b $input=x $other=y' \
        'torch.cat c 2 1 x y d dim=0' \
        'prim::TupleConstruct all 3 1 a b d z' \
        'pnnx.Output out 1 0 z'
    refuses 1 pnnxshape 'inputshape=[3,4],[5,6]' in.param in.bin out.param out.bin
    assert_equal "$stderr" "$(
        echo "pnnxshape: in.param:5: nn.Linear 'fc' (3,4)f32: expected 5 features, not 4"
        echo "pnnxshape: in.param:6: torch.matmul 'mm' (3,4)f32 (5,6)f32: cannot multiply: 4 against 5"
        echo "pnnxshape: in.param:7: torch.cat 'c' (3,4)f32 (5,6)f32: sizes of axis 1 differ: 4 against 6"
    )"
    assert [ ! -e out.param ]
    assert [ ! -e out.bin ]
}

@test "pnnxshape: a contradiction that only inputshape2 has is named so" {
    ops 'pnnx.Input in 0 1 x' 'Tensor.reshape r 1 1 x y shape=(2,6) $input=x' 'pnnx.Output out 1 0 y'
    refuses 1 pnnxshape 'inputshape=[3,4]' 'inputshape2=[3,5]' in.param in.bin out.param out.bin
    assert_equal "$stderr" "pnnxshape: in.param:4: Tensor.reshape 'r' (3,5)f32 with inputshape2: 15 elements do not fit into (2,6)"
}

@test "pnnxshape: an unknown operator is no error, and what the file records of it stands" {
    ops 'pnnx.Input in 0 1 x #x=(3,4)f32' 'my.Thing t 1 1 x y #y=(3,7)f16' 'F.relu r 1 1 y z $input=y' 'pnnx.Output out 1 0 z'
    run -0 inferred
    assert_line --partial '#z=(3,7)f16'
    run -0 inferred 'inputshape=[3,4]'
    assert_line --partial '#z=(3,7)f16'
    run -0 inferred 'inputshape=[6,4]'
    assert_line 'my.Thing t 1 1 x y #x=(6,4)f32'
    assert_line 'F.relu r 1 1 y z $input=y'
}

@test "pnnxshape: inputshape must have one shape for each input" {
    flatten
    refuses 2 pnnxshape 'inputshape=[2,3,4],[1]' in.param in.bin out.param out.bin
    assert_equal "$stderr" 'pnnxshape: inputshape= has 2 shapes, the model has 1 input'
}

# edited: a convolution with padding between two others, shapes inferred, then its padding taken away
edited() {
    conv='bias=True dilation=(1,1) groups=1 padding_mode=zeros stride=(1,1)'
    ops 'pnnx.Input in 0 1 x #x=(1,3,10,10)f32' \
        "nn.Conv2d a 1 1 x a $conv in_channels=3 kernel_size=(3,3) out_channels=4 padding=(1,1) @weight=(4,3,3,3)f32 @bias=(4)f32" \
        'F.relu r 1 1 a b $input=a' \
        "nn.Conv2d c 1 1 b y $conv in_channels=4 kernel_size=(3,3) out_channels=2 padding=(0,0) @weight=(2,4,3,3)f32 @bias=(2)f32" \
        'F.sigmoid s 1 1 y z $input=y' 'pnnx.Output out 1 0 z'
    pnnxshape in.param in.bin shape.param in.bin.2
    grep -q '#z=(1,2,8,8)f32' shape.param
    sed 's/padding=(1,1)/padding=(0,0)/' shape.param >edit.param
    mv in.bin.2 edit.bin
}

@test "shapes: an edited parameter changes the shapes behind it, in every stage" {
    edited
    pnnxshape edit.param edit.bin out.param out.bin
    assert_equal "$(grep -c '#z=(1,2,6,6)f32' out.param)" 2
    for level in 0 1 2; do
        pnnxopt -O$level edit.param edit.bin opt.param opt.bin
        assert_equal "$(grep -c '=(1,2,6,6)f32' opt.param)" 3
        assert_equal "$(grep -c '=(1,2,8,8)f32' opt.param)" 0
    done
    pnnx2ncnn fp16=0 ncnnpy=edit_ncnn.py edit.param edit.bin edit.ncnn.param edit.ncnn.bin
    pnnxshape edit.param edit.bin out.param out.bin
    pnnx2ncnn fp16=0 ncnnpy=out_ncnn.py out.param out.bin out.ncnn.param out.ncnn.bin
    same_bytes edit.ncnn.param out.ncnn.param
    same_bytes edit.ncnn.bin out.ncnn.bin
}

@test "shapes: an edit that contradicts what follows is refused by every stage, with its place" {
    edited
    sed -i '/Conv2d *c /s/kernel_size=(3,3)/kernel_size=(11,11)/; /Conv2d *c /s/(2,4,3,3)/(2,4,11,11)/' edit.param
    weights edit
    for tool in pnnxshape pnnxopt; do
        refuses 1 $tool edit.param edit.bin out.param out.bin
        assert_equal "$stderr" "$tool: edit.param:6: nn.Conv2d 'c' (1,4,8,8)f32: the padded size 8 is smaller than the kernel, which reaches over 11"
    done
    refuses 1 pnnx2ncnn edit.param edit.bin out.ncnn.param out.ncnn.bin
    assert_equal "$stderr" "pnnx2ncnn: edit.param:6: nn.Conv2d 'c' (1,4,8,8)f32: the padded size 8 is smaller than the kernel, which reaches over 11"
}

@test "pnnxshape: recorded results behind an operator that nothing is known of stand until something in front of it changes" {
    ops 'pnnx.Input in 0 1 x #x=(2,3)f32' 'torch.abs a 1 1 x a $input=x #a=(2,3)f32' 'my.Op o 1 1 a y $input=a #y=(7,7)f32' \
        'F.relu r 1 1 y z $input=y' 'pnnx.Output out 1 0 z'
    run -0 inferred 'inputshape=[2,3]'
    assert_line --partial '#z=(7,7)f32'
    run -0 inferred 'inputshape=[2,4]'
    refute_output --partial '#z='
}

@test "pnnxshape: an input of a type that the network does not take is refused, at the first operator that stops" {
    edited
    for type in i64 f16 f64 bool; do
        refuses 1 pnnxshape "inputshape=[1,3,10,10]$type" in.param in.bin out.param out.bin
        assert_equal "$stderr" "pnnxshape: in.param:4: nn.Conv2d 'a' (1,3,10,10)$type: 'input' is $type, 'weight' is f32: one type is needed"
    done
    ops 'pnnx.Input in 0 1 x' 'nn.Embedding e 1 1 x e embedding_dim=4 num_embeddings=9 @weight=(9,4)f32' \
        'F.softmax s 1 1 e y dim=-1 $input=e' 'F.softmax t 1 1 x z dim=-1 $input=x' \
        'torch.matmul m 2 1 x e w $input=x $other=e' 'prim::TupleConstruct all 3 1 y z w r' 'pnnx.Output out 1 0 r'
    refuses 1 pnnxshape 'inputshape=[4]' in.param in.bin out.param out.bin
    assert_equal "$stderr" "pnnxshape: in.param:4: nn.Embedding 'e' (4)f32: 'input' is f32: int32 or int64 is needed"
    refuses 1 pnnxshape 'inputshape=[4]i64' in.param in.bin out.param out.bin
    assert_equal "$stderr" "pnnxshape: in.param:6: F.softmax 't' (4)i64: 'input' is i64: floats are needed
pnnxshape: in.param:7: torch.matmul 'm' (4)i64 (4,4)f32: 'input' is i64, 'other' is f32: one type is needed"
}

@test "pnnxshape: a size that is given as free and that the network fixes is refused, unless frozen=1" {
    ops 'pnnx.Input in 0 1 x' 'nn.AvgPool2d p 1 1 x p kernel_size=(2,2) stride=(2,2)' \
        'Tensor.reshape r 1 1 p y shape=(1,75) $input=p' 'pnnx.Attribute a 0 1 q @data=(1,10,1)f32' \
        'torch.add b 2 1 x q z $input=x $other=q' 'torch.cat c 2 1 x x w dim=1' \
        'prim::TupleConstruct t 3 1 y z w o' 'pnnx.Output out 1 0 o'
    refuses 1 pnnxshape 'inputshape=[1,3,h,w]' in.param in.bin out.param out.bin
    assert_equal "$stderr" "pnnxshape: in.param:5: Tensor.reshape 'r' (1,3,h//2,w//2)f32 shape=(1,75): fits only where 3*(h//2)*(w//2) is 75
pnnxshape: in.param:7: torch.add 'b' (1,3,h,w)f32 (1,10,1)f32: fits only where h is 10
pnnxshape: inputshape= leaves sizes free that the network fixes (instead: trace it with sizes taken from x.shape, give these sizes as numbers, or frozen=1, which writes what is right for one size)"
    assert [ ! -e out.param ]
    run -0 pnnxshape frozen=1 'inputshape=[1,3,h,w]' in.param in.bin out.param out.bin
    assert_line --index 0 "pnnxshape: in.param:5: Tensor.reshape 'r' (1,3,h//2,w//2)f32 shape=(1,75): fits only where 3*(h//2)*(w//2) is 75"
    traced unet # up to half of an even size and back: free
    pt2pnnx model.pt in.param in.bin
    run -0 --separate-stderr pnnxshape 'inputshape=[1,3,h,w]' in.param in.bin out.param out.bin
    assert_equal "$stderr" ""
}

@test "pnnxshape: absurd sizes make no harm" {
    ops 'pnnx.Input in 0 1 x' \
        'torch.full f 0 1 f size=(9223372036854775807,9223372036854775807) fill_value=1.0' \
        'Tensor.repeat r 1 1 f r sizes=(9223372036854775807,2) $input=f' \
        'Tensor.slice s 1 1 x s dim=0 start=-9223372036854775808 end=9223372036854775807 step=9223372036854775807 $input=x' \
        'Tensor.reshape v 1 1 x v shape=(9223372036854775807,-1) $input=x' \
        'torch.arange a 0 1 a start=-9223372036854775808 end=9223372036854775807 step=1' \
        'F.pad p 1 1 x p mode=constant pad=(9223372036854775807,9223372036854775807) value=0.0 $input=x' \
        'nn.Conv1d c 1 1 x c bias=False dilation=(9223372036854775807) groups=1 in_channels=2 kernel_size=(9223372036854775807) out_channels=2 padding=(9223372036854775807) padding_mode=zeros stride=(0)' \
        'prim::TupleConstruct all 6 1 r s v a p c z' \
        'pnnx.Output out 1 0 z'
    run pnnxshape 'inputshape=[2,9223372036854775807]' in.param in.bin out.param out.bin
    [ "$status" = 0 ] || [ "$status" = 1 ]
}

@test "pnnxshape: a tuple that is taken apart hands its shapes on" {
    ops 'pnnx.Input in 0 1 x' 'prim::TupleConstruct t 2 1 x x p' 'prim::TupleUnpack u 1 2 p y z' 'F.relu r 1 1 z w $input=z' 'pnnx.Output out 1 0 w'
    run -0 inferred 'inputshape=[3,4]'
    assert_line --partial '#w=(3,4)f32'
}

@test "pnnxshape: a constant of rank 0 is a number where numbers can stand" {
    ops 'pnnx.Input in 0 1 x' \
        'torch.tensor t 0 1 t data=2.5' \
        'torch.mul m 2 1 x t y $input=x $other=t' \
        'pnnx.Output out 1 0 y'
    run -0 inferred 'inputshape=[3,4]'
    assert_line --partial 'torch.mul m 1 1 x y other=2.5 $input=x'
}

@test "pnnxshape: a stream and files give the same bytes" {
    traced vit
    pt2pnnx model.pt pt.param pt.bin
    pnnxshape 'inputshape=[1,3,64,64]' pt.param pt.bin files.param files.bin
    pt2pnnx model.pt | pnnxshape 'inputshape=[1,3,64,64]' - - stream.param stream.bin
    same_bytes files.param stream.param
    same_bytes files.bin stream.bin
}

@test "pnnxshape: what is inferred is what PyTorch's tensors have" {
    run -0 "$PYTHON" -W ignore "$ROOT/test/shapes.py" network shufflenet_v2 swin yolo lstm_last
    run -0 "$PYTHON" -W ignore "$ROOT/test/shapes.py" torch Tensor.index torch.cat torch.split torch.einsum torch.arange
    refute_output --partial 'not ok'
}

@test "pnnxshape: every operator after raising has a shape, or is listed with the reason why not" {
    run -0 "$PYTHON" -W ignore "$ROOT/test/shapes.py" calls
    refute_output --partial 'not ok'
    assert_output --partial 'results of unknown shape are those of shapes_unknown.txt'
}

@test "pnnxshape: constants are what PyTorch computes, bit for bit" {
    run -0 "$PYTHON" -W ignore "$ROOT/test/shapes.py" constants
    refute_output --partial 'not ok'
}
