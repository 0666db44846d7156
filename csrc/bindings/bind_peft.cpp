// Adapter layers. Which layers get one, with what first values, and how they are saved is Python's part.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <variant>

#include "bindings/bindings.h"
#include "bindings/nn_support.h"
#include "peft/lora/lora.h"

namespace ef {
namespace {

template <class T>
void bind_lora(py::module_& m, const char* name) {
  py::class_<T, LoraLayer, PyUnary<T>, py::smart_holder>(m, name)
      .def(py::init<ModulePtr>(), py::arg("base_layer"))
      .def(
          "forward", [](T& self, const Tensor& x) { return self.T::forward(x); }, py::arg("x"),
          py::call_guard<py::gil_scoped_release>());
}

}  // namespace

void bind_peft(py::module_& m) {
  py::class_<TunerLayer, Module, py::smart_holder>(m, "_TunerLayer")
      .def_property("_disable_adapters", &TunerLayer::disabled, &TunerLayer::set_disabled)
      .def_property("_active_adapter", &TunerLayer::active,
                    [](TunerLayer& self, const std::variant<std::string, Names>& names) {
                      const auto* one = std::get_if<std::string>(&names);
                      self.set_active(one ? Names{*one} : std::get<Names>(names));
                    })
      .def_property("merged_adapters", &TunerLayer::merged, &TunerLayer::set_merged)
      .def("_has", &TunerLayer::has)
      .def("_merge", &TunerLayer::merge, py::arg("adapter"), py::arg("safe"), py::call_guard<py::gil_scoped_release>())
      .def("_unmerge", &TunerLayer::unmerge, py::call_guard<py::gil_scoped_release>())
      .def("get_delta_weight", &TunerLayer::delta_weight, py::arg("adapter"), py::call_guard<py::gil_scoped_release>(),
           "What merging the adapter adds to the base weight, in that weight's layout.")
      .def(
          "_base_value", [](TunerLayer& self) { return self.base_matrix().value(); },
          py::call_guard<py::gil_scoped_release>())
      .def("_base_write", [](TunerLayer& self, const Tensor& value) { self.base_matrix().write(value); })
      .def("_base_packed", [](TunerLayer& self) { return self.base_matrix().packed() != nullptr; })
      .def_property_readonly("fan_in_fan_out", [](TunerLayer& self) { return self.base_matrix().transposed(); })
      .def("_features", [](TunerLayer& self) {
        const BaseMatrix base = self.base_matrix();
        return py::make_tuple(base.in_features(), base.out_features());
      });
  py::class_<LoraLayer, TunerLayer, py::smart_holder>(m, "_LoraLayer")
      .def("_scaling", &LoraLayer::scaling)
      .def("_set_scaling", &LoraLayer::set_scaling)
      .def("_forget", &LoraLayer::forget)
      .def("_weight_norm", &LoraLayer::weight_norm, py::arg("adapter"));
  bind_lora<LoraLinear>(m, "_LoraLinear");
  bind_lora<LoraEmbedding>(m, "_LoraEmbedding");
}

}  // namespace ef
