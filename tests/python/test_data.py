"""Loaders with threads; what torch's records in cases/data.py don't say."""

from __future__ import annotations

import threading
import time

import eigenformers as ef
import numpy as np
import pytest
from eigenformers.data import get_worker_info, skip_first_batches
from eigenformers.utils.data import DataLoader, Dataset, IterableDataset, RandomSampler, Subset, TensorDataset


class Squares(Dataset):
    def __init__(self, count, delay=0.0, bad=None):
        self.count, self.delay, self.bad, self.threads = count, delay, bad, set()

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        self.threads.add(threading.get_ident())
        time.sleep(self.delay)
        if index == self.bad:
            raise KeyError(f"no item {index}")
        return index * index


def batches(loader):
    return [batch.tolist() for batch in loader]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_threads_change_nothing(workers):
    ef.manual_seed(3)
    alone = batches(DataLoader(Squares(23), batch_size=4, shuffle=True))
    ef.manual_seed(3)
    assert batches(DataLoader(Squares(23), batch_size=4, shuffle=True, num_workers=workers)) == alone
    assert ef.rand(1).item() == pytest.approx(ef.rand(1).item(), abs=1)  # the generator is where one process left it


def test_the_global_generator_is_drawn_from_in_the_callers_thread():
    """Two passes in a row, with other draws between, are the same with and without threads."""
    drawn = []
    for workers in (0, 3):
        ef.manual_seed(5)
        loader = DataLoader(Squares(9), batch_size=2, shuffle=True, num_workers=workers)
        drawn.append([batches(loader), ef.rand(2).tolist(), batches(loader), ef.rand(2).tolist()])
    assert drawn[0] == drawn[1]


def test_threads_prepare_ahead_but_not_too_far():
    data = Squares(100)
    loader = iter(DataLoader(data, batch_size=1, num_workers=2, prefetch_factor=3))
    next(loader)
    time.sleep(0.2)
    assert len(data.threads) <= 2
    assert loader._state._index <= 1 + 2 * 3 + 1


def test_threads_really_overlap():
    start = time.perf_counter()
    batches(DataLoader(Squares(16, delay=0.02), batch_size=1, num_workers=8))
    assert time.perf_counter() - start < 16 * 0.02 * 0.8


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_in_a_dataset_reaches_the_reader(workers):
    loader = iter(DataLoader(Squares(8, bad=5), batch_size=2, num_workers=workers))
    assert next(loader).tolist() == [0, 1]
    next(loader)
    with pytest.raises(KeyError, match="no item 5"):
        next(loader)


def test_a_dropped_iterator_ends_its_threads():
    before = threading.active_count()
    loader = iter(DataLoader(Squares(1000), batch_size=1, num_workers=3))
    next(loader)
    del loader
    for _ in range(100):
        if threading.active_count() <= before:
            break
        time.sleep(0.02)
    assert threading.active_count() <= before


def test_timeout():
    loader = iter(DataLoader(Squares(2, delay=5.0), batch_size=1, num_workers=1, timeout=0.05))
    with pytest.raises(RuntimeError, match="timed out after 0.05 seconds"):
        next(loader)


def test_workers_know_themselves():
    class Asks(Squares):
        def __getitem__(self, index):
            info = get_worker_info()
            return [info.id, info.num_workers, ef.rand(1, generator=info.generator).item()]

    started = []
    assert get_worker_info() is None
    options = {"batch_size": 1, "collate_fn": lambda rows: rows[0], "worker_init_fn": started.append}
    drawn = []
    for workers in (1, 3):
        ef.manual_seed(1)
        rows = list(DataLoader(Asks(12), num_workers=workers, **options))
        assert {row[1] for row in rows} == {workers} and {row[0] for row in rows} <= set(range(workers))
        drawn.append([row[2] for row in rows])
    assert drawn[0] == drawn[1] and len(set(drawn[0])) == 12  # of the batch, whichever thread makes it
    assert set(started) <= {0, 1, 2}


@pytest.mark.parametrize("workers", [0, 2])
def test_streams(workers):
    class Stream(IterableDataset):
        def __iter__(self):
            return iter(range(7))

    assert batches(DataLoader(Stream(), batch_size=3, num_workers=workers)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert batches(DataLoader(Stream(), batch_size=3, num_workers=workers, drop_last=True)) == [[0, 1, 2], [3, 4, 5]]
    assert batches(DataLoader((i for i in range(3)), batch_size=2)) == [[0, 1], [2]]
    with pytest.raises(TypeError):
        len(DataLoader(Stream(), batch_size=3))


@pytest.mark.parametrize("workers", [0, 2])
def test_skipping_does_not_read(workers):
    data = Squares(20, bad=0)
    loader = skip_first_batches(DataLoader(data, batch_size=2, num_workers=workers), 3)
    assert batches(loader)[0] == [36, 49]
    assert len(loader) == 10


def test_not_in_order():
    class Slow(Squares):
        def __getitem__(self, index):
            time.sleep(0.2 if index == 0 else 0)
            return index

    found = [int(b) for b in DataLoader(Slow(6), batch_size=1, num_workers=2, in_order=False)]
    assert sorted(found) == list(range(6)) and found[0] != 0


def test_fetching_many_at_once():
    class Many(Squares):
        def __getitems__(self, indices):
            calls.append(indices)
            return [i + 1 for i in indices]

    calls = []
    assert batches(DataLoader(Many(5), batch_size=2)) == [[1, 2], [3, 4], [5]]
    assert batches(DataLoader(Subset(Many(5), [4, 2]), batch_size=2)) == [[5, 3]]
    assert calls[-1] == [4, 2]


def test_tensor_dataset_and_generator():
    rows = TensorDataset(ef.arange(6), ef.arange(6) * 2.0)
    generator = ef.Generator()
    generator.manual_seed(0)
    first, second = next(iter(DataLoader(rows, batch_size=4, shuffle=True, generator=generator)))
    assert np.allclose(first.numpy() * 2.0, second.numpy())
    assert len(RandomSampler(rows, num_samples=9)) == 9
