"""Errors that tell a Paddle user what is not here, and what to use instead."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence

__all__ = ["UnsupportedAPIError", "UnsupportedImportError", "unsupported_attribute"]

GUIDE = "migration_guide.md"


class UnsupportedAPIError(AttributeError):
    """A Paddle name that `paddle_compat` does not offer.

    It is an `AttributeError`, so `hasattr` and `getattr` with a default keep working.

    Attributes:
        path: the full Paddle path that was asked for, such as ``paddle.fluid.layers.fc``.
        instead: what is offered instead.
        section: the section of the migration guide that treats it.
    """

    def __init__(self, path: str, instead: str, section: str) -> None:
        self.path, self.instead, self.section = path, instead, section
        super().__init__(_told(path, instead, section))

    def __reduce__(self) -> tuple[type, tuple[str, ...]]:  # so that worker processes can send it
        return type(self), (self.path, self.instead, self.section)


class UnsupportedImportError(ModuleNotFoundError):
    """An ``import`` of a Paddle name that `paddle_compat` does not offer.

    Raised where ``paddle-compat run`` answers a script's imports, so that a script's
    ``except ImportError`` keeps working. (No class can be both an `AttributeError` and an
    `ImportError`: their C layouts conflict.)

    Attributes:
        path, instead, section: as in `UnsupportedAPIError`.
        where: the line that imports, as ``file:line``.
    """

    def __init__(self, path: str, instead: str, section: str, where: str) -> None:
        super().__init__(f"{_told(path, instead, section)} Used at {where}", name=path, path=path)
        self.instead, self.section, self.where = instead, section, where

    def __reduce__(self) -> tuple[type, tuple[str, ...]]:
        return type(self), (str(self.path), self.instead, self.section, self.where)


def _told(path: str, instead: str, section: str) -> str:
    return (
        f"{path} is not offered by paddle_compat. Instead: {instead}. "
        f"See {GUIDE}, section '{section}'."
    )


def unsupported_attribute(
    module: str,
    paddle_path: str,
    *,
    offered: str | Sequence[str],
    section: str,
    instead: Mapping[str, str] | None = None,
) -> Callable[[str], object]:
    """Return a module ``__getattr__`` that answers an unknown name with `UnsupportedAPIError`.

    Args:
        module: our module's name, for the plain error that dunder look-ups get.
        paddle_path: the Paddle module that ours answers for, such as ``paddle.nn``.
        offered: what this module does offer, in words, or its names.
        section: the section of the migration guide that treats the module.
        instead: a better answer than `offered`, by name.
    """

    def look_up(name: str) -> object:
        # Python's own probes (`__path__`, `__wrapped__`, ...) are no request for a Paddle API.
        if name.startswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        told = (instead or {}).get(name) or _instead(name, offered)
        raise UnsupportedAPIError(f"{paddle_path}.{name}", told, section)

    return look_up


def _instead(name: str, offered: str | Sequence[str]) -> str:
    """Say what is offered; of many names, those that are spelt alike."""
    if isinstance(offered, str):
        return offered
    if len(offered) <= _FEW:
        return ", ".join(offered)
    near = difflib.get_close_matches(name, offered)
    return f"one of the {len(offered)} names that are" + (
        f", such as {', '.join(near)}" if near else ""
    )


_FEW = 12
