"""Scopes: where the values of persistable variables live between runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from paddle_compat.fluid._dtypes import VarType, as_var_type
from paddle_compat.fluid._lod import Lod, as_lod, attach, fits, lengths_of, lod_of
from paddle_compat.fluid._places import Place, device_of

__all__ = ["LoDTensor", "Scope", "ScopeVariable", "as_array", "global_scope", "scope_guard"]


_array_type: type[np.ndarray[Any, Any]] = np.ndarray


def hand_out(array_type: type[np.ndarray[Any, Any]]) -> None:
    """Let values of one element be given as arrays of this type from here on."""
    global _array_type
    _array_type = array_type


def as_array(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """Return a tensor's values as a numpy array of its own."""
    array = np.array(tensor.detach().cpu().numpy(), order="C")
    return array.view(_array_type) if array.size == 1 else array


class LoDTensor:
    """A tensor as 1.x hands it out: read it with ``numpy.array``, write it with `set`.

    Args:
        value: a torch tensor, with the level of detail that a layer gave it; or lengths, for a
            tensor that holds nothing yet.

    Attributes:
        value: the torch tensor, None before anything was set.
    """

    def __init__(self, value: Any = None) -> None:
        if value is not None and not isinstance(value, torch.Tensor):
            self.value: torch.Tensor | None = None
            self._lengths = [_counts("lengths", level) for level in value]
            return
        self.value = value
        self._lengths = lengths_of(lod_of(value))

    @classmethod
    def of(cls, value: torch.Tensor, lod: Lod) -> LoDTensor:
        """Return a tensor with levels of detail."""
        made = cls(value)
        made._lengths = lengths_of(lod)
        return made

    @property
    def levels(self) -> Lod:
        """The level of detail as layers take it."""
        return as_lod(self._lengths)

    def set(self, array: Any, place: Place | None = None) -> None:
        """Take a copy of an array's values, with its shape and dtype, to a place.

        Raises:
            ValueError: numpy's dtype is none of fluid's.
        """
        array = np.array(array, order="C")
        as_var_type(array.dtype)
        self.value = torch.from_numpy(array).to(device_of(place))

    def shape(self) -> list[int]:
        """Return the shape; [0] before anything was set."""
        return [0] if self.value is None else list(self.value.shape)

    def _dtype(self) -> VarType:
        return as_var_type(self._tensor().dtype)

    def _is_initialized(self) -> bool:
        return self.value is not None

    def _tensor(self) -> torch.Tensor:
        if self.value is None:
            raise RuntimeError("the tensor holds nothing yet; run the startup program, or set it")
        return self.value

    def lod(self) -> list[list[int]]:
        """Return the level of detail as offsets: ``[[0, 2, 5]]``."""
        return [[0, *np.cumsum(level).tolist()] for level in self._lengths]

    def recursive_sequence_lengths(self) -> list[list[int]]:
        """Return the level of detail as lengths: ``[[2, 3]]``."""
        return [list(level) for level in self._lengths]

    def set_recursive_sequence_lengths(self, lengths: Sequence[Sequence[int]]) -> None:
        """Set the level of detail by lengths.

        Raises:
            TypeError: they are no lists of counts.
            ValueError: they do not add up.
        """
        self._take([_counts("lengths", level) for level in lengths], "lengths")

    def set_lod(self, offsets: Sequence[Sequence[int]]) -> None:
        """Set the level of detail by offsets.

        Raises:
            TypeError: they are no lists of counts.
            ValueError: they do not begin at 0, or fall, or do not end at the number of rows.
        """
        levels = [_counts("offsets", level) for level in offsets]
        for level in levels:
            if not level or level[0] != 0:
                raise ValueError(f"each level of offsets must begin with 0, but one is {level}")
        self._take([np.diff(level).tolist() for level in levels], "offsets")

    def _take(self, lengths: list[list[int]], what: str) -> None:
        if self.value is not None and not fits(lengths, self.shape()[0]):
            raise ValueError(
                f"the {what} say that the sequences' lengths are {lengths}, and the tensor has "
                f"{self.shape()[0]} rows; each level must add up to the number of the next one's "
                "sequences, and the last one to the rows (offsets are for set_lod)"
            )
        self._lengths = lengths

    def has_valid_recursive_sequence_lengths(self) -> bool:
        """Tell whether each level counts the next one's entries, and the last one the rows."""
        return fits(self._lengths, self.shape()[0])

    def __fluid_tensor__(self) -> torch.Tensor:
        """Return the torch tensor for a layer that is called with this, levels of detail on it."""
        tensor = self._tensor().view_as(self._tensor())
        attach(tensor, self.levels)
        return tensor

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        array = as_array(self._tensor())
        return array if dtype is None else array.astype(dtype)

    def __repr__(self) -> str:
        held = "empty" if self.value is None else f"{self.value.dtype}, {self.shape()}"
        return f"LoDTensor({held}, lod={self.lod()})"


