"""Writes the type stubs of the built extension, python/eigenformers/_core/*.pyi; --check compares instead."""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import tempfile
from pathlib import Path

STUBS = Path(__file__).resolve().parent.parent / "python" / "eigenformers" / "_core"


def settled(text: str) -> str:
    """The text with each run of imports in order: the generator's depends on addresses."""
    lines, out = text.split("\n"), []
    for is_import, run in itertools.groupby(lines, lambda line: line.startswith(("import ", "from "))):
        block = list(run)
        out += sorted(block, key=lambda line: ("__future__" not in line, line)) if is_import else block
    return "\n".join(out)


def generate() -> dict[str, str]:
    """File name → text, for the extension that is installed: one file a submodule."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pybind11_stubgen", "eigenformers._core", "-o", folder, "--ignore-all-errors"]
        subprocess.run(command, check=True, capture_output=True)
        root = Path(folder) / "eigenformers" / "_core"
        return {str(path.relative_to(root)): settled(path.read_text()) for path in sorted(root.rglob("*.pyi"))}


def main() -> int:
    """Write, or with --check return 1 when the committed stubs differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    made = generate()
    there = {str(path.relative_to(STUBS)): path.read_text() for path in sorted(STUBS.rglob("*.pyi"))}
    if not check:
        for name in there.keys() - made.keys():
            (STUBS / name).unlink()
        for name, text in made.items():
            (STUBS / name).parent.mkdir(parents=True, exist_ok=True)
            (STUBS / name).write_text(text)
        return 0
    stale = sorted(name for name in made.keys() | there.keys() if made.get(name) != there.get(name))
    print(f"stubs: {', '.join(stale)} differ; run `make stubs`" if stale else "stubs: as generated")
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())
