"""Threads that prepare batches ahead of the training loop."""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Iterator
from typing import Any, Callable, NamedTuple

from .. import _core

_here = threading.local()


class WorkerInfo(NamedTuple):
    """What `get_worker_info()` returns in a worker.

    `generator` is this batch's own: random collators draw from it, so that what they draw depends on the batch and not
    on which thread makes it when.
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any
    generator: Any


def get_worker_info() -> WorkerInfo | None:
    """In a worker of a `DataLoader`: which one; None elsewhere."""
    return getattr(_here, "info", None)


class ThreadedFetch:
    """One pass over `tasks` by `loader.num_workers` threads, at most `prefetch_factor` batches each ahead."""

    def __init__(self, loader: Any, tasks: Iterator[Callable[[], Any]], seed: int, first: int):
        head = next(tasks, None)  # samplers draw their order from the global generator now, in the caller's thread
        self._state = _Shared(loader, itertools.chain([] if head is None else [head], tasks), seed, first)
        self._in_order, self._timeout = loader.in_order, loader.timeout or None
        self._next = first
        threads = [
            threading.Thread(target=_work, args=(self._state, i), daemon=True) for i in range(loader.num_workers)
        ]
        weakref.finalize(self, self._state.stop)
        for thread in threads:
            thread.start()

    def __iter__(self) -> ThreadedFetch:
        return self

    def __next__(self) -> Any:
        found = self._state.take(self._next if self._in_order else None, self._timeout)
        self._next += 1
        return found


class _Shared:
    """What the threads of one pass share; nothing here refers back to the iterator, which may be dropped half-way."""

    def __init__(self, loader: Any, tasks: Iterator[Callable[[], Any]], seed: int, first: int):
        self.loader, self.seed = loader, seed
        self._tasks, self._index = tasks, first
        self._ready: dict[int, tuple[bool, Any]] = {}
        self._lock = threading.Condition()
        self._room = threading.Semaphore(loader.num_workers * loader.prefetch_factor)
        self._ended = self._stopped = False
        self._open = 0

    def stop(self) -> None:
        """Let the threads end."""
        with self._lock:
            self._stopped = True
            self._lock.notify_all()
        self._room.release(self.loader.num_workers)

    def claim(self) -> tuple[int, Callable[[], Any]] | None:
        """The next batch to prepare; None when there is none."""
        self._room.acquire()
        with self._lock:
            if self._stopped or self._ended:
                self._room.release()
                return None
            index = self._index
            try:
                task = next(self._tasks, None)
            except BaseException as error:  # noqa: BLE001 (handed to the reader)
                self._ready[index] = (False, error)
                self._ended = True
                self._lock.notify_all()
                return None
            if task is None:
                self._ended = True
                self._lock.notify_all()
                self._room.release()
                return None
            self._index += 1
            self._open += 1
            return index, task

    def put(self, index: int, good: bool, value: Any) -> None:
        """A batch is ready, or its error is."""
        with self._lock:
            self._ready[index] = (good, value)
            self._open -= 1
            self._lock.notify_all()

    def take(self, index: int | None, timeout: float | None) -> Any:
        """Batch `index`, or any that is ready; StopIteration at the end."""
        with self._lock:

            def ready() -> bool:
                there = bool(self._ready) if index is None else index in self._ready
                return there or (self._ended and not self._open)

            if not self._lock.wait_for(ready, timeout):
                raise RuntimeError(f"DataLoader timed out after {timeout} seconds")
            key = next(iter(self._ready), None) if index is None else index
            if key not in self._ready:
                raise StopIteration
            good, value = self._ready.pop(key)
        self._room.release()
        if not good:
            self.stop()
            raise value
        return value


def _work(shared: _Shared, number: int) -> None:
    loader = shared.loader
    info = WorkerInfo(number, loader.num_workers, shared.seed + number, loader.dataset, None)
    _here.info = info
    started = loader.worker_init_fn is None
    while (claimed := shared.claim()) is not None:
        index, task = claimed
        try:
            if not started:
                loader.worker_init_fn(number)
                started = True
            generator = _core.Generator()
            generator.manual_seed(shared.seed + index)
            _here.info = info._replace(generator=generator)
            shared.put(index, True, task())
        except BaseException as error:  # noqa: BLE001 (raised where the batch is asked for)
            shared.put(index, False, error)
