"""`paddle.fluid.param_attr`: what a layer is told of a parameter that it makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paddle_compat.fluid._publish import publish
from paddle_compat.fluid.initializer import Constant, Initializer, Xavier

__all__ = ["ParamAttr"]


class ParamAttr:
    """A parameter's name, first value and training.

    Args:
        name: parameters of one name are one parameter; None makes a name up.
        initializer: of the first value; None leaves it to the layer (most use Xavier for weights
            and 0 for biases).
        learning_rate: multiplies the optimizer's.
        regularizer: goes before the optimizer's.
        trainable: whether training changes it.
        do_model_average: kept for code that sets it.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: the name is empty.

    Source:
        ``paddle.fluid.ParamAttr``, PaddlePaddle 1.8.
    """

    def __init__(
        self,
        name: str | None = None,
        initializer: Initializer | None = None,
        learning_rate: float = 1.0,
        regularizer: Any = None,
        trainable: bool = True,
        do_model_average: bool = True,
    ) -> None:
        _check("name", name, (str, type(None)), "a string or None")
        _check("learning_rate", learning_rate, (float, int), "a float")
        _check("trainable", trainable, (bool,), "a bool")
        _check("do_model_average", do_model_average, (bool,), "a bool")
        if name == "":
            raise ValueError("name must not be empty; leave it out to have one made up")
        self.name = name
        self.initializer = initializer
        self.learning_rate = learning_rate
        self.regularizer = regularizer
        self.trainable = trainable
        self.do_model_average = do_model_average

    @staticmethod
    def _to_attr(arg: Any) -> Any:
        """Read what layers take for `param_attr`; False means that there is no parameter."""
        if arg is None:
            return ParamAttr()
        if isinstance(arg, (list, tuple)):
            return [ParamAttr._to_attr(item) for item in arg]
        if isinstance(arg, ParamAttr):
            return arg
        if isinstance(arg, str):
            return ParamAttr(name=arg)
        if isinstance(arg, Initializer):
            return ParamAttr(initializer=arg)
        if hasattr(arg, "append_decay"):  # a regularizer
            return ParamAttr(regularizer=arg)
        if isinstance(arg, bool):
            return ParamAttr() if arg else False
        raise TypeError(
            "a parameter's attribute must be a ParamAttr, a name, an initializer, a regularizer or "
            f"a bool, but it is {type(arg).__name__}"
        )

    def complete(
        self, name: str, is_bias: bool, default_initializer: Initializer | None
    ) -> ParamAttr:
        """Return a copy with a name and an initializer."""
        initializer = (
            self.initializer or default_initializer or (Constant(0.0) if is_bias else Xavier())
        )
        return ParamAttr(
            self.name or name,
            initializer,
            self.learning_rate,
            self.regularizer,
            self.trainable,
            self.do_model_average,
        )

    def declaration(self) -> dict[str, Any]:
        """Return what `Block.create_parameter` takes of it, without the initializer."""
        return {
            "name": self.name,
            "optimize_attr": {"learning_rate": self.learning_rate},
            "regularizer": self.regularizer,
            "trainable": self.trainable,
            "do_model_average": self.do_model_average,
        }


def _check(name: str, value: Any, types: Sequence[type], wanted: str) -> None:
    if not isinstance(value, tuple(types)):
        raise TypeError(f"ParamAttr: {name} must be {wanted}, but it is {type(value).__name__}")


__getattr__ = publish(__name__, globals(), __all__)
