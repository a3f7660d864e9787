"""The forward part of a program, as a graph of torch calls."""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import fx

from paddle_compat.export.layers import remember_
from paddle_compat.export.recording import Known, changes
from paddle_compat.export.rules import AGREEING, RULES
from paddle_compat.export.stands import NotTraced
from paddle_compat.export.state import attribute_paths
from paddle_compat.export.tracing import TRAINING, traced
from paddle_compat.fluid import _differentiate
from paddle_compat.fluid._lod import fitting
from paddle_compat.fluid._program import Program
from paddle_compat.fluid._variable import Parameter, Variable
from paddle_compat.fluid.layers.nn.batch_norm import normalize_batch

__all__ = ["Forward", "forward_of"]

# A layer that comes down to more calls of torch's is called as it is: it reads better.
_MOST_CALLS = 12


@dataclass(eq=False)
class Forward:
    """What a module computes.

    Attributes:
        graph: torch calls; get_attr nodes read what the module holds.
        inputs: the data variables, in the order of the graph's placeholders.
        outputs: the fetched variables.
        held: the parameters and other persistable variables that are read or written.
        paths: where the module holds each of them, by name.
        constants: tensors of the program, by the paths that hold them.
    """

    graph: fx.Graph
    inputs: list[Variable]
    outputs: list[Variable]
    held: list[Variable] = field(default_factory=list)
    paths: dict[str, str] = field(default_factory=dict)
    constants: dict[str, torch.Tensor] = field(default_factory=dict)


def forward_of(program: Program, fetches: Sequence[Variable]) -> Forward:
    """Return the forward part of a program that some values need.

    What only training needs, gradients, updates and learning rates, is left out; what the forward
    part writes into the scope, the statistics of batch_norm say, is kept.
    """
    return _Lowering(program, fetches).run()


