"""Inference models: recorded ones of real Paddle run here, and nothing is done by halves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fluid import inference_snippets
from fluid.inference_choice import chosen
from paddle_compat import export, fluid
from paddle_compat.checkpoints import read_inference_model
from paddle_compat.checkpoints.program_desc import (
    Attribute,
    AttrType,
    OpDesc,
    ProgramDesc,
    program_bytes,
    read_program,
)
from paddle_compat.conformance.snippets import compare_arrays
from paddle_compat.fluid.io._operators import FORMS

HERE = Path(__file__).parent
RECORDED = HERE / "inference_models_of_paddle_1.8.5"
NEWER = HERE / "inference_model_of_paddle_2.6.2"
layers: Any = fluid.layers
FILES = {"classifier": "all of them", "faster_rcnn": "all of them", "ssd": None, "yolo": None}


def executor() -> Any:
    return fluid.Executor(fluid.CPUPlace())


def load(model: str) -> list[Any]:
    return fluid.io.load_inference_model(
        str(RECORDED / model), executor(), params_filename=FILES[model]
    )


@pytest.fixture(autouse=True)
def own_scope() -> Iterator[Any]:
    scope = fluid.Scope()
    main, startup = fluid.Program(), fluid.Program()
    with fluid.scope_guard(scope), fluid.program_guard(main, startup), fluid.unique_name.guard():
        yield scope


@pytest.mark.parametrize("model", FILES)
def test_real_paddles_models_give_what_they_gave_there(model: str) -> None:
    program, feeds, fetches = load(model)
    feed = dict(np.load(RECORDED / model / "feed.npz"))
    assert set(feeds) == set(feed)
    found = executor().run(program, feed=feed, fetch_list=fetches, return_numpy=False)
    wanted = np.load(RECORDED / model / "outputs.npz")
    for place, tensor in enumerate(found):
        assert tensor.lod() == wanted[f"lod_{place}"].tolist()
        array = wanted[f"value_{place}"]
        # Whole networks are sums of long sums.
        assert compare_arrays(str(place), np.array(tensor), array, terms=4) == []


def test_a_model_of_paddle_2_gives_what_it_gave_there() -> None:
    program, feeds, fetches = fluid.io.load_inference_model(
        str(NEWER), executor(), "model.pdmodel", "model.pdiparams"
    )
    with np.load(NEWER / "outputs.npz") as known:
        (found,) = executor().run(program, feed={feeds[0]: known["x"]}, fetch_list=fetches)
        assert compare_arrays("y", found, known["y"]) == []


def test_what_is_loaded_is_a_program_that_is_fed_and_fetched_by_name() -> None:
    program, feeds, fetches = load("classifier")
    assert isinstance(program, fluid.Program)
    assert feeds == ["image"]
    assert [type(fetch) for fetch in fetches] == [fluid.framework.Variable] * 2
    assert [fetch.name for fetch in fetches] == [
        "save_infer_model/scale_0.tmp_0",
        "save_infer_model/scale_1.tmp_0",
    ]
    image = program.global_block().var("image")
    assert (image.shape, image.dtype) == ((-1, 3, 16, 16), fluid.core.VarDesc.VarType.FP32)
    # As in 1.8.5, what was a parameter is a variable that outlives a run.
    assert program.all_parameters() == []
    assert program.global_block().var("fc_0.w_0").persistable


def test_from_memory() -> None:
    path = RECORDED / "classifier"
    program, feeds, fetches = fluid.io.load_inference_model(
        None,
        executor(),
        model_filename=(path / "__model__").read_bytes(),
        params_filename=(path / "all of them").read_bytes(),
    )
    image = np.load(path / "feed.npz")["image"]
    (share, _) = executor().run(program, feed={feeds[0]: image}, fetch_list=fetches)
    assert share.shape == (3, 5)


def test_what_is_loaded_becomes_a_torch_module(tmp_path: Path) -> None:
    program, feeds, fetches = load("classifier")
    module = export.to_module(program, fetches).eval()
    image = np.load(RECORDED / "classifier" / "feed.npz")["image"]
    wanted = executor().run(program, feed={feeds[0]: image}, fetch_list=fetches)
    for found, array in zip(module(torch.from_numpy(image)), wanted, strict=True):
        assert (found.detach().numpy() == array).all()
    assert "fc_0.w_0" in module.state_dict()


def test_parameters_and_names_are_read_without_a_program() -> None:
    model = read_inference_model(RECORDED / "ssd")
    assert model.feed_names == ["image"]
    assert model.fetch_names == [f"save_infer_model/scale_{i}.tmp_0" for i in range(2)]
    assert model.parameters["conv2d_0.w_0"].shape == (6, 3, 3, 3)
    assert model.lods == {}
    assert {"prior_box", "multiclass_nms"} <= set(model.operators)
    load("ssd")
    for name, array in model.parameters.items():
        held: Any = fluid.global_scope().find_var(name)
        assert (np.array(held.get_tensor()) == array).all()


def test_our_own_models_give_what_their_programs_give(tmp_path: Path) -> None:
    different: dict[str, Any] = {}
    saved = 0
    for number, snippet in enumerate(chosen()):
        header, arrays = snippet.to_wire()
        path = str(tmp_path / str(number))
        try:
            wanted = inference_snippets.save(fluid, header, arrays, path)
        except fluid.core.EnforceNotMet:
            continue  # of errors in a run
        saved += 1
        found = inference_snippets.run(fluid, header, arrays, path)
        for (mine, lengths), (array, told) in zip(found, wanted, strict=True):
            if lengths != told or compare_arrays("it", mine, array, snippet.terms):
                different[snippet.name] = (mine, array, lengths, told)
    assert different == {}
    assert saved > 400


def network(classes: int = 2) -> tuple[Any, Any]:
    """Build a small network with a loss and its updates, and start it."""
    x = fluid.data("x", [None, 3])
    label = fluid.data("label", [None, 1], "int64")
    hidden = layers.dropout(layers.fc(x, 4, act="relu", param_attr="w"), 0.5)
    share = layers.fc(hidden, classes, act="softmax")
    loss = layers.mean(layers.cross_entropy(share, label))
    fluid.optimizer.Adam(0.1).minimize(loss)
    executor().run(fluid.default_startup_program())
    return share, loss


def save(path: Path, targets: Any, feeds: Any = ("x",), **options: Any) -> list[str]:
    return fluid.io.save_inference_model(str(path), list(feeds), targets, executor(), **options)


def files(path: Path) -> set[str]:
    return {one.name for one in path.iterdir()}


def test_a_training_program_is_cut_down_to_what_its_results_need(tmp_path: Path) -> None:
    share, _ = network()
    before = str(fluid.default_main_program())
    version = fluid.default_main_program().version
    assert save(tmp_path, [share]) == ["save_infer_model/scale_0.tmp_0"]
    assert str(fluid.default_main_program()) == before
    assert fluid.default_main_program().version == version
    assert files(tmp_path) == {"__model__", "w", "fc_0.b_0", "fc_1.w_0", "fc_1.b_0"}
    model = read_inference_model(tmp_path)
    dense = ["mul", "elementwise_add"]
    assert model.operators == [*dense, "relu", "dropout", *dense, "softmax", "scale"]
    dropout = next(op for op in model.program.blocks[0].operators if op.type == "dropout")
    assert dropout.attrs["is_test"].value is True
    # As in 1.8.5, the names go on counting.
    assert save(tmp_path, [share]) == ["save_infer_model/scale_0.tmp_1"]


def test_what_is_loaded_can_be_saved_again(tmp_path: Path) -> None:
    share, _ = network()
    save(tmp_path / "one", [share])
    program, feeds, fetches = fluid.io.load_inference_model(str(tmp_path / "one"), executor())
    save(tmp_path / "two", fetches, feeds, main_program=program)
    again, feeds, others = fluid.io.load_inference_model(str(tmp_path / "two"), executor())
    x = np.random.RandomState(0).rand(4, 3).astype("float32")
    (one,) = executor().run(program, feed={"x": x}, fetch_list=fetches)
    (two,) = executor().run(again, feed={"x": x}, fetch_list=others)
    assert (one == two).all()


def test_files_have_the_names_that_are_given(tmp_path: Path) -> None:
    share, _ = network()
    save(tmp_path, share, model_filename="a/model", params_filename="b/params")
    assert files(tmp_path) == {"model", "params"}
    names = (tmp_path, executor(), "a/model", "b/params")
    assert len(fluid.io.load_inference_model(*names)) == 3
    save(tmp_path / "other", share, program_only=True)
    assert files(tmp_path / "other") == {"__model__"}


def test_a_value_on_the_way_can_be_fed(tmp_path: Path) -> None:
    share, _ = network()
    logits = share.op.inputs["input"][0]
    save(tmp_path, [share], [logits.name])
    assert files(tmp_path) == {"__model__"}
    program, feeds, fetches = fluid.io.load_inference_model(str(tmp_path), executor())
    fed = np.array([[1.0, 1.0]], "float32")
    (found,) = executor().run(program, feed={feeds[0]: fed}, fetch_list=fetches)
    assert found.tolist() == [[0.5, 0.5]]


def test_the_whole_program_without_its_training(tmp_path: Path) -> None:
    x = fluid.data("x", [None, 3])
    share = layers.dropout(layers.fc(x, 2), 0.5)
    executor().run(fluid.default_startup_program())
    save(tmp_path, [share], export_for_deployment=False)
    assert files(tmp_path) == {"__model__.main_program", "fc_0.w_0", "fc_0.b_0"}
    program = read_program((tmp_path / "__model__.main_program").read_bytes(), "it")
    assert (program.feed_names, program.fetch_names) == ([], [])
    types = ["mul", "elementwise_add", "dropout", "scale"]
    assert [op.type for op in program.blocks[0].operators] == types


WRONG_SAVES: list[tuple[Callable[..., Any], type[Exception], str]] = [
    (lambda p, s: save(p, [s], [1]), ValueError, "feeded_var_names must be a list of names"),
    (lambda p, s: save(p, ["share"]), ValueError, "target_vars must be a list of variables"),
    (lambda p, s: save(p, []), ValueError, "target_vars must be a list of variables"),
    (lambda p, s: save(p, [s], ["y"]), ValueError, "'y' of feeded_var_names is not needed"),
    (lambda p, s: save(p, [s], ["x", "label"]), ValueError, "'label' of feeded_var_names is not"),
    (lambda p, s: save(p, [s], []), ValueError, "target_vars need 'x'; add it"),
    (lambda p, s: save(p, [s], main_program=3), TypeError, "main_program must be a fluid.Program"),
    (
        lambda p, s: fluid.io.save_inference_model(p, ["x"], [s], 3),
        TypeError,
        "executor must be a fluid.Executor",
    ),
    (
        lambda p, s: fluid.io.save_inference_model(None, ["x"], [s], executor()),
        TypeError,
        "dirname must be a path",
    ),
    (
        lambda p, s: save(p, [layers.logical_not(s > 0.5)]),
        TypeError,
        "is bool.*no inference model fetches",
    ),
    (
        lambda p, s: save(p, [s.block.var("w@GRAD")], ["x", "label"]),
        NotImplementedError,
        "gradients: not among the operators that can be written",
    ),
]


@pytest.mark.parametrize(("call", "error", "why"), WRONG_SAVES)
def test_a_wrong_call_of_saving_writes_nothing(
    call: Callable[..., Any], error: type[Exception], why: str, tmp_path: Path
) -> None:
    share, loss = network()
    fluid.gradients([loss], [fluid.default_main_program().global_block().var("w")])
    with pytest.raises(error, match=why):
        call(tmp_path / "new", share)
    assert not (tmp_path / "new").exists()


def test_a_parameter_without_a_value_leaves_the_old_files(tmp_path: Path) -> None:
    share, _ = network()
    save(tmp_path, [share])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    more = layers.fc(share, 3)
    with pytest.raises(RuntimeError, match=r"'fc_2.\w_0' has no value"):
        save(tmp_path, [more])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_wrong_calls_of_loading(tmp_path: Path) -> None:
    known = fluid.io.load_inference_model
    model = RECORDED / "classifier"
    cases: list[tuple[Any, type[Exception], str]] = [
        ((str(tmp_path / "no"), executor()), ValueError, "there is no directory"),
        ((str(tmp_path), executor()), FileNotFoundError, "__model__"),
        ((3, executor()), TypeError, "dirname must be a path"),
        ((str(model), 3), TypeError, "executor must be a fluid.Executor"),
        ((str(model), executor()), RuntimeError, "cannot be read"),
        ((None, executor(), b""), ValueError, "must be the bytes of the two files"),
        ((None, executor(), None, b""), TypeError, "must be the program's bytes"),
    ]
    for arguments, error, why in cases:
        with pytest.raises(error, match=why):
            known(*arguments)


@pytest.fixture
def started(own_scope: Any) -> Callable[[], dict[str, Any]]:
    """A scope with values under the model's names; what returns them now."""
    load("classifier")
    for name in own_scope.local_var_names():
        tensor = own_scope.find_var(name).get_tensor()
        tensor.set(np.full(tensor.shape(), 7.0, "float32"), fluid.CPUPlace())

    def values() -> dict[str, Any]:
        names = own_scope.local_var_names()
        return {n: np.array(own_scope.find_var(n).get_tensor()).tolist() for n in names}

    return values


