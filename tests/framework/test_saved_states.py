"""`paddle.save` and `paddle.load`: real Paddle reads ours, to the byte, and we read its."""

from __future__ import annotations

import collections
import io
import pickle
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import paddle_compat as ours
from paddle_compat.checkpoints import NAME_TABLE, PARTS, DamagedFileError
from paddle_compat.framework import io as framework_io

RECORDED = Path(__file__).parent / "saved_by_paddle_3.3.1"
KINDS = (
    *("bool", "uint8", "int8", "int16", "int32", "int64"),
    *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
)
Make = Callable[..., Any]
# What a file may hold, made with `tensor(array, dtype)`.
HELD: dict[str, Callable[[Make], Any]] = {
    "a state": lambda t: {"w": t([[1.0, 2.0]]), "b": t([3.0])},
    "a state in order": lambda t: collections.OrderedDict(w=t([1.0]), v=t([2.0])),
    "a state with a schedule": lambda t: {
        "linear_0.w_0_velocity_0": t([1.0, 2.0]),
        "LR_Scheduler": {"last_epoch": 3, "last_lr": 0.1, "bound": None, "on": [True, 1.5]},
    },
    "every dtype": lambda t: {kind: t([[1, 0]], kind) for kind in KINDS},
    "every dtype in a list": lambda t: [t([[1, 0]], kind) for kind in KINDS],
    "no dimension": lambda t: {"a": t(1.5), "b": t(2, "int64")},
    "no element": lambda t: {"a": t(np.zeros([0, 3])), "b": t(np.zeros([2, 0, 1]), "int64")},
    "many": lambda t: {f"layer_{i}.weight": t([float(i)]) for i in range(1200)},
    "several states": lambda t: {
        "model": collections.OrderedDict(w=t([1.0]), b=t([2.0])),
        "opt": {"moment": t([3.0]), "LR_Scheduler": {"last_epoch": 1}},
        "master_weights": {},
        "epoch": 100,
    },
    "one tensor": lambda t: t([[1.0, 2.0], [3.0, 4.0]]),
    "a list": lambda t: [t([1.0]), (t([2.0]), "x"), [], {}, ()],
    "a tensor twice": lambda t: (lambda same: [same, same])(t([1.0])),
    "arrays beside tensors": lambda t: [t([1.0]), np.arange(3)],
    "arrays alone": lambda t: {"a": np.arange(6.0).reshape(2, 3), "b": [np.ones(1, "int8")]},
    "an array in columns": lambda t: {"a": np.asfortranarray(np.arange(6).reshape(2, 3))},
    "a named array": lambda t: {"a": ("name", np.ones(2)), "b": np.ones(1)},
    "numbers": lambda t: [1, -(2**70), 2.5, True, None, 1 + 2j, np.float32(3), np.int64(4)],
    "a set": lambda t: [{1}, {"x"}],
    "texts": lambda t: {"é": "\U0001f600", "": "x" * 300},
    "a state under numbers": lambda t: {1: t([1.0]), 2: t([2.0])},
    "no state": lambda t: {},
}


def our_tensor(value: Any, kind: str = "float32") -> torch.Tensor:
    return ours.cast(ours.to_tensor(np.asarray(value)), kind)


def real_maker(paddle: Any) -> Make:
    """Make tensors of real Paddle, named as in a new process."""
    count = 0

    def make(value: Any, kind: str = "float32") -> Any:
        nonlocal count
        tensor = paddle.to_tensor(np.asarray(value)).cast(kind)
        tensor.name = f"generated_tensor_{count}"
        count += 1
        return tensor

    return make


def dumped(package: Any, held: Any, protocol: int = 4, **configs: Any) -> bytes:
    file = io.BytesIO()
    package.save(held, file, protocol=protocol, **configs)
    return file.getvalue()


def loaded(package: Any, data: bytes, **configs: Any) -> Any:
    return package.load(io.BytesIO(data), **configs)


