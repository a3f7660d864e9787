"""Large fresh buffers, with fewer page faults where the system can.

A result of [N, C] is memory that the process has never touched: the kernel of the operating
system hands it out page by page, and those faults cost as much as the arithmetic. On Linux a
process may ask for 2 MiB pages for a range it owns; it is a hint, and changes no value.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import sys
from collections.abc import Callable, Sequence

import torch

__all__ = ["empty"]

_HUGE_PAGE = 2 << 20
_ADVISE_HUGE_PAGES = 14  # MADV_HUGEPAGE of <sys/mman.h>


@functools.cache
def _madvise() -> Callable[[int, int, int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        function = ctypes.CDLL(None).madvise
    except (OSError, AttributeError):
        return None
    function.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    function.restype = ctypes.c_int
    return function


def empty(shape: Sequence[int] | int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Return an uninitialised tensor, like `torch.empty`."""
    tensor = torch.empty(shape, dtype=dtype, device=device)
    size = tensor.numel() * tensor.element_size()
    if size < 2 * _HUGE_PAGE or device.type != "cpu":
        return tensor
    advise = _madvise()
    if advise is not None:
        start = -(-tensor.data_ptr() // mmap.PAGESIZE) * mmap.PAGESIZE
        stop = (tensor.data_ptr() + size) // mmap.PAGESIZE * mmap.PAGESIZE
        advise(start, stop - start, _ADVISE_HUGE_PAGES)
    return tensor
