// Little-endian fields of a block.
#pragma once
#include <cstdint>

#include "core/half.h"

namespace ef {

inline uint16_t load_u16(const uint8_t* p) { return uint16_t(p[0] | p[1] << 8); }
inline uint32_t load_u32(const uint8_t* p) { return load_u16(p) | uint32_t(load_u16(p + 2)) << 16; }
inline float load_f16(const uint8_t* p) { return from_f16(load_u16(p)); }

}  // namespace ef
