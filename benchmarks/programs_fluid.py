"""Times static programs of `paddle.fluid` 1.8; runs wherever that can be imported (Python 3.8).

Started as ``programs_fluid.py SIZE BATCH parameters.npz``. After a line with the losses of the
first steps on stdout it answers each command on stdin (a name and a number of calls) with the
seconds of one call:

    fcos      a training step of `examples/fcos_fluid.py`
    overhead  a training step of three tiny fully connected layers
    build     building 1000 layers
    minimize  appending the training step to 1000 layers
"""

# ruff: noqa: UP006, UP035 - Python 3.8

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Callable, Dict, List

import numpy as np
import paddle.fluid as fluid

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))

import fcos_data
import fcos_fluid
import training

SEED, CHECKED_STEPS, BATCHES = 1, 3, 2
# So many that the learning rate does not decay while it is timed.
STEPS = 100_000


def feeds(size: int, batch: int) -> List[Dict[str, Any]]:
    """Return the batches that are fed in turn."""
    random = np.random.RandomState(SEED)
    return [fcos_data.make_batch(random, batch, size) for _ in range(BATCHES)]


class Fcos:
    """The detector's training step."""

    def __init__(self, executor: Any, size: int, batch: int) -> None:
        self.executor, self.feeds, self.calls = executor, feeds(size, batch), 0
        self.program, startup = fluid.Program(), fluid.Program()
        startup.random_seed = SEED
        with fluid.program_guard(self.program, startup), fluid.unique_name.guard():
            fetches = fcos_fluid.build(size, "iou")
            fcos_fluid.minimize(fetches["loss"], STEPS)
        self.fetches = list(fetches.values())
        executor.run(startup)

    def step(self) -> Any:
        """Train on the next batch; return the losses."""
        feed = self.feeds[self.calls % len(self.feeds)]
        self.calls += 1
        return self.executor.run(self.program, feed=feed, fetch_list=self.fetches)


class Small:
    """Three layers whose arithmetic takes no time: what is left is the executor's own."""

    def __init__(self, executor: Any) -> None:
        self.executor = executor
        self.program, startup = fluid.Program(), fluid.Program()
        with fluid.program_guard(self.program, startup), fluid.unique_name.guard():
            x = fluid.data("x", shape=[-1, 4], dtype="float32")
            hidden = fluid.layers.fc(x, size=8, act="relu")
            hidden = fluid.layers.fc(hidden, size=8, act="relu")
            self.loss = fluid.layers.reduce_sum(fluid.layers.fc(hidden, size=1))
            fluid.optimizer.Momentum(learning_rate=1e-9, momentum=0.9).minimize(self.loss)
        self.feed = {"x": np.random.RandomState(0).rand(2, 4).astype("float32")}
        executor.run(startup)

    def step(self) -> Any:
        """Train once."""
        return self.executor.run(self.program, feed=self.feed, fetch_list=[self.loss])


def build_deep(blocks: int = 250) -> Any:
    """Append four layers a block to the default program; return a loss."""
    x = fluid.data("image", shape=[-1, 8, 16, 16], dtype="float32")
    for _ in range(blocks):
        branch = fluid.layers.conv2d(x, num_filters=8, filter_size=3, padding=1, bias_attr=False)
        branch = fluid.layers.group_norm(branch, groups=4)
        branch = fluid.layers.relu(branch)
        x = fluid.layers.elementwise_add(x, branch)
    return fluid.layers.reduce_sum(x)


def time_deep(with_step: bool) -> float:
    """Return the seconds of building 1000 layers, or of appending their training step."""
    with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.unique_name.guard():
        start = time.perf_counter()
        loss = build_deep()
        if with_step:
            start = time.perf_counter()
            fluid.optimizer.Momentum(learning_rate=0.1, momentum=0.9).minimize(loss)
        return time.perf_counter() - start


def timer(step: Callable[[], Any]) -> Callable[[int], float]:
    """Return a function that makes so many calls and returns the seconds of one of them."""

    def run(calls: int) -> float:
        start = time.perf_counter()
        for _ in range(calls):
            step()
        return (time.perf_counter() - start) / calls

    return run


def main() -> None:
    """Answer the parent process until it closes stdin."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what Paddle itself prints goes to stderr
    executor = fluid.Executor(fluid.CPUPlace())
    small = Small(executor)
    small.step()
    detector = Fcos(executor, int(sys.argv[1]), int(sys.argv[2]))
    np.savez(sys.argv[3], **training.parameters(detector.program))
    losses = [[float(v[0]) for v in detector.step()] for _ in range(CHECKED_STEPS)]
    commands: Dict[str, Callable[[int], float]] = {
        "fcos": timer(detector.step),
        "overhead": timer(small.step),
        "build": lambda calls: time_deep(with_step=False),
        "minimize": lambda calls: time_deep(with_step=True),
    }
    replies.write(json.dumps(losses) + "\n")
    replies.flush()
    for line in sys.stdin:
        name, calls = line.split()
        replies.write("{!r}\n".format(commands[name](int(calls))))  # noqa: UP032
        replies.flush()


if __name__ == "__main__":
    main()
