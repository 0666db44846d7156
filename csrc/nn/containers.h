// Containers whose entries have names of the user's choosing.
#pragma once
#include "nn/module.h"

namespace ef {

class ModuleDict : public Module {
 public:
  static const char* role() { return "a ModuleDict"; }
  std::string class_name() const override { return "ModuleDict"; }
  ModulePtr find(std::string_view name) const {  // null when it is not there
    ChildSlot* slot = find_child(name);
    return slot ? slot->get() : nullptr;
  }
};

class ParameterDict : public Module {
 public:
  static const char* role() { return "a ParameterDict"; }
  std::string class_name() const override { return "ParameterDict"; }
  Tensor find(std::string_view name) const {  // undefined when it is not there
    ParameterSlot* slot = find_parameter(name);
    return slot ? slot->tensor() : Tensor();
  }
};

class Identity : public Module {
 public:
  std::string class_name() const override { return "Identity"; }
  Tensor forward(const Tensor& x) override { return x; }
};

}  // namespace ef
