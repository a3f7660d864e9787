"""Methods and attributes of tensors, layers and optimizers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from paddle_compat.port.arguments import bind
from paddle_compat.port.edits import Edit
from paddle_compat.port.resolve import Module
from paddle_compat.port.rewrite.calls import rewritten
from paddle_compat.port.rewrite.kinds import TENSOR_METHODS
from paddle_compat.port.rewrite.naming import TorchName
from paddle_compat.port.rewrite.site import Kept, Rewrite
from paddle_compat.port.rewrite.values import Values
from paddle_compat.port.rules import by_method
from paddle_compat.port.rules.kept import DIFFERS
from paddle_compat.port.rules.optimizers import METHODS as OF_OPTIMIZERS
from paddle_compat.port.source import Span

__all__ = ["Member", "members"]

# Spelt and meant alike on both sides.
_SAME = frozenset(["detach", "clone", "item", "tolist", "dim", "backward", "cpu", "t"])
# Nothing else has methods and attributes of these names.
_ONLY_PADDLE = frozenset(
    [
        "stop_gradient",
        "clear_grad",
        "clear_gradients",
        "sublayers",
        "named_sublayers",
        "add_sublayer",
        "set_state_dict",
        "set_dict",
        "create_parameter",
    ]
)


_TURNED = ("paddle.nn.Linear", "paddle.fluid.dygraph.Linear")


@dataclass(frozen=True, slots=True)
class Member:
    """A member that is used, and what becomes of it.

    Attributes:
        node: the expression or statement that is rewritten.
        name: what is asked for, such as ``Tensor.stop_gradient``.
        outcome: the rewrite, or why there is none.
    """

    node: ast.expr | ast.stmt
    name: str
    outcome: Rewrite | Kept


def members(module: Module, values: Values) -> Iterator[Member]:
    """Yield the members of Paddle's objects that a file uses and torch has otherwise."""
    for node in module.read.attributes:
        if module.path(node) is None:
            found = _member(module, values, node)
            if found is not None:
                yield found


def _member(module: Module, values: Values, node: ast.Attribute) -> Member | None:
    kind = values.kind(node.value)
    call = module.parent(node)
    called = call if isinstance(call, ast.Call) and call.func is node else None
    if kind in ("tensor", "parameter"):
        if called is not None:
            return _method(module, values, called, node)
        return _attribute(module, node, kind == "parameter")
    if kind == "optimizer" and called is not None:
        return _of_optimizer(module, called, node)
    if called is not None and _is_layer(module, values, node.value):
        return _of_layer(module, called, node)
    if node.attr == "weight" and values.maker(node.value) in _TURNED:
        what = module.text(node.value).splitlines()[0]
        kept = Kept(f"torch keeps it turned, [out, in]; {what}.weight.T is as Paddle's", "PC101")
        return Member(node, "Linear.weight", kept)
    if node.attr == "__init__" and called is not None and (called.args or called.keywords):
        klass = module.klass(node)
        if klass is not None and values.is_layer_class(klass) and _is_super(node.value):
            kept = Kept("torch's Module takes neither a name nor a dtype", "PC101")
            return Member(called, "Layer.__init__", kept)
    if node.attr in _ONLY_PADDLE:
        what = module.text(node.value).splitlines()[0]
        kept = Kept(f"it is not certain what {what} is", "PC104")
        return Member(node, f".{node.attr}", kept)
    return None


def _is_layer(module: Module, values: Values, node: ast.expr) -> bool:
    if values.kind(node) == "layer":
        return True
    klass = module.klass(node)
    is_self = isinstance(node, ast.Name) and node.id == "self"
    return is_self and klass is not None and values.is_layer_class(klass)


def _is_super(node: ast.expr) -> bool:
    named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return named and node.func.id == "super"  # type: ignore[attr-defined]


# Tensors


def _method(module: Module, values: Values, call: ast.Call, node: ast.Attribute) -> Member | None:
    name = node.attr
    rule = by_method().get(name)
    if rule is not None:
        outcome = rewritten(module, values, call, rule, node.value)
    elif name == "numpy":
        outcome = _ending(module, call, node, ".detach().cpu().numpy().copy()")
    elif name in _SAME:
        return None
    elif name in TENSOR_METHODS or f"paddle.{name}" in DIFFERS:
        outcome = Kept(DIFFERS.get(f"paddle.{name}", "no rule is known for it"), "PC101")
    else:
        return None
    return Member(call, f"Tensor.{name}", outcome)


