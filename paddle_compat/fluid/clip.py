"""`paddle.fluid.clip`: limits of gradients."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid import framework
from paddle_compat.fluid._dtypes import VarType
from paddle_compat.fluid._program import Program
from paddle_compat.fluid._publish import publish
from paddle_compat.fluid._spent_names import spend
from paddle_compat.fluid._variable import Parameter, Variable

__all__ = [
    "ErrorClipByValue",
    "GradientClipByGlobalNorm",
    "GradientClipByNorm",
    "GradientClipByValue",
    "set_gradient_clip",
]

Pairs = list[tuple[Parameter, Any]]


class ErrorClipByValue:
    """Limits the gradient of one variable, where it passes on its way back.

    Set it as a variable's ``error_clip``, before the program runs. In 1.8 only an optimizer's
    `minimize` looks at it; here every gradient that is taken does.

    Args:
        max: the largest value of an element.
        min: the smallest; None is -max.

    Source:
        ``paddle.fluid.clip.ErrorClipByValue``, PaddlePaddle 1.8.
    """

    def __init__(self, max: float, min: float | None = None) -> None:
        self.max = float(max)
        self.min = -self.max if min is None else float(min)

    def __str__(self) -> str:
        return f"ByValue, min={self.min:f}, max={self.max:f}"


class GradientClipBase:
    """What limits gradients; called with pairs of a parameter and its gradient.

    Args:
        need_clip: tells of a parameter whether its gradient is limited; None is all.

    Raises:
        TypeError: need_clip is no function.
    """

    def __init__(self, need_clip: Callable[[Any], bool] | None = None) -> None:
        if need_clip is not None and not callable(need_clip):
            raise TypeError(
                "need_clip must be a function that tells of a parameter whether its gradient is "
                f"limited, but it is {type(need_clip).__name__}"
            )
        self._need_clip_func = need_clip

    def __call__(self, params_grads: Sequence[Any]) -> Pairs:
        """Record the limits; return pairs with the limited gradients, without absent ones."""
        if any(param.gradient_clip_attr is not None for param, _ in params_grads):
            warnings.warn(
                "set_gradient_clip has no effect beside the optimizer's grad_clip; drop it",
                stacklevel=2,
            )
        pairs = [(param, grad) for param, grad in params_grads if grad is not None]
        chosen = [
            pair for pair in pairs if self._need_clip_func is None or self._need_clip_func(pair[0])
        ]
        if not chosen:
            return pairs
        limited = dict(zip((param for param, _ in chosen), self._record(chosen), strict=True))
        return [(param, limited.get(param, grad)) for param, grad in pairs]

    def _record(self, pairs: Pairs) -> list[Variable]:
        """Record the limits of all these gradients; return the limited ones."""
        raise NotImplementedError


class GradientClipByValue(GradientClipBase):
    """Limits every element to min..max.

    Args:
        max: the largest value.
        min: the smallest; None is -max, and max must be positive then.
        need_clip: tells of a parameter whether its gradient is limited; None is all.

    Raises:
        AssertionError: min is None, and max is not positive.
        TypeError: need_clip is no function, or max no number.

    Source:
        ``paddle.fluid.clip.GradientClipByValue``, PaddlePaddle 1.8.
    """

    def __init__(
        self,
        max: float,
        min: float | None = None,
        need_clip: Callable[[Any], bool] | None = None,
    ) -> None:
        super().__init__(need_clip)
        if min is None and not max > 0.0:
            raise AssertionError(f"max must be positive where min is not given, but it is {max}")
        self.max = float(max)
        self.min = float(-max if min is None else min)

    def __str__(self) -> str:
        return f"Gradient Clip By Value, min = {self.min:f}, max={self.max:f}"

    def _record(self, pairs: Pairs) -> list[Variable]:
        from paddle_compat.fluid import layers

        limit: Any = layers.clip
        return [limit(grad, self.min, self.max) for _, grad in pairs]


class GradientClipByNorm(GradientClipBase):
    """Scales each gradient whose norm is larger down to it.

    Args:
        clip_norm: the largest norm of one parameter's gradient.
        need_clip: tells of a parameter whether its gradient is limited; None is all.

    Raises:
        TypeError: need_clip is no function, or clip_norm no number.

    Source:
        ``paddle.fluid.clip.GradientClipByNorm``, PaddlePaddle 1.8.
    """

    def __init__(self, clip_norm: float, need_clip: Callable[[Any], bool] | None = None) -> None:
        super().__init__(need_clip)
        self.clip_norm = float(clip_norm)

    def __str__(self) -> str:
        return f"Gradient Clip By Norm, clip_norm={self.clip_norm:f}"

    def _record(self, pairs: Pairs) -> list[Variable]:
        from paddle_compat.fluid import layers

        limit: Any = layers.clip_by_norm
        return [limit(grad, self.clip_norm) for _, grad in pairs]


@torch.no_grad()
def limit_global_norm(
    grads: Sequence[Tensor], others: Sequence[Tensor], clip_norm: float
) -> Tensor | tuple[Tensor, ...]:
    """Return gradients times clip_norm / max(clip_norm, norm of all of them).

    Args:
        grads: what is scaled.
        others: what the norm is of; none is the same.
        clip_norm: the largest norm.
    """
    norms = torch._foreach_norm(list(others or grads))
    total = torch.linalg.vector_norm(torch.stack(list(norms)))
    limit = torch.full_like(total, clip_norm)
    factor = limit / torch.maximum(limit, total)
    scaled = torch._foreach_mul(list(grads), factor)
    return scaled[0] if len(scaled) == 1 else tuple(scaled)


class GradientClipByGlobalNorm(GradientClipBase):
    """Scales all gradients down together where their common norm is larger.

    Args:
        clip_norm: the largest norm of all gradients taken as one vector.
        group_name: with `set_gradient_clip`, whose gradients are taken together.
        need_clip: tells of a parameter whether its gradient is limited, and counts; None is all.

    Raises:
        TypeError: need_clip is no function, or clip_norm no number.

    Example:
        >>> from paddle_compat import fluid
        >>> limit = fluid.clip.GradientClipByGlobalNorm(clip_norm=10.0)
        >>> optimizer = fluid.optimizer.Momentum(0.01, 0.9, grad_clip=limit)

    Source:
        ``paddle.fluid.clip.GradientClipByGlobalNorm``, PaddlePaddle 1.8.
    """

    def __init__(
        self,
        clip_norm: float,
        group_name: str = "default_group",
        need_clip: Callable[[Any], bool] | None = None,
    ) -> None:
        super().__init__(need_clip)
        self.clip_norm = float(clip_norm)
        self.group_name = group_name

    def __str__(self) -> str:
        return f"Gradient Clip By GlobalNorm, global_norm={self.clip_norm:f}"

    def _record(self, pairs: Pairs) -> list[Variable]:
        return self._scale(pairs, pairs)

    def _scale(self, pairs: Pairs, counted: Pairs) -> list[Variable]:
        """Record the scaling of gradients by the norm of some."""
        for param, grad in (*pairs, *counted):
            if grad.dtype != VarType.FP32:
                raise TypeError(
                    "GradientClipByGlobalNorm: gradients must be float32, but that of "
                    f"{param.name!r} is {grad.describe()}; use GradientClipByValue"
                )
        for _ in counted:
            spend("square", "reduce_sum")
        spend("sum", "sqrt", "fill_constant", "elementwise_max", "elementwise_div")
        block = pairs[0][1].block
        outputs = [
            block.create_var(spend("elementwise_mul"), shape=grad.shape, dtype=grad.dtype)
            for _, grad in pairs
        ]
        grads = [grad for _, grad in pairs]
        others = [] if counted is pairs else [grad for _, grad in counted]
        arguments = {"grads": grads, "others": others, "clip_norm": self.clip_norm}
        block.append("clip_by_global_norm", limit_global_norm, arguments, outputs)
        return outputs


def set_gradient_clip(
    clip: GradientClipBase,
    param_list: Iterable[Parameter | str] | None = None,
    program: Program | None = None,
) -> None:
    """Limit the gradients of parameters, in every `minimize` that follows.

    Args:
        clip: the limit.
        param_list: parameters or their names; None is all that the program has by now.
        program: None is the default main program.

    Raises:
        TypeError: an argument has the wrong type.

    Convention:
        As in 1.8, nothing is limited as long as any updated parameter has no limit; and where
        parameters have different ones, that of the last one by name holds for all.

    Source:
        ``paddle.fluid.clip.set_gradient_clip``, PaddlePaddle 1.8.
    """
    if not isinstance(clip, GradientClipBase):
        raise TypeError(
            "set_gradient_clip: clip must be one of fluid.clip's, such as "
            f"GradientClipByGlobalNorm, but it is {type(clip).__name__}"
        )
    block = (program or framework.default_main_program()).global_block()
    chosen = block.all_parameters() if param_list is None else list(param_list)
    for item in chosen:
        param = block.var(item) if isinstance(item, str) else item
        if not isinstance(param, Parameter):
            raise TypeError(
                "set_gradient_clip: param_list must hold parameters or their names, but one is "
                f"{item!r}"
            )
        param.gradient_clip_attr = copy.deepcopy(clip)


def append_gradient_clip_ops(params_grads: Sequence[Any]) -> Pairs:
    """Record the limits that `set_gradient_clip` put on parameters."""
    pairs: Pairs = [(param, grad) for param, grad in params_grads if grad is not None]
    limits = [param.gradient_clip_attr for param, _ in pairs]
    if not limits or any(limit is None for limit in limits):
        return list(params_grads)
    norms: dict[str, float] = {}
    for limit in limits:
        if isinstance(limit, GradientClipByGlobalNorm):
            norm = norms.setdefault(limit.group_name, limit.clip_norm)
            if norm != limit.clip_norm:
                raise ValueError(
                    f"the parameters of group {limit.group_name!r} must have one clip_norm, but "
                    f"they have {norm} and {limit.clip_norm}"
                )
    last = limits[-1]
    if isinstance(last, GradientClipByGlobalNorm):
        counted = [
            pair
            for pair, limit in zip(pairs, limits, strict=True)
            if getattr(limit, "group_name", None) == last.group_name
        ]
        limited = last._scale(pairs, counted if len(counted) < len(pairs) else pairs)
    else:
        limited = last._record(pairs)
    return [(param, grad) for (param, _), grad in zip(pairs, limited, strict=True)]


__getattr__ = publish(__name__, globals(), __all__)