def plain(value: Any) -> Any:
    """Return a value in terms of bytes, so that it can be compared whichever package's it is."""
    if isinstance(value, torch.Tensor):
        bits = value.view(torch.int16) if value.dtype == torch.bfloat16 else value
        return "tensor", str(value.dtype)[6:], tuple(value.shape), bits.numpy().tobytes()
    if isinstance(value, np.ndarray):
        return "array", str(value.dtype), value.shape, value.tobytes()
    if isinstance(value, dict):
        return type(value).__name__, [(key, plain(item)) for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [plain(item) for item in value]
    if hasattr(value, "numpy"):
        kind = str(value.dtype).rsplit(".", 1)[-1].lower()
        return "tensor", kind, tuple(value.shape), value.numpy().tobytes()
    return type(value).__name__, repr(value)


@pytest.mark.live
@pytest.mark.filterwarnings("ignore:.*state.* is empty", "ignore:.*state dict is empty")
@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("name", HELD)
def test_a_file_is_real_paddles_to_the_byte(name: str, protocol: int, real_paddle: Any) -> None:
    really = HELD[name](real_maker(real_paddle))
    data = dumped(real_paddle, really, protocol)
    mine = HELD[name](our_tensor)
    if isinstance(mine, dict) and NAME_TABLE in pickle.loads(data):
        # Tensors of torch have no names; a table gives them.
        mine[NAME_TABLE] = pickle.loads(data)[NAME_TABLE]
    assert dumped(ours, mine, protocol) == data


@pytest.mark.live
@pytest.mark.filterwarnings("ignore:.*state.* is empty", "ignore:.*state dict is empty")
@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("numpy", [False, True])
@pytest.mark.parametrize("name", HELD)
def test_each_side_reads_what_the_other_writes(
    name: str, numpy: bool, protocol: int, real_paddle: Any
) -> None:
    made = dumped(real_paddle, HELD[name](real_maker(real_paddle)), protocol)
    wanted = plain(loaded(real_paddle, made, return_numpy=numpy))
    assert plain(loaded(ours, made, return_numpy=numpy)) == wanted
    written = dumped(ours, HELD[name](our_tensor), protocol)
    assert plain(loaded(real_paddle, written, return_numpy=numpy)) == wanted
    assert plain(loaded(ours, written, return_numpy=numpy)) == wanted


@pytest.mark.live
def test_names_are_kept_on_request(real_paddle: Any) -> None:
    layer = real_paddle.nn.Linear(2, 3)
    for protocol in (2, 3, 4):
        data = dumped(real_paddle, layer.state_dict(), protocol)
        assert NAME_TABLE not in loaded(ours, data)
        state = loaded(ours, data, keep_name_table=True)
        assert state[NAME_TABLE] == {"weight": layer.weight.name, "bias": layer.bias.name}
        assert dumped(ours, state, protocol) == data


def trained(paddle: Any, optimizer: Any, steps: range) -> list[float]:
    losses = []
    for step in steps:
        random = np.random.RandomState(step)
        x = paddle.to_tensor(random.rand(4, 3).astype("float32"))
        loss = (optimizer.layer(x) ** 2).mean()
        loss.backward()
        # An optimizer names its state in its first step.
        with paddle.utils.unique_name.guard():
            optimizer.step()
        optimizer.clear_grad()
        optimizer.schedule.step()
        losses.append(float(loss))
    return losses


OPTIMIZERS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "momentum": lambda paddle, rate, parameters: paddle.optimizer.Momentum(
        rate, 0.9, parameters=parameters
    ),
    "adam": lambda paddle, rate, parameters: paddle.optimizer.Adam(rate, parameters=parameters),
    "adamw": lambda paddle, rate, parameters: paddle.optimizer.AdamW(
        rate, parameters=parameters, multi_precision=True
    ),
}


def optimizer_of(paddle: Any, name: str) -> Any:
    with paddle.utils.unique_name.guard():
        layer = paddle.nn.Sequential(paddle.nn.Linear(3, 4), paddle.nn.BatchNorm1D(4))
        schedule = paddle.optimizer.lr.StepDecay(0.1, 2)
        made = OPTIMIZERS[name](paddle, schedule, layer.parameters())
    made.layer, made.schedule = layer, schedule
    return made


