#include <gtest/gtest.h>

#include <cstring>

#include "core/thread_pool.h"
#include "kernels/encode.h"
#include "kernels/gemm.h"
#include "kernels/kernels.h"
#include "kernels/quant.h"
#include "kernels/quant_kernels.h"
#include "kernels/quant_testing.h"
#include "kernels/reference/dequantize.h"
#include "kernels/reference/quant_blocks.h"

namespace ef {
namespace {

std::vector<GgmlType> computing_types() {
  std::vector<GgmlType> out;
  for (const GgmlTypeInfo& info : kGgmlTypes)
    if (quant_computes(info.type)) out.push_back(info.type);
  return out;
}

std::vector<float> matmul(const QuantCase& c, const std::vector<float>& x, int64_t m) {
  const Activations a(m, c.k, x.data());
  std::vector<float> y(size_t(m * c.n), NAN);
  const QuantTarget target{c.type, c.packed.data(), c.n, y.data(), c.n};
  quant_matmul(m, c.k, a.data, {&target, 1});
  return y;
}

class QuantMatmul : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { select_isa(GetParam()); }
  void TearDown() override { select_isa(available_isas().front()); }
};
INSTANTIATE_TEST_SUITE_P(Isa, QuantMatmul, testing::ValuesIn(available_isas()));

TEST_P(QuantMatmul, UnpacksExactly) {
  for (GgmlType type : computing_types()) {
    const QuantCase c(type, 37, 512);
    std::vector<float> out(c.dense.size());
    quant_unpack_rows(type, c.n, c.k, c.packed.data(), 0, c.n, out.data());
    EXPECT_EQ(std::memcmp(out.data(), c.dense.data(), out.size() * 4), 0) << ggml_type_name(type);
    quant_unpack_rows(type, c.n, c.k, c.packed.data(), 9, 9, nullptr);  // no rows: nothing is written
    for (auto [begin, end] : {std::pair<int64_t, int64_t>{5, 6}, {15, 33}, {36, 37}}) {
      std::vector<float> rows(size_t((end - begin) * c.k));
      quant_unpack_rows(type, c.n, c.k, c.packed.data(), begin, end, rows.data());
      EXPECT_EQ(std::memcmp(rows.data(), c.dense.data() + begin * c.k, rows.size() * 4), 0) << ggml_type_name(type);
    }
  }
}

TEST_P(QuantMatmul, KeepsOddScalesExactly) {  // negative, zero, subnormal, infinite: as drawn, NaN apart
  for (GgmlType type : computing_types()) {
    const int64_t n = 18, k = 1024;
    const auto file = random_bytes(99, size_t(n) * ggml_row_bytes(type, k));
    std::vector<float> dense(size_t(n * k)), out(dense.size());
    dequantize_row(type, file.data(), dense.data(), n * k);
    std::vector<uint8_t> packed(quant_packed_bytes(type, n, k));
    quant_pack(type, n, k, file.data(), packed.data());
    quant_unpack_rows(type, n, k, packed.data(), 0, n, out.data());
    size_t different = 0;
    for (size_t i = 0; i < out.size(); i++)
      different += std::isnan(dense[i]) ? !std::isnan(out[i]) : std::memcmp(&out[i], &dense[i], 4) != 0;
    EXPECT_EQ(different, 0u) << ggml_type_name(type);
  }
}

TEST_P(QuantMatmul, StaysWithinTheRoundingOfActivations) {
  for (GgmlType type : computing_types()) {
    const QuantCase c(type, 37, 512);
    for (int64_t m : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 64}) {
      auto x = random_floats(uint64_t(m), size_t(m * c.k));
      for (size_t i = 0; i < x.size(); i += 53) x[i] *= 20;
      const auto y = matmul(c, x, m);
      for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < c.n; j++) {
          double truth = 0;
          for (int64_t p = 0; p < c.k; p++)
            truth += double(x[size_t(i * c.k + p)]) * double(c.dense[size_t(j * c.k + p)]);
          const double bound = rounding_bound(&x[size_t(i * c.k)], &c.dense[size_t(j * c.k)], c.k);
          ASSERT_NEAR(y[size_t(i * c.n + j)], truth, bound)
              << ggml_type_name(type) << " m=" << m << " " << i << "," << j;
        }
    }
  }
}

// a * b + c as the selected loops do it; NEON has the baseline ones.
float multiply_add(float a, float b, float c) {
  if (&quant_kernels() != &kQuantBaseline) return std::fma(a, b, c);
  const volatile float product = a * b;  // no fused or excess arithmetic
  return product + c;
}

