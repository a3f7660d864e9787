"""What becomes of a file's imports, given what became of the names that come through them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from paddle_compat.port import names
from paddle_compat.port.diagnostics import Finding, Fix
from paddle_compat.port.edits import Edit
from paddle_compat.port.resolve import Module, Use
from paddle_compat.port.rewrite.imports import Alias, Fate, statement_edit, to_shim
from paddle_compat.port.rewrite.naming import COUNTERPARTS, TorchName
from paddle_compat.port.rewrite.uses import is_supported
from paddle_compat.port.rules.layers import HELPER, HELPER_NAME
from paddle_compat.port.source import Span

__all__ = ["import_edits"]


def import_edits(
    module: Module,
    imported: list[Alias],
    target: str,
    edits: list[Edit],
    done: set[Use],
    wanted: frozenset[str],
) -> tuple[list[Finding], list[Edit]]:
    """Return the findings about imports, and all edits with torch's names written out."""
    torch_names = [
        (edit.span.start, piece)
        for edit in edits
        for piece in edit.pieces
        if isinstance(piece, TorchName)
    ]
    for alias in imported:
        alias.fate = _fate(module, alias, target, done, torch_names)
    through = [alias for alias in imported if alias.fate == "torch" and alias.path != "paddle"]
    named = [_spelt(edit, through) for edit in edits]
    texts = [piece for edit in named for piece in edit.pieces if isinstance(piece, str)]
    first = any(piece.startswith("torch.") for piece in texts) and not _has_torch(module)
    findings, finished, at = [], list(named), _first_place(module, imported)
    statements = dict.fromkeys(alias.statement for alias in imported)
    placed = False
    for statement in statements:
        mine = {alias.node: alias for alias in imported if alias.statement is statement}
        here = first and not placed and statement is at
        placed = placed or here
        edit = statement_edit(module, statement, mine, here)
        if edit is None:
            continue
        if "PC002" not in wanted:
            continue
        whole = len(mine) == len(statement.names)
        message = f"{module.text(statement).splitlines()[0]} {_becomes(edit, whole)}"
        fix = Fix("rewrite the import", (edit,))
        findings.append(Finding(module.span(statement), message, fix, None, "PC002"))
        finished.append(edit)
    if first and not placed:
        finished.append(_inserted(module, at, "import torch" + module.source.newline))
    if HELPER_NAME in texts and HELPER.splitlines()[1] not in module.source.text:
        finished.append(_helper(module))
    return findings, finished


def _becomes(edit: Edit, whole: bool) -> str:
    text = "".join(piece for piece in edit.pieces if isinstance(piece, str)).strip()
    lines = [line.strip() for line in text.splitlines() if not line.strip().startswith("#")]
    if whole and lines in ([], ["pass"]):
        return "is no longer needed"
    return f"becomes {' and '.join(lines)}"


def _fate(
    module: Module,
    alias: Alias,
    target: str,
    done: set[Use],
    torch_names: list[tuple[int, TorchName]],
) -> Fate:
    shim: Fate = "shim" if to_shim(alias) else "keep"
    if alias.ambiguous:
        return "keep"
    if target == "shim":
        return shim
    left = [use for use in alias.uses if use not in done]
    if left:
        every = all(is_supported(use) or names.is_module(use.path) for use in left)
        return shim if every else "keep"
    tried = any(isinstance(at, ast.Try) for at in module.ancestors(alias.statement))
    # A module that is not used here is hardly taken from here, but a name may be.
    unused = not alias.uses and (tried or isinstance(alias.statement, ast.ImportFrom))
    if alias.is_star or unused or _is_in_words(module, alias):
        return shim
    prefix = COUNTERPARTS.get(alias.path, "") + "."
    aliased = (
        alias.path in COUNTERPARTS and alias.path != "paddle" and _is_bound_once(module, alias)
    )
    if aliased and any(name.startswith(prefix) for _, name in torch_names):
        return "torch"
    return "drop"


