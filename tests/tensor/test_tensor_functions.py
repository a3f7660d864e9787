"""The tensor functions without Paddle: the recorded rules, error texts, and torch's ways in."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch

import paddle_compat as paddle


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1.5, torch.float32),
        (1, torch.int64),
        (True, torch.bool),
        (1j, torch.complex64),
        ([1, 2.5], torch.float32),
        ([[1, 2], [3, 4]], torch.int64),
        ([], torch.float32),
        (np.float64(1.5), torch.float64),
        (np.array([1.5]), torch.float64),
        (np.array([1], "int32"), torch.int32),
        ([np.float64(1.5)], torch.float32),
        ([np.int32(1)], torch.int64),
        (torch.tensor([1], dtype=torch.int16), torch.int16),
        ([torch.tensor(1.5), 2], torch.float64),
    ],
)
def test_to_tensor_chooses_paddles_default_dtype(data: Any, dtype: torch.dtype) -> None:
    tensor = paddle.to_tensor(data)
    assert type(tensor) is torch.Tensor
    assert tensor.dtype == dtype
    assert not tensor.requires_grad
    expected = [v.tolist() if isinstance(v, torch.Tensor) else v for v in np.atleast_1d(data)]
    assert np.array_equal(np.atleast_1d(tensor.numpy()), np.array(expected))


def test_to_tensor_keeps_the_precision_that_a_dtype_asks_for() -> None:
    assert paddle.to_tensor(0.1, "float64").item() == 0.1
    assert paddle.to_tensor([0.1], dtype=paddle.float64).item() == 0.1
    assert paddle.to_tensor([2**40], "int64").item() == 2**40


def test_to_tensor_copies_arrays_and_tensors() -> None:
    array = np.array([1.0, 2.0])
    from_array = paddle.to_tensor(array)
    from_tensor = paddle.to_tensor(from_array)
    array[0] = 9
    from_array[1] = 9
    assert from_array.tolist() == [1.0, 9.0]
    assert from_tensor.tolist() == [1.0, 2.0]


def test_to_tensor_of_a_tensor_is_a_new_leaf() -> None:
    x = torch.ones(2, requires_grad=True)
    y = paddle.to_tensor(x * 2, stop_gradient=False)
    assert y.is_leaf
    assert y.requires_grad
    (gradient,) = torch.autograd.grad(y.sum(), [x], allow_unused=True)
    assert gradient is None


def test_stop_gradient_false_asks_for_gradients_where_there_are_any() -> None:
    assert paddle.to_tensor(1.0, stop_gradient=False).requires_grad
    assert paddle.to_tensor(1j, stop_gradient=False).requires_grad
    assert not paddle.to_tensor(1, stop_gradient=False).requires_grad


def test_to_tensor_uses_torchs_default_device() -> None:
    with torch.device("meta"):
        assert paddle.to_tensor([1.0]).device.type == "meta"
        assert paddle.to_tensor([1.0], place="cpu").device.type == "cpu"
    assert paddle.to_tensor([1.0], place=torch.device("meta")).device.type == "meta"


def test_to_tensor_leaves_a_tensor_on_its_device() -> None:
    assert paddle.to_tensor(torch.ones(2, device="meta")).device.type == "meta"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("place", ["gpu", "gpu:0", "cuda:0"])
def test_absent_gpu_is_a_clear_error(place: str) -> None:
    message = f"to_tensor(): place '{place}' is not there: torch sees 0 GPUs"
    with pytest.raises(ValueError, match=re.escape(message)):
        paddle.to_tensor(1.0, place=place)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_places_on_a_gpu() -> None:
    assert paddle.to_tensor(1.0, place="gpu:0").device == torch.device("cuda", 0)
    assert paddle.to_tensor(1.0, place="gpu").device.type == "cuda"
    assert paddle.to_tensor([1.0], place="gpu_pinned").is_pinned()
    there = paddle.to_tensor([1.0, 2.0], place="gpu:0")
    assert paddle.to_tensor([there, there]).shape == (2, 2)


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ("a", TypeError, "to_tensor(): data must be a number, a list or tuple, a numpy array"),
        (None, TypeError, "but got NoneType"),
        ([None], ValueError, "the nested lists must have equal lengths and hold numbers only"),
        (["a"], ValueError, "to_tensor(): there is no tensor of numpy's dtype <U1"),
        (np.array([1], "uint32"), ValueError, "no tensor of numpy's dtype uint32"),
        (np.array([1.5], ">f4"), ValueError, "no tensor of numpy's dtype >f4"),
    ],
)
def test_to_tensor_names_what_it_cannot_take(
    data: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        paddle.to_tensor(data)


def test_unknown_dtype_and_place_are_named() -> None:
    with pytest.raises(TypeError, match=r"dtype must be one of bool, uint8, .*, but got 'foo'"):
        paddle.to_tensor(1.0, "foo")
    with pytest.raises(ValueError, match=r"dtype must be one of .*, but got torch.uint32"):
        paddle.cast(torch.ones(1), torch.uint32)
    with pytest.raises(ValueError, match=r"place must be 'cpu', .*, but got 'xpu'"):
        paddle.to_tensor(1.0, place="xpu")


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        ([-1.7, 1.7], "int32", [-1, 1]),
        ([-1.5], "uint8", [255]),
        ([300], "uint8", [44]),
        ([0.5, 0.0, float("nan")], "bool", [True, False, True]),
        ([True], "float32", [1.0]),
        ([1j, 0j], "bool", [True, False]),
        ([2.7 - 3j], "int32", [2]),
    ],
)
def test_cast_converts_as_paddle_does(value: Any, dtype: str, expected: Any) -> None:
    result = paddle.cast(paddle.to_tensor(value), dtype)
    assert result.tolist() == expected
    assert result.dtype == getattr(torch, dtype)


def test_cast_to_the_same_dtype_is_a_copy_with_gradient() -> None:
    x = torch.ones(2, requires_grad=True)
    y = paddle.cast(x, "float32")
    assert y.data_ptr() != x.data_ptr()
    (gradient,) = torch.autograd.grad(y.sum(), [x])
    assert gradient.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("function", ["cast", "greater_equal", "sum"])
def test_numbers_lists_and_arrays_are_refused_with_the_remedy(function: str) -> None:
    arguments = {"cast": ("int32",), "greater_equal": (torch.ones(1),), "sum": ()}[function]
    for value in (1.0, [1.0], np.ones(1), None):
        message = (
            f"{function}(): argument 'x' must be a Tensor, but got {type(value).__name__}; "
            "paddle_compat.to_tensor makes one"
        )
        with pytest.raises(ValueError, match=re.escape(message)):
            getattr(paddle, function)(value, *arguments)


def test_greater_equal_broadcasts_and_mixes_floating_dtypes_only() -> None:
    column, row = torch.tensor([[1.0], [2.0]]), torch.tensor([1.0, 2.0], dtype=torch.float64)
    assert paddle.greater_equal(column, row).tolist() == [[True, False], [True, True]]
    with pytest.raises(TypeError, match=r"torch.float32 and torch.int64 do not mix"):
        paddle.greater_equal(torch.ones(2), torch.ones(2, dtype=torch.int64))
    assert paddle.greater_equal(torch.ones(2), torch.tensor(1)).tolist() == [True, True]
    with pytest.raises(ValueError, match=r"shapes \[2\] and \[3\] do not broadcast"):
        paddle.greater_equal(torch.ones(2), torch.ones(3))
    with pytest.raises(TypeError, match="complex numbers have no order"):
        paddle.greater_equal(torch.ones(2) * 1j, torch.ones(2) * 1j)


def test_greater_equal_compares_in_the_wider_float() -> None:
    narrow, wide = paddle.to_tensor([0.1]), paddle.to_tensor([0.1], "float64")
    assert paddle.greater_equal(narrow, wide).item() is True
    assert paddle.greater_equal(wide, narrow).item() is False


@pytest.mark.parametrize(
    ("value", "dtype", "expected", "result_dtype"),
    [
        ([True, True], None, 2, torch.int64),
        (torch.tensor([2**31 - 1] * 2, dtype=torch.int32), None, 2**32 - 2, torch.int64),
        (torch.tensor([200, 100], dtype=torch.uint8), None, 44, torch.uint8),
        (torch.tensor([100, 100], dtype=torch.int8), None, -56, torch.int8),
        ([1.7, 1.7], "int32", 2, torch.int32),
        ([1.0, -1.0], "bool", True, torch.bool),
        (torch.ones(4000, dtype=torch.float16), None, 4000.0, torch.float16),
    ],
)
def test_sum_dtype_rules(
    value: Any, dtype: Any, expected: float, result_dtype: torch.dtype
) -> None:
    result = paddle.sum(paddle.to_tensor(value), dtype=dtype)
    assert result.item() == expected
    assert result.dtype == result_dtype
    assert result.shape == ()


@pytest.mark.parametrize(
    ("axis", "keepdim", "shape"),
    [
        (None, False, ()),
        (None, True, (1, 1, 1)),
        ([], False, ()),
        (1, False, (2, 4)),
        (-1, True, (2, 3, 1)),
        ([0, -1], False, (3,)),
        (torch.tensor([0, 1]), False, (4,)),
        (np.int64(2), False, (2, 3)),
    ],
)
def test_sum_axes(axis: Any, keepdim: bool, shape: tuple[int, ...]) -> None:
    x = torch.arange(24.0).reshape(2, 3, 4)
    result = paddle.sum(x, axis=axis, keepdim=keepdim)
    assert result.shape == shape
    assert result.sum() == x.sum()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"axis": 1}, ValueError, "axis 1 is out of range for a tensor of 1 dimensions"),
        ({"axis": [0, -1]}, ValueError, "axis [0, -1] names an axis twice"),
        ({"axis": 0.0}, TypeError, "axis must be an int, a list or tuple of ints, or None"),
        ({"axis": True}, TypeError, "but got True"),
        ({"keepdim": "yes"}, ValueError, "keepdim must be a bool, but got 'yes'"),
        ({"dtype": "float"}, ValueError, "but got 'float'"),
        ({"dtype": 0}, TypeError, "but got 0"),
    ],
)
def test_sum_names_the_bad_argument(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        paddle.sum(torch.ones(2), **arguments)


def test_functions_compile_without_a_graph_break() -> None:
    def count(label: torch.Tensor, one: torch.Tensor) -> torch.Tensor:
        return paddle.sum(paddle.cast(paddle.greater_equal(label, one), paddle.float32), axis=0)

    label, one = torch.tensor([[0.0, 1.0], [1.0, 1.0]]), torch.tensor([1.0])
    compiled = torch.compile(count, fullgraph=True, backend="eager")
    assert compiled(label, one).tolist() == count(label, one).tolist() == [1.0, 2.0]