// The contract of quant.h in scalar code: integer dot products, then a fixed order of roundings.
std::vector<float> canonical(const QuantCase& c, const std::vector<float>& x, int64_t m) {
  std::vector<float> y(size_t(m * c.n));
  const GgmlTypeInfo& info = ggml_type_info(c.type);
  const PackedFormat& f = kPackedFormats[packed_type(c.type)->format];
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < c.n; j++) {
      float sum = 0;
      QuantBlock b;
      for (int64_t p = 0; p < c.k; p += 32) {
        if (p % info.block_length == 0) {
          const size_t row = size_t(j) * ggml_row_bytes(c.type, c.k);
          read_quant_block(c.type, &c.file[row + size_t(p / info.block_length * info.block_bytes)], b);
        }
        const float* v = &x[size_t(i * c.k + p)];
        float largest = 0;
        for (int e = 0; e < 32; e++) largest = std::max(largest, std::fabs(v[e]));
        const float inverse = largest ? 127 / largest : 0, xs = largest / 127;
        int dots[2] = {0, 0}, sums[2] = {0, 0};
        const int64_t in_block = p % info.block_length;
        for (int e = 0; e < 32; e++) {
          const int q = int(std::nearbyint(v[e] * inverse));
          dots[e / 16] += q * b.value[in_block + e], sums[e / 16] += q;
        }
        const float *scale = &b.sub_scale[in_block / 16], *min = &b.sub_min[in_block / 16];
        volatile float t;  // no fused or excess arithmetic
        if (f.split()) {
          t = b.scale * xs;
          sum = multiply_add(scale[0] * float(dots[0]) + scale[1] * float(dots[1]), t, sum);
        } else {
          t = b.scale * scale[0] * xs;
          sum = multiply_add(float(dots[0] + dots[1]), t, sum);
        }
        if (f.min == MinKind::Nibbles16) {
          for (int h = 0; h < 2; h++) {
            t = xs * float(sums[h]);
            sum = multiply_add(-(b.min * min[h]), t, sum);
          }
        } else if (f.min != MinKind::None) {
          t = xs * float(sums[0] + sums[1]);
          sum = multiply_add(-(b.min * min[0]), t, sum);
        }
      }
      y[size_t(i * c.n + j)] = sum;
    }
  return y;
}

TEST_P(QuantMatmul, EqualsScalarArithmeticBitForBit) {
  for (GgmlType type : computing_types()) {
    const QuantCase c(type, 21, 768);
    for (int64_t m : {7, 14, 16, 26}) {
      const auto x = random_floats(3, size_t(m * c.k));
      const auto y = matmul(c, x, m), expected = canonical(c, x, m);
      EXPECT_EQ(std::memcmp(y.data(), expected.data(), y.size() * 4), 0) << ggml_type_name(type) << " m=" << m;
    }
  }
}

// Sums of products at their greatest: 16-bit steps in between must not saturate.
TEST_P(QuantMatmul, ExtremeCodesStayExact) {
  constexpr int64_t kRows = 15;
  std::vector<float> x(kRows * 512, 1.f);
  for (size_t i = 0; i < x.size(); i++)
    if (i / 512 % 3) x[i] = i / 512 % 3 == 2 && i % 2 ? 1.f : -1.f;
  for (GgmlType type : computing_types())
    for (int fill : {0x00, 0x55, 0x7f, 0x80, 0xaa, 0xff}) {
      QuantCase c(type, 16, 512);
      const size_t bytes = size_t(ggml_type_info(type).block_bytes);
      std::fill(c.file.begin(), c.file.end(), uint8_t(fill));
      for (size_t at = 0; at < c.file.size(); at += bytes) make_finite(type, c.file.data() + at, at);
      quant_pack(type, c.n, c.k, c.file.data(), c.packed.data());
      const auto y = matmul(c, x, kRows), expected = canonical(c, x, kRows);
      EXPECT_EQ(std::memcmp(y.data(), expected.data(), y.size() * 4), 0) << ggml_type_name(type) << " " << fill;
    }
}