@pytest.mark.live
@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_real_paddle_goes_on_from_what_we_read_and_wrote(
    name: str, protocol: int, tmp_path: Path, real_paddle: Any
) -> None:
    first = optimizer_of(real_paddle, name)
    trained(real_paddle, first, range(3))
    states = {"m.pdparams": first.layer.state_dict(), "m.pdopt": first.state_dict()}
    for file, state in states.items():
        real_paddle.save(state, str(tmp_path / file), protocol=protocol)
        read = ours.load(str(tmp_path / file), keep_name_table=True)
        ours.save(read, str(tmp_path / f"our-{file}"), protocol=protocol)
        assert (tmp_path / f"our-{file}").read_bytes() == (tmp_path / file).read_bytes()
        # An optimizer's names are its keys: none has to be told.
        if file == "m.pdopt":
            del read[NAME_TABLE]
            ours.save(read, str(tmp_path / f"our-{file}"), protocol=protocol)
            assert (tmp_path / f"our-{file}").read_bytes() == (tmp_path / file).read_bytes()
    wanted = trained(real_paddle, first, range(3, 6))
    second = optimizer_of(real_paddle, name)
    second.layer.set_state_dict(real_paddle.load(str(tmp_path / "our-m.pdparams")))
    second.set_state_dict(real_paddle.load(str(tmp_path / "our-m.pdopt")))
    assert trained(real_paddle, second, range(3, 6)) == wanted


@pytest.mark.live
@pytest.mark.parametrize("kind", KINDS)
def test_one_tensor_in_the_binary_format_goes_both_ways(kind: str, real_paddle: Any) -> None:
    for value in ([[1, 0], [2, 3]], 1, np.zeros([0, 2])):
        really = real_maker(real_paddle)(value, kind)
        data = dumped(real_paddle, really, use_binary_format=True)
        assert dumped(ours, our_tensor(value, kind), use_binary_format=True) == data
        assert plain(loaded(ours, data)) == plain(really)
        assert plain(loaded(ours, data, return_numpy=True)) == plain(really.numpy())


@pytest.mark.live
@pytest.mark.parametrize("protocol", [2, 4])
def test_static_tensors_that_evaluate_their_data_are_read(protocol: int, real_paddle: Any) -> None:
    tensor = real_paddle.base.core.DenseTensor()
    tensor.set(np.arange(3.0), real_paddle.CPUPlace())
    data = dumped(real_paddle, [tensor, {"a": tensor}], protocol)
    assert b"eval" in data
    found = loaded(ours, data, return_numpy=True)
    assert found[0].tolist() == found[1]["a"].tolist() == [0, 1, 2]


@pytest.mark.live
def test_real_paddle_joins_our_parts(real_paddle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framework_io, "_LARGEST_PART", 17)
    state = {"small": torch.ones(2), "w": torch.arange(10.0).reshape(2, 5)}
    data = dumped(ours, state, 2)
    assert b"w@@.2" in data
    assert b"w@@" not in dumped(ours, state, 4)
    assert plain(loaded(real_paddle, data)) == plain(loaded(ours, data)) == plain(state)


def test_parts_are_named_as_real_paddle_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    # As measured on real Paddle 3.3.1 with a tensor of more than 2**30 bytes.
    monkeypatch.setattr(framework_io, "_LARGEST_PART", 2)
    data = dumped(ours, {"a": torch.tensor([[1], [2], [3]], dtype=torch.int8)}, 2)
    told = {"a": {"OriginShape": (3, 1), "slices": ["a@@.0", "a@@.1"]}}
    found = pickle.loads(data)
    assert list(found) == [NAME_TABLE, "a@@.0", "a@@.1", PARTS]
    assert found[PARTS] == told
    assert found["a@@.1"].tolist() == [3]


