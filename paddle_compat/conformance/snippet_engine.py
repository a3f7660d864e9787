"""Scripts over what is neither a layer nor a file: programs' parts, places, modes, averages."""

# ruff: noqa: E501 - one statement a line

from __future__ import annotations

from collections.abc import Mapping

from paddle_compat.conformance.snippet_tables import floats
from paddle_compat.conformance.snippets import Differs, Snippet

__all__ = ["DIFFERS", "SNIPPETS"]

_TRAINING = """
x = fluid.data('x', [None, 3])
y = layers.fc(x, 2, name='head')
loss = layers.reduce_mean(layers.square(y))
main, startup = fluid.default_main_program(), fluid.default_startup_program()
rows = np.random.RandomState(1).rand(4, 3).astype('float32')
def step(program=None, count=1):
    return [exe.run(program or main, feed={'x': rows}, fetch_list=[loss])[0] for _ in range(count)]
def value(name):
    return np.array(fluid.global_scope().find_var(name).get_tensor())
"""

RUNNING: Mapping[str, str] = {
    "CompiledProgram": """
fluid.optimizer.SGD(0.1).minimize(loss)
exe.run(startup)
answers['loss'] = np.array(step(fluid.CompiledProgram(main), 2))
answers['w'] = value('head.w_0')
""",
    "CompiledProgram, data-parallel": """
fluid.optimizer.SGD(0.1).minimize(loss)
exe.run(startup)
build, execution = fluid.BuildStrategy(), fluid.ExecutionStrategy()
build.fuse_all_reduce_ops = False
execution.num_threads = 1
compiled = fluid.CompiledProgram(main).with_data_parallel(loss_name=loss.name, build_strategy=build, exec_strategy=execution, places=fluid.cpu_places(1))
answers['loss'] = np.array(step(compiled, 2))
answers['w'] = value('head.w_0')
""",
    "CompiledProgram of a number": "fluid.CompiledProgram(3)",
    "BuildStrategy, ExecutionStrategy": """
build, execution = fluid.BuildStrategy(), fluid.ExecutionStrategy()
facts['before'] = [build.memory_optimize, build.sync_batch_norm, execution.num_iteration_per_drop_scope]
build.memory_optimize, build.sync_batch_norm, execution.num_iteration_per_drop_scope = True, True, 7
facts['after'] = [build.memory_optimize, build.sync_batch_norm, execution.num_iteration_per_drop_scope]
build.gradient_scale_strategy = fluid.BuildStrategy.GradientScaleStrategy.One
build.reduce_strategy = fluid.BuildStrategy.ReduceStrategy.Reduce
""",
    "ParallelExecutor": """
fluid.optimizer.SGD(0.1).minimize(loss)
exe.run(startup)
import os
os.environ['CPU_NUM'] = '1'
parallel = fluid.ParallelExecutor(use_cuda=False, loss_name=loss.name, main_program=main)
facts['devices'] = parallel.device_count
answers['loss'] = np.array([parallel.run(feed={'x': rows}, fetch_list=[loss.name])[0] for _ in range(2)])
answers['w'] = value('head.w_0')
""",
    "ParallelExecutor, the engine's": "facts['name'] = fluid.core.ParallelExecutor.__name__",
    "ExponentialMovingAverage": """
fluid.optimizer.SGD(0.1).minimize(loss)
average = fluid.optimizer.ExponentialMovingAverage(0.9)
average.update()
exe.run(startup)
step(count=3)
answers['w'] = value('head.w_0')
with average.apply(exe):
    answers['averaged'] = value('head.w_0')
answers['restored'] = value('head.w_0')
""",
    "ExponentialMovingAverage that begins fast": """
fluid.optimizer.SGD(0.1).minimize(loss)
average = fluid.optimizer.ExponentialMovingAverage(0.99, thres_steps=layers.autoincreased_step_counter(), name='slow')
average.update()
exe.run(startup)
step(count=4)
with average.apply(exe, need_restore=False):
    answers['averaged'] = value('head.w_0')
average.restore(exe)
answers['restored'] = value('head.w_0')
""",
    "ModelAverage": """
fluid.optimizer.SGD(0.1).minimize(loss)
average = fluid.optimizer.ModelAverage(0.5, min_average_window=2, max_average_window=3)
exe.run(startup)
step(count=5)
answers['w'] = value('head.w_0')
with average.apply(exe):
    answers['averaged'] = value('head.w_0')
answers['restored'] = value('head.w_0')
""",
    "LookaheadOptimizer": """
fluid.optimizer.LookaheadOptimizer(fluid.optimizer.SGD(0.1), alpha=0.5, k=2).minimize(loss)
exe.run(startup)
answers['loss'] = np.array(step(count=5))
answers['w'] = value('head.w_0')
""",
    "LookaheadOptimizer of no steps": "fluid.optimizer.LookaheadOptimizer(fluid.optimizer.SGD(0.1), k=0)",
    "save of an optimizer's rate": """
optimizer = fluid.optimizer.SGD(0.1)
optimizer.minimize(loss)
exe.run(startup)
step()
rate = [v.name for v in main.list_vars() if v.persistable and 'learning_rate' in v.name]
facts['rate'] = rate
answers['rate'] = value(rate[0])
""",
}

