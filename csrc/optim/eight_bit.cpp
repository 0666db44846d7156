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

// The moment of one block: bytes and their scale to numbers, and back.
void load(int64_t n, const uint8_t* codes, float scale, const Table& t, float* out) {
  for (int64_t j = 0; j < n; j++) out[j] = t[codes[j]] * scale;
}
void store(int64_t n, const float* values, const Table& t, uint8_t* codes, float& scale) {
  scale = 0;
  for (int64_t j = 0; j < n; j++) scale = std::max(scale, std::fabs(values[j]));
  for (int64_t j = 0; j < n; j++) codes[j] = nearest(t, scale > 0 ? values[j] / scale : 0);
}

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

void adamw_8bit(const Tensors& params, const Tensors& grads, const Tensors& state1, const Tensors& state2,
                const Tensors& absmax1, const Tensors& absmax2, int64_t step, const AdamOptions& o) {
  const double first = 1 - std::pow(o.beta1, double(step)), second = std::sqrt(1 - std::pow(o.beta2, double(step)));
  const float rate = float(o.lr * second / first), eps = float(second * o.eps),
              keep = o.decoupled ? float(1 - o.lr * o.weight_decay) : 1, l2 = o.decoupled ? 0 : float(o.weight_decay);
  const float b1 = float(o.beta1), r1 = float(1 - o.beta1), b2 = float(o.beta2), r2 = float(1 - o.beta2);
  for (size_t i = 0; i < params.size(); i++) {
    const int64_t count = params[i].numel(), blocks = (count + kBlock - 1) / kBlock;
    for (const Tensor* s : {&state1[i], &state2[i]})
      check<ShapeError>(s->dtype() == DType::UInt8 && s->numel() == count && s->is_contiguous(),
                        "AdamW8bit: found a state ", s->shape(), " of ", dtype_name(s->dtype()),
                        ", needed uint8 of the parameter's shape ", params[i].shape());
    for (const Tensor* s : {&absmax1[i], &absmax2[i]})
      check<ShapeError>(s->dtype() == DType::Float32 && s->numel() == blocks && s->is_contiguous(),
                        "AdamW8bit: found scales ", s->shape(), ", needed ", blocks, " (one for ", kBlock,
                        " elements)");
    Tensor p = params[i].detach(), w = p.to(DType::Float32).contiguous();
    const Tensor g = grads[i].detach().to(DType::Float32).contiguous();
    Tensor codes1 = state1[i], codes2 = state2[i], scales1 = absmax1[i], scales2 = absmax2[i];
    float* to = w.mutable_data<float>();
    const float* from = g.data<float>();
    uint8_t *c1 = codes1.mutable_data<uint8_t>(), *c2 = codes2.mutable_data<uint8_t>();
    float *s1 = scales1.mutable_data<float>(), *s2 = scales2.mutable_data<float>();
    parallel_for(blocks, 16, [&](int64_t begin, int64_t end) {
      float m[kBlock], v[kBlock];
      for (int64_t b = begin; b < end; b++) {
        const int64_t at = b * kBlock, n = std::min(kBlock, count - at);
        load(n, c1 + at, s1[b], table(true), m);
        load(n, c2 + at, s2[b], table(false), v);
        for (int64_t j = 0; j < n; j++) {
          const float d = (o.maximize ? -from[at + j] : from[at + j]) + l2 * to[at + j];
          m[j] = b1 * m[j] + r1 * d;
          v[j] = b2 * v[j] + r2 * d * d;
          to[at + j] = (to[at + j] - rate * (m[j] / (std::sqrt(v[j]) + eps))) * keep;
        }
        store(n, m, table(true), c1 + at, s1[b]);
        store(n, v, table(false), c2 + at, s2[b]);
      }
    });
    if (!w.shares_storage(p)) p.copy_(w);
  }
}

}  // namespace ef::optim
