"""Files of parameters: real Paddle 1.8.5 reads ours, we read its, and nothing is done by halves."""

from __future__ import annotations

import json
import pickle
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoints.hostile import HOSTILE

from fluid import saved_training
from paddle_compat import fluid
from paddle_compat.checkpoints import DamagedFileError, dump_arrays, record_bytes

HOWS = (
    *("persistables", "one file", "memory", "params and others", "save", "state"),
    *("momentum: persistables", "momentum: one file", "momentum: save", "momentum: state"),
)
SCRIPT = Path(saved_training.__file__)
RECORDED = Path(__file__).parent / "saved_by_paddle_1.8.5"


def ours(action: str, root: Path, how: str) -> list[float]:
    return saved_training.run("paddle_compat.fluid", action, how, str(root / how))


def real(python: Path, action: str, root: Path) -> dict[str, list[float]]:
    """Let real Paddle save or load in every way; its start takes longest."""
    done = subprocess.run(
        [python, SCRIPT, "paddle.fluid", action, root, *HOWS],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def really_saved(
    fluid_python: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, list[float]]]:
    """What real Paddle saved in each way, and the losses behind that."""
    root = tmp_path_factory.mktemp("real")
    return root, real(fluid_python, "save", root)


@pytest.mark.live
def test_real_paddle_goes_on_from_our_files(tmp_path: Path, fluid_python: Path) -> None:
    wanted = {how: ours("save", tmp_path, how) for how in HOWS}
    found = real(fluid_python, "load", tmp_path)
    assert found == {how: pytest.approx(losses, rel=1e-5) for how, losses in wanted.items()}


@pytest.mark.live
@pytest.mark.parametrize("how", HOWS)
def test_we_go_on_from_real_paddles_files(
    how: str, really_saved: tuple[Path, dict[str, list[float]]]
) -> None:
    root, wanted = really_saved
    assert ours("load", root, how) == pytest.approx(wanted[how], rel=1e-5)


@pytest.mark.live
@pytest.mark.parametrize("how", ["persistables", "one file", "save"])
def test_our_files_are_real_paddles_to_the_byte(
    how: str, tmp_path: Path, really_saved: tuple[Path, dict[str, list[float]]]
) -> None:
    root, _ = really_saved
    main, startup, exe = built()
    with fluid.scope_guard(fluid.Scope()), fluid.program_guard(main, startup):
        exe.run(startup)
        saved_training.load(fluid, exe, how, str(root / how))
        saved_training.save(fluid, exe, how, str(tmp_path))
    wanted = contents(root / how)
    wanted.pop("model.pdmodel", None)  # the program itself, which we do not write
    assert contents(tmp_path) == wanted


@pytest.mark.parametrize("how", ["one file", "save"])
def test_we_go_on_from_recorded_files(how: str) -> None:
    wanted = json.loads((RECORDED / "losses.json").read_text())
    assert ours("load", RECORDED, how) == pytest.approx(wanted[how], rel=1e-5)


@pytest.mark.parametrize("how", HOWS)
def test_we_go_on_from_our_own_files(how: str, tmp_path: Path) -> None:
    wanted = ours("save", tmp_path, how)
    assert ours("load", tmp_path, how) == wanted


