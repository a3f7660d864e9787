"""Names that newer Python and NumPy removed: restored for a script, and reported once each."""

from __future__ import annotations

import collections.abc
import warnings
from importlib import import_module

import numpy as np
import pytest

from paddle_compat.run.era_names import REMOVED
from run.conftest import Runner


def present(module: str, name: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return hasattr(import_module(module), name)


GONE = [(m, n) for m, names in REMOVED.items() for n in names if not present(m, n)]

USES = """
import base64, collections, fractions, inspect, os, sys, time, warnings
import numpy as np
warnings.simplefilter('ignore')  # of names that are still there, and deprecated
def values(cond=True, *rest, **more): pass
def use():
    assert isinstance({}, collections.Mapping)
    assert np.int is int and np.float is float and np.object is object and np.str is str
    assert np.zeros(2, np.bool).dtype == bool and np.zeros(2, dtype=np.float).dtype == np.float64
    assert np.array([1 + 1j], np.complex).dtype == np.complex128
    assert tuple(inspect.getargspec(values)) == (['cond'], 'rest', 'more', (True,))
    assert inspect.getargspec(values).keywords == 'more'
    assert fractions.gcd(12, 18) == 6
    assert 0 <= time.clock() < 1e6
    assert os.errno.ENOENT == 2
    assert base64.encodestring(b'x') == b'eA==\\n'
    assert np.asscalar(np.array([3.5])) == 3.5
    assert np.in1d([[1, 2], [3, 4]], [2, 3]).tolist() == [False, True, True, False]
    assert np.asfarray([1, 2]).dtype == np.asfarray([1, 2], int).dtype == np.float64
    assert np.asfarray([1], np.float32).dtype == np.float32
    assert np.msort(np.array([[3, 1], [2, 4]])).tolist() == [[2, 1], [3, 4]]
    assert np.product([2, 3]) == 6 and np.NINF == -np.inf and np.isnan(np.NaN)
    assert np.float_ is np.float64 and np.unicode_ is np.str_
for _ in range(2):
    use()
from collections import Mapping, MutableMapping, OrderedDict, Callable
assert Mapping is collections.Mapping
for names in ('int', 'no_such_name'):
    print(hasattr(np, names), hasattr(collections, names))
"""


def test_removed_names_work_and_are_reported_once_with_the_line(runner: Runner) -> None:
    script = runner.write(USES)
    done = runner.command("run", str(script))
    assert (done.code, done.out) == (0, "True False\nFalse False\n"), done.err
    lines = USES.splitlines()
    told: dict[str, tuple[str, str]] = {}
    for report in done.err.splitlines():
        head, where, rest = report.split(": ", 2)
        assert head == "paddle-compat"
        path, _, number = where.rpartition(":")
        assert path == str(script)
        name, what = rest.split(" is gone since ")
        assert name not in told
        told[name] = (lines[int(number) - 1], what)
        assert name.rpartition(".")[2] in told[name][0]
    assert told["collections.Mapping"][1] == (
        "Python 3.10; restored for this run. Write collections.abc.Mapping."
    )
    assert "from collections" in told["collections.Callable"][0]
    assert told["np.int"][1] == "NumPy 1.24; restored for this run. Write int."
    missing = {f"{'np' if m == 'numpy' else m}.{n}" for m, n in GONE}
    assert set(told) <= missing
    assert ("np.bool" in told) == (np.__version__ < "2")
    assert {n for n in missing if f"{n}(" in USES or f"{n}." in USES} <= set(told)


def test_every_name_of_the_table_that_is_gone_is_restored(runner: Runner) -> None:
    done = runner.run(
        f"import importlib\nfor module, name in {GONE!r}:\n"
        "    getattr(importlib.import_module(module), name)\n"
    )
    assert done.code == 0, done.err
    assert len(done.err.splitlines()) == len(GONE)
    assert all(" Write " in line for line in done.err.splitlines())


def test_names_that_are_still_there_stay_as_they_are(runner: Runner) -> None:
    there = [(m, n) for m, names in REMOVED.items() for n in names if (m, n) not in GONE]
    text = (
        "import importlib, warnings\nwarnings.simplefilter('ignore')\n"
        f"print([str(getattr(importlib.import_module(m), n))[:14] for m, n in {there!r}])\n"
    )
    # NumPy's own answers to names that it lacks or loads late stay too.
    text += (
        "import numpy as np\nprint(np.f2py.__name__, np.char.__name__)\n"
        "try:\n    np.no_such_name\nexcept AttributeError as error:\n    print(error)\n"
        "np.geterrobj\n"
    )
    script = str(runner.write(text))
    ours, plain = runner.command("run", script), runner.plain(script)
    assert ours == plain


@pytest.mark.parametrize("module", REMOVED)
def test_table_names_what_to_write_instead(module: str) -> None:
    for name, removed in REMOVED[module].items():
        assert removed.since.split()[0] in ("Python", "NumPy")
        assert removed.instead
        assert removed.instead != f"{module}.{name}"


def test_all_of_the_abstract_collections_that_were_there_are_in_the_table() -> None:
    assert (
        {"Mapping", "MutableMapping", "Sequence", "Iterable", "Callable"}
        <= set(REMOVED["collections"])
        <= set(collections.abc.__all__)
    )
