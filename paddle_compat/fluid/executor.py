"""`paddle.fluid.executor`: runs programs."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from paddle_compat.fluid import _feeding, _interrupts, backward, framework
from paddle_compat.fluid._compile import LodInput, Step, compile_step
from paddle_compat.fluid._dtypes import dtype_name
from paddle_compat.fluid._errors import EnforceNotMet
from paddle_compat.fluid._feeding import as_feeds, levels, read
from paddle_compat.fluid._fetching import Fetched, addresses, hand_out, merged, owned, unshared
from paddle_compat.fluid._lod import fitting
from paddle_compat.fluid._operator import Operator
from paddle_compat.fluid._places import CPUPlace, device_of
from paddle_compat.fluid._program import Program
from paddle_compat.fluid._publish import publish
from paddle_compat.fluid._reduction import Reduction
from paddle_compat.fluid._scope import Scope, global_scope, scope_guard
from paddle_compat.fluid._variable import Variable, fits_declared
from paddle_compat.fluid.compiler import CompiledProgram

__all__ = ["Executor", "global_scope", "scope_guard"]


class Executor:
    """Runs programs on a place.

    Args:
        place: `fluid.CPUPlace()` (the default) or `fluid.CUDAPlace(i)`.

    Example:
        >>> import numpy as np
        >>> from paddle_compat import fluid
        >>> main = fluid.Program()
        >>> with fluid.program_guard(main):
        ...     x = fluid.data("x", [None, 2])
        ...     y = x * 2.0
        >>> fluid.Executor(fluid.CPUPlace()).run(
        ...     main, feed={"x": np.ones([1, 2], "float32")}, fetch_list=[y])
        [array([[2., 2.]], dtype=float32)]

    Source:
        ``paddle.fluid.Executor``, PaddlePaddle 1.8.
    """

    def __init__(self, place: Any = None) -> None:
        self.place = CPUPlace() if place is None else place
        self._device = device_of(place)
        self._closed = False

    def close(self) -> None:
        """End the executor; it runs nothing afterwards."""
        self._closed = True

    def run(
        self,
        program: Any = None,
        feed: Any = None,
        fetch_list: Any = None,
        feed_var_name: str = "feed",
        fetch_var_name: str = "fetch",
        scope: Scope | None = None,
        return_numpy: bool = True,
        use_program_cache: bool = False,
        return_merged: bool = True,
        use_prune: bool = False,
    ) -> list[Any]:
        """Run a program once.

        Every layer runs, fetched or not. When anything fails, the scope is as it was.

        Args:
            program: a program or a `CompiledProgram`; None is the default main program.
            feed: arrays by the name of their data variable; names that the program lacks are
                passed over. A `CompiledProgram` splits them between its places, or takes a list
                with a dict for each; it refuses names that the program lacks.
            fetch_list: variables or names of variables; what `minimize` returned may be among
                them, and is passed over.
            scope: where parameters live; None is the global scope.
            return_numpy: arrays, or else `LoDTensor`.
            use_prune: leave out layers that neither the fetches nor an update need.
            feed_var_name: not used.
            fetch_var_name: not used.
            use_program_cache: not used; programs are compiled once, until they change.
            return_merged: whether what the places of a `CompiledProgram` give is put together,
                row below row; otherwise each result is a list with one for each place.

        Returns:
            The fetched values, in order; each its caller's own.

        Raises:
            RuntimeError: the executor is closed, a variable of the scope has no value yet, or a
                layer fails (`fluid.core.EnforceNotMet`, which names the layer, its inputs and the
                line that built it).
            TypeError: an argument has the wrong type.
            ValueError: a feed is missing, or has another shape or dtype than declared; a fetched
                name is unknown.

        Source:
            ``paddle.fluid.Executor.run``, PaddlePaddle 1.8.
        """
        if self._closed:
            raise RuntimeError("the executor is closed; make another one")
        program = framework.default_main_program() if program is None else program
        scope = global_scope() if scope is None else scope
        if isinstance(program, CompiledProgram):
            parts = zip(*program._run(self, feed, fetch_list, scope, use_prune), strict=True)
            if return_merged:
                return hand_out([merged(part) for part in parts], return_numpy)
            return [hand_out(part, return_numpy) for part in parts]
        if not isinstance(program, Program):
            raise TypeError(f"program must be a fluid.Program, but it is {type(program).__name__}")
        feeds = as_feeds(feed)
        step = self._step(program, fetch_list, use_prune)
        feeds = {**feeds, **read(program, step, use_prune)}
        return hand_out(self._once(program, step, feeds, scope), return_numpy)

    def _once(
        self, program: Program, step: Step, feeds: Mapping[str, Any], scope: Scope
    ) -> list[Fetched]:
        """Run a program's compiled step once, on this executor's device."""
        inputs = self._inputs(step, feeds, scope)
        held = _interrupts.begin()
        try:
            results = self._call(step, inputs)
            held.hold()
            kept = step.fetched + len(step.writes)
            writes = zip(step.writes, results[step.fetched : kept], strict=True)
            # What was updated in place is there already.
            fresh = [(name, value) for name, value in writes if scope.value(name) is not value]
            held_by = addresses(inputs) if fresh else set()
            for name, value in fresh:
                scope.write(name, unshared(value, held_by).to(self._device))
        finally:
            held.release()
        lods = [
            () if place is None else fitting(value, results[kept + place])
            for value, place in zip(results, step.lods, strict=False)
        ]
        fetched = [value.detach() for value in results[: step.fetched]]
        others = itertools.chain(inputs, results[step.fetched : kept], program.constants.values())
        alone = owned(fetched, others)
        return [Fetched(*each) for each in zip(fetched, lods, alone, strict=True)]

    def _call(self, step: Step, inputs: Sequence[Any]) -> Sequence[Any]:
        """Run a compiled program; what fails in it is explained."""
        try:
            with torch.set_grad_enabled(step.differentiates):
                if self._device.type == "cpu":
                    return step.call(*inputs)
                with self._device:
                    return step.call(*inputs)
        except Exception as error:
            explained = step.explain(error)
            if explained is None:
                raise
            raise explained from error

    def _step(
        self, program: Program, fetch_list: Any, prune: bool, reduction: Reduction | None = None
    ) -> Step:
        """Return the compiled program, from the last time if nothing changed."""
        fetches = _fetches(fetch_list)
        # By name: comparing variables would record a comparison.
        key = (tuple(f if isinstance(f, str) else f.name for f in fetches), prune, reduction)
        known: tuple[int, Step] | None = program.compiled.get(key)
        if known is None or known[0] != program.version:
            variables = [_resolve(program, item) for item in fetches]
            step = compile_step(program, variables, prune=prune, reduction=reduction)
            # Compiling may have added gradients that are fetched, which is a change.
            known = program.compiled[key] = (program.version, step)
        return known[1]

    def _inputs(self, step: Step, feeds: Mapping[str, Any], scope: Scope) -> list[Any]:
        """Return what the step reads, checked; nothing has run when this raises."""
        missing = [
            variable.name
            for variable in step.inputs
            if isinstance(variable, Variable)
            and variable.is_data
            and feeds.get(variable.name) is None
        ]
        if missing:
            raise ValueError(
                f"the program reads {', '.join(map(repr, missing))}, which "
                f"{'is' if len(missing) == 1 else 'are'} not fed; add to feed={{...}}, or drop the "
                "layers that need it with use_prune=True"
            )
        return [
            levels(variable.variable, feeds, scope)
            if isinstance(variable, LodInput)
            else _feeding.feed(variable, feeds[variable.name], self._device)
            if variable.is_data
            else self._state(variable, step, scope)
            for variable in step.inputs
        ]

    def _state(self, variable: Variable, step: Step, scope: Scope) -> torch.Tensor:
        value = scope.value(variable.name)
        if value is None:
            raise EnforceNotMet(
                f"{variable.name!r} has no value in the scope; run the startup program first: "
                "exe.run(fluid.default_startup_program()), after optimizer.minimize"
            )
        if value.device != self._device:
            value = value.to(self._device)
            scope.write(variable.name, value)
        if value.dtype != variable.torch_dtype or not fits_declared(variable.shape, value.shape):
            raise ValueError(
                f"{variable.name!r} is declared {variable.describe()}, but the scope holds "
                f"{dtype_name(value.dtype)}{list(value.shape)}; set a value of the declared shape "
                "and dtype"
            )
        if variable.name in step.leaves and not value.requires_grad:
            value.requires_grad_()
        return value


def _fetches(fetch_list: Any) -> list[Any]:
    """Return the fetched variables and names; what `minimize` returned is passed over."""
    if fetch_list is None:
        return []
    if isinstance(fetch_list, (str, Variable)):
        fetch_list = [fetch_list]
    if not isinstance(fetch_list, (list, tuple)):
        raise AssertionError(
            "fetch_list must be a list or tuple of variables or names, but it is "
            f"{type(fetch_list).__name__}"
        )
    found: list[Any] = []
    for item in fetch_list:
        if isinstance(item, (str, Variable)):
            found.append(item)
        elif not isinstance(item, (list, tuple, Operator)):
            raise TypeError(
                "each item of fetch_list must be a variable, a name or what minimize returned, "
                f"but one is {type(item).__name__}"
            )
    return found


def _resolve(program: Program, item: Any) -> Variable:
    """Return the variable that is fetched."""
    name = item.name if isinstance(item, Variable) else item
    block = program.global_block()
    found = block.vars.get(name)
    if found is None:
        found = backward.gradient_by_name(program, name)
    if found is not None and found.node is None and not found.has_value:
        raise ValueError(
            f"{name!r} is fetched, but no layer writes it; declare it with fluid.data to feed it, "
            "or with persistable=True to keep it in the scope"
        )
    if found is None and name.endswith("@GRAD"):
        raise ValueError(
            f"{name!r} is fetched, but the program has no gradient of that name; minimize a loss "
            "that depends on it, or use fluid.backward.append_backward"
        )
    if found is None:
        raise ValueError(
            f"{name!r} is fetched, but the program has no variable of that name; fetch a variable "
            "of this program"
        )
    return found


__getattr__ = publish(__name__, globals(), __all__)
