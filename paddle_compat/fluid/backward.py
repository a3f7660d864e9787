"""`paddle.fluid.backward`: gradients, recorded into the program."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

from torch import fx

from paddle_compat.fluid import _differentiate
from paddle_compat.fluid._program import Program
from paddle_compat.fluid._publish import publish
from paddle_compat.fluid._variable import Parameter, Variable, grad_name

__all__ = ["append_backward", "gradients"]

Pairs = list[tuple[Parameter, Variable]]


def append_backward(
    loss: Variable,
    parameter_list: Iterable[Variable | str] | None = None,
    no_grad_set: Iterable[Variable | str] | None = None,
    callbacks: Sequence[Callable[..., Any]] | None = None,
    checkpoints: object = None,
) -> Pairs:
    """Append the gradients of a loss in the parameters.

    Args:
        loss: what is differentiated.
        parameter_list: parameters or their names; None is all that are trainable.
        no_grad_set: variables or names that no gradient passes.
        callbacks: kept for code that passes them; nothing calls them.
        checkpoints: kept likewise; nothing is computed twice here.

    Returns:
        Pairs of a parameter and its gradient, named ``w@GRAD``; parameters that the loss does not
        depend on are left out. Fetching ``name@GRAD`` works for other variables on the way too.

    Raises:
        TypeError: an argument has the wrong type.

    Example:
        >>> from paddle_compat import fluid
        >>> with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.unique_name.guard():
        ...     x = fluid.data("x", [None, 3])
        ...     loss = fluid.layers.mean(fluid.layers.fc(x, 1))
        ...     pairs = fluid.backward.append_backward(loss)
        >>> [(p.name, g.name) for p, g in pairs]
        [('fc_0.w_0', 'fc_0.w_0@GRAD'), ('fc_0.b_0', 'fc_0.b_0@GRAD')]

    Source:
        ``paddle.fluid.backward.append_backward``, PaddlePaddle 1.8.
    """
    _check("append_backward", "loss", loss, (Variable,), "a variable")
    if callbacks is not None:
        _check("append_backward", "callbacks", callbacks, (list,), "a list")
    program = loss.block.program
    block = program.global_block()
    if parameter_list is None:
        names = [p.name for p in block.all_parameters() if p.trainable]
    else:
        kinds = (list, tuple, set)
        _check("append_backward", "parameter_list", parameter_list, kinds, "a list")
        for item in parameter_list:
            _check(
                "append_backward", "each of parameter_list", item, (Variable, str), "a parameter"
            )
        names = [p if isinstance(p, str) else p.name for p in parameter_list]
    program.gradient_calls += 1
    reach = _Reach([loss], no_grad_set)
    inputs = [name for name in names if name in reach]
    # Without parameters too: the gradients of other values may be fetched.
    grads = _append(program, [loss], inputs, None, reach)
    pairs: Pairs = []
    for name, grad in zip(inputs, grads, strict=True):
        parameter = block.var(name)
        pairs.append((parameter, grad))  # type: ignore[arg-type]
    return pairs


def gradients(
    targets: Variable | list[Variable],
    inputs: Variable | list[Variable],
    target_gradients: Variable | list[Variable] | None = None,
    no_grad_set: Iterable[Variable | str] | None = None,
) -> list[Variable | None]:
    """Append the gradients of targets in inputs.

    Args:
        targets: what is differentiated; the gradients of several are added up.
        inputs: in what.
        target_gradients: the weight of each target's elements; None is ones.
        no_grad_set: variables or names that no gradient passes.

    Returns:
        A gradient for each input, or None for one that no target depends on; for a single such
        input an empty list.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: there are not as many weights as targets, or a weight has another shape.

    Source:
        ``paddle.fluid.gradients``, PaddlePaddle 1.8.
    """
    for name, value, kinds in (
        ("targets", targets, (Variable, list)),
        ("inputs", inputs, (Variable, list)),
        ("target_gradients", target_gradients, (Variable, list, type(None))),
    ):
        _check("gradients", name, value, kinds, "a variable or a list of variables")
    goals, sources = _as_list(targets), _as_list(inputs)
    if not goals:
        raise ValueError("gradients: targets must hold a variable, but the list is empty")
    weights = _as_list(target_gradients) or [None] * len(goals)
    if len(weights) != len(goals):
        raise ValueError(
            f"gradients: target_gradients must be as many as targets, {len(goals)}, but they are "
            f"{len(weights)}; None stands for ones"
        )
    for goal, weight in zip(goals, weights, strict=True):
        if weight is not None and weight.shape != goal.shape:
            raise ValueError(
                f"gradients: the weight of {goal.name!r} must have its shape, {list(goal.shape)}, "
                f"but it has {list(weight.shape)}"
            )
    program = goals[0].block.program
    program.gradient_calls += 1
    reach = _Reach(goals, no_grad_set)
    found = [variable.name for variable in sources if variable.name in reach]
    grads: dict[str, Variable] = {}
    if found:
        made = _append(program, goals, found, weights, reach)
        grads = dict(zip(found, made, strict=True))
    answers = [grads.get(variable.name) for variable in sources]
    return [] if len(answers) == 1 and answers[0] is None else answers


def gradient_by_name(program: Program, name: str) -> Variable | None:
    """Return the variable ``x@GRAD`` of the program's gradients; it is added where it can be.

    Only the gradients of parameters, or of what was asked for, are recorded at first.
    """
    base = name.removesuffix("@GRAD")
    if base == name:
        return None
    for node in list(program.graph.nodes):
        if node.target is not _differentiate.gradients:
            continue
        reach: _Reach = node.meta["reach"]
        if base in reach:
            source = reach.input(base)
            inputs = list(node.kwargs["inputs"])
            node.kwargs = {**node.kwargs, "inputs": [*inputs, source]}
            with program.graph.inserting_after(node):
                item = program.graph.call_function(operator.getitem, (node, len(inputs)))
            of = reach.variable(base)
            grad = program.global_block().create_var(name, shape=of.shape, dtype=of.dtype)
            item.meta.update(
                operator=node.meta["operator"], variable=grad, described=grad.describe()
            )
            grad.node = item
            return grad
    return None


class _Reach:
    """What gradients of some targets arrive at: nodes by the names of their variables.

    A parameter that an optimizer has updated starts anew. It has more than one node where the
    targets depend on its value before the update, too.
    """

    def __init__(
        self, targets: Sequence[Variable], no_grad_set: Iterable[Variable | str] | None
    ) -> None:
        stopped = _names(no_grad_set)
        self._nodes: dict[str, tuple[fx.Node, ...]] = {}
        seen: set[fx.Node] = set()
        todo = [target.block.program.read(target) for target in targets]
        while todo:
            node = todo.pop()
            if node in seen:
                continue
            seen.add(node)
            variable = node.meta.get("variable")
            if variable is not None:
                if not variable.torch_dtype.is_floating_point:
                    continue
                if variable.name in stopped:
                    node.meta["stopped"] = True
                    continue
                if variable.stop_gradient or node.meta.get("no_gradient"):
                    continue
                held = self._nodes.get(variable.name, ())
                # Of a value that a layer has overwritten, the last one counts.
                if not held or _is_updated(node) or _is_updated(held[-1]):
                    self._nodes[variable.name] = (*held, node)
                if _is_updated(node):
                    continue
            barred = node.meta.get("no_gradient_of", ())
            fx.node.map_arg(
                (node.args, {k: v for k, v in node.kwargs.items() if k not in barred}), todo.append
            )

    def __contains__(self, name: object) -> bool:
        return name in self._nodes

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def input(self, name: str) -> fx.Node | tuple[fx.Node, ...]:
        """Return what a gradient operator takes as the input of that name."""
        nodes = self._nodes[name]
        return nodes[0] if len(nodes) == 1 else nodes

    def variable(self, name: str) -> Variable:
        """Return the variable of that name."""
        found = self._nodes[name][0].meta["variable"]
        assert isinstance(found, Variable)
        return found

    def translated(self, nodes: dict[fx.Node, fx.Node]) -> _Reach:
        """Return the same, in a copy of the graph."""
        twin = object.__new__(_Reach)
        twin._nodes = {name: tuple(nodes[n] for n in held) for name, held in self._nodes.items()}
        return twin


def _is_updated(node: fx.Node) -> bool:
    """Tell whether a node holds a parameter after an optimizer's update."""
    op = node.meta.get("operator")
    return op is not None and op.role == "optimize"


