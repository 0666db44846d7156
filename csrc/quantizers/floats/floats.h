// Formats of small floats: float8 (e4m3) with scales for blocks or rows, and MXFP4. See README.md.
#pragma once
#include "quantizers/group/group_weight.h"
#include "quantizers/quantizer.h"

namespace ef {

Quantizer fp8_format();
Quantizer mxfp4_format();

class Fp8Weight : public TiledWeight {
 public:
  // codes float8_e4m3fn [n, k]; scale f32 of each block of block_n x block_k; name: of the scale in the checkpoint.
  Fp8Weight(Tensor codes, Tensor scale, int64_t block_n, int64_t block_k, std::string name, DType dtype, DType compute);
  const char* kind() const override { return "fp8"; }
  size_t nbytes() const override { return codes_.nbytes() + scale_.nbytes(); }
  bool saved_packed() const override { return true; }
  NamedTensors state() const override { return {{"", codes_}, {name_, stored_scale_}}; }

 protected:
  void expand(int64_t begin, int64_t end, bool to_bf16, void* out) const override;

 private:
  Tensor codes_, scale_, stored_scale_;
  int64_t block_n_, block_k_;
  std::string name_;
};

}  // namespace ef
