"""Snippets of the layers that work element by element: activations, operators, casts."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import numpy as np

from paddle_compat.conformance.snippet_tables import FLOATS, floats, ints, over
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

UNARY = """
layers.exp(x)
layers.square(x)
layers.abs(x)
layers.relu(x)
layers.sigmoid(x)
layers.tanh(x)
layers.leaky_relu(x)
layers.leaky_relu(x, alpha=0.3)
layers.softmax(x)
layers.softmax(x, axis=0)
layers.clip(x, -1.0, 1.0)
layers.pow(x, 2.0)
layers.pow(x, factor=3.0)
layers.pow(x)
layers.scale(x)
layers.scale(x, scale=2.5)
layers.scale(x, scale=2.0, bias=0.7)
layers.scale(x, scale=2.0, bias=0.7, bias_after_scale=False)
layers.scale(x, scale=3.0, act='relu')
layers.mean(x)
layers.assign(x)
layers.increment(layers.reduce_sum(x))
layers.increment(layers.reduce_sum(x), value=2.5)
layers.elementwise_add(x, x, act='sigmoid')
-x
"""
POSITIVE = """
layers.log(x)
layers.sqrt(x)
layers.pow(x, 0.5)
layers.pow(x, -1.5)
"""
NAMED = """
layers.exp(x, name='e')
layers.relu(x, name='e')
layers.sigmoid(x, name='e')
layers.scale(x, 2.0, name='e')
layers.scale(x, 2.0, act='relu', name='e')
layers.softmax(x, name='e')
layers.softmax(x, use_cudnn=True)
layers.clip(x, 0.0, 1.0, name='e')
layers.log(x, name='e')
layers.elementwise_add(x, x, name='e')
layers.elementwise_mul(x, x, act='tanh', name='e')
layers.mean(x, name='e')
layers.pow(x, 2.0, name='e')
layers.leaky_relu(x, name='e')
"""
# Its gradient is refused outside training.
DROPOUT = """
layers.dropout(x, 0.4, is_test=True)
layers.dropout(x, 0.4, is_test=True, dropout_implementation='upscale_in_train')
layers.dropout(x, 0.0, is_test=True)
layers.dropout(x, 1.0, is_test=True)
layers.dropout(x, 0.3, is_test=True, name='e')
"""
# Where the derivative jumps, and where the value leaves the numbers.
EDGES = """
layers.relu(x)
layers.abs(x)
layers.leaky_relu(x)
layers.clip(x, -1.0, 1.0)
layers.sqrt(layers.abs(x))
layers.square(x)
layers.sigmoid(x)
layers.tanh(x)
layers.exp(x)
layers.pow(x, 2.0)
layers.pow(x, 3.0)
layers.log(layers.abs(x))
layers.elementwise_max(x, x)
layers.elementwise_min(x, x)
layers.elementwise_max(x, layers.abs(x))
layers.elementwise_min(x, layers.abs(x))
"""
INTEGERS = """
layers.relu(x)
layers.square(x)
layers.abs(x)
layers.exp(x)
layers.sqrt(x)
layers.log(x)
layers.sigmoid(x)
layers.softmax(x)
layers.tanh(x)
layers.leaky_relu(x)
layers.pow(x, 2.0)
layers.scale(x, scale=3.0)
layers.scale(x, scale=0.5)
layers.scale(x, scale=2.0, bias=1.0)
layers.scale(x, scale=2.0, bias=0.5)
layers.clip(x, -1.0, 1.0)
layers.mean(x)
layers.assign(x)
layers.increment(layers.reduce_sum(x))
layers.dropout(x, 0.4, is_test=True)
layers.elementwise_add(x, x)
layers.elementwise_sub(x, x)
layers.elementwise_mul(x, x)
layers.elementwise_div(x, layers.assign(x))
layers.elementwise_max(x, -x)
layers.elementwise_min(x, -x)
layers.elementwise_pow(x, x)
layers.elementwise_mod(x, x)
layers.elementwise_floordiv(x, x)
-x
"""
REFUSED = """
layers.relu(np.ones([2], 'float32'))
layers.relu(None)
layers.exp(3.0)
layers.sigmoid([x])
layers.sigmoid(np.ones([2], 'float32'))
layers.softmax(np.ones([2], 'float32'))
layers.softmax(x, axis=5)
layers.mean(np.ones([2], 'float32'))
layers.clip(x, 'a', 1.0)
layers.clip(x, 2.0, 1.0)
layers.clip(np.ones([2], 'float32'), 0.0, 1.0)
layers.pow(x, 'a')
layers.pow(np.ones([2], 'float32'), 2.0)
layers.scale(np.ones([2], 'float32'), 2.0)
layers.scale(x, 'a')
layers.scale(x, 2.0, act='nonsense')
layers.elementwise_add(x, 3.0)
layers.elementwise_add(3.0, x)
layers.elementwise_add(x, np.ones([2, 3], 'float32'))
layers.elementwise_add(x)
layers.elementwise_add(x, x, axis=7)
layers.elementwise_add(x, x, act='nonsense')
layers.log(np.ones([2], 'float32'))
layers.sqrt('x')
layers.increment(x)
layers.assign('x')
layers.cast(x, 'float33')
layers.cast(x, None)
layers.cast(np.ones([2], 'float32'), 'int32')
layers.dropout(x, 1.5, is_test=True)
layers.dropout(x, 0.5, is_test=True, dropout_implementation='nonsense')
layers.leaky_relu(np.ones([2], 'float32'))
layers.sigmoid(x, nonsense=1)
layers.exp()
"""
positive = functools.partial(floats, low=0.5, high=3)
ELEMENTWISE = "add sub mul div max min pow"
CAST = """
layers.cast(x, 'float32')
layers.cast(x, 'float64')
layers.cast(x, 'int32')
layers.cast(x, 'int64')
layers.cast(x, 'bool')
layers.cast(x, 'uint8')
layers.cast(x, np.float64)
layers.cast(x, fluid.core.VarDesc.VarType.INT64)
x.astype('float64')
"""


def _unary() -> Iterator[Snippet]:
    for dtype in FLOATS:
        yield from over(UNARY, x=floats(2, 5, dtype=dtype))
        yield from over(POSITIVE, x=floats(2, 5, dtype=dtype, low=0.2, high=3))
        yield from over(DROPOUT, options={"backward": False}, x=floats(2, 5, dtype=dtype))
        yield from over("layers.softmax(x * 20.0)", x=floats(2, 5, dtype=dtype))
        edges = [0.0, -0.0, 1.0, -1.0, 100.0, -100.0, 2.0, -2.0]
        yield from over(EDGES, only="edges", x=np.array(edges, dtype))
    yield from over(UNARY, unknown=True, x=floats(3, 2, 4))
    yield from over(POSITIVE, unknown=True, x=floats(3, 2, 4, low=0.2, high=3))
    yield from over(NAMED, x=floats(2, 3, low=0.2))
    special = np.array([np.nan, np.inf, -np.inf, 1e-30], "float32")
    options = {"backward": False}
    yield from over(EDGES, only="nan and inf", options=options, x=special)
    for dtype in ("int32", "bool"):
        yield from over(INTEGERS, x=ints(2, 3, dtype=dtype, low=1))
    yield from over(REFUSED, x=floats(2, 3))
    empty = "layers.relu(x)\nlayers.softmax(x)\nlayers.exp(x)\nx + 1.0\nx * x\nlayers.mean(x)"
    yield from over(empty, unknown=True, x=floats(0, 3))


def _elementwise() -> Iterator[Snippet]:
    lines = "\n".join(f"layers.elementwise_{name}(x, y)" for name in ELEMENTWISE.split())
    for dtype in FLOATS:
        x, y = positive(2, 3, 4, dtype=dtype), positive(2, 3, 4, dtype=dtype, seed=1)
        yield from over(lines, x=x, y=y)
        yield from over(lines, unknown=True, x=x, y=positive(4, dtype=dtype))
    for axis, shape in ((0, (2,)), (0, (2, 3)), (1, (3,)), (1, (3, 4)), (2, (4,)), (-1, (3, 4))):
        y = positive(*shape)
        axes = lines.replace("y)", f"y, axis={axis})")
        yield from over(axes, x=positive(2, 3, 4), y=y)
    few = "layers.elementwise_add(x, y)\nlayers.elementwise_mul(x, y)\nx + y\nx * y\nx - y\nx / y"
    plain = "layers.elementwise_add(x, y)\nx + y\nx * y"
    for left, right in (
        ((2, 3, 4), (1,)),
        ((2, 3), (2, 1)),
        ((2, 3), (1, 3)),
        ((3, 1), (1, 2)),
        ((2, 1, 4), (2, 3, 4)),
        ((3,), (3, 1)),
        ((3, 1), (3,)),
        ((1,), (2, 3)),
        ((3,), (2, 3)),
        ((2,), (3, 1)),
        ((2, 3), (2,)),
        ((2, 3), (4, 3)),
        ((2, 3, 4), (3,)),
    ):
        yield from over(few, x=positive(*left), y=positive(*right))
        # An operator starts at axis 0 where the first size is unknown.
        for unknown in ({"x": (0,)}, {"y": (0,)}, {"x": (0,), "y": (0,)}):
            yield from over(plain, unknown=unknown, x=positive(*left), y=positive(*right))
    axis_0 = "layers.elementwise_add(x, y, axis=0)\nlayers.elementwise_mul(x, y, axis=0)"
    for left, right in (((3, 1), (3,)), ((3,), (3, 1)), ((3, 2), (3,)), ((3, 2), (3, 1))):
        yield from over(axis_0, unknown=True, x=positive(*left), y=positive(*right))
    whole = """
    layers.elementwise_mod(x, y)
    layers.elementwise_floordiv(x, y)
    layers.elementwise_pow(x, y)
    layers.elementwise_div(x, y)
    """
    for dtype in ("int32", "int64", "float32", "float64"):
        x = np.array([7, -7, 7, -7, 6], dtype)
        yield from over(whole, wrt=(), x=x, y=np.array([3, 3, -3, -3, 3], dtype))
    mixed = "layers.elementwise_add(x, y)\nx + y\ny + x\nx * y\ny / x\nx / y\nx < y\nx - y"
    kinds = ("float32", "float64", "int32", "int64")
    for one, other in zip(kinds, (*kinds[1:], kinds[0]), strict=True):
        x, y = (positive(2, 3, dtype="float64") + 1).astype(one), ints(2, 3, low=1)
        yield from over(mixed, wrt=(), x=x, y=y.astype(other))


OPERATORS = """
x + 2
x + 2.5
2.5 + x
x - 2
2 - x
2.5 - x
x * 2
2.5 * x
x * 0.5
x / 2
x / 2.5
2.5 / x
1 / x
x // 2
x % 2
x ** 2
x ** 2.0
2.0 ** x
x < 1
x <= 1.0
x > 1
x >= 1.0
x == 1
x != 1.0
1 < x
x + True
x * 2 + 1
(x + 1) / (x + 2)
x + np.float32(1.5)
x * np.ones([3], 'float32')
x + 'a'
x + None
x + [1.0]
not_there + x
abs(x)
x @ x
+x
~x
"""
COMPARE = "equal not_equal less_than less_equal greater_than greater_equal"


def _operators() -> Iterator[Snippet]:
    for dtype in ("float32", "float64", "int32", "int64"):
        x = (np.arange(6).reshape(2, 3) + 1).astype(dtype)
        yield from over(OPERATORS, unknown=True, x=x)
    yield from over("x + 1\nx * 2\nx == True\n-x\nx + x", x=np.array([True, False]))
    lines = "\n".join(f"layers.{name}(x, y)" for name in COMPARE.split())
    for dtype in ("float32", "float64", "int32", "int64", "bool"):
        x, y = np.array([[0, 1, 2]] * 2, dtype), np.array([[1, 1, 1]] * 2, dtype)
        yield from over(lines, wrt=(), x=x, y=y)
    near = np.array([1.0, 1e-9, 0.5, 1e-7])
    for dtype in FLOATS:
        x, y = near.astype(dtype), (near - [1e-9, 0.0, 1e-6, 1e-7]).astype(dtype)
        yield from over(lines, wrt=(), only="near", x=x, y=y)
    nan = np.array([np.nan, np.inf, 0.0], "float32")
    yield from over(lines, wrt=(), only="nan", x=nan, y=nan.copy())
    one = "layers.greater_equal(x, y)\nlayers.equal(x, y)\nx > y"
    column, row = ints(3, 1), ints(1, 4)
    for x, y in (
        (column, ints(1)),
        (ints(3, 4), ints(4)),
        (ints(3, 4), ints(3, 1)),
        (column, row),
        (column, ints(3)),
        (ints(3), column),
        (ints(3, 4), ints(3)),
    ):
        yield from over(one, unknown=True, x=x, y=y)
    refused = """
    layers.greater_equal(x, np.ones([2], 'int32'))
    layers.greater_equal(x, 1)
    layers.greater_equal(3, x)
    layers.equal(x, layers.cast(x, 'int64'))
    layers.less_than(x, layers.cast(x, 'float32'))
    out = layers.greater_than(x, x, cond=layers.fill_constant([2], 'bool', True))
    """
    yield from over(refused, x=ints(2))


def _cast() -> Iterator[Snippet]:
    yield from over(CAST, x=np.array([0.0, 1.9, -1.9, 300.7], "float32"))
    yield from over(CAST, unknown=True, x=np.array([0.5, 1e-3, -7.5], "float64"))
    yield from over(CAST, x=np.array([0, 1, -1, 300], "int32"))
    yield from over(CAST, x=np.array([0, 1, -1, 2**40], "int64"))
    yield from over(CAST, x=np.array([True, False]))
    chain = "layers.cast(layers.cast(x, 'int32'), 'float32') * x\nlayers.cast(x, 'float64') * 2.0"
    yield from over(chain, x=floats(2, 3))


SNIPPETS = [*_unary(), *_elementwise(), *_operators(), *_cast()]
