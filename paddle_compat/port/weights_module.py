"""The torch module that weights are for: what it wants, and how its layers hold it."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Place", "TargetError", "find_module", "places_of"]


class TargetError(ValueError):
    """A module cannot be made, or is none: the message says why."""


@dataclass(frozen=True)
class Place:
    """What a module wants under a name of its state.

    Attributes:
        shape: of the tensor.
        dtype: torch's name of its dtype, such as ``float32``.
        kinds: the names of the class of the layer that holds it, and of those that it is made from.
        transposed: whether Paddle's layer of this kind holds it the other way round.
        aliases: other names that the same value has in Paddle.
        counter: whether it counts batches, which Paddle does not.
        tied: the other names of the state that are the same tensor.
    """

    shape: tuple[int, ...]
    dtype: str
    kinds: tuple[str, ...]
    transposed: bool = False
    aliases: tuple[str, ...] = ()
    counter: bool = False
    tied: tuple[str, ...] = ()

    @property
    def layer(self) -> str:
        """The name of the layer's class."""
        return self.kinds[0]


def find_module(told: str) -> nn.Module:
    """Make a module from ``file.py:Class`` or ``package.module:factory``; its code is run.

    Args:
        told: a file or a module, and in it a class or a function that takes no argument, or a
            module that is there.

    Raises:
        TargetError: there is none, or it needs arguments, or it makes no `torch.nn.Module`.
    """
    from torch import nn

    where, colon, name = told.rpartition(":")
    if not colon or not where or not name.isidentifier():
        raise TargetError(f"{told!r} is none of file.py:Class and package.module:factory")
    found: Any = getattr(_import(where), name, None)
    if found is None:
        raise TargetError(f"{where!r} has no {name!r}")
    if not isinstance(found, nn.Module):
        if not callable(found):
            raise TargetError(f"{told!r} is {type(found).__name__}: no class, function or module")
        try:
            found = found()
        except (Exception, SystemExit) as error:
            raise TargetError(
                f"{told!r} cannot be called without arguments: {type(error).__name__}: {error}; "
                "name a function that makes the module"
            ) from error
    if not isinstance(found, nn.Module):
        raise TargetError(f"{told!r} makes {type(found).__name__}, and no torch.nn.Module")
    return found


def _import(where: str) -> Any:
    if not where.endswith(".py"):
        try:
            return importlib.import_module(where)
        except ImportError as error:
            raise TargetError(f"{where!r} cannot be imported: {error}") from error
    path = Path(where).resolve()
    if not path.is_file():
        raise TargetError(f"{where!r} is not there")
    name = f"_paddle_compat_target_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise TargetError(f"{where!r} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    # As for a script, what lies beside the file can be imported.
    sys.path.insert(0, str(path.parent))
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise TargetError(
            f"{where!r} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    finally:
        sys.path.remove(str(path.parent))
    return module


def places_of(module: nn.Module) -> dict[str, Place]:
    """Return what a module's state wants, by name.

    Raises:
        TargetError: a layer is lazy, and has no shapes yet.
    """
    import torch
    from torch import nn
    from torch.nn.modules.batchnorm import _NormBase

    tensors = {n: v for n, v in module.state_dict().items() if isinstance(v, torch.Tensor)}
    same: dict[Any, list[str]] = {}
    for name, value in module.state_dict(keep_vars=True).items():
        if isinstance(value, torch.Tensor):
            same.setdefault(id(value), []).append(name)
    tied = {name: tuple(names) for names in same.values() for name in names}
    places = {}
    for name, value in tensors.items():
        if nn.parameter.is_lazy(value):
            raise TargetError(
                f"{name!r} has no shape yet, as of a lazy layer; name a function that makes the "
                "module and calls it once"
            )
        layer, dot, last = name.rpartition(".")
        owner = _owner(module, layer)
        aliases = []
        if isinstance(owner, nn.modules.instancenorm._InstanceNorm) and last == "weight":
            aliases.append(f"{layer}{dot}scale")
        if isinstance(owner, nn.PReLU):
            aliases.append(f"{layer}{dot}_weight")
        places[name] = Place(
            tuple(value.shape),
            str(value.dtype).removeprefix("torch."),
            tuple(kind.__name__ for kind in type(owner).__mro__),
            isinstance(owner, nn.Linear) and last == "weight",
            tuple(aliases),
            isinstance(owner, _NormBase) and last == "num_batches_tracked",
            tuple(other for other in tied[name] if other != name),
        )
    return places


def _owner(module: nn.Module, layer: str) -> nn.Module:
    try:
        return module.get_submodule(layer)
    except AttributeError:
        # A module may name its state as it likes.
        return module
