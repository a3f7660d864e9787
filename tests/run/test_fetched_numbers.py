"""Losses of shape [1] are numbers to a legacy script, whatever NumPy says today."""

from __future__ import annotations

from run.conftest import Runner

SCRIPT = """
    import math, pickle
    import numpy as np
    import paddle.fluid as fluid

    x = fluid.data('x', [None, 2])
    mean = fluid.layers.mean(x)
    feed = {'x': np.full([3, 2], 2.5, 'float32')}
    loss, whole = fluid.Executor().run(feed=feed, fetch_list=[mean, x])
    print('%f %d' % (loss, loss), float(loss), int(loss), math.log(loss) > 0, round(float(loss), 1))
    again = pickle.loads(pickle.dumps(loss))
    print(repr(loss), type(whole) is np.ndarray, type(again) is np.ndarray)
    try:
        float(whole)
    except TypeError:
        print('refused')
"""


def test_a_loss_of_one_element_converts_to_a_number(runner: Runner) -> None:
    script = runner.write(SCRIPT)
    done = runner.command("run", str(script))
    assert done.code == 0, done.err
    assert done.out == (
        "2.500000 2 2.5 2 True 2.5\narray([2.5], dtype=float32) True True\nrefused\n"
    )
    told = [line for line in done.err.splitlines() if "of an array of one element" in line]
    assert len(told) in (0, 2)  # none where NumPy's own arrays still convert
