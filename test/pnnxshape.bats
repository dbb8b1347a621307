#!/usr/bin/env bats
# Dimensions, and what pnnxshape infers, evaluates and refuses.

load helpers

# dims TEXT...: what common/dim.c makes of dimensions, one a line.
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

@test "dimensions: what overflows is unknown" {
    run -0 dims '%9223372036854775807*2' '%9223372036854775807+1' '%h*h*h*h*h*h*h*h*h' '%h//0'
    assert_output "$(printf '%s\n' '?' '?' '?' '?')"
}

@test "dimensions: a text that is no dimension is refused" {
    run -0 dims x '%' '%h+' '%(h' -1 '%-3' 9223372036854775808 '%((((((((((((((((((((((((((((((((((((((((((h'
    assert_output "$(printf '%s\n' wrong wrong wrong wrong wrong wrong wrong wrong)"
}
