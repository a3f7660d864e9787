"""Readers that run in processes of their own."""

from __future__ import annotations

import json
import multiprocessing
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

__all__ = ["in_processes"]

_SAMPLE, _END, _ERROR = range(3)


def in_processes(
    readers: list[Callable[[], Iterable[Any]]], *, in_turn: bool, capacity: int
) -> Iterator[Any]:
    """Go through the samples of readers that processes run.

    Args:
        readers: need not be picklable: the processes are forks of this one.
        in_turn: one sample of each reader after the other, as JSON gives it back; or else samples
            as they come, as they are.
        capacity: how many samples wait at most, where they come as they are.

    Raises:
        ValueError: a reader raises, or gives None, or its process dies.
    """
    context = multiprocessing.get_context("fork")
    room = None if in_turn else context.BoundedSemaphore(max(capacity, 1))
    running: list[tuple[Connection, BaseProcess]] = []
    try:
        for reader in readers:
            ours, theirs = context.Pipe(duplex=False)
            # The other pipes' ends are closed there: a reader that dies must be seen here.
            others = [connection for connection, _ in running] + [ours]
            process: BaseProcess = context.Process(
                target=_send, args=(reader, theirs, others, room), daemon=True
            )
            process.start()
            theirs.close()
            running.append((ours, process))
        waiting = deque(connection for connection, _ in running)
        while waiting:
            connection = waiting[0] if in_turn else _first(waiting)
            kind, value = _receive(connection)
            if room is not None and kind == _SAMPLE:
                room.release()
            if kind == _ERROR:
                raise ValueError(
                    "multiprocess_reader: a reader failed in its process; what it raised there "
                    f"was:\n{value}"
                )
            waiting.remove(connection)
            if kind == _SAMPLE:
                waiting.append(connection)
                yield value
    finally:
        for connection, process in running:
            connection.close()
            process.terminate()
            process.join()


def _first(connections: Iterable[Connection]) -> Connection:
    """Return one that something can be read from."""
    ready = wait(list(connections))
    assert isinstance(ready[0], Connection)
    return ready[0]


def _receive(connection: Connection) -> tuple[int, Any]:
    try:
        kind, value = connection.recv()
    except EOFError:
        return _ERROR, "nothing: the process ended, as by a signal"
    return kind, value


def _send(
    reader: Callable[[], Iterable[Any]],
    connection: Connection,
    others: list[Connection],
    room: Any,
) -> None:
    """Send what a reader gives; in a process of its own."""
    for other in others:
        other.close()
    try:
        for sample in reader():
            if sample is None:
                raise ValueError("a sample is None")
            if room is not None:
                room.acquire()
            connection.send((_SAMPLE, sample if room is not None else _through_json(sample)))
        connection.send((_END, None))
    except (BrokenPipeError, KeyboardInterrupt):
        pass  # nobody reads any more
    except Exception:
        connection.send((_ERROR, traceback.format_exc()))


def _through_json(sample: Any) -> Any:
    """Return what JSON makes of a sample; the sample itself where it makes nothing of it."""
    try:
        return json.loads(json.dumps(sample))
    except TypeError:
        return sample
