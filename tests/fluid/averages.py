"""What is kept beside the parameters of a training: averages, counters, limits of gradients.

Run by ours and by real Paddle 1.8.5. For Python 3.8 too, with the directory above on the path:
prints the answers as JSON.
"""

import os
import shutil
import tempfile
from typing import Any, Dict, List

import numpy as np

from fluid.answers import Question, answer

QUESTIONS: Dict[str, Question] = {}
ROWS = np.random.RandomState(0).randn(4, 3).astype("float32")


def question(function: Question) -> Question:
    QUESTIONS[function.__name__] = function
    return function


class Net:
    """A small network in the default programs."""

    def __init__(self, fluid: Any, optimizer: Any = None) -> None:
        self.fluid = fluid
        x = fluid.data("x", [None, 3])
        self.out = fluid.layers.fc(x, 2, param_attr="w", bias_attr="b")
        attr = fluid.ParamAttr(name="unaveraged", do_model_average=False)
        scale = fluid.layers.create_parameter([2], "float32", attr=attr)
        self.out = fluid.layers.elementwise_mul(self.out, scale)
        self.loss = fluid.layers.mean(self.out * self.out)
        self.main = fluid.default_main_program()
        self.test = self.main.clone(for_test=True)
        (optimizer or fluid.optimizer.SGD(0.1)).minimize(self.loss)
        self.exe = fluid.Executor(fluid.CPUPlace())

    def start(self) -> None:
        self.exe.run(self.fluid.default_startup_program())

    def step(self, count: int = 1, fetch: Any = None) -> List[Any]:
        fetch = [self.loss] if fetch is None else fetch
        return [
            self.exe.run(self.main, feed={"x": ROWS}, fetch_list=fetch)[0] for _ in range(count)
        ]

    def tested(self) -> Any:
        return self.exe.run(self.test, feed={"x": ROWS}, fetch_list=[self.out.name])[0]

    def value(self, name: str) -> Any:
        return np.array(self.fluid.global_scope().find_var(name).get_tensor())

    def kept(self, word: str) -> Any:
        """Return what the program keeps under names with a word in them."""
        names = sorted(
            v.name for v in self.main.list_vars() if v.persistable and word in v.name.lower()
        )
        return {name: self.value(name) for name in names}

    def declared(self, word: str) -> Any:
        return sorted(
            [v.name, list(v.shape), v.persistable]
            for v in self.main.list_vars()
            if v.persistable and word in v.name.lower()
        )


def next_names(fluid: Any) -> Any:
    """Return the names that later layers get."""
    x = fluid.layers.fill_constant([2, 3], "float32", 1.0)
    y = fluid.layers.assign(x) * 2.0
    no = fluid.layers.logical_not(y > 0.0)
    made = [x, y, no, fluid.layers.cast(no, "float32"), fluid.layers.fc(y, 1)]
    made.append(fluid.layers.sums([x, x]))
    made.append(
        fluid.layers.elementwise_mod(no, no) if False else fluid.layers.elementwise_add(x, x)
    )
    made.append(fluid.layers.elementwise_sub(x, x))
    made.append(fluid.layers.elementwise_mul(x, x))
    return [variable.name for variable in made] + [fluid.unique_name.generate("_generated_var")]


def moving(decay: float, steps: str = "", name: Any = None) -> Question:
    """Ask for moving averages over a few steps, and for what they give."""

    def asked(fluid: Any) -> Any:
        net = Net(fluid)
        counter = fluid.layers.autoincreased_step_counter() if steps else None
        if steps == "float32":
            counter = fluid.layers.cast(counter, "float32")
        ema = fluid.optimizer.ExponentialMovingAverage(decay, thres_steps=counter, name=name)
        ema.update()
        declared, names = net.declared("ema"), next_names(fluid)
        net.start()
        with ema.apply(net.exe):
            before = net.value("w"), net.tested()
        kept = []
        for _ in range(4):
            net.step()
            kept.append(net.kept("ema"))
        weights = net.value("w")
        with ema.apply(net.exe):
            applied = net.value("w"), net.value("b"), net.value("unaveraged"), net.tested()
        return declared, names, before, kept, weights, applied, net.value("w"), net.tested()

    return asked


