#include "tensor/weight_memory.h"

#include <mutex>

namespace ef {
namespace {
constexpr size_t kBlock = 32 << 20, kOwnBlock = 4 << 20;
}

Tensor weight_memory(size_t bytes) {
  if (bytes >= kOwnBlock) return Tensor::empty({int64_t(bytes)}, DType::UInt8);
  static std::mutex lock;
  static std::weak_ptr<Storage> current;
  static size_t used = 0;
  std::lock_guard guard(lock);
  auto block = current.lock();
  if (!block || used + bytes > block->nbytes()) {
    block = Storage::allocate(kBlock);
    current = block;
    used = 0;
  }
  char* piece = static_cast<char*>(block->data()) + used;
  used += (bytes + Storage::kAlignment - 1) / Storage::kAlignment * Storage::kAlignment;
  return Tensor::external(piece, {int64_t(bytes)}, DType::UInt8, std::move(block), false);
}

}  // namespace ef
