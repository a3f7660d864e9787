"""Snippets of more layers of networks: activations, normalisation, dropout, other convolutions."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from paddle_compat.conformance.snippet_tables import FLOATS, floats, over, program
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

LONG_SUM = {"terms": 10.0}

ACTIVATION = """
layers.relu6(x)
layers.relu6(x, threshold=1.0)
layers.relu6(x, 0.7, name='r')
layers.leaky_relu(x, 0.1)
layers.leaky_relu(x, 0.9)
layers.elu(x)
layers.elu(x, alpha=0.3)
layers.elu(x, 2.0, name='e')
layers.selu(x)
layers.selu(x, scale=1.5, alpha=0.7)
layers.swish(x)
layers.swish(x, beta=0.3)
layers.swish(x, 2.0, name='s')
layers.hard_sigmoid(x)
layers.hard_sigmoid(x, slope=0.6, offset=0.1)
layers.hard_swish(x)
layers.hard_swish(x, threshold=2.0, scale=2.0, offset=1.0)
layers.brelu(x)
layers.brelu(x, t_min=-1.0, t_max=0.3)
layers.brelu(x, -0.5, 0.5, name='b')
layers.soft_relu(x)
layers.soft_relu(x, threshold=1.0)
layers.stanh(x)
layers.stanh(x, scale_a=0.5, scale_b=2.0)
layers.softmax(x)
layers.softmax(x, axis=0)
layers.softmax(x, use_cudnn=False, axis=-2)
layers.prelu(x, 'all')
layers.prelu(x, mode='element')
layers.prelu(x, 'all', param_attr=fluid.ParamAttr(name='slope', initializer=fluid.initializer.Constant(0.1)))
"""
ACTIVATION_REFUSED = """
layers.relu6(layers.cast(x, 'int32'))
layers.elu(3.0)
layers.selu([x])
layers.swish(layers.cast(x, 'int32'))
layers.hard_sigmoid('x')
layers.hard_swish(layers.cast(x, 'int64'))
layers.brelu(layers.cast(x, 'int32'))
layers.soft_relu(layers.cast(x, 'int32'))
layers.prelu(x, 'nonsense')
layers.prelu(layers.cast(x, 'int32'), 'all')
layers.prelu(layers.reduce_sum(x), 'channel')
layers.maxout(x, 2)
"""
PICTURES = """
layers.prelu(x, 'channel')
layers.prelu(x, mode='channel', name='p')
layers.maxout(x, 2)
layers.maxout(x, groups=4)
layers.maxout(layers.transpose(x, [0, 2, 3, 1]), 2, axis=-1)
"""
EDGES = """
layers.relu6(x)
layers.elu(x)
layers.selu(x)
layers.swish(x)
layers.hard_sigmoid(x, 0.25, 0.5)
layers.hard_swish(x)
layers.brelu(x, -1.0, 1.0)
layers.soft_relu(x)
layers.stanh(x)
layers.leaky_relu(x)
layers.prelu(x, 'all')
"""


BATCH_NORM = """
layers.batch_norm(x)
layers.batch_norm(x, act='relu', momentum=0.5, epsilon=0.001)
layers.batch_norm(x, use_global_stats=True)
layers.batch_norm(x, name='bn', moving_mean_name='m', moving_variance_name='v')
layers.batch_norm(x, param_attr='s', bias_attr=fluid.ParamAttr(name='o', initializer=fluid.initializer.Constant(2.0)))
layers.batch_norm(x, momentum=layers.fill_constant([1], 'float32', 0.3))
layers.batch_norm(input=layers.batch_norm(x, act='tanh'), epsilon=0.0001)
"""
BATCH_NORM_FORWARD = """
layers.batch_norm(x, is_test=True)
layers.batch_norm(layers.scale(x, 2.0), in_place=True)
"""
BATCH_NORM_PICTURES = """
layers.batch_norm(layers.transpose(x, [0, 2, 3, 1]), data_layout='NHWC')
layers.instance_norm(x)
layers.instance_norm(x, epsilon=0.001, param_attr='s', bias_attr='o', name='i')
layers.layer_norm(x)
layers.layer_norm(x, begin_norm_axis=2)
layers.layer_norm(x, scale=False, shift=False, begin_norm_axis=3, epsilon=0.001)
layers.layer_norm(x, act='tanh', name='ln', param_attr=fluid.ParamAttr(initializer=fluid.initializer.Constant(0.5)))
"""
NORM_REFUSED = """
layers.batch_norm(x, bias_attr=False)
layers.batch_norm(x, epsilon=0.1)
layers.batch_norm(x, epsilon=-0.1)
layers.batch_norm(x, data_layout='CHWN')
layers.batch_norm(layers.reduce_sum(x))
layers.batch_norm(layers.cast(x, 'int32'))
layers.batch_norm([x])
layers.instance_norm(x, bias_attr=False)
layers.instance_norm(x, epsilon=0.1)
layers.instance_norm(layers.cast(x, 'int32'))
layers.layer_norm(x, begin_norm_axis=4)
layers.layer_norm(x, begin_norm_axis=0)
layers.layer_norm(x, epsilon=0.1)
layers.layer_norm(x, param_attr=False)
layers.layer_norm(x, bias_attr=False)
layers.layer_norm(layers.cast(x, 'int32'))
layers.lrn(layers.cast(x, 'int32'))
layers.lrn(layers.reduce_sum(x))
layers.lrn(x, data_format='CHWN')
layers.lrn(x, n=4)
"""
DROPOUT = """
layers.dropout(x, 0.5)
layers.dropout(x, 0.3, seed=11)
layers.dropout(x, dropout_prob=0.8, dropout_implementation='upscale_in_train')
layers.dropout(x, 0.3, seed=3, name='d', dropout_implementation='upscale_in_train')
layers.dropout(x, 0.0)
layers.dropout(x, 1.0, dropout_implementation='upscale_in_train')
layers.dropout(x, 1.0)
"""
DROPOUT_REFUSED = """
layers.dropout(x, 1.5)
layers.dropout(x, -0.5)
layers.dropout(x, 'a')
layers.dropout(layers.cast(x, 'int32'), 0.5)
layers.dropout(x, 0.5, dropout_implementation='nonsense')
"""
TRANSPOSED = """
layers.conv2d_transpose(x, 6, filter_size=3)
layers.conv2d_transpose(x, 3, filter_size=3, stride=2, padding=1)
layers.conv2d_transpose(x, 3, filter_size=[3, 2], stride=[1, 2], padding=[1, 0])
layers.conv2d_transpose(x, 3, filter_size=3, padding=[1, 0, 2, 1])
layers.conv2d_transpose(x, 3, filter_size=3, padding=[[0, 0], [0, 0], [1, 0], [2, 1]])
layers.conv2d_transpose(x, 3, filter_size=3, stride=2, padding='SAME')
layers.conv2d_transpose(x, 3, filter_size=3, stride=2, padding='VALID')
layers.conv2d_transpose(x, 3, filter_size=3, dilation=2)
layers.conv2d_transpose(x, 6, filter_size=3, groups=2)
layers.conv2d_transpose(x, 4, filter_size=3, groups=4, use_cudnn=False)
layers.conv2d_transpose(x, 3, filter_size=4, stride=2, padding=1, bias_attr=False, act='relu', name='up')
layers.conv2d_transpose(layers.transpose(x, [0, 2, 3, 1]), 3, filter_size=3, data_format='NHWC')
"""
TRANSPOSED_KNOWN = """
layers.conv2d_transpose(x, 3, output_size=[9, 11])
layers.conv2d_transpose(x, 3, output_size=8, filter_size=3, stride=2)
layers.conv2d_transpose(x, 3, output_size=[8, 11], filter_size=3, stride=2)
layers.conv2d_transpose(x, 3, output_size=[7, 12], filter_size=3, stride=[2, 2], padding=[0, 0, 0, 0])
"""
TRANSPOSED_REFUSED = """
layers.conv2d_transpose(x, 3)
layers.conv2d_transpose(x, 3, output_size=30, filter_size=3, stride=2)
layers.conv2d_transpose(x, 3, output_size='a', filter_size=3)
layers.conv2d_transpose(x, 3, filter_size=3, param_attr=False)
layers.conv2d_transpose(x, 3, filter_size=3, data_format='CHWN')
layers.conv2d_transpose(x, 3, filter_size=3, padding='nonsense')
layers.conv2d_transpose(x, 3, filter_size=3, padding=[1, 2, 3])
layers.conv2d_transpose(x, 3, filter_size=[3, 3, 3])
layers.conv2d_transpose(x, 3, filter_size=3, use_cudnn=1)
layers.conv2d_transpose(x, 3, filter_size=3, groups=3)
layers.conv2d_transpose(3.0, 3, filter_size=3)
"""
REARRANGED = """
layers.pixel_shuffle(x, 2)
layers.pixel_shuffle(x, upscale_factor=1)
layers.adaptive_pool2d(x, 1, 'avg')
layers.adaptive_pool2d(x, [2, 3], 'avg')
layers.adaptive_pool2d(x, 2)
layers.adaptive_pool2d(x, pool_size=[3, 2], pool_type='max', name='a')
"""
UNFOLDED = """
layers.unfold(x, 2)
layers.unfold(x, [2, 3], strides=2, paddings=1, dilations=1)
layers.unfold(x, kernel_sizes=[2, 2], strides=[1, 2], paddings=[1, 0], dilations=[1, 2])
layers.unfold(x, 2, paddings=[1, 0, 0, 2])
"""
REARRANGED_REFUSED = """
layers.pixel_shuffle(x, 3)
layers.pixel_shuffle(x, 2.0)
layers.pixel_shuffle(layers.cast(x, 'int32'), 2)
layers.pixel_shuffle(layers.reduce_sum(x), 1)
layers.unfold(layers.reduce_sum(x), 2)
layers.unfold(x, [2, 2, 2])
layers.unfold(x, 2, paddings=[1, 2, 3])
layers.unfold(x, 2, paddings='a')
layers.unfold(x, 9)
layers.adaptive_pool2d(x, 2, 'nonsense')
layers.adaptive_pool2d(x, 2, 3)
layers.adaptive_pool2d(x, 2.0)
layers.adaptive_pool2d(x, 2, 'avg', True)
layers.adaptive_pool2d(x, 2, 'max', 1)
layers.adaptive_pool2d(x, [2, 2, 2])
"""
LRN = """
layers.lrn(x)
layers.lrn(x, n=3, k=2.0, alpha=0.1, beta=0.5, name='l')
"""


def _activations() -> Iterator[Snippet]:
    for dtype in FLOATS:
        yield from over(ACTIVATION, x=floats(3, 4, dtype=dtype))
        edges = np.array([-100, -3, -2, -1, -0.0, 0, 1, 2, 3, 6, 50, 1000.0], dtype)
        yield from over(EDGES, only="edges", x=edges)
    yield from over(ACTIVATION, unknown=True, x=floats(3, 4))
    yield from over(ACTIVATION_REFUSED, x=floats(3, 4))
    yield from over(PICTURES, x=floats(2, 4, 3, 5))
    yield from over(PICTURES, unknown={"x": (0, 2, 3)}, x=floats(2, 4, 3, 5))


def _norms() -> Iterator[Snippet]:
    for dtype in FLOATS:
        x = floats(3, 4, 2, 5, dtype=dtype)
        yield from over(BATCH_NORM + BATCH_NORM_PICTURES, options=LONG_SUM, x=x)
    x = floats(3, 4, 2, 5)
    yield from over(BATCH_NORM, options=LONG_SUM, unknown={"x": (0, 2, 3)}, x=x)
    yield from over("layers.batch_norm(x)", options=LONG_SUM, x=floats(6, 3))
    yield from over("layers.batch_norm(x)", options=LONG_SUM, x=floats(3, 4, 6))
    yield from over("layers.batch_norm(x)", only="one element", x=floats(1, 3, 1, 1))
    yield from over("layers.instance_norm(x)", options=LONG_SUM, x=floats(3, 4, 6))
    yield from over("layers.layer_norm(x)", options=LONG_SUM, unknown=True, x=floats(3, 4))
    yield from over(BATCH_NORM_FORWARD, wrt=(), options={"backward": False}, x=x)
    yield from over(NORM_REFUSED, x=x)
    yield from over(LRN, options=LONG_SUM, x=floats(2, 7, 2, 3))
    for dtype in FLOATS:
        yield from over(DROPOUT, x=floats(4, 9, dtype=dtype))
    yield from over(DROPOUT, unknown=True, x=floats(4, 9))
    yield from over(DROPOUT_REFUSED, x=floats(4, 9))
    tested = "layers.dropout(x, 0.3, is_test=True, dropout_implementation='WAY')"
    for way in ("downgrade_in_infer", "upscale_in_train"):
        lines = tested.replace("WAY", way)
        yield from over(lines, wrt=(), options={"backward": False}, x=floats(2, 3))


def _pictures() -> Iterator[Snippet]:
    for dtype in FLOATS:
        x = floats(2, 4, 3, 5, dtype=dtype)
        yield from over(TRANSPOSED + TRANSPOSED_KNOWN, options=LONG_SUM, x=x)
        yield from over(REARRANGED + UNFOLDED, options=LONG_SUM, x=x)
    x = floats(2, 4, 3, 5)
    some = {"x": (0, 2, 3)}
    yield from over(TRANSPOSED + REARRANGED, options=LONG_SUM, unknown=some, x=x)
    yield from over(TRANSPOSED_REFUSED + REARRANGED_REFUSED, x=x)
    yield from over("layers.conv2d_transpose(x, 4, filter_size=3)", unknown={"x": (1,)}, x=x)


TRAINED = """
c = layers.batch_norm(layers.conv2d(x, 4, 3, padding=1, bias_attr=False), act='relu', moving_mean_name='m')
c = layers.dropout(c, 0.3, dropout_implementation='upscale_in_train')
u = layers.conv2d_transpose(c, 3, filter_size=4, stride=2, padding=1, act='leaky_relu')
u = layers.resize_bilinear(layers.instance_norm(u), out_shape=[6, 6])
s = layers.softmax(layers.fc(layers.adaptive_pool2d(u, 2, 'avg'), 5))
loss = layers.mean(layers.log(s) * layers.log(s))
fluid.optimizer.Adam(0.01, regularization=fluid.regularizer.L2Decay(0.01)).minimize(loss)
fetch = [s, 'm']
"""


def _trained() -> Iterator[Snippet]:
    inputs = {"x": floats(5, 3, 2, 6, 6)}
    unknown = {"x": (0,)}
    yield program("a small network", TRAINED, 5, inputs=inputs, unknown=unknown, terms=20.0)


SNIPPETS = [*_activations(), *_norms(), *_pictures(), *_trained()]
