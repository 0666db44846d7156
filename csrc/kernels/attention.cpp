// Forward pass in one of two ways (attention_prefill.cpp, attention_decode.cpp). Blocks and chunks of keys start at
// multiples of their length, whatever the number of queries or threads.
#include "kernels/attention_forward.h"

#include "core/error.h"
#include "core/thread_pool.h"
#include "kernels/gemm.h"
#include "kernels/reference/attention.h"

namespace ef::attention {

Rows rows_of(const AttentionArgs& a, bool values, int64_t b, int64_t head, int64_t from, int64_t n, float* room) {
  const PackedKv* packed = values ? a.packed_v : a.packed_k;
  const void* plain = values ? a.v : a.k;
  const HeadStrides& strides = values ? a.v_strides : a.k_strides;
  if (!packed) return {at(plain, a.kv_dtype, strides, b, head, from), strides.position};
  if (from >= packed->count) return {at(plain, a.kv_dtype, strides, b, head, from - packed->count), strides.position};
  const int64_t dim = values ? a.value_dim : a.head_dim, old = std::min(n, packed->count - from);
  unpack_kv(*packed, b, head, from, old, dim, room);
  for (int64_t i = old; i < n; i++) {
    const void* row = at(plain, a.kv_dtype, strides, b, head, from + i - packed->count);
    std::copy_n(static_cast<const float*>(row), dim, room + i * dim);
  }
  return {room, dim};
}

void finish_scores(const AttentionArgs& a, int64_t b, int64_t head, int64_t query, int64_t key, int64_t n, float* s) {
  const RowKernels<float>& rows = kernels().rows;
  if (a.softcap > 0) {
    rows.scale(n, 1 / a.softcap, s, s);
    rows.unary[int(rowwise::Unary::Tanh)](n, s, s);
    rows.scale(n, a.softcap, s, s);
  }
  if (a.bias) rows.add(n, s, bias_row(a, b, head, query) + key, s);
  const KeyRange seen = visible_keys(a, query, query);
  if (a.key_mask || seen.begin > key || seen.end < key + n) mask_row(a, b, query, key, n, s);
}

void finish_row(const AttentionArgs& a, int64_t b, int64_t head, int64_t query, float max, float sum, float* o) {
  const bool empty = max == -INFINITY && sum == 0;
  float factor = 1;
  if (a.sinks) {
    const float top = std::max(max, a.sinks[head]);
    factor = empty ? 0 : std::exp(max - top);
    sum = sum * factor + std::exp(a.sinks[head] - top);
    max = top;
  }
  const bool rounded = a.rounded_out;
  float* out = rounded ? o : at(a.out, a.out_strides, b, head, query);
  if (empty)
    std::fill(out, out + a.value_dim, 0.f);
  else
    kernels().rows.scale(a.value_dim, factor / sum, o, out);
  if (rounded)
    kernels().convert(a.value_dim, out, DType::Float32, at(a.rounded_out, a.out_strides, b, head, query),
                      DType::BFloat16);
  if (a.lse) a.lse[(b * a.q_heads + head) * a.q_len + query] = empty && !a.sinks ? -INFINITY : max + std::log(sum);
}

}  // namespace ef::attention

namespace ef {

static_assert(kKeyBlock % kKeyChunk == 0);
constexpr int64_t kDecodeRows = 12;  // query rows of a kv head up to which decode is faster

void attention_forward(const AttentionArgs& a) {
  attention::check_args(a);
  check<DtypeError>(a.kv_dtype == DType::Float32 || a.kv_dtype == DType::BFloat16 || a.kv_dtype == DType::Float16,
                    "attention: found keys of ", dtype_name(a.kv_dtype), ", needed float32, bfloat16 or float16");
  if (a.batch <= 0 || a.q_len <= 0 || a.q_heads <= 0) return;
  if (!batch_invariant() && (SingleRowOrder::on() || a.q_heads / a.kv_heads * a.q_len <= kDecodeRows))
    attention::decode(a);
  else
    attention::prefill(a);
}

void attention_forward(const AttentionArgs64& a) {
  attention::check_args(a);
  parallel_for(a.batch * a.q_heads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) reference::attention_forward(a, i / a.q_heads, i % a.q_heads);
  });
}

}  // namespace ef
