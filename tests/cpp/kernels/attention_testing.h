// Shared by the tests of attention: problems of all kinds, their data, and what the double form says of them
// (reference/attention.h).
//
// Bounds: f32 scores of O(1) have errors of about 1e-6, which the exponential passes on; outputs are averages of values
// of O(1). With bf16 keys the probabilities are rounded to bf16 too (2⁻⁹ relative, averaged over many keys), f16 only
// widens.
#pragma once
#include <map>
#include <memory>

#include "kernel_test.h"
#include "kernels/attention.h"
#include "kernels/reference/attention.h"

namespace ef::test {

struct Problem {
  std::string name;
  int64_t batch = 2, q_heads = 4, kv_heads = 2, q_len = 70, kv_len = 150, head_dim = 64, value_dim = 64;
  DType kv = DType::Float32;
  float softcap = 0;
  bool causal = false;
  int64_t window = 0;
  bool both_sides = false, key_mask = false, bias = false, sinks = false, offset_end = true;
};

// Owns everything that the arguments point to. Layout [batch, position, head, dim] for q and out, [batch, head,
// position, dim] with a gap for k and v: both orders occur.
struct Instance {
  Problem p;
  std::vector<float> q, out, bias, sinks, lse;
  Data k, v;
  std::vector<uint8_t> mask;
  AttentionArgs args;

