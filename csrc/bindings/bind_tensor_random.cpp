// Random tensors and generators.
#include "bindings/tensor_support.h"
#include "core/random.h"

namespace ef {
namespace {

using Random = Generator*;  // None: the default generator

Tensor state_tensor(const Generator& g) {
  const std::vector<uint64_t> words = g.state();
  Tensor out = Tensor::empty({int64_t(words.size() * 8)}, DType::UInt8);
  std::memcpy(out.mutable_data_ptr(), words.data(), out.nbytes());
  return out;
}
void restore(Generator& g, const Tensor& state) {
  check<DtypeError>(state.dtype() == DType::UInt8, "RNG state must be a torch.ByteTensor");
  const Tensor bytes = state.contiguous();
  check<ConfigError>(bytes.numel() % 8 == 0, "random state: found ", bytes.numel(),
                     " bytes, needed those of get_rng_state");
  std::vector<uint64_t> words(size_t(bytes.numel() / 8));
  std::memcpy(words.data(), bytes.data_ptr(), bytes.nbytes());
  std::lock_guard lock(generator_lock());
  g.set_state(words);
}
uint64_t seed_of(py::int_ seed) {  // negative seeds wrap, as in torch
  return py::cast<uint64_t>(seed.attr("__and__")(py::int_(~uint64_t(0))));
}
void reseed(Generator& g, uint64_t seed) {
  std::lock_guard lock(generator_lock());
  g.manual_seed(seed);
}
uint64_t fresh_seed() { return py::cast<uint64_t>(py::module_::import("secrets").attr("randbits")(64)); }

}  // namespace

void bind_tensor_random(TensorClass& c, py::module_& m) {
  py::class_<Generator>(m, "Generator", "A stream of random numbers of its own: `Generator().manual_seed(0)`.")
      .def(py::init([](py::handle device) {
             check_device(device);
             return Generator();
           }),
           py::arg("device") = py::none())
      .def(
          "manual_seed",
          [](py::object self, py::int_ seed) {
            reseed(self.cast<Generator&>(), seed_of(seed));
            return self;
          },
          py::arg("seed"))
      .def("seed",
           [](Generator& g) {
             const uint64_t s = fresh_seed();
             reseed(g, s);
             return s;
           })
      .def("initial_seed", &Generator::initial_seed)
      .def("get_state", [](const Generator& g) { return state_tensor(g); })
      .def(
          "set_state",
          [](py::object self, const Tensor& state) {
            restore(self.cast<Generator&>(), state);
            return self;
          },
          py::arg("new_state"));
  m.attr("default_generator") = py::cast(&default_generator(), py::return_value_policy::reference);
  m.def(
      "manual_seed",
      [m](py::int_ seed) {
        reseed(default_generator(), seed_of(seed));
        return m.attr("default_generator");
      },
      py::arg("seed"));
  m.def("seed", [] {
    const uint64_t s = fresh_seed();
    reseed(default_generator(), s);
    return s;
  });
  m.def("initial_seed", [] { return default_generator().initial_seed(); });
  m.def("get_rng_state", [] { return state_tensor(default_generator()); });
  m.def(
      "set_rng_state", [](const Tensor& state) { restore(default_generator(), state); }, py::arg("new_state"));

  const auto generator = py::arg("generator") = py::none();
  const auto by_shape = [&](const char* name, Tensor (*make)(const Shape&, DType, Generator*)) {
    m.def(
        name,
        [make](const py::args& size, std::optional<DType> dtype, Random g, py::handle device, bool requires_grad) {
          check_device(device);
          Tensor x;
          const Dims shape = dims_from_args(size);
          {
            py::gil_scoped_release release;
            x = make(shape, dtype.value_or(DType::Float32), g);
          }
          if (requires_grad) set_requires_grad(x);
          return x;
        },
        py::kw_only(), py::arg("dtype") = py::none(), generator, py::arg("device") = py::none(),
        py::arg("requires_grad") = false);
    m.def((std::string(name) + "_like").c_str(),
          [make](const Tensor& x, std::optional<DType> dtype, py::handle device, bool requires_grad) {
            check_device(device);
            Tensor y = make(x.shape(), dtype.value_or(x.dtype()), nullptr);
            if (requires_grad) set_requires_grad(y);
            return y;
          },
          py::arg("input"), py::kw_only(), py::arg("dtype") = py::none(), py::arg("device") = py::none(),
          py::arg("requires_grad") = false);
  };
  by_shape("rand", rand);
  by_shape("randn", randn);
  const auto integers = [](int64_t low, int64_t high, const Dims& size, Random g, std::optional<DType> dtype,
                           py::handle device) {
    check_device(device);
    return randint(low, high, size, dtype.value_or(DType::Int64), g);
  };
  m.def(
      "randint",
      [integers](int64_t high, const Dims& size, Random g, std::optional<DType> dtype, py::handle device) {
        return integers(0, high, size, g, dtype, device);
      },
      py::arg("high"), py::arg("size"), py::kw_only(), generator, py::arg("dtype") = py::none(),
      py::arg("device") = py::none());
  m.def("randint", integers, py::arg("low"), py::arg("high"), py::arg("size"), py::kw_only(), generator,
        py::arg("dtype") = py::none(), py::arg("device") = py::none());
  m.def(
      "randperm",
      [](int64_t n, Random g, std::optional<DType> dtype, py::handle device) {
        check_device(device);
        return randperm(n, dtype.value_or(DType::Int64), g);
      },
      py::arg("n"), py::kw_only(), generator, py::arg("dtype") = py::none(), py::arg("device") = py::none());
  m.def(
      "normal",
      [](double mean, double std, const Dims& size, Random g) {
        Tensor x = Tensor::empty(size);
        return normal_(x, mean, std, g);
      },
      py::arg("mean"), py::arg("std"), py::arg("size"), py::kw_only(), generator);

  m.def("bernoulli", &bernoulli, py::arg("input"), py::kw_only(), generator, NoGil());
  c.def("bernoulli", &bernoulli, py::kw_only(), generator, NoGil());
  m.def("multinomial", &multinomial, py::arg("input"), py::arg("num_samples"), py::arg("replacement") = false,
        py::kw_only(), generator, NoGil());
  c.def("multinomial", &multinomial, py::arg("num_samples"), py::arg("replacement") = false, py::kw_only(), generator,
        NoGil());
  c.def(
      "uniform_", [](Tensor x, double low, double high, Random g) { return uniform_(x, low, high, g); },
      py::arg("from") = 0.0, py::arg("to") = 1.0, py::kw_only(), generator, NoGil());
  c.def(
      "normal_", [](Tensor x, double mean, double std, Random g) { return normal_(x, mean, std, g); },
      py::arg("mean") = 0.0, py::arg("std") = 1.0, py::kw_only(), generator, NoGil());
  c.def(
      "bernoulli_", [](Tensor x, double p, Random g) { return bernoulli_(x, p, g); }, py::arg("p") = 0.5, py::kw_only(),
      generator, NoGil());
  c.def(
      "exponential_", [](Tensor x, double lambda, Random g) { return exponential_(x, lambda, g); },
      py::arg("lambd") = 1.0, py::kw_only(), generator, NoGil());
  c.def(
      "_trunc_normal_",
      [](Tensor x, double mean, double std, double low, double high, Random g) {
        return trunc_normal_(x, mean, std, low, high, g);
      },
      py::arg("mean") = 0.0, py::arg("std") = 1.0, py::arg("a") = -2.0, py::arg("b") = 2.0, generator, NoGil());
}

}  // namespace ef
