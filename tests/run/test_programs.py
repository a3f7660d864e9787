"""Legacy programs under the run command: from a script's text to its losses."""

from __future__ import annotations

from run.conftest import Runner

TRAINING = """
    import sys
    import numpy as np
    import paddle.fluid as fluid
    from paddle.fluid.layers import fc
    from paddle.fluid.framework import Parameter, Variable

    def main(place):
        main, startup = fluid.Program(), fluid.Program()
        main.random_seed = startup.random_seed = 90
        with fluid.program_guard(main, startup):
            x = fluid.data('x', [None, 4], np.float32)
            loss = fluid.layers.reduce_sum(fluid.layers.square(fc(x, size=2)))
            assert isinstance(loss, Variable)
            fluid.optimizer.MomentumOptimizer(0.01, 0.9).minimize(loss)
        executor = fluid.Executor(place)
        executor.run(startup)
        feed = {'x': np.ones((3, 4), np.float32)}
        losses = [executor.run(main, feed=feed, fetch_list=[loss])[0] for _ in range(4)]
        assert losses[0] > losses[1] > losses[2] and losses[0].shape == (1,)
        print([v.name for v in main.list_vars() if isinstance(v, Parameter)])
        print(str(main).count(__file__ + ':') > 3)
        print(fluid.is_compiled_with_cuda())
        executor.run(main, feed={}, fetch_list=[loss])

    main(fluid.CUDAPlace(0) if 'cuda' in sys.argv else fluid.CPUPlace())
"""


def test_program_trains_on_the_device_of_the_command_line(runner: Runner) -> None:
    script = runner.write(TRAINING)
    trained = "['fc_0.w_0', 'fc_0.b_0']\nTrue\n"
    # A script that names a CUDA device runs without one where we say so.
    forced = runner.command("run", "--device", "cpu", str(script), "cuda")
    assert (forced.code, forced.out) == (1, f"{trained}False\n"), forced.err
    plain = runner.command("run", str(script))
    assert plain.code == 1
    assert plain.out.startswith(trained)
    at = 1 + next(n for n, line in enumerate(TRAINING.splitlines()) if "feed={}" in line)
    # What a program lacks is told with the script's line.
    for done in (forced, plain):
        lines = done.err.splitlines()
        assert f'  File "{script}", line {at}, in main' in lines
        assert "'x'" in lines[-1]
        # Only an answer to a name that we lack hides our own lines.
        assert [line for line in lines if "executor.py" in line]
        assert not [line for line in lines if "paddle_compat/run/" in line]


def test_missing_layer_of_a_program_is_refused_with_the_scripts_line(runner: Runner) -> None:
    script = runner.write(
        "import paddle.fluid as fluid\n"
        "x = fluid.data('x', [None, 4])\n"
        "fluid.layers.sequence_conv_of_no_version(x)\n"
    )
    done = runner.command("run", str(script))
    assert done.code == 1
    assert "paddle.fluid.layers.sequence_conv_of_no_version is not offered" in done.err
    assert done.err.endswith(f"Used at {script}:3\n")
    assert done.err.count("  File ") == 1
