"""A script that knows nothing of Paddle runs and ends as it does under plain Python."""

from __future__ import annotations

import sys

import pytest

from run.conftest import Runner

ENDS = {
    "success": "print('done')",
    "exit code": "import sys; print('out'); sys.exit(3)",
    "exit None": "import sys; sys.exit(None)",
    "exit with a message": "import sys; sys.exit('stopped here')",
    "exit code out of range": "import sys; sys.exit(257)",
    "exit in a thread": "import sys, threading; t = threading.Thread(target=sys.exit, args=(5,)); "
    "t.start(); t.join(); print('on')",
    "os._exit": "import os; print('lost'); os._exit(7)",
    "atexit after an error": "import atexit; atexit.register(print, 'bye'); print('x'); 1 / 0",
    "error": "def f(x):\n    return x.nope\nprint('before', flush=True)\nf(3)",
    "error in a thread": "import threading\nt = threading.Thread(target=lambda: 1 / 0, name='t')\n"
    "t.start(); t.join(); print('on')",
    "thread that outlives the script": "import threading, time\n"
    "threading.Thread(target=lambda: (time.sleep(0.2), print('late'))).start(); print('end')",
    "chained errors": "try:\n    {}['k']\nexcept KeyError as e:\n    raise OSError('r') from e",
    "error group": "import sys\nif sys.version_info < (3, 11): sys.exit(4)\n"
    "raise ExceptionGroup('g', [ValueError(1), KeyError(2)])",
    "failing import": "import no_such_module_at_all",
    "failing dynamic import": "import importlib\nimportlib.import_module('no_such_module_at_all')",
    "missing name to import": "from collections import no_such_name",
    "missing attribute of a repaired module": "import collections\ncollections.OrderedDct",
    "Python 2 source": "# two\nprint 'x'",
    "own excepthook": "import sys, traceback\n"
    "sys.excepthook = lambda t, v, tb: print(t, v, traceback.extract_tb(tb), v.__traceback__ is tb)"
    "\nint('x')",
    "own excepthook that fails": "import sys\ndef hook(*a): raise KeyError('h')\n"
    "sys.excepthook = hook\nint('x')",
    "SIGTERM": "import os, signal; print('lost'); os.kill(os.getpid(), signal.SIGTERM)",
    "SIGTERM handled": "import os, signal, sys\n"
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit(9)); os.kill(os.getpid(), signal.SIGTERM)",
    "interrupt": "import os, signal, atexit; atexit.register(print, 'bye')\n"
    "os.kill(os.getpid(), signal.SIGINT)\nprint('no')",
    "interrupt caught": "try:\n    raise KeyboardInterrupt\nexcept BaseException:\n    print('c')",
    "abort": "import os; os.abort()",
    "broken pipe": "import os\nr, w = os.pipe(); os.close(r); os.dup2(w, 1); print('x')",
    "closed stdout": "import os; os.close(1)",
    "stdin": "import sys; print(input()); print(sys.stdin.read().upper())",
    "warnings": "import warnings\nwarnings.warn('old', DeprecationWarning)\nassert 1 is not 'x'",
    "objects alive at the end": "class A:\n    def __del__(self): print('gone', __name__)\na = A()",
}


@pytest.mark.parametrize("case", ENDS)
def test_script_ends_as_under_plain_python(case: str, runner: Runner) -> None:
    script = str(runner.write(ENDS[case]))
    ours = runner.command("run", script, stdin="first\nand the rest")
    assert ours == runner.plain(script, stdin="first\nand the rest")


FACTS = """
    import __main__, os, pickle, sys
    class Thing:
        pass
    print(__name__, __file__, __doc__, __spec__, __package__, __cached__, type(__loader__))
    print(sorted(n for n in dir()), __builtins__)
    print(sys.argv, sys.path[0], os.getcwd())
    print(vars(__main__) is globals(), sys.modules['__main__'] is __main__)
    print(type(pickle.loads(pickle.dumps(Thing()))) is Thing, Thing)
    def annotated(x: 1 + 1): pass
    print(annotated.__annotations__)
    import beside; print(beside.__file__, open(__file__).read().count('beside'))
"""


@pytest.mark.parametrize("spelled", ["absolute", "relative", "dotted", "link"])
def test_script_finds_itself_as_under_plain_python(spelled: str, runner: Runner) -> None:
    script = runner.write(FACTS, "folder/script.py")
    runner.write("", "folder/beside.py")
    (runner.folder / "link.py").symlink_to(script)
    path = {
        "absolute": str(script),
        "relative": "folder/script.py",
        "dotted": "./folder/../folder/script.py",
        "link": "link.py",
    }[spelled]
    # Options after the script are the script's, also when they look like ours.
    arguments = [path, "--device", "x", "--", "-m", "--help", ""]
    ours = runner.command("run", *arguments)
    assert ours.code == 0, ours.err
    assert ours == runner.plain(*arguments)


def test_module_runs_as_under_plain_python(runner: Runner) -> None:
    runner.write("", "package/__init__.py")
    facts = (
        "import sys, package\nprint(__name__, __file__, __spec__.name, __package__, sys.argv)\n"
        "print(sys.path[0], sys.modules['__main__'].__dict__ is globals())\nfrom . import sibling\n"
    )
    runner.write(facts, "package/module.py")
    runner.write(facts, "package/__main__.py")
    runner.write("1 / 0", "package/failing.py")
    runner.write("", "package/sibling.py")
    for name in ("package.module", "package"):
        arguments = ["-m", name, "-m", "--threads", "x"]
        ours = runner.command("run", *arguments)
        assert ours.code == 0, ours.err
        assert ours == runner.plain(*arguments)
    failed = runner.command("run", "-m", "package.failing")
    assert failed.code == 1
    assert failed.err.splitlines()[1].endswith('failing.py", line 1, in <module>')
    missing = runner.command("run", "-m", "package.nothing")
    assert missing.code == 2
    assert "there is no module 'package.nothing' to run" in missing.err


def test_source_in_another_encoding_is_read_as_python_reads_it(runner: Runner) -> None:
    script = runner.folder / "latin.py"
    script.write_bytes("# -*- coding: latin-1 -*-\nprint(ascii('Grün'))\n".encode("latin-1"))
    marked = runner.folder / "marked.py"
    marked.write_bytes(b"\xef\xbb\xbfprint('ok')\r\n")
    for path in (script, marked):
        assert runner.command("run", str(path)) == runner.plain(str(path))


def test_command_is_started_by_name_and_by_module(runner: Runner) -> None:
    # Unlike the other tests: whole processes, from Python's own start to its end.
    script = str(runner.write("import paddle, os, signal\nprint(paddle.nn.__name__, flush=True)\n"
                              "os.kill(os.getpid(), signal.SIGINT)"))  # fmt: skip
    as_module = runner.plain("-m", "paddle_compat", "run", script)
    entry = "import sys; from paddle_compat.cli import main; sys.exit(main())"
    for done in (as_module, runner.plain("-c", entry, "run", script)):
        assert (done.code, done.out) == (-2, "paddle_compat.nn\n")
        lines = done.err.splitlines()
        assert lines[0] == "Traceback (most recent call last):"
        assert lines[1] == f'  File "{script}", line 3, in <module>'
        assert lines[-1] == "KeyboardInterrupt"


def test_installed_command_is_the_one_tested() -> None:
    if sys.version_info < (3, 11):
        pytest.skip("tomllib came with Python 3.11")
    import tomllib

    from run.conftest import ROOT

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"paddle-compat": "paddle_compat.cli:main"}
