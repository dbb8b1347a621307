load helpers

# The operators that pnnxopt makes of in.param, without columns and shapes.
optimised() {
    pnnxopt "$@" in.param in.bin out.param out.bin || return 1
    tail -n +3 out.param | sed 's/  */ /g; s/ #[^ ]*//g'
}

@test "pnnxopt: slices and selects on different axes become one slice" {
    ops 'pnnx.Input in 0 1 x #x=(4,5,6,7)f32' \
        'Tensor.slice a 1 1 x y dim=1 start=1 end=4 step=1 $input=x #y=(4,3,6,7)f32' \
        'Tensor.select b 1 1 y z dim=0 index=2 $input=y #z=(3,6,7)f32' \
        'Tensor.slice c 1 1 z w dim=-1 start=0 end=2147483647 step=2 $input=z #w=(3,6,4)f32' \
        'pnnx.Output out 1 0 w'
    run optimised
    assert_success
    assert_line 'Tensor.slice c 1 1 0 1 dims=(0,1,3) ends=(0,4,2147483647) selects=(2,2147483647,2147483647) starts=(0,1,0) steps=(0,1,2) $input=0'
    same_numbers in out
}

@test "pnnxopt: slices of one axis stay a chain" {
    ops 'pnnx.Input in 0 1 x #x=(4,9)f32' \
        'Tensor.slice a 1 1 x y dim=1 start=1 end=8 step=1 $input=x #y=(4,7)f32' \
        'Tensor.slice b 1 1 y z dim=1 start=0 end=6 step=2 $input=y #z=(4,3)f32' \
        'pnnx.Output out 1 0 z'
    run optimised
    assert_success
    assert_line 'Tensor.slice a 1 1 0 1 dim=1 end=8 start=1 step=1 $input=0'
    assert_line 'Tensor.slice b 1 1 1 2 dim=1 end=6 start=0 step=2 $input=1'
    same_numbers in out
}

@test "pnnxopt: a chain of slices that is read in the middle is not merged" {
    ops 'pnnx.Input in 0 1 x #x=(4,9)f32' \
        'Tensor.slice a 1 1 x y dim=1 start=1 end=8 step=1 $input=x #y=(4,7)f32' \
        'Tensor.slice b 1 1 y z dim=0 start=1 end=3 step=1 $input=y #z=(2,7)f32' \
        'prim::TupleConstruct t 2 1 y z r' \
        'pnnx.Output out 1 0 r'
    run optimised
    assert_success
    refute_output --partial 'dims='
    same_numbers in out
}

@test "pnnxopt: selects of every index become one unbind" {
    ops 'pnnx.Input in 0 1 x #x=(3,5)f32' \
        'Tensor.select a 1 1 x p dim=0 index=0 $input=x #p=(5)f32' \
        'Tensor.select b 1 1 x q dim=0 index=-1 $input=x #q=(5)f32' \
        'Tensor.select c 1 1 x r dim=-2 index=1 $input=x #r=(5)f32' \
        'prim::TupleConstruct t 3 1 q r p s' \
        'pnnx.Output out 1 0 s'
    run optimised
    assert_success
    assert_output --regexp 'torch.unbind [a-z_0-9]+ 1 3 0 1 2 3 dim=0 \$input=0'
    assert_line 'prim::TupleConstruct t 3 1 3 2 1 4'
    same_numbers in out
}

@test "pnnxopt: selects that leave an index out stay selects" {
    ops 'pnnx.Input in 0 1 x #x=(3,5)f32' \
        'Tensor.select a 1 1 x p dim=0 index=0 $input=x #p=(5)f32' \
        'Tensor.select b 1 1 x q dim=0 index=2 $input=x #q=(5)f32' \
        'prim::TupleConstruct t 2 1 q p s' \
        'pnnx.Output out 1 0 s'
    run optimised
    assert_success
    refute_output --partial 'torch.unbind'
    same_numbers in out
}

