"""The 1.x face: `paddle.fluid`, on torch tensors and in programs that run on torch."""

from __future__ import annotations

from paddle_compat.errors import unsupported_attribute
from paddle_compat.fluid import (
    backward,
    clip,
    compiler,
    core,
    data_feeder,
    dygraph,
    executor,
    framework,
    initializer,
    io,
    layer_helper,
    layers,
    lod_tensor,
    optimizer,
    parallel_executor,
    param_attr,
    reader,
    regularizer,
    unique_name,
)
from paddle_compat.fluid.backward import gradients
from paddle_compat.fluid.compiler import BuildStrategy, CompiledProgram, ExecutionStrategy
from paddle_compat.fluid.core import CPUPlace, CUDAPinnedPlace, CUDAPlace, LoDTensor, Scope
from paddle_compat.fluid.core import LoDTensor as Tensor
from paddle_compat.fluid.data import data
from paddle_compat.fluid.data_feeder import DataFeeder
from paddle_compat.fluid.dygraph.base import disable_dygraph, enable_dygraph
from paddle_compat.fluid.executor import Executor, global_scope, scope_guard
from paddle_compat.fluid.framework import (
    Program,
    Variable,
    cpu_places,
    cuda_pinned_places,
    cuda_places,
    default_main_program,
    default_startup_program,
    device_guard,
    in_dygraph_mode,
    is_compiled_with_cuda,
    name_scope,
    program_guard,
    require_version,
)
from paddle_compat.fluid.io import load, save
from paddle_compat.fluid.lod_tensor import create_lod_tensor, create_random_int_lodtensor
from paddle_compat.fluid.parallel_executor import ParallelExecutor
from paddle_compat.fluid.param_attr import ParamAttr

__all__ = [
    "BuildStrategy",
    "CPUPlace",
    "CUDAPinnedPlace",
    "CUDAPlace",
    "CompiledProgram",
    "DataFeeder",
    "ExecutionStrategy",
    "Executor",
    "LoDTensor",
    "ParallelExecutor",
    "ParamAttr",
    "Program",
    "Scope",
    "Tensor",
    "Variable",
    "backward",
    "clip",
    "compiler",
    "core",
    "cpu_places",
    "create_lod_tensor",
    "create_random_int_lodtensor",
    "cuda_pinned_places",
    "cuda_places",
    "data",
    "data_feeder",
    "default_main_program",
    "default_startup_program",
    "device_guard",
    "disable_dygraph",
    "dygraph",
    "enable_dygraph",
    "executor",
    "framework",
    "global_scope",
    "gradients",
    "in_dygraph_mode",
    "initializer",
    "io",
    "is_compiled_with_cuda",
    "layer_helper",
    "layers",
    "load",
    "lod_tensor",
    "name_scope",
    "optimizer",
    "parallel_executor",
    "param_attr",
    "program_guard",
    "reader",
    "regularizer",
    "require_version",
    "save",
    "scope_guard",
    "unique_name",
]

__getattr__ = unsupported_attribute(
    __name__,
    "paddle.fluid",
    offered=__all__,
    section="Legacy programs",
)
