"""Every example in a docstring is run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import eigenformers
import pytest


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
