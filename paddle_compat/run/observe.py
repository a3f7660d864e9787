"""Which programs a script runs: what it fetched last, and where its parameters are."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Run", "Runs", "Stopped", "observed"]


class Stopped(BaseException):
    """The script has run as far as it was meant to."""


@dataclass(frozen=True)
class Run:
    """A run of a program.

    Attributes:
        program: the program.
        fetched: the names of what was fetched.
        scope: where its parameters are.
    """

    program: Any
    fetched: list[str]
    scope: Any


@dataclass
class Runs:
    """The runs of a process so far.

    Attributes:
        last: the last run with fetches of each program, the latest program last.
        fetching: how many runs had fetches.
        scope: the scope of the last run, with fetches or without.
    """

    last: dict[Any, Run] = field(default_factory=dict)
    fetching: int = 0
    scope: Any = None

    def note(self, run: Run) -> None:
        """Take a run down."""
        self.scope = run.scope
        if run.fetched:
            self.fetching += 1
            self.last.pop(run.program, None)
            self.last[run.program] = run


@contextlib.contextmanager
def observed(stop_after: int | None = None) -> Iterator[Runs]:
    """Take down what executors run inside the block.

    Args:
        stop_after: raise `Stopped` from the run with fetches that has this number, once it is
            done, and from every later one.
    """
    from paddle_compat.fluid import executor, framework

    runs = Runs()
    run = executor.Executor.run
    signature = inspect.signature(run)

    @functools.wraps(run)
    def observing(*args: Any, **kwargs: Any) -> list[Any]:
        results = run(*args, **kwargs)
        given = signature.bind(*args, **kwargs).arguments
        program = given.get("program")
        program = framework.default_main_program() if program is None else program
        scope = given.get("scope")
        runs.note(
            Run(
                getattr(program, "_program", program),
                [
                    getattr(item, "name", item)
                    for item in executor._fetches(given.get("fetch_list"))
                ],
                executor.global_scope() if scope is None else scope,
            )
        )
        if stop_after is not None and runs.fetching >= stop_after:
            raise Stopped
        return results

    executor.Executor.run = observing  # type: ignore[method-assign]
    try:
        yield runs
    finally:
        executor.Executor.run = run  # type: ignore[method-assign]
