"""Processes that a script starts through `multiprocessing` know Paddle too."""

from __future__ import annotations

import multiprocessing

import pytest

from run.conftest import Runner

WORKERS = """
    import multiprocessing, sys
    import paddle.fluid as fluid
    from collections import Mapping

    class Sample:
        def __init__(self, value):
            self.value = value

    def work(sample):
        import torch
        from paddle_compat.fluid._device import overridden
        import paddle
        name = fluid.layers.sigmoid_focal_loss.__module__
        return Sample((sample.value + 1, name, torch.get_num_threads(), str(overridden())))

    if __name__ == '__main__':
        for method in sys.argv[1:]:
            with multiprocessing.get_context(method).Pool(1) as pool:
                print(method, *[s.value for s in pool.map(work, [Sample(1)])])
"""


def test_worker_processes_of_every_kind_are_answered_alike(runner: Runner) -> None:
    methods = multiprocessing.get_all_start_methods()
    if "fork" not in methods:
        pytest.skip("the tests' launcher forks")
    script = str(runner.write(WORKERS))
    done = runner.command("run", "--threads", "2", "--device", "cpu", script, *methods)
    answer = (2, "paddle.fluid.layers.detection", 2, "cpu")
    assert done.code == 0, done.err
    assert done.out.splitlines() == [f"{method} {answer}" for method in methods]
    # The script's first line tells of Mapping once, and its workers do not tell it again.
    assert done.err.count("collections.Mapping is gone") == 1
    assert len(done.err.splitlines()) == 1
