"""What torch does to a fused loss: differentiate it, twice, compile it, map it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import paddle_compat as paddle
from kernels.fused.device import DEVICE, labels, logits
from paddle_compat.kernels import fused
from paddle_compat.kernels.focal import Focal, focal_loss_by_class
from paddle_compat.kernels.paths import focal_path
from paddle_compat.nn import SigmoidFocalLoss

functional = paddle.nn.functional.sigmoid_focal_loss
by_class = paddle.fluid.layers.sigmoid_focal_loss
FG = torch.tensor([3], dtype=torch.int32, device=DEVICE)
INDEX = torch.tensor([[1], [0], [-1], [4], [9]], dtype=torch.int32, device=DEVICE)
SOFT = labels(5, 4)
FACES: dict[str, Callable[[Tensor], Tensor]] = {
    "sum": lambda x: functional(x, SOFT.to(x.dtype)),
    "mean": lambda x: functional(
        x, SOFT.to(x.dtype), torch.tensor([2.0], device=DEVICE), gamma=1.5, reduction="mean"
    ),
    "none": lambda x: functional(x, SOFT.to(x.dtype), gamma=0.5, reduction="none"),
    "by class": lambda x: by_class(x, INDEX, FG, 2.0, 0.3),
    "module": lambda x: SigmoidFocalLoss()(x, SOFT.to(x.dtype)),
}
PER_CLASS = torch.tensor([0.1, 0.2, 0.3, 0.4], device=DEVICE)


def leaf(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return logits(*shape, dtype=dtype, seed=3).requires_grad_()


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.5, 2.0, -0.5])
def test_gradients_of_logit_label_and_normalizer(gamma: float) -> None:
    n = torch.tensor(1.7, dtype=torch.float64, device=DEVICE, requires_grad=True)
    for reduction in ("none", "sum"):
        arguments = (leaf(2, 2), labels(2, 2).clamp(0.1, 0.9).requires_grad_(), n)
        call = lambda x, y, n: functional(x, y, n, 0.3, gamma, reduction)
        assert torch.autograd.gradcheck(call, arguments, fast_mode=True)
        assert torch.autograd.gradgradcheck(call, arguments, fast_mode=True)


@pytest.mark.parametrize("face", FACES)
def test_first_and_second_derivatives(face: str) -> None:
    assert torch.autograd.gradcheck(FACES[face], (leaf(5, 4),), fast_mode=True)
    assert torch.autograd.gradgradcheck(FACES[face], (leaf(5, 4),), fast_mode=True)


@pytest.mark.parametrize("face", FACES)
def test_the_same_on_the_straight_line(face: str, launches: Counter[str]) -> None:
    x = leaf(5, 4)
    loss = FACES[face](x)
    (gradient,) = torch.autograd.grad(loss.sum(), x)
    assert launches["gradient"] == 1
    assert launches["loss"] + launches["total"] == 1
    with focal_path("straight"):
        expected = FACES[face](x)
        torch.testing.assert_close(loss, expected)
        torch.testing.assert_close(gradient, torch.autograd.grad(expected.sum(), x)[0])


def test_nothing_but_the_inputs_is_kept() -> None:
    x, y = leaf(50, 4), labels(50, 4)
    kept: list[Tensor] = []

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
        functional(x, y)
    assert {t.data_ptr() for t in kept} == {x.data_ptr(), y.data_ptr()}


def test_a_retained_graph_gives_the_same_gradient_again() -> None:
    x = leaf(5, 4)
    loss = functional(x, SOFT)
    first, second, third = (
        torch.autograd.grad(loss * scale, x, retain_graph=True)[0] for scale in (1.0, 4.0, 1.0)
    )
    assert torch.equal(first, third)
    torch.testing.assert_close(second, first * 4)


def test_no_grad_and_inference_mode_record_nothing() -> None:
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            assert not functional(leaf(5, 4), SOFT).requires_grad
            assert not by_class(leaf(5, 4), INDEX, FG).requires_grad


def test_changing_the_logits_in_place_before_backward_is_an_error() -> None:
    x = leaf(5, 4) * 1.0
    loss = functional(x, SOFT)
    x.detach().mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_a_label_made_from_the_logits_counts_once() -> None:
    call = lambda x: functional(x, torch.sigmoid(x * 0.5), gamma=1.5)
    assert torch.autograd.gradcheck(call, (leaf(4, 3),))


def test_gradient_checkpointing_gives_the_same_gradient() -> None:
    from torch.utils.checkpoint import checkpoint

    first, second = leaf(5, 4), leaf(5, 4)
    functional(first * 2, SOFT).backward()
    checkpoint(lambda x: functional(x * 2, SOFT), second, use_reentrant=False).backward()
    torch.testing.assert_close(second.grad, first.grad)


@pytest.mark.parametrize("backend", ["aot_eager", "inductor"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_compiles_without_a_graph_break(
    backend: str, dtype: torch.dtype, launches: Counter[str]
) -> None:
    # To inductor, which takes longer, all faces are calls of the one operator.
    faces = FACES if backend == "aot_eager" else {"by class": FACES["by class"]}
    for face, function in faces.items():
        torch.compiler.reset()
        eager_x, compiled_x = leaf(5, 4, dtype=dtype), leaf(5, 4, dtype=dtype)
        eager = function(eager_x)
        eager.sum().backward()
        launches.clear()
        compiled = torch.compile(function, fullgraph=True, backend=backend)(compiled_x)
        compiled.sum().backward()
        assert launches["loss"] + launches["total"] == 1, face
        assert launches["gradient"] == 1, face
        torch.testing.assert_close(compiled, eager)
        torch.testing.assert_close(compiled_x.grad, eager_x.grad)


def test_compiled_code_follows_the_path_that_is_chosen(launches: Counter[str]) -> None:
    torch.compiler.reset()
    function = torch.compile(FACES["sum"], fullgraph=True, backend="aot_eager")
    expected = function(leaf(5, 4))
    assert launches["total"] == 1
    with focal_path("auto"):
        torch.testing.assert_close(function(leaf(5, 4)), expected)
    assert launches["total"] == 1
    function(leaf(5, 4))
    assert launches["total"] == 2


def test_compiles_with_a_batch_size_that_changes(launches: Counter[str]) -> None:
    torch.compiler.reset()
    function = torch.compile(
        lambda x, y: functional(x * 2, y, reduction="none"),
        fullgraph=True,
        backend="aot_eager",
        dynamic=True,
    )
    for rows in (4, 7, 9):
        x, y = logits(rows, 3), labels(rows, 3)
        with focal_path("straight"):
            expected = functional(x * 2, y, reduction="none")
        torch.testing.assert_close(function(x, y), expected)
    assert launches["loss"] == 3


@pytest.mark.parametrize("face", FACES)
def test_transforms_take_the_straight_line(face: str, launches: Counter[str]) -> None:
    function = FACES[face]
    x = torch.stack([logits(5, 4), logits(5, 4) - 1])
    mapped = torch.func.vmap(torch.func.grad(lambda row: function(row).sum()))(x)
    tangent = torch.func.jvp(lambda x: function(x).sum(), (x[0],), (torch.ones_like(x[0]),))[1]
    hessian = torch.func.hessian(lambda x: function(x).sum())(x[0])
    assert not launches
    assert torch.isfinite(hessian).all()
    torch.testing.assert_close(tangent, mapped[0].sum())
    row = x[1].clone().requires_grad_()
    torch.testing.assert_close(mapped[1], torch.autograd.grad(function(row).sum(), row)[0])


def test_transforms_inside_compiled_code_take_the_straight_line(launches: Counter[str]) -> None:
    torch.compiler.reset()
    x = torch.stack([logits(5, 4), logits(5, 4) - 1])
    mapped = torch.func.vmap(torch.func.grad(FACES["sum"]))
    compiled = torch.compile(mapped, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x), mapped(x))
    assert not launches


def test_soft_labels_are_differentiated_in_compiled_code(launches: Counter[str]) -> None:
    torch.compiler.reset()
    gradients = []
    for call in (functional, torch.compile(functional, fullgraph=True, backend="aot_eager")):
        x, y = leaf(5, 4), labels(5, 4).requires_grad_()
        gradients.append(torch.autograd.grad(call(x, y), (x, y)))
    torch.testing.assert_close(*gradients)


def test_what_the_kernels_do_not_compute_takes_the_straight_line(launches: Counter[str]) -> None:
    x = logits(5, 4)
    found = functional(x, SOFT, alpha=PER_CLASS.double())
    by_row = torch.linspace(0.1, 0.9, 5, dtype=torch.float64, device=DEVICE)[:, None]
    focal_loss_by_class(x, INDEX, Focal(2.0, by_row, by_row))
    focal_loss_by_class(x, INDEX, Focal(2.0, by_row[0, 0], 0.5))
    not_a_number = functional(x, SOFT, gamma=float("nan"))
    assert not launches
    assert not_a_number.isnan()
    with focal_path("straight"):
        torch.testing.assert_close(found, functional(x, SOFT, alpha=PER_CLASS.double()))


ARGUMENTS = {
    "dense": (SOFT, None, None, 0.25, 0.75, 2.0, None, -100, False),
    "by class": (INDEX - 1, None, None, 0.25, 0.75, 1.5, 87.3, -2, True),
    "weights in memory": (
        INDEX - 1,
        *(torch.tensor(weight, device=DEVICE, dtype=torch.float64) for weight in (0.2, 0.6)),
        *(0.0, 0.0, 2.0, 87.3, -2, True),
    ),
}
CHECKS = (
    "test_schema",
    "test_autograd_registration",
    "test_faketensor",
    "test_aot_dispatch_static",
)


@pytest.mark.parametrize(
    ("kind", "total"), [*((kind, None) for kind in ARGUMENTS), ("dense", torch.float32)]
)
def test_operators_are_registered_as_torch_wants_them(kind: str, total: torch.dtype | None) -> None:
    arguments = ARGUMENTS[kind]
    for x in (leaf(5, 4), leaf(4, 5).transpose(0, 1), logits(5, 4)):
        found = torch.library.opcheck(
            fused.loss_operator, (x, *arguments, total, 2.0), test_utils=CHECKS
        )
        assert set(found.values()) == {"SUCCESS"}
    for upstream in (logits(5, 4), logits(5, 4)[0, 0]):
        given = (upstream, logits(5, 4), *arguments, 2.0)
        found = torch.library.opcheck(fused.gradient_operator, given, test_utils=CHECKS)
        assert set(found.values()) == {"SUCCESS"}


def test_a_divisor_is_the_sums_alone() -> None:
    gradients = []
    for divisor in (1.0, 2.0):
        x = leaf(5, 4)
        loss = fused.loss_operator(x, *ARGUMENTS["dense"], None, divisor)
        gradients.append(torch.autograd.grad(loss.sum(), x)[0])
    assert torch.equal(*gradients)


def test_a_divisor_divides_whatever_comes_from_above() -> None:
    arguments = (logits(5, 4), *ARGUMENTS["dense"])
    for upstream in (logits(5, 4), logits(5, 4)[0, 0], logits(5, 4)[0, 0].expand(5, 4)):
        halved = fused.gradient_operator(upstream, *arguments, 2.0)
        torch.testing.assert_close(halved, fused.gradient_operator(upstream / 2, *arguments, 1.0))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_autocast_returns_what_torchs_own_loss_returns(
    dtype: torch.dtype, launches: Counter[str]
) -> None:
    native = torch.nn.functional.binary_cross_entropy_with_logits
    with torch.autocast(DEVICE, dtype=dtype):
        for kind in (torch.float32, torch.float16, torch.bfloat16):
            x, y = logits(5, 4, dtype=kind), labels(5, 4, dtype=kind)
            for reduction in ("none", "sum"):
                expected = native(x, y, reduction=reduction).dtype
                assert functional(x, y, reduction=reduction).dtype == expected
            assert by_class(x, INDEX, FG).dtype == native(x, y).dtype
    assert launches["loss"] == 6
