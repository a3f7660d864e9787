"""Snippets that run programs themselves: feeding, fetching, scopes, clones, program state."""

# ruff: noqa: E501 - one statement a line

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from paddle_compat.conformance.snippet_tables import floats
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

BUILD = """
x = fluid.data('x', [None, 3])
y = layers.fc(x, 2, name='head')
loss = layers.reduce_mean(y)
exe.run(fluid.default_startup_program())
main = fluid.default_main_program()
"""
TWICE = """
x = fluid.data('x', [None, 3])
y = x * 2.0
z = y + 1.0
"""

FETCHING = {
    "a Variable": "r = exe.run(feed={'x': a}, fetch_list=[y])",
    "a name": "r = exe.run(feed={'x': a}, fetch_list=[y.name])",
    "one Variable, no list": "r = exe.run(feed={'x': a}, fetch_list=y)",
    "one name, no list": "r = exe.run(feed={'x': a}, fetch_list=z.name)",
    "a tuple": "r = exe.run(feed={'x': a}, fetch_list=(y, z))",
    "the same twice": "r = exe.run(feed={'x': a}, fetch_list=[y, y])",
    "what was fed": "r = exe.run(feed={'x': a}, fetch_list=[x])",
    "several": "r = exe.run(feed={'x': a}, fetch_list=[z, y, x])",
    "an empty list": "r = exe.run(feed={'x': a}, fetch_list=[])",
    "None": "r = exe.run(feed={'x': a}, fetch_list=None)",
    "nothing": "r = exe.run(feed={'x': a})",
    "a dict": "r = exe.run(feed={'x': a}, fetch_list={'y': y})",
    "a number": "r = exe.run(feed={'x': a}, fetch_list=[3])",
    "an unknown name": "r = exe.run(feed={'x': a}, fetch_list=['nonsense'])",
    "a tensor": "r = [np.array(t) for t in exe.run(feed={'x': a}, fetch_list=[y], return_numpy=False)]",
    "a tensor's lengths": "t = exe.run(feed={'x': a}, fetch_list=[y], return_numpy=False)[0]\nfacts['t'] = [type(t).__name__, t.shape(), t.recursive_sequence_lengths(), t.lod()]\nr = []",
    "with a program": "r = exe.run(fluid.default_main_program(), feed={'x': a}, fetch_list=[y])",
    "with program=None": "r = exe.run(program=None, feed={'x': a}, fetch_list=[y])",
    "with a cache": "r = exe.run(feed={'x': a}, fetch_list=[y], use_program_cache=True)",
    "pruned": "w = fluid.data('w', [2])\nw * 2.0\nr = exe.run(feed={'x': a}, fetch_list=[y], use_prune=True)",
    "not pruned": "w = fluid.data('w', [2])\nw * 2.0\nr = exe.run(feed={'x': a}, fetch_list=[y])",
    "with a number for a program": "r = exe.run(3, feed={'x': a}, fetch_list=[y])",
    "after close": "exe.close()\nr = exe.run(feed={'x': a}, fetch_list=[y])",
    "through another executor": "r = fluid.Executor().run(feed={'x': a}, fetch_list=[y])",
    "in another scope": "r = exe.run(feed={'x': a}, fetch_list=[y], scope=fluid.Scope())",
    "an array of its own": "r = exe.run(feed={'x': a}, fetch_list=[y])\nr[0][:] = 0\nr += exe.run(feed={'x': a}, fetch_list=[y])\nfacts['w'] = bool(r[0].flags.writeable)",
}
FEEDING = {
    "too wide": "feed = {'x': np.ones((2, 4), 'float32')}",
    "another rank": "feed = {'x': np.ones((2, 3, 1), 'float32')}",
    "float64": "feed = {'x': np.ones((2, 3))}",
    "int64": "feed = {'x': np.ones((2, 3), 'int64')}",
    "nothing": "feed = {}",
    "None": "feed = None",
    "an unknown name too": "feed = {'x': a, 'q': a}",
    "only an unknown name": "feed = {'q': a}",
    "nested lists": "feed = {'x': [[1.0, 2.0, 3.0]]}",
    "a Variable as the key": "feed = {x: a}",
    "a text": "feed = 'x'",
    "a list of a dict": "feed = [{'x': a}]",
    "not contiguous": "feed = {'x': np.asfortranarray(a)}",
    "every other row": "feed = {'x': np.concatenate([a, a])[::2]}",
    "an intermediate": "feed = {'x': a, y.name: a * 10}",
    "other rows later": "exe.run(feed={'x': a}, fetch_list=[y])\nfeed = {'x': np.concatenate([a, a])}",
    "a tensor": "t = fluid.LoDTensor()\nt.set(a, fluid.CPUPlace())\nfeed = {'x': t}",
    "Fortran order, sliced": "feed = {'x': np.asfortranarray(np.concatenate([a, a], axis=1))[:, :3]}",
}
STATE = {
    "before startup": "q = layers.fc(x, 4)\nanswers['q'] = exe.run(feed={'x': a}, fetch_list=[q])[0]",
    "a parameter's value": "answers['w'] = np.array(fluid.global_scope().find_var('head.w_0').get_tensor())",
    "a parameter is set": "w = fluid.global_scope().find_var('head.w_0').get_tensor()\nw.set(np.ones((3, 2), 'float32'), fluid.CPUPlace())\nanswers['y'] = exe.run(feed={'x': a}, fetch_list=[y])[0]",
    "the copy is a copy": "v = fluid.global_scope().find_var('head.w_0')\nb = np.array(v.get_tensor())\nb[:] = 0\nanswers['w'] = np.array(v.get_tensor())",
    "no such variable": "facts['none'] = fluid.global_scope().find_var('nonsense') is None",
    "temporaries go": "exe.run(feed={'x': a}, fetch_list=[y])\nfacts['none'] = fluid.global_scope().find_var(y.name) is None",
    "startup twice": "w = np.array(fluid.global_scope().find_var('head.w_0').get_tensor())\nexe.run(fluid.default_startup_program())\nfacts['same'] = bool((w == np.array(fluid.global_scope().find_var('head.w_0').get_tensor())).all())",
    "the variables of a program": "facts['v'] = sorted((v.name, list(v.shape), bool(v.persistable)) for v in main.list_vars() if v.name not in ('feed', 'fetch'))",
    "the parameters of a program": "facts['p'] = [p.name for p in main.all_parameters()]\nfacts['b'] = [p.name for p in main.global_block().all_parameters()]",
    "a variable of a block": "b = main.global_block()\nfacts['v'] = [b.var('head.w_0').name, b.has_var('nonsense'), b.has_var('x'), fluid.framework._get_var('x').name]",
    "no such variable in a block": "main.global_block().var('nonsense')",
    "the startup's variables": "facts['v'] = sorted(v.name for v in fluid.default_startup_program().list_vars())",
    "a test clone before training": "test = main.clone(for_test=True)\nfluid.optimizer.SGD(0.5).minimize(loss)\nexe.run(fluid.default_startup_program())\nfor _ in range(2):\n    exe.run(main, feed={'x': a})\nanswers['t'] = exe.run(test, feed={'x': a}, fetch_list=[y])[0]\nanswers['m'] = exe.run(main, feed={'x': a}, fetch_list=[y])[0]\nanswers['u'] = exe.run(test, feed={'x': a}, fetch_list=[y.name])[0]",
    "a test clone after training is built": "fluid.optimizer.SGD(0.5).minimize(loss)\ntest = main.clone(for_test=True)\nexe.run(fluid.default_startup_program())\nanswers['t'] = exe.run(test, feed={'x': a}, fetch_list=[y])[0]\nanswers['u'] = exe.run(test, feed={'x': a}, fetch_list=[y])[0]\nfacts['g'] = any('GRAD' in v.name for v in test.list_vars())",
    "a full clone": "fluid.optimizer.SGD(0.5).minimize(loss)\nother = main.clone()\nexe.run(fluid.default_startup_program())\nanswers['t'] = exe.run(other, feed={'x': a}, fetch_list=[loss])[0]\nanswers['u'] = exe.run(other, feed={'x': a}, fetch_list=[loss])[0]",
    "seeds of clones": "facts['s'] = [main.random_seed, main.clone().random_seed, main.clone(for_test=True).random_seed]",
    "a fresh program's seed": "facts['s'] = [fluid.Program().random_seed, fluid.Program().num_blocks]",
    "default programs": "p, s = fluid.Program(), fluid.Program()\nwith fluid.program_guard(p, s):\n    facts['in'] = [fluid.default_main_program() is p, fluid.default_startup_program() is s]\nfacts['out'] = fluid.default_main_program() is main",
    "one program guarded": "p = fluid.Program()\ns = fluid.default_startup_program()\nwith fluid.program_guard(p):\n    facts['in'] = [fluid.default_main_program() is p, fluid.default_startup_program() is s]",
    "program_guard of a number": "with fluid.program_guard(3):\n    pass",
    "two programs that share a parameter": "other = fluid.Program()\nwith fluid.program_guard(other, fluid.Program()):\n    q = fluid.data('x', [None, 3])\n    r = layers.fc(q, 2, param_attr='head.w_0', bias_attr='head.b_0')\nanswers['r'] = exe.run(other, feed={'x': a}, fetch_list=[r])[0]\nanswers['y'] = exe.run(main, feed={'x': a}, fetch_list=[y])[0]",
    "a layer added after a run": "exe.run(feed={'x': a}, fetch_list=[y])\nq = y * 3.0\nanswers['q'] = exe.run(feed={'x': a}, fetch_list=[q])[0]",
    "two scopes": "s = fluid.Scope()\nwith fluid.scope_guard(s):\n    exe.run(fluid.default_startup_program())\n    fluid.global_scope().find_var('head.b_0').get_tensor().set(np.ones(2, 'float32'), fluid.CPUPlace())\n    answers['s'] = exe.run(feed={'x': a}, fetch_list=[y])[0]\nanswers['g'] = exe.run(feed={'x': a}, fetch_list=[y])[0]",
    "a scope's new variable": "fluid.global_scope().var('q').get_tensor().set(a, fluid.CPUPlace())\nanswers['q'] = np.array(fluid.global_scope().find_var('q').get_tensor())",
    "a failed step": "fluid.optimizer.Momentum(0.5, 0.9).minimize(loss)\nexe.run(fluid.default_startup_program())\ntry:\n    exe.run(feed={'x': np.ones((2, 5), 'float32')})\nexcept ValueError:\n    pass\nanswers['w'] = np.array(fluid.global_scope().find_var('head.w_0').get_tensor())",
    "names": "facts['n'] = [fluid.unique_name.generate('fc'), fluid.unique_name.generate('head'), layers.fc(x, 2).name, layers.fc(x, 2, name='head').name]\nwith fluid.unique_name.guard():\n    facts['g'] = layers.fc(x, 2).name\nwith fluid.unique_name.guard('p_'):\n    facts['p'] = layers.fc(x, 2).name\nfacts['a'] = layers.fc(x, 2).name",
    "name_scope": "with fluid.name_scope('s'):\n    q = layers.fc(x, 2)\nfacts['n'] = q.name",
    "a variable's attributes": "facts['v'] = [y.name, list(y.shape), str(y.dtype), y.stop_gradient, y.persistable, y.lod_level, y.block.idx, y.type == fluid.core.VarDesc.VarType.LOD_TENSOR]",
    "a parameter's attributes": "p = main.all_parameters()[0]\nfacts['p'] = [p.name, list(p.shape), p.trainable, p.stop_gradient, p.persistable, type(p).__name__, sorted(p.optimize_attr.items()), p.is_distributed, p.do_model_average]",
    "bool of a variable": "bool(y)",
    "len of a variable": "len(y)",
    "float of a variable": "float(y)",
    "numpy of a variable": "y.numpy()",
    "backward of a variable": "y.backward()",
    "setting a shape": "y.shape = (1,)",
    "a missing attribute": "y.nonsense",
    "T": "y.T",
    "renaming": "y.name = 'renamed'\nfacts['n'] = y.name",
    "astype": "q = y.astype('float64')\nfacts['q'] = [str(q.dtype), q.name]\nanswers['q'] = exe.run(feed={'x': a}, fetch_list=[q])[0]",
    "places": "facts['p'] = [str(type(fluid.CPUPlace()).__name__), len(fluid.cpu_places(2))]",
    "no layer of that name": "layers.nonsense(x)",
    "a dygraph guard": "with fluid.dygraph.guard():\n    v = fluid.dygraph.to_variable(a)\n    facts['in'] = fluid.in_dygraph_mode()\n    answers['v'] = (v * 2.0).numpy()\nfacts['out'] = fluid.in_dygraph_mode()",
    "fluid.layers is one module": "import sys\nfacts['m'] = [layers.fc is layers.nn.fc, layers.data.__module__.split('.')[1:], layers.nn.__name__.split('.')[1:]]",
}


