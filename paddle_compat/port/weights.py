"""Paddle's weights as a torch state_dict: names, transposed layers, and what became of each."""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np

from paddle_compat.port.weights_files import Weight, as_tensor
from paddle_compat.port.weights_module import Place, find_module, places_of
from paddle_compat.port.weights_names import Rule, apply_rules, optimizer_state, standard_names
from paddle_compat.port.weights_order import pair_by_order
from paddle_compat.port.weights_report import Carried, Mismatch, Report, Unused
from paddle_compat.port.weights_source import Source, SourceError, read_source

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["Ported", "port_weights", "to_state_dict"]

Array = np.ndarray[Any, Any]


@dataclass(eq=False)
class Ported:
    """A state for torch.

    Attributes:
        weights: by torch's names, in the module's order where there is one.
        report: what became of each weight.
    """

    weights: dict[str, Weight]
    report: Report


def to_state_dict(
    path: str | os.PathLike[str],
    *,
    rename: Iterable[str] = (),
    module: nn.Module | str | None = None,
    transpose: Sequence[str] = (),
    keep_names: bool = False,
    by_order: bool = False,
    model: str | os.PathLike[str] | None = None,
    params: str | None = None,
    names: Sequence[str] | None = None,
    entry: str | None = None,
) -> tuple[dict[str, Tensor], Report]:
    """Read Paddle's weights as a torch state_dict; nothing in their files is run.

    A module decides names and shapes: weights of its `torch.nn.Linear` layers are transposed, for
    Paddle has ``[in, out]`` (square ones too: the layer decides and not the shape), running means
    and variances get torch's names, and what only differs in sizes of 1, or in how a layer
    normalization's axes are laid out, is reshaped. Without a module names are changed as
    described under `paddle_compat.port.weights_names.standard_names`, and nothing is transposed
    that `transpose` does not name.

    Args:
        path: as of `paddle_compat.port.weights_source.read_source`.
        rename: rules ``OLD=NEW``, ``re:PATTERN=NEW``, or ``OLD=`` to leave a weight out, applied
            one after the other; OLD is a name, or the layers that it begins with.
        module: a module; or ``file.py:Class`` or ``package.module:factory``, whose code is run.
        transpose: names, with ``*``, of more weights to transpose.
        keep_names: without a module, keep Paddle's names where no rule changes them.
        by_order: with a module, pair counted layers that are left over by their order: the first
            ``conv2d`` with the first `Conv2d`. Layers that were made in another order than the
            module has them get each other's weights, which only their shapes may tell.
        model: the program's file, as of `read_source`, as are the following.
        params: in a folder, the one file of all tensors.
        names: the tensors' names in one file of several.
        entry: of a file that holds several states, the one that is meant.

    Returns:
        Tensors by name, and the report.

    Raises:
        OSError: a file cannot be read.
        ValueError: a file is damaged or does not tell enough; a rule or a module is none; or two
            weights get one name.

    Example:
        >>> import tempfile, torch
        >>> import paddle_compat as paddle
        >>> from paddle_compat.port.weights import to_state_dict
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     paddle.save({"fc.weight": torch.ones(3, 2)}, f"{folder}/m.pdparams")
        ...     state, report = to_state_dict(f"{folder}/m.pdparams", transpose=["fc.*"])
        >>> state["fc.weight"].shape, report.carried[0].changes
        (torch.Size([2, 3]), ('transposed',))
    """
    ported = port_weights(
        read_source(path, model=model, params=params, names=names, entry=entry),
        [Rule.parse(rule) for rule in rename],
        find_module(module) if isinstance(module, str) else module,
        transpose=transpose,
        keep_names=keep_names,
        by_order=by_order,
    )
    return {name: as_tensor(weight) for name, weight in ported.weights.items()}, ported.report


def port_weights(
    source: Source,
    rules: Sequence[Rule] = (),
    module: nn.Module | None = None,
    *,
    transpose: Sequence[str] = (),
    keep_names: bool = False,
    by_order: bool = False,
) -> Ported:
    """Give weights torch's names and shapes.

    Raises:
        ValueError: two weights get one name (`SourceError`), or the module is lazy.
    """
    places = None if module is None else places_of(module)
    porter = _Porter(source, rules, places, transpose, keep_names, by_order)
    return porter.port()


