"""What a fault is that `mutation_check.py` plants."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Mutation"]


@dataclass(frozen=True)
class Mutation:
    """One small fault.

    Attributes:
        name: what is wrong then.
        file: under ``paddle_compat/``.
        before: text that occurs exactly once in the file.
        after: what it becomes.
        first: the tests that should notice (files or folders under ``tests/``), run first.
    """

    name: str
    file: str
    before: str
    after: str
    first: tuple[str, ...] = ()
