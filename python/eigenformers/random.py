"""One seed for Python, numpy and eigenformers."""

from __future__ import annotations

import random

import numpy as np


def set_seed(seed: int, deterministic: bool = False) -> None:
    """Seed every generator that this library draws from. Results never depend on the number of threads.

    >>> import eigenformers as ef
    >>> ef.set_seed(0); a = ef.rand(3).tolist()
    >>> ef.set_seed(0); a == ef.rand(3).tolist()
    True
    """
    from . import _core

    random.seed(seed)
    np.random.seed(seed % 2**32)
    _core.manual_seed(seed)


class set_batch_invariant:  # noqa: N801
    """Switch batch-invariant mode on or off: a row gets the same bits whatever else is in its batch.

    Without it, the number of rows may choose another kernel, whose sums have another order; results then agree up to
    rounding. The mode costs speed where few rows are computed at a time (generation), and sliding-window caches keep
    what left their window. `EIGENFORMERS_BATCH_INVARIANT=1` in the environment switches it on from the start.

    A context manager, too:

    >>> import eigenformers as ef
    >>> with ef.set_batch_invariant(True):
    ...     ef.is_batch_invariant()
    True
    >>> ef.is_batch_invariant()
    False
    """

    def __init__(self, mode: bool = True):
        from . import _core

        self._before = _core.is_batch_invariant()
        _core._set_batch_invariant(bool(mode))

    def __enter__(self) -> set_batch_invariant:
        return self

    def __exit__(self, *exception: object) -> None:
        from . import _core

        _core._set_batch_invariant(self._before)


def enable_full_determinism(seed: int, warn_only: bool = False) -> None:
    """`set_seed`: computation is deterministic as it is."""
    set_seed(seed)
