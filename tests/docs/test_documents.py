"""Every code block and every command of README.md and migration_guide.md runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import readme_commands
from readme_commands import SHELL, Block

from paddle_compat.conformance import provision
from paddle_compat.conformance.oracles import OracleUnavailable, required

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "migration_guide.md")
LANGUAGES = {"python", *SHELL, "text", "yaml"}  # test_recipe.py reads the last


@cache
def read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


@cache
def blocks(document: str) -> list[Block]:
    if not (ROOT / document).exists():
        return []  # the tests below fail; collecting them must not
    return list(readme_commands.blocks(read(document)))


def sections_with_python() -> list[tuple[str, str]]:
    found = [
        (document, block.section)
        for document in DOCUMENTS
        for block in blocks(document)
        if block.language == "python"
    ]
    return list(dict.fromkeys(found))


def commands() -> list[tuple[str, str]]:
    """Every shell block, but for the two set-up commands, which CI itself runs first."""
    return [
        (document, block.code)
        for document in DOCUMENTS
        for block in blocks(document)
        if block.language in SHELL
        and not (document == "README.md" and block.section == readme_commands.SECTION)
    ]


@pytest.mark.parametrize(("document", "section"), sections_with_python())
def test_python_blocks_of_a_section_run_in_order(
    document: str, section: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not required():
        monkeypatch.setattr(provision, "_create", install_nothing)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(document):
        if block.section == section and block.language == "python":
            # Empty lines in front make a traceback name the document's own line.
            code = compile("\n" * (block.line - 1) + block.code, document, "exec")
            exec(code, namespace)
    if required() and "open_oracle" in namespace:
        assert "real" in namespace, "CI needs the real Paddle that the guide asks"


def install_nothing(folder: Path, version: str) -> None:
    raise OracleUnavailable(f"Paddle {version} is not in {folder}, and only CI installs it")


@pytest.mark.parametrize(("document", "command"), commands())
def test_command_runs(document: str, command: str) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=ROOT,
        env=os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, f"{document}: {command}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_block_escapes_the_tests(document: str) -> None:
    unknown = [(b.line, b.language) for b in blocks(document) if b.language not in LANGUAGES]
    assert unknown == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_that_are_named_exist(document: str) -> None:
    named = re.findall(r"`([\w./-]+\.(?:py|md|txt|toml))`", read(document))
    named += [
        target.partition("#")[0]
        for target in re.findall(r"\]\(([^)\s]+)\)", read(document))
        if "://" not in target
    ]
    assert [name for name in named if name and not (ROOT / name).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_to_sections_resolve(document: str) -> None:
    for file, anchor in re.findall(r"\]\(([\w.]*)#([\w-]+)\)", read(document)):
        headings = re.findall(r"^#+ (.*)$", read(file or document), re.MULTILINE)
        anchors = [re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings]
        assert anchor in anchors, f"{file}#{anchor}"


@pytest.mark.parametrize("name", ["install", "test"])
def test_setup_command_is_printed_as_the_readme_has_it(name: str) -> None:
    script = str(ROOT / "tools" / "readme_commands.py")
    done = subprocess.run([sys.executable, script, name], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert f"```bash\n{done.stdout}```" in read("README.md")


def test_ci_runs_the_readmes_setup_commands() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for name in ("install", "test"):
        assert re.search(rf"readme_commands\.py['\"]? {name}\b", script), name
