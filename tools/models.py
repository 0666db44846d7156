"""Writes docs/models.md from the registry of families; --check compares instead."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "models.md"
INTRO = """# Models

Every family, as the registry has it; written by `tools/models.py`. GGUF: architectures that are read. LoRA: the
modules that `LoraConfig` adapts without `target_modules`, as peft chooses them; "-": name them, or say "all-linear". Lines:
of code in the family's folders, C++ and Python, without blank lines and comments.

| model_type | heads | GGUF | LoRA | lines |
|---|---|---|---|---|
"""


def lines_of(model_type: str) -> int:
    """Lines of code in the family's two folders."""
    folder = model_type.replace("-", "_")
    folders = (ROOT / "csrc" / "models" / folder, ROOT / "python" / "eigenformers" / "models" / folder)
    files = [path for folder in folders for path in folder.glob("*") if path.suffix in (".cpp", ".h", ".py")]
    texts = [line.strip() for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    return sum(bool(text) and not text.startswith(("//", "#")) for text in texts)


def page() -> str:
    """The whole page."""
    from eigenformers.models.gguf import ARCHITECTURES
    from eigenformers.models.registry import FAMILIES
    from eigenformers.peft.matching import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as TARGETS

    rows = []
    for model_type, names in sorted(FAMILIES.items()):
        heads = [name.replace("AutoModelFor", "") for name in names if name.startswith("AutoModelFor")]
        files = [name for name, kind in ARCHITECTURES.items() if kind == model_type]
        cells = [", ".join(heads), ", ".join(files) or "-", ", ".join(TARGETS.get(model_type, "-"))]
        rows.append(f"| `{model_type}` | {' | '.join(cells)} | {lines_of(model_type)} |\n")
    return INTRO + "".join(rows)


def main() -> int:
    """Write the page, or with --check return 1 when the committed one differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if not parser.parse_args().check:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    same = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page()
    print("docs/models.md is " + ("up to date" if same else "out of date: run tools/models.py"))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
