// Tensors of published GGUF files, if they are there (EF_ASSETS, else ~/.cache/eigenformers-assets).
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "io/gguf.h"
#include "kernels/quant_testing.h"
#include "quantizers/ggml/ggml_weight.h"

namespace ef {
namespace {

struct RealTensor {
  const char *file, *name;
  uint32_t type;
  int64_t rows;
  uint64_t hash;
};
#include "quantizers/ggml_real_golden.inc"

std::filesystem::path assets() {
  if (const char* folder = std::getenv("EF_ASSETS")) return folder;
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home ? home : ".") / ".cache/eigenformers-assets";
}

TEST(GgmlReal, ValuesAndProducts) {
  int seen = 0;
  for (const RealTensor& real : kRealTensors) {
    const auto path = assets() / real.file;
    if (!std::filesystem::exists(path)) continue;
    seen++;
    const GgufFile file(path.string());
    const GgufTensor& tensor = file.at(real.name);
    ASSERT_EQ(uint32_t(tensor.type), real.type);
    const int64_t n = real.rows, k = tensor.shape.back();
    const GgmlWeight weight(GgmlType(real.type), n, k, reinterpret_cast<const uint8_t*>(tensor.data));
    const Tensor dense = weight.dense(0, n);
    const float* w = dense.data<float>();
    EXPECT_EQ(fnv(w, size_t(n * k) * 4), real.hash) << real.file << " " << real.name;

    const int64_t m = 5;
    std::mt19937 bits(1);
    std::normal_distribution<float> normal;
    std::vector<float> x(size_t(m * k)), dy(size_t(m * n));
    for (float& v : x) v = normal(bits);
    for (float& v : dy) v = normal(bits);
    const Tensor y = weight.matmul(Activation(Tensor::from_data(x, {m, k})));
    double error = 0, size = 0;
    for (int64_t i = 0; i < m; i++)
      for (int64_t j = 0; j < n; j++) {
        double truth = 0;
        for (int64_t p = 0; p < k; p++) truth += double(x[size_t(i * k + p)]) * double(w[j * k + p]);
        const double e = y.data<float>()[i * n + j] - truth;
        ASSERT_LE(std::fabs(e), rounding_bound(&x[size_t(i * k)], w + j * k, k)) << real.name;
        error += e * e, size += truth * truth;
      }
    // Rounding 32 gaussian neighbours (largest about 2.1) to steps of 2.1/127 leaves 2.1/127/√12 = 0.5 % of noise.
    EXPECT_LT(std::sqrt(error / size), 0.008) << real.name;

    const Tensor dx = weight.matmul_grad(Tensor::from_data(dy, {m, n}));
    for (int64_t i = 0; i < m; i++)
      for (int64_t p = 0; p < k; p++) {
        double truth = 0, magnitude = 0;
        for (int64_t j = 0; j < n; j++) {
          const double t = double(dy[size_t(i * n + j)]) * double(w[j * k + p]);
          truth += t, magnitude += std::fabs(t);
        }
        ASSERT_NEAR(dx.data<float>()[i * k + p], truth, magnitude * double(n + 1) * 0x1p-23);
      }
  }
  if (!seen) GTEST_SKIP() << "no asset found: smollm2-135m, gemma3-270m";
}

}  // namespace
}  // namespace ef
