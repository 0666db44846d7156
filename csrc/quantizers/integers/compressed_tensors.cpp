#include <algorithm>
#include <numeric>

#include "quantizers/integers/integers.h"

namespace ef {
namespace {

// int8 codes, or words of codes that an offset makes positive: unsigned codes either way.
CodeTable codes_of(const Tensor& stored, int bits, int64_t n, int64_t k) {
  if (stored.dtype() == DType::Int32) {
    check<ShapeError>(stored.dim() == 2 && stored.size(0) == n, "compressed-tensors: found packed weights of shape ",
                      stored.shape(), " for ", n, " outputs");
    return from_words_across(stored, bits, k);
  }
  check_shape(stored, {n, k}, "weights");
  CodeTable out(n, k);
  const int8_t* from = stored.data<int8_t>();
  const int offset = 1 << (bits - 1);
  for (size_t i = 0; i < out.code.size(); i++) out.code[i] = uint8_t(from[i] + offset);
  return out;
}

WeightPtr restore(const Parts& parts, const Shape& shape, const QuantSpec& spec) {
  GroupMatrix m;
  m.n = shape[0], m.k = shape[1], m.bits = spec.bits, m.dtype = spec.dtype, m.compute = spec.compute;
  const Tensor scales = take(parts, "weight_scale", {DType::BFloat16, DType::Float16, DType::Float32});
  check_finite(scales, "scales");
  m.group = spec.group == -1 ? m.k : spec.group;
  const bool packed = parts.count("weight_packed");
  const Tensor stored = packed ? take(parts, "weight_packed", {DType::Int32}) : take(parts, "weight", {DType::Int8});
  CodeTable codes = codes_of(stored, m.bits, m.n, m.k);
  if (parts.count("weight_g_idx")) {
    const Tensor index = take(parts, "weight_g_idx", {DType::Int32, DType::Int64}).to(DType::Int64);
    check_shape(index, {m.k}, "weight_g_idx");
    const int64_t* g = index.data<int64_t>();
    std::vector<int64_t> order(static_cast<size_t>(m.k));
    std::iota(order.begin(), order.end(), 0);
    if (m.k && g[0] >= 0)
      std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return g[a] < g[b]; });
    CodeTable sorted(m.n, m.k);
    for (int64_t i = 0; i < m.k; i++) {
      check<UnsupportedError>(g[0] < 0 || g[order[size_t(i)]] == i / m.group,
                              "compressed-tensors: weight_g_idx has groups that are not of ", m.group, " columns");
      for (int64_t r = 0; r < m.n; r++) sorted.at(r, i) = codes.at(r, order[size_t(i)]);
    }
    codes = std::move(sorted);
    m.order = Tensor::from_data(order, {m.k});
  }
  m.codes = packed_rows(codes, m.bits);
  m.scale.values = scales.numel() == 1 ? scales.flatten().expand({m.n * m.groups()}).contiguous() : scales;
  const int offset = 1 << (m.bits - 1);
  CodeTable zeros(m.n, m.groups());
  std::fill(zeros.code.begin(), zeros.code.end(), uint8_t(offset));
  if (const auto found = parts.find("weight_zero_point"); found != parts.end()) {
    const Tensor zero = take(parts, "weight_zero_point", {DType::Int8, DType::Int32});
    if (zero.dtype() == DType::Int32 && zero.size(0) != m.n) {
      zeros = from_words_down(zero, m.bits, m.n);  // each column of words is one stream of outputs
      check<ShapeError>(zeros.columns == m.groups(), "compressed-tensors: found zero points of shape ", zero.shape());
    } else {
      const std::vector<int64_t> values = zero.to_vector<int64_t>();
      check<ShapeError>(values.size() == zeros.code.size() || values.size() == 1,
                        "compressed-tensors: found zero points of shape ", zero.shape());
      for (size_t i = 0; i < zeros.code.size(); i++)
        zeros.code[i] = uint8_t(values[values.size() == 1 ? 0 : i] + offset);
    }
  }
  m.zero.values = bytes_tensor(zeros);
  IntegerWeight::Writer writer;
  if (!m.order.defined()) {
    const bool zero_points = parts.count("weight_zero_point");
    const DType scale_dtype = scales.dtype();
    const Shape scale_shape = scales.shape(), said = shape;
    writer = [packed, zero_points, scale_dtype, scale_shape, said](const GroupMatrix& w) {
      const int shift = 1 << (w.bits - 1);
      const CodeTable rows = unpacked_rows(w);
      NamedTensors out;
      const auto as_int8 = [&](const std::vector<uint8_t>& code, const Shape& s) {
        std::vector<int8_t> values(code.size());
        for (size_t i = 0; i < code.size(); i++) values[i] = int8_t(code[i] - shift);
        return Tensor::from_data(values, s);
      };
      if (packed) {
        out.emplace_back("weight_packed", to_words_across(rows, w.bits));
        out.emplace_back("weight_shape", Tensor::from_data<int64_t>({said[0], said[1]}, {2}));
      } else {
        out.emplace_back("weight", as_int8(rows.code, {w.n, w.k}));
      }
      Tensor scale = w.scale.values;
      out.emplace_back("weight_scale", numel(scale_shape) == 1
                                           ? scale.flatten().narrow(0, 0, 1).contiguous().view(scale_shape)
                                           : scale.view(scale_shape));
      if (zero_points) {
        CodeTable z(w.n, w.groups());
        z.code = w.zero.values.to_vector<uint8_t>();
        out.emplace_back("weight_zero_point", packed ? to_words_down(z, w.bits) : as_int8(z.code, {w.n, w.groups()}));
      }
      return out;
    };
  }
  return std::make_shared<IntegerWeight>(std::move(m), "compressed-tensors", writer);
}

}  // namespace

Quantizer compressed_tensors_int() { return {{"weight_scale"}, nullptr, restore}; }

}  // namespace ef
