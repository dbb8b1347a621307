"""Cases: calls of PyTorch that the other tables do not have, one each."""
import torch

from operators import function, ints

FLAT, SQUARE = (3, 10), (4, 4)


def put(f):
    """The tensor that a function writes into."""
    def g(x, *rest):
        y = x * 1
        f(y, *rest)
        return y
    return g


def assign(*index):
    def f(y, v):
        y[index] = v
    return put(f)


ALL = slice(None)

# Writes
for type_, f, *inputs in (
        ("", assign(ALL, slice(2, 5)), FLAT, (3, 1)),
        ("", assign(ALL, slice(2, 5)), FLAT, (3,)),
        ("", assign(ALL, 2), FLAT, ints(9, 3)),
        ("", assign(1), FLAT, lambda: torch.tensor(2.5)),
        ("", put(lambda y, v: y.copy_(v)), FLAT, FLAT),
        ("", put(lambda y, v: y.copy_(v)), FLAT, (10,)),
        ("", put(lambda y, v: y.copy_(v)), FLAT, ints(9, 3, 10)),
        ("", put(lambda y, v: y.fill_(v.sum())), FLAT, (2,)),
        ("", put(lambda y, v: y[:, 1].fill_(v.sum())), FLAT, (2,)),
        ("", lambda x: put(lambda y: y[:, :2].copy_(torch.relu(y[:, :2])))(x), (1, 4, 6, 6)),
        ("", put(lambda y, v: y.add_(v)), FLAT, lambda: torch.randn(3, 10, dtype=torch.double)),
        ("", put(lambda y, v: y.mul_(v)), FLAT, lambda: torch.randn(10, dtype=torch.double)),
        ("", put(lambda y, v: y[:, 1:3].sub_(v)), FLAT, lambda: torch.randn(2, dtype=torch.double)),
        ("", put(lambda y, v: y.add_(v)), ints(9, 3, 4), ints(9, 4)),
        ("", put(lambda y: y.bitwise_and_(torch.tensor(3))), ints(9, 4)),
        ("", put(lambda y, v: y.masked_fill_(y > 0, v.sum())), FLAT, (2,)),
        ("", put(lambda y, v: y.index_fill_(1, torch.tensor([0, 2]), 3.0)), FLAT, (2,)),
        ("", put(lambda y, v: y.scatter_(1, torch.tensor([[0, 1], [2, 3], [4, 5]]), v)), FLAT, (3, 2)),
        ("", put(lambda y, v: y.scatter_(1, torch.tensor([[0, 1], [2, 3], [4, 5]]), v, reduce="add")), FLAT, (3, 2)),
        ("", put(lambda y, v: y.masked_scatter_(y > 0, v)), FLAT, (40,)),
        ("", put(lambda y, v: y.index_copy_(1, torch.tensor([0, 2]), v)), FLAT, (3, 2)),
        ("", put(lambda y: y.clamp_(min=torch.tensor(0.5))), FLAT),
        ("", put(lambda y: y.squeeze_(0).unsqueeze_(1).transpose_(0, 1)), (1, 3, 10))):
    function(type_, f, *inputs)
# A tensor where the call of aten takes numbers only
function("", lambda x: torch.arange(x.abs().sum().long() % 3 + 4)[:4] + x[0, 0], FLAT)
function("", lambda x: torch.clamp(x, min=0, max=x.sum().abs() + 1), FLAT)

function("aten::fill_diagonal", put(lambda y: y.fill_diagonal_(2.0)), SQUARE, absent=())
function("aten::fill_diagonal", put(lambda y: y.fill_diagonal_(2.0, wrap=True)), (7, 3), absent=())
