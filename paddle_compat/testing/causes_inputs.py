"""Causes that show when a port is called with other inputs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor

from paddle_compat.testing.port import PARAMETERS, Changes, Port, case_leaves
from paddle_compat.testing.recorder import FLOATS, Case, Leaf
from paddle_compat.testing.trial import Trial, on_inputs

__all__ = ["input_trials", "labels"]

_NHWC = ((0, 2, 3, 1), "NCHW against NHWC"), ((0, 3, 1, 2), "NHWC against NCHW")
_OTHER_IGNORED = (-100, 255, 0)


def labels(case: Case) -> dict[str, Leaf]:
    """Return the inputs that may be labels: integer arrays, single elements only if all are."""
    integers = {p: leaf for p, leaf in case_leaves(case).items() if "int" in leaf.dtype}
    several = {path: leaf for path, leaf in integers.items() if leaf.data.size > 1}
    return several or integers


def input_trials(port: Port, case: Case) -> Iterator[Trial]:
    """Yield what to try with a port's tensors."""
    for cause, paths, change in itertools.chain(
        _labels(case), _activations(case), _axes(case), _boxes(case), _detached(case)
    ):
        yield Trial(cause, port, Changes(inputs=on_inputs(paths, change)))
    for cause, names in _parameters(case):
        yield Trial(cause, port, Changes(inputs=_transposed(names)))
    for first, second in _alike(case):
        cause = f"argument order: `{first}` and `{second}` are exchanged"
        yield Trial(cause, port, Changes(inputs=_exchanged(first, second)))


_Found = Iterator[tuple[str, tuple[str, ...], Callable[[Tensor], Tensor]]]


def _labels(case: Case) -> _Found:
    """Labels that count from another number, and other marks of background and ignored rows."""
    leaves = case_leaves(case)
    classes = {
        leaf.data.shape[axis]
        for leaf in leaves.values()
        if leaf.dtype in FLOATS and leaf.data.ndim >= 2
        for axis in (1, -1)
    }
    for path, leaf in labels(case).items():
        one = (path,)
        lower = f"label base: 0-based classes; it matches with `{path}` - 1"
        higher = f"label base: 1-based classes; it matches with `{path}` + 1"
        yield lower, one, lambda x: x - 1
        yield lower + " (negative labels kept)", one, lambda x: torch.where(x < 0, x, x - 1)
        for count in sorted(classes):

            def to_last(x: Tensor, count: int = count) -> Tensor:
                return torch.where(x > 0, x - 1, torch.where(x == 0, count, x)).to(x.dtype)

            def from_last(x: Tensor, count: int = count) -> Tensor:
                return torch.where(x == count, 0, torch.where(x < 0, x, x + 1)).to(x.dtype)

            yield f"{lower}, and background {count} for 0", one, to_last
            yield f"{higher}, and background 0 for {count}", one, from_last
        yield higher, one, lambda x: x + 1
        yield higher + " (negative labels kept)", one, lambda x: torch.where(x < 0, x, x + 1)
        for mark in sorted({int(n) for n in leaf.data.ravel() if n < 0}):
            for other in _OTHER_IGNORED:
                cause = f"ignored label: it matches with {other} in `{path}` instead of {mark}"

                def marked(x: Tensor, mark: int = mark, other: int = other) -> Tensor:
                    return torch.where(x == mark, other, x).to(x.dtype)

                yield cause, one, marked


def _floats(case: Case) -> dict[str, Leaf]:
    return {p: leaf for p, leaf in case_leaves(case).items() if leaf.dtype in FLOATS}


