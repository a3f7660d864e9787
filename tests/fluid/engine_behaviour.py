"""What an engine answers to a list of small questions; run by ours and by real Paddle 1.8.5.

Stand-alone Python 3.8: real Paddle's interpreter runs this file and prints the answers as JSON.
"""

import json
import sys
from typing import Any, Callable, Dict, List

import numpy as np

Question = Callable[[Any], Any]
QUESTIONS: Dict[str, Question] = {}


def question(function: Question) -> Question:
    QUESTIONS[function.__name__] = function
    return function


def plain(value: Any) -> Any:
    """Return a value that JSON holds, and that is equal where both engines agree."""
    if isinstance(value, np.ndarray):
        return [str(value.dtype), list(value.shape), np.round(value.astype("float64"), 5).tolist()]
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (np.generic,)):
        return value.item()
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value) if type(value).__name__ == "VarType" else type(value).__name__


def ask(fluid: Any, function: Question) -> Any:
    main, startup = fluid.Program(), fluid.Program()
    startup.random_seed = main.random_seed = 7
    try:
        with fluid.program_guard(main, startup), fluid.unique_name.guard():
            with fluid.scope_guard(fluid.Scope()):
                return plain(function(fluid))
    except Exception as error:
        return "raises " + type(error).__name__


def double(fluid: Any) -> Any:
    return fluid.data("x", [None, 3], "float32") * 2.0


def fed(value: Any, **more: Any) -> Question:
    """Ask for twice a fed value."""

    def asked(fluid: Any) -> Any:
        y = double(fluid)
        return fluid.Executor(fluid.CPUPlace()).run(feed={"x": value}, fetch_list=[y], **more)

    return asked


ONES = np.ones([2, 3], "float32")
FEEDS = {
    "feed_right": ONES,
    "feed_wrong_size": np.ones([2, 4], "float32"),
    "feed_wrong_rank": np.ones([2, 3, 1], "float32"),
    "feed_float64": ONES.astype("float64"),
    "feed_int64": ONES.astype("int64"),
    "feed_nested_list": [[1.0, 2.0, 3.0]],
    "feed_not_contiguous": np.arange(12, dtype="float32").reshape(2, 6)[:, ::2],
    "feed_two_ranks_up": np.ones([2, 3, 1, 1], "float32"),
    "feed_zero_dimensions": np.float32(1).reshape([]),
    "feed_lower_rank": np.ones([5], "float32"),
    "feed_scalar": 1.0,
}
for name_, value_ in FEEDS.items():
    QUESTIONS[name_] = fed(value_)


def fetched(make: Callable[[Any, Any], Any], **more: Any) -> Question:
    def asked(fluid: Any) -> Any:
        y = double(fluid)
        exe = fluid.Executor(fluid.CPUPlace())
        return exe.run(feed={"x": ONES}, fetch_list=make(fluid, y), **more)

    return asked


FETCHES: Dict[str, Callable[[Any, Any], Any]] = {
    "fetch_name": lambda fluid, y: [y.name],
    "fetch_variable_alone": lambda fluid, y: y,
    "fetch_name_alone": lambda fluid, y: y.name,
    "fetch_none": lambda fluid, y: None,
    "fetch_empty": lambda fluid, y: [],
    "fetch_tuple": lambda fluid, y: (y, y),
    "fetch_dict": lambda fluid, y: {"y": y},
    "fetch_int": lambda fluid, y: [3],
    "fetch_the_feed": lambda fluid, y: ["x"],
}
for name_, make_ in FETCHES.items():
    QUESTIONS[name_] = fetched(make_)
QUESTIONS["fetch_lod_tensor"] = fetched(lambda fluid, y: [y], return_numpy=False)
QUESTIONS["with_program_cache"] = fetched(lambda fluid, y: [y], use_program_cache=True)
QUESTIONS["feed_is_a_string"] = lambda fluid: fluid.Executor().run(feed="x", fetch_list=[])
QUESTIONS["feed_is_a_list"] = lambda fluid: fluid.Executor().run(
    fluid.default_main_program(), feed=[{"x": ONES}], fetch_list=[double(fluid)]
)
QUESTIONS["program_is_an_int"] = lambda fluid: fluid.Executor().run(3)
QUESTIONS["unknown_feed_is_passed_over"] = lambda fluid: fluid.Executor().run(
    feed={"z": ONES, "x": ONES}, fetch_list=[double(fluid)]
)