QUESTIONS["moving_average"] = moving(0.9)
QUESTIONS["moving_average_of_a_name"] = moving(0.5, name="slow_")
QUESTIONS["moving_average_with_steps"] = moving(0.9, "float32")
QUESTIONS["moving_average_with_a_low_limit"] = moving(0.2, "float32")


@question
def moving_average_with_whole_steps(fluid: Any) -> Any:
    net = Net(fluid)
    counter = fluid.layers.autoincreased_step_counter()
    ema = fluid.optimizer.ExponentialMovingAverage(0.9, thres_steps=counter)
    ema.update()
    names = next_names(fluid)
    net.start()
    net.step(3)
    kept = net.kept("ema")
    with ema.apply(net.exe):
        return names, kept, net.value("w")


@question
def moving_average_that_is_restored_later(fluid: Any) -> Any:
    net = Net(fluid)
    ema = fluid.optimizer.ExponentialMovingAverage(0.9)
    ema.update()
    net.start()
    net.step(2)
    told = [net.value("w")]
    with ema.apply(net.exe, need_restore=False):
        told.append(net.value("w"))
    told.append(net.value("w"))
    ema.restore(net.exe)
    told.append(net.value("w"))
    return told


@question
def moving_average_is_restored_after_an_error(fluid: Any) -> Any:
    net = Net(fluid)
    ema = fluid.optimizer.ExponentialMovingAverage(0.9)
    ema.update()
    net.start()
    net.step(2)
    before = net.value("w")
    try:
        with ema.apply(net.exe):
            raise KeyError
    except KeyError:
        return before, net.value("w")


@question
def moving_average_applied_twice(fluid: Any) -> Any:
    net = Net(fluid)
    ema = fluid.optimizer.ExponentialMovingAverage(0.9)
    ema.update()
    net.start()
    net.step(2)
    told = []
    for _ in range(2):
        with ema.apply(net.exe):
            told.append(net.value("w"))
    return told


@question
def a_test_program_has_no_updates(fluid: Any) -> Any:
    net = Net(fluid)
    ema = fluid.optimizer.ExponentialMovingAverage(0.9)
    ema.update()
    test = net.main.clone(for_test=True)
    net.start()
    net.step()
    before = net.value("w_ema_0")
    net.exe.run(test, feed={"x": ROWS}, fetch_list=[net.loss.name])
    return before, net.value("w_ema_0"), net.value("@EMA_STEP_COUNTER@")


def windows(rate: float, least: int, most: int) -> Question:
    """Ask for averages over windows."""

    def asked(fluid: Any) -> Any:
        net = Net(fluid)
        average = fluid.optimizer.ModelAverage(
            rate, min_average_window=least, max_average_window=most
        )
        declared, names = net.declared("_0"), next_names(fluid)
        net.start()
        told: List[Any] = []
        for _ in range(7):
            net.step()
            with average.apply(net.exe):
                told.append((net.value("w"), net.tested()))
            told.append((net.value("w"), net.kept("w_sum"), net.kept("_num_"), net.kept("w_old")))
        return declared, names, told

    return asked


QUESTIONS["average_over_all_steps"] = windows(0.15, 100, 100)
QUESTIONS["average_over_short_windows"] = windows(0.5, 2, 3)


@question
def average_that_is_restored_later(fluid: Any) -> Any:
    net = Net(fluid)
    average = fluid.optimizer.ModelAverage(0.5, min_average_window=2, max_average_window=3)
    net.start()
    net.step(3)
    told = [net.value("w")]
    with average.apply(net.exe, False):
        told.append(net.value("w"))
    told.append(net.value("w"))
    average.restore(net.exe)
    told.append(net.value("w"))
    return told


