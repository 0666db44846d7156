#include "quantizers/group/group_weight.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/half.h"
#include "kernels/kernels.h"
#include "kernels/quant_testing.h"

namespace ef {
namespace {

class Codes : public GroupWeight {
 public:
  using GroupWeight::GroupWeight;
  const char* kind() const override { return "codes"; }
  NamedTensors state() const override { return {}; }
};

struct Case {
  int64_t n, k, group;
  int bits;
  bool flat = false, zeros = false, order = false, is_signed = false;
};

// The matrix and its dense values, by the formula.
GroupMatrix make(const Case& c, std::vector<float>& dense) {
  GroupMatrix m;
  m.n = c.n, m.k = c.k, m.bits = c.bits, m.group = c.group, m.flat = c.flat, m.is_signed = c.is_signed;
  if (c.bits == 4)
    for (int i = 0; i < 16; i++) m.table[size_t(i)] = float(i * i) - 40;
  const int64_t count = c.n * c.k, groups = c.flat ? (count + c.group - 1) / c.group : c.n * m.groups();
  const auto noise = random_floats(7, size_t(count + 3 * groups));
  std::vector<uint8_t> code(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; i++)
    code[size_t(i)] = uint8_t(int(std::fabs(noise[size_t(i)]) * 1000) % (1 << c.bits));
  std::vector<float> scale(noise.begin() + count, noise.begin() + count + groups);
  std::vector<float> zero(noise.begin() + count + groups, noise.begin() + count + 2 * groups);
  m.codes = Tensor::zeros({c.flat ? (count * c.bits + 7) / 8 : c.n * m.row_bytes()}, DType::UInt8);
  auto* to = m.codes.mutable_data<uint8_t>();
  if (c.flat)
    pack_codes(c.bits, code.data(), count, to);
  else
    for (int64_t r = 0; r < c.n; r++) pack_codes(c.bits, code.data() + r * c.k, c.k, to + r * m.row_bytes());
  m.scale.values = Tensor::from_data(scale, {groups});
  if (c.zeros) m.zero.values = Tensor::from_data(zero, {groups});
  std::vector<int64_t> order(static_cast<size_t>(c.k));
  for (int64_t i = 0; i < c.k; i++) order[size_t(i)] = c.order ? (i * 7 + 3) % c.k : i;
  if (c.order) m.order = Tensor::from_data(order, {c.k});
  dense.assign(size_t(count), 0);
  for (int64_t r = 0; r < c.n; r++)
    for (int64_t i = 0; i < c.k; i++) {
      const int64_t at = r * c.k + i, g = c.flat ? at / c.group : r * m.groups() + i / c.group;
      const uint8_t q = code[size_t(at)];
      const float v = c.bits == 4 ? m.table[q] : c.is_signed ? float(int8_t(q)) : float(q);
      dense[size_t(r * c.k + order[size_t(i)])] = (v - (c.zeros ? zero[size_t(g)] : 0)) * scale[size_t(g)];
    }
  return m;
}

const Case kCases[] = {
    {33, 128, 32, 4},
    {33, 128, 128, 8},
    {5, 96, 32, 2, false, true},
    {40, 256, 64, 3, false, true, false},
    {7, 65, 64, 4, true},
    {9, 100, 64, 4, true},
    {6, 128, 64, 4, true},
    {16, 130, 130, 8, false, false, false, true},
    {17, 64, 32, 4, false, true, true},
    {3, 33, 16, 8, false, true},
    {2, 11, 4, 2},
};

class GroupWeightOf : public testing::TestWithParam<size_t> {};

TEST_P(GroupWeightOf, EveryLevelGivesTheFormula) {
  const Case& c = kCases[GetParam()];
  const std::string before = isa_name();
  for (const std::string& level : available_isas()) {
    select_isa(level);
    std::vector<float> dense;
    const auto weight = std::make_shared<Codes>(make(c, dense));
    EXPECT_EQ(weight->dense(0, c.n).to_vector<float>(), dense) << level;
    const Tensor row = weight->rows(Tensor::from_data<int64_t>({c.n - 1}, {1}));
    EXPECT_EQ(row.to_vector<float>(), std::vector<float>(dense.end() - c.k, dense.end()));
    for (const int64_t m : {1, 3, 8, 30}) {
      const auto x = random_floats(11, size_t(m * c.k)), dy = random_floats(13, size_t(m * c.n));
      const auto y = weight->matmul(Activation(Tensor::from_data(x, {m, c.k}))).to_vector<float>();
      const auto dx = weight->matmul_grad(Tensor::from_data(dy, {m, c.n})).to_vector<float>();
      for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < c.n; j++) {
          double sum = 0, size = 0;
          for (int64_t p = 0; p < c.k; p++) {
            const double term = double(x[size_t(i * c.k + p)]) * double(dense[size_t(j * c.k + p)]);
            sum += term, size += std::fabs(term);
          }
          // f32 sums; with zeros, code and zero parts cancel: their sizes count
          EXPECT_NEAR(y[size_t(i * c.n + j)], sum, 2e-5 * size + 1e-4 * (c.zeros ? std::sqrt(double(c.k)) : 0.))
              << level;
        }
        for (int64_t p = 0; p < c.k; p++) {
          double sum = 0, size = 0;
          for (int64_t j = 0; j < c.n; j++) {
            const double term = double(dy[size_t(i * c.n + j)]) * double(dense[size_t(j * c.k + p)]);
            sum += term, size += std::fabs(term);
          }
          EXPECT_NEAR(dx[size_t(i * c.k + p)], sum, 2e-5 * size + 1e-6) << level;
        }
      }
    }
  }
  select_isa(before);
}

