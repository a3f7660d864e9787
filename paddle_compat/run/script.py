"""Loads a script or module as Python does, and executes it as ``__main__``."""

from __future__ import annotations

import builtins
import io
import os
import sys
import tokenize
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import NamedTuple

from paddle_compat.run.frames import tidy

__all__ = ["Source", "UsageError", "execute_module", "execute_script", "read_script"]


class UsageError(Exception):
    """What was to be run cannot be: the message says why."""


class Source(NamedTuple):
    """A script's path as it was given, and its bytes."""

    path: str
    text: bytes


def read_script(path: str) -> Source:
    """Return a script's source.

    Raises:
        UsageError: there is no such file, it is a folder, or it is not text in its encoding.
    """
    try:
        text = Path(path).read_bytes()
    except FileNotFoundError:
        raise UsageError(f"there is no script {path!r}") from None
    except IsADirectoryError:
        raise UsageError(f"{path!r} is a folder; name the script in it") from None
    except OSError as error:
        raise UsageError(f"cannot read the script {path!r}: {error.strerror}") from None
    if b"\0" in text:
        raise UsageError(f"{path!r} is no Python source: it contains null bytes")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(text).readline)
        text.decode(encoding)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise UsageError(
            f"cannot decode the script {path!r}: {error}; "
            "save it as UTF-8, or name its encoding in its first line: # -*- coding: ... -*-"
        ) from None
    return Source(path, text)


def execute_script(source: Source, arguments: Sequence[str]) -> None:
    """Execute a script as ``python path arguments`` does.

    Whatever the script raises leaves this function, and Python then ends as it does for a script
    of its own: `SystemExit` with its code, KeyboardInterrupt by SIGINT.
    """
    path = Path(source.path)
    # Python's own name for it: absolute, and else as it was written.
    name = source.path if path.is_absolute() else f"{Path.cwd()}{os.sep}{source.path}"
    _set_first_path(str(path.resolve().parent))
    sys.argv[:] = [source.path, *arguments]
    main = _fresh_main(name, SourceFileLoader("__main__", name))
    with _Shown():
        code = compile(source.text, name, "exec", dont_inherit=True)
        exec(code, vars(main))


def execute_module(name: str, arguments: Sequence[str]) -> None:
    """Execute a module as ``python -m name arguments`` does.

    Raises:
        UsageError: there is no such module, or it cannot be executed.
    """
    _set_first_path(str(Path.cwd()))
    sys.argv[:] = ["-m", *arguments]
    with _Shown():
        spec, code = _module_code(name)
        sys.argv[0] = spec.origin or name
        main = _fresh_main(spec.origin, spec.loader)
        vars(main).update(__spec__=spec, __package__=spec.parent, __cached__=spec.cached)
        exec(code, vars(main))


def _set_first_path(folder: str) -> None:
    # Python itself puts no folder first when isolated (-I) or told to be safe (-P).
    if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
        sys.path[0] = folder


def _fresh_main(file: str | None, loader: object) -> ModuleType:
    main = ModuleType("__main__")
    main.__spec__ = None
    vars(main).update(
        __builtins__=builtins, __file__=file, __loader__=loader, __package__=None, __cached__=None
    )
    if sys.version_info < (3, 14):
        main.__annotations__ = {}
    launcher = sys.modules["__main__"]
    # It is there as `__mp_main__` too, by which worker processes name the script's classes.
    for name in [n for n, module in sys.modules.items() if module is launcher]:
        sys.modules[name] = main
    return main


def _module_code(name: str) -> tuple[ModuleSpec, CodeType]:
    try:
        spec = find_spec(name)
    except ModuleNotFoundError as error:
        if not f"{name}.".startswith(f"{error.name}."):
            raise  # a package above the module is there, and lacks something itself
        spec = None
    if spec is not None and spec.submodule_search_locations is not None:
        return _module_code(f"{name}.__main__")
    if spec is None:
        raise UsageError(f"there is no module {name!r} to run")
    code = getattr(spec.loader, "get_code", lambda _: None)(name)
    if code is None:
        raise UsageError(f"the module {name!r} has no code that can be run")
    return spec, code


class _Shown:
    """Lets an uncaught exception be shown without the runner's frames, by whatever hook is set."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            return
        hook = sys.excepthook

        def show(
            kind: type[BaseException], error: BaseException, traceback: TracebackType | None
        ) -> None:
            error.__traceback__ = _below_launcher(traceback)
            tidy(error)
            sys.last_traceback = error.__traceback__
            try:
                hook(kind, error, error.__traceback__)
            except SystemExit:
                raise
            except BaseException as failure:
                # As Python shows a hook that fails, had it not been called from here.
                tidy(failure)
                sys.stderr.write("Error in sys.excepthook:\n")
                sys.__excepthook__(type(failure), failure, failure.__traceback__)
                sys.stderr.write("\nOriginal exception was:\n")
                sys.__excepthook__(kind, error, error.__traceback__)

        sys.excepthook = show


def _below_launcher(traceback: TracebackType | None) -> TracebackType | None:
    """Return the traceback from this module's own frame on, which `tidy` takes out."""
    found = traceback
    while found is not None and found.tb_frame.f_code.co_filename != __file__:
        found = found.tb_next
    return found or traceback
