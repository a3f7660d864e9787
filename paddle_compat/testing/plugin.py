"""What the pytest plugin does once a test asks for it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from paddle_compat.conformance.oracles import required
from paddle_compat.conformance.provision import OracleUnavailable, provision
from paddle_compat.testing import recorder
from paddle_compat.testing.port import Port
from paddle_compat.testing.process import RecorderProcess
from paddle_compat.testing.recorder import Case
from paddle_compat.testing.recording import absolute, answer
from paddle_compat.testing.replaying import assert_replay, default_recording, read

__all__ = ["ParityFixture", "Session"]


class Session:
    """One run of pytest: the interpreter that records, and what it recorded.

    Args:
        asked: what ``--paddle-record`` names, '' for the setting, None to replay.
        config: pytest's configuration.
    """

    def __init__(self, asked: str | None, config: pytest.Config) -> None:
        self.version = asked if asked else str(config.getini("paddle_version"))
        self.records = asked is not None
        self._recorded: dict[Path, list[str]] = {}
        self._process: RecorderProcess | None = None

    def record(self, path: Path, case: Case, function: str) -> None:
        """Ask real Paddle for one case, and put it into a recording."""
        before = read(path) if path.exists() else []
        recorder.write(path, recorder.merged(before, [self._answer(case, function)]))
        self._recorded.setdefault(path, []).append(case.name)

    def _answer(self, case: Case, function: str) -> Case:
        if self._process is None:
            named = Path(self.version)
            python = named if named.is_file() else _provisioned(self.version)
            self._process = RecorderProcess(python)
        return answer(self._process, case, function)

    def close(self) -> None:
        """End the interpreter that records."""
        if self._process is not None:
            self._process.close()

    def summary(self) -> Iterator[str]:
        """Yield a line for every recording that was written."""
        for path, names in self._recorded.items():
            cases = read(path)
            others = len({case.name for case in cases} - set(names))
            told = f", {others} others kept" if others else ""
            yield f"paddle_parity: recorded {len(names)} cases in {_near(path)}{told}"
            for case in cases:
                if case.name in names and case.error is not None:
                    yield f"paddle_parity: {case.name} raises {case.error['type']} in Paddle"


def _provisioned(version: str) -> Path:
    """Return a version's interpreter; without one the test skips, and fails under CI."""
    try:
        return provision(version).python
    except OracleUnavailable as reason:
        told = f"no real Paddle {version} to record from: {reason}"
        if required():
            pytest.fail(told, pytrace=False)
        pytest.skip(told)


class ParityFixture:
    """What the fixture `paddle_parity` gives a test; call it.

    Args:
        session: the run of pytest.
        test_file: the test's module.
        node: the test, as pytest's command line names it.
        name: the test's own name, with its parameters.
    """

    def __init__(self, session: Session, test_file: Path, node: str, name: str) -> None:
        self._session = session
        self._file = test_file
        self._node = node
        self._name = name
        self._calls = 0

    def __call__(
        self,
        function: str,
        port: Port,
        inputs: Any,
        *,
        mode: str = "",
        wrt: str | Sequence[str] | None = None,
        seed: int = recorder.SEED,
        **options: Any,
    ) -> None:
        """Fail the test unless a port does what real Paddle's function did.

        Args:
            function: Paddle's, as ``file.py:function`` from the test's folder, or as
                ``package.module:function``.
            port: the torch function.
            inputs: as `paddle_compat.testing.record` takes them; the recorded ones have to be
                these.
            mode: ``static`` or ``dygraph``, as in `record`.
            wrt: as in `record`.
            seed: as in `record`.
            options: as in `paddle_compat.testing.replay`.

        Raises:
            ParityError: the port disagrees.
        """
        __tracebackhide__ = True
        self._calls += 1
        name = self._name if self._calls == 1 else f"{self._name} #{self._calls}"
        case = recorder.request(function, inputs, name, mode=mode, wrt=wrt, seed=seed)
        path = default_recording(self._file)
        if self._session.records:
            self._session.record(path, case, absolute(function, self._file.parent))
        recorded = self._find(path, name)
        if _question(recorded, mode) != _question(case, mode):
            pytest.fail(
                f"the call of {name!r} is another than was recorded in {_near(path)}: its "
                f"function, inputs or settings changed. {self._advice()}",
                pytrace=False,
            )
        assert_replay(path, port, case=name, **options)

    def _find(self, path: Path, name: str) -> Case:
        found = {case.name: case for case in read(path)} if path.exists() else {}
        if name not in found:
            told = f"has no case {name!r}" if path.exists() else "does not exist"
            pytest.fail(f"the recording {_near(path)} {told}. {self._advice()}", pytrace=False)
        return found[name]

    def _advice(self) -> str:
        return (
            "Record it from real Paddle, and commit the file:\n"
            f"  pytest --paddle-record={self._session.version} '{self._node}'"
        )


def _question(case: Case, mode: str) -> bytes:
    """Return the part of a case that is asked, as bytes that tell every difference."""
    asked = Case(function=case.function, args=case.args, kwargs=case.kwargs)
    asked.wrt, asked.seed, asked.mode = case.wrt, case.seed, case.mode if mode else ""
    return recorder.dumps([asked])


def _near(path: Path) -> str:
    """Return a path as short as it can be told."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return os.fspath(path)
