"""Faults of the engine of legacy programs: data, and nothing else."""

from __future__ import annotations

from mutation_type import Mutation

__all__ = ["ENGINE"]

_DIFFERENTIATE = "fluid/_differentiate.py"
_COMPILE = "fluid/_compile.py"
_UPDATES = "fluid/_updates.py"
_EXECUTOR = "fluid/executor.py"
_BACKWARD = "fluid/backward.py"
_PROGRAM = "fluid/_program.py"
_INFER = "fluid/_infer.py"
_SCOPE = "fluid/_scope.py"
_CLONE = "fluid/_clone.py"
_VARIABLE = "fluid/_variable.py"
_INITIALIZER = "fluid/initializer.py"

_ASKED = ("fluid/test_engine_behaviour.py",)
_RUNS = ("fluid/test_executor.py",)

ENGINE = (
    Mutation(
        "engine: gradients pass a stopped value",
        _DIFFERENTIATE,
        "    return value.detach()\n",
        "    return value\n",
        _ASKED,
    ),
    Mutation(
        "engine: an intermediate value takes no gradient",
        _DIFFERENTIATE,
        "return value if value.requires_grad else value.detach().requires_grad_()",
        "return value",
        _ASKED,
    ),
    Mutation(
        "engine: gradients cannot be differentiated again",
        _DIFFERENTIATE,
        '"create_graph": True',
        '"create_graph": False',
        _ASKED,
    ),
    Mutation(
        "engine: the weights of targets are ignored",
        _DIFFERENTIATE,
        "torch.full_like(target, scale) if weight is None else weight",
        "torch.full_like(target, scale)",
        _ASKED,
    ),
    Mutation(
        "engine: a graph is freed that a second gradient needs",
        _DIFFERENTIATE,
        '"retain_graph": True',
        '"retain_graph": False',
        _ASKED,
    ),
    Mutation(
        "engine: an update in place is done although a layer reads the old value later",
        _UPDATES,
        "        return all(user in self._last for item in items for user in item.users)",
        "        return True",
        _RUNS,
    ),
    Mutation(
        "engine: a penalty is lost when it is taken into the update",
        _UPDATES,
        'return float(decay.kwargs["coeff"])',
        "return 0.0",
        ("fluid",),
    ),
    Mutation(
        "engine: Nesterov's momentum is plain momentum in place",
        _UPDATES,
        "nesterov=use_nesterov",
        "nesterov=False",
        _ASKED,
    ),
    Mutation(
        "engine: a failing layer is not explained",
        _COMPILE,
        "            if frame.f_code is code:",
        "            if frame.f_code is None:",
        _RUNS,
    ),
    Mutation(
        "engine: pruning leaves everything in",
        _COMPILE,
        "needed = _ancestors(wanted) if prune else None",
        "needed = None",
        _ASKED,
    ),
    Mutation(
        "engine: a shared value is overwritten",
        _COMPILE,
        "        and len(source.users) == 1\n",
        "",
        ("fluid/test_in_place.py",),
    ),
    Mutation(
        "engine: a fetched value is overwritten",
        _COMPILE,
        "        and not any(source is other for other in wanted)\n",
        "",
        ("fluid/test_in_place.py",),
    ),
    Mutation(
        "engine: an interrupt comes among the updates",
        "fluid/_interrupts.py",
        "            if callable(handler):\n",
        "            if False:\n",
        _RUNS,
    ),
    Mutation(
        "engine: missing feeds are not looked for",
        _EXECUTOR,
        "and feeds.get(variable.name) is None",
        "and False",
        _RUNS,
    ),
    Mutation(
        "engine: a feed's rank is not compared",
        _VARIABLE,
        "    return len(declared) == len(shape) and all(",
        "    return all(",
        _RUNS,
    ),
    Mutation(
        "engine: a feed's dtype is not compared",
        "fluid/_feeding.py",
        "        if tensor.dtype != variable.torch_dtype:",
        "        if False:",
        _ASKED,
    ),
    Mutation(
        "engine: a grown program is not compiled anew",
        _EXECUTOR,
        "known is None or known[0] != program.version",
        "known is None",
        _RUNS,
    ),
    Mutation(
        "engine: what the scope holds is not compared with its declaration",
        _EXECUTOR,
        "if value.dtype != variable.torch_dtype or not fits_declared(",
        "if False and not fits_declared(",
        _RUNS,
    ),
    Mutation(
        "engine: fetched arrays share memory with parameters",
        _SCOPE,
        'array = np.array(tensor.detach().cpu().numpy(), order="C")',
        "array = tensor.detach().cpu().numpy()",
        _RUNS,
    ),
    Mutation(
        "engine: a scope's guard is not left",
        _SCOPE,
        "    finally:\n        _current = before",
        "    finally:\n        pass",
        _RUNS,
    ),
    Mutation(
        "engine: later gradients take the first ones' names",
        _BACKWARD,
        'made = "grad/" * program.gradient_calls + made',
        "pass",
        _ASKED,
    ),
    Mutation(
        "engine: no_grad_set stops nothing",
        _BACKWARD,
        "                if variable.name in stopped:",
        "                if False:",
        _ASKED,
    ),
    Mutation(
        "engine: a variable declared twice is two",
        _PROGRAM,
        "        own = self.global_block().vars.get(variable.name)\n",
        "        own = variable if variable.block.program is self else None\n",
        _ASKED,
    ),
    Mutation(
        "engine: a shared parameter is initialised twice",
        _PROGRAM,
        "initializer is not None and before.op is not None:",
        "False:",
        _ASKED,
    ),
    Mutation(
        "engine: unknown sizes take the size of a trial",
        _INFER,
        "tuple(a if a == b else -1 for",
        "tuple(a for",
        ("fluid",),
    ),
    Mutation(
        "engine: a clone for testing trains",
        _CLONE,
        "if for_test and op is not None and op.role in _TRAINING:",
        "if False:",
        _ASKED,
    ),
    Mutation(
        "engine: an initializer keeps no program's seed",
        _INITIALIZER,
        "self._seed = self._seed or seed",
        "self._seed = 0",
        _ASKED,
    ),
    Mutation(
        "engine: fans of a convolution leave out its window",
        _INITIALIZER,
        "window = math.prod(shape[2:])",
        "window = 1",
        _ASKED,
    ),
)
