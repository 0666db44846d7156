// What Python sees of a matrix that stays in its packed storage format.
#include <pybind11/stl.h>

#include "bindings/nn_support.h"

namespace ef {
namespace {

void refuse_grad(const Weight& w, bool on) {
  check<UnsupportedError>(!on, "a packed ", w.kind(), " weight passes gradients through and has none of its own; ",
                          "train an adapter over it, or call model.dequantize() first");
}

}  // namespace

void bind_packed_weight(py::module_& core) {
  py::class_<Weight, std::shared_ptr<Weight>>(core, "PackedWeight", "A matrix in a packed storage format.")
      .def_property_readonly("shape", [](const Weight& w) { return py::tuple(py::cast(w.shape().vec())); })
      .def_property_readonly("kind", &Weight::kind)
      .def_property_readonly("nbytes", &Weight::nbytes)
      .def_property(
          "requires_grad", [](const Weight&) { return false; }, [](const Weight& w, bool on) { refuse_grad(w, on); })
      .def(
          "requires_grad_",
          [](py::object self, bool on) {
            refuse_grad(self.cast<const Weight&>(), on);
            return self;
          },
          py::arg("requires_grad") = true)
      .def_property_readonly("grad", [](const Weight&) { return py::none(); })
      .def_property_readonly("ndim", [](const Weight&) { return 2; })
      .def("dim", [](const Weight&) { return 2; })
      .def(
          "size",
          [](const Weight& w, std::optional<int> d) -> py::object {
            const Shape s = w.shape();
            if (!d) return py::tuple(py::cast(s.vec()));
            check<IndexError>(*d >= -2 && *d < 2,
                              "Dimension out of range (expected to be in range of [-2, 1], but got ", *d, ")");
            return py::int_(s[*d < 0 ? *d + 2 : *d]);
          },
          py::arg("dim") = py::none())
      .def("is_floating_point", [](const Weight&) { return false; })
      .def_property_readonly(
          "device", [](const Weight&) { return py::module_::import("eigenformers._core").attr("device")("cpu"); })
      .def_property_readonly("dtype", [](const Weight& w) { return w.dtype(); })
      .def("numel", [](const Weight& w) { return numel(w.shape()); })
      .def(
          "dequantize", [](const Weight& w) { return w.dense(0, w.shape()[0]); },
          py::call_guard<py::gil_scoped_release>(), "The matrix as a dense float32 tensor [out_features, in_features].")
      .def(
          "state",
          [](const Weight& w) {
            py::dict out;
            for (auto& [name, tensor] : w.state()) out[py::str(name.empty() ? "weight" : name)] = py::cast(tensor);
            return out;
          },
          "What a checkpoint stores of it, by name in the layer.");
}

}  // namespace ef
