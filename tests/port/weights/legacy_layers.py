"""Real Paddle 1.8.5's layers, computed at once: saves their state and what they compute.

Usage: python legacy_layers.py FOLDER
"""

import sys

import numpy as np
import paddle.fluid as fluid
from paddle.fluid import dygraph

ROOT = sys.argv[1]


class Network(dygraph.Layer):  # type: ignore[misc]
    """The network of `legacy_network.py`."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = dygraph.Conv2D(3, 4, 3)
        self.bn = dygraph.BatchNorm(4)
        self.fc = dygraph.Linear(16, 16)
        self.norm = dygraph.LayerNorm(16)
        self.head = dygraph.Linear(16, 2)

    def forward(self, x):  # type: ignore[no-untyped-def]
        """Return two numbers for each picture."""
        x = fluid.layers.relu(self.bn(self.conv(x)))
        x = fluid.layers.relu(self.fc(fluid.layers.reshape(x, [-1, 16])))
        return self.head(self.norm(x))


def main() -> None:
    """Save a network whose values tell every weight from every other."""
    random = np.random.RandomState(11)
    network = Network()
    for _, value in sorted(network.state_dict().items()):
        low = 0.2 if len(value.shape) == 1 else -0.5
        value.set_value(random.uniform(low, 1.0, value.shape).astype("float32"))
    network.eval()
    pictures = random.uniform(-1, 1, [5, 3, 4, 4]).astype("float32")
    result = network(dygraph.to_variable(pictures)).numpy()
    fluid.save_dygraph(network.state_dict(), ROOT + "/layers")
    np.savez(ROOT + "/answers.npz", x=pictures, y=result)


with dygraph.guard():
    main()
