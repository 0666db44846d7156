#!/usr/bin/env bash
# lint.sh VENV BUILD
# Style and structure: ruff, clang-format, layers, leaking symbols, stubs, and clang-tidy for the C++ files changed since
# EF_LINT_BASE (else since the branch left origin/main, else by the last commit).
set -euo pipefail
venv=${1:-.venv} build=${2:-build/dev}
cd "$(dirname "$0")/.."
"$venv/bin/ruff" check python tests tools bench
if command -v clang-format >/dev/null; then
  find csrc tests/cpp \( -name '*.cpp' -o -name '*.h' \) -print0 | xargs -0 clang-format --dry-run -Werror
fi
"$venv/bin/python" tools/check_layers.py
[ -f "$build/libef_kernels.a" ] && "$venv/bin/python" tools/check_symbols.py "$build/libef_kernels.a"

command -v clang-tidy >/dev/null && [ -f "$build/compile_commands.json" ] || exit 0
base=${EF_LINT_BASE:-$(git merge-base origin/main HEAD 2>/dev/null || true)}
if [ -z "$base" ] || [ "$(git rev-parse "$base")" = "$(git rev-parse HEAD)" ]; then
  git rev-parse -q --verify HEAD~1 >/dev/null || git fetch -q --deepen=1 || true  # a shallow clone lacks the parent
  base=$(git rev-parse -q --verify HEAD~1 || true)
fi
if [ -z "$base" ]; then
  echo "lint: no earlier commit to compare with, clang-tidy not run"
  exit 0
fi
# clang cannot read gcc's precompiled headers; without them it also finds the #include that a file forgot.
mkdir -p "$build/tidy"
sed -E 's/-Winvalid-pch -include [^ ]*cmake_pch.hxx//' "$build/compile_commands.json" >"$build/tidy/compile_commands.json"
# Kernels for other instruction sets, which the compile commands do not hold, are left out.
git diff --name-only --diff-filter=d "$base" -- 'csrc/*.cpp' | while read -r file; do
  grep -q "/$file\"" "$build/compile_commands.json" && printf '%s\0' "$file"
done | xargs -0 -r -n 1 -P "$(nproc)" clang-tidy -p "$build/tidy" --quiet
