#!/usr/bin/env python3
"""Fails when an object compiled for a wide instruction set exports anything but its kernel table.

The linker keeps one copy of every weak (inline, template) function of the program. If that copy came from an object compiled
with -mavx2 or wider, the whole program would crash on a CPU without it. So the objects of csrc/kernels/isa/ may define one
kind of global symbol: their table, a data symbol named ef::k…. Everything else must be local (anonymous namespace, static).

    tools/check_symbols.py build/main/libef_kernels.a [more archives or objects]
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys

# Members of the archive that hold wide code: <isa>.cpp.o or <isa>_<subject>.cpp.o. The baseline needs no guard.
WIDE = re.compile(r"(avx\w*|amx|neon_\w+)(_\w+)?\.cpp\.o$")
TABLE = re.compile(r"ef::k\w+$")
# Data that the compiler adds for exception handling: pointers, no instructions.
HARMLESS = re.compile(r"DW\.ref\.")


def global_symbols(path: str) -> list[tuple[str, str, str]]:
    """(object, kind, demangled name) of every global or weak symbol that the file defines."""
    text = subprocess.run(["nm", "-C", "-A", "--defined-only", path], check=True, capture_output=True, text=True).stdout
    found = []
    for line in text.splitlines():
        match = re.match(r"(?:.*[:/])?([^:/]+\.o):(?:[0-9a-f]+)? *([A-Za-z]) (.*)$", line)
        if match and (match[2].isupper() or match[2] in "uvw"):
            found.append((match[1], match[2], match[3]))
    return found


def violations(path: str) -> list[str]:
    """One line for every symbol that must not be global."""
    bad, objects = [], set()
    for name, kind, symbol in global_symbols(path):
        if not WIDE.search(name):
            continue
        objects.add(name)
        if HARMLESS.match(symbol) or (kind in "DRB" and TABLE.match(symbol)):
            continue
        bad.append(
            f"{path}: {name} defines '{symbol}' (nm type {kind}), needed only its table; "
            "move the function into the anonymous namespace or out of the file"
        )
    if not objects:
        bad.append(f"{path}: holds no object of a wide instruction set, needed at least one; wrong archive?")
    return bad


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", help="static libraries or objects")
    bad = [line for path in parser.parse_args().files for line in violations(path)]
    print("\n".join(bad) if bad else "no symbol of a wide instruction set leaks")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
