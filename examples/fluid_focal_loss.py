"""Train a linear classifier on noise with the sigmoid focal loss of PaddlePaddle 1.8.

A static-graph program as they were written for `paddle.fluid`: one global average pool, one
fully connected layer and the focal loss, whose normalizer is counted inside the program.

    python fluid_focal_loss.py [--dtype float32] [--iterations 20] [--dump trained.npz]
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import paddle.fluid as fluid

BATCH, CLASSES, SIZE = 32, 10, 16


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dtype", choices=["float64", "float32"], default="float64")
    parser.add_argument("--seed", type=int, default=90, help="of the weights (default: 90)")
    parser.add_argument("--iterations", type=int, default=20, help="batches (default: 20)")
    parser.add_argument("--dump", metavar="FILE", help="write weights and losses to an npz file")
    return parser.parse_args()


def build(dtype: str) -> Any:
    """Append the network to the default program; return its loss, of shape [1]."""
    image = fluid.data("x", shape=[-1, 3, -1, -1], dtype=dtype)
    label = fluid.data("label", shape=[-1, 1], dtype="int32")

    pooled = fluid.layers.pool2d(image, pool_type="avg", global_pooling=True)
    logits = fluid.layers.fc(pooled, size=CLASSES)
    logits = fluid.layers.reshape(logits, shape=[-1, CLASSES])

    # Labels are 1..CLASSES, 0 is background: a row is foreground where its label is >= 1.
    one = fluid.layers.fill_constant(shape=[1], dtype="int32", value=1)
    foreground = fluid.layers.cast(fluid.layers.greater_equal(label, one), dtype="int32")
    fg_num = fluid.layers.reduce_sum(foreground)

    loss = fluid.layers.sigmoid_focal_loss(
        x=logits, label=label, fg_num=fg_num, gamma=2.0, alpha=0.25
    )
    return fluid.layers.reduce_sum(loss)


def batch_of(random: np.random.RandomState, dtype: str) -> dict[str, Any]:
    """Draw a batch: images in 0..255 and a label in 0..CLASSES for each."""
    return {
        "x": random.uniform(0, 255, (BATCH, 3, SIZE, SIZE)).astype(dtype),
        "label": random.randint(0, CLASSES + 1, (BATCH, 1)).astype("int32"),
    }


def weights() -> dict[str, Any]:
    """Copy every parameter out of the scope."""
    scope = fluid.global_scope()
    return {
        variable.name: np.array(scope.find_var(variable.name).get_tensor())
        for variable in fluid.default_main_program().list_vars()
        if isinstance(variable, fluid.framework.Parameter)
    }


def main() -> None:
    """Build the program, train it, and print the loss of every batch."""
    options = parse_arguments()
    fluid.default_startup_program().random_seed = options.seed
    fluid.default_main_program().random_seed = options.seed

    loss = build(options.dtype)
    fluid.optimizer.MomentumOptimizer(learning_rate=0.001, momentum=0.9).minimize(loss)

    executor = fluid.Executor(fluid.CPUPlace())
    executor.run(fluid.default_startup_program())
    initial = weights()

    random = np.random.RandomState(1234)
    losses = []
    for iteration in range(options.iterations):
        (value,) = executor.run(feed=batch_of(random, options.dtype), fetch_list=[loss])
        losses.append(value[0])
        print(f"iteration {iteration:2d}   loss {value[0]:.6f}")

    if options.dump:
        arrays = {"initial " + name: array for name, array in initial.items()}
        arrays.update(("trained " + name, array) for name, array in weights().items())
        np.savez(options.dump, losses=np.array(losses), **arrays)


if __name__ == "__main__":
    main()