@question
def closed(fluid: Any) -> Any:
    exe = fluid.Executor()
    exe.close()
    return exe.run(fluid.default_main_program())


@question
def fetched_arrays_are_fresh(fluid: Any) -> Any:
    y = double(fluid)
    exe = fluid.Executor()
    [first] = exe.run(feed={"x": ONES}, fetch_list=[y])
    exe.run(feed={"x": ONES * 5}, fetch_list=[y])
    first += 1
    return [first, first.flags.writeable]


@question
def pruned(fluid: Any) -> Any:
    y = double(fluid)
    fluid.data("z", [1], "float32") + 1.0
    return fluid.Executor().run(feed={"x": ONES}, fetch_list=[y], use_prune=True)


@question
def data_attributes(fluid: Any) -> Any:
    x = fluid.data("x", [None, 3, -1], "float64")
    return [x.name, x.shape, x.dtype, x.stop_gradient, x.persistable, x.lod_level, x.grad_name]


def declared(*args: Any, **kwargs: Any) -> Question:
    def asked(fluid: Any) -> Any:
        x = fluid.data(*args, **kwargs)
        return [x.name, x.shape, x.dtype]

    return asked


QUESTIONS["data_default_dtype"] = declared("x", [2])
QUESTIONS["data_numpy_dtype"] = declared("x", [2], np.int64)
QUESTIONS["data_bytes_name"] = declared(b"x", (2, None))
QUESTIONS["data_unknown_dtype"] = declared("x", [2], "float33")
QUESTIONS["data_no_name"] = declared(None, [2])
QUESTIONS["data_shape_int"] = declared("x", 2)
QUESTIONS["data_shape_of_strings"] = declared("x", ["a"])
QUESTIONS["data_shape_of_floats"] = declared("x", [2.5])


@question
def data_twice(fluid: Any) -> Any:
    fluid.data("x", [2])
    return fluid.data("x", [2]).name


@question
def data_twice_is_one(fluid: Any) -> Any:
    first, second = fluid.data("x", [None, 3]), fluid.data("x", [None, 3])
    fetches = [first * 2.0, second + 1.0, fluid.layers.elementwise_add(first, second)]
    return fluid.Executor().run(feed={"x": ONES}, fetch_list=fetches)


@question
def data_twice_with_another_shape(fluid: Any) -> Any:
    fluid.data("x", [2])
    return fluid.data("x", [3])


@question
def data_twice_with_another_dtype(fluid: Any) -> Any:
    fluid.data("x", [2])
    return fluid.data("x", [2], "int32")


@question
def layers_data_gets_a_batch(fluid: Any) -> Any:
    return [
        fluid.layers.data("x", [3]).shape,
        fluid.layers.data("y", [-1, 3]).shape,
        fluid.layers.data("z", [3], append_batch_size=False).shape,
    ]


def network(fluid: Any) -> Any:
    x = fluid.data("x", [None, 3], "float32")
    hidden = fluid.layers.fc(x, 4, act="sigmoid")
    return fluid.layers.mean(fluid.layers.fc(hidden, 2, name="head"))


@question
def program_state(fluid: Any) -> Any:
    network(fluid)
    program = fluid.default_main_program()
    block = program.global_block()
    return [
        [p.name for p in block.all_parameters()],
        sorted(v.name for v in program.list_vars()),
        program.num_blocks,
        [op.type for op in block.ops],
        block.has_var("head.w_0"),
        block.has_var("nope"),
        block.var("head.w_0").shape,
        fluid.framework._get_var("fc_0.b_0").name,
    ]


@question
def block_without_the_variable(fluid: Any) -> Any:
    return fluid.default_main_program().global_block().var("nope")


@question
def seeds_of_clones(fluid: Any) -> Any:
    program = fluid.Program()
    program.random_seed = 90
    return [
        fluid.Program().random_seed,
        program.clone().random_seed,
        program.clone(for_test=True).random_seed,
    ]


@question
def seed_is_a_float(fluid: Any) -> Any:
    fluid.Program().random_seed = 1.5
    return "taken"


@question
def program_guard_of_an_int(fluid: Any) -> Any:
    with fluid.program_guard(3):
        return "entered"


