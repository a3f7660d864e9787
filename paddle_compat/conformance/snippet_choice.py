"""Which snippets' answers are recorded: enough of every public name, and no more.

For each name that snippets use: answers with gradients, answers without, errors, and known
differences, as far as there are any; the regular rest is a small part of each table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from paddle_compat.conformance.coverage import named_by
from paddle_compat.conformance.snippet_cases import TABLES
from paddle_compat.conformance.snippets import CHANCE, Answer, Snippet

__all__ = ["WANTED", "candidates", "choose", "digest", "kinds", "lacking"]

WANTED: Mapping[str, int] = {"answer": 2, "gradient": 1, "error": 1, "difference": 1}
"""How many of each kind are recorded of a name, where there are as many."""

# Larger answers, in bytes, are compared live alone; they take long, too.
_LARGEST = 12_000
# All of these are recorded, and one in so many of the rest.
_WHOLE = ("engine", "files", "readers", "detectors")
_STRIDE = 80


def candidates() -> list[Snippet]:
    """Return the snippets that real Paddle answers the same every time."""
    return [
        snippet
        for table in TABLES.values()
        for snippet in table
        if snippet.differs is None or snippet.differs.paddle != CHANCE
    ]


def kinds(snippet: Snippet, answer: Answer) -> frozenset[str]:
    """Tell what an answer of real Paddle's shows: see `WANTED`."""
    if answer.report["kind"] != "ok":
        found = {"error"}
    elif any(name.startswith(("gradient/", "final/")) for name in answer.arrays):
        found = {"answer", "gradient"}
    else:
        found = {"answer"}
    return frozenset(found | ({"difference"} if snippet.differs else set()))


def digest(snippet: Snippet) -> str:
    """Return what changes with what is asked."""
    header, arrays = snippet.to_wire()
    text = hashlib.sha256(repr(sorted(header.items())).encode())
    for name, array in sorted(arrays.items()):
        text.update(f"{name} {array.dtype.str} {array.shape}".encode())
        text.update(np.ascontiguousarray(array).tobytes())
    return text.hexdigest()[:12]


def choose(answers: Mapping[str, Answer]) -> list[Snippet]:
    """Return the snippets to record, in the tables' order.

    Args:
        answers: real Paddle's answers to `candidates`, by name.
    """
    whole = {snippet.name for name in _WHOLE for snippet in TABLES[name]}
    fit = [s for s in candidates() if s.name in answers and _bytes(answers[s.name]) <= _LARGEST]
    regular = {s.name for table in TABLES.values() for s in list(table)[::_STRIDE]}
    chosen = {s.name for s in fit if s.name in whole | regular}
    counts = _count((s, answers[s.name]) for s in fit if s.name in chosen)
    for snippet in sorted(fit, key=lambda s: _size(s, answers[s.name])):
        shown = kinds(snippet, answers[snippet.name])
        pairs = {(name, kind) for name in named_by(snippet) for kind in shown}
        wanted = any(counts.get(pair, 0) < WANTED[pair[1]] for pair in pairs)
        if wanted and snippet.name not in chosen:
            chosen.add(snippet.name)
            counts.update({pair: counts.get(pair, 0) + 1 for pair in pairs})
    return [snippet for snippet in fit if snippet.name in chosen]


def lacking(recorded: Iterable[tuple[Snippet, Answer]]) -> dict[str, list[str]]:
    """Return the kinds that are not recorded in the wanted number, by public name."""
    recorded = list(recorded)
    counts = _count(recorded)
    names = sorted({name for snippet, _ in recorded for name in named_by(snippet)})
    short = {
        name: [kind for kind, many in WANTED.items() if counts.get((name, kind), 0) < many]
        for name in names
    }
    return {name: missing for name, missing in short.items() if missing}


def _bytes(answer: Answer) -> int:
    return sum(array.nbytes for array in answer.arrays.values())


def _size(snippet: Snippet, answer: Answer) -> int:
    """Rank what is small first, and equal sizes in the tables' order; nothing empty."""
    arrays = [*answer.arrays.values(), *snippet.inputs.values()]
    size = sum(array.nbytes for array in arrays)
    if any(array.size == 0 for array in arrays):
        size += _LARGEST
    # Sizes within a factor of four are equal: the smallest of all would be the dullest, too.
    return max(size, 64).bit_length() // 2 + 8 * max(snippet.steps - 4, 0)


def _count(pairs: Iterable[tuple[Snippet, Answer]]) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for snippet, answer in pairs:
        for pair in _shown(snippet, answer):
            counts[pair] = counts.get(pair, 0) + 1
    return counts


def _shown(snippet: Snippet, answer: Answer) -> Iterator[tuple[str, str]]:
    for name in named_by(snippet):
        for kind in kinds(snippet, answer):
            yield name, kind