TEST_P(QuantMatmul, DoesNotDependOnBatchOrThreads) {
  ThreadPool& pool = ThreadPool::instance();
  const int threads = pool.size();
  for (GgmlType type : {GgmlType::Q4_0, GgmlType::Q2_K, GgmlType::Q4_K, GgmlType::Q6_K, GgmlType::IQ3_S}) {
    const QuantCase c(type, 200, 1024);
    const auto x = random_floats(5, size_t(150 * c.k));
    const auto all = matmul(c, x, 150);
    for (int size : {1, 2, 3}) {
      pool.resize(size);
      for (int64_t m : {1, 5, 12, 13, 31, 150}) {
        const auto y = matmul(c, x, m);
        EXPECT_EQ(std::memcmp(y.data(), all.data(), y.size() * 4), 0) << ggml_type_name(type) << " m=" << m;
      }
    }
    pool.resize(threads);
  }
}

// A row's bits are its own when it is rounded, as when it is not.
TEST_P(QuantMatmul, RoundedRowsStandAlone) {
  if (!quant_rounds(1000)) GTEST_SKIP() << "whole numbers at any row count on this level";
  const int64_t m = 67, n = 37, k = 1024;
  const QuantCase c(GgmlType::Q4_1, n, k);
  const auto x = random_floats(3, size_t(m * k));
  std::vector<float> all(size_t(m * n), NAN), some(all);
  QuantTarget target{c.type, c.packed.data(), n, all.data(), n};
  quant_matmul_rounded(m, k, x.data(), DType::Float32, k, {&target, 1});
  for (int64_t rows : {1, 2, 15, 33})
    for (int64_t first = 0; first < m; first += rows) {
      const int64_t count = std::min(rows, m - first);
      target.y = some.data();
      quant_matmul_rounded(count, k, x.data() + first * k, DType::Float32, k, {&target, 1});
      ASSERT_EQ(std::memcmp(some.data(), all.data() + first * n, size_t(count * n) * 4), 0) << rows << " " << first;
    }
}

TEST_P(QuantMatmul, KindsOfRowsDecide) {
  const bool rounds = quant_rounds(1000);
  {
    const QuantRows prompt(QuantRows::Prompt);
    EXPECT_EQ(quant_rounds(1), rounds);
    {
      const QuantRows token(QuantRows::Token);
      EXPECT_FALSE(quant_rounds(1000));
    }
    EXPECT_EQ(QuantRows::current(), QuantRows::Prompt);
    const SingleRowOrder alone;
    EXPECT_FALSE(quant_rounds(1));
  }
  EXPECT_EQ(QuantRows::current(), QuantRows::Any);
  EXPECT_FALSE(quant_rounds(1));
}

// What many rows are multiplied as: both sides rounded to bf16, then exactly the dense product.
TEST_P(QuantMatmul, RoundedEqualsTheDenseProductInBf16) {
  if (!quant_rounds(1000)) GTEST_SKIP() << "whole numbers at any row count on this level";
  EXPECT_FALSE(quant_rounds(16));
  set_batch_invariant(true);
  EXPECT_FALSE(quant_rounds(1000));
  set_batch_invariant(false);
  for (GgmlType type : computing_types())
    for (auto [m, n, k] : {std::tuple{70, 37, 1024}, {200, 5, 256}}) {  // k in two steps, and in one
      const QuantCase c(type, n, k);
      const auto x = random_floats(uint64_t(m), size_t(m * k));
      std::vector<bfloat16> w(c.dense.begin(), c.dense.end());
      std::vector<float> y(size_t(m * n), NAN), want(y);
      const QuantTarget target{type, c.packed.data(), n, y.data(), n};
      quant_matmul_rounded(m, k, x.data(), DType::Float32, k, {&target, 1});
      gemm_nt(m, n, k, x.data(), DType::Float32, k, w.data(), DType::BFloat16, k, want.data(), n);
      ASSERT_EQ(std::memcmp(y.data(), want.data(), y.size() * 4), 0) << ggml_type_name(type) << " m=" << m;
    }
}