@question
def guards_restore(fluid: Any) -> Any:
    before = fluid.default_main_program()
    startup = fluid.default_startup_program()
    with fluid.program_guard(fluid.Program()):
        inside = fluid.default_main_program() is before
        kept = fluid.default_startup_program() is startup
    return [inside, kept, fluid.default_main_program() is before]


@question
def unique_names(fluid: Any) -> Any:
    names = [fluid.unique_name.generate("a"), fluid.unique_name.generate("a")]
    with fluid.unique_name.guard("P"):
        names.append(fluid.unique_name.generate("a"))
    return [*names, fluid.unique_name.generate("a")]


@question
def scopes(fluid: Any) -> Any:
    scope = fluid.global_scope()
    answers: List[Any] = [scope.find_var("w")]
    scope.var("w").get_tensor().set(np.arange(4, dtype="int64").reshape(2, 2), fluid.CPUPlace())
    tensor = scope.find_var("w").get_tensor()
    copy = np.array(tensor)
    copy[0, 0] = 9
    return [*answers, np.array(tensor), tensor.shape(), tensor.lod()]


@question
def parameters_in_the_scope(fluid: Any) -> Any:
    loss = network(fluid)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    tensor = fluid.global_scope().find_var("fc_0.w_0").get_tensor()
    tensor.set(np.full([3, 4], 2.0, "float32"), fluid.CPUPlace())
    [first] = exe.run(feed={"x": ONES}, fetch_list=["fc_0.w_0"])
    gone = fluid.global_scope().find_var(loss.name)
    return [first, gone]


@question
def run_before_startup(fluid: Any) -> Any:
    loss = network(fluid)
    return fluid.Executor().run(feed={"x": ONES}, fetch_list=[loss])


@question
def minimize_answers(fluid: Any) -> Any:
    loss = network(fluid)
    operators, pairs = fluid.optimizer.Momentum(0.1, 0.9).minimize(loss)
    variables = fluid.default_main_program().list_vars()
    return [
        [op.type for op in operators],
        [(p.name, g.name) for p, g in pairs],
        sorted(v.name for v in variables if v.persistable),
    ]


@question
def minimize_is_fetched(fluid: Any) -> Any:
    loss = network(fluid)
    exe = fluid.Executor()
    done = fluid.optimizer.SGD(0.1).minimize(loss)
    exe.run(fluid.default_startup_program())
    return [len(exe.run(feed={"x": ONES}, fetch_list=[loss, done]))]


@question
def trained(fluid: Any) -> Any:
    loss = network(fluid)
    fluid.optimizer.Momentum(0.1, 0.9, use_nesterov=True).minimize(loss)
    exe = fluid.Executor(fluid.CPUPlace())
    exe.run(fluid.default_startup_program())
    feed = {"x": np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)}
    names = [loss, "fc_0.w_0", "head.b_0", "fc_0.w_0@GRAD", "fc_0.tmp_2@GRAD"]
    return [exe.run(feed=feed, fetch_list=names) for _ in range(3)]


@question
def a_clone_for_testing_changes_nothing(fluid: Any) -> Any:
    loss = network(fluid)
    test = fluid.default_main_program().clone(for_test=True)
    fluid.optimizer.SGD(0.1).minimize(loss)
    after = fluid.default_main_program().clone(for_test=True)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    values = [exe.run(p, feed={"x": ONES}, fetch_list=[loss.name])[0] for p in (test, after, test)]
    return [values, exe.run(feed={"x": ONES}, fetch_list=[loss])]


@question
def loss_of_many_elements(fluid: Any) -> Any:
    x = fluid.data("x", [None, 3], "float32")
    return fluid.optimizer.SGD(0.1).minimize(fluid.layers.fc(x, 2))


@question
def minimize_of_an_int(fluid: Any) -> Any:
    return fluid.optimizer.SGD(0.1).minimize(3)


def learning_rate(rate: Any) -> Question:
    return lambda fluid: fluid.optimizer.SGD(rate)


for name_, rate_ in {"int": 1, "str": "0.1", "none": None}.items():
    QUESTIONS["learning_rate_" + name_] = learning_rate(rate_)


@question
def gradients_of_data(fluid: Any) -> Any:
    x = fluid.data("x", [None, 3], "float32")
    answers: List[Any] = [fluid.gradients([x * 2.0], [x])]
    x.stop_gradient = False
    y = x * x
    first = fluid.gradients([y], [x])
    second = fluid.gradients([first[0]], [x])
    names = [g.name for g in (*first, *second)]
    values = fluid.Executor().run(feed={"x": ONES * 3}, fetch_list=[*first, *second])
    return [*answers, names, values]


