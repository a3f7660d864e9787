"""Print the quirk ledger as the Markdown table of migration_guide.md; `--write` puts it there."""

from __future__ import annotations

import sys

from guide_table import GuideTable

from paddle_compat.conformance.quirks import LEDGER, Quirk


def table() -> str:
    """Return the ledger as Markdown, one table for each face."""
    parts = []
    for face in dict.fromkeys(quirk.face for quirk in LEDGER):
        parts += [f"`paddle.{face}`:", ""]
        parts += [
            "| id | versions | what Paddle does | at | Paddle | here |",
            "|---|---|---|---|---|---|",
        ]
        parts += [_row(quirk) for quirk in LEDGER if quirk.face == face]
        parts.append("")
    return "\n".join(parts[:-1])


def _row(quirk: Quirk) -> str:
    versions = quirk.since if quirk.since == quirk.until else f"{quirk.since}–{quirk.until}"
    what = "value" if quirk.part == "value" else f"gradient of {quirk.part}"
    cells = [
        f"`{quirk.id}`",
        versions,
        quirk.summary,
        what,
        *_answers(quirk.paddle, quirk.ours),
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _answers(paddle: float | str, ours: float | str) -> tuple[str, str]:
    """Print two answers, numbers with as many digits as tell them apart."""

    def cell(answer: float | str, digits: int) -> str:
        return f"`{answer}`" if isinstance(answer, str) else f"{answer:.{digits}g}"

    pairs = [(cell(paddle, digits), cell(ours, digits)) for digits in range(6, 18)]
    return next((pair for pair in pairs if pair[0] != pair[1]), pairs[0])


TABLE = GuideTable(
    "<!-- quirks: written by tools/quirk_table.py -->",
    "<!-- end of quirks -->",
    table,
    "quirk_table.py",
)

if __name__ == "__main__":
    sys.exit(TABLE.main(sys.argv[1:]))
