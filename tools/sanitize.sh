#!/usr/bin/env bash
# The C++ tests under AddressSanitizer and UndefinedBehaviorSanitizer.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv}
"$venv/bin/cmake" -S . -B build/sanitize -G Ninja -DCMAKE_MAKE_PROGRAM="$PWD/$venv/bin/ninja" -DEF_SANITIZE=ON -DEF_TESTS=ON \
  -DEF_PYTHON=OFF >/dev/null
"$venv/bin/ninja" -C build/sanitize
export EF_FUZZ_ITERATIONS=${EF_FUZZ_ITERATIONS:-10000} ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
"$venv/bin/ctest" --test-dir build/sanitize --output-on-failure -j 2 --timeout 1200
