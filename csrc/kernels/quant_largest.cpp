#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <mutex>
#include <numeric>
#include <vector>

#include "core/parallel_pieces.h"
#include "kernels/quant.h"
#include "kernels/quant_panels.h"

namespace ef {
namespace {

// The groups where most may be lost are multiplied whole: a hidden state has a few entries far larger than the others.
std::vector<Estimate> estimates_of(int64_t groups, const ActivationGroup* x) {
  constexpr float kHalfStep = 7.5f;  // of a weight's high nibble, in units of its scale
  constexpr int64_t kWholeOf = 12;
  // What sums in two orders may differ by: half a unit in the last place for each of their terms, |weight| <= 128.
  const float rounding = float(groups + 4) * 128 * std::numeric_limits<float>::epsilon() * 2;
  std::vector<Estimate> out;
  for (int64_t g = 0; g < groups; g++) {
    int32_t sum = 0;
    for (int8_t code : x[g].code) sum += std::abs(int(code));
    const float error = x[g].scale * float(sum);
    out.push_back({false, std::isfinite(error) ? error : std::numeric_limits<float>::infinity()});
  }
  std::vector<int64_t> order(size_t(groups), 0);
  std::iota(order.begin(), order.end(), int64_t(0));
  const auto whole = order.begin() + groups / kWholeOf;
  std::nth_element(order.begin(), whole, order.end(),
                   [&](int64_t a, int64_t b) { return out[size_t(a)].error > out[size_t(b)].error; });
  for (auto it = order.begin(); it != whole; ++it) out[size_t(*it)].whole = true;
  for (Estimate& e : out) e.error *= rounding + (e.whole ? 0 : kHalfStep);
  return out;
}

constexpr float kLeast = -std::numeric_limits<float>::infinity();
struct Largest {
  float value = kLeast;
  int64_t panel = 0;
};

}  // namespace

bool quant_estimates(GgmlType type) {
  return quant_computes(type) && kPackedFormats[packed_type(type)->format].apart();
}

double quant_matmul_largest(int64_t k, const uint8_t* activations, const QuantTarget& target) {
  const MatmulJob job{.groups = k / kGroup,
                      .x = reinterpret_cast<const ActivationGroup*>(activations),
                      .blocks = RowBlocks(1, quant_kernels().row_block)};
  const Packed packed(target.type, k);
  const std::vector<Estimate> estimates = estimates_of(job.groups, job.x);
  const int64_t count = panels(target.n);
  const auto panel = [&](int64_t p) { return packed.panel(target.packed, count, p); };
  const auto columns = [&](int64_t p) { return std::min<int64_t>(kPanelRows, target.n - p * kPanelRows); };

  // y is what each entry can be at most.
  std::mutex lock;
  Largest largest;
  ThreadPool::instance().run([&](int id, int n) {
    Largest mine;
    for (int64_t p = count * id / n; p < count * (id + 1) / n; p++) {
      float most[kPanelRows];
      const float value = job.kernels.estimate(job.groups, job.x, estimates.data(), panel(p), most);
      if (value > mine.value) mine = {value, p};
      std::copy_n(most, columns(p), target.y + p * kPanelRows);
    }
    const std::lock_guard guard(lock);
    if (mine.value > largest.value) largest = mine;
  });

  // Something that is reached, NaN included.
  float reached = kLeast;
  job.panel(target, packed, largest.panel, panel(largest.panel), 0);
  for (int64_t i = 0; i < columns(largest.panel); i++) {
    const float y = target.y[largest.panel * kPanelRows + i];
    if (y > reached || std::isnan(y)) reached = y;
  }

  std::atomic<int64_t> multiplied = 0;
  parallel_pieces(count, [&](int64_t begin, int64_t end) {
    int64_t here = 0;
    for (int64_t p = begin; p < end; p++) {
      const float* y = target.y + p * kPanelRows;
      bool below = true;
      for (int64_t i = 0; i < columns(p); i++) below &= y[i] < reached;
      if (below) continue;
      job.panel(target, packed, p, panel(p), 0);
      here++;
    }
    multiplied.fetch_add(here, std::memory_order_relaxed);
  });
  return double(multiplied) / double(std::max<int64_t>(count, 1));
}

}  // namespace ef
