"""Real Paddle answers, and torch agrees: 1.8.5 in its own interpreter, 3.3.1 in this one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from paddle_compat.testing import (
    Lod,
    ParityError,
    RecordingFailed,
    assert_parity,
    assert_replay,
    read,
    record,
    recorder,
    replay,
)
from paddle_compat.testing.process import RecorderProcess
from paddle_compat.testing.recorder import MODES, Case, Leaf
from testing.made import EXAMPLE, floats, same
from testing.strategies import trees

pytestmark = pytest.mark.live
LEGACY = Path(__file__).with_name("legacy.py")
EXAMPLES = EXAMPLE.parent
LABEL = np.array([[1], [0], [-1], [3]], "int32")
FOCAL = {"logits": floats(4, 3), "label": LABEL, "fg_num": np.array([2], "int32"), "gamma": 2.0}


@pytest.fixture(scope="module")
def process(fluid_python: Path) -> Iterator[RecorderProcess]:
    """One interpreter with real 1.8.5 for all of these tests."""
    with RecorderProcess(fluid_python) as running:
        yield running


def ask(process: RecorderProcess, name: str, inputs: Any, **fields: Any) -> Case:
    """Let real 1.8.5 answer a case of `legacy.py`."""
    case = recorder.request(f"legacy.py:{name}", inputs, **fields)
    [answered] = process.answer([case], f"{LEGACY}:{name}")
    return answered


def torch_focal(
    logits: Tensor, label: Tensor, fg_num: Tensor, gamma: float, alpha: float = 0.25
) -> Any:
    targets = label == torch.arange(1, 4)
    p = logits.sigmoid()
    p_t, alpha_t = torch.where(targets, p, 1 - p), torch.where(targets, alpha, 1 - alpha)
    loss = -alpha_t * (1 - p_t) ** gamma * p_t.log() * (label != -1) / fg_num
    return {"loss": loss.sum(), "each": [loss, (label, 3, None)]}


def torch_linear(x: Tensor, parameters: dict[str, Tensor]) -> Tensor:
    weight, bias = parameters.values()
    return functional.linear(x, weight.t(), bias).relu()


@pytest.mark.parametrize("mode", MODES)
def test_values_and_gradients_of_1_8_5(process: RecorderProcess, mode: str, tmp_path: Path) -> None:
    case = ask(process, "focal", FOCAL, mode=mode)
    assert (case.paddle, case.mode, case.error, case.gradient_error) == ("1.8.5", mode, None, None)
    assert case.gradients["logits"] is not None
    recorder.write(tmp_path / "a.npz", [case])
    assert_replay(tmp_path / "a.npz", torch_focal)
    with pytest.raises(ParityError, match="it matches with gamma and alpha swapped"):
        assert_replay(tmp_path / "a.npz", swapped)


def swapped(
    logits: Tensor, label: Tensor, fg_num: Tensor, gamma: float, alpha: float = 0.25
) -> Any:
    return torch_focal(logits, label, fg_num, alpha, gamma)


@pytest.mark.parametrize(("mode", "name"), [("static", "linear"), ("dygraph", "dygraph_linear")])
def test_parameters_of_1_8_5(
    process: RecorderProcess, mode: str, name: str, tmp_path: Path
) -> None:
    case = ask(process, name, {"x": floats(5, 3)}, mode=mode)
    assert [leaf.data.shape for leaf in case.parameters.values()] == [(3, 2), (2,)]
    assert all(gradient is not None for gradient in case.parameter_gradients.values())
    recorder.write(tmp_path / "a.npz", [case])
    assert_replay(tmp_path / "a.npz", torch_linear)
    again = ask(process, name, {"x": floats(5, 3)}, mode=mode)
    assert recorder.dumps([again]) == recorder.dumps([case])
    other = ask(process, name, {"x": floats(5, 3)}, mode=mode, seed=2)
    assert recorder.dumps([other]) != recorder.dumps([case])


def test_running_statistics_are_parameters_that_are_not_trained(process: RecorderProcess) -> None:
    case = ask(process, "normalised", {"x": floats(5, 3)})
    assert len(case.parameters) == 4
    assert len(case.parameter_gradients) == 2


def test_levels_of_detail_of_1_8_5(process: RecorderProcess, tmp_path: Path) -> None:
    x = Lod(floats(5, 3), [[2, 3]])
    recorder.write(tmp_path / "a.npz", [ask(process, "pooled", {"x": x})])

    def pooled(x: Lod) -> Tensor:
        return torch.stack([rows.sum(0) for rows in x.data.split(x.lengths[0])])

    assert read(tmp_path / "a.npz")[0].gradient_error is None
    assert_replay(tmp_path / "a.npz", pooled)
    recorder.write(tmp_path / "b.npz", [ask(process, "doubled", {"x": x})])
    assert read(tmp_path / "b.npz")[0].outputs.lod == ((2, 3),)


@pytest.mark.parametrize("mode", MODES)
def test_exceptions_of_1_8_5(process: RecorderProcess, mode: str, tmp_path: Path) -> None:
    recorder.write(tmp_path / "a.npz", [ask(process, "refused", {"x": floats(2, 3)}, mode=mode)])
    assert replay(tmp_path / "a.npz", lambda x: x @ x, diagnose_seconds=0).ok == (mode == "dygraph")
    case = ask(process, "own_error", {"x": floats(2, 3)}, mode=mode)
    assert case.error is not None
    assert (case.error["type"], case.error["native"]) == ("KeyError", False)
    recorder.write(tmp_path / "b.npz", [case])
    assert_replay(tmp_path / "b.npz", lambda x: {}[x])


@pytest.mark.parametrize("mode", MODES)
def test_the_identity_of_1_8_5_agrees_for_every_dtype(
    process: RecorderProcess, mode: str, tmp_path: Path
) -> None:
    special = [0.0, -0.0, np.nan, np.inf, -np.inf, 1e-3]
    kinds = [d for d in recorder.DTYPES if d != "bfloat16"]
    arrays = {d: np.array(special if d in recorder.FLOATS else [0, 1, 1], d) for d in kinds}
    arrays.update(empty=np.zeros((0, 3), "float32"), matrix=floats(2, 3))
    cases = [
        recorder.request("legacy.py:identity", {"x": array}, name, mode=mode)
        for name, array in arrays.items()
    ]
    answered = process.answer(cases, f"{LEGACY}:identity")
    assert [case.name for case in answered if case.error is not None] == []
    recorder.write(tmp_path / "a.npz", answered)
    assert_replay(tmp_path / "a.npz", same)


def test_what_is_printed_disturbs_nothing(process: RecorderProcess, tmp_path: Path) -> None:
    recorder.write(tmp_path / "a.npz", [ask(process, "printing", {"x": floats(2)})])
    assert_replay(tmp_path / "a.npz", lambda x: 3 * x)


def test_a_process_that_dies_or_hangs_is_told(fluid_python: Path) -> None:
    with RecorderProcess(fluid_python) as process:
        assert ask(process, "doubled", {"x": floats(2)}).error is None
        process.timeout = 1
        with pytest.raises(RecordingFailed, match="died in case 'hanging': no answer in 1 s"):
            ask(process, "hanging", {"x": floats(2)})
        process.timeout = 60
        with pytest.raises(RecordingFailed, match="died in case 'dying': SIGSEGV"):
            ask(process, "dying", {"x": floats(2)})


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nothing", "AttributeError: module 'legacy' has no attribute 'nothing'"),
        ("SCALE", "TypeError: .*:SCALE is no function, but float"),
    ],
)
def test_a_function_that_is_not_there_is_told(
    process: RecorderProcess, name: str, told: str
) -> None:
    with pytest.raises(RecordingFailed, match=told):
        ask(process, name, {"x": floats(2)})


def test_the_example_is_what_real_1_8_5_answers_today(
    process: RecorderProcess, tmp_path: Path
) -> None:
    recorded = read(EXAMPLE)
    fresh = []
    for case in recorded:
        asked = Case(name=case.name, function=case.function, kwargs=case.kwargs, seed=case.seed)
        [answered] = process.answer([asked], f"{EXAMPLES / case.function}")
        assert (answered.paddle, answered.error) == (case.paddle, None)
        fresh.append(answered)
    for old, new in zip(recorded, fresh, strict=True):
        one, other = (dict(recorder.leaves(vars(case), "")) for case in (old, new))
        assert list(one) == list(other)
        for path, leaf in one.items():
            assert leaf.dtype == other[path].dtype
            np.testing.assert_allclose(leaf.data, other[path].data, 1e-6, 1e-7, err_msg=path)


@pytest.mark.parametrize("mode", MODES)
def test_real_3_3_1_in_this_process(real_paddle: Any, mode: str, tmp_path: Path) -> None:
    def theirs(logit: Any, label: Any) -> Any:
        weight = real_paddle.nn.Linear(3, 3)(logit)
        each = real_paddle.nn.functional.sigmoid_focal_loss(weight, label, reduction="none")
        return {"each": each, "mean": real_paddle.mean(each)}

    def ours(logit: Tensor, label: Tensor, parameters: dict[str, Tensor]) -> Any:
        weight = next(p for p in parameters.values() if p.ndim == 2)
        bias = next(p for p in parameters.values() if p.ndim == 1)
        logit = functional.linear(logit, weight.t(), bias)
        p, cross = logit.sigmoid(), functional.binary_cross_entropy_with_logits
        p_t = p * label + (1 - p) * (1 - label)
        alpha = 0.25 * label + 0.75 * (1 - label)
        each = alpha * (1 - p_t) ** 2 * cross(logit, label, reduction="none")
        return {"each": each, "mean": each.mean()}

    inputs = (floats(4, 3), (floats(4, 3, seed=1) > 0).astype("float32"))
    record(tmp_path / "a.npz", theirs, inputs, mode=mode, wrt="logit")
    [case] = read(tmp_path / "a.npz")
    assert (case.paddle, case.mode, case.names) == ("3.3.1", mode, ["logit", "label"])
    assert len(case.parameter_gradients) == 2
    assert_replay(tmp_path / "a.npz", ours)
    assert real_paddle.in_dynamic_mode()
    assert_parity(ours, theirs, inputs, mode=mode, wrt=["logit"])
    with pytest.raises(ParityError, match="sum against mean"):
        assert_parity(
            lambda a, b, parameters: {**(r := ours(a, b, parameters)), "mean": r["each"].sum()},
            theirs,
            inputs,
            mode=mode,
            wrt=["logit"],
        )


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(tree=np.array(np.nan, "float32"), mode="static")
@example(tree=Leaf("bfloat16", np.array([0x7FC0, 0x7F80, 0xFF80, 1], "uint16")), mode="dygraph")
@example(tree=[np.zeros((2, 0, 3), "float64"), (np.array(True), {0: None})], mode="static")
@given(tree=trees, mode=st.sampled_from(MODES))
def test_the_identity_never_disagrees(
    tree: Any, mode: str, real_paddle: Any, tmp_path: Path
) -> None:
    path = tmp_path / "identity.npz"
    record(path, lambda x: x, [tree], mode=mode, case="identity")
    [case] = read(path)
    assert (case.error, case.gradient_error) == (None, None)
    assert_replay(path, lambda x: recorder.rebuild(x, "", lambda _, item: item))


def test_a_port_of_everything_but_one_bit_disagrees(real_paddle: Any, tmp_path: Path) -> None:
    path = tmp_path / "bit.npz"
    record(path, lambda x: x, [np.array([1, 2, 3], "int64")], case="identity")
    assert not replay(path, lambda x: x ^ torch.tensor([0, 0, 1])).ok
    record(path, lambda x: x, [np.array([True, False])], case="identity")
    assert not replay(path, lambda x: ~x).ok
