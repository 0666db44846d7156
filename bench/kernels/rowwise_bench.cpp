// Norms, activations, softmax and rope over 64 rows of 1536: time per element.
#include <benchmark/benchmark.h>

#include "bench_data.h"
#include "kernels/kernels.h"

namespace ef::bench {
namespace {

using namespace rowwise;
constexpr int64_t kRows = 64, kColumns = 1536, kSize = kRows * kColumns;

void finish(benchmark::State& state) {
  state.counters["s/element"] =
      benchmark::Counter(double(kSize), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.SetLabel(isa_name());
}
void activation(benchmark::State& state, Unary f) {
  const auto x = floats(kSize);
  std::vector<float> y(x.size());
  for (auto _ : state) unary(f, kSize, x.data(), y.data());
  finish(state);
}
void gated(benchmark::State& state) {
  const auto x = floats(kSize), up = floats(kSize);
  std::vector<float> y(x.size());
  for (auto _ : state) glu(Unary::Silu, kRows, kColumns, x.data(), kColumns, up.data(), kColumns, y.data(), kColumns);
  finish(state);
}
void norm(benchmark::State& state) {
  const auto x = floats(kSize), w = floats(kColumns);
  std::vector<float> y(x.size());
  for (auto _ : state)
    rms_norm(kRows, kColumns, x.data(), kColumns, {w.data()}, 1e-5, false, y.data(), kColumns,
             static_cast<float*>(nullptr));
  finish(state);
}
void row_softmax(benchmark::State& state) {
  const auto x = floats(kSize);
  std::vector<float> y(x.size());
  for (auto _ : state) softmax(kRows, kColumns, x.data(), kColumns, y.data(), kColumns);
  finish(state);
}
void row_rope(benchmark::State& state, bool interleaved) {
  const auto x = floats(kSize), table = floats(kRows * 32);
  std::vector<float> y(x.size());
  const RopeArgs<float> a{.tokens = kRows,
                          .heads = kColumns / 64,
                          .head_dim = 64,
                          .rotary_dim = 64,
                          .x = x.data(),
                          .x_token = kColumns,
                          .x_head = 64,
                          .y = y.data(),
                          .y_token = kColumns,
                          .y_head = 64,
                          .cos = table.data(),
                          .sin = table.data(),
                          .interleaved = interleaved};
  for (auto _ : state) rope(a);
  finish(state);
}
BENCHMARK_CAPTURE(activation, silu, Unary::Silu)->UseRealTime()->MinTime(0.1);
BENCHMARK_CAPTURE(activation, gelu, Unary::Gelu)->UseRealTime()->MinTime(0.1);
BENCHMARK_CAPTURE(activation, gelu_tanh, Unary::GeluTanh)->UseRealTime()->MinTime(0.1);
BENCHMARK_CAPTURE(activation, exp, Unary::Exp)->UseRealTime()->MinTime(0.1);
BENCHMARK(gated)->UseRealTime()->MinTime(0.1);
BENCHMARK(norm)->UseRealTime()->MinTime(0.1);
BENCHMARK(row_softmax)->UseRealTime()->MinTime(0.1);
BENCHMARK_CAPTURE(row_rope, half, false)->UseRealTime()->MinTime(0.1);
BENCHMARK_CAPTURE(row_rope, interleaved, true)->UseRealTime()->MinTime(0.1);

}  // namespace
}  // namespace ef::bench
