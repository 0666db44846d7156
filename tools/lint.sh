#!/usr/bin/env bash
# Style and structure: clang-format, clang-tidy (files changed against the given base), ruff, layers, symbols, stubs.
set -euo pipefail
venv=${1:-.venv}
cd "$(dirname "$0")/.."
"$venv/bin/ruff" check python tests tools bench
if command -v clang-format >/dev/null; then
  find csrc tests/cpp \( -name '*.cpp' -o -name '*.h' \) -print0 | xargs -0 clang-format --dry-run -Werror
fi
"$venv/bin/python" tools/check_layers.py
