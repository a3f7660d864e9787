"""A program as a torch module: what it computes, holds, refuses, and what torch can do with it."""

from __future__ import annotations

import copy
import socket
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, fx, nn

from export.networks import LAYERS, Network, batch
from paddle_compat import export, fluid


def tensors(feed: dict[str, Any]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(array) for name, array in feed.items()}


@pytest.fixture
def network() -> Network:
    return Network(rate=0.1)


@pytest.fixture
def module(network: Network) -> fx.GraphModule:
    return export.to_module(network.main, [network.loss, network.logits], network.scope)


def test_state_has_paddles_names_and_values(network: Network, module: fx.GraphModule) -> None:
    state = module.state_dict()
    assert list(state) == [
        "stem.w_0", "batch_norm_0.w_0", "batch_norm_0.b_0", "batch_norm_0.w_1",
        "batch_norm_0.w_2", "head.w_0", "head.b_0",
    ]  # fmt: skip
    for name, value in state.items():
        assert value.dtype == torch.float32
        assert np.array_equal(value.numpy(), network.value(name))
    assert [name for name, p in module.named_parameters() if not p.requires_grad] == [
        "batch_norm_0.w_1", "batch_norm_0.w_2",
    ]  # fmt: skip


def test_arguments_are_the_data_variables(module: fx.GraphModule) -> None:
    placeholders = [node.name for node in module.graph.nodes if node.op == "placeholder"]
    assert placeholders == ["image", "label"]


def test_the_code_is_torchs(module: fx.GraphModule) -> None:
    for call in ("torch.conv2d", "torch.relu", "max_pool2d", "stem.w_0"):
        assert call in module.code


def test_training_step_by_step_as_the_program_does(
    network: Network, module: fx.GraphModule
) -> None:
    optimizer = torch.optim.SGD(
        [p for p in module.parameters() if p.requires_grad], lr=0.1, momentum=0.9
    )
    for step in range(5):
        feed = batch(step)
        (expected,) = network.run(network.main, feed, [network.loss])
        loss, _ = module(**tensors(feed))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert loss.shape == (1,)
        np.testing.assert_allclose(loss.detach().numpy(), expected, rtol=2e-6)
    for name, value in module.state_dict().items():
        np.testing.assert_allclose(value.numpy(), network.value(name), rtol=2e-5, atol=1e-6)
    feed = batch(9)
    module.eval()
    (expected,) = network.run(network.test, feed, [network.logits])
    np.testing.assert_allclose(
        module(**tensors(feed))[1].detach().numpy(), expected, rtol=2e-5, atol=2e-5
    )


def test_testing_leaves_the_statistics(module: fx.GraphModule) -> None:
    before = {name: value.clone() for name, value in module.state_dict().items()}
    module.eval()
    module(**tensors(batch(0)))
    assert all(torch.equal(value, before[n]) for n, value in module.state_dict().items())
    module.train()
    module(**tensors(batch(0)))
    assert not torch.equal(module.state_dict()["batch_norm_0.w_1"], before["batch_norm_0.w_1"])


def test_a_program_for_testing_stays_one(network: Network) -> None:
    module = export.to_module(network.test, network.logits, network.scope)
    feed = {"image": torch.from_numpy(batch(0)["image"])}
    assert torch.equal(module.train()(**feed), module.eval()(**feed))


def test_values_are_the_modules_own(network: Network, module: fx.GraphModule) -> None:
    before = network.value("stem.w_0")
    with torch.no_grad():
        module.get_parameter("stem.w_0").zero_()
    assert np.array_equal(network.value("stem.w_0"), before)


def test_a_copy_is_independent(module: fx.GraphModule) -> None:
    twin = copy.deepcopy(module)
    with torch.no_grad():
        twin.get_parameter("stem.w_0").zero_()
    feed = tensors(batch(0))
    assert not torch.equal(twin(**feed)[1], module(**feed)[1])
    assert list(twin.state_dict()) == list(module.state_dict())


def test_it_compiles_without_a_break(module: fx.GraphModule) -> None:
    compiled = torch.compile(module, backend="aot_eager", fullgraph=True)
    module.eval()
    feed = tensors(batch(0))
    plain, other = module(**feed)[0], compiled(**feed)[0]
    torch.testing.assert_close(other, plain)
    weight = module.get_parameter("stem.w_0")
    one, two = (torch.autograd.grad(loss, weight) for loss in (plain, other))
    torch.testing.assert_close(two, one)


