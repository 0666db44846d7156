// Products with block-quantized weights (the formats of GGUF files), computed on their packed form.
//
// A weight W [n, k] is repacked once into panels of 16 rows (quant_format.h); nothing is lost: quant_unpack_rows gives
// exactly the values the file encodes. Activations are rounded to int8, one f32 scale for every
// 32 neighbours. Sizes are the caller's business: k must be a positive multiple of the type's block length, n may be
// anything.
//
// The bits of y depend on its row of x and on W alone: not on m or the number of threads, nor on the instruction set
// (apart from the baseline level, which has no fused multiply-add).
// A row of x with an infinite or NaN entry gives NaN. All this is said of quant_matmul; for quant_matmul_rounded see
// there.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/dtype.h"
#include "core/ggml_types.h"

namespace ef {

bool quant_computes(GgmlType type);  // whether the functions below know the type
size_t quant_packed_bytes(GgmlType type, int64_t n, int64_t k);
// Rows of ggml_row_bytes(type, k) bytes, as a file has them. Row i of the matrix is the i-th, or the order[i]-th.
struct FileRows {
  const uint8_t* data;
  const int64_t* order;
  FileRows(const uint8_t* data = nullptr, const int64_t* order = nullptr) : data(data), order(order) {}
  const uint8_t* row(int64_t i, size_t row_bytes) const { return data + size_t(order ? order[i] : i) * row_bytes; }
};
// In parallel. Pieces of kQuantSectionRows rows, each packed behind the other, are the same as all rows at once.
constexpr int64_t kQuantSectionRows = 1024;
void quant_pack(GgmlType type, int64_t n, int64_t k, const FileRows& rows, uint8_t* packed);
// out [end - begin, k]: the exact values of rows begin … end-1.
void quant_unpack_rows(GgmlType type, int64_t n, int64_t k, const uint8_t* packed, int64_t begin, int64_t end,
                       float* out);

// x [m, k] (row stride ldx) as int8; one form serves weights of every type with this k. out: aligned to 64 bytes.
size_t quant_activation_bytes(int64_t m, int64_t k);
void quant_activations(int64_t m, int64_t k, const float* x, int64_t ldx, uint8_t* out);

// Rows with which a thread takes longer to multiply than to read weights of so many bytes each.
int64_t quant_busy_rows(double bytes_of_weight);

struct QuantTarget {
  GgmlType type;
  const uint8_t* packed;  // or null: `file` is packed panel by panel on the way, which is enough for a single product
  int64_t n;
  float* y;  // [m, n], row stride ldy
  int64_t ldy;
  FileRows file = {};
};
// y = x·Wᵀ for every target, in one parallel region.
void quant_matmul(int64_t m, int64_t k, const uint8_t* activations, std::span<const QuantTarget> targets);

// For one row of x, where only the largest of n entries matter: the largest and its equals are those of quant_matmul,
// every other entry is that or something less than the largest. The high nibbles of 8-bit codes say what an entry can
// be at most; what may be the largest is then multiplied whole. A NaN is found as well. Returns the part of the entries
// that were multiplied: above a third or so, quant_matmul is faster. Only for types that quant_estimates, packed.
bool quant_estimates(GgmlType type);
double quant_matmul_largest(int64_t k, const uint8_t* activations, const QuantTarget& target);

// The same as quant_matmul for many rows where bf16 tiles are faster than whole numbers (AMX): W and x [m, k] (row
// stride ldx; f32, bf16 or f16) are rounded to bf16, which is finer than blocks of int8, and each y is the sum that
// gemm_nt gives for such operands. Only where quant_rounds(m), which is false in batch-invariant mode.
bool quant_rounds(int64_t m);

// Says what this thread's rows are while it lives. A sequence's results must not depend on what else is computed with
// it: all of a prompt is rounded to bf16, also in short pieces, and no token that follows is, also many at once.
class QuantRows {
 public:
  enum Kind { Any, Prompt, Token };  // Any: as their number says
  explicit QuantRows(Kind kind);
  ~QuantRows();
  QuantRows(const QuantRows&) = delete;
  QuantRows& operator=(const QuantRows&) = delete;
  static Kind current();

 private:
  Kind before_;
};
void quant_matmul_rounded(int64_t m, int64_t k, const void* x, DType xd, int64_t ldx,
                          std::span<const QuantTarget> targets);

// dx [m, k] = dy [m, n]·W in f32 with the exact W, summed along n one by one (fused multiply-add, except on the
// baseline level, whose last bits therefore differ).
void quant_matmul_grad(GgmlType type, int64_t m, int64_t n, int64_t k, const uint8_t* packed, const float* dy,
                       int64_t lddy, float* dx, int64_t lddx);

}  // namespace ef