@test "pnnxopt: slices that cut an axis into pieces become one tensor_split" {
    ops 'pnnx.Input in 0 1 x #x=(2,9)f32' \
        'Tensor.slice a 1 1 x p dim=1 start=4 end=2147483647 step=1 $input=x #p=(2,5)f32' \
        'Tensor.slice b 1 1 x q dim=-1 start=0 end=1 step=1 $input=x #q=(2,1)f32' \
        'Tensor.slice c 1 1 x r dim=1 start=1 end=4 step=1 $input=x #r=(2,3)f32' \
        'prim::TupleConstruct t 3 1 p q r s' \
        'pnnx.Output out 1 0 s'
    run optimised
    assert_success
    assert_output --regexp 'torch.tensor_split [a-z_0-9]+ 1 3 0 1 2 3 dim=1 indices=\(1,4\) \$input=0'
    assert_line 'prim::TupleConstruct t 3 1 3 1 2 4'
    same_numbers in out
}

@test "pnnxopt: slices that overlap stay slices" {
    ops 'pnnx.Input in 0 1 x #x=(2,9)f32' \
        'Tensor.slice a 1 1 x p dim=1 start=3 end=2147483647 step=1 $input=x #p=(2,6)f32' \
        'Tensor.slice b 1 1 x q dim=1 start=0 end=4 step=1 $input=x #q=(2,4)f32' \
        'prim::TupleConstruct t 2 1 p q s' \
        'pnnx.Output out 1 0 s'
    run optimised
    assert_success
    refute_output --partial 'torch.tensor_split'
    same_numbers in out
}

@test "pnnxopt: operators that compute the same are one, random ones are not" {
    ops 'pnnx.Input in 0 1 x #x=(2,9)f32' \
        'F.relu a 1 1 x p $input=x #p=(2,9)f32' \
        'F.relu b 1 1 x q $input=x #q=(2,9)f32' \
        'torch.rand_like c 1 1 x r $input=x #r=(2,9)f32' \
        'torch.rand_like d 1 1 x s $input=x #s=(2,9)f32' \
        'prim::TupleConstruct t 4 1 p q r s u' \
        'pnnx.Output out 1 0 u'
    run optimised
    assert_success
    assert_equal "$(grep -c '^F.relu' <<<"$output")" 1
    assert_equal "$(grep -c '^torch.rand_like' <<<"$output")" 2
}

@test "pnnxopt: names are unique, and the first owner keeps a name" {
    ops 'pnnx.Input in 0 1 x #x=(2,9)f32' \
        'F.relu a 1 1 x p $input=x #p=(2,9)f32' \
        'F.gelu a 1 1 p q $input=p #q=(2,9)f32' \
        'F.selu a_1 1 1 q r $input=q #r=(2,9)f32' \
        'pnnx.Output out 1 0 r'
    run optimised
    assert_success
    assert_line 'F.relu a 1 1 0 1 $input=0'
    assert_line 'F.gelu a_2 1 1 1 2 $input=1'
    assert_line 'F.selu a_1 1 1 2 3 $input=2'
}

@test "pnnxopt: batch norm folds into a convolution that nobody else reads" {
    ops 'pnnx.Input in 0 1 x #x=(1,3,8,8)f32' \
        'nn.Conv2d c 1 1 x y bias=False dilation=(1,1) groups=1 in_channels=3 kernel_size=(3,3) out_channels=4 padding=(1,1) padding_mode=zeros stride=(1,1) @weight=(4,3,3,3)f32 #y=(1,4,8,8)f32' \
        'nn.BatchNorm2d b 1 1 y z affine=True eps=1.000000e-3 num_features=4 @bias=(4)f32 @running_mean=(4)f32 @running_var=(4)f32 @weight=(4)f32 #z=(1,4,8,8)f32' \
        'pnnx.Output out 1 0 z'
    run optimised
    assert_success
    refute_output --partial BatchNorm
    assert_output --partial 'nn.Conv2d c 1 1 0 1 bias=True'
    same_numbers in out
}

@test "pnnxopt: a conv whose result is read twice keeps its batch norm" {
    ops 'pnnx.Input in 0 1 x #x=(1,3,8,8)f32' \
        'nn.Conv2d c 1 1 x y bias=False dilation=(1,1) groups=1 in_channels=3 kernel_size=(3,3) out_channels=4 padding=(1,1) padding_mode=zeros stride=(1,1) @weight=(4,3,3,3)f32 #y=(1,4,8,8)f32' \
        'nn.BatchNorm2d b 1 1 y z affine=True eps=1.000000e-3 num_features=4 @bias=(4)f32 @running_mean=(4)f32 @running_var=(4)f32 @weight=(4)f32 #z=(1,4,8,8)f32' \
        'prim::TupleConstruct t 2 1 y z r' \
        'pnnx.Output out 1 0 r'
    run optimised
    assert_success
    assert_output --partial 'nn.BatchNorm2d b'
    same_numbers in out
}

