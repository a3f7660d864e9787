"""Every call of `cases` has real Paddle's outcome: dtype, shape, value, gradient flag or error."""

from __future__ import annotations

import doctest
import importlib
import signal
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import paddle_compat

from .cases import CAST, DTYPES, GREATER_EQUAL, SUM, TO_TENSOR

pytestmark = pytest.mark.live

Outcome = tuple[Any, ...]


def outcome(package: Any, call: str) -> Outcome:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy warns of overflow and of a lost imaginary part
        try:
            result = eval(call, {"P": package, "np": np})
        except Exception as error:
            return ("raises", type(error).__name__)
    return describe(result)


def describe(tensor: Any) -> Outcome:
    is_ours = isinstance(tensor, torch.Tensor)
    dtype = str(tensor.dtype).split(".")[-1]
    requires_grad = tensor.requires_grad if is_ours else not tensor.stop_gradient
    if dtype == "bfloat16":
        array = tensor.detach().float().numpy() if is_ours else tensor.astype("float32").numpy()
    else:
        array = tensor.detach().numpy() if is_ours else tensor.numpy()
    values = [repr(v) for v in array.reshape(-1).tolist()]
    return dtype, list(tensor.shape), values, requires_grad


@pytest.mark.parametrize("call", [*TO_TENSOR, *CAST, *GREATER_EQUAL, *SUM])
def test_call_has_real_paddles_outcome(real_paddle: Any, call: str) -> None:
    assert outcome(paddle_compat, call) == outcome(real_paddle, call)


@pytest.mark.parametrize("source", DTYPES)
def test_cast_agrees_for_every_pair_of_dtypes(real_paddle: Any, source: str) -> None:
    values = [-2.7, -1.5, -0.5, -0.0, 0.0, 0.5, 1.5, 2.7, 100.9] * 5
    for target in DTYPES:
        call = f"P.cast(P.to_tensor({values}, '{source}'), '{target}')"
        assert outcome(paddle_compat, call) == outcome(real_paddle, call), target


@pytest.mark.parametrize("dtype", DTYPES)
def test_sum_agrees_for_every_dtype_and_axis(real_paddle: Any, dtype: str) -> None:
    for arguments in ("", ", axis=1", ", axis=[0, 2], keepdim=True", ", dtype='int64'"):
        call = f"P.sum(P.cast(P.to_tensor(np.arange(60.).reshape(3, 4, 5)), '{dtype}'){arguments})"
        assert outcome(paddle_compat, call) == outcome(real_paddle, call), arguments


@pytest.mark.parametrize(("dtype", "bound"), [("float32", 2e-7), ("float64", 4e-16)])
def test_sum_of_random_numbers_agrees(real_paddle: Any, dtype: str, bound: float) -> None:
    data = np.random.default_rng(0).standard_normal((300, 400)).astype(dtype)
    for axis in (None, 0, 1):
        ours = paddle_compat.sum(paddle_compat.to_tensor(data), axis=axis).numpy()
        real = real_paddle.sum(real_paddle.to_tensor(data), axis=axis).numpy()
        scale = np.abs(data).sum(axis=axis)
        assert np.max(np.abs(ours - real) / scale) <= bound


@pytest.mark.parametrize(
    "call",
    [
        "P.cast(x, 'float32')",
        "P.cast(x, P.float64)",
        "P.cast(x, P.bfloat16)",
        "P.sum(x)",
        "P.sum(x, axis=0) * 2",
        "P.sum(x, axis=[0, 1], keepdim=True)",
        "P.sum(x, dtype='float64')",
        "P.sum(x * x, axis=-1)",
    ],
)
def test_gradient_agrees(real_paddle: Any, call: str) -> None:
    gradients = []
    for package in (paddle_compat, real_paddle):
        x = package.to_tensor([[1.5, -2.0], [3.0, 4.0]], stop_gradient=False)
        eval(call, {"P": package, "x": x}).sum().backward()
        gradients.append(describe(x.grad)[:3])
    assert gradients[0] == gradients[1]


