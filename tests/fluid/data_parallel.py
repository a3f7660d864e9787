"""What programs give that run on several places; run by ours and by real Paddle 1.8.5.

For Python 3.8 too, with the directory above on the path: prints the answers as JSON.
"""

import os
from typing import Any, Dict

import numpy as np

from fluid.answers import Question, answer

QUESTIONS: Dict[str, Question] = {}
ROWS = np.random.RandomState(0).randn(8, 3).astype("float32")


def question(function: Question) -> Question:
    QUESTIONS[function.__name__] = function
    return function


class Net:
    """A small network in the default programs, and an executor."""

    def __init__(self, fluid: Any, optimizer: Any = None, norm: bool = False) -> None:
        self.fluid = fluid
        x = fluid.data("x", [None, 3])
        hidden = fluid.layers.fc(x, 4, act="tanh", param_attr="w0", bias_attr="b0")
        if norm:
            hidden = fluid.layers.batch_norm(hidden)
        self.out = fluid.layers.fc(hidden, 2, param_attr="w1", bias_attr="b1")
        self.loss = fluid.layers.mean(self.out * self.out)
        self.main = fluid.default_main_program()
        self.test = self.main.clone(for_test=True)
        (optimizer or fluid.optimizer.SGD(0.1)).minimize(self.loss)
        self.exe = fluid.Executor(fluid.CPUPlace())
        self.exe.run(fluid.default_startup_program())

    def compiled(self, **options: Any) -> Any:
        options.setdefault("loss_name", self.loss.name)
        return self.fluid.CompiledProgram(self.main).with_data_parallel(**options)

    def run(self, program: Any, feed: Any = None, fetch: Any = None, **options: Any) -> Any:
        feed = {"x": ROWS} if feed is None else feed
        fetch = [self.loss.name, self.out.name] if fetch is None else fetch
        return self.exe.run(program, feed=feed, fetch_list=fetch, **options)

    def value(self, name: str) -> Any:
        return np.array(self.fluid.global_scope().find_var(name).get_tensor())

    def trained(self) -> Any:
        return {name: self.value(name) for name in ("w0", "b0", "w1", "b1")}


def places(fluid: Any, count: int) -> Any:
    return [fluid.CPUPlace()] * count


def trains(count: int, rows: int = 8, optimizer: Any = None, steps: int = 4) -> Question:
    """Ask for the losses and parameters of a few steps."""

    def asked(fluid: Any) -> Any:
        net = Net(fluid, optimizer(fluid) if optimizer else None)
        program = net.compiled(places=places(fluid, count))
        losses = [
            net.run(program, {"x": ROWS[:rows] * (step + 1)}, [net.loss])[0]
            for step in range(steps)
        ]
        return losses, net.trained()

    return asked


def decayed(fluid: Any) -> Any:
    rates = fluid.layers.piecewise_decay([2, 3], [0.5, 0.1, 0.02])
    return fluid.layers.linear_lr_warmup(rates, 2, 0.01, 0.5)


def momentum(fluid: Any) -> Any:
    return fluid.optimizer.Momentum(
        decayed(fluid),
        0.9,
        regularization=fluid.regularizer.L2Decay(0.05),
        grad_clip=fluid.clip.GradientClipByGlobalNorm(0.2),
    )


def adam(fluid: Any) -> Any:
    return fluid.optimizer.Adam(0.05, regularization=fluid.regularizer.L2Decay(0.05))


for count_ in (1, 2, 3, 4):
    QUESTIONS[f"sgd_on_{count_}_places"] = trains(count_)
    QUESTIONS[f"momentum_on_{count_}_places"] = trains(count_, optimizer=momentum)
QUESTIONS["adam_on_2_places"] = trains(2, optimizer=adam)
for rows_ in (1, 2, 3, 4, 5, 6, 7):
    QUESTIONS[f"{rows_}_rows_on_2_places"] = trains(2, rows_, steps=1)
    QUESTIONS[f"{rows_}_rows_on_3_places"] = trains(3, rows_, steps=1)