WRONG: dict[str, Callable[[Any, Any], Any]] = {
    "protocol 1": lambda p, t: p.save({"a": t(1)}, io.BytesIO(), protocol=1),
    "protocol 5": lambda p, t: p.save([1], io.BytesIO(), protocol=5),
    "protocol 4.0": lambda p, t: p.save([1], io.BytesIO(), protocol=4.0),
    "a config of save": lambda p, t: p.save(1, io.BytesIO(), compress=True),
    "a config of load": lambda p, t: p.load(io.BytesIO(b"N."), compress=True),
    "binary numbers": lambda p, t: p.save(1, io.BytesIO(), use_binary_format=True),
    "binary as a number": lambda p, t: p.save(t(1), io.BytesIO(), use_binary_format=1),
    "a directory": lambda p, t: p.save(1, "there/"),
    "a path of another type": lambda p, t: p.save(1, 3),
    "no file": lambda p, t: p.load("not/there"),
    "no pickle": lambda p, t: p.load(io.BytesIO(b"garbage")),
    "half a pickle": lambda p, t: p.load(io.BytesIO(dumped(p, t([1.0, 2.0]))[:50])),
    "a dtype that no tensor has": lambda p, t: p.load(
        io.BytesIO(dumped(p, {"a": np.ones(1, "uint32")}))
    ),
}


@pytest.mark.live
@pytest.mark.parametrize("name", WRONG)
def test_mistakes_raise_what_real_paddle_raises(name: str, real_paddle: Any) -> None:
    with pytest.raises(Exception, match=r".") as really:
        WRONG[name](real_paddle, real_maker(real_paddle))
    with pytest.raises(really.type):
        WRONG[name](ours, our_tensor)


@pytest.mark.live
def test_modules_are_refused_as_layers_are(real_paddle: Any) -> None:
    with pytest.raises(ValueError, match=r"saving `paddle\.nn\.Layer`"):
        real_paddle.save([real_paddle.nn.Linear(1, 1)], io.BytesIO())
    with pytest.raises(ValueError, match=r"pass module\.state_dict\(\)"):
        ours.save([torch.nn.Linear(1, 1)], io.BytesIO())


def test_recorded_files_are_read() -> None:
    state = ours.load(str(RECORDED / "model.pdparams"))
    assert {name: tuple(value.shape) for name, value in state.items()} == {
        "0.weight": (3, 4),
        "0.bias": (4,),
        "1.weight": (4,),
        "1.bias": (4,),
        "1._mean": (4,),
        "1._variance": (4,),
    }
    opt = ours.load(str(RECORDED / "model.pdopt"), return_numpy=True)
    assert opt["LR_Scheduler"] == {"last_epoch": 3, "last_lr": pytest.approx(0.01)}
    assert opt["linear_0.w_0_velocity_0"].dtype == np.float32
    half = ours.load(str(RECORDED / "half.pdparams"))
    assert half["w"].dtype == torch.bfloat16
    assert half["w"].tolist() == [1.0, -2.5]


@pytest.mark.parametrize("name", ["model.pdparams", "model.pdopt", "half.pdparams"])
def test_recorded_files_are_written_again_to_the_byte(name: str) -> None:
    if np.lib.NumpyVersion(np.__version__) < "2.0.0":
        pytest.skip("numpy's module had another name before numpy 2")
    state = ours.load(str(RECORDED / name), keep_name_table=True)
    assert dumped(ours, state) == (RECORDED / name).read_bytes()


def test_a_module_goes_into_a_file_and_back(tmp_path: Path) -> None:
    module = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3)).bfloat16()
    ours.save(module.state_dict(), str(tmp_path / "new" / "m.pdparams"))
    state = ours.load(tmp_path / "new" / "m.pdparams")
    module.load_state_dict(state)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["m.pdparams"]
    # The version numbers that torch hangs on a state would run code where it is unpickled.
    ours.save({"model": module.state_dict(), "epoch": 1}, str(tmp_path / "all"))
    found = ours.load(str(tmp_path / "all"))
    assert type(found["model"]) is collections.OrderedDict
    module.load_state_dict(found["model"])


