"""Record what real Paddle 1.8.5 answers to the scripts of `examples/`.

    python tests/examples/record.py

Writes `examples/SCRIPT.paddle-1.8.5.json`; needs Python 3.8, and makes the environment.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from examples.comparison import digest, save
from examples.runs import DETECTIONS, LOOP, RUNS
from examples.scripts import by_real
from paddle_compat.conformance.provision import provision


def main() -> None:
    """Run every script with real Paddle and write down the digests."""
    made = provision("1.8.5")
    recordings: dict[Path, dict[str, Any]] = {}
    for run in [*RUNS, *DETECTIONS, LOOP]:
        about = {"paddle": made.version, "wheel": made.wheel, "sha256": made.sha256}
        recording = recordings.setdefault(run.recording, {**about, "runs": {}})
        recording["runs"][str(run)] = digest(by_real(run.script, *run.arguments))
        print(run)
    for path, recording in recordings.items():
        save(path, recording)


if __name__ == "__main__":
    main()
