"""The command ``paddle-compat``.

Every subcommand is a module with ``main(arguments) -> int``, imported only when it is asked for.
Exit codes: 0 done, 1 findings or a script that failed, 2 a usage or internal error.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

__all__ = ["main"]


class _Command(NamedTuple):
    module: str
    summary: str


_COMMANDS = {
    "run": _Command(
        "paddle_compat.run.command", "run a legacy Paddle script, unmodified, on torch"
    ),
    "verify": _Command(
        "paddle_compat.conformance.verify.command", "hold this library to real Paddle, case by case"
    ),
    "export": _Command(
        "paddle_compat.export.command", "write a script's program as source that needs torch alone"
    ),
    "port": _Command(
        "paddle_compat.port.command",
        "say what Paddle source needs to become PyTorch, and rewrite it",
    ),
    "port-weights": _Command(
        "paddle_compat.port.weights_command", "write Paddle's weights as a torch state_dict"
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        arguments: what follows the command's name; `sys.argv` by default.

    Raises:
        SystemExit: for ``--help``, ``--version`` (0) and a usage error (2).
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] in _COMMANDS:
        command = import_module(_COMMANDS[given[0]].module)
        return int(command.main(given[1:]))
    parser = _parser()
    parser.parse_args(given)
    parser.print_help(sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    width = max(map(len, _COMMANDS))
    commands = "\n".join(f"  {name:<{width}}  {c.summary}" for name, c in _COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="paddle-compat",
        usage="paddle-compat [--help] [--version] COMMAND ...",
        description="Legacy PaddlePaddle code on PyTorch.",
        epilog=f"commands:\n{commands}\n\n'paddle-compat COMMAND --help' describes one.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    parser.add_argument("command", metavar="COMMAND", nargs="?", type=_known, help="see below")
    return parser


def _known(name: str) -> str:
    # `main` takes a known command before the parser sees it.
    raise argparse.ArgumentTypeError(f"there is no command {name!r}; choose {', '.join(_COMMANDS)}")


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *unused: object) -> None:
        from paddle_compat import __version__

        print(f"paddle-compat {__version__}")
        parser.exit()
