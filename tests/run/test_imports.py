"""Paddle's names in a script: the modules of `paddle_compat`, under Paddle's own paths."""

from __future__ import annotations

import re
import sys

import pytest

from paddle_compat.errors import UnsupportedAPIError
from run.conftest import Runner

SAME_MODULES = """
    import importlib, inspect, operator, pkgutil, sys
    import paddle
    import paddle.fluid as fluid
    import paddle.fluid.layers.detection
    import paddle.fluid.layers as L
    import paddle.nn.functional as F
    from paddle.fluid.layers import sigmoid_focal_loss
    from paddle.fluid.layers.detection import *
    import paddle_compat

    assert paddle is paddle_compat
    assert paddle.__version__ == '1.8.5'  # what scripts compare with
    assert fluid is paddle.fluid is paddle_compat.fluid is sys.modules['paddle.fluid']
    assert L is fluid.layers
    assert F is importlib.import_module('paddle.nn.functional') is paddle_compat.nn.functional
    for name, module in list(sys.modules.items()):
        if name.partition('.')[0] == 'paddle':
            ours = 'paddle_compat' + name[len('paddle'):]
            assert module is sys.modules[ours] is importlib.import_module(name), name
            # The import system leaves each module what it was.
            assert module.__name__ == module.__spec__.name == ours, name
            assert '._' not in name
    for prefix in ('kernels', 'cli', 'run', 'conformance', 'errors', 'checkpoints', 'export'):
        assert 'paddle.' + prefix not in sys.modules
    # Every public function and class is found again by the path that it reports.
    seen = 0
    for name, module in list(sys.modules.items()):
        if name.partition('.')[0] != 'paddle':
            continue
        for public in module.__all__ if hasattr(module, '__all__') else ():
            thing = getattr(module, public)
            if isinstance(thing, type(importlib)) or not hasattr(thing, '__qualname__'):
                continue
            if not thing.__module__.startswith('paddle'):
                continue
            if thing.__name__.startswith('Unsupported'):
                continue
            assert thing.__module__.startswith('paddle.'), (thing, thing.__module__)
            home = importlib.import_module(thing.__module__)
            # A class may be another one's, as `core.ParallelExecutor.BuildStrategy` is.
            name = thing.__qualname__ if inspect.isclass(thing) else thing.__name__
            assert operator.attrgetter(name)(home) is thing, thing
            seen += 1
    assert seen > 5, seen
    assert F.sigmoid_focal_loss.__module__ == 'paddle.nn.functional.loss'
    assert paddle.nn.SigmoidFocalLoss.__module__ == 'paddle.nn.layer.loss'
    # As 1.8.5 says, but for `core`, which it calls by the kind of processor.
    for home in ('framework.Program', 'framework.Variable', 'framework.in_dygraph_mode',
                 'executor.global_scope', 'executor.scope_guard', 'executor.Executor',
                 'core.CPUPlace', 'core.LoDTensor', 'core.Scope', 'param_attr.ParamAttr'):
        module, _, name = home.partition('.')
        assert getattr(fluid, name).__module__ == 'paddle.fluid.' + module, home

    x = paddle.to_tensor([[0.5, -1.0]])
    one = paddle.cast(paddle.to_tensor([1]), 'int32')
    label = paddle.cast(paddle.to_tensor([[1]]), 'int32')
    print(L.sigmoid_focal_loss(x, label, one).shape)

    again = importlib.reload(fluid.layers.detection)
    assert again is paddle.fluid.layers.detection
    assert again.sigmoid_focal_loss.__module__ == 'paddle.fluid.layers.detection'
"""


def test_script_gets_our_modules_under_paddles_names(runner: Runner) -> None:
    # A Paddle beside the script, or an installed one, is not what the script gets.
    runner.write("raise AssertionError('another Paddle was imported')", "paddle/__init__.py")
    done = runner.run(SAME_MODULES)
    assert (done.code, done.out, done.err) == (0, "torch.Size([1, 2])\n", "")


def test_paddle_imported_before_is_replaced_with_all_its_modules(runner: Runner) -> None:
    runner.write("fluid = 'other'", "paddle/__init__.py")
    runner.write("", "paddle/v2.py")
    runner.write("import paddle\nassert paddle.fluid != 'other'\nimport paddle.v2", "script.py")
    runner.write(
        """
        import sys
        sys.path.insert(0, '.')
        import paddle.v2
        assert paddle.fluid == 'other'
        from paddle_compat.cli import main
        main(['run', 'script.py'])
        """,
        "start.py",
    )
    done = runner.plain("start.py")
    assert (done.code, done.out) == (1, "")
    assert "UnsupportedImportError: paddle.v2 is not offered" in done.err


