"""Convolutions, products and normalisations as torch's own modules, where they are such."""

from __future__ import annotations

import keyword
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, fx, nn

from paddle_compat.export.forward import Forward
from paddle_compat.export.layers import BatchNorm2d
from paddle_compat.export.tracing import TRAINING
from paddle_compat.fluid._variable import Parameter, Variable
from paddle_compat.fluid.layers.nn.batch_norm import normalize_batch

__all__ = ["Held", "Layer", "is_trained", "lifted"]


class Held(NamedTuple):
    """Where the state dict of the source's module has a value.

    Attributes:
        key: its name there.
        transposed: whether it is a matrix that lies there transposed.
    """

    key: str
    transposed: bool = False


@dataclass
class Layer:
    """A module that the source's module holds.

    Attributes:
        attribute: its name.
        kind: its class.
        options: the arguments that make it.
        values: the names in Paddle of what it holds, by its own.
        trained: whether its parameters are trained.
    """

    attribute: str
    kind: type[nn.Module]
    options: dict[str, Any]
    values: dict[str, str]
    trained: dict[str, bool] = field(default_factory=dict)


class _Use(NamedTuple):
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


def lifted(forward: Forward, values: Mapping[str, Tensor]) -> tuple[list[Layer], dict[str, Held]]:
    """Put modules into a forward part; return them, and where every value lies then.

    Args:
        forward: is changed.
        values: what it holds, by Paddle's names.
    """
    names = {path: name for name, path in forward.paths.items()}
    shapes = {path: tuple(values[name].shape) for path, name in names.items()}
    taken = set(dir(nn.Module())) | set(keyword.kwlist) | {TRAINING}
    held: dict[str, Held] = {}
    layers: list[Layer] = []
    parameters = {variable.name: variable for variable in forward.held}
    readers = {n.target: n for n in forward.graph.nodes if n.op == "get_attr"}
    for path in [n.target for n in forward.graph.nodes if n.op == "get_attr"]:
        if path not in names or path not in readers:
            continue
        uses = [_use(user, readers[path], shapes) for user in readers[path].users]
        found = [use for use in uses if use is not None]
        if not found or len(found) != len(uses) or not _agree(found, readers):
            continue
        first = found[0]
        values_of = {own: names[p] for own, p in first.paths.items()}
        layer = Layer(
            _attribute(list(values_of.values()), taken), first.kind, first.options, values_of
        )
        for own, name in values_of.items():
            variable = parameters[name]
            layer.trained[own] = (
                isinstance(variable, Parameter)
                and variable.trainable
                and not variable.stop_gradient
            )
            transposed = first.kind is nn.Linear and own == "weight"
            held[name] = Held(f"{layer.attribute}.{own}", transposed)
        layers.append(layer)
        for use in found:
            _replace(forward.graph, use, layer.attribute)
        for p in first.paths.values():
            del readers[p]
    _drop_unused(forward.graph)
    for variable in forward.held:
        if variable.name not in held:
            held[variable.name] = Held(_own_name(variable.name, taken))
    return layers, held


def is_trained(variable: Variable) -> bool:
    """Tell whether a module's parameter takes gradients."""
    return (
        isinstance(variable, Parameter)
        and variable.trainable
        and not variable.stop_gradient
        and variable.torch_dtype.is_floating_point
    )


def _replace(graph: fx.Graph, use: _Use, attribute: str) -> None:
    with graph.inserting_before(use.last):
        call = graph.create_node("call_module", attribute, (use.input,))
    call.meta = dict(use.last.meta)
    use.last.replace_all_uses_with(call)
    name = use.last.name
    for node in (*use.beside, use.last):
        _erase(graph, node)
    call.name = name


def _erase(graph: fx.Graph, node: fx.Node) -> None:
    """Take a node out that nothing reads, and what only it reads."""
    if node.users or node._erased or node.op in ("placeholder", "output"):
        return
    sources = list(node.all_input_nodes)
    graph.erase_node(node)
    for source in sources:
        _erase(graph, source)


def _drop_unused(graph: fx.Graph) -> None:
    for node in reversed(list(graph.nodes)):
        if node.op == "get_attr" and not node.users:
            graph.erase_node(node)


def _agree(uses: list[_Use], readers: Mapping[Any, fx.Node]) -> bool:
    """Tell whether one module can stand for all these calls, and for nothing else."""
    first = uses[0]
    for use in uses:
        if use.kind is not first.kind or use.options != first.options or use.paths != first.paths:
            return False
    if len(set(first.paths.values())) != len(first.paths):
        return False
    if not all(path in readers for path in first.paths.values()):
        return False
    # Whatever else the module holds must be read by these calls alone.
    known = {node for use in uses for node in (use.node, use.last, *use.beside)}
    for path in first.paths.values():
        for user in readers[path].users:
            if user not in known and not all(later in known for later in user.users):
                return False
    return True


def _use(node: fx.Node, reader: fx.Node, shapes: Mapping[Any, tuple[int, ...]]) -> _Use | None:
    """Return the module's call that a node is, which reads a weight; None where it is none."""
    recognise = _RECOGNISED.get(node.target)
    return None if recognise is None else recognise(node, reader, shapes)


def _convolution(
    node: fx.Node, reader: fx.Node, shapes: Mapping[Any, tuple[int, ...]]
) -> _Use | None:
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
    return _Use(node, last, x, kind, options, paths)


def _product(node: fx.Node, reader: fx.Node, shapes: Mapping[Any, tuple[int, ...]]) -> _Use | None:
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
    return _Use(node, last, x, nn.Linear, options, paths)


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
) -> _Use | None:
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
    return _Use(node, results[0], x, BatchNorm2d, options, paths, tuple(beside))


def _write_of(value: fx.Node | None, held: fx.Node) -> fx.Node | None:
    """Return the call that writes a value to where another is held, if that is all it is for."""
    while value is not None and value.target != "copy_":
        users = list(value.users)
        value = users[0] if len(users) == 1 and users[0].target in ("detach", "copy_") else None
    if value is None:
        return None
    into = value.args[0]
    assert isinstance(into, fx.Node)
    return value if into.all_input_nodes == [held] else None


_RECOGNISED: dict[Any, Callable[..., _Use | None]] = {
    torch.conv2d: _convolution,
    torch.conv_transpose2d: _convolution,
    operator.matmul: _product,
    normalize_batch: _batch_norm,
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


_ENDING = re.compile(r"[._]?(w_\d+|b_\d+|weights?|bias(es)?|scale|offset|w|b)$")


def _attribute(names: list[str], taken: set[str]) -> str:
    """Return a module's name, from the names of what it holds."""
    return _own_name(_ENDING.sub("", names[0]) or names[0], taken)


def _own_name(name: str, taken: set[str]) -> str:
    word = re.sub(r"\W", "_", name)
    word = f"_{word}" if not word or word[0].isdigit() else word
    while word in taken:
        word += "_"
    taken.add(word)
    return word
