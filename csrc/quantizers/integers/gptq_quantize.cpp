// GPTQ (Frantar et al. 2022, arXiv:2210.17323): columns are rounded one after the other, and what each loses is made
// good by those that are left, as the inputs' second moments say.
#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "core/half.h"
#include "core/thread_pool.h"
#include "ops/matmul.h"
#include "quantizers/integers/integers.h"

namespace ef {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
constexpr int64_t kBlock = 128;

// The order that columns are rounded in: by falling moments, or as they come.
std::vector<int64_t> column_order(const std::string& kind, const std::vector<double>& moment) {
  std::vector<int64_t> order(moment.size());
  std::iota(order.begin(), order.end(), 0);
  const auto falling = [&](int64_t a, int64_t b) { return moment[size_t(a)] > moment[size_t(b)]; };
  if (!kind.empty()) std::stable_sort(order.begin(), order.end(), falling);
  return order;
}

// Upper Cholesky factor of the inverse of the damped moments, columns in `order`, without inverting them: written
// backwards they are L Lᵀ, and the inverse of L written backwards is the factor. A block of its columns needs only the
// rows below its begin.
Tensor inverse_factor(const std::function<double(int64_t, int64_t)>& moment, const std::vector<int64_t>& order,
                      double damp) {
  constexpr int64_t kColumns = 64;
  const auto k = int64_t(order.size());
  double mean = 0;
  for (int64_t i = 0; i < k; i++) mean += moment(i, i) / double(k);
  Matrix lower(k, k);
  bool found = false;
  for (int attempt = 0; attempt < 8 && !found; attempt++, damp *= 4) {
    for (int64_t i = 0; i < k; i++)
      for (int64_t j = 0; j <= i; j++)
        lower(i, j) = moment(order[size_t(k - 1 - i)], order[size_t(k - 1 - j)]) + (i == j ? damp * mean : 0);
    found = Eigen::LLT<Eigen::Ref<Matrix>>(lower).info() == Eigen::Success;  // in place
  }
  check<ConfigError>(found, "gptq: the inputs' second moments can't be inverted; calibrate with more or longer texts");
  Tensor out = Tensor::zeros({k, k});
  float* u = out.mutable_data<float>();
  parallel_for((k + kColumns - 1) / kColumns, 1, [&](int64_t from, int64_t until) {
    for (int64_t block = from; block < until; block++) {
      const int64_t begin = block * kColumns, count = std::min(kColumns, k - begin);
      Matrix columns = Matrix::Zero(k - begin, count);
      columns.topRows(count).setIdentity();
      lower.bottomRightCorner(k - begin, k - begin).triangularView<Eigen::Lower>().solveInPlace(columns);
      for (int64_t i = 0; i < k - begin; i++)
        for (int64_t j = 0; j < count; j++) u[(k - 1 - begin - i) * k + k - 1 - begin - j] = float(columns(i, j));
    }
  });
  return out;
}

void group_parameters(const float* w, int64_t count, int bits, bool symmetric, float& scale, float& zero) {
  float low = 0, high = 0;
  for (int64_t i = 0; i < count; i++) low = std::min(low, w[i]), high = std::max(high, w[i]);
  const float top = float((1 << bits) - 1);
  if (symmetric) high = std::max(high, -low), low = low < 0 ? -high : low;
  if (low == 0 && high == 0) low = -1, high = 1;
  scale = from_f16(to_f16((high - low) / top));
  if (!(scale > 0)) scale = 0x1p-24f;
  zero = symmetric ? (top + 1) / 2 : std::nearbyint(-low / scale);
  zero = std::clamp(zero, 0.f, top);
}

}  // namespace