@test "pnnxopt: on its own output it changes nothing" {
    ops 'pnnx.Input in 0 1 x #x=(2,9)f32' \
        'torch.mul a 1 1 x p other=2 $input=x #p=(2,9)f32' \
        'torch.add b 2 1 p x q $input=p $other=x #q=(2,9)f32' \
        'Tensor.slice c 1 1 q r dim=1 start=1 end=4 step=1 $input=q #r=(2,3)f32' \
        'pnnx.Output out 1 0 r'
    pnnxopt in.param in.bin once.param once.bin
    pnnxopt once.param once.bin twice.param twice.bin
    same_bytes once.param twice.param
    same_bytes once.bin twice.bin
    grep -q 'pnnx.Expression.*expr=add(mul(@0,2),@0)' once.param
}

@test "pnnxopt: optlevel 0 keeps the text as it is" {
    ops 'pnnx.Input in 0 1 x #x=(2,9)f32' \
        'F.dropout d 1 1 x y p=0.5 training=False $input=x #y=(2,9)f32' \
        'pnnx.Output out 1 0 y'
    pnnxopt -O0 in.param in.bin out.param out.bin
    assert_equal "$(sed 's/  */ /g' out.param | sed -n 4p)" \
        'F.dropout d 1 1 x y p=0.5 training=False $input=x #x=(2,9)f32 #y=(2,9)f32'
}

@test "pnnxopt: what a rule file defines holds in that file" {
    ops 'pnnx.Input in 0 1 x #x=(2,9)f32' \
        'F.leaky_relu d 1 1 x y negative_slope=0.5 $input=x #y=(2,9)f32' \
        'pnnx.Output out 1 0 y'
    echo 'let slope = 0.5 ; one: F.leaky_relu(x, negative_slope=slope) => F.leaky_relu(x, negative_slope=0.25) ;' >one.rules
    echo 'let slope = 0.25 ; two: F.leaky_relu(x, negative_slope=slope) => F.silu(x) ;' >two.rules
    run optimised -r one.rules -r two.rules
    assert_line 'F.silu d 1 1 0 1 $input=0'
    echo 'three: F.silu(x) => F.leaky_relu(x, negative_slope=slope) ;' >three.rules
    refuses 2 pnnxopt -r one.rules -r three.rules in.param in.bin out2.param out2.bin
    assert_equal "$stderr" "pnnxopt: three.rules:1:52: 'slope' is bound nowhere"
}

@test "pnnxopt: rules of the user run, and their mistakes have line and column" {
    ops 'pnnx.Input in 0 1 x #x=(2,9)f32' \
        'F.relu d 1 1 x y $input=x #y=(2,9)f32' \
        'pnnx.Output out 1 0 y'
    echo 'mine: F.relu(x) => F.silu(x) ;' >my.rules
    run optimised -r my.rules
    assert_line 'F.silu d 1 1 0 1 $input=0'
    printf 'mine: F.relu(x) => F.silu(x) ;\nother: F.rleu(x) => x ;\n' >bad.rules
    refuses 2 pnnxopt -r bad.rules in.param in.bin out2.param out2.bin
    assert_equal "$stderr" "pnnxopt: bad.rules:2:8: unknown operator 'F.rleu' (did you mean 'F.relu'?)"
    assert [ ! -e out2.param ]
}