@question
def cpu_num_says_how_many_places(fluid: Any) -> Any:
    os.environ["CPU_NUM"] = "2"
    net = Net(fluid)
    return net.run(net.compiled())


@question
def without_data_parallel_there_is_one_place(fluid: Any) -> Any:
    os.environ["CPU_NUM"] = "2"
    net = Net(fluid)
    return net.run(fluid.CompiledProgram(net.main))


@question
def parameters_and_gradients_are_fetched_of_each_place(fluid: Any) -> Any:
    net = Net(fluid)
    fetch = ["w1", "w1@GRAD", "b0@GRAD", "learning_rate_0"]
    return net.run(net.compiled(places=places(fluid, 2)), fetch=fetch)


@question
def gradients_of_other_values_stay_those_of_each_place(fluid: Any) -> Any:
    net = Net(fluid)
    fetch = [net.out.name + "@GRAD", net.loss.name + "@GRAD"]
    return net.run(net.compiled(places=places(fluid, 2)), fetch=fetch)


@question
def results_are_not_merged(fluid: Any) -> Any:
    net = Net(fluid)
    program = net.compiled(places=places(fluid, 2))
    first = net.run(program, return_merged=False)
    return first, net.run(program, return_merged=False, return_numpy=False)


@question
def one_place_is_not_merged(fluid: Any) -> Any:
    net = Net(fluid)
    return net.run(fluid.CompiledProgram(net.main), return_merged=False)


@question
def tensors_are_merged(fluid: Any) -> Any:
    net = Net(fluid)
    return net.run(net.compiled(places=places(fluid, 2)), return_numpy=False)


def fed(feed: Any, count: int) -> Question:
    def asked(fluid: Any) -> Any:
        net = Net(fluid)
        return net.run(net.compiled(places=places(fluid, count)), feed), net.trained()

    return asked


FEEDS: Dict[str, Any] = {
    "a_dict_for_each_place": [{"x": ROWS[:5]}, {"x": ROWS[5:]}],
    "a_tuple_of_dicts": ({"x": ROWS[:1]}, {"x": ROWS[1:3]}),
    "a_list_of_one_dict": [{"x": ROWS}],
    "a_list_of_three_dicts": [{"x": ROWS[:1]}, {"x": ROWS[:2]}, {"x": ROWS[:3]}],
    "a_list_of_numbers": [1, 2],
    "an_unknown_name": {"x": ROWS, "q": ROWS},
    "a_wrong_shape": {"x": ROWS[:, :2]},
    "a_wrong_dtype": {"x": ROWS.astype("float64")},
    "no_rows": {"x": ROWS[:0]},
}
for name_, feed_ in FEEDS.items():
    for count_ in (1, 2):
        if (name_, count_) != ("no_rows", 1):
            QUESTIONS[f"{name_}_on_{count_}_places"] = fed(feed_, count_)


def scaled(name: str, count: int, gradient: Any = None) -> Question:
    """Ask for gradients from another gradient of the loss."""

    def asked(fluid: Any) -> Any:
        net = Net(fluid)
        strategy = fluid.BuildStrategy()
        strategy.gradient_scale_strategy = getattr(strategy.GradientScaleStrategy, name)
        program = net.compiled(places=places(fluid, count), build_strategy=strategy)
        feed = {"x": ROWS}
        if gradient is not None:
            feed[net.loss.name + "@GRAD"] = np.array(gradient, "float32")
        return net.run(program, feed, ["w1@GRAD"]), net.trained()

    return asked


for count_, gradient_ in ((1, [2.0]), (2, [1.0, 3.0])):
    QUESTIONS[f"gradients_are_added_on_{count_}_places"] = scaled("One", count_)
    QUESTIONS[f"loss_gradients_are_fed_on_{count_}_places"] = scaled(
        "Customized", count_, gradient_
    )
QUESTIONS["one_loss_gradient_for_two_places"] = scaled("Customized", 2, [1.0])
QUESTIONS["no_loss_gradient"] = scaled("Customized", 2)


