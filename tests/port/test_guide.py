"""What the guide shows of `paddle-compat port` is what it prints, and its hooks are its options."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import yaml  # type: ignore[import-untyped]

from paddle_compat import cli

ROOT = Path(__file__).parents[2]


def test_the_guide_shows_what_is_printed() -> None:
    guide = (ROOT / "migration_guide.md").read_text(encoding="utf-8")
    chapter = guide.partition("## Port the source")[2].partition("\n## ")[0]
    found = re.search(r"```bash\n(.*?)```\n\n```text\n(.*?)```", chapter, re.DOTALL)
    assert found is not None
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", found[1]],
        env=os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == found[2]


def test_hooks_run_the_command(tmp_path: Path) -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert [hook["id"] for hook in hooks] == ["paddle-compat-port", "paddle-compat-port-write"]
    for hook in hooks:
        assert {"id", "name", "entry", "language"} <= set(hook)
        file = tmp_path / "a.py"
        file.write_text("import paddle\nx = paddle.ones([2])\n")
        name, *arguments = shlex.split(hook["entry"])
        assert name == "paddle-compat"
        code = cli.main([*arguments, str(file)])
        assert (code, "torch" in file.read_text()) == (
            (0, True) if "--write" in arguments else (1, False)
        )
