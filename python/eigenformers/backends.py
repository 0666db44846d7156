"""Switches that scripts for torch set. There is one backend here: what asks finds nothing else, what sets has no effect.

>>> import eigenformers as ef
>>> ef.backends.mps.is_available(), ef.backends.cuda.is_built()
(False, False)
"""

from __future__ import annotations

from typing import Any

__all__ = ["cuda", "cudnn", "mkldnn", "mps", "openmp"]


class _Absent:
    """A backend that is not here. Attributes may be set, as scripts do."""

    deterministic = True
    benchmark = enabled = allow_tf32 = False

    def __init__(self, **parts: Any):
        self.__dict__.update(parts)

    def is_available(self) -> bool:
        """False."""
        return False

    def is_built(self) -> bool:
        """False."""
        return False

    def version(self) -> None:
        """None."""
        return


cuda = _Absent(matmul=_Absent())
cudnn, mps, mkldnn, openmp = _Absent(), _Absent(), _Absent(), _Absent()
