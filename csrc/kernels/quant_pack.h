// File blocks to panels.
#pragma once
#include <cstdint>

#include "kernels/quant_format.h"

namespace ef {

// Writes a panel of up to 16 rows; what is missing becomes zero.
void pack_panel(GgmlType type, int64_t k, const uint8_t* const* file_rows, int rows, const PanelOf<uint8_t>& panel);

}  // namespace ef
