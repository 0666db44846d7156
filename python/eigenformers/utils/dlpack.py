"""DLPack under the names that torch gives it.

>>> import eigenformers as ef
>>> from eigenformers.utils.dlpack import from_dlpack, to_dlpack
>>> from_dlpack(ef.ones(2)).tolist()
[1.0, 1.0]
"""

from __future__ import annotations

from typing import Any

from .._core import from_dlpack

__all__ = ["from_dlpack", "to_dlpack"]


def to_dlpack(tensor: Any) -> Any:
    """The capsule of a tensor."""
    return tensor.__dlpack__()
