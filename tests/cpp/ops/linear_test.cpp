// Products, norms, attention, rope, embedding, losses.
#include "kernels/gemm.h"
#include "ops/gradcheck.h"

namespace ef::testing {
namespace {

using V = const std::vector<Tensor>&;

TEST(Matmul, Gradients) {
  const Tensor a = values({3, 4}), b = values({4, 5}, -1, 1, 2), v = values({4}, -1, 1, 3);
  const Tensor a3 = values({2, 3, 4}, -1, 1, 4), b3 = values({2, 4, 5}, -1, 1, 5), a4 = values({3, 1, 2, 4}, -1, 1, 6);
  expect_gradients("mm", [](V x) { return matmul(x[0], x[1]); }, {a, b});
  expect_gradients("mm of transposes", [](V x) { return matmul(x[0].t(), x[1].t()); },
                   {values({4, 3}), values({5, 4})});
  expect_gradients("vector", [](V x) { return matmul(x[0], x[1]); }, {a, v});
  expect_gradients("vector first", [](V x) { return matmul(x[0], x[1]); }, {v, b3});
  expect_gradients("dot", [](V x) { return matmul(x[0], x[0] * 2); }, {v});
  expect_gradients("bmm", [](V x) { return bmm(x[0], x[1]); }, {a3, b3});
  expect_gradients("one matrix for all", [](V x) { return matmul(x[0], x[1]); }, {a3, b});
  expect_gradients("broadcast batches", [](V x) { return matmul(x[0], x[1]); }, {a4, b3});
  expect_gradients("strided batches",
                   [](V x) {
                     return matmul(x[0].transpose(1, 2), x[1].permute({1, 0, 2}));
                   },
                   {values({2, 4, 3}), values({4, 2, 5})});
  expect_gradients("linear", [](V x) { return linear(x[0], x[1], x[2]); }, {a3, values({5, 4}), values({5})});
  expect_gradients("addmm", [](V x) { return addmm(x[0], x[1], x[2], 0.5, 2); }, {values({5}), a, b});
  expect_gradients("outer", [](V x) { return outer(x[0], x[1]); }, {v, values({3})});
  for (const char* equation : {"bij,bjk->bik", "bij,kj->ikb", "bij,bij->b", "bij,ij->bj"})
    expect_gradients(equation, [equation](V x) { return einsum(equation, x); },
                     {a3, std::string(equation) == "bij,bjk->bik"  ? b3
                          : std::string(equation) == "bij,kj->ikb" ? values({5, 4})
                          : std::string(equation) == "bij,bij->b"  ? values({2, 3, 4}, -1, 1, 8)
                                                                   : values({3, 4}, -1, 1, 8)});
  expect_gradients("three operands", [](V x) { return einsum("ij,jk,kl->il", x); }, {a, b, values({5, 2})});
  expect_gradients("ellipsis", [](V x) { return einsum("...ij,...jk->...ik", x); }, {a4, b3});
  expect_gradients("trace", [](V x) { return einsum("ii->", x); }, {values({3, 3})});
}

TEST(Matmul, MatchesPlainLoopsInEveryDtypeAndLayout) {
  Generator g(3);
  for (DType d : {DType::Float32, DType::Float64, DType::BFloat16, DType::Float16, DType::Int32})
    for (int layout = 0; layout < 4; layout++) {
      const auto make = [&](int64_t m, int64_t n, bool flip) {
        const Tensor t = randint(-4, 5, flip ? Shape{n, m} : Shape{m, n}, d, &g);
        return flip ? t.t() : t;
      };
      const Tensor a = make(7, 33, layout & 1), b = make(33, 9, layout & 2);
      const auto pa = a.to_vector<double>(), pb = b.to_vector<double>(), c = matmul(a, b).to_vector<double>();
      for (size_t i = 0; i < 7; i++)
        for (size_t j = 0; j < 9; j++) {
          double total = 0;
          for (size_t k = 0; k < 33; k++) total += pa[i * 33 + k] * pb[k * 9 + j];
          if (d == DType::BFloat16) total = bfloat16(float(total));  // small integers: only the result is rounded
          if (d == DType::Float16) total = float16(float(total));
          ASSERT_EQ(c[i * 9 + j], total) << dtype_name(d) << " layout " << layout;
        }
    }
  EXPECT_EQ(matmul(Tensor::zeros({2, 0}), Tensor::zeros({0, 3})).to_vector<float>(), std::vector<float>(6, 0.f));
  EXPECT_EQ(matmul(Tensor::zeros({0, 2}), Tensor::zeros({2, 3})).shape(), (Shape{0, 3}));
  EXPECT_EQ(message<ShapeError>([] {
              matmul(Tensor::zeros({2, 3}), Tensor::zeros({4, 5}));
            }),
            "mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)");
  EXPECT_EQ(message<ShapeError>([] {
              linear(Tensor::zeros({2, 2, 3}), Tensor::zeros({5, 4}));
            }),
            "mat1 and mat2 shapes cannot be multiplied (4x3 and 4x5)");
  EXPECT_NE(message<DtypeError>([] {
              matmul(Tensor::zeros({2, 3}), Tensor::zeros({3, 2}, DType::BFloat16));
            }).find("expected m1 and m2 to have the same dtype, but got: float32 != bfloat16"),
            std::string::npos);
}

TEST(Norm, Gradients) {
  const Tensor x = values({2, 3, 5}, -2, 2), w = values({5}, 0.5, 1.5), b = values({5}, -1, 1, 4);
  for (int dim : {0, 1, -1}) {
    expect_gradients("softmax", [dim](V x) { return softmax(x[0], dim); }, {x});
    expect_gradients("log_softmax", [dim](V x) { return log_softmax(x[0], dim); }, {x});
  }
  expect_gradients("rms_norm", [](V x) { return rms_norm(x[0], x[1], 1e-5); }, {x, w});
  expect_gradients("rms_norm unit", [](V x) { return rms_norm(x[0], x[1], 1e-5, true); }, {x, w});
  expect_gradients("rms_norm bare", [](V x) { return rms_norm(x[0], Tensor(), 1e-5); }, {x});
  expect_gradients("layer_norm", [](V x) { return layer_norm(x[0], x[1], x[2], 1e-5); }, {x, w, b});
  expect_gradients("layer_norm bare", [](V x) { return layer_norm(x[0], Tensor(), Tensor(), 1e-5); }, {x});
  expect_gradients("normalize", [](V x) { return normalize(x[0], 2, -1); }, {x});
  const Tensor frozen = w.clone();
  expect_gradients("rms_norm, frozen weight", [&](V x) { return rms_norm(x[0], frozen.to(x[0].dtype()), 1e-5); }, {x});
}

TEST(Rope, RotatesAndTurnsBack) {
  const Tensor x = values({2, 2, 3, 8});
  const Tensor angles = values({3, 4}, 0, 6), batched = values({2, 3, 3}, 0, 6, 2);
  for (bool interleaved : {false, true}) {
    expect_gradients("rope", [&](V x) { return rope(x[0], cos(angles), sin(angles), interleaved); }, {x});
    expect_gradients("part of the head", [&](V x) { return rope(x[0], cos(batched), sin(batched), interleaved); }, {x});
    expect_gradients("inside heads",
                     [&](V x) { return rope(x[0].transpose(1, 2), cos(angles), sin(angles), interleaved); },
                     {values({2, 3, 2, 8})});
  }
  const Tensor doubled = cat({angles, angles}, 1);
  EXPECT_TRUE(equal(rope(x, cos(doubled), sin(doubled)), rope(x, cos(angles), sin(angles))));
  const Tensor one = x.narrow(2, 0, 1), at = values({2, 1, 4}, 0, 6);
  const Tensor both = rope(one, cos(at), sin(at));
  for (int64_t b = 0; b < 2; b++)
    EXPECT_TRUE(equal(both.narrow(0, b, 1), rope(one.narrow(0, b, 1), cos(at.select(0, b)), sin(at.select(0, b)))));
  const auto v = x.to_vector<double>(), c = cos(angles).to_vector<double>(), s = sin(angles).to_vector<double>();
  const auto y = rope(x, cos(angles), sin(angles)).to_vector<double>();
  EXPECT_NEAR(y[8 + 1], v[8 + 1] * c[4 + 1] - v[8 + 5] * s[4 + 1], 1e-15);  // token 1, pair (1, 5)
  EXPECT_NEAR(y[8 + 5], v[8 + 5] * c[4 + 1] + v[8 + 1] * s[4 + 1], 1e-15);
  EXPECT_THROW(rope(x, cos(values({4, 4})), sin(values({4, 4}))), ShapeError);
}

TEST(Attention, GradientsOfEveryOption) {
  const Tensor q = values({2, 4, 3, 6}), k = values({2, 2, 5, 6}, -1, 1, 2), v = values({2, 2, 5, 4}, -1, 1, 3);
  const Tensor mask = Tensor::from_data<bool>({true, true, true, true, true, false, false, true, true, true}, {2, 5});
  const auto check_with = [&](const char* name, auto set) {
    AttentionOptions o;
    set(o);
    // f32 runs through the flash kernel, f64 through plain loops: 1e-4 is the sum of their rounding.
    expect_gradients(name, [o](V x) { return attention(x[0], x[1], x[2], o); }, {q, k, v});
    // The composed form is an independent definition.
    const Tensor whole = attention(q, k, v, o), p = attention_weights(q, k, o);
    const Tensor wide = repeat_interleave(v, 2, 1);
    EXPECT_TRUE(allclose(whole, matmul(p, wide), 1e-6, 1e-7)) << name;
  };
  check_with("plain", [](AttentionOptions&) {});
  check_with("causal", [](AttentionOptions& o) { o.causal = true; });
  check_with("scale, cap", [](AttentionOptions& o) {
    o.scale = 0.75;
    o.softcap = 1.5;
  });
  check_with("window", [](AttentionOptions& o) {
    o.causal = true;
    o.window = 2;
  });
  check_with("two-sided window", [](AttentionOptions& o) {
    o.window = 2;
    o.window_both_sides = true;
  });
  check_with("offset", [](AttentionOptions& o) {
    o.causal = true;
    o.q_offset = 1;
  });
  check_with("padding", [&](AttentionOptions& o) {
    o.causal = true;
    o.key_mask = mask;
  });
  check_with("bool mask", [&](AttentionOptions& o) { o.bias = mask.view({2, 1, 1, 5}); });
  for (const Shape& shape : {Shape{2, 4, 3, 5}, Shape{1, 4, 1, 5}, Shape{3, 5}, Shape{2, 1, 3, 1}}) {
    expect_gradients("bias",
                     [](V x) {
                       AttentionOptions o;
                       o.bias = x[3];
                       o.causal = true;
                       return attention(x[0], x[1], x[2], o);
                     },
                     {q, k, v, values(shape, -1, 1, 5)});
  }
  expect_gradients("sinks",
                   [](V x) {
                     AttentionOptions o;
                     o.sinks = x[3];
                     return attention(x[0], x[1], x[2], o);
                   },
                   {q, k, v, values({4}, -1, 1, 5)});
  expect_gradients("weights", [](V x) { return attention_weights(x[0], x[1]); }, {q, k});
  expect_gradients("heads inside",
                   [](V x) { return attention(x[0].transpose(1, 2), x[1].transpose(1, 2), x[2].transpose(1, 2)); },
                   {values({2, 3, 4, 6}), values({2, 5, 2, 6}), values({2, 5, 2, 4})});
}

TEST(Attention, RowsThatSeeNothingAreZero) {
  AttentionOptions o;
  o.key_mask = Tensor::zeros({1, 3}, DType::Bool);
  for (DType d : {DType::Float32, DType::Float64}) {
    Tensor q = values({1, 2, 2, 4}).to(d), k = values({1, 1, 3, 4}).to(d);
    set_requires_grad(q);
    const Tensor y = attention(q, k, k, o);
    expect_values(y, std::vector<double>(16, 0.0));
    backward(sum(y));
    expect_values(grad(q), std::vector<double>(16, 0.0));
    expect_values(attention_weights(q, k, o), std::vector<double>(12, 0.0));
  }
}

TEST(Attention, CacheViewsAndSixteenBits) {
  const Tensor q = values({1, 4, 1, 64}).to(DType::Float32), cache = values({1, 2, 40, 64}).to(DType::Float32);
  const Tensor k = cache.narrow(2, 0, 17), v = cache.narrow(2, 17, 17);
  const Tensor y = attention(q, k, v);
  EXPECT_TRUE(allclose(y, attention(q, k.contiguous(), v.contiguous()), 0, 0));
  const Tensor half = attention(q, k.to(DType::BFloat16), v.to(DType::BFloat16));
  EXPECT_EQ(half.dtype(), DType::Float32);
  EXPECT_TRUE(allclose(y, half, 0, 0.02));  // keys and values keep 8 bits
  EXPECT_TRUE(y.transpose(1, 2).is_contiguous());
  EXPECT_THROW(attention(q, k, v.narrow(2, 0, 3)), ShapeError);
  EXPECT_THROW(attention(q.narrow(1, 0, 3), k, v), ShapeError);
}

TEST(Embedding, LooksUpAndAddsUp) {
  const Tensor ids = Tensor::from_data<int64_t>({1, 3, 1, 0}, {2, 2});
  expect_gradients("embedding", [&](V x) { return embedding(x[0], ids); }, {values({4, 3})});
  Tensor table = values({4, 3});
  set_requires_grad(table);
  backward(sum(embedding(table, ids.to(DType::Int32), 1)));
  expect_values(grad(table), {1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1});
  for (int64_t bad : {-1, 4})
    EXPECT_EQ(message<IndexError>([&] {
                embedding(table, Tensor::full({1}, bad, DType::Int64));
              }).find("index out of range in self"),
              0u);
  EXPECT_THROW(embedding(table, Tensor::zeros({1})), DtypeError);
  expect_values(one_hot(Tensor::arange(2), 3), {1, 0, 0, 0, 1, 0});
  EXPECT_THROW(one_hot(Tensor::arange(4), 3), ConfigError);
}

TEST(Loss, Gradients) {
  const Tensor x = values({4, 5}, -2, 2), targets = Tensor::from_data<int64_t>({1, 4, -100, 0}, {4});
  for (Reduction how : {Reduction::Mean, Reduction::Sum, Reduction::None})
    for (double smoothing : {0.0, 0.2})
      for (bool weighted : {false, true}) {
        CrossEntropyOptions o;
        o.reduction = how;
        o.label_smoothing = smoothing;
        expect_gradients("cross_entropy",
                         [&](V x) {
                           CrossEntropyOptions with = o;
                           if (weighted) with.weight = values({5}, 0.5, 2, 3).to(x[0].dtype());
                           return cross_entropy(x[0], targets, with);
                         },
                         {x});
      }
  CrossEntropyOptions divided;
  divided.divisor = 7;
  expect_gradients("num_items_in_batch", [&](V x) { return cross_entropy(x[0], targets, divided); }, {x});
  expect_gradients("positions",
                   [&](V x) {
                     return cross_entropy(x[0], targets.view({2, 2}));
                   },
                   {values({2, 5, 2}, -2, 2)});
  expect_gradients("probabilities", [&](V x) { return cross_entropy(x[0], softmax(x[1], 1)); },
                   {x, values({4, 5}, -1, 1, 3)});
  expect_gradients("nll", [&](V x) { return nll_loss(log_softmax(x[0], 1), targets); }, {x});
  const Tensor y = values({4, 5}, -2, 2, 8), p = values({4, 5}, 0.1, 0.9), t = values({4, 5}, 0.1, 0.9, 4);
  expect_gradients("mse", [](V x) { return mse_loss(x[0], x[1]); }, {x, y});
  expect_gradients("l1", [](V x) { return l1_loss(x[0], x[1]); }, {x, y});
  expect_gradients("smooth l1", [](V x) { return smooth_l1_loss(x[0], x[1], 0.7); }, {x, y});
  expect_gradients("bce", [](V x) { return binary_cross_entropy(x[0], x[1]); }, {p, t});
  expect_gradients("bce with logits", [](V x) { return binary_cross_entropy_with_logits(x[0], x[1], Tensor(), x[2]); },
                   {x, t, values({5}, 0.5, 2)});
  expect_gradients("kl", [](V x) { return kl_div(log_softmax(x[0], 1), softmax(x[1], 1), Reduction::Sum, true); },
                   {x, y});
  expect_gradients("cosine", [](V x) { return cosine_similarity(x[0], x[1]); }, {x, y});
}

TEST(Loss, ValuesAndErrors) {
  const Tensor x = Tensor::from_data<float>({0, 0, 0, 0}, {2, 2});
  expect_values(cross_entropy(x, Tensor::from_data<int64_t>({0, 1}, {2})), {std::log(2.0)}, 1e-6);
  EXPECT_TRUE(std::isnan(cross_entropy(x, Tensor::full({2}, -100, DType::Int64)).item<double>()));
  EXPECT_EQ(message<IndexError>([&] {
              cross_entropy(x, Tensor::from_data<int64_t>({0, 2}, {2}));
            }),
            "Target 2 is out of bounds.");
  EXPECT_EQ(message<ShapeError>([&] { cross_entropy(x, Tensor::from_data<int64_t>({0}, {1})); }),
            "Expected input batch_size (2) to match target batch_size (1).");
  EXPECT_THROW(reduction_from_name("median"), ConfigError);
}

}  // namespace
}  // namespace ef::testing
