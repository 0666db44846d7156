"""Datasets and lazy iterators of the pipelines (the module name is the one that scripts import `KeyDataset` from)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Callable

from .._numpy import is_array
from ..outputs import ModelOutput


class KeyDataset:
    """One column of a dataset: `KeyDataset(dataset, "text")[i]` is `dataset[i]["text"]`."""

    def __init__(self, dataset: Any, key: str):
        self.dataset = dataset
        self.key = key

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, i: int) -> Any:
        return self.dataset[i][self.key]


class KeyPairDataset:
    """Two columns of a dataset as `{"text": ..., "text_pair": ...}`."""

    def __init__(self, dataset: Any, key1: str, key2: str):
        self.dataset = dataset
        self.key1 = key1
        self.key2 = key2

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, i: int) -> dict[str, Any]:
        item = self.dataset[i]
        return {"text": item[self.key1], "text_pair": item[self.key2]}


class PipelineDataset:
    """A dataset whose items are `process(item, **params)`."""

    def __init__(self, dataset: Any, process: Callable, params: dict[str, Any]):
        self.dataset = dataset
        self.process = process
        self.params = params

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, i: int) -> Any:
        return self.process(self.dataset[i], **self.params)


class BatchLoader:
    """Collates the items of a dataset or iterable into batches, in order.

    With `num_workers` above 0, that many threads prepare the next items of a dataset; an iterable is always read by
    the thread that asks.
    """

    def __init__(self, dataset: Any, batch_size: int, collate_fn: Callable[[list], Any], num_workers: int = 0):
        if batch_size < 1:
            raise ValueError(f"batch_size: found {batch_size}, needed 1 or more")
        self.dataset = dataset
        self.batch_size = batch_size
        self.collate_fn = collate_fn
        self.num_workers = num_workers

    def __len__(self) -> int:
        return -(-len(self.dataset) // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        batch = []
        for item in self._items():
            batch.append(item)
            if len(batch) == self.batch_size:
                yield self.collate_fn(batch)
                batch = []
        if batch:
            yield self.collate_fn(batch)

    def _items(self) -> Iterator[Any]:
        if not hasattr(self.dataset, "__getitem__"):
            yield from self.dataset
        elif self.num_workers == 0:
            for i in range(len(self.dataset)):
                yield self.dataset[i]
        else:
            yield from self._prefetched()

    def _prefetched(self) -> Iterator[Any]:
        from concurrent.futures import ThreadPoolExecutor

        ahead: deque = deque()
        with ThreadPoolExecutor(self.num_workers) as pool:
            for i in range(len(self.dataset)):
                ahead.append(pool.submit(self.dataset.__getitem__, i))
                if len(ahead) > 2 * self.num_workers * self.batch_size:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()


class PipelineIterator:
    """Lazily applies `infer(item, **params)` to what `loader` gives. Iterates like a generator, and has a length.

    With `loader_batch_size` above 1, `infer` returns batches, which are taken apart again.
    """

    def __init__(self, loader: Iterable, infer: Callable, params: dict, loader_batch_size: int | None = None):
        self.loader = loader
        self.infer = infer
        self.params = params
        self.loader_batch_size = None if loader_batch_size == 1 else loader_batch_size
        self._running: Iterator[Any] | None = None

    def __len__(self) -> int:
        if isinstance(self.loader, BatchLoader):
            return len(self.loader.dataset)
        return len(self.loader)  # type: ignore[arg-type]

    def __next__(self) -> Any:
        if self._running is None:
            self._running = iter(self)
        return next(self._running)

    def __iter__(self) -> Iterator[Any]:
        for item in self.loader:
            processed = self.infer(item, **self.params)
            if self.loader_batch_size is None:
                yield processed
            else:
                yield from unbatch(processed)


class PipelineChunkIterator(PipelineIterator):
    """As `PipelineIterator`, for an `infer` that is a generator: its pieces come out one after the other."""

    def __init__(self, loader: Iterable, infer: Callable, params: dict, loader_batch_size: int | None = None):
        super().__init__(loader, infer, params)

    def __iter__(self) -> Iterator[Any]:
        for item in self.loader:
            yield from self.infer(item, **self.params)


class PipelinePackIterator(PipelineIterator):
    """Puts pieces together again: a list up to and with each piece whose `is_last` is true."""

    def __iter__(self) -> Iterator[list]:
        pieces = []
        for piece in super().__iter__():
            last = piece.pop("is_last")
            pieces.append(piece)
            if last:
                yield pieces
                pieces = []


class LengthSortedIterator(PipelineIterator):
    """Forward and postprocess in batches of inputs that have one length, results in the order of the inputs.

    Inputs are read ahead, a few batches at a time, and sorted: so batches need no padding, cost nothing for it, and
    give what each input gives alone. With `pads` a batch may be of several lengths, near to each other.

    Args:
        loader: preprocessed inputs; with `chunks`, pieces of inputs, of which the last has a true `is_last`.
        batch_size: the largest batch.
        collate: many items → one batch.
        forward, forward_params, postprocess, postprocess_params: the steps.
    """

    _BATCHES_AHEAD = 16

    def __init__(
        self,
        loader: Iterable,
        batch_size: int,
        collate: Callable[[list], Any],
        forward: Callable,
        forward_params: dict,
        postprocess: Callable,
        postprocess_params: dict,
        chunks: bool,
        pads: bool,
    ):
        super().__init__(loader, postprocess, postprocess_params)
        if batch_size < 1:
            raise ValueError(f"batch_size: found {batch_size}, needed 1 or more")
        self.batch_size, self.collate, self.chunks, self.pads = batch_size, collate, chunks, pads
        self.forward, self.forward_params = forward, forward_params

    def __iter__(self) -> Iterator[Any]:
        window: list[list[Any]] = []  # of each input its pieces
        pieces = 0
        open_input = False
        for piece in self.loader:
            if open_input:
                window[-1].append(piece)
            else:
                window.append([piece])
            open_input = self.chunks and not piece["is_last"]
            pieces += 1
            if pieces >= self._BATCHES_AHEAD * self.batch_size and not open_input:
                yield from self._results(window)
                window, pieces = [], 0
        yield from self._results(window)

    def _results(self, window: list[list[Any]]) -> list[Any]:
        places = [(i, j) for i, pieces in enumerate(window) for j in range(len(pieces))]
        sizes = {place: _size(window[place[0]][place[1]]) for place in places}
        waiting = [len(pieces) for pieces in window]
        results: list[Any] = [None] * len(window)
        for batch in self._batches(sorted(places, key=sizes.__getitem__, reverse=True), sizes):
            batch.sort()
            outputs = self.forward(self.collate([window[i][j] for i, j in batch]), **self.forward_params)
            for (i, j), output in zip(batch, unbatch(outputs)):
                window[i][j] = output
                waiting[i] -= 1
                if waiting[i]:
                    continue
                for piece in window[i]:
                    if self.chunks:
                        piece.pop("is_last", None)
                results[i] = self.infer(window[i] if self.chunks else output, **self.params)
                window[i] = []
        return results

    def _batches(self, places: list, sizes: dict) -> Iterator[list]:
        batch: list = []
        for place in places:
            if batch and (len(batch) == self.batch_size or (not self.pads and sizes[place] != sizes[batch[0]])):
                yield batch
                batch = []
            batch.append(place)
        if batch:
            yield batch


def _size(item: Any) -> tuple:
    """What decides about padding: the shapes of an input's arrays, the ids first."""
    if not hasattr(item, "items"):
        return ()
    shapes = {name: tuple(value.shape[1:]) for name, value in item.items() if _is_array(value) and len(value.shape) > 1}
    return (shapes.get("input_ids", ()), tuple(sorted(shapes.items())))


def _is_array(value: Any) -> bool:
    return is_array(value) or (hasattr(value, "__dlpack__") and hasattr(value, "shape"))


def unbatch(batch: Any) -> Iterator[Any]:
    """The items of a batch, each with a leading dimension of 1 (arrays) or as it is (elements of lists)."""
    batch = batch[0] if isinstance(batch, tuple) else batch
    if _is_array(batch):
        for i in range(batch.shape[0]):
            yield batch[i : i + 1]
        return
    first = next(iter(batch.values()))
    for i in range(len(first) if isinstance(first, (list, tuple)) else first.shape[0]):
        item = {key: _item(key, value, i) for key, value in batch.items() if key != "past_key_values"}
        yield type(batch)(item)


def _item(key: str, value: Any, i: int) -> Any:
    if value is None:
        return None
    if isinstance(value, ModelOutput):
        return tuple(part[i : i + 1] for part in value.to_tuple())
    if key in ("hidden_states", "attentions") and isinstance(value, tuple):  # one array a layer
        return tuple(part[i : i + 1] for part in value)
    if is_array(value) and value.ndim == 1:
        return value[i]
    if _is_array(value):
        return value[i : i + 1]
    return value[i][None] if _is_array(value[i]) else value[i]
