"""Shapes: tensors that are cut, joined and turned."""

from __future__ import annotations

from paddle_compat.port.rewrite.naming import TorchName
from paddle_compat.port.rewrite.site import Kept, Piece, Rewrite, Site
from paddle_compat.port.rules.spec import Function, Template
from paddle_compat.port.rules.values import CONVERSIONS

__all__ = ["RULES", "to_dtype"]


def _cast(site: Site) -> Rewrite | Kept:
    return to_dtype(site, "x", "dtype")


def to_dtype(site: Site, tensor: str, dtype: str) -> Rewrite | Kept:
    """Write a cast, of what certainly is a tensor."""
    node, wanted = site.value(tensor), site.value(dtype)
    if node is None or wanted is None:
        return Kept("it lacks an argument")
    if not site.values.is_tensor(node):
        return Kept(f"{site.module.text(node)} is not certainly a tensor")
    changed = CONVERSIONS["dtype"](site, wanted)
    if isinstance(changed, Kept):
        return changed
    pieces = changed if changed is not None else (site.outer(wanted),)
    return site.replaced(*site.tight(node), ".to(", *pieces, ")")


def _one_hot(site: Site) -> Rewrite | Kept:
    node, classes = site.value("x"), site.value("num_classes")
    if node is None or classes is None:
        return Kept("it lacks an argument")
    pieces: tuple[Piece, ...] = (
        TorchName("torch.nn.functional.one_hot"),
        "(",
        *site.tight(node),
        ".to(",
        TorchName("torch.int64"),
        "), ",
        site.outer(classes),
        ").to(",
        TorchName("torch.float32"),
        ")",
    )
    return site.replaced(*pieces)


def _split(site: Site) -> Rewrite | Kept:
    """Numbers of parts and their sizes are two functions in torch, and there is no -1."""
    node, parts = site.value("x"), site.value("num_or_sections")
    if node is None or parts is None:
        return Kept("it lacks an argument")
    value = site.module.constant(parts)
    name = "torch.split" if isinstance(value, (list, tuple)) else "torch.tensor_split"
    sizes = isinstance(value, (list, tuple)) and all(type(v) is int and v >= 0 for v in value)
    if type(value) is not int and not sizes:
        return Kept("its parts are neither a number nor sizes, all written out, without -1")
    pieces: list[Piece] = ["list(", TorchName(name), "(", site.outer(node), ", ", site.outer(parts)]
    axis = site.value("axis")
    if axis is not None:
        if type(site.module.constant(axis)) is not int:
            return Kept("its axis is not certainly a number")
        pieces += [", dim=", site.outer(axis)]
    return site.replaced(*pieces, "))")


def _numel(site: Site) -> Rewrite | Kept:
    node = site.value("x")
    if node is None:
        return Kept("it lacks an argument")
    pieces = (TorchName("torch.tensor"), "(", *site.tight(node), ".numel())")
    return site.replaced(*pieces)


