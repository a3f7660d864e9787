"""`paddle.fluid.parallel_executor`: the older way to run a program on several places."""

from __future__ import annotations

from typing import Any

from paddle_compat.fluid import executor, framework
from paddle_compat.fluid._places import CPUPlace, CUDAPlace, cpu_places, cuda_places
from paddle_compat.fluid._program import Program
from paddle_compat.fluid._publish import publish
from paddle_compat.fluid._scope import Scope
from paddle_compat.fluid._strategies import BuildStrategy, ExecutionStrategy
from paddle_compat.fluid.compiler import CompiledProgram

__all__ = ["ParallelExecutor"]


class ParallelExecutor:
    """An executor of one program on several places: a `CompiledProgram` that is data parallel.

    Args:
        use_cuda: on all GPUs, or else on the environment's CPU_NUM times the CPU.
        loss_name: must be given where the program trains.
        main_program: None is the default one.
        share_vars_from: the executor that trains, for one that tests.
        exec_strategy: kept; see `ExecutionStrategy`.
        build_strategy: see `BuildStrategy`.
        num_trainers: as `BuildStrategy.num_trainers`, and goes before it where it is not 1.
        trainer_id: likewise, where it is not 0.
        scope: where the parameters live; None is the global scope of now.

    Raises:
        AssertionError: the program trains, and there is no loss_name; share_vars_from is no
            ParallelExecutor.
        TypeError: an argument has the wrong type.

    Source:
        ``paddle.fluid.ParallelExecutor``, PaddlePaddle 1.8.
    """

    def __init__(
        self,
        use_cuda: bool,
        loss_name: str | None = None,
        main_program: Program | None = None,
        share_vars_from: ParallelExecutor | None = None,
        exec_strategy: ExecutionStrategy | None = None,
        build_strategy: BuildStrategy | None = None,
        num_trainers: int = 1,
        trainer_id: int = 0,
        scope: Scope | None = None,
    ) -> None:
        build_strategy = BuildStrategy() if build_strategy is None else build_strategy
        if num_trainers != 1:
            build_strategy.num_trainers = num_trainers
        if trainer_id != 0:
            build_strategy.trainer_id = trainer_id
        if share_vars_from and not isinstance(share_vars_from, ParallelExecutor):
            raise AssertionError(
                "ParallelExecutor: share_vars_from must be a ParallelExecutor, but it is "
                f"{type(share_vars_from).__name__}"
            )
        self._places: list[Any] = list(cuda_places() if use_cuda else cpu_places())
        self._scope = executor.global_scope() if scope is None else scope
        program = framework.default_main_program() if main_program is None else main_program
        self._compiled_program: CompiledProgram = CompiledProgram(program).with_data_parallel(
            loss_name,
            build_strategy,
            exec_strategy,
            share_vars_from._compiled_program if share_vars_from else None,
        )
        self._exe = executor.Executor(CUDAPlace(0) if use_cuda else CPUPlace())

    def run(
        self,
        fetch_list: Any,
        feed: Any = None,
        feed_dict: Any = None,
        return_numpy: bool = True,
    ) -> list[Any]:
        """Run the program once.

        Args:
            fetch_list: as that of `Executor.run`.
            feed: a dict that is split between the places, or a list with a dict for each.
            feed_dict: the same, where feed is None; 1.8 passes it over.
            return_numpy: arrays, or else `LoDTensor`.

        Returns:
            The fetched values of all places, row below row.

        Raises:
            IndexError: feed has more dicts than there are places.
            TypeError: feed is no dict and no list of them.
            ValueError: feed has fewer rows or dicts than there are places.

        Source:
            ``paddle.fluid.ParallelExecutor.run``, PaddlePaddle 1.8.
        """
        return self._exe.run(
            self._compiled_program,
            feed=feed_dict if feed is None else feed,
            fetch_list=fetch_list,
            scope=self._scope,
            return_numpy=return_numpy,
        )

    @property
    def device_count(self) -> int:
        """How many places there are."""
        return len(self._places)

    def drop_local_exe_scopes(self) -> None:
        """Do nothing: temporary values go at the end of each run.

        Raises:
            TypeError: nothing has run yet, as in 1.8.

        Source:
            ``paddle.fluid.ParallelExecutor.drop_local_exe_scopes``, PaddlePaddle 1.8.
        """
        if self._compiled_program._team is None:
            raise TypeError("drop_local_exe_scopes: nothing has run yet; call run first")


__getattr__ = publish(__name__, globals(), __all__)
