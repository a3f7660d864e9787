"""The command: what it writes, tells and refuses; and files that are damaged or hostile."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from checkpoints.hostile import HOSTILE
from safetensors.torch import load_file

from paddle_compat.checkpoints import dump_arrays, record_bytes
from paddle_compat.checkpoints.program_desc import (
    BlockDesc,
    OpDesc,
    ProgramDesc,
    VarDesc,
    program_bytes,
)
from paddle_compat.cli import main
from paddle_compat.port.weights import to_state_dict
from paddle_compat.port.weights_source import SourceError, read_source

HERE = Path(__file__).parent
RECORDED = HERE / "recorded"
LEGACY = RECORDED / "paddle_1.8.5"
NET = str(RECORDED / "paddle_3.3.1" / "net.pdparams")
NETWORKS = f"{HERE / 'networks.py'}:Network"


def port(*arguments: object) -> int:
    return main(["port-weights", *map(str, arguments)])


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_safetensors_and_torchs_own_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, more in (
        ("net.safetensors", []),
        ("net.pt", []),
        ("net.pth", []),
        ("net.weights", ["--format", "pt"]),
        ("other.pt", ["--format", "safetensors"]),
    ):
        out = tmp_path / name
        assert port(NET, out, "--module", NETWORKS, *more) == 0
        told = capsys.readouterr().out.splitlines()
        assert told[0] == "read: a pickled state"
        assert told[-2:] == [
            "12 carried over, 0 not used, 0 missing, 0 mismatched",
            f"{out} is written",
        ]
        safe = name in ("net.safetensors", "other.pt")
        state: dict[str, Any] = load_file(out) if safe else torch.load(out, weights_only=True)
        assert state["fc.weight"].shape == (16, 16)
        assert state["bn.num_batches_tracked"].item() == 0
        assert len(state) == 13
    assert files(tmp_path) == [
        *("net.pt", "net.pth", "net.safetensors", "net.weights", "other.pt"),
    ]


def test_safetensors_hold_every_dtype_that_they_can(tmp_path: Path) -> None:
    kinds = ("bool", "int8", "uint8", "int16", "int32", "int64", "float16", "float32", "float64")
    arrays: dict[str, Any] = {kind: np.array([[1, 0, 1]], kind) for kind in (*kinds, "complex64")}
    arrays["bfloat16"] = np.array([0x3F80, 0xC020], "uint16")
    arrays["none"] = np.zeros((0, 3), "float32")
    arrays["é \"'"] = np.ones((), "float32")
    source, out = tmp_path / "kinds.pdparams", tmp_path / "kinds.safetensors"
    source.write_bytes(dump_arrays(arrays))
    assert port(source, out) == 0
    state = load_file(out)
    assert sorted(state) == sorted(arrays)
    for kind in (*kinds, "complex64"):
        assert state[kind].dtype is getattr(torch, kind)
        assert state[kind].tolist() == [[1, 0, 1]]
    assert state["bfloat16"].dtype is torch.bfloat16
    assert state["bfloat16"].tolist() == [1.0, -2.5]
    assert state["none"].shape == (0, 3)
    assert state["é \"'"].shape == ()


def test_a_dtype_that_safetensors_lack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "w.pdparams"
    source.write_bytes(dump_arrays({"w": np.ones(2, "complex128")}))
    assert port(source, tmp_path / "w.safetensors") == 2
    assert capsys.readouterr().err == (
        "paddle-compat port-weights: 'w' is complex128, which safetensors cannot hold; write .pt\n"
    )
    assert port(source, tmp_path / "w.pt") == 0
    assert files(tmp_path) == ["w.pdparams", "w.pt"]


def test_exit_code_1_tells_of_what_is_left_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "net.pt"
    rules = ("--rename", "head=last", "--rename", "bn=")
    assert port(NET, out, "--module", NETWORKS, *rules) == 1
    told = capsys.readouterr().out
    assert "  last" not in told
    assert "the module has no 'last.bias'" in told
    assert "of BatchNorm2d" in told
    assert "6 carried over, 2 not used, 7 missing, 0 mismatched" in told
    assert len(torch.load(out, weights_only=True)) == 6
    out.unlink()
    assert port(NET, out, "--module", NETWORKS, *rules, "--strict") == 1
    assert capsys.readouterr().out.splitlines()[-1] == f"{out} is not written: --strict"
    assert files(tmp_path) == []


def test_the_report_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "net.safetensors"
    assert port(NET, out, "--json", "--rename", "head=last", "--module", NETWORKS) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["complete"], told["written"]) == (False, True)
    assert sorted(row["name"] for row in told["unused"]) == ["head.bias", "head.weight"]


def test_a_file_that_is_there_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "net.pt"
    out.write_text("mine")
    with pytest.raises(SystemExit) as end:
        port(NET, out)
    assert end.value.code == 2
    assert f"{str(out)!r} is there already; choose another name, or --force" in (
        capsys.readouterr().err
    )
    assert out.read_text() == "mine"
    assert port(NET, out, "--force") == 0
    assert "fc.weight" in torch.load(out, weights_only=True)


def test_rules_come_from_files_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = tmp_path / "rules.txt"
    rules.write_text("# names of 1.8\nconv2d_0=conv\nbn1=bn\nfc_0=fc\nfc_1=head\n")
    arguments = ["--rename", rules, "--rename", "layer_norm_0=norm", "--module", NETWORKS]
    assert port(LEGACY / "one" / "all", tmp_path / "net.pt", *arguments) == 0
    assert "note: the names are those of model.pdmodel" in capsys.readouterr().out
    assert port(NET, tmp_path / "b.pt", "--rename", "no-such-file") == 2
    assert capsys.readouterr().err == (
        "paddle-compat port-weights: --rename 'no-such-file' is no rule OLD=NEW, and no file of "
        "rules\n"
    )


def test_layers_by_their_order(tmp_path: Path) -> None:
    source = LEGACY / "one" / "all"
    arguments = [source, tmp_path / "net.pt", "--module", NETWORKS, "--rename", "bn1=bn"]
    assert port(*arguments, "--strict") == 1
    assert port(*arguments, "--strict", "--by-order") == 0


def test_names_of_a_file_of_tensors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alone = tmp_path / "all"
    alone.write_bytes((LEGACY / "one" / "all").read_bytes())
    assert port(alone, tmp_path / "net.pt") == 2
    assert "whose names are in the program that they belong to: give its file with --model" in (
        capsys.readouterr().err
    )
    program = LEGACY / "one" / "model.pdmodel"
    assert port(alone, tmp_path / "a.pt", "--model", program) == 0
    names = tmp_path / "names.txt"
    known = sorted(read_source(LEGACY / "one" / "all").arrays)
    names.write_text("\n".join(known))
    assert port(alone, tmp_path / "b.pt", "--names", names) == 0
    a, b = (torch.load(tmp_path / n, weights_only=True) for n in ("a.pt", "b.pt"))
    # Without a program the order of names is the order of their rules' results all the same.
    assert {n: v.tolist() for n, v in a.items()} == {n: v.tolist() for n, v in b.items()}
    names.write_text("\n".join(known[:-1]))
    assert port(alone, tmp_path / "c.pt", "--names", names) == 2
    assert "bytes follow the last tensor that is wanted" in capsys.readouterr().err


def test_a_program_that_the_tensors_do_not_belong_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = record_bytes(np.ones((2, 2), "float32"))
    many = tmp_path / "all"
    many.write_bytes(record * 10)
    assert port(many, tmp_path / "net.pt", "--model", LEGACY / "one" / "model.pdmodel") == 2
    assert "does not hold what the program" in capsys.readouterr().err
    # The right number of tensors, and other shapes.
    known = read_source(LEGACY / "one" / "all").arrays
    many.write_bytes(record * len(known))
    assert port(many, tmp_path / "net.pt", "--model", LEGACY / "one" / "model.pdmodel") == 2
    assert "is [2, 2] and not [" in capsys.readouterr().err


def test_a_program_tells_which_weights_are_a_normalization(tmp_path: Path) -> None:
    names = {"Scale": "n_a", "Bias": "n_b", "Mean": "n_moving_1", "Variance": "n_moving_2"}
    variables = {
        name: VarDesc(name, dtype=5, shape=(2,), persistable=True) for name in names.values()
    }
    op = OpDesc("batch_norm", {slot: [name] for slot, name in names.items()})
    program = program_bytes(ProgramDesc([BlockDesc(variables=variables, operators=[op])]))
    arrays = {name: np.full(2, i, "float32") for i, name in enumerate(sorted(names.values()))}
    # One file of all, one for each, and a pickled state.
    for folder, files in {
        "one": {"all": b"".join(record_bytes(array) for array in arrays.values())},
        "each": {name: record_bytes(array) for name, array in arrays.items()},
    }.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "__model__").write_bytes(program)
        for name, data in files.items():
            (tmp_path / folder / name).write_bytes(data)
    (tmp_path / "net.pdmodel").write_bytes(program)
    (tmp_path / "net.pdparams").write_bytes(dump_arrays(arrays))
    for source in ("one", "each", "net"):
        state, _ = to_state_dict(tmp_path / source)
        assert {name: value.tolist() for name, value in state.items()} == {
            "n.weight": [0, 0],
            "n.bias": [1, 1],
            "n.running_mean": [2, 2],
            "n.running_var": [3, 3],
            "n.num_batches_tracked": 0,
        }


def test_one_tensor_is_called_as_its_file(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(record_bytes(np.ones(2, "float32")))
    assert list(read_source(tmp_path / "w.bin").arrays) == ["w"]


def test_the_one_file_of_a_folder(tmp_path: Path) -> None:
    for name in ("__model__", "weights"):
        (tmp_path / name).write_bytes((LEGACY / "inference_one" / name).read_bytes())
    wanted = sorted(read_source(tmp_path).arrays)
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(SourceError, match="lacks some of the program's variables; where all are"):
        read_source(tmp_path)
    assert sorted(read_source(tmp_path, params="weights").arrays) == wanted


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("missing", "is not there: it is no file, no folder, and nothing that a .pdparams"),
        ("folder", "is a folder with 'a.pdparams': give the file itself"),
        ("empty", "holds no array; choose another file"),
        ("net.pdopt", "is an optimizer's state; the weights are in the .pdparams file"),
        ("states.pdparams", "holds 'model', 'opt': choose a state with --entry"),
    ],
)
def test_what_holds_no_weights(path: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.pdparams").write_bytes(dump_arrays({}))
    (tmp_path / "empty").write_bytes(dump_arrays({}))
    (tmp_path / "net.pdopt").write_bytes(dump_arrays({"w_moment_0": np.ones(2)}))
    import paddle_compat

    states = {"model": {"w": torch.ones(1)}, "opt": {}}
    paddle_compat.save(states, str(tmp_path / "states.pdparams"))
    with pytest.raises(SourceError) as caught:
        read_source(tmp_path / path)
    assert told in str(caught.value)
    with pytest.raises(SourceError, match="has no state 'x'; it has 'model', 'opt'"):
        read_source(tmp_path / "states.pdparams", entry="x")
    (tmp_path / "w").write_bytes(record_bytes(np.ones(2, "float32")))
    with pytest.raises(SourceError, match="no states to choose from; leave --entry out"):
        read_source(tmp_path / "w", entry="x")


# A record alone is no pickle, and is what this command reads.
@pytest.mark.parametrize("name", [name for name in HOSTILE if name != "records"])
def test_hostile_files_run_nothing_and_write_nothing(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").write_bytes(HOSTILE[name])
    assert port("in", "out.pt") == 2
    assert capsys.readouterr().err.startswith("paddle-compat port-weights: ")
    assert files(tmp_path) == ["in"]


@pytest.mark.parametrize(
    "path", [NET, LEGACY / "one" / "all", LEGACY / "one" / "model.pdparams"], ids=str
)
def test_a_file_that_is_cut_off_anywhere_writes_nothing(path: Path | str, tmp_path: Path) -> None:
    data = Path(path).read_bytes()
    (tmp_path / "model.pdmodel").write_bytes((LEGACY / "one" / "model.pdmodel").read_bytes())
    source = tmp_path / "in"
    for size in [*range(40), *range(41, len(data), 97), len(data) - 1]:
        source.write_bytes(data[:size])
        assert port(source, tmp_path / "out.safetensors") == 2, size
    source.write_bytes(data)
    assert files(tmp_path) == ["in", "model.pdmodel"]
    assert port(source, tmp_path / "out.safetensors") == 0


@pytest.mark.parametrize(
    "data",
    [b"{", b"{}", b'{"program": {"regions": []}}', b"[" * 100_000, b'{"a":' * 100_000, b"\xff{"],
)
def test_a_program_that_is_none(
    data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.json").write_bytes(data)
    (tmp_path / "m.pdiparams").write_bytes(record_bytes(np.ones(2, "float32")) * 2)
    assert port(tmp_path / "m", tmp_path / "out.pt") == 2
    assert "damaged" in capsys.readouterr().err
    assert files(tmp_path) == ["m.json", "m.pdiparams"]


def test_a_name_without_a_known_ending(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        port(NET, tmp_path / "net")
    assert end.value.code == 2
    assert "end it with .safetensors or .pt, or tell --format" in capsys.readouterr().err


def test_help_says_that_the_modules_code_is_run(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        port("--help")
    assert end.value.code == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Nothing in these files is run; with --module, that file of yours is." in told


WITHOUT_TORCH = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "paddle", "safetensors"):
            raise ModuleNotFoundError(f"No module named {name!r} here", name=name)

sys.meta_path.insert(0, Absent())
from paddle_compat.cli import main
sys.exit(main(["port-weights", *sys.argv[1:]]))
"""


def without_torch(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=HERE.parents[2],
    )


def test_safetensors_without_a_module_need_no_torch(tmp_path: Path) -> None:
    for source in (NET, LEGACY / "one" / "all", LEGACY / "inference_one"):
        done = without_torch(source, tmp_path / "net.safetensors", "--force")
        assert (done.returncode, done.stderr) == (0, "")
        assert len(load_file(tmp_path / "net.safetensors")) == 13


@pytest.mark.parametrize("more", [["out.pt"], ["out.safetensors", "--module", NETWORKS]])
def test_what_needs_torch_says_so(more: list[str], tmp_path: Path) -> None:
    done = without_torch(NET, tmp_path / more[0], *more[1:])
    assert done.returncode == 2
    assert done.stderr == (
        "paddle-compat port-weights: torch is not installed, which a .pt file and --module need\n"
    )
    assert files(tmp_path) == []
