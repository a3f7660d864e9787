"""The mutation check's own rules; the check itself is ``python tools/mutation_check.py``."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import mutation_check
import pytest
from mutations import MUTATIONS, Mutation

ONE = Mutation("a fault", "module.py", "return True", "return False", ("nothing",))


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_every_fault_can_be_planted(mutation: Mutation) -> None:
    text = (mutation_check.ROOT / "paddle_compat" / mutation.file).read_text(encoding="utf-8")
    compile(mutation_check.plant(text, mutation), mutation.file, "exec")
    assert mutation.before != mutation.after


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_every_fault_names_tests_that_exist(mutation: Mutation) -> None:
    first, others = mutation_check.test_files(mutation.first, mutation_check.ROOT)
    assert first
    assert others
    assert not set(first) & set(others)


def test_names_are_unique() -> None:
    names = [mutation.name for mutation in MUTATIONS]
    assert len(set(names)) == len(names) >= 35


@pytest.mark.parametrize("text", ["", "return True\nreturn True\n"])
def test_a_fault_whose_text_is_gone_or_there_twice_is_not_planted(text: str) -> None:
    with pytest.raises(ValueError, match=r"its text occurs [02] times in paddle_compat/module\.py"):
        mutation_check.plant(text, ONE)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a package of one function, and its test."""
    package, tests = tmp_path / "paddle_compat", tmp_path / "tests"
    package.mkdir()
    tests.mkdir()
    (package / "__init__.py").touch()
    (package / "module.py").write_text(
        "def works():\n    return True\n\n\ndef unused():\n    return None\n"
    )
    (tests / "test_module.py").write_text(
        "from paddle_compat.module import works\n\n\ndef test_it():\n    assert works()\n"
    )
    (tmp_path / "pyproject.toml").write_text(
        "[tool.pytest.ini_options]\nmarkers = ['live: x', 'sweep: x']\n"
    )
    return tmp_path


def test_a_fault_that_the_tests_notice_is_caught_and_taken_out_again(project: Path) -> None:
    before = (project / "paddle_compat" / "module.py").read_text()
    verdict = mutation_check.judge(ONE, project, [])
    assert verdict.caught
    assert verdict.by == "test_module.py::test_it"
    assert (project / "paddle_compat" / "module.py").read_text() == before


def test_a_fault_that_no_test_notices_survives(project: Path) -> None:
    unused = dataclasses.replace(ONE, before="return None", after="return 1")
    verdict = mutation_check.judge(unused, project, [])
    assert (verdict.caught, verdict.by) == (False, "SURVIVED")


def test_a_fault_that_cannot_be_planted_is_not_taken_for_caught(project: Path) -> None:
    verdict = mutation_check.judge(dataclasses.replace(ONE, before="return 7"), project, [])
    assert not verdict.caught
    assert verdict.by.startswith("NOT CHECKED: its text occurs 0 times")


def test_tests_of_another_package_are_no_evidence(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A copy whose package cannot be imported must not test the one that is installed."""
    empty = tmp_path_factory.mktemp("empty")
    (project / "tests").rename(empty / "tests")
    with pytest.raises(RuntimeError, match=r"not the copy|No module named"):
        mutation_check.run_tests(empty, ["tests/test_module.py"], [])


def test_command_lists_the_chosen_faults(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutation_check.main(["--only", "global_sum", "--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert listed
    assert all(line.startswith("kernels/global_sum.py: ") for line in listed)


def test_command_refuses_a_pattern_without_faults(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutation_check.main(["--only", "no such fault"]) == 2
    assert "no fault matches 'no such fault'" in capsys.readouterr().err
