# The rule language: its examples run as text, its mistakes are named with their places.
load helpers

rewrite() { "$BUILD/test/rewrite_test" "$@"; }

# try NAME RULES PARAM: applies rules over a model without weights; NAME.out is the new text, $output what was said.
try() {
    printf '%s\n' "$2" >rules
    printf '%s\n' "$3" >in.param
    "$PYTHON" -c 'import zipfile; zipfile.ZipFile("in.bin", "w").close()'
    run rewrite "$1" -a rules in.param in.bin out.param out.bin
}

# applied RULE: the examples of that file all hold, and there are some.
examples() {
    run rewrite "$@"
    assert_success
    assert_output --partial ' 0 failed,'
    refute_output --partial ' 0 examples'
}

@test "rules: the hard cases of the language run" {
    examples "$ROOT/test/rules/hard.rules"
    examples -s "$ROOT/test/rules/scopes.rules"
}

@test "rules: a case for each corner of the language runs" {
    examples "$ROOT/test/rules/first.rules"
    examples "$ROOT/test/rules/more.rules"
}

@test "rules: every rule of the programs has its example and its near miss, and they hold" {
    mkdir models
    for file in "$ROOT"/cmd/*/*.rules "$ROOT"/cmd/*/*/*.rules "$ROOT"/common/layers/*.rules; do
        run rewrite -w models "$file"
        assert_success
        assert_output --partial ' 0 failed,'
        printf '%s\n' "${lines[@]}" | sed -n 's/^[^ ]*rules:[0-9]*: \(.*: no .*\)/\1/p' >>bare
    done
    assert_equal "$(cat bare)" ''
}

@test "rules: both sides of every example of pt2pnnx compute the same numbers" {
    run --separate-stderr "$PYTHON" -W ignore "$ROOT/test/rule_numbers.py" "$ROOT"/cmd/pt2pnnx/*.rules
    assert_success
    assert_output --partial ' variations run, 0 failed; 0 that were made up do not run'
}

@test "rules: both sides of every example of pnnxopt compute the same numbers, also when it is varied in one thing" {
    run --separate-stderr "$PYTHON" -W ignore "$ROOT/test/rule_numbers.py" -v "$ROOT"/cmd/pnnxopt/*.rules
    assert_success
    refute_output --partial ' 0 variations'
    assert_output --partial ' variations run, 0 failed; 0 that were made up do not run'
}

@test "rules: the ncnn runtime computes the numbers of every example of pnnx2ncnn, by the example's rule" {
    run --separate-stderr "$PYTHON" -W ignore "$ROOT/test/rule_numbers.py" "$ROOT"/cmd/pnnx2ncnn/*/*.rules
    assert_success
    assert_output --partial ' variations run, 0 failed; 0 that were made up do not run'
}

