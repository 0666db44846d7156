#include "quantizers/floats/floats.h"

namespace ef {
namespace {

class Mxfp4Weight : public GroupWeight {
 public:
  Mxfp4Weight(GroupMatrix matrix, Tensor scales) : GroupWeight(std::move(matrix)), scales_(std::move(scales)) {}
  const char* kind() const override { return "mxfp4"; }
  bool saved_packed() const override { return true; }
  NamedTensors state() const override {
    const Tensor bytes = swapped(matrix_.codes).view({n_, k_ / 32, 16});
    return {{"weight_blocks", bytes}, {"weight_scales", scales_}};
  }
  static Tensor swapped(const Tensor& codes) {  // the other nibble first
    Tensor out = codes.clone();
    auto* p = out.mutable_data<uint8_t>();
    for (int64_t i = 0; i < out.numel(); i++) p[i] = uint8_t(p[i] >> 4 | p[i] << 4);
    return out;
  }

 private:
  Tensor scales_;
};

WeightPtr restore(const Parts& parts, const Shape& shape, const QuantSpec& spec) {
  GroupMatrix m;
  m.n = shape[0], m.k = shape[1], m.group = 32, m.dtype = spec.dtype, m.compute = spec.compute;
  m.table = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0.f, -0.5f, -1, -1.5f, -2, -3, -4, -6};
  check<ShapeError>(m.k % 32 == 0, "mxfp4: rows of ", m.k, " don't end on a block of 32");
  const Tensor blocks = take(parts, "weight_blocks", {DType::UInt8});
  const Tensor scales = take(parts, "weight_scales", {DType::UInt8});
  check<ShapeError>(blocks.numel() == m.n * m.k / 2 && scales.numel() == m.n * m.k / 32, "mxfp4: found blocks ",
                    blocks.shape(), " and scales ", scales.shape(), " for a layer of ", shape);
  for (int64_t i = 0; i < scales.numel(); i++)
    check<CheckpointError>(scales.data<uint8_t>()[i] != 255, "mxfp4: scale ", i, " is NaN; a broken checkpoint?");
  m.codes = Mxfp4Weight::swapped(blocks).view({m.n, m.k / 2});
  m.scale.values = scales.flatten().view_dtype(DType::Float8E8M0).to(DType::BFloat16);
  return std::make_shared<Mxfp4Weight>(std::move(m), scales);
}

}  // namespace

Quantizer mxfp4_format() { return {{"weight_blocks", "weight_scales"}, nullptr, restore}; }

}  // namespace ef
