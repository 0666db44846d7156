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

// work(next) once a thread; next(i) gives the next index below n that is left, false when there is none. When one
// throws, nothing more is begun. `interrupt` is asked by the thread that called; what it throws is thrown here, too.
template <class Work>
void share_out(size_t n, Work&& work, const std::function<void()>& interrupt = {}) {
  std::atomic<size_t> counter{0};
  const auto caller = std::this_thread::get_id();
  const auto next = [&](size_t& i) {
    if ((i = counter.fetch_add(1)) >= n) return false;
    if (interrupt && std::this_thread::get_id() == caller) interrupt();
    return true;
  };
  if (n < 2 || !parallel_allowed()) return work(next);
  const InUse* const in_use = InUse::innermost();
  auto body = [&](int, int) {
    const InUse::Shared shared(in_use);
    try {
      work(next);
    } catch (...) {
      counter = n;
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
