"""Arguments under the names of another version, and the attribute that means its opposite."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from paddle_compat.port.diagnostics import Finding, found, rule
from paddle_compat.port.edits import Edit
from paddle_compat.port.findings._facts import is_variable
from paddle_compat.port.findings._flow import LAYERS, has_dygraph, value
from paddle_compat.port.resolve import Module
from paddle_compat.port.source import Span

__all__ = ["NAMES"]

_OLD_REDUCTIONS = ("sum", "mean", "max", "min", "prod", "all", "any")
_REDUCTIONS = (*_OLD_REDUCTIONS, "amax", "amin", "std", "var", "logsumexp", "median", "norm")
_TO_OLD = {"axis": "dim", "keepdim": "keep_dim", "keepdims": "keep_dim"}
_TO_NEW = {"keep_dim": "keepdim", "keepdims": "keepdim"}

# What an argument is called, by what it is called elsewhere and refused here. Paddle 3 takes
# torch's dim in many functions, and torch takes NumPy's axis and keepdims: these are not here.
NAMES: dict[str, dict[str, str]] = {
    **{f"{LAYERS}reduce_{name}": _TO_OLD for name in _OLD_REDUCTIONS},
    **{f"{LAYERS}{name}": {"axis": "axes", "dim": "axes"} for name in ("squeeze", "unsqueeze")},
    **{f"{LAYERS}{name}": {"dim": "axis"} for name in ("concat", "stack", "argmax", "softmax")},
    f"{LAYERS}split": {"axis": "dim"},
    f"{LAYERS}transpose": {"dims": "perm", "dim": "perm"},
    **{f"paddle.{name}": _TO_NEW for name in _REDUCTIONS},
    **{f"paddle.{name}": {**_TO_NEW, "dim": "axis"} for name in ("max", "min", "std")},
    **{f"paddle.{name}": {"axes": "axis"} for name in ("squeeze", "unsqueeze")},
    "paddle.flip": {"dim": "axis"},
    **{f"torch.{name}": {"keep_dim": "keepdim"} for name in _REDUCTIONS},
}


@rule(
    "PC218",
    "argument-of-another-version",
    """
    The same argument has several names: reduce_sum(dim=, keep_dim=) in Paddle 1.x, sum(axis=,
    keepdim=) in Paddle 2, sum(dim=, keepdim=) in torch; axes of squeeze and unsqueeze in 1.x, axis
    in Paddle 2. A name of another version is an error when the line is reached, which for a branch
    of its own may be late. (Where Paddle 3 takes torch's dim, and torch NumPy's axis, nothing is
    said.) The fix renames it. For stop_gradient= of a torch function there is no fix:
    requires_grad= is its opposite.
    """,
)
def _renamed(module: Module) -> Iterator[Finding]:
    for node in module.read.calls:
        path = module.paddle_path(node.func) or module.path(node.func)
        if path is None:
            continue
        for keyword in node.keywords:
            if keyword.arg == "stop_gradient" and path.startswith("torch."):
                yield found(
                    module,
                    keyword,
                    f"{path} has no stop_gradient; requires_grad is its opposite",
                )
            name = NAMES.get(path, {}).get(keyword.arg or "")
            if name and all(other.arg != name for other in node.keywords):
                start = module.span(keyword).start
                edit = Edit(Span(start, start + len(str(keyword.arg))), (name,))
                yield found(
                    module,
                    keyword,
                    f"{path} calls {keyword.arg} {name}",
                    edit,
                    fix=f"call it {name}",
                    paddle=path if path.startswith("paddle") else None,
                )


@rule(
    "PC220",
    "stop-gradient-set",
    """
    x.stop_gradient = True on a torch tensor sets an attribute that nothing reads: Python allows it,
    and gradients go on as before. So it is on the shim's tensors, which are torch's. Write
    x.requires_grad_(False) for a leaf and x = x.detach() for anything else; stop_gradient = False
    is x.requires_grad_(). A new tensor of torch has no gradient by default, and so has Paddle's
    to_tensor. Variables of programs (fluid.data and what layers return) keep the attribute here.
    """,
)
def _set(module: Module) -> Iterator[Finding]:
    if not has_dygraph(module):
        return
    for node in module.read.attributes:
        if node.attr != "stop_gradient" or not isinstance(node.ctx, ast.Store):
            continue
        of = value(module, node.value)
        if isinstance(of, ast.Name) and of.id == "self":  # a class of the file's own
            continue
        if is_variable(module, of) and not _in_dygraph(module, node):
            continue
        yield found(
            module,
            node,
            "stop_gradient of a torch tensor is an attribute that nothing reads: requires_grad_() "
            "or detach()",
        )


def _in_dygraph(module: Module, node: ast.AST) -> bool:
    """Tell whether a place is inside of ``with fluid.dygraph.guard()``."""
    return any(
        isinstance(at, ast.With)
        and any(
            isinstance(item.context_expr, ast.Call)
            and module.paddle_path(item.context_expr.func) == "paddle.fluid.dygraph.guard"
            for item in at.items
        )
        for at in module.ancestors(node)
    )
