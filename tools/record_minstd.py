"""Record what real Paddle 1.8 draws: initial weights of one parameter a case, as JSON.

Run by the interpreter that has that Paddle (Python 3.8, numpy), from anywhere::

    python3.8 tools/record_minstd.py tests/kernels/minstd_1.8.5.json
    python3.8 tools/record_minstd.py drawn.json --seeds 5 77 --head 0

A case holds the operator and the attributes that Paddle gave it (floats as hexadecimal), the
first `head` values as the hexadecimal of their little-endian bytes (0: all of them) and the
SHA-256 of all of them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import paddle.fluid as fluid

SEEDS = (1, 90, 2718281, 2147483646, 2147483647)
HEAD = 16
# Compared value by value, not by hash: its logarithm is the machine's.
LONG_HEAD = 300

INITIALIZERS: dict[str, Any] = {
    "Uniform()": lambda: fluid.initializer.UniformInitializer(),
    "Uniform(-0.1, 0.3)": lambda: fluid.initializer.UniformInitializer(-0.1, 0.3),
    "Uniform(-1e6, 5)": lambda: fluid.initializer.UniformInitializer(-1e6, 5.0),
    "Xavier()": lambda: fluid.initializer.XavierInitializer(),
    "Xavier(uniform=False)": lambda: fluid.initializer.XavierInitializer(uniform=False),
    "MSRA()": lambda: fluid.initializer.MSRAInitializer(),
    "MSRA(uniform=False)": lambda: fluid.initializer.MSRAInitializer(uniform=False),
    "Normal()": lambda: fluid.initializer.NormalInitializer(),
    "Normal(0.3, 0.7)": lambda: fluid.initializer.NormalInitializer(0.3, 0.7),
    "Normal(0, 0.01)": lambda: fluid.initializer.NormalInitializer(0.0, 0.01),
    "TruncatedNormal()": lambda: fluid.initializer.TruncatedNormalInitializer(),
    "TruncatedNormal(0.3, 0.7)": lambda: fluid.initializer.TruncatedNormalInitializer(0.3, 0.7),
}
# One value, an odd number of them, a filter, and more than one block of ours.
SHAPES = ([1], [3, 5], [8, 4, 3, 3], [257, 769])
FLOATS = ("min", "max", "mean", "std")


def draw(initializer: Any, shape: list[int], dtype: str, seed: int) -> tuple[Any, Any]:
    """Run a startup program with that seed; return its operator and what it drew."""
    main, startup = fluid.Program(), fluid.Program()
    startup.random_seed = seed
    with fluid.program_guard(main, startup), fluid.unique_name.guard():
        parameter = fluid.layers.create_parameter(shape, dtype, default_initializer=initializer)
    [operator] = startup.global_block().ops
    scope = fluid.Scope()
    with fluid.scope_guard(scope):
        fluid.Executor(fluid.CPUPlace()).run(startup)
        return operator, np.array(scope.find_var(parameter.name).get_tensor())


def record(name: str, shape: list[int], dtype: str, seed: int, head: int) -> dict[str, Any]:
    """Return one case."""
    # A new initializer each time: it keeps the seed of the first program that it was used in.
    operator, drawn = draw(INITIALIZERS[name](), shape, dtype, seed)
    assert drawn.dtype == dtype
    assert list(drawn.shape) == shape
    attributes = {key: operator.attr(key) for key in FLOATS if operator.has_attr(key)}
    if operator.type == "gaussian_random" and dtype == "float64" and head:
        head = LONG_HEAD
    values = drawn.astype(drawn.dtype.newbyteorder("<")).reshape(-1)
    return {
        "initializer": name,
        "operator": operator.type,
        "attributes": {key: float(value).hex() for key, value in attributes.items()},
        "shape": shape,
        "dtype": dtype,
        "seed": operator.attr("seed"),
        "head": values[: head or None].tobytes().hex(),
        "sha256": hashlib.sha256(values.tobytes()).hexdigest(),
    }


def cases(seeds: list[int], head: int) -> list[dict[str, Any]]:
    """Return every initializer with every seed; the shapes take turns."""
    found = []
    for place, name in enumerate(INITIALIZERS):
        for dtype in ("float32", "float64"):
            if name.startswith("Truncated") and dtype == "float64":
                continue  # Paddle has no such operator
            for turn, seed in enumerate(seeds):
                shape = SHAPES[(place + turn) % len(SHAPES)]
                found.append(record(name, shape, dtype, seed, head))
    return found


def main() -> None:
    """Write the file that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--head", type=int, default=HEAD)
    asked = parser.parse_args()
    lines = [json.dumps(case) for case in cases(asked.seeds, asked.head)]
    told = json.dumps({"paddle": paddle.version.full_version})[1:-1]
    asked.file.write_text("{" + told + ', "cases": [\n' + ",\n".join(lines) + "\n]}\n")


if __name__ == "__main__":
    main()
