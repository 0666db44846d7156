"""Names that scripts import from `accelerate.utils`."""

from __future__ import annotations

import functools
import gc
import inspect
from typing import Any, Callable

from ..random import set_seed
from .big_modeling import bytes_of as convert_file_size_to_int
from .state import DistributedType

__all__ = ["DistributedType", "convert_file_size_to_int", "find_executable_batch_size", "release_memory", "set_seed"]


def find_executable_batch_size(function: Callable | None = None, starting_batch_size: int = 128) -> Callable:
    """Calls a function with a batch size as its first argument, half of it when memory runs out.

    Raises:
        TypeError: the call names a batch size, or the function takes none.
        RuntimeError: not even 1 fits.

    >>> @find_executable_batch_size(starting_batch_size=8)
    ... def train(batch_size):
    ...     if batch_size > 2:
    ...         raise MemoryError
    ...     return batch_size
    >>> train()
    2
    """
    if function is None:
        return functools.partial(find_executable_batch_size, starting_batch_size=starting_batch_size)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if len(inspect.signature(function).parameters) < len(args) + 1:
            raise TypeError(
                f"Batch size was passed into `{function.__name__}` as the first argument when called. Remove this as "
                "the decorator already does so"
            )
        batch_size = starting_batch_size
        while batch_size:
            try:
                return function(batch_size, *args, **kwargs)
            except MemoryError:
                gc.collect()
                batch_size //= 2
        raise RuntimeError("No executable batch size found, reached zero.")

    return call


def release_memory(*objects: Any) -> list[None]:
    """As many times None, to give up the names that held the objects."""
    gc.collect()
    return [None] * len(objects)
