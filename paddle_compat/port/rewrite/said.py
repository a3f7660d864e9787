"""What is said about a file's Paddle names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Literal

from paddle_compat.port import names
from paddle_compat.port.diagnostics import Finding, Fix
from paddle_compat.port.resolve import Module, Use
from paddle_compat.port.rewrite.imports import Alias, to_shim
from paddle_compat.port.rewrite.places import Place
from paddle_compat.port.rewrite.site import Kept, Rewrite
from paddle_compat.port.rewrite.uses import is_supported, unsupported
from paddle_compat.port.rules import by_path, named

__all__ = ["Standing", "about_imports", "about_names", "standings"]

Standing = Literal["torch", "shim", "unsupported"]


def about_names(
    module: Module, target: str, places: list[Place], done: set[Use]
) -> Iterator[Finding]:
    """Yield what is said about each name: equal in torch, on the shim and why, or unsupported."""
    for place in places:
        if place.consumed:
            continue
        ours = place.use is None or is_supported(place.use)
        if isinstance(place.outcome, Rewrite):
            message = f"{place.name} is {place.outcome.becomes}"
            fix = Fix(f"rewrite as {place.outcome.becomes}", place.outcome.edits)
            yield Finding(place.span, message, fix, place.name, "PC010")
        elif ours or place.outcome.code != "PC100":
            stays = "stays on paddle_compat" if place.use and ours else "is left"
            message = f"{place.name} {stays}: {place.outcome.reason}"
            yield Finding(place.span, message, None, place.name, place.outcome.code)
    treated = {place.use: place for place in places if place.use}
    for use in module.paddle_uses:
        if use in done or is_supported(use) or (use.ported and target == "shim"):
            continue
        if use not in treated and target == "torch" and names.is_module(use.path):
            continue
        known = treated.get(use)
        if known is not None and isinstance(known.outcome, Kept) and known.outcome.code != "PC100":
            continue
        why = unsupported(use)
        if target == "shim":
            why = _torch_has(use) or why
        yield Finding(
            module.span(use.node), f"{use.path} is not supported: {why}", None, use.path, "PC001"
        )


def _torch_has(use: Use) -> str | None:
    rule = by_path().get(use.path) or named().get(use.path)
    if rule is None:
        return None
    return (
        f"torch has it, which '--to torch' writes: {getattr(rule, 'torch', '') or 'an expression'}"
    )


def about_imports(module: Module, imported: list[Alias]) -> Iterator[Finding]:
    """Yield what is said about ways of importing that leave a name uncertain, or unsupported."""
    for name in module.ambiguous:
        parent = module.parent(name)
        if isinstance(parent, (ast.Attribute, ast.Call)):
            message = f"{name.id} may be Paddle's or something else here; give them two names"
            yield Finding(module.span(name), message, None, None, "PC004")
    for call in module.read.calls:
        string = _imported_by_string(module, call)
        if string is not None:
            message = f"{string!r} is imported by its name in a string, which is not rewritten"
            yield Finding(module.span(call), message, None, string, "PC005")
        if isinstance(call.func, ast.Name) and call.func.id == "getattr" and len(call.args) > 1:
            path = module.paddle_path(call.args[0])
            if path is not None and not isinstance(module.constant(call.args[1]), str):
                message = f"which name of {path} this gets is not known before it runs"
                yield Finding(module.span(call), message, None, path, "PC006")
    for alias in imported:
        told = any(not names.is_module(use.path) for use in alias.uses)
        plain = isinstance(alias.statement, ast.Import) and alias.node.asname is None
        if not (alias.is_star or to_shim(alias) or told or plain):
            use = Use(ast.Name(alias.bound), alias.path, alias.path, False)
            message = f"{alias.path} is not supported: {unsupported(use)}"
            yield Finding(module.span(alias.node), message, None, alias.path, "PC001")


def _imported_by_string(module: Module, call: ast.Call) -> str | None:
    named = isinstance(call.func, ast.Name) and call.func.id == "__import__"
    if not named and module.path(call.func) != "importlib.import_module":
        return None
    value = module.constant(call.args[0]) if call.args else None
    if isinstance(value, str) and value.partition(".")[0] == "paddle":
        return value
    return None


def standings(module: Module, done: set[Use]) -> list[tuple[str, Standing]]:
    """Return for each Paddle name that is used who has it; `done` are those of torch."""
    found: list[tuple[str, Standing]] = []
    for use in module.paddle_uses:
        if use in done:
            found.append((use.path, "torch"))
        elif not names.is_module(use.path):
            found.append((use.path, "shim" if is_supported(use) else "unsupported"))
    return found
