"""`paddle.fluid.compiler`: programs that run on several places, or in several processes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from paddle_compat.fluid import _processes, _team
from paddle_compat.fluid._fetching import Fetched
from paddle_compat.fluid._places import CPUPlace, CUDAPlace, cpu_places, cuda_places
from paddle_compat.fluid._program import Program
from paddle_compat.fluid._publish import publish
from paddle_compat.fluid._scope import Scope
from paddle_compat.fluid._strategies import BuildStrategy, ExecutionStrategy

if TYPE_CHECKING:
    from paddle_compat.fluid.executor import Executor

__all__ = ["BuildStrategy", "CompiledProgram", "ExecutionStrategy"]


class CompiledProgram:
    """A program as `Executor.run` takes it; after `with_data_parallel`, on several places.

    It runs what its program is at that time; in 1.8 what it was here.

    Args:
        program_or_graph: a program.
        build_strategy: see `BuildStrategy`.

    Raises:
        TypeError: an argument has the wrong type.

    Convention:
        One process runs one step on each place, with its own part of the feed; the gradients of
        `append_backward` are added up before anything reads them, each from 1/N of its place's
        loss, so that limits, penalties and updates see their mean. Other values, such as the
        statistics of `batch_norm`, stay each place's own; the scope has those of the first. A
        fetch gives what all places give, row below row.

        Under torchrun, each process is one more place: it feeds its part, and fetches its own
        results. The group of `torch.distributed` is made where the script has not; at the first
        run of a program that trains, every process takes the first one's parameters.

        As in 1.8, every place counts the same, however many rows it has: means of losses are
        those of one big batch where the parts are equal.

    Example:
        >>> import numpy as np
        >>> from paddle_compat import fluid
        >>> main, startup = fluid.Program(), fluid.Program()
        >>> with fluid.program_guard(main, startup), fluid.scope_guard(fluid.Scope()):
        ...     x = fluid.data("x", [None, 4])
        ...     loss = fluid.layers.mean(fluid.layers.fc(x, 1))
        ...     _ = fluid.optimizer.SGD(0.1).minimize(loss)
        ...     exe = fluid.Executor(fluid.CPUPlace())
        ...     _ = exe.run(startup)
        ...     compiled = fluid.CompiledProgram(main).with_data_parallel(
        ...         loss_name=loss.name, places=[fluid.CPUPlace()] * 2)
        ...     feed = {"x": np.ones([6, 4], "float32")}
        ...     exe.run(compiled, feed=feed, fetch_list=[loss])[0].shape
        (2,)

    Source:
        ``paddle.fluid.CompiledProgram``, PaddlePaddle 1.8.
    """

    def __init__(
        self, program_or_graph: Program, build_strategy: BuildStrategy | None = None
    ) -> None:
        if not isinstance(program_or_graph, Program):
            raise TypeError(
                "CompiledProgram: program_or_graph must be a fluid.Program, but it is "
                f"{type(program_or_graph).__name__}"
            )
        self._program = program_or_graph
        self._build_strategy = _strategy("build_strategy", build_strategy, BuildStrategy)
        self._exec_strategy: ExecutionStrategy | None = None
        self._is_data_parallel = False
        self._loss_name: str | None = None
        self._share_vars_from: Any = None
        self._places: list[Any] | None = None
        self._team: _team.Team | None = None
        self._scope: Scope | None = None
        self._place: Any = None

    def with_data_parallel(
        self,
        loss_name: str | None = None,
        build_strategy: BuildStrategy | None = None,
        exec_strategy: ExecutionStrategy | None = None,
        share_vars_from: CompiledProgram | None = None,
        places: Any = None,
    ) -> CompiledProgram:
        """Let the program run on several places, and in several processes.

        Args:
            loss_name: must be given where the program trains.
            build_strategy: goes before that of the constructor.
            exec_strategy: kept; see `ExecutionStrategy`.
            share_vars_from: for a test program, the compiled one that trains, which has run: its
                scope is used, and what its other places keep.
            places: of the executor's kind; None is the environment's CPU_NUM times the CPU, or
                all GPUs. Where several processes use GPUs, None is the executor's own.

        Returns:
            This program.

        Raises:
            AssertionError: it is data parallel already, or trains and has no loss_name.
            TypeError: an argument has the wrong type.

        Source:
            ``paddle.fluid.CompiledProgram.with_data_parallel``, PaddlePaddle 1.8.
        """
        if self._is_data_parallel:
            raise AssertionError("this CompiledProgram is data parallel already; make another one")
        if loss_name is None and _team.trains(self._program):
            raise AssertionError(
                "with_data_parallel: the program trains, so loss_name must be given; use "
                "loss_name=loss.name"
            )
        if loss_name is not None and not isinstance(loss_name, str):
            raise TypeError(
                "with_data_parallel: loss_name must be a string, but it is "
                f"{type(loss_name).__name__}; use loss.name"
            )
        given = _strategy("build_strategy", build_strategy, BuildStrategy)
        self._build_strategy = given or self._build_strategy
        self._exec_strategy = _strategy("exec_strategy", exec_strategy, ExecutionStrategy)
        if share_vars_from is not None and not isinstance(share_vars_from, CompiledProgram):
            raise TypeError(
                "with_data_parallel: share_vars_from must be a fluid.CompiledProgram, but it is "
                f"{type(share_vars_from).__name__}"
            )
        self._is_data_parallel = True
        self._loss_name = loss_name
        self._share_vars_from = share_vars_from
        if places is not None:
            self._places = list(places) if isinstance(places, (list, tuple)) else [places]
        return self

    def _run(
        self, executor: Executor, feed: Any, fetch_list: Any, scope: Scope, prune: bool
    ) -> list[list[Fetched]]:
        """Run the program once; return what each place gives."""
        team = self._compile(executor, scope)
        return team.run(self._program, team.feeds(self._program, feed), fetch_list, prune)

    def _compile(self, executor: Executor, scope: Scope) -> _team.Team:
        """Return where the program runs: where it did the first time."""
        if self._team is not None:
            if scope is not self._scope:
                raise ValueError(
                    "this CompiledProgram has run in another scope; make one for each scope"
                )
            if executor.place != self._place:
                raise ValueError(
                    f"this CompiledProgram has run on {self._place}, and the executor is on "
                    f"{executor.place}; make one for each place"
                )
            return self._team
        strategy = self._build_strategy or BuildStrategy()
        if strategy.num_trainers > 1 and not self._is_data_parallel:
            raise AssertionError(
                f"build_strategy.num_trainers is {strategy.num_trainers}: several processes train "
                "with_data_parallel only"
            )
        processes = _processes.join(executor._device) if self._is_data_parallel else 1
        if strategy.num_trainers not in (1, processes):
            raise ValueError(
                f"build_strategy.num_trainers is {strategy.num_trainers}, but there "
                f"{'is 1 process' if processes == 1 else f'are {processes} processes'}; start the "
                f"script with torchrun --nproc_per_node={strategy.num_trainers}"
            )
        places = self._find_places(executor.place, processes)
        executors = [executor, *(type(executor)(place) for place in places[1:])]
        shared = self._shared_team(len(places))
        where = scope if shared is None else shared.scope
        replicas = [_team.Replica() for _ in places[1:]] if shared is None else shared.replicas
        trains = _team.trains(self._program)
        team = _team.Team(
            executors,
            where,
            replicas,
            processes if trains else 1,
            _scale(strategy, trains),
            strategy.sync_batch_norm,
        )
        if processes > 1 and trains and shared is None:
            _processes.agree(_team.persistables(self._program), where, executor._device)
        self._scope, self._place, self._team = scope, executor.place, team
        return team

    def _find_places(self, place: Any, processes: int) -> Sequence[Any]:
        if not self._is_data_parallel:
            return [place]
        kind = CUDAPlace if isinstance(place, CUDAPlace) else CPUPlace
        if self._places is None:
            if kind is CPUPlace:
                return cpu_places()
            return [place] if processes > 1 else cuda_places()
        if not self._places:
            raise AssertionError("with_data_parallel: places is an empty list; give one at least")
        for other in self._places:
            if not isinstance(other, kind):
                raise AssertionError(
                    f"with_data_parallel: places must all be {kind.__name__}, as the executor's "
                    f"is, but one is {other!r}"
                )
        return self._places

    def _shared_team(self, places: int) -> _team.Team | None:
        other = self._share_vars_from
        if other is None:
            return None
        if not other._is_data_parallel:
            raise ValueError(
                "share_vars_from must be data parallel: call its with_data_parallel, too"
            )
        if other._team is None:
            raise ValueError("share_vars_from has not run yet; run it first: it holds no variables")
        team: _team.Team = other._team
        if len(team.executors) != places:
            raise ValueError(
                f"there {_team.are(len(team.executors))} where share_vars_from runs, and there "
                f"{_team.are(places)} here; give both the same places"
            )
        return team


def _scale(strategy: BuildStrategy, trains: bool) -> Any:
    """Return what tells the weight of each place's loss, by the number of places."""
    kinds = BuildStrategy.GradientScaleStrategy
    if strategy.gradient_scale_strategy is kinds.Customized and trains:
        return lambda places: None
    if strategy.gradient_scale_strategy is kinds.One:
        return lambda places: 1.0
    return lambda places: 1.0 / places


def _strategy(name: str, given: Any, kind: type) -> Any:
    if given is not None and not isinstance(given, kind):
        raise TypeError(f"{name} must be a fluid.{kind.__name__}, but it is {type(given).__name__}")
    return given


__getattr__ = publish(__name__, globals(), ["CompiledProgram"])
