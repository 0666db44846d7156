// quanto, torchao, EETQ, BitNet: formats that differ in where the bits lie and in what the zero is.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/half.h"
#include "quantizers/integers/integers.h"

namespace ef {

CodeTable from_blocks(const Tensor& bytes, int bits, int64_t rows, int64_t columns, bool high_first) {
  const int per = 8 / bits;
  const int64_t step = (rows + per - 1) / per;
  check<ShapeError>(int64_t(bytes.nbytes()) == step * columns, "quantized layer: found ", bytes.nbytes(),
                    " bytes of codes, needed ", step * columns);
  CodeTable out(rows, columns);
  const auto* from = static_cast<const uint8_t*>(bytes.data_ptr());
  for (int64_t r = 0; r < rows; r++) {
    const int shift = bits * int(high_first ? per - 1 - r / step : r / step);
    for (int64_t c = 0; c < columns; c++)
      out.at(r, c) = uint8_t(from[r % step * columns + c] >> shift & ((1 << bits) - 1));
  }
  return out;
}

Tensor to_blocks(const CodeTable& t, int bits, bool high_first) {
  const int per = 8 / bits;
  const int64_t step = (t.rows + per - 1) / per;
  Tensor out = Tensor::zeros({step, t.columns}, DType::UInt8);
  auto* to = out.mutable_data<uint8_t>();
  for (int64_t r = 0; r < t.rows; r++) {
    const int shift = bits * int(high_first ? per - 1 - r / step : r / step);
    for (int64_t c = 0; c < t.columns; c++)
      to[r % step * t.columns + c] = uint8_t(to[r % step * t.columns + c] | t.at(r, c) << shift);
  }
  return out;
}

CodeTable reshaped(CodeTable t, int64_t rows) {
  t.columns = t.rows * t.columns / rows, t.rows = rows;
  return t;
}

Tensor group_floats(const Parts& parts, const std::string& name, int64_t count) {
  const Tensor t = take(parts, name, {DType::Float16, DType::BFloat16, DType::Float32});
  check<ShapeError>(t.numel() == count, "quantized layer: found ", t.numel(), " values of '", name, "', needed ",
                    count);
  check_finite(t, name.c_str());
  return t.flatten();
}

namespace {

GroupMatrix matrix(const Shape& shape, const QuantSpec& spec, int bits, int64_t group) {
  GroupMatrix m;
  m.n = shape[0], m.k = shape[1], m.bits = bits, m.dtype = spec.dtype, m.compute = spec.compute;
  m.group = group == -1 ? m.k : group;
  check<ConfigError>(m.group > 0, "quantized layer: found groups of ", group,
                     ", needed a positive number, or -1 for a row");
  return m;
}

constexpr std::initializer_list<DType> kFloats = {DType::Float16, DType::BFloat16, DType::Float32};

Tensor numbers(const Parts& parts, const std::string& name, const GroupMatrix& m) {
  return group_floats(parts, name, m.n * m.groups());
}

WeightPtr restore_quanto(const Parts& parts, const Shape& shape, const QuantSpec& spec) {
  if (spec.bits == 8) {
    GroupMatrix m = matrix(shape, spec, 8, -1);
    m.is_signed = true;
    m.codes = take(parts, "weight._data", {DType::Int8});
    check_shape(m.codes, shape, "weights");
    m.scale.values = numbers(parts, "weight._scale", m);
    return std::make_shared<IntegerWeight>(std::move(m), "quanto", [](const GroupMatrix& w) {
      return NamedTensors{{"weight._data", w.codes}, {"weight._scale", w.scale.values.view({w.n, 1})}};
    });
  }
  GroupMatrix m = matrix(shape, spec, spec.bits, spec.group);
  const int64_t groups = m.n * m.groups();
  m.codes = packed_rows(
      reshaped(from_blocks(take(parts, "weight._data._data", {DType::UInt8}), m.bits, groups, m.group, false), m.n),
      m.bits);
  m.scale.values = numbers(parts, "weight._scale", m);
  const auto shift = parts.find("weight._shift");
  check<CheckpointError>(shift != parts.end(), "quanto: no 'weight._shift'");
  const bool whole = !is_floating(shift->second.dtype());
  if (whole) {
    m.zero.values = take(parts, "weight._shift", {DType::Int8, DType::UInt8}).flatten();
  } else {  // subtracted after scaling
    Tensor minus = numbers(parts, "weight._shift", m).to(DType::Float32).clone();
    float* v = minus.mutable_data<float>();
    for (int64_t i = 0; i < minus.numel(); i++) v[i] = -v[i];
    m.add.values = minus.to(shift->second.dtype());
  }
  return std::make_shared<IntegerWeight>(std::move(m), "quanto", IntegerWeight::Writer());
}

// int8 with a scale for each output, absmax / steps.
WeightPtr pack_int8(const Tensor& dense, const QuantSpec& spec, const char* kind, float steps,
                    IntegerWeight::Writer writer) {
  const Tensor rows = packable(dense, kind);
  GroupMatrix m = matrix(rows.shape(), spec, 8, -1);
  m.is_signed = true;
  Rounded r = round_groups(rows, m.k, symmetric_rule(8, steps));
  for (uint8_t& c : r.codes.code) c ^= 0x80;  // signed codes
  m.codes = Tensor::from_data<int8_t>(
      std::span(reinterpret_cast<const int8_t*>(r.codes.code.data()), r.codes.code.size()), {m.n, m.k});
  m.scale.values = Tensor::from_data(r.scale).to(std::string(kind) == "eetq" ? DType::Float16 : spec.dtype);
  return std::make_shared<IntegerWeight>(std::move(m), kind, std::move(writer));
}

// Unsigned codes whose group's smallest value is 0: weight = code * scale + smallest.
WeightPtr pack_shifted(const Tensor& dense, const QuantSpec& spec, const char* kind) {
  const Tensor rows = packable(dense, kind);
  GroupMatrix m = matrix(rows.shape(), spec, spec.bits, spec.group);
  check<UnsupportedError>(m.k % m.group == 0, kind, ": rows of ", m.k, " don't end on a group of ", m.group);
  Rounded r = round_groups(rows, m.group, shifted_rule(m.bits));
  m.codes = packed_rows(r.codes, m.bits);
  for (float& z : r.zero) z = -z;
  m.scale.values = Tensor::from_data(r.scale).to(spec.dtype);
  m.add.values = Tensor::from_data(r.zero).to(spec.dtype);
  return std::make_shared<IntegerWeight>(std::move(m), kind, IntegerWeight::Writer());
}

WeightPtr pack_quanto(const Tensor& dense, const QuantSpec& spec) {
  return spec.bits == 8 ? pack_int8(dense, spec, "quanto", 127, {}) : pack_shifted(dense, spec, "quanto");
}

// torchao: int8 with a scale for each group (float32, whatever the weights are), or pairs of 4 bits, signed codes, the
// first of two in the low nibble, and weight = code * scale + zero_point.
Tensor torchao_pairs(const Tensor& codes, DType dtype) {
  Tensor out = Tensor::empty(codes.shape(), dtype);
  const auto* from = static_cast<const uint8_t*>(codes.data_ptr());
  auto* to = static_cast<uint8_t*>(out.mutable_data_ptr());
  for (int64_t i = 0; i < codes.numel(); i++) to[i] = uint8_t((from[i] >> 4 | from[i] << 4) ^ 0x88);
  return out;
}

NamedTensors write_torchao(const GroupMatrix& w) {
  const int64_t groups = w.groups();
  if (w.bits == 8)
    return {{"_weight_qdata", w.codes.view({w.n, w.k})},
            {"_weight_scale", w.scale.values.view({w.n, groups})},
            {"_weight_zero_point", Tensor::zeros({w.n, groups}, DType::Int8)}};
  return {{"_weight_qdata", torchao_pairs(w.codes, DType::Int8).view({w.n, w.k / 2})},
          {"_weight_scale", turned(w.scale.values.view({w.n, groups}))},
          {"_weight_zero_point", turned(w.add.values.view({w.n, groups}))}};
}

WeightPtr pack_torchao(const Tensor& dense, const QuantSpec& spec) {
  const Tensor rows = packable(dense, "torchao");
  GroupMatrix m = matrix(rows.shape(), spec, spec.bits, spec.group);
  check<UnsupportedError>(m.k % m.group == 0, "torchao: rows of ", m.k, " don't end on a group of ", m.group);
  if (spec.bits == 8) {
    m.is_signed = true;
    Rounded r = round_groups(rows, m.group,
                             [dtype = spec.dtype](std::span<const float> w, float& scale, float& zero, uint8_t* codes) {
                               float most = 0;
                               for (float v : w) most = std::max(most, std::fabs(v));
                               scale = most / 127.5f;
                               if (dtype == DType::BFloat16) scale = from_bf16(to_bf16(scale));
                               if (dtype == DType::Float16) scale = from_f16(to_f16(scale));
                               scale = std::max(scale, std::numeric_limits<float>::epsilon());
                               zero = 0;
                               const float inverse = 1 / scale;
                               for (size_t i = 0; i < w.size(); i++)
                                 codes[i] = uint8_t(int8_t(std::clamp(std::nearbyint(w[i] * inverse), -128.f, 127.f)));
                             });
    m.codes = Tensor::from_data<int8_t>(
        std::span(reinterpret_cast<const int8_t*>(r.codes.code.data()), r.codes.code.size()), {m.n, m.k});
    m.scale.values = Tensor::from_data(r.scale);
    return std::make_shared<IntegerWeight>(std::move(m), "torchao", write_torchao);
  }
  Rounded r = round_groups(rows, m.group, shifted_rule(4));
  m.codes = packed_rows(r.codes, 4);
  for (size_t i = 0; i < r.zero.size(); i++) r.zero[i] = 8 * r.scale[i] - r.zero[i];
  m.scale.values = Tensor::from_data(r.scale).to(spec.dtype);
  m.add.values = Tensor::from_data(r.zero).to(spec.dtype);
  m.zero.values = Tensor::full({m.n * m.groups()}, 8, DType::UInt8);
  return std::make_shared<IntegerWeight>(std::move(m), "torchao", write_torchao);
}

WeightPtr restore_torchao(const Parts& parts, const Shape& shape, const QuantSpec& spec) {
  if (spec.bits == 8) {
    GroupMatrix m = matrix(shape, spec, 8, spec.group);
    m.is_signed = true;
    m.codes = take(parts, "_weight_qdata", {DType::Int8});
    check_shape(m.codes, shape, "weights");
    m.scale.values = numbers(parts, "_weight_scale", m);
    if (const auto zero = parts.find("_weight_zero_point"); zero != parts.end())
      for (float v : zero->second.to(DType::Float32).flatten().to_vector<float>())
        check<UnsupportedError>(v == 0, "torchao: int8 with zero points other than 0");
    return std::make_shared<IntegerWeight>(std::move(m), "torchao", write_torchao);
  }
  GroupMatrix m = matrix(shape, spec, 4, spec.group);
  const Tensor stored = take(parts, "_weight_qdata", {DType::Int8, DType::UInt8});
  check_shape(stored, {m.n, m.k / 2}, "weights");
  m.codes = torchao_pairs(stored, DType::UInt8);
  const Tensor scale = take(parts, "_weight_scale", kFloats), zero = take(parts, "_weight_zero_point", kFloats);
  check_shape(scale, {m.groups(), m.n}, "scales");
  check_shape(zero, {m.groups(), m.n}, "zero points");
  check_finite(scale, "scales");
  check_finite(zero, "zero points");
  m.scale.values = turned(scale);
  m.add.values = turned(zero);
  m.zero.values = Tensor::full({m.n * m.groups()}, 8, DType::UInt8);
  return std::make_shared<IntegerWeight>(std::move(m), "torchao", write_torchao);
}

NamedTensors write_eetq(const GroupMatrix& w) {
  return {{"weight", turned(w.codes.view({w.n, w.k}))}, {"weight_scales", w.scale.values}};
}
WeightPtr pack_eetq(const Tensor& dense, const QuantSpec& spec) {
  return pack_int8(dense, spec, "eetq", 127, write_eetq);
}

WeightPtr restore_eetq(const Parts& parts, const Shape& shape, const QuantSpec& spec) {
  GroupMatrix m = matrix(shape, spec, 8, -1);
  m.is_signed = true;
  const Tensor stored = take(parts, "weight", {DType::Int8});
  check_shape(stored, {m.k, m.n}, "weights");
  m.codes = turned(stored);
  m.scale.values = numbers(parts, "weight_scales", m);
  return std::make_shared<IntegerWeight>(std::move(m), "eetq", write_eetq);
}

WeightPtr restore_bitnet(const Parts& parts, const Shape& shape, const QuantSpec& spec) {
  GroupMatrix m = matrix(shape, spec, 2, -1);
  const CodeTable codes = from_blocks(take(parts, "weight", {DType::UInt8}), 2, m.n, m.k, false);
  for (uint8_t c : codes.code) check<CheckpointError>(c < 3, "bitnet: found code ", int(c), ", needed 0, 1 or 2");
  m.codes = packed_rows(codes, 2);
  const Tensor scale = take(parts, "weight_scale", kFloats);
  check<ShapeError>(scale.numel() == 1, "bitnet: found ", scale.numel(), " scales, needed one");
  check_finite(scale, "scales");
  const float s = scale.to(DType::Float32).flatten().data<float>()[0];
  m.scale.values = Tensor::full({m.n}, spec.type == "times" ? s : 1 / s, DType::Float32);
  m.zero.values = Tensor::full({m.n}, 1, DType::UInt8);
  return std::make_shared<IntegerWeight>(std::move(m), "bitnet", [scale](const GroupMatrix& w) {
    return NamedTensors{{"weight", to_blocks(unpacked_rows(w), 2, false)}, {"weight_scale", scale}};
  });
}

}  // namespace

Quantizer quanto_format() { return {{"weight._scale"}, pack_quanto, restore_quanto}; }
Quantizer torchao_format() { return {{"_weight_qdata", "_weight_scale"}, pack_torchao, restore_torchao}; }
Quantizer eetq_format() { return {{"weight", "weight_scales"}, pack_eetq, restore_eetq}; }
Quantizer bitnet_format() { return {{"weight", "weight_scale"}, nullptr, restore_bitnet}; }

}  // namespace ef
