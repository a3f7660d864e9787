"""Variables of every dtype, shape and level of detail, saved and loaded.

Stand-alone Python 3.8, run by ours and by real Paddle 1.8.5. Usage: saved_kinds.py PACKAGE ACTION
DIRECTORY.

ACTION is ``save`` or ``load``. Either prints as JSON, by form and variable, what the scope held:
dtype, shape, bytes and levels of detail; or the error.
"""

import importlib
import json
import os
import sys
from typing import Any, Dict, Iterator, List, Tuple

import numpy as np

KINDS = ("bool", "int8", "uint8", "int16", "int32", "int64", "float16", "float32", "float64")
SHAPES = ([3, 2], [1], [1, 1, 2, 1, 1, 1], [70000], [0, 4], [5, 1])
LODS: Tuple[List[List[int]], ...] = ([[0, 2, 5]], [[0, 1, 2], [0, 3, 5]], [[0, 0, 5]], [[0, 5, 5]])


def cases() -> Iterator[Tuple[str, Any, List[List[int]]]]:
    """Go through names, arrays and levels of detail as offsets."""
    for kind in KINDS:
        for shape in SHAPES:
            size = int(np.prod(shape))
            values = np.arange(size) % 251 - (100 if kind != "uint8" else 0)
            array = (values % 128 if kind == "int8" else values).astype(kind).reshape(shape)
            name = "{}_{}".format(kind, "x".join(map(str, shape)))
            yield name, array, []
            if shape[0] == 5:
                for number, lod in enumerate(LODS):
                    yield "{}_lod_{}".format(name, number), array, lod
    special = np.array([np.nan, np.inf, -np.inf, -0.0, 1e-42])
    for kind in ("float16", "float32", "float64"):
        yield kind + "_special", special.astype(kind), []


def told(fluid: Any, name: str) -> List[Any]:
    """Return what the scope holds."""
    tensor = fluid.global_scope().find_var(name).get_tensor()
    array = np.array(tensor)
    data = array.tobytes()
    return [str(array.dtype), list(array.shape), data[:200].hex(), len(data), tensor.lod()]


def attempt(results: Dict[str, Any], key: str, call: Any) -> bool:
    """Call, and note the kind of error there is."""
    try:
        call()
    except Exception as error:
        results[key] = type(error).__name__
        return False
    return True


def run(package: str, action: str, root: str) -> Dict[str, Any]:
    """Save or load each variable in a file of its own, and all in one."""
    fluid = importlib.import_module(package)
    main = fluid.Program()
    found: Dict[str, Any] = {}
    with fluid.scope_guard(fluid.Scope()), fluid.program_guard(main, fluid.Program()):
        exe = fluid.Executor(fluid.CPUPlace())
        variables = {}
        for name, array, lod in cases():
            variables[name] = main.global_block().create_var(
                name=name, shape=array.shape, dtype=str(array.dtype), persistable=True
            )
            tensor = fluid.global_scope().var(name).get_tensor()
            if action == "save":
                tensor.set(array, fluid.CPUPlace())
                tensor.set_lod(lod)
        for name, var in variables.items():
            for form, filename in (("own", None), ("one", "one_" + name)):
                key = form + " " + name
                if action == "save":
                    if attempt(
                        found,
                        key,
                        lambda v=var, f=filename: fluid.io.save_vars(
                            exe, root, vars=[v], filename=f
                        ),
                    ):
                        found[key] = told(fluid, name)
                elif os.path.exists(os.path.join(root, filename or name)) and attempt(
                    found,
                    key,
                    lambda v=var, f=filename: fluid.io.load_vars(exe, root, vars=[v], filename=f),
                ):
                    found[key] = told(fluid, name)
        together = [var for name, var in variables.items() if "0x" not in name]
        if action == "save":
            fluid.io.save_vars(exe, root, vars=together, filename="together")
        else:
            fluid.io.load_vars(exe, root, vars=together, filename="together")
            for var in together:
                found["together " + var.name] = told(fluid, var.name)
    return found


if __name__ == "__main__":
    print(json.dumps(run(*sys.argv[1:])))
