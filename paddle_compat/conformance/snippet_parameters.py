"""Snippets of parameters: how they are made, named, shared and first filled."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from paddle_compat.conformance.snippet_tables import floats, over
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

CREATED = """
layers.create_parameter([3, 2], 'float32')
layers.create_parameter(shape=[3, 2], dtype='float64', name='p')
layers.create_parameter([4], 'float32', attr=fluid.ParamAttr(name='scale', initializer=fluid.initializer.Constant(1.5)))
layers.create_parameter([4], 'float32', attr='p')
layers.create_parameter([4], 'float32', is_bias=True)
layers.create_parameter([4], 'float32', default_initializer=fluid.initializer.Constant(3.0))
layers.create_parameter([4], 'float32', attr=fluid.ParamAttr(learning_rate=2.0, regularizer=fluid.regularizer.L2Decay(0.1), trainable=False))
a = layers.create_parameter([2], 'float32'); b = layers.create_parameter([2], 'float32'); out = a + b
layers.create_parameter([1], 'float32', default_initializer=fluid.initializer.Constant(2.0)) * 3.0
layers.create_parameter((2, 2), np.float32)
layers.create_parameter([1], 'float32', name='a', attr=fluid.ParamAttr(name='b'))
layers.create_global_var([1], 1.5, 'float32')
layers.create_global_var(shape=[2, 3], value=2, dtype='int64', persistable=True)
layers.create_global_var([1], 0.1, 'float64', persistable=True, name='g')
layers.create_global_var([1], 1.0, 'float32', force_cpu=True) + 1.0
g = layers.create_global_var([1], 1.0, 'float32', persistable=True, name='g'); out = layers.increment(g)
layers.fc(layers.create_parameter([2, 3], 'float32'), 2)
w = layers.create_parameter([3], 'float32', name='w'); w.stop_gradient = True; out = w * 2.0
w = layers.create_parameter([3], 'float32'); out = fluid.framework._get_var(w.name) * 2.0
"""
CREATED_REFUSED = """
layers.create_parameter([0], 'float32')
layers.create_parameter([-1, 2], 'float32')
layers.create_parameter([], 'float32')
layers.create_parameter(3, 'float32')
layers.create_parameter([3], 'float33')
layers.create_parameter([3], 'int32')
layers.create_parameter([3], 'bool')
layers.create_parameter(['a'], 'float32')
layers.create_parameter([3], 'float32', attr=3)
layers.create_parameter([3], 'float32', attr=False)
layers.create_parameter([3], 'float32', name=3)
layers.create_parameter([3], 'float32', is_bias='yes')
layers.create_parameter([3], 'float32', default_initializer=3.0)
layers.create_parameter([3])
layers.create_global_var(3, 1.0, 'float32')
layers.create_global_var([3], 1.0, 'float33')
layers.create_global_var([3], 'a', 'float32')
layers.create_global_var(['a'], 1.0, 'float32')
fluid.ParamAttr(name=3)
fluid.ParamAttr(learning_rate='a')
fluid.ParamAttr(nonsense=3)
fluid.initializer.Uniform('a', 1.0)
fluid.initializer.Normal(0.0, None)
fluid.initializer.Xavier(uniform=None)
fluid.initializer.NumpyArrayInitializer([1.0])
fluid.initializer.MSRA(uniform=None)
fluid.initializer.Nonsense()
fluid.framework._get_var('nonsense')
"""
INITIALIZERS = """
Constant(0.0)
Constant(value=0.1)
ConstantInitializer(-3.0)
Uniform()
Uniform(-0.5, 2.0)
Uniform(low=-1.0, high=1.0, seed=3)
UniformInitializer(-1.0, 1.0, 5)
Uniform(-0.1, 0.1, seed=2147483646)
Normal()
Normal(0.0, 0.01)
Normal(loc=1.0, scale=2.0, seed=3)
NormalInitializer(0.0, 1.0, 5)
TruncatedNormal()
TruncatedNormal(0.0, 0.02)
TruncatedNormal(loc=1.0, scale=2.0, seed=3)
Xavier()
Xavier(uniform=False)
XavierInitializer(uniform=True, seed=3)
Xavier(fan_in=7, fan_out=3)
Xavier(uniform=False, fan_in=7.0)
MSRA()
MSRA(uniform=False)
MSRAInitializer(uniform=True, fan_in=9)
MSRA(uniform=False, fan_in=9, seed=11)
"""


def _initial(line: str, shape: list[int], dtype: str, seed: int = 7) -> Snippet:
    source = f"layers.create_parameter({shape}, '{dtype}', attr=fluid.ParamAttr(name='p', "
    source += f"initializer=fluid.initializer.{line}))"
    # Drawn numbers are the same bits; a normal one is the C library's logarithm and root.
    normal = "Normal" in line or "uniform=False" in line
    return Snippet(
        f"{line} {shape} {dtype} seed {seed}",
        f"out = {source}",
        seed=seed,
        backward=False,
        terms=0.5 if normal else 0.0,
    )


def _initialisers() -> Iterator[Snippet]:
    lines = INITIALIZERS.strip().splitlines()
    for line in lines:
        for dtype in ("float32", "float64"):
            yield _initial(line, [4, 6], dtype)
    for shape in ([5], [3, 2, 3, 3], [2, 3, 4], [1]):
        for line in ("Xavier()", "Xavier(uniform=False)", "MSRA()", "MSRA(uniform=False)"):
            yield _initial(line, shape, "float32")
        for line in ("Uniform()", "Normal()", "TruncatedNormal()", "Constant(2.0)"):
            yield _initial(line, shape, "float32")
    for seed in (1, 90, 1234567, 2147483647):
        for line in ("Uniform()", "Normal()", "TruncatedNormal()", "Xavier()"):
            yield _initial(line, [3, 5], "float32", seed)
            yield _initial(line, [3, 5], "float64", seed)
    yield _initial("Uniform()", [50, 41], "float32", 2147483648)
    for line in ("Uniform()", "Normal()", "TruncatedNormal()"):
        yield _initial(line, [61, 53], "float32")
        yield _initial(line, [61, 53], "float64")
    given = "NumpyArrayInitializer(np.arange(6.0, dtype='{}').reshape(2, 3))"
    for dtype in ("float32", "float64", "int32"):
        yield _initial(given.format(dtype), [2, 3], "float32")
    yield _initial(given.format("float32"), [3, 2], "float32")
    yield _initial("Bilinear()", [3, 1, 4, 4], "float32")
    yield _initial("BilinearInitializer()", [2, 2, 3, 3], "float32")
    yield _initial("Bilinear()", [3, 4], "float32")
    yield _initial("Bilinear()", [1, 1, 3, 4], "float32")


def _shared() -> Iterator[Snippet]:
    x = floats(2, 3)
    yield from over(CREATED)
    yield from over(CREATED_REFUSED)
    lines = """
    out = [layers.fc(x, 3, param_attr='w', bias_attr='b'), layers.fc(x * 2.0, 3, param_attr='w', bias_attr='b')]
    y = layers.fc(x, 3, param_attr='w', bias_attr=False); out = layers.fc(y, 3, param_attr='w', bias_attr=False)
    a = layers.fc(x, 2); b = layers.fc(x, 2); out = a + b
    a = layers.fc(x, 2, param_attr=fluid.ParamAttr(name='w', learning_rate=2.0)); out = layers.fc(x, 2, param_attr=fluid.ParamAttr(name='w', learning_rate=3.0)) + a
    a = layers.fc(x, 2, param_attr=fluid.ParamAttr(name='w', initializer=fluid.initializer.Constant(1.0))); out = layers.fc(x, 2, param_attr='w') + a
    """
    yield from over(lines, options={"terms": 2.0}, x=x)
    equal = "a = layers.fc(x, 3)\nb = layers.fc(x, 3)\nout = [a, b, a - b]"
    for seed in (1, 90):
        yield Snippet(f"equal layers, seed {seed}", equal, {"x": x}, seed=seed, terms=2.0)
    late = "a = layers.fc(x, 3, bias_attr=False)\n"
    late += "fluid.default_startup_program().random_seed = 5\n"
    late += "b = layers.fc(x, 3, bias_attr=False)\nout = [a, b]"
    yield Snippet("seed changed between layers", late, {"x": x}, terms=2.0)
    for wrong in ("1.5", "'a'", "-1", "None"):
        line = f"fluid.default_startup_program().random_seed = {wrong}\nout = layers.fc(x, 3)"
        yield Snippet(f"random_seed = {wrong}", line, {"x": np.ones((2, 3), "float32")}, terms=2.0)


SNIPPETS = [*_initialisers(), *_shared()]
