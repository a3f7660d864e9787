"""From programs to Paddle's descriptions of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from torch import fx

from paddle_compat.checkpoints.program_desc import (
    Attribute,
    AttrType,
    BlockDesc,
    OpDesc,
    ProgramDesc,
    VarDesc,
)
from paddle_compat.fluid import unique_name
from paddle_compat.fluid._dtypes import VarType, as_var_type
from paddle_compat.fluid._operator import Operator
from paddle_compat.fluid._program import Program
from paddle_compat.fluid._variable import Variable
from paddle_compat.fluid.io._operators import FORMS
from paddle_compat.fluid.io._operators.definitions import REQUIRED, definition_of
from paddle_compat.fluid.io._operators.forms import Arguments, Form, has_variables

__all__ = ["describe", "needed"]

_VERSION = 1008005
_FEED, _FETCH = 9, 10
# What every operator has, beside its own.
_COMMON = {
    "op_role": Attribute(AttrType.INT, 0),
    "op_role_var": Attribute(AttrType.STRINGS, []),
    "op_namescope": Attribute(AttrType.STRING, "/"),
    "op_callstack": Attribute(AttrType.STRINGS, []),
    "op_device": Attribute(AttrType.STRING, ""),
}
# What an attribute's value is converted by, and whether it is a list.
_VALUES: dict[AttrType, tuple[Callable[..., Any], bool]] = {
    AttrType.INT: (int, False),
    AttrType.LONG: (int, False),
    AttrType.FLOAT: (float, False),
    AttrType.STRING: (str, False),
    AttrType.BOOLEAN: (bool, False),
    AttrType.INTS: (int, True),
    AttrType.LONGS: (int, True),
    AttrType.FLOATS: (float, True),
    AttrType.STRINGS: (str, True),
    AttrType.BOOLEANS: (bool, True),
}


# Operators that take tensors where their layers take numbers too.
_NUMBERS = ("linspace", "range")
# A layer that is two operators in Paddle.
_SQUARES = "square_error_cost"


def needed(program: Program, fed: Iterable[str], targets: Iterable[str]) -> list[Operator]:
    """Return the operators that targets are computed by, from what is fed.

    Args:
        program: whose operators.
        fed: the names of what is given, whatever computes it.
        targets: the names of what is asked for.
    """
    fed = set(fed)
    wanted = set(targets) - fed
    found = []
    for op in reversed(program.global_block().ops):
        if wanted.intersection(op.output_arg_names):
            found.append(op)
            wanted.update(name for name in op.input_arg_names if name not in fed)
    return found[::-1]


def describe(
    program: Program,
    operators: Sequence[Operator],
    fed: Sequence[str] = (),
    targets: Sequence[Variable] = (),
    *,
    fetched: bool = True,
    testing: bool = True,
) -> tuple[ProgramDesc, list[str]]:
    """Return operators of a program as real Paddle writes them, and the names of their results.

    Args:
        program: whose operators and variables.
        operators: in order.
        fed: the names of the variables that are fed.
        targets: what is fetched; as in real Paddle each one is scaled by 1, under a new name.
        fetched: whether to write that they are.
        testing: whether layers that behave otherwise in testing do so.

    Raises:
        NotImplementedError: an operator has no form in Paddle; it names all of them.
    """
    strange = sorted({op.type for op in operators if op.type != _SQUARES and _form(op) is None})
    if strange:
        raise NotImplementedError(
            f"{', '.join(strange)}: not among the operators that can be written to a program of "
            "Paddle; save the program without them, as clone(for_test=True) or before minimize"
        )
    writer = _Writer(program, testing)
    for op in operators:
        writer.write(op)
    names = [writer.scaled(target, place) for place, target in enumerate(targets)]
    block = writer.block
    for place, name in enumerate(fed):
        writer.declare(program.global_block().var(name))
        feed = OpDesc("feed", {"X": ["feed"]}, {"Out": [name]}, _column(place))
        block.operators.insert(0, feed)
    for place, name in enumerate(names if fetched else ()):
        block.operators.append(OpDesc("fetch", {"X": [name]}, {"Out": ["fetch"]}, _column(place)))
    if fed:
        block.variables["feed"] = VarDesc("feed", _FEED, persistable=True)
    if names and fetched:
        block.variables["fetch"] = VarDesc("fetch", _FETCH, persistable=True)
    return ProgramDesc([block], _VERSION), names


def _column(place: int) -> dict[str, Attribute]:
    return {"col": Attribute(AttrType.INT, place), **_COMMON}


def _form(op: Operator) -> Form | None:
    """Return the form that an operator was recorded by."""
    given = set(op.inputs) | set(op.attrs)
    return next((form for form in FORMS.get(op.type, ()) if given <= form.known), None)


class _Writer:
    """A block that is written."""

    def __init__(self, program: Program, testing: bool) -> None:
        self.program = program
        self.testing = testing
        self.block = BlockDesc()

    def declare(self, variable: Variable) -> str:
        """Describe a variable; return its name."""
        variable = self.program.global_block().vars.get(variable.name, variable)
        if variable.name not in self.block.variables:
            self.block.variables[variable.name] = VarDesc(
                variable.name,
                dtype=int(variable.dtype),
                shape=variable.shape,
                lod_level=variable.lod_level,
                persistable=variable.persistable,
                need_check_feed=variable.need_check_feed,
            )
        return variable.name

    def write(self, op: Operator) -> None:
        """Write one operator."""
        if op.type == _SQUARES:
            self._squares(op)
            return
        form = _form(op)
        assert form is not None
        definition = definition_of(op.type)
        arguments = self._arguments(op, form)
        inputs: dict[str, list[str]] = {slot: [] for slot in definition.inputs}
        said = set(form.ignored)
        for slot, given in form.inputs.items():
            for argument in given:
                names = self._names(slot, arguments.get(argument), op.type, form, argument)
                if names:
                    inputs[slot] = names
                    said.add(argument)
                    break
        for argument, value in arguments.items():
            if argument not in said and (isinstance(value, Variable) or has_variables(value)):
                raise NotImplementedError(
                    f"{op.type}: {argument} is a variable, which Paddle's operator does not take; "
                    f"give a number (built at {op.location})"
                )
        told = form.attributes(arguments)
        if self.testing and "is_test" in definition.attrs:
            told["is_test"] = True
        attrs = _attributes(op.type, told)
        outputs = self._outputs(op, form)
        self.block.operators.append(OpDesc(op.type, inputs, outputs, attrs))

    def _squares(self, op: Operator) -> None:
        read = {"X": self.declare(op.inputs["input"][0]), "Y": self.declare(op.inputs["label"][0])}
        result = op.outputs[0]
        difference = self._fresh(f"{result.name}.difference", int(result.dtype), result.shape)
        inputs = {slot: [name] for slot, name in read.items()}
        self._append("elementwise_sub", inputs, {"Out": [difference]}, {})
        self._append("square", {"X": [difference]}, {"Out": [self.declare(result)]}, {})

    def _arguments(self, op: Operator, form: Form) -> Arguments:
        """Return what the layer was called with, variables for what holds their values."""

        def value(item: Any) -> Any:
            if isinstance(item, fx.Node):
                if item.op == "get_attr":
                    return self.program.constants[str(item.target)]
                return item.meta["variable"]
            if isinstance(item, (list, tuple)):
                return [value(one) for one in item]
            return item

        given = set(op.inputs) | set(op.attrs)
        found = {name: value(item) for name, item in op.node.kwargs.items() if name in given}
        if op.type in _NUMBERS:
            for name in form.known - {"dtype"}:
                dtype = as_var_type("int32" if name == "num" else found["dtype"])
                found[name] = self._number(found[name], dtype)
        if None in (found.get("ends") or ()):
            found["ends"] = [
                self._next(start) if end is None else end
                for start, end in zip(found["starts"], found["ends"], strict=True)
            ]
        return found

    def _names(self, slot: str, value: Any, type: str, form: Form, argument: str) -> list[str]:
        """Return what a slot reads of an argument; [] where another slot does, or none."""
        several = definition_of(type).inputs[slot].several
        if isinstance(value, Variable):
            slots = [one for one, given in form.inputs.items() if argument in given]
            return [self.declare(value)] if not several or len(slots) == 1 else []
        if several and has_variables(value):
            return [
                self.declare(item if isinstance(item, Variable) else self._constant(item))
                for item in value
            ]
        return []

    def _outputs(self, op: Operator, form: Form) -> dict[str, list[str]]:
        names = [self.declare(variable) for variable in op.outputs]
        slots = definition_of(op.type).outputs
        outputs: dict[str, list[str]] = {}
        for place, slot in enumerate(form.outputs):
            count = len(names) - (len(form.outputs) - place - 1) if slots[slot].several else 1
            outputs[slot], names = names[:count], names[count:]
        for slot, told in slots.items():
            if slot not in outputs:
                # What Paddle's operator writes beside the results.
                unused = [] if told.optional else [self._fresh(f"{op.outputs[0].name}.{slot}")]
                outputs[slot] = unused
        return outputs

    def _fresh(self, name: str, dtype: int = int(VarType.FP32), shape: tuple[int, ...] = ()) -> str:
        """Declare a variable that the program does not have; return its name."""
        known, fresh, count = self.program.global_block().vars, name, 0
        while fresh in known or fresh in self.block.variables:
            count += 1
            fresh = f"{name}_{count}"
        self.block.variables[fresh] = VarDesc(fresh, dtype=dtype, shape=shape)
        return fresh

    def _constant(self, number: float, dtype: VarType = VarType.INT32) -> Variable:
        """Write an operator that makes a number [1]."""
        name = self._fresh("constant", int(dtype), (1,))
        whole = dtype in (VarType.INT32, VarType.INT64)
        text = str(int(number) if whole else float(number))
        told = {"shape": [1], "dtype": int(dtype), "value": number, "str_value": text}
        self._append("fill_constant", {}, {"Out": [name]}, told)
        return self._variable(name)

    def _number(self, value: Any, dtype: VarType) -> Variable:
        """Write an operator that makes a number, or a variable, one [1] of a dtype."""
        if not isinstance(value, Variable):
            return self._constant(value, dtype)
        if value.dtype == dtype:
            return value
        name = self._fresh(f"{value.name}.cast", int(dtype), (1,))
        told = {"in_dtype": int(value.dtype), "out_dtype": int(dtype)}
        self._append("cast", {"X": [self.declare(value)]}, {"Out": [name]}, told)
        return self._variable(name)

    def _next(self, place: Variable) -> Variable:
        """Write an operator that adds 1."""
        one = self._constant(1, place.dtype)
        name = self._fresh(f"{place.name}.next", int(place.dtype), (1,))
        inputs = {"X": [self.declare(place)], "Y": [one.name]}
        self._append("elementwise_add", inputs, {"Out": [name]}, {})
        return self._variable(name)

    def _variable(self, name: str) -> Variable:
        """Return a handle on a variable that the program itself does not have."""
        described = self.block.variables[name]
        block = self.program.global_block()
        return Variable(block, name, described.shape, VarType(described.dtype))

    def _append(
        self,
        type: str,
        inputs: dict[str, list[str]],
        outputs: dict[str, list[str]],
        told: dict[str, Any],
    ) -> None:
        slots = {slot: inputs.get(slot, []) for slot in definition_of(type).inputs}
        self.block.operators.append(OpDesc(type, slots, outputs, _attributes(type, told)))

    def scaled(self, target: Variable, place: int) -> str:
        """Write a result under the name that it is fetched by.

        Raises:
            TypeError: it is of bools or float16, which real Paddle does not fetch so.
        """
        if target.dtype in (VarType.BOOL, VarType.FP16):
            raise TypeError(
                f"{target.name!r} is {target.describe()}, which no inference model fetches; use "
                "fluid.layers.cast(variable, 'int32'), or 'float32'"
            )
        source = self.declare(target)
        name = unique_name.generate(f"save_infer_model/scale_{place}.tmp")
        described = self.block.variables[source]
        self.block.variables[name] = VarDesc(
            name,
            dtype=described.dtype,
            shape=described.shape,
            lod_level=described.lod_level,
        )
        self._append("scale", {"X": [source]}, {"Out": [name]}, {"scale": 1.0})
        return name


def _attributes(type: str, told: dict[str, Any]) -> dict[str, Attribute]:
    """Return all attributes of an operator; those that are not told have their defaults."""
    found = {}
    for name, (kind, default) in definition_of(type).attrs.items():
        value = told.get(name, default)
        convert, several = _VALUES[kind]
        if value is REQUIRED:
            value = () if several else convert()
        value = [convert(item) for item in value] if several else convert(value)
        found[name] = Attribute(kind, value)
    return {**found, **_COMMON}