def contents(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def built() -> tuple[Any, Any, Any]:
    main, startup = fluid.Program(), fluid.Program()
    with fluid.program_guard(main, startup), fluid.unique_name.guard():
        saved_training.build(fluid)
    return main, startup, fluid.Executor(fluid.CPUPlace())


@pytest.fixture
def training() -> Iterator[tuple[Any, Any, fluid.Scope]]:
    """A program that was started, in a scope of its own."""
    main, startup, exe = built()
    scope = fluid.Scope()
    with fluid.scope_guard(scope), fluid.program_guard(main, startup):
        exe.run(startup)
        yield main, exe, scope


def tensor_of(name: str, scope: Any = None) -> Any:
    found = (scope or fluid.global_scope()).find_var(name)
    assert found is not None
    return found.get_tensor()


def values(scope: Any) -> dict[str, bytes]:
    return {name: np.array(tensor_of(name, scope)).tobytes() for name in scope.local_var_names()}


def test_every_damaged_file_leaves_the_scope_as_it_was(
    training: tuple[Any, Any, fluid.Scope], tmp_path: Path
) -> None:
    main, exe, scope = training
    fluid.io.save_persistables(exe, str(tmp_path), filename="all")
    fluid.save(main, str(tmp_path / "model"))
    before = values(scope)
    whole = (tmp_path / "all").read_bytes()
    for end in range(len(whole)):
        (tmp_path / "all").write_bytes(whole[:end])
        with pytest.raises(fluid.core.EnforceNotMet, match="nothing was loaded"):
            fluid.io.load_persistables(exe, str(tmp_path), filename="all")
    for ending in (".pdparams", ".pdopt"):
        path = tmp_path / f"model{ending}"
        pickled = path.read_bytes()
        for end in range(len(pickled)):
            path.write_bytes(pickled[:end])
            with pytest.raises(DamagedFileError, match="model"):
                fluid.load(main, str(tmp_path / "model"), exe)
        path.write_bytes(pickled)
    assert values(scope) == before


def test_hostile_files_leave_the_scope_as_it_was(
    training: tuple[Any, Any, fluid.Scope], tmp_path: Path
) -> None:
    main, exe, scope = training
    model = str(tmp_path / "model")
    fluid.save(main, model)
    fluid.io.save_persistables(exe, str(tmp_path), filename="all")
    before = values(scope)
    for ending in (".pdparams", ".pdopt"):
        path = tmp_path / f"model{ending}"
        whole = path.read_bytes()
        for name, data in HOSTILE.items():
            path.write_bytes(data)
            with pytest.raises(DamagedFileError, match="model"):
                fluid.load(main, model, exe)
            with pytest.raises(DamagedFileError, match="model"):
                fluid.io.load_program_state(model)
            (tmp_path / "all").write_bytes(data)
            with pytest.raises(fluid.core.EnforceNotMet, match="nothing was loaded"):
                fluid.io.load_persistables(exe, str(tmp_path), filename="all")
            assert values(scope) == before, name
        path.write_bytes(whole)


def test_files_changed_at_random_load_whole_or_not_at_all(
    training: tuple[Any, Any, fluid.Scope], tmp_path: Path
) -> None:
    main, exe, scope = training
    model = str(tmp_path / "model")
    fluid.save(main, model)
    fluid.io.save_persistables(exe, str(tmp_path), filename="all")
    # Zeros, so that each load that is done shows.
    for name in scope.local_var_names():
        tensor_of(name, scope).set(np.array(tensor_of(name, scope)) * 0, fluid.CPUPlace())
    before = values(scope)
    random = np.random.RandomState(5)
    outcomes = set()
    for file in ("model.pdparams", "model.pdopt", "all"):
        whole = (tmp_path / file).read_bytes()
        for _ in range(150):
            data = bytearray(whole)
            for place in random.randint(0, len(data), random.randint(1, 4)):
                data[place] = random.randint(256)
            (tmp_path / file).write_bytes(data)
            try:
                if file == "all":
                    fluid.io.load_persistables(exe, str(tmp_path), filename="all")
                else:
                    fluid.load(main, model, exe)
            except (DamagedFileError, RuntimeError, AssertionError) as error:
                outcomes.add(type(error).__name__)
                assert values(scope) == before
            else:
                outcomes.add("loaded")
                assert values(scope).keys() == before.keys()
                for name in scope.local_var_names():
                    zeros = np.array(tensor_of(name, scope)) * 0
                    tensor_of(name, scope).set(zeros, fluid.CPUPlace())
                before = values(scope)
        (tmp_path / file).write_bytes(whole)
    assert outcomes >= {"loaded", "DamagedFileError", "EnforceNotMet"}


def test_one_bad_file_among_many_loads_none(
    training: tuple[Any, Any, fluid.Scope], tmp_path: Path
) -> None:
    main, exe, scope = training
    fluid.io.save_persistables(exe, str(tmp_path))
    last = sorted(var.name for var in main.list_vars() if var.persistable)[-1]
    for name in scope.local_var_names():
        tensor = tensor_of(name, scope)
        tensor.set(np.array(tensor) * 0, fluid.CPUPlace())
    before = values(scope)
    (tmp_path / last).write_bytes(b"no tensor")
    with pytest.raises(RuntimeError, match="version"):
        fluid.io.load_persistables(exe, str(tmp_path))
    (tmp_path / last).unlink()
    with pytest.raises(RuntimeError, match=f"{last}' cannot be read: No such file"):
        fluid.io.load_persistables(exe, str(tmp_path))
    assert values(scope) == before


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (np.zeros([5, 4], "float32"), r"declared float32\[4, 5\], but .* float32\[5, 4\]"),
        (np.zeros([4, 5], "float64"), r"declared float32\[4, 5\], but .* float64\[4, 5\]"),
    ],
)
def test_another_shape_or_dtype_is_refused(
    training: tuple[Any, Any, fluid.Scope], tmp_path: Path, array: Any, told: str
) -> None:
    main, exe, scope = training
    weight = "names/with/slashes"
    fluid.io.save_persistables(exe, str(tmp_path))
    fluid.save(main, str(tmp_path / "model"))
    state = fluid.io.load_program_state(str(tmp_path / "model"))
    before = values(scope)
    (tmp_path / weight).write_bytes(record_bytes(array))
    with pytest.raises(RuntimeError, match=told):
        fluid.io.load_persistables(exe, str(tmp_path))
    parameters = {var.name: state[var.name] for var in main.all_parameters()}
    (tmp_path / "model.pdparams").write_bytes(dump_arrays({**parameters, weight: array}))
    with pytest.raises(RuntimeError, match=told):
        fluid.load(main, str(tmp_path / "model"), exe)
    with pytest.raises(AssertionError, match="nothing was set"):
        fluid.io.set_program_state(main, {**state, weight: array})
    assert values(scope) == before


