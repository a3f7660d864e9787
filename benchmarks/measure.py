"""Timing on a machine that is not quiet: everything interleaved, the minimum and the median."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

__all__ = ["Peer", "Times", "interleave", "seconds_of"]


@dataclass(frozen=True)
class Peer:
    """One implementation on one problem.

    Attributes:
        name: what the table calls it.
        seconds: run it once and return how long that took.
        slow: it takes seconds, and gets fewer rounds.
    """

    name: str
    seconds: Callable[[], float]
    slow: bool = False


@dataclass
class Times:
    """The seconds of each run."""

    runs: list[float] = field(default_factory=list)

    @property
    def least(self) -> float:
        """The fastest run: what the code takes when nothing else runs."""
        return min(self.runs)

    @property
    def median(self) -> float:
        """The run in the middle."""
        return statistics.median(self.runs)


def seconds_of(step: Callable[[], object], calls: int = 1) -> Callable[[], float]:
    """Return a function that makes so many calls and returns the seconds of one of them."""

    def run() -> float:
        start = time.perf_counter()
        for _ in range(calls):
            step()
        return (time.perf_counter() - start) / calls

    return run


def interleave(peers: Sequence[Peer], rounds: int, slow_rounds: int) -> dict[str, Times]:
    """Run every peer once a round, so that a disturbance hits them alike."""
    times = {peer.name: Times() for peer in peers}
    for index in range(rounds):
        for peer in peers:
            if not peer.slow or index < slow_rounds:
                times[peer.name].runs.append(peer.seconds())
    return times
