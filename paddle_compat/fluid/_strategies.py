"""Strategies: how 1.8's parallel executor builds and runs a program; most change no number."""

from __future__ import annotations

import enum
import operator
from collections.abc import Callable
from typing import Any

__all__ = ["BuildStrategy", "ExecutionStrategy", "ParallelExecutor"]


class _Native(enum.Enum):
    """An enumeration as 1.8's native module has them: no integer, but convertible to one."""

    def __int__(self) -> int:
        return int(self.value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"

    __str__ = __repr__


class ReduceStrategy(_Native):
    """Where gradients are added up; the sums are the same."""

    Reduce = 1
    AllReduce = 0


class GradientScaleStrategy(_Native):
    """What the loss's gradient is on each of N places: 1/N, 1, or what is fed for it."""

    CoeffNumDevice = 0
    One = 1
    Customized = 2


def _boolean(value: Any) -> bool:
    if value is not None and not hasattr(type(value), "__bool__"):
        raise TypeError
    return bool(value)


def _optional(value: Any) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise TypeError
    return value


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _strings(value: Any) -> list[str]:
    if not isinstance(value, (str, list, tuple)):
        raise TypeError
    return [_string(item) for item in value]


def _names(value: Any) -> set[str]:
    if not isinstance(value, (set, frozenset)):
        raise TypeError
    return {_string(item) for item in value}


def _member(kind: type[_Native]) -> Callable[[Any], _Native]:
    def read(value: Any) -> _Native:
        if not isinstance(value, kind):
            raise TypeError
        return value

    return read


class _Setting:
    """An attribute with a default, read when it is set.

    Args:
        read: returns the value that is kept; raises TypeError.
        default: makes the first value.
        wanted: what `read` takes, in words.
    """

    def __init__(self, read: Callable[[Any], Any], default: Callable[[], Any], wanted: str) -> None:
        self._read, self._default, self._wanted = read, default, wanted

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, strategy: _Strategy | None, owner: type) -> Any:
        if strategy is None:
            return self
        return strategy._values.setdefault(self._name, self._default())

    def __set__(self, strategy: _Strategy, value: Any) -> None:
        try:
            strategy._values[self._name] = self._read(value)
        except TypeError:
            what = f"{type(strategy).__name__}.{self._name}"
            raise TypeError(f"{what} must be {self._wanted}, but it is {value!r}") from None


def _flag(default: bool) -> Any:
    return _Setting(_boolean, lambda: default, "True or False")


def _count(default: int) -> Any:
    return _Setting(operator.index, lambda: default, "a whole number")


class _Strategy:
    """Attributes by name; there are no others."""

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}


class BuildStrategy(_Strategy):
    """How 1.8 would build a program's graph, for `CompiledProgram`.

    What changes numbers is `gradient_scale_strategy`, and `num_trainers` tells how many processes
    must be there. The others are kept: they are about the speed and memory of 1.8's own graphs.

    Attributes:
        gradient_scale_strategy: the loss's gradient on each of N places or processes:
            ``CoeffNumDevice`` (1/N: gradients are means), ``One`` (sums), ``Customized`` (the feed
            of ``loss@GRAD``).
        reduce_strategy: kept; ``AllReduce`` and ``Reduce`` give the same sums.
        num_trainers: how many processes train, where a script says so; 1 leaves it to them.
        trainer_id: kept; which of them this is, their group tells.

    Example:
        >>> from paddle_compat import fluid
        >>> strategy = fluid.BuildStrategy()
        >>> strategy.fuse_all_optimizer_ops = True
        >>> strategy.reduce_strategy
        ReduceStrategy.AllReduce

    Raises:
        AttributeError: there is no such attribute.
        TypeError: an attribute is set to another type than its own.

    Source:
        ``paddle.fluid.BuildStrategy``, PaddlePaddle 1.8.
    """

    __slots__ = ()

    ReduceStrategy = ReduceStrategy
    GradientScaleStrategy = GradientScaleStrategy

    async_mode = _flag(False)
    cache_runtime_context = _flag(False)
    debug_graphviz_path = _Setting(_string, str, "a path")
    enable_auto_fusion = _flag(False)
    enable_backward_optimizer_op_deps = _flag(True)
    enable_inplace = _flag(True)
    enable_sequential_execution = _flag(False)
    fuse_all_optimizer_ops = _flag(False)
    fuse_all_reduce_ops = _flag(True)
    fuse_bn_act_ops = _flag(False)
    fuse_broadcast_ops = _flag(True)
    fuse_elewise_add_act_ops = _flag(False)
    fuse_relu_depthwise_conv = _flag(False)
    gradient_scale_strategy = _Setting(
        _member(GradientScaleStrategy),
        lambda: GradientScaleStrategy.CoeffNumDevice,
        "one of fluid.BuildStrategy.GradientScaleStrategy",
    )
    hierarchical_allreduce_inter_nranks = _count(0)
    is_distribution = _flag(False)
    memory_optimize = _Setting(_optional, lambda: None, "True, False or None")
    mkldnn_enabled_op_types = _Setting(_names, set, "a set of strings")
    nccl_comm_num = _count(1)
    num_trainers = _count(1)
    reduce_strategy = _Setting(
        _member(ReduceStrategy),
        lambda: ReduceStrategy.AllReduce,
        "one of fluid.BuildStrategy.ReduceStrategy",
    )
    remove_unnecessary_lock = _flag(True)
    sync_batch_norm = _flag(False)
    trainer_id = _count(0)
    trainers_endpoints = _Setting(_strings, list, "a list of strings")
    use_hierarchical_allreduce = _flag(False)


class ExecutionStrategy(_Strategy):
    """How 1.8 would schedule a program's operators; kept, and changes no number, as there.

    Attributes:
        num_threads: kept; torch.set_num_threads sets how many a layer works with.
        num_iteration_per_drop_scope: kept; temporary values go at the end of each run.
        num_iteration_per_run: kept; a run is one step, as in 1.8.

    Raises:
        AttributeError: there is no such attribute.
        TypeError: an attribute is set to another type than its own.

    Source:
        ``paddle.fluid.ExecutionStrategy``, PaddlePaddle 1.8.
    """

    __slots__ = ()

    allow_op_delay = _flag(False)
    num_iteration_per_drop_scope = _count(100)
    num_iteration_per_run = _count(1)
    num_threads = _count(0)
    use_cuda = _flag(True)
    use_experimental_executor = _flag(True)
    use_thread_barrier = _flag(False)


class ParallelExecutor:
    """1.8's native executor, which programs name for its strategies."""

    BuildStrategy = BuildStrategy
    ExecutionStrategy = ExecutionStrategy
