"""`paddle.fluid.core`: the part of 1.8's native module that programs name."""

from __future__ import annotations

from paddle_compat.errors import unsupported_attribute
from paddle_compat.fluid._dtypes import VarDesc
from paddle_compat.fluid._errors import EnforceNotMet, EOFException
from paddle_compat.fluid._places import (
    CPUPlace,
    CUDAPinnedPlace,
    CUDAPlace,
    get_cuda_device_count,
    is_compiled_with_cuda,
)
from paddle_compat.fluid._scope import LoDTensor, Scope
from paddle_compat.fluid._scope import Scope as _Scope  # noqa: F401 - the native type's name

__all__ = [
    "CPUPlace",
    "CUDAPinnedPlace",
    "CUDAPlace",
    "EOFException",
    "EnforceNotMet",
    "LoDTensor",
    "Scope",
    "VarDesc",
    "get_cuda_device_count",
    "is_compiled_with_cuda",
]


__getattr__ = unsupported_attribute(
    __name__,
    "paddle.fluid.core",
    offered=", ".join(__all__),
    section="Legacy programs",
)
