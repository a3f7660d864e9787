"""What a replay compares, with which tolerance, and how it tells a mismatch."""

from __future__ import annotations

import math
import re
from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from paddle_compat.testing import (
    TOLERANCES,
    DamagedFileError,
    Lod,
    ParityError,
    Report,
    assert_replay,
    recorder,
    replay,
)
from paddle_compat.testing.recorder import Case, Leaf
from paddle_compat.testing.tolerance import bound, scale, ulps
from testing.made import case_of, count, floats, replayed

FAST: dict[str, Any] = {"diagnose_seconds": 0}
X = {"x": floats(3, 2)}


def failing(error: dict[str, Any]) -> Case:
    """Return a case that Paddle answered by an exception."""
    told = {"type": "ValueError", "bases": [], "message": "", "phase": "run", "native": False}
    case = recorder.request("a.py:f", X, "bad")
    case.paddle, case.error = "1.8.5", {**told, **error}
    return case


def run(folder: Path, case: Case, port: Any, **how: Any) -> Report:
    recorder.write(folder / "a.npz", [case])
    return replay(folder / "a.npz", port, **{**FAST, **how})


@pytest.mark.parametrize(
    ("reference", "port", "told"),
    [
        (lambda x: x, lambda x: [x], r"output: the port gives a list of 1, Paddle a tensor"),
        (
            lambda x: [x],
            lambda x: x,
            r"output: the port gives a tensor of shape \[3, 2\], Paddle a l",
        ),
        (
            lambda x: [x],
            lambda x: [x, x],
            r"output: the port gives a list of 2, Paddle a list of 1",
        ),
        (
            lambda x: {"a": x},
            lambda x: {"b": x},
            r"gives a dict of \['b'\], Paddle a dict of \['a'\]",
        ),
        (lambda x: {"a": [x]}, lambda x: {"a": [None]}, r"output\['a'\]\[0\]: the port gives None"),
        (lambda x: (x, 3), lambda x: (x, 4), r"output\[1\]: the port gives 4, Paddle 3"),
        (lambda x: (x, True), lambda x: (x, 1), r"output\[1\]: the port gives 1, Paddle True"),
        (lambda x: (x, None), lambda x: (x, x), r"output\[1\]: the port gives a tensor"),
        (lambda x: x, lambda x: x.t(), r"output: the port's shape is \[2, 3\], Paddle's \[3, 2\]"),
        (
            lambda x: x,
            lambda x: x.double(),
            "output: the port's dtype is float64, Paddle's float32",
        ),
        (
            lambda x: x > 0,
            lambda x: x < 0,
            r"output: 6 of 6 elements differ; the first at \[0, 0\]",
        ),
        (
            lambda x: x.sum(),
            lambda x: x.sum().reshape(1),
            r"the port's shape is \[1\], Paddle's \[\]",
        ),
        (lambda x: x, lambda x: x.detach(), "gradient of x: 6 of 6 elements differ"),
        (lambda x: x, lambda x: {}[x], "error: the port raises KeyError"),
    ],
)
def test_a_mismatch_is_told(reference: Any, port: Any, told: str, tmp_path: Path) -> None:
    report = replayed(tmp_path, reference, port, X, **FAST)
    assert not report.ok
    assert re.search(told, str(report)), str(report)


def test_an_input_that_paddle_gives_no_gradient_is_told(tmp_path: Path) -> None:
    inputs = {"x": floats(3, 2), "y": floats(3, 2, seed=1)}
    report = replayed(tmp_path, lambda x, y: x * y.detach(), lambda x, y: x * y, inputs, **FAST)
    [mismatch] = report.cases[0].mismatches
    assert str(mismatch) == (
        "gradient of y: the port has one, and Paddle's function gives this input none: detach it, "
        "or leave it out by gradients="
    )
    path = tmp_path / "made.npz"
    assert replay(path, lambda x, y: x * y, gradients=["x"]).ok
    assert replay(path, lambda x, y: x * y.detach() + 0 * y).ok  # zeros are none
    with pytest.raises(ValueError, match=r"no case has the gradient of 'z', but of \['x', 'y'\]"):
        replay(path, lambda x, y: x, gradients=["z"])


