"""Random numbers from a seed: real Paddle 1.8.5's, recorded and live, and what is promised beyond.

The vectors are real Paddle's: tools/record_minstd.py, run by its interpreter, wrote them.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
import torch
from torch import Tensor

from paddle_compat.kernels import minstd

Draw: TypeAlias = Callable[..., Tensor]
Case: TypeAlias = "dict[str, Any]"

VECTORS = Path(__file__).parent / "minstd_1.8.5.json"
RECORDER = Path(__file__).parents[2] / "tools" / "record_minstd.py"
OPERATORS: dict[str, tuple[Draw, str, str]] = {
    "uniform_random": (minstd.uniform, "min", "max"),
    "gaussian_random": (minstd.normal, "mean", "std"),
    "truncated_gaussian_random": (minstd.truncated_normal, "mean", "std"),
}
# What the user wrote, where float32 does not hold it.
WRITTEN = {
    "Uniform(-0.1, 0.3)": (-0.1, 0.3),
    "Normal(0.3, 0.7)": (0.3, 0.7),
    "Normal(0, 0.01)": (0.0, 0.01),
    "TruncatedNormal(0.3, 0.7)": (0.3, 0.7),
}
DRAWS = [
    pytest.param(draw, dtype, id=f"{draw.__name__}-{dtype}".replace("torch.", ""))
    for draw in (minstd.uniform, minstd.normal, minstd.truncated_normal)
    for dtype in (torch.float32, torch.float64)
    if (draw, dtype) != (minstd.truncated_normal, torch.float64)
]


def recorded() -> list[Case]:
    cases: list[Case] = json.loads(VECTORS.read_text())["cases"]
    return cases


def name(case: Case) -> str:
    size = "x".join(map(str, case["shape"]))
    return f"{case['initializer']}-{case['dtype']}-{case['seed']}-{size}"


def check(case: Case) -> None:
    """Compare with Paddle's values: bit for bit, but for float64 normals."""
    draw, first, second = OPERATORS[case["operator"]]
    stored = [float.fromhex(case["attributes"][key]) for key in (first, second)]
    written = WRITTEN.get(case["initializer"], stored)
    assert [float(np.float32(value)) for value in written] == stored
    dtype = getattr(torch, case["dtype"])
    result = draw(case["shape"], *written, case["seed"], dtype)
    assert result.dtype == dtype
    assert list(result.shape) == case["shape"]
    ours = result.numpy().reshape(-1)
    theirs = np.frombuffer(bytes.fromhex(case["head"]), ours.dtype)
    if case["operator"] == "gaussian_random" and dtype == torch.float64:
        # Two logarithms that are both right to the last bit or so: 2 ** -52 of the value apart.
        # Division, root, and the product with std each round both sides: 2 ** -52 more, the
        # root halving what came before it. Then the sum with the mean rounds.
        mean = stored[0]
        apart = np.abs(ours[: len(theirs)] - theirs)
        of_sum = np.spacing(np.abs(theirs)) if mean else 0.0
        assert (apart <= 4 * 2.0**-52 * np.abs(theirs - mean) + of_sum).all()
        assert np.count_nonzero(apart) <= 1 + 0.005 * len(theirs)
    else:
        np.testing.assert_array_equal(ours[: len(theirs)], theirs)
        assert hashlib.sha256(ours.tobytes()).hexdigest() == case["sha256"]


@pytest.mark.parametrize("case", recorded(), ids=name)
def test_draws_are_those_that_paddle_made(case: Case) -> None:
    check(case)


def test_the_vectors_cover_every_operator_dtype_and_the_last_seed() -> None:
    cases = recorded()
    assert {(case["operator"], case["dtype"]) for case in cases} == {
        ("uniform_random", "float32"),
        ("uniform_random", "float64"),
        ("gaussian_random", "float32"),
        ("gaussian_random", "float64"),
        ("truncated_gaussian_random", "float32"),
    }
    assert {1, 2147483647} <= {case["seed"] for case in cases}