def _ending(module: Module, call: ast.Call, node: ast.Attribute, text: str) -> Rewrite | Kept:
    if call.args or call.keywords:
        return Kept("it takes no arguments in torch")
    whole, before = module.span(call), module.span(node.value)
    dot = module.source.text.index(".", before.end)
    if "#" in module.source.text[before.end : whole.end]:
        return Kept("a comment inside the call would be lost", "PC105")
    return Rewrite((Edit(Span(dot, whole.end), (text,)),), text)


def _attribute(module: Module, node: ast.Attribute, parameter: bool) -> Member | None:
    if node.attr == "stop_gradient":
        return _stop_gradient(module, node, parameter)
    if node.attr == "shape" and isinstance(node.ctx, ast.Load):
        if _shape_is_read_alike(module, node):
            return None
        return Member(
            node, "Tensor.shape", Rewrite((_wrapped(module, node, "list("),), "list(.shape)")
        )
    if node.attr == "size" and isinstance(node.ctx, ast.Load):
        end = module.span(node).end
        outcome = Rewrite((Edit(Span(end - 4, end), ("numel()",)),), "Tensor.numel()")
        return Member(node, "Tensor.size", outcome)
    return None


def _wrapped(module: Module, node: ast.expr, before: str) -> Edit:
    span = module.span(node)
    return Edit(span, (before, span, ")"))


def _shape_is_read_alike(module: Module, node: ast.Attribute) -> bool:
    """Tell whether a shape is used in a way that a list and torch's tuple have in common."""
    parent = module.parent(node)
    if isinstance(parent, ast.Subscript) and parent.value is node:
        return not isinstance(parent.slice, ast.Slice)
    if isinstance(parent, ast.Call):
        named = isinstance(parent.func, ast.Name) and parent.func.id in ("len", "list", "tuple")
        return node in parent.args and (named or module.paddle_path(parent.func) is not None)
    if isinstance(parent, ast.Assign):
        return all(isinstance(target, (ast.Tuple, ast.List)) for target in parent.targets)
    return isinstance(parent, (ast.For, ast.comprehension, ast.Starred))


def _stop_gradient(module: Module, node: ast.Attribute, parameter: bool) -> Member:
    name = "Tensor.stop_gradient"
    if isinstance(node.ctx, ast.Load):
        span = module.span(node)
        before = module.span(node.value)
        end = Edit(Span(span.end - len(node.attr), span.end), ("requires_grad",))
        del before
        return Member(node, name, Rewrite((Edit(span, ("(not ", span, ")")), end), "requires_grad"))
    statement = module.parent(node)
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return Member(node, name, Kept("it is set together with others"))
    value = module.constant(statement.value)
    if type(value) is not bool:
        return Member(statement, name, Kept("what it is set to is not certain"))
    leaf = parameter or _is_fresh(module, node.value)
    if leaf:
        span = module.span(node)
        attribute = Edit(Span(span.end - len(node.attr), span.end), ("requires_grad",))
        swapped = module.replace(statement.value, str(not value))
        return Member(statement, name, Rewrite((attribute, swapped), "requires_grad"))
    if value and isinstance(node.value, ast.Name):
        detached = module.replace(statement, node.value.id, " = ", node.value.id, ".detach()")
        if "#" not in module.text(statement):
            return Member(statement, name, Rewrite((detached,), "detach()"))
    told = "torch can only set requires_grad where no function made the tensor"
    return Member(statement, name, Kept(told))


def _is_fresh(module: Module, node: ast.expr) -> bool:
    """Tell whether a tensor was made from data, and is a leaf for that."""
    held = module.assigned(node)
    if not isinstance(held, ast.Call):
        return False
    path = module.paddle_path(held.func) or ""
    return path.removeprefix("paddle.") in ("to_tensor", "zeros", "ones", "full", "arange", "eye")


# Layers and optimizers


def _of_optimizer(module: Module, call: ast.Call, node: ast.Attribute) -> Member | None:
    if node.attr == "step":
        return None
    name = f"Optimizer.{node.attr}"
    torch = OF_OPTIMIZERS.get(node.attr)
    if torch is None:
        return Member(call, name, Kept("torch's optimizers have no such method", "PC101"))
    return Member(call, name, _ending(module, call, node, f".{torch}"))


