// Scaled dot-product attention, flash style: no [q_len, kv_len] matrix is ever stored. Scores, softmax and sums are
// f32. Bits don't depend on the number of threads.
#pragma once
#include <cstdint>

#include "core/dtype.h"

namespace ef {

// Keys are summed in blocks of this many (few queries: of a divisor of it), which start at its multiples: dropping keys
// from the front by multiples of it does not change the bits.
inline constexpr int64_t kKeyBlock = 256;

// Strides in elements; the last dimension (head_dim or value_dim) is contiguous.
struct HeadStrides {
  int64_t batch = 0, head = 0, position = 0;
};

// The first positions of keys or values as small integers: x = low + code · step, with a low and a step for each group
// of numbers of a position, NaN where a number is not finite. Codes of 4 bits stand two to a byte: of each 32 numbers
// the first half is in the low halves of 16 bytes. The lows of all positions lie together, then the steps, then those
// of the next group.
struct PackedKv {
  const uint8_t* codes = nullptr;
  const float* ranges = nullptr;
  HeadStrides code_strides;   // in bytes
  HeadStrides range_strides;  // in floats; `position`: from the lows to the steps and to the next group
  int bits = 8;
  int64_t group = 0, count = 0;  // numbers in a group; positions
};
// out [n, dim] = the positions [from, from + n)
void unpack_kv(const PackedKv& packed, int64_t batch, int64_t head, int64_t from, int64_t n, int64_t dim, float* out);
// One position; its ranges lie `stride` floats apart.
void pack_kv(const float* x, int64_t dim, int bits, int64_t group, uint8_t* codes, float* ranges, int64_t stride);

// out = softmax(softcap(scale · q·kᵀ) + bias, masked) · v
template <class T>
struct BasicAttentionArgs {
  int64_t batch = 1, q_heads = 1, kv_heads = 1;  // q_heads is a multiple of kv_heads
  int64_t q_len = 0, kv_len = 0, head_dim = 0, value_dim = 0;
  const T* q = nullptr;
  const void* k = nullptr;
  const void* v = nullptr;
  DType kv_dtype = dtype_of<T>;        // of both k and v: f32, bf16 or f16 (f64 in the double form)
  const PackedKv* packed_k = nullptr;  // positions before those of k and v, which are f32 then; forward only
  const PackedKv* packed_v = nullptr;
  T* out = nullptr;
  const bfloat16* rounded_q = nullptr;  // forward: read instead of q
  bfloat16* rounded_out = nullptr;      // forward: written instead of out
  HeadStrides q_strides, k_strides, v_strides, out_strides;
  float scale = 1.f;
  float softcap = 0.f;   // 0 = none, else softcap · tanh(score / softcap)
  bool causal = false;   // a query sees the keys at its own position and before
  int64_t q_offset = 0;  // position of the first query among the keys, usually kv_len - q_len; for causal and window
  int64_t window = 0;    // 0 = none; keys with q_pos - k_pos >= window are masked
  bool window_both_sides = false;     // also mask keys with k_pos - q_pos >= window (encoders)
  const uint8_t* key_mask = nullptr;  // [batch, kv_len], 0 = masked
  const T* bias = nullptr;            // added to the scaled (and capped) scores; -inf masks
  HeadStrides bias_strides;           // batch, head, query; the key dimension is contiguous; 0 repeats
  const T* sinks = nullptr;           // [q_heads]: one more logit per head in the softmax's denominator only
  T* lse = nullptr;                   // [batch, q_heads, q_len]: log of the denominator, -inf for a fully masked row
};

using AttentionArgs = BasicAttentionArgs<float>;
using AttentionArgs64 = BasicAttentionArgs<double>;

// Rows that see no key give zeros.
void attention_forward(const AttentionArgs& args);
void attention_forward(const AttentionArgs64& args);  // straightforward loops

// Gradients with f32 keys and values: `args` as given to forward, with its out and lse (the latter must not be null).
// dout and dq have out's and q's strides, dk and dv those of k and v. The four are overwritten and none may be null; dk
// and dv sum over the query heads of a kv head. dsinks ([q_heads], added to) and dbias (contiguous [batch, q_heads,
// q_len, kv_len], overwritten: the caller sums over repeated dimensions) are optional. With bf16 keys and values the
// products are bf16 too (sums stay in f32) and read `rounded`; args.q is not read then.
struct RoundedOperands {  // with the strides of q and out
  const bfloat16* q;
  const bfloat16* dout;
};
void attention_backward(const AttentionArgs& args, const float* dout, float* dq, float* dk, float* dv,
                        float* dsinks = nullptr, float* dbias = nullptr, const RoundedOperands* rounded = nullptr);
void attention_backward(const AttentionArgs64& args, const double* dout, double* dq, double* dk, double* dv,
                        double* dsinks = nullptr, double* dbias = nullptr);

}  // namespace ef
