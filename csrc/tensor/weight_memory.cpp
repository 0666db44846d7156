#include "tensor/weight_memory.h"

#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/thread_pool.h"
#include "tensor/huge_pages.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

namespace ef {
namespace {

constexpr size_t kBlock = 32 << 20, kOwnBlock = 4 << 20;

size_t rounded(size_t bytes, size_t to) { return (bytes + to - 1) / to * to; }

// Whether small pages can be made huge on demand: since Linux 6.1. madvise itself doesn't tell an advice that it does
// not know from a range that it can't gather.
bool can_gather() {
  static const bool can = [] {
    utsname name{};
    int major = 0, minor = 0;
    return uname(&name) == 0 && std::sscanf(name.release, "%d.%d", &major, &minor) == 2 &&
           (major > 6 || (major == 6 && minor >= 1));
  }();
  return can;
}

// Anonymous pages that begin at a multiple of a huge page. The first `whole` bytes may become huge pages.
class Pages {
 public:
  Pages(size_t bytes, size_t whole) : size_(rounded(std::max<size_t>(bytes, 1), kHugePage)), whole_(whole) {
    void* all = mmap(nullptr, size_ + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED) fail<Error>("tensor: can't allocate memory: you tried to allocate ", bytes, " bytes");
    char* const from = static_cast<char*>(all);
    data_ = reinterpret_cast<char*>(rounded(reinterpret_cast<uintptr_t>(from), kHugePage));
    if (data_ > from) munmap(from, size_t(data_ - from));
    if (const size_t rest = kHugePage - size_t(data_ - from)) munmap(data_ + size_, rest);
    madvise(data_, size_, can_gather() ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
  }
  ~Pages() { munmap(data_, size_); }
  Pages(const Pages&) = delete;

  // Huge pages for the first `bytes`, as far as they come quickly, or all of them now. Whether that is done.
  bool prepare(size_t bytes, bool now) {
    if (!now && !can_gather()) return true;
    std::unique_lock guard(lock_, std::try_to_lock);  // a child of fork may find it taken for good
    if (!guard) return false;
    const size_t end = std::min(bytes, whole_);
    if (now && ready_ < end) {
      const size_t begin = std::exchange(ready_, std::min(rounded(std::max(bytes, 2 * ready_), kHugePage), whole_));
      parallel_for(int64_t((ready_ - begin) / kHugePage), 1, [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; i++) fill_huge_page(data_ + begin + size_t(i) * kHugePage);
      });
    }
    for (; ready_ < end && huge_pages_are_quick(); ready_ += kHugePage) make_huge_page(data_ + ready_);
    return ready_ >= end;
  }
  std::atomic<bool> waiting{false};  // for the gatherer
  std::atomic<size_t> used{0};       // bytes that are given away: nobody wants pages behind them

  bool to_gather() const { return gathered_ < std::min(used.load(), whole_); }
  void gather_page() {
    madvise(data_ + gathered_, kHugePage, MADV_HUGEPAGE);
    madvise(data_ + gathered_, kHugePage, MADV_COLLAPSE);
    gathered_ += kHugePage;
  }

  char* data() const { return data_; }
  size_t size() const { return size_; }
  size_t whole() const { return whole_; }

 private:
  char* data_;
  size_t size_, whole_, ready_ = 0;
  size_t gathered_ = 0;  // of the gatherer's thread
  std::mutex lock_;
};

// Blocks of small pages, until they are huge ones.
class Gatherer {
 public:
  // Whether it is taken in.
  bool add(const std::shared_ptr<Pages>& block, double delay) {
    std::unique_lock guard(lock_, std::try_to_lock);  // a child of fork may find it taken for good
    if (!guard) return false;
    waiting_.push_back(block);
    if (running_in_ == getpid()) return true;  // a child of fork has no such thread yet
    try {
      std::thread([this, delay] {
        std::this_thread::sleep_for(std::chrono::duration<double>(delay));
        run();
      }).detach();
      running_in_ = getpid();
    } catch (const std::system_error&) {  // no thread to be had: the pages stay small
      waiting_.clear();
    }
    return true;
  }
  size_t bytes() {
    std::lock_guard guard(lock_);
    size_t sum = 0;
    for (const auto& block : waiting_)
      if (const auto pages = block.lock()) sum += pages->whole();
    return sum;
  }

 private:
  void run() {
    while (const auto block = next()) {
      // One by one: whoever reads a page that moves has to wait.
      while (block.use_count() > 1 && block->to_gather()) block->gather_page();
      std::lock_guard guard(lock_);
      waiting_.erase(waiting_.begin());
      block->waiting = false;  // more of it may be given away, or was just now
      if (block.use_count() > 1 && block->to_gather() && !block->waiting.exchange(true)) waiting_.push_back(block);
    }
  }
  std::shared_ptr<Pages> next() {
    std::lock_guard guard(lock_);
    while (!waiting_.empty()) {
      if (auto block = waiting_.front().lock()) return block;
      waiting_.erase(waiting_.begin());
    }
    running_in_ = 0;
    return nullptr;
  }

  std::mutex lock_;
  std::vector<std::weak_ptr<Pages>> waiting_;
  pid_t running_in_ = 0;  // process of the thread, 0: none
};
Gatherer& gatherer() {
  static Gatherer* one = new Gatherer;  // outlives the thread
  return *one;
}

WeightPieces take(size_t bytes, double delay, bool now) {
  static std::mutex lock;
  static std::weak_ptr<Pages> current;
  static size_t used = 0;
  std::shared_ptr<Pages> block;
  size_t begin = 0;
  // A child of fork may find it taken for good: then every piece is a block of its own.
  if (std::unique_lock guard(lock, std::try_to_lock); guard && bytes < kOwnBlock) {
    block = current.lock();
    if (!block || used + bytes > block->size()) {
      block = std::make_shared<Pages>(kBlock, kBlock);
      current = block;
      used = 0;
    }
    begin = used;
    used += rounded(bytes, Storage::kAlignment);
  } else {
    block = std::make_shared<Pages>(bytes, bytes / kHugePage * kHugePage);  // its end stays small
  }
  Tensor memory = Tensor::external(block->data() + begin, {int64_t(bytes)}, DType::UInt8, block, false);
  return {std::move(memory), [=](size_t written) {
            const size_t end = begin + written;
            for (size_t used = block->used; used < end && !block->used.compare_exchange_weak(used, end);) {
            }
            if (!block->prepare(end, now) && !block->waiting.exchange(true) && !gatherer().add(block, delay))
              block->waiting = false;
          }};
}

Tensor prepared(const WeightPieces& pieces) {
  pieces.prepare(size_t(pieces.memory.nbytes()));
  return pieces.memory;
}

}  // namespace

WeightPieces weight_memory_in_pieces(size_t bytes) { return take(bytes, 0.5, false); }

Tensor weight_memory(size_t bytes, double delay) { return prepared(take(bytes, delay, false)); }

Tensor dense_weight_memory(const Shape& shape, DType dtype) {
  return prepared(take(size_t(numel(shape)) * item_size(dtype), 0.5, true)).view_dtype(dtype).view(shape);
}

Tensor in_weight_memory(const Tensor& value, DType dtype) {
  Tensor out = dense_weight_memory(value.shape(), dtype);
  out.copy_(value);
  return out;
}

size_t weight_memory_to_gather() { return gatherer().bytes(); }

}  // namespace ef
