"""Checks that csrc/<folder> includes only the folders its README.md names ("Depends on: …")."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent / "csrc"
INCLUDE = re.compile(r'^\s*#\s*include\s+"([a-z_]+)/', re.MULTILINE)


def allowed(folder: Path) -> set[str]:
    """The folders that the README of `folder` allows, itself included."""
    line = next((row for row in (folder / "README.md").read_text().splitlines() if row.startswith("Depends on:")), None)
    if line is None:
        raise SystemExit(f"{folder.name}/README.md: no line 'Depends on: …'")
    names = re.sub(r"\([^)]*\)", "", line.removeprefix("Depends on:"))
    return {folder.name, *names.replace(",", " ").split()}


def main() -> int:
    """Print every include that crosses a layer upwards; 1 if there are any."""
    folders = {path.name: path for path in sorted(ROOT.iterdir()) if path.is_dir()}
    bad = []
    for name, folder in folders.items():
        may = allowed(folder)
        for file in sorted([*folder.rglob("*.h"), *folder.rglob("*.cpp"), *folder.rglob("*.inc")]):
            for used in INCLUDE.findall(file.read_text()):
                if used in folders and used not in may:
                    bad.append(
                        f"{file.relative_to(ROOT.parent)}: includes {used}/, but {name} may use only {', '.join(sorted(may))}"
                    )
    print("\n".join(bad) if bad else f"layers: {len(folders)} folders, all includes point down")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
