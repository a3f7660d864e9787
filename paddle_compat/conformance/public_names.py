"""The names that this package supports, where Paddle keeps them: read from the package itself."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import lru_cache
from types import ModuleType
from typing import Any

import paddle_compat
from paddle_compat import fluid

__all__ = ["GENERATED", "aliases", "fluid_modules", "names", "objects", "public_names"]

GENERATED = f"{fluid.__name__}.layers.layer_function_generator"
"""Where Paddle's generated layers say that they are; one finds them elsewhere."""

_FACES = ("batch", "fluid", "framework", "nn", "reader", "tensor")
"""What stands for modules of Paddle's; the rest of the package is our own."""

_OWN_NAMES = ("UnsupportedAPIError",)


def _modules(root: ModuleType) -> list[ModuleType]:
    """Return a package and the public modules in it that stand for modules of Paddle's."""
    found = [root]
    for info in pkgutil.walk_packages(root.__path__, root.__name__ + "."):
        parts = info.name.split(".")
        if any(part.startswith("_") for part in parts) or parts[1] not in _FACES:
            continue
        module = importlib.import_module(info.name)
        # Without it: a part of a module of Paddle's that is a package here.
        if hasattr(module, "__getattr__") and info.name != GENERATED:
            found.append(module)
    return found


def fluid_modules() -> list[ModuleType]:
    """Return the public modules of `paddle_compat.fluid`, itself first."""
    return _modules(fluid)


def names(module: ModuleType) -> list[str]:
    """Return what a module offers of its own; `fluid` and `layers` also what they hand on."""
    own = []
    for name in module.__all__:
        item = getattr(module, name)
        home = getattr(item, "__module__", module.__name__)
        handed_on = home.startswith(fluid.__name__) and home not in (module.__name__, GENERATED)
        if inspect.ismodule(item) or (handed_on and module is not fluid):
            continue
        own.append(name)
    return sorted(own, key=lambda name: (name.lower(), name))


@lru_cache(maxsize=1)
def objects() -> dict[str, Any]:
    """Return every supported function and class by its shortest dotted name under ``paddle``.

    What has two names, as ``Adam`` and ``AdamOptimizer``, is there under both.
    """
    shortest: dict[tuple[int, str], tuple[str, Any]] = {}
    for module in _modules(paddle_compat):
        prefix = module.__name__.removeprefix(paddle_compat.__name__).lstrip(".")
        for name in module.__all__:
            item = getattr(module, name)
            if inspect.ismodule(item) or name.startswith("__") or name in _OWN_NAMES:
                continue
            dotted = f"{prefix}.{name}" if prefix else name
            known = shortest.get((id(item), name))
            if known is None or _rank(dotted) < _rank(known[0]):
                shortest[id(item), name] = dotted, item
    return dict(sorted(shortest.values(), key=lambda pair: pair[0]))


def _rank(dotted: str) -> tuple[int, int, str]:
    return dotted.count("."), len(dotted), dotted


def public_names() -> tuple[str, ...]:
    """Return every supported name, dotted under ``paddle``, each at its shortest place."""
    return tuple(objects())


@lru_cache(maxsize=1)
def aliases() -> dict[int, frozenset[str]]:
    """Return the names of each object, by its id."""
    found: dict[int, set[str]] = {}
    for name, item in objects().items():
        found.setdefault(id(item), set()).add(name)
    return {key: frozenset(value) for key, value in found.items()}
