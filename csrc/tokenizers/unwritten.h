// Lists of numbers that are written right after room was made for them, so that nothing writes zeros there.
#pragma once
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace ef::tokenizers {

template <class T>
struct Unwritten : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = Unwritten<U>;
  };
  void construct(T*) noexcept {}
  template <class... Args>
  void construct(T* at, Args&&... args) {
    ::new (static_cast<void*>(at)) T(std::forward<Args>(args)...);
  }
};

template <class T>
using UnwrittenVector = std::vector<T, Unwritten<T>>;

}  // namespace ef::tokenizers
