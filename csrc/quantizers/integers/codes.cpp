#include <cmath>
#include <cstring>

#include "core/thread_pool.h"
#include "quantizers/integers/integers.h"

namespace ef {
namespace {

// The code at bit position `at` of a stream of words that are `step` apart.
uint8_t read_code(const uint32_t* words, int64_t step, int64_t at, int bits) {
  const int64_t word = at / 32;
  const int shift = int(at % 32);
  uint64_t v = words[word * step];
  if (shift + bits > 32) v |= uint64_t(words[(word + 1) * step]) << 32;
  return uint8_t(v >> shift & ((1u << bits) - 1));
}
void write_code(uint32_t* words, int64_t step, int64_t at, int bits, uint8_t code) {
  const int64_t word = at / 32;
  const int shift = int(at % 32);
  words[word * step] |= uint32_t(code) << shift;
  if (shift + bits > 32) words[(word + 1) * step] |= uint32_t(code) >> (32 - shift);
}
const uint32_t* words_of(const Tensor& t) { return reinterpret_cast<const uint32_t*>(t.data<int32_t>()); }

}  // namespace

CodeTable transposed(const CodeTable& t) {
  CodeTable out(t.columns, t.rows);
  for (int64_t r = 0; r < t.rows; r++)
    for (int64_t c = 0; c < t.columns; c++) out.at(c, r) = t.at(r, c);
  return out;
}

CodeTable from_words_down(const Tensor& words, int bits, int64_t rows) {
  const int64_t columns = words.size(1);
  check_shape(words, {(rows * bits + 31) / 32, columns}, "packed words");
  CodeTable out(rows, columns);
  const uint32_t* from = words_of(words);
  parallel_for(rows, 16, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++)
      for (int64_t c = 0; c < columns; c++) out.at(r, c) = read_code(from + c, columns, r * bits, bits);
  });
  return out;
}

CodeTable from_words_across(const Tensor& words, int bits, int64_t columns) {
  const int64_t rows = words.size(0), width = (columns * bits + 31) / 32;
  check_shape(words, {rows, width}, "packed words");
  CodeTable out(rows, columns);
  const uint32_t* from = words_of(words);
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < columns; c++) out.at(r, c) = read_code(from + r * width, 1, c * bits, bits);
  return out;
}

Tensor to_words_down(const CodeTable& t, int bits) {
  Tensor words = Tensor::zeros({(t.rows * bits + 31) / 32, t.columns}, DType::Int32);
  auto* to = reinterpret_cast<uint32_t*>(words.mutable_data<int32_t>());
  for (int64_t r = 0; r < t.rows; r++)
    for (int64_t c = 0; c < t.columns; c++) write_code(to + c, t.columns, r * bits, bits, t.at(r, c));
  return words;
}

Tensor to_words_across(const CodeTable& t, int bits) {
  const int64_t width = (t.columns * bits + 31) / 32;
  Tensor words = Tensor::zeros({t.rows, width}, DType::Int32);
  auto* to = reinterpret_cast<uint32_t*>(words.mutable_data<int32_t>());
  for (int64_t r = 0; r < t.rows; r++)
    for (int64_t c = 0; c < t.columns; c++) write_code(to + r * width, 1, c * bits, bits, t.at(r, c));
  return words;
}

Tensor packed_rows(const CodeTable& t, int bits) {
  const int64_t width = (t.columns * bits + 7) / 8;
  Tensor out = Tensor::empty({t.rows, width}, DType::UInt8);
  auto* to = out.mutable_data<uint8_t>();
  parallel_for(t.rows, 16, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) pack_codes(bits, t.code.data() + r * t.columns, t.columns, to + r * width);
  });
  return out;
}

void unpack_row(const Tensor& packed, int bits, int64_t row, int64_t k, uint8_t* out) {
  const uint8_t* from = static_cast<const uint8_t*>(packed.data_ptr()) + row * ((k * bits + 7) / 8);
  if (bits != 4) return unpack_codes(bits, from, 0, k, out);
  for (int64_t c = 0; c < k; c++) out[c] = c % 2 ? from[c / 2] & 15 : from[c / 2] >> 4;
}

CodeTable unpacked_rows(const GroupMatrix& m) {
  CodeTable out(m.n, m.k);
  for (int64_t r = 0; r < m.n; r++) unpack_row(m.codes, m.bits, r, m.k, &out.at(r, 0));
  return out;
}

Tensor turned(const Tensor& t) { return t.t().contiguous(); }

Tensor bytes_tensor(const CodeTable& t) { return Tensor::from_data<uint8_t>(std::span(t.code), {t.rows, t.columns}); }

void check_shape(const Tensor& t, const Shape& needed, const char* what) {
  check<ShapeError>(t.shape() == needed, "quantized layer: found ", what, " of shape ", t.shape(), ", needed ", needed);
}

void check_finite(const Tensor& t, const char* what) {
  const Tensor values = t.to(DType::Float32).contiguous();
  for (int64_t i = 0; i < values.numel(); i++)
    check<CheckpointError>(std::isfinite(values.data<float>()[i]), "quantized layer: ", what,
                           " have NaN or infinite values; a broken checkpoint?");
}

}  // namespace ef
