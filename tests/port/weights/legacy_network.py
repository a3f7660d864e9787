"""Real Paddle 1.8.5 saves a small network in every way it has, with what it computes.

Usage: python legacy_network.py FOLDER
"""

import sys

import numpy as np
import paddle.fluid as fluid

ROOT = sys.argv[1]


def main() -> None:
    x = fluid.data("x", [None, 3, 4, 4])
    h = fluid.layers.conv2d(x, 4, 3)
    h = fluid.layers.batch_norm(
        h,
        act="relu",
        param_attr="bn1_scale",
        bias_attr="bn1_offset",
        moving_mean_name="bn1_mean",
        moving_variance_name="bn1_variance",
    )
    h = fluid.layers.fc(h, 16, act="relu")
    y = fluid.layers.fc(fluid.layers.layer_norm(h), 2)
    program = fluid.default_main_program()
    test = program.clone(for_test=True)
    loss = fluid.layers.mean(y)
    fluid.optimizer.Momentum(fluid.layers.exponential_decay(0.1, 2, 0.5), 0.9).minimize(loss)
    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(fluid.default_startup_program())
    random = np.random.RandomState(3)
    for parameter in sorted(program.all_parameters(), key=lambda p: p.name):
        tensor = fluid.global_scope().find_var(parameter.name).get_tensor()
        value = random.uniform(0.2, 1.0, parameter.shape).astype("float32")
        tensor.set(value - (0.5 if len(parameter.shape) > 1 else 0.0), fluid.CPUPlace())
    fluid.io.save_params(exe, ROOT + "/params", program)
    fluid.io.save_persistables(exe, ROOT + "/persistables", program)
    one = ROOT + "/one"
    fluid.io.save_params(exe, one, program, filename="all")
    fluid.save(program, one + "/model")
    fluid.io.save_persistables(exe, ROOT + "/kept", program, filename="all")
    fluid.save(program, ROOT + "/kept/model")
    inference = ROOT + "/inference"
    fluid.io.save_inference_model(inference, ["x"], [y], exe, program)
    inference = ROOT + "/inference_one"
    fluid.io.save_inference_model(inference, ["x"], [y], exe, program, None, "weights")
    pictures = random.uniform(-1, 1, [5, 3, 4, 4]).astype("float32")
    (result,) = exe.run(test, feed={"x": pictures}, fetch_list=[y.name])
    np.savez(ROOT + "/answers.npz", x=pictures, y=result)


main()
