"""What the findings say of Paddle 1.8.5, measured: prints JSON.

Usage: python facts_1_8.py
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import paddle.fluid as fluid

layers: Any = fluid.layers


def run(build: Any, first: Any = None, **feeds: Any) -> Any:
    """Return what a program computes of arrays, and its shape and dtype.

    first: what the declarations have as first size; None takes the arrays'.
    """
    main, startup = fluid.Program(), fluid.Program()
    with fluid.scope_guard(fluid.Scope()), fluid.program_guard(main, startup):
        with fluid.unique_name.guard():
            data = [
                fluid.data(name, [first or array.shape[0], *array.shape[1:]], str(array.dtype))
                for name, array in sorted(feeds.items())
            ]
            result = build(*data)
        exe = fluid.Executor(fluid.CPUPlace())
        exe.run(startup)
        got = exe.run(main, feed=feeds, fetch_list=[result])[0]
        kept = {
            var.name: np.array(fluid.global_scope().find_var(var.name).get_tensor()).tolist()
            for var in main.list_vars()
            if var.persistable and var.name in ("mean", "variance")
        }
    return {"value": got.tolist(), "shape": list(got.shape), "dtype": str(got.dtype), **kept}


def error(build: Any, **feeds: Any) -> Any:
    """Return the type of the error that a program raises."""
    try:
        run(build, **feeds)
    except Exception as caught:
        return type(caught).__name__
    return None


def f(*values: Any) -> Any:
    return np.array(values, "float32")


def i(*values: Any) -> Any:
    return np.array(values, "int32")


def focal(**more: Any) -> Any:
    def build(x: Any) -> Any:
        label = layers.fill_constant([2, 1], "int32", 1)
        return layers.sigmoid_focal_loss(x, label, layers.fill_constant([1], "int32", 1), **more)

    return build


def float_fg_num(x: Any) -> Any:
    label = layers.fill_constant([2, 1], "int32", 1)
    return layers.sigmoid_focal_loss(x, label, layers.fill_constant([1], "float32", 1))


def norm(x: Any) -> Any:
    return layers.batch_norm(
        x, momentum=0.75, moving_mean_name="mean", moving_variance_name="variance"
    )


def truth() -> Any:
    with fluid.program_guard(fluid.Program(), fluid.Program()):
        zero = layers.fill_constant([1], "float32", 0.0)
        return [bool(zero), not zero]


def minimize_many() -> Any:
    """Return the error of minimizing a loss of several elements."""
    with fluid.program_guard(fluid.Program(), fluid.Program()):
        loss = layers.fc(fluid.data("x", [2, 3]), 4)
        try:
            fluid.optimizer.SGD(0.1).minimize(loss)
        except Exception as caught:
            return type(caught).__name__
        return None


def backward_of_many() -> Any:
    """Return the gradient of several elements at once, where values are computed at once."""
    with fluid.dygraph.guard():
        x = fluid.dygraph.to_variable(LOGITS)
        x.stop_gradient = False
        (x * 3.0).backward()
        return x.gradient().tolist()


def refused() -> Any:
    """Return the arguments of another version that layers refuse."""
    names = [
        *("reduce_" + name for name in ("sum", "mean", "max", "min", "prod", "all", "any")),
        *("squeeze", "unsqueeze", "concat", "stack", "argmax", "softmax", "split", "transpose"),
    ]
    found = []
    with fluid.program_guard(fluid.Program(), fluid.Program()):
        x = fluid.data("x", [2, 3])
        for name in names:
            for argument in ("axis", "dim", "dims", "keepdim", "keepdims"):
                try:
                    getattr(layers, name)(x, **{argument: 1})
                except TypeError as error:
                    if "unexpected keyword argument" in str(error):
                        found.append(name + " " + argument)
                except Exception:
                    pass  # it was taken
    return sorted(found)


LOGITS = f([0.5, -1.0], [2.0, 0.0])
VECTOR, COLUMN = f(1, 2, 3), f([10], [20], [30])
GRID = np.arange(16, dtype="float32").reshape(1, 1, 4, 4)
PROBABILITIES = f([0.7, 0.3], [0.2, 0.8])
LABELS = np.array([[0], [1]], "int64")


def main() -> None:
    resized = {}
    for size in range(1, 12):
        row = np.arange(size, dtype="float32").reshape(1, 1, 1, size)
        for scale in (2, 3):
            out = [scale, size * scale]
            found = run(lambda x, out=out: layers.resize_nearest(x, out_shape=out), x=row)
            resized[f"{size} by {scale}"] = found["value"][0][0][0]
    told = {
        "vector + column": run(lambda a, b: a + b, -1, a=VECTOR, b=COLUMN),
        "column + vector": run(lambda a, b: a + b, -1, a=COLUMN, b=VECTOR),
        "of known size": run(lambda a, b: a + b, a=VECTOR, b=COLUMN),
        "columns by axis": run(
            lambda a, b: layers.elementwise_mul(a, b, axis=0),
            a=np.ones((3, 2), "float32"),
            b=VECTOR,
        ),
        "int / int": run(lambda a, b: a / b, a=i(7, -7), b=i(2, 2)),
        "int / 2": run(lambda a: a / 2, a=i(7, -7)),
        "elementwise_div": run(lambda a, b: layers.elementwise_div(a, b), a=i(7, -7), b=i(2, 2)),
        "int + float": run(lambda a, b: a + b, a=i(1, 2), b=f(1.75, 0.5)),
        "int + 1.0": run(lambda a: a + 1.0, a=i(1, 2)),
        "int + 1.5": error(lambda a: a + 1.5, a=i(1, 2)),
        "int * 0.5": error(lambda a: a * 0.5, a=i(1, 2)),
        "float + int": run(lambda a, b: a + b, a=f(1.75, 0.5), b=i(1, 2)),
        "reduce_sum": run(layers.reduce_sum, x=LOGITS),
        "mean": run(layers.mean, x=LOGITS),
        "concat": run(lambda x: layers.concat([layers.mean(x), layers.mean(x)]), x=LOGITS),
        "stack": run(lambda x: layers.stack([layers.mean(x), layers.mean(x)]), x=LOGITS),
        "first": run(lambda x: layers.mean(x)[0], x=LOGITS),
        "sum of one": run(layers.sum, x=LOGITS),
        "sum of a list": run(lambda x: layers.sum([x, x]), x=LOGITS),
        "resize_nearest": resized,
        "resize_bilinear": run(lambda x: layers.resize_bilinear(x, out_shape=[6, 6]), x=GRID),
        "corners, mode 1": run(
            lambda x: layers.resize_bilinear(x, out_shape=[6, 6], align_corners=False), x=GRID
        ),
        "corners, mode 0": run(
            lambda x: layers.resize_bilinear(
                x, out_shape=[6, 6], align_corners=False, align_mode=0
            ),
            x=GRID,
        ),
        "batch_norm": run(norm, x=GRID),
        "cross_entropy": run(layers.cross_entropy, input=PROBABILITIES, label=LABELS),
        "pool": run(lambda x: layers.pool2d(x, 2), x=GRID),
        "average": run(lambda x: layers.pool2d(x, 2, "avg", pool_stride=2, pool_padding=1), x=GRID),
        "pad": run(lambda x: layers.pad(x, [1, 0, 0, 2]), x=LOGITS),
        "pad2d": run(lambda x: layers.pad2d(x, [1, 0, 0, 2]), x=GRID),
        "focal": run(focal(), x=LOGITS),
        "focal off": run(focal(alpha=-1.0), x=LOGITS),
        "focal by position": run(
            lambda x: layers.sigmoid_focal_loss(
                x,
                layers.fill_constant([2, 1], "int32", 1),
                layers.fill_constant([1], "int32", 1),
                2.0,
                0.25,
            ),
            x=LOGITS,
        ),
        "focal, float fg_num": error(float_fg_num, x=LOGITS),
        "truth": truth(),
        "refused": refused(),
        "minimize of many": minimize_many(),
        "backward of many": backward_of_many(),
    }
    print(json.dumps(told, indent=1, sort_keys=True))


main()
