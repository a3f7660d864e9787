"""`paddle.save` and `paddle.load`: files of states, of tensors, and of what holds them."""

from __future__ import annotations

import io
import os
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

import paddle_compat.tensor  # a cycle: it needs the dtypes of this package
from paddle_compat.checkpoints import (
    NAME_TABLE,
    PARTS,
    DamagedFileError,
    Rebuild,
    is_array,
    is_named,
    is_plain,
    load_arrays,
    load_value,
    read_directory,
    read_inference_model,
    read_record,
    record_bytes,
    write_atomically,
)
from paddle_compat.framework.dtype import bfloat16

__all__ = ["load", "save"]

Array = np.ndarray[Any, Any]
_PROTOCOLS = (2, 3, 4)
_SAVE_CONFIGS = ("use_binary_format", "pickle_protocol", "safetensors")
_LOAD_CONFIGS = (
    "model_filename",
    "params_filename",
    "keep_name_table",
    "return_numpy",
    "safetensors",
)
# What an array may have before protocols 2 and 3 hold it in parts.
_LARGEST_PART = 2**30 - 1


def save(obj: Any, path: str | io.BytesIO, protocol: int = 4, **configs: Any) -> None:
    """Write a state, a tensor, or plain containers of these, as real Paddle 2 and 3 read them.

    A module's `state_dict` goes into a ``.pdparams`` file, an optimizer's state into ``.pdopt``.
    The file is written whole or not at all. For equal states it is real Paddle's to the byte;
    torch's tensors have no names of their own, so that they have their keys' names in it, or those
    that ``load(..., keep_name_table=True)`` gave.

    Args:
        obj: torch tensors, arrays, numbers, texts, and dicts, lists, tuples and sets of these.
        path: the file, whose directory is made if need be; or an `io.BytesIO`.
        protocol: pickle's, 2 to 4.
        **configs: ``use_binary_format=True`` writes one tensor as 1.x's `save_vars` does;
            ``pickle_protocol`` is an old name of `protocol`.

    Raises:
        NotImplementedError: `use_binary_format` is set, and `obj` is no tensor.
        OSError: the file cannot be written; the old one is as it was.
        TypeError: a value is of another type or dtype, which a load would refuse.
        ValueError: the path, the protocol or a config is none; or `obj` holds a module.

    Example:
        >>> import io, torch
        >>> import paddle_compat as paddle
        >>> file = io.BytesIO()
        >>> paddle.save(torch.nn.Linear(2, 1).state_dict(), file)
        >>> file.seek(0)
        0
        >>> sorted(paddle.load(file))
        ['bias', 'weight']

    Source:
        ``paddle.save``, PaddlePaddle 3.3.1.
    """
    _check_path(path)
    _check_configs("save", configs, _SAVE_CONFIGS)
    binary = configs.get("use_binary_format", False)
    if not isinstance(binary, bool):
        raise TypeError(
            f"save: use_binary_format must be True or False, but it is {type(binary).__name__}"
        )
    if configs.get("pickle_protocol") is not None:
        protocol = configs["pickle_protocol"]
        warnings.warn("save: pickle_protocol is now called protocol", stacklevel=2)
    if binary:
        if not isinstance(obj, torch.Tensor):
            raise NotImplementedError(
                f"save: use_binary_format=True is for one tensor, but obj is {type(obj).__name__}"
            )
        data = record_bytes(_array(obj))
    else:
        data = _pickled(obj, protocol)
    if isinstance(path, str):
        write_atomically(path, data)
    else:
        path.write(data)


