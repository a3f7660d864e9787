"""The rules from Paddle names to torch: data, one subject a module.

Every rule has examples, which the tests run under real Paddle 3.3.1 and, rewritten, under torch:
same values, dtypes, shapes and gradients.
"""

from __future__ import annotations

from functools import cache

from paddle_compat.port.rules import (
    arithmetic,
    autograd,
    creation,
    eager,
    functional,
    layers,
    optimizers,
    reduce,
    shape,
)
from paddle_compat.port.rules.spec import Function, Named, Template

__all__ = ["by_method", "by_path", "named"]

_MODULES = (creation, shape, reduce, arithmetic, functional, layers, optimizers, autograd, eager)


@cache
def by_path() -> dict[str, Function | Template]:
    """Return the rules for calls, by Paddle's usual paths."""
    every = [rule for module in _MODULES for rule in module.RULES]
    return {rule.paddle: rule for rule in every if not isinstance(rule, Named)}


@cache
def by_method() -> dict[str, Function | Template]:
    """Return the rules for methods of tensors, by their names."""
    return {
        path.rpartition(".")[2]: rule
        for path, rule in by_path().items()
        if rule.method and path.count(".") == 1
    }


@cache
def named() -> dict[str, Named]:
    """Return the rules for names that are not called, or called alike, by usual paths."""
    every = [rule for module in _MODULES for rule in module.RULES]
    return {rule.paddle: rule for rule in every if isinstance(rule, Named)}
