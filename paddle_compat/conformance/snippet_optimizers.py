"""Snippets of training with the less common optimizers."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

from collections.abc import Iterator

from paddle_compat.conformance.snippet_tables import FLOATS, floats, program
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

NETWORK = """
hidden = layers.fc(x, 5, act='tanh')
y = layers.fc(hidden, 2, bias_attr=fluid.ParamAttr(learning_rate=2.0))
loss = layers.reduce_mean(y * y)
"""
OPTIMIZERS = """
Adagrad(0.1)
Adagrad(learning_rate=0.1, epsilon=0.01, initial_accumulator_value=0.5)
AdagradOptimizer(0.1, regularization=fluid.regularizer.L2Decay(0.1))
DecayedAdagrad(0.1)
DecayedAdagradOptimizer(0.1, decay=0.5, epsilon=0.01)
RMSPropOptimizer(0.01)
RMSPropOptimizer(0.1, rho=0.5, epsilon=0.01, momentum=0.9)
RMSPropOptimizer(learning_rate=0.1, momentum=0.5, centered=True)
RMSPropOptimizer(0.1, regularization=fluid.regularizer.L2Decay(0.1))
Adamax(0.1)
AdamaxOptimizer(0.1, beta1=0.5, beta2=0.7, epsilon=0.01)
Adadelta(0.1)
AdadeltaOptimizer(0.1, epsilon=0.01, rho=0.5)
Ftrl(0.1)
Ftrl(0.1, l1=0.1)
FtrlOptimizer(0.1, l1=0.01, l2=0.3, lr_power=-0.7)
LarsMomentum(0.1, 0.9)
LarsMomentumOptimizer(0.1, momentum=0.5, lars_coeff=0.1, lars_weight_decay=0.01)
LarsMomentum(0.1, 0.9, lars_weight_decay=0.0)
LambOptimizer(0.1)
LambOptimizer(0.1, lamb_weight_decay=0.1, beta1=0.5, beta2=0.7, epsilon=0.01)
LambOptimizer(0.1, exclude_from_weight_decay_fn=lambda p: p.name.endswith('.b_0'))
"""
REFUSED = """
Adagrad(None)
Adagrad(0.1, epsilon=None)
DecayedAdagrad(0.1, decay=None)
RMSPropOptimizer(None)
RMSPropOptimizer(0.1, rho=None)
Adamax(0.1, beta1=None)
Adadelta(None)
Adadelta(0.1, rho=None)
Ftrl(None)
LarsMomentum(0.1, None)
LambOptimizer(0.1, lamb_weight_decay=None)
LambOptimizer(1)
"""
VARIABLES = {
    "Adam with betas that are variables": "betas = [layers.create_global_var([1], b, 'float32', persistable=True, name=n) for b, n in ((0.8, 'b1'), (0.9, 'b2'))]\nfluid.optimizer.Adam(0.1, beta1=betas[0], beta2=betas[1]).minimize(loss)",
}
LIMITED = {
    "error_clip": "hidden.error_clip = fluid.clip.ErrorClipByValue(max=0.01)",
    "error_clip on both sides": "hidden.error_clip = fluid.clip.ErrorClipByValue(0.02, min=-0.01)",
}


def _training() -> Iterator[Snippet]:
    for line in OPTIMIZERS.strip().splitlines():
        # Some real optimizers have no kernel for float64; ours do.
        single = line.startswith(("DecayedAdagrad", "RMSProp", "Ftrl"))
        for dtype in FLOATS[: 1 if single else 2]:
            x = floats(6, 4, 3, dtype=dtype)
            source = f"{NETWORK}fluid.optimizer.{line}.minimize(loss)"
            name = f"{line.replace('fluid.', '')} · {dtype}"
            yield program(name, source, 6, inputs={"x": x}, unknown={"x": (0,)}, terms=4.0)
    for name, lines in VARIABLES.items():
        x = floats(6, 4, 3)
        source = f"{NETWORK}{lines}"
        yield program(name, source, 6, inputs={"x": x}, unknown={"x": (0,)}, terms=4.0)
    for name, line in LIMITED.items():
        x = floats(6, 4, 3)
        update = "fluid.optimizer.SGD(0.1).minimize(loss)\nfetch = [hidden.name + '@GRAD']"
        source = f"{NETWORK}{line}\n{update}"
        yield program(name, source, 6, inputs={"x": x}, unknown={"x": (0,)}, terms=4.0)
    for line in REFUSED.strip().splitlines():
        yield Snippet(f"{line} · refused", f"fluid.optimizer.{line}", {"x": floats(2, 3)})


SNIPPETS = [*_training()]
