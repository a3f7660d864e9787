"""Convolutions, products and normalisations as torch's own modules, where they are such."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from torch import Tensor, fx, nn

from paddle_compat.export.forward import Forward
from paddle_compat.export.layers import AffineChannel, BatchNorm2d, FrozenBatchNorm2d
from paddle_compat.export.recognition import Use, recognised
from paddle_compat.export.tracing import TRAINING
from paddle_compat.fluid._variable import Parameter, Variable

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
        uses = [recognised(user, readers[path], shapes) for user in readers[path].users]
        found = [use for use in uses if use is not None]
        if not found or len(found) != len(uses) or not _agree(found, readers):
            continue
        first = found[0]
        values_of = {own: names[p] for own, p in first.paths.items()}
        layer = Layer(
            _attribute(values_of["weight"], first.kind, taken), first.kind, first.options, values_of
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


def _replace(graph: fx.Graph, use: Use, attribute: str) -> None:
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


def _agree(uses: list[Use], readers: Mapping[Any, fx.Node]) -> bool:
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


_ENDING = re.compile(r"[._]?(w_\d+|b_\d+|weights?|bias(es)?|scale|offset|w|b)$")


# What a name gets where another layer has it already.
_SUFFIXES = {
    AffineChannel: "_affine",
    BatchNorm2d: "_bn",
    FrozenBatchNorm2d: "_bn",
    nn.GroupNorm: "_gn",
}


def _attribute(weight: str, kind: type[nn.Module], taken: set[str]) -> str:
    """Return a module's name, from that of its weight."""
    name = _ENDING.sub("", weight) or weight
    if re.sub(r"\W", "_", name) in taken:
        name += _SUFFIXES.get(kind, "")
    return _own_name(name, taken)


def _own_name(name: str, taken: set[str]) -> str:
    word = re.sub(r"\W", "_", name)
    word = f"_{word}" if not word or word[0].isdigit() else word
    while word in taken:
        word += "_"
    taken.add(word)
    return word
