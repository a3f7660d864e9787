"""The benchmark runs, checks what it times, measures memory right, and prints what it found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import memory
import peers
import pytest
import torch
from measure import Times
from report import Row, Scenario, Target
from torch import Tensor
from workload import BACKGROUND_MIX, POSITIVE_MIX, make

from paddle_compat.conformance.provision import OracleUnavailable, provision

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "focal.py"
VERDICTS = ("met", "missed", "not measured: ")


def tables(text: str) -> dict[str, list[list[str]]]:
    """Read the Markdown tables, by heading."""
    found: dict[str, list[list[str]]] = {}
    heading = ""
    for line in text.splitlines():
        if line.startswith("## "):
            heading = line[3:]
        elif line.startswith("|"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            found.setdefault(heading, []).append(cells)
    return found


@pytest.fixture(scope="module")
def printed() -> str:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(
        [sys.executable, str(BENCHMARK), "--tiny", "--threads", "1"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_every_table_parses(printed: str) -> None:
    found = tables(printed)
    assert len(found) == 12
    for heading, lines in found.items():
        header, rule, *body = lines
        assert body, heading
        assert all(len(line) == len(header) for line in lines), heading
        assert all(set(cell) == {"-"} for cell in rule), heading
        if heading == "targets":
            continue
        for line in body:
            assert line[0]
            for cell in line[1:]:
                assert cell == "-" or float(cell) >= -1


def test_every_target_has_a_verdict(printed: str) -> None:
    _, _, *body = tables(printed)["targets"]
    assert len(body) > 40
    for name, wanted, measured, verdict in body:
        assert verdict.startswith(VERDICTS), name
        assert (measured == "-") == verdict.startswith("not measured"), name
        assert wanted.startswith((">= ", "<= ")), name


def test_targets_are_the_last_section(printed: str) -> None:
    assert list(tables(printed))[-1] == "targets"


@pytest.mark.parametrize("setting", ["torch ", "threads on", "transparent huge pages", "N="])
def test_settings_are_stated(printed: str, setting: str) -> None:
    assert setting in printed.split("##")[0]


def test_a_missing_peer_is_told_with_its_reason(printed: str) -> None:
    assert "- Paddle 1.8.5: a tiny run" in printed


def test_a_wrong_implementation_is_not_timed() -> None:
    work = make(40, 8)
    expected = peers.expect(work, work.hard)

    def doubled() -> Tensor:
        return 2 * torch.nn.functional.binary_cross_entropy_with_logits(work.logit, work.hard)

    with pytest.raises(peers.CheckFailedError, match="wrong one: the total is"):
        peers.torch_peer("wrong one", work.logit, doubled, expected)


def test_a_wrong_gradient_is_not_timed() -> None:
    work = make(40, 8)
    expected = peers.expect(work, work.hard)
    gradient = expected.gradient.clone()
    gradient[3, 4] += 1e-3
    with pytest.raises(peers.CheckFailedError, match=r"off by 1\.0e-03 of its weight"):
        expected.check("a peer", expected.total, gradient)


@pytest.mark.parametrize("mix", [BACKGROUND_MIX, POSITIVE_MIX])
def test_the_labels_have_the_stated_mix(mix: object) -> None:
    work = make(20_000, 5, POSITIVE_MIX if mix is POSITIVE_MIX else BACKGROUND_MIX)
    positive, ignored = (work.label > 0).float().mean(), (work.label == -1).float().mean()
    if mix is POSITIVE_MIX:
        assert positive == 1
    else:
        assert abs(positive.item() - 0.01) < 0.003
        assert abs(ignored.item() - 0.03) < 0.005
    assert work.foreground.item() == (work.label > 0).sum().item()
    assert work.hard.sum().item() == work.foreground.item()


def test_memory_counts_what_the_graph_keeps() -> None:
    """x * y keeps both inputs, 8 bytes an element; exp keeps its result alone."""
    inputs = torch.randn(1000, 80), torch.randn(1000, 80)
    product = memory.measure(lambda: inputs, lambda x, y: (x * y).sum())
    assert product.saved == pytest.approx(8, abs=0.01)
    exponential = memory.measure(lambda: inputs, lambda x, y: x.exp().sum())
    assert exponential.saved == pytest.approx(8, abs=0.01)  # the leaf itself, and exp(x)


def test_memory_counts_what_no_saved_tensor_shows() -> None:
    kept: list[Tensor] = []

    def hides(x: Tensor) -> Tensor:
        # Appended: to let go of an earlier one would be counted against it.
        kept.append(x.detach() + 1)
        return x.sum()

    inputs = (torch.randn(1000, 80),)
    assert memory.measure(lambda: inputs, hides).saved == pytest.approx(8, abs=0.01)


def test_memory_sees_a_temporary_that_is_gone_again() -> None:
    def wasteful(x: Tensor) -> Tensor:
        torch.empty(3 * x.numel())
        return x.sum()

    inputs = (torch.randn(1000, 80),)
    assert memory.measure(lambda: inputs, wasteful).peak == pytest.approx(2, abs=0.01)


def test_ratio_is_of_the_fastest_runs() -> None:
    rows = {"a": Row("a", Times([2.0, 1.0, 9.0])), "b": Row("b", Times([4.0, 3.0, 5.0]))}
    scenario = Scenario("one", 10, rows)
    assert scenario.ratio("a", "b") == 3
    assert scenario.ratio("a", "c") is None
    assert scenario.ns("a") == 1e8


def test_target_verdicts() -> None:
    assert Target("t", True, 10, 10.0).verdict == "met"
    assert Target("t", True, 10, 9.9).verdict == "missed"
    assert Target("t", False, 8.1, 8.2).verdict == "missed"
    assert Target("t", False, 8.1, None, "no compiler").verdict == "not measured: no compiler"


@pytest.mark.live
def test_real_paddle_1_is_checked_and_timed() -> None:
    try:
        python = provision("1.8.5", create=bool(os.environ.get("CI"))).python
    except OracleUnavailable as reason:
        if os.environ.get("CI"):
            pytest.fail(str(reason), pytrace=False)
        pytest.skip(f"real Paddle 1.8.5: {reason}")
    work = make(300, 80)
    with peers.Paddle1(python, work, peers.expect(work, work.label, by_class=True)) as worker:
        assert worker.version == "1.8.5"
        assert isinstance(worker.peer().seconds(), float)
    with pytest.raises(peers.CheckFailedError, match=r"Paddle 1\.8\.5: the total"):
        peers.Paddle1(python, work, peers.expect(work, work.hard))
