"""The names that Paddle has and those that this package supports, as recorded lists.

``data/supported.json`` is written by ``tools/port_names.py`` from the package itself, and
``data/paddle.json`` from real Paddle 1.8.5 and 3.3.1; both are facts about names, nothing else.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

__all__ = ["exported", "is_module", "known", "supported", "supported_prefix", "usual"]

_DATA = Path(__file__).parent / "data"


@cache
def _read(name: str) -> dict[str, frozenset[str]]:
    listed = json.loads((_DATA / name).read_text(encoding="utf-8"))
    return {module: frozenset(names.split()) for module, names in listed.items()}


def _supported() -> dict[str, frozenset[str]]:
    return _read("supported.json")


def _paddle() -> dict[str, frozenset[str]]:
    return _read("paddle.json")


@cache
def exported(module: str) -> frozenset[str]:
    """Return what ``from module import *`` brings, in any of the recorded Paddles and in ours."""
    return _paddle().get(module, frozenset()) | _supported().get(module, frozenset())


def is_module(path: str) -> bool:
    """Tell whether a path is a Paddle module that is known, here or there."""
    return path in _supported() or path in _paddle() or path == "paddle"


def known(path: str) -> bool:
    """Tell whether a Paddle path is a module or public name in one of the recorded Paddles."""
    module, _, name = path.rpartition(".")
    return is_module(path) or name in exported(module)


def supported(path: str) -> bool:
    """Tell whether `paddle_compat` offers a Paddle path, as a module or a name of one."""
    module, _, name = path.rpartition(".")
    return path in _supported() or name in _supported().get(module, ())


@cache
def supported_prefix(path: str) -> str | None:
    """Return the longest part of a path that is offered: ``paddle.float32`` of ``….float32.name``.

    None if a module ends the part that is offered, for then the rest is a name that is missing.
    """
    if supported(path):
        return path
    before = path.rpartition(".")[0]
    while before and not supported(before):
        before = before.rpartition(".")[0]
    return before if before and before not in _supported() else None


# Modules whose names their packages hand on, unchanged.
_PARTS = (
    ("paddle.fluid.layers", "paddle.fluid.layers"),
    ("paddle.fluid.dygraph", "paddle.fluid.dygraph"),
    ("paddle.nn.functional", "paddle.nn.functional"),
    ("paddle.nn.layer", "paddle.nn"),
    ("paddle.tensor", "paddle"),
    ("paddle.optimizer", "paddle.optimizer"),
    ("paddle.framework", "paddle"),
)
_OF_FLUID = (
    "backward",
    "compiler",
    "core",
    "data_feeder",
    "executor",
    "framework",
    "lod_tensor",
    "parallel_executor",
    "param_attr",
)


@cache
def usual(path: str) -> str:
    """Return the path by which a Paddle name is usually written.

    >>> usual("paddle.fluid.layers.nn.relu"), usual("paddle.tensor.math.add")
    ('paddle.fluid.layers.relu', 'paddle.add')
    """
    module, _, name = path.rpartition(".")
    for package, home in _PARTS:
        inside = module.startswith(package + ".") or (module == package and home != package)
        if inside and module != "paddle.optimizer.lr" and name in exported(home):
            return f"{home}.{name}"
    first, _, part = module.rpartition(".")
    if first == "paddle.fluid" and part in _OF_FLUID and name in exported("paddle.fluid"):
        return f"paddle.fluid.{name}"
    return path
