"""Fetched arrays of shape [1] that are numbers, as they were before NumPy 2.4.

Losses of legacy programs have shape [1], and scripts write ``'%f' % loss`` or ``float(loss)``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from paddle_compat.fluid import _scope
from paddle_compat.run import era

__all__ = ["FetchedArray", "install"]


class FetchedArray(np.ndarray[Any, Any]):
    """An array that converts to a number where it has one element, whatever its dimensions."""

    def __float__(self) -> float:
        return float(self._only("float"))

    def __int__(self) -> int:
        return int(self._only("int"))

    def __repr__(self) -> str:
        return repr(self.view(np.ndarray))

    def _only(self, function: str) -> Any:
        if self.ndim and self.size == 1:
            what = f"{function}() of an array of one element"
            era.report(what, "NumPy 2.4", "array.item()")
            return self.item()
        return self.view(np.ndarray)

    def __reduce__(self) -> Any:
        # What a script pickles is numpy's own.
        return self.view(np.ndarray).__reduce__()


def install() -> None:
    """Let fetches of this process give such arrays, where numpy's own are no numbers any more."""
    try:
        float(np.zeros(1))
    except TypeError:
        _scope.hand_out(FetchedArray)
