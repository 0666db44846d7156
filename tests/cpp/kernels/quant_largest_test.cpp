#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/half.h"
#include "core/thread_pool.h"
#include "kernels/kernels.h"
#include "kernels/quant.h"
#include "kernels/quant_testing.h"

namespace ef {
namespace {

constexpr int64_t kBlockBytes = 34;  // of Q8_0: an f16 scale, 32 signed bytes

struct Products {
  std::vector<float> whole, largest;
  double multiplied = 0;
};

Products products(const std::vector<uint8_t>& file, int64_t n, int64_t k, const std::vector<float>& x) {
  std::vector<uint8_t> packed(quant_packed_bytes(GgmlType::Q8_0, n, k));
  quant_pack(GgmlType::Q8_0, n, k, file.data(), packed.data());
  const Activations a(1, k, x.data());
  Products out{std::vector<float>(size_t(n), NAN), std::vector<float>(size_t(n), NAN)};
  QuantTarget target{GgmlType::Q8_0, packed.data(), n, out.whole.data(), n};
  quant_matmul(1, k, a.data, {&target, 1});
  target.y = out.largest.data();
  out.multiplied = quant_matmul_largest(k, a.data, target);
  return out;
}

void expect_largest(const Products& p) {
  const float most = *std::max_element(p.whole.begin(), p.whole.end());
  for (size_t i = 0; i < p.whole.size(); i++)
    if (p.largest[i] != p.whole[i]) {
      ASSERT_LT(p.largest[i], most) << i;
      ASSERT_LT(p.whole[i], most) << i;
    }
}

void set_scale(std::vector<uint8_t>& file, int64_t block, float scale) {
  const uint16_t half = to_f16(scale);
  std::memcpy(&file[size_t(block * kBlockBytes)], &half, 2);
}

std::vector<uint8_t> random_file(uint64_t seed, int64_t n, int64_t k) {
  auto file = random_bytes(seed, size_t(n) * ggml_row_bytes(GgmlType::Q8_0, k));
  const auto scales = random_floats(seed + 1, size_t(n * k / 32));  // of either sign
  for (size_t b = 0; b < scales.size(); b++) set_scale(file, int64_t(b), 0.01f * scales[b]);
  return file;
}

class QuantLargest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { select_isa(GetParam()); }
  void TearDown() override { select_isa(available_isas().front()); }
};
INSTANTIATE_TEST_SUITE_P(Isa, QuantLargest, testing::ValuesIn(available_isas()));

TEST_P(QuantLargest, IsThatOfTheProduct) {
  ThreadPool& pool = ThreadPool::instance();
  const int threads = pool.size();
  for (int size : {1, 2, 3}) {
    pool.resize(size);
    for (int64_t n : {1, 15, 16, 37, 2000})
      for (int64_t k : {32, 64, 576, 2048})
        for (uint64_t seed = 0; seed < 4; seed++) {
          auto x = random_floats(seed + uint64_t(n + k), size_t(k));
          for (size_t i = 5; i < x.size(); i += 301) x[i] *= 30;
          if (seed == 3) std::fill(x.begin(), x.end(), 0.f);  // all are equal
          const auto p = products(random_file(seed * 7 + uint64_t(n), n, k), n, k, x);
          ASSERT_NO_FATAL_FAILURE(expect_largest(p)) << n << " " << k << " " << seed;
          ASSERT_EQ(std::max_element(p.largest.begin(), p.largest.end()) - p.largest.begin(),
                    std::max_element(p.whole.begin(), p.whole.end()) - p.whole.begin());
        }
  }
  pool.resize(threads);
}

TEST_P(QuantLargest, EqualsAreAllFound) {
  const int64_t n = 3000, k = 96;
  auto file = random_file(11, n, k);
  const auto x = random_floats(12, size_t(k));
  const size_t row = ggml_row_bytes(GgmlType::Q8_0, k);
  const auto first = products(file, n, k, x);
  const auto top = size_t(std::max_element(first.whole.begin(), first.whole.end()) - first.whole.begin());
  for (size_t i : {size_t(3), size_t(1700), size_t(2999)})
    std::copy_n(file.begin() + int64_t(top * row), row, file.begin() + int64_t(i * row));
  const auto p = products(file, n, k, x);
  for (size_t i : {size_t(3), size_t(1700), size_t(2999), top}) EXPECT_EQ(p.largest[i], first.whole[top]) << i;
  expect_largest(p);
}

// A row whose low nibbles all point the way of x is above its estimate by as much as there can be: no less may be
// allowed for, although another row's estimate is higher and its product is hardly smaller.
TEST_P(QuantLargest, NoRowIsAboveItsBound) {
  const int64_t n = 64, k = 640;
  for (uint64_t seed = 0; seed < 50; seed++) {
    const auto x = random_floats(seed, size_t(k));
    std::vector<uint8_t> file(size_t(n) * ggml_row_bytes(GgmlType::Q8_0, k), 0);
    const int64_t blocks = k / 32, hidden = int64_t(seed % 50) + 7, plain = 2;
    for (int64_t b = 0; b < blocks; b++) {
      set_scale(file, hidden * blocks + b, 1);
      auto* code = reinterpret_cast<int8_t*>(&file[size_t((hidden * blocks + b) * kBlockBytes + 2)]);
      for (int i = 0; i < 32; i++) code[i] = x[size_t(b * 32 + i)] > 0 ? 15 : 0;
    }
    const float top = products(file, n, k, x).whole[size_t(hidden)];
    // The other row: the same signs at the greatest code, so that estimates see most of it.
    for (int64_t b = 0; b < blocks; b++) {
      auto* code = reinterpret_cast<int8_t*>(&file[size_t((plain * blocks + b) * kBlockBytes + 2)]);
      for (int i = 0; i < 32; i++) code[i] = x[size_t(b * 32 + i)] > 0 ? 127 : -128;
      set_scale(file, plain * blocks + b, 1);
    }
    const float full = products(file, n, k, x).whole[size_t(plain)];
    for (int64_t b = 0; b < blocks; b++) set_scale(file, plain * blocks + b, top / full * 0.9985f);
    const auto p = products(file, n, k, x);
    ASSERT_LT(p.whole[size_t(plain)], top);
    ASSERT_GT(p.whole[size_t(plain)], 0.99f * top);
    ASSERT_EQ(p.largest[size_t(hidden)], top) << seed;
    expect_largest(p);
  }
}

TEST_P(QuantLargest, MultipliesFewRows) {
  const int64_t n = 8000, k = 640;
  const auto file = random_file(5, n, k);
  std::vector<float> x(static_cast<size_t>(k));
  dequantize_row(GgmlType::Q8_0, &file[size_t(4321) * ggml_row_bytes(GgmlType::Q8_0, k)], x.data(), k);
  const auto p = products(file, n, k, x);  // x points at a row
  EXPECT_EQ(std::max_element(p.largest.begin(), p.largest.end()) - p.largest.begin(), 4321);
  EXPECT_LT(p.multiplied, 0.1);
  EXPECT_GT(p.multiplied, 0);
}

TEST_P(QuantLargest, FindsWhatIsNotFinite) {
  const int64_t n = 500, k = 64;
  auto file = random_file(21, n, k);
  auto x = random_floats(22, size_t(k));
  set_scale(file, 2 * 77 + 1, NAN);
  EXPECT_TRUE(std::isnan(products(file, n, k, x).largest[77]));
  set_scale(file, 2 * 77 + 1, std::numeric_limits<float>::infinity());
  const auto infinite = products(file, n, k, x);
  for (size_t i = 0; i < size_t(n); i++)
    if (!std::isfinite(infinite.whole[i]) && !(infinite.whole[i] < 0)) {
      EXPECT_EQ(std::isnan(infinite.whole[i]), std::isnan(infinite.largest[i]));
      EXPECT_TRUE(!std::isfinite(infinite.largest[i]));
    }
  for (float bad : {NAN, INFINITY, -INFINITY}) {
    x[40] = bad;
    const auto p = products(random_file(21, n, k), n, k, x);
    for (float y : p.largest) ASSERT_TRUE(std::isnan(y));
  }
}

}  // namespace
}  // namespace ef
