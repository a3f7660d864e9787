"""Which calls of torch's functions are what a module does with its own parameters."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import torch
from torch import fx, nn

from paddle_compat.export.layers import AffineChannel, BatchNorm2d, FrozenBatchNorm2d, remember_
from paddle_compat.fluid.layers.nn.batch_norm import normalize_batch

__all__ = ["Use", "recognised"]


class Use(NamedTuple):
    """A call that a module can stand for.

    Attributes:
        node: the call.
        last: what gives the result: the call, or the bias's addition.
        input: what the module is called with.
        kind: the module's class.
        options: the arguments that make it.
        paths: where the values lie, by the module's own names.
        beside: what the module does besides: it keeps its statistics.
    """

    node: fx.Node
    last: fx.Node
    input: Any
    kind: type[nn.Module]
    options: dict[str, Any]
    paths: dict[str, str]
    beside: tuple[fx.Node, ...] = ()


def recognised(node: fx.Node, reader: fx.Node, shapes: Mapping[Any, tuple[int, ...]]) -> Use | None:
    """Return the module's call that a node is, which reads a weight; None where it is none."""
    recognise = _RECOGNISED.get(node.target)
    return None if recognise is None else recognise(node, reader, shapes)


def _convolution(
    node: fx.Node, reader: fx.Node, shapes: Mapping[Any, tuple[int, ...]]
) -> Use | None:
    transposed = node.target is torch.conv_transpose2d
    given: Any = node.args
    x, weight, bias, stride, padding, *rest = given
    if weight is not reader or x is reader or bias is not None or node.kwargs:
        return None
    outer, groups, dilation = rest if transposed else (0, rest[1], rest[0])
    if _plain((stride, padding, outer, groups, dilation)) is None:
        return None
    shape = shapes[reader.target]
    channels, filters = (
        (shape[0], shape[1] * groups) if transposed else (shape[1] * groups, shape[0])
    )
    paths = {"weight": str(reader.target)}
    last, added = _with_bias(node, (filters, 1, 1), shapes)
    if added is not None:
        paths["bias"] = added
    options: dict[str, Any] = {
        "in_channels": channels,
        "out_channels": filters,
        "kernel_size": _short(shape[2:]),
        "stride": _short(stride),
        "padding": _short(padding),
        "output_padding": _short(outer),
        "groups": groups,
        "dilation": _short(dilation),
        "bias": added is not None,
    }
    defaults = {
        "stride": 1, "padding": 0, "output_padding": 0, "groups": 1, "dilation": 1, "bias": True,
    }  # fmt: skip
    options = {k: v for k, v in options.items() if k not in defaults or defaults[k] != v}
    kind = nn.ConvTranspose2d if transposed else nn.Conv2d
    return Use(node, last, x, kind, options, paths)


def _product(node: fx.Node, reader: fx.Node, shapes: Mapping[Any, tuple[int, ...]]) -> Use | None:
    x, weight = node.args
    shape = shapes[reader.target]
    if weight is not reader or x is reader or len(shape) != 2:
        return None
    paths = {"weight": str(reader.target)}
    last, added = _with_bias(node, (shape[1],), shapes)
    if added is not None:
        paths["bias"] = added
    options: dict[str, Any] = {"in_features": shape[0], "out_features": shape[1]}
    if added is None:
        options["bias"] = False
    return Use(node, last, x, nn.Linear, options, paths)


def _with_bias(
    node: fx.Node, shape: tuple[int, ...], shapes: Mapping[Any, tuple[int, ...]]
) -> tuple[fx.Node, str | None]:
    """Return the addition that follows a call, and where its summand lies; the call itself else."""
    users = list(node.users)
    if len(users) != 1 or users[0].target is not operator.add:
        return node, None
    value, summand = users[0].args
    if value is not node or not isinstance(summand, fx.Node):
        return node, None
    if summand.target == "reshape" and tuple(_flat(summand.args[1:])) == shape:
        summand = summand.args[0]
        shape = (shape[0],)
    if (
        not isinstance(summand, fx.Node)
        or summand.op != "get_attr"
        or shapes.get(summand.target) != shape
        or len(shape) != 1
    ):
        return node, None
    return users[0], str(summand.target)