TEST_P(QuantMatmul, SeveralWeightsAtOnce) {
  const QuantCase a(GgmlType::Q4_K, 70, 512), b(GgmlType::Q6_K, 5, 512), c(GgmlType::Q8_0, 333, 512);
  for (int64_t m : {1, 3, 40, 150}) {
    const auto x = random_floats(11, size_t(m * 512));
    const Activations q(m, 512, x.data());
    std::vector<float> y(size_t(m) * 500, -1);  // one matrix, three column ranges
    const QuantTarget targets[] = {{a.type, a.packed.data(), a.n, y.data(), 500},
                                   {b.type, b.packed.data(), b.n, y.data() + 100, 500},
                                   {c.type, c.packed.data(), c.n, y.data() + 150, 500}};
    quant_matmul(m, 512, q.data, targets);
    for (auto [one, column] : {std::pair<const QuantCase*, int64_t>{&a, 0}, {&b, 100}, {&c, 150}}) {
      const auto alone = matmul(*one, x, m);
      for (int64_t i = 0; i < m; i++)
        EXPECT_EQ(std::memcmp(&y[size_t(i * 500 + column)], &alone[size_t(i * one->n)], size_t(one->n) * 4), 0);
    }
    for (int64_t i = 0; i < m; i++) {
      EXPECT_EQ(y[size_t(i * 500 + 70)], -1) << "wrote beyond n";
      EXPECT_EQ(y[size_t(i * 500 + 105)], -1);
      EXPECT_EQ(y[size_t(i * 500 + 483)], -1);
    }
  }
}

TEST_P(QuantMatmul, RowsOfAFileGiveTheSameBits) {  // packed on the way, also in an order of their own
  const int64_t n = 70, k = 1536;
  std::vector<int64_t> order(n);
  for (int64_t i = 0; i < n; i++) order[size_t(i)] = (i * 23 + 5) % n;
  for (GgmlType type : computing_types()) {
    const QuantCase c(type, n, k);
    const size_t row_bytes = ggml_row_bytes(type, k);
    std::vector<uint8_t> moved(c.file.size());
    for (int64_t i = 0; i < n; i++)
      std::copy_n(c.file.data() + size_t(order[size_t(i)]) * row_bytes, row_bytes,
                  moved.data() + size_t(i) * row_bytes);
    std::vector<uint8_t> packed(quant_packed_bytes(type, n, k)), ordered(packed);
    quant_pack(type, n, k, moved.data(), packed.data());
    quant_pack(type, n, k, {c.file.data(), order.data()}, ordered.data());
    EXPECT_EQ(packed, ordered) << ggml_type_name(type);
    for (int64_t m : {1, 5, 50, 300}) {
      const auto x = random_floats(uint64_t(m), size_t(m * k));
      std::vector<float> want(size_t(m * n), NAN), y(want);
      const Activations a(m, k, x.data());
      const QuantTarget whole{type, packed.data(), n, want.data(), n};
      const QuantTarget in_file{type, nullptr, n, y.data(), n, {c.file.data(), order.data()}};
      quant_matmul(m, k, a.data, {&whole, 1});
      quant_matmul(m, k, a.data, {&in_file, 1});
      ASSERT_EQ(std::memcmp(y.data(), want.data(), y.size() * 4), 0) << ggml_type_name(type) << " m=" << m;
      const QuantRows prompt(QuantRows::Prompt);
      if (!quant_rounds(m)) continue;
      quant_matmul_rounded(m, k, x.data(), DType::Float32, k, {&whole, 1});
      quant_matmul_rounded(m, k, x.data(), DType::Float32, k, {&in_file, 1});
      ASSERT_EQ(std::memcmp(y.data(), want.data(), y.size() * 4), 0) << ggml_type_name(type) << " rounded, m=" << m;
    }
  }
}

TEST_P(QuantMatmul, NonFiniteRowsGiveNaN) {
  const QuantCase c(GgmlType::Q4_0, 16, 64);
  auto x = random_floats(1, 4 * 64);
  x[3] = NAN, x[64 + 40] = INFINITY, x[128] = -INFINITY, x[129] = NAN;
  const auto y = matmul(c, x, 4);
  for (int i = 0; i < 64; i++) EXPECT_EQ(std::isnan(y[size_t(i)]), i < 48) << i;
  const std::vector<float> tiny(64, 1e-40f), zero(64, 0.f);
  for (float v : matmul(c, tiny, 1)) EXPECT_EQ(v, 0);  // far below what f32 sums resolve: flushed
  for (float v : matmul(c, zero, 1)) EXPECT_EQ(v, 0);
}

