"""Every rule's examples give the same under real Paddle 3.3.1 and, rewritten, under torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from paddle_compat.port.resolve import parse
from paddle_compat.port.rewrite.plan import plan
from paddle_compat.port.rules import by_path, named
from paddle_compat.port.rules.spec import Named

pytestmark = pytest.mark.live

# Those of 1.x are compared with real Paddle 1.8.5, in test_rules_1x_live.py.
RULES = {
    path: rule
    for path, rule in {**by_path(), **named()}.items()
    if not path.startswith("paddle.fluid.")
}
HEADER = """import numpy as np
import paddle
T = paddle.Tensor
def f(x: paddle.Tensor, y: paddle.Tensor, i: paddle.Tensor, j: paddle.Tensor, b: paddle.Tensor,
      image: paddle.Tensor, kernel: paddle.Tensor, p):
    return """


def inputs() -> dict[str, np.ndarray[Any, Any]]:
    """Return values with equal elements, zeros, and the bounds that examples name."""
    draw = np.random.default_rng(7)
    grid = np.array([-1.0, -0.5, 0.0, 0.25, 0.5, 1.0, 1.3], "float32")
    return {
        "x": draw.choice(grid, [2, 3, 4]),
        "y": draw.choice(grid, [2, 3, 4]),
        "i": draw.integers(0, 4, [2, 3]),
        "j": draw.integers(0, 4, [3]),
        "b": draw.random([2, 3, 4]) > 0.5,
        "image": draw.choice(grid, [2, 3, 6, 7]) + draw.choice(grid, [2, 3, 6, 7]),
        "kernel": draw.normal(size=[2, 3, 3, 3]).astype("float32"),
        "p": draw.normal(size=[5]).astype("float32"),
    }


def trained(step: Callable[[], None], clear: Callable[[], None], p: Any) -> list[Any]:
    """Return a parameter after each of some steps; the gradient is 0 in one."""
    seen = []
    for number in range(12):
        scale = 0.0 if number == 5 else 1.0 + 0.1 * number
        ((p * p * 0.5 + p) * scale).sum().backward()
        step()
        clear()
        seen.append(p.detach().clone())
    return seen


class Side:
    """A framework: how tensors are made, and what examples may call."""

    def __init__(self, source: str, given: dict[str, Any], helpers: dict[str, Any]) -> None:
        names: dict[str, Any] = dict(helpers)
        exec(compile(source, "<example>", "exec"), names)
        self.given = given
        self.result = names["f"](**given)

    def gradients(self) -> dict[str, Any]:
        """Return the gradients of a weighted sum of all that is of floats."""
        total: Any = 0.0
        for number, each in enumerate(flat(self.result)):
            if "float" in str(each.dtype) and not stopped(each):
                weights = [(k * 7 % 5) - 1.5 for k in range(int(np.prod(each.shape)))]
                weight = type(self).tensor(np.array(weights, "float32").reshape(each.shape))
                total = total + (
                    each.astype("float32") if hasattr(each, "stop_gradient") else each
                ) * weight * (number + 1.0)
                total = total.sum()
        if not isinstance(total, float):
            total.backward()
        return {name: array(x.grad) for name, x in self.given.items() if x.grad is not None}

    tensor: Any


def stopped(x: Any) -> bool:
    return bool(x.stop_gradient) if hasattr(x, "stop_gradient") else not x.requires_grad


def flat(result: Any) -> list[Any]:
    if isinstance(result, (list, tuple)):
        return [each for one in result for each in flat(one)]
    return [result] if hasattr(result, "dtype") and hasattr(result, "detach") else []


def array(x: Any) -> np.ndarray[Any, Any]:
    x = x.detach()
    if "bfloat16" in str(x.dtype):
        x = x.astype("float32") if hasattr(x, "stop_gradient") else x.float()
    found: np.ndarray[Any, Any] = x.cpu().numpy()
    return found


def description(result: Any) -> Any:
    """Return a result's structure, dtypes and shapes."""
    if isinstance(result, (list, tuple)):
        return type(result).__name__, [description(each) for each in result]
    if hasattr(result, "detach"):
        return str(result.dtype).rpartition(".")[2], tuple(result.shape)
    return type(result).__name__, result


def both(paddle: Any, expression: str) -> tuple[Side, Side, str]:
    source = HEADER + expression + "\n"
    ported = plan(parse(source), "torch")
    assert "paddle" not in ported.text, [f.message for f in ported.findings if f.code != "PC010"]
    values = inputs()

    class OfPaddle(Side):
        tensor = staticmethod(paddle.to_tensor)

    class OfTorch(Side):
        tensor = staticmethod(torch.tensor)

    ours = {k: torch.tensor(v, requires_grad=v.dtype == np.float32) for k, v in values.items()}
    theirs = {
        k: paddle.to_tensor(v, stop_gradient=v.dtype != np.float32) for k, v in values.items()
    }

    def torch_without(context: Any, x: torch.Tensor) -> bool:
        with context:
            return not (x * 2).requires_grad

    def paddle_without(context: Any, x: Any) -> bool:
        with context:
            return bool((x * 2).stop_gradient)

    left = OfPaddle(
        source,
        theirs,
        {
            "shapes": lambda x: list(x.shape),
            "without": paddle_without,
            "trained": lambda o, p: trained(o.step, o.clear_grad, p),
        },
    )
    right = OfTorch(
        ported.text,
        ours,
        {
            "shapes": lambda x: list(x.shape),
            "without": torch_without,
            "trained": lambda o, p: trained(o.step, lambda: o.zero_grad(set_to_none=False), p),
        },
    )
    return left, right, ported.text


def compare(paddle: Any, expression: str, gradient: bool) -> None:
    left, right, text = both(paddle, expression)
    told = f"{expression}\nbecame\n{text}"
    assert description(right.result) == description(left.result), told
    for ours, theirs in zip(flat(right.result), flat(left.result), strict=True):
        np.testing.assert_allclose(array(ours), array(theirs), 2e-6, 1e-6, err_msg=told)
    if gradient:
        ours_, theirs_ = right.gradients(), left.gradients()
        for name in {*ours_, *theirs_}:
            zero = np.zeros_like(inputs()[name])
            np.testing.assert_allclose(
                ours_.get(name, zero), theirs_.get(name, zero), 2e-5, 1e-5, err_msg=f"{told}{name}"
            )


@pytest.mark.parametrize("path", sorted(RULES))
def test_both_sides_give_the_same(real_paddle: Any, path: str) -> None:
    rule = RULES[path]
    assert rule.examples
    for expression in rule.examples:
        gradient = not isinstance(rule, Named) and rule.gradient
        compare(real_paddle, expression, gradient)
