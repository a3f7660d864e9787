"""The recorded answers of real Paddle: a JSON file one can read, and an npz with the exact bits.

Inputs that calls share and answers that versions share are stored once, and the same answers
give the same bytes.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from paddle_compat.conformance.call import Array, Call, Outcome

__all__ = ["VECTORS", "Recording", "Vectors", "load", "save"]

VECTORS = Path(__file__).parent / "vectors" / "focal.json"


@dataclass(frozen=True)
class Recording:
    """Which build of Paddle was recorded: the wheel's file name and its SHA-256."""

    wheel: str
    sha256: str


@dataclass(eq=False)
class Vectors:
    """Recorded calls, and by version of Paddle what each gave.

    Attributes:
        builds: the recorded builds, by version.
        calls: the calls of every version together.
        outcomes: by version, the outcomes by index in `calls`.
    """

    builds: dict[str, Recording] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    outcomes: dict[str, dict[int, Outcome]] = field(default_factory=dict)

    def of(self, version: str) -> list[tuple[Call, Outcome]]:
        """Return the recorded pairs of one version."""
        return [(self.calls[index], outcome) for index, outcome in self.outcomes[version].items()]


class _Pool:
    """Arrays laid end to end by dtype; one that is there already is stored no second time."""

    def __init__(self) -> None:
        self.flat: dict[str, list[Array]] = {}
        self._size: dict[str, int] = {}
        self._known: dict[tuple[str, bytes], int] = {}

    def add(self, array: Array) -> list[Any]:
        """Store an array, and return where: dtype, offset, shape."""
        dtype = array.dtype.str.lstrip("<|=")
        key = dtype, array.tobytes()
        if key not in self._known:
            self._known[key] = self._size.get(dtype, 0)
            self._size[dtype] = self._known[key] + array.size
            self.flat.setdefault(dtype, []).append(array.ravel())
        return [dtype, self._known[key], list(array.shape)]


def _answers(vectors: Vectors, index: int, pool: _Pool) -> dict[str, Any]:
    """Return what each version gave, versions that agree bit for bit under one key."""
    texts: dict[str, list[str]] = {}
    for version, recorded in sorted(vectors.outcomes.items()):
        if index in recorded:
            answer, arrays = recorded[index].to_wire()
            # The text of Paddle's messages is Paddle's, and full of build paths.
            answer.pop("message", None)
            if arrays:
                answer["arrays"] = {key: pool.add(array) for key, array in sorted(arrays.items())}
            texts.setdefault(json.dumps(answer, sort_keys=True), []).append(version)
    return {" ".join(versions): json.loads(text) for text, versions in texts.items()}


def save(vectors: Vectors, path: Path = VECTORS) -> None:
    """Write the two files; the same vectors give the same bytes."""
    pool = _Pool()
    lines = []
    for index, call in enumerate(vectors.calls):
        header, arrays = call.to_wire()
        entry = {
            **header,
            "arrays": {key: pool.add(array) for key, array in sorted(arrays.items())},
        }
        entry["outcomes"] = _answers(vectors, index, pool)
        lines.append(json.dumps(entry, sort_keys=True))
    builds = {version: vars(build) for version, build in sorted(vectors.builds.items())}
    path.parent.mkdir(parents=True, exist_ok=True)
    body = ",\n".join(lines)
    text = f'{{"builds": {json.dumps(builds, indent=1)},\n"calls": [\n{body}\n]}}\n'
    path.write_text(text, encoding="utf-8")
    with zipfile.ZipFile(path.with_suffix(".npz"), "w", zipfile.ZIP_DEFLATED) as archive:
        for dtype, pieces in sorted(pool.flat.items()):
            content = io.BytesIO()
            np.lib.format.write_array(content, np.concatenate(pieces), version=(1, 0))
            # A fixed date: the archive's bytes depend on the arrays alone.
            archive.writestr(
                zipfile.ZipInfo(f"{dtype}.npy"), content.getvalue(), zipfile.ZIP_DEFLATED, 9
            )


def load(path: Path = VECTORS) -> Vectors:
    """Read the two files."""
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    with np.load(path.with_suffix(".npz"), allow_pickle=False) as archive:
        pool = {name: archive[name] for name in archive.files}

    def stored(places: Mapping[str, Any]) -> dict[str, Array]:
        return {
            key: pool[dtype][offset : offset + math.prod(shape)].reshape(shape)
            for key, (dtype, offset, shape) in places.items()
        }

    vectors = Vectors({v: Recording(**build) for v, build in manifest["builds"].items()})
    vectors.outcomes = {version: {} for version in vectors.builds}
    for index, entry in enumerate(manifest["calls"]):
        vectors.calls.append(Call.from_wire(entry, stored(entry["arrays"])))
        for versions, answer in entry["outcomes"].items():
            outcome = Outcome.from_wire({"message": "", **answer}, stored(answer.get("arrays", {})))
            for version in versions.split():
                vectors.outcomes[version][index] = outcome
    return vectors
