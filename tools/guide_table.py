"""A table of migration_guide.md or of README.md that is written by a script, between two marks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["GuideTable"]

GUIDE = Path(__file__).resolve().parents[1] / "migration_guide.md"


@dataclass(frozen=True)
class GuideTable:
    """A table, and where it stands.

    Attributes:
        begin: the mark before it.
        end: the mark after it.
        make: returns it as Markdown.
        script: the name of the script that prints it.
        document: the file that it stands in.
    """

    begin: str
    end: str
    make: Callable[[], str]
    script: str
    document: Path = GUIDE

    def replaced(self, guide: str) -> str:
        """Return a guide's text with the table of today between its marks.

        Raises:
            ValueError: the guide lacks the marks.
        """
        before, _, rest = guide.partition(self.begin)
        _, end, after = rest.partition(self.end)
        if not end:
            raise ValueError(f"the document lacks the marks '{self.begin}' and '{self.end}'")
        return f"{before}{self.begin}\n{self.make()}\n{self.end}{after}"

    def main(self, arguments: list[str]) -> int:
        """Print the table, or write it into its document."""
        if arguments == ["--write"]:
            text = self.replaced(self.document.read_text(encoding="utf-8"))
            self.document.write_text(text, encoding="utf-8")
        elif arguments:
            print(f"usage: {self.script} [--write]", file=sys.stderr)
            return 2
        else:
            print(self.make())
        return 0
