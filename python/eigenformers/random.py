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


def enable_full_determinism(seed: int, warn_only: bool = False) -> None:
    """`set_seed`: computation is deterministic as it is."""
    set_seed(seed)
