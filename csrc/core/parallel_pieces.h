// Long loops whose iterations are all worth about the same.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>

#include "core/thread_pool.h"

namespace ef {

// body(begin, end) over pieces of [0, count), in parallel. Each thread goes through a contiguous share, half of what is
// left of it at a time, then helps the others in the same way: a thread that is disturbed does less. Pieces that get
// smaller, since taking one waits until everything written before has reached the cache. Each thread calls a copy of
// body, which may keep there what it has made ready for the next piece.
template <class F>
void parallel_pieces(int64_t count, const F& body) {
  struct alignas(64) Share {
    std::atomic<int64_t> next;
    int64_t end;
    bool take(int64_t& from, int64_t& to) {
      from = next.load(std::memory_order_relaxed);
      do {
        if (from >= end) return false;
        to = from + (end - from + 1) / 2;
      } while (!next.compare_exchange_weak(from, to, std::memory_order_relaxed));
      return true;
    }
  };
  if (ThreadPool::inside()) {
    auto mine = body;
    if (count > 0) mine(int64_t(0), count);
    return;
  }
  constexpr int kFew = 8;
  ThreadPool& pool = ThreadPool::instance();
  const int size = pool.size();
  Share few[kFew];
  std::unique_ptr<Share[]> many(size > kFew ? new Share[size_t(size)] : nullptr);
  Share* shares = many ? many.get() : few;
  for (int i = 0; i < size; i++) {
    shares[i].next.store(count * i / size, std::memory_order_relaxed);
    shares[i].end = count * (i + 1) / size;
  }
  pool.run([&](int id, int) {
    auto mine = body;
    for (int i = 0; i < size; i++)
      for (int64_t begin, end; shares[(id + i) % size].take(begin, end);) mine(begin, end);
  });
}

}  // namespace ef
