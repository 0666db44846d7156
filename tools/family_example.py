"""Writes the diff of one family, qwen3, into CONTRIBUTING.md: every line of its folders and of its registration.

`--check` compares with the page and returns 1 if it is out of date.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "CONTRIBUTING.md"
FAMILY = "qwen3"
BEGIN, END = "<!-- family: tools/family_example.py -->\n", "<!-- end -->\n"
FOLDERS = (f"csrc/models/{FAMILY}", f"python/eigenformers/models/{FAMILY}")
REGISTRATION = {
    "csrc/models/registry.cpp": (f"models/{FAMILY}/{FAMILY}.h", f'"{FAMILY}"'),
    "python/eigenformers/models/registry.py": (f'"{FAMILY}":',),
    "python/eigenformers/models/gguf.py": (f'"{FAMILY}": "{FAMILY}"',),
}


def diff() -> tuple[list[str], int]:
    """The diff, and how many lines the family has."""
    lines, count = [], 0

    def file(name: str, added: list[str], old: str) -> None:
        nonlocal count
        lines.extend([f"--- {old}", f"+++ {name}", *(f"+{line}".rstrip() for line in added)])
        count += len(added)

    for folder in FOLDERS:
        for path in sorted((ROOT / folder).glob("*.*")):
            if path.suffix in (".cpp", ".h", ".py"):
                file(f"{folder}/{path.name}", path.read_text(encoding="utf-8").splitlines(), "/dev/null")
    for name, marks in REGISTRATION.items():
        text = (ROOT / name).read_text(encoding="utf-8").splitlines()
        file(name, [line for line in text if any(mark in line for mark in marks)], name)
    return lines, count


def page() -> str:
    """CONTRIBUTING.md with the diff of today."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    lines, count = diff()
    note = f"{count} lines in all; a family may take 300.\n\n"
    return before + BEGIN + note + "```diff\n" + "\n".join(lines) + "\n```\n" + END + after


def main() -> int:
    """Write or check the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    text = page()
    if not parser.parse_args().check:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    same = PAGE.read_text(encoding="utf-8") == text and diff()[1] <= 300
    print(f"CONTRIBUTING.md: {'up to date' if same else 'out of date, run tools/family_example.py'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
