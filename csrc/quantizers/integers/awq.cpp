#include "quantizers/integers/integers.h"

namespace ef {
namespace {

constexpr int kOrder[8] = {0, 2, 4, 6,
                           1, 3, 5, 7};  // the column, of eight, in each nibble of a word from the low one on

// Words of eight columns, put in order: [rows, columns].
CodeTable columns_of(const Tensor& words, int64_t rows, int64_t columns) {
  check<ShapeError>(columns % 8 == 0, "awq: found ", columns, " outputs, needed a multiple of 8");
  check_shape(words, {rows, columns / 8}, "packed words");
  CodeTable out(rows, columns);
  const auto* word = reinterpret_cast<const uint32_t*>(words.data<int32_t>());
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < columns; c += 8, word++)
      for (int i = 0; i < 8; i++) out.at(r, c + kOrder[i]) = uint8_t(*word >> 4 * i & 15);
  return out;
}

Tensor words_of_columns(const CodeTable& t) {
  Tensor words = Tensor::zeros({t.rows, t.columns / 8}, DType::Int32);
  auto* word = reinterpret_cast<uint32_t*>(words.mutable_data<int32_t>());
  for (int64_t r = 0; r < t.rows; r++)
    for (int64_t c = 0; c < t.columns; c += 8, word++)
      for (int i = 0; i < 8; i++) *word |= uint32_t(t.at(r, c + kOrder[i])) << 4 * i;
  return words;
}

NamedTensors write(const GroupMatrix& m) {
  CodeTable zeros(m.n, m.groups());
  zeros.code = m.zero.values.to_vector<uint8_t>();
  return {{"qweight", words_of_columns(transposed(unpacked_rows(m)))},
          {"qzeros", words_of_columns(transposed(zeros))},
          {"scales", turned(m.scale.values.view({m.n, m.groups()}))}};
}

WeightPtr restore(const Parts& parts, const Shape& shape, const QuantSpec& spec) {
  check<UnsupportedError>(spec.bits == 4, "awq: found ", spec.bits, " bits, only 4 are known");
  GroupMatrix m;
  m.n = shape[0], m.k = shape[1], m.dtype = spec.dtype, m.compute = spec.compute;
  m.group = spec.group == -1 ? m.k : spec.group;
  const Tensor scales = take(parts, "scales", {DType::Float16, DType::BFloat16, DType::Float32});
  check_shape(scales, {m.groups(), m.n}, "scales");
  check_finite(scales, "scales");
  m.codes = packed_rows(transposed(columns_of(take(parts, "qweight", {DType::Int32}), m.k, m.n)), 4);
  m.zero.values = bytes_tensor(transposed(columns_of(take(parts, "qzeros", {DType::Int32}), m.groups(), m.n)));
  m.scale.values = turned(scales);
  return std::make_shared<IntegerWeight>(std::move(m), "awq", write);
}

WeightPtr pack(const Tensor& dense, const QuantSpec& spec) {
  check<UnsupportedError>(spec.bits == 4, "awq: found ", spec.bits, " bits, only 4 are known");
  const Tensor rows = packable(dense, "awq");
  GroupMatrix m;
  m.n = rows.size(0), m.k = rows.size(1), m.dtype = spec.dtype, m.compute = spec.compute;
  m.group = spec.group == -1 ? m.k : spec.group;
  check<UnsupportedError>(m.n % 8 == 0 && m.k % m.group == 0, "awq: a layer [", m.n, ", ", m.k,
                          "] needs outputs in eights and inputs in groups of ", m.group, "; leave it dense");
  const Rounded r = round_groups(rows, m.group, spec.symmetric ? symmetric_rule(4, 7) : awq_rule(4));
  m.codes = packed_rows(r.codes, 4);
  m.scale.values = Tensor::from_data(r.scale, {m.n, m.groups()}).to(DType::Float16);
  m.zero.values = as_bytes(r.zero);
  return std::make_shared<IntegerWeight>(std::move(m), "awq", write);
}

}  // namespace

Quantizer awq_format() { return {{"qweight", "qzeros", "scales"}, pack, restore}; }

}  // namespace ef
