// Reductions, scans, shapes, indexing, sorting, random numbers.
#include "ops/gradcheck.h"

namespace ef::testing {
namespace {

using V = const std::vector<Tensor>&;

TEST(Reduce, Gradients) {
  const Tensor x = values({2, 3, 4}, -2, 2), positive = values({2, 3, 4}, 0.5, 2);
  for (const Dims& dims : {Dims{}, Dims{0}, Dims{-1}, Dims{0, 2}, Dims{1}})
    for (bool keep : {false, true}) {
      expect_gradients("sum", [&](V x) { return sum(x[0], dims, keep); }, {x});
      expect_gradients("mean", [&](V x) { return mean(x[0], dims, keep); }, {x});
      expect_gradients("var", [&](V x) { return var(x[0], dims, 1, keep); }, {x});
      expect_gradients("std", [&](V x) { return std_dev(x[0], dims, 0, keep); }, {x});
      expect_gradients("logsumexp", [&](V x) { return logsumexp(x[0], dims, keep); }, {x});
      expect_gradients("amax", [&](V x) { return amax(x[0], dims, keep); }, {x});
      expect_gradients("amin", [&](V x) { return amin(x[0], dims, keep); }, {x});
      for (double p : {1.0, 2.0, 3.0, double(INFINITY)})
        expect_gradients("norm", [&](V x) { return norm(x[0], p, dims, keep); }, {x});
    }
  expect_gradients("prod", [](V x) { return prod(x[0], 1); }, {x});
  expect_gradients("prod of all", [](V x) { return prod(x[0]); }, {positive});
  expect_gradients("max", [](V x) { return max(x[0], 1).first; }, {x});
  expect_gradients("min", [](V x) { return min(x[0], -1, true).first; }, {x});
  expect_gradients("max of all", [](V x) { return max(x[0]); }, {x});
  for (int dim : {0, 1, 2}) {
    expect_gradients("cumsum", [dim](V x) { return cumsum(x[0], dim); }, {x});
    expect_gradients("cumprod", [dim](V x) { return cumprod(x[0], dim); }, {x});
    expect_gradients("cummax", [dim](V x) { return cummax(x[0], dim).first; }, {x});
  }
  Tensor zeros = Tensor::from_data<double>({2, 0, 3, 0, 5, 1}, {2, 3});
  expect_gradients("prod with zeros", [](V x) { return prod(x[0], 1); }, {zeros});
  expect_gradients("cumprod with zeros", [](V x) { return cumprod(x[0], 1); }, {zeros});
}

TEST(Statistics, Gradients) {
  const Tensor x = values({3, 4}, 0.1, 0.9), y = values({3, 4}, 0.2, 2, 5);
  expect_gradients("quantile", [](V x) { return quantile(x[0], Tensor::from_data<double>({0.3, 0.75}, {2}), 1); }, {x});
  expect_gradients("diff", [](V x) { return diff(x[0], 2, 1); }, {x});
  expect_gradients(
      "logit", [](V x) { return logit(x[0]); }, {x}, 1e-6);  // curvature 1/x³ near 0.1
  expect_gradients("logaddexp", [](V x) { return logaddexp(x[0], x[1]); }, {x, y});
  expect_gradients("xlogy", [](V x) { return xlogy(x[0], x[1]); }, {x, y});
  expect_gradients("cdist", [](V x) { return cdist(x[0], x[1]); }, {x, y});
}

TEST(Reduce, ValuesDtypesAndTies) {
  const Tensor x = Tensor::from_data<float>({3, 1, 3, -2}, {2, 2});
  expect_values(argmax(x), {0});
  expect_values(argmax(x, 0), {0, 0});
  expect_values(max(x, 0).second, {0, 0});
  expect_values(argmin(Tensor::from_data<float>({1, NAN, 0}, {3})), {1});
  EXPECT_EQ(sum(Tensor::ones({3}, DType::Bool)).dtype(), DType::Int64);
  EXPECT_EQ(sum(Tensor::full({3}, 100, DType::Int8)).item<int64_t>(), 300);
  EXPECT_EQ(mean(Tensor::full({100000}, 1000, DType::Float16)).item<double>(), 1000);
  EXPECT_THROW(mean(Tensor::arange(3)), DtypeError);
  EXPECT_TRUE(all(Tensor::ones({0})).item<bool>());
  EXPECT_FALSE(any(Tensor::zeros({2, 2})).item<bool>());
  expect_values(any(x, {1}), {1, 1});
  EXPECT_EQ(sum(Tensor::zeros({0, 3}), {0}).to_vector<float>(), std::vector<float>(3, 0.f));
  EXPECT_THROW(amax(Tensor::zeros({0, 3}), {0}), IndexError);
  EXPECT_EQ(logsumexp(Tensor::full({3}, -INFINITY), {0}).item<double>(), -INFINITY);
  Tensor one = Tensor::full({1}, 5);
  EXPECT_FALSE(sum(one).shares_storage(one));
  Tensor ones = Tensor::ones({1 << 20});
  EXPECT_EQ(sum(ones).item<double>(), 1 << 20);
}

TEST(ShapeOps, Gradients) {
  const Tensor a = values({2, 3, 4}), b = values({2, 1, 4}, -1, 1, 2);
  expect_gradients("cat", [](V x) { return cat({x[0], x[1], x[0]}, 1); }, {a, b});
  expect_gradients("stack", [](V x) { return stack({x[0], x[1]}, -1); }, {a, values({2, 3, 4}, 0, 1, 4)});
  expect_gradients("split", [](V x) { return split(x[0], std::vector<int64_t>{1, 3}, 2)[1]; }, {a});
  expect_gradients("chunk", [](V x) { return chunk(x[0], 2, 1)[0] * 2; }, {a});
  expect_gradients("repeat", [](V x) { return repeat(x[0], {2, 1, 3, 2}); }, {a});
  expect_gradients("repeat_interleave", [](V x) { return repeat_interleave(x[0], 2, 1); }, {a});
  expect_gradients("repeat_interleave by", [](V x) { return repeat_interleave(x[0], Tensor::arange(3), 1); }, {a});
  expect_gradients("flip", [](V x) { return flip(x[0], {0, 2}); }, {a});
  expect_gradients("roll", [](V x) { return roll(x[0], {1, -2}, {1, 2}); }, {a});
  expect_gradients("tril", [](V x) { return tril(x[0], 1); }, {a});
  expect_gradients("triu", [](V x) { return triu(x[0], -1); }, {a});
  expect_gradients("pad", [](V x) { return pad(x[0], {1, 2, -1, 1}, 3); }, {a});
  expect_gradients("diag", [](V x) { return diag(x[0], 1); }, {values({3})});
  expect_gradients(
      "views",
      [](V x) {
        return x[0].permute({2, 0, 1}).unsqueeze(1).expand({4, 2, 2, 3}).reshape({8, -1}).slice(1, 1, 5, 2);
      },
      {a});
  expect_gradients(
      "select",
      [](V x) {
        return x[0].select(1, 2).unflatten(1, {2, 2}).transpose(1, 2).flatten() * x[0].view({24}).narrow(0, 3, 8);
      },
      {a});
  expect_gradients("unfold", [](V x) { return x[0].unfold(2, 3, 1); }, {a});
  expect_gradients("diagonal", [](V x) { return x[0].diagonal(1, 1, 2); }, {a});
  expect_gradients("squeeze", [](V x) { return x[0].squeeze(1).t().contiguous().squeeze(); }, {b});
}

TEST(ShapeOps, Values) {
  const Tensor x = Tensor::arange(6).view({2, 3});
  expect_values(cat({x, Tensor::zeros({0}), x.to(DType::Float32)}, 0), {0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5});
  EXPECT_EQ(cat({x, x.to(DType::Float32)}).dtype(), DType::Float32);
  EXPECT_EQ(split(Tensor::arange(7), 3).back().to_vector<int64_t>(), (std::vector<int64_t>{6}));
  EXPECT_EQ(chunk(Tensor::arange(7), 4).size(), 4u);
  expect_values(roll(x, {1}), {5, 0, 1, 2, 3, 4});
  expect_values(flip(x, {1}), {2, 1, 0, 5, 4, 3});
  expect_values(tril(x), {0, 0, 0, 3, 4, 0});
  expect_values(eye(2, 3), {1, 0, 0, 0, 1, 0});
  expect_values(linspace(0, 1, 5), {0, 0.25, 0.5, 0.75, 1});
  expect_values(meshgrid({Tensor::arange(2), Tensor::arange(3)})[1], {0, 1, 2, 0, 1, 2});
  EXPECT_EQ(message<ShapeError>([&] {
              cat({x, Tensor::zeros({2, 2})}, 0);
            }),
            "Sizes of tensors must match except in dimension 0. Expected size 3 but got size 2 for tensor number 1 in "
            "the list.");
}

TEST(Index, Gradients) {
  const Tensor x = values({3, 4}), src = values({2, 4}, -1, 1, 2);
  const Tensor at = Tensor::from_data<int64_t>({0, 2, 1, 1, 2, 2, 0, 0}, {2, 4}),
               rows = Tensor::from_data<int64_t>({2, 0}, {2});
  const Tensor distinct = Tensor::from_data<int64_t>({0, 2, 1, 1, 2, 0, 0, 2}, {2, 4});
  expect_gradients("gather", [&](V x) { return gather(x[0], 0, at); }, {x});
  expect_gradients("gather 1", [&](V x) { return gather(x[0], 1, at); }, {x});
  expect_gradients("scatter", [&](V x) { return scatter(x[0], 0, distinct, x[1]); }, {x, src});
  expect_gradients("scatter value", [&](V x) { return scatter(x[0], 0, at, 3.0); }, {x});
  expect_gradients("scatter_add", [&](V x) { return scatter_add(x[0], 0, at, x[1]); }, {x, src});
  expect_gradients("index_select",
                   [&](V x) {
                     return index_select(x[0], 1, Tensor::from_data<int64_t>({3, 3, 0}, {3}));
                   },
                   {x});
  expect_gradients("index_add", [&](V x) { return index_add(x[0], 0, rows, x[1], 2); }, {x, src});
  expect_gradients("index_copy", [&](V x) { return index_copy(x[0], 0, rows, x[1]); }, {x, src});
  expect_gradients("index", [&](V x) { return index(x[0], {at, at}); }, {x});
  expect_gradients("index second", [&](V x) { return index(x[0], {Tensor(), at}); }, {x});
  expect_gradients("index_put", [&](V x) { return index_put(x[0], {rows}, x[1]); }, {x, src});
  expect_gradients("index_put +=",
                   [&](V x) {
                     return index_put(x[0], {at.select(0, 1), at.select(0, 0)}, x[1], true);
                   },
                   {x, values({4})});
  const Tensor mask = gt(x, 0);
  expect_gradients("masked_select", [&](V x) { return masked_select(x[0], mask); }, {x});
  expect_gradients("mask", [&](V x) { return index(x[0], {mask}); }, {x});
  expect_gradients("masked_scatter", [&](V x) { return masked_scatter(x[0], mask, x[1]); },
                   {x, values({12}, -1, 1, 3)});
  expect_gradients("sort", [](V x) { return sort(x[0], 0, true).first; }, {x});
  expect_gradients("topk", [](V x) { return topk(x[0], 2, 1).first; }, {x});
  expect_gradients("take_along_dim", [](V x) { return take_along_dim(x[0], argsort(x[0], 1), 1); }, {x});
}

TEST(Index, NumpysAdvancedIndexing) {
  const Tensor x = Tensor::arange(60).view({3, 4, 5});
  const Tensor i = Tensor::from_data<int64_t>({0, -1}, {2}), j = Tensor::from_data<int64_t>({1, 2}, {2});
  EXPECT_EQ(index(x, {i}).shape(), (Shape{2, 4, 5}));
  expect_values(index(x, {i, j}).select(1, 0), {5, 50});
  EXPECT_EQ(index(x, {Tensor(), i, j}).shape(), (Shape{3, 2}));
  EXPECT_EQ(index(x, {i, Tensor(), j}).shape(), (Shape{2, 4}));  // separated: the index comes first
  expect_values(index(x, {i, Tensor(), j}).select(0, 1), {42, 47, 52, 57});
  EXPECT_EQ(index(x, {Tensor(), j.unsqueeze(1), i}).shape(), (Shape{3, 2, 2}));
  expect_values(index(x, {gt(x, 57)}), {58, 59});
  EXPECT_EQ(index(x, {Tensor(), Tensor::from_data<bool>({true, false, false, true}, {4})}).shape(), (Shape{3, 2, 5}));
  EXPECT_EQ(index(x.permute({2, 0, 1}), {i, j}).to_vector<int64_t>(),
            index(x.permute({2, 0, 1}).contiguous(), {i, j}).to_vector<int64_t>());
  EXPECT_EQ(message<IndexError>([&] { index(x, {Tensor::full({1}, 3, DType::Int64)}); }),
            "index 3 is out of bounds for dimension 0 with size 3");
  EXPECT_THROW(index(x, {gt(Tensor::zeros({2}), 0)}), IndexError);
  EXPECT_THROW(index(x, {i, Tensor::arange(3)}), IndexError);
  EXPECT_THROW(gather(x, 0, Tensor::full({1, 1, 1}, 3, DType::Int64)), IndexError);
  EXPECT_THROW(index_put(x, {i}, Tensor::zeros({7}, DType::Int64)), ShapeError);
}

TEST(Sort, OrdersNaNLastAndKeepsTies) {
  const Tensor x = Tensor::from_data<float>({2, NAN, 1, 2, -1}, {5});
  expect_values(sort(x).second, {4, 2, 0, 3, 1});
  expect_values(sort(x, 0, true).second, {1, 0, 3, 2, 4});
  expect_values(topk(x, 2, 0, false).first, {-1, 1});
  const Tensor m = Tensor::from_data<int64_t>({3, 1, 2, 9, 7, 8}, {2, 3});
  expect_values(sort(m, 0, true).first, {9, 7, 8, 3, 1, 2});
  expect_values(argsort(m, 1), {1, 2, 0, 1, 2, 0});
  expect_values(topk(m, 1, 0).first, {9, 7, 8});
  EXPECT_EQ(message<Error>([&] { topk(m, 4); }), "selected index k out of range");
  const UniqueResult u = unique(Tensor::from_data<int64_t>({3, 1, 3, 2}, {2, 2}));
  expect_values(u.values, {1, 2, 3});
  expect_values(u.inverse, {2, 0, 2, 1});
  expect_values(u.counts, {1, 1, 2});
  expect_values(nonzero(Tensor::from_data<float>({0, 1, 2, 0}, {2, 2})), {0, 1, 1, 0});
  expect_values(bincount(Tensor::from_data<int64_t>({0, 2, 2}, {3})), {1, 0, 2});
  expect_values(searchsorted(Tensor::from_data<float>({1, 3, 5}, {3}), Tensor::from_data<float>({3, 6}, {2})), {1, 3});
  expect_values(isin(m, Tensor::from_data<int64_t>({9, 1}, {2})), {0, 1, 0, 1, 0, 0});
}

// Recorded from torch 2.13 with manual_seed(5).
TEST(Random, RepeatsTorchsStreams) {
  const auto seeded = [] { return Generator(5); };
  Generator g = seeded();
  expect_values(rand({4}, DType::Float32, &g),
                {0.8302518725395203, 0.12611091136932373, 0.9074696898460388, 0.8199270367622375});
  g = seeded();
  expect_values(rand({3}, DType::Float64, &g), {0.6420150066280941, 0.2597579151763153, 0.36082761942715424});
  g = seeded();
  expect_values(randn({8}, DType::Float32, &g), {-0.4868, -0.6038, -0.5581, 0.6675, -0.1974, 1.9428, -1.4017, -0.7626},
                5e-5);
  g = seeded();
  expect_values(randn({20}, DType::Float32, &g).narrow(0, 0, 6), {1.8423, 0.5189, -1.7119, -1.7014, -0.1297, -0.6018},
                5e-5);
  g = seeded();
  expect_values(randint(0, 10, {8}, DType::Int64, &g), {1, 4, 7, 5, 6, 0, 2, 3});
  g = seeded();
  expect_values(randint(0, int64_t(1) << 40, {3}, DType::Int64, &g), {425438759118, 1030067709629, 989404716150});
  g = seeded();
  expect_values(randperm(10, DType::Int64, &g), {1, 4, 9, 6, 3, 5, 0, 2, 8, 7});
  g = seeded();
  expect_values(dropout(Tensor::ones({12}), 0.3, true, &g) * 0.7, {1, 1, 1, 1, 1, 0, 1, 0, 0, 1, 1, 1}, 1e-6);
  g = seeded();
  expect_values(bernoulli(Tensor::full({12}, 0.7), &g), {0, 1, 0, 0, 0, 1, 1, 0, 1, 0, 1, 1});
  g = seeded();
  Tensor x = Tensor::empty({4});
  expect_values(exponential_(x, 1, &g), {1.0273, 0.3008, 0.4476, 0.3785}, 5e-5);
}

TEST(Random, DropoutAndSampling) {
  Tensor x = values({4, 5});
  expect_gradients("dropout",
                   [](V x) {
                     Generator g(3);
                     return dropout(x[0], 0.4, true, &g);
                   },
                   {x});
  EXPECT_TRUE(dropout(x, 0.5, false).same(x));
  expect_values(dropout(x, 1), std::vector<double>(20, 0.0));
  EXPECT_EQ(message<ConfigError>([&] { dropout(x, 1.5); }),
            "dropout probability has to be between 0 and 1, but got 1.5");
  Generator g(1);
  const Tensor counts = bincount(multinomial(Tensor::from_data<float>({1, 0, 3}, {3}), 4000, true, &g), Tensor(), 3);
  EXPECT_EQ(counts.to_vector<int64_t>()[1], 0);
  EXPECT_NEAR(counts.to_vector<double>()[2], 3000, 150);  // five standard deviations
  const Tensor order = multinomial(Tensor::ones({2, 5}), 5, false, &g);
  expect_values(sort(order).first, {0, 1, 2, 3, 4, 0, 1, 2, 3, 4});
  EXPECT_THROW(multinomial(Tensor::from_data<float>({1, -1}, {2}), 1), Error);
  EXPECT_THROW(multinomial(Tensor::from_data<float>({NAN, 1}, {2}), 1), Error);
  EXPECT_THROW(multinomial(Tensor::ones({2}), 3), ConfigError);
  Tensor normal = Tensor::empty({10000});
  trunc_normal_(normal, 0, 1, -2, 2, &g);
  EXPECT_GE(min(normal).item<double>(), -2);
  EXPECT_LE(max(normal).item<double>(), 2);
  EXPECT_NEAR(std_dev(normal).item<double>(), 0.8796, 0.03);  // of a normal cut at two deviations
}

}  // namespace
}  // namespace ef::testing
