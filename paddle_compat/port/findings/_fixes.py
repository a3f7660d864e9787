"""Fixes that several rules make: arguments that are written down."""

from __future__ import annotations

import ast

from paddle_compat.port.arguments import Arguments
from paddle_compat.port.diagnostics import Finding, found
from paddle_compat.port.resolve import Call, Module

__all__ = ["is_bare", "write_down"]


def is_bare(module: Module, node: ast.expr) -> bool:
    """Tell whether an argument has no parentheses of its own around it, or a comment before it.

    An argument behind the first one, or one with a keyword.
    """
    before = module.source.text[: module.span(node).start].rstrip()
    return before.endswith((",", "="))


def write_down(module: Module, call: Call, given: Arguments, message: str, default: str) -> Finding:
    """Return a finding whose fix adds an argument behind the others, where that can be done."""
    last = max(given.given, key=lambda each: module.span(each.keyword or each.value).end)
    if not is_bare(module, last.value):
        return found(module, call.node, message, paddle=call.path)
    edit = module.insert_after(last.keyword or last.value, f", {default}")
    return found(module, call.node, message, edit, fix="write the default down", paddle=call.path)
