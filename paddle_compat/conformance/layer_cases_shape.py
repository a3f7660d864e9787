"""Snippets of the layers that reduce, move, cut and make: reduce_*, reshape, slice, zeros."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from paddle_compat.conformance.snippet_tables import floats, ints, over
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

REDUCE = """
layers.reduce_sum(x)
layers.reduce_sum(x, dim=0)
layers.reduce_sum(x, dim=-1)
layers.reduce_sum(x, dim=1, keep_dim=True)
layers.reduce_sum(x, dim=[0, 2])
layers.reduce_sum(x, dim=[1, -1], keep_dim=True)
layers.reduce_sum(x, dim=[])
layers.reduce_sum(x, dim=[2])
layers.reduce_sum(x, keep_dim=True)
layers.reduce_sum(x, name='r')
"""
REDUCERS = ("sum", "mean", "max", "min", "prod")


def _reduce() -> Iterator[Snippet]:
    for name in REDUCERS:
        lines = REDUCE.replace("reduce_sum", f"reduce_{name}")
        yield from over(lines, x=floats(2, 3, 4))
        yield from over(lines, unknown=True, x=floats(2, 3, 4))
        whole = f"""
        layers.reduce_{name}(x)
        layers.reduce_{name}(x, dim=1)
        layers.reduce_{name}(x, dim=0, keep_dim=True)
        """
        for dtype in ("int32", "int64", "bool"):
            yield from over(whole, x=ints(3, 4, dtype=dtype, low=1))
        double = f"layers.reduce_{name}(x)\nlayers.reduce_{name}(x, dim=[0, 2])"
        yield from over(double, x=floats(2, 3, 4, dtype="float64"))
        yield from over(f"layers.reduce_{name}(x)", x=floats(5))
        yield from over(f"layers.reduce_{name}(x, dim=0)", x=floats(5))
        all_axes = f"""
        layers.reduce_{name}(x, dim=[0, 1])
        layers.reduce_{name}(x, dim=[1, 0], keep_dim=True)
        layers.reduce_{name}(x, dim=[-1, -2])
        """
        yield from over(all_axes, x=floats(2, 3))
        yield from over(f"layers.reduce_{name}(x, dim=[1, 2, 3, 4])", x=floats(2, 2, 2, 3, 2))
        ties = np.array([[1.0, 3.0, 3.0], [3.0, 0.0, 0.0]], "float32")
        yield from over(
            f"layers.reduce_{name}(x)\nlayers.reduce_{name}(x, dim=1)", only="ties", x=ties
        )
        refused = f"""
        layers.reduce_{name}(x, dim=2)
        layers.reduce_{name}(x, dim=(0,))
        layers.reduce_{name}(x, dim='a')
        layers.reduce_{name}(x, dim=0.5)
        layers.reduce_{name}(np.ones([2], 'float32'))
        """
        yield from over(refused, x=floats(2, 3))
        yield from over(f"layers.reduce_{name}(x)", unknown=True, x=floats(0, 3))
    yield from over("layers.reduce_sum(x, dim=-3)\nlayers.reduce_sum([x])", x=floats(2, 3))
    big = np.array([2**31 - 1, 1], "int32")
    yield from over("layers.reduce_sum(x)", only="overflow", x=big)
    nan = np.array([[np.nan, 1.0], [2.0, np.inf]], "float32")
    lines = "\n".join(f"layers.reduce_{name}(x, dim=0)" for name in REDUCERS)
    yield from over(lines, only="nan", options={"backward": False}, x=nan)
    for name in ("mean", "sum"):
        yield from over(f"layers.{name}(x)", unknown=True, x=floats(3, 4, dtype="float64"))


RESHAPE = """
layers.reshape(x, [4, 6])
layers.reshape(x, [-1, 4])
layers.reshape(x, [0, -1])
layers.reshape(x, [0, 0, -1])
layers.reshape(x, [-1])
layers.reshape(x, (2, 12))
layers.reshape(x, shape=[0, 12], name='r')
layers.reshape(x, [0, -1], act='relu')
layers.reshape(x, [1, -1, 1, 4])
layers.reshape(x, [-1, 0, 4])
layers.reshape(x, [-1, 4], inplace=True) * 1.0
layers.flatten(x)
layers.flatten(x, axis=0)
layers.flatten(x, axis=2)
layers.flatten(x, axis=3)
layers.flatten(x, axis=1, name='f')
layers.transpose(x, [0, 2, 1])
layers.transpose(x, perm=[2, 0, 1])
layers.transpose(x, [2, 1, 0], name='t')
layers.squeeze(layers.unsqueeze(x, [0]), [0])
layers.unsqueeze(x, [1])
layers.unsqueeze(x, axes=[0, 2])
layers.unsqueeze(x, axes=[-1])
layers.unsqueeze(x, axes=0)
layers.unsqueeze(x, axes=[1, 1])
layers.unsqueeze(x, axes=[3], name='u')
layers.concat([x, x])
layers.concat([x, x], axis=1)
layers.concat([x, x, x], axis=-1)
layers.concat(input=[x], axis=0)
layers.concat((x, x), axis=2)
layers.concat([x, x], axis=2, name='c')
layers.stack([x, x])
layers.stack([x, x], axis=1)
layers.stack([x, x * 2.0], axis=-1)
layers.stack(x)
layers.split(x, 2, dim=2)
layers.split(x, 3, dim=1)
layers.split(x, [1, 3], dim=-1)
layers.split(x, [1, -1], dim=1)
layers.split(x, num_or_sections=2)
layers.split(x, 3, dim=1, name='s')
layers.slice(x, axes=[0], starts=[1], ends=[2])
layers.slice(x, axes=[1, 2], starts=[0, 1], ends=[2, 4])
layers.slice(x, axes=[2], starts=[-3], ends=[-1])
layers.slice(x, axes=[1], starts=[1], ends=[1000])
layers.sums([x, x * 2.0])
layers.sum([x, x])
layers.sum(x)
layers.sum([x])
layers.sums([x, x, x])
"""
SLICED = """
x[0]
x[1]
x[-1]
x[:, 0]
x[:, 1:]
x[:, :-1]
x[:, 1]
x[:, -1]
x[:, 1:3]
x[:, 0:2, 1]
x[:, :, 2]
x[:, :, 0:1]
x[0:1]
x[0, 1]
x[0, 1, 2]
x[...]
x[..., 0]
x[..., 1:3]
x[::2]
x[:, ::2]
x[:, :, ::-1]
x[:, 5:9]
x[:]
x[1:1000]
"""
REFUSED = """
layers.reshape(x, [5, 5])
layers.reshape(x, [-1, -1])
layers.reshape(x, [-1, 5])
layers.reshape(x, [0, 0, 0, 0])
layers.reshape(x, [-2, 12])
layers.reshape(x, [])
layers.reshape(x, 24)
layers.reshape(x, [2.0, 12])
layers.reshape(np.ones([2], 'float32'), [2])
layers.reshape(x, [24], act='nonsense')
layers.flatten(x, axis=4)
layers.flatten(x, axis=-1)
layers.flatten(np.ones([2], 'float32'))
layers.flatten(x, axis=1.0)
layers.transpose(x, [0, 1])
layers.transpose(x, [0, 1, 3])
layers.transpose(x, [0, 1, 1])
layers.transpose(x, [0, 2, -1])
layers.transpose(x, 0)
layers.transpose(x, (0, 2, 1))
layers.transpose(np.ones([2, 2], 'float32'), [1, 0])
layers.squeeze(x, [0])
layers.squeeze(x, [7])
layers.squeeze(x, 0)
layers.squeeze(np.ones([1], 'float32'), [0])
layers.unsqueeze(x, [7])
layers.unsqueeze(x, 'a')
layers.unsqueeze(np.ones([1], 'float32'), [0])
layers.concat(x)
layers.concat([])
layers.concat([x, x], axis=3)
layers.concat([x, 3.0])
layers.concat([x, layers.cast(x, 'float64')])
layers.concat([x, layers.reduce_sum(x, dim=0)])
layers.concat([x, layers.transpose(x, [0, 2, 1])])
layers.concat([x, x], axis=1.0)
layers.stack([x, x], axis=4)
layers.stack([x, layers.transpose(x, [0, 2, 1])])
layers.stack([])
layers.stack(3.0)
layers.split(x, 5, dim=2)
layers.split(x, [1, 1], dim=2)
layers.split(x, [-1, -1], dim=2)
layers.split(x, 2, dim=3)
layers.split(x, 2.0)
layers.split(x, 2, dim='a')
layers.split(np.ones([2], 'float32'), 2)
layers.slice(x, axes=[3], starts=[0], ends=[1])
layers.slice(x, axes=[0], starts=[0, 1], ends=[1])
layers.slice(x, axes=[0, 1], starts=[0], ends=[1])
layers.slice(x, axes=0, starts=[0], ends=[1])
layers.slice(x, axes=[0], starts=0, ends=[1])
layers.slice(np.ones([2], 'float32'), axes=[0], starts=[0], ends=[1])
layers.slice(x, axes=[2], starts=[3], ends=[1])
layers.sum([])
layers.sum(3.0)
layers.sums([x, layers.reduce_sum(x, dim=0)])
layers.sums(x)
layers.sums([x, 1.0])
layers.gather(x, x)
layers.gather(x, 0)
layers.gather(np.ones([2], 'float32'), layers.cast(x[0, 0], 'int32'))
x['a']
x[x]
x[None]
x[0.5]
x[:, 9]
x[0, 0, 0, 0]
x[[0, 1]]
x[np.array([0])]
x[True]
"""


def _move() -> Iterator[Snippet]:
    yield from over(RESHAPE, x=floats(2, 3, 4))
    yield from over(RESHAPE, unknown=True, x=floats(2, 3, 4))
    yield from over(RESHAPE, unknown={"x": (0, 2)}, x=floats(2, 3, 4))
    yield from over(RESHAPE, x=ints(2, 3, 4))
    yield from over(SLICED, x=floats(2, 3, 4))
    yield from over(SLICED, unknown=True, x=floats(2, 3, 4))
    yield from over(SLICED, unknown={"x": (0, 1)}, x=ints(2, 3, 4, dtype="int64"))
    yield from over(REFUSED, x=floats(2, 3, 4))
    boolean = "x[0]\nlayers.reshape(x, [-1])\nlayers.concat([x, x])\nlayers.transpose(x, [1, 0])"
    boolean += "\nlayers.sum([x, x])\nlayers.stack([x, x])\nlayers.squeeze(x, [0])"
    yield from over(boolean, x=ints(2, 3, dtype="bool"))
    ones = """
    layers.squeeze(x, [0])
    layers.squeeze(x, axes=[0, 2])
    layers.squeeze(x, axes=[-1])
    layers.squeeze(x, [])
    layers.squeeze(x, axes=[2], name='s')
    """
    yield from over(ones, x=floats(1, 3, 1))
    yield from over(ones, unknown={"x": (1,)}, x=floats(1, 3, 1))
    yield from over("layers.squeeze(x, [0])", unknown=True, x=floats(1, 3))
    yield from over(
        "layers.sums([x, y])\nlayers.sum([x, y])\nlayers.concat([x, y])\nx[:, :, 0] + y[:, :, 0]",
        unknown=True,
        x=floats(2, 3, 4),
        y=floats(2, 3, 4, seed=1),
    )
    yield from over(
        "layers.concat([x, y])\nlayers.concat([x, y], axis=1)",
        unknown=True,
        x=floats(2, 3),
        y=floats(4, 3),
    )
    yield from over("layers.concat([x, y])", unknown=True, x=floats(0, 3), y=floats(4, 3))
    vectors = "x[0]\nx[1:]\nx[-1]\nlayers.reshape(x, [-1, 1])\nlayers.unsqueeze(x, [1])\nlayers.split(x, 2)\nlayers.stack([x, x], axis=1)\nlayers.concat([x, x[0:1]])"
    yield from over(vectors, x=floats(4))
    yield from over(vectors, unknown=True, x=floats(4))
    for dtype in ("int32", "int64"):
        index = np.array([2, 0, 2], dtype)
        lines = "layers.gather(x, i)\nlayers.gather(input=x, index=i, overwrite=False)"
        yield from over(lines, unknown=True, x=floats(3, 2), i=index)
        yield from over(lines, x=floats(3), i=index)
        yield from over("layers.gather(x, i)", x=floats(3, 2, 2), i=index[:, None])
    yield from over("layers.gather(x, i)", x=ints(3, 2), i=np.array([1], "int32"))
    yield from over("layers.gather(x, i)", x=floats(3, 2), i=np.array([3], "int32"))
    yield from over("layers.gather(x, i)", only="-1", x=floats(3, 2), i=np.array([-1], "int32"))
    yield from over("layers.gather(x, i)", unknown=True, x=floats(3, 2), i=ints(0))


MADE = """
layers.fill_constant([2, 3], 'float32', 1.5)
layers.fill_constant(shape=[1], dtype='int32', value=1)
layers.fill_constant([1], 'int32', 1.9)
layers.fill_constant([1], 'int64', -3)
layers.fill_constant((2,), 'float64', 3)
layers.fill_constant([2], 'float64', 0.1)
layers.fill_constant([2], 'float32', 0.1)
layers.fill_constant([1], 'bool', True)
layers.fill_constant([1], 'bool', 0)
layers.fill_constant([1], 'float32', '2')
layers.fill_constant([1], 'int64', 2**53 + 1)
layers.fill_constant([1], 'float32', float('inf'))
layers.fill_constant([1], 'float32', 1.0, force_cpu=True)
layers.fill_constant([2], np.float32, 1.0)
layers.fill_constant([1], 'int32', 2**31)
layers.fill_constant([0], 'float32', 1.0)
layers.fill_constant([], 'float32', 1.0)
layers.fill_constant([1], 'uint8', 1)
layers.fill_constant([1], 'float32', None)
layers.fill_constant([-1], 'float32', 1.0)
layers.fill_constant(1, 'float32', 1.0)
layers.fill_constant([1], 'float33', 1.0)
layers.fill_constant(['a'], 'float32', 1.0)
layers.fill_constant([2.0], 'float32', 1.0)
layers.fill_constant([1], 'float32')
layers.zeros([2, 3], 'float32')
layers.zeros(shape=[2], dtype='int64')
layers.zeros([2], 'bool')
layers.zeros([2], 'uint8')
layers.zeros((2,), 'float64')
layers.zeros(2, 'float32')
layers.ones([2, 3], 'float32')
layers.ones(shape=[2], dtype='int32')
layers.ones([2], 'bool')
layers.ones((3,), 'float64')
layers.ones([2], 'nonsense')
layers.assign(np.array([[1.5, 2.0], [3.0, 4.0]], 'float32'))
layers.assign(np.array([1, 2], 'int32'))
layers.assign(np.array([1, 2], 'int64'))
layers.assign(np.array([True, False]))
layers.assign(np.array([1.0, 0.1]))
layers.assign(3.0)
layers.assign([1.0])
layers.assign(np.array(3.0, 'float32'))
a = layers.zeros([2], 'float32'); out = layers.assign(np.ones([2], 'float32'), a)
a = layers.zeros([2], 'float32'); layers.assign(np.ones([2], 'float32'), a); out = a + 1.0
a = layers.fill_constant([1], 'float32', 2.0); layers.increment(a); out = a
a = layers.fill_constant([1], 'float32', 2.0); b = layers.increment(a, 0.5, in_place=False); out = [a, b]
a = layers.fill_constant([1], 'int64', 2); layers.increment(a, 3); out = a * 2
a = layers.fill_constant([1], 'float32', 2.0); out = layers.fill_constant([1], 'float32', 3.0, out=a) + a
layers.sums([layers.ones([2], 'float32')], out=layers.zeros([2], 'float32'))
layers.fill_constant([1], 'float32', 1.0) * layers.fill_constant([1], 'int32', 3)
layers.fill_constant([1], 'float32', 2.0) / 3
layers.fill_constant([1], 'int32', 7) / 2
"""


def _made() -> Iterator[Snippet]:
    yield from over(MADE)
    declared = """
    fluid.data('y', [None, 3]) * 2.0
    fluid.data('y', 3)
    fluid.data(3, [3])
    fluid.data('y', [2, 3], 'float33')
    fluid.data('y', ['a'])
    fluid.data('x', [5])
    fluid.data('x', [2], 'int32')
    fluid.data('x', [2]) + x
    """
    yield from over(declared, options={"backward": False}, x=floats(2))
    facts = """
    y = fluid.data('y', [None, 3, -1]); facts = [list(y.shape), str(y.dtype), y.name, y.stop_gradient, y.lod_level]
    y = fluid.data('y', (2, -1), 'int64'); facts = [list(y.shape), str(y.dtype)]
    y = layers.data('y', [3]); facts = [list(y.shape), str(y.dtype), y.name, y.stop_gradient]
    y = layers.data('y', [3, 4], append_batch_size=False, dtype='int64'); facts = [list(y.shape), str(y.dtype)]
    y = layers.data('y', [-1, 4]); facts = [list(y.shape), str(y.dtype)]
    y = fluid.data('y', [2], lod_level=1); facts = [list(y.shape), y.lod_level]
    facts = [x.name, x.persistable, x.grad_name, list(x.shape), type(x.shape).__name__]
    facts = [layers.relu(x).name, layers.relu(x).name, (x + x).name, (x * 2.0).name, (-x).name]
    facts = [f.__module__.split('.', 1)[1] for f in (layers.relu, layers.conv2d, layers.concat, layers.data)]
    facts = [f.__name__ for f in (layers.relu, layers.conv2d, layers.concat, layers.data, layers.sum)]
    facts = [f.__module__.split('.', 1)[1] for f in (layers.elementwise_add, layers.reduce_sum, layers.reshape, layers.fc)]
    facts = [f.__module__.split('.', 1)[1] for f in (layers.piecewise_decay, layers.fill_constant, layers.sigmoid_focal_loss, layers.greater_than)]
    facts = [fluid.unique_name.generate('fc'), fluid.unique_name.generate('fc'), fluid.unique_name.generate('a')]
    """
    for line in facts.strip().splitlines():
        name = line.strip().replace("layers.", "")
        yield Snippet(name, line.strip(), {"x": floats(2)}, backward=False)


SNIPPETS = [*_reduce(), *_move(), *_made()]
