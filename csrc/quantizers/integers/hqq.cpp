// HQQ (Badri and Shaji 2023): whole numbers with a scale and a zero point that is no whole number, in groups along the
// inputs (axis 1) or across outputs (axis 0).
#include "core/half.h"
#include "quantizers/integers/integers.h"

namespace ef {
namespace {

// Ten codes of three bits a word, in ten blocks of rows, the first in the high bits.
CodeTable from_thirty_bits(const Tensor& words, int64_t rows, int64_t columns) {
  const int64_t step = (rows + 9) / 10;
  check_shape(words, {step, columns}, "packed words");
  CodeTable out(rows, columns);
  const int32_t* from = words.data<int32_t>();
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < columns; c++)
      out.at(r, c) = uint8_t(from[r % step * columns + c] >> 3 * (9 - r / step) & 7);
  return out;
}
Tensor to_thirty_bits(const CodeTable& t) {
  const int64_t step = (t.rows + 9) / 10;
  Tensor out = Tensor::zeros({step, t.columns}, DType::Int32);
  int32_t* to = out.mutable_data<int32_t>();
  for (int64_t r = 0; r < t.rows; r++)
    for (int64_t c = 0; c < t.columns; c++) to[r % step * t.columns + c] |= int32_t(t.at(r, c)) << 3 * (9 - r / step);
  return out;
}

CodeTable stored_codes(const Parts& parts, int bits, int64_t rows, int64_t columns) {
  return bits == 3 ? from_thirty_bits(take(parts, "W_q", {DType::Int32}), rows, columns)
                   : from_blocks(take(parts, "W_q", {DType::UInt8}), bits, rows, columns, true);
}
Tensor codes_to_store(const CodeTable& codes, int bits) {
  return bits == 3 ? to_thirty_bits(codes) : to_blocks(codes, bits, true);
}

WeightPtr hqq_weight(GroupMatrix m) {
  return std::make_shared<IntegerWeight>(std::move(m), "hqq", [](const GroupMatrix& w) {
    const int64_t groups = w.n * w.groups();
    const CodeTable grouped = reshaped(unpacked_rows(w), groups);
    return NamedTensors{{"W_q", codes_to_store(grouped, w.bits)},
                        {"scale", w.scale.values.view({groups, 1})},
                        {"zero", w.zero.values.view({groups, 1})}};
  });
}

// axis 0: weights whose places in the row-major matrix differ by a multiple of the number of groups share a group.
class ColumnsWeight : public TiledWeight {
 public:
  ColumnsWeight(const CodeTable& codes, Tensor scale, Tensor zero, const QuantSpec& spec)
      : TiledWeight(codes.rows, codes.columns, spec.dtype, spec.compute),
        bits_(spec.bits),
        codes_(packed_rows(codes, spec.bits)),
        scale_(std::move(scale)),
        zero_(std::move(zero)),
        scales_(scale_.to(DType::Float32)),
        zeros_(zero_.to(DType::Float32)) {}
  const char* kind() const override { return "hqq"; }
  bool saved_packed() const override { return true; }
  size_t nbytes() const override { return codes_.nbytes() + scales_.nbytes() + zeros_.nbytes(); }
  NamedTensors state() const override {
    CodeTable codes(n_, k_);
    for (int64_t r = 0; r < n_; r++) unpack_row(codes_, bits_, r, k_, codes.code.data() + r * k_);
    const int64_t groups = scale_.numel();
    return {{"W_q", codes_to_store(reshaped(std::move(codes), n_ * k_ / groups), bits_)},
            {"scale", scale_.view({1, groups})},
            {"zero", zero_.view({1, groups})}};
  }

 protected:
  void expand(int64_t begin, int64_t end, bool to_bf16, void* out) const override {
    std::vector<uint8_t> codes(static_cast<size_t>(k_));
    const float *scale = scales_.data<float>(), *zero = zeros_.data<float>();
    const int64_t groups = scales_.numel();
    for (int64_t r = begin; r < end; r++) {
      unpack_row(codes_, bits_, r, k_, codes.data());
      int64_t g = r * k_ % groups;
      for (int64_t i = 0; i < k_; i++, g = g + 1 == groups ? 0 : g + 1) {
        const float w = (float(codes[size_t(i)]) - zero[g]) * scale[g];
        const int64_t at = (r - begin) * k_ + i;
        if (to_bf16)
          static_cast<bfloat16*>(out)[at] = w;
        else
          static_cast<float*>(out)[at] = w;
      }
    }
  }

 private:
  const int bits_;
  const Tensor codes_, scale_, zero_, scales_, zeros_;
};

int64_t group_of(const Shape& shape, const QuantSpec& spec) {
  const int64_t group = spec.group == -1 ? shape[0] : spec.group;
  check<ShapeError>(group > 0 && shape[0] * shape[1] % group == 0, "hqq: a matrix of ", shape[0], " x ", shape[1],
                    " is no whole number of groups of ", group);
  return group;
}

WeightPtr restore_columns(const Parts& parts, const Shape& shape, const QuantSpec& spec) {
  const int64_t group = group_of(shape, spec), groups = shape[0] * shape[1] / group;
  return std::make_shared<ColumnsWeight>(reshaped(stored_codes(parts, spec.bits, group, groups), shape[0]),
                                         group_floats(parts, "scale", groups), group_floats(parts, "zero", groups),
                                         spec);
}

WeightPtr pack_columns(const Tensor& dense, QuantSpec spec) {
  const Tensor rows = packable(dense, "hqq");
  const int64_t group = group_of(rows.shape(), spec);
  QuantSpec turned_spec = spec;
  turned_spec.axis = 1, turned_spec.group = group;
  const GroupMatrix fit = fit_hqq(rows.reshape({group, -1}).t().contiguous(), turned_spec);
  return std::make_shared<ColumnsWeight>(reshaped(transposed(unpacked_rows(fit)), rows.size(0)), fit.scale.values,
                                         fit.zero.values, spec);
}

WeightPtr restore_hqq(const Parts& parts, const Shape& shape, const QuantSpec& spec) {
  if (spec.axis == 0) return restore_columns(parts, shape, spec);
  GroupMatrix m;
  m.n = shape[0], m.k = shape[1], m.bits = spec.bits, m.dtype = spec.dtype, m.compute = spec.compute;
  m.group = spec.group == -1 ? m.k : spec.group;
  check<ShapeError>(m.k % m.group == 0, "hqq: rows of ", m.k, " don't end on a group of ", m.group);
  const int64_t rows = m.n * m.groups();
  m.codes = packed_rows(reshaped(stored_codes(parts, m.bits, rows, m.group), m.n), m.bits);
  m.scale.values = group_floats(parts, "scale", rows);
  m.zero.values = group_floats(parts, "zero", rows);
  return hqq_weight(std::move(m));
}

WeightPtr pack_hqq(const Tensor& dense, const QuantSpec& spec) {
  return spec.axis == 0 ? pack_columns(dense, spec) : hqq_weight(fit_hqq(dense, spec));
}

}  // namespace

Quantizer hqq_format() { return {{"W_q", "scale", "zero"}, pack_hqq, restore_hqq}; }

}  // namespace ef
