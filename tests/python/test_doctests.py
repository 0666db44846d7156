"""Every example in a docstring is run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import eigenformers
import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


def _modules() -> list[str]:
    found = ["eigenformers"]
    for module in pkgutil.walk_packages(eigenformers.__path__, "eigenformers."):
        if not module.name.startswith("eigenformers._core") and not module.name.endswith("__main__"):
            found.append(module.name)
    return found


@pytest.mark.parametrize("name", _modules())
def test_examples_of(name: str, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    result = doctest.testmod(importlib.import_module(name), optionflags=flags)
    assert result.failed == 0


@pytest.mark.parametrize("page", sorted(path.name for path in DOCS.glob("*.md")))
def test_examples_of_page(page: str, tmp_path, monkeypatch):
    """Those that show what they print."""
    monkeypatch.chdir(tmp_path)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert doctest.testfile(str(DOCS / page), module_relative=False, optionflags=flags).failed == 0
