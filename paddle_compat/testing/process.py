"""Runs the recorder in another interpreter, the one that has the Paddle."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, cast

from paddle_compat.conformance.processes import environment, watchdog
from paddle_compat.testing import recorder
from paddle_compat.testing.recorder import Case

__all__ = ["RecorderProcess", "RecordingFailed"]

_STDERR_LINES = 12


class RecordingFailed(RuntimeError):  # noqa: N818 - told as what happened
    """The other interpreter could not record; the message says what it told."""


class RecorderProcess:
    """An interpreter that answers cases; it starts when it is first asked.

    Args:
        python: the interpreter that has the Paddle.
        timeout: seconds after which a request counts as hung, and the process is killed.
    """

    def __init__(self, python: str | os.PathLike[str], *, timeout: float = 600.0) -> None:
        self.python = Path(python)
        self.timeout = timeout
        self._process: subprocess.Popen[str] | None = None
        self._errors: IO[bytes] | None = None

    def answer(self, cases: Sequence[Case], function: str) -> list[Case]:
        """Call a function for every case, and return them answered.

        Args:
            cases: calls.
            function: ``path/file.py:function`` or ``package.module:function``, as seen from there.

        Raises:
            RecordingFailed: the function cannot be found or called, or the process died.
        """
        process = self._running()
        with tempfile.TemporaryDirectory(prefix="paddle-recording-") as folder:
            request, response = Path(folder) / "request.npz", Path(folder) / "response.npz"
            recorder.write(request, cases)
            asked = {"request": str(request), "response": str(response), "function": function}
            with watchdog(process, self.timeout) as hung:
                last = self._ask(process, asked)
            if last.get("done"):
                return recorder.read(response)
        if "error" in last:
            raise RecordingFailed(f"{function}, under {self.python}: {last['error']}")
        code = process.wait()
        told = self._stderr()
        self.close()
        ended = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        if hung.is_set():
            ended = f"no answer in {self.timeout:g} s"
        where = f" in case {last['case']!r}" if "case" in last else ""
        raise RecordingFailed(f"{function}: {self.python} died{where}: {ended}{told}")

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(OSError):
                cast(IO[str], process.stdin).close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            cast(IO[str], process.stdout).close()
        if self._errors is not None:
            self._errors.close()
            self._errors = None

    def __enter__(self) -> RecorderProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(self, process: subprocess.Popen[str], asked: dict[str, str]) -> dict[str, Any]:
        """Send a request; return the last reply, which is no last one if the process died."""
        last: dict[str, Any] = {}
        with contextlib.suppress(BrokenPipeError):
            stdin = cast(IO[str], process.stdin)
            stdin.write(json.dumps(asked) + "\n")
            stdin.flush()
            for line in cast(IO[str], process.stdout):
                last = json.loads(line)
                if "case" not in last:
                    break
        return last

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
            command = [str(self.python), recorder.__file__]
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=self._errors,
                    env=environment(),
                    text=True,
                )
            except OSError as error:
                raise RecordingFailed(f"cannot start {self.python}: {error}") from error
        return self._process

    def _stderr(self) -> str:
        """Return the last lines that the process wrote, for the message."""
        if self._errors is None:
            return ""
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return "".join(f"\n  {line}" for line in lines[-_STDERR_LINES:])
