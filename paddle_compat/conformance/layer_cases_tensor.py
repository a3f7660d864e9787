"""Snippets of the layers around networks: functions, searches, picks, products, losses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from paddle_compat.conformance.snippet_tables import FLOATS, floats, ints, over
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

FUNCTIONS = """
layers.acos(x)
layers.asin(x)
layers.atan(x)
layers.ceil(x)
layers.cos(x)
layers.floor(x)
layers.logsigmoid(x)
layers.reciprocal(x)
layers.round(x)
layers.sin(x)
layers.softplus(x)
layers.softsign(x)
layers.tanh_shrink(x, name='e')
layers.erf(x)
layers.gelu(x)
layers.gelu(x, approximate=True)
layers.hard_shrink(x)
layers.hard_shrink(x, threshold=0.3)
layers.softshrink(x)
layers.softshrink(x, alpha=0.3)
layers.thresholded_relu(x)
layers.thresholded_relu(x, threshold=0.3)
layers.rsqrt(layers.abs(x))
layers.sign(x)
layers.cumsum(x)
layers.cumsum(x, axis=0)
layers.cumsum(x, axis=-1, exclusive=True)
layers.cumsum(x, axis=0, reverse=True, exclusive=True)
layers.l2_normalize(x, axis=1)
layers.l2_normalize(x, axis=-1, epsilon=0.1, name='n')
layers.l2_normalize(x, axis=None)
layers.l2_normalize(x, axis=0)
layers.reverse(x, 0)
layers.reverse(x, axis=[0, 1])
layers.reverse(x, -1)
layers.zeros_like(x)
layers.ones_like(x)
layers.shape(x)
layers.size(x)
layers.rank(x)
layers.isfinite(x)
layers.is_empty(x)
layers.clip_by_norm(layers.cast(x, 'float32'), 1.0)
layers.clip_by_norm(layers.cast(x, 'float32'), max_norm=100.0, name='c')
layers.pow(x, layers.fill_constant([1], 'float32', 2.0))
layers.scale(x, layers.fill_constant([1], 'float32', 2.0))
"""
SEARCHES = """
layers.argmax(x)
layers.argmax(x, axis=1)
layers.argmax(x, axis=-1)
layers.argmin(x)
layers.argmin(x, axis=1)
list(layers.argsort(x))
list(layers.argsort(x, axis=0))
list(layers.argsort(x, axis=-1, descending=True, name='s'))
list(layers.topk(x, 2))
list(layers.topk(x, k=1, name='t'))
list(layers.topk(x, layers.fill_constant([1], 'int32', 3)))
layers.where(x > 0)
layers.cast(layers.where(layers.cast(x, 'bool')), 'float32')
layers.unstack(x, axis=1)
layers.unstack(x, 0, 3)
layers.expand(x, [2, 1])
layers.expand(x, expand_times=[1, 3], name='e')
layers.expand(x, [layers.fill_constant([1], 'int32', 2), 2])
layers.expand(x, layers.assign(np.array([2, 3], 'int32')))
layers.expand_as(x, layers.concat([x, x], axis=0))
layers.pad(x, [0, 1, 2, 0])
layers.pad(x, paddings=[1, 0, 0, 2], pad_value=1.5, name='p')
layers.strided_slice(x, axes=[1], starts=[0], ends=[4], strides=[2])
layers.strided_slice(x, axes=[0, 1], starts=[2, -1], ends=[0, -5], strides=[-1, -1])
layers.strided_slice(x, [1], [layers.fill_constant([1], 'int32', 1)], [4], [2])
layers.slice(x, [1], [layers.fill_constant([1], 'int32', 1)], [3])
layers.slice(x, [0, 1], layers.assign(np.array([0, 1], 'int32')), [2, 3])
layers.reshape(x, [layers.fill_constant([1], 'int32', 2), -1])
layers.reshape(x, layers.assign(np.array([2, 6], 'int32')))
layers.reshape(x, [3, 4], actual_shape=layers.assign(np.array([6, 2], 'int32')))
layers.reshape(x, [-1, 2], layers.shape(layers.reshape(x, [6, 2])))
layers.unsqueeze(x, [layers.fill_constant([1], 'int32', 1)])
layers.split(x, [layers.fill_constant([1], 'int32', 1), -1], dim=1)
layers.split(x, 2, dim=layers.fill_constant([1], 'int32', 1))
layers.concat([x, x], axis=layers.fill_constant([1], 'int32', 1))
layers.fill_constant(layers.shape(x), 'float32', 2.0)
layers.fill_constant([layers.shape(x)[0], 2], 'float64', 2.0)
layers.fill_constant([2], 'float32', layers.fill_constant([1], 'float32', 3.0))
layers.fill_constant_batch_size_like(x, [-1, 2], 'float32', 1.5)
layers.fill_constant_batch_size_like(x, [5, 2], 'int64', 3, input_dim_idx=1)
x[layers.fill_constant([1], 'int32', 1)]
x[:, layers.fill_constant([1], 'int32', 1):3]
x[0:3:2]
x[:, 3:0:-1]
x[::-1]
x[1, ::-1]
x[()]
x[-9:2]
x[np.int64(1), 2]
np.float32(2.5) * x
np.float64(2.5) - x
x * np.int64(2)
"""
REFUSED = """
layers.argmax(x, axis=4)
layers.argmin(np.ones([2], 'float32'))
layers.argsort(x, axis=4)
layers.topk(x, 9)
layers.topk(x, 0)
layers.unstack(x, axis=1, num=3)
layers.unstack(x, axis=3)
layers.expand(x, [2])
layers.expand(x, [0, 1])
layers.expand(x, 2)
layers.pad(x, [1, 1])
layers.pad2d(x, [1, 1, 1, 1])
layers.strided_slice(x, [0], [0], [2], [0])
layers.strided_slice(x, [5], [0], [2], [1])
layers.strided_slice(x, 0, [0], [2], [1])
layers.matmul(x, x)
layers.matmul(x, 3.0)
layers.reverse(x, 7)
layers.reverse(x, 'a')
layers.cumsum(x, axis=5)
layers.cumsum(3.0)
layers.gelu(3.0)
layers.erf(3.0)
layers.softshrink(3.0)
layers.l2_normalize(x, axis=7)
layers.one_hot(x, 3)
layers.scatter(x, layers.cast(x[0], 'int32'), x)
layers.gather_nd(x, x)
layers.logical_and(x, x)
layers.clip_by_norm(x, 1)
layers.sign(3.0)
layers.has_nan(3.0)
layers.huber_loss(x, x)
layers.smooth_l1(x, 3.0)
layers.square_error_cost(x, layers.cast(x, 'int32'))
layers.range(0, 5, 1, 'float16')
layers.eye(-1)
layers.eye(2, dtype='nonsense')
layers.linspace('a', 1, 2, 'float32')
layers.zeros_like(3.0)
"""
MADE = """
layers.range(0, 5, 2, 'int32')
layers.range(0.5, 3, 1, 'int64')
layers.range(0, 1, 0.1, 'float32')
layers.range(0, 1, 0.1, 'float64')
layers.range(5, 0, -2, 'int32')
layers.range(layers.fill_constant([1], 'int32', 1), 4, 1, 'int32')
layers.range(layers.fill_constant([1], 'int64', 1), 4, 1, 'float32')
layers.range(0, 5, 0, 'int32')
layers.range(0, 5, -1, 'int32')
layers.linspace(0, 10, 5, 'float32')
layers.linspace(0.0, 1.0, 4, 'float64')
layers.linspace(3, 9, 1, 'float32')
layers.linspace(0, 1, 0, 'float32')
layers.diag(np.array([1.5, 2.0], 'float32'))
layers.diag(layers.fill_constant([3], 'int64', 2))
layers.diag(layers.fill_constant([3, 1], 'float32', 2))
layers.eye(3)
layers.eye(2, 3, dtype='int32')
layers.eye(2, batch_shape=[2, 1], dtype='float64')
layers.eye(2, batch_shape=[0])
[layers.range(0, 3, 1, 'int32'), layers.fill_constant([1], 'int32', 1)]
layers.autoincreased_step_counter()
layers.autoincreased_step_counter(counter_name='c', begin=5, step=2)
a = layers.create_tensor('float32'); layers.assign(np.array([1.5], 'float32'), a); out = a * 2.0
a = layers.zeros([1], 'float32'); b = layers.ones_like(layers.ones([2], 'float32'), a); out = [a, b]
a = layers.zeros([2], 'int32'); layers.fill_constant([2], 'int64', 3, out=a); out = a
a = layers.zeros([1], 'int64'); layers.fill_constant([2], 'int64', 3, out=a); out = a
a = layers.fill_constant([1], 'bool', False); layers.logical_not(a, out=a); out = a
"""
IMAGES = """
layers.pad2d(x, [1, 2, 0, 1])
layers.pad2d(x, paddings=[1, 1, 2, 0], mode='reflect')
layers.pad2d(x, [1, 2, 3, 4], mode='edge', name='p')
layers.pad2d(x, [1, 0, 0, 1], pad_value=1.5)
layers.pad2d(x, [1, 0, 1, 1], 'reflect', data_format='NHWC')
layers.pad2d(x, layers.assign(np.array([1, 0, 1, 0], 'int32')))
layers.pad2d(x, [1, 1, 1, 1], mode='nonsense')
layers.pad2d(x, [9, 9, 9, 9], mode='reflect')
layers.pad_constant_like(layers.concat([x, x], axis=0), x, 2.0)
"""


def _functions() -> Iterator[Snippet]:
    for dtype in FLOATS:
        yield from over(FUNCTIONS, x=floats(2, 5, dtype=dtype, low=-0.95, high=0.95))
        edges = np.array([[0.5, -0.5, 1.5, -1.5, 0.0, 2.5, 30.0, -30.0]], dtype)
        lines = "\n".join(
            f"layers.{name}(x)"
            for name in [
                "round",
                "ceil",
                "floor",
                "softshrink",
                "hard_shrink",
                "sign",
                "softplus",
                "softsign",
            ]
        )
        yield from over(lines, only="edges", x=edges)
    yield from over(FUNCTIONS, unknown=True, x=floats(3, 4, low=-0.95, high=0.95))
    yield from over("layers.cumsum(x)\nlayers.reverse(x, 0)", x=ints(2, 3, dtype="int64"))
    bad = np.array([1.0, np.nan, np.inf], "float32")
    finite = "layers.has_nan(x)\nlayers.has_inf(x)\nlayers.isfinite(x)"
    yield from over(finite, only="nan and inf", wrt=(), x=bad)
    for dtype in ("float32", "int32"):
        yield from over(finite, wrt=(), x=np.array([1, 2], dtype))
    yield from over("layers.is_empty(x)\nlayers.size(x)", unknown=True, x=floats(0, 3))
    truth = """
    layers.logical_and(x, y)
    layers.logical_or(x, y, name='l')
    layers.logical_xor(x, y)
    layers.logical_not(x)
    layers.reduce_all(x)
    layers.reduce_any(x, dim=1)
    layers.reduce_all(x, dim=[0], keep_dim=True)
    layers.where(x)
    """
    x, y = np.array([[True, False, True]]), np.array([[True, True, False]])
    yield from over(truth, x=x, y=y)
    yield from over(truth, unknown=True, x=x, y=y)


def _searches() -> Iterator[Snippet]:
    for dtype in FLOATS:
        yield from over(SEARCHES, x=floats(3, 4, dtype=dtype))
    yield from over(SEARCHES, unknown=True, x=floats(3, 4))
    yield from over(SEARCHES, x=(np.arange(12).reshape(3, 4) * 5 % 7 - 2).astype("int64"))
    yield from over(REFUSED, x=floats(3, 4))
    yield from over("layers.squeeze(x, [])", options={"backward": False}, x=floats(1, 1))
    yield from over("layers.strided_slice(x, [0], [4], [0], [-2])", x=floats(6))
    yield from over("layers.strided_slice(x, [0], [5], [-7], [-1])\nx[5:1:-1]", x=floats(6))
    yield from over("layers.argmax(x)\nlayers.argmin(x)", x=floats(4))
    ties = np.array([[1.0, 1.0, 0.0], [0.0, 2.0, 2.0]], "float32")
    nan = np.array([[1.0, np.nan, 0.0], [np.nan, 2.0, np.nan]], "float32")
    lines = "layers.argmax(x, 1)\nlayers.argmin(x, 1)\nlayers.argmin(x, 0)"
    yield from over(lines, only="nan", x=nan)
    lines = "layers.argmax(x, 1)\nlayers.argmin(x, 0)\nlist(layers.argsort(x, descending=True))"
    yield from over(lines, only="ties", x=ties)
    yield from over(MADE)
    yield from over(IMAGES, x=floats(2, 3, 4, 5))
    yield from over(IMAGES, unknown={"x": (0, 2, 3)}, x=floats(2, 3, 4, 5, dtype="float64"))
    yield from over(IMAGES, x=ints(2, 3, 4, 5))


def _picks() -> Iterator[Snippet]:
    hot = """
    layers.one_hot(i, 4)
    layers.one_hot(input=i, depth=layers.fill_constant([1], 'int32', 5))
    layers.one_hot(i, depth=3, allow_out_of_range=True)
    layers.one_hot(i, 3)
    """
    for dtype in ("int32", "int64"):
        i = np.array([[1], [0], [3]], dtype)
        yield from over(hot, unknown=True, i=i)
        put = "layers.scatter(x, i, u)\nlayers.scatter(x, i, u, overwrite=False, name='s')"
        x, u = floats(4, 2), floats(3, 2, seed=1)
        yield from over(put, wrt=("u",), x=x, i=i[:, 0], u=u)
        again = np.array([1, 1, 2], dtype)
        yield from over(put, wrt=("u",), only="twice", x=x, i=again, u=u)
        whole = "layers.scatter(x, i, u, name='whole')"
        yield from over(whole, wrt=("x",), x=x, i=i[:, 0], u=u)
        places = np.array([[0, 1], [2, 0], [0, 1]], dtype)
        lines = "layers.gather_nd(x, i)\nlayers.gather_nd(x, i[:, 0:1], name='g')"
        yield from over(lines, unknown=True, x=floats(3, 2, 2), i=places)
        add = "layers.scatter_nd_add(x, i, u)\nlayers.scatter_nd(i, u, [3, 2], name='a')"
        yield from over(add, x=floats(3, 2), i=places, u=floats(3))


PRODUCTS = """
layers.matmul(x, y)
layers.matmul(x, y, alpha=0.3)
layers.matmul(layers.transpose(x, [1, 0]), y, transpose_x=True, name='m')
layers.matmul(x, layers.transpose(y, [1, 0]), transpose_y=True)
layers.mul(x, y)
layers.mul(x, y, name='m')
"""


def _products() -> Iterator[Snippet]:
    for dtype in FLOATS:
        x, y = floats(2, 3, dtype=dtype), floats(3, 4, dtype=dtype)
        yield from over(PRODUCTS, options={"terms": 4.0}, x=x, y=y)
    yield from over(PRODUCTS, unknown={"x": (0,)}, options={"terms": 4.0}, x=x, y=y)
    plain = "layers.matmul(x, y)"
    for left, right in (
        ((3,), (3,)),
        ((3,), (3, 4)),
        ((2, 3), (3,)),
        ((2, 2, 3), (2, 3, 4)),
        ((2, 2, 3), (3, 4)),
        ((2, 3), (2, 3, 4)),
        ((2, 2, 3), (3, 3, 4)),
        ((2, 2, 3, 2), (2, 2, 2, 3)),
    ):
        yield from over(plain, options={"terms": 4.0}, x=floats(*left), y=floats(*right))
    outer = "layers.matmul(x, y, transpose_x=True, transpose_y=True)"
    yield from over(outer, x=floats(2), y=floats(3))
    lines = "layers.mul(x, y, x_num_col_dims=2)\nlayers.mul(x, y, 2, 1)"
    yield from over(lines, options={"terms": 4.0}, x=floats(2, 2, 3), y=floats(3, 4))


PAIRS = """
layers.huber_loss(x, y, 1.0)
layers.huber_loss(input=x, label=y, delta=0.3)
layers.square_error_cost(x, y)
layers.square_error_cost(input=x, label=y)
layers.mse_loss(x, y)
layers.smooth_l1(x, y)
layers.smooth_l1(x, y, sigma=3.0)
layers.smooth_l1(x, y, inside_weight=layers.abs(y), outside_weight=layers.abs(x), sigma=0.7)
layers.smooth_l1(x, y, inside_weight=layers.abs(y))
"""
CLASSES = """
layers.softmax_with_cross_entropy(x, i)
layers.softmax_with_cross_entropy(x, i, ignore_index=1)
layers.softmax_with_cross_entropy(logits=x, label=i, numeric_stable_mode=False)
list(layers.softmax_with_cross_entropy(x, i, return_softmax=True))[0]
layers.cross_entropy(layers.softmax(x), i)
layers.cross_entropy(layers.softmax(x), i, ignore_index=1)
layers.dice_loss(layers.softmax(x), i)
"""
SOFT = """
layers.softmax_with_cross_entropy(x, y, soft_label=True)
layers.cross_entropy(layers.softmax(x), y, soft_label=True)
layers.kldiv_loss(x, y)
layers.kldiv_loss(x, target=y, reduction='none', name='k')
layers.kldiv_loss(x, y, 'sum')
layers.kldiv_loss(x, y, 'batchmean')
layers.kldiv_loss(x, y, 'nonsense')
"""


def _losses() -> Iterator[Snippet]:
    for dtype in FLOATS:
        x, y = floats(3, 4, dtype=dtype), floats(3, 4, dtype=dtype, seed=1)
        yield from over(PAIRS, x=x, y=y)
        share = np.abs(y) / np.abs(y).sum(1, keepdims=True)
        yield from over(SOFT, wrt=("x",), x=x, y=share.astype(dtype))
        yield from over(CLASSES, x=x, i=np.array([[1], [0], [3]], "int64"))
    yield from over(PAIRS, unknown=True, x=floats(3, 4), y=floats(3, 4, seed=1))
    yield from over(PAIRS, x=floats(3, 2, 2), y=floats(3, 2, 2, seed=1))
    yield from over(CLASSES, unknown=True, x=floats(3, 4), i=np.array([[1], [0], [3]], "int64"))
    far = np.array([[200.0, 1.0], [0.0, 70.0], [3.0, -1000.0]], "float32")
    lines = """
    layers.softmax_with_cross_entropy(x, i)
    layers.softmax_with_cross_entropy(x, y, soft_label=True)
    layers.cross_entropy(layers.softmax(x), i)
    """
    half, second = np.full((3, 2), 0.5, "float32"), np.array([[1], [0], [1]], "int64")
    yield from over(lines, only="far apart", wrt=("x",), x=far, i=second, y=half)
    zero = np.array([[0.0, 1.0], [1.0, 0.0]], "float32")
    lines = "layers.cross_entropy(x, i)\nlayers.cross_entropy(x, y, soft_label=True)"
    yield from over(lines, only="log 0", wrt=("x",), x=zero, i=second[:2], y=half[:2])
    near = np.array([[-100.3, -99.9, -100.0, 0.3]], "float32")
    lines = "layers.sigmoid_cross_entropy_with_logits(x, y)"
    yield from over(lines, only="near the ignored", wrt=("x",), x=floats(1, 4), y=near)
    smooth = """
    layers.label_smooth(x)
    layers.label_smooth(label=x, epsilon=0.25, name='s')
    layers.label_smooth(x, prior_dist=y)
    layers.label_smooth(x, epsilon=1.5)
    layers.label_smooth(3.0)
    """
    yield from over(smooth, unknown={"x": (0,)}, x=zero, y=half[:1])
    lines = "layers.multiplex([x, y], i)\nlayers.multiplex([x], i)\nlayers.multiplex(x, i)"
    for kind in ("int32", "int64"):
        places = np.array([[1], [0], [1]], kind)
        yield from over(lines, unknown=True, x=floats(3, 2), y=floats(3, 2, seed=1), i=places)
    yield from over("layers.multiplex([x, y], i)", x=zero, y=zero + 1, i=second[:2] * 2)
    other = "layers.softmax_with_cross_entropy(x, i, axis=1)"
    yield from over(other, x=floats(2, 3, 2), i=np.array([[[1, 0]], [[2, 2]]], "int64"))
    logs = "layers.log_loss(x, y)\nlayers.log_loss(x, label=y, epsilon=0.01, name='l')"
    x, y = floats(4, 1, low=0.05, high=0.95), np.array([[0], [1], [1], [0]], "float32")
    yield from over(logs, wrt=("x",), x=x, y=y)
    yield from over(logs, unknown=True, wrt=("x",), x=x, y=y)


def _eager() -> Iterator[Snippet]:
    """Run the layers on eager tensors; variables among their arguments belong to programs."""
    options = {"mode": "eager", "terms": 4.0}
    x, y = floats(3, 4), floats(3, 4, seed=1)
    part: dict[str, Any] = {"only": "eager", "options": options}
    yield from over(_plain(FUNCTIONS), x=floats(2, 4, low=-0.95, high=0.95), **part)
    yield from over(_plain(SEARCHES), x=x, **part)
    yield from over(_plain(PAIRS), x=x, y=y, **part)
    yield from over(_plain(CLASSES), x=x, i=np.array([[1], [0], [3]], "int64"), **part)
    yield from over(_plain(PRODUCTS), x=floats(2, 3), y=floats(3, 4), **part)
    yield from over(_plain(IMAGES), x=floats(2, 3, 4, 5), **part)


def _plain(lines: str) -> str:
    """Return the lines without variables of programs, and without what differs in programs."""
    other = ("fill_constant", "assign", "x[", "np.", "nonsense", "[9, 9, 9, 9]", "expand_as")
    return "\n".join(line for line in lines.splitlines() if not any(w in line for w in other))


SNIPPETS = [*_functions(), *_searches(), *_picks(), *_products(), *_losses(), *_eager()]
