"""Holds what a port gave to what Paddle answered, and tells each mismatch."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from paddle_compat.testing.port import Answer, case_leaves, tensor_of
from paddle_compat.testing.recorder import FLOATS, Case, Leaf, Lod, widened
from paddle_compat.testing.tolerance import Options, bound, ulps

__all__ = ["Mismatch", "compare", "compare_results", "has_no_scalars"]

_ANY_BAD_INPUT = (
    ValueError,
    TypeError,
    RuntimeError,
    LookupError,
    ArithmeticError,
    AssertionError,
)
_SMALL = 8


@dataclass(frozen=True)
class Mismatch:
    """One disagreement.

    Attributes:
        part: ``output``, ``output['loss']``, ``gradient of logits``, ``error``.
        kind: ``structure``, ``shape``, ``dtype``, ``value``, ``error``.
        detail: what differs, in words; further lines name the worst element.
        excess: how many tolerances the worst element is off.
    """

    part: str
    kind: str
    detail: str
    excess: float = float("inf")

    def __str__(self) -> str:
        return f"{self.part}: {self.detail}"


def compare_results(case: Case, answer: Answer, options: Options) -> Iterator[Mismatch]:
    """Yield the disagreements of results or exceptions, without their gradients."""
    if case.error is not None or answer.error is not None:
        yield from _errors(case, answer)
    else:
        yield from _trees(case, case.outputs, answer.outputs, "output", options)


def compare(case: Case, answer: Answer, options: Options) -> list[Mismatch]:
    """Return every disagreement between a port's answer and a recorded case."""
    found = list(compare_results(case, answer, options))
    if case.error is not None or answer.error is not None:
        return found
    if any(mismatch.kind in ("structure", "shape") for mismatch in found):
        return found  # gradients of other results would mean nothing
    for path, expected in case.gradients.items():
        if options.compares_gradient(path) and case.cotangents:
            shape = case_leaves(case)[path].data.shape
            got = answer.gradients[path]
            found += _gradient(case, f"gradient of {path}", expected, got, shape, options)
    for name, expected in case.parameter_gradients.items():
        if options.compares_gradient(name) and case.cotangents:
            shape = case.parameters[name].data.shape
            got = answer.parameter_gradients[name]
            found += _gradient(case, f"gradient of {name}", expected, got, shape, options)
    return found


def has_no_scalars(version: str) -> bool:
    """Tell whether a Paddle has no 0-D tensors: before 2.5, shape [1] is its scalar."""
    numbers = [int(part) if part.isdigit() else 0 for part in version.split(".")[:2]]
    return tuple(numbers) < (2, 5) and version != "0.0.0"


def _errors(case: Case, answer: Answer) -> Iterator[Mismatch]:
    if case.error is None:
        error = answer.error
        told = f"the port raises {type(error).__name__}: {error}; Paddle returns a result"
        yield Mismatch("error", "error", told)
        return
    expected = f"Paddle raises {case.error['type']}: {_first_line(case.error['message'])}"
    if answer.error is None:
        yield Mismatch("error", "error", f"the port returns a result; {expected}")
    elif not isinstance(answer.error, _accepted(case.error)):
        names = " or ".join(kind.__name__ for kind in _accepted(case.error))
        told = f"the port raises {type(answer.error).__name__}: {answer.error}; {expected}"
        yield Mismatch("error", "error", f"{told}; a port may raise {names}")


def _accepted(error: Mapping[str, Any]) -> tuple[type[BaseException], ...]:
    """Return what a port may raise where Paddle raised this.

    The same built-in exception, or one derived from it. Paddle's C++ checks have no counterpart:
    any exception of bad input does for them.
    """
    if error["native"]:
        return _ANY_BAD_INPUT
    for name in (error["type"], *error["bases"]):
        kind = getattr(builtins, name, None)
        if isinstance(kind, type) and issubclass(kind, Exception) and kind is not Exception:
            return (kind,)
    return (Exception,)


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _told(item: Any) -> str:
    """Describe a part of a result whose structure is wrong."""
    if isinstance(item, Leaf):
        return f"a tensor of shape {list(item.data.shape)}"
    if isinstance(item, Tensor):
        return f"a tensor of shape {list(item.shape)}"
    if isinstance(item, dict):
        return f"a dict of {list(item)}"
    if isinstance(item, (list, tuple)):
        return f"a {type(item).__name__} of {len(item)}"
    return repr(item)


def _trees(case: Case, expected: Any, got: Any, path: str, options: Options) -> Iterator[Mismatch]:
    """Compare two trees; a list and a tuple of equal length are alike."""
    wrong = Mismatch(path, "structure", f"the port gives {_told(got)}, Paddle {_told(expected)}")
    if isinstance(expected, Leaf):
        lengths: Any = ()
        if isinstance(got, Lod):
            got, lengths = got
        if isinstance(got, np.ndarray):
            got = torch.as_tensor(got)
        if not isinstance(got, Tensor):
            yield wrong
            return
        yield from _tensor(case, path, expected, got.detach(), options)
        levels = tuple(tuple(int(n) for n in level) for level in lengths)
        if levels != expected.lod:
            told = f"the port's levels of detail are {levels}, Paddle's {expected.lod}"
            yield Mismatch(path, "structure", f"{told}; return testing.Lod(tensor, lengths)")
    elif isinstance(expected, dict):
        if not isinstance(got, dict) or set(got) != set(expected):
            yield wrong
            return
        for key, item in expected.items():
            yield from _trees(case, item, got[key], f"{path}[{key!r}]", options)
    elif isinstance(expected, (list, tuple)):
        if not isinstance(got, (list, tuple)) or len(got) != len(expected):
            yield wrong
            return
        for index, item in enumerate(expected):
            yield from _trees(case, item, got[index], f"{path}[{index}]", options)
    else:
        if isinstance(got, Tensor) and got.ndim == 0 and expected is not None:
            got = got.item()
        both_nan = expected != expected and got != got
        if type(got) is not type(expected) or (got != expected and not both_nan):
            yield wrong


