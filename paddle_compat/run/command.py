"""The command ``paddle-compat run``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from paddle_compat.run import children, script
from paddle_compat.run.process import prepare_process

__all__ = ["main"]

_DESCRIPTION = """\
Run an unmodified legacy Paddle script on torch. In this process 'import paddle', 'import
paddle.fluid as fluid' and the like are answered by paddle_compat, also where a real Paddle is
installed. Names that newer Python and NumPy removed (collections.Mapping, np.int, ...) work
again; each one used is reported once on stderr. Exit codes and signals are the script's own."""


def main(arguments: Sequence[str]) -> int:
    """Run a script and return 0; what the script raises is raised.

    Raises:
        SystemExit: the script's own, or 2 for a usage error.
    """
    parser = _parser()
    ours, rest = _split(list(arguments))
    options = parser.parse_args(ours)
    if not rest and options.module is None:
        parser.error("which script? Write: paddle-compat run SCRIPT [ARGUMENT ...]")
    try:
        source = script.read_script(rest[0]) if options.module is None else None
        prepare_process(options.device, options.threads)
        children.bequeath(options.device, options.threads)
        if source is not None:
            script.execute_script(source, rest[1:])
        else:
            script.execute_module(options.module, rest)
    except script.UsageError as error:
        parser.error(str(error))
    return 0


# The options that take a value; what follows the first word that is neither is the script's.
_WITH_VALUE = ("--device", "--threads")


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Return our options, and the script with its arguments (`-m` and its module are ours)."""
    at = 0
    while at < len(arguments):
        word = arguments[at]
        if word == "--":
            return arguments[:at], arguments[at + 1 :]
        if word == "-m":
            return arguments[: at + 2], arguments[at + 2 :]
        if word.startswith("-m") or not word.startswith("-"):
            at += word.startswith("-m")
            break
        at += 2 if word in _WITH_VALUE else 1
    return arguments[:at], arguments[at:]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="paddle-compat run",
        usage="paddle-compat run [--device cpu|cuda] [--threads N] SCRIPT [ARGUMENT ...]\n"
        "       paddle-compat run [--device cpu|cuda] [--threads N] -m MODULE [ARGUMENT ...]",
        description=_DESCRIPTION,
        epilog="All that follows SCRIPT belongs to the script, options too.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--device",
        choices=("cpu", "cuda"),
        help="run there, whatever place the script names (default: the script's place)",
    )
    parser.add_argument(
        "--threads",
        type=_count,
        metavar="N",
        help="how many threads torch uses (default: torch's own choice)",
    )
    parser.add_argument(
        "-m", dest="module", metavar="MODULE", help="run a module, as 'python -m' does"
    )
    return parser


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return number
