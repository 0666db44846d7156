// Backward pass: probabilities are recomputed block by block from the log denominators that forward kept. A block is up
// to kQueries rows of one head by kKeys keys; its five products are ordinary matrix products. dk and dv of a key block
// sum over heads and query blocks in order, dq of a query block over key blocks in order, so the bits don't depend on
// who does what.
#include "core/error.h"
#include "core/thread_pool.h"
#include "kernels/attention.h"
#include "kernels/attention_common.h"
#include "kernels/gemm.h"
#include "kernels/kernels.h"
#include "kernels/reference/attention.h"
#include "kernels/scratch.h"

namespace ef {
namespace {

using attention::at;
using attention::KeyRange;
using attention::visible_keys;

constexpr int64_t kQueries = 64, kKeys = 128;
// Forward looks everywhere in a row in which a mask says no everywhere with -1e30 or the lowest number there is, but
// the log denominator has then lost how many keys there are: such a row has no gradient.
constexpr float kClosed = -0x1p30f;
constexpr float kFarScore = 0x1p20f;  // where the last bit of a score is much of a probability

struct Operand {  // of the products: f32, or bf16
  const void* data;
  DType dtype;
};

struct Gradients {
  const AttentionArgs& a;
  Operand queries, dout;
  const float* delta;  // [batch, q_heads, q_len]: Σ out·dout
  float *dq, *dk, *dv, *dbias;

  // P and dS of queries [q0, q0 + qn) by keys [k0, k0 + kn), and their share of dq (if want_q) and dk, dv (if want_kv).
  void block(int64_t b, int64_t head, int64_t q0, int64_t qn, int64_t k0, int64_t kn, bool want_q, bool want_kv) const {
    const RowKernels<float>& rows = kernels().rows;
    const int64_t kv = head / (a.q_heads / a.kv_heads), item = (b * a.q_heads + head) * a.q_len + q0;
    const DType f = DType::Float32, qt = queries.dtype, gt = dout.dtype, kt = a.kv_dtype;
    const void *q = at(queries.data, qt, a.q_strides, b, head, q0), *g = at(dout.data, gt, a.out_strides, b, head, q0);
    const void *k = at(a.k, kt, a.k_strides, b, kv, k0), *v = at(a.v, kt, a.v_strides, b, kv, k0);
    float* p = scratch<float>(ScratchSlot::AttentionA, size_t(3 * kQueries * kKeys));
    float *ds = p + kQueries * kKeys, *slope = ds + kQueries * kKeys;
    gemm_nt(qn, kn, a.head_dim, q, qt, a.q_strides.position, k, kt, a.k_strides.position, p, kKeys);
    gemm_nt(qn, kn, a.value_dim, g, gt, a.out_strides.position, v, kt, a.v_strides.position, ds, kKeys);
    for (int64_t r = 0; r < qn; r++) {
      float *s = p + r * kKeys, *d = ds + r * kKeys, *t = slope + r * kKeys;
      rows.scale(kn, a.scale, s, s);
      if (a.softcap > 0) {
        rows.scale(kn, 1 / a.softcap, s, s);
        rows.unary[int(rowwise::Unary::Tanh)](kn, s, s);
        for (int64_t j = 0; j < kn; j++) t[j] = 1 - s[j] * s[j];
        rows.scale(kn, a.softcap, s, s);
      }
      if (a.bias) rows.add(kn, s, attention::bias_row(a, b, head, q0 + r) + k0, s);
      const KeyRange seen = visible_keys(a, q0 + r, q0 + r);
      if (a.key_mask || seen.begin > k0 || seen.end < k0 + kn) attention::mask_row(a, b, q0 + r, k0, kn, s);
      const float lse = a.lse[item + r];
      if (std::fabs(lse) >= kFarScore)  // products add up in another order than forward's: still no probability above 1
        for (int64_t j = 0; j < kn; j++) s[j] = std::min(s[j], lse);
      if (lse < kClosed)
        std::fill(s, s + kn, 0.f);
      else
        rows.exp_sum(kn, s, lse, s);
      rows.softmax_grad(kn, s, d, delta[item + r], dbias || a.softcap > 0 ? 1.f : a.scale, d);
      if (dbias && want_q) std::copy(d, d + kn, dbias + (item + r) * a.kv_len + k0);
      if (a.softcap > 0) rows.mul(kn, d, t, d);
      if (dbias || a.softcap > 0) rows.scale(kn, a.scale, d, d);
    }
    if (want_kv) {
      gemm_tn(kn, a.value_dim, qn, p, f, kKeys, g, gt, a.out_strides.position, at(dv, a.v_strides, b, kv, k0),
              a.v_strides.position, true);
      gemm_tn(kn, a.head_dim, qn, ds, f, kKeys, q, qt, a.q_strides.position, at(dk, a.k_strides, b, kv, k0),
              a.k_strides.position, true);
    }
    if (want_q)
      gemm_nn(qn, a.head_dim, kn, ds, f, kKeys, k, kt, a.k_strides.position, at(dq, a.q_strides, b, head, q0),
              a.q_strides.position, true);
  }