PARTS: Mapping[str, str] = {
    "Block, Operator, Parameter, Variable": """
block = main.global_block()
facts['block'] = [isinstance(block, fluid.framework.Block), block.idx, main.num_blocks]
facts['operators'] = [[isinstance(op, fluid.framework.Operator), op.type] for op in block.ops]
facts['parameters'] = [[isinstance(p, fluid.framework.Parameter), isinstance(p, fluid.Variable), p.name] for p in block.all_parameters()]
facts['variables'] = [isinstance(v, fluid.Variable) and not isinstance(v, fluid.framework.Parameter) for v in (x, y, loss)]
""",
    "append_backward, grad_var_name": """
pairs = fluid.backward.append_backward(loss)
facts['pairs'] = [[p.name, g.name, g.name == fluid.framework.grad_var_name(p.name)] for p, g in pairs]
exe.run(startup)
values = exe.run(feed={'x': rows}, fetch_list=[g for _, g in pairs])
answers.update((p.name, v) for (p, _), v in zip(pairs, values))
""",
    "switch_main_program, switch_startup_program": """
other = fluid.Program()
facts['main'] = [fluid.framework.switch_main_program(other) is main, fluid.default_main_program() is other]
fluid.framework.switch_main_program(main)
facts['startup'] = [fluid.framework.switch_startup_program(other) is startup, fluid.default_startup_program() is other]
fluid.framework.switch_startup_program(startup)
""",
    "convert_np_dtype_to_dtype_": """
kinds = fluid.core.VarDesc.VarType
for name, kind in (('float32', kinds.FP32), ('int64', kinds.INT64), ('bool', kinds.BOOL), ('uint8', kinds.UINT8)):
    facts[name] = [fluid.framework.convert_np_dtype_to_dtype_(name) == kind, fluid.framework.convert_np_dtype_to_dtype_(np.dtype(name)) == kind, fluid.data_feeder.convert_dtype(kind)]
""",
    "convert_np_dtype_to_dtype_ of no dtype": "fluid.framework.convert_np_dtype_to_dtype_('complex64')",
    "convert_dtype of no dtype": "fluid.data_feeder.convert_dtype('complex64')",
    "check_type": """
fluid.data_feeder.check_type(3, 'size', (int, float), 'mine')
fluid.data_feeder.check_type('3', 'size', (int, float), 'mine')
""",
    "check_dtype": """
fluid.data_feeder.check_dtype('float32', 'x', ['float32', 'float64'], 'mine')
fluid.data_feeder.check_dtype('int32', 'x', ['float32', 'float64'], 'mine')
""",
    "check_variable_and_dtype": """
fluid.data_feeder.check_variable_and_dtype(x, 'x', ['float32', 'float64'], 'mine')
fluid.data_feeder.check_variable_and_dtype(x, 'x', ['int32', 'int64'], 'mine')
""",
    "check_variable_and_dtype of an array": "fluid.data_feeder.check_variable_and_dtype(rows, 'x', ['float32'], 'mine')",
    "LayerHelper": """
def doubled(x, act=None, param_attr=None, name=None):
    helper = fluid.layer_helper.LayerHelper('doubled', **locals())
    w = helper.create_parameter(helper.param_attr, [1], 'float32', default_initializer=fluid.initializer.Constant(2.0))
    return helper.append_activation(layers.elementwise_mul(x, w))
out = doubled(x, act='relu')
facts['names'] = [out.name, [p.name for p in main.global_block().all_parameters()]]
exe.run(startup)
answers['out'] = exe.run(feed={'x': rows - 0.5}, fetch_list=[out])[0]
""",
    "Initializer": """
facts['are'] = [isinstance(kind, fluid.initializer.Initializer) for kind in (fluid.initializer.Constant(1.0), fluid.initializer.Xavier(), fluid.initializer.NormalInitializer())]
""",
    "unique_name.switch": """
old = fluid.unique_name.switch()
facts['fresh'] = [fluid.unique_name.generate('fc'), fluid.unique_name.generate('fc')]
fluid.unique_name.switch(*old)
facts['continued'] = fluid.unique_name.generate('head')
""",
    "require_version": """
fluid.require_version('1.6.0')
fluid.require_version('1.6', '9.9')
fluid.require_version('9.9')
""",
    "require_version of a number": "fluid.require_version(1.8)",
    "EnforceNotMet": """
try:
    fluid.io.load_params(exe, 'a folder that is not there', main)
except fluid.core.EnforceNotMet as error:
    facts['caught'] = type(error).__name__
""",
    "device_guard": """
with fluid.device_guard('cpu'):
    out = x * 2.0
exe.run(startup)
answers['out'] = exe.run(feed={'x': rows}, fetch_list=[out])[0]
""",
    "device_guard of an unknown device": """
with fluid.device_guard('npu'):
    x * 2.0
""",
    "places": """
facts['cpu'] = [len(fluid.cpu_places(3)), type(fluid.cpu_places(1)[0]).__name__]
facts['names'] = [fluid.CUDAPinnedPlace.__name__, fluid.CUDAPlace.__name__]
""",
}

