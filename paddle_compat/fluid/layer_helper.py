"""`paddle.fluid.layer_helper`: names, parameters and recording, for the layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch

from paddle_compat.fluid import _modes, framework, unique_name
from paddle_compat.fluid._dtypes import VarType, as_var_type, dtype_name
from paddle_compat.fluid._infer import Signature, infer
from paddle_compat.fluid._layer import (
    LayerSpec,
    activation,
    by_type,
    record_with,
    recorder_of,
    spec_of,
)
from paddle_compat.fluid._publish import publish
from paddle_compat.fluid._variable import Variable
from paddle_compat.fluid.param_attr import ParamAttr

if TYPE_CHECKING:
    from paddle_compat.fluid._program import Block, Program
    from paddle_compat.fluid.initializer import Initializer

__all__ = ["LayerHelper"]

_FLOATING = (VarType.FP16, VarType.FP32, VarType.FP64)


class LayerHelper:
    """One call of a layer: its name, its parameters, and the operators that it records.

    Args:
        layer_type: what the names are numbered by.
        kwargs: `input`, `name`, `act`, `param_attr` and `bias_attr` as the layer got them. A
            torch tensor as `input` makes the parameters eager ones.

    Source:
        ``paddle.fluid.layer_helper.LayerHelper``, PaddlePaddle 1.8.
    """

    def __init__(self, layer_type: str, **kwargs: Any) -> None:
        self.layer_type = layer_type
        self.kwargs = kwargs
        name = kwargs.get("name")
        self.name: str = unique_name.generate(layer_type) if name is None else name
        self._eager = isinstance(kwargs.get("input"), torch.Tensor)

    @property
    def main_program(self) -> Program:
        """The program that layers are recorded into."""
        return framework.default_main_program()

    @property
    def startup_program(self) -> Program:
        """The program that initialises parameters."""
        return framework.default_startup_program()

    @property
    def param_attr(self) -> Any:
        """The weight's attribute."""
        return ParamAttr._to_attr(self.kwargs.get("param_attr"))

    @property
    def bias_attr(self) -> Any:
        """The bias's attribute; False where there is none."""
        return ParamAttr._to_attr(self.kwargs.get("bias_attr"))

    def create_parameter(
        self,
        attr: Any,
        shape: Sequence[int],
        dtype: Any,
        is_bias: bool = False,
        default_initializer: Initializer | None = None,
        stop_gradient: bool = False,
    ) -> Any:
        """Return a parameter, declared and initialised; an eager one inside `dygraph.guard`.

        None where the attribute says that there is to be none.

        Raises:
            TypeError: there is no default initializer for an integer dtype.
        """
        attr = ParamAttr._to_attr(attr)
        if not attr:
            return None
        dtype = as_var_type(dtype)
        if default_initializer is None and attr.initializer is None and dtype not in _FLOATING:
            raise TypeError(
                f"a parameter of dtype {dtype_name(dtype)} has no default initializer; pass "
                "default_initializer=fluid.initializer.Constant(...)"
            )
        name = attr.name or unique_name.generate(f"{self.name}.{'b' if is_bias else 'w'}")
        attr = attr.complete(name, is_bias, default_initializer)
        if self._eager or _modes.in_dygraph_mode():
            value = attr.initializer.value(shape, dtype, self.main_program.random_seed)
            wanted = attr.trainable and not stop_gradient and dtype in _FLOATING
            return torch.nn.Parameter(value, requires_grad=wanted)
        self.startup_program.global_block().create_parameter(
            shape=shape, dtype=dtype, initializer=attr.initializer, **attr.declaration()
        )
        return self.main_program.global_block().create_parameter(
            shape=shape, dtype=dtype, stop_gradient=stop_gradient, **attr.declaration()
        )

    def create_variable_for_type_inference(
        self,
        dtype: Any,
        stop_gradient: bool = False,
        shape: Sequence[int] = (),
        lod_level: int = 0,
    ) -> Variable:
        """Declare a temporary of this layer."""
        return self.main_program.current_block().create_var(
            self.temporary(),
            dtype=dtype,
            shape=shape,
            stop_gradient=stop_gradient,
            lod_level=lod_level,
        )

    def create_global_variable(self, persistable: bool = False, **attributes: Any) -> Variable:
        """Declare a variable of the main program."""
        return self.main_program.global_block().create_var(persistable=persistable, **attributes)

    def create_or_get_global_variable(self, name: str, **attributes: Any) -> tuple[Variable, bool]:
        """Return the main program's variable of that name, and whether it is new."""
        block = self.main_program.global_block()
        if block.has_var(name):
            return block.var(name), False
        return self.create_global_variable(name=name, **attributes), True

    def set_variable_initializer(self, var: Variable, initializer: Initializer) -> Variable:
        """Initialise a variable in the startup program."""
        block = self.startup_program.global_block()
        twin = block.create_var(
            var.name,
            shape=var.shape,
            dtype=var.dtype,
            persistable=True,
            belong_to_optimizer=var.belong_to_optimizer,
        )
        initializer(twin, block)
        return var

    def temporary(self) -> str:
        """Return the next name of a temporary of this layer."""
        return unique_name.generate(f"{self.name}.tmp")

    def append(self, layer: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call a layer as a part of this one: recorded under this one's name, or run at once."""
        spec = spec_of(layer)
        arguments = spec.bind(args, kwargs)
        if not _is_recorded(arguments, spec):
            return spec.run(arguments)
        return self.record(spec, arguments)

    def record(self, spec: LayerSpec, arguments: dict[str, Any], plain: str | None = None) -> Any:
        """Record a layer under this one's names, or with `plain` as the result's own name."""
        spec.spend_names(arguments, self.temporary)

        def named() -> str:
            if spec.generated:
                return unique_name.generate("_generated_var")
            return self.temporary() if plain is None else plain

        result = record(spec, arguments, named)
        for _ in range(spec.after):
            self.temporary()
        return result

    def append_bias_op(self, value: Any, dim_start: int = 1, dim_end: int | None = None) -> Any:
        """Add a new bias of the value's size in these dimensions; the value where there is none."""
        attr = self.bias_attr
        if not attr:
            return value
        size = list(value.shape[dim_start:dim_end])
        bias = self.create_parameter(attr, size, value.dtype, is_bias=True)
        return self.append(by_type("elementwise_add"), value, bias, axis=dim_start)

    def append_activation(self, value: Any) -> Any:
        """Apply the activation that the layer was told; the value where there is none."""
        act = self.kwargs.get("act")
        return value if act is None else self.append(activation(act), value)


def record_layer(spec: LayerSpec, arguments: dict[str, Any]) -> Any:
    """Record a call of a layer, with the names that Paddle gives it, and its activation."""
    name = arguments.pop("name", None)
    act = arguments.pop("act", None)
    helper = LayerHelper(spec.key, name=name, act=act)
    result = helper.record(spec, arguments, name if spec.plain_name else None)
    return result if act is None else helper.append(activation(act), result)


def record(
    spec: LayerSpec,
    arguments: dict[str, Any],
    named: Callable[[], str],
    block: Block | None = None,
) -> Any:
    """Record one operator; return its variable, or the list of its variables.

    Args:
        spec: the layer.
        arguments: by name; `name` and `act` are dropped.
        named: gives each result's name.
        block: where; by default in the default main program.
    """
    arguments = {key: value for key, value in arguments.items() if key not in ("name", "act")}
    block = framework.default_main_program().current_block() if block is None else block
    for key, value in arguments.items():
        if isinstance(value, torch.Tensor):
            raise TypeError(
                f"{key} is a torch tensor, and other arguments are variables of a program; declare "
                f"it with fluid.data and feed it, or use layers.assign({key}.numpy())"
            )
    # A mistake in the call is found here, before anything is recorded.
    target = arguments.pop(spec.into, None) if spec.into else None
    signatures = infer(spec.function, arguments, spec.infer)
    shared = [spec.shared(arguments, i, shape) for i, (shape, _) in enumerate(signatures)]
    if target is not None:
        write_into(spec, target, signatures[0])
        outputs = [target]
    else:
        outputs = [
            block.create_var(
                named(),
                shape=shape,
                dtype=dtype,
                stop_gradient=spec.stop_gradient,
                lod_level=spec.lod_level
                if index in spec.ragged
                else getattr(shared[index], "lod_level", 0),
            )
            for index, (shape, dtype) in enumerate(signatures)
        ]
    append_layer(spec, arguments, outputs, shared, block)
    return target if target is not None else outputs[0] if len(outputs) == 1 else outputs


def append_layer(
    spec: LayerSpec,
    arguments: dict[str, Any],
    outputs: list[Variable],
    shared: list[Any],
    block: Block,
) -> None:
    """Append a layer's operator that writes these variables.

    Args:
        spec: the layer.
        arguments: by name, without `name` and `act`.
        outputs: declared as the results.
        shared: whose levels of detail each result takes.
        block: where.
    """
    op = block.append(spec.type, spec.function, arguments, outputs, spec, shared)
    op.node.meta["layer"] = spec
    if isinstance(spec.no_gradient, tuple):
        op.node.meta["no_gradient_of"] = spec.no_gradient
    elif spec.no_gradient:
        for variable in outputs:
            assert variable.node is not None
            variable.node.meta["no_gradient"] = True


def write_into(spec: LayerSpec, target: Any, signature: Signature) -> None:
    """Let an existing variable be declared as the result that it is about to hold.

    Raises:
        TypeError: it is no variable; or the layer was told a dtype that is not the variable's.
        ValueError: it is one that outlives the run, and the result is another kind of value.
    """
    if not isinstance(target, Variable):
        raise TypeError(
            f"{spec.type}: {spec.into} must be a variable, but it is {type(target).__name__}; it "
            "takes the result"
        )
    shape, dtype = signature
    differs = as_var_type(dtype) != target.dtype
    if differs and spec.creates:
        raise TypeError(
            f"{spec.type}: {spec.into} must have the dtype of the result, {dtype}, but "
            f"{target.name!r} is {target.describe()}"
        )
    if differs and target.persistable:
        raise ValueError(
            f"{spec.type}: {target.name!r} is kept between runs as {target.describe()}, and the "
            f"result is {dtype}; use fluid.layers.cast on the input"
        )
    target.redeclare(shape, dtype)
    if spec.stop_gradient and dtype != torch.bool:
        target.stop_gradient = True


def _is_recorded(arguments: dict[str, Any], spec: LayerSpec) -> bool:
    if any(recorder_of(value) is not None for value in arguments.values()):
        return True
    return spec.creates and not _modes.in_dygraph_mode()


record_with(record_layer)

__getattr__ = publish(__name__, globals(), __all__)
