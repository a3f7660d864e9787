"""Imports of Paddle: which become imports of `paddle_compat` or of torch, and which go."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import Literal

from paddle_compat.port import names
from paddle_compat.port.edits import Edit
from paddle_compat.port.resolve import Module, Use
from paddle_compat.port.rewrite.naming import COUNTERPARTS
from paddle_compat.port.rewrite.uses import is_supported
from paddle_compat.port.source import Span

__all__ = ["Alias", "Fate", "aliases", "statement_edit"]

Fate = Literal["keep", "shim", "torch", "drop"]


@dataclass(slots=True, eq=False)
class Alias:
    """A Paddle name that an import binds.

    Attributes:
        statement: the import.
        node: the alias in it.
        path: what it binds, as a Paddle path; of a star import, the module.
        uses: the names in the file that come through it.
        ambiguous: whether a name is used that may be this or something else.
        fate: what becomes of it.
    """

    statement: ast.Import | ast.ImportFrom
    node: ast.alias
    path: str
    uses: list[Use] = field(default_factory=list)
    ambiguous: bool = False
    fate: Fate = "keep"

    @property
    def is_star(self) -> bool:
        """Whether it is ``*``."""
        return self.node.name == "*"

    @property
    def bound(self) -> str:
        """The name that it binds."""
        return self.node.asname or self.node.name.partition(".")[0]


def aliases(module: Module) -> list[Alias]:
    """Return what a file imports of Paddle, with the uses of each."""
    found: dict[ast.AST, Alias] = {}
    for statement in module.read.imports:
        for node in statement.names:
            path = _path(statement, node)
            if path is not None and path.partition(".")[0] == "paddle":
                found[node] = Alias(statement, node, path)
    for use in module.paddle_uses:
        root: ast.AST = use.node
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name):
            for binding in module.bindings(root):
                if binding.node in found:
                    found[binding.node].uses.append(use)
    for name in module.ambiguous:
        for binding in module.bindings(name):
            if binding.node in found:
                found[binding.node].ambiguous = True
    return list(found.values())


def _path(statement: ast.Import | ast.ImportFrom, node: ast.alias) -> str | None:
    if isinstance(statement, ast.Import):
        return node.name if node.asname else node.name.partition(".")[0]
    if statement.level or statement.module is None:
        return None
    return statement.module if node.name == "*" else f"{statement.module}.{node.name}"


def to_shim(alias: Alias) -> bool:
    """Tell whether `paddle_compat` has what an import asks for."""
    if alias.is_star or names.is_module(alias.path):
        return alias.path == "paddle" or names.supported(alias.path)
    return names.supported(alias.path) or any(map(is_supported, alias.uses))


def statement_edit(
    module: Module,
    statement: ast.Import | ast.ImportFrom,
    mine: dict[ast.alias, Alias],
    first: bool,
) -> Edit | None:
    """Return the edit of an import statement by the fates of its aliases.

    Args:
        module: the file.
        statement: the import.
        mine: the aliases of Paddle's, by their nodes; the others stay.
        first: whether ``import torch`` is to be written in its place too.
    """
    fates = [mine[node].fate if node in mine else "keep" for node in statement.names]
    if all(fate == "keep" for fate in fates) and not first:
        return None
    if not first and len(set(fates)) == 1 and fates[0] in ("shim", "torch"):
        whole = _in_place(module, statement, mine, fates[0])
        if whole is not None:
            return whole
    lines = ["import torch"] if first else []
    for fate in ("keep", "shim", "torch"):
        chosen = [node for node, its in zip(statement.names, fates, strict=True) if its == fate]
        lines += _written(statement, chosen, mine, fate) if chosen else []
    return _placed(module, statement, list(dict.fromkeys(lines)))


def _in_place(
    module: Module, statement: ast.Import | ast.ImportFrom, mine: dict[ast.alias, Alias], fate: str
) -> Edit | None:
    """Change the module's name alone, which keeps everything else as it is written."""
    span = module.span(statement)
    text = module.source.text
    if isinstance(statement, ast.ImportFrom):
        assert statement.module is not None
        start = text.index(statement.module, span.start + len("from"))
        target = _renamed(statement.module, fate)
        alike = fate == "shim" or all(_is_spelt_alike(mine[node]) for node in statement.names)
        if target is None or not alike:
            return None
        return Edit(Span(start, start + len(statement.module)), (target,))
    if len(statement.names) == 1 and statement.names[0].asname:
        node = statement.names[0]
        target = _renamed(node.name, fate)
        start = module.span(node).start
        return Edit(Span(start, start + len(node.name)), (target,)) if target else None
    return None


def _renamed(path: str, fate: str) -> str | None:
    if fate == "shim":
        return path.replace("paddle", "paddle_compat", 1)
    return COUNTERPARTS.get(path)


def _written(
    statement: ast.Import | ast.ImportFrom,
    nodes: list[ast.alias],
    mine: dict[ast.alias, Alias],
    fate: str,
) -> list[str]:
    if isinstance(statement, ast.ImportFrom):
        assert statement.module is not None
        if fate == "torch":
            return [_of_torch(mine[node]) for node in nodes]
        module = statement.module if fate == "keep" else _renamed(statement.module, fate)
        return [f"from {module} import {', '.join(map(_alias, nodes))}"]
    if fate == "keep":
        return [f"import {', '.join(map(_alias, nodes))}"]
    lines = []
    for node in nodes:
        if node.asname:
            lines.append(f"import {_renamed(node.name, fate)} as {node.asname}")
        else:  # binds `paddle` alone
            lines.append("import paddle_compat as paddle" if fate == "shim" else "import torch")
    return lines


def _is_spelt_alike(alias: Alias) -> bool:
    return COUNTERPARTS[alias.path].rpartition(".")[2] == alias.node.name


def _of_torch(alias: Alias) -> str:
    module, _, name = COUNTERPARTS[alias.path].rpartition(".")
    return f"from {module} import {name}" + (f" as {alias.bound}" if name != alias.bound else "")


def _alias(node: ast.alias) -> str:
    return f"{node.name} as {node.asname}" if node.asname else node.name


def _placed(module: Module, statement: ast.stmt, lines: list[str]) -> Edit | None:
    text, span = module.source.text, module.span(statement)
    line_start = module.source.starts[statement.lineno - 1]
    indent = text[line_start : span.start]
    alone = not indent.strip()
    # An import has no strings, so that this is what comments are. They go above it.
    comments = re.findall(r"#[^\r\n]*", text[span.start : span.end])
    if comments and not alone:
        return None
    end_line = module.source.line(module.source.position(span.end)[0])
    line_end = module.source.starts[module.source.position(span.end)[0] - 1] + len(end_line)
    goes = alone and not _is_only(module, statement) and not text[span.end : line_end].strip()
    if not lines and goes and not comments:
        return Edit(Span(line_start, line_end), ())
    between = f"{module.source.newline}{indent}" if alone else "; "
    return Edit(span, (between.join([*comments, *(lines or ([] if goes else ["pass"]))]),))


def _is_only(module: Module, statement: ast.stmt) -> bool:
    parent = module.parent(statement)
    if parent is None or isinstance(parent, ast.Module):
        return False
    for name in ("body", "orelse", "finalbody", "handlers"):
        block = getattr(parent, name, None)
        if isinstance(block, list) and statement in block:
            return all(isinstance(each, (ast.Import, ast.ImportFrom)) for each in block)
    return True