def load(path: str | os.PathLike[str] | io.BytesIO, **configs: Any) -> Any:
    """Read what `save` or real Paddle wrote, without running any code of the file.

    Args:
        path: the file; or an `io.BytesIO`, which is left behind what was read; or the directory
            that 1.x's `save_params`, its kin, or `save_inference_model` wrote; or the prefix of
            what 2.x's ``jit.save`` or ``save_inference_model`` wrote.
        **configs: ``return_numpy=True`` gives arrays (bfloat16 as uint16) and no tensors;
            ``keep_name_table=True`` leaves the parameters' names in, under
            ``StructuredToParameterName@@``; ``model_filename`` and ``params_filename`` tell the
            files of a 1.x inference model.

    Returns:
        What was saved; arrays are tensors on torch's default device. From a directory or a prefix,
        a dict of arrays, as in real Paddle.

    Raises:
        OSError: a file cannot be read.
        ValueError: there is no such file, or a config is none; or the file is damaged, or asks
            for what may run code (`paddle_compat.checkpoints.DamagedFileError`).

    Source:
        ``paddle.load``, PaddlePaddle 3.3.1.
    """
    _check_configs("load", configs, _LOAD_CONFIGS)
    numpy = bool(configs.get("return_numpy", False))
    if isinstance(path, io.BytesIO):
        found = _read(path, "the file", numpy, alone=False)
    elif Path(path).is_file():
        file = io.BytesIO(Path(path).read_bytes())
        found = _read(file, repr(os.fspath(path)), numpy, alone=True)
    else:
        return _read_model(
            Path(path), configs.get("model_filename"), configs.get("params_filename")
        )
    if isinstance(found, dict) and not configs.get("keep_name_table"):
        found.pop(NAME_TABLE, None)
    return found


def _check_path(path: Any) -> None:
    if not isinstance(path, (str, io.BytesIO)):
        raise ValueError(f"save: path must be a str or an io.BytesIO, but it is {path!r}")
    if isinstance(path, str) and (not path or path.endswith(("/", os.sep))):
        raise ValueError(f"save: path must be like 'directory/name', but it is {path!r}")


def _check_configs(name: str, configs: dict[str, Any], known: tuple[str, ...]) -> None:
    for config in configs:
        if config not in known:
            raise ValueError(f"{name}: there is no config {config!r}; there are {', '.join(known)}")
    if configs.get("safetensors"):
        raise ValueError(
            f"{name}: safetensors=True is not offered; use safetensors.torch.{name}_file, which "
            "takes torch tensors"
        )


def _array(tensor: torch.Tensor) -> Array:
    """Return a tensor's values as Paddle's files have them: bfloat16 as uint16."""
    value = tensor.detach().cpu().contiguous()
    if value.dtype == bfloat16:
        return value.view(torch.int16).numpy().view(np.uint16)
    array: Array = value.resolve_conj().resolve_neg().numpy()
    return array


def _pickled(obj: Any, protocol: Any) -> bytes:
    if not isinstance(protocol, int) or protocol not in _PROTOCOLS:
        raise ValueError(f"save: protocol must be 2, 3 or 4, but it is {protocol!r}")
    # Goes through all first: what holds itself has no end.
    Rebuild(lambda value: value, TypeError)(obj)
    if _is_state(obj):
        if not obj:
            warnings.warn("save: the state is empty", stacklevel=3)
        obj = _state(obj)
        if protocol < 4:
            _cut(obj)
    return pickle.dumps(Rebuild(_Names().changed, TypeError)(obj), protocol)


def _is_state(obj: Any) -> bool:
    """Tell whether an object is a state: tensors by name, and dicts of plain values."""
    return isinstance(obj, dict) and all(
        isinstance(value, torch.Tensor)
        or (isinstance(value, dict) and not any(map(_holds_tensor, value.values())))
        for value in obj.values()
    )


def _holds_tensor(obj: Any) -> bool:
    if isinstance(obj, dict):
        return any(map(_holds_tensor, obj.values()))
    if isinstance(obj, (list, tuple)):
        return any(map(_holds_tensor, obj))
    return isinstance(obj, (torch.Tensor, torch.nn.Module))


def _state(obj: dict[Any, Any]) -> dict[Any, Any]:
    """Return a state as its file has it: arrays, and the name of each one's parameter."""
    given = obj.get(NAME_TABLE)
    names = given if isinstance(given, dict) else {}
    made: dict[Any, Any] = {}
    table = {}
    for key, value in obj.items():
        if isinstance(value, torch.Tensor):
            made[key] = _array(value)
            # Real Paddle's name is another text than its key even where they are alike, and pickle
            # refers back to a text that is the same one.
            table[key] = names.get(key) or "".join(str(key))
        else:
            made[key] = value
    made[NAME_TABLE] = table
    return made


def _cut(state: dict[Any, Any]) -> None:
    """Cut large arrays into parts, as Paddle does for the older protocols."""
    told = {}
    for name, array in list(state.items()):
        if not isinstance(array, np.ndarray):
            continue
        most = _LARGEST_PART // array.dtype.itemsize
        if array.size > most:
            flat = array.reshape(-1)
            parts = {
                f"{name}@@.{number}": flat[start : start + most]
                for number, start in enumerate(range(0, array.size, most))
            }
            told[name] = {"OriginShape": array.shape, "slices": list(parts)}
            del state[name]
            state.update(parts)
    if told:
        state[PARTS] = told


