"""One line a finding, as compilers print them."""

from __future__ import annotations

from collections.abc import Sequence

from paddle_compat.port.coverage import Coverage
from paddle_compat.port.work import Told

__all__ = ["to_text"]


def to_text(told: Sequence[Told], counted: Coverage) -> str:
    """Return ``path:line:col: CODE message [fix]`` for each finding."""
    lines = [
        f"{each.path}:{each.start.line}:{each.start.column}: {each.code} {each.message}"
        + (" [fix]" if each.fix else "")
        for each in told
    ]
    return "".join(f"{line}\n" for line in lines)
