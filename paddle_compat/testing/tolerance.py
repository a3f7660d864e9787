"""How far a port may be from Paddle, by dtype, and how distances are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from paddle_compat.testing.recorder import Case, Leaf, widened

__all__ = ["TOLERANCES", "Options", "Tolerance", "bound", "ulps"]

Array = npt.NDArray[Any]


class Tolerance(NamedTuple):
    """What two floats may differ by: ``rtol * |Paddle's| + atol * the array's scale``."""

    rtol: float
    atol: float


TOLERANCES: Mapping[str, Tolerance] = {
    "float16": Tolerance(2e-3, 2e-3),
    "bfloat16": Tolerance(1.6e-2, 1.6e-2),
    "float32": Tolerance(1e-5, 2e-6),
    "float64": Tolerance(1e-10, 1e-12),
}
"""By the dtype of the recorded array; integers and booleans are exact.

About two units in the last place for the halves; for float32 what two correct programs that add in
another order differ by; for float64 tight enough to see an attribute that one side rounds to
float32.
"""

_OUTLIER = 100.0


@dataclass(frozen=True)
class Options:
    """What a comparison holds a port to.

    Args:
        rtol: instead of the table's, for every dtype.
        atol: likewise.
        tolerances: instead of the table, by dtype.
        check_dtype: whether a result's dtype has to be the recorded one.
        gradients: names of the inputs and parameters whose gradients are compared; None is all.
    """

    rtol: float | None = None
    atol: float | None = None
    tolerances: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    check_dtype: bool = True
    gradients: tuple[str, ...] | None = None

    def tolerance(self, dtype: str) -> Tolerance:
        """Return the tolerance of a dtype."""
        rtol, atol = self.tolerances.get(dtype, TOLERANCES[dtype])
        return Tolerance(
            rtol if self.rtol is None else self.rtol, atol if self.atol is None else self.atol
        )

    def validate(self, cases: Sequence[Case]) -> None:
        """Refuse names that mean nothing.

        Raises:
            ValueError: a dtype is none of the table's, or no case has the gradient of an input.
        """
        unknown = sorted(set(self.tolerances) - set(TOLERANCES))
        if unknown:
            raise ValueError(f"tolerances are for {', '.join(TOLERANCES)}, not for {unknown}")
        known = {path for case in cases for path in (*case.gradients, *case.parameter_gradients)}
        for name in self.gradients or ():
            if not any(path == name or path.startswith(f"{name}[") for path in known):
                raise ValueError(
                    f"gradients: no case has the gradient of {name!r}, but of {sorted(known)}"
                )

    def compares_gradient(self, path: str) -> bool:
        """Tell whether an input's gradient is compared."""
        return self.gradients is None or any(
            path == name or path.startswith(f"{name}[") for name in self.gradients
        )


def scale(expected: npt.NDArray[np.float64]) -> float:
    """Return the size of an array's numbers, which absolute errors are measured in.

    It is the largest, for a small element of a sum of large terms has their rounding; though not
    more than 100 times the median, or 1, so that one outlier does not excuse everything else.
    """
    sizes = np.abs(expected[np.isfinite(expected) & (expected != 0)])
    if not sizes.size:
        return 1.0
    median = float(np.partition(sizes, (sizes.size - 1) // 2)[(sizes.size - 1) // 2])
    return min(float(sizes.max()), max(_OUTLIER * median, 1.0))


def bound(expected: npt.NDArray[np.float64], tolerance: Tolerance) -> npt.NDArray[np.float64]:
    """Return what each element may differ by."""
    with np.errstate(all="ignore"):
        found = tolerance.rtol * np.abs(expected) + tolerance.atol * scale(expected)
    return np.where(np.isfinite(found), found, 0.0)


def ulps(leaf: Leaf, index: tuple[int, ...], got: float) -> int | None:
    """Count the floats of a leaf's dtype from its element to another number."""
    expected = float(widened(leaf)[index])
    if not (np.isfinite(expected) and np.isfinite(got)):
        return None
    if leaf.dtype == "bfloat16":
        return abs(_order(expected, "float32") - _order(got, "float32")) >> 16
    return abs(_order(expected, leaf.dtype) - _order(got, leaf.dtype))


def _order(number: float, dtype: str) -> int:
    """Return a float's place in the order of its dtype; both zeros are 0."""
    with np.errstate(over="ignore"):
        value = np.asarray(number).astype(dtype)
    bits = int(value.view(f"i{value.dtype.itemsize}"))
    lowest = -(1 << (8 * value.dtype.itemsize - 1))
    return bits if bits >= 0 else lowest - bits
