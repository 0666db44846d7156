#include "tensor/storage.h"

#include <sys/mman.h>

#include <bit>
#include <cstdlib>
#include <map>
#include <mutex>
#include <vector>

#include "core/after_fork.h"
#include "core/error.h"
#include "tensor/huge_pages.h"
#include "tensor/training_memory.h"

namespace ef {
namespace {

// Freed blocks are kept for reuse. Small ones, in classes of 64 bytes, by the thread that freed them: an aligned malloc
// costs as much as a small op. From kSmall on, in classes of four to a power of two, for all threads: the kernel would
// hand out, and zero, fresh pages each time, which costs more than most ops.
constexpr size_t kSmall = 32 << 10, kHuge = 4 << 20;
constexpr size_t kSlack = 64 << 20;  // kept beyond what was most in use: sizes differ a little from step to step

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

class SmallCache {
 public:
  ~SmallCache() {
    limit_ = 0;  // what is freed later, by other statics, goes back at once
    for (auto& blocks : free_) {
      for (void* block : blocks) std::free(block);
      blocks = {};
    }
  }
  void* take(size_t bytes) {
    std::vector<void*>& blocks = free_[bytes / Storage::kAlignment];
    if (blocks.empty()) return nullptr;
    void* block = blocks.back();
    blocks.pop_back();
    held_ -= bytes;
    return block;
  }
  bool give(void* block, size_t bytes) {
    if (held_ + bytes > limit_) return false;
    free_[bytes / Storage::kAlignment].push_back(block);
    held_ += bytes;
    return true;
  }

 private:
  std::vector<void*> free_[kSmall / Storage::kAlignment];
  size_t held_ = 0, limit_ = 1 << 20;
};
thread_local SmallCache small_cache;

struct Cache {
  ForkMutex mutex;
  std::map<size_t, std::vector<void*>> free;
  size_t held = 0, limit = 256 << 20;
  size_t live = 0, most = 0;  // bytes in use, now and at most
  bool training = false;

  std::unique_lock<std::mutex> lock() {
    return mutex.locked([this] {
      new (&free) decltype(free);
      held = 0;
    });
  }
  void* take(size_t bytes) {
    const auto guard = lock();
    live += bytes;
    most = std::max(most, live);
    auto found = free.find(bytes);
    if (found == free.end() || found->second.empty()) {
      make_room();
      return nullptr;
    }
    void* block = found->second.back();
    found->second.pop_back();
    held -= bytes;
    return block;
  }
  bool give(void* block, size_t bytes) {
    const auto guard = lock();
    live -= std::min(live, bytes);
    if (held + bytes > allowed()) return false;
    free[bytes].push_back(block);
    held += bytes;
    return true;
  }
  void never_came(size_t bytes) {  // the system had no such block
    const auto guard = lock();
    live -= std::min(live, bytes);
    most = live;
  }
  size_t allowed() const { return training && limit ? most - live + std::min(limit, kSlack) : limit; }
  // Steps of another size want other blocks: what lies unused must not add to what was the most in use.
  void make_room() {
    while (held > allowed()) {
      auto largest = std::prev(free.end());
      while (largest->second.empty()) largest = std::prev(free.erase(largest));
      std::free(largest->second.back());
      largest->second.pop_back();
      held -= largest->first;
    }
  }
  void clear() {
    const auto guard = lock();
    for (auto& [bytes, blocks] : free)
      for (void* block : blocks) std::free(block);
    free.clear();
    held = 0;
    most = live;
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
  const bool kept = reserved_ < kSmall ? small_cache.give(data_, reserved_) : cache().give(data_, reserved_);
  if (!kept) std::free(data_);
}

std::shared_ptr<Storage> Storage::allocate(size_t bytes) {
  check<Error>(bytes <= (size_t(1) << 48), "tensor: can't allocate memory: you tried to allocate ", bytes, " bytes");
  const size_t reserved = size_class(bytes);
  void* block = reserved < kSmall ? small_cache.take(reserved) : cache().take(reserved);
  try {
    if (!block) block = obtain(reserved);
  } catch (...) {
    if (reserved >= kSmall) cache().never_came(reserved);
    throw;
  }
  return std::make_shared<Storage>(Key{}, block, bytes, reserved, nullptr, false);
}

std::shared_ptr<Storage> Storage::external(void* data, size_t bytes, std::shared_ptr<const void> owner,
                                           bool read_only) {
  return std::make_shared<Storage>(Key{}, data, bytes, 0, std::move(owner), read_only);
}

size_t cached_bytes() {
  const auto guard = cache().lock();
  return cache().held;
}
void set_cache_limit(size_t limit) {
  {
    const auto guard = cache().lock();
    cache().limit = limit;
  }
  if (cached_bytes() > limit) empty_cache();
}
void expect_training() {
  const auto guard = cache().lock();
  cache().training = true;
}
void empty_cache() { cache().clear(); }

}  // namespace ef