def _tensor(
    case: Case, path: str, expected: Leaf, got: Tensor, options: Options
) -> Iterator[Mismatch]:
    shape = tuple(got.shape)
    if shape != expected.data.shape:
        if shape == () and expected.data.shape == (1,) and has_no_scalars(case.paddle):
            got = got.reshape(1)
        else:
            told = f"the port's shape is {list(shape)}, Paddle's {list(expected.data.shape)}"
            yield Mismatch(path, "shape", told)
            return
    dtype = str(got.dtype).removeprefix("torch.")
    if options.check_dtype and dtype != expected.dtype:
        yield Mismatch(path, "dtype", f"the port's dtype is {dtype}, Paddle's {expected.dtype}")
    yield from _values(case, path, expected, got, options)


def _gradient(
    case: Case,
    part: str,
    expected: Leaf | None,
    got: Tensor | None,
    shape: tuple[int, ...],
    options: Options,
) -> Iterator[Mismatch]:
    """Compare gradients; none is zeros."""
    if expected is None and got is None:
        return
    if expected is None:
        assert got is not None
        if bool((got.detach() != 0).any()):
            told = "the port has one, and Paddle's function gives this input none"
            yield Mismatch(part, "value", f"{told}: detach it, or leave it out by gradients=")
        return
    zeros = torch.zeros(shape, dtype=tensor_of(expected).dtype)
    if tuple(expected.data.shape) == shape:
        yield from _values(case, part, expected, zeros if got is None else got, options)
    else:
        told = f"Paddle's has shape {list(expected.data.shape)}, its input {list(shape)}"
        yield Mismatch(part, "shape", told)


def _values(
    case: Case, part: str, expected: Leaf, got: Tensor, options: Options
) -> Iterator[Mismatch]:
    if expected.dtype not in FLOATS or not got.dtype.is_floating_point:
        theirs = tensor_of(expected)
        wide = torch.promote_types(theirs.dtype, got.dtype)
        mine, theirs = got.detach().cpu().to(wide), theirs.to(wide)
        unequal = (mine != theirs).numpy()
        if unequal.any():
            index = tuple(int(i) for i in np.argwhere(unequal)[0])
            count = f"{int(unequal.sum())} of {unequal.size} elements differ"
            numbers = f"ours {mine[index].item()}, Paddle {theirs[index].item()}"
            told = f"{count}; the first at {list(index)}: {numbers}"
            yield Mismatch(part, "value", told + _inputs_there(case, part, index, unequal.shape))
        return
    ours64 = got.detach().cpu().double().numpy()
    theirs64 = np.asarray(widened(expected), dtype=np.float64)
    tolerance = options.tolerance(expected.dtype)
    allowed = bound(theirs64, tolerance)
    with np.errstate(all="ignore"):
        same = (ours64 == theirs64) | (np.isnan(ours64) & np.isnan(theirs64))
        distance = np.where(same, 0.0, np.abs(ours64 - theirs64))
        distance = np.where(np.isnan(distance), np.inf, distance)
        bad = distance > allowed
        if not bad.any():
            return
        excess = np.where(bad, distance / np.maximum(allowed, np.finfo(np.float64).tiny), 0.0)
    index = tuple(int(i) for i in np.unravel_index(int(excess.argmax()), excess.shape))
    here, there = float(ours64[index]), float(theirs64[index])
    apart = ulps(expected, index, here)
    lines = [
        f"{int(bad.sum())} of {bad.size} elements differ by more than rtol {tolerance.rtol:g} "
        f"and atol {tolerance.atol:g} of the scale",
        f"worst at {list(index)}: ours {_number(here, expected.dtype)}, Paddle "
        f"{_number(there, expected.dtype)}, absolute {distance[index]:.3g}"
        + ("" if apart is None else f", {apart} ulp"),
    ]
    told = "\n".join(lines) + _inputs_there(case, part, index, bad.shape)
    yield Mismatch(part, "value", told, float(excess[index]))


def _number(value: float, dtype: str) -> str:
    """Write a number with the digits that its dtype has."""
    digits = {"float64": 17, "float32": 9}.get(dtype, 5)
    return f"{value:.{digits}g}"


def _inputs_there(case: Case, part: str, index: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """Tell the elements of the inputs that belong to an element of a result.

    An input belongs element by element where its shape broadcasts to the result's, and row by row
    where it has the result's first dimensions; a small one is told whole.
    """
    told = []
    for path, leaf in case_leaves(case).items():
        array, sizes = widened(leaf), leaf.data.shape
        if len(sizes) == len(shape) and all(n in (1, m) for n, m in zip(sizes, shape, strict=True)):
            there = tuple(0 if n == 1 else i for n, i in zip(sizes, index, strict=True))
            told.append(f"{path} {array[there]!s}")
        elif 0 < len(sizes) <= len(shape) and sizes == shape[: len(sizes)]:
            told.append(f"{path} {array[index[: len(sizes)]]!s}")
        elif array.size <= _SMALL:
            told.append(f"{path} {array.tolist()}")
    plain = {**dict(zip(case.names, case.args, strict=True)), **case.kwargs}
    told += [f"{name} {v!r}" for name, v in plain.items() if isinstance(v, (int, float, str))]
    return f"\ninputs there: {', '.join(told)}" if told else ""
