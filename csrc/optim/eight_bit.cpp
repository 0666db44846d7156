#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "core/thread_pool.h"
#include "optim/optim.h"

namespace ef::optim {
namespace {

constexpr int64_t kBlock = 256;
using Table = std::array<float, 256>;

const Table& table(bool is_signed) {
  static const auto make = [](bool s) {
    Table t;
    const std::vector<float> values = dynamic_map(s);
    std::copy(values.begin(), values.end(), t.begin());
    return t;
  };
  static const Table with_sign = make(true), without = make(false);
  return is_signed ? with_sign : without;
}

uint8_t nearest(const Table& t, float x) {
  const auto above = std::lower_bound(t.begin(), t.end(), x);
  if (above == t.begin()) return 0;
  if (above == t.end()) return 255;
  const auto index = above - t.begin();
  return uint8_t(x - t[size_t(index - 1)] <= t[size_t(index)] - x ? index - 1 : index);
}

// A moment of one parameter, block by block.
struct Codes {
  uint8_t* codes;
  float* scales;
  const Table& t;

  Codes(const char* where, const Moment& m, size_t i, const Tensor& p)
      : codes(nullptr), scales(nullptr), t(table(m.is_signed)) {
    Tensor state = m.codes[i], absmax = m.absmax[i];
    const int64_t count = p.numel(), blocks = (count + kBlock - 1) / kBlock;
    check<ShapeError>(state.dtype() == DType::UInt8 && state.numel() == count && state.is_contiguous(), where,
                      ": found a state ", state.shape(), " of ", dtype_name(state.dtype()),
                      ", needed uint8 of the parameter's shape ", p.shape());
    check<ShapeError>(absmax.dtype() == DType::Float32 && absmax.numel() == blocks && absmax.is_contiguous(), where,
                      ": found scales ", absmax.shape(), ", needed ", blocks, " (one for ", kBlock, " elements)");
    codes = state.mutable_data<uint8_t>();
    scales = absmax.mutable_data<float>();
  }
  void load(int64_t block, int64_t n, float* out) const {
    for (int64_t j = 0; j < n; j++) out[j] = t[codes[block * kBlock + j]] * scales[block];
  }
  void store(int64_t block, int64_t n, const float* values) const {
    float scale = 0;
    for (int64_t j = 0; j < n; j++) scale = std::max(scale, std::fabs(values[j]));
    for (int64_t j = 0; j < n; j++) codes[block * kBlock + j] = nearest(t, scale > 0 ? values[j] / scale : 0);
    scales[block] = scale;
  }
};

// f(p, g, m) changes a number and its moments m[kMoments] by its gradient.
template <size_t kMoments, class F>
void each_block(const char* where, const Tensors& params, const Tensors& grads,
                const std::array<Moment, kMoments>& moments, F&& f) {
  for (size_t i = 0; i < params.size(); i++) {
    const int64_t count = params[i].numel(), blocks = (count + kBlock - 1) / kBlock;
    std::vector<Codes> states;
    for (const Moment& m : moments) states.emplace_back(where, m, i, params[i]);
    Tensor p = params[i].detach(), w = p.to(DType::Float32).contiguous();
    const Tensor gradient = grads[i].detach().to(DType::Float32).contiguous();
    float* to = w.mutable_data<float>();
    const float* from = gradient.data<float>();
    parallel_for(blocks, 16, [&](int64_t begin, int64_t end) {
      float m[kMoments][kBlock];
      for (int64_t b = begin; b < end; b++) {
        const int64_t at = b * kBlock, n = std::min(kBlock, count - at);
        for (size_t k = 0; k < kMoments; k++) states[k].load(b, n, m[k]);
        for (int64_t j = 0; j < n; j++) {
          float one[kMoments];
          for (size_t k = 0; k < kMoments; k++) one[k] = m[k][j];
          f(to[at + j], from[at + j], one);
          for (size_t k = 0; k < kMoments; k++) m[k][j] = one[k];
        }
        for (size_t k = 0; k < kMoments; k++) states[k].store(b, n, m[k]);
      }
    });
    if (!w.shares_storage(p)) p.copy_(w);
  }
}

struct Mean {  // an exponential average
  float keep, take;
  explicit Mean(double beta) : keep(float(beta)), take(float(1 - beta)) {}
  void operator()(float& m, float x) const { m = keep * m + take * x; }
};

}  // namespace

// T. Dettmers, "8-Bit Approximations for Parallelism in Deep Learning", 2016: the decimal exponent takes as many bits
// as leading zeros say, the fraction the rest; each value is the middle of its interval in [0.1, 1].
std::vector<float> dynamic_map(bool is_signed) {
  constexpr int kExponents = 7;
  std::vector<float> out{0, 1};
  for (int i = 0; i < kExponents; i++) {
    const int intervals = 1 << (is_signed ? i : i + 1);
    const double width = 0.9 / intervals, power = std::pow(10.0, i - (kExponents - 1));
    for (int j = 0; j < intervals; j++) {
      const double middle = power * (0.1 + width * (j + 0.5));
      out.push_back(float(middle));
      if (is_signed) out.push_back(float(-middle));
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

void adamw_8bit(const Tensors& params, const Tensors& grads, const Moment& exp_avg, const Moment& exp_avg_sq,
                int64_t step, const AdamOptions& o) {
  const double first = 1 - std::pow(o.beta1, double(step)), second = std::sqrt(1 - std::pow(o.beta2, double(step)));
  const float rate = float(o.lr * second / first), eps = float(second * o.eps), keep = float(1 - o.lr * o.weight_decay);
  each_block<2>("AdamW8bit", params, grads, {exp_avg, exp_avg_sq},
                [=, fast = Mean(o.beta1), square = Mean(o.beta2)](float& p, float g, float* m) {
                  fast(m[0], g);
                  square(m[1], g * g);
                  p = p * keep - rate * (m[0] / (std::sqrt(m[1]) + eps));
                });
}

void lion_8bit(const Tensors& params, const Tensors& grads, const Moment& exp_avg, double lr, double beta1,
               double beta2, double weight_decay) {
  const float rate = float(lr), keep = float(1 - lr * weight_decay);
  each_block<1>("Lion8bit", params, grads, {exp_avg},
                [=, mixed = Mean(beta1), average = Mean(beta2)](float& p, float g, float* m) {
                  float u = m[0];
                  mixed(u, g);
                  p = p * keep - rate * float((u > 0) - (u < 0));
                  average(m[0], g);
                });
}

void ademamix_8bit(const Tensors& params, const Tensors& grads, const Moment& fast, const Moment& slow,
                   const Moment& exp_avg_sq, const AdemamixOptions& o) {
  const float first = float(1 - std::pow(o.beta1, double(o.step))),
              second = float(std::sqrt(1 - std::pow(o.beta2, double(o.step))));
  const float rate = float(o.lr), eps = float(o.eps), alpha = float(o.alpha), keep = float(1 - o.lr * o.weight_decay);
  each_block<3>(
      "AdEMAMix8bit", params, grads, {fast, slow, exp_avg_sq},
      [=, quick = Mean(o.beta1), lasting = Mean(o.beta3), square = Mean(o.beta2)](float& p, float g, float* m) {
        quick(m[0], g);
        lasting(m[1], g);
        square(m[2], g * g);
        p = p * keep - rate * ((m[0] / first + alpha * m[1]) / (std::sqrt(m[2]) / second + eps));
      });
}

void rmsprop_8bit(const Tensors& params, const Tensors& grads, const Moment& square_avg, const RmspropOptions& o) {
  const float rate = float(o.lr), eps = float(o.eps), decay = float(o.weight_decay);
  each_block<1>("RMSprop8bit", params, grads, {square_avg}, [=, square = Mean(o.alpha)](float& p, float g, float* m) {
    const float d = g + decay * p;
    square(m[0], d * d);
    p -= rate * d / (std::sqrt(m[0]) + eps);
  });
}

}  // namespace ef::optim
