#include <algorithm>
#include <cmath>

#include "core/half.h"
#include "core/thread_pool.h"
#include "kernels/blockwise.h"
#include "quantizers/bitsandbytes/bitsandbytes.h"

namespace ef {
namespace {

constexpr float kOver127 = 7.874015718698502e-3f;  // 1 / 127

WeightPtr make(Tensor codes, Tensor scb, const QuantSpec& spec) {
  const int64_t n = codes.size(0), k = codes.size(1);
  GroupMatrix m;
  m.n = n, m.k = m.group = k, m.bits = 8, m.is_signed = true, m.dtype = spec.dtype, m.compute = spec.compute;
  m.codes = std::move(codes);
  m.scale.values = Tensor::empty({n});
  float* scale = m.scale.values.mutable_data<float>();
  for (int64_t i = 0; i < n; i++) scale[i] = scb.data<float>()[i] * kOver127;
  return std::make_shared<Bnb8Weight>(std::move(m), std::move(scb), float(spec.threshold));
}

WeightPtr pack(const Tensor& dense, const QuantSpec& spec) {
  const Tensor rows = packable(packable(dense, "bitsandbytes").to(DType::Float16), "bitsandbytes in float16");
  const int64_t n = rows.size(0), k = rows.size(1);
  Tensor codes = Tensor::empty({n, k}, DType::Int8), scb = Tensor::empty({n});
  auto* to = codes.mutable_data<int8_t>();
  float* most = scb.mutable_data<float>();
  parallel_for(n, 1 + 65536 / k, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++)
      most[i] = quantize_row_int8({rows.data<float>() + i * k, size_t(k)}, to + i * k);
  });
  return make(codes, scb, spec);
}

WeightPtr restore(const Parts& parts, const Shape& shape, const QuantSpec& spec) {
  const Tensor codes = take(parts, "weight", {DType::Int8}), scb = take(parts, "SCB", {DType::Float32});
  check<ShapeError>(codes.shape() == shape && scb.numel() == shape[0], "bitsandbytes int8: found a weight ",
                    codes.shape(), " with ", scb.numel(), " scales, the layer has ", shape);
  if (const auto format = parts.find("weight_format"); format != parts.end())
    check<UnsupportedError>(format->second.item<int64_t>() == 0,
                            "bitsandbytes int8: the weight is laid out for a GPU (weight_format ",
                            format->second.item<int64_t>(), "); save it again with bitsandbytes 0.45 or later");
  return make(codes, scb.flatten(), spec);
}

}  // namespace

Bnb8Weight::Bnb8Weight(GroupMatrix matrix, Tensor scb, float threshold)
    : GroupWeight(std::move(matrix)), scb_(std::move(scb)), threshold_(threshold) {}

NamedTensors Bnb8Weight::state() const {
  return {{"", matrix_.codes}, {"SCB", scb_}, {"weight_format", Tensor::scalar(0, DType::UInt8)}};
}

Tensor Bnb8Weight::matmul(const Activation& activation) const {
  check<ShapeError>(activation.k() == k_, kind(), " weight: found input of ", activation.k(), " columns, needed ", k_);
  const Tensor x = activation.rows().to(DType::Float32);
  const int64_t m = activation.m();
  std::vector<char> outlier(size_t(k_), 0);
  const float* from = x.data<float>();
  if (threshold_ > 0)
    for (int64_t i = 0; i < m * k_; i++)
      if (std::fabs(from[i]) >= threshold_) outlier[size_t(i % k_)] = 1;
  Tensor rounded = Tensor::empty(x.shape());
  float* to = rounded.mutable_data<float>();
  parallel_for(m, 1 + 16384 / k_, [&](int64_t begin, int64_t end) {
    std::vector<float> half(size_t(k_), 0.f);
    std::vector<int8_t> code(size_t(k_), 0);
    for (int64_t r = begin; r < end; r++) {
      for (int64_t i = 0; i < k_; i++) {
        const float v = from_f16(to_f16(from[r * k_ + i]));
        half[size_t(i)] = threshold_ > 0 && std::fabs(v) >= threshold_ ? 0 : v;
      }
      const float scale = quantize_row_int8(half, code.data()) * kOver127;
      for (int64_t i = 0; i < k_; i++)
        to[r * k_ + i] = outlier[size_t(i)] ? from[r * k_ + i] : float(code[size_t(i)]) * scale;
    }
  });
  return GroupWeight::matmul(Activation(rounded));
}

Quantizer bitsandbytes_8bit() { return {{"weight", "SCB"}, pack, restore}; }

}  // namespace ef
