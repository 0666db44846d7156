#include "nn/derived.h"

#include <atomic>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "core/after_fork.h"

namespace ef {
namespace {

std::atomic<uint64_t> changes{0};
ForkMutex lock;  // of the slots that hold something
std::unordered_set<DerivedSlot*>& filled() {
  static auto* slots = new std::unordered_set<DerivedSlot*>;  // models may outlive static objects
  return *slots;
}
std::atomic<size_t> held{0};

}  // namespace

uint64_t DerivedSlot::version() { return changes.load(); }

void modules_changed() {
  changes++;
  if (!held.load()) return;
  std::vector<std::shared_ptr<const void>> gone;  // ends after the lock is released
  const std::lock_guard guard(lock);
  for (DerivedSlot* slot : filled()) gone.push_back(slot->value_.exchange(nullptr));
  filled().clear();
  held = 0;
}

void DerivedSlot::set(std::shared_ptr<const void> value, uint64_t version) {
  const std::lock_guard guard(lock);
  filled().insert(this);
  held = filled().size();
  if (version == changes.load()) value_.set(std::move(value));
}

DerivedSlot::~DerivedSlot() {
  const std::lock_guard guard(lock);
  filled().erase(this);
  held = filled().size();
}

}  // namespace ef
