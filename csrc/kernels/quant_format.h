// The packed forms that quantized weights are computed in, and that of int8 activations.
//
// Weights: panels of 16 rows; k in groups of 32. A group holds, for all 16 rows,
//   codes   lines of 64 bytes, 4 bytes a row: dword g of a row is k = 4g … 4g+3. Low bits first: 4-bit codes have
//           dwords g and g+4 in the nibbles of line g; 2-bit codes dwords 4h … 4h+3 in line h. Then the high bits:
//           one bit a weight in one line (bit g of a byte: dword g), two bits as 2-bit codes. Of 8-bit codes, the high
//           nibbles: those of dword g above those of g+4.
//   scales  as the kind says, 16 rows next to each other; then the minima.
// Formats with super scales put them before every eighth group. Rows beyond n and their scales are zero.
//
// The low nibbles of 8-bit codes follow those of all groups of kSectionPanels panels: a product that only looks for its
// largest entries reads few of them, and what it does read lies together, since a core fetches what comes next unasked.
//
// weight = scale * (code - bias) - min, or scale * codebook[code] - min: the bias of 8-bit and signed codes lets the
// unsigned operand of the dot product hold them.
//
// Activations: rows in blocks of up to 12 (16 with AVX-512), cut evenly; in a block, for each group of 32 along k, one
// ActivationGroup a row.
#pragma once
#include <cstddef>
#include <cstdint>

#include "core/ggml_types.h"

namespace ef {

constexpr int kPanelRows = 16, kGroup = 32, kGroupsPerSuper = 8, kMaxRowBlock = 16, kSectionPanels = 64;

enum class ScaleKind {
  Half,       // f16 for 32 weights
  Exponent,   // E8M0 for 32 weights, halved
  Bytes32,    // super scale times a byte for 32 weights
  Bytes16,    // super scale times a signed byte for 16 weights
  Nibbles16,  // super scale times a nibble for 16 weights, the minimum's nibble above it
  Super,      // super scale alone
};
enum class MinKind { None, Half, Bytes32, Nibbles16 };  // Bytes32 and Nibbles16: times a super minimum

struct PackedFormat {
  int low_bits, high_bits;
  int bias_shift;  // bias = 1 << bias_shift; -1: none
  int code_bits;   // of the unsigned number that enters the dot product
  bool codebook;
  ScaleKind scale;
  MinKind min;
  int super_bytes;  // of one super scale, 0, 2 (f16) or 4 (f32)

