// eigenformers.nn.Module: its tree, attributes, hooks and state.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstring>

#include "autograd/autograd.h"
#include "bindings/bindings.h"
#include "bindings/nn_support.h"
#include "nn/attention.h"
#include "nn/containers.h"
#include "nn/layers.h"
#include "quantizers/group/tiled_weight.h"
#include "quantizers/quantizer.h"

namespace ef {

py::object call_module(py::object self, py::args args, py::kwargs kwargs) {
  auto& module = self.cast<Module&>();
  const auto hooks = module.hooks();
  for (auto& h : hooks)
    if (auto* hook = dynamic_cast<PyHook*>(h.get()); hook && hook->pre) {
      py::object r = hook->with_kwargs ? hook->function(self, args, kwargs) : hook->function(self, args);
      if (r.is_none()) continue;
      if (hook->with_kwargs) {
        auto both = r.cast<py::tuple>();
        args = both[0].cast<py::tuple>();
        kwargs = both[1].cast<py::dict>();
      } else {
        args = py::isinstance<py::tuple>(r) ? r.cast<py::args>() : py::args(py::make_tuple(r));
      }
    }
  py::object out = self.attr("forward")(*args, **kwargs);
  for (auto& h : hooks)
    if (auto* hook = dynamic_cast<PyHook*>(h.get()); hook && !hook->pre) {
      py::object r = hook->with_kwargs ? hook->function(self, args, kwargs, out) : hook->function(self, args, out);
      if (!r.is_none()) out = r;
    }
  return out;
}

namespace {

py::dict attributes(Module& module) {
  if (!module.attributes) module.attributes = keep_python(py::dict());
  return py::reinterpret_borrow<py::dict>(python_of(module.attributes));
}

py::object slot_value(const ParameterSlot& slot) {
  if (!slot.defined()) return py::none();
  const Tensor value = slot.tensor();
  if (value.defined()) return py::cast(value);
  return py::cast(static_cast<const WeightSlot&>(slot).weight());
}

// Whether Module.__init__ has run: a Python subclass may set plain attributes before it calls it.
bool is_made(const py::object& self) {
  return reinterpret_cast<py::detail::instance*>(self.ptr())->get_value_and_holder().value_ptr() != nullptr;
}

void set_plain_attribute(const py::object& self, const std::string& name, PyObject* value) {
  if (PyObject_GenericSetAttr(self.ptr(), py::str(name).ptr(), value) != 0) throw py::error_already_set();
}

py::object get_attribute(py::object self, const std::string& name) {
  const auto missing = [&] {
    return py::attribute_error(str("'", py::str(py::type::of(self).attr("__name__")).cast<std::string>(),
                                   "' object has no attribute '", name, "'"));
  };
  if (!is_made(self)) throw missing();
  auto& module = self.cast<Module&>();
  if (ChildSlot* child = module.find_child(name)) return py::cast(child->get());
  if (ParameterSlot* slot = module.find_parameter(name)) return slot_value(*slot);
  if (module.attributes) {
    py::dict extra = attributes(module);
    if (extra.contains(name)) return extra[name.c_str()];
  }
  throw missing();
}

void set_attribute(py::object self, const std::string& name, py::object value) {
  const bool is_module = py::isinstance<Module>(value);
  if (!is_made(self)) {
    if (is_module) throw py::attribute_error("cannot assign module before Module.__init__() call");
    if (is_parameter(value)) throw py::attribute_error("cannot assign parameters before Module.__init__() call");
    return set_plain_attribute(self, name, value.ptr());
  }
  auto& module = self.cast<Module&>();
  if (ChildSlot* child = module.find_child(name); child && (is_module || value.is_none())) {
    try {
      child->set(value.is_none() ? nullptr : value.cast<ModulePtr>());
    } catch (const DtypeError& e) {
      throw py::type_error(str("cannot assign to '", name, "': ", e.what()));
    }
    return;
  }
  if (ParameterSlot* slot = module.find_parameter(name)) {
    if (value.is_none()) return slot->set({});
    if (py::isinstance<Tensor>(value)) {
      const Tensor tensor = value.cast<Tensor>();
      slot->resize(tensor.shape());
      return slot->set(tensor);
    }
    if (auto* matrix = dynamic_cast<WeightSlot*>(slot); matrix && py::isinstance<Weight>(value)) {
      auto weight = value.cast<std::shared_ptr<Weight>>();
      matrix->resize(weight->shape());
      return matrix->set_weight(std::move(weight));
    }
    throw py::type_error(str("cannot assign '", py::str(py::type::of(value)).cast<std::string>(), "' as parameter '",
                             name, "' (eigenformers.nn.Parameter or None expected)"));
  }
  if (is_module) return module.add_child(name, value.cast<ModulePtr>());
  if (is_parameter(value)) {
    module.add_parameter(name, value.cast<Tensor>());
    return;
  }
  if (is_native(self) && (name == "forward" || !py::hasattr(py::type::of(self), name.c_str()))) {
    // The wrapper may go before the module does: the value stays with the module.
    if (name == "forward")
      throw py::type_error(str("forward of a native ", module.class_name(),
                               " cannot be patched; replace the module by a Python subclass instead"));
    attributes(module)[name.c_str()] = value;
    return;
  }
  set_plain_attribute(self, name, value.ptr());
  if (name == "forward") modules_changed();
}

void delete_attribute(py::object self, const std::string& name) {
  auto& module = self.cast<Module&>();
  if (module.remove(name)) return;
  if (module.attributes && attributes(module).contains(name)) {
    attributes(module).attr("pop")(name);
    return;
  }
  set_plain_attribute(self, name, nullptr);
  if (name == "forward") modules_changed();
}

std::vector<std::string> directory(py::object self) {
  auto& module = self.cast<Module&>();
  auto names = py::module_::import("builtins").attr("object").attr("__dir__")(self).cast<std::vector<std::string>>();
  for (ChildSlot* c : module.children()) names.push_back(c->name());
  for (ParameterSlot* p : module.parameters()) names.push_back(p->name());
  return names;
}

int64_t add_py_hook(Module& module, py::function function, bool pre, bool with_kwargs, bool prepend) {
  auto hook = std::make_shared<PyHook>();
  hook->function = std::move(function);
  hook->pre = pre;
  hook->with_kwargs = with_kwargs;
  return module.add_hook(std::move(hook), prepend);
}

// (name, module) in order, each once; (name, tensor or packed weight) likewise.
py::list named_modules(Module& root) {
  py::list out;
  root.walk([&](const std::string& path, Module& m) {
    if (path.empty())
      out.append(py::make_tuple(path, py::cast(&m, py::return_value_policy::reference)));
    else
      out.append(py::make_tuple(path, py::cast(root.get_submodule(path))));
  });
  return out;
}

struct SlotInfo {
  std::string name;
  ParameterSlot* slot;
};

py::list slots(Module& root, bool buffers, bool remove_duplicate) {
  py::list out;
  std::vector<const void*> seen;
  for (auto& [name, slot] : root.named_slots()) {
    if (slot->is_buffer() != buffers || !slot->defined()) continue;
    const void* id = slot->identity();
    if (remove_duplicate && std::find(seen.begin(), seen.end(), id) != seen.end()) continue;
    seen.push_back(id);
    out.append(py::make_tuple(name, slot_value(*slot)));
  }
  return out;
}

// The packed matrix of a slot, if that is what checkpoints keep.
WeightPtr packed_weight(const ParameterSlot& slot) {
  const auto* matrix = dynamic_cast<const WeightSlot*>(&slot);
  WeightPtr weight = matrix ? matrix->weight() : nullptr;
  return weight && weight->saved_packed() ? weight : nullptr;
}

// What a checkpoint calls a part of the slot `name`.
std::string part_name(const std::string& name, const ParameterSlot& slot, const std::string& part) {
  return part.empty() ? name : name.substr(0, name.size() - slot.name().size()) + part;
}

py::dict state_dict(Module& root, const std::string& prefix) {
  py::dict out;
  for (auto& [name, slot] : root.named_slots()) {
    if (!slot->is_persistent() || !slot->defined()) continue;
    NamedTensors values;
    {
      py::gil_scoped_release release;
      if (const WeightPtr packed = packed_weight(*slot))
        values = packed->state();
      else
        values = {{"", slot->state().detach()}};
    }
    for (auto& [part, value] : values) out[py::str(prefix + part_name(name, *slot, part))] = py::cast(value);
  }
  return out;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  const Tensor x = a.detach().contiguous(), y = b.detach().contiguous();
  return std::memcmp(x.data_ptr(), y.data_ptr(), x.nbytes()) == 0;
}

// The parts of a packed matrix out of `state`; dense values in their place are packed as it is. False where nothing
// says how: then they take its place.
bool load_packed(const std::string& name, ParameterSlot& slot, const WeightPtr& weight,
                 const std::map<std::string, Tensor>& state, std::vector<std::string>& known,
                 std::vector<std::string>& missing, std::vector<std::string>& errors) {
  const auto* tiled = dynamic_cast<const TiledWeight*>(weight.get());
  const auto replace = [&](auto make) {
    try {
      QuantSpec spec = *tiled->spec;
      spec.compute = tiled->compute_dtype();
      dynamic_cast<WeightSlot&>(slot).set_weight(make(spec));
    } catch (const Error& error) {
      errors.push_back(name + ": " + error.what());
    }
  };
  if (const auto dense = state.find(name); dense != state.end() && is_computable(dense->second.dtype()) &&
                                           is_floating(dense->second.dtype()) &&
                                           dense->second.shape() == slot.shape()) {
    if (!tiled || !tiled->spec) return false;
    known.push_back(name);
    replace([&](const QuantSpec& spec) { return pack_weight(tiled->format, dense->second.detach(), spec); });
    return true;
  }
  Parts parts;
  bool same = true;
  const size_t before = missing.size();
  for (const auto& [part, own] : weight->state()) {
    known.push_back(part_name(name, slot, part));
    const auto found = state.find(known.back());
    if (found == state.end()) {
      missing.push_back(known.back());
      continue;
    }
    parts.emplace(part.empty() ? slot.name() : part, found->second);
    same = same && same_bits(found->second, own);
  }
  if (same || missing.size() != before) return true;
  if (tiled && tiled->spec)
    replace([&](const QuantSpec& spec) { return restore_weight(tiled->format, parts, slot.shape(), spec); });
  else
    errors.push_back(str("packed values of ", name, " (", weight->kind(),
                         ") can't be copied in place; load such a checkpoint with from_pretrained."));
  return true;
}

// Returns (missing, unexpected, errors). Values are copied into the tensors that are there, as in torch.
py::tuple load_state_dict(Module& root, const std::map<std::string, Tensor>& state, bool assign) {
  std::vector<std::string> missing, unexpected, errors;
  const auto all = root.named_slots();
  std::vector<std::string> known;
  NoGradGuard no_grad;
  for (auto& [name, slot] : all) {
    if (const WeightPtr packed = packed_weight(*slot);
        packed && load_packed(name, *slot, packed, state, known, missing, errors))
      continue;
    known.push_back(name);
    auto found = state.find(name);
    if (found == state.end()) {
      if (slot->is_persistent()) missing.push_back(name);
      continue;
    }
    const Tensor& value = found->second;
    if (value.shape() != slot->shape()) {
      errors.push_back(str("size mismatch for ", name, ": copying a param with shape ", value.shape(),
                           " from checkpoint, the shape in current model is ", slot->shape(), "."));
      continue;
    }
    Tensor current = slot->tensor();
    if (current.defined() && !assign) {
      Tensor target = current.detach();
      target.copy_(value.detach());
    } else {
      Tensor fresh = assign ? value : value.detach().clone();
      if (!slot->is_buffer() && is_floating(fresh.dtype()) && is_leaf(fresh)) set_requires_grad(fresh);
      slot->set(fresh);
    }
  }
  for (auto& [name, value] : state)
    if (std::find(known.begin(), known.end(), name) == known.end()) unexpected.push_back(name);
  return py::make_tuple(missing, unexpected, errors);
}

int64_t count_parameters(Module& root, bool only_trainable, bool exclude_embeddings) {
  int64_t total = 0;
  std::vector<const void*> seen;
  std::vector<std::string> skipped;
  if (exclude_embeddings)
    root.walk([&](const std::string& path, Module& m) {
      if (dynamic_cast<Embedding*>(&m)) skipped.push_back(join_path(path, "weight"));
    });
  for (auto& [name, slot] : root.named_slots())  // a head that is tied to an embedding is one
    if (slot->defined() && std::find(skipped.begin(), skipped.end(), name) != skipped.end())
      seen.push_back(slot->identity());
  for (auto& [name, slot] : root.named_slots()) {
    if (slot->is_buffer() || (!slot->defined() && only_trainable)) continue;
    if (std::find(skipped.begin(), skipped.end(), name) != skipped.end()) continue;
    if (slot->defined()) {
      if (std::find(seen.begin(), seen.end(), slot->identity()) != seen.end()) continue;
      seen.push_back(slot->identity());
    }
    const Tensor t = slot->tensor();
    if (only_trainable && !(t.defined() && t.requires_grad())) continue;
    total += slot->numel();
  }
  return total;
}

}  // namespace

void bind_nn(py::module_& core) {
  py::module_ m = core.def_submodule("nn", "The module tree and its layers");

  bind_packed_weight(core);

  py::class_<LentPass, std::shared_ptr<LentPass>>(m, "_Pass");
  py::object property = py::module_::import("builtins").attr("property");
  core.attr("Tensor").attr("_is_parameter") =
      property(py::cpp_function([](const Tensor& t) { return t.impl()->is_parameter; }),
               py::cpp_function([](const Tensor& t, bool on) { t.impl()->is_parameter = on; }));

  py::class_<Module, PyModule, py::smart_holder>(m, "Module", py::dynamic_attr())
      .def(py::init_alias<>())
      .def("__call__", &call_module)
      .def("__getattr__", &get_attribute)
      .def("__setattr__", &set_attribute)
      .def("__delattr__", &delete_attribute)
      .def("__dir__", &directory)
      .def_property("training", &Module::training, [](Module& self, bool on) { self.train(on); })
      .def("_class_name", &Module::class_name)
      .def("extra_repr", &Module::extra_repr)
      .def("_set_training", &Module::train)
      .def("_children",
           [](Module& self) {
             py::list out;
             for (ChildSlot* c : self.children())
               if (c->get()) out.append(py::make_tuple(c->name(), py::cast(c->get())));
             return out;
           })
      .def(
          "_own_slots",
          [](Module& self, bool buffers) {
            py::list out;
            for (ParameterSlot* p : self.parameters())
              if (p->is_buffer() == buffers && p->defined()) out.append(py::make_tuple(p->name(), slot_value(*p)));
            return out;
          },
          py::arg("buffers") = false)
      .def("_empty_slots",
           [](Module& self) {  // (name, shape) of own parameters that have no value yet
             py::list out;
             for (ParameterSlot* p : self.parameters())
               if (!p->defined()) out.append(py::make_tuple(p->name(), py::tuple(py::cast(p->shape().vec()))));
             return out;
           })
      .def("_named_modules", &named_modules)
      .def("_slots", &slots, py::arg("buffers") = false, py::arg("remove_duplicate") = true)
      .def("_state_dict", &state_dict, py::arg("prefix") = "")
      .def("_load_state_dict", &load_state_dict, py::arg("state"), py::arg("assign") = false)
      .def("_count_parameters", &count_parameters)
      .def("_nbytes", &Module::nbytes)
      .def("_to", &Module::to, py::call_guard<py::gil_scoped_release>())
      .def(
          "get_submodule",
          [](py::object self, const std::string& target) -> py::object {
            return target.empty() ? self : py::cast(self.cast<Module&>().get_submodule(target));
          },
          py::arg("target"))
      .def("_replace", &Module::replace)
      .def(
          "add_module",
          [](Module& self, const std::string& name, ModulePtr module) { self.add_child(name, std::move(module)); },
          py::arg("name"), py::arg("module").none(true))
      .def(
          "register_parameter",
          [](Module& self, const std::string& name, const std::optional<Tensor>& value) {
            self.add_parameter(name, value.value_or(Tensor()));
          },
          py::arg("name"), py::arg("param").none(true))
      .def(
          "register_buffer",
          [](Module& self, const std::string& name, const std::optional<Tensor>& value, bool persistent) {
            self.add_parameter(name, value.value_or(Tensor()), true, persistent);
          },
          py::arg("name"), py::arg("tensor").none(true), py::arg("persistent") = true)
      .def("_resize_slot",
           [](Module& self, const std::string& name, const std::vector<int64_t>& shape) {
             ParameterSlot* slot = self.find_parameter(name);
             check<KeyError>(slot != nullptr, self.class_name(), " has no parameter '", name, "'");
             slot->resize(Shape(shape));
           })
      .def("_add_hook", &add_py_hook)
      .def("_has_hooks", [](const Module& self) { return !self.hooks().empty(); })
      .def("_remove_hook", &Module::remove_hook);

  bind_layers(m);
}

}  // namespace ef