@question
def gradients_are_reduced_on_one_place(fluid: Any) -> Any:
    net = Net(fluid)
    strategy = fluid.BuildStrategy()
    strategy.reduce_strategy = strategy.ReduceStrategy.Reduce
    net.run(net.compiled(places=places(fluid, 2), build_strategy=strategy))
    return net.trained()


@question
def iterations_of_a_run_are_one(fluid: Any) -> Any:
    net = Net(fluid)
    strategy = fluid.ExecutionStrategy()
    strategy.num_iteration_per_run = 3
    net.run(net.compiled(places=places(fluid, 2), exec_strategy=strategy))
    return net.trained()


@question
def statistics_stay_those_of_each_place(fluid: Any) -> Any:
    net = Net(fluid, norm=True)
    program = net.compiled(places=places(fluid, 2))
    statistics = ["batch_norm_0.w_1", "batch_norm_0.w_2"]
    runs = [net.run(program, {"x": ROWS * (k + 1)}, statistics) for k in range(3)]
    test = fluid.CompiledProgram(net.test).with_data_parallel(
        share_vars_from=program, places=places(fluid, 2)
    )
    tested = net.run(test), net.run(test, {"x": ROWS[:1]})
    return runs, [net.value(name) for name in statistics], tested


@question
def a_test_takes_fewer_rows_than_places(fluid: Any) -> Any:
    net = Net(fluid)
    test = fluid.CompiledProgram(net.test).with_data_parallel(places=places(fluid, 3))
    return [net.run(test, {"x": ROWS[:rows]}, [net.out.name]) for rows in (1, 2, 3, 4, 5)]


@question
def pruned(fluid: Any) -> Any:
    net = Net(fluid)
    program = net.compiled(places=places(fluid, 2))
    return net.run(program, fetch=[net.out.name], use_prune=True), net.trained()


def lengths(counts: Any, merged: bool) -> Question:
    def asked(fluid: Any) -> Any:
        x = fluid.data("x", [None, 1], lod_level=len(counts))
        y = fluid.layers.scale(x, 2.0)
        total = fluid.layers.reduce_sum(y)
        rows = np.arange(sum(counts[-1]), dtype="float32").reshape(-1, 1)
        feed = {"x": fluid.create_lod_tensor(rows, counts, fluid.CPUPlace())}
        program = fluid.CompiledProgram(fluid.default_main_program()).with_data_parallel(
            places=places(fluid, 2)
        )
        return fluid.Executor(fluid.CPUPlace()).run(
            program, feed, [y, total], return_numpy=False, return_merged=merged
        )

    return asked


for merged_ in (False, True):
    for counts_ in ([[1, 2]], [[1, 2, 3]], [[4, 1, 1, 1, 1]], [[2, 1], [1, 2, 3]], [[3]]):
        QUESTIONS[f"lengths_{counts_}_{merged_}".replace(" ", "")] = lengths(counts_, merged_)


@question
def no_lengths_in_arrays(fluid: Any) -> Any:
    x = fluid.data("x", [None, 1], lod_level=1)
    y = fluid.layers.scale(x, 2.0)
    feed = {"x": fluid.create_lod_tensor(ROWS[:4, :1], [[1, 3]], fluid.CPUPlace())}
    program = fluid.CompiledProgram(fluid.default_main_program()).with_data_parallel(
        places=places(fluid, 2)
    )
    return fluid.Executor(fluid.CPUPlace()).run(program, feed, [y])


ERRORS: Dict[str, Question] = {
    "compiled_none": lambda fluid: fluid.CompiledProgram(None),
    "compiled_twice": lambda fluid: fluid.CompiledProgram(
        fluid.CompiledProgram(fluid.default_main_program())
    ),
    "data_parallel_twice": lambda fluid: Net(fluid).compiled().with_data_parallel(loss_name="a"),
    "no_loss_name": lambda fluid: Net(fluid).compiled(loss_name=None),
    "no_places": lambda fluid: (lambda net: net.run(net.compiled(places=[])))(Net(fluid)),
    "shared_of_one_that_never_ran": lambda fluid: (
        lambda net: net.run(net.compiled(share_vars_from=net.compiled()))
    )(Net(fluid)),
    "shared_of_one_that_is_not_parallel": lambda fluid: (
        lambda net: net.run(net.compiled(share_vars_from=fluid.CompiledProgram(net.main)))
    )(Net(fluid)),
    "parallel_executor_shares_with_a_number": lambda fluid: fluid.ParallelExecutor(
        False, loss_name="a", share_vars_from=3
    ),
}
QUESTIONS.update(ERRORS)


