"""Dropout."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid import framework
from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._infer import same_as
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layer_helper import LayerHelper
from paddle_compat.fluid.layers._checks import FLOATS, check_tensor
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.nn._windows import check_choice
from paddle_compat.kernels import minstd

__all__ = ["dropout"]

_WAYS = ("downgrade_in_infer", "upscale_in_train")


@layer("dropout", after=1, infer=same_as("x"))
def drop(
    x: Tensor, dropout_prob: float, is_test: bool, seed: int, dropout_implementation: str
) -> Tensor:
    """Return the operator inside `dropout`.

    Args:
        x: floats.
        dropout_prob: how likely an element is dropped.
        is_test: whether none is.
        seed: of what is drawn; 0 draws anew in each run.
        dropout_implementation: whether the mean is kept in training, or met in testing.
    """
    kept = single(1 - dropout_prob)
    upscale = dropout_implementation == "upscale_in_train"
    if is_test:
        return x.clone() if upscale else x * kept
    if seed:
        drawn = minstd.uniform(x.shape, 0.0, 1.0, seed, torch.float32).to(x.device)
    else:
        drawn = torch.rand(x.shape, device=x.device)
    mask = (drawn >= dropout_prob).to(x.dtype)
    if upscale:
        mask = mask / kept if kept else torch.zeros_like(mask)
    return x * mask


def dropout(
    x: Any,
    dropout_prob: float,
    is_test: bool = False,
    seed: int | None = None,
    name: str | None = None,
    dropout_implementation: str = "downgrade_in_infer",
) -> Any:
    """Return the input with some elements, chosen at random, set to 0.

    Args:
        x: float16, float32 or float64.
        dropout_prob: how likely an element is chosen, 0 to 1, rounded to float32.
        is_test: whether nothing is chosen; a program's clone for testing sets it.
        seed: of the choice, which is the same in every run then; None or 0 is the program's
            `random_seed`, and where that is 0 too the choice is a new one in each run.
        name: names the result.
        dropout_implementation: ``'downgrade_in_infer'`` multiplies by 1 - dropout_prob in testing;
            ``'upscale_in_train'`` divides by it in training.

    Raises:
        TypeError: x is no such tensor.
        ValueError: an argument is not as above.

    Source:
        ``paddle.fluid.layers.dropout``, PaddlePaddle 1.8, with its draws for a seed.
    """
    check_tensor("dropout", "x", stand_in(x), FLOATS)
    check_choice("dropout", "dropout_implementation", dropout_implementation, _WAYS)
    if isinstance(dropout_prob, bool) or not isinstance(dropout_prob, (int, float)):
        raise TypeError(f"dropout: dropout_prob must be a number, but it is {dropout_prob!r}")
    if not 0 <= dropout_prob <= 1:
        raise ValueError(f"dropout: dropout_prob must be in 0..1, but it is {dropout_prob}")
    helper = LayerHelper("dropout", input=x, name=name)
    seed = seed or framework.default_main_program().random_seed
    return helper.append(drop, x, single(dropout_prob), bool(is_test), seed, dropout_implementation)
