"""From Paddle's descriptions of programs to programs that run."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from paddle_compat.checkpoints.program_desc import (
    LOD_TENSOR,
    AttrType,
    BlockDesc,
    OpDesc,
    ProgramDesc,
    VarDesc,
)
from paddle_compat.fluid._dtypes import VarType
from paddle_compat.fluid._infer import infer
from paddle_compat.fluid._program import Program
from paddle_compat.fluid._variable import Variable
from paddle_compat.fluid.io._operators import FORMS
from paddle_compat.fluid.io._operators.definitions import REQUIRED, Slot, definition_of
from paddle_compat.fluid.io._operators.forms import Call, Form
from paddle_compat.fluid.layer_helper import append_layer

__all__ = ["program_of"]

_FRAME = ("feed", "fetch")
# Attributes that say how something is computed, and never what.
_HARMLESS = frozenset(
    (
        "exhaustive_search",
        "force_cpu",
        "fuse_relu_before_depthwise_conv",
        "in_place",
        "is_test",
        "mkldnn_data_type",
        "op_callstack",
        "op_device",
        "op_namescope",
        "op_role",
        "op_role_var",
        "trainable_statistics",
        "use_cudnn",
        "use_mkldnn",
        "use_quantizer",
        "with_quant_attr",
        "workspace_size_MB",
    )
)
# Types that other versions have for the same attribute.
_ALIKE = frozenset(
    (one, other)
    for pair in (
        (AttrType.INT, AttrType.LONG),
        (AttrType.INTS, AttrType.LONGS),
        (AttrType.FLOAT, AttrType.FLOAT64),
        (AttrType.FLOATS, AttrType.FLOAT64S),
    )
    for one in pair
    for other in pair
)
# What attributes of newer versions hold where they change nothing.
_NOTHING = (None, False, 0, -1, "", "float32", "fp32", "AnyLayout")


def program_of(desc: ProgramDesc, source: str) -> Program:
    """Return a described program, to be run here; nothing of it has run.

    Args:
        desc: the description.
        source: what the file is called in errors.

    Raises:
        NotImplementedError: operators are not among those of this package; it names all of them.
        ValueError: an operator does not fit its inputs.
    """
    block = desc.blocks[0]
    calls = [op for op in block.operators if op.type not in _FRAME]
    _refuse(calls, source)
    program = Program()
    for variable in block.variables.values():
        if variable.name in desc.feed_names or _is_kept(variable):
            _declare(program, variable, fed=variable.name in desc.feed_names)
    for place, op in enumerate(calls):
        try:
            _record(program, op, block)
        except Exception as error:  # whatever a layer says to arguments that no call would have
            raise ValueError(
                f"{source}: operator {place}, {op.type}, which writes "
                f"{', '.join(map(repr, op.written))}, cannot be built: {error}"
            ) from error
    return program


def _is_kept(variable: VarDesc) -> bool:
    return variable.persistable and variable.kind == LOD_TENSOR


def _declare(program: Program, told: VarDesc, *, fed: bool) -> None:
    program.global_block().create_var(
        told.name,
        shape=_shape(told),
        dtype=_dtype(told),
        lod_level=told.lod_level,
        persistable=told.persistable,
        is_data=fed,
        need_check_feed=told.need_check_feed,
        stop_gradient=fed,
    )


def _shape(told: VarDesc) -> tuple[int, ...]:
    """Return a declared shape; what Paddle multiplies with an unknown size is unknown."""
    return tuple(max(size, -1) for size in told.shape)


def _dtype(told: VarDesc) -> VarType:
    try:
        return VarType(told.dtype)
    except ValueError:
        raise ValueError(
            f"variable {told.name!r} has the dtype number {told.dtype}, which 1.8 does not have"
        ) from None


def _refuse(operators: Iterable[OpDesc], source: str) -> None:
    """Refuse operators that are not known, and what is not known of others; all at once."""
    strange = Counter(op.type for op in operators if op.type not in FORMS)
    reasons = [f"{name} (x{count})" if count > 1 else name for name, count in strange.items()]
    for op in operators:
        if op.type in FORMS:
            reason = _unknown(op)
            if reason is not None and reason not in reasons:
                reasons.append(reason)
    if reasons:
        raise NotImplementedError(
            f"{source} has operators that are not offered: {'; '.join(reasons)}. Offered are "
            f"{', '.join(sorted(FORMS))}. paddle_compat.checkpoints.read_inference_model reads the "
            "parameters and the names of any model"
        )


def _unknown(op: OpDesc) -> str | None:
    """Say what of an operator no form speaks of; None where one speaks of all."""
    call = _call(op, {})
    reasons = [_missing(op, form, call) for form in FORMS[op.type]]
    return None if None in reasons else reasons[0]


def _missing(op: OpDesc, form: Form, call: Call) -> str | None:
    """Say what of an operator a form does not speak of; None where it speaks of all."""
    definition = call.definition
    for slot, names in op.inputs.items():
        if names and slot not in form.inputs:
            return f"{op.type} with the input {slot}"
    if form.fits is not None and not form.fits(call):
        return f"{op.type} with attributes that its layer does not have"
    for name, attr in op.attrs.items():
        if name in _HARMLESS:
            continue
        kind, default = definition.attrs.get(name, (attr.type, REQUIRED))
        if attr.type != kind and (attr.type, kind) not in _ALIKE:
            return f"{op.type} with {name} of type {attr.type.name}"
        if name in form.understood:
            continue
        wanted = form.fixed.get(name, default)
        if wanted is REQUIRED:
            if attr.value in _NOTHING or not attr.value:
                continue
        elif _equal(attr.value, wanted):
            continue
        return f"{op.type} with {name}={attr.value!r}"
    return None


def _equal(value: Any, wanted: Any) -> bool:
    if isinstance(value, float) and isinstance(wanted, (int, float)):
        return np.float32(value) == np.float32(wanted) or math.isnan(value)
    return bool(value == wanted)


def _call(op: OpDesc, variables: Mapping[str, Variable]) -> Call:
    definition = definition_of(op.type)
    attrs = {
        name: default for name, (_, default) in definition.attrs.items() if default is not REQUIRED
    }
    attrs.update((name, attr.value) for name, attr in op.attrs.items())
    inputs = {
        slot: [variables[name] for name in names if name in variables]
        for slot, names in op.inputs.items()
        if names
    }
    outputs = {slot: len(names) for slot, names in op.outputs.items()}
    return Call(op.type, definition, attrs, inputs, outputs)


def _record(program: Program, op: OpDesc, told: BlockDesc) -> None:
    """Record one operator."""
    block = program.global_block()
    for name in op.read:
        if name not in block.vars:
            raise ValueError(
                f"it reads {name!r}, which is neither fed nor a parameter nor written before"
            )
    call = _call(op, block.vars)
    form = next(one for one in FORMS[op.type] if _missing(op, one, call) is None)
    arguments = form.arguments(call)
    names = _names(op, form, call.definition.outputs)
    spec = form.spec(call)
    if spec is None:
        shared = [arguments[form.shares]] if form.shares else []
        signatures = [(shared[0].shape, shared[0].torch_dtype) if shared else _signature(arguments)]
        outputs = [
            _output(program, name, signatures[0] if place == 0 else None, told)
            for place, name in enumerate(names)
        ]
        block.append(op.type, form.layer, arguments, outputs, shared=shared)
        return
    arguments = spec.bind((), arguments)
    arguments = {
        key: value for key, value in arguments.items() if key not in ("name", "act", spec.into)
    }
    signatures = infer(spec.function, arguments, spec.infer)
    if len(names) != len(signatures):
        raise ValueError(f"it has {len(names)} results, and the layer has {len(signatures)}")
    shared = [spec.shared(arguments, i, shape) for i, (shape, _) in enumerate(signatures)]
    levels = [
        spec.lod_level if place in spec.ragged else getattr(source, "lod_level", 0)
        for place, source in enumerate(shared)
    ]
    outputs = [
        _output(program, name, signature, told, level)
        for name, signature, level in zip(names, signatures, levels, strict=True)
    ]
    for output in outputs:
        output.stop_gradient = output.stop_gradient or spec.stop_gradient
    append_layer(spec, arguments, outputs, shared, block)


def _signature(arguments: Mapping[str, Any]) -> Any:
    value = arguments["value"]
    return tuple(value.shape), value.dtype


def _names(op: OpDesc, form: Form, slots: Mapping[str, Slot]) -> list[str]:
    """Return the names of an operator's results, in the layer's order."""
    found = []
    for slot in form.outputs:
        names = op.outputs.get(slot, [])
        if not names and not slots[slot].several:
            # A result that the program does not use, or that its version did not have.
            names = [f"{op.written[0]}.{slot}"]
        found += names
    return found


def _output(
    program: Program, name: str, signature: Any, told: BlockDesc, level: int = 0
) -> Variable:
    """Return the variable that takes a result: a new one, or what has the name already."""
    block = program.global_block()
    known = block.vars.get(name)
    described = told.variables.get(name)
    if known is not None and known.persistable:
        return known
    shape, dtype = signature
    if described is not None and described.dtype is not None:
        level = described.lod_level
        if len(described.shape) == len(shape):
            # The file tells more where layers cannot know.
            sizes = zip(shape, _shape(described), strict=True)
            shape = tuple(theirs if ours < 0 else ours for ours, theirs in sizes)
    if known is None:
        return block.create_var(name, shape=shape, dtype=dtype, lod_level=level)
    # The name is written again; who read it before goes on with what it was.
    again = Variable(block, name, shape, dtype, lod_level=level)
    again.node = program.read(known)
    block.vars[name] = again
    return again