def _append(
    program: Program,
    targets: Sequence[Variable],
    inputs: Sequence[str],
    weights: Sequence[Variable | None] | None,
    reach: _Reach,
) -> list[Variable]:
    """Record one gradient operator; return its results."""
    block = program.global_block()
    outputs = []
    for name in inputs:
        of = reach.variable(name)
        made = grad_name(name)
        # The first call gives a name to the gradient of everything on its way.
        if made in program.gradient_names or block.has_var(made):
            made = "grad/" * program.gradient_calls + made
        outputs.append(block.create_var(made, shape=of.shape, dtype=of.dtype))
    arguments = {
        "targets": list(targets),
        "inputs": [reach.variable(name) for name in inputs],
        "target_gradients": None if weights is None else list(weights),
    }
    with program.as_role("backward"):
        op = block.append("gradients", _differentiate.gradients, arguments, outputs)
    # Parameters that an earlier update replaced are differentiated where the targets read them.
    op.node.kwargs = {**op.node.kwargs, "inputs": [reach.input(name) for name in inputs]}
    op.node.meta["reach"] = reach
    program.gradient_names |= {grad_name(name) for name in reach}
    if len(outputs) == 1:
        _take_first(program, op.node, outputs[0])
    return outputs


def _take_first(program: Program, node: fx.Node, output: Variable) -> None:
    """Let a single result be the first of a tuple, as several are."""
    name = node.name
    program.rename(node, f"{name}_all")
    with program.graph.inserting_after(node):
        item = program.graph.call_function(operator.getitem, (node, 0))
    program.rename(item, name)
    item.meta.update(operator=node.meta["operator"], variable=output, described=output.describe())
    del node.meta["variable"]
    output.node = item


def _names(items: Iterable[Variable | str] | None) -> Collection[str]:
    if items is None:
        return ()
    _check("gradients", "no_grad_set", items, (set, list, tuple), "a set of variables or names")
    for item in items:
        _check("gradients", "each of no_grad_set", item, (Variable, str), "a variable or a name")
    return {item if isinstance(item, str) else item.name for item in items}


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _check(function: str, name: str, value: object, types: tuple[type, ...], wanted: str) -> None:
    if not isinstance(value, types):
        raise TypeError(f"{function}: {name} must be {wanted}, but it is {type(value).__name__}")


__getattr__ = publish(__name__, globals(), __all__)
