#include "kernels/scratch.h"

#include <cstdlib>
#include <new>

namespace ef {
namespace {

struct Buffer {
  void* data = nullptr;
  size_t size = 0;
  ~Buffer() { std::free(data); }
};
thread_local Buffer buffers[kScratchSlots];

}  // namespace

void* scratch_bytes(ScratchSlot slot, size_t bytes) {
  Buffer& b = buffers[size_t(slot)];
  if (bytes > b.size || !b.data) {
    constexpr size_t kPage = 4096;
    const size_t size = (bytes + bytes / 4 + kPage) / kPage * kPage;
    std::free(b.data);
    b.size = 0;
    b.data = std::aligned_alloc(kPage, size);
    if (!b.data) throw std::bad_alloc();
    b.size = size;
  }
  return b.data;
}

}  // namespace ef
