// Gradients: a tensor's part, modes, hooks, backward and grad.
#include "autograd/memory.h"
#include "bindings/tensor_support.h"
#include "nn/derived.h"

namespace ef {
namespace {

// A Python function kept by C++, called with the GIL.
std::shared_ptr<PyObject> kept(py::object f) {
  return {f.release().ptr(), [](PyObject* p) {
            if (!Py_IsInitialized()) return;
            py::gil_scoped_acquire gil;
            Py_DECREF(p);
          }};
}

struct HookHandle {
  Tensor tensor;
  uint64_t id;
};

HookHandle add_hook(const Tensor& x, py::function f) {
  return {x, register_hook(x, [f = kept(f)](const Tensor& g) {
            py::gil_scoped_acquire gil;
            const py::object r = py::handle(f.get())(g);
            return r.is_none() ? Tensor() : r.cast<Tensor>();
          })};
}

std::vector<Tensor> tensors_of(py::handle h) {
  if (!h || h.is_none()) return {};
  if (py::isinstance<Tensor>(h)) return {h.cast<Tensor>()};
  std::vector<Tensor> out;
  for (py::handle item : h) out.push_back(item.is_none() ? Tensor() : item.cast<Tensor>());
  return out;
}

void run_backward(const std::vector<Tensor>& roots, const std::vector<Tensor>& gradients, std::optional<bool> retain,
                  bool create, py::handle inputs) {
  BackwardOptions options;
  options.create_graph = create;
  options.retain_graph = retain.value_or(create);
  options.inputs = tensors_of(inputs);
  py::gil_scoped_release release;
  backward(roots, gradients, options);
}

// no_grad and its kin: context managers, and decorators with or without parentheses.
class Mode {
 public:
  enum Kind { NoGrad, EnableGrad, SetGrad, Inference };
  Mode(Kind kind, bool value, py::object function = py::none())
      : kind_(kind), value_(value), function_(std::move(function)) {}
  void enter() {
    before_.push_back(kind_ == SetGrad && entered_at_once_ ? std::exchange(entered_at_once_, false) && outer_
                                                           : grad_enabled());
    if (kind_ == Inference)
      inference_.push_back(std::make_shared<InferenceModeGuard>(value_));
    else
      set_grad_enabled(kind_ == NoGrad ? false : kind_ == EnableGrad ? true : value_);
  }
  void leave() {
    if (before_.empty()) return;
    if (kind_ == Inference)
      inference_.pop_back();
    else
      set_grad_enabled(before_.back());
    before_.pop_back();
  }
  void set_at_once() {  // set_grad_enabled(False) alone already switches
    outer_ = grad_enabled();
    entered_at_once_ = true;
    set_grad_enabled(value_);
  }
  py::object call(py::object self, const py::args& args, const py::kwargs& kwargs) {
    if (function_.is_none()) {
      if (args.size() != 1 || !PyCallable_Check(py::object(args[0]).ptr()))
        throw py::type_error("expected a function to decorate");
      if (entered_at_once_) {
        set_grad_enabled(outer_);
        entered_at_once_ = false;
      }
      py::object wrapped = py::cast(Mode(kind_, value_, args[0]));
      py::module_::import("functools").attr("update_wrapper")(wrapped, args[0]);
      return wrapped;
    }
    Mode once(kind_, value_);
    once.enter();
    try {
      py::object result = function_(*args, **kwargs);
      once.leave();
      return result;
    } catch (...) {
      once.leave();
      throw;
    }
  }