def _counts(what: str, level: Any) -> list[int]:
    if not isinstance(level, (list, tuple, np.ndarray)) or not all(
        isinstance(count, (int, np.integer)) and count >= 0 for count in level
    ):
        raise TypeError(
            f"{what} must be a list of lists of whole numbers, as in [[2, 3]], but one level is "
            f"{level!r}"
        )
    return [int(count) for count in level]


class ScopeVariable:
    """A scope's entry: `get_tensor` gives its `LoDTensor`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.tensor = LoDTensor()

    def get_tensor(self) -> LoDTensor:
        """Return the tensor; setting it changes what the next run reads."""
        return self.tensor

    def name(self) -> str:
        """Return the name."""
        return self._name


class Scope:
    """Values by variable name; a look-up goes on in the parent.

    Source:
        ``paddle.fluid.Scope``, PaddlePaddle 1.8.
    """

    def __init__(self, parent: Scope | None = None) -> None:
        self._parent = parent
        self._variables: dict[str, ScopeVariable] = {}
        self._children: list[Scope] = []

    def var(self, name: str) -> ScopeVariable:
        """Return this scope's own entry of that name, made where there is none."""
        if name not in self._variables:
            self._variables[name] = ScopeVariable(name)
        return self._variables[name]

    def find_var(self, name: str) -> ScopeVariable | None:
        """Return the entry of that name, here or in a parent; None where there is none."""
        found = self._variables.get(name)
        if found is None and self._parent is not None:
            return self._parent.find_var(name)
        return found

    def new_scope(self) -> Scope:
        """Return a child."""
        child = Scope(self)
        self._children.append(child)
        return child

    def drop_kids(self) -> None:
        """Forget the children."""
        self._children.clear()

    def local_var_names(self) -> list[str]:
        """Return the names of this scope's own entries."""
        return list(self._variables)

    def erase(self, names: Sequence[str]) -> None:
        """Remove entries of this scope; names that are not there are passed over."""
        for name in names:
            self._variables.pop(name, None)

    def value(self, name: str) -> torch.Tensor | None:
        """Return the tensor of that name; None where there is none, or nothing was set."""
        found = self.find_var(name)
        return None if found is None else found.tensor.value

    def write(self, name: str, value: torch.Tensor) -> None:
        """Set the tensor of that name, where the name is found, or else here."""
        (self.find_var(name) or self.var(name)).tensor.value = value


_current = Scope()


def global_scope() -> Scope:
    """Return the scope that an Executor uses when it is given none.

    Source:
        ``paddle.fluid.global_scope``, PaddlePaddle 1.8.
    """
    return _current


@contextlib.contextmanager
def scope_guard(scope: Scope) -> Iterator[None]:
    """Make a scope the global one inside the block.

    Source:
        ``paddle.fluid.scope_guard``, PaddlePaddle 1.8.
    """
    global _current
    if not isinstance(scope, Scope):
        raise TypeError(f"scope must be a fluid.Scope, but it is {type(scope).__name__}")
    before, _current = _current, scope
    try:
        yield
    finally:
        _current = before
