"""Parity tests for your own port: record real Paddle once, replay on torch for ever.

`record` calls a function of any Paddle and writes inputs, results, gradients, parameters and
exceptions to one portable file; `replay` and `assert_replay` hold a torch function to it, and say
what is likely wrong. `assert_parity` does both where Paddle is importable. The pytest plugin has
the fixture `paddle_parity`. Parity of this package's own layers is `paddle_compat.conformance`'s.
"""

from __future__ import annotations

from paddle_compat.checkpoints.damage import DamagedFileError
from paddle_compat.conformance.provision import OracleUnavailable
from paddle_compat.testing.comparison import Mismatch
from paddle_compat.testing.process import RecordingFailed
from paddle_compat.testing.recorder import Lod
from paddle_compat.testing.recording import assert_parity, record
from paddle_compat.testing.replaying import assert_replay, read, replay
from paddle_compat.testing.report import CaseReport, ParityError, Report
from paddle_compat.testing.tolerance import TOLERANCES

__all__ = [
    "TOLERANCES",
    "CaseReport",
    "DamagedFileError",
    "Lod",
    "Mismatch",
    "OracleUnavailable",
    "ParityError",
    "RecordingFailed",
    "Report",
    "assert_parity",
    "assert_replay",
    "read",
    "record",
    "replay",
]