class _Lowering:
    """Goes through a program's graph, and appends what each node comes down to to another."""

    def __init__(self, program: Program, fetches: Sequence[Variable]) -> None:
        self._program = program
        self._fetches = list(fetches)
        self._fetched = [program.read(variable) for variable in fetches]
        self._lods = [_levels(program, node) for node in self._fetched]
        self._nodes = _needed(program, [n for n in (*self._fetched, *self._lods) if n is not None])
        self._graph = fx.Graph()
        self._new: dict[fx.Node, Any] = {}
        self._reached = self._reach()
        self._attributes: dict[str, fx.Node] = {}
        held = [n.meta["variable"] for n in self._nodes if _is_state(n)]
        self._paths = attribute_paths(variable.name for variable in held)
        self._forward = Forward(self._graph, [], self._fetches, held, self._paths)

    def run(self) -> Forward:
        declared = list(self._program.global_block().vars)
        data = [n for n in self._nodes if n.op == "placeholder" and not _is_state(n)]
        fed = [node for node in data if "variable" in node.meta]
        for node in sorted(fed, key=lambda node: declared.index(node.meta["variable"].name)):
            self._input(node)
        for node in data:
            if node not in fed:
                self._levels_input(node)
        for node in self._nodes:
            if node.op == "get_attr":
                path = str(node.target)
                while path in self._paths.values():
                    path += "_"
                self._forward.constants[path] = self._program.constants[str(node.target)]
                self._new[node] = self._graph.get_attr(path)
            elif _is_state(node):
                self._new[node] = self._read(node.meta["variable"])
            elif node.op == "call_function":
                self._call(node)
        self._write()
        outputs = []
        for node, lod in zip(self._fetched, self._lods, strict=True):
            value = self._new[node]
            if lod is None:
                outputs.append(value)
            else:
                levels = self._new[lod]
                if levels != () and "lod_from" in node.meta:
                    levels = self._graph.call_function(fitting, (value, levels))
                outputs.append((value, levels))
        self._graph.output(outputs[0] if len(outputs) == 1 else tuple(outputs))
        for node in reversed(list(self._graph.nodes)):
            if node.op not in ("placeholder", "output") and not node.users and not changes(node):
                self._graph.erase_node(node)
        self._graph.lint()
        return self._forward

    def _reach(self) -> set[fx.Node]:
        """Return the nodes that depend on what gradients are taken of."""
        reached: set[fx.Node] = set()
        for node in self._nodes:
            variable = node.meta.get("variable")
            if node.op == "placeholder" and variable is not None:
                starts = variable.torch_dtype.is_floating_point and not variable.stop_gradient
                if starts and (not isinstance(variable, Parameter) or variable.trainable):
                    reached.add(node)
            elif not self._stops(node) and any(n in reached for n in node.all_input_nodes):
                reached.add(node)
        return reached

    @staticmethod
    def _stops(node: fx.Node) -> bool:
        variable = node.meta.get("variable")
        return bool(
            variable is not None
            and (node.meta.get("stopped") or node.meta.get("no_gradient") or variable.stop_gradient)
        )

    def _input(self, node: fx.Node) -> None:
        self._forward.inputs.append(node.meta["variable"])
        self._new[node] = self._graph.placeholder(node.name)
        self._new[node].meta.update(_told(node.meta["variable"]))

    def _levels_input(self, node: fx.Node) -> None:
        told: Variable = node.meta["lod_input"]
        if told.lod_level:
            self._new[node] = self._graph.placeholder(node.name, default_value=())
            self._new[node].meta["levels_of"] = told
        else:
            self._new[node] = ()

    def _attribute(self, path: str) -> fx.Node:
        """Return what reads an attribute of the module, once."""
        if path not in self._attributes:
            self._attributes[path] = self._graph.get_attr(path)
        return self._attributes[path]

    def _read(self, variable: Variable) -> fx.Node:
        node = self._attribute(self._paths[variable.name])
        node.meta.update(_told(variable))
        return node

    def _call(self, node: fx.Node) -> None:
        if node.target is operator.getitem:
            source, index = self._new[node.args[0]], node.args[1]  # type: ignore[index]
            if isinstance(source, (tuple, list)):
                result = source[index]  # type: ignore[index]
            else:
                result = self._graph.call_function(operator.getitem, (source, index))
                if source.target is normalize_batch and index == 0:
                    result.meta["signature"] = source.kwargs["input"].meta["signature"]
        elif node.target is fitting:
            value, lod = (self._new[n] for n in node.args)  # type: ignore[index]
            result = () if lod == () else self._graph.call_function(fitting, (value, lod))
        else:
            last = next(iter(reversed(self._graph.nodes)), None)
            result = self._layer(node)
            self._tell_operator(node, last)
        self._new[node] = self._finished(node, result)

    def _tell_operator(self, old: fx.Node, last: fx.Node | None) -> None:
        """Note which layer the calls after another belong to."""
        for made in reversed(self._graph.nodes):
            if made is last:
                return
            if made.op not in ("get_attr", "placeholder"):
                made.meta.setdefault("operator", old.meta.get("operator"))

    def _layer(self, node: fx.Node) -> Any:
        arguments = dict(node.kwargs)
        barred = node.meta.get("no_gradient_of", ())
        given: dict[str, Any] = {
            name: fx.node.map_arg(value, self._halted if name in barred else self._new.__getitem__)
            for name, value in arguments.items()
        }
        if given.get("is_test") is False:
            given["is_test"] = self._attribute(TRAINING)
        function: Callable[..., Any] = node.target  # type: ignore[assignment]
        differentiable = any(source in self._reached for source in node.all_input_nodes)
        rule = RULES.get(function, function)
        found = None
        with contextlib.suppress(NotTraced):
            found = traced(rule, given, _known, differentiable, function in AGREEING)
        if found is None or found.calls > _MOST_CALLS:
            if "is_test" in given and isinstance(given["is_test"], fx.Node):
                given["is_test"] = self._graph.call_function(operator.not_, (given["is_test"],))
            called = self._graph.call_function(function, kwargs=given)
            self._tell_shape(node, called)
            if found is not None and isinstance(found.results, fx.Node):
                called.meta["signature"] = found.results.meta["signature"]
            if "operator" in node.meta and "variable" not in node.meta:
                spec = node.meta.get("layer")
                levels = set(spec.ragged.values()) if spec is not None else ()
                called.meta["results"] = len(node.meta["operator"].outputs) + len(levels)
            return called
        return found.into(self._graph)

    def _tell_shape(self, old: fx.Node, called: fx.Node) -> None:
        """Note what is sure of the result of a layer that is called as it is.

        A declared shape is what Paddle declares, which may be another one than a run gives.
        """
        if "signature" not in old.meta:
            return
        shape, dtype = old.meta["signature"]
        rule = getattr(old.meta.get("layer"), "infer", None)
        like = old.kwargs.get(rule if isinstance(rule, str) else getattr(rule, "like", ""))
        known = self._new[like].meta.get("signature") if isinstance(like, fx.Node) else None
        called.meta["signature"] = (known[0] if known else (-1,) * len(shape)), dtype

    def _halted(self, old: fx.Node) -> Any:
        value = self._new[old]
        if old in self._reached and isinstance(value, fx.Node):
            return self._graph.call_method("detach", (value,))
        return value

    def _finished(self, old: fx.Node, result: Any) -> Any:
        """Name a result, note what is known of it, and end gradients where they end."""
        variable: Variable | None = old.meta.get("variable")
        if variable is None or not isinstance(result, fx.Node):
            return result
        sources = any(source in self._reached for source in old.all_input_nodes)
        known = result.meta.get("signature")
        stopped = self._stops(old) and sources and variable.torch_dtype.is_floating_point
        if stopped and result.target != "detach":
            result = self._graph.call_method("detach", (result,))
        limit = getattr(variable, "error_clip", None)
        if limit is not None and old in self._reached:
            result = self._graph.call_function(_differentiate.limit, (result, limit.min, limit.max))
        if known is not None:
            result.meta.setdefault("signature", known)
        if result.op not in ("placeholder", "get_attr") and "variable" not in result.meta:
            for key in ("variable", "operator", "described"):
                result.meta[key] = old.meta[key]
            if "signature" not in result.meta:
                shape, dtype = old.meta["signature"]
                result.meta["signature"] = (-1,) * len(shape), dtype
            result._rename(old.name)
        return result

    def _write(self) -> None:
        """Let the module keep what the program writes into the scope."""
        last = {
            node.meta["variable"].name: node
            for node in self._nodes
            if node.op == "call_function"
            and "variable" in node.meta
            and node.meta["variable"].persistable
        }
        for node in last.values():
            held, value = self._read(node.meta["variable"]), self._new[node]
            source = value
            while isinstance(source, fx.Node) and source.target in ("detach", operator.getitem):
                source = source.args[0]
            if source is held:
                continue
            statistic = isinstance(source, fx.Node) and source.target is normalize_batch
            when = [self._attribute(TRAINING)] if statistic else []
            self._graph.call_function(remember_, (held, value, *when))


