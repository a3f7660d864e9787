"""Faults of files of parameters: data, and nothing else."""

from __future__ import annotations

from mutation_type import Mutation

__all__ = ["FILES"]

_UNPICKLER = "checkpoints/unpickler.py"
_PICKLES = "checkpoints/pickles.py"
_PLAIN = "checkpoints/plain.py"
_RECORDS = "checkpoints/records.py"
_ATOMIC = "atomic.py"
_CHOSEN = "fluid/io/_chosen.py"
_IO = "framework/io.py"

_HOSTILE = ("checkpoints/test_hostile_pickles.py",)
_RECORD_TESTS = ("checkpoints/test_records.py",)
_SAVED = ("framework/test_saved_states.py",)
_FILE_TESTS = ("fluid/test_files.py",)

FILES = (
    Mutation(
        "files: a pickle is given what it asks for",
        _UNPICKLER,
        "        if found is None:\n            raise",
        "        if found is None:\n"
        "            return super().find_class(module, name)\n"
        "            raise",
        _HOSTILE,
    ),
    Mutation(
        "files: a pickle refers to what is outside of it",
        _UNPICKLER,
        '        raise DamagedFileError("it refers to something outside of itself")',
        '        return "x"',
        _HOSTILE,
    ),
    Mutation(
        "files: a static tensor's data may be any expression",
        _UNPICKLER,
        'expression == "data" and isinstance(names, dict)',
        "isinstance(names, dict)",
        _HOSTILE,
    ),
    Mutation(
        "files: bytes may be encoded without end",
        _UNPICKLER,
        "        self._texts.spend(len(text))\n",
        "",
        _HOSTILE,
    ),
    Mutation(
        "files: arrays may be made without end",
        _UNPICKLER,
        "        self._budget.spend(wanted)\n",
        "",
        _HOSTILE,
    ),
    Mutation(
        "files: containers may be of any depth",
        _PLAIN,
        "            if depth > _DEEPEST:",
        "            if False:",
        _HOSTILE,
    ),
    Mutation(
        "files: keys may be numbers of equal hashes",
        _PLAIN,
        "-_LARGEST_KEY < key < _LARGEST_KEY",
        "True",
        _HOSTILE,
    ),
    Mutation(
        "files: what follows a pickle is passed over",
        _PICKLES,
        "        if alone and more:",
        "        if False:",
        _HOSTILE,
    ),
    Mutation(
        "files: what follows the last record is passed over",
        _RECORDS,
        "    record = _record(reader)\n    reader.expect_end()\n",
        "    record = _record(reader)\n",
        _RECORD_TESTS,
    ),
    Mutation(
        "files: a record's sizes are not compared with what is there",
        _RECORDS,
        "        if size > len(self._data) - self._at:",
        "        if False:",
        _RECORD_TESTS,
    ),
    Mutation(
        "files: bool is written under another number",
        _RECORDS,
        '    0: np.dtype("?"),',
        '    7: np.dtype("?"),',
        _RECORD_TESTS,
    ),
    Mutation(
        "files: the new file is written over the old one",
        _ATOMIC,
        "    target.parent.mkdir(parents=True, exist_ok=True)\n",
        "    target.parent.mkdir(parents=True, exist_ok=True)\n"
        "    target.write_bytes(data)\n    return\n",
        ("checkpoints/test_atomic.py", "fluid/test_killed_writers.py"),
    ),
    Mutation(
        "files: levels of detail are not loaded",
        _CHOSEN,
        "        tensor.set_lod((lods or {}).get(name, []))\n",
        "        tensor.set_lod([])\n",
        ("fluid/test_files_of_every_dtype.py", "fluid/test_files.py"),
    ),
    Mutation(
        "files: two variables share what a file holds once",
        _CHOSEN,
        "array.copy() if id(array) in taken else array",
        "array",
        _FILE_TESTS,
    ),
    Mutation(
        "files: a value of another dtype is loaded",
        _CHOSEN,
        " or array.dtype != as_numpy_dtype(var.dtype)",
        "",
        _FILE_TESTS,
    ),
    Mutation(
        "files: names of parameters are not kept",
        _IO,
        "table[key] = names.get(key) or ",
        "table[key] = ",
        _SAVED,
    ),
    Mutation(
        "files: bfloat16 is not read back",
        "tensor/creation.py",
        "if array.dtype == np.uint16 and target in (None, torch.bfloat16):",
        "if False:",
        _SAVED,
    ),
)
