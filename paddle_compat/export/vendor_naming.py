"""What definitions from many modules are called in one text, and in which order they stand."""

from __future__ import annotations

import ast
import builtins
import keyword
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from paddle_compat.export.vendor_gather import Gathered, Key, Use
from paddle_compat.export.vendor_modules import External, imported, module_named

__all__ = ["Names", "free_name", "in_order", "known", "named"]


@dataclass(frozen=True)
class Names:
    """What everything is called.

    Attributes:
        of: the names, by what has them.
        imports: the statements that import what is not there yet.
    """

    of: dict[Key | External, str]
    imports: list[str]


def named(
    gathered: Gathered, roots: Sequence[Key], taken: Iterable[str], given: Iterable[str]
) -> Names:
    """Choose what everything is called, so that no name hides another."""
    order = dict.fromkeys([*roots, *in_order(gathered)])
    uses: dict[Key | External, list[Use]] = {}
    for definition in dict.fromkeys(gathered.definitions[key] for key in order):
        for use in definition.uses:
            uses.setdefault(known(use.target), []).append(use)
    of: dict[Key | External, str] = {}
    used = {*dir(builtins), *keyword.kwlist, *taken}

    def name(key: Key | External, wanted: str, module: str) -> None:
        of[key] = free_name(wanted, module, used, uses.get(key, ()))
        used.add(of[key])

    for line in given:
        for external in _read_import(line):
            of[known(external)] = external.bound
            used.add(external.bound)
    lines = []
    externals = [key for key in uses if isinstance(key, External) and key not in of]
    for external in sorted(externals, key=lambda e: (e.module, e.name or "")):
        first = uses[external][0].target
        assert isinstance(first, External)
        name(external, first.bound, external.module.replace(".", "_"))
        lines.append(External(external.module, external.name, of[external]).line)
    for key in order:
        definition = gathered.definitions[key]
        name(key, definition.binds[key], definition.piece.module.name.rpartition(".")[2].strip("_"))
    return Names(of, lines)


def known(target: Key | External) -> Key | External:
    """Return what an import is known by, whatever it is called."""
    return External(target.module, target.name, "") if isinstance(target, External) else target


def _read_import(line: str) -> Iterator[External]:
    for statement in ast.parse(line).body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            for target in imported(statement).values():
                if isinstance(target, External):
                    yield target


def free_name(name: str, module: str, used: set[str], uses: Iterable[Use]) -> str:
    """Return a name that is free where it is defined, and is not hidden where it is used."""
    uses = list(uses)

    def fits(candidate: str) -> bool:
        return candidate not in used and not any(
            candidate in use.hidden for use in uses if use.written != candidate
        )

    candidates = [name, f"{name}_{module}", *(f"{name}_{module}_{i}" for i in range(2, 1000))]
    return next(filter(fits, candidates))


def in_order(gathered: Gathered) -> list[Key]:
    """Return the definitions as Python would execute them, importing their modules."""
    order: dict[str, int] = {}
    begun: set[str] = set()

    def visit(name: str) -> None:
        module = module_named(name)
        if module is None or name in begun:
            return
        begun.add(name)
        for neighbour in module.neighbours():
            visit(neighbour)
        order[name] = len(order)

    for name in sorted({d.piece.module.name for d in gathered.definitions.values()}):
        visit(name)

    def place(key: Key) -> tuple[int, int, str]:
        definition = gathered.definitions[key]
        line = definition.piece.statement.lineno
        return order[definition.piece.module.name], line, definition.binds[key]

    return sorted(gathered.definitions, key=place)