TEST_P(QuantMatmul, GradIsTheExactProduct) {
  for (GgmlType type : computing_types()) {
    const QuantCase c(type, 150, 512);
    for (int64_t m : {1, 7, 29}) {
      const int64_t lddy = c.n + 3, lddx = c.k + 5;
      const auto dy = random_floats(uint64_t(m) + 40, size_t(m * lddy));
      std::vector<float> dx(size_t(m * lddx), -1);
      quant_matmul_grad(type, m, c.n, c.k, c.packed.data(), dy.data(), lddy, dx.data(), lddx);
      for (int64_t i = 0; i < m; i++) {
        for (int64_t p = 0; p < c.k; p++) {
          double truth = 0, size = 0;
          for (int64_t j = 0; j < c.n; j++) {
            const double t = double(dy[size_t(i * lddy + j)]) * double(c.dense[size_t(j * c.k + p)]);
            truth += t, size += std::fabs(t);
          }
          // n roundings of partial sums, each at most 2^-24 of the sum of magnitudes (two with separate products)
          ASSERT_NEAR(dx[size_t(i * lddx + p)], truth, size * double(c.n + 1) * 0x1p-23 + 1e-30)
              << ggml_type_name(type);
        }
        EXPECT_EQ(dx[size_t(i * lddx + c.k)], -1) << "wrote beyond k";
      }
    }
  }
}

TEST_P(QuantMatmul, GradDoesNotDependOnBatchOrThreads) {
  ThreadPool& pool = ThreadPool::instance();
  const int threads = pool.size();
  const QuantCase c(GgmlType::Q5_K, 300, 512);
  const auto dy = random_floats(8, size_t(400 * c.n));
  std::vector<float> all(size_t(400 * c.k)), one(all.size());
  quant_matmul_grad(c.type, 400, c.n, c.k, c.packed.data(), dy.data(), c.n, all.data(), c.k);
  for (int size : {1, 3})
    for (int64_t m : {1, 13, 400}) {
      pool.resize(size);
      quant_matmul_grad(c.type, m, c.n, c.k, c.packed.data(), dy.data(), c.n, one.data(), c.k);
      EXPECT_EQ(std::memcmp(all.data(), one.data(), size_t(m * c.k) * 4), 0) << m;
    }
  pool.resize(threads);
}

// What others round activations to: Q8_0 (32 neighbours, f16 scale). Ours must not be worse on the same data.
TEST(QuantAccuracy, NoWorseThanQ8_0Activations) {
  const QuantCase c(GgmlType::Q4_K, 64, 1536);
  for (bool outliers : {false, true}) {
    auto x = random_floats(17, size_t(8 * c.k));
    for (size_t i = 0; outliers && i < x.size(); i += 101) x[i] *= 20;
    std::vector<uint8_t> q8(ggml_row_bytes(GgmlType::Q8_0, 8 * c.k));
    std::vector<float> rounded(x.size());
    encode_rows(GgmlType::Q8_0, 8, c.k, x.data(), nullptr, q8.data());
    dequantize_row(GgmlType::Q8_0, q8.data(), rounded.data(), 8 * c.k);
    const auto y = matmul(c, x, 8);
    double ours = 0, theirs = 0;
    for (int64_t i = 0; i < 8; i++)
      for (int64_t j = 0; j < c.n; j++) {
        double truth = 0, other = 0;
        for (int64_t p = 0; p < c.k; p++) {
          const double w = c.dense[size_t(j * c.k + p)];
          truth += w * x[size_t(i * c.k + p)], other += w * rounded[size_t(i * c.k + p)];
        }
        const double e = y[size_t(i * c.n + j)] - truth;
        ours += e * e, theirs += (other - truth) * (other - truth);
      }
    EXPECT_LT(ours, 1.02 * theirs);  // the same codes; their scale loses another 2^-12
  }
}

TEST(QuantSize, PackedIsAboutTheFile) {
  for (GgmlType type : {GgmlType::Q4_0, GgmlType::Q4_1, GgmlType::Q5_0, GgmlType::Q5_1, GgmlType::Q8_0, GgmlType::Q2_K,
                        GgmlType::Q6_K, GgmlType::IQ4_NL, GgmlType::MXFP4})
    EXPECT_EQ(quant_packed_bytes(type, 64, 1024), 64 * ggml_row_bytes(type, 1024)) << ggml_type_name(type);
  for (GgmlType type : {GgmlType::Q3_K, GgmlType::Q4_K, GgmlType::Q5_K, GgmlType::IQ4_XS, GgmlType::TQ2_0})
    EXPECT_LE(double(quant_packed_bytes(type, 64, 1024)), 1.04 * 64 * double(ggml_row_bytes(type, 1024)))
        << ggml_type_name(type);
  EXPECT_FALSE(quant_computes(GgmlType::F16));
  EXPECT_FALSE(quant_computes(GgmlType::NVFP4));
}

}  // namespace
}  // namespace ef
