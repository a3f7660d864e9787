"""Snippets written as legacy detection code is: heads, losses, masks and counts in one piece."""

# ruff: noqa: E501 - one statement a line

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippet_tables import FLOATS, floats
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

HEAD = """
def tower(feature, name, size):
    for i in range(2):
        feature = layers.conv2d(feature, 8, 3, padding=1,
            param_attr=fluid.ParamAttr(name='%s_%d_w' % (name, i), initializer=fluid.initializer.Normal(loc=0.0, scale=0.01)),
            bias_attr=fluid.ParamAttr(name='%s_%d_b' % (name, i), learning_rate=2.0, regularizer=fluid.regularizer.L2Decay(0.0)))
        feature = layers.group_norm(feature, groups=4,
            param_attr=fluid.ParamAttr(name='%s_%d_s' % (name, i), regularizer=fluid.regularizer.L2Decay(0.0)),
            bias_attr=fluid.ParamAttr(name='%s_%d_o' % (name, i), regularizer=fluid.regularizer.L2Decay(0.0)))
        feature = layers.relu(feature)
    return layers.conv2d(feature, size, 3, padding=1,
        param_attr=fluid.ParamAttr(name=name + '_out_w', initializer=fluid.initializer.Normal(loc=0.0, scale=0.01)),
        bias_attr=fluid.ParamAttr(name=name + '_out_b', initializer=fluid.initializer.Constant(-4.59511985)))
small = layers.pool2d(x, 2, 'max', 2)
"""
TABLE = {
    "heads shared by two levels": HEAD
    + "out = [tower(x, 'cls', 3), tower(small, 'cls', 3), tower(x, 'reg', 4)]",
    "a scale for each level": HEAD
    + """
out = []
for i, feature in enumerate([x, small]):
    scale = layers.create_parameter(shape=[1], dtype=DTYPE, name='scale_%d' % i, default_initializer=fluid.initializer.Constant(1.0))
    out.append(layers.exp(tower(feature, 'reg', 4) * scale))
""",
    "levels flattened and joined": HEAD
    + """
flat = []
for feature in [tower(x, 'cls', 3), tower(small, 'cls', 3)]:
    feature = layers.transpose(feature, perm=[0, 2, 3, 1])
    flat.append(layers.reshape(feature, shape=(0, -1, 3)))
out = layers.concat(flat, axis=1)
""",
    "levels flattened in full": HEAD
    + """
flat = [layers.reshape(layers.transpose(f, perm=[0, 2, 3, 1]), shape=[-1, 3]) for f in [tower(x, 'cls', 3), small[:, 0:3]]]
out = layers.concat(flat, axis=0)
""",
    "a top-down step": """
c = layers.conv2d(x, 4, 1, param_attr='a', name='lateral')
p = layers.conv2d(layers.pool2d(x, 2, 'max', 2), 4, 1, param_attr='b')
shape = c.shape
out = layers.elementwise_add(x=c, y=layers.resize_nearest(p, scale=2.0)) if shape[2] % 2 == 0 else c
out = layers.conv2d(out, 4, 3, padding=1, name='out')
""",
    "a residual block with affine_channel": """
def affine(y, name):
    scale = layers.create_parameter(shape=[4], dtype=DTYPE, attr=fluid.ParamAttr(name=name + '_scale', learning_rate=0.0), default_initializer=fluid.initializer.Constant(1.5))
    offset = layers.create_parameter(shape=[4], dtype=DTYPE, attr=fluid.ParamAttr(name=name + '_offset', learning_rate=0.0), default_initializer=fluid.initializer.Constant(0.5))
    return layers.affine_channel(y, scale=scale, bias=offset)
y = layers.relu(affine(layers.conv2d(x, 4, 3, padding=1, bias_attr=False, param_attr='w1'), 'bn1'))
y = affine(layers.conv2d(y, 4, 3, padding=1, bias_attr=False, param_attr='w2'), 'bn2')
short = layers.conv2d(x, 4, 1, bias_attr=False, param_attr='w3')
out = layers.elementwise_add(x=short, y=y, act='relu')
""",
    "a stage with a stride": """
y = layers.conv2d(x, 8, 7, stride=2, padding=3, act=None, bias_attr=False, name='conv1')
y = layers.pool2d(input=layers.relu(y), pool_size=3, pool_stride=2, pool_padding=1, pool_type='max')
out = layers.fc(layers.pool2d(y, pool_type='avg', global_pooling=True), 5, act='softmax')
""",
    "a frozen stem": """
y = layers.conv2d(x, 4, 3, padding=1, param_attr='stem')
y.stop_gradient = True
out = layers.conv2d(y, 2, 3, param_attr='head')
""",
}
ROWS = {
    "a box loss": """
inter_h = layers.elementwise_min(p[:, 1], t[:, 1]) + layers.elementwise_min(p[:, 3], t[:, 3])
inter_w = layers.elementwise_min(p[:, 0], t[:, 0]) + layers.elementwise_min(p[:, 2], t[:, 2])
inter = inter_h * inter_w
union = (p[:, 0] + p[:, 2]) * (p[:, 1] + p[:, 3]) + (t[:, 0] + t[:, 2]) * (t[:, 1] + t[:, 3]) - inter
iou = (inter + 1.0) / (union + 1.0)
loss = 0.0 - layers.log(iou) * w
out = layers.reduce_sum(loss) / (layers.reduce_sum(w) + 1e-6)
""",
    "a generalised box loss": """
h = layers.elementwise_max(p[:, 1], t[:, 1]) + layers.elementwise_max(p[:, 3], t[:, 3])
v = layers.elementwise_max(p[:, 0], t[:, 0]) + layers.elementwise_max(p[:, 2], t[:, 2])
hull = h * v
a = (p[:, 0] + p[:, 2]) * (p[:, 1] + p[:, 3])
b = (t[:, 0] + t[:, 2]) * (t[:, 1] + t[:, 3])
i = (layers.elementwise_min(p[:, 1], t[:, 1]) + layers.elementwise_min(p[:, 3], t[:, 3])) * (layers.elementwise_min(p[:, 0], t[:, 0]) + layers.elementwise_min(p[:, 2], t[:, 2]))
u = a + b - i
giou = i / u - (hull - u) / hull
out = layers.reduce_sum((1.0 - giou) * w)
""",
    "a squared box loss": "d = layers.square(p - t)\nout = layers.reduce_mean(layers.sqrt(layers.reduce_sum(d, dim=1) + 1e-6))",
    "rows scaled by their weights": "out = layers.elementwise_mul(p, w, axis=0)",
    "rows scaled by an operator": "out = p * w",
    "a column scaled by weights": "out = layers.reduce_sum(p, dim=1, keep_dim=True) * w",
    "centerness": """
lr = layers.elementwise_min(p[:, 0], p[:, 2]) / layers.elementwise_max(p[:, 0], p[:, 2])
tb = layers.elementwise_min(p[:, 1], p[:, 3]) / layers.elementwise_max(p[:, 1], p[:, 3])
target = layers.sqrt(lr * tb)
target.stop_gradient = True
out = layers.reduce_sum(layers.sigmoid_cross_entropy_with_logits(t[:, 0], target) * w)
""",
    "a positive mask": """
mask = layers.cast(w > 0.5, 'int32')
count = layers.reduce_sum(mask)
mask.stop_gradient = True
count.stop_gradient = True
weight = layers.cast(mask, DTYPE)
out = [layers.elementwise_mul(p, weight, axis=0), weight, count, layers.cast(count, DTYPE) + 1.0]
""",
    "a count of one from a variable": """
n = layers.reduce_sum(layers.cast(w > 0.5, 'int32'))
one = n * 0 + 1
label = layers.cast(w > 0.5, 'int32')
loss = layers.sigmoid_focal_loss(p, layers.reshape(label, [-1, 1]), one, gamma=2.0, alpha=0.25)
out = layers.reduce_sum(loss) / layers.cast(n + 1, DTYPE)
""",
    "focal loss by a sum": """
label = layers.reshape(layers.cast(w * 3.0, 'int32'), shape=(-1, 1))
zero = layers.fill_constant(shape=[1], value=1, dtype='int32')
fg = layers.cast(layers.greater_equal(label, zero), 'int32')
fg = layers.reduce_sum(fg)
fg.stop_gradient = True
out = layers.reduce_sum(layers.sigmoid_focal_loss(x=p, label=label, fg_num=fg, gamma=2.0, alpha=0.25))
""",
    "focal loss by hand": """
prob = layers.sigmoid(p)
one = layers.ones([1], DTYPE)
pos = layers.elementwise_mul(layers.pow(1.0 - prob, 2.0) * layers.log(prob + 1e-12), w, axis=0)
neg = layers.elementwise_mul(layers.pow(prob, 2.0) * layers.log(1.0 - prob + 1e-12), 1.0 - w, axis=0)
out = 0.0 - layers.reduce_sum(0.25 * pos + 0.75 * neg)
""",
    "a weighted mean of rows": "out = layers.reduce_sum(layers.elementwise_mul(x=p, y=w, axis=0), dim=0) / layers.reduce_sum(w)",
    "a softmax of columns": "out = layers.reduce_sum(layers.softmax(p) * layers.log(layers.softmax(t) + 1e-9), dim=1)",
    "sums of losses": "a = layers.reduce_mean(p)\nb = layers.reduce_mean(t * 2.0)\nc = layers.reduce_sum(w)\nout = [layers.sum([a, b, c]), a + b + c]",
    "halves": "a, b = layers.split(p, num_or_sections=2, dim=1)\nout = layers.concat([b, a], axis=1)",
    "corners of boxes": "a, b = layers.split(p, num_or_sections=2, dim=-1)\nout = layers.concat([(a + b) / 2, b - a], axis=1)",
    "rows picked": "i = layers.cast(layers.reshape(layers.fill_constant([2], 'int32', 1), [-1]), 'int32')\nout = layers.gather(p, i)",
    "normalised rows": "out = layers.elementwise_div(p, layers.sqrt(layers.reduce_sum(layers.square(p), dim=1)), axis=0)",
    "clipped deltas": "d = layers.clip(p[:, 2:], -4.0, 4.0)\nout = layers.concat([p[:, :2], layers.exp(d)], axis=1)",
    "a stack of columns": "out = layers.stack([p[:, 0] - t[:, 0], p[:, 1] + t[:, 1]], axis=1)",
}


