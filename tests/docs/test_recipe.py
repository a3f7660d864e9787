"""What the guide and the action say: it parses, and it uses commands and options that exist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from paddle_compat.testing import replay

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "migration_guide.md").read_text(encoding="utf-8")
yaml: Any = import_module("yaml")


def blocks(language: str) -> list[str]:
    """Return the guide's code blocks of a language."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    assert found
    return [str(code) for code in found]


def action() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return found


def workflows() -> list[dict[Any, Any]]:
    return [yaml.safe_load(code) for code in blocks("yaml")]


def steps_with_our_action() -> Iterator[dict[str, Any]]:
    for workflow in workflows():
        for job in workflow["jobs"].values():
            for step in job["steps"]:
                if step.get("uses", "").startswith("OWNER/paddle_compat@"):
                    yield step


def test_workflows_have_what_github_asks() -> None:
    for workflow in workflows():
        # YAML 1.1 reads the key "on" as true.
        assert {"push", "pull_request", "schedule"} >= set(workflow[True])
        for job in workflow["jobs"].values():
            assert job["runs-on"]
            assert all(("uses" in step) != ("run" in step) for step in job["steps"])


def test_workflows_give_the_action_inputs_that_it_has() -> None:
    steps = list(steps_with_our_action())
    assert len(steps) >= 2
    for step in steps:
        assert set(step["with"]) <= set(action()["inputs"])
        assert "pytest" in step["with"]


def test_the_action_is_a_composite_of_shell_steps() -> None:
    assert action()["runs"]["using"] == "composite"
    for step in action()["runs"]["steps"]:
        assert step["shell"] == "bash"
        # What callers give reaches the shell by its environment only.
        assert "${{" not in step["run"]
        used = set(re.findall(r"\$\{?([A-Z]+)", step["run"]))
        assert used == set(step["env"])
        told = " ".join(step["env"].values()) + step.get("if", "")
        assert set(re.findall(r"inputs\.(\w+)", told)) <= set(action()["inputs"])


def run_step(name: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a step of the action as GitHub does."""
    [step] = [s for s in action()["runs"]["steps"] if s["name"] == name]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    given = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **environment}
    given["PYTEST_ADDOPTS"] = "-p paddle_compat.pytest_plugin -p no:cacheprovider"
    assert set(step["env"]) <= set(given)
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=ROOT,
        env=given,
        capture_output=True,
        text=True,
    )


def test_the_replay_step_replays() -> None:
    done = run_step("Replay", ARGUMENTS="-q examples/test_port_head.py -k class_loss", RECORD="")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
    assert "recorded" not in done.stdout


@pytest.mark.live
def test_the_replay_step_can_record(tmp_path: Path, fluid_python: Path) -> None:
    for name in ("port_head.py", "port_head_data.py", "port_head_fluid.py", "test_port_head.py"):
        (tmp_path / name).write_text((ROOT / "examples" / name).read_text())
    where = f"-q {tmp_path} --rootdir {tmp_path} -k box_loss-2"
    done = run_step("Replay", ARGUMENTS=where, RECORD=str(fluid_python))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "recorded 1 cases in" in done.stdout


def test_the_verify_step_verifies() -> None:
    [given] = {s["with"]["verify"] for s in steps_with_our_action() if "verify" in s["with"]}
    done = run_step("Verify", ARGUMENTS=f"{given} --list")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) > 100


def test_the_guide_shows_the_example_as_it_is() -> None:
    source = (ROOT / "examples" / "test_port_head.py").read_text(encoding="utf-8")
    code = re.sub(r'\A""".*?"""\n\n|  # type: ignore.*|    """.*?"""\n', "", source)
    assert code in blocks("python")


def test_the_guide_shows_the_report_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    [code] = [code for code in blocks("python") if "def swapped(logits, label, fg_num):" in code]
    namespace: dict[str, Any] = {
        "torch": import_module("torch"),
        "port_head": import_module("port_head"),
    }
    exec(code.partition("\nreport =")[0], namespace)
    recording = "examples/test_port_head.paddle.npz"
    report = replay(recording, namespace["swapped"], case="test_port[class_loss-1]")
    assert f"{report}\n" in blocks("text")
