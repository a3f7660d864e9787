"""Print the supported names of `paddle.fluid` as the table of migration_guide.md.

`--write` puts the table there.
"""

from __future__ import annotations

import sys

from guide_table import GuideTable

from paddle_compat.conformance.public_names import fluid_modules as modules
from paddle_compat.conformance.public_names import names

__all__ = ["TABLE", "modules", "names", "table"]


def table() -> str:
    """Return the names as Markdown, a row for each module that has some of its own."""
    rows = ["| module | names |", "|---|---|"]
    for module in modules():
        path = module.__name__.replace("paddle_compat", "paddle", 1)
        listed = ", ".join(f"`{name}`" for name in names(module))
        if listed:
            rows.append(f"| `{path}` | {listed} |")
    return "\n".join(rows)


TABLE = GuideTable(
    "<!-- names: written by tools/supported_names.py -->",
    "<!-- end of names -->",
    table,
    "supported_names.py",
)

if __name__ == "__main__":
    sys.exit(TABLE.main(sys.argv[1:]))
