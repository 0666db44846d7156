// Formats of whole numbers with group scales, as their checkpoints hold them: see README.md. All become GroupMatrix.
#pragma once
#include <functional>

#include "quantizers/group/group_weight.h"
#include "quantizers/quantizer.h"

namespace ef {

Quantizer gptq_format();
Quantizer awq_format();
Quantizer compressed_tensors_int();
Quantizer hqq_format();
Quantizer quanto_format();
Quantizer torchao_format();
Quantizer eetq_format();
Quantizer bitnet_format();

// A matrix of whole numbers that knows how its format writes it.
class IntegerWeight : public GroupWeight {
 public:
  using Writer = std::function<NamedTensors(const GroupMatrix&)>;
  IntegerWeight(GroupMatrix matrix, const char* kind, Writer writer)
      : GroupWeight(std::move(matrix)), kind_(kind), writer_(std::move(writer)) {}
  const char* kind() const override { return kind_; }
  bool saved_packed() const override { return bool(writer_); }
  NamedTensors state() const override { return writer_ ? writer_(matrix_) : NamedTensors{{"", matrix_.codes}}; }

 private:
  const char* kind_;
  Writer writer_;
};

// Codes as bytes, one a weight, [rows, columns] in memory; what the formats' layouts are unpacked to and packed from.
struct CodeTable {
  int64_t rows, columns;
  std::vector<uint8_t> code;
  uint8_t& at(int64_t r, int64_t c) { return code[size_t(r * columns + c)]; }
  uint8_t at(int64_t r, int64_t c) const { return code[size_t(r * columns + c)]; }
  CodeTable(int64_t r, int64_t c) : rows(r), columns(c), code(size_t(r * c)) {}
};
CodeTable transposed(const CodeTable& t);
CodeTable reshaped(CodeTable t, int64_t rows);  // the same codes in their order
// Codes in a few blocks of rows that share bytes, the first block in the low bits, or (`high_first`) in the high ones.
CodeTable from_blocks(const Tensor& bytes, int bits, int64_t rows, int64_t columns, bool high_first);
Tensor to_blocks(const CodeTable& t, int bits, bool high_first);
// A part of `count` finite floats, flat.
Tensor group_floats(const Parts& parts, const std::string& name, int64_t count);
// int32 words along the first dimension (GPTQ's weights) or the second (zeros): the bits of each row or column are one
// stream from the low bit of the first word on.
CodeTable from_words_down(const Tensor& words, int bits, int64_t rows);
CodeTable from_words_across(const Tensor& words, int bits, int64_t columns);
Tensor to_words_down(const CodeTable& t, int bits);
Tensor to_words_across(const CodeTable& t, int bits);
// The packed rows of a GroupMatrix, and back.
Tensor packed_rows(const CodeTable& t, int bits);
CodeTable unpacked_rows(const GroupMatrix& m);
void unpack_row(const Tensor& packed, int bits, int64_t row, int64_t k, uint8_t* out);  // of packed_rows
// [groups, n] to [n, groups] or back, contiguous.
Tensor turned(const Tensor& t);
Tensor bytes_tensor(const CodeTable& t);  // uint8 [rows, columns]
// Rounding without data: a rule gives one group's scale, zero and codes.
using GroupRule = std::function<void(std::span<const float> w, float& scale, float& zero, uint8_t* codes)>;
struct Rounded {
  CodeTable codes;
  std::vector<float> scale, zero;  // [n, groups]
};
Rounded round_groups(const Tensor& rows, int64_t group, const GroupRule& rule);
// scale = absmax / steps, zero in the middle; rounds w / scale, or w * (1 / scale), as the original does.
GroupRule symmetric_rule(int bits, float steps);
GroupRule awq_rule(int bits);      // from the smallest to the largest value, whole zero
GroupRule shifted_rule(int bits);  // the same with the smallest value itself as the shift
Tensor as_bytes(const std::vector<float>& values);
GroupMatrix fit_hqq(const Tensor& dense, const QuantSpec& spec);
GroupMatrix quantize_gptq(const Tensor& dense, const QuantSpec& spec);

void check_shape(const Tensor& t, const Shape& needed, const char* what);
void check_finite(const Tensor& t, const char* what);

}  // namespace ef