def _rows() -> Iterator[Snippet]:
    for dtype in FLOATS:
        p = floats(5, 4, dtype=dtype, low=0.5, high=3)
        t = floats(5, 4, dtype=dtype, low=0.5, high=3, seed=1)
        w: Array = np.array([0.0, 1.0, 0.25, 1.0, 0.75], dtype)
        for name, source in ROWS.items():
            text = source.strip("\n").replace("DTYPE", repr(dtype))
            for unknown in ({}, {"p": (0,), "t": (0,), "w": (0,)}):
                told = f"{name} · {dtype}{', rows unknown' if unknown else ''}"
                inputs = {"p": p, "t": t, "w": w}
                yield Snippet(told, text, inputs, ("p", "t"), unknown, terms=1.0)


def _images() -> Iterator[Snippet]:
    for dtype in FLOATS:
        x = floats(2, 4, 8, 6, dtype=dtype)
        for name, source in TABLE.items():
            text = source.strip("\n").replace("DTYPE", repr(dtype))
            for unknown in ({}, {"x": (0,)}, {"x": (0, 2, 3)}):
                told = f"{name} · {dtype}, {len(unknown.get('x', ()))} sizes unknown"
                yield Snippet(told, text, {"x": x}, ("x",), unknown, terms=3.0)


SNIPPETS = [*_rows(), *_images()]
