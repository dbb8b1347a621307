load helpers

# param LINE...: writes in.param and in.bin
param() {
    printf '%s\n' "$@" | awk '{ n += $4; line[NR] = $0 }
        END { print 7767517; print NR, n; for (i = 1; i <= NR; i++) print line[i] }' >in.param
    weights in
}

# What in.param is when its expressions are taken apart, and formed again: blanks squeezed, without inputs, outputs
# and shapes.
body() { tail -n +3 out.param | grep -v '^pnnx.\(Input\|Output\)' | sed 's/  */ /g; s/ #[^ ]*//g'; }
apart() { "$BUILD/test/expression" in.param in.bin out.param out.bin && body; }
formed() { "$BUILD/test/expression" form=1 in.param in.bin out.param out.bin && body; }

# expression TEXT: an expression of two inputs
expression() {
    param 'pnnx.Input in0 0 1 a #a=(2,3)f32' 'pnnx.Input in1 0 1 b #b=(2,3)f32' \
        "pnnx.Expression e 2 1 a b z expr=$1" 'pnnx.Output out 1 0 z'
}

# is LINE...: the output is these lines
is() { assert_output "$(printf '%s\n' "$@")"; }

@test "expression: a call becomes an operator with the expression's name and operand" {
    expression 'add(@0,@1)'
    run -0 apart
    is 'torch.add e 2 1 a b z $input=a $other=b'
}

@test "expression: inner calls are operators before it, named after it, constants are arguments" {
    expression 'sub(mul(@0,2),sqrt(@1))'
    run -0 apart
    is 'torch.mul e_1 1 1 a e_1 other=2 $input=a' 'torch.sqrt e_2 1 1 b e_2 $input=b' \
        'torch.sub e 2 1 e_1 e_2 z $input=e_1 $other=e_2'
}

@test "expression: a comma too many, left by an alpha, changes nothing" {
    expression 'add(@0,,mul(@1,2))'
    run -0 formed
    is 'pnnx.Expression e 2 1 a b z expr=add(@0,mul(@1,2))'
    expression 'sub(,mul(@1,2),@0)'
    run -0 formed
    is 'pnnx.Expression e 2 1 b a z expr=sub(mul(@0,2),@1)'
}

@test "expression: functions without parentheses take as many arguments as they have" {
    expression 'add(mul(expm1,@0),2),@1'
    run -0 formed
    is 'pnnx.Expression e 2 1 a b z expr=add(mul(expm1(@0),2),@1)'
}

@test "expression: numbers are spelled as they were" {
    expression 'add(mul(@0,1.000000e+00),div(@1,0.333333343))'
    run -0 formed
    is 'pnnx.Expression e 2 1 a b z expr=add(mul(@0,1.000000e+00),div(@1,0.333333343))'
}

@test "expression: complex numbers are read and written" {
    expression 'mul(add(@0,@1),1.0+-2.5j)'
    run -0 formed
    is 'pnnx.Expression e 2 1 a b z expr=mul(add(@0,@1),1.0+-2.5j)'
}

@test "expression: constants go into the arguments of their readers" {
    param 'pnnx.Expression p 0 1 p expr=0.5' 'pnnx.Expression d 0 1 d expr=[1,2]' \
        'pnnx.Expression k 0 1 k expr=True' 'pnnx.Expression m 0 1 m expr=floor' 'pnnx.Input in0 0 1 a #a=(2,3,4)f32' \
        'torch.sum s 3 1 a d k s $input=a $dim=d $keepdim=k' \
        'torch.div q 3 1 s p m q $input=s $other=p $rounding_mode=m' 'pnnx.Output out 1 0 q'
    run -0 apart
    is 'torch.sum s 1 1 a s dim=(1,2) keepdim=True $input=a' \
        'torch.div q 1 1 s q other=0.5 rounding_mode=floor $input=s'
}

