"""Logging with one switch: every module logs below the root logger `eigenformers`.

The environment is the real library's: `TRANSFORMERS_VERBOSITY` (`detail`, `debug`, `info`, `warning`, `error`,
`critical`) sets the first level, `TRANSFORMERS_NO_ADVISORY_WARNINGS` silences advice, `HF_HUB_DISABLE_PROGRESS_BARS`
turns progress bars off.

>>> from eigenformers.utils import logging
>>> logging.set_verbosity_info()
>>> logging.get_verbosity() == logging.INFO
True
>>> logging.set_verbosity_warning()
"""

from __future__ import annotations

import functools
import logging
import os
import sys
import threading
from logging import CRITICAL, DEBUG, ERROR, FATAL, INFO, NOTSET, WARN, WARNING
from typing import Any, Callable

__all__ = [
    "CRITICAL", "DEBUG", "ERROR", "FATAL", "INFO", "NOTSET", "WARN", "WARNING", "add_handler", "captureWarnings",
    "disable_default_handler", "disable_progress_bar", "disable_propagation", "enable_default_handler",
    "enable_explicit_format", "enable_progress_bar", "enable_propagation", "get_log_levels_dict", "get_logger",
    "get_verbosity", "is_progress_bar_enabled", "remove_handler", "reset_format", "set_tqdm_hook", "set_verbosity",
    "set_verbosity_debug", "set_verbosity_error", "set_verbosity_info", "set_verbosity_warning", "tqdm",
]  # fmt: skip

log_levels = {
    "detail": DEBUG,  # also prints logger name, line and time
    "debug": DEBUG,
    "info": INFO,
    "warning": WARNING,
    "error": ERROR,
    "critical": CRITICAL,
}

_ROOT_NAME = __name__.split(".")[0]
_lock = threading.Lock()
_default_handler: logging.Handler | None = None


def get_log_levels_dict() -> dict[str, int]:
    """Level names that `TRANSFORMERS_VERBOSITY` takes, with their numbers."""
    return log_levels


def _initial_level() -> int:
    name = os.environ.get("TRANSFORMERS_VERBOSITY")
    if name and name not in log_levels:
        logging.getLogger().warning(
            f"Unknown option TRANSFORMERS_VERBOSITY={name}, has to be one of: {', '.join(log_levels)}"
        )
    return log_levels.get(name or "", WARNING)


def _root() -> logging.Logger:
    """The library's root logger, configured on first use."""
    global _default_handler
    root = logging.getLogger(_ROOT_NAME)
    with _lock:
        if _default_handler is not None:
            return root
        if sys.stderr is None:  # a windowed application without a console
            sys.stderr = open(os.devnull, "w", encoding="utf-8")
        detail = os.environ.get("TRANSFORMERS_VERBOSITY") == "detail"
        explicit = "%(levelname)s [%(name)s:%(lineno)s] %(asctime)s %(message)s"
        style = explicit if detail else f"[{_ROOT_NAME}] %(message)s"
        _default_handler = logging.StreamHandler()
        _default_handler.setFormatter(logging.Formatter(style))
        root.addHandler(_default_handler)
        root.setLevel(_initial_level())
        root.propagate = os.environ.get("CI", "").upper() in {"1", "ON", "YES", "TRUE"}
        return root


def get_logger(name: str | None = None) -> logging.Logger:
    """The logger called `name`; without a name the root logger `eigenformers`."""
    _root()
    return logging.getLogger(name or _ROOT_NAME)


def get_verbosity() -> int:
    """The current level of the library's root logger."""
    return _root().getEffectiveLevel()


def set_verbosity(verbosity: int) -> None:
    """Set the level of the library's root logger: `logging.INFO`, `logging.ERROR` …"""
    _root().setLevel(verbosity)


def set_verbosity_info() -> None:
    """Show what is loaded from where."""
    set_verbosity(INFO)


def set_verbosity_warning() -> None:
    """Show warnings and errors (the default)."""
    set_verbosity(WARNING)


def set_verbosity_debug() -> None:
    """Show everything."""
    set_verbosity(DEBUG)


def set_verbosity_error() -> None:
    """Show errors only."""
    set_verbosity(ERROR)


def disable_default_handler() -> None:
    """Stop writing log lines to stderr."""
    root = _root()
    root.removeHandler(_default_handler)


def enable_default_handler() -> None:
    """Write log lines to stderr again."""
    root = _root()
    root.addHandler(_default_handler)


def add_handler(handler: logging.Handler) -> None:
    """Add a handler to the library's root logger."""
    if handler is None:
        raise ValueError("add_handler: found None, needed a logging.Handler")
    _root().addHandler(handler)


def remove_handler(handler: logging.Handler) -> None:
    """Remove a handler that `add_handler` added."""
    if handler not in _root().handlers:
        raise ValueError("remove_handler: this handler is not attached to the root logger of eigenformers")
    _root().removeHandler(handler)