def test_damaged_files_leave_the_scope_as_it_was(started: Callable[[], Any]) -> None:
    before = started()
    program = (RECORDED / "classifier" / "__model__").read_bytes()
    params = (RECORDED / "classifier" / "all of them").read_bytes()
    for end in range(0, len(program), 257):
        with pytest.raises(RuntimeError, match=r"the given program is damaged.*nothing was loaded"):
            fluid.io.load_inference_model(None, executor(), program[:end], params)
    for end in range(0, len(params), 257):
        with pytest.raises(RuntimeError):
            fluid.io.load_inference_model(None, executor(), program, params[:end])
    for data in (b"PK\x03\x04" + bytes(30), b"\x80\x02cos\nsystem\nq\x00.", params):
        with pytest.raises(RuntimeError):
            fluid.io.load_inference_model(None, executor(), data, params)
    assert started() == before


def test_changed_bytes_are_refused_or_are_a_program(started: Callable[[], Any]) -> None:
    program = (RECORDED / "yolo" / "__model__").read_bytes()
    random = np.random.RandomState(1)
    loaded = 0
    for _ in range(150):
        changed = bytearray(program)
        for place in random.randint(0, len(program), 1 + random.randint(4)):
            changed[place] = random.randint(256)
        before = started()
        try:
            fluid.io.load_inference_model(None, executor(), bytes(changed), b"")
        except (RuntimeError, ValueError, NotImplementedError):
            loaded += 1
        assert started() == before
    assert loaded == 150  # without parameters none is loaded


