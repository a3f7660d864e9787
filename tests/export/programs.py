"""Programs of the snippet tables, with what running them gives, to compare exports with."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from paddle_compat import fluid
from paddle_compat.conformance.snippet_cases import TABLES
from paddle_compat.conformance.snippets import Snippet
from paddle_compat.conformance.workers import fluid_program as runner
from paddle_compat.fluid._scope import LoDTensor

# Draws other numbers in each run.
RANDOM = (
    "random", "dropout", "sampl", "nce", "rpn_target", "retinanet_target", "proposal_labels",
    "crop",
)  # fmt: skip


@dataclass
class Ran:
    """A program that was run.

    Attributes:
        program: the program, without gradients.
        fetches: what was fetched.
        scope: where its parameters are.
        feed: what was fed, by name.
        values: the fetched values.
        lods: their levels of detail, as lists of lengths.
        weights: the gradient that enters at each fetched value; None where none does.
        gradients: the gradients in data variables and parameters, by name.
    """

    program: Any
    fetches: list[Any]
    scope: Any
    feed: dict[str, Any]
    values: list[np.ndarray[Any, Any]]
    lods: list[list[list[int]]]
    weights: list[Any] = field(default_factory=list)
    gradients: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)


def snippets(every: int = 1) -> Iterator[Snippet]:
    """Go through the snippets that build a program and run it once."""
    count = 0
    for table in TABLES.values():
        for snippet in table:
            if snippet.mode == "static" and not snippet.steps:
                count += 1
                if count % every == 0:
                    yield snippet


def run(snippet: Snippet) -> Ran | None:
    """Build and run a snippet's program; None where it cannot be built or run."""
    spec, arrays = snippet.to_wire()
    main, startup, scope = fluid.Program(), fluid.Program(), fluid.Scope()
    executor = fluid.Executor(fluid.CPUPlace())
    with (
        warnings.catch_warnings(),
        fluid.scope_guard(scope),
        fluid.program_guard(main, startup),
        fluid.unique_name.guard(),
    ):
        warnings.simplefilter("ignore")
        try:
            main.random_seed = startup.random_seed = spec["seed"]
            namespace = runner._namespace(fluid, **runner._declare(fluid, spec, arrays))
            runner._execute(spec["source"], namespace)
            outputs = [out for _, out in runner._outputs(namespace)]
            executor.run(startup)
            feed = runner._feeds(fluid, spec, arrays)
            held = {v.name: scope.value(v.name) for v in main.list_vars() if v.persistable}
            start = {name: value.clone() for name, value in held.items() if value is not None}
            torch.manual_seed(0)
            tensors = executor.run(main, feed=feed, fetch_list=outputs, return_numpy=False)
        except Exception:
            return None
        ran = Ran(
            main, outputs, scope, feed,
            [np.array(t) for t in tensors], [t.recursive_sequence_lengths() for t in tensors],
        )  # fmt: skip
        for name, value in start.items():
            scope.write(name, value)
        if spec["backward"] and outputs:
            _differentiate(ran, list(spec["wrt"]), executor)
        return ran if outputs else None


def _differentiate(ran: Ran, inputs: Sequence[str], executor: Any) -> None:
    """Take the gradients of the weighted results, in a copy of the program."""
    twin = ran.program.clone()
    with fluid.program_guard(twin):
        names, feed = [], dict(ran.feed)
        weights: list[Any] = []
        for index, (out, value) in enumerate(zip(ran.fetches, ran.values, strict=True)):
            if not value.size or value.dtype.kind != "f" or out.stop_gradient:
                weights.append(None)
                continue
            weights.append(runner.cotangent(str(index), value.shape, value.dtype))
            name = f"weight_{index}"
            weight = fluid.data(name, [-1] * value.ndim, str(value.dtype))
            held = twin.global_block().var(out.name)
            names.append((held, weight))
            feed[name] = weights[-1]
        ran.weights = weights
        wanted = [twin.global_block().var(name) for name in inputs]
        wanted += [p for p in twin.all_parameters() if p.trainable]
        if not names or not wanted:
            return
        try:
            found = fluid.gradients([a for a, _ in names], wanted, [w for _, w in names])
            pairs = [(v.name, g) for v, g in zip(wanted, found, strict=False) if g is not None]
            values = executor.run(twin, feed=feed, fetch_list=[g for _, g in pairs])
        except Exception:
            return
        ran.gradients = {name: v for (name, _), v in zip(pairs, values, strict=True)}