@test "rules: the ncnn runtime computes the same numbers of both sides of every example of rules on layers" {
    run --separate-stderr "$PYTHON" -W ignore "$ROOT/test/rule_numbers.py" "$ROOT"/common/layers/*.rules
    assert_success
    refute_output --partial '0 examples'
    assert_output --partial ' variations run, 0 failed; 0 that were made up do not run'
}

@test "rules: a rule on layers that computes other numbers is named" {
    mkdir -p common/layers
    cat >common/layers/wrong.rules <<'END'
ReLU(InnerProduct(*xs, ...) as c) => InnerProduct(*xs, activation_type='sigmoid', ...c) ;
#> InnerProduct c 1 1 x a 0=4 1=1 2=24 @0t=(4,6)f32 @1r=(4)f32 #x=(5,6)f32
#> ReLU r 1 1 a y
#= InnerProduct r 1 1 x y 0=4 1=1 2=24 9=4 @0t=(4,6)f32 @1r=(4)f32
END
    run --separate-stderr "$PYTHON" -W ignore "$ROOT/test/rule_numbers.py" common/layers/wrong.rules
    assert_failure 1
    assert_line --partial 'wrong.rules:2: ReLU: differs by'
    assert_line '1 examples and 0 variations run, 1 failed; 0 that were made up do not run'
}

@test "rules: a lowering that computes other numbers, or that a conversion does not come to, is named" {
    mkdir -p cmd/pnnx2ncnn/layers
    cat >cmd/pnnx2ncnn/layers/wrong.rules <<'END'
F.relu(x) => Sigmoid(x) ;
#> F.relu r 1 1 x y #x=(2,3)f32
#= Sigmoid r 1 1 x y
(y, z) = torch.unbind(x, dim=0) => (y, z) = Slice(x, 0=[1,-233], 1=0) ;
#> torch.unbind r 1 2 x y z dim=0 #x=(2,3)f32
#= Slice r 1 2 x y z 0=[1,-233] 1=0
END
    run --separate-stderr "$PYTHON" -W ignore "$ROOT/test/rule_numbers.py" cmd/pnnx2ncnn/layers/wrong.rules
    assert_failure 1
    assert_line --partial 'wrong.rules:2: F.relu: differs by'
    assert_line --partial 'wrong.rules:5: torch.unbind: pnnx2ncnn does not use the rule'
    assert_line '2 examples and 0 variations run, 2 failed; 0 that were made up do not run'
}

@test "rules: an example whose sides differ in numbers is named" {
    cat >wrong.rules <<'END'
silu: F.relu(x) => F.silu(x) ;
#> F.relu r 1 1 x y #x=(2,3)f32
#= F.silu r 1 1 x y
END
    run --separate-stderr "$PYTHON" -W ignore "$ROOT/test/rule_numbers.py" wrong.rules
    assert_failure 1
    assert_line --partial 'wrong.rules:2: silu: differs by'
    assert_line '1 examples and 0 variations run, 1 failed; 0 that were made up do not run'
}

@test "rules: a rule that forgets a condition is found by varying its example" {
    cat >wrong.rules <<'END'
elu: aten::elu(x, alpha=a, ...) => F.elu(x, alpha=a) ;
#> aten::elu e 1 1 x y alpha=2.0 scale=1.0 input_scale=1.0 #x=(2,3)f32
#= F.elu e 1 1 x y alpha=2.0
END
    run --separate-stderr "$PYTHON" -W ignore "$ROOT/test/rule_numbers.py" -v wrong.rules
    assert_failure 1
    assert_line --partial 'wrong.rules:2: elu: e scale=1.5: differs by'
    assert_line '1 examples and 3 variations run, 2 failed; 0 that were made up do not run'
}

@test "rules: what has no example, or no near miss where the rule asks for more than one call with any arguments, is counted" {
    cat >bare.rules <<'END'
one: aten::relu(x) => F.relu(x) ;
two: F.relu(F.relu(x)) => F.relu(x) ;
#> F.relu a 1 1 x m
#> F.relu b 1 1 m y
#= F.relu b 1 1 x y
if_rank: F.silu(x) => F.mish(x) if x.rank == 2 ;
literal: aten::gelu(x, approximate='tanh') => F.gelu(x, approximate='tanh') ;
kind: aten::fill(x, value=v:number) => torch.full_like(x, fill_value=v) ;
constant: aten::prelu(x, @w) => F.prelu(x, w) ;
twice: aten::mul(self=y, other=y) => torch.square(y) ;
unread: (y, _) = aten::frexp(self=x) => y = F.relu(x) ;
any: aten::scatter(x, dim=_, index=i?, ...) as c => torch.scatter(x, index=i, ...c) ;
items: (*ys) = aten::meshgrid(tensors=[*xs], indexing=i) => (*ys) = torch.meshgrid(xs, indexing=i) ;
END
    mkdir models
    run rewrite -w models bare.rules
    assert_success
    assert_line '2 bare.rules:1 generated one'
    assert_line 'bare.rules:2: two: no near miss'
    assert_line 'bare.rules:6: if_rank: no example'
    assert_equal "$(printf '%s\n' "${lines[@]}" | sed -n 's/^bare.rules:[0-9]*: \(.*\): no near miss/\1/p' | tr '\n' ' ')" \
        'two if_rank literal kind constant twice unread '
    assert_line '10 rules, 1 examples, 0 failed, 3 rules without an example, 7 without a near miss'
}

@test "rules: an example that does not hold is shown, and fails" {
    cat >wrong.rules <<'END'
silu: F.relu(x) => F.silu(x) ;
#> F.relu r 1 1 x y
#= F.mish r 1 1 x y
#! F.relu r 1 1 x y
END
    run rewrite wrong.rules
    assert_failure 1
    assert_line 'wrong.rules:2: silu: another result'
    assert_line 'wrong.rules:2: silu: applied where it must not'
    assert_line '1 rules, 2 examples, 2 failed, 0 rules without an example, 0 without a near miss'
}

@test "rules: a near miss may be what differs from the example before it" {
    cat >differences.rules <<'END'
leaky: F.leaky_relu(torch.neg(x), negative_slope=0) => F.relu(x) if x.rank == 2 ;
#> torch.neg n 1 1 x a #x=(2,3)f32
#> F.leaky_relu r 1 1 a y negative_slope=0
#= F.relu r 1 1 x y
#! r: negative_slope=0.5
# Another shape, and another type.
#! n: #x=(2,3,4)f32
#! r: F.elu -negative_slope alpha=0
# No such operator.
#! m: negative_slope=0.5
END
    run --separate-stderr -1 rewrite differences.rules
    assert_equal "$stderr" "rewrite_test: differences.rules:10:1: no operator of the example before is called 'm'"
    assert_line 'differences.rules:10: leaky: applied where it must not'
    assert_line '1 rules, 4 examples, 1 failed, 0 rules without an example, 0 without a near miss'
}

@test "rules: parameters of layers have names, and numbers that mean something words" {
    cat >layers.rules <<'END'
one: torch.sum(x) => Reduction(x, operation='sum', axes=[0], 5=1) ;
#> torch.sum s 1 1 x y #x=(3)f32
#= Reduction s 1 1 x y 0=0 3=[0] 5=1
either: torch.add(x, v:number, alpha=_) => BinaryOp(x, op_type='add' if v > 0 else 'sub', with_scalar=1, b=abs(v)) if x.rank == 1 ;
#> torch.add s 1 1 x y other=-2 alpha=1 #x=(3)f32
#= BinaryOp s 1 1 x y 0=1 1=1 2=2
#! s: #x=(3,4)f32
END
    run -0 rewrite layers.rules
    assert_output '2 rules, 3 examples, 0 failed, 0 rules without an example, 0 without a near miss'
    cat >wrong.rules <<'END'
one: torch.sum(x) => Reduction(x, operation='add', axes=[0]) ;
two: torch.sum(x) => Reduction(x, operator=0) ;
three: torch.sum(x) => Reduction(x, coeff='half') ;
four: torch.flatten(x) => Reshape(x, shape_expr='-1') ;
END
    run --separate-stderr -2 rewrite wrong.rules
    assert_equal "$stderr" "rewrite_test: wrong.rules:1:45: Reduction has no operation 'add' (it has sum sum_abs sum_square mean max min prod l1 l2 log_sum log_sum_exp)
rewrite_test: wrong.rules:2:35: 'Reduction' has no argument 'operator'
rewrite_test: wrong.rules:3:43: Reduction has no coeff 'half' (it is a number)"
}

@test "rules: a file with ten mistakes reports ten, each with its line and column" {
    cd "$ROOT/test/rules"
    run --separate-stderr -2 rewrite ten.rules
    assert_equal "$stderr" "rewrite_test: ten.rules:3:19: unknown operator 'F.rellu' (did you mean 'F.relu'?)
rewrite_test: ten.rules:4:29: 'F.relu' has no argument 'slope'
rewrite_test: ten.rules:5:30: 'z' is bound nowhere
rewrite_test: ten.rules:6:18: 'torch.sub' is not declared commutative
rewrite_test: ten.rules:7:21: expected '=>'
rewrite_test: ten.rules:8:22: expected ',' or ')'
rewrite_test: ten.rules:9:45: unknown function 'bigger'
rewrite_test: ten.rules:10:40: 'len' is called with a wrong number of arguments
rewrite_test: ten.rules:11:71: 'double_tensor' cannot take this
rewrite_test: ten.rules:12:14: expected an operator at the root of the rule"
}

@test "rules: a name is that of one rule, or of the rounds of one" {
    cat >names.rules <<'END'
for f in relu silu { round: F.$f(x) => F.tanh(x) ; }
twice: F.mish(x) => F.tanh(x) ;
twice: F.gelu(x) => F.tanh(x) ;
F.elu(x) => F.tanh(x) ;
F.elu(x, alpha=2.0) => F.tanh(x) ;
END
    run --separate-stderr -2 rewrite -e names.rules
    assert_equal "$stderr" "rewrite_test: names.rules:3:1: the name 'twice' is that of the rule of names.rules:2"
}

@test "rules: an operator of one's own, a tuple, and the rest of a call say how they are written" {
    cat >habits.rules <<'END'
own: F.relu(x) => my.Custom(x) ;
quoted: F.silu(x) => 'my.Custom'(x) ;
tuple: nn.MaxPool2d(x, kernel_size=(3,3), ...) => x ;
rest: F.mish(x, ...c) => F.gelu(x) ;
shared: F.elu(x) => F.relu(&F.silu(x)) ;
shared_name: F.celu(&x) => F.relu(x) ;
END
    run --separate-stderr -2 rewrite habits.rules
    assert_equal "$stderr" "rewrite_test: habits.rules:1:19: unknown operator 'my.Custom' (instead: a type of your own stands in quotes: 'my.Custom'(...))
rewrite_test: habits.rules:3:38: expected ')' (instead: a list is written [3, 3])
rewrite_test: habits.rules:4:17: this cannot stand in a pattern's call (instead: ..., and 'as' names the operator)
rewrite_test: habits.rules:5:29: '&F.silu' can stand in a pattern only
rewrite_test: habits.rules:6:22: expected an operator and its arguments, &type(...)"
}

@test "rules: mistakes that several rules make together are reported" {
    cd "$ROOT/test/rules"
    run --separate-stderr -2 rewrite together.rules
    assert_equal "$stderr" "rewrite_test: together.rules:5:1: 'shadowed' never applies: 'wide' of line 4 always comes first
rewrite_test: together.rules:7:1: 'back' and 'there' of line 6 undo each other
rewrite_test: together.rules:8:1: 'for_ever' applies to its own result, for ever
rewrite_test: together.rules:10:1: 'waits' waits for an operator that 'one' of line 9 rewrites before
rewrite_test: together.rules:14:1: 'fewer' never applies: 'some' of line 13 always comes first
rewrite_test: together.rules:16:1: 'special' says nothing that 'general' of line 18 does not say"
}

@test "rules: a part of a result has a name of its own" {
    cat >with.rules <<'END'
twice: F.relu(x) => torch.add(x, y) with y = F.silu(x), y = F.tanh(x) ;
taken: F.relu6(x) => torch.add(x, y) with x = F.silu(x), y = F.tanh(x) ;
later: F.silu(x) => torch.add(y, z) with y = F.relu(z), z = F.tanh(x) ;
END
    run --separate-stderr -2 rewrite with.rules
    assert_equal "$stderr" "rewrite_test: with.rules:1:57: 'y' is defined twice
rewrite_test: with.rules:2:43: 'x' is defined twice
rewrite_test: with.rules:3:53: 'z' is bound nowhere"
}

@test "rules: a mistake in the body of a for is reported once, at its place in the file" {
    cat >loop.rules <<'END'
for f in relu silu mish {
    $f: F.$f(x) => F.tanh(y) ;
    $(f)_2: F.$f(x, $g=1) => F.tanh(x) ;
}
for (a, b) in (1 2) (3) { F.relu(x) => F.silu(x) ; }
END
    run --separate-stderr -2 rewrite loop.rules
    assert_equal "$stderr" "rewrite_test: loop.rules:2:27: 'y' is bound nowhere
rewrite_test: loop.rules:3:21: no 'for' around this has such a variable
rewrite_test: loop.rules:5:23: 'for' has 2 names here: expected that many words in parentheses"
}

@test "rules: 'in' and 'module' are refused where there are no scopes" {
    cat >scope.rules <<'END'
in nn.Conv2d { c: F.relu(x) => F.silu(x) ; }
module nn.LSTM(x) -> (y) => F.relu(x) ;
END
    run --separate-stderr -2 rewrite scope.rules
    assert_equal "$stderr" "rewrite_test: scope.rules:1:16: 'in' and 'module' need the scopes that only pt2pnnx has
rewrite_test: scope.rules:2:1: 'in' and 'module' need the scopes that only pt2pnnx has"
}

@test "rules: what is nested too deep, cut off, or no text at all is refused without harm" {
    "$PYTHON" -c 'print("a: F.relu(" + "(" * 5000 + "x")' >deep.rules
    refuses_rules deep.rules
    "$PYTHON" -c 'print("a: F.relu(x) => F.silu(x) if " + "not " * 5000 + "True ;")' >nots.rules
    refuses_rules nots.rules
    "$PYTHON" -c 'print("let f(x) = " + "x else " * 5000 + "1 ;")' >elses.rules
    refuses_rules elses.rules
    "$PYTHON" -c 'print("a: " + "F.relu(x) | " * 5000 + "F.relu(x) => x ;")' >ors.rules
    refuses_rules ors.rules
    "$PYTHON" -c 'print("a: F.relu(x) => F.silu(x) if " + "1 + " * 50000 + "1 ;")' >sum.rules
    refuses_rules sum.rules
    "$PYTHON" -c 'print("for a in b {" * 40)' >fors.rules
    refuses_rules fors.rules
    head -c 4000 /dev/urandom >noise.rules
    refuses_rules noise.rules
    "$PYTHON" -c 'print("pattern p(x) = F.relu(x) ;\n" + "".join(f"pattern p{i}(x) = torch.add(p{i-1}(x), p{i-1}(x)) ;\n" for i in range(1, 40)).replace("p0(", "p(") + "r: p39(x) => x ;")' >macros.rules
    refuses_rules macros.rules
    for n in 20 200 1000 3000; do
        head -c "$n" "$ROOT/test/rules/hard.rules" >cut.rules
        run rewrite -e cut.rules
        [ "$status" -le 2 ]
    done
}

# refuses_rules FILE: wrong usage, said on standard error, no signal.
refuses_rules() {
    run --separate-stderr -2 rewrite -e "$1"
    [ -n "$stderr" ]
}

@test "rules: every application is explained in a line" {
    try -x 'commutative torch.mul ;
silu: torch.mul{x, F.sigmoid(x)} => F.silu(x) ;
drop: F.dropout(x, ...) => x ;' '7767517
5 4
pnnx.Input in 0 1 x
F.dropout d 1 1 x x1
F.sigmoid s 1 1 x1 a
torch.mul m 2 1 x1 a y
pnnx.Output out 1 0 y'
    assert_success
    assert_line "rewrite_test: in.param:4: drop: 'd': F.dropout => x"
    assert_line "rewrite_test: in.param:6: silu: 'm': F.sigmoid torch.mul => F.silu"
}

@test "rules: rules that chase each other are stopped and named" {
    try -q 'to_mish: F.silu(x) => F.mish(x) if x.rank == 2 ;
to_silu: F.mish(x) => F.silu(x) if x.rank == 2 ;' '7767517
3 2
pnnx.Input in 0 1 x #x=(2,3)f32
F.silu s 1 1 x y
pnnx.Output out 1 0 y'
    assert_failure 1
    assert_line --partial "rules do not come to an end at 's': 'to_mish' (rules:1), 'to_silu' (rules:2)"
}

@test "rules: a chain of a thousand operators shrinks to one" {
    "$PYTHON" - >chain.param <<'END'
n = 1000
lines = ["pnnx.Input in 0 1 x0"] + [f"F.relu r{i} 1 1 x{i} x{i + 1}" for i in range(n)] + [f"pnnx.Output out 1 0 x{n}"]
print(f"7767517\n{len(lines)} {n + 1}\n" + "\n".join(lines))
END
    try -q 'twice: F.relu(F.relu(x)) => F.relu(x) ;' "$(cat chain.param)"
    assert_success
    assert_line '999 applications'
    assert_equal "$(sed -n 2p out.param)" '3 2'
}

@test "rules: results with operands from both roots are put where all of them are made" {
    try -q 'pair: v = torch.var(x, dim=d, correction=1) also m = torch.mean(x, dim=d)
  => (v, m) = torch.var_mean(x, dim=d, correction=1) ;' '7767517
6 5
pnnx.Input in 0 1 x
torch.var a 1 1 x v correction=1 dim=(1)
F.relu r 1 1 v w
torch.mean b 1 1 x m dim=(1)
torch.add s 2 1 w m y
pnnx.Output out 1 0 y'
    assert_success
    assert_equal "$(sed -n '4,5s/ .*//p' out.param)" "torch.var_mean
F.relu"
}

@test "rules: a result that would need itself is not built" {
    try -q 'pair: v = torch.var(x, dim=d, correction=1) also m = torch.mean(x, dim=_) as c
  => (v, m) = pnnx.pair(x, d=d, other=F.relu(z)) where z = c.name ;
own: torch.add(x, z) as s => torch.mul(s.out, z) ;
self: F.relu(x) as r => r.out ;
odd: a = torch.neg(x) also b = torch.add(x, z) => (a, b) = pnnx.odd(x, z) ;' '7767517
5 4
pnnx.Input in 0 1 x
torch.neg n 1 1 x a
F.relu r 1 1 a z
torch.add s 2 1 x z y
pnnx.Output out 1 0 y'
    assert_success
    assert_line '0 applications'
}

@test "rules: a rule file that is not there is a failure to read" {
    run --separate-stderr -4 rewrite absent.rules
    assert_equal "$stderr" "rewrite_test: cannot read 'absent.rules': No such file or directory"
}
