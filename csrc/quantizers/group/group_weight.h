// The packed form that integer and 4-bit table formats share: see README.md. A format fills a GroupMatrix from its
// checkpoint tensors and says in state() how to write them back.
#pragma once
#include <array>

#include "quantizers/group/tiled_weight.h"

namespace ef {

// Numbers of one kind for all groups: scales, zeros. Floats of any width, whole numbers, or bitsandbytes' nested form
// (bytes that index a map, times a factor for every `block` of them, plus an offset).
struct GroupNumbers {
  Tensor values;  // flat; undefined: none
  Tensor map, absmax;
  int64_t block = 0;
  float offset = 0;
  bool defined() const { return values.defined(); }
  size_t nbytes() const;
  void read(int64_t first, int64_t count, float* out) const;
};

struct GroupMatrix {
  int64_t n = 0, k = 0;
  int bits = 4;  // 2 … 8: 4 bits with the first of two in the high nibble, others a stream from the low bit on
  bool is_signed = false;                                                                // codes of 8 bits
  std::array<float, 16> table = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};  // of codes of 4 bits
  Tensor codes;                   // uint8 [n, row_bytes()], or flat
  int64_t group = 64;             // weights a scale
  bool flat = false;              // codes and groups run on across rows, as bitsandbytes has them
  GroupNumbers scale, zero, add;  // weight = (value - zero) * scale + add
  Tensor order;                   // int64 [k]: the column that each stored one is; undefined: as they come
  DType dtype = DType::Float32, compute = DType::Float32;
  int64_t row_bytes() const { return (k * bits + 7) / 8; }
  int64_t groups() const { return (k + group - 1) / group; }  // of a row that isn't flat
};

class GroupWeight : public TiledWeight {
 public:
  explicit GroupWeight(GroupMatrix matrix);  // ShapeError, DtypeError when the parts don't fit
  size_t nbytes() const override;
  const GroupMatrix& matrix() const { return matrix_; }

 protected:
  void expand(int64_t begin, int64_t end, bool to_bf16, void* out) const override;
  bool has_dot() const override;
  Tensor prepare(const Tensor& x) const override;
  void dot(const Tensor& prepared, int64_t begin, int64_t end, float* y) const override;
  Tensor to_stored(const Tensor& x) const override;
  Tensor from_stored(const Tensor& dx) const override;

  GroupMatrix matrix_;

 private:
  int64_t first_group(int64_t row) const { return matrix_.flat ? row * k_ / matrix_.group : row * matrix_.groups(); }
};

// count codes of `bits` bits, from bit position `first * bits` of a stream on.
void unpack_codes(int bits, const uint8_t* stream, int64_t first, int64_t count, uint8_t* out);
// The other way, for a whole row that starts on a byte; 4 bits with the first of two in the high nibble.
void pack_codes(int bits, const uint8_t* codes, int64_t count, uint8_t* out);

}  // namespace ef
