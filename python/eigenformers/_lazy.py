"""Names that are imported when they are first used (PEP 562), so that importing a package costs nothing."""

from __future__ import annotations

import contextlib
import gc
import importlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Callable


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Without the garbage collector: what an import makes stays, and looking through it takes a tenth of the start."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def import_module(name: str, package: str | None = None) -> ModuleType:
    """`importlib.import_module`, quicker."""
    with _no_collection():
        return importlib.import_module(name, package)


def lazy_exports(package: str, modules: dict[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `(__getattr__, __dir__)` for `package`.

    `modules` maps a public name to the module that defines it, relative to `package` (`".configuration"`). A value
    that ends with `":"` exports the module itself. Modules that define some of the names are attributes, too, as they are
    once they have been imported.
    """
    defining = {where: f"{where}:" for where in modules.values()}

    def __getattr__(name: str) -> Any:
        where = modules.get(name) or defining.get(f".{name}")
        if where is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        if where.endswith(":"):
            value = import_module(where[:-1], package)
        else:
            value = getattr(import_module(where, package), name)
        setattr(sys.modules[package], name, value)
        return value

    def __dir__() -> list[str]:
        return sorted(set(vars(sys.modules[package])) | set(modules))

    return __getattr__, __dir__