@dataclass(eq=False)
class _Porter:
    source: Source
    rules: Sequence[Rule]
    places: Mapping[str, Place] | None
    transpose: Sequence[str]
    keep_names: bool
    by_order: bool
    paired: dict[str, str] = field(default_factory=dict)
    weights: dict[str, Weight] = field(default_factory=dict)
    origin: dict[str, str] = field(default_factory=dict)

    def port(self) -> Ported:
        source = self.source
        self.report = report = Report(source.kind, notes=list(source.notes))
        self.standard, layers = standard_names(source.arrays, source.batch_norms)
        self.aliases = {
            alias: name for name, place in (self.places or {}).items() for alias in place.aliases
        }
        state = set(optimizer_state(source.arrays)) - set(self.places or ())
        if self.by_order and self.places is not None:
            self._pair(self.places, [name for name in source.arrays if name not in state])
        for name, array in source.arrays.items():
            if name in state:
                report.left.append(Unused(name, _told(array), "an optimizer's state"))
            else:
                self._carry(name, array)
        for name, what in source.others.items():
            report.left.append(Unused(name, what, "no array"))
        if self.places is None:
            self._count_batches(layers)
            self._note_matrices()
        else:
            self._fill(self.places)
            self._note_dtypes(self.places)
            self.weights = {n: self.weights[n] for n in self.places if n in self.weights}
        self._find_twins()
        self._note_rules()
        return Ported(self.weights, report)

    def _carry(self, name: str, array: Array) -> None:
        """Give one weight its name and shape, or tell why it has none."""
        target = self._target(name)
        if target == "":
            self.report.left.append(Unused(name, _told(array), "by a rule"))
            return
        try:
            weight = Weight.of(array)
        except TypeError as error:
            self.report.unused.append(Unused(name, _told(array), str(error)))
            return
        if self.places is not None and target not in self.places:
            self.report.unused.append(Unused(name, _told(array), self._unknown(target)))
            return
        if target in self.origin:
            raise SourceError(
                f"{self.origin[target]!r} and {name!r} are both to be {target!r}; tell them apart "
                "with --rename"
            )
        self.origin[target] = name
        place = None if self.places is None else self.places[target]
        value, changes, hint = self._fitted(name, target, weight.array, place)
        if place is not None and value.shape != place.shape:
            self.report.mismatched.append(Mismatch(name, target, array.shape, place.shape, hint))
            return
        self.weights[target] = Weight(value, weight.dtype)
        self.report.carried.append(
            Carried(name, target, weight.dtype, array.shape, value.shape, changes)
        )

    def _pair(self, places: Mapping[str, Place], names: Iterable[str]) -> None:
        """Pair by their order what names do not."""
        targets = {name: self._target(name) for name in names}
        left = {n: t for n, t in targets.items() if t and t not in places}
        taken = set(targets.values())
        free = {name: place for name, place in places.items() if name not in taken}
        self.paired, notes = pair_by_order(left, free)
        self.report.notes += notes
        if self.paired:
            self.report.notes.append(
                f"{len(self.paired)} are paired by the order of their layers: compare what the "
                "module computes with what Paddle did"
            )

    def _target(self, name: str) -> str:
        if name in self.paired:
            return self.paired[name]
        standard = self.standard.get(name, name)
        if self.places is None:
            candidates = [name] if self.keep_names else [standard, name]
            return apply_rules(self.rules, candidates)[0]
        names = apply_rules(self.rules, list(dict.fromkeys([name, standard])))
        for candidate in names:
            if candidate in self.places:
                return candidate
            if candidate in self.aliases:
                return self.aliases[candidate]
        # Of names that none has, torch's own says more.
        return names[-1]

    def _unknown(self, name: str) -> str:
        near = difflib.get_close_matches(name, set(self.places or ()) - set(self.origin), 1)
        return f"the module has no {name!r}" + (f"; is it {near[0]!r}?" if near else "")

    def _fitted(
        self, name: str, target: str, array: Array, place: Place | None
    ) -> tuple[Array, tuple[str, ...], str]:
        """Return an array as its place has it, what was done to it, and what may be done else."""
        changes: list[str] = []
        asked = any(fnmatchcase(n, t) for t in self.transpose for n in (name, target))
        if asked or (place is not None and place.transposed):
            if array.ndim == 2:
                array, changes = array.T, ["transposed"]
            elif place is None:
                raise SourceError(
                    f"{name!r} cannot be transposed: it is {list(array.shape)} and no matrix"
                )
        if place is None or array.shape == place.shape:
            return array, tuple(changes), ""
        if _reshapes(array.shape, place):
            return array.reshape(place.shape), (*changes, "reshaped"), ""
        hint = f"{place.layer} wants another shape"
        if array.ndim == 2 and array.T.shape == place.shape and not changes:
            hint = f"its transpose fits: --transpose {target} if that is what is meant"
        return array, tuple(changes), hint

    def _count_batches(self, layers: Iterable[str]) -> None:
        """Without a module, let batch normalizations have what torch's have."""
        targets = {name: target for target, name in self.origin.items()}
        means = {self.standard[n]: n for n in self.standard}
        for layer in layers:
            mean = targets.get(means.get(f"{layer}.running_mean" if layer else "running_mean", ""))
            if mean is not None and mean.rpartition(".")[2] == "running_mean":
                self._add_counter(f"{mean.removesuffix('running_mean')}num_batches_tracked")

    def _note_matrices(self) -> None:
        matrices = [
            row.target for row in self.report.carried if len(row.shape) == 2 and not row.changes
        ]
        if matrices:
            self.report.notes.append(
                f"{', '.join(matrices[:3])}{', ...' if matrices[3:] else ''}: matrices are as "
                "Paddle has them, which is [in, out] for Linear and fc and [out, in] in torch; a "
                "module (--module) decides which are transposed, or --transpose does"
            )

    def _add_counter(self, name: str) -> None:
        self.weights[name] = Weight(np.zeros((), np.int64), "int64")
        self.report.filled.append(Unused(name, "int64[]", "0: Paddle does not count batches"))

    def _fill(self, places: Mapping[str, Place]) -> None:
        """Fill what Paddle does not save, and tell what is missing."""
        mismatched = {row.target for row in self.report.mismatched}
        for name, place in places.items():
            if name in self.weights or name in mismatched:
                continue
            same = next((other for other in place.tied if other in self.weights), None)
            mean = f"{name.removesuffix('num_batches_tracked')}running_mean"
            if same is not None:
                self.weights[name] = self.weights[same]
                self.report.filled.append(
                    Unused(name, f"{place.dtype}{list(place.shape)}", f"it is {same!r} itself")
                )
            elif place.counter and mean in self.weights:
                self._add_counter(name)
            else:
                self.report.missing.append(
                    Unused(name, f"{place.dtype}{list(place.shape)}", f"of {place.layer}")
                )

    def _note_dtypes(self, places: Mapping[str, Place]) -> None:
        pairs: dict[tuple[str, str], int] = {}
        for name, weight in self.weights.items():
            if weight.dtype != places[name].dtype:
                pair = weight.dtype, places[name].dtype
                pairs[pair] = pairs.get(pair, 0) + 1
        for (own, wanted), count in pairs.items():
            self.report.notes.append(
                f"{count} {'is' if count == 1 else 'are'} {own}, and the module has {wanted}: "
                "load_state_dict converts them"
            )

    def _find_twins(self) -> None:
        """Tell what is not used from a parameter that is, under another name of its layer."""
        used = {
            self.source.own_names[row.source]: row.source
            for row in self.report.carried
            if row.source in self.source.own_names
        }
        unused, self.report.unused = self.report.unused, []
        for row in unused:
            twin = used.get(self.source.own_names.get(row.name, ""))
            if twin is None:
                self.report.unused.append(row)
            else:
                self.report.left.append(Unused(row.name, row.what, f"it is {twin!r} once more"))

    def _note_rules(self) -> None:
        for rule in self.rules:
            if not rule.hits:
                self.report.notes.append(f"the rule {rule.text!r} is for no name")


def _told(array: Array) -> str:
    name = "bfloat16" if array.dtype == np.uint16 else array.dtype.name
    return f"{name}{list(array.shape)}"


# Layers whose vectors Paddle has flat, however many axes they are for.
_FLAT = ("LayerNorm", "RMSNorm")


def _reshapes(shape: tuple[int, ...], place: Place) -> bool:
    """Tell whether a shape is another only in sizes of 1, or in how a vector is laid out."""
    if set(place.kinds) & set(_FLAT) and len(shape) == 1:
        return shape[0] == math.prod(place.shape)
    more = [size for size in shape if size != 1]
    # Which side of a matrix is which its sizes do not tell.
    return (len(more) < 2 or len(shape) > 2) and more == [s for s in place.shape if s != 1]