@pytest.mark.parametrize("target", ["int64", "bool"])
def test_gradient_passes_an_integer_cast_in_real_paddle_only(real_paddle: Any, target: str) -> None:
    x = real_paddle.to_tensor([1.5, 2.0], stop_gradient=False)
    real_paddle.cast(real_paddle.cast(x, target), "float32").sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]

    ours = paddle_compat.to_tensor([1.5, 2.0], stop_gradient=False)
    assert not paddle_compat.cast(ours, target).requires_grad


def test_documentation_example_runs_as_it_stands_in_real_paddles_docstring(
    real_paddle: Any,
) -> None:
    documentation = real_paddle.nn.functional.sigmoid_focal_loss.__doc__
    example = doctest.DocTestParser().get_examples(documentation)
    printed = []
    for package in ("paddle", "paddle_compat"):
        namespace: dict[str, Any] = {}
        for step in example:
            exec(step.source.replace("import paddle\n", f"import {package} as paddle\n"), namespace)
        printed.append(namespace["output"].item())
    assert printed[1] == pytest.approx(printed[0], abs=1e-7)
    assert f"{printed[1]:.6f}" == "0.657825"


def test_list_of_bfloat16_tensors_is_garbage_in_real_paddle_only(real_paddle: Any) -> None:
    call = "P.to_tensor([P.to_tensor(1.5, dtype='bfloat16')] * 2)"
    assert outcome(real_paddle, call)[2] == ["9.183549615799121e-41"] * 2
    assert outcome(paddle_compat, call) == ("bfloat16", [2], ["1.5", "1.5"], False)


@pytest.mark.parametrize("call", ["P.to_tensor(1, stop_gradient=False)"])
def test_integers_can_ask_for_gradients_in_real_paddle_only(real_paddle: Any, call: str) -> None:
    assert outcome(real_paddle, call) == ("int64", [], ["1"], True)
    assert outcome(paddle_compat, call) == ("int64", [], ["1"], False)


@pytest.mark.parametrize("call", ["sum(x, keepdim=1)", "sum(x, dtype=0)"])
def test_call_aborts_real_paddles_process_only(real_paddle: Any, call: str) -> None:
    code = f"import paddle; x = paddle.to_tensor([1.0]); paddle.{call}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert done.returncode == -signal.SIGABRT
    if "keepdim" in call:
        assert paddle_compat.sum(torch.ones(2), keepdim=1).shape == (1,)  # type: ignore[arg-type]
    else:
        with pytest.raises(TypeError, match="dtype must be one of"):
            paddle_compat.sum(torch.ones(2), dtype=0)


@pytest.mark.parametrize(("x", "y"), [("1 + 1j", "1"), ("2", "1 + 5j"), ("1 + 1j", "1 + 2j")])
def test_complex_numbers_are_ordered_in_real_paddle_only(real_paddle: Any, x: str, y: str) -> None:
    call = f"P.greater_equal(P.to_tensor([{x}], 'complex64'), P.to_tensor([{y}], 'complex64'))"
    a, b = complex(eval(x)), complex(eval(y))
    assert outcome(real_paddle, call)[2] == [str((a.real, a.imag) >= (b.real, b.imag))]
    assert outcome(paddle_compat, call) == ("raises", "TypeError")


@pytest.mark.parametrize("name", DTYPES)
def test_dtype_names_are_real_paddles(real_paddle: Any, name: str) -> None:
    assert str(getattr(real_paddle, name)) == f"paddle.{name}"
    assert str(getattr(paddle_compat, name)) == f"torch.{name}"


@pytest.mark.parametrize("function", ["to_tensor", "cast", "greater_equal", "sum"])
def test_functions_lie_in_the_module_where_paddle_keeps_them(
    real_paddle: Any, function: str
) -> None:
    ours = getattr(paddle_compat, function)
    theirs = importlib.import_module(ours.__module__.replace("paddle_compat", "paddle"))
    assert getattr(theirs, function) is not None
