"""Orders of torch's samplers and loaders, with the same seeds."""

from __future__ import annotations

import importlib

import numpy as np

LIBRARY = "torch"


def _data(lib):
    return importlib.import_module(f"{lib.__name__}.utils.data")


def case_samplers(lib):
    data, seeded = _data(lib), lambda: lib.Generator().manual_seed(7)
    out = {
        "random": list(data.RandomSampler(range(50), generator=seeded())),
        "more": list(data.RandomSampler(range(5), num_samples=13, generator=seeded())),
        "replacement": list(data.RandomSampler(range(20), replacement=True, num_samples=40, generator=seeded())),
        "subset": list(data.SubsetRandomSampler([3, 5, 7, 9, 11], generator=seeded())),
        "weighted": list(data.WeightedRandomSampler([0.1, 0.5, 0.4], 12, generator=seeded())),
        "distinct": list(data.WeightedRandomSampler([1.0, 5.0, 2.0, 3.0], 3, replacement=False, generator=seeded())),
        "batches": list(data.BatchSampler(data.SequentialSampler(range(7)), 3, False)),
        "dropped": list(data.BatchSampler(data.SequentialSampler(range(7)), 3, True)),
    }
    lib.manual_seed(3)
    out["global"] = [list(data.RandomSampler(range(12))) for _ in range(2)]
    return out


def case_shares(lib):
    """Of several processes."""
    shares = {}
    for size, replicas, options in ((10, 3, {}), (2, 3, {"seed": 5}), (11, 4, {"drop_last": True}), (5, 2, {"shuffle": False})):
        samplers = [_data(lib).DistributedSampler(range(size), replicas, rank, **options) for rank in range(replicas)]
        for epoch in (0, 3):
            for sampler in samplers:
                sampler.set_epoch(epoch)
            shares[f"{size}/{replicas}, {epoch}"] = [[len(s), list(s)] for s in samplers]
    return shares


def case_split(lib):
    data = _data(lib)
    parts = data.random_split(range(20), [0.5, 0.3, 0.2], generator=lib.Generator().manual_seed(1))
    return [[part[i] for i in range(len(part))] for part in parts]


def case_loader(lib):
    """The order, and how much the loader draws from the global generator: two passes, then a number."""
    data = _data(lib)
    out = {}
    for name, options in {
        "plain": {"batch_size": 4},
        "shuffle": {"batch_size": 4, "shuffle": True},
        "generator": {"batch_size": 3, "shuffle": True, "generator": lib.Generator().manual_seed(9)},
        "dropped": {"batch_size": 4, "shuffle": True, "drop_last": True},
        "items": {"batch_size": None},
    }.items():
        lib.manual_seed(11)
        loader = data.DataLoader(list(range(10)), **options)
        batches = [[np.asarray(batch).tolist() for batch in loader] for _ in range(2)]
        out[name] = [batches, len(loader), lib.rand(2).tolist()]
    return out


def case_collate(lib):
    from collections import namedtuple

    data, point = _data(lib), namedtuple("Point", ["x", "y"])
    batches = {
        "ints": [1, 2], "floats": [1.5, 2.5], "bools": [True, False], "strings": ["a", "b"],
        "arrays": [np.arange(3), np.arange(3)], "tuples": [(1, 2.0), (3, 4.0)], "lists": [[1, 2], [3, 4]],
        "dicts": [{"a": 1, "b": {"c": [1, 2]}}, {"a": 2, "b": {"c": [3, 4]}}], "named": [point(1, 2), point(3, 4)],
        "numbers": [np.float32(1), np.float32(2)],
    }  # fmt: skip

    def plain(value):
        if isinstance(value, lib.Tensor):
            return [str(value.dtype).split(".")[-1], value.tolist()]
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items()}
        return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value

    return {name: plain(data.default_collate(batch)) for name, batch in batches.items()}


def case_errors(lib):
    data = _data(lib)

    class Stream(data.IterableDataset):
        def __iter__(self):
            return iter(range(3))

    calls = {
        "empty_random": lambda: data.RandomSampler([]),
        "negative": lambda: data.DataLoader([1], num_workers=-1),
        "both": lambda: data.DataLoader([1], sampler=[0], shuffle=True),
        "prefetch": lambda: data.DataLoader([1], prefetch_factor=2),
        "persistent": lambda: data.DataLoader([1], persistent_workers=True),
        "no_batch": lambda: data.DataLoader([1], batch_size=None, drop_last=True),
        "batch_size": lambda: data.DataLoader([1], batch_size=0),
        "batch_sampler": lambda: data.DataLoader([1], batch_size=2, batch_sampler=[[0]]),
        "stream_shuffle": lambda: data.DataLoader(Stream(), shuffle=True),
        "split": lambda: data.random_split([1, 2], [1]),
        "tensors": lambda: data.TensorDataset(lib.zeros(2), lib.zeros(3)),
        "ragged": lambda: next(iter(data.DataLoader([[1], [1, 2]], batch_size=2))),
    }
    out = {}
    for name, call in calls.items():
        try:
            call()
        except Exception as error:  # noqa: BLE001
            out[name] = [type(error).__name__, str(error)]
    return out
