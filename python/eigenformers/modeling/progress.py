"""The progress bar of loading and writing weights."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any, Callable

from ..utils import logging


@contextlib.contextmanager
def loading_bar(bar_class: Any = None, description: str = "Loading weights") -> Iterator[Callable[[int, int], None] | None]:
    """Gives a function `(done, total)` that moves a bar, or None where nobody would see one.

    Args:
        bar_class: a class like `tqdm.tqdm` to use in any case; by default tqdm, if stderr is a terminal and progress
            bars are not disabled.
    """
    if bar_class is None:
        if not logging.is_progress_bar_enabled() or sys.stderr is None or not sys.stderr.isatty():
            yield None
            return
        bar_class = logging.tqdm
    bar: Any = None

    def progress(done: int, total: int) -> None:
        nonlocal bar
        if bar is None:
            bar = bar_class(total=total, desc=description, leave=False)
        bar.update(done - bar.n)

    try:
        yield progress
    finally:
        if bar is not None:
            bar.close()
