"""What a module decides, what becomes of each weight, and every line of the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from paddle_compat.checkpoints import dump_arrays, record_bytes
from paddle_compat.port.weights import port_weights, to_state_dict
from paddle_compat.port.weights_module import TargetError, find_module
from paddle_compat.port.weights_names import Rule
from paddle_compat.port.weights_report import Report
from paddle_compat.port.weights_source import Source, SourceError
from port.weights import networks

Array = np.ndarray[Any, Any]


def numbered(*shape: int, kind: str = "float32") -> Array:
    return np.arange(np.prod(shape), dtype=kind).reshape(shape)


def ported(
    module: nn.Module | None, arrays: dict[str, Array], *rules: str, **options: Any
) -> tuple[dict[str, Array], Report]:
    names = options.pop("own_names", {})
    found = port_weights(
        Source("arrays", arrays, own_names=names), list(map(Rule.parse, rules)), module, **options
    )
    return {name: weight.array for name, weight in found.weights.items()}, found.report


def test_the_layer_and_not_the_shape_decides_what_is_transposed() -> None:
    square = numbered(3, 3)
    state, report = ported(nn.Linear(3, 3, bias=False), {"weight": square})
    assert (state["weight"] == square.T).all()
    assert report.carried[0].changes == ("transposed",)
    state, report = ported(nn.Embedding(3, 3), {"weight": square})
    assert (state["weight"] == square).all()
    assert report.carried[0].changes == ()
    state, _ = ported(networks.Plain(), {"square": square, "w": numbered(2, 3)})
    assert (state["square"] == square).all()


def test_a_convolution_in_place_of_a_linear_layer_is_not_transposed() -> None:
    state, report = ported(nn.Linear(3, 3, bias=False), {"weight": numbered(3, 3, 1, 1)})
    assert (state["weight"] == numbered(3, 3)).all()
    assert report.carried[0].changes == ("reshaped",)


def test_a_matrix_is_not_laid_out_as_a_convolution() -> None:
    _, report = ported(nn.Conv2d(3, 3, 1, bias=False), {"weight": numbered(3, 3)})
    assert [(row.shape, row.wanted) for row in report.mismatched] == [((3, 3), (3, 3, 1, 1))]


def test_flat_vectors_of_a_layer_normalization_are_laid_out() -> None:
    state, report = ported(
        nn.LayerNorm((2, 3)), {"norm.w_0": numbered(6), "norm.b_0": numbered(6)}, "re:norm.(.*)=\\1"
    )
    assert (state["weight"] == numbered(2, 3)).all()
    assert {row.changes for row in report.carried} == {("reshaped",)}


def test_what_differs_in_sizes_of_1() -> None:
    state, _ = ported(nn.PReLU(4), {"_weight": numbered(1, 4, 1, 1)})
    assert (state["weight"] == numbered(4)).all()


def test_the_scale_of_an_instance_normalization() -> None:
    module = nn.InstanceNorm2d(2, affine=True)
    state, report = ported(module, {"scale": numbered(2), "bias": numbered(2)})
    assert report.complete
    assert sorted(state) == ["bias", "weight"]


def test_a_shared_matrix_is_filled_in() -> None:
    state, report = ported(networks.Tied(), {"embedding.weight": numbered(5, 3)})
    assert (state["out.weight"] == numbered(5, 3)).all()
    assert [(row.name, row.what, row.why) for row in report.filled] == [
        ("out.weight", "float32[5, 3]", "it is 'embedding.weight' itself")
    ]
    assert report.complete


def test_batches_are_counted_from_0() -> None:
    names = ("bn.weight", "bn.bias", "bn._mean", "bn._variance")
    state, report = ported(None, {name: numbered(2) for name in names}, "bn=a.b")
    assert sorted(state) == [
        *("a.b.bias", "a.b.num_batches_tracked", "a.b.running_mean", "a.b.running_var"),
        "a.b.weight",
    ]
    assert state["a.b.num_batches_tracked"].dtype == np.int64
    assert state["a.b.num_batches_tracked"].tolist() == 0
    assert [row.why for row in report.filled] == ["0: Paddle does not count batches"]
    module = nn.BatchNorm1d(2, track_running_stats=False)
    state, report = ported(module, {"weight": numbered(2), "bias": numbered(2)})
    assert sorted(state) == ["bias", "weight"]


def test_a_mean_that_is_missing_is_not_counted_for() -> None:
    _, report = ported(nn.BatchNorm1d(2), {"weight": numbered(2), "bias": numbered(2)})
    assert [row.name for row in report.missing] == [
        *("running_mean", "running_var", "num_batches_tracked")
    ]


def test_paddles_own_names_stay_on_request_and_in_modules_that_have_them() -> None:
    arrays = {"fc_0.w_0": numbered(2, 2)}
    assert list(ported(None, arrays, keep_names=True)[0]) == ["fc_0.w_0"]
    module = nn.Module()
    module.fc_0 = nn.Module()
    module.fc_0.register_parameter("w_0", nn.Parameter(torch.zeros(2, 2)))
    state, report = ported(module, arrays)
    assert report.complete
    assert (state["fc_0.w_0"] == numbered(2, 2)).all()


def test_a_parameter_under_a_second_name_is_not_unused() -> None:
    arrays = {"weight": numbered(2, 2), "0.cell.weight": numbered(2, 2)}
    own = {"weight": "linear_0.w_0", "0.cell.weight": "linear_0.w_0"}
    _, report = ported(nn.Linear(2, 2, bias=False), arrays, own_names=own)
    assert report.complete
    assert [(row.name, row.why) for row in report.left] == [
        ("0.cell.weight", "it is 'weight' once more")
    ]
    _, report = ported(nn.Linear(2, 2, bias=False), arrays)
    assert [row.name for row in report.unused] == ["0.cell.weight"]


def test_two_weights_of_one_name() -> None:
    with pytest.raises(SourceError) as caught:
        ported(None, {"a": numbered(2), "b": numbered(2)}, "a=b")
    assert str(caught.value) == ("'a' and 'b' are both to be 'b'; tell them apart with --rename")


def test_layers_are_paired_by_number_and_only_as_many_of_a_kind() -> None:
    module = nn.Sequential(*(nn.Linear(1, 1, bias=False) for _ in range(11)), nn.Conv2d(1, 1, 1))
    arrays = {f"fc_{n}.w_0": np.full((1, 1), n, "float32") for n in range(20, 31)}
    # As files of several tensors have them: sorted as texts.
    arrays = dict(sorted({**arrays, "fc_9.w_0": np.full((1, 1), 9, "float32")}.items()))
    del arrays["fc_30.w_0"]
    more = {"conv2d_0.w_0": numbered(1, 1, 1, 1), "conv2d_1.w_0": numbered(1, 1, 1, 1)}
    state, report = ported(module, {**arrays, **more}, by_order=True)
    assert [state[f"{n}.weight"].item() for n in range(11)] == [9, *range(20, 30)]
    assert [row.name for row in report.unused] == ["conv2d_0.w_0", "conv2d_1.w_0"]
    assert [row.name for row in report.missing] == ["11.weight", "11.bias"]
    assert report.notes[0] == "2 conv2d and 1 Conv2d: none is paired by order"


def test_classes_made_from_torchs_are_of_their_kind() -> None:
    class Same(nn.Conv2d):
        pass

    class Norm(nn.LayerNorm):
        pass

    module = nn.Sequential(Same(1, 1, 1, bias=False), Norm((2, 3)))
    arrays = {"conv2d_4.w_0": numbered(1, 1, 1, 1), "layer_norm_3.w_0": numbered(6)}
    state, report = ported(module, {**arrays, "layer_norm_3.b_0": numbered(6)}, by_order=True)
    assert report.complete, report.text()
    assert state["1.weight"].shape == (2, 3)


def test_more_layers_of_a_module_than_of_paddle_are_not_paired() -> None:
    module = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False))
    _, report = ported(module, {"fc_0.w_0": numbered(1, 1)}, by_order=True)
    assert [row.name for row in report.unused] == ["fc_0.w_0"]
    assert report.notes == ["1 fc and 2 Linear: none is paired by order"]


def test_names_come_before_order() -> None:
    module = nn.ModuleDict({"a": nn.Linear(1, 1, bias=False), "b": nn.Linear(1, 1, bias=False)})
    arrays = {f"fc_{n}.w_0": np.full((1, 1), n, "float32") for n in range(2)}
    state, report = ported(module, arrays, "fc_0=b", by_order=True)
    assert report.complete
    assert (state["b.weight"].item(), state["a.weight"].item()) == (0, 1)
    # Nothing is paired that was not asked for.
    assert len(ported(module, arrays)[1].unused) == 2


def test_transposing_on_request() -> None:
    state, report = ported(None, {"a.w": numbered(2, 3), "b.w": numbered(2, 3)}, transpose=["a.*"])
    assert [state["a.w"].shape, state["b.w"].shape] == [(3, 2), (2, 3)]
    assert report.notes == [
        "b.w: matrices are as Paddle has them, which is [in, out] for Linear and fc and [out, in] "
        "in torch; a module (--module) decides which are transposed, or --transpose does"
    ]
    with pytest.raises(SourceError, match=r"'a.w' cannot be transposed: it is \[2\] and no matrix"):
        ported(None, {"a.w": numbered(2)}, transpose=["a.*"])
    state, report = ported(
        networks.Plain(), {"w": numbered(3, 2), "square": numbered(3, 3)}, transpose=["w"]
    )
    assert report.complete
    assert (state["w"] == numbered(3, 2).T).all()


def test_every_line_of_the_report() -> None:
    module = nn.ModuleDict(
        {
            "head": nn.Linear(16, 2),
            "conv": nn.Conv2d(3, 4, 3),
            "norm": nn.LayerNorm(16, bias=False),
        }
    )
    arrays = {
        "fc.weight": numbered(16, 2),
        "fc.bias": numbered(2, kind="float16"),
        "conv.bias": numbered(5),
        "norm.weigth": numbered(16),
        "x": numbered(2, kind="uint16"),
        "fc.bias_velocity_0": numbered(2),
        "old": numbered(3, kind="int64"),
    }
    source = Source("arrays", arrays, others={"epoch": "a int"}, notes=["as it was read"])
    rules = [Rule.parse(rule) for rule in ("fc=head", "old=", "nothing=y", "x=head.y")]
    report = port_weights(source, rules, module).report
    assert report.text().splitlines() == [
        "read: arrays",
        "carried over:",
        "  fc.weight  -> head.weight  float32[16, 2] -> [2, 16]  transposed",
        "  fc.bias    -> head.bias    float16[2]",
        "mismatched:",
        "  conv.bias  -> conv.bias  [5] is not [4]  Conv2d wants another shape",
        "not used:",
        "  norm.weigth  float32[16]  the module has no 'norm.weigth'; is it 'norm.weight'?",
        "  x            bfloat16[2]  the module has no 'head.y'",
        "missing, and the module wants it:",
        "  conv.weight  float32[4, 3, 3, 3]  of Conv2d",
        "  norm.weight  float32[16]          of LayerNorm",
        "left out:",
        "  fc.bias_velocity_0  float32[2]  an optimizer's state",
        "  old                 int64[3]    by a rule",
        "  epoch               a int       no array",
        "note: as it was read",
        "note: 1 is float16, and the module has float32: load_state_dict converts them",
        "note: the rule 'nothing=y' is for no name",
        "2 carried over, 2 not used, 2 missing, 1 mismatched",
    ]
    told = report.as_dict()
    assert told["complete"] is False
    assert told["carried"][0] == {
        "source": "fc.weight",
        "target": "head.weight",
        "dtype": "float32",
        "source_shape": [16, 2],
        "shape": [2, 16],
        "changes": ["transposed"],
    }
    assert told["mismatched"] == [
        {
            "source": "conv.bias",
            "target": "conv.bias",
            "shape": [5],
            "wanted": [4],
            "hint": "Conv2d wants another shape",
        }
    ]
    assert [row["name"] for row in told["left"]] == ["fc.bias_velocity_0", "old", "epoch"]
    assert told["notes"][0] == "as it was read"


def test_a_transpose_that_would_fit_is_told_and_not_done() -> None:
    _, report = ported(networks.Plain(), {"w": numbered(3, 2), "square": numbered(3, 3)})
    assert [row.hint for row in report.mismatched] == [
        "its transpose fits: --transpose w if that is what is meant"
    ]


def test_an_array_of_a_dtype_that_torch_lacks() -> None:
    _, report = ported(None, {"q": np.zeros(2, "longdouble"), "w": numbered(1)})
    assert [(row.name, row.why.startswith("torch has no ")) for row in report.unused] == [
        ("q", True)
    ]


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ("networks", "'networks' is none of file.py:Class and package.module:factory"),
        ("missing.py:Net", "'missing.py' is not there"),
        ("no.such.package:Net", "'no.such.package' cannot be imported"),
        ("{networks}:Nothing", "has no 'Nothing'"),
        ("{networks}:NUMBER", "is int: no class, function or module"),
        ("{networks}:no_module", "makes str, and no torch.nn.Module"),
        ("{networks}:needs_more", "cannot be called without arguments: TypeError"),
        ("{broken}:Net", "cannot be imported: ZeroDivisionError: division by zero"),
        ("{script}:Net", "cannot be imported: SystemExit: 0"),
    ],
)
def test_what_is_no_module(told: str, error: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("1 / 0\n")
    script = tmp_path / "script.py"
    script.write_text("import sys\nsys.exit(0)\n")
    with pytest.raises(TargetError) as caught:
        find_module(told.format(networks=networks.__file__, broken=broken, script=script))
    assert error in str(caught.value)


def test_modules_are_found_in_files_packages_and_as_they_are(tmp_path: Path) -> None:
    assert isinstance(find_module("torch.nn:Identity"), nn.Identity)
    assert isinstance(find_module(f"{networks.__file__}:MADE"), nn.Linear)
    (tmp_path / "parts_beside.py").write_text("SIZE = 3\n")
    file = tmp_path / "net.py"
    file.write_text(
        "from torch import nn\nfrom parts_beside import SIZE\n"
        "def make():\n    return nn.Linear(SIZE, SIZE)\n"
    )
    found = find_module(f"{file}:make")
    assert isinstance(found, nn.Linear)
    assert found.in_features == 3


def test_a_lazy_module_has_no_shapes() -> None:
    with pytest.raises(TargetError, match="'weight' has no shape yet, as of a lazy layer"):
        ported(networks.lazy(), {"weight": numbered(2, 2)})


def test_dtypes_and_levels_of_detail(tmp_path: Path) -> None:
    kinds = ("bool", "int8", "uint8", "int16", "int32", "int64", "float16", "float32", "float64")
    arrays: dict[str, Array] = {kind: np.array([[1, 0]], kind) for kind in kinds}
    # The bits of 1.0 and -2.5 in bfloat16.
    arrays["bfloat16"] = np.array([[0x3F80, 0xC020]], "uint16")
    arrays["big"] = np.array([[1.0, 2.0]], ">f4")
    path = tmp_path / "kinds.pdparams"
    path.write_bytes(dump_arrays(arrays))
    state, _ = to_state_dict(path, keep_names=True)
    for kind in kinds:
        assert state[kind].dtype is getattr(torch, kind)
        assert state[kind].tolist() == [[1, 0]]
    assert state["bfloat16"].dtype is torch.bfloat16
    assert state["bfloat16"].tolist() == [[1.0, -2.5]]
    assert state["big"].dtype is torch.float32
    assert state["big"].tolist() == [[1.0, 2.0]]
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "w").write_bytes(record_bytes(numbered(3, 1), [[0, 1, 3]]))
    state, report = to_state_dict(folder)
    assert state["w"].tolist() == [[0.0], [1.0], [2.0]]
    assert report.notes[0] == "w: its levels of detail [[0, 1, 3]] are not carried over"
