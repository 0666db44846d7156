// Attention over keys and values that are small integers.
#include "attention_testing.h"
#include "kernels/gemm.h"

namespace ef::test {
namespace {

class AttentionPacked : public EachIsa {};
EF_EACH_ISA(AttentionPacked);

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

TEST_P(AttentionPacked, KeysOfManyQueries) {  // as if they were unpacked before
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
TEST_P(AttentionPacked, KeysOfFewQueries) {
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
TEST_P(AttentionPacked, KeysThatAreNotFinite) {
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

}  // namespace
}  // namespace ef::test
