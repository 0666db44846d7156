// Cycles through module attributes: model.child.parent = model. The references that C++ slots hold are shown to
// Python's collector, which can then free such trees.
//
// A slot keeps a Python module alive through one shared_ptr group, which owns one reference to the Python object. That
// reference is shown only where this slot is the group's only member, so that it is never counted twice; a native
// module is passed through only where its slot (or its wrapper) is its one owner. What is shared stays alive: a leak at
// worst, never a module that goes while it is used.
#include "bindings/bindings.h"
#include "bindings/nn_support.h"

namespace ef {
namespace {

// The deleter of a module that Python defined.
using Wrapper = py::detail::smart_holder_type_caster_support::shared_ptr_trampoline_self_life_support;

int visit_module(const Module& module, visitproc visit, void* arg) {
  if (module.attributes.use_count() == 1) Py_VISIT(python_of(module.attributes).ptr());
  for (auto& hook : module.hooks())  // copies: two owners where the module is the only one
    if (auto* h = dynamic_cast<PyHook*>(hook.get()); h && hook.use_count() == 2) Py_VISIT(h->function.ptr());
  for (const ChildSlot* slot : module.children()) {
    const ModulePtr child = slot->get();  // two owners now: the slot and this copy
    if (child.use_count() != 2) continue;
    if (auto* python = std::get_deleter<Wrapper>(child)) {
      Py_VISIT(python->self);
    } else if (const int stop = visit_module(*child, visit, arg)) {
      return stop;
    }
  }
  return 0;
}

// The module of a wrapper that is its only owner; else nullptr.
Module* owned_module(PyObject* self) {
  auto* instance = reinterpret_cast<py::detail::instance*>(self);
  if (!instance->simple_layout && py::detail::values_and_holders(instance).size() != 1) return nullptr;
  const py::detail::value_and_holder held = instance->get_value_and_holder();
  if (!held.value_ptr() || !held.holder_constructed()) return nullptr;
  const auto& holder = held.holder<py::smart_holder>();
  if (holder.vptr_is_using_noop_deleter || holder.vptr.use_count() != 1) return nullptr;
  return static_cast<Module*>(held.value_ptr());  // every module class starts with its Module
}

traverseproc base_traverse = nullptr;  // pybind11's: the __dict__ and the type
inquiry base_clear = nullptr;

int traverse(PyObject* self, visitproc visit, void* arg) {
  PyTypeObject* bound = Py_TYPE(self);
  while (bound->tp_traverse != traverse) bound = bound->tp_base;
  if (bound->tp_dictoffset == Py_TYPE(self)->tp_dictoffset) {
    if (const int stop = base_traverse(self, visit, arg)) return stop;
  } else {
    Py_VISIT(Py_TYPE(self));  // Python showed the __dict__ of its subclass already; twice would count it as in use
  }
  const Module* module = owned_module(self);
  return module ? visit_module(*module, visit, arg) : 0;
}

void let_go(Module& module) {
  for (ChildSlot* slot : module.children()) {
    const ModulePtr child = slot->get();
    try {
      slot->set(nullptr);
    } catch (const UnsupportedError&) {  // a group that belongs to its model: what is in it goes, if nobody else has it
      if (child && child.use_count() == 2) let_go(*child);
    }
  }
}

int clear(PyObject* self) {
  if (Module* module = owned_module(self)) {
    module->attributes.reset();
    for (auto& hook : module->hooks()) module->remove_hook(hook->id);
    let_go(*module);
  }
  return base_clear(self);
}

}  // namespace

void collect_module_cycles(py::handle type) {
  auto* t = reinterpret_cast<PyTypeObject*>(type.ptr());
  if (!base_traverse) {
    base_traverse = t->tp_traverse;
    base_clear = t->tp_clear;
  }
  t->tp_traverse = traverse;
  t->tp_clear = clear;
  for (py::handle sub : type.attr("__subclasses__")()) collect_module_cycles(sub);
}

}  // namespace ef
