"""Print what `paddle-compat verify` prints: the blocks of README.md and migration_guide.md.

`--write` puts them there. A test compares them with a run of its own, line by line.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

from guide_table import GUIDE, GuideTable

from paddle_compat import cli
from paddle_compat.kernels import pointwise

__all__ = ["FAILURE", "SUMMARY", "WHOLE", "planted", "printed"]

FAILING = "fluid.layers.sigmoid_focal_loss::grid (float32*gamma=3.0*dygraph)"


@cache
def printed(*patterns: str) -> str:
    """Return what a run prints, but for its first line, which tells of the machine."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        cli.main(["verify", *patterns])
    return out.getvalue().partition("\n")[2]


@contextlib.contextmanager
def planted() -> Iterator[None]:
    """Plant a fault in the kernel: an exponent that is a little off."""
    right: Any = pointwise._power

    def wrong(base: Any, exponent: float, out: Any) -> Any:
        return right(base, exponent + 0.001, out)

    pointwise._power = wrong
    try:
        yield
    finally:
        pointwise._power = right


def whole() -> str:
    """Return the block of a whole run: what is waived is left out."""
    told = re.sub(r"(?m)^waived, .*\n(  .*\n)+", "…\n", printed())
    return f"```text\n{told}```"


def failure() -> str:
    """Return the block of a run that fails."""
    with planted():
        told = printed(FAILING)
    return f"```text\n{told[told.index('FAIL ') :]}```"


def summary() -> str:
    """Return the block of a whole run's last line."""
    return f"```text\n{printed().splitlines()[-1]}\n```"


def _marked(name: str, make: Any, **where: Any) -> GuideTable:
    begin, end = f"<!-- {name}: written by tools/verify_output.py -->", f"<!-- end of {name} -->"
    return GuideTable(begin, end, make, "verify_output.py", **where)


WHOLE = _marked("a verification", whole)
FAILURE = _marked("a failed verification", failure)
SUMMARY = _marked("a verification", summary, document=GUIDE.with_name("README.md"))

if __name__ == "__main__":
    sys.exit(max(table.main(sys.argv[1:]) for table in (WHOLE, FAILURE, SUMMARY)))
