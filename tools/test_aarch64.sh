#!/bin/sh
# Cross-compiles core and kernels for AArch64 and runs the kernel tests under qemu (slow: part of `make test-long`).
# Needs g++-aarch64-linux-gnu, qemu-user-static and libgtest-dev (for GoogleTest's sources); ends with 77 where they are
# missing. Arguments are passed to the test program, e.g. --gtest_filter='*Gemm*'.
set -e
cd "$(dirname "$0")/.."
gtest=/usr/src/googletest/googletest
if ! command -v aarch64-linux-gnu-g++ >/dev/null || ! command -v qemu-aarch64-static >/dev/null || [ ! -d $gtest ]; then
  echo "skipped: needs g++-aarch64-linux-gnu, qemu-user-static and libgtest-dev"
  exit 77
fi
out=build/aarch64
mkdir -p $out
sources=$(ls csrc/core/*.cpp csrc/kernels/*.cpp csrc/kernels/reference/*.cpp csrc/kernels/isa/baseline*.cpp \
  csrc/kernels/isa/neon*.cpp tests/cpp/kernels/*.cpp $gtest/src/gtest-all.cc $gtest/src/gtest_main.cc)
{
  echo "flags = -std=c++20 -O2 -ffp-contract=off -fno-math-errno -DEF_HAVE_BASELINE -DEF_HAVE_NEON -Icsrc -Itests/cpp" \
    "-I$gtest -I$gtest/include"
  echo "objects ="
  for s in $sources; do
    o=$out/$(echo "$s" | tr / _).o
    printf 'objects += %s\n%s: %s\n\taarch64-linux-gnu-g++ $(flags) -MMD -c $< -o $@\n-include %s\n' "$o" "$o" "$s" "${o%.o}.d"
  done
  printf '%s/test_kernels: $(objects)\n\taarch64-linux-gnu-g++ -static -pthread $^ -o $@\n' $out
} >$out/Makefile
make -s -j2 -f $out/Makefile $out/test_kernels
# That one test starts its own program again, which qemu cannot do.
exec qemu-aarch64-static $out/test_kernels --gtest_brief=1 --gtest_filter=-Dispatch.EnvironmentVariable "$@"
