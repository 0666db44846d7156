#!/usr/bin/env bash
# Installs the real libraries in an environment of their own (torch's CPU build, pinned) and checks that every golden
# record is what they return today. `parity.sh VENV --record` writes the records anew instead.
set -euo pipefail
cd "$(dirname "$0")/.."
oracle=${ORACLE_VENV:-.venv-oracle}
if [ ! -e "$oracle/.ready" ] || [ tools/requirements-oracle.txt -nt "$oracle/.ready" ]; then
  [ -x "$oracle/bin/python" ] || python3 -m venv "$oracle"
  "$oracle/bin/pip" install -q --disable-pip-version-check torch==2.13.0
  "$oracle/bin/pip" install -q --disable-pip-version-check -r tools/requirements-oracle.txt
  touch "$oracle/.ready"
fi
# What transformers 5 dropped is recorded with the last release that has it.
old=${ORACLE4_VENV:-.venv-oracle4}
if [ ! -e "$old/.ready" ] || [ tools/parity.sh -nt "$old/.ready" ]; then
  [ -x "$old/bin/python" ] || python3 -m venv "$old"
  "$old/bin/pip" install -q --disable-pip-version-check torch==2.13.0
  "$old/bin/pip" install -q --disable-pip-version-check transformers==4.57.6 sentencepiece protobuf
  touch "$old/.ready"
fi
# The ways of decoding that 4.56 and 4.57 moved away are recorded with the last one that has them all; it shares the rest.
older=${ORACLE4_MODES_VENV:-.venv-oracle4-modes}
if [ ! -e "$older/.ready" ]; then
  python3 -m venv "$older"
  packages=$("$older/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  "$old/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' >"$packages/oracle4.pth"
  "$older/bin/pip" install -q --disable-pip-version-check --no-deps transformers==4.55.4 tokenizers==0.21.4
  touch "$older/.ready"
fi
export HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false TQDM_DISABLE=1
if [ "${2:-}" = --record ]; then
  "$oracle/bin/python" tools/make_golden.py
  "$old/bin/python" tools/make_golden.py --only-versioned
  exec "$older/bin/python" tools/make_golden.py --only-versioned
fi
"$oracle/bin/python" tools/make_golden.py --check
"$old/bin/python" tools/make_golden.py --check --only-versioned
"$older/bin/python" tools/make_golden.py --check --only-versioned
# The package beside torch and transformers in one process: DLPack both ways, files both ways.
"$oracle/bin/python" -m pip install -q --disable-pip-version-check --no-deps --force-reinstall "$(tools/wheel.sh "${1:-.venv}")"
"$oracle/bin/python" -m pytest -q -m parity tests/python
