// What this machine can do at most, measured in the same run with the pool's threads; and how near a kernel came.
#pragma once
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>

#include "kernels/kernels.h"

namespace ef::bench {

struct Limits {
  double read;             // GB/s from memory
  double f32, bf16, int8;  // GF/s of multiply-adds; 0: no such instructions, or not measured here
};
const Limits& limits();

// Times `body`, which does `flops` with numbers of one kind and reads `bytes` that are in no cache (0: all are). The
// share is that of the limit that binds: the time that memory or the arithmetic alone would take.
template <class F>
void measure(benchmark::State& state, double flops, double peak, double bytes, F&& body) {
  using Clock = std::chrono::steady_clock;
  const double least = std::max(peak > 0 ? flops / peak : 0, bytes / limits().read) * 1e-9;
  const auto begin = Clock::now();
  for (auto _ : state) body();
  const double each = std::chrono::duration<double>(Clock::now() - begin).count() / double(state.iterations());
  state.counters["GF/s"] = flops / each * 1e-9;
  state.counters["GB/s"] = bytes / each * 1e-9;
  state.counters["share"] = least / each;
}

}  // namespace ef::bench
