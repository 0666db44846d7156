// Tokenizers that some threads use while others want to change them.
#pragma once
#include <atomic>
#include <new>
#include <shared_mutex>
#include <thread>

#include "core/after_fork.h"
#include "core/error.h"

namespace ef::tokenizers {

class InUse;

// Alone to change a tokenizer; those who use it hold an InUse. A copy has its own.
class ChangeLock {
 public:
  ChangeLock() = default;
  ChangeLock(const ChangeLock&) {}
  ChangeLock& operator=(const ChangeLock&) { return *this; }
  void lock();  // TokenizerError where it would wait for itself, or for one who may wait for it
  void unlock() {
    owner_ = std::thread::id();
    mutex_.unlock();
  }
  std::atomic<uint64_t> count = 0;  // of the changes

 private:
  friend class InUse;
  std::shared_mutex& mutex() {
    after_fork_([this] {
      new (&mutex_) std::shared_mutex;
      owner_ = std::thread::id();
    });
    return mutex_;
  }
  void check_owner() {
    check<TokenizerError>(owner_.load() != std::this_thread::get_id(),
                          "Already borrowed: the tokenizer is being changed by the call in which it was to be used");
  }
  std::shared_mutex mutex_;
  std::atomic<std::thread::id> owner_ = std::thread::id();  // who changes it
  AfterFork after_fork_;
};

// While one lives nobody changes the tokenizer. Parts written in Python, and what Python does at a signal, run in the
// midst of its work: they are told instead of waiting for ever.
class InUse {
 public:
  explicit InUse(ChangeLock& lock) : lock_(lock), outer_(innermost_) {
    std::shared_mutex& mutex = lock_.mutex();
    lock_.check_owner();
    if (!here(lock)) mutex.lock_shared();
    innermost_ = this;
  }
  ~InUse() {
    innermost_ = outer_;
    if (!here(lock_)) lock_.mutex_.unlock_shared();
  }
  InUse(const InUse&) = delete;
  static bool here(const ChangeLock& lock) {
    const InUse* use = innermost_;
    while (use && &use->lock_ != &lock) use = use->outer_;
    return use;
  }

  // Work of the caller on another thread.
  static const InUse* innermost() { return innermost_; }
  class Shared {
   public:
    explicit Shared(const InUse* innermost) : before_(innermost_) { innermost_ = innermost; }
    ~Shared() { innermost_ = before_; }
    Shared(const Shared&) = delete;

   private:
    const InUse* before_;
  };

 private:
  static thread_local inline const InUse* innermost_ = nullptr;
  ChangeLock& lock_;
  const InUse* outer_;
};

inline void ChangeLock::lock() {
  std::shared_mutex& free = mutex();
  check_owner();
  if (!InUse::innermost()) {
    free.lock();
  } else {  // in the midst of another's work, which somebody may wait for who holds this one
    check<TokenizerError>(
        !InUse::here(*this) && free.try_lock(),
        "Already borrowed: a tokenizer is in use that was to be changed by a part of a tokenizer, or at a "
        "signal; change it when the calls have returned");
  }
  owner_ = std::this_thread::get_id();
}

}  // namespace ef::tokenizers