@test "expression: a list with operands is an argument, and written as an expression named after its reader" {
    param 'pnnx.Input in0 0 1 a #a=(2,3)f32' 'pnnx.Expression l 1 1 a l expr=[int(size(@0,0)),-1]' \
        'Tensor.reshape r 2 1 a l r $input=a $shape=l' 'pnnx.Output out 1 0 r'
    run -0 apart
    is 'Tensor.size l_1 1 1 a l_1 dim=0 $input=a' 'pnnx.Expression r_shape 1 1 l_1 r_shape expr=[@0,-1]' \
        'Tensor.reshape r 2 1 a r_shape r $input=a $shape=r_shape'
    run -0 formed
    is 'pnnx.Expression r_shape 1 1 a r_shape expr=[size(@0,0),-1]' \
        'Tensor.reshape r 2 1 a r_shape r $input=a $shape=r_shape'
}

@test "expression: the one list of a variadic operator is its operands" {
    param 'pnnx.Input in0 0 1 a #a=(2,3)f32' 'pnnx.Input in1 0 1 b #b=(2,3)f32' \
        'pnnx.Expression l 2 1 a b l expr=[@1,@0]' 'torch.cat c 1 1 l c dim=0 $tensors=l' 'pnnx.Output out 1 0 c'
    run -0 apart
    is 'torch.cat c 2 1 b a c dim=0'
}

@test "expression: a result that is a list stays a list" {
    param 'pnnx.Input in0 0 1 a #a=(2,3)f32' 'pnnx.Input in1 0 1 b #b=(2,3)f32' \
        'pnnx.Expression l 2 1 a b l expr=[@0,@1]' 'pnnx.Output out 1 0 l'
    run -0 apart
    is 'prim::ListConstruct l 2 1 a b l'
}

@test "expression: a constant that is a result is an expression without inputs" {
    param 'pnnx.Input in0 0 1 a #a=(2,3)f32' 'pnnx.Expression c 0 1 c expr=0.5' 'pnnx.Expression d 0 1 d expr=None' \
        'prim::TupleConstruct t 3 1 a c d t' 'pnnx.Output out 1 0 t'
    run -0 apart
    is 'pnnx.Expression t_inputs_1 0 1 t_inputs_1 expr=0.5' 'pnnx.Expression t_inputs_2 0 1 t_inputs_2 expr=None' \
        'prim::TupleConstruct t 3 1 a t_inputs_1 t_inputs_2 t'
}

@test "expression: what is read twice is not written into an expression" {
    param 'pnnx.Input in0 0 1 a #a=(2,3)f32' 'torch.exp x 1 1 a x' 'torch.mul y 2 1 x x y' \
        'torch.add z 1 1 y z other=1' 'pnnx.Output out 1 0 z'
    run -0 formed
    is 'pnnx.Expression x 1 1 a x expr=exp(@0)' 'pnnx.Expression z 1 1 x z expr=add(mul(@0,@0),1)'
}

@test "expression: alpha is a product, rounding down is floor_divide, rounding to zero stays an operator" {
    param 'pnnx.Input in0 0 1 a #a=(2,3)f32' 'torch.sub x 2 1 a a x alpha=2' \
        'torch.div y 1 1 x y other=3 rounding_mode=floor' 'torch.div z 1 1 y z other=3 rounding_mode=trunc' \
        'pnnx.Output out 1 0 z'
    run -0 formed
    is 'pnnx.Expression y 1 1 a y expr=floor_divide(sub(@0,mul(@0,2)),3)' \
        'torch.div z 1 1 y z other=3 rounding_mode=trunc'
}

@test "expression: alpha times a number is a number" {
    param 'pnnx.Input in0 0 1 a #a=(2,3)f32' 'torch.add x 1 1 a x other=2 alpha=0.5 $input=a' \
        'torch.sub y 1 1 x y other=3 alpha=2 $input=x' 'pnnx.Output out 1 0 y'
    run -0 formed
    is 'pnnx.Expression y 1 1 a y expr=sub(add(@0,1.0),6)'
}

@test "expression: a constant where upstream takes tensors only stays an operator or becomes max" {
    param 'pnnx.Input in0 0 1 a #a=(2,3)f32' 'torch.maximum x 1 1 a x other=0.5' \
        'torch.atan2 y 1 1 x y input=1 $other=x' 'pnnx.Output out 1 0 y'
    run -0 formed
    is 'pnnx.Expression x 1 1 a x expr=max(@0,0.5)' 'torch.atan2 y 1 1 x y input=1 $other=x'
}

