"""`paddle-compat port`: what it prints, writes and returns."""

from __future__ import annotations

import os
import pty
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from paddle_compat import cli
from paddle_compat.port import command, work
from paddle_compat.port.rewrite.plan import Plan, plan

Out = pytest.CaptureFixture[str]
Port = Callable[..., int]

HEAD = """import paddle


def f(x: paddle.Tensor, axis):
    return paddle.concat([x, x], axis=1), paddle.squeeze(x, axis)
"""


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Port:
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: cli.main(["port", *arguments])


def test_findings_are_printed_a_line_each_and_exit_with_1(port: Port, capsys: Out) -> None:
    Path("head.py").write_text(HEAD)
    assert port("head.py") == 1
    out, err = capsys.readouterr()
    assert out == (
        "head.py:1:1: PC002 import paddle becomes import torch and import paddle [fix]\n"
        "head.py:4:10: PC010 paddle.Tensor is torch.Tensor [fix]\n"
        "head.py:5:12: PC010 paddle.concat is torch.cat [fix]\n"
        "head.py:5:43: PC102 paddle.squeeze is left: axis is not certainly a number or a list of "
        "some\n"
    )
    assert err == (
        "3 Paddle names in 1 file: 2 equal in torch (66 %), 0 on paddle_compat (0 %), "
        "1 unsupported (33 %); 0 of 1 file need nothing else. 3 fixes: --diff shows them, "
        "--write makes them\n"
    )
    assert Path("head.py").read_text() == HEAD


def test_a_file_without_findings_exits_with_0(port: Port, capsys: Out) -> None:
    Path("a.py").write_text("import torch\n# paddle\n")
    assert port("a.py") == 0
    assert capsys.readouterr().out == ""


def test_diff_shows_and_write_makes_the_same_change(port: Port, capsys: Out) -> None:
    Path("head.py").write_text(HEAD)
    assert port("--diff", "head.py") == 1
    diff = capsys.readouterr().out
    assert diff.startswith(
        "--- a/head.py\n+++ b/head.py\n@@ -1,5 +1,6 @@\n+import torch\n import p"
    )
    assert port("--write", "head.py") == 1  # what is left is found
    out, err = capsys.readouterr()
    assert out == (
        "head.py:6:38: PC102 paddle.squeeze is left: axis is not certainly a number or a list of "
        "some\n"
    )
    assert err.startswith("1 file rewritten. Before: 3 Paddle names")
    written = Path("head.py").read_text()
    assert "torch.cat([x, x], dim=1), paddle.squeeze(x, axis)" in written
    Path("head.py").write_text(HEAD)
    done = subprocess.run(["patch", "-p1"], input=diff, text=True, check=True, capture_output=True)
    assert done.returncode == 0
    assert Path("head.py").read_text() == written


def test_writing_twice_changes_nothing(port: Port) -> None:
    Path("head.py").write_text(HEAD)
    port("--write", "head.py")
    before = Path("head.py").stat()
    port("--write", "head.py")
    assert Path("head.py").stat().st_mtime_ns == before.st_mtime_ns


def test_a_file_that_is_no_python_3_is_left_and_the_others_are_ported(
    port: Port, capsys: Out
) -> None:
    old = b"import paddle\nprint 'a'\n"
    Path("old.py").write_bytes(old)
    Path("bad.py").write_bytes(b"import paddle\n# \xff\n")
    Path("head.py").write_text("import paddle\nx = paddle.ones([2])\n")
    assert port("--write", ".") == 1
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "bad.py:2:3: PC003 no Python 3: byte 0xff is not utf-8; a '# -*- coding: ... -*-' line at "
        "the top says what it is",
        "old.py:2:1: PC003 no Python 3: Missing parentheses in call to 'print'. Did you mean "
        "print(...)?",
    ]
    assert "2 files could not be read" in err
    assert Path("old.py").read_bytes() == old
    assert Path("head.py").read_text() == "import torch\nx = torch.ones([2])\n"


