// A small value that one thread may replace while others read it: they get the old or the new one, whole.
#pragma once
#include <atomic>
#include <utility>

namespace ef {

template <class T>
class Guarded {
 public:
  T get() const {
    const Lock lock(busy_);
    return value_;
  }
  T exchange(T value) {
    const Lock lock(busy_);
    std::swap(value, value_);
    return value;
  }
  void set(T value) { exchange(std::move(value)); }  // the old value ends after the lock is released

 private:
  struct Lock {
    explicit Lock(std::atomic_flag& flag) : flag(flag) {
      while (flag.test_and_set(std::memory_order_acquire)) flag.wait(true, std::memory_order_relaxed);
    }
    ~Lock() {
      flag.clear(std::memory_order_release);
      flag.notify_one();
    }
    std::atomic_flag& flag;
  };
  mutable std::atomic_flag busy_;
  T value_{};
};

}  // namespace ef
