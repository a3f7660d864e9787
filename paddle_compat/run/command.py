"""The command ``paddle-compat run``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from paddle_compat.run import script
from paddle_compat.run.launch import add_options, launch, parse

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
    options, rest = parse(parser, arguments)
    try:
        launch(options, rest)
    except script.UsageError as error:
        parser.error(str(error))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="paddle-compat run",
        usage="paddle-compat run [--device cpu|cuda] [--threads N] SCRIPT [ARGUMENT ...]\n"
        "       paddle-compat run [--device cpu|cuda] [--threads N] -m MODULE [ARGUMENT ...]",
        description=_DESCRIPTION,
        epilog="All that follows SCRIPT belongs to the script, options too.",
        allow_abbrev=False,
    )
    add_options(parser)
    return parser
