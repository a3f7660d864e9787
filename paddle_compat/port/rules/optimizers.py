"""`paddle.optimizer`: the optimizers whose steps are torch's, at a constant learning rate."""

from __future__ import annotations

from paddle_compat.port.rewrite.site import Site
from paddle_compat.port.rules.spec import Function

__all__ = ["METHODS", "RULES"]

# What follows an optimizer's dot: torch's, arguments included.
METHODS = {
    "clear_grad": "zero_grad(set_to_none=False)",
    "clear_gradients": "zero_grad(set_to_none=False)",
}


def _constant_rate(site: Site) -> str | None:
    rate = site.value("learning_rate")
    decay = site.value("weight_decay")
    if rate is not None and type(site.module.constant(rate)) not in (int, float):
        return "its learning rate is not certainly a number; a scheduler is made another way round"
    if decay is not None and type(site.module.constant(decay)) not in (int, float, type(None)):
        return "its weight_decay is not certainly a number"
    if "parameters" not in site.given:
        return "without parameters=, torch has none to train"
    return None


def _nonzero_decay(site: Site) -> str | None:
    decay = site.value("weight_decay")
    if decay is not None and site.module.constant(decay) is None:
        return "torch takes no weight_decay=None"
    return _constant_rate(site)


_END = "weight_decay grad_clip>=None"


def _optimizer(name: str, torch: str, signature: str, add: dict[str, str], *more: str) -> Function:
    examples = (*(f"trained(paddle.optimizer.{name}({each}), p)" for each in more),)
    return Function(
        f"paddle.optimizer.{name}",
        f"torch.optim.{torch}",
        signature,
        examples,
        add=add,
        require=_nonzero_decay,
        method=False,
        gradient=False,
    )


# Paddle keeps the powers of Adam's betas in float32, and torch in double: a step differs by 1e-5 of
# itself at most, hence the small learning rates of the examples.
RULES = (
    _optimizer(
        "SGD",
        "SGD",
        f"* learning_rate>lr parameters>params {_END} multi_precision>=False name>",
        {"learning_rate": "lr=0.001"},
        "0.05, [p]",
        "parameters=[p], learning_rate=0.5, weight_decay=0.01",
        "parameters=[p]",
    ),
    _optimizer(
        "Momentum",
        "SGD",
        f"* learning_rate>lr momentum parameters>params use_nesterov>nesterov {_END} "
        "multi_precision>=False rescale_grad>=1.0 use_multi_tensor>=False name>",
        {"learning_rate": "lr=0.001", "momentum": "momentum=0.9"},
        "0.05, 0.8, [p], True",
        "learning_rate=0.1, momentum=0.5, parameters=[p], weight_decay=0.1",
        "parameters=[p]",
    ),
    _optimizer(
        "Adam",
        "Adam",
        f"* learning_rate>lr beta1>=0.9 beta2>=0.999 epsilon>eps parameters>params {_END} "
        "lazy_mode>=False multi_precision>=False use_multi_tensor>=False amsgrad>=False name>",
        {},
        "0.01, parameters=[p]",
        "learning_rate=0.02, epsilon=1e-3, parameters=[p]",
        "learning_rate=0.02, parameters=[p], weight_decay=0.1",
        "parameters=[p]",
    ),
    _optimizer(
        "AdamW",
        "AdamW",
        "* learning_rate>lr beta1>=0.9 beta2>=0.999 epsilon>eps parameters>params weight_decay "
        "lr_ratio>=None apply_decay_param_fun>=None grad_clip>=None lazy_mode>=False "
        "multi_precision>=False amsgrad>=False name>",
        {},
        "learning_rate=0.02, parameters=[p], weight_decay=0.1",
        "parameters=[p]",
    ),
)
