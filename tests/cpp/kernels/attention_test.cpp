// Attention against whole score rows in double (reference/attention.h).
#include "kernels/attention.h"

#include <cstring>

#include "attention_testing.h"
#include "kernels/gemm.h"

namespace ef::test {
namespace {

class Attention : public EachIsa {};
EF_EACH_ISA(Attention);

TEST_P(Attention, Forward) {
  for (bool invariant : {false, true}) {
    set_batch_invariant(invariant);
    for (Problem p : problems())
      for (DType kv : {DType::Float32, DType::BFloat16, DType::Float16}) {
        p.kv = kv;
        Instance s = instance(p);
        const Wide& w = truth(s).wide;
        attention_forward(s.args);
        // Scores of bf16 queries are off by up to ~1e-2, values by 2⁻⁹.
        const double bound = kv == DType::BFloat16 ? 4e-2 : 3e-6;
        EXPECT_LE(worst(s.out, w.out), bound) << p.name << " " << dtype_name(kv);
        EXPECT_LE(worst(s.lse, w.lse), bound) << p.name << " " << dtype_name(kv);
      }
  }
  set_batch_invariant(false);
}

// Few queries: a row's bits depend neither on the threads nor on the rows beside it.
TEST_P(Attention, DecodedRowsStandAlone) {
  const int threads = ThreadPool::instance().size();
  for (const DType kv : {DType::Float32, DType::BFloat16, DType::Float16})
    for (const int64_t window : {0, 300}) {
      Instance all(
          {.name = "alone", .q_heads = 6, .q_len = 5, .kv_len = 1400, .kv = kv, .causal = true, .window = window});
      const SingleRowOrder order;
      attention_forward(all.args);
      const std::vector<float> together = all.out;
      for (const int count : {1, 2, 3}) {
        ThreadPool::instance().resize(count);
        std::fill(all.out.begin(), all.out.end(), 7.f);
        attention_forward(all.args);
        EXPECT_EQ(all.out, together) << count << " threads, window " << window;
      }
      std::fill(all.out.begin(), all.out.end(), 7.f);
      for (int64_t i = 0; i < all.p.q_len; i++) {
        AttentionArgs one = all.args;
        one.q += i * one.q_strides.position, one.out += i * one.out_strides.position;
        one.q_len = 1, one.q_offset += i, one.kv_len = one.q_offset + 1, one.lse = nullptr;
        attention_forward(one);
      }
      EXPECT_EQ(all.out, together) << "row by row, window " << window;
    }
  ThreadPool::instance().resize(threads);
}

// Scores whose maximum rises by more than the softmax lets pass, and scales that turn their order round or make them
// equal. Scores of up to 40 are off by 1e-5, which the exponential passes on.
TEST_P(Attention, AnyScale) {
  for (const float scale : {1.f, -0.5f, 0.f})
    for (const int64_t q_len : {1, 40}) {
      Instance s = instance({.name = "scale", .q_len = q_len, .kv_len = 600, .causal = true});
      s.args.scale = scale;
      Wide w(s);
      attention_forward(w.args);
      attention_forward(s.args);
      EXPECT_LE(worst(s.out, w.out), 3e-5) << scale << " " << q_len;
      EXPECT_LE(worst(s.lse, w.lse), 3e-5) << scale << " " << q_len;
    }
}

// Scores whose units in the last place are whole powers of e, and whose products with log2 e round by hundreds.
TEST_P(Attention, LargeScores) {
  for (const DType kv : {DType::Float32, DType::BFloat16, DType::Float16})
    for (const int64_t q_len : {1, 40})
      for (const float factor : {1e7f, 1e10f, 1e30f}) {  // one key has it all
        Instance s({.name = "large", .q_len = q_len, .kv_len = 600, .kv = kv, .causal = true});
        for (float& x : s.q) x = bfloat16(x * factor);
        Wide w(s);
        attention_forward(w.args);
        attention_forward(s.args);
        const double bound = kv == DType::BFloat16 ? 4e-4 : 3e-6;  // powers of two to 8e-5, of values up to 5
        EXPECT_LE(worst(s.out, w.out), bound) << factor << " " << q_len << " " << dtype_name(kv);
      }
  for (const int64_t q_len : {1, 40})
    for (const float others : {0.f, -2e10f, -3e38f, std::numeric_limits<float>::lowest()}) {
      Instance s({.name = "bias", .q_len = q_len, .kv_len = 600, .bias = true});
      std::fill(s.bias.begin(), s.bias.end(), others);
      for (size_t i = 5; i < s.bias.size(); i += 600) s.bias[i] = others / 2 + 1e10f;
      Wide w(s);
      attention_forward(w.args);
      attention_forward(s.args);
      EXPECT_LE(worst(s.out, w.out), 3e-6) << others << " " << q_len;
    }
}

// Whole numbers beside which f32 still holds every difference, on both sides of 2^10 as powers of two: only the
// products of their differences with log2 e round.
TEST_P(Attention, DifferencesOfLargeScores) {
  for (const float base : {500.f, 700.f, 1e5f, 4e6f, -700.f, -4e6f})
    for (const int64_t q_len : {1, 40}) {
      Instance s({.name = "whole", .q_len = q_len, .kv_len = 600, .head_dim = 1});
      std::vector<float> keys(size_t(2 * 2 * 603));
      for (size_t i = 0; i < keys.size(); i++) keys[i] = base + float(i % 603 % 5) + float(8 * (i % 603 / 256));
      s.k = Data(DType::Float32, keys);
      s.args.k = s.k.data();
      std::fill(s.q.begin(), s.q.end(), 1.f);
      s.args.scale = 1;
      Wide w(s);
      attention_forward(w.args);
      attention_forward(s.args);
      EXPECT_LE(worst(s.out, w.out), 1e-5) << base << " " << q_len;
    }
}

TEST_P(Attention, InfiniteScores) {  // the whole row is NaN, as in torch, and no other
  for (const int64_t q_len : {1, 40}) {
    Instance s({.name = "infinite", .batch = 1, .q_len = q_len, .kv_len = 600, .bias = true});
    s.bias[300] = INFINITY;  // head 0, position 0
    attention_forward(s.args);
    for (int64_t i = 0; i < int64_t(s.out.size()); i++) EXPECT_EQ(std::isnan(s.out[size_t(i)]), i < 64) << i;
  }
}

// Windows that have passed all keys see nothing, and nothing behind the keys is read.
TEST_P(Attention, WindowBehindTheKeys) {
  struct Shape {
    int64_t kv_len, window, offset;
  };
  for (const DType kv : {DType::Float32, DType::BFloat16, DType::Float16})
    for (const Shape& shape :
         {Shape{70, 20, 100}, {40, 20, 100}, {5, 3, 90}, {64, 3, 90}, {70, 20, 80}, {300, 20, 290}, {70, 20, 1 << 30}})
      for (const int64_t q_len : {1, 3, 40}) {
        Instance s({.name = "behind",
                    .q_len = q_len,
                    .kv_len = shape.kv_len,
                    .kv = kv,
                    .causal = true,
                    .window = shape.window});
        s.args.q_offset = shape.offset;
        Wide w(s);
        std::vector<float> values = random_floats(2 * 2 * (shape.kv_len + 3) * 64);
        for (size_t i = 0; i < values.size(); i++)
          if (int64_t(i) / 64 % (shape.kv_len + 3) >= shape.kv_len)
            values[i] = NAN;
          else
            values[i] = s.v[int64_t(i)];
        s.v = Data(kv, values);
        s.args.v = s.v.data();
        attention_forward(w.args);
        attention_forward(s.args);
        const double bound = kv == DType::BFloat16 ? 4e-2 : 3e-6;
        EXPECT_LE(worst(s.out, w.out), bound) << shape.kv_len << " " << q_len << " " << dtype_name(kv);
        EXPECT_LE(worst(s.lse, w.lse), bound) << shape.kv_len << " " << q_len << " " << dtype_name(kv);
      }
}

TEST_P(Attention, RoundedQueriesAndResults) {  // the bits of the same numbers in f32, rounded at the end
  for (Problem p : problems())
    for (DType kv : {DType::Float32, DType::BFloat16, DType::Float16}) {
      p.kv = kv;
      Instance s(p);
      const std::vector<bfloat16> q(s.q.begin(), s.q.end());
      s.q.assign(q.begin(), q.end());
      attention_forward(s.args);
      const std::vector<bfloat16> want(s.out.begin(), s.out.end());
      std::vector<bfloat16> out(s.out.size(), bfloat16(7.f));
      s.args.q = nullptr, s.args.out = nullptr;
      s.args.rounded_q = q.data(), s.args.rounded_out = out.data();
      attention_forward(s.args);
      EXPECT_EQ(std::memcmp(out.data(), want.data(), out.size() * sizeof(bfloat16)), 0) << p.name;
    }
}

TEST_P(Attention, SameBitsForAnyThreadCount) {
  for (const Problem& p : problems()) {
    Instance s(p);
    std::vector<float> first;
    for (int threads : {1, 2, 5})
      with_threads(threads, [&] {
        std::fill(s.out.begin(), s.out.end(), 7.f);
        attention_forward(s.args);
        if (threads == 1) first = s.out;
        ASSERT_EQ(s.out, first) << p.name;
      });
  }
}

TEST_P(Attention, BatchInvariant) {  // a query gives the same bits alone and among others
  set_batch_invariant(true);
  for (Problem p : {Problem{.name = "causal", .q_len = 150, .causal = true},
                    Problem{.name = "window", .q_len = 150, .causal = true, .window = 20}}) {
    Instance s(p);
    attention_forward(s.args);
    const std::vector<float> all = s.out;
    AttentionArgs one = s.args;
    for (int64_t t : {0, 13, 149}) {
      std::vector<float> out(s.out.size());
      one.q = s.args.q + t * s.args.q_strides.position;
      one.out = out.data();
      one.q_len = 1;
      one.q_offset = t;
      one.kv_len = t + 1;
      one.lse = nullptr;
      attention_forward(one);
      for (int64_t b = 0; b < p.batch; b++)
        for (int64_t i = 0; i < p.q_heads * p.value_dim; i++)
          ASSERT_EQ(out[size_t(b * s.args.out_strides.batch + i)],
                    all[size_t(b * s.args.out_strides.batch + t * s.args.out_strides.position + i)])
              << p.name << t;
    }
  }
  set_batch_invariant(false);
}

TEST_P(Attention, NanStaysInItsRow) {
  for (int64_t q_len : {1, 40}) {
    Instance s({.name = "nan", .batch = 1, .q_len = q_len});
    s.q[5] = NAN;  // head 0, position 0
    attention_forward(s.args);
    for (int64_t i = 0; i < int64_t(s.out.size()); i++) EXPECT_EQ(std::isnan(s.out[size_t(i)]), i < 64) << i;
  }
}

TEST_P(Attention, InfiniteValuesStayInTheirColumn) {
  for (const DType kv : {DType::Float32, DType::BFloat16, DType::Float16})
    for (const int64_t q_len : {1, 40}) {
      Instance s({.name = "infinite", .batch = 1, .q_len = q_len, .kv = kv});
      std::vector<float> values = random_floats(2 * 153 * 64);
      values[3 * 64 + 7] = INFINITY;  // head 0, position 3
      s.v = Data(kv, values);
      s.args.v = s.v.data();
      attention_forward(s.args);
      for (int64_t i = 0; i < int64_t(s.out.size()); i++) {
        const bool there = i / 64 % 4 < 2 && i % 64 == 7;
        EXPECT_EQ(s.out[size_t(i)] == INFINITY, there) << i << " " << dtype_name(kv);
        EXPECT_FALSE(std::isnan(s.out[size_t(i)])) << i << " " << dtype_name(kv);
      }
    }
}

TEST(AttentionErrors, Arguments) {
  Instance s({.name = "bad"});
  s.args.kv_heads = 3;
  EXPECT_THROW(attention_forward(s.args), ShapeError);
  s.args.kv_heads = 2;
  s.args.kv_dtype = DType::Int8;
  EXPECT_THROW(attention_forward(s.args), DtypeError);
}

}  // namespace
}  // namespace ef::test
