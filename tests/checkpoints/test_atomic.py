"""Files that are there whole, or as they were."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddle_compat.checkpoints import read_directory, record_bytes, write_atomically


def test_a_file_that_cannot_be_finished_is_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def full(handle: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def test_directories_are_made_and_permissions_kept(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    write_atomically(path, b"1")
    path.chmod(0o600)
    write_atomically(path, b"2")
    assert path.read_bytes() == b"2"
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_what_a_killed_process_left_is_no_tensor(tmp_path: Path) -> None:
    (tmp_path / "w").write_bytes(record_bytes(np.ones(2)))
    (tmp_path / ".w.k2_x.tmp").write_bytes(b"half of")
    assert list(read_directory(tmp_path)) == ["w"]
