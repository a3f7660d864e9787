"""`paddle.fluid.dygraph.base`: eager mode; its tensors are torch's."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from paddle_compat.errors import unsupported_attribute
from paddle_compat.fluid import _modes
from paddle_compat.fluid._lod import attach
from paddle_compat.fluid._places import device_of
from paddle_compat.fluid._scope import LoDTensor
from paddle_compat.fluid._variable import Variable

__all__ = [
    "disable_dygraph",
    "enable_dygraph",
    "enabled",
    "grad",
    "guard",
    "no_grad",
    "to_variable",
]

_device = torch.device("cpu")

no_grad = torch.no_grad


@contextlib.contextmanager
def guard(place: Any = None) -> Iterator[None]:
    """Run layers at once inside the block, on a place (the CPU by default).

    1.8 stays in eager mode when the block raises; this leaves it.

    Example:
        >>> import numpy as np
        >>> from paddle_compat import fluid
        >>> with fluid.dygraph.guard():
        ...     x = fluid.dygraph.to_variable(np.ones([2], "float32"))
        ...     fluid.layers.reduce_sum(x)
        tensor([2.])

    Source:
        ``paddle.fluid.dygraph.guard``, PaddlePaddle 1.8.
    """
    global _device
    before, _device = _device, device_of(place)
    try:
        with _modes.dygraph():
            yield
    finally:
        _device = before


def to_variable(value: Any, name: str | None = None, zero_copy: bool | None = None) -> torch.Tensor:
    """Return an array as a torch tensor that layers run on; a tensor as it is.

    Args:
        value: a numpy array, or a tensor; or a `fluid.LoDTensor`, whose levels of detail the
            torch tensor then carries to the layers that look at them. `fluid.LoDTensor(result)`
            tells those of what a layer returned.
        name: not used; torch tensors have no names.
        zero_copy: whether memory is shared with the array where it can be.

    Raises:
        TypeError: the value is neither, or it is a program's variable.
        AssertionError: no `guard` is entered.

    Convention:
        The result takes no gradients until ``requires_grad_()``, which is 1.8's
        ``stop_gradient = False``; ``tensor.grad`` is its ``gradient()``.

    Source:
        ``paddle.fluid.dygraph.to_variable``, PaddlePaddle 1.8.
    """
    if isinstance(value, torch.Tensor):
        return value
    if isinstance(value, LoDTensor):
        tensor = to_variable(np.array(value), name, zero_copy)
        attach(tensor, value.levels)
        return tensor
    if isinstance(value, Variable) or not isinstance(value, np.ndarray):
        raise TypeError(
            f"to_variable: value must be a numpy array, but it is {type(value).__name__}; use "
            "numpy.array(...)"
        )
    if not _modes.in_dygraph_mode():
        raise AssertionError("to_variable works inside fluid.dygraph.guard(); enter it first")
    tensor = torch.from_numpy(value if zero_copy else np.array(value, order="C"))
    return tensor.to(_device)


def grad(
    outputs: torch.Tensor | Sequence[torch.Tensor],
    inputs: torch.Tensor | Sequence[torch.Tensor],
    grad_outputs: torch.Tensor | Sequence[torch.Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool = False,
    no_grad_vars: Any = None,
    backward_strategy: object = None,
) -> list[torch.Tensor | None]:
    """Return the gradients of outputs in inputs.

    Args:
        outputs: a tensor, or several.
        inputs: a tensor, or several.
        grad_outputs: what enters at each output; ones where it is None.
        retain_graph: whether the graph is kept for another backward pass; as `create_graph`
            where it is None.
        create_graph: whether the gradients can be differentiated themselves.
        only_inputs: must be True.
        allow_unused: whether None may be returned for an input that no output depends on.
        no_grad_vars: must be None.
        backward_strategy: ignored.

    Raises:
        ValueError: `no_grad_vars` is given, or `only_inputs` is False; an output is a constant; or
            no output depends on an input.

    Source:
        ``paddle.fluid.dygraph.grad``, PaddlePaddle 1.8.
    """
    if no_grad_vars or not only_inputs:
        raise ValueError(
            "grad: no_grad_vars and only_inputs=False are not offered; use tensor.detach() where "
            "gradients are to end"
        )
    heads, wanted = _several(outputs), _several(inputs)
    given = [None] * len(heads) if grad_outputs is None else _several(grad_outputs)
    for number, head in enumerate(heads):
        if not head.requires_grad:
            raise ValueError(
                f"grad: outputs[{number}] must depend on what takes gradients, but it is a "
                "constant; leave it out"
            )
    entering = [
        torch.ones_like(head) if cotangent is None else cotangent
        for head, cotangent in zip(heads, given, strict=True)
    ]
    found: list[torch.Tensor | None] = list(
        torch.autograd.grad(
            heads,
            wanted,
            entering,
            retain_graph=retain_graph,
            create_graph=create_graph,
            allow_unused=True,
        )
    )
    for number, gradient in enumerate(found):
        if gradient is None and not allow_unused:
            raise ValueError(
                f"grad: no output depends on inputs[{number}]; with allow_unused=True its "
                "gradient is None"
            )
    return found


def _several(tensors: Any) -> list[Any]:
    return list(tensors) if isinstance(tensors, list | tuple) else [tensors]


def enabled() -> bool:
    """Tell whether eager mode is on.

    Source:
        ``paddle.fluid.dygraph.enabled``, PaddlePaddle 1.8.
    """
    return _modes.in_dygraph_mode()


def enable_dygraph(place: Any = None) -> None:
    """Enter eager mode for good.

    Source:
        ``paddle.fluid.enable_dygraph``, PaddlePaddle 1.8.
    """
    global _device
    _device = device_of(place)
    _modes.set_dygraph(True)


def disable_dygraph() -> None:
    """Leave eager mode.

    Source:
        ``paddle.fluid.disable_dygraph``, PaddlePaddle 1.8.
    """
    _modes.set_dygraph(False)


__getattr__ = unsupported_attribute(
    __name__, "paddle.fluid.dygraph.base", offered=__all__, section="Legacy programs"
)
