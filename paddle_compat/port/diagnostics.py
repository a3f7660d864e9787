"""Findings, and the rules that make them.

A rule has a code, a short name, an explanation for ``--explain``, and a check, which is given a
`paddle_compat.port.resolve.Module` and yields findings::

    @rule("PC299", "example", "What the bug is, why it is silent, how to mend it.")
    def example(module: Module) -> Iterator[Finding]:
        for call in module.calls("paddle.fluid.layers.mean"):
            given = call.bind("x", "name")
            if given is not None and "name" in given:
                yield found(module, call.node, "mean(name=...) does nothing here")

Codes: PC0xx names and imports; PC1xx what stays on the shim, and why; PC2xx what a port brings in
silently (`paddle_compat.port.findings`, each of whose modules is imported by `rules`).
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from paddle_compat.port.edits import Edit
from paddle_compat.port.resolve import Module
from paddle_compat.port.source import Span

__all__ = ["Finding", "Fix", "Rule", "declare", "found", "rule", "rules"]


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that mends a finding.

    Attributes:
        message: what it does, such as ``name the argument``.
        edits: the change, made wholly or not at all.
    """

    message: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to say about a place in a file.

    Attributes:
        span: the place.
        message: one line, without the code.
        fix: a change that is safe to make for a whole code base without looking, if there is one.
        paddle: the Paddle name that it is about, if it is about one.
        code: the rule's; it is filled in by the rule.
    """

    span: Span
    message: str
    fix: Fix | None = None
    paddle: str | None = None
    code: str = ""


Check = Callable[[Module], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """What a code stands for.

    Attributes:
        code: PC and three digits.
        name: a few words with dashes.
        explanation: plain text: what is wrong, why it matters, what to do.
        check: yields the findings of a file; None for a rule that the porter itself applies.
    """

    code: str
    name: str
    explanation: str
    check: Check | None = None

    def findings(self, module: Module) -> Iterator[Finding]:
        """Yield the rule's findings in a file, each with its code."""
        if self.check is not None:
            for finding in self.check(module):
                yield replace(finding, code=self.code)


_RULES: dict[str, Rule] = {}


def rule(code: str, name: str, explanation: str) -> Callable[[Check], Check]:
    """Register a check as a rule.

    Raises:
        ValueError: another rule has the code.
    """

    def register(check: Check) -> Check:
        declare(code, name, explanation, check)
        return check

    return register


def declare(code: str, name: str, explanation: str, check: Check | None = None) -> Rule:
    """Register a rule, by default one that the porter itself applies, and return it.

    Raises:
        ValueError: another rule has the code.
    """
    if code in _RULES:
        raise ValueError(f"two rules have the code {code}: {_RULES[code].name} and {name}")
    _RULES[code] = Rule(code, name, inspect.cleandoc(explanation), check)
    return _RULES[code]


def found(
    module: Module,
    node: ast.AST,
    message: str,
    *edits: Edit,
    fix: str = "",
    paddle: str | None = None,
) -> Finding:
    """Return a finding at a node, with the edits that mend it, if any.

    Args:
        module: the file.
        node: where it is.
        message: what is wrong, in one line.
        edits: from `Module.replace`, `insert_before` and `insert_after`.
        fix: what the edits do; has to be given with edits.
        paddle: the Paddle name that it is about.
    """
    assert bool(edits) == bool(fix), "edits are told in words"
    mended = Fix(fix, edits) if edits else None
    return Finding(module.span(node), message, mended, paddle)


def rules() -> dict[str, Rule]:
    """Return every rule by its code, in order."""
    for package in ("paddle_compat.port.codes", "paddle_compat.port.findings"):
        parent = importlib.import_module(package)
        for info in pkgutil.iter_modules(getattr(parent, "__path__", [])):
            importlib.import_module(f"{package}.{info.name}")
    return dict(sorted(_RULES.items()))