@test "pnnxopt: a user's rule that applied nowhere says which operator was nearest, and what differs" {
    ops 'pnnx.Input in 0 1 x #x=(2,9)f32' \
        'F.tanh t 1 1 x t $input=x #t=(2,9)f32' \
        'torch.mul m 2 1 t x m $input=t $other=x #m=(2,9)f32' \
        'F.softmax s 1 1 m s dim=1 $input=m #s=(2,9)f32' \
        'F.relu r 1 1 t r $input=t #r=(2,9)f32' \
        'F.max_pool1d p 1 1 s p kernel_size=(3) stride=(1) padding=(0) dilation=(1) $input=s' \
        'torch.cat c 2 1 p r y dim=1 $tensors=p' 'pnnx.Output out 1 0 y'
    cat >my.rules <<'END'
applies: F.tanh(x) => F.hardtanh(x) ;
literal: F.softmax(x, dim=-2) => x ;
left_out: torch.cat(xs) => torch.cat(xs, dim=0) ;
type: F.relu(F.gelu(x)) => x ;
condition: F.relu(x) => F.relu6(x) if x.shape[1] == 7 ;
none: torch.div(x, y) => x ;
inside: torch.mul(F.hardtanh(x), y) => torch.mul(x, y) ;
in_all: F.max_pool1d(x, kernel_size=[3], stride=2) => x ;
END
    run --separate-stderr -0 pnnxopt -r my.rules in.param in.bin out.param out.bin
    assert_equal "$stderr" "pnnxopt: my.rules:2:1: 'literal' applied nowhere: nearest is F.softmax 's': dim is 1, not -2
pnnxopt: my.rules:3:1: 'left_out' applied nowhere: nearest is torch.cat 'c': dim is 1, and the rule leaves it out (instead: ... stands for all others)
pnnxopt: my.rules:4:1: 'type' applied nowhere: nearest is F.relu 'r': input is the result of F.hardtanh 't', not the result of F.gelu
pnnxopt: my.rules:5:1: 'condition' applied nowhere: nearest is F.relu 'r': what line 5 asks for (column 39) is not so
pnnxopt: my.rules:6:1: 'none' applied nowhere: it met no torch.div
pnnxopt: my.rules:7:1: 'inside' applied nowhere: nearest is torch.mul 'm': F.hardtanh 't' is read by F.relu 'r' besides
pnnxopt: my.rules:8:1: 'in_all' applied nowhere: nearest is F.max_pool1d 'p': stride is [1], not 2"
    run --separate-stderr -0 pnnxopt in.param in.bin out.param out.bin
    assert_equal "$stderr" ""
}

@test "pnnxopt, pnnx2ncnn: examples=FILE runs the examples of rules, and shows what does not hold" {
    cat >my.rules <<'END'
good: F.relu(x) => F.silu(x) ;
#> F.relu r 1 1 x y
#= F.silu r 1 1 x y
wrong: F.tanh(x) => F.mish(x) ;
#> F.tanh t 1 1 x y
#= F.gelu t 1 1 x y
#! F.tanh t 1 1 x y
END
    run --separate-stderr -1 pnnxopt examples=my.rules
    assert_line 'my.rules:5: wrong: another result'
    assert_line "    F.mish 't' input=%1 -> %2"
    assert_line 'my.rules:5: wrong: applied where it must not'
    assert_line 'my.rules: 2 rules, 3 examples and near misses, 2 failed'
    assert_equal "$stderr" 'pnnxopt: my.rules: 2 of 3 examples do not hold'
    cat >lower.rules <<'END'
first: F.glu(x, dim=1) => 'GLU'(x, 0=0) if x.batch == 0 ;
#> F.glu g 1 1 x y dim=1 #x=(1,4,5)f32
#= GLU g 1 1 x y 0=0
#! F.glu g 1 1 x y dim=1 #x=(6,4)f32
END
    run --separate-stderr -0 pnnx2ncnn examples=lower.rules
    assert_output 'lower.rules: 1 rules, 2 examples and near misses, 0 failed'
    sed -i 's/^#> F.tanh t 1 1/#> F.tanh t 1/' my.rules
    run --separate-stderr -3 pnnxopt examples=my.rules
    assert_equal "$stderr" "pnnxopt: my.rules, the example of line 5:4:12: 'x' is no number of outputs"
    refuses 2 pnnxopt examples=my.rules a b c d
}