EAGER: Mapping[str, str] = {
    "enable_dygraph, disable_dygraph, enabled": """
found = [fluid.in_dygraph_mode(), fluid.dygraph.enabled()]
fluid.enable_dygraph(fluid.CPUPlace())
found += [fluid.in_dygraph_mode(), fluid.dygraph.enabled()]
eager = layers.relu(fluid.dygraph.to_variable(np.array([-1.0, 2.0], 'float32')))
answers['eager'] = eager.numpy()
fluid.disable_dygraph()
facts['modes'] = found + [fluid.in_dygraph_mode(), fluid.dygraph.enabled()]
""",
}

GRADIENTS: Mapping[str, str] = {
    "no_grad": """
with fluid.dygraph.no_grad():
    stopped = x * 3.0
@fluid.dygraph.no_grad
def squared(x):
    return x * x
out = [stopped, squared(x), x * 5.0]
""",
    "grad": "out = fluid.dygraph.grad([layers.reduce_sum(x * x * x)], [x])[0]",
    "grad, twice": "out = fluid.dygraph.grad([layers.reduce_sum(x * x * x)], [x], create_graph=True)[0]",
    "grad of several elements": "out = fluid.dygraph.grad([x * x, x * 3.0], [x], grad_outputs=[None, x])[0]",
    "grad of a constant too": "out = fluid.dygraph.grad([x * x, layers.ones([3], 'float32')], [x])[0]",
    "grad that may be unused": """
facts = [fluid.dygraph.grad([x * 2.0], [layers.relu(x)], allow_unused=True)[0] is None]
out = x * 1.0
""",
    "grad of what does not reach": "out = fluid.dygraph.grad([x * 2.0], [layers.relu(x)], allow_unused=False)",
}

DIFFERS: Mapping[str, Differs] = {}

SNIPPETS = (
    *(
        Snippet(f"engine: {name}", _TRAINING + source, mode="script")
        for name, source in {**RUNNING, **PARTS}.items()
    ),
    *(Snippet(f"engine: {name}", source, mode="script") for name, source in EAGER.items()),
    *(
        Snippet(f"engine: {name}", source, {"x": floats(3)}, ("x",), mode="eager")
        for name, source in GRADIENTS.items()
    ),
)
