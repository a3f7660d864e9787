"""Run examples of 1.x in eager mode; run by real Paddle 1.8.5.

Stand-alone Python 3.8: reads {"examples": {...}, "header": ...} from a file and inputs from an npz,
and writes each example's results and gradients to another.
"""

import json
import sys
from pathlib import Path
from typing import Any, List

import numpy as np


def flat(result: Any) -> List[Any]:
    """Return the tensors of a result, in order."""
    if isinstance(result, (list, tuple)):
        return [each for one in result for each in flat(one)]
    return [result]


def weights(shape: Any, number: int) -> Any:
    """Return weights for a sum whose gradient tells places apart."""
    count = int(np.prod(shape))
    values = [(k * 7 % 5) - 1.5 for k in range(count)]
    return (np.array(values, "float32") * (number + 1.0)).reshape(shape)


def main(asked: str, inputs: str, answers: str) -> None:
    """Write the answers."""
    import paddle.fluid as fluid

    order = json.loads(Path(asked).read_text())
    data = np.load(inputs)

    def without(context: Any, x: Any) -> Any:
        with context():
            y = x * 2
        return np.array(y.stop_gradient)

    found: Any = {}
    with fluid.dygraph.guard(fluid.CPUPlace()):
        for key, expression in order["examples"].items():
            names: Any = {"without": without, "shapes": lambda x: np.array(x.shape)}
            exec(order["header"] + expression + "\n", names)
            given: Any = {}
            for name in data.files:
                given[name] = fluid.dygraph.to_variable(data[name])
                given[name].stop_gradient = data[name].dtype != np.float32
            result = names["f"](**given)
            found[key + "/list"] = np.array(isinstance(result, list))
            total: Any = None
            for number, each in enumerate(flat(result)):
                if isinstance(each, np.ndarray):
                    found[f"{key}/{number}"] = each
                    continue
                found[f"{key}/{number}"] = each.numpy()
                if each.numpy().dtype == np.float32 and not each.stop_gradient:
                    weight = fluid.dygraph.to_variable(weights(each.shape, number))
                    part = fluid.layers.reduce_sum(each * weight)
                    total = part if total is None else total + part
            if total is not None:
                total.backward()
                for name, x in given.items():
                    if not x.stop_gradient and x.gradient() is not None:
                        found[f"{key}/gradient {name}"] = x.gradient()
    np.savez(answers, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
