"""Print where layers differ from real Paddle 1.8.5 on purpose: a table of migration_guide.md.

`--write` puts the table there. Each row is tested live: that real Paddle still does it, and that
this package does not.
"""

from __future__ import annotations

import re
import sys

from guide_table import GuideTable

from paddle_compat.conformance.snippet_cases import OWN_DIFFERENCES
from paddle_compat.conformance.snippet_differs import DIFFERS
from paddle_compat.conformance.snippets import CHANCE, Differs

_ENDINGS = {"ok": "answers", CHANCE: "answers with what lies in memory"}


def table() -> str:
    """Return the differences as Markdown, a row for each reason, with one example."""
    rows = ["| what real 1.8.5 does | for example | real 1.8.5 | here |", "|---|---|---|---|"]
    told: dict[str, tuple[str, Differs]] = {}
    for table in (DIFFERS, *OWN_DIFFERENCES.values()):
        for name, differs in table.items():
            told.setdefault(differs.reason, (name, differs))
    for reason, (name, differs) in told.items():
        cells = [
            reason,
            f"`{name.removesuffix(' · ')}`",
            _ending(differs.paddle),
            "the right answer" if differs.ours == "ok" else _ending(differs.ours),
        ]
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


def _ending(ending: str) -> str:
    """Say how a call ends: ``ValueError at build``, ``crash SIGABRT``."""
    ending = re.sub(r"^crash (\w+)", r"the process dies of \1", ending)
    return _ENDINGS.get(ending, ending)


TABLE = GuideTable(
    "<!-- differences: written by tools/layer_differences.py -->",
    "<!-- end of differences -->",
    table,
    "layer_differences.py",
)

if __name__ == "__main__":
    sys.exit(TABLE.main(sys.argv[1:]))
