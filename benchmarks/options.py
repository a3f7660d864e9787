"""The command line that every benchmark has."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

__all__ = ["parse"]


def parse(about: str | None, arguments: Sequence[str] | None, short: str) -> argparse.Namespace:
    """Return the options of a benchmark.

    Args:
        about: its docstring; the first line is the help's.
        arguments: the command line; None is the process's.
        short: what its short form leaves out.
    """
    parser = argparse.ArgumentParser(description=(about or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help=f"{short}; under a minute")
    parser.add_argument("--threads", type=int, default=2, help="threads of each (default: 2)")
    parser.add_argument(
        "--oracle-python",
        metavar="PATH",
        help="an interpreter with paddlepaddle 1.8.5; by default one is looked for, and made",
    )
    parser.add_argument("--tiny", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)
