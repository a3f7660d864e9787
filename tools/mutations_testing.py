"""Faults of parity tests: a comparison that looks away, a cause that is made up, a file misread."""

from __future__ import annotations

from mutation_type import Mutation

__all__ = ["TESTING"]

_RECORDER = "testing/recorder.py"
_COMPARISON = "testing/comparison.py"
_TOLERANCE = "testing/tolerance.py"
_PORT = "testing/port.py"
_DIAGNOSIS = "testing/diagnosis.py"
_TRIAL = "testing/trial.py"
_INPUTS = "testing/causes_inputs.py"
_OUTPUTS = "testing/causes_outputs.py"
_NUMBERS = "testing/causes_numbers.py"
_CALLS = "testing/causes_calls.py"
_PLUGIN = "testing/plugin.py"
_REPLAYING = "testing/replaying.py"

_FILE = ("testing/test_recording_file.py",)
_REPLAY = ("testing/test_replay.py",)
_CAUSES = ("testing/test_causes.py",)
_BUGS = ("testing/test_seeded_bugs.py",)
_PYTEST = ("testing/test_plugin.py",)

TESTING = (
    Mutation(
        "recording: dates of today",
        _RECORDER,
        "zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))",
        "zipfile.ZipInfo(name, __import__('time').localtime()[:6])",
        _FILE,
    ),
    Mutation(
        "recording: a failed write leaves its temporary file",
        _RECORDER,
        "            os.unlink(temporary)\n",
        "            pass\n",
        _FILE,
    ),
    Mutation(
        "recording: an array may be shorter than its shape",
        _RECORDER,
        "_need(size == len(body) - start,",
        "_need(size <= len(body) - start,",
        _FILE,
    ),
    Mutation(
        "recording: a later version is read",
        _RECORDER,
        "_need(version == FORMAT_VERSION, told)",
        "_need(version >= FORMAT_VERSION, told)",
        _FILE,
    ),
    Mutation(
        "recording: compressed files are unpacked",
        _RECORDER,
        "_need(plain and sum(",
        "_need(sum(",
        _FILE,
    ),
    Mutation(
        "recording: bfloat16 loses its sign",
        _RECORDER,
        'return (leaf.data.astype("<u4") << 16)',
        'return ((leaf.data.astype("<u4") & 0x7FFF) << 16)',
        ("testing/test_replay.py",),
    ),
    Mutation(
        "comparison: shapes are not compared",
        _COMPARISON,
        "if shape == () and expected.data.shape == (1,) and has_no_scalars(case.paddle):\n"
        "            got = got.reshape(1)\n",
        "if got.numel() == expected.data.size:\n"
        "            got = got.reshape(expected.data.shape)\n",
        _REPLAY,
    ),
    Mutation(
        "comparison: every Paddle lacks scalars",
        _COMPARISON,
        'return tuple(numbers) < (2, 5) and version != "0.0.0"',
        "return True",
        _REPLAY,
    ),
    Mutation(
        "comparison: dtypes are not compared",
        _COMPARISON,
        "if options.check_dtype and dtype != expected.dtype:",
        "if False:",
        _REPLAY,
    ),
    Mutation(
        "comparison: nan agrees with everything",
        _COMPARISON,
        "distance = np.where(np.isnan(distance), np.inf, distance)",
        "distance = np.where(np.isnan(distance), 0.0, distance)",
        _REPLAY,
    ),
    Mutation(
        "comparison: gradients are not compared",
        _COMPARISON,
        "if options.compares_gradient(path) and case.cotangents:",
        "if False:",
        _REPLAY,
    ),
    Mutation(
        "comparison: gradients of parameters are not compared",
        _COMPARISON,
        "if options.compares_gradient(name) and case.cotangents:",
        "if False:",
        _REPLAY,
    ),
    Mutation(
        "comparison: an input without a gradient may get one",
        _COMPARISON,
        "        if bool((got.detach() != 0).any()):",
        "        if False:",
        _REPLAY,
    ),
    Mutation(
        "comparison: a missing gradient is no zeros",
        _COMPARISON,
        "zeros if got is None else got, options)",
        "tensor_of(expected) if got is None else got, options)",
        _REPLAY,
    ),
    Mutation(
        "comparison: integers have a tolerance",
        _COMPARISON,
        "unequal = (mine != theirs).numpy()",
        "unequal = (abs(mine.int() - theirs.int()) > 1).numpy()",
        _REPLAY,
    ),
    Mutation(
        "comparison: any exception will do",
        _COMPARISON,
        "            return (kind,)\n",
        "            return (Exception,)\n",
        _REPLAY,
    ),
    Mutation(
        "comparison: the worst element is the first",
        _COMPARISON,
        "int(excess.argmax())",
        "int(bad.argmax())",
        _REPLAY,
    ),
    Mutation(
        "comparison: inputs are told of another row",
        _COMPARISON,
        "there = tuple(0 if n == 1 else i for",
        "there = tuple(0 for",
        _REPLAY,
    ),
    Mutation(
        "tolerance: one outlier excuses everything",
        _TOLERANCE,
        "return min(float(sizes.max()), max(_OUTLIER * median, 1.0))",
        "return float(sizes.max())",
        _REPLAY,
    ),
    Mutation(
        "tolerance: infinite where Paddle is",
        _TOLERANCE,
        "return np.where(np.isfinite(found), found, 0.0)",
        "return found",
        _REPLAY,
    ),
    Mutation(
        "tolerance: the dtype's own is not looked up",
        _TOLERANCE,
        "self.tolerances.get(dtype, TOLERANCES[dtype])",
        'self.tolerances.get(dtype, TOLERANCES["bfloat16"])',
        _REPLAY,
    ),
    Mutation(
        "port: a leaf may not be changed in place",
        _PORT,
        "            tensor = tensor.clone()  # which",
        "            # which",
        _REPLAY,
    ),
    Mutation(
        "port: cotangents are ones",
        _PORT,
        "cotangents.append(tensor_of(leaf).to(end.dtype).reshape(end.shape))",
        "cotangents.append(torch.ones_like(end))",
        _BUGS,
    ),
    Mutation(
        "causes: gradients have no say",
        _TRIAL,
        "return not compare(case, self.answer(case), options)",
        "return True",
        _CAUSES,
    ),
    Mutation(
        "causes: agreeing cases have no say",
        _DIAGNOSIS,
        "    return trial is None or trial.matches(subject.case, options)\n",
        "    return True\n",
        _CAUSES,
    ),
    Mutation(
        "causes: two at once are not tried",
        _DIAGNOSIS,
        "            if trial.matches(case, options):\n                yield trial.cause",
        "            if False:\n                yield trial.cause",
        _CAUSES,
    ),
    Mutation(
        "causes: labels are raised, not lowered",
        _INPUTS,
        "yield lower, one, lambda x: x - 1\n",
        "yield lower, one, lambda x: x + 1\n",
        _CAUSES,
    ),
    Mutation(
        "causes: numbers are not exchanged in calls",
        _NUMBERS,
        "for owner, function in _callees(port).items():",
        "for owner, function in ():",
        _BUGS,
    ),
    Mutation(
        "causes: a watched port stays changed",
        _NUMBERS,
        "        {**function.__globals__, name: new},\n",
        "        function.__globals__.__setitem__(name, new) or function.__globals__,\n",
        _CAUSES,
    ),
    Mutation(
        "causes: a number is exchanged with itself",
        _NUMBERS,
        "_with(port, owner, {a: second, b: first})",
        "_with(port, owner, {a: first, b: second})",
        _BUGS,
    ),
    Mutation(
        "causes: every call of a name is left out",
        _CALLS,
        "(other.name, other.number) == (made.name, made.number)",
        "other.name == made.name",
        _CAUSES,
    ),
    Mutation(
        "causes: factors go the wrong way",
        _OUTPUTS,
        "return lambda x: step(x) * factor if factor >= 1 else step(x) / (1 / factor)",
        "return lambda x: step(x) / factor",
        _CAUSES,
    ),
    Mutation(
        "plugin: other inputs than were recorded will do",
        _PLUGIN,
        "if _question(recorded, mode) != _question(case, mode):",
        "if False:",
        _PYTEST,
    ),
    Mutation(
        "plugin: a missing recording is no failure",
        _PLUGIN,
        'pytest.fail(f"the recording {_near(path)} {told}. {self._advice()}", pytrace=False)',
        'pytest.skip(f"the recording {_near(path)} {told}. {self._advice()}")',
        _PYTEST,
    ),
    Mutation(
        "plugin: a missing Paddle is no failure in a CI",
        _PLUGIN,
        "    except OracleUnavailable as reason:\n        told =",
        "    except OracleUnavailable as reason:\n        pytest.skip(str(reason))\n        told =",
        _PYTEST,
    ),
    Mutation(
        "replay: a report is no failure",
        _REPLAYING,
        "    if not report.ok:\n        raise ParityError(report)",
        "    if not report.ok and not report.cases:\n        raise ParityError(report)",
        _REPLAY,
    ),
)
