"""Samplers: in which order a `DataLoader` reads. With the same seed, torch's order."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from .. import _core
from .dataset import _Generic


def draw_seed(generator: Any = None) -> int:
    """A seed from `generator` (or the global one), drawn as torch draws it."""
    return int(_core.empty((), dtype=_core.int64).random_(generator=generator).item())


class Sampler(_Generic):
    """An order of indices: subclasses define `__iter__`, and `__len__` where it is known."""

    def __init__(self, data_source: Any = None):
        pass

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError


class SequentialSampler(Sampler):
    """0, 1, 2, …"""

    def __init__(self, data_source: Any):
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler):
    """A new random order at each pass; with `replacement`, indices may repeat.

    >>> import eigenformers as ef
    >>> list(RandomSampler(range(5), generator=ef.Generator().manual_seed(0)))
    [4, 0, 1, 3, 2]
    """

    def __init__(
        self, data_source: Any, replacement: bool = False, num_samples: int | None = None, generator: Any = None
    ):
        self.data_source, self.replacement, self.generator = data_source, replacement, generator
        self._num_samples = num_samples
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got replacement={replacement}")
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(f"num_samples should be a positive integer value, but got num_samples={self.num_samples}")

    @property
    def num_samples(self) -> int:
        """How many indices a pass gives."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        n, wanted = len(self.data_source), self.num_samples
        generator = self.generator
        if generator is None:
            seed = draw_seed()
            generator = _core.Generator()
            generator.manual_seed(seed)
        if self.replacement:
            for _ in range(wanted // 32):  # torch draws in blocks of 32
                yield from _core.randint(n, (32,), generator=generator).tolist()
            yield from _core.randint(n, (wanted % 32,), generator=generator).tolist()
            return
        for _ in range(wanted // n):
            yield from _core.randperm(n, generator=generator).tolist()
        yield from _core.randperm(n, generator=generator).tolist()[: wanted % n]

    def __len__(self) -> int:
        return self.num_samples


class SeededRandomSampler(RandomSampler):
    """The order depends on `initial_seed + epoch` alone, so that any pass can be repeated (accelerate's rule)."""

    def __init__(self, data_source: Any, initial_seed: int):
        super().__init__(data_source, generator=_core.Generator())
        self.initial_seed, self.epoch = initial_seed, 0

    def __iter__(self) -> Iterator[int]:
        self.generator.manual_seed(self.epoch + self.initial_seed)
        yield from super().__iter__()
        self.epoch += 1

    def set_epoch(self, epoch: int) -> None:
        """Choose the pass that comes next."""
        self.epoch = epoch


class SubsetRandomSampler(Sampler):
    """`indices` in random order."""

    def __init__(self, indices: Sequence[int], generator: Any = None):
        self.indices, self.generator = indices, generator

    def __iter__(self) -> Iterator[int]:
        for i in _core.randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler):
    """Indices drawn with probabilities in proportion to `weights`."""

    def __init__(self, weights: Sequence[float], num_samples: int, replacement: bool = True, generator: Any = None):
        if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples <= 0:
            raise ValueError(f"num_samples should be a positive integer value, but got num_samples={num_samples}")
        if not isinstance(replacement, bool):
            raise ValueError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.weights = _core.as_tensor(weights, dtype=_core.float64)
        if self.weights.dim() != 1:
            raise ValueError(
                f"weights should be a 1d sequence but given weights have shape {tuple(self.weights.shape)}"
            )
        self.num_samples, self.replacement, self.generator = num_samples, replacement, generator

    def __iter__(self) -> Iterator[int]:
        drawn = _core.multinomial(self.weights, self.num_samples, self.replacement, generator=self.generator)
        return iter(drawn.tolist())

    def __len__(self) -> int:
        return self.num_samples


class DistributedSampler(Sampler):
    """The share of one of `num_replicas` processes: every so many-th index of an order that all of them know.

    Shares are of one size: without `drop_last` the first indices are read again. `set_epoch` before each pass, or the
    order stays the same.

    >>> [list(DistributedSampler(range(5), num_replicas=2, rank=rank, shuffle=False)) for rank in (0, 1)]
    [[0, 2, 4], [1, 3, 0]]
    """

    def __init__(
        self, dataset: Any, num_replicas: int | None = None, rank: int | None = None, shuffle: bool = True,
        seed: int = 0, drop_last: bool = False,
    ):  # fmt: skip
        self.dataset, self.shuffle, self.seed, self.drop_last = dataset, shuffle, seed, drop_last
        self.num_replicas, self.rank, self.epoch = 1 if num_replicas is None else num_replicas, rank or 0, 0
        if not 0 <= self.rank < self.num_replicas:
            raise ValueError(f"Invalid rank {self.rank}, rank should be in the interval [0, {self.num_replicas - 1}]")
        share = len(dataset) / self.num_replicas
        self.num_samples = math.floor(share) if drop_last else math.ceil(share)
        self.total_size = self.num_samples * self.num_replicas

    def __iter__(self) -> Iterator[int]:
        indices = list(range(len(self.dataset)))
        if self.shuffle:
            indices = _core.randperm(len(indices), generator=_core.Generator().manual_seed(self.seed + self.epoch)).tolist()
        return itertools.islice(itertools.cycle(indices), self.rank, self.total_size, self.num_replicas)

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Choose the pass that comes next."""
        self.epoch = epoch


class BatchSampler(Sampler):
    """Lists of `batch_size` indices from another sampler; `drop_last` leaves a shorter last one out.

    >>> list(BatchSampler(range(5), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool):
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueError(f"batch_size should be a positive integer value, but got batch_size={batch_size}")
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        whole, rest = divmod(len(self.sampler), self.batch_size)
        return whole + (rest > 0 and not self.drop_last)


def length_grouped_indices(
    lengths: Sequence[int], batch_size: int, mega_batch_mult: int | None = None, generator: Any = None
) -> list[int]:
    """Random order in which neighbours have similar lengths, the longest item first (so that memory runs out at once).

    A random permutation is cut into blocks of `mega_batch_mult · batch_size`, each sorted by falling length.
    """
    if mega_batch_mult is None:
        mega_batch_mult = max(min(len(lengths) // (batch_size * 4), 50), 1)
    order = _core.randperm(len(lengths), generator=generator).tolist()
    size = mega_batch_mult * batch_size
    blocks = [sorted(order[i : i + size], key=lambda j: lengths[j], reverse=True) for i in range(0, len(order), size)]
    if blocks:
        longest = max(range(len(blocks)), key=lambda i: lengths[blocks[i][0]])
        blocks[0][0], blocks[longest][0] = blocks[longest][0], blocks[0][0]
    return [i for block in blocks for i in block]


def infer_lengths(dataset: Any, model_input_name: str | None = None) -> list[int]:
    """The length of each item's `model_input_name` (default `input_ids`)."""
    name = model_input_name or "input_ids"
    first = dataset[0]
    if not hasattr(first, "keys") or name not in first:
        raise ValueError(
            f"Can only automatically infer lengths for datasets whose items are dictionaries with an '{name}' key."
        )
    return [len(item[name]) for item in dataset]


class LengthGroupedSampler(Sampler):
    """Items of similar length come together: `train_sampling_strategy="group_by_length"`."""

    def __init__(
        self, batch_size: int, dataset: Any = None, lengths: Any = None, model_input_name: str | None = None,
        generator: Any = None,
    ):  # fmt: skip
        if dataset is None and lengths is None:
            raise ValueError("One of dataset and lengths must be provided.")
        if lengths is None:
            lengths = infer_lengths(dataset, model_input_name)
        self.batch_size, self.generator = batch_size, generator
        self.lengths = lengths.tolist() if hasattr(lengths, "tolist") else list(lengths)

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        return iter(length_grouped_indices(self.lengths, self.batch_size, generator=self.generator))
