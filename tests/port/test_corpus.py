"""Files in the style of old code bases are ported as expected.

Beside each ``NAME.py.in`` of the corpus lie the expected files for each target, and what is said;
``python tests/port/test_corpus.py`` writes them anew, to be read in the diff.
"""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

import pytest

from paddle_compat.port.config import chosen_codes
from paddle_compat.port.diagnostics import rules
from paddle_compat.port.rewrite.plan import Target
from paddle_compat.port.work import FileResult, port

CORPUS = Path(__file__).with_name("corpus")
NAMES = sorted(path.name.removesuffix(".py.in") for path in CORPUS.glob("*.py.in"))
TARGETS: tuple[Target, ...] = ("shim", "torch")
# Rules of differences are tested on their own; here is what the porter itself does.
CODES = {target: chosen_codes(list(rules()), ["PC0", "PC1"], [], target) for target in TARGETS}


def ported(name: str, target: Target) -> tuple[bytes, FileResult]:
    data = (CORPUS / f"{name}.py.in").read_bytes()
    return data, port(data, f"{name}.py", target, CODES[target])


def told(result: FileResult) -> str:
    lines = [
        f"{t.start.line}:{t.start.column}: {t.code} {t.message}{' [fix]' if t.fix else ''}\n"
        for t in result.told
    ]
    return "".join(lines)


def expected(name: str, target: Target) -> tuple[Path, Path]:
    return CORPUS / f"{name}.{target}.py.out", CORPUS / f"{name}.{target}.txt"


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", NAMES)
def test_file_is_ported_as_expected(name: str, target: Target) -> None:
    data, result = ported(name, target)
    out, said = expected(name, target)
    assert told(result) == said.read_text(encoding="utf-8")
    assert (result.data if result.new is not None else data) == out.read_bytes()


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", NAMES)
def test_ported_file_parses_and_is_not_changed_again(name: str, target: Target) -> None:
    _, result = ported(name, target)
    if result.new is not None:
        ast.parse(result.new)
        again = port(result.data, f"{name}.py", target, CODES[target])
        assert again.new is None
        assert again.told == result.left


def comments(text: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", NAMES)
def test_no_comment_is_lost(name: str, target: Target) -> None:
    _, result = ported(name, target)
    if result.new is not None:
        assert comments(result.new) == comments(result.old)


def test_a_torch_port_needs_no_paddle_where_all_is_equal() -> None:
    for name in ("crlf", "bom"):
        assert b"paddle" not in ported(name, "torch")[1].data


def test_a_file_of_ten_thousand_lines_is_ported_as_a_short_one_is() -> None:
    text = (CORPUS / "dygraph_2x.py.in").read_text(encoding="utf-8")
    made = (CORPUS / "dygraph_2x.torch.py.out").read_text(encoding="utf-8")
    head, mark, body = text.partition("class Tower")
    ported_head, _, ported_body = made.partition("class Tower")
    times = 10_000 // body.count("\n") + 1
    data = (head + (mark + body + "\n\n") * times).encode()
    result = port(data, "long.py", "torch", CODES["torch"])
    assert data.count(b"\n") > 10_000
    assert result.new == ported_head + (mark + ported_body + "\n\n") * times


if __name__ == "__main__":
    for each in NAMES:
        for to in TARGETS:
            old, made = ported(each, to)
            out_file, said_file = expected(each, to)
            out_file.write_bytes(made.data if made.new is not None else old)
            said_file.write_text(told(made), encoding="utf-8")
