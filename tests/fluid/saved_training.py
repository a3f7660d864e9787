"""A small training that is saved and resumed; run by ours and by real Paddle 1.8.5.

Stand-alone Python 3.8. Usage: saved_training.py PACKAGE ACTION DIRECTORY HOW...

ACTION is ``save`` (train three steps, save, train three more) or ``load`` (load, and train three
more); HOW is the function that saves, each into a directory of its own, with an optimizer before it
or Adam, as in ``momentum: save``. Prints the losses behind the saved state, by HOW, as JSON.
"""

import importlib
import json
import os
import sys
from typing import Any, List

import numpy as np

STEPS = 3


def minimize_by_adam(fluid: Any, loss: Any) -> None:
    rate = fluid.layers.exponential_decay(0.1, 2, 0.5, staircase=True)
    fluid.optimizer.AdamOptimizer(rate).minimize(loss)


def minimize_by_momentum(fluid: Any, loss: Any) -> None:
    rate = fluid.layers.piecewise_decay([3, 5], [0.1, 0.05, 0.01])
    rate = fluid.layers.linear_lr_warmup(rate, 4, 0.001, 0.1)
    decay = fluid.regularizer.L2Decay(1e-3)
    fluid.optimizer.Momentum(rate, 0.9, regularization=decay).minimize(loss)


OPTIMIZERS = {"": minimize_by_adam, "momentum": minimize_by_momentum}


def build(fluid: Any, optimizer: str = "") -> Any:
    """Build a model with parameters of several kinds, and state of an optimizer and a counter."""
    layers = fluid.layers
    x = fluid.data("x", [None, 4], "float32")
    y = fluid.data("y", [None, 1], "float32")
    hidden = layers.fc(x, 5, act="relu", param_attr=fluid.ParamAttr(name="names/with/slashes"))
    hidden = layers.batch_norm(hidden)
    loss = layers.reduce_mean(layers.square(layers.fc(hidden, 1) - y))
    OPTIMIZERS[optimizer](fluid, loss)
    for kind in ("float64", "int32", "int64"):
        layers.create_global_var([2, 3], 1, kind, persistable=True, name="kind_" + kind)
    return loss


def train(exe: Any, loss: Any, first: int) -> List[float]:
    """Train some steps on data that only the steps' number decides."""
    losses = []
    for step in range(first, first + STEPS):
        random = np.random.RandomState(step)
        feed = {
            "x": random.rand(8, 4).astype("float32"),
            "y": random.rand(8, 1).astype("float32"),
        }
        losses.append(float(np.asarray(exe.run(feed=feed, fetch_list=[loss])[0]).item()))
    return losses


def save(fluid: Any, exe: Any, how: str, directory: str) -> None:
    """Save the default program's state."""
    main = fluid.default_main_program()
    if how == "persistables":
        fluid.io.save_persistables(exe, directory)
    elif how == "one file":
        fluid.io.save_persistables(exe, directory, filename="all")
    elif how == "memory":
        data = fluid.io.save_vars(exe, None, predicate=fluid.io.is_persistable)
        os.makedirs(directory)
        with open(os.path.join(directory, "all"), "wb") as file:
            file.write(data)
    elif how == "params and others":
        fluid.io.save_params(exe, directory + "/params")
        others = [v for v in main.list_vars() if v.persistable and not fluid.io.is_parameter(v)]
        fluid.io.save_vars(exe, directory + "/others", vars=others)
    else:
        fluid.save(main, directory + "/model")


def load(fluid: Any, exe: Any, how: str, directory: str) -> None:
    """Load the default program's state."""
    main = fluid.default_main_program()
    if how == "persistables":
        fluid.io.load_persistables(exe, directory)
    elif how == "one file":
        fluid.io.load_persistables(exe, directory, filename="all")
    elif how == "memory":
        with open(os.path.join(directory, "all"), "rb") as file:
            data = file.read()
        fluid.io.load_vars(exe, None, predicate=fluid.io.is_persistable, filename=data)
    elif how == "params and others":
        fluid.io.load_params(exe, directory + "/params")
        others = [v for v in main.list_vars() if v.persistable and not fluid.io.is_parameter(v)]
        fluid.io.load_vars(exe, directory + "/others", vars=others)
    elif how == "state":
        fluid.io.set_program_state(main, fluid.io.load_program_state(directory + "/model"))
    else:
        fluid.load(main, directory + "/model", exe)


def run(package: str, action: str, how: str, directory: str) -> List[float]:
    """Train, and save or load on the way; return the losses behind that."""
    fluid = importlib.import_module(package)
    optimizer, _, how = how.rpartition(": ")
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = 3 if action == "save" else 4
    with fluid.scope_guard(fluid.Scope()), fluid.program_guard(main, startup):
        with fluid.unique_name.guard():
            loss = build(fluid, optimizer)
        exe = fluid.Executor(fluid.CPUPlace())
        exe.run(startup)
        if action == "save":
            train(exe, loss, 0)
            save(fluid, exe, how, directory)
        else:
            load(fluid, exe, how, directory)
        return train(exe, loss, STEPS)


if __name__ == "__main__":
    _, package, action, root, *hows = sys.argv
    print(json.dumps({how: run(package, action, how, os.path.join(root, how)) for how in hows}))