class _Tensor:
    """A tensor outside of a state, which real Paddle pickles with its name."""

    def __init__(self, name: str, array: Array) -> None:
        self._pair = (name, array)

    def __reduce__(self) -> Any:
        return tuple, (self._pair,)


class _Names:
    """Gives tensors the names that a new process of real Paddle would."""

    def __init__(self) -> None:
        self._count = 0

    def changed(self, value: Any) -> Any:
        """Return what a value is pickled as."""
        if isinstance(value, torch.Tensor):
            self._count += 1
            return _Tensor(f"generated_tensor_{self._count - 1}", _array(value))
        if isinstance(value, torch.nn.Module):
            raise ValueError("save: a module is not saved itself; pass module.state_dict()")
        if is_array(value):
            return np.asarray(value)
        if is_plain(value):
            return value
        told = f"an array of {value.dtype}" if isinstance(value, np.ndarray) else repr(type(value))
        raise TypeError(
            f"save: {told} is no tensor, number or text, and no load would take it; leave it out, "
            "or turn it into one"
        )


def _read(file: io.BytesIO, source: str, numpy: bool, *, alone: bool) -> Any:
    """Return what a file holds, and leave it behind that; where it was, if it is damaged."""
    start = file.tell()
    try:
        if file.getbuffer()[start : start + 4] == bytes(4):
            # No pickle begins so, and every record does.
            array = read_record(file.read(), source).array
            return array if numpy else paddle_compat.tensor.to_tensor(array)
        return _as_tensors(load_value(file, source, alone=alone), source, numpy)
    except DamagedFileError:
        file.seek(start)
        raise


def _as_tensors(found: Any, source: str, numpy: bool) -> Any:
    """Return what was loaded with tensors where real Paddle puts them."""
    table = found.get(NAME_TABLE) if isinstance(found, dict) else None
    named = False

    def meant(value: Any) -> Any:
        nonlocal named
        named = named or is_named(value)
        return value

    def changed(value: Any) -> Any:
        if named:
            return tensor(value[1]) if is_named(value) else value
        return tensor(value) if isinstance(value, np.ndarray) else value

    def tensor(array: Array) -> Any:
        if numpy:
            return array
        try:
            return paddle_compat.tensor.to_tensor(array)
        except ValueError as error:
            raise DamagedFileError(f"{source} is not loaded: {error}") from None

    # An array that stands in many places is one tensor: copies may be larger than any memory.
    rebuild = Rebuild(changed, DamagedFileError)
    if isinstance(table, dict):
        for key in table:
            if isinstance(found.get(key), np.ndarray):
                found[key] = rebuild(found[key])
        return found
    # A file with tensors that have names has arrays beside them, which stay arrays.
    Rebuild(meant, DamagedFileError)(found)
    return rebuild(found)


def _read_model(root: Path, model: str | None, params: str | None) -> dict[str, Array]:
    """Return the arrays of a directory or of a model, by name."""
    # `fluid.save` writes a .pdmodel too, beside .pdparams: that one is a program that trains.
    beside = Path(f"{root}.pdiparams").is_file() or not Path(f"{root}.pdparams").is_file()
    if Path(f"{root}.pdmodel").is_file() and beside:
        model, params, root = f"{root.name}.pdmodel", f"{root.name}.pdiparams", root.parent
    elif not root.is_dir():
        ending = next((end for end in (".pdparams", ".pdopt") if Path(f"{root}{end}").exists()), "")
        more = f"; there is {os.fspath(root) + ending!r}" if ending else ""
        raise ValueError(f"load: {os.fspath(root)!r} is not there{more}")
    elif not (root / (model or "__model__")).is_file():
        return {name: record.array for name, record in read_directory(root).items()}
    arrays = read_inference_model(root, model, params).parameters
    # Beside its parameters, 2.x notes what they are called in their layer's state.
    info = root / f"{params}.info"
    told = load_arrays(info.read_bytes(), repr(os.fspath(info))) if info.is_file() else {}
    names = {
        name: of["structured_name"]
        for name, of in told.items()
        if isinstance(of, dict) and isinstance(of.get("structured_name"), str)
    }
    return {names.get(name, name): array for name, array in arrays.items()}