INSTANTIATE_TEST_SUITE_P(All, GroupWeightOf, testing::Range(size_t(0), std::size(kCases)));

TEST(GroupWeight, Bf16IsTheRoundedValue) {
  std::vector<float> dense;
  GroupMatrix m = make({20, 128, 64, 4}, dense);
  m.compute = DType::BFloat16;
  const Codes weight(std::move(m));
  const Tensor identity = [] {
    Tensor t = Tensor::zeros({128, 128});
    for (int64_t i = 0; i < 128; i++) t.mutable_data<float>()[i * 129] = 1;
    return t;
  }();
  const auto y = weight.matmul(Activation(identity)).to_vector<float>();
  for (int64_t i = 0; i < 128; i++)
    for (int64_t j = 0; j < 20; j++) EXPECT_EQ(y[size_t(i * 20 + j)], from_bf16(to_bf16(dense[size_t(j * 128 + i)])));
}

TEST(GroupWeight, RefusesPartsThatDoNotFit) {
  const auto broken = [](auto change) {
    std::vector<float> dense;
    GroupMatrix m = make({4, 64, 32, 4}, dense);
    change(m);
    return m;
  };
  EXPECT_THROW(Codes(broken([](GroupMatrix& m) { m.k = 66; })), ShapeError);
  EXPECT_THROW(Codes(broken([](GroupMatrix& m) { m.group = 0; })), ConfigError);
  EXPECT_THROW(Codes(broken([](GroupMatrix& m) { m.bits = 9; })), ConfigError);
  EXPECT_THROW(Codes(broken([](GroupMatrix& m) { m.scale.values = Tensor(); })), ShapeError);
  EXPECT_THROW(Codes(broken([](GroupMatrix& m) { m.zero.values = Tensor::zeros({3}); })), ShapeError);
  EXPECT_THROW(Codes(broken([](GroupMatrix& m) { m.order = Tensor::full({64}, 64, DType::Int64); })), IndexError);
  std::vector<float> dense;
  const Codes fine(make({4, 64, 32, 4}, dense));
  EXPECT_THROW(fine.matmul(Activation(Tensor::zeros({3, 32}))), ShapeError);
  EXPECT_THROW(fine.matmul_grad(Tensor::zeros({3, 3})), ShapeError);
  EXPECT_THROW(fine.dense(1, 5), IndexError);
}

}  // namespace
}  // namespace ef
