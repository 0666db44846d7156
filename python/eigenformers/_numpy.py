"""numpy, imported when something of it is first used: text to text needs none of it, and it is a fifth of the start."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any


class _Numpy:
    def __getattr__(self, name: str) -> Any:
        import numpy

        value = getattr(numpy, name)
        setattr(self, name, value)  # the next use takes no detour
        return value


if TYPE_CHECKING:
    import numpy as np
else:
    np = _Numpy()


def is_array(value: Any) -> bool:
    """True for a numpy array. While nobody has imported numpy there is none, and none is imported to see that.

    >>> is_array([1, 2])
    False
    """
    return isinstance(value, getattr(sys.modules.get("numpy"), "ndarray", ()))


def is_scalar(value: Any) -> bool:
    """True for one of numpy's scalars, under the same condition.

    >>> is_scalar(1.5)
    False
    """
    return isinstance(value, getattr(sys.modules.get("numpy"), "generic", ()))
