"""Evaluates calls with real Paddle 2.x and 3.x; as a script in its own process, or imported."""

from typing import Any, Callable, Dict, List, Tuple

import numpy as np
import paddle

Header = Dict[str, Any]
Arrays = Dict[str, "np.ndarray[Any, Any]"]


MODULE = "nn.SigmoidFocalLoss"


def _module(
    logit: Any, label: Any, alpha: float = 0.25, gamma: float = 2.0, reduction: str = "mean"
) -> Any:
    """Compute what our Module means; Paddle has the function alone.

    An alpha of -1 weighs nothing, which is twice the balance of a half: exactly, in any precision.
    """
    loss: Any = paddle.nn.functional.sigmoid_focal_loss
    if alpha == -1:
        return loss(logit, label, None, 0.5, gamma, reduction) * 2.0
    return loss(logit, label, None, alpha, gamma, reduction)


def _function(face: str) -> Callable[..., Any]:
    """Find ``paddle.f`` by its dotted name."""
    if face == MODULE:
        return _module
    found: Any = paddle
    for part in face.split("."):
        found = getattr(found, part)
    function: Callable[..., Any] = found
    return function


def _dygraph(spec: Header, arrays: Arrays) -> Arrays:
    """Run the call eagerly."""
    inputs: Dict[str, Any] = {}
    for name in spec["inputs"]:
        array = arrays["input/" + name]
        if name in spec["raw"]:
            inputs[name] = array
        else:
            inputs[name] = paddle.to_tensor(array, stop_gradient=name not in spec["wrt"])
    out = _function(spec["face"])(**inputs, **spec["attrs"])
    answers = {"value": out.numpy()}
    if spec["wrt"]:
        incoming = paddle.to_tensor(arrays["cotangent"]) if "cotangent" in arrays else None
        if spec["order"] == 2:
            wanted = [inputs[name] for name in spec["wrt"]]
            paddle.grad([out], wanted, [incoming], create_graph=True)[0].sum().backward()
        else:
            out.backward(incoming)
        for name in spec["wrt"]:
            if inputs[name].grad is not None:
                answers["grad/" + name] = inputs[name].grad.numpy()
    return answers


def _static(spec: Header, arrays: Arrays) -> Arrays:
    """Build a program with every shape known, then run it."""
    paddle.enable_static()
    try:
        program: Any = paddle.static.Program
        main, startup = program(), program()
        with paddle.static.program_guard(main, startup):
            inputs: Dict[str, Any] = {}
            feed: Dict[str, Any] = {}
            for name in spec["inputs"]:
                array = arrays["input/" + name]
                if name in spec["raw"]:
                    inputs[name] = array
                    continue
                inputs[name] = paddle.static.data(name, list(array.shape), str(array.dtype))
                inputs[name].stop_gradient = name not in spec["wrt"]
                feed[name] = array
            out = _function(spec["face"])(**inputs, **spec["attrs"])
            fetches: List[Tuple[str, Any]] = [("value", out)]
            if spec["wrt"]:
                incoming = None
                if "cotangent" in arrays:
                    feed["cotangent"] = arrays["cotangent"]
                    shape = list(arrays["cotangent"].shape)
                    incoming = [
                        paddle.static.data("cotangent", shape, str(arrays["cotangent"].dtype))
                    ]
                wanted = [inputs[name] for name in spec["wrt"]]
                gradients = paddle.static.gradients([out], wanted, target_gradients=incoming)
                for name, gradient in zip(spec["wrt"], gradients):  # noqa: B905 - 3.8
                    if gradient is not None:
                        fetches.append(("grad/" + name, gradient))
            executor = paddle.static.Executor(paddle.CPUPlace())
            executor.run(startup)
            values = executor.run(main, feed=feed, fetch_list=[var for _, var in fetches])
        return {name: np.asarray(value) for (name, _), value in zip(fetches, values)}  # noqa: B905
    finally:
        paddle.disable_static()


def evaluate(spec: Header, arrays: Arrays) -> Arrays:
    """Evaluate one call; what Paddle raises is left to the caller."""
    return _dygraph(spec, arrays) if spec["mode"] == "dygraph" else _static(spec, arrays)


if __name__ == "__main__":
    from wire import serve  # type: ignore[import-not-found]

    serve(str(paddle.__dict__["__version__"]), evaluate)
