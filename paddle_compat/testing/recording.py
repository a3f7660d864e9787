"""Records what a function of real Paddle answers: here, or in an interpreter that has it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from paddle_compat.conformance.provision import provision
from paddle_compat.testing import recorder
from paddle_compat.testing.port import Port
from paddle_compat.testing.process import RecorderProcess
from paddle_compat.testing.recorder import Case
from paddle_compat.testing.replaying import check, read
from paddle_compat.testing.report import ParityError
from paddle_compat.testing.tolerance import Options

__all__ = ["absolute", "answer", "assert_parity", "record"]


def record(
    path: str | os.PathLike[str],
    function: Callable[..., Any] | str,
    inputs: Any,
    *,
    case: str | None = None,
    version: str | None = None,
    python: str | os.PathLike[str] | None = None,
    mode: str = "",
    wrt: str | Sequence[str] | None = None,
    seed: int = recorder.SEED,
    append: bool = False,
) -> None:
    """Call a function of real Paddle, and write what it answers to one portable file.

    Inputs, results, the gradients of floating inputs, the parameters that the function makes with
    their first values and gradients, or the exception.

    Args:
        path: the recording, by habit ``NAME.npz``.
        function: takes and returns Paddle's tensors, in dicts, lists and tuples if it likes. A
            function where Paddle is importable; else its name, ``file.py:function`` or
            ``package.module:function``.
        inputs: a dict gives them by name, a list or tuple by position: arrays or torch tensors,
            numbers, strings, None, and lists, tuples and dicts of them. `recorder.Lod` gives one
            levels of detail.
        case: its name in the recording; the function's by default.
        version: the Paddle to record, such as ``1.8.5``, in an environment of its own that is made
            if need be; by default the Paddle of this process.
        python: an interpreter that has the Paddle, instead of `version`.
        mode: ``static`` or ``dygraph``; by default static in Paddle 1, dygraph since.
        wrt: names of the inputs whose gradients are recorded; by default all floating arrays.
        seed: of Paddle's random numbers, such as the parameters' first values.
        append: whether the cases of other names that the file has are kept.

    Raises:
        OracleUnavailable: that version cannot be had here.
        RecordingFailed: the other interpreter could not find or call the function, or died.
        ImportError: there is no Paddle here, and neither `version` nor `python` was named.
        TypeError: an input is of a kind that cannot be recorded, or a function, not its name, is to
            run in another interpreter.
        DamagedFileError: `append` to a file that is no recording.
    """
    before = read(path) if append and Path(path).exists() else []
    new = recorder.request(function, inputs, case, mode=mode, wrt=wrt, seed=seed)
    if version is None and python is None:
        recorder.fill(new, recorder.resolve(function) if isinstance(function, str) else function)
    else:
        if python is not None and version is not None:
            raise ValueError("record: name a version or an interpreter, not both")
        if not isinstance(function, str):
            raise TypeError(
                "record: another interpreter finds a function by its name only: give "
                "'file.py:function', or leave out version and python"
            )
        chosen = python if python is not None else provision(str(version)).python
        with RecorderProcess(chosen) as process:
            new = answer(process, new, absolute(function, Path.cwd()))
    recorder.write(path, recorder.merged(before, [new]))


def answer(process: RecorderProcess, case: Case, function: str) -> Case:
    """Let another interpreter answer one case."""
    [answered] = process.answer([case], function)
    return answered


def absolute(function: str, folder: Path) -> str:
    """Return ``file.py:function`` with the file's absolute path."""
    place, colon, name = function.rpartition(":")
    return f"{folder / place}{colon}{name}" if place.endswith(".py") else function


def assert_parity(
    port: Port,
    function: Callable[..., Any],
    inputs: Any,
    *,
    mode: str = "",
    wrt: str | Sequence[str] | None = None,
    seed: int = recorder.SEED,
    rtol: float | None = None,
    atol: float | None = None,
    tolerances: Mapping[str, tuple[float, float]] | None = None,
    check_dtype: bool = True,
    gradients: Sequence[str] | None = None,
    diagnose_seconds: float = 20.0,
) -> None:
    """Raise an error with the report unless a torch function does what Paddle's does here.

    Args:
        port: the torch function.
        function: the function of Paddle's tensors; Paddle is importable here.
        inputs: as `record` takes them.
        mode: as in `record`.
        wrt: as in `record`.
        seed: as in `record`.
        rtol: as in `replay`.
        atol: as in `replay`.
        tolerances: as in `replay`.
        check_dtype: as in `replay`.
        gradients: as in `replay`.
        diagnose_seconds: as in `replay`.

    Raises:
        ParityError: an AssertionError; its `report` is what `replay` returns.
        ImportError: there is no Paddle here.
    """
    case = recorder.request(function, inputs, mode=mode, wrt=wrt, seed=seed)
    recorder.fill(case, function)
    chosen = None if gradients is None else tuple(gradients)
    options = Options(rtol, atol, tolerances or {}, check_dtype, chosen)
    report = check([case], port, options, f"Paddle {case.paddle}", diagnose_seconds)
    if not report.ok:
        raise ParityError(report)
