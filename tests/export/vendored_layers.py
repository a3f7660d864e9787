"""Every layer of the package, and runs in which vendored functions are held to the layers' own."""

from __future__ import annotations

import contextlib
import functools
import gc
import itertools
import pkgutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import torch

from paddle_compat.conformance.snippets import Snippet, answer_ours
from paddle_compat.export.vendor import Vendored, vendored
from paddle_compat.fluid import layers
from paddle_compat.fluid._layer import LayerSpec

__all__ = ["Checked", "checked_layers", "every_layer", "module_text"]


def every_layer() -> list[LayerSpec]:
    """Return what every layer of the package is recorded as, once (other tests make specs too)."""
    for found in pkgutil.walk_packages(layers.__path__, f"{layers.__name__}."):
        import_module(found.name)
    specs = {
        item.function: item
        for item in gc.get_objects()
        if type(item) is LayerSpec and item.function.__module__.startswith("paddle_compat.")
    }

    def place(spec: LayerSpec) -> tuple[str, str, int]:
        code = spec.function.__code__
        return spec.function.__name__, code.co_filename, code.co_firstlineno

    return sorted(specs.values(), key=place)


def module_text(found: Vendored) -> str:
    """Return vendored source as a module."""
    return "\n".join(["from __future__ import annotations", *found.imports, "", found.source])


def _module(name: str, text: str) -> ModuleType:
    made = ModuleType(name)
    sys.modules[name] = made  # dataclasses look for theirs
    exec(compile(text, name, "exec"), vars(made))
    return made


class Checked:
    """Layers whose every run is repeated by a vendored function, and compared.

    Attributes:
        calls: how often each layer was compared, by its function's name.
        findings: what differed.
    """

    def __init__(self, most: int) -> None:
        self.calls: Counter[str] = Counter()
        self.findings: list[str] = []
        self._most = most
        self._numbers = itertools.count()

    @functools.cached_property
    def specs(self) -> list[LayerSpec]:
        """Every layer."""
        return every_layer()

    def wrapper(self, spec: LayerSpec) -> Callable[..., Any]:
        """Return a layer's function that also runs its vendored twin."""
        own = spec.function
        found = vendored([own])
        module = _module(f"vendored_{next(self._numbers)}", module_text(found))
        twin = getattr(module, found.names[own])

        @functools.wraps(own)
        def run(*args: Any, **kwargs: Any) -> Any:
            given = [*_tensors(args), *_tensors(list(kwargs.values()))]
            if any(t.is_meta for t in given) or self.calls[own.__name__] >= self._most:
                return own(*args, **kwargs)
            self.calls[own.__name__] += 1
            ours = _answer(own, args, kwargs)
            theirs = _answer(twin, args, kwargs)
            if not _same(ours, theirs):
                self.findings.append(f"{own.__qualname__}: {_told(ours)}, vendored {_told(theirs)}")
            return own(*args, **kwargs)

        return run


@contextlib.contextmanager
def checked_layers(most: int = 1 << 30) -> Iterator[Checked]:
    """Let layers that run in programs be compared with their vendored functions.

    Args:
        most: how often each layer.
    """
    checked = Checked(most)
    own = [(spec, spec.function) for spec in checked.specs]
    try:
        for spec, _ in own:
            object.__setattr__(spec, "function", checked.wrapper(spec))
        yield checked
    finally:
        for spec, function in own:
            object.__setattr__(spec, "function", function)


def run(snippets: Iterable[Snippet]) -> None:
    """Run snippets by ours; what they answer is compared elsewhere."""
    for snippet in snippets:
        answer_ours(snippet)


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, (list, tuple)):
        return [tensor for item in value for tensor in _tensors(item)]
    return []


def _copies(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        copy = value.detach().clone()
        return copy.requires_grad_(value.requires_grad)
    if isinstance(value, (list, tuple)):
        return type(value)(_copies(item) for item in value)
    return value


def _answer(function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Return results and gradients, or the error."""
    args, kwargs = _copies(list(args)), {name: _copies(v) for name, v in kwargs.items()}
    leaves = [t for t in [*_tensors(args), *_tensors(list(kwargs.values()))] if t.requires_grad]
    state = torch.random.get_rng_state()
    try:
        results = _tensors(function(*args, **kwargs))
        ends = [r for r in results if r.requires_grad]
        if ends and torch.is_grad_enabled():
            ones = [torch.ones_like(r) for r in ends]
            grads = torch.autograd.grad(ends, leaves, ones, allow_unused=True)
            return [*results, *grads]
        return results
    except Exception as error:
        return type(error).__name__
    finally:
        torch.random.set_rng_state(state)


def _same(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, str) or isinstance(theirs, str):
        return bool(ours == theirs)
    return len(ours) == len(theirs) and all(map(_identical, ours, theirs))


def _identical(ours: torch.Tensor | None, theirs: torch.Tensor | None) -> bool:
    """Tell whether two tensors have the same bits."""
    if ours is None or theirs is None:
        return ours is theirs
    if ours.dtype != theirs.dtype or ours.shape != theirs.shape:
        return False
    one, other = (t.detach().contiguous().reshape(-1).view(torch.uint8) for t in (ours, theirs))
    return torch.equal(one, other)


def _told(answer: Any) -> str:
    return answer if isinstance(answer, str) else f"{len(answer)} results"
