// The layers and containers of eigenformers.nn. A Python subclass of any of them can stand in a C++ model.
#include <pybind11/stl.h>

#include "bindings/nn_support.h"
#include "nn/attention.h"
#include "nn/containers.h"
#include "nn/layers.h"

namespace ef {
namespace {

py::dict entries(const py::object& pairs) { return pairs.is_none() ? py::dict() : py::dict(pairs); }

ModulePtr module_of(const py::handle& value) {
  if (py::isinstance<Module>(value)) return value.cast<ModulePtr>();
  const bool is_class = PyType_Check(value.ptr());
  throw py::type_error(
      py::str(is_class ? value.attr("__name__") : py::type::of(value).attr("__name__")).cast<std::string>() +
      " is not a Module subclass" + (is_class ? ": a class was given, an instance is needed" : ""));
}

template <class T, class... Extra>
auto bind_layer(py::module_& m, const char* name) {
  return py::class_<T, Extra..., py::smart_holder>(m, name).def(
      "forward", [](T& self, const Tensor& x) { return self.T::forward(x); }, py::arg("input"),
      py::call_guard<py::gil_scoped_release>());
}

}  // namespace

void bind_layers(py::module_& m) {
  bind_layer<Linear, Module, PyUnary<Linear>>(m, "Linear")
      .def(py::init<int64_t, int64_t, bool>(), py::arg("in_features"), py::arg("out_features"), py::arg("bias") = true)
      .def_property_readonly("in_features", [](Linear& self) { return self.in_features; })
      .def_property_readonly("out_features", [](Linear& self) { return self.weight.shape()[0]; });
  py::class_<Conv1D, Module, py::smart_holder>(m, "Conv1D");
  py::class_<HeadNorm, Module, py::smart_holder>(m, "HeadNorm");
  bind_layer<Embedding, Module, PyUnary<Embedding>>(m, "Embedding")
      .def(py::init<int64_t, int64_t, double>(), py::arg("num_embeddings"), py::arg("embedding_dim"),
           py::arg("embed_scale") = 1.0)
      .def_property_readonly("embed_scale", [](Embedding& self) { return self.scale; })
      .def_property_readonly("num_embeddings", [](Embedding& self) { return self.weight.shape()[0]; })
      .def_property_readonly("embedding_dim", [](Embedding& self) { return self.embedding_dim; })
      .def_property(
          "padding_idx",
          [](Embedding& self) { return self.padding_idx < 0 ? std::optional<int64_t>() : self.padding_idx; },
          [](Embedding& self, std::optional<int64_t> row) { self.padding_idx = row.value_or(-1); });
  bind_layer<RMSNorm, Module, PyUnary<RMSNorm>>(m, "RMSNorm")
      .def(py::init<int64_t, double, bool>(), py::arg("normalized_shape"), py::arg("eps") = 1e-6,
           py::arg("unit_offset") = false)
      .def_property_readonly("eps", [](RMSNorm& self) { return self.eps; });
  bind_layer<LayerNorm, Module, PyUnary<LayerNorm>>(m, "LayerNorm")
      .def(py::init<int64_t, double, bool, bool>(), py::arg("normalized_shape"), py::arg("eps") = 1e-5,
           py::arg("elementwise_affine") = true, py::arg("bias") = true)
      .def_property_readonly("eps", [](LayerNorm& self) { return self.eps; });
  bind_layer<Dropout, Module, PyUnary<Dropout>>(m, "Dropout")
      .def(py::init<double>(), py::arg("p") = 0.5)
      .def_property_readonly("p", [](Dropout& self) { return self.p; });
  bind_layer<ActivationLayer, Module, PyUnary<ActivationLayer>>(m, "Activation")
      .def(py::init<std::string>(), py::arg("name"))
      .def_property_readonly("name", [](ActivationLayer& self) { return self.name; });
  auto as_list = [](auto& cls) {
    using List = ModuleList;
    cls.def("append",
            [](py::object self, ModulePtr module) {
              self.cast<List&>().append(std::move(module));
              return self;
            })
        .def("__len__", &List::size)
        .def("__getitem__", [](List& self, int64_t i) { return self.at(i); })
        .def("__getitem__",
             [](List& self, const py::slice& s) {
               size_t start, stop, step, n;
               if (!s.compute(size_t(self.size()), &start, &stop, &step, &n)) throw py::error_already_set();
               py::list out;
               for (size_t i = 0; i < n; i++, start += step) out.append(py::cast(self.at(int64_t(start))));
               return out;
             })
        .def("__setitem__", [](List& self, int64_t i, ModulePtr module) {
          self.at(i);  // checks the index
          self.children()[size_t(i < 0 ? i + self.size() : i)]->set(std::move(module));
        });
  };
  py::class_<ModuleList, Module, py::smart_holder> list(m, "ModuleList");
  list.def(py::init([](const std::optional<py::iterable>& modules) {
             auto self = std::make_shared<ModuleList>();
             if (modules)
               for (auto module : *modules) self->append(module_of(module));
             return self;
           }),
           py::arg("modules") = py::none());
  as_list(list);
  py::class_<Sequential, ModuleList, py::smart_holder>(m, "Sequential")
      .def(py::init([](const py::args& modules) {
        auto self = std::make_shared<Sequential>();
        if (modules.size() == 1 && py::isinstance<py::dict>(modules[0]))
          for (auto& [name, module] : entries(modules[0])) self->add_child(py::str(name), module_of(module));
        else
          for (auto module : modules) self->append(module_of(module));
        return self;
      }))
      .def(
          "forward", [](Sequential& self, const Tensor& x) { return self.Sequential::forward(x); },
          py::call_guard<py::gil_scoped_release>());
  py::class_<ModuleDict, Module, py::smart_holder>(m, "ModuleDict")
      .def(py::init([](const py::object& modules) {
             auto self = std::make_shared<ModuleDict>();
             for (auto& [name, module] : entries(modules)) self->add_child(py::str(name), module_of(module));
             return self;
           }),
           py::arg("modules") = py::none());
  py::class_<ParameterDict, Module, py::smart_holder>(m, "ParameterDict")
      .def(py::init([](const py::object& parameters) {
             auto self = std::make_shared<ParameterDict>();
             for (auto& [name, value] : entries(parameters)) self->add_parameter(py::str(name), value.cast<Tensor>());
             return self;
           }),
           py::arg("parameters") = py::none());
  bind_layer<Identity, Module, PyUnary<Identity>>(m, "Identity").def(py::init<>());
  py::class_<Block, Module, py::smart_holder>(m, "Block")
      .def(
          "forward",
          [](Block& self, const Tensor& hidden_states, const py::kwargs& kwargs) {
            if (!kwargs.contains("pass_"))
              throw py::type_error(self.class_name() + ".forward needs pass_=, as given by the model");
            Pass* pass = kwargs["pass_"].cast<LentPass&>().pass;
            check<UnsupportedError>(pass != nullptr, self.class_name(),
                                    ".forward: pass_ belongs to a call of the model that is over");
            py::gil_scoped_release release;
            return self.forward(hidden_states, *pass);
          },
          py::arg("hidden_states"));
  py::class_<Attention, Block, py::smart_holder>(m, "Attention");
  py::class_<RotaryEmbedding, Module, py::smart_holder>(m, "RotaryEmbedding");
  py::class_<PlainMlp, Module, py::smart_holder>(m, "PlainMlp");
  bind_layer<GatedMlp, Module, PyUnary<GatedMlp>>(m, "GatedMlp")
      .def(py::init<int64_t, int64_t, const std::string&, bool>(), py::arg("hidden_size"), py::arg("intermediate_size"),
           py::arg("hidden_act") = "silu", py::arg("bias") = false);
  m.def("activation_names", &activation_names);
  m.def(
      "_lora_linear",
      [](const Tensor& x, const Linear& base, const Tensor& a, const Tensor& b, double scale) {
        return linear_terms(x, {{base.weight.get(), base.bias_tensor(), {{a, b, scale}}}})[0];
      },
      py::arg("x"), py::arg("base"), py::arg("a"), py::arg("b"), py::arg("scale"),
      py::call_guard<py::gil_scoped_release>(), "base(x) + scale·(x·aᵀ)·bᵀ as one operation.");
}

}  // namespace ef