LATE = """
    import sys
    import paddle.fluid as fluid
    fluid.__path__.append('late')
    import paddle.fluid.found, paddle.fluid.package
    assert not isinstance(paddle.fluid.package.name, type(sys))
    import paddle.fluid.package.name
    assert not isinstance(paddle.fluid.package.name, type(sys))  # the function, not its module
    from paddle.fluid import found
    module = sys.modules['paddle_compat.fluid.found']
    assert fluid.found is found is module is sys.modules['paddle.fluid.found']
    assert module.__name__ == module.__spec__.name == 'paddle_compat.fluid.found'
    assert found.public.__module__ == 'paddle.fluid.found'
    assert found.not_public.__module__ == 'paddle_compat.fluid.found'
    assert found.OrderedDict.__module__ == 'collections'
    try:
        from paddle.fluid.found import missing
    except ImportError as error:
        print(str(error).partition(' See ')[0])
    import paddle.fluid.broken
"""


def test_module_imported_later_is_answered_alike(runner: Runner) -> None:
    runner.write(
        "print('executed')\nfrom collections import OrderedDict\n"
        "__all__ = ['public', 'OrderedDict']\ndef public(): pass\ndef not_public(): pass\n",
        "late/found.py",
    )
    runner.write("from paddle_compat.fluid.package.name import name", "late/package/__init__.py")
    runner.write("def name(): pass", "late/package/name.py")
    broken = runner.write("import no_such_module_at_all", "late/broken.py")
    done = runner.run(LATE)
    assert done.code == 1
    assert done.out == (
        "executed\npaddle.fluid.found.missing is not offered by paddle_compat. "
        "Instead: a name that dir(paddle.fluid.found) lists.\n"
    )
    # What fails inside is not taken for a module that is not there.
    assert [line for line in done.err.splitlines() if line.startswith("  File")] == [
        f'  File "{runner.folder / "script.py"}", line 20, in <module>',
        f'  File "{broken}", line 1, in <module>',
    ]
    assert done.err.endswith("ModuleNotFoundError: No module named 'no_such_module_at_all'\n")


MISSING = """
import importlib
def attempt(source):
    try:
        exec(compile(source, 'the_script.py', 'exec'), {})
    except ImportError as error:
        assert isinstance(error, ModuleNotFoundError)
        print(source, '|', type(error).__name__, '|', error.name, '|', error)
for source in SOURCES:
    attempt(source)
import paddle.fluid as fluid
assert not hasattr(fluid, 'no_such_thing')
assert getattr(fluid.layers, 'no_such_layer', None) is None
try:
    import no_such_module
except ImportError as error:
    assert type(error) is ModuleNotFoundError
try:
    from paddle.fluid.layers.detection import __no_dunder__
except ImportError as error:
    assert type(error) is ImportError
"""

REFUSED = {
    "import paddle.no_such_module": "paddle.no_such_module",
    "import paddle.fluid.no_such_module": "paddle.fluid.no_such_module",
    "import paddle.v2.layer": "paddle.v2",
    "from paddle.fluid import no_such_module": "paddle.fluid.no_such_module",
    "from paddle.fluid.layers import no_such_layer": "paddle.fluid.layers.no_such_layer",
    "from paddle.fluid.layers.detection import no_such_layer": (
        "paddle.fluid.layers.detection.no_such_layer"
    ),
    "import paddle.fluid.layers.detection.below": "paddle.fluid.layers.detection.below",
    "import importlib; importlib.import_module('paddle.fluid.no_such_module')": (
        "paddle.fluid.no_such_module"
    ),
    "__import__('paddle.no_such_module')": "paddle.no_such_module",
    "import paddle.kernels": "paddle.kernels",
    "import paddle.conformance.cases": "paddle.conformance",
    "import paddle.fluid._device": "paddle.fluid._device",
    # More names than one byte of an instruction counts.
    "".join(f"n{i} = " for i in range(300)) + "0; from paddle.fluid import nope": (
        "paddle.fluid.nope"
    ),
}


