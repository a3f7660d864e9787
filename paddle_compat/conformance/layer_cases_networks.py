"""Snippets of more layers of networks: activations, normalisation, dropout, other convolutions."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from paddle_compat.conformance.snippet_tables import FLOATS, floats, over
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


def _activations() -> Iterator[Snippet]:
    for dtype in FLOATS:
        yield from over(ACTIVATION, x=floats(3, 4, dtype=dtype))
        edges = np.array([-100, -3, -2, -1, -0.0, 0, 1, 2, 3, 6, 50, 1000.0], dtype)
        yield from over(EDGES, only="edges", x=edges)
    yield from over(ACTIVATION, unknown=True, x=floats(3, 4))
    yield from over(ACTIVATION_REFUSED, x=floats(3, 4))
    yield from over(PICTURES, x=floats(2, 4, 3, 5))
    yield from over(PICTURES, unknown={"x": (0, 2, 3)}, x=floats(2, 4, 3, 5))


SNIPPETS = [*_activations()]
