"""Functions of this package as source text that needs torch alone.

The text holds the functions and all that they need of this package, and nothing else of it. It is
their own source, as it is written: names that would meet are changed, and so is what only this
package can use (its decorators, its modules as prefixes).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from paddle_compat.export.vendor_gather import Gathered, Key, VendorError, own_function
from paddle_compat.export.vendor_modules import External
from paddle_compat.export.vendor_naming import in_order, known, named
from paddle_compat.export.vendor_text import Piece

__all__ = ["VendorError", "Vendored", "vendored"]


@dataclass(frozen=True)
class Vendored:
    """Source text, and what it takes to use it.

    Attributes:
        source: definitions, in an order in which they can be executed, below `imports` and
            ``from __future__ import annotations``.
        imports: import statements, sorted; those that the caller has already are left out.
        names: what each function is called in the text.
    """

    source: str
    imports: list[str]
    names: dict[Callable[..., Any], str]


def vendored(
    functions: Iterable[Callable[..., Any]],
    taken: Iterable[str] = (),
    imports: Iterable[str] = (),
) -> Vendored:
    """Return source text that defines functions of this package without it.

    The text depends on the functions and their order alone.

    Args:
        functions: of torch tensors; a layer stands for its own function.
        taken: names that the text must not define; what `imports` binds need not be among them.
        imports: import statements that stand above the text anyway.

    Raises:
        VendorError: a function is not one of this package's, or needs what only this package has.
    """
    gathered = Gathered()
    roots = {function: gathered.add(own_function(function)) for function in functions}
    gathered.complete()
    names = named(gathered, list(roots.values()), taken, list(imports))
    return Vendored(
        _written(gathered, names.of),
        names.imports,
        {function: names.of[key] for function, key in roots.items()},
    )


def _written(gathered: Gathered, of: Mapping[Key | External, str]) -> str:
    parts: list[str] = []
    before: Piece | None = None
    for definition in dict.fromkeys(gathered.definitions[key] for key in in_order(gathered)):
        piece = definition.piece
        for use in definition.uses:
            piece.replace(use.node, use.written, of[known(use.target)])
        for node, text in definition.holds:
            piece.replace(node, piece.source(node), text)
        for key, name in definition.binds.items():
            piece.rename(name, of[key])
        fresh = before is None or piece.module is not before.module
        if fresh:
            parts.append(f"\n# {piece.module.summary}\n")
        # What stands together in the module does so here.
        if fresh or before is None or piece.lines.start != before.lines.stop:
            parts.append("\n")
        parts.append(piece.text())
        before = piece
    return "".join(parts).lstrip("\n")