def _is_in_words(module: Module, alias: Alias) -> bool:
    """Tell whether others may take the name from this file, or an annotation has it in a string."""
    if module.name.endswith("__init__.py"):
        return True
    return alias.bound in _words(module)


def _words(module: Module) -> set[str]:
    """Return the first names of the strings of ``__all__`` and of annotations."""
    found = set()
    for node in ast.walk(module.tree):
        strings: list[ast.AST | None] = []
        if isinstance(node, (ast.arg, ast.AnnAssign)):
            strings = [node.annotation]
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            strings = [node.returns]
        elif isinstance(node, ast.Assign) and module.text(node).startswith("__all__"):
            strings = [node.value]
        for each in strings:
            for inner in ast.walk(each) if each is not None else ():
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                    found.add(inner.value.partition(".")[0])
    return found


def _is_bound_once(module: Module, alias: Alias) -> bool:
    top = alias.node in [b.node for b in module.read.top.bindings.get(alias.bound, ())]
    everywhere = [
        binding
        for scope in module.read.scopes.values()
        for binding in scope.bindings.get(alias.bound, ())
    ]
    return top and len(everywhere) == 1 and isinstance(module.parent(alias.statement), ast.Module)


def _spelt(edit: Edit, through: list[Alias]) -> Edit:
    pieces = tuple(
        _spelling(piece, edit.span.start, through) if isinstance(piece, TorchName) else piece
        for piece in edit.pieces
    )
    return replace(edit, pieces=pieces)


def _spelling(name: TorchName, at: int, through: list[Alias]) -> str:
    best, told = "", str(name)
    for alias in through:
        prefix = COUNTERPARTS[alias.path] + "."
        if name.startswith(prefix) and len(prefix) > len(best):
            best, told = prefix, f"{alias.bound}.{name.removeprefix(prefix)}"
    return told


def _has_torch(module: Module) -> bool:
    return any(
        isinstance(module.parent(binding.node), (ast.Import, ast.ImportFrom))
        and isinstance(module.parent(module.parent(binding.node) or module.tree), ast.Module)
        for binding in module.read.top.bindings.get("torch", ())
    )


def _first_place(module: Module, imported: list[Alias]) -> ast.stmt | None:
    """Return the first statement of the file's own level that imports Paddle."""
    for statement in module.tree.body:
        inside = {id(alias.statement) for alias in imported}
        if any(id(node) in inside for node in _imports_in(statement)):
            return statement
    return None


def _imports_in(statement: ast.stmt) -> Iterator[ast.AST]:
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        yield statement
    elif isinstance(statement, (ast.If, ast.Try, ast.With)):
        yield from ast.walk(statement)


def _inserted(module: Module, before: ast.stmt | None, text: str) -> Edit:
    if before is None:
        body = module.tree.body
        start = 0
        for index, statement in enumerate(body):
            doc = index == 0 and isinstance(statement, ast.Expr)
            future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
            if (
                not (doc and isinstance(getattr(statement, "value", None), ast.Constant))
                and not future
            ):
                start = module.span(statement).start
                decorators = getattr(statement, "decorator_list", [])
                if decorators:
                    start = module.source.starts[decorators[0].lineno - 1]
                break
    else:
        start = module.span(before).start
    return Edit(Span(start, start), (text,))


def _helper(module: Module) -> Edit:
    imports = [s for s in module.tree.body if isinstance(s, (ast.Import, ast.ImportFrom, ast.Try))]
    last = imports[-1] if imports else module.tree.body[0]
    source, newline = module.source, module.source.newline
    line = source.position(module.span(last).end)[0]
    text = (2 * "\n" + HELPER).replace("\n", newline)
    if line == len(source.starts):  # the file ends without a line's end
        return Edit(Span(len(source.text), len(source.text)), (newline + text,))
    if source.line(line + 1).strip():
        text += 2 * newline
    start = source.starts[line]
    return Edit(Span(start, start), (text,))