def arguments(ran: Ran, names: Sequence[str]) -> list[Any]:
    """Return what a module is called with, for its parameters' names in order."""
    found: list[Any] = []
    for name in names:
        levels = name.endswith("_lod")
        value = ran.feed[name.removesuffix("_lod")]
        if levels:
            found.append(tuple(value.levels) if isinstance(value, LoDTensor) else ())
            continue
        tensor = value._tensor() if isinstance(value, LoDTensor) else torch.from_numpy(value.copy())
        wanted = name in ran.gradients and tensor.dtype.is_floating_point
        found.append(tensor.detach().clone().requires_grad_(wanted))
    return found


def differences(
    ran: Ran,
    results: Any,
    names: Sequence[str],
    given: Sequence[Any],
    held: dict[str, Tensor],
    transposed: Collection[str] = (),
) -> list[str]:
    """Return where a module's results, or their gradients, are not the program's.

    Args:
        ran: the program.
        results: what the module returned.
        names: the names of its arguments.
        given: its arguments.
        held: its parameters, by Paddle's names.
        transposed: the names of those that it has transposed.
    """
    found: list[str] = []
    several = results if len(ran.fetches) > 1 else (results,)
    heads, weights = [], []
    for index, (out, value, lod) in enumerate(zip(ran.fetches, ran.values, ran.lods, strict=True)):
        result = several[index]
        if isinstance(result, tuple):
            result, levels = result
            if [level.tolist() for level in levels] != lod:
                found.append(f"{out.name}: levels {levels}, not {lod}")
        elif lod:
            found.append(f"{out.name}: no levels, not {lod}")
        found += _compare(out.name, result, value)
        weight = ran.weights[index] if ran.weights else None
        if weight is not None and result.requires_grad:
            heads.append(result)
            weights.append(torch.from_numpy(np.ascontiguousarray(weight)))
    sources = {n: v for n, v in zip(names, given, strict=True) if n in ran.gradients} | {
        name: value for name, value in held.items() if name in ran.gradients
    }
    if heads and sources:
        gradients = torch.autograd.grad(
            heads, list(sources.values()), weights, allow_unused=True, materialize_grads=True
        )
        for (name, _), gradient in zip(sources.items(), gradients, strict=True):
            gradient = gradient.T if name in transposed else gradient
            found += _compare(f"{name}@GRAD", gradient, ran.gradients[name])
    elif any(np.any(g) for g in ran.gradients.values()):
        found.append(f"no gradients, not {sorted(ran.gradients)}")
    return found


def _compare(name: str, result: Tensor, value: np.ndarray[Any, Any]) -> list[str]:
    ours = result.detach().numpy()
    if ours.dtype != value.dtype or ours.shape != value.shape:
        return [f"{name}: {ours.dtype}{ours.shape}, not {value.dtype}{value.shape}"]
    if ours.dtype.kind != "f":
        return [] if np.array_equal(ours, value) else [f"{name}: other values"]
    room = {2: 2e-3, 4: 2e-6, 8: 1e-14}[value.itemsize]
    scale = np.abs(value[np.isfinite(value)]).max(initial=0)
    if np.allclose(ours, value, rtol=room, atol=room * scale, equal_nan=True):
        return []
    worst = np.nanmax(np.abs(ours.astype("f8") - value.astype("f8")), initial=0)
    return [f"{name}: off by {worst:.3g} of {scale:.3g}"]
