// Scaled dot-product attention with grouped heads, one node, scores never stored whole.
#pragma once
#include <cstdint>
#include <optional>

#include "tensor/tensor.h"

namespace ef {

struct PackedKv;

// Keys or values of past positions as small integers, with a range for each `group` numbers of a position.
struct PackedRows {
  Tensor codes;   // uint8 [B, H, capacity, dim · bits / 8]
  Tensor ranges;  // f32 [B, H, 2 · groups, capacity]
  int bits = 8;
  int64_t group = 0, dim = 0, count = 0;  // count: positions in use
  Tensor unpacked() const;                // f32 [B, H, count, dim]
  PackedKv kernel_form() const;
};

struct AttentionOptions {
  std::optional<double> scale;      // default 1/sqrt(D)
  bool causal = false;              // query at position p sees keys at positions ≤ p
  int64_t window = 0;               // > 0: only the last `window` keys, the query's own position included
  bool window_both_sides = false;   // the window also limits later keys (encoders)
  double softcap = 0;               // > 0: scores become cap·tanh(score/cap)
  std::optional<int64_t> q_offset;  // position of the first query among the keys; default Tk - Tq
  Tensor key_mask;                  // [B, Tk] bool: false hides a key (padding)
  Tensor bias;         // added to the scores, broadcastable to [B, Hq, Tq, Tk]; a bool mask (true: attend) too
  Tensor sinks;        // [Hq]: a logit that takes part in each softmax and attends to nothing
  double dropout = 0;  // on the probabilities (training)
  PackedRows packed_k, packed_v;  // positions before those of k and v, read a block at a time; no gradients
};
// q [B, Hq, Tq, D], k [B, Hk, Tk, D], v [B, Hk, Tk, Dv] → [B, Hq, Tq, Dv]; Hk divides Hq. k and v may be strided views
// of a larger cache. A query with nothing to attend to gives zeros.
Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& options = {});
// The probabilities [B, Hq, Tq, Tk] themselves, for output_attentions and tests.
Tensor attention_weights(const Tensor& q, const Tensor& k, const AttentionOptions& options = {});

// Rotates pairs of the last dimension of x [B, H, T, D]. cos and sin: [T, R/2] or [1 or B, T, R/2]; R ≤ D, the rest
// passes through. Tables wider than D/2 are transformers' doubled ones, of which the first half is read. Pairs are (i,
// i + R/2), or (2i, 2i + 1) when interleaved.
Tensor rope(const Tensor& x, const Tensor& cos, const Tensor& sin, bool interleaved = false);

}  // namespace ef