@test "expression: a chain longer than any stack is cut, the same way every time" {
    {
        printf '7767517\n20002 20001\npnnx.Input in 0 1 x0 #x0=(2)f32\n'
        for ((i = 1; i <= 20000; i++)); do echo "torch.add a$i 1 1 x$((i - 1)) x$i other=1"; done
        echo 'pnnx.Output out 1 0 x20000'
    } >in.param
    weights in
    "$BUILD/test/expression" form=1 in.param in.bin once.param once.bin
    "$BUILD/test/expression" form=1 once.param once.bin twice.param twice.bin
    same_text once.param twice.param
    run grep -c pnnx.Expression once.param
    assert_output 100
}

@test "expression: slice vectors with operands are lists" {
    param 'pnnx.Input in0 0 1 a #a=(8,3)f32' 'Tensor.size n 1 1 a n dim=1 $input=a' \
        'pnnx.SliceIndexes i 1 1 n i indexes=(0,@0)' \
        'Tensor.slice s 2 1 a i s dims=(0,1) ends=(4,2147483647) starts=(1,0) steps=(1,1) $input=a $selects=i' \
        'pnnx.Output out 1 0 s'
    run -0 apart
    assert_line 'pnnx.Expression s_selects 1 1 n s_selects expr=[0,@0]'
}

@test "expression: constants and lists of prim operators are arguments as well" {
    param 'pnnx.Input in0 0 1 a #a=(2,3,4)f32' 'prim::Constant c 0 1 c value=2' 'prim::Constant d 0 1 d value=1' \
        'prim::ListConstruct l 2 1 c d l' 'prim::Constant k 0 1 k value=False' 'aten::sum s 3 1 a l k s' \
        'pnnx.Output out 1 0 s'
    run -0 apart
    is 'aten::sum s 1 1 a s dim=(2,1) keepdim=False $self=a'
}

@test "expression: an einsum whose equation is an operand gets it as its argument" {
    param 'pnnx.Input in0 0 1 a #a=(2,3)f32' 'prim::Constant c 0 1 c value=ij,kj->ik' 'prim::ListConstruct l 2 1 a a l' \
        'torch.einsum e 2 1 c l e' 'pnnx.Output out 1 0 e'
    run -0 apart
    is 'torch.einsum e 2 1 a a e equation=ij,kj->ik'
}

@test "expression: what cannot be parsed is refused with its line" {
    for text in 'add(@0' 'add(@0,@1,@1)' 'foo(@0)' '@0,@1' 'add(@0,@2)' 'add(@x,1)' 'add([@0],1)'; do
        expression "$text"
        refuses 3 "$BUILD/test/expression" in.param in.bin out.param out.bin
        [[ $stderr == *'in.param:5: '* ]]
    done
}

# types EXPRESSION: of inner results, with inputs (2,3)bool, (3)bool, (2,1)i64 and (3)f16
types() {
    param 'pnnx.Input in0 0 1 a #a=(2,3)bool' 'pnnx.Input in1 0 1 b #b=(3)bool' 'pnnx.Input in2 0 1 c #c=(2,1)i64' \
        'pnnx.Input in3 0 1 d #d=(3)f16' "pnnx.Expression e 4 1 a b c d z expr=$1" 'pnnx.Output out 1 0 z'
    "$BUILD/test/expression" in.param in.bin out.param out.bin && grep '^torch\|^Tensor' out.param | grep -o '#e_[0-9]*=[^ ]*' | sort -u
}

@test "expression: inner results have the types that PyTorch promotes to, and the shapes of their operands, broadcast" {
    run -0 types 'add(mul(@0,@1),@2)'
    is '#e_1=(2,3)bool'
    run -0 types 'mul(add(mul(@1,2),@2),mul(@3,0.5))'
    is '#e_1=(3)i64' '#e_2=(2,3)i64' '#e_3=(3)f16'
    run -0 types 'sqrt(div(mul(@2,True),torch.double(@1)))'
    is '#e_1=(2,1)i64' '#e_2=(3)f64' '#e_3=(2,3)f64'
    run -0 types 'mul(add(size(@0,1),1),atan2(@2,@2))'
    is '#e_3=(2,1)f32'
}
