#!/usr/bin/env bash
# The slow tests: long fuzzing, every instruction set this machine has, tests marked long.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv} build=${2:-build/dev}
export EF_FUZZ_ITERATIONS=${EF_FUZZ_ITERATIONS:-10000}
"$venv/bin/ctest" --test-dir "$build" --output-on-failure -j 2
# The instruction set that is chosen here has just been tested.
for isa in $("$venv/bin/python" -c 'import eigenformers._core as c; print(*sorted({*c.available_isas()} - {c.isa_name()}))'); do
  echo "== EIGENFORMERS_ISA=$isa"
  EIGENFORMERS_ISA=$isa "$venv/bin/ctest" --test-dir "$build" --output-on-failure -j 2 -L 'kernels|ops|quantizers|models'
  EIGENFORMERS_ISA=$isa "$venv/bin/python" -m pytest -q tests/python/test_golden.py -k 'models or generation'
done
tools/test_aarch64.sh || [ $? -eq 77 ]  # 77: no cross-compiler or qemu here
"$venv/bin/python" -m pytest -q -m "long and not parity"