def test_one_array_for_two_variables_is_loaded_twice(
    training: tuple[Any, Any, fluid.Scope], tmp_path: Path
) -> None:
    main, exe, scope = training
    fluid.save(main, str(tmp_path / "model"))
    state = pickle.loads((tmp_path / "model.pdparams").read_bytes())
    state["batch_norm_0.b_0"] = state["batch_norm_0.w_0"]
    (tmp_path / "model.pdparams").write_bytes(pickle.dumps(state))
    fluid.load(main, str(tmp_path / "model"), exe)
    one, other = (tensor_of(f"batch_norm_0.{name}_0", scope).value for name in "wb")
    assert one.tolist() == other.tolist()
    assert one.data_ptr() != other.data_ptr()


def test_what_has_no_value_is_not_saved(tmp_path: Path) -> None:
    main, startup, exe = built()
    with fluid.scope_guard(fluid.Scope()), fluid.program_guard(main, startup):
        with pytest.raises(fluid.core.EnforceNotMet, match="run the startup program first"):
            fluid.io.save_persistables(exe, str(tmp_path / "there"))
        with pytest.raises(fluid.core.EnforceNotMet, match="run the startup program first"):
            fluid.save(main, str(tmp_path / "there" / "model"))
    assert not (tmp_path / "there").exists()


def test_mistakes_are_told(training: tuple[Any, Any, fluid.Scope], tmp_path: Path) -> None:
    main, exe, _ = training
    io, there = fluid.io, str(tmp_path)
    with pytest.raises(TypeError, match=r"executor must be a fluid\.Executor, but it is str"):
        io.save_params("here", exe)
    with pytest.raises(TypeError, match="main_program must be"):
        io.save_params(exe, there, main_program="main")
    with pytest.raises(AssertionError, match="vars must be variables of a program"):
        io.save_vars(exe, there, vars=["fc_0.w_0"])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="give dirname"):
        io.load_vars(exe, None, vars=main.all_parameters())
    with pytest.raises(AssertionError, match="like 'directory/name'"):
        fluid.save(main, f"{there}/")
    with pytest.raises(ValueError, match="give executor="):
        fluid.load(main, f"{there}/nothing")
    with pytest.raises(ValueError, match="give var_list="):
        fluid.load(main, f"{there}/nothing", exe)
    with fluid.program_guard(fluid.Program()):
        foreign = fluid.data("x2", [1])
    with pytest.raises(LookupError, match="no variable 'x2'"):
        fluid.load(main, f"{there}/nothing", exe, [foreign])
    with pytest.warns(UserWarning, match="no variable to save"):
        assert io.save_vars(exe, there, vars=[]) is None
    fluid.save(main, f"{there}/model")
    (tmp_path / "model.pdopt").unlink()
    with pytest.raises(AssertionError, match=r"model\.pdopt' is not there"):
        fluid.load(main, f"{there}/model")
    with pytest.warns(UserWarning, match="the program has no 'other'"):
        io.set_program_state(main, {"other": np.zeros(1)})
    closed = fluid.Executor(fluid.CPUPlace())
    closed.close()
    with pytest.raises(RuntimeError, match="the executor is closed"):
        io.load_params(closed, there)


def test_levels_of_detail_are_saved(tmp_path: Path) -> None:
    main = fluid.Program()
    with fluid.scope_guard(fluid.Scope()) as _, fluid.program_guard(main, fluid.Program()):
        held = fluid.layers.create_global_var([5, 1], 0.0, "float32", True, name="held")
        exe = fluid.Executor(fluid.CPUPlace())
        tensor = fluid.global_scope().var("held").get_tensor()
        tensor.set(np.ones([5, 1], "float32"), fluid.CPUPlace())
        tensor.set_lod([[0, 2, 5]])
        fluid.io.save_vars(exe, str(tmp_path), vars=[held])
        tensor.set_lod([])
        fluid.io.load_vars(exe, str(tmp_path), vars=[held])
        assert tensor_of("held").lod() == [[0, 2, 5]]
