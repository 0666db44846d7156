// Work on the texts of a batch, or on the parts of a file, on all threads.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "core/thread_pool.h"
#include "tokenizers/change_lock.h"

namespace ef::tokenizers {

// TOKENIZERS_PARALLELISM, as the `tokenizers` library reads it.
inline bool parallel_allowed() {
  const char* value = std::getenv("TOKENIZERS_PARALLELISM");
  if (!value) return true;
  std::string text(value);
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  for (const char* no : {"", "off", "false", "f", "no", "n", "0"})
    if (text == no) return false;
  return true;
}

// Neighbours among n items together, as long as their sizes add up to `most`; an empty one is work too.
struct Run {
  size_t begin, end;
};
template <class F>
std::vector<Run> runs_of(size_t n, size_t most, F&& size_of) {
  std::vector<Run> out;
  size_t sum = 0;
  for (size_t i = 0; i < n; i++) {
    if (out.empty() || sum + size_of(i) > most) out.push_back({i, i}), sum = 0;
    sum += size_of(i) + 1;
    out.back().end = i + 1;
  }
  return out;
}

// What is left of n items: each thread has neighbours of its own, from which it takes the first; when they are done, it
// takes the last of another's. So a batch that comes again finds each thread with the words that it has seen.
class Shares {
 public:
  Shares(size_t n, int threads) : shares_(size_t(threads)) {
    for (size_t t = 0; t < shares_.size(); t++)
      shares_[t].left = packed(n * t / shares_.size(), n * (t + 1) / shares_.size());
  }
  bool next(size_t thread, size_t& i) {
    for (size_t k = 0; k < shares_.size(); k++) {
      std::atomic<uint64_t>& left = shares_[(thread + k) % shares_.size()].left;
      for (uint64_t now = left; begin(now) < end(now);) {
        const uint64_t then = k ? packed(begin(now), end(now) - 1) : packed(begin(now) + 1, end(now));
        if (!left.compare_exchange_weak(now, then)) continue;
        i = k ? end(now) - 1 : begin(now);
        return true;
      }
    }
    return false;
  }
  void clear() {
    for (Share& share : shares_) share.left = 0;
  }

 private:
  struct alignas(64) Share {
    std::atomic<uint64_t> left;
  };
  static uint64_t packed(uint64_t begin, uint64_t end) { return begin << 32 | end; }
  static size_t begin(uint64_t left) { return left >> 32; }
  static size_t end(uint64_t left) { return left & UINT32_MAX; }
  std::vector<Share> shares_;
};

// work(next) once a thread; next(i) gives an index below n that is left, false when there is none. When one throws,
// nothing more is begun. `interrupt` is asked by the thread that called; what it throws is thrown here, too.
template <class Work>
void share_out(size_t n, Work&& work, const std::function<void()>& interrupt = {}) {
  check<TokenizerError>(n <= UINT32_MAX, "a batch of more than 4294967295 parts");
  const bool alone = n < 2 || !parallel_allowed();
  Shares shares(n, alone ? 1 : ThreadPool::instance().size());
  const auto caller = std::this_thread::get_id();
  const auto next_of = [&](size_t thread) {
    return [&, thread](size_t& i) {
      if (!shares.next(thread, i)) return false;
      if (interrupt && std::this_thread::get_id() == caller) interrupt();
      return true;
    };
  };
  if (alone) return work(next_of(0));
  const InUse* const in_use = InUse::innermost();
  auto body = [&](int thread, int) {
    const InUse::Shared shared(in_use);
    try {
      work(next_of(size_t(thread)));
    } catch (...) {
      shares.clear();
      throw;
    }
  };
  ThreadPool::instance().run(body);
}

// f(i) for every i below n, on all threads. Where several throw, it is what the lowest i throws.
template <class F>
void for_all(size_t n, F&& f) {
  std::vector<std::exception_ptr> thrown(n);
  share_out(n, [&](auto&& next) {
    for (size_t i; next(i);) try {
        f(i);
      } catch (...) {
        thrown[i] = std::current_exception();
      }
  });
  for (const auto& e : thrown)
    if (e) std::rethrow_exception(e);
}

}  // namespace ef::tokenizers
