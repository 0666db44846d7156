"""docs/support.md is what tools/support.py generates from the code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import eigenformers

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = os.path.dirname(os.path.dirname(eigenformers.__file__))


def test_the_page_is_up_to_date():
    """In a process of its own, because other tests register families and tasks."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "support.py"), "--check"],
        env={**os.environ, "PYTHONPATH": PACKAGE},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
