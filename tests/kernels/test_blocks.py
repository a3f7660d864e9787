"""Blocks and threads: every element once, in any mode, whatever the number of threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch

import paddle_compat as paddle
from paddle_compat.kernels import blocks

functional = paddle.nn.functional.sigmoid_focal_loss
CPU = torch.device("cpu")


@pytest.fixture(params=[1, 2, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


SIZES = [
    (1, 1),
    (1000, 1),
    (1 << 17, 1),
    ((1 << 17) + 1, 1),
    (500_001, 1),
    (70_000, 7),
    (300_000, 100_000),
]


@pytest.mark.parametrize(("size", "unit"), SIZES)
def test_every_element_is_in_one_block_and_units_stay_whole(
    threads: int, size: int, unit: int
) -> None:
    seen = torch.zeros(size, dtype=torch.int8)
    for part, scratch in blocks.blocks(size, 2, torch.float32, CPU, unit):
        assert part.start % unit == 0
        assert part.stop % unit == 0
        assert [len(buffer) for buffer in scratch] == [part.stop - part.start] * 2
        seen[part] += 1
    assert (seen == 1).all()


def test_the_number_of_threads_changes_rounding_alone(threads: int) -> None:
    generator = torch.Generator().manual_seed(0)
    logit = torch.randn(300_001, generator=generator)
    label = torch.rand(300_001, generator=generator)
    results = []
    for count in (threads, 1, threads):
        torch.set_num_threads(count)
        x = logit.clone().requires_grad_()
        loss = functional(x, label)
        loss.backward()
        results.append((loss.detach(), x.grad))
    for result in results[1:]:
        torch.testing.assert_close(result, results[0], rtol=1e-6, atol=1e-9)


def test_large_inputs_under_inference_mode_and_no_grad(threads: int) -> None:
    logit = torch.randn(200_000, 2, requires_grad=True)
    label = torch.rand(200_000, 2)
    expected = functional(logit, label, reduction="none").detach()
    for mode in (torch.inference_mode, torch.no_grad):
        with mode():
            torch.testing.assert_close(
                functional(logit, label, reduction="none"), expected, rtol=1e-6, atol=1e-9
            )
            index = torch.ones(200_000, 1, dtype=torch.int32)
            fg_num = torch.ones(1, dtype=torch.int32)
            assert not paddle.fluid.layers.sigmoid_focal_loss(logit, index, fg_num).requires_grad


def test_threads_of_the_callers_own_do_not_disturb_each_other() -> None:
    logit, label = torch.randn(150_000), torch.rand(150_000)
    expected = functional(logit, label).item()
    found: list[float] = []

    def call() -> None:
        found.extend(functional(logit, label).item() for _ in range(5))

    callers = [threading.Thread(target=call) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert found == [expected] * 20
