"""Evaluates calls with real Paddle 1.x (``paddle.fluid``), in graph mode and in dygraph mode."""

from typing import Any, Dict, List, Tuple

import numpy as np
import paddle
import paddle.fluid as fluid
from fluid_program import EagerVarBase, run_snippet  # type: ignore[import-not-found]
from wire import Arrays, Header, serve  # type: ignore[import-not-found]

PLACE = fluid.CPUPlace()


class NoResultError(Exception):
    """A program that ran without a result."""


def _function(face: str) -> Any:
    """Find ``paddle.f`` by its dotted name."""
    found: Any = paddle
    for part in face.split("."):
        found = getattr(found, part)
    return found


def _dygraph(spec: Header, arrays: Arrays) -> Arrays:
    """Run the call eagerly; the incoming gradient enters as a weighted sum."""
    with fluid.dygraph.guard(PLACE):
        inputs: Dict[str, Any] = {}
        for name in spec["inputs"]:
            array = arrays["input/" + name]
            if name in spec["raw"]:
                inputs[name] = array
                continue
            inputs[name] = fluid.dygraph.to_variable(array)
            inputs[name].stop_gradient = name not in spec["wrt"]
        out = _function(spec["face"])(**inputs, **spec["attrs"])
        answers = {"value": out.numpy()}
        if spec["wrt"]:
            weighted = out
            if "cotangent" in arrays:
                weighted = out * fluid.dygraph.to_variable(arrays["cotangent"])
            total = fluid.layers.reduce_sum(weighted)
            if spec["order"] == 2:
                wanted = [inputs[name] for name in spec["wrt"]]
                first = fluid.dygraph.grad([total], wanted, create_graph=True)[0]
                total = fluid.layers.reduce_sum(first)
            total.backward()
            for name in spec["wrt"]:
                gradient = inputs[name].gradient()
                if gradient is not None:
                    answers["grad/" + name] = gradient
        return answers


def _static(spec: Header, arrays: Arrays) -> Arrays:
    """Build a program with every shape known, then run it."""
    main, startup = fluid.Program(), fluid.Program()
    with fluid.program_guard(main, startup), fluid.unique_name.guard():
        inputs: Dict[str, Any] = {}
        feed: Dict[str, Any] = {}
        for name in spec["inputs"]:
            array = arrays["input/" + name]
            if name in spec["raw"]:
                inputs[name] = array
                continue
            inputs[name] = fluid.data(name, list(array.shape), str(array.dtype))
            inputs[name].stop_gradient = name not in spec["wrt"]
            feed[name] = array
        out = _function(spec["face"])(**inputs, **spec["attrs"])
        fetches: List[Tuple[str, Any]] = [("value", out)]
        if spec["wrt"]:
            incoming = None
            if "cotangent" in arrays:
                cotangent = arrays["cotangent"]
                incoming = [fluid.data("cotangent", list(cotangent.shape), str(cotangent.dtype))]
                feed["cotangent"] = cotangent
            wanted = [inputs[name] for name in spec["wrt"]]
            gradients = fluid.gradients([out], wanted, target_gradients=incoming)
            for name, gradient in zip(spec["wrt"], gradients):  # noqa: B905 - 3.8
                if gradient is not None:
                    fetches.append(("grad/" + name, gradient))
        executor = fluid.Executor(PLACE)
        with fluid.scope_guard(fluid.Scope()):
            executor.run(startup)
            values = executor.run(main, feed=feed, fetch_list=[var for _, var in fetches])
    if any(value is None for value in values):
        raise NoResultError("the program ran, and its fetch gave None")
    return {name: np.asarray(value) for (name, _), value in zip(fetches, values)}  # noqa: B905


def evaluate(spec: Header, arrays: Arrays) -> Arrays:
    """Evaluate one call or snippet; what a call raises is left to the caller."""
    try:
        if "source" in spec:
            answers: Arrays = run_snippet(fluid, spec, arrays, EagerVarBase())
            return answers
        if spec["mode"] == "static":
            return _static(spec, arrays)
        return _dygraph(spec, arrays)
    finally:
        # 1.8.5's guard does not leave dygraph mode when its block raises, and every later static
        # call would run eagerly.
        fluid.framework._dygraph_tracer_ = None


if __name__ == "__main__":
    serve(str(paddle.__dict__["__version__"]), evaluate)
