// Operators and elementwise functions.
#include "bindings/tensor_support.h"

namespace ef {
namespace {

using Binary = Tensor (*)(const Tensor&, const Tensor&);
using Mixed = Tensor (*)(const Tensor&, Scalar);
using Unary = Tensor (*)(const Tensor&);

Tensor lift(const Tensor& like,
            Scalar v) {  // a number beside a tensor: 0-dim, of a category that promotes as a number does
  if (v.is_float() && is_floating(like.dtype()))
    return Tensor::scalar(v, like.dtype() == DType::Float64 ? DType::Float64 : DType::Float32);
  return Tensor::scalar(v);
}

// f on (tensor, tensor) and on (tensor, number): as function, method, in-place method and operators.
struct Pair {
  Both b;
  void operator()(const char* name, Binary f, Mixed g, const char* op = nullptr, const char* reflected = nullptr,
                  Mixed r = nullptr, const char* assigning = nullptr) const {
    b.def(name, f, py::arg("other"));
    b.def(name, g, py::arg("other"));
    const auto in_place = [&](const char* method, auto... extra) {
      b.c.def(
          method, [f](Tensor x, const Tensor& y) { return apply_inplace(x, f, y); }, py::arg("other"), extra...,
          NoGil());
      b.c.def(
          method, [g](Tensor x, Scalar y) { return apply_inplace(x, g, y); }, py::arg("other"), extra..., NoGil());
    };
    in_place((std::string(name) + "_").c_str());
    if (op) {
      b.c.def(op, f, py::is_operator(), NoGil());
      b.c.def(op, g, py::is_operator(), NoGil());
    }
    if (reflected) {
      b.c.def(
          reflected, [f](const Tensor& x, const Tensor& y) { return f(y, x); }, py::is_operator(), NoGil());
      b.c.def(reflected, r, py::is_operator(), NoGil());
    }
    if (assigning) in_place(assigning, py::is_operator());
  }
};
template <Binary f>
Tensor with_number(const Tensor& x, Scalar v) {
  return f(x, lift(x, v));
}
template <Binary f>
Tensor number_with(const Tensor& x, Scalar v) {
  return f(lift(x, v), x);
}

Tensor div_mode(const Tensor& a, const Tensor& b, const std::optional<std::string>& mode) {
  if (!mode) return div(a, b);
  if (*mode == "floor") return floor_divide(a, b);
  if (*mode == "trunc") return trunc_divide(a, b);
  fail<ConfigError>("div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '", *mode, "'");
}

}  // namespace

void bind_tensor_arithmetic(TensorClass& c, py::module_& m) {
  const Both both{c, m};
  const Pair pair{both};
  const auto alpha = py::arg("alpha") = 1;

  // add and sub take alpha
  const auto plus = [&](const char* name, Tensor (*f)(const Tensor&, const Tensor&, Scalar),
                        Tensor (*g)(const Tensor&, Scalar, Scalar)) {
    both.def(name, f, py::arg("other"), py::kw_only(), alpha);
    both.def(name, g, py::arg("other"), py::kw_only(), alpha);
    const std::string in_place = std::string(name) + "_";
    c.def(
        in_place.c_str(), [f](Tensor x, const Tensor& y, Scalar a) { return apply_inplace(x, f, y, a); },
        py::arg("other"), py::kw_only(), alpha, NoGil());
    c.def(
        in_place.c_str(), [g](Tensor x, Scalar y, Scalar a) { return apply_inplace(x, g, y, a); }, py::arg("other"),
        py::kw_only(), alpha, NoGil());
  };
  plus("add", add, add);
  plus("sub", sub, sub);
  const auto operators = [&](const char* name, Binary f, Mixed g, const char* reflected, Mixed r,
                             const char* assigning) {
    c.def(name, f, py::is_operator(), NoGil());
    c.def(name, g, py::is_operator(), NoGil());
    c.def(
        reflected, [f](const Tensor& x, const Tensor& y) { return f(y, x); }, py::is_operator(), NoGil());
    c.def(reflected, r, py::is_operator(), NoGil());
    c.def(
        assigning, [f](Tensor x, const Tensor& y) { return apply_inplace(x, f, y); }, py::is_operator(), NoGil());
    c.def(
        assigning, [g](Tensor x, Scalar y) { return apply_inplace(x, g, y); }, py::is_operator(), NoGil());
  };
  operators(
      "__add__", [](const Tensor& a, const Tensor& b) { return add(a, b); },
      [](const Tensor& a, Scalar b) { return add(a, b); }, "__radd__",
      [](const Tensor& a, Scalar b) { return add(a, b); }, "__iadd__");
  operators(
      "__sub__", [](const Tensor& a, const Tensor& b) { return sub(a, b); },
      [](const Tensor& a, Scalar b) { return sub(a, b); }, "__rsub__",
      [](const Tensor& a, Scalar b) { return rsub(a, b); }, "__isub__");
  m.def("rsub", static_cast<Mixed>(rsub), py::arg("input"), py::arg("other"), NoGil());

  pair("mul", mul, mul, "__mul__", "__rmul__", mul, "__imul__");
  const auto rdivide = [](const Tensor& x, Scalar v) { return rdiv(v, x); };
  operators("__truediv__", div, div, "__rtruediv__", rdivide, "__itruediv__");
  const auto mode = py::arg("rounding_mode") = py::none();
  both.def("div", div_mode, py::arg("other"), py::kw_only(), mode);
  both.def(
      "div",
      [](const Tensor& a, Scalar b, const std::optional<std::string>& mode) {
        return mode ? div_mode(a, lift(a, b), mode) : div(a, b);
      },
      py::arg("other"), py::kw_only(), mode);
  c.def(
      "div_",
      [](Tensor x, const Tensor& y, const std::optional<std::string>& mode) {
        return apply_inplace(x, div_mode, y, mode);
      },
      py::arg("other"), py::kw_only(), mode, NoGil());
  c.def(
      "div_", [](Tensor x, Scalar y) { return apply_inplace(x, static_cast<Mixed>(div), y); }, py::arg("other"),
      NoGil());
  for (const char* name : {"true_divide", "divide"}) {
    both.def(name, static_cast<Binary>(div), py::arg("other"));
    both.def(name, static_cast<Mixed>(div), py::arg("other"));
  }
  for (const char* name : {"multiply"})
    both.def(name, static_cast<Binary>(mul), py::arg("other")).def(name, static_cast<Mixed>(mul), py::arg("other"));
  pair("floor_divide", floor_divide, with_number<floor_divide>, "__floordiv__", "__rfloordiv__",
       number_with<floor_divide>, "__ifloordiv__");
  pair("remainder", remainder, with_number<remainder>, "__mod__", "__rmod__", number_with<remainder>, "__imod__");
  pair("fmod", fmod, with_number<fmod>);
  const auto rpower = [](const Tensor& x, Scalar v) { return rpow(v, x); };
  pair("pow", pow, pow, "__pow__", "__rpow__", rpower, "__ipow__");
  m.def(
      "pow", [](Scalar a, const Tensor& b) { return rpow(a, b); }, py::arg("self"), py::arg("exponent"), NoGil());
  both.def("maximum", maximum, py::arg("other"))
      .def("minimum", minimum, py::arg("other"))
      .def("atan2", atan2, py::arg("other"));
  both.def("lerp", lerp, py::arg("end"), py::arg("weight"));
  both.def(
      "lerp", [](const Tensor& a, const Tensor& b, Scalar w) { return add(a, mul(sub(b, a), w)); }, py::arg("end"),
      py::arg("weight"));
  c.def(
      "lerp_", [](Tensor a, const Tensor& b, Scalar w) { return inplace(a, add(a, mul(sub(b, a), w))); },
      py::arg("end"), py::arg("weight"), NoGil());
  const auto value = py::arg("value") = 1;
  both.def("addcmul", addcmul, py::arg("tensor1"), py::arg("tensor2"), py::kw_only(), value);
  both.def("addcdiv", addcdiv, py::arg("tensor1"), py::arg("tensor2"), py::kw_only(), value);
  c.def(
      "addcmul_",
      [](Tensor x, const Tensor& a, const Tensor& b, Scalar v) { return apply_inplace(x, addcmul, a, b, v); },
      py::arg("tensor1"), py::arg("tensor2"), py::kw_only(), value, NoGil());
  c.def(
      "addcdiv_",
      [](Tensor x, const Tensor& a, const Tensor& b, Scalar v) { return apply_inplace(x, addcdiv, a, b, v); },
      py::arg("tensor1"), py::arg("tensor2"), py::kw_only(), value, NoGil());

  pair("eq", eq, eq, "__eq__");
  pair("ne", ne, ne, "__ne__");
  pair("lt", lt, lt, "__lt__");
  pair("le", le, le, "__le__");
  pair("gt", gt, gt, "__gt__");
  pair("ge", ge, ge, "__ge__");
  // None and other strangers are simply not equal, as in torch
  c.def("__hash__", [](const Tensor& x) { return reinterpret_cast<uintptr_t>(x.impl()) >> 4; });
  pair("bitwise_and", bitwise_and, with_number<bitwise_and>, "__and__", "__rand__", number_with<bitwise_and>,
       "__iand__");
  pair("bitwise_or", bitwise_or, with_number<bitwise_or>, "__or__", "__ror__", number_with<bitwise_or>, "__ior__");
  pair("bitwise_xor", bitwise_xor, with_number<bitwise_xor>, "__xor__", "__rxor__", number_with<bitwise_xor>,
       "__ixor__");
  pair("bitwise_left_shift", shift_left, with_number<shift_left>, "__lshift__", "__rlshift__", number_with<shift_left>,
       "__ilshift__");
  pair("bitwise_right_shift", shift_right, with_number<shift_right>, "__rshift__", "__rrshift__",
       number_with<shift_right>, "__irshift__");
  both.def("logical_and", logical_and, py::arg("other"))
      .def("logical_or", logical_or, py::arg("other"))
      .def("logical_xor", logical_xor, py::arg("other"));
  for (auto& [name, f] : std::initializer_list<std::pair<const char*, Unary>>{{"neg", neg},
                                                                              {"negative", neg},
                                                                              {"abs", abs},
                                                                              {"absolute", abs},
                                                                              {"sign", sign},
                                                                              {"exp", exp},
                                                                              {"expm1", expm1},
                                                                              {"log", log},
                                                                              {"log2", log2},
                                                                              {"log10", log10},
                                                                              {"log1p", log1p},
                                                                              {"sqrt", sqrt},
                                                                              {"rsqrt", rsqrt},
                                                                              {"reciprocal", reciprocal},
                                                                              {"square", square},
                                                                              {"sin", sin},
                                                                              {"cos", cos},
                                                                              {"tan", tan},
                                                                              {"asin", asin},
                                                                              {"acos", acos},
                                                                              {"atan", atan},
                                                                              {"arctan", atan},
                                                                              {"sinh", sinh},
                                                                              {"cosh", cosh},
                                                                              {"tanh", tanh},
                                                                              {"erf", erf},
                                                                              {"floor", floor},
                                                                              {"ceil", ceil},
                                                                              {"trunc", trunc},
                                                                              {"frac", frac},
                                                                              {"relu", relu},
                                                                              {"sigmoid", sigmoid},
                                                                              {"logical_not", logical_not},
                                                                              {"bitwise_not", bitwise_not}})
    both.inplace(name, f);
  c.def("__neg__", &neg, NoGil())
      .def("__abs__", static_cast<Unary>(&abs), NoGil())
      .def("__invert__", &bitwise_not, NoGil());
  c.def("__pos__", [](const Tensor& x) { return x; });
  both.inplace("round", round, py::kw_only(), py::arg("decimals") = 0);
  both.def("logit", logit, py::arg("eps") = py::none())
      .def("logaddexp", logaddexp, py::arg("other"))
      .def("xlogy", xlogy, py::arg("other"));
  both.def("isnan", isnan).def("isinf", isinf).def("isfinite", isfinite);
  both.def("nan_to_num", nan_to_num, py::arg("nan") = 0.0, py::arg("posinf") = py::none(),
           py::arg("neginf") = py::none());

  using Bound = std::optional<Scalar>;
  using TensorBound = std::optional<Tensor>;
  const auto low = py::arg("min") = py::none(), high = py::arg("max") = py::none();
  for (const char* name : {"clamp", "clip"}) {
    both.def(
        name, [](const Tensor& x, Bound a, Bound b) { return clamp(x, a, b); }, low, high);
    both.def(
        name, [](const Tensor& x, TensorBound a, TensorBound b) { return clamp(x, or_undefined(a), or_undefined(b)); },
        low, high);
    c.def((std::string(name) + "_").c_str(),
          [](Tensor x, Bound a, Bound b) {
            return apply_inplace(
                x, [](const Tensor& t, Bound u, Bound v) { return clamp(t, u, v); }, a, b);
          },
          low, high, NoGil());
  }
  for (auto& [name, is_low] :
       std::initializer_list<std::pair<const char*, bool>>{{"clamp_min", true}, {"clamp_max", false}}) {
    const auto f = [is_low = is_low](const Tensor& x, Scalar v) {
      return is_low ? clamp(x, v, std::nullopt) : clamp(x, std::nullopt, v);
    };
    both.def(name, f, py::arg("value"));
    c.def((std::string(name) + "_").c_str(), [f](Tensor x, Scalar v) { return apply_inplace(x, f, v); },
          py::arg("value"), NoGil());
  }

  const auto rtol = py::arg("rtol") = 1e-5, atol = py::arg("atol") = 1e-8;
  const auto equal_nan = py::arg("equal_nan") = false;
  both.def("isclose", isclose, py::arg("other"), rtol, atol, equal_nan);
  both.def("allclose", allclose, py::arg("other"), rtol, atol, equal_nan);
  both.def("equal", equal, py::arg("other"));

  // where: any of the two values may be a number
  const auto choose = [](const Tensor& condition, py::handle a, py::handle b) {
    Scalar u = false, v = false;
    const bool number_a = !py::isinstance<Tensor>(a) && scalar_from_object(a, u),
               number_b = !py::isinstance<Tensor>(b) && scalar_from_object(b, v);
    Tensor x = number_a ? Tensor() : a.cast<Tensor>(), y = number_b ? Tensor() : b.cast<Tensor>();
    if (number_a) x = number_b ? Tensor::scalar(u) : lift(y, u);
    if (number_b) y = number_a ? Tensor::scalar(v) : lift(x, v);
    py::gil_scoped_release release;
    return where(condition, x, y);
  };
  m.def("where", choose, py::arg("condition"), py::arg("input"), py::arg("other"));
  m.def(
      "where",
      [](const Tensor& condition) {
        const Tensor at = nonzero(condition);
        return py::tuple(py::cast(unbind(at, 1)));
      },
      py::arg("condition"));
  c.def(
      "where",
      [choose](const Tensor& x, const Tensor& condition, py::handle other) {
        return choose(condition, py::cast(x), other);
      },
      py::arg("condition"), py::arg("other"));
  both.def("masked_fill", masked_fill, py::arg("mask"), py::arg("value"));
  both.def(
      "masked_fill",
      [](const Tensor& x, const Tensor& mask, const Tensor& value) {
        check<ShapeError>(value.dim() == 0,
                          "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with ", value.dim(),
                          " dimension(s).");
        return where(mask, value.to(x.dtype()), x);
      },
      py::arg("mask"), py::arg("value"));
  c.def(
      "masked_fill_", [](Tensor x, const Tensor& mask, Scalar v) { return apply_inplace(x, masked_fill, mask, v); },
      py::arg("mask"), py::arg("value"), NoGil());
  c.def(
      "fill_", [](Tensor x, Scalar v) { return x.fill_(v); }, py::arg("value"), NoGil());
  c.def(
      "fill_", [](Tensor x, const Tensor& v) { return x.copy_(v.reshape({})); }, py::arg("value"), NoGil());
  c.def(
      "zero_", [](Tensor x) { return x.zero_(); }, NoGil());
  c.def(
      "copy_", [](Tensor x, const Tensor& src, bool) { return x.copy_(src); }, py::arg("src"),
      py::arg("non_blocking") = false, NoGil());
}

}  // namespace ef
