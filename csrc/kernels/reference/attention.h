// Attention with the whole score row in memory, in double: the truth for tests and the path of f64 tensors.
#pragma once
#include <vector>

#include "kernels/attention_common.h"
#include "kernels/reference/gemm.h"

namespace ef::reference {

// Softmax probabilities of one query (over kv_len), its log denominator, and the softcap's derivative.
template <class T>
struct AttentionRow {
  std::vector<double> p, slope;
  double lse = -INFINITY;

  AttentionRow(const BasicAttentionArgs<T>& a, int64_t b, int64_t head, int64_t query)
      : p(size_t(a.kv_len)), slope(size_t(a.kv_len), 1.) {
    const int64_t kv = head / (a.q_heads / a.kv_heads);
    const T* q = attention::at(a.q, a.q_strides, b, head, query);
    std::vector<T> mask(size_t(a.kv_len), T(0));
    attention::mask_row(a, b, query, 0, a.kv_len, mask.data());
    double top = a.sinks ? double(a.sinks[head]) : -INFINITY;
    for (int64_t j = 0; j < a.kv_len; j++) {
      const void* k = attention::at(a.k, a.kv_dtype, a.k_strides, b, kv, j);
      double s = 0;
      for (int64_t d = 0; d < a.head_dim; d++) s += double(q[d]) * element(k, a.kv_dtype, d);
      s *= double(a.scale);
      if (a.softcap > 0) {
        const double t = std::tanh(s / double(a.softcap));
        s = double(a.softcap) * t;
        slope[size_t(j)] = 1 - t * t;
      }
      if (a.bias) s += double(attention::bias_row(a, b, head, query)[j]);
      p[size_t(j)] = s + double(mask[size_t(j)]);
      top = std::max(top, p[size_t(j)]);
    }
    if (top == -INFINITY) {
      std::fill(p.begin(), p.end(), 0.);
      return;
    }
    double sum = a.sinks ? std::exp(double(a.sinks[head]) - top) : 0;
    for (double& x : p) sum += x = std::exp(x - top);
    for (double& x : p) x /= sum;
    lse = top + std::log(sum);
  }
};

template <class T>
void attention_forward(const BasicAttentionArgs<T>& a, int64_t b, int64_t head) {
  const int64_t kv = head / (a.q_heads / a.kv_heads);
  for (int64_t i = 0; i < a.q_len; i++) {
    const AttentionRow<T> row(a, b, head, i);
    std::vector<double> out(static_cast<size_t>(a.value_dim));
    for (int64_t j = 0; j < a.kv_len; j++) {
      if (row.p[size_t(j)] == 0) continue;
      const void* v = attention::at(a.v, a.kv_dtype, a.v_strides, b, kv, j);
      for (int64_t d = 0; d < a.value_dim; d++) out[size_t(d)] += row.p[size_t(j)] * element(v, a.kv_dtype, d);
    }
    T* y = attention::at(a.out, a.out_strides, b, head, i);
    for (int64_t d = 0; d < a.value_dim; d++) y[d] = T(out[size_t(d)]);
    if (a.lse) a.lse[(b * a.q_heads + head) * a.q_len + i] = T(row.lse);
  }
}

// One query head; dk, dv and dsinks are added to, dq is written, dbias ([q_len, kv_len] of this head) may be null.
template <class T>
void attention_backward(const BasicAttentionArgs<T>& a, int64_t b, int64_t head, const T* dout, T* dq, T* dk, T* dv,
                        T* dsinks, T* dbias) {
  const int64_t kv = head / (a.q_heads / a.kv_heads);
  const T* k = static_cast<const T*>(a.k);
  const T* v = static_cast<const T*>(a.v);
  for (int64_t i = 0; i < a.q_len; i++) {
    const AttentionRow<T> row(a, b, head, i);
    const T *q = attention::at(a.q, a.q_strides, b, head, i), *g = attention::at(dout, a.out_strides, b, head, i);
    T* gq = attention::at(dq, a.q_strides, b, head, i);
    std::vector<double> dp(size_t(a.kv_len)), sum(size_t(a.head_dim));
    double delta = 0;
    for (int64_t j = 0; j < a.kv_len; j++) {
      const T* vj = attention::at(v, a.v_strides, b, kv, j);
      for (int64_t d = 0; d < a.value_dim; d++) dp[size_t(j)] += double(g[d]) * double(vj[d]);
      delta += row.p[size_t(j)] * dp[size_t(j)];
    }
    if (dsinks && std::isfinite(row.lse)) dsinks[head] -= T(std::exp(double(a.sinks[head]) - row.lse) * delta);
    for (int64_t j = 0; j < a.kv_len; j++) {
      const double p = row.p[size_t(j)], ds = p * (dp[size_t(j)] - delta),
                   raw = ds * row.slope[size_t(j)] * double(a.scale);
      if (dbias) dbias[i * a.kv_len + j] = T(ds);
      const T* kj = attention::at(k, a.k_strides, b, kv, j);
      T *gk = attention::at(dk, a.k_strides, b, kv, j), *gv = attention::at(dv, a.v_strides, b, kv, j);
      for (int64_t d = 0; d < a.head_dim; d++) {
        sum[size_t(d)] += raw * double(kj[d]);
        gk[d] += T(raw * double(q[d]));
      }
      for (int64_t d = 0; d < a.value_dim; d++) gv[d] += T(p * double(g[d]));
    }
    for (int64_t d = 0; d < a.head_dim; d++) gq[d] = T(sum[size_t(d)]);
  }
}

}  // namespace ef::reference
