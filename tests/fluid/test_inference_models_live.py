"""Inference models, both ways: real Paddle 1.8.5 runs ours, and we run its."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fluid import inference_snippets
from fluid.inference_choice import chosen, operators
from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippets import compare_arrays
from paddle_compat.fluid.io._operators import FORMS, newer

HERE = Path(__file__).parent
MODELS = ("classifier", "faster_rcnn", "fcos", "retinanet", "ssd", "yolo")
# What no snippet has: the names of older programs.
OLDER = {"flatten", "reshape", "squeeze", "transpose", "unsqueeze"}
# What is not recorded, but read.
READ = {"depthwise_conv2d", "depthwise_conv2d_transpose"}
# What is bools and declared as floats by real Paddle, which cannot fetch it from its own model.
BOOLS = {"isinf", "isnan"}


def told(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr[-3000:]


def real(python: Path, script: str, *arguments: Any) -> None:
    command = [str(python), str(HERE / script), *map(str, arguments)]
    told(subprocess.run(command, capture_output=True, text=True, check=False, timeout=900))


def ours(script: str, *arguments: Any) -> None:
    command = [
        sys.executable,
        "-m",
        "paddle_compat",
        "run",
        str(HERE / script),
        *map(str, arguments),
    ]
    told(subprocess.run(command, capture_output=True, text=True, check=False, timeout=900))


def outcome(path: Path) -> dict[str, Array]:
    with np.load(path) as found:
        return dict(found)


def assert_same(found: dict[str, Array], wanted: dict[str, Array]) -> None:
    assert found.keys() == wanted.keys()
    # Whole networks are sums of long sums.
    for name, array in wanted.items():
        assert compare_arrays(name, found[name], array, terms=4) == []


@pytest.fixture(scope="module")
def saved(fluid_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every model, saved by either and run by the other."""
    root = tmp_path_factory.mktemp("models")
    for name in ("real", "ours"):
        (root / name).mkdir()
    script = "inference_models.py"
    real(fluid_python, script, "save", root / "real")
    ours(script, "save", root / "ours", ",", "run", root / "real", "other")
    real(fluid_python, script, "run", root / "ours", "other")
    return root


@pytest.mark.live
@pytest.mark.parametrize("model", MODELS)
def test_we_run_real_paddles_models(saved: Path, model: str) -> None:
    path = saved / "real" / model
    assert_same(outcome(path / "other.npz"), outcome(path / "outputs.npz"))


@pytest.mark.live
@pytest.mark.parametrize("model", MODELS)
def test_real_paddle_runs_our_models(saved: Path, model: str) -> None:
    path = saved / "ours" / model
    assert_same(outcome(path / "other.npz"), outcome(path / "outputs.npz"))


@pytest.mark.live
@pytest.mark.parametrize("model", MODELS)
def test_our_model_has_real_paddles_operators_and_parameters(saved: Path, model: str) -> None:
    from paddle_compat.checkpoints import read_inference_model

    params = "all of them" if model in ("classifier", "faster_rcnn") else None
    theirs, mine = (
        read_inference_model(saved / who / model, params_filename=params)
        for who in ("real", "ours")
    )
    # What real Paddle computes one channel at a time, by a name of its own.
    plain = [name.removeprefix("depthwise_") for name in theirs.operators]
    assert mine.operators == plain
    assert (mine.feed_names, mine.fetch_names) == (theirs.feed_names, theirs.fetch_names)
    assert {k: (v.shape, v.dtype) for k, v in mine.parameters.items()} == {
        k: (v.shape, v.dtype) for k, v in theirs.parameters.items()
    }


@pytest.fixture(scope="module")
def snippets(fluid_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chosen snippets, saved by either and run by the other."""
    root = tmp_path_factory.mktemp("snippets")
    headers: list[Any] = []
    arrays: Any = {}
    for number, snippet in enumerate(chosen()):
        header, inputs = snippet.to_wire()
        headers.append(header)
        arrays.update({f"{number}/{key}": value for key, value in inputs.items()})
    cases = root / "cases"
    cases.with_suffix(".json").write_text(json.dumps(headers))
    np.savez(cases, **arrays)
    for who in ("real", "ours"):
        (root / who).mkdir()
    script = "inference_snippets.py"
    package = "paddle.fluid"
    real(fluid_python, script, package, "save", cases, root / "real")
    inference_snippets.main("paddle_compat.fluid", "save", str(cases), str(root / "ours"))
    real(fluid_python, script, package, "run", cases, root / "ours")
    inference_snippets.main("paddle_compat.fluid", "run", str(cases), str(root / "real"))
    return root


def disagreements(root: Path) -> dict[str, Any]:
    """Return what differs between a program and what was loaded from its files."""
    saved, loaded = outcome(root / "save.npz"), outcome(root / "run.npz")
    refused: dict[str, str] = json.loads((root / "save.json").read_text())
    failed: dict[str, str] = json.loads((root / "run.json").read_text())
    found: dict[str, Any] = {}
    for number, snippet in enumerate(chosen()):
        if str(number) in refused:
            continue
        if str(number) in failed:
            # What has no elements cannot be scaled by real Paddle, from its own models neither.
            if "IsInitialized():0" not in failed[str(number)]:
                found[snippet.name] = failed[str(number)]
            continue
        mine = {k: v for k, v in loaded.items() if k.startswith(f"{number}/")}
        wanted = {k: v for k, v in saved.items() if k.startswith(f"{number}/")}
        # The real executor gives nothing for an array without elements.
        mine = {k: v for k, v in mine.items() if v.size or k in wanted}
        wanted = {k: v for k, v in wanted.items() if v.size or k in mine}
        different = list(mine.keys() ^ wanted.keys())
        for key in mine.keys() & wanted.keys():
            if key.endswith("lengths"):
                same = mine[key].item() == wanted[key].item()
                different += [] if same else [f"{key}: {mine[key]}, and not {wanted[key]}"]
            else:
                different += compare_arrays(key, mine[key], wanted[key], snippet.terms)
        if different:
            found[snippet.name] = different
    return found


@pytest.mark.live
def test_we_run_real_paddles_snippets(snippets: Path) -> None:
    assert disagreements(snippets / "real") == {}


@pytest.mark.live
def test_real_paddle_runs_our_snippets(snippets: Path) -> None:
    assert disagreements(snippets / "ours") == {}


@pytest.mark.live
def test_snippets_are_saved_by_both_and_show_every_operator(snippets: Path) -> None:
    refusals = [json.loads((snippets / who / "save.json").read_text()) for who in ("real", "ours")]
    # Of errors, which come when they are run at the latest.
    assert len(refusals[0]) < len(chosen()) / 10
    only_ours = refusals[1].keys() - refusals[0].keys()
    assert {number: refusals[1][number] for number in only_ours} == {}
    shown: set[str] = set()
    for number, snippet in enumerate(chosen()):
        if not any(str(number) in refused for refused in refusals):
            shown.update(op.type for op in operators(snippet))
    assert set(FORMS) - shown == OLDER | READ | BOOLS | newer.FORMS.keys()


@pytest.mark.live
def test_definitions_are_real_paddles(fluid_python: Path) -> None:
    script = HERE.parents[1] / "tools" / "operator_definitions.py"
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    told(
        subprocess.run(
            [sys.executable, script],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env=environment,
        )
    )
