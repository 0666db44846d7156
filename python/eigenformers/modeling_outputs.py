"""The output classes of models under the name that scripts import them from."""

from __future__ import annotations

from .outputs import *  # noqa: F403
from .outputs import __all__  # noqa: F401
