"""Where a compiled program runs: the places of this process, and the others' processes."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from paddle_compat.fluid import _feeding
from paddle_compat.fluid._differentiate import gradients
from paddle_compat.fluid._fetching import Fetched
from paddle_compat.fluid._program import Program
from paddle_compat.fluid._reduction import Places, Processes, Reduction
from paddle_compat.fluid._scope import Scope

if TYPE_CHECKING:
    from paddle_compat.fluid.executor import Executor

__all__ = ["Replica", "Team", "are", "persistables", "trains"]

_Result = TypeVar("_Result")


def trains(program: Program) -> bool:
    """Tell whether a program computes gradients."""
    return any(node.target is gradients for node in program.graph.nodes)


def persistables(program: Program) -> list[str]:
    """Return the names of what a program keeps in the scope."""
    return [v.name for v in program.list_vars() if v.persistable and not v.is_data]


class Replica:
    """What a place other than the first keeps: copies of the scope's values, and its own since."""

    def __init__(self) -> None:
        self.scope = Scope()
        self._seen: dict[str, tuple[torch.Tensor, int]] = {}

    def follow(self, scope: Scope, names: Sequence[str]) -> None:
        """Copy what has changed in the scope since the last run."""
        for name in names:
            value = scope.value(name)
            if value is None:
                continue
            seen = self._seen.get(name)
            if seen is None or seen[0] is not value or seen[1] != value._version:
                self.scope.write(name, value.detach().clone())

    def note(self, scope: Scope, names: Sequence[str]) -> None:
        """Remember the scope's values, which this place has come to by itself too."""
        for name in names:
            value = scope.value(name)
            if value is not None:
                self._seen[name] = value, value._version

    def forget(self) -> None:
        """Copy everything before the next run."""
        self._seen.clear()


class Team:
    """The places that run a program, the first of them in the scope itself.

    Args:
        executors: one for each place.
        scope: where the parameters live.
        replicas: for each place but the first.
        processes: how many processes train, this one included.
        scale: of the loss's gradient, by the number of all places; None is fed.
        synchronized: whether layers take statistics of all places together.
    """

    def __init__(
        self,
        executors: Sequence[Executor],
        scope: Scope,
        replicas: Sequence[Replica],
        processes: int,
        scale: Callable[[int], float | None],
        synchronized: bool = False,
    ) -> None:
        self.executors = list(executors)
        self.scope = scope
        self.replicas = list(replicas)
        share = scale(len(executors) * processes)
        further = Processes(share, synchronized) if processes > 1 else None
        self._places: Places | None = None
        self._reduction: Reduction | None = further
        if len(executors) > 1 or (share is None and further is None):
            self._reduction = self._places = Places(len(executors), share, synchronized, further)

    def feeds(self, program: Program, feed: Any) -> list[Mapping[str, Any]]:
        """Return what each place is fed; fewer, where a test has fewer rows than places.

        Raises:
            IndexError: there are more dicts than places.
            TypeError: something that must be a dict is none.
            ValueError: a name is unknown, or there are fewer rows or dicts than places.
        """
        places = len(self.executors)
        if isinstance(feed, (list, tuple)):
            for each in feed:
                if not isinstance(each, Mapping):
                    raise TypeError(
                        "each element of the list feed must be a dict of arrays for one place, "
                        f"but one is {type(each).__name__}"
                    )
                _check_names(program, each)
            if len(feed) > places:
                raise IndexError(
                    f"feed is a list of {len(feed)} dicts, but there "
                    f"{are(places)}; give one dict for each place, or a dict that is split"
                )
            if len(feed) < places:
                raise ValueError(
                    f"feed is a list of {len(feed)} dicts, but there {are(places)}; give one "
                    "dict for each place (a DataLoader does with drop_last=True), or a dict "
                    "that is split"
                )
            return list(feed)
        whole = _feeding.as_feeds(feed)
        _check_names(program, whole)
        return [whole] if places == 1 else self._split(program, whole)

    def _split(self, program: Program, whole: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        places, variables = len(self.executors), program.global_block().vars
        kind = "CPU_NUM, or places=" if self.executors[0]._device.type == "cpu" else "places="
        advice = f"{kind} of with_data_parallel, tells how many places there are"
        parts: list[dict[str, Any]] = [{} for _ in range(places)]
        counts = {}
        for name, value in whole.items():
            # A gradient that is fed for the loss has no variable of its own.
            variable = variables[name if name in variables else name.removesuffix("@GRAD")]
            pieces = _feeding.split(variable, value, places, advice)
            counts[name] = len(pieces)
            for part, piece in zip(parts, pieces, strict=False):
                part[name] = piece
        least = min(counts, key=counts.__getitem__, default=None)
        if least is None:
            return list(parts)
        if counts[least] < places and trains(program):
            raise ValueError(
                f"the rows of {least!r} can be split into {counts[least]} of equal size, but there "
                f"{are(places)}; feed more rows, or drop a last batch that is too small ({advice})"
            )
        if len(set(counts.values())) > 1:
            raise ValueError(
                f"the feeds make different numbers of parts, {counts}; each must have as many rows"
            )
        return list(parts[: counts[least]])

    def run(
        self, program: Program, feeds: Sequence[Mapping[str, Any]], fetch_list: Any, prune: bool
    ) -> list[list[Fetched]]:
        """Run the program on as many places as are fed; return what each gives."""
        reduction = self._reduction if len(feeds) == len(self.executors) else None
        step = self.executors[0]._step(program, fetch_list, prune, reduction)
        # Of a loader, each place takes a batch, in the order of the places.
        fed = [{**each, **_feeding.read(program, step, prune)} for each in feeds]
        scopes = [self.scope, *(replica.scope for replica in self.replicas)]

        def one(place: int) -> list[Fetched]:
            return self.executors[place]._once(program, step, fed[place], scopes[place])

        if self._places is None:
            return [one(0)]
        names = persistables(program)
        used = self.replicas[: len(feeds) - 1]
        for replica in used:
            replica.follow(self.scope, names)
        try:
            results = _together(one, len(feeds), self._places)
        except BaseException:
            for replica in used:
                replica.forget()
            raise
        for replica in used:
            replica.note(self.scope, names)
        return results


def _together(one: Callable[[int], _Result], count: int, places: Places) -> list[_Result]:
    """Call a function for each place at once; raise the error that came first."""
    places.reset()
    results: list[Any] = [None] * count
    errors: list[BaseException] = []

    def work(place: int) -> None:
        places.enter(place)
        try:
            results[place] = one(place)
        except BaseException as error:
            errors.append(error)
            places.abort()

    threads = [
        threading.Thread(target=contextvars.copy_context().run, args=(work, place))
        for place in range(1, count)
    ]
    for thread in threads:
        thread.start()
    work(0)
    for thread in threads:
        thread.join()
    others = [e for e in errors if not isinstance(e, threading.BrokenBarrierError)]
    for error in [*others, *errors]:
        raise error
    return results


def _check_names(program: Program, feeds: Mapping[str, Any]) -> None:
    for name in feeds:
        if name not in program.global_block().vars and name not in program.gradient_names:
            raise ValueError(
                f"{name!r} is fed, but the program has no variable of that name; a CompiledProgram "
                "takes feeds of its own variables only"
            )


def are(places: int) -> str:
    """Return how many places there are, after the word there."""
    return "is 1 place" if places == 1 else f"are {places} places"
