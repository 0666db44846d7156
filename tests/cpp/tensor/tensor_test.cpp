#include "tensor/tensor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tensor/elementwise.h"

namespace ef {
namespace {

Tensor iota(const Shape& shape, DType dtype = DType::Float32) {
  return Tensor::arange(0, numel(shape), 1, dtype).view(shape);
}
template <class E, class F>
std::string message(F&& f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  }
  return "nothing thrown";
}

TEST(Tensor, MakesAndReads) {
  EXPECT_EQ(Tensor::zeros({2, 3}).to_vector<float>(), std::vector<float>(6, 0.f));
  EXPECT_EQ(Tensor::full({2}, 7, DType::Int8).to_vector<int64_t>(), (std::vector<int64_t>{7, 7}));
  EXPECT_EQ(Tensor::arange(5, 0, -2).to_vector<int64_t>(), (std::vector<int64_t>{5, 3, 1}));
  EXPECT_EQ(Tensor::arange(0, 1, 0.25, DType::Float32).to_vector<float>(), (std::vector<float>{0, .25f, .5f, .75f}));
  EXPECT_EQ(Tensor::scalar(2.5).item<double>(), 2.5);
  EXPECT_TRUE(Tensor::scalar(true).item<bool>());
  EXPECT_EQ(Tensor::scalar(int64_t(1) << 62).item<int64_t>(), int64_t(1) << 62);
  EXPECT_EQ(Tensor::from_data<float>({1, 2, 3, 4}, {2, 2}).t().to_vector<float>(), (std::vector<float>{1, 3, 2, 4}));
  EXPECT_EQ(Tensor::empty({0, 4}).numel(), 0);
  EXPECT_FALSE(Tensor().defined());
}

TEST(Tensor, HandlesShareViewsShare) {
  Tensor a = Tensor::zeros({2, 2}), b = a;
  b.fill_(3);
  EXPECT_TRUE(a.same(b));
  EXPECT_EQ(a.select(0, 1).select(0, 1).item<float>(), 3.f);
  a.select(0, 0).fill_(1);
  EXPECT_EQ(b.to_vector<float>(), (std::vector<float>{1, 1, 3, 3}));
}

TEST(Tensor, ViewsHaveNumpysValues) {
  const Tensor x = iota({2, 3, 4});
  EXPECT_EQ(x.permute({2, 0, 1}).shape(), (Shape{4, 2, 3}));
  EXPECT_EQ(x.permute({2, 0, 1}).select(0, 1).to_vector<float>(), (std::vector<float>{1, 5, 9, 13, 17, 21}));
  EXPECT_EQ(x.slice(2, 1, 4, 2).select(0, 0).to_vector<float>(), (std::vector<float>{1, 3, 5, 7, 9, 11}));
  EXPECT_EQ(x.slice(1, -2, 100).select(0, 1).to_vector<float>(), (std::vector<float>{16, 17, 18, 19, 20, 21, 22, 23}));
  EXPECT_EQ(x.slice(1, 5, 9).shape(), (Shape{2, 0, 4}));
  EXPECT_EQ(x.narrow(0, -1, 1).flatten().to_vector<float>()[0], 12.f);
  EXPECT_EQ(x.transpose(-1, 0).shape(), (Shape{4, 3, 2}));
  EXPECT_EQ(x.unsqueeze(-1).squeeze(-1).unsqueeze(0).squeeze().shape(), (Shape{2, 3, 4}));
  EXPECT_EQ(iota({3, 1}).expand({2, 3, 4}).select(0, 1).select(1, 3).to_vector<float>(), (std::vector<float>{0, 1, 2}));
  EXPECT_EQ(x.flatten(0, 1).shape(), (Shape{6, 4}));
  EXPECT_EQ(x.unflatten(2, {2, -1}).shape(), (Shape{2, 3, 2, 2}));
  EXPECT_EQ(iota({5}).unfold(0, 3, 2).to_vector<float>(), (std::vector<float>{0, 1, 2, 2, 3, 4}));
  EXPECT_EQ(iota({3, 4}).diagonal(1).to_vector<float>(), (std::vector<float>{1, 6, 11}));
  EXPECT_EQ(iota({3, 4}).diagonal(-1).to_vector<float>(), (std::vector<float>{4, 9}));
}

TEST(Tensor, ViewKeepsMemoryWhereStridesAllow) {
  const Tensor x = iota({2, 3, 4});
  EXPECT_TRUE(x.transpose(0, 1).view({3, 2, 2, 2}).shares_storage(x));
  EXPECT_EQ(x.transpose(0, 1).view({3, 2, 2, 2}).to_vector<float>(), x.transpose(0, 1).to_vector<float>());
  EXPECT_TRUE(x.slice(2, 0, 2).view({6, 2}).shares_storage(x));
  EXPECT_FALSE(x.transpose(0, 1).reshape({6, 4}).shares_storage(x));
  EXPECT_EQ(x.transpose(0, 1).reshape({6, 4}).to_vector<float>(), x.transpose(0, 1).to_vector<float>());
  EXPECT_EQ(iota({1, 4, 1}).expand({3, 4, 1}).reshape({-1}).numel(), 12);
  EXPECT_NE(message<ShapeError>([&] {
              x.transpose(0, 1).view({6, 4});
            }).find("Use .reshape(...) instead"),
            std::string::npos);
}

TEST(Tensor, ErrorsReadLikeTorchs) {
  const Tensor x = iota({2, 3});
  EXPECT_EQ(message<ShapeError>([&] { x.view({4, -1}); }), "shape '[4, -1]' is invalid for input of size 6");
  EXPECT_EQ(message<IndexError>([&] { x.size(2); }),
            "Dimension out of range (expected to be in range of [-2, 1], but got 2)");
  EXPECT_EQ(message<IndexError>([&] { x.select(0, 2); }), "index 2 is out of bounds for dimension 0 with size 2");
  EXPECT_EQ(message<Error>([&] { x.item(); }), "a Tensor with 6 elements cannot be converted to Scalar");
  EXPECT_EQ(message<ShapeError>([&] {
              broadcast_shapes({2, 3}, {2, 4});
            }),
            "The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1");
  EXPECT_EQ(message<ShapeError>([&] {
              Tensor::empty({2, -1});
            }),
            "Trying to create tensor with negative dimension -1: [2, -1]");
  EXPECT_THROW(Tensor::empty({int64_t(1) << 40, int64_t(1) << 40}), ShapeError);
  EXPECT_THROW(Tensor::empty({int64_t(1) << 50}), Error);
  EXPECT_THROW(x.data<double>(), DtypeError);
  EXPECT_THROW(x.permute({0, 0}), ShapeError);
}

TEST(Tensor, ConvertsBetweenAllDtypes) {
  const std::vector<DType> all{DType::Float32, DType::Float64, DType::Float16, DType::BFloat16, DType::Int64,
                               DType::Int32,   DType::Int16,   DType::Int8,    DType::UInt8,    DType::Bool};
  const Tensor x = Tensor::from_data<int64_t>({0, 1, 2, 100}, {2, 2});
  for (DType from : all)
    for (DType to : all) {
      const Tensor y = x.to(from).t().to(to).t();  // strided on the way
      const bool boolean = from == DType::Bool || to == DType::Bool;
      EXPECT_EQ(y.to_vector<int64_t>(), boolean ? (std::vector<int64_t>{0, 1, 1, 1}) : x.to_vector<int64_t>())
          << dtype_name(from) << " to " << dtype_name(to);
    }
  EXPECT_EQ(Tensor::scalar((int64_t(1) << 53) + 1).to(DType::Int64).item<int64_t>(), (int64_t(1) << 53) + 1);
  EXPECT_EQ(Tensor::scalar(NAN).to(DType::Bool).item<bool>(), true);
  EXPECT_EQ(Tensor::full({1}, 1e30).to(DType::Int64).item<int64_t>(), INT64_MIN);
}

TEST(Tensor, CopiesBroadcastAndOverlap) {
  Tensor x = iota({3, 4});
  x.slice(0, 1, 3).copy_(x.slice(0, 0, 2));  // overlapping rows move as if copied through a temporary
  EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7}));
  x.copy_(iota({3, 1}, DType::Int32));
  EXPECT_EQ(x.select(0, 2).to_vector<float>(), std::vector<float>(4, 2.f));
  Tensor wide = Tensor::zeros({1}).expand({3});
  EXPECT_THROW(wide.fill_(1), Error);
  EXPECT_THROW(x.copy_(iota({5})), ShapeError);
}