def changed_model(change: Callable[[list[OpDesc]], None]) -> tuple[bytes, bytes]:
    path = RECORDED / "classifier"
    program = read_program((path / "__model__").read_bytes(), "it")
    change(program.blocks[0].operators)
    return program_bytes(program), (path / "all of them").read_bytes()


def test_operators_that_are_not_offered_are_all_named(started: Callable[[], Any]) -> None:
    def change(operators: list[OpDesc]) -> None:
        operators[1].type = "sequence_pool"
        operators[3].type = operators[4].type = "while"
        softmax = next(op for op in operators if op.type == "softmax")
        softmax.attrs["data_format"] = Attribute(AttrType.STRING, "strange")
        pool = next(op for op in operators if op.type == "pool2d")
        pool.inputs["Weird"] = ["image"]
        reshape = next(op for op in operators if op.type == "reshape2")
        reshape.attrs["shape"] = Attribute(AttrType.STRING, "[0, -1]")

    before = started()
    program, params = changed_model(change)
    with pytest.raises(NotImplementedError) as caught:
        fluid.io.load_inference_model(None, executor(), program, params)
    text = str(caught.value)
    assert "sequence_pool; while (x2); pool2d with the input Weird; " in text
    assert "reshape2 with shape of type STRING; softmax with data_format='strange'" in text
    assert "Offered are abs, acos," in text
    assert ", conv2d," in text
    assert "read_inference_model reads the parameters" in text
    assert started() == before