def test_the_worst_element_is_told_with_its_inputs(tmp_path: Path) -> None:
    inputs = {
        "x": np.array([[1, 2], [3, 4], [5, 6]], "float32"),
        "label": np.array([[7], [8], [9]], "int32"),
        "weight": np.array([0.5, 0.25, 0.125], "float32"),
        "count": count(2),
        "alpha": 0.25,
    }

    def port(x: Tensor, **_: Any) -> Tensor:
        change = torch.zeros_like(x)
        change[1, 0] = 2e-6 * 3
        change[0, 1], change[2, 1] = 0.1, 0.5
        return x + change

    report = replayed(tmp_path, lambda x, **_: x.clone(), port, inputs, gradients=["x"], **FAST)
    assert str(report).splitlines()[1:] == [
        "case 0: differs from Paddle 3.3.1",
        "  output: 2 of 6 elements differ by more than rtol 1e-05 and atol 2e-06 of the scale",
        "    worst at [2, 1]: ours 6.5, Paddle 6, absolute 0.5, 1048576 ulp",
        "    inputs there: x 6.0, label 9, weight 0.125, count [2], alpha 0.25",
        "  likely cause: none of those that are known makes it match",
    ]
    assert report.cases[0].mismatches[0].excess == pytest.approx(0.5 / (6e-5 + 1.2e-5))


def test_gradients_of_parameters_are_compared(tmp_path: Path) -> None:
    def port(x: Tensor, parameters: dict[str, Tensor]) -> Tensor:
        return x @ parameters["w"] + parameters["b"]

    def without(x: Tensor, parameters: dict[str, Tensor]) -> Tensor:
        return x @ parameters["w"] + parameters["b"].detach()

    given = {"w": floats(2, 4), "b": floats(4)}
    assert replayed(tmp_path, port, port, X, parameters=given).ok
    report = replayed(tmp_path, port, without, X, parameters=given)
    assert [m.part for m in report.cases[0].mismatches] == ["gradient of b"]
    assert replay(tmp_path / "made.npz", without, gradients=["x", "w"]).ok


def test_lists_and_tuples_are_alike(tmp_path: Path) -> None:
    Pair = namedtuple("Pair", "first second")
    assert replayed(tmp_path, lambda x: [x, (x, x)], lambda x: (x, Pair(x, x)), X).ok


def test_before_2_5_a_scalar_may_lose_its_axis(tmp_path: Path) -> None:
    one, none = (lambda x: x.sum().reshape(1)), (lambda x: x.sum())
    assert replayed(tmp_path, one, none, X, paddle="1.8.5").ok
    assert replayed(tmp_path, one, none, X, paddle="2.4.2").ok
    assert not replayed(tmp_path, one, none, X, paddle="2.5.0").ok
    assert not replayed(tmp_path, one, none, X, paddle="3.3.1").ok
    assert not replayed(tmp_path, none, one, X, paddle="1.8.5").ok


@pytest.mark.parametrize("dtype", TOLERANCES)
def test_each_dtype_has_its_tolerance(dtype: str, tmp_path: Path) -> None:
    kind = getattr(torch, dtype)
    inputs = {"x": torch.ones(4, dtype=kind)}
    rtol, atol = TOLERANCES[dtype]

    def off_by(size: float) -> Report:
        return replayed(
            tmp_path,
            lambda x: x.double(),
            lambda x: x.double() + size,
            inputs,
            tolerances={"float64": (rtol, atol)},
            **FAST,
        )

    assert off_by(0.9 * (rtol + atol)).ok
    assert not off_by(1.1 * (rtol + atol)).ok
    step = torch.finfo(kind).eps
    assert rtol + atol >= step
    near = replayed(tmp_path, lambda x: x, lambda x: x + step, inputs, **FAST)
    assert near.ok
    far = replayed(tmp_path, lambda x: x, lambda x: x + 1e6 * step, inputs, **FAST)
    assert not far.ok


