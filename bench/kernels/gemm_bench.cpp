// y[m,n] = x[m,k]·W[n,k]ᵀ and its gradients. Few rows walk over 256 MB of weights, so that they come from memory.
#include "kernels/gemm.h"

#include "bench_data.h"
#include "machine_limits.h"

namespace ef::bench {
namespace {

using Product = void (*)(int64_t, int64_t, int64_t, const void*, DType, int64_t, const void*, DType, int64_t, float*,
                         int64_t, bool);
constexpr int64_t kColdRows = 8;

void gemm(benchmark::State& state, Product product, bool a_transposed, bool b_transposed, DType dtype, bool invariant) {
  const int64_t m = state.range(0), k = state.range(1), n = state.range(2), size = n * k;
  const bool cold = m <= kColdRows;
  const int64_t copies = cold ? std::max<int64_t>(1, (256 << 20) / (size * int64_t(item_size(dtype)))) : 1;
  const auto a = operand(m * k, DType::Float32), one = operand(size, dtype);
  std::vector<char> b;
  for (int64_t i = 0; i < copies; i++) b.insert(b.end(), one.begin(), one.end());
  std::vector<float> c(size_t(m * n));
  set_batch_invariant(invariant);
  int64_t i = 0;
  measure(state, 2.0 * double(m * n * k), dtype == DType::BFloat16 ? limits().bf16 : limits().f32,
          cold ? double(one.size()) : 0, [&] {
            product(m, n, k, a.data(), DType::Float32, a_transposed ? m : k,
                    b.data() + i++ % copies * int64_t(one.size()), dtype, b_transposed ? k : n, c.data(), n, false);
          });
  set_batch_invariant(false);
}
void shapes(benchmark::internal::Benchmark* b) {
  b->UseRealTime()->ArgNames({"m", "k", "n"});
  for (auto [k, n] : {std::pair{576, 1536}, {2048, 2048}})
    for (int64_t m : {1, 2, 4, 8, 16, 32, 128, 512}) b->Args({m, k, n});
  b->Args({1, 576, 49152});
}
BENCHMARK_CAPTURE(gemm, nt_f32, gemm_nt, false, true, DType::Float32, false)->Apply(shapes);
BENCHMARK_CAPTURE(gemm, nt_bf16, gemm_nt, false, true, DType::BFloat16, false)->Apply(shapes);
BENCHMARK_CAPTURE(gemm, nt_f16, gemm_nt, false, true, DType::Float16, false)->Apply(shapes);
BENCHMARK_CAPTURE(gemm, nn_f32, gemm_nn, false, false, DType::Float32, false)->Apply(shapes);
BENCHMARK_CAPTURE(gemm, nn_bf16, gemm_nn, false, false, DType::BFloat16, false)->Apply(shapes);
BENCHMARK_CAPTURE(gemm, tn_f32, gemm_tn, true, false, DType::Float32, false)->Apply(shapes);
BENCHMARK_CAPTURE(gemm, invariant_f32, gemm_nt, false, true, DType::Float32, true)->Apply(shapes);
BENCHMARK_CAPTURE(gemm, invariant_bf16, gemm_nt, false, true, DType::BFloat16, true)->Apply(shapes);

}  // namespace
}  // namespace ef::bench
