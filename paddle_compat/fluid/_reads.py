"""Batches of a user's generator, an epoch at a time, and how they come into a program."""

from __future__ import annotations

import itertools
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from paddle_compat.fluid._errors import EnforceNotMet, EOFException
from paddle_compat.fluid._feeding import feed
from paddle_compat.fluid._scope import LoDTensor
from paddle_compat.fluid._variable import Variable
from paddle_compat.reader._prefetch import Prefetched

__all__ = ["Epochs", "Read", "Source", "as_batches", "for_places", "listed"]

Source = Callable[[], Iterable[Sequence[Any]]]

_PACKAGE = str(Path(__file__).parent.parent)
_CPU = torch.device("cpu")


def listed(variables: Iterable[Variable]) -> str:
    """Return variables' names for a message."""
    return ", ".join(repr(variable.name) for variable in variables)


def as_batches(source: Source, what: str) -> Iterator[list[LoDTensor]]:
    """Go through a generator's batches as tensors of their own.

    Args:
        source: returns the batches to iterate over.
        what: what messages call it.

    Raises:
        EnforceNotMet: the generator raises, or gives what makes no tensor; the cause is chained.
    """
    try:
        for batch in source():
            yield [_as_tensor(item) for item in batch]
    except GeneratorExit:
        raise
    except BaseException as error:
        told = f"{type(error).__name__}: {error}".removesuffix(": ")
        raise EnforceNotMet(f"{what} failed: {told}{_place(error)}") from error


def _as_tensor(item: Any) -> LoDTensor:
    if isinstance(item, LoDTensor):
        return item
    try:
        array = np.asarray(item)
    except ValueError:
        array = None
    if array is None or array.dtype == object:
        raise TypeError(
            "a batch holds something that is no array, such as nested lists of different lengths; "
            "give arrays, or fluid.create_lod_tensor(array, [lengths], place)"
        )
    tensor = LoDTensor()
    tensor.set(array)
    return tensor


def _place(error: BaseException) -> str:
    """Return the user's line that raised, or called the library that did, if there is one."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith(_PACKAGE) and "site-packages" not in frame.filename:
            return f"\n  at {frame.filename}:{frame.lineno}: {frame.line}".removesuffix(": ")
    return ""


def for_places(
    batches: Iterator[list[LoDTensor]],
    places: int,
    drop_last: bool,
    variables: Sequence[Variable] | None,
) -> list[Any]:
    """Return the next batch of each place: a list, or a dict by the variables' names.

    Raises:
        EnforceNotMet: a batch has another number of fields than there are variables.
        StopIteration: there are no further batches, or, with `drop_last`, too few.
    """
    found = list(itertools.islice(batches, places))
    if not found or (drop_last and len(found) < places):
        raise StopIteration
    return found if variables is None else [named(batch, variables) for batch in found]


def named(batch: list[LoDTensor], variables: Sequence[Variable]) -> dict[str, LoDTensor]:
    """Return a batch by the variables' names.

    Raises:
        EnforceNotMet: it has another number of fields than there are variables.
    """
    if len(batch) != len(variables):
        raise EnforceNotMet(
            f"a batch has {len(batch)} fields for {len(variables)} variables, {listed(variables)}; "
            "give one array for each, or a list of samples to set_sample_list_generator"
        )
    return {v.name: field for v, field in zip(variables, batch, strict=True)}


class Epochs:
    """The batches of a generator, prefetched, from the beginning again for each epoch.

    Args:
        owner: what messages call it.
        capacity: how many batches wait at most.

    Raises:
        TypeError: the capacity is no positive int.

    Attributes:
        source: the user's generator; None before it is set.
        begun: whether there is an epoch.
    """

    def __init__(self, owner: str, capacity: int) -> None:
        if isinstance(capacity, bool) or not isinstance(capacity, int) or capacity <= 0:
            raise TypeError(
                f"{owner}: capacity, how many batches wait, must be a positive int, but it is "
                f"{capacity!r}"
            )
        self.source: Source | None = None
        self.begun = False
        self._owner = owner
        self._capacity = capacity
        self._batches: Prefetched[list[LoDTensor]] | None = None

    def begin(self) -> None:
        """Begin an epoch; as in 1.8, one that is not ended yet goes on."""
        self.begun = True

    def end(self) -> None:
        """End the epoch, at any point of it."""
        self.begun = False
        if self._batches is not None:
            self._batches.stop()
            self._batches = None

    def prefetch(self) -> Prefetched[list[LoDTensor]]:
        """Return the batches of the epoch, which a thread makes from here on."""
        if self._batches is None:
            source, owner = self.source, self._owner
            if source is None:
                raise EnforceNotMet(
                    f"{owner} has no data; call set_sample_generator, set_sample_list_generator or "
                    "set_batch_generator before start()"
                )
            what = f"the generator of {owner}"
            self._batches = Prefetched(lambda: as_batches(source, what), self._capacity)
        return self._batches


@dataclass(frozen=True, eq=False)
class Read:
    """What puts a batch into variables of a program, in each run of it."""

    epochs: Epochs
    variables: list[Variable]

    def __call__(self) -> dict[str, LoDTensor]:
        """Return the next batch, by name.

        Raises:
            EOFException: there is no further one.
            EnforceNotMet: nobody started the reader, its generator failed, or the batch does not
                fit the variables.
        """
        names = listed(self.variables)
        if not self.epochs.begun:
            raise EnforceNotMet(
                f"the program reads {names} from a loader that is not started; call its start() "
                "before each epoch (1.8 waits forever here)"
            )
        try:
            batch = next(self.epochs.prefetch())
        except StopIteration:
            raise EOFException(
                f"there is no next batch for {names}; catch fluid.core.EOFException around the "
                "epoch, and call the loader's reset() there, before it is started again"
            ) from None
        feeds = named(batch, self.variables)
        for variable in self.variables:
            try:
                feed(variable, feeds[variable.name], _CPU)
            except ValueError as error:
                raise EnforceNotMet(f"a batch of a loader does not fit: {error}") from None
        return feeds
