"""``python -m paddle_compat.testing``: the recorder's source, a recording's content, a replay.

recorder
    print the recorder: one file for the environment that has the legacy code
show FILE
    print what a recording holds
replay FILE PORT
    hold a torch function, ``file.py:function`` or ``package.module:function``, to a recording

Exit codes: 0 done, 1 the port disagrees, 2 a usage error or a damaged recording.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from paddle_compat.testing import recorder
from paddle_compat.testing.port import case_leaves
from paddle_compat.testing.recorder import Case, leaves
from paddle_compat.testing.replaying import read, replay

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m paddle_compat.testing",
        description="Parity tests of a port against recordings of real Paddle.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("recorder", help="print the recorder, one file for the legacy environment")
    show = commands.add_parser("show", help="print what a recording holds")
    show.add_argument("file", metavar="FILE")
    play = commands.add_parser("replay", help="hold a torch function to a recording")
    play.add_argument("file", metavar="FILE")
    play.add_argument("port", metavar="PORT", help="file.py:function or package.module:function")
    play.add_argument("--case", help="one case's name (default: all)")
    asked = parser.parse_args(arguments)
    if asked.command == "recorder":
        sys.stdout.write(Path(recorder.__file__).read_text(encoding="utf-8"))
        return 0
    try:
        if asked.command == "show":
            print("\n".join(map(_described, read(asked.file))))
            return 0
        report = replay(asked.file, recorder.resolve(asked.port), case=asked.case)
    except (OSError, ValueError, TypeError, ImportError, AttributeError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    print(report)
    return 0 if report.ok else 1


def _described(case: Case) -> str:
    """Tell a case in a few lines."""
    lines = [f"{case.name}: {case.function} of Paddle {case.paddle}, {case.mode}"]
    told = dict(case_leaves(case))
    told.update(leaves(case.outputs, "output"))
    told.update((f"parameter {name}", leaf) for name, leaf in case.parameters.items())
    lines += [f"  {path}: {leaf.dtype} {list(leaf.data.shape)}" for path, leaf in told.items()]
    reached = [path for path, leaf in case.gradients.items() if leaf is not None]
    reached += [name for name, leaf in case.parameter_gradients.items() if leaf is not None]
    if reached:
        lines.append(f"  gradients: {', '.join(reached)}")
    for error in (case.error, case.gradient_error):
        if error is not None:
            first = error["message"].strip().partition("\n")[0]
            lines.append(f"  {error['type']} ({error['phase']}): {first}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
