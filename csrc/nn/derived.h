// What somebody has worked out from modules as they are, so as not to ask all of them again at each call. It is
// forgotten when any module changes: another child, weight or hook, another mode.
#pragma once
#include <memory>

#include "core/guarded.h"

namespace ef {

void modules_changed();

class DerivedSlot {
 public:
  DerivedSlot() = default;
  ~DerivedSlot();
  DerivedSlot(const DerivedSlot&) = delete;
  std::shared_ptr<const void> get() const { return value_.get(); }
  static uint64_t version();
  void set(std::shared_ptr<const void> value, uint64_t version);  // nothing if modules have changed since

 private:
  friend void modules_changed();
  Guarded<std::shared_ptr<const void>> value_;
};

template <class T>
class Derived {
 public:
  // make() -> std::shared_ptr<const T>, which is called when nothing is known
  template <class F>
  std::shared_ptr<const T> get(F&& make) {
    if (auto known = slot_.get()) return std::static_pointer_cast<const T>(std::move(known));
    const uint64_t version = DerivedSlot::version();
    std::shared_ptr<const T> made = make();
    slot_.set(made, version);
    return made;
  }

 private:
  DerivedSlot slot_;
};

}  // namespace ef
