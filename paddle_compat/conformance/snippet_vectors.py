"""Recorded answers of real Paddle 1.8.5 to some of the snippets, for machines that lack it.

``python -m paddle_compat.conformance.snippet_vectors`` records them again: it asks for the answers
to all snippets, which takes minutes, and keeps what `snippet_choice` chooses.
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.oracles import SubprocessOracle
from paddle_compat.conformance.provision import provision
from paddle_compat.conformance.snippet_cases import TABLES
from paddle_compat.conformance.snippet_choice import candidates, choose, digest, lacking
from paddle_compat.conformance.snippets import Answer, Snippet, answer_paddle

__all__ = ["VECTORS", "VERSION", "About", "about", "load", "main", "record", "save", "selected"]

VERSION = "1.8.5"
_PASSING = re.compile(r"/tmp/\w+|0x[0-9a-f]{6,}")
VECTORS = Path(__file__).parent / "vectors" / "snippets.npz"


@dataclass(frozen=True)
class About:
    """What a recording is of.

    Attributes:
        wheel: the file name of the Paddle that answered.
        sha256: its hash.
        digests: what each recorded snippet asked, by its name.
        lacking: by public name, what no snippet of today's shows of it: see
            `snippet_choice.lacking`.
    """

    wheel: str
    sha256: str
    digests: Mapping[str, str]
    lacking: Mapping[str, list[str]]


def selected() -> list[Snippet]:
    """Return the snippets that are recorded, in the tables' order."""
    digests = about().digests
    return [snippet for table in TABLES.values() for snippet in table if snippet.name in digests]


def record(oracle: SubprocessOracle) -> tuple[dict[str, Answer], dict[str, list[str]]]:
    """Ask real Paddle everything; return the answers to keep, and what no answer shows."""
    answers = {snippet.name: answer_paddle(oracle, snippet) for snippet in candidates()}
    chosen = choose(answers)
    every = lacking((snippet, answers[snippet.name]) for snippet in candidates())
    return {snippet.name: answers[snippet.name] for snippet in chosen}, every


def save(path: Path, answers: Mapping[str, Answer], what: About) -> None:
    """Write answers; the same ones give the same bytes."""
    pools: dict[str, list[Array]] = {}
    sizes: dict[str, int] = {}
    index = {}
    for name, answer in answers.items():
        header, arrays = answer.to_wire()
        places = {}
        for key, array in arrays.items():
            if array.dtype.kind == "U":
                # Folders for a moment and addresses differ every time.
                header = {**header, "report": _PASSING.sub("...", str(array[()]))}
                continue
            kind = array.dtype.name
            places[key] = [kind, list(array.shape), sizes.get(kind, 0)]
            pools.setdefault(kind, []).append(array.reshape(-1))
            sizes[kind] = sizes.get(kind, 0) + array.size
        index[name] = {"header": header, "arrays": places}
    buffer = io.BytesIO()
    flat = {kind: np.concatenate(parts) for kind, parts in pools.items()}
    texts = {"index": index, "about": asdict(what)}
    coded = {
        name: np.frombuffer(json.dumps(text, sort_keys=True).encode(), np.uint8)
        for name, text in texts.items()
    }
    np.savez_compressed(buffer, **coded, **flat)  # type: ignore[arg-type]
    path.write_bytes(buffer.getvalue())


def about(path: Path = VECTORS) -> About:
    """Read what a recording is of."""
    with np.load(path, allow_pickle=False) as archive:
        told: dict[str, Any] = json.loads(archive["about"].tobytes())
    return About(**told)


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
    environment = provision(VERSION)
    oracle = SubprocessOracle(environment.python, VERSION)
    with oracle:
        answers, every = record(oracle)
    digests = {s.name: digest(s) for s in candidates() if s.name in answers}
    save(VECTORS, answers, About(environment.wheel, environment.sha256, digests, every))
    print(f"{len(answers)} answers, {VECTORS.stat().st_size} bytes: {VECTORS}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