def disable_propagation() -> None:
    """Keep log records from Python's root logger (the default)."""
    _root().propagate = False


def enable_propagation() -> None:
    """Pass log records on to Python's root logger; disable the default handler to avoid lines printed twice."""
    _root().propagate = True


def enable_explicit_format() -> None:
    """Print `[LEVEL|file:line] time >> message` on every handler of the root logger."""
    for handler in _root().handlers:
        handler.setFormatter(logging.Formatter("[%(levelname)s|%(filename)s:%(lineno)s] %(asctime)s >> %(message)s"))


def reset_format() -> None:
    """Print plain messages on every handler of the root logger."""
    for handler in _root().handlers:
        handler.setFormatter(None)


def captureWarnings(capture: bool) -> None:  # noqa: N802 (the name in Python's logging)
    """Send what `warnings.warn` reports through the library's handler, at the library's level."""
    logger = get_logger("py.warnings")
    if not logger.handlers:
        logger.addHandler(_default_handler)
    logger.setLevel(_root().level)
    logging.captureWarnings(capture)


def _warning_advice(self: logging.Logger, *args: Any, **kwargs: Any) -> None:
    """`warning`, unless `TRANSFORMERS_NO_ADVISORY_WARNINGS` is set."""
    if not os.environ.get("TRANSFORMERS_NO_ADVISORY_WARNINGS"):
        self.warning(*args, **kwargs)


@functools.lru_cache(None)
def _warning_once(self: logging.Logger, *args: Any, **kwargs: Any) -> None:
    """`warning`, but each message once per process."""
    self.warning(*args, **kwargs)


@functools.lru_cache(None)
def _info_once(self: logging.Logger, *args: Any, **kwargs: Any) -> None:
    """`info`, but each message once per process."""
    self.info(*args, **kwargs)


# Loggers are created by the standard library, so the methods go onto its class; a class that has them keeps its own.
for _name, _method in (("warning_advice", _warning_advice), ("warning_once", _warning_once), ("info_once", _info_once)):
    if not hasattr(logging.Logger, _name):
        setattr(logging.Logger, _name, _method)


# Progress bars: tqdm is imported with the first bar that is shown.
_progress_bars: bool = os.environ.get("HF_HUB_DISABLE_PROGRESS_BARS", "").upper() not in {"1", "ON", "YES", "TRUE"}
_tqdm_hook: Callable[..., Any] | None = None


class EmptyTqdm:
    """Stands in for tqdm while progress bars are disabled: iterates and ignores everything else."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._iterator = args[0] if args else kwargs.get("iterable")

    def __iter__(self):
        return iter(self._iterator if self._iterator is not None else ())

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: None

    def __enter__(self) -> EmptyTqdm:
        return self

    def __exit__(self, *exc: object) -> None:
        return None


class _Tqdm:
    """`logging.tqdm(...)`: tqdm.auto.tqdm, or a silent stand-in while progress bars are disabled."""

    @staticmethod
    def _real():
        from tqdm.auto import tqdm as real

        return real

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        factory = self._real() if _progress_bars else EmptyTqdm
        return factory(*args, **kwargs) if _tqdm_hook is None else _tqdm_hook(factory, args, kwargs)

    def set_lock(self, *args: Any, **kwargs: Any) -> Any:
        return self._real().set_lock(*args, **kwargs) if _progress_bars else None

    def get_lock(self) -> Any:
        return self._real().get_lock() if _progress_bars else None


tqdm = _Tqdm()


def is_progress_bar_enabled() -> bool:
    """Whether progress bars are shown."""
    return _progress_bars


def enable_progress_bar() -> None:
    """Show progress bars."""
    _set_progress_bars(True)


def disable_progress_bar() -> None:
    """Hide progress bars, those of downloads included."""
    _set_progress_bars(False)


def _set_progress_bars(shown: bool) -> None:
    global _progress_bars
    _progress_bars = shown
    apply_progress_bars_to_hub()


def apply_progress_bars_to_hub() -> None:
    """Tell huggingface_hub, if it is loaded, whether to show its bars (`hub` calls this when it loads it)."""
    if "huggingface_hub" not in sys.modules:
        return
    from huggingface_hub import utils as hub

    if hub.are_progress_bars_disabled() == _progress_bars:
        (hub.enable_progress_bars if _progress_bars else hub.disable_progress_bars)()


def set_tqdm_hook(hook: Callable[..., Any] | None) -> Callable[..., Any] | None:
    """Let `hook(factory, args, kwargs)` make every progress bar; `None` removes it. Returns the previous hook."""
    global _tqdm_hook
    previous, _tqdm_hook = _tqdm_hook, hook
    return previous
