// Products with one panel, for the loops over all of them.
#pragma once
#include <algorithm>

#include "kernels/quant.h"
#include "kernels/quant_kernels.h"

namespace ef {

inline int64_t panels(int64_t n) { return (n + kPanelRows - 1) / kPanelRows; }

// What the loops need to know of one weight.
struct Packed {
  PackedIndex format;
  int64_t groups;
  size_t panel_bytes;
  uint8_t codebook[16] = {};  // biased

  // Panel p of `count`.
  template <class Byte>
  PanelOf<Byte> panel(Byte* packed, int64_t count, int64_t p) const {
    return panel_at(kPackedFormats[format], groups, packed, count, p);
  }
  Packed(GgmlType type, int64_t k) : groups(k / kGroup) {
    const PackedType& packed = *packed_type(type);
    const PackedFormat& f = kPackedFormats[packed.format];
    format = packed.format;
    panel_bytes = f.panel_bytes(groups);
    if (f.codebook)
      for (int c = 0; c < 16; c++) codebook[c] = uint8_t(packed.codebook[c] + (1 << f.bias_shift));
  }
};

// y's 16 columns of one panel w, for blocks of rows.
struct MatmulJob {
  const QuantKernels& kernels = quant_kernels();
  int64_t groups;
  const ActivationGroup* x;
  RowBlocks blocks;

  void panel(const QuantTarget& target, const Packed& packed, int64_t p, const Panel& w, int64_t block) const {
    const int64_t row = blocks.begin(block), columns = std::min<int64_t>(kPanelRows, target.n - p * kPanelRows);
    const int rows = blocks.rows(block);
    float* y = target.y + row * target.ldy + p * kPanelRows;
    if (columns == kPanelRows)
      return kernels.tile(packed.format, packed.codebook, rows, groups, x + row * groups, w, y, target.ldy);
    float edge[kMaxRowBlock * kPanelRows];
    kernels.tile(packed.format, packed.codebook, rows, groups, x + row * groups, w, edge, kPanelRows);
    for (int i = 0; i < rows; i++) std::copy_n(edge + i * kPanelRows, columns, y + i * target.ldy);
  }
};

}  // namespace ef