def test_a_rewrite_that_would_not_parse_is_refused(
    port: Port, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = plan

    def broken(*arguments: object) -> Plan:
        changed = made(*arguments)  # type: ignore[arg-type]
        changed.text += "\n(" if "torch" in changed.text else ""
        return changed

    monkeypatch.setattr(work, "plan", broken)
    Path("head.py").write_text(HEAD)
    assert port("--write", "head.py") == 1
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("head.py:1:1: PC008 the rewrite is not made: line ")
    assert Path("head.py").read_text() == HEAD


def test_a_rewrite_that_would_go_on_is_refused(
    port: Port, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = plan

    def restless(*arguments: object) -> Plan:
        changed = made(*arguments)  # type: ignore[arg-type]
        changed.text += "# once more\n"
        return changed

    monkeypatch.setattr(work, "plan", restless)
    Path("head.py").write_text(HEAD)
    port("--write", "head.py")
    assert "PC008 the rewrite is not made: a second port would change it again" in (
        capsys.readouterr().out
    )
    assert Path("head.py").read_text() == HEAD


def test_a_file_that_cannot_be_written_is_an_error_and_stays(
    port: Port, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(command, "write_atomically", full)
    Path("head.py").write_text(HEAD)
    assert port("--write", "head.py") == 2
    assert "head.py: not written: No space left on device" in capsys.readouterr().err
    assert Path("head.py").read_text() == HEAD


def test_permissions_and_links_outlive_a_rewrite(port: Port) -> None:
    Path("real.py").write_text(HEAD)
    Path("real.py").chmod(0o750)
    Path("link.py").symlink_to("real.py")
    port("--write", "link.py")
    assert Path("link.py").is_symlink()
    assert "torch" in Path("real.py").read_text()
    assert stat.S_IMODE(Path("real.py").stat().st_mode) == 0o750


def test_codes_are_selected_and_ignored_by_their_beginnings(port: Port, capsys: Out) -> None:
    Path("head.py").write_text(HEAD)
    assert port("--select", "PC1", "head.py") == 1
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["PC102"]
    assert port("--ignore", "PC0,PC102", "head.py") == 0
    assert port("--write", "--select", "PC1", "head.py") == 1
    assert Path("head.py").read_text() == HEAD


def test_folders_are_searched_without_what_is_hidden_built_or_excluded(
    port: Port, capsys: Out
) -> None:
    for name in ("a.py", "b.txt", ".git/c.py", "venv/d.py", "pkg/e.py", "old/f.py", "pkg/old/g.py"):
        Path(name).parent.mkdir(exist_ok=True, parents=True)
        Path(name).write_text(HEAD)
    port(".", "--exclude", "old")
    seen = {line.split(":")[0] for line in capsys.readouterr().out.splitlines()}
    assert seen == {"a.py", "pkg/e.py"}
    port("a.py", "pkg", "b.txt", "--exclude", "*/old/*")
    seen = {line.split(":")[0] for line in capsys.readouterr().out.splitlines()}
    assert seen == {"a.py", "pkg/e.py", "b.txt"}


def test_options_come_from_the_nearest_pyproject(port: Port, capsys: Out) -> None:
    Path("pyproject.toml").write_text(
        '[tool.paddle-compat.port]\nto = "shim"\nselect = ["PC002"]\nexclude = ["skipped"]\n'
    )
    for name in ("src", "src/skipped"):
        Path(name).mkdir()
        Path(name, "a.py").write_text("import paddle.fluid as fluid\nfluid.layers.fc\n")
    assert port("src") == 1
    assert capsys.readouterr().out == (
        "src/a.py:1:1: PC002 import paddle.fluid as fluid becomes paddle_compat.fluid [fix]\n"
    )
    port("--to", "torch", "--select", "PC100", "src")  # the command line wins
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["PC100"]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('too = "shim"', "[tool.paddle-compat.port] has no option 'too'; it has select, ignore"),
        ('to = "jax"', "to is to be shim or torch, but is 'jax'"),
        ('select = "PC1"', "select is to be a list of strings, but is 'PC1'"),
        ("to = [", "pyproject.toml: "),
    ],
)
def test_a_wrong_option_in_pyproject_is_a_usage_error(
    port: Port, capsys: Out, table: str, told: str
) -> None:
    Path("pyproject.toml").write_text(f"[tool.paddle-compat.port]\n{table}\n")
    with pytest.raises(SystemExit) as caught:
        port(".")
    assert caught.value.code == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "name the files or folders to port"),
        (["nowhere"], "there is no nowhere"),
        (["--select", "XY", "."], "there is no code that begins with 'XY'"),
        (["--diff", "--write", "."], "not allowed with argument"),
        (["--to", "jax", "."], "invalid choice: 'jax'"),
        (["--jobs", "0", "."], "it is to be a number from 1, but is '0'"),
    ],
)
def test_usage_errors_exit_with_2(port: Port, capsys: Out, arguments: list[str], told: str) -> None:
    with pytest.raises(SystemExit) as caught:
        port(*arguments)
    assert caught.value.code == 2
    assert told in capsys.readouterr().err


def test_statistics_say_what_to_add_first(port: Port, capsys: Out) -> None:
    Path("a.py").write_text("import paddle\npaddle.vision.ops.nms(1)\npaddle.vision.ops.nms(1)\n")
    Path("b.py").write_text("import paddle\npaddle.linalg.svd(1), paddle.vision.ops.nms(1)\n")
    port(".", "--statistics", "--select", "PC001")
    assert capsys.readouterr().out.endswith(
        "findings  code   rule\n"
        "       4  PC001  unsupported-name\n"
        "\n"
        "What to add first, of what neither torch nor paddle_compat has:\n"
        "uses  files  name\n"
        "   3      2  paddle.vision.ops.nms\n"
        "   1      1  paddle.linalg.svd\n"
    )


def test_codes_are_explained(port: Port, capsys: Out) -> None:
    assert port("--explain", "PC102") == 0
    out = capsys.readouterr().out
    assert out.startswith("PC102 not-certain\n\nTorch has an equal function for some arguments")
    assert port("--explain") == 0
    assert "PC001  unsupported-name" in capsys.readouterr().out
    assert port("--explain", "PC999") == 2
    assert "there is no code 'PC999'" in capsys.readouterr().err


def test_processes_find_the_same(port: Port, capsys: Out) -> None:
    for number in range(20):
        Path(f"m{number}.py").write_text(HEAD.replace("x", f"x{number}"))
    port(".", "--jobs", "1")
    alone = capsys.readouterr().out
    port(".", "--jobs", "3")
    assert capsys.readouterr().out == alone


def test_progress_is_drawn_on_a_terminal_alone(tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"m{number}.py").write_text(HEAD * 20)
    asked = [sys.executable, "-m", "paddle_compat", "port", ".", "--jobs", "1"]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(asked, capture_output=True, cwd=tmp_path, env=env, check=False)
    assert b"[#" not in done.stderr
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        asked, stdout=subprocess.DEVNULL, stderr=theirs, cwd=tmp_path, env=env
    )
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 4096):
            seen += chunk
    except OSError:  # the other end is closed
        pass
    process.wait()
    os.close(ours)
    assert b"] 60/60 files" in seen or b"/60 files" in seen
    assert seen.rstrip().endswith(b"makes them")
