#include "nn/rope.h"

#include <algorithm>
#include <cmath>

#include "core/thread_pool.h"

namespace ef {
namespace {

std::vector<float> default_frequencies(double theta, int64_t dim) {
  std::vector<float> f(size_t(dim / 2));
  for (int64_t i = 0; i < dim / 2; i++) f[size_t(i)] = 1.0f / float(std::pow(float(theta), float(2 * i) / float(dim)));
  return f;
}

// B. Peng et al., "YaRN: Efficient Context Window Extension of Large Language Models", 2023, equations 17-22.
std::vector<float> yarn(const RopeParameters& p, int64_t dim) {
  const double original = double(p.original_max_position_embeddings);
  auto correction = [&](double rotations) {
    return double(dim) * std::log(original / (rotations * 2 * M_PI)) / (2 * std::log(p.theta));
  };
  double low = correction(p.beta_fast), high = correction(p.beta_slow);
  if (p.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, double(dim - 1));
  if (low == high) high += 0.001;
  std::vector<float> f(size_t(dim / 2));
  for (int64_t i = 0; i < dim / 2; i++) {
    const float base = float(std::pow(float(p.theta), float(2 * i) / float(dim)));
    const float ramp = std::clamp((float(i) - float(low)) / float(high - low), 0.0f, 1.0f);
    const float keep = 1 - ramp;
    f[size_t(i)] = 1.0f / (float(p.factor) * base) * (1 - keep) + 1.0f / base * keep;
  }
  return f;
}

double yarn_scale(double factor, double mscale) { return factor <= 1 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0; }

// The rule published with Llama 3.1: long waves are slowed, short ones kept, the ones between blended.
std::vector<float> llama3(const RopeParameters& p, int64_t dim) {
  std::vector<float> f = default_frequencies(p.theta, dim);
  const double original = double(p.original_max_position_embeddings);
  for (float& v : f) {
    const double wave = 2 * M_PI / v;
    if (wave > original / p.low_freq_factor) {
      v = float(v / p.factor);
    } else if (wave >= original / p.high_freq_factor) {
      const double smooth = (original / wave - p.low_freq_factor) / (p.high_freq_factor - p.low_freq_factor);
      v = float((1 - smooth) * v / p.factor + smooth * v);
    }
  }
  return f;
}

}  // namespace

Rope::Rope(const RopeParameters& parameters, int64_t head_dim) : p_(parameters) {
  static const char* known[] = {"default", "linear", "dynamic", "yarn", "longrope", "llama3", "proportional"};
  check<ConfigError>(std::find(std::begin(known), std::end(known), p_.type) != std::end(known), "rope_type: found '",
                     p_.type, "', known are default, linear, dynamic, yarn, longrope, llama3, proportional");
  check<ConfigError>(p_.theta > 0 && p_.factor > 0, "rope_parameters: rope_theta and factor must be positive");
  check<ConfigError>(p_.partial_rotary_factor > 0 && p_.partial_rotary_factor <= 1,
                     "rope_parameters: partial_rotary_factor is ", p_.partial_rotary_factor,
                     ", needed a number above 0 and up to 1");
  // "proportional" spreads the partial frequencies over the whole head: the rest of the pairs do not turn.
  rotary_dim_ = p_.type == "proportional" ? head_dim : int64_t(double(head_dim) * p_.partial_rotary_factor);
  check<ConfigError>(rotary_dim_ >= 2 && rotary_dim_ % 2 == 0 && rotary_dim_ <= head_dim,
                     "rope_parameters: ", rotary_dim_, " rotary dimensions of a head of ", head_dim,
                     ", needed an even number within it");
  if (p_.original_max_position_embeddings <= 0) p_.original_max_position_embeddings = p_.max_position_embeddings;
  const double ratio = double(p_.max_position_embeddings) / double(p_.original_max_position_embeddings);
  if (p_.type == "yarn") {
    if (p_.attention_factor > 0)
      attention_scaling_ = float(p_.attention_factor);
    else if (p_.mscale > 0 && p_.mscale_all_dim > 0)
      attention_scaling_ = float(yarn_scale(p_.factor, p_.mscale) / yarn_scale(p_.factor, p_.mscale_all_dim));
    else
      attention_scaling_ = float(yarn_scale(p_.factor, 1));
  } else if (p_.type == "longrope") {
    const auto pairs = size_t(rotary_dim_ / 2);
    check<ConfigError>(p_.short_factor.size() == pairs && p_.long_factor.size() == pairs,
                       "rope_parameters: longrope needs short_factor and long_factor of ", pairs, " numbers, found ",
                       p_.short_factor.size(), " and ", p_.long_factor.size());
    const double factor = p_.factor > 1 ? p_.factor : ratio;
    if (p_.attention_factor > 0)
      attention_scaling_ = float(p_.attention_factor);
    else if (factor > 1)
      attention_scaling_ =
          float(std::sqrt(1 + std::log(factor) / std::log(double(p_.original_max_position_embeddings))));
  }
  if (p_.type != "dynamic" && p_.type != "longrope") fixed_ = inv_freq(0);
}

std::vector<float> Rope::inv_freq(int64_t length) const {
  if (!fixed_.empty()) return fixed_;
  if (p_.type == "yarn") return yarn(p_, rotary_dim_);
  if (p_.type == "llama3") return llama3(p_, rotary_dim_);
  if (p_.type == "dynamic") {  // NTK-aware: the base grows with the sequence
    const double n = double(std::max(length, p_.max_position_embeddings)), d = double(rotary_dim_);
    const double base =
        p_.theta * std::pow(p_.factor * n / double(p_.max_position_embeddings) - (p_.factor - 1), d / (d - 2));
    return default_frequencies(base, rotary_dim_);
  }
  std::vector<float> f = default_frequencies(p_.theta, rotary_dim_);
  if (p_.type == "linear")
    for (float& v : f) v /= float(p_.factor);
  if (p_.type == "proportional") {
    const auto turning = size_t(double(rotary_dim_) * p_.partial_rotary_factor) / 2;
    for (size_t i = 0; i < f.size(); i++) f[i] = i < turning ? f[i] / float(p_.factor) : 0;
  }
  if (p_.type == "longrope") {
    const auto& factors = length > p_.original_max_position_embeddings ? p_.long_factor : p_.short_factor;
    for (size_t i = 0; i < f.size(); i++) f[i] /= float(factors[i]);
  }
  return f;
}

Rope::Rows Rope::rows(const Tensor& positions, int64_t whole) const {
  const int64_t batch = positions.size(0), length = positions.size(1), pairs = rotary_dim_ / 2;
  const Tensor at = positions.to(DType::Int64).contiguous();
  const int64_t* position = at.data<int64_t>();
  for (int64_t i = 0; i < batch * length; i++) whole = std::max(whole, position[i] + 1);
  const std::vector<float> frequency = inv_freq(whole);
  Rows out{Tensor::empty({batch, length, pairs}), Tensor::empty({batch, length, pairs})};
  float *cos = out.cos.mutable_data<float>(), *sin = out.sin.mutable_data<float>();
  parallel_for(batch * length, 64, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++)
      for (int64_t j = 0; j < pairs; j++) {
        const float angle = float(position[i]) * frequency[size_t(j)];
        cos[i * pairs + j] = std::cos(angle) * attention_scaling_;
        sin[i * pairs + j] = std::sin(angle) * attention_scaling_;
      }
  });
  return out;
}

}  // namespace ef