@pytest.mark.live
def test_draws_are_those_that_paddle_makes_now(tmp_path: Path, fluid_python: Path) -> None:
    file = tmp_path / "drawn.json"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    for variable in ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV"):
        environment.pop(variable, None)
    seeds = [2, 31, 4711, 48271, 999_999_937, 2**30, 2**31 - 3]
    command = [fluid_python, RECORDER, file, "--head", "0", "--seeds", *seeds]
    ran = subprocess.run(
        [str(word) for word in command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    drawn = json.loads(file.read_text())
    assert drawn["paddle"] == "1.8.5"
    assert len(drawn["cases"]) == 22 * len(seeds)
    for case in drawn["cases"]:
        check(case)


@pytest.mark.parametrize(("draw", "dtype"), DRAWS)
@pytest.mark.parametrize("block", [4, 12, 1 << 10])
def test_the_size_of_a_block_changes_nothing(
    draw: Draw, dtype: torch.dtype, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = draw([2001], 0.1, 0.7, 5, dtype)
    monkeypatch.setattr(minstd, "_BLOCK", block)
    assert torch.equal(draw([2001], 0.1, 0.7, 5, dtype), whole)


@pytest.mark.parametrize(("draw", "dtype"), DRAWS)
def test_fewer_numbers_are_the_first_of_more(draw: Draw, dtype: torch.dtype) -> None:
    many = draw([200_003], 0.1, 0.7, 5, dtype)
    for count in (0, 1, 2, 3, 32767, 32768, 32769, 65535, 65536, 65537, 131_073):
        fewer = draw([count], 0.1, 0.7, 5, dtype)
        assert torch.equal(fewer, many[:count])
        assert fewer.untyped_storage().nbytes() == count * dtype.itemsize


@pytest.mark.parametrize("shape", [[], [0], [3, 0, 2], [2, 3], (4,), torch.Size([1, 1, 5])])
@pytest.mark.parametrize(("draw", "dtype"), DRAWS)
def test_shapes_fill_in_rows(draw: Draw, dtype: torch.dtype, shape: Any) -> None:
    result = draw(shape, 0.1, 0.7, 5, dtype)
    assert result.shape == torch.Size(shape)
    assert torch.equal(result.view(-1), draw([result.numel()], 0.1, 0.7, 5, dtype))


@pytest.mark.parametrize(("draw", "dtype"), DRAWS)
def test_seed_0_draws_anew_and_leaves_torchs_own_generator_alone(
    draw: Draw, dtype: torch.dtype
) -> None:
    before = torch.random.get_rng_state()
    torch.manual_seed(0)
    one = draw([50], 0.1, 0.7, 0, dtype)
    torch.manual_seed(0)
    assert not torch.equal(draw([50], 0.1, 0.7, 0, dtype), one)
    assert torch.equal(torch.random.get_rng_state(), torch.Generator().manual_seed(0).get_state())
    torch.random.set_rng_state(before)


@pytest.mark.parametrize(("draw", "dtype"), DRAWS)
def test_defaults_of_torch_and_threads_change_nothing(draw: Draw, dtype: torch.dtype) -> None:
    expected = draw([70_000], 0.1, 0.7, 5, dtype)
    threads = torch.get_num_threads()
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(3)
    try:
        with torch.device("meta"), torch.inference_mode():
            result = draw([70_000], 0.1, 0.7, 5, dtype)
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_num_threads(threads)
    assert result.device.type == "cpu"
    assert torch.equal(result, expected)


@pytest.mark.parametrize("seed", [-1, 2**31, 2**40])
@pytest.mark.parametrize(("draw", "dtype"), DRAWS)
def test_a_seed_out_of_range_is_told(draw: Draw, dtype: torch.dtype, seed: int) -> None:
    with pytest.raises(ValueError, match=rf"seed must be from 0 to 2147483647 .* got {seed};"):
        draw([2], 0.0, 1.0, seed, dtype)


@pytest.mark.parametrize("seed", [1.0, "1", None])
def test_a_seed_that_is_no_integer_is_told(seed: Any) -> None:
    with pytest.raises(TypeError, match=r"seed must be an integer, got .*; pass an int from 0"):
        minstd.uniform([2], 0.0, 1.0, seed, torch.float32)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e39])
def test_a_bound_that_float32_does_not_hold_is_told(value: float) -> None:
    with pytest.raises(ValueError, match="high must be a finite number that float32 holds, got"):
        minstd.uniform([2], 0.0, value, 1, torch.float64)
    with pytest.raises(ValueError, match="std must be a finite number that float32 holds, got"):
        minstd.normal([2], 0.0, value, 1, torch.float32)
    with pytest.raises(ValueError, match="mean must be a finite number that float32 holds, got"):
        minstd.truncated_normal([2], value, 1.0, 1, torch.float32)


@pytest.mark.parametrize("draw", [minstd.uniform, minstd.normal, minstd.truncated_normal])
def test_a_dtype_without_an_operator_is_told(draw: Draw) -> None:
    for dtype in (torch.float16, torch.int64):
        with pytest.raises(TypeError, match=rf"draws torch.float32.* got dtype {dtype}; draw"):
            draw([2], 0.0, 1.0, 1, dtype)


def test_paddle_has_no_truncated_normal_in_float64() -> None:
    with pytest.raises(TypeError, match=r"draws torch.float32, as .* dtype torch.float64; draw"):
        minstd.truncated_normal([2], 0.0, 1.0, 1, torch.float64)