  constexpr bool apart() const { return low_bits == 8; }              // low nibbles behind all groups
  constexpr int apart_bytes() const { return apart() ? 64 * 4 : 0; }  // of a group
  constexpr int code_bytes() const { return 64 * (low_bits + high_bits) - apart_bytes(); }
  constexpr bool split() const { return scale == ScaleKind::Bytes16 || scale == ScaleKind::Nibbles16; }
  constexpr int scale_bytes() const {
    return scale == ScaleKind::Super ? 0 : scale == ScaleKind::Exponent || scale == ScaleKind::Bytes32 ? 16 : 32;
  }
  constexpr int min_bytes() const { return min == MinKind::Half ? 32 : min == MinKind::Bytes32 ? 16 : 0; }
  constexpr int group_bytes() const { return code_bytes() + scale_bytes() + min_bytes(); }
  constexpr bool super_min() const { return min == MinKind::Bytes32 || min == MinKind::Nibbles16; }
  constexpr int supers() const { return kPanelRows * super_bytes * (super_min() ? 2 : 1); }
  // Of the groups that come first: all but what is apart.
  constexpr size_t first_bytes(int64_t groups) const {
    return size_t(groups) * size_t(group_bytes()) + size_t(groups / kGroupsPerSuper) * size_t(supers());
  }
  constexpr size_t panel_bytes(int64_t groups) const {
    return first_bytes(groups) + size_t(groups) * size_t(apart_bytes());
  }
};

enum PackedIndex {
  kPackedQ4_0,
  kPackedQ4_1,
  kPackedQ5_0,
  kPackedQ5_1,
  kPackedQ8_0,
  kPackedQ2_K,
  kPackedQ3_K,
  kPackedQ4_K,
  kPackedQ5_K,
  kPackedQ6_K,
  kPackedCode,
  kPackedCodeExponent,
  kPackedCode32,
  kPackedCode16,
  kPackedTernary,
  kPackedFormatCount
};
constexpr PackedFormat kPackedFormats[kPackedFormatCount] = {
    {4, 0, 3, 4, false, ScaleKind::Half, MinKind::None, 0},             // Q4_0
    {4, 0, -1, 4, false, ScaleKind::Half, MinKind::Half, 0},            // Q4_1
    {4, 1, 4, 5, false, ScaleKind::Half, MinKind::None, 0},             // Q5_0
    {4, 1, -1, 5, false, ScaleKind::Half, MinKind::Half, 0},            // Q5_1
    {8, 0, 7, 8, false, ScaleKind::Half, MinKind::None, 0},             // Q8_0
    {2, 0, -1, 2, false, ScaleKind::Nibbles16, MinKind::Nibbles16, 2},  // Q2_K
    {2, 1, 2, 3, false, ScaleKind::Bytes16, MinKind::None, 2},          // Q3_K
    {4, 0, -1, 4, false, ScaleKind::Bytes32, MinKind::Bytes32, 2},      // Q4_K
    {4, 1, -1, 5, false, ScaleKind::Bytes32, MinKind::Bytes32, 2},      // Q5_K
    {4, 2, 5, 6, false, ScaleKind::Bytes16, MinKind::None, 2},          // Q6_K
    {4, 0, 7, 8, true, ScaleKind::Half, MinKind::None, 0},              // IQ4_NL
    {4, 0, 4, 5, true, ScaleKind::Exponent, MinKind::None, 0},          // MXFP4
    {4, 0, 7, 8, true, ScaleKind::Bytes32, MinKind::None, 4},           // IQ4_XS, IQ2_XXS, IQ3_XXS, IQ3_S, IQ1_S
    {4, 0, 7, 8, true, ScaleKind::Bytes16, MinKind::None, 4},           // IQ2_XS, IQ2_S, IQ1_M
    {2, 0, 0, 2, false, ScaleKind::Super, MinKind::None, 2},            // TQ1_0, TQ2_0
};

template <class Byte>
struct PanelOf {
  Byte *groups, *apart;  // the low nibbles of 8-bit codes
};
using Panel = PanelOf<const uint8_t>;

// Panel p of `count`.
template <class Byte>
PanelOf<Byte> panel_at(const PackedFormat& f, int64_t groups, Byte* packed, int64_t count, int64_t p) {
  const int64_t first = p / kSectionPanels * kSectionPanels;
  const int64_t together = count - first < kSectionPanels ? count - first : kSectionPanels;
  Byte* section = packed + size_t(first) * f.panel_bytes(groups);
  return {section + size_t(p - first) * f.first_bytes(groups),
          section + size_t(together) * f.first_bytes(groups) + size_t(p - first) * size_t(groups * f.apart_bytes())};
}

struct PackedType {
  PackedIndex format;
  const int8_t* codebook;  // 16 values (not biased), or nullptr
};
const PackedType* packed_type(GgmlType type);  // nullptr: not computed with

struct alignas(64) ActivationGroup {
  int8_t code[kGroup];
  float scale, scaled_sum, scaled_half[2];  // sums of the codes times the scale: of all 32, of each 16
  int32_t negative_sum, negative_half[2];   // of the codes
  int32_t unused;
};

// Rows [0, m) in blocks of up to `limit`; independent of everything else.
struct RowBlocks {
  int64_t m, count;
  RowBlocks(int64_t rows, int limit) : m(rows), count((rows + limit - 1) / limit) {}
  int64_t begin(int64_t block) const { return m * block / count; }
  int rows(int64_t block) const { return int(begin(block + 1) - begin(block)); }
};

}  // namespace ef
