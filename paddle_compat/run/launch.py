"""What the commands that run a script share: their options, and the running."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence

from paddle_compat.run import children, script
from paddle_compat.run.process import prepare_process

__all__ = ["add_options", "count", "launch", "parse"]

# The options here that take a value.
_WITH_VALUE = ("--device", "--threads")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let a command's parser know the options of running a script."""
    parser.add_argument(
        "--device",
        choices=("cpu", "cuda"),
        help="run there, whatever place the script names (default: the script's place)",
    )
    parser.add_argument(
        "--threads",
        type=count,
        metavar="N",
        help="how many threads torch uses (default: torch's own choice)",
    )
    parser.add_argument(
        "-m", dest="module", metavar="MODULE", help="run a module, as 'python -m' does"
    )


def parse(
    parser: argparse.ArgumentParser, arguments: Sequence[str], with_value: Collection[str] = ()
) -> tuple[argparse.Namespace, list[str]]:
    """Return a command's own options, and the script with its arguments.

    With ``-m`` the module is among the options, and the rest are its arguments.

    Args:
        parser: the command's.
        arguments: what follows the command's name.
        with_value: the options of the command's own that take a value.

    Raises:
        SystemExit: for a usage error (2) and ``--help`` (0).
    """
    ours, rest = _split(list(arguments), {*_WITH_VALUE, *with_value})
    options = parser.parse_args(ours)
    if not rest and options.module is None:
        parser.error(f"which script? Write: {parser.prog} SCRIPT [ARGUMENT ...]")
    return options, rest


def launch(options: argparse.Namespace, rest: Sequence[str]) -> None:
    """Run what `parse` found; what the script raises is raised.

    Raises:
        UsageError: it cannot be run.
    """
    source = script.read_script(rest[0]) if options.module is None else None
    prepare_process(options.device, options.threads)
    children.bequeath(options.device, options.threads)
    if source is not None:
        script.execute_script(source, rest[1:])
    else:
        script.execute_module(options.module, rest)


def count(text: str) -> int:
    """Read an option that is a whole number of at least 1."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return number


def _split(arguments: list[str], with_value: Collection[str]) -> tuple[list[str], list[str]]:
    """Return our options, and what the first word that is neither one nor a value begins."""
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
        at += 2 if word in with_value else 1
    return arguments[:at], arguments[at:]
