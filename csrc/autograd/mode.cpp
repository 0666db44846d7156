#include "autograd/autograd.h"

namespace ef {
namespace {
thread_local bool enabled = true, inference = false;
}

bool grad_enabled() { return enabled; }
bool inference_mode_enabled() { return inference; }
void set_grad_enabled(bool on) { enabled = on; }

GradModeGuard::GradModeGuard(bool on) : previous_(enabled) { enabled = on; }
GradModeGuard::~GradModeGuard() { enabled = previous_; }

InferenceModeGuard::InferenceModeGuard(bool on) : previous_inference_(inference), previous_grad_(enabled) {
  inference = on;
  enabled = !on;
}
InferenceModeGuard::~InferenceModeGuard() {
  inference = previous_inference_;
  enabled = previous_grad_;
}

}  // namespace ef
