"""What only a GPU shows: streams, devices, graphs, memory, and that nothing waits for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import paddle_compat as paddle
from kernels.fused.device import DEVICE, labels, logits

if DEVICE != "cuda":
    pytest.skip("these checks are about a GPU", allow_module_level=True)

functional = paddle.nn.functional.sigmoid_focal_loss
by_class = paddle.fluid.layers.sigmoid_focal_loss


def calls(rows: int, device: str = DEVICE) -> tuple[Tensor, dict[str, Callable[[Tensor], Tensor]]]:
    x, y = (t.float().to(device) for t in (logits(rows, 8), labels(rows, 8)))
    label = (torch.arange(rows, dtype=torch.int32)[:, None] % 11 - 1).to(device)
    fg_num = torch.tensor([7], dtype=torch.int32, device=device)
    normalizer = torch.tensor([3.0], device=device)
    return x, {
        "sum": lambda x: functional(x, y, normalizer),
        "mean": lambda x: functional(x, y, normalizer, reduction="mean"),
        "none": lambda x: functional(x, y, normalizer, reduction="none"),
        "by class": lambda x: by_class(x, label, fg_num),
    }


def answer(call: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    x = x.detach().requires_grad_()
    loss = call(x)
    (gradient,) = torch.autograd.grad(loss, x, torch.ones_like(loss))
    return loss.detach(), gradient


@pytest.mark.parametrize("name", ["sum", "mean", "none", "by class"])
def test_nothing_waits_for_the_device(name: str) -> None:
    x, of = calls(1000)
    answer(of[name], x)
    torch.cuda.set_sync_debug_mode("error")
    try:
        answer(of[name], x)
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("name", ["sum", "mean", "none", "by class"])
def test_a_graph_holds_forward_and_backward(name: str) -> None:
    x, of = calls(1000)
    place = x.clone()
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        answer(of[name], place)
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        held = answer(of[name], place)
    for seed in (1, 2):
        other = logits(1000, 8, seed=seed).float()
        place.copy_(other)
        graph.replay()
        torch.testing.assert_close(held, answer(of[name], other), rtol=0, atol=0)


def test_launches_go_to_the_current_stream() -> None:
    x, of = calls(1 << 20)
    stream, expected = torch.cuda.Stream(), answer(of["sum"], x)
    torch.cuda.synchronize()
    with torch.cuda.stream(stream):
        # Only in the stream's own order does the loss see what it has to see.
        late = torch.zeros_like(x)
        torch.cuda._sleep(50_000_000)
        late.copy_(x)
        found = answer(of["sum"], late)
    stream.synchronize()
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="there is one GPU")
def test_launches_go_to_the_device_of_the_logits() -> None:
    (x, of), (other, of_other) = calls(1000), calls(1000, "cuda:1")
    assert torch.cuda.current_device() == 0
    for name in of:
        found = answer(of_other[name], other)
        assert all(t.device == other.device for t in found)
        torch.testing.assert_close([t.cpu() for t in found], [t.cpu() for t in answer(of[name], x)])


@pytest.mark.parametrize(("name", "buffers"), [("sum", 1), ("none", 2), ("by class", 2)])
def test_no_memory_is_taken_beside_results(name: str, buffers: int) -> None:
    x, of = calls(1 << 20)
    answer(of[name], x)
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    x = x.requires_grad_()
    loss = of[name](x)
    kept = torch.autograd.grad(loss, x, loss.new_ones(()).expand_as(loss))
    taken = torch.cuda.max_memory_allocated() - before
    assert kept[0].shape == x.shape
    # The division by a normalizer that 'none' makes is a tensor of its own.
    spare = x.nbytes * (2 if name == "none" else 0)
    assert taken <= buffers * x.nbytes + spare + (1 << 20)


def test_the_same_bits_every_time() -> None:
    x, of = calls(1 << 16)
    for call in of.values():
        first = answer(call, x)
        for _ in range(3):
            torch.testing.assert_close(answer(call, x), first, rtol=0, atol=0)


def test_compiled_code_is_captured_in_graphs() -> None:
    x, of = calls(1000)
    for name, call in of.items():
        torch.compiler.reset()
        compiled = torch.compile(call, fullgraph=True, mode="reduce-overhead")
        for _ in range(3):
            torch.compiler.cudagraph_mark_step_begin()
            found = [t.clone() for t in answer(compiled, x)]
        torch.testing.assert_close(found, list(answer(call, x)), msg=name)