 private:
  Kind kind_;
  bool value_;
  py::object function_;
  std::vector<bool> before_;
  std::vector<std::shared_ptr<InferenceModeGuard>> inference_;
  bool entered_at_once_ = false, outer_ = true;
};

}  // namespace

void bind_tensor_autograd(TensorClass& c, py::module_& m) {
  py::class_<Node, std::shared_ptr<Node>>(m, "Node", "A recorded operation.")
      .def("name", [](const Node& n) { return n.name; })
      .def_property_readonly("next_functions",
                             [](const Node& n) {
                               py::list out;
                               for (const Edge& e : n.inputs) out.append(py::make_tuple(e.node, e.output));
                               return py::tuple(out);
                             })
      .def("__repr__", [](const std::shared_ptr<Node>& n) { return str("<", n->name, " object at ", n.get(), ">"); });
  py::class_<HookHandle>(m, "RemovableHandle")
      .def("remove", [](const HookHandle& h) { remove_hook(h.tensor, h.id); })
      .def("__enter__", [](py::object self) { return self; })
      .def("__exit__", [](const HookHandle& h, const py::args&) { remove_hook(h.tensor, h.id); });

  c.def_property(
       "requires_grad", [](const Tensor& x) { return x.requires_grad(); },
       [](Tensor x, bool on) { set_requires_grad(x, on); })
      .def(
          "requires_grad_", [](Tensor x, bool on) { return set_requires_grad(x, on); }, py::arg("requires_grad") = true)
      .def_property_readonly("is_leaf", [](const Tensor& x) { return is_leaf(x); })
      .def_property_readonly("grad_fn", [](const Tensor& x) { return grad_fn(x); })
      .def_property(
          "grad", [](const Tensor& x) { return grad(x); },
          [](const Tensor& x, const std::optional<Tensor>& g) {
            check<ShapeError>(!g || g->shape() == x.shape(), "assigned grad has data of a different size: found ",
                              g ? g->shape() : Shape(), ", needed ", x.shape());
            set_grad(x, or_undefined(g));
          })
      .def_property(
          "data", [](const Tensor& x) { return x.detach(); },
          [](Tensor x, const Tensor& value) {
            check<DtypeError>(!x.requires_grad() || is_floating(value.dtype()),
                              "data set to a tensor that requires gradients must be "
                              "floating point or complex dtype");
            TensorImpl& impl = *x.impl();
            impl.storage = value.storage();
            impl.shape = value.shape();
            impl.strides = value.strides();
            impl.offset = value.offset();
            impl.numel = value.numel();
            impl.dtype = value.dtype();
            modules_changed();  // it may be a parameter
          })
      .def("detach", [](const Tensor& x) { return x.detach(); })
      .def("detach_",
           [](Tensor x) {
             x.impl()->autograd.reset();
             return x;
           })
      .def("retain_grad", [](const Tensor& x) { retain_grad(x); })
      .def_property_readonly("retains_grad",
                             [](const Tensor& x) {
                               const auto node = grad_fn(x);
                               return node && std::any_of(node->outputs.begin(), node->outputs.end(),
                                                          [&](auto& o) { return o.retained.lock() == x.impl_ptr(); });
                             })
      .def("is_inference", [](const Tensor&) { return false; })
      .def("register_hook", &add_hook, py::arg("hook"))
      .def(
          "register_post_accumulate_grad_hook",
          [](const Tensor& x, py::function f) {
            return HookHandle{x, register_post_accumulate_grad_hook(x, [f = kept(f)](const Tensor& p) {
                                py::gil_scoped_acquire gil;
                                py::handle(f.get())(p);
                              })};
          },
          py::arg("hook"))
      .def(
          "backward",
          [](const Tensor& x, const std::optional<Tensor>& gradient, std::optional<bool> retain, bool create,
             py::handle inputs) { run_backward({x}, {or_undefined(gradient)}, retain, create, inputs); },
          py::arg("gradient") = py::none(), py::arg("retain_graph") = py::none(), py::arg("create_graph") = false,
          py::arg("inputs") = py::none());

  py::module_ autograd = m.def_submodule("autograd", "Gradients by hand: `grad`, `backward`, `Function`.");
  autograd.def(
      "backward",
      [](py::handle tensors, py::handle grads, std::optional<bool> retain, bool create, py::handle inputs) {
        run_backward(tensors_of(tensors), tensors_of(grads), retain, create, inputs);
      },
      py::arg("tensors"), py::arg("grad_tensors") = py::none(), py::arg("retain_graph") = py::none(),
      py::arg("create_graph") = false, py::arg("inputs") = py::none());
  autograd.def(
      "grad",
      [](py::handle outputs, py::handle inputs, py::handle grads, std::optional<bool> retain, bool create,
         bool allow_unused) {
        check<UnsupportedError>(!create, "grad: create_graph=True (gradients of gradients) is not supported");
        const auto y = tensors_of(outputs), x = tensors_of(inputs), g = tensors_of(grads);
        std::vector<Tensor> result;
        {
          py::gil_scoped_release release;
          result = grad(y, x, g, retain.value_or(false), allow_unused);
        }
        return py::tuple(py::cast(result));
      },
      py::arg("outputs"), py::arg("inputs"), py::arg("grad_outputs") = py::none(), py::arg("retain_graph") = py::none(),
      py::arg("create_graph") = false, py::arg("allow_unused") = false);

  autograd.def("_training_mode", [] { return py::make_tuple(training_mode().bf16_products, training_mode().rounded); });
  autograd.def(
      "_set_training_mode",
      [](bool bf16_products, bool rounded) {
        set_training_mode({bf16_products, rounded});
      },
      py::arg("bf16_products"), py::arg("rounded"));

  // Each name is a class of its own, as in torch, so that isinstance and `with no_grad():` read alike.
  py::class_<Mode> mode(m, "_GradMode", py::dynamic_attr());
  mode.def("__enter__",
           [](py::object self) {
             self.cast<Mode&>().enter();
             return self;
           })
      .def("__exit__", [](Mode& mode, const py::args&) { mode.leave(); })
      .def("__call__", [](py::object self, const py::args& args,
                          const py::kwargs& kwargs) { return self.cast<Mode&>().call(self, args, kwargs); })
      .def(
          "__get__",
          [](py::object self, py::object instance, py::handle) -> py::object {  // a decorated method
            if (instance.is_none()) return self;
            return py::module_::import("types").attr("MethodType")(self, instance);
          },
          py::arg("instance").none(true), py::arg("owner").none(true) = py::none());
  const auto switches = [&](const char* name, Mode::Kind kind) {
    m.def(
        name,
        [kind](py::object function) {
          Mode made(kind, true);
          py::object mode = py::cast(std::move(made));
          return function.is_none() ? mode : mode(function);
        },
        py::arg("orig_func") = py::none());
  };
  switches("no_grad", Mode::NoGrad);
  switches("enable_grad", Mode::EnableGrad);
  m.def(
      "inference_mode",
      [](py::object mode) {
        if (py::isinstance<py::bool_>(mode)) return py::cast(Mode(Mode::Inference, mode.cast<bool>()));
        return py::cast(Mode(Mode::Inference, true))(mode);
      },
      py::arg("mode") = true);
  m.def(
      "set_grad_enabled",
      [](bool on) {
        py::object mode = py::cast(Mode(Mode::SetGrad, on));
        mode.cast<Mode&>().set_at_once();
        return mode;
      },
      py::arg("mode"));
  m.def("is_grad_enabled", &grad_enabled);
  m.def("is_inference_mode_enabled", &inference_mode_enabled);

  m.def(
      "checkpoint",
      [](py::function f, const py::args& args, std::optional<bool>, bool preserve,
         const py::kwargs& kwargs) -> py::object {
        std::vector<Tensor> inputs;
        std::vector<size_t> places;
        for (size_t i = 0; i < args.size(); i++)
          if (py::isinstance<Tensor>(args[i])) {
            places.push_back(i);
            inputs.push_back(args[i].cast<Tensor>());
          }
        const auto call = kept(f), rest = kept(args), named = kept(kwargs);
        auto single = std::make_shared<bool>(false);
        const CheckpointFn fn = [=](const std::vector<Tensor>& xs) {
          py::gil_scoped_acquire gil;
          py::list list(py::reinterpret_borrow<py::tuple>(rest.get()));
          for (size_t i = 0; i < places.size(); i++) list[places[i]] = xs[i];
          const py::object y = py::reinterpret_borrow<py::object>(call.get())(
              *py::tuple(list), **py::reinterpret_borrow<py::dict>(named.get()));
          *single = py::isinstance<Tensor>(y);
          return tensors_of(y);
        };
        std::vector<Tensor> out;
        {
          py::gil_scoped_release release;
          out = checkpoint(fn, inputs, preserve);
        }
        return *single ? py::cast(out[0]) : py::object(py::tuple(py::cast(out)));
      },
      py::arg("function"), py::kw_only(), py::arg("use_reentrant") = py::none(), py::arg("preserve_rng_state") = true,
      "y = function(*args) without keeping its inner values: they are computed again in backward.");
}

}  // namespace ef
