"""Causes that show when a port's results are changed: factors, signs, shapes, orders."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from paddle_compat.testing.causes_inputs import far_corners, labels, swap_xy
from paddle_compat.testing.comparison import has_no_scalars
from paddle_compat.testing.port import Answer, Port, case_leaves, tensor_of, tensors
from paddle_compat.testing.recorder import FLOATS, Case, Leaf, leaves, named_inputs, widened
from paddle_compat.testing.trial import Trial, on_outputs

__all__ = ["constant_ratio", "output_trials", "reduced"]

_NEAR = 1e-2
_AXES = 4

_Step = tuple[str, Callable[[Tensor], Tensor]]


def output_trials(
    port: Port,
    case: Case,
    answer: Answer,
    paths: Collection[str],
    numbers: Mapping[str, float],
    *,
    likely: bool = True,
    factors_only: bool = False,
) -> Iterator[Trial]:
    """Yield what to try with the results at some paths.

    Args:
        port: what gave the answer.
        case: the recorded case.
        answer: the port's.
        paths: the results that are changed, all alike.
        numbers: plain numbers of the call, which may be missing factors.
        likely: whether factors are left out that these results' own ratios exclude.
        factors_only: whether only factors and reductions are tried.
    """
    found = tensors(answer.outputs)
    recorded = dict(leaves(case.outputs, "output"))
    pairs = [(found[path].detach(), recorded[path]) for path in paths if path in found]
    if not pairs or len(pairs) != len(paths):
        return
    steps: dict[str, Callable[[Tensor], Tensor]] = {}
    whole = itertools.chain(
        _kinds(pairs), _elementwise(pairs), _flattened(case, pairs), _shapes(case, pairs)
    )
    for text, step in _reductions(case, pairs) if factors_only else whole:
        steps.setdefault(text, step)
    unchanged: _Step = ("", _same)
    for text, step in (unchanged, *_reductions(case, pairs)):
        changed = [(step(ours), theirs) for ours, theirs in pairs]
        for name, factor in _factors(case, numbers):
            if not likely or all(_is_ratio(*pair, factor) for pair in changed):
                cause = f"{text}; {name}" if text else name
                steps.setdefault(cause, _scaled(step, factor))
    for cause, step in steps.items():
        yield Trial(cause, port, on_outputs(paths, step))


def _same(x: Tensor) -> Tensor:
    return x


def _scaled(step: Callable[[Tensor], Tensor], factor: float) -> Callable[[Tensor], Tensor]:
    return lambda x: step(x) * factor if factor >= 1 else step(x) / (1 / factor)


_Pairs = list[tuple[Tensor, Leaf]]


def _kinds(pairs: _Pairs) -> Iterator[_Step]:
    """Results of another dtype."""
    for dtype in sorted({theirs.dtype for _, theirs in pairs}):
        kind: torch.dtype = getattr(torch, dtype)
        yield f"dtype: it matches as {dtype}", partial(_cast, dtype=kind)


def _cast(x: Tensor, dtype: torch.dtype) -> Tensor:
    return x.to(dtype)


def _elementwise(pairs: _Pairs) -> Iterator[_Step]:
    if all(theirs.dtype in FLOATS for _, theirs in pairs):
        yield "sign: it matches with the result's sign changed", torch.neg
        yield "a sigmoid too few: it matches with sigmoid of the result", torch.sigmoid
        yield "a sigmoid too many: it matches with logit of the result", torch.logit
        yield "a logarithm too few: it matches with log of the result", torch.log
        yield "a logarithm too many: it matches with exp of the result", torch.exp
        dimensions = min(ours.ndim for ours, _ in pairs)
        for axis in range(dimensions):
            cause = f"a softmax too few: it matches with softmax of the result over axis {axis}"
            yield cause, partial(torch.softmax, dim=axis)
        if dimensions and all(ours.shape[-1] == 4 for ours, _ in pairs):
            yield "box order: it matches with x and y of the result swapped", swap_xy
            cause = "box sizes: it matches with 1 pixel {} the result's far corners"
            yield cause.format("added to"), partial(far_corners, pixels=1)
            yield cause.format("taken off"), partial(far_corners, pixels=-1)
    elif all("int" in theirs.dtype for _, theirs in pairs):
        yield "label base: 0-based classes; it matches with the result + 1", lambda x: x + 1
        yield "label base: 1-based classes; it matches with the result - 1", lambda x: x - 1
    if all(_same_rows(ours, theirs) for ours, theirs in pairs):
        orders = {id(theirs): _row_order(ours, theirs) for ours, theirs in pairs}
        if len(orders) == 1:
            [order] = orders.values()
            yield "order: it has Paddle's rows in another order", lambda x: x[order]


def _same_rows(ours: Tensor, theirs: Leaf) -> bool:
    return ours.ndim >= 1 and tuple(ours.shape) == theirs.data.shape and ours.shape[0] > 1


def _row_order(ours: Tensor, theirs: Leaf) -> Tensor:
    """Return which of our rows belongs where, by sorting both."""

    def sorted_rows(array: Any) -> Any:
        flat = np.asarray(array, dtype=np.float64).reshape(len(array), -1)
        return np.lexsort(np.round(flat, 4).T[::-1])

    mine, real = sorted_rows(ours.double().cpu().numpy()), sorted_rows(widened(theirs))
    order = np.empty_like(mine)
    order[real] = mine
    return torch.from_numpy(order)


def _shapes(case: Case, pairs: _Pairs) -> Iterator[_Step]:
    """Axes that are in another order, there or gone, and results that are not yet reduced."""
    shapes = {_wanted_shape(case, theirs) for _, theirs in pairs}
    if len(shapes) != 1:
        return
    [shape] = shapes
    ranks = {ours.ndim for ours, _ in pairs}
    for rank in ranks if len(ranks) == 1 and max(ranks) <= _AXES else ():
        for order in itertools.permutations(range(rank)):
            if order != tuple(range(rank)):
                what = "transposed" if rank == 2 else f"permuted to {list(order)}"
                cause = f"wrong axis: it matches with the result {what}"
                yield cause, partial(torch.permute, dims=order)
    squeezed = [n for n in shape if n != 1]
    if all([n for n in ours.shape if n != 1] == squeezed for ours, _ in pairs):
        cause = "keepdim: it matches with shape"
        yield f"{cause} {list(shape)}", lambda x: x.reshape(shape)
    elif all(ours.numel() == theirs.data.size for ours, theirs in pairs):
        cause = f"shape: it matches when reshaped to {list(shape)}"
        yield cause, lambda x: x.reshape(shape)
    yield from _reductions(case, pairs)


def _flattened(case: Case, pairs: _Pairs) -> Iterator[_Step]:
    """Rows of locations that were laid out from channels first, or from channels last."""
    if any(ours.ndim != 2 for ours, _ in pairs):
        return
    for batch in sorted(
        {leaf.data.shape[0] for leaf in case_leaves(case).values() if leaf.data.ndim}
    ):
        if batch < 1 or any(len(ours) % batch for ours, _ in pairs):
            continue

        def to_last(x: Tensor, batch: int = batch) -> Tensor:
            return x.reshape(batch, x.shape[1], -1).transpose(1, 2).reshape(x.shape)

        def to_first(x: Tensor, batch: int = batch) -> Tensor:
            return x.reshape(batch, -1, x.shape[1]).transpose(1, 2).reshape(x.shape)

        cause = "axis order ({}): it matches when the result's rows are flattened from channels {}"
        yield cause.format("NCHW against NHWC", "last"), to_last
        yield cause.format("NHWC against NCHW", "first"), to_first


def _wanted_shape(case: Case, theirs: Leaf) -> tuple[int, ...]:
    shape: tuple[int, ...] = theirs.data.shape
    return () if shape == (1,) and has_no_scalars(case.paddle) else shape


def _reductions(case: Case, pairs: _Pairs) -> Iterator[_Step]:
    """Yield sums and means over axes that Paddle's result lacks."""
    shapes = {(tuple(ours.shape), _wanted_shape(case, theirs)) for ours, theirs in pairs}
    if len(shapes) != 1:
        return
    [(have, want)] = shapes
    if not have or int(np.prod(want)) >= int(np.prod(have)) or len(have) > _AXES:
        return
    for count in range(len(have), 0, -1):
        for axes in itertools.combinations(range(len(have)), count):
            kept = tuple(1 if i in axes else n for i, n in enumerate(have))
            gone = tuple(n for i, n in enumerate(have) if i not in axes)
            if want not in (kept, gone):
                continue
            over = "everything" if count == len(have) else f"axis {', '.join(map(str, axes))}"
            for name, reduce in (("sum", torch.sum), ("mean", torch.mean)):
                cause = f"reduction: Paddle's is the {name} of the port's over {over}"
                if name == "sum" or all(ours.dtype.is_floating_point for ours, _ in pairs):
                    yield cause, _reduction(reduce, axes, keepdim=want == kept)


