"""Checks a torch function against a recording."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from paddle_compat.checkpoints.damage import DamagedFileError
from paddle_compat.testing import recorder
from paddle_compat.testing.comparison import compare
from paddle_compat.testing.diagnosis import Diagnosis, Subject, diagnose
from paddle_compat.testing.port import Port, call
from paddle_compat.testing.recorder import Case
from paddle_compat.testing.report import CaseReport, ParityError, Report
from paddle_compat.testing.tolerance import Options

__all__ = ["assert_replay", "check", "read", "replay"]


def read(path: str | os.PathLike[str]) -> list[Case]:
    """Read the cases of a recording.

    Raises:
        DamagedFileError: it is no recording, is cut off, or is of a later format.
        OSError: it cannot be read at all.
    """
    try:
        return recorder.read(path)
    except recorder.RecordingError as error:
        raise DamagedFileError(str(error)) from error


def replay(
    path: str | os.PathLike[str],
    port: Port,
    *,
    case: str | Sequence[str] | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    tolerances: Mapping[str, tuple[float, float]] | None = None,
    check_dtype: bool = True,
    gradients: Sequence[str] | None = None,
    diagnose_seconds: float = 20.0,
) -> Report:
    """Check a torch function against what Paddle answered: values, gradients and exceptions.

    Args:
        path: the recording.
        port: the torch function. It gets the recorded inputs, as tensors, in the way they were
            given to Paddle's function, and by the keyword `parameters` the parameters that this one
            made, by name. It is called once for every case, and where it disagrees once more for
            every cause that is tried.
        case: the name of a case, or several; all of them by default.
        rtol: allowed difference relative to Paddle's number, instead of the table's.
        atol: allowed difference relative to the array's scale, instead of the table's.
        tolerances: ``{dtype: (rtol, atol)}`` instead of `TOLERANCES`.
        check_dtype: whether results must have Paddle's dtypes.
        gradients: the inputs and parameters whose gradients are compared; all by default.
        diagnose_seconds: how long causes are tried; 0 tries none.

    Returns:
        A report; ``print`` it, or ask it for `ok`, `cases` and `causes`.

    Raises:
        DamagedFileError: the recording is none, or is damaged.
        ValueError: it lacks the case, or a dtype or an input that is named.
        OSError: it cannot be read.

    Convention:
        - floats differ by at most ``rtol * |Paddle's| + atol * scale``; scale is the array's
          largest absolute value, but at most 100 times the median, or 1. nan equals nan.
        - integers and booleans are equal; dtypes and shapes are; a list and a tuple are alike.
        - Paddle before 2.5 has no 0-D tensors: where it gives shape [1], a port may give [].
        - no gradient and a gradient of zeros are alike.
        - an exception is the same built-in one, or derived from it; where Paddle's C++ refused the
          input, any of those that torch raises for bad input.

    Example:
        >>> import tempfile, numpy as np
        >>> from paddle_compat.testing import recorder
        >>> path = tempfile.mkdtemp() + "/double.npz"
        >>> case = recorder.request("head.py:double", {"x": np.ones(2, "float32")})
        >>> case.paddle, case.outputs = "1.8.5", recorder.freeze(np.full(2, 2.0, "float32"))
        >>> recorder.write(path, [case])
        >>> print(replay(path, lambda x: 2 * x))
        /...double.npz: 1 of 1 cases agree
        >>> replay(path, lambda x: -2 * x).causes
        ("sign: it matches with the result's sign changed",)
    """
    cases = read(path)
    if case is not None:
        found = {one.name: one for one in cases}
        asked = [case] if isinstance(case, str) else list(case)
        missing = [name for name in asked if name not in found]
        if missing:
            raise ValueError(f"replay: {path} has no case {missing}, but {list(found)}")
        cases = [found[name] for name in asked]
    options = Options(
        rtol,
        atol,
        tolerances or {},
        check_dtype,
        None if gradients is None else tuple(gradients),
    )
    return check(cases, port, options, str(path), diagnose_seconds)


def assert_replay(path: str | os.PathLike[str], port: Port, **options: Any) -> None:
    """Raise an error with the report unless a port agrees with a recording.

    Args:
        path: the recording.
        port: the torch function.
        options: as `replay` has them.

    Raises:
        ParityError: an AssertionError; its `report` is what `replay` returns.
    """
    report = replay(path, port, **options)
    if not report.ok:
        raise ParityError(report)


def check(cases: Sequence[Case], port: Port, options: Options, path: str, seconds: float) -> Report:
    """Check a port against cases that were read."""
    options.validate(cases)
    subjects = []
    for case in cases:
        answer = call(port, case)
        subjects.append(Subject(case, port, answer, tuple(compare(case, answer, options))))
    failing = [subject for subject in subjects if subject.mismatches]
    found = Diagnosis({}, {})
    if failing and seconds > 0:
        agreeing = [subject for subject in subjects if not subject.mismatches]
        found = diagnose(failing, agreeing, options, seconds)
    reports = tuple(
        CaseReport(
            subject.case.name,
            subject.case.paddle,
            tuple(subject.mismatches),
            found.causes.get(subject.case.name, ()),
            found.seen.get(subject.case.name, ()),
            tuple(_notes(subject.case)),
        )
        for subject in subjects
    )
    return Report(path, reports, found.complete)


def _notes(case: Case) -> Iterator[str]:
    """Yield what agreement in a case does not show."""
    if case.error is not None:
        told = case.error["message"].strip().partition("\n")[0]
        yield f"the recorded answer is an exception, {case.error['type']}: {told}"
    if case.gradient_error is not None:
        error = case.gradient_error
        told = error["message"].strip().partition("\n")[0]
        yield f"gradients are not compared: Paddle raises {error['type']} for them: {told}"


def default_recording(test_file: Path) -> Path:
    """Return where the recording of a test module lies."""
    return test_file.with_name(f"{test_file.stem}.paddle.npz")
