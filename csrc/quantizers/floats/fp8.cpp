#include <algorithm>
#include <array>
#include <cmath>

#include "core/half.h"
#include "core/thread_pool.h"
#include "quantizers/floats/floats.h"

namespace ef {
namespace {

constexpr float kLargest = 448;  // of e4m3

const std::array<float, 256>& values_of_codes() {
  static const std::array<float, 256> table = [] {
    Tensor codes = Tensor::empty({256}, DType::UInt8);
    for (int i = 0; i < 256; i++) codes.mutable_data<uint8_t>()[i] = uint8_t(i);
    const Tensor values = codes.view_dtype(DType::Float8E4M3).to(DType::Float32);
    std::array<float, 256> out{};
    std::copy_n(values.data<float>(), 256, out.begin());
    return out;
  }();
  return table;
}

int64_t up(int64_t a, int64_t b) { return (a + b - 1) / b; }

// spec.group is the columns of a block (-1: all), spec.bits its rows (0: all of them, one scale for the matrix).
WeightPtr restore(const Parts& parts, const Shape& shape, const QuantSpec& spec) {
  const int64_t n = shape[0], k = shape[1];
  const Tensor codes = take(parts, "weight", {DType::Float8E4M3});
  check<ShapeError>(codes.shape() == shape, "fp8: found a weight of shape ", codes.shape(), ", needed ", shape);
  const std::string name = parts.count("weight_scale_inv") ? "weight_scale_inv" : "weight_scale";
  const Tensor scale =
      take(parts, name, {DType::Float32, DType::BFloat16, DType::Float16, DType::Float8E8M0, DType::UInt8});
  int64_t block_n = spec.bits > 0 ? spec.bits : n, block_k = spec.group == -1 ? k : spec.group;
  if (scale.numel() == 1) block_n = n, block_k = k;
  if (scale.numel() == n && spec.group == -1) block_n = 1;
  check<ShapeError>(scale.numel() == up(n, block_n) * up(k, block_k), "fp8: found ", scale.numel(), " scales (shape ",
                    scale.shape(), "), needed ", up(n, block_n) * up(k, block_k), " for blocks of ", block_n, " x ",
                    block_k);
  return std::make_shared<Fp8Weight>(codes, scale, block_n, block_k, name, spec.dtype, spec.compute);
}

WeightPtr pack(const Tensor& dense, const QuantSpec& spec) {
  const Tensor rows = packable(dense, "fp8");
  const int64_t n = rows.size(0), k = rows.size(1);
  const int64_t block_n = spec.bits > 0 ? spec.bits : n, block_k = spec.group == -1 ? k : spec.group;
  const int64_t across = up(k, block_k);
  Tensor scale = Tensor::zeros({up(n, block_n), across}), scaled = Tensor::empty({n, k});
  float* s = scale.mutable_data<float>();
  float* to = scaled.mutable_data<float>();
  const float* x = rows.data<float>();
  for (int64_t r = 0; r < n; r++)
    for (int64_t c = 0; c < k; c++) {
      float& most = s[r / block_n * across + c / block_k];
      most = std::max(most, std::fabs(x[r * k + c]));
    }
  for (int64_t i = 0; i < scale.numel(); i++) s[i] = s[i] > 0 ? s[i] / kLargest : 1.f;
  for (int64_t r = 0; r < n; r++)
    for (int64_t c = 0; c < k; c++)
      to[r * k + c] = std::clamp(x[r * k + c] / s[r / block_n * across + c / block_k], -kLargest, kLargest);
  const std::string name = spec.type.empty() ? "weight_scale_inv" : spec.type;
  return std::make_shared<Fp8Weight>(scaled.to(DType::Float8E4M3), scale, block_n, block_k, name, spec.dtype,
                                     spec.compute);
}

}  // namespace

Fp8Weight::Fp8Weight(Tensor codes, Tensor scale, int64_t block_n, int64_t block_k, std::string name, DType dtype,
                     DType compute)
    : TiledWeight(codes.size(0), codes.size(1), dtype, compute),
      codes_(std::move(codes)),
      stored_scale_(scale),
      block_n_(block_n),
      block_k_(block_k),
      name_(std::move(name)) {
  if (scale.dtype() == DType::UInt8) scale = scale.view_dtype(DType::Float8E8M0);  // exponents as bytes
  scale_ = scale.to(DType::Float32).contiguous();
  for (int64_t i = 0; i < scale_.numel(); i++)
    check<CheckpointError>(std::isfinite(scale_.data<float>()[i]), "fp8: scales have NaN or infinite values");
}

void Fp8Weight::expand(int64_t begin, int64_t end, bool to_bf16, void* out) const {
  const std::array<float, 256>& value = values_of_codes();
  const auto* codes = static_cast<const uint8_t*>(codes_.data_ptr());
  const int64_t across = up(k_, block_k_);
  auto* f32 = static_cast<float*>(out);
  auto* bf16 = static_cast<bfloat16*>(out);
  for (int64_t r = begin; r < end; r++) {
    const float* scale = scale_.data<float>() + r / block_n_ * across;
    const uint8_t* from = codes + r * k_;
    for (int64_t c = 0; c < k_; c++) {
      const float v = value[from[c]] * scale[c / block_k_];
      if (to_bf16)
        *bf16++ = v;
      else
        *f32++ = v;
    }
  }
}

Quantizer fp8_format() { return {{"weight"}, pack, restore}; }

}  // namespace ef
