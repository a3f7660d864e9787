"""A process that is killed while it writes leaves the old file or the new one."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path

import pytest

from fluid.killed_writers import WRITERS, started, write_without_end

KILLS = 8


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize("name", WRITERS)
def test_a_killed_process_leaves_the_old_file_or_the_new(name: str, tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["paddle_compat.fluid"])
    _, read = WRITERS[name]
    main, exe = started()
    seen = set()
    for attempt in range(KILLS):
        ready = context.Event()
        process = context.Process(
            target=write_without_end, args=(name, str(tmp_path), ready), daemon=True
        )
        process.start()
        assert ready.wait(60)
        time.sleep(0.003 + 0.0041 * attempt)
        process.kill()
        process.join()
        array = read(str(tmp_path), main, exe)
        assert (array == array[0]).all()
        seen.add(float(array[0]))
    # Some were killed after more writes than others, and what they left behind is in no one's way.
    assert len(seen) > 1
