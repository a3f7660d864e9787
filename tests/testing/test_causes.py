"""Every cause is named where it is the cause, and none where it is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from paddle_compat.testing import recorder
from testing.made import count, floats, labels, replayed

ROWS, CLASSES = 7, 3


class Bug(NamedTuple):
    """A reference, a port with a bug, what they are called with, and the cause to be told."""

    cause: str
    reference: Callable[..., Any]
    port: Callable[..., Any]
    inputs: Any
    parameters: dict[str, Any] | None = None
    paddle: str = "3.3.1"


def rows(*names: str) -> list[dict[str, Any]]:
    """Return two batches with the inputs of those names."""
    batches = []
    for size, seed in ((ROWS, 0), (ROWS + 4, 1)):
        label = labels(size, CLASSES, seed)
        everything = {
            "x": floats(size, CLASSES, seed=seed),
            "y": floats(size, CLASSES, seed=seed + 5),
            "label": label,
            "fg_num": count(int((label > 0).sum())),
            "boxes": np.cumsum(np.abs(floats(size, 4, seed=seed)), -1),
        }
        batches.append({name: everything[name] for name in names})
    return batches


def corners(boxes: Tensor, extra: float) -> Tensor:
    return (boxes[:, 2] - boxes[:, 0] + extra) * (boxes[:, 3] - boxes[:, 1] + extra)


def weighted(x: Tensor, alpha: float, gamma: float) -> Tensor:
    return alpha * x.sigmoid() ** gamma


def swapped_keywords(x: Tensor, alpha: float, gamma: float) -> Tensor:
    return weighted(x, gamma, alpha)


def picked(x: Tensor, label: Tensor, first: int) -> Tensor:
    """Sum what the labels pick, without ignored rows."""
    chosen = label == torch.arange(first, x.shape[1] + first)
    return ((x * chosen).sum(1) ** 2).sum()


def in_float32(x: Tensor, alpha: float = 0.1) -> Tensor:
    return x * float(np.float32(alpha))


def in_float64(x: Tensor, alpha: float = 0.1) -> Tensor:
    return x * alpha


BUGS = {
    "count": Bug(
        "missing normaliser: it matches when divided by `fg_num`",
        lambda x, fg_num: x.abs().sum() / fg_num,
        lambda x, fg_num: x.abs().sum().reshape(1),
        rows("x", "fg_num"),
    ),
    "positives": Bug(
        "missing normaliser: it matches when divided by the number of positives (`label` > 0)",
        lambda x, label: x.abs().sum() / (label > 0).sum(),
        lambda x, label: x.abs().sum(),
        rows("x", "label"),
    ),
    "counted rows": Bug(
        "missing normaliser: it matches when divided by the number of rows that count",
        lambda x, label: x.abs().sum() / (label >= 0).sum(),
        lambda x, label: x.abs().sum(),
        rows("x", "label"),
    ),
    "soft positives": Bug(
        "missing normaliser: it matches when divided by the sum of `y`",
        lambda x, y: x.abs().sum() / y.sum().detach(),
        lambda x, y: x.abs().sum(),
        {"x": floats(ROWS, 2), "y": np.abs(np.sin(floats(ROWS, 2, seed=3)))},
    ),
    "count twice": Bug(
        "a normaliser too many: it matches when multiplied by `fg_num`",
        lambda x, fg_num: x.abs().sum() / fg_num,
        lambda x, fg_num: x.abs().sum() / fg_num**2,
        rows("x", "fg_num"),
    ),
    "mean": Bug(
        "mean against sum: it matches when multiplied by the number of elements of `x`",
        lambda x: x.square().sum(),
        lambda x: x.square().mean(),
        rows("x"),
    ),
    "sum": Bug(
        "sum against mean: it matches when divided by the number of elements of `x`",
        lambda x: x.square().mean(),
        lambda x: x.square().sum(),
        rows("x"),
    ),
    "batch": Bug(
        "sum against mean: it matches when divided by the batch size, axis 0 of `x`",
        lambda x: x.square().sum() / len(x),
        lambda x: x.square().sum(),
        rows("x"),
    ),
    "inner mean": Bug(
        "mean against sum: it matches with sum for the port's mean number 1",
        lambda x, y: x.square().sum() + y.exp().mean(),
        lambda x, y: torch.mean(x.square()) + y.exp().mean(),
        rows("x", "y"),
    ),
    "reduction argument": Bug(
        "mean against sum: it matches with reduction='sum' in the port's mse_loss number 1",
        lambda x, y: functional.mse_loss(x, y, reduction="sum") + x.exp().mean(),
        lambda x, y: functional.mse_loss(x, y, reduction="mean") + x.exp().mean(),
        rows("x", "y"),
    ),
    "none for sum": Bug(
        "reduction: Paddle's is the sum of the port's over everything",
        lambda x: x.square().sum(),
        lambda x: x.square(),
        rows("x"),
    ),
    "none for mean": Bug(
        "reduction: Paddle's is the mean of the port's over axis 1",
        lambda x: x.square().mean(1),
        lambda x: x.square(),
        rows("x"),
    ),
    "none for sum by count": Bug(
        "over everything; missing normaliser: it matches when divided by `fg_num`",
        lambda x, fg_num: x.square().sum() / fg_num,
        lambda x, fg_num: x.square(),
        rows("x", "fg_num"),
        paddle="1.8.5",
    ),
    "keepdim": Bug(
        "keepdim: it matches with shape [7, 1]",
        lambda x: x.square().sum(1, keepdim=True),
        lambda x: x.square().sum(1),
        rows("x")[0],
    ),
    "axis": Bug(
        "wrong axis: it matches with axis 1 for 0 in the port's softmax number 1",
        lambda x: x.softmax(1),
        lambda x: x.softmax(0),
        rows("x"),
    ),
    "axis of a sum": Bug(
        "wrong axis: it matches with axis 1 for 0 in the port's sum number 1",
        lambda x: x.exp().sum(dim=1),
        lambda x: x.exp().sum(dim=0),
        rows("x"),
    ),
    "transposed result": Bug(
        "wrong axis: it matches with the result transposed",
        lambda x, y: x @ y.t(),
        lambda x, y: y @ x.t(),
        {"x": floats(3, 2), "y": floats(4, 2)},
    ),
    "transposed input": Bug(
        "wrong axis: it matches with `x` transposed",
        lambda x, y: x @ y,
        lambda x, y: x.t() @ y,
        {"x": floats(3, 3), "y": floats(3, 2)},
    ),
    "channels last": Bug(
        "axis order (NCHW against NHWC): it matches with `x` permuted to [0, 2, 3, 1]",
        lambda x: x.permute(0, 2, 3, 1).reshape(-1, 3),
        lambda x: x.reshape(-1, 3),
        {"x": floats(2, 3, 4, 5)},
    ),
    "transposed weight": Bug(
        "a transposed weight: it matches with `fc.w_0` transposed",
        lambda x, parameters: x @ parameters["fc.w_0"],
        lambda x, parameters: functional.linear(x, parameters["fc.w_0"]),
        rows("x"),
        {"fc.w_0": floats(CLASSES, CLASSES)},
    ),
    "transposed weight of another shape": Bug(
        "a transposed weight: it matches with `fc.w_0` transposed",
        lambda x, parameters: x @ parameters["fc.w_0"],
        lambda x, parameters: functional.linear(x, parameters["fc.w_0"]),
        rows("x"),
        {"fc.w_0": floats(CLASSES, 5)},
    ),
    "label base": Bug(
        "label base: 0-based classes; it matches with `label` - 1",
        lambda x, label: picked(x, label, 1),
        lambda x, label: picked(x, label, 0),
        rows("x", "label"),
    ),
    "label base of results": Bug(
        "label base: 0-based classes; it matches with the result + 1",
        lambda x: x.argmax(1) + 1,
        lambda x: x.argmax(1),
        rows("x"),
    ),
    "swapped numbers": Bug(
        "argument order: it matches with alpha and gamma swapped",
        weighted,
        swapped_keywords,
        {"x": floats(ROWS), "alpha": 0.25, "gamma": 2.0},
    ),
    "swapped numbers inside": Bug(
        "argument order: in its call of weighted: it matches with alpha and gamma swapped",
        lambda x: weighted(x, 0.25, 2.0),
        lambda x: weighted(x, 2.0, 0.25),
        {"x": floats(ROWS)},
    ),
    "complement": Bug(
        "in its call of weighted: it matches with 1 - alpha for alpha",
        lambda x: weighted(x, 0.2, 2.0),
        lambda x: weighted(x, 0.8, 2.0),
        {"x": floats(ROWS)},
    ),
    "sigma for beta": Bug(
        "in its call of functional.smooth_l1_loss: it matches with beta squared for beta",
        lambda x, y: functional.smooth_l1_loss(x, y, beta=1 / 9),
        lambda x, y: functional.smooth_l1_loss(x, y, beta=1 / 3),
        rows("x", "y"),
    ),
    "inverse": Bug(
        "in its call of weighted: it matches with 1 / alpha for alpha",
        lambda x: weighted(x, 0.2, 2.0),
        lambda x: weighted(x, 5.0, 2.0),
        {"x": floats(ROWS)},
    ),
    "flattened channels first": Bug(
        "axis order (NCHW against NHWC): it matches when the result's rows are flattened from",
        lambda x: (x * 2).permute(0, 2, 3, 1).reshape(-1, 3),
        lambda x: (x * 2).reshape(-1, 3),
        {"x": floats(2, 3, 4, 5)},
    ),
    "flattened channels last": Bug(
        "axis order (NHWC against NCHW): it matches when the result's rows are flattened from",
        lambda x: (x * 2).reshape(-1, 3),
        lambda x: (x * 2).permute(0, 2, 3, 1).reshape(-1, 3),
        {"x": floats(2, 3, 4, 5)},
    ),
    "missing factor": Bug(
        "a missing factor: it matches when multiplied by `alpha`",
        lambda x, alpha: x.exp() * alpha,
        lambda x, alpha: x.exp(),
        {"x": floats(ROWS), "alpha": 0.3},
    ),
    "half": Bug(
        "a factor too many: it matches when divided by 2",
        lambda x, y: 0.5 * (x - y).square(),
        lambda x, y: (x - y).square(),
        rows("x", "y"),
    ),
    "swapped tensors": Bug(
        "argument order: `x` and `y` are exchanged",
        lambda x, y: x.exp() * y,
        lambda x, y: y.exp() * x,
        rows("x", "y"),
    ),
    "float32 attribute": Bug(
        "float32 attributes: it matches with alpha in float32",
        in_float32,
        in_float64,
        {"x": floats(ROWS, dtype="float64")},
    ),
    "sign": Bug(
        "sign: it matches with the result's sign changed",
        lambda x: x.exp(),
        lambda x: -x.exp(),
        rows("x"),
    ),
    "dtype": Bug(
        "dtype: it matches as int64",
        lambda x: x.argmax(1),
        lambda x: x.argmax(1).int(),
        rows("x"),
    ),
    "sigmoid forgotten": Bug(
        "a sigmoid too few: it matches with sigmoid(`x`)",
        lambda x: x.sigmoid().square(),
        lambda x: x.square(),
        rows("x"),
    ),
    "sigmoid of the result forgotten": Bug(
        "a sigmoid too few: it matches with sigmoid of the result",
        lambda x, y: (x + y).sigmoid(),
        lambda x, y: x + y,
        rows("x", "y"),
    ),
    "sigmoid twice": Bug(
        "a sigmoid too many: it matches without the port's sigmoid number 1",
        lambda x: x.sigmoid().square(),
        lambda x: x.sigmoid().sigmoid().square(),
        rows("x"),
    ),
    "softmax forgotten": Bug(
        "a softmax too few: it matches with softmax(`x`) over axis 1",
        lambda x: x.softmax(1).square(),
        lambda x: x.square(),
        rows("x"),
    ),
    "missing detach": Bug(
        "a missing detach: it matches with `y` detached",
        lambda x, y: (x * y.detach()).sum(),
        lambda x, y: (x * y).sum(),
        rows("x", "y"),
    ),
    "detach": Bug(
        "a detach too many: it matches without the port's detach number 1",
        lambda x, y: (x * y).sum(),
        lambda x, y: (x * y.detach()).sum(),
        rows("x", "y"),
    ),
    "box order": Bug(
        "box order: it matches with x and y of `boxes` swapped",
        lambda boxes: boxes[:, 1] - 2 * boxes[:, 3] + boxes[:, 0].square(),
        lambda boxes: boxes[:, 0] - 2 * boxes[:, 2] + boxes[:, 1].square(),
        rows("boxes"),
    ),
    "box sizes": Bug(
        "box sizes: it matches with 1 pixel added to the far corners of `boxes`",
        lambda boxes: corners(boxes, 1),
        lambda boxes: corners(boxes, 0),
        rows("boxes"),
    ),
    "box form": Bug(
        "box form: it matches with `boxes` as centre and size",
        lambda boxes: torch.cat(
            [(boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]], 1
        ),
        lambda boxes: boxes,
        rows("boxes"),
    ),
    "row order": Bug(
        "order: it has Paddle's rows in another order",
        lambda x: x.exp()[x[:, 0].argsort()],
        lambda x: x.exp(),
        rows("x"),
    ),
    "ignored mark": Bug(
        "ignored label: it matches with -100 in `label` instead of -1",
        lambda x, label: (x * (label != -1)).square().sum(),
        lambda x, label: (x * (label != -100)).square().sum(),
        rows("x", "label"),
    ),
}


@pytest.mark.parametrize("name", BUGS)
def test_a_cause_is_named(name: str, tmp_path: Path) -> None:
    bug = BUGS[name]
    how = {"parameters": bug.parameters, "paddle": bug.paddle}
    assert replayed(tmp_path, bug.reference, bug.reference, bug.inputs, **how).ok
    report = replayed(tmp_path, bug.reference, bug.port, bug.inputs, **how)
    assert not report.ok
    assert any(bug.cause in cause for cause in report.causes), str(report)


def spoiled(item: Any) -> Any:
    """Return a result with another error on top, which no cause explains."""
    if not item.dtype.is_floating_point:
        flat = item.flatten().clone()
        flat[0] += 7
        return flat.reshape(item.shape)
    return item * 1.001 + 0.003


@pytest.mark.parametrize("name", BUGS)
def test_no_cause_is_named_for_a_port_that_is_wrong_besides(name: str, tmp_path: Path) -> None:
    bug = BUGS[name]

    def port(**inputs: Any) -> Any:
        return recorder.rebuild(bug.port(**inputs), "", lambda _, item: spoiled(item))

    how = {"parameters": bug.parameters, "paddle": bug.paddle}
    report = replayed(tmp_path, bug.reference, port, bug.inputs, **how)
    assert not report.ok
    assert report.causes == (), str(report)
    assert "none of those that are known" in str(report)


WRONG: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "another formula": (lambda x, y: (x - y).square(), lambda x, y: (x - y).abs()),
    "another exponent": (lambda x, y: x.exp() ** 2 + y, lambda x, y: x.exp() ** 3 + y),
    "a missing term": (lambda x, y: x + 0.1 * y, lambda x, y: x),
    "a slope": (
        lambda x, y: functional.leaky_relu(x - y, 0.1),
        lambda x, y: functional.relu(x - y),
    ),
    "nothing at all": (lambda x, y: x * y, lambda x, y: torch.zeros_like(x)),
    "gradients besides": (lambda x, y: x * y, lambda x, y: -(x * y.detach())),
    "an unknown factor": (lambda x, y: (x * y).exp(), lambda x, y: 1.37 * (x * y).exp()),
    "an epsilon": (lambda x, y: x / (y.abs() + 1e-3), lambda x, y: x / (y.abs() + 1e-2)),
    "nan": (lambda x, y: x * y, lambda x, y: x * float("nan")),
}


@pytest.mark.parametrize("name", WRONG)
def test_no_cause_is_made_up(name: str, tmp_path: Path) -> None:
    reference, port = WRONG[name]
    report = replayed(tmp_path, reference, port, rows("x", "y"))
    assert not report.ok
    assert report.causes == (), str(report)


def test_an_unknown_constant_factor_is_seen_but_no_cause(tmp_path: Path) -> None:
    report = replayed(tmp_path, lambda x: 1.37 * x.exp(), lambda x: x.exp(), rows("x"))
    assert report.causes == ()
    assert "every number of output in Paddle is the port's times 1.37" in str(report)


def test_a_port_that_reduces_is_seen(tmp_path: Path) -> None:
    report = replayed(tmp_path, lambda x: x.square(), lambda x: x.square().mean(), rows("x"))
    assert report.causes == ()
    assert "the port's is the mean of Paddle's, which is not reduced" in str(report)


def test_a_cause_that_spoils_an_agreeing_case_is_dropped(tmp_path: Path) -> None:
    # By itself, the first batch does not tell the count, 4, from the batch size.
    first = {"x": floats(4, 2), "fg_num": count(4)}
    second = {"x": floats(3, 2, seed=1), "fg_num": count(1)}
    reference, port = (lambda x, fg_num: x.sum() / fg_num), (lambda x, fg_num: x.sum().reshape(1))
    alone = replayed(tmp_path, reference, port, first)
    assert "sum against mean: it matches when divided by the batch size, axis 0 of `x`" in str(
        alone
    )
    both = replayed(tmp_path, reference, port, [first, second])
    assert [case.ok for case in both.cases] == [False, True]
    assert both.causes == ("missing normaliser: it matches when divided by `fg_num`",)


def test_trying_ends_with_its_time(tmp_path: Path) -> None:
    report = replayed(
        tmp_path, lambda x: x.exp(), lambda x: x.sin(), rows("x"), diagnose_seconds=1e-9
    )
    assert not report.complete
    assert "not every cause was tried" in str(report)
    report = replayed(tmp_path, lambda x: x, lambda x: -x, rows("x"), diagnose_seconds=0)
    assert report.causes == ()


def test_two_causes_at_once_are_named_as_two(tmp_path: Path) -> None:
    report = replayed(
        tmp_path,
        lambda x, label: picked(x, label, 1),
        lambda x, label: picked(x, label, 0) / x.numel(),
        rows("x", "label"),
    )
    assert any(
        "`label` - 1; and besides: mean against sum: it matches when multiplied by" in cause
        for cause in report.causes
    ), str(report)
