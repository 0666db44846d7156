#include "tensor/storage.h"

#include <sys/mman.h>

#include <bit>
#include <cstdlib>
#include <map>
#include <mutex>
#include <vector>

#include "core/error.h"

namespace ef {
namespace {

// Below kSmall malloc is quick enough. Above it the kernel would hand out, and zero, fresh pages each time, which costs
// more than most ops: such blocks are kept for reuse in size classes, four to a power of two.
constexpr size_t kSmall = 32 << 10, kHuge = 4 << 20, kHugePage = 2 << 20;

size_t size_class(size_t bytes) {
  if (bytes < kSmall) return (bytes + Storage::kAlignment) & ~(Storage::kAlignment - 1);  // never 0
  const size_t step = std::bit_floor(bytes) / 4;
  return (bytes + step - 1) / step * step;
}

void* obtain(size_t bytes) {
  void* block = nullptr;
  if (posix_memalign(&block, bytes >= kHuge ? kHugePage : Storage::kAlignment, bytes))
    fail<Error>("tensor: can't allocate memory: you tried to allocate ", bytes, " bytes");
  if (bytes >= kHuge) madvise(block, bytes, MADV_HUGEPAGE);
  return block;
}

struct Cache {
  std::mutex lock;
  std::map<size_t, std::vector<void*>> free;
  size_t held = 0, limit = 256 << 20;

  void* take(size_t bytes) {
    std::lock_guard guard(lock);
    auto found = free.find(bytes);
    if (found == free.end() || found->second.empty()) return nullptr;
    void* block = found->second.back();
    found->second.pop_back();
    held -= bytes;
    return block;
  }
  bool give(void* block, size_t bytes) {
    std::lock_guard guard(lock);
    if (held + bytes > limit) return false;
    free[bytes].push_back(block);
    held += bytes;
    return true;
  }
  void clear() {
    std::lock_guard guard(lock);
    for (auto& [bytes, blocks] : free)
      for (void* block : blocks) std::free(block);
    free.clear();
    held = 0;
  }
};
Cache& cache() {
  static Cache* one = new Cache;  // outlives tensors held by other statics
  return *one;
}

}  // namespace

Storage::Storage(Key, void* data, size_t nbytes, size_t reserved, std::shared_ptr<const void> owner, bool read_only)
    : data_(data), nbytes_(nbytes), reserved_(reserved), owner_(std::move(owner)), read_only_(read_only) {}

Storage::~Storage() {
  if (!reserved_) return;
  if (reserved_ < kSmall || !cache().give(data_, reserved_)) std::free(data_);
}

std::shared_ptr<Storage> Storage::allocate(size_t bytes) {
  check<Error>(bytes <= (size_t(1) << 48), "tensor: can't allocate memory: you tried to allocate ", bytes, " bytes");
  const size_t reserved = size_class(bytes);
  void* block = reserved < kSmall ? nullptr : cache().take(reserved);
  if (!block) block = obtain(reserved);
  return std::make_shared<Storage>(Key{}, block, bytes, reserved, nullptr, false);
}

std::shared_ptr<Storage> Storage::external(void* data, size_t bytes, std::shared_ptr<const void> owner,
                                           bool read_only) {
  return std::make_shared<Storage>(Key{}, data, bytes, 0, std::move(owner), read_only);
}

size_t cached_bytes() {
  std::lock_guard guard(cache().lock);
  return cache().held;
}
void set_cache_limit(size_t limit) {
  {
    std::lock_guard guard(cache().lock);
    cache().limit = limit;
  }
  if (cached_bytes() > limit) empty_cache();
}
void empty_cache() { cache().clear(); }

}  // namespace ef