GroupMatrix quantize_gptq(const Tensor& dense, const QuantSpec& spec) {
  const Tensor given = packable(dense, "gptq");
  const int64_t n = given.size(0), k = given.size(1), group = spec.group == -1 ? k : spec.group;
  check<UnsupportedError>(k % group == 0, "gptq: rows of ", k, " don't end on a group of ", group,
                          "; choose another group_size");
  check<UnsupportedError>(k * spec.bits % 32 == 0 && n * spec.bits % 32 == 0, "gptq: a layer [", n, ", ", k, "] of ",
                          spec.bits, " bits doesn't fill words of 32 bits; leave it dense");
  Tensor moments = spec.moments;
  if (moments.defined()) {
    moments = moments.to(DType::Float32).contiguous();
    check_shape(moments, {k, k}, "second moments");
  }
  const float* h = moments.defined() ? moments.data<float>() : nullptr;
  const auto moment = [&](int64_t i, int64_t j) {
    const double value = h ? double(h[i * k + j]) : double(i == j);
    return i == j && value <= 0 ? 1.0 : value;
  };
  std::vector<double> diagonal;
  for (int64_t i = 0; i < k; i++) diagonal.push_back(moment(i, i));
  const std::vector<int64_t> order = column_order(spec.order, diagonal);
  Tensor rows = Tensor::empty({n, k});
  float* w = rows.mutable_data<float>();
  for (int64_t r = 0; r < n; r++)
    for (int64_t i = 0; i < k; i++) w[r * k + i] = given.data<float>()[r * k + order[size_t(i)]];
  const Tensor u = inverse_factor(moment, order, spec.damp);

  const int64_t groups = k / group;
  CodeTable codes(n, k);
  std::vector<float> scales(size_t(n * groups)), zeros(size_t(n * groups));
  const float top = float((1 << spec.bits) - 1);
  // "aware": groups are runs of columns as they are numbered, whose range is that of the weights before any is rounded.
  const bool fixed = spec.order == "aware";
  const auto group_of = [&](int64_t i) { return (fixed ? order[size_t(i)] : i) / group; };
  if (fixed)
    parallel_for(n * groups, 16, [&](int64_t from, int64_t until) {
      for (int64_t g = from; g < until; g++)
        group_parameters(given.data<float>() + g * group, group, spec.bits, spec.symmetric, scales[size_t(g)],
                         zeros[size_t(g)]);
    });
  // A group begins where a block does, or inside of one with all of its columns: its weights are up to date then.
  const bool fits = kBlock % group == 0 || group % kBlock == 0 || group == k;
  const int64_t width = fits ? kBlock : group * ((kBlock + group - 1) / group);
  for (int64_t begin = 0; begin < k; begin += width) {
    const int64_t end = std::min(begin + width, k);
    Tensor errors = Tensor::empty({n, end - begin});
    float* lost = errors.mutable_data<float>();
    parallel_for(n, 1, [&](int64_t from, int64_t until) {  // rows don't meet
      for (int64_t r = from; r < until; r++) {
        float *row = w + r * k, *error = lost + r * (end - begin);
        for (int64_t i = begin; i < end; i++) {
          const auto g = size_t(r * groups + group_of(i));
          float &scale = scales[g], &zero = zeros[g];
          if (!fixed && i % group == 0) group_parameters(row + i, group, spec.bits, spec.symmetric, scale, zero);
          const float q = std::clamp(std::nearbyint(row[i] / scale) + zero, 0.f, top);
          codes.at(r, i) = uint8_t(int(q));
          const float* step = u.data<float>() + i * k;
          const float e = error[i - begin] = (row[i] - (q - zero) * scale) / step[i];
          for (int64_t j = i + 1; j < end; j++) row[j] -= e * step[j];
        }
      }
    });
    if (end == k) break;
    const Tensor change = matmul(errors, u.narrow(0, begin, end - begin).narrow(1, end, k - end).contiguous());
    parallel_for(n, 1, [&](int64_t from, int64_t until) {
      for (int64_t r = from; r < until; r++)
        for (int64_t j = end; j < k; j++) w[r * k + j] -= change.data<float>()[r * (k - end) + j - end];
    });
  }

  GroupMatrix m;
  m.n = n, m.k = k, m.bits = spec.bits, m.group = group, m.dtype = spec.dtype, m.compute = spec.compute;
  // Columns are kept as they are numbered, or, where groups aren't runs of neighbours, group by group: as a file's
  // g_idx gives them back.
  std::vector<int64_t> kept = order, position(static_cast<size_t>(k));
  const int64_t run = spec.order == "desc" ? group : k;
  for (int64_t i = 0; i < k; i += run) std::sort(kept.begin() + i, kept.begin() + i + run);
  for (int64_t i = 0; i < k; i++) position[size_t(order[size_t(i)])] = i;
  if (spec.order == "desc") m.order = Tensor::from_data(kept, {k});
  std::vector<uint8_t> zero_bytes(zeros.size());
  std::vector<float> scale_values(scales.size());
  CodeTable sorted_codes(n, k);
  for (int64_t r = 0; r < n; r++)
    for (int64_t i = 0; i < k; i++) {
      const int64_t from = position[size_t(kept[size_t(i)])];
      const int64_t at = r * groups + i / group, was = r * groups + group_of(from);
      sorted_codes.at(r, i) = codes.at(r, from);
      scale_values[size_t(at)] = scales[size_t(was)], zero_bytes[size_t(at)] = uint8_t(int(zeros[size_t(was)]));
    }
  m.codes = packed_rows(sorted_codes, m.bits);
  m.scale.values = Tensor::from_data(scale_values, {n, groups}).to(DType::Float16);
  m.zero.values = Tensor::from_data(zero_bytes, {n, groups});
  return m;
}

}  // namespace ef