  // All query blocks of one kv head's query heads that see the key block.
  void key_block(int64_t b, int64_t kv, int64_t k0, bool want_q) const {
    const int64_t group = a.q_heads / a.kv_heads, kn = std::min(kKeys, a.kv_len - k0);
    for (int64_t head = kv * group; head < (kv + 1) * group; head++)
      for (int64_t q0 = 0; q0 < a.q_len; q0 += kQueries) visit(b, head, q0, k0, kn, want_q, true);
  }
  void query_block(int64_t b, int64_t head, int64_t q0) const {
    for (int64_t k0 = 0; k0 < a.kv_len; k0 += kKeys)
      visit(b, head, q0, k0, std::min(kKeys, a.kv_len - k0), true, false);
  }
  void visit(int64_t b, int64_t head, int64_t q0, int64_t k0, int64_t kn, bool want_q, bool want_kv) const {
    const int64_t qn = std::min(kQueries, a.q_len - q0);
    const KeyRange seen = visible_keys(a, q0, q0 + qn - 1);
    if (seen.begin < k0 + kn && seen.end > k0) block(b, head, q0, qn, k0, kn, want_q, want_kv);
  }
};

void fill_heads(float* p, const HeadStrides& s, int64_t batch, int64_t heads, int64_t length, int64_t dim) {
  parallel_for(batch * heads, std::max<int64_t>(1, 65536 / std::max<int64_t>(1, length * dim)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; i++)
                   for (int64_t t = 0; t < length; t++) std::fill_n(at(p, s, i / heads, i % heads, t), dim, 0.f);
               });
}

}  // namespace

void attention_backward(const AttentionArgs& a, const float* dout, float* dq, float* dk, float* dv, float* dsinks,
                        float* dbias, const RoundedOperands* rounded) {
  attention::check_args(a);
  check<DtypeError>(a.kv_dtype == (rounded ? DType::BFloat16 : DType::Float32), "attention_backward: found keys of ",
                    dtype_name(a.kv_dtype), ", needed float32, or bfloat16 beside rounded operands");
  check<ShapeError>(a.lse != nullptr, "attention_backward: needs the log denominators of the forward pass (lse)");
  fill_heads(dq, a.q_strides, a.batch, a.q_heads, a.q_len, a.head_dim);
  fill_heads(dk, a.k_strides, a.batch, a.kv_heads, a.kv_len, a.head_dim);
  fill_heads(dv, a.v_strides, a.batch, a.kv_heads, a.kv_len, a.value_dim);
  const int64_t rows = a.batch * a.q_heads * a.q_len;
  if (dbias) std::fill(dbias, dbias + rows * a.kv_len, 0.f);
  if (rows == 0 || a.kv_len == 0) return;
  float* delta = scratch<float>(ScratchSlot::AttentionB, size_t(rows));
  parallel_for(rows, std::max<int64_t>(1, 16384 / std::max<int64_t>(1, a.value_dim)), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t b = i / (a.q_heads * a.q_len), head = i / a.q_len % a.q_heads, t = i % a.q_len;
      delta[i] =
          kernels().rows.dot(a.value_dim, at(a.out, a.out_strides, b, head, t), at(dout, a.out_strides, b, head, t));
    }
  });
  if (dsinks)  // p(sink) = exp(sink - lse), and its score gradient is -p·delta
    for (int64_t i = 0; i < rows; i++)
      if (std::isfinite(a.lse[i]))
        dsinks[i / a.q_len % a.q_heads] -= std::exp(a.sinks[i / a.q_len % a.q_heads] - a.lse[i]) * delta[i];

  const DType operand = rounded ? DType::BFloat16 : DType::Float32;
  const Operand queries{rounded ? static_cast<const void*>(rounded->q) : a.q, operand},
      given{rounded ? static_cast<const void*>(rounded->dout) : dout, operand};
  const Gradients gradients{a, queries, given, delta, dq, dk, dv, dbias};
  const int64_t pairs = a.batch * a.kv_heads, key_blocks = (a.kv_len + kKeys - 1) / kKeys,
                query_blocks = (a.q_len + kQueries - 1) / kQueries;
  const int threads = ThreadPool::instance().size();
  if (threads == 1 || pairs >= 4 * threads || pairs % threads == 0) {  // a kv head per task: P is computed once
    parallel_for(pairs, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++)
        for (int64_t k = 0; k < key_blocks; k++) gradients.key_block(i / a.kv_heads, i % a.kv_heads, k * kKeys, true);
    });
    return;
  }
  // Too few heads for the threads: key blocks for dk and dv, then query blocks for dq, in an order that deals the long
  // ones of causal masks to everybody.
  const auto dealt = [&](int64_t count, auto&& f) {
    ThreadPool::instance().run([&](int id, int n) {
      for (int64_t i = id; i < count; i += n) f(i);
    });
  };
  dealt(pairs * key_blocks,
        [&](int64_t i) { gradients.key_block(i % pairs / a.kv_heads, i % a.kv_heads, i / pairs * kKeys, false); });
  const int64_t heads = a.batch * a.q_heads;
  dealt(heads * query_blocks,
        [&](int64_t i) { gradients.query_block(i % heads / a.q_heads, i % a.q_heads, i / heads * kQueries); });
}

void attention_backward(const AttentionArgs64& a, const double* dout, double* dq, double* dk, double* dv,
                        double* dsinks, double* dbias) {
  attention::check_args(a);
  for (int64_t b = 0; b < a.batch; b++)
    for (int64_t kv = 0; kv < a.kv_heads; kv++)
      for (int64_t t = 0; t < a.kv_len; t++) {
        std::fill_n(at(dk, a.k_strides, b, kv, t), a.head_dim, 0.);
        std::fill_n(at(dv, a.v_strides, b, kv, t), a.value_dim, 0.);
      }
  for (int64_t b = 0; b < a.batch; b++)
    for (int64_t head = 0; head < a.q_heads; head++)
      reference::attention_backward(a, b, head, dout, dq, dk, dv, dsinks,
                                    dbias ? dbias + (b * a.q_heads + head) * a.q_len * a.kv_len : nullptr);
}

}  // namespace ef
