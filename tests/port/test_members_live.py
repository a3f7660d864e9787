"""Methods and attributes of tensors, layers and optimizers mean the same after the port.

Each function returns plain values; it runs under real Paddle 3.3.1, and rewritten under torch.
"""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from paddle_compat.port.resolve import parse
from paddle_compat.port.rewrite.plan import plan

HEADER = """
import numpy as np
import paddle
from paddle import nn
from paddle.nn.initializer import Constant


class Net(nn.Layer):
    def __init__(self):
        super().__init__()
        self.one = nn.Linear(3, 2, weight_attr=Constant(0.5))
        self.add_sublayer("two", nn.ReLU())
        self.scale = self.create_parameter([2, 1], default_initializer=Constant(2.0))

    def forward(self, x):
        return self.two(self.one(x)) * self.scale


"""
SNIPPETS = {
    "shapes are lists where that shows": """
        x = paddle.ones([2, 3, 4])
        n, *rest = x.shape
        return [x.shape, x.shape[1:], x.shape + [1], x.shape == [2, 3, 4], n, rest, len(x.shape)]
    """,
    "numpy copies, also of what needs a gradient": """
        x = paddle.to_tensor([1.0, 2.0], stop_gradient=False)
        before = x.numpy()
        with paddle.no_grad():
            x.zero_()
        return [before.tolist(), x.tolist()]
    """,
    "an array of a result does not need to be detached": """
        x = paddle.to_tensor([1.0, 2.0], stop_gradient=False)
        y = paddle.square(x)
        return [y.numpy().tolist(), str(y.numpy().dtype)]
    """,
    "stop_gradient of data": """
        x = paddle.to_tensor([1.0, 2.0])
        x.stop_gradient = False
        y = paddle.square(x)
        y.sum().backward()
        return [x.stop_gradient, y.stop_gradient, x.grad.tolist()]
    """,
    "stop_gradient of a result": """
        x = paddle.to_tensor([1.0, 2.0], stop_gradient=False)
        y = paddle.square(x)
        y.stop_gradient = True
        z = paddle.multiply(x, y)
        z.sum().backward()
        return [y.stop_gradient, x.grad.tolist()]
    """,
    "parameters that are frozen": """
        net = Net()
        for p in net.parameters():
            p.stop_gradient = True
        out = net(paddle.ones([2, 3]))
        return bool(out.stop_gradient) if hasattr(out, "stop_gradient") else not out.requires_grad
    """,
    "size": """
        x = paddle.ones([2, 3])
        return [x.size, int(x.numel()), x.ndim]
    """,
    "sublayers and parameters": """
        net = Net()
        return [
            [type(each).__name__ for each in net.sublayers()],
            [type(each).__name__ for each in net.sublayers(include_self=True)],
            len(net.parameters()), sum(int(np.prod(list(p.shape))) for p in net.parameters()),
        ]
    """,
    "a parameter that a layer makes": """
        net = Net()
        return [list(net.scale.shape), net(paddle.ones([2, 3])).tolist()]
    """,
    "gradients that are cleared are zeros": """
        net = Net()
        optimizer = paddle.optimizer.Momentum(0.1, parameters=net.parameters())
        seen = []
        for step in range(3):
            out = net(paddle.ones([2, 3]) * (step - 0.5))
            paddle.mean(out).backward()
            optimizer.step()
            optimizer.clear_grad()
            seen.append([sorted(np.ravel(p.detach().numpy()).tolist()) for p in net.parameters()])
        return sorted(np.round(np.array(sum(seen[-1], [])), 5).tolist())
    """,
    "gradients of a layer that are cleared": """
        net = Net()
        paddle.mean(net(paddle.ones([2, 3]))).backward()
        net.clear_gradients()
        return [float(abs(p.grad).sum()) for p in net.parameters()]
    """,
    "a chain of methods": """
        x = paddle.arange(12).astype('float32').reshape([3, 4]).transpose([1, 0])
        y = x.unsqueeze(0).flatten(1).cast('int64')
        return [y.tolist(), y.shape, str(y.dtype).rpartition(".")[2]]
    """,
}


def sources(name: str) -> tuple[str, str]:
    body = textwrap.indent(textwrap.dedent(SNIPPETS[name]).strip(), "    ")
    source = f"{HEADER}def f():\n{body}\n"
    return source, plan(parse(source), "torch").text


def result(source: str) -> Any:
    names: dict[str, Any] = {}
    exec(compile(source, "<snippet>", "exec"), names)
    return names["f"]()


@pytest.mark.live
@pytest.mark.parametrize("name", SNIPPETS)
def test_members_mean_the_same(real_paddle: Any, name: str) -> None:
    del real_paddle
    source, ported = sources(name)
    assert "paddle" not in ported, ported
    assert result(ported) == result(source), ported
