"""Records a small inference model of Paddle 2.x: run by an interpreter that has 2.6.2.

Usage: inference_model_of_2.py DIRECTORY. Writes model.pdmodel, without the paths of this machine,
model.pdiparams, and outputs.npz with what goes in, ``x``, and what comes out, ``y``.
"""

import importlib
import os
import sys
from typing import Any

import numpy as np
import paddle

paddle.enable_static()
static: Any = paddle.static


def build() -> Any:
    functional = paddle.nn.functional
    x = static.data("x", [None, 3, 8, 8], "float32")
    y = paddle.nn.BatchNorm2D(4)(paddle.nn.Conv2D(3, 4, 3, padding=1)(x))
    y = functional.max_pool2d(functional.relu(y), 2, 2)
    y = paddle.concat([y, paddle.transpose(y, [0, 1, 3, 2])], axis=1)
    y = functional.hardswish(functional.sigmoid(y) * 2.0)
    row = functional.softmax(paddle.nn.Linear(128, 5)(paddle.flatten(y, 1)))
    pooled = paddle.nn.Linear(8, 5)(paddle.squeeze(functional.adaptive_avg_pool2d(y, 1), [2, 3]))
    best, _ = paddle.topk(row + pooled[:, 0:], 2)
    place = paddle.cast(paddle.argmax(row, 1, keepdim=False), "float32")
    return x, paddle.concat([row, best, paddle.unsqueeze(place, 1)], axis=1)


def record(directory: str) -> None:
    main, startup = static.Program(), static.Program()
    executor = static.Executor(paddle.CPUPlace())
    path = os.path.join(directory, "model")
    with static.program_guard(main, startup):
        x, y = build()
        executor.run(startup)
        static.save_inference_model(path, [x], [y], executor, program=main)
        fed = np.random.RandomState(0).rand(2, 3, 8, 8).astype("float32")
        testing = main.clone(for_test=True)
        (found,) = executor.run(testing, feed={"x": fed}, fetch_list=[y])
    np.savez_compressed(os.path.join(directory, "outputs"), x=fed, y=found)
    without_paths(path + ".pdmodel")


def without_paths(path: str) -> None:
    """Drop from a program the lines of code that built it."""
    messages: Any = importlib.import_module("paddle.base.proto.framework_pb2")
    program = messages.ProgramDesc()
    with open(path, "rb") as file:
        program.ParseFromString(file.read())
    for block in program.blocks:
        for op in block.ops:
            for attr in op.attrs:
                if attr.name == "op_callstack":
                    del attr.strings[:]
    with open(path, "wb") as file:
        file.write(program.SerializeToString())


if __name__ == "__main__":
    record(sys.argv[1])
