"""bench/tokenize.py says which choices there are."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "bench" / "tokenize.py"


@pytest.mark.parametrize(
    "option", ["--vocab zzz", "--only zzz", "--shapes zzz", "--against zzz", "--threads 0", "--rounds 0", "--peers /nope"]
)
def test_wrong_options_are_named(option):
    ran = subprocess.run([sys.executable, SCRIPT, *option.split()], capture_output=True, text=True, timeout=60)
    name, value = option.split()
    assert ran.returncode == 2
    assert f"argument {name}: " in ran.stderr.splitlines()[-1] and value in ran.stderr.splitlines()[-1]
