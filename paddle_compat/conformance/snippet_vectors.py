"""Recorded answers of real Paddle 1.8.5 to some of the snippets, for machines that lack it.

``python -m paddle_compat.conformance.snippet_vectors`` records them again.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.oracles import SubprocessOracle, open_oracle
from paddle_compat.conformance.snippet_cases import TABLES
from paddle_compat.conformance.snippets import CHANCE, Answer, Snippet, answer_paddle

__all__ = ["VECTORS", "load", "record", "save", "selected"]

VECTORS = Path(__file__).parent / "vectors" / "snippets.npz"
# One in so many keeps the file to a few hundred kilobytes.
_STRIDE = 9
# Larger answers, in bytes, are compared live alone.
_LARGEST = 50_000


def selected() -> list[Snippet]:
    """Return the snippets that are recorded: a regular choice from each table."""
    return [
        snippet
        for table in TABLES.values()
        for snippet in list(table)[::_STRIDE]
        if snippet.differs is None or snippet.differs.paddle != CHANCE
    ]


def record(oracle: SubprocessOracle) -> dict[str, Answer]:
    """Ask real Paddle for the answers to record, by the snippets' names."""
    answers = {snippet.name: answer_paddle(oracle, snippet) for snippet in selected()}
    return {
        name: answer
        for name, answer in answers.items()
        if sum(array.nbytes for array in answer.arrays.values()) <= _LARGEST
    }


def save(path: Path, answers: Mapping[str, Answer]) -> None:
    """Write answers; the same ones give the same bytes."""
    pools: dict[str, list[Array]] = {}
    sizes: dict[str, int] = {}
    index = {}
    for name, answer in answers.items():
        header, arrays = answer.to_wire()
        places = {}
        for key, array in arrays.items():
            if array.dtype.kind == "U":
                header = {**header, "report": str(array[()])}
                continue
            kind = array.dtype.name
            places[key] = [kind, list(array.shape), sizes.get(kind, 0)]
            pools.setdefault(kind, []).append(array.reshape(-1))
            sizes[kind] = sizes.get(kind, 0) + array.size
        index[name] = {"header": header, "arrays": places}
    buffer = io.BytesIO()
    flat = {kind: np.concatenate(parts) for kind, parts in pools.items()}
    text = np.frombuffer(json.dumps(index, sort_keys=True).encode(), np.uint8)
    np.savez_compressed(buffer, index=text, **flat)  # type: ignore[arg-type]
    path.write_bytes(buffer.getvalue())


def load(path: Path = VECTORS) -> dict[str, Answer]:
    """Read answers back."""
    with np.load(path, allow_pickle=False) as archive:
        pools = {name: archive[name] for name in archive.files}
    answers = {}
    for name, entry in json.loads(pools["index"].tobytes()).items():
        arrays: dict[str, Array] = {}
        for key, (kind, shape, start) in entry["arrays"].items():
            size = int(np.prod(shape))
            arrays[key] = pools[kind][start : start + size].reshape(shape)
        header = dict(entry["header"])
        report = header.pop("report", None)
        answers[name] = Answer(header if report is None else json.loads(report), arrays)
    return answers


def main() -> int:
    """Record the answers of real Paddle 1.8.5."""
    with open_oracle("1.8.5") as oracle:
        assert isinstance(oracle, SubprocessOracle)
        answers = record(oracle)
    save(VECTORS, answers)
    print(f"{len(answers)} answers, {VECTORS.stat().st_size} bytes: {VECTORS}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
