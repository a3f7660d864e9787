"""`paddle.tensor.creation`: to_tensor."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from paddle_compat.framework.dtype import exact_dtype
from paddle_compat.tensor.manipulation import cast

__all__ = ["to_tensor"]

# What Paddle makes of data that brings no dtype of its own: Python numbers, in lists or not.
_DEFAULTS = {
    "float16": "float32",
    "float64": "float32",
    "complex128": "complex64",
    "int32": "int64",
}
# fmt: off
_ARRAY_DTYPES = frozenset([
    "bool", "uint8", "int8", "int16", "uint16", "int32", "int64",
    "float16", "float32", "float64", "complex64", "complex128",
])
# fmt: on


def to_tensor(
    data: Any,
    dtype: Any = None,
    place: str | torch.device | None = None,
    stop_gradient: bool = True,
) -> torch.Tensor:
    """Make a `torch.Tensor` from numbers, nested lists, arrays or a tensor, as Paddle would.

    Python floats become float32, ints int64, bools bool and complex numbers complex64, in lists
    too, where numpy's numbers count as Python's; a numpy array or number and a tensor keep their
    dtype. A list with tensors directly in it takes the dtype that numpy gives it (a float32
    tensor beside a Python float: float64). The data is always copied, and a tensor leaves its
    autograd graph behind.

    Args:
        data: a number, a list or tuple (nested, of equal lengths), a numpy array or number, or a
            tensor.
        dtype: a Paddle or torch dtype, a numpy type, or one of their names. Conversions are those
            of `paddle_compat.cast`.
        place: ``'cpu'``, ``'gpu'``, ``'gpu:1'``, ``'gpu_pinned'`` or a `torch.device`; None is
            torch's default device, and for a tensor the device where it lies.
        stop_gradient: False asks for gradients (`requires_grad`). It is ignored for integer and
            bool tensors, which have none in torch.

    Raises:
        TypeError: for data of another kind (a string, None, a dict), or a dtype that is none.
        ValueError: for lists of different lengths, arrays of other dtypes (uint32, str, object),
            or a place that is unknown or not there.

    Example:
        >>> import paddle_compat as paddle
        >>> paddle.to_tensor([0.25, 1], stop_gradient=False)
        tensor([0.2500, 1.0000], requires_grad=True)
        >>> paddle.to_tensor(3).dtype
        torch.int64
    """
    device, pinned = _device(place)
    # Paddle skips every dtype that counts as false ('', 0, []), not only None.
    target = exact_dtype(dtype) if dtype else None
    if isinstance(data, torch.Tensor):
        tensor = data.detach()
        tensor = cast(tensor, target or tensor.dtype)
    else:
        tensor = _from_data(data, target)
        device = device or torch.get_default_device()
    if device is not None:
        tensor = tensor.to(device)
    if pinned:
        tensor = tensor.pin_memory()
    has_gradient = tensor.is_floating_point() or tensor.is_complex()
    return tensor.requires_grad_(has_gradient and not stop_gradient)


def _from_data(data: Any, target: torch.dtype | None) -> torch.Tensor:
    """Return numbers, lists or arrays as a tensor of dtype `target`, or of Paddle's choice."""
    if isinstance(data, (np.ndarray, np.number)):
        return _from_array(np.array(data), target)
    if isinstance(data, (list, tuple)):
        array = np.array(_without_tensors(data))
        if array.dtype == np.object_:
            raise ValueError(
                "to_tensor(): the nested lists must have equal lengths and hold numbers only"
            )
        tensors = [item for item in data if isinstance(item, torch.Tensor)]
        if tensors and target is None:
            # numpy, which joined them, has no bfloat16.
            half = len(tensors) == len(data) and all(t.dtype == torch.bfloat16 for t in tensors)
            return _from_array(array, torch.bfloat16 if half else None)
    elif np.isscalar(data) and not isinstance(data, str):
        array = np.array(data)
    else:
        raise TypeError(
            "to_tensor(): data must be a number, a list or tuple, a numpy array or a Tensor, "
            f"but got {type(data).__name__}"
        )
    default = _DEFAULTS.get(array.dtype.name) if target is None else None
    return _from_array(array if default is None else array.astype(default), target)


def _without_tensors(data: Any) -> Any:
    """Return nested lists with their tensors as arrays, which numpy joins in one go."""
    if isinstance(data, torch.Tensor):
        data = data.detach().cpu()
        return (data.float() if data.dtype == torch.bfloat16 else data).numpy()
    if isinstance(data, (list, tuple)):
        return [_without_tensors(item) for item in data]
    return data


def _from_array(array: np.ndarray[Any, Any], target: torch.dtype | None) -> torch.Tensor:
    if array.dtype.name not in _ARRAY_DTYPES or not array.dtype.isnative:
        raise ValueError(f"to_tensor(): there is no tensor of numpy's dtype {array.dtype}")
    if array.dtype == np.uint16 and target in (None, torch.bfloat16):
        # To Paddle a uint16 array holds the bits of bfloat16 numbers.
        return torch.from_numpy(np.array(array, order="C").view(np.int16)).view(torch.bfloat16)
    if target is not None and target is not torch.bfloat16:
        # numpy converts, as in Paddle: one rounding from what the data was.
        array = array.astype(str(target).removeprefix("torch."))
    tensor = torch.from_numpy(np.array(array, order="C"))
    return tensor if target is None else tensor.to(target)


def _device(place: object) -> tuple[torch.device | None, bool]:
    """Return the device that a Paddle place means, and whether its memory is to be pinned."""
    if place is None:
        return None, False
    if isinstance(place, torch.device):
        return place, False
    if isinstance(place, str):
        name = place.lower()
        if name in ("cpu", "gpu_pinned"):
            return torch.device("cpu"), name == "gpu_pinned"
        kind, _, index = name.partition(":")
        if kind in ("gpu", "cuda") and (name == kind or index.isdecimal()):
            count = torch.cuda.device_count() if torch.cuda.is_available() else 0
            if int(index or 0) >= count:
                raise ValueError(
                    f"to_tensor(): place {place!r} is not there: torch sees {count} GPUs"
                )
            return torch.device("cuda", int(index)) if index else torch.device("cuda"), False
    raise ValueError(
        "to_tensor(): place must be 'cpu', 'gpu', 'gpu:0', 'gpu_pinned' or a torch.device, "
        f"but got {place!r}"
    )
