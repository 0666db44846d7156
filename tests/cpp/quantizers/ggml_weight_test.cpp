#include "quantizers/ggml/ggml_weight.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "autograd/autograd.h"
#include "io/io_helpers.h"
#include "kernels/quant_testing.h"

namespace ef {
namespace {

GgmlWeight make(const QuantCase& c) { return GgmlWeight(c.type, c.n, c.k, c.file.data()); }
std::vector<float> values(const Tensor& t) {
  const Tensor c = t.contiguous();
  return {c.data<float>(), c.data<float>() + c.numel()};
}

TEST(GgmlWeight, RefusesWhatItCannotHold) {
  const std::vector<uint8_t> bytes(4096);
  EXPECT_THROW(GgmlWeight(GgmlType::F16, 2, 32, bytes.data()), UnsupportedError);
  EXPECT_THROW(GgmlWeight(GgmlType::NVFP4, 2, 64, bytes.data()), UnsupportedError);
  EXPECT_THROW(GgmlWeight(GgmlType::Q4_K, 2, 288, bytes.data()), ShapeError);
  EXPECT_THROW(GgmlWeight(GgmlType::Q4_0, 0, 32, bytes.data()), ShapeError);
  EXPECT_THROW(GgmlWeight(GgmlType::Q4_0, 2, 0, bytes.data()), ShapeError);
  const GgmlWeight w(GgmlType::Q4_0, 2, 64, bytes.data());
  EXPECT_THROW(w.dense(1, 3), IndexError);
  EXPECT_THROW(w.dense(-1, 1), IndexError);
  EXPECT_THROW(w.matmul(Activation(Tensor::zeros({3, 32}))), ShapeError);
  EXPECT_THROW(w.matmul_grad(Tensor::zeros({3, 3})), ShapeError);
}

TEST(GgmlWeight, DenseAndRowsAreTheValuesOfTheFile) {
  const QuantCase c(GgmlType::Q5_K, 41, 512);
  const GgmlWeight w = make(c);
  EXPECT_EQ(w.shape(), (Shape{41, 512}));
  EXPECT_EQ(values(w.dense(0, 41)), c.dense);
  EXPECT_EQ(values(w.dense(17, 20)), std::vector<float>(c.dense.begin() + 17 * 512, c.dense.begin() + 20 * 512));
  EXPECT_EQ(w.dense(5, 5).numel(), 0);
  const Tensor rows = w.rows(Tensor::from_data<int64_t>({40, 0, 17, 17}, {2, 2}));
  EXPECT_EQ(rows.shape(), (Shape{2, 2, 512}));
  const auto got = values(rows);
  for (size_t i = 0; i < 4; i++) {
    const int64_t id[] = {40, 0, 17, 17};
    EXPECT_EQ(std::memcmp(&got[i * 512], &c.dense[size_t(id[i]) * 512], 2048), 0);
  }
}

TEST(GgmlWeight, LinearAndItsGradient) {
  const QuantCase c(GgmlType::Q4_K, 37, 256);
  const auto weight = std::make_shared<GgmlWeight>(c.type, c.n, c.k, c.file.data());
  const auto numbers = random_floats(3, 5 * 256);
  Tensor x = Tensor::from_data(numbers, {5, 256});
  set_requires_grad(x, true);
  const Tensor y = linear(x, weight, Tensor());
  for (int64_t i = 0; i < 5; i++)
    for (int64_t j = 0; j < c.n; j++) {
      double truth = 0;
      for (int64_t p = 0; p < c.k; p++)
        truth += double(numbers[size_t(i * c.k + p)]) * double(c.dense[size_t(j * c.k + p)]);
      EXPECT_NEAR(values(y)[size_t(i * c.n + j)], truth,
                  rounding_bound(&numbers[size_t(i * c.k)], &c.dense[size_t(j * c.k)], c.k));
    }
  const auto dy = random_floats(4, size_t(5 * c.n));
  backward(y, Tensor::from_data(dy, {5, c.n}));
  EXPECT_EQ(values(grad(x)), values(weight->matmul_grad(Tensor::from_data(dy, {5, c.n}))));
}

FilePtr on_disk(const std::vector<uint8_t>& bytes) {
  const TemporaryFolder folder;  // of its own: tests run at the same time
  spill(folder / "weight", {bytes.begin(), bytes.end()});
  return MappedFile::open(folder / "weight");
}

TEST(GgmlWeight, PackedAtItsSecondProduct) {
  const QuantCase c(GgmlType::Q4_K, 37, 256);
  const GgmlWeight now = make(c);
  const std::vector<int64_t> order = {3, 1, 2, 0};
  for (int64_t m : {1, 70}) {
    const FilePtr file = on_disk(c.file);
    const long before = file.use_count();
    const auto* data = reinterpret_cast<const uint8_t*>(file->data());
    const GgmlWeight later(c.type, c.n, c.k, data, file, {});
    const Activation x(Tensor::from_data(random_floats(9, size_t(m * 256)), {m, 256}));
    const Tensor ids = Tensor::from_data<int64_t>({36, 0, 5}, {3});
    for (int use = 0; use < 3; use++) {
      EXPECT_EQ(values(later.rows(ids)), values(now.rows(ids)));
      EXPECT_EQ(values(later.matmul(x)), values(now.matmul(x)));
      EXPECT_EQ(file.use_count(), before + (use == 0)) << "keeps the file after the first product only";
    }
    EXPECT_EQ(later.nbytes(), now.nbytes());

    const GgmlWeight ordered(c.type, 4, c.k, data, file, order);
    const Tensor four = Tensor::from_data<int64_t>({0, 1, 2, 3}, {4}), moved = Tensor::from_data(order, {4});
    EXPECT_EQ(values(ordered.rows(four)), values(now.rows(moved)));
    EXPECT_EQ(values(ordered.dense(0, 4)), values(now.rows(moved)));  // packs
    EXPECT_EQ(values(ordered.rows(four)), values(now.rows(moved)));
  }
}

// In a matrix that no cache holds, so that estimates are asked; whether they help or, of equal rows, never do.
TEST(GgmlWeight, TheLargestOfAProduct) {
  const QuantCase differ(GgmlType::Q8_0, 130'000, 256);
  const GgmlWeight w = make(differ);
  ASSERT_GT(w.nbytes(), size_t(32) << 20);
  std::vector<uint8_t> same(differ.file.size());
  const size_t row = ggml_row_bytes(GgmlType::Q8_0, 256);
  for (size_t at = 0; at < same.size(); at += row) std::copy_n(differ.file.begin(), row, same.begin() + int64_t(at));
  const GgmlWeight equals(GgmlType::Q8_0, differ.n, 256, same.data());
  for (uint64_t seed = 0; seed < 20; seed++) {
    const Activation x(Tensor::from_data(random_floats(seed, 256), {1, 256}));
    const auto whole = values(w.matmul(x)), largest = values(w.matmul_largest(x));
    const auto top = std::max_element(whole.begin(), whole.end()) - whole.begin();
    EXPECT_EQ(std::max_element(largest.begin(), largest.end()) - largest.begin(), top);
    EXPECT_EQ(largest[size_t(top)], whole[size_t(top)]);
    if (seed == 0) EXPECT_NE(largest, whole) << "nothing was left out";
    EXPECT_EQ(values(equals.matmul_largest(x)), values(equals.matmul(x)));
  }
  const Activation two(Tensor::from_data(random_floats(3, 512), {2, 256}));
  EXPECT_EQ(values(w.matmul_largest(two)), values(w.matmul(two)));
  EXPECT_THROW(w.matmul_largest(Activation(Tensor::zeros({1, 32}))), ShapeError);
}

TEST(GgmlWeight, FirstProductsOfSeveralThreads) {
  const QuantCase c(GgmlType::Q5_0, 300, 256);
  const GgmlWeight now = make(c);
  const Activation x(Tensor::from_data(random_floats(9, 256), {1, 256}));
  const auto want = values(now.matmul(x));
  for (int round = 0; round < 20; round++) {
    const FilePtr file = on_disk(c.file);
    const GgmlWeight later(c.type, c.n, c.k, reinterpret_cast<const uint8_t*>(file->data()), file, {});
    std::vector<std::vector<float>> got(4);
    std::vector<std::thread> threads;
    for (auto& mine : got)
      threads.emplace_back([&] {
        const Activation own(Tensor::from_data(random_floats(9, 256), {1, 256}));
        mine = values(later.matmul(own));
      });
    for (std::thread& t : threads) t.join();
    for (const auto& one : got) EXPECT_EQ(one, want);
  }
}

TEST(GgmlWeight, ManyAreTheSameAsEach) {
  const QuantCase a(GgmlType::Q6_K, 20, 256), b(GgmlType::Q4_0, 50, 256);
  const GgmlWeight wa = make(a), wb = make(b);
  for (int64_t m : {1, 30}) {
    const Activation x(Tensor::from_data(random_floats(9, size_t(m * 256)), {m, 256}));
    const auto both = wa.matmul_many(x, {&wa, &wb});
    EXPECT_EQ(values(both[0]), values(wa.matmul(x)));
    EXPECT_EQ(values(both[1]), values(wb.matmul(x)));
  }
  EXPECT_EQ(wa.matmul(Activation(Tensor::zeros({0, 256}))).shape(), (Shape{0, 20}));
}

}  // namespace
}  // namespace ef