def _of_layer(module: Module, call: ast.Call, node: ast.Attribute) -> Member | None:
    name, outcome = node.attr, None
    if name == "sublayers":
        outcome = _sublayers(module, call, node)
    elif name == "add_sublayer":
        outcome = _add_sublayer(module, call, node)
    elif name == "create_parameter":
        outcome = _create_parameter(module, call)
    elif name == "clear_gradients":
        outcome = _ending(module, call, node, ".zero_grad(set_to_none=False)")
    elif name == "parameters":
        if call.args or call.keywords or _is_iterated(module, call):
            return None
        outcome = Rewrite((_wrapped(module, call, "list("),), "list(.parameters())")
    elif name == "register_buffer":
        outcome = _register_buffer(module, call)
    elif name in ("set_state_dict", "set_dict", "load_dict"):
        outcome = Kept("it warns of what is missing or extra where torch's load_state_dict raises")
    elif name in ("named_sublayers", "full_name", "create_tensor", "create_variable"):
        outcome = Kept("no rule is known for it")
    return Member(call, f"Layer.{name}", outcome) if outcome is not None else None


def _register_buffer(module: Module, call: ast.Call) -> Rewrite | None:
    for keyword in call.keywords:
        if keyword.arg == "persistable":
            start = module.span(keyword).start
            edit = Edit(Span(start, start + len("persistable")), ("persistent",))
            return Rewrite((edit,), "persistent=")
    return None


def _is_iterated(module: Module, call: ast.Call) -> bool:
    parent = module.parent(call)
    if isinstance(parent, (ast.For, ast.comprehension)):
        return parent.iter is call
    if isinstance(parent, ast.keyword):
        return parent.arg == "parameters"
    path = module.paddle_path(parent.func) if isinstance(parent, ast.Call) else None
    is_list = isinstance(parent, ast.Call) and module.text(parent.func) in ("list", "sum", "tuple")
    return is_list or (path or "").startswith("paddle.optimizer.")


def _sublayers(module: Module, call: ast.Call, node: ast.Attribute) -> Rewrite | Kept:
    itself = False
    if call.args or call.keywords:
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        itself = module.constant(given[0])
        if len(given) != 1 or type(itself) is not bool:
            return Kept("include_self is not certain")
    ending = _ending(
        module, ast.copy_location(ast.Call(call.func, [], []), call), node, ".modules()"
    )
    if isinstance(ending, Kept):
        return ending
    span = module.span(call)
    after = ")" if itself else ")[1:]"
    return Rewrite((Edit(span, ("list(", span, after)), *ending.edits), "list(.modules())")


def _add_sublayer(module: Module, call: ast.Call, node: ast.Attribute) -> Rewrite | Kept:
    if not isinstance(module.parent(call), ast.Expr):
        return Kept("torch's add_module returns nothing")
    if len(call.args) != 2:
        return Kept("its arguments are named otherwise in torch")
    span = module.span(node)
    edit = Edit(Span(span.end - len(node.attr), span.end), ("add_module",))
    return Rewrite((edit,), "add_module")


def _create_parameter(module: Module, call: ast.Call) -> Rewrite | Kept:
    given = bind(call, ("shape", "attr", "dtype", "is_bias", "default_initializer"))
    maker = given.get("default_initializer") if given is not None else None
    if given is None or maker is None or any(n in given for n in ("attr", "dtype", "is_bias")):
        return Kept("it draws its values otherwise; use torch.nn.Parameter")
    constant = "paddle.nn.initializer.Constant"
    if not isinstance(maker, ast.Call) or module.paddle_path(maker.func) != constant:
        return Kept("it draws its values otherwise; use torch.nn.Parameter")
    value = bind(maker, ("value",))
    if value is None or "#" in module.text(call):
        return Kept("its initializer has arguments that are not known")
    held = value.get("value")
    if held is not None and type(module.constant(held)) is not float:
        return Kept("its value is not certainly a float")
    shape = module.span(given["shape"])
    filled = module.span(held) if held is not None else "0.0"
    pieces = (
        TorchName("torch.nn.Parameter"),
        "(",
        TorchName("torch.full"),
        "(",
        shape,
        ", ",
        filled,
    )
    return Rewrite((Edit(module.span(call), (*pieces, "))")),), "torch.nn.Parameter")
