// Functions of one argument.
#include "kernels/rowwise.h"
#include "autograd/memory.h"
#include "ops/elementwise.h"
#include "ops/helpers.h"

namespace ef {
namespace {

enum class Keep { X, Y };  // what the derivative is written in

// y = f(x), dx = df(v, dy) with v = x or y.
template <class F, class D>
Tensor real_unary(const char* name, const Tensor& x, Keep keep, F f, D df) {
  const DType out = real_type(x.dtype());
  Tensor y =
      visit_real(out, [&](auto tag) { return map<typename decltype(tag)::type>(out, x.shape(), kGrain / 4, f, x); });
  if (needs_grad(x))
    record(name, y, {x}, [df, v = save(keep == Keep::X ? x : y)](const Tensor& dy) {
      return Grads{visit_real(dy.dtype(), [&](auto tag) {
        return map<typename decltype(tag)::type>(dy.dtype(), dy.shape(), kGrain / 4, df, v.get(), dy);
      })};
    });
  return y;
}

// Steps: same dtype, gradient zero.
template <class F>
Tensor step(const char* name, const Tensor& x, F f) {
  if (!is_floating(x.dtype())) return x.clone();
  Tensor y = visit_real(
      x.dtype(), [&](auto tag) { return map<typename decltype(tag)::type>(x.dtype(), x.shape(), kGrain, f, x); });
  record(name, y, {x}, [](const Tensor& dy) { return Grads{Tensor::zeros(dy.shape(), dy.dtype())}; });
  return y;
}

Tensor kernel_values(rowwise::Unary f, const Tensor& x) {
  const DType out = real_type(x.dtype());
  const Tensor in = kernel_input(x, real_compute(out));
  Tensor y = like(in);
  visit_real(out, [&](auto tag) {
    using C = typename decltype(tag)::type;
    rowwise::unary<C>(f, in.numel(), in.data<C>(), y.mutable_data<C>());
  });
  return y.to(out);
}

// Functions with a vectorized kernel. 16-bit inputs pass through f32.
Tensor kernel_unary(const char* name, rowwise::Unary f, const Tensor& x) {
  Tensor y = kernel_values(f, x);
  record(name, y, {x}, [f, x = save(x)](const Tensor& dy) {
    const Tensor in = kernel_input(x), d = kernel_input(dy, in.dtype());
    Tensor dx = like(in);
    visit_real(in.dtype(), [&](auto tag) {
      using C = typename decltype(tag)::type;
      rowwise::unary_grad<C>(f, in.numel(), in.data<C>(), d.data<C>(), dx.mutable_data<C>());
    });
    return Grads{dx};
  });
  return y;
}

// The same where the derivative df(y, dy) follows from the result, which may then be computed in place.
template <class D>
Tensor kernel_unary(const char* name, rowwise::Unary f, const Tensor& x, D df) {
  Tensor y = kernel_values(f, x);
  record(name, y, {x}, [df, y = save(y)](const Tensor& dy) {
    return Grads{visit_real(dy.dtype(), [&](auto tag) {
      return map<typename decltype(tag)::type>(dy.dtype(), dy.shape(), kGrain, df, y.get(), dy);
    })};
  });
  return y;
}

}  // namespace

Tensor neg(const Tensor& x) {
  check<DtypeError>(x.dtype() != DType::Bool,
                    "Negation, the `-` operator, on a bool tensor is not supported. If you are "
                    "trying to invert a mask, use the `~` or `logical_not()` operator instead.");
  return mul(x, -1);
}

Tensor abs(const Tensor& x) {
  Tensor y = visit_compute(x.dtype(), "abs", [&](auto tag) {
    using C = typename decltype(tag)::type;
    return map<C>(
        x.dtype(), x.shape(), kGrain,
        [](C v) { return std::is_floating_point_v<C> ? C(std::abs(v))
                         : v < 0                     ? C(0 - uint64_t(v))
                                                     : v; }, x);
  });
  record("AbsBackward0", y, {x}, [x = save(x)](const Tensor& dy) { return Grads{mul(dy, sign(x))}; });
  return y;
}
Tensor sign(const Tensor& x) {
  Tensor y = visit_compute(x.dtype(), "sign", [&](auto tag) {
    using C = typename decltype(tag)::type;
    return map<C>(
        x.dtype(), x.shape(), kGrain, [](C v) { return C((v > 0) - (v < 0)); }, x);
  });
  record("SignBackward0", y, {x}, [](const Tensor& dy) { return Grads{Tensor::zeros(dy.shape(), dy.dtype())}; });
  return y;
}

Tensor exp(const Tensor& x) {
  return kernel_unary("ExpBackward0", rowwise::Unary::Exp, x, [](auto y, auto d) { return d * y; });
}
Tensor log(const Tensor& x) { return kernel_unary("LogBackward0", rowwise::Unary::Log, x); }
Tensor tanh(const Tensor& x) {
  return kernel_unary("TanhBackward0", rowwise::Unary::Tanh, x, [](auto y, auto d) { return d * (1 - y * y); });
}
Tensor erf(const Tensor& x) { return kernel_unary("ErfBackward0", rowwise::Unary::Erf, x); }
Tensor sigmoid(const Tensor& x) {
  return kernel_unary("SigmoidBackward0", rowwise::Unary::Sigmoid, x, [](auto y, auto d) { return d * y * (1 - y); });
}
Tensor silu(const Tensor& x) { return kernel_unary("SiluBackward0", rowwise::Unary::Silu, x); }
Tensor gelu(const Tensor& x, bool tanh_approximation) {
  return kernel_unary("GeluBackward0", tanh_approximation ? rowwise::Unary::GeluTanh : rowwise::Unary::Gelu, x);
}
Tensor quick_gelu(const Tensor& x) { return kernel_unary("QuickGeluBackward", rowwise::Unary::QuickGelu, x); }
Tensor mish(const Tensor& x) { return kernel_unary("MishBackward0", rowwise::Unary::Mish, x); }
Tensor hardswish(const Tensor& x) { return kernel_unary("HardswishBackward0", rowwise::Unary::HardSwish, x); }
Tensor hardsigmoid(const Tensor& x) { return kernel_unary("HardsigmoidBackward0", rowwise::Unary::HardSigmoid, x); }
Tensor relu2(const Tensor& x) { return kernel_unary("Relu2Backward", rowwise::Unary::Relu2, x); }
Tensor relu(const Tensor& x) {
  if (is_floating(x.dtype()))
    return kernel_unary("ReluBackward0", rowwise::Unary::Relu, x,
                        [](auto y, auto d) { return y > 0 ? d : decltype(d)(0); });
  return visit_compute(x.dtype(), "relu", [&](auto tag) {
    using C = typename decltype(tag)::type;
    return map<C>(
        x.dtype(), x.shape(), kGrain, [](C v) { return v > 0 ? v : C(0); }, x);
  });
}

Tensor expm1(const Tensor& x) {
  return real_unary(
      "Expm1Backward0", x, Keep::Y, [](auto v) { return std::expm1(v); }, [](auto y, auto d) { return d * (y + 1); });
}
Tensor log2(const Tensor& x) {
  return real_unary(
      "Log2Backward0", x, Keep::X, [](auto v) { return std::log2(v); },
      [](auto v, auto d) { return d / (v * decltype(v)(M_LN2)); });
}
Tensor log10(const Tensor& x) {
  return real_unary(
      "Log10Backward0", x, Keep::X, [](auto v) { return std::log10(v); },
      [](auto v, auto d) { return d / (v * decltype(v)(M_LN10)); });
}
Tensor log1p(const Tensor& x) {
  return real_unary(
      "Log1PBackward0", x, Keep::X, [](auto v) { return std::log1p(v); }, [](auto v, auto d) { return d / (v + 1); });
}
Tensor sqrt(const Tensor& x) {
  return real_unary(
      "SqrtBackward0", x, Keep::Y, [](auto v) { return std::sqrt(v); }, [](auto y, auto d) { return d / (2 * y); });
}
Tensor rsqrt(const Tensor& x) {
  return real_unary(
      "RsqrtBackward0", x, Keep::Y, [](auto v) { return 1 / std::sqrt(v); },
      [](auto y, auto d) { return d * decltype(y)(-0.5) * y * y * y; });
}
Tensor reciprocal(const Tensor& x) {
  return real_unary(
      "ReciprocalBackward0", x, Keep::Y, [](auto v) { return 1 / v; }, [](auto y, auto d) { return -d * y * y; });
}
Tensor square(const Tensor& x) { return pow(x, 2); }
Tensor sin(const Tensor& x) {
  return real_unary(
      "SinBackward0", x, Keep::X, [](auto v) { return std::sin(v); }, [](auto v, auto d) { return d * std::cos(v); });
}
Tensor cos(const Tensor& x) {
  return real_unary(
      "CosBackward0", x, Keep::X, [](auto v) { return std::cos(v); }, [](auto v, auto d) { return -d * std::sin(v); });
}
Tensor tan(const Tensor& x) {
  return real_unary(
      "TanBackward0", x, Keep::Y, [](auto v) { return std::tan(v); }, [](auto y, auto d) { return d * (1 + y * y); });
}
Tensor asin(const Tensor& x) {
  return real_unary(
      "AsinBackward0", x, Keep::X, [](auto v) { return std::asin(v); },
      [](auto v, auto d) { return d / std::sqrt(1 - v * v); });
}
Tensor acos(const Tensor& x) {
  return real_unary(
      "AcosBackward0", x, Keep::X, [](auto v) { return std::acos(v); },
      [](auto v, auto d) { return -d / std::sqrt(1 - v * v); });
}
Tensor atan(const Tensor& x) {
  return real_unary(
      "AtanBackward0", x, Keep::X, [](auto v) { return std::atan(v); }, [](auto v, auto d) { return d / (1 + v * v); });
}
Tensor sinh(const Tensor& x) {
  return real_unary(
      "SinhBackward0", x, Keep::X, [](auto v) { return std::sinh(v); },
      [](auto v, auto d) { return d * std::cosh(v); });
}
Tensor cosh(const Tensor& x) {
  return real_unary(
      "CoshBackward0", x, Keep::X, [](auto v) { return std::cosh(v); },
      [](auto v, auto d) { return d * std::sinh(v); });
}

Tensor floor(const Tensor& x) {
  return step("FloorBackward0", x, [](auto v) { return std::floor(v); });
}
Tensor ceil(const Tensor& x) {
  return step("CeilBackward0", x, [](auto v) { return std::ceil(v); });
}
Tensor trunc(const Tensor& x) {
  return step("TruncBackward0", x, [](auto v) { return std::trunc(v); });
}
Tensor round(const Tensor& x, int decimals) {
  if (!decimals) return step("RoundBackward0", x, [](auto v) { return std::nearbyint(v); });
  const double scale = std::pow(10.0, std::abs(decimals));
  return step("RoundBackward1", x, [scale, up = decimals > 0](auto v) {
    const auto s = decltype(v)(scale);
    return up ? std::nearbyint(v * s) / s : std::nearbyint(v / s) * s;
  });
}
Tensor frac(const Tensor& x) {
  return real_unary(
      "FracBackward0", x, Keep::X, [](auto v) { return v - std::trunc(v); }, [](auto, auto d) { return d; });
}

Tensor softplus(const Tensor& x, double beta, double threshold) {
  if (beta == 1 && threshold == 20) return kernel_unary("SoftplusBackward0", rowwise::Unary::Softplus, x);
  return real_unary(
      "SoftplusBackward0", x, Keep::X,
      [=](auto v) { return v * beta > threshold ? v : decltype(v)(std::log1p(std::exp(v * beta)) / beta); },
      [=](auto v, auto d) { return v * beta > threshold ? d : decltype(v)(d / (1 + std::exp(-v * beta))); });
}
Tensor log_sigmoid(const Tensor& x) {
  return real_unary(
      "LogSigmoidBackward0", x, Keep::X,
      [](auto v) { return std::min(v, decltype(v)(0)) - std::log1p(std::exp(-std::abs(v))); },
      [](auto v, auto d) { return d / (1 + std::exp(v)); });
}
Tensor elu(const Tensor& x, double alpha) {
  return real_unary(
      "EluBackward0", x, Keep::X, [alpha](auto v) { return v > 0 ? v : decltype(v)(alpha) * std::expm1(v); },
      [alpha](auto v, auto d) { return v > 0 ? d : d * decltype(v)(alpha) * std::exp(v); });
}
Tensor leaky_relu(const Tensor& x, double slope) {
  return real_unary(
      "LeakyReluBackward0", x, Keep::X, [slope](auto v) { return v > 0 ? v : v * decltype(v)(slope); },
      [slope](auto v, auto d) { return v > 0 ? d : d * decltype(v)(slope); });
}
Tensor softcap(const Tensor& x, double cap) {
  check<ConfigError>(cap > 0, "softcap: found a cap of ", cap, ", needed more than 0");
  return mul(tanh(div(x, cap)), cap);
}

namespace {
Tensor glu_forward(rowwise::Unary f, const Tensor& gate, const Tensor& up, DType compute) {
  const Tensor g = kernel_input(gate, compute), u = kernel_input(up, compute);
  Tensor y = like(g);
  visit_real(compute, [&](auto tag) {
    using C = typename decltype(tag)::type;
    const int64_t n = g.numel();
    const int64_t width = g.dim() && n ? g.size(-1) : 1;  // rows share the threads
    rowwise::glu<C>(f, n / width, width, g.data<C>(), width, u.data<C>(), width, y.mutable_data<C>(), width);
  });
  return y;
}
Tensor glu(const char* name, rowwise::Unary f, const Tensor& gate, const Tensor& up) {
  check<ShapeError>(gate.shape() == up.shape(), name, ": gate has shape ", gate.shape(), ", up ", up.shape(),
                    "; they must be equal");
  const DType out = real_type(result_type(gate, up)), compute = real_compute(out);
  Tensor y = glu_forward(f, gate, up, compute).to(out);
  if (!needs_grad(gate, up)) return y;
  const Saved kept_gate = save_activation(gate), kept_up = save_activation(up);
  record(name, y, {gate, up}, [f, kept_gate, kept_up](const Tensor& dy) {
    const DType compute = real_compute(dy.dtype());
    const Tensor g = kernel_input(kept_gate, compute), u = kernel_input(kept_up, compute),
                 d = kernel_input(dy, compute);
    Tensor dg = like(g), du = like(g);
    visit_real(compute, [&](auto tag) {
      using C = typename decltype(tag)::type;
      const int64_t n = g.numel(), width = g.dim() && n ? g.size(-1) : 1;
      rowwise::glu_grad<C>(f, n / width, width, g.data<C>(), width, u.data<C>(), width, d.data<C>(), width,
                           dg.mutable_data<C>(), width, du.mutable_data<C>(), width);
    });
    return Grads{dg, du};
  });
  set_recipe(y, [=] { return glu_forward(f, kept_gate, kept_up, compute).to(out); });
  return y;
}
}  // namespace

Tensor silu_mul(const Tensor& gate, const Tensor& up) { return glu("SiluMulBackward", rowwise::Unary::Silu, gate, up); }
Tensor gelu_mul(const Tensor& gate, const Tensor& up, bool tanh_approximation) {
  return glu("GeluMulBackward", tanh_approximation ? rowwise::Unary::GeluTanh : rowwise::Unary::Gelu, gate, up);
}

}  // namespace ef
