// Models between C++ and Python: arguments of forward, outputs, and Python-defined models.
#pragma once
#include <pybind11/pybind11.h>

#include <atomic>

#include "bindings/nn_support.h"
#include "models/model.h"

namespace ef {

ModelInput model_input(const py::dict& kwargs);      // TypeError names an unknown argument
py::dict model_output(const ModelOutput& output);    // only what is there
ModelOutput parse_output(const py::object& result);  // what a Python forward returned

// While one lives, models whose forward turned out to be their own are not asked again in this thread: looking it up in
// Python twice a step takes longer than a small layer. A change to any module asks again.
class ForwardsKept {
 public:
  ForwardsKept();
  ~ForwardsKept();
  ForwardsKept(const ForwardsKept&) = delete;
  static uint64_t current();  // another number for each time that answers hold; 0: ask

 private:
  uint64_t before_;
};

// A model whose forward may be written in Python.
class PyPreTrainedModel : public PreTrainedModel, public py::trampoline_self_life_support {
 public:
  std::string class_name() const override;
  bool overridden() const override { return true; }
  Tensor forward(const Tensor& x) override;
  ModelOutput run(const ModelInput& input) override;

 private:
  std::atomic<uint64_t> native_{0};  // the ForwardsKept::current() in which nothing stood in the way
};

}  // namespace ef
