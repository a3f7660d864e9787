"""Snippets of training: optimizers, regularizers, clipping, schedules, gradients by name."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

import re
from collections.abc import Iterator

from paddle_compat.conformance.snippet_tables import FLOATS, floats, over, program
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

NETWORK = """
hidden = layers.fc(x, 5, act='tanh')
y = layers.fc(hidden, 2)
loss = layers.reduce_mean(y * y)
"""
OPTIMIZERS = """
Momentum(0.1, 0.9)
Momentum(learning_rate=0.1, momentum=0.9, use_nesterov=True)
MomentumOptimizer(0.1, 0.5, regularization=fluid.regularizer.L2Decay(0.1))
Momentum(0.1, 0.9, regularization=fluid.regularizer.L1Decay(0.1))
Momentum(0.1, 0.9, use_nesterov=True, regularization=fluid.regularizer.L2DecayRegularizer(0.01))
Momentum(0.1, 0.0)
SGD(0.1)
SGDOptimizer(learning_rate=0.1)
SGD(0.1, regularization=fluid.regularizer.L2Decay(0.1))
SGD(0.0)
Adam()
Adam(0.1)
AdamOptimizer(learning_rate=0.1, beta1=0.8, beta2=0.9, epsilon=1e-3)
Adam(0.1, regularization=fluid.regularizer.L2Decay(0.1))
Adam(0.1, lazy_mode=True)
Momentum(0.1, 0.9, grad_clip=fluid.clip.GradientClipByValue(0.05))
Momentum(0.1, 0.9, grad_clip=fluid.clip.GradientClipByValue(max=0.05, min=-0.01))
Momentum(0.1, 0.9, grad_clip=fluid.clip.GradientClipByNorm(0.1))
Momentum(0.1, 0.9, grad_clip=fluid.clip.GradientClipByGlobalNorm(0.1))
Momentum(0.1, 0.9, grad_clip=fluid.clip.GradientClipByGlobalNorm(100.0))
Adam(0.1, grad_clip=fluid.clip.GradientClipByGlobalNorm(clip_norm=0.1), regularization=fluid.regularizer.L2Decay(0.1))
Momentum(layers.piecewise_decay([2, 4], [0.1, 0.05, 0.01]), 0.9)
Momentum(layers.linear_lr_warmup(0.1, 3, 0.01, 0.1), 0.9)
Momentum(layers.linear_lr_warmup(layers.piecewise_decay([2, 4], [0.1, 0.05, 0.01]), 3, 0.0, 0.1), 0.9)
SGD(layers.cosine_decay(0.1, 2, 3))
Adam(layers.exponential_decay(0.1, 2, 0.5, staircase=True))
SGD(layers.fill_constant([1], 'float32', 0.1))
SGD(layers.create_global_var([1], 0.1, 'float32', persistable=True))
"""
SCHEDULES = """
layers.piecewise_decay([2, 4], [0.1, 0.05, 0.01])
layers.piecewise_decay(boundaries=[3], values=[1.0, 0.1])
layers.piecewise_decay([1, 2, 3], [1.0, 0.5, 0.25, 0.125])
layers.linear_lr_warmup(0.1, 3, 0.01, 0.1)
layers.linear_lr_warmup(learning_rate=0.1, warmup_steps=4, start_lr=0.0, end_lr=0.2)
layers.linear_lr_warmup(layers.piecewise_decay([4, 5], [0.1, 0.05, 0.01]), 3, 0.0, 0.1)
layers.linear_lr_warmup(layers.cosine_decay(0.1, 2, 3), 3, 0.03, 0.1)
layers.cosine_decay(0.1, 2, 3)
layers.cosine_decay(learning_rate=0.5, step_each_epoch=1, epochs=6)
layers.exponential_decay(0.1, 2, 0.5)
layers.exponential_decay(0.1, 2, 0.5, staircase=True)
layers.natural_exp_decay(0.1, 2, 0.5)
layers.natural_exp_decay(0.1, 2, 0.5, staircase=True)
layers.inverse_time_decay(0.1, 2, 0.5)
layers.inverse_time_decay(0.1, 2, 0.5, staircase=True)
layers.polynomial_decay(0.1, 4)
layers.polynomial_decay(0.1, 4, end_learning_rate=0.01, power=2.0)
layers.polynomial_decay(0.1, 2, 0.01, 1.0, cycle=True)
layers.noam_decay(64, 3)
layers.noam_decay(64, 3, learning_rate=2.0)
"""
REFUSED = """
fluid.optimizer.Momentum(0.1)
fluid.optimizer.Momentum(None, 0.9)
fluid.optimizer.Momentum('a', 0.9)
fluid.optimizer.Momentum(1, 0.9)
fluid.optimizer.Momentum(0.1, None)
fluid.optimizer.Momentum(0.1, 0.9, grad_clip=3.0)
fluid.optimizer.SGD()
fluid.optimizer.SGD(1)
fluid.optimizer.Adam(beta1=None)
fluid.optimizer.Adam(1)
fluid.optimizer.SGD(0.1).minimize(x)
fluid.optimizer.SGD(0.1).minimize(3)
fluid.optimizer.SGD(0.1).minimize(layers.mean(layers.fc(x, 2)), parameter_list=['nonsense'])
fluid.optimizer.SGD(0.1).minimize(layers.cast(layers.mean(layers.fc(x, 2)), 'int32'))
fluid.optimizer.SGD(0.1).minimize(layers.mean(x))
fluid.optimizer.SGD(layers.fill_constant([1], 'int32', 1)).minimize(layers.mean(layers.fc(x, 2)))
fluid.clip.GradientClipByValue('a')
fluid.clip.GradientClipByNorm(None)
layers.piecewise_decay([2, 4], [0.1, 0.05])
layers.piecewise_decay([2], [0.1, 'a'])
layers.linear_lr_warmup('a', 3, 0.0, 0.1)
layers.linear_lr_warmup(1, 3, 0.0, 0.1)
layers.linear_lr_warmup(0.1, 3, 0.2, 0.1)
layers.cosine_decay('a', 2, 3)
fluid.backward.append_backward(3)
fluid.backward.append_backward(layers.fc(x, 2))
fluid.backward.append_backward(layers.mean(layers.fc(x, 2)), parameter_list='w')
fluid.gradients(x, x)
fluid.gradients(layers.mean(layers.fc(x, 2)), 3)
fluid.gradients([], [x])
fluid.gradients(layers.fc(x, 2), x, target_gradients=[x])
fluid.gradients(layers.fc(x, 2), x, target_gradients=[x, x])
fluid.gradients(layers.fc(x, 2), x, no_grad_set={3})
"""
GRADIENTS = {
    "a parameter's gradient by name": "fluid.backward.append_backward(loss)\nfetch = ['fc_0.w_0@GRAD', 'fc_1.b_0@GRAD']",
    "what append_backward returns": "pairs = fluid.backward.append_backward(loss)\nfetch = [g for _, g in pairs]\nfacts = [[p.name, g.name, list(p.shape), list(g.shape)] for p, g in pairs]",
    "append_backward for some parameters": "pairs = fluid.backward.append_backward(loss, parameter_list=['fc_0.w_0'])\nfetch = [g for _, g in pairs]\nfacts = [[p.name, g.name] for p, g in pairs]",
    "append_backward for parameters themselves": "ps = fluid.default_main_program().all_parameters()\npairs = fluid.backward.append_backward(loss, parameter_list=ps[1:3])\nfetch = [g for _, g in pairs]\nfacts = [[p.name, g.name] for p, g in pairs]",
    "append_backward with a no_grad_set": "pairs = fluid.backward.append_backward(loss, no_grad_set={'fc_1.w_0'})\nfetch = [g for _, g in pairs]\nfacts = [[p.name, g.name] for p, g in pairs]",
    "gradients of an intermediate": "fetch = fluid.gradients(loss, [hidden, y])\nfacts = [g.name for g in fetch]",
    "gradients by a parameter": "fetch = fluid.gradients(loss, fluid.default_main_program().all_parameters())\nfacts = [g.name for g in fetch]",
    "gradients with incoming ones": "fetch = fluid.gradients([y], [hidden], target_gradients=[y])\nfacts = [g.name for g in fetch]",
    "gradients of two targets": "z = layers.reduce_sum(hidden)\nfetch = fluid.gradients([loss, z], [hidden])\nfacts = [g.name for g in fetch]",
    "gradients twice": "a = fluid.gradients(loss, hidden)\nb = fluid.gradients(loss, hidden)\nfetch = a + b",
    "gradients of gradients": "x.stop_gradient = False\nz = layers.reduce_sum(x * x * x)\n[g] = fluid.gradients(z, x)\nfetch = [g] + fluid.gradients(layers.reduce_sum(g * g), x)",
    "gradients by what stops them": "facts = fluid.gradients(loss, x)",
    "a stopped intermediate": "hidden.stop_gradient = True\npairs = fluid.backward.append_backward(loss)\nfacts = [p.name for p, _ in pairs]\nfetch = [g for _, g in pairs]",
    "a result used twice": "z = layers.reduce_sum(hidden * hidden + hidden)\nfetch = fluid.gradients(z, hidden)",
    "a parameter's stop_gradient": "p = fluid.default_main_program().all_parameters()[0]\np.stop_gradient = True\npairs = fluid.backward.append_backward(loss)\nfacts = [q.name for q, _ in pairs]\nfetch = [g for _, g in pairs]",
    "a callback is told": "pairs = fluid.backward.append_backward(loss, callbacks=None)\nfetch = [g for _, g in pairs]",
    "the loss's own gradient": "fluid.backward.append_backward(loss)\nfetch = [loss.name + '@GRAD', y.name + '@GRAD', y.grad_name]",
}
MINIMIZED = {
    "what minimize returns": "ops, pairs = fluid.optimizer.Momentum(0.1, 0.9).minimize(loss)\nfacts = [len(ops), [[p.name, g.name] for p, g in pairs]]",
    "a parameter after its update": "fluid.optimizer.SGD(0.1).minimize(loss)\nfetch = ['fc_0.w_0', 'fc_0.w_0@GRAD', y]",
    "two minimize calls": "fluid.optimizer.SGD(0.1).minimize(loss)\nfluid.optimizer.SGD(0.05).minimize(layers.reduce_sum(hidden))",
    "two optimizers": "fluid.optimizer.Momentum(0.1, 0.9).minimize(loss)\nfluid.optimizer.Adam(0.05).minimize(layers.reduce_sum(hidden))",
    "some parameters only": "ops, pairs = fluid.optimizer.SGD(0.1).minimize(loss, parameter_list=['fc_1.w_0', 'fc_1.b_0'])\nfacts = [p.name for p, _ in pairs]",
    "all but some": "fluid.optimizer.SGD(0.1).minimize(loss, no_grad_set={'fc_0.w_0'})",
    "backward and apply_gradients": "o = fluid.optimizer.Momentum(0.1, 0.9)\npairs = o.backward(loss)\no.apply_gradients(pairs)\nfetch = [g for _, g in pairs]",
    "a frozen layer": "hidden.stop_gradient = True\nfluid.optimizer.SGD(0.1).minimize(loss)",
    "set_gradient_clip": "fluid.clip.set_gradient_clip(fluid.clip.GradientClipByGlobalNorm(0.1))\nfluid.optimizer.SGD(0.1).minimize(loss)",
    "an optimizer with a name": "fluid.optimizer.Momentum(0.1, 0.9, name='opt').minimize(loss)",
    "Adam with a name": "fluid.optimizer.Adam(0.1, name='opt').minimize(loss)",
    "a scheduled rate as Variable": "rate = layers.piecewise_decay([2], [0.1, 0.01])\nfluid.optimizer.Momentum(learning_rate=rate, momentum=0.9).minimize(loss)\nfetch = [rate]\nfacts = rate.name",
    "a counter of the user's": "step = layers.create_global_var([1], 0.0, 'float32', persistable=True, name='step')\nlayers.increment(step)\nfluid.optimizer.SGD(0.1).minimize(loss)\nfetch = [step]",
}
PARAMETERS = """
hidden = layers.fc(x, 5, act='relu', param_attr=fluid.ParamAttr(name='w', learning_rate=0.5, regularizer=fluid.regularizer.L2Decay(0.3)), bias_attr=fluid.ParamAttr(name='b', learning_rate=2.0, regularizer=fluid.regularizer.L2Decay(0.0)))
y = layers.fc(hidden, 5, param_attr='w2') + layers.fc(x * 0.5, 5, param_attr='w', bias_attr=fluid.ParamAttr(trainable=False, initializer=fluid.initializer.Constant(0.3)))
loss = layers.reduce_mean(y * y)
"""


# What is read after an update is what the update made.
READ_LATER = """
q = layers.fc(hidden, 2, param_attr='fc_1.w_0', bias_attr='fc_1.b_0')
fetch = [q, layers.reduce_sum(layers.square(q)), 'fc_1.w_0']
"""
TWO_STEPS = """
second = layers.reduce_mean(layers.square(layers.fc(hidden, 2, param_attr='fc_1.w_0', bias_attr=False)))
"""
LATER = (
    "SGD(0.1)",
    "SGD(0.1, regularization=fluid.regularizer.L2Decay(0.1))",
    "Momentum(0.1, 0.9)",
    "Momentum(0.1, 0.9, use_nesterov=True)",
    "Momentum(0.1, 0.9, regularization=fluid.regularizer.L2Decay(0.1))",
    "Momentum(0.1, 0.9, use_nesterov=True, regularization=fluid.regularizer.L1Decay(0.01))",
    "Adam(0.1)",
    "Adam(0.1, regularization=fluid.regularizer.L2Decay(0.1))",
    "Adam(0.1, grad_clip=fluid.clip.GradientClipByGlobalNorm(0.1))",
)


def _steps(name: str, source: str, count: int = 6, terms: float = 4.0, **more: str) -> Snippet:
    x = floats(count, 4, 3, dtype=more.get("dtype", "float32"))
    return program(name, source, count, inputs={"x": x}, unknown={"x": (0,)}, terms=terms)


def _training() -> Iterator[Snippet]:
    for line in OPTIMIZERS.strip().splitlines():
        told = line.replace("layers.", "").replace("fluid.", "")
        # A scheduled rate is float32, and most real optimizers then refuse other parameters.
        for dtype in FLOATS[: 1 if "layers." in line else 2]:
            source = f"{NETWORK}fluid.optimizer.{line}.minimize(loss)"
            yield _steps(f"{told} · {dtype}", source, dtype=dtype)
        if "layers." not in line:
            source = f"{PARAMETERS}fluid.optimizer.{line}.minimize(loss)"
            yield _steps(f"{told} · parameters of many kinds", source)
    for line in LATER:
        told = line.replace("fluid.", "")
        update = f"fluid.optimizer.{line}.minimize(loss)"
        for dtype in FLOATS[: 1 if "Global" in line else 2]:
            source = f"{NETWORK}{update}{READ_LATER}"
            yield _steps(f"{told} · {dtype}, read later", source, dtype=dtype)
        again = f"fluid.optimizer.{line}.minimize(second)"
        source = f"{NETWORK}{update}{TWO_STEPS}{again}"
        yield _steps(f"{told} · twice on one parameter", source)
    for line in SCHEDULES.strip().splitlines():
        source = f"rate = {line}\nfetch = [rate]\nfacts = [rate.name, list(rate.shape), rate.persistable]"
        yield program(line.replace("layers.", ""), source, 8)
    for table in (GRADIENTS, MINIMIZED):
        for name, source in table.items():
            yield _steps(name, f"{NETWORK}{source}", 3)
    for line in REFUSED.strip().splitlines():
        yield Snippet(f"{line.replace('fluid.', '')} · refused", line, {"x": floats(2, 3)})


CONVOLUTION = """
c = layers.conv2d(x, 4, 3, padding=1, bias_attr=fluid.ParamAttr(learning_rate=2.0, regularizer=fluid.regularizer.L2Decay(0.0)))
c = layers.relu(layers.group_norm(c, 2, param_attr='s', bias_attr='o'))
p = layers.pool2d(c, 2, 'max', 2)
u = layers.resize_nearest(p, scale=2.0) + c
y = layers.conv2d(u, 3, 3, padding=1, param_attr=fluid.ParamAttr(initializer=fluid.initializer.Normal(0.0, 0.01)))
z = layers.reshape(layers.transpose(y, [0, 2, 3, 1]), [-1, 3])
label = layers.cast(layers.reduce_sum(layers.reshape(layers.transpose(x, [0, 2, 3, 1]), [-1, 2]), dim=1, keep_dim=True) > 0.0, 'int32')
fg = layers.reduce_sum(label)
loss = layers.reduce_sum(layers.sigmoid_focal_loss(z, label, fg))
fluid.optimizer.Momentum(layers.linear_lr_warmup(layers.piecewise_decay([4], [0.1, 0.01]), 2, 0.0, 0.1), 0.9, regularization=fluid.regularizer.L2Decay(1e-4)).minimize(loss)
fetch = [fg]
"""


def _whole() -> Iterator[Snippet]:
    constant_rate = re.sub(r"layers.linear_lr_warmup.*?0\.1\), ", "0.05, ", CONVOLUTION)
    for dtype, source in zip(FLOATS, (CONVOLUTION, constant_rate), strict=True):
        x = floats(5, 2, 2, 8, 6, dtype=dtype)
        unknown = {"x": (0, 2, 3)}
        name = f"a small detector · {dtype}"
        yield program(name, source, 5, inputs={"x": x}, unknown=unknown, terms=4.0)


EAGER = """
x * 2.0 + 1.0
1.0 - x
x / 2.0
2.0 / x
-x
x ** 2.0
x + y
x * y
x - y
x / y
x > y
x[0]
x[:, 1:]
layers.relu(x)
layers.sigmoid(x)
layers.exp(x)
layers.softmax(x)
layers.tanh(x)
layers.square(x)
layers.abs(x)
layers.mean(x)
layers.reduce_sum(x)
layers.reduce_sum(x, dim=1)
layers.reduce_mean(x, dim=0, keep_dim=True)
layers.reduce_max(x)
layers.reshape(x, [3, 2])
layers.transpose(x, [1, 0])
layers.concat([x, y], axis=1)
layers.stack([x, y])
layers.split(x, 3, dim=1)
layers.unsqueeze(x, [0])
layers.squeeze(layers.unsqueeze(x, [0]), [0])
layers.cast(x, 'int32')
layers.elementwise_add(x, y)
layers.elementwise_max(x, y)
layers.elementwise_mul(x, y, act='relu')
layers.scale(x, 2.0, 1.0)
layers.clip(x, -1.0, 1.0)
layers.sums([x, y])
layers.sigmoid_cross_entropy_with_logits(x, y)
layers.fill_constant([2], 'float32', 3.0)
layers.zeros([2], 'int32')
layers.ones([2], 'float32')
layers.greater_equal(x, y)
layers.flatten(x)
layers.pow(x, 2.0)
layers.leaky_relu(x)
layers.slice(x, axes=[1], starts=[0], ends=[2])
layers.assign(x)
layers.gather(x, layers.zeros([1], 'int32'))
layers.resize_nearest(layers.reshape(x, [1, 1, 2, 3]), scale=2.0)
layers.pool2d(layers.reshape(x, [1, 1, 2, 3]), 2, 'max')
layers.sigmoid_focal_loss(x, layers.ones([2, 1], 'int32'), layers.ones([1], 'int32'))
layers.relu(3.0)
layers.reshape(x, [5, 5])
layers.elementwise_add(x, 'a')
layers.concat([x, layers.zeros([4, 4], 'float32')])
"""


def _eager() -> Iterator[Snippet]:
    options = {"mode": "eager"}
    yield from over(
        EAGER, options=options, only="eager", x=floats(2, 3), y=floats(2, 3, seed=1, low=0.5)
    )


SNIPPETS = [*_training(), *_whole(), *_eager()]
