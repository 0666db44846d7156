// Per-thread scratch memory for kernels: 64-byte aligned, grown when needed, reused, freed at thread end.
#pragma once
#include <cstddef>

namespace ef {

// Buffers that are in use at the same time need different slots. The content is not kept between calls.
enum class ScratchSlot { GemmA, GemmB, GemmC, AttentionA, AttentionB, AttentionC, Row, Quant, QuantB, QuantPanel };
constexpr int kScratchSlots = 10;

void* scratch_bytes(ScratchSlot slot, size_t bytes);

template <class T>
T* scratch(ScratchSlot slot, size_t count) {
  return static_cast<T*>(scratch_bytes(slot, count * sizeof(T)));
}

}  // namespace ef
