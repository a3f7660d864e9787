"""A likely cause of a mismatch, as something to try."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from paddle_compat.testing.comparison import compare, compare_results
from paddle_compat.testing.port import Answer, Change, Changes, Port, call
from paddle_compat.testing.recorder import Case, rebuild
from paddle_compat.testing.tolerance import Options

__all__ = ["BESIDES", "Trial", "on_inputs", "on_outputs"]

BESIDES = "; and besides: "
"""What stands between two causes that only together make a case match."""


@dataclass(frozen=True)
class Trial:
    """A change of a port that would make it match, if the cause is the one that it names.

    Attributes:
        cause: in words, the same for every case.
        port: the port, perhaps changed.
        changes: what is done to its inputs and results.
    """

    cause: str
    port: Port
    changes: Changes

    def answer(self, case: Case, *, backward: bool = True) -> Answer:
        """Call the changed port."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # most of what is tried is nonsense
            return call(self.port, case, self.changes, backward=backward)

    def matches(self, case: Case, options: Options) -> bool:
        """Tell whether the changed port agrees with the case in everything."""
        results = self.answer(case, backward=False)
        if next(compare_results(case, results, options), None) is not None:
            return False  # as nearly always, and gradients are most of the work
        return not compare(case, self.answer(case), options)

    def then(self, other: Trial) -> Trial:
        """Return this change of inputs or of the port, with another's of the results."""
        both = replace(self.changes, outputs=other.changes.outputs)
        return Trial(self.cause + BESIDES + other.cause, self.port, both)


def on_inputs(paths: Collection[str], change: Callable[[Tensor], Tensor]) -> Change:
    """Return a change of some tensors among the inputs."""

    def tensor(path: str, item: Any) -> Any:
        return change(item) if path in paths and isinstance(item, Tensor) else item

    return lambda named: {name: rebuild(tree, name, tensor) for name, tree in named.items()}


def on_outputs(paths: Collection[str], change: Callable[[Tensor], Tensor]) -> Changes:
    """Return a change of some tensors among the results."""

    def tensor(path: str, item: Any) -> Any:
        return change(item) if path in paths and isinstance(item, Tensor) else item

    return Changes(outputs=lambda tree: rebuild(tree, "output", tensor))
