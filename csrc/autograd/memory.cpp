#include "autograd/memory.h"

#include "autograd/meta.h"

namespace ef {
namespace {
thread_local TrainingMode mode;
constexpr size_t kSmallest = 16 << 10;  // bytes; less is not worth a conversion
}  // namespace

TrainingMode training_mode() { return mode; }
void set_training_mode(TrainingMode m) { mode = m; }
TrainingModeGuard::TrainingModeGuard(TrainingMode m) : previous_(mode) { mode = m; }
TrainingModeGuard::~TrainingModeGuard() { mode = previous_; }

Saved save_activation(const Tensor& x) {
  const bool round =
      grad_enabled() && mode.rounded && x.defined() && x.dtype() == DType::Float32 && x.nbytes() >= kSmallest;
  return round ? Saved(x.detach().to(DType::BFloat16)) : save(x);
}

void set_recipe(const Tensor& y, std::function<Tensor()> recipe) {
  if (Meta* meta = Meta::of(y)) meta->recipe = {std::move(recipe), y.storage()->version()};
}

Kept keep(const Tensor& x) {
  if (!grad_enabled() || !x.defined()) return Kept();
  const Meta* meta = Meta::of(x);
  if (meta && meta->recipe.make && meta->recipe.version == x.storage()->version()) return Kept(meta->recipe.make);
  return Kept(save_activation(x));
}

}  // namespace ef