def test_tolerances_can_be_given(tmp_path: Path) -> None:
    replayed(tmp_path, lambda x: x + 0, lambda x: x, X)
    path = tmp_path / "made.npz"

    def port(x: Tensor) -> Tensor:
        return x * 1.01

    assert not replay(path, port, **FAST).ok
    assert replay(path, port, rtol=0.02).ok
    assert replay(path, port, atol=0.02).ok
    assert replay(path, port, tolerances={"float32": (0.02, 0)}).ok
    assert not replay(path, port, tolerances={"float64": (0.02, 0)}, **FAST).ok
    with pytest.raises(ValueError, match=r"not for \['float8'\]"):
        replay(path, port, tolerances={"float8": (0, 0)})
    assert replay(path, lambda x: x.double(), check_dtype=False).ok


@pytest.mark.parametrize(
    ("numbers", "size"),
    [
        ([], 1.0),
        ([0, 0], 1.0),
        ([math.nan, math.inf], 1.0),
        ([1e-3, 1e-9], 1e-3),
        ([800.0, 300.0, 0.01], 800.0),
        ([1e6, 0.3, 0.3, 0.2], 30.0),
        ([1e-6, 1e-6, 1e-6, 5.0], 1.0),
    ],
)
def test_the_scale_is_the_largest_number_but_for_outliers(
    numbers: list[float], size: float
) -> None:
    assert scale(np.array(numbers, float)) == pytest.approx(size)


def test_nan_and_infinities_have_no_tolerance(tmp_path: Path) -> None:
    expected = np.array([np.nan, np.inf, -np.inf, 1], "float32")
    assert bound(expected.astype(float), TOLERANCES["float32"])[:3].tolist() == [0, 0, 0]
    case = case_of(lambda x: x.detach(), {"x": expected})
    assert run(tmp_path, case, lambda x: x.detach()).ok
    for index, value in ((0, 1.0), (1, 3e38), (1, -np.inf), (2, np.inf), (3, np.nan)):

        def port(x: Tensor, index: int = index, value: float = value) -> Tensor:
            x = x.detach().clone()
            x[index] = value
            return x

        report = run(tmp_path, case, port)
        assert f"worst at [{index}]" in str(report)


@pytest.mark.parametrize(
    ("dtype", "one", "other", "apart"),
    [
        ("float32", 1.0, float(np.nextafter(np.float32(1), np.float32(2))), 1),
        ("float64", 1.0, math.nextafter(1, 0), 1),
        ("float16", 1.0, 1.0 + 2**-10, 1),
        ("bfloat16", 1.0, 1.0 + 2**-7, 1),
        ("float32", 0.0, -0.0, 0),
        ("float32", float(np.float32(1e-45)), -float(np.float32(1e-45)), 2),
        ("float32", math.nan, 1.0, None),
    ],
)
def test_ulps_count_the_floats_between(
    dtype: str, one: float, other: float, apart: int | None
) -> None:
    array = torch.tensor([one], dtype=torch.float64).to(getattr(torch, dtype))
    assert ulps(recorder.leaf_of(array), (0,), other) == apart


