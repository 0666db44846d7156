"""A share of `tools/tokenizer_sweep.py`: real vocabularies over mixed text, every field beside the live library."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.parity
pytest.importorskip("tokenizers")
_spec = importlib.util.spec_from_file_location(
    "tokenizer_sweep", Path(__file__).parents[2] / "tools" / "tokenizer_sweep.py"
)
tool = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tool)

MEGABYTES = float(os.environ.get("EF_SWEEP_MEGABYTES", "0.2"))  # of each vocabulary


@pytest.mark.parametrize("name", tool.VOCABULARIES)
def test_mixed_text(name):
    lines: list[str] = []
    count = tool.sweep(name, MEGABYTES, 1, lines.append)
    if count is None:
        pytest.skip(f"the asset '{tool.VOCABULARIES[name][0]}' is missing (set EF_ASSETS to the folder that has it)")
    assert count == 0, "\n".join(lines)
