// File blocks to panels, one block of one row at a time.
#pragma once
#include <cstdint>

#include "kernels/quant_format.h"

namespace ef {

// Writes row `lane` (0 … 15) of a panel that was cleared before.
void pack_panel_row(GgmlType type, int64_t k, const uint8_t* file_row, uint8_t* panel, int lane);

}  // namespace ef
