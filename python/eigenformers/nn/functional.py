"""The functions behind the layers, with torch's names and arguments.

>>> import eigenformers as ef
>>> ef.nn.functional.softmax(ef.zeros(2), dim=-1)
tensor([0.5000, 0.5000])
"""

from __future__ import annotations

from .._core import functional as _functional

_NATIVE = sorted(name for name in vars(_functional) if not name.startswith("_"))
globals().update({name: getattr(_functional, name) for name in _NATIVE})

from . import convolution as _convolution  # noqa: E402
from . import pointwise as _pointwise  # noqa: E402
from .convolution import *  # noqa: E402, F403
from .pointwise import *  # noqa: E402, F403

__all__ = sorted([*_NATIVE, *_convolution.__all__, *_pointwise.__all__])  # noqa: PLE0605
