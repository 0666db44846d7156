#include <algorithm>
#include <numeric>

#include "quantizers/integers/integers.h"

namespace ef {
namespace {

int64_t group_of(const QuantSpec& spec, int64_t k) { return spec.group == -1 ? k : spec.group; }
int zero_shift(const QuantSpec& spec) { return spec.type == "v2" ? 0 : 1; }

// Columns sorted by group, when the groups are no runs of neighbours.
Tensor order_of(const Tensor& g_idx, int64_t k, int64_t group, int64_t groups) {
  const Tensor index = g_idx.to(DType::Int64).contiguous();
  check_shape(index, {k}, "g_idx");
  const int64_t* g = index.data<int64_t>();
  bool runs = true;
  for (int64_t i = 0; i < k; i++) {
    check<IndexError>(g[i] >= 0 && g[i] < groups, "gptq: g_idx names group ", g[i], ", there are ", groups);
    runs &= g[i] == i / group;
  }
  if (runs) return {};
  std::vector<int64_t> order(static_cast<size_t>(k));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return g[a] < g[b]; });
  for (int64_t i = 0; i < k; i++)
    check<UnsupportedError>(g[order[size_t(i)]] == i / group, "gptq: g_idx puts another number of columns than ", group,
                            " in a group");
  return Tensor::from_data(order, {k});
}

NamedTensors write(const GroupMatrix& m, int shift) {
  CodeTable rows = unpacked_rows(m);
  std::vector<int32_t> g_idx(size_t(m.k), 0);
  const int64_t* order = m.order.defined() ? m.order.data<int64_t>() : nullptr;
  CodeTable down(m.k, m.n);
  for (int64_t i = 0; i < m.k; i++) {
    const int64_t column = order ? order[i] : i;
    g_idx[size_t(column)] = int32_t(i / m.group);
    for (int64_t r = 0; r < m.n; r++) down.at(column, r) = rows.at(r, i);
  }
  CodeTable zeros(m.groups(), m.n);
  const uint8_t* zero = m.zero.values.data<uint8_t>();
  const int mask = (1 << m.bits) - 1;
  for (int64_t r = 0; r < m.n; r++)
    for (int64_t g = 0; g < m.groups(); g++) zeros.at(g, r) = uint8_t((zero[r * m.groups() + g] - shift) & mask);
  const Tensor scales = m.scale.values.view({m.n, m.groups()});
  return {{"qweight", to_words_down(down, m.bits)},
          {"qzeros", to_words_across(zeros, m.bits)},
          {"scales", turned(scales)},
          {"g_idx", Tensor::from_data(g_idx, {m.k})}};
}

WeightPtr restore(const Parts& parts, const Shape& shape, const QuantSpec& spec) {
  const int64_t n = shape[0], k = shape[1];
  GroupMatrix m;
  m.n = n, m.k = k, m.bits = spec.bits, m.group = std::min(group_of(spec, k), k);
  m.dtype = spec.dtype, m.compute = spec.compute;
  const Tensor words = take(parts, "qweight", {DType::Int32});
  check<ShapeError>(words.dim() == 2 && words.size(1) == n, "gptq: found qweight of shape ", words.shape(),
                    ", needed [", (k * m.bits + 31) / 32, ", ", n, "]");
  const Tensor scales = take(parts, "scales", {DType::Float16, DType::BFloat16, DType::Float32});
  check_shape(scales, {m.groups(), n}, "scales");
  check_finite(scales, "scales");
  if (parts.count("g_idx"))
    m.order = order_of(take(parts, "g_idx", {DType::Int32, DType::Int64}), k, m.group, m.groups());
  CodeTable down = from_words_down(words, m.bits, k);
  if (m.order.defined()) {
    CodeTable sorted(k, n);
    for (int64_t i = 0; i < k; i++) std::copy_n(&down.at(m.order.data<int64_t>()[i], 0), n, &sorted.at(i, 0));
    down = std::move(sorted);
  }
  m.codes = packed_rows(transposed(down), m.bits);
  CodeTable zeros = from_words_across(take(parts, "qzeros", {DType::Int32}), m.bits, n);
  check<ShapeError>(zeros.rows == m.groups(), "gptq: found ", zeros.rows, " rows of qzeros, needed ", m.groups());
  const int shift = zero_shift(spec), mask = (1 << m.bits) - 1;
  // v1 stores zero - 1 and adds the 1 back within the bits: 0 stands for none, not for 2^bits.
  for (uint8_t& z : zeros.code) z = uint8_t(shift ? (z + 1) & mask : z);
  m.zero.values = bytes_tensor(transposed(zeros));
  m.scale.values = turned(scales);
  return std::make_shared<IntegerWeight>(std::move(m), "gptq",
                                         [shift](const GroupMatrix& w) { return write(w, shift); });
}

WeightPtr pack(const Tensor& dense, const QuantSpec& spec) {
  const int shift = zero_shift(spec);
  return std::make_shared<IntegerWeight>(quantize_gptq(dense, spec), "gptq",
                                         [shift](const GroupMatrix& w) { return write(w, shift); });
}

}  // namespace

Quantizer gptq_format() { return {{"qweight", "qzeros", "scales"}, pack, restore}; }

}  // namespace ef