TEST(Tensor, TransposedCopiesMoveEveryElement) {
  for (DType d : {DType::Float32, DType::Int16, DType::Int64})
    for (const Shape& shape : {Shape{37, 53}, Shape{3, 19, 2, 45}, Shape{16, 16}, Shape{2, 50, 17}}) {
      const Tensor x = Tensor::arange(0, numel(shape), 1, d).view(shape);
      for (int a = 0; a < x.dim(); a++) {
        const Tensor t = x.transpose(a, -1), y = t.contiguous();
        const auto got = y.to_vector<int64_t>();
        const StridedLoop<1> walk(t.shape(), {static_cast<char*>(const_cast<void*>(t.data_ptr()))},
                                  {broadcast_strides(t, t.shape())});
        size_t i = 0;
        walk.run_range(0, t.numel(), [&](char* const* at, const int64_t* step, int64_t n) {
          for (int64_t k = 0; k < n; k++) {
            int64_t value = 0;
            load_row(d, at[0] + k * step[0], 0, 1, &value);
            ASSERT_EQ(got[i++], value);
          }
        });
      }
    }
}

TEST(Tensor, ExternalMemoryIsBorrowed) {
  auto owner = std::make_shared<std::vector<float>>(std::vector<float>{1, 2, 3, 4});
  std::weak_ptr<std::vector<float>> alive = owner;
  Tensor x = Tensor::external(owner->data(), {2, 2}, DType::Float32, owner, true, Strides{1, 2});
  owner.reset();
  EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{1, 3, 2, 4}));
  EXPECT_THROW(x.fill_(0), Error);
  EXPECT_THROW(x.select(0, 0).fill_(0), Error);
  Tensor own = x.clone();
  own.fill_(0);
  EXPECT_FALSE(alive.expired());
  x.reset();
  EXPECT_TRUE(alive.expired());
  EXPECT_THROW(Tensor::from_storage(own.storage(), {3}, {2}, 0, DType::Float32), ShapeError);
  EXPECT_THROW(Tensor::from_storage(own.storage(), {2}, {INT64_MAX}, 0, DType::Float32), ShapeError);
  EXPECT_EQ(Tensor::from_storage(own.storage(), {2}, {2}, 1, DType::Float32).numel(), 2);
}