@question
def gradients_of_two_losses(fluid: Any) -> Any:
    x = fluid.data("x", [None, 3], "float32")
    x.stop_gradient = False
    hidden = fluid.layers.fc(x, 3)
    first, second = fluid.layers.mean(hidden), fluid.layers.mean(hidden * hidden)
    grads = fluid.gradients([first], [x, hidden])
    pairs = fluid.backward.append_backward(second)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    names = ["fc_0.w_0@GRAD", "x@GRAD", "fc_0.tmp_1@GRAD", *[g.name for _, g in pairs]]
    return [[g.name for g in grads], names, exe.run(feed={"x": ONES}, fetch_list=names)]


@question
def gradients_in_an_intermediate(fluid: Any) -> Any:
    x = fluid.data("x", [None, 3], "float32")
    middle = x * 3.0
    out = middle * middle
    grads = fluid.gradients([out], [middle])
    return fluid.Executor().run(feed={"x": ONES}, fetch_list=grads)


@question
def stopped_gradient(fluid: Any) -> Any:
    x = fluid.data("x", [None, 3], "float32")
    x.stop_gradient = False
    left, right = x * 2.0, x * 5.0
    right.stop_gradient = True
    grads = fluid.gradients([fluid.layers.elementwise_mul(left, right)], [x])
    return fluid.Executor().run(feed={"x": ONES}, fetch_list=grads)


@question
def no_grad_set(fluid: Any) -> Any:
    loss = network(fluid)
    pairs = fluid.backward.append_backward(loss, no_grad_set={"fc_0.w_0"})
    return [g.name for _, g in pairs]


@question
def parameter_list(fluid: Any) -> Any:
    loss = network(fluid)
    pairs = fluid.backward.append_backward(loss, parameter_list=["head.w_0"])
    return [g.name for _, g in pairs]


ACTIVATIONS = """
brelu elu hard_sigmoid hard_swish leaky_relu log relu relu6 selu sign soft_relu softmax stanh swish
abs acos asin atan ceil cos erf exp floor gelu hard_shrink logsigmoid reciprocal round rsqrt sigmoid
sin softplus softshrink softsign sqrt square tanh tanh_shrink thresholded_relu nonsense
"""


def activated(name: str) -> Question:
    """Ask for an activation by its name, with the defaults that it has there."""

    def asked(fluid: Any) -> Any:
        x = fluid.data("x", [None, 4], "float64")
        y = fluid.layers.scale(x, act=name)
        values = np.array([[0.1, 0.3, 0.45, 0.9], [0.2, 0.55, 0.7, 0.99]])
        return [y.name, fluid.Executor().run(feed={"x": values}, fetch_list=[y])]

    return asked


for name_ in ACTIVATIONS.split():
    QUESTIONS["act_" + name_] = activated(name_)


@question
def target_gradients(fluid: Any) -> Any:
    x = fluid.data("x", [None, 3], "float32")
    x.stop_gradient = False
    weight = fluid.data("w", [None, 3], "float32")
    grads = fluid.gradients([x * x], [x], target_gradients=[weight])
    return fluid.Executor().run(feed={"x": ONES, "w": ONES * 4}, fetch_list=grads)


@question
def frozen_parameter(fluid: Any) -> Any:
    x = fluid.data("x", [None, 3], "float32")
    frozen = fluid.ParamAttr(name="frozen", trainable=False)
    loss = fluid.layers.mean(fluid.layers.fc(x, 2, param_attr=frozen))
    _, pairs = fluid.optimizer.SGD(0.1).minimize(loss)
    return [p.name for p, _ in pairs]


@question
def shared_parameter(fluid: Any) -> Any:
    x = fluid.data("x", [None, 3], "float32")
    attr = fluid.ParamAttr(name="shared", initializer=fluid.initializer.Constant(0.5))
    y = fluid.layers.fc(x, 3, param_attr=attr, bias_attr=False)
    z = fluid.layers.fc(y, 3, param_attr=fluid.ParamAttr(name="shared"), bias_attr=False)
    loss = fluid.layers.mean(z)
    fluid.optimizer.SGD(0.1).minimize(loss)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    names = [p.name for p in fluid.default_main_program().all_parameters()]
    started = len(fluid.default_startup_program().global_block().ops)
    return [names, started, exe.run(feed={"x": ONES}, fetch_list=[loss, "shared", "shared@GRAD"])]


