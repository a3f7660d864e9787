"""Bugs that ports have, planted in the example's port: each is named, by real Paddle's numbers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from paddle_compat.testing import replay
from testing.made import EXAMPLE

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))

import port_head
from port_head import Parameters, focal_loss

CLASSES = 3
CASES = {
    name: [f"test_port[{name}-{seed}]" for seed in range(3)]
    for name in ("head", "class_loss", "box_loss", "losses")
}


def class_loss(
    logits: Tensor,
    label: Tensor,
    fg_num: Tensor,
    *,
    first: int = 1,
    ignored: int = -1,
    alpha: float = 0.25,
    gamma: float = 2.0,
) -> Tensor:
    """The port's own loss, with what may be wrong in it as arguments."""
    targets = label == torch.arange(first, logits.shape[1] + first)
    loss = focal_loss(logits, targets, alpha, gamma)
    return loss.masked_fill(label == ignored, 0).sum() / fg_num.clamp(min=1)


def zero_based(logits: Tensor, label: Tensor, fg_num: Tensor) -> Tensor:
    return class_loss(logits, label, fg_num, first=0)


def background_last(logits: Tensor, label: Tensor, fg_num: Tensor) -> Tensor:
    rows = label.flatten().long()
    hot = functional.one_hot(rows.clamp(min=0), CLASSES + 1)[:, :CLASSES].bool()
    loss = focal_loss(logits, hot, 0.25, 2.0)
    return loss.masked_fill(label == -1, 0).sum() / fg_num.clamp(min=1)


def two_based(logits: Tensor, label: Tensor, fg_num: Tensor) -> Tensor:
    return class_loss(logits, label, fg_num, first=2)


def swapped_by_position(logits: Tensor, label: Tensor, fg_num: Tensor) -> Tensor:
    targets = label == torch.arange(1, logits.shape[1] + 1)
    loss = focal_loss(logits, targets, 2.0, 0.25)  # Paddle's order: gamma, alpha
    return loss.masked_fill(label == -1, 0).sum() / fg_num.clamp(min=1)


def swapped_defaults(
    logits: Tensor, label: Tensor, fg_num: Tensor, alpha: float = 2.0, gamma: float = 0.25
) -> Tensor:
    return class_loss(logits, label, fg_num, alpha=alpha, gamma=gamma)


def no_normaliser(logits: Tensor, label: Tensor, fg_num: Tensor) -> Tensor:
    return class_loss(logits, label, torch.ones_like(fg_num))


def twice_normalised(logits: Tensor, label: Tensor, fg_num: Tensor) -> Tensor:
    return class_loss(logits, label, fg_num) / fg_num


def mean_not_sum(logits: Tensor, label: Tensor, fg_num: Tensor) -> Tensor:
    return class_loss(logits, label, fg_num) / logits.numel()


def not_reduced(logits: Tensor, label: Tensor, fg_num: Tensor) -> Tensor:
    targets = label == torch.arange(1, logits.shape[1] + 1)
    loss = focal_loss(logits, targets, 0.25, 2.0)
    return loss.masked_fill(label == -1, 0) / fg_num


def probabilities(logits: Tensor, label: Tensor, fg_num: Tensor) -> Tensor:
    return class_loss(logits.sigmoid(), label, fg_num)


def alpha_of_negatives(logits: Tensor, label: Tensor, fg_num: Tensor) -> Tensor:
    return class_loss(logits, label, fg_num, alpha=0.75)


def other_ignored(logits: Tensor, label: Tensor, fg_num: Tensor) -> Tensor:
    return class_loss(logits, label, fg_num, ignored=-100)


def sign(logits: Tensor, label: Tensor, fg_num: Tensor) -> Tensor:
    return -class_loss(logits, label, fg_num)


def wider(logits: Tensor, label: Tensor, fg_num: Tensor) -> Tensor:
    return class_loss(logits, label, fg_num).double()


def zero_based_mean(logits: Tensor, label: Tensor, fg_num: Tensor) -> Tensor:
    return class_loss(logits, label, fg_num, first=0) / logits.numel()