@test "pnnxopt: a default that is one number for all axes equals a list of that number, and a rule's literal does" {
    ops 'pnnx.Input in 0 1 x #x=(1,2,9,9)f32' \
        'F.max_pool2d p 1 1 x p kernel_size=(3,3) stride=(2,2) padding=(1,1) dilation=(1,1) $input=x' \
        'F.max_pool2d q 1 1 p q kernel_size=(3,3) stride=(2,2) padding=(1,0) dilation=(1,1) $input=p' \
        'pnnx.Output out 1 0 q'
    echo 'F.max_pool2d(x, [3, 3], stride=[2, 2], padding=1) => F.avg_pool2d(x, kernel_size=[2, 2]) ;' >my.rules
    run -0 optimised -r my.rules
    assert_line 'F.avg_pool2d p 1 1 0 1 kernel_size=(2,2) $input=0'
    assert_line --partial 'F.max_pool2d q'
}

# layer_norm_first BATCH: ConvNeXt's norm over the channels of (N, C, H, W), as it is written in Python.
layer_norm_first() {
    ops "pnnx.Input in 0 1 x #x=($1,3,4,5)f32" \
        'pnnx.Attribute w 0 1 w @data=(3,1,1)f32 #w=(3,1,1)f32' \
        'pnnx.Attribute b 0 1 b @data=(3,1,1)f32 #b=(3,1,1)f32' \
        "torch.mean u 1 1 x u dim=(1) keepdim=True #u=($1,1,4,5)f32" \
        "torch.sub c 2 1 x u c #c=($1,3,4,5)f32" \
        "torch.pow p 1 1 c p exponent=2 #p=($1,3,4,5)f32" \
        "torch.mean s 1 1 p s dim=(1) keepdim=True #s=($1,1,4,5)f32" \
        "torch.add e 1 1 s e other=1e-6 #e=($1,1,4,5)f32" \
        "torch.sqrt q 1 1 e q #q=($1,1,4,5)f32" \
        "torch.div d 2 1 c q d #d=($1,3,4,5)f32" \
        "torch.mul m 2 1 w d m #m=($1,3,4,5)f32" \
        "torch.add a 2 1 m b y #y=($1,3,4,5)f32" \
        'pnnx.Output out 1 0 y'
}

@test "pnnxopt: layer norm over channels that come first is nn.LayerNorm between two permutes, for any batch" {
    for batch in 1 2; do
        layer_norm_first "$batch"
        run optimised
        assert_success
        assert_equal "$(awk '{ print $1 }' <<<"$output" | paste -sd ' ')" \
            'pnnx.Input Tensor.permute nn.LayerNorm Tensor.permute pnnx.Output'
        assert_output --regexp 'nn.LayerNorm .* elementwise_affine=True eps=1e-6 normalized_shape=\(3\) @bias=\(3\)f32 @weight=\(3\)f32'
        same_numbers in out
    done
}

@test "pnnxopt: attention written out, its heads split by permutes, is one operator" {
    ops 'pnnx.Input in 0 1 x #x=(2,6,24)f32' \
        'Tensor.reshape r 1 1 x r shape=(2,6,3,2,4) $input=x #r=(2,6,3,2,4)f32' \
        'Tensor.permute p 1 1 r p dims=(2,0,3,1,4) $input=r #p=(3,2,2,6,4)f32' \
        'torch.unbind u 1 3 p q k v dim=0 #q=(2,2,6,4)f32 #k=(2,2,6,4)f32 #v=(2,2,6,4)f32' \
        'torch.mul s 1 1 q qs other=0.5 #qs=(2,2,6,4)f32' \
        'torch.transpose t 1 1 k kt dim0=-2 dim1=-1 #kt=(2,2,4,6)f32' \
        'torch.matmul m 2 1 qs kt d #d=(2,2,6,6)f32' \
        'F.softmax f 1 1 d w dim=-1 $input=d #w=(2,2,6,6)f32' \
        'F.dropout z 1 1 w wd p=0.1 training=False $input=w #wd=(2,2,6,6)f32' \
        'torch.matmul o 2 1 wd v y #y=(2,2,6,4)f32' \
        'pnnx.Output out 1 0 y'
    run optimised
    assert_success
    assert_line 'F.scaled_dot_product_attention o 3 1 3 4 5 6 dropout_p=0.0 is_causal=False scale=0.5 $query=3 $key=4 $value=5'
    refute_output --partial softmax
    same_numbers in out
}