@question
def two_optimizers(fluid: Any) -> Any:
    x = fluid.data("x", [None, 3], "float32")
    h = fluid.layers.fc(x, 3)
    first, second = fluid.layers.mean(h), fluid.layers.mean(h * h)
    fluid.optimizer.SGD(0.1).minimize(first)
    fluid.optimizer.SGD(0.2).minimize(second)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    return [exe.run(feed={"x": ONES}, fetch_list=["fc_0.b_0", second]) for _ in range(2)]


@question
def trained_again_after_its_update(fluid: Any) -> Any:
    x = fluid.data("x", [None, 3], "float64")
    layers = fluid.layers
    weight = fluid.ParamAttr(name="w")
    loss = layers.mean(layers.square(layers.fc(x, 3, param_attr=weight, bias_attr=False)))
    fluid.optimizer.SGD(0.1).minimize(loss)
    again = layers.fc(x, 3, param_attr=fluid.ParamAttr(name="w"), bias_attr=False)
    second = layers.mean(layers.square(again))
    _, pairs = fluid.optimizer.Momentum(0.1, 0.9).minimize(second)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    feed = {"x": np.linspace(-1, 1, 6).reshape(2, 3)}
    runs = [exe.run(feed=feed, fetch_list=[loss, second, "w"]) for _ in range(3)]
    return [[p.name for p, _ in pairs], runs]


@question
def initial_weights_depend_on_the_seed_at_build_time(fluid: Any) -> Any:
    x = fluid.data("x", [None, 3], "float32")
    fluid.layers.fc(x, 2)
    fluid.default_startup_program().random_seed = 8
    fluid.layers.fc(x, 2)
    fluid.layers.fc(x, 2)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    find = fluid.global_scope().find_var
    values = [np.array(find("fc_%d.w_0" % i).get_tensor()) for i in range(3)]
    exe.run(fluid.default_startup_program())
    again = np.array(find("fc_1.w_0").get_tensor())
    return [values, bool((again == values[1]).all())]


@question
def initial_values_of_a_convolution(fluid: Any) -> Any:
    made = []
    for initializer in (fluid.initializer.Xavier(), fluid.initializer.MSRA(uniform=False)):
        weight = fluid.layers.create_parameter(
            [2, 4, 3, 3], "float32", default_initializer=initializer
        )
        made.append(weight.name)
    fluid.Executor().run(fluid.default_startup_program())
    find = fluid.global_scope().find_var
    return [np.array(find(name).get_tensor()) for name in made]


@question
def variable_refuses_eager_methods(fluid: Any) -> Any:
    x = fluid.data("x", [2])
    answers = []
    for method in ("numpy", "detach", "backward", "gradient"):
        try:
            getattr(x, method)()
        except Exception as error:
            answers.append(type(error).__name__)
    return answers


@question
def variable_lacks(fluid: Any) -> Any:
    x = fluid.data("x", [2])
    return [hasattr(x, name) for name in ("T", "ndim", "size", "clone")]


@question
def settable_attributes(fluid: Any) -> Any:
    x = fluid.data("x", [2])
    x.stop_gradient, x.persistable = False, True
    return [x.stop_gradient, x.persistable]


@question
def require_version(fluid: Any) -> Any:
    fluid.require_version("1.6.0")
    return fluid.require_version("9.0")


@question
def param_attr_name_is_empty(fluid: Any) -> Any:
    return fluid.ParamAttr(name="")


@question
def param_attr_name_is_an_int(fluid: Any) -> Any:
    return fluid.ParamAttr(name=3)


@question
def weights_of_an_unknown_size(fluid: Any) -> Any:
    return fluid.layers.fc(fluid.data("x", [None, None, 3]), 2)


@question
def places(fluid: Any) -> Any:
    return [len(fluid.cpu_places(2)), fluid.is_compiled_with_cuda()]


@question
def cuda_places_without_cuda(fluid: Any) -> Any:
    return fluid.cuda_places()


def answers(fluid: Any) -> Dict[str, Any]:
    """Return the answers of an engine to all questions."""
    return {name: ask(fluid, function) for name, function in QUESTIONS.items()}


if __name__ == "__main__":
    import paddle.fluid

    json.dump(answers(paddle.fluid), sys.stdout)