def _reduction(reduce: Any, axes: tuple[int, ...], *, keepdim: bool) -> Callable[[Tensor], Tensor]:
    return lambda x: reduce(x, dim=axes, keepdim=keepdim)


def _factors(case: Case, numbers: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    """Yield what a result may have to be multiplied by, with the cause that it would show."""
    for name, count in _counts(case).items():
        if count > 0:
            yield f"missing normaliser: it matches when divided by {name}", 1 / count
            yield f"a normaliser too many: it matches when multiplied by {name}", float(count)
    for name, size in _sizes(case).items():
        if size > 0:
            yield f"sum against mean: it matches when divided by {name}", 1 / size
            yield f"mean against sum: it matches when multiplied by {name}", float(size)
    for name, number in numbers.items():
        if abs(number) not in (0, 1) and np.isfinite(number):
            yield f"a missing factor: it matches when multiplied by {name}", float(number)
            yield f"a factor too many: it matches when divided by {name}", 1 / number
    yield "a missing factor: it matches when multiplied by 2", 2.0
    yield "a factor too many: it matches when divided by 2", 0.5


def _counts(case: Case) -> dict[str, float]:
    """Return what losses are usually divided by."""
    found: dict[str, float] = {}
    for path, leaf in case_leaves(case).items():
        array = widened(leaf)
        if array.size == 1 and leaf.dtype != "bool":
            found[f"`{path}`"] = float(array.reshape(()))
        elif leaf.dtype in FLOATS and array.size and 0 <= array.min() <= array.max() <= 1:
            found[f"the sum of `{path}`"] = float(array.sum(dtype=np.float64))
            positives = float((array > 0).sum())
            found[f"the number of positives (`{path}` > 0)"] = positives
    for path, leaf in labels(case).items():
        array = leaf.data
        for text, chosen in (
            (f"the number of positives (`{path}` > 0)", array > 0),
            (f"the number of rows that count (`{path}` >= 0)", array >= 0),
            (f"the number of 1 in `{path}`", array == 1),
        ):
            found[text] = float(chosen.sum())
    return found


def _sizes(case: Case) -> dict[str, int]:
    """Return the numbers of elements, and the dimensions, of the inputs."""
    found: dict[str, int] = {}
    for path, leaf in case_leaves(case).items():
        shape = leaf.data.shape
        for count in range(1, min(len(shape), _AXES) + 1):
            for axes in itertools.combinations(range(len(shape)), count):
                size = int(np.prod([shape[i] for i in axes]))
                if size == 1:
                    continue
                if count == len(shape):
                    found[f"the number of elements of `{path}`"] = size
                elif axes == (0,):
                    found[f"the batch size, axis 0 of `{path}`"] = size
                else:
                    found[f"axis {', '.join(map(str, axes))} of `{path}`"] = size
    for name, tree in named_inputs(case).items():
        if isinstance(tree, (list, tuple)) and len(tree) > 1:
            found[f"the length of `{name}`"] = len(tree)
    return found


def _is_ratio(ours: Tensor, theirs: Leaf, factor: float) -> bool:
    """Tell whether a factor comes near the ratio of Paddle's numbers to ours."""
    if theirs.dtype not in FLOATS or ours.numel() != theirs.data.size or not ours.numel():
        return False
    expected = tensor_of(theirs).double().flatten()
    got = ours.double().flatten() * factor
    finite = expected.isfinite() & got.isfinite()
    if not finite.any():
        return False
    size = float(expected[finite].abs().max())
    return bool((got - expected)[finite].abs().max() <= _NEAR * size) and size > 0


def constant_ratio(ours: Tensor, theirs: Leaf) -> float | None:
    """Return the ratio of Paddle's numbers to ours, if it is one for all."""
    if theirs.dtype not in FLOATS or tuple(ours.shape) != theirs.data.shape or ours.numel() < 2:
        return None
    expected, got = tensor_of(theirs).double().flatten(), ours.detach().double().flatten()
    finite = expected.isfinite() & got.isfinite()
    if not finite.any() or not bool(got[finite].any()):
        return None
    weights = got[finite]
    ratio = float((expected[finite] * weights).sum() / (weights * weights).sum())
    size = float(expected[finite].abs().max())
    off = float((expected[finite] - ratio * weights).abs().max())
    return ratio if off <= 1e-5 * size and size > 0 else None


def reduced(case: Case, answer: Answer, path: str) -> str | None:
    """Tell what the port reduced that Paddle did not; only values can show that."""
    theirs = dict(leaves(case.outputs, "output"))[path]
    ours = tensors(answer.outputs).get(path)
    if ours is None or ours.numel() != 1 or theirs.data.size < 2 or theirs.dtype not in FLOATS:
        return None
    array = np.asarray(widened(theirs), dtype=np.float64)
    got = float(ours.detach().double())
    for name, value in (("sum", array.sum()), ("mean", array.mean())):
        if abs(got - value) <= 1e-5 * abs(value):
            return (
                f"reduction: the port's is the {name} of Paddle's, which is not reduced "
                "(values; gradients cannot be compared)"
            )
    return None