@test "pnnxopt: time grows as the number of operators" {
    chain() { # COUNT
        awk -v n="$1" 'BEGIN { print 7767517; print 3 * n + 2, 3 * n + 1; print "pnnx.Input in 0 1 x0 #x0=(2,9)f32"
            for (i = 0; i < n; i++) {
                printf "Tensor.slice s%d 1 1 x%d a%d dim=1 start=0 end=9 step=1 $input=x%d #a%d=(2,9)f32\n", i, i, i, i, i
                printf "torch.add t%d 2 1 a%d x%d b%d $input=a%d $other=x%d #b%d=(2,9)f32\n", i, i, i, i, i, i, i
                printf "torch.transpose u%d 1 1 b%d x%d dim0=0 dim1=0 $input=b%d #x%d=(2,9)f32\n", i, i, i + 1, i, i + 1
            }
            print "pnnx.Output out 1 0 x" n }' >in.param
        weights in
        pnnxopt in.param in.bin out.param out.bin
    }
    seconds() { TIMEFORMAT=%U; { time chain "$1" 2>/dev/null; } 2>&1; }
    local small large
    small=$(seconds 3000) large=$(seconds 30000)
    awk -v a="$small" -v b="$large" 'BEGIN { exit !(b < 30 * (a + 0.05)) }'
}

@test "pnnxopt: a user's rule that undoes a built-in one is refused, and both are named" {
    ops 'pnnx.Input in 0 1 x #x=(2,3)f32' 'F.silu s 1 1 x y $input=x #y=(2,3)f32' 'pnnx.Output out 1 0 y'
    for result in 'torch.mul(x, F.sigmoid(x))' 'torch.mul(F.sigmoid(x), x)'; do
        echo "back: F.silu(x) => $result ;" >my.rules
        refuses 2 pnnxopt -r my.rules in.param in.bin out.param out.bin
        assert_equal "$stderr" \
            "pnnxopt: my.rules:1:1: 'back' and the built-in 'silu' (fuse.rules:10) undo each other (instead: without=silu)"
    done
    run optimised -r my.rules without=silu
    assert_success
    assert_output --partial 'expr=mul(@0,@1)'
    same_numbers in out
}

@test "pnnxopt: a user's rule that undoes a built-in one now and then is stopped, and both are named" {
    ops 'pnnx.Input in 0 1 x #x=(2,3)f32' 'F.silu s 1 1 x y $input=x #y=(2,3)f32' 'pnnx.Output out 1 0 y'
    echo 'back: F.silu(x) => torch.mul(x, F.sigmoid(x)) if x.rank == 2 ;' >my.rules
    refuses 1 pnnxopt -r my.rules in.param in.bin out.param out.bin
    [[ $stderr == *"rules do not come to an end at 's"*"'back' (my.rules:1), 'silu' (fuse.rules:10)" ]]
}

@test "pnnxopt, pnnx2ncnn, pt2pnnx: without=RULE leaves a built-in rule out, and says what was meant by a name that none has" {
    ops 'pnnx.Input in 0 1 x #x=(2,3)f32' 'F.relu r 1 1 x y $input=x #y=(2,3)f32' 'pnnx.Output out 1 0 y'
    refuses 2 pnnxopt without=sillu in.param in.bin out.param out.bin
    assert_equal "$stderr" "pnnxopt: without=sillu: no built-in rule has that name (did you mean 'silu'?)"
    refuses 2 pnnx2ncnn without=F_relu,zzz in.param in.bin out.param out.bin
    assert_equal "$stderr" "pnnx2ncnn: without=zzz: no built-in rule has that name"
    refuses 1 pnnx2ncnn without=F_relu in.param in.bin out.param out.bin
    [[ $stderr == *"F.relu 'r'"* ]]
    traced resnet18
    refuses 2 pt2pnnx without=conv2dd model.pt out.param out.bin
    assert_equal "$stderr" "pt2pnnx: without=conv2dd: no built-in rule has that name (did you mean 'conv2d'?)"
    run -0 pt2pnnx without=max_pool2d model.pt out.param out.bin
    run cut -d' ' -f1 out.param
    assert_line nn.Conv2d
    refute_line nn.MaxPool2d
}
