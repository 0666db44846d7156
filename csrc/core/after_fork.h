// What a forked child has to make anew: locks that belong to threads it does not have, and what these were changing.
#pragma once
#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <new>
#include <thread>

namespace ef {

class AfterFork {
 public:
  // Calls renew(), which must not throw, once in every child, before any of its threads is past here.
  template <class F>
  void operator()(F&& renew) {
    const uint32_t now = forks();
    uint32_t seen = seen_.load(std::memory_order_acquire);
    while (seen != now) {
      if (seen == (now | kBusy)) {
        std::this_thread::yield();
        seen = seen_.load(std::memory_order_acquire);
      } else if (seen_.compare_exchange_weak(seen, now | kBusy, std::memory_order_acquire)) {
        renew();
        seen_.store(now, std::memory_order_release);
        return;
      }
    }
  }

 private:
  static constexpr uint32_t kBusy = 1u << 31;
  // How many forks this process has come through.
  static uint32_t forks() {
    static std::atomic<uint32_t> count{0};
    static const int registered = pthread_atfork(nullptr, nullptr, [] { count.fetch_add(1); });
    (void)registered;
    return count.load(std::memory_order_relaxed) & ~kBusy;
  }
  std::atomic<uint32_t> seen_ = forks();
};

// A mutex that a forked child finds free.
class ForkMutex {
 public:
  // renew() makes anew what the mutex guards, where another thread may have been in the middle of a change; not the end
  // of the old, which may be half of something.
  template <class F>
  std::unique_lock<std::mutex> locked(F&& renew) {
    after_fork_([&] {
      new (&mutex_) std::mutex;
      renew();
    });
    return std::unique_lock(mutex_);
  }
  void lock() {
    locked([] {}).release();
  }
  void unlock() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
  AfterFork after_fork_;
};

}  // namespace ef