def lookahead(alpha: float, k: int, inner: str = "SGD") -> Question:
    """Ask for the fast and the slow parameters over a few steps."""

    def asked(fluid: Any) -> Any:
        first = fluid.optimizer.SGD(0.1) if inner == "SGD" else fluid.optimizer.Momentum(0.1, 0.9)
        net = Net(fluid, fluid.optimizer.LookaheadOptimizer(first, alpha=alpha, k=k))
        declared, names = net.declared("slow") + net.declared("lookahead"), next_names(fluid)
        net.start()
        told = [net.kept("w@slow")]
        for _ in range(5):
            told.append((net.step(), net.value("w"), net.kept("@slow"), net.kept("lookahead")))
        return declared, names, told

    return asked


QUESTIONS["lookahead_of_two_steps"] = lookahead(0.5, 2)
QUESTIONS["lookahead_of_each_step"] = lookahead(0.8, 1, "Momentum")


def refused(*arguments: Any) -> Question:
    """Ask for an optimizer that looks ahead."""

    def asked(fluid: Any) -> Any:
        inner = fluid.optimizer.SGD(0.1) if arguments else None
        return fluid.optimizer.LookaheadOptimizer(inner, *arguments)

    return asked


QUESTIONS["lookahead_refuses_none"] = refused()
QUESTIONS["lookahead_refuses_alpha"] = refused(1.5)
QUESTIONS["lookahead_refuses_k"] = refused(0.5, 0)
QUESTIONS["lookahead_refuses_real_k"] = refused(0.5, 2.0)


def counted(fluid: Any, net: Any) -> Any:
    """Return the counter of the steps, and how it is declared."""
    name = "@LR_DECAY_COUNTER@"
    variable = net.main.global_block().var(name)
    described = [list(variable.shape), str(variable.dtype), variable.persistable]
    return net.value(name), described, variable.stop_gradient


def rate_of(fluid: Any) -> Any:
    rates = fluid.layers.piecewise_decay([2, 4], [0.1, 0.05, 0.02])
    return fluid.layers.linear_lr_warmup(rates, 3, 0.01, 0.1)


@question
def the_counter_of_steps(fluid: Any) -> Any:
    rate = rate_of(fluid)
    net = Net(fluid, fluid.optimizer.SGD(rate))
    net.start()
    told = [counted(fluid, net)]
    for _ in range(5):
        told.append((net.step(1, [rate]), counted(fluid, net)))
    test = net.main.clone(for_test=True)
    net.exe.run(test, feed={"x": ROWS})
    return told, counted(fluid, net), sorted(v.name for v in test.list_vars() if "@" in v.name)


@question
def the_counter_can_be_set(fluid: Any) -> Any:
    rate = rate_of(fluid)
    net = Net(fluid, fluid.optimizer.SGD(rate))
    net.start()
    counter = fluid.global_scope().find_var("@LR_DECAY_COUNTER@").get_tensor()
    counter.set(np.array([2], "int64"), fluid.CPUPlace())
    return net.step(3, [rate]), counted(fluid, net)


def resumed(write: Any, read: Any) -> Question:
    """Ask for the rates and losses after a state was written and read."""

    def asked(fluid: Any) -> Any:
        rate = rate_of(fluid)
        net = Net(fluid, fluid.optimizer.Momentum(rate, 0.9))
        ema = fluid.optimizer.ExponentialMovingAverage(0.5)
        ema.update()
        folder = tempfile.mkdtemp()
        try:
            net.start()
            net.step(3)
            write(fluid, net, os.path.join(folder, "state"))
            unbroken = [net.step(1, [rate]), net.step(2), net.kept("w")]
            net.start()
            read(fluid, net, os.path.join(folder, "state"))
            at = counted(fluid, net)
            return unbroken, at, [net.step(1, [rate]), net.step(2), net.kept("w")]
        finally:
            shutil.rmtree(folder)

    return asked