def test_parameters_of_a_model_with_other_operators_are_read(tmp_path: Path) -> None:
    program, params = changed_model(lambda ops: setattr(ops[1], "type", "sequence_pool"))
    (tmp_path / "__model__").write_bytes(program)
    (tmp_path / "params").write_bytes(params)
    model = read_inference_model(tmp_path, params_filename="params")
    assert "sequence_pool" in model.operators
    assert "fc_0.w_0" in model.parameters


def wrong_axis(operators: list[OpDesc]) -> None:
    softmax = next(op for op in operators if op.type == "softmax")
    softmax.attrs["axis"] = Attribute(AttrType.INT, 9)


def unknown_name(operators: list[OpDesc]) -> None:
    next(op for op in operators if op.type == "softmax").inputs["X"] = ["nobody"]


def no_result(operators: list[OpDesc]) -> None:
    operators.pop(next(i for i, op in enumerate(operators) if op.type == "scale"))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (wrong_axis, r"operator \d+, softmax, which writes 'fc_0.tmp_2', cannot be built"),
        (unknown_name, "it reads 'nobody', which is neither fed nor a parameter nor written"),
        (no_result, "fetches 'save_infer_model/scale_0.tmp_0', which nothing writes"),
    ],
)
def test_a_program_that_does_not_fit_itself_is_refused(
    change: Callable[[Any], None], why: str, started: Callable[[], Any]
) -> None:
    before = started()
    program, params = changed_model(change)
    with pytest.raises(ValueError, match=why):
        fluid.io.load_inference_model(None, executor(), program, params)
    assert started() == before


