// y[m,n] = x[m,k]·W[n,k]ᵀ and its gradients; GF/s, and GB/s of the weights. m=1 walks over 256 MB of weights, so that
// they come from memory.
#include <benchmark/benchmark.h>

#include "bench_data.h"
#include "kernels/gemm.h"
#include "kernels/kernels.h"

namespace ef::bench {
namespace {

using Product = void (*)(int64_t, int64_t, int64_t, const void*, DType, int64_t, const void*, DType, int64_t, float*,
                         int64_t, bool);

void run(benchmark::State& state, Product product, bool a_transposed, bool b_transposed, DType dtype, bool invariant,
         bool cold) {
  const int64_t m = state.range(0), k = state.range(1), n = state.range(2), size = n * k;
  const int64_t copies = cold ? std::max<int64_t>(1, (256 << 20) / (size * int64_t(item_size(dtype)))) : 1;
  const auto a = operand(m * k, DType::Float32), one = operand(size, dtype);
  std::vector<char> b;
  for (int64_t i = 0; i < copies; i++) b.insert(b.end(), one.begin(), one.end());
  std::vector<float> c(size_t(m * n));
  set_batch_invariant(invariant);
  int64_t i = 0;
  for (auto _ : state)
    product(m, n, k, a.data(), DType::Float32, a_transposed ? m : k, b.data() + i++ % copies * int64_t(one.size()),
            dtype, b_transposed ? k : n, c.data(), n, false);
  set_batch_invariant(false);
  state.counters["GF/s"] = benchmark::Counter(2e-9 * double(m * n * k), benchmark::Counter::kIsIterationInvariantRate);
  state.counters["GB/s"] = benchmark::Counter(1e-9 * double(one.size()), benchmark::Counter::kIsIterationInvariantRate);
  state.SetLabel(isa_name());
}
void shapes(benchmark::internal::Benchmark* b) {
  b->UseRealTime()->MinTime(0.1)->ArgNames({"m", "k", "n"});
  for (int64_t m : {1, 2, 4, 8, 12, 16, 32, 64, 128, 512})
    for (auto [k, n] : {std::pair{576, 576}, {576, 1536}, {1536, 576}, {2048, 2048}}) b->Args({m, k, n});
}
void cold_shapes(benchmark::internal::Benchmark* b) {
  b->UseRealTime()->MinTime(0.2)->ArgNames({"m", "k", "n"});
  for (int64_t m : {1, 2, 4, 8})
    for (auto [k, n] : {std::pair{576, 1536}, {2048, 2048}, {576, 49152}}) b->Args({m, k, n});
}
BENCHMARK_CAPTURE(run, nt_f32, gemm_nt, false, true, DType::Float32, false, false)->Apply(shapes);
BENCHMARK_CAPTURE(run, nt_bf16, gemm_nt, false, true, DType::BFloat16, false, false)->Apply(shapes);
BENCHMARK_CAPTURE(run, nt_f16, gemm_nt, false, true, DType::Float16, false, false)->Apply(shapes);
BENCHMARK_CAPTURE(run, nn_f32, gemm_nn, false, false, DType::Float32, false, false)->Apply(shapes);
BENCHMARK_CAPTURE(run, tn_f32, gemm_tn, true, false, DType::Float32, false, false)->Apply(shapes);
BENCHMARK_CAPTURE(run, nn_bf16, gemm_nn, false, false, DType::BFloat16, false, false)->Apply(shapes);
BENCHMARK_CAPTURE(run, invariant_f32, gemm_nt, false, true, DType::Float32, true, false)->Apply(shapes);
BENCHMARK_CAPTURE(run, invariant_bf16, gemm_nt, false, true, DType::BFloat16, true, false)->Apply(shapes);
BENCHMARK_CAPTURE(run, cold_f32, gemm_nt, false, true, DType::Float32, false, true)->Apply(cold_shapes);
BENCHMARK_CAPTURE(run, cold_bf16, gemm_nt, false, true, DType::BFloat16, false, true)->Apply(cold_shapes);
BENCHMARK_CAPTURE(run, cold_invariant_f32, gemm_nt, false, true, DType::Float32, true, true)->Apply(cold_shapes);
BENCHMARK_CAPTURE(run, cold_invariant_bf16, gemm_nt, false, true, DType::BFloat16, true, true)->Apply(cold_shapes);

}  // namespace
}  // namespace ef::bench
