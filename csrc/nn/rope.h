// Rotary position embedding: frequencies of every `rope_type`, and the cos/sin rows of given positions.
#pragma once
#include <mutex>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace ef {

// `rope_parameters` of a config (rope_theta and rope_scaling merged); what a type does not use is ignored.
struct RopeParameters {
  std::string type = "default";  // default linear dynamic yarn longrope llama3 proportional
  double theta = 10000, factor = 1, partial_rotary_factor = 1;
  double low_freq_factor = 1, high_freq_factor = 4;                      // llama3
  double beta_fast = 32, beta_slow = 1, mscale = 0, mscale_all_dim = 0;  // yarn
  double attention_factor = 0;                                           // 0: derived
  bool truncate = true;                                                  // yarn
  std::vector<double> short_factor, long_factor;                         // longrope
  int64_t original_max_position_embeddings = 0, max_position_embeddings = 2048;
};

class Rope {
 public:
  Rope(const RopeParameters& parameters, int64_t head_dim);
  struct Rows {
    Tensor cos, sin;  // [batch or 1, length, rotary_dim / 2] f32
  };
  // positions int64 [batch or 1, length], of sequences of at least `length` positions
  Rows rows(const Tensor& positions, int64_t length = 0) const;
  int64_t rotary_dim() const { return rotary_dim_; }
  float attention_scaling() const { return attention_scaling_; }
  std::vector<float> inv_freq(int64_t sequence_length) const;  // of a call whose last position is length - 1

 private:
  RopeParameters p_;
  int64_t rotary_dim_;
  float attention_scaling_ = 1;
  std::vector<float> fixed_;  // for the types that do not look at the length
};

}  // namespace ef
