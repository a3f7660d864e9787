"""`paddle.fluid.io`: values of variables, to files and back; and readers of data."""

from __future__ import annotations

from paddle_compat.batch import batch
from paddle_compat.fluid._publish import publish
from paddle_compat.fluid.dataloader import BatchSampler, Dataset
from paddle_compat.fluid.io._chosen import (
    get_program_parameter,
    get_program_persistable_vars,
    is_belong_to_optimizer,
    is_parameter,
    is_persistable,
)
from paddle_compat.fluid.io.inference import load_inference_model, save_inference_model
from paddle_compat.fluid.io.state import load, load_program_state, save, set_program_state
from paddle_compat.fluid.io.variables import (
    load_params,
    load_persistables,
    load_vars,
    save_params,
    save_persistables,
    save_vars,
)
from paddle_compat.fluid.reader import DataLoader, PyReader, default_collate_fn
from paddle_compat.reader import (
    ComposeNotAligned,
    buffered,
    cache,
    chain,
    compose,
    firstn,
    map_readers,
    multiprocess_reader,
    shuffle,
    xmap_readers,
)

__all__ = [
    "BatchSampler",
    "ComposeNotAligned",
    "DataLoader",
    "Dataset",
    "PyReader",
    "batch",
    "buffered",
    "cache",
    "chain",
    "compose",
    "default_collate_fn",
    "firstn",
    "get_program_parameter",
    "get_program_persistable_vars",
    "is_belong_to_optimizer",
    "is_parameter",
    "is_persistable",
    "load",
    "load_inference_model",
    "load_params",
    "load_persistables",
    "load_program_state",
    "load_vars",
    "map_readers",
    "multiprocess_reader",
    "save",
    "save_inference_model",
    "save_params",
    "save_persistables",
    "save_vars",
    "set_program_state",
    "shuffle",
    "xmap_readers",
]

__getattr__ = publish(__name__, globals(), __all__)
