"""Runs one snippet of legacy source: by real Paddle 1.x and, being the same API, by ours.

Imported on both sides, so it keeps to the standard library, numpy and Python 3.8, and takes
everything else from the `fluid` that it is given.
"""

import json
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

Header = Dict[str, Any]
Arrays = Dict[str, Any]

REPORT = "report"
"""The array that carries what is told in words, as JSON text."""

PHASES = ("build", "startup", "run", "backward", "gradient")
"""When a snippet can fail: backward builds the gradient's part, gradient runs it."""


class EagerVarBase:
    """How gradients are asked of real Paddle's eager tensors."""

    def leaf(self, tensor: Any) -> Any:
        """Ask for the gradient of an input."""
        tensor.stop_gradient = False
        return tensor

    def backward(self, total: Any) -> None:
        """Propagate from a tensor of one element."""
        total.backward()

    def gradient(self, tensor: Any) -> Any:
        """Return what reached a tensor; None where nothing did."""
        return tensor.gradient()

    def wants_gradient(self, tensor: Any) -> bool:
        """Tell whether a result has a gradient to propagate."""
        return not tensor.stop_gradient


class _Failure(Exception):  # noqa: N818 - an answer on its way out
    """An exception of the snippet's, with the phase that it happened in."""

    def __init__(self, phase: str, error: BaseException) -> None:
        super().__init__(phase)
        self.phase = phase
        self.error = error


class _Phase:
    """Marks what is raised inside as belonging to a phase."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Optional[BaseException], trace: Any) -> None:
        if isinstance(error, Exception) and not isinstance(error, _Failure):
            raise _Failure(self.name, error) from error


def run_snippet(fluid: Any, spec: Header, arrays: Arrays, eager: Any) -> Arrays:
    """Run a snippet; the answers are arrays, and under `REPORT` the rest.

    Args:
        fluid: ``paddle.fluid``, real or ours.
        spec: the snippet: see `paddle_compat.conformance.snippets.Snippet`.
        arrays: its inputs by name.
        eager: how gradients are asked of eager tensors: as `EagerVarBase` does.
    """
    report: Header = {"kind": "ok"}
    answers: Arrays = {}
    try:
        if spec["mode"] == "eager":
            _run_eager(fluid, spec, arrays, eager, report, answers)
        else:
            _run_static(fluid, spec, arrays, report, answers)
    except _Failure as failure:
        error = failure.error
        report["kind"] = "error"
        report["phase"] = failure.phase
        report["error"] = type(error).__name__
        report["bases"] = [base.__name__ for base in type(error).__mro__[1:-1]]
        report["message"] = str(error)
    answers[REPORT] = np.array(json.dumps(report))
    return answers


def cotangent(key: str, shape: Sequence[int], dtype: Any) -> Any:
    """Return the gradient that enters at a result: different at every element, never small."""
    random = np.random.RandomState(sum(key.encode()) + 1)
    size = random.uniform(0.5, 1.5, tuple(shape))
    return (size * random.choice([-1.0, 1.0], tuple(shape))).astype(dtype)


def _namespace(fluid: Any, **names: Any) -> Dict[str, Any]:
    return {"fluid": fluid, "layers": fluid.layers, "np": np, **names}


def _execute(source: str, namespace: Dict[str, Any]) -> None:
    exec(compile(source, "<snippet>", "exec"), namespace)


def _outputs(namespace: Dict[str, Any]) -> List[Tuple[str, Any]]:
    """Return the results by key: those of a list are numbered."""
    out = namespace.get("out")
    if isinstance(out, dict):
        return sorted(out.items())
    if isinstance(out, (list, tuple)):
        return [(str(index), item) for index, item in enumerate(out)]
    return [] if out is None else [("out", out)]


def _dtype(fluid: Any, dtype: Any) -> str:
    """Name a variable's dtype as NumPy does."""
    types = fluid.core.VarDesc.VarType
    for name, kind in (
        ("float32", types.FP32),
        ("float64", types.FP64),
        ("int32", types.INT32),
        ("int64", types.INT64),
        ("bool", types.BOOL),
        ("float16", types.FP16),
        ("uint8", types.UINT8),
        ("int8", types.INT8),
        ("int16", types.INT16),
    ):
        if dtype == kind:
            return name
    return str(dtype)


def _describe(fluid: Any, variable: Any) -> Header:
    return {
        "name": variable.name,
        "shape": [int(size) for size in variable.shape],
        "dtype": _dtype(fluid, variable.dtype),
        "stop_gradient": bool(variable.stop_gradient),
        "persistable": bool(variable.persistable),
        "lod_level": int(variable.lod_level),
    }


def _describe_parameter(fluid: Any, parameter: Any) -> Header:
    rate = (parameter.optimize_attr or {}).get("learning_rate")
    return {
        "shape": [int(size) for size in parameter.shape],
        "dtype": _dtype(fluid, parameter.dtype),
        "trainable": bool(parameter.trainable),
        "stop_gradient": bool(parameter.stop_gradient),
        "learning_rate": rate if isinstance(rate, (int, float)) else type(rate).__name__,
        "regularizer": type(parameter.regularizer).__name__,
    }