BUGS = {
    zero_based: "label base: 0-based classes; it matches with `label` - 1",
    background_last: "label base: 0-based classes; it matches with `label` - 1, and background 3",
    two_based: "label base: 1-based classes; it matches with `label` + 1",
    swapped_by_position: "in its call of focal_loss: it matches with alpha and gamma swapped",
    swapped_defaults: "argument order: it matches with alpha and gamma swapped",
    no_normaliser: "missing normaliser: it matches when divided by `fg_num`",
    twice_normalised: "a normaliser too many: it matches when multiplied by `fg_num`",
    mean_not_sum: "mean against sum: it matches when multiplied by the number of elements",
    not_reduced: "reduction: Paddle's is the sum of the port's over everything",
    probabilities: "a sigmoid too many: it matches without the port's sigmoid number 1",
    alpha_of_negatives: "in its call of class_loss: it matches with 1 - alpha for alpha",
    other_ignored: "ignored label: it matches with -100 in `label` instead of -1",
    sign: "sign: it matches with the result's sign changed",
    wider: "dtype: it matches as float32",
    zero_based_mean: "- 1, and background 3 for 0; and besides: mean against sum",
}


@pytest.mark.parametrize("port", BUGS, ids=lambda port: port.__name__)
def test_a_planted_bug_is_named(port: object) -> None:
    report = replay(EXAMPLE, port, case=CASES["class_loss"])  # type: ignore[arg-type]
    assert not report.ok
    assert any(BUGS[port] in cause for cause in report.causes), str(report)  # type: ignore[index]
    kinds = {cause.partition(":")[0] for cause in report.causes}
    assert len(kinds) <= 2, str(report)


def head_channels_first(features: Tensor, parameters: Parameters) -> dict[str, Tensor]:
    x = functional.conv2d(features, *pair(parameters, "conv2d_0"), padding=1).relu()
    found = [functional.conv2d(x, *pair(parameters, f"conv2d_{i}")) for i in (1, 2)]
    return {
        "logits": found[0].reshape(-1, CLASSES),  # without a permute
        "deltas": found[1].reshape(-1, 4),
        "quality": port_head.head(features, parameters)["quality"],
    }


def head_torch_weight(features: Tensor, parameters: Parameters) -> dict[str, Tensor]:
    x = functional.conv2d(features, *pair(parameters, "conv2d_0"), padding=1).relu()
    logits, deltas = (functional.conv2d(x, *pair(parameters, f"conv2d_{i}")) for i in (1, 2))
    return {
        "logits": logits.permute(0, 2, 3, 1).reshape(-1, CLASSES),
        "deltas": deltas.permute(0, 2, 3, 1).reshape(-1, 4),
        "quality": functional.linear(x.mean((2, 3)), *pair(parameters, "fc_0")).sigmoid(),
    }


def head_without_sigmoid(features: Tensor, parameters: Parameters) -> dict[str, Tensor]:
    found = port_head.head(features, parameters)
    return {**found, "quality": found["quality"].logit()}


def pair(parameters: Parameters, name: str) -> tuple[Tensor, Tensor]:
    return parameters[f"{name}.w_0"], parameters[f"{name}.b_0"]


def box_by_sigma(deltas: Tensor, targets: Tensor, label: Tensor, fg_num: Tensor) -> Tensor:
    loss = functional.smooth_l1_loss(deltas, targets, reduction="none", beta=1 / 3)
    return (loss * (label > 0)).sum() / fg_num


def box_mean(deltas: Tensor, targets: Tensor, label: Tensor, fg_num: Tensor) -> Tensor:
    return port_head.box_loss(deltas, targets, label, fg_num) / len(deltas)


def no_boxes_counted(
    features: Tensor, label: Tensor, targets: Tensor, fg_num: Tensor, parameters: Parameters
) -> list[Tensor]:
    """Both losses of a batch, of which the second has no normaliser."""
    classes, boxes = port_head.losses(features, label, targets, fg_num, parameters)
    return [classes, boxes * fg_num]


OTHER_BUGS = [
    ("head", head_channels_first, "axis order (NCHW against NHWC): it matches when the result's"),
    ("head", head_torch_weight, "a transposed weight: it matches with `fc_0.w_0` transposed"),
    ("head", head_without_sigmoid, "a sigmoid too few: it matches with sigmoid of the result"),
    ("box_loss", box_by_sigma, "smooth_l1_loss: it matches with beta squared for beta"),
    (
        "box_loss",
        box_mean,
        "mean against sum: it matches when multiplied by the batch size, axis 0",
    ),
    ("losses", no_boxes_counted, "missing normaliser: it matches when divided by `fg_num`"),
]


@pytest.mark.parametrize(("name", "port", "cause"), OTHER_BUGS)
def test_bugs_of_the_head_and_its_boxes_are_named(
    name: str, port: Callable[..., Any], cause: str
) -> None:
    report = replay(EXAMPLE, port, case=CASES[name])
    assert not report.ok
    assert any(cause in told for told in report.causes), str(report)


def test_the_port_itself_agrees() -> None:
    for name, cases in CASES.items():
        report = replay(EXAMPLE, getattr(port_head, name), case=cases)
        assert report.ok, str(report)
