"""Print one of the README's two set-up commands, so that CI runs what the README says.

    python tools/readme_commands.py install    # installs and runs the main job
    python tools/readme_commands.py test       # installs and passes the tests

They are the two shell blocks of the README's section "Set up", in this order. Exit status: 0, or 2
where the README does not have exactly two.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SHELL = ("bash", "sh", "shell", "console")
SECTION = "Set up"
NAMES = ("install", "test")
README = Path(__file__).resolve().parents[1] / "README.md"


@dataclass(frozen=True)
class Block:
    """A fenced code block of a Markdown text.

    Attributes:
        section: the heading it stands under, or ''.
        language: the word after the fence, in lower case, or ''.
        code: its lines.
        line: the number of its first code line, from 1.
    """

    section: str
    language: str
    code: str
    line: int


def blocks(text: str) -> Iterator[Block]:
    """Yield the fenced code blocks of a Markdown text in order.

    Raises:
        ValueError: for a block that never ends.
    """
    section, fence, language, code, start = "", "", "", [""], 0
    for number, line in enumerate(text.splitlines(), 1):
        mark = re.match(r"(`{3,}|~{3,})\s*([\w+-]*)", line)
        if fence:
            if line.rstrip() == fence:
                yield Block(section, language, "".join(f"{part}\n" for part in code), start)
                fence = ""
            else:
                code.append(line)
        elif mark:
            fence, language, code, start = mark[1], mark[2].lower(), [], number + 1
        elif heading := re.match(r"#+\s+(.*?)\s*#*$", line):
            section = heading[1]
    if fence:
        raise ValueError(f"the code block that starts at line {start} never ends")


def setup_commands(text: str) -> dict[str, str]:
    """Return a README's two set-up commands by name.

    Raises:
        ValueError: where its section "Set up" has not exactly two shell blocks.
    """
    found = [b.code for b in blocks(text) if b.section == SECTION and b.language in SHELL]
    if len(found) != len(NAMES):
        raise ValueError(f"section '{SECTION}' has {len(found)} shell blocks instead of 2")
    return dict(zip(NAMES, found, strict=True))


def main(arguments: list[str]) -> int:
    """Print the command that is asked for."""
    if len(arguments) != 1 or arguments[0] not in NAMES:
        print(f"usage: readme_commands.py {'|'.join(NAMES)}", file=sys.stderr)
        return 2
    try:
        print(setup_commands(README.read_text(encoding="utf-8"))[arguments[0]], end="")
    except (OSError, ValueError) as error:
        print(f"{README.name}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
