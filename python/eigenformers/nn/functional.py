"""The functions behind the layers, with torch's names and arguments.

>>> import eigenformers as ef
>>> ef.nn.functional.softmax(ef.zeros(2), dim=-1)
tensor([0.5000, 0.5000])
"""

from __future__ import annotations

from .._core import functional as _functional

__all__ = sorted(name for name in vars(_functional) if not name.startswith("_"))
globals().update({name: getattr(_functional, name) for name in __all__})
