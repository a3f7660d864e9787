"""Faults of several places and processes, and of averages."""

from __future__ import annotations

from mutation_type import Mutation

__all__ = ["DEVICES"]

_REDUCTION = "fluid/_reduction.py"
_TEAM = "fluid/_team.py"
_COMPILER = "fluid/compiler.py"
_PROCESSES = "fluid/_processes.py"
_DIFFERENTIATE = "fluid/_differentiate.py"
_AVERAGING = "fluid/_averaging.py"

_PLACES = ("fluid/test_compiler.py",)
_RANKS = ("distributed/test_programs.py",)
_AVERAGES = ("fluid/test_averages.py",)

DEVICES = (
    Mutation(
        "devices: gradients are sums where means are asked for",
        _COMPILER,
        "return lambda places: 1.0 / places",
        "return lambda places: 1.0",
        _PLACES,
    ),
    Mutation(
        "devices: the gradients of the last place are left out",
        _REDUCTION,
        "for first, *others in zip(*self._given, strict=True):",
        "for first, *others in zip(*self._given[:-1], strict=True):",
        _PLACES,
    ),
    Mutation(
        "devices: gradients are not added up over processes",
        _REDUCTION,
        "sent.append((bucket, flat, dist.all_reduce(flat, async_op=True)))",
        "sent.append((bucket, flat, dist.all_reduce(flat.clone(), async_op=True)))",
        _RANKS,
    ),
    Mutation(
        "devices: places do not add up over processes",
        _REDUCTION,
        "totals if self._further is None else self._further.total(totals)",
        "totals",
        _RANKS,
    ),
    Mutation(
        "devices: each process begins with its own parameters",
        _PROCESSES,
        "dist.broadcast(sent, 0)",
        "dist.broadcast(sent.clone(), 0)",
        _RANKS,
    ),
    Mutation(
        "devices: processes need not train the same program",
        _PROCESSES,
        "if other != first:",
        "if other is None:",
        _RANKS,
    ),
    Mutation(
        "devices: a gradient that was asked for is added up as a parameter's",
        _DIFFERENTIATE,
        "if isinstance(_variable(source), Parameter)",
        "if isinstance(_variable(source), Variable)",
        _PLACES,
    ),
    Mutation(
        "devices: a place keeps the values of its first run",
        _TEAM,
        "if seen is None or seen[0] is not value or seen[1] != value._version:",
        "if seen is None:",
        _PLACES,
    ),
    Mutation(
        "devices: every place takes the statistics of the first",
        _TEAM,
        "if seen is None or seen[0] is not value or seen[1] != value._version:",
        "if True:",
        _PLACES,
    ),
    Mutation(
        "devices: a smaller batch trains on fewer places",
        _TEAM,
        "if counts[least] < places and trains(program):",
        "if counts[least] < places and not trains(program):",
        _PLACES,
    ),
    Mutation(
        "devices: places read a loader at once",
        _TEAM,
        "fed = [{**each, **_feeding.read(program, step, prune)} for each in feeds]",
        "read = _feeding.read(program, step, prune)\n"
        "        fed = [{**each, **read} for each in feeds]",
        _PLACES,
    ),
    Mutation(
        "devices: levels of detail are split by rows",
        "fluid/_feeding.py",
        "count = len(lod[0]) if lod else",
        "count = len(lod[-1]) if lod else",
        _PLACES,
    ),
    Mutation(
        "devices: synchronized statistics are of each place",
        "fluid/layers/nn/batch_norm.py",
        "TOGETHER[normalize_batch] = normalize_batches",
        "TOGETHER[normalize_batches] = normalize_batch",
        _PLACES,
    ),
    Mutation(
        "devices: gradients of synchronized statistics are of each place",
        _REDUCTION,
        "return ctx.reduction.total([grad])[0], None",
        "return grad, None",
        _PLACES,
    ),
    Mutation(
        "averages: they are kept divided",
        "fluid/_moving_average.py",
        'block.append("ema_apply", corrected, arguments, [here])',
        'block.append("ema_apply", corrected, arguments, [average])\n'
        "                layers.assign(average, here)",
        _AVERAGES,
    ),
    Mutation(
        "averages: they are not corrected for their start",
        "fluid/_moving_average.py",
        "return torch.where(steps > 0, average / (1.0 - power), average)",
        "return torch.where(steps > 0, average, average)",
        _AVERAGES,
    ),
    Mutation(
        "averages: a window ends a step later",
        _AVERAGING,
        "over = (count >= min_average_window) & (count >= window)",
        "over = (count > min_average_window) & (count >= window)",
        _AVERAGES,
    ),
    Mutation(
        "averages: the slow parameters follow whole steps",
        _AVERAGING,
        "mixed = fast * alpha + slow * (1.0 - alpha)",
        "mixed = fast * 1.0 + slow * 0.0",
        _AVERAGES,
    ),
)
