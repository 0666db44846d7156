// A vector for tables that are read all over: from kHuge bytes on it lies in huge pages, so that a look-up doesn't also
// wait for the translation of its address.
#pragma once
#include <sys/mman.h>

#include <cstdlib>
#include <new>
#include <vector>

namespace ef::tokenizers {

template <class T>
struct HugePages {
  using value_type = T;
  HugePages() = default;
  template <class U>
  HugePages(const HugePages<U>&) {}
  bool operator==(const HugePages&) const { return true; }

  T* allocate(size_t n) {
    if (n > (SIZE_MAX / 2) / sizeof(T)) throw std::bad_array_new_length();
    const size_t bytes = n * sizeof(T);
    if (bytes < kHuge) return static_cast<T*>(::operator new(bytes));
    const size_t whole = (bytes + kPage - 1) & ~(kPage - 1);
    void* block = nullptr;
    if (posix_memalign(&block, kPage, whole)) throw std::bad_alloc();
    madvise(block, whole, MADV_HUGEPAGE);
    return static_cast<T*>(block);
  }
  void deallocate(T* block, size_t n) {
    if (n * sizeof(T) < kHuge)
      ::operator delete(block);
    else
      std::free(block);
  }

 private:
  static constexpr size_t kPage = 2 << 20, kHuge = 1 << 20;
};

template <class T>
using BigVector = std::vector<T, HugePages<T>>;

}  // namespace ef::tokenizers
