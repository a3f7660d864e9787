"""From a call of a layer's function to the torch calls that it comes down to.

A layer's function looks at dtypes, at the number of dimensions and at attributes, refuses what
does not fit, and calls torch. Here it is run on stand-ins that know what a program knows of its
values, so that all that is decided when the program is built drops out, and the torch calls are
left. A function that decides by what only a run knows is not traced; the program then keeps
calling it as it is.
"""

from __future__ import annotations

import dis
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import fx

from paddle_compat.export.recording import Known, Tracer, Undecided, changes
from paddle_compat.export.stands import NotTraced

__all__ = ["TRAINING", "Traced", "traced"]

_PACKAGE = str(Path(__file__).parent.parent)

# How often a function is run to see where its decisions lead.
_MOST_RUNS = 24

TRAINING = "training"
"""What a module's attribute is called, and what is known of a node that reads it."""

_Function = Callable[..., Any]


class Traced:
    """The torch calls that a layer comes down to.

    Attributes:
        graph: has a placeholder for each of `inputs`, and no output.
        inputs: what the placeholders stand for.
        results: nodes of the graph, or a list of them; a plain value where nothing was computed.
    """

    def __init__(self, graph: fx.Graph, inputs: list[fx.Node], results: Any) -> None:
        self.graph = graph
        self.inputs = inputs
        self.results = results

    @property
    def calls(self) -> int:
        """How many calls there are."""
        return sum(node.op != "placeholder" for node in self.graph.nodes)

    def into(self, graph: fx.Graph) -> Any:
        """Append the calls to another graph; return the results there."""
        placeholders = [node for node in self.graph.nodes if node.op == "placeholder"]
        there: dict[fx.Node, Any] = dict(zip(placeholders, self.inputs, strict=True))
        for node in self.graph.nodes:
            if node.op != "placeholder":
                there[node] = graph.node_copy(node, lambda old: there[old])
        return fx.node.map_arg(self.results, lambda node: there[node])


def traced(
    function: _Function,
    arguments: Mapping[str, Any],
    known: Callable[[fx.Node], Known],
    differentiable: bool = True,
    agreeing: bool = False,
) -> Traced:
    """Return what a call of a function comes down to.

    Args:
        function: of torch tensors.
        arguments: by name; nodes stand for tensors.
        known: tells a node's shape, with -1 for unknown sizes, and dtype; that it is whether the
            module is trained; or None, where it holds something else.
        differentiable: whether gradients may pass.
        agreeing: whether the function compares sizes only to refuse those that differ.

    Raises:
        NotTraced: that depends on what only a run knows.
    """
    inputs: dict[fx.Node, tuple[Sequence[int], torch.dtype] | str] = {}

    def note(node: fx.Node) -> fx.Node:
        told = known(node)
        if told is None:
            raise NotTraced(f"{node.name}, which is no tensor")
        inputs[node] = told
        return node

    fx.node.map_arg(dict(arguments), note)
    todo: list[list[bool]] = [[]]
    found: Traced | None = None
    for _ in range(_MOST_RUNS):
        decisions = todo.pop()
        tracer = Tracer(decisions, differentiable, agreeing)
        stands: dict[fx.Node, Any] = {
            node: tracer.placeholder(f"input_{index}", told)
            for index, (node, told) in enumerate(inputs.items())
        }
        try:
            result = tracer.run(function, fx.node.map_arg(dict(arguments), stands.__getitem__))
        except Undecided:
            todo += [[*decisions, False], [*decisions, True]]
        except NotTraced:
            raise
        except Exception as error:
            if not _is_refusal(error):
                raise NotTraced(f"{type(error).__name__}: {error}") from error
        else:
            one = Traced(tracer.graph, list(inputs), tracer.nodes(result))
            _tidy(one, tracer.ungraded)
            if found is not None and _text(found) != _text(one):
                raise NotTraced("a decision that only a run can make")
            found = one
        if not todo:
            break
    if todo or found is None:
        raise NotTraced("too many decisions that only a run can make")
    return found


def _is_refusal(error: Exception) -> bool:
    """Tell whether our own code raised an error on purpose."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return False
    code = trace.tb_frame.f_code
    return (
        code.co_filename.startswith(_PACKAGE)
        and code.co_code[trace.tb_lasti] == dis.opmap["RAISE_VARARGS"]
    )


def _tidy(one: Traced, ungraded: set[fx.Node]) -> None:
    """Drop what nothing needs: sizes that were only looked at, and stops behind stops."""
    results: set[fx.Node] = set()
    fx.node.map_arg(one.results, results.add)
    for node in reversed(list(one.graph.nodes)):
        if node.op == "placeholder" or node in results or node.users:
            continue
        if not changes(node):
            one.graph.erase_node(node)
    for node in list(one.graph.nodes):
        if node in ungraded and node not in results:
            [source] = node.all_input_nodes
            if node.users and all(
                user.users and all(later in ungraded for later in user.users) for user in node.users
            ):
                node.replace_all_uses_with(source)
                one.graph.erase_node(node)


def _text(one: Traced) -> str:
    """Return the calls as text, the same for the same calls."""
    numbers = {node: index for index, node in enumerate(one.graph.nodes)}

    def number(value: Any) -> str:
        return repr(fx.node.map_arg(value, lambda node: f"%{numbers[node]}"))

    lines = [
        f"{node.op} {node.target} {number(node.args)} {number(node.kwargs)}"
        for node in one.graph.nodes
    ]
    return "\n".join([*lines, number(one.results)])