def test_import_of_what_is_missing_is_an_import_error_that_says_what_and_where(
    runner: Runner,
) -> None:
    done = runner.run(MISSING.replace("SOURCES", repr(list(REFUSED))))
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert len(lines) == len(REFUSED)
    for line, (source, path) in zip(lines, REFUSED.items(), strict=True):
        given, kind, name, told = line.split(" | ")
        assert (given, kind, name) == (source, "UnsupportedImportError", path)
        assert re.fullmatch(
            re.escape(path) + r" is not offered by paddle_compat\. Instead: .+\. "
            r"See migration_guide\.md, section '.+'\. Used at the_script\.py:1",
            told,
        )
        # It knows what to use instead as well as the AttributeError does.
        module, _, name = path.rpartition(".")
        look_up = sys.modules[module.replace("paddle", "paddle_compat", 1)].__getattr__
        if not hasattr(sys.modules["paddle_compat"], name) and not name.startswith("_"):
            with pytest.raises(UnsupportedAPIError) as refused:
                look_up(name)
            assert told.startswith(str(refused.value))


@pytest.mark.parametrize(
    ("statement", "path", "kind"),
    [
        ("from paddle.fluid.layers import nope", "paddle.fluid.layers.nope", "Import"),
        ("import paddle.v2 as paddle", "paddle.v2", "Import"),
        ("fluid.layers.nope(1)", "paddle.fluid.layers.nope", "API"),
        ("paddle.nn.functional.nope", "paddle.nn.functional.nope", "API"),
    ],
)
def test_uncaught_request_for_what_is_missing_shows_the_scripts_own_lines(
    statement: str, path: str, kind: str, runner: Runner
) -> None:
    text = f"import paddle, paddle.fluid as fluid\ndef build():\n    {statement}\nbuild()\n"
    script = runner.write(text)
    done = runner.command("run", str(script))
    assert (done.code, done.out) == (1, "")
    lines = [line for line in done.err.splitlines() if set(line.strip()) - {"^", "~"}]
    assert lines[:-1] == [
        "Traceback (most recent call last):",
        f'  File "{script}", line 4, in <module>',
        "    build()",
        f'  File "{script}", line 3, in build',
        f"    {statement}",
    ]
    assert lines[-1].startswith(
        f"paddle_compat.errors.Unsupported{kind}Error: {path} is not offered by paddle_compat. "
    )
    assert lines[-1].endswith(f". Used at {script}:3")


def test_refusal_that_caused_another_error_is_shown_with_its_line_too(runner: Runner) -> None:
    script = runner.write(
        "import paddle.fluid as fluid\ntry:\n    fluid.layers.nope\nexcept AttributeError as e:\n"
        "    raise RuntimeError('this model needs nope') from e\n"
    )
    lines = runner.command("run", str(script)).err.splitlines()
    assert lines[-1] == "RuntimeError: this model needs nope"
    (refusal,) = [line for line in lines if line.startswith("paddle_compat.errors.")]
    assert refusal.endswith(f"Used at {script}:3")
    assert [line for line in lines if line.startswith("  File")] == [
        f'  File "{script}", line {n}, in <module>' for n in (3, 5)
    ]


def test_refusal_passes_between_processes() -> None:
    import pickle

    from paddle_compat.errors import UnsupportedAPIError, UnsupportedImportError

    for error in (
        UnsupportedAPIError("paddle.a", "b", "c"),
        UnsupportedImportError("paddle.a", "b", "c", "d.py:1"),
    ):
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again)) == (type(error), str(error))
        assert vars(again) == vars(error)


def test_importing_the_run_command_changes_nothing(runner: Runner) -> None:
    done = runner.plain(
        "-c",
        "import sys, collections, inspect, numpy, fractions, time, os, base64, torch\n"
        "import multiprocessing, multiprocessing.spawn\n"
        "things = [sys, collections, inspect, numpy, fractions, time, os, base64, torch,\n"
        "          multiprocessing, multiprocessing.spawn, sys.modules['__main__']]\n"
        "def snapshot():\n"
        "    return ({(t.__name__, k): id(v) for t in things for k, v in vars(t).items()\n"
        "             if k not in ('before', 'things', 'snapshot', 'paddle_compat', 'run', 'm')},\n"
        "            list(sys.meta_path), list(sys.path), list(sys.argv))\n"
        "before = snapshot()\n"
        "import paddle_compat.cli, paddle_compat.run.command\n"
        "after = snapshot()\n"
        "assert before == after, set(before[0].items()) ^ set(after[0].items())\n"
        "assert not [m for m in sys.modules if m.partition('.')[0] == 'paddle']\n"
        "loss = paddle_compat.fluid.layers.sigmoid_focal_loss\n"
        "assert loss.__module__ == 'paddle_compat.fluid.layers.detection'\n"
        "print('unchanged')",
    )
    assert (done.code, done.out, done.err) == (0, "unchanged\n", "")
