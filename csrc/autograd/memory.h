// What a forward pass keeps for backward, in less memory: rounded to bfloat16 where the pass multiplies in bfloat16
// anyway, or computed again where that costs less than keeping it. All modes belong to the calling thread.
#pragma once
#include "autograd/autograd.h"

namespace ef {

// bfloat16: products round float32 matrices to bfloat16 (autocast), sums stay in float32.
// rounded: large activations are kept in bfloat16.
struct TrainingMode {
  bool bf16_products = false, rounded = false;
};
TrainingMode training_mode();
class TrainingModeGuard {
 public:
  explicit TrainingModeGuard(TrainingMode mode);
  ~TrainingModeGuard();
  TrainingModeGuard(const TrainingModeGuard&) = delete;

 private:
  TrainingMode previous_;
};
void set_training_mode(TrainingMode mode);

// save() for an activation that backward reads through kernel_input() or to(): rounded where the mode says so.
Saved save_activation(const Tensor& x);

// An input of an op, kept as a value or, when its maker gave a recipe, as that. get() may compute.
class Kept {
 public:
  Kept() = default;
  explicit Kept(Saved value) : value_(std::move(value)) {}
  explicit Kept(std::function<Tensor()> recipe) : recipe_(std::move(recipe)) {}
  Tensor get() const { return recipe_ ? recipe_() : value_.get(); }
  bool defined() const { return recipe_ || value_.defined(); }

 private:
  Saved value_;
  std::function<Tensor()> recipe_;
};
// y, which is recorded, can be made again (without gradients, the same bits) from what its own backward keeps.
void set_recipe(const Tensor& y, std::function<Tensor()> recipe);
Kept keep(const Tensor& x);

}  // namespace ef
