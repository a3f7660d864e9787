"""The processes that train one program together, through torch.distributed."""

from __future__ import annotations

import atexit
import contextlib
import os
import socket
from collections.abc import Iterator, Mapping, Sequence

import torch
import torch.distributed as dist

from paddle_compat.fluid._scope import Scope

__all__ = ["agree", "join", "together"]

_TORCHRUN = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
_PADDLE = ("PADDLE_TRAINER_ID", "PADDLE_TRAINERS_NUM", "PADDLE_TRAINER_ENDPOINTS")


def join(device: torch.device) -> int:
    """Return how many processes train together: those of torch.distributed's group.

    Where the script has not made the group, it is made as the environment tells: torchrun's, or
    that of ``paddle.distributed.launch``; with NCCL for CUDA, and gloo for the CPU.
    """
    if not dist.is_available():
        return 1
    if not dist.is_initialized():
        found = _environment(os.environ)
        if found is None:
            return 1
        address, rank, world = found
        backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
        dist.init_process_group(backend, init_method=address, rank=rank, world_size=world)
        atexit.register(_leave)
    return dist.get_world_size()


def _environment(variables: Mapping[str, str]) -> tuple[str, int, int] | None:
    """Return where the group's processes meet, this one's rank and their number, if several."""
    if all(name in variables for name in _TORCHRUN):
        address, rank, world = "env://", variables["RANK"], variables["WORLD_SIZE"]
    elif all(name in variables for name in _PADDLE):
        rank, world, endpoints = (variables[name] for name in _PADDLE)
        address = f"tcp://{endpoints.split(',')[0]}"
    else:
        return None
    return (address, int(rank), int(world)) if int(world) > 1 else None


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


@contextlib.contextmanager
def together(what: str) -> Iterator[None]:
    """Say more where the processes cannot do together what the block does.

    Raises:
        RuntimeError: another process has ended, or waits for something else.
    """
    try:
        yield
    except RuntimeError as error:
        raise RuntimeError(
            f"process {dist.get_rank()} of {dist.get_world_size()} could not {what} with the "
            "others: one of them has failed, or made fewer steps; see its own messages, and feed "
            f"every process equally many batches ({error})"
        ) from error


def agree(names: Sequence[str], scope: Scope, device: torch.device) -> None:
    """Let every process have the values of the first one's scope.

    Raises:
        RuntimeError: another process has ended.
        ValueError: the processes do not have the same variables, or share one GPU under NCCL.
    """
    held = {name: value for name in sorted(names) if (value := scope.value(name)) is not None}
    mine = [f"{name}: {value.dtype}{list(value.shape)}" for name, value in held.items()]
    context = torch.cuda.device(device) if device.type == "cuda" else contextlib.nullcontext()
    with context:
        all_of_them: list[tuple[str, list[str]]] = [("", [])] * dist.get_world_size()
        with together("begin to train"):
            dist.all_gather_object(all_of_them, (f"{socket.gethostname()} {device}", mine))
        _check(all_of_them, device)
        with together("share the parameters"):
            for value in held.values():
                _broadcast(value.detach(), device)


def _check(all_of_them: Sequence[tuple[str, list[str]]], device: torch.device) -> None:
    first = all_of_them[0][1]
    for rank, (_, other) in enumerate(all_of_them):
        if other != first:
            differ = sorted(set(first) ^ set(other))[0]
            raise ValueError(
                f"process {rank} does not train the same program as process 0: only one of them "
                f"has {differ}; build the same layers, and run the startup program, in each"
            )
    if device.type == "cuda" and "nccl" in dist.get_backend():
        where = [place for place, _ in all_of_them]
        if len(set(where)) < len(where):
            raise ValueError(
                f"processes share a GPU ({', '.join(where)}); give each its own: "
                "fluid.CUDAPlace(int(os.environ['LOCAL_RANK']))"
            )


def _broadcast(value: torch.Tensor, device: torch.device) -> None:
    """Set a tensor to the first process's, bit by bit, whatever its dtype."""
    if not value.numel():
        return
    sent = value.to(device).contiguous().view(-1).view(torch.uint8)
    dist.broadcast(sent, 0)
    with torch.no_grad():
        value.copy_(sent.view(value.dtype).view(value.shape))
