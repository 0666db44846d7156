// What autograd keeps in a tensor; only this folder sees it.
#pragma once
#include <map>

#include "autograd/autograd.h"
#include "core/after_fork.h"

namespace ef {

struct Meta final : AutogradMeta {
  bool leaf_requires_grad = false;
  std::shared_ptr<Node> node;  // null for leaves
  uint32_t output = 0;
  Tensor grad;
  std::map<uint64_t, GradHook> hooks;  // of a leaf; those of other tensors lie in their node
  std::map<uint64_t, std::function<void(const Tensor&)>> post_hooks;
  struct {
    std::function<Tensor()> make;
    uint32_t version = 0;  // of the storage when it was given
  } recipe;                // see memory.h
  bool is_view = false, of_leaf = false;
  Tensor base;           // what a view of an inner tensor looks into, itself no view
  uint32_t history = 0;  // the storage's, when a view was made

  bool requires_grad() const override { return node || leaf_requires_grad; }
  void record(const char* name, Tensor& y, const Tensor& x, bool is_view, ViewBackward backward) override;
  void record_write(Tensor& y, const Tensor& src) override;

  static Meta* of(const Tensor& x) { return static_cast<Meta*>(x.impl()->autograd.get()); }
  static Meta& make(const Tensor& x) {
    if (!x.impl()->autograd) x.impl()->autograd = std::make_unique<Meta>();
    return *of(x);
  }
};

ForkMutex& accumulate_lock();  // two threads may run backward into the same leaves
bool walk_is_restricted();     // inside grad() or backward(inputs=)

}  // namespace ef
