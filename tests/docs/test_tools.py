"""The scripts that read and write the documents."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import guide_table
import layer_differences
import pytest
import quirk_table
import readme_commands
import supported_names
import verify_output
from guide_table import GuideTable
from readme_commands import Block

from paddle_compat.conformance.quirks import LEDGER

README = """# Title
```python
x = 1
```
## Set up
Run it:
```bash
pip install .
python examples/train.py
```
Test it:
```bash
pytest
```
## More ##
~~~sh
# not a heading
echo
~~~
"""


def test_blocks_carry_section_language_code_and_line() -> None:
    assert list(readme_commands.blocks(README)) == [
        Block("Title", "python", "x = 1\n", 3),
        Block("Set up", "bash", "pip install .\npython examples/train.py\n", 8),
        Block("Set up", "bash", "pytest\n", 13),
        Block("More", "sh", "# not a heading\necho\n", 17),
    ]


def test_setup_commands_are_the_two_shell_blocks_of_their_section() -> None:
    assert readme_commands.setup_commands(README) == {
        "install": "pip install .\npython examples/train.py\n",
        "test": "pytest\n",
    }


def test_a_third_or_missing_setup_command_is_refused() -> None:
    with pytest.raises(ValueError, match="section 'Set up' has 1 shell blocks instead of 2"):
        readme_commands.setup_commands(README.replace("```bash\npytest\n```\n", ""))
    with pytest.raises(ValueError, match="has 3 shell blocks"):
        readme_commands.setup_commands(README.replace("## More ##\n", ""))


def test_a_block_that_never_ends_is_refused() -> None:
    with pytest.raises(ValueError, match="that starts at line 2 never ends"):
        list(readme_commands.blocks("```python\nx = 1\n"))


def test_wrong_usage_exits_with_2() -> None:
    script = str(Path(readme_commands.__file__))
    for arguments in ([], ["both"], ["install", "test"]):
        done = subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True)
        assert done.returncode == 2
        assert done.stderr == "usage: readme_commands.py install|test\n"


def test_readme_commands_needs_the_standard_library_only() -> None:
    script = str(Path(readme_commands.__file__))
    done = subprocess.run([sys.executable, "-I", "-S", script, "x"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "usage" in done.stderr


def test_numbers_of_the_quirk_table_have_the_digits_that_tell_them_apart() -> None:
    rows = [line.split(" | ") for line in quirk_table.table().splitlines() if line[:3] == "| `"]
    assert len(rows) == len(LEDGER)
    assert [row[0] for row in rows if row[-2] == row[-1].removesuffix(" |")] == []


TABLES = [layer_differences.TABLE, quirk_table.TABLE, supported_names.TABLE]
OUTPUT = [verify_output.WHOLE, verify_output.SUMMARY]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.script)
def test_a_table_is_replaced_between_its_marks_only(table: GuideTable) -> None:
    guide = f"before\n{table.begin}\nstale rows\n{table.end}\nafter\n"
    new = table.replaced(guide)
    assert new.startswith(f"before\n{table.begin}\n")
    assert new.endswith(f"|\n{table.end}\nafter\n")
    assert "stale rows" not in new
    assert table.replaced(new) == new
    with pytest.raises(ValueError, match="lacks the marks"):
        table.replaced("no marks")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.script)
def test_the_guide_has_the_table_of_today(table: GuideTable) -> None:
    text = guide_table.GUIDE.read_text(encoding="utf-8")
    assert table.replaced(text) == text, f"run tools/{table.script} --write"


@pytest.mark.parametrize("table", OUTPUT, ids=lambda table: table.document.name)
def test_documents_show_what_verify_prints(table: GuideTable) -> None:
    """At the edge of a tolerance the processor decides whether a case passes or is waived."""
    text = table.document.read_text(encoding="utf-8")
    told = f"run tools/{table.script} --write"
    shown, printed = (re.split(r"(\d+)", block) for block in (text, table.replaced(text)))
    assert shown[::2] == printed[::2], told
    counts = zip(shown[1::2], printed[1::2], strict=True)
    assert max(abs(int(one) - int(other)) for one, other in counts) <= 10, told
    assert " 0 fail," in table.make()


def test_the_guide_shows_what_a_failed_verification_prints() -> None:
    """Digits are the processor's; the words are ours."""
    table = verify_output.FAILURE
    text = table.document.read_text(encoding="utf-8")
    shown, printed = (re.sub(r"[\d.e+-]+", "#", told) for told in (text, table.replaced(text)))
    assert shown == printed, f"run tools/{table.script} --write"
    assert table.make().count("fault: ours") == 2


def test_supported_names_are_listed_where_paddle_keeps_them() -> None:
    rows = supported_names.table().splitlines()
    [nn] = [row for row in rows if row.startswith("| `paddle.fluid.layers.nn` |")]
    assert "`conv2d`" in nn
    assert "`fill_constant`" not in nn
    [top] = [row for row in rows if row.startswith("| `paddle.fluid` |")]
    assert "`Program`" in top
    assert not [row for row in rows if "._" in row]
