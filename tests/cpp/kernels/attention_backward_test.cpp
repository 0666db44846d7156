// Gradients of attention: against those in double, and those against finite differences.
#include "attention_testing.h"

namespace ef::test {
namespace {

class AttentionBackward : public EachIsa {};
EF_EACH_ISA(AttentionBackward);

TEST_P(AttentionBackward, OfAllKinds) {
  for (const Problem& p : problems()) {
    Instance s = instance(p);
    const Truth& t = truth(s);
    attention_forward(s.args);
    std::vector<std::vector<float>> first;
    for (int threads : {1, 2, 3})
      with_threads(threads, [&] {
        std::vector<float> fq(t.dq.size()), fk(t.dk.size()), fv(t.dv.size()), fs(t.dsinks.size()),
            fb(t.dbias.size(), 7.f);
        attention_backward(s.args, t.dout.data(), fq.data(), fk.data(), fv.data(), p.sinks ? fs.data() : nullptr,
                           p.bias ? fb.data() : nullptr);
        // sums of up to 1100 terms of O(1) with errors of 1e-6 each
        EXPECT_LE(worst(fq, t.dq), 3e-5) << p.name;
        EXPECT_LE(worst(fk, t.dk), 3e-5) << p.name;
        EXPECT_LE(worst(fv, t.dv), 3e-5) << p.name;
        EXPECT_LE(worst(fs, t.dsinks), 2e-4) << p.name;
        if (p.bias) {
          EXPECT_LE(worst(fb, t.dbias), 3e-5) << p.name;
        }
        const std::vector<std::vector<float>> all = {fq, fk, fv, fs, fb};
        if (threads == 1) first = all;
        EXPECT_EQ(all, first) << p.name << " " << threads << " threads";
      });
  }
}

// Probabilities are 0 or 1, whatever the last bits of scores that backward computes again.
TEST_P(AttentionBackward, OfLargeScores) {
  Instance s({.name = "large", .q_len = 150, .head_dim = 33, .causal = true});
  for (float& x : s.q) x *= 1e10f;
  attention_forward(s.args);
  const std::vector<float> dout = random_floats(int64_t(s.out.size()));
  std::vector<float> dq(s.q.size()), dk(size_t(s.args.batch * s.args.k_strides.batch)),
      dv(size_t(s.args.batch * s.args.v_strides.batch));
  attention_backward(s.args, dout.data(), dq.data(), dk.data(), dv.data());
  for (const std::vector<float>* grad : {&dq, &dk, &dv})
    for (const float x : *grad) ASSERT_TRUE(std::isfinite(x));
  for (const float x : dv) ASSERT_LE(std::fabs(x), 2e3);  // as many gradients as there are queries, at most
}

// Products in bf16: operands have 8 bits, and sums of them are compared relative to the largest gradient.
TEST_P(AttentionBackward, InBf16) {
  for (Problem p : problems()) {
    p.kv = DType::BFloat16;
    Instance s = instance(p);
    const Truth& t = truth(s);
    attention_forward(s.args);
    std::vector<bfloat16> q(s.q.begin(), s.q.end()), dout(t.dout.begin(), t.dout.end());
    const RoundedOperands rounded{q.data(), dout.data()};
    s.args.q = nullptr;
    std::vector<std::vector<float>> first;
    for (int threads : {1, 3})
      with_threads(threads, [&] {
        std::vector<float> fq(t.dq.size()), fk(t.dk.size()), fv(t.dv.size());
        attention_backward(s.args, t.dout.data(), fq.data(), fk.data(), fv.data(), nullptr, nullptr, &rounded);
        const auto near = [&](const std::vector<float>& got, const std::vector<double>& want) {
          double largest = 0;
          for (const double x : want) largest = std::max(largest, std::fabs(x));
          EXPECT_LE(worst(got, want), 0.02 * largest) << p.name;
        };
        near(fq, t.dq);
        near(fk, t.dk);
        near(fv, t.dv);
        const std::vector<std::vector<float>> all = {fq, fk, fv};
        if (threads == 1) first = all;
        EXPECT_EQ(all, first) << p.name << " " << threads << " threads";
      });
  }
}

// The double form against finite differences: an error shared by both implementations would show here.
TEST(AttentionDouble, GradientsAreDerivatives) {
  for (const Problem& p : {Problem{.name = "all",
                          .batch = 1,
                          .q_heads = 4,
                          .kv_heads = 2,
                          .q_len = 3,
                          .kv_len = 5,
                          .head_dim = 4,
                          .value_dim = 3,
                          .softcap = 2,
                          .causal = true,
                          .bias = true,
                          .sinks = true}}) {
    Instance s(p);
    Wide w(s);
    attention_forward(w.args);
    const std::vector<float> g = random_floats(int64_t(s.out.size()));
    const std::vector<double> dout(g.begin(), g.end());
    std::vector<double> dq(w.q.size()), dk(w.k.size()), dv(w.v.size()), dsinks(4), dbias(4 * 3 * 5);
    attention_backward(w.args, dout.data(), dq.data(), dk.data(), dv.data(), dsinks.data(), dbias.data());
    const auto loss = [&] {
      attention_forward(w.args);
      double total = 0;
      for (size_t i = 0; i < dout.size(); i++) total += dout[i] * w.out[i];
      return total;
    };
    const auto compare = [&](std::vector<double>& x, const std::vector<double>& grad) {
      for (size_t i = 0; i < x.size(); i++) {
        if (!std::isfinite(x[i])) continue;
        const double keep = x[i], h = 1e-5;
        x[i] = keep + h;
        const double up = loss();
        x[i] = keep - h;
        const double down = loss();
        x[i] = keep;
        ASSERT_NEAR((up - down) / (2 * h), grad[i], 1e-8) << i;
      }
    };
    compare(w.q, dq);
    compare(w.k, dk);
    compare(w.v, dv);
    compare(w.sinks, dsinks);
    compare(w.bias, dbias);
  }
}

}  // namespace
}  // namespace ef::test
