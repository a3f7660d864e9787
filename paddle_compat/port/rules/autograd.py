"""Gradients: where they stop, and how they are asked for."""

from __future__ import annotations

from paddle_compat.port.rules.spec import Function, Named

__all__ = ["RULES"]

RULES = (
    Named("paddle.no_grad", "torch.no_grad", ("without(paddle.no_grad(), x)",)),
    Named("paddle.enable_grad", "torch.enable_grad", ("without(paddle.enable_grad(), x)",)),
    Function(
        "paddle.set_grad_enabled",
        "torch.set_grad_enabled",
        "mode",
        ("without(paddle.set_grad_enabled(False), x)",),
        method=False,
    ),
    Function(
        "paddle.is_grad_enabled",
        "torch.is_grad_enabled",
        "",
        ("paddle.is_grad_enabled()",),
        method=False,
        gradient=False,
    ),
    Function(
        "paddle.grad",
        "torch.autograd.grad",
        "outputs inputs grad_outputs retain_graph * create_graph only_inputs>=True allow_unused "
        "no_grad_vars>=None",
        (
            "paddle.grad([(x * x).sum()], [x])[0]",
            "paddle.grad(outputs=[x * y], inputs=[x, y], grad_outputs=[x])[1]",
        ),
        before="list(",
        after=")",
        method=False,
    ),
)