_STATISTICS = {"scale": "weight", "bias": "bias", "mean": "running_mean", "variance": "running_var"}


def _batch_norm(
    node: fx.Node, reader: fx.Node, shapes: Mapping[Any, tuple[int, ...]]
) -> Use | None:
    given: Any = node.kwargs
    x, flag = given["input"], given["is_test"]
    if (
        not (isinstance(flag, fx.Node) and flag.target is operator.not_)
        or given["use_global_stats"]
        or given["data_layout"] != "NCHW"
        or not isinstance(given["momentum"], float)
        or len(x.meta["signature"][0]) != 4
        or any(given[name].op != "get_attr" for name in _STATISTICS)
    ):
        return None
    results = {user.args[1]: user for user in node.users}
    if 0 not in results:
        return None
    # The new statistics go to where the old ones are, and nowhere else.
    beside: list[fx.Node] = []
    for index, name in ((1, "mean"), (2, "variance")):
        write = _write_of(results.get(index), given[name])
        if write is None:
            return None
        beside.append(write)
    paths = {own: str(given[name].target) for name, own in _STATISTICS.items()}
    options = {
        "num_features": shapes[reader.target][0],
        "eps": given["epsilon"],
        "momentum": 1 - given["momentum"],
    }
    return Use(node, results[0], x, BatchNorm2d, options, paths, tuple(beside))


def _write_of(value: fx.Node | None, held: fx.Node) -> fx.Node | None:
    """Return the call that puts a value where another is held, if that is all it is for."""
    while value is not None and value.target is not remember_:
        users = list(value.users)
        value = users[0] if len(users) == 1 and users[0].target in ("detach", remember_) else None
    return value if value is not None and value.args[0] is held else None


def _frozen(node: fx.Node, reader: fx.Node, shapes: Mapping[Any, tuple[int, ...]]) -> Use | None:
    """Recognise a normalisation by given statistics; with none, it is a factor and a summand."""
    given: Any = node.args
    x, scale, bias, mean, variance, trains, _, epsilon, _ = given
    held = [value for value in (scale, bias, mean, variance) if isinstance(value, fx.Node)]
    if scale is not reader or trains or len(held) != 4 or len(x.meta["signature"][0]) != 4:
        return None
    features = {"num_features": shapes[reader.target][0]}
    if mean.target == torch.Tensor.new_zeros and variance.target == torch.Tensor.new_ones:
        parts = dict(zip(("weight", "bias"), held[:2], strict=True))
        kind: type[nn.Module] = AffineChannel
        options: dict[str, Any] = dict(features)
    else:
        parts = dict(zip(_STATISTICS.values(), held, strict=True))
        kind, options = FrozenBatchNorm2d, {**features, "eps": epsilon}
    if any(part.op != "get_attr" for part in parts.values()):
        return None
    paths = {own: str(part.target) for own, part in parts.items()}
    return Use(node, node, x, kind, options, paths)


def _groups(node: fx.Node, reader: fx.Node, shapes: Mapping[Any, tuple[int, ...]]) -> Use | None:
    x, groups, weight, bias, epsilon, *_ = node.args
    if weight is not reader or not isinstance(bias, fx.Node) or bias.op != "get_attr":
        return None
    options = {"num_groups": groups, "num_channels": shapes[reader.target][0], "eps": epsilon}
    paths = {"weight": str(reader.target), "bias": str(bias.target)}
    return Use(node, node, x, nn.GroupNorm, options, paths)


_RECOGNISED: dict[Any, Callable[..., Use | None]] = {
    torch.conv2d: _convolution,
    torch.conv_transpose2d: _convolution,
    operator.matmul: _product,
    normalize_batch: _batch_norm,
    torch.batch_norm: _frozen,
    torch.group_norm: _groups,
}


def _plain(value: Any) -> Any:
    """Return a value that holds no node; None otherwise."""
    held: list[fx.Node] = []
    fx.node.map_arg(value, held.append)
    return None if held else value


def _short(value: Any) -> Any:
    """Return one number for a pair of equal ones."""
    value = tuple(value) if isinstance(value, (list, tuple)) else value
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value


def _flat(value: Any) -> Iterable[Any]:
    for item in value:
        if isinstance(item, (list, tuple)):
            yield from _flat(item)
        else:
            yield item
