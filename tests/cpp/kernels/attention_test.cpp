// Attention against whole score rows in double (reference/attention.h).
//
// Bounds: f32 scores of O(1) have errors of about 1e-6, which the exponential passes on; outputs are averages of values
// of O(1). With bf16 keys the probabilities are rounded to bf16 too (2⁻⁹ relative, averaged over many keys), f16 only
// widens.
#include "kernels/attention.h"

#include <cstring>
#include <map>
#include <memory>

#include "kernel_test.h"
#include "kernels/gemm.h"
#include "kernels/reference/attention.h"

namespace ef::test {
namespace {

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

std::vector<Problem> problems() {
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
Instance instance(const Problem& p) {
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
const Truth& truth(const Instance& s) {
  static std::map<std::pair<std::string, DType>, std::unique_ptr<Truth>> known;
  auto& t = known[{s.p.name, s.p.kv}];
  if (!t) t = std::make_unique<Truth>(s);
  return *t;
}

double worst(const std::vector<float>& got, const std::vector<double>& want) {
  double error = 0;
  for (size_t i = 0; i < got.size(); i++) {
    if (want[i] == -INFINITY && got[i] == -INFINITY) continue;
    const double e = std::fabs(got[i] - want[i]);
    error = std::isnan(e) ? INFINITY : std::max(error, e);
  }
  return error;
}

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

// Keys or values of a problem: the first `old` positions as small integers, the others in f32.
struct PackedRows {
  std::vector<uint8_t> codes;
  std::vector<float> ranges, recent, plain;  // plain: all of them, the first as the integers say
  PackedKv packed;
  PackedRows(const Problem& p, int64_t dim, int bits, int64_t group, int64_t old) {
    const int64_t heads = p.batch * p.kv_heads, length = p.kv_len, groups = (dim + group - 1) / group,
                  bytes = (dim * bits + 7) / 8, rows = 2 * groups * old;
    plain.resize(size_t(heads * length * dim)), recent.resize(size_t(heads * (length - old) * dim));
    codes.resize(size_t(heads * old * bytes)), ranges.resize(size_t(heads * rows));
    packed = {codes.data(),
              ranges.data(),
              {p.kv_heads * old * bytes, old * bytes, bytes},
              {p.kv_heads * rows, rows, old},
              bits,
              group,
              old};
    for (int64_t h = 0; h < heads; h++)
      for (int64_t t = 0; t < length; t++) {
        const std::vector<float> x = random_floats(dim);
        float* row = &plain[size_t((h * length + t) * dim)];
        if (t >= old) {
          std::copy(x.begin(), x.end(), row);
          std::copy(x.begin(), x.end(), &recent[size_t((h * (length - old) + t - old) * dim)]);
          continue;
        }
        float* range = &ranges[size_t(h * rows + t)];
        pack_kv(x.data(), dim, bits, group, &codes[size_t((h * old + t) * bytes)], range, old);
        unpack_kv(packed, h / p.kv_heads, h % p.kv_heads, t, 1, dim, row);
        for (int64_t i = 0; i < dim; i++)  // rounded to the nearest of the group's numbers
          EXPECT_LE(std::fabs(row[i] - x[size_t(i)]), 0.5001f * range[(2 * (i / group) + 1) * old] + 1e-6f) << i;
      }
  }
};
struct PackedInstance : Instance {
  PackedRows keys, values;
  PackedInstance(const Problem& problem, int bits, int64_t group, int64_t old)
      : Instance(problem),
        keys(problem, problem.head_dim, bits, group, old),
        values(problem, problem.value_dim, bits, group, old) {
    use_plain();
  }
  void use_plain() { use(keys.plain, values.plain, p.kv_len, nullptr, nullptr); }
  void use_codes() { use(keys.recent, values.recent, p.kv_len - keys.packed.count, &keys.packed, &values.packed); }

 private:
  void use(const std::vector<float>& k_rows, const std::vector<float>& v_rows, int64_t length, const PackedKv* pk,
           const PackedKv* pv) {
    args.k = k_rows.data(), args.v = v_rows.data(), args.packed_k = pk, args.packed_v = pv;
    args.k_strides = {p.kv_heads * length * p.head_dim, length * p.head_dim, p.head_dim};
    args.v_strides = {p.kv_heads * length * p.value_dim, length * p.value_dim, p.value_dim};
  }
};

TEST_P(Attention, PackedKeysOfManyQueries) {  // as if they were unpacked before
  for (const int bits : {4, 8})
    for (const int64_t dim : {64, 33}) {
      PackedInstance s({.name = "packed", .q_len = 40, .head_dim = dim, .value_dim = dim, .causal = true}, bits, 32,
                       101);
      attention_forward(s.args);
      const std::vector<float> want = s.out;
      s.use_codes();
      attention_forward(s.args);
      EXPECT_EQ(s.out, want) << bits << " " << dim;
    }
}

// Few queries meet the integers themselves, with 15 bits of theirs: scores of O(1) are off by 1e-4, a twentieth of what
// rounding to 8 bits costs.
TEST_P(Attention, PackedKeysOfFewQueries) {
  const std::vector<Problem> shapes = {
      {.name = "plain", .q_len = 1, .kv_len = 700, .causal = true},
      {.name = "short", .q_len = 1, .kv_len = 90, .causal = true},
      {.name = "window", .q_len = 1, .kv_len = 700, .causal = true, .window = 300},
      {.name = "mask", .q_len = 1, .kv_len = 700, .key_mask = true, .sinks = true},
      {.name = "softcap_bias", .q_len = 2, .kv_len = 700, .softcap = 2, .bias = true},
      {.name = "groups_of_three", .q_heads = 9, .kv_heads = 3, .q_len = 1, .kv_len = 700},
      {.name = "groups_of_ten", .q_heads = 10, .kv_heads = 1, .q_len = 1, .kv_len = 300},
      {.name = "heads_apart", .q_heads = 2, .q_len = 1, .kv_len = 700, .head_dim = 256, .value_dim = 128},
      {.name = "three_rows", .q_heads = 2, .q_len = 3, .kv_len = 700, .head_dim = 96, .value_dim = 96, .causal = true},
      {.name = "head_dim_80", .q_len = 1, .kv_len = 700, .head_dim = 80, .value_dim = 80},
      {.name = "head_dim_33", .q_len = 1, .kv_len = 300, .head_dim = 33, .value_dim = 33},
  };
  for (const Problem& p : shapes)
    for (const int bits : {4, 8})
      for (const int64_t group : {16, 32, 64, 256}) {
        generator().seed(unsigned(group) + unsigned(bits));
        const int64_t old = p.kv_len - 40;
        PackedInstance s(p, bits, group, old);
        s.k = Data(DType::Float32, s.keys.plain), s.v = Data(DType::Float32, s.values.plain);
        Wide w(s);
        attention_forward(w.args);
        s.use_codes();
        attention_forward(s.args);
        EXPECT_LE(worst(s.out, w.out), 5e-4) << p.name << " " << bits << " " << group;
        EXPECT_LE(worst(s.lse, w.lse), 5e-4) << p.name << " " << bits << " " << group;
        const std::vector<float> first = s.out;
        for (const int threads : {1, 2, 5})
          with_threads(threads, [&] {
            std::fill(s.out.begin(), s.out.end(), 7.f);
            attention_forward(s.args);
            EXPECT_EQ(s.out, first) << p.name << " " << bits << " " << threads << " threads";
          });
      }
}

// What a number that is not finite makes of the results, among keys, values and queries: nothing that looks like one.
TEST_P(Attention, PackedKeysThatAreNotFinite) {
  for (const float bad : {NAN, INFINITY}) {
    PackedInstance s({.name = "bad", .batch = 1, .q_len = 1, .kv_len = 300, .causal = true}, 8, 64, 256);
    s.use_codes();
    s.values.ranges[3] = bad;  // head 0, position 3
    attention_forward(s.args);
    for (int64_t i = 0; i < int64_t(s.out.size()); i++) EXPECT_EQ(std::isfinite(s.out[size_t(i)]), i >= 128) << i;
    s.values.ranges[3] = 0;
    s.q[64] = bad;  // head 1
    attention_forward(s.args);
    for (int64_t i = 0; i < int64_t(s.out.size()); i++) EXPECT_EQ(std::isnan(s.out[size_t(i)]), i / 64 == 1) << i;
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

TEST_P(Attention, Backward) {
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
TEST_P(Attention, BackwardOfLargeScores) {
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
TEST_P(Attention, RoundedBackward) {
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
