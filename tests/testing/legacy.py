"""Functions of `paddle.fluid` 1.8 that the tests record; its Python is 3.8."""

import os
import signal
from typing import Any

import paddle.fluid as fluid

SCALE = 3.0


def focal(logits: Any, label: Any, fg_num: Any, gamma: float, alpha: float = 0.25) -> Any:
    loss = fluid.layers.sigmoid_focal_loss(logits, label, fg_num, gamma, alpha)
    return {"loss": fluid.layers.reduce_sum(loss), "each": [loss, (label, 3, None)]}


def linear(x: Any) -> Any:
    return fluid.layers.fc(x, size=2, act="relu")


def dygraph_linear(x: Any) -> Any:
    return fluid.layers.relu(fluid.dygraph.Linear(3, 2)(x))


def normalised(x: Any) -> Any:
    return fluid.layers.batch_norm(x)


def pooled(x: Any) -> Any:
    return fluid.layers.sequence_pool(x, "sum")


def doubled(x: Any) -> Any:
    return fluid.layers.scale(x, 2.0)


def identity(x: Any) -> Any:
    return x


def refused(x: Any) -> Any:
    return fluid.layers.matmul(x, x)


def own_error(x: Any) -> Any:
    raise KeyError("no such head")


def printing(x: Any) -> Any:
    print("this goes to nobody")
    os.write(1, b"nor this\n")
    return fluid.layers.scale(x, SCALE)


def dying(x: Any) -> Any:
    os.kill(os.getpid(), signal.SIGSEGV)


def hanging(x: Any) -> Any:
    import time

    time.sleep(60)
