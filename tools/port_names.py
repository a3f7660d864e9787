"""Print the names that `paddle-compat port` knows: ours, or those of the Paddle that runs this.

    python tools/port_names.py --write                  # supported.json, from the package
    python tools/port_names.py --paddle OTHER_PYTHON    # paddle.json, from real Paddles

The part that reads a Paddle also runs under Python 3.8.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

DATA = Path(__file__).parents[1] / "paddle_compat" / "port" / "data"
# Where a Paddle keeps what is not its public face.
SKIPPED = {
    "_typing",
    "api_tracer",
    "apy",
    "audio",
    "base",
    "check_import_scipy",
    "cinn",
    "contrib",
    "core",
    "cost_model",
    "cuda_env",
    "dataset",
    "decomposition",
    "device_worker",
    "distributed",
    "dygraph_to_static",
    "geometric",
    "hapi",
    "include",
    "incubate",
    "incubator",
    "inference",
    "jit",
    "libpaddle",
    "libs",
    "onnx",
    "passes",
    "pir",
    "proto",
    "quantization",
    "sparse",
    "tensorrt",
    "test",
    "tests",
    "text",
    "trainer_desc",
    "transpiler",
    "utils",
    "version",
}


def public(module: ModuleType) -> list[str]:
    """Return what a star import of a module brings."""
    names = getattr(module, "__all__", None)
    if names is None:  # then it is told by what is its own
        names = [name for name in dir(module) if not name.startswith("_") and own(module, name)]
    return sorted(set(names))


def own(module: ModuleType, name: str) -> bool:
    """Tell whether a module that does not list its names would list this one."""
    item = getattr(module, name)
    home = getattr(item, "__name__" if type(item) is type(sys) else "__module__", None) or ""
    if hasattr(module, "__path__"):
        return home.startswith("paddle.") and "__future__" not in home
    return home == module.__name__


def paddle_names() -> dict[str, list[str]]:
    """Return the public names of the modules of the Paddle that this Python has."""
    paddle = importlib.import_module("paddle")
    found = {"paddle": public(paddle)}
    waiting = [paddle]
    while waiting:
        package = waiting.pop()
        for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            last = info.name.rpartition(".")[2]
            if last.startswith("_") or last in SKIPPED or info.name in found:
                continue
            try:
                module = importlib.import_module(info.name)
            except Exception:  # some need packages that Paddle does not require
                continue
            found[info.name] = public(module)
            if hasattr(module, "__path__"):
                waiting.append(module)
    return found


def supported_names() -> dict[str, list[str]]:
    """Return what the modules of `paddle_compat` offer that answer for Paddle's."""
    package = importlib.import_module("paddle_compat")
    found = {"paddle": [name for name in package.__all__ if not name.startswith("__")]}
    waiting = [importlib.import_module("paddle_compat." + name) for name in FACES]
    while waiting:
        module = waiting.pop()
        path = module.__name__.replace("paddle_compat", "paddle", 1)
        if hasattr(module, "__all__"):
            found[path] = sorted(module.__all__)
        for info in pkgutil.iter_modules(getattr(module, "__path__", []), module.__name__ + "."):
            if not info.name.rpartition(".")[2].startswith("_"):
                waiting.append(importlib.import_module(info.name))
    return found


FACES = ("fluid", "framework", "nn", "reader", "tensor", "batch")


def text(names: dict[str, list[str]]) -> str:
    """Return names as the JSON of the data files, a line for each module."""
    return json.dumps({path: " ".join(names[path]) for path in sorted(names)}, indent=0) + "\n"


def main() -> None:
    """Run the script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--paddle", action="append", default=[], metavar="PYTHON")
    parser.add_argument("--here", action="store_true", help="the Paddle of this interpreter")
    options = parser.parse_args()
    if options.here:
        sys.stdout.write("\n" + text(paddle_names()))
    elif options.paddle:
        merged: dict[str, set[str]] = {}
        for python in options.paddle:
            told = subprocess.run([python, __file__, "--here"], stdout=subprocess.PIPE, check=True)
            answer = json.loads("{" + told.stdout.decode().rpartition("\n{")[2])
            for path, listed in answer.items():
                merged.setdefault(path, set()).update(listed.split())
        joined = {path: sorted(listed) for path, listed in merged.items()}
        (DATA / "paddle.json").write_text(text(joined), encoding="utf-8")
    elif options.write:
        (DATA / "supported.json").write_text(text(supported_names()), encoding="utf-8")
    else:
        sys.stdout.write(text(supported_names()))


if __name__ == "__main__":
    main()
