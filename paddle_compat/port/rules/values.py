"""Values of arguments that are written otherwise for torch, and those that have to be certain."""

from __future__ import annotations

import ast
from collections.abc import Callable

from paddle_compat.port.resolve import Module
from paddle_compat.port.rewrite.naming import TorchName
from paddle_compat.port.rewrite.site import Kept, Piece, Site

__all__ = ["CONVERSIONS", "DTYPES", "needs_float"]

DTYPES = [
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "bfloat16",
    "float32",
    "float64",
    "complex64",
    "complex128",
]


def _dtype(site: Site, node: ast.expr) -> tuple[Piece, ...] | Kept | None:
    """Write a dtype's name as torch's object; a name of Paddle's is rewritten where it stands."""
    path = site.module.paddle_path(node)
    if path is not None and path.rpartition(".")[2] in DTYPES:
        return None
    if isinstance(node, ast.Attribute) and node.attr == "dtype":
        return None
    if isinstance(node, ast.Constant) and node.value in DTYPES:
        return (TorchName(f"torch.{node.value}"),)
    if isinstance(node, ast.Constant) and node.value is None:
        return None
    return Kept("its dtype is no literal")


def _shape(site: Site, node: ast.expr) -> tuple[Piece, ...] | Kept | None:
    """Take a list or tuple of sizes, of which none is 0 by its own saying (reshape would copy)."""
    entries = _entries(site.module, node)
    if entries is None:
        return Kept("its shape is no list or tuple that is written out")
    if any(site.module.constant(entry) == 0 for entry in entries):
        return Kept("a 0 in its shape copies the input's size in Paddle; write the size itself")
    if any(isinstance(entry, ast.Starred) for entry in entries):
        return Kept("its shape is not written out")
    return None


def _sizes(site: Site, node: ast.expr) -> tuple[Piece, ...] | Kept | None:
    """Take a list or tuple of sizes, 0 among them."""
    shaped = isinstance(node, ast.Attribute) and node.attr == "shape"
    if not shaped and _entries(site.module, node) is None:
        return Kept("its shape is no list or tuple that is written out")
    return None


def _entries(module: Module, node: ast.expr) -> list[ast.expr] | None:
    held = module.assigned(node) or node
    return held.elts if isinstance(held, (ast.List, ast.Tuple)) else None


def _integer(site: Site, node: ast.expr) -> tuple[Piece, ...] | Kept | None:
    """Take one number, since torch takes no list there."""
    value = site.module.constant(node)
    if type(value) is int:
        return None
    return Kept(f"{site.module.text(node)} is not certainly one number")


def _axes(site: Site, node: ast.expr) -> tuple[Piece, ...] | Kept | None:
    """Take numbers, or a list of some: an empty list, or a tensor, means something else."""
    value = site.module.constant(node)
    several = isinstance(value, (list, tuple)) and value and all(type(v) is int for v in value)
    if type(value) is int or several:
        return None
    return Kept(f"{site.module.text(node)} is not certainly a number or a list of some")


def _tuple(site: Site, node: ast.expr) -> tuple[Piece, ...] | Kept | None:
    """Take a list of numbers, or one, which becomes a tuple."""
    value = site.module.constant(node)
    if type(value) is int:
        return ("(", site.outer(node), ",)")
    return None if isinstance(value, (list, tuple)) else _axes(site, node)


def _flag(site: Site, node: ast.expr) -> tuple[Piece, ...] | Kept | None:
    """Take True or False, written out."""
    if type(site.module.constant(node)) is bool:
        return None
    return Kept(f"{site.module.text(node)} is not certainly True or False")


def _pair(site: Site, node: ast.expr) -> tuple[Piece, ...] | Kept | None:
    """Take one size, or one for each of two axes; no padding by name or of four sides."""
    value = site.module.constant(node)
    two = isinstance(value, (list, tuple)) and len(value) == 2
    if type(value) is int or (two and all(type(each) is int for each in value)):
        return None
    if value is ... and isinstance(node, ast.BinOp) and not isinstance(value, str):
        return None
    return Kept(f"{site.module.text(node)} is not certainly one size or two")


def _tensor(site: Site, node: ast.expr) -> tuple[Piece, ...] | Kept | None:
    """Take a tensor, since a number would be taken otherwise."""
    if site.values.is_tensor(node):
        return None
    return Kept(f"{site.module.text(node)} is not certainly a tensor")


def _tensors(site: Site, node: ast.expr) -> tuple[Piece, ...] | Kept | None:
    """Take a list of tensors, since one tensor would be taken otherwise."""
    if isinstance(node, (ast.List, ast.Tuple, ast.ListComp)):
        return None
    held = site.module.assigned(node)
    if isinstance(held, (ast.List, ast.Tuple, ast.ListComp)):
        return None
    return None if not site.values.is_tensor(node) else Kept("one tensor is no list of tensors")


def _scalar(site: Site, node: ast.expr) -> tuple[Piece, ...] | Kept | None:
    """Take a number that is written out."""
    if type(site.module.constant(node)) in (int, float):
        return None
    return Kept(f"{site.module.text(node)} is not certainly a number")


def needs_float(parameter: str, why: str) -> Callable[[Site], str | None]:
    """Return a requirement: an argument is certainly a tensor of floats, because of `why`."""

    def require(site: Site) -> str | None:
        node = site.value(parameter)
        if node is not None and site.values.is_float(node):
            return None
        told = site.module.text(node) if node is not None else parameter
        return f"{told} is not certainly of a float dtype, and {why}"

    return require


CONVERSIONS = {
    "dtype": _dtype,
    "shape": _shape,
    "sizes": _sizes,
    "int": _integer,
    "axes": _axes,
    "tuple": _tuple,
    "flag": _flag,
    "pair": _pair,
    "tensor": _tensor,
    "tensors": _tensors,
    "scalar": _scalar,
}