  explicit Instance(const Problem& problem)
      : p(problem),
        q(random_floats(p.batch * p.q_len * p.q_heads * p.head_dim)),
        out(size_t(p.batch * p.q_len * p.q_heads * p.value_dim), 7.f),
        lse(size_t(p.batch * p.q_heads * p.q_len), 7.f),
        k(p.kv, random_floats(p.batch * p.kv_heads * (p.kv_len + 3) * p.head_dim)),
        v(p.kv, random_floats(p.batch * p.kv_heads * (p.kv_len + 3) * p.value_dim)) {
    const int64_t cap = p.kv_len + 3;
    args = {};
    args.batch = p.batch, args.q_heads = p.q_heads, args.kv_heads = p.kv_heads, args.q_len = p.q_len,
    args.kv_len = p.kv_len;
    args.head_dim = p.head_dim, args.value_dim = p.value_dim, args.q = q.data(), args.k = k.data(), args.v = v.data();
    args.kv_dtype = p.kv, args.out = out.data();
    args.q_strides = {p.q_len * p.q_heads * p.head_dim, p.head_dim, p.q_heads * p.head_dim};
    args.out_strides = {p.q_len * p.q_heads * p.value_dim, p.value_dim, p.q_heads * p.value_dim};
    args.k_strides = {p.kv_heads * cap * p.head_dim, cap * p.head_dim, p.head_dim};
    args.v_strides = {p.kv_heads * cap * p.value_dim, cap * p.value_dim, p.value_dim};
    args.scale = 1 / std::sqrt(float(p.head_dim)), args.softcap = p.softcap, args.causal = p.causal;
    args.q_offset = p.offset_end ? p.kv_len - p.q_len : 0;
    args.window = p.window, args.window_both_sides = p.both_sides, args.lse = lse.data();
    if (p.key_mask) {
      for (int64_t i = 0; i < p.batch * p.kv_len; i++) mask.push_back(generator()() % 3 != 0);
      if (p.batch > 1) std::fill(mask.end() - p.kv_len, mask.end(), uint8_t(0));  // the last item sees nothing
      args.key_mask = mask.data();
    }
    if (p.bias) {
      bias = random_floats(p.q_heads * p.q_len * p.kv_len);
      for (size_t i = 0; i < bias.size(); i += 5) bias[i] = -INFINITY;
      args.bias = bias.data();
      args.bias_strides = {0, p.q_len * p.kv_len, p.kv_len};
    }
    if (p.sinks) {
      sinks = random_floats(p.q_heads, 5);  // some above every score
      args.sinks = sinks.data();
    }
  }
};

// The same problem with double pointers.
struct Wide {
  std::vector<double> q, k, v, out, bias, sinks, lse;
  AttentionArgs64 args;
  explicit Wide(const Instance& s)
      : q(s.q.begin(), s.q.end()),
        out(s.out.size()),
        bias(s.bias.begin(), s.bias.end()),
        sinks(s.sinks.begin(), s.sinks.end()),
        lse(s.lse.size()) {
    const size_t nk = size_t(s.args.batch * s.args.k_strides.batch), nv = size_t(s.args.batch * s.args.v_strides.batch);
    for (size_t i = 0; i < nk; i++) k.push_back(s.k[int64_t(i)]);
    for (size_t i = 0; i < nv; i++) v.push_back(s.v[int64_t(i)]);
    const AttentionArgs& f = s.args;
    args.batch = f.batch, args.q_heads = f.q_heads, args.kv_heads = f.kv_heads, args.q_len = f.q_len,
    args.kv_len = f.kv_len;
    args.head_dim = f.head_dim, args.value_dim = f.value_dim, args.q = q.data(), args.k = k.data(), args.v = v.data(),
    args.out = out.data();
    args.q_strides = f.q_strides, args.k_strides = f.k_strides, args.v_strides = f.v_strides,
    args.out_strides = f.out_strides;
    args.scale = f.scale, args.softcap = f.softcap, args.causal = f.causal, args.q_offset = f.q_offset,
    args.window = f.window;
    args.window_both_sides = f.window_both_sides, args.key_mask = f.key_mask,
    args.bias = f.bias ? bias.data() : nullptr;
    args.bias_strides = f.bias_strides, args.sinks = f.sinks ? sinks.data() : nullptr, args.lse = lse.data();
  }
};

inline std::vector<Problem> problems() {
  std::vector<Problem> list = {
      {.name = "plain"},
      {.name = "causal", .causal = true},
      {.name = "causal_square", .q_len = 150, .causal = true},
      {.name = "more_queries_than_keys", .q_len = 40, .kv_len = 21, .causal = true},
      {.name = "window", .q_len = 150, .causal = true, .window = 20},
      {.name = "window_both", .q_len = 150, .window = 20, .both_sides = true},
      {.name = "key_mask", .key_mask = true},
      {.name = "key_mask_causal", .causal = true, .key_mask = true},
      {.name = "bias", .bias = true},
      {.name = "softcap_bias_causal", .softcap = 3, .causal = true, .bias = true},
      {.name = "sinks", .causal = true, .sinks = true},
      {.name = "sinks_masked", .key_mask = true, .sinks = true},
      {.name = "long_keys", .q_len = 33, .kv_len = 700, .causal = true},
      {.name = "groups_of_three", .batch = 1, .q_heads = 6},
      {.name = "one_head", .q_heads = 1, .kv_heads = 1},
      {.name = "head_dim_1", .head_dim = 1, .value_dim = 1},
      {.name = "odd_dims", .head_dim = 33, .value_dim = 49},
      {.name = "head_dim_80", .head_dim = 80, .value_dim = 80},
      {.name = "head_dim_256", .q_len = 20, .head_dim = 256, .value_dim = 192},
      {.name = "no_keys", .q_len = 20, .kv_len = 0},
      {.name = "decode", .q_len = 1},
      {.name = "decode_long", .q_len = 1, .kv_len = 1100, .causal = true},
      {.name = "decode_window", .q_len = 1, .kv_len = 1100, .causal = true, .window = 300},
      {.name = "decode_mask", .q_len = 1, .kv_len = 600, .key_mask = true},
      {.name = "decode_bias", .q_len = 1, .kv_len = 600, .softcap = 2, .bias = true},
      {.name = "decode_sinks", .q_len = 1, .kv_len = 600, .key_mask = true, .sinks = true},
      {.name = "decode_three", .q_len = 3, .kv_len = 520, .causal = true},
      {.name = "decode_single_head", .q_heads = 2, .q_len = 1, .kv_len = 300, .head_dim = 128, .value_dim = 128},
      {.name = "decode_many_heads", .q_heads = 10, .kv_heads = 1, .q_len = 1, .head_dim = 96, .value_dim = 160},
      {.name = "decode_odd", .q_heads = 5, .kv_heads = 1, .q_len = 1, .head_dim = 33, .value_dim = 7},
      {.name = "decode_empty", .q_len = 1, .kv_len = 0},
  };
  return list;
}

// The data depend on the problem only, so that the slow double forms run once for all instruction sets.
inline Instance instance(const Problem& p) {
  generator().seed(unsigned(std::hash<std::string>{}(p.name)));
  return Instance(p);
}
struct Truth {
  Wide wide;
  std::vector<float> dout;
  std::vector<double> dq, dk, dv, dsinks, dbias;
  explicit Truth(const Instance& s) : wide(s) {
    const Problem& p = s.p;
    attention_forward(wide.args);
    dout = random_floats(int64_t(s.out.size()));
    const std::vector<double> wide_dout(dout.begin(), dout.end());
    dq.resize(wide.q.size()), dk.resize(wide.k.size()), dv.resize(wide.v.size()), dsinks.resize(size_t(p.q_heads));
    dbias.resize(size_t(p.batch * p.q_heads * p.q_len * p.kv_len));
    attention_backward(wide.args, wide_dout.data(), dq.data(), dk.data(), dv.data(), p.sinks ? dsinks.data() : nullptr,
                       p.bias ? dbias.data() : nullptr);
  }
};
inline const Truth& truth(const Instance& s) {
  static std::map<std::pair<std::string, DType>, std::unique_ptr<Truth>> known;
  auto& t = known[{s.p.name, s.p.kv}];
  if (!t) t = std::make_unique<Truth>(s);
  return *t;
}

inline double worst(const std::vector<float>& got, const std::vector<double>& want) {
  double error = 0;
  for (size_t i = 0; i < got.size(); i++) {
    if (want[i] == -INFINITY && got[i] == -INFINITY) continue;
    const double e = std::fabs(got[i] - want[i]);
    error = std::isnan(e) ? INFINITY : std::max(error, e);
  }
  return error;
}

}  // namespace ef::test