RULES = (
    Template(
        "paddle.cast",
        "x dtype",
        _cast,
        "Tensor.to",
        (
            "paddle.cast(x, 'int32')",
            "paddle.cast(x * 3 + y, dtype=paddle.float64)",
            "x.cast('float64').cast('float32')",
            "(x > 0).cast('float32')",
            "b.cast(x.dtype)",
        ),
    ),
    Template(
        "paddle.astype",
        "x dtype",
        _cast,
        "Tensor.to",
        ("x.astype('int64')", "i.astype(paddle.float32)", "(x + y).astype('bool')"),
    ),
    Function(
        "paddle.reshape",
        "torch.reshape",
        "x>input shape:shape name>",
        (
            "paddle.reshape(x, [-1])",
            "paddle.reshape(x, (4, -1))",
            "paddle.reshape(x=x, shape=[x.shape[0], -1])",
            "x.reshape([2, -1, 2])",
            "x.reshape(shape=[6, 4])",
        ),
    ),
    Function(
        "paddle.transpose",
        "torch.permute",
        "x>input perm>dims:tuple name>",
        (
            "paddle.transpose(x, [0, 2, 1])",
            "paddle.transpose(x, perm=[2, 0, 1])",
            "x.transpose([1, 0, 2])",
            "x.transpose(perm=(2, 1, 0))",
        ),
    ),
    Function(
        "paddle.concat",
        "torch.cat",
        "x>tensors:tensors axis>dim:int name>",
        (
            "paddle.concat([x, y])",
            "paddle.concat([x, y], 1)",
            "paddle.concat(x=[x, y], axis=-1)",
            "paddle.concat((i, i), axis=0, name='joined')",
        ),
        method=False,
    ),
    Function(
        "paddle.stack",
        "torch.stack",
        "x>tensors:tensors axis>dim:int name>",
        ("paddle.stack([x, y])", "paddle.stack([x, y], axis=-1)"),
        method=False,
    ),
    Function(
        "paddle.unbind",
        "torch.unbind",
        "input axis>dim:int",
        ("paddle.unbind(x)", "paddle.unbind(x, axis=1)"),
        before="list(",
        after=")",
    ),
    Template(
        "paddle.split",
        "x num_or_sections axis name",
        _split,
        "torch.split or torch.tensor_split",
        (
            "paddle.split(x, 2, axis=2)",
            "paddle.split(x, [1, 3], axis=-1)",
            "paddle.split(x, num_or_sections=2)",
            "x.split(3, axis=1)",
        ),
    ),
    Function(
        "paddle.chunk",
        "torch.tensor_split",
        "x>input chunks>sections:int axis>dim:int name>",
        ("paddle.chunk(x, 3, axis=1)", "paddle.chunk(x, chunks=2)"),
        before="list(",
        after=")",
        method=False,
    ),
    Function(
        "paddle.squeeze",
        "torch.squeeze",
        "x>input axis>dim:axes name>",
        (
            "paddle.squeeze(x[:, :1])",
            "paddle.squeeze(x[:, :1], axis=1)",
            "paddle.squeeze(x, axis=1)",
            "x[:1, :, :1].squeeze([0, 2])",
        ),
    ),
    Function(
        "paddle.unsqueeze",
        "torch.unsqueeze",
        "x>input axis>dim:int name>",
        (
            "paddle.unsqueeze(x, 1)",
            "paddle.unsqueeze(x, axis=-1)",
            "x.unsqueeze(0)",
            "x.unsqueeze(axis=-2)",
        ),
    ),
    Function(
        "paddle.flatten",
        "torch.flatten",
        "x>input start_axis>start_dim:int stop_axis>end_dim:int name>",
        ("paddle.flatten(x)", "paddle.flatten(x, 1)", "x.flatten(start_axis=0, stop_axis=1)"),
    ),
    Function(
        "paddle.expand",
        "torch.broadcast_to",
        "x>input shape>size:shape name>",
        ("paddle.expand(x[:, :1], [2, 5, 4])", "paddle.expand(x[:1], shape=[6, -1, 4])"),
        method=False,
    ),
    Function(
        "paddle.broadcast_to",
        "torch.broadcast_to",
        "x>input shape>size:shape name>",
        ("paddle.broadcast_to(x, [5, 2, 3, 4])",),
    ),
    Function(
        "paddle.tile",
        "torch.tile",
        "x>input repeat_times>dims:sizes name>",
        (
            "paddle.tile(x, [2, 1, 1])",
            "paddle.tile(x, repeat_times=[2, 1, 1, 3])",
            "x.tile([1, 2])",
        ),
    ),
    Function(
        "paddle.index_select",
        "torch.index_select",
        "x>input * index axis>dim:int name>",
        ("paddle.index_select(x, j, axis=2)", "paddle.index_select(x, index=j % 2, axis=0)"),
        add={"axis": "dim=0"},
    ),
    Function(
        "paddle.flip",
        "torch.flip",
        "x>input axis>dims:tuple name>",
        ("paddle.flip(x, [0, 2])", "paddle.flip(x, axis=1)", "x.flip(axis=[-1])"),
    ),
    Function(
        "paddle.roll",
        "torch.roll",
        "x>input shifts axis>dims name>",
        ("paddle.roll(x, 1)", "paddle.roll(x, shifts=[1, 2], axis=[0, 1])"),
    ),
    Function(
        "paddle.masked_select",
        "torch.masked_select",
        "x>input mask name>",
        ("paddle.masked_select(x, b)", "x.masked_select(mask=b)"),
    ),
    Function(
        "paddle.where",
        "torch.where",
        "condition x>input:tensor y>other:tensor name>",
        ("paddle.where(b, x, y)", "paddle.where(x > 0, x, paddle.zeros_like(x))"),
        require=lambda site: None if len(site.given.given) > 2 else "torch gives indices otherwise",
        method=False,
    ),
    Function("paddle.t", "torch.t", "input name>", ("paddle.t(x[0])", "x[1].t()")),
    Function(
        "paddle.tril",
        "torch.tril",
        "x>input diagonal name>",
        ("paddle.tril(x)", "paddle.tril(x, diagonal=1)"),
    ),
    Function("paddle.triu", "torch.triu", "x>input diagonal name>", ("paddle.triu(x, -1)",)),
    Template(
        "paddle.numel",
        "x name",
        _numel,
        "torch.tensor(x.numel())",
        ("paddle.numel(x)", "x.numel()"),
        gradient=False,
    ),
    Template(
        "paddle.nn.functional.one_hot",
        "x num_classes name",
        _one_hot,
        "torch.nn.functional.one_hot",
        (
            "paddle.nn.functional.one_hot(j, 5)",
            "paddle.nn.functional.one_hot(x=j.astype('int32'), num_classes=4)",
        ),
        method=False,
    ),
)