TEST(Tensor, LargeLoopsMatchSmallOnes) {
  const int64_t n = 300, m = 517;  // several chunks and several threads
  const Tensor x = iota({n, m}), y = x.t().contiguous().t();
  EXPECT_FALSE(y.is_contiguous());
  Tensor z = map<float>(
      DType::Float32, x.shape(), 1024, [](float a, float b) { return a - 2 * b; }, x, y);
  const auto values = z.to_vector<float>();
  for (int64_t i = 0; i < n * m; i++) ASSERT_EQ(values[size_t(i)], -float(i));
  const double column = 3.0 * n + double(m) * n * (n - 1) / 2;
  EXPECT_NEAR(sum_to(x, {1, m}).to_vector<double>()[3], column,
              column * 300 * 0x1p-24);  // 300 roundings of f32 at most
  EXPECT_EQ(sum_to(x.to(DType::Int64), {}).item<int64_t>(), n * m * (n * m - 1) / 2);
  for (DType d : {DType::Int32, DType::BFloat16, DType::Float64}) {
    const Tensor small = Tensor::full({3, 4, 5}, 2, d);
    for (const Shape& shape : {Shape{3, 1, 1}, Shape{3, 4, 1}, Shape{1, 4, 1}, Shape{5}, Shape{1, 4, 5}, Shape{}}) {
      const auto sums = sum_to(small, shape).to_vector<int64_t>();
      EXPECT_EQ(sums, std::vector<int64_t>(size_t(numel(shape)), 120 / numel(shape))) << shape << dtype_name(d);
    }
  }
  EXPECT_EQ(sum_to(x, {n, 1}).to_vector<double>()[0], double(m) * (m - 1) / 2);
}

TEST(Tensor, PromotesAsTorch) {
  const auto t = [](DType d, int dims) { return Tensor::zeros(dims ? Shape{2} : Shape{}, d); };
  EXPECT_EQ(result_type(t(DType::BFloat16, 1), t(DType::Float32, 0)), DType::BFloat16);
  EXPECT_EQ(result_type(t(DType::BFloat16, 1), t(DType::Float32, 1)), DType::Float32);
  EXPECT_EQ(result_type(t(DType::Int64, 1), t(DType::Float16, 0)), DType::Float16);
  EXPECT_EQ(result_type(t(DType::UInt8, 1), t(DType::Int8, 1)), DType::Int16);
  EXPECT_EQ(result_type(t(DType::Int32, 1), Scalar(1.5)), DType::Float32);
  EXPECT_EQ(result_type(t(DType::Bool, 1), Scalar(1)), DType::Int64);
  EXPECT_EQ(result_type(t(DType::UInt8, 1), Scalar(300)), DType::UInt8);
}

TEST(Allocator, ReusesAndStaysBounded) {
  empty_cache();
  const void* first = Tensor::empty({100000}).data_ptr();
  EXPECT_GT(cached_bytes(), 0u);
  EXPECT_EQ(Tensor::empty({100000}).data_ptr(), first);
  set_cache_limit(1 << 20);
  { Tensor big = Tensor::empty({1 << 20}), other = Tensor::empty({1 << 17}); }
  EXPECT_LE(cached_bytes(), size_t(1) << 20);
  set_cache_limit(256 << 20);
  for (size_t n : {0, 1, 63, 64, 65, 32767, 32768, 40000, 5 << 20})
    EXPECT_EQ(reinterpret_cast<uintptr_t>(Tensor::empty({int64_t(n)}, DType::UInt8).data_ptr()) % 64, 0u) << n;
}

}  // namespace
}  // namespace ef