def _parameters(program: Any) -> List[Any]:
    return list(program.global_block().all_parameters())


def _persistables(program: Any) -> List[str]:
    """Name what outlives a step: parameters, an optimizer's state, counters."""
    names = [var.name for var in program.list_vars() if var.persistable]
    return sorted(set(names) - {"feed", "fetch"})


def _operations(program: Any) -> List[str]:
    return [str(op.type) for op in program.global_block().ops]


def _stored(scope: Any, name: str) -> Any:
    """Read a variable of the scope; None where it holds nothing."""
    found = scope.find_var(name)
    if found is None:
        return None
    tensor = found.get_tensor()
    return None if 0 in tensor.shape() else np.array(tensor)


def _store_all(scope: Any, names: Sequence[str], kind: str, answers: Arrays) -> None:
    for name in names:
        value = _stored(scope, name)
        if value is not None:
            answers[kind + "/" + name] = value


def _keep(answers: Arrays, key: str, value: Any, report: Header) -> None:
    """Keep a fetched array; the real executor gives None for one without elements."""
    if value is None:
        report.setdefault("none", []).append(key)
    else:
        answers[key] = np.array(value)


def _declare(fluid: Any, spec: Header, arrays: Arrays) -> Dict[str, Any]:
    """Declare the inputs, with -1 for the dimensions that are to be unknown."""
    inputs = {}
    for name in spec["inputs"]:
        array = arrays["input/" + name]
        shape = list(array.shape[1:] if spec["steps"] else array.shape)
        for axis in spec["unknown"].get(name, ()):
            shape[axis] = -1
        levels = len((spec.get("lods") or {}).get(name, ()))
        inputs[name] = fluid.data(name, shape, str(array.dtype), lod_level=levels)
        inputs[name].stop_gradient = name not in spec["wrt"]
    return inputs


def _run_static(fluid: Any, spec: Header, arrays: Arrays, report: Header, answers: Arrays) -> None:
    """Run a snippet that builds a program, in fresh programs, names and scope."""
    with _Phase("build"):
        main, startup, scope = fluid.Program(), fluid.Program(), fluid.Scope()
        main.random_seed = startup.random_seed = spec["seed"]
        executor = fluid.Executor(fluid.CPUPlace())
    with fluid.scope_guard(scope), fluid.program_guard(main, startup), fluid.unique_name.guard():
        if spec["mode"] == "script":
            _run_script(fluid, spec, arrays, executor, report, answers)
            return
        with _Phase("build"):
            namespace = _namespace(fluid, **_declare(fluid, spec, arrays))
            _execute(spec["source"], namespace)
            outputs = _outputs(namespace)
            report["facts"] = namespace.get("facts")
            report["outs"] = {key: _describe(fluid, out) for key, out in outputs}
            parameters = _parameters(main)
            report["parameters"] = {p.name: _describe_parameter(fluid, p) for p in parameters}
            report["ops"], report["startup_ops"] = _operations(main), _operations(startup)
        with _Phase("startup"):
            executor.run(startup)
        if spec["steps"]:
            _train(namespace, spec, arrays, executor, scope, main, report, answers)
            return
        _store_all(scope, [p.name for p in parameters], "initial", answers)
        with _Phase("run"):
            feed = _feeds(fluid, spec, arrays)
            values = _fetch(executor, main, spec, feed, [out for _, out in outputs])
            for (key, _), (value, lod) in zip(outputs, values):  # noqa: B905 - 3.8
                _keep(answers, "value/" + key, value, report)
                if lod is not None:
                    report.setdefault("lods", {})[key] = lod
        if spec["backward"]:
            wanted = {name: namespace[name] for name in spec["wrt"]}
            wanted.update((p.name, p) for p in parameters if p.trainable)
            _differentiate(fluid, spec, outputs, wanted, feed, executor, main, report, answers)


def _feeds(fluid: Any, spec: Header, arrays: Arrays) -> Dict[str, Any]:
    """Return what is fed: arrays, with levels of detail where the snippet says so."""
    feed = {name: arrays["input/" + name] for name in spec["inputs"]}
    for name, lengths in (spec.get("lods") or {}).items():
        feed[name] = fluid.create_lod_tensor(feed[name], lengths, fluid.CPUPlace())
    return feed


def _fetch(
    executor: Any, main: Any, spec: Header, feed: Dict[str, Any], fetches: List[Any]
) -> List[Tuple[Any, Any]]:
    """Run a program; return each array, None for one without elements, and its lengths."""
    if spec.get("lods") is None:
        return [(value, None) for value in executor.run(main, feed=feed, fetch_list=fetches)]
    tensors = executor.run(main, feed=feed, fetch_list=fetches, return_numpy=False)
    return [
        (np.array(t) if t._is_initialized() else None, t.recursive_sequence_lengths())
        for t in tensors
    ]


