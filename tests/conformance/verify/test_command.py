"""The command ``paddle-compat verify``: what it prints, writes and exits with."""

from __future__ import annotations

import json
import os
import pty
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from paddle_compat import cli
from paddle_compat.conformance import drawn
from paddle_compat.conformance.call import FACES
from paddle_compat.conformance.oracles import Oracle, OracleUnavailable
from paddle_compat.conformance.snippets import Answer, Snippet
from paddle_compat.conformance.verify import command
from paddle_compat.conformance.verify.answers import ask_ours, recorded
from paddle_compat.conformance.verify.model import STATUSES
from paddle_compat.conformance.verify.running import Source, recorded_source, verify
from paddle_compat.conformance.verify.selection import Case, choose, live_cases

FEW = "batch (float32[1, "
ROOT = Path(__file__).parents[3]


def run(*arguments: str) -> int:
    return cli.main(["verify", *arguments])


def test_a_run_tells_its_counts_and_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(FEW) == 0
    printed = capsys.readouterr()
    assert printed.out.endswith(
        "ok: 2 checks of 2 cases: 2 pass, 0 waived, 0 fail, 0 unsupported\n"
    )
    assert "Paddle 1.8.5: recorded, paddlepaddle-1.8.5-cp38" in printed.out
    assert printed.err == ""


