// Norms, activations, softmax and rope over 64 rows of 1536, which a near cache holds: what they read and write beside
// what memory could give.
#include "bench_data.h"
#include "machine_limits.h"

namespace ef::bench {
namespace {

using namespace rowwise;
constexpr int64_t kRows = 64, kColumns = 1536, kSize = kRows * kColumns;

template <class F>
void rows(benchmark::State& state, int arrays, F&& body) {
  measure(state, 0, 0, double(arrays * kSize) * sizeof(float), body);
}
void activation(benchmark::State& state, Unary f) {
  const auto x = floats(kSize);
  std::vector<float> y(x.size());
  rows(state, 2, [&] { unary(f, kSize, x.data(), y.data()); });
}
void silu_gated(benchmark::State& state) {
  const auto x = floats(kSize), up = floats(kSize);
  std::vector<float> y(x.size());
  rows(state, 3,
       [&] { glu(Unary::Silu, kRows, kColumns, x.data(), kColumns, up.data(), kColumns, y.data(), kColumns); });
}
void rms_norm_rows(benchmark::State& state) {
  const auto x = floats(kSize), w = floats(kColumns);
  std::vector<float> y(x.size());
  rows(state, 2, [&] {
    rms_norm(kRows, kColumns, x.data(), kColumns, {w.data()}, 1e-5, false, y.data(), kColumns,
             static_cast<float*>(nullptr));
  });
}
void softmax_rows(benchmark::State& state) {
  const auto x = floats(kSize);
  std::vector<float> y(x.size());
  rows(state, 2, [&] { softmax(kRows, kColumns, x.data(), kColumns, y.data(), kColumns); });
}
void rope_rows(benchmark::State& state, bool interleaved) {
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
  rows(state, 2, [&] { rope(a); });
}
BENCHMARK_CAPTURE(activation, silu, Unary::Silu)->UseRealTime();
BENCHMARK_CAPTURE(activation, gelu, Unary::Gelu)->UseRealTime();
BENCHMARK_CAPTURE(activation, gelu_tanh, Unary::GeluTanh)->UseRealTime();
BENCHMARK_CAPTURE(activation, exp, Unary::Exp)->UseRealTime();
BENCHMARK(silu_gated)->UseRealTime();
BENCHMARK(rms_norm_rows)->UseRealTime();
BENCHMARK(softmax_rows)->UseRealTime();
BENCHMARK_CAPTURE(rope_rows, half, false)->UseRealTime();
BENCHMARK_CAPTURE(rope_rows, interleaved, true)->UseRealTime();

}  // namespace
}  // namespace ef::bench
