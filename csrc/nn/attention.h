// Self-attention with grouped key/value heads and rotary positions, and what a forward pass shares among its layers.
#pragma once
#include <optional>

#include "nn/kv_cache.h"
#include "nn/layers.h"
#include "nn/rope.h"

namespace ef {

// How one checkpoint matrix holds q, k and v: three matrices, their rows one after the other, or for each key head the
// rows of its queries, of the key, of the value.
enum class QkvLayout { Separate, Stacked, Grouped };
// Over each head with one gain for all, with a gain for each (one matrix, or a list of norms), or over all heads at
// once.
enum class QkNorm { None, Head, HeadMatrix, HeadList, Full };

struct AttentionConfig {
  int64_t hidden_size = 0, heads = 0, kv_heads = 0, head_dim = 0;
  bool qkv_bias = false, output_bias = false;
  QkvLayout layout = QkvLayout::Separate;
  QkNorm qk_norm = QkNorm::None;
  NormConfig norm;                // of q and k
  int rope = 0;                   // which of the pass's rotary tables; negative: no rotation
  bool rope_interleaved = false;  // pairs side by side instead of half a head apart
  double scale = 0;               // 0: head_dim^-0.5
  bool causal = true;
  bool conv1d = false;  // matrices stored [in, out]
  int64_t window = 0;   // > 0: sliding window, in positions
  double softcap = 0;
  bool sinks = false;  // a learned logit a head that takes part in each softmax
  double dropout = 0;
  std::string q = "q_proj", k = "k_proj", v = "v_proj", qkv = "qkv_proj", o = "o_proj";  // names in the checkpoint
  std::string q_norm = "q_norm", k_norm = "k_norm";
};

// Rope as a module, so that its frequencies are buffers under the names they have in transformers.
class RotaryEmbedding : public Module {
 public:
  RotaryEmbedding(const RopeParameters& parameters, int64_t head_dim);
  static const char* role() { return "a RotaryEmbedding"; }
  std::string class_name() const override { return "RotaryEmbedding"; }
  const Rope rope;
  Parameter inv_freq, original_inv_freq;
};

// Queries and keys of one batch row that form a sequence of their own, by their positions [begin, end).
struct Span {
  int64_t row, q_begin, q_end, k_begin, k_end;
};
// The spans of sequences that are packed behind one another: a new one starts wherever positions [batch or 1, length]
// don't go up by one. Empty when no row has more than one.
std::vector<Span> packed_spans(const Tensor& positions, int64_t batch);
// One span a row, without the padding on its left. keep: bool [batch, past + length].
std::vector<Span> unpadded_spans(const Tensor& keep, int64_t past);

// One forward pass: positions, mask, cache.
struct Pass {
  std::vector<Rope::Rows> ropes;  // of each rotary table
  Tensor key_mask;                // [batch, keys] bool, or undefined when nothing is hidden
  Tensor alibi;                   // [batch or 1, heads, 1 or queries, keys], added to the scores of self-attention
  Tensor bias;                    // a user's own 4-D mask (bool or additive), or undefined
  std::vector<Span> spans;        // attention stays inside each of them; empty: inside the rows
  std::vector<int64_t> lengths;   // of sequences packed in one row (encoders); empty: one a row
  KvCache* cache = nullptr;
  int64_t past = 0;                   // positions before this pass
  int64_t last = 0;                   // positions whose states the layer is asked for, at the end; 0: all
  bool want_weights = false;          // output_attentions
  Tensor weights;                     // [batch, heads, queries, keys], set by the layer when wanted
  bool want_router = false;           // output_router_logits
  std::vector<Tensor> router_logits;  // [tokens, experts] of each layer with a mixture of experts
  // What the layers of a decoder see of an encoder.
  Tensor encoder_states;           // [batch, source, hidden]; undefined: nothing
  Tensor encoder_mask;             // [batch, source] bool, or undefined when nothing is hidden
  Tensor encoder_bias;             // a 4-D mask instead
  KvCache* cross_cache = nullptr;  // keys and values of the encoder's states, computed once
  Tensor cross_weights;            // as `weights`
};

// What stands in a stack of layers: hidden states in and out, and the pass they share.
class Block : public Module {
 public:
  static const char* role() { return "a block (hidden states to hidden states)"; }
  using Module::forward;
  virtual Tensor forward(const Tensor& x, Pass& pass) = 0;
};

class Attention : public Block {
 public:
  Attention(const AttentionConfig& config, int layer);
  static const char* role() { return "an Attention"; }
  std::string class_name() const override { return "Attention"; }
  Tensor forward(const Tensor& x, Pass& pass) override;  // [batch, length, hidden]
  using Module::forward;
  // The part between the projections: q, k and v [batch, heads, length, head_dim], already turned, go through the
  // cache.
  Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, Pass& pass) const;
  double scale() const;  // of scores
  const AttentionConfig config;
  const int layer;
  std::optional<Child<Module>> q_proj, k_proj, v_proj, qkv_proj;  // qkv_proj, or the other three
  std::optional<Child<Module>> o_proj, q_norm, k_norm;
  std::unique_ptr<Parameter> sinks;

 private:
  struct Projected {
    Tensor q, k, v;  // [batch, length, heads, head_dim]
  };
  Projected project(const Tensor& x) const;
};

struct MlpNames {
  std::string gate = "gate_proj", up = "up_proj", down = "down_proj", gate_up = "gate_up_proj", act = "act_fn";
};

// down(act(gate(x)) · up(x)); fused: gate and up are the halves of one matrix
class GatedMlp : public Module {
 public:
  GatedMlp(int64_t hidden, int64_t intermediate, const std::string& activation, bool bias, bool fused = false,
           const MlpNames& names = {});
  static const char* role() { return "an MLP"; }
  std::string class_name() const override { return "MLP"; }
  Tensor forward(const Tensor& x) override;
  double dropout = 0;  // before the last product, in training
  std::optional<Child<Module>> gate_proj, up_proj, gate_up_proj;
  std::optional<Child<Module>> down_proj, act_fn;
};

// down(act(up(x)))
class PlainMlp : public Module {
 public:
  PlainMlp(int64_t hidden, int64_t intermediate, const std::string& activation, bool bias, const MlpNames& names,
           bool conv1d = false);
  static const char* role() { return "an MLP"; }
  std::string class_name() const override { return "MLP"; }
  Tensor forward(const Tensor& x) override;
  double dropout = 0;  // before the last product, in training
  Child<Module> up_proj, act_fn, down_proj;
};

}  // namespace ef
