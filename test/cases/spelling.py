"""What a function does, as a text without spaces: names for test cases that are written as lambdas.

    for n in (1, 2):
        spelling(lambda x, n=n: torch.sum(x, dim=n))        # torch.sum(x,dim=1), torch.sum(x,dim=2)

The text depends on nothing but the function, so it is the same wherever in its file the function stands.
"""
import ast
import functools
import inspect
import re

import torch


def key(code):
    """What tells the lambdas of one line apart."""
    return code.co_varnames[:code.co_argcount], repr([c for c in code.co_consts if not inspect.iscode(c)])


@functools.lru_cache(maxsize=None)
def lambdas(path):
    """The lambdas of a file: their syntax trees by line and key."""
    found = {}
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    for node in ast.walk(tree):
        if isinstance(node, ast.Lambda):
            code = compile(ast.Expression(node), path, "eval")
            found.setdefault((node.lineno, *key(next(c for c in code.co_consts if inspect.iscode(c)))), node)
    return found


class Put(ast.NodeTransformer):
    """Puts values in the place of names."""

    def __init__(self, values):
        self.values = values

    def visit_Name(self, node):
        return ast.Name(spelling(self.values[node.id])) if node.id in self.values else node


def bound(f):
    """The names of a function that have values: its defaults and what it closes over."""
    defaults = f.__defaults__ or ()
    values = dict(zip(f.__code__.co_varnames[f.__code__.co_argcount - len(defaults):], defaults))
    return {**values, **inspect.getclosurevars(f).nonlocals}


def packed(text):
    """Without spaces, or with lines in the place of those that part words."""
    return re.sub(r"(?<=\w)\s+(?=\w)", "_", text).translate({ord(c): None for c in " \n"})


def spelling(value):
    if inspect.isfunction(value) and value.__name__ == "<lambda>":
        node = lambdas(value.__code__.co_filename)[(value.__code__.co_firstlineno, *key(value.__code__))]
        body = ast.parse(ast.unparse(node.body), mode="eval").body
        return packed(ast.unparse(Put(bound(value)).visit(body)))
    if inspect.isfunction(value) and not value.__module__.startswith("torch"):
        values = bound(value) if value.__closure__ else {}
        arguments = ",".join(spelling(v) for v in values.values())
        return value.__qualname__.partition(".")[0] + (f"({arguments})" if values else "")
    if isinstance(value, torch.Tensor):
        return packed(str(list(value.shape)))
    if isinstance(value, dict):
        return "{" + ",".join(f"{k!r}:{spelling(v)}" for k, v in value.items()) + "}"
    if isinstance(value, type) and value.__module__.startswith("torch.nn."):
        return "nn." + value.__name__
    return getattr(value, "__name__", None) or packed(repr(value))