def test_it_is_exported_for_batches_of_any_size(network: Network) -> None:
    module = export.to_module(network.test, network.logits, network.scope)
    image = torch.from_numpy(batch(0, 4)["image"])
    program = torch.export.export(
        module, (image,), dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=64)},)
    )
    for size in (1, 7):
        image = torch.from_numpy(batch(1, size)["image"])
        torch.testing.assert_close(program.module()(image), module(image))


def test_data_parallel_trains_it(module: fx.GraphModule) -> None:
    feed = tensors(batch(0))
    expected = module.eval()(**feed)[0]
    parallel = nn.DataParallel(module)
    torch.testing.assert_close(parallel(**feed)[0], expected)


def test_distributed_data_parallel_trains_it(module: fx.GraphModule) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torch.distributed.init_process_group(
        "gloo", init_method=f"tcp://127.0.0.1:{port}", rank=0, world_size=1
    )
    try:
        twin = copy.deepcopy(module)
        parallel = nn.parallel.DistributedDataParallel(twin)
        feed = tensors(batch(0))
        parallel(**feed)[0].backward()
        module(**feed)[0].backward()
        for one, other in zip(twin.parameters(), module.parameters(), strict=True):
            if other.requires_grad:
                torch.testing.assert_close(one.grad, other.grad)
    finally:
        torch.distributed.destroy_process_group()


def build(function: Any) -> tuple[Any, Any, Any]:
    """Build a program by a function; return it, what the function returned, and its scope."""
    main, startup, scope = fluid.Program(), fluid.Program(), fluid.Scope()
    with fluid.program_guard(main, startup), fluid.unique_name.guard():
        fetches = function()
    fluid.Executor().run(startup, scope=scope)
    return main, fetches, scope


@pytest.mark.parametrize(
    "names",
    [
        ["fc/weights"], ["a", "a.b"], ["training"], ["forward", "forward.w"], ["a..b", ".c"],
        ["w@x", "w:x"], ["0.1", "class"], ["y_", "y", "type"],
    ],
)  # fmt: skip
def test_any_name_is_kept_in_the_state(names: list[str]) -> None:
    def program() -> Any:
        x = fluid.data("x", [None, 2])
        for name in names:
            x = x * LAYERS.create_parameter([2], "float32", name=name)
        return x

    main, fetches, scope = build(program)
    module = export.to_module(main, fetches, scope)
    state = module.state_dict()
    assert sorted(state) == sorted(names)
    doubled = {name: value * 2 for name, value in state.items()}
    x = torch.ones(3, 2)
    before = module(x)
    for one in (module, copy.deepcopy(module)):
        assert one.load_state_dict(doubled) == torch.nn.modules.module._IncompatibleKeys([], [])
        torch.testing.assert_close(one(x), before * 2 ** len(names))


def test_gradients_end_where_the_program_ends_them() -> None:
    def program() -> Any:
        x = fluid.data("x", [None, 2])
        y = LAYERS.fc(x, 2, name="first")
        z = LAYERS.fc(y, 2, name="second")
        z.stop_gradient = True
        return LAYERS.reduce_sum(LAYERS.fc(z, 2, name="third") + y)

    main, fetches, scope = build(program)
    module = export.to_module(main, fetches, scope)
    module(torch.ones(3, 2)).backward()
    reached = {name for name, p in module.named_parameters() if p.grad is not None}
    assert reached == {"first.w_0", "first.b_0", "third.w_0", "third.b_0"}


def test_a_limit_of_an_errors_gradient_stays() -> None:
    def program() -> Any:
        x = fluid.data("x", [None, 1])
        y = LAYERS.fc(x, 1, bias_attr=False, name="first")
        y.error_clip = fluid.clip.ErrorClipByValue(0.25)
        return LAYERS.reduce_sum(y * 3.0)

    main, fetches, scope = build(program)
    module = export.to_module(main, fetches, scope)
    module(torch.ones(1, 1)).backward()
    assert module.get_parameter("first.w_0").grad.item() == 0.25  # type: ignore[union-attr]


