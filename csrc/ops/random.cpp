// Random numbers in the order in which torch's CPU generator hands them out: the same seed gives the same values.
#include "ops/random.h"

#include <algorithm>
#include <numeric>

#include "ops/elementwise.h"
#include "ops/helpers.h"
#include "ops/index.h"
#include "ops/reduce.h"

namespace ef {
namespace {

// Draws with the generator held: f(generator).
template <class F>
void draw(Generator* generator, F&& f) {
  std::lock_guard lock(generator_lock());
  f(generator ? *generator : default_generator());
}

void check_float(const char* where, const Tensor& x) {
  check<DtypeError>(is_floating(x.dtype()) && is_computable(x.dtype()), "\"", where, "\" not implemented for '",
                    scalar_name(x.dtype()), "'");
}

// One value at a time into x, in row-major order whatever its strides.
template <class F>
Tensor& fill(Tensor& x, F&& next) {
  check_inplace(x);
  const bool wide = x.dtype() == DType::Float64;
  Tensor values = Tensor::empty(x.shape(), wide ? DType::Float64 : DType::Float32);
  visit_real(x.dtype(), [&](auto tag) {
    using C = typename decltype(tag)::type;
    C* out = values.mutable_data<C>();
    for (int64_t i = 0; i < values.numel(); i++) out[i] = C(next());
  });
  copy_data(x, values);
  return x;
}

// Sixteen uniforms become sixteen normals: number j is paired with j + 8 (Box and Muller).
template <class C>
void sixteen_normals(C* v, C mean, C std) {
  for (int j = 0; j < 8; j++) {
    const C radius = std::sqrt(C(-2) * std::log(C(1) - v[j])), angle = C(2 * M_PI) * v[j + 8];
    v[j] = radius * std::cos(angle) * std + mean;
    v[j + 8] = radius * std::sin(angle) * std + mean;
  }
}

}  // namespace

Tensor& uniform_(Tensor& x, double low, double high, Generator* generator) {
  check_float("check_uniform_bounds", x);
  check<ConfigError>(low <= high, "uniform_ expects to return a [from, to) range, but found from=", low,
                     " > to=", high);
  const bool wide = x.dtype() == DType::Float64;
  draw(generator, [&](Generator& g) {
    if (wide)
      fill(x, [&] { return g.uniform_double() * (high - low) + low; });
    else
      fill(x, [&] { return g.uniform() * float(high - low) + float(low); });
  });
  return x;
}

Tensor& normal_(Tensor& x, double mean, double std, Generator* generator) {
  check_float("normal_", x);
  check<ConfigError>(std >= 0, "normal expects std >= 0.0, but found std ", std);
  draw(generator, [&](Generator& g) {
    const int64_t n = x.numel();
    if (n < 16 || !x.is_contiguous()) {
      fill(x, [&] { return g.normal() * std + mean; });
      return;
    }
    check_inplace(x);
    visit_real(x.dtype(), [&](auto tag) {
      using C = typename decltype(tag)::type;
      const auto uniform = [&g] { return std::is_same_v<C, double> ? C(g.uniform_double()) : C(g.uniform()); };
      Tensor values = Tensor::empty({n}, dtype_of<C>);
      C* v = values.mutable_data<C>();
      for (int64_t i = 0; i < n; i++) v[i] = uniform();
      for (int64_t i = 0; i + 16 <= n; i += 16) sixteen_normals(v + i, C(mean), C(std));
      if (n % 16) {  // the last sixteen once more
        for (int64_t i = n - 16; i < n; i++) v[i] = uniform();
        sixteen_normals(v + n - 16, C(mean), C(std));
      }
      copy_data(x, values.view(x.shape()));
    });
  });
  return x;
}

Tensor& bernoulli_(Tensor& x, double p, Generator* generator) {
  check<ConfigError>(p >= 0 && p <= 1, "bernoulli_ expects p to be in [0, 1], but got p=", p);
  check_inplace(x);
  Tensor bits = Tensor::empty(x.shape(), DType::UInt8);
  auto* out = bits.mutable_data<uint8_t>();
  draw(generator, [&](Generator& g) {
    for (int64_t i = 0; i < bits.numel(); i++) out[i] = g.uniform_double() < p;
  });
  copy_data(x, bits);
  return x;
}
Tensor bernoulli(const Tensor& p, Generator* generator) {
  check_float("bernoulli", p);
  const Tensor in = kernel_input(p);
  Tensor y = like(in);
  visit_real(in.dtype(), [&](auto tag) {
    using C = typename decltype(tag)::type;
    const C* v = in.data<C>();
    C* out = y.mutable_data<C>();
    draw(generator, [&](Generator& g) {
      for (int64_t i = 0; i < in.numel(); i++) {
        check<ConfigError>(v[i] >= 0 && v[i] <= 1,
                           "Expected p_in >= 0 && p_in <= 1 to be true, but got false: p = ", v[i]);
        out[i] = C(std::is_same_v<C, double> ? g.uniform_double() < v[i] : g.uniform() < v[i]);
      }
    });
  });
  return y.to(p.dtype());
}

Tensor& exponential_(Tensor& x, double lambda, Generator* generator) {
  check_float("exponential_", x);
  check<ConfigError>(lambda > 0, "exponential_ expects lambda > 0.0, but found lambda=", lambda);
  draw(generator, [&](Generator& g) { fill(x, [&] { return -std::log1p(-g.uniform_double()) / lambda; }); });
  return x;
}

Tensor& trunc_normal_(Tensor& x, double mean, double std, double low, double high, Generator* generator) {
  check_float("trunc_normal_", x);
  const auto cdf = [](double v) { return (1 + std::erf(v / M_SQRT2)) / 2; };
  // Inverse of erf by Newton's steps on a rough start; good to the last bits of a double.
  const auto inverse_erf = [](double y) {
    const double w = std::log(1 - y * y), t = 2 / (M_PI * 0.147) + w / 2;
    double x = std::copysign(std::sqrt(std::sqrt(t * t - w / 0.147) - t), y);
    for (int i = 0; i < 4; i++) x -= (std::erf(x) - y) / (2 / std::sqrt(M_PI) * std::exp(-x * x));
    return x;
  };
  const double from = 2 * cdf((low - mean) / std) - 1, to = 2 * cdf((high - mean) / std) - 1;
  const bool wide = x.dtype() == DType::Float64;
  draw(generator, [&](Generator& g) {
    fill(x, [&] {
      const double u = (wide ? g.uniform_double() : double(g.uniform())) * (to - from) + from;
      return std::clamp(inverse_erf(std::clamp(u, -1 + 1e-15, 1 - 1e-15)) * std * M_SQRT2 + mean, low, high);
    });
  });
  return x;
}

Tensor rand(const Shape& shape, DType dtype, Generator* generator) {
  Tensor x = Tensor::empty(shape, dtype);
  return uniform_(x, 0, 1, generator);
}
Tensor randn(const Shape& shape, DType dtype, Generator* generator) {
  Tensor x = Tensor::empty(shape, dtype);
  return normal_(x, 0, 1, generator);
}
Tensor randint(int64_t low, int64_t high, const Shape& shape, DType dtype, Generator* generator) {
  check<ConfigError>(low < high, "random_ expects 'from' to be less than 'to', but got from=", low, " >= to=", high);
  const uint64_t range = uint64_t(high) - uint64_t(low);
  Tensor y = Tensor::empty(shape, DType::Int64);
  int64_t* out = y.mutable_data<int64_t>();
  draw(generator, [&](Generator& g) {
    for (int64_t i = 0; i < y.numel(); i++)
      out[i] = int64_t((range >= uint64_t(1) << 28 ? g.random64() : g.random()) % range + uint64_t(low));
  });
  return y.to(dtype);
}
Tensor randperm(int64_t n, DType dtype, Generator* generator) {
  check<ConfigError>(n >= 0, "n must be non-negative, got ", n);
  Tensor y = Tensor::arange(n);
  int64_t* v = y.mutable_data<int64_t>();
  draw(generator, [&](Generator& g) {
    for (int64_t i = 0; i + 1 < n; i++) std::swap(v[i], v[i + int64_t(g.random() % uint64_t(n - i))]);
  });
  return y.to(dtype);
}

Tensor multinomial(const Tensor& weights, int64_t samples, bool replacement, Generator* generator) {
  check<ShapeError>(weights.dim() == 1 || weights.dim() == 2, "prob_dist must be 1 or 2 dim");
  check_float("multinomial", weights);
  check<ConfigError>(samples > 0, "cannot sample n_sample <= 0 samples");
  check<ConfigError>(replacement || samples <= weights.size(-1),
                     "cannot sample n_sample > prob_dist.size(-1) samples without replacement");
  const Tensor p = weights.detach().to(DType::Float64).reshape({-1, weights.size(-1)}).contiguous();
  const int64_t rows = p.size(0), n = p.size(1);
  const double* v = p.data<double>();
  for (int64_t r = 0; r < rows; r++) {
    double total = 0;
    for (int64_t i = 0; i < n; i++) {
      const double w = v[r * n + i];
      check<Error>(w >= 0 && std::isfinite(w), "probability tensor contains either `inf`, `nan` or element < 0");
      total += w;
    }
    check<Error>(total > 0, "invalid multinomial distribution (sum of probabilities <= 0)");
  }
  Tensor y;
  if (!replacement || samples == 1) {  // the largest of p over exponential variates
    Tensor q = Tensor::empty(weights.shape(), weights.dtype());
    exponential_(q, 1, generator);
    const Tensor race = div(weights.detach(), q);
    y = samples == 1 ? argmax(race, -1, true) : topk(race, samples, -1).second;
  } else {
    y = Tensor::empty({rows, samples}, DType::Int64);
    int64_t* out = y.mutable_data<int64_t>();
    draw(generator, [&](Generator& g) {
      std::vector<double> sums(static_cast<size_t>(n));
      for (int64_t r = 0; r < rows; r++) {
        std::partial_sum(v + r * n, v + (r + 1) * n, sums.begin());
        for (int64_t s = 0; s < samples; s++) {
          const double u = g.uniform_double() * sums.back();
          const auto at = std::upper_bound(sums.begin(), sums.end(), u) - sums.begin();
          *out++ = std::min<int64_t>(at, n - 1);
        }
      }
    });
  }
  return weights.dim() == 1 ? y.reshape({samples}) : y;
}

namespace {
// Where x stays, drawn in the order in which x lies in memory.
Tensor kept(const Tensor& x, double p, Generator* generator) {
  std::vector<int> order(size_t(x.dim()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return x.stride(a) > x.stride(b); });
  Shape shape;
  std::vector<int64_t> back(order.size());
  for (size_t i = 0; i < order.size(); i++) {
    shape.push_back(x.size(order[i]));
    back[size_t(order[i])] = int64_t(i);
  }
  Tensor bits = Tensor::empty(shape, DType::Bool);
  bernoulli_(bits, 1 - p, generator);
  return x.is_contiguous() ? bits : bits.permute(back).contiguous();
}
}  // namespace

Tensor dropout(const Tensor& x, double p, bool training, Generator* generator) {
  check<ConfigError>(p >= 0 && p <= 1, "dropout probability has to be between 0 and 1, but got ", p);
  if (!training || p == 0 || x.numel() == 0) return x;
  check<DtypeError>(is_floating(x.dtype()), "result type Float can't be cast to the desired output type ",
                    scalar_name(x.dtype()));
  const Tensor keep = kept(x, p, generator);
  const double scale = p == 1 ? 0 : 1 / (1 - p);
  const auto apply = [scale](const Tensor& t, const Tensor& keep) {
    return visit_real(t.dtype(), [&](auto tag) {
      using C = typename decltype(tag)::type;
      return map<C>(
          t.dtype(), t.shape(), kGrain, [s = C(scale)](C v, C k) { return k != 0 ? v * s : C(0); }, t, keep);
    });
  };
  Tensor y = apply(x, keep);
  record("DropoutBackward", y, {x}, [apply, keep](const Tensor& dy) { return Grads{apply(dy, keep)}; });
  return y;
}

}  // namespace ef
