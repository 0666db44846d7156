// y[m,n] = x[m,k]·W[n,k]ᵀ with block-quantized weights. m=1 walks over 256 MB of weights, so that they come from
// memory.
#include "kernels/quant.h"

#include "bench_data.h"
#include "kernels/encode.h"
#include "machine_limits.h"

namespace ef::bench {
namespace {

void quant(benchmark::State& state, GgmlType type) {
  const int64_t m = state.range(0), k = state.range(1), n = state.range(2);
  std::vector<uint8_t> file(size_t(n) * ggml_row_bytes(type, k)), one(quant_packed_bytes(type, n, k));
  encode_rows(type, n, k, floats(n * k).data(), nullptr, file.data());
  quant_pack(type, n, k, file.data(), one.data());
  const size_t copies = m == 1 ? std::max<size_t>(1, (256 << 20) / one.size()) : 1;
  std::vector<uint8_t> weights;
  for (size_t i = 0; i < copies; i++) weights.insert(weights.end(), one.begin(), one.end());
  const auto x = floats(m * k);
  std::vector<float> y(size_t(m * n));
  std::vector<uint8_t> memory(quant_activation_bytes(m, k) + 64);
  uint8_t* activations = memory.data() + 64 - reinterpret_cast<uintptr_t>(memory.data()) % 64;
  size_t i = 0;
  measure(state, 2.0 * double(m * n * k), limits().int8, copies > 1 ? double(one.size()) : 0, [&] {
    const QuantTarget target{type, weights.data() + i++ % copies * one.size(), n, y.data(), n};
    if (quant_rounds(m)) {
      quant_matmul_rounded(m, k, x.data(), DType::Float32, k, {&target, 1});
    } else {
      quant_activations(m, k, x.data(), k, activations);
      quant_matmul(m, k, activations, {&target, 1});
    }
  });
}
void shapes(benchmark::internal::Benchmark* b) {
  b->UseRealTime()->ArgNames({"m", "k", "n"});
  for (int64_t m : {1, 8, 512}) b->Args({m, 2048, 2048});
}
#define EF_FORMAT(name) BENCHMARK_CAPTURE(quant, name, GgmlType::name)->Apply(shapes)
EF_FORMAT(Q4_0);
EF_FORMAT(Q4_1);
EF_FORMAT(Q5_0);
EF_FORMAT(Q5_1);
EF_FORMAT(Q8_0);
EF_FORMAT(Q2_K);
EF_FORMAT(Q3_K);
EF_FORMAT(Q4_K);
EF_FORMAT(Q5_K);
EF_FORMAT(Q6_K);
EF_FORMAT(IQ4_NL);
EF_FORMAT(MXFP4);

}  // namespace
}  // namespace ef::bench
