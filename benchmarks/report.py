"""What the benchmark found, and how it is printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from measure import Times
from memory import Memory

__all__ = ["Report", "Row", "Scenario", "Target", "print_table"]


@dataclass(frozen=True)
class Row:
    """One implementation's figures."""

    name: str
    times: Times
    memory: Memory | None = None


@dataclass(frozen=True)
class Scenario:
    """Implementations that were timed on one problem, turn by turn."""

    name: str
    elements: int
    rows: dict[str, Row]

    def ratio(self, name: str, peer: str) -> float | None:
        """How many times as long the peer takes; None where it was not timed."""
        if name not in self.rows or peer not in self.rows:
            return None
        return self.rows[peer].times.least / self.rows[name].times.least

    def ns(self, name: str) -> float:
        """Nanoseconds an element."""
        return self.rows[name].times.least / self.elements * 1e9


@dataclass(frozen=True)
class Target:
    """One target of the kernel: what is wanted, and what was measured."""

    name: str
    at_least: bool
    bound: float
    measured: float | None
    reason: str = ""

    @property
    def verdict(self) -> str:
        """One of 'met', 'missed' and 'not measured' with its reason."""
        if self.measured is None:
            return f"not measured: {self.reason}"
        good = self.measured >= self.bound if self.at_least else self.measured <= self.bound
        return "met" if good else "missed"

    def cells(self) -> list[str]:
        """One line of the table of targets."""
        sign = ">=" if self.at_least else "<="
        measured = "-" if self.measured is None else f"{self.measured:.3g}"
        return [self.name, f"{sign} {self.bound:g}", measured, self.verdict]


@dataclass
class Report:
    """Everything that one run found."""

    scenarios: dict[str, Scenario] = field(default_factory=dict)
    targets: list[Target] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)

    def print_scenario(self, scenario: Scenario, peers: Sequence[str]) -> None:
        """Print one scenario's implementations, each with its ratio to every peer."""
        header = ["", "min ms", "median ms", "ns/element"]
        header += [f"x {peer}" for peer in peers] + ["saved B/element", "peak buffers"]
        lines = [
            [
                row.name,
                f"{row.times.least * 1e3:.4g}",
                f"{row.times.median * 1e3:.4g}",
                f"{scenario.ns(row.name):.3g}",
                *(_number(scenario.ratio(row.name, peer), ".3g") for peer in peers),
                _number(None if row.memory is None else row.memory.saved, ".2f"),
                _number(None if row.memory is None else row.memory.peak, ".2f"),
            ]
            for row in scenario.rows.values()
        ]
        print_table(scenario.name, header, lines)

    def print_targets(self) -> None:
        """Print the last section: every target, measured, met or missed."""
        header = ["target", "wanted", "measured", "verdict"]
        print_table("targets", header, [target.cells() for target in self.targets])

    def finish(self, seconds: float) -> None:
        """Print what was left out, the targets, and how long it took."""
        if self.skipped:
            print("\n## left out")
            for peer, reason in self.skipped.items():
                print(f"- {peer}: {reason}")
        self.print_targets()
        print(f"\ntook {seconds:.0f} s")


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def print_table(title: str, header: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table under a heading."""
    widths = [max(len(row[at]) for row in [header, *lines]) for at in range(len(header))]
    print(f"\n## {title}")
    for row in [header, ["-" * width for width in widths], *lines]:
        cells = [
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("| " + " | ".join(cells) + " |", flush=True)