def _activations(case: Case) -> _Found:
    for path, leaf in _floats(case).items():
        one = (path,)
        yield f"a sigmoid too few: it matches with sigmoid(`{path}`)", one, torch.sigmoid
        if leaf.data.size and leaf.data.min() >= 0 and leaf.data.max() <= 1:
            yield f"a sigmoid too many: it matches with logit(`{path}`)", one, torch.logit
            if leaf.data.min() > 0:
                yield f"a softmax too many: it matches with log(`{path}`)", one, torch.log
        for axis in sorted({1, leaf.data.ndim - 1}) if leaf.data.ndim > 1 else ():
            cause = f"a softmax too few: it matches with softmax(`{path}`) over axis {axis}"
            yield cause, one, partial(torch.softmax, dim=axis)


def _axes(case: Case) -> _Found:
    for path, leaf in case_leaves(case).items():
        if leaf.data.ndim == 4:
            for order, name in _NHWC:
                cause = f"axis order ({name}): it matches with `{path}` permuted to {list(order)}"
                yield cause, (path,), partial(torch.permute, dims=order)
        for first, second in itertools.combinations(range(min(leaf.data.ndim, 4)), 2):
            what = (
                "transposed" if leaf.data.ndim == 2 else f"with axes {first} and {second} swapped"
            )
            cause = f"wrong axis: it matches with `{path}` {what}"
            yield cause, (path,), partial(torch.transpose, dim0=first, dim1=second)


def _boxes(case: Case) -> _Found:
    for path, leaf in _floats(case).items():
        if leaf.data.ndim < 2 or leaf.data.shape[-1] != 4:
            continue
        one = (path,)
        yield f"box order: it matches with x and y of `{path}` swapped", one, swap_xy
        cause = "box sizes: it matches with 1 pixel {} the far corners of `" + path + "`"
        yield cause.format("added to"), one, partial(far_corners, pixels=1)
        yield cause.format("taken off"), one, partial(far_corners, pixels=-1)
        yield f"box form: it matches with `{path}` as centre and size", one, _centred
        yield f"box form: it matches with `{path}` as corners", one, _corners


def swap_xy(x: Tensor) -> Tensor:
    """Return boxes with x and y swapped."""
    return x[..., [1, 0, 3, 2]]


def far_corners(x: Tensor, pixels: float) -> Tensor:
    """Return boxes with far corners that many pixels further out."""
    return torch.cat([x[..., :2], x[..., 2:] + pixels], -1)


def _centred(x: Tensor) -> Tensor:
    near, far = x[..., :2], x[..., 2:]
    return torch.cat([(near + far) / 2, far - near], -1)


def _corners(x: Tensor) -> Tensor:
    centre, size = x[..., :2], x[..., 2:]
    return torch.cat([centre - size / 2, centre + size / 2], -1)


def _detached(case: Case) -> _Found:
    for path in case.gradients:
        yield f"a missing detach: it matches with `{path}` detached", (path,), Tensor.detach


def _parameters(case: Case) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Matrices: Paddle keeps [in, out], torch [out, in]."""
    matrices = tuple(name for name, leaf in case.parameters.items() if leaf.data.ndim == 2)
    for name in matrices:
        yield f"a transposed weight: it matches with `{name}` transposed", (name,)
    if len(matrices) > 1:
        yield "transposed weights: it matches with every matrix transposed", matrices


def _transposed(names: tuple[str, ...]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def change(named: dict[str, Any]) -> dict[str, Any]:
        parameters = named[PARAMETERS]
        changed = {n: p.t() if n in names else p for n, p in parameters.items()}
        return {**named, PARAMETERS: changed}

    return change


def _alike(case: Case) -> Iterator[tuple[str, str]]:
    """Yield pairs of whole inputs that are arrays of one shape and dtype."""
    whole = {**dict(zip(case.names, case.args, strict=True)), **case.kwargs}
    arrays = {name: item for name, item in whole.items() if isinstance(item, Leaf)}
    for (a, first), (b, second) in itertools.combinations(arrays.items(), 2):
        if first.data.shape == second.data.shape and first.dtype == second.dtype:
            yield a, b


def _exchanged(first: str, second: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda named: {**named, first: named[second], second: named[first]}
