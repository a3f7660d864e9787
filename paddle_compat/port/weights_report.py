"""What became of each weight, as text and as plain data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Carried", "Mismatch", "Report", "Unused"]

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Carried:
    """A weight that is carried over.

    Attributes:
        source: its name in Paddle.
        target: its name in torch.
        dtype: its dtype, which stays.
        source_shape: as Paddle has it.
        shape: as torch has it.
        changes: of "transposed" and "reshaped", what was done to it.
    """

    source: str
    target: str
    dtype: str
    source_shape: Shape
    shape: Shape
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unused:
    """Something that is not carried over.

    Attributes:
        name: its name in Paddle; of what is missing, in torch.
        what: its dtype and shape, or what it is instead of an array.
        why: why it is not.
    """

    name: str
    what: str
    why: str


@dataclass(frozen=True)
class Mismatch:
    """A weight whose shape is not that of its place.

    Attributes:
        source: its name in Paddle.
        target: the name of its place.
        shape: its own shape.
        wanted: that of its place.
        hint: what to do.
    """

    source: str
    target: str
    shape: Shape
    wanted: Shape
    hint: str


@dataclass(eq=False)
class Report:
    """What became of each weight.

    Attributes:
        kind: what the weights were read from.
        carried: what is in the state.
        filled: what is in the state, and Paddle does not have.
        unused: what Paddle has and the state does not.
        missing: what the module has and the state does not.
        mismatched: weights that do not fit into their places.
        left: what is left out on purpose: an optimizer's state, by a rule, or a second time.
        notes: what else there is to say.
    """

    kind: str
    carried: list[Carried] = field(default_factory=list)
    filled: list[Unused] = field(default_factory=list)
    unused: list[Unused] = field(default_factory=list)
    missing: list[Unused] = field(default_factory=list)
    mismatched: list[Mismatch] = field(default_factory=list)
    left: list[Unused] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether all weights are used, and the module has all that it wants."""
        return not (self.unused or self.missing or self.mismatched)

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as plain data, for JSON."""
        return {
            "kind": self.kind,
            "complete": self.complete,
            "carried": [
                {
                    "source": row.source,
                    "target": row.target,
                    "dtype": row.dtype,
                    "source_shape": list(row.source_shape),
                    "shape": list(row.shape),
                    "changes": list(row.changes),
                }
                for row in self.carried
            ],
            **{
                key: [{"name": row.name, "what": row.what, "why": row.why} for row in rows]
                for key, rows in self._lists()
            },
            "mismatched": [
                {
                    "source": row.source,
                    "target": row.target,
                    "shape": list(row.shape),
                    "wanted": list(row.wanted),
                    "hint": row.hint,
                }
                for row in self.mismatched
            ],
            "notes": list(self.notes),
        }

    def text(self) -> str:
        """Return all of it in lines, for people."""
        lines = [f"read: {self.kind}"]
        lines += _table(
            "carried over",
            (
                (row.source, f"-> {row.target}", row.dtype + _shapes(row), ", ".join(row.changes))
                for row in self.carried
            ),
        )
        lines += _table(
            "mismatched",
            (
                (row.source, f"-> {row.target}", f"{list(row.shape)} is not {list(row.wanted)}",
                 row.hint)
                for row in self.mismatched
            ),
        )  # fmt: skip
        for title, rows in self._lists():
            lines += _table(title, ((row.name, row.what, row.why) for row in rows))
        lines += [f"note: {note}" for note in self.notes]
        lines.append(
            f"{len(self.carried)} carried over, {len(self.unused)} not used, "
            f"{len(self.missing)} missing, {len(self.mismatched)} mismatched"
        )
        return "\n".join(lines)

    def _lists(self) -> Iterable[tuple[str, list[Unused]]]:
        return (
            ("filled", self.filled),
            ("unused", self.unused),
            ("missing", self.missing),
            ("left", self.left),
        )


def _shapes(row: Carried) -> str:
    told = str(list(row.source_shape))
    return told if row.source_shape == row.shape else f"{told} -> {list(row.shape)}"


_TITLES = {
    "filled": "filled, for Paddle has none",
    "unused": "not used",
    "missing": "missing, and the module wants it",
    "left": "left out",
}


def _table(title: str, rows: Iterable[tuple[str, ...]]) -> list[str]:
    cells = list(rows)
    if not cells:
        return []
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [f"{_TITLES.get(title, title)}:"] + [
        "  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in cells
    ]
