"""Variables: handles on the values of a program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import torch
from torch import fx

from paddle_compat.fluid._dtypes import VarType, as_torch_dtype, as_var_type, dtype_name
from paddle_compat.fluid._layer import LayerSpec, recorded

if TYPE_CHECKING:
    from paddle_compat.fluid._operator import Operator
    from paddle_compat.fluid._program import Block

__all__ = ["Parameter", "Variable", "fits_declared", "grad_name"]


def grad_name(name: str) -> str:
    """Return the name of a variable's gradient."""
    return name + "@GRAD"


def fits_declared(declared: Sequence[int], shape: Sequence[int]) -> bool:
    """Tell whether a value has a declared shape, in which -1 is any size."""
    return len(declared) == len(shape) and all(
        known < 0 or known == size for known, size in zip(declared, shape, strict=True)
    )


class Variable:
    """A value of a later run: a name, a shape with -1 for what is not known yet, and a dtype.

    Layers called with variables record themselves into the variable's program. Attributes as in
    ``paddle.fluid.framework.Variable``, PaddlePaddle 1.8: `name`, `shape`, `dtype`,
    `stop_gradient`, `persistable`, `lod_level`, `block`, `type`.
    """

    def __init__(
        self,
        block: Block,
        name: str,
        shape: Sequence[int] = (),
        dtype: Any = "float32",
        *,
        persistable: bool = False,
        stop_gradient: bool = False,
        lod_level: int = 0,
        is_data: bool = False,
        need_check_feed: bool = False,
        type: VarType = VarType.LOD_TENSOR,
        belong_to_optimizer: bool = False,
    ) -> None:
        self.block = block
        self._name = name
        self._shape = tuple(int(size) for size in shape)
        self._dtype = as_var_type(dtype)
        self._persistable = persistable
        self._stop_gradient = stop_gradient
        self._lod_level = lod_level
        self.is_data = is_data
        self.need_check_feed = need_check_feed
        self.type = type
        self.belong_to_optimizer = belong_to_optimizer
        self.op: Operator | None = None
        # What holds the value at this point of the program; None before anything read or wrote it.
        self.node: fx.Node | None = None

    @property
    def name(self) -> str:
        """The name; setting it renames the variable in its block."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self.block.vars.pop(self._name, None)
        self._name = name
        self.block.vars[name] = self
        self.block.program.changed()

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape; -1 is a size that a run will tell."""
        return self._shape

    @property
    def dtype(self) -> VarType:
        """The dtype, as `fluid.core.VarDesc.VarType` names it."""
        return self._dtype

    @property
    def torch_dtype(self) -> torch.dtype:
        """The dtype, as torch names it."""
        return as_torch_dtype(self._dtype)

    @property
    def lod_level(self) -> int:
        """How many levels of detail the value carries."""
        return self._lod_level

    @property
    def has_value(self) -> bool:
        """Whether there is a value before any layer writes one: it is fed, or in the scope."""
        return self.is_data or self._persistable

    @property
    def stop_gradient(self) -> bool:
        """Whether gradients end here."""
        return self._stop_gradient

    @stop_gradient.setter
    def stop_gradient(self, stop: bool) -> None:
        self._stop_gradient = bool(stop)
        self.block.program.changed()

    @property
    def persistable(self) -> bool:
        """Whether the value stays in the scope between runs."""
        return self._persistable

    @persistable.setter
    def persistable(self, persistable: bool) -> None:
        self._persistable = bool(persistable)
        self.block.program.changed()

    @property
    def grad_name(self) -> str:
        """The name of the gradient."""
        return grad_name(self._name)

    def redeclare(self, shape: Sequence[int], dtype: Any) -> None:
        """Take another shape and dtype: a layer is about to write another kind of value here."""
        self._shape, self._dtype = tuple(shape), as_var_type(dtype)
        self.block.program.changed()

    def describe(self) -> str:
        """Return the dtype and shape in short: ``float32[-1, 10]``."""
        return f"{dtype_name(self._dtype)}{list(self._shape)}"

    def to_string(self, throw_on_error: bool = True, with_details: bool = False) -> str:
        """Return the declaration in one line."""
        flags = [
            word
            for word, on in (
                ("data", self.is_data),
                ("persistable", self._persistable),
                ("stop_gradient", self._stop_gradient),
            )
            if on
        ]
        return f"{type(self).__name__} {self._name}: {self.describe()}" + "".join(
            f", {flag}" for flag in flags
        )

    def __repr__(self) -> str:
        return self.to_string()

    def __hash__(self) -> int:
        return id(self)

    def __fluid_layer__(self, spec: LayerSpec, arguments: dict[str, Any]) -> Any:
        return recorded(spec, arguments)

    if TYPE_CHECKING:
        # Recorded layers, given by `layers.math_op_patch`.
        def __add__(self, other: Any) -> Variable: ...
        def __radd__(self, other: Any) -> Variable: ...
        def __sub__(self, other: Any) -> Variable: ...
        def __rsub__(self, other: Any) -> Variable: ...
        def __mul__(self, other: Any) -> Variable: ...
        def __rmul__(self, other: Any) -> Variable: ...
        def __truediv__(self, other: Any) -> Variable: ...
        def __rtruediv__(self, other: Any) -> Variable: ...
        def __pow__(self, other: Any) -> Variable: ...
        def __rpow__(self, other: Any) -> Variable: ...
        def __floordiv__(self, other: Any) -> Variable: ...
        def __mod__(self, other: Any) -> Variable: ...
        def __lt__(self, other: Any) -> Variable: ...
        def __le__(self, other: Any) -> Variable: ...
        def __gt__(self, other: Any) -> Variable: ...
        def __ge__(self, other: Any) -> Variable: ...
        def __eq__(self, other: object) -> Variable: ...  # type: ignore[override]
        def __ne__(self, other: object) -> Variable: ...  # type: ignore[override]
        def __neg__(self) -> Variable: ...
        def __getitem__(self, item: Any) -> Variable: ...
        def astype(self, dtype: Any) -> Variable: ...

    def __bool__(self) -> bool:
        self._no_value("the truth of", "bool() of it is always True in Paddle 1.x, a bug")

    def __iter__(self) -> Iterator[Any]:
        self._no_value("iterating over", "in Paddle 1.x the loop never ends")

    def _no_value(self, what: str, why: str) -> NoReturn:
        raise TypeError(
            f"{what} variable {self._name!r} ({self.describe()}) needs its value, which only a "
            f"run has; {why}. Fetch it with Executor.run, or use layers on it"
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NoReturn:
        self._no_value("numpy's reading of", "fetch_list=[...] gives the array")

    def _eager_only(self, method: str) -> NoReturn:
        raise AssertionError(
            f"{method}() belongs to eager tensors, and {self._name!r} is a variable of a program; "
            "fetch its value with Executor.run, or build it inside fluid.dygraph.guard()"
        )

    def numpy(self) -> NoReturn:
        """Refuse: a variable has no value before a run."""
        self._eager_only("numpy")

    def detach(self) -> NoReturn:
        """Refuse: set `stop_gradient` instead."""
        self._eager_only("detach")

    def backward(self, backward_strategy: object = None) -> NoReturn:
        """Refuse: use `fluid.backward.append_backward` instead."""
        self._eager_only("backward")

    def gradient(self) -> NoReturn:
        """Refuse: fetch the variable named `grad_name` instead."""
        self._eager_only("gradient")

    def clear_gradient(self) -> NoReturn:
        """Refuse: a program's gradients are fresh in each run."""
        self._eager_only("clear_gradient")

    def set_value(self, value: object) -> NoReturn:
        """Refuse: set the scope's tensor instead."""
        self._eager_only("set_value")


class Parameter(Variable):
    """A persistable variable that training changes.

    Attributes:
        trainable: whether optimizers update it.
        optimize_attr: ``{"learning_rate": factor}``.
        regularizer: goes before the optimizer's.
    """

    def __init__(
        self,
        block: Block,
        name: str,
        shape: Sequence[int],
        dtype: Any,
        *,
        trainable: bool = True,
        optimize_attr: dict[str, Any] | None = None,
        regularizer: Any = None,
        do_model_average: bool | None = None,
        stop_gradient: bool = False,
    ) -> None:
        shape = tuple(shape)
        if not shape:
            raise ValueError(f"the shape of parameter {name!r} must have at least one dimension")
        if not all(isinstance(size, int) for size in shape):
            raise TypeError(f"the shape of parameter {name!r} must be ints, but it is {shape}")
        if any(size <= 0 for size in shape):
            raise ValueError(
                f"each size of parameter {name!r} must be known and positive, but its shape is "
                f"{list(shape)}; give the input's inner dimensions when declaring it"
            )
        super().__init__(block, name, shape, dtype, persistable=True, stop_gradient=stop_gradient)
        self.trainable = trainable
        self.optimize_attr = {"learning_rate": 1.0} if optimize_attr is None else optimize_attr
        self.regularizer = regularizer
        self.do_model_average = do_model_average
        self.is_distributed = False
        self.gradient_clip_attr: Any = None