def test_older_operators_without_a_second_result_run(tmp_path: Path) -> None:
    x = fluid.data("x", [None, 3, 4])
    y = layers.transpose(layers.reshape(x, [-1, 4, 3]), [0, 2, 1])
    y = layers.flatten(layers.squeeze(layers.unsqueeze(y, [1]), [1]), axis=2)
    save(tmp_path, [y])
    path = tmp_path / "__model__"
    program: ProgramDesc = read_program(path.read_bytes(), "it")
    older = 0
    for op in program.blocks[0].operators:
        if op.outputs.pop("XShape", None):
            op.type = re.sub("2$", "", op.type)
            older += 1
    assert older == 5
    path.write_bytes(program_bytes(program))
    loaded, _, fetches = fluid.io.load_inference_model(str(tmp_path), executor())
    fed = np.arange(24.0, dtype="float32").reshape(2, 3, 4)
    (found,) = executor().run(loaded, feed={"x": fed}, fetch_list=fetches)
    wanted = fed.reshape(2, 4, 3).transpose(0, 2, 1).reshape(6, 4)
    assert (found == wanted).all()


def test_names_that_are_written_twice_hold_the_last_value(tmp_path: Path) -> None:
    x = fluid.data("x", [None, 2])
    doubled = layers.scale(x, 2.0)
    layers.assign(doubled + 1.0, doubled)
    result = doubled * 10.0
    save(tmp_path, [result, doubled])
    program, _, fetches = fluid.io.load_inference_model(str(tmp_path), executor())
    fed = np.array([[1.0, 2.0]], "float32")
    first, second = executor().run(program, feed={"x": fed}, fetch_list=fetches)
    assert (first.tolist(), second.tolist()) == ([[30.0, 50.0]], [[3.0, 5.0]])


