"""`paddle.fluid.executor`: runs programs."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from paddle_compat.fluid import _interrupts, backward, framework
from paddle_compat.fluid._compile import LodInput, Step, compile_step
from paddle_compat.fluid._dtypes import as_numpy_dtype, dtype_name
from paddle_compat.fluid._errors import EnforceNotMet
from paddle_compat.fluid._lod import Lod, fitting
from paddle_compat.fluid._operator import Operator
from paddle_compat.fluid._places import CPUPlace, device_of
from paddle_compat.fluid._program import Program
from paddle_compat.fluid._publish import publish
from paddle_compat.fluid._scope import LoDTensor, Scope, as_array, global_scope, scope_guard
from paddle_compat.fluid._variable import Variable, fits_declared

__all__ = ["Executor", "global_scope", "scope_guard"]

# Copying fewer elements takes no longer than looking at where they lie.
_LARGE = 1 << 16


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
            program: None is the default main program.
            feed: arrays by the name of their data variable; names that the program lacks are
                passed over.
            fetch_list: variables or names of variables; what `minimize` returned may be among
                them, and is passed over.
            scope: where parameters live; None is the global scope.
            return_numpy: arrays, or else `LoDTensor`.
            use_prune: leave out layers that neither the fetches nor an update need.
            feed_var_name: not used.
            fetch_var_name: not used.
            use_program_cache: not used; programs are compiled once, until they change.
            return_merged: not used; there is one device.

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
        if hasattr(program, "_program"):
            program = program._program
        if not isinstance(program, Program):
            raise TypeError(f"program must be a fluid.Program, but it is {type(program).__name__}")
        scope = global_scope() if scope is None else scope
        fed = _feeds(feed)
        step = self._step(program, fetch_list, use_prune)
        inputs = self._inputs(step, fed, scope)
        held = _interrupts.begin()
        try:
            results = self._call(step, inputs)
            held.hold()
            kept = step.fetched + len(step.writes)
            writes = zip(step.writes, results[step.fetched : kept], strict=True)
            # What was updated in place is there already.
            fresh = [(name, value) for name, value in writes if scope.value(name) is not value]
            read = _addresses(inputs) if fresh else set()
            for name, value in fresh:
                scope.write(name, _own(value, read).to(self._device))
        finally:
            held.release()
        levels = [
            () if place is None else fitting(value, results[kept + place])
            for value, place in zip(results, step.lods, strict=False)
        ]
        fetched = [value.detach() for value in results[: step.fetched]]
        others = itertools.chain(inputs, results[step.fetched : kept], program.constants.values())
        own = _owned(fetched, others)
        if not return_numpy:
            return [
                LoDTensor.of(value if alone else value.clone(), lod)
                for value, lod, alone in zip(fetched, levels, own, strict=True)
            ]
        if any(levels):
            raise RuntimeError(
                "a fetched value has levels of detail, which an array cannot hold; use "
                "Executor.run(..., return_numpy=False), and then numpy.array(result) and "
                "result.recursive_sequence_lengths()"
            )
        return [
            value.numpy() if alone else as_array(value)
            for value, alone in zip(fetched, own, strict=True)
        ]

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

    def _step(self, program: Program, fetch_list: Any, prune: bool) -> Step:
        """Return the compiled program, from the last time if nothing changed."""
        fetches = _fetches(fetch_list)
        # By name: comparing variables would record a comparison.
        key = (tuple(f if isinstance(f, str) else f.name for f in fetches), prune)
        known: tuple[int, Step] | None = program.compiled.get(key)
        if known is None or known[0] != program.version:
            variables = [_resolve(program, item) for item in fetches]
            step = compile_step(program, variables, prune=prune)
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
            _levels(variable.variable, feeds, scope)
            if isinstance(variable, LodInput)
            else _feed(variable, feeds[variable.name], self._device)
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


def _feeds(feed: Any) -> Mapping[str, Any]:
    if feed is None:
        return {}
    if isinstance(feed, (list, tuple)) and len(feed) == 1:
        feed = feed[0]
    if not isinstance(feed, Mapping):
        raise TypeError(
            "feed must be a dict of arrays by the name of their data variable, but it is "
            f"{type(feed).__name__}"
        )
    return feed


def _feed(variable: Variable, value: Any, device: torch.device) -> torch.Tensor:
    """Return a fed value as a tensor, checked against its declaration."""
    if isinstance(value, LoDTensor):
        value = value._tensor()
    if isinstance(value, torch.Tensor):
        tensor = value.detach()
    else:
        if isinstance(value, (bool, int, float, np.generic)):
            value = np.array([value], dtype=as_numpy_dtype(variable.dtype))
        if not isinstance(value, np.ndarray):
            array = f"numpy.array(..., dtype='{dtype_name(variable.dtype)}')"
            if variable.lod_level:
                array = f"fluid.create_lod_tensor({array}, [[lengths]], place)"
            raise RuntimeError(
                f"the feed of {variable.name!r} must be a numpy array or a fluid.LoDTensor, but it "
                f"is {type(value).__name__}; use {array}"
            )
        if not value.dtype.isnative:
            value = value.astype(value.dtype.newbyteorder("="))
        try:
            tensor = torch.from_numpy(np.ascontiguousarray(value).reshape(value.shape))
        except TypeError:
            raise RuntimeError(
                f"the feed of {variable.name!r} has numpy's dtype {value.dtype}, which no tensor "
                f"has; use .astype('{dtype_name(variable.dtype)}')"
            ) from None
    if variable.need_check_feed:
        if tensor.dtype != variable.torch_dtype:
            got = str(tensor.dtype).removeprefix("torch.")
            name = dtype_name(variable.dtype)
            raise ValueError(
                f"the feed of {variable.name!r} must be {name}, but it is {got}; use "
                f".astype('{name}')"
            )
        if not fits_declared(variable.shape, tensor.shape):
            raise ValueError(
                f"the feed of {variable.name!r} must have the shape that is declared, "
                f"{list(variable.shape)} (-1 is any size), but it has {list(tensor.shape)}"
            )
    return tensor.to(device)


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


def _own(value: torch.Tensor, read: Collection[int]) -> torch.Tensor:
    """Return a value that shares no memory with what the step read, told by its addresses."""
    value = value.detach()
    return value.clone() if value.untyped_storage().data_ptr() in read else value


def _addresses(inputs: Iterable[Any]) -> set[int]:
    """Return where the tensors among these lie."""
    return {
        value.untyped_storage().data_ptr() for value in inputs if isinstance(value, torch.Tensor)
    }


def _owned(fetched: Sequence[torch.Tensor], others: Iterable[Any]) -> list[bool]:
    """Tell which large results are alone in their memory, so that they need not be copied."""
    large = [
        value.is_cpu
        and value.numel() >= _LARGE
        and value.is_contiguous()
        and value.untyped_storage().nbytes() == value.numel() * value.element_size()
        for value in fetched
    ]
    if not any(large):
        return large
    held = _addresses(others)
    places = [value.untyped_storage().data_ptr() for value in fetched]
    return [
        big and place not in held and places.count(place) == 1
        for big, place in zip(large, places, strict=True)
    ]


def _levels(variable: Variable, feeds: Mapping[str, Any], scope: Scope) -> Lod:
    """Return the levels of detail of a fed value, or of the scope's, checked."""
    if variable.is_data:
        held = feeds.get(variable.name)
    else:
        found = scope.find_var(variable.name)
        held = None if found is None else found.get_tensor()
    if not isinstance(held, LoDTensor):
        return ()
    if not held.has_valid_recursive_sequence_lengths():
        raise ValueError(
            f"the levels of detail of {variable.name!r}, {held.recursive_sequence_lengths()}, do "
            f"not add up to its {held.shape()[0]} rows; set them with "
            "set_recursive_sequence_lengths"
        )
    return held.levels


__getattr__ = publish(__name__, globals(), __all__)
