"""Paddle names: which become torch's, which stay, and why."""

from __future__ import annotations

import ast

from paddle_compat.port import names
from paddle_compat.port.resolve import Module, Use
from paddle_compat.port.rewrite.calls import rewritten
from paddle_compat.port.rewrite.naming import TorchName
from paddle_compat.port.rewrite.site import Kept, Rewrite
from paddle_compat.port.rewrite.values import Values
from paddle_compat.port.rules import by_path, named
from paddle_compat.port.rules.kept import advice, differs
from paddle_compat.port.rules.spec import Function

__all__ = ["is_supported", "outcome", "unsupported"]


def is_supported(use: Use) -> bool:
    """Tell whether `paddle_compat` offers a name."""
    if use.ported and use.path.startswith("paddle.nn.SigmoidFocalLoss"):
        return True
    return any(
        names.supported(path) or names.supported_prefix(path) is not None
        for path in (use.written, use.path)
    )


def unsupported(use: Use) -> str:
    """Say what to do about a name that neither torch nor `paddle_compat` has."""
    told = advice(use.path)
    if told is not None:
        return told
    if not names.known(use.path) and not names.known(use.written):
        return "neither Paddle 1.8 nor 3.3 has it by that name; is it spelt right?"
    return "no counterpart is known: write it with torch"


def outcome(
    module: Module, values: Values, use: Use, *, static: bool, eager: bool
) -> Rewrite | Kept | None:
    """Return what becomes of a name: torch's, or why not; None where nothing is to be said.

    Args:
        module: the file.
        values: what its expressions are.
        use: the name.
        static: whether the file builds programs.
        eager: whether 1.x in it computes at once.
    """
    if names.is_module(use.path) and not _is_called(module, use):
        return None
    if static and (use.path in by_path() or use.path in named() or is_supported(use)):
        return Kept("it builds a program here", "PC103")
    name = named().get(use.path)
    ruled = name is not None or use.path in by_path()
    if ruled and not eager and use.path.startswith("paddle.fluid."):
        return Kept("nothing in the file says that it computes at once, as torch does", "PC103")
    if name is not None:
        return Rewrite((module.replace(use.node, TorchName(name.torch)),), name.torch)
    rule = by_path().get(use.path)
    if rule is None:
        told = advice(use.path)
        if told is not None and (is_supported(use) or differs(use.path)):
            return Kept(told, "PC101")
        return Kept("no torch function is known to do the same", "PC100")
    call = module.parent(use.node)
    if isinstance(call, ast.Call) and call.func is use.node:
        return rewritten(module, values, call, rule)
    if isinstance(rule, Function) and _is_alike(rule):
        return Rewrite((module.replace(use.node, TorchName(rule.torch)),), rule.torch)
    return Kept("it is handed on, so its arguments are not known")


def _is_called(module: Module, use: Use) -> bool:
    call = module.parent(use.node)
    return isinstance(call, ast.Call) and call.func is use.node


def _is_alike(rule: Function) -> bool:
    """Tell whether a function may take another's place without its arguments being looked at."""
    taken = [each for each in rule.parameters if each.torch]
    plain = not rule.add and not rule.before and not rule.after and rule.require is None
    return plain and len(taken) == 1 and not taken[0].convert
