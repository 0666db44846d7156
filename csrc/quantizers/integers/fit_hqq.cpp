// HQQ's fit of the zero points: half-quadratic splitting with the l0.7 norm (Badri and Shaji 2023).
#include <algorithm>
#include <cmath>

#include "core/thread_pool.h"
#include "quantizers/integers/integers.h"

namespace ef {
namespace {

constexpr int kSteps = 20;
constexpr float kNorm = 0.7f, kShrink = 0.1f;  // 1 / β, which HQQ's early-stopping solver leaves as it is

struct Fit {
  const Tensor& rows;  // f32, contiguous
  int64_t group, groups;
  float top;
  std::vector<float> inverse, zero;  // codes = round(w * inverse + zero)

  float code(float w, size_t g) const { return std::clamp(std::nearbyint(w * inverse[g] + zero[g]), 0.f, top); }

  // One step for all groups; returns the mean error of the step's starting point (float: HQQ stops when it stands
  // still).
  float step() {
    const float* x = rows.data<float>();
    std::vector<double> error(static_cast<size_t>(groups));
    parallel_for(groups, 64, [&](int64_t begin, int64_t end) {
      for (int64_t g = begin; g < end; g++) {
        const float* w = x + g * group;
        const float scale = inverse[size_t(g)], z = zero[size_t(g)];
        double sum = 0, total = 0;
        for (int64_t i = 0; i < group; i++) {
          const float q = code(w[i], size_t(g)), e = w[i] - (q - z) / scale, size = std::fabs(e);
          const float kept = std::max(0.f, size - kShrink * std::pow(size, kNorm - 1));
          sum += double(q - (w[i] - std::copysign(size > 0 ? kept : 0.f, e)) * scale);
          total += double(size);
        }
        zero[size_t(g)] = float(sum / double(group));
        error[size_t(g)] = total;
      }
    });
    double all = 0;
    for (double e : error) all += e;
    return float(all / double(rows.numel()));
  }
};

}  // namespace

GroupMatrix fit_hqq(const Tensor& dense, const QuantSpec& spec) {
  const Tensor rows = packable(dense, "hqq");
  GroupMatrix m;
  m.n = rows.size(0), m.k = rows.size(1), m.bits = spec.bits, m.dtype = spec.dtype, m.compute = spec.compute;
  m.group = spec.group == -1 ? m.k : spec.group;
  check<ShapeError>(m.k % m.group == 0, "hqq: rows of ", m.k, " don't end on a group of ", m.group);
  Fit fit{rows, m.group, m.n * m.groups(), float((1 << m.bits) - 1), {}, {}};
  const float* x = rows.data<float>();
  for (int64_t g = 0; g < fit.groups; g++) {
    const auto [low, high] = std::minmax_element(x + g * m.group, x + (g + 1) * m.group);
    const float range = *high - *low, inverse = range <= 1e-4f ? 1.f : std::min(fit.top / range, 2e4f);
    const float zero = -*low * inverse;
    fit.inverse.push_back(inverse);
    fit.zero.push_back(m.bits == 4 ? std::nearbyint(zero) : zero);
  }
  float best = INFINITY;
  for (int i = 0; i < kSteps; i++) {
    const float error = fit.step();
    if (error >= best) break;
    best = error;
  }
  CodeTable codes(m.n, m.k);
  std::vector<float> scale(fit.inverse.size());
  for (size_t g = 0; g < scale.size(); g++) scale[g] = 1.f / fit.inverse[g];
  for (int64_t i = 0; i < m.n * m.k; i++) codes.code[size_t(i)] = uint8_t(int(fit.code(x[i], size_t(i / m.group))));
  m.codes = packed_rows(codes, m.bits);
  m.scale.values = Tensor::from_data(scale).to(spec.dtype);
  m.zero.values = Tensor::from_data(fit.zero).to(spec.dtype);
  return m;
}

}  // namespace ef
