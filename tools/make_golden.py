"""Records what the real libraries return for the cases in tests/python/cases/, or checks the records.

A case is a function `case_<name>(lib)` that takes the library as a module and returns plain values: numbers, strings,
lists, dicts, numpy arrays. `make_golden.py` runs each with the real library and writes
tests/python/golden/<area>.json (arrays beside it as <area>.npz); with --check it compares instead, numbers to a
relative 1e-4, and returns 1 on any difference. tests/python/test_golden.py runs the same cases with eigenformers.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np

TESTS = Path(__file__).resolve().parent.parent / "tests" / "python"
sys.path.insert(0, str(TESTS))

from golden_records import Record, compare  # noqa: E402


def load_cases(path: Path) -> dict[str, Any]:
    """The case functions of one file, by name, its `LIBRARY` (default transformers) and the `VERSION` it needs."""
    spec = importlib.util.spec_from_file_location(f"cases_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    found = {name[5:]: value for name, value in vars(module).items() if name.startswith("case_")}
    library = getattr(module, "LIBRARY", "transformers")
    return {"library": library, "version": getattr(module, "VERSION", None), "cases": found}


def main() -> int:
    """Record or check all areas, or those named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("areas", nargs="*", help="names of files in tests/python/cases (default: all)")
    parser.add_argument("--check", action="store_true", help="compare with the records instead of writing them")
    parser.add_argument("--only-versioned", action="store_true", help="only the areas that name this release")
    args = parser.parse_args()
    failures = 0
    for path in sorted((TESTS / "cases").glob("*.py")):
        if path.stem.startswith("_") or (args.areas and path.stem not in args.areas):
            continue
        loaded = load_cases(path)
        unwanted = args.only_versioned and not loaded["version"]
        library = None if unwanted else importlib.import_module(loaded["library"])  # an old release has not all of them
        if unwanted or loaded["version"] not in (None, library.__version__):
            print(f"{path.stem}: for {loaded['library']} {loaded['version'] or 'of today'}, skipped")
            continue
        values = {name: case(library) for name, case in loaded["cases"].items()}
        record = Record(TESTS / "golden" / path.stem)
        if not args.check:
            record.write(values, {"library": loaded["library"], "version": library.__version__})
            print(f"{path.stem}: {len(values)} cases recorded with {loaded['library']} {library.__version__}")
            continue
        stored = record.read()
        problems = [f"{n}: {p}" for n in values for p in compare(values[n], stored.get(n, "not recorded"))]
        problems += [f"{n}: recorded, but there is no such case" for n in stored if n not in values]
        print(f"{path.stem}: {len(values)} cases, {len(problems)} differences")
        for problem in problems[:20]:
            print("   ", problem)
        failures += len(problems)
    return bool(failures)


if __name__ == "__main__":
    np.set_printoptions(threshold=20)
    sys.exit(main())
