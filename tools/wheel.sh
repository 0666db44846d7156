#!/usr/bin/env bash
# Builds a wheel from the development build and prints its path.
set -euo pipefail
cd "$(dirname "$0")/.."
rm -rf build/wheel
"${1:-.venv}/bin/python" -m pip wheel -q --disable-pip-version-check --no-deps --no-build-isolation -w build/wheel \
  -Cbuild-dir=build/dev -Ccmake.define.EF_TESTS=ON . >&2
ls build/wheel/*.whl
