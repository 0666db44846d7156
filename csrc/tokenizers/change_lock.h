// Tokenizers that some threads use while others want to change them.
#pragma once
#include <atomic>
#include <new>
#include <shared_mutex>

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
  void lock();  // TokenizerError where it would wait for itself
  void unlock() { mutex_.unlock(); }
  std::atomic<uint64_t> count = 0;  // of the changes

 private:
  friend class InUse;
  std::shared_mutex& mutex() {
    after_fork_([this] { new (&mutex_) std::shared_mutex; });
    return mutex_;
  }
  std::shared_mutex mutex_;
  AfterFork after_fork_;
};

// While one lives nobody changes the tokenizer. Parts written in Python, and what Python does at a signal, run in the
// midst of its work: they are told instead of waiting for ever.
class InUse {
 public:
  explicit InUse(ChangeLock& lock) : lock_(lock), outer_(innermost_) {
    lock_.mutex().lock_shared();
    innermost_ = this;
  }
  ~InUse() {
    innermost_ = outer_;
    lock_.mutex_.unlock_shared();
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
  check<TokenizerError>(
      !InUse::here(*this),
      "Already borrowed: the tokenizer is in use by the call in which it was to be changed; change it "
      "when that has returned");
  mutex().lock();
}

}  // namespace ef::tokenizers