QUESTIONS["a_schedule_resumes_from_persistables"] = resumed(
    lambda fluid, net, path: fluid.io.save_persistables(net.exe, path, net.main),
    lambda fluid, net, path: fluid.io.load_persistables(net.exe, path, net.main),
)
QUESTIONS["a_schedule_resumes_from_one_file"] = resumed(
    lambda fluid, net, path: fluid.io.save_persistables(net.exe, path, net.main, "all"),
    lambda fluid, net, path: fluid.io.load_persistables(net.exe, path, net.main, "all"),
)
QUESTIONS["a_schedule_resumes_from_a_state"] = resumed(
    lambda fluid, net, path: fluid.save(net.main, path),
    lambda fluid, net, path: fluid.load(net.main, path, net.exe),
)


def limited(limit: Any, listed: Any = None, program: bool = False, later: Any = None) -> Question:
    """Ask for steps after `set_gradient_clip`."""

    def asked(fluid: Any) -> Any:
        x = fluid.data("x", [None, 3])
        out = fluid.layers.fc(x, 2, param_attr="w", bias_attr="b")
        loss = fluid.layers.mean(out * out)
        main = fluid.default_main_program()
        chosen = None if listed is None else listed(main)
        if program:
            with fluid.program_guard(fluid.Program(), fluid.Program()):
                fluid.clip.set_gradient_clip(limit(fluid), chosen, main)
        else:
            fluid.clip.set_gradient_clip(limit(fluid), chosen)
        if later is not None:
            later(fluid, main)
        fluid.optimizer.SGD(0.1).minimize(loss)
        exe = fluid.Executor(fluid.CPUPlace())
        exe.run(fluid.default_startup_program())
        losses = [exe.run(main, feed={"x": ROWS}, fetch_list=[loss])[0] for _ in range(3)]
        scope = fluid.global_scope()
        return losses, [np.array(scope.find_var(name).get_tensor()) for name in ("w", "b")]

    return asked


LIMITS: Dict[str, Any] = {
    "global_norm": lambda fluid: fluid.clip.GradientClipByGlobalNorm(0.1),
    "norm": lambda fluid: fluid.clip.GradientClipByNorm(0.1),
    "value": lambda fluid: fluid.clip.GradientClipByValue(0.1, -0.05),
}
for name_, limit_ in LIMITS.items():
    QUESTIONS[f"{name_}_of_all"] = limited(limit_)
    QUESTIONS[f"{name_}_of_the_named"] = limited(limit_, lambda main: ["w", "b"])
    QUESTIONS[f"{name_}_of_one_only"] = limited(limit_, lambda main: ["w"])
    QUESTIONS[f"{name_}_of_parameters"] = limited(limit_, lambda main: main.all_parameters())
    QUESTIONS[f"{name_}_of_a_program"] = limited(limit_, None, True)
    QUESTIONS[f"{name_}_named_in_a_program"] = limited(limit_, lambda main: ["b", "w"], True)
QUESTIONS["the_limit_of_the_last_one"] = limited(
    LIMITS["value"],
    later=lambda fluid, main: fluid.clip.set_gradient_clip(LIMITS["global_norm"](fluid), ["w"]),
)
QUESTIONS["the_limit_of_the_first_one"] = limited(
    LIMITS["value"],
    later=lambda fluid, main: fluid.clip.set_gradient_clip(LIMITS["global_norm"](fluid), ["b"]),
)
QUESTIONS["limits_of_one_group_differ"] = limited(
    LIMITS["global_norm"],
    later=lambda fluid, main: fluid.clip.set_gradient_clip(
        fluid.clip.GradientClipByGlobalNorm(0.2), ["b"]
    ),
)
QUESTIONS["limit_of_an_unknown_name"] = limited(LIMITS["value"], lambda main: ["nothing"])
QUESTIONS["limit_of_a_number"] = limited(LIMITS["value"], lambda main: [1])
QUESTIONS["limit_that_is_none"] = limited(lambda fluid: 3)


if __name__ == "__main__":
    answer(QUESTIONS)
