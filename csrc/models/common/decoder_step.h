// Decoder layers in plain memory, for passes of few rows: a step's time would otherwise go to the handles of tensors
// and to asking each module what it is. The kernels, their arguments and their order are those of
// DecoderLayer::forward, and so are the bits.
#pragma once
#include <array>

#include "models/common/decoder.h"
#include "nn/derived.h"
#include "quantizers/row_product.h"

namespace ef {

// A norm as the kernels take it.
struct StepNorm {
  enum Kind { None, Rms, Layer } kind = None;
  Tensor gain, bias;
  double eps = 0;
  bool unit_offset = false;
  int64_t n = 0;
  void operator()(int64_t rows, const float* x, float* y) const;  // both without gaps, perhaps the same
};

class StepLayer {
 public:
  // Nothing for a layer that is watched, adapted, trained with dropout, or of a form that is not known here.
  static std::optional<StepLayer> of(const ModulePtr& layer);
  struct Rows {
    int64_t batch, length;
    int64_t first = 0;  // of the sequences of the pass
    int64_t count() const { return batch * length; }
  };
  size_t room(int64_t rows) const;  // bytes
  // x [batch, length, hidden] becomes what the layer makes of it; room is aligned to 64. kept: where its keys and
  // values go, if extend() has been asked for all sequences of the pass, which these may then be some of.
  void run(float* x, Rows rows, Pass& pass, char* room, const KeptRows* kept = nullptr) const;
  std::optional<KeptRows> extend(Rows rows, const Pass& pass) const;
  bool in_place(const Pass& pass) const;  // whether attention takes keys and values from where a cache has them
  int64_t hidden() const { return o_->outputs(); }
  double bytes_of_weight() const;
  bool row_by_row(int64_t rows) const;  // whether rows have the bits that they have alone
  bool packed() const;                  // all weights: doing that takes all threads

 private:
  void turn(Rows rows, const Rope::Rows& table, float* x, int64_t heads) const;
  void attend(Rows rows, Pass& pass, const KeptRows* kept, float* qkv, float* mixed) const;
  void attend_in_place(Rows rows, const Pass& pass, const KeptRows& kept, const float* qkv, float* mixed) const;
  NewRows new_rows(Rows rows, const float* qkv) const;
  std::array<const RowProduct*, 4> products() const { return {&*qkv_, &*o_, &*gate_up_, &*down_}; }

  std::shared_ptr<Attention> attention_;
  StepNorm before_attention_, q_norm_, k_norm_, after_attention_, before_mlp_, after_mlp_;
  std::optional<RowProduct> qkv_, o_, gate_up_, down_;
  rowwise::Unary act_ = rowwise::Unary::Silu;
};

// The layers of a decoder; those that are not known here run by themselves.
class DecoderSteps {
 public:
  explicit DecoderSteps(const std::vector<ModulePtr>& layers);
  // Whether a pass is of this kind: few rows, nothing recorded.
  static bool suit(const Tensor& x, const Pass& pass);
  const StepLayer* layer(size_t i) const { return i < layers_.size() && layers_[i] ? &*layers_[i] : nullptr; }
  size_t room(int64_t rows) const { return room_[size_t(rows)]; }  // of the largest layer
  // All layers, on each thread with some of the sequences: what a layer gives is in that core's cache when the next one
  // takes it, and nobody waits for another. Where that would be slower or have other bits it can't be.
  bool can_run_apart(StepLayer::Rows rows, const Pass& pass) const;
  // False, and nothing done, where the cache does not keep rows that way.
  bool run_apart(float* x, StepLayer::Rows rows, Pass& pass) const;

 private:
  std::vector<std::optional<StepLayer>> layers_;
  int64_t busy_rows_ = 0;     // of a thread that takes sequences apart
  std::vector<size_t> room_;  // by rows: asking all layers at each step would read all of them once more
};

}  // namespace ef