def _levels(program: Program, node: fx.Node) -> fx.Node | None:
    """Return what holds the levels of detail of a value, if it can have any."""
    lod = program.lod(node)
    if lod is not None and "lod_input" in lod.meta and not lod.meta["lod_input"].lod_level:
        return None
    return lod


def _told(variable: Variable) -> dict[str, Any]:
    return {
        "variable": variable,
        "described": variable.describe(),
        "signature": (variable.shape, variable.torch_dtype),
    }


def _known(node: fx.Node) -> Known:
    if node.target == TRAINING:
        return TRAINING
    signature: tuple[Sequence[int], torch.dtype] | None = node.meta.get("signature")
    return signature


def _is_state(node: fx.Node) -> bool:
    """Tell whether a node is a value of the scope's that the program reads."""
    return (
        node.op == "placeholder" and "variable" in node.meta and not node.meta["variable"].is_data
    )


def _needed(program: Program, wanted: Sequence[fx.Node]) -> list[fx.Node]:
    """Return the forward nodes that some need, and those that then write into the scope."""
    found: set[fx.Node] = set()

    def add(node: fx.Node) -> None:
        todo = [node]
        while todo:
            one = todo.pop()
            if one not in found:
                found.add(one)
                todo.extend(one.all_input_nodes)

    for node in wanted:
        add(node)
    for node in program.graph.nodes:
        variable, op = node.meta.get("variable"), node.meta.get("operator")
        if op is None or op.role != "forward" or variable is None or not variable.persistable:
            continue
        # A statistic of what is computed anyway.
        if node not in found and all(source in found for source in op.node.all_input_nodes):
            add(node)
    return [node for node in program.graph.nodes if node in found]
