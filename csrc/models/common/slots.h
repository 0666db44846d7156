// Children and parameters at dotted names, for checkpoints whose tensors stand deeper than the code that reads them.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "nn/layers.h"

namespace ef {

// Declares children below a module, with the groups on the way to them. What it returns lives as long as it does.
class Slots {
 public:
  explicit Slots(Module& root) { places_.push_back({&root, nullptr, &own_}); }
  Child<Module>& add(const std::string& path, ModulePtr module);
  Child<ModuleList>& list(const std::string& path);
  Parameter& parameter(const std::string& path, const Shape& shape);
  Child<Module>& linear(const std::string& path, int64_t in, int64_t out, bool bias = true);
  Child<Module>& norm(const std::string& path, const NormConfig& config, int64_t size);
  Child<Module>& embedding(const std::string& path, int64_t rows, int64_t size, int64_t padding = -1);

 private:
  struct Owned {
    std::vector<std::unique_ptr<ChildSlot>> children;
    std::vector<std::unique_ptr<Parameter>> parameters;
  };
  class Group;
  struct Place {
    Module* module;
    ModulePtr keep;  // a group, as its slots are in use
    Owned* owned;
  };
  Place at(const std::string& path, std::string& name);
  template <class T>
  Child<T>& child(const std::string& path, std::shared_ptr<T> module);
  Owned own_;
  std::vector<Place> places_;  // the root, and every group made so far
};

}  // namespace ef
