// What state-space, short-convolution and linear-attention layers share.
#pragma once
#include "models/common/decoder.h"
#include "nn/recurrent_cache.h"

namespace ef {

// x [batch, length, …] with zeros at the positions that the pass's mask hides.
Tensor without_padding(const Tensor& x, const Pass& pass);

// A causal convolution of each channel over time, under torch's names and shapes.
class DepthwiseConv : public Module {
 public:
  DepthwiseConv(int64_t channels, int64_t taps, bool bias);
  static const char* role() { return "a DepthwiseConv"; }
  std::string class_name() const override { return "Conv1d"; }
  // x [batch, length, channels], behind the inputs that `state` holds of earlier passes (null: zeros), which moves on.
  Tensor over(const Tensor& x, RecurrentCache::State* state) const;
  Parameter weight;  // [channels, 1, taps]
  std::unique_ptr<Parameter> bias;
};

// RMSNorm over each of `groups` parts of the last dimension, times silu(gate) before the norm or behind it.
class GatedNorm : public Module {
 public:
  GatedNorm(int64_t size, double eps, int64_t groups, bool gate_first);
  static const char* role() { return "a GatedNorm"; }
  std::string class_name() const override { return "RMSNormGated"; }
  Tensor apply(const Tensor& x, const Tensor& gate) const;
  const double eps;
  const int64_t groups;
  const bool gate_first;
  Parameter weight;
};

// x + mixer(norm(x)): a layer without an MLP.
class MixerLayer : public Block {
 public:
  MixerLayer(const NormConfig& norm, int64_t hidden, std::shared_ptr<Block> mixer);
  std::string class_name() const override { return "MambaBlock"; }
  Tensor forward(const Tensor& x, Pass& pass) override;
  using Module::forward;
  Child<Module> norm;
  Child<Block> mixer;
};

// GGUF names of such a model, with `extra` parts of its layers.
std::vector<std::pair<std::string, std::string>> state_space_gguf_names(
    std::vector<std::pair<std::string, std::string>> extra);

// A model of such layers alone, with the names of Mamba's checkpoints.
DecoderConfig read_state_space(const ConfigReader& config);

// The state of a layer in the pass's cache; null without one.
RecurrentCache::State* state_of(const Pass& pass, int layer);

}  // namespace ef
