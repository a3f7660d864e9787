"""How tables of snippets are written: one line of source a case, over some inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippets import Snippet

__all__ = ["FLOATS", "floats", "ints", "over", "program"]

FLOATS = ("float32", "float64")


def floats(
    *shape: int, dtype: npt.DTypeLike = "float32", seed: int = 0, low: float = -2, high: float = 2
) -> Array:
    """Return different numbers of both signs, or of a range."""
    random = np.random.RandomState(1000 * seed + len(shape) + sum(shape))
    return random.uniform(low, high, shape).astype(dtype)


def ints(*shape: int, dtype: npt.DTypeLike = "int32", low: int = -4, high: int = 5) -> Array:
    """Return small integers of both signs, or of a range."""
    random = np.random.RandomState(len(shape) + sum(shape))
    return random.randint(low, high, shape).astype(dtype)


def over(
    sources: str,
    *,
    wrt: Sequence[str] | None = None,
    unknown: Mapping[str, tuple[int, ...]] | bool = False,
    only: str = "",
    options: Mapping[str, Any] | None = None,
    **inputs: Array,
) -> Iterator[Snippet]:
    """Make a snippet of every line: ``layers.relu(x)``, or several statements ending in ``out``.

    Args:
        sources: one case a line.
        wrt: the inputs to differentiate by; every floating one unless given.
        unknown: the axes declared as -1, by input; True for the first axis of each.
        only: told in the name, where the inputs' shapes do not tell two tables apart.
        options: other fields of `Snippet`.
        **inputs: the arrays.
    """
    if wrt is None:
        wrt = [name for name, array in inputs.items() if array.dtype.kind == "f"]
    if isinstance(unknown, bool):
        unknown = {name: (0,) for name, array in inputs.items() if array.ndim and unknown}
    told = ", ".join(_told(name, array, unknown.get(name, ())) for name, array in inputs.items())
    told += f" ({only})" if only else ""
    for line in filter(None, map(str.strip, sources.splitlines())):
        yield Snippet(
            f"{line.replace('layers.', '').replace('fluid.', '')} · {told}".removesuffix(" · "),
            line if "out =" in line else f"out = {line}",
            inputs,
            tuple(wrt),
            unknown,
            **(options or {}),
        )


def _told(name: str, array: Array, unknown: tuple[int, ...]) -> str:
    """Tell an input as ``x float32[2?,3]``, with a ? behind a size that is declared as -1."""
    sizes = (f"{size}{'?' * (axis in unknown)}" for axis, size in enumerate(array.shape))
    return f"{name} {array.dtype}[{','.join(sizes)}]"


def program(name: str, source: str, steps: int = 4, **fields: Any) -> Snippet:
    """Make a snippet of a training program."""
    return Snippet(name, source.strip("\n"), steps=steps, **fields)
