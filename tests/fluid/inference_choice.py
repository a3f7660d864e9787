"""Which snippets are tried as inference models: some for every kind of every argument."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from typing import Any

from fluid import inference_snippets
from paddle_compat import fluid
from paddle_compat.conformance.snippet_cases import TABLES
from paddle_compat.conformance.snippets import Snippet

__all__ = ["chosen", "operators"]


def operators(snippet: Snippet) -> list[Any]:
    """Return the operators of the program that a snippet builds; none where it builds none."""
    header, arrays = snippet.to_wire()
    main = fluid.Program()
    with fluid.program_guard(main, fluid.Program()), fluid.unique_name.guard():
        try:
            _, results = inference_snippets.build(fluid, header, arrays)
        except Exception:
            return []
    return main.global_block().ops if results else []


def _kind(value: Any) -> Any:
    """Return how an argument is given, by which its writing may differ."""
    if isinstance(value, (bool, str, type(None))):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return len(value), len(set(map(repr, value))) > 1
    return type(value).__name__


def _features(op: Any) -> Iterator[Any]:
    yield op.type
    for name, value in op.attrs.items():
        yield op.type, name, _kind(value)
    for name, group in op.inputs.items():
        yield op.type, name, len(group) > 1


@functools.cache
def chosen() -> list[Snippet]:
    """Return the snippets that show something new; with PADDLE_COMPAT_EVERY_SNIPPET all."""
    every = "PADDLE_COMPAT_EVERY_SNIPPET" in os.environ
    seen: set[Any] = set()
    found = []
    for table in TABLES.values():
        for snippet in table:
            if snippet.mode == "static" and not snippet.steps and snippet.differs is None:
                features = {one for op in operators(snippet) for one in _features(op)}
                if features and (every or features - seen):
                    seen |= features
                    found.append(snippet)
    return found
