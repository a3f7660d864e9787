"""Paddle's files of parameters: read and written with numpy alone, without running their code."""

from __future__ import annotations

from paddle_compat.checkpoints.atomic import write_atomically
from paddle_compat.checkpoints.damage import DamagedFileError
from paddle_compat.checkpoints.pickles import dump_arrays, load_arrays
from paddle_compat.checkpoints.records import Record, read_record, read_records, record_bytes

__all__ = [
    "DamagedFileError",
    "Record",
    "dump_arrays",
    "load_arrays",
    "read_record",
    "read_records",
    "record_bytes",
    "write_atomically",
]
