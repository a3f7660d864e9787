"""Paddle's files of parameters: read and written with numpy alone, without running their code."""

from __future__ import annotations

from paddle_compat.atomic import write_atomically
from paddle_compat.checkpoints.damage import DamagedFileError
from paddle_compat.checkpoints.inference_model import InferenceModel, read_inference_model
from paddle_compat.checkpoints.pickles import (
    NAME_TABLE,
    PARTS,
    dump_arrays,
    is_named,
    load_arrays,
    load_value,
)
from paddle_compat.checkpoints.plain import Rebuild, is_array, is_plain
from paddle_compat.checkpoints.records import (
    Record,
    read_directory,
    read_record,
    read_records,
    record_bytes,
)

__all__ = [
    "NAME_TABLE",
    "PARTS",
    "DamagedFileError",
    "InferenceModel",
    "Rebuild",
    "Record",
    "dump_arrays",
    "is_array",
    "is_named",
    "is_plain",
    "load_arrays",
    "load_value",
    "read_directory",
    "read_inference_model",
    "read_record",
    "read_records",
    "record_bytes",
    "write_atomically",
]
