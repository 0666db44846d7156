// Formats whose weights are sums of vectors from learned tables. See README.md.
#pragma once
#include "quantizers/group/tiled_weight.h"
#include "quantizers/quantizer.h"

namespace ef {

Quantizer aqlm_format();

// Additive quantization (AQLM, arXiv:2401.06118): the out_group x in_group block at (o, i) of the matrix is
// scale[o] * Σ over the codebooks c of codebook[c][code[o, i, c]].
class AqlmWeight : public TiledWeight {
 public:
  // codes int8, int16 or int32 [out groups, in groups, codebooks], of which the low bits count; codebooks
  // [codebooks, size, out_group, in_group]; scales one a row of blocks. n, k: of the matrix.
  AqlmWeight(Tensor codes, Tensor codebooks, Tensor scales, int64_t n, int64_t k, DType dtype, DType compute);
  const char* kind() const override { return "aqlm"; }
  size_t nbytes() const override { return codes_.nbytes() + vectors_.nbytes() + stored_scales_.nbytes(); }
  bool saved_packed() const override { return true; }
  NamedTensors state() const override;

 protected:
  void expand(int64_t begin, int64_t end, bool to_bf16, void* out) const override;

 private:
  template <class T>
  void sum_rows(int64_t begin, int64_t end, float* out) const;
  Tensor codes_, vectors_, scales_, stored_scales_;
  int64_t books_, size_, rows_, columns_;  // codebooks, vectors in each, shape of a block
  DType stored_;                           // of the codebooks in the checkpoint
};

}  // namespace ef