def _script(
    name: str, source: str, a: str = "answers.update((str(i), v) for i, v in enumerate(r))"
) -> Snippet:
    inputs = {"a": floats(2, 3)}
    return Snippet(name, source.strip("\n") + "\n" + a, inputs, mode="script")


def _scripts() -> Iterator[Snippet]:
    for name, source in FETCHING.items():
        yield _script(f"fetching {name}", f"{TWICE}{source}\nfacts['n'] = len(r)")
    for name, source in FEEDING.items():
        run = "\nr = exe.run(feed=feed, fetch_list=[y])"
        yield _script(f"feeding {name}", f"{TWICE}{source}{run}")
    sized: Mapping[str, tuple[str, tuple[int, ...], str]] = {
        "a scalar": ("[1]", (), "float32"),
        "a scalar, size unknown": ("[None]", (), "float32"),
        "no rows": ("[None, 3]", (0, 3), "float32"),
        "fewer rows than declared": ("[2, 3]", (1, 3), "float32"),
        "one size missing": ("[2, 3]", (2,), "float32"),
        "one size missing, the first unknown": ("[None, 3]", (2,), "float32"),
        "an extra size": ("[2]", (2, 1), "float32"),
        "booleans for floats": ("[2]", (2,), "bool"),
        "int32 for floats": ("[2]", (2,), "int32"),
        "float16 for floats": ("[2]", (2,), "float16"),
    }
    for name, (declared, shape, dtype) in sized.items():
        source = f"x = fluid.data('x', {declared})\ny = x * 2.0\n"
        source += f"r = exe.run(feed={{'x': np.ones({shape}, '{dtype}')}}, fetch_list=[y])"
        yield _script(f"feeding {name}", source)
    for value in ("3.0", "2", "True", "np.float64(2.0)", "[1.0]"):
        source = "x = fluid.data('x', [1])\ny = x * 2.0\n"
        yield _script(
            f"feeding {value}", f"{source}r = exe.run(feed={{'x': {value}}}, fetch_list=[y])"
        )
    for name, source in STATE.items():
        yield _script(name, f"{BUILD}{source}", "")
    empty = "answers.update(enumerate(exe.run(fluid.Program(), fetch_list=[])))"
    yield Snippet("an empty program", empty, {"a": np.zeros(1, "float32")}, mode="script")


SNIPPETS = [*_scripts()]
