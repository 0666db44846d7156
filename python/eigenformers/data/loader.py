"""`DataLoader` with torch's arguments. `num_workers` are threads: nothing is pickled, and no process is forked."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from typing import Any, Callable

from .collate import default_collate, default_convert
from .dataset import _Generic, is_iterable_only
from .sampler import BatchSampler, RandomSampler, SequentialSampler, draw_seed
from .workers import ThreadedFetch, WorkerInfo, get_worker_info

__all__ = ["DataLoader", "WorkerInfo", "get_worker_info", "skip_first_batches"]


class DataLoader(_Generic):
    """Batches of a dataset.

    Args:
        dataset: anything with `__getitem__` and `__len__`, or an iterable.
        batch_size: items in a batch; None hands out single items.
        shuffle: a new random order at each pass.
        sampler, batch_sampler: an order of one's own, of indices or of lists of indices.
        num_workers: threads that prepare batches ahead; 0 prepares each when it is asked for. The batches and their
            order are the same for any number.
        collate_fn: makes a batch out of a list of items (default `default_collate`).
        drop_last: leave out a last batch that is shorter.
        timeout: seconds to wait for a worker; 0 waits for ever.
        worker_init_fn: called with the worker's number in each thread.
        generator: for the order, and for the seed of the workers.
        prefetch_factor: batches that each worker prepares ahead (default 2).
        in_order: False hands batches out as they are ready.
        pin_memory, pin_memory_device, multiprocessing_context, persistent_workers: accepted; they change nothing here.

    With the same seeds, the order is torch's.

    >>> import eigenformers as ef
    >>> [batch.tolist() for batch in DataLoader(range(5), batch_size=2)]
    [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Any = None,
        batch_sampler: Any = None,
        num_workers: int = 0,
        collate_fn: Callable[[list], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Any = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ):
        if num_workers < 0:
            raise ValueError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
        if timeout < 0:
            raise ValueError("timeout option should be non-negative")
        if num_workers == 0 and prefetch_factor is not None:
            raise ValueError(
                "prefetch_factor option could only be specified in multiprocessing."
                "let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None."
            )
        if prefetch_factor is not None and prefetch_factor < 1:
            raise ValueError("prefetch_factor option should be non-negative")
        if persistent_workers and num_workers == 0:
            raise ValueError("persistent_workers option needs num_workers > 0")
        self._iterable = is_iterable_only(dataset)
        if self._iterable:
            for name, value in (("shuffle", shuffle), ("sampler", sampler), ("batch_sampler", batch_sampler)):
                if value not in (None, False):
                    raise ValueError(
                        f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
                    )
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
                )
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
        if sampler is None and not self._iterable:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_sampler is None and batch_size is not None and not self._iterable:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        elif self._iterable and batch_size is not None:
            BatchSampler((), batch_size, drop_last)  # checks both
        self.dataset, self.batch_size, self.drop_last = dataset, batch_size, drop_last
        self.sampler, self.batch_sampler, self.generator = sampler, batch_sampler, generator
        self.num_workers, self.timeout, self.worker_init_fn = num_workers, timeout, worker_init_fn
        self.prefetch_factor = 2 if prefetch_factor is None and num_workers else prefetch_factor
        self.pin_memory, self.pin_memory_device, self.in_order = pin_memory, pin_memory_device, in_order
        self.multiprocessing_context, self.persistent_workers = multiprocessing_context, persistent_workers
        self.collate_fn = collate_fn or (default_collate if self._batches else default_convert)
        self.skip_batches = 0

    @property
    def _batches(self) -> bool:
        return self.batch_sampler is not None or (self._iterable and self.batch_size is not None)

    def __iter__(self) -> Iterator[Any]:
        seed = draw_seed(self.generator)  # torch draws it even when there are no workers
        tasks = self._tasks()
        for _ in range(self.skip_batches):
            if next(tasks, None) is None:
                break
        if self.num_workers == 0:
            return (task() for task in tasks)
        return iter(ThreadedFetch(self, tasks, seed, first=self.skip_batches))

    def _tasks(self) -> Iterator[Callable[[], Any]]:
        """One function a batch: reading the order is cheap, calling the function does the work."""
        if not self._iterable:
            order = self.batch_sampler if self._batches else self.sampler
            return (self._fetch_at(index) for index in order)
        items = iter(self.dataset)
        if self.batch_size is None:
            return (self._collate_later(item) for item in items)
        return self._chunks(items)

    def _chunks(self, items: Iterator[Any]) -> Iterator[Callable[[], Any]]:
        while batch := list(itertools.islice(items, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield self._collate_later(batch)

    def _collate_later(self, items: Any) -> Callable[[], Any]:
        return lambda: self.collate_fn(items)

    def _fetch_at(self, index: Any) -> Callable[[], Any]:
        def fetch() -> Any:
            if not self._batches:
                return self.collate_fn(self.dataset[index])
            many = getattr(self.dataset, "__getitems__", None)
            return self.collate_fn(many(index) if callable(many) else [self.dataset[i] for i in index])

        return fetch

    def __len__(self) -> int:
        if not self._iterable:
            return len(self.batch_sampler if self._batches else self.sampler)
        length = len(self.dataset)  # TypeError when nobody knows it
        if self.batch_size is None:
            return length
        whole, rest = divmod(length, self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def set_epoch(self, epoch: int) -> None:
        """Tell samplers and dataset which pass comes next, where they want to know."""
        for part in (self.batch_sampler, self.sampler, getattr(self.batch_sampler, "sampler", None), self.dataset):
            if callable(getattr(part, "set_epoch", None)):
                part.set_epoch(epoch)


def skip_first_batches(dataloader: Any, num_batches: int = 0) -> Any:
    """The same batches without the first `num_batches`, which are not even read where the dataset has indices."""
    if not isinstance(dataloader, DataLoader):
        return _Skipping(dataloader, num_batches)
    twin = copy.copy(dataloader)
    twin.skip_batches = num_batches
    return twin


class _Skipping:
    def __init__(self, loader: Any, count: int):
        self._loader, self._count = loader, count

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def __len__(self) -> int:
        return len(self._loader)

    def __iter__(self) -> Iterator[Any]:
        return itertools.islice(iter(self._loader), self._count, None)