def test_a_waived_case_names_the_difference(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("quirk fluid-half") == 0
    assert "fluid-half" in capsys.readouterr().out.split("waived, ")[1]


def test_a_failure_is_told_with_numbers_and_the_command_that_runs_it_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from paddle_compat.kernels import pointwise

    right = pointwise._power

    def wrong(base: object, exponent: float, out: object) -> object:
        return right(base, exponent + 0.01, out)  # type: ignore[arg-type]

    monkeypatch.setattr(pointwise, "_power", wrong)
    assert run("fluid.layers.sigmoid_focal_loss::grid (float32*gamma=3.0*dygraph)") == 1
    out = capsys.readouterr().out
    assert "fault: ours" in out
    assert "ours is off by " in out
    assert " ulp), Paddle is off by " in out
    assert out.splitlines()[-1] == (
        "FAILED: 1 checks of 1 cases: 0 pass, 0 waived, 1 fail, 0 unsupported"
    )
    again = next(line for line in out.splitlines() if line.startswith("  again: "))
    words = shlex.split(again.removeprefix("  again: "))
    assert words[:2] == ["paddle-compat", "verify"]
    assert run(*words[2:]) == 1
    assert "1 checks of 1 cases" in capsys.readouterr().out
    monkeypatch.undo()
    assert run(*words[2:]) == 0


def test_every_case_is_chosen_by_its_id_alone() -> None:
    cases = recorded().cases
    ids = {case.id for case in cases}
    for case in cases[::97]:
        assert [one.id for one in choose(cases, [case.id])] == [case.id]
    assert any("[" in name and "*" in name for name in ids)


def test_patterns_are_parts_or_have_asterisks() -> None:
    cases = recorded().cases
    every = {case.id for case in choose(cases, ["relu"])}
    assert every
    assert all("relu" in name for name in every)
    whole = choose(cases, ["fluid.layers.relu::*"])
    assert whole
    assert {case.api for case in whole} == {"fluid.layers.relu"}
    assert choose(cases, []) == list(cases)


def test_the_list_is_of_all_cases(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--list") == 0
    assert capsys.readouterr().out.splitlines() == [case.id for case in recorded().cases]


def test_public_names_are_listed_with_their_cases(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--names") == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    counts = {name: int(count) for count, name in lines}
    assert counts["fluid.layers.relu"] > 3


def test_a_pattern_without_cases_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("no such thing") == 2
    assert "no case matches 'no such thing'; paddle-compat verify --list" in capsys.readouterr().err


def test_a_case_that_is_not_recorded_is_told_where_it_can_be_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("drawn 0.") == 2
    told = capsys.readouterr().err
    assert "no recorded case matches 'drawn 0.'; " in told
    assert "--against 1.8.5 for fluid, 3.3.1 for nn" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--format", "pdf"], "invalid choice: 'pdf'"),
        (["--budget", "0"], "argument --budget: it must be more than 0 seconds, but it is 0.0"),
        (["--seed", "x"], "invalid int value: 'x'"),
        (["--frmat", "text"], "unrecognized arguments"),
    ],
)
def test_usage_errors_end_with_2(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        run(*arguments)
    assert end.value.code == 2
    assert told in capsys.readouterr().err


def test_an_output_that_cannot_be_written_is_told_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_chosen", lambda options: pytest.fail("it began"))
    assert run("--output", str(tmp_path / "none" / "report.json")) == 2
    assert "there is no folder" in capsys.readouterr().err


def test_a_version_that_cannot_be_had_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def provision(version: str, **unused: object) -> None:
        raise OracleUnavailable(f"Paddle {version} needs Python 3.8 or 3.7, and none was found")

    monkeypatch.setattr("paddle_compat.conformance.provision.provision", provision)
    report = tmp_path / "report.txt"
    report.write_text("before")
    assert run(FEW, "--against", "1.8.5", "--output", str(report)) == 2
    assert "Paddle 1.8.5: Paddle 1.8.5 needs Python 3.8" in capsys.readouterr().err
    assert report.read_text() == "before"


def test_words_behind_versions_are_patterns(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--against", "recorded", FEW) == 0
    assert "2 checks of 2 cases" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["text", "json", "junit", "html", "github"])
def test_a_report_is_written_to_a_file_and_summed_up_on_stderr(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    assert run(FEW, "--format", form, "--output", str(tmp_path / "report")) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == "ok: 2 checks of 2 cases: 2 pass, 0 waived, 0 fail, 0 unsupported\n"
    assert (tmp_path / "report").stat().st_size > 100 or form == "github"


def test_what_a_program_prints_and_warns_of_is_no_part_of_a_report(
    capsys: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    said = "print('said'); import logging, warnings; logging.warning('x'); warnings.warn('y')"
    snippet = Snippet("says", f"{said}; out = layers.relu(x)", {"x": np.ones(2, np.float32)})
    answer = ask_ours(Case("programs.says::says", "programs.says", snippet))
    assert isinstance(answer, Answer)
    assert answer.ending == "ok"
    assert capsys.readouterr() == ("", "")
    assert len(recwarn) == 0


def fake(version: str) -> Source:
    return Source(version, ask_ours, lambda case: "", spelled=version)


def few() -> list[Case]:
    return choose(recorded().cases, ["fluid.layers.relu", "fluid.layers.softmax", "batch"])


def test_what_a_budget_does_not_reach_is_unsupported_and_says_so() -> None:
    cases = few()
    report = verify(cases, [fake("1.8.5")], budget=1e-9)
    assert report.stopped == "budget"
    assert len(report.results) == len(cases)
    assert {result.reason for result in report.results} == {"not reached within 1e-09 s"}
    assert report.counts["unsupported"] == len(cases)


def test_nothing_compared_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(FEW, "--budget", "1e-9") == 2
    assert "nothing was compared" in capsys.readouterr().err


def test_a_budget_is_spent_on_every_api_first() -> None:
    cases = choose(recorded().cases, ["fluid.layers.e", "fluid.layers.s"])
    order: list[str] = []
    verify(cases, [fake("1.8.5")], budget=1e9, progress=lambda done, of, what: order.append(what))
    apis = {case.api for case in cases}
    assert {name.split("::")[0] for name in order[: len(apis)]} == apis
    assert order != [case.id for case in cases]


def test_an_interrupted_run_keeps_what_it_found() -> None:
    def ask(case: Case) -> object:
        if case is cases[3]:
            raise KeyboardInterrupt
        return ask_ours(case)

    cases = few()
    source = Source("1.8.5", ask, lambda case: "", spelled="1.8.5")  # type: ignore[arg-type]
    report = verify(cases, [source])
    assert report.stopped == "interrupted"
    statuses = [result.status for result in report.results]
    assert "unsupported" not in statuses[:3]
    assert set(statuses[3:]) == {"unsupported"}
    assert sum(report.counts.values()) == len(cases)


def test_a_case_that_no_version_can_answer_is_unsupported_and_says_why() -> None:
    cases = choose(live_cases(0), ["nn.SigmoidFocalLoss::drawn 0.0 "])
    source = Source("1.8.5", ask_ours, lambda case: f"Paddle 1.8.5 has no {case.api}")
    [result] = verify(cases, [source]).results
    assert (result.status, result.reason) == (
        "unsupported",
        "Paddle 1.8.5 has no nn.SigmoidFocalLoss",
    )


def test_counts_add_up_to_the_checks() -> None:
    cases = recorded().cases[::40]
    report = verify(cases, [recorded_source(version) for version in recorded().answers])
    assert {result.case for result in report.results} == {case.id for case in cases}
    assert sum(report.counts.values()) == len(report.results)
    assert tuple(report.counts) == STATUSES


def test_a_run_is_the_same_for_a_seed() -> None:
    sources = [recorded_source("1.8.5")]
    one, other = (verify(few(), sources, seed=4, budget=1e9) for _ in range(2))
    assert one == other


@pytest.mark.parametrize("face", FACES)
def test_drawn_calls_depend_on_the_seed_alone(face: str) -> None:
    def bits(seed: int) -> list[tuple[str, bytes]]:
        return [
            (call.name, b"".join(array.tobytes() for array in call.inputs.values()))
            for call in drawn.calls(face, seed, 5)
        ]

    assert bits(1) == bits(1)
    assert bits(1) != bits(2)


def test_ctrl_c_leaves_a_valid_report_and_a_terminal_sees_the_progress(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "paddle_compat", "verify", "--format", "json", "--output", report],
        stderr=theirs,
        cwd=ROOT,
    )
    os.close(theirs)
    shown = b""
    while b"5 %" not in shown:
        shown += os.read(ours, 1024)
    process.send_signal(signal.SIGINT)
    while True:
        try:
            more = os.read(ours, 1024)
        except OSError:  # the other end is closed
            break
        if not more:
            break
        shown += more
    assert process.wait(60) == 130
    os.close(ours)
    found = json.loads(report.read_text())
    assert found["stopped"] == "interrupted"
    statuses = [result["status"] for result in found["results"]]
    assert statuses.count("unsupported") > 100
    assert statuses.count("pass") > 10
    assert b"; interrupted" in shown


def test_a_terminal_sees_colours_unless_it_wants_none() -> None:
    for wanted in ("", "1"):
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "paddle_compat", "verify", FEW],
            stdout=theirs,
            cwd=ROOT,
            env={**os.environ, "NO_COLOR": wanted},
        )
        os.close(theirs)
        assert process.wait(60) == 0
        shown = os.read(ours, 65536)
        os.close(ours)
        assert (b"\x1b[32mok: 2 checks" in shown) == (not wanted)


def test_a_pipe_sees_no_progress() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "paddle_compat", "verify", FEW],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.live
def test_the_installed_paddle_is_asked(
    paddle_3: Oracle, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--against", "installed", "--seed", "7", "drawn 7.1", "quirk functional-half") == 0
    out = capsys.readouterr().out
    assert "Paddle 3.3.1: live" in out
    assert "0 fail" in out


@pytest.mark.live
def test_real_fluid_is_asked(paddle_1: Oracle, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--against", "1.8.5", "--seed", "7", "fluid.*drawn 7.1*", "fluid.layers.relu") == 0
    out = capsys.readouterr().out
    assert "Paddle 1.8.5: live, paddlepaddle-1.8.5-" in out
    assert "0 fail" in out
