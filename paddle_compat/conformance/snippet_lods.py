"""Snippets of levels of detail: which layers pass them on, and how tensors carry them."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from paddle_compat.conformance.snippet_tables import floats, over
from paddle_compat.conformance.snippets import Differs, Snippet

__all__ = ["DIFFERS", "SNIPPETS"]

ROWS = """
x * 2.0
-x
x + y
y - x
layers.elementwise_add(x, y, act='relu')
layers.elementwise_mul(y, x)
x > y
x[:, 1:3]
x[0:2]
layers.relu(x)
layers.sigmoid(layers.sigmoid(y))
layers.softmax(x)
layers.cast(x, 'int32')
layers.assign(x)
layers.scale(x, 2.0)
layers.clip(x, -1.0, 1.0)
layers.exp(x)
layers.pow(x, 2.0)
layers.fc(x, 3)
layers.fc([x, y], 3, act='tanh')
layers.matmul(x, y, transpose_y=True)
layers.mul(x, layers.transpose(y, [1, 0]))
layers.reduce_sum(x, dim=1)
layers.reduce_sum(x, dim=1, keep_dim=True)
layers.reduce_sum(x)
layers.reduce_mean(x, dim=0)
layers.reduce_max(x, dim=[-2], keep_dim=True)
layers.mean(x)
layers.reshape(x, [0, 2, 2])
layers.reshape(x, [-1, 2])
layers.reshape(x, [-1])
layers.flatten(x)
layers.transpose(x, [1, 0])
layers.unsqueeze(x, [1])
layers.unsqueeze(x, [0])
layers.squeeze(layers.unsqueeze(x, [2]), [2])
layers.slice(x, axes=[1], starts=[0], ends=[2])
layers.slice(x, axes=[0], starts=[0], ends=[5])
layers.concat([x, y], axis=1)
layers.split(x, 2, dim=1)
layers.stack([x, y], axis=1)
layers.unstack(x, axis=1)
layers.sum([y, x])
layers.sums([x, y])
layers.gather(x, layers.cast(layers.ones([5], 'int32'), 'int32'))
layers.expand(x, [1, 2])
layers.expand(x, [2, 1])
layers.topk(x, 2)
layers.argmax(x, axis=1)
layers.argsort(x)
layers.shape(x)
layers.zeros_like(x)
layers.ones_like(x)
layers.smooth_l1(x, y)
layers.huber_loss(x, y, 1.0)
layers.square_error_cost(x, y)
layers.mse_loss(x, y)
layers.sigmoid_cross_entropy_with_logits(x, y)
layers.batch_norm(x)
layers.layer_norm(x)
layers.l2_normalize(x, axis=1)
layers.cumsum(x, axis=1)
layers.reverse(x, 0)
layers.pad(x, [0, 0, 1, 2])
"""
IMAGES = """
layers.conv2d(x, 2, 3)
layers.conv2d_transpose(x, 2, filter_size=3)
layers.pool2d(x, 2)
layers.pool2d(x, global_pooling=True, pool_type='avg')
layers.adaptive_pool2d(x, 2)
layers.group_norm(x, 2)
layers.affine_channel(x, layers.create_parameter([2], 'float32'), layers.create_parameter([2], 'float32'))
layers.resize_nearest(x, scale=2.0)
layers.resize_bilinear(x, out_shape=[8, 8])
layers.prelu(x, 'all')
layers.pad2d(x, [1, 0, 1, 0])
layers.maxout(x, 2)
layers.pixel_shuffle(layers.concat([x, x], axis=1), 2)
"""
LOSSES = """
layers.cross_entropy(layers.softmax(x), i)
layers.softmax_with_cross_entropy(x, i)
layers.one_hot(i, 4)
layers.sigmoid_focal_loss(x, layers.cast(i, 'int32'), layers.ones([1], 'int32'))
"""
TENSORS = {
    "from an array": "t = fluid.create_lod_tensor(a, [[2, 3]], place)",
    "two levels": "t = fluid.create_lod_tensor(a, [[1, 1], [2, 3]], place)",
    "no level": "t = fluid.create_lod_tensor(a, [], place)",
    "from a LoD tensor": "t = fluid.create_lod_tensor(fluid.create_lod_tensor(a, [[2, 3]], place), [[5]], place)",
    "from lists": "t = fluid.create_lod_tensor([[1, 2], [3]], [[2, 1]], place)",
    "from lists of floats": "t = fluid.create_lod_tensor([[1.5, 2], [3]], [[2, 1]], place)",
    "from lists of rows": "t = fluid.create_lod_tensor([[[1, 2], [3, 4]], [[5, 6]]], [[2, 1]], place)",
    "empty sequences": "t = fluid.create_lod_tensor(a, [[0, 5, 0]], place)",
    "tuples": "t = fluid.create_lod_tensor(a, ((2, 3),), place)",
    "lengths of an array": "t = fluid.create_lod_tensor(a, [np.array([2, 3])], place)",
    "set later": "t = fluid.LoDTensor(); t.set(a, place); t.set_recursive_sequence_lengths([[2, 3]])",
    "set as offsets": "t = fluid.LoDTensor(); t.set(a, place); t.set_lod([[0, 2, 5]])",
    "too few rows": "t = fluid.create_lod_tensor(a, [[2, 2]], place)",
    "levels that do not add up": "t = fluid.create_lod_tensor(a, [[3], [2, 3]], place)",
    "no list of lists": "t = fluid.create_lod_tensor(a, [2, 3], place)",
    "negative": "t = fluid.create_lod_tensor(a, [[-1, 6]], place)",
    "fractions": "t = fluid.create_lod_tensor(a, [[2.0, 3.0]], place)",
    "lists that do not fit": "t = fluid.create_lod_tensor([[1, 2], [3]], [[2, 2]], place)",
    "a list of numbers": "t = fluid.create_lod_tensor([1, 2], [[2]], place)",
    "a string": "t = fluid.create_lod_tensor('x', [[2]], place)",
    "offsets from 1": "t = fluid.LoDTensor(); t.set(a, place); t.set_lod([[1, 2, 5]])",
    "offsets that fall": "t = fluid.LoDTensor(); t.set(a, place); t.set_lod([[0, 3, 2, 5]])",
    "offsets that end early": "t = fluid.LoDTensor(); t.set(a, place); t.set_lod([[0, 2, 4]])",
    "random": "t = fluid.create_random_int_lodtensor([[2, 3]], [3], place, 7, 7)",
    "random, no list": "t = fluid.create_random_int_lodtensor([[2, 3]], 3, place, 7, 7)",
}
RUN = """
x = fluid.data('x', [-1, 2], 'float32', lod_level=1)
w = fluid.data('w', [-1, 2], 'float32')
outs = [layers.relu(x), layers.reduce_sum(x), layers.scale(w, 2.0), x]
levels = [out.lod_level for out in outs]
t = fluid.create_lod_tensor(a, [[2, 3]], fluid.CPUPlace())
"""
RUNS = {
    "arrays of values with levels of detail": "exe.run(feed={'x': t, 'w': a}, fetch_list=outs)",
    "arrays of values without them": "answers['y'] = exe.run(feed={'x': t, 'w': a}, fetch_list=outs[1:3])[1]",
    "an array is fed": "answers['y'] = exe.run(feed={'x': a, 'w': a}, fetch_list=outs)[0]",
    "undeclared levels": "facts['lods'] = [f.lod() for f in exe.run(feed={'x': a, 'w': t}, fetch_list=outs, return_numpy=False)]",
    "LoD tensors": "facts['lods'] = [f.recursive_sequence_lengths() for f in exe.run(feed={'x': t, 'w': a}, fetch_list=outs, return_numpy=False)]; facts['levels'] = levels",
    "another number of levels": "t = fluid.create_lod_tensor(a, [[1, 1], [2, 3]], fluid.CPUPlace()); facts['lods'] = [f.lod() for f in exe.run(feed={'x': t, 'w': a}, fetch_list=outs, return_numpy=False)]",
    "a clone for testing": "p = fluid.default_main_program().clone(for_test=True); facts['lods'] = [f.lod() for f in exe.run(p, feed={'x': t, 'w': a}, fetch_list=[o.name for o in outs], return_numpy=False)]",
    "a nested list": "exe.run(feed={'x': [[1.0, 2.0], [3.0, 4.0]], 'w': a}, fetch_list=outs)",
    "what is fetched is fed": "f = exe.run(feed={'x': t, 'w': a}, fetch_list=outs, return_numpy=False)[0]; facts['lods'] = [g.lod() for g in exe.run(feed={'x': f, 'w': f}, fetch_list=outs, return_numpy=False)]",
}
BROADCAST = """
layers.elementwise_add(z, x)
layers.concat([x, y])
layers.strided_slice(x, axes=[0], starts=[4], ends=[0], strides=[-1])
"""
DIFFERS = {
    "elementwise_add(z, x)": Differs(
        "Paddle gives a sum the levels of detail of its first operand even where broadcasting "
        "has given it more rows, so that they do not add up; here it has none then",
        report={"lods.out": []},
    ),
    "concat([x, y])": Differs(
        "Paddle joins the sequences of tensors that are joined row after row; here the result has "
        "no levels of detail",
        report={"outs.out.lod_level": 1, "lods.out": []},
    ),
    "strided_slice(x, axes=[0]": Differs(
        "Paddle leaves a part of the rows the levels of detail of all, which do not add up; here "
        "it has none",
        report={"outs.out.lod_level": 1, "lods.out": []},
    ),
}


def _snippets() -> Iterator[Snippet]:
    x, y = floats(5, 4), floats(5, 4, seed=1)
    lods = {"x": [[2, 3]], "y": [[1, 0, 4]]}
    options = {"lods": lods}
    yield from over(ROWS, x=x, y=y, only="levels", options=options)
    yield from over(ROWS, x=x, y=y, only="levels", options=options, unknown=True)
    yield from over(
        BROADCAST,
        x=x,
        y=y,
        z=floats(1, 4),
        unknown=True,
        only="levels",
        options={"lods": {**lods, "z": [[1]]}},
    )
    yield from over(
        IMAGES, x=floats(3, 2, 4, 4), only="levels", options={"lods": {"x": [[2, 1]]}, "terms": 2.0}
    )
    label = np.array([[1], [0], [3], [2], [1]], "int64")
    yield from over(
        LOSSES,
        x=floats(5, 4),
        i=label,
        only="levels",
        options={"lods": {"x": [[2, 3]], "i": [[5]]}},
    )
    a = {"a": floats(5, 2)}
    told = "; answers['values'] = np.array(t); facts['lod'] = t.lod(); facts['lengths'] = t.recursive_sequence_lengths(); facts['valid'] = t.has_valid_recursive_sequence_lengths()"
    for name, source in TENSORS.items():
        yield Snippet(
            f"a LoD tensor: {name}", f"place = fluid.CPUPlace(); {source}{told}", a, mode="script"
        )
    for name, source in RUNS.items():
        yield Snippet(f"a run with levels of detail: {name}", RUN + source, a, mode="script")


SNIPPETS = tuple(_snippets())
