load helpers

@test "graph: use lists, names, order and overloads hold through 2000 random edits" {
    run "$BUILD/test/graph"
    assert_success
    assert_line 'sorting: producers first, a cycle is seen'
    assert_line 'names: found, dropped, made'
    assert_line 'arguments: aliases, overloads, order'
}

@test "element: floats become halves by rounding to nearest even, one by one and many at once" {
    run "$BUILD/test/element"
    assert_success
    assert_output 'halves: 0 wrong, fast conversion: 0 wrong'
}
