"""Files of every dtype, shape and level of detail: real Paddle 1.8.5's bytes, read both ways."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fluid import saved_kinds

OURS = "paddle_compat.fluid"
SCRIPT = Path(saved_kinds.__file__)
# Real Paddle's operator that writes one variable has no kernel for these; the one for several has.
NOT_ALONE = ("bool", "uint8", "float16")
Told = dict[str, Any]


def real(python: Path, action: str, root: Path) -> Told:
    done = subprocess.run(
        [python, SCRIPT, "paddle.fluid", action, root],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found: Told = json.loads(done.stdout.splitlines()[-1])
    return found


def refused(key: str) -> bool:
    return key.startswith("own ") and key[4:].startswith(NOT_ALONE)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Told]:
    """What we saved, and where."""
    root = tmp_path_factory.mktemp("ours")
    return root, saved_kinds.run(OURS, "save", str(root))


@pytest.fixture(scope="module")
def really_saved(fluid_python: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Told]:
    """What real Paddle saved, and where."""
    root = tmp_path_factory.mktemp("real")
    return root, real(fluid_python, "save", root)


def test_what_we_save_we_load(saved: tuple[Path, Told]) -> None:
    root, wanted = saved
    found = saved_kinds.run(OURS, "load", str(root))
    together = {key: told for key, told in found.items() if key.startswith("together ")}
    assert {key: told for key, told in found.items() if key not in together} == wanted
    assert together == {key: wanted["one " + key.split()[1]] for key in together}
    assert len(together) > 50
    for name, array, lod in saved_kinds.cases():
        assert wanted["own " + name][0::4] == [str(array.dtype), lod]


@pytest.mark.live
def test_every_file_is_real_paddles_to_the_byte(
    saved: tuple[Path, Told], really_saved: tuple[Path, Told]
) -> None:
    (our_root, ours), (real_root, really) = saved, really_saved
    assert {key for key, told in really.items() if isinstance(told, str)} == {
        key for key in ours if refused(key)
    }
    assert all(told == ours[key] for key, told in really.items() if not refused(key))
    files = sorted(path.name for path in real_root.iterdir())
    assert files == sorted(
        path.name for path in our_root.iterdir() if not refused(f"own {path.name}")
    )
    for name in files:
        assert (our_root / name).read_bytes() == (real_root / name).read_bytes(), name


@pytest.mark.live
def test_real_paddle_loads_every_file_of_ours(saved: tuple[Path, Told], fluid_python: Path) -> None:
    root, _ = saved
    assert real(fluid_python, "load", root) == saved_kinds.run(OURS, "load", str(root))


@pytest.mark.live
def test_we_load_every_file_of_real_paddle(really_saved: tuple[Path, Told]) -> None:
    root, wanted = really_saved
    found = saved_kinds.run(OURS, "load", str(root))
    for key, told in wanted.items():
        assert refused(key) or found[key] == told, key
