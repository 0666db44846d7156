// What every model is: a module tree with a forward pass from ModelInput to ModelOutput.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nn/kv_cache.h"
#include "nn/module.h"

namespace ef {

// Rotary factors that go by the length of a sequence are those of at least `length` in the passes that fill `cache` as
// long as this object lives: of the whole, where a pass is a piece of it. Forward passes in Python and hooks need not
// know of that.
class RotaryLength {
 public:
  RotaryLength(const KvCache* cache, int64_t length);
  ~RotaryLength();
  RotaryLength(const RotaryLength&) = delete;
  RotaryLength& operator=(const RotaryLength&) = delete;
  static int64_t of(const KvCache* cache);  // 0 where there is none

 private:
  const KvCache* cache_;
  int64_t length_;
  const RotaryLength* before_;
};

struct ModelInput {
  Tensor input_ids;  // int64 [batch, length]
  Tensor
      attention_mask;   // [batch, past + length], 1 = look at; or a 4-D mask [batch, 1 or heads, length, past + length]
  Tensor position_ids;  // int64 [batch or 1, length]
  Tensor inputs_embeds;          // [batch, length, hidden] in place of input_ids
  Tensor token_type_ids;         // int64 [batch, length]
  Tensor labels;                 // what a head wants: int64 [batch, length] (-100 = ignored), [batch], float [batch, n]
  std::vector<int64_t> lengths;  // of sequences that stand behind one another in the only row; empty: one a row
  Tensor start_positions, end_positions, next_sentence_label;               // int64 [batch]
  Tensor decoder_input_ids, decoder_attention_mask, decoder_inputs_embeds;  // of encoder-decoders
  Tensor encoder_hidden_states;   // [batch, source, hidden]: what a decoder looks at; an encoder-decoder skips encoding
  Tensor encoder_attention_mask;  // [batch, source]; of encoder-decoders, `attention_mask` is this one
  Tensor logits_to_keep_ids;      // positions to compute logits for; or
  int64_t logits_to_keep = 0;     // the last n positions, 0 = all
  // What a caller in C++ may do without. A forward pass in Python, or one with hooks, is not told and returns all.
  int64_t last_states = 0;    // of a model without head: only the positions at the end are needed
  bool only_largest = false;  // of the next token's logits: all others may be anything below it
  std::shared_ptr<KvCache> past;
  std::optional<bool> use_cache;
  bool output_hidden_states = false, output_attentions = false, output_router_logits = false;
  bool checkpoint_layers = false;  // gradient checkpointing: a layer's inner values are computed again in backward
  std::optional<double> num_items_in_batch;
  std::function<void()> interrupt;  // called between the layers of long inputs; may throw, and nothing has happened
  int64_t pad_token_id = -1;        // of sequence classifiers; negative: none
  std::string problem_type;         // regression, single_label_classification, multi_label_classification
};

struct ModelOutput {
  Tensor loss, logits, last_hidden_state, pooler_output, start_logits, end_logits, encoder_last_hidden_state;
  Tensor pair_logits;  // [batch, 2] of a head for pairs of sentences, beside another one's logits
  std::shared_ptr<KvCache> past;
  std::vector<Tensor> hidden_states, attentions;  // empty unless asked for; of encoder-decoders, the decoder's
  Tensor aux_loss;                                // of the routers
  std::vector<Tensor> router_logits;              // [tokens, experts] of each layer with a mixture of experts
  std::vector<Tensor> cross_attentions, encoder_hidden_states, encoder_attentions;
  std::function<Tensor()> make_logits;  // in place of logits that the loss did without
};

// The layers and the forward pass of one architecture. Its Child slots register with the owning module.
struct Body {
  virtual ~Body() = default;
  virtual ModelOutput forward(const ModelInput& input) = 0;
  virtual std::shared_ptr<KvCache> new_cache() const { return std::make_shared<DynamicCache>(); }
  // Sequences longer than this have other keys at all their positions, so that a cache from before must be made anew;
  // 0: there is no such length.
  virtual int64_t anew_beyond() const { return 0; }
};

class PreTrainedModel : public Module {
 public:
  static const char* role() { return "a PreTrainedModel"; }
  std::string class_name() const override { return "PreTrainedModel"; }
  // `head`: "base", "causal_lm", …; config: config.json as text. base: the model a head stands on, made when null.
  void build(const std::string& model_type, const std::string& head, const std::string& config,
             std::shared_ptr<PreTrainedModel> base = nullptr);
  virtual ModelOutput run(const ModelInput& input);
  std::shared_ptr<KvCache> new_cache() const;  // an empty one of the kind that fits the layers
  int64_t anew_beyond() const { return body_ ? body_->anew_beyond() : 0; }
  bool built() const { return body_ != nullptr; }
  const std::string& model_type() const { return model_type_; }

 private:
  std::unique_ptr<Body> body_;
  std::string model_type_;
};

std::shared_ptr<PreTrainedModel> make_model(const std::string& model_type, const std::string& head,
                                            const std::string& config);

}  // namespace ef
