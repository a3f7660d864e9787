"""How a layer of ours and an operator of Paddle stand for each other, both ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paddle_compat.fluid._dtypes import VarType, as_var_type
from paddle_compat.fluid._layer import LayerSpec, by_type, spec_of
from paddle_compat.fluid._variable import Variable
from paddle_compat.fluid.io._operators.definitions import Definition

__all__ = ["Arguments", "Call", "Form", "Forms", "form", "has_variables", "same"]

Arguments = dict[str, Any]
"""What a layer is called with, by name; variables stand for values of a run."""
Forms = Mapping[str, Sequence["Form"]]
"""By operator: the layers that it may have been written of; the first that fits is read."""

_DTYPES = frozenset(("dtype", "in_dtype", "out_dtype"))


@dataclass(frozen=True)
class Call:
    """An operator that is read.

    Attributes:
        type: its name.
        definition: what Paddle defines of it.
        attrs: its attributes, defaults filled in.
        inputs: what each slot reads; empty ones are left out.
        outputs: how many results each slot has.
    """

    type: str
    definition: Definition
    attrs: Mapping[str, Any]
    inputs: Mapping[str, list[Variable]]
    outputs: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Form:
    """A layer, and how its calls are written as an operator.

    Attributes:
        layer: the layer; or the plain function that is recorded, or what returns the layer for an
            operator that is read.
        inputs: the arguments of each slot, of which the first that is there is written; several
            slots may say one argument in several ways.
        outputs: the slots of the results; one of them may take several.
        attrs: the argument of each attribute.
        fixed: attributes that are always as here.
        ignored: arguments that say nothing to Paddle's operator.
        told: the attributes that several arguments tell, or another way; they go before.
        read: the arguments that several attributes tell, or another way; likewise.
        uses: the attributes that `read` looks at.
        fits: whether an operator that is read is one of these.
        made: whether `layer` makes the layer.
        shares: for a plain function, the argument whose shape, dtype and levels of detail its
            first result has; the others are variables that exist.
    """

    layer: Callable[..., Any]
    inputs: Mapping[str, tuple[str, ...]]
    outputs: tuple[str, ...]
    attrs: Mapping[str, str]
    fixed: Mapping[str, Any]
    ignored: frozenset[str]
    told: Callable[[Arguments], Mapping[str, Any]] | None
    read: Callable[[Call], Arguments] | None
    uses: frozenset[str]
    fits: Callable[[Call], bool] | None
    made: bool
    shares: str | None

    def spec(self, call: Call) -> LayerSpec | None:
        """Return what records the layer; None where it is a plain function."""
        layer = self.layer(call) if self.made else self.layer
        return spec_of(layer) if hasattr(layer, "__fluid_spec__") else None

    @property
    def known(self) -> frozenset[str]:
        """The arguments that the form speaks of."""
        read = {argument for group in self.inputs.values() for argument in group}
        return frozenset((*read, *self.attrs.values(), *self.ignored))

    @property
    def understood(self) -> frozenset[str]:
        """The attributes that the form speaks of."""
        return frozenset((*self.attrs, *self.uses))

    def attributes(self, arguments: Arguments) -> dict[str, Any]:
        """Return the attributes that arguments tell; the others have their defaults."""
        found: dict[str, Any] = dict(self.fixed)
        for attr, argument in self.attrs.items():
            value = arguments.get(argument)
            if value is None or isinstance(value, Variable):
                continue
            if isinstance(value, (list, tuple)):
                # What a run tells has a slot of its own; here it is noted as unknown.
                value = [-1 if isinstance(item, Variable) else item for item in value]
            elif attr in _DTYPES:
                value = int(as_var_type(value))
            found[attr] = value
        if self.told is not None:
            found.update(self.told(arguments))
        return found

    def arguments(self, call: Call) -> Arguments:
        """Return the arguments that an operator was written of."""
        found: Arguments = {}
        for attr, argument in self.attrs.items():
            if attr in call.attrs:
                value = call.attrs[attr]
                found[argument] = VarType(value) if attr in _DTYPES else value
        for slot, (argument, *_) in self.inputs.items():
            given = call.inputs.get(slot)
            if not given:
                found.setdefault(argument, None)
            else:
                found[argument] = given if call.definition.inputs[slot].several else given[0]
        if self.read is not None:
            found.update(self.read(call))
        return found


def has_variables(value: Any) -> bool:
    """Tell whether a list holds what a run tells."""
    return isinstance(value, (list, tuple)) and any(isinstance(item, Variable) for item in value)


def _pairs(text: str) -> dict[str, str]:
    """Read ``"X:x axis"``: Paddle's names, each with ours where that is another one."""
    found = {}
    for item in text.split():
        theirs, _, ours = item.partition(":")
        found[theirs] = ours or theirs
    return found


def form(
    layer: Callable[..., Any],
    inputs: str,
    outputs: str,
    attrs: str = "",
    *,
    fixed: Mapping[str, Any] | None = None,
    ignored: str = "",
    told: Callable[[Arguments], Mapping[str, Any]] | None = None,
    read: Callable[[Call], Arguments] | None = None,
    uses: str = "",
    fits: Callable[[Call], bool] | None = None,
    made: bool = False,
    shares: str | None = None,
) -> Form:
    """Return a form: see `Form`.

    Args:
        layer: as there; likewise what is not told here.
        inputs: as in ``"X:x Y:y"``, or ``"OutSize:actual_shape|out_shape"``.
        outputs: as in ``"Out Mask"``.
        attrs: as in ``"axis strides:stride"``.
        fixed: by name.
        ignored: the arguments' names.
        told: as there.
        read: as there.
        uses: the attributes' names.
        fits: as there.
        made: as there.
        shares: as there.
    """
    return Form(
        layer,
        {slot: tuple(named.split("|")) for slot, named in _pairs(inputs).items()},
        tuple(outputs.split()),
        _pairs(attrs),
        fixed or {},
        frozenset(ignored.split()),
        told,
        read,
        frozenset(uses.split()),
        fits,
        made,
        shares,
    )


def same(types: str, inputs: str, outputs: str, attrs: str = "", **options: Any) -> Forms:
    """Return the forms of operators that are alike, each of the layer of its name."""
    return {
        name: (form(by_type(name), inputs, outputs, attrs, **options),) for name in types.split()
    }
