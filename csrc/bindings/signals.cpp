#include "bindings/signals.h"

#include <pybind11/pybind11.h>

#include <chrono>

namespace ef {

void check_signals() {
  constexpr auto kOften = std::chrono::milliseconds(10);  // asking costs as much as a small layer
  using Clock = std::chrono::steady_clock;
  thread_local Clock::time_point last;
  const Clock::time_point now = Clock::now();
  if (now - last < kOften) return;
  last = now;
  pybind11::gil_scoped_acquire gil;
  if (PyErr_CheckSignals() != 0) throw pybind11::error_already_set();
}

}  // namespace ef
