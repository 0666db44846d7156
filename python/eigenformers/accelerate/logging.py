"""`get_logger`: a logger whose messages name who is to write them."""

from __future__ import annotations

import logging
from typing import Any


class MultiProcessAdapter(logging.LoggerAdapter):
    """Takes `main_process_only` and `in_order` with every message; the only process writes them all."""

    def log(self, level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
        """As `logging.Logger.log`."""
        kwargs.pop("main_process_only", None)
        kwargs.pop("in_order", None)
        kwargs.setdefault("stacklevel", 2)
        super().log(level, msg, *args, **kwargs)


def get_logger(name: str, log_level: str | None = None) -> MultiProcessAdapter:
    """The logger `name`, at `log_level` where it is given.

    >>> get_logger("training").info("done", main_process_only=True)
    """
    logger = logging.getLogger(name)
    if log_level is not None:
        logger.setLevel(log_level.upper())
    return MultiProcessAdapter(logger, {})
