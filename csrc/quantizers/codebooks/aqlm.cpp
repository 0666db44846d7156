#include <cmath>
#include <vector>

#include "core/half.h"
#include "quantizers/codebooks/codebooks.h"

namespace ef {
namespace {

WeightPtr restore(const Parts& parts, const Shape& shape, const QuantSpec& spec) {
  const auto floats = {DType::Float16, DType::BFloat16, DType::Float32};
  return std::make_shared<AqlmWeight>(take(parts, "codes", {DType::Int16, DType::Int8, DType::Int32}),
                                      take(parts, "codebooks", floats), take(parts, "scales", floats), shape[0],
                                      shape[1], spec.dtype, spec.compute);
}

void check_finite(const Tensor& t, const char* what) {
  for (int64_t i = 0; i < t.numel(); i++)
    check<CheckpointError>(std::isfinite(t.data<float>()[i]), "aqlm: ", what, " have NaN or infinite values");
}

}  // namespace

AqlmWeight::AqlmWeight(Tensor codes, Tensor codebooks, Tensor scales, int64_t n, int64_t k, DType dtype, DType compute)
    : TiledWeight(n, k, dtype, compute),
      codes_(std::move(codes)),
      vectors_(codebooks.to(DType::Float32).contiguous()),
      scales_(scales.to(DType::Float32).contiguous()),
      stored_scales_(scales),
      stored_(codebooks.dtype()) {
  check<ShapeError>(codebooks.dim() == 4 && codebooks.numel() > 0, "aqlm: found codebooks of shape ", codebooks.shape(),
                    ", needed [codebooks, size, rows, columns]");
  books_ = codebooks.size(0), size_ = codebooks.size(1), rows_ = codebooks.size(2), columns_ = codebooks.size(3);
  check<ShapeError>((size_ & (size_ - 1)) == 0, "aqlm: found codebooks of ", size_, " vectors, needed a power of two");
  check<ShapeError>(n % rows_ == 0 && k % columns_ == 0 && codes_.shape() == Shape{n / rows_, k / columns_, books_},
                    "aqlm: found codes of shape ", codes_.shape(), " and codebooks ", codebooks.shape(),
                    " for a weight of ", n, " x ", k);
  check<ShapeError>(scales_.numel() == n / rows_, "aqlm: found ", scales_.numel(), " scales, needed ", n / rows_);
  check_finite(vectors_, "codebooks");
  check_finite(scales_, "scales");
}

NamedTensors AqlmWeight::state() const {
  return {{"codes", codes_}, {"codebooks", vectors_.to(stored_)}, {"scales", stored_scales_}};
}

template <class T>
void AqlmWeight::sum_rows(int64_t begin, int64_t end, float* out) const {
  const auto* codes = static_cast<const T*>(codes_.data_ptr());
  const float* vectors = vectors_.data<float>();
  const int64_t across = k_ / columns_, block = rows_ * columns_;
  for (int64_t r = begin; r < end; r++) {
    const float scale = scales_.data<float>()[r / rows_];
    const T* code = codes + r / rows_ * across * books_;
    for (int64_t i = 0; i < across; i++, out += columns_) {
      std::fill_n(out, columns_, 0.f);
      for (int64_t c = 0; c < books_; c++) {
        const int64_t which = c * size_ + (int64_t(*code++) & (size_ - 1));
        const float* from = vectors + which * block + r % rows_ * columns_;
        for (int64_t j = 0; j < columns_; j++) out[j] += from[j];
      }
      for (int64_t j = 0; j < columns_; j++) out[j] *= scale;
    }
  }
}

void AqlmWeight::expand(int64_t begin, int64_t end, bool to_bf16, void* out) const {
  std::vector<float> row(to_bf16 ? size_t(k_) : 0);
  const int64_t step = to_bf16 ? 1 : end - begin;
  for (int64_t r = begin; r < end; r += step) {
    float* to = to_bf16 ? row.data() : static_cast<float*>(out);
    if (codes_.dtype() == DType::Int8)
      sum_rows<int8_t>(r, r + step, to);
    else if (codes_.dtype() == DType::Int16)
      sum_rows<int16_t>(r, r + step, to);
    else
      sum_rows<int32_t>(r, r + step, to);
    if (to_bf16)
      for (int64_t i = 0; i < k_; i++) static_cast<bfloat16*>(out)[(r - begin) * k_ + i] = row[size_t(i)];
  }
}

Quantizer aqlm_format() { return {{"codes", "codebooks", "scales"}, nullptr, restore}; }

}  // namespace ef
