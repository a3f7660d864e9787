"""Times real Paddle 1.8's sigmoid_focal_loss; run by an interpreter that has it (Python 3.8).

Started as ``python paddle_1x.py problem.npz gradient.npy``. After "ready VERSION TOTAL" on stdout
it answers each line on stdin with the seconds of one forward and backward of the operator: a
program with it, less the same program without it (feed, sum and the sum's gradient).
"""

# ruff: noqa: UP006, UP035 - Python 3.8

import os
import sys
import time
from typing import Any, Dict, List, Tuple

import numpy as np
import paddle
import paddle.fluid as fluid

Arrays = Dict[str, "np.ndarray[Any, Any]"]


def build(with_loss: bool, arrays: Arrays) -> Tuple[Any, List[Any]]:
    """Return (program, fetches): the operator, or its input alone, summed and differentiated."""
    program = fluid.Program()
    with fluid.program_guard(program, fluid.Program()), fluid.unique_name.guard():
        x = fluid.data("x", list(arrays["x"].shape), "float32")
        label = fluid.data("label", list(arrays["label"].shape), "int32")
        foreground = fluid.data("foreground", [1], "int32")
        x.stop_gradient = False
        value = x
        if with_loss:
            value = fluid.layers.sigmoid_focal_loss(x, label, foreground, 2.0, 0.25)
        total = fluid.layers.reduce_sum(value)
        (gradient,) = fluid.gradients([total], [x])
    return program, [total, gradient]


def main() -> None:
    """Answer the parent process until it closes stdin."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what Paddle itself prints goes to stderr
    with np.load(sys.argv[1]) as file:
        arrays = {name: file[name] for name in file.files}
    executor = fluid.Executor(fluid.CPUPlace())
    feed = {}
    for name, array in arrays.items():
        feed[name] = fluid.LoDTensor()
        feed[name].set(array, fluid.CPUPlace())

    programs = [build(with_loss, arrays) for with_loss in (True, False)]

    def run(index: int) -> Tuple[float, Any]:
        program, fetches = programs[index]
        start = time.perf_counter()
        found = executor.run(program, feed=feed, fetch_list=fetches, return_numpy=False)
        return time.perf_counter() - start, found

    _, (total, gradient) = run(0)
    np.save(sys.argv[2], np.array(gradient))
    del gradient
    version = paddle.__dict__["__version__"]
    replies.write(f"ready {version} {float(np.array(total).reshape(-1)[0])!r}\n")
    replies.flush()
    for _ in sys.stdin:
        seconds = run(0)[0] - run(1)[0]
        replies.write(f"{seconds!r}\n")
        replies.flush()


main()
