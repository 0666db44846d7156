// The bytes behind tensors: heap memory from a small caching allocator, or external memory (a mapped file, a borrowed
// numpy array) kept alive by its owner. One Storage is shared by a tensor and all its views.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace ef {

class Storage {
 public:
  static constexpr size_t kAlignment = 64;

  static std::shared_ptr<Storage> allocate(size_t bytes);  // not initialised; Error when memory is exhausted
  static std::shared_ptr<Storage> external(void* data, size_t bytes, std::shared_ptr<const void> owner, bool read_only);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  void* data() const { return data_; }
  size_t nbytes() const { return nbytes_; }
  bool read_only() const { return read_only_; }
  bool is_external() const { return owner_ != nullptr; }

  // Every in-place write moves the version; backward refuses saved values of another version.
  uint32_t version() const { return version_.load(std::memory_order_relaxed); }
  void bump_version() { version_.fetch_add(1, std::memory_order_relaxed); }
  // Moves only when an in-place write was recorded for autograd: views made before it no longer tell their history.
  uint32_t history() const { return history_.load(std::memory_order_relaxed); }
  void bump_history() { history_.fetch_add(1, std::memory_order_relaxed); }

  struct Key {};  // constructed by the two functions above
  Storage(Key, void* data, size_t nbytes, size_t reserved, std::shared_ptr<const void> owner, bool read_only);

 private:
  void* data_;
  size_t nbytes_;
  size_t reserved_;  // bytes of the allocator's block; 0 for external memory
  std::shared_ptr<const void> owner_;
  bool read_only_;
  std::atomic<uint32_t> version_{0}, history_{0};
};

// The allocator's cache of freed blocks, at most `limit` bytes (default 256 MiB).
size_t cached_bytes();
void set_cache_limit(size_t limit);
void empty_cache();

}  // namespace ef
