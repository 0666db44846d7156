"""Writes python/eigenformers/_core.pyi from the built extension; --check compares instead."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

STUB = Path(__file__).resolve().parent.parent / "python" / "eigenformers" / "_core.pyi"


def generate() -> str:
    """The stub text for the extension that is installed."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "pybind11_stubgen", "eigenformers._core", "-o", folder, "--ignore-all-errors"],
            check=True, capture_output=True,
        )  # fmt: skip
        made = sorted(Path(folder).rglob("*.pyi"))
        parts = [f"# {path.relative_to(folder)}\n{path.read_text()}" for path in made]
    return "\n".join(parts)


def main() -> int:
    """Write, or with --check return 1 when the committed stub differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    text = generate()
    if not check:
        STUB.write_text(text)
        return 0
    if STUB.exists() and STUB.read_text() == text:
        print("stubs: as generated")
        return 0
    print("stubs: _core.pyi differs from what the extension says; run `make stubs`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
