"""Real Paddle behind one interface: in this process, or any version in its own interpreter."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType, TracebackType
from typing import BinaryIO, Protocol, cast

from paddle_compat.conformance.call import Call, Outcome
from paddle_compat.conformance.processes import environment, watchdog
from paddle_compat.conformance.provision import OracleUnavailable, provision
from paddle_compat.conformance.workers import wire

__all__ = [
    "InProcessOracle",
    "Oracle",
    "OracleUnavailable",
    "SubprocessOracle",
    "installed_oracle",
    "installed_version",
    "open_oracle",
    "release",
    "required",
]

WORKERS = Path(__file__).parent / "workers"


class Oracle(Protocol):
    """Something that answers calls as one version of real Paddle does."""

    @property
    def version(self) -> str:
        """The version that answers."""

    def evaluate(self, calls: Iterable[Call]) -> list[Outcome]:
        """Answer each call; a call that kills Paddle's process is answered by its signal."""

    def __enter__(self) -> Oracle: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class InProcessOracle:
    """The installed Paddle (2.6 or later), in this process.

    It is fast, but a call that kills Paddle kills this process too.
    """

    def __init__(self) -> None:
        self.version = installed_version()
        if release(self.version) < (2, 6):
            raise OracleUnavailable(
                f"paddlepaddle {self.version} is too old to share a process with torch (2.6 is not)"
            )
        self._worker: ModuleType = _import_worker()

    def evaluate(self, calls: Iterable[Call]) -> list[Outcome]:
        """Answer each call."""
        return [
            Outcome.from_wire(*wire.answer(self._worker.evaluate, *call.to_wire()))
            for call in calls
        ]

    def __enter__(self) -> Oracle:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None


def _import_worker() -> ModuleType:
    """Import the 2.x worker, which imports Paddle."""
    try:
        import paddle_compat.conformance.workers.paddle_2x as worker
    except ImportError as error:
        raise OracleUnavailable(f"the installed paddlepaddle does not import: {error}") from error
    return worker


class SubprocessOracle:
    """Any version of Paddle, in an interpreter of its own; restarted after a crash.

    Args:
        python: the interpreter that has the Paddle.
        version: the version that is expected there.
        timeout: seconds after which a call counts as hung and is killed.
        own: whether it is the interpreter of this process, whose settings hold there too.
    """

    def __init__(
        self, python: Path, version: str, *, timeout: float = 120.0, own: bool = False
    ) -> None:
        self.python = python
        self.version = version
        self.timeout = timeout
        self._own = own
        name = "fluid_1x.py" if release(version) < (2,) else "paddle_2x.py"
        self._command = [str(python), str(WORKERS / name)]
        self._process: subprocess.Popen[bytes] | None = None

    def evaluate(self, calls: Iterable[Call]) -> list[Outcome]:
        """Answer each call; the one during which the process dies is answered by its signal."""
        return [Outcome.from_wire(*self.ask(*call.to_wire())) for call in calls]

    def ask(self, header: wire.Header, arrays: wire.Arrays) -> tuple[wire.Header, wire.Arrays]:
        """Send the worker one frame and return its reply; its death is a reply too."""
        process = self._running()
        with watchdog(process, self.timeout) as hung:
            try:
                wire.write_frame(cast(BinaryIO, process.stdin), header, arrays)
                reply = wire.read_frame(cast(BinaryIO, process.stdout))
            except BrokenPipeError:
                reply = None
            except BaseException:
                # Ctrl-C: half a frame is on its way, and nothing after it could be understood.
                process.kill()
                self._close()
                raise
        if reply is not None:
            return reply
        code = process.wait()
        self._close()
        if hung.is_set():
            return _crash("Timeout", f"no answer in {self.timeout} s")
        name = signal.Signals(-code).name if code < 0 else f"exit {code}"
        return _crash(name, f"Paddle's process died: {name}")

    def _running(self) -> subprocess.Popen[bytes]:
        """Return the worker's process, started and ready."""
        if self._process is not None:
            return self._process
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(own=self._own),
            )
        except OSError as error:
            raise OracleUnavailable(f"cannot start {self.python}: {error}") from error
        self._process = process
        with watchdog(process, self.timeout):
            ready = wire.read_frame(cast(BinaryIO, process.stdout))
        if ready is None:
            self._close()
            raise OracleUnavailable(f"Paddle {self.version} does not start in {self.python}")
        found = _plain(ready[0]["version"])
        if found != self.version:
            self._close()
            raise OracleUnavailable(f"{self.python} has Paddle {found}, not {self.version}")
        return process

    def _close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            with contextlib.suppress(OSError):
                stream.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> Oracle:
        self._running()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()


def _crash(error: str, message: str) -> tuple[wire.Header, wire.Arrays]:
    return {"kind": "crash", "error": error, "bases": [], "message": message}, {}


def release(version: str) -> tuple[int, ...]:
    """Return the numbers of a version: ``(1, 8, 5)``."""
    return tuple(int(part) for part in version.split(".")[:3] if part.isdigit())


def _plain(version: str) -> str:
    """Return a version without what follows its numbers: 2.6.2 of ``2.6.2.post120``."""
    found = re.match(r"\d+(\.\d+)*", version)
    return found.group() if found else version


def installed_version() -> str:
    """Return the version of the Paddle that this interpreter has.

    Raises:
        OracleUnavailable: it has none.
    """
    for name in ("paddlepaddle", "paddlepaddle-gpu"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return _plain(importlib.metadata.version(name))
    raise OracleUnavailable(
        f"{sys.executable} has no paddlepaddle; install it, or name a version instead"
    )


def installed_oracle() -> SubprocessOracle:
    """Return the oracle for this interpreter's own Paddle, in another process of it.

    A crash of Paddle's is an answer there, and does not end this process.

    Raises:
        OracleUnavailable: there is no Paddle here.
    """
    return SubprocessOracle(Path(sys.executable), installed_version(), own=True)


def open_oracle(version: str, *, in_process: bool = False) -> Oracle:
    """Return the oracle for a version of Paddle; in its own interpreter unless asked otherwise.

    An interpreter that is not there yet is created, which needs the network: see `provision`.

    Raises:
        OracleUnavailable: with the reason, when that version cannot be had here.

    Example:
        >>> with open_oracle("1.8.5") as oracle:  # doctest: +SKIP
        ...     [outcome] = oracle.evaluate([call])
    """
    if in_process:
        oracle = InProcessOracle()
        if oracle.version != version:
            raise OracleUnavailable(f"paddlepaddle {oracle.version} is installed, not {version}")
        return oracle
    return SubprocessOracle(provision(version).python, version)


def required() -> bool:
    """Tell whether a missing oracle is a failure: in continuous integration it is."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


if sys.platform == "win32":  # pragma: no cover
    raise ImportError("Paddle's oracles run on Linux and macOS")