def _differentiate(
    fluid: Any,
    spec: Header,
    outputs: Sequence[Tuple[str, Any]],
    wanted: Dict[str, Any],
    feed: Dict[str, Any],
    executor: Any,
    main: Any,
    report: Header,
    answers: Arrays,
) -> None:
    """Add the gradients of the weighted results to the program, and run it again."""
    layers, feed, pieces = fluid.layers, dict(feed), []
    for key, out in outputs:
        value = answers.get("value/" + key)
        if value is None or not value.size or value.dtype.kind != "f" or out.stop_gradient:
            continue
        name = "cotangent_" + key
        with _Phase("backward"):
            weight = fluid.data(name, list(out.shape), _dtype(fluid, out.dtype))
            piece = layers.reduce_sum(layers.elementwise_mul(out, weight))
            pieces.append(piece if value.dtype == np.float64 else layers.cast(piece, "float64"))
        feed[name] = cotangent(key, value.shape, value.dtype)
    if not pieces or not wanted:
        return
    with _Phase("backward"):
        total = pieces[0] if len(pieces) == 1 else layers.sums(pieces)
        gradients = fluid.gradients([total], list(wanted.values()))
        if len(gradients) != len(wanted):
            gradients = [None] * len(wanted)
        found = [(n, g) for n, g in zip(wanted, gradients) if g is not None]  # noqa: B905
        report["gradients"] = {name: gradient.name for name, gradient in found}
    with _Phase("gradient"):
        values = _fetch(executor, main, spec, feed, [gradient for _, gradient in found])
        for (name, _), (value, _) in zip(found, values):  # noqa: B905
            _keep(answers, "gradient/" + name, value, report)


def _train(
    namespace: Dict[str, Any],
    spec: Header,
    arrays: Arrays,
    executor: Any,
    scope: Any,
    main: Any,
    report: Header,
    answers: Arrays,
) -> None:
    """Run steps of a program that updates itself; each takes its slice of the inputs."""
    names = _persistables(main)
    report["persistables"] = names
    _store_all(scope, names, "initial", answers)
    fetches = [("loss", namespace["loss"])] if "loss" in namespace else []
    fetches += [(str(index), item) for index, item in enumerate(namespace.get("fetch", ()))]
    history: Dict[str, List[Any]] = {key: [] for key, _ in fetches}
    with _Phase("run"):
        for step in range(spec["steps"]):
            feed = {name: arrays["input/" + name][step] for name in spec["inputs"]}
            values = executor.run(main, feed=feed, fetch_list=[item for _, item in fetches])
            for (key, _), value in zip(fetches, values):  # noqa: B905
                history[key].append(np.array(value))
        for key, steps in history.items():
            answers["value/" + key] = np.stack(steps)
    _store_all(scope, names, "final", answers)


def _run_script(
    fluid: Any, spec: Header, arrays: Arrays, executor: Any, report: Header, answers: Arrays
) -> None:
    """Run source that does everything itself; it leaves `answers` (arrays) and `facts`."""
    given = {name: arrays["input/" + name] for name in spec["inputs"]}
    namespace = _namespace(fluid, exe=executor, answers={}, facts={}, **given)
    with _Phase("run"):
        _execute(spec["source"], namespace)
        report["facts"] = namespace["facts"]
        for key, value in namespace["answers"].items():
            _keep(answers, "value/" + key, value, report)


def _run_eager(
    fluid: Any, spec: Header, arrays: Arrays, eager: Any, report: Header, answers: Arrays
) -> None:
    """Run the source on eager tensors."""
    with fluid.dygraph.guard(fluid.CPUPlace()), fluid.unique_name.guard():
        inputs = {}
        with _Phase("build"):
            for name in spec["inputs"]:
                tensor = fluid.dygraph.to_variable(arrays["input/" + name])
                inputs[name] = eager.leaf(tensor) if name in spec["wrt"] else tensor
            namespace = _namespace(fluid, **inputs)
            _execute(spec["source"], namespace)
            report["facts"] = namespace.get("facts")
            outputs = _outputs(namespace)
        total = None
        with _Phase("run"):
            for key, out in outputs:
                value = out.detach().numpy()
                answers["value/" + key] = np.array(value)
                if not spec["wrt"] or value.dtype.kind != "f" or not eager.wants_gradient(out):
                    continue
                with _Phase("backward"):
                    weight = fluid.dygraph.to_variable(cotangent(key, value.shape, value.dtype))
                    piece = fluid.layers.reduce_sum(fluid.layers.elementwise_mul(out, weight))
                    total = piece if total is None else total + piece
        if total is None:
            return
        with _Phase("gradient"):
            eager.backward(total)
            for name in spec["wrt"]:
                gradient = eager.gradient(inputs[name])
                if gradient is not None:
                    answers["gradient/" + name] = np.array(gradient)
