"""Places: where an Executor computes."""

from __future__ import annotations

import os
from typing import Any

import torch

from paddle_compat.fluid import _device

__all__ = [
    "CPUPlace",
    "CUDAPinnedPlace",
    "CUDAPlace",
    "Place",
    "cpu_places",
    "cuda_pinned_places",
    "cuda_places",
    "device_of",
    "get_cuda_device_count",
    "is_compiled_with_cuda",
]


class Place:
    """Where tensors live; `CPUPlace` and `CUDAPlace` are the ones that programs run on."""

    device: torch.device

    def __repr__(self) -> str:
        return type(self).__name__

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.__dict__ == self.__dict__

    def __hash__(self) -> int:
        return hash((type(self), self.device))

    def _type(self) -> str:
        return self.device.type


class CPUPlace(Place):
    """The CPU."""

    def __init__(self) -> None:
        self.device = torch.device("cpu")


class CUDAPlace(Place):
    """One CUDA device.

    Raises:
        ValueError: torch sees no such device, and none was forced by ``--device``. (1.8 ends the
            process.)
    """

    def __init__(self, id: int) -> None:
        self._id = id
        forced = _device.overridden()
        if forced is None and id not in range(get_cuda_device_count()):
            raise ValueError(
                f"CUDAPlace({id}) is not there: torch sees {get_cuda_device_count()} CUDA "
                "devices; use CPUPlace(), or run the script with --device cpu"
            )
        self.device = torch.device("cuda", id) if forced is None else forced

    def get_device_id(self) -> int:
        """Return the number that the place was made with."""
        return self._id

    def __repr__(self) -> str:
        return f"CUDAPlace({self._id})"


class CUDAPinnedPlace(Place):
    """Host memory that CUDA devices copy from fast.

    Raises:
        RuntimeError: torch sees no CUDA device.
    """

    def __init__(self) -> None:
        if not torch.cuda.is_available():
            raise RuntimeError("CUDAPinnedPlace needs CUDA, and torch sees none; use CPUPlace()")
        self.device = torch.device("cpu")


def device_of(place: Any) -> torch.device:
    """Return the torch device of a place; what ``--device`` forces goes before.

    Raises:
        TypeError: it is no place.
    """
    forced = _device.overridden()
    if forced is not None:
        return forced
    if place is None:
        return torch.device("cpu")
    if isinstance(place, torch.device):
        return place
    if not isinstance(place, Place):
        raise TypeError(
            f"place must be fluid.CPUPlace() or fluid.CUDAPlace(i), but got {type(place).__name__}"
        )
    return place.device


def is_compiled_with_cuda() -> bool:
    """Tell whether CUDA can be used here: by torch, and not ruled out by ``--device cpu``."""
    forced = _device.overridden()
    return torch.cuda.is_available() if forced is None else forced.type == "cuda"


def get_cuda_device_count() -> int:
    """Return how many CUDA devices torch sees."""
    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def cpu_places(device_count: int | None = None) -> list[CPUPlace]:
    """Return that many `CPUPlace`; by default the environment's CPU_NUM, or 1.

    Source:
        ``paddle.fluid.cpu_places``, PaddlePaddle 1.8.
    """
    count = int(os.environ.get("CPU_NUM", "1")) if device_count is None else device_count
    return [CPUPlace() for _ in range(count)]


def cuda_places(device_ids: list[int] | None = None) -> list[CUDAPlace]:
    """Return the places of these CUDA devices; by default of all.

    Raises:
        AssertionError: there is no CUDA here.

    Source:
        ``paddle.fluid.cuda_places``, PaddlePaddle 1.8.
    """
    if not is_compiled_with_cuda():
        raise AssertionError("cuda_places needs CUDA, and torch sees none; use cpu_places()")
    ids = range(max(get_cuda_device_count(), 1)) if device_ids is None else device_ids
    return [CUDAPlace(i) for i in ids]


def cuda_pinned_places(device_count: int | None = None) -> list[CUDAPinnedPlace]:
    """Return that many `CUDAPinnedPlace`; by default the environment's CPU_NUM, or 1.

    Source:
        ``paddle.fluid.cuda_pinned_places``, PaddlePaddle 1.8.
    """
    if not is_compiled_with_cuda():
        raise AssertionError("cuda_pinned_places needs CUDA, and torch sees none")
    count = int(os.environ.get("CPU_NUM", "1")) if device_count is None else device_count
    return [CUDAPinnedPlace() for _ in range(count)]
