"""Answers ``import paddle...`` with the modules of `paddle_compat`, in this process only."""

from __future__ import annotations

import opcode
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import FrameType, FunctionType, ModuleType

from paddle_compat.errors import (
    UnsupportedAPIError,
    UnsupportedImportError,
    unsupported_attribute,
)
from paddle_compat.run.frames import using_line

__all__ = ["install", "paddle_name"]

_OURS, _PADDLE = "paddle_compat", "paddle"
_SECTION = "What is offered"
# What of ours mirrors nothing of Paddle's.
_NOT_PADDLE = {
    "atomic",
    "checkpoints",
    "cli",
    "conformance",
    "errors",
    "export",
    "kernels",
    "port",
    "run",
}
_answers: set[object] = set()  # the modules' `__getattr__`s that are made here
_IMPORT_FROM, _EXTENDED_ARG = opcode.opmap["IMPORT_FROM"], opcode.opmap["EXTENDED_ARG"]


def install() -> None:
    """Let `paddle` and all below it be `paddle_compat`; a real Paddle is out of reach from then on.

    Public functions and classes report Paddle's module paths afterwards, also those of modules
    that are imported later; ``paddle.__version__`` is that of the Paddle that is followed.
    """
    if any(isinstance(finder, _PaddleFinder) for finder in sys.meta_path):
        return
    for name in [n for n in sys.modules if n.partition(".")[0] == _PADDLE]:
        del sys.modules[name]
    package = import_module(_OURS)
    for name in package.__all__:
        getattr(package, name)  # some are imported when they are first asked for
    # Scripts ask which Paddle they run on, and this one behaves as that.
    vars(package)["__version__"] = import_module(f"{_OURS}.fluid.framework").FOLLOWED
    sys.meta_path.insert(0, _PaddleFinder())
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == _OURS:
            _publish(module)


def paddle_name(module: str) -> str | None:
    """Return Paddle's name for our module, or None for one that mirrors no module of Paddle's."""
    if not _mirrors(module) or "._" in module:
        return None
    return _PADDLE + module.removeprefix(_OURS)


def _mirrors(module: str) -> bool:
    first, *rest = module.split(".")
    return first == _OURS and not (rest and rest[0] in _NOT_PADDLE)


class _AliasLoader(Loader):
    """Loads a module under a second name: there is nothing left to execute."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module that is loaded already."""
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """Give the module its own spec back, which the import system has replaced."""
        module.__spec__ = self._spec


class _PaddleFinder(MetaPathFinder):
    """Finds ``paddle...`` in `paddle_compat`, and publishes our modules as they are loaded."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module of Paddle's or of ours; None for every other name."""
        first, _, rest = fullname.partition(".")
        if first == _PADDLE:
            ours = f"{_OURS}.{rest}" if rest else _OURS
            module = _ours(fullname, ours)
            # Were it there already, the import system would take it for loaded by our own spec,
            # and execute that once more.
            sys.modules.pop(fullname, None)
            return ModuleSpec(fullname, _AliasLoader(module))
        if first == _OURS and paddle_name(fullname) is not None:
            return self._publishing(fullname, path, target)
        return None

    def _publishing(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None
    ) -> ModuleSpec | None:
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(fullname, path, target)
            if spec is not None:
                if type(spec.loader) is SourceFileLoader:
                    spec.loader = _PublishingLoader(spec.loader.name, spec.loader.path)
                return spec
        return None


class _PublishingLoader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        _publish(module)


def _ours(fullname: str, ours: str) -> ModuleType:
    if paddle_name(ours) is None:
        raise _no_module(fullname)
    try:
        module = import_module(ours)
    except ModuleNotFoundError as error:
        if error.name != ours:
            raise
        raise _no_module(fullname) from None
    return module


def _no_module(fullname: str) -> UnsupportedImportError:
    parent, _, name = fullname.rpartition(".")
    try:
        getattr(sys.modules[parent], name)
    except UnsupportedAPIError as error:  # the parent knows best what to use instead
        return UnsupportedImportError(fullname, error.instead, error.section, using_line())
    except (AttributeError, KeyError):
        pass
    return UnsupportedImportError(fullname, _offered(parent), _SECTION, using_line())


def _offered(module: str) -> str:
    return f"a name that dir({module}) lists"


def _publish(module: ModuleType) -> None:
    name = paddle_name(module.__name__)
    if name is None:
        return
    sys.modules[name] = module
    if not hasattr(module, "__path__"):
        # An import below a module that is no package here then reaches the finder.
        module.__path__ = []
    for public in getattr(module, "__all__", ()):
        thing = vars(module).get(public)
        if isinstance(thing, (FunctionType, type)) and _mirrors(thing.__module__):
            thing.__module__ = paddle_name(thing.__module__) or name
    known = vars(module).get("__getattr__")
    if known not in _answers:
        vars(module)["__getattr__"] = _for_imports_too(
            known
            or unsupported_attribute(
                module.__name__, name, offered=_offered(name), section=_SECTION
            )
        )


def _for_imports_too(look_up: Callable[[str], object]) -> Callable[[str], object]:
    """Return a module ``__getattr__`` that gives ``from module import name`` an ImportError.

    Python itself would answer any AttributeError there with its own "cannot import name", which
    knows neither Paddle's path nor what to use instead.
    """

    def look_up_or_import(name: str) -> object:
        try:
            return look_up(name)
        except UnsupportedAPIError as error:
            if not _imports_from(sys._getframe(1)):
                raise
            refused = UnsupportedImportError(error.path, error.instead, error.section, using_line())
        raise refused

    _answers.add(look_up_or_import)
    return look_up_or_import


def _imports_from(frame: FrameType) -> bool:
    code, at = frame.f_code.co_code, frame.f_lasti
    # Python 3.10 stands at the first prefix of the instruction, if there are any.
    while 0 <= at < len(code) and code[at] == _EXTENDED_ARG:
        at += 2
    return 0 <= at < len(code) and code[at] == _IMPORT_FROM
