#include "ops/gradcheck.h"

namespace ef::testing {
namespace {

using V = const std::vector<Tensor>&;

TEST(Elementwise, BinaryGradients) {
  const Tensor a = values({2, 3}, 0.3, 2), b = values({3}, 0.4, 1.9, 2), c = values({2, 1}, 0.5, 2, 3);
  expect_gradients("add", [](V x) { return add(x[0], x[1], 3); }, {a, b});
  expect_gradients("sub", [](V x) { return sub(x[0], x[1], 0.5); }, {a, c});
  expect_gradients("mul", [](V x) { return x[0] * x[1]; }, {b, c});
  expect_gradients("mul by itself", [](V x) { return x[0] * x[0]; }, {a});
  expect_gradients("div", [](V x) { return x[0] / x[1]; }, {a, b});
  expect_gradients("remainder", [](V x) { return remainder(x[0], x[1]); }, {a, c});
  expect_gradients("fmod", [](V x) { return fmod(x[0], x[1]); }, {a, c});
  expect_gradients("pow", [](V x) { return pow(x[0], x[1]); }, {a, b});
  expect_gradients("maximum", [](V x) { return maximum(x[0], x[1]); }, {a, b});
  expect_gradients("minimum", [](V x) { return minimum(x[0], x[1]); }, {a, c});
  expect_gradients("atan2", [](V x) { return atan2(x[0], x[1]); }, {a, b});
  expect_gradients("lerp", [](V x) { return lerp(x[0], x[1], x[2]); }, {a, b, c});
  expect_gradients("addcmul", [](V x) { return addcmul(x[0], x[1], x[2], 2); }, {a, b, c});
  expect_gradients("addcdiv", [](V x) { return addcdiv(x[0], x[1], x[2], 2); }, {a, b, c});
  expect_gradients(
      "strided", [](V x) { return x[0].t() * x[1].slice(1, 0, 4, 2); }, {a, values({3, 4})}, 1e-7, 1e-4);
}

TEST(Elementwise, ScalarGradients) {
  const Tensor a = values({2, 3}, 0.3, 2);
  expect_gradients("+", [](V x) { return x[0] + 2; }, {a});
  expect_gradients("-", [](V x) { return 2 - (x[0] - 1.5); }, {a});
  expect_gradients("*", [](V x) { return -x[0] * 2.5; }, {a});
  expect_gradients("/", [](V x) { return 3 / (x[0] / 2); }, {a});
  for (double p : {-1.5, 0.0, 0.5, 1.0, 2.0, 3.0}) expect_gradients("pow", [p](V x) { return pow(x[0], p); }, {a});
  expect_gradients("rpow", [](V x) { return rpow(2.5, x[0]); }, {a});
}

TEST(Elementwise, UnaryGradients) {
  const Tensor any = values({3, 4}, -2, 2), positive = values({3, 4}, 0.2, 3), inside = values({3, 4}, -0.9, 0.9);
  const std::pair<const char*, Tensor (*)(const Tensor&)> everywhere[] = {{"abs", abs},
                                                                          {"exp", exp},
                                                                          {"expm1", expm1},
                                                                          {"sin", sin},
                                                                          {"cos", cos},
                                                                          {"atan", atan},
                                                                          {"sinh", sinh},
                                                                          {"cosh", cosh},
                                                                          {"tanh", tanh},
                                                                          {"erf", erf},
                                                                          {"square", square},
                                                                          {"relu", relu},
                                                                          {"sigmoid", sigmoid},
                                                                          {"silu", silu},
                                                                          {"mish", mish},
                                                                          {"quick_gelu", quick_gelu},
                                                                          {"hardswish", hardswish},
                                                                          {"hardsigmoid", hardsigmoid},
                                                                          {"relu2", relu2},
                                                                          {"log_sigmoid", log_sigmoid},
                                                                          {"frac", frac},
                                                                          {"floor", floor},
                                                                          {"ceil", ceil},
                                                                          {"trunc", trunc},
                                                                          {"sign", sign}};
  for (auto& [name, f] : everywhere) expect_gradients(name, [f = f](V x) { return f(x[0]); }, {any});
  const std::pair<const char*, Tensor (*)(const Tensor&)> above_zero[] = {
      {"log", log},   {"log2", log2},   {"log10", log10},          {"log1p", log1p},
      {"sqrt", sqrt}, {"rsqrt", rsqrt}, {"reciprocal", reciprocal}};
  for (auto& [name, f] : above_zero) expect_gradients(name, [f = f](V x) { return f(x[0]); }, {positive});
  const std::pair<const char*, Tensor (*)(const Tensor&)> bounded[] = {{"asin", asin}, {"acos", acos}, {"tan", tan}};
  for (auto& [name, f] : bounded) expect_gradients(name, [f = f](V x) { return f(x[0]); }, {inside});
  expect_gradients("gelu", [](V x) { return gelu(x[0]); }, {any});
  expect_gradients("gelu tanh", [](V x) { return gelu(x[0], true); }, {any});
  expect_gradients("softplus", [](V x) { return softplus(x[0]); }, {any});
  expect_gradients("softplus 2", [](V x) { return softplus(x[0], 2, 1.5); }, {any});
  expect_gradients("elu", [](V x) { return elu(x[0], 0.7); }, {any});
  expect_gradients("leaky_relu", [](V x) { return leaky_relu(x[0], 0.2); }, {any});
  expect_gradients("softcap", [](V x) { return softcap(x[0], 1.5); }, {any});
  expect_gradients("clamp", [](V x) { return clamp(x[0], -0.5, 1.0); }, {any});
  expect_gradients("clamp tensors", [](V x) { return clamp(x[0], x[1], Tensor()); }, {any, values({4}, -1, 1, 5)});
  expect_gradients("round", [](V x) { return round(x[0], 0); }, {any});
  expect_gradients("nan_to_num", [](V x) { return nan_to_num(x[0]); }, {any});
  expect_gradients("silu_mul", [](V x) { return silu_mul(x[0], x[1]); }, {any, positive});
  expect_gradients("gelu_mul", [](V x) { return gelu_mul(x[0], x[1], true); }, {any, positive});
}

TEST(Elementwise, SelectionGradients) {
  const Tensor a = values({2, 3}), b = values({3}, -1, 1, 7);
  const Tensor mask = Tensor::from_data<bool>({true, false, true, false, false, true}, {2, 3});
  expect_gradients("where", [&](V x) { return where(mask, x[0], x[1]); }, {a, b});
  expect_gradients("masked_fill", [&](V x) { return masked_fill(x[0], mask, 5); }, {b});
}

TEST(Elementwise, IntegersFollowTorch) {
  const Tensor a = Tensor::from_data<int64_t>({7, -7, 7, -7}, {4}), b = Tensor::from_data<int64_t>({2, 2, -2, -2}, {4});
  expect_values(floor_divide(a, b), {3, -4, -4, 3});
  expect_values(trunc_divide(a, b), {3, -3, -3, 3});
  expect_values(remainder(a, b), {1, 1, -1, -1});
  expect_values(fmod(a, b), {1, -1, 1, -1});
  expect_values(div(a, b), {3.5, -3.5, -3.5, 3.5});
  EXPECT_EQ(div(a, b).dtype(), DType::Float32);
  expect_values(pow(Tensor::from_data<int64_t>({3, -2}, {2}), 5), {243, -32});
  EXPECT_EQ(message<Error>([&] { remainder(a, Tensor::zeros({4}, DType::Int64)); }), "ZeroDivisionError");
  EXPECT_THROW(pow(a, -1), Error);
  EXPECT_EQ((Tensor::full({1}, 200, DType::UInt8) + Tensor::full({1}, 100, DType::UInt8)).item<int64_t>(), 44);
  const Tensor least = Tensor::full({1}, INT64_MIN, DType::Int64);
  EXPECT_EQ(floor_divide(least, Tensor::full({1}, -1, DType::Int64)).item<int64_t>(), INT64_MIN);
  EXPECT_EQ(abs(least).item<int64_t>(), INT64_MIN);
  expect_values(floor_divide(values({2}, 5, 6), values({2}, -2, -1.9)), {-3, -3});
  expect_values(remainder(Tensor::from_data<float>({5.5f, -5.5f}, {2}), Tensor::from_data<float>({-2, 2}, {2})),
                {-0.5, 0.5});
  EXPECT_EQ((Tensor::scalar(true) + Tensor::scalar(true)).dtype(), DType::Bool);
  EXPECT_THROW(sub(Tensor::scalar(true), Tensor::scalar(true)), DtypeError);
  expect_values(bitwise_and(a, b), {2, 0, 6, -8});
  expect_values(shift_left(b, Tensor::scalar(3)), {16, 16, -16, -16});
  expect_values(round(Tensor::from_data<float>({0.5f, 1.5f, 2.5f, -0.5f}, {4})), {0, 2, 2, 0});
}

TEST(Elementwise, ComparisonsAndNaN) {
  const Tensor x = Tensor::from_data<float>({1, NAN, INFINITY, -2}, {4});
  expect_values(eq(x, x), {1, 0, 1, 1});
  expect_values(isnan(x), {0, 1, 0, 0});
  expect_values(isfinite(x), {1, 0, 0, 1});
  expect_values(lt(x, 1.5), {1, 0, 0, 1});
  expect_values(maximum(x, Tensor::zeros({4})), {1, NAN, INFINITY, 0});
  expect_values(clamp(x, -1.0, 1.0), {1, NAN, 1, -1});
  EXPECT_FALSE(allclose(x, x));
  EXPECT_TRUE(allclose(x, x, 0, 0, true));
  EXPECT_FALSE(equal(x, x));
  expect_values(nan_to_num(x, 7), {1, 7, 3.4028234663852886e38, -2});
  EXPECT_EQ(eq(Tensor::arange(3), Tensor::arange(3).view({3, 1})).shape(), (Shape{3, 3}));
  expect_values(logical_xor(Tensor::arange(3), Tensor::ones({3})), {1, 0, 0});
}

TEST(Elementwise, SixteenBitResultsAreTheRoundedFloatResults) {
  const Tensor x = values({64}, -2, 2);
  for (DType d : {DType::BFloat16, DType::Float16}) {
    const Tensor h = x.to(d), wide = h.to(DType::Float32);
    for (auto f : {exp, tanh, silu, sigmoid}) EXPECT_TRUE(equal(f(h), f(wide).to(d)));
    EXPECT_TRUE(equal(h * h, (wide * wide).to(d)));
    EXPECT_TRUE(equal(h + 0.5, (wide + 0.5).to(d)));
    EXPECT_TRUE(equal(silu_mul(h, h), silu_mul(wide, wide).to(d)));
  }
}

TEST(Elementwise, InPlaceFollowsTorchsRules) {
  Tensor leaf = values({3});
  set_requires_grad(leaf);
  EXPECT_EQ(message<Error>([&] { inplace(leaf, leaf + 1); }),
            "a leaf Variable that requires grad is being used in an in-place operation.");
  Tensor view = leaf.slice(0, 0, 2);
  EXPECT_EQ(message<Error>([&] { view.fill_(0); }),
            "a view of a leaf Variable that requires grad is being used in an in-place operation.");
  {
    NoGradGuard off;
    inplace(leaf, leaf * 2);
  }
  expect_gradients("in-place chain",
                   [](V x) {
                     Tensor y = x[0] * 2;
                     inplace(y, exp(y));
                     inplace(y, y + x[1]);
                     return y * y;
                   },
                   {values({3}), values({3}, 0, 1, 3)});
  Tensor y = leaf * 3, z = exp(y) * y;
  inplace(y, y + 1);
  EXPECT_NE(message<Error>([&] { backward(sum(z)); }).find("modified by an inplace operation"), std::string::npos);
  Tensor whole = Tensor::zeros({2}, DType::Int64);
  EXPECT_EQ(message<DtypeError>([&] { inplace(whole, whole + 0.5); }),
            "result type Float can't be cast to the desired output type Long");
  EXPECT_EQ(message<ShapeError>([&] {
              inplace(whole, whole + Tensor::zeros({3, 2}, DType::Int64));
            }),
            "output with shape [2] doesn't match the broadcast shape [3, 2]");
  expect_gradients("writing through views",
                   [](V x) {
                     Tensor base = x[0] * 1, part = base.slice(0, 0, 2), other = base.slice(0, 1, 3);
                     inplace(part, inplace_source(part, true) * x[1].slice(0, 1, 3));
                     inplace(base, base + 1);
                     return base * sum(part) + sum(square(other));  // the views follow what was written
                   },
                   {values({3}), values({3}, 0, 1, 3)});
  Tensor q = values({1, 2, 3, 4});
  set_requires_grad(q);
  Tensor strided = attention(q, q, q), row0 = strided.select(2, 0);  // an op's own result that is not contiguous
  EXPECT_THROW(inplace(row0, row0 + 1), UnsupportedError);
  Tensor buffer = Tensor::zeros({3}, DType::Float64), row = buffer.slice(0, 0, 1);
  EXPECT_THROW(row.copy_(leaf.slice(0, 0, 1)), UnsupportedError);
  Tensor fresh = Tensor::zeros({3}, DType::Float64);
  fresh.copy_(leaf);
  backward(sum(fresh));
  expect_values(grad(leaf), {1, 1, 1});
}

}  // namespace
}  // namespace ef::testing
