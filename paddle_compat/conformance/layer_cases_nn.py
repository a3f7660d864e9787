"""Snippets of the layers of networks: convolution, pooling, fc, normalisation, resizing, losses."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from paddle_compat.conformance.snippet_tables import FLOATS, floats, over
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

LONG_SUM = {"terms": 2.0}

CONV = """
layers.conv2d(x, 6, 3)
layers.conv2d(x, num_filters=4, filter_size=1, bias_attr=False)
layers.conv2d(x, 4, 3, padding=1)
layers.conv2d(x, 4, 3, stride=2, padding=1)
layers.conv2d(x, 4, 3, stride=[2, 1], padding=[1, 0])
layers.conv2d(x, 4, (3, 2), padding=(1, 2))
layers.conv2d(x, 4, 3, padding=[1, 2, 0, 1])
layers.conv2d(x, 4, 3, padding=[[0, 0], [0, 0], [1, 2], [2, 1]])
layers.conv2d(x, 4, 3, padding='SAME')
layers.conv2d(x, 4, 3, stride=2, padding='same')
layers.conv2d(x, 4, 3, padding='VALID')
layers.conv2d(x, 4, 3, dilation=2, padding=2)
layers.conv2d(x, 4, 3, dilation=[1, 2])
layers.conv2d(x, 6, 3, groups=2)
layers.conv2d(x, 4, 3, groups=4)
layers.conv2d(x, 8, 3, groups=4, padding=1)
layers.conv2d(x, 4, 3, act='relu')
layers.conv2d(x, 4, 3, act='sigmoid', name='head')
layers.conv2d(x, 4, 3, use_cudnn=False)
layers.conv2d(x, 4, 3, param_attr=fluid.ParamAttr(name='w'), bias_attr=fluid.ParamAttr(name='b'))
layers.conv2d(x, 4, 3, param_attr='w', bias_attr='b')
layers.conv2d(x, 4, 3, param_attr=fluid.initializer.Constant(0.1), bias_attr=fluid.initializer.Constant(2.0))
layers.conv2d(x, 4, 3, param_attr=fluid.ParamAttr(initializer=fluid.initializer.Normal(0.0, 0.01)))
layers.conv2d(x, 4, 3, bias_attr=fluid.ParamAttr(learning_rate=2.0, regularizer=fluid.regularizer.L2Decay(0.0)))
layers.conv2d(x, 4, 3, param_attr=fluid.ParamAttr(trainable=False))
y = layers.conv2d(x, 4, 3, padding=1, param_attr='w'); out = layers.conv2d(y, 4, 3, param_attr='w')
layers.conv2d(layers.conv2d(x, 4, 1, act='relu'), 2, 3, act='tanh')
layers.conv2d(layers.transpose(x, [0, 2, 3, 1]), 4, 3, data_format='NHWC')
layers.conv2d(x, 4, 3, bias_attr=True)
"""
CONV_REFUSED = """
layers.conv2d(x, 4)
layers.conv2d(x, 4, 9)
layers.conv2d(x, 5, 3, groups=2)
layers.conv2d(x, 6, 3, groups=3)
layers.conv2d(x, 4, 3, groups=0)
layers.conv2d(x, 4, 3, padding='nonsense')
layers.conv2d(x, 4, 3, padding=[1, 2, 3])
layers.conv2d(x, 4, 3, stride=0)
layers.conv2d(x, 4, 3, stride='a')
layers.conv2d(x, 4, 3, dilation=0)
layers.conv2d(x, 4, 3, padding=-1)
layers.conv2d(x, 4, [3, 3, 3])
layers.conv2d(x, 4, 0)
layers.conv2d(x, 0, 3)
layers.conv2d(x, 4.0, 3)
layers.conv2d(x, 4, 3.0)
layers.conv2d(x, 4, 3, use_cudnn='yes')
layers.conv2d(x, 4, 3, data_format='CHWN')
layers.conv2d(x, 4, 3, act='nonsense')
layers.conv2d(x, 4, 3, param_attr=False)
layers.conv2d(x, 4, 3, param_attr=3)
layers.conv2d(x[0], 4, 3)
layers.conv2d(np.ones([1, 4, 7, 7], 'float32'), 4, 3)
layers.conv2d(layers.cast(x, 'int32'), 4, 3)
layers.conv2d([x], 4, 3)
a = layers.conv2d(x, 4, 3, param_attr='w'); out = layers.conv2d(x, 4, 1, param_attr='w')
"""
POOL = """
layers.pool2d(x, pool_type='avg', global_pooling=True)
layers.pool2d(x, pool_type='max', global_pooling=True)
layers.pool2d(x, 3, 'avg', 2, 1, global_pooling=True)
layers.pool2d(x, 2)
layers.pool2d(x, 2, 'max', 2)
layers.pool2d(x, pool_size=2, pool_type='avg', pool_stride=2)
layers.pool2d(x, 3, 'max', 2, 1)
layers.pool2d(x, 3, 'avg', 2, 1)
layers.pool2d(x, 3, 'avg', 2, 1, exclusive=False)
layers.pool2d(x, [3, 2], 'max', [2, 1], [1, 0])
layers.pool2d(x, 3, 'max', 2, 0, ceil_mode=True)
layers.pool2d(x, 3, 'avg', 2, 1, ceil_mode=True)
layers.pool2d(x, 2, 'avg', 2, 0, ceil_mode=True, exclusive=False)
layers.pool2d(x, 2, 'avg', 2, [0, 1, 1, 0])
layers.pool2d(x, 2, 'max', 2, 'SAME')
layers.pool2d(x, 2, 'avg', 2, 'SAME')
layers.pool2d(x, 2, 'max', 2, 'VALID')
layers.pool2d(x, 3, 'max', 1, 1, name='p')
layers.pool2d(x, 3, 'max', 2, 1, use_cudnn=False)
"""
POOL_REFUSED = """
layers.pool2d(x)
layers.pool2d(x, 2, 'nonsense')
layers.pool2d(x, 9, 'max')
layers.pool2d(x, 2, 'max', 0)
layers.pool2d(x, 2, 'max', 1, 'nonsense')
layers.pool2d(x, 2, 'max', 1, 3)
layers.pool2d(x, 2, 'max', 1, [1, 2, 3])
layers.pool2d(x, -2, 'max')
layers.pool2d(x, 0, 'max')
layers.pool2d(x, 'a', 'max')
layers.pool2d(x, [2, 2, 2], 'max')
layers.pool2d(x, 2.0, 'max')
layers.pool2d(x[0], 2, 'max')
layers.pool2d(layers.cast(x, 'int32'), 2, 'max')
layers.pool2d(np.ones([1, 1, 4, 4], 'float32'), 2, 'max')
layers.pool2d(x, 2, 'max', use_cudnn=3)
layers.pool2d(x, 2, 'max', data_format='CHWN')
layers.pool2d(x, 2, 'max', 2, 'VALID', ceil_mode=True)
"""
FC = """
layers.fc(x, 4)
layers.fc(input=x, size=4, num_flatten_dims=2)
layers.fc(x, 4, num_flatten_dims=-1)
layers.fc(x, 4, bias_attr=False)
layers.fc(x, 4, act='sigmoid')
layers.fc(x, 4, act='relu')
layers.fc(x, 4, act='softmax')
layers.fc(x, 4, act='tanh', bias_attr=False)
layers.fc(x, 4, name='head')
layers.fc(layers.fc(x, 3), 2)
y = layers.fc(x, 4, name='head'); out = [y, layers.fc(x, 4, name='head')]
layers.fc(x, 4, param_attr='w', bias_attr='b')
layers.fc(x, 4, param_attr=fluid.ParamAttr(name='w', initializer=fluid.initializer.Constant(0.5)))
layers.fc(x, 4, param_attr=fluid.ParamAttr(learning_rate=0.5), bias_attr=fluid.ParamAttr(regularizer=fluid.regularizer.L1Decay(0.1)))
layers.fc([x, x], 4)
layers.fc([x, layers.reduce_sum(x, dim=2)], 4)
layers.fc([x, x], 4, param_attr=['w', 'v'])
layers.fc([x, x], 4, param_attr='w')
layers.fc(x, 4, bias_attr=fluid.initializer.Constant(1.0))
layers.fc(x, 4, param_attr=fluid.initializer.MSRA(uniform=False))
"""
FC_REFUSED = """
layers.fc(x, 0)
layers.fc(x, 2.0)
layers.fc(x, -3)
layers.fc(x, 'a')
layers.fc(x, 4, num_flatten_dims=3)
layers.fc(x, 4, num_flatten_dims=0)
layers.fc(x, 4, num_flatten_dims=7)
layers.fc(x, 4, act='nonsense')
layers.fc(x, 4, param_attr=False)
layers.fc(x, 4, param_attr=3)
layers.fc(x, 4, bias_attr='b', param_attr='b')
layers.fc(np.ones([2, 3], 'float32'), 4)
layers.fc(layers.cast(x, 'int32'), 4)
layers.fc([], 4)
layers.fc([x, 3.0], 4)
layers.fc(layers.reduce_sum(x), 4)
layers.fc(x)
a = layers.fc(x, 4, param_attr='w'); out = layers.fc(x, 5, param_attr='w')
"""
NORM = """
layers.group_norm(x, groups=2)
layers.group_norm(input=x, groups=4)
layers.group_norm(x, 1)
layers.group_norm(x, 2, epsilon=0.1)
layers.group_norm(x, 2, param_attr=False, bias_attr=False)
layers.group_norm(x, 2, bias_attr=False)
layers.group_norm(x, 2, act='relu')
layers.group_norm(x, 2, name='gn')
layers.group_norm(x, 2, param_attr=fluid.ParamAttr(name='s', initializer=fluid.initializer.Constant(2.0)), bias_attr=fluid.ParamAttr(name='o', initializer=fluid.initializer.Constant(-1.0)))
layers.group_norm(x, 2, param_attr='s', bias_attr='o')
layers.affine_channel(x, scale=layers.create_parameter([4], 'float32', default_initializer=fluid.initializer.Constant(2.0)), bias=layers.create_parameter([4], 'float32', default_initializer=fluid.initializer.Constant(1.0)))
layers.affine_channel(x, scale=layers.fill_constant([4], 'float32', 2.0), bias=layers.fill_constant([4], 'float32', 0.5))
layers.affine_channel(x, layers.fill_constant([4], 'float32', 2.0), layers.fill_constant([4], 'float32', 0.5), act='relu', name='ac')
layers.affine_channel(x, layers.fill_constant([4], 'float32', 2.0), layers.fill_constant([4], 'float32', 0.5), data_layout='NCHW')
"""
NORM_REFUSED = """
layers.group_norm(x, 3)
layers.group_norm(x, 0)
layers.group_norm(x, 5)
layers.group_norm(x, -1)
layers.group_norm(x, 2, data_layout='nonsense')
layers.group_norm(x, 2, act='nonsense')
layers.group_norm(x, 2, epsilon=-1.0)
layers.group_norm(np.ones([1, 4, 2, 2], 'float32'), 2)
layers.group_norm(layers.cast(x, 'int32'), 2)
layers.group_norm(layers.reduce_sum(x), 1)
layers.group_norm(x)
layers.affine_channel(x)
layers.affine_channel(x, layers.fill_constant([3], 'float32', 2.0), layers.fill_constant([4], 'float32', 0.5))
layers.affine_channel(x, 2.0, 3.0)
layers.affine_channel(np.ones([1, 4, 2, 2], 'float32'), layers.fill_constant([4], 'float32', 2.0), layers.fill_constant([4], 'float32', 0.5))
"""
RESIZE = """
layers.resize_KIND(x, scale=2.0)
layers.resize_KIND(x, scale=2)
layers.resize_KIND(x, scale=1.5)
layers.resize_KIND(x, scale=0.5)
layers.resize_KIND(x, out_shape=[7, 9])
layers.resize_KIND(input=x, out_shape=(3, 2))
layers.resize_KIND(x, out_shape=[1, 1])
layers.resize_KIND(x, out_shape=[7, 9], scale=3.0)
layers.resize_KIND(x, scale=2.0, align_corners=False)
layers.resize_KIND(x, out_shape=[7, 9], align_corners=False)
layers.resize_KIND(x, out_shape=[3, 2], align_corners=False)
layers.resize_KIND(x, scale=2.0, name='r')
layers.resize_KIND(x, scale=layers.fill_constant([1], 'float32', 2.0))
layers.resize_KIND(x, out_shape=layers.assign(np.array([6, 8], 'int32')))
"""
IMAGE_RESIZE = """
layers.image_resize(x, scale=2.0)
layers.image_resize(x, [7, 9], resample='NEAREST')
layers.image_resize(input=x, out_shape=[3, 2], resample='BILINEAR', align_corners=False, align_mode=0)
layers.image_resize(x, [7, 9], None, 'r', 'NEAREST', None, False)
layers.image_resize(x, [7, 9], resample='nearest')
layers.image_resize(x, [7, 9], resample='CUBIC')
layers.image_resize(x, resample='NEAREST')
layers.image_resize_short(x, 3)
layers.image_resize_short(x, 9, 'NEAREST')
layers.image_resize_short(input=x, out_short_len=6, resample='BILINEAR')
layers.image_resize_short(x[0], 3)
"""
RESIZE_REFUSED = """
layers.resize_KIND(x)
layers.resize_KIND(x, scale=0.0)
layers.resize_KIND(x, scale=-1.0)
layers.resize_KIND(x, out_shape=[7])
layers.resize_KIND(x, out_shape=[0, 3])
layers.resize_KIND(x, out_shape=7)
layers.resize_KIND(x, out_shape=[-1, 3])
layers.resize_KIND(x, scale='a')
layers.resize_KIND(x[0], scale=2.0)
layers.resize_KIND(np.ones([1, 1, 2, 2], 'float32'), scale=2.0)
layers.resize_KIND(layers.cast(x, 'int32'), scale=2.0)
layers.resize_KIND(x, scale=2.0, align_corners=1)
layers.resize_KIND(x, scale=2.0, data_format='nonsense')
"""
ENTROPY = """
layers.sigmoid_cross_entropy_with_logits(x, label)
layers.sigmoid_cross_entropy_with_logits(x=x, label=label, ignore_index=-1)
layers.sigmoid_cross_entropy_with_logits(x, label, ignore_index=1)
layers.sigmoid_cross_entropy_with_logits(x, label, ignore_index=-1, normalize=True)
layers.sigmoid_cross_entropy_with_logits(x, label, normalize=True)
layers.sigmoid_cross_entropy_with_logits(x, label, name='ce')
layers.sigmoid_cross_entropy_with_logits(x, label, ignore_index=0.5)
layers.sigmoid_cross_entropy_with_logits(x, np.ones([3, 4], 'float32'))
layers.sigmoid_cross_entropy_with_logits(np.ones([3, 4], 'float32'), label)
layers.sigmoid_cross_entropy_with_logits(x, layers.cast(label, 'int32'))
layers.sigmoid_cross_entropy_with_logits(layers.cast(x, 'int32'), label)
layers.sigmoid_cross_entropy_with_logits(x, layers.reduce_sum(label, dim=1))
layers.sigmoid_cross_entropy_with_logits(x, label, ignore_index='a')
layers.sigmoid_cross_entropy_with_logits(x, layers.reshape(label, [4, 3]))
"""
FOCAL = """
layers.sigmoid_focal_loss(x, label, fg)
layers.sigmoid_focal_loss(x=x, label=label, fg_num=fg, gamma=2., alpha=.25)
layers.sigmoid_focal_loss(x, label, fg, gamma=0.0, alpha=0.5)
layers.sigmoid_focal_loss(x, label, fg, gamma=3)
layers.reduce_sum(layers.sigmoid_focal_loss(x, label, fg))
layers.sigmoid_focal_loss(x, label, fg + 1)
layers.sigmoid_focal_loss(x, label, layers.cast(fg, 'float32'))
layers.sigmoid_focal_loss(x, layers.cast(label, 'int64'), fg)
layers.sigmoid_focal_loss(x, label, 3)
layers.sigmoid_focal_loss(x, label, fg, gamma='a')
layers.sigmoid_focal_loss(np.ones([3, 4], 'float32'), label, fg)
layers.sigmoid_focal_loss(x, layers.reshape(label, [-1]), fg)
layers.sigmoid_focal_loss(layers.reshape(x, [1, 3, 4]), label, fg)
layers.sigmoid_focal_loss(layers.cast(x, 'int32'), label, fg)
"""


def _images() -> Iterator[Snippet]:
    for dtype in FLOATS:
        x = floats(2, 4, 7, 6, dtype=dtype)
        yield from over(CONV, options=LONG_SUM, x=x)
    x = floats(2, 4, 7, 6)
    yield from over(CONV, options=LONG_SUM, unknown={"x": (0, 2, 3)}, x=x)
    yield from over(POOL, options=LONG_SUM, x=x)
    x = floats(2, 4, 7, 6, dtype="float64")
    yield from over(POOL, options=LONG_SUM, unknown={"x": (0, 2, 3)}, x=x)
    x = floats(2, 4, 7, 6)
    yield from over(CONV_REFUSED + POOL_REFUSED, options=LONG_SUM, x=x)
    ties = np.ones((1, 1, 4, 4), "float32")
    yield from over(
        "layers.pool2d(x, 3, 'max', 2, 1)\nlayers.pool2d(x, 2, 'max')", only="ties", x=ties
    )
    yield from over("layers.conv2d(x, 4, 3)", unknown={"x": (1,)}, x=x)
    for kind in ("nearest", "bilinear"):
        lines, refused = (t.replace("KIND", kind) for t in (RESIZE, RESIZE_REFUSED))
        for dtype in FLOATS:
            yield from over(lines, x=floats(2, 3, 4, 5, dtype=dtype))
        yield from over(lines, unknown={"x": (0, 2, 3)}, x=floats(2, 3, 4, 5))
        yield from over(lines, x=floats(1, 2, 1, 3))
        yield from over(refused, x=floats(2, 3, 4, 5))
    modes = """
    layers.resize_bilinear(x, scale=2.0, align_corners=False, align_mode=0)
    layers.resize_bilinear(x, out_shape=[7, 9], align_corners=False, align_mode=0)
    layers.resize_bilinear(x, scale=2.0, align_corners=True, align_mode=0)
    layers.resize_bilinear(x, scale=2.0, align_mode=2)
    layers.resize_nearest(layers.transpose(x, [0, 2, 3, 1]), scale=2.0, data_format='NHWC')
    layers.resize_bilinear(layers.transpose(x, [0, 2, 3, 1]), scale=2.0, data_format='NHWC')
    """
    yield from over(modes, x=floats(2, 3, 4, 5))
    yield from over(IMAGE_RESIZE, x=floats(2, 3, 4, 5))
    yield from over(IMAGE_RESIZE, x=floats(2, 3, 7, 5), unknown=True)
    for dtype in FLOATS:
        lines = NORM.replace("'float32'", f"'{dtype}'")
        yield from over(lines, options=LONG_SUM, x=floats(2, 4, 3, 5, dtype=dtype))
    yield from over(NORM, options=LONG_SUM, unknown={"x": (0, 2, 3)}, x=floats(2, 4, 3, 5))
    yield from over("layers.group_norm(x, 2)", options=LONG_SUM, x=floats(3, 4))
    forward = {**LONG_SUM, "backward": False}
    yield from over("layers.group_norm(x, 2)", options=forward, x=floats(2, 4, 6))
    yield from over(NORM_REFUSED, x=floats(2, 4, 3, 5))
    channel_last = "layers.group_norm(layers.transpose(x, [0, 2, 3, 1]), 2, data_layout='NHWC')"
    yield from over(channel_last, options=LONG_SUM, x=floats(2, 4, 3, 5))
    constant = np.full((2, 4, 3, 3), 3.0, "float32")
    yield from over("layers.group_norm(x, 2)", only="no variance", options=LONG_SUM, x=constant)


def _rows() -> Iterator[Snippet]:
    for dtype in FLOATS:
        yield from over(FC, options=LONG_SUM, x=floats(2, 3, 4, dtype=dtype))
    yield from over(FC, options=LONG_SUM, unknown=True, x=floats(2, 3, 4))
    yield from over(FC_REFUSED, options=LONG_SUM, x=floats(2, 3, 4))
    yield from over("layers.fc(x, 4)", options=LONG_SUM, unknown={"x": (0, 1)}, x=floats(2, 3))
    both = {"x": (0, 2, 3)}
    pooled = "layers.fc(layers.pool2d(x, pool_type='avg', global_pooling=True), 10)"
    yield from over(pooled, options=LONG_SUM, unknown=both, x=floats(2, 3, 4, 4, dtype="float64"))
    labels = np.array([[0, 1, 0.3, -1], [1, 0, 1, 0], [-1, -1, 1, 0.0]])
    for dtype in FLOATS:
        x = floats(3, 4, dtype=dtype, low=-5, high=5)
        unknown = dtype == "float32"
        yield from over(ENTROPY, wrt=("x",), unknown=unknown, x=x, label=labels.astype(dtype))
        label, fg = np.array([[1], [0], [4]], "int32"), np.array([2], "int32")
        rows = {"x": (0,), "label": (0,)}
        yield from over(FOCAL, unknown=rows, x=x, label=label, fg=fg)
    edges = np.array([[100.0, -100.0, 0.0]], "float32")
    label = np.array([[1.0, 0.0, 1.0]], "float32")
    lines = "layers.sigmoid_cross_entropy_with_logits(x, label)"
    yield from over(lines, only="edges", wrt=("x",), x=edges, label=label)
    all_ignored = np.full((1, 3), -1.0, "float32")
    lines = "layers.sigmoid_cross_entropy_with_logits(x, label, ignore_index=-1, normalize=True)"
    yield from over(lines, only="all ignored", wrt=("x",), x=edges, label=all_ignored)
    lines = "layers.sigmoid_cross_entropy_with_logits(x, label)"
    yield from over(lines, wrt=("x", "label"), x=floats(2, 3), label=floats(2, 3, low=0, high=1))


SNIPPETS = [*_images(), *_rows()]
