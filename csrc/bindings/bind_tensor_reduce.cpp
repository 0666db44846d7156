// Reductions, scans, sorting.
#include <map>

#include "bindings/tensor_support.h"

namespace ef {
namespace {

using MaybeDims = std::optional<Dims>;
using MaybeDType = std::optional<DType>;
using MaybeInt = std::optional<int>;

Dims dims_or_all(const MaybeDims& dims) { return dims.value_or(Dims{}); }
// Two tensors under the names that torch gives them, as a namedtuple of their own class.
py::object named_pair(const char* name, const std::pair<Tensor, Tensor>& result, const char* fields) {
  static auto* types = new std::map<std::string, py::object>;
  py::object& type = (*types)[name];
  if (!type) type = py::module_::import("eigenformers._tensor.return_types").attr("make")(name, fields);
  return type(result.first, result.second);
}
template <class F>
py::object no_gil_pair(const char* name, F f, const char* fields = "values indices") {
  std::pair<Tensor, Tensor> result;
  {
    py::gil_scoped_release release;
    result = f();
  }
  return named_pair(name, result, fields);
}

double norm_order(py::handle p) {
  if (p.is_none() || (py::isinstance<py::str>(p) && p.cast<std::string>() == "fro")) return 2;
  if (py::isinstance<py::str>(p))
    fail<UnsupportedError>("norm: p='", p.cast<std::string>(), "' is not supported, needed a number or 'fro'");
  return p.cast<double>();
}

}  // namespace

void bind_tensor_reduce(TensorClass& c, py::module_& m) {
  const Both both{c, m};
  const auto dim = py::arg("dim") = py::none(), dtype = py::arg("dtype") = py::none();
  const auto keepdim = py::arg("keepdim") = false;

  both.def(
      "sum",
      [](const Tensor& x, const MaybeDims& d, bool keep, MaybeDType t) { return sum(x, dims_or_all(d), keep, t); }, dim,
      keepdim, py::kw_only(), dtype);
  both.def(
      "mean",
      [](const Tensor& x, const MaybeDims& d, bool keep, MaybeDType t) { return mean(x, dims_or_all(d), keep, t); },
      dim, keepdim, py::kw_only(), dtype);
  both.def(
      "prod", [](const Tensor& x, MaybeInt d, bool keep, MaybeDType t) { return prod(x, d, keep, t); }, dim, keepdim,
      py::kw_only(), dtype);
  const auto spread = [&](const char* name, auto f) {
    both.def(
        name,
        [f](const Tensor& x, const MaybeDims& d, std::optional<bool> unbiased, bool keep,
            std::optional<double> correction) {
          return f(x, dims_or_all(d), correction.value_or(unbiased.value_or(true) ? 1 : 0), keep);
        },
        dim, py::arg("unbiased") = py::none(), keepdim, py::kw_only(), py::arg("correction") = py::none());
  };
  spread("var", var);
  spread("std", std_dev);
  const auto norm_of = [](const Tensor& x, py::handle p, const MaybeDims& d, bool keep, MaybeDType t) {
    const double order = norm_order(p);
    py::gil_scoped_release release;
    return norm(t ? x.to(*t) : x, order, dims_or_all(d), keep);
  };
  c.def("norm", norm_of, py::arg("p") = "fro", dim, keepdim, dtype);
  m.def("norm", norm_of, py::arg("input"), py::arg("p") = "fro", dim, keepdim, dtype);
  both.def(
      "logsumexp", [](const Tensor& x, const Dims& d, bool keep) { return logsumexp(x, d, keep); }, py::arg("dim"),
      keepdim);
  both.def(
      "amax", [](const Tensor& x, const Dims& d, bool keep) { return amax(x, d, keep); }, py::arg("dim") = py::tuple(),
      keepdim);
  both.def(
      "amin", [](const Tensor& x, const Dims& d, bool keep) { return amin(x, d, keep); }, py::arg("dim") = py::tuple(),
      keepdim);
  both.def(
      "any", [](const Tensor& x, const MaybeDims& d, bool keep) { return any(x, dims_or_all(d), keep); }, dim, keepdim);
  both.def(
      "all", [](const Tensor& x, const MaybeDims& d, bool keep) { return all(x, dims_or_all(d), keep); }, dim, keepdim);
  both.def(
      "count_nonzero", [](const Tensor& x, const MaybeDims& d) { return count_nonzero(x, dims_or_all(d)); }, dim);
  both.def("argmax", argmax, dim, keepdim).def("argmin", argmin, dim, keepdim);
  both.def("cumsum", cumsum, py::arg("dim"), py::kw_only(), dtype)
      .def("cumprod", cumprod, py::arg("dim"), py::kw_only(), dtype);
  both.def(
      "nansum", [](const Tensor& x, const MaybeDims& d, bool keep) { return sum(nan_to_num(x), dims_or_all(d), keep); },
      dim, keepdim);

  const auto pairs = [&](const char* name, auto f, auto... args) {
    c.def(name, f, args...);
    m.def(name, f, py::arg("input"), args...);
  };
  // max(), max(dim) and max(other)
  both.def("max", static_cast<Tensor (*)(const Tensor&)>(max));
  both.def("min", static_cast<Tensor (*)(const Tensor&)>(min));
  both.def("max", maximum, py::arg("other"));
  both.def("min", minimum, py::arg("other"));
  pairs(
      "max", [](const Tensor& x, int d, bool keep) { return no_gil_pair("max", [&] { return max(x, d, keep); }); },
      py::arg("dim"), keepdim);
  pairs(
      "min", [](const Tensor& x, int d, bool keep) { return no_gil_pair("min", [&] { return min(x, d, keep); }); },
      py::arg("dim"), keepdim);
  pairs(
      "cummax", [](const Tensor& x, int d) { return no_gil_pair("cummax", [&] { return cummax(x, d); }); },
      py::arg("dim"));
  const auto last = py::arg("dim") = -1;
  const auto descending = py::arg("descending") = false, stable = py::arg("stable") = false;
  pairs(
      "sort",
      [](const Tensor& x, int d, bool down, bool stable) {
        return no_gil_pair("sort", [&] { return sort(x, d, down, stable); });
      },
      last, descending, stable);
  both.def("argsort", argsort, last, descending, stable);
  pairs(
      "topk",
      [](const Tensor& x, int64_t k, int d, bool largest, bool sorted) {
        return no_gil_pair("topk", [&] { return topk(x, k, d, largest, sorted); });
      },
      py::arg("k"), last, py::arg("largest") = true, py::arg("sorted") = true);
  pairs(
      "kthvalue",
      [](const Tensor& x, int64_t k, int d, bool keep) {
        check<Error>(k >= 1 && k <= (x.dim() ? x.size(d) : 1),
                     "kthvalue(): selected number k out of range for dimension ", d);
        return no_gil_pair("kthvalue", [&] {
          auto [values, where] = topk(x, k, d, false);
          if (x.dim()) values = values.narrow(d, k - 1, 1), where = where.narrow(d, k - 1, 1);
          return keep || !x.dim() ? std::pair{values, where}
                                  : std::pair{values.squeeze(x.wrap_dim(d)), where.squeeze(x.wrap_dim(d))};
        });
      },
      py::arg("k"), last, keepdim);
  both.def("median", [](const Tensor& x) {  // the lower of two middle values
    const Tensor flat = x.reshape({-1});
    return sort(flat, 0).first.select(0, (flat.numel() - 1) / 2);
  });
  pairs(
      "unique",
      [](const Tensor& x, bool, bool inverse, bool counts, py::handle d) -> py::object {
        check<UnsupportedError>(d.is_none(), "unique: dim is not supported");
        const UniqueResult r = unique(x);
        if (!inverse && !counts) return py::cast(r.values);
        py::list out;
        out.append(r.values);
        if (inverse) out.append(r.inverse);
        if (counts) out.append(r.counts);
        return py::tuple(out);
      },
      py::arg("sorted") = true, py::arg("return_inverse") = false, py::arg("return_counts") = false, dim);
  both.def(
      "bincount",
      [](const Tensor& x, const std::optional<Tensor>& weights, int64_t least) {
        return bincount(x, or_undefined(weights), least);
      },
      py::arg("weights") = py::none(), py::arg("minlength") = 0);
  m.def(
      "searchsorted",
      [](const Tensor& edges, const Tensor& values, bool right) { return searchsorted(edges, values, right); },
      py::arg("sorted_sequence"), py::arg("input"), py::kw_only(), py::arg("right") = false, NoGil());
  m.def(
      "bucketize",
      [](const Tensor& values, const Tensor& edges, bool right) { return searchsorted(edges, values, right); },
      py::arg("input"), py::arg("boundaries"), py::kw_only(), py::arg("right") = false, NoGil());
  pairs(
      "aminmax",
      [](const Tensor& x, MaybeInt d, bool keep) {
        const Dims dims = d ? Dims{*d} : Dims{};
        return no_gil_pair(
            "aminmax",
            [&] {
              return std::pair{amin(x, dims, keep), amax(x, dims, keep)};
            },
            "min max");
      },
      py::kw_only(), dim, keepdim);
  const auto with_mean = [&](const char* name, auto f) {
    m.def(
        name,
        [f](const Tensor& x, const MaybeDims& d, std::optional<double> correction, bool keep) {
          const Dims dims = dims_or_all(d);
          return py::make_tuple(f(x, dims, correction.value_or(1), keep), mean(x, dims, keep));
        },
        py::arg("input"), dim, py::kw_only(), py::arg("correction") = py::none(), keepdim);
  };
  with_mean("var_mean", var);
  with_mean("std_mean", std_dev);
  both.def(
      "nanmean",
      [](const Tensor& x, const MaybeDims& d, bool keep) {
        const Dims dims = dims_or_all(d);
        return div(sum(masked_fill(x, isnan(x), 0.0), dims, keep), sum(logical_not(isnan(x)), dims, keep));
      },
      dim, keepdim);
  const auto quantile_of = [](const Tensor& x, py::handle q, MaybeInt d, bool keep, const std::string& how) {
    check<UnsupportedError>(how == "linear", "quantile: interpolation '", how, "' is not supported, needed 'linear'");
    const Tensor at = as_tensor(q, std::nullopt);
    py::gil_scoped_release release;
    return quantile(x, at, d, keep);
  };
  c.def("quantile", quantile_of, py::arg("q"), dim, keepdim, py::kw_only(), py::arg("interpolation") = "linear");
  m.def("quantile", quantile_of, py::arg("input"), py::arg("q"), dim, keepdim, py::kw_only(),
        py::arg("interpolation") = "linear");
  both.def("diff", diff, py::arg("n") = 1, last);
  both.def("trace", [](const Tensor& x) { return sum(x.diagonal()); });
  m.def(
      "cdist",
      [](const Tensor& a, const Tensor& b, double p) {
        check<UnsupportedError>(p == 2, "cdist: p=", p, " is not supported, needed 2");
        return cdist(a, b);
      },
      py::arg("x1"), py::arg("x2"), py::arg("p") = 2.0, NoGil());
  m.def("isin", &isin, py::arg("elements"), py::arg("test_elements"), NoGil());
  m.def(
      "isin", [](const Tensor& x, Scalar v) { return eq(x, v); }, py::arg("elements"), py::arg("test_element"),
      NoGil());
}

}  // namespace ef