def test_parameters_that_are_not_trained_take_no_gradient() -> None:
    def program() -> Any:
        x = fluid.data("x", [None, 2])
        return LAYERS.fc(x, 2, param_attr=fluid.ParamAttr(name="fixed", trainable=False))

    main, fetches, scope = build(program)
    module = export.to_module(main, fetches, scope)
    assert {n: p.requires_grad for n, p in module.named_parameters()} == {
        "fixed": False,
        "fc_0.b_0": True,
    }


def test_counters_and_constants_go_with_it() -> None:
    def program() -> Any:
        x = fluid.data("x", [None, 2])
        step = LAYERS.autoincreased_step_counter()
        fixed = LAYERS.assign(np.array([1.0, 2.0], "float32"))
        return [x * fixed, LAYERS.cast(step, "float32")]

    main, fetches, scope = build(program)
    module = export.to_module(main, fetches, scope)
    values = [module(torch.ones(1, 2)) for _ in range(3)]
    assert [value[1].item() for value in values] == [1.0, 2.0, 3.0]
    assert values[0][0].tolist() == [[1.0, 2.0]]
    assert list(module.state_dict()) == ["@STEP_COUNTER@"]


def test_levels_of_detail_go_in_and_come_out() -> None:
    def program() -> Any:
        box = fluid.data("box", [None, 4], lod_level=1)
        info = fluid.data("info", [None, 3])
        return LAYERS.box_clip(box, info)

    main, fetches, scope = build(program)
    module = export.to_module(main, fetches, scope)
    names = [node.name for node in module.graph.nodes if node.op == "placeholder"]
    assert names == ["box", "info", "box_lod"]
    info = torch.tensor([[9.0, 9.0, 1.0], [4.0, 4.0, 1.0]])
    rows = torch.full((3, 4), 20.0)
    value, lod = module(rows, info, (torch.tensor([2, 1]),))
    assert value[:, 0].tolist() == [8.0, 8.0, 3.0]
    assert [lengths.tolist() for lengths in lod] == [[2, 1]]


def test_dropout_is_for_training() -> None:
    def program() -> Any:
        x = fluid.data("x", [None, 1000])
        return [
            LAYERS.dropout(x, 0.25),
            LAYERS.dropout(x, 0.25, dropout_implementation="upscale_in_train"),
        ]

    main, fetches, scope = build(program)
    module = export.to_module(main, fetches, scope)
    down, up = module(torch.ones(50, 1000))
    assert set(down.unique().tolist()) == {0.0, 1.0}
    assert abs(down.mean().item() - 0.75) < 0.02
    assert abs(up.mean().item() - 1.0) < 0.02
    down, up = module.eval()(torch.ones(50, 1000))
    assert (down == 0.75).all()
    assert (up == 1).all()


@pytest.mark.parametrize(
    ("fetches", "error", "told"),
    [
        ("lgits", ValueError, r"fetch_list: the program has no variable 'lgits'"),
        ("head.tmp_11", ValueError, r"near are 'head\.tmp_1'"),
        ("head.w_0@GRAD", ValueError, r"'head\.w_0@GRAD' is a gradient.*loss\.backward\(\)"),
        ([], ValueError, r"fetch_list must name at least one variable, but it is empty"),
        (None, TypeError, r"fetch_list must be variables or names.*NoneType"),
        ([3], TypeError, r"fetch_list must be variables or names.*int"),
    ],
)
def test_what_cannot_be_fetched_is_refused(
    network: Network, fetches: Any, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        export.to_module(network.main, fetches, network.scope)


def test_a_parameter_without_a_value_is_refused(network: Network) -> None:
    with pytest.raises(RuntimeError, match=r"'stem\.w_0' has no value.*startup program first"):
        export.to_module(network.main, network.loss, fluid.Scope())


def test_what_is_no_program_is_refused() -> None:
    with pytest.raises(TypeError, match=r"program must be a fluid\.Program, but it is int"):
        export.to_module(3, "x")


def test_the_program_is_as_it_was(network: Network) -> None:
    before, text = network.main.version, str(network.main)
    export.to_module(network.main, network.loss, network.scope)
    assert (network.main.version, str(network.main)) == (before, text)