@pytest.mark.parametrize(
    ("error", "raised", "ok"),
    [
        ({"type": "ValueError"}, ValueError, True),
        ({"type": "ValueError"}, TypeError, False),
        ({"type": "LookupError"}, KeyError, True),
        ({"type": "OwnError", "bases": ["KeyError", "Exception"]}, KeyError, True),
        ({"type": "OwnError", "bases": ["Exception"]}, RuntimeError, True),
        ({"type": "EnforceNotMet", "bases": ["Exception"], "native": True}, RuntimeError, True),
        ({"type": "EnforceNotMet", "bases": ["Exception"], "native": True}, IndexError, True),
        ({"type": "EnforceNotMet", "bases": ["Exception"], "native": True}, OSError, False),
        ({"type": "ValueError", "native": True}, RuntimeError, True),
    ],
)
def test_exceptions_are_matched_by_the_rule(
    error: dict[str, Any], raised: type[Exception], ok: bool, tmp_path: Path
) -> None:
    def port(x: Tensor) -> Tensor:
        raise raised("of the port")

    report = run(tmp_path, failing(error), port)
    assert report.ok == ok
    assert f"the recorded answer is an exception, {error['type']}" in str(report)


def test_a_result_instead_of_an_exception_is_told(tmp_path: Path) -> None:
    report = run(tmp_path, failing({"message": "shapes\nmore"}), lambda x: x)
    assert "the port returns a result; Paddle raises ValueError: shapes\n" in str(report)


def test_levels_of_detail_are_compared(tmp_path: Path) -> None:
    case = recorder.request("a.py:f", {"x": Lod(np.ones((3, 2), "float32"), [[1, 2]])})
    case.paddle, case.outputs = "1.8.5", Leaf("float32", np.ones((3, 2)).astype("f4"), [[1, 2]])
    assert run(tmp_path, case, lambda x: x).ok
    assert run(tmp_path, case, lambda x: Lod(x.data, [torch.tensor([1, 2])])).ok
    assert "levels of detail are ()" in str(run(tmp_path, case, lambda x: x.data))
    assert "are ((2, 1),)" in str(run(tmp_path, case, lambda x: Lod(x.data, [[2, 1]])))


def test_a_missing_gradient_is_noted(tmp_path: Path) -> None:
    case = case_of(lambda x: x, X)
    case.cotangents = {}
    error = {"type": "E", "bases": [], "message": "no kernel\nx", "phase": "backward"}
    case.gradient_error = {**error, "native": True}
    report = run(tmp_path, case, lambda x: x.detach())
    assert report.ok
    assert str(report).endswith(
        "  note: gradients are not compared: Paddle raises E for them: no kernel"
    )


def test_a_port_may_change_its_inputs_in_place(tmp_path: Path) -> None:
    replayed(tmp_path, lambda x: 2 * x, lambda x: x, X, **FAST)
    assert replay(tmp_path / "made.npz", lambda x: x.mul_(2)).ok


def test_an_assertion_carries_the_report(tmp_path: Path) -> None:
    replayed(tmp_path, lambda x: x + 0, lambda x: x, X)
    assert_replay(tmp_path / "made.npz", lambda x: x)
    with pytest.raises(ParityError, match="likely cause: sign") as caught:
        assert_replay(tmp_path / "made.npz", lambda x: -x)
    assert isinstance(caught.value, AssertionError)
    assert caught.value.report.cases[0].name == "case 0"


def test_cases_are_chosen_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    cases = [case_of(lambda x: x + 0, X, "same"), case_of(lambda x: -x, X, "minus")]
    recorder.write(path, cases)
    assert replay(path, lambda x: x, case="same").ok
    assert replay(path, lambda x: -x, case=["minus"]).ok
    assert [case.ok for case in replay(path, lambda x: x, **FAST).cases] == [True, False]
    with pytest.raises(ValueError, match=r"has no case \['other'\], but \['same', 'minus'\]"):
        replay(path, lambda x: x, case="other")


def test_a_missing_or_damaged_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        replay(tmp_path / "none.npz", lambda: None)
    (tmp_path / "bad.npz").write_bytes(b"PK")
    with pytest.raises(DamagedFileError, match=r"bad\.npz: not a recording"):
        replay(tmp_path / "bad.npz", lambda: None)
