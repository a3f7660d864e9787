"""Small programs to export."""

from __future__ import annotations

from typing import Any

import numpy as np

from paddle_compat import fluid

LAYERS: Any = fluid.layers


class Network:
    """A small classifier with what behaves otherwise in testing, trained a little or not at all.

    Attributes:
        main: the program, with a training step where a rate is given.
        scope: where its parameters are.
        loss: the loss.
        logits: the logits.
    """

    def __init__(self, rate: float | None = None, seed: int = 3) -> None:
        self.main, self.startup, self.scope = fluid.Program(), fluid.Program(), fluid.Scope()
        self.main.random_seed = self.startup.random_seed = seed
        with fluid.program_guard(self.main, self.startup), fluid.unique_name.guard():
            image = fluid.data("image", [None, 3, 8, 8])
            label = fluid.data("label", [None, 1], "int64")
            x = LAYERS.conv2d(image, 8, 3, padding=1, bias_attr=False, name="stem")
            x = LAYERS.batch_norm(x, act="relu")
            x = LAYERS.pool2d(x, 2, pool_stride=2)
            self.logits = LAYERS.fc(x, 5, name="head")
            losses = LAYERS.softmax_with_cross_entropy(self.logits, label)
            self.loss = LAYERS.mean(losses)
            self.test = self.main.clone(for_test=True)
            if rate is not None:
                fluid.optimizer.MomentumOptimizer(rate, 0.9).minimize(self.loss)
        self.executor = fluid.Executor(fluid.CPUPlace())
        with fluid.scope_guard(self.scope):
            self.executor.run(self.startup)

    def run(self, program: Any, feed: dict[str, Any], fetches: list[Any]) -> list[Any]:
        """Run one of its programs."""
        return self.executor.run(program, feed=feed, fetch_list=fetches, scope=self.scope)

    def value(self, name: str) -> np.ndarray[Any, Any]:
        """Return a copy of a value of its scope."""
        found = self.scope.find_var(name)
        assert found is not None
        return np.array(found.get_tensor())


def batch(seed: int, size: int = 4) -> dict[str, Any]:
    """Return a feed."""
    random = np.random.RandomState(seed)
    return {
        "image": random.randn(size, 3, 8, 8).astype("float32"),
        "label": random.randint(0, 5, [size, 1]),
    }
