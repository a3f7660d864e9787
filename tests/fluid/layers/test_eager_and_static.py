"""Layers around networks: programs and eager tensors give one answer and one gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from fluid.layers.building import Build, answers
from paddle_compat import fluid

L: Any = fluid.layers
RANDOM = np.random.RandomState(0)
X = RANDOM.uniform(-0.9, 0.9, (3, 4))
Y = RANDOM.uniform(0.1, 0.9, (3, 4))
PLACES = np.array([[2], [0], [2]])

ONE: dict[str, Build] = {
    **{
        name: getattr(L, name)
        for name in fluid.layers.layer_function_generator.__all__
        if name not in ("rsqrt", "sqrt")
    },
    "sqrt": lambda x: L.sqrt(L.abs(x) + 0.5),
    "rsqrt": lambda x: L.rsqrt(L.abs(x) + 0.5),
    "erf": L.erf,
    "gelu": L.gelu,
    "gelu, approximate": lambda x: L.gelu(x, approximate=True),
    "softshrink": lambda x: L.softshrink(x, alpha=0.2),
    "hard_shrink": lambda x: L.hard_shrink(x, threshold=0.2),
    "thresholded_relu": lambda x: L.thresholded_relu(x, threshold=0.2),
    "cumsum": lambda x: L.cumsum(x, axis=0, exclusive=True, reverse=True),
    "scale": lambda x: L.scale(x, 2.0, bias=0.5, bias_after_scale=False),
    "pow": lambda x: L.pow(x, 3.0),
    "clip": lambda x: L.clip(x, -0.4, 0.3),
    "sign": L.sign,
    "mean": L.mean,
    "reduce_max": lambda x: L.reduce_max(x, dim=1),
    "reduce_min": lambda x: L.reduce_min(x, dim=[0], keep_dim=True),
    "reduce_prod": lambda x: L.reduce_prod(x, dim=-1),
    "reduce_mean": lambda x: L.reduce_mean(x, dim=[0, 1]),
    "l2_normalize": lambda x: L.l2_normalize(x, axis=1),
    "flatten": lambda x: L.flatten(x, axis=2),
    "transpose": lambda x: L.transpose(x, [1, 0]),
    "squeeze": lambda x: L.squeeze(L.unsqueeze(x, [0, 3]), [0]),
    "stack": lambda x: L.stack([x, x * 2.0], axis=-1),
    "unstack": lambda x: L.unstack(x, axis=1),
    "split": lambda x: L.split(x, [1, -1], dim=1),
    "concat": lambda x: L.concat([x, x * x], axis=1),
    "sums": lambda x: L.sums([x, x * x]),
    "slice": lambda x: L.slice(x, axes=[0, 1], starts=[1, -3], ends=[3, 4]),
    "strided_slice": lambda x: L.strided_slice(x, [1], [3], [0], [-2]),
    "reverse": lambda x: L.reverse(x, [0, 1]),
    "expand": lambda x: L.expand(x, [2, 3]),
    "expand_as": lambda x: L.expand_as(x, L.concat([x, x], axis=0)),
    "pad": lambda x: L.pad(x, [1, 0, 0, 2], 0.5),
    "argsort": lambda x: L.argsort(x, axis=0, descending=True)[1],
    "topk": lambda x: L.topk(x, 2),
    "argmax": lambda x: L.argmax(x, axis=1),
    "argmin": lambda x: L.argmin(x, axis=0),
    "isfinite": L.isfinite,
    "shape": L.shape,
    "size": L.size,
    "rank": L.rank,
    "where": lambda x: L.where(L.cast(x * 2.0, "int32")),
    "zeros_like": L.zeros_like,
    "fill_constant_batch_size_like": lambda x: L.fill_constant_batch_size_like(
        x, [-1, 2], "float64", 0.1
    ),
}
PLAIN = """
elementwise_add elementwise_sub elementwise_mul elementwise_div elementwise_max elementwise_min
square_error_cost mse_loss smooth_l1 less_than less_equal greater_than greater_equal equal not_equal
sigmoid_cross_entropy_with_logits kldiv_loss
"""
TWO: dict[str, Build] = {
    **{name: getattr(L, name) for name in PLAIN.split()},
    "elementwise_pow": lambda x, y: L.elementwise_pow(y, L.abs(x)),
    "huber_loss": lambda x, y: L.huber_loss(x, y, delta=0.4),
    "matmul": lambda x, y: L.matmul(x, y, transpose_y=True, alpha=0.3),
    "cross_entropy, soft": lambda x, y: L.cross_entropy(y, y, soft_label=True),
    "softmax_with_cross_entropy, soft": lambda x, y: L.softmax_with_cross_entropy(
        x, y, soft_label=True
    ),
}
PICKS: dict[str, Build] = {
    "gather": lambda x, i: L.gather(x, i, overwrite=False),
    "gather, overwriting": L.gather,
    "gather_nd": L.gather_nd,
    "scatter": lambda x, i: L.scatter(x, i, x * 2.0),
    "scatter, adding": lambda x, i: L.scatter(x, i, x * 2.0, overwrite=False),
    "scatter_nd_add": lambda x, i: L.scatter_nd_add(x, i, x * 2.0),
    "one_hot": lambda x, i: L.one_hot(i, 4),
    "softmax_with_cross_entropy": L.softmax_with_cross_entropy,
    "softmax_with_cross_entropy, ignoring": lambda x, i: L.softmax_with_cross_entropy(
        x, i, ignore_index=2
    ),
    "cross_entropy": lambda x, i: L.cross_entropy(L.abs(x), i, ignore_index=0),
}


@pytest.mark.parametrize("name", ONE)
def test_functions_of_one_tensor(name: str) -> None:
    _same(ONE[name], X)


@pytest.mark.parametrize("name", TWO)
def test_functions_of_two_tensors(name: str) -> None:
    _same(TWO[name], X, Y)


@pytest.mark.parametrize("name", PICKS)
def test_picking_by_index(name: str) -> None:
    _same(PICKS[name], X, PLACES)


def _same(build: Build, *arrays: Any) -> None:
    """Run a layer both ways; the sum of the squared results is differentiated."""
    values, gradients = answers(build, *arrays)
    tensors = [torch.from_numpy(array).clone() for array in arrays]
    leaves = [t.requires_grad_() if t.is_floating_point() else t for t in tensors]
    out = build(*leaves)
    outs = list(out) if isinstance(out, (list, tuple)) else [out]
    assert len(values) == len(outs)
    for value, one in zip(values, outs, strict=True):
        assert str(one.dtype) == f"torch.{value.dtype}"
        np.testing.assert_array_equal(value, one.detach().numpy())
    grown = [one for one in outs if isinstance(one, Tensor) and one.requires_grad]
    if grown:
        torch.autograd.backward([(one * one).sum() for one in grown])
    for gradient, leaf in zip(gradients, leaves, strict=True):
        found = leaf.grad
        if gradient is None or found is None:
            assert gradient is None or not gradient.any()
            assert found is None or not bool(found.any())
        else:
            np.testing.assert_allclose(gradient, found.numpy(), rtol=1e-14, atol=1e-14)
