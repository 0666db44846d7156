// The values that the 4-bit codes of non-linear formats stand for.
#pragma once
#include <cstdint>

namespace ef {

inline constexpr int8_t kNonLinear4[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
// Twice the numbers of the 4-bit float E2M1; the sign is the top bit.
inline constexpr int8_t kFloat4[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

}  // namespace ef