def test_what_no_load_would_take_is_not_saved(tmp_path: Path) -> None:
    path = str(tmp_path / "file")
    for held, told in (
        ([object()], "<class 'object'> is no tensor"),
        ({"a": np.array(["x"])}, "an array of <U1 is no tensor"),
        ({"a": torch.ones(1), "b": {"c": len}}, "is no tensor, number or text"),
        ({(1, 2): 3}, "a key is no text and no number"),
        ([collections.defaultdict(int)], "defaultdict"),
    ):
        with pytest.raises(TypeError, match=told):
            ours.save(held, path)
    endless: list[Any] = []
    endless.append(endless)
    for more in (endless, {"a": endless}, {"a": {"b": endless}}):
        with pytest.raises(TypeError, match="more than 64 deep"):
            ours.save(more, path)
    assert not Path(path).exists()


def test_a_transposed_tensor_is_saved_in_order() -> None:
    state = {"a": torch.arange(6.0).reshape(2, 3).T, "b": torch.ones(2, 2).conj()}
    state["c"] = torch.tensor([1 + 2j]).conj()
    found = loaded(ours, dumped(ours, state))
    assert all(torch.equal(found[name], state[name]) for name in state)
    assert found["a"].is_contiguous()


def test_several_things_in_one_buffer_are_read_in_turn() -> None:
    file = io.BytesIO()
    for held in (torch.ones(2), {"a": 1}, "x"):
        ours.save(held, file)
    file.seek(0)
    assert ours.load(file).tolist() == [1, 1]
    assert [ours.load(file), ours.load(file)] == [{"a": 1}, "x"]
    where = file.tell()
    file.write(b"garbage")
    file.seek(where)
    with pytest.raises(DamagedFileError, match="the file is damaged"):
        ours.load(file)
    assert file.tell() == where


@pytest.mark.parametrize("named", [False, True])
def test_an_array_under_many_names_is_one_tensor(named: bool) -> None:
    array = np.zeros(100_000, "uint8")
    names = {f"layer {number}": array for number in range(300)}
    table = {NAME_TABLE: dict.fromkeys(names, "w")} if named else {}
    data = pickle.dumps({**names, **table})
    tracemalloc.start()
    found = loaded(ours, data)
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found["layer 1"] is found["layer 2"]
    assert taken < 1_000_000


def test_a_directory_of_1_x_is_read(tmp_path: Path) -> None:
    fluid = ours.fluid
    with fluid.scope_guard(fluid.Scope()), fluid.program_guard(fluid.Program(), fluid.Program()):
        fluid.layers.fc(fluid.data("x", [None, 3]), 2, param_attr="deep/w", bias_attr="b")
        exe = fluid.Executor(fluid.CPUPlace())
        exe.run(fluid.default_startup_program())
        fluid.io.save_params(exe, str(tmp_path / "all"))
        fluid.save(fluid.default_main_program(), str(tmp_path / "model"))
        weight = np.array(fluid.global_scope().var("deep/w").get_tensor())
    found = ours.load(str(tmp_path / "all"))
    assert sorted(found) == ["b", "deep/w"]
    assert (found["deep/w"] == weight).all()
    assert (ours.load(tmp_path / "model.pdparams")["deep/w"].numpy() == weight).all()
    with pytest.raises(ValueError, match=r"model' is not there; there is '.*model\.pdparams'"):
        ours.load(tmp_path / "model")


def test_mistakes_are_told() -> None:
    with pytest.raises(ValueError, match="there is no config 'compress'; there are use_binary"):
        ours.save(1, io.BytesIO(), compress=True)
    with pytest.raises(ValueError, match=r"use safetensors\.torch\.load_file"):
        ours.load(io.BytesIO(b"N."), safetensors=True)
    with pytest.raises(ValueError, match="protocol must be 2, 3 or 4, but it is 5"):
        ours.save(1, io.BytesIO(), protocol=5)
    with pytest.raises(ValueError, match="path must be like 'directory/name'"):
        ours.save(1, "there/")
    with pytest.warns(UserWarning, match="pickle_protocol is now called protocol"):
        ours.save(1, io.BytesIO(), pickle_protocol=2)
    with pytest.warns(UserWarning, match="the state is empty"):
        ours.save({}, io.BytesIO())
