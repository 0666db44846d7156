#!/usr/bin/env bash
# Installs the real libraries in an environment of their own (torch's CPU build, pinned) and checks that every golden
# record is what they return today. `parity.sh VENV --record` writes the records anew instead.
set -euo pipefail
cd "$(dirname "$0")/.."
oracle=${ORACLE_VENV:-.venv-oracle}
if [ ! -e "$oracle/.ready" ]; then
  python3 -m venv "$oracle"
  "$oracle/bin/pip" install -q --disable-pip-version-check torch==2.13.0
  "$oracle/bin/pip" install -q --disable-pip-version-check -r tools/requirements-oracle.txt
  touch "$oracle/.ready"
fi
export HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false TQDM_DISABLE=1
if [ "${2:-}" = --record ]; then
  exec "$oracle/bin/python" tools/make_golden.py
fi
"$oracle/bin/python" tools/make_golden.py --check
# The package beside torch and transformers in one process: DLPack both ways, files both ways.
"$oracle/bin/python" -m pip install -q --disable-pip-version-check --no-deps --force-reinstall "$(tools/wheel.sh "${1:-.venv}")"
"$oracle/bin/python" -m pytest -q -m parity tests/python
