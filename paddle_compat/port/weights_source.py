"""Where Paddle's weights lie: all the kinds of files and folders, read without running any code."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from paddle_compat.atomic import is_left_behind
from paddle_compat.checkpoints import (
    NAME_TABLE,
    DamagedFileError,
    Record,
    is_array,
    load_arrays,
    read_directory,
    read_record,
    read_records,
)
from paddle_compat.port.weights_programs import Program, read_names

__all__ = ["Source", "SourceError", "read_source"]

Array = np.ndarray[Any, Any]
_ENDINGS = (".pdparams", ".pdopt", ".pdmodel", ".pdiparams", ".json")
_PROGRAM = "__model__"


class SourceError(ValueError):
    """A path holds no weights, or it takes more to tell what it holds: the message says what."""


@dataclass(eq=False)
class Source:
    """Weights as Paddle saved them.

    Attributes:
        kind: what they were read from, in words.
        arrays: by name; uint16 holds the bits of bfloat16.
        own_names: the names of the parameters, where the names in `arrays` are those of layers.
        batch_norms: the names of scale, bias, mean and variance of each batch normalization that
            the program beside the weights has.
        others: what lies beside the weights and is no array, by name, in words.
        notes: what else there is to say.
    """

    kind: str
    arrays: dict[str, Array]
    own_names: dict[str, str] = field(default_factory=dict)
    batch_norms: list[tuple[str, str, str, str]] = field(default_factory=list)
    others: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_source(
    path: str | os.PathLike[str],
    *,
    model: str | os.PathLike[str] | None = None,
    params: str | None = None,
    names: Sequence[str] | None = None,
    entry: str | None = None,
) -> Source:
    """Read weights.

    Args:
        path: a ``.pdparams`` file; a folder of `save_params`, or of an inference model; one file
            of several tensors; or what several files begin with, as ``fluid.save`` and
            ``jit.save`` take it.
        model: the program's file, for a file of several tensors that has none beside it.
        params: in a folder, the one file of all tensors.
        names: the tensors' names in one file of several, instead of a program's.
        entry: of a file that holds several states, the one that is meant.

    Raises:
        OSError: a file cannot be read.
        ValueError: a file is damaged (`paddle_compat.checkpoints.DamagedFileError`), or it does
            not tell enough (`SourceError`).
    """
    root = Path(path)
    program = read_names(Path(model)) if model is not None else None
    if root.is_dir():
        source = _of_folder(root, program, params, names)
    elif root.is_file():
        source = _of_file(root, program, names, entry)
    elif (found := Path(f"{root}.pdparams")).is_file():
        source = _of_file(found, program, names, entry)
        if Path(f"{root}.pdopt").is_file():
            source.notes.append(f"{root.name}.pdopt is the optimizer's state, and is left alone")
    elif (found := Path(f"{root}.pdiparams")).is_file():
        source = _of_file(found, program, names, entry)
    else:
        raise SourceError(
            f"{os.fspath(root)!r} is not there: it is no file, no folder, and nothing that a "
            ".pdparams or .pdiparams file begins with"
        )
    if not source.arrays:
        raise SourceError(f"{os.fspath(root)!r} holds no array; choose another file")
    return source


def _of_file(
    path: Path, program: Program | None, names: Sequence[str] | None, entry: str | None
) -> Source:
    told = repr(os.fspath(path))
    if path.suffix == ".pdopt":
        raise SourceError(f"{told} is an optimizer's state; the weights are in the .pdparams file")
    data = path.read_bytes()
    # No pickle begins so, and every record of a tensor does.
    if data[:4] != bytes(4):
        source = _of_pickle(data, told, entry)
        try:
            program = program or _beside(path, (f"{path.stem}.pdmodel",))
        except DamagedFileError as error:
            source.notes.append(str(error))
        if program is not None:
            source.batch_norms = program.batch_norms
        return source
    if entry is not None:
        raise SourceError(f"{told} holds tensors and no states to choose from; leave --entry out")
    if names is not None:
        return _of_records(read_records(data, names, told), "a file of tensors")
    program = program or _beside(path, (f"{path.stem}.pdmodel", f"{path.stem}.json", _PROGRAM))
    if program is None:
        program = _only_program(path)
    if program is not None:
        source = _of_program(data, told, program, "a file of tensors")
        _rename_by_info(source, Path(f"{path}.info"))
        return source
    try:
        record = read_record(data, told)
    except DamagedFileError as error:
        raise SourceError(
            f"{told} is damaged, or holds several tensors, whose names are in the program that "
            f"they belong to: give its file with --model, or the names with --names ({error})"
        ) from None
    return _of_records({path.stem: record}, "a file of one tensor")


def _of_pickle(data: bytes, told: str, entry: str | None) -> Source:
    found = load_arrays(data, told)
    kind = "a pickled state"
    if entry is not None:
        if not isinstance(found.get(entry), dict):
            raise SourceError(f"{told} has no state {entry!r}; it has {_listed(found)}")
        found, kind = found[entry], f"the state {entry!r}"
    table = found.pop(NAME_TABLE, None)
    source = Source(kind, {})
    if isinstance(table, dict):
        source.own_names = {
            key: own
            for key, own in table.items()
            if isinstance(key, str) and isinstance(own, str) and key in found
        }
    for name, value in found.items():
        if isinstance(name, str) and is_array(value):
            source.arrays[name] = value
        else:
            source.others[str(name)] = _described(value)
    states = [name for name, value in found.items() if isinstance(value, dict)]
    if not source.arrays and states:
        raise SourceError(f"{told} holds {_listed(states)}: choose a state with --entry")
    return source


def _listed(names: Iterable[Any]) -> str:
    return ", ".join(repr(name) for name in list(names)[:12]) or "nothing"


def _described(value: Any) -> str:
    if isinstance(value, dict):
        return f"a dict of {len(value)}"
    return f"a {type(value).__name__}"


def _of_folder(
    root: Path, program: Program | None, params: str | None, names: Sequence[str] | None
) -> Source:
    if params is not None:
        path = root / params
        if program is None and names is None:
            program = _beside(path, (f"{path.stem}.pdmodel", f"{path.stem}.json", _PROGRAM))
        return _of_file(path, program, names, None)
    files = sorted(
        file.relative_to(root).as_posix()
        for file in root.rglob("*")
        if file.is_file() and not is_left_behind(file)
    )
    program = program or _beside(root / _PROGRAM, (_PROGRAM,))
    if program is not None:
        left = [file for file in files if file != _PROGRAM]
        if set(program.persistable) <= set(left):
            source = _of_records(
                read_directory(root, program.persistable), "a folder of an inference model"
            )
            source.batch_norms = program.batch_norms
            return source
        if len(left) == 1:
            return _of_file(root / left[0], program, names, None)
        raise SourceError(
            f"{os.fspath(root)!r} lacks some of the program's variables; where all are in one "
            "file, tell its name with --params"
        )
    endings = {Path(file).suffix for file in files}
    if endings & set(_ENDINGS):
        shown = _listed(f for f in files if Path(f).suffix in (".pdparams", ".pdiparams"))
        raise SourceError(f"{os.fspath(root)!r} is a folder with {shown}: give the file itself")
    return _of_records(read_directory(root), "a folder of one file a tensor")


def _of_records(records: Mapping[str, Record], kind: str) -> Source:
    source = Source(kind, {name: record.array for name, record in records.items()})
    for name, record in records.items():
        if record.lod:
            source.notes.append(f"{name}: its levels of detail {record.lod} are not carried over")
    return source


def _of_program(data: bytes, told: str, program: Program, kind: str) -> Source:
    """Take a file apart by a program: by all that it keeps, or by its parameters alone."""
    errors = []
    for chosen in dict.fromkeys((tuple(program.persistable), tuple(program.parameters))):
        try:
            records = read_records(data, chosen, told)
        except DamagedFileError as error:
            errors.append(str(error))
            continue
        wrong = [
            f"{name} is {list(record.array.shape)} and not {list(program.shapes[name])}"
            for name, record in records.items()
            if record.array.shape != program.shapes[name]
        ]
        if not wrong:
            source = _of_records(records, kind)
            source.batch_norms = program.batch_norms
            source.notes.append(f"the names are those of {program.path.name}")
            return source
        errors.append(wrong[0])
    raise SourceError(
        f"{told} does not hold what the program {os.fspath(program.path)!r} has: {errors[-1]}; "
        "give the program that the tensors were saved with by --model, or their names by --names"
    )


def _beside(path: Path, names: Iterable[str]) -> Program | None:
    for name in names:
        if (path.parent / name).is_file():
            return read_names(path.parent / name)
    return None


def _only_program(path: Path) -> Program | None:
    """Return the one program of a file's folder, if there is one."""
    found = sorted(path.parent.glob("*.pdmodel"))
    if len(found) > 1:
        raise SourceError(
            f"{os.fspath(path)!r} has several programs beside it, {_listed(p.name for p in found)}:"
            " choose one with --model"
        )
    return read_names(found[0]) if found else None


def _rename_by_info(source: Source, path: Path) -> None:
    """Name tensors as their layer's state does, where Paddle 2 noted that beside them."""
    if not path.is_file():
        return
    told = load_arrays(path.read_bytes(), repr(os.fspath(path)))
    names = {
        name: of["structured_name"]
        for name, of in told.items()
        if isinstance(of, dict) and isinstance(of.get("structured_name"), str)
    }
    if len(set(names.values())) != len(names):
        return
    source.own_names = {names.get(name, name): name for name in source.arrays}
    source.arrays = {names.get(name, name): array for name, array in source.arrays.items()}
    source.batch_norms = []
