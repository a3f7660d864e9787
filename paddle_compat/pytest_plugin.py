"""The pytest plugin of paddle_compat: parity tests of a port against recordings of real Paddle.

Every pytest run loads this file, so it imports no torch, no numpy and no Paddle until a test asks
for the fixture `paddle_parity`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from paddle_compat.testing import plugin

__all__ = ["paddle_parity", "pytest_addoption", "pytest_configure", "pytest_terminal_summary"]

SESSION: pytest.StashKey[plugin.Session] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and settings."""
    group = parser.getgroup("paddle_compat", "parity with real Paddle")
    group.addoption(
        "--paddle-record",
        nargs="?",
        const="",
        default=None,
        metavar="VERSION",
        help="record real Paddle's answers for the tests that use paddle_parity, then replay them; "
        "VERSION is a release such as 1.8.5, the path of an interpreter that has a Paddle, or "
        "by default the setting paddle_version",
    )
    group.addoption(
        "--paddle-replay",
        action="store_const",
        const=None,
        dest="paddle_record",
        help="replay what was recorded, and record nothing (the default)",
    )
    parser.addini("paddle_version", "the Paddle that --paddle-record records", default="1.8.5")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to record in several processes: a module's tests share one file."""
    if config.getoption("paddle_record") is None:
        return
    if getattr(config.option, "numprocesses", None) or hasattr(config, "workerinput"):
        raise pytest.UsageError("--paddle-record runs in one process: add -n 0, or leave out -n")


@pytest.fixture
def paddle_parity(request: pytest.FixtureRequest) -> plugin.ParityFixture:
    """Hold a port to real Paddle: ``paddle_parity("old.py:loss", new.loss, inputs)``.

    Replays the case of this test from the recording beside its file, ``NAME.paddle.npz``; with
    ``--paddle-record`` asks real Paddle first.
    """
    from paddle_compat.testing.plugin import ParityFixture, Session

    session = request.config.stash.get(SESSION, None)
    if session is None:
        session = Session(request.config.getoption("paddle_record"), request.config)
        request.config.stash[SESSION] = session
        request.config.add_cleanup(session.close)
    return ParityFixture(session, request.node.path, request.node.nodeid, request.node.name)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Tell what was recorded."""
    session = config.stash.get(SESSION, None)
    if session is not None:
        for line in session.summary():
            terminalreporter.write_line(line)
