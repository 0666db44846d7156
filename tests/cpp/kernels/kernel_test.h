// Shared by the kernel tests: every instruction set of this machine, thread counts, and data of each dtype.
#pragma once
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "core/thread_pool.h"
#include "kernels/kernels.h"
#include "kernels/reference/gemm.h"

namespace ef::test {

class EachIsa : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { select_isa(GetParam()); }
  void TearDown() override { select_isa(available_isas().front()); }
};
#define EF_EACH_ISA(suite) \
  INSTANTIATE_TEST_SUITE_P(Isa, suite, testing::ValuesIn(ef::available_isas()), [](auto& info) { return info.param; })

// Runs body with 1 thread and with `threads`, and restores the pool.
template <class F>
void with_threads(int threads, F&& body) {
  ThreadPool& pool = ThreadPool::instance();
  const int before = pool.size();
  pool.resize(threads);
  body();
  pool.resize(before);
}

inline std::mt19937& generator() {
  static std::mt19937 g(7);
  return g;
}
inline std::vector<float> random_floats(int64_t n, float scale = 1.f) {
  std::normal_distribution<float> normal(0, scale);
  std::vector<float> v(static_cast<size_t>(n));
  for (float& x : v) x = normal(generator());
  return v;
}

// An array of some dtype, filled from floats.
struct Data {
  DType dtype;
  std::vector<char> bytes;
  Data(DType d, const std::vector<float>& values) : dtype(d), bytes(values.size() * item_size(d) + 1) {
    for (size_t i = 0; i < values.size(); i++) {
      if (d == DType::Float32)
        reinterpret_cast<float*>(bytes.data())[i] = values[i];
      else if (d == DType::Float64)
        reinterpret_cast<double*>(bytes.data())[i] = values[i];
      else if (d == DType::BFloat16)
        reinterpret_cast<bfloat16*>(bytes.data())[i] = bfloat16(values[i]);
      else
        reinterpret_cast<float16*>(bytes.data())[i] = float16(values[i]);
    }
  }
  const void* data() const { return bytes.data(); }
  double operator[](int64_t i) const { return reference::element(bytes.data(), dtype, i); }
};

}  // namespace ef::test
