// autograd.Function: an operation whose forward and backward are written in Python.
#include "bindings/tensor_support.h"

namespace ef {
namespace {

struct Context {
  std::vector<Tensor> saved;
  std::vector<uint32_t> versions;
  std::vector<Tensor> plain;  // mark_non_differentiable
  std::vector<bool> needs;
  bool materialize = true;

  py::tuple values() const {
    for (size_t i = 0; i < saved.size(); i++) {
      if (!saved[i].defined()) continue;
      check<Error>(saved[i].storage()->version() == versions[i],
                   "one of the variables needed for gradient computation has been modified by an inplace operation: [",
                   dtype_name(saved[i].dtype()), " ", saved[i].shape(), "] is at version ",
                   saved[i].storage()->version(), "; expected version ", versions[i], " instead.");
    }
    return py::tuple(py::cast(saved));
  }
};

std::vector<Tensor> tensors(const py::args& args) {
  std::vector<Tensor> out;
  for (py::handle a : args) out.push_back(a.is_none() ? Tensor() : a.cast<Tensor>());
  return out;
}

struct Release {
  void operator()(PyObject* p) const {
    if (!Py_IsInitialized()) return;
    py::gil_scoped_acquire gil;
    Py_DECREF(p);
  }
};

py::object apply(py::object cls, const py::args& args, const py::kwargs& kwargs) {
  if (kwargs.size()) throw py::type_error("Function.apply() takes no keyword arguments");
  py::object ctx = py::cast(Context{});
  auto& context = ctx.cast<Context&>();
  std::vector<Tensor> inputs;
  std::vector<size_t> places;
  for (size_t i = 0; i < args.size(); i++) {
    const bool tensor = py::isinstance<Tensor>(args[i]);
    context.needs.push_back(tensor && needs_grad(args[i].cast<Tensor>()));
    if (!tensor) continue;
    inputs.push_back(args[i].cast<Tensor>());
    places.push_back(i);
  }
  py::object result;
  {
    NoGradGuard off;
    const py::object base = py::module_::import("eigenformers._core").attr("autograd").attr("Function");
    const bool apart = !cls.attr("setup_context").is(base.attr("setup_context"));
    if (apart) {
      result = cls.attr("forward")(*args);
      cls.attr("setup_context")(ctx, args, result);
    } else {
      result = cls.attr("forward")(ctx, *args);
    }
  }
  const bool single = !py::isinstance<py::tuple>(result);
  py::list items = single ? py::list() : py::list(result);
  if (single) items.append(result);
  std::vector<Tensor> outputs;
  std::vector<size_t> at;  // of the outputs among the items
  for (size_t i = 0; i < items.size(); i++) {
    if (!py::isinstance<Tensor>(items[i])) continue;
    Tensor y = items[i].cast<Tensor>();
    const auto is_y = [&y](const Tensor& t) { return t.defined() && t.same(y); };
    const bool passed = std::any_of(inputs.begin(), inputs.end(), is_y);
    if (passed) items[i] = y = y.detach();
    if (std::any_of(context.plain.begin(), context.plain.end(), is_y)) continue;
    for (Tensor& s : context.saved)  // a node must not own its own output
      if (is_y(s)) s = y.detach();
    outputs.push_back(y);
    at.push_back(i);
  }
  for (const Tensor& s : context.saved) context.versions.push_back(s.defined() ? s.storage()->version() : 0);
  if (any_needs_grad(inputs)) {
    const auto name = py::cast<std::string>(cls.attr("__name__")) + "Backward";
    const std::shared_ptr<PyObject> keep_cls(py::object(cls).release().ptr(), Release()),
        keep_ctx(py::object(ctx).release().ptr(), Release());
    const size_t total = args.size(), count = items.size();
    std::vector<std::pair<Shape, DType>> forms;
    for (const Tensor& y : outputs) forms.emplace_back(y.shape(), y.dtype());
    record_node(name.c_str(), outputs, inputs, [=](const Grads& dys) {
      py::gil_scoped_acquire gil;
      const py::handle ctx = keep_ctx.get();
      py::tuple given(count);
      for (size_t i = 0; i < count; i++) given[i] = py::none();
      for (size_t i = 0; i < at.size(); i++) {
        const bool fill = !dys[i].defined() && ctx.cast<const Context&>().materialize;
        given[at[i]] = fill ? Tensor::zeros(forms[i].first, forms[i].second) : dys[i];
      }
      const py::object r = py::handle(keep_cls.get()).attr("backward")(ctx, *given);
      py::list grads = py::isinstance<py::tuple>(r) ? py::list(r) : py::list();
      if (!py::isinstance<py::tuple>(r)) grads.append(r);
      while (grads.size() > total && grads[grads.size() - 1].is_none()) PySequence_DelItem(grads.ptr(), -1);
      check<Error>(grads.size() == total, "function ", name, " returned an incorrect number of gradients (expected ",
                   total, ", got ", grads.size(), ")");
      Grads out;
      for (size_t p : places) out.push_back(grads[p].is_none() ? Tensor() : grads[p].cast<Tensor>());
      return out;
    });
  }
  for (size_t i = 0; i < at.size(); i++) items[at[i]] = outputs[i];
  return single ? py::object(items[0]) : py::object(py::tuple(items));
}

struct FunctionBase {};

}  // namespace

void bind_tensor_function(py::module_& m) {
  py::class_<Context>(m, "FunctionCtx", py::dynamic_attr())
      .def("save_for_backward", [](Context& c, const py::args& args) { c.saved = tensors(args); })
      .def_property_readonly("saved_tensors", [](const Context& c) { return c.values(); })
      .def_property_readonly("needs_input_grad", [](const Context& c) { return py::tuple(py::cast(c.needs)); })
      .def("mark_non_differentiable", [](Context& c, const py::args& args) { c.plain = tensors(args); })
      .def(
          "set_materialize_grads", [](Context& c, bool on) { c.materialize = on; }, py::arg("value"))
      .def("mark_dirty", [](Context&, const py::args&) {
        fail<UnsupportedError>("mark_dirty: functions that change their inputs are not supported; return a new tensor");
      });
  py::module_ autograd = m.attr("autograd").cast<py::module_>();
  py::class_<FunctionBase> function(
      autograd, "Function",
      "An operation with a gradient of its own: subclass it, with static forward(ctx, …) and backward(ctx, …).");
  const auto bound = [&](const char* name, auto f, bool to_class) {
    py::cpp_function made(f, py::name(name));
    PyObject* wrapped = to_class ? PyClassMethod_New(made.ptr()) : PyStaticMethod_New(made.ptr());
    function.attr(name) = py::reinterpret_steal<py::object>(wrapped);
  };
  const auto missing = [](const char* text) {
    PyErr_SetString(PyExc_NotImplementedError, text);
    throw py::error_already_set();
  };
  bound("apply", apply, true);
  bound(
      "forward",
      [missing](const py::args&) { missing("You must implement the forward function for custom autograd.Function."); },
      false);
  bound(
      "backward",
      [missing](const py::args&) {
        missing("You must implement the backward for your custom autograd.Function to use it with backward mode AD.");
      },
      false);
  bound(
      "setup_context", [missing](const py::args&) { missing("setup_context is not implemented."); }, false);
}

}  // namespace ef
