load helpers

@test "graph: use lists, names, order and overloads hold through 2000 random edits" {
    run "$BUILD/test/graph"
    assert_success
    assert_line 'sorting: producers first, a cycle is seen'
    assert_line 'names: found, dropped, made'
    assert_line 'arguments: aliases, overloads, order'
}