def test_an_operator_may_write_over_what_is_fed(tmp_path: Path) -> None:
    """As programs of real Paddle do where layers work in place."""
    x = fluid.data("x", [None, 4])
    save(tmp_path, [layers.scale(layers.reshape(x, [-1, 2]), 2.0)])
    path = tmp_path / "__model__"
    program = read_program(path.read_bytes(), "it")
    reshape, scale = program.blocks[0].operators[1:3]
    reshape.outputs["Out"] = scale.inputs["X"] = ["x"]
    path.write_bytes(program_bytes(program))
    loaded, _, fetches = fluid.io.load_inference_model(str(tmp_path), executor())
    (found,) = executor().run(loaded, feed={"x": np.ones((1, 4), "float32")}, fetch_list=fetches)
    assert found.tolist() == [[2.0, 2.0], [2.0, 2.0]]
    with pytest.raises(ValueError, match=r"the feed of 'x' must have the shape"):
        executor().run(loaded, feed={"x": np.ones((1, 2), "float32")}, fetch_list=fetches)


def test_what_is_multiplied_with_an_unknown_size_is_unknown(tmp_path: Path) -> None:
    """Real Paddle declares [-1, 3] that is made flat as [-3]."""
    save(tmp_path, [layers.scale(fluid.data("x", [None, 3]), 2.0)])
    path = tmp_path / "__model__"
    program = read_program(path.read_bytes(), "it")
    program.blocks[0].variables["x"].shape = (-12, 3)
    path.write_bytes(program_bytes(program))
    loaded, _, fetches = fluid.io.load_inference_model(str(tmp_path), executor())
    assert loaded.global_block().var("x").shape == (-1, 3)
    assert fetches[0].shape == (-1, 3)


def test_results_that_a_program_does_not_have_are_made_all_the_same(tmp_path: Path) -> None:
    """As other versions have fewer: the names of the others stay theirs."""
    x = fluid.data("x", [None, 4])
    _, places = layers.topk(x, 2)
    save(tmp_path, [places])
    path = tmp_path / "__model__"
    program = read_program(path.read_bytes(), "it")
    next(op for op in program.blocks[0].operators if op.type == "top_k").outputs["Out"] = []
    path.write_bytes(program_bytes(program))
    loaded, _, fetches = fluid.io.load_inference_model(str(tmp_path), executor())
    fed = np.array([[3.0, 1.0, 4.0, 2.0]], "float32")
    (found,) = executor().run(loaded, feed={"x": fed}, fetch_list=fetches)
    assert found.tolist() == [[2, 0]]


def test_every_layer_has_a_form() -> None:
    from paddle_compat.fluid._layer import _by_type

    # What is two operators in Paddle is written as these.
    assert set(_by_type) - set(FORMS) == {"square_error_cost"}


def test_state_is_saved_with_its_program_unless_it_trains(tmp_path: Path) -> None:
    x = fluid.data("x", [None, 3])
    loss = layers.mean(layers.dropout(layers.fc(x, 2), 0.5))
    executor().run(fluid.default_startup_program())
    main = fluid.default_main_program()
    fluid.save(main, str(tmp_path / "model"))
    assert files(tmp_path) == {"model.pdparams", "model.pdopt", "model.pdmodel"}
    program = read_program((tmp_path / "model.pdmodel").read_bytes(), "it")
    operators = program.blocks[0].operators
    assert [op.type for op in operators] == ["mul", "elementwise_add", "dropout", "mean"]
    assert operators[2].attrs["is_test"].value is False
    fluid.optimizer.SGD(0.1).minimize(loss)
    executor().run(fluid.default_startup_program())
    fluid.save(main, str(tmp_path / "training" / "model"))
    assert files(tmp_path / "training") == {"model.pdparams", "model.pdopt"}


def test_a_compiled_program_stands_for_its_program(tmp_path: Path) -> None:
    share, _ = network()
    compiled = fluid.CompiledProgram(fluid.default_main_program())
    save(tmp_path, [share], main_program=compiled)
    assert "__model__" in files(tmp_path)