@question
def trainers_without_data_parallel(fluid: Any) -> Any:
    net = Net(fluid)
    strategy = fluid.BuildStrategy()
    strategy.num_trainers = 2
    return net.run(fluid.CompiledProgram(net.main, strategy))


@question
def another_scope(fluid: Any) -> Any:
    net = Net(fluid)
    program = net.compiled()
    net.run(program)
    return net.run(program, scope=fluid.Scope())


@question
def a_parallel_executor(fluid: Any) -> Any:
    os.environ["CPU_NUM"] = "2"
    net = Net(fluid)
    train = fluid.ParallelExecutor(False, loss_name=net.loss.name, main_program=net.main)
    first = train.run([net.loss.name, net.out.name], feed={"x": ROWS})
    train.drop_local_exe_scopes()
    test = fluid.ParallelExecutor(False, main_program=net.test, share_vars_from=train)
    tested = test.run([net.out.name], feed={"x": ROWS[:3]}, return_numpy=False)
    second = train.run([net.loss.name], feed=[{"x": ROWS[:2]}, {"x": ROWS[2:]}])
    return train.device_count, first, tested, second


@question
def a_parallel_executor_drops_nothing_before_it_runs(fluid: Any) -> Any:
    net = Net(fluid)
    return fluid.ParallelExecutor(False, net.loss.name, net.main).drop_local_exe_scopes()


VALUES: Dict[str, Any] = {
    "true": True,
    "one": 1,
    "zero": 0,
    "two": 2,
    "none": None,
    "half": 1.5,
    "text": "x",
    "list": ["a"],
    "tuple": (),
    "set": {"a"},
    "ints": [1],
}


def settings(kind: str) -> Question:
    """Ask for each attribute's default, and what it is after it was set to each value."""

    def asked(fluid: Any) -> Any:
        found = {}
        names = [n for n in dir(getattr(fluid, kind)) if n[0] not in "_RG"]
        for name in names:
            default = getattr(getattr(fluid, kind)(), name)
            found[name] = {"default": sorted(default) if isinstance(default, set) else default}
            for label, value in VALUES.items():
                strategy = getattr(fluid, kind)()
                try:
                    setattr(strategy, name, value)
                except Exception as error:
                    found[name][label] = "raises " + type(error).__name__
                    continue
                after = getattr(strategy, name)
                found[name][label] = sorted(after) if isinstance(after, set) else after
        return found

    return asked


QUESTIONS["build_strategy"] = settings("BuildStrategy")
QUESTIONS["execution_strategy"] = settings("ExecutionStrategy")


@question
def strategies_have_no_other_attributes(fluid: Any) -> Any:
    told = []
    for strategy in (fluid.BuildStrategy(), fluid.ExecutionStrategy()):
        try:
            strategy.nonsense = 1
        except AttributeError:
            told.append(type(strategy).__name__)
    return told


@question
def enumerations(fluid: Any) -> Any:
    strategy = fluid.BuildStrategy()
    kinds = (strategy.ReduceStrategy, strategy.GradientScaleStrategy)
    members = [[(n, int(m), str(m)) for n, m in sorted(k.__members__.items())] for k in kinds]
    both = fluid.core.ParallelExecutor.BuildStrategy, fluid.core.ParallelExecutor.ExecutionStrategy
    equal = [kinds[0](1) == kinds[0].Reduce, kinds[1](2) == kinds[1].One]
    return members, equal, both == (fluid.BuildStrategy, fluid.ExecutionStrategy)


if __name__ == "__main__":
    answer(QUESTIONS)
