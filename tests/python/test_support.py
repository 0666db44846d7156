"""Pages that are generated from the code are as it generates them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import eigenformers
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = os.path.dirname(os.path.dirname(eigenformers.__file__))


@pytest.mark.parametrize("tool", ["support.py", "family_example.py", "models.py"])
def test_the_page_is_up_to_date(tool):
    """In a process of its own, because other tests register families and tasks."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / tool), "--check"],
        env={**os.environ, "PYTHONPATH": PACKAGE},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
